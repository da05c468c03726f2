//! Who is it; then listen until the time is over, a unit for each minute.

use alloc::{collections::VecDeque, string::String, vec, vec::Vec};

use super::{
    KIND,
    layout::{CadenceMinute, HOLD_MS, MINUTE_MS, MOST_NOTIFIED},
};
use crate::{
    device::Setup,
    driver::{
        Delivery, Driver, Event, Fault, HostTime, Identity, NO_SUCH_CHARACTERISTIC, Outcome, Step, Unit, UnitKind,
    },
    reading::DeviceId,
    sig::{
        battery, device_information, heart_rate,
        running::{self, Measurement},
    },
};

/// A dialogue is no longer than this, whatever it is allowed: that bounds its deliveries.
const LONGEST_MS: u32 = 24 * 60 * 60_000;
/// Steps between two deliveries, or without one: ten times what a pod notifies in half an hour.
const MOST_STEPS: u32 = 18_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Subscribe,
    SubscribeHeart,
    Serial,
    Firmware,
    Battery,
    Identify,
    Introduce,
    Listen,
    Over(Outcome),
}

/// See the module.
#[derive(Debug)]
pub struct FootPodDriver {
    setup: Setup,
    phase: Phase,
    serial: Vec<u8>,
    firmware: String,
    battery: Vec<Unit>,
    stored_to: u32,
    began_ms: Option<u64>,
    minute: CadenceMinute,
    /// A minute that is over.
    finished: VecDeque<Unit>,
    awaiting: bool,
    steps: u32,
}

impl FootPodDriver {
    /// Nothing said yet.
    pub fn new(setup: Setup) -> Self {
        Self {
            setup,
            phase: Phase::Subscribe,
            serial: Vec::new(),
            firmware: String::new(),
            battery: Vec::new(),
            stored_to: 0,
            began_ms: None,
            minute: CadenceMinute::default(),
            finished: VecDeque::new(),
            awaiting: false,
            steps: 0,
        }
    }

    fn identity(&self) -> Identity {
        let name = if self.serial.is_empty() { self.setup.peer.as_bytes() } else { &self.serial };
        Identity {
            device: DeviceId::from_serial(KIND.name, name),
            firmware: self.firmware.clone(),
            resolution: KIND.resolution,
            memory_minutes: None,
        }
    }

    /// Ends the minute under way when another one has begun.
    fn turn_to(&mut self, minute: u32) {
        if minute == self.minute.minute {
            return;
        }
        let before = core::mem::replace(&mut self.minute, CadenceMinute { minute, notified: Vec::new() });
        // A cadence of the last seconds holds into this minute.
        if let Some((at_ms, cadence)) = before.notified.last()
            && before.minute.checked_add(1) == Some(minute)
            && *at_ms >= MINUTE_MS - HOLD_MS
        {
            self.minute.notified.push((0, *cadence));
        }
        self.keep(&before);
    }

    fn keep(&mut self, minute: &CadenceMinute) {
        // A minute of which a dialogue before has told something is not told again.
        if !minute.notified.is_empty() && minute.minute >= self.stored_to {
            self.finished.push_back(Unit { kind: UnitKind::CadenceMinute, bytes: minute.emit() });
            self.stored_to = minute.minute.saturating_add(1);
        }
    }

    fn take(&mut self, value: &[u8], now: HostTime) {
        let (Ok(measurement), Some(utc_us)) = (Measurement::parse(value), now.utc_us) else { return };
        let now_ms = utc_us.div_euclid(1000);
        let Ok(minute) = u32::try_from(now_ms.div_euclid(MINUTE_MS.into())) else { return };
        self.turn_to(minute);
        let at_ms = u16::try_from(now_ms.rem_euclid(MINUTE_MS.into())).unwrap_or(0);
        // The host's clock was set back within the minute: what it says now is not told twice.
        let in_order = self.minute.notified.last().is_none_or(|(last_ms, _)| *last_ms <= at_ms);
        if in_order && self.minute.notified.len() < MOST_NOTIFIED {
            self.minute.notified.push((at_ms, measurement.cadence));
        }
    }

