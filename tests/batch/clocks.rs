//! Zones, clock changes, and stamps of clocks on the wall.

use brisk::batch::{BatchError, BatchOptions, OnBadRow, Reason, StampClock};
use chrono::{DateTime, Duration, NaiveDateTime};
use chrono_tz::Tz;
use proptest::prelude::*;

use crate::support::{HEADER, Record, counted, days, file, flags, long, ran, run_on, told};

fn local(zone: &str) -> impl Fn(&mut BatchOptions) {
    let zone = zone.parse().unwrap();
    move |options| {
        *options = options.clone().in_zone(zone);
        options.stamps = StampClock::Local;
    }
}

fn utc(text: &str) -> DateTime<chrono::Utc> {
    text.parse().unwrap()
}

/// The minutes from one instant to another, with a few steps each.
fn minutes(from: &str, to: &str) -> Vec<Record> {
    let (from, to) = (utc(from).timestamp(), utc(to).timestamp());
    let at = (from..to).step_by(60);
    at.map(|at_s| Record { who: 1, at_s, steps: Some(u32::try_from(at_s / 60 % 130).unwrap()) }).collect()
}

/// Stamps as the clock on the wall shows them.
fn on_the_wall(records: &[Record], zone: Tz) -> String {
    let row = |record: &Record| {
        let wall = DateTime::from_timestamp(record.at_s, 0).unwrap().with_timezone(&zone);
        format!("p1,{},{}\n", wall.format("%Y-%m-%d %H:%M:%S"), record.steps.unwrap())
    };
    HEADER.to_owned() + &records.iter().map(row).collect::<String>()
}

/// Two days around each change of clocks of two zones; in Havana it falls on midnight.
const CHANGES: [(&str, &str, &str); 4] = [
    ("Europe/Oslo", "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"),
    ("Europe/Oslo", "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"),
    ("America/Havana", "2026-10-31T04:00:00Z", "2026-11-02T05:00:00Z"),
    ("America/Havana", "2026-03-07T05:00:00Z", "2026-03-09T04:00:00Z"),
];

#[test]
fn a_wall_clock_read_in_order_is_the_same_record_as_its_instants() {
    for (name, from, to) in CHANGES {
        let zone: Tz = name.parse().unwrap();
        let records = minutes(from, to);
        let dir = tempfile::tempdir().unwrap();
        let options = BatchOptions::of(vec![file(&dir, "utc.csv", &long(&records, true))]);
        let instants = ran(&options.in_zone(name.parse().unwrap())).unwrap();

        let (csv, summary) = run_on(on_the_wall(&records, zone), local(name)).unwrap();

        assert_eq!(told(&instants.days), counted(&records, Some(zone)), "{name} {from}");
        assert_eq!(days(&csv), instants.days, "{name} {from}");
        assert!(summary.is_clean() && summary.duplicates == 0, "{name} {from}: {summary:?}");
    }
}

#[test]
fn the_hour_that_comes_twice_is_told_apart_across_gaps_and_is_the_first_where_it_comes_once() {
    let row = |time: &str, steps: u32| format!("p1,2026-10-25 {time},{steps}\n");
    let twice = HEADER.to_owned() + &row("02:30", 1) + &row("02:59", 2) + &row("02:10", 3) + &row("03:00", 4);
    let once = HEADER.to_owned() + &row("02:30", 1) + &row("02:59", 2) + &row("03:00", 4);

    let twice = days(&run_on(twice, local("Europe/Oslo")).unwrap().0);
    let once = days(&run_on(once, local("Europe/Oslo")).unwrap().0);

    // By the clock on the wall both are in the third hour; the second time it is an hour of its own.
    assert_eq!((twice[0]["minutes_recorded"].as_str(), twice[0]["hours_with_steps"].as_str()), ("4", "3"));
    assert_eq!((once[0]["minutes_recorded"].as_str(), once[0]["hours_with_steps"].as_str()), ("3", "2"));
    assert!(flags(&once[0]).contains("clock_change") && once[0]["day_len_min"] == "1500");
}

