//! Check-ins: which questions are asked, when they are due, and their answers.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Json,
    extract::{Query, State},
};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::{App, Asked, ErrorReply, Problem, blocking};
use crate::{
    days::Person,
    goal::{Problems, decision::Found},
    model::{ParticipantId, instrument::Instrument},
    person::{
        OwnDecision,
        check_in::{CheckInAnswer, CheckInsSet},
    },
    words::Phrase,
};

/// A person's check-ins.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct CheckInsReply {
    /// Today's date in the person's zone.
    pub today: NaiveDate,
    /// What is switched on.
    pub asked: Vec<AskedReply>,
    /// Everything that can be switched on, with its source and its permission.
    pub instruments: Vec<Instrument>,
    /// Answers from `from` to `to`, in the order in which they were given; all of them without a span.
    pub answers: Vec<CheckInAnswer>,
}

/// An instrument that is switched on.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct AskedReply {
    /// Its name.
    pub instrument: String,
    /// Days from one time to the next.
    pub every_days: u32,
    /// When it was last answered.
    pub last: Option<NaiveDate>,
    /// It is due today.
    pub due: bool,
}

/// Answers to an instrument.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Answered {
    /// Whose.
    pub participant: ParticipantId,
    /// Name of the instrument.
    pub instrument: String,
    /// The day; today when it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<NaiveDate>,
    /// Answers by the name of the item; items may be left out.
    pub answers: BTreeMap<String, i32>,
}

/// What is asked, and what was answered.
pub fn check_ins(app: &App, person: &Person, asked: &Asked, now: DateTime<Utc>) -> CheckInsReply {
    let today = person.calendar.day_at(now.timestamp()).date;
    let check_ins = &person.record.check_ins;
    let due = check_ins.due(&app.instruments, today);
    let in_span = |answer: &&CheckInAnswer| {
        asked.from.is_none_or(|from| from <= answer.date) && asked.to.is_none_or(|to| answer.date <= to)
    };
    CheckInsReply {
        today,
        asked: check_ins
            .asked_on(today)
            .iter()
            .map(|one| AskedReply {
                instrument: one.instrument.clone(),
                every_days: one.every_days,
                last: check_ins.last(&one.instrument),
                due: due.iter().any(|due| due.name == one.instrument),
            })
            .collect(),
        instruments: app.instruments.clone(),
        answers: check_ins.answers().iter().filter(in_span).cloned().collect(),
    }
}

/// Switches check-ins on and off from a day on; the same sent twice is noted once.
///
/// # Errors
/// When something does not fit, with every reason, or when the store fails.
pub fn set(app: &App, person: &Person, set: CheckInsSet, now: DateTime<Utc>) -> Result<(), Problem> {
    let known = |name: &str| app.instruments.iter().any(|instrument| instrument.name == name);
    let mut found = Found::default();
    for asked in set.instruments.iter().filter(|asked| !known(&asked.instrument)) {
        found.when(true, "instruments", || {
            let names: Vec<_> = app.instruments.iter().map(|instrument| instrument.name.as_str()).collect();
            Phrase::new("problem-check-in-unknown")
                .with("name", asked.instrument.as_str())
                .with("known", names.join(", "))
        });
    }
    found.done().map_err(refused)?;
    app.book.decide(person, OwnDecision::CheckInsSet(set), "person", now)?;
    Ok(())
}

/// Notes answers with the scores that the instrument's rules make of them; the same sent twice is noted once.
///
/// # Errors
/// When something does not fit, with every reason, or when the store fails.
pub fn answer(app: &App, person: &Person, given: Answered, now: DateTime<Utc>) -> Result<CheckInAnswer, Problem> {
    let today = person.calendar.day_at(now.timestamp()).date;
    let instrument = app.instruments.iter().find(|instrument| instrument.name == given.instrument);
    let mut found = Found::default();
    for item in instrument.map(|instrument| instrument.misfits(&given.answers)).unwrap_or_default() {
        found.when(true, "answers", || Phrase::new("problem-check-in-answer").with("item", item));
    }
    found.done().map_err(refused)?;
    let answer = CheckInAnswer {
        scores: instrument.map(|instrument| instrument.score(&given.answers)).unwrap_or_default(),
        participant: given.participant,
        instrument: given.instrument,
        date: given.date.unwrap_or(today),
        answers: given.answers,
    };
    app.book.decide(person, OwnDecision::CheckInAnswered(answer.clone()), "person", now)?;
    Ok(answer)
}

fn refused(problems: Problems) -> Problem {
    crate::days::DaysError::from(problems).into()
}

/// What is asked at check-ins, and the answers from `from` to `to`; without a span, all of them.
#[utoipa::path(get, path = "/api/v1/check-ins", params(Asked), responses((status = 200, description = "Questions and answers", body = CheckInsReply), ErrorReply))]
pub(super) async fn get_check_ins(
    State(app): State<Arc<App>>,
    Query(asked): Query<Asked>,
) -> Result<Json<CheckInsReply>, Problem> {
    blocking(app, move |app| {
        let person = app.book.person(asked.person.as_ref())?;
        Ok(check_ins(app, &person, &asked, app.trusted_now()?))
    })
    .await
}

/// Says which check-ins are asked from a day on.
#[utoipa::path(post, path = "/api/v1/check-ins/set", request_body = CheckInsSet, responses((status = 200, description = "What is asked then", body = CheckInsSet), ErrorReply))]
pub(super) async fn set_check_ins(
    State(app): State<Arc<App>>,
    Json(wanted): Json<CheckInsSet>,
) -> Result<Json<CheckInsSet>, Problem> {
    blocking(app, move |app| {
        let person = app.book.person(Some(&wanted.participant))?;
        set(app, &person, wanted.clone(), app.trusted_now()?)?;
        Ok(wanted)
    })
    .await
}

/// Notes the answers of a check-in, with the scores that follow from them.
#[utoipa::path(post, path = "/api/v1/check-ins", request_body = Answered, responses((status = 200, description = "Answers and scores", body = CheckInAnswer), ErrorReply))]
pub(super) async fn answer_check_in(
    State(app): State<Arc<App>>,
    Json(given): Json<Answered>,
) -> Result<Json<CheckInAnswer>, Problem> {
    blocking(app, move |app| {
        let person = app.book.person(Some(&given.participant))?;
        answer(app, &person, given, app.trusted_now()?)
    })
    .await
}
