//! The tables that come beside the minutes, as a person hands them over; and the 494 days of the public record
//! on which the classes of reconciled days were found.
//!
//! The public record is not part of this repository: it is read from `$BRISK_SHARED/data` or `../shared/data`.
//! Without it the check says `left out: …` and, where `BRISK_REQUIRE_DATA=1` is set, fails.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{Read, Write},
    path::{Path, PathBuf},
};

use brisk::{
    aggregate::reconcile::classify,
    batch::{
        device_days::{DeviceDayColumns, DeviceDays, MinuteDay},
        participants::Participants,
    },
    model::ParticipantId,
};
use chrono::{NaiveDate, NaiveDateTime};
use flate2::{Compression, read::MultiGzDecoder, write::GzEncoder};

/// A public data set, or none where it may be missing.
fn data_set(name: &str) -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared");
    let shared = std::env::var_os("BRISK_SHARED").map_or(beside, PathBuf::from);
    let path = shared.join("data").join(name);
    if path.is_file() {
        return Some(path);
    }
    let required = std::env::var_os("BRISK_REQUIRE_DATA").is_some_and(|wanted| wanted == "1");
    assert!(!required, "{} is not there", path.display());
    println!("left out: {name} is not there");
    None
}

/// Sum of the minutes and their number, by person and day.
fn minute_days(path: &Path) -> BTreeMap<(ParticipantId, NaiveDate), (u32, u32)> {
    let mut days: BTreeMap<_, (u32, u32)> = BTreeMap::new();
    let mut reader = csv::Reader::from_reader(MultiGzDecoder::new(File::open(path).unwrap()));
    for row in reader.records().map(Result::unwrap) {
        let at = NaiveDateTime::parse_from_str(&row[1], "%m/%d/%Y %I:%M:%S %p").unwrap();
        let day = days.entry((row[0].parse().unwrap(), at.date())).or_default();
        day.0 += row[2].parse::<u32>().unwrap();
        day.1 += 1;
    }
    days
}

/// Our name for a class of `vendor_daily_vs_minute_sum.csv`.
fn our_name(public: &str) -> &'static str {
    match public {
        "OK_exact" => "exact",
        "F_small_shortfall" => "small_shortfall",
        "C_daily_snapshot_taken_earlier_than_minutes" => "day_total_older",
        "E_last_partial_day" => "last_partial_day",
        "G_large_shortfall_minute_detail_partly_lost" => "large_shortfall",
        "D_minute_detail_lost_all_day" => "detail_lost_all_day",
        "A_no_minutes_first_day" => "no_minutes_first_day",
        "A2_no_minutes_last_listed_day" => "no_minutes_last_day",
        "B_minutes_exported_after_daily_table_closed" => "no_day_total",
        other => panic!("{other} is a class of its own"),
    }
}

#[test]
fn the_public_days_fall_into_the_classes_that_were_found_by_hand() {
    let names = ["vendor_daily_vs_minute_sum.csv", "dailyActivity_merged.csv.gz", "minuteStepsNarrow_merged.csv.gz"];
    let paths: Vec<_> = names.iter().filter_map(|name| data_set(&format!("fitabase-2016/{name}"))).collect();
    let [expected, totals, minutes] = &paths[..] else { return };

    let (totals, set_aside) = DeviceDays::read(totals, &DeviceDayColumns::default()).unwrap();
    let minutes = minute_days(minutes);
    let mut found = Vec::new();
    for id in totals.participants() {
        let own = minutes.iter().filter(|((person, _), _)| person == id);
        let own = own.map(|((_, date), &(steps, recorded))| MinuteDay {
            date: *date,
            minute_steps: Some(steps),
            minutes_recorded: recorded,
            day_len_min: 1440,
        });
        for row in classify(&totals.beside(id, own, |_| 1440)) {
            let known = |number: Option<u32>| number.map(|number| number.to_string()).unwrap_or_default();
            let difference = row.difference.map(|steps| steps.to_string()).unwrap_or_default();
            let (total, sum) = (known(row.day.device_steps), known(row.day.minute_steps));
            found.push(
                [id.as_str(), &row.day.date.to_string(), &total, &sum, &difference, row.class.name()]
                    .map(str::to_owned),
            );
        }
    }

    let expected = csv::Reader::from_path(expected)
        .unwrap()
        .into_records()
        .map(Result::unwrap)
        .map(|row| [&row[0], &row[1], &row[2], &row[3], &row[6], our_name(&row[7])].map(str::to_owned));
    let mut expected: Vec<_> = expected.collect();
    expected.sort();
    found.sort();
    assert_eq!(set_aside, []);
    assert_eq!(found.len(), 494);
    for (ours, public) in found.iter().zip(&expected) {
        assert_eq!(ours, public);
    }
    assert_eq!(found.len(), expected.len());
}

#[test]
fn tables_are_read_from_files_also_packed_and_a_missing_one_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let text = "\u{feff}participant_id;zone;work\r\np1;Europe/Oslo;mon-fri 08:00-16:00\r\np2;Nowhere;\r\n";
    let plain = dir.path().join("people.csv");
    File::create(&plain).unwrap().write_all(text.as_bytes()).unwrap();
    let packed = dir.path().join("people.csv.gz");
    let mut writer = GzEncoder::new(File::create(&packed).unwrap(), Compression::default());
    writer.write_all(text.as_bytes()).unwrap();
    writer.finish().unwrap();

    for path in [plain, packed] {
        let (people, set_aside) = Participants::read(&path).unwrap();

        assert_eq!(people.iter().count(), 1);
        let said: Vec<_> = set_aside.iter().map(ToString::to_string).collect();
        let problem = "\"Nowhere\" is not a time zone of the IANA list, such as \"Europe/Oslo\"";
        assert_eq!(said, [format!("{} line 3, zone: {problem}; the row was set aside", path.display())]);
    }
    let error = Participants::read(&dir.path().join("gone.csv")).unwrap_err();
    assert!(error.to_string().contains("gone.csv"), "{error}");
}

#[test]
fn a_packed_table_that_ends_early_is_an_error_and_not_a_shorter_table() {
    let dir = tempfile::tempdir().unwrap();
    let mut bytes = Vec::new();
    let text = "participant_id,date,steps\n".to_owned() + &"p1,2026-03-01,7\n".repeat(10_000);
    flate2::read::GzEncoder::new(text.as_bytes(), Compression::default()).read_to_end(&mut bytes).unwrap();
    let path = dir.path().join("days.csv.gz");
    File::create(&path).unwrap().write_all(&bytes[..bytes.len() - 10]).unwrap();

    assert!(DeviceDays::read(&path, &DeviceDayColumns::default()).is_err());
}
