//! The codebook: label, type, unit, range, codes and rule of every column, for the statistician.
//!
//! Its texts are the files `codebook*.csv` beside this one, delivered as they stand, with the
//! codes of `flags` taken over from the day table's.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use super::{Table, columns::tells_arm};

/// The codebook of a table as it is delivered: CSV in UTF-8, CRLF.
pub fn csv(table: Table) -> String {
    csv_of(table, Arm::Shown)
}

/// [`csv`] of the columns that are there.
pub fn csv_of(table: Table, arm: Arm) -> String {
    let text = source(table);
    let lines = text.lines().filter(|line| arm.shows(line.split(',').next().unwrap_or_default()));
    lines.fold(String::new(), |csv, line| csv + line + "\r\n")
}

/// The name under which it is delivered.
pub fn file_name(table: Table) -> String {
    table.beside("codebook", "csv")
}

fn source(table: Table) -> String {
    let text = match table {
        Table::Days => return include_str!("codebook.csv").to_owned(),
        Table::Weeks => include_str!("codebook_weeks.csv"),
        Table::Persons => include_str!("codebook_persons.csv"),
        Table::Minutes => include_str!("codebook_minutes.csv"),
        Table::Raw => include_str!("codebook_raw.csv"),
        Table::Goals => include_str!("codebook_goals.csv"),
        Table::Diary => include_str!("codebook_diary.csv"),
        Table::Audit => include_str!("codebook_audit.csv"),
    };
    let flags = entries(Table::Days).iter().find(|entry| entry.name == "flags");
    text.replace("{flags}", &flags.map_or_else(String::new, |entry| entry.codes.replace('"', "\"\"")))
}

/// One column of a table, explained.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Entry {
    /// Column name: at most 32 characters, begins with a letter.
    pub name: String,
    /// The same for programs that take no more than eight characters (SAS transport files).
    pub short_name: String,
    /// Short label.
    pub label: String,
    /// What the cells hold.
    #[serde(rename = "type")]
    pub kind: Kind,
    /// Unit; empty where there is none.
    pub unit: String,
    /// Smallest value allowed.
    pub minimum: Option<i64>,
    /// Largest value allowed.
    pub maximum: Option<i64>,
    /// Allowed codes, `code=meaning` joined by `|`; empty where any value is allowed.
    pub codes: String,
    /// When the cell is empty; `never` for cells that always hold a value.
    pub empty_when: String,
    /// How the value comes about, with sources.
    pub rule: String,
}

/// Types of a cell, by their names in a Data Package.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Text.
    String,
    /// Whole number.
    Integer,
    /// Number with decimals.
    Number,
    /// `1` or `0`.
    Boolean,
    /// `YYYY-MM-DD`.
    Date,
    /// `YYYY-MM-DDTHH:MM:SSZ`.
    Datetime,
}

impl Entry {
    /// Code and meaning of every allowed code.
    pub fn codes(&self) -> impl Iterator<Item = (&str, &str)> {
        self.codes.split('|').filter_map(|code| code.split_once('='))
    }

    /// Whether every row holds a value.
    pub fn required(&self) -> bool {
        self.empty_when == "never"
    }
}

/// Whether columns that tell who has a goal are there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arm {
    /// They are.
    Shown,
    /// They are not: they would tell the arm of a blinded study.
    KeptBack,
}

impl Arm {
    /// Whether a column is there.
    pub fn shows(self, column: &str) -> bool {
        self == Self::Shown || !tells_arm(column)
    }
}

/// Every column of a table, in order.
///
/// # Panics
/// Never: a test reads the built-in files.
pub fn entries(table: Table) -> &'static [Entry] {
    static BOOKS: [LazyLock<Vec<Entry>>; 8] = [
        LazyLock::new(|| read(Table::Days)),
        LazyLock::new(|| read(Table::Weeks)),
        LazyLock::new(|| read(Table::Persons)),
        LazyLock::new(|| read(Table::Minutes)),
        LazyLock::new(|| read(Table::Raw)),
        LazyLock::new(|| read(Table::Goals)),
        LazyLock::new(|| read(Table::Diary)),
        LazyLock::new(|| read(Table::Audit)),
    ];
    let [days, weeks, persons, minutes, raw, goals, diary, audit] = &BOOKS;
    match table {
        Table::Days => days,
        Table::Weeks => weeks,
        Table::Persons => persons,
        Table::Minutes => minutes,
        Table::Raw => raw,
        Table::Goals => goals,
        Table::Diary => diary,
        Table::Audit => audit,
    }
}

/// The columns of a table that are there, in order.
pub fn shown(table: Table, arm: Arm) -> Vec<Entry> {
    entries(table).iter().filter(|entry| arm.shows(&entry.name)).cloned().collect()
}

fn read(table: Table) -> Vec<Entry> {
    let text = source(table);
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    reader.deserialize().collect::<Result<_, _>>().expect("built in and read by a test")
}
