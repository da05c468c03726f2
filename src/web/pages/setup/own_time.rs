//! When the person works and sleeps, and when their day begins.

use std::sync::Arc;

use axum::{Form, extract::State, response::Response};
use chrono::{NaiveDate, NaiveTime};
use maud::{Markup, html};

use crate::{
    api::{
        App,
        own_time::{self, WindowsChange, WindowsReply},
    },
    goal::decision::Problem as Misfit,
    model::windows::{Weekly, Windows},
    person::own_time::Since,
    web::{
        door::Visit,
        form::{Field, Fields, hidden, submit},
        page::{Here, Outcome, Page, answer, change},
    },
    words::{Arg, Phrase},
};

/// Names of the days as they are sent, Monday first.
const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// Hours of some days of the week: names of its fields.
struct Row {
    days: &'static str,
    from: &'static str,
    to: &'static str,
    /// The hours go on into the next morning.
    over: &'static str,
}

/// As many different working hours as the page has room for; `brisk window set` takes any.
const WORK: [Row; 3] = [
    Row { days: "work-1-days", from: "work-1-from", to: "work-1-to", over: "work-1-over" },
    Row { days: "work-2-days", from: "work-2-from", to: "work-2-to", over: "work-2-over" },
    Row { days: "work-3-days", from: "work-3-from", to: "work-3-to", over: "work-3-over" },
];

/// The part of the setup page.
fn section(app: &App, visit: &Visit) -> Markup {
    let known = own_time::windows(app, &visit.person);
    form(visit, &as_typed(&known), &[], &known.windows)
}

/// `GET /setup/own-time`
pub async fn show(State(app): State<Arc<App>>, visit: Visit) -> Response {
    answer(app, visit, |app, visit| Ok(page(section(app, visit)))).await
}

/// `POST /setup/own-time`
pub async fn set(State(app): State<Arc<App>>, visit: Visit, Form(sent): Form<Vec<(String, String)>>) -> Response {
    change(app, visit, Fields(sent), |app, visit, fields| {
        let known = own_time::windows(app, &visit.person).windows;
        let (wanted, mut misfits) = read(visit, fields, &known);
        if misfits.is_empty() {
            match own_time::set_windows(app, wanted) {
                Ok(_) => return Ok(Outcome::Done("/setup".to_owned())),
                Err(problem) if problem.fields.is_empty() => return Err(problem),
                Err(problem) => misfits.extend(problem.fields.into_iter().map(beside)),
            }
        }
        Ok(Outcome::Again(page(form(visit, fields, &misfits, &known))))
    })
    .await
}

fn page(body: Markup) -> Page {
    Page { here: Here::Setup, title: Phrase::new("own-time-title"), body }
}

/// The decision's fields as they are called on this page.
fn beside(problem: Misfit) -> Misfit {
    let field = match problem.field {
        "from" => "own-time-from",
        "start_of_day" => "start-of-day",
        other => other,
    };
    Misfit { field, ..problem }
}

/// What was typed as a change. Hours that the page has no room for stay as they are while its fields are empty.
fn read(visit: &Visit, fields: &Fields, known: &Windows) -> (WindowsChange, Vec<Misfit>) {
    let mut misfits = Vec::new();
    let from = fields.date("own-time-from", &mut misfits);
    let rows: Vec<String> = WORK.iter().filter_map(|row| read_row(row, fields, &mut misfits)).collect();
    let stays = rows.is_empty() && work_in_detail(&known.work);
    let sleep = hours(fields, ("sleep-from", "sleep-to"), Over::Midnight, &mut misfits);
    let sleep_stays = sleep.is_none() && sleep_in_detail(&known.sleep);
    let start = fields.time("start-of-day", &mut misfits);
    let start_known = visit.person.calendar.on(from.unwrap_or(NaiveDate::MIN)).start_of_day;
    let wanted = WindowsChange {
        participant: Some(visit.person.id.clone()),
        from: Some(from.map_or(Since::Ever, Since::Day)),
        work: (!stays).then(|| week(&rows)),
        sleep: (!sleep_stays).then(|| week(sleep.map(|hours| format!("daily {hours}")).as_slice())),
        start_of_day: start.filter(|start| *start != start_known),
    };
    (wanted, misfits)
}

