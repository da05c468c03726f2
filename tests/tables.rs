//! The tables of weeks and persons as files, and all three as Parquet: explained to the last column, the same
//! values in every form.

use std::{collections::BTreeMap, fs::File, path::Path};

use brisk::{
    aggregate::{PersonBuilder, WeekBuilder, WeekPlan},
    export::{
        Format, Row, Table, TableWriter,
        codebook::{self, Kind},
        columns::{Cell, Column, DAY_COLUMNS, PERSON_COLUMNS, WEEK_COLUMNS},
        write_days, write_persons, write_weeks,
    },
    model::{DayTotal, Flag, GoalState, PersonTotal, WeekTotal},
};
use chrono::{DateTime, Datelike, Days, NaiveDate, Utc};
use parquet::{
    basic::{ConvertedType, Repetition, Type as Physical},
    data_type::AsBytes,
    file::reader::{FileReader, SerializedFileReader},
    record::Field,
    schema::parser::parse_message_type,
};
use serde_json::Value;

/// The tables that are computed from days.
const OF_DAYS: [Table; 3] = [Table::Days, Table::Weeks, Table::Persons];

fn created() -> DateTime<Utc> {
    "2026-11-22T03:15:00Z".parse().unwrap()
}

fn day(participant: &str, date: NaiveDate) -> DayTotal {
    // What is not named here is unknown.
    let values = r#"{
        "participant_id": "p", "local_date": "2026-01-01", "day_index": 1, "weekday": 1, "tz": "Europe/Oslo",
        "tz_offset_min": 60, "day_len_min": 1440, "minutes_recorded": 1440, "epoch_seconds_max": 60,
        "data_state": "measured", "total_steps": 8000, "steps_lower": 8000, "steps_upper": 8000, "m_0": 1300,
        "brisk_threshold": 100, "brisk_min": 20, "brisk_lower": 20, "brisk_upper": 20, "leisure_brisk_min": 20,
        "vigorous_min": 5, "bout_min": 12, "bout_count": 1, "longest_bout_min": 12, "peak1_spm": 140.0,
        "peak30_spm": 101.4667, "peak60_spm": 80.25, "wear60_min": 800, "wear_method": "zero60", "wear_min": 800,
        "hours_with_steps": 14, "valid60": true, "valid_day": true, "goal_state": "no_goal", "flags": "",
        "rules": "brisk/1", "rules_hash": "0123456789abcdef", "software": "brisk 0.1.0",
        "computed_at": "2026-11-21T03:09:58.75Z", "revision": 1
    }"#;
    let day: DayTotal = serde_json::from_str(values).unwrap();
    DayTotal {
        participant_id: participant.parse().unwrap(),
        local_date: date,
        weekday: date.weekday().number_from_monday().try_into().unwrap(),
        ..day
    }
}

/// Three people with days of every kind: measured, partly, not synced, still, flagged, with a goal.
fn days() -> Vec<DayTotal> {
    let mut days = Vec::new();
    for (person, first) in [("P-1", "2026-01-03"), ("P-2", "2026-02-28"), ("P-3", "2026-10-20")] {
        let first: NaiveDate = first.parse().unwrap();
        for number in 0..40_u32 {
            let mut day = day(person, first + Days::new(number.into()));
            let turn = (number * 7 + u32::try_from(person.len()).unwrap() * 3 + first.day()) % 11;
            // Three weeks without a gap, the middle one with much walking.
            let turn = if (14..35).contains(&number) { 1 + turn % 3 } else { turn };
            let brisk = turn * if (21..28).contains(&number) { 20 } else { 3 };
            day.day_index = i32::try_from(number + 1).unwrap();
            day.total_steps = Some(2_000 + number * 211 + turn * 97);
            (day.brisk_min, day.brisk_lower, day.brisk_upper) = (Some(brisk), Some(brisk), Some(brisk));
            (day.leisure_brisk_min, day.bout_min) = (Some(turn * 2), Some(turn));
            day.vigorous_min = Some(turn / 2);
            day.goal_state = [GoalState::Met, GoalState::NotMet, GoalState::CannotTell, GoalState::NoGoal]
                [usize::try_from(turn % 4).unwrap()];
            if turn == 0 {
                let empty = r#""data_state": "not_synced", "minutes_recorded": 0"#;
                let text = format!(
                    r#"{{"participant_id": "{person}", "local_date": "{}", "day_index": {}, "weekday": {},
                        "day_len_min": 1440, {empty}, "brisk_threshold": 100, "goal_state": "no_goal", "flags": "",
                        "rules": "brisk/1", "rules_hash": "0123456789abcdef", "software": "brisk 0.1.0", "revision": 1}}"#,
                    day.local_date, day.day_index, day.weekday
                );
                day = serde_json::from_str(&text).unwrap();
            }
            if turn == 5 {
                (day.valid_day, day.minutes_recorded) = (Some(false), 300);
                day.flags.0.extend([Flag::PartialDay, Flag::Conflict]);
                day.source_device = Some("=hip, \"left\"".into());
            }
            days.push(day);
        }
    }
    days
}

