//! Hours as the index has them: each a value of its own, or folded into its day.
//!
//! Hours are always written as values of their own, and such a value stands before what the folded
//! day says of that hour. Days that are over are folded afterwards, each in one batch.

use std::{collections::BTreeMap, ops::Range};

use firmware_protocol::reading::DeviceId;

use super::{
    StoreError,
    format::{self, Kind},
    hour::{HOURS_A_DAY, Hour, fold, unfold},
    index::{Changes, Index},
};

fn damaged() -> StoreError {
    StoreError::damaged("an hour of minutes")
}

/// One hour; empty when nothing is known of it.
pub fn one(index: &Index, device: DeviceId, hour: i64) -> Result<Hour, StoreError> {
    let Some(key) = format::hour(Kind::Hour, device, hour) else { return Ok(Hour::default()) };
    if let Some(bytes) = index.get(&key)? {
        return Hour::from_bytes(&bytes).ok_or_else(damaged);
    }
    let day = hour.div_euclid(HOURS_A_DAY);
    Ok(folded(index, device, day)?.remove(&hour).unwrap_or_default())
}

/// The hours of this range that hold something.
pub fn between(index: &Index, device: DeviceId, hours: Range<i64>) -> Result<BTreeMap<i64, Hour>, StoreError> {
    let mut found = BTreeMap::new();
    let mut unread = false;
    let days = hours.start.div_euclid(HOURS_A_DAY)..hours.end.saturating_add(HOURS_A_DAY - 1).div_euclid(HOURS_A_DAY);
    range(index, Kind::Folded, device, &days, &mut |day, bytes| match unfold(day, &bytes) {
        Some(content) => found.extend(content),
        None => unread = true,
    })?;
    range(index, Kind::Hour, device, &hours, &mut |hour, bytes| match Hour::from_bytes(&bytes) {
        Some(content) => drop(found.insert(hour, content)),
        None => unread = true,
    })?;
    found.retain(|hour, content| hours.contains(hour) && !content.is_empty());
    if unread { Err(damaged()) } else { Ok(found) }
}

/// The days from the first to the last that something was ever written of.
pub fn days(index: &Index, device: DeviceId) -> Result<Option<Range<i64>>, StoreError> {
    let mut ends: Option<(i64, i64)> = None;
    for (kind, hours) in [(Kind::Hour, HOURS_A_DAY), (Kind::Folded, 1)] {
        let prefix = format::of_device(kind, device);
        for key in [index.first(&prefix)?, index.last(&prefix)?].into_iter().flatten() {
            let Some((_, at)) = format::hour_of(&key) else { return Err(damaged()) };
            let day = at.div_euclid(hours);
            ends = Some(ends.map_or((day, day), |(first, last)| (first.min(day), last.max(day))));
        }
    }
    Ok(ends.map(|(first, last)| first..last + 1))
}

/// Folds every day but the newest.
pub fn fold_finished_days(index: &Index, device: DeviceId) -> Result<(), StoreError> {
    let prefix = format::of_device(Kind::Hour, device);
    let day_of =
        |key: Option<Vec<u8>>| key.as_deref().and_then(format::hour_of).map(|(_, h)| h.div_euclid(HOURS_A_DAY));
    let Some(newest) = day_of(index.last(&prefix)?) else { return Ok(()) };
    while let Some(day) = day_of(index.first(&prefix)?).filter(|day| *day < newest) {
        if !put_folded(index, device, day, &[])? {
            // Two hours hold one number while epochs are being moved: the next delivery tries again.
            break;
        }
    }
    Ok(())
}

/// Folds a day as it is with these hours put in place of their like. Says whether that can be done;
/// if not, they are written as values of their own.
pub fn put_folded(index: &Index, device: DeviceId, day: i64, new: &[(i64, Hour)]) -> Result<bool, StoreError> {
    let Some(key) = format::hour(Kind::Folded, device, day) else { return Ok(false) };
    let hours = day * HOURS_A_DAY..(day + 1) * HOURS_A_DAY;
    let mut content = between(index, device, hours.clone())?;
    content.extend(new.iter().cloned());
    content.retain(|_, hour| !hour.is_empty());
    let single = |hour: i64| format::hour(Kind::Hour, device, hour);
    let Some(bytes) = fold(day, &content) else {
        let changes = new.iter().filter_map(|(hour, content)| Some((single(*hour)?, Some(content.to_bytes()))));
        index.apply(&changes.collect())?;
        return Ok(false);
    };
    let mut changes: Changes = vec![(key, (!content.is_empty()).then_some(bytes))];
    range(index, Kind::Hour, device, &hours, &mut |hour, _| changes.extend(single(hour).map(|key| (key, None))))?;
    index.apply_at_once(&changes)?;
    Ok(true)
}

/// The hours of a day that changed, one bit each, lowest first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DirtyDay(u32);

impl DirtyDay {
    /// Adds an hour.
    pub fn insert(&mut self, hour: i64) {
        self.0 |= 1 << hour.rem_euclid(HOURS_A_DAY);
    }

    /// Adds the hours of a mark as it is stored.
    pub fn join(&mut self, mark: &[u8]) -> Result<(), StoreError> {
        self.0 |= Self::parse(mark)?.0;
        Ok(())
    }

    /// The mark as it is stored. `change` is another number for every change.
    pub fn to_bytes(self, change: u32) -> Vec<u8> {
        [change.to_be_bytes(), self.0.to_be_bytes()].concat()
    }

    /// From a mark as it is stored.
    pub fn parse(mark: &[u8]) -> Result<Self, StoreError> {
        let bits = mark.get(4..).and_then(|bits| bits.try_into().ok());
        bits.map(|bits| Self(u32::from_be_bytes(bits))).ok_or_else(|| StoreError::damaged("a mark on a day"))
    }

    /// Its hours, of the day with this number.
    pub fn hours(self, day: i64) -> impl Iterator<Item = i64> {
        (0..HOURS_A_DAY).filter(move |bit| self.0 & (1 << bit) != 0).map(move |bit| day * HOURS_A_DAY + bit)
    }
}

fn folded(index: &Index, device: DeviceId, day: i64) -> Result<BTreeMap<i64, Hour>, StoreError> {
    let Some(key) = format::hour(Kind::Folded, device, day) else { return Ok(BTreeMap::new()) };
    let Some(bytes) = index.get(&key)? else { return Ok(BTreeMap::new()) };
    unfold(day, &bytes).ok_or_else(damaged)
}

fn range(
    index: &Index,
    kind: Kind,
    device: DeviceId,
    at: &Range<i64>,
    each: &mut dyn FnMut(i64, Vec<u8>),
) -> Result<(), StoreError> {
    let key = |at: i64| format::hour(kind, device, at.clamp(*format::HOURS.start(), *format::HOURS.end()));
    let (Some(from), Some(to)) = (key(at.start), key(at.end)) else { return Ok(()) };
    index.range(&from, &to, &mut |key, bytes| {
        if let Some((_, at)) = format::hour_of(key) {
            each(at, bytes);
        }
    })
}
