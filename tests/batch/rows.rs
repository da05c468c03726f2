//! Rows, their forms, and what is done with rows that are no rows.

use std::{
    io::{Read, Write},
    path::Path,
};

use brisk::{
    aggregate::{DayInput, day_total, series::SeriesBuf},
    batch::{self, Batch, BatchError, BatchOptions, OnBadRow, Packing, Reason},
    export::{Format, Table},
    model::{Flag, Minute, MinuteWear},
    time::Calendar,
};
use flate2::{Compression, read::MultiGzDecoder, write::GzEncoder};

use crate::support::{HEADER, START, columns, file, row, run_on};

#[test]
fn a_few_minutes_become_a_day_that_says_it_is_partial() {
    let (csv, summary) =
        run_on(format!("{HEADER}{}{}", row("p1", START, 120), row("p1", START + 1, 5)), |_| {}).unwrap();

    let names = ["participant_id", "local_date", "minutes_recorded", "data_state", "total_steps", "brisk_min", "flags"];
    assert_eq!(
        columns(&csv, &names),
        [["p1", "2026-10-20", "2", "partly_measured", "125", "1", "partial_day;record_ends"]]
    );
    assert!(summary.is_clean());
    assert_eq!((summary.rows, summary.days, summary.participants), (2, 1, 1));
}

#[test]
fn every_form_of_stamp_and_of_line_end_gives_the_same_day() {
    let plain = format!("{HEADER}p1,2016-04-12 13:05:00,70\np1,2016-04-12 13:06:00,80\n");
    let (expected, _) = run_on(&plain, |_| {}).unwrap();

    for same in [
        "participant_id,timestamp,steps\np1,4/12/2016 1:05:00 PM,70\np1,4/12/2016 1:06:00 PM,80\n".to_owned(),
        "participant_id,timestamp,steps\np1,2016-04-12T13:05,70\np1,2016-04-12T13:06,80".to_owned(),
        "participant_id,timestamp,steps\np1,2016-04-12T13:05:00Z,70\np1,2016-04-12T13:06:00.000+02:00,80.0\n".to_owned(),
        "\u{feff}\"participant_id\",\"timestamp\",\"steps\"\n\"p1\",\"2016-04-12 13:05:00\",70\n\"p1\",\"2016-04-12 13:06:00\",\"80\"\n".to_owned(),
        "steps, other ,TIMESTAMP,participant_id\n70,\"a,\"\"b\",2016-04-12 13:05,p1\n\n 80 ,,2016-04-12 13:06, p1 \n".to_owned(),
        "participant_id,timestamp,steps\np1,2016-04-12 13:05,70\np1,2016-04-12 13:06,80\np1,2016-04-12 13:07,\np1,2016-04-12 13:08,NA\n".to_owned(),
        plain.replace('\n', "\r\n"),
    ] {
        let (csv, summary) = run_on(&same, |_| {}).unwrap();
        assert_eq!(csv, expected, "{same}");
        assert!(summary.is_clean(), "{same}");
    }
}

