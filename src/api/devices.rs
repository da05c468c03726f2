//! Counters: which there are, which are in reach, pairing, whose they are.

use std::{sync::Arc, time::Duration};

use axum::{Json, extract::State, http::StatusCode};
use chrono::{Days, NaiveDate};
use firmware_protocol::device::{self, KINDS};
use serde::{Deserialize, Serialize};

use super::{App, ErrorReply, Problem, blocking};
use crate::{
    devices::{Counter, DeviceDecision, keys},
    goal::{
        Problems,
        decision::{Found, Problem as Typed},
    },
    model::{ParticipantId, parse_device_id},
    pairing::{PairRequest, PairState, PairingDesk},
    radio::{Heard, Radio as _, RadioError, bluez::agent::Answer},
    trouble::Cause,
    words::Phrase,
};

/// The longest that a scan may be asked to last, seconds.
const LONGEST_SCAN_S: u64 = 60;

/// Longest name of a counter, letters.
const LABEL_MAX: u32 = 40;
/// A counter that somebody has worn for longer than this is a slip of the pen, days.
const WORN_AT_MOST: Days = Days::new(5 * 366);

/// How long to listen.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ScanRequest {
    /// Seconds, at most a minute.
    pub seconds: u64,
}

/// A counter in reach.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct HeardReply {
    /// Its address.
    pub address: String,
    /// What it calls itself, with everything that is no letter, digit or plain sign taken out.
    pub name: Option<String>,
    /// What it looks like: names of kinds.
    pub kinds: Vec<String>,
    /// The same for people.
    pub label: String,
    /// How strongly it is heard, dBm.
    pub rssi_dbm: Option<i16>,
    /// This computer has keys for it.
    pub paired: bool,
}

/// An answer to the question under way.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum PairAnswer {
    /// The digits that the counter shows.
    Digits(u32),
    /// The digits are the same.
    Yes,
    /// They are not, or the person does not want to.
    No,
}

/// Whose a counter is from when.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AssignRequest {
    /// Sixteen hexadecimal digits.
    pub device: String,
    /// Whose; none for nobody's.
    pub person: Option<ParticipantId>,
    /// First day.
    pub from: Option<NaiveDate>,
}

/// Which counter.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WhichDevice {
    /// Sixteen hexadecimal digits.
    pub device: String,
}

/// What was done, in a sentence.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct DoneReply {
    /// For people.
    pub done: String,
}

/// Where counters are paired.
///
/// # Errors
/// Where there is no radio.
pub fn desk(app: &App) -> Result<Arc<PairingDesk>, Problem> {
    app.desk.clone().ok_or_else(|| {
        Problem::new(StatusCode::CONFLICT, "there is no radio here: this is a demo's data. Nothing was changed")
            .on_page(Phrase::new("band-no-radio"))
    })
}

/// Listens for counters.
#[utoipa::path(post, path = "/api/v1/devices/scan", request_body = ScanRequest, responses((status = 200, description = "Counters in reach", body = Vec<HeardReply>), ErrorReply))]
pub(super) async fn scan(
    State(app): State<Arc<App>>,
    Json(asked): Json<ScanRequest>,
) -> Result<Json<Vec<HeardReply>>, Problem> {
    let desk = desk(&app)?;
    let during = Duration::from_secs(asked.seconds.min(LONGEST_SCAN_S));
    let heard = desk.radio().listen(KINDS, during, None).await?;
    Ok(Json(heard.iter().map(HeardReply::new).collect()))
}

impl HeardReply {
    /// What a person can be told of a counter in reach.
    pub fn new(heard: &Heard) -> Self {
        let kinds: Vec<_> = device::recognise(&heard.advertisement).collect();
        Self {
            address: heard.address.clone(),
            name: heard.advertisement.name.as_deref().map(plain),
            label: kinds.iter().map(|kind| kind.label).collect::<Vec<_>>().join(" or "),
            kinds: kinds.iter().map(|kind| kind.name.to_owned()).collect(),
            rssi_dbm: heard.rssi_dbm,
            paired: heard.paired,
        }
    }
}

/// A name is what a stranger's device says of itself: no control characters, no invisible ones, not too long.
fn plain(name: &str) -> String {
    let kept = name.chars().filter(|c| c.is_alphanumeric() || " -_.,:()#+'/".contains(*c));
    kept.take(32).collect()
}

