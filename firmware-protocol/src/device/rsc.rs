//! Foot pods and other sensors of the standard Running Speed and Cadence service: a cadence about once a second while
//! they are connected, and no memory.
//!
//! Known from the public encodings of the service (*GATT Specification Supplement*), see [`crate::sig::running`]. No
//! pod was at hand.
//!
//! The unit that is kept: minute since 1970 UTC u32 · then for each notification its milliseconds within the minute u16
//! and its cadence u8. A cadence holds until the next one, but not longer than three seconds and not beyond its minute;
//! where none holds nothing is known. One that reaches into the next minute stands there again, at 0 ms.
//!
//! Not known: see [`KIND`]'s list.

use alloc::{boxed::Box, collections::VecDeque, string::String, vec, vec::Vec};

use super::{
    Ability, Advertisement, BondNeed, Characteristic, KeyNeed, Kind, Life, LifeMinute, Numbers, Peripheral, Service,
};
use crate::{
    Uuid,
    cursor::{Field, FormatError, ReadCursor, WriteCursor},
    device::Setup,
    driver::{
        DecodeResult, Delivery, Driver, Each, Event, Fault, HostTime, Identity, NO_SUCH_CHARACTERISTIC, Outcome,
        Resolution, Step, Unit, UnitKind,
    },
    reading::{DeviceId, Epoch, Reading, Stamp, Wear},
    sig::{
        battery, device_information, heart_rate,
        running::{self, Measurement},
    },
    steplog::device::AttError,
};

/// See the module.
pub const KIND: Kind = Kind {
    name: "foot-pod",
    label: "foot pod (Running Speed and Cadence)",
    resolution: Resolution::Counter,
    bond: BondNeed::Optional,
    key: KeyNeed::None,
    numbers: Numbers::FromStamps,
    scan: &[running::SERVICE],
    memory_days: None,
    hides_while_connected: true,
    wake: "Fasten the pod to the shoe and take a few steps.",
    can: &[
        Ability { what: "minutes while it is connected", implemented: true },
        Ability { what: "heart rate, speed, distance", implemented: false },
    ],
    not_known: &[
        "Whether a pod counts the steps of both feet: some are said to tell strides of one foot, half of it.",
        "Whether a pod that stands still goes on notifying.",
    ],
    recognise: |heard| heard.services.contains(&running::SERVICE),
    driver: |setup| Box::new(FootPodDriver::new(setup)),
    emulator: |life| Box::new(FootPod::new(life)),
};

const MINUTE_MS: u16 = 60_000;
/// A cadence is not believed for longer, milliseconds.
const HOLD_MS: u16 = 3_000;
/// With this much of a minute covered it counts as the minute, milliseconds.
const WHOLE_MS: u32 = 50_000;
/// Notifications of one minute that are kept; a pod sends sixty or so.
const MOST_NOTIFIED: usize = 600;

/// Cadences of one minute: milliseconds within the minute, steps a minute.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CadenceMinute {
    /// Minutes since 1970, UTC.
    pub minute: u32,
    /// In order of time.
    pub notified: Vec<(u16, u8)>,
}

impl CadenceMinute {
    /// Exactly one unit.
    ///
    /// # Errors
    /// When it is cut short, empty, or not in order.
    pub fn parse(bytes: &[u8]) -> Result<Self, FormatError> {
        let mut cursor = ReadCursor::new(bytes);
        let minute = cursor.u32()?;
        let mut notified = vec![(cursor.u16()?, cursor.u8()?)];
        while !cursor.rest().is_empty() {
            notified.push((cursor.u16()?, cursor.u8()?));
        }
        let ordered = notified.windows(2).all(|pair| matches!(pair, [(before, _), (after, _)] if before <= after));
        let last = notified.last().map_or(0, |(at, _)| *at);
        if ordered && last < MINUTE_MS && notified.len() <= MOST_NOTIFIED {
            Ok(Self { minute, notified })
        } else {
            Err(FormatError::BadField { field: Field::Body, got: last.into() })
        }
    }

