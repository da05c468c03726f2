//! The door from outside: a browser shows the code that this computer gave, once.

use std::sync::Arc;

use axum::{
    Form,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse as _, Redirect, Response},
};
use maud::{DOCTYPE, Markup, html};

use crate::{
    api::{App, Problem},
    days::Person,
    web::{
        door::{
            Came,
            codes::{Then, Tried},
            language,
        },
        form::Fields,
    },
    words::{Language, Phrase, say},
};

/// What the page shows besides the field for the code.
#[derive(Default)]
struct Shown<'a> {
    typed: &'a str,
    problem: Option<Phrase>,
    /// Whose pages there are to choose from; the code is right then.
    people: Vec<(&'a str, &'a str)>,
}

/// `GET /enter`
pub async fn show(headers: HeaderMap) -> Response {
    page(language(&headers), &Shown::default()).into_response()
}

/// `POST /enter`
pub async fn enter(
    State(app): State<Arc<App>>,
    came: Came,
    headers: HeaderMap,
    Form(fields): Form<Vec<(String, String)>>,
) -> Response {
    let (language, fields) = (language(&headers), Fields(fields));
    let typed = fields.text("code").unwrap_or_default();
    let people = app.book.people();
    let person = match &people[..] {
        [only] => Some(Arc::clone(only)),
        several => several.iter().find(|one| fields.text("person") == Some(one.id.as_str())).map(Arc::clone),
    };
    let then = if person.is_some() { Then::UseUp } else { Then::Keep };
    let again = |code: StatusCode, problem: Phrase| {
        let shown = Shown { typed, problem: Some(problem), people: Vec::new() };
        (code, page(language, &shown)).into_response()
    };
    match (app.door.attempt(typed, came, then), person) {
        (Tried::Right, Some(person)) => let_in(app, person, headers, language).await,
        (Tried::Right, None) => {
            // Whose pages there are is told to whom the code lets in.
            let named = people.iter().map(|one| (one.id.as_str(), one.name())).collect();
            page(language, &Shown { typed, problem: None, people: named }).into_response()
        }
        (Tried::Wrong, _) => again(StatusCode::UNPROCESSABLE_ENTITY, Phrase::new("enter-wrong")),
        (Tried::NoCode, _) => again(StatusCode::UNPROCESSABLE_ENTITY, Phrase::new("enter-no-code")),
        (Tried::Wait(rest), _) => {
            let seconds = u32::try_from(rest.as_secs()).unwrap_or(u32::MAX).saturating_add(1);
            let mut answer = again(StatusCode::TOO_MANY_REQUESTS, wait(seconds));
            answer.headers_mut().insert(header::RETRY_AFTER, seconds.into());
            answer
        }
    }
}

/// A browser goes through its code once: what it sent before is not sent again by going back.
async fn let_in(app: Arc<App>, person: Arc<Person>, headers: HeaderMap, language: Language) -> Response {
    let admitted = tokio::task::spawn_blocking(move || app.door.admit(&person.id, &headers)).await;
    match admitted {
        Ok(Ok(cookie)) => ([(header::SET_COOKIE, cookie)], Redirect::to("/")).into_response(),
        Ok(Err(error)) => {
            let problem = Some(error.phrase());
            let code = Problem::from(error).code;
            (code, page(language, &Shown { problem, ..Shown::default() })).into_response()
        }
        Err(_) => Problem::inside().into_response(),
    }
}

fn wait(seconds: u32) -> Phrase {
    if seconds < 90 {
        Phrase::new("enter-wait-seconds").with("count", seconds)
    } else {
        Phrase::new("enter-wait-minutes").with("count", seconds.div_ceil(60))
    }
}

/// The whole document: nobody is known yet, so there is no menu.
fn page(language: Language, shown: &Shown<'_>) -> Markup {
    let t = |key| say(language, &Phrase::new(key));
    html! {
        (DOCTYPE)
        html lang=(language.tag()) dir=(language.direction()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (t("enter-title")) " · Brisk" }
                link rel="stylesheet" href="/assets/style.css";
            }
            body {
                main id="main" tabindex="-1" {
                    h1 { (t("enter-title")) }
                    form method="post" action="/enter" {
                        @if shown.people.is_empty() { (code_field(&t, language, shown)) } @else { (choice(&t, shown)) }
                        button type="submit" { (t("enter-submit")) }
                    }
                    // Who comes by a link from elsewhere is not known at first, and is by one from here.
                    p { a href="/" { (t("enter-known")) } }
                }
            }
        }
    }
}

fn code_field(t: &impl Fn(&'static str) -> String, language: Language, shown: &Shown<'_>) -> Markup {
    let described = if shown.problem.is_some() { "code-hint code-problem" } else { "code-hint" };
    html! {
        div.field {
            label for="code" { (t("enter-code")) }
            p.hint id="code-hint" { (t("enter-code-hint")) " " code dir="ltr" { "brisk web code" } }
            @if let Some(problem) = &shown.problem { p.problem id="code-problem" { (say(language, problem)) } }
            input id="code" name="code" type="text" inputmode="numeric" autocomplete="one-time-code" dir="ltr"
                value=(shown.typed) aria-describedby=(described)
                aria-invalid=[shown.problem.as_ref().map(|_| "true")];
        }
    }
}

fn choice(t: &impl Fn(&'static str) -> String, shown: &Shown<'_>) -> Markup {
    html! {
        input type="hidden" name="code" value=(shown.typed);
        fieldset {
            legend { (t("enter-whose")) }
            @for (place, (id, label)) in shown.people.iter().enumerate() {
                div.option {
                    input type="radio" id={ "whose-" (place) } name="person" value=(id) required[place == 0];
                    label for={ "whose-" (place) } dir="auto" { (label) }
                }
            }
        }
    }
}
