//! The *Pacer*: a counter that does not exist, read by a driver that does. `docs/new-device.md` is written around this
//! file and quotes it; `cargo run -p firmware-protocol --features host --example new_counter` plays it.
//!
//! Known from: nothing, it was made up. A real driver names here where each format is known from.
//!
//! The Pacer keeps one-minute records stamped by its own UTC clock. A host asks for sixty at a time; they come as
//! packets with a checksum of their own, then a packet that says how many there were and where to go on. What a
//! host says it may forget, it forgets.
//!
//! The unit that is kept is the packet of a minute as sent. An epoch's number is its minute since 1970.
//!
//! Not known: see [`KIND`]'s list.

use std::collections::VecDeque;

use firmware_protocol::{
    Uuid,
    crc::Crc16,
    cursor::{Field, FormatError, ReadCursor, WriteCursor},
    device::{
        Ability, Advertisement, BondNeed, Characteristic, KeyNeed, Kind, Life, LifeMinute, Numbers, Peripheral,
        Service, Setup,
        clock_reading::ClockReading,
        play::{Play, Played, play},
    },
    driver::{
        DecodeResult, Delivery, Driver, Each, Event, Fault, HostTime, Identity, Known, NO_SUCH_CHARACTERISTIC, Outcome,
        QuarantineReason, Quarantined, Resolution, Step, Unit, UnitKind,
    },
    reading::{DeviceId, Epoch, HostId, Reading, Stamp, Wear},
    sig::device_information,
    steplog::device::AttError,
};

/// The service, which it advertises.
const SERVICE: Uuid = 0x50ac_0000_7a1e_4c11_9b5d_2f6e_8a90_3c47;
/// How many minutes it holds, u32. Read.
const COUNT: Uuid = 0x50ac_0001_7a1e_4c11_9b5d_2f6e_8a90_3c47;
/// Its clock, seconds of UTC since 1970, u32. Read, write.
const CLOCK: Uuid = 0x50ac_0002_7a1e_4c11_9b5d_2f6e_8a90_3c47;
/// Requests. Write.
const FETCH: Uuid = 0x50ac_0003_7a1e_4c11_9b5d_2f6e_8a90_3c47;
/// Packets. Notify.
const MINUTES: Uuid = 0x50ac_0004_7a1e_4c11_9b5d_2f6e_8a90_3c47;

/// In the crate a new counter gets a number of its own, `PacerMinutes = 15`. An example cannot add one to the enum,
/// so this one stands in; nothing here decodes by it.
const UNIT: UnitKind = UnitKind::CadenceMinute;

/// See the module.
const KIND: Kind = Kind {
    name: "pacer",
    label: "Pacer",
    resolution: Resolution::Minute,
    bond: BondNeed::Optional,
    key: KeyNeed::None,
    numbers: Numbers::FromStamps,
    scan: &[SERVICE],
    memory_days: Some(14),
    hides_while_connected: true,
    wake: "Shake the Pacer and leave it near this computer.",
    can: &[
        Ability { what: "one-minute history", implemented: true },
        Ability { what: "forgetting only what is stored", implemented: true },
        Ability { what: "reading and setting the clock", implemented: true },
        Ability { what: "its tune at the hour", implemented: false },
    ],
    not_known: &["What it does with its minutes when its clock is set back."],
    recognise: |heard| heard.services.contains(&SERVICE),
    driver: |setup| Box::new(PacerDriver::new(setup)),
    emulator: |life| Box::new(PacerCounter::new(life)),
};

/// A packet: kind u8 · minute u32 · two bytes that the kind explains · CRC-16 of all before it.
const PACKET_LEN: usize = 9;
/// A steps field with this value means "at least this many".
const SATURATED: u8 = 255;

/// What the Pacer notifies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Packet {
    /// One minute.
    Minute { minute: u32, steps: u8, wear: Wear },
    /// No more are to come: go on at `next`, and `sent` were sent.
    End { next: u32, sent: u8 },
}

