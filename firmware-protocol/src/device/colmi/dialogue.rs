//! The order of things: who is it, set the clock, battery, then day after day, the oldest first.

use alloc::{
    collections::{BTreeMap, VecDeque},
    string::String,
    vec::Vec,
};

use super::{
    DAYS_BACK, KIND, epoch_number,
    layout::{self, NOTIFY, Record, Reply, Request, SLOT_S, WRITE},
    unit,
};
use crate::{
    Uuid,
    device::{Setup, civil::Wall, gap::gap, peripheral::sig},
    driver::{
        Delivery, Driver, Event, Fault, HostTime, Identity, Known, NO_SUCH_CHARACTERISTIC, Outcome, QuarantineReason,
        Quarantined, Resolution, Step, Unit, UnitKind,
    },
    reading::DeviceId,
};

/// Serial Number String and Firmware Revision String of the Device Information Service.
const SERIAL: Uuid = sig(0x2A25);
const FIRMWARE: Uuid = sig(0x2A26);

/// The ring is deaf for so long after connecting.
const DEAF_MS: u64 = 2_000;
/// The ring answers with its old day for so long after its clock was set.
const SETTLE_MS: u64 = 1_000;
/// The longest wait for a packet.
const ANSWER_MS: u64 = 4_000;
/// A request is made so often.
const TRIES: u8 = 3;
/// A day has at most 96 records and a header; more packets than this are no answer.
const MOST_PACKETS: u16 = 250;
/// Notifications that wait for their turn; more are dropped and asked for again.
const MOST_WAITING: usize = 128;
/// Below `MAX_STEPS_WITHOUT_PROGRESS`, to leave room for the last store.
const MOST_STEPS: u32 = 15_000;

const DAY_S: i64 = 86_400;
const HOUR_S: i64 = 3_600;
const SLOTS_AN_HOUR: u8 = 4;
/// A slot is over for so long before its steps are believed to be final.
const REST_S: i64 = 120;
/// No counter's stamp is later than now by more than this.
const AHEAD_S: i64 = 300;
/// So close to midnight nobody can tell which day the ring calls today.
const MIDNIGHT_S: i64 = 5;
/// On first contact nothing older is believed.
const OLDEST_S: i64 = 400 * DAY_S;
/// A cursor further ahead than two zones can be apart is a mistake of some clock.
const CURSOR_AHEAD_S: i64 = 2 * DAY_S;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Subscribe,
    Serial,
    Firmware,
    Identify(DeviceId),
    /// The ring does not listen yet.
    Deaf,
    SetTime,
    /// The clock is set, and not everywhere in the ring.
    Settle,
    Battery,
    /// Before a day is asked for.
    Choose,
    /// A day is under way.
    Day,
    /// What came of it is being stored.
    Store,
    Over,
}

/// What came of one day so far.
#[derive(Debug, Default)]
struct Day {
    /// How many records it has, as the ring said.
    count: Option<u8>,
    /// Its records by their number.
    packets: BTreeMap<u8, Vec<u8>>,
    /// Packets that were damaged.
    damaged: Vec<(Vec<u8>, QuarantineReason)>,
    /// The damaged packets of the try before.
    damaged_before: Vec<(Vec<u8>, QuarantineReason)>,
}

impl Day {
    /// So many records are to come; another number than before belongs to another answer.
    fn expect(&mut self, count: u8) {
        if self.count.replace(count).is_some_and(|before| before != count) {
            self.packets.clear();
        }
    }

    /// Another try: what was damaged comes again, damaged again or not.
    fn again(&mut self) {
        self.damaged_before = core::mem::take(&mut self.damaged);
    }

    fn missing(&self) -> impl Iterator<Item = u8> + '_ {
        (0..self.count.unwrap_or(0)).filter(|index| !self.packets.contains_key(index))
    }

    fn is_whole(&self) -> bool {
        self.count.is_some() && self.missing().next().is_none()
    }

    /// What is missing came damaged, twice in the same way: it was not the air, and it will not come in another form.
    fn is_all_there_is(&self) -> bool {
        let known = !self.damaged.is_empty() && self.damaged == self.damaged_before;
        self.is_whole() || (known && self.count.is_some() && self.missing().count() == self.damaged.len())
    }

    /// Leaves out what follows the first record that is missing and may still come: the cursor of the host would pass it.
    fn keep_prefix(&mut self) {
        let first = if self.count.is_some() { self.missing().next() } else { None };
        match (first, self.count) {
            (Some(first), _) => drop(self.packets.split_off(&first)),
            (None, None) => self.packets.clear(),
            (None, Some(_)) => {}
        }
    }
}