/// A week of entries that were looked at one by one.
fn week(entries: &[String]) -> Weekly {
    entries.join("; ").parse().unwrap_or_default()
}

/// Whether hours may go on into the next day.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Over {
    Midnight,
    No,
}

/// `mon,tue 08:00-16:00`; none for a row that says nothing, and for what does not fit, with a sentence beside it.
fn read_row(row: &Row, fields: &Fields, misfits: &mut Vec<Misfit>) -> Option<String> {
    let over = if fields.text(row.over).is_some() { Over::Midnight } else { Over::No };
    let days: Vec<_> = fields.all(row.days).filter(|day| DAYS.contains(day)).collect();
    let before = misfits.len();
    let Some(hours) = hours(fields, (row.from, row.to), over, misfits) else {
        if !days.is_empty() && misfits.len() == before {
            misfits.push(Misfit { field: row.from, phrase: Phrase::new("problem-window-hours") });
        }
        return None;
    };
    if days.is_empty() {
        misfits.push(Misfit { field: row.days, phrase: Phrase::new("problem-window-days") });
        return None;
    }
    Some(format!("{} {hours}", days.join(",")))
}

/// `08:00-16:00`; none for nothing, and for what does not fit, with a sentence beside it.
fn hours(
    fields: &Fields,
    (from_field, to_field): (&'static str, &'static str),
    over: Over,
    misfits: &mut Vec<Misfit>,
) -> Option<String> {
    let before = misfits.len();
    let (from, to) = (fields.time(from_field, misfits), fields.time(to_field, misfits));
    if misfits.len() > before {
        return None;
    }
    let (field, key) = match (from, to) {
        (None, None) => return None,
        (Some(_), None) => (to_field, "problem-window-half"),
        (None, Some(_)) => (from_field, "problem-window-half"),
        // An end at midnight is the end of the same day.
        (Some(from), Some(to)) if to == NaiveTime::MIN || from < to || (to < from && over == Over::Midnight) => {
            return Some(format!("{}-{}", from.format("%H:%M"), to.format("%H:%M")));
        }
        (Some(from), Some(to)) if from == to => (to_field, "problem-window-equal"),
        (Some(_), Some(_)) => (to_field, "problem-window-order"),
    };
    misfits.push(Misfit { field, phrase: Phrase::new(key) });
    None
}

