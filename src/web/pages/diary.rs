//! The diary: what no step counter sees. Three clicks from Today to a noted swim: add, swimming, thirty minutes.

use std::sync::Arc;

use axum::{
    Form,
    extract::{Query, State},
    response::Response,
};
use chrono::{Days, NaiveDate};
use maud::{Markup, html};
use serde::Deserialize;

use crate::{
    api::{
        App,
        diary::{self, DiaryNote, DiaryUndo},
    },
    goal::{
        DiaryKind, Measure,
        decision::Problem as Misfit,
        wording::{amount, kind_name},
    },
    person::diary::{DiaryEntry, Effort, OFFERED_KINDS},
    web::{
        door::Visit,
        form::{Field, Fields, Select, hidden, submit},
        page::{Here, Outcome, Page, answer, change},
    },
    words::{Arg, Phrase},
};

/// Minutes that are one click away.
const QUICK: [u32; 6] = [10, 15, 20, 30, 45, 60];

/// What an address says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct About {
    /// Last day of the list.
    to: Option<NaiveDate>,
    /// An entry: the one to change, or the one that was just noted.
    id: Option<String>,
    /// What it was.
    kind: Option<String>,
}

/// `GET /diary`
pub async fn show(State(app): State<Arc<App>>, visit: Visit, Query(about): Query<About>) -> Response {
    answer(app, visit, move |app, visit| Ok(list(app, visit, &about))).await
}

/// `GET /diary/new`
pub async fn new(State(app): State<Arc<App>>, visit: Visit, Query(about): Query<About>) -> Response {
    answer(app, visit, move |app, visit| {
        let Some(kind) = about.kind.and_then(|kind| kind.parse::<DiaryKind>().ok()) else {
            return Ok(kinds(visit));
        };
        let today = diary::diary(app, &visit.person, None, None).today;
        let fields = Fields(vec![("kind".into(), kind.as_str().into()), ("date".into(), today.to_string())]);
        Ok(page(app, visit, &fields, &[]))
    })
    .await
}

/// `GET /diary/edit?id=…`
pub async fn edit(State(app): State<Arc<App>>, visit: Visit, Query(about): Query<About>) -> Response {
    answer(app, visit, move |app, visit| {
        Ok(match about.id.as_deref().and_then(|id| visit.person.record.diary.entry(id)) {
            Some(entry) => page(app, visit, &as_typed(entry), &[]),
            None => list(app, visit, &About::default()),
        })
    })
    .await
}

/// `POST /diary`
pub async fn note(State(app): State<Arc<App>>, visit: Visit, Form(sent): Form<Vec<(String, String)>>) -> Response {
    change(app, visit, Fields(sent), |app, visit, fields| {
        let (note, mut misfits) = read(visit, fields);
        for misfit in diary::check(app, note.clone())? {
            if misfits.iter().all(|known| known.field != misfit.field) {
                misfits.push(misfit);
            }
        }
        if !misfits.is_empty() {
            return Ok(Outcome::Again(page(app, visit, fields, &misfits)));
        }
        match diary::note(app, note) {
            Ok(entry) => Ok(Outcome::Done(format!("/diary?id={}", entry.id))),
            Err(problem) if !problem.fields.is_empty() => Ok(Outcome::Again(page(app, visit, fields, &problem.fields))),
            Err(problem) => Err(problem),
        }
    })
    .await
}

/// `POST /diary/undo`
pub async fn undo(State(app): State<Arc<App>>, visit: Visit, Form(sent): Form<Vec<(String, String)>>) -> Response {
    change(app, visit, Fields(sent), |app, visit, fields| {
        let id = fields.text("id").unwrap_or_default().to_owned();
        // Taken out on another page meanwhile, or never there: the list says how it is.
        match diary::undo(app, &DiaryUndo { participant: Some(visit.person.id.clone()), id }) {
            Err(problem) if problem.fields.is_empty() => Err(problem),
            Ok(_) | Err(_) => Ok(Outcome::Done("/diary".to_owned())),
        }
    })
    .await
}