/// The dialogue with a ring.
#[derive(Debug)]
pub struct ColmiDriver {
    offset_min: i16,
    peer: String,
    phase: Phase,
    /// The step that was given out and not answered yet.
    asked: Option<Step>,
    waiting: VecDeque<Vec<u8>>,
    /// End of the wait that is under way.
    until_ms: Option<u64>,
    tries: u8,
    /// Packets since the request that is under way.
    packets: u16,
    steps: u32,
    serial: Option<Vec<u8>>,
    firmware: String,
    known: Option<Known>,
    /// Day that is asked for or is next, counted from 1970 on the ring's wall clock; none before the first.
    target: Option<i64>,
    day: Day,
    /// The last packet of the day before, which may come once more.
    stale: Option<Vec<u8>>,
    /// Records begin at quarters too.
    quarters: bool,
    delivery: Delivery,
    ending: Option<Outcome>,
}

impl ColmiDriver {
    /// Nothing said yet.
    pub fn new(setup: Setup) -> Self {
        Self {
            offset_min: setup.offset_min,
            peer: setup.peer,
            phase: Phase::Subscribe,
            asked: None,
            waiting: VecDeque::new(),
            until_ms: None,
            tries: 0,
            packets: 0,
            steps: 0,
            serial: None,
            firmware: String::new(),
            known: None,
            target: None,
            day: Day::default(),
            stale: None,
            quarters: false,
            delivery: Delivery::default(),
            ending: None,
        }
    }

    /// Seconds of the wall clock that the ring is set to.
    fn local_s(&self, now: HostTime) -> Option<i64> {
        Some(now.utc_us?.div_euclid(1_000_000) + i64::from(self.offset_min) * 60)
    }

    fn end(&mut self, outcome: Outcome) {
        self.ending.get_or_insert(outcome);
        self.phase = Phase::Over;
    }

    /// Ends after storing what was gathered.
    fn fail(&mut self, fault: Fault) {
        let rescue = self.phase == Phase::Day;
        self.end(Outcome::Interrupted(fault));
        if rescue {
            self.phase = Phase::Store;
        }
    }

    fn go(&mut self, phase: Phase) {
        (self.phase, self.until_ms, self.tries, self.packets) = (phase, None, 0, 0);
    }

    fn proceed(&mut self, now: HostTime) -> Step {
        loop {
            let Some(local_s) = self.local_s(now) else {
                // The ring's clock cannot be read: whatever it stamps is worth nothing to who cannot set it.
                self.end(Outcome::Complete);
                return Step::Finish(self.ending.unwrap_or(Outcome::Complete));
            };
            match self.phase {
                Phase::Subscribe => return Step::Subscribe(NOTIFY),
                Phase::Serial => return Step::Read(SERIAL),
                Phase::Firmware => return Step::Read(FIRMWARE),
                Phase::Identify(device) => {
                    return Step::Identify(Identity {
                        device,
                        firmware: self.firmware.clone(),
                        resolution: Resolution::Coarse,
                        memory_minutes: None,
                    });
                }
                Phase::Deaf => match self.pause(DEAF_MS, now) {
                    Some(step) => return step,
                    None => self.go(Phase::SetTime),
                },
                Phase::SetTime => {
                    let request = Request::SetTime { wall: Wall::from_seconds(local_s), language: 1 };
                    if let Some(step) = self.converse(&request, now) {
                        return step;
                    }
                }
                Phase::Settle => match self.pause(SETTLE_MS, now) {
                    Some(step) => return step,
                    None => self.go(Phase::Battery),
                },
                Phase::Battery => {
                    if let Some(step) = self.converse(&Request::Battery, now) {
                        return step;
                    }
                }
                Phase::Choose => {
                    if let Some(step) = self.choose(local_s) {
                        return step;
                    }
                }
                Phase::Day => {
                    let today = local_s.div_euclid(DAY_S);
                    let ago = u8::try_from(today - self.target.unwrap_or(today)).unwrap_or(0);
                    if let Some(step) = self.converse(&Request::Steps { days_ago: ago }, now) {
                        return step;
                    }
                }
                Phase::Store => {
                    self.settle_day(local_s);
                    let next = if self.ending.is_some() { Phase::Over } else { Phase::Choose };
                    self.go(next);
                    if !self.delivery.units.is_empty() || !self.delivery.quarantined.is_empty() {
                        let days = local_s.div_euclid(DAY_S) - self.target.unwrap_or(0);
                        let remaining = u32::try_from(days.max(0)).ok().map(|days| days.saturating_mul(24));
                        return Step::Store(Delivery { remaining, ..core::mem::take(&mut self.delivery) });
                    }
                }
                Phase::Over => return Step::Finish(self.ending.unwrap_or(Outcome::Complete)),
            }
        }
    }

