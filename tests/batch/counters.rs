//! Running counters: what lies between two readings.

use brisk::batch::{BatchOptions, Kind};
use proptest::prelude::*;

use crate::support::{Record, Row, START, columns, file, flags, long, parquet, ran, run_on, stamp};

fn counter(options: &mut BatchOptions) {
    options.kind = Kind::Counter;
}

/// Readings at these minutes from the start on.
fn readings(of: &[(i64, u32)]) -> String {
    let rows = of.iter().map(|&(minute, shown)| format!("p1,{},{shown}\n", stamp(START + minute)));
    "participant_id,timestamp,steps\n".to_owned() + &rows.collect::<String>()
}

const STEPS: [&str; 4] = ["total_steps", "steps_lower", "steps_upper", "flags"];

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(32) })]

    #[test]
    fn a_reading_every_minute_is_the_minutes_between(
        steps in prop::collection::vec(prop_oneof![3 => Just(0_u32), 2 => 1_u32..190], 30..1800),
        begins in 0_u32..65_536, wraps in any::<bool>(), disorder in any::<bool>(), in_parquet in any::<bool>(),
        seed in any::<u64>(),
    ) {
        let size = if wraps { 65_536 } else { u32::MAX };
        let at = |minute: usize| (START + i64::try_from(minute).unwrap()) * 60;
        let minutes: Vec<_> =
            steps.iter().enumerate().map(|(minute, &steps)| Record { who: 1, at_s: at(minute), steps: Some(steps) }).collect();
        let mut shown = begins;
        let mut read = vec![Record { who: 1, at_s: at(0), steps: Some(shown) }];
        for (minute, steps) in steps.iter().enumerate() {
            shown = (shown + steps) % size;
            read.push(Record { who: 1, at_s: at(minute + 1), steps: Some(shown) });
        }
        if disorder {
            fastrand::Rng::with_seed(seed).shuffle(&mut read);
        }
        let dir = tempfile::tempdir().unwrap();
        let expected = ran(&BatchOptions::of(vec![file(&dir, "minutes.csv", &long(&minutes, false))])).unwrap();
        let bytes = if in_parquet { parquet(&read, 5000) } else { long(&read, false) };
        let mut options = BatchOptions::of(vec![file(&dir, "readings", &bytes)]);
        counter(&mut options);
        options.wraps_at = wraps.then_some(65_536);
        let found = ran(&options).unwrap();

        prop_assert!(found.summary.is_clean());
        prop_assert_eq!(found.days, expected.days);
    }

    #[test]
    fn sparse_readings_give_the_sum_exactly_and_bounds_of_brisk_minutes(
        steps in prop::collection::vec((1_u32..120, 0_u32..4000), 2..9),
    ) {
        let (mut at, mut shown) = (0_i64, 70_u32);
        let mut read = vec![(at, shown)];
        for &(minutes, steps) in &steps {
            at += i64::from(minutes);
            shown += steps;
            read.push((at, shown));
        }

        let found = table(&readings(&read), counter);

        let single = steps.iter().filter(|(minutes, _)| *minutes == 1);
        let brisk_alone = u32::try_from(single.clone().filter(|(_, steps)| *steps >= 100).count()).unwrap();
        let coarse = || steps.iter().filter(|(minutes, _)| *minutes > 1);
        let upper: u32 = coarse().map(|&(minutes, steps)| minutes.min(steps / 100)).sum();
        let lower: u32 = coarse()
            .map(|&(minutes, steps)| steps.saturating_sub(minutes * 99).div_ceil(101).min(minutes.min(steps / 100)))
            .sum();
        let sum: u32 = steps.iter().map(|(_, steps)| steps).sum();
        // A counter that shows the same says that the minute was still; then only the other records tell steps.
        prop_assert_eq!(found.len(), 1);
        let told = ["total_steps", "steps_lower", "steps_upper", "brisk_lower", "brisk_upper"].map(|name| found[0][name].clone());
        let expected = [sum, sum, sum, brisk_alone + lower, brisk_alone + upper];
        prop_assert_eq!(told, expected.map(|number| number.to_string()));
        prop_assert_eq!(&found[0]["minutes_recorded"], &single.count().to_string());
    }
}

fn table(input: &str, change: impl FnOnce(&mut BatchOptions)) -> Vec<Row> {
    crate::support::days(&run_on(input, change).unwrap().0)
}

#[test]
fn a_counter_that_restarts_gives_a_lower_bound_and_one_that_wraps_does_not() {
    let read = readings(&[(0, 65_000), (10, 65_500), (20, 64), (30, 164)]);

    let restarted = run_on(&read, counter).unwrap().0;
    let wrapped = run_on(&read, |options| {
        counter(options);
        options.wraps_at = Some(65_536);
    })
    .unwrap()
    .0;

    assert_eq!(columns(&restarted, &STEPS), [["664", "664", "", "counter_reset;record_ends"]]);
    assert_eq!(columns(&wrapped, &STEPS), [["700", "700", "700", "record_ends"]]);
}

#[test]
fn a_smaller_reading_that_no_person_walked_over_the_wrap_is_a_restart() {
    let read = readings(&[(0, 10_000), (10, 9_000)]);

    let found = table(&read, |options| {
        counter(options);
        options.wraps_at = Some(65_536);
    });

    assert_eq!(found[0]["total_steps"], "9000");
    assert!(flags(&found[0]).contains("counter_reset"));
}

#[test]
fn a_reading_that_comes_again_counts_once_and_another_one_at_its_time_is_a_conflict() {
    let read = readings(&[(0, 10), (10, 110), (10, 110), (10, 120), (20, 210)]);

    let (csv, summary) = run_on(&read, counter).unwrap();

    assert_eq!(columns(&csv, &["total_steps", "flags"]), [["200", "conflict;record_ends"]]);
    assert_eq!((summary.duplicates, summary.conflicts, summary.first_conflicts[0].line), (1, 1, 5));
}

#[test]
fn readings_days_apart_bound_every_day_between_them() {
    let read = readings(&[(600, 1000), (600 + 2 * 1440, 31_000)]);

    let (csv, _) = run_on(&read, counter).unwrap();

    let names = ["local_date", "data_state", "total_steps", "steps_lower", "steps_upper"];
    assert_eq!(
        columns(&csv, &names),
        ["2026-10-20", "2026-10-21", "2026-10-22"].map(|date| [date, "cannot_tell", "", "0", "30000"])
    );
}
