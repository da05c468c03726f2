//! A person's say over what is kept of them: what that is, all of it to take away, erasing it, and checking a receipt.

use std::{
    fs::File,
    io::{Seek as _, SeekFrom},
    sync::Arc,
};

use axum::{
    Json,
    body::Body,
    extract::{Query, State},
    http::{StatusCode, header},
    response::{IntoResponse as _, Response},
};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use tokio_util::io::ReaderStream;

use super::{App, Asked, ErrorReply, Problem, blocking};
use crate::{
    days::Person,
    devices,
    model::ParticipantId,
    person::OwnDecision,
    privacy::{
        erase::{self, AtStudy, EraseError},
        receipt::{Check, Receipt},
        takeout::{self, Takeout, TakeoutError},
    },
    web::door::{browsers::Which, exposure::exposures},
    words::{Language, Phrase},
};

/// What is kept of a person.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct KeptReply {
    /// Whose.
    pub person: ParticipantId,
    /// First day that anything was counted on; none when nothing was.
    pub since: Option<NaiveDate>,
    /// The counters that they wore.
    pub counters: Vec<KeptCounter>,
    /// Goals that they set.
    pub goals: usize,
    /// Entries of their diary.
    pub diary: usize,
    /// Check-ins that they answered.
    pub check_ins: usize,
    /// Days on which they took everything away.
    pub taken: Vec<NaiveDate>,
    /// When other computers were let in, the latest first.
    pub let_in: Vec<LetIn>,
    /// Studies' databases that days of theirs go to, or went to.
    pub studies: Vec<KeptStudy>,
    /// The folder in which everything lies, with that of others in this home.
    pub folder: String,
    /// Bytes in it.
    pub bytes: u64,
}

/// A time in which other computers were let in.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct LetIn {
    /// Its beginning.
    pub from: DateTime<Utc>,
    /// Its end; none while it lasts.
    pub until: Option<DateTime<Utc>>,
}

/// A study's database that somebody's days go to.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct KeptStudy {
    /// What it is called here.
    pub target: String,
    /// Its computer; none where the settings do not name it any more.
    pub place: Option<String>,
    /// So many days were sent.
    pub days: usize,
}

/// What is kept of one counter.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct KeptCounter {
    /// Sixteen hexadecimal digits.
    pub id: String,
    /// What the household calls it.
    pub label: Option<String>,
    /// Readings that are kept of it, whoever wore it.
    pub readings: u64,
    /// Somebody else wore it too.
    pub shared: bool,
}

/// Whose data are to be taken away.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TakeoutRequest {
    /// Whose; may be left out when there is only one person.
    pub person: Option<ParticipantId>,
    /// Language of the page that explains the files.
    #[serde(default)]
    pub language: Language,
}

/// Who is to be erased.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EraseRequest {
    /// Who.
    pub person: ParticipantId,
    /// The same once more, as it was typed.
    pub confirm: String,
    /// Trial databases are told to take out what they have of this person.
    #[serde(default)]
    pub also_at_study: bool,
}

/// What was erased.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ErasedReply {
    /// For the person to keep; it is stored nowhere here.
    pub receipt: Receipt,
    /// What is left to be done by hand, one sentence each.
    pub notes: Vec<String>,
}

/// The same, to be said in the language of whoever asked.
#[derive(Debug)]
pub struct Erased {
    /// For the person to keep; it is stored nowhere here.
    pub receipt: Receipt,
    /// What is left to be done by hand.
    pub notes: Vec<Phrase>,
}

impl From<Erased> for ErasedReply {
    fn from(done: Erased) -> Self {
        Self { receipt: done.receipt, notes: done.notes.iter().map(Phrase::english).collect() }
    }
}

/// Whether a receipt is borne out by what is stored.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ReceiptReply {
    /// It is.
    pub sound: bool,
    /// For people.
    pub sentence: String,
}

/// The databases of the settings, for whoever takes part and has not left, and any other that was sent days.
fn studies(app: &App, person: &Person) -> Result<Vec<KeptStudy>, Problem> {
    let mut sent = app.store.sent_days(&person.id)?;
    let takes_part = person.record.left_study.is_none()
        && app.deliveries.study().is_ok_and(|study| study.participants().any(|(id, _)| *id == person.id));
    let mut all = Vec::new();
    for target in app.deliveries.all() {
        let days = sent.remove(target.name.as_str()).map_or(0, |days| days.len());
        if takes_part || days > 0 {
            let place = target.url.split_once("://").map_or(target.url.as_str(), |(_, rest)| rest);
            let place = place.split('/').next().unwrap_or_default();
            let place = place.rsplit_once('@').map_or(place, |(_, host)| host);
            all.push(KeptStudy { target: target.name.as_str().to_owned(), place: Some(place.to_owned()), days });
        }
    }
    let unnamed = sent.into_iter().map(|(target, days)| KeptStudy { target, place: None, days: days.len() });
    Ok(all.into_iter().chain(unnamed).collect())
}

