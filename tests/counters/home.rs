//! A home in simulated air: counters of any kind that lived through a walker's minutes, and what their days must be.

use std::{
    collections::BTreeMap,
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

use brisk::{
    days::{Person, Wearing},
    demo,
    model::{DayTotal, DeviceId},
    radio::sim::{
        SharedFarEnd, SimRadio, Weather,
        clock::SimClock,
        far_end::Played,
        walker::{self, ScriptMinute},
    },
    store::{BondLevel, Store},
    supervisor::{Policy, SharedStatus, Supervised, Target, never_woken},
    time::{Calendar, Clock},
};
use chrono::{DateTime, Utc};
use firmware_protocol::device::{Key, KeyNeed, Kind, Life, LifeMinute};

/// Whole days that are compared.
pub const DAYS: i64 = 3;
/// The key that counters with keys were paired with.
pub const KEY: Key = Key([7; 16]);
/// Time zone of the home, and its distance from UTC in June.
const ZONE: &str = "Europe/Oslo";
const OFFSET_MIN: i16 = 120;

/// The calendar of everybody at home.
pub fn calendar() -> Calendar {
    Calendar::midnight(ZONE.parse().unwrap())
}

/// The first minute of everything.
pub fn start() -> i64 {
    calendar().day("2026-06-01".parse().unwrap()).first_minute()
}

/// A moment of UTC, minutes since 1970.
pub fn utc(minute: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(minute * 60, 0).unwrap()
}

/// The days that are compared, and most of one more.
pub fn script(seed: u64) -> Vec<ScriptMinute> {
    walker::script(seed, &calendar(), start(), start() + DAYS * 1440 + 18 * 60)
}

/// A counter's life.
pub fn life(kind: &Kind, serial: &str, script: &[ScriptMinute]) -> Life {
    Life {
        serial: serial.to_owned(),
        minutes: script.iter().map(|m| LifeMinute { at: m.at, steps: m.steps, wear: m.wear }).collect(),
        offset_min: OFFSET_MIN,
        clock_error_ms: 0,
        key: (kind.key != KeyNeed::None).then_some(KEY),
        battery: 70,
    }
}

/// A counter of this kind with this life, for the air.
pub fn counter(kind: &Kind, life: Life) -> SharedFarEnd {
    Arc::new(Mutex::new(Played::new((kind.emulator)(life))))
}

/// Air with these counters at these addresses.
pub fn air<const N: usize>(
    clock: &Arc<SimClock>,
    counters: [(&str, SharedFarEnd); N],
    weather: Weather,
) -> Arc<SimRadio> {
    let counters: BTreeMap<_, _> = counters.into_iter().map(|(address, one)| (address.to_owned(), one)).collect();
    Arc::new(SimRadio::new(Arc::clone(clock), counters, weather))
}

/// The supervisor of one counter, as the daemon makes it.
pub fn supervised(
    radio: &Arc<SimRadio>,
    clock: &Arc<SimClock>,
    store: &Arc<Store>,
    target: Target,
) -> Supervised<SimRadio> {
    Supervised {
        radio: Arc::clone(radio),
        clock: Arc::clone(clock) as Arc<dyn Clock>,
        store: Arc::clone(store),
        target,
        policy: Policy::default(),
        status: SharedStatus::default(),
        memory: Mutex::default(),
        wake: never_woken(),
        seed: 1,
    }
}

/// A counter that is expected to be this one.
pub fn target(kind: &'static Kind, expected: DeviceId, address: &str) -> Target {
    Target {
        bond: BondLevel::Simulated,
        key: (kind.key != KeyNeed::None).then_some(KEY),
        zone: calendar().home().zone,
        ..Target::new(kind, expected, Some(address.to_owned()))
    }
}

/// Who a counter of this kind with this serial number at this address is: asked as when it is paired.
pub async fn identity(kind: &'static Kind, serial: &str, address: &str) -> DeviceId {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let clock = Arc::new(SimClock::free(utc(start() + 30)));
    let radio = air(&clock, [(address, counter(kind, life(kind, serial, &script(0)[..20])))], Weather::calm());
    let target = Target { expected: None, ..target(kind, DeviceId([0; 8]), address) };
    let report = supervised(&radio, &clock, &store, target).attempt().await.unwrap();
    report.device.unwrap()
}

/// A store in this folder.
pub fn open(dir: &Path) -> Arc<Store> {
    demo::open_store(dir).unwrap()
}

/// Lets time pass up to seven minutes and 13 s after this minute: counters are asked at odd moments.
pub fn let_pass(clock: &SimClock, minute: i64) {
    let wait_us = minute * 60_000_000 + 433_000_000 - clock.now_us();
    clock.advance(Duration::from_micros(u64::try_from(wait_us).unwrap_or(0)));
}

/// Somebody who wears these, the better ones first.
pub fn person(name: &str, counters: &[DeviceId]) -> Person {
    let counters = counters.iter().map(|device| Wearing { device: *device, from: None, before: None }).collect();
    Person::new(name.parse().unwrap(), calendar(), counters)
}

/// What a day of the script holds.
#[derive(Debug, PartialEq, Eq)]
pub struct Truth {
    pub minutes: u32,
    pub steps: u32,
    pub brisk: u32,
    pub zero: u32,
    pub from_120: u32,
}

impl Truth {
    /// Of these minutes.
    pub fn of(minutes: &[ScriptMinute]) -> Self {
        let count = |which: &dyn Fn(u32) -> bool| {
            u32::try_from(minutes.iter().filter(|minute| which(minute.steps)).count()).unwrap()
        };
        Self {
            minutes: count(&|_| true),
            steps: minutes.iter().map(|minute| minute.steps).sum(),
            brisk: count(&|steps| steps >= 100),
            zero: count(&|steps| steps == 0),
            from_120: count(&|steps| steps >= 120),
        }
    }

    /// What a row says, where it says everything.
    pub fn of_row(row: &DayTotal) -> Option<Self> {
        Some(Self {
            minutes: row.minutes_recorded,
            steps: row.total_steps?,
            brisk: row.brisk_min?,
            zero: row.m_0?,
            from_120: row.m_120p?,
        })
    }
}