impl Packet {
    fn parse(bytes: &[u8]) -> Result<Self, FormatError> {
        let mut cursor = ReadCursor::new(bytes);
        let (kind, minute, first, second) = (cursor.u8()?, cursor.u32()?, cursor.u8()?, cursor.u8()?);
        let (got, want) = (cursor.u16()?, checksum(bytes));
        cursor.end()?;
        if got != want {
            return Err(FormatError::BadChecksum { want: want.into(), got: got.into() });
        }
        match (kind, second) {
            (1, 0) => Ok(Self::Minute { minute, steps: first, wear: Wear::Unknown }),
            (1, 1) => Ok(Self::Minute { minute, steps: first, wear: Wear::Worn }),
            (1, 2) => Ok(Self::Minute { minute, steps: first, wear: Wear::NotWorn }),
            (2, 0) => Ok(Self::End { next: minute, sent: first }),
            (1 | 2, got) => Err(FormatError::BadField { field: Field::Flags, got: got.into() }),
            (got, _) => Err(FormatError::Unknown { got }),
        }
    }

    fn emit(self) -> [u8; PACKET_LEN] {
        let mut bytes = [0; PACKET_LEN];
        let mut cursor = WriteCursor::new(&mut bytes);
        match self {
            Self::Minute { minute, steps, wear } => cursor.u8(1).u32(minute).u8(steps).u8(match wear {
                Wear::Worn => 1,
                Wear::NotWorn => 2,
                // It has no charger: it cannot say so.
                Wear::Unknown | Wear::Charging => 0,
            }),
            Self::End { next, sent } => cursor.u8(2).u32(next).u8(sent).u8(0),
        };
        let checksum = checksum(&bytes).to_le_bytes();
        WriteCursor::new(bytes.get_mut(PACKET_LEN - 2..).unwrap_or(&mut [])).bytes(&checksum);
        bytes
    }
}

fn checksum(packet: &[u8]) -> u16 {
    Crc16::new().update(packet.get(..PACKET_LEN - 2).unwrap_or(packet)).value()
}

/// What a host writes to [`FETCH`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Request {
    /// Send so many minutes, from this one on.
    Send { from: u32, most: u8 },
    /// Everything before this minute may be forgotten.
    Forget { to: u32 },
}

impl Request {
    fn parse(bytes: &[u8]) -> Result<Self, FormatError> {
        let mut cursor = ReadCursor::new(bytes);
        let request = match (cursor.u8()?, cursor.u32()?) {
            (1, from) => Self::Send { from, most: cursor.u8()? },
            (2, to) => Self::Forget { to },
            (got, _) => return Err(FormatError::Unknown { got }),
        };
        cursor.end()?;
        Ok(request)
    }

    fn emit(self) -> Vec<u8> {
        match self {
            Self::Send { from, most } => [&[1], &from.to_le_bytes()[..], &[most]].concat(),
            Self::Forget { to } => [&[2], &to.to_le_bytes()[..]].concat(),
        }
    }
}

/// What a stored unit means.
fn decode(bytes: &[u8], each: Each<'_>) -> DecodeResult {
    let Packet::Minute { minute, steps, wear } = Packet::parse(bytes)? else {
        return Err(QuarantineReason::BadField);
    };
    each(Reading::Epoch(Epoch {
        seq: minute,
        stamp: Stamp::Utc { seconds: i64::from(minute) * 60 },
        seconds: 60,
        steps: steps.into(),
        saturated: steps == SATURATED,
        wear,
        clock_unset: false,
    }));
    Ok(())
}

