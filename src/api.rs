//! One router for everybody who asks: the command line through the daemon's socket, or in-process
//! when no daemon runs. `GET` never changes anything.

pub mod devices;
pub mod doctor;
mod reply;

use std::{
    path::PathBuf,
    sync::{Arc, PoisonError},
};

use axum::{
    Json, Router,
    extract::{Query, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use chrono::{DateTime, Datelike as _, Days, NaiveDate, Timelike as _, Utc};
use firmware_protocol::driver::Resolution;
use serde::{Deserialize, Serialize};

pub use self::reply::{
    CounterReply, DataReply, ErrorReply, GoalReply, GoalsReply, StatusReply, TodayReply, WeekReply, opening_notes,
};
use crate::{
    config::ClockZone,
    days::{DayBook, DaysError, Person},
    devices::Counter,
    goal::{self, DayFacts, Decision, DiaryMinutes, GoalVersion, Heard, TodayContext},
    model::{DayTotal, DeviceId, ParticipantId, SOFTWARE},
    pairing::PairingDesk,
    store::{BondLevel, Store, StoreError},
    supervisor::SharedStatus,
    time::Clock,
};

/// From this hour on, today's sentence looks back.
const EVENING_HOUR: u32 = 20;
/// A counter is called silent when nothing has been heard from it for this long.
const SILENT_AFTER_H: i64 = 24;

/// What the router answers from.
pub struct App {
    /// The store.
    pub store: Arc<Store>,
    /// People's days.
    pub book: DayBook,
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

/// The routes.
pub fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/api/v1/status", get(status))
        .route("/api/v1/today", get(today))
        .route("/api/v1/week", get(week))
        .route("/api/v1/days", get(days))
        .route("/api/v1/goals", get(goals).post(set_goal))
        .route("/api/v1/doctor", get(doctor::doctor))
        .route("/api/v1/devices/scan", post(devices::scan))
        .route("/api/v1/devices/pair", post(devices::pair))
        .route("/api/v1/devices/pairing", get(devices::pairing))
        .route("/api/v1/devices/pairing/answer", post(devices::answer))
        .route("/api/v1/devices/assign", post(devices::assign))
        .route("/api/v1/devices/forget", post(devices::forget))
        .route("/api/v1/data/verify", post(verify))
        .route("/api/v1/data/rebuild", post(rebuild))
        .with_state(app)
}

/// Which person, and which days.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Asked {
    /// Whose; may be left out when there is only one person.
    pub person: Option<ParticipantId>,
    /// First day.
    pub from: Option<NaiveDate>,
    /// Last day.
    pub to: Option<NaiveDate>,
}

async fn status(State(app): State<Arc<App>>) -> Result<Json<StatusReply>, Problem> {
    blocking(app, |app| {
        let mut counters = Vec::new();
        let mut known = app.store.counters()?;
        for entry in &app.board {
            let at = known.iter().position(|state| state.device == entry.device);
            let state = at.map(|at| known.swap_remove(at));
            let doing = entry.status.as_ref().map(|s| s.lock().unwrap_or_else(PoisonError::into_inner).clone());
            counters.push(CounterReply::new(Some(entry), state.as_ref(), doing));
        }
        counters.extend(known.iter().map(|state| CounterReply::new(None, Some(state), None)));
        let (journal_bytes, index_bytes) = app.store.size();
        Ok(StatusReply {
            software: SOFTWARE.to_owned(),
            process_id: std::process::id(),
            now: app.clock.utc(),
            clock_synchronised: app.clock.synchronised(),
            people: app.book.people().iter().map(|person| person.id.clone()).collect(),
            counters,
            data_dir: app.data_dir.clone(),
            journal_bytes,
            index_bytes,
            notes: app.notes.clone(),
        })
    })
    .await
}

async fn today(State(app): State<Arc<App>>, Query(asked): Query<Asked>) -> Result<Json<TodayReply>, Problem> {
    blocking(app, move |app| {
        let now = app.trusted_now()?;
        let person = app.book.person(asked.person.as_ref())?;
        let date = person.calendar.day_at(now.timestamp()).date;
        let row = app.book.rows(person, date, date, now)?.pop();
        let last_heard = app.last_heard(person)?;
        let history = app.book.history(person)?;
        let context = TodayContext {
            evening: person.calendar.zone.wall(now).is_some_and(|wall| wall.hour() >= EVENING_HOUR),
            heard: match last_heard {
                None => Heard::Never,
                Some(at) if (now - at).num_hours() < SILENT_AFTER_H => Heard::Lately,
                Some(at) => Heard::On(person.calendar.day_at(at.timestamp()).date),
            },
            keeps_steps: app.keeps_steps(person)?,
        };
        let diary = DiaryMinutes::default();
        let (sentence, progress) = match &row {
            Some(row) => {
                let facts = DayFacts { day: row, open: true, diary: &diary };
                (goal::today_sentence(&facts, &history, &context).text(), goal::today(&facts, &history))
            }
            None => ("Nothing has arrived from your counter yet.".to_owned(), None),
        };
        Ok(TodayReply {
            date,
            weekday: date.weekday().number_from_monday(),
            sentence,
            target: progress.as_ref().map(|p| p.target),
            done: progress.as_ref().and_then(|p| p.done),
            left: progress.as_ref().and_then(|p| p.left),
            measure: progress.map(|p| p.measure.to_string()),
            last_heard: last_heard.and_then(|at| person.calendar.zone.wall(at)),
            row,
        })
    })
    .await
}

async fn week(State(app): State<Arc<App>>, Query(asked): Query<Asked>) -> Result<Json<WeekReply>, Problem> {
    blocking(app, move |app| {
        let now = app.trusted_now()?;
        let person = app.book.person(asked.person.as_ref())?;
        let today = person.calendar.day_at(now.timestamp()).date;
        let date = asked.from.unwrap_or(today);
        let monday = date - Days::new(u64::from(date.weekday().num_days_from_monday()));
        let rows = app.book.rows(person, monday, monday + Days::new(6), now)?;
        let history = app.book.history(person)?;
        let diary = DiaryMinutes::default();
        let facts: Vec<_> =
            rows.iter().map(|row| DayFacts { day: row, open: row.local_date >= today, diary: &diary }).collect();
        let progress = goal::judge_week(&facts, &history, monday);
        Ok(WeekReply { progress, days: rows })
    })
    .await
}

async fn days(State(app): State<Arc<App>>, Query(asked): Query<Asked>) -> Result<Json<Vec<DayTotal>>, Problem> {
    blocking(app, move |app| {
        let now = app.trusted_now()?;
        let mut rows = Vec::new();
        let wanted: Vec<&Person> = match &asked.person {
            Some(id) => vec![app.book.person(Some(id))?],
            None => app.book.people().iter().collect(),
        };
        for person in wanted {
            if let Some((first, today)) = app.book.span(person, now)? {
                let from = asked.from.unwrap_or(first);
                rows.extend(app.book.rows(person, from, asked.to.unwrap_or(today), now)?);
            }
        }
        Ok(rows)
    })
    .await
}

async fn goals(State(app): State<Arc<App>>, Query(asked): Query<Asked>) -> Result<Json<GoalsReply>, Problem> {
    blocking(app, move |app| {
        let person = app.book.person(asked.person.as_ref())?;
        let history = app.book.history(person)?;
        let today = person.calendar.day_at(app.clock.utc().timestamp()).date;
        Ok(GoalsReply {
            today,
            in_force: history.goal_on(today).cloned(),
            paused_until: history.paused_until(today),
            next_id: history.next_id(),
            history: history.spans().iter().map(GoalReply::from).collect(),
        })
    })
    .await
}

async fn set_goal(State(app): State<Arc<App>>, Json(goal): Json<GoalVersion>) -> Result<Json<GoalVersion>, Problem> {
    blocking(app, move |app| {
        let now = app.trusted_now()?;
        let person = app.book.person(Some(&goal.participant))?;
        app.book.decide(person, &Decision::GoalSet(goal.clone()), "person", now)?;
        Ok(goal)
    })
    .await
}

async fn verify(State(app): State<Arc<App>>) -> Result<Json<DataReply>, Problem> {
    blocking(app, |app| Ok(DataReply::verified(&app.store.verify(&mut |_, _| {})?, &app.store.quarantine()?))).await
}

async fn rebuild(State(app): State<Arc<App>>) -> Result<Json<DataReply>, Problem> {
    blocking(app, |app| {
        let report = app.store.rebuild(&mut |_, _| {})?;
        Ok(DataReply::rebuilt(&report))
    })
    .await
}

impl App {
    /// Now, or why no day can be shown.
    fn trusted_now(&self) -> Result<DateTime<Utc>, Problem> {
        if self.clock.synchronised() {
            return Ok(self.clock.utc());
        }
        Err(Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "this computer's clock has not been set yet, so no day is shown. Readings are kept and will be \
             dated. Connect the computer to the network, or wait: `[clock] wait_for_sync` says how long",
        ))
    }

    fn last_heard(&self, person: &Person) -> Result<Option<DateTime<Utc>>, StoreError> {
        let mut last = None;
        for wearing in &person.counters {
            last = last.max(self.store.counter(wearing.device)?.and_then(|state| state.last_arrival));
        }
        Ok(last)
    }

    /// Whether the person's counter keeps minutes of its own until they are fetched.
    fn keeps_steps(&self, person: &Person) -> Result<bool, StoreError> {
        for wearing in &person.counters {
            if self.store.counter(wearing.device)?.is_some_and(|state| {
                state.identity.is_some_and(|identity| identity.resolution() != Resolution::Counter)
            }) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// An answer that is not the one that was asked for.
#[derive(Debug)]
struct Problem {
    code: StatusCode,
    text: String,
}

impl Problem {
    fn new(code: StatusCode, text: impl Into<String>) -> Self {
        Self { code, text: text.into() }
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
        Self::new(code, error.to_string())
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string())
    }
}

/// The store blocks on the disk; the runtime must not.
async fn blocking<T: Send + 'static>(
    app: Arc<App>,
    work: impl FnOnce(&App) -> Result<T, Problem> + Send + 'static,
) -> Result<Json<T>, Problem> {
    let done = tokio::task::spawn_blocking(move || work(&app)).await;
    done.unwrap_or_else(|_| {
        Err(Problem::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "the program failed inside; nothing stored is affected. Please report it with the log",
        ))
    })
    .map(Json)
}
