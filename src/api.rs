//! One router for everybody who asks: the command line through the daemon's socket, or in-process
//! when no daemon runs. `GET` decides nothing and takes no reading in.

pub mod audit;
pub mod check_ins;
pub mod choices;
pub mod devices;
pub mod diary;
pub mod doctor;
pub mod goals;
mod known_days;
pub mod notices;
pub mod numbers;
pub mod own_time;
pub mod person;
pub mod privacy;
mod reply;
pub mod review;
mod schema;
pub mod study_files;
pub mod tables;
pub mod targets;
pub mod web;
pub mod withdraw;

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use axum::{
    Json, Router,
    http::StatusCode,
    middleware,
    response::{IntoResponse, Response},
};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use firmware_protocol::device::{self, Kind};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use utoipa::openapi::OpenApi;
use utoipa_axum::{router::OpenApiRouter, routes};

pub use self::{
    reply::{
        CounterReply, DataReply, DaysReply, ErrorReply, GoalReply, GoalsReply, StatusReply, TodayReply, WeekReply,
        opening_notes,
    },
    schema::CONTROL_SOCKET,
};
use crate::{
    config::{ClockZone, Config, Programme},
    days::{DayBook, DaysError, Person},
    delivery::{Deliveries, leaving},
    devices::{Counter, asset_labels},
    goal,
    model::{DeviceId, ParticipantId, instrument::Instrument},
    pairing::PairingDesk,
    person::band,
    privacy::erase::has_happened,
    store::{BondLevel, CounterIdentity, CounterState, Store, StoreError},
    supervisor::SharedStatus,
    time::Clock,
    trouble::Cause,
    web::door::Door,
    words::{Language, Phrase},
};

/// In the data folder, from when on a display of this home was told something.
pub const DISPLAYS_FILE: &str = "home_assistant.json";

/// What the router answers from.
pub struct App {
    /// The store.
    pub store: Arc<Store>,
    /// People's days.
    pub book: DayBook,
    /// The settings.
    pub config: Arc<Config>,
    /// Questions that can be asked.
    pub instruments: Vec<Instrument>,
    /// Programmes that can be used.
    pub programmes: Vec<Programme>,
    /// The program's clock.
    pub clock: Arc<dyn Clock>,
    /// The counters of this home.
    pub board: Vec<BoardEntry>,
    /// Where counters are paired; none where there is no radio.
    pub desk: Option<Arc<PairingDesk>>,
    /// The zone in the settings; none where it does not matter.
    pub zone: Option<ClockZone>,
    /// What was noticed when the store was opened, one sentence each.
    pub notes: Vec<String>,
    /// Where the data lies.
    pub data_dir: PathBuf,
    /// Cancelled when whoever serves is to end: answers that go on and on end then.
    pub ends: CancellationToken,
    /// Who may see the pages.
    pub door: Arc<Door>,
    /// Trial databases that days are brought to.
    pub deliveries: Deliveries,
    /// Wakes whoever brings days there.
    pub delivery_wake: watch::Sender<()>,
    /// Whether the MQTT broker for displays of this home could be told anything; none while nobody tried.
    pub broker_tried: Mutex<Option<Result<(), Cause>>>,
}

/// One counter of this home.
pub struct BoardEntry {
    /// Which.
    pub device: DeviceId,
    /// Name of its kind.
    pub kind: &'static str,
    /// Where it is reached.
    pub address: Option<String>,
    /// How the connection is protected.
    pub bond: BondLevel,
    /// What the household calls it.
    pub label: Option<String>,
    /// Who wears it.
    pub person: Option<ParticipantId>,
    /// It is looked for.
    pub wanted: bool,
    /// How it is doing; none when no daemon looks after it.
    pub status: Option<SharedStatus>,
}

impl App {
    /// Answers from this store alone: no radio, nobody looks after a counter, nothing was noticed.
    pub fn new(store: Arc<Store>, book: DayBook, config: Arc<Config>, clock: Arc<dyn Clock>, door: Arc<Door>) -> Self {
        let (instruments, programmes) = (config.instruments(), config.programmes());
        let data_dir = store.dir().to_owned();
        decide_notes(&store, &data_dir);
        let deliveries = Deliveries::new(&config, asset_labels(&config, store.host_id(), book.people().iter()));
        Self {
            store,
            book,
            config,
            instruments,
            programmes,
            clock,
            board: Vec::new(),
            desk: None,
            zone: None,
            notes: Vec::new(),
            data_dir,
            ends: CancellationToken::new(),
            door,
            deliveries,
            delivery_wake: watch::Sender::new(()),
            broker_tried: Mutex::default(),
        }
    }
}