/// Minutes of one request.
const MOST_MINUTES: u8 = 60;
/// Requests of one dialogue: five times what the Pacer can hold.
const MOST_REQUESTS: u32 = 5 * 14 * 24;
/// The longest wait for a packet.
const ANSWER_MS: u32 = 3_000;
/// Minutes are asked for so often.
const TRIES: u8 = 3;
/// Packets that wait for their turn; more are dropped and asked for again.
const MOST_WAITING: usize = 128;
/// Steps between two deliveries: a request brings 61 packets, three times over.
const MOST_STEPS: u32 = 1_000;
/// No minute is later than now by more than this.
const AHEAD_MIN: i64 = 5;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Subscribe,
    Serial,
    Count,
    Clock {
        asked_ms: u64,
    },
    Identify,
    /// Ask for the minutes from the cursor on.
    Ask,
    /// Packets are arriving.
    Listen,
    /// The delivery is being stored …
    Store,
    /// … and only then may the Pacer forget.
    Forget,
    /// Last of all: its minutes were stamped by the clock as it was.
    SetClock,
    Over(Outcome),
}

/// What came of one request.
#[derive(Debug, Default)]
struct Answer {
    minutes: Vec<(u32, [u8; PACKET_LEN])>,
    damaged: Vec<(Vec<u8>, QuarantineReason)>,
}

struct PacerDriver {
    peer: String,
    phase: Phase,
    serial: Vec<u8>,
    /// Minutes that it still has, as it said.
    count: u32,
    /// First minute that is not stored yet.
    cursor: u32,
    delivery: Delivery,
    waiting: VecDeque<Vec<u8>>,
    answer: Answer,
    damaged_before: Vec<(Vec<u8>, QuarantineReason)>,
    tries: u8,
    requests: u32,
    steps: u32,
}

impl PacerDriver {
    fn new(setup: Setup) -> Self {
        Self {
            peer: setup.peer,
            phase: Phase::Subscribe,
            serial: Vec::new(),
            count: 0,
            cursor: 0,
            delivery: Delivery::default(),
            waiting: VecDeque::new(),
            answer: Answer::default(),
            damaged_before: Vec::new(),
            tries: 0,
            requests: 0,
            steps: 0,
        }
    }

    fn identity(&self) -> Identity {
        let own = if self.serial.is_empty() { self.peer.as_bytes() } else { &self.serial };
        Identity {
            device: DeviceId::from_serial(KIND.name, own),
            firmware: String::new(),
            resolution: KIND.resolution,
            memory_minutes: None,
        }
    }

    fn end(&mut self, fault: Fault) {
        self.phase = Phase::Over(Outcome::Interrupted(fault));
    }

    /// The host's clock and the Pacer's beside each other. A host that does not believe its own clock says nothing.
    fn take_clock(&mut self, value: &[u8], asked_ms: u64, now: HostTime) {
        let mut cursor = ReadCursor::new(value);
        let (Ok(shown_s), Ok(()), Some(utc_us)) = (cursor.u32(), cursor.end(), now.utc_us) else { return };
        let half_ms = now.mono_ms.saturating_sub(asked_ms) / 2;
        let reading = ClockReading {
            host_utc_ms: utc_us.div_euclid(1000).saturating_sub_unsigned(half_ms),
            // It may be anywhere within the second that it shows.
            claimed_utc_ms: i64::from(shown_s) * 1000 + 500,
            accuracy_ms: u16::try_from(half_ms.saturating_add(500)).unwrap_or(u16::MAX),
        };
        self.delivery.units.push(Unit { kind: UnitKind::ClockReading, bytes: reading.emit().to_vec() });
    }

    fn take_packet(&mut self, bytes: &[u8], now: HostTime) {
        match Packet::parse(bytes) {
            Ok(packet @ Packet::Minute { minute, .. }) => {
                let expected = self.answer.minutes.last().map_or(self.cursor, |(last, _)| last.saturating_add(1));
                // One that was repeated, or is out of order, does not count; the sum will tell.
                if minute >= expected {
                    self.answer.minutes.push((minute, packet.emit()));
                }
            }
            Ok(Packet::End { next, sent }) => self.take_end(next, sent, now),
            Err(error) => self.answer.damaged.push((bytes.to_vec(), error.into())),
        }
    }

