//! One router for everybody who asks: the command line through the daemon's socket, or in-process
//! when no daemon runs. `GET` never changes anything.

pub mod devices;
pub mod doctor;
pub mod goals;
pub mod numbers;
mod reply;
mod schema;

use std::{path::PathBuf, sync::Arc};

use axum::{
    Json, Router,
    http::StatusCode,
    middleware,
    response::{IntoResponse, Response},
};
use chrono::{DateTime, NaiveDate, Utc};
use firmware_protocol::driver::Resolution;
use serde::{Deserialize, Serialize};
use utoipa_axum::{router::OpenApiRouter, routes};

pub use self::reply::{
    CounterReply, DataReply, ErrorReply, GoalReply, GoalsReply, StatusReply, TodayReply, WeekReply, opening_notes,
};
use crate::{
    config::{ClockZone, Config},
    days::{DayBook, DaysError, Person},
    devices::Counter,
    goal,
    model::{DeviceId, ParticipantId},
    pairing::PairingDesk,
    store::{BondLevel, Store, StoreError},
    supervisor::SharedStatus,
    time::Clock,
    words::Language,
};

/// What the router answers from.
pub struct App {
    /// The store.
    pub store: Arc<Store>,
    /// People's days.
    pub book: DayBook,
    /// The settings.
    pub config: Arc<Config>,
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
    Router::from(documented()).with_state(app).layer(middleware::map_response(reply::in_json))
}

/// The routes, each with its description: what `routes!` does not describe cannot be one.
fn documented() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::with_openapi(schema::about())
        .routes(routes!(schema::get_openapi))
        .routes(routes!(numbers::get_status))
        .routes(routes!(numbers::get_today))
        .routes(routes!(numbers::get_week))
        .routes(routes!(numbers::get_days))
        .routes(routes!(goals::get_goals, goals::set_goal))
        .routes(routes!(doctor::doctor))
        .routes(routes!(devices::scan))
        .routes(routes!(devices::pair))
        .routes(routes!(devices::pairing))
        .routes(routes!(devices::answer))
        .routes(routes!(devices::assign))
        .routes(routes!(devices::forget))
        .routes(routes!(numbers::verify))
        .routes(routes!(numbers::rebuild))
}

/// Which person, and which days.
#[derive(Debug, Default, Serialize, Deserialize, utoipa::IntoParams)]
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
        ))
    }

    /// When something last arrived from one of a person's counters.
    ///
    /// # Errors
    /// When the store fails.
    pub fn last_heard(&self, person: &Person) -> Result<Option<DateTime<Utc>>, StoreError> {
        let mut last = None;
        for wearing in &person.counters {
            last = last.max(self.store.counter(wearing.device)?.and_then(|state| state.last_arrival));
        }
        Ok(last)
    }

    /// Whether the person's counter keeps minutes of its own until they are fetched.
    ///
    /// # Errors
    /// When the store fails.
    pub fn keeps_steps(&self, person: &Person) -> Result<bool, StoreError> {
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
pub struct Problem {
    /// As HTTP says it.
    pub code: StatusCode,
    /// What happened, what it means for the data, what to do.
    pub text: String,
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

    /// Without fields.
    pub fn new(code: StatusCode, text: impl Into<String>) -> Self {
        Self { code, text: text.into(), fields: Vec::new() }
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
        Self { code, text, fields }
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
