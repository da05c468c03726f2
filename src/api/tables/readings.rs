//! Readings as counters said them.

use std::{ops::ControlFlow, sync::Arc};

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
    export::{
        Since,
        rows::{CounterClock, CounterWear, RawRow},
    },
    model::{DeviceId, ParticipantId, parse_device_id},
    privacy::portions,
    store::Said,
};

/// Readings in one answer; and those of the delivery that brings it so far.
const READINGS_AT_ONCE: usize = 30_000;

/// Readings.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct RawReply {
    /// Counter by counter, in the order of arrival.
    pub readings: Vec<RawRow>,
    /// Where to go on: ask again with `after` this. None when all are there.
    #[schema(value_type = Option<String>)]
    pub next: Option<RawCursor>,
    /// Readings that stay at home, of those looked at for this answer, since nothing ties them to a day in the study.
    #[serde(default)]
    pub undated: u64,
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
    /// Where to go on, as the answer before said.
    #[param(value_type = Option<String>)]
    pub after: Option<RawCursor>,
}

/// A place among a person's readings, which stays where it is when more arrive: `COUNTER.DELIVERY.READING`, of the first
/// delivery that was not given, with the number of readings before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RawCursor {
    device: DeviceId,
    delivery: u32,
    reading_no: u64,
}

impl From<RawCursor> for String {
    fn from(RawCursor { device, delivery, reading_no }: RawCursor) -> Self {
        format!("{device}.{delivery}.{reading_no}")
    }
}

impl TryFrom<String> for RawCursor {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let parsed = || {
            let (device, rest) = text.split_once('.')?;
            let (delivery, reading_no) = rest.split_once('.')?;
            Some(Self {
                device: parse_device_id(device)?,
                delivery: delivery.parse().ok()?,
                reading_no: reading_no.parse().ok()?,
            })
        };
        parsed().ok_or("`after` is no `next` of an answer")
    }
}

/// Readings as counters said them.
///
/// # Errors
/// As [`export`](super::export).
pub fn raw(app: &App, asked: &RawAsked) -> Result<RawReply, Problem> {
    let assets = assets(app);
    let leaver = leaver(app, asked.person.as_ref(), &assets)?;
    let counters = devices::counters(&app.config, &app.store.decisions()?);
    let portions = portions(&app.book.people(), &counters, &leaver.person.id);
    let mut reply = RawReply { readings: Vec::new(), next: None, undated: 0 };
    for (device, portion) in portions {
        let begin = RawCursor { device, delivery: 0, reading_no: 0 };
        let place = match asked.after {
            Some(after) if device < after.device => continue,
            Some(after) if device == after.device => after,
            Some(_) | None => begin,
        };
        if reply.readings.len() >= READINGS_AT_ONCE {
            reply.next = Some(place);
            break;
        }
        let counter = leaver.asset(device);
        let mut reading_no = place.reading_no;
        let go_on = app.store.said(device, &portion, place.delivery, &mut |said| {
            let at = said.start_s.unwrap_or_else(|| said.arrived.timestamp());
            if said.start_s.is_none() && matches!(leaver.leaves.since, Since::Day(_)) {
                // It may be of long before it arrived, and so of before the day of joining.
                reply.undated += 1;
            } else if let Some(date) = leaver.date(leaver.person.calendar.day_at(at).date) {
                reading_no += 1;
                if asked.from.is_none_or(|from| from <= date) && asked.to.is_none_or(|to| date <= to) {
                    reply.readings.extend(raw_row(&leaver, &counter, reading_no, said));
                }
            }
            if reply.readings.len() < READINGS_AT_ONCE { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
        if let Some(delivery) = go_on {
            reply.next = Some(RawCursor { device, delivery, reading_no });
            break;
        }
    }
    Ok(reply)
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