fn plan(person: &str) -> WeekPlan {
    match person {
        "P-1" => WeekPlan::Enrolment("2026-01-08".parse().unwrap()),
        "P-2" => WeekPlan::Calendar,
        _ => WeekPlan::FirstDay,
    }
}

fn by_person(days: &[DayTotal]) -> BTreeMap<String, Vec<&DayTotal>> {
    let mut people: BTreeMap<String, Vec<&DayTotal>> = BTreeMap::new();
    for day in days {
        people.entry(day.participant_id.as_str().to_owned()).or_default().push(day);
    }
    people
}

fn weeks(days: &[DayTotal]) -> Vec<WeekTotal> {
    let people = by_person(days);
    let of_one = |(person, days): (&String, &Vec<&DayTotal>)| {
        let mut builder = WeekBuilder::new(plan(person));
        let mut weeks: Vec<_> = days.iter().filter_map(|day| builder.add(day)).collect();
        weeks.extend(builder.finish());
        weeks
    };
    people.iter().flat_map(of_one).collect()
}

fn persons(days: &[DayTotal]) -> Vec<PersonTotal> {
    let people = by_person(days);
    let of_one = |(person, days): (&String, &Vec<&DayTotal>)| {
        let mut builder = PersonBuilder::new(plan(person));
        for day in days {
            builder.add(day);
        }
        builder.finish()
    };
    people.iter().filter_map(of_one).collect()
}

fn fields_of(row: &impl serde::Serialize) -> Vec<String> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.serialize(row).unwrap();
    let csv = String::from_utf8(writer.into_inner().unwrap()).unwrap();
    csv.lines().next().unwrap().split(',').map(str::to_owned).collect()
}

fn names<R>(columns: &[Column<R>]) -> Vec<String> {
    columns.iter().map(|(name, _)| (*name).to_owned()).collect()
}

#[test]
fn columns_and_codebooks_are_the_fields_of_a_row_in_their_order() {
    let days = days();
    for (table, columns, fields) in [
        (Table::Weeks, names(&WEEK_COLUMNS), fields_of(&weeks(&days)[0])),
        (Table::Persons, names(&PERSON_COLUMNS), fields_of(&persons(&days)[0])),
    ] {
        assert_eq!(columns, fields);
        assert_eq!(table.column_names(), fields);
        let entries = codebook::entries(table);
        assert_eq!(entries.iter().map(|entry| entry.name.clone()).collect::<Vec<_>>(), fields);
        for entry in entries {
            let name = &entry.name;
            assert!(name.len() <= 32 && name.starts_with(|c: char| c.is_ascii_lowercase()), "{name}");
            assert!(!entry.label.is_empty() && !entry.empty_when.is_empty(), "{name} is not explained");
            assert!(!entry.rule.is_empty() || !entry.codes.is_empty(), "{name} is not explained");
            assert_eq!(entry.codes().count(), entry.codes.split('|').filter(|code| !code.is_empty()).count(), "{name}");
        }
        let flags = |table| codebook::entries(table).iter().find(|entry| entry.name == "flags").unwrap().codes.clone();
        assert_eq!(flags(table), flags(Table::Days));
        assert!(codebook::csv(table).lines().count() == fields.len() + 1);
    }
}

