//! Making a plan or changing it. What was typed stays as it was typed until it fits.

use std::sync::Arc;

use axum::{Form, extract::State, response::Response};
use chrono::{NaiveDate, Weekday};
use maud::{Markup, html};

use super::{Sent, shows_numbers, stage_key, weekdays};
use crate::{
    api::{App, goals},
    config::Display,
    days::Person,
    goal::{
        self, DecidedBy, GoalVersion, Measure, Period, Problems, Stage, Weekdays,
        decision::{Decision, Found},
    },
    web::{
        door::Visit,
        form::{self, Choice, Field, Fields, Select, elsewhere, hidden},
        page::{self, Here, Outcome, Page, answer},
    },
    words::Phrase,
};

/// What a goal may count, with the message of each.
const MEASURES: [(&str, &str); 9] = [
    ("leisure_brisk_min", "measure-leisure-brisk-min"),
    ("leisure_min", "measure-leisure-min"),
    ("steps", "measure-steps"),
    ("brisk_min", "measure-brisk-min"),
    ("bout_min", "measure-bout-min"),
    ("diary_min(swim)", "kind-swim"),
    ("diary_min(cycle)", "kind-cycle"),
    ("diary_min(gym)", "kind-gym"),
    ("diary_min(garden)", "kind-garden"),
];

/// Fields of the form; what does not fit about any other stands above it.
const OWN: [&str; 15] = [
    "own_words",
    "specific",
    "when_where",
    "relevant_because",
    "measure",
    "amount",
    "period",
    "days",
    "from",
    "until",
    "review_on",
    "confidence",
    "stage",
    "decided_by",
    "therapist",
];

/// `GET /plan/change`
pub async fn show(State(app): State<Arc<App>>, visit: Visit) -> Response {
    answer(app, visit, |app, visit| {
        if visit.person.display == Display::Blinded {
            return super::plan(app, visit, &Fields::default(), &[]);
        }
        let today = visit.person.today(app.trusted_now()?);
        let person = &visit.person;
        let mut fields = person.record.goals.goal_on(today).map_or_else(first_plan, as_fields);
        // A study may keep the numbers of a goal that was set before.
        let shown = |measure: &str| measure.parse().is_ok_and(|measure| shows_numbers(person.display, &measure));
        if fields.text("measure").is_some_and(|measure| !shown(measure)) {
            fields.0.retain(|(name, _)| name != "measure" && name != "amount");
        }
        Ok(change(visit, &fields, &[]))
    })
    .await
}

/// `POST /plan/change`
pub async fn take(State(app): State<Arc<App>>, visit: Visit, Form(sent): Sent) -> Response {
    page::change(app, visit, Fields(sent), |app, visit, fields| {
        if visit.person.display == Display::Blinded {
            return Ok(Outcome::Done("/plan".to_owned()));
        }
        let (now, today) = (app.trusted_now()?, visit.person.today(app.trusted_now()?));
        let done = match read(&visit.person, fields, today) {
            Ok(None) => Ok(()),
            Ok(Some(goal)) => goals::set(app, &visit.person, &goal, now),
            Err(problems) => Err(problems.into()),
        };
        Outcome::of(done, "/plan", |problems| Ok(change(visit, fields, problems)))
    })
    .await
}

/// The goal that was typed; none when this very form was taken before.
fn read(person: &Person, fields: &Fields, today: NaiveDate) -> Result<Option<GoalVersion>, Problems> {
    let history = &person.record.goals;
    let mut found = Found::default();
    let text = |name: &str| fields.text(name).map(str::to_owned);
    let measure = fields.text("measure").and_then(|measure| measure.parse().ok());
    let measure = measure.filter(|measure| shows_numbers(person.display, measure));
    found.when(measure.is_none(), "measure", || Phrase::new("problem-measure"));
    let (measure, measured) = (measure.clone().unwrap_or(Measure::Steps), measure.is_some());
    let period = if fields.text("period") == Some("week") { Period::Week } else { Period::Day };
    let amount = fields.text("amount").and_then(number);
    found.when(amount.is_none(), "amount", || Phrase::new("problem-number"));
    let confidence = fields.text("confidence").map(|text| number(text).and_then(|sure| u8::try_from(sure).ok()));
    let days: Weekdays = fields.all("days").filter_map(|day| day.parse::<Weekday>().ok()).collect();
    let together = fields.text("decided_by") == Some("with_therapist");
    let stage = fields.text("stage").and_then(|name| Stage::ALL.into_iter().find(|stage| stage.name() == name));
    let goal = GoalVersion {
        id: text("once").unwrap_or_else(|| history.next_id()),
        participant: person.id.clone(),
        // A measure that does not fit lets nothing be said about the amount.
        amount: amount.filter(|_| measured).unwrap_or(*measure.plausible(period).start()),
        measure,
        period,
        days: if period == Period::Week && days.is_empty() { Weekdays::ALL } else { days },
        from: fields.date("from", &mut found.0).unwrap_or(today),
        until: fields.date("until", &mut found.0),
        own_words: text("own_words"),
        specific: text("specific"),
        when_where: text("when_where"),
        relevant_because: text("relevant_because"),
        // Above ten: its sentence is that of a number that does not fit.
        confidence: confidence.map(|sure| sure.unwrap_or(u8::MAX)),
        review_on: fields.date("review_on", &mut found.0),
        decided_by: if together { DecidedBy::WithTherapist } else { DecidedBy::Person },
        therapist: text("therapist").filter(|_| together),
        stage,
        proposal: None,
        rule: None,
    };
    if history.version(&goal.id) == Some(&goal) {
        return Ok(None);
    }
    let checked = history.check(&Decision::GoalSet(goal.clone()), today).err();
    for problem in checked.into_iter().flat_map(|problems| problems.0) {
        // Another goal took the name meanwhile: the page that was filled in is old.
        let phrase = if problem.field == "id" { Phrase::new("plan-stale") } else { problem.phrase };
        found.add(Problems(vec![goal::Problem { field: problem.field, phrase }]));
    }
    found.done().map(|()| Some(goal))
}

