//! One file a page: what it asks the same functions as the API for, and how it shows the answer.

pub mod band;
pub mod check_in;
pub mod choice;
pub mod diary;
pub mod enter;
pub mod notice;
pub mod plan;
pub mod print;
pub mod privacy;
pub mod review;
pub mod setup;
pub mod today;
pub mod week;

use std::sync::Arc;

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse as _, Response},
};

use super::{door::Visit, page::answer};
use crate::{
    api::{App, Problem},
    words::Phrase,
};

/// Any address that is none of a page.
pub async fn missing(State(app): State<Arc<App>>, visit: Result<Visit, (StatusCode, &'static str)>) -> Response {
    // Below `/assets/` nobody is asked who they are.
    let Ok(visit) = visit else { return StatusCode::NOT_FOUND.into_response() };
    let missing = Phrase::new("page-missing");
    answer(app, visit, |_, _| Err(Problem::new(StatusCode::NOT_FOUND, missing.english()).on_page(missing))).await
}
