//! How pairing looks: what was heard, what is asked, how it ended.

use std::sync::Arc;

use chrono::{DateTime, NaiveTime, Utc};
use firmware_protocol::device::{self, KeyNeed};
use maud::{Markup, html};

use super::Seen;
use crate::{
    api::devices::HeardReply,
    days::Person,
    devices::Counter,
    goal::decision::Problem as Typed,
    pairing::{Ask, PairState, ScanState},
    store::BondLevel,
    trouble::Cause,
    web::{
        door::Visit,
        form::{Field, Fields, Select, hidden, submit},
    },
    words::Phrase,
};

/// What helps when a band is not heard, the likeliest first.
const HELP: [&str; 6] = [
    "band-help-wake",
    "band-help-near",
    "band-help-app",
    "band-help-charge",
    "band-help-restart",
    "band-help-computer",
];

/// What the page is made of.
pub struct Band<'a> {
    pub visit: &'a Visit,
    pub people: &'a [Arc<Person>],
    /// All counters of this home.
    pub counters: &'a [Counter],
    /// None where there is no radio.
    pub seen: Option<&'a Seen>,
    pub fields: &'a Fields,
    pub problems: &'a [Typed],
}

/// Below the heading: what goes on, then the bands of this home.
pub fn body(band: &Band) -> Markup {
    let visit = band.visit;
    html! {
        @match band.seen {
            None => p { (visit.t("band-no-radio")) },
            Some(seen) => (under_way(band, seen)),
        }
        (at_home(band))
        p { a href="/setup" { (visit.t("setup-back")) } }
    }
}

fn under_way(band: &Band, seen: &Seen) -> Markup {
    let visit = band.visit;
    match &seen.pairing {
        PairState::Listening => goes_on(visit, &Phrase::new("band-looking")),
        PairState::Pairing => goes_on(visit, &Phrase::new("band-pairing")),
        PairState::Reading { stored, remaining } => {
            let stored = u32::try_from(*stored).unwrap_or(u32::MAX);
            let phrase = match remaining {
                Some(left) => Phrase::new("band-reading-left").with("stored", stored).with("left", *left),
                None => Phrase::new("band-reading").with("stored", stored),
            };
            goes_on(visit, &phrase)
        }
        PairState::Asking { ask, until } => asking(band, *ask, *until),
        // Paired, and let go since.
        PairState::Done { device, .. } if !is_worn(band.counters, device) => in_reach(band, seen, "band-listen"),
        PairState::Done { kind, bond, trouble, .. } => html! {
            section.card {
                h2 { (visit.t("band-done")) }
                p { (visit.say(&Phrase::new("band-done-kind").with("kind", kind.as_str()))) }
                p { (visit.t(protected(*bond))) }
                @if let Some(cause) = trouble {
                    p { (visit.t("band-done-not-all")) " " (visit.say(&cause.what())) " " (visit.say(&cause.next_step())) }
                }
                p.actions { a.button href="/setup" { (visit.t("band-done-next")) } }
            }
            (listen(visit, "band-listen-another"))
        },
        PairState::Failed { cause, heard, .. } => html! {
            section.card {
                h2 { (visit.t("band-not-paired")) }
                @for phrase in ended(*cause, !heard.is_empty()) { p { (visit.say(&phrase)) } }
                (help(visit))
            }
            (in_reach(band, seen, "band-listen-again"))
        },
        PairState::Idle => in_reach(band, seen, "band-listen"),
    }
}

fn is_worn(counters: &[Counter], device: &str) -> bool {
    counters.iter().any(|counter| counter.wanted && counter.id.to_string() == device)
}

