//! One person's days, packed: 16 B for each day with data, and 148 B for the line of its hours.

use std::{
    collections::BTreeMap,
    num::{NonZeroU16, NonZeroU32},
};

use chrono::{Datelike, NaiveDate};

use super::summary::Summary;
use crate::{
    model::{DataState, DayTotal, Flag, ParticipantId},
    time::{Calendar, Zone},
};

/// Five-minute bins of a day by the wall clock.
pub(super) const BINS: u16 = 288;
/// Two bins in a byte, the first in the high half: a line of a PNG with four bits a pixel.
pub(super) const LINE_BYTES: usize = 144;
/// Minutes in a bin.
const BIN_MIN: i64 = 5;
/// Lines kept of one person, so that a long record stays small: three years.
const MOST_LINES: usize = 1100;

/// The hours of a day: for each bin 0 where no minute was recorded, else 1 + the highest cadence band in it.
pub(super) struct Line {
    /// Days since 1 January of year 1 ([`Datelike::num_days_from_ce`]).
    pub day: i32,
    pub bins: [u8; LINE_BYTES],
}

impl Line {
    /// The value of every bin, from the start of the day on.
    pub fn values(&self) -> impl Iterator<Item = u8> + '_ {
        self.bins.iter().flat_map(|pair| [pair >> 4, pair & 15])
    }
}

/// What the page says of one day. Numbers are kept plus one, so that an absent one takes no room.
pub(super) struct Mark {
    /// As in [`Line`].
    pub day: i32,
    steps: Option<NonZeroU32>,
    brisk: Option<NonZeroU16>,
    wear: Option<NonZeroU16>,
    pub valid: Option<bool>,
}

fn small(value: u32) -> NonZeroU16 {
    NonZeroU16::MIN.saturating_add(u16::try_from(value).unwrap_or(u16::MAX))
}

impl Mark {
    pub fn steps(&self) -> Option<u32> {
        self.steps.map(|steps| steps.get() - 1)
    }

    pub fn brisk(&self) -> Option<u32> {
        self.brisk.map(|brisk| u32::from(brisk.get()) - 1)
    }

    pub fn wear(&self) -> Option<u32> {
        self.wear.map(|wear| u32::from(wear.get()) - 1)
    }
}

/// What is drawn of a person, sorted by day.
pub(super) struct Detail {
    /// Days with data.
    pub days: Vec<Mark>,
    /// Days with minutes.
    pub lines: Vec<Line>,
}

/// A person's days as the page shows them. One worker fills it, day after day.
pub struct PersonPicture {
    id: ParticipantId,
    span: Option<(i32, i32)>,
    days: u64,
    detail: Detail,
    states: BTreeMap<DataState, u64>,
    flags: BTreeMap<Flag, u64>,
    thresholds: BTreeMap<u16, u64>,
}

/// A picture that is complete.
pub(super) struct Finished {
    pub id: ParticipantId,
    pub summary: Summary,
    pub detail: Detail,
    pub states: BTreeMap<DataState, u64>,
    pub flags: BTreeMap<Flag, u64>,
    pub thresholds: BTreeMap<u16, u64>,
}

impl PersonPicture {
    /// A person without a day.
    pub fn new(id: &ParticipantId) -> Self {
        Self {
            id: id.clone(),
            span: None,
            days: 0,
            detail: Detail { days: Vec::new(), lines: Vec::new() },
            states: BTreeMap::new(),
            flags: BTreeMap::new(),
            thresholds: BTreeMap::new(),
        }
    }

    /// Takes in one day. `cadence` holds the steps of every minute from the day's start on (1440 of them, or as
    /// many as the day has), `None` where nothing was recorded; it may be empty. A minute's place is taken as the
    /// time after midnight; the hour that a clock change repeats lies upon itself.
    pub fn day(&mut self, day: &DayTotal, cadence: &[Option<u16>]) {
        let number = day.local_date.num_days_from_ce();
        self.days += 1;
        self.span = Some(self.span.map_or((number, number), |(first, last)| (first.min(number), last.max(number))));
        *self.states.entry(day.data_state).or_default() += 1;
        for flag in &day.flags.0 {
            *self.flags.entry(*flag).or_default() += 1;
        }
        if day.data_state == DataState::NotSynced {
            return;
        }
        *self.thresholds.entry(day.brisk_threshold).or_default() += 1;
        self.detail.days.push(Mark {
            day: number,
            steps: day.total_steps.map(|steps| NonZeroU32::MIN.saturating_add(steps)),
            brisk: day.brisk_min.map(small),
            wear: day.wear_min.map(small),
            valid: day.valid_day,
        });
        if self.detail.lines.len() < MOST_LINES && cadence.iter().any(Option::is_some) {
            self.detail.lines.push(Line { day: number, bins: bins(cadence, clock_change(day)) });
        }
    }

