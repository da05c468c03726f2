//! The audit chain of each participant: what was decided about them and every revision of their days, in the order in
//! which it was written, each row with the hash of the one before. Rows of both streams count through together.
//!
//! ```text
//! hash := SHA-256 of the row's text
//! text := JSON array without spaces, as `docs/audit.md` lists it; its last element is the hash before, hexadecimal
//! ```
//! A row that somebody changes, takes out, moves or slips in no longer fits its neighbours. The newest row has no
//! neighbour: the index knows its hash, and so does every export that left the house.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{
    StoreError,
    entry::{Entry, LinkedRevision, instant},
    format::{self, Kind},
    index::Index,
};
use crate::model::{ParticipantId, hex};

/// SHA-256 of a row.
pub type RowHash = [u8; 32];

/// A row's place in its participant's chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// Whose chain.
    pub participant: ParticipantId,
    /// From 1.
    pub seq: u32,
    /// Hash of the row before; zeros in the first.
    pub before: RowHash,
}

/// How far a chain is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// Rows in it.
    pub rows: u32,
    /// Hash of the newest; zeros when there is none.
    pub hash: RowHash,
}

impl Head {
    /// The place of the next row.
    pub fn next(&self, participant: ParticipantId) -> Link {
        Link { participant, seq: self.rows.saturating_add(1), before: self.hash }
    }

    /// With the row that has this place.
    #[must_use]
    pub fn after(link: &Link, hash: RowHash) -> Self {
        Self { rows: link.seq, hash }
    }
}

/// Whom a decision names: the text of the first field `participant` or `person` in it.
pub fn named(json: &str) -> Option<ParticipantId> {
    fn find(value: &Value) -> Option<ParticipantId> {
        match value {
            Value::Object(fields) => fields.iter().find_map(|(name, value)| {
                let own = matches!(name.as_str(), "participant" | "person").then(|| value.as_str()?.parse().ok());
                own.flatten().or_else(|| find(value))
            }),
            Value::Array(values) => values.iter().find_map(find),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
        }
    }
    find(&serde_json::from_str(json).ok()?)
}

/// The rows of an entry, with their hashes.
pub fn rows(entry: &Entry) -> Vec<(Link, RowHash)> {
    match entry {
        Entry::Linked { link, at_ms, actor, json, software } => {
            let text = json!([
                link.participant.as_str(),
                link.seq,
                moment(*at_ms),
                actor,
                "decision",
                json,
                software,
                hex(&link.before),
            ]);
            vec![(link.clone(), hash(&text))]
        }
        Entry::LinkedRevisions(all) => all.iter().map(|one| (one.link(), day(one))).collect(),
        Entry::Gone { link, hash } => vec![(link.clone(), *hash)],
        Entry::Delivery(_)
        | Entry::Identity { .. }
        | Entry::Decision { .. }
        | Entry::Revisions(_)
        | Entry::Passages { .. } => Vec::new(),
    }
}

/// Hash of a revision of a day.
pub fn day(one: &LinkedRevision) -> RowHash {
    let (noted, revision) = (&one.noted, &one.noted.entry);
    hash(&json!([
        revision.participant().as_str(),
        one.seq,
        moment(revision.computed_ms()),
        noted.actor,
        "day",
        revision.date(),
        revision.revision,
        hex(revision.values_hash()),
        revision.reason(),
        noted.changed,
        noted.software,
        hex(&one.before),
    ]))
}

fn moment(ms: i64) -> String {
    instant(ms).format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

fn hash(text: &Value) -> RowHash {
    Sha256::digest(text.to_string()).into()
}

/// How far a participant's chain is, by the index.
pub fn head(index: &Index, participant: &ParticipantId) -> Result<Head, StoreError> {
    let Some(bytes) = index.get(&format::of_participant(Kind::Chain, participant))? else { return Ok(Head::default()) };
    postcard::from_bytes(&bytes).map_err(|_| StoreError::damaged("the end of an audit chain"))
}

/// Every chain that the index knows the end of.
pub fn heads(index: &Index) -> Result<BTreeMap<ParticipantId, Head>, StoreError> {
    let mut all = BTreeMap::new();
    index.prefix(&format::all(Kind::Chain), &mut |key, bytes| {
        let participant = format::participant_of(key);
        all.extend(participant.zip(postcard::from_bytes(&bytes).ok()));
    })?;
    Ok(all)
}

/// What is wrong with a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// Whose chain.
    pub participant: ParticipantId,
    /// The row at which it shows.
    pub seq: u32,
    /// What.
    pub how: How,
}

