//! What a study knows beside the minutes: enrolment, own thresholds, journeys, hours of work, whole days' totals, and
//! heart rates.

use std::{path::Path, sync::Arc};

use brisk::{
    batch::{BatchOptions, device_days::DeviceDays, participants::Participants},
    model::WearMethod,
};
use chrono::DateTime;
use parquet::{
    column::writer::ColumnWriter,
    file::{properties::WriterProperties, writer::SerializedFileWriter},
    schema::parser::parse_message_type,
};

use crate::support::{HEADER, Ran, Record, Row, START, file, flags, long, ran, stamp};

/// A run with a table of participants.
fn with_people(minutes: &str, people: &str) -> Ran {
    let dir = tempfile::tempdir().unwrap();
    let mut options = BatchOptions::of(vec![file(&dir, "minutes.csv", minutes.as_bytes())]);
    options = options.in_zone("UTC".parse().unwrap());
    options.epoch_s = Some(60);
    let (participants, set_aside) = Participants::read(&file(&dir, "people.csv", people.as_bytes())).unwrap();
    assert_eq!(set_aside, []);
    options.participants = Some(participants);
    ran(&options).unwrap()
}

fn cells<'d>(days: &'d [Row], names: &[&str]) -> Vec<Vec<&'d str>> {
    days.iter().map(|day| names.iter().map(|&name| day[name].as_str()).collect()).collect()
}

/// On each of some days ten minutes of 90 steps and five of 110, from a minute of the day on.
fn walks(who: &str, days: std::ops::Range<i64>, from: i64) -> String {
    let minute = |day: i64, at: i64| {
        format!("{who},{},{}\n", stamp(START + day * 1440 + from + at), if at < 10 { 90 } else { 110 })
    };
    days.flat_map(|day| (0..15).map(move |at| minute(day, at))).collect()
}

#[test]
fn an_own_threshold_holds_from_its_date_and_days_count_from_enrolment() {
    let people = "participant_id,from,enrolled_on,brisk_threshold\n\
                  p1,,2026-10-21,\np1,2026-10-22,,80\np1,2026-10-24,,130\n";

    let found = with_people(&(HEADER.to_owned() + &walks("p1", 0..5, 600) + &walks("p2", 0..1, 600)), people);

    let names = ["participant_id", "local_date", "day_index", "brisk_threshold", "brisk_min"];
    assert_eq!(
        cells(&found.days, &names),
        [
            ["p1", "2026-10-20", "0", "100", "5"],
            ["p1", "2026-10-21", "1", "100", "5"],
            ["p1", "2026-10-22", "2", "80", "15"],
            ["p1", "2026-10-23", "3", "80", "15"],
            ["p1", "2026-10-24", "4", "130", "0"],
            ["p2", "2026-10-20", "1", "100", "5"],
        ]
    );
}

#[test]
fn a_journey_west_makes_one_long_day_and_every_minute_lies_in_one() {
    let people = "participant_id,from,zone\np1,,Europe/Oslo\np1,2026-10-22,America/Havana\n";
    // From Oslo's 20 October to Havana's 23.
    let first: DateTime<chrono::Utc> = "2026-10-19T22:00:00Z".parse().unwrap();
    let end: DateTime<chrono::Utc> = "2026-10-24T04:00:00Z".parse().unwrap();
    let rows = (first.timestamp()..end.timestamp()).step_by(60);
    let rows: Vec<_> = rows.map(|at_s| Record { who: 1, at_s, steps: Some(1) }).collect();

    let found = with_people(std::str::from_utf8(&long(&rows, true)).unwrap(), people);

    // Oslo is two hours east of Greenwich then, Havana four west.
    let names = ["local_date", "tz", "tz_offset_min", "day_len_min", "minutes_recorded", "total_steps", "data_state"];
    assert_eq!(
        cells(&found.days, &names),
        [
            ["2026-10-20", "Europe/Oslo", "120", "1440", "1440", "1440", "measured"],
            ["2026-10-21", "Europe/Oslo", "120", "1800", "1800", "1800", "measured"],
            ["2026-10-22", "America/Havana", "-240", "1440", "1440", "1440", "measured"],
            ["2026-10-23", "America/Havana", "-240", "1440", "1440", "1440", "measured"],
        ]
    );
    let changed: Vec<_> = found.days.iter().map(|day| flags(day).contains("tz_change")).collect();
    assert_eq!(changed, [false, false, true, false]);
}

