//! The audit trail of a participant, as it may leave the house.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Query, State},
    http::StatusCode,
};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{App, ErrorReply, Problem, blocking, schema::CONTROL_SOCKET};
use crate::{
    days::Person,
    delivery,
    export::{Until, audit::AuditRow},
    model::ParticipantId,
    privacy::audit::{AuditTerms, AuditTrail, audit_rows},
};

/// Rows in one answer.
const ROWS_AT_ONCE: usize = 1000;

/// Whose audit trail, and from where on.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AuditAsked {
    /// Whose; may be left out when there is only one person.
    #[param(inline)]
    pub person: Option<ParticipantId>,
    /// Rows behind this number only.
    pub after: u32,
}

/// Part of an audit trail.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct AuditReply {
    /// A thousand at the most, in order.
    pub rows: Vec<AuditRow>,
    /// There are more: ask again with this as `after`.
    pub next: Option<u32>,
    /// Rows in all.
    pub count: usize,
    /// Hash of the newest of all, for the manifest.
    pub head_hash: String,
    /// Rows left out since they would tell the arm.
    pub kept_back: u64,
    /// Rows left out since they are from before the person joined the study.
    pub before_enrolment: u64,
    /// Rows left out since they are from after the person left the study.
    #[serde(default)]
    pub after_leaving: u64,
    /// Rows left out since they went when somebody else was erased, or this version cannot read them.
    pub unreadable: u64,
}

/// The whole audit trail of a person, on the terms of the settings.
///
/// # Errors
/// When the study's terms cannot be kept, or the store fails.
pub fn audit_trail(app: &App, person: &Person) -> Result<AuditTrail, Problem> {
    let study = &app.config.study;
    let section = app.config.person.iter().find(|section| section.id == person.id);
    let shift_days = match (study.shift_dates, person.record.date_shift_weeks) {
        (false, _) => 0,
        (true, Some(weeks)) => i64::from(weeks) * 7,
        // Which is drawn by chance, once; asking for the audit trail changes nothing.
        (true, None) => {
            return Err(Problem::new(
                StatusCode::CONFLICT,
                "dates are to be shifted, and by how much has not been drawn yet; no row left. Export or send days first: \
                 that draws it",
            ));
        }
    };
    let since = study.id.as_ref().map(|_| section.and_then(|section| section.enrolled).unwrap_or(NaiveDate::MAX));
    let until = study.id.as_ref().map_or(Until::Ever, |_| delivery::until(person));
    let calendar = Some(person.calendar.clone());
    let terms = AuditTerms { calendar, keep_arm_back: study.keep_arm_back, shift_days, since, until };
    Ok(audit_rows(&app.store, &person.id, &terms)?)
}

/// The routes.
pub(super) fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(get_audit))
}

/// The audit trail of a person as it may leave the house, a thousand rows at a time.
///
/// On the control socket only.
#[utoipa::path(get, path = "/api/v1/audit", tag = CONTROL_SOCKET, params(AuditAsked), responses((status = 200, description = "Rows, and where to go on", body = AuditReply), ErrorReply))]
pub async fn get_audit(
    State(app): State<Arc<App>>,
    Query(asked): Query<AuditAsked>,
) -> Result<Json<AuditReply>, Problem> {
    blocking(app, move |app| {
        let person = app.book.person(asked.person.as_ref())?;
        let AuditTrail { rows, head_hash, kept_back, before_enrolment, after_leaving, unreadable } =
            audit_trail(app, &person)?;
        let count = rows.len();
        let mut rows: Vec<_> = rows.into_iter().filter(|row| row.seq > asked.after).collect();
        let more = rows.len() > ROWS_AT_ONCE;
        rows.truncate(ROWS_AT_ONCE);
        let next = rows.last().map(|row| row.seq).filter(|_| more);
        Ok(AuditReply { rows, next, count, head_hash, kept_back, before_enrolment, after_leaving, unreadable })
    })
    .await
}
