//! Leaving a study: nothing of later days leaves the house any more. What is kept here stays.

use std::sync::Arc;

use axum::{Json, extract::State, http::StatusCode};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{App, ErrorReply, Problem, blocking, schema::CONTROL_SOCKET};
use crate::{
    delivery::{
        begun,
        leaving::{self, Leaver, Once},
    },
    model::ParticipantId,
    person::OwnDecision,
};

/// Who leaves.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WithdrawRequest {
    /// Who.
    pub person: ParticipantId,
    /// Days until today that were not sent yet stay here too.
    #[serde(default)]
    pub drop_unsent: bool,
}

/// What comes of it.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct WithdrawnReply {
    /// The last day in the study.
    pub date: NaiveDate,
    /// For people.
    pub sentences: Vec<String>,
}

/// The routes.
pub(super) fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(post_withdraw))
}

/// A person leaves the study today.
///
/// On the control socket only.
#[utoipa::path(post, path = "/api/v1/person/withdraw", tag = CONTROL_SOCKET, request_body = WithdrawRequest, responses((status = 200, description = "What comes of it", body = WithdrawnReply), ErrorReply))]
pub async fn post_withdraw(
    State(app): State<Arc<App>>,
    Json(request): Json<WithdrawRequest>,
) -> Result<Json<WithdrawnReply>, Problem> {
    blocking(app, move |app| withdraw(app, &request)).await
}

/// A person leaves the study today.
///
/// # Errors
/// When they do not take part, or the store or the disk fails; nothing was changed then.
pub fn withdraw(app: &App, request: &WithdrawRequest) -> Result<WithdrawnReply, Problem> {
    let now = app.trusted_now()?;
    // Nothing is sent between the decision and the note.
    let couriers = app.deliveries.stand_still();
    let person = app.book.person(Some(&request.person))?;
    let study = app.deliveries.study().map_err(|error| Problem::new(StatusCode::CONFLICT, error.to_string()))?;
    if !study.participants().any(|(id, _)| *id == person.id) {
        return Err(Problem::new(
            StatusCode::CONFLICT,
            "this person has no day of enrolment in the settings, so nothing of theirs leaves the house; nothing was changed",
        ));
    }
    let today = person.calendar.day_at(now.timestamp());
    let before = person.record.left_study;
    let date = before.map_or(today.date, |left| left.date);
    let decision = OwnDecision::StudyLeft { participant: person.id.clone(), date, unsent_stays: request.drop_unsent };
    let mut told = Vec::new();
    if before.is_none() {
        let was_begun = begun(&app.store)?;
        let may_have_some = was_begun.is_some();
        let (id, epoch) = was_begun
            .map_or_else(|| (study.terms.study.clone(), study.terms.epoch), |(study, epoch, _)| (study, epoch));
        let leaver = Leaver {
            study: id,
            epoch,
            participant: &person.id,
            date,
            tz_offset_min: i16::try_from(today.zone.offset_s(today.start_s) / 60).unwrap_or(0),
            shift_days: study.shift_days_drawn(&app.book, &person, now)?,
            take_out: false,
        };
        let mut sent = app.store.sent_days(&person.id)?;
        for target in app.deliveries.all().map(|target| target.name.as_str()) {
            let days = sent.remove(target);
            // Where nothing was ever sent and nothing will be, nothing is told. Once days were, any may have some: an answer
            // can get lost after they were stored.
            if days.is_some() || may_have_some || !request.drop_unsent {
                told.push(leaver.farewell(target.to_owned(), days.unwrap_or_default()));
            }
        }
    }
    let notes = leaving::prepare(&app.data_dir, &Once::Left(person.id.clone()), &told).map_err(|error| {
        Problem::new(
            StatusCode::INSUFFICIENT_STORAGE,
            format!(
                "the note for the study could not be written ({error}), so nothing was changed. Make room on the disk"
            ),
        )
    })?;
    if let Err(error) = app.book.decide(&person, decision, "person", now) {
        if let Err(left) = notes.tear_up() {
            tracing::warn!(error = %left, "a note for a study that does not count goes at the next start");
        }
        return Err(error.into());
    }
    if let Err(error) = notes.confirm() {
        tracing::warn!(%error, "a study is told of somebody's leaving only after the next start");
    }
    drop(couriers);
    app.delivery_wake.send_replace(());
    let mut sentences = vec![format!(
        "{} left the study: {date} is the last day of which anything leaves the house. What is kept here stays; \
         `brisk person erase` erases it.",
        person.id.as_str()
    )];
    sentences.push(if request.drop_unsent {
        "Days until then that were not sent stay here too.".to_owned()
    } else {
        "Days until then that were not sent yet are still sent; `--drop-unsent` keeps them here.".to_owned()
    });
    sentences.extend(told.iter().map(|farewell| format!("The database {} is told.", farewell.target)));
    Ok(WithdrawnReply { date, sentences })
}
