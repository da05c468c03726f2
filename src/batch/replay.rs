//! One participant's minutes out of a file, to be lived through again by a simulated counter.

use std::{collections::BTreeMap, path::Path};

use super::{
    BatchError, BatchOptions, ColumnMap, Kind,
    csv::Csv,
    input::{Input, Work},
};
use crate::model::ParticipantId;

/// The minutes (since 1970, stamps as they stand) and steps of one participant, sorted, each minute
/// once. Takes the canonical column names or the vendor's `Id,ActivityMinute,Steps`; rows that cannot
/// be read are passed over, as in [`super::run`].
///
/// # Errors
/// When the file cannot be read or lacks the columns.
pub fn participant_minutes(path: &Path, wanted: &ParticipantId) -> Result<Vec<(i64, u32)>, BatchError> {
    let columns = |columns| BatchOptions { columns, epoch_s: Some(60), ..BatchOptions::of(vec![path.to_owned()]) };
    let vendor = ColumnMap {
        participant_id: "Id".to_owned(),
        timestamp: "ActivityMinute".to_owned(),
        steps: "Steps".to_owned(),
        heart_rate: None,
    };
    let opened = Input::open(path, path, &columns(vendor), false);
    let mut input = opened.or_else(|_| Input::open(path, path, &columns(ColumnMap::default()), false))?;
    let mut minutes = BTreeMap::new();
    while let Some(work) = input.next() {
        let rows = match work {
            Work::Lines { reading, text } => Csv::new(&reading).lines(text.text()),
            Work::Group { file, group, epoch_s } => file.read_group(group)?.into_rows(epoch_s, Kind::Steps),
            Work::Runs { runs, epoch_s } => runs.into_rows(epoch_s, Kind::Steps),
            Work::TooLong => continue,
            Work::Broken(error) => return Err(error),
        };
        let person = rows.names.iter().position(|name| **name == *wanted.as_str().as_bytes());
        let Some(person) = person.and_then(|person| u32::try_from(person).ok()) else { continue };
        for run in rows.runs.iter().filter(|run| run.person == person) {
            let range = usize::try_from(run.walked.0).unwrap_or(0)..usize::try_from(run.walked.1).unwrap_or(0);
            let mut walked = rows.walked.get(range).unwrap_or_default().iter().peekable();
            for index in 0..run.rows {
                let steps = walked.next_if(|(at, _)| *at == index).map_or(0, |&(_, steps)| steps);
                minutes.entry(run.first_s.div_euclid(60) + i64::from(index)).or_insert(steps);
            }
        }
    }
    Ok(minutes.into_iter().collect())
}
