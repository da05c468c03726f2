//! A watch: its transport, its logs, its clock, and its habits. It opens logs only when told that none is open, newest
//! first; holds data back until an opening is acknowledged or 30 s are over; deletes on acknowledgement, whatever it
//! was meant for; throws a log away after too many refusals; drops the older half of a log that is full; begins a new log
//! after every restart, of which a hole in its life is one.

use alloc::{collections::VecDeque, string::String, vec, vec::Vec};

use super::{
    PAIRING_SERVICE,
    dialogue::{BATTERY, FIRMWARE, SERIAL},
    logging::{ITEMS_LEFT_UNKNOWN, MAX_ITEMS_LEN, MINUTES_TAG, Message, SYSTEM_APP, Session, checksum},
    minutes::{Energy, HEADER_LEN, Minute, MinuteItem},
    packet::SERIAL_LEN,
    ppogatt::{Heard, NOTIFY, SERVICE, Transport, WRITE},
    protocol::{DATA_LOGGING, HEALTH_SYNC, HealthSync, Messages, PHONE_VERSION, TIME, Time, VERSION_QUESTION, emit},
};
use crate::{
    Uuid,
    device::{Advertisement, Characteristic, Life, LifeMinute, Peripheral, Service, peripheral::sig},
    reading::Wear,
    steplog::device::AttError,
};

const FIRMWARE_TEXT: &str = "v4.35.0";
const DEVICE_INFORMATION: Uuid = sig(0x180A);
const BATTERY_SERVICE: Uuid = sig(0x180F);
/// Version 13: sixteen bytes a sample, fifteen samples an item.
const VERSION: u16 = 13;
const SAMPLE_LEN: u8 = 16;
const SAMPLES: u8 = 15;
/// `HEADER_LEN` and `SAMPLES` samples.
const ITEM_LEN: u16 = 249;
const ACK_TIMEOUT_MS: i64 = 30_000;
const MAX_SESSIONS: usize = 20;
const MAX_NACKS: u8 = 20;
/// Items of all logs together: 640 KB.
const MAX_ITEMS: usize = 640 * 1024 / 249;
/// Tag of recognised activities, which are not ours.
const OTHER_TAG: u32 = 84;

/// What a log waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Idle,
    Opening { since_ms: i64 },
    Sending { since_ms: i64, items: usize },
}

#[derive(Debug)]
struct Log {
    session: Session,
    /// Items may still be added.
    active: bool,
    state: State,
    items: VecDeque<Vec<u8>>,
    nacks: u8,
}

/// See the module.
#[derive(Debug)]
pub struct PebbleWatch {
    serial: String,
    battery: u8,
    /// It can be discovered, and advertises its serial number.
    pub discoverable: bool,
    /// Health tracking is switched on.
    pub tracking: bool,
    rest: VecDeque<LifeMinute>,
    /// Clock minus true UTC.
    error_ms: i64,
    /// Minutes by its own clock that are not in a log yet, the first with its start in seconds.
    pending: Vec<(i64, LifeMinute)>,
    last_minute: Option<i64>,
    logs: Vec<Log>,
    next_session: u8,
    transport: Transport,
    messages: Messages,
    subscribed: bool,
    mtu: u16,
    begun_ms: i64,
    /// What hosts set its clock to, with the zone.
    pub set_to: Vec<Time>,
}

impl PebbleWatch {
    /// A watch that lived so.
    pub fn new(life: Life) -> Self {
        let begun_ms = life.minutes.first().map_or(0, |first| first.at.saturating_mul(60_000));
        Self {
            serial: life.serial,
            battery: life.battery,
            discoverable: true,
            tracking: true,
            rest: life.minutes.into(),
            error_ms: life.clock_error_ms,
            pending: Vec::new(),
            last_minute: None,
            logs: Vec::new(),
            next_session: 1,
            transport: Transport::new([0; SERIAL_LEN], 19),
            messages: Messages::default(),
            subscribed: false,
            mtu: 23,
            begun_ms,
            set_to: Vec::new(),
        }
    }

    /// Items of all logs under this tag that were not deleted.
    pub fn left(&self, tag: u32) -> usize {
        self.logs.iter().filter(|log| log.session.tag == tag).map(|log| log.items.len()).sum()
    }