/// What was heard, or the way to listen.
fn in_reach(band: &Band, seen: &Seen, listen_key: &'static str) -> Markup {
    let visit = band.visit;
    match &seen.air {
        ScanState::Idle => html! { p { (visit.t("band-about")) } (help(visit)) (listen(visit, listen_key)) },
        ScanState::Listening { .. } => goes_on(visit, &Phrase::new("band-listening")),
        ScanState::Silent(cause) => html! {
            section.card {
                p { (visit.say(&cause.what())) " " (visit.say(&cause.next_step())) }
            }
            (listen(visit, "band-listen-again"))
        },
        ScanState::Heard(heard) if heard.is_empty() => html! {
            section.card { p { (visit.t("band-heard-none")) } (help(visit)) }
            (listen(visit, "band-listen-again"))
        },
        ScanState::Heard(heard) => {
            let heard: Vec<_> = heard.iter().map(HeardReply::new).collect();
            html! { (choose(band, &heard)) (listen(visit, "band-listen-again")) }
        }
    }
}

fn goes_on(visit: &Visit, phrase: &Phrase) -> Markup {
    html! {
        section.card {
            p role="status" { (visit.say(phrase)) }
            p.muted { (visit.t("band-looks-again")) " " a href=(super::HERE) { (visit.t("band-look-now")) } }
        }
    }
}

fn listen(visit: &Visit, key: &'static str) -> Markup {
    html! {
        form method="post" action="/setup/band/scan" {
            (hidden(visit, "scan"))
            div.actions { (submit(visit, &Phrase::new(key))) }
        }
    }
}

fn help(visit: &Visit) -> Markup {
    html! {
        h2 { (visit.t("band-help")) }
        ol { @for key in HELP { li { (visit.t(key)) } } }
    }
}

/// One form: which band, whose, since when.
fn choose(band: &Band, heard: &[HeardReply]) -> Markup {
    let (visit, fields, problems) = (band.visit, band.fields, band.problems);
    // A kind each: what an advertisement leaves open, the person decides.
    let choices: Vec<_> = heard
        .iter()
        .flat_map(|one| one.kinds.iter().filter_map(|kind| device::kind(kind)).map(move |kind| (one, kind)))
        .collect();
    let chosen = fields.text("counter");
    let single = choices.len() == 1;
    let needs_key = choices.iter().any(|(_, kind)| kind.key == KeyNeed::FromOwner);
    html! {
        form.card method="post" action="/setup/band/pair" {
            (hidden(visit, "pair"))
            fieldset aria-describedby=[beside(problems, "counter").map(|_| "counter-problem")] {
                legend { (visit.t("band-which")) }
                (sentences(visit, problems, "counter"))
                @for (place, (one, kind)) in choices.iter().enumerate() {
                    @let value = format!("{} {}", kind.name, one.address);
                    @let id = format!("counter-{place}");
                    div.option {
                        input type="radio" id=(id) name="counter" value=(value)
                            checked[single || chosen == Some(value.as_str())];
                        label for=(id) {
                            bdi { (one.name.as_deref().unwrap_or(kind.label)) }
                            @if one.name.is_some() { " (" bdi { (kind.label) } ")" }
                        }
                        details {
                            summary { (visit.t("band-more")) }
                            p { (visit.say(&Phrase::new("band-address").with("address", one.address.as_str()))) }
                            p lang="en" dir="ltr" { (kind.wake) }
                        }
                    }
                }
            }
            (whose(visit, band.people, None, fields, problems))
            (Field { name: "label", label: "band-label", hint: Some("band-label-hint"), kind: "text", value: fields.text("label") }
                .render(visit, problems))
            (Field { name: "from", label: "band-from", hint: Some("band-from-hint"), kind: "date", value: fields.text("from") }
                .render(visit, problems))
            @if needs_key {
                (Field { name: "key", label: "band-key", hint: Some("band-key-hint"), kind: "password", value: fields.text("key") }
                    .render(visit, problems))
            }
            div.actions { (submit(visit, &Phrase::new("band-pair"))) }
        }
    }
}

