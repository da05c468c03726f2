//! Rows of days that are over, as they are kept: what each rests on, when one gets its next revision, and what the
//! journal says of it.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::{DayBook, DaysError, Person};
use crate::{
    model::{DayTotal, SOFTWARE},
    store::{Revision, SYSTEM},
    time::LocalDay,
};

/// A row in the index.
#[derive(Serialize, Deserialize)]
struct Cached {
    settings: Settings,
    /// Who decided something since that the row rests on: it has to be computed anew.
    decided_by: Option<String>,
    row: DayTotal,
}

/// Hashes of what all rows of a person rest on besides readings and decisions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Settings {
    /// All of it.
    all: [u8; 8],
    /// Who wears which counter when.
    counters: [u8; 8],
    /// How minutes become numbers, and where days begin.
    rules: [u8; 8],
}

/// Why a day is computed.
#[derive(Clone, Copy)]
pub(super) enum Cause {
    /// Readings of it arrived.
    Arrived,
    /// Somebody asked, and what is kept does not hold any more.
    Asked,
}

impl DayBook {
    /// The journal learns of new revisions before the index holds the rows that bear them.
    pub(super) fn keep(
        &self,
        rows: &[DayTotal],
        changed: &[Revision],
        settings: Settings,
        person: &Person,
    ) -> Result<(), DaysError> {
        self.store.append_revisions(changed)?;
        for row in rows {
            let cached = Cached { settings, decided_by: None, row: row.clone() };
            let bytes = postcard::to_stdvec(&cached).map_err(DaysError::Encode)?;
            if self.store.day(&person.id, row.local_date)?.as_ref() != Some(&bytes) {
                self.store.put_day(&person.id, row.local_date, &bytes)?;
            }
        }
        Ok(())
    }

    pub(super) fn cached(
        &self,
        person: &Person,
        from: NaiveDate,
        to: NaiveDate,
        settings: Settings,
    ) -> Result<BTreeMap<NaiveDate, DayTotal>, DaysError> {
        let kept = self.store.days(&person.id, from, to)?.into_iter().filter_map(|(date, bytes)| {
            // A row of another program version may not even decode: it is computed anew.
            let cached: Cached = postcard::from_bytes(&bytes).ok()?;
            (cached.settings.all == settings.all && cached.decided_by.is_none()).then_some((date, cached.row))
        });
        Ok(kept.collect())
    }

    /// The row of a day that is over, and the revision to be recorded when it differs from the last one.
    pub(super) fn closed_row(
        &self,
        person: &Person,
        day: &LocalDay,
        (first, settings): (NaiveDate, Settings),
        cause: Cause,
        now: DateTime<Utc>,
    ) -> Result<(DayTotal, Option<Revision>), DaysError> {
        let mut row = self.compute(person, day, first, None)?;
        let values = values_hash(&row);
        let last = self.store.revision(&person.id, day.date)?;
        match last {
            Some(last) if last.values_hash == values => {
                row.revision = last.revision;
                row.computed_at = Some(last.computed_at);
                // Rows of one revision are equal in every column, whichever version computed them anew: a database
                // takes anything else for another home.
                if !last.software.is_empty() {
                    row.software = last.software;
                }
                Ok((row, None))
            }
            last => {
                let cached = self.store.day(&person.id, day.date)?;
                let cached: Option<Cached> = cached.and_then(|bytes| postcard::from_bytes(&bytes).ok());
                let (reason, actor) = match &last {
                    None => ("first", SYSTEM),
                    Some(last) => reason(last, cached.as_ref(), settings, cause),
                };
                row.revision = last.map_or(0, |last| last.revision).saturating_add(1);
                // Whole seconds, as they stand in every export.
                row.computed_at = DateTime::from_timestamp(now.timestamp(), 0);
                let record = Revision {
                    participant: person.id.clone(),
                    date: day.date,
                    revision: row.revision,
                    computed_at: row.computed_at.unwrap_or(now),
                    values_hash: values,
                    reason: reason.to_owned(),
                    actor: actor.to_owned(),
                    changed: cached.as_ref().and_then(|cached| changed(&cached.row, &row)),
                    software: SOFTWARE.to_owned(),
                };
                Ok((row, Some(record)))
            }
        }
    }

    /// Of everything that all rows of a person rest on besides readings and decisions, the first day of the record
    /// among it: days are numbered from it.
    pub(super) fn settings_of(&self, person: &Person, first: NaiveDate) -> Settings {
        let counters = first_8(&Sha256::digest(format!("{:?}", person.counters)));
        let mut hash = Sha256::new_with_prefix(self.rules.hash());
        hash.update(format!("{:?} {:?}", person.calendar.home(), person.brisk_spm));
        let rules = first_8(&hash.finalize());
        let mut hash = Sha256::new_with_prefix(SOFTWARE);
        hash.update(counters);
        hash.update(rules);
        hash.update(format!("{first}"));
        Settings { all: first_8(&hash.finalize()), counters, rules }
    }
}

/// The same row, to be computed anew because of what `actor` decided; none where it does not decode, and so is computed
/// anew in any case.
pub(super) fn decided(bytes: &[u8], actor: &str) -> Option<Vec<u8>> {
    let cached: Cached = postcard::from_bytes(bytes).ok()?;
    postcard::to_stdvec(&Cached { decided_by: Some(actor.to_owned()), ..cached }).ok()
}

/// Why a day has other numbers than in its last revision, and who caused that: the codes that an auditor asks for.
fn reason<'a>(
    last: &Revision,
    cached: Option<&'a Cached>,
    settings: Settings,
    cause: Cause,
) -> (&'static str, &'a str) {
    let Some(cached) = cached else {
        // Made anew by another version, the index keeps no day: what changed is how days are computed.
        let code = if last.software == SOFTWARE { "late_sync" } else { "algorithm_update" };
        return (code, SYSTEM);
    };
    if let Some(actor) = &cached.decided_by {
        return ("manual_fix", actor);
    }
    let code = match cause {
        _ if cached.settings.counters != settings.counters => "device_swap",
        _ if cached.settings.rules != settings.rules => "algorithm_update",
        Cause::Asked if last.software != SOFTWARE => "algorithm_update",
        // Days are numbered from the first: an earlier one that arrives changes them all.
        Cause::Arrived | Cause::Asked => "late_sync",
    };
    (code, SYSTEM)
}

/// The columns that differ, as a JSON object: name, then before and after.
fn changed(before: &DayTotal, after: &DayTotal) -> Option<String> {
    let fields = |row: &DayTotal| match serde_json::to_value(row) {
        Ok(Value::Object(fields)) => Some(fields),
        _ => None,
    };
    let (before, mut after) = (fields(before)?, fields(after)?);
    let mut all = BTreeMap::new();
    for (name, before) in before {
        let after = after.remove(&name).unwrap_or_default();
        if before != after && !matches!(name.as_str(), "revision" | "computed_at" | "software") {
            all.insert(name, [before, after]);
        }
    }
    serde_json::to_string(&all).ok()
}

/// Of every value in a row: not of its revision, when it was computed and by which version of the program.
///
/// # Panics
/// Never: texts, numbers and dates always have a JSON form.
fn values_hash(row: &DayTotal) -> [u8; 8] {
    let bare = DayTotal { revision: 0, computed_at: None, software: String::new(), ..row.clone() };
    let json = serde_json::to_vec(&bare).expect("texts, numbers and dates always serialise");
    first_8(&Sha256::digest(json))
}

fn first_8(digest: &[u8]) -> [u8; 8] {
    digest.first_chunk().copied().unwrap_or_default()
}
