//! The ring's side.

use alloc::{
    collections::{BTreeMap, VecDeque},
    format,
    string::String,
    vec,
    vec::Vec,
};

use super::layout::{NOTIFY, PACKET_LEN, Record, Reply, Request, SERVICE, WRITE, open};
use crate::{
    Uuid,
    device::{Advertisement, Characteristic, Life, LifeMinute, Peripheral, Service, civil::Date, peripheral::sig},
    steplog::device::AttError,
};

const FIRMWARE: Uuid = sig(0x2A26);
const FIRMWARE_TEXT: &str = "R02_3.00.17_emulated";
const DAY_S: i64 = 86_400;
const DAYS_KEPT: i64 = 8;

/// A ring.
#[derive(Debug)]
pub struct ColmiRing {
    name: String,
    battery: u8,
    rest: VecDeque<LifeMinute>,
    /// Steps by hour of the wall clock since 1970.
    hours: BTreeMap<i64, u32>,
    /// Wall clock minus true UTC, milliseconds.
    ahead_ms: i64,
    /// What it was, and until when the ring still answers by it.
    before: (i64, i64),
    connected_ms: i64,
    subscribed: bool,
    outgoing: VecDeque<[u8; PACKET_LEN]>,
}

impl ColmiRing {
    /// It has no serial number; the end of its name is made from the one in `life`.
    pub fn new(life: &Life) -> Self {
        let ahead_ms = i64::from(life.offset_min) * 60_000 + life.clock_error_ms;
        Self {
            name: format!("R02_{:.4}", life.serial),
            battery: life.battery.min(100),
            rest: life.minutes.iter().copied().collect(),
            hours: BTreeMap::new(),
            ahead_ms,
            before: (ahead_ms, i64::MIN),
            connected_ms: 0,
            subscribed: false,
            outgoing: VecDeque::new(),
        }
    }

    fn live_to(&mut self, now_ms: i64) {
        while let Some(minute) = self.rest.front().filter(|minute| minute.at * 60_000 + 60_000 <= now_ms) {
            // Its clock shows whole seconds: its own hour that holds most of the minute.
            let hour = (minute.at * 60_000 + 30_000 + self.ahead_ms).div_euclid(3_600_000);
            // Hours without steps have no record in any capture.
            if minute.steps > 0 {
                *self.hours.entry(hour).or_default() += minute.steps;
            }
            self.rest.pop_front();
        }
        let today = (now_ms + self.ahead_ms).div_euclid(DAY_S * 1000);
        self.hours.retain(|hour, _| hour.div_euclid(24) > today - DAYS_KEPT);
    }

    fn day(&self, days_ago: u8, now_ms: i64) -> Vec<Reply> {
        let ahead_ms = if now_ms < self.before.1 { self.before.0 } else { self.ahead_ms };
        let day = (now_ms + ahead_ms).div_euclid(DAY_S * 1000) - i64::from(days_ago);
        let hours: Vec<_> = self.hours.range(day * 24..(day + 1) * 24).collect();
        let Ok(count) = u8::try_from(hours.len()) else { return Vec::new() };
        if count == 0 {
            return vec![Reply::NoSteps];
        }
        let mut replies = vec![Reply::StepsHeader { records: count, calories_in_tens: true }];
        for (index, (hour, steps)) in (0_u8..).zip(hours) {
            let steps = u16::try_from(*steps).unwrap_or(u16::MAX);
            replies.push(Reply::Steps(Record {
                date: Date::from_days(day),
                slot: u8::try_from(hour.rem_euclid(24) * 4).unwrap_or(0),
                index,
                count,
                calories: steps / 20,
                steps,
                distance_m: steps / 3 * 2,
                rest: [0; 2],
            }));
        }
        replies
    }
}

impl Peripheral for ColmiRing {
    fn advertisement(&self) -> Advertisement {
        Advertisement { name: Some(self.name.clone()), ..Advertisement::default() }
    }

    fn services(&self) -> Vec<Service> {
        let one = |uuid| Characteristic { uuid, ..Characteristic::default() };
        vec![
            Service { uuid: sig(0x180A), characteristics: vec![Characteristic { read: true, ..one(FIRMWARE) }] },
            Service {
                uuid: SERVICE,
                characteristics: vec![
                    Characteristic { write: true, write_command: true, ..one(WRITE) },
                    Characteristic { notify: true, ..one(NOTIFY) },
                ],
            },
        ]
    }

    fn connect(&mut self, _mtu: u16, now_ms: i64) {
        self.live_to(now_ms);
        (self.connected_ms, self.subscribed) = (now_ms, false);
    }

    fn disconnect(&mut self) {
        self.subscribed = false;
        self.outgoing.clear();
    }

    fn subscribe(&mut self, to: Uuid, on: bool, _now_ms: i64) {
        if to == NOTIFY {
            self.subscribed = on;
        }
    }

    fn read(&mut self, from: Uuid, _now_ms: i64) -> Result<Vec<u8>, AttError> {
        if from == FIRMWARE { Ok(FIRMWARE_TEXT.into()) } else { Err(AttError::ReadNotPermitted) }
    }

    fn write(&mut self, to: Uuid, bytes: &[u8], now_ms: i64) -> Result<(), AttError> {
        self.live_to(now_ms);
        if to != WRITE {
            return Err(AttError::WriteNotPermitted);
        }
        if now_ms < self.connected_ms + 2_000 {
            return Ok(());
        }
        let replies = match Request::parse(bytes) {
            Ok(Request::SetTime { wall, .. }) => {
                self.before = (self.ahead_ms, now_ms + 1_000);
                self.ahead_ms = wall.seconds() * 1000 - now_ms;
                vec![Reply::TimeSet { capabilities: [0, 1, 0, 0x22, 0, 0, 0, 0, 1, 0, 0x30, 1, 0, 0x10] }]
            }
            Ok(Request::Battery) => vec![Reply::Battery { percent: self.battery, charging: false }],
            Ok(Request::Steps { days_ago }) => self.day(days_ago, now_ms),
            Err(_) => open(bytes).map(|(command, _)| Reply::Refused { command }).into_iter().collect(),
        };
        self.outgoing.extend(replies.iter().map(Reply::emit));
        Ok(())
    }

    fn outgoing(&mut self, now_ms: i64) -> Option<(Uuid, Vec<u8>)> {
        self.live_to(now_ms);
        let packet = self.outgoing.pop_front().filter(|_| self.subscribed)?;
        Some((NOTIFY, packet.to_vec()))
    }
}
