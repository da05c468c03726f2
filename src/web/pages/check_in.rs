//! Check-ins: the one place where questions about the back are asked, and only those that were switched on. No number
//! of steps stands here, and nothing of this stands on another page.

use std::{collections::BTreeMap, sync::Arc};

use axum::{Form, extract::State, response::Response};
use chrono::NaiveDate;
use maud::{Markup, html};

use crate::{
    api::{
        App, Problem,
        check_ins::{self, Answered},
    },
    goal::decision,
    model::instrument::{Answer, Instrument, Item},
    person::check_in::{Asked, CheckInsSet},
    web::{
        door::Visit,
        form::{Fields, hidden, submit},
        page::{Here, Outcome, Page, answer, change},
    },
    words::Phrase,
};

/// This program's own wording, which stands in the catalogue too: name of the instrument, keys of its title, its
/// question and both ends of its scale.
const OWN: (&str, [&str; 4]) =
    ("pain", ["check-in-pain-title", "check-in-pain-question", "check-in-pain-low", "check-in-pain-high"]);

/// One quiet line on Today while a check-in is due.
pub fn line(visit: &Visit, instruments: &[Instrument], today: NaiveDate) -> Option<Markup> {
    let due = visit.person.record.check_ins.due(instruments, today);
    (!due.is_empty()).then(|| html! { p { a href="/check-in" { (visit.t("check-in-waiting")) } } })
}

/// `GET /check-in`
pub async fn show(State(app): State<Arc<App>>, visit: Visit) -> Response {
    answer(app, visit, |app, visit| {
        let today = visit.person.today(app.trusted_now()?);
        Ok(page(app, visit, today, &Fields::default(), &[]))
    })
    .await
}

/// `GET /check-in/thanks`
pub async fn thanks(State(app): State<Arc<App>>, visit: Visit) -> Response {
    answer(app, visit, |_, visit| {
        let body = html! {
            p { (visit.t("check-in-thanks")) }
            p { a href="/" { (visit.t("trouble-back")) } }
        };
        Ok(Page { here: Here::Elsewhere, title: Phrase::new("check-in-title"), body })
    })
    .await
}

/// `POST /check-in`
pub async fn send(State(app): State<Arc<App>>, visit: Visit, Form(fields): Form<Vec<(String, String)>>) -> Response {
    change(app, visit, Fields(fields), |app, visit, fields| {
        let today = visit.person.today(app.trusted_now()?);
        let answers = fields.0.iter().filter_map(|(name, value)| {
            // What is no number is none of the answers that were offered.
            Some((name.strip_prefix("item-")?.to_owned(), value.parse().unwrap_or(i32::MIN)))
        });
        let given = Answered {
            participant: visit.person.id.clone(),
            instrument: fields.text("instrument").unwrap_or_default().to_owned(),
            date: Some(today),
            answers: answers.collect::<BTreeMap<_, _>>(),
        };
        let instrument = given.instrument.clone();
        match check_ins::answer(app, &visit.person, given, app.trusted_now()?) {
            Ok(_) => {
                let due = visit.person.record.check_ins.due(&app.instruments, today);
                let more = due.iter().any(|other| other.name != instrument);
                Ok(Outcome::Done(if more { "/check-in" } else { "/check-in/thanks" }.to_owned()))
            }
            Err(problem) => again(app, visit, fields, problem),
        }
    })
    .await
}

/// `POST /check-in/set`
pub async fn set(State(app): State<Arc<App>>, visit: Visit, Form(fields): Form<Vec<(String, String)>>) -> Response {
    change(app, visit, Fields(fields), |app, visit, fields| {
        let every = |name: &str| fields.text(&format!("every-{name}")).and_then(|days| days.parse().ok()).unwrap_or(0);
        let wanted = CheckInsSet {
            participant: visit.person.id.clone(),
            from: visit.person.today(app.trusted_now()?),
            instruments: fields
                .all("on")
                .map(|name| Asked { instrument: name.to_owned(), every_days: every(name) })
                .collect(),
        };
        match check_ins::set(app, &visit.person, wanted, app.trusted_now()?) {
            Ok(()) => Ok(Outcome::Done("/check-in".to_owned())),
            Err(problem) => again(app, visit, fields, problem),
        }
    })
    .await
}

fn again(app: &App, visit: &Visit, fields: &Fields, problem: Problem) -> Result<Outcome, Problem> {
    if problem.fields.is_empty() {
        return Err(problem);
    }
    Ok(Outcome::Again(page(app, visit, visit.person.today(app.trusted_now()?), fields, &problem.fields)))
}

fn page(app: &App, visit: &Visit, today: NaiveDate, fields: &Fields, problems: &[decision::Problem]) -> Page {
    let due = visit.person.record.check_ins.due(&app.instruments, today);
    // Answers that did not fit come back whatever became of their check-in meanwhile.
    let named = app.instruments.iter().find(|one| Some(one.name.as_str()) == fields.text("instrument"));
    let body = html! {
        @for problem in problems.iter().filter(|problem| problem.field != "every_days") {
            p.problem { (visit.say(&problem.phrase)) }
        }
        @match named.or(due.first().copied()) {
            Some(instrument) => (questions(visit, instrument, today, fields)),
            None => p { (visit.t("check-in-none")) },
        }
        (settings(app, visit, today, fields, problems))
    };
    Page { here: Here::Elsewhere, title: Phrase::new("check-in-title"), body }
}

