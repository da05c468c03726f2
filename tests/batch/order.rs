//! The law that matters most: the order of the rows, the files they stand in, and their form change nothing.

use std::collections::BTreeMap;

use brisk::batch::{BatchOptions, Kind};
use chrono::{Datelike, NaiveDate, Offset, TimeDelta};
use chrono_tz::Tz;
use proptest::prelude::*;

use crate::support::{
    Packed, Record, Row, START, adds_up, counted, file, flags, long, name, pack, parquet, ran, told, wide,
};

/// Minutes of some people over a few days around a change of clocks, sorted, each minute once. Some rows have no
/// value.
fn records() -> impl Strategy<Value = Vec<Record>> {
    let steps = prop_oneof![4 => Just(Some(0)), 4 => (1_u32..200).prop_map(Some), 1 => Just(None)];
    let stretch = (0_u8..4, 0_i64..7 * 1440, 1_i64..300, steps);
    prop::collection::vec(stretch, 1..14).prop_map(|stretches| {
        let mut minutes = BTreeMap::new();
        for (who, from, length, steps) in stretches {
            for minute in from..from + length {
                // Walks are not even.
                let steps = steps.map(|steps| steps / (1 + u32::from(minute % 7 == 3)));
                minutes.entry((who, (START + minute) * 60)).or_insert(steps);
            }
        }
        minutes.into_iter().map(|((who, at_s), steps)| Record { who, at_s, steps }).collect()
    })
}

#[derive(Clone, Copy, Debug)]
enum Form {
    Long,
    Wide,
    Parquet,
}

fn forms() -> impl Strategy<Value = Vec<(Form, Packed)>> {
    let form = prop_oneof![3 => Just(Form::Long), 1 => Just(Form::Wide), 2 => Just(Form::Parquet)];
    let packed = prop_oneof![Just(Packed::Plain), Just(Packed::Gzip), Just(Packed::Zstd)];
    prop::collection::vec((form, packed), 1..4)
}

fn by_person_and_date(mut days: Vec<Row>) -> Vec<Row> {
    days.sort_by_key(|day| (day["participant_id"].clone(), day["local_date"].clone()));
    days
}

/// Weekday, offset at the start, and length of a date, found by looking at every half hour around it: in the zones here
/// no clock changes between those.
fn calendar(date: NaiveDate, zone: Option<Tz>) -> [String; 3] {
    let noon = date.and_hms_opt(12, 0, 0).unwrap().and_utc();
    let weekday = date.weekday().number_from_monday().to_string();
    let Some(zone) = zone else { return [weekday, String::new(), "1440".to_owned()] };
    let around = (-96..96).map(|half| (noon + TimeDelta::minutes(30 * half)).with_timezone(&zone));
    let of_date: Vec<_> = around.filter(|at| at.date_naive() == date).collect();
    let offset = of_date[0].offset().fix().local_minus_utc() / 60;
    [weekday, offset.to_string(), (of_date.len() * 30).to_string()]
}

