//! Readings as counters said them.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Query, State},
};
use chrono::{DateTime, NaiveDate};
use firmware_protocol::reading::{Stamp, Wear};
use serde::{Deserialize, Serialize};

use super::{
    super::{App, ErrorReply, Problem, blocking, schema::CONTROL_SOCKET},
    leaver::{Leaver, assets, leaver},
};
use crate::{
    devices,
    export::rows::{CounterClock, CounterWear, RawRow},
    model::ParticipantId,
    privacy::portions,
    store::Said,
};

/// Readings in one answer.
const READINGS_AT_ONCE: u64 = 30_000;

/// Readings.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct RawReply {
    /// Counter by counter, in the order of arrival.
    pub readings: Vec<RawRow>,
    /// How many were given so far: ask again with `after` this number. None when all are there.
    pub next: Option<u64>,
}

/// Which readings.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RawAsked {
    /// Whose; may be left out when there is only one person.
    #[param(inline)]
    pub person: Option<ParticipantId>,
    /// First day.
    pub from: Option<NaiveDate>,
    /// Last day.
    pub to: Option<NaiveDate>,
    /// Without so many that were given before.
    pub after: u64,
}

/// Readings as counters said them.
///
/// # Errors
/// As [`export`](super::export).
pub fn raw(app: &App, asked: &RawAsked) -> Result<RawReply, Problem> {
    let assets = assets(app);
    let leaver = leaver(app, asked.person.as_ref(), &assets)?;
    let counters = devices::counters(&app.config, &app.store.decisions()?);
    let (mut readings, mut seen, mut more) = (Vec::new(), 0_u64, false);
    for (device, portion) in portions(&app.book.people(), &counters, &leaver.person.id) {
        let counter = leaver.asset(device);
        let mut reading_no = 0;
        app.store.said(device, &portion, &mut |said| {
            let at = said.start_s.unwrap_or_else(|| said.arrived.timestamp());
            let Some(date) = leaver.date(leaver.person.calendar.day_at(at).date) else { return };
            reading_no += 1;
            if asked.from.is_some_and(|from| date < from) || asked.to.is_some_and(|to| to < date) {
                return;
            }
            seen += 1;
            if seen > asked.after.saturating_add(READINGS_AT_ONCE) {
                more = true;
            } else if seen > asked.after {
                readings.extend(raw_row(&leaver, &counter, reading_no, said));
            }
        })?;
    }
    Ok(RawReply { readings, next: more.then(|| asked.after.saturating_add(READINGS_AT_ONCE)) })
}

fn raw_row(leaver: &Leaver<'_>, counter: &str, reading_no: u64, said: &Said) -> Option<RawRow> {
    let (epoch, shift) = (&said.epoch, leaver.shift());
    let (clock, boot, stamp_s, stamp_offset_min) = match epoch.stamp {
        Stamp::Utc { seconds } => (CounterClock::Utc, None, seconds.checked_add(shift.num_seconds())?, None),
        Stamp::Local { seconds, offset_min } => {
            (CounterClock::Wall, None, seconds.checked_add(shift.num_seconds())?, offset_min)
        }
        Stamp::Uptime { boot, seconds } => (CounterClock::Uptime, Some(boot), i64::from(seconds), None),
    };
    let start = said.start_s.and_then(|start_s| DateTime::from_timestamp(start_s, 0));
    Some(RawRow {
        participant_id: leaver.person.id.clone(),
        reading_no,
        counter: counter.to_owned(),
        arrived_at: said.arrived.checked_add_signed(shift)?,
        counter_no: Some(epoch.seq).filter(|_| shift.is_zero()),
        clock,
        boot,
        stamp_s,
        stamp_offset_min,
        start_utc: start.and_then(|at| at.checked_add_signed(shift)),
        seconds: epoch.seconds,
        steps: epoch.steps,
        at_least: epoch.saturated,
        wear: match epoch.wear {
            Wear::Unknown => None,
            Wear::Worn => Some(CounterWear::Worn),
            Wear::NotWorn => Some(CounterWear::NotWorn),
            Wear::Charging => Some(CounterWear::Charging),
        },
        clock_unset: epoch.clock_unset,
    })
}

/// Readings of one person as their counters said them.
#[utoipa::path(get, path = "/api/v1/export/raw", tag = CONTROL_SOCKET, params(RawAsked), responses((status = 200, description = "One row a reading, and where to go on", body = RawReply), ErrorReply))]
pub async fn get_export_raw(
    State(app): State<Arc<App>>,
    Query(asked): Query<RawAsked>,
) -> Result<Json<RawReply>, Problem> {
    blocking(app, move |app| raw(app, &asked)).await
}
