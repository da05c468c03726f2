//! My band: how it is, what it says beside what we counted, why the two may differ, and what there is to do.

use std::sync::{Arc, PoisonError};

use axum::{extract::State, response::Response};
use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use firmware_protocol::driver::Resolution;
use maud::{Markup, html};

use crate::{
    api::{App, BoardEntry, Problem, notices},
    config::Display,
    days::Person,
    person::band::is_soon_flat,
    store::{BondLevel, CounterIdentity, CounterState},
    supervisor::{CounterStatus, Doing},
    trouble::Cause,
    web::{
        door::Visit,
        page::{Here, Page, answer},
        pages::notice,
    },
    words::Phrase,
};

/// `GET /band`
pub async fn show(State(app): State<Arc<App>>, visit: Visit) -> Response {
    answer(app, visit, |app, visit| {
        let now = app.trusted_now()?;
        let bands = look(app, &visit.person, now)?;
        let counted = counted_today(app, &visit.person, now)?;
        let told = notices::helper(app, Some(&visit.person), now)?;
        let body = html! {
            @if let Some(lines) = notice::helper_lines(visit, &told) { (lines) }
            @if bands.is_empty() {
                p.lead { (visit.t("band-none")) }
                p { a.button href="/setup" { (visit.t("band-set-up")) } }
            }
            @for band in &bands { (band.draw(visit, bands.len(), counted)) }
        };
        Ok(Page { here: Here::Band, title: Phrase::new("menu-band"), body })
    })
    .await
}

/// The steps that were counted today; none when that is not known.
fn counted_today(app: &App, person: &Person, now: DateTime<Utc>) -> Result<Option<u32>, Problem> {
    let today = person.calendar.day_at(now.timestamp()).date;
    let row = app.book.rows(person, today, today, now)?.pop();
    Ok(row.and_then(|row| row.total_steps.or(row.steps_lower)))
}

/// The bands that a person wears now.
fn look(app: &App, person: &Person, now: DateTime<Utc>) -> Result<Vec<Band>, Problem> {
    let today = person.calendar.day_at(now.timestamp()).date;
    let mut bands = Vec::new();
    for wearing in person.counters.iter().filter(|wearing| wearing.covers(today)) {
        let state = app.store.counter(wearing.device)?;
        let entry = app.board.iter().find(|entry| entry.device == wearing.device);
        bands.push(Band::of(entry, state.as_ref(), person, today));
    }
    Ok(bands)
}

/// What is shown of a band.
#[derive(Clone, Debug, Default)]
struct Band {
    label: Option<String>,
    today: NaiveDate,
    wanted: bool,
    heard: Option<NaiveDateTime>,
    battery: Option<u8>,
    resolution: Option<Resolution>,
    bond: Option<BondLevel>,
    status: Option<CounterStatus>,
    /// Its own total of today, and when it said so.
    own_total: Option<(NaiveDateTime, u32)>,
    lost: u64,
    undated: u64,
    put_aside: u64,
    conflicts: u64,
}

impl Band {
    fn of(entry: Option<&BoardEntry>, state: Option<&CounterState>, person: &Person, today: NaiveDate) -> Self {
        let status = entry.and_then(|entry| entry.status.as_ref());
        let wall = |at: DateTime<Utc>| person.calendar.wall(at);
        let own_total = state.and_then(|state| state.last_total).and_then(|total| {
            let said_today = person.calendar.day_at(total.utc_s).date == today;
            let at = DateTime::from_timestamp(total.utc_s, 0).and_then(wall).filter(|_| said_today)?;
            Some((at, total.steps))
        });
        Self {
            label: entry.and_then(|entry| entry.label.clone()),
            today,
            wanted: entry.is_some_and(|entry| entry.wanted),
            heard: state.and_then(|state| state.last_arrival).and_then(wall),
            battery: state.and_then(|state| state.battery),
            resolution: state.and_then(|state| state.identity.as_ref()).map(CounterIdentity::resolution),
            bond: state.and_then(|state| state.bond).or(entry.map(|entry| entry.bond)),
            status: status.map(|status| status.lock().unwrap_or_else(PoisonError::into_inner).clone()),
            own_total,
            lost: state.map_or(0, |state| state.lost_epochs),
            undated: state.map_or(0, |state| state.undated_epochs),
            put_aside: state.map_or(0, |state| state.quarantined),
            conflicts: state.map_or(0, |state| state.conflicts),
        }
    }

    fn draw(&self, visit: &Visit, bands: usize, counted: Option<u32>) -> Markup {
        let cause = self.status.as_ref().and_then(|status| status.cause);
        let steps = self.next_steps();
        html! {
            section {
                h2 {
                    @match &self.label {
                        Some(label) => { bdi { (label) } }
                        None => { (visit.t("band-unnamed")) }
                    }
                }
                @for phrase in self.lines() { p { (visit.say(&phrase)) } }
                h3 { (visit.t("band-next")) }
                @if let [only] = steps.as_slice() {
                    p { (visit.t(only)) }
                } @else {
                    ol { @for key in &steps { li { (visit.t(key)) } } }
                }
                @if steps.contains(&"band-next-pair") || steps.contains(&"band-next-helper") {
                    p { a href="/setup" { (visit.t("band-next-pair-link")) } }
                }
                @if let Some(cause) = cause {
                    details {
                        summary { (visit.t("band-technical")) }
                        p { (visit.say(&cause.what())) " " (visit.say(&cause.next_step())) }
                    }
                }
                @if visit.person.display != Display::Blinded {
                    h3 { (visit.t("band-says")) }
                    (self.beside(visit, counted))
                }
                @let reasons = self.reasons(bands);
                @if !reasons.is_empty() {
                    h3 { (visit.t("band-why")) }
                    ul { @for reason in &reasons { li { (visit.say(reason)) } } }
                }
            }
        }
    }

