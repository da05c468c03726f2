//! Many counters at once, two counters on one person, and a host that does not believe its own clock.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use brisk::{
    config::Config,
    days::{DayBook, Person, Wearing},
    demo,
    model::{DeviceId, Rules},
    radio::sim::{
        SharedCounter, SharedFarEnd, SimRadio, Weather,
        clock::SimClock,
        counter::SimCounter,
        flash::SimFlash,
        walker::{self, ScriptMinute},
    },
    store::{BondLevel, Store},
    supervisor::{Policy, SharedStatus, Supervised, Target, never_woken},
    time::{Calendar, Clock as _},
};
use chrono::DateTime;
use firmware_protocol::device::step_log;

use crate::support::house::{self, House};

mod support;

const DAYS: i64 = 3;

fn id(number: u8) -> DeviceId {
    DeviceId([b's', b'i', b'm', b'-', b'n', b'o', b'-', number])
}

fn calendar() -> Calendar {
    Calendar::midnight("Europe/Oslo".parse().unwrap())
}

fn start() -> i64 {
    calendar().day("2026-06-01".parse().unwrap()).first_minute()
}

fn script(seed: u64) -> Vec<ScriptMinute> {
    walker::script(seed, &calendar(), start(), start() + DAYS * 1440)
}

/// The air with these counters in it, at the end of their scripts.
fn air(
    scripts: Vec<(DeviceId, Vec<ScriptMinute>)>,
    weather: Weather,
) -> (Arc<SimClock>, Arc<SimRadio>, BTreeMap<String, SharedCounter>) {
    let end = start() + DAYS * 1440;
    let clock = Arc::new(SimClock::free(DateTime::from_timestamp(end * 60, 0).unwrap()));
    clock.end_at(end * 60_000_000);
    let counters: BTreeMap<String, SharedCounter> = scripts
        .into_iter()
        .map(|(id, script)| {
            let flash = SimFlash::in_memory(demo::SECTORS);
            let mut counter = SimCounter::new(id, flash, script, start() * 60_000_000, None, 0).unwrap();
            counter.rest(end * 60_000_000).unwrap();
            (id.to_string(), Arc::new(Mutex::new(counter)))
        })
        .collect();
    let far_ends = counters.iter().map(|(at, counter)| (at.clone(), Arc::clone(counter) as SharedFarEnd)).collect();
    (Arc::clone(&clock), Arc::new(SimRadio::new(clock, far_ends, weather)), counters)
}

fn supervised(radio: &Arc<SimRadio>, clock: &Arc<SimClock>, store: &Arc<Store>, id: DeviceId) -> Supervised<SimRadio> {
    Supervised {
        radio: Arc::clone(radio),
        clock: Arc::clone(clock) as Arc<dyn brisk::time::Clock>,
        store: Arc::clone(store),
        target: Target { bond: BondLevel::Simulated, ..Target::new(&step_log::KIND, id, Some(id.to_string())) },
        policy: Policy::default(),
        status: SharedStatus::default(),
        memory: Mutex::default(),
        wake: never_woken(),
        seed: u64::from(id.0[7]),
    }
}

fn person(name: &str, counters: &[DeviceId]) -> Person {
    let counters = counters.iter().map(|device| Wearing { device: *device, from: None, before: None }).collect();
    Person::new(name.parse().unwrap(), calendar(), counters)
}

fn steps_of_days(book: &DayBook, name: &str) -> Vec<Option<u32>> {
    let person = book.person(Some(&name.parse().unwrap())).unwrap();
    let now = DateTime::from_timestamp((start() + DAYS * 1440) * 60 + 3600, 0).unwrap();
    let first = calendar().day_at(start() * 60).date;
    let rows = book.rows(&person, first, first + chrono::Days::new(2), now).unwrap();
    rows.into_iter().map(|row| row.total_steps).collect()
}

