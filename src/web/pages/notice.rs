//! Notices as they stand on pages: the person's own on Today, and those for whoever looks after the band.

use std::sync::Arc;

use axum::{Form, extract::State, response::Response};
use chrono::NaiveDate;
use maud::{Markup, html};

use crate::{
    api::{App, notices},
    person::notice::Kind,
    web::{
        door::Visit,
        form::{Fields, hidden, submit},
        page::{Outcome, change},
    },
    words::Phrase,
};

/// Today's notice with a button that puts it away.
pub fn banner(visit: &Visit, today: NaiveDate) -> Option<Markup> {
    let kind = visit.person.record.notices.open_on(today)?;
    Some(html! {
        section.card aria-label=(visit.t("notice-heading")) {
            p { (visit.t(kind.key())) }
            @if kind == Kind::Review { p { a href="/review" { (visit.t("notice-review-link")) } } }
            form method="post" action="/notice/seen" {
                (hidden(visit, &today.to_string()))
                div.actions { (submit(visit, &Phrase::new("notice-thanks"))) }
            }
        }
    })
}

/// What [`notices::helper`] tells, for My band and Setup.
pub fn helper_lines(visit: &Visit, lines: &[Phrase]) -> Option<Markup> {
    (!lines.is_empty()).then(|| {
        html! {
            section.card aria-labelledby="helper-heading" {
                h2 id="helper-heading" { (visit.t("helper-heading")) }
                ul { @for line in lines { li { (visit.say(line)) } } }
            }
        }
    })
}

/// `POST /notice/seen`
pub async fn seen(State(app): State<Arc<App>>, visit: Visit, Form(fields): Form<Vec<(String, String)>>) -> Response {
    change(app, visit, Fields(fields), |app, visit, _| {
        notices::seen(app, &visit.person, app.trusted_now()?)?;
        Ok(Outcome::Done("/".to_owned()))
    })
    .await
}