/// How a chain is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// Rows before this one are not there.
    Missing,
    /// There are two rows of this number.
    Twice,
    /// The row before this one is not the one that was written, or this one is not.
    Changed,
    /// It stands behind a newer one.
    Moved,
    /// The newest row is not the one that was written last.
    End,
}

/// What a check of all chains found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chains {
    /// Every participant, with the end of their chain by the journal.
    pub heads: BTreeMap<ParticipantId, Head>,
    /// What is wrong.
    pub broken: Vec<Broken>,
    /// Rows that went when somebody else was erased, and of which the hash is left.
    pub gone: u64,
    /// Rows of versions that had no chain. Nothing tells whether they are as they were written.
    pub before_chains: u64,
    /// Rows without a place in a chain behind some that have one.
    pub slipped_in: u64,
}

/// Takes rows in, in the order of each stream, and then says what is wrong.
#[derive(Default)]
pub struct Check {
    rows: BTreeMap<ParticipantId, Vec<(u32, RowHash, RowHash)>>,
    /// The newest number seen of each participant in this stream.
    newest: BTreeMap<ParticipantId, u32>,
    has_links: bool,
    found: Chains,
}

impl Check {
    /// Another stream begins.
    pub fn next_stream(&mut self) {
        self.newest.clear();
        self.has_links = false;
    }

    /// Takes an entry in.
    pub fn take(&mut self, entry: &Entry) {
        let without_link = match entry {
            Entry::Decision { json, .. } => u64::from(named(json).is_some()),
            Entry::Revisions(all) => all.len() as u64,
            Entry::Gone { .. } => {
                self.found.gone += 1;
                0
            }
            Entry::Delivery(_)
            | Entry::Identity { .. }
            | Entry::Passages { .. }
            | Entry::Linked { .. }
            | Entry::LinkedRevisions(_) => 0,
        };
        if self.has_links {
            self.found.slipped_in += without_link;
        } else {
            self.found.before_chains += without_link;
        }
        for (link, hash) in rows(entry) {
            self.has_links = true;
            let newest = self.newest.entry(link.participant.clone()).or_default();
            if link.seq < *newest {
                let participant = link.participant.clone();
                self.found.broken.push(Broken { participant, seq: link.seq, how: How::Moved });
            }
            *newest = link.seq.max(*newest);
            self.rows.entry(link.participant).or_default().push((link.seq, link.before, hash));
        }
    }

    /// What was found, beside the ends that the index knows, where it can say.
    pub fn done(mut self, known: Option<&BTreeMap<ParticipantId, Head>>) -> Chains {
        for (participant, mut rows) in std::mem::take(&mut self.rows) {
            rows.sort_by_key(|(seq, ..)| *seq);
            let mut head = Head::default();
            for (seq, before, hash) in rows {
                let how = match seq.checked_sub(head.rows) {
                    Some(1) => (before != head.hash).then_some(How::Changed),
                    Some(0) => Some(How::Twice),
                    _ => Some(How::Missing),
                };
                let participant = participant.clone();
                self.found.broken.extend(how.map(|how| Broken { participant, seq, how }));
                head = Head { rows: seq, hash };
            }
            self.found.heads.insert(participant, head);
        }
        let Some(known) = known else { return self.found };
        for participant in known.keys().chain(self.found.heads.keys()).collect::<BTreeSet<_>>() {
            let found = self.found.heads.get(participant).copied().unwrap_or_default();
            let known = known.get(participant).copied().unwrap_or_default();
            if found != known {
                let (participant, seq) = (participant.clone(), found.rows.max(known.rows));
                self.found.broken.push(Broken { participant, seq, how: How::End });
            }
        }
        self.found
    }
}
