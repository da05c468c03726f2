//! The order of things: who is it, open the stream, what does its clock say, open its logs, have pending minutes
//! flushed, store and acknowledge message after message, declare what is lost for good, set its clock.
//!
//! The clock is set last: minutes that the watch has counted and not logged yet are stamped when they are flushed, and a
//! clock that is set in between would give them a time of neither clock.

use alloc::{
    collections::VecDeque,
    string::{String, ToString},
    vec::Vec,
};

use super::{
    FAMILY, identity,
    log_book::{After, LogBook, Taken},
    ppogatt::{HOST_PAYLOAD, Heard, NOTIFY, SERIAL_LEN, Transport, WRITE},
    protocol::{DATA_LOGGING, HEALTH_SYNC, HealthSync, Messages, PHONE_VERSION, TIME, Time, VERSION_ANSWER, emit},
};
use crate::{
    Uuid,
    device::{Purpose, Setup, clock_reading::ClockReading, peripheral::sig},
    driver::{
        Delivery, Driver, Event, Fault, HostTime, Identity, Known, MAX_STEPS_WITHOUT_PROGRESS, NO_SUCH_CHARACTERISTIC,
        Outcome, Prompt, Resolution, Step, Unit, UnitKind,
    },
    reading::{DeviceId, HostId},
};

/// Serial Number String of the Device Information Service, the same text as in the advertisement.
pub const SERIAL: Uuid = sig(0x2A25);
/// Firmware Revision String.
pub const FIRMWARE: Uuid = sig(0x2A26);
/// Battery Level.
pub const BATTERY: Uuid = sig(0x2A19);

/// Nothing more is to come when nothing has come for so long: the watch sends lost packets again after 6 s at most, and
/// says nothing when a log is empty.
const QUIET_MS: u64 = 10_000;
/// So long an answer about the time may take.
const TIME_MS: u64 = 5_000;
/// Without anything stored for so long the dialogue is over, whatever else the watch talks about.
const STALLED_MS: u64 = 120_000;
/// The watch sends data anew when it was not acknowledged for 30 s, perhaps with more behind it; an acknowledgement that
/// comes late deletes what nobody has seen. This is as long as it may take to store.
const ACK_WITHIN_MS: u64 = 15_000;
/// Notifications that wait for their turn; more are dropped and sent again by the watch.
const MAX_WAITING: usize = 64;
/// Steps between two deliveries; leaves room for the last store.
const MAX_STEPS: u32 = MAX_STEPS_WITHOUT_PROGRESS - 5_000;
/// Deliveries of one dialogue: more than twice the messages that 640 KB of logs make.
const MAX_DELIVERIES: u32 = 6_000;
/// The longest name of a zone that the watch keeps.
const MAX_ZONE_LEN: usize = 32;
/// ATT: insufficient authentication, insufficient encryption key size, insufficient encryption.
const NOT_PAIRED: [u8; 3] = [0x05, 0x0C, 0x0F];

/// How far the dialogue has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Asking the wearer to confirm, while the system pairs.
    Prompt,
    /// Switching notifications on, which wants the encrypted link.
    Subscribe,
    /// Asking who it is.
    Serial,
    /// Asking its firmware version.
    Firmware,
    /// Asking for the charge.
    Battery,
    /// Asking the host what it knows of it.
    Identify,
    /// Opening the stream.
    Open,
    /// Asking what its clock says, since this moment when asked.
    Clock(Option<u64>),
    /// Bringing in its logs; quiet since this moment.
    Fetch(u64),
    /// Setting its clock; until this moment when told.
    SetClock(Option<u64>),
    /// Over.
    Over,
}

/// The dialogue with a Pebble.
#[derive(Debug)]
pub struct PebbleDriver {
    setup: Setup,
    phase: Phase,
    /// The step that was given out and not answered yet.
    asked: Option<Step>,
    /// Notifications with the time of their arrival.
    waiting: VecDeque<(u64, Vec<u8>)>,
    serial: Option<String>,
    firmware: String,
    known: Option<Known>,
    transport: Transport,
    messages: Messages,
    /// Whole messages with the time of their last byte's arrival.
    inbox: VecDeque<(u64, u16, Vec<u8>)>,
    logs: LogBook,
    /// To be stored before anything else is looked at.
    delivery: Delivery,
    /// What may be done when it is stored, and when the message arrived.
    after: Option<(After, u64)>,
    /// The watch has flushed its pending minutes.
    flushed: bool,
    steps: u32,
    deliveries: u32,
    /// When something was stored last, or the stream opened.
    progress_ms: u64,
    ending: Option<Outcome>,
}