#[test]
fn rows_that_are_no_rows_are_named_by_line_and_the_rest_goes_on() {
    let mut input = Vec::new();
    let long = "x".repeat(3 << 20);
    let lines: [(&[u8], Option<Reason>); 17] = [
        (b"p1,2026-10-20 00:00:00,10", None),
        (b"p1,yesterday,10", Some(Reason::BadStamp)),
        (b"p1,2026-10-20 00:01:00,-3", Some(Reason::BadSteps)),
        (b"p1,2026-10-20 00:01:00,1.5", Some(Reason::BadSteps)),
        (b"p1,2026-10-20 00:01:00,60001", Some(Reason::TooManySteps)),
        (b"p1,2026-10-20 00:01:00,99999999999999999999", Some(Reason::TooManySteps)),
        (b"p1,2026-10-20 00:01:00", Some(Reason::Columns)),
        (b"p1,2026-10-20 00:01:00,10,11", Some(Reason::Columns)),
        (b"p1,\"2026-10-20 00:01:00,10", Some(Reason::Columns)),
        (b"p1,2026-10-20 00:01:00,1\x000", Some(Reason::Nul)),
        (b"p1,2026-10-20 00:01:00,1\xff", Some(Reason::NotUtf8)),
        (b",2026-10-20 00:01:00,10", Some(Reason::NoParticipant)),
        (b"p 1,2026-10-20 00:01:00,10", Some(Reason::BadParticipant)),
        (b"p1,2026-10-20 00:01:30,10", Some(Reason::NotAWholeMinute)),
        (long.as_bytes(), Some(Reason::TooLong)),
        (b"p1,2026-10-20 00:02:00,20", None),
        (b"p1,2026-10-20 00:0", Some(Reason::HalfALine)),
    ];
    input.extend_from_slice(HEADER.as_bytes());
    for (number, (line, _)) in lines.iter().enumerate() {
        input.extend_from_slice(line);
        input.extend_from_slice(if number + 1 < lines.len() { b"\n" } else { b"" });
    }

    let (csv, summary) = run_on(&input, |_| {}).unwrap();

    assert_eq!(columns(&csv, &["participant_id", "minutes_recorded", "total_steps"]), [["p1", "2", "30"]]);
    let expected: Vec<_> = (2..).zip(&lines).filter_map(|(line, (_, reason))| Some((line, (*reason)?))).collect();
    let found: Vec<_> = summary.rejected.first.iter().map(|(place, reason)| (place.line, *reason)).collect();
    assert_eq!(found, expected);
    assert_eq!((summary.rejected.total(), summary.rows), (15, 17));
    assert_eq!(summary.rejected.by_reason[&Reason::Columns], 3);
    assert!(!summary.is_clean());
    assert!(summary.rejected.first[0].0.path.ends_with("minutes.csv"));
}

#[test]
fn the_first_bad_row_ends_a_strict_run_with_file_and_line_and_no_output() {
    let input = format!("{HEADER}{}p1,nonsense,3\n", row("p1", START, 1));
    let dir = tempfile::tempdir().unwrap();
    let mut options = BatchOptions::of(vec![file(&dir, "minutes.csv", input.as_bytes())]);
    options.on_bad_row = OnBadRow::Stop;
    let mut out = Vec::new();

    let error = batch::run(&options, &mut |_| {}, &mut out).unwrap_err();

    assert!(matches!(error, BatchError::Row { line: 3, reason: Reason::BadStamp, .. }), "{error:?}");
    assert!(error.to_string().contains("minutes.csv line 3: not a time stamp"), "{error}");
    assert!(out.is_empty());
}

#[test]
fn an_input_without_rows_or_columns_says_what_is_missing() {
    let error = |content: &[u8]| run_on(content, |_| {}).unwrap_err();

    assert!(matches!(error(b""), BatchError::Empty { .. }));
    assert!(matches!(error(HEADER.as_bytes()), BatchError::NoRows { .. }));
    assert!(matches!(error(b"participant_id,timestamp,steps"), BatchError::NoRows { .. }));
    assert!(matches!(error(b"\xff\xfep\0a\0r\0"), BatchError::NotText { .. }));
    let unclosed = b"participant_id,timestamp,\"steps\np1,2026-10-20 10:00,3\n";
    assert!(matches!(error(unclosed), BatchError::NoColumn { .. }));
    let text = error(b"Id,ActivityMinute,Steps\n1,4/12/2016 1:05:00 PM,3\n").to_string();
    assert!(text.contains("no column \"participant_id\""), "{text}");
    assert!(text.contains("Id, ActivityMinute, Steps") && text.contains("--map participant_id="), "{text}");
    let missing = batch::run(&BatchOptions::of(vec!["/nowhere/x.csv".into()]), &mut |_| {}, &mut Vec::new());
    assert!(matches!(missing, Err(BatchError::Open { .. })));
}

