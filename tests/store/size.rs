//! How much the store takes: bytes on disk, memory, time to open.

use std::{env, path::Path, process::Command, time::Instant};

use crate::support::*;

const OPENER: &str = "BRISK_STORE_OPENER";

#[test]
fn a_day_of_hourly_deliveries_takes_at_most_six_kilobytes() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _) = open(dir.path());
    let host = store.host_id();
    let began = Instant::now();
    // The index begins with four pieces of 32 KiB whatever it holds: a month alone would say little.
    let days = 120;
    for hour in 0..days * 24 {
        store.append_delivery(&hourly(host, hour)).unwrap();
        if hour % 24 == 23 {
            store.clear_dirty(&store.dirty().unwrap()).unwrap();
        }
    }

    let (journal, index) = store.size();
    println!(
        "a day: journal {} B, index {} B; a delivery: {:?}",
        journal / u64::from(days),
        index / u64::from(days),
        began.elapsed() / (days * 24)
    );
    let minutes = minutes(&store);
    let zeros = minutes.iter().filter(|minute| minute.steps == 0).count();
    assert!((80..90).contains(&(zeros * 100 / minutes.len())), "{zeros} zeros are not the usual share");
    assert!(journal + index <= u64::from(days) * 6_000, "{journal} + {index}");
}

/// Not a test of its own: opens what a test left, in a process of its own, and says what it took.
#[test]
fn opener() {
    let Ok(dir) = env::var(OPENER) else { return };
    let mut began = Instant::now();
    let mut lap = |what: &str| {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let memory: Vec<_> = status.lines().filter(|l| l.starts_with("VmRSS") || l.starts_with("RssAnon")).collect();
        println!("{what}: {:?} {memory:?}", began.elapsed());
        began = Instant::now();
    };
    lap("before");
    let (store, report) = open(Path::new(&dir));
    lap("open");
    assert_eq!(report, brisk::store::OpenReport::default());
    let state = store.counter(DEVICE).unwrap().unwrap();
    lap("state");
    let last = i64::from(state.stored_to) + NEW_YEAR_S / 60;
    assert_eq!(store.minutes(DEVICE, last - 14 * 1440, last).unwrap().len(), 14 * 1440);
    lap("two weeks of minutes");
    store.append_delivery(&hourly(store.host_id(), state.stored_to / 60)).unwrap();
    lap("first append");
    for n in 1..=100 {
        store.append_delivery(&hourly(store.host_id(), state.stored_to / 60 + n)).unwrap();
    }
    lap("a hundred more");
}

#[test]
#[ignore = "writes five years hour by hour: minutes"]
fn five_years_open_quickly_in_little_memory() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _) = open(dir.path());
    let host = store.host_id();
    let began = Instant::now();
    let days = env::var("BRISK_DAYS").ok().and_then(|n| n.parse().ok()).unwrap_or(5 * 365);
    for hour in 0..days * 24 {
        store.append_delivery(&hourly(host, hour)).unwrap();
        if hour % 24 == 23 {
            store.clear_dirty(&store.dirty().unwrap()).unwrap();
        }
        if hour % 8760 == 8759 || (hour < 8760 && hour % 720 == 719) {
            println!("{} d {:?} {:?}", hour / 24, began.elapsed(), store.size());
        }
    }
    drop(store);
    let run = || {
        let out = Command::new(env::current_exe().unwrap())
            .args(["--exact", "size::opener", "--nocapture", "--test-threads=1"])
            .env(OPENER, dir.path())
            .output()
            .unwrap();
        println!("{}", String::from_utf8_lossy(&out.stdout));
        assert!(out.status.success());
    };
    run();
    let (store, _) = open(dir.path());
    let began = Instant::now();
    store.verify(&mut |_, _| ()).unwrap();
    println!("verify {:?}", began.elapsed());
    let began = Instant::now();
    store.rebuild(&mut |_, _| ()).unwrap();
    println!("rebuild {:?} {:?}", began.elapsed(), store.size());
    drop(store);
    run();
}