    /// Believes what came when nothing of it is missing.
    fn take_end(&mut self, next: u32, sent: u8, now: HostTime) {
        if sent == 0 && self.answer.minutes.is_empty() {
            self.phase = Phase::SetClock;
            return;
        }
        let last = self.answer.minutes.last().map_or(self.cursor, |(last, _)| *last);
        if next <= last {
            return self.end(Fault::BadAnswer);
        }
        // The same damage twice was not done by the air.
        let settled = self.answer.damaged.is_empty() || self.answer.damaged == self.damaged_before;
        if self.answer.minutes.len() + self.answer.damaged.len() != usize::from(sent) || !settled {
            return self.ask_again();
        }
        let latest = now.utc_us.map(|utc_us| utc_us.div_euclid(60_000_000) + AHEAD_MIN);
        for (minute, bytes) in std::mem::take(&mut self.answer.minutes) {
            if latest.is_some_and(|latest| i64::from(minute) > latest) {
                self.put_aside(bytes.to_vec(), QuarantineReason::WrongTime);
            } else {
                self.delivery.units.push(Unit { kind: UNIT, bytes: bytes.to_vec() });
            }
        }
        for (bytes, reason) in std::mem::take(&mut self.answer.damaged) {
            self.put_aside(bytes, reason);
        }
        self.count = self.count.saturating_sub(sent.into());
        self.delivery.remaining = Some(self.count);
        (self.cursor, self.tries, self.phase) = (next, 0, Phase::Store);
    }

    /// Kept with its bytes. Without a number: a stamp that is not believed must not hold the cursor.
    fn put_aside(&mut self, bytes: Vec<u8>, reason: QuarantineReason) {
        self.delivery.quarantined.push(Quarantined { bytes, seq: None, reason });
    }

    fn ask_again(&mut self) {
        self.tries += 1;
        let nothing_came = self.answer.minutes.is_empty() && self.answer.damaged.is_empty();
        if self.tries == TRIES {
            return self.end(if nothing_came { Fault::Silent } else { Fault::LossyLink });
        }
        self.damaged_before = std::mem::take(&mut self.answer.damaged);
        self.phase = Phase::Ask;
    }
}

impl Driver for PacerDriver {
    fn next(&mut self, now: HostTime) -> Step {
        self.steps += 1;
        loop {
            if self.steps > MOST_STEPS && !matches!(self.phase, Phase::Over(_)) {
                self.end(Fault::NoEnd);
            }
            match self.phase {
                Phase::Subscribe => return Step::Subscribe(MINUTES),
                Phase::Serial => return Step::Read(device_information::SERIAL),
                Phase::Count => return Step::Read(COUNT),
                Phase::Clock { .. } => {
                    self.phase = Phase::Clock { asked_ms: now.mono_ms };
                    return Step::Read(CLOCK);
                }
                Phase::Identify => return Step::Identify(self.identity()),
                Phase::Ask => {
                    self.requests += 1;
                    if self.requests > MOST_REQUESTS {
                        self.end(Fault::NoEnd);
                        continue;
                    }
                    // Answers to something given up on.
                    self.waiting.clear();
                    self.answer = Answer::default();
                    let request = Request::Send { from: self.cursor, most: MOST_MINUTES };
                    return Step::Write { to: FETCH, bytes: request.emit() };
                }
                Phase::Listen => match self.waiting.pop_front() {
                    Some(bytes) => self.take_packet(&bytes, now),
                    None => return Step::Await { at_most_ms: ANSWER_MS },
                },
                Phase::Store => {
                    self.steps = 0;
                    return Step::Store(std::mem::take(&mut self.delivery));
                }
                Phase::Forget => {
                    return Step::Write { to: FETCH, bytes: Request::Forget { to: self.cursor }.emit() };
                }
                Phase::SetClock => match now.utc_us.and_then(|utc_us| u32::try_from(utc_us / 1_000_000).ok()) {
                    Some(utc_s) => return Step::Write { to: CLOCK, bytes: utc_s.to_le_bytes().to_vec() },
                    None => self.phase = Phase::Over(Outcome::Complete),
                },
                Phase::Over(outcome) => return Step::Finish(outcome),
            }
        }
    }

