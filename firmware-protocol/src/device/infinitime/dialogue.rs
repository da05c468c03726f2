//! Who is it, what time has it, set its clock; then read the total at each whole minute until the time is over.

use alloc::{string::String, vec, vec::Vec};

use super::{
    KIND, STEPS,
    layout::{Pair, Total, decode, parse_steps},
};
use crate::{
    device::{Setup, clock_reading::ClockReading},
    driver::{
        Delivery, Driver, Event, Fault, HostTime, Identity, NO_SUCH_CHARACTERISTIC, Outcome, Quarantined, Step, Unit,
        UnitKind,
    },
    reading::DeviceId,
    sig::{
        battery,
        current_time::{CURRENT_TIME, CurrentTime},
        device_information,
    },
};

const MINUTE_MS: i64 = 60_000;
/// A dialogue is no longer than this, whatever it is allowed: that bounds its deliveries.
const LONGEST_MS: u32 = 24 * 60 * 60_000;
/// Readings that cannot be, one after the other, before the dialogue is given up.
const MOST_BAD: u8 = 3;
/// Steps between two deliveries: ten notifications a second are five times what the watch sends.
const MOST_STEPS: u32 = 10_000;
/// Not this near to midnight is its clock set, seconds: set back over midnight it would begin the day once more.
const MIDNIGHT_DISTANCE_S: i64 = 120;
/// The watch shows whole seconds.
const CLOCK_RESOLUTION_MS: u64 = 1000;

#[derive(Clone, Debug)]
enum Phase {
    Subscribe,
    Firmware,
    Battery,
    Clock {
        asked_ms: u64,
    },
    Identify,
    Introduce,
    SetClock,
    /// Until this moment of the host's clock.
    Wait {
        until_ms: u64,
    },
    Steps,
    Store {
        delivery: Delivery,
        before: Option<Total>,
    },
    Over(Outcome),
}

/// See the module.
#[derive(Debug)]
pub struct InfiniTimeDriver {
    setup: Setup,
    phase: Phase,
    firmware: String,
    introduction: Vec<Unit>,
    before: Option<Total>,
    began_ms: Option<u64>,
    bad: u8,
    steps: u32,
    awaiting: bool,
}

impl InfiniTimeDriver {
    /// Nothing said yet.
    pub const fn new(setup: Setup) -> Self {
        Self {
            setup,
            phase: Phase::Subscribe,
            firmware: String::new(),
            introduction: Vec::new(),
            before: None,
            began_ms: None,
            bad: 0,
            steps: 0,
            awaiting: false,
        }
    }

    fn offset_s(&self) -> i64 {
        i64::from(self.setup.offset_min) * 60
    }

    /// The next whole minute, or the end.
    fn wait(&self, now: HostTime) -> Phase {
        let Some(utc_us) = now.utc_us else { return Phase::Over(Outcome::Complete) };
        let to_go = MINUTE_MS - utc_us.div_euclid(1000).rem_euclid(MINUTE_MS);
        let until_ms = now.mono_ms.saturating_add(u64::try_from(to_go).unwrap_or(0));
        match self.began_ms {
            Some(began) if until_ms > began.saturating_add(self.setup.live_ms.min(LONGEST_MS).into()) => {
                Phase::Over(Outcome::Complete)
            }
            _ => Phase::Wait { until_ms },
        }
    }

    /// What to write to its clock, away from midnight.
    fn clock_value(&self, now: HostTime) -> Option<Vec<u8>> {
        let local_s = now.utc_us?.div_euclid(1_000_000) + self.offset_s();
        let of_day = local_s.rem_euclid(86_400);
        let away = (MIDNIGHT_DISTANCE_S..86_400 - MIDNIGHT_DISTANCE_S).contains(&of_day);
        CurrentTime::at(local_s).filter(|_| away).map(|time| time.emit().to_vec())
    }

