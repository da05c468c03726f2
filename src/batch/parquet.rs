//! Parquet files of minute steps, read as runs: 85 % of the minutes are zero, stamps go up by a minute, and the
//! participant is the same for a year. A column is decoded page by page into such runs, never into a value a row.
//!
//! Footer, page headers and encodings are read here instead of by the `parquet` crate, which makes a value of every row, and
//! believes what a footer says of its own size and depth. What is read: every encoding of today's writers but
//! bit-packed levels; pages plain, snappy, gzip and zstd. Sources: the format's own text, apache/parquet-format
//! `README.md`, `Encodings.md`, `LogicalTypes.md` and `src/main/thrift/parquet.thrift`.

mod column;
mod delta;
mod footer;
mod hybrid;
mod pages;
mod people;
mod rows;
mod snappy;
mod stamps;
mod steps;
mod thrift;

#[cfg(test)]
mod tests;

use std::{
    fs::File,
    io,
    ops::Range,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use self::{
    column::{Layout, Sink},
    footer::{Field, Footer, Group, Meaning, Physical},
    pages::{Chunk, Pages, Scratch},
    people::People,
    stamps::Stamps,
    steps::Steps,
};
use tempfile::NamedTempFile;

use super::{BatchOptions, ColumnMap, Reason, csv::HEART_RATES, input::name_of, stamp::Offsets};

/// An open file: its three columns, and where its row groups lie. Threads may share it.
pub(super) struct ParquetFile {
    /// What people call it.
    path: PathBuf,
    /// Where it lies.
    at: PathBuf,
    /// Removed with the last who reads it.
    _unpacked: Option<NamedTempFile>,
    /// None where the file's name tells it.
    participant: Option<Column>,
    named: Box<str>,
    stamp: Column,
    steps: Column,
    heart_rate: Option<Column>,
    per_second: i64,
    offsets: Offsets,
    most: u32,
    groups: Vec<Group<4>>,
    /// Memory that no thread uses just now.
    spare: Mutex<Vec<Scratch>>,
}

#[derive(Debug)]
struct Column {
    name: String,
    layout: Layout,
}

/// A row group's rows, counted from 0, as runs. The rows of `people`, and those of `stamps`, add up to `rows`; a row
/// that is in neither `nonzero` nor `null` nor `bad` has zero steps.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct GroupRuns {
    pub rows: u32,
    /// Participants met, without blanks around them and not checked otherwise.
    pub ids: Vec<Box<str>>,
    pub people: Vec<PersonRun>,
    pub stamps: Vec<StampRun>,
    /// Rows with steps, in order, and how many.
    pub nonzero: Vec<(u32, u32)>,
    /// Rows without a value of steps, in order.
    pub null: Vec<Range<u32>>,
    /// Rows whose steps are no steps, in order.
    pub bad: Vec<(u32, Reason)>,
    /// Rows with a plausible heart rate, in order.
    pub beats: Vec<Range<u32>>,
}

/// Rows of one participant; the next run is of another.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct PersonRun {
    /// Place in [`GroupRuns::ids`], or why there is none.
    pub id: Result<u32, Reason>,
    pub rows: u32,
}

/// Rows one behind the other.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum StampRun {
    /// Stamps that go up by the same step, as many as do: seconds since 1970, of 1970 to 2199. A run of one row has
    /// step 0.
    Even { first_s: i64, step_s: i64, rows: u32 },
    /// No stamp, one that is out of range or cannot be read, or one with a fraction of a second.
    Unreadable { reason: Reason, rows: u32 },
}

