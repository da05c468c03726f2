//! What was decided about one participant and every revision of their days, in the order of their audit chain.

use super::{
    Decided, Revision, Store, StoreError,
    chain::{named, rows},
    entry::Entry,
    journal::{Journal, Stream},
};
use crate::model::ParticipantId;

/// A row of the audit trail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audited {
    /// Its number in the chain; none when a version without chains wrote it.
    pub seq: Option<u32>,
    /// Program and version that wrote it; empty when that is not known.
    pub software: String,
    /// What happened.
    pub what: What,
}

/// What a row of the audit trail tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// Somebody decided something.
    Decision(Decided),
    /// A day got a revision.
    Day(Box<Revision>),
    /// Something that went when somebody else was erased.
    Gone,
}

impl Store {
    /// Everything that the journal has of one participant, as an auditor reads it: rows in the order of the chain, those
    /// of versions without chains before the first that came after them.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn audit(&self, participant: &ParticipantId) -> Result<Vec<Audited>, StoreError> {
        let journal = &self.writer().journal;
        let mut all = of_stream(journal, Stream::People, participant)?;
        all.extend(of_stream(journal, Stream::Days, participant)?);
        // Numbers first; without one by the clock, behind the row that it follows in its stream.
        all.sort_by_key(|(after, row)| (*after, row.seq.is_none(), row.seq.is_none().then(|| row.at_ms())));
        Ok(all.into_iter().map(|(_, row)| row).collect())
    }
}

impl Audited {
    fn at_ms(&self) -> i64 {
        match &self.what {
            What::Decision(decided) => decided.at.timestamp_millis(),
            What::Day(revision) => revision.computed_at.timestamp_millis(),
            What::Gone => 0,
        }
    }
}

/// Rows of one stream, each with the newest number up to it.
fn of_stream(
    journal: &Journal,
    stream: Stream,
    participant: &ParticipantId,
) -> Result<Vec<(u32, Audited)>, StoreError> {
    let (mut found, mut after) = (Vec::new(), 0);
    journal.read(stream, 0, &mut |record| {
        let Some(entry) = Entry::from_payload(record.payload) else { return Ok(()) };
        let links = rows(&entry);
        if links.is_empty() {
            let without = |what| Audited { seq: None, software: String::new(), what };
            if let Entry::Decision { json, .. } = &entry
                && named(json).as_ref() != Some(participant)
            {
                return Ok(());
            }
            for revision in entry.clone().revisions().into_iter().filter(|one| one.participant == *participant) {
                found.push((after, without(What::Day(Box::new(revision)))));
            }
            found.extend(entry.decided(record.ordinal).map(|decided| (after, without(What::Decision(decided)))));
            return Ok(());
        }
        let software = if let Entry::Linked { software, .. } = &entry { software.clone() } else { String::new() };
        let mut revisions = entry.clone().revisions().into_iter();
        let decided = entry.decided(record.ordinal);
        for (link, _) in links {
            let revision = revisions.next();
            if link.participant != *participant {
                continue;
            }
            after = link.seq;
            let (what, software) = match (revision, &decided) {
                (Some(revision), _) => (What::Day(Box::new(revision.clone())), revision.software),
                (None, Some(decided)) => (What::Decision(decided.clone()), software.clone()),
                (None, None) => (What::Gone, String::new()),
            };
            found.push((after, Audited { seq: Some(link.seq), software, what }));
        }
        Ok(())
    })?;
    Ok(found)
}
