//! The pages that people look at: rendered here, whole without a script, in the person's language.
//!
//! * [`door`]: who may come in, and from where. Every route passes it.
//! * [`page`]: what all pages share, and how an answer comes about.
//! * [`form`]: what was typed, kept as it was typed.
//! * [`pages`]: one file a page.

pub mod door;
pub mod form;
pub mod page;
pub mod pages;

use std::sync::Arc;

use axum::{
    Router,
    http::header,
    middleware,
    response::IntoResponse,
    routing::{get, post},
};

use crate::api::{self, App};

/// Pages and the API, for browsers: everything behind the door.
pub fn router(app: Arc<App>) -> Router {
    let pages = Router::new()
        .route("/", get(pages::today::show))
        .route("/setup", get(pages::setup::show))
        .route("/setup/band", get(pages::setup::band::show))
        .route("/setup/band/scan", post(pages::setup::band::scan))
        .route("/setup/band/pair", post(pages::setup::band::pair))
        .route("/setup/band/answer", post(pages::setup::band::reply))
        .route("/setup/band/assign", get(pages::setup::band::ask_whose).post(pages::setup::band::assign))
        .route("/setup/band/forget", get(pages::setup::band::ask_forget).post(pages::setup::band::forget))
        .route("/setup/check", get(pages::setup::doctor::show))
        .route("/setup/check/report", get(pages::setup::doctor::report).post(pages::setup::doctor::save))
        .route("/assets/style.css", get(style))
        .with_state(Arc::clone(&app));
    pages.merge(api::router(Arc::clone(&app))).layer(middleware::from_fn_with_state(app, door::guard))
}

async fn style() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], include_str!("web/assets/style.css"))
}