/// Whose a band is, where there are several people.
fn whose(visit: &Visit, people: &[Arc<Person>], now: Option<&Person>, fields: &Fields, problems: &[Typed]) -> Markup {
    let own = now.unwrap_or(&visit.person).id.as_str();
    let chosen = fields.text("person").unwrap_or(own);
    let options = people.iter().map(|person| (person.id.as_str(), person.name().to_owned())).collect();
    html! {
        @if people.len() > 1 {
            (Select { name: "person", label: "band-whose", options, value: Some(chosen) }.render(visit, problems))
        }
    }
}

fn beside<'a>(problems: &'a [Typed], field: &str) -> Option<&'a Typed> {
    problems.iter().find(|problem| problem.field == field)
}

fn sentences(visit: &Visit, problems: &[Typed], field: &str) -> Markup {
    html! {
        @if beside(problems, field).is_some() {
            p.problem id={ (field) "-problem" } {
                @for problem in problems.iter().filter(|problem| problem.field == field) {
                    span { (visit.say(&problem.phrase)) }
                }
            }
        }
    }
}

/// The question under way, with the time until which the band waits for it.
fn asking(band: &Band, ask: Ask, until: DateTime<Utc>) -> Markup {
    let (visit, fields, problems) = (band.visit, band.fields, band.problems);
    let time = visit.person.calendar.wall(until).map_or(NaiveTime::MIN, |wall| wall.time());
    let seconds = time.format("%H:%M:%S").to_string();
    html! {
        section.card {
            @match ask {
                Ask::TypeDigits => {
                    h2 { (visit.t("band-digits-title")) }
                    form method="post" action="/setup/band/answer" autocomplete="off" {
                        (hidden(visit, "answer"))
                        (Field { name: "digits", label: "band-digits", hint: Some("band-digits-hint"), kind: "text", value: fields.text("digits") }
                            .render(visit, problems))
                        div.actions {
                            button type="submit" name="answer" value="digits" { (visit.t("band-digits-send")) }
                            button.quiet type="submit" name="answer" value="no" { (visit.t("band-answer-stop")) }
                        }
                    }
                }
                Ask::Compare { digits } => {
                    h2 { (visit.t("band-compare-title")) }
                    (shown(digits))
                    form method="post" action="/setup/band/answer" {
                        (hidden(visit, "answer"))
                        div.actions {
                            button type="submit" name="answer" value="yes" { (visit.t("band-compare-yes")) }
                            button.quiet type="submit" name="answer" value="no" { (visit.t("band-compare-no")) }
                        }
                    }
                }
                Ask::Show { digits } => {
                    h2 { (visit.t("band-show-title")) }
                    (shown(digits))
                    p.muted { (visit.t("band-looks-again")) " " a href=(super::HERE) { (visit.t("band-look-now")) } }
                }
                Ask::Tap => {
                    h2 { (visit.t("band-tap-title")) }
                    p.muted { (visit.t("band-looks-again")) " " a href=(super::HERE) { (visit.t("band-look-now")) } }
                }
            }
            p { (visit.say(&Phrase::new("band-until").with("time", seconds))) }
        }
    }
}

/// Six digits, three and three, read one by one.
fn shown(digits: u32) -> Markup {
    let text = format!("{digits:06}");
    let (first, last) = text.split_at(text.len().min(3));
    html! { p.number dir="ltr" { (first) " " (last) } }
}

fn protected(bond: BondLevel) -> &'static str {
    match bond {
        BondLevel::Passkey => "band-bond-digits",
        BondLevel::JustWorks => "band-bond-no-digits",
        BondLevel::None => "band-bond-none",
        BondLevel::Simulated => "band-bond-simulated",
    }
}

/// Why a pairing came to nothing, and what to do.
fn ended(cause: Cause, several: bool) -> Vec<Phrase> {
    match cause {
        Cause::Refused => vec![Phrase::new("band-ended-refused")],
        Cause::NotConfirmed => vec![Phrase::new("band-ended-not-answered")],
        Cause::OtherCounter if several => vec![Phrase::new("band-ended-several")],
        Cause::OtherCounter => vec![Phrase::new("band-ended-whose")],
        cause => vec![cause.what(), cause.next_step()],
    }
}

