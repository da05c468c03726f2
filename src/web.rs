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
        .route("/plan", get(pages::plan::show))
        .route("/plan/change", get(pages::plan::change::show).post(pages::plan::change::take))
        .route("/plan/keep", post(pages::plan::keep))
        .route("/plan/pause", post(pages::plan::pause))
        .route("/plan/resume", post(pages::plan::resume))
        .route("/plan/end", post(pages::plan::end))
        .route("/plan/programme", post(pages::plan::programme))
        .route("/review", get(pages::review::show))
        .route("/review/answer", post(pages::review::answer))
        .route("/assets/style.css", get(style))
        .with_state(Arc::clone(&app));
    pages.merge(api::router(Arc::clone(&app))).layer(middleware::from_fn_with_state(app, door::guard))
}

async fn style() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], include_str!("web/assets/style.css"))
}
