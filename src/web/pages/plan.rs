//! My plan: in the person's own words first, then what makes it a plan, what may be done with it, and all plans before.

pub mod change;

use std::sync::Arc;

use axum::{Form, extract::State, response::Response};
use chrono::{Days, NaiveDate, Weekday};
use maud::{Markup, html};

use crate::{
    api::{App, Problem, goals, review},
    config::Display,
    goal::{self, DecidedBy, GoalVersion, Measure, Period, Stage, Weekdays, decision::Found, wording::amount},
    web::{
        door::Visit,
        form::{self, Choice, Field, Fields, elsewhere, hidden},
        page::{self, Here, Outcome, Page, answer},
    },
    words::{Arg, Phrase},
};

/// Days from one look at the plan to the next, when the person keeps it.
const LOOK_AGAIN_DAYS: u64 = 28;

/// What forms on this page send.
type Sent = Form<Vec<(String, String)>>;

/// `GET /plan`
pub async fn show(State(app): State<Arc<App>>, visit: Visit) -> Response {
    answer(app, visit, |app, visit| plan(app, visit, &Fields::default(), &[])).await
}

/// `POST /plan/pause` with `until` and perhaps `reason`.
pub async fn pause(State(app): State<Arc<App>>, visit: Visit, Form(sent): Sent) -> Response {
    page::change(app, visit, Fields(sent), |app, visit, fields| {
        let now = app.trusted_now()?;
        let mut found = Found::default();
        let until = fields.date("until", &mut found.0);
        found.when(fields.text("until").is_none(), "until", || Phrase::new("problem-pause-open"));
        let done = match (until, found.done()) {
            (Some(until), Ok(())) => {
                goals::pause(app, &visit.person, until, fields.text("reason").map(str::to_owned), now)
            }
            (_, problems) => problems.map_err(Problem::from),
        };
        Outcome::of(done, "/plan", |problems| plan(app, visit, fields, problems))
    })
    .await
}

/// `POST /plan/resume`
pub async fn resume(State(app): State<Arc<App>>, visit: Visit, Form(sent): Sent) -> Response {
    page::change(app, visit, Fields(sent), |app, visit, fields| {
        let done = goals::resume(app, &visit.person, visit.person.today(app.trusted_now()?), app.trusted_now()?);
        Outcome::of(done, "/plan", |problems| plan(app, visit, fields, problems))
    })
    .await
}

/// `POST /plan/end`
pub async fn end(State(app): State<Arc<App>>, visit: Visit, Form(sent): Sent) -> Response {
    page::change(app, visit, Fields(sent), |app, visit, fields| {
        let done = goals::end(app, &visit.person, visit.person.today(app.trusted_now()?), None, app.trusted_now()?);
        Outcome::of(done, "/plan", |problems| plan(app, visit, fields, problems))
    })
    .await
}

/// `POST /plan/keep`: the same goal, to be looked at again in four weeks.
pub async fn keep(State(app): State<Arc<App>>, visit: Visit, Form(sent): Sent) -> Response {
    page::change(app, visit, Fields(sent), |app, visit, fields| {
        let (now, today) = (app.trusted_now()?, visit.person.today(app.trusted_now()?));
        let history = &visit.person.record.goals;
        let Some(goal) = history.goal_on(today).filter(|goal| is_due(goal, today)) else {
            // Sent twice, or the plan is another by now: there is nothing to keep.
            return Ok(Outcome::Done("/plan".to_owned()));
        };
        let kept = GoalVersion {
            id: history.next_id(),
            from: today,
            review_on: Some(today + Days::new(LOOK_AGAIN_DAYS)),
            ..goal.clone()
        };
        let done = goals::set(app, &visit.person, &kept, now);
        Outcome::of(done, "/plan", |problems| plan(app, visit, fields, problems))
    })
    .await
}

/// `POST /plan/programme` with `programme`; empty for none.
pub async fn programme(State(app): State<Arc<App>>, visit: Visit, Form(sent): Sent) -> Response {
    page::change(app, visit, Fields(sent), |app, visit, fields| {
        let (now, today) = (app.trusted_now()?, visit.person.today(app.trusted_now()?));
        let name = fields.text("programme").map(str::to_owned);
        let done = review::use_programme(app, &visit.person, name, today, now);
        Outcome::of(done, "/plan", |problems| plan(app, visit, fields, problems))
    })
    .await
}

/// Whether the day has come on which the person wanted to look at the goal again.
fn is_due(goal: &GoalVersion, today: NaiveDate) -> bool {
    goal.review_on.is_some_and(|review| review <= today)
}

