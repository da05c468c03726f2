//! The codebook: label, type, unit, range, codes and rule of every column, for the statistician.
//!
//! Its texts are the files `codebook*.csv` beside this one, delivered as they stand, with the
//! codes of `flags` taken over from the day table's.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use super::Table;

/// The codebook of a table as it is delivered: CSV in UTF-8, CRLF.
pub fn csv(table: Table) -> String {
    source(table).replace("\r\n", "\n").replace('\n', "\r\n")
}

/// The name under which it is delivered.
pub fn file_name(table: Table) -> &'static str {
    match table {
        Table::Days => "codebook.csv",
        Table::Weeks => "codebook_weeks.csv",
        Table::Persons => "codebook_persons.csv",
    }
}

fn source(table: Table) -> String {
    let text = match table {
        Table::Days => return include_str!("codebook.csv").to_owned(),
        Table::Weeks => include_str!("codebook_weeks.csv"),
        Table::Persons => include_str!("codebook_persons.csv"),
    };
    let flags = entries(Table::Days).iter().find(|entry| entry.name == "flags");
    text.replace("{flags}", &flags.map_or_else(String::new, |entry| entry.codes.replace('"', "\"\"")))
}

/// One column of a table, explained.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Entry {
    /// Column name: at most 32 characters, begins with a letter.
    pub name: String,
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

/// Every column of a table, in order.
///
/// # Panics
/// Never: a test reads the built-in files.
pub fn entries(table: Table) -> &'static [Entry] {
    static DAYS: LazyLock<Vec<Entry>> = LazyLock::new(|| read(Table::Days));
    static WEEKS: LazyLock<Vec<Entry>> = LazyLock::new(|| read(Table::Weeks));
    static PERSONS: LazyLock<Vec<Entry>> = LazyLock::new(|| read(Table::Persons));
    match table {
        Table::Days => &DAYS,
        Table::Weeks => &WEEKS,
        Table::Persons => &PERSONS,
    }
}

fn read(table: Table) -> Vec<Entry> {
    let text = source(table);
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    reader.deserialize().collect::<Result<_, _>>().expect("built in and read by a test")
}