/// What is kept of a person.
///
/// # Errors
/// When the store fails.
pub fn kept(app: &App, person: &Person) -> Result<KeptReply, Problem> {
    let people = app.book.people();
    let mut counters: Vec<KeptCounter> = Vec::new();
    for wearing in &person.counters {
        let id = wearing.device.to_string();
        let Some(state) = app.store.counter(wearing.device)? else { continue };
        if counters.iter().any(|known| known.id == id) {
            continue;
        }
        let label = app.board.iter().find(|entry| entry.device == wearing.device).and_then(|entry| entry.label.clone());
        let shared = people
            .iter()
            .filter(|other| other.id != person.id)
            .any(|other| other.counters.iter().any(|worn| worn.device == wearing.device));
        counters.push(KeptCounter { id, label, readings: state.epochs, shared });
    }
    let record = &person.record;
    let now = app.clock.utc();
    let let_in = exposures(&app.store.decisions()?).into_iter().rev();
    let let_in = let_in.map(|(from, until)| LetIn { from, until: until.filter(|until| *until <= now) });
    let (journal, index) = app.store.size();
    Ok(KeptReply {
        person: person.id.clone(),
        since: app.book.span(person, app.clock.utc())?.map(|(first, _)| first),
        counters,
        goals: record.goals.versions().count(),
        diary: record.diary.between(NaiveDate::MIN, NaiveDate::MAX).count(),
        check_ins: record.check_ins.answers().len(),
        taken: record.taken.clone(),
        let_in: let_in.collect(),
        studies: studies(app, person)?,
        folder: app.data_dir.display().to_string(),
        bytes: journal.saturating_add(index),
    })
}

/// Everything of a person as a zip to be downloaded. That it was taken is noted once the zip is there, and before a byte
/// of it leaves.
///
/// # Errors
/// When nobody is meant, or the store or the disk fails.
pub async fn take(app: Arc<App>, request: TakeoutRequest) -> Result<Response, Problem> {
    let Json((file, name)) = blocking(app, move |app| {
        let now = app.trusted_now()?;
        let person = app.book.person(request.person.as_ref())?;
        let date = person.calendar.day_at(now.timestamp()).date;
        let noted = OwnDecision::DataTaken { participant: person.id.clone(), date };
        let counters = devices::counters(&app.config, &app.store.decisions()?);
        let takeout = Takeout {
            store: &app.store,
            book: &app.book,
            counters: &counters,
            person: &person,
            now,
            language: request.language,
            noted: Some(&noted),
        };
        // Without a name, on the disk that the data are on: nothing of it is left behind, whatever happens.
        let file = tempfile::tempfile_in(&app.data_dir).map_err(TakeoutError::from)?;
        let mut file: File = takeout
            .write(std::io::BufWriter::new(file))?
            .into_inner()
            .map_err(|error| Problem::from(TakeoutError::from(error.into_error())))?;
        file.seek(SeekFrom::Start(0)).map_err(TakeoutError::from)?;
        app.book.decide(&person, noted, takeout::ACTOR, now)?;
        Ok((file, format!("brisk-{}-{date}.zip", person.id.as_str())))
    })
    .await?;
    let headers = [
        (header::CONTENT_TYPE, "application/zip".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
    ];
    let body = Body::from_stream(ReaderStream::new(tokio::fs::File::from_std(file)));
    Ok((headers, body).into_response())
}

/// Erases a person, forgets their counters, lets in their browsers no more, and gives the receipt.
///
/// # Errors
/// When the confirmation does not fit, there is nothing, or the store fails; nothing was erased then.
pub async fn erase(app: Arc<App>, request: EraseRequest) -> Result<Erased, Problem> {
    if request.confirm.trim() != request.person.as_str() {
        return Err(Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "what was typed is not the id of the person who is to be erased; nothing was erased",
        ));
    }
    let erasing = Arc::clone(&app);
    let Json((done, mut notes)) = blocking(Arc::clone(&app), move |_| {
        let app = erasing;
        let at = app.clock.utc();
        // Whoever is on the way to a database would write down afterwards what became of the days.
        let couriers = app.deliveries.stand_still();
        let at_study = if request.also_at_study { AtStudy::TakenOut } else { AtStudy::Told };
        let done = erase::erase(&app.store, &app.book, &app.config, &app.data_dir, &request.person, at_study, at)?;
        drop(couriers);
        // Here, and not after the wait: whoever asked may be gone by then, and the store listens to no counter of
        // theirs before everything is wired anew.
        if let Some(desk) = &app.desk {
            desk.changed.notify_one();
        }
        app.delivery_wake.send_replace(());
        let mut notes = notes(&app, &done);
        if let Err(error) = app.door.revoke(&Which::Of(request.person)) {
            tracing::warn!(%error, "browsers of a person who was erased are still let in");
            notes.push(Phrase::new("privacy-note-browsers"));
        }
        Ok((done, notes))
    })
    .await?;
    if let Some(desk) = &app.desk {
        for address in done.forgotten.iter().filter_map(|(_, address)| address.as_deref()) {
            if let Err(error) = desk.radio().forget(address).await {
                tracing::debug!(%error, "the system kept the keys of a counter");
                notes.push(Phrase::new("privacy-note-paired"));
            }
        }
    }
    Ok(Erased { receipt: done.receipt, notes })
}

