//! The day table as files: the same values in every form, explained to the last column, whole or not there.

use std::{collections::BTreeMap, fs, path::Path};

use brisk::{
    export::{
        Format, Table,
        codebook::{self, Kind},
        columns::{Cell, DAY_COLUMNS},
        write_days,
    },
    model::{DataState, DayTotal, Flag, Flags, GoalState, WearMethod},
};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

fn created() -> DateTime<Utc> {
    "2026-11-22T03:15:00.75Z".parse().unwrap()
}

/// A day with something in every column.
fn full_day() -> DayTotal {
    let values = r#"{
        "participant_id": "P-0007", "local_date": "2026-10-25", "day_index": 12, "weekday": 7, "tz": "Europe/Oslo",
        "tz_offset_min": 120, "day_len_min": 1500, "minutes_recorded": 1500, "epoch_seconds_max": 60,
        "data_state": "measured", "total_steps": 8123, "device_day_steps": 8200, "steps_lower": 8123,
        "steps_upper": 8200, "m_0": 1200, "m_1_19": 100, "m_20_39": 50, "m_40_59": 40, "m_60_79": 30, "m_80_99": 30,
        "m_100_119": 30, "m_120p": 20, "brisk_threshold": 100, "brisk_min": 50, "brisk_lower": 50, "brisk_upper": 50,
        "leisure_brisk_min": 41, "work_brisk_min": 9, "vigorous_min": 4, "bout_min": 33, "bout_count": 2,
        "longest_bout_min": 21, "peak1_spm": 152.0, "peak30_spm": 122.0667, "peak60_spm": 104.9833,
        "met_min_floor": 190, "wear60_min": 903, "wear90_min": 903, "wear_method": "zero60", "wear_min": 903,
        "hours_with_steps": 17, "valid60": true, "valid90": true, "valid_day": true, "diary_min": 45,
        "goal_id": "g-3", "goal_measure": "leisure_brisk_min", "goal_target": 30, "goal_done": 41,
        "goal_state": "met", "source_device": "hip;wrist", "flags": "clock_change;conflict", "rules": "brisk/1",
        "rules_hash": "0123456789abcdef", "software": "brisk 0.1.0", "computed_at": "2026-10-26T05:00:01Z",
        "revision": 3
    }"#;
    serde_json::from_str(values).unwrap()
}

/// A day of which nothing has arrived.
fn empty_day() -> DayTotal {
    let mut values = serde_json::to_value(full_day()).unwrap();
    let always =
        codebook::entries(Table::Days).iter().filter(|entry| entry.required()).map(|entry| entry.name.as_str());
    let always: Vec<_> = always.collect();
    for (name, value) in values.as_object_mut().unwrap() {
        if !always.contains(&name.as_str()) {
            *value = Value::Null;
        }
    }
    values["flags"] = "".into();
    values["local_date"] = "2026-10-26".into();
    values["data_state"] = "not_synced".into();
    values["goal_state"] = "no_goal".into();
    serde_json::from_value(values).unwrap()
}

fn text(dir: &Path, name: &str) -> String {
    fs::read_to_string(dir.join(name)).unwrap()
}

/// Serde's own order of the fields of a day.
fn field_names() -> Vec<String> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.serialize(full_day()).unwrap();
    let csv = String::from_utf8(writer.into_inner().unwrap()).unwrap();
    csv.lines().next().unwrap().split(',').map(str::to_owned).collect()
}

#[test]
fn columns_and_codebook_are_the_fields_of_a_day_in_their_order() {
    let fields = field_names();

    assert_eq!(DAY_COLUMNS.map(|(name, _)| name.to_owned()).to_vec(), fields);
    let entries = codebook::entries(Table::Days);
    assert_eq!(entries.iter().map(|entry| entry.name.clone()).collect::<Vec<_>>(), fields);
    for entry in entries {
        let name = &entry.name;
        assert!(name.len() <= 32 && name.starts_with(|c: char| c.is_ascii_lowercase()), "{name}");
        assert!(!entry.label.is_empty() && !entry.empty_when.is_empty(), "{name} is not explained");
        assert!(!entry.rule.is_empty() || !entry.codes.is_empty(), "{name} is not explained");
    }
}

