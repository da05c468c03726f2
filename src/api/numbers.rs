//! What is known: status, today, week, days. And looking after the data: verify, rebuild.

use std::sync::{Arc, PoisonError};

use axum::{
    Json,
    extract::{Query, State},
};
use chrono::{DateTime, Datelike as _, Days, NaiveDate, Timelike as _, Utc};

use super::{App, Asked, CounterReply, DataReply, ErrorReply, Problem, StatusReply, TodayReply, WeekReply, blocking};
use crate::{
    days::Person,
    goal::{self, DayFacts, DiaryMinutes, Heard, TodayContext},
    model::{DayTotal, SOFTWARE},
    words::{Language, Phrase, say},
};

/// From this hour on, today's sentence looks back.
const EVENING_HOUR: u32 = 20;
/// A counter is called silent when nothing has been heard from it for this long.
const SILENT_AFTER_H: i64 = 24;

/// How everything is.
///
/// # Errors
/// When the store fails.
pub fn status(app: &App) -> Result<StatusReply, Problem> {
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
}

/// Today beside the plan.
///
/// # Errors
/// When the store fails.
pub fn today(app: &App, person: &Person, now: DateTime<Utc>, language: Language) -> Result<TodayReply, Problem> {
    let date = person.calendar.day_at(now.timestamp()).date;
    let row = app.book.rows(person, date, date, now)?.pop();
    let last_heard = app.last_heard(person)?;
    let context = TodayContext {
        evening: person.calendar.zone.wall(now).is_some_and(|wall| wall.hour() >= EVENING_HOUR),
        heard: match last_heard {
            None => Heard::Never,
            Some(at) if (now - at).num_hours() < SILENT_AFTER_H => Heard::Lately,
            Some(at) => Heard::On(person.calendar.day_at(at.timestamp()).date),
        },
        keeps_steps: app.keeps_steps(person)?,
    };
    let diary = person.record.diary.minutes_on(date).unwrap_or_default();
    let (sentence, progress) = match &row {
        Some(row) => {
            let facts = DayFacts { day: row, open: true, diary: &diary };
            let sentence = goal::today_sentence(&facts, &person.record.goals, &context);
            (sentence.phrase(), goal::today(&facts, &person.record.goals))
        }
        None => (Phrase::new("today-nothing-arrived"), None),
    };
    Ok(TodayReply {
        date,
        weekday: date.weekday().number_from_monday(),
        sentence: say(language, &sentence),
        target: progress.as_ref().map(|p| p.target),
        done: progress.as_ref().and_then(|p| p.done),
        left: progress.as_ref().and_then(|p| p.left),
        measure: progress.map(|p| p.measure.to_string()),
        last_heard: last_heard.and_then(|at| person.calendar.zone.wall(at)),
        row,
    })
}

/// The week that holds a date, beside the plan.
///
/// # Errors
/// When the store fails.
pub fn week(app: &App, person: &Person, date: NaiveDate, now: DateTime<Utc>) -> Result<WeekReply, Problem> {
    let today = person.calendar.day_at(now.timestamp()).date;
    let monday = date - Days::new(u64::from(date.weekday().num_days_from_monday()));
    let rows = app.book.rows(person, monday, monday + Days::new(6), now)?;
    let diaries: Vec<DiaryMinutes> =
        rows.iter().map(|row| person.record.diary.minutes_on(row.local_date).unwrap_or_default()).collect();
    let facts: Vec<_> = rows
        .iter()
        .zip(&diaries)
        .map(|(row, diary)| DayFacts { day: row, open: row.local_date >= today, diary })
        .collect();
    let progress = goal::judge_week(&facts, &person.record.goals, monday);
    Ok(WeekReply { progress, days: rows })
}

/// How everything is: this program, its data, every counter.
#[utoipa::path(get, path = "/api/v1/status", responses((status = 200, description = "How everything is", body = StatusReply), ErrorReply))]
pub(super) async fn get_status(State(app): State<Arc<App>>) -> Result<Json<StatusReply>, Problem> {
    blocking(app, status).await
}

/// Today beside the plan, with the sentence that the page says.
#[utoipa::path(get, path = "/api/v1/today", params(Asked), responses((status = 200, description = "Today", body = TodayReply), ErrorReply))]
pub(super) async fn get_today(
    State(app): State<Arc<App>>,
    Query(asked): Query<Asked>,
) -> Result<Json<TodayReply>, Problem> {
    blocking(app, move |app| {
        let person = app.book.person(asked.person.as_ref())?;
        today(app, &person, app.trusted_now()?, asked.language.unwrap_or_default())
    })
    .await
}

/// The week from Monday to Sunday that holds `from`, or today, beside the plan.
#[utoipa::path(get, path = "/api/v1/week", params(Asked), responses((status = 200, description = "The week", body = WeekReply), ErrorReply))]
pub(super) async fn get_week(
    State(app): State<Arc<App>>,
    Query(asked): Query<Asked>,
) -> Result<Json<WeekReply>, Problem> {
    blocking(app, move |app| {
        let now = app.trusted_now()?;
        let person = app.book.person(asked.person.as_ref())?;
        let today = person.calendar.day_at(now.timestamp()).date;
        week(app, &person, asked.from.unwrap_or(today), now)
    })
    .await
}

/// Rows of the day table, of one person or of everybody, oldest first.
#[utoipa::path(get, path = "/api/v1/days", params(Asked), responses((status = 200, description = "One row a day", body = Vec<DayTotal>), ErrorReply))]
pub(super) async fn get_days(
    State(app): State<Arc<App>>,
    Query(asked): Query<Asked>,
) -> Result<Json<Vec<DayTotal>>, Problem> {
    blocking(app, move |app| {
        let now = app.trusted_now()?;
        let mut rows = Vec::new();
        let wanted = match &asked.person {
            Some(id) => vec![app.book.person(Some(id))?],
            None => app.book.people(),
        };
        for person in wanted {
            if let Some((first, today)) = app.book.span(&person, now)? {
                let from = asked.from.unwrap_or(first);
                rows.extend(app.book.rows(&person, from, asked.to.unwrap_or(today), now)?);
            }
        }
        Ok(rows)
    })
    .await
}

/// Reads everything that is stored, and says what is wrong with it. Changes nothing.
#[utoipa::path(post, path = "/api/v1/data/verify", responses((status = 200, description = "What was found", body = DataReply), ErrorReply))]
pub(super) async fn verify(State(app): State<Arc<App>>) -> Result<Json<DataReply>, Problem> {
    blocking(app, |app| Ok(DataReply::verified(&app.store.verify(&mut |_, _| {})?, &app.store.quarantine()?))).await
}

/// Makes the index anew from the journal.
#[utoipa::path(post, path = "/api/v1/data/rebuild", responses((status = 200, description = "What was done", body = DataReply), ErrorReply))]
pub(super) async fn rebuild(State(app): State<Arc<App>>) -> Result<Json<DataReply>, Problem> {
    blocking(app, |app| {
        let report = app.store.rebuild(&mut |_, _| {})?;
        Ok(DataReply::rebuilt(&report))
    })
    .await
}
