//! When a person works and sleeps, and when their day begins.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Query, State},
};
use chrono::{NaiveDate, NaiveTime};
use serde::{Deserialize, Serialize};

use super::{App, Asked, ErrorReply, Problem, blocking};
use crate::{
    aggregate::leisure::LeisureRule,
    days::Person,
    model::{
        ParticipantId,
        windows::{Weekly, Windows},
    },
    person::{
        OwnDecision,
        own_time::{OwnTimeSet, Since},
    },
};

/// A person's own time.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct WindowsReply {
    /// Whose.
    pub participant: ParticipantId,
    /// Today's date in the person's zone.
    pub today: NaiveDate,
    /// Working and sleeping hours that hold today.
    pub windows: Windows,
    /// When their day begins.
    pub start_of_day: NaiveTime,
    /// How leisure is told from work today: `none` where no working hours are stated, so that every brisk minute is
    /// the person's own; else `outside_work`.
    pub leisure_rule: String,
    /// All that was set, by its first day; each holds until the next begins.
    pub history: Vec<OwnTimeSet>,
}

/// A change of own time; what it leaves out stays as it is on its first day.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct WindowsChange {
    /// Whose; may be left out when there is only one person.
    pub participant: Option<ParticipantId>,
    /// From when: a date, or `ever`. Left out, from today. It may lie in the past: days are computed anew, and say so
    /// by their revision.
    pub from: Option<Since>,
    /// When they work, such as `mon-fri 08:00-16:30`, or `none`.
    pub work: Option<Weekly>,
    /// When they mean to sleep, such as `daily 23:00-07:00`, or `none`.
    pub sleep: Option<Weekly>,
    /// When their day begins.
    pub start_of_day: Option<NaiveTime>,
}

/// A person's own time.
pub fn windows(app: &App, person: &Person) -> WindowsReply {
    let today = person.calendar.day_at(app.clock.utc().timestamp()).date;
    let own_time = &person.record.own_time;
    let windows = own_time.on(today).map(|set| set.windows.clone()).unwrap_or_default();
    let rule = if windows.work.is_empty() { LeisureRule::None } else { LeisureRule::OutsideWork };
    WindowsReply {
        participant: person.id.clone(),
        today,
        leisure_rule: rule.name().to_owned(),
        windows,
        start_of_day: person.calendar.on(today).start_of_day,
        history: own_time.all().to_vec(),
    }
}

/// Sets own time from a day on.
///
/// # Errors
/// When something does not fit, the clock is not set, or the store fails.
pub fn set_windows(app: &App, change: WindowsChange) -> Result<OwnTimeSet, Problem> {
    let now = app.trusted_now()?;
    let person = app.book.person(change.participant.as_ref())?;
    let today = person.calendar.day_at(now.timestamp()).date;
    let from = change.from.map_or(Some(today), Since::day);
    let known = person.record.own_time.on(from.unwrap_or(NaiveDate::MIN));
    let known_windows = known.map(|set| set.windows.clone()).unwrap_or_default();
    let set = OwnTimeSet {
        participant: person.id.clone(),
        from,
        windows: Windows {
            work: change.work.unwrap_or(known_windows.work),
            sleep: change.sleep.unwrap_or(known_windows.sleep),
        },
        start_of_day: change.start_of_day.or(known.and_then(|set| set.start_of_day)),
    };
    app.book.decide(&person, OwnDecision::OwnTimeSet(Box::new(set.clone())), "person", now)?;
    Ok(set)
}

/// When a person works and sleeps, and when their day begins.
#[utoipa::path(get, path = "/api/v1/windows", params(Asked), responses((status = 200, description = "Own time, as it holds today and as it was set", body = WindowsReply), ErrorReply))]
pub(super) async fn get_windows(
    State(app): State<Arc<App>>,
    Query(asked): Query<Asked>,
) -> Result<Json<WindowsReply>, Problem> {
    blocking(app, move |app| Ok(windows(app, &*app.book.person(asked.person.as_ref())?))).await
}

/// Sets own time from a day on; what the request leaves out stays.
#[utoipa::path(post, path = "/api/v1/windows", request_body = WindowsChange, responses((status = 200, description = "Own time as it was set", body = OwnTimeSet), ErrorReply))]
pub(super) async fn post_windows(
    State(app): State<Arc<App>>,
    Json(change): Json<WindowsChange>,
) -> Result<Json<OwnTimeSet>, Problem> {
    blocking(app, move |app| set_windows(app, change)).await
}
