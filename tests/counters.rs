//! Every kind of counter through the whole pipeline: it lives through a walker's days, is asked twice a day through
//! simulated air, is stored, and becomes days. They are compared with what the walker did.
//!
//! `BRISK_SEEDS` says how many seeds of rough air are tried with each kind (4 when it is not set).

#[path = "counters/home.rs"]
mod home;
#[path = "counters/trouble.rs"]
mod trouble;

use std::{collections::BTreeMap, sync::Arc};

use brisk::{
    days::DayBook,
    demo,
    model::{DataState, DayTotal, DeviceId, Flag, Rules},
    radio::sim::{Weather, clock::SimClock, walker::ScriptMinute},
    store::Store,
};
use firmware_protocol::{
    device::{KINDS, Kind},
    driver::Resolution,
};
use home::{
    DAYS, Truth, air, calendar, counter, identity, let_pass, life, open, person, script, start, supervised, target, utc,
};

const ADDRESS: &str = "C0:00:00:00:00:01";
/// Through rough air an attempt is repeated until it is complete.
const ATTEMPTS: u32 = 400;
/// A counter that tells only what is now is listened to for so long, minutes.
const LIVE: usize = 30;

/// Asks a counter twice a day, until its script's days and half a day more are over.
async fn bring_in(kind: &'static Kind, walked: &[ScriptMinute], weather: Weather, store: &Arc<Store>) -> DeviceId {
    let device = identity(kind, "1a2b3c4d", ADDRESS).await;
    let clock = Arc::new(SimClock::free(utc(start())));
    let radio = air(&clock, [(ADDRESS, counter(kind, life(kind, "1a2b3c4d", walked)))], weather);
    let one = supervised(&radio, &clock, store, target(kind, device, ADDRESS));
    let mut jitter = fastrand::Rng::with_seed(1);
    for half_day in 1..=2 * DAYS + 1 {
        let_pass(&clock, start() + half_day * 720);
        let report = one.until_complete(ATTEMPTS, &mut jitter).await;
        report.unwrap_or_else(|error| panic!("{}, half day {half_day}: {error}", kind.name));
    }
    device
}

/// The rows of the whole days, and the same after the index was made anew.
fn rows(store: &Arc<Store>, device: DeviceId, what: &str) -> Vec<DayTotal> {
    let book = DayBook::new(Arc::clone(store), vec![person("p", &[device])], Rules::brisk_1()).unwrap();
    let rows = demo::closed_rows(&book, start() + DAYS * 1440).unwrap();
    let report = store.verify(&mut |_, _| ()).unwrap();
    assert!(report.journal_is_whole() && report.index_is_right(), "{what}: {report:?}");
    store.rebuild(&mut |_, _| ()).unwrap();
    assert_eq!(demo::closed_rows(&book, start() + DAYS * 1440).unwrap(), rows, "{what}: after a rebuild");
    rows
}

