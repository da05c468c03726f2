//! Revisions of days: as they are handed out, as they are written, and as the index has them.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::{SYSTEM, instant};
use crate::{
    model::ParticipantId,
    store::chain::{Link, RowHash},
};

/// A day's numbers as they were handed out, by their checksum.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revision {
    /// Whose day.
    pub participant: ParticipantId,
    /// Which day.
    pub date: NaiveDate,
    /// 1 for the first, one more for each change of the numbers.
    pub revision: u32,
    /// When they were computed.
    pub computed_at: DateTime<Utc>,
    /// Checksum of the numbers.
    pub values_hash: [u8; 8],
    /// Why they changed: a code.
    pub reason: String,
    /// Who caused that: `system`, or whoever decided something.
    pub actor: String,
    /// What changed, as a JSON object: name of the column, then before and after. None when what was before is not known.
    pub changed: Option<String>,
    /// Program and version; empty when a version without an audit chain wrote it.
    pub software: String,
}

/// A [`Revision`] as it is written, in the journal and in the index.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevisionEntry {
    participant: ParticipantId,
    date: NaiveDate,
    /// See [`Revision::revision`].
    pub revision: u32,
    computed_ms: i64,
    values_hash: [u8; 8],
    reason: String,
}

/// A [`Revision`] as the index has it: what a version without an audit chain wrote, and what came with the chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Noted {
    pub entry: RevisionEntry,
    pub actor: String,
    pub changed: Option<String>,
    pub software: String,
}

/// A [`Revision`] with its place in the audit chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkedRevision {
    pub noted: Noted,
    pub seq: u32,
    pub before: RowHash,
}

impl LinkedRevision {
    /// Whose day.
    pub fn participant(&self) -> &ParticipantId {
        self.noted.entry.participant()
    }

    /// Its place.
    pub fn link(&self) -> Link {
        Link { participant: self.participant().clone(), seq: self.seq, before: self.before }
    }
}

impl RevisionEntry {
    /// Whose day.
    pub fn participant(&self) -> &ParticipantId {
        &self.participant
    }

    /// Which day.
    pub fn date(&self) -> NaiveDate {
        self.date
    }

    /// When it was computed, Unix milliseconds.
    pub fn computed_ms(&self) -> i64 {
        self.computed_ms
    }

    /// See [`Revision::values_hash`].
    pub fn values_hash(&self) -> &[u8] {
        &self.values_hash
    }

    /// See [`Revision::reason`].
    pub fn reason(&self) -> &str {
        &self.reason
    }
}

impl From<&Revision> for RevisionEntry {
    fn from(revision: &Revision) -> Self {
        Self {
            participant: revision.participant.clone(),
            date: revision.date,
            revision: revision.revision,
            computed_ms: revision.computed_at.timestamp_millis(),
            values_hash: revision.values_hash,
            reason: revision.reason.clone(),
        }
    }
}

impl From<&Revision> for Noted {
    fn from(revision: &Revision) -> Self {
        Self {
            entry: revision.into(),
            actor: revision.actor.clone(),
            changed: revision.changed.clone(),
            software: revision.software.clone(),
        }
    }
}

impl From<RevisionEntry> for Noted {
    fn from(entry: RevisionEntry) -> Self {
        Self { entry, actor: SYSTEM.to_owned(), changed: None, software: String::new() }
    }
}

impl From<Noted> for Revision {
    fn from(noted: Noted) -> Self {
        let entry = noted.entry;
        Self {
            participant: entry.participant,
            date: entry.date,
            revision: entry.revision,
            computed_at: instant(entry.computed_ms),
            values_hash: entry.values_hash,
            reason: entry.reason,
            actor: noted.actor,
            changed: noted.changed,
            software: noted.software,
        }
    }
}