    fn handle(&mut self, event: Event<'_>, now: HostTime) {
        if let Event::Notified { from, bytes } = event {
            if from == MINUTES && self.waiting.len() < MOST_WAITING {
                self.waiting.push_back(bytes.to_vec());
            }
            return;
        }
        match (self.phase, event) {
            (Phase::Over(_), _) => {}
            (Phase::Subscribe, Event::Done) => self.phase = Phase::Serial,
            (Phase::Subscribe, Event::Refused { code: NO_SUCH_CHARACTERISTIC }) => {
                self.phase = Phase::Over(Outcome::Unsupported(Fault::Refused));
            }
            (Phase::Serial, Event::Value(value)) => {
                self.serial = value.to_vec();
                self.phase = Phase::Count;
            }
            (Phase::Serial, Event::Refused { .. }) => self.phase = Phase::Count,
            (Phase::Count, Event::Value(value)) => match ReadCursor::new(value).u32() {
                Ok(count) => (self.count, self.phase) = (count, Phase::Clock { asked_ms: 0 }),
                Err(_) => self.end(Fault::BadAnswer),
            },
            (Phase::Clock { asked_ms }, Event::Value(value)) => {
                self.take_clock(value, asked_ms, now);
                self.phase = Phase::Identify;
            }
            (Phase::Identify, Event::Known(known)) => {
                self.cursor = known.stored_to;
                self.phase = if self.delivery.units.is_empty() { Phase::Ask } else { Phase::Store };
            }
            (Phase::Ask, Event::Done) => self.phase = Phase::Listen,
            (Phase::Listen, Event::TimedOut) => self.ask_again(),
            (Phase::Store, Event::Stored) => self.phase = Phase::Forget,
            (Phase::Store, Event::NotStored) => self.end(Fault::NotStored),
            (Phase::Forget, Event::Done) => self.phase = Phase::Ask,
            (Phase::SetClock, Event::Done) => self.phase = Phase::Over(Outcome::Complete),
            (_, Event::TimedOut) => self.end(Fault::Silent),
            (_, Event::Refused { .. }) => self.end(Fault::Refused),
            _ => self.end(Fault::BadAnswer),
        }
    }
}

/// A Pacer that lived through some minutes.
struct PacerCounter {
    serial: String,
    minutes: Vec<LifeMinute>,
    clock_error_ms: i64,
    subscribed: bool,
    packets: VecDeque<Packet>,
}

impl PacerCounter {
    fn new(life: Life) -> Self {
        Self {
            serial: life.serial,
            minutes: life.minutes,
            clock_error_ms: life.clock_error_ms,
            subscribed: false,
            packets: VecDeque::new(),
        }
    }

    /// The minute as its own clock stamped it.
    fn stamp(&self, lived: &LifeMinute) -> u32 {
        u32::try_from((lived.at * 60_000 + self.clock_error_ms).div_euclid(60_000)).unwrap_or(0)
    }

    fn send(&mut self, from: u32, most: u8, now_ms: i64) {
        let over = |lived: &&LifeMinute| (lived.at + 1) * 60_000 <= now_ms;
        let minutes: Vec<Packet> = self
            .minutes
            .iter()
            .filter(over)
            .map(|lived| Packet::Minute {
                minute: self.stamp(lived),
                steps: u8::try_from(lived.steps).unwrap_or(SATURATED),
                wear: lived.wear,
            })
            .filter(|packet| matches!(packet, Packet::Minute { minute, .. } if *minute >= from))
            .take(most.into())
            .collect();
        let next = match minutes.last() {
            Some(Packet::Minute { minute, .. }) => minute.saturating_add(1),
            _ => from,
        };
        let sent = u8::try_from(minutes.len()).unwrap_or(u8::MAX);
        self.packets = minutes.into_iter().chain([Packet::End { next, sent }]).collect();
    }
}

