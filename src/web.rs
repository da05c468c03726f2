//! The pages that people look at: rendered here, whole without a script, in the person's language.
//!
//! * [`door`]: who may come in, and from where. Every route passes it.
//! * [`listen`]: where browsers are listened to.
//! * [`page`]: what all pages share, and how an answer comes about.
//! * [`form`]: what was typed, kept as it was typed.
//! * [`pages`]: one file a page.

pub mod door;
pub mod form;
pub mod listen;
pub mod page;
pub mod pages;

use std::sync::Arc;

use axum::{
    Router,
    extract::DefaultBodyLimit,
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
        .route("/enter", get(pages::enter::show).post(pages::enter::enter))
        .route("/setup/network", get(pages::setup::network::show))
        .route("/setup/network/code", post(pages::setup::network::code))
        .route("/setup/network/expose", post(pages::setup::network::expose))
        .route("/setup/network/close", post(pages::setup::network::close))
        .route("/setup/network/revoke", post(pages::setup::network::revoke))
        .route("/assets/style.css", get(style))
        .fallback(pages::missing)
        .with_state(Arc::clone(&app));
    pages
        .merge(api::router(Arc::clone(&app)))
        .layer(DefaultBodyLimit::max(door::MOST_BYTES))
        .layer(middleware::from_fn_with_state(app, door::guard))
}

async fn style() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], include_str!("web/assets/style.css"))
}
