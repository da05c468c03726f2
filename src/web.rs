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
        .route("/privacy", get(pages::privacy::show))
        .route("/privacy/take", post(pages::privacy::take))
        .route("/privacy/erase", get(pages::privacy::ask).post(pages::privacy::erase))
        .route("/assets/style.css", get(style))
        .with_state(Arc::clone(&app));
    pages.merge(api::router(Arc::clone(&app))).layer(middleware::from_fn_with_state(app, door::guard))
}

async fn style() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], include_str!("web/assets/style.css"))
}