/// Begins to pair; how it stands is asked for at `/api/v1/devices/pairing`.
#[utoipa::path(post, path = "/api/v1/devices/pair", request_body = PairRequest, responses((status = 200, description = "How it stands", body = PairState), ErrorReply))]
pub(super) async fn pair(
    State(app): State<Arc<App>>,
    Json(request): Json<PairRequest>,
) -> Result<Json<PairState>, Problem> {
    if !begin_pairing(&app, request)? {
        return Err(Problem::new(
            StatusCode::CONFLICT,
            "another pairing is under way; nothing was changed. Wait for it, a minute at the most",
        ));
    }
    Ok(Json(desk(&app)?.state()))
}

/// Begins to pair; false when something else is under way at the desk.
///
/// # Errors
/// Where there is no radio, and with every reason when something about the request does not fit.
pub fn begin_pairing(app: &App, request: PairRequest) -> Result<bool, Problem> {
    let desk = desk(app)?;
    check_pairing(&request, today(app))?;
    Ok(desk.request(request))
}

/// What does not fit about a counter that is to be paired. No day is looked at without a `today`.
///
/// # Errors
/// With every reason.
pub fn check_pairing(request: &PairRequest, today: Option<NaiveDate>) -> Result<(), Problems> {
    let mut found = Found::default();
    look_at_first_day(request.from, today, &mut found);
    let letters = request.label.as_deref().map_or(0, |label| label.chars().count());
    found.when(u32::try_from(letters).unwrap_or(u32::MAX) > LABEL_MAX, "label", || {
        Phrase::new("problem-text-long").with("most", LABEL_MAX)
    });
    let misread = request.key.as_deref().is_some_and(|key| keys::parse(key).is_none());
    found.when(misread, "key", || Phrase::new("problem-band-key"));
    found.done()
}

/// What does not fit about whose a counter is to be. No day is looked at without a `today`.
///
/// # Errors
/// With every reason.
pub fn check_assignment(asked: &AssignRequest, today: Option<NaiveDate>) -> Result<(), Problems> {
    let mut found = Found::default();
    look_at_first_day(asked.from, today, &mut found);
    found.done()
}

fn look_at_first_day(from: Option<NaiveDate>, today: Option<NaiveDate>, found: &mut Found) {
    let Some((from, today)) = from.zip(today) else { return };
    found.when(from > today, "from", || Phrase::new("problem-band-date-later").with("today", today));
    let long_ago = today.checked_sub_days(WORN_AT_MOST).is_some_and(|first| from < first);
    found.when(long_ago, "from", || Phrase::new("problem-date-far"));
}

/// The latest day that it is for anybody in this home; none while the clock is not set.
pub fn today(app: &App) -> Option<NaiveDate> {
    let now = app.trusted_now().ok()?;
    app.book.people().iter().map(|person| person.today(now)).max()
}

/// How the pairing stands.
#[utoipa::path(get, path = "/api/v1/devices/pairing", responses((status = 200, description = "How it stands", body = PairState), ErrorReply))]
pub(super) async fn pairing(State(app): State<Arc<App>>) -> Result<Json<PairState>, Problem> {
    Ok(Json(desk(&app)?.state()))
}

/// Answers the question of the pairing under way.
#[utoipa::path(post, path = "/api/v1/devices/pairing/answer", request_body = PairAnswer, responses((status = 200, description = "How it stands", body = PairState), ErrorReply))]
pub(super) async fn answer(
    State(app): State<Arc<App>>,
    Json(answer): Json<PairAnswer>,
) -> Result<Json<PairState>, Problem> {
    let desk = desk(&app)?;
    let answer = match answer {
        PairAnswer::Digits(digits) if digits <= 999_999 => Answer::Digits(digits),
        PairAnswer::Digits(_) => {
            return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "the counter shows six digits, no more"));
        }
        PairAnswer::Yes => Answer::Yes,
        PairAnswer::No => Answer::No,
    };
    if desk.answer(answer) {
        Ok(Json(desk.state()))
    } else {
        Err(Problem::new(StatusCode::CONFLICT, "nothing is being asked any more; nothing was changed. Try again"))
    }
}

/// Says whose a counter is, from which day on.
#[utoipa::path(post, path = "/api/v1/devices/assign", request_body = AssignRequest, responses((status = 200, description = "What was done", body = DoneReply), ErrorReply))]
pub(super) async fn assign(
    State(app): State<Arc<App>>,
    Json(asked): Json<AssignRequest>,
) -> Result<Json<DoneReply>, Problem> {
    blocking(app, move |app| give_to(app, &asked)).await
}