    fn take_clock(&mut self, value: &[u8], asked_ms: u64, now: HostTime) {
        let Some(shown_s) = CurrentTime::parse(value).ok().and_then(|time| time.local_s()) else { return };
        let Some(utc_us) = now.utc_us else { return };
        let round_trip_ms = now.mono_ms.saturating_sub(asked_ms);
        let half_ms = i64::try_from(round_trip_ms / 2).unwrap_or(i64::MAX);
        let accuracy_ms = round_trip_ms.div_ceil(2).saturating_add(CLOCK_RESOLUTION_MS / 2);
        let reading = ClockReading {
            host_utc_ms: utc_us.div_euclid(1000).saturating_sub(half_ms),
            // It may be anywhere within the second that it shows.
            claimed_utc_ms: (shown_s - self.offset_s()) * 1000 + 500,
            accuracy_ms: u16::try_from(accuracy_ms).unwrap_or(u16::MAX),
        };
        self.introduction.push(Unit { kind: UnitKind::ClockReading, bytes: reading.emit().to_vec() });
    }

    fn take_total(&mut self, value: &[u8], now: HostTime) {
        let Some(utc_us) = now.utc_us else {
            self.phase = Phase::Over(Outcome::Complete);
            return;
        };
        let read_s = utc_us.div_euclid(1_000_000);
        let kept = parse_steps(value).map_err(Into::into).and_then(|steps| {
            let total = Total { utc_s: read_s, steps };
            // A total from the future was read while this host's clock was wrong: begin afresh.
            let before = self.before.filter(|before| before.utc_s <= read_s.saturating_add(60));
            if before.is_some_and(|before| before.at_s() >= total.at_s()) {
                return Ok(None);
            }
            let mut bytes = [0; Pair::MAX_LEN];
            let pair = Pair { before, now: total, offset_min: self.setup.offset_min };
            let length = pair.emit(&mut bytes)?;
            let bytes = bytes.get(..length).unwrap_or(&[]).to_vec();
            decode(&bytes, &mut |_| ()).map(|()| Some((total, Unit { kind: UnitKind::RunningTotal, bytes })))
        });
        self.phase = match kept {
            // This minute is stored already, by a dialogue before.
            Ok(None) => self.wait(now),
            Ok(Some((total, unit))) => {
                self.bad = 0;
                let delivery = Delivery { units: vec![unit], ..Delivery::default() };
                Phase::Store { delivery, before: Some(total) }
            }
            Err(reason) => {
                self.bad += 1;
                let quarantined = vec![Quarantined { bytes: value.to_vec(), seq: None, reason }];
                Phase::Store { delivery: Delivery { quarantined, ..Delivery::default() }, before: self.before }
            }
        };
    }

    fn stored(&mut self, now: HostTime) {
        self.phase = match core::mem::replace(&mut self.phase, Phase::SetClock) {
            Phase::Store { before, .. } => {
                self.before = before;
                if self.bad < MOST_BAD { self.wait(now) } else { Phase::Over(Outcome::Interrupted(Fault::BadAnswer)) }
            }
            _ => Phase::SetClock,
        };
    }

    /// The step of a phase; `None` when the phase has nothing to do and the next one was chosen.
    fn step(&mut self, now: HostTime) -> Option<Step> {
        Some(match &self.phase {
            Phase::Subscribe => Step::Subscribe(STEPS),
            Phase::Firmware => Step::Read(device_information::FIRMWARE),
            Phase::Battery => Step::Read(battery::LEVEL),
            Phase::Clock { .. } => {
                self.phase = Phase::Clock { asked_ms: now.mono_ms };
                Step::Read(CURRENT_TIME)
            }
            Phase::Identify => Step::Identify(Identity {
                // One serial number stands in every watch; only the operating system tells them apart.
                device: DeviceId::from_serial(KIND.name, self.setup.peer.as_bytes()),
                firmware: self.firmware.clone(),
                resolution: KIND.resolution,
                memory_minutes: None,
            }),
            Phase::Introduce if self.introduction.is_empty() => {
                self.phase = Phase::SetClock;
                return None;
            }
            Phase::Introduce => {
                Step::Store(Delivery { units: core::mem::take(&mut self.introduction), ..Delivery::default() })
            }
            Phase::SetClock => {
                if let Some(bytes) = self.clock_value(now) {
                    Step::Write { to: CURRENT_TIME, bytes }
                } else {
                    self.phase = self.wait(now);
                    return None;
                }
            }
            Phase::Wait { until_ms } => {
                let left = until_ms.saturating_sub(now.mono_ms);
                if left == 0 {
                    self.phase = Phase::Steps;
                    return None;
                }
                Step::Await { at_most_ms: u32::try_from(left).unwrap_or(u32::MAX) }
            }
            Phase::Steps => Step::Read(STEPS),
            Phase::Store { delivery, .. } => Step::Store(delivery.clone()),
            Phase::Over(outcome) => Step::Finish(*outcome),
        })
    }
}

