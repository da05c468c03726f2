//! The person's goals, and what they decide about them. What is asked for twice is done once.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Query, State},
};
use chrono::{DateTime, Days, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::{App, Asked, ErrorReply, GoalReply, GoalsReply, Problem, blocking};
use crate::{
    days::Person,
    goal::{Decision, GoalVersion},
    model::ParticipantId,
};

/// A pause.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PauseRequest {
    /// Whose goal; may be left out when there is only one person.
    pub person: Option<ParticipantId>,
    /// Last day of the pause, which begins today.
    pub until: NaiveDate,
    /// In the person's words.
    pub reason: Option<String>,
}

/// A return from a pause, or the end of a goal.
#[derive(Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct FromRequest {
    /// Whose goal; may be left out when there is only one person.
    pub person: Option<ParticipantId>,
    /// First day; today when it is left out.
    pub from: Option<NaiveDate>,
    /// Why the goal ends, in the person's words.
    pub reason: Option<String>,
}

/// A day that a clinician takes out of the judging.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExcuseRequest {
    /// Whose day; may be left out when there is only one person.
    pub person: Option<ParticipantId>,
    /// The day, past or to come.
    pub date: NaiveDate,
    /// Code of the clinician.
    pub by: String,
    /// Why, for the audit trail.
    pub reason: String,
}

/// All goals of a person, and the one in force.
pub fn goals(app: &App, person: &Person) -> GoalsReply {
    let history = &person.record.goals;
    let today = person.today(app.clock.utc());
    GoalsReply {
        today,
        in_force: history.goal_on(today).cloned(),
        paused_until: history.paused_until(today),
        next_id: history.next_id(),
        history: history.spans().iter().map(GoalReply::from).collect(),
    }
}

/// Sets a goal. The same one sent again changes nothing.
///
/// # Errors
/// When it cannot stand, with every reason, or when the store fails.
pub fn set(app: &App, person: &Person, goal: &GoalVersion, now: DateTime<Utc>) -> Result<(), Problem> {
    app.book.decide(person, Decision::GoalSet(goal.clone()), "person", now)?;
    Ok(())
}

/// Pauses the goal from today to this day. A pause that goes on for longer is cut short to it.
///
/// # Errors
/// When it cannot stand, with every reason, or when the store fails.
pub fn pause(
    app: &App,
    person: &Person,
    until: NaiveDate,
    reason: Option<String>,
    now: DateTime<Utc>,
) -> Result<(), Problem> {
    let from = person.today(now);
    let participant = person.id.clone();
    let decision = match person.record.goals.paused_until(from) {
        Some(known) if known > until && until >= from => {
            Decision::GoalResumed { participant, from: until + Days::new(1) }
        }
        Some(_) | None => Decision::GoalPaused { participant, from, until, reason },
    };
    app.book.decide(person, decision, "person", now)?;
    Ok(())
}

/// Ends every pause from a day on. Without one nothing is stored.
///
/// # Errors
/// When the day has gone by, or the store fails.
pub fn resume(app: &App, person: &Person, from: NaiveDate, now: DateTime<Utc>) -> Result<(), Problem> {
    let decision = Decision::GoalResumed { participant: person.id.clone(), from };
    app.book.decide(person, decision, "person", now)?;
    Ok(())
}

/// Ends the goal: none from a day on. Without one nothing is stored.
///
/// # Errors
/// When the day has gone by, or the store fails.
pub fn end(
    app: &App,
    person: &Person,
    from: NaiveDate,
    reason: Option<String>,
    now: DateTime<Utc>,
) -> Result<(), Problem> {
    let decision = Decision::GoalEnded { participant: person.id.clone(), from, reason };
    app.book.decide(person, decision, "person", now)?;
    Ok(())
}