/// What was typed, as far as it can be read, and what cannot.
fn read(visit: &Visit, fields: &Fields) -> (DiaryNote, Vec<Misfit>) {
    let mut misfits = Vec::new();
    let kind = fields.text("kind").and_then(|kind| kind.parse::<DiaryKind>().ok());
    if kind.is_none() {
        misfits.push(Misfit { field: "kind", phrase: Phrase::new("problem-diary-kind") });
    }
    let minutes = fields.text("minutes").and_then(|minutes| minutes.parse().ok());
    if minutes.is_none() {
        misfits.push(Misfit { field: "minutes", phrase: Phrase::new("problem-diary-minutes-none") });
    }
    let effort = fields.text("effort");
    let note = DiaryNote {
        participant: Some(visit.person.id.clone()),
        id: fields.text("once").map(str::to_owned),
        kind: kind.unwrap_or_default(),
        // What stands in for minutes that cannot be read fits, so that all else is looked at, too.
        minutes: minutes.unwrap_or(1),
        date: fields.date("date", &mut misfits),
        at: fields.time("at", &mut misfits),
        effort: Effort::ALL.into_iter().find(|known| effort == Some(known.name())),
        note: fields.text("note").map(str::to_owned),
    };
    (note, misfits)
}

/// An entry as it would have been typed.
fn as_typed(entry: &DiaryEntry) -> Fields {
    let mut fields = vec![
        ("once", entry.id.clone()),
        ("kind", entry.kind.as_str().to_owned()),
        ("minutes", entry.minutes.to_string()),
        ("date", entry.date.to_string()),
    ];
    fields.extend(entry.at.map(|at| ("at", at.format("%H:%M").to_string())));
    fields.extend(entry.effort.map(|effort| ("effort", effort.name().to_owned())));
    fields.extend(entry.note.clone().map(|note| ("note", note)));
    Fields(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

/// The first question: what was it?
fn kinds(visit: &Visit) -> Page {
    let body = html! {
        p { (visit.t("diary-what")) }
        ul.actions {
            @for kind in OFFERED_KINDS.into_iter().filter_map(|kind| kind.parse::<DiaryKind>().ok()) {
                li { a.button href={ "/diary/new?kind=" (kind.as_str()) } { (name_of(visit, &kind)) } }
            }
        }
    };
    Page { here: Here::Diary, title: Phrase::new("diary-new-title"), body }
}

/// The form of an entry, new or to be changed.
fn page(app: &App, visit: &Visit, fields: &Fields, misfits: &[Misfit]) -> Page {
    let today = diary::diary(app, &visit.person, None, None).today;
    let diary = &visit.person.record.diary;
    let known = fields.text("once").and_then(|id| diary.entry(id));
    // The name of an entry that was taken out is none for what is noted in its place.
    let once = fields.text("once").filter(|id| !diary.is_undone(id));
    let once = once.map_or_else(|| diary::free_id(diary), str::to_owned);
    let kind = fields.text("kind").and_then(|kind| kind.parse::<DiaryKind>().ok());
    let fresh = known.is_none() && misfits.is_empty();
    let body = html! {
        @for misfit in misfits.iter().filter(|misfit| misfit.field == "id") {
            p.problem role="alert" { span { (visit.say(&misfit.phrase)) } }
        }
        @if let Some(kind) = kind.as_ref().filter(|_| fresh) {
            (quick(visit, kind, today))
        }
        form method="post" action="/diary" {
            (hidden(visit, &once))
            @if fresh { h2 { (visit.t("diary-else")) } }
            (kind_field(visit, kind.as_ref(), misfits))
            (Field { name: "minutes", label: "diary-minutes", hint: None, kind: "number", value: fields.text("minutes") }.render(visit, misfits))
            (Field { name: "date", label: "diary-date", hint: None, kind: "date", value: fields.text("date") }.render(visit, misfits))
            (Field { name: "at", label: "diary-at", hint: Some("field-optional"), kind: "time", value: fields.text("at") }.render(visit, misfits))
            (effort_field(visit, fields.text("effort"), misfits))
            (Field { name: "note", label: "diary-note", hint: Some("field-optional"), kind: "text", value: fields.text("note") }.render(visit, misfits))
            p.actions {
                (submit(visit, &Phrase::new("diary-save")))
                a.button.quiet href="/diary" { (visit.t("leave-as-it-is")) }
            }
        }
    };
    let title = Phrase::new(if known.is_some() { "diary-edit-title" } else { "diary-new-title" });
    Page { here: Here::Diary, title, body }
}

/// The usual lengths, each a button that notes it for today.
fn quick(visit: &Visit, kind: &DiaryKind, today: NaiveDate) -> Markup {
    let title = Phrase::new("diary-quick").with("kind", kind_name(kind)).with("date", today);
    html! {
        form method="post" action="/diary" {
            (hidden(visit, &diary::free_id(&visit.person.record.diary)))
            input type="hidden" name="kind" value=(kind.as_str());
            input type="hidden" name="date" value=(today);
            fieldset {
                legend { (visit.say(&title)) }
                p.actions {
                    @for minutes in QUICK {
                        button type="submit" name="minutes" value=(minutes) {
                            (visit.say(&Phrase::new("minutes").with("count", minutes)))
                        }
                    }
                }
            }
        }
    }
}

fn kind_field(visit: &Visit, chosen: Option<&DiaryKind>, misfits: &[Misfit]) -> Markup {
    let chosen = chosen.map(DiaryKind::as_str);
    let own = chosen.filter(|kind| !OFFERED_KINDS.contains(kind));
    let kinds = OFFERED_KINDS.into_iter().chain(own);
    let options = kinds.filter_map(|kind| kind.parse().ok().map(|parsed| (kind, name_of(visit, &parsed))));
    Select { name: "kind", label: "diary-kind", options: options.collect(), value: chosen }.render(visit, misfits)
}

fn effort_field(visit: &Visit, chosen: Option<&str>, misfits: &[Misfit]) -> Markup {
    let efforts = Effort::ALL.map(|effort| (effort.name(), visit.t(effort_key(effort))));
    let options = std::iter::once(("", visit.t("effort-none"))).chain(efforts);
    Select { name: "effort", label: "diary-effort", options: options.collect(), value: chosen }.render(visit, misfits)
}

/// Four weeks of entries, the newest first.
fn list(app: &App, visit: &Visit, about: &About) -> Page {
    let reply = diary::diary(app, &visit.person, None, about.to);
    let last = about.to.unwrap_or(reply.today);
    let first = last.checked_sub_days(Days::new(27)).unwrap_or(last);
    let noted = about.id.as_deref().and_then(|id| visit.person.record.diary.entry(id));
    let mut entries: Vec<&DiaryEntry> = reply.entries.iter().collect();
    entries.reverse();
    let body = html! {
        @if let Some(entry) = noted {
            p role="status" { (visit.say(&Phrase::new("diary-noted").with("what", what(entry)).with("date", entry.date))) }
        }
        p.actions { a.button href="/diary/new" { (visit.t("diary-add")) } }
        @if entries.is_empty() { p { (visit.t("diary-empty")) } }
        @for entry in entries { (card(visit, entry)) }
        p.actions {
            @if reply.kept_since.is_some_and(|since| since < first) && let Some(before) = first.pred_opt() {
                a.button.quiet href={ "/diary?to=" (before) } { (visit.t("diary-earlier")) }
            }
            @if last < reply.today && let Some(after) = last.checked_add_days(Days::new(28)) {
                a.button.quiet href={ "/diary?to=" (after.min(reply.today)) } { (visit.t("diary-later")) }
            }
        }
    };
    Page { here: Here::Diary, title: Phrase::new("diary-title"), body }
}

fn card(visit: &Visit, entry: &DiaryEntry) -> Markup {
    let what = visit.say(&what(entry));
    let which = |key| visit.say(&Phrase::new(key).with("what", what.as_str()));
    html! {
        section.card {
            h2 { (visit.say(&Phrase::new("diary-on").with("date", Arg::Date(entry.date)))) }
            p { (what) }
            @if let Some(at) = entry.at { p.muted { (visit.say(&Phrase::new("diary-began").with("time", at))) } }
            @if let Some(effort) = entry.effort { p.muted { (visit.t(effort_key(effort))) } }
            @if let Some(note) = &entry.note { p.quote dir="auto" { (note) } }
            form.actions method="post" action="/diary/undo" {
                (hidden(visit, &entry.id))
                input type="hidden" name="id" value=(entry.id);
                a.button.quiet href={ "/diary/edit?id=" (entry.id) } { (which("diary-change")) }
                button.quiet type="submit" { (which("diary-undo")) }
            }
        }
    }
}

fn what(entry: &DiaryEntry) -> Phrase {
    amount(&Measure::DiaryMin(entry.kind.clone()), entry.minutes)
}

fn name_of(visit: &Visit, kind: &DiaryKind) -> String {
    visit.say(&Phrase::new("kind-name").with("kind", kind_name(kind)))
}

fn effort_key(effort: Effort) -> &'static str {
    match effort {
        Effort::Easy => "effort-easy",
        Effort::Brisk => "effort-brisk",
        Effort::Hard => "effort-hard",
    }
}