#[test]
fn columns_are_found_by_the_names_that_the_map_gives() {
    let (csv, _) = run_on("Id,ActivityMinute,Steps\n7,4/12/2016 12:00:00 AM,3\n", |options| {
        options.columns = "participant_id=Id,timestamp=ActivityMinute".parse().unwrap();
    })
    .unwrap();

    assert_eq!(columns(&csv, &["participant_id", "local_date", "total_steps"]), [["7", "2016-04-12", "3"]]);
    for bad in ["", "steps", "step=Steps", "steps="] {
        assert!(bad.parse::<batch::ColumnMap>().is_err(), "{bad}");
    }
}

#[test]
fn a_minute_with_two_values_keeps_the_first_and_marks_its_day() {
    let (csv, summary) = run_on(
        format!(
            "{HEADER}{}{}{}{}",
            row("p1", START, 10),
            row("p1", START, 10),
            row("p1", START, 12),
            row("p1", START + 1440, 5)
        ),
        |_| {},
    )
    .unwrap();

    assert_eq!(
        columns(&csv, &["total_steps", "flags"]),
        [["10", "partial_day;overlap;conflict"], ["5", "partial_day;record_ends"]]
    );
    assert_eq!((summary.duplicates, summary.conflicts), (1, 1));
    assert_eq!(summary.first_conflicts[0].line, 4);
    assert!(!summary.is_clean());
}

#[test]
fn a_day_between_two_recorded_ones_is_not_synced_rather_than_absent_or_zero() {
    let (csv, _) =
        run_on(format!("{HEADER}{}{}", row("p1", START, 10), row("p1", START + 2 * 1440, 5)), |_| {}).unwrap();

    assert_eq!(
        columns(&csv, &["local_date", "day_index", "data_state", "total_steps", "m_0"]),
        [
            ["2026-10-20", "1", "partly_measured", "10", "0"],
            ["2026-10-21", "2", "not_synced", "", ""],
            ["2026-10-22", "3", "partly_measured", "5", "0"]
        ]
    );
}

#[test]
fn days_of_a_clock_change_have_1380_and_1500_minutes() {
    // 2026-10-25 and 2027-03-28 in Oslo; one step every minute of three days of UTC around each.
    let mut input = HEADER.to_owned();
    for first in ["2026-10-24", "2027-03-27"] {
        let date: chrono::NaiveDate = first.parse().unwrap();
        let start = date.and_time(chrono::NaiveTime::MIN).and_utc().timestamp() / 60;
        (start..start + 3 * 1440).for_each(|minute| input.push_str(&row("p1", minute, 1)));
    }

    let (csv, _) = run_on(&input, |options| {
        *options = options.clone().in_zone("Europe/Oslo".parse().unwrap());
    })
    .unwrap();

    let changed: Vec<_> =
        columns(&csv, &["local_date", "day_len_min", "minutes_recorded", "hours_with_steps", "data_state", "flags"])
            .into_iter()
            .filter(|day| day[0] == "2026-10-25" || day[0] == "2027-03-28")
            .collect();
    assert_eq!(
        changed,
        [
            ["2026-10-25", "1500", "1500", "25", "measured", "clock_change"],
            ["2027-03-28", "1380", "1380", "23", "measured", "clock_change"]
        ]
    );
}

#[test]
fn a_stamp_with_an_offset_is_an_instant_once_a_zone_is_given() {
    let input = format!("{HEADER}p1,2026-10-20T23:30:00Z,5\np1,2026-10-21T01:31:00+02:00,6\n");
    let (as_it_stands, _) = run_on(&input, |_| {}).unwrap();
    assert_eq!(columns(&as_it_stands, &["local_date", "tz"]), [["2026-10-20", ""], ["2026-10-21", ""]]);

    let (oslo, _) = run_on(&input, |options| {
        *options = options.clone().in_zone("Europe/Oslo".parse().unwrap());
    })
    .unwrap();

    let names = ["local_date", "tz", "tz_offset_min", "total_steps"];
    assert_eq!(columns(&oslo, &names), [["2026-10-21", "Europe/Oslo", "120", "11"]]);
}

