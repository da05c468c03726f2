//! What is wrong in this home, and what to do about it: one plain sentence and one next step for each thing. The
//! facts are gathered at the edge; what they mean is decided here, from values.

use chrono::{DateTime, TimeDelta, Utc};
use firmware_protocol::device::Kind;
use serde::{Deserialize, Serialize};

use crate::{model::DeviceId, person::band, trouble::Cause, words::Phrase};

/// A counter that was heard at least this strongly was near: it did not just wander out of reach. About four metres
/// of a room; a body in between takes 10 to 20 dB.
const NEAR_DBM: i16 = -75;
/// … and not longer ago than this.
const NEAR_WITHIN: TimeDelta = TimeDelta::minutes(30);
/// A counter's clock that is further off than this is worth a word, milliseconds.
const CLOCK_OFF_MS: i64 = 10 * 60 * 1000;

/// What is known of this home.
#[derive(Clone, Debug)]
pub struct Facts {
    /// Now.
    pub now: DateTime<Utc>,
    /// The program believes its clock.
    pub clock_set: bool,
    /// The radio cannot be used, and why.
    pub radio: Option<Cause>,
    /// The disk cannot be written, and why.
    pub disk: Option<Cause>,
    /// The zone in the settings and that of the machine, when they differ.
    pub zones: Option<(String, String)>,
    /// The MQTT broker for displays of this home: none when nobody tried to tell it; else what is wrong with it.
    pub broker: Option<Result<(), Cause>>,
    /// Every counter that is looked for.
    pub counters: Vec<CounterFacts>,
}

