//! What all pages share: the frame around them, and how a question becomes one.

use std::sync::Arc;

use axum::{
    http::StatusCode,
    response::{IntoResponse as _, Redirect, Response},
};
use maud::{DOCTYPE, Markup, html};

use super::{
    assets::{ICON, STYLE},
    door::Visit,
    form::Fields,
};
use crate::{
    api::{App, Problem},
    goal,
    words::Phrase,
};

/// Which page it is; the way to it in the menu is marked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Here {
    /// Today.
    Today,
    /// The week.
    Week,
    /// The plan.
    Plan,
    /// The diary.
    Diary,
    /// The weekly review.
    Review,
    /// The band.
    Band,
    /// The sheet to print.
    Print,
    /// What is kept.
    Privacy,
    /// Setting up.
    Setup,
    /// A page that stands in no menu.
    Elsewhere,
}

impl Here {
    /// What stands in the menu, with its address and its message.
    pub const MENU: [(Self, &'static str, &'static str); 8] = [
        (Self::Today, "/", "menu-today"),
        (Self::Week, "/week", "menu-week"),
        (Self::Plan, "/plan", "menu-plan"),
        (Self::Diary, "/diary", "menu-diary"),
        (Self::Review, "/review", "menu-review"),
        (Self::Band, "/band", "menu-band"),
        (Self::Privacy, "/privacy", "menu-privacy"),
        (Self::Setup, "/setup", "menu-setup"),
    ];
}

/// A page's own part.
pub struct Page {
    /// Which.
    pub here: Here,
    /// Its heading, and the title in the browser.
    pub title: Phrase,
    /// What stands below the heading.
    pub body: Markup,
}

/// What came of something that was sent.
pub enum Outcome {
    /// It was done; the browser goes on to this page.
    Done(String),
    /// Something does not fit: the page again, with what was typed and a sentence beside each field.
    Again(Page),
}

impl Outcome {
    /// Goes on to a page when something was done, and shows the form again when something about it does not fit.
    ///
    /// # Errors
    /// When something else went wrong.
    pub fn of(
        done: Result<(), Problem>,
        path: &str,
        again: impl FnOnce(&[goal::Problem]) -> Result<Page, Problem>,
    ) -> Result<Self, Problem> {
        match done {
            Ok(()) => Ok(Self::Done(path.to_owned())),
            Err(problem) if !problem.fields.is_empty() => Ok(Self::Again(again(&problem.fields)?)),
            Err(problem) => Err(problem),
        }
    }
}

/// Answers a question with a page. The work may block on the disk.
pub async fn answer(
    app: Arc<App>,
    visit: Visit,
    work: impl FnOnce(&App, &Visit) -> Result<Page, Problem> + Send + 'static,
) -> Response {
    let seen = visit.clone();
    match on_disk(move || work(&app, &seen)).await {
        Ok(page) => frame(&visit, &page).into_response(),
        Err(problem) => trouble(&visit, &problem),
    }
}

/// Takes in what was sent with a form. The work may block on the disk.
pub async fn change(
    app: Arc<App>,
    visit: Visit,
    fields: Fields,
    work: impl FnOnce(&App, &Visit, &Fields) -> Result<Outcome, Problem> + Send + 'static,
) -> Response {
    let seen = visit.clone();
    match on_disk(move || work(&app, &seen, &fields)).await {
        Ok(Outcome::Done(path)) => Redirect::to(&path).into_response(),
        Ok(Outcome::Again(page)) => (StatusCode::UNPROCESSABLE_ENTITY, frame(&visit, &page)).into_response(),
        Err(problem) => trouble(&visit, &problem),
    }
}

async fn on_disk<T: Send + 'static>(work: impl FnOnce() -> Result<T, Problem> + Send + 'static) -> Result<T, Problem> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|_| Err(Problem::inside()))
}

/// A page that says why there is no other.
fn trouble(visit: &Visit, problem: &Problem) -> Response {
    let page = Page {
        here: Here::Elsewhere,
        title: Phrase::new("trouble-title"),
        body: html! { (reason(visit, problem)) p { a href="/" { (visit.t("trouble-back")) } } },
    };
    (problem.code, frame(visit, &page)).into_response()
}

/// Why something could not be shown or done: in the person's language, else marked as English.
pub fn reason(visit: &Visit, problem: &Problem) -> Markup {
    html! {
        @if let Some(phrase) = &problem.phrase {
            p { (visit.say(phrase)) }
        } @else if problem.fields.is_empty() {
            p lang="en" dir="ltr" { (problem.text) }
        } @else {
            @for misfit in &problem.fields { p { (visit.say(&misfit.phrase)) } }
        }
    }
}

/// The whole document.
pub fn frame(visit: &Visit, page: &Page) -> Markup {
    let title = visit.say(&page.title);
    html! {
        (DOCTYPE)
        html lang=(visit.language.tag()) dir=(visit.language.direction()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) " · Brisk" }
                link rel="stylesheet" href=(STYLE.href());
                link rel="icon" type="image/svg+xml" href=(ICON.href());
            }
            body {
                a.skip href="#main" { (visit.t("skip-to-content")) }
                header {
                    @if visit.exposed {
                        p.exposed role="note" {
                            (visit.t("exposed")) " " a href="/setup" { (visit.t("exposed-setup")) }
                        }
                    }
                    @if let Some(label) = visit.person.called() { p.whose { bdi { (label) } } }
                    (menu(visit, page.here))
                }
                main id="main" tabindex="-1" {
                    h1 { (title) }
                    (page.body)
                }
            }
        }
    }
}

fn menu(visit: &Visit, current: Here) -> Markup {
    html! {
        nav aria-label=(visit.t("menu")) {
            ul {
                @for (here, path, key) in Here::MENU {
                    li { a href=(path) aria-current=[(here == current).then_some("page")] { (visit.t(key)) } }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        time::{Calendar, Zone},
        words::Language,
    };

    #[test]
    fn a_reason_that_is_known_in_english_alone_is_marked_as_english() {
        let person = crate::demo::person("p1".parse().unwrap(), Calendar::midnight(Zone::AS_IT_STANDS));
        let visit = Visit::of(person, Language::He);
        let misfit = goal::Problem { field: "from", phrase: Phrase::new("problem-date") };
        let misfits = Problem { fields: vec![misfit], ..Problem::inside() };

        let english = reason(&visit, &Problem::inside()).into_string();
        let hebrew = reason(&visit, &misfits).into_string();

        assert!(english.starts_with("<p lang=\"en\" dir=\"ltr\">the program failed"), "{english}");
        assert_eq!(hebrew, format!("<p>{}</p>", visit.t("problem-date")));
    }
}