    /// Waits, whatever arrives meanwhile.
    fn pause(&mut self, length_ms: u64, now: HostTime) -> Option<Step> {
        let until_ms = *self.until_ms.get_or_insert(now.mono_ms.saturating_add(length_ms));
        self.waiting.clear();
        let left = until_ms.saturating_sub(now.mono_ms);
        (left > 0).then(|| Step::Await { at_most_ms: u32::try_from(left).unwrap_or(u32::MAX) })
    }

    /// Sends the request, then looks at what arrives; none when the phase has to be looked at again.
    fn converse(&mut self, request: &Request, now: HostTime) -> Option<Step> {
        let Some(until_ms) = self.until_ms else {
            self.until_ms = Some(now.mono_ms.saturating_add(ANSWER_MS));
            self.packets = 0;
            // Answers to something given up on.
            self.waiting.clear();
            return Some(Step::Send { to: WRITE, bytes: request.emit().to_vec() });
        };
        if let Some(bytes) = self.waiting.pop_front() {
            self.packets += 1;
            if self.packets > MOST_PACKETS {
                self.fail(Fault::NoEnd);
            } else if self.look_at(&bytes) {
                self.until_ms = Some(now.mono_ms.saturating_add(ANSWER_MS));
            }
            return None;
        }
        let left = until_ms.saturating_sub(now.mono_ms);
        if left == 0 {
            self.waited_in_vain();
            return None;
        }
        Some(Step::Await { at_most_ms: u32::try_from(left).unwrap_or(u32::MAX) })
    }

    /// Takes a packet; says whether more of the same answer is to come.
    fn look_at(&mut self, bytes: &[u8]) -> bool {
        // Nothing says which day *no steps* is about. Should the same be the answer for this day too, it comes with the
        // next try.
        if self.phase == Phase::Day && self.tries == 0 && self.stale.take_if(|stale| stale == bytes).is_some() {
            return false;
        }
        match (self.phase, Reply::parse(bytes)) {
            (Phase::SetTime, Ok(Reply::TimeSet { .. })) => self.go(Phase::Settle),
            (Phase::SetTime, Ok(Reply::Refused { command })) if command == layout::SET_TIME => {
                self.fail(Fault::Refused);
            }
            (Phase::Battery, Ok(Reply::Battery { percent, .. })) => {
                if percent <= 100 {
                    self.delivery.units.push(Unit { kind: UnitKind::Battery, bytes: alloc::vec![percent] });
                }
                self.go(Phase::Choose);
            }
            (Phase::Battery, Ok(Reply::Refused { command })) if command == layout::BATTERY => self.go(Phase::Choose),
            (Phase::Day, Ok(Reply::Refused { command })) if command == layout::STEPS => self.fail(Fault::Refused),
            (Phase::Day, Ok(Reply::NoSteps)) => self.day.expect(0),
            (Phase::Day, Ok(Reply::StepsHeader { records, .. })) => self.day.expect(records),
            // A record that cannot be read has come all the same, when it says which one it is.
            (Phase::Day, answer @ (Ok(Reply::Steps(_)) | Err(_))) => match (Reply::place(bytes), answer) {
                (Some((index, count)), _) if index < count => {
                    self.day.expect(count);
                    self.day.packets.entry(index).or_insert_with(|| bytes.to_vec());
                }
                (_, answer) => {
                    let reason = answer.err().map_or(QuarantineReason::BadField, QuarantineReason::from);
                    self.day.damaged.push((bytes.to_vec(), reason));
                }
            },
            _ => return false,
        }
        if self.phase != Phase::Day {
            return false;
        }
        if self.day.is_whole() {
            self.stale = Some(bytes.to_vec());
            self.go(Phase::Store);
            return false;
        }
        true
    }

