//! What a person decided and wrote down, as it leaves: goals and the diary, without their own words.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Query, State},
    http::StatusCode,
};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::{
    super::{App, Asked, ErrorReply, Problem, blocking, schema::CONTROL_SOCKET},
    leaver::{assets, leaver},
};
use crate::{
    export::{
        Since, bare_measure,
        rows::{DiaryRow, GoalRow},
    },
    goal::{DecidedBy, GoalVersion, Period},
    model::ParticipantId,
    person::diary::OFFERED_KINDS,
};

/// Goals that were in force.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct GoalRowsReply {
    /// In the order in which they were decided.
    pub goals: Vec<GoalRow>,
}

/// Entries of the diary.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct DiaryRowsReply {
    /// Day by day.
    pub diary: Vec<DiaryRow>,
}

/// Goals that were in force.
///
/// # Errors
/// As [`export`](super::export), and where the study keeps its arms back.
pub fn goals(app: &App, asked: &Asked) -> Result<GoalRowsReply, Problem> {
    if app.config.study.keep_arm_back {
        let text = "goals would tell who is in which arm, and the study keeps that back; nothing was written. \
                    `[study] keep_arm_back` in the settings says so: change it once the study is unblinded";
        return Err(Problem::new(StatusCode::FORBIDDEN, text));
    }
    let assets = assets(app);
    let leaver = leaver(app, asked.person.as_ref(), &assets)?;
    let mut goals = Vec::new();
    for span in leaver.person.record.goals.spans() {
        // Of one from before the day of joining, the days since then leave.
        let from = match leaver.leaves.since {
            Since::Day(joined) => span.from.max(joined),
            Since::Ever | Since::Never => span.from,
        };
        if span.until.is_some_and(|until| until < from) {
            continue;
        }
        let Some(in_force_from) = leaver.date(from) else { continue };
        // That another goal came after leaving the study stays too.
        let in_force_until = span.until.and_then(|until| leaver.date(until));
        let early = asked.from.is_some_and(|from| in_force_until.is_some_and(|until| until < from));
        if early || asked.to.is_some_and(|to| to < in_force_from) {
            continue;
        }
        goals.push(goal_row(&leaver.person.id, span.goal, in_force_from, in_force_until));
    }
    Ok(GoalRowsReply { goals })
}

fn goal_row(
    person: &ParticipantId,
    goal: &GoalVersion,
    in_force_from: NaiveDate,
    in_force_until: Option<NaiveDate>,
) -> GoalRow {
    let measure = goal.measure.to_string();
    GoalRow {
        participant_id: person.clone(),
        goal_id: goal.id.clone(),
        in_force_from,
        in_force_until,
        measure: bare_measure(&measure).to_owned(),
        amount: goal.amount,
        period: match goal.period {
            Period::Day => "day",
            Period::Week => "week",
        }
        .to_owned(),
        days: goal.days.to_string().replace(',', ";"),
        confidence: goal.confidence,
        decided_by: match goal.decided_by {
            DecidedBy::Person => "person",
            DecidedBy::WithTherapist => "with_therapist",
        }
        .to_owned(),
        stage: goal.stage.map(|stage| stage.name().to_owned()),
    }
}

/// Entries of the diary.
///
/// # Errors
/// As [`export`](super::export).
pub fn diary(app: &App, asked: &Asked) -> Result<DiaryRowsReply, Problem> {
    let assets = assets(app);
    let leaver = leaver(app, asked.person.as_ref(), &assets)?;
    let mut diary: Vec<DiaryRow> = Vec::new();
    let mut entries: Vec<_> = leaver.person.record.diary.between(NaiveDate::MIN, NaiveDate::MAX).collect();
    entries.sort_by_key(|entry| entry.date);
    for entry in entries {
        let Some(local_date) = leaver.date(entry.date) else { continue };
        if asked.from.is_some_and(|from| local_date < from) || asked.to.is_some_and(|to| to < local_date) {
            continue;
        }
        let before = diary.last().filter(|last| last.local_date == local_date);
        let kind = Some(entry.kind.as_str()).filter(|kind| OFFERED_KINDS.contains(kind)).unwrap_or("other");
        diary.push(DiaryRow {
            participant_id: leaver.person.id.clone(),
            local_date,
            entry_no: before.map_or(1, |last| last.entry_no + 1),
            kind: kind.to_owned(),
            minutes: entry.minutes,
            effort: entry.effort.map(|effort| effort.name().to_owned()),
        });
    }
    Ok(DiaryRowsReply { diary })
}

/// Goals of one person that were in force, without their own words.
#[utoipa::path(get, path = "/api/v1/export/goals", tag = CONTROL_SOCKET, params(Asked), responses((status = 200, description = "One row a goal", body = GoalRowsReply), ErrorReply))]
pub async fn get_export_goals(
    State(app): State<Arc<App>>,
    Query(asked): Query<Asked>,
) -> Result<Json<GoalRowsReply>, Problem> {
    blocking(app, move |app| goals(app, &asked)).await
}

/// The diary of one person, without their own words.
#[utoipa::path(get, path = "/api/v1/export/diary", tag = CONTROL_SOCKET, params(Asked), responses((status = 200, description = "One row an entry", body = DiaryRowsReply), ErrorReply))]
pub async fn get_export_diary(
    State(app): State<Arc<App>>,
    Query(asked): Query<Asked>,
) -> Result<Json<DiaryRowsReply>, Problem> {
    blocking(app, move |app| diary(app, &asked)).await
}