#[test]
fn every_cell_is_of_the_type_and_in_the_range_that_the_codebook_gives() {
    for day in [full_day(), empty_day()] {
        for ((name, cell), entry) in DAY_COLUMNS.iter().zip(codebook::entries(Table::Days)) {
            let cell = cell(&day);
            let fits = match (&cell, entry.kind) {
                (Cell::Missing, _) => !entry.required(),
                (Cell::Integer(value), Kind::Integer) => {
                    entry.minimum.is_none_or(|least| least <= *value) && entry.maximum.is_none_or(|most| *value <= most)
                }
                (Cell::Number(_), Kind::Number)
                | (Cell::Boolean(_), Kind::Boolean)
                | (Cell::Date(_), Kind::Date)
                | (Cell::Stamp(_), Kind::Datetime)
                | (Cell::Text(_) | Cell::Free(_), Kind::String) => true,
                _ => false,
            };
            assert!(fits, "{name} holds {cell:?}");
        }
    }
    let full = full_day();
    assert!(DAY_COLUMNS.iter().all(|(_, cell)| cell(&full) != Cell::Missing), "the full day is not full");
}

#[test]
fn the_codebook_lists_every_code_that_can_stand_in_a_cell() {
    let name = |value: Value| value.as_str().unwrap().to_owned();
    let states = [
        DataState::Measured,
        DataState::PartlyMeasured,
        DataState::NotWorn,
        DataState::NotSynced,
        DataState::CannotTell,
    ];
    let goals = [
        GoalState::Met,
        GoalState::NotMet,
        GoalState::CannotTell,
        GoalState::NoGoal,
        GoalState::Paused,
        GoalState::Excused,
    ];
    let methods = [
        WearMethod::Device,
        WearMethod::Zero60,
        WearMethod::Zero90,
        WearMethod::Zero120,
        WearMethod::Choi,
        WearMethod::HoursWithSteps,
        WearMethod::HeartRate,
    ];
    let expected: BTreeMap<&str, Vec<String>> = [
        ("data_state", states.map(|state| name(json!(state))).to_vec()),
        ("goal_state", goals.map(|state| name(json!(state))).to_vec()),
        ("wear_method", methods.map(|method| name(json!(method))).to_vec()),
        ("flags", Flag::ALL.map(|flag| flag.name().to_owned()).to_vec()),
    ]
    .into();

    for entry in codebook::entries(Table::Days) {
        let codes: Vec<_> = entry.codes().map(|(code, _)| code.to_owned()).collect();
        if let Some(wanted) = expected.get(entry.name.as_str()) {
            assert_eq!(&codes, wanted, "{}", entry.name);
        }
        assert_eq!(codes.len(), entry.codes.split('|').filter(|code| !code.is_empty()).count(), "{}", entry.name);
        assert!(entry.codes().all(|(_, meaning)| !meaning.is_empty()), "{}", entry.name);
    }
}

/// A row read back from CSV by the types of the codebook.
fn read_back(row: &csv::StringRecord) -> DayTotal {
    let cells = row.iter().zip(codebook::entries(Table::Days)).map(|(cell, entry)| {
        let value = match entry.kind {
            Kind::String if entry.name == "flags" => cell.into(),
            _ if cell.is_empty() => Value::Null,
            Kind::Integer => cell.parse::<i64>().unwrap().into(),
            Kind::Number => cell.parse::<f64>().unwrap().into(),
            Kind::Boolean => ["0", "1"].iter().position(|&known| known == cell).map(|value| value == 1).unwrap().into(),
            Kind::String | Kind::Date | Kind::Datetime => cell.into(),
        };
        (entry.name.clone(), value)
    });
    serde_json::from_value(cells.collect::<serde_json::Map<_, _>>().into()).unwrap()
}