/// What a crash left undecided about people who left a study.
fn decide_notes(store: &Store, data_dir: &Path) {
    let decided = store.decisions().map_err(|error| error.to_string()).and_then(|decisions| {
        leaving::decide_prepared(data_dir, &|once| has_happened(&decisions, once)).map_err(|error| error.to_string())
    });
    if let Err(error) = decided {
        tracing::warn!(error, "notes on people who left a study cannot be read; the study is told after another start");
    }
}

impl BoardEntry {
    /// A counter that nobody looks after yet.
    pub fn new(counter: &Counter) -> Self {
        Self {
            device: counter.id,
            kind: counter.kind.name,
            address: counter.address.clone(),
            bond: counter.bond,
            label: counter.label.clone(),
            person: counter.owner().cloned(),
            wanted: counter.wanted,
            status: None,
        }
    }
}

/// The routes for who may use the control socket: all of them.
pub fn control(app: Arc<App>) -> Router {
    answering(for_all().merge(for_control()), app)
}

/// The routes that browsers reach too.
pub fn router(app: Arc<App>) -> Router {
    answering(for_all(), app)
}

/// What the API says of itself. What only the control socket answers has the tag [`CONTROL_SOCKET`].
pub fn description() -> OpenApi {
    OpenApiRouter::with_openapi(schema::about()).merge(for_all()).merge(for_control()).into_openapi()
}

fn answering(routes: OpenApiRouter<Arc<App>>, app: Arc<App>) -> Router {
    Router::from(routes).with_state(app).layer(middleware::map_response(reply::in_json))
}

/// The routes that only the control socket answers.
fn for_control() -> OpenApiRouter<Arc<App>> {
    let study = targets::routes().merge(study_files::routes()).merge(withdraw::routes());
    web::routes().merge(study).merge(audit::routes()).merge(tables::routes())
}

/// The routes for everybody, each with its description: what `routes!` does not describe cannot be one.
fn for_all() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(schema::get_openapi))
        .routes(routes!(numbers::get_status))
        .routes(routes!(numbers::get_today))
        .routes(routes!(numbers::get_week))
        .routes(routes!(numbers::get_days))
        .routes(routes!(own_time::get_windows, own_time::post_windows))
        .routes(routes!(diary::get_diary, diary::post_diary))
        .routes(routes!(diary::post_undo))
        .routes(routes!(person::get_person, person::post_person))
        .routes(routes!(choices::get_choices, choices::plan_choice))
        .routes(routes!(choices::answer_choice))
        .routes(routes!(check_ins::get_check_ins, check_ins::answer_check_in))
        .routes(routes!(check_ins::set_check_ins))
        .routes(routes!(notices::get_notices))
        .routes(routes!(notices::put_away))
        .routes(routes!(goals::get_goals, goals::set_goal))
        .routes(routes!(goals::post_pause))
        .routes(routes!(goals::post_resume))
        .routes(routes!(goals::post_end))
        .routes(routes!(goals::post_excuse))
        .routes(routes!(review::get_proposals))
        .routes(routes!(review::post_answer))
        .routes(routes!(review::get_review))
        .routes(routes!(review::get_programme, review::post_programme))
        .routes(routes!(doctor::doctor))
        .routes(routes!(devices::scan))
        .routes(routes!(devices::pair))
        .routes(routes!(devices::pairing))
        .routes(routes!(devices::answer))
        .routes(routes!(devices::assign))
        .routes(routes!(devices::forget))
        .routes(routes!(privacy::get_kept))
        .routes(routes!(privacy::takeout))
        .routes(routes!(privacy::erase_person))
        .routes(routes!(privacy::check_receipt))
        .routes(routes!(numbers::verify))
        .routes(routes!(numbers::rebuild))
}

/// Which person, and which days.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Asked {
    /// Whose; may be left out when there is only one person.
    #[param(inline)]
    pub person: Option<ParticipantId>,
    /// First day.
    pub from: Option<NaiveDate>,
    /// Last day.
    pub to: Option<NaiveDate>,
    /// Language of the sentences.
    #[param(inline)]
    pub language: Option<Language>,
}

