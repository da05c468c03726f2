//! What the journal keeps: deliveries of counters, what counters say they are, decisions of people,
//! and revisions of days that had been handed out.

mod revision;

use std::io::{Read, Write};

use chrono::{DateTime, Utc};
use firmware_protocol::{
    driver::{Identity, QuarantineReason, Quarantined, Resolution, Unit, UnitKind},
    reading::DeviceId,
};
use serde::{Deserialize, Serialize};

pub use self::revision::{LinkedRevision, Noted, Revision, RevisionEntry};
use super::{
    Passage,
    chain::{Link, RowHash},
};

/// How far a delivery can be trusted to come from the counter it names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BondLevel {
    /// The link was not encrypted.
    None,
    /// Encrypted, but nobody compared anything when it was paired.
    JustWorks,
    /// Encrypted and paired with a passkey or a comparison.
    Passkey,
    /// No radio was involved: a simulated or replayed counter.
    Simulated,
}

/// What arrived from a counter at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryRecord {
    /// Which counter.
    pub device: DeviceId,
    /// When, by this host's clock.
    pub arrived: DateTime<Utc>,
    /// Whether this host's clock could be believed then.
    pub arrival_trusted: bool,
    /// How the link was protected.
    pub bond: BondLevel,
    /// Units that decode, as the counter sent them.
    pub units: Vec<Unit>,
    /// Units that do not.
    pub quarantined: Vec<Quarantined>,
}

/// A decision of a person: a goal, a diary entry, an assignment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decided {
    /// Its place in the order of all decisions.
    pub ordinal: u32,
    /// When, by this host's clock.
    pub at: DateTime<Utc>,
    /// Who.
    pub actor: String,
    /// What, as JSON text, kept byte for byte.
    pub json: String,
}

/// Something put aside because it could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PutAside {
    /// Which counter.
    pub device: DeviceId,
    /// Number of the first epoch concerned, when it can be told.
    pub seq: Option<u32>,
    /// What is wrong.
    pub reason: QuarantineReason,
    /// The bytes as sent.
    pub bytes: Vec<u8>,
    /// When it first arrived.
    pub arrived: DateTime<Utc>,
}

/// What a counter says it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CounterIdentity {
    /// Firmware version as it states it.
    pub firmware: String,
    resolution: u8,
    /// How much it can hold before it overwrites, in minutes, when it says so.
    pub memory_minutes: Option<u32>,
}

impl CounterIdentity {
    /// How finely it can tell.
    pub fn resolution(&self) -> Resolution {
        match self.resolution {
            0 => Resolution::Minute,
            1 => Resolution::Coarse,
            _ => Resolution::Counter,
        }
    }
}

impl From<&Identity> for CounterIdentity {
    fn from(identity: &Identity) -> Self {
        let resolution = match identity.resolution {
            Resolution::Minute => 0,
            Resolution::Coarse => 1,
            Resolution::Counter => 2,
        };
        Self { firmware: identity.firmware.clone(), resolution, memory_minutes: identity.memory_minutes }
    }
}

/// One entry as it is written. Variants are added at the end and never reordered: their place is
/// their number on disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Entry {
    /// From a counter's stream.
    Delivery(DeliveryEntry),
    /// From a counter's stream, when it is new or says something else than before.
    Identity {
        /// When, Unix milliseconds.
        at_ms: i64,
        /// What it says.
        identity: CounterIdentity,
    },
    /// From the people's stream.
    Decision {
        /// When, Unix milliseconds.
        at_ms: i64,
        /// Who.
        actor: String,
        /// What.
        json: String,
    },
    /// From the days' stream.
    Revisions(Vec<RevisionEntry>),
    /// From the targets' stream.
    Passages {
        /// When, Unix milliseconds.
        at_ms: i64,
        /// What became of days.
        passages: Vec<Passage>,
    },
    /// From the people's stream: a decision that names a participant.
    Linked {
        /// Its place in the audit chain.
        link: Link,
        /// When, Unix milliseconds.
        at_ms: i64,
        /// Who.
        actor: String,
        /// What.
        json: String,
        /// Program and version.
        software: String,
    },
    /// From the days' stream.
    LinkedRevisions(Vec<LinkedRevision>),
    /// In the place of a row that went when somebody else was erased, so that this chain still holds.
    Gone {
        /// Its place in the audit chain.
        link: Link,
        /// Its hash.
        hash: RowHash,
    },
}

/// A [`DeliveryRecord`] without its device, which is the stream's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryEntry {
    /// Unix milliseconds.
    pub arrived_ms: i64,
    /// Whether that can be believed.
    pub trusted: bool,
    /// How the link was protected.
    pub bond: BondLevel,
    units: Vec<(u8, Vec<u8>)>,
    quarantined: Vec<(Vec<u8>, Option<u32>, u8)>,
}

