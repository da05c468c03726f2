//! One small choice a day: a card on Today, and a page to plan and look back.

use std::sync::Arc;

use axum::{
    Form,
    extract::{Query, State},
    response::Response,
};
use chrono::NaiveDate;
use maud::{Markup, html};
use serde::Deserialize;

use crate::{
    api::{
        App, Problem,
        choices::{self, ChoiceReply, ChoicesReply},
    },
    goal::decision,
    person::choice::{ChoiceAnswer, ChoicePlan},
    web::{
        door::Visit,
        form::{Field, Fields, hidden, submit},
        page::{Here, Outcome, Page, answer, change},
    },
    words::Phrase,
};

/// The card on Today: the choice that is planned, what became of it, or the offer of one. None when the person put it
/// off, or has no use for choices.
pub fn card(app: &App, visit: &Visit, today: NaiveDate) -> Option<Markup> {
    let Some(choice) = visit.person.record.choices.on(today) else {
        let offer = html! { p { a href="/choice" { (visit.t("choice-offer")) } } };
        return choices::are_offered(app, &visit.person, today).then_some(offer);
    };
    if choice.was_put_off() {
        return None;
    }
    Some(html! {
        section.card aria-labelledby="choice-heading" {
            h2 id="choice-heading" { (visit.t("choice-title")) }
            @if choice.is_made() {
                p dir="auto" { (visit.say(&Phrase::new("choice-made").with("choice", choice.plan.choice.as_str()))) }
            } @else {
                p { (visit.t("choice-today")) }
                p dir="auto" { strong { (in_words(visit, &choice.plan.situation, &choice.plan.choice)) } }
                (buttons(visit, today, "/", None))
                p { a href="/choice" { (visit.t("choice-another")) } }
            }
        }
    })
}

fn in_words(visit: &Visit, situation: &str, choice: &str) -> String {
    visit.say(&Phrase::new("choice-is-planned").with("situation", situation).with("choice", choice))
}

/// "Yes, done" and "Not today", below a field for a note where there is room for one.
fn buttons(visit: &Visit, date: NaiveDate, back: &str, note: Option<Markup>) -> Markup {
    html! {
        form method="post" action="/choice/answer" {
            (hidden(visit, &date.to_string()))
            input type="hidden" name="date" value=(date);
            input type="hidden" name="back" value=(back);
            p { (visit.t("choice-question")) }
            @if let Some(note) = note { (note) }
            div.actions {
                button type="submit" name="done" value="yes" { (visit.t("choice-yes")) }
                button type="submit" name="done" value="no" { (visit.t("choice-not-today")) }
            }
        }
    }
}

/// What may stand in the address of the page.
#[derive(Debug, Deserialize)]
pub struct Wanted {
    /// The day to plan for.
    date: Option<NaiveDate>,
}

/// `GET /choice`
pub async fn show(State(app): State<Arc<App>>, visit: Visit, Query(wanted): Query<Wanted>) -> Response {
    answer(app, visit, move |app, visit| {
        let reply = choices::choices(app, &visit.person, None, None, app.trusted_now()?);
        let date = wanted.date.unwrap_or(reply.today).to_string();
        Ok(page(visit, &reply, &Fields(vec![("date".to_owned(), date)]), &[]))
    })
    .await
}

/// `POST /choice`
pub async fn plan(State(app): State<Arc<App>>, visit: Visit, Form(fields): Form<Vec<(String, String)>>) -> Response {
    change(app, visit, Fields(fields), |app, visit, fields| {
        let now = app.trusted_now()?;
        let date = fields.text("date").and_then(|text| text.parse().ok());
        let Some(date) = date else {
            let problem = decision::Problem { field: "date", phrase: Phrase::new("choice-date-hint") };
            return again(visit, app, fields, &[problem]);
        };
        let planned = ChoicePlan {
            participant: visit.person.id.clone(),
            date,
            situation: fields.text("situation").unwrap_or_default().to_owned(),
            choice: fields.text("choice").unwrap_or_default().to_owned(),
        };
        match choices::plan(app, &visit.person, planned, now) {
            Ok(()) => Ok(Outcome::Done("/choice".to_owned())),
            Err(problem) if !problem.fields.is_empty() => again(visit, app, fields, &problem.fields),
            Err(problem) => Err(problem),
        }
    })
    .await
}

