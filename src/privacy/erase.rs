//! Erasing a person: what is theirs by the decisions and the settings, and what is written in its place.

use std::{collections::BTreeSet, io, path::Path};

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::{
    portions,
    receipt::{self, Receipt, Tombstone},
};
use crate::{
    config::Config,
    days::{DayBook, DaysError},
    devices::{self, Counter, DeviceDecision, keys},
    model::{DeviceId, ParticipantId},
    store::{Decided, Erasure, Portion, Store, StoreError},
};

/// Why nobody was erased.
#[derive(Debug, thiserror::Error)]
pub enum EraseError {
    /// There is nothing.
    #[error("nothing is kept of this person, so nothing was erased")]
    Nothing,
    /// Somebody else wore their counter too, and without their section nothing says which days were theirs.
    #[error(
        "the settings no longer name this person, so nothing tells which readings of a counter that others wore too are \
         theirs; nothing was erased. Put their `[[person]]` section back into brisk.toml first, and restart the daemon if \
         one runs"
    )]
    NotInSettings,
    /// The store or the people failed.
    #[error(transparent)]
    Days(#[from] DaysError),
    /// The system has no source of chance.
    #[error("the system gave no random numbers for the receipt; nothing was erased. Try again")]
    Random(#[source] getrandom::Error),
}

impl From<StoreError> for EraseError {
    fn from(error: StoreError) -> Self {
        Self::Days(error.into())
    }
}

/// What was done.
#[derive(Debug)]
pub struct Done {
    /// For the person to keep; it is stored nowhere here.
    pub receipt: Receipt,
    /// Counters that are not looked for any more, with their addresses.
    pub forgotten: Vec<(DeviceId, Option<String>)>,
    /// A counter's own key could not be removed.
    pub key_left: Option<io::Error>,
    /// Files that could not be removed yet go at the next start.
    pub finished: bool,
}

/// Erases everything that is stored of a person. Their counters are forgotten, so that what those still hold does not
/// come back as new.
///
/// # Errors
/// When there is nothing, the settings do not say what is theirs, or the store fails; nothing was erased then.
pub fn erase(
    store: &Store,
    book: &DayBook,
    config: &Config,
    data_dir: &Path,
    participant: &ParticipantId,
    at: DateTime<Utc>,
) -> Result<Done, EraseError> {
    let counters = devices::counters(config, &store.decisions()?);
    let people = book.people();
    let portions = portions(&people, &counters, participant);
    let in_part = portions.values().any(|portion| *portion != Portion::All);
    if in_part && !people.iter().any(|person| person.id == *participant) {
        return Err(EraseError::NotInSettings);
    }
    let all: BTreeSet<DeviceId> =
        portions.iter().filter(|(_, portion)| **portion == Portion::All).map(|(device, _)| *device).collect();
    let forgotten: Vec<&Counter> =
        counters.iter().filter(|one| all.contains(&one.id) || one.owner() == Some(participant)).collect();
    let mut instead = Vec::new();
    for counter in counters.iter().filter(|counter| portions.contains_key(&counter.id)) {
        // One that was paired and is theirs alone is unknown from now on; the settings would name others again.
        if !all.contains(&counter.id) || config.counter.iter().any(|entry| entry.id == counter.id) {
            instead.extend(nobodys(counter, participant, forgotten.iter().any(|one| one.id == counter.id)));
        }
    }
    let salt = receipt::salt().map_err(EraseError::Random)?;
    let decision = |decided: &Decided| names(decided, participant) || is_about(decided, &all);
    let whom = Erasure { participant, counters: portions, decision: &decision, salt, at };
    let erased = book.erase(&whom, |erased| {
        let tombstone = Tombstone::new(erased, &salt, participant);
        instead.iter().map(json).chain([json(&tombstone)]).collect()
    })?;
    if erased.records == 0 {
        return Err(EraseError::Nothing);
    }
    let mut key_left = None;
    for counter in &forgotten {
        key_left = keys::remove(data_dir, counter.id).err().or(key_left);
    }
    let receipt = Receipt::new(&erased, &salt, participant, at, forgotten.iter().map(|counter| counter.id));
    let forgotten = forgotten.into_iter().map(|counter| (counter.id, counter.address.clone())).collect();
    Ok(Done { receipt, forgotten, key_left, finished: erased.finished })
}

/// Whether a decision names this person, in whatever version of the program it was made.
pub fn names(decided: &Decided, participant: &ParticipantId) -> bool {
    fn in_field(value: &Value, id: &str) -> bool {
        match value {
            Value::Object(fields) => fields.iter().any(|(name, value)| {
                (matches!(name.as_str(), "participant" | "person") && value.as_str() == Some(id)) || in_field(value, id)
            }),
            Value::Array(values) => values.iter().any(|value| in_field(value, id)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
        }
    }
    serde_json::from_str(&decided.json).is_ok_and(|value: Value| in_field(&value, participant.as_str()))
}

/// Whether a decision is about one of these counters.
fn is_about(decided: &Decided, devices: &BTreeSet<DeviceId>) -> bool {
    serde_json::from_str::<DeviceDecision>(&decided.json).is_ok_and(|decision| {
        let (DeviceDecision::Paired { device, .. }
        | DeviceDecision::Assigned { device, .. }
        | DeviceDecision::Forgotten { device }) = decision;
        crate::model::parse_device_id(&device).is_some_and(|device| devices.contains(&device))
    })
}

/// The days of a counter on which it was theirs are nobody's from now on, and it is not looked for if it still was.
fn nobodys<'a>(
    counter: &'a Counter,
    participant: &'a ParticipantId,
    forget: bool,
) -> impl Iterator<Item = DeviceDecision> + 'a {
    let device = counter.id.to_string();
    let forgotten = forget.then(|| DeviceDecision::Forgotten { device: device.clone() });
    let theirs = counter.owners.iter().filter(move |owner| owner.person.as_ref() == Some(participant));
    theirs
        .map(move |owner| DeviceDecision::Assigned { device: device.clone(), person: None, from: owner.from })
        .chain(forgotten)
}

/// # Panics
/// Never: texts, numbers and dates always have a JSON form.
fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).expect("texts, numbers and dates always have a JSON form")
}
