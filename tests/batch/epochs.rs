//! Epochs shorter and longer than a minute.

use brisk::batch::BatchOptions;
use proptest::prelude::*;

use crate::support::{Record, Row, START, columns, counted, file, flags, long, parquet, ran, run_on, stamp, told};

fn without_epoch(days: &[Row]) -> Vec<Row> {
    let mut days = days.to_vec();
    for day in &mut days {
        day.remove("epoch_seconds_max");
    }
    days
}

/// Each minute's steps dealt out to its epochs.
fn dealt(minutes: &[Record], epoch_s: i64, random: &mut fastrand::Rng) -> Vec<Record> {
    let mut parts = Vec::new();
    for minute in minutes {
        let count = usize::try_from(60 / epoch_s).unwrap();
        let mut steps = vec![0; count];
        (0..minute.steps.unwrap()).for_each(|_| steps[random.usize(..count)] += 1);
        let starts = (minute.at_s..).step_by(usize::try_from(epoch_s).unwrap());
        parts.extend(starts.zip(steps).map(|(at_s, steps)| Record { at_s, steps: Some(steps), ..*minute }));
    }
    parts
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(24) })]

    #[test]
    fn short_epochs_are_the_minutes_they_sum_to(
        epoch_s in prop::sample::select(vec![1_i64, 5, 15, 30]),
        stretches in prop::collection::vec((0_u8..2, 0_i64..2000, 1_i64..60, 0_u32..190), 1..5),
        disorder in any::<bool>(), in_parquet in any::<bool>(), threads in 1_usize..3, seed in any::<u64>(),
    ) {
        let mut minutes = std::collections::BTreeMap::new();
        for (who, from, length, steps) in stretches {
            (from..from + length).for_each(|at| _ = minutes.entry((who, at)).or_insert(steps));
        }
        let minutes: Vec<_> = minutes
            .into_iter()
            .map(|((who, at), steps)| Record { who, at_s: (START + at) * 60, steps: Some(steps) })
            .collect();
        let mut random = fastrand::Rng::with_seed(seed);
        let mut parts = dealt(&minutes, epoch_s, &mut random);
        if disorder {
            random.shuffle(&mut parts);
        }
        let dir = tempfile::tempdir().unwrap();
        let whole = ran(&BatchOptions::of(vec![file(&dir, "minutes.csv", &long(&minutes, false))])).unwrap();
        let bytes = if in_parquet { parquet(&parts, 1000 + usize::from(disorder)) } else { long(&parts, false) };
        let mut options = BatchOptions::of(vec![file(&dir, "parts", &bytes)]);
        options.epoch_s = Some(epoch_s);
        options.threads = threads;
        let mut found = ran(&options).unwrap();

        found.days.sort_by_key(|day| (day["participant_id"].clone(), day["local_date"].clone()));
        prop_assert!(found.summary.is_clean(), "{:?}", found.summary);
        prop_assert_eq!(told(&found.days), counted(&minutes, None));
        prop_assert_eq!(without_epoch(&found.days), without_epoch(&whole.days));
        let epochs = found.days.iter().map(|day| day["epoch_seconds_max"].as_str());
        prop_assert!(epochs.filter(|epoch| !epoch.is_empty()).all(|epoch| epoch == epoch_s.to_string()));
    }

    #[test]
    fn long_epochs_give_the_written_bounds_and_no_more(
        epoch_min in prop::sample::select(vec![2_i64, 5, 15, 60]),
        steps in prop::collection::vec(0_u32..3000, 12..24),
        in_parquet in any::<bool>(),
    ) {
        let rows: Vec<_> = (0..)
            .zip(&steps)
            .map(|(at, &steps)| Record { who: 1, at_s: (START + at * epoch_min) * 60, steps: Some(steps) })
            .collect();
        let dir = tempfile::tempdir().unwrap();
        let bytes = if in_parquet { parquet(&rows, 20) } else { long(&rows, false) };
        let found = ran(&BatchOptions::of(vec![file(&dir, "epochs", &bytes)])).unwrap();

        // activity-science §7: at most S / 100 and at least what is left when every other minute holds 99, and every
        // brisk one 200. All of it lies in one day.
        let minutes = u32::try_from(epoch_min).unwrap();
        let upper: u32 = steps.iter().map(|steps| minutes.min(steps / 100)).sum();
        let lower: u32 =
            steps.iter().map(|steps| steps.saturating_sub(minutes * 99).div_ceil(101).min(minutes.min(steps / 100))).sum();
        let sum: u32 = steps.iter().sum();
        prop_assert_eq!(found.days.len(), 1);
        let day = &found.days[0];
        let told = ["total_steps", "steps_lower", "steps_upper", "brisk_lower", "brisk_upper"].map(|name| day[name].clone());
        prop_assert_eq!(told, [sum, sum, sum, lower, upper].map(|number| number.to_string()));
        prop_assert_eq!(&day["brisk_min"], &if lower == upper { lower.to_string() } else { String::new() });
        for none in ["m_0", "bout_min", "peak1_spm", "wear60_min", "valid_day", "hours_with_steps", "vigorous_min"] {
            prop_assert_eq!(&day[none], "", "{}", none);
        }
        prop_assert_eq!(&day["data_state"], "cannot_tell");
        prop_assert_eq!(&day["epoch_seconds_max"], &(epoch_min * 60).to_string());
        prop_assert_eq!(found.summary.inputs[0].epoch_s, epoch_min * 60);
    }
}

