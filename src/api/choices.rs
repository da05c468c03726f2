//! One small choice a day.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Query, State},
};
use chrono::{DateTime, Days, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::{App, Asked, ErrorReply, Problem, blocking, review};
use crate::{
    days::Person,
    person::{
        OwnDecision,
        choice::{Choice, ChoiceAnswer, ChoicePlan},
    },
};

/// Without a span: so many days back, and all that is planned.
const WEEKS_BACK: Days = Days::new(28);
const WEEK_AHEAD: Days = Days::new(7);

/// A person's small choices.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ChoicesReply {
    /// Today's date in the person's zone.
    pub today: NaiveDate,
    /// Whether their pages offer one: the programme has them, or they planned one before.
    pub offered: bool,
    /// The choices, in order of days.
    pub choices: Vec<ChoiceReply>,
}

/// A day's choice.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ChoiceReply {
    /// The day.
    pub date: NaiveDate,
    /// The situation.
    pub situation: String,
    /// The choice.
    pub choice: String,
    /// Whether it was made; none while nothing was said.
    pub done: Option<bool>,
    /// In the person's words.
    pub note: Option<String>,
}

impl From<&Choice> for ChoiceReply {
    fn from(choice: &Choice) -> Self {
        Self {
            date: choice.plan.date,
            situation: choice.plan.situation.clone(),
            choice: choice.plan.choice.clone(),
            done: choice.answer.as_ref().map(|answer| answer.done),
            note: choice.answer.as_ref().and_then(|answer| answer.note.clone()),
        }
    }
}

/// Whether one small choice a day is offered on a date: the programme has them, or the person planned one before.
pub fn are_offered(app: &App, person: &Person, date: NaiveDate) -> bool {
    let programme = review::programme_on(app, person, date);
    programme.is_some_and(|programme| programme.small_choices) || !person.record.choices.is_empty()
}

/// The choices of a span of days; without one, of the last four weeks and the week ahead.
pub fn choices(
    app: &App,
    person: &Person,
    from: Option<NaiveDate>,
    to: Option<NaiveDate>,
    now: DateTime<Utc>,
) -> ChoicesReply {
    let today = person.calendar.day_at(now.timestamp()).date;
    let span = person.record.choices.between(from.unwrap_or(today - WEEKS_BACK), to.unwrap_or(today + WEEK_AHEAD));
    ChoicesReply { today, offered: are_offered(app, person, today), choices: span.map(ChoiceReply::from).collect() }
}

/// Plans a choice; the same plan sent twice is noted once.
///
/// # Errors
/// When it does not fit, with every reason, or when the store fails.
pub fn plan(app: &App, person: &Person, plan: ChoicePlan, now: DateTime<Utc>) -> Result<(), Problem> {
    app.book.decide(person, OwnDecision::ChoicePlanned(plan), "person", now)?;
    Ok(())
}

/// Notes what became of a choice; the same answer sent twice is noted once.
///
/// # Errors
/// When it does not fit, with every reason, or when the store fails.
pub fn answer(app: &App, person: &Person, answer: ChoiceAnswer, now: DateTime<Utc>) -> Result<(), Problem> {
    app.book.decide(person, OwnDecision::ChoiceAnswered(answer), "person", now)?;
    Ok(())
}

/// Small choices from `from` to `to`; without a span, of the last four weeks and the week ahead.
#[utoipa::path(get, path = "/api/v1/choices", params(Asked), responses((status = 200, description = "The choices", body = ChoicesReply), ErrorReply))]
pub(super) async fn get_choices(
    State(app): State<Arc<App>>,
    Query(asked): Query<Asked>,
) -> Result<Json<ChoicesReply>, Problem> {
    blocking(app, move |app| {
        let person = app.book.person(asked.person.as_ref())?;
        Ok(choices(app, &person, asked.from, asked.to, app.trusted_now()?))
    })
    .await
}

/// Plans a small choice for a day.
#[utoipa::path(post, path = "/api/v1/choices", request_body = ChoicePlan, responses((status = 200, description = "The choice as it was planned", body = ChoicePlan), ErrorReply))]
pub(super) async fn plan_choice(
    State(app): State<Arc<App>>,
    Json(planned): Json<ChoicePlan>,
) -> Result<Json<ChoicePlan>, Problem> {
    blocking(app, move |app| {
        let person = app.book.person(Some(&planned.participant))?;
        plan(app, &person, planned.clone(), app.trusted_now()?)?;
        Ok(planned)
    })
    .await
}

/// Notes whether a small choice was made.
#[utoipa::path(post, path = "/api/v1/choices/answer", request_body = ChoiceAnswer, responses((status = 200, description = "The answer as it was noted", body = ChoiceAnswer), ErrorReply))]
pub(super) async fn answer_choice(
    State(app): State<Arc<App>>,
    Json(given): Json<ChoiceAnswer>,
) -> Result<Json<ChoiceAnswer>, Problem> {
    blocking(app, move |app| {
        let person = app.book.person(Some(&given.participant))?;
        answer(app, &person, given.clone(), app.trusted_now()?)?;
        Ok(given)
    })
    .await
}