fn steps_of_script(script: &[ScriptMinute]) -> Vec<Option<u32>> {
    script.chunks(1440).map(|day| Some(day.iter().map(|minute| minute.steps).sum())).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_counters_at_once_are_all_brought_in_through_rough_air() {
    let dir = tempfile::tempdir().unwrap();
    let store = Arc::new(Store::open(dir.path()).unwrap().0);
    let numbers: Vec<u8> = (1..=8).collect();
    let scripts = numbers.iter().map(|n| (id(*n), script(u64::from(*n)))).collect();
    let (clock, radio, _) = air(scripts, Weather::rough(11));

    let tasks: Vec<_> = numbers
        .iter()
        .map(|n| {
            let one = supervised(&radio, &clock, &store, id(*n));
            let mut jitter = fastrand::Rng::with_seed(u64::from(*n));
            tokio::spawn(async move { one.until_complete(400, &mut jitter).await.map(|report| report.device) })
        })
        .collect();
    for (task, n) in tasks.into_iter().zip(&numbers) {
        assert_eq!(task.await.unwrap().unwrap(), Some(id(*n)));
    }

    let people: Vec<_> = numbers.iter().map(|n| person(&format!("p{n}"), &[id(*n)])).collect();
    let book = DayBook::new(store, people, Rules::brisk_1()).unwrap();
    for n in numbers {
        assert_eq!(steps_of_days(&book, &format!("p{n}")), steps_of_script(&script(u64::from(n))), "p{n}");
    }
}

#[tokio::test]
async fn two_counters_on_one_person_are_never_summed() {
    let dir = tempfile::tempdir().unwrap();
    let store = Arc::new(Store::open(dir.path()).unwrap().0);
    // The second one was worn on the first two days only, and counts twice as much.
    let best = script(5);
    let second: Vec<_> =
        best.iter().take(2 * 1440).map(|minute| ScriptMinute { steps: minute.steps * 2, ..*minute }).collect();
    // The best one has a hole of ten hours on the first day.
    let mut holed = best.clone();
    holed.drain(10 * 60..20 * 60);
    let (clock, radio, _) = air(vec![(id(1), holed), (id(2), second)], Weather::calm());

    let mut jitter = fastrand::Rng::with_seed(1);
    for n in [1, 2] {
        supervised(&radio, &clock, &store, id(n)).until_complete(9, &mut jitter).await.unwrap();
    }

    let book = DayBook::new(store, vec![person("p", &[id(1), id(2)])], Rules::brisk_1()).unwrap();
    let mut expected = steps_of_script(&best);
    let in_hole: u32 = best[10 * 60..20 * 60].iter().map(|minute| minute.steps).sum();
    expected[0] = expected[0].map(|steps| steps + in_hole);
    assert_eq!(steps_of_days(&book, "p"), expected);
}

#[tokio::test]
async fn while_the_host_does_not_believe_its_clock_readings_are_kept_and_no_day_is_shown() {
    let dir = tempfile::tempdir().unwrap();
    let store = Arc::new(Store::open(dir.path()).unwrap().0);
    let (clock, radio, counters) = air(vec![(id(1), script(1))], Weather::calm());
    clock.set_synchronised(false);
    let people = vec![person("p1", &[id(1)])];
    let house = House::of(house::app(Arc::clone(&store), people, Config::default(), Arc::clone(&clock) as _));
    let today = || async { house.told("today").await.code };
    let mut jitter = fastrand::Rng::with_seed(1);
    let one = supervised(&radio, &clock, &store, id(1));

    one.until_complete(9, &mut jitter).await.unwrap();

    let state = store.counter(id(1)).unwrap().unwrap();
    assert_eq!(state.undated_epochs, u64::try_from(DAYS * 1440).unwrap(), "kept, and not dated by a guess");
    let address = id(1).to_string();
    let counter = Arc::clone(&counters[&address]);
    assert!(!brisk::radio::sim::lock(&counter).device().clock_is_set(), "no counter's clock is set from an unset one");
    assert_eq!(today().await, 503);

    clock.set_synchronised(true);
    clock.advance(Duration::from_secs(60));
    one.until_complete(9, &mut jitter).await.unwrap();

    let state = store.counter(id(1)).unwrap().unwrap();
    assert_eq!(state.undated_epochs, 0, "dated as soon as one clock is known");
    assert_eq!(today().await, 200);
    assert_eq!(steps_of_days(&house.app.book, "p1"), steps_of_script(&script(1)));
    assert!(clock.synchronised());
}
