//! The page of real days, written to `target/…/tmp/report*.html` for people to look at.

#![cfg(test)]

use std::{collections::BTreeMap, fs::File, io::BufWriter, path::PathBuf};

use chrono::NaiveDateTime;

use super::*;
use crate::{
    aggregate::{DayInput, day_total},
    model::{Minute, MinuteWear, Rules, SOFTWARE},
    time::{Calendar, Zone},
};

/// Real minutes, kept beside the repository as tests/oracles.rs has them; `BRISK_SHARED` names another place.
fn fitabase() -> Option<PathBuf> {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared");
    let shared = std::env::var_os("BRISK_SHARED").map_or_else(|| PathBuf::from(beside), PathBuf::from);
    Some(shared.join("data/fitabase-2016/minuteStepsNarrow_merged.csv.gz")).filter(|path| path.exists())
}

/// Everybody's days of a file in the vendor's narrow layout, `copies` of them in a row.
fn pictures(path: &PathBuf, copies: i64) -> (Vec<PersonPicture>, u64) {
    let packed = flate2::read::MultiGzDecoder::new(File::open(path).unwrap());
    let mut people: BTreeMap<String, BTreeMap<i64, u16>> = BTreeMap::new();
    let mut rows = 0;
    for row in csv::Reader::from_reader(packed).records() {
        let row = row.unwrap();
        let at = NaiveDateTime::parse_from_str(&row[1], "%m/%d/%Y %I:%M:%S %p").unwrap().and_utc().timestamp() / 60;
        people.entry(row[0].to_owned()).or_default().insert(at, row[2].parse().unwrap());
        rows += 1;
    }
    let calendar = Calendar::midnight(Zone::AS_IT_STANDS);
    let rules = Rules::brisk_1();
    let picture = |(id, minutes): (&String, &BTreeMap<i64, u16>)| {
        let id: ParticipantId = id.parse().unwrap();
        let mut picture = PersonPicture::new(&id);
        let (first, last) = (*minutes.keys().next().unwrap() * 60, *minutes.keys().last().unwrap() * 60);
        let days = (last - first) / 86_400 + 1;
        for copy in 0..copies {
            for day_index in 0..days {
                let day = calendar.day_at(first + day_index * 86_400);
                let own = day.first_minute()..day.end_minute();
                // Every seventh copy leaves a day out, and others an hour, so that gaps are seen.
                let kept = |at: i64| {
                    copies == 1 || (at.div_euclid(1440) % 7 != copy % 7 && at.div_euclid(60) % 31 != copy % 31)
                };
                let some: Vec<Minute> = minutes
                    .range(own.clone())
                    .filter(|&(&at, _)| kept(at))
                    .map(|(&at, &steps)| Minute {
                        at,
                        steps: steps.into(),
                        wear: MinuteWear::Unknown,
                        saturated: false,
                        overlap: false,
                    })
                    .collect();
                let mut total = day_total(&DayInput {
                    participant: &id,
                    day: &day,
                    day_index: i32::try_from(day_index + 1).unwrap(),
                    brisk_threshold: rules.brisk_spm,
                    rules: &rules,
                    rules_hash: "",
                    windows: None,
                    minutes: crate::aggregate::series::SeriesBuf::of(&some).view(),
                    coarse: &[],
                    device_day_steps: None,
                    now_s: None,
                    source_device: None,
                    epoch_seconds_max: 60,
                    extra_flags: &[],
                });
                total.local_date += chrono::TimeDelta::days(copy * days);
                let cadence: Vec<_> = own.map(|at| minutes.get(&at).copied().filter(|_| kept(at))).collect();
                picture.day(&total, &cadence);
            }
        }
        picture
    };
    (people.iter().map(picture).collect(), rows)
}

fn about(rows: u64, path: &str) -> About {
    About {
        title: "Brisk walking in minute steps: what the records hold".to_owned(),
        software: SOFTWARE.to_owned(),
        rules: Rules::brisk_1().name,
        rules_hash: Rules::brisk_1().hash(),
        computed_at: DateTime::from_timestamp(1_790_000_000, 0),
        inputs: vec![InputFile { path: path.to_owned(), bytes: 1_234_567, hash: Some("5f".repeat(32)), rows }],
        rows,
        duplicates: 12,
        conflicts: 1,
        set_aside: vec![
            Reason {
                text: "not a time stamp that is known, such as 2016-04-12 13:05:00".to_owned(),
                rows: 3,
                first: ["12", "977", "20118"].map(|line| format!("{path}:{line}")).into(),
            },
            Reason { text: "the file ends within the row".to_owned(), rows: 1, first: vec![format!("{path}:670802")] },
        ],
        notes: vec!["Stamps were taken as they stand; no time zone was given.".to_owned()],
    }
}

fn write_page(name: &str, people: Vec<PersonPicture>, rows: u64) -> u64 {
    let mut report = Report::new();
    for picture in people {
        report.add(picture);
    }
    let folder = std::env::var_os("CARGO_TARGET_DIR").map_or_else(std::env::temp_dir, PathBuf::from).join("tmp");
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join(name);
    let mut file = BufWriter::new(File::create(&path).unwrap());
    report.write(&about(rows, "minuteStepsNarrow_merged.csv.gz"), &mut file).unwrap();
    drop(file);
    path.metadata().unwrap().len()
}

#[test]
fn the_page_of_a_real_month_is_small() {
    let Some(path) = fitabase() else { return };
    let (people, rows) = pictures(&path, 1);

    let bytes = write_page("report.html", people, rows);

    assert!((60_000..300_000).contains(&bytes), "{bytes} bytes");
}

#[test]
fn a_person_year_takes_little_of_the_page() {
    let Some(path) = fitabase() else { return };
    let (people, rows) = pictures(&path, 12);
    let count = html::count(people.len());

    let bytes = write_page("report-year.html", people, rows);

    assert!(bytes / count < 60_000, "{} bytes a person", bytes / count);
}