#[test]
fn brisk_minutes_at_work_are_told_from_those_of_own_time_by_the_clock_on_the_wall() {
    // Tuesday and Saturday; Oslo is two hours ahead, so that 05:50Z is before work and the last ten minutes are in it.
    let people = "participant_id,zone,work\np1,Europe/Oslo,mon-fri 08:00-16:00\n";
    let minutes = HEADER.to_owned() + &walks("p1", 0..1, 350) + &walks("p1", 4..5, 350) + &walks("p2", 0..1, 350);

    let found = with_people(&minutes, people);

    // Five minutes are brisk, all of them from 06:00Z on.
    let walked: Vec<_> = found.days.into_iter().filter(|day| day["minutes_recorded"] != "0").collect();
    let names = ["participant_id", "local_date", "brisk_min", "leisure_brisk_min", "work_brisk_min"];
    assert_eq!(
        cells(&walked, &names),
        [["p1", "2026-10-20", "5", "0", "5"], ["p1", "2026-10-24", "5", "5", "0"], ["p2", "2026-10-20", "5", "5", ""]]
    );
}

#[test]
fn totals_of_whole_days_stand_beside_the_minutes_and_alone_where_there_are_none() {
    let dir = tempfile::tempdir().unwrap();
    let totals = "participant_id,date,steps\n\
                  p1,2026-10-19,500\np1,2026-10-20,1450\np1,2026-10-21,2000\np1,2026-10-24,15100\np3,2026-10-20,7000\n";
    let minutes = HEADER.to_owned() + &walks("p1", 0..3, 600) + &walks("p2", 0..1, 600);
    let mut options = BatchOptions::of(vec![file(&dir, "minutes.csv", minutes.as_bytes())]);
    let (days, set_aside) =
        DeviceDays::read(&file(&dir, "days.csv", totals.as_bytes()), &"date=date".parse().unwrap()).unwrap();
    assert_eq!(set_aside, []);
    options.device_days = Some(days);

    let found = ran(&options).unwrap();

    // Fifteen minutes hold 1450 steps.
    let names =
        ["participant_id", "local_date", "device_day_steps", "total_steps", "steps_lower", "steps_upper", "data_state"];
    assert_eq!(
        cells(&found.days, &names),
        [
            ["p1", "2026-10-19", "500", "500", "500", "500", "cannot_tell"],
            ["p1", "2026-10-20", "1450", "1450", "1450", "1450", "partly_measured"],
            ["p1", "2026-10-21", "2000", "1450", "1450", "2000", "partly_measured"],
            ["p1", "2026-10-22", "", "1450", "1450", "1450", "partly_measured"],
            ["p1", "2026-10-23", "", "", "", "", "not_synced"],
            ["p1", "2026-10-24", "15100", "15100", "15100", "15100", "cannot_tell"],
            ["p2", "2026-10-20", "", "1450", "1450", "1450", "partly_measured"],
            ["p3", "2026-10-20", "7000", "7000", "7000", "7000", "cannot_tell"],
        ]
    );
    let incomplete: Vec<_> = found.days.iter().map(|day| flags(day).contains("minute_detail_incomplete")).collect();
    assert_eq!(incomplete, [false, false, true, false, false, false, false, false]);
    // 15,100 steps in 1,440 minutes: at most 151 brisk ones.
    assert_eq!(cells(&found.days[5..6], &["brisk_min", "brisk_lower", "brisk_upper", "m_0"]), [["", "0", "151", ""]]);
    assert_eq!((found.summary.participants, found.summary.days), (3, 8));
}