/// Writes down whose a counter is from when. Blocks on the disk.
///
/// # Errors
/// When the counter or the person is not known, a day is needed or does not fit, or it cannot be written.
pub fn give_to(app: &App, asked: &AssignRequest) -> Result<DoneReply, Problem> {
    let desk = desk(app)?;
    if let Some(person) = &asked.person {
        app.book.person(Some(person))?;
    }
    check_assignment(asked, today(app))?;
    let counter = counter(&desk, &asked.device)?;
    let owner = counter.owner();
    if owner == asked.person.as_ref() {
        return Ok(DoneReply { done: "That is so already; nothing was changed.".to_owned() });
    }
    if owner.is_some() && asked.from.is_none() {
        return Err(Problem {
            fields: vec![Typed { field: "from", phrase: Phrase::new("problem-assign-from") }],
            ..Problem::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "this counter is somebody's: say from which day it is another's (`--from 2026-05-11`). Nothing was changed",
            )
        });
    }
    let (person, from) = (asked.person.clone(), asked.from);
    desk.decide(&DeviceDecision::Assigned { device: counter.id.to_string(), person, from })?;
    desk.changed.notify_one();
    let from = asked.from.map_or_else(String::new, |from| format!(", from {from}"));
    let whose = asked.person.as_ref().map_or_else(|| "nobody's".to_owned(), |person| format!("of {}", person.as_str()));
    Ok(DoneReply { done: format!("Noted. The counter is {whose}{from}.") })
}

/// A counter of this home by its identity. Blocks on the disk.
///
/// # Errors
/// When there is none.
pub fn counter(desk: &PairingDesk, id: &str) -> Result<Counter, Problem> {
    let device = parse_device_id(id).ok_or_else(|| {
        Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "a counter's identity has 16 hexadecimal digits; `brisk device list` shows it",
        )
    })?;
    desk.counters()?.into_iter().find(|counter| counter.id == device).ok_or_else(|| {
        Problem::new(
            StatusCode::NOT_FOUND,
            "no such counter is known here; nothing was changed. `brisk device list` shows them",
        )
    })
}

/// Looks for a counter no longer, and removes its keys; its data are kept.
#[utoipa::path(post, path = "/api/v1/devices/forget", request_body = WhichDevice, responses((status = 200, description = "What was done", body = DoneReply), ErrorReply))]
pub(super) async fn forget(
    State(app): State<Arc<App>>,
    Json(asked): Json<WhichDevice>,
) -> Result<Json<DoneReply>, Problem> {
    let_go(app, asked).await.map(Json)
}

/// Looks for a counter no longer, and forgets its keys.
///
/// # Errors
/// When it is not known, or that cannot be written.
pub async fn let_go(app: Arc<App>, asked: WhichDevice) -> Result<DoneReply, Problem> {
    let desk = desk(&app)?;
    let deciding = Arc::clone(&desk);
    let Json(address) = blocking(app, move |_| {
        let counter = counter(&deciding, &asked.device)?;
        deciding.decide(&DeviceDecision::Forgotten { device: counter.id.to_string() })?;
        // Here, and not after the wait: whoever asked may be gone by then.
        deciding.changed.notify_one();
        keys::remove(deciding.data_dir(), counter.id).map_err(|error| {
            Problem::new(StatusCode::INTERNAL_SERVER_ERROR, format!("the counter's key could not be removed: {error}"))
        })?;
        Ok(counter.address)
    })
    .await?;
    if let Some(address) = address
        && let Err(error) = desk.radio().forget(&address).await
    {
        let cause = Cause::of_radio(&error);
        let done = format!(
            "The counter is not looked for any more; its data are kept. The system still has its keys: {} {}",
            cause.what(),
            cause.next_step()
        );
        return Ok(DoneReply { done });
    }
    Ok(DoneReply {
        done: "The counter is not looked for any more, and its keys are gone. Its data are kept.".to_owned(),
    })
}

impl From<RadioError> for Problem {
    fn from(error: RadioError) -> Self {
        let cause = Cause::of_radio(&error);
        Self::new(StatusCode::SERVICE_UNAVAILABLE, format!("{} {}", cause.what(), cause.next_step()))
    }
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn a_name_cannot_hide_anything_or_steer_a_terminal() {
        assert_eq!(plain("Mi Band 3"), "Mi Band 3");
        assert_eq!(plain("\u{1b}[31mred\u{202e}\u{200b}\n<b>"), "31mredb");
        assert_eq!(plain(&"x".repeat(300)).len(), 32);
    }
}