    /// Damages the oldest item of its minutes, as a version that this program does not know.
    pub fn spoil_oldest(&mut self, now_ms: i64) {
        self.live_to(now_ms);
        let oldest =
            self.logs.iter_mut().filter(|log| log.session.tag == MINUTES_TAG).find_map(|log| log.items.front_mut());
        if let Some(first) = oldest.and_then(|item| item.first_mut()) {
            *first = 3;
        }
    }

    fn log(&mut self, tag: u32, created: u32, item_len: u16) -> Option<&mut Log> {
        let found = self.logs.iter().position(|log| log.session.tag == tag && log.active);
        let at = match found {
            Some(at) => at,
            // Many restarts use all numbers up, and then nothing is logged.
            None if self.logs.len() >= MAX_SESSIONS => return None,
            None => {
                let session = Session { id: self.next_session, app: SYSTEM_APP, created, tag, item_type: 0, item_len };
                self.next_session = self.next_session.wrapping_add(1);
                self.logs.push(Log { session, active: true, state: State::Idle, items: VecDeque::new(), nacks: 0 });
                self.logs.len() - 1
            }
        };
        self.logs.get_mut(at)
    }

    fn clock_s(&self, now_ms: i64) -> u32 {
        u32::try_from(now_ms.saturating_add(self.error_ms).div_euclid(1000)).unwrap_or(0)
    }

    fn live_to(&mut self, now_ms: i64) {
        if !self.tracking {
            return;
        }
        let created = self.clock_s(self.begun_ms);
        // Somebody else's data, which has to stay where it is.
        if let Some(log) = self.log(OTHER_TAG, created, 30).filter(|log| log.items.is_empty()) {
            log.items.push_back(vec![0xAC; 30]);
        }
        self.log(MINUTES_TAG, created, ITEM_LEN);
        while let Some(minute) = self.rest.front().copied().filter(|minute| (minute.at + 1) * 60_000 <= now_ms) {
            self.rest.pop_front();
            if self.last_minute.is_some_and(|last| minute.at != last + 1) {
                // Not recorded means that it was off: what was pending is lost with it only if it was never flushed,
                // which the firmware does when it shuts down.
                self.flush();
                for log in &mut self.logs {
                    log.active &= log.session.tag != MINUTES_TAG;
                }
            }
            self.last_minute = Some(minute.at);
            // Its clock is set to whole seconds: its own minute that covers most of this one.
            let middle_ms = (minute.at * 60_000 + 30_000).saturating_add(self.error_ms);
            let start_s = middle_ms.div_euclid(60_000).saturating_mul(60);
            self.pending.push((start_s, minute));
            if self.pending.len() >= SAMPLES.into() {
                self.flush();
            }
        }
    }

    /// Puts pending minutes into the log.
    fn flush(&mut self) {
        let pending = core::mem::take(&mut self.pending);
        let Some((start_s, _)) = pending.first().copied() else { return };
        let Ok(utc) = u32::try_from(start_s) else { return };
        let minutes: Vec<Minute<'_>> = pending.iter().map(|(_, minute)| sample(minute)).collect();
        let item = MinuteItem::emit(VERSION, utc, 0, SAMPLE_LEN, SAMPLES, &minutes);
        let full = self.logs.iter().map(|log| log.items.len()).sum::<usize>() >= MAX_ITEMS;
        if let (Some(item), Some(log)) = (item, self.log(MINUTES_TAG, utc, ITEM_LEN)) {
            if full {
                let half = log.items.len() / 2;
                log.items.drain(..half);
            }
            log.items.push_back(item);
        }
    }

    fn say(&mut self, endpoint: u16, payload: &[u8]) {
        self.transport.send(&emit(endpoint, payload));
    }

