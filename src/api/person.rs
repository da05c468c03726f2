//! What the pages call a person, their language and their zone.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Query, State},
};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::{App, Asked, ErrorReply, Problem, blocking};
use crate::{
    config::Display,
    days::Person,
    model::ParticipantId,
    person::{
        OwnDecision,
        own_time::Since,
        settings::{SettingsChange, ZoneFrom},
    },
    time::Zone,
    words::Language,
};

/// A person's settings, as they hold.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct PersonReply {
    /// Pseudonym.
    pub participant: ParticipantId,
    /// Today's date in their zone.
    pub today: NaiveDate,
    /// What the pages call them.
    pub label: Option<String>,
    /// Language of their pages.
    pub language: Language,
    /// Their zone today; empty where stamps are taken as they stand.
    pub zone: String,
    /// Changes of zone, by their first day.
    pub zones: Vec<ZoneFrom>,
    /// How much of the numbers their pages show; the settings file says it.
    pub display: Display,
    /// Steps in a minute from which walking is brisk for them; the settings file says it.
    pub brisk_steps_per_minute: u16,
}

/// A change of a person's settings; what it leaves out stays.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PersonChange {
    /// Whose; may be left out when there is only one person.
    pub participant: Option<ParticipantId>,
    /// What the pages call them; empty for nothing.
    pub label: Option<String>,
    /// Language of their pages.
    pub language: Option<Language>,
    /// Another zone.
    pub zone: Option<Zone>,
    /// From when they are in that zone: a date, or `ever`. Left out, from today.
    pub from: Option<Since>,
}

/// A person's settings.
pub fn person(app: &App, person: &Person) -> PersonReply {
    let today = person.calendar.day_at(app.clock.utc().timestamp()).date;
    PersonReply {
        participant: person.id.clone(),
        today,
        label: person.label.clone(),
        language: person.language,
        zone: person.calendar.on(today).zone.into(),
        zones: person.record.settings.zones.clone(),
        display: person.display,
        brisk_steps_per_minute: person.brisk_spm,
    }
}

/// Changes a person's settings. Counters learn of another zone: everything is wired anew.
///
/// # Errors
/// When something does not fit, the clock is not set, or the store fails.
pub fn change(app: &App, change: PersonChange) -> Result<PersonReply, Problem> {
    let now = app.trusted_now()?;
    let known = app.book.person(change.participant.as_ref())?;
    let today = known.calendar.day_at(now.timestamp()).date;
    let from = change.from.map_or(Some(today), Since::day);
    let decision = SettingsChange {
        participant: known.id.clone(),
        label: change.label.map(|label| label.trim().to_owned()),
        language: change.language,
        zone: change.zone.map(|zone| ZoneFrom { from, zone }),
    };
    let changed = app.book.decide(&known, OwnDecision::SettingsChanged(decision), "person", now)?;
    if let Some(desk) = app.desk.as_ref().filter(|_| changed.calendar != known.calendar) {
        desk.changed.notify_one();
    }
    Ok(person(app, &changed))
}

/// A person's language, zone and name on the pages.
#[utoipa::path(get, path = "/api/v1/person", params(Asked), responses((status = 200, description = "The settings as they hold", body = PersonReply), ErrorReply))]
pub(super) async fn get_person(
    State(app): State<Arc<App>>,
    Query(asked): Query<Asked>,
) -> Result<Json<PersonReply>, Problem> {
    blocking(app, move |app| Ok(person(app, &*app.book.person(asked.person.as_ref())?))).await
}

/// Changes a person's language, zone or name on the pages; what the request leaves out stays.
#[utoipa::path(post, path = "/api/v1/person", request_body = PersonChange, responses((status = 200, description = "The settings as they hold then", body = PersonReply), ErrorReply))]
pub(super) async fn post_person(
    State(app): State<Arc<App>>,
    Json(body): Json<PersonChange>,
) -> Result<Json<PersonReply>, Problem> {
    blocking(app, move |app| change(app, body)).await
}
