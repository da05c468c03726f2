//! The codebook: label, type, unit, range, codes and rule of every column, for the statistician.
//!
//! Its text is the file `codebook.csv` beside this one, delivered as it stands.

use std::sync::LazyLock;

use serde::Deserialize;

/// The codebook as it is delivered: CSV in UTF-8, CRLF.
pub fn csv() -> String {
    include_str!("codebook.csv").replace("\r\n", "\n").replace('\n', "\r\n")
}

/// One column of the day table, explained.
#[derive(Clone, Debug, Deserialize)]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
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

/// Every column, in order.
///
/// # Panics
/// Never: a test reads the built-in file.
pub fn entries() -> &'static [Entry] {
    static ENTRIES: LazyLock<Vec<Entry>> = LazyLock::new(|| {
        let mut reader = csv::Reader::from_reader(include_str!("codebook.csv").as_bytes());
        reader.deserialize().collect::<Result<_, _>>().expect("built in and read by a test")
    });
    &ENTRIES
}