/// What becomes of bytes that were put aside because they could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unread {
    /// They stay.
    Kept,
    /// They go.
    LeftOut,
}

impl From<&DeliveryRecord> for DeliveryEntry {
    fn from(record: &DeliveryRecord) -> Self {
        let aside = |q: &Quarantined| (q.bytes.clone(), q.seq, q.reason as u8);
        Self {
            arrived_ms: record.arrived.timestamp_millis(),
            trusted: record.arrival_trusted,
            bond: record.bond,
            units: record.units.iter().map(|unit| (unit.kind as u8, unit.bytes.clone())).collect(),
            quarantined: record.quarantined.iter().map(aside).collect(),
        }
    }
}

impl DeliveryEntry {
    /// Its units; `None` for a kind that this version does not know.
    pub fn units(&self) -> impl Iterator<Item = (Option<UnitKind>, &[u8])> {
        self.units.iter().map(|(kind, bytes)| (UnitKind::try_from(*kind).ok(), bytes.as_slice()))
    }

    /// Its units as they are written: the number of the kind, and the bytes.
    pub fn raw_units(&self) -> &[(u8, Vec<u8>)] {
        &self.units
    }

    /// The delivery with these units, and with what was put aside or without.
    pub fn holding(&self, units: Vec<(u8, Vec<u8>)>, unread: Unread) -> Self {
        let quarantined = match unread {
            Unread::Kept => self.quarantined.clone(),
            Unread::LeftOut => Vec::new(),
        };
        Self { arrived_ms: self.arrived_ms, trusted: self.trusted, bond: self.bond, units, quarantined }
    }

    /// What was put aside: bytes, number, reason.
    pub fn quarantined(&self) -> impl Iterator<Item = (&[u8], Option<u32>, QuarantineReason)> {
        self.quarantined.iter().map(|(bytes, seq, reason)| {
            let reason = QuarantineReason::try_from(*reason).unwrap_or(QuarantineReason::UnknownVersion);
            (bytes.as_slice(), *seq, reason)
        })
    }
}

/// Who did what no person did.
pub const SYSTEM: &str = "system";
const PLAIN: u8 = 1;
const DEFLATED: u8 = 2;
const MOST_INFLATED: u64 = 16 << 20;

impl Entry {
    /// The decision in it, when there is one.
    pub fn decided(self, ordinal: u32) -> Option<Decided> {
        match self {
            Self::Decision { at_ms, actor, json } | Self::Linked { at_ms, actor, json, .. } => {
                Some(Decided { ordinal, at: instant(at_ms), actor, json })
            }
            Self::Delivery(_)
            | Self::Identity { .. }
            | Self::Revisions(_)
            | Self::Passages { .. }
            | Self::LinkedRevisions(_)
            | Self::Gone { .. } => None,
        }
    }

    /// The revisions in it.
    pub fn revisions(self) -> Vec<Revision> {
        match self {
            Self::Revisions(all) => all.into_iter().map(|entry| Noted::from(entry).into()).collect(),
            Self::LinkedRevisions(all) => all.into_iter().map(|one| one.noted.into()).collect(),
            Self::Delivery(_)
            | Self::Identity { .. }
            | Self::Decision { .. }
            | Self::Passages { .. }
            | Self::Linked { .. }
            | Self::Gone { .. } => Vec::new(),
        }
    }

    /// The payload of a journal record. What people decided stays readable in the file.
    pub fn to_payload(&self) -> Vec<u8> {
        let mut plain = vec![PLAIN];
        plain.extend(postcard::to_stdvec(self).expect("values of these types always have a written form"));
        if !matches!(self, Self::Delivery(_)) {
            return plain;
        }
        let mut packed = vec![DEFLATED];
        let mut encoder = flate2::write::DeflateEncoder::new(&mut packed, flate2::Compression::best());
        let done = encoder.write_all(&plain[1..]).and_then(|()| encoder.finish().map(drop));
        if done.is_ok() && packed.len() < plain.len() { packed } else { plain }
    }

    /// From a record's payload; none when this version cannot read it.
    pub fn from_payload(payload: &[u8]) -> Option<Self> {
        let (format, body) = payload.split_first()?;
        match *format {
            PLAIN => exactly(body),
            DEFLATED => {
                let mut plain = Vec::new();
                flate2::read::DeflateDecoder::new(body).take(MOST_INFLATED).read_to_end(&mut plain).ok()?;
                exactly(&plain)
            }
            _ => None,
        }
    }
}

fn exactly(bytes: &[u8]) -> Option<Entry> {
    postcard::take_from_bytes(bytes).ok().and_then(|(entry, rest)| rest.is_empty().then_some(entry))
}

/// Unix milliseconds as an instant; the epoch when no calendar reaches that far.
pub fn instant(ms: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(ms).unwrap_or_default()
}