/// All goals of a person, and the one in force.
#[utoipa::path(get, path = "/api/v1/goals", params(Asked), responses((status = 200, description = "The goals", body = GoalsReply), ErrorReply))]
pub(super) async fn get_goals(
    State(app): State<Arc<App>>,
    Query(asked): Query<Asked>,
) -> Result<Json<GoalsReply>, Problem> {
    blocking(app, move |app| Ok(goals(app, &*app.book.person(asked.person.as_ref())?))).await
}

/// Sets a goal from its first day on; it takes the place of whichever was in force.
#[utoipa::path(post, path = "/api/v1/goals", request_body = GoalVersion, responses((status = 200, description = "The goal as it was set", body = GoalVersion), ErrorReply))]
pub(super) async fn set_goal(
    State(app): State<Arc<App>>,
    Json(goal): Json<GoalVersion>,
) -> Result<Json<GoalVersion>, Problem> {
    blocking(app, move |app| {
        let now = app.trusted_now()?;
        set(app, &*app.book.person(Some(&goal.participant))?, &goal, now)?;
        Ok(goal)
    })
    .await
}

/// Lets a person decide, and answers with their goals as they are then.
async fn decided(
    app: Arc<App>,
    person: Option<ParticipantId>,
    decide: impl FnOnce(&App, &Person, DateTime<Utc>) -> Result<(), Problem> + Send + 'static,
) -> Result<Json<GoalsReply>, Problem> {
    blocking(app, move |app| {
        let now = app.trusted_now()?;
        decide(app, &*app.book.person(person.as_ref())?, now)?;
        Ok(goals(app, &*app.book.person(person.as_ref())?))
    })
    .await
}

/// Pauses the goal from today to a day.
#[utoipa::path(post, path = "/api/v1/goals/pause", request_body = PauseRequest, responses((status = 200, description = "The goals as they are then", body = GoalsReply), ErrorReply))]
pub(super) async fn post_pause(
    State(app): State<Arc<App>>,
    Json(asked): Json<PauseRequest>,
) -> Result<Json<GoalsReply>, Problem> {
    decided(app, asked.person, move |app, person, now| pause(app, person, asked.until, asked.reason, now)).await
}

/// Ends every pause of the goal, from a day on.
#[utoipa::path(post, path = "/api/v1/goals/resume", request_body = FromRequest, responses((status = 200, description = "The goals as they are then", body = GoalsReply), ErrorReply))]
pub(super) async fn post_resume(
    State(app): State<Arc<App>>,
    Json(asked): Json<FromRequest>,
) -> Result<Json<GoalsReply>, Problem> {
    decided(app, asked.person, move |app, person, now| {
        resume(app, person, asked.from.unwrap_or_else(|| person.today(now)), now)
    })
    .await
}

/// Ends the goal from a day on; no other takes its place.
#[utoipa::path(post, path = "/api/v1/goals/end", request_body = FromRequest, responses((status = 200, description = "The goals as they are then", body = GoalsReply), ErrorReply))]
pub(super) async fn post_end(
    State(app): State<Arc<App>>,
    Json(asked): Json<FromRequest>,
) -> Result<Json<GoalsReply>, Problem> {
    decided(app, asked.person, move |app, person, now| {
        end(app, person, asked.from.unwrap_or_else(|| person.today(now)), asked.reason, now)
    })
    .await
}

/// Takes a day out of the judging, for a clinician.
#[utoipa::path(post, path = "/api/v1/goals/excuse", request_body = ExcuseRequest, responses((status = 200, description = "The goals as they are then", body = GoalsReply), ErrorReply))]
pub(super) async fn post_excuse(
    State(app): State<Arc<App>>,
    Json(asked): Json<ExcuseRequest>,
) -> Result<Json<GoalsReply>, Problem> {
    let ExcuseRequest { person, date, by, reason } = asked;
    decided(app, person, move |app, person, now| {
        let participant = person.id.clone();
        app.book.decide(person, Decision::DayExcused { participant, date, by, reason }, "therapist", now)?;
        Ok(())
    })
    .await
}
