//! Setting up, from first start to first total: what is done and what comes next.

pub mod band;
pub mod doctor;
pub mod network;
pub mod own_time;
pub mod person;

use std::sync::Arc;

use axum::{extract::State, response::Response};
use maud::{Markup, html};

use crate::{
    api::{App, Problem, notices},
    days::Person,
    web::{
        door::Visit,
        page::{Here, Page, answer},
        pages::notice,
    },
    words::Phrase,
};

/// One step of setting up.
struct Step {
    title: &'static str,
    /// How it stands.
    stands: Phrase,
    /// It is done, or needs nothing.
    done: bool,
    /// Where it is done, with what the way there is called; none for what happens by itself.
    at: Option<(&'static str, &'static str)>,
}

/// `GET /setup`
pub async fn show(State(app): State<Arc<App>>, visit: Visit) -> Response {
    answer(app, visit, |app, visit| {
        let steps = steps(app, visit)?;
        let next = steps.iter().position(|step| !step.done);
        // Before the clock is set nobody can tell for how long a band was silent.
        let told = if app.clock.synchronised() { notices::helper(app, None, app.clock.utc())? } else { Vec::new() };
        let body = html! {
            p { (visit.t(if next.is_none() { "setup-all-done" } else { "setup-about" })) }
            @if let Some(lines) = notice::helper_lines(visit, &told) { (lines) }
            ol.steps {
                @for (place, step) in steps.iter().enumerate() {
                    li.card {
                        h2 { (visit.t(step.title)) }
                        p.muted { (visit.t(state(step.done, Some(place) == next))) }
                        p { (visit.say(&step.stands)) }
                        @if let Some((path, key)) = step.at {
                            // Two ways on are both called "Change it": which is which is read aloud.
                            @let way = format!("{}: {}", visit.t(key), visit.t(step.title));
                            p.actions { a.button href=(path) aria-label=(way) { (visit.t(key)) } }
                        }
                    }
                }
            }
        };
        Ok(Page { here: Here::Setup, title: Phrase::new("setup-title"), body })
    })
    .await
}

fn state(done: bool, next: bool) -> &'static str {
    match (done, next) {
        (true, _) => "setup-step-done",
        (false, true) => "setup-step-next",
        (false, false) => "setup-step-later",
    }
}

fn steps(app: &App, visit: &Visit) -> Result<Vec<Step>, Problem> {
    let person = &visit.person;
    let today = person.calendar.day_at(app.clock.utc().timestamp()).date;
    let zone = person.calendar.on(today).zone.name().unwrap_or("UTC");
    let paired = has_band(app, person)?;
    let heard = app.heard_last(person)?.and_then(|state| state.last_arrival);
    let own_time = !person.record.own_time.all().is_empty();
    Ok(vec![
        Step {
            title: "setup-person",
            stands: Phrase::new("setup-person-stands").with("name", person.name()).with("zone", zone),
            done: true,
            at: Some(("/setup/person", "setup-change")),
        },
        Step {
            title: "setup-own-time",
            stands: Phrase::new(if own_time { "setup-own-time-set" } else { "setup-own-time-all" }),
            // Without working hours all waking time is the person's own.
            done: true,
            at: Some(("/setup/own-time", "setup-change")),
        },
        Step {
            title: "setup-band",
            stands: Phrase::new(if paired { "setup-band-there" } else { "setup-band-none" }),
            done: paired,
            at: Some(("/setup/band", if paired { "setup-band-look" } else { "setup-band-find" })),
        },
        Step {
            title: "setup-first",
            stands: match heard.and_then(|at| person.calendar.wall(at)) {
                Some(wall) => Phrase::new("setup-first-heard").with("date", wall.date()).with("time", wall.time()),
                None => Phrase::new("setup-first-waiting"),
            },
            done: heard.is_some(),
            at: heard.map(|_| ("/", "setup-first-look")),
        },
        Step {
            title: "setup-network",
            stands: Phrase::new(if visit.exposed { "setup-network-open" } else { "setup-network-closed" }),
            done: true,
            at: Some(("/setup/network", "setup-network-change")),
        },
        Step {
            title: "setup-check",
            stands: Phrase::new("setup-check-about"),
            done: true,
            at: Some(("/setup/check", "setup-check-look")),
        },
    ])
}

/// What comes next for a person without a band, or whose band has told nothing yet; none once something has arrived.
///
/// # Errors
/// When the store fails.
pub fn next(app: &App, visit: &Visit) -> Result<Option<Markup>, Problem> {
    if app.heard_last(&visit.person)?.is_some() {
        return Ok(None);
    }
    let (about, path, key) = if has_band(app, &visit.person)? {
        ("setup-next-waiting", "/setup/band", "setup-band-look")
    } else {
        ("setup-next-band", "/setup", "setup-next-go")
    };
    Ok(Some(html! {
        section.card {
            p { (visit.t(about)) }
            p.actions { a.button href=(path) { (visit.t(key)) } }
        }
    }))
}

fn has_band(app: &App, person: &Person) -> Result<bool, Problem> {
    let Some(desk) = &app.desk else { return Ok(!person.counters.is_empty()) };
    Ok(desk.counters()?.iter().any(|counter| counter.wanted && counter.owner() == Some(&person.id)))
}
