//! The whole pipeline on a simulated counter, as the demo shows it and the tests shake it: a script of
//! minutes is lived through by the device side of the protocol, brought in by the same supervisor
//! that looks after real counters, stored, and computed to days.

use std::{
    collections::BTreeMap,
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

use chrono::{DateTime, NaiveDate, Utc};
use firmware_protocol::{device::step_log, steplog::device::FlashError};

use crate::{
    days::{DayBook, DaysError, Person, Wearing},
    model::{DayTotal, DeviceId, ParticipantId},
    radio::sim::{
        SharedCounter, SharedFarEnd, SimRadio, Weather,
        clock::SimClock,
        counter::{Mishap, SimCounter},
        flash::SimFlash,
        lock,
        walker::ScriptMinute,
    },
    store::{BondLevel, Store, StoreError},
    supervisor::{AttemptError, Policy, SharedStatus, Supervised, Target, never_woken},
    time::Calendar,
};

/// The simulated counter's identity.
pub const COUNTER: DeviceId = DeviceId(*b"sim-0001");
/// Sectors of its flash: room for 30 days of minutes and more.
pub const SECTORS: u16 = 64;
/// Sectors of a flash that fills up and wraps within twenty days.
const SMALL_SECTORS: u16 = 6;

const US_PER_S: i64 = 1_000_000;
const US_PER_MINUTE: i64 = 60 * US_PER_S;
const US_PER_DAY: i64 = 1440 * US_PER_MINUTE;

/// More failed attempts in a row than this end a run: about four days of simulated time.
const MOST_ATTEMPTS: u32 = 400;

/// Why a demo could not be played.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// The script holds no minute.
    #[error("there is not a single minute to replay; is the participant id right?")]
    Empty,
    /// The simulated counter's flash failed.
    #[error("the simulated counter's flash failed ({0:?}); is the disk full?")]
    Flash(FlashError),
    /// A dialogue never came to its end.
    #[error("the simulated counter could not be read to the end")]
    Attempt(#[from] AttemptError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The days could not be computed.
    #[error(transparent)]
    Days(#[from] DaysError),
}

/// What befell a run.
#[derive(Clone, Debug, Default)]
pub struct Played {
    /// Dialogues that came to their end.
    pub dialogues: u32,
    /// Epochs that were stored.
    pub epochs: u64,
    /// How often each kind of fault occurred.
    pub faults: BTreeMap<&'static str, u32>,
}

/// The person of a demo, wearing the simulated counter.
pub fn person(id: ParticipantId, calendar: Calendar) -> Person {
    let counters = vec![Wearing { device: COUNTER, from: None, before: None }];
    Person::new(id, calendar, counters)
}

/// Lives through a whole script, bringing the minutes in every day or, with a seed for faults, at odd
/// times through rough air, with mishaps in between. Both end with everything brought in.
///
/// # Errors
/// When a dialogue never comes to its end, or a disk fails.
pub async fn play(store: &Arc<Store>, script: Vec<ScriptMinute>, faults: Option<u64>) -> Result<Played, DemoError> {
    let (Some(first), Some(last)) = (script.first(), script.last()) else {
        return Err(DemoError::Empty);
    };
    let (start_us, end_us) = (first.at * US_PER_MINUTE, (last.at + 1) * US_PER_MINUTE);
    let mut played = Played::default();
    let mut random = fastrand::Rng::with_seed(faults.unwrap_or(0));
    let trouble = faults.map(|seed| Trouble::draw(seed, &mut random, start_us, end_us));
    let weather = faults.map_or_else(Weather::calm, Weather::rough);

    let clock = Arc::new(SimClock::free(utc(start_us)));
    // When the script's last minute is over, time stands still: nothing is known of what came after.
    clock.end_at(end_us);
    let early_us = trouble.as_ref().map_or(0, |trouble| trouble.early_us);
    let sectors = trouble.as_ref().map_or(SECTORS, |trouble| trouble.sectors);
    let ppm = trouble.as_ref().map_or(0, |trouble| trouble.drift_ppm);
    let flash = SimFlash::in_memory(sectors);
    let mut counter =
        SimCounter::new(COUNTER, flash, script, start_us - early_us, None, ppm).map_err(DemoError::Flash)?;
    if let Some(trouble) = &trouble {
        trouble.count(&mut played.faults);
        counter.plan(trouble.mishaps.clone());
    }
    let counter: SharedCounter = Arc::new(Mutex::new(counter));
    let supervised = supervised(store, &clock, &counter, weather, Policy::default());

    let mut due_us = start_us;
    while due_us < end_us {
        let wait = if faults.is_some() { random.i64(3 * 60..36 * 60) * US_PER_MINUTE } else { US_PER_DAY };
        due_us = (due_us + wait).min(end_us);
        let waiting = u64::try_from(due_us - clock.now_us()).unwrap_or(0);
        clock.advance(Duration::from_micros(waiting));
        let unset_to = trouble.as_ref().and_then(|trouble| trouble.clock_unset_to_us);
        clock.set_synchronised(unset_to.is_none_or(|unset_to| clock.now_us() >= unset_to));
        if due_us >= end_us {
            lock(&counter).rest(end_us).map_err(DemoError::Flash)?;
        }
        let report = supervised.until_complete(MOST_ATTEMPTS, &mut random).await?;
        played.dialogues += 1;
        played.epochs += report.new_epochs;
        // Waiting for a rough dialogue takes time of its own.
        due_us = due_us.max(clock.now_us());
    }
    if lock(&counter).device().oldest_seq() > 0 {
        *played.faults.entry("ring_wrapped").or_default() += 1;
    }
    for (kind, times) in &lock(&supervised.radio.weather).seen {
        *played.faults.entry(kind).or_default() += times;
    }
    Ok(played)
}

/// The supervisor's view of one simulated counter.
pub fn supervised(
    store: &Arc<Store>,
    clock: &Arc<SimClock>,
    counter: &SharedCounter,
    weather: Weather,
    policy: Policy,
) -> Supervised<SimRadio> {
    let air = BTreeMap::from([(COUNTER.to_string(), Arc::clone(counter) as SharedFarEnd)]);
    Supervised {
        radio: Arc::new(SimRadio::new(Arc::clone(clock), air, weather)),
        clock: Arc::clone(clock) as Arc<dyn crate::time::Clock>,
        store: Arc::clone(store),
        target: Target {
            bond: BondLevel::Simulated,
            ..Target::new(&step_log::KIND, COUNTER, Some(COUNTER.to_string()))
        },
        policy,
        status: SharedStatus::default(),
        memory: Mutex::default(),
        wake: never_woken(),
        seed: 0,
    }
}

/// The rows of a script that has been played to its end, as a statistician gets them when the record
/// is closed: two hours after its last day.
///
/// # Errors
/// When the store fails.
pub fn closed_rows(book: &DayBook, script_end: i64) -> Result<Vec<DayTotal>, DemoError> {
    let mut rows = Vec::new();
    for person in book.people() {
        let last = person.calendar.day_at((script_end - 1) * 60);
        let now = utc(last.end_s * US_PER_S) + chrono::TimeDelta::hours(2);
        rows.extend(book.rows(&person, NaiveDate::MIN, last.date, now)?);
    }
    Ok(rows)
}

/// Opens a store for a demo in a folder.
///
/// # Errors
/// When the folder cannot be used.
pub fn open_store(dir: &Path) -> Result<Arc<Store>, DemoError> {
    let (store, _) = Store::open(dir)?;
    Ok(Arc::new(store))
}

/// A counter's life is not smooth; drawn once for a run.
struct Trouble {
    early_us: i64,
    sectors: u16,
    drift_ppm: i64,
    clock_unset_to_us: Option<i64>,
    mishaps: Vec<(i64, Mishap)>,
}

impl Trouble {
    /// What is rare is dealt out by the seed's number, so that a few seeds in a row meet all of it.
    fn draw(seed: u64, random: &mut fastrand::Rng, start_us: i64, end_us: i64) -> Self {
        // A moment away from the middle of the minute, where the script's steps fall.
        let mut moment = || {
            let minute = random.i64(start_us / US_PER_MINUTE + 1..end_us / US_PER_MINUTE);
            let second = if random.bool() { random.i64(1..25) } else { random.i64(35..57) };
            minute * US_PER_MINUTE + second * US_PER_S
        };
        let mut mishaps: Vec<_> = (0..4).map(|_| (moment(), Mishap::Reboot)).collect();
        mishaps.push((moment(), Mishap::ForeignClock { minutes: -60 }));
        mishaps.push((moment(), Mishap::ForeignClock { minutes: 1440 }));
        random.shuffle(&mut mishaps);
        mishaps.truncate(random.usize(0..=mishaps.len()));
        Self {
            // At most a quarter of a minute: three days of drift on top leave the middle of every epoch in
            // its minute, so that no day has to say that a minute holds two.
            early_us: random.i64(0..15) * US_PER_S,
            sectors: if seed / 2 % 2 == 1 { SMALL_SECTORS } else { SECTORS },
            drift_ppm: random.i64(-40..=40),
            clock_unset_to_us: (seed / 2).is_multiple_of(3).then_some(start_us + 3 * US_PER_DAY),
            mishaps,
        }
    }

    fn count(&self, faults: &mut BTreeMap<&'static str, u32>) {
        for (_, mishap) in &self.mishaps {
            let kind = match mishap {
                Mishap::Reboot => "reboot",
                Mishap::ForeignClock { minutes: ..0 } => "clock_set_back",
                Mishap::ForeignClock { .. } => "clock_set_forward",
            };
            *faults.entry(kind).or_default() += 1;
        }
        if self.clock_unset_to_us.is_some() {
            *faults.entry("clock_unset").or_default() += 1;
        }
    }
}

fn utc(us: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(us).unwrap_or(DateTime::UNIX_EPOCH)
}