    /// Listening: store what is finished, wait for the end of the minute, or end.
    fn listen(&mut self, now: HostTime) -> Option<Step> {
        let left_ms = self
            .began_ms
            .map_or(0, |began| began.saturating_add(self.setup.live_ms.min(LONGEST_MS).into()))
            .saturating_sub(now.mono_ms);
        if let Some(utc_us) = now.utc_us
            && let Ok(minute) = u32::try_from(utc_us.div_euclid(60_000_000))
            && left_ms > 0
        {
            self.turn_to(minute);
            if let Some(unit) = self.finished.pop_front() {
                return Some(Step::Store(Delivery { units: vec![unit], ..Delivery::default() }));
            }
            let to_go_ms = 60_000 - utc_us.div_euclid(1000).rem_euclid(60_000);
            let at_most_ms = u64::try_from(to_go_ms).unwrap_or(1).min(left_ms);
            return Some(Step::Await { at_most_ms: u32::try_from(at_most_ms).unwrap_or(u32::MAX) });
        }
        let last = core::mem::take(&mut self.minute);
        self.keep(&last);
        if let Some(unit) = self.finished.pop_front() {
            return Some(Step::Store(Delivery { units: vec![unit], ..Delivery::default() }));
        }
        self.phase = Phase::Over(Outcome::Complete);
        None
    }

    fn step(&mut self, now: HostTime) -> Option<Step> {
        Some(match self.phase {
            Phase::Subscribe => Step::Subscribe(running::MEASUREMENT),
            Phase::SubscribeHeart => Step::Subscribe(heart_rate::MEASUREMENT),
            Phase::Serial => Step::Read(device_information::SERIAL),
            Phase::Firmware => Step::Read(device_information::FIRMWARE),
            Phase::Battery => Step::Read(battery::LEVEL),
            Phase::Identify => Step::Identify(self.identity()),
            Phase::Introduce if self.battery.is_empty() => {
                self.phase = Phase::Listen;
                return None;
            }
            Phase::Introduce => {
                Step::Store(Delivery { units: core::mem::take(&mut self.battery), ..Delivery::default() })
            }
            Phase::Listen => return self.listen(now),
            Phase::Over(outcome) => Step::Finish(outcome),
        })
    }
}

impl Driver for FootPodDriver {
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
        if let Event::Notified { from, bytes } = event {
            // Heart rate is heard, so that a sensor that has both keeps notifying, and not kept.
            if from == running::MEASUREMENT {
                self.take(bytes, now);
            }
            return;
        }
        if self.awaiting {
            return;
        }
        let over = |fault| Phase::Over(Outcome::Interrupted(fault));
        self.phase = match (self.phase, event) {
            (Phase::Over(outcome), _) => Phase::Over(outcome),
            (_, Event::NotStored) => over(Fault::NotStored),
            (_, Event::TimedOut) => over(Fault::Silent),
            (Phase::Subscribe, Event::Done) => Phase::SubscribeHeart,
            (Phase::Subscribe, Event::Refused { code: NO_SUCH_CHARACTERISTIC }) => {
                Phase::Over(Outcome::Unsupported(Fault::Refused))
            }
            (Phase::SubscribeHeart, Event::Done | Event::Refused { .. }) => Phase::Serial,
            (Phase::Serial, Event::Value(value)) => {
                self.serial = device_information::parse_text(value).map_or(value, str::as_bytes).to_vec();
                Phase::Firmware
            }
            (Phase::Serial, Event::Refused { .. }) => Phase::Firmware,
            (Phase::Firmware, Event::Value(value)) => {
                self.firmware = device_information::parse_text(value).map(String::from).unwrap_or_default();
                Phase::Battery
            }
            (Phase::Firmware, Event::Refused { .. }) => Phase::Battery,
            (Phase::Battery, Event::Value(value)) => {
                if battery::parse_level(value).is_ok() {
                    self.battery.push(Unit { kind: UnitKind::Battery, bytes: value.to_vec() });
                }
                Phase::Identify
            }
            (Phase::Battery, Event::Refused { .. }) => Phase::Identify,
            (Phase::Identify, Event::Known(known)) => {
                self.stored_to = known.stored_to;
                // A cadence without a time is nothing that could be kept.
                if now.utc_us.is_some() { Phase::Introduce } else { Phase::Over(Outcome::Complete) }
            }
            (Phase::Introduce | Phase::Listen, Event::Stored) => Phase::Listen,
            (_, Event::Refused { .. }) => over(Fault::Refused),
            _ => over(Fault::BadAnswer),
        };
    }
}