fn without_flags(days: &[Row]) -> Vec<Row> {
    let mut days = days.to_vec();
    for day in &mut days {
        day.remove("flags");
    }
    days
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(48) })]

    #[test]
    fn any_order_in_any_files_of_any_form_gives_the_same_days(
        sorted in records(),
        zone in prop::sample::select(vec![None, Some("Europe/Oslo"), Some("America/Havana"), Some("Australia/Lord_Howe")]),
        forms in forms(),
        threads in 1_usize..4,
        disorder in 0_usize..4,
        twice in 0_usize..300,
        rows_in_group in 500_usize..900,
        seed in any::<u64>(),
    ) {
        let set_up = |mut options: BatchOptions| {
            options.epoch_s = Some(60);
            if let Some(zone) = zone { options.in_zone(zone.parse().unwrap()) } else { options }
        };
        let tz: Option<Tz> = zone.map(|zone| zone.parse().unwrap());
        let dir = tempfile::tempdir().unwrap();
        let plain = file(&dir, "sorted.csv", &long(&sorted, false));
        let expected = ran(&set_up(BatchOptions::of(vec![plain]))).unwrap();
        let minutes = counted(&sorted, tz);
        prop_assert_eq!(&told(&expected.days), &minutes);
        for day in &expected.days {
            let told = ["weekday", "tz_offset_min", "day_len_min"].map(|name| day[name].clone());
            prop_assert_eq!(told, calendar(day["local_date"].parse().unwrap(), tz), "{}", day["local_date"]);
        }
        let taken = u64::from(minutes.values().map(|day| day.recorded).sum::<u32>());
        prop_assert!(adds_up(&expected.summary, taken) && expected.summary.is_clean());

        let mut random = fastrand::Rng::with_seed(seed);
        let mut rows = sorted.clone();
        rows.extend(sorted.iter().take(twice));
        match disorder {
            0 => {}
            1 => rows.sort_by_key(|row| row.at_s),
            2 => { let at = random.usize(..rows.len()); rows.rotate_left(at) }
            _ => random.shuffle(&mut rows),
        }
        let mut inputs = Vec::new();
        let hours = forms.iter().any(|(form, _)| matches!(form, Form::Wide));
        for (number, (part, (form, packed))) in rows.chunks(rows.len().div_ceil(forms.len())).zip(&forms).enumerate() {
            let mut part = part.to_vec();
            let bytes = match form {
                Form::Long => long(&part, zone.is_some()),
                Form::Parquet => parquet(&part, rows_in_group),
                Form::Wide => {
                    // A line has one place for a minute.
                    let mut seen = std::collections::BTreeSet::new();
                    part.retain(|row| seen.insert((row.who, row.at_s)));
                    wide(&part)
                }
            };
            inputs.push(file(&dir, &format!("{number}.dat"), &pack(&bytes, *packed)));
        }
        let mut options = set_up(BatchOptions::of(inputs));
        options.threads = threads;
        let found = ran(&options).unwrap();

        let days = by_person_and_date(found.days.clone());
        prop_assert_eq!(without_flags(&days), without_flags(&expected.days));
        prop_assert_eq!(found.summary.conflicts, 0);
        if !hours {
            let repeated = counted(&rows, tz);
            prop_assert_eq!(told(&days), repeated.clone());
            prop_assert!(adds_up(&found.summary, taken), "{:?}", found.summary);
            for (day, alone) in days.iter().zip(&expected.days) {
                let mut expected = flags(alone);
                let key = (day["participant_id"].clone(), day["local_date"].parse().unwrap());
                if repeated.get(&key).is_some_and(|day| day.twice) {
                    expected.insert("overlap".to_owned());
                }
                prop_assert_eq!(flags(day), expected);
            }
        }
    }

    #[test]
    fn the_length_of_epochs_is_found_whatever_the_order(
        epoch in prop::sample::select(vec![1_i64, 5, 15, 30, 60, 300, 600, 900, 1800, 3600]),
        seed in any::<u64>(),
        in_parquet in any::<bool>(),
        part in 3_i64..10,
    ) {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut rows: Vec<_> = (0..2000)
            .map(|at| Record { who: u8::try_from(at % 2).unwrap(), at_s: START * 60 + at / 2 * epoch, steps: Some(1) })
            .filter(|_| random.i64(0..10) < part)
            .collect();
        random.shuffle(&mut rows);
        let dir = tempfile::tempdir().unwrap();
        let bytes = if in_parquet { parquet(&rows, 5000 + usize::from(seed % 2 == 0)) } else { long(&rows, false) };

        let glance = brisk::batch::look_at(&file(&dir, "minutes", &bytes), &BatchOptions::of(Vec::new())).unwrap();

        prop_assert_eq!(glance.read.epoch_s, epoch);
    }
}

#[test]
fn a_few_wrong_stamps_do_not_change_the_epoch() {
    let mut rows: Vec<_> = (0..500).map(|at| Record { who: 1, at_s: START * 60 + at * 60, steps: Some(1) }).collect();
    for row in rows.iter_mut().step_by(100) {
        row.at_s += 7;
    }
    let dir = tempfile::tempdir().unwrap();

    let found = ran(&BatchOptions::of(vec![file(&dir, "minutes.csv", &long(&rows, false))])).unwrap();

    assert_eq!((found.summary.inputs[0].epoch_s, found.summary.rejected.total()), (60, 5));
    assert_eq!(found.days[0]["minutes_recorded"], "495");
}

#[test]
fn threads_change_nothing_in_a_file_of_many_blocks() {
    let mut random = fastrand::Rng::with_seed(3);
    let mut rows = Vec::new();
    for who in 0..4 {
        for minute in (0..9 * 1440).filter(|minute| minute % 1000 > 20) {
            let steps = if random.u8(..5) == 0 { random.u32(1..160) } else { 0 };
            rows.push(Record { who, at_s: (START + minute) * 60, steps: Some(steps) });
        }
    }
    let bytes = long(&rows, false);
    assert!(bytes.len() > 4 * (256 << 10), "{}", bytes.len());
    let dir = tempfile::tempdir().unwrap();
    let path = file(&dir, "minutes.csv", &bytes);
    let in_groups = file(&dir, "minutes.parquet", &parquet(&rows, 5000));

    for path in [path, in_groups] {
        let mut tables = Vec::new();
        for threads in 1..4 {
            let mut options = BatchOptions::of(vec![path.clone()]);
            options.threads = threads;
            let found = ran(&options).unwrap();
            assert_eq!(told(&found.days), counted(&rows, None));
            assert!(found.summary.is_clean());
            tables.push((found.days, found.summary));
        }
        assert!(tables.windows(2).all(|two| two[0] == two[1]));
    }
}

#[test]
fn one_file_for_each_participant_may_tell_who_it_is_by_its_name() {
    let dir = tempfile::tempdir().unwrap();
    let inputs = [1_u8, 2].map(|who| {
        let text = format!("at,n\n2026-10-20 10:00,{who}0\n2026-10-20 10:01,{who}\n");
        file(&dir, &format!("{}.steps.csv", name(who)), text.as_bytes())
    });
    let mut options = BatchOptions::of(inputs.to_vec());
    options.columns = "participant_id=@file,timestamp=at,steps=n".parse().unwrap();
    options.kind = Kind::Steps;

    let found = ran(&options).unwrap();

    let told: Vec<_> = found.days.iter().map(|day| [&day["participant_id"], &day["total_steps"]]).collect();
    assert_eq!(told, [["p1", "11"], ["p2", "22"]]);
}
