//! A look at an input before any work: what it is understood as, from its beginning and its end.

use std::{
    fs::File,
    io::{Read, Seek, SeekFrom},
    path::Path,
};

use chrono::{DateTime, NaiveDateTime};

use super::{
    BatchError, BatchOptions, InputRead,
    csv::{Csv, Reading},
    input::{Input, Work},
    runs::Rows,
};

/// Participants that are named.
const MOST_NAMED: usize = 5;
/// As much of the end is looked at.
const END_BYTES: u64 = 64 << 10;

/// What an input looks like.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Glance {
    /// The file and its form.
    #[serde(flatten)]
    pub read: InputRead,
    /// Some of the participants.
    pub people: Vec<String>,
    /// The first stamp, as it was understood: UTC where stamps are instants, else as it stands.
    pub first: Option<NaiveDateTime>,
    /// The last stamp; none where the file is packed and would have to be read whole.
    pub last: Option<NaiveDateTime>,
    /// Rows at its beginning that would be set aside.
    pub set_aside_at_the_beginning: usize,
}

/// What is understood of an input, without reading it whole.
pub fn look_at(path: &Path, options: &BatchOptions) -> Result<Glance, BatchError> {
    let mut input = Input::open(path, path, options, false)?;
    let mut read = input.read.clone();
    read.bytes = std::fs::metadata(path).map_or(0, |meta| meta.len());
    let (beginning, end) = match input.next() {
        Some(Work::Lines { reading, text }) => {
            let end = if read.packing.is_empty() { end_of(path, &reading) } else { None };
            (Csv::new(&reading).lines(text.text()), end)
        }
        Some(Work::Runs { runs, epoch_s }) => (runs.into_rows(epoch_s, options.kind), input.last_group(options)?),
        Some(Work::Broken(error)) => return Err(error),
        Some(Work::Group { .. } | Work::TooLong) | None => (Rows::default(), None),
    };
    let stamp = |at_s: i64| DateTime::from_timestamp(at_s, 0).map(|at| at.naive_utc());
    let names = beginning.names.iter().chain(end.iter().flat_map(|rows| &rows.names));
    let mut people: Vec<String> = Vec::new();
    for name in names.map(|name| String::from_utf8_lossy(name).into_owned()) {
        if people.len() < MOST_NAMED && !people.contains(&name) {
            people.push(name);
        }
    }
    let last =
        |rows: &Rows| rows.runs.last().map(|run| run.first_s + i64::from(run.rows.saturating_sub(1)) * read.epoch_s);
    Ok(Glance {
        people,
        first: beginning.runs.first().and_then(|run| stamp(run.first_s)),
        last: end.as_ref().and_then(last).and_then(stamp),
        set_aside_at_the_beginning: beginning.aside.len(),
        read,
    })
}

/// The rows at the end of a plain text; none where it cannot be read.
fn end_of(path: &Path, reading: &Reading) -> Option<Rows> {
    let mut file = File::open(path).ok()?;
    let bytes = file.metadata().ok()?.len();
    let from = bytes.saturating_sub(END_BYTES);
    file.seek(SeekFrom::Start(from)).ok()?;
    let mut text = Vec::new();
    file.read_to_end(&mut text).ok()?;
    // The first line is the header, or half a line.
    let whole = text.iter().position(|&byte| byte == b'\n').and_then(|end| text.get(end + 1..))?;
    Some(Csv::new(reading).lines(whole))
}