/// Why a file cannot be read, or a row group of it.
#[derive(Debug, thiserror::Error)]
pub enum ParquetError {
    /// The file cannot be opened.
    #[error("open {path}")]
    Open { path: PathBuf, source: io::Error },
    /// The file as a whole cannot be read.
    #[error("{path} cannot be read as Parquet: {broken}. None of its rows is counted; {}", broken.remedy())]
    File { path: PathBuf, broken: Broken },
    /// A column is not there.
    #[error(
        "{path} has no column {column:?}; its columns are: {found}. \
         Name yours with --map participant_id=NAME,timestamp=NAME,steps=NAME"
    )]
    NoColumn { path: PathBuf, column: String, found: String },
    /// A column is there and holds something else.
    #[error(
        "column {column:?} of {path} holds {found}, and should hold {wanted}; none of its rows is counted. \
         Store it as that, or name another column with --map"
    )]
    Type { path: PathBuf, column: String, found: &'static str, wanted: &'static str },
    /// A row group has more rows than can be counted.
    #[error(
        "row group {group} of {path} says that it has {rows} rows, more than 4294967295; none of the file's rows is \
         counted. Write it with smaller row groups"
    )]
    TooManyRows { path: PathBuf, group: usize, rows: u64 },
    /// A row group cannot be read. The first has number 0.
    #[error(
        "column {column:?} in row group {group} of {path} cannot be read: {broken}. The file's rows are not counted; {}",
        broken.remedy()
    )]
    Group { path: PathBuf, group: usize, column: String, broken: Broken },
}

