//! One participant's minutes out of a file, to be lived through again by a simulated counter.

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
};

use super::{
    BatchError, ColumnMap,
    input::{Block, Input},
    rows::{Columns, first_line, split, steps},
    stamp::{Offsets, Stamps},
};
use crate::model::ParticipantId;

/// The minutes (since 1970, stamps as they stand) and steps of one participant, sorted, each minute
/// once. Takes the canonical column names or the vendor's `Id,ActivityMinute,Steps`; rows that cannot
/// be read are passed over, as in [`super::run`].
///
/// # Errors
/// When the file cannot be read or lacks the columns.
pub fn participant_minutes(path: &Path, wanted: &ParticipantId) -> Result<Vec<(i64, u32)>, BatchError> {
    let failed = |source: io::Error| BatchError::Read { path: path.to_owned(), source };
    let mut no_stdin = io::empty();
    let mut input =
        Input::open(path, &mut no_stdin).map_err(|source| BatchError::Open { path: PathBuf::from(path), source })?;
    let mut stamps = Stamps::new(Offsets::Ignore);
    let mut minutes = BTreeMap::new();
    let mut columns = None;
    loop {
        let mut rest = match input.block().map_err(failed)? {
            Block::End => break,
            Block::TooLong => continue,
            Block::Lines(lines) => lines,
        };
        let columns = if let Some(columns) = columns {
            columns
        } else {
            let (header, after) = first_line(rest);
            rest = after;
            *columns.insert(find_columns(header, path)?)
        };
        while !rest.is_empty() {
            let (line, after) = first_line(rest);
            rest = after;
            if let Some((at, steps)) = minute(line, columns, wanted, &mut stamps) {
                minutes.entry(at).or_insert(steps);
            }
        }
    }
    Ok(minutes.into_iter().collect())
}

fn find_columns(header: &[u8], path: &Path) -> Result<Columns, BatchError> {
    let vendor = ColumnMap {
        participant_id: "Id".to_owned(),
        timestamp: "ActivityMinute".to_owned(),
        steps: "Steps".to_owned(),
    };
    Columns::find(header, &vendor, path).or_else(|_| Columns::find(header, &ColumnMap::default(), path))
}

fn minute(line: &[u8], columns: Columns, wanted: &ParticipantId, stamps: &mut Stamps) -> Option<(i64, u32)> {
    let mut cells = Vec::new();
    let row = split(line, &mut cells)?;
    let cell = |index: usize| cells.get(index).map(|range| &row[range.clone()]);
    if cells.len() != columns.count || cell(columns.participant)? != wanted.as_str().as_bytes() {
        return None;
    }
    let steps = steps(cell(columns.steps)?).ok()??;
    Some((stamps.read(cell(columns.stamp)?).ok()?, u32::from(steps)))
}