    pub(super) fn finish(mut self) -> Finished {
        self.detail.days.sort_by_key(|mark| mark.day);
        self.detail.lines.sort_by_key(|line| line.day);
        self.detail.days.shrink_to_fit();
        self.detail.lines.shrink_to_fit();
        Finished {
            id: self.id,
            summary: Summary::of(self.span, self.days, &self.detail.days),
            detail: self.detail,
            states: self.states,
            flags: self.flags,
            thresholds: self.thresholds,
        }
    }
}

/// The minute of the day at which the clock changes, and by how many minutes; none on other days.
fn clock_change(day: &DayTotal) -> Option<(i64, i64)> {
    let has_zones = (1900..2300).contains(&day.local_date.year());
    if day.day_len_min == 1440 || !has_zones {
        return None;
    }
    let zone: Zone = day.tz.as_deref()?.parse().ok()?;
    let local = Calendar::midnight(zone).day(day.local_date);
    if local.len_min() != day.day_len_min {
        return None;
    }
    let offset = |minute: i64| i64::from(zone.offset_s((local.first_minute() + minute) * 60)) / 60;
    let before = offset(0);
    let changed = (0..i64::from(local.len_min())).find(|&minute| offset(minute) != before)?;
    Some((changed, offset(changed) - before))
}

/// A day's minutes as a line: in each bin the highest band of its minutes.
fn bins(cadence: &[Option<u16>], change: Option<(i64, i64)>) -> [u8; LINE_BYTES] {
    let mut line = [0; LINE_BYTES];
    for (minute, steps) in (0_i64..).zip(cadence) {
        let Some(steps) = steps else { continue };
        let wall = minute + change.filter(|&(at, _)| minute >= at).map_or(0, |(_, by)| by);
        let Ok(bin) = usize::try_from(wall.div_euclid(BIN_MIN)) else { continue };
        let Some(pair) = line.get_mut(bin / 2) else { continue };
        let value = 1 + band(*steps);
        *pair = match bin % 2 {
            0 => (*pair & 15) | ((*pair >> 4).max(value) << 4),
            _ => (*pair & 0xf0) | (*pair & 15).max(value),
        };
    }
    line
}

/// The cadence band of a minute, 0 to 7 (activity-science §1.3).
fn band(steps: u16) -> u8 {
    match steps {
        0 => 0,
        1..20 => 1,
        20..40 => 2,
        40..60 => 3,
        60..80 => 4,
        80..100 => 5,
        100..120 => 6,
        120.. => 7,
    }
}

/// The first and last of at most `most` days in a row that hold the most of these days, which are sorted; a stray
/// stamp years away then does not stretch a picture. None without a day.
pub(super) fn fullest_window(days: &[i32], most: u16) -> Option<(i32, i32)> {
    let mut best: Option<(usize, usize)> = None;
    let mut start = 0;
    for end in 0..days.len() {
        while days[end] - days[start] >= i32::from(most) {
            start += 1;
        }
        if best.is_none_or(|(from, to)| end - start > to - from) {
            best = Some((start, end));
        }
    }
    best.map(|(from, to)| (days[from], days[to]))
}

/// A day's date in ISO form.
pub(super) fn date(day: i32) -> String {
    NaiveDate::from_num_days_from_ce_opt(day).map_or_else(String::new, |date| date.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(cadence: &[Option<u16>], change: Option<(i64, i64)>) -> Vec<u8> {
        Line { day: 0, bins: bins(cadence, change) }.values().collect()
    }

    #[test]
    fn a_bin_holds_its_highest_band_and_an_absent_one_is_not_zero_steps() {
        let mut cadence = vec![None; 1440];
        cadence[0] = Some(0);
        cadence[7] = Some(19);
        cadence[8] = Some(130);
        cadence[1439] = Some(99);

        let line = line(&cadence, None);

        assert_eq!((line.len(), &line[..3], line[287]), (288, &[1, 8, 0][..], 6));
    }

    #[test]
    fn hours_after_a_clock_change_stand_at_their_wall_clock_time() {
        // Spring: minute 120 of the day is three o'clock. Autumn: minutes 120 to 239 are two o'clock twice.
        let at = |minute: usize, change| {
            let mut cadence = vec![None; 1500];
            cadence[minute] = Some(100);
            line(&cadence, Some(change)).iter().position(|&value| value == 7)
        };

        assert_eq!([at(119, (120, 60)), at(120, (120, 60)), at(1379, (120, 60))], [Some(23), Some(36), Some(287)]);
        assert_eq!([at(179, (180, -60)), at(180, (180, -60)), at(1499, (180, -60))], [Some(35), Some(24), Some(287)]);
    }

    #[test]
    fn the_fullest_window_leaves_a_stray_day_out() {
        assert_eq!(fullest_window(&[], 400), None);
        assert_eq!(fullest_window(&[5], 400), Some((5, 5)));
        assert_eq!(fullest_window(&[1, 9_000, 9_001, 9_399, 9_400], 400), Some((9_000, 9_399)));
    }
}
