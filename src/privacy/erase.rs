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
    delivery::{
        self,
        leaving::{self, Farewell, Leaver, Once},
    },
    devices::{self, Counter, DeviceDecision, keys},
    model::{DeviceId, ParticipantId},
    person::OwnDecision,
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
    /// What the study has to be told could not be written down.
    #[error(
        "the note for the study could not be written, so nothing was erased. Make room on the disk, or look who owns the \
         folder `leaving` in the data folder, and try again"
    )]
    Note(#[source] io::Error),
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
    /// Databases that have days of theirs and are not in the settings any more: nobody tells them.
    pub untold: Vec<String>,
    /// A counter's own key could not be removed.
    pub key_left: Option<io::Error>,
    /// Files that could not be removed yet go at the next start.
    pub finished: bool,
}

/// What is asked of trial databases that have days of somebody who is erased here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AtStudy {
    /// They are told. The days stay in the trial, which is the rule.
    Told,
    /// They are told to take the days out.
    TakenOut,
}

/// Erases everything that is stored of a person. Databases that were sent days are told; until one has answered, a note
/// in the folder `leaving` keeps the pseudonym and the dates, and nothing else does. Their counters are forgotten, so that what those still hold does not
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
    at_study: AtStudy,
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
    let (told, untold) = farewells(store, book, config, participant, at_study, at)?;
    let once = Once::Erased(receipt::who(&salt, participant));
    let notes = leaving::prepare(data_dir, &once, &told).map_err(EraseError::Note)?;
    let whom = Erasure { participant, counters: portions, decision: &decision, salt, at };
    let erased = book.erase(&whom, |erased| {
        let tombstone = Tombstone::new(erased, &salt, participant);
        instead.iter().map(json).chain([json(&tombstone)]).collect()
    });
    let erased = match erased {
        Ok(erased) if erased.records > 0 => erased,
        unchanged => {
            if let Err(error) = notes.tear_up() {
                tracing::warn!(%error, "a note for a study that does not count goes at the next start");
            }
            return Err(unchanged.map_or_else(EraseError::from, |_| EraseError::Nothing));
        }
    };
    if let Err(error) = notes.confirm() {
        tracing::warn!(%error, "a study is told of somebody's leaving only after the next start");
    }
    let mut key_left = None;
    for counter in &forgotten {
        key_left = keys::remove(data_dir, counter.id).err().or(key_left);
    }
    let mut receipt = Receipt::new(&erased, &salt, participant, at, forgotten.iter().map(|counter| counter.id));
    receipt.to_be_taken_out = at_study == AtStudy::TakenOut && !told.is_empty();
    receipt.studies_told = told.into_iter().map(|farewell| farewell.target).collect();
    let forgotten = forgotten.into_iter().map(|counter| (counter.id, counter.address.clone())).collect();
    Ok(Done { receipt, forgotten, untold, key_left, finished: erased.finished })
}

/// What databases of the settings have to be told, and those that are not there any more.
fn farewells(
    store: &Store,
    book: &DayBook,
    config: &Config,
    participant: &ParticipantId,
    at_study: AtStudy,
    at: DateTime<Utc>,
) -> Result<(Vec<Farewell>, Vec<String>), StoreError> {
    let Some((study, epoch, moved)) = delivery::begun(store)? else { return Ok((Vec::new(), Vec::new())) };
    let people = book.people();
    let today =
        people.iter().find(|person| person.id == *participant).map(|person| person.calendar.day_at(at.timestamp()));
    let (date, offset_s) = today.map_or((at.date_naive(), 0), |today| (today.date, today.zone.offset_s(today.start_s)));
    let shift_days = if moved { date_shift_days(store, participant)? } else { 0 };
    let tz_offset_min = i16::try_from(offset_s / 60).unwrap_or(0);
    let take_out = at_study == AtStudy::TakenOut;
    let leaver = Leaver { study, epoch, participant, date, tz_offset_min, shift_days, take_out };
    let mut sent = store.sent_days(participant)?;
    // Also a database that proved to have nothing: a first batch may have got there although its answer was lost.
    let took_part =
        !sent.is_empty() || config.person.iter().any(|person| person.id == *participant && person.enrolled.is_some());
    let targets = config.target.iter().map(|target| target.name.as_str()).filter(|_| took_part);
    let told = targets.map(|name| leaver.farewell(name.to_owned(), sent.remove(name).unwrap_or_default())).collect();
    Ok((told, sent.into_keys().collect()))
}

/// By how many days their dates were moved before they left: by the journal, since the settings may not name them any more.
fn date_shift_days(store: &Store, participant: &ParticipantId) -> Result<i64, StoreError> {
    let weeks = store.decisions()?.into_iter().find_map(|decided| match serde_json::from_str(&decided.json) {
        Ok(OwnDecision::DatesShifted { participant: whose, weeks }) if whose == *participant => Some(weeks),
        _ => None,
    });
    Ok(i64::from(weeks.unwrap_or(0)) * 7)
}

/// Whether a note that was prepared before a crash counts: the erasure, or the decision to leave, is in the journal.
pub fn has_happened(decisions: &[Decided], once: &Once) -> bool {
    decisions.iter().any(|decided| match once {
        Once::Erased(who) => serde_json::from_str::<Tombstone>(&decided.json).is_ok_and(|stone| stone.who == *who),
        Once::Left(whose) => serde_json::from_str::<OwnDecision>(&decided.json).is_ok_and(
            |decision| matches!(decision, OwnDecision::StudyLeft { participant, .. } if participant == *whose),
        ),
    })
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