#[test]
fn a_minute_that_lacks_parts_holds_at_least_what_came() {
    let mut input = "participant_id,timestamp,steps\n".to_owned();
    for part in (0..40).filter(|part| ![9, 10, 11, 23].contains(part)) {
        let at = START * 60 + part * 15;
        let stamp = chrono::DateTime::from_timestamp(at, 0).unwrap().format("%Y-%m-%dT%H:%M:%SZ");
        input += &format!("p1,{stamp},30\n");
    }

    let (csv, summary) = run_on(&input, |_| {}).unwrap();

    // Of ten minutes the third holds one part of four, and the sixth three: 7 of 8 whole ones hold 120.
    let names =
        ["minutes_recorded", "total_steps", "steps_lower", "steps_upper", "brisk_min", "brisk_lower", "brisk_upper"];
    assert_eq!(columns(&csv, &names), [["10", "1080", "1080", "", "8", "8", "10"]]);
    assert!(flags(&crate::support::days(&csv)[0]).contains("saturated"));
    assert_eq!(summary.inputs[0].epoch_s, 15);
    assert!(summary.is_clean());
}

#[test]
fn an_epoch_over_midnight_bounds_both_days() {
    let at = |minute: i64, steps: u32| format!("p1,{},{steps}\n", stamp(START + minute));
    let input = "participant_id,timestamp,steps\n".to_owned() + &at(1380, 100) + &at(1410, 600) + &at(1470, 50);

    let (csv, _) = run_on(&input, |options| options.epoch_s = Some(3600)).unwrap();

    // The second hour begins within the first and is left out; then 23:00 to 24:00 holds 100.
    let names = ["local_date", "total_steps", "steps_lower", "steps_upper"];
    assert_eq!(columns(&csv, &names), [["2026-10-20", "100", "100", "100"], ["2026-10-21", "50", "50", "50"]]);

    let input = "participant_id,timestamp,steps\n".to_owned() + &at(1350, 100) + &at(1410, 600) + &at(1470, 50);
    let (csv, summary) = run_on(&input, |options| options.epoch_s = Some(3600)).unwrap();

    assert_eq!(columns(&csv, &names), [["2026-10-20", "", "100", "700"], ["2026-10-21", "", "50", "650"]]);
    assert!(summary.is_clean());
}

#[test]
fn one_person_may_have_several_lengths_of_epochs_in_any_order_of_files() {
    let dir = tempfile::tempdir().unwrap();
    let mut random = fastrand::Rng::with_seed(1);
    let minutes = |from: i64| -> Vec<_> {
        (from..from + 300).map(|at| Record { who: 1, at_s: (START + at) * 60, steps: Some(60) }).collect()
    };
    let first = dealt(&minutes(600), 15, &mut random);
    let second = minutes(1440 + 600);
    let third: Vec<_> =
        (0..20).map(|at| Record { who: 1, at_s: (START + 2 * 1440 + at * 15) * 60, steps: Some(70) }).collect();
    let paths = [("a", &first), ("b", &second), ("c", &third)].map(|(name, rows)| file(&dir, name, &long(rows, false)));
    let expected = [
        ["2026-10-20", "300", "18000", "partly_measured", "15"],
        ["2026-10-21", "300", "18000", "partly_measured", "60"],
        ["2026-10-22", "0", "1400", "cannot_tell", "900"],
    ];

    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        let found = ran(&BatchOptions::of(order.map(|index| paths[index].clone()).to_vec())).unwrap();

        let names = ["local_date", "minutes_recorded", "total_steps", "data_state", "epoch_seconds_max"];
        let told: Vec<_> = found.days.iter().map(|day| names.map(|name| day[name].as_str())).collect();
        assert_eq!(told, expected, "{order:?}");
        assert!(found.summary.is_clean(), "{:?}", found.summary);
    }
}

#[test]
fn a_record_of_long_epochs_says_where_it_begins_and_ends() {
    let rows: Vec<_> =
        (0..40).map(|at| Record { who: 1, at_s: (START + 600 + at * 60) * 60, steps: Some(700) }).collect();
    let dir = tempfile::tempdir().unwrap();

    let found = ran(&BatchOptions::of(vec![file(&dir, "hours.csv", &long(&rows, false))])).unwrap();

    let told: Vec<_> = found.days.iter().map(|day| day["flags"].as_str()).collect();
    assert_eq!(told, ["record_begins", "", "record_ends"]);
}