    /// How it is.
    fn lines(&self) -> Vec<Phrase> {
        let mut lines = vec![match self.heard {
            Some(at) => Phrase::new("band-heard").with("date", at.date()).with("time", at.time()),
            None => Phrase::new("band-heard-never"),
        }];
        lines.push(self.battery.map_or_else(
            || Phrase::new("band-battery-unknown"),
            |percent| Phrase::new("band-battery").with("percent", u32::from(percent)),
        ));
        if !self.wanted {
            lines.push(Phrase::new("band-forgotten"));
        }
        lines.extend(self.status.as_ref().filter(|_| self.wanted).map(|status| {
            Phrase::new(match status.doing {
                Doing::Starting => "band-doing-starting",
                Doing::Looking => "band-doing-looking",
                Doing::Syncing => "band-doing-syncing",
                Doing::Waiting => "band-doing-waiting",
            })
        }));
        lines.extend(self.resolution.map(|resolution| {
            Phrase::new(match resolution {
                Resolution::Minute => "band-class-m",
                Resolution::Coarse => "band-class-h",
                Resolution::Counter => "band-class-c",
            })
        }));
        lines.extend(self.bond.map(|bond| {
            Phrase::new(match bond {
                BondLevel::Passkey => "band-bond-passkey",
                BondLevel::JustWorks => "band-bond-just-works",
                BondLevel::None => "band-bond-none",
                BondLevel::Simulated => "band-bond-simulated",
            })
        }));
        lines
    }

    /// What the band says today beside what was counted.
    fn beside(&self, visit: &Visit, counted: Option<u32>) -> Markup {
        let said = self
            .own_total
            .map(|(at, steps)| visit.say(&Phrase::new("band-says-at").with("steps", steps).with("time", at.time())));
        let counted = counted.map_or_else(
            || visit.t("week-open-number"),
            |steps| visit.say(&Phrase::new("number").with("count", steps)),
        );
        html! {
            table.table {
                caption { (visit.say(&Phrase::new("band-says-steps").with("date", self.today))) }
                tbody {
                    tr {
                        th scope="row" { (visit.t("band-says-band")) }
                        td.amount { (said.unwrap_or_else(|| visit.t("band-says-no-total"))) }
                    }
                    tr {
                        th scope="row" { (visit.t("band-says-counted")) }
                        td.amount { (counted) }
                    }
                }
            }
        }
    }

    /// Why what the band shows and what was counted may differ, the likeliest first.
    fn reasons(&self, bands: usize) -> Vec<Phrase> {
        let count = |key, number: u64| {
            let number = u32::try_from(number).unwrap_or(u32::MAX);
            (number > 0).then(|| Phrase::new(key).with("count", number))
        };
        let always = self.heard.map(|_| [Phrase::new("band-why-later"), Phrase::new("band-why-day")]);
        let mut reasons: Vec<_> = always.into_iter().flatten().collect();
        reasons.extend((bands > 1).then(|| Phrase::new("band-why-two")));
        reasons.extend(count("band-why-lost", self.lost));
        reasons.extend(count("band-why-undated", self.undated));
        reasons.extend(count("band-why-put-aside", self.put_aside));
        reasons.extend(count("band-why-conflicts", self.conflicts));
        reasons
    }

    /// What there is to do, the likeliest to help first.
    fn next_steps(&self) -> Vec<&'static str> {
        let cause = self.status.as_ref().and_then(|status| status.cause);
        let mut steps = match cause {
            None if self.heard.is_none() => vec!["band-next-near", "band-next-wake", "band-next-helper"],
            None => Vec::new(),
            Some(cause) => after(cause).to_vec(),
        };
        let flat = self.battery.is_some_and(is_soon_flat);
        if flat && !steps.contains(&"band-next-charge") {
            steps.insert(0, "band-next-charge");
        }
        if steps.is_empty() {
            steps.push("band-next-well");
        }
        steps
    }
}

/// What a person can do about a cause, the likeliest to help first. What it is in technical words stands below, for
/// whoever set the box up.
fn after(cause: Cause) -> &'static [&'static str] {
    match cause {
        Cause::NotHeard => &[
            "band-next-near",
            "band-next-charge",
            "band-next-wake",
            "band-next-other-app",
            "band-next-box",
            "band-next-helper",
        ],
        Cause::LinkBroke | Cause::LossyLink | Cause::Silent | Cause::Busy | Cause::MemoryRunsOut => {
            &["band-next-near", "band-next-charge", "band-next-wake"]
        }
        Cause::HeldElsewhere => &["band-next-other-app", "band-next-near"],
        Cause::PairingLostHere
        | Cause::PairingLostThere
        | Cause::WrongKey
        | Cause::NoKey
        | Cause::OtherCounter
        | Cause::Refused => &["band-next-pair"],
        Cause::NotConfirmed => &["band-next-confirm", "band-next-near"],
        Cause::BatteryFlat => &["band-next-charge"],
        Cause::CounterClockOff => &["band-next-wait"],
        Cause::NoBus
        | Cause::ServiceDown
        | Cause::ServiceStuck
        | Cause::NoAdapter
        | Cause::Blocked
        | Cause::AdapterOff
        | Cause::BrokerSilent
        | Cause::BrokerRefuses
        | Cause::Failure => &["band-next-box", "band-next-helper"],
        Cause::NotReady
        | Cause::BadAnswer
        | Cause::NoEnd
        | Cause::Version
        | Cause::Differs
        | Cause::NotStored
        | Cause::DiskFull
        | Cause::ReadOnly
        | Cause::ClockUnset
        | Cause::WrongZone => &["band-next-helper"],
    }
}

#[cfg(test)]
mod tests;
