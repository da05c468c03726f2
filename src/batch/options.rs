//! What a batch run is asked to do.

use std::{
    path::{Path, PathBuf},
    str::FromStr,
};

use chrono::{DateTime, Utc};

use super::{device_days::DeviceDays, participants::Participants};
use crate::{
    export::Format,
    model::Rules,
    time::{Calendar, Zone},
};

/// What to read, and how to turn it into days.
#[derive(Clone, Debug)]
pub struct BatchOptions {
    /// CSV or Parquet files, plain or packed by gzip or zstd; `-` is standard input.
    pub inputs: Vec<PathBuf>,
    /// Names of the columns.
    pub columns: ColumnMap,
    /// What the values are.
    pub kind: Kind,
    /// Length of the epochs, seconds: parts of a minute, a minute, or up to an hour; none: as most rows are apart.
    pub epoch_s: Option<i64>,
    /// How instants become days; participants may have their own.
    pub calendar: Calendar,
    /// What stamps are.
    pub stamps: StampClock,
    /// What is known of participants.
    pub participants: Option<Participants>,
    /// What counters told of whole days.
    pub device_days: Option<DeviceDays>,
    /// Size of the field of a running counter, such as 65536; none: a smaller reading is a restart.
    pub wraps_at: Option<u64>,
    /// Thresholds.
    pub rules: Rules,
    /// Steps from which a minute is brisk, where a participant has no own threshold.
    pub brisk_threshold: u16,
    /// Form of the day table.
    pub format: Format,
    /// What is made beside it.
    pub tables: Tables,
    /// What a row that cannot be read does.
    pub on_bad_row: OnBadRow,
    /// How many rejected rows and conflicts are named in the summary; all are counted.
    pub keep_rejected: usize,
    /// How files are identified in what is said about a run.
    pub hash: Hash,
    /// Threads that read.
    pub threads: usize,
    /// The moment that stands in every row.
    pub computed_at: Option<DateTime<Utc>>,
}

/// What is made beside the day table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tables {
    /// Form of the week table.
    pub weeks: Option<Format>,
    /// Form of the person table.
    pub persons: Option<Format>,
    /// Weeks are calendar weeks, not weeks from enrolment or the first day.
    pub calendar_weeks: bool,
    /// The page with pictures.
    pub report: bool,
}

impl BatchOptions {
    /// Steps, stamps as they stand, the built-in rules, plain CSV, bad rows left out, one thread.
    pub fn of(inputs: Vec<PathBuf>) -> Self {
        let rules = Rules::brisk_1();
        Self {
            inputs,
            columns: ColumnMap::default(),
            kind: Kind::Steps,
            epoch_s: None,
            calendar: Calendar::midnight(Zone::AS_IT_STANDS),
            stamps: StampClock::AsTheyStand,
            participants: None,
            device_days: None,
            wraps_at: None,
            brisk_threshold: rules.brisk_spm,
            rules,
            format: Format::Csv,
            tables: Tables::default(),
            on_bad_row: OnBadRow::Skip,
            keep_rejected: 20,
            hash: Hash::Blake3,
            threads: 1,
            computed_at: None,
        }
    }

    /// UTC stamps become days of this zone.
    #[must_use]
    pub fn in_zone(mut self, zone: Zone) -> Self {
        self.calendar = Calendar::midnight(zone);
        self.stamps = StampClock::Utc;
        self
    }
}

/// How files are identified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hash {
    /// BLAKE3, four times as fast as SHA-256.
    Blake3,
    /// SHA-256.
    Sha256,
    /// Not at all.
    None,
}

/// What the values of the steps' column are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Steps in an epoch.
    Steps,
    /// What a running counter shows at a moment.
    Counter,
}

/// What stamps are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StampClock {
    /// They are taken as they are written, and offsets in them are passed over.
    AsTheyStand,
    /// They are instants; without an offset they are UTC.
    Utc,
    /// A wall clock's in the participant's zone; offsets in them are passed over. In the hour that an autumn night has
    /// twice they are the first until that has passed, then the second.
    Local,
}

/// The form that a file's name asks for, and whether it is packed by gzip: JSON Lines for `.jsonl` and `.ndjson`,
/// Parquet for `.parquet`, else CSV; packed when it ends in `.gz`.
pub fn form_of(path: &Path) -> (Format, Packing) {
    let name = path.to_string_lossy().to_ascii_lowercase();
    let (name, packing) = match name.strip_suffix(".gz") {
        Some(inner) => (inner, Packing::Gzip),
        None => (name.as_str(), Packing::Plain),
    };
    let format = match name.rsplit_once('.').map(|(_, end)| end) {
        Some("jsonl" | "ndjson") => Format::JsonLines,
        Some("parquet") => Format::Parquet,
        Some(_) | None => Format::Csv,
    };
    (format, packing)
}

/// Whether output is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packing {
    /// As it is.
    Plain,
    /// By gzip, without a name or time in it: the same rows give the same bytes.
    Gzip,
}

/// What a row that cannot be read does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnBadRow {
    /// It is left out, counted and named; the rest goes on.
    Skip,
    /// It ends the run with an error, and nothing is written.
    Stop,
}

/// Names of the columns in the input's header; upper and lower case are one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnMap {
    /// Column of the pseudonym; [`ColumnMap::FILE_NAME`] where the file's name up to its first dot is it.
    pub participant_id: String,
    /// Column of the epoch's start.
    pub timestamp: String,
    /// Column of the steps.
    pub steps: String,
    /// Column of the heart rate, beats a minute; none is asked for.
    pub heart_rate: Option<String>,
}

impl Default for ColumnMap {
    fn default() -> Self {
        Self {
            participant_id: "participant_id".into(),
            timestamp: "timestamp".into(),
            steps: "steps".into(),
            heart_rate: None,
        }
    }
}

/// Why a text is not a map of columns.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error(
    "{0:?} does not name a column: write participant_id=NAME,timestamp=NAME,steps=NAME, or some of them, and \
     heart_rate=NAME where there is one"
)]
pub struct BadColumnMap(String);

impl FromStr for ColumnMap {
    type Err = BadColumnMap;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut map = Self::default();
        for part in text.split(',') {
            let bad = || BadColumnMap(part.to_owned());
            let (column, name) = part.split_once('=').ok_or_else(bad)?;
            let name = Some(name.trim()).filter(|name| !name.is_empty()).ok_or_else(bad)?.to_owned();
            match column {
                "participant_id" => map.participant_id = name,
                "timestamp" => map.timestamp = name,
                "steps" => map.steps = name,
                "heart_rate" => map.heart_rate = Some(name),
                _ => return Err(bad()),
            }
        }
        Ok(map)
    }
}