    fn message(&mut self, endpoint: u16, payload: &[u8], now_ms: i64) {
        match endpoint {
            TIME => match Time::parse(payload) {
                Ok(Time::Get) => self.say(TIME, &Time::Is { utc: self.clock_s(now_ms) }.emit()),
                Ok(set @ Time::Set { utc, .. }) => {
                    self.flush();
                    self.error_ms = i64::from(utc) * 1000 - now_ms.div_euclid(1000) * 1000;
                    self.set_to.push(set);
                }
                _ => {}
            },
            HEALTH_SYNC => {
                if let Ok(HealthSync::Sync { .. }) = HealthSync::parse(payload) {
                    self.flush();
                    self.say(HEALTH_SYNC, &HealthSync::Answer { done: true }.emit());
                    let ids: Vec<u8> = self.logs.iter().map(|log| log.session.id).collect();
                    for id in ids {
                        self.send(id, now_ms);
                    }
                }
            }
            DATA_LOGGING => match Message::parse(payload) {
                Ok(Message::Report { .. }) => self.open_all(now_ms),
                Ok(Message::Ack { session }) => self.acknowledged(session, now_ms),
                Ok(Message::Nack { session }) => self.refused(session, now_ms),
                Ok(Message::Empty { session }) => self.send(session, now_ms),
                _ => {}
            },
            _ => {}
        }
    }

    fn open_all(&mut self, now_ms: i64) {
        for at in (0..self.logs.len()).rev() {
            if let Some(log) = self.logs.get_mut(at) {
                log.state = State::Opening { since_ms: now_ms };
                let opening = Message::Open(log.session).emit();
                self.say(DATA_LOGGING, &opening);
            }
        }
    }

    fn acknowledged(&mut self, id: u8, now_ms: i64) {
        let Some(log) = self.logs.iter_mut().find(|log| log.session.id == id) else { return };
        match log.state {
            State::Idle => return,
            State::Opening { .. } => {}
            State::Sending { items, .. } => {
                log.items.drain(..items.min(log.items.len()));
                log.nacks = 0;
            }
        }
        log.state = State::Idle;
        self.send(id, now_ms);
    }

    fn refused(&mut self, id: u8, now_ms: i64) {
        let Some(log) = self.logs.iter_mut().find(|log| log.session.id == id) else { return };
        if matches!(log.state, State::Sending { .. }) {
            log.nacks += 1;
            if log.nacks > MAX_NACKS {
                log.items.clear();
                log.nacks = 0;
            }
        }
        log.state = State::Opening { since_ms: now_ms };
        let opening = Message::Open(log.session).emit();
        self.say(DATA_LOGGING, &opening);
    }

    /// Sends the oldest items of an idle log.
    fn send(&mut self, id: u8, now_ms: i64) {
        let Some(log) = self.logs.iter_mut().find(|log| log.session.id == id) else { return };
        if log.state != State::Idle || !self.transport.is_open() {
            return;
        }
        if log.items.is_empty() {
            if !log.active {
                self.logs.retain(|log| log.session.id != id);
                self.say(DATA_LOGGING, &Message::Close { session: id }.emit());
            }
            return;
        }
        let fit = MAX_ITEMS_LEN / usize::from(log.session.item_len.max(1));
        let items: Vec<u8> = log.items.iter().take(fit).flatten().copied().collect();
        log.state = State::Sending { since_ms: now_ms, items: fit.min(log.items.len()) };
        let data =
            Message::Data { session: id, items_left: ITEMS_LEFT_UNKNOWN, checksum: checksum(&items), items: &items };
        let data = data.emit();
        self.say(DATA_LOGGING, &data);
    }

    fn time_out(&mut self, now_ms: i64) {
        let mut late = Vec::new();
        for log in &mut self.logs {
            if let State::Opening { since_ms } | State::Sending { since_ms, .. } = log.state
                && now_ms >= since_ms + ACK_TIMEOUT_MS
            {
                log.state = State::Idle;
                late.push(log.session.id);
            }
        }
        for session in late {
            self.say(DATA_LOGGING, &Message::TimedOut { session }.emit());
        }
    }

    fn heard(&mut self, heard: Heard) {
        match heard {
            Heard::Nothing => {}
            Heard::Opened => self.say(PHONE_VERSION, &[VERSION_QUESTION]),
            Heard::Closed | Heard::Dead => self.closed(),
        }
    }

    fn closed(&mut self) {
        self.messages = Messages::default();
        for log in &mut self.logs {
            log.state = State::Idle;
        }
    }

    fn since_begin(&self, now_ms: i64) -> u64 {
        u64::try_from(now_ms.saturating_sub(self.begun_ms)).unwrap_or(0)
    }

    fn padded_serial(&self) -> [u8; SERIAL_LEN] {
        let mut padded = [0; SERIAL_LEN];
        for (to, byte) in padded.iter_mut().zip(self.serial.bytes()) {
            *to = byte;
        }
        padded
    }
}