    /// The unit's bytes.
    pub fn emit(&self) -> Vec<u8> {
        let mut bytes = vec![0; 4 + 3 * self.notified.len()];
        let mut cursor = WriteCursor::new(&mut bytes);
        cursor.u32(self.minute);
        for (at_ms, cadence) in &self.notified {
            cursor.u16(*at_ms).u8(*cadence);
        }
        bytes
    }

    fn epoch(&self) -> Epoch {
        let ends = self.notified.iter().skip(1).map(|(at_ms, _)| *at_ms).chain([MINUTE_MS]);
        let (mut covered_ms, mut steps_ms) = (0_u32, 0_u64);
        for ((at_ms, cadence), end_ms) in self.notified.iter().zip(ends) {
            let held_ms = end_ms.saturating_sub(*at_ms).min(HOLD_MS);
            covered_ms += u32::from(held_ms);
            steps_ms += u64::from(held_ms) * u64::from(*cadence);
        }
        let first_ms = self.notified.first().map_or(0, |(at_ms, _)| *at_ms);
        let (late_s, seconds) =
            if covered_ms >= WHOLE_MS { (0, 60) } else { (first_ms / 1000, covered_ms.div_ceil(1000).max(1)) };
        Epoch {
            seq: self.minute,
            stamp: Stamp::Utc { seconds: i64::from(self.minute) * 60 + i64::from(late_s) },
            seconds,
            // At most 255 steps a minute: fits.
            steps: u32::try_from((steps_ms + 30_000) / 60_000).unwrap_or(u32::MAX),
            saturated: false,
            wear: Wear::Unknown,
            clock_unset: false,
        }
    }
}

/// What a unit means: the steps of its minute.
///
/// # Errors
/// Says what is wrong with the bytes.
pub fn decode(bytes: &[u8], each: Each<'_>) -> DecodeResult {
    each(Reading::Epoch(CadenceMinute::parse(bytes)?.epoch()));
    Ok(())
}

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

/// A foot pod: it notifies once a second in every minute that it lived.
#[derive(Debug)]
pub struct FootPod {
    minutes: VecDeque<LifeMinute>,
    serial: String,
    battery: u8,
    subscribed: bool,
    told_s: i64,
}

impl FootPod {
    /// Nobody is connected.
    pub fn new(life: Life) -> Self {
        Self {
            minutes: life.minutes.into(),
            serial: life.serial,
            battery: life.battery,
            subscribed: false,
            told_s: i64::MIN,
        }
    }
}

impl Peripheral for FootPod {
    fn advertisement(&self) -> Advertisement {
        Advertisement { services: vec![running::SERVICE], ..Advertisement::default() }
    }

    fn services(&self) -> Vec<Service> {
        let read = |uuid| Characteristic { uuid, read: true, ..Characteristic::default() };
        let notify = |uuid| Characteristic { uuid, notify: true, ..Characteristic::default() };
        vec![
            Service {
                uuid: running::SERVICE,
                characteristics: vec![notify(running::MEASUREMENT), read(running::FEATURE)],
            },
            Service { uuid: battery::SERVICE, characteristics: vec![read(battery::LEVEL)] },
            Service {
                uuid: device_information::SERVICE,
                characteristics: vec![read(device_information::SERIAL), read(device_information::FIRMWARE)],
            },
        ]
    }

    fn connect(&mut self, _mtu: u16, _now_ms: i64) {}

    fn disconnect(&mut self) {
        self.subscribed = false;
    }

    fn subscribe(&mut self, to: Uuid, on: bool, _now_ms: i64) {
        if to == running::MEASUREMENT {
            self.subscribed = on;
        }
    }

    fn read(&mut self, from: Uuid, _now_ms: i64) -> Result<Vec<u8>, AttError> {
        match from {
            running::FEATURE => Ok(running::Feature(running::Feature::WALK_OR_RUN).emit().to_vec()),
            battery::LEVEL => Ok(battery::emit_level(self.battery).to_vec()),
            device_information::SERIAL => Ok(self.serial.as_bytes().to_vec()),
            device_information::FIRMWARE => Ok(b"1.0".to_vec()),
            _ => Err(AttError::InvalidHandle),
        }
    }