    fn waited_in_vain(&mut self) {
        self.until_ms = None;
        self.tries += 1;
        match self.phase {
            Phase::Day if self.tries < TRIES => {
                // The day is asked for again; midnight may have passed meanwhile.
                self.day.again();
                self.phase = Phase::Choose;
            }
            _ if self.tries < TRIES => {}
            Phase::Battery => self.go(Phase::Choose),
            Phase::Day if self.day.is_all_there_is() => self.go(Phase::Store),
            Phase::Day if self.day.count.is_some() || !self.day.damaged.is_empty() => self.fail(Fault::LossyLink),
            _ => self.fail(Fault::Silent),
        }
    }

    /// The next day to ask for, or the end; a step while nobody can tell which day it is.
    fn choose(&mut self, local_s: i64) -> Option<Step> {
        let of_day = local_s.rem_euclid(DAY_S);
        if !(MIDNIGHT_S..DAY_S - MIDNIGHT_S).contains(&of_day) {
            self.waiting.clear();
            return Some(Step::Await { at_most_ms: 2_000 });
        }
        let today = local_s.div_euclid(DAY_S);
        let stored_to = self.stored_to(local_s);
        let next = *self.target.get_or_insert_with(|| {
            let oldest = today - DAYS_BACK;
            let overwritten = stored_to.zip(epoch_number(oldest * DAY_S)).and_then(|(from, to)| gap(from, to));
            self.delivery.units.extend(overwritten);
            let first = stored_to.map_or(0, |number| i64::from(number) * SLOT_S / DAY_S);
            first.clamp(oldest, today)
        });
        if next > today {
            self.end(Outcome::Complete);
        } else {
            self.phase = Phase::Day;
        }
        None
    }

    /// The host's cursor; none on first contact, or when it lies where no clock can have been.
    fn stored_to(&self, local_s: i64) -> Option<u32> {
        let number = self.known.map(|known| known.stored_to).filter(|number| *number > 0)?;
        (i64::from(number) * SLOT_S <= local_s + CURSOR_AHEAD_S).then_some(number)
    }

    /// Makes units of what came of the day, and goes on to the next.
    fn settle_day(&mut self, local_s: i64) {
        let Some(target) = self.target else { return };
        let mut day = core::mem::take(&mut self.day);
        let whole = day.is_whole();
        if !day.is_all_there_is() {
            day.keep_prefix();
        }
        let mut slots: BTreeMap<i64, (Record, Vec<u8>)> = BTreeMap::new();
        if !whole {
            for (bytes, reason) in day.damaged {
                self.put_aside(bytes, reason);
            }
        }
        for bytes in day.packets.into_values() {
            match Reply::parse(&bytes) {
                Ok(Reply::Steps(record)) => match slots.get_mut(&record.start_s()) {
                    None => drop(slots.insert(record.start_s(), (record, bytes))),
                    Some(kept) => {
                        let mut other = (record, bytes);
                        if other.0.steps > kept.0.steps {
                            core::mem::swap(kept, &mut other);
                        }
                        self.put_aside(other.1, QuarantineReason::Conflict);
                    }
                },
                Ok(_) => self.put_aside(bytes, QuarantineReason::BadField),
                Err(error) => self.put_aside(bytes, error.into()),
            }
        }
        self.quarters |= slots.values().any(|(record, _)| record.slot % SLOTS_AN_HOUR != 0);
        let seconds = if self.quarters { SLOT_S } else { HOUR_S };
        let stored_to = self.stored_to(local_s);
        let oldest_s = stored_to.map_or(local_s - OLDEST_S, |number| i64::from(number) * SLOT_S - DAY_S);
        for (start_s, (_, bytes)) in slots {
            let number = epoch_number(start_s).filter(|_| (oldest_s..=local_s + AHEAD_S).contains(&start_s));
            match number {
                None => self.put_aside(bytes, QuarantineReason::WrongTime),
                Some(number) if stored_to.is_some_and(|stored_to| number < stored_to) => {}
                // Steps may still be added to it; stored epochs never change.
                Some(_) if start_s + seconds + REST_S > local_s => {}
                Some(_) => self.delivery.units.push(unit(self.offset_min, self.quarters, &bytes)),
            }
        }
        self.target = Some(target + 1);
        self.tries = 0;
    }

