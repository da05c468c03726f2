//! The diary: what no step counter sees.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Query, State},
};
use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};
use serde::{Deserialize, Serialize};

use super::{App, Asked, ErrorReply, Problem, blocking};
use crate::{
    days::Person,
    goal::{self, DiaryKind},
    model::ParticipantId,
    person::{
        OwnDecision,
        diary::{Diary, DiaryEntry, Effort},
    },
};

/// Days that are listed when nobody says from when.
const LISTED_DAYS: u64 = 28;

/// A diary's entries.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct DiaryReply {
    /// Whose.
    pub participant: ParticipantId,
    /// Today's date in the person's zone.
    pub today: NaiveDate,
    /// The first day that anything was ever noted for; before it nothing is known, from it on a day without an entry
    /// has 0 minutes.
    pub kept_since: Option<NaiveDate>,
    /// Entries in order of days.
    pub entries: Vec<DiaryEntry>,
}

/// An activity to be noted.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DiaryNote {
    /// Whose; may be left out when there is only one person.
    #[serde(default)]
    pub participant: Option<ParticipantId>,
    /// Name of the entry: one that is in the diary is changed. Left out, a new one gets a free name. A program that may
    /// send the same entry twice names it, and it is noted once.
    #[serde(default)]
    pub id: Option<String>,
    /// What it was: `swim`, `cycle`, `gym`, `garden`, `walk`, `dance`, `other`, or a word of one's own.
    pub kind: DiaryKind,
    /// How long, minutes.
    pub minutes: u32,
    /// On which day; left out, today.
    #[serde(default)]
    pub date: Option<NaiveDate>,
    /// When it began, by the clock on the wall.
    #[serde(default)]
    pub at: Option<NaiveTime>,
    /// How hard it felt.
    #[serde(default)]
    pub effort: Option<Effort>,
    /// In the person's words.
    #[serde(default)]
    pub note: Option<String>,
}

/// An entry to be taken out.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DiaryUndo {
    /// Whose; may be left out when there is only one person.
    #[serde(default)]
    pub participant: Option<ParticipantId>,
    /// Which entry.
    pub id: String,
}

/// The entries of the days `from..=to`; of the last four weeks where neither is said.
pub fn diary(app: &App, person: &Person, from: Option<NaiveDate>, to: Option<NaiveDate>) -> DiaryReply {
    let today = person.calendar.day_at(app.clock.utc().timestamp()).date;
    let to = to.unwrap_or(today);
    let from = from.or_else(|| to.checked_sub_days(Days::new(LISTED_DAYS - 1))).unwrap_or(to);
    let diary = &person.record.diary;
    DiaryReply {
        participant: person.id.clone(),
        today,
        kept_since: diary.kept_since(),
        entries: diary.between(from, to).cloned().collect(),
    }
}

impl DiaryNote {
    /// The entry that comes of it.
    fn entry(self, person: &Person, now: DateTime<Utc>) -> DiaryEntry {
        DiaryEntry {
            id: self.id.unwrap_or_else(|| free_id(&person.record.diary)),
            participant: person.id.clone(),
            kind: self.kind,
            minutes: self.minutes,
            date: self.date.unwrap_or_else(|| person.calendar.day_at(now.timestamp()).date),
            at: self.at,
            effort: self.effort,
            note: self.note.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()),
        }
    }
}

/// What does not fit about an activity that is to be noted, field by field.
///
/// # Errors
/// When the clock is not set, or nobody has this pseudonym.
pub fn check(app: &App, note: DiaryNote) -> Result<Vec<goal::Problem>, Problem> {
    let now = app.trusted_now()?;
    let person = app.book.person(note.participant.as_ref())?;
    let today = person.calendar.day_at(now.timestamp()).date;
    let decision = OwnDecision::DiaryNoted(note.entry(&person, now));
    Ok(person.record.check(&decision.into(), today).map_or_else(|problems| problems.0, |()| Vec::new()))
}

/// Notes an activity, or changes it.
///
/// # Errors
/// When something does not fit, the clock is not set, or the store fails.
pub fn note(app: &App, note: DiaryNote) -> Result<DiaryEntry, Problem> {
    let now = app.trusted_now()?;
    let person = app.book.person(note.participant.as_ref())?;
    let entry = note.entry(&person, now);
    app.book.decide(&person, OwnDecision::DiaryNoted(entry.clone()), "person", now)?;
    Ok(entry)
}

/// Takes an entry out. One that was taken out before stays so.
///
/// # Errors
/// When there is no such entry, the clock is not set, or the store fails.
pub fn undo(app: &App, undo: &DiaryUndo) -> Result<DiaryReply, Problem> {
    let now = app.trusted_now()?;
    let person = app.book.person(undo.participant.as_ref())?;
    let decision = OwnDecision::DiaryUndone { participant: person.id.clone(), id: undo.id.clone() };
    let person = app.book.decide(&person, decision, "person", now)?;
    Ok(diary(app, &person, None, None))
}

/// A short name that no entry has or had, and that two forms open side by side hardly share.
pub fn free_id(diary: &Diary) -> String {
    // Without letters and digits that are read for one another.
    const LETTERS: &[u8] = b"abcdefghjkmnpqrstuvwxyz23456789";
    loop {
        let id: String = (0..5).filter_map(|_| fastrand::choice(LETTERS)).map(|letter| char::from(*letter)).collect();
        if diary.entry(&id).is_none() && !diary.is_undone(&id) {
            return id;
        }
    }
}

/// Diary entries from `from` to `to`; without a span, of the last four weeks.
#[utoipa::path(get, path = "/api/v1/diary", params(Asked), responses((status = 200, description = "The entries", body = DiaryReply), ErrorReply))]
pub(super) async fn get_diary(
    State(app): State<Arc<App>>,
    Query(asked): Query<Asked>,
) -> Result<Json<DiaryReply>, Problem> {
    blocking(app, move |app| {
        let person = app.book.person(asked.person.as_ref())?;
        Ok(diary(app, &person, asked.from, asked.to))
    })
    .await
}

/// Notes an activity, or changes the one that has this `id`.
#[utoipa::path(post, path = "/api/v1/diary", request_body = DiaryNote, responses((status = 200, description = "The entry as it was noted", body = DiaryEntry), ErrorReply))]
pub(super) async fn post_diary(
    State(app): State<Arc<App>>,
    Json(body): Json<DiaryNote>,
) -> Result<Json<DiaryEntry>, Problem> {
    blocking(app, move |app| note(app, body)).await
}

/// Takes an entry out of the diary for good.
#[utoipa::path(post, path = "/api/v1/diary/undo", request_body = DiaryUndo, responses((status = 200, description = "The entries of the last four weeks", body = DiaryReply), ErrorReply))]
pub(super) async fn post_undo(
    State(app): State<Arc<App>>,
    Json(body): Json<DiaryUndo>,
) -> Result<Json<DiaryReply>, Problem> {
    blocking(app, move |app| undo(app, &body)).await
}
