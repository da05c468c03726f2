//! The counters of the home, and what they have to have told.
//!
//! An emulated counter keeps everything it ever recorded. So that it is not the counters that grow, each is made anew
//! at night with its last days only, as one of small memory would be; the step-log counter has a flash of fixed size.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use brisk::{
    days::{DayBook, Person, Wearing},
    demo,
    model::DeviceId,
    radio::sim::{
        SharedFarEnd,
        far_end::{FarEnd, Played},
        walker::{self, ScriptMinute},
    },
    store::Store,
    time::Calendar,
};
use chrono::{DateTime, Utc};
use firmware_protocol::{
    device::{Advertisement, Key, KeyNeed, Kind, Life, LifeMinute, colmi, huami, polar, step_log},
    driver::{Resolution, Uuid},
    steplog::device::AttError,
};

/// One of each way of keeping history: numbered minutes, rounds of minutes, files, hours.
pub const KINDS: [&Kind; 4] = [&step_log::KIND, &huami::BAND_3, &polar::KIND, &colmi::KIND];
/// What a counter remembers, days before today. The home begins when they have so much.
pub const REMEMBERS: i64 = 3;
const US_PER_MINUTE: i64 = 60_000_000;
const SERIAL: &str = "1a2b3c4d";
const WALKER: u64 = 4;

pub fn calendar() -> Calendar {
    Calendar::midnight("Europe/Oslo".parse().unwrap())
}

pub fn start() -> i64 {
    calendar().day("2026-06-01".parse().unwrap()).first_minute()
}

pub fn utc(minute: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(minute * 60, 0).unwrap()
}

fn days_of_script(from_day: i64, to_day: i64) -> Vec<ScriptMinute> {
    walker::script(WALKER, &calendar(), start() + from_day * 1440, start() + to_day * 1440)
}

/// Everything that is walked, from [`start`] on.
pub fn script(days: i64) -> Vec<ScriptMinute> {
    days_of_script(0, days + 1)
}

pub fn life(kind: &Kind, script: &[ScriptMinute]) -> Life {
    Life {
        serial: SERIAL.to_owned(),
        minutes: script.iter().map(|m| LifeMinute { at: m.at, steps: m.steps, wear: m.wear }).collect(),
        offset_min: 120,
        clock_error_ms: 0,
        key: (kind.key != KeyNeed::None).then_some(Key([7; 16])),
        battery: 70,
    }
}

/// By the rules of each kind: its family and what it tells.
pub fn identity(kind: &Kind) -> DeviceId {
    match kind.name {
        "mi-band-3" => DeviceId::from_serial("huami", SERIAL.as_bytes()),
        // A ring tells no serial number: what it is reached by.
        "colmi-ring" => DeviceId::from_serial(kind.name, kind.name.as_bytes()),
        name => DeviceId::from_serial(name, SERIAL.as_bytes()),
    }
}

/// The counter for the air.
pub fn far_end(kind: &'static Kind, days: i64) -> SharedFarEnd {
    if kind.name == step_log::KIND.name {
        return Arc::new(Mutex::new(Played::new((kind.emulator)(life(kind, &script(days))))));
    }
    Arc::new(Mutex::new(Forgetful { kind, day: REMEMBERS, connected: false, inner: made(kind, REMEMBERS) }))
}

fn made(kind: &Kind, day: i64) -> Played {
    Played::new((kind.emulator)(life(kind, &days_of_script(day - REMEMBERS, day + 2))))
}

/// See the module.
struct Forgetful {
    kind: &'static Kind,
    day: i64,
    connected: bool,
    inner: Played,
}

impl FarEnd for Forgetful {
    fn live_to(&mut self, now_us: i64) -> bool {
        let day = (now_us / US_PER_MINUTE - start()).div_euclid(1440);
        if day != self.day && !self.connected {
            self.day = day;
            self.inner = made(self.kind, day);
        }
        true
    }

    fn is_on(&self) -> bool {
        true
    }

    fn advertisement(&self) -> Advertisement {
        self.inner.advertisement()
    }

    fn may_lose(&self, of: Uuid) -> bool {
        self.inner.may_lose(of)
    }

    fn connect(&mut self, mtu: u16, now_us: i64) {
        self.connected = true;
        self.inner.connect(mtu, now_us);
    }

    fn disconnect(&mut self) {
        self.connected = false;
        self.inner.disconnect();
    }

    fn subscribe(&mut self, to: Uuid, on: bool, now_us: i64) -> Result<(), AttError> {
        self.inner.subscribe(to, on, now_us)
    }

    fn read(&mut self, from: Uuid, now_us: i64) -> Result<Vec<u8>, AttError> {
        self.inner.read(from, now_us)
    }

    fn write(&mut self, to: Uuid, bytes: &[u8], now_us: i64) -> Result<(), AttError> {
        self.inner.write(to, bytes, now_us)
    }

    fn outgoing(&mut self, now_us: i64) -> Result<Option<(Uuid, Vec<u8>)>, AttError> {
        self.inner.outgoing(now_us)
    }
}

/// Each counter is worn by somebody of its own.
pub fn person_of(kind: &Kind, device: DeviceId) -> Person {
    let counters = vec![Wearing { device, from: None, before: None }];
    Person::new(kind.name.parse().unwrap(), calendar(), counters)
}

/// The rows of the whole days are what was walked, and every epoch is stored once.
pub fn compare(kind: &Kind, device: DeviceId, walked: &[ScriptMinute], days: i64, store: &Store, book: &DayBook) {
    let name = kind.name;
    let state = store.counter(device).unwrap().unwrap();
    assert_eq!((state.conflicts, state.undated_epochs), (0, 0), "{name}");
    let truth: BTreeMap<i64, u32> = walked.iter().map(|minute| (minute.at, minute.steps)).collect();
    let minutes = store.minutes(device, 0, i64::from(u32::MAX)).unwrap();
    let coarse = store.coarse(device, 0, i64::from(u32::MAX)).unwrap();
    assert_eq!(state.epochs, u64::try_from(minutes.len() + coarse.len()).unwrap(), "{name}");
    for minute in &minutes {
        assert!(truth.get(&minute.at) == Some(&minute.steps) && !minute.overlap, "{name}: {minute:?}");
    }
    let rows = demo::closed_rows(book, start() + days * 1440).unwrap();
    let rows: Vec<_> = rows.iter().filter(|row| row.participant_id.as_str() == name).collect();
    for (day, walked) in (0..days).zip(walked.chunks(1440)) {
        let date = calendar().day_at((start() + day * 1440) * 60).date;
        let steps: u32 = walked.iter().map(|minute| minute.steps).sum();
        let row = rows.iter().find(|row| row.local_date == date);
        if kind.resolution == Resolution::Coarse {
            assert_eq!(row.and_then(|row| row.total_steps).unwrap_or(0), steps, "{name}, {date}");
        } else {
            let brisk = u32::try_from(walked.iter().filter(|minute| minute.steps >= 100).count()).unwrap();
            let row = row.unwrap();
            let told = (row.minutes_recorded, row.total_steps, row.brisk_min);
            assert_eq!(told, (1440, Some(steps), Some(brisk)), "{name}, {date}");
        }
    }
}