/// The bands of this home.
fn at_home(band: &Band) -> Markup {
    let visit = band.visit;
    let worn: Vec<_> = band.counters.iter().filter(|counter| counter.wanted).collect();
    html! {
        section {
            h2 { (visit.t("band-home")) }
            @if worn.is_empty() { p { (visit.t("band-home-none")) } }
            @for counter in worn {
                div.card {
                    h3 { bdi { (called(counter)) } }
                    p { (visit.say(&belongs(band.people, counter))) }
                    details {
                        summary { (visit.t("band-more")) }
                        p { (visit.say(&Phrase::new("band-identity").with("id", counter.id.to_string()).with("kind", counter.kind.label))) }
                    }
                    @if band.seen.is_some() {
                        p.actions {
                            a.button href={ "/setup/band/assign?device=" (counter.id) } { (visit.t("band-assign")) }
                            a.button.quiet href={ "/setup/band/forget?device=" (counter.id) } { (visit.t("band-forget")) }
                        }
                    }
                }
            }
        }
    }
}

/// What the household calls a counter.
fn called(counter: &Counter) -> &str {
    counter.label.as_deref().unwrap_or(counter.kind.label)
}

fn belongs(people: &[Arc<Person>], counter: &Counter) -> Phrase {
    let Some(owner) = counter.owners.last() else { return Phrase::new("band-nobodys") };
    let Some(id) = &owner.person else { return Phrase::new("band-nobodys") };
    let name = people.iter().find(|person| person.id == *id).map_or(id.as_str(), |person| person.name());
    match owner.from {
        Some(from) => Phrase::new("band-worn-since").with("name", name).with("from", from),
        None => Phrase::new("band-worn").with("name", name),
    }
}

/// Whose a band is, and from when.
pub fn assign(visit: &Visit, people: &[Arc<Person>], counter: &Counter, fields: &Fields, wrong: &[Typed]) -> Markup {
    let now = people.iter().find(|person| counter.owner() == Some(&person.id));
    let nobody = fields.text("device").is_some() && fields.text("person").is_none();
    html! {
        p { bdi { (called(counter)) } ": " (visit.say(&belongs(people, counter))) }
        form.card method="post" action="/setup/band/assign" {
            (hidden(visit, "assign"))
            input type="hidden" name="device" value=(counter.id);
            div.field {
                label for="person" { (visit.t("band-whose")) }
                (sentences(visit, wrong, "person"))
                select id="person" name="person" {
                    @for person in people {
                        @let chosen = fields.text("person").or(now.map(|now| now.id.as_str()));
                        option value=(person.id.as_str()) selected[chosen == Some(person.id.as_str())] { (person.name()) }
                    }
                    option value="" selected[nobody] { (visit.t("band-nobody")) }
                }
            }
            (Field { name: "from", label: "band-assign-from", hint: Some("band-assign-from-hint"), kind: "date", value: fields.text("from") }
                .render(visit, wrong))
            div.actions { (submit(visit, &Phrase::new("band-assign-send"))) a.button.quiet href=(super::HERE) { (visit.t("band-keep")) } }
        }
    }
}

/// Asks once more before a band is let go.
pub fn forget(visit: &Visit, counter: &Counter) -> Markup {
    html! {
        p { (visit.say(&Phrase::new("band-forget-about").with("name", called(counter)))) }
        form method="post" action="/setup/band/forget" {
            (hidden(visit, "forget"))
            input type="hidden" name="device" value=(counter.id);
            div.actions { (submit(visit, &Phrase::new("band-forget-send"))) a.button.quiet href=(super::HERE) { (visit.t("band-keep")) } }
        }
    }
}