impl PebbleDriver {
    /// Nothing said yet.
    pub fn new(setup: Setup) -> Self {
        Self {
            phase: if setup.purpose == Purpose::Pair { Phase::Prompt } else { Phase::Subscribe },
            setup,
            asked: None,
            waiting: VecDeque::new(),
            serial: None,
            firmware: String::new(),
            known: None,
            transport: Transport::new([0; SERIAL_LEN], HOST_PAYLOAD),
            messages: Messages::default(),
            inbox: VecDeque::new(),
            logs: LogBook::default(),
            delivery: Delivery::default(),
            after: None,
            flushed: false,
            steps: 0,
            deliveries: 0,
            progress_ms: 0,
            ending: None,
        }
    }

    fn proceed(&mut self, now: HostTime) -> Step {
        loop {
            match self.phase {
                Phase::Prompt => return Step::Prompt(Prompt::Tap),
                Phase::Subscribe => return Step::Subscribe(NOTIFY),
                Phase::Serial => return Step::Read(SERIAL),
                Phase::Firmware => return Step::Read(FIRMWARE),
                Phase::Battery => return Step::Read(BATTERY),
                Phase::Identify => return Step::Identify(self.identity()),
                Phase::Over => {
                    // What was gathered before the fault is good.
                    if let Some(step) = self.store() {
                        return step;
                    }
                    return Step::Finish(self.ending.unwrap_or(Outcome::Complete));
                }
                Phase::Open | Phase::Clock(_) | Phase::Fetch(_) | Phase::SetClock(_) => {
                    if let Some(step) = self.talk(now) {
                        return step;
                    }
                }
            }
        }
    }

    fn identity(&self) -> Identity {
        let named = identity::of(self.serial.as_deref(), &self.setup);
        Identity {
            device: DeviceId::from_serial(FAMILY, named.as_bytes()),
            firmware: self.firmware.clone(),
            resolution: Resolution::Minute,
            memory_minutes: None,
        }
    }

    /// One turn of the conversation inside the stream; `None` when something changed without a step.
    fn talk(&mut self, now: HostTime) -> Option<Step> {
        if self.inbox.len() < MAX_WAITING
            && let Some((arrived_ms, bytes)) = self.waiting.pop_front()
        {
            let heard = self.transport.hear(&bytes, now.mono_ms);
            self.heard(heard, now);
            self.messages.push(&self.transport.take_received());
            while let Some((endpoint, payload)) = self.messages.next_message() {
                self.inbox.push_back((arrived_ms, endpoint, payload));
            }
            if let Phase::Fetch(since_ms) = &mut self.phase
                && self.messages.is_in_between()
            {
                *since_ms = now.mono_ms;
            }
            return None;
        }
        let passed = self.transport.pass(now.mono_ms);
        if passed != Heard::Nothing {
            self.heard(passed, now);
            return None;
        }
        // Acknowledgements first: storing may take longer than the watch waits.
        if let Some(bytes) = self.transport.packet(now.mono_ms) {
            return Some(Step::Send { to: WRITE, bytes });
        }
        if let Some(step) = self.store() {
            return Some(step);
        }
        if let Some((arrived_ms, endpoint, payload)) = self.inbox.pop_front() {
            self.message(endpoint, &payload, arrived_ms, now);
            return None;
        }
        self.wait(now)
    }

    fn heard(&mut self, heard: Heard, now: HostTime) {
        match heard {
            Heard::Nothing => {}
            Heard::Opened => {
                self.progress_ms = now.mono_ms;
                if self.phase == Phase::Open {
                    self.phase = Phase::Clock(None);
                }
            }
            Heard::Closed => {
                // The watch forgets what it waits for; an acknowledgement that is still to come would be another's.
                self.messages = Messages::default();
                self.inbox.clear();
                self.logs.forget_sessions();
                self.after = None;
                self.flushed = false;
                self.phase = Phase::Open;
            }
            Heard::Dead if self.phase == Phase::Open && self.deliveries == 0 => self.fail(Fault::Silent),
            Heard::Dead => self.fail(Fault::LossyLink),
        }
    }