#[test]
fn a_time_that_the_spring_night_skipped_is_set_aside_with_its_line() {
    for (name, first, skipped) in [
        ("Europe/Oslo", "2026-03-29T01:50:00", 60_usize),
        ("America/Havana", "2026-03-07T23:50:00", 60),
        ("Australia/Lord_Howe", "2026-10-04T01:50:00", 30),
    ] {
        let first: NaiveDateTime = first.parse().unwrap();
        let mut input = HEADER.to_owned();
        for minute in 0..90 {
            let wall = first + Duration::minutes(minute);
            input += &format!("p1,{},5\n", wall.format("%Y-%m-%d %H:%M"));
        }
        input += "p1,yesterday,5\n";
        let dir = tempfile::tempdir().unwrap();
        let mut options = BatchOptions::of(vec![file(&dir, "wall.csv", input.as_bytes())]);
        local(name)(&mut options);

        let found = ran(&options).unwrap();

        let recorded: usize = found.days.iter().map(|day| day["minutes_recorded"].parse::<usize>().unwrap()).sum();
        assert_eq!(recorded, 90 - skipped, "{name}");
        assert_eq!(found.summary.rejected.by_reason[&Reason::NoSuchTime], u64::try_from(skipped).unwrap(), "{name}");
        let lines: Vec<_> = found.aside.iter().map(|row| row[1].clone()).collect();
        let expected: Vec<_> = (12..12 + skipped).chain([92]).map(|line| line.to_string()).collect();
        assert_eq!(lines, expected, "{name}");
        let first_skipped = first + Duration::minutes(10);
        assert_eq!(found.aside[0][3], format!("p1,{},5", first_skipped.format("%Y-%m-%d %H:%M")));
        assert!(found.aside[0][2].contains("change of clocks skipped"), "{}", found.aside[0][2]);

        options.on_bad_row = OnBadRow::Stop;
        assert!(matches!(ran(&options), Err(BatchError::Row { line: 12, reason: Reason::NoSuchTime, .. })), "{name}");
    }
}

#[test]
fn skipped_times_are_set_aside_once_even_when_the_rows_are_read_again() {
    let mut rows: Vec<_> = (0..300)
        .map(|minute| {
            let wall = "2026-03-29T00:00:00".parse::<NaiveDateTime>().unwrap() + Duration::minutes(minute);
            format!("p1,{},5\n", wall.format("%Y-%m-%d %H:%M"))
        })
        .collect();
    rows.swap(10, 290);
    let dir = tempfile::tempdir().unwrap();
    let mut options = BatchOptions::of(vec![file(&dir, "wall.csv", (HEADER.to_owned() + &rows.concat()).as_bytes())]);
    local("Europe/Oslo")(&mut options);

    let found = ran(&options).unwrap();

    assert_eq!((found.summary.read_again, found.summary.rejected.total(), found.aside.len()), (1, 60, 60));
    assert_eq!(found.days[0]["minutes_recorded"], "240");
}

#[test]
fn a_zones_days_come_from_stamps_with_any_offset() {
    let input = format!(
        "{HEADER}p1,2026-10-20T22:30:00Z,1\np1,2026-10-21T00:31:00+02:00,2\np1,2026-10-20 18:32:00-04:00,4\n\
         p1,2026-10-20 22:33:00,8\np1,2026-10-21T21:59:00Z,16\np1,2026-10-21T22:00:00Z,32\n"
    );

    let found =
        days(&run_on(input, |options| *options = options.clone().in_zone("Europe/Oslo".parse().unwrap())).unwrap().0);

    let told: Vec<_> = found.iter().map(|day| [&day["local_date"], &day["total_steps"]]).collect();
    assert_eq!(told, [["2026-10-21", "31"], ["2026-10-22", "32"]]);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(24) })]

    #[test]
    fn walls_in_order_with_gaps_are_their_instants(
        change in prop::sample::select(&CHANGES[..]), gaps in prop::collection::vec((0_usize..2900, 1_usize..400), 0..5),
    ) {
        let (name, from, to) = change;
        let zone: Tz = name.parse().unwrap();
        let mut records = minutes(from, to);
        for (at, length) in gaps {
            let at = at.min(records.len());
            let end = (at + length).min(records.len() );
            records.drain(at..end);
        }
        prop_assume!(!records.is_empty());
        // Only where both hours of the autumn night are there in part, or the first, can they be told apart.
        let twice = |record: &Record| {
            let wall = |at_s| DateTime::from_timestamp(at_s, 0).unwrap().with_timezone(&zone).naive_local();
            wall(record.at_s - 3600) == wall(record.at_s)
        };
        let seen: std::collections::BTreeSet<_> = records.iter().map(|record| record.at_s).collect();
        prop_assume!(records.iter().all(|record| !twice(record) || seen.range(record.at_s - 3600..record.at_s).any(|at| !twice(&Record { at_s: *at, ..*record }) )));
        let first_second = records.iter().find(|record| twice(record)).map(|record| record.at_s);
        prop_assume!(first_second.is_none_or(|at| seen.contains(&(at - 60)) || seen.contains(&(at - 3600))));

        let (csv, summary) = run_on(on_the_wall(&records, zone), |options| {
            local(name)(options);
            options.epoch_s = Some(60);
        }).unwrap();

        prop_assert!(summary.is_clean());
        prop_assert_eq!(told(&days(&csv)), counted(&records, Some(zone)));
    }
}
