//! Notices: what the person is told today, and what their helper is told about the bands.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Query, State},
};
use chrono::{DateTime, Utc};
use firmware_protocol::{device, driver::Resolution};
use serde::{Deserialize, Serialize};

use super::{App, Asked, ErrorReply, Problem, blocking, horizon};
use crate::{
    days::Person,
    model::{DeviceId, ParticipantId},
    person::{
        OwnDecision,
        band::{self, BandFacts, Concern},
    },
    store::CounterIdentity,
    time::Calendar,
    words::{Phrase, say},
};

/// What a person and their helper are told.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct NoticesReply {
    /// Today's notice, while it has not been put away.
    pub notice: Option<String>,
    /// What the helper may want to do about the bands of this home.
    pub helper: Vec<String>,
}

/// Who put today's notice away.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Seen {
    /// Who.
    pub participant: ParticipantId,
}

/// A concern about a band, and what is known of it.
pub type BandConcern = (DeviceId, Concern, BandFacts);

/// What is the matter with the bands of this home, or with those that one person wears.
///
/// # Errors
/// When the store fails.
pub fn concerns(app: &App, of: Option<&Person>, now: DateTime<Utc>) -> Result<Vec<BandConcern>, Problem> {
    let mut found = Vec::new();
    for entry in app.board.iter().filter(|entry| entry.wanted) {
        if of.is_some_and(|person| entry.person.as_ref() != Some(&person.id)) {
            continue;
        }
        let Some(state) = app.store.counter(entry.device)? else { continue };
        let owner = app.book.people().into_iter().find(|person| Some(&person.id) == entry.person.as_ref());
        let clock = &app.config.clock;
        let calendar = owner
            .map_or_else(|| Calendar::new(clock.zone.zone(), clock.start_of_day), |person| person.calendar.clone());
        let day = |at: DateTime<Utc>| calendar.day_at(at.timestamp()).date;
        let kind = device::kind(entry.kind);
        let told = state.identity.as_ref().map(CounterIdentity::resolution);
        let facts = BandFacts {
            name: entry.label.clone().unwrap_or_else(|| entry.kind.to_owned()),
            battery_percent: state.battery,
            last_arrival: state.last_arrival,
            last_date: state.last_arrival.map(day),
            horizon: horizon(kind, Some(&state)),
            resolution: told.or(kind.map(|kind| kind.resolution)).unwrap_or(Resolution::Minute),
        };
        found.extend(band::concerns(&facts, now).into_iter().map(|what| (entry.device, what, facts.clone())));
    }
    Ok(found)
}

/// What the helper is told about the bands of this home, or about those that one person wears.
///
/// # Errors
/// When the store fails.
pub fn helper(app: &App, of: Option<&Person>, now: DateTime<Utc>) -> Result<Vec<Phrase>, Problem> {
    Ok(concerns(app, of, now)?.iter().map(|(_, concern, facts)| concern.phrase(facts, now)).collect())
}

/// Puts today's notice away; where there is none, nothing is noted.
///
/// # Errors
/// When the store fails.
pub fn seen(app: &App, person: &Person, now: DateTime<Utc>) -> Result<(), Problem> {
    let date = person.calendar.day_at(now.timestamp()).date;
    let participant = person.id.clone();
    app.book.decide(person, OwnDecision::NoticeSeen { participant, date }, "person", now)?;
    Ok(())
}

/// Today's notice, and what a helper may want to do about the bands.
#[utoipa::path(get, path = "/api/v1/notices", params(Asked), responses((status = 200, description = "The notices", body = NoticesReply), ErrorReply))]
pub(super) async fn get_notices(
    State(app): State<Arc<App>>,
    Query(asked): Query<Asked>,
) -> Result<Json<NoticesReply>, Problem> {
    blocking(app, move |app| {
        let now = app.trusted_now()?;
        let language = asked.language.unwrap_or_default();
        let person = app.book.person(asked.person.as_ref())?;
        let open = person.record.notices.open_on(person.calendar.day_at(now.timestamp()).date);
        Ok(NoticesReply {
            notice: open.map(|kind| say(language, &Phrase::new(kind.key()))),
            helper: helper(app, None, now)?.iter().map(|phrase| say(language, phrase)).collect(),
        })
    })
    .await
}

/// Puts today's notice away.
#[utoipa::path(post, path = "/api/v1/notices/seen", request_body = Seen, responses((status = 200, description = "Who put it away", body = Seen), ErrorReply))]
pub(super) async fn put_away(State(app): State<Arc<App>>, Json(who): Json<Seen>) -> Result<Json<Seen>, Problem> {
    blocking(app, move |app| {
        let person = app.book.person(Some(&who.participant))?;
        seen(app, &person, app.trusted_now()?)?;
        Ok(who)
    })
    .await
}