#[test]
fn both_forms_read_back_as_the_days_that_were_written() {
    let dir = tempfile::tempdir().unwrap();
    let days = [full_day(), empty_day()];

    write_days(dir.path(), days.clone(), Format::Csv, created()).unwrap();
    write_days(dir.path(), days.clone(), Format::JsonLines, created()).unwrap();

    let csv = text(dir.path(), "days.csv");
    let rows: Vec<_> = csv::Reader::from_reader(csv.as_bytes()).records().map(|row| read_back(&row.unwrap())).collect();
    assert_eq!(rows, days);
    let lines = text(dir.path(), "days.jsonl");
    let rows: Vec<DayTotal> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(rows, days);
    let members = |line: &str| serde_json::from_str::<serde_json::Map<_, _>>(line).unwrap().len();
    assert!(lines.ends_with("}\n") && lines.lines().all(|line| members(line) == DAY_COLUMNS.len()));
}

#[test]
fn the_csv_of_two_days_is_these_bytes() {
    let dir = tempfile::tempdir().unwrap();

    write_days(dir.path(), [full_day(), empty_day()], Format::Csv, created()).unwrap();

    let csv = text(dir.path(), "days.csv");
    let lines: Vec<_> = csv.split("\r\n").collect();
    assert_eq!(lines[0], field_names().join(","));
    assert_eq!(
        lines[1],
        "P-0007,2026-10-25,12,7,Europe/Oslo,120,1500,1500,60,measured,8123,8200,8123,8200,1200,100,50,40,30,30,30,20,\
         100,50,50,50,41,9,4,33,2,21,152,122.0667,104.9833,190,903,903,zero60,903,17,1,1,1,45,g-3,leisure_brisk_min,\
         30,41,met,hip;wrist,clock_change;conflict,brisk/1,0123456789abcdef,brisk 0.1.0,2026-10-26T05:00:01Z,3"
    );
    assert_eq!(
        lines[2],
        "P-0007,2026-10-26,12,7,,,1500,1500,,not_synced,,,,,,,,,,,,,100,,,,,,,,,,,,,,,,,,,,,,,,,,,no_goal,,,brisk/1,\
         0123456789abcdef,brisk 0.1.0,,3"
    );
    assert_eq!((lines.len(), lines[3]), (4, ""));
}

#[test]
fn a_text_that_a_spreadsheet_would_run_is_guarded_and_one_with_commas_is_quoted() {
    let dir = tempfile::tempdir().unwrap();
    let mut day = full_day();
    day.goal_id = Some("=HYPERLINK(\"http://x\",\"y\")".into());
    day.source_device = Some("hip, \"left\"\nside".into());
    day.goal_measure = Some("-1".into());

    write_days(dir.path(), [day.clone()], Format::Csv, created()).unwrap();
    write_days(dir.path(), [day.clone()], Format::JsonLines, created()).unwrap();

    let csv = text(dir.path(), "days.csv");
    let row = csv::Reader::from_reader(csv.as_bytes()).records().next().unwrap().unwrap();
    let read = read_back(&row);
    assert_eq!(read.goal_id.as_deref(), Some("'=HYPERLINK(\"http://x\",\"y\")"));
    assert_eq!(read.goal_measure.as_deref(), Some("'-1"));
    assert_eq!(read.source_device, day.source_device);
    assert_eq!(serde_json::from_str::<DayTotal>(text(dir.path(), "days.jsonl").trim_end()).unwrap(), day);
}

