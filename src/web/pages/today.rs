//! Today: one large number, the plan beside it, and when the band was last heard.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use maud::html;

use crate::{
    api::{App, numbers},
    web::{
        door::Visit,
        page::{Here, Page, answer},
        pages::setup,
    },
    words::Phrase,
};

/// `GET /`
pub async fn show(State(app): State<Arc<App>>, visit: Visit) -> Response {
    answer(app, visit, |app, visit| {
        let today = numbers::today(app, &visit.person, app.trusted_now()?, visit.language)?;
        Ok(Page {
            here: Here::Today,
            title: Phrase::new("today-title").with("date", today.date),
            body: html! {
                p { (today.sentence) }
                @if let Some(next) = setup::next(app, visit)? { (next) }
            },
        })
    })
    .await
}