    fn write(&mut self, _to: Uuid, _bytes: &[u8], _now_ms: i64) -> Result<(), AttError> {
        Err(AttError::WriteNotPermitted)
    }

    fn outgoing(&mut self, now_ms: i64) -> Option<(Uuid, Vec<u8>)> {
        let (second, minute) = (now_ms.div_euclid(1000), now_ms.div_euclid(60_000));
        if !self.subscribed || second <= self.told_s {
            return None;
        }
        self.told_s = second;
        while self.minutes.front().is_some_and(|lived| lived.at < minute) {
            self.minutes.pop_front();
        }
        let steps = self.minutes.front().filter(|lived| lived.at == minute)?.steps;
        let cadence = u8::try_from(steps).unwrap_or(u8::MAX);
        let measurement = Measurement { speed: 256, cadence, stride_cm: None, distance_dm: None, running: false };
        let mut bytes = [0; Measurement::MAX_LEN];
        let length = measurement.emit(&mut bytes).ok()?;
        Some((running::MEASUREMENT, bytes.get(..length)?.to_vec()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        device::play::{Air, Play, Played, play},
        driver::Known,
        reading::HostId,
    };

    /// 2026-03-01T12:00:00Z, minutes.
    const NOON: i64 = 1_772_366_400 / 60;

    fn epoch(notified: &[(u16, u8)]) -> Epoch {
        let minute = CadenceMinute { minute: 1000, notified: notified.to_vec() };
        assert_eq!(CadenceMinute::parse(&minute.emit()), Ok(minute.clone()));
        minute.epoch()
    }

    fn every_second(from: u16, to: u16, cadence: u8) -> Vec<(u16, u8)> {
        (from..to).map(|second| (second * 1000, cadence)).collect()
    }

    #[test]
    fn a_minute_heard_throughout_has_the_steps_of_its_cadence() {
        let epoch = epoch(&every_second(0, 60, 112));

        assert_eq!((epoch.seq, epoch.seconds, epoch.steps), (1000, 60, 112));
        assert_eq!(epoch.stamp, Stamp::Utc { seconds: 60_000 });
    }

    #[test]
    fn a_cadence_is_not_believed_longer_than_three_seconds() {
        let epoch = epoch(&[(10_000, 120)]);

        assert_eq!((epoch.seconds, epoch.steps), (3, 6));
        assert_eq!(epoch.stamp, Stamp::Utc { seconds: 60_010 });
    }

    #[test]
    fn half_a_minute_is_no_minute() {
        let epoch = epoch(&every_second(30, 60, 100));

        assert_eq!((epoch.seconds, epoch.steps), (30, 50));
    }

    #[test]
    fn units_out_of_order_or_cut_short_are_refused() {
        for bad in [vec![], vec![(5, 1), (4, 1)], vec![(60_000, 1)], vec![(0, 1); 601]] {
            let bytes = CadenceMinute { minute: 1, notified: bad }.emit();
            assert!(CadenceMinute::parse(&bytes).is_err());
        }
        assert!(CadenceMinute::parse(&[1, 0, 0, 0, 0, 0, 1, 2]).is_err());
    }

    fn sync(begin_ms: i64, live_ms: u32, stored_to: u32, air: Air<'_>) -> Played {
        let minutes = (NOON..NOON + 60)
            .map(|at| LifeMinute { at, steps: 90 + u32::try_from(at % 30).unwrap(), wear: Wear::Worn })
            .collect();
        let mut pod = FootPod::new(Life { serial: "P1".into(), minutes, battery: 50, ..Life::default() });
        let known = Known { host: HostId([1; 8]), stored_to, held_at: None, goal_steps: None, last_total: None };
        let mut with = Play { mtu: 23, begin_ms, clock_trusted: true, known, cut_after: None, air };
        play(&mut FootPodDriver::new(Setup { live_ms, ..Setup::default() }), &mut pod, &mut with)
    }

    fn epochs(played: &Played) -> Vec<Epoch> {
        played
            .readings()
            .iter()
            .filter_map(|r| if let Reading::Epoch(epoch) = r { Some(*epoch) } else { None })
            .collect()
    }

    #[test]
    fn a_pod_that_is_heard_for_ten_minutes_tells_ten_minutes() {
        let played = sync(NOON * 60_000 - 5_000, 10 * 60_000 + 6_000, 0, &mut |from, bytes| vec![(from, bytes)]);

        let epochs = epochs(&played);
        assert_eq!(played.outcome, Some(Outcome::Complete));
        assert_eq!(played.identity.as_ref().unwrap().device, DeviceId::from_serial("foot-pod", b"P1"));
        for (at, epoch) in (NOON..NOON + 10).zip(&epochs) {
            assert_eq!((i64::from(epoch.seq), epoch.seconds), (at, 60));
            assert!(epoch.steps.abs_diff(90 + u32::try_from(at % 30).unwrap()) <= 2, "{epoch:?}");
        }
        // The last second belongs to the minute after.
        assert_eq!((epochs.len(), epochs[10].seconds <= 5), (11, true));
        assert!(played.readings().contains(&Reading::Battery { percent: 50 }));
    }

    #[test]
    fn a_minute_of_which_a_dialogue_told_something_is_not_told_again() {
        let first = sync(NOON * 60_000 + 1_000, 90_000, 0, &mut |from, bytes| vec![(from, bytes)]);
        let stored_to = epochs(&first).last().unwrap().seq + 1;

        let second = sync((NOON + 1) * 60_000 + 35_000, 90_000, stored_to, &mut |from, bytes| vec![(from, bytes)]);

        let seqs: Vec<u32> = epochs(&first).iter().chain(&epochs(&second)).map(|epoch| epoch.seq).collect();
        assert!(seqs.windows(2).all(|pair| pair[0] < pair[1]), "{seqs:?}");
    }

    #[test]
    fn lost_and_doubled_notifications_change_little() {
        let mut n = 0;
        let played = sync(NOON * 60_000 - 5_000, 3 * 60_000 + 6_000, 0, &mut |from, bytes| {
            n += 1;
            match n % 3 {
                0 => vec![],
                1 => vec![(from, bytes.clone()), (from, bytes)],
                _ => vec![(from, bytes)],
            }
        });

        for (at, epoch) in (NOON..NOON + 3).zip(&epochs(&played)) {
            assert_eq!((i64::from(epoch.seq), epoch.seconds), (at, 60));
            assert!(epoch.steps.abs_diff(90 + u32::try_from(at % 30).unwrap()) <= 2, "{epoch:?}");
        }
    }

    #[test]
    fn measurements_that_are_damaged_are_not_heard() {
        let played =
            sync(NOON * 60_000, 3 * 60_000, 0, &mut |from, bytes| vec![(from, [bytes.as_slice(), &[0]].concat())]);

        assert_eq!(epochs(&played), []);
        assert_eq!(played.outcome, Some(Outcome::Complete));
    }

    #[test]
    fn a_pod_that_never_stops_notifying_is_left() {
        let mut driver = FootPodDriver::new(Setup::default());
        let now = HostTime { mono_ms: 0, utc_us: Some(NOON * 60_000_000) };
        let known = Known { host: HostId([1; 8]), stored_to: 0, held_at: None, goal_steps: None, last_total: None };
        for _ in 0..20_000 {
            match driver.next(now) {
                Step::Identify(_) => driver.handle(Event::Known(known), now),
                Step::Read(_) => driver.handle(Event::Refused { code: 1 }, now),
                Step::Await { .. } => {
                    driver.handle(Event::Notified { from: running::MEASUREMENT, bytes: &[0, 0, 1, 90] }, now);
                }
                Step::Finish(outcome) => {
                    assert_eq!(outcome, Outcome::Interrupted(Fault::NoEnd));
                    return;
                }
                _ => driver.handle(Event::Done, now),
            }
        }
        panic!("a dialogue without end");
    }
}