    fn store(&mut self) -> Option<Step> {
        if self.delivery.units.is_empty() && self.delivery.quarantined.is_empty() {
            return None;
        }
        Some(Step::Store(core::mem::take(&mut self.delivery)))
    }

    /// What to wait for, or what comes next when there is nothing to wait for.
    fn wait(&mut self, now: HostTime) -> Option<Step> {
        let (mono_ms, utc_us) = (now.mono_ms, now.utc_us);
        let until_ms = match self.phase {
            Phase::Clock(None) if utc_us.is_some() => {
                self.say(TIME, &Time::Get.emit());
                self.phase = Phase::Clock(Some(mono_ms));
                return None;
            }
            Phase::Clock(Some(asked_ms)) if mono_ms < asked_ms.saturating_add(TIME_MS) => {
                asked_ms.saturating_add(TIME_MS)
            }
            Phase::Clock(_) => {
                self.ask_for_logs(now);
                return None;
            }
            Phase::Fetch(since_ms) => {
                let quiet_ms = since_ms.saturating_add(QUIET_MS);
                let stalled_ms = self.progress_ms.saturating_add(STALLED_MS);
                if mono_ms >= quiet_ms {
                    self.fetched();
                    return None;
                }
                if mono_ms >= stalled_ms {
                    self.fail(Fault::NoEnd);
                    return None;
                }
                quiet_ms.min(stalled_ms)
            }
            Phase::SetClock(None) => {
                match utc_us.and_then(|us| u32::try_from(us.div_euclid(1_000_000)).ok()) {
                    Some(utc) => {
                        let zone = &self.setup.zone;
                        let region = if zone.len() <= MAX_ZONE_LEN { zone.clone() } else { String::new() };
                        self.say(TIME, &Time::Set { utc, offset_min: self.setup.offset_min, region }.emit());
                        self.phase = Phase::SetClock(Some(mono_ms.saturating_add(TIME_MS)));
                    }
                    None => self.phase = Phase::Over,
                }
                return None;
            }
            Phase::SetClock(Some(until_ms)) => {
                if self.transport.is_idle() || mono_ms >= until_ms {
                    self.phase = Phase::Over;
                    return None;
                }
                until_ms
            }
            // The transport knows how long it waits; before its first packet is out there is nothing to wait for.
            _ => {
                if !self.transport.is_open() && self.transport.until_ms().is_none() {
                    self.transport.begin();
                    return None;
                }
                u64::MAX
            }
        };
        let until_ms = self.transport.until_ms().map_or(until_ms, |own_ms| own_ms.min(until_ms));
        let at_most_ms = u32::try_from(until_ms.saturating_sub(mono_ms).max(1)).unwrap_or(u32::MAX);
        Some(Step::Await { at_most_ms })
    }

    fn ask_for_logs(&mut self, now: HostTime) {
        let stored_s = self.known.map_or(0, |known| i64::from(known.stored_to) * 60);
        let utc_s = now.utc_us.map_or(0, |us| us.div_euclid(1_000_000));
        let seconds = if stored_s == 0 { 0 } else { u32::try_from(utc_s - stored_s).unwrap_or(0) };
        self.say(DATA_LOGGING, &LogBook::report());
        self.say(HEALTH_SYNC, &HealthSync::Sync { seconds }.emit());
        self.phase = Phase::Fetch(now.mono_ms);
    }

    /// It has grown quiet.
    fn fetched(&mut self) {
        if self.messages.is_in_between() || !self.flushed {
            return self.fail(Fault::Silent);
        }
        if !self.logs.has_minutes() {
            // Health tracking is off in the watch's settings.
            return self.fail(Fault::NotReady);
        }
        if let Some(fault) = self.logs.left_behind() {
            self.ending = Some(Outcome::Interrupted(fault));
        } else if let Some(known) = self.known
            && self.logs.is_drained()
        {
            self.delivery.units.extend(self.logs.gaps(known.stored_to));
        }
        self.phase = Phase::SetClock(None);
    }

