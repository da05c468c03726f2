//! What a batch run did, what it set aside, and why it may end without output.

use std::{
    collections::BTreeMap,
    fmt, io,
    path::{Path, PathBuf},
};

/// Why a row was rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
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
    /// The stamp is not the start of an epoch: it has seconds where the epochs are minutes, or a fraction of a second.
    NotAWholeMinute,
    /// Not a whole number from 0.
    BadSteps,
    /// More than [`MOST_STEPS`] steps in a minute.
    TooManySteps,
    /// The file ends within the row.
    HalfALine,
    /// A line of more than a megabyte.
    TooLong,
    /// A local time that a clock change skipped.
    NoSuchTime,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Columns => "not as many cells as the header has, or a quote that does not close",
            Self::Nul => "a NUL byte",
            Self::NotUtf8 => "not UTF-8",
            Self::NoParticipant => "no participant",
            Self::BadParticipant => "a participant id has 1 to 32 letters, digits, `_` or `-`",
            Self::BadStamp => "not a time stamp that is known, such as 2016-04-12 13:05:00 or 4/12/2016 1:05:00 PM",
            Self::NotAWholeMinute => {
                "a stamp within an epoch: one value an epoch is read, at its start (--epoch tells its length)"
            }
            Self::BadSteps => "steps are not a whole number from 0",
            Self::TooManySteps => "more than 60000 steps in a minute",
            Self::HalfALine => "the file ends within the row",
            Self::TooLong => "a line of more than a megabyte",
            Self::NoSuchTime => "a local time that the change of clocks skipped",
        })
    }
}

/// A row of an input; lines count from 1, the header being the first. In Parquet files rows count from 1.
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
    /// Files that could not be read, or not to their end, and why.
    pub files: Vec<(PathBuf, String)>,
}

impl Rejected {
    /// All rows.
    pub fn total(&self) -> u64 {
        self.by_reason.values().sum()
    }
}

/// How far a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Bytes of the input files read, as they lie on disk.
    pub bytes: u64,
    /// Bytes to read. Grows when inputs are read again.
    pub bytes_in_all: u64,
    /// Rows read.
    pub rows: u64,
}

/// How a file holds its rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Shape {
    /// CSV, an epoch a row.
    Long,
    /// CSV, an hour a row and its minutes in columns.
    Wide,
    /// Parquet.
    Parquet,
}

/// One input.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct InputRead {
    /// The file.
    pub path: PathBuf,
    /// Its size, bytes.
    pub bytes: u64,
    /// Fingerprint of the file as it lies on disk: `blake3:` and what `b3sum` prints, or `sha256:` and what `sha256sum`
    /// prints; of what was read, where the file could not be read to its end.
    pub hash: Option<String>,
    /// Rows read from it.
    pub rows: u64,
    /// How it holds its rows.
    pub shape: Shape,
    /// `gzip`, `zstd`, or nothing.
    pub packing: &'static str,
    /// Length of its epochs, seconds.
    pub epoch_s: i64,
    /// Its columns, where it is CSV.
    pub columns: Vec<String>,
}

impl InputRead {
    pub(super) fn new(path: &Path, packing: &'static str) -> Self {
        let shape = Shape::Long;
        Self { path: path.into(), bytes: 0, hash: None, rows: 0, shape, packing, epoch_s: 60, columns: Vec::new() }
    }
}

/// What a run did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BatchSummary {
    /// What was read.
    pub inputs: Vec<InputRead>,
    /// Participants with at least one day.
    pub participants: u64,
    /// Days written.
    pub days: u64,
    /// Rows read, without headers and empty lines.
    pub rows: u64,
    /// Rows with an empty cell of steps.
    pub rows_without_value: u64,
    /// Rows that repeated an epoch with the same value; counted once.
    pub duplicates: u64,
    /// Rows that gave an epoch another value; the first was kept and the day marked `conflict`.
    pub conflicts: u64,
    /// The first of them, one for each participant.
    pub first_conflicts: Vec<RowPlace>,
    /// Rows that were left out.
    pub rejected: Rejected,
    /// Participants whose rows came out of order and were read a second time.
    pub read_again: u64,
    /// The most minutes with steps, and what costs as much, held in memory at once.
    pub most_held: usize,
}

impl BatchSummary {
    /// Whether every row was read and none contradicted another.
    pub fn is_clean(&self) -> bool {
        self.rejected.total() == 0 && self.conflicts == 0 && self.rejected.files.is_empty()
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
    /// A Parquet file cannot be read.
    #[error(transparent)]
    Parquet(#[from] super::parquet::ParquetError),
    /// None of several inputs could be read.
    #[error("none of the {files} files could be read; the first of them: {first}")]
    Nothing {
        /// How many.
        files: usize,
        /// Why the first could not.
        first: String,
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
