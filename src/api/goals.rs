//! The person's goals.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Query, State},
};

use super::{App, Asked, ErrorReply, GoalReply, GoalsReply, Problem, blocking};
use crate::{
    days::Person,
    goal::{Decision, GoalVersion},
};

/// All goals of a person, and the one in force.
pub fn goals(app: &App, person: &Person) -> GoalsReply {
    let history = &person.record.goals;
    let today = person.calendar.day_at(app.clock.utc().timestamp()).date;
    GoalsReply {
        today,
        in_force: history.goal_on(today).cloned(),
        paused_until: history.paused_until(today),
        next_id: history.next_id(),
        history: history.spans().iter().map(GoalReply::from).collect(),
    }
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
        let person = app.book.person(Some(&goal.participant))?;
        app.book.decide(&person, Decision::GoalSet(goal.clone()), "person", now)?;
        Ok(goal)
    })
    .await
}