    fn say(&mut self, endpoint: u16, payload: &[u8]) {
        self.transport.send(&emit(endpoint, payload));
    }

    fn message(&mut self, endpoint: u16, payload: &[u8], arrived_ms: u64, now: HostTime) {
        match endpoint {
            PHONE_VERSION => self.say(PHONE_VERSION, &VERSION_ANSWER),
            TIME => {
                if let (Phase::Clock(Some(asked_ms)), Ok(Time::Is { utc }), Some(utc_us)) =
                    (self.phase, Time::parse(payload), now.utc_us)
                {
                    let round_trip_ms = arrived_ms.saturating_sub(asked_ms);
                    let since_us = i64::try_from(now.mono_ms.saturating_sub(arrived_ms) * 1000).unwrap_or(0);
                    self.take_clock(utc, utc_us.saturating_sub(since_us), round_trip_ms);
                    self.ask_for_logs(now);
                }
                // It asks to be set: it will be, when its minutes are in.
            }
            HEALTH_SYNC => {
                if let (Phase::Fetch(since_ms), Ok(HealthSync::Answer { .. })) =
                    (&mut self.phase, HealthSync::parse(payload))
                {
                    // A refusal as well: what is logged comes in all the same.
                    self.flushed = true;
                    *since_ms = now.mono_ms;
                }
            }
            DATA_LOGGING => self.take_log(payload, arrived_ms, now),
            _ => {}
        }
    }

    /// The watch tells whole seconds.
    fn take_clock(&mut self, utc: u32, utc_us: i64, round_trip_ms: u64) {
        let half_ms = i64::try_from(round_trip_ms / 2).unwrap_or(i64::MAX);
        let reading = ClockReading {
            host_utc_ms: utc_us.div_euclid(1000).saturating_sub(half_ms),
            claimed_utc_ms: i64::from(utc) * 1000 + 500,
            accuracy_ms: u16::try_from(half_ms.saturating_add(500)).unwrap_or(u16::MAX),
        };
        self.delivery.units.push(Unit { kind: UnitKind::ClockReading, bytes: reading.emit().to_vec() });
    }

    fn take_log(&mut self, payload: &[u8], arrived_ms: u64, now: HostTime) {
        let Some(known) = self.known else { return };
        let Phase::Fetch(since_ms) = &mut self.phase else { return };
        match self.logs.take(payload, &known, now.utc_us) {
            Taken::Nothing => {}
            Taken::Say(answer) => {
                *since_ms = now.mono_ms;
                self.say(DATA_LOGGING, &answer);
            }
            Taken::Store(delivery, after) => {
                *since_ms = now.mono_ms;
                self.delivery = delivery;
                self.after = Some((after, arrived_ms));
                if self.deliveries >= MAX_DELIVERIES {
                    self.fail(Fault::NoEnd);
                }
            }
        }
    }

    fn stored(&mut self, now: HostTime) {
        self.steps = 0;
        self.deliveries += 1;
        self.progress_ms = now.mono_ms;
        if let Phase::Fetch(since_ms) = &mut self.phase {
            *since_ms = now.mono_ms;
        }
        match self.after.take() {
            Some((After::Acknowledge { session }, arrived_ms)) if self.phase != Phase::Over => {
                if now.mono_ms > arrived_ms.saturating_add(ACK_WITHIN_MS) {
                    return self.fail(Fault::LossyLink);
                }
                let answer = LogBook::acknowledgement(session);
                self.say(DATA_LOGGING, &answer);
            }
            Some((After::End(fault), _)) => self.fail(fault),
            Some((After::Acknowledge { .. } | After::Hold, _)) | None => {}
        }
    }

