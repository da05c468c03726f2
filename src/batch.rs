//! `brisk aggregate`: files of minute steps become the day table, by the same rules as the daemon's days.
//!
//! Rows are read once and days written as soon as nothing that may still come can change them, so memory
//! does not grow with the input. A participant whose rows come back out of order after a day of theirs was
//! finished is read a second time, alone, and gathered whole (2.9 kB for each participant-day); so is everybody
//! when an input cannot be read twice, as standard input. Any order of the rows gives the same rows out.
//! An absent minute, and a row with an empty, `NA`, `NaN` or `null` cell of steps, is no data.

mod input;
#[cfg_attr(not(test), expect(dead_code, reason = "the engine will read through it"))]
mod parquet;
mod people;
mod replay;
mod rows;
mod spool;
mod stamp;

use std::{
    collections::BTreeMap,
    fmt,
    io::{self, Read, Write},
    path::{Path, PathBuf},
    str::FromStr,
};

use chrono::{DateTime, Utc};
use flate2::{Compression, write::GzEncoder};

pub use replay::participant_minutes;

use crate::{
    export::Format,
    model::Rules,
    time::{Calendar, Zone},
};

/// What to read, and how to turn it into days.
#[derive(Clone, Debug)]
pub struct BatchOptions {
    /// CSV files, plain or gzip; `-` is standard input.
    pub inputs: Vec<PathBuf>,
    /// Names of the columns.
    pub columns: ColumnMap,
    /// How instants become days. [`Zone::AS_IT_STANDS`] takes every stamp as it is written and passes over
    /// its offset; with a zone, a stamp without an offset is UTC.
    pub calendar: Calendar,
    /// Thresholds.
    pub rules: Rules,
    /// Steps from which a minute is brisk.
    pub brisk_threshold: u16,
    /// Form of the rows.
    pub format: Format,
    /// Whether the rows are written through gzip.
    pub packing: Packing,
    /// What a row that cannot be read does.
    pub on_bad_row: OnBadRow,
    /// How many rejected rows and conflicts are named in the summary; all are counted.
    pub keep_rejected: usize,
    /// The moment that stands in every row.
    pub computed_at: Option<DateTime<Utc>>,
}

impl BatchOptions {
    /// Stamps as they stand, the built-in rules, plain CSV, bad rows left out.
    pub fn of(inputs: Vec<PathBuf>) -> Self {
        let rules = Rules::brisk_1();
        Self {
            inputs,
            columns: ColumnMap::default(),
            calendar: Calendar::midnight(Zone::AS_IT_STANDS),
            brisk_threshold: rules.brisk_spm,
            rules,
            format: Format::Csv,
            packing: Packing::Plain,
            on_bad_row: OnBadRow::Skip,
            keep_rejected: 20,
            computed_at: None,
        }
    }

    /// The form that an output's name asks for: JSON Lines for `.jsonl` and `.ndjson`, else CSV; gzip when it
    /// ends in `.gz`.
    #[must_use]
    pub fn for_output(mut self, path: &Path) -> Self {
        let name = path.to_string_lossy().to_ascii_lowercase();
        let (name, packing) = match name.strip_suffix(".gz") {
            Some(inner) => (inner, Packing::Gzip),
            None => (name.as_str(), Packing::Plain),
        };
        let lines = [".jsonl", ".ndjson"].iter().any(|end| name.ends_with(end));
        self.format = if lines { Format::JsonLines } else { Format::Csv };
        self.packing = packing;
        self
    }
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

/// Names of the three columns in the input's header; upper and lower case are one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnMap {
    /// Column of the pseudonym.
    pub participant_id: String,
    /// Column of the minute's start.
    pub timestamp: String,
    /// Column of the steps.
    pub steps: String,
}

impl Default for ColumnMap {
    fn default() -> Self {
        Self { participant_id: "participant_id".into(), timestamp: "timestamp".into(), steps: "steps".into() }
    }
}

/// Why a text is not a map of columns.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{0:?} does not name a column: write participant_id=NAME,timestamp=NAME,steps=NAME, or some of them")]
pub struct BadColumnMap(String);

impl FromStr for ColumnMap {
    type Err = BadColumnMap;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut map = Self::default();
        for part in text.split(',') {
            let column = match part.split_once('=') {
                Some(("participant_id", name)) => (&mut map.participant_id, name),
                Some(("timestamp", name)) => (&mut map.timestamp, name),
                Some(("steps", name)) => (&mut map.steps, name),
                Some(_) | None => return Err(BadColumnMap(part.to_owned())),
            };
            if column.1.trim().is_empty() {
                return Err(BadColumnMap(part.to_owned()));
            }
            column.1.trim().clone_into(column.0);
        }
        Ok(map)
    }
}

/// Why a row was rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// Other number of cells than the header, or a quote that does not close.
    Columns,
    /// A NUL byte.
    Nul,
    /// Not UTF-8.
    NotUtf8,
    /// No participant.
    NoParticipant,
    /// Not a pseudonym that a trial database can hold.
    BadParticipant,
    /// Not a time stamp of 1970 to 2199 in a form that is known.
    BadStamp,
    /// The stamp has seconds: one value a minute is read, at the minute's start.
    NotAWholeMinute,
    /// Not a whole number from 0.
    BadSteps,
    /// More than [`MOST_STEPS`] steps in a minute.
    TooManySteps,
    /// The file ends within the row.
    HalfALine,
    /// A line of more than a megabyte.
    TooLong,
}

