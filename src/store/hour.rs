//! One UTC hour of one counter: what each epoch that begins in it contributed.
//!
//! Contributions are kept one by one under the counter's own numbers, so that the same epoch a
//! second time is nothing new, and parts of a minute that a reboot cut add up. The written form is
//! the same for the same contributions, whatever order they came in. While its day goes on, an hour
//! is a value of its own; a day that is over is one value of 24 hours, because `sled` needs several
//! times the bytes of a small value.

use std::collections::BTreeMap;

use firmware_protocol::reading::{Epoch, Wear};

use super::coding::{Bytes, put, put_runs, put_zero_runs, unzigzag, zigzag};
use crate::model::{Coarse, Minute, MinuteWear};

const SATURATED: u8 = 0x04;
const CLOCK_UNSET: u8 = 0x08;
const MOST: usize = 200_000;
/// Hours in a folded day.
pub const HOURS_A_DAY: i64 = 24;
const MINUTES: u32 = 60;
const SECONDS: u32 = 3600;

/// What one epoch contributed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contribution {
    /// The counter's number.
    pub seq: u32,
    /// Of a fine epoch the minute of the hour, 0 to 59; of a coarse one the second it starts at, 0 to 3599.
    pub at: u32,
    /// Length.
    pub seconds: u32,
    /// Steps.
    pub steps: u32,
    /// Wear in bits 0 and 1, then saturated, then clock unset.
    meta: u8,
}

/// What became of a contribution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Added {
    /// It is new.
    New,
    /// It was there.
    Same,
    /// Another one with its number was there, and stays.
    Conflict,
}

/// The contributions of an hour, by number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hour {
    fine: Vec<Contribution>,
    coarse: Vec<Contribution>,
}

impl Contribution {
    /// Of this epoch, placed there.
    pub fn new(epoch: &Epoch, at: u32) -> Self {
        let wear = match epoch.wear {
            Wear::Unknown => 0,
            Wear::Worn => 1,
            Wear::NotWorn => 2,
            Wear::Charging => 3,
        };
        let saturated = if epoch.saturated { SATURATED } else { 0 };
        let clock_unset = if epoch.clock_unset { CLOCK_UNSET } else { 0 };
        let meta = wear | saturated | clock_unset;
        Self { seq: epoch.seq, at, seconds: epoch.seconds, steps: epoch.steps, meta }
    }

    /// An epoch longer than a minute.
    pub fn is_coarse(&self) -> bool {
        self.seconds > 60
    }

    fn wear(&self) -> MinuteWear {
        match self.meta & 3 {
            0 => MinuteWear::Unknown,
            1 => MinuteWear::Worn,
            _ => MinuteWear::NotWorn,
        }
    }
}

impl Hour {
    /// Adds a contribution; the first one with a number stays.
    pub fn add(&mut self, new: Contribution) -> Added {
        let other = if new.is_coarse() { &self.fine } else { &self.coarse };
        if other.binary_search_by_key(&new.seq, |c| c.seq).is_ok() {
            return Added::Conflict;
        }
        let list = if new.is_coarse() { &mut self.coarse } else { &mut self.fine };
        match list.binary_search_by_key(&new.seq, |c| c.seq) {
            Ok(at) if list[at] == new => Added::Same,
            Ok(_) => Added::Conflict,
            Err(at) => {
                list.insert(at, new);
                Added::New
            }
        }
    }

    /// Nothing in it.
    pub fn is_empty(&self) -> bool {
        self.fine.is_empty() && self.coarse.is_empty()
    }

    /// Its minutes in order; `hour` counts from 1970.
    pub fn minutes(&self, hour: i64) -> Vec<Minute> {
        let mut slots: Vec<(u32, Minute)> = Vec::new();
        let mut by_slot: Vec<_> = self.fine.iter().collect();
        by_slot.sort_by_key(|c| (c.at, c.seq));
        for part in by_slot {
            let at = hour * 60 + i64::from(part.at);
            if slots.last().is_none_or(|(_, minute)| minute.at != at) {
                let empty = Minute { at, steps: 0, wear: MinuteWear::Unknown, saturated: false, overlap: false };
                slots.push((0, empty));
            }
            let Some((seconds, minute)) = slots.last_mut() else { continue };
            *seconds = seconds.saturating_add(part.seconds);
            minute.steps = minute.steps.saturating_add(part.steps);
            minute.saturated |= part.meta & SATURATED != 0;
            // Pieces whose middles lie in one minute fill less than two, unless they overlap.
            minute.overlap = *seconds >= 120;
            minute.wear = match (minute.wear, part.wear()) {
                (MinuteWear::Worn, _) | (_, MinuteWear::Worn) => MinuteWear::Worn,
                (MinuteWear::NotWorn, _) | (_, MinuteWear::NotWorn) => MinuteWear::NotWorn,
                (MinuteWear::Unknown, MinuteWear::Unknown) => MinuteWear::Unknown,
            };
        }
        slots.into_iter().map(|(_, minute)| minute).collect()
    }

