//! What the pages call the person, their language, and their zone.

use std::sync::Arc;

use axum::{Form, extract::State, response::Response};
use maud::{Markup, html};

use crate::{
    api::{
        App,
        person::{self, PersonChange},
    },
    goal::decision::Problem as Misfit,
    person::own_time::Since,
    time::Zone,
    web::{
        door::Visit,
        form::{Field, Fields, Select, hidden, submit},
        page::{Here, Outcome, Page, answer, change},
    },
    words::{Language, Phrase},
};

/// The part of the setup page.
fn section(app: &App, visit: &Visit) -> Markup {
    let known = person::person(app, &visit.person);
    let mut fields = vec![
        ("language", known.language.tag().to_owned()),
        ("zone", known.zone),
        ("zone-from", known.today.to_string()),
    ];
    fields.extend(known.label.map(|label| ("label", label)));
    let fields = fields.into_iter().map(|(name, value)| (name.to_owned(), value));
    form(visit, &Fields(fields.collect()), &[])
}

/// `GET /setup/person`
pub async fn show(State(app): State<Arc<App>>, visit: Visit) -> Response {
    answer(app, visit, |app, visit| Ok(page(section(app, visit)))).await
}

/// `POST /setup/person`
pub async fn set(State(app): State<Arc<App>>, visit: Visit, Form(sent): Form<Vec<(String, String)>>) -> Response {
    change(app, visit, Fields(sent), |app, visit, fields| {
        let (wanted, mut misfits) = read(app, visit, fields);
        if misfits.is_empty() {
            match person::change(app, wanted) {
                Ok(_) => return Ok(Outcome::Done("/setup".to_owned())),
                Err(problem) if problem.fields.is_empty() => return Err(problem),
                Err(problem) => misfits.extend(problem.fields.into_iter().map(beside)),
            }
        }
        Ok(Outcome::Again(page(form(visit, fields, &misfits))))
    })
    .await
}

fn page(body: Markup) -> Page {
    Page { here: Here::Setup, title: Phrase::new("person-title"), body }
}

/// The decision's fields as they are called on this page.
fn beside(problem: Misfit) -> Misfit {
    let field = if problem.field == "from" { "zone-from" } else { problem.field };
    Misfit { field, ..problem }
}

fn read(app: &App, visit: &Visit, fields: &Fields) -> (PersonChange, Vec<Misfit>) {
    let mut misfits = Vec::new();
    let known = person::person(app, &visit.person).zone;
    // A zone that stays is no change.
    let zone = fields.text("zone").filter(|zone| *zone != known).and_then(|name| {
        let zone = name.parse::<Zone>();
        if zone.is_err() {
            misfits.push(Misfit { field: "zone", phrase: Phrase::new("problem-zone").with("zone", name) });
        }
        zone.ok()
    });
    let from = fields.date("zone-from", &mut misfits);
    let wanted = PersonChange {
        participant: Some(visit.person.id.clone()),
        label: Some(fields.text("label").unwrap_or_default().to_owned()),
        language: fields.text("language").and_then(|tag| tag.parse().ok()),
        zone,
        from: Some(from.map_or(Since::Ever, Since::Day)),
    };
    (wanted, misfits)
}

fn form(visit: &Visit, fields: &Fields, misfits: &[Misfit]) -> Markup {
    let languages = Language::ALL.map(|language| (language.tag(), language.own_name().to_owned()));
    let language = fields.text("language");
    html! {
        form method="post" action="/setup/person" {
            (hidden(visit, "person"))
            (Field { name: "label", label: "person-label", hint: Some("person-label-hint"), kind: "text", value: fields.text("label") }.render(visit, misfits))
            (Select { name: "language", label: "person-language", options: languages.to_vec(), value: language }.render(visit, misfits))
            (Select { name: "zone", label: "person-zone", options: zones(fields.text("zone")), value: fields.text("zone") }.render(visit, misfits))
            (Field { name: "zone-from", label: "person-zone-from", hint: Some("from-hint"), kind: "date", value: fields.text("zone-from") }.render(visit, misfits))
            p.actions { (submit(visit, &Phrase::new("save"))) }
        }
    }
}

/// All zones; and what was sent, though it is none of them, so that it is not lost.
fn zones(sent: Option<&str>) -> Vec<(&str, String)> {
    let known: Vec<&str> = Zone::names().collect();
    let unknown = sent.filter(|sent| !known.contains(sent));
    unknown.into_iter().chain(known).map(|name| (name, name.to_owned())).collect()
}