/// What is known of a counter.
#[derive(Clone, Debug)]
pub struct CounterFacts {
    /// Which.
    pub device: DeviceId,
    /// What the household calls it.
    pub label: Option<String>,
    /// What kind.
    pub kind: &'static Kind,
    /// How far back its memory reaches ([`band::horizon`]).
    pub horizon: Option<TimeDelta>,
    /// What went wrong last; none after a complete dialogue, or when nothing was tried yet.
    pub cause: Option<Cause>,
    /// When it was last in reach, and how strongly.
    pub heard: Option<(DateTime<Utc>, Option<i16>)>,
    /// When something last arrived from it.
    pub arrived: Option<DateTime<Utc>>,
    /// Percent, as it said last.
    pub battery_percent: Option<u8>,
    /// By how much its clock was ahead when it was last read.
    pub clock_ahead_ms: Option<i64>,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Finding {
    /// For programs.
    pub cause: Cause,
    /// Which counter it concerns; none when all.
    pub counter: Option<String>,
    /// What happened and what it means.
    pub what: String,
    /// The next step.
    pub next_step: String,
}

impl Finding {
    fn new(cause: Cause, counter: Option<&CounterFacts>) -> Self {
        let name = |counter: &CounterFacts| counter.label.clone().unwrap_or_else(|| counter.device.to_string());
        let next_step = match (cause, counter) {
            (Cause::NotHeard, Some(counter)) => counter.kind.wake.to_owned(),
            _ => cause.next_step().english(),
        };
        Self { cause, counter: counter.map(name), what: cause.what().english(), next_step }
    }
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    /// It is in order.
    pub fine: bool,
    /// What, as it is when it is in order.
    pub what: Phrase,
    /// The same without what the household calls things, for a report.
    pub plain: Phrase,
}

/// What was looked at; the radio only where there is one.
pub fn looked_at(facts: &Facts, has_radio: bool) -> Vec<Look> {
    let look = |fine, key| Look { fine, what: Phrase::new(key), plain: Phrase::new(key) };
    let mut looks = vec![
        look(facts.disk.is_none(), "look-disk"),
        look(facts.clock_set, "look-clock"),
        look(facts.zones.is_none(), "look-zone"),
    ];
    if has_radio {
        looks.push(look(facts.radio.is_none(), "look-radio"));
    }
    if let Some(broker) = facts.broker {
        looks.push(look(broker.is_ok(), "look-broker"));
    }
    looks.extend(facts.counters.iter().map(|counter| {
        let kind = counter.kind.label;
        let name = counter.label.clone().unwrap_or_else(|| counter.device.to_string());
        Look {
            fine: counter.cause.is_none(),
            what: Phrase::new("look-counter").with("name", name).with("kind", kind),
            plain: Phrase::new("look-counter-plain").with("kind", kind),
        }
    }));
    looks
}

/// When the data cannot even be opened there is one thing to say.
pub fn without_data(cause: Cause) -> Finding {
    Finding::new(cause, None)
}

/// Everything that is wrong, the causes before what follows from them.
pub fn diagnose(facts: &Facts) -> Vec<Finding> {
    let mut found = Vec::new();
    found.extend(facts.disk.map(|cause| Finding::new(cause, None)));
    if !facts.clock_set {
        found.push(Finding::new(Cause::ClockUnset, None));
    }
    found.extend(facts.radio.map(|cause| Finding::new(cause, None)));
    if let Some((settings, machine)) = &facts.zones {
        let mut finding = Finding::new(Cause::WrongZone, None);
        finding.what = format!("{} (settings: {settings}, computer: {machine})", finding.what);
        found.push(finding);
    }
    found.extend(facts.broker.and_then(Result::err).map(|cause| Finding::new(cause, None)));
    for counter in &facts.counters {
        let causes = causes_of(counter, facts);
        found.extend(causes.into_iter().map(|cause| Finding::new(cause, Some(counter))));
    }
    found
}

fn causes_of(counter: &CounterFacts, facts: &Facts) -> Vec<Cause> {
    let mut causes = Vec::new();
    let flat = counter.battery_percent.is_some_and(band::is_soon_flat);
    match counter.cause {
        // Without a radio nothing is heard, and nothing more can be said.
        Some(_) if facts.radio.is_some() => {}
        Some(cause) if follows_from_radio(cause) => {}
        Some(Cause::NotStored) if facts.disk.is_some() => {}
        Some(Cause::NotHeard) if flat => {}
        Some(Cause::NotHeard) => causes.push(silent_because(counter, facts)),
        Some(cause) => causes.push(cause),
        None => {}
    }
    if flat {
        causes.push(Cause::BatteryFlat);
    }
    let told = |(arrived, horizon)| facts.now - arrived >= band::told_after(horizon);
    if counter.arrived.zip(counter.horizon).is_some_and(told) {
        causes.push(Cause::MemoryRunsOut);
    }
    if counter.clock_ahead_ms.is_some_and(|ahead| ahead.abs() > CLOCK_OFF_MS) {
        causes.push(Cause::CounterClockOff);
    }
    causes
}

/// A counter that was near and then fell silent within a moment is held by another app rather than out of reach.
fn silent_because(counter: &CounterFacts, facts: &Facts) -> Cause {
    let near = counter
        .heard
        .is_some_and(|(at, rssi)| facts.now - at <= NEAR_WITHIN && rssi.is_some_and(|rssi| rssi >= NEAR_DBM));
    if near && counter.kind.hides_while_connected { Cause::HeldElsewhere } else { Cause::NotHeard }
}

fn follows_from_radio(cause: Cause) -> bool {
    matches!(
        cause,
        Cause::NoBus | Cause::ServiceDown | Cause::ServiceStuck | Cause::NoAdapter | Cause::Blocked | Cause::AdapterOff
    )
}

#[cfg(test)]
mod tests {
    use firmware_protocol::device::step_log;

    use super::*;

    fn well() -> Facts {
        let now = DateTime::from_timestamp(1_790_000_000, 0).unwrap();
        Facts {
            now,
            clock_set: true,
            radio: None,
            disk: None,
            zones: None,
            broker: None,
            counters: vec![CounterFacts {
                device: DeviceId([1; 8]),
                label: None,
                kind: &step_log::KIND,
                horizon: Some(TimeDelta::days(30)),
                cause: None,
                heard: Some((now - TimeDelta::hours(2), Some(-60))),
                arrived: Some(now - TimeDelta::hours(2)),
                battery_percent: Some(70),
                clock_ahead_ms: None,
            }],
        }
    }

