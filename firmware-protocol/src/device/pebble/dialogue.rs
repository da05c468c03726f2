//! The order of things: who is it, open the stream, what does its clock say, open its logs, have pending minutes
//! flushed, store and acknowledge message after message, declare what is lost for good, set its clock.
//!
//! The clock is set last: minutes that the watch has counted and not logged yet are stamped when they are flushed, and a
//! clock that is set in between would give them a time of neither clock.

mod conversation;

use alloc::{
    collections::VecDeque,
    string::{String, ToString},
    vec::Vec,
};

use super::{
    FAMILY, identity,
    log_book::{After, LogBook},
    packet::SERIAL_LEN,
    ppogatt::{HOST_PAYLOAD, NOTIFY, Transport},
    protocol::Messages,
};
use crate::{
    Uuid,
    device::{Purpose, Setup, peripheral::sig},
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

/// Notifications that wait for their turn; more are dropped and sent again by the watch.
const MAX_WAITING: usize = 64;
/// Steps between two deliveries; leaves room for the last store.
const MAX_STEPS: u32 = MAX_STEPS_WITHOUT_PROGRESS - 5_000;
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
    /// What follows when it is stored, and when the message arrived.
    after: Option<(After, u64)>,
    /// This log's message is stored, and arrived then: to be acknowledged.
    acknowledge: Option<(u8, u64)>,
    /// The stream was open once.
    opened: bool,
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
            acknowledge: None,
            opened: false,
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
                Phase::Identify => match self.identity() {
                    Some(identity) => return Step::Identify(identity),
                    None => self.fail(Fault::BadAnswer),
                },
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

    fn identity(&self) -> Option<Identity> {
        let named = identity::of(self.serial.as_deref(), &self.setup)?;
        Some(Identity {
            device: DeviceId::from_serial(FAMILY, named.as_bytes()),
            firmware: self.firmware.clone(),
            resolution: Resolution::Minute,
            memory_minutes: None,
        })
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
            // Done without only where that cannot make it another counter.
            (Step::Read(SERIAL), Event::Refused { code })
                if *code == NO_SUCH_CHARACTERISTIC || identity::advertised(&self.setup.heard).is_some() =>
            {
                self.phase = Phase::Firmware;
            }
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