    /// Its coarse epochs in order of their start.
    pub fn coarse(&self, hour: i64) -> Vec<Coarse> {
        let mut list: Vec<_> = self.coarse.iter().collect();
        list.sort_by_key(|c| (c.at, c.seq));
        list.into_iter()
            .map(|c| {
                let start_s = hour * 3600 + i64::from(c.at);
                let end_s = start_s + i64::from(c.seconds);
                Coarse { start_s, end_s, steps: c.steps, lower_bound_only: c.meta & SATURATED != 0 }
            })
            .collect()
    }

    /// The written form.
    pub fn to_bytes(&self) -> Vec<u8> {
        put_lists(&self.fine, &self.coarse)
    }

    /// From the written form; none when it is not one.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (fine, coarse) = take_lists(bytes, 1)?;
        Some(Self { fine, coarse })
    }
}

/// The written form of a day that is over; none when two of its hours have an epoch with one number,
/// which happens only while epochs are being moved.
pub fn fold(day: i64, hours: &BTreeMap<i64, Hour>) -> Option<Vec<u8>> {
    let (mut fine, mut coarse) = (Vec::new(), Vec::new());
    for (hour, content) in hours {
        let shift = u32::try_from(hour - day * HOURS_A_DAY).ok()?;
        fine.extend(content.fine.iter().map(|c| Contribution { at: c.at + shift * MINUTES, ..*c }));
        coarse.extend(content.coarse.iter().map(|c| Contribution { at: c.at + shift * SECONDS, ..*c }));
    }
    for list in [&mut fine, &mut coarse] {
        list.sort_by_key(|c| c.seq);
    }
    let once = |list: &[Contribution]| list.windows(2).all(|pair| pair[0].seq < pair[1].seq);
    (once(&fine) && once(&coarse)).then(|| put_lists(&fine, &coarse))
}

/// The hours of a folded day that hold something; none when the bytes are not such a day.
pub fn unfold(day: i64, bytes: &[u8]) -> Option<BTreeMap<i64, Hour>> {
    let (fine, coarse) = take_lists(bytes, 24)?;
    let mut hours: BTreeMap<i64, Hour> = BTreeMap::new();
    let hour = |at: u32, length: u32| day * HOURS_A_DAY + i64::from(at / length);
    for c in fine {
        hours.entry(hour(c.at, MINUTES)).or_default().fine.push(Contribution { at: c.at % MINUTES, ..c });
    }
    for c in coarse {
        hours.entry(hour(c.at, SECONDS)).or_default().coarse.push(Contribution { at: c.at % SECONDS, ..c });
    }
    Some(hours)
}

fn put_lists(fine: &[Contribution], coarse: &[Contribution]) -> Vec<u8> {
    let mut out = Vec::new();
    put_list(&mut out, fine);
    if !coarse.is_empty() {
        put_list(&mut out, coarse);
    }
    out
}

fn take_lists(bytes: &[u8], hours: u32) -> Option<(Vec<Contribution>, Vec<Contribution>)> {
    let mut bytes = Bytes(bytes);
    let fine = take_list(&mut bytes, hours * MINUTES, |seconds| seconds <= 60)?;
    let coarse =
        if bytes.0.is_empty() { Vec::new() } else { take_list(&mut bytes, hours * SECONDS, |seconds| seconds > 60)? };
    bytes.0.is_empty().then_some((fine, coarse))
}

fn put_list(out: &mut Vec<u8>, list: &[Contribution]) {
    put(out, list.len() as u64);
    let Some(first) = list.first() else { return };
    put(out, first.seq.into());
    put(out, first.at.into());
    put_runs(out, list.windows(2).map(|pair| u64::from(pair[1].seq - pair[0].seq)));
    put_runs(out, list.windows(2).map(|pair| zigzag(i64::from(pair[1].at) - i64::from(pair[0].at))));
    put_runs(out, list.iter().map(|c| c.seconds.into()));
    put_runs(out, list.iter().map(|c| c.meta.into()));
    put_zero_runs(out, list.iter().map(|c| c.steps.into()));
}