#[test]
fn the_package_knows_hash_size_key_and_types_of_the_file() {
    let dir = tempfile::tempdir().unwrap();

    let summary = write_days(dir.path(), [full_day(), empty_day()], Format::Csv, created()).unwrap();

    let csv = fs::read(dir.path().join("days.csv")).unwrap();
    let digits = Sha256::digest(&csv).into_iter().flat_map(|byte| [byte >> 4, byte & 15]);
    let hash: String = digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect();
    let package: Value = serde_json::from_str(&text(dir.path(), "datapackage.json")).unwrap();
    let file = &package["resources"][0];
    assert!(!text(dir.path(), "datapackage.json").contains("2026-11-22T03:15"), "only the manifest says when");
    assert!(text(dir.path(), "manifest.json").contains("2026-11-22T03:15"));
    assert_eq!((&file["path"], &file["bytes"]), (&json!("days.csv"), &json!(csv.len())));
    assert_eq!(file["hash"], format!("sha256:{hash}"));
    assert_eq!(file["schema"]["primaryKey"], json!(["participant_id", "local_date"]));
    let field = |name: &str| {
        let fields = file["schema"]["fields"].as_array().unwrap();
        fields.iter().find(|field| field["name"] == name).unwrap().clone()
    };
    assert_eq!(file["schema"]["fields"].as_array().unwrap().len(), DAY_COLUMNS.len());
    assert_eq!(field("total_steps")["constraints"], json!({"minimum": 0}));
    assert_eq!(field("local_date")["format"], "%Y-%m-%d");
    assert_eq!(field("data_state")["constraints"]["enum"].as_array().unwrap().len(), 5);
    assert_eq!((summary.rows, summary.sha256, summary.bytes), (2, Some(hash), u64::try_from(csv.len()).unwrap()));
    let names: Vec<_> = summary.files.iter().map(|path| path.file_name().unwrap().to_str().unwrap()).collect();
    assert_eq!(
        names,
        ["days.csv", "codebook.csv", "import.R", "import.do", "import.sps", "datapackage.json", "manifest.json"]
    );
    let codebook = text(dir.path(), "codebook.csv");
    assert_eq!(codebook.matches("\r\n").count(), DAY_COLUMNS.len() + 1);
    assert_eq!(codebook.matches('\n').count(), codebook.matches("\r\n").count());
}

#[test]
fn the_same_rows_give_the_same_bytes_and_leave_nothing_else_in_the_folder() {
    let dir = tempfile::tempdir().unwrap();
    let write = || {
        write_days(dir.path(), vec![full_day(); 300], Format::Csv, created()).unwrap();
        let mut files: Vec<_> = fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        files.into_iter().map(|path| (path.clone(), fs::read(path).unwrap())).collect::<Vec<_>>()
    };

    let (first, again) = (write(), write());

    assert_eq!((first.len(), again.len()), (7, 7));
    for ((path, before), (_, after)) in first.iter().zip(&again) {
        assert!(before == after || path.ends_with("manifest.json"), "{}", path.display());
    }
}

#[test]
fn an_export_that_breaks_off_leaves_the_old_one_in_place() {
    let dir = tempfile::tempdir().unwrap();
    write_days(dir.path(), [full_day()], Format::Csv, created()).unwrap();
    let before = text(dir.path(), "days.csv");
    let rows = (0..2000).map(|number| {
        assert!(number < 1500, "the power goes");
        full_day()
    });

    let broken = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        write_days(dir.path(), rows, Format::Csv, created()).unwrap();
    }));

    assert!(broken.is_err());
    assert!(text(dir.path(), "days.csv") == before);
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 7);
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let dir = tempfile::tempdir().unwrap();
    fs::File::create(dir.path().join("taken")).unwrap();

    let error = write_days(&dir.path().join("taken/days"), [], Format::Csv, created()).unwrap_err();

    assert!(error.to_string().contains("taken"), "{error}");
    let empty = write_days(&dir.path().join("new/days"), [], Format::Csv, created()).unwrap();
    assert_eq!(empty.rows, 0);
    assert_eq!(text(&dir.path().join("new/days"), "days.csv").lines().count(), 1);
}

#[test]
fn flags_are_one_cell_and_none_is_not_unknown() {
    let mut day = full_day();
    day.flags = Flags::default();
    let mut line = Vec::new();

    Format::JsonLines.row(&day, &mut line);

    let value: Value = serde_json::from_slice(&line).unwrap();
    assert_eq!(value["flags"], "");
}