fn assert_cells_fit<R>(table: Table, columns: &[Column<R>], rows: &[R]) {
    for row in rows {
        for ((name, cell), entry) in columns.iter().zip(codebook::entries(table)) {
            let cell = cell(row);
            #[expect(clippy::cast_precision_loss, reason = "bounds are small")]
            let within = |value: f64| {
                entry.minimum.is_none_or(|least| least as f64 <= value)
                    && entry.maximum.is_none_or(|most| value <= most as f64)
            };
            let fits = match (&cell, entry.kind) {
                (Cell::Missing, _) => !entry.required(),
                #[expect(clippy::cast_precision_loss, reason = "values of the test are small")]
                (Cell::Integer(value), Kind::Integer) => within(*value as f64),
                (Cell::Number(value), Kind::Number) => within(*value),
                (Cell::Text(text), Kind::String) if !entry.codes.is_empty() => {
                    text.split(';').all(|one| entry.codes().any(|(code, _)| code == one))
                }
                (Cell::Boolean(_), Kind::Boolean)
                | (Cell::Date(_), Kind::Date)
                | (Cell::Stamp(_), Kind::Datetime)
                | (Cell::Text(_) | Cell::Free(_), Kind::String) => true,
                _ => false,
            };
            assert!(fits, "{name} holds {cell:?}");
        }
    }
}

#[test]
fn every_cell_is_of_the_type_and_in_the_range_that_the_codebook_gives() {
    let days = days();

    assert_cells_fit(Table::Weeks, &WEEK_COLUMNS, &weeks(&days));
    assert_cells_fit(Table::Persons, &PERSON_COLUMNS, &persons(&days));
}

/// Writes all tables in all forms, with their codebooks and packages.
fn write_all(dir: &Path) {
    let days = days();
    for format in [Format::Csv, Format::JsonLines, Format::Parquet] {
        write_days(dir, days.clone(), format, created()).unwrap();
        write_weeks(dir, weeks(&days), format, created()).unwrap();
        write_persons(dir, persons(&days), format, created()).unwrap();
    }
}

/// Writes the files that `tests/export_tables.py` reads with foreign programs; see `tests/tables.sh`.
#[test]
fn the_three_tables_stand_in_a_folder_in_every_form() {
    let temporary = tempfile::tempdir().unwrap();
    let asked = std::env::var_os("BRISK_TABLES_DIR").map(std::path::PathBuf::from);
    let dir = asked.as_deref().unwrap_or(temporary.path());

    write_all(dir);

    let mut found: Vec<_> =
        std::fs::read_dir(dir).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    found.sort();
    let mut wanted = Vec::new();
    for (table, end) in [("days", ""), ("persons", "_persons"), ("weeks", "_weeks")] {
        wanted.extend(["csv", "jsonl", "parquet"].map(|form| format!("{table}.{form}")));
        wanted.extend(["R", "do", "sps"].map(|script| format!("import{end}.{script}")));
        wanted.extend(["", "jsonl.", "parquet."].map(|form| format!("datapackage{end}.{form}json")));
        wanted.push(format!("codebook{end}.csv"));
    }
    wanted.push("manifest.json".to_owned());
    wanted.sort();
    assert_eq!(found, wanted);
}

fn in_json(row: &parquet::record::Row) -> BTreeMap<String, Value> {
    let value = |field: &Field| match field {
        Field::Null => Value::Null,
        Field::Bool(value) => (*value).into(),
        Field::Int(value) => (*value).into(),
        Field::Long(value) => (*value).into(),
        Field::Double(value) => (*value).into(),
        Field::Str(text) => text.as_str().into(),
        Field::Date(days) => (NaiveDate::default() + Days::new(u64::try_from(*days).unwrap())).to_string().into(),
        Field::TimestampMillis(at) => {
            let at = DateTime::from_timestamp_millis(*at).unwrap();
            at.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true).into()
        }
        other => panic!("a type that no table has: {other:?}"),
    };
    row.get_column_iter().map(|(name, field)| (name.clone(), value(field))).collect()
}

