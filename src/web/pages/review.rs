//! The weekly review: what went well first, one question, and what may be chosen for the next week. It opens when the
//! person opens it.

use std::sync::Arc;

use axum::{
    Form,
    extract::{Query, State},
    response::Response,
};
use chrono::{Days, NaiveDate};
use maud::{Markup, html};

use super::plan::{shows_numbers, size};
use crate::{
    api::{
        App, Problem,
        review::{self, AnswerRequest},
    },
    config::Display,
    goal::{
        self, Proposal,
        past::{monday_of, week_name},
        propose::Kind,
    },
    web::{
        door::Visit,
        form::{self, Fields, elsewhere, hidden},
        page::{self, Here, Outcome, Page, answer as answer_page},
    },
    words::{Phrase, say},
};

/// `GET /review`, with `from` for the week that holds a day.
pub async fn show(State(app): State<Arc<App>>, visit: Visit, Query(asked): Query<Vec<(String, String)>>) -> Response {
    answer_page(app, visit, move |app, visit| {
        let date = Fields(asked).text("from").and_then(|text| text.parse().ok());
        look_back(app, visit, date, &[])
    })
    .await
}

/// `POST /review/answer` with `proposal`, `accepted` (`yes` or `no`) and `once`.
pub async fn answer(State(app): State<Arc<App>>, visit: Visit, Form(sent): Form<Vec<(String, String)>>) -> Response {
    page::change(app, visit, Fields(sent), |app, visit, fields| {
        let now = app.trusted_now()?;
        let said = AnswerRequest {
            person: None,
            proposal: fields.text("proposal").unwrap_or_default().to_owned(),
            accepted: fields.text("accepted") == Some("yes"),
            from: None,
            once: fields.text("once").map(str::to_owned),
        };
        let done = review::answer(app, &visit.person, &said, now);
        Outcome::of(done, "/review", |problems| look_back(app, visit, None, problems))
    })
    .await
}

fn look_back(app: &App, visit: &Visit, date: Option<NaiveDate>, problems: &[goal::Problem]) -> Result<Page, Problem> {
    let now = app.trusted_now()?;
    let person = &visit.person;
    let title = Phrase::new("review-title");
    if person.display == Display::Blinded {
        let body = html! { p { (visit.t("review-blinded")) } p { a href="/plan" { (visit.t("menu-plan")) } } };
        return Ok(Page { here: Here::Review, title, body });
    }
    let today = person.calendar.day_at(now.timestamp()).date;
    let week = match review::review(app, person, date, now) {
        // A week that is still under way: its sentence, and the week that ended last.
        Err(problem) if !problem.fields.is_empty() && date.is_some() => {
            return look_back(app, visit, None, &problem.fields);
        }
        other => other?,
    };
    let ended_last = week.to + Days::new(1) == monday_of(today);
    let offered = if ended_last { review::proposals(app, person, now)? } else { Vec::new() };
    let offered: Vec<_> = offered.into_iter().filter(|one| shows_numbers(person.display, &one.goal.measure)).collect();
    let stage = review::stage_text(app, person, week.to, visit.language);
    let span = Phrase::new("review-week").with("from", week.from).with("to", week.to);
    let body = html! {
        (elsewhere(visit, problems, &[]))
        p.muted { (visit.say(&span)) }
        section {
            h2 { (visit.t("review-went-well")) }
            ul { @for phrase in &week.went_well { li { (visit.say(phrase)) } } }
        }
        @if !week.open.is_empty() {
            section {
                h2 { (visit.t("review-open")) }
                ul { @for phrase in &week.open { li { (visit.say(phrase)) } } }
            }
        }
        section {
            h2 { (visit.t("review-question")) }
            p { (visit.say(&week.question)) }
            @if let Some(text) = &stage { p { (text) } }
        }
        @if ended_last { (choices(visit, today, &offered)) }
        nav aria-label=(visit.t("review-weeks")) {
            ul.actions {
                @if let Some(before) = week.from.checked_sub_days(Days::new(7)) {
                    li { a href=(format!("/review?from={before}")) { (visit.t("review-before")) } }
                }
                @if !ended_last { li { a href="/review" { (visit.t("review-latest")) } } }
            }
        }
    };
    Ok(Page { here: Here::Review, title, body })
}

/// What may be chosen for the next week, or what was chosen.
fn choices(visit: &Visit, today: NaiveDate, offered: &[Proposal]) -> Markup {
    let record = &visit.person.record;
    let week = week_name(today);
    let chosen = record.proposals.iter().any(|(id, accepted, _)| *accepted && id.starts_with(&week));
    let next = record.goals.goal_on(goal::propose::begins_on(today));
    let next = next.filter(|goal| shows_numbers(visit.person.display, &goal.measure));
    html! {
        section {
            h2 { (visit.t("review-next")) }
            @if chosen {
                @if let Some(goal) = next {
                    p { (visit.say(&Phrase::new("review-chosen").with("size", size(visit, goal)))) }
                }
            }
            @for proposal in offered { (card(visit, proposal)) }
            p { a href="/plan/change" { (visit.t(if next.is_some() { "review-other" } else { "plan-make" })) } }
        }
    }
}

fn card(visit: &Visit, proposal: &Proposal) -> Markup {
    let (title, take) = match proposal.kind {
        Kind::Keep => ("proposal-title-keep", "proposal-take-keep"),
        Kind::Less => ("proposal-title-less", "proposal-take"),
        Kind::More => ("proposal-title-more", "proposal-take"),
    };
    let answer = |accepted: &str, label: &'static str| {
        html! {
            form method="post" action="/review/answer" {
                (hidden(visit, &visit.person.record.goals.next_id()))
                input type="hidden" name="proposal" value=(proposal.id);
                input type="hidden" name="accepted" value=(accepted);
                (form::submit(visit, &Phrase::new(label)))
            }
        }
    };
    html! {
        article.card {
            h3 { (visit.t(title)) }
            p { (size(visit, &proposal.goal)) }
            p { (say(visit.language, &proposal.reason)) }
            @if !proposal.evidence.is_empty() {
                details {
                    summary { (visit.t("proposal-why")) }
                    ul { @for phrase in &proposal.evidence { li { (visit.say(phrase)) } } }
                }
            }
            div.actions {
                (answer("yes", take))
                @if proposal.kind != Kind::Keep { (answer("no", "proposal-decline")) }
            }
        }
    }
}