#[test]
fn packed_input_and_output_hold_the_same_rows() {
    let input: String = HEADER.to_owned() + &(0..5000).map(|at| row("p1", START + at, 3)).collect::<String>();
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(&input.as_bytes()[..70_000]).unwrap();
    let mut two_members = packed.finish().unwrap();
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(&input.as_bytes()[70_000..]).unwrap();
    two_members.extend(packed.finish().unwrap());
    let (expected, _) = run_on(&input, |_| {}).unwrap();
    assert_eq!(run_on(&two_members, |_| {}).unwrap().0, expected);

    let dir = tempfile::tempdir().unwrap();
    let options = BatchOptions::of(vec![file(&dir, "in.csv", input.as_bytes())]);
    let (format, packing) = batch::form_of(Path::new("days.csv.gz"));
    let mut out = Vec::new();
    let mut done = Batch::run(&options, &mut |_| {}).unwrap();
    done.write(Table::Days, packing, &[], &mut out).unwrap();

    let mut unpacked = String::new();
    MultiGzDecoder::new(out.as_slice()).read_to_string(&mut unpacked).unwrap();
    assert_eq!((format, unpacked), (Format::Csv, expected));
    let cut = run_on(&two_members[..two_members.len() - 20], |_| {});
    assert!(matches!(cut, Err(BatchError::Read { .. })), "{cut:?}");
}

#[test]
fn json_lines_hold_what_csv_holds() {
    let input = format!("{HEADER}{}", row("p1", START, 130));
    let (lines, _) = run_on(&input, |options| options.format = Format::JsonLines).unwrap();

    let day: brisk::model::DayTotal = serde_json::from_str(lines.trim_end()).unwrap();

    assert_eq!((day.total_steps, day.peak30_spm, day.vigorous_min, day.revision), (Some(130), None, Some(1), 1));
    assert_eq!(batch::form_of(Path::new("x.JSONL")), (Format::JsonLines, Packing::Plain));
}

#[test]
fn a_batch_day_is_the_daemons_day() {
    let calendar = Calendar::midnight("America/Havana".parse().unwrap());
    let minutes: Vec<_> = (0..4000)
        .filter(|at| at % 977 > 30)
        .map(|at| {
            let steps = if at % 90 < 25 { 90 + u32::try_from(at % 29).unwrap() } else { 0 };
            Minute { at: START + at, steps, wear: MinuteWear::Unknown, saturated: false, overlap: false }
        })
        .collect();
    let input: String =
        HEADER.to_owned() + &minutes.iter().map(|minute| row("p1", minute.at, minute.steps)).collect::<String>();
    let (lines, _) = run_on(&input, |options| {
        *options = options.clone().in_zone(calendar.home().zone);
        options.format = Format::JsonLines;
    })
    .unwrap();

    let first = calendar.day_at(START * 60).date;
    for line in lines.lines() {
        let batch: brisk::model::DayTotal = serde_json::from_str(line).unwrap();
        let mut daemon = day_total(&DayInput {
            participant: &batch.participant_id,
            day: &calendar.day(batch.local_date),
            day_index: i32::try_from((batch.local_date - first).num_days() + 1).unwrap(),
            brisk_threshold: 100,
            rules: &brisk::model::Rules::brisk_1(),
            rules_hash: &brisk::model::Rules::brisk_1().hash(),
            windows: None,
            minutes: SeriesBuf::of(&minutes).view(),
            coarse: &[],
            device_day_steps: None,
            now_s: None,
            source_device: None,
            epoch_seconds_max: 60,
            extra_flags: match (batch.local_date - first).num_days() {
                0 => &[Flag::RecordBegins],
                3 => &[Flag::RecordEnds],
                _ => &[],
            },
        });
        daemon.revision = 1;
        assert_eq!(batch, daemon);
    }
    assert_eq!(lines.lines().count(), 4);
}
