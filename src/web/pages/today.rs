//! Today: one large number, the plan beside it, and when the band was last heard.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use maud::html;

use crate::{
    api::{App, numbers},
    web::{
        door::Visit,
        page::{Here, Page, answer},
        pages::{check_in, choice, notice},
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
                @if let Some(notice) = notice::banner(visit, today.date) { (notice) }
                p { (today.sentence) }
                @if let Some(card) = choice::card(visit, today.date) { (card) }
                @if let Some(line) = check_in::line(visit, &app.instruments, today.date) { (line) }
            },
        })
    })
    .await
}