#[test]
fn parquet_holds_the_values_of_json_lines_and_null_is_not_zero() {
    let dir = tempfile::tempdir().unwrap();
    write_all(dir.path());

    for table in OF_DAYS {
        let path = |form: &str| dir.path().join(format!("{}.{form}", table.name()));
        let reader = SerializedFileReader::new(File::open(path("parquet")).unwrap()).unwrap();
        let rows: Vec<_> = reader.get_row_iter(None).unwrap().map(|row| in_json(&row.unwrap())).collect();
        let lines = std::fs::read_to_string(path("jsonl")).unwrap();
        let wanted: Vec<BTreeMap<String, Value>> =
            lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();

        assert_eq!(rows.len(), wanted.len());
        for (row, wanted) in rows.iter().zip(&wanted) {
            for (name, value) in wanted {
                let same = match (value.as_f64(), row[name].as_f64()) {
                    (Some(one), Some(other)) => one.to_bits() == other.to_bits(),
                    _ => *value == row[name],
                };
                assert!(same, "{name}: {value} in JSON, {} in Parquet", row[name]);
            }
        }
    }
}

#[test]
fn the_schema_has_the_types_of_the_codebook_and_only_keys_are_required() {
    let dir = tempfile::tempdir().unwrap();
    write_all(dir.path());

    for table in OF_DAYS {
        let path = dir.path().join(format!("{}.parquet", table.name()));
        let reader = SerializedFileReader::new(File::open(path).unwrap()).unwrap();
        let schema = reader.metadata().file_metadata().schema();
        for (field, entry) in schema.get_fields().iter().zip(codebook::entries(table)) {
            let types = (field.get_physical_type(), field.get_basic_info().converted_type());
            let wanted = match entry.kind {
                Kind::String => (Physical::BYTE_ARRAY, ConvertedType::UTF8),
                Kind::Integer if entry.unit == "steps" => (Physical::INT64, ConvertedType::NONE),
                Kind::Integer if entry.name.starts_with("goal_") => (Physical::INT64, ConvertedType::NONE),
                Kind::Integer => (Physical::INT32, ConvertedType::NONE),
                Kind::Number => (Physical::DOUBLE, ConvertedType::NONE),
                Kind::Boolean => (Physical::BOOLEAN, ConvertedType::NONE),
                Kind::Date => (Physical::INT32, ConvertedType::DATE),
                Kind::Datetime => (Physical::INT64, ConvertedType::TIMESTAMP_MILLIS),
            };
            assert_eq!((field.name(), types), (entry.name.as_str(), wanted));
            let required = field.get_basic_info().repetition() == Repetition::REQUIRED;
            assert_eq!(required, table.key().contains(&field.name()), "{}", field.name());
        }
        assert_eq!(schema.get_fields().len(), codebook::entries(table).len());
    }
}

fn metadata_of(bytes: Vec<u8>) -> BTreeMap<String, String> {
    let reader = SerializedFileReader::new(bytes::Bytes::from(bytes)).unwrap();
    let pairs = reader.metadata().file_metadata().key_value_metadata().unwrap();
    pairs.iter().map(|pair| (pair.key.clone(), pair.value.clone().unwrap())).collect()
}

#[test]
fn a_parquet_file_says_itself_what_made_it() {
    let given = [("input".to_owned(), "minutes.csv sha256:00ff".to_owned())];
    let mut writer = TableWriter::new(Table::Days, Format::Parquet, Vec::new(), &given).unwrap();
    writer.row(Row::Day(&day("P-1", "2026-01-01".parse().unwrap()))).unwrap();
    let bytes = writer.finish().unwrap();

    let metadata = metadata_of(bytes);

    assert_eq!(metadata["input"], "minutes.csv sha256:00ff");
    assert_eq!((metadata["rules"].as_str(), metadata["rules_hash"].as_str()), ("brisk/1", "0123456789abcdef"));
    assert!(metadata["software"].starts_with("brisk ") && metadata["table"] == "days");
    let codebook: Vec<codebook::Entry> = serde_json::from_str(&metadata["codebook"]).unwrap();
    assert_eq!(codebook.len(), DAY_COLUMNS.len());
    let empty = TableWriter::new(Table::Weeks, Format::Parquet, Vec::new(), &[]).unwrap().finish().unwrap();
    assert_eq!(metadata_of(empty)["table"], "weeks");
}