/// Whether a person is shown the numbers of a goal.
pub(super) fn shows_numbers(display: Display, measure: &Measure) -> bool {
    match display {
        Display::Full => true,
        Display::StepsOnly => *measure == Measure::Steps,
        Display::Blinded => false,
    }
}

fn plan(app: &App, visit: &Visit, fields: &Fields, problems: &[goal::Problem]) -> Result<Page, Problem> {
    let today = visit.person.today(app.trusted_now()?);
    let history = &visit.person.record.goals;
    let goal = history.goal_on(today);
    let display = visit.person.display;
    let body = html! {
        (elsewhere(visit, problems, &["until", "reason", "programme"]))
        @if let Some(until) = history.paused_until(today) {
            section.card {
                p { (visit.say(&Phrase::new("today-paused").with("until", until))) }
                (button(visit, "/plan/resume", "plan-resume"))
            }
        }
        @match goal {
            Some(goal) => {
                (words(visit, goal))
                @if shows_numbers(display, &goal.measure) { (facts(visit, goal)) }
                @if is_due(goal, today) && display != Display::Blinded {
                    section.card {
                        @if let Some(review) = goal.review_on {
                            p { (visit.say(&Phrase::new("plan-look-again").with("day", review))) }
                        }
                        div.actions {
                            (button(visit, "/plan/keep", "plan-keep"))
                            a.button href="/review" { (visit.t("plan-to-review")) }
                        }
                    }
                }
            }
            None => { p { (visit.t("plan-none")) } }
        }
        @if display != Display::Blinded {
            p.actions {
                a.button href="/plan/change" { (visit.t(if goal.is_some() { "plan-change" } else { "plan-make" })) }
            }
        }
        @if goal.is_some() { (pausing(visit, fields, problems)) }
        p { a href="/check-in" { (visit.t("plan-check-ins")) } }
        @if display != Display::Blinded {
            (programmes(app, visit, today, problems))
            (before(visit))
            @if goal.is_some() {
                details {
                    summary { (visit.t("plan-end-summary")) }
                    p { (visit.t("plan-end-about")) }
                    (button(visit, "/plan/end", "plan-end"))
                }
            }
        }
    };
    Ok(Page { here: Here::Plan, title: Phrase::new("plan-title"), body })
}

/// A form that is one button.
fn button(visit: &Visit, path: &str, label: &'static str) -> Markup {
    html! {
        form method="post" action=(path) {
            (hidden(visit, &visit.person.record.goals.next_id()))
            (form::submit(visit, &Phrase::new(label)))
        }
    }
}

/// The plan as the person says it.
fn words(visit: &Visit, goal: &GoalVersion) -> Markup {
    let texts = [
        ("plan-specific", &goal.specific),
        ("plan-when-where", &goal.when_where),
        ("plan-because", &goal.relevant_because),
    ];
    html! {
        @if let Some(own) = &goal.own_words { blockquote.quote dir="auto" { (own) } }
        @if texts.iter().any(|(_, text)| text.is_some()) {
            dl {
                @for (label, text) in texts {
                    @if let Some(text) = text {
                        dt { (visit.t(label)) }
                        dd dir="auto" { (text) }
                    }
                }
            }
        }
    }
}

/// The plan in numbers and days.
fn facts(visit: &Visit, goal: &GoalVersion) -> Markup {
    let decided = match goal.decided_by {
        DecidedBy::Person => "plan-decided-person",
        DecidedBy::WithTherapist => "plan-decided-together",
    };
    html! {
        dl {
            dt { (visit.t("plan-size")) }
            dd { (size(visit, goal)) }
            dt { (visit.t("plan-since")) }
            dd { (visit.say(&Phrase::new("plan-day").with("day", Arg::DateYear(goal.from)))) }
            @if let Some(until) = goal.until {
                dt { (visit.t("plan-until")) }
                dd { (visit.say(&Phrase::new("plan-day").with("day", Arg::DateYear(until)))) }
            }
            @if let Some(review) = goal.review_on {
                dt { (visit.t("plan-review-on")) }
                dd { (visit.say(&Phrase::new("plan-day").with("day", Arg::DateYear(review)))) }
            }
            @if let Some(sure) = goal.confidence {
                dt { (visit.t("plan-confidence")) }
                dd { (visit.say(&Phrase::new("plan-confidence-is").with("sure", u32::from(sure)))) }
            }
            @if let Some(stage) = goal.stage {
                dt { (visit.t("plan-stage")) }
                dd { (visit.t(stage_key(stage))) }
            }
            dt { (visit.t("plan-decided")) }
            dd { (visit.t(decided)) }
        }
    }
}