impl Peripheral for PacerCounter {
    fn advertisement(&self) -> Advertisement {
        Advertisement { services: vec![SERVICE], ..Advertisement::default() }
    }

    fn services(&self) -> Vec<Service> {
        let one = |uuid| Characteristic { uuid, ..Characteristic::default() };
        let read = |uuid| Characteristic { read: true, ..one(uuid) };
        let characteristics = vec![
            read(COUNT),
            Characteristic { write: true, ..read(CLOCK) },
            Characteristic { write: true, ..one(FETCH) },
            Characteristic { notify: true, ..one(MINUTES) },
        ];
        let about = vec![read(device_information::SERIAL)];
        vec![
            Service { uuid: SERVICE, characteristics },
            Service { uuid: device_information::SERVICE, characteristics: about },
        ]
    }

    fn connect(&mut self, _mtu: u16, _now_ms: i64) {}

    fn disconnect(&mut self) {
        self.subscribed = false;
        self.packets.clear();
    }

    fn subscribe(&mut self, to: Uuid, on: bool, _now_ms: i64) {
        if to == MINUTES {
            self.subscribed = on;
        }
    }

    fn read(&mut self, from: Uuid, now_ms: i64) -> Result<Vec<u8>, AttError> {
        match from {
            device_information::SERIAL => Ok(self.serial.as_bytes().to_vec()),
            COUNT => Ok(u32::try_from(self.minutes.len()).unwrap_or(u32::MAX).to_le_bytes().to_vec()),
            CLOCK => {
                let shown_s = (now_ms + self.clock_error_ms).div_euclid(1000);
                Ok(u32::try_from(shown_s).unwrap_or(0).to_le_bytes().to_vec())
            }
            _ => Err(AttError::InvalidHandle),
        }
    }

    fn write(&mut self, to: Uuid, bytes: &[u8], now_ms: i64) -> Result<(), AttError> {
        match to {
            FETCH => match Request::parse(bytes).map_err(|_| AttError::InvalidLength)? {
                Request::Send { from, most } => self.send(from, most, now_ms),
                Request::Forget { to } => {
                    let kept = self.minutes.iter().filter(|lived| self.stamp(lived) >= to).copied().collect();
                    self.minutes = kept;
                }
            },
            CLOCK => {
                let seconds = ReadCursor::new(bytes).u32().map_err(|_| AttError::InvalidLength)?;
                self.clock_error_ms = i64::from(seconds) * 1000 - now_ms;
            }
            _ => return Err(AttError::InvalidHandle),
        }
        Ok(())
    }

    fn outgoing(&mut self, _now_ms: i64) -> Option<(Uuid, Vec<u8>)> {
        let packet = if self.subscribed { self.packets.pop_front() } else { None };
        packet.map(|packet| (MINUTES, packet.emit().to_vec()))
    }
}

/// 2026-03-01T12:00:00Z, minutes.
const NOON: i64 = 1_772_366_400 / 60;

/// Two hours and a half, with a hole: from the 60th to the 69th minute nothing was recorded.
fn a_life() -> Life {
    let steps = |n: i64| u32::try_from(n % 7 * 20).unwrap_or(0);
    let minutes = (0..150).filter(|n| !(60..70).contains(n));
    let minutes = minutes.map(|n| LifeMinute { at: NOON - 150 + n, steps: steps(n), wear: Wear::Worn });
    Life { serial: "P-0042".into(), minutes: minutes.collect(), clock_error_ms: 40_000, ..Life::default() }
}

/// A dialogue at noon through this air, on the smallest MTU there is.
fn sync(
    counter: &mut dyn Peripheral,
    stored_to: u32,
    cut_after: Option<u32>,
    air: &mut dyn FnMut(Uuid, Vec<u8>) -> Vec<(Uuid, Vec<u8>)>,
) -> Played {
    let heard = counter.advertisement();
    let mut driver = (KIND.driver)(Setup { peer: "AA:BB:CC:DD:EE:FF".into(), heard, ..Setup::default() });
    let known = Known { host: HostId([1; 8]), stored_to, held_at: None, goal_steps: None, last_total: None };
    let mut with = Play { mtu: 23, begin_ms: NOON * 60_000 + 5_000, clock_trusted: true, known, cut_after, air };
    play(driver.as_mut(), counter, &mut with)
}