fn notes(app: &App, done: &erase::Done) -> Vec<Phrase> {
    let mut notes = Vec::new();
    if app.config.person.iter().any(|person| person.id == done.receipt.participant) {
        notes.push(Phrase::new("privacy-note-settings"));
    }
    let told = if done.receipt.to_be_taken_out { "privacy-note-taken-out" } else { "privacy-note-told" };
    notes.extend(done.receipt.studies_told.iter().map(|target| Phrase::new(told).with("target", target.as_str())));
    notes.extend(done.untold.iter().map(|target| Phrase::new("privacy-note-untold").with("target", target.as_str())));
    if !done.forgotten.is_empty() {
        notes.push(Phrase::new("privacy-note-counter"));
    }
    if done.receipt.undated_kept > 0 {
        let count = u32::try_from(done.receipt.undated_kept).unwrap_or(u32::MAX);
        notes.push(Phrase::new("privacy-note-undated").with("count", count));
    }
    if let Some(error) = &done.key_left {
        notes.push(Phrase::new("privacy-note-key").with("error", error.to_string()));
    }
    if !done.finished {
        notes.push(Phrase::new("privacy-note-files"));
    }
    notes
}

/// Whether a receipt is borne out.
///
/// # Errors
/// When the journal cannot be read.
pub fn check(app: &App, receipt: &Receipt) -> Result<ReceiptReply, Problem> {
    let (sound, sentence) = match receipt.check(&app.store)? {
        Check::Sound => {
            (true, "The journal bears this receipt out: nothing from before the erasure names this person.".to_owned())
        }
        Check::NotHere => (
            false,
            "The journal has no erasure that this receipt fits: it is of another installation, or was changed. \
             Look whether --data names the right folder"
                .to_owned(),
        ),
        Check::Left(count) => (
            false,
            format!(
                "The erasure is in the journal, and {count} records from before still name this person: an older copy \
                 was put back. Erase them again"
            ),
        ),
    };
    Ok(ReceiptReply { sound, sentence })
}

/// What is kept of a person.
#[utoipa::path(get, path = "/api/v1/person/kept", params(Asked), responses((status = 200, description = "What is kept", body = KeptReply), ErrorReply))]
pub(super) async fn get_kept(
    State(app): State<Arc<App>>,
    Query(asked): Query<Asked>,
) -> Result<Json<KeptReply>, Problem> {
    blocking(app, move |app| kept(app, &*app.book.person(asked.person.as_ref())?)).await
}

/// Everything that is kept of a person, as a zip. That it was taken is noted.
#[utoipa::path(post, path = "/api/v1/person/takeout", request_body = TakeoutRequest, responses((status = 200, description = "The files", content_type = "application/zip", body = Vec<u8>), ErrorReply))]
pub(super) async fn takeout(
    State(app): State<Arc<App>>,
    Json(request): Json<TakeoutRequest>,
) -> Result<Response, Problem> {
    take(app, request).await
}

/// Erases a person for good, and forgets their counters.
#[utoipa::path(post, path = "/api/v1/person/erase", request_body = EraseRequest, responses((status = 200, description = "The receipt", body = ErasedReply), ErrorReply))]
pub(super) async fn erase_person(
    State(app): State<Arc<App>>,
    Json(request): Json<EraseRequest>,
) -> Result<Json<ErasedReply>, Problem> {
    erase(app, request).await.map(|done| Json(done.into()))
}

/// Whether the receipt of an erasure is borne out by what is stored. Changes nothing.
#[utoipa::path(post, path = "/api/v1/person/receipt", request_body = Receipt, responses((status = 200, description = "Whether it is", body = ReceiptReply), ErrorReply))]
pub(super) async fn check_receipt(
    State(app): State<Arc<App>>,
    Json(receipt): Json<Receipt>,
) -> Result<Json<ReceiptReply>, Problem> {
    blocking(app, move |app| check(app, &receipt)).await
}

impl From<EraseError> for Problem {
    fn from(error: EraseError) -> Self {
        match error {
            EraseError::Nothing => {
                Self::new(StatusCode::CONFLICT, error.to_string()).on_page(Phrase::new("privacy-erase-nothing"))
            }
            EraseError::NotInSettings => Self::new(StatusCode::UNPROCESSABLE_ENTITY, error.to_string()),
            EraseError::Days(inner) => {
                let problem = Self::from(inner);
                Self { text: format!("nothing was erased: {}", problem.text), ..problem }
            }
            EraseError::Note(_) => Self::new(StatusCode::INSUFFICIENT_STORAGE, error.to_string()),
            EraseError::Random(_) => Self::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()),
        }
    }
}

impl From<TakeoutError> for Problem {
    fn from(error: TakeoutError) -> Self {
        match error {
            TakeoutError::Days(inner) => Self::from(inner),
            TakeoutError::Write(_) => Self::new(StatusCode::INSUFFICIENT_STORAGE, error.to_string()),
        }
    }
}