#[test]
fn rows_go_to_the_file_in_groups_of_bounded_size() {
    let mut writer = TableWriter::new(Table::Days, Format::Parquet, Vec::new(), &[]).unwrap();
    let first: NaiveDate = "1980-01-01".parse().unwrap();
    let mut row = day("P-1", first);
    for number in 0..33_000_u32 {
        row.local_date = first + Days::new((number % 10_000).into());
        row.participant_id = format!("P-{}", number / 10_000).parse().unwrap();
        row.total_steps = Some(number);
        writer.row(Row::Day(&row)).unwrap();
    }
    let bytes = bytes::Bytes::from(writer.finish().unwrap());

    let reader = SerializedFileReader::new(bytes.clone()).unwrap();
    let groups: Vec<_> =
        reader.metadata().row_groups().iter().map(parquet::file::metadata::RowGroupMetaData::num_rows).collect();

    assert_eq!(groups.iter().sum::<i64>(), 33_000);
    assert!(groups.iter().all(|&rows| rows <= 20_000), "{groups:?}");
    let only_steps = parse_message_type("message days { OPTIONAL INT64 total_steps; }").unwrap();
    let steps = reader
        .get_row_iter(Some(only_steps))
        .unwrap()
        .map(|row| in_json(&row.unwrap())["total_steps"].as_u64().unwrap());
    assert!(steps.eq(0..33_000));
    assert_eq!(&bytes.as_bytes()[..4], b"PAR1");
}

#[test]
fn a_counter_that_claims_the_most_steps_it_can_is_written_as_it_says() {
    let mut row = day("P-1", "2026-01-01".parse().unwrap());
    row.device_day_steps = Some(u32::MAX);
    let mut writer = TableWriter::new(Table::Days, Format::Parquet, Vec::new(), &[]).unwrap();
    writer.row(Row::Day(&row)).unwrap();
    let bytes = bytes::Bytes::from(writer.finish().unwrap());

    let reader = SerializedFileReader::new(bytes).unwrap();

    let read = in_json(&reader.get_row_iter(None).unwrap().next().unwrap().unwrap());
    assert_eq!(read["device_day_steps"], u32::MAX);
}

#[test]
fn a_value_that_no_cell_can_hold_is_named_and_not_bent() {
    let mut row = day("P-1", "2026-01-01".parse().unwrap());
    row.revision = u32::MAX;
    let mut writer = TableWriter::new(Table::Days, Format::Parquet, Vec::new(), &[]).unwrap();

    let error = writer.row(Row::Day(&row)).unwrap_err();

    assert!(error.to_string().contains("revision"), "{error}");
}

#[test]
fn a_row_of_another_table_is_refused() {
    for format in [Format::Csv, Format::JsonLines, Format::Parquet] {
        let mut writer = TableWriter::new(Table::Weeks, format, Vec::new(), &[]).unwrap();

        let error = writer.row(Row::Day(&day("P-1", "2026-01-01".parse().unwrap()))).unwrap_err();

        assert!(error.to_string().contains("days"), "{error}");
    }
}

#[test]
fn weeks_and_persons_read_back_from_json_lines_as_they_were_written() {
    let dir = tempfile::tempdir().unwrap();
    write_all(dir.path());
    let text = |name: &str| std::fs::read_to_string(dir.path().join(name)).unwrap();

    let read_weeks: Vec<WeekTotal> =
        text("weeks.jsonl").lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let read_persons: Vec<PersonTotal> =
        text("persons.jsonl").lines().map(|line| serde_json::from_str(line).unwrap()).collect();

    let whole_seconds = |at: Option<DateTime<Utc>>| at.and_then(|at| DateTime::from_timestamp(at.timestamp(), 0));
    let mut wanted = weeks(&days());
    for week in &mut wanted {
        week.computed_at = whole_seconds(week.computed_at);
    }
    assert_eq!(read_weeks, wanted);
    assert_eq!(read_persons.len(), 3);
    assert_eq!(text("weeks.csv").lines().count(), wanted.len() + 1);
}