    fn answered(&mut self, asked: &Step, event: &Event<'_>, now: HostTime) {
        match (asked, event) {
            (Step::Prompt(_), _) => self.phase = Phase::Subscribe,
            (Step::Subscribe(_), Event::Done) => self.phase = Phase::Serial,
            (Step::Subscribe(_), Event::Refused { code: NO_SUCH_CHARACTERISTIC }) => {
                // Firmware before v4.24 wants to be the client, which a central cannot serve.
                self.ending = Some(Outcome::Unsupported(Fault::Version));
                self.phase = Phase::Over;
            }
            (Step::Subscribe(_), Event::Refused { code })
                if self.setup.purpose == Purpose::Pair && NOT_PAIRED.contains(code) =>
            {
                self.fail(Fault::NotConfirmed);
            }
            (Step::Read(SERIAL), Event::Value(value)) => {
                self.serial = identity::usable(value).map(ToString::to_string);
                self.phase = Phase::Firmware;
            }
            // Only what is not there is done without: another answer this time must not make it another counter.
            (Step::Read(SERIAL), Event::Refused { code: NO_SUCH_CHARACTERISTIC }) => self.phase = Phase::Firmware,
            (Step::Read(FIRMWARE), Event::Value(value)) => {
                self.firmware = identity::text(value).chars().take(64).collect();
                self.phase = Phase::Battery;
            }
            (Step::Read(FIRMWARE), Event::Refused { .. }) => self.phase = Phase::Battery,
            (Step::Read(BATTERY), Event::Value(value)) => {
                if crate::decode(UnitKind::Battery, value, &mut |_| ()).is_ok() {
                    self.delivery.units.push(Unit { kind: UnitKind::Battery, bytes: value.to_vec() });
                }
                self.phase = Phase::Identify;
            }
            (Step::Read(BATTERY), Event::Refused { .. }) => self.phase = Phase::Identify,
            (Step::Identify(_), Event::Known(known)) => {
                self.known = Some(*known);
                self.transport = Transport::new(host_serial(known.host), HOST_PAYLOAD);
                self.transport.begin();
                self.phase = Phase::Open;
            }
            (Step::Await { .. }, Event::TimedOut) | (Step::Send { .. }, Event::Done) => {}
            (Step::Store(_), Event::Stored) => self.stored(now),
            (Step::Store(_), Event::NotStored) => {
                self.after = None;
                self.delivery = Delivery::default();
                self.ending = Some(Outcome::Interrupted(Fault::NotStored));
                self.phase = Phase::Over;
            }
            (_, Event::TimedOut) => self.fail(Fault::Silent),
            (_, Event::Refused { .. }) => self.fail(Fault::Refused),
            _ => self.fail(Fault::BadAnswer),
        }
    }

    /// Ends the dialogue, after storing what was gathered and without acknowledging it.
    fn fail(&mut self, fault: Fault) {
        self.ending = Some(Outcome::Interrupted(fault));
        if self.known.is_none() {
            self.delivery = Delivery::default();
        }
        self.phase = Phase::Over;
    }
}

impl Driver for PebbleDriver {
    fn next(&mut self, now: HostTime) -> Step {
        self.steps += 1;
        if self.steps > MAX_STEPS && self.phase != Phase::Over {
            self.fail(Fault::LossyLink);
        }
        // Asked again without an answer: the same step again, which does no harm. Waiting is not repeated.
        if let Some(asked) = &self.asked
            && (matches!(asked, Step::Store(_)) || (self.phase != Phase::Over && !matches!(asked, Step::Await { .. })))
        {
            return asked.clone();
        }
        let step = self.proceed(now);
        self.asked = (!matches!(step, Step::Finish(_))).then(|| step.clone());
        step
    }

    fn handle(&mut self, event: Event<'_>, now: HostTime) {
        if let Event::Notified { from, bytes } = event {
            if from == NOTIFY && self.waiting.len() < MAX_WAITING {
                self.waiting.push_back((now.mono_ms, bytes.to_vec()));
            }
            if matches!(self.asked, Some(Step::Await { .. })) {
                self.asked = None;
            }
            return;
        }
        let Some(asked) = self.asked.take() else { return };
        self.answered(&asked, &event, now);
    }
}

/// Twelve characters that are the same for this host always.
fn host_serial(host: HostId) -> [u8; SERIAL_LEN] {
    let mut serial = *b"BRSK00000000";
    let digits = host.0.iter().flat_map(|byte| [byte >> 4, byte & 0x0F]);
    for (to, digit) in serial.iter_mut().skip(4).zip(digits) {
        *to = if digit < 10 { b'0' + digit } else { b'A' + digit - 10 };
    }
    serial
}
