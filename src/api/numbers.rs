//! What is known: status, today, week, days. And looking after the data: verify, rebuild.

use std::sync::{Arc, PoisonError};

use axum::{
    Json,
    extract::{Query, State},
};
use chrono::{DateTime, Datelike as _, Days, NaiveDate, NaiveDateTime, Timelike as _, Utc};

use super::{
    App, Asked, CounterReply, DataReply, DaysReply, ErrorReply, Problem, StatusReply, TodayReply, WeekReply, blocking,
    known_days::KnownDays, notices,
};
use crate::{
    days::Person,
    goal::{
        self, DayFacts, DiaryMinutes, Heard, TodayContext,
        past::{monday_of, sunday_of},
    },
    model::{DayTotal, SOFTWARE},
    words::{Language, Phrase, say},
};

/// From this hour on, today's sentence looks back.
const EVENING_HOUR: u32 = 20;
/// Most days of a person in one answer: a year, whatever the length of the record.
const DAYS_AT_ONCE: Days = Days::new(366);
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
    // Before the clock is set nobody can tell for how long a band was silent.
    let (set, now) = (app.clock.synchronised(), app.clock.utc());
    let concerns = if set { notices::concerns(app, None, now)? } else { Vec::new() };
    for counter in &mut counters {
        let own = concerns.iter().filter(|(device, ..)| counter.id == Some(device.to_string()));
        counter.notices = own.map(|(_, concern, facts)| concern.phrase(facts, now).english()).collect();
    }
    let (journal_bytes, index_bytes) = app.store.size();
    Ok(StatusReply {
        software: SOFTWARE.to_owned(),
        process_id: std::process::id(),
        now,
        clock_synchronised: set,
        people: app.book.people().iter().map(|person| person.id.clone()).collect(),
        counters,
        data_dir: app.data_dir.clone(),
        journal_bytes,
        index_bytes,
        notes: app.notes.clone(),
    })
}

/// Today as the rules see it, before anything is said of it.
#[derive(Clone, Debug)]
pub struct TodayFacts {
    /// Today's date in the person's zone.
    pub date: NaiveDate,
    /// The day table's row; none when nothing has ever arrived.
    pub row: Option<DayTotal>,
    /// What there is to say; none when nothing has ever arrived.
    pub sentence: Option<goal::Sentence>,
    /// Beside the plan; none on a day without one.
    pub progress: Option<goal::Progress>,
    /// The diary by kind.
    pub diary: DiaryMinutes,
    /// When something last arrived from the person's counter, by the clock on their wall.
    pub last_heard: Option<NaiveDateTime>,
    /// Charge of the counter that was heard last, percent.
    pub battery_percent: Option<u8>,
}

impl TodayFacts {
    /// Of a person, now.
    ///
    /// # Errors
    /// When the store fails.
    pub fn now(app: &App, person: &Person, now: DateTime<Utc>) -> Result<Self, Problem> {
        let date = person.calendar.day_at(now.timestamp()).date;
        let row = app.book.rows(person, date, date, now)?.pop();
        let heard = app.heard_last(person)?;
        let last_heard = heard.as_ref().and_then(|state| state.last_arrival);
        let context = TodayContext {
            evening: person.calendar.wall(now).is_some_and(|wall| wall.hour() >= EVENING_HOUR),
            heard: match last_heard {
                None => Heard::Never,
                Some(at) if (now - at).num_hours() < SILENT_AFTER_H => Heard::Lately,
                Some(at) => Heard::On(person.calendar.day_at(at.timestamp()).date),
            },
            keeps_steps: app.keeps_steps(person, now)?,
        };
        let diary = person.record.diary.minutes_on(date).unwrap_or_default();
        let facts = row.as_ref().map(|row| DayFacts { day: row, open: true, diary: &diary });
        let sentence = facts.map(|facts| goal::today_sentence(&facts, &person.record.goals, &context));
        let progress = facts.and_then(|facts| goal::today(&facts, &person.record.goals));
        Ok(Self {
            date,
            sentence,
            progress,
            last_heard: last_heard.and_then(|at| person.calendar.wall(at)),
            battery_percent: heard.and_then(|state| state.battery),
            row,
            diary,
        })
    }
}

/// Today beside the plan.
///
/// # Errors
/// When the store fails.
pub fn today(app: &App, person: &Person, now: DateTime<Utc>, language: Language) -> Result<TodayReply, Problem> {
    let TodayFacts { date, row, sentence, progress, last_heard, battery_percent, .. } =
        TodayFacts::now(app, person, now)?;
    let sentence = sentence.map_or_else(|| Phrase::new("today-nothing-arrived"), |sentence| sentence.phrase());
    Ok(TodayReply {
        date,
        weekday: date.weekday().number_from_monday(),
        sentence: say(language, &sentence),
        target: progress.as_ref().map(|p| p.target),
        done: progress.as_ref().and_then(|p| p.done),
        left: progress.as_ref().and_then(|p| p.left),
        measure: progress.map(|p| p.measure.to_string()),
        last_heard,
        battery_percent,
        row,
    })
}

/// The week that holds a date, beside the plan.
///
/// # Errors
/// When the store fails.
pub fn week(app: &App, person: &Person, date: NaiveDate, now: DateTime<Utc>) -> Result<WeekReply, Problem> {
    let monday = monday_of(date);
    let known = KnownDays::read(app, person, monday, sunday_of(monday), now)?;
    let progress = goal::judge_week(&known.facts(), &person.record.goals, monday);
    Ok(WeekReply { progress, days: known.rows })
}

/// Rows of the day table: of one person or of all, a year from `from` on, else from the first day of any record.
///
/// # Errors
/// When the store fails.
pub fn days(app: &App, asked: &Asked, now: DateTime<Utc>) -> Result<DaysReply, Problem> {
    let wanted = match &asked.person {
        Some(id) => vec![app.book.person(Some(id))?],
        None => app.book.people(),
    };
    let mut spans = Vec::new();
    for person in wanted {
        if let Some(span) = app.book.span(&person, now)? {
            spans.push((person, span));
        }
    }
    let first = spans.iter().map(|(_, (first, _))| *first).min();
    let last = spans.iter().map(|(_, (_, last))| *last).max();
    let Some((first, last)) = first.zip(last) else { return Ok(DaysReply { days: Vec::new(), next: None }) };
    let from = asked.from.unwrap_or(first).max(first);
    let to = asked.to.unwrap_or(last).min(last);
    let next = from.checked_add_days(DAYS_AT_ONCE).filter(|next| *next <= to);
    let to = next.and_then(|next| next.pred_opt()).unwrap_or(to);
    let mut days = Vec::new();
    for (person, _) in spans {
        days.extend(app.book.rows(&person, from, to, now)?);
    }
    Ok(DaysReply { days, next })
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

/// Rows of the day table, of one person or of everybody, oldest first; a year at a time.
#[utoipa::path(get, path = "/api/v1/days", params(Asked), responses((status = 200, description = "One row a day, and where to go on", body = DaysReply), ErrorReply))]
pub(super) async fn get_days(
    State(app): State<Arc<App>>,
    Query(asked): Query<Asked>,
) -> Result<Json<DaysReply>, Problem> {
    blocking(app, move |app| days(app, &asked, app.trusted_now()?)).await
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