/// A number as people write it: `20`, `6,000`, `6 000`.
fn number(text: &str) -> Option<u32> {
    let digits: String = text.chars().filter(|c| !matches!(c, ',' | '.' | ' ' | '\u{a0}' | '\u{202f}')).collect();
    digits.parse().ok()
}

/// What stands in the form before the first plan.
fn first_plan() -> Fields {
    let mut fields = vec![("period".to_owned(), "day".to_owned()), ("decided_by".to_owned(), "person".to_owned())];
    fields.extend(days_as_fields(Weekdays::ALL));
    Fields(fields)
}

/// A goal as its form holds it, to go on from. A last day or a day of review that it had is for the person to set anew.
fn as_fields(goal: &GoalVersion) -> Fields {
    let decided_by = match goal.decided_by {
        DecidedBy::Person => "person",
        DecidedBy::WithTherapist => "with_therapist",
    };
    let mut fields = vec![
        ("measure".to_owned(), goal.measure.to_string()),
        ("amount".to_owned(), goal.amount.to_string()),
        ("period".to_owned(), if goal.period == Period::Week { "week" } else { "day" }.to_owned()),
        ("decided_by".to_owned(), decided_by.to_owned()),
    ];
    fields.extend(days_as_fields(goal.days));
    let texts = [
        ("own_words", goal.own_words.clone()),
        ("specific", goal.specific.clone()),
        ("when_where", goal.when_where.clone()),
        ("relevant_because", goal.relevant_because.clone()),
        ("confidence", goal.confidence.map(|sure| sure.to_string())),
        ("stage", goal.stage.map(|stage| stage.name().to_owned())),
        ("therapist", goal.therapist.clone()),
    ];
    fields.extend(texts.into_iter().filter_map(|(name, text)| Some((name.to_owned(), text?))));
    Fields(fields)
}

fn days_as_fields(days: Weekdays) -> impl Iterator<Item = (String, String)> {
    Vec::<String>::from(days).into_iter().map(|day| ("days".to_owned(), day))
}

fn change(visit: &Visit, fields: &Fields, problems: &[goal::Problem]) -> Page {
    let field =
        |name, label, hint, kind| Field { name, label, hint, kind, value: fields.text(name) }.render(visit, problems);
    let choice = |name, legend, kind, options| Choice { name, legend, kind, options }.render(visit, fields, problems);
    let named = weekdays(visit);
    let short: Vec<_> = named.iter().map(|(day, _)| day.to_string().to_lowercase()).collect();
    let days = short.iter().zip(&named).map(|(value, (_, name))| (value.as_str(), name.clone())).collect();
    let mut stages: Vec<_> = Stage::ALL.iter().map(|stage| (stage.name(), visit.t(stage_key(*stage)))).collect();
    stages.push(("", visit.t("stage-unsaid")));
    let both = |first: (&'static str, &'static str), second: (&'static str, &'static str)| {
        [first, second].map(|(value, key)| (value, visit.t(key))).to_vec()
    };
    let body = html! {
        (elsewhere(visit, problems, &OWN))
        form method="post" action="/plan/change" {
            (hidden(visit, &visit.person.record.goals.next_id()))
            (field("own_words", "plan-own-words", Some("plan-own-words-hint"), "textarea"))
            (field("specific", "plan-specific", Some("plan-specific-hint"), "text"))
            (field("when_where", "plan-when-where", Some("plan-when-where-hint"), "text"))
            (field("relevant_because", "plan-because", Some("plan-because-hint"), "text"))
            (measures(visit, fields, problems))
            (field("amount", "plan-amount", Some("plan-amount-hint"), "text"))
            (choice("period", "plan-period", "radio", both(("day", "plan-period-day"), ("week", "plan-period-week"))))
            (choice("days", "plan-days", "checkbox", days))
            (field("from", "plan-from", Some("plan-from-hint"), "date"))
            (field("until", "plan-until", Some("plan-until-hint"), "date"))
            (field("review_on", "plan-review-on", Some("plan-review-hint"), "date"))
            (field("confidence", "plan-confidence", Some("plan-confidence-hint"), "number"))
            (choice("stage", "plan-stage", "radio", stages))
            (choice(
                "decided_by",
                "plan-decided",
                "radio",
                both(("person", "plan-decided-person"), ("with_therapist", "plan-decided-together")),
            ))
            (field("therapist", "plan-therapist", Some("plan-therapist-hint"), "text"))
            (form::submit(visit, &Phrase::new("plan-set")))
        }
        p { a href="/plan" { (visit.t("plan-back")) } }
    };
    Page { here: Here::Plan, title: Phrase::new("plan-change-title"), body }
}

fn measures(visit: &Visit, fields: &Fields, problems: &[goal::Problem]) -> Markup {
    let chosen = fields.text("measure");
    let mut options: Vec<_> = MEASURES
        .iter()
        .filter(|(name, _)| name.parse().is_ok_and(|measure| shows_numbers(visit.person.display, &measure)))
        .map(|(name, key)| (*name, visit.t(key)))
        .collect();
    // Another kind of the person's diary, that the goal in force counts.
    if let Some(other) = chosen.filter(|other| options.iter().all(|(name, _)| name != other))
        && let Ok(Measure::DiaryMin(kind)) = other.parse()
        && visit.person.display == Display::Full
    {
        options.push((other, kind.as_str().to_owned()));
    }
    Select { name: "measure", label: "plan-measure", options, value: chosen }.render(visit, problems)
}
