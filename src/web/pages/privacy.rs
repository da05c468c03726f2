//! Privacy: what is kept and where, who can see it, what left this house, all of it to take away, and erasing it.

use std::sync::Arc;

use axum::{
    Form,
    extract::State,
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use maud::{Markup, html};

use crate::{
    api::{
        App, Problem,
        privacy::{self, EraseRequest, Erased, KeptReply, LetIn, TakeoutRequest},
    },
    config::Display,
    goal::decision,
    web::{
        door::Visit,
        form::{Field, Fields, hidden, submit},
        page::{Here, Page, answer, frame, reason},
    },
    words::{Arg, Phrase},
};

/// `GET /privacy`
pub async fn show(State(app): State<Arc<App>>, visit: Visit) -> Response {
    answer(app, visit, |app, visit| {
        let kept = privacy::kept(app, &visit.person)?;
        Ok(page("privacy-title", body(app, visit, &kept)))
    })
    .await
}

/// `POST /privacy/take`: the files themselves, as one zip.
pub async fn take(State(app): State<Arc<App>>, visit: Visit) -> Response {
    let request = TakeoutRequest { person: Some(visit.person.id.clone()), language: visit.language };
    match privacy::take(app, request).await {
        Ok(zip) => zip,
        Err(problem) => trouble(&visit, &problem),
    }
}

/// `GET /privacy/erase`
pub async fn ask(State(app): State<Arc<App>>, visit: Visit) -> Response {
    answer(app, visit, |_, visit| Ok(page("privacy-erase-title", erase_form(visit, None, &[])))).await
}

/// `POST /privacy/erase`
pub async fn erase(State(app): State<Arc<App>>, visit: Visit, Form(fields): Form<Vec<(String, String)>>) -> Response {
    let fields = Fields(fields);
    let typed = fields.text("confirm");
    if typed != Some(visit.person.id.as_str()) {
        let phrase = Phrase::new("privacy-erase-other").with("id", visit.person.id.as_str());
        let problems = [decision::Problem { field: "confirm", phrase }];
        let page = page("privacy-erase-title", erase_form(&visit, typed, &problems));
        return (StatusCode::UNPROCESSABLE_ENTITY, frame(&visit, &page)).into_response();
    }
    let request = EraseRequest {
        person: visit.person.id.clone(),
        confirm: visit.person.id.as_str().to_owned(),
        also_at_study: false,
    };
    match privacy::erase(app, request).await {
        // No redirection: the receipt is in this answer and nowhere else.
        Ok(done) => frame(&visit, &page("privacy-erased-title", erased(&visit, &done))).into_response(),
        Err(problem) => trouble(&visit, &problem),
    }
}

fn page(title: &'static str, body: Markup) -> Page {
    Page { here: Here::Privacy, title: Phrase::new(title), body }
}

fn trouble(visit: &Visit, problem: &Problem) -> Response {
    let body = html! { (reason(visit, problem)) p { a href="/privacy" { (visit.t("privacy-back")) } } };
    (problem.code, frame(visit, &page("trouble-title", body))).into_response()
}

fn body(app: &App, visit: &Visit, kept: &KeptReply) -> Markup {
    let display = &app.config.home_assistant;
    let theirs = display.person.as_ref().is_none_or(|person| *person == visit.person.id);
    let broker = (display.broker != "off" && theirs).then_some(display.broker.as_str());
    html! {
        h2 { (visit.t("privacy-kept")) }
        ul {
            @match kept.since {
                Some(since) => li { (visit.say(&Phrase::new("privacy-since").with("date", Arg::DateYear(since)))) },
                None => li { (visit.t("privacy-nothing-counted")) },
            }
            @if visit.person.display != Display::Blinded {
                @for counter in &kept.counters {
                    li {
                        (visit.say(&count("privacy-readings", usize::try_from(counter.readings).unwrap_or(usize::MAX))
                            .with("label", counter.label.clone().unwrap_or_else(|| counter.id.clone()))))
                        @if counter.shared { " " (visit.t("privacy-shared")) }
                    }
                }
            }
            li { (visit.say(&count("privacy-goals", kept.goals))) }
            li { (visit.say(&count("privacy-diary", kept.diary))) }
            @if kept.check_ins > 0 { li { (visit.say(&count("privacy-check-ins", kept.check_ins))) } }
        }
        p {
            (visit.say(&Phrase::new("privacy-where").with("size", size(kept.bytes))))
            " " bdi { code { (kept.folder) } }
        }

        h2 { (visit.t("privacy-who")) }
        p { (visit.t(if visit.exposed { "privacy-who-exposed" } else { "privacy-who-here" })) }
        @if app.book.people().len() > 1 { p { (visit.t("privacy-who-others")) } }
        p { (visit.t("privacy-who-disk")) }
        p { a href="/setup/network" { (visit.t("privacy-who-browsers")) } }

        h2 { (visit.t("privacy-left")) }
        @let silent = kept.studies.is_empty() && broker.is_none();
        @let before = display.broker == "off" && app.has_told_displays();
        @if kept.taken.is_empty() && kept.let_in.is_empty() && silent && !before { p { (visit.t("privacy-left-nothing")) } }
        @if !kept.taken.is_empty() {
            p { (visit.t("privacy-left-taken")) }
            ul { @for date in &kept.taken { li { (visit.say(&Phrase::new("privacy-left-on").with("date", Arg::DateYear(*date)))) } } }
        }
        @if !kept.let_in.is_empty() {
            p { (visit.t("privacy-left-open")) }
            ul { @for time in &kept.let_in { li { (visit.say(&let_in(visit, time))) } } }
        }
        @for study in &kept.studies {
            p {
                @let place = study.place.clone().unwrap_or_else(|| study.target.clone());
                (visit.say(&count("privacy-left-study", study.days).with("place", place)))
            }
        }
        @if let Some(broker) = broker {
            p { (visit.say(&Phrase::new("privacy-left-display").with("broker", broker))) }
        }
        @if before { p { (visit.t("privacy-left-display-before")) } }
        @if silent { p { (visit.t("privacy-left-targets")) } }

        h2 { (visit.t("privacy-take")) }
        p { (visit.t("privacy-take-what")) }
        @if visit.person.display != Display::Full { p { (visit.t("privacy-take-blinded")) } }
        form method="post" action="/privacy/take" {
            (hidden(visit, "take"))
            (submit(visit, &Phrase::new("privacy-take-button")))
        }

        h2 { (visit.t("privacy-erase")) }
        p { (visit.t("privacy-erase-what")) }
        p { a href="/privacy/erase" { (visit.t("privacy-erase-link")) } }
    }
}

fn erase_form(visit: &Visit, typed: Option<&str>, problems: &[decision::Problem]) -> Markup {
    let field = Field { name: "confirm", label: "privacy-erase-confirm", hint: None, kind: "text", value: typed };
    html! {
        p { (visit.t("privacy-erase-gone")) }
        ul {
            li { (visit.t("privacy-erase-gone-readings")) }
            li { (visit.t("privacy-erase-gone-words")) }
            li { (visit.t("privacy-erase-gone-counter")) }
        }
        p { (visit.t("privacy-erase-stays")) }
        p { (visit.t("privacy-erase-first")) " " a href="/privacy" { (visit.t("privacy-take")) } }
        form method="post" action="/privacy/erase" {
            (hidden(visit, "erase"))
            p { (visit.say(&Phrase::new("privacy-erase-type").with("id", visit.person.id.as_str()))) }
            (field.render(visit, problems))
            (submit(visit, &Phrase::new("privacy-erase-button")))
        }
        p { a href="/privacy" { (visit.t("privacy-back")) } }
    }
}

fn erased(visit: &Visit, done: &Erased) -> Markup {
    let receipt = serde_json::to_string_pretty(&done.receipt).unwrap_or_default();
    let file = format!("brisk-erased-{}.json", done.receipt.erased_at.date_naive());
    html! {
        p { (visit.say(&count("privacy-erased", usize::try_from(done.receipt.tombstone.records).unwrap_or(usize::MAX)))) }
        @for note in &done.notes { p { (visit.say(note)) } }
        h2 { (visit.t("privacy-receipt")) }
        p { (visit.t("privacy-receipt-keep")) }
        p { a download=(file) href={ "data:application/json;charset=utf-8," (percent_encoded(&receipt)) } {
            (visit.t("privacy-receipt-save"))
        } }
        pre dir="ltr" { (receipt) }
    }
}

fn let_in(visit: &Visit, time: &LetIn) -> Phrase {
    let wall = |at| visit.person.calendar.wall(at).unwrap_or_default();
    let key = if time.until.is_some() { "privacy-left-from" } else { "privacy-left-since" };
    let from = wall(time.from);
    let phrase = Phrase::new(key).with("date", Arg::DateYear(from.date())).with("time", from.time());
    match time.until.map(wall) {
        Some(end) => phrase.with("end", Arg::DateYear(end.date())).with("ended", end.time()),
        None => phrase,
    }
}

fn count(key: &'static str, count: usize) -> Phrase {
    Phrase::new(key).with("count", u32::try_from(count).unwrap_or(u32::MAX))
}

/// "12 MB", of a million bytes each, one at least.
fn size(bytes: u64) -> String {
    format!("{} MB", bytes.div_ceil(1_000_000).max(1))
}

/// Everything but letters and digits as `%` and two digits.
fn percent_encoded(text: &str) -> String {
    let parts = text
        .bytes()
        .map(|byte| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") });
    parts.collect()
}