fn take_list(bytes: &mut Bytes<'_>, places: u32, fits: impl Fn(u32) -> bool) -> Option<Vec<Contribution>> {
    // An hour holds at most one epoch a second; more would be damage.
    let count = usize::try_from(bytes.take()?).ok().filter(|count| *count <= MOST)?;
    if count == 0 {
        return Some(Vec::new());
    }
    let mut seq = u32::try_from(bytes.take()?).ok()?;
    let mut at = i64::try_from(bytes.take()?).ok()?;
    let seq_steps = bytes.runs(count - 1)?;
    let at_steps = bytes.runs(count - 1)?;
    let seconds = bytes.runs(count)?;
    let metas = bytes.runs(count)?;
    let steps = bytes.zero_runs(count)?;
    let mut list = Vec::with_capacity(count);
    for index in 0..count {
        if let Some(before) = index.checked_sub(1) {
            let step = u32::try_from(seq_steps[before]).ok().filter(|step| *step > 0)?;
            seq = seq.checked_add(step)?;
            at = at.checked_add(unzigzag(at_steps[before]))?;
        }
        list.push(Contribution {
            seq,
            at: u32::try_from(at).ok().filter(|at| *at < places)?,
            seconds: u32::try_from(seconds[index]).ok().filter(|seconds| fits(*seconds))?,
            steps: u32::try_from(steps[index]).ok()?,
            meta: u8::try_from(metas[index]).ok().filter(|meta| *meta < 16)?,
        });
    }
    Some(list)
}

#[cfg(test)]
mod tests {
    use firmware_protocol::reading::Stamp;
    use proptest::prelude::*;

    use super::*;

    fn part(seq: u32, at: u32, seconds: u32, steps: u32) -> Contribution {
        let epoch = Epoch {
            seq,
            stamp: Stamp::Utc { seconds: 0 },
            seconds,
            steps,
            saturated: false,
            wear: Wear::Unknown,
            clock_unset: false,
        };
        Contribution::new(&epoch, at)
    }

    #[test]
    fn parts_of_a_minute_add_up_and_too_much_of_it_is_marked() {
        let mut hour = Hour::default();
        for (seq, at, seconds, steps) in [(1, 5, 20, 10), (2, 5, 40, 30), (3, 6, 60, 7), (4, 6, 60, 8)] {
            assert_eq!(hour.add(part(seq, at, seconds, steps)), Added::New);
        }

        let minutes = hour.minutes(0);

        assert_eq!(
            minutes.iter().map(|m| (m.at, m.steps, m.overlap)).collect::<Vec<_>>(),
            [(5, 40, false), (6, 15, true)]
        );
    }

    #[test]
    fn the_first_of_two_different_epochs_with_one_number_stays() {
        let mut hour = Hour::default();
        assert_eq!(hour.add(part(1, 5, 60, 10)), Added::New);
        assert_eq!(hour.add(part(1, 5, 60, 10)), Added::Same);
        assert_eq!(hour.add(part(1, 5, 60, 11)), Added::Conflict);
        assert_eq!(hour.add(part(1, 300, 3600, 11)), Added::Conflict);
        assert_eq!(hour.minutes(0)[0].steps, 10);
    }

    #[test]
    fn a_usual_hour_takes_few_bytes() {
        let mut hour = Hour::default();
        for minute in 0..60_u32 {
            let steps = if minute % 7 == 0 { 90 + minute } else { 0 };
            hour.add(part(1_000_000 + minute, minute, 60, steps));
        }
        assert!(hour.to_bytes().len() <= 48, "{}", hour.to_bytes().len());
    }

    proptest! {
        #[test]
        fn bytes_and_hour_are_the_same_thing(
            parts in prop::collection::vec((any::<u32>(), 0..3600_u32, 1..90_000_u32, any::<u32>()), 0..80),
            rotate: usize,
        ) {
            let mut parts: Vec<_> =
                parts.into_iter().map(|(seq, at, s, n)| part(seq, if s > 60 { at } else { at % 60 }, s, n)).collect();
            parts.sort_by_key(|p| p.seq);
            parts.dedup_by_key(|p| p.seq);
            let mut other = parts.clone();
            if !other.is_empty() {
                let by = rotate % other.len();
                other.rotate_left(by);
            }

            let (mut a, mut b) = (Hour::default(), Hour::default());
            for (one, two) in parts.iter().zip(&other) {
                a.add(*one);
                b.add(*two);
            }

            prop_assert_eq!(a.to_bytes(), b.to_bytes());
            prop_assert_eq!(Hour::from_bytes(&a.to_bytes()), Some(a));
        }

        #[test]
        fn a_day_is_its_hours(
            parts in prop::collection::vec((0..24_i64, 0..3600_u32, 1..90_000_u32, any::<u32>()), 0..80),
            day in -3_i64..30_000,
        ) {
            let mut hours: BTreeMap<i64, Hour> = BTreeMap::new();
            for (seq, (hour, at, s, n)) in (7..).zip(parts) {
                let part = part(seq * 3, if s > 60 { at } else { at % 60 }, s, n);
                hours.entry(day * 24 + hour).or_default().add(part);
            }

            let folded = fold(day, &hours).unwrap();

            prop_assert_eq!(unfold(day, &folded), Some(hours));
        }

        #[test]
        fn any_bytes_are_read_without_a_panic(raw: Vec<u8>) {
            let _day = unfold(3, &raw);
            let _hour = Hour::from_bytes(&raw);
        }
    }
}
