//! One side of paper for the fridge or the visit: the week, the plan, the diary.

use std::sync::Arc;

use axum::{
    extract::{Query, State},
    response::Response,
};
use maud::{Markup, html};

use super::week::{self, Asked, WeekSeen};
use crate::{
    api::App,
    config::Display,
    goal::{GoalVersion, Period, Weekdays, wording::kind_name},
    web::{
        door::Visit,
        page::{Here, Page, answer},
    },
    words::{Arg, Phrase},
};

/// Lines of the diary for which there is room on the page.
const DIARY_LINES: usize = 6;
/// Letters of a note for which there is room on its line.
const NOTE_LETTERS: usize = 40;
/// Letters of each text of the plan for which there is room: two lines.
const PLAN_LETTERS: usize = 160;

/// `GET /print?from=DATE`
pub async fn show(State(app): State<Arc<App>>, visit: Visit, Query(asked): Query<Asked>) -> Response {
    answer(app, visit, move |app, visit| {
        let seen = week::look(app, &visit.person, &asked)?;
        let title =
            Phrase::new("print-title").with("from", Arg::DateYear(seen.from)).with("to", Arg::DateYear(seen.to));
        Ok(Page { here: Here::Print, title, body: sheet(visit, &seen) })
    })
    .await
}

fn sheet(visit: &Visit, seen: &WeekSeen) -> Markup {
    html! {
        div.sheet {
            p.actions { span { (visit.t("print-how")) } }
            h2 { (visit.t("print-week")) }
            @for phrase in seen.summary() { p { (visit.say(&phrase)) } }
            (seen.picture(visit))
            (seen.table(visit))
            h2 { (visit.t("print-plan")) }
            @match visit.person.record.goals.goal_on(seen.to.min(seen.today)) {
                Some(goal) => { (plan(visit, goal)) }
                None => { p { (visit.t("print-plan-none")) } }
            }
            h2 { (visit.t("print-diary")) }
            (diary(visit, seen))
        }
    }
}

/// What is planned beside its amount, which stands above the week.
fn plan(visit: &Visit, goal: &GoalVersion) -> Markup {
    let line = |key, text: &Option<String>| {
        let phrase = text.as_ref().map(|text| Phrase::new(key).with("text", shortened(text, PLAN_LETTERS)));
        html! { @if let Some(phrase) = phrase { p dir="auto" { (visit.say(&phrase)) } } }
    };
    html! {
        @if let Some(words) = &goal.own_words { blockquote.quote dir="auto" { (shortened(words, PLAN_LETTERS)) } }
        @if goal.period == Period::Day && goal.days != Weekdays::ALL {
            p { (visit.say(&Phrase::new("print-days").with("days", days(visit, goal.days)))) }
        }
        (line("print-when-where", &goal.when_where))
        (line("print-because", &goal.relevant_because))
    }
}

/// "Monday, Wednesday, Friday".
fn days(visit: &Visit, days: Weekdays) -> String {
    let all = (1..=7_u8).filter(|day| chrono::Weekday::try_from(day - 1).is_ok_and(|weekday| days.contains(weekday)));
    let names = all.map(|day| visit.say(&Phrase::new("weekday").with("day", Arg::Weekday(day))));
    names.collect::<Vec<_>>().join(", ")
}

/// A text may be long, and the page has one side.
fn shortened(text: &str, letters: usize) -> String {
    let mut short: String = text.chars().take(letters).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

fn diary(visit: &Visit, seen: &WeekSeen) -> Markup {
    let entries: Vec<_> = visit.person.record.diary.between(seen.from, seen.to).collect();
    let more = u32::try_from(entries.len().saturating_sub(DIARY_LINES)).unwrap_or(u32::MAX);
    if entries.is_empty() {
        return html! { p { (visit.t("print-diary-none")) } };
    }
    html! {
        ul {
            @for entry in entries.iter().take(DIARY_LINES) {
                @let key = if visit.person.display == Display::Full { "print-diary-line" } else { "print-diary-entry" };
                @let line = Phrase::new(key)
                    .with("date", entry.date)
                    .with("kind", kind_name(&entry.kind))
                    .with("minutes", entry.minutes);
                li {
                    (visit.say(&line))
                    @if let Some(note) = &entry.note { ". " bdi { (shortened(note, NOTE_LETTERS)) } }
                }
            }
            @if more > 0 { li { (visit.say(&Phrase::new("print-diary-more").with("count", more))) } }
        }
    }
}
