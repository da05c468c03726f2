//! The counter's side.

use alloc::{
    collections::{BTreeMap, VecDeque},
    format,
    string::{String, ToString},
    vec,
    vec::Vec,
};

use super::{
    COMPANY,
    frames::{FROM_COUNTER, FROM_HOST, MTU, Message, Progress, Reassembly, SERVICE, code_frame, cut},
    messages::{
        Clock, Command, Entry, GET_LOCAL_TIME, Operation, SET_LOCAL_TIME, SET_SYSTEM_TIME, START_SYNC, Time, code,
    },
    samples::{Duration, Info, LocalTime, NOT_WORN, Samples},
};
use crate::{
    Uuid,
    device::{
        Advertisement, Characteristic, Life, LifeMinute, Peripheral, Service, civil::Date, civil::Wall, peripheral::sig,
    },
    reading::Wear,
    steplog::device::AttError,
};

const SERIAL: Uuid = sig(0x2A25);
const FIRMWARE: Uuid = sig(0x2A26);
const BATTERY: Uuid = sig(0x2A19);
const SEDENTARY: u32 = 2;
const DAY_MIN: i64 = 1440;

#[derive(Clone, Copy, Debug)]
struct Recorded {
    steps: u32,
    wear: Wear,
    offset_min: i16,
}

/// A band.
#[derive(Debug)]
pub struct PolarBand {
    serial: String,
    battery: u8,
    rest: VecDeque<LifeMinute>,
    /// By the minute of its wall clock since 1970.
    minutes: BTreeMap<i64, Recorded>,
    /// Minutes from this one of its wall clock on are not in a file yet.
    flushed_to: i64,
    offset_min: i16,
    /// Its UTC minus true UTC, milliseconds.
    ahead_ms: i64,
    mtu: u16,
    subscribed: bool,
    incoming: Reassembly,
    notice: Reassembly,
    outgoing: VecDeque<Vec<u8>>,
}

impl PolarBand {
    /// It went through its first use.
    pub fn new(life: &Life) -> Self {
        Self {
            serial: life.serial.clone(),
            battery: life.battery.min(100),
            rest: life.minutes.iter().copied().collect(),
            minutes: BTreeMap::new(),
            flushed_to: i64::MIN,
            offset_min: life.offset_min,
            ahead_ms: life.clock_error_ms,
            mtu: 23,
            subscribed: false,
            incoming: Reassembly::default(),
            notice: Reassembly::default(),
            outgoing: VecDeque::new(),
        }
    }

    fn wall_ms(&self, true_ms: i64) -> i64 {
        true_ms + self.ahead_ms + i64::from(self.offset_min) * 60_000
    }

    /// Lives up to this moment. Of the running minute half the steps are counted.
    fn live_to(&mut self, now_ms: i64) {
        while let Some(minute) = self.rest.front().copied().filter(|minute| minute.at * 60_000 <= now_ms) {
            let over = minute.at * 60_000 + 60_000 <= now_ms;
            let wall = self.wall_ms(minute.at * 60_000).div_euclid(60_000);
            let steps = if over { minute.steps } else { minute.steps / 2 };
            self.minutes.insert(wall, Recorded { steps, wear: minute.wear, offset_min: self.offset_min });
            if !over {
                break;
            }
            self.rest.pop_front();
        }
        let midnight = self.wall_ms(now_ms).div_euclid(60_000).div_euclid(DAY_MIN) * DAY_MIN;
        self.flushed_to = self.flushed_to.max(midnight);
    }

    /// The files of a day: one for each stretch of minutes without a break.
    fn files(&self, day: i64) -> Vec<Vec<u8>> {
        let mut stretches: Vec<Vec<(i64, Recorded)>> = Vec::new();
        let end = ((day + 1) * DAY_MIN).min(self.flushed_to);
        for (at, one) in self.minutes.range(day * DAY_MIN..end.max(day * DAY_MIN)) {
            match stretches.last_mut() {
                Some(stretch)
                    if stretch.last().is_some_and(|last| last.0 + 1 == *at && last.1.offset_min == one.offset_min) =>
                {
                    stretch.push((*at, *one));
                }
                _ => stretches.push(vec![(*at, *one)]),
            }
        }
        stretches.iter().map(|stretch| file(stretch)).collect()
    }

