//! The cells of a day's row, one line per column: the table behind CSV and JSON Lines.

use std::{borrow::Cow, io::Write};

use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};

use crate::model::{DataState, DayTotal, GoalState, WearMethod};

/// One value of a row.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell<'a> {
    /// Unknown or not applicable; never zero.
    Missing,
    /// A whole number.
    Integer(i64),
    /// A number with at most four decimals.
    Number(f64),
    /// Yes or no.
    Boolean(bool),
    /// A text that the program or a closed list made.
    Text(Cow<'a, str>),
    /// A text that a person may have written.
    Free(&'a str),
    /// A calendar day.
    Date(NaiveDate),
    /// A moment; whole seconds are written.
    Stamp(DateTime<Utc>),
}

/// Finds a column's value in a row.
pub type CellOf = for<'a> fn(&'a DayTotal) -> Cell<'a>;

/// Name and value of every column, in the order of [`DayTotal`]'s fields.
pub const COLUMNS: [(&str, CellOf); 57] = [
    ("participant_id", |day| text(day.participant_id.as_str())),
    ("local_date", |day| Cell::Date(day.local_date)),
    ("day_index", |day| Cell::Integer(day.day_index.into())),
    ("weekday", |day| Cell::Integer(day.weekday.into())),
    ("tz", |day| day.tz.as_deref().map_or(Cell::Missing, text)),
    ("tz_offset_min", |day| integer(day.tz_offset_min)),
    ("day_len_min", |day| Cell::Integer(day.day_len_min.into())),
    ("minutes_recorded", |day| Cell::Integer(day.minutes_recorded.into())),
    ("epoch_seconds_max", |day| integer(day.epoch_seconds_max)),
    ("data_state", |day| text(data_state(day.data_state))),
    ("total_steps", |day| integer(day.total_steps)),
    ("device_day_steps", |day| integer(day.device_day_steps)),
    ("steps_lower", |day| integer(day.steps_lower)),
    ("steps_upper", |day| integer(day.steps_upper)),
    ("m_0", |day| integer(day.m_0)),
    ("m_1_19", |day| integer(day.m_1_19)),
    ("m_20_39", |day| integer(day.m_20_39)),
    ("m_40_59", |day| integer(day.m_40_59)),
    ("m_60_79", |day| integer(day.m_60_79)),
    ("m_80_99", |day| integer(day.m_80_99)),
    ("m_100_119", |day| integer(day.m_100_119)),
    ("m_120p", |day| integer(day.m_120p)),
    ("brisk_threshold", |day| Cell::Integer(day.brisk_threshold.into())),
    ("brisk_min", |day| integer(day.brisk_min)),
    ("brisk_lower", |day| integer(day.brisk_lower)),
    ("brisk_upper", |day| integer(day.brisk_upper)),
    ("leisure_brisk_min", |day| integer(day.leisure_brisk_min)),
    ("work_brisk_min", |day| integer(day.work_brisk_min)),
    ("vigorous_min", |day| integer(day.vigorous_min)),
    ("bout_min", |day| integer(day.bout_min)),
    ("bout_count", |day| integer(day.bout_count)),
    ("longest_bout_min", |day| integer(day.longest_bout_min)),
    ("peak1_spm", |day| number(day.peak1_spm)),
    ("peak30_spm", |day| number(day.peak30_spm)),
    ("peak60_spm", |day| number(day.peak60_spm)),
    ("met_min_floor", |day| integer(day.met_min_floor)),
    ("wear60_min", |day| integer(day.wear60_min)),
    ("wear90_min", |day| integer(day.wear90_min)),
    ("wear_method", |day| day.wear_method.map_or(Cell::Missing, |method| text(wear_method(method)))),
    ("wear_min", |day| integer(day.wear_min)),
    ("hours_with_steps", |day| integer(day.hours_with_steps)),
    ("valid60", |day| boolean(day.valid60)),
    ("valid90", |day| boolean(day.valid90)),
    ("valid_day", |day| boolean(day.valid_day)),
    ("diary_min", |day| integer(day.diary_min)),
    ("goal_id", |day| free(day.goal_id.as_deref())),
    ("goal_measure", |day| free(day.goal_measure.as_deref())),
    ("goal_target", |day| integer(day.goal_target)),
    ("goal_done", |day| integer(day.goal_done)),
    ("goal_state", |day| text(goal_state(day.goal_state))),
    ("source_device", |day| free(day.source_device.as_deref())),
    ("flags", |day| {
        if day.flags.0.is_empty() {
            return Cell::Missing;
        }
        Cell::Text(String::from(day.flags.clone()).into())
    }),
    ("rules", |day| free(Some(&day.rules))),
    ("rules_hash", |day| text(&day.rules_hash)),
    ("software", |day| text(&day.software)),
    ("computed_at", |day| day.computed_at.map_or(Cell::Missing, Cell::Stamp)),
    ("revision", |day| Cell::Integer(day.revision.into())),
];