fn compare(kind: &'static Kind, walked: &[ScriptMinute], store: &Arc<Store>, device: DeviceId, what: &str) {
    let state = store.counter(device).unwrap().unwrap();
    assert_eq!((state.conflicts, state.undated_epochs), (0, 0), "{what}");
    let truth: BTreeMap<i64, u32> = walked.iter().map(|minute| (minute.at, minute.steps)).collect();
    let sum =
        |from_s: i64, to_s: i64| -> u32 { truth.range(from_s / 60..(to_s + 59) / 60).map(|(_, steps)| steps).sum() };
    let (first, end) = (start(), start() + DAYS * 1440 + 1440);
    let minutes = store.minutes(device, i64::from(i32::MIN), i64::from(u32::MAX)).unwrap();
    let coarse = store.coarse(device, first * 60 - 86_400, end * 60).unwrap();
    assert_eq!(state.epochs, u64::try_from(minutes.len() + coarse.len()).unwrap(), "{what}: each epoch lies somewhere");
    for minute in &minutes {
        assert!((first..end).contains(&minute.at) && !minute.overlap, "{what}: {minute:?}");
    }
    for record in &coarse {
        let walked = sum(record.start_s, record.end_s);
        let right = if record.lower_bound_only { record.steps <= walked } else { record.steps == walked };
        assert!(right, "{what}: {record:?}, {walked} were walked");
    }
    let rows = rows(store, device, what);
    for (number, walked) in (0..DAYS).zip(walked.chunks(1440)) {
        let (truth, date) = (Truth::of(walked), calendar().day_at((start() + number * 1440) * 60).date);
        let what = format!("{what}, {date}");
        let row = rows.iter().find(|row| row.local_date == date);
        // A counter without a record for hours without steps says nothing of a day without any.
        if kind.resolution != Resolution::Minute && truth.steps == 0 {
            assert!(row.is_none_or(|row| row.total_steps.unwrap_or(0) == 0), "{what}");
            continue;
        }
        let row = row.unwrap_or_else(|| panic!("{what}: no row"));
        match kind.resolution {
            Resolution::Minute => {
                assert_eq!(Truth::of_row(row), Some(truth), "{what}");
                assert!(matches!(row.data_state, DataState::Measured | DataState::NotWorn), "{what}");
            }
            Resolution::Coarse => {
                assert_eq!((row.data_state, row.total_steps), (DataState::CannotTell, Some(truth.steps)), "{what}");
                assert_eq!((row.steps_lower, row.steps_upper), (Some(truth.steps), Some(truth.steps)), "{what}");
                let (lower, upper) = (row.brisk_lower.unwrap(), row.brisk_upper.unwrap());
                assert!((lower..=upper).contains(&truth.brisk), "{what}: {} not in {lower}..={upper}", truth.brisk);
                assert_eq!(row.brisk_min, (lower == upper).then_some(lower), "{what}");
                assert_eq!((row.minutes_recorded, row.m_0, row.bout_min), (0, None, None), "{what}");
            }
            Resolution::Counter => {
                assert_eq!(row.data_state, DataState::PartlyMeasured, "{what}");
                assert!(row.steps_lower.unwrap() <= truth.steps && row.brisk_lower.unwrap() <= truth.brisk, "{what}");
                assert!(row.flags.0.contains(&Flag::PartialDay), "{what}");
            }
        }
    }
}

/// Minutes that the counter was connected for, of one that tells only what is now.
fn compare_live(walked: &[ScriptMinute], store: &Store, device: DeviceId, what: &str) -> usize {
    let minutes = store.minutes(device, start(), start() + (DAYS + 1) * 1440).unwrap();
    let inner = minutes.windows(3).filter(|three| three[0].at + 2 == three[2].at).map(|three| three[1]);
    let mut compared = 0;
    for minute in inner {
        let index = usize::try_from(minute.at - start()).unwrap();
        assert_eq!(minute.steps, walked[index].steps, "{what}: minute {index}");
        compared += 1;
    }
    compared
}

#[tokio::test]
async fn through_calm_air_every_kind_gives_the_days_that_were_walked() {
    for kind in KINDS {
        let (dir, walked) = (tempfile::tempdir().unwrap(), script(2));
        let store = open(dir.path());

        let device = bring_in(kind, &walked, Weather::calm(), &store).await;

        compare(kind, &walked, &store, device, kind.name);
        assert_eq!(store.counter(device).unwrap().unwrap().quarantined, 0, "{}: nothing was put aside", kind.name);
        if kind.resolution == Resolution::Counter {
            let compared = compare_live(&walked, &store, device, kind.name);
            let dialogues = usize::try_from(2 * DAYS + 1).unwrap();
            assert!(compared >= dialogues * (LIVE - 3), "{}: {compared} minutes in {dialogues} dialogues", kind.name);
        }
    }
}

async fn through_rough_air(first: u64) {
    let seeds: u64 = std::env::var("BRISK_SEEDS").map_or(4, |text| text.parse().expect("BRISK_SEEDS is a number"));
    for seed in (first..seeds).step_by(2) {
        for kind in KINDS {
            let what = format!("{}, seed {seed}", kind.name);
            let (dir, walked) = (tempfile::tempdir().unwrap(), script(seed));
            let store = open(dir.path());

            let device = bring_in(kind, &walked, Weather::rough(seed), &store).await;

            compare(kind, &walked, &store, device, &what);
        }
    }
}

#[tokio::test]
async fn through_rough_air_every_kind_gives_the_days_that_were_walked_even_seeds() {
    through_rough_air(0).await;
}

#[tokio::test]
async fn through_rough_air_every_kind_gives_the_days_that_were_walked_odd_seeds() {
    through_rough_air(1).await;
}