/// The minutes that were stored, in order.
fn epochs(played: &Played) -> Vec<Epoch> {
    let units = played.deliveries.iter().flat_map(|delivery| &delivery.units);
    let mut epochs = Vec::new();
    for unit in units.filter(|unit| unit.kind == UNIT) {
        let decoded = decode(&unit.bytes, &mut |reading| {
            if let Reading::Epoch(epoch) = reading {
                epochs.push(epoch);
            }
        });
        assert_eq!(decoded, Ok(()), "a stored unit decodes");
    }
    epochs
}

fn main() {
    let mut counter = PacerCounter::new(a_life());

    let played = sync(&mut counter, 0, None, &mut |from, bytes| vec![(from, bytes)]);

    let epochs = epochs(&played);
    let steps: u32 = epochs.iter().map(|epoch| epoch.steps).sum();
    println!("{:?}: {} minutes, {steps} steps", played.outcome, epochs.len());
    println!("left on the counter: {} minutes", counter.minutes.len());
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made from the description at the top of this file by another program, not by this one.
    const VECTORS: [(&str, Packet); 4] = [
        ("0170bcc20168017852", Packet::Minute { minute: 29_539_440, steps: 104, wear: Wear::Worn }),
        ("0171bcc201ff008586", Packet::Minute { minute: 29_539_441, steps: 255, wear: Wear::Unknown }),
        ("0172bcc2010002d86b", Packet::Minute { minute: 29_539_442, steps: 0, wear: Wear::NotWorn }),
        ("0273bcc2010300eb83", Packet::End { next: 29_539_443, sent: 3 }),
    ];

    fn unhex(text: &str) -> Vec<u8> {
        (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
    }

    fn steps_of(life: &Life) -> Vec<(i64, u32)> {
        life.minutes.iter().map(|lived| (lived.at, lived.steps)).collect()
    }

    fn told(played: &Played) -> Vec<(i64, u32)> {
        epochs(played).iter().map(|epoch| (i64::from(epoch.seq), epoch.steps)).collect()
    }

    #[test]
    fn every_vector_is_the_same_both_ways() {
        for (hex, packet) in VECTORS {
            assert_eq!(Packet::parse(&unhex(hex)), Ok(packet), "{hex}");
            assert_eq!(packet.emit().to_vec(), unhex(hex), "{hex}");
        }
        for request in [Request::Send { from: 7, most: 60 }, Request::Forget { to: 9 }] {
            assert_eq!(Request::parse(&request.emit()), Ok(request));
        }
    }

    #[test]
    fn damage_is_noticed_and_a_full_field_is_a_lower_bound() {
        let mut bytes = unhex(VECTORS[1].0);
        let mut saturated = None;
        decode(&bytes, &mut |reading| saturated = Some(reading)).unwrap();
        assert!(matches!(saturated, Some(Reading::Epoch(Epoch { steps: 255, saturated: true, .. }))));

        bytes[5] ^= 1;

        assert_eq!(decode(&bytes, &mut |_| panic!("a reading")), Err(QuarantineReason::BadChecksum));
        assert_eq!(decode(&bytes[1..], &mut |_| panic!("a reading")), Err(QuarantineReason::Truncated));
        assert!(decode(&unhex(VECTORS[3].0), &mut |_| panic!("a reading")).is_err());
    }

    #[test]
    fn it_brings_in_what_its_counter_lived_through_and_a_hole_stays_a_hole() {
        let mut counter = PacerCounter::new(a_life());
        assert!((KIND.recognise)(&counter.advertisement()));

        let played = sync(&mut counter, 0, None, &mut |from, bytes| vec![(from, bytes)]);

        assert_eq!(played.outcome, Some(Outcome::Complete));
        assert_eq!(told(&played), steps_of(&a_life()));
        assert!(counter.minutes.is_empty());
        // Its clock was 40 s ahead, and was set after its minutes were fetched.
        assert!(counter.clock_error_ms.abs() < 1_100);
    }

    #[test]
    fn a_dialogue_that_is_cut_anywhere_loses_nothing() {
        for cut_after in 0..200 {
            let mut counter = PacerCounter::new(a_life());
            let first = sync(&mut counter, 0, Some(cut_after), &mut |from, bytes| vec![(from, bytes)]);
            let stored_to = epochs(&first).last().map_or(0, |epoch| epoch.seq + 1);

            let second = sync(&mut counter, stored_to, None, &mut |from, bytes| vec![(from, bytes)]);

            let both: Vec<_> = told(&first).into_iter().chain(told(&second)).collect();
            assert_eq!(both, steps_of(&a_life()), "cut after {cut_after}");
        }
    }

    #[test]
    fn lost_doubled_and_damaged_packets_are_asked_for_again() {
        let mut counter = PacerCounter::new(a_life());
        let mut n = 0_u32;

        let played = sync(&mut counter, 0, None, &mut |from, mut bytes| {
            n += 1;
            match n {
                10 => vec![],
                80 => vec![(from, bytes.clone()), (from, bytes)],
                90 => {
                    bytes[5] ^= 0x40;
                    vec![(from, bytes)]
                }
                _ => vec![(from, bytes)],
            }
        });

        assert_eq!(played.outcome, Some(Outcome::Complete));
        assert_eq!(told(&played), steps_of(&a_life()));
        assert!(played.deliveries.iter().all(|delivery| delivery.quarantined.is_empty()));
    }

    #[test]
    fn a_minute_that_is_damaged_in_the_counter_is_put_aside_and_does_not_stop_the_others() {
        let mut counter = PacerCounter::new(a_life());
        let bad = steps_of(&a_life())[5];

        let played = sync(&mut counter, 0, None, &mut |from, mut bytes| {
            if matches!(Packet::parse(&bytes), Ok(Packet::Minute { minute, .. }) if i64::from(minute) == bad.0) {
                bytes[5] ^= 0x40;
            }
            vec![(from, bytes)]
        });

        let aside: Vec<_> = played.deliveries.iter().flat_map(|delivery| &delivery.quarantined).collect();
        assert_eq!((aside.len(), aside[0].reason), (1, QuarantineReason::BadChecksum));
        let rest: Vec<_> = steps_of(&a_life()).into_iter().filter(|lived| *lived != bad).collect();
        assert_eq!(told(&played), rest);
    }

    /// What the fuzzer does to every kind in `KINDS`.
    #[test]
    fn no_bytes_make_it_panic_or_go_on_for_ever() {
        let mut dice = 0x2026_1122_u32;
        let mut roll = move || {
            dice ^= dice << 13;
            dice ^= dice >> 17;
            dice ^= dice << 5;
            dice.to_le_bytes()[1]
        };
        for _ in 0..300 {
            let mut counter = PacerCounter::new(a_life());
            let played = sync(&mut counter, 0, None, &mut |from, mut bytes| match roll() {
                0..8 => vec![],
                8..16 => {
                    let at = usize::from(roll()) % bytes.len();
                    bytes[at] = roll();
                    vec![(from, bytes)]
                }
                // Any packet, with a checksum that is right.
                16..24 => {
                    let minute = u32::from_le_bytes([roll(), roll(), roll(), roll()]);
                    let packet = if roll() < 128 {
                        Packet::Minute { minute, steps: roll(), wear: Wear::Worn }
                    } else {
                        Packet::End { next: minute, sent: roll() % 4 }
                    };
                    vec![(from, packet.emit().to_vec()), (from, bytes)]
                }
                _ => vec![(from, bytes)],
            });

            assert!(played.outcome.is_some());
            drop(epochs(&played));
        }
    }
}