fn sample(minute: &LifeMinute) -> Minute<'static> {
    let steps = u8::try_from(minute.steps).unwrap_or(u8::MAX);
    let still = matches!(minute.wear, Wear::NotWorn | Wear::Charging);
    Minute {
        steps,
        orientation: if still { 0x40 } else { 0x22 },
        vmc: if still { 0 } else { 30 + 40 * u16::from(steps) },
        light: 12,
        flags: Minute::flags_of(minute.wear == Wear::Charging, steps > 0),
        energy: Some(Energy { resting: 1100, active: 0, distance_cm: 70 * u16::from(steps) }),
        heart_rate: Some(0),
        heart_rate_weight: Some(0),
        heart_rate_zone: Some(0),
        later: &[],
    }
}

impl Peripheral for PebbleWatch {
    fn advertisement(&self) -> Advertisement {
        let mut heard = Advertisement { name: Some("Pebble 1A2B".into()), ..Advertisement::default() };
        if self.discoverable {
            heard.services.push(PAIRING_SERVICE);
            let serial = self.padded_serial();
            heard.manufacturer.push((0x0EEA, [&[0], serial.as_slice(), &[18, 1, 4, 35, 0, 0]].concat()));
        }
        heard
    }

    fn services(&self) -> Vec<Service> {
        let read = |uuid| Characteristic { uuid, read: true, ..Characteristic::default() };
        let encrypted = |uuid| Characteristic { uuid, encrypted: true, ..Characteristic::default() };
        vec![
            Service { uuid: DEVICE_INFORMATION, characteristics: vec![read(SERIAL), read(FIRMWARE)] },
            Service { uuid: BATTERY_SERVICE, characteristics: vec![Characteristic { notify: true, ..read(BATTERY) }] },
            Service {
                uuid: SERVICE,
                characteristics: vec![
                    Characteristic { notify: true, ..encrypted(NOTIFY) },
                    Characteristic { write_command: true, ..encrypted(WRITE) },
                ],
            },
        ]
    }

    fn connect(&mut self, mtu: u16, now_ms: i64) {
        self.live_to(now_ms);
        self.mtu = mtu;
        self.subscribed = false;
        // A notification takes three bytes of the MTU, the packet's header one.
        self.transport = Transport::new(self.padded_serial(), usize::from(mtu).saturating_sub(4).max(1));
        self.closed();
    }

    fn disconnect(&mut self) {
        self.subscribed = false;
        self.closed();
    }

    fn subscribe(&mut self, to: Uuid, on: bool, _now_ms: i64) {
        if to == NOTIFY {
            self.subscribed = on;
        }
    }

    fn read(&mut self, from: Uuid, _now_ms: i64) -> Result<Vec<u8>, AttError> {
        match from {
            SERIAL => Ok(self.serial.clone().into_bytes()),
            FIRMWARE => Ok(FIRMWARE_TEXT.into()),
            BATTERY => Ok(vec![self.battery]),
            NOTIFY | WRITE => Err(AttError::ReadNotPermitted),
            _ => Err(AttError::InvalidHandle),
        }
    }

    fn write(&mut self, to: Uuid, bytes: &[u8], now_ms: i64) -> Result<(), AttError> {
        if to != WRITE {
            return Err(AttError::WriteNotPermitted);
        }
        if !self.subscribed {
            return Ok(());
        }
        self.live_to(now_ms);
        let heard = self.transport.hear(bytes, self.since_begin(now_ms));
        self.heard(heard);
        let received = self.transport.take_received();
        self.messages.push(&received);
        while let Some((endpoint, payload)) = self.messages.next_message() {
            self.message(endpoint, &payload, now_ms);
        }
        Ok(())
    }

    fn outgoing(&mut self, now_ms: i64) -> Option<(Uuid, Vec<u8>)> {
        if !self.subscribed {
            return None;
        }
        self.live_to(now_ms);
        self.time_out(now_ms);
        let heard = self.transport.pass(self.since_begin(now_ms));
        self.heard(heard);
        self.transport.packet(self.since_begin(now_ms)).map(|bytes| (NOTIFY, bytes))
    }
}

const _: () = assert!(HEADER_LEN == 9 && ITEM_LEN == 249);