impl Driver for InfiniTimeDriver {
    fn next(&mut self, now: HostTime) -> Step {
        self.began_ms.get_or_insert(now.mono_ms);
        self.steps += 1;
        if self.steps > MOST_STEPS && !matches!(self.phase, Phase::Over(_)) {
            self.phase = Phase::Over(Outcome::Interrupted(Fault::NoEnd));
        }
        let step = loop {
            if let Some(step) = self.step(now) {
                break step;
            }
        };
        if matches!(step, Step::Store(_)) {
            self.steps = 0;
        }
        self.awaiting = matches!(step, Step::Await { .. });
        step
    }

    fn handle(&mut self, event: Event<'_>, now: HostTime) {
        // A notified total has no minute of its own; the read at the minute brings it.
        if self.awaiting || matches!(event, Event::Notified { .. }) {
            return;
        }
        let over = |fault| Phase::Over(Outcome::Interrupted(fault));
        let after = match (&self.phase, &event) {
            (Phase::Over(_), _) => return,
            (Phase::Steps, Event::Value(value)) => {
                self.take_total(value, now);
                return;
            }
            (Phase::Introduce | Phase::Store { .. }, Event::Stored) => {
                self.stored(now);
                return;
            }
            (Phase::Clock { asked_ms }, Event::Value(value)) => {
                self.take_clock(value, *asked_ms, now);
                Phase::Identify
            }
            (_, Event::NotStored) => over(Fault::NotStored),
            (_, Event::TimedOut) => over(Fault::Silent),
            // Firmware from before the motion service.
            (Phase::Subscribe, Event::Refused { code: NO_SUCH_CHARACTERISTIC }) => {
                Phase::Over(Outcome::Unsupported(Fault::Version))
            }
            (Phase::Subscribe, Event::Done | Event::Refused { .. }) => Phase::Firmware,
            (Phase::Firmware, Event::Value(value)) => {
                self.firmware = device_information::parse_text(value).map(String::from).unwrap_or_default();
                Phase::Battery
            }
            (Phase::Firmware, Event::Refused { .. }) => Phase::Battery,
            (Phase::Battery, Event::Value(value)) => {
                if battery::parse_level(value).is_ok() {
                    self.introduction.push(Unit { kind: UnitKind::Battery, bytes: value.to_vec() });
                }
                Phase::Clock { asked_ms: now.mono_ms }
            }
            (Phase::Battery, Event::Refused { .. }) => Phase::Clock { asked_ms: now.mono_ms },
            (Phase::Clock { .. }, Event::Refused { .. }) => Phase::Identify,
            (Phase::Identify, Event::Known(known)) => {
                self.before = known.last_total.map(|last| Total { utc_s: last.utc_s, steps: last.steps });
                // Without a clock nothing can be stamped: the watch has no stamps of its own.
                if now.utc_us.is_some() { Phase::Introduce } else { Phase::Over(Outcome::Complete) }
            }
            (Phase::SetClock, Event::Done | Event::Refused { .. }) => self.wait(now),
            (Phase::Steps, Event::Refused { .. }) => over(Fault::Refused),
            _ => over(Fault::BadAnswer),
        };
        self.phase = after;
    }
}
