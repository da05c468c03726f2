//! Rows as they leave the house, a portion at a time: of a person's days, minutes, readings, goals and diary. Dates in
//! these questions and answers are those that stand in the export, moved where the study moves them.
//!
//! * [`leaver`]: which days leave, and what stays and why.
//! * [`days`]: days and minutes.
//! * [`readings`]: readings as counters said them.
//! * [`written`]: goals and the diary.

mod days;
mod leaver;
mod readings;
mod written;

use std::sync::Arc;

use axum::{
    Json,
    extract::{Query, State},
};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa_axum::{router::OpenApiRouter, routes};

use self::leaver::{Leaver, assets};
pub use self::{
    days::{MinutesReply, days, minutes},
    readings::{RawAsked, RawCursor, RawReply, raw},
    written::{DiaryRowsReply, GoalRowsReply, diary, goals},
};
use super::{App, Asked, ErrorReply, Problem, blocking, schema::CONTROL_SOCKET};
use crate::{
    devices::home_label,
    export::{Since, manifest::Stayed},
    model::ParticipantId,
};

/// What could leave, and what stays.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ExportReply {
    /// Now.
    pub now: DateTime<Utc>,
    /// The study; none where none is configured.
    pub study_id: Option<ParticipantId>,
    /// What this home is called in names of files: made from chance.
    pub home: String,
    /// Goals, and what would tell who has one, stay at home.
    pub arm_kept_back: bool,
    /// All dates are moved.
    pub dates_shifted: bool,
    /// Whose days could leave.
    pub people: Vec<ExportPerson>,
}

/// Somebody's days.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ExportPerson {
    /// Whose.
    pub participant_id: ParticipantId,
    /// The day of joining the study.
    pub enrolled: Option<NaiveDate>,
    /// First day that leaves; none when none does.
    pub first: Option<NaiveDate>,
    /// The last one.
    pub last: Option<NaiveDate>,
    /// What stays at home.
    pub left_out: Vec<Stayed>,
}

/// What could leave.
///
/// # Errors
/// When the store fails, or dates are to be moved and the study is not set up.
pub fn export(app: &App, asked: &Asked) -> Result<ExportReply, Problem> {
    let now = app.trusted_now()?;
    let assets = assets(app);
    let people = match &asked.person {
        Some(id) => vec![app.book.person(Some(id))?],
        None => app.book.people(),
    };
    let mut reply = ExportReply {
        now,
        study_id: app.config.study.id.clone(),
        home: home_label(app.store.host_id()).into(),
        arm_kept_back: app.config.study.keep_arm_back,
        dates_shifted: app.config.study.shift_dates,
        people: Vec::new(),
    };
    for person in people {
        let leaver = Leaver::new(app, person, &assets, now)?;
        let range = leaver.range(asked.from, asked.to)?;
        let shifted = |date: NaiveDate| leaver.leaves.shifted(date);
        reply.people.push(ExportPerson {
            participant_id: leaver.person.id.clone(),
            enrolled: match leaver.leaves.since {
                Since::Day(day) => shifted(day),
                Since::Ever | Since::Never => None,
            },
            first: range.days.and_then(|(first, _)| shifted(first)),
            last: range.days.and_then(|(_, last)| shifted(last)),
            left_out: range.left_out,
        });
    }
    Ok(reply)
}

/// The routes, which no browser reaches.
pub(super) fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(get_export))
        .routes(routes!(days::get_export_days))
        .routes(routes!(days::get_export_minutes))
        .routes(routes!(readings::get_export_raw))
        .routes(routes!(written::get_export_goals))
        .routes(routes!(written::get_export_diary))
}

/// What could leave the house, and what stays and why.
#[utoipa::path(get, path = "/api/v1/export", tag = CONTROL_SOCKET, params(Asked), responses((status = 200, description = "What could leave", body = ExportReply), ErrorReply))]
async fn get_export(State(app): State<Arc<App>>, Query(asked): Query<Asked>) -> Result<Json<ExportReply>, Problem> {
    blocking(app, move |app| export(app, &asked)).await
}
