//! The proof that somebody was erased. In the journal a tombstone says when and how much, and names nobody; the person
//! has the receipt, which fits that tombstone and no other.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::erase::names;
use crate::{
    model::{DeviceId, ParticipantId, SOFTWARE, hex},
    store::{Erased, Store, StoreError},
};

/// What the journal says of somebody who was erased.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Tombstone {
    /// Tells it from decisions of other matters.
    pub erasure: What,
    /// Journal records that were taken out, or of which a part was.
    pub records: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Readings in them that were taken out, each as often as it had arrived.
    pub readings: u64,
    /// SHA-256 of the receipt's salt and the pseudonym, hexadecimal.
    pub who: String,
    /// SHA-256 of the receipt's salt and everything that was taken out, hexadecimal.
    pub digest: String,
}

/// What was erased.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// Everything of one person.
    PersonErased,
}

/// What the person keeps. It is stored nowhere here: without it nobody can tell whom a tombstone is of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    /// Form of this file: 1.
    pub brisk_receipt: u8,
    /// Who was erased.
    pub participant: ParticipantId,
    /// When, by the clock of the computer.
    pub erased_at: DateTime<Utc>,
    /// What the journal says of it.
    pub tombstone: Tombstone,
    /// Thirty-two hexadecimal digits, drawn at random.
    pub salt: String,
    /// Counters that are not looked for any more, sixteen hexadecimal digits each.
    pub counters_forgotten: Vec<String>,
    /// Readings that stay because nothing says when they were, and the counter is not theirs any more.
    pub undated_kept: u64,
    /// Trial databases that had been sent days and are told that the person left, by the names that this home had for them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub studies_told: Vec<String>,
    /// They are told to take those days out.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub to_be_taken_out: bool,
    /// Program and version.
    pub software: String,
}

/// Salt for one receipt, from the system's generator.
pub(super) fn salt() -> Result<[u8; 16], getrandom::Error> {
    let mut salt = [0; 16];
    getrandom::fill(&mut salt)?;
    Ok(salt)
}

impl Tombstone {
    pub(super) fn new(erased: &Erased, salt: &[u8], participant: &ParticipantId) -> Self {
        Self {
            erasure: What::PersonErased,
            records: erased.records,
            bytes: erased.bytes,
            readings: erased.epochs,
            who: who(salt, participant),
            digest: hex(&erased.digest),
        }
    }
}

impl Receipt {
    pub(super) fn new(
        erased: &Erased,
        salt: &[u8],
        participant: &ParticipantId,
        at: DateTime<Utc>,
        forgotten: impl Iterator<Item = DeviceId>,
    ) -> Self {
        Self {
            brisk_receipt: 1,
            participant: participant.clone(),
            // As the journal keeps it.
            erased_at: DateTime::from_timestamp_millis(at.timestamp_millis()).unwrap_or(at),
            tombstone: Tombstone::new(erased, salt, participant),
            salt: hex(salt),
            counters_forgotten: forgotten.map(|device| device.to_string()).collect(),
            undated_kept: erased.undated_kept,
            studies_told: Vec::new(),
            to_be_taken_out: false,
            software: SOFTWARE.to_owned(),
        }
    }

    /// Whether this store bears the receipt out.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn check(&self, store: &Store) -> Result<Check, StoreError> {
        let fits = unhex(&self.salt).is_some_and(|salt| who(&salt, &self.participant) == self.tombstone.who);
        let decisions = store.decisions()?;
        let found = decisions.iter().find(|decided| {
            decided.at == self.erased_at
                && serde_json::from_str::<Tombstone>(&decided.json).is_ok_and(|stone| stone == self.tombstone)
        });
        let Some(found) = found.filter(|_| fits) else { return Ok(Check::NotHere) };
        let before = decisions.iter().take_while(|decided| decided.ordinal < found.ordinal);
        let mut left = before.filter(|decided| names(decided, &self.participant)).count() as u64;
        for computed_at in store.revisions_of(&self.participant)? {
            left += u64::from(computed_at <= self.erased_at);
        }
        Ok(if left == 0 { Check::Sound } else { Check::Left(left) })
    }
}

/// What a check of a receipt found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// The person was erased here, and nothing from before is left.
    Sound,
    /// There is no such tombstone here: another installation, an older copy, or a receipt that was changed.
    NotHere,
    /// So many records from before still name them.
    Left(u64),
}

pub(super) fn who(salt: &[u8], participant: &ParticipantId) -> String {
    hex(&Sha256::new_with_prefix(salt).chain_update(participant.as_str()).finalize())
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> = text.chars().map(|digit| u8::try_from(digit.to_digit(16)?).ok()).collect();
    let digits = digits.filter(|digits| digits.len().is_multiple_of(2))?;
    Some(digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect())
}
