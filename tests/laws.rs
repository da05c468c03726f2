//! Laws of the whole: whatever order deliveries arrive in, and however often, the days are the same.

use std::{
    sync::{Arc, LazyLock, Mutex},
    time::Duration,
};

use brisk::{
    days::DayBook,
    demo,
    model::Rules,
    radio::{
        Link as _, Radio as _, Wanted,
        sim::{
            SharedFarEnd, SimRadio, Weather,
            clock::SimClock,
            counter::{Mishap, SimCounter},
            flash::SimFlash,
            walker,
        },
    },
    store::{BondLevel, DeliveryRecord, Store},
    time::{Calendar, Clock as _},
};
use chrono::DateTime;
use firmware_protocol::{
    device::step_log,
    driver::{Delivery, Driver as _, Event, HostTime, Known, Outcome, Step},
    reading::HostId,
    steplog::host::{HostSettings, StepLogDriver},
};
use proptest::prelude::*;

const DAYS: i64 = 5;
const HOST: HostId = HostId(*b"the-host");

fn calendar() -> Calendar {
    Calendar::midnight("Europe/Oslo".parse().unwrap())
}

/// Five days about the night on which the clocks go back, with two reboots, brought in twice a day.
static DELIVERIES: LazyLock<Vec<Delivery>> = LazyLock::new(deliveries);

fn deliveries() -> Vec<Delivery> {
    let start = calendar().day("2026-10-23".parse().unwrap()).first_minute();
    let end = calendar().day("2026-10-27".parse().unwrap()).end_minute();
    let script = walker::script(4, &calendar(), start, end);
    let flash = SimFlash::in_memory(demo::SECTORS);
    let mut counter = SimCounter::new(demo::COUNTER, flash, script, start * 60_000_000, None, 25).unwrap();
    let at = |minute: i64, second: i64| (start + minute) * 60_000_000 + second * 1_000_000;
    counter.plan(vec![(at(700, 11), Mishap::Reboot), (at(3_333, 48), Mishap::Reboot)]);
    let clock = Arc::new(SimClock::free(DateTime::from_timestamp(start * 60, 0).unwrap()));
    let counters = [(demo::COUNTER.to_string(), Arc::new(Mutex::new(counter)) as SharedFarEnd)].into();
    let radio = SimRadio::new(Arc::clone(&clock), counters, Weather::calm());

    let mut all = Vec::new();
    for _ in 0..DAYS * 2 {
        clock.advance(Duration::from_secs(12 * 3600));
        all.extend(dialogue(&radio, &clock));
    }
    all
}

/// One dialogue, run by hand: what the counter delivers to a host that says it keeps it.
fn dialogue(radio: &SimRadio, clock: &SimClock) -> Vec<Delivery> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let wait = Duration::from_secs(10);
    runtime.block_on(async {
        let address = Some(demo::COUNTER.to_string());
        let wanted = Wanted { kind: &step_log::KIND, address, paired: false, not: Vec::new() };
        let mut link = radio.connect(&wanted, wait).await.unwrap();
        let mut driver = StepLogDriver::new(HostSettings { batch_epochs: 200, ..HostSettings::default() });
        let now = || HostTime {
            mono_ms: u64::try_from(clock.monotonic().as_millis()).unwrap(),
            utc_us: Some(clock.utc().timestamp_micros()),
        };
        let mut kept = Vec::new();
        loop {
            match driver.next(now()) {
                Step::Subscribe(to) => {
                    link.subscribe(to, wait).await.unwrap();
                    driver.handle(Event::Done, now());
                }
                Step::Read(from) => {
                    let value = link.read(from, wait).await.unwrap();
                    driver.handle(Event::Value(&value), now());
                }
                Step::Write { to, bytes } => {
                    link.write(to, &bytes, wait).await.unwrap();
                    driver.handle(Event::Done, now());
                }
                Step::Await { at_most_ms } => {
                    match link.notified(Duration::from_millis(at_most_ms.into())).await.unwrap() {
                        Some((from, bytes)) => driver.handle(Event::Notified { from, bytes: &bytes }, now()),
                        None => driver.handle(Event::TimedOut, now()),
                    }
                }
                other @ (Step::Unsubscribe(_) | Step::Send { .. } | Step::Prompt(_)) => {
                    panic!("the step-log dialogue has no {other:?}")
                }
                Step::Identify(_) => {
                    let known = Known { host: HOST, stored_to: 0, held_at: None, goal_steps: None, last_total: None };
                    driver.handle(Event::Known(known), now());
                }
                Step::Store(delivery) => {
                    kept.push(delivery);
                    driver.handle(Event::Stored, now());
                }
                Step::Finish(outcome) => {
                    assert_eq!(outcome, Outcome::Complete);
                    return kept;
                }
            }
        }
    })
}