#[test]
fn a_minute_with_a_plausible_heart_rate_is_worn() {
    let dir = tempfile::tempdir().unwrap();
    let mut text = "participant_id,timestamp,steps,bpm\n".to_owned();
    // Worn: 30, 220 and 71.0, and the two with steps.
    for (at, (steps, rate)) in [
        (0, "0"),
        (0, "29"),
        (0, "30"),
        (0, "220"),
        (0, "221"),
        (0, ""),
        (0, "NA"),
        (0, "71.0"),
        (9, ""),
        (120, "300"),
        (0, "x"),
    ]
    .into_iter()
    .enumerate()
    {
        text += &format!("p1,{},{steps},{rate}\n", stamp(START + i64::try_from(at).unwrap()));
    }
    let mut options = BatchOptions::of(vec![file(&dir, "minutes.csv", text.as_bytes())]);
    options.columns = "heart_rate=bpm".parse().unwrap();
    options.rules.wear_method = WearMethod::HeartRate;
    options.rules.name = "with heart rate".to_owned();

    let found = ran(&options).unwrap();

    let names = ["minutes_recorded", "wear_method", "wear_min", "wear60_min", "rules"];
    assert_eq!(cells(&found.days, &names), [["11", "heart_rate", "5", "11", "with heart rate"]]);

    // In any order, and on a day that is worn long enough.
    let mut rows: Vec<_> =
        (0..1440).map(|at| format!("p1,{},0,{}\n", stamp(START + at), if at < 600 { "64" } else { "" })).collect();
    fastrand::Rng::with_seed(5).shuffle(&mut rows);
    let text = "participant_id,timestamp,steps,bpm\n".to_owned() + &rows.concat();
    options.inputs = vec![file(&dir, "shuffled.csv", text.as_bytes())];

    let found = ran(&options).unwrap();

    let names = ["wear_min", "wear60_min", "valid_day", "valid60", "data_state"];
    assert_eq!(cells(&found.days, &names), [["600", "0", "1", "0", "measured"]]);
}

/// Minutes of one person as Parquet: stamps, steps, and where there is one a heart rate; nobody is named in it.
fn without_names(rows: &[(i64, i32, Option<f64>)]) -> Vec<u8> {
    let schema = "message minutes {
        required int64 timestamp (TIMESTAMP(MILLIS,true)); required int32 steps; optional double bpm;
    }";
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let mut writer = SerializedFileWriter::new(Vec::new(), schema, Arc::new(WriterProperties::new())).unwrap();
    let mut group = writer.next_row_group().unwrap();
    while let Some(mut column) = group.next_column().unwrap() {
        match column.untyped() {
            ColumnWriter::Int64ColumnWriter(to) => {
                let stamps: Vec<_> = rows.iter().map(|&(at, _, _)| at * 60_000).collect();
                to.write_batch(&stamps, None, None).unwrap();
            }
            ColumnWriter::Int32ColumnWriter(to) => {
                to.write_batch(&rows.iter().map(|&(_, steps, _)| steps).collect::<Vec<_>>(), None, None).unwrap();
            }
            ColumnWriter::DoubleColumnWriter(to) => {
                let levels: Vec<_> = rows.iter().map(|&(_, _, beats)| i16::from(beats.is_some())).collect();
                let beats: Vec<_> = rows.iter().filter_map(|&(_, _, beats)| beats).collect();
                to.write_batch(&beats, Some(&levels), None).unwrap();
            }
            _ => panic!("no such column"),
        }
        column.close().unwrap();
    }
    group.close().unwrap();
    writer.into_inner().unwrap()
}

#[test]
fn parquet_holds_heart_rates_too_and_its_name_may_be_the_participants() {
    let dir = tempfile::tempdir().unwrap();
    // A gap, steps with and without beats, and beats that nobody has: worn are 3 to 9, 12, and 15 to 17.
    let beats = |at: i64| match at {
        3..10 => Some(60.0),
        15..18 => Some(71.0),
        20 => Some(240.0),
        21 => Some(64.5),
        _ => None,
    };
    let rows: Vec<_> = (0..30)
        .filter(|at| *at != 14)
        .map(|at| (START + at, if at == 12 || at == 16 { 80 } else { 0 }, beats(at)))
        .collect();
    let mut options = BatchOptions::of(vec![file(&dir, "anna-7.week1.parquet", &without_names(&rows))]);
    options.columns = "participant_id=@file,heart_rate=bpm".parse().unwrap();
    options.rules.wear_method = WearMethod::HeartRate;

    let found = ran(&options).unwrap();

    let names = ["participant_id", "minutes_recorded", "total_steps", "wear_method", "wear_min"];
    assert_eq!(cells(&found.days, &names), [["anna-7", "29", "160", "heart_rate", "11"]]);
}

#[test]
fn a_heart_rate_that_is_asked_for_and_not_there_is_an_error_and_never_silence() {
    let dir = tempfile::tempdir().unwrap();
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/parquet/polars.parquet");
    let csv = file(&dir, "minutes.csv", (HEADER.to_owned() + &walks("p1", 0..1, 0)).as_bytes());
    for input in [csv, fixture] {
        let mut options = BatchOptions::of(vec![input.clone()]);
        options.columns = "heart_rate=bpm".parse().unwrap();

        let error = ran(&options).err().map(|error| error.to_string()).unwrap_or_default();

        assert!(error.contains("\"bpm\""), "{}: {error}", input.display());
    }
}
