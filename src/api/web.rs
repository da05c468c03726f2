//! The pages' door, for who may use the control socket: no browser reaches these routes.

use std::{sync::Arc, time::Duration};

use axum::{Json, extract::State, http::StatusCode};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{App, ErrorReply, Problem, blocking, devices::DoneReply, schema::CONTROL_SOCKET};
use crate::{
    model::ParticipantId,
    web::door::{DoorError, browsers::Which, codes},
};

/// Who decides, for the record.
const ACTOR: &str = "command line";
/// How long other computers can be let in at most, seconds; longer is until it is switched off.
const LONGEST_S: u64 = 31 * 86_400;

/// The pages, and who may see them.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct WebReply {
    /// Their address on this computer; none where none are shown.
    pub url: Option<String>,
    /// Other computers are let in.
    pub exposed: bool,
    /// Until when; none for until it is switched off, and where they are not let in.
    pub until: Option<DateTime<Utc>>,
    /// Addresses for other computers, while they are let in.
    pub urls: Vec<String>,
    /// Browsers that were let in.
    pub browsers: Vec<BrowserReply>,
}

/// A browser that was let in.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct BrowserReply {
    /// What it is called here.
    pub id: String,
    /// What it says it is.
    pub name: String,
    /// Whose pages it shows.
    pub person: ParticipantId,
    /// Since when.
    pub since: DateTime<Utc>,
    /// The day on which it was last seen.
    pub seen: NaiveDate,
}

/// A code for one browser.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct CodeReply {
    /// Such as `4821-7730`.
    pub code: String,
    /// For so many seconds.
    pub seconds: u64,
    /// Where it is entered.
    pub url: String,
}

/// Whether other computers are let in.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ExposeRequest {
    /// They are, for so many seconds; none for until it is switched off.
    Lan {
        /// From a minute to a month.
        seconds: Option<u64>,
    },
    /// They are not.
    Off,
}

/// Which browsers are let in no more.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum RevokeRequest {
    /// The one with this id.
    One(String),
    /// Those that show this person's pages.
    Of(ParticipantId),
    /// All.
    All,
}

/// The routes. They stand on the control socket, whose users are checked, and nowhere else.
pub(super) fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(get_web))
        .routes(routes!(new_code))
        .routes(routes!(expose))
        .routes(routes!(revoke))
}

/// The pages, and who may see them.
pub fn web(app: &App) -> WebReply {
    let exposed = app.door.exposed();
    let browsers = app.door.list().into_iter().map(|browser| BrowserReply {
        id: browser.id,
        name: browser.name,
        person: browser.person,
        since: browser.since,
        seen: browser.seen,
    });
    WebReply {
        url: app.door.url(),
        exposed: exposed.is_some(),
        until: exposed.as_ref().and_then(|(until, _)| *until),
        urls: exposed.map(|(_, urls)| urls).unwrap_or_default(),
        browsers: browsers.collect(),
    }
}

/// Where the pages are, and which browsers were let in.
///
/// On the control socket only.
#[utoipa::path(get, path = "/api/v1/web", tag = CONTROL_SOCKET, responses((status = 200, description = "The door as it stands", body = WebReply), ErrorReply))]
async fn get_web(State(app): State<Arc<App>>) -> Json<WebReply> {
    Json(web(&app))
}

/// A code that lets one browser in.
///
/// On the control socket only.
#[utoipa::path(post, path = "/api/v1/web/code", tag = CONTROL_SOCKET, responses((status = 200, description = "The code", body = CodeReply), ErrorReply))]
async fn new_code(State(app): State<Arc<App>>) -> Result<Json<CodeReply>, Problem> {
    let code = app.door.new_code()?;
    let url = app.door.url().ok_or(DoorError::NoPages)?;
    Ok(Json(CodeReply { code, seconds: codes::LIFE.as_secs(), url: format!("{url}enter") }))
}

/// Lets other computers in for a time, or no more.
///
/// On the control socket only.
#[utoipa::path(post, path = "/api/v1/web/expose", tag = CONTROL_SOCKET, request_body = ExposeRequest, responses((status = 200, description = "The door as it stands then", body = WebReply), ErrorReply))]
async fn expose(State(app): State<Arc<App>>, Json(asked): Json<ExposeRequest>) -> Result<Json<WebReply>, Problem> {
    blocking(app, move |app| {
        match asked {
            ExposeRequest::Off => app.door.close(ACTOR)?,
            ExposeRequest::Lan { seconds } => {
                if seconds.is_some_and(|seconds| !(60..=LONGEST_S).contains(&seconds)) {
                    return Err(Problem::new(
                        StatusCode::UNPROCESSABLE_ENTITY,
                        "other computers can be let in for one minute to 31 days, or until you switch it off \
                         (`--until-off`). Nothing was changed",
                    ));
                }
                app.door.expose(seconds.map(Duration::from_secs), ACTOR)?;
            }
        }
        Ok(web(app))
    })
    .await
}

/// Lets browsers in no more.
///
/// On the control socket only.
#[utoipa::path(post, path = "/api/v1/web/revoke", tag = CONTROL_SOCKET, request_body = RevokeRequest, responses((status = 200, description = "What was done", body = DoneReply), ErrorReply))]
async fn revoke(State(app): State<Arc<App>>, Json(asked): Json<RevokeRequest>) -> Result<Json<DoneReply>, Problem> {
    blocking(app, move |app| {
        let which = match asked {
            RevokeRequest::One(id) => Which::One(id),
            RevokeRequest::Of(person) => Which::Of(person),
            RevokeRequest::All => Which::All,
        };
        let count = app.door.revoke(&which)?;
        if count == 0 {
            return Err(Problem::new(
                StatusCode::NOT_FOUND,
                "no such browser was let in; nothing was changed. `brisk web browsers` lists them",
            ));
        }
        let browsers = if count == 1 { "One browser needs".to_owned() } else { format!("{count} browsers need") };
        Ok(DoneReply { done: format!("{browsers} a new code now, from `brisk web code`.") })
    })
    .await
}