/// The day rows that follow from deliveries in this order.
fn rows(deliveries: &[&Delivery]) -> String {
    let dir = tempfile::tempdir().unwrap();
    let store = Arc::new(Store::open(dir.path()).unwrap().0);
    let arrived = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
    for delivery in deliveries {
        let record = DeliveryRecord {
            device: demo::COUNTER,
            arrived,
            arrival_trusted: true,
            bond: BondLevel::Simulated,
            units: delivery.units.clone(),
            quarantined: delivery.quarantined.clone(),
        };
        store.append_delivery(&record).unwrap();
    }
    let book = DayBook::new(store, vec![demo::person("p1".parse().unwrap(), calendar())], Rules::brisk_1()).unwrap();
    let end = calendar().day("2026-10-27".parse().unwrap()).end_minute();
    serde_json::to_string(&demo::closed_rows(&book, end).unwrap()).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn any_order_and_any_repetition_of_arrival_gives_the_same_day_rows(
        seed in any::<u64>(),
        repeats in 0_usize..10,
    ) {
        let in_order: Vec<&Delivery> = DELIVERIES.iter().collect();
        let mut random = fastrand::Rng::with_seed(seed);
        let mut shuffled = in_order.clone();
        for _ in 0..repeats {
            shuffled.push(in_order[random.usize(0..in_order.len())]);
        }
        random.shuffle(&mut shuffled);

        prop_assert!(in_order.len() > 20, "{} deliveries", in_order.len());
        prop_assert_eq!(rows(&in_order), rows(&shuffled));
    }
}

#[test]
fn the_days_about_the_clock_change_have_the_steps_of_the_script() {
    let all: Vec<&Delivery> = DELIVERIES.iter().collect();
    let rows: Vec<brisk::model::DayTotal> = serde_json::from_str(&rows(&all)).unwrap();

    let lengths: Vec<_> = rows.iter().map(|row| row.day_len_min).collect();
    assert_eq!(lengths, [1440, 1440, 1500, 1440, 1440]);
    for row in &rows {
        let day = calendar().day(row.local_date);
        let script = walker::script(4, &calendar(), day.first_minute(), day.end_minute());
        let steps: u32 = script.iter().map(|minute| minute.steps).sum();
        // The last half hour was not brought in.
        if row.minutes_recorded == row.day_len_min {
            assert_eq!(row.total_steps, Some(steps), "{}", row.local_date);
        }
    }
    assert!(rows.iter().filter(|row| row.minutes_recorded == row.day_len_min).count() >= 4);
}

#[test]
fn a_decision_that_cannot_be_read_hides_no_other() {
    let dir = tempfile::tempdir().unwrap();
    let store = Arc::new(Store::open(dir.path()).unwrap().0);
    let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
    let book = || {
        DayBook::new(Arc::clone(&store), vec![demo::person("p1".parse().unwrap(), calendar())], Rules::brisk_1())
            .unwrap()
    };
    let today = calendar().day_at(now.timestamp()).date;
    let goal = serde_json::json!({
        "decision": "goal_set", "id": "g1", "participant": "p1", "measure": "steps", "amount": 5000,
        "period": "day", "from": today, "decided_by": "person",
    });

    store.append_decision(now, "p1", r#"{"decision":"of_a_newer_version","participant":"p1"}"#).unwrap();
    store.append_decision(now, "p1", &goal.to_string()).unwrap();

    let book = book();
    let person = book.person(None).unwrap();
    let in_force = person.record.goals.goal_on(today).cloned();
    assert_eq!(in_force.map(|goal| goal.amount), Some(5000));
}