fn text(text: &str) -> Cell<'_> {
    Cell::Text(text.into())
}

fn free(text: Option<&str>) -> Cell<'_> {
    text.filter(|text| !text.is_empty()).map_or(Cell::Missing, Cell::Free)
}

fn integer<'a>(number: Option<impl Into<i64>>) -> Cell<'a> {
    number.map_or(Cell::Missing, |number| Cell::Integer(number.into()))
}

fn number<'a>(number: Option<f64>) -> Cell<'a> {
    number.map_or(Cell::Missing, Cell::Number)
}

fn boolean<'a>(value: Option<bool>) -> Cell<'a> {
    value.map_or(Cell::Missing, Cell::Boolean)
}

/// The code that stands in exports.
pub fn data_state(state: DataState) -> &'static str {
    match state {
        DataState::Measured => "measured",
        DataState::PartlyMeasured => "partly_measured",
        DataState::NotWorn => "not_worn",
        DataState::NotSynced => "not_synced",
        DataState::CannotTell => "cannot_tell",
    }
}

/// The code that stands in exports.
pub fn goal_state(state: GoalState) -> &'static str {
    match state {
        GoalState::Met => "met",
        GoalState::NotMet => "not_met",
        GoalState::CannotTell => "cannot_tell",
        GoalState::NoGoal => "no_goal",
        GoalState::Paused => "paused",
        GoalState::Excused => "excused",
    }
}

/// The code that stands in exports.
pub fn wear_method(method: WearMethod) -> &'static str {
    match method {
        WearMethod::Device => "device",
        WearMethod::Zero60 => "zero60",
        WearMethod::Zero90 => "zero90",
        WearMethod::Zero120 => "zero120",
        WearMethod::Choi => "choi",
        WearMethod::HoursWithSteps => "hours_with_steps",
        WearMethod::HeartRate => "heart_rate",
    }
}

/// Adds the CSV header line.
pub fn csv_header(out: &mut Vec<u8>) {
    let names = COLUMNS.map(|(name, _)| name);
    out.extend_from_slice(names.join(",").as_bytes());
    out.extend_from_slice(b"\r\n");
}

/// Adds a row as a line of CSV.
pub fn csv_row(day: &DayTotal, out: &mut Vec<u8>) {
    for (index, (_, cell)) in COLUMNS.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        match cell(day) {
            Cell::Missing => {}
            Cell::Integer(number) => print(out, format_args!("{number}")),
            Cell::Number(number) => print(out, format_args!("{number}")),
            Cell::Boolean(value) => out.push(if value { b'1' } else { b'0' }),
            Cell::Text(text) => csv_text(&text, out),
            Cell::Free(text) if text.starts_with(['=', '+', '-', '@', '\t', '\r']) => {
                csv_text(&format!("'{text}"), out);
            }
            Cell::Free(text) => csv_text(text, out),
            Cell::Date(date) => print(out, format_args!("{date}")),
            Cell::Stamp(at) => out.extend_from_slice(at.to_rfc3339_opts(SecondsFormat::Secs, true).as_bytes()),
        }
    }
    out.extend_from_slice(b"\r\n");
}

/// Adds a row as a line of JSON.
pub fn json_row(day: &DayTotal, out: &mut Vec<u8>) {
    for (index, (name, cell)) in COLUMNS.iter().enumerate() {
        out.push(if index == 0 { b'{' } else { b',' });
        print(out, format_args!("\"{name}\":"));
        match cell(day) {
            // Flags are a list: none of them is the empty list, not an unknown one.
            Cell::Missing if *name == "flags" => out.extend_from_slice(b"\"\""),
            Cell::Missing => out.extend_from_slice(b"null"),
            Cell::Integer(number) => print(out, format_args!("{number}")),
            Cell::Number(number) => print(out, format_args!("{number}")),
            Cell::Boolean(value) => print(out, format_args!("{value}")),
            Cell::Text(text) => json_text(&text, out),
            Cell::Free(text) => json_text(text, out),
            Cell::Date(date) => print(out, format_args!("\"{date}\"")),
            Cell::Stamp(at) => json_text(&at.to_rfc3339_opts(SecondsFormat::Secs, true), out),
        }
    }
    out.extend_from_slice(b"}\n");
}

fn print(out: &mut Vec<u8>, text: std::fmt::Arguments<'_>) {
    out.write_fmt(text).expect("a Vec takes every byte");
}

fn csv_text(text: &str, out: &mut Vec<u8>) {
    if text.contains([',', '"', '\r', '\n']) {
        print(out, format_args!("\"{}\"", text.replace('"', "\"\"")));
    } else {
        out.extend_from_slice(text.as_bytes());
    }
}

fn json_text(text: &str, out: &mut Vec<u8>) {
    serde_json::to_writer(out, text).expect("a Vec takes every byte, and a text is always JSON");
}
