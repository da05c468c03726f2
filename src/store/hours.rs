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
        let hours = day * HOURS_A_DAY..(day + 1) * HOURS_A_DAY;
        let Some(key) = format::hour(Kind::Folded, device, day) else { return Ok(()) };
        let content = between(index, device, hours.clone())?;
        // Two hours with one number are being moved: the next delivery tries again.
        let Some(bytes) = fold(day, &content) else { return Ok(()) };
        let mut changes: Changes = vec![(key, (!content.is_empty()).then_some(bytes))];
        range(index, Kind::Hour, device, &hours, &mut |hour, _| {
            changes.extend(format::hour(Kind::Hour, device, hour).map(|key| (key, None)));
        })?;
        index.apply_at_once(&changes)?;
    }
    Ok(())
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
