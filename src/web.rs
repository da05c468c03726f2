//! The pages that people look at: rendered here, whole without a script, in the person's language.
//!
//! * [`door`]: who may come in, and from where. Every route passes it.
//! * [`listen`]: where browsers are listened to.
//! * [`page`]: what all pages share, and how an answer comes about.
//! * [`form`]: what was typed, kept as it was typed.
//! * [`pages`]: one file a page.
//! * [`picture`]: bars, drawn by us.
//! * [`live`]: Today as it changes, for browsers that run scripts.
//! * [`assets`]: style sheet, icon, script.

pub mod assets;
pub mod door;
pub mod form;
pub mod listen;
pub mod live;
pub mod page;
pub mod pages;
pub mod picture;

use std::sync::Arc;

use axum::{
    Router,
    extract::DefaultBodyLimit,
    middleware,
    routing::{get, post},
};

use crate::api::{self, App};

/// Pages and the API, for browsers: everything behind the door.
pub fn router(app: Arc<App>) -> Router {
    let pages = Router::new()
        .route("/", get(pages::today::show))
        .route("/choice", get(pages::choice::show).post(pages::choice::plan))
        .route("/choice/answer", post(pages::choice::respond))
        .route("/check-in", get(pages::check_in::show).post(pages::check_in::send))
        .route("/check-in/thanks", get(pages::check_in::thanks))
        .route("/check-in/set", post(pages::check_in::set))
        .route("/notice/seen", post(pages::notice::seen))
        .route("/week", get(pages::week::show))
        .route("/band", get(pages::band::show))
        .route("/print", get(pages::print::show))
        .route("/live/today", get(live::today))
        .route("/assets/{name}", get(assets::get))
        .route("/diary", get(pages::diary::show).post(pages::diary::note))
        .route("/diary/new", get(pages::diary::new))
        .route("/diary/edit", get(pages::diary::edit))
        .route("/diary/undo", post(pages::diary::undo))
        .route("/setup/own-time", get(pages::setup::own_time::show).post(pages::setup::own_time::set))
        .route("/setup/person", get(pages::setup::person::show).post(pages::setup::person::set))
        .route("/setup", get(pages::setup::show))
        .route("/setup/band", get(pages::setup::band::show))
        .route("/setup/band/scan", post(pages::setup::band::scan))
        .route("/setup/band/pair", post(pages::setup::band::pair))
        .route("/setup/band/answer", post(pages::setup::band::reply))
        .route("/setup/band/assign", get(pages::setup::band::ask_whose).post(pages::setup::band::assign))
        .route("/setup/band/forget", get(pages::setup::band::ask_forget).post(pages::setup::band::forget))
        .route("/setup/check", get(pages::setup::doctor::show))
        .route("/setup/check/report", get(pages::setup::doctor::report).post(pages::setup::doctor::save))
        .route("/plan", get(pages::plan::show))
        .route("/plan/change", get(pages::plan::change::show).post(pages::plan::change::take))
        .route("/plan/keep", post(pages::plan::keep))
        .route("/plan/pause", post(pages::plan::pause))
        .route("/plan/resume", post(pages::plan::resume))
        .route("/plan/end", post(pages::plan::end))
        .route("/plan/programme", post(pages::plan::programme))
        .route("/review", get(pages::review::show))
        .route("/review/answer", post(pages::review::answer))
        .route("/enter", get(pages::enter::show).post(pages::enter::enter))
        .route("/setup/network", get(pages::setup::network::show))
        .route("/setup/network/code", post(pages::setup::network::code))
        .route("/setup/network/expose", post(pages::setup::network::expose))
        .route("/setup/network/close", post(pages::setup::network::close))
        .route("/setup/network/revoke", post(pages::setup::network::revoke))
        .route("/privacy", get(pages::privacy::show))
        .route("/privacy/take", post(pages::privacy::take))
        .route("/privacy/erase", get(pages::privacy::ask).post(pages::privacy::erase))
        .fallback(pages::missing)
        .with_state(Arc::clone(&app));
    pages
        .merge(api::router(Arc::clone(&app)))
        .layer(DefaultBodyLimit::max(door::MOST_BYTES))
        .layer(middleware::from_fn_with_state(app, door::guard))
}