/// More steps than this in a minute are no steps.
pub const MOST_STEPS: u16 = 60_000;

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Columns => "not as many cells as the header has, or a quote that does not close",
            Self::Nul => "a NUL byte",
            Self::NotUtf8 => "not UTF-8",
            Self::NoParticipant => "no participant",
            Self::BadParticipant => "a participant id has 1 to 32 letters, digits, `_` or `-`",
            Self::BadStamp => "not a time stamp that is known, such as 2016-04-12 13:05:00 or 4/12/2016 1:05:00 PM",
            Self::NotAWholeMinute => "a stamp with seconds: one value a minute is read, at the minute's start",
            Self::BadSteps => "steps are not a whole number from 0",
            Self::TooManySteps => "more than 60000 steps in a minute",
            Self::HalfALine => "the file ends within the row",
            Self::TooLong => "a line of more than a megabyte",
        })
    }
}

/// A row of an input; lines count from 1, the header being the first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowPlace {
    /// The file.
    pub path: PathBuf,
    /// Its line.
    pub line: u64,
}

/// Rows that were left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rejected {
    /// How many of each kind.
    pub by_reason: BTreeMap<Reason, u64>,
    /// The first ones.
    pub first: Vec<(RowPlace, Reason)>,
}

impl Rejected {
    /// All of them.
    pub fn total(&self) -> u64 {
        self.by_reason.values().sum()
    }
}

/// How far a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Bytes of the input files read, as they lie on disk.
    pub bytes: u64,
    /// Bytes to read; none when an input does not tell its size. Grows when inputs are read again.
    pub bytes_in_all: Option<u64>,
    /// Rows read.
    pub rows: u64,
}

/// What a run did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BatchSummary {
    /// Participants with at least one minute.
    pub participants: u64,
    /// Days written.
    pub days: u64,
    /// Rows read, without headers and empty lines.
    pub rows: u64,
    /// Rows with an empty cell of steps.
    pub rows_without_value: u64,
    /// Rows that repeated a minute with the same value; counted once.
    pub duplicates: u64,
    /// Rows that gave a minute another value; the first was kept and the day marked `conflict`.
    pub conflicts: u64,
    /// The first of them, one for each participant.
    pub first_conflicts: Vec<RowPlace>,
    /// Rows that were left out.
    pub rejected: Rejected,
    /// Participants whose rows came out of order and were read a second time.
    pub read_again: u64,
    /// The most participant-days held in memory at once.
    pub most_days_held: usize,
}

impl BatchSummary {
    /// Whether every row was read and none contradicted another.
    pub fn is_clean(&self) -> bool {
        self.rejected.total() == 0 && self.conflicts == 0
    }
}

/// Why a run ended without output.
#[derive(Debug, thiserror::Error)]
pub enum BatchError {
    /// An input cannot be opened.
    #[error("open {path}")]
    Open {
        /// The input.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// An input cannot be read to its end.
    #[error("read {path}; a packed file that ends early was not copied whole")]
    Read {
        /// The input.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// An input holds nothing at all.
    #[error("{path} is empty")]
    Empty {
        /// The input.
        path: PathBuf,
    },
    /// An input has a header and no row.
    #[error("{path} has a header and no rows")]
    NoRows {
        /// The input.
        path: PathBuf,
    },
    /// An input is not UTF-8 from its first bytes on.
    #[error("{path} is not UTF-8 text; save it as CSV in UTF-8")]
    NotText {
        /// The input.
        path: PathBuf,
    },
    /// A column is not there.
    #[error(
        "{path} has no column {column:?}; its columns are: {found}. \
         Name yours with --map participant_id=NAME,timestamp=NAME,steps=NAME"
    )]
    NoColumn {
        /// The input.
        path: PathBuf,
        /// The column that was looked for.
        column: String,
        /// Those that are there.
        found: String,
    },
    /// A row cannot be read, and rows must not be left out.
    #[error("{path} line {line}: {reason}")]
    Row {
        /// The input.
        path: PathBuf,
        /// Its line.
        line: u64,
        /// What is wrong.
        reason: Reason,
    },
    /// The finished rows could not be set aside while the rest was read.
    #[error("write rows aside in {path}")]
    Aside {
        /// The folder for temporary files.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The output cannot be written.
    #[error("write the day table")]
    Write(#[source] io::Error),
}

/// Reads the inputs and writes the day table to `out`, participants in the order in which they first appear,
/// days in order. Nothing is written before every input has been read.
///
/// Days between a participant's first and last that have no minute come out as `not_synced`. Revision is 1.
pub fn run(
    options: &BatchOptions,
    progress: &mut dyn FnMut(Progress),
    out: &mut dyn Write,
) -> Result<BatchSummary, BatchError> {
    run_with_stdin(options, &mut io::stdin().lock(), progress, out)
}

/// [`run`], with something else in the place of standard input.
pub fn run_with_stdin(
    options: &BatchOptions,
    stdin: &mut dyn Read,
    progress: &mut dyn FnMut(Progress),
    out: &mut dyn Write,
) -> Result<BatchSummary, BatchError> {
    let mut reading = rows::Reading::new(options);
    reading.pass(stdin, progress)?;
    if reading.must_read_again() {
        reading.pass(stdin, progress)?;
    }
    let (spool, summary) = reading.finish()?;
    let mut header = Vec::new();
    options.format.header(&mut header);
    let written = match options.packing {
        Packing::Plain => spool.write_to(&header, out),
        Packing::Gzip => {
            let mut packed = GzEncoder::new(out, Compression::default());
            spool.write_to(&header, &mut packed).and_then(|()| packed.finish().and_then(Write::flush))
        }
    };
    written.map_err(BatchError::Write)?;
    Ok(summary)
}
