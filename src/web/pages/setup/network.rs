//! Who may see these pages: which browsers were let in, a code for another one, and other computers.

use std::{sync::Arc, time::Duration};

use axum::{Form, extract::State, response::Response};
use maud::{Markup, html};

use crate::{
    api::App,
    web::{
        door::{Visit, browsers::Which},
        form::{self, Fields},
        page::{Here, Outcome, Page, answer, change},
    },
    words::{Arg, Phrase},
};

/// Where the section stands by itself.
const PATH: &str = "/setup/network";
/// For how long other computers can be let in, hours; none is until it is switched off.
const HOURS: [Option<u32>; 4] = [Some(2), Some(12), Some(48), None];

/// `GET /setup/network`
pub async fn show(State(app): State<Arc<App>>, visit: Visit) -> Response {
    answer(app, visit, |app, visit| Ok(page(app, visit))).await
}

/// `POST /setup/network/code`: a code for another browser, which the page then shows.
pub async fn code(State(app): State<Arc<App>>, visit: Visit, Form(fields): Form<Vec<(String, String)>>) -> Response {
    change(app, visit, Fields(fields), |app, _, _| {
        app.door.new_code()?;
        Ok(done())
    })
    .await
}

/// `POST /setup/network/expose`: other computers, for some hours or until it is switched off.
pub async fn expose(State(app): State<Arc<App>>, visit: Visit, Form(fields): Form<Vec<(String, String)>>) -> Response {
    change(app, visit, Fields(fields), |app, visit, fields| {
        let hours = fields.text("hours").unwrap_or_default();
        let Some(hours) = HOURS.into_iter().find(|known| value(*known) == hours) else {
            return Ok(Outcome::Again(page(app, visit)));
        };
        let how_long = hours.map(|hours| Duration::from_secs(u64::from(hours) * 3600));
        app.door.expose(how_long, &actor(visit))?;
        Ok(done())
    })
    .await
}

/// `POST /setup/network/close`: other computers no more.
pub async fn close(State(app): State<Arc<App>>, visit: Visit, Form(fields): Form<Vec<(String, String)>>) -> Response {
    change(app, visit, Fields(fields), |app, visit, _| {
        app.door.close(&actor(visit))?;
        Ok(done())
    })
    .await
}

/// `POST /setup/network/revoke`: a browser no more.
pub async fn revoke(State(app): State<Arc<App>>, visit: Visit, Form(fields): Form<Vec<(String, String)>>) -> Response {
    change(app, visit, Fields(fields), |app, _, fields| {
        let id = fields.text("browser").unwrap_or_default().to_owned();
        app.door.revoke(&Which::One(id))?;
        Ok(done())
    })
    .await
}

fn done() -> Outcome {
    Outcome::Done(PATH.to_owned())
}

/// Who decides, for the record: a browser by the name under which it stands in the list.
fn actor(visit: &Visit) -> String {
    visit.browser.as_ref().map_or_else(|| "page".to_owned(), |id| format!("browser {id}"))
}

fn page(app: &App, visit: &Visit) -> Page {
    Page { here: Here::Setup, title: Phrase::new("network-title"), body: section(app, visit) }
}

/// The whole section, to stand on Setup.
fn section(app: &App, visit: &Visit) -> Markup {
    if app.door.is_open_house() {
        return html! { p { (visit.t("door-open-house")) } };
    }
    html! {
        section aria-labelledby="network-others" {
            h2 id="network-others" { (visit.t("network-others")) }
            (others(app, visit))
        }
        section aria-labelledby="network-code" {
            h2 id="network-code" { (visit.t("network-code")) }
            (code_for_another(app, visit))
        }
        section aria-labelledby="network-browsers" {
            h2 id="network-browsers" { (visit.t("network-browsers")) }
            (browsers(app, visit))
        }
    }
}

fn others(app: &App, visit: &Visit) -> Markup {
    let Some((until, urls)) = app.door.exposed() else {
        return html! {
            p { (visit.t("network-closed")) }
            form method="post" action={ (PATH) "/expose" } {
                (form::hidden(visit, ""))
                fieldset {
                    legend { (visit.t("network-how-long")) }
                    @for (place, hours) in HOURS.into_iter().enumerate() {
                        div.option {
                            input type="radio" id={ "hours-" (place) } name="hours" value=(value(hours)) checked[place == 0];
                            label for={ "hours-" (place) } { (visit.say(&length(hours))) }
                        }
                    }
                }
                (form::submit(visit, &Phrase::new("network-expose")))
            }
        };
    };
    let open = match until.and_then(|until| visit.person.calendar.wall(until)) {
        Some(until) => Phrase::new("network-open-until").with("date", until.date()).with("time", until.time()),
        None => Phrase::new("network-open"),
    };
    html! {
        p { (visit.say(&open)) }
        ul { @for url in urls { li { code dir="ltr" { (url) } } } }
        p.hint { (visit.t("network-open-hint")) }
        form method="post" action={ (PATH) "/close" } {
            (form::hidden(visit, ""))
            (form::submit(visit, &Phrase::new("network-close")))
        }
    }
}

fn value(hours: Option<u32>) -> String {
    hours.map_or_else(|| "open".to_owned(), |hours| hours.to_string())
}

fn length(hours: Option<u32>) -> Phrase {
    match hours {
        Some(hours) => Phrase::new("network-hours").with("count", hours),
        None => Phrase::new("network-until-off"),
    }
}

fn code_for_another(app: &App, visit: &Visit) -> Markup {
    let current = app.door.current_code().map(|(code, until)| (code, visit.person.calendar.wall(until)));
    html! {
        @if let Some((code, Some(until))) = current {
            p { strong.code dir="ltr" { (code) } }
            p { (visit.say(&Phrase::new("network-code-until").with("time", until.time()))) }
        } @else {
            p { (visit.t("network-code-hint")) }
        }
        form method="post" action={ (PATH) "/code" } {
            (form::hidden(visit, ""))
            (form::submit(visit, &Phrase::new("network-code-new")))
        }
    }
}

fn browsers(app: &App, visit: &Visit) -> Markup {
    html! {
        ul {
            @for browser in app.door.list() {
                li {
                    @let own = visit.browser.as_ref() == Some(&browser.id);
                    p {
                        (browser.name)
                        @if own { " (" (visit.t("network-this-browser")) ")" }
                        ". "
                        (visit.say(&Phrase::new("network-since").with("date", Arg::DateYear(browser.since.date_naive()))))
                        " "
                        (visit.say(&Phrase::new("network-seen").with("date", Arg::DateYear(browser.seen))))
                    }
                    form method="post" action={ (PATH) "/revoke" } {
                        (form::hidden(visit, ""))
                        input type="hidden" name="browser" value=(browser.id);
                        (form::submit(visit, &Phrase::new("network-revoke").with("name", browser.name.as_str())))
                    }
                }
            }
        }
    }
}