/// One instrument: its texts in their own language, marked as such, unless they are this program's own.
fn questions(visit: &Visit, instrument: &Instrument, today: NaiveDate, fields: &Fields) -> Markup {
    let (language, direction) = if instrument.name == OWN.0 {
        (visit.language.tag(), visit.language.direction())
    } else {
        (instrument.language.as_str(), instrument.direction())
    };
    html! {
        form method="post" action="/check-in" {
            (hidden(visit, &format!("{}-{today}", instrument.name)))
            input type="hidden" name="instrument" value=(instrument.name);
            div lang=(language) dir=(direction) role="group" aria-labelledby="questions-heading" {
                h2 id="questions-heading" { (own(visit, instrument, 0, &instrument.title)) }
                @if let Some(text) = &instrument.instructions { p { (text) } }
                @for item in &instrument.items { (question(visit, instrument, item, fields)) }
            }
            p.hint { (visit.t("check-in-leave-out")) }
            div.actions {
                (submit(visit, &Phrase::new("check-in-send")))
                a href="/" { (visit.t("check-in-not-now")) }
            }
        }
        details lang=(instrument.language) dir=(instrument.direction()) {
            summary lang=(visit.language.tag()) dir=(visit.language.direction()) { (visit.t("check-in-source")) }
            p { (instrument.title) ", " (instrument.version) ". " (instrument.source) }
            p { (instrument.permission) }
        }
    }
}

/// A text of an instrument, from the catalogue where the words are this program's own.
fn own(visit: &Visit, instrument: &Instrument, part: usize, text: &str) -> String {
    let key = (instrument.name == OWN.0).then(|| OWN.1.get(part)).flatten();
    key.map_or_else(|| text.to_owned(), |key| visit.t(key))
}

fn question(visit: &Visit, instrument: &Instrument, item: &Item, fields: &Fields) -> Markup {
    let name = format!("item-{}", item.name);
    let chosen = |value: i32| fields.text(&name).is_some_and(|text| text == value.to_string());
    match &item.answer {
        Answer::Tick => html! {
            label.tick {
                input type="checkbox" name=(name) value="1" checked[chosen(1)];
                span { (item.text) }
            }
        },
        Answer::Scale(scale) => html! {
            fieldset {
                legend { (own(visit, instrument, 1, &item.text)) }
                p { (scale.from) ": " (own(visit, instrument, 2, &scale.low)) }
                div.scale {
                    @for value in item.answer.values() {
                        label { input type="radio" name=(name) value=(value) checked[chosen(value)]; span { (value) } }
                    }
                }
                p { (scale.to) ": " (own(visit, instrument, 3, &scale.high)) }
            }
        },
        Answer::Options(options) => html! {
            fieldset {
                legend { (item.text) }
                @for (value, text) in item.answer.values().into_iter().zip(options) {
                    label.tick {
                        input type="radio" name=(name) value=(value) checked[chosen(value)];
                        span { (text) }
                    }
                }
            }
        },
    }
}

/// What is asked, and how often.
fn settings(app: &App, visit: &Visit, today: NaiveDate, fields: &Fields, problems: &[decision::Problem]) -> Markup {
    let asked = visit.person.record.check_ins.asked_on(today);
    // What was typed stands here again while it does not fit.
    let typed = !problems.is_empty() && fields.text("instrument").is_none();
    let on = |name: &str| {
        if typed { fields.all("on").any(|on| on == name) } else { asked.iter().any(|one| one.instrument == name) }
    };
    let every = |instrument: &Instrument| {
        let stored = asked.iter().find(|one| one.instrument == instrument.name).map(|one| one.every_days);
        let text = fields.text(&format!("every-{}", instrument.name)).filter(|_| typed).map(str::to_owned);
        text.unwrap_or_else(|| stored.unwrap_or(instrument.every_days).to_string())
    };
    let wrong: Vec<_> = problems.iter().filter(|problem| problem.field == "every_days").collect();
    html! {
        details open[typed] {
            summary { (visit.t("check-in-settings")) }
            p { (visit.t("check-in-settings-hint")) }
            form method="post" action="/check-in/set" {
                (hidden(visit, &format!("set-{today}")))
                @for problem in wrong { p.problem { (visit.say(&problem.phrase)) } }
                @for instrument in &app.instruments {
                    @let title = own(visit, instrument, 0, &instrument.title);
                    @let id = format!("every-{}", instrument.name);
                    fieldset {
                        legend { bdi { (title) } }
                        label.tick {
                            input type="checkbox" name="on" value=(instrument.name) checked[on(&instrument.name)];
                            span { (visit.say(&Phrase::new("check-in-on").with("title", title.as_str()))) }
                        }
                        div.field {
                            label for=(id) { (visit.t("check-in-every")) }
                            input id=(id) name=(id) type="number" min="1" max="366" value=(every(instrument));
                        }
                    }
                }
                div.actions { (submit(visit, &Phrase::new("check-in-save"))) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    #[test]
    fn our_own_wording_is_the_same_in_its_file_and_in_the_catalogue() {
        let instruments = Config::default().instruments();
        let pain = instruments.iter().find(|one| one.name == OWN.0).unwrap();
        let Answer::Scale(scale) = &pain.items[0].answer else { panic!("a scale") };

        let said = OWN.1.map(|key| Phrase::new(key).english());

        assert_eq!(said, [&pain.title, &pain.items[0].text, &scale.low, &scale.high].map(String::clone));
        assert_eq!(pain.items.len(), 1);
    }
}
