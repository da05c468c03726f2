//! Files as they come from the field: one row of a hundred is broken, and whole files are.

use std::path::PathBuf;

use brisk::batch::{BatchError, BatchOptions, OnBadRow, StampClock};
use chrono::DateTime;
use chrono_tz::Tz;

use crate::support::{
    HEADER, Packed, Ran, Record, START, adds_up, counted, file, long, name, pack, parquet, ran, told,
};

/// Kinds of broken rows: the row, and a part of the reason that is given.
const KINDS: [(&[u8], &str); 21] = [
    (b"p1,20.10.2026 10:00,7", "not a time stamp"),
    (b"p1,2026-10-20 10:00:00,-7", "not a whole number from 0"),
    (b"p1,2026-10-20 10:00:00,1000000000", "more than 60000 steps"),
    (b"p1,2026-10-20 10:00:00,60001", "more than 60000 steps"),
    (b"p1,2026-10-20 10:00:00", "not as many cells"),
    (b"p1,2026-10-20 10:00:00,7,7,7", "not as many cells"),
    (b"p1,2026-10-20 10:00:00,7\x00", "a NUL byte"),
    (b"p1,2026-10-20 10:00:00,7 \xe5", "not UTF-8"),
    (b"p1,2026-10-20 10:00:00,7.5", "not a whole number from 0"),
    (b"p1,2026-10-20 10:00:30,7", "within an epoch"),
    (b"p1,2026-10-20 10:00:00.5,7", "within an epoch"),
    (b"p1,1969-12-31 23:59:00,7", "not a time stamp"),
    (b"p1,2200-01-01 00:00:00,7", "not a time stamp"),
    (b",2026-10-20 10:00:00,7", "no participant"),
    (b"p 1,2026-10-20 10:00:00,7", "a participant id has"),
    (b"p1234567890123456789012345678901234567890,2026-10-20 10:00:00,7", "a participant id has"),
    (b"p1,\"2026-10-20 10:00:00,7", "a quote that does not close"),
    (b"p1,2026-10-20T10:00:00+25:00,7", "not a time stamp"),
    (b"p1,2026-03-29 02:30:00,7", "the change of clocks skipped"),
    (b"p1,2026-10-20 10:00:00,seven", "not a whole number from 0"),
    (b"timestamp;steps", "not as many cells"),
];

