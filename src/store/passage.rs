//! What became of days at trial databases. That a day has to be sent is written nowhere: a revision that is newer than
//! the one that got there says it, and the record of the revision is the day's own. So nothing can fall between.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::{
    Store, StoreError,
    entry::Entry,
    format::{self, Kind},
    index::{BATCH_KEYS, Index},
    journal::Stream,
    read_back,
};
use crate::model::ParticipantId;

/// The newest that is known of one day at one trial database.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Passage {
    /// The database, by the name it has in this home.
    pub target: String,
    /// Whose day.
    pub participant: ParticipantId,
    /// Which day, as it is in this home.
    pub date: NaiveDate,
    /// The revision that was sent.
    pub revision: u32,
    /// It was sent as final.
    pub is_final: bool,
    /// What became of it.
    pub outcome: Outcome,
}

/// What became of a day that was sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// The database proved that it has it.
    Stored,
    /// The database refuses it, and said why. It is not sent again until it changes, or a person asks for it.
    Parked(String),
    /// It has to be sent again: the database does not have it, or a person asked for it.
    Again,
}

impl Store {
    /// Keeps what became of days, in one record.
    ///
    /// # Errors
    /// When they are not in the journal; the days are then sent once more. An index that cannot take them in now does so
    /// before it is asked next.
    pub fn append_passages(&self, at: DateTime<Utc>, passages: &[Passage]) -> Result<(), StoreError> {
        if passages.is_empty() {
            return Ok(());
        }
        let entry = Entry::Passages { at_ms: at.timestamp_millis(), passages: passages.to_vec() };
        let mut writer = self.writer();
        let written = writer.journal.append(Stream::Targets, at, &entry.to_payload())?;
        read_back(&written)?;
        self.index_notes(&mut writer, Stream::Targets);
        Ok(())
    }

    /// What became of a participant's days at one trial database.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn passages(
        &self,
        target: &str,
        participant: &ParticipantId,
    ) -> Result<BTreeMap<NaiveDate, Passage>, StoreError> {
        self.ask(|index| {
            let (mut all, mut damaged) = (BTreeMap::new(), false);
            index.prefix(&format::of_participant(Kind::Passage, participant), &mut |key, bytes| {
                if format::target_of(key) == Some(target.as_bytes()) {
                    match postcard::from_bytes::<Passage>(&bytes) {
                        Ok(passage) => drop(all.insert(passage.date, passage)),
                        Err(_) => damaged = true,
                    }
                }
            })?;
            if damaged { Err(StoreError::damaged("what became of a day that was sent")) } else { Ok(all) }
        })
    }

    /// The days of a participant that any trial database was sent, by the database's name.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn sent_days(&self, participant: &ParticipantId) -> Result<BTreeMap<String, Vec<NaiveDate>>, StoreError> {
        self.ask(|index| {
            let mut all: BTreeMap<String, Vec<NaiveDate>> = BTreeMap::new();
            index.prefix(&format::of_participant(Kind::Passage, participant), &mut |key, _| {
                let target = format::target_of(key).map(String::from_utf8_lossy);
                if let (Some(target), Some(date)) = (target, format::date_of(key)) {
                    all.entry(target.into_owned()).or_default().push(date);
                }
            })?;
            Ok(all)
        })
    }
}

/// Takes passages into the index: the newest takes the place of the one before.
pub fn put(index: &Index, passages: &[Passage]) -> Result<(), StoreError> {
    for some in passages.chunks(BATCH_KEYS) {
        let mut batch = Vec::new();
        for passage in some {
            let key = format::passage(&passage.participant, passage.date, &passage.target);
            batch.push((key, Some(postcard::to_stdvec(passage).map_err(StoreError::index)?)));
        }
        index.apply_at_once(&batch)?;
    }
    Ok(())
}