    fn get(&self, path: &str) -> Result<Vec<u8>, u16> {
        let rest = path.strip_prefix("/U/0/").ok_or(code::NO_SUCH_FILE)?;
        let days = || self.minutes.range(..self.flushed_to).map(|(at, _)| at.div_euclid(DAY_MIN));
        if rest.is_empty() {
            let mut days: Vec<i64> = days().collect();
            days.dedup();
            let entries = days.into_iter().map(|day| Entry { name: folder(day) + "/", size: 0 });
            return Ok(Entry::emit_all(&entries.collect::<Vec<_>>()));
        }
        let (name, file) = rest.split_once("/ACT/").ok_or(code::NO_SUCH_FILE)?;
        let day = days().find(|day| folder(*day) == name).ok_or(code::NO_SUCH_FILE)?;
        let files = self.files(day);
        if file.is_empty() {
            let entries = files.iter().enumerate().map(|(n, file)| Entry {
                name: format!("ASAMPL{n}.BPB"),
                size: u64::try_from(file.len()).unwrap_or(0),
            });
            return Ok(Entry::emit_all(&entries.collect::<Vec<_>>()));
        }
        let mut named = files.into_iter().enumerate();
        named.find(|(n, _)| format!("ASAMPL{n}.BPB") == file).map(|(_, file)| file).ok_or(code::NO_SUCH_FILE)
    }

    fn asked(&mut self, message: &[u8], now_ms: i64) -> Result<Vec<u8>, u16> {
        match Message::parse(message) {
            Ok(Message::Query { id: GET_LOCAL_TIME, .. }) => {
                let wall_ms = self.wall_ms(now_ms);
                let clock = Clock {
                    wall: Wall::from_seconds(wall_ms.div_euclid(1000)),
                    millis: u32::try_from(wall_ms.rem_euclid(1000)).ok(),
                    third: Some(self.offset_min),
                };
                Ok(clock.emit())
            }
            Ok(Message::Query { id: SET_SYSTEM_TIME, parameters }) => {
                let clock = Clock::parse(parameters).map_err(|_| code::NOT_PERMITTED)?;
                self.ahead_ms = clock.wall_ms() - now_ms;
                Ok(Vec::new())
            }
            Ok(Message::Query { id: SET_LOCAL_TIME, parameters }) => {
                let clock = Clock::parse(parameters).map_err(|_| code::NOT_PERMITTED)?;
                self.offset_min = clock.third.unwrap_or(self.offset_min);
                self.ahead_ms = clock.wall_ms() - i64::from(self.offset_min) * 60_000 - now_ms;
                Ok(Vec::new())
            }
            Ok(Message::Query { .. }) => Ok(Vec::new()),
            Ok(Message::Operation { header, .. }) => match Operation::parse(header) {
                Ok(Operation { command: Command::Get, path }) => self.get(&path),
                _ => Err(code::NOT_PERMITTED),
            },
            Err(_) => Err(code::NOT_PERMITTED),
        }
    }

    fn answer(&mut self, answer: Result<Vec<u8>, u16>) {
        match answer {
            Ok(message) if message.is_empty() => self.outgoing.push_back(code_frame(code::OK)),
            Ok(message) => self.outgoing.extend(cut(&message, usize::from(self.mtu).saturating_sub(4))),
            Err(code) => self.outgoing.push_back(code_frame(code)),
        }
    }
}

fn folder(day: i64) -> String {
    let date = Date::from_days(day);
    format!("{:04}{:02}{:02}", date.year(), date.month(), date.day())
}