/// Line of a broken row, a part of its reason, and the row.
type Broken = (u64, &'static str, Vec<u8>);

/// A week of two people around the autumn night, as the wall clock of Oslo shows it, offsets written now and then; and
/// after every hundred rows one of another kind.
fn week() -> (Vec<Record>, Vec<u8>, Vec<Broken>) {
    let zone: Tz = "Europe/Oslo".parse().unwrap();
    let mut records = Vec::new();
    for who in 1..3 {
        for minute in 0..7 * 1440 {
            let steps = if minute % 11 < 3 { u32::try_from(minute % 160).unwrap() } else { 0 };
            records.push(Record { who, at_s: (START + minute) * 60, steps: Some(steps) });
        }
    }
    let mut text = HEADER.as_bytes().to_vec();
    let mut broken = Vec::new();
    let mut line = 1_u64;
    for (number, record) in records.iter().enumerate() {
        let wall = DateTime::from_timestamp(record.at_s, 0).unwrap().with_timezone(&zone);
        let form = if number % 7 == 0 { "%Y-%m-%dT%H:%M:%S%:z" } else { "%Y-%m-%d %H:%M:%S" };
        text.extend(format!("{},{},{}\n", name(record.who), wall.format(form), record.steps.unwrap()).bytes());
        line += 1;
        if number % 100 == 99 {
            line += 1;
            if number / 100 % 22 == 21 {
                // The minute before once more, with another value.
                let other = format!("{},{},59999\n", name(record.who), wall.format("%Y-%m-%d %H:%M:%S"));
                text.extend(other.bytes());
                broken.push((line, "another value", Vec::new()));
            } else {
                let (row, reason) = KINDS[number / 100 % 22];
                text.extend_from_slice(row);
                text.push(b'\n');
                broken.push((line, reason, row.to_vec()));
            }
        }
    }
    text.extend(vec![b'x'; 3 << 20]);
    text.extend(b"\np1,2026-11-01 1");
    broken.push((line + 1, "more than a megabyte", Vec::new()));
    broken.push((line + 2, "ends within the row", b"p1,2026-11-01 1".to_vec()));
    (records, text, broken)
}

fn oslo_walls(inputs: Vec<PathBuf>) -> BatchOptions {
    let mut options = BatchOptions::of(inputs).in_zone("Europe/Oslo".parse().unwrap());
    options.stamps = StampClock::Local;
    options
}

#[test]
fn one_broken_row_in_a_hundred_of_every_kind_is_named_and_the_rest_is_right() {
    let (records, text, broken) = week();
    let dir = tempfile::tempdir().unwrap();
    for (packed, threads) in [(Packed::Plain, 1), (Packed::Plain, 3), (Packed::Zstd, 2)] {
        let mut options = oslo_walls(vec![file(&dir, "week", &pack(&text, packed))]);
        options.threads = threads;

        let Ran { days, summary, aside } = ran(&options).unwrap();

        let mut expected = counted(&records, Some(chrono_tz::Europe::Oslo));
        let found = told(&days);
        for (key, day) in &mut expected {
            // Days with a contradicted minute are marked.
            day.twice = found[key].twice;
        }
        assert_eq!(found, expected);
        assert!(adds_up(&summary, u64::try_from(records.len()).unwrap()), "{summary:?}");
        let mut listed: Vec<(u64, String, String)> =
            aside.iter().map(|[_, line, reason, row]| (line.parse().unwrap(), reason.clone(), row.clone())).collect();
        listed.sort();
        assert_eq!(listed.len(), broken.len());
        for ((line, reason, row), (expected_line, part, bytes)) in listed.iter().zip(&broken) {
            assert_eq!(line, expected_line, "{reason}");
            assert!(reason.contains(part), "line {line}: {reason}");
            assert_eq!(*row, String::from_utf8_lossy(bytes), "line {line}");
        }
        assert_eq!(
            summary.conflicts,
            u64::try_from(broken.iter().filter(|row| row.1 == "another value").count()).unwrap()
        );
        let marked = days.iter().filter(|day| day["flags"].contains("conflict")).count();
        assert!((1..=usize::try_from(summary.conflicts).unwrap()).contains(&marked));
    }
}

#[test]
fn a_strict_run_stops_at_the_first_of_them() {
    let dir = tempfile::tempdir().unwrap();
    let (_, text, broken) = week();
    let mut options = oslo_walls(vec![file(&dir, "week.csv", &text)]);
    options.on_bad_row = OnBadRow::Stop;

    for threads in [1, 3] {
        options.threads = threads;
        let error = ran(&options).err().unwrap();

        assert!(matches!(error, BatchError::Row { line, .. } if line == broken[0].0), "{error}");
    }
}

#[test]
fn files_that_are_none_are_named_and_the_others_count() {
    let dir = tempfile::tempdir().unwrap();
    let mut random = fastrand::Rng::with_seed(4);
    let records: Vec<_> = (0..30_000)
        .map(|minute| Record { who: 1, at_s: (START + minute) * 60, steps: Some(random.u32(0..180)) })
        .collect();
    let (good, rest) = records.split_at(10_000);
    let (packed, grouped) = rest.split_at(10_000);
    let gz = pack(&long(packed, false), Packed::Gzip);
    let in_groups = parquet(grouped, 2000);
    let utf16: Vec<u8> = HEADER.encode_utf16().flat_map(u16::to_le_bytes).collect();
    std::fs::create_dir(dir.path().join("a-folder.csv")).unwrap();
    let inputs = vec![
        file(&dir, "good.csv", &long(good, false)),
        file(&dir, "utf16.csv", &[&[0xff, 0xfe], &utf16[..]].concat()),
        file(&dir, "empty.csv", b""),
        file(&dir, "header.csv", HEADER.as_bytes()),
        file(&dir, "other-columns.csv", b"a,b,c\n1,2,3\n"),
        file(&dir, "cut.csv.gz", &gz[..gz.len() * 3 / 4]),
        file(&dir, "cut.parquet", &in_groups[..in_groups.len() * 3 / 4]),
        file(&dir, "cut.csv.zst", &pack(&long(packed, false), Packed::Zstd)[..40]),
        dir.path().join("a-folder.csv"),
        dir.path().join("gone.csv"),
    ];

    for threads in [1, 2] {
        let mut options = BatchOptions::of(inputs.clone());
        options.threads = threads;
        let Ran { days, summary, aside } = ran(&options).unwrap();

        // Of the packed file that ends early the whole blocks count that came before.
        let read = usize::try_from(summary.inputs[5].rows).unwrap();
        assert!(read < packed.len());
        assert_eq!(told(&days), counted(&records[..good.len() + read], None));
        let failed: Vec<_> =
            summary.rejected.files.iter().map(|(path, _)| path.file_name().unwrap().to_str().unwrap()).collect();
        assert_eq!(
            failed,
            [
                "utf16.csv",
                "empty.csv",
                "header.csv",
                "other-columns.csv",
                "cut.csv.gz",
                "cut.parquet",
                "cut.csv.zst",
                "a-folder.csv",
                "gone.csv"
            ]
        );
        assert_eq!((summary.rejected.total(), summary.inputs.len(), aside.len()), (0, 10, 9));
        assert!(
            aside.iter().zip(&failed).all(|(row, name)| row[0] == *name && row[1].is_empty() && !row[2].is_empty())
        );
        assert!(adds_up(&summary, u64::try_from(good.len() + read).unwrap()));
    }
    for alone in &inputs[1..] {
        assert!(ran(&BatchOptions::of(vec![alone.clone()])).is_err(), "{}", alone.display());
    }
    let none = ran(&BatchOptions::of(inputs[1..5].to_vec())).err().unwrap().to_string();
    assert!(none.contains("none of the 4 files") && none.contains("utf16.csv"), "{none}");
}

#[test]
fn a_minute_that_is_contradicted_is_named_by_its_line_in_files_of_hours_and_out_of_order_too() {
    let dir = tempfile::tempdir().unwrap();
    let hour = |hour: &str, steps: u32| format!("p1,2026-10-20 {hour}:00,{}\n", vec![steps.to_string(); 60].join(","));
    let columns: Vec<_> = (0..60).map(|minute| format!("Steps{minute:02}")).collect();
    let header = format!("participant_id,timestamp,{}\n", columns.join(","));
    let text = header + &hour("09", 1) + &hour("11", 2) + &hour("10", 3) + &hour("11", 4);

    let found = ran(&BatchOptions::of(vec![file(&dir, "hours.csv", text.as_bytes())])).unwrap();

    assert_eq!(found.days[0]["total_steps"], (60 * (1 + 2 + 3)).to_string());
    assert_eq!((found.summary.conflicts, found.summary.read_again, found.aside.len()), (60, 1, 60));
    assert!(found.aside.iter().all(|row| row[1] == "5"), "{:?}", found.aside[0]);
}