impl App {
    /// Now, or why no day can be shown.
    ///
    /// # Errors
    /// While this computer's clock has not been set.
    pub fn trusted_now(&self) -> Result<DateTime<Utc>, Problem> {
        if self.clock.synchronised() {
            return Ok(self.clock.utc());
        }
        Err(Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "this computer's clock has not been set yet, so no day is shown. Readings are kept and will be \
             dated. Connect the computer to the network, or wait: `[clock] wait_for_sync` says how long",
        )
        .on_page(Phrase::new("today-clock-unset")))
    }

    /// Whether a display of this home was ever told something.
    pub fn has_told_displays(&self) -> bool {
        self.data_dir.join(DISPLAYS_FILE).exists()
    }

    /// The person's counter that something last arrived from; none when nothing ever did.
    ///
    /// # Errors
    /// When the store fails.
    pub fn heard_last(&self, person: &Person) -> Result<Option<CounterState>, StoreError> {
        let mut last: Option<CounterState> = None;
        for wearing in &person.counters {
            let state = self.store.counter(wearing.device)?.filter(|state| state.last_arrival.is_some());
            last = last.into_iter().chain(state).max_by_key(|state| state.last_arrival);
        }
        Ok(last)
    }

    /// Whether one of the person's counters keeps minutes of its own until they are fetched, and its memory reaches
    /// back to when it was last heard.
    ///
    /// # Errors
    /// When the store fails.
    pub fn keeps_steps(&self, person: &Person, now: DateTime<Utc>) -> Result<bool, StoreError> {
        for wearing in &person.counters {
            let Some(state) = self.store.counter(wearing.device)? else { continue };
            let kind = self.board.iter().find(|entry| entry.device == wearing.device).map(|entry| entry.kind);
            let memory = horizon(kind.and_then(device::kind), Some(&state));
            if memory.zip(state.last_arrival).is_some_and(|(reach, heard)| now - heard < reach) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// How far back the memory of a counter of this kind reaches, with what it said of itself.
fn horizon(kind: Option<&Kind>, state: Option<&CounterState>) -> Option<TimeDelta> {
    let identity = state.and_then(|state| state.identity.as_ref());
    let resolution = identity.map(CounterIdentity::resolution);
    band::horizon(kind, resolution, identity.and_then(|identity| identity.memory_minutes))
}

/// An answer that is not the one that was asked for.
#[derive(Debug)]
pub struct Problem {
    /// As HTTP says it.
    pub code: StatusCode,
    /// What happened, what it means for the data, what to do.
    pub text: String,
    /// The same for a page, in the language of its person; none where it is known in English alone.
    pub phrase: Option<Phrase>,
    /// What does not fit about what was sent, field by field.
    pub fields: Vec<goal::decision::Problem>,
}

impl Problem {
    /// The program failed inside.
    pub fn inside() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "the program failed inside; nothing stored is affected. Please report it with the log",
        )
    }

    /// Without fields, in English alone.
    pub fn new(code: StatusCode, text: impl Into<String>) -> Self {
        Self { code, text: text.into(), phrase: None, fields: Vec::new() }
    }

    /// The same, said by this phrase on a page.
    #[must_use]
    pub fn on_page(self, phrase: Phrase) -> Self {
        Self { phrase: Some(phrase), ..self }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        (self.code, Json(ErrorReply { error: self.text })).into_response()
    }
}

impl From<DaysError> for Problem {
    fn from(error: DaysError) -> Self {
        let code = match &error {
            DaysError::Unknown => StatusCode::NOT_FOUND,
            DaysError::Refused(_) => StatusCode::UNPROCESSABLE_ENTITY,
            DaysError::Store(_) | DaysError::Json(_) | DaysError::Encode(_) => StatusCode::INTERNAL_SERVER_ERROR,
        };
        let text = error.to_string();
        let fields = if let DaysError::Refused(problems) = error { problems.0 } else { Vec::new() };
        Self { code, text, phrase: None, fields }
    }
}

impl From<goal::Problems> for Problem {
    fn from(problems: goal::Problems) -> Self {
        DaysError::Refused(problems).into()
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string())
    }
}

/// The store blocks on the disk; the runtime must not.
pub(crate) async fn blocking<T: Send + 'static>(
    app: Arc<App>,
    work: impl FnOnce(&App) -> Result<T, Problem> + Send + 'static,
) -> Result<Json<T>, Problem> {
    let done = tokio::task::spawn_blocking(move || work(&app)).await;
    done.unwrap_or_else(|_| Err(Problem::inside())).map(Json)
}