fn file(stretch: &[(i64, Recorded)]) -> Vec<u8> {
    let moment = |(at, one): &(i64, Recorded)| {
        let wall = Wall::from_seconds(at * 60);
        LocalTime { date: wall.date, time: Time::of(wall, Some(0)), trusted: true, offset_min: Some(one.offset_min) }
    };
    let class = |one: &Recorded| match one.wear {
        Wear::NotWorn | Wear::Charging => Some(NOT_WORN),
        Wear::Worn => Some(SEDENTARY),
        Wear::Unknown => None,
    };
    let mut infos: Vec<Info> = Vec::new();
    for minute in stretch {
        if let Some(class) = class(&minute.1)
            && infos.last().is_none_or(|info| info.class != class)
        {
            infos.push(Info { class, from: moment(minute), factor: Some(1.0) });
        }
    }
    let Some(first) = stretch.first() else { return Vec::new() };
    let steps: Vec<u32> = stretch.iter().map(|(_, one)| one.steps).collect();
    let mets = steps.iter().flat_map(|steps| if *steps > 0 { [3.0; 2] } else { [1.0; 2] });
    Samples {
        start: moment(first),
        met_interval: Some(Duration { parts: [None, None, Some(30), None] }),
        step_interval: Duration { parts: [None, Some(1), None, None] },
        mets: mets.collect(),
        steps,
        infos,
    }
    .emit()
}

impl Peripheral for PolarBand {
    fn advertisement(&self) -> Advertisement {
        let number = self.serial.bytes().fold(0_u32, |number, byte| number.rotate_left(5) ^ u32::from(byte));
        let name = format!("Polar Loop {number:08X}");
        Advertisement { name: Some(name), services: vec![SERVICE], manufacturer: vec![(COMPANY, vec![0x62])] }
    }

    fn services(&self) -> Vec<Service> {
        let one = |uuid| Characteristic { uuid, encrypted: true, ..Characteristic::default() };
        let read = |uuid| Characteristic { read: true, ..one(uuid) };
        vec![
            Service { uuid: sig(0x180A), characteristics: vec![read(SERIAL), read(FIRMWARE)] },
            Service { uuid: sig(0x180F), characteristics: vec![read(BATTERY)] },
            Service {
                uuid: SERVICE,
                characteristics: vec![
                    Characteristic { write: true, write_command: true, notify: true, ..one(MTU) },
                    Characteristic { notify: true, ..one(FROM_COUNTER) },
                    Characteristic { write: true, write_command: true, ..one(FROM_HOST) },
                ],
            },
        ]
    }

    fn connect(&mut self, mtu: u16, now_ms: i64) {
        self.live_to(now_ms);
        (self.mtu, self.subscribed) = (mtu, false);
    }

    fn disconnect(&mut self) {
        self.subscribed = false;
        self.outgoing.clear();
        (self.incoming, self.notice) = (Reassembly::default(), Reassembly::default());
    }

    fn subscribe(&mut self, to: Uuid, on: bool, _now_ms: i64) {
        if to == MTU {
            self.subscribed = on;
        }
    }

    fn read(&mut self, from: Uuid, now_ms: i64) -> Result<Vec<u8>, AttError> {
        self.live_to(now_ms);
        match from {
            SERIAL => Ok(self.serial.as_bytes().to_vec()),
            FIRMWARE => Ok("2.0.17 emulated".to_string().into_bytes()),
            BATTERY => Ok(vec![self.battery]),
            _ => Err(AttError::ReadNotPermitted),
        }
    }

    fn write(&mut self, to: Uuid, bytes: &[u8], now_ms: i64) -> Result<(), AttError> {
        self.live_to(now_ms);
        match to {
            MTU => match self.incoming.take(bytes) {
                Progress::Whole(message) => {
                    self.incoming = Reassembly::default();
                    // One thing at a time.
                    let busy = !self.outgoing.is_empty();
                    let answer = if busy { Err(code::BUSY) } else { self.asked(&message, now_ms) };
                    self.answer(answer);
                }
                Progress::Going => {}
                _ => self.incoming = Reassembly::default(),
            },
            FROM_HOST => match self.notice.take(bytes) {
                Progress::Whole(notice) => {
                    self.notice = Reassembly::default();
                    if notice.first() == Some(&START_SYNC) {
                        let last = self.minutes.keys().next_back().copied().unwrap_or(0);
                        self.flushed_to = self.wall_ms(now_ms).div_euclid(60_000).max(last) + 1;
                    }
                }
                Progress::Going => {}
                _ => self.notice = Reassembly::default(),
            },
            _ => return Err(AttError::WriteNotPermitted),
        }
        Ok(())
    }

    fn outgoing(&mut self, now_ms: i64) -> Option<(Uuid, Vec<u8>)> {
        self.live_to(now_ms);
        let frame = self.outgoing.pop_front().filter(|_| self.subscribed)?;
        Some((MTU, frame))
    }
}