/// `POST /choice/answer`
pub async fn respond(State(app): State<Arc<App>>, visit: Visit, Form(fields): Form<Vec<(String, String)>>) -> Response {
    change(app, visit, Fields(fields), |app, visit, fields| {
        let now = app.trusted_now()?;
        let today = visit.person.calendar.day_at(now.timestamp()).date;
        let given = ChoiceAnswer {
            participant: visit.person.id.clone(),
            date: fields.text("date").and_then(|text| text.parse().ok()).unwrap_or(today),
            done: fields.text("done") == Some("yes"),
            note: fields.text("note").map(str::to_owned),
        };
        match choices::answer(app, &visit.person, given, now) {
            Ok(()) => {
                let back = if fields.text("back") == Some("/") { "/" } else { "/choice" };
                Ok(Outcome::Done(back.to_owned()))
            }
            Err(problem) if !problem.fields.is_empty() => again(visit, app, fields, &problem.fields),
            Err(problem) => Err(problem),
        }
    })
    .await
}

fn again(visit: &Visit, app: &App, fields: &Fields, problems: &[decision::Problem]) -> Result<Outcome, Problem> {
    let reply = choices::choices(app, &visit.person, None, None, app.trusted_now()?);
    Ok(Outcome::Again(page(visit, &reply, fields, problems)))
}

fn page(visit: &Visit, reply: &ChoicesReply, fields: &Fields, problems: &[decision::Problem]) -> Page {
    let field = |name, label, hint, kind| {
        Field { name, label, hint: Some(hint), kind, value: fields.text(name) }.render(visit, problems)
    };
    let note = Field { name: "note", label: "choice-note", hint: None, kind: "text", value: fields.text("note") }
        .render(visit, problems);
    let body = html! {
        @if let Some(choice) = reply.choices.iter().find(|choice| choice.date == reply.today) {
            @if choice.done.is_none() {
                section.card {
                    p { (visit.t("choice-today")) }
                    p dir="auto" { strong { (in_words(visit, &choice.situation, &choice.choice)) } }
                    (buttons(visit, reply.today, "/choice", Some(note)))
                }
            }
        }
        section aria-labelledby="plan-heading" {
            h2 id="plan-heading" { (visit.t("choice-plan-heading")) }
            p { (visit.t("choice-plan-hint")) }
            form method="post" action="/choice" {
                (hidden(visit, &reply.today.to_string()))
                (field("date", "choice-date", "choice-date-hint", "date"))
                (field("situation", "choice-situation", "choice-situation-hint", "text"))
                (field("choice", "choice-choice", "choice-choice-hint", "text"))
                div.actions { (submit(visit, &Phrase::new("choice-save"))) }
            }
        }
        section aria-labelledby="list-heading" {
            h2 id="list-heading" { (visit.t("choice-list-heading")) }
            @if reply.choices.is_empty() { p { (visit.t("choice-list-none")) } } @else { (list(visit, reply)) }
        }
    };
    Page { here: Here::Plan, title: Phrase::new("choice-title"), body }
}

fn list(visit: &Visit, reply: &ChoicesReply) -> Markup {
    let answer = |choice: &ChoiceReply| match choice.done {
        Some(true) => visit.t("choice-answer-done"),
        Some(false) => visit.t("choice-answer-not"),
        None => visit.t("choice-answer-open"),
    };
    // Days that may still be answered, today's apart: it stands above.
    let open = |choice: &&ChoiceReply| {
        choice.done.is_none() && choice.date < reply.today && (reply.today - choice.date).num_days() <= 7
    };
    html! {
        table.table {
            thead {
                tr {
                    th scope="col" { (visit.t("choice-list-day")) }
                    th scope="col" { (visit.t("choice-list-choice")) }
                    th scope="col" { (visit.t("choice-list-answer")) }
                }
            }
            tbody {
                @for choice in reply.choices.iter().rev() {
                    tr {
                        th scope="row" { (visit.say(&day(choice.date))) }
                        td dir="auto" { (in_words(visit, &choice.situation, &choice.choice)) }
                        td {
                            (answer(choice))
                            @if let Some(note) = &choice.note { p.muted dir="auto" { (note) } }
                        }
                    }
                }
            }
        }
        @for choice in reply.choices.iter().rev().filter(open) {
            section {
                h3 { (visit.say(&day(choice.date))) }
                p dir="auto" { (in_words(visit, &choice.situation, &choice.choice)) }
                (buttons(visit, choice.date, "/choice", None))
            }
        }
    }
}

fn day(date: NaiveDate) -> Phrase {
    Phrase::new("choice-day").with("date", date)
}