/// What is wrong with bytes.
#[derive(Debug, thiserror::Error)]
pub enum Broken {
    #[error("the system says: {0}")]
    Io(#[from] io::Error),
    #[error("it does not begin as a Parquet file does")]
    NotParquet,
    #[error("its end, which says where everything lies, is missing")]
    NoFooter,
    #[error("it is encrypted")]
    Encrypted,
    #[error("the part that says where everything lies makes no sense")]
    Footer,
    #[error("its values lie in another file")]
    Elsewhere,
    #[error("its pages are packed with {0}")]
    Codec(&'static str),
    #[error("its values are written in a way (encoding {0}) that is not read here")]
    Encoding(i64),
    #[error("a page's header makes no sense")]
    PageHeader,
    #[error("a page does not match its checksum")]
    Checksum,
    #[error("a page cannot be unpacked")]
    Unpack,
    #[error("it ends before its rows do")]
    EndsEarly,
    #[error("its pages hold more rows than the row group")]
    TooManyRows,
    #[error("it changes too often for a row group of its size to be kept at once")]
    TooMuch,
    #[error("a value points outside the page's dictionary")]
    Index,
    #[error("its values make no sense")]
    Values,
}

impl Broken {
    /// What to do.
    fn remedy(&self) -> &'static str {
        match self {
            Self::Io(_) => "see that the disk or share is there, and try again",
            Self::NotParquet => "name a CSV file with .csv, or write the file again",
            Self::Encrypted => "write it without encryption",
            Self::Elsewhere => "write it as one file",
            Self::Codec(_) => "write it with snappy, zstd or gzip",
            Self::TooMuch => "write it with smaller row groups",
            Self::Encoding(_) => "write it with the default encodings",
            Self::NoFooter
            | Self::Footer
            | Self::PageHeader
            | Self::Checksum
            | Self::Unpack
            | Self::EndsEarly
            | Self::TooManyRows
            | Self::Index
            | Self::Values => "copy it again from where it was made, or write it again",
        }
    }
}

impl ParquetFile {
    /// Reads the footer and finds the columns: by their exact names, else by names that differ in upper and
    /// lower case alone. `path` is what people call the file, `at` where it lies; `unpacked` holds its bytes where it is
    /// packed as a whole.
    pub fn open(
        path: &Path,
        at: &Path,
        unpacked: Option<NamedTempFile>,
        options: &BatchOptions,
    ) -> Result<Self, ParquetError> {
        let map = &options.columns;
        let at = unpacked.as_ref().map_or(at, |file| file.path()).to_owned();
        let opened = |source| ParquetError::Open { path: path.to_owned(), source };
        let broken = |broken| ParquetError::File { path: path.to_owned(), broken };
        let footer = Footer::read(&mut File::open(&at).map_err(opened)?).map_err(broken)?;
        let fields = footer.fields().map_err(broken)?;
        let find = |wanted: &str| {
            let exact = fields.iter().find(|field| field.name == wanted);
            exact.or_else(|| fields.iter().find(|field| field.name.eq_ignore_ascii_case(wanted))).ok_or_else(|| {
                let names: Vec<_> = fields.iter().map(|field| field.name.as_str()).collect();
                ParquetError::NoColumn {
                    path: path.to_owned(),
                    column: wanted.to_owned(),
                    found: names.join(", ").chars().take(400).collect(),
                }
            })
        };
        let participant = match map.participant_id.as_str() {
            ColumnMap::FILE_NAME => None,
            name => Some(find(name)?),
        };
        let (stamp, steps) = (find(&map.timestamp)?, find(&map.steps)?);
        let heart_rate = map.heart_rate.as_deref().map(find).transpose()?;
        let refuse = |field: &Field, wanted| {
            let (column, found) = (field.name.clone(), kind(field));
            ParquetError::Type { path: path.to_owned(), column, found, wanted }
        };
        let per_second = match (stamp.physical, stamp.meaning) {
            (Some(Physical::Int64), Meaning::Stamp { per_second, .. }) => per_second,
            // Those who wrote such stamps took them for UTC, or for whatever clock hung on the wall.
            (Some(Physical::Int96), _) => 1_000_000_000,
            (Some(Physical::Bytes), Meaning::Text | Meaning::Plain) => 1,
            _ => return Err(refuse(stamp, "a date with its time of day, or text")),
        };
        let whole = |meaning| matches!(meaning, Meaning::Plain | Meaning::Signed | Meaning::Unsigned);
        let named_column = |field: &Field| match (field.physical, field.meaning) {
            (Some(Physical::Bytes), Meaning::Text | Meaning::Plain) => Ok(column(field)),
            (Some(Physical::Int32 | Physical::Int64), meaning) if whole(meaning) => Ok(column(field)),
            _ => Err(refuse(field, "text, or whole numbers")),
        };
        let numbers = |field: &Field| match (field.physical, field.meaning) {
            (Some(Physical::Int32 | Physical::Int64), meaning) if whole(meaning) => Ok(column(field)),
            (Some(Physical::Float | Physical::Double), Meaning::Plain) => Ok(column(field)),
            _ => Err(refuse(field, "numbers")),
        };
        // A column that is not asked for is not read: any other stands in its place.
        let leaf = |field: Option<&Field>| field.map_or(stamp.leaf, |field| field.leaf);
        let leaves = [leaf(participant), stamp.leaf, steps.leaf, leaf(heart_rate)];
        let groups = footer.groups(leaves).map_err(broken)?;
        Ok(Self {
            path: path.to_owned(),
            at,
            _unpacked: unpacked,
            participant: participant.map(named_column).transpose()?,
            named: name_of(path).into(),
            stamp: column(stamp),
            steps: numbers(steps)?,
            heart_rate: heart_rate.map(numbers).transpose()?,
            per_second,
            offsets: options.offsets(),
            most: options.kind.most(),
            groups,
            spare: Mutex::default(),
        })
    }

    /// How many row groups there are.
    pub fn row_groups(&self) -> usize {
        self.groups.len()
    }

