//! Trial databases: how each is doing, what would be sent, and the next step.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use serde::{Deserialize, Serialize};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{App, ErrorReply, Problem, blocking, schema::CONTROL_SOCKET};
use crate::{
    config::{TargetKind, TargetName},
    delivery::{Courier, DeliveryError, Scope, Step},
    export::target::Trouble,
    store::{Outcome, Passage},
};

/// Every trial database.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct TargetsReply {
    /// Why nothing can be sent at all; none when something can.
    pub trouble: Option<String>,
    /// One each, in the order of the settings.
    pub targets: Vec<TargetReply>,
}

/// One trial database.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct TargetReply {
    /// What it is called here.
    pub name: TargetName,
    /// What kind it is.
    pub kind: TargetKind,
    /// Where it is.
    pub url: String,
    /// It was looked at since the program started, and days can be sent.
    pub is_ready: bool,
    /// Nothing is sent until a person acts.
    pub is_stopped: bool,
    /// What is wrong at the moment.
    pub trouble: Option<String>,
    /// What is good to know about it.
    pub notes: Vec<String>,
    /// Days that it proved to have in their newest state.
    pub stored: u64,
    /// Days to be sent.
    pub due: u64,
    /// First of them, as it is dated here.
    pub due_from: Option<chrono::NaiveDate>,
    /// Last of them.
    pub due_to: Option<chrono::NaiveDate>,
    /// Days that it refused.
    pub parked: Vec<ParkedReply>,
    /// Days that are not sent since they are not over.
    pub left_open: u64,
    /// Days that are not sent since the person joined later.
    pub left_before_enrolment: u64,
    /// Days that are not sent since the study cannot number them.
    pub left_out_of_reach: u64,
    /// Days that are not sent since the person left the study.
    #[serde(default)]
    pub left_after_leaving: u64,
    /// Days there that this home does not know, when both sides were last compared.
    pub strangers: u64,
    /// Days that were missing or old there then, and are sent again.
    pub repaired: u64,
    /// People who left and of whom it was not told yet.
    pub to_be_told: u64,
}

/// A day that a database refused.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ParkedReply {
    /// Whose.
    pub participant: String,
    /// Which.
    pub date: chrono::NaiveDate,
    /// In which revision.
    pub revision: u32,
    /// What the database said.
    pub why: String,
}

/// What a step did.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct StepReply {
    /// There is nothing to do at the moment.
    pub is_done: bool,
    /// The next step may be taken after so many milliseconds.
    pub wait_ms: u64,
    /// Days that are still to be sent, as far as they were looked for.
    pub due: usize,
    /// What is wrong at the moment.
    pub trouble: Option<String>,
    /// Nothing is sent until a person acts.
    pub is_stopped: bool,
    /// How many attempts failed in a row.
    pub failures: u32,
}

/// Whether days could be sent.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct CheckReply {
    /// They could.
    pub is_ready: bool,
    /// What is good to know, or what has to be put right first.
    pub notes: Vec<String>,
}

/// What is sent once more.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct RetryReply {
    /// How many days that had been refused.
    pub days: u64,
}

impl From<DeliveryError> for Problem {
    fn from(error: DeliveryError) -> Self {
        match error {
            DeliveryError::Days(error) => error.into(),
            DeliveryError::Store(error) => error.into(),
        }
    }
}

/// The routes. Who may use them may see everybody's pseudonyms, and send what is due.
pub(super) fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(get_targets))
        .routes(routes!(post_step))
        .routes(routes!(post_check))
        .routes(routes!(post_retry))
}

/// Every trial database, and where the days are.
///
/// On the control socket only.
#[utoipa::path(get, path = "/api/v1/targets", tag = CONTROL_SOCKET, responses((status = 200, description = "The databases", body = TargetsReply), ErrorReply))]
pub async fn get_targets(State(app): State<Arc<App>>) -> Result<Json<TargetsReply>, Problem> {
    blocking(app, |app| {
        let mut targets = Vec::new();
        for target in app.deliveries.all() {
            targets.push(described(app, &target.name)?);
        }
        let trouble = if targets.is_empty() { None } else { app.deliveries.study().err().map(ToString::to_string) };
        Ok(TargetsReply { trouble, targets })
    })
    .await
}

/// Makes at most one request to a trial database.
///
/// On the control socket only.
#[utoipa::path(post, path = "/api/v1/targets/{name}/step", tag = CONTROL_SOCKET, params(("name" = String, Path, description = "What the settings call it")), responses((status = 200, description = "What the step did", body = StepReply), ErrorReply))]
pub async fn post_step(State(app): State<Arc<App>>, Path(name): Path<TargetName>) -> Result<Json<StepReply>, Problem> {
    blocking(app, move |app| {
        app.trusted_now()?;
        with_courier(app, &name, |courier, scope| {
            let step = courier.step(scope)?;
            let (is_done, wait) = match step {
                Step::Again(wait) => (false, wait),
                Step::Idle(wait) => (true, wait),
            };
            let condition = courier.condition();
            Ok(StepReply {
                is_done,
                wait_ms: u64::try_from(wait.as_millis()).unwrap_or(u64::MAX),
                due: courier.due(),
                trouble: condition.trouble.clone(),
                is_stopped: condition.is_stopped,
                failures: condition.failures,
            })
        })
    })
    .await
}