    fn causes(facts: &Facts) -> Vec<Cause> {
        diagnose(facts).into_iter().map(|finding| finding.cause).collect()
    }

    #[test]
    fn a_home_in_order_has_no_finding() {
        assert_eq!(diagnose(&well()), []);
    }

    /// The twelve faults of a helper's life, seeded as facts, each with the cause it is named by.
    #[test]
    fn each_of_the_twelve_faults_is_named_by_its_cause() {
        let with = |change: &dyn Fn(&mut Facts)| {
            let mut facts = well();
            change(&mut facts);
            causes(&facts)
        };
        for (fault, found, expected) in [
            ("rfkill", with(&|f| f.radio = Some(Cause::Blocked)), Cause::Blocked),
            ("no adapter", with(&|f| f.radio = Some(Cause::NoAdapter)), Cause::NoAdapter),
            ("service down", with(&|f| f.radio = Some(Cause::ServiceDown)), Cause::ServiceDown),
            ("clock unset", with(&|f| f.clock_set = false), Cause::ClockUnset),
            (
                "bond lost on the counter",
                with(&|f| f.counters[0].cause = Some(Cause::PairingLostThere)),
                Cause::PairingLostThere,
            ),
            (
                "bond lost on the host",
                with(&|f| f.counters[0].cause = Some(Cause::PairingLostHere)),
                Cause::PairingLostHere,
            ),
            ("out of range", with(&|f| f.counters[0].cause = Some(Cause::NotHeard)), Cause::NotHeard),
            (
                "battery flat",
                with(&|f| {
                    f.counters[0].cause = Some(Cause::NotHeard);
                    f.counters[0].battery_percent = Some(3);
                }),
                Cause::BatteryFlat,
            ),
            ("disk full", with(&|f| f.disk = Some(Cause::DiskFull)), Cause::DiskFull),
            ("read-only card", with(&|f| f.disk = Some(Cause::ReadOnly)), Cause::ReadOnly),
            (
                "another app holds it",
                with(&|f| {
                    f.counters[0].cause = Some(Cause::NotHeard);
                    f.counters[0].heard = Some((f.now - TimeDelta::minutes(10), Some(-58)));
                }),
                Cause::HeldElsewhere,
            ),
            ("no broker", with(&|f| f.broker = Some(Err(Cause::BrokerSilent))), Cause::BrokerSilent),
            ("wrong zone", with(&|f| f.zones = Some(("Europe/Oslo".to_owned(), "UTC".to_owned()))), Cause::WrongZone),
        ] {
            assert_eq!(found, [expected], "{fault}");
        }
    }

    #[test]
    fn without_a_radio_nothing_is_said_about_counters_that_are_not_heard() {
        let mut facts = well();
        facts.radio = Some(Cause::NoAdapter);
        facts.counters[0].cause = Some(Cause::NotHeard);

        assert_eq!(causes(&facts), [Cause::NoAdapter]);
    }

    #[test]
    fn a_counter_unheard_for_twelve_of_thirty_days_is_called_before_anything_is_lost() {
        let mut facts = well();
        facts.counters[0].arrived = Some(facts.now - TimeDelta::days(12));

        assert_eq!(causes(&facts), [Cause::MemoryRunsOut]);
    }

    #[test]
    fn a_battery_is_flat_here_when_the_helper_is_told_that_it_soon_is() {
        for (percent, expected) in [(15, vec![Cause::BatteryFlat]), (16, vec![])] {
            let mut facts = well();
            facts.counters[0].battery_percent = Some(percent);
            assert_eq!(causes(&facts), expected, "{percent}");
        }
    }
}