    /// Without a number: a stamp that is not believed must not hold the cursor.
    fn put_aside(&mut self, bytes: Vec<u8>, reason: QuarantineReason) {
        self.delivery.quarantined.push(Quarantined { bytes, seq: None, reason });
    }

    fn identify(&mut self) {
        let serial = self.serial.take().unwrap_or_default();
        let trimmed = serial.trim_ascii();
        let says_something = trimmed.first().is_some_and(|first| trimmed.iter().any(|byte| byte != first));
        let own = if says_something { trimmed } else { self.peer.as_bytes() };
        if own.is_empty() {
            // Nothing tells this ring from another person's.
            self.end(Outcome::Unsupported(Fault::BadAnswer));
        } else {
            self.phase = Phase::Identify(DeviceId::from_serial(KIND.name, own));
        }
    }

    fn answered(&mut self, asked: &Step, event: Event<'_>) {
        match (asked, event) {
            (Step::Subscribe(_), Event::Done) => self.go(Phase::Serial),
            (Step::Subscribe(_), Event::Refused { code: NO_SUCH_CHARACTERISTIC }) => {
                self.end(Outcome::Unsupported(Fault::Refused));
            }
            (Step::Read(SERIAL), Event::Value(value)) => {
                self.serial = Some(value.to_vec());
                self.go(Phase::Firmware);
            }
            (Step::Read(SERIAL), Event::Refused { .. }) => self.go(Phase::Firmware),
            (Step::Read(_), Event::Value(value)) => {
                self.firmware = String::from_utf8_lossy(value).trim_matches('\0').into();
                self.identify();
            }
            (Step::Read(_), Event::Refused { .. }) => self.identify(),
            (Step::Identify(_), Event::Known(known)) => {
                self.known = Some(known);
                self.go(Phase::Deaf);
            }
            (Step::Store(_), Event::NotStored) => {
                // Nothing else: what went wrong before matters less.
                self.ending = Some(Outcome::Interrupted(Fault::NotStored));
                self.phase = Phase::Over;
            }
            (Step::Store(_), Event::Stored)
            | (Step::Send { .. }, Event::Done)
            | (Step::Await { .. }, Event::TimedOut) => {}
            (_, Event::TimedOut) => self.fail(Fault::Silent),
            (_, Event::Refused { .. }) => self.fail(Fault::Refused),
            _ => self.fail(Fault::BadAnswer),
        }
    }
}

impl Driver for ColmiDriver {
    fn next(&mut self, now: HostTime) -> Step {
        if self.steps > MOST_STEPS {
            self.steps = 0;
            self.fail(Fault::NoEnd);
            self.asked = None;
        }
        // Asked again without an answer: the same step again.
        let step = match &self.asked {
            Some(asked) if !matches!(asked, Step::Await { .. }) => asked.clone(),
            _ => self.proceed(now),
        };
        self.steps = if matches!(step, Step::Store(_)) { 0 } else { self.steps + 1 };
        self.asked = (!matches!(step, Step::Finish(_))).then(|| step.clone());
        step
    }

    fn handle(&mut self, event: Event<'_>, _now: HostTime) {
        if let Event::Notified { from, bytes } = event {
            if from == NOTIFY && self.waiting.len() < MOST_WAITING {
                self.waiting.push_back(bytes.to_vec());
            }
            if matches!(self.asked, Some(Step::Await { .. })) {
                self.asked = None;
            }
            return;
        }
        if let Some(asked) = self.asked.take() {
            self.answered(&asked, event);
        }
    }
}