/// The size of a goal: "20 minutes of brisk walking a day, on Monday, Wednesday".
pub(super) fn size(visit: &Visit, goal: &GoalVersion) -> String {
    let key = match (goal.period, goal.days == Weekdays::ALL) {
        (Period::Week, _) => "plan-per-week",
        (Period::Day, true) => "plan-per-day",
        (Period::Day, false) => "plan-per-day-on",
    };
    let names: Vec<_> = weekdays(visit).into_iter().filter(|(day, _)| goal.days.contains(*day)).collect();
    let names = names.into_iter().map(|(_, name)| name).collect::<Vec<_>>().join(", ");
    visit.say(&Phrase::new(key).with("amount", amount(&goal.measure, goal.amount)).with("days", names))
}

/// Days of the week with their names, Monday first.
fn weekdays(visit: &Visit) -> [(Weekday, String); 7] {
    use Weekday::{Fri, Mon, Sat, Sun, Thu, Tue, Wed};
    [
        (Mon, "weekday-1"),
        (Tue, "weekday-2"),
        (Wed, "weekday-3"),
        (Thu, "weekday-4"),
        (Fri, "weekday-5"),
        (Sat, "weekday-6"),
        (Sun, "weekday-7"),
    ]
    .map(|(day, key)| (day, visit.t(key)))
}

fn stage_key(stage: Stage) -> &'static str {
    match stage {
        Stage::Precontemplation => "stage-precontemplation",
        Stage::Contemplation => "stage-contemplation",
        Stage::Preparation => "stage-preparation",
        Stage::Action => "stage-action",
        Stage::Maintenance => "stage-maintenance",
    }
}

fn pausing(visit: &Visit, fields: &Fields, problems: &[goal::Problem]) -> Markup {
    let until = Field {
        name: "until",
        label: "plan-pause-until",
        hint: Some("plan-pause-hint"),
        kind: "date",
        value: fields.text("until"),
    };
    let reason =
        Field { name: "reason", label: "plan-pause-reason", hint: None, kind: "text", value: fields.text("reason") };
    html! {
        section {
            h2 { (visit.t("plan-pause-title")) }
            form method="post" action="/plan/pause" {
                (hidden(visit, &visit.person.record.goals.next_id()))
                (until.render(visit, problems))
                (reason.render(visit, problems))
                (form::submit(visit, &Phrase::new("plan-pause")))
            }
        }
    }
}

fn programmes(app: &App, visit: &Visit, today: NaiveDate, problems: &[goal::Problem]) -> Markup {
    let mut options = vec![("", visit.t("plan-programme-none"))];
    options.extend(app.programmes.iter().map(|programme| {
        let texts = [&programme.title, &programme.about].map(|text| text.text_in(visit.language));
        (programme.name.as_str(), texts.join(". "))
    }));
    let in_use = visit.person.record.programme_on(today).unwrap_or_default();
    let chosen = Fields(vec![("programme".to_owned(), in_use.to_owned())]);
    let choice = Choice { name: "programme", legend: "plan-programme-which", kind: "radio", options };
    html! {
        details open[problems.iter().any(|problem| problem.field == "programme")] {
            summary { (visit.t("plan-programme-title")) }
            p { (visit.t("plan-programme-about")) }
            form method="post" action="/plan/programme" {
                (hidden(visit, &visit.person.record.goals.next_id()))
                (choice.render(visit, &chosen, problems))
                (form::submit(visit, &Phrase::new("plan-programme-use")))
            }
        }
    }
}

/// All plans with the days on which they counted, newest first.
fn before(visit: &Visit) -> Markup {
    let spans = visit.person.record.goals.spans();
    let day = |date: NaiveDate| visit.say(&Phrase::new("plan-day").with("day", Arg::DateYear(date)));
    let shown: Vec<_> =
        spans.iter().rev().filter(|span| shows_numbers(visit.person.display, &span.goal.measure)).collect();
    html! {
        @if !shown.is_empty() {
            section {
                h2 { (visit.t("plan-history")) }
                table.table {
                    thead {
                        tr {
                            th scope="col" { (visit.t("plan-since")) }
                            th scope="col" { (visit.t("plan-until")) }
                            th scope="col" { (visit.t("plan-size")) }
                        }
                    }
                    tbody {
                        @for span in shown {
                            tr {
                                td { (day(span.from)) }
                                td { (span.until.map_or_else(|| visit.t("plan-goes-on"), day)) }
                                td { (size(visit, span.goal)) }
                            }
                        }
                    }
                }
            }
        }
    }
}