/// Hours and the days that have them, `(from, to, days)`, times as they are typed.
fn groups(week: &Weekly) -> Vec<(String, String, Vec<&'static str>)> {
    let mut groups: Vec<(String, String, Vec<&'static str>)> = Vec::new();
    for (day, from, to) in week.as_begun() {
        let (from, to) = (typed(from), typed(to));
        match groups.iter_mut().find(|group| (&group.0, &group.1) == (&from, &to)) {
            Some(group) => group.2.push(DAYS[day]),
            None => groups.push((from, to, vec![DAYS[day]])),
        }
    }
    groups
}

/// A minute of the day as a browser wants it; the end of a day is its midnight.
fn typed(minute: u16) -> String {
    format!("{:02}:{:02}", minute / 60 % 24, minute % 60)
}

/// Hours that are the same every night; none when they are not.
fn nightly(week: &Weekly) -> Option<(String, String)> {
    match groups(week).as_slice() {
        [(from, to, days)] if days.len() == DAYS.len() => Some((from.clone(), to.clone())),
        _ => None,
    }
}

/// What holds today, as it would have been typed.
fn as_typed(known: &WindowsReply) -> Fields {
    let mut fields: Vec<(&str, String)> = vec![
        ("own-time-from", known.today.to_string()),
        ("start-of-day", known.start_of_day.format("%H:%M").to_string()),
    ];
    let work = groups(&known.windows.work);
    if !work_in_detail(&known.windows.work) {
        for (row, (from, to, days)) in WORK.iter().zip(work) {
            fields.extend(days.into_iter().map(|day| (row.days, day.to_owned())));
            fields.extend((to < from && to != "00:00").then(|| (row.over, "yes".to_owned())));
            fields.extend([(row.from, from), (row.to, to)]);
        }
    }
    if let Some((from, to)) = nightly(&known.windows.sleep) {
        fields.extend([("sleep-from", from), ("sleep-to", to)]);
    }
    Fields(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

fn form(visit: &Visit, fields: &Fields, misfits: &[Misfit], known: &Windows) -> Markup {
    let time =
        |name, label, hint| Field { name, label, hint, kind: "time", value: fields.text(name) }.render(visit, misfits);
    let detail = |week: &Weekly| visit.say(&Phrase::new("own-time-detail").with("week", week.to_string()));
    let work = |row: &Row, legend| {
        html! {
            fieldset {
                legend { (visit.t(legend)) }
                (day_boxes(visit, row, fields, misfits))
                (time(row.from, "own-time-begins", None))
                (time(row.to, "own-time-ends", None))
                label.tick {
                    input type="checkbox" name=(row.over) value="yes" checked[fields.text(row.over).is_some()];
                    (visit.t("own-time-over"))
                }
            }
        }
    };
    let in_use = |row: &Row| [row.from, row.to, row.days].into_iter().any(|name| fields.text(name).is_some());
    html! {
        form method="post" action="/setup/own-time" {
            (hidden(visit, "windows"))
            p { (visit.t("own-time-about")) }
            @if work_in_detail(&known.work) { p { (detail(&known.work)) } }
            (work(&WORK[0], "own-time-work"))
            details open[WORK[1..].iter().any(in_use)] {
                summary { (visit.t("own-time-more")) }
                (work(&WORK[1], "own-time-work-also"))
                (work(&WORK[2], "own-time-work-third"))
            }
            fieldset {
                legend { (visit.t("own-time-sleep")) }
                @if sleep_in_detail(&known.sleep) { p { (detail(&known.sleep)) } }
                (time("sleep-from", "own-time-begins", None))
                (time("sleep-to", "own-time-ends", None))
            }
            (time("start-of-day", "own-time-day-start", Some("own-time-day-start-hint")))
            (Field { name: "own-time-from", label: "own-time-from", hint: Some("from-hint"), kind: "date", value: fields.text("own-time-from") }.render(visit, misfits))
            p.actions { (submit(visit, &Phrase::new("save"))) }
        }
    }
}

/// Whether there are more different hours of work than the page has room for.
fn work_in_detail(work: &Weekly) -> bool {
    groups(work).len() > WORK.len()
}

/// Whether hours of sleep differ from night to night, for which the page has no room.
fn sleep_in_detail(sleep: &Weekly) -> bool {
    nightly(sleep).is_none() && !sleep.is_empty()
}

fn day_boxes(visit: &Visit, row: &Row, fields: &Fields, misfits: &[Misfit]) -> Markup {
    let wrong = misfits.iter().filter(|misfit| misfit.field == row.days);
    let chosen: Vec<_> = fields.all(row.days).collect();
    html! {
        div.field {
            @for misfit in wrong { p.problem { span { (visit.say(&misfit.phrase)) } } }
            div.choices {
                @for (day, number) in DAYS.iter().zip(1_u8..) {
                    label {
                        input type="checkbox" name=(row.days) value=(day) checked[chosen.contains(day)];
                        " " (visit.say(&Phrase::new("weekday-name").with("weekday", Arg::Weekday(number))))
                    }
                }
            }
        }
    }
}
