//! Days and minutes as they leave.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Query, State},
};
use chrono::{DateTime, NaiveDate};
use serde::{Deserialize, Serialize};

use super::{
    super::{App, Asked, DaysReply, ErrorReply, Problem, blocking, schema::CONTROL_SOCKET},
    leaver::{Leaver, assets, leaver},
};
use crate::{
    days::dates,
    export::{leaving, rows::MinuteRow},
    model::{Minute, MinuteWear},
};

/// Most days of one answer.
const DAYS_AT_ONCE: u64 = 366;

/// Days whose minutes are in one answer: ten thousand rows.
const DAYS_OF_MINUTES_AT_ONCE: u64 = 7;

/// Minutes.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct MinutesReply {
    /// Day by day, counter by counter.
    pub minutes: Vec<MinuteRow>,
    /// The first day that is not among them. None when all are there.
    pub next: Option<NaiveDate>,
}

/// Rows of the day table.
///
/// # Errors
/// As [`export`](super::export).
pub fn days(app: &App, asked: &Asked) -> Result<DaysReply, Problem> {
    let assets = assets(app);
    let leaver = leaver(app, asked.person.as_ref(), &assets)?;
    let Some(portion) = leaver.portion(asked, DAYS_AT_ONCE)? else {
        return Ok(DaysReply { days: Vec::new(), next: None });
    };
    let rows = app.book.rows(&leaver.person, portion.from, portion.to, leaver.now)?;
    // What has no revision yet may look otherwise in the next export.
    let rows = rows.into_iter().filter(|row| row.revision > 0);
    let days = rows.filter_map(|row| leaving(row, &leaver.leaves).ok()).collect();
    Ok(DaysReply { days, next: portion.next })
}

/// Recorded minutes.
///
/// # Errors
/// As [`export`](super::export).
pub fn minutes(app: &App, asked: &Asked) -> Result<MinutesReply, Problem> {
    let assets = assets(app);
    let leaver = leaver(app, asked.person.as_ref(), &assets)?;
    let mut reply = MinutesReply { minutes: Vec::new(), next: None };
    let Some(portion) = leaver.portion(asked, DAYS_OF_MINUTES_AT_ONCE)? else { return Ok(reply) };
    reply.next = portion.next;
    for date in dates(portion.from, portion.to) {
        let Some(local_date) = leaver.date(date) else { continue };
        let day = leaver.person.calendar.day(date);
        for wearing in leaver.person.counters.iter().filter(|wearing| wearing.covers(date)) {
            let counter = leaver.asset(wearing.device);
            for minute in app.store.minutes(wearing.device, day.first_minute(), day.end_minute())? {
                let offset_s = day.zone.offset_s(minute.at.saturating_mul(60));
                reply.minutes.extend(minute_row(&leaver, &counter, local_date, &minute, offset_s));
            }
        }
    }
    Ok(reply)
}

fn minute_row(
    leaver: &Leaver<'_>,
    counter: &str,
    local_date: NaiveDate,
    minute: &Minute,
    offset_s: i32,
) -> Option<MinuteRow> {
    let start = DateTime::from_timestamp(minute.at.checked_mul(60)?, 0)?;
    Some(MinuteRow {
        participant_id: leaver.person.id.clone(),
        counter: counter.to_owned(),
        start_utc: start.checked_add_signed(leaver.shift())?,
        local_date,
        tz_offset_min: Some(offset_s / 60),
        steps: minute.steps,
        worn: match minute.wear {
            MinuteWear::Unknown => None,
            MinuteWear::Worn => Some(true),
            MinuteWear::NotWorn => Some(false),
        },
        at_least: minute.saturated,
        overlap: minute.overlap,
    })
}

/// Days of one person as they leave the house; a year at a time.
#[utoipa::path(get, path = "/api/v1/export/days", tag = CONTROL_SOCKET, params(Asked), responses((status = 200, description = "One row a day, and where to go on", body = DaysReply), ErrorReply))]
pub async fn get_export_days(
    State(app): State<Arc<App>>,
    Query(asked): Query<Asked>,
) -> Result<Json<DaysReply>, Problem> {
    blocking(app, move |app| days(app, &asked)).await
}

/// Minutes of one person as they leave the house; a week at a time.
#[utoipa::path(get, path = "/api/v1/export/minutes", tag = CONTROL_SOCKET, params(Asked), responses((status = 200, description = "One row a minute, and where to go on", body = MinutesReply), ErrorReply))]
pub async fn get_export_minutes(
    State(app): State<Arc<App>>,
    Query(asked): Query<Asked>,
) -> Result<Json<MinutesReply>, Problem> {
    blocking(app, move |app| minutes(app, &asked)).await
}