    /// Reads a row group, through a file handle of its own. Memory: a page at a time, and the runs. None of the rows
    /// of a group that is not there.
    pub fn read_group(&self, group: usize) -> Result<GroupRuns, ParquetError> {
        let Some(found) = self.groups.get(group) else { return Ok(GroupRuns::default()) };
        let Ok(rows) = u32::try_from(found.rows) else {
            return Err(ParquetError::TooManyRows { path: self.path.clone(), group, rows: found.rows });
        };
        let mut file = File::open(&self.at).map_err(|source| ParquetError::Open { path: self.path.clone(), source })?;
        let mut scratch = self.spare.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default();
        let runs = self.read_columns(&mut file, &mut scratch, found, rows);
        self.spare.lock().unwrap_or_else(PoisonError::into_inner).push(scratch);
        runs.map_err(|(column, broken)| ParquetError::Group {
            path: self.path.clone(),
            group,
            column: column.name.clone(),
            broken,
        })
    }

    fn read_columns(
        &self,
        file: &mut File,
        scratch: &mut Scratch,
        group: &Group<4>,
        rows: u32,
    ) -> Result<GroupRuns, (&Column, Broken)> {
        let [participants, stamps, steps, beats] = group.chunks;
        let mut clock = Stamps::new(self.per_second, self.offsets);
        let mut walk = Steps::new(self.steps.layout.unsigned, self.most);
        let (ids, people) = match &self.participant {
            Some(column) => {
                let mut people = People::new(column.layout.unsigned);
                column.read(file, scratch, participants, rows, &mut people)?;
                people.finish()
            }
            None => (vec![self.named.clone()], vec![PersonRun { id: Ok(0), rows }]),
        };
        self.stamp.read(file, scratch, stamps, rows, &mut clock)?;
        self.steps.read(file, scratch, steps, rows, &mut walk)?;
        let mut hearts = Steps::new(false, u32::MAX);
        if let Some(column) = &self.heart_rate {
            column.read(file, scratch, beats, rows, &mut hearts)?;
        }
        Ok(GroupRuns {
            rows,
            ids,
            people,
            stamps: clock.finish(),
            nonzero: walk.nonzero,
            null: walk.null,
            bad: walk.bad,
            beats: plausible(&hearts.nonzero),
        })
    }
}

impl Column {
    fn read(
        &self,
        file: &mut File,
        scratch: &mut Scratch,
        chunk: Chunk,
        rows: u32,
        sink: &mut impl Sink,
    ) -> Result<(), (&Self, Broken)> {
        Pages::new(file, scratch, chunk, self.layout.optional)
            .and_then(|mut pages| column::read(&mut pages, self.layout, rows, sink))
            .map_err(|broken| (self, broken))
    }
}

/// Rows with a heart rate that a person may have, as ranges.
fn plausible(beats: &[(u32, u32)]) -> Vec<Range<u32>> {
    let mut ranges: Vec<Range<u32>> = Vec::new();
    for &(row, _) in beats.iter().filter(|(_, beats)| HEART_RATES.contains(beats)) {
        match ranges.last_mut() {
            Some(last) if last.end == row => last.end = row + 1,
            Some(_) | None => ranges.push(row..row + 1),
        }
    }
    ranges
}

fn column(field: &Field) -> Column {
    let physical = field.physical.unwrap_or(Physical::Other);
    let unsigned = field.meaning == Meaning::Unsigned;
    Column { name: field.name.clone(), layout: Layout { physical, unsigned, optional: field.optional } }
}

/// What a column holds, for a person.
fn kind(field: &Field) -> &'static str {
    let Some(physical) = field.physical else { return "lists, or columns of its own" };
    match (field.meaning, physical) {
        (Meaning::Text, _) => "text",
        (Meaning::Stamp { .. }, _) | (_, Physical::Int96) => "dates with their time of day",
        (Meaning::Date, _) => "dates without a time of day",
        (Meaning::TimeOfDay, _) => "times of day without a date",
        (Meaning::Decimal, _) => "decimal numbers",
        (Meaning::Plain | Meaning::Signed | Meaning::Unsigned, Physical::Int32 | Physical::Int64) => "whole numbers",
        (_, Physical::Float | Physical::Double) => "numbers with fractions",
        (Meaning::Plain, Physical::Bytes) => "bytes",
        _ => "something else",
    }
}