/// Asks a trial database whether days could be sent, and sends none.
///
/// On the control socket only.
#[utoipa::path(post, path = "/api/v1/targets/{name}/check", tag = CONTROL_SOCKET, params(("name" = String, Path, description = "What the settings call it")), responses((status = 200, description = "Whether days could be sent", body = CheckReply), ErrorReply))]
pub async fn post_check(
    State(app): State<Arc<App>>,
    Path(name): Path<TargetName>,
) -> Result<Json<CheckReply>, Problem> {
    blocking(app, move |app| {
        with_courier(app, &name, |courier, _| {
            Ok(match courier.check() {
                Ok(notes) => CheckReply { is_ready: true, notes },
                Err(Trouble::Passing { what, .. } | Trouble::Refused { what } | Trouble::Stopped { what }) => {
                    CheckReply { is_ready: false, notes: vec![what] }
                }
            })
        })
    })
    .await
}

/// Sends what a trial database refused once more.
///
/// On the control socket only.
#[utoipa::path(post, path = "/api/v1/targets/{name}/retry", tag = CONTROL_SOCKET, params(("name" = String, Path, description = "What the settings call it")), responses((status = 200, description = "How many days are sent again", body = RetryReply), ErrorReply))]
pub async fn post_retry(
    State(app): State<Arc<App>>,
    Path(name): Path<TargetName>,
) -> Result<Json<RetryReply>, Problem> {
    blocking(app, move |app| {
        let days = with_courier(app, &name, |courier, scope| Ok(courier.retry(scope)?))?;
        app.delivery_wake.send_replace(());
        Ok(RetryReply { days })
    })
    .await
}

fn described(app: &App, name: &TargetName) -> Result<TargetReply, Problem> {
    let target = app.deliveries.all().find(|target| target.name == *name).ok_or_else(|| unknown(name))?;
    let mut reply = TargetReply {
        name: name.clone(),
        kind: target.kind,
        url: target.url.clone(),
        is_ready: false,
        is_stopped: false,
        trouble: None,
        notes: Vec::new(),
        stored: 0,
        due: 0,
        due_from: None,
        due_to: None,
        parked: Vec::new(),
        left_open: 0,
        left_before_enrolment: 0,
        left_out_of_reach: 0,
        left_after_leaving: 0,
        strangers: 0,
        repaired: 0,
        to_be_told: 0,
    };
    let owed = crate::delivery::leaving::owed(&app.data_dir).unwrap_or_default();
    reply.to_be_told = owed.iter().filter(|(_, farewell)| farewell.target == name.as_str()).count() as u64;
    if app.deliveries.study().is_err() {
        return Ok(reply);
    }
    let counts = with_courier(app, name, |courier, scope| {
        let condition = courier.condition();
        reply.is_ready = condition.is_ready;
        reply.is_stopped = condition.is_stopped;
        reply.trouble.clone_from(&condition.trouble);
        reply.notes.clone_from(&condition.notes);
        let untold =
            condition.untold.iter().map(|what| format!("The study was not told yet that somebody left: {what}"));
        reply.notes.extend(untold);
        reply.strangers = condition.strangers;
        reply.repaired = condition.repaired;
        Ok(courier.counts(scope)?)
    })?;
    reply.stored = counts.stored;
    reply.due = counts.due;
    (reply.due_from, reply.due_to) = counts.due_span.unzip();
    reply.left_open = counts.left.open;
    reply.left_before_enrolment = counts.left.before_enrolment;
    reply.left_out_of_reach = counts.left.out_of_reach;
    reply.left_after_leaving = counts.left.after_leaving;
    reply.parked = counts.parked_days.into_iter().filter_map(parked).collect();
    Ok(reply)
}

fn parked(passage: Passage) -> Option<ParkedReply> {
    let Outcome::Parked(why) = passage.outcome else { return None };
    let participant = passage.participant.as_str().to_owned();
    Some(ParkedReply { participant, date: passage.date, revision: passage.revision, why })
}

/// Works with the courier to a database, alone.
pub(crate) fn with_courier<T>(
    app: &App,
    name: &TargetName,
    work: impl FnOnce(&mut Courier, &Scope<'_>) -> Result<T, Problem>,
) -> Result<T, Problem> {
    let study =
        app.deliveries.study().map_err(|error| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, error.to_string()))?;
    let mut courier = app.deliveries.courier(name).ok_or_else(|| unknown(name))?;
    let scope = Scope { store: &app.store, book: &app.book, study, clock: app.clock.as_ref(), data: &app.data_dir };
    work(&mut courier, &scope)
}

fn unknown(name: &TargetName) -> Problem {
    let text = format!("the settings name no [[target]] {:?}; nothing was sent", name.as_str());
    Problem::new(StatusCode::NOT_FOUND, text)
}
