//! What is logged under tag 81: minutes, up to fifteen in an item.
//!
//! Known from PebbleOS at eb194795 (Apache-2.0): `include/pbl/services/activity/activity_algorithm.h`; versions only
//! append to a sample, so a later one is read as far as it is known.

use alloc::{vec, vec::Vec};

use crate::{
    cursor::{Field, FormatError, ReadCursor},
    driver::{DecodeResult, Each},
    reading::{Epoch, Reading, Stamp, Wear},
};

/// Bytes of an item before its samples.
pub const HEADER_LEN: usize = 9;
/// The oldest version that is read; from here on versions only append to the samples.
const OLDEST_VERSION: u16 = 5;
/// Bytes of a sample of that version.
const SHORTEST_SAMPLE: u8 = 6;
/// The versions that appended something, and what a sample has to be long for it.
const WITH_ENERGY: (u16, u8) = (6, 12);
const WITH_HEART_RATE: (u16, u8) = (7, 13);
const WITH_WEIGHT: (u16, u8) = (12, 15);
const WITH_ZONE: (u16, u8) = (13, 16);
const FLAG_PLUGGED_IN: u8 = 0x01;
const FLAG_ACTIVE: u8 = 0x02;
const MINUTE_S: i64 = 60;
/// A steps field with this value means "at least this many".
const SATURATED: u8 = u8::MAX;

/// Minutes in a row, as the watch logs them under [`MINUTES_TAG`](super::logging::MINUTES_TAG), and as they are stored here: the whole item, with the
/// unused samples at its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MinuteItem<'a> {
    /// 5, 6, 7, 12, 13, 14 or later.
    pub version: u16,
    /// UTC of the first minute, seconds since 1970 by the watch's clock.
    pub utc: u32,
    /// Local time minus UTC, quarters of an hour.
    pub quarters: i8,
    /// Bytes of a sample.
    pub sample_len: u8,
    /// Samples that are valid.
    pub count: u8,
    /// Their bytes.
    samples: &'a [u8],
    /// What is not in use, up to the item's length.
    pub unused: &'a [u8],
}

/// One minute of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Minute<'a> {
    /// Steps; 255 means 255 or more.
    pub steps: u8,
    /// Two angles in sixteenths of a circle, four bits each.
    pub orientation: u8,
    /// Vector magnitude counts: how much it moved.
    pub vmc: u16,
    /// Ambient light.
    pub light: u8,
    /// [`Minute::plugged_in`], [`Minute::active`].
    pub flags: u8,
    /// Since version 6.
    pub energy: Option<Energy>,
    /// Beats per minute, since version 7; 0 when there was none.
    pub heart_rate: Option<u8>,
    /// Since version 12.
    pub heart_rate_weight: Option<u16>,
    /// Since version 13.
    pub heart_rate_zone: Option<u8>,
    /// What later versions append.
    pub later: &'a [u8],
}

/// What a minute cost, and how far it led.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Energy {
    /// Thousandths of a kilocalorie at rest.
    pub resting: u16,
    /// Thousandths of a kilocalorie above that.
    pub active: u16,
    /// Centimetres.
    pub distance_cm: u16,
}

impl<'a> MinuteItem<'a> {
    /// One item; what follows its samples is not in use.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, FormatError> {
        let mut cursor = ReadCursor::new(bytes);
        let version = cursor.u16()?;
        if version < OLDEST_VERSION {
            return Err(FormatError::Unknown { got: u8::try_from(version).unwrap_or(0) });
        }
        let utc = cursor.u32()?;
        let [quarters] = cursor.array()?.map(|byte: u8| i8::from_le_bytes([byte]));
        let (sample_len, count) = (cursor.u8()?, cursor.u8()?);
        if sample_len < SHORTEST_SAMPLE {
            return Err(FormatError::BadField { field: Field::Body, got: sample_len.into() });
        }
        let samples = cursor.take(usize::from(sample_len) * usize::from(count))?;
        Ok(Self { version, utc, quarters, sample_len, count, samples, unused: cursor.rest() })
    }

    /// An item of these minutes with the room for `room` of them, what is not in use filled with zeros. `None` when they do
    /// not fit.
    pub fn emit(
        version: u16,
        utc: u32,
        quarters: i8,
        sample_len: u8,
        room: u8,
        minutes: &[Minute<'_>],
    ) -> Option<Vec<u8>> {
        let count = u8::try_from(minutes.len()).ok().filter(|count| *count <= room)?;
        let mut item =
            [version.to_le_bytes().as_slice(), &utc.to_le_bytes(), &quarters.to_le_bytes(), &[sample_len, count]]
                .concat();
        for minute in minutes {
            let mut sample = minute.emit();
            if sample.len() > sample_len.into() {
                return None;
            }
            sample.resize(sample_len.into(), 0);
            item.extend(sample);
        }
        item.resize(HEADER_LEN + usize::from(sample_len) * usize::from(room), 0);
        Some(item)
    }

    /// Its minutes in order, each with the UTC of its start in seconds.
    pub fn minutes(&self) -> impl Iterator<Item = (i64, Minute<'a>)> {
        let Self { version, sample_len, .. } = *self;
        let starts = (0_i64..).map(move |index| MINUTE_S * index);
        let utc = i64::from(self.utc);
        self.samples
            .chunks_exact(sample_len.max(1).into())
            .zip(starts)
            .filter_map(move |(sample, after)| Some((utc + after, Minute::parse(version, sample_len, sample).ok()?)))
    }

    /// The numbers of its first minute and of the one after its last, when it has minutes: [`seq`].
    pub fn span(&self) -> Option<(u32, u32)> {
        let first = seq(i64::from(self.utc));
        (self.count > 0).then(|| (first, first.saturating_add(self.count.into())))
    }
}

impl<'a> Minute<'a> {
    fn parse(version: u16, sample_len: u8, sample: &'a [u8]) -> Result<Self, FormatError> {
        let has = |(since, length): (u16, u8)| version >= since && sample_len >= length;
        let mut cursor = ReadCursor::new(sample);
        let mut this = Self {
            steps: cursor.u8()?,
            orientation: cursor.u8()?,
            vmc: cursor.u16()?,
            light: cursor.u8()?,
            flags: cursor.u8()?,
            ..Self::default()
        };
        if has(WITH_ENERGY) {
            this.energy = Some(Energy { resting: cursor.u16()?, active: cursor.u16()?, distance_cm: cursor.u16()? });
        }
        if has(WITH_HEART_RATE) {
            this.heart_rate = Some(cursor.u8()?);
        }
        if has(WITH_WEIGHT) {
            this.heart_rate_weight = Some(cursor.u16()?);
        }
        if has(WITH_ZONE) {
            this.heart_rate_zone = Some(cursor.u8()?);
        }
        this.later = cursor.rest();
        Ok(this)
    }

    /// The sample's bytes, as far as there is something to say.
    fn emit(&self) -> Vec<u8> {
        let [v0, v1] = self.vmc.to_le_bytes();
        let mut bytes = vec![self.steps, self.orientation, v0, v1, self.light, self.flags];
        if let Some(energy) = self.energy {
            for number in [energy.resting, energy.active, energy.distance_cm] {
                bytes.extend(number.to_le_bytes());
            }
        }
        bytes.extend(self.heart_rate);
        bytes.extend(self.heart_rate_weight.into_iter().flat_map(u16::to_le_bytes));
        bytes.extend(self.heart_rate_zone);
        bytes.extend(self.later);
        bytes
    }

    /// The watch was charging, so nobody wore it.
    pub const fn plugged_in(&self) -> bool {
        self.flags & FLAG_PLUGGED_IN != 0
    }

    /// The watch calls the minute active.
    pub const fn active(&self) -> bool {
        self.flags & FLAG_ACTIVE != 0
    }

    /// The flags byte for these two.
    pub const fn flags_of(plugged_in: bool, active: bool) -> u8 {
        (if plugged_in { FLAG_PLUGGED_IN } else { 0 }) | (if active { FLAG_ACTIVE } else { 0 })
    }
}

/// The number of the minute that begins at this UTC second: minutes since 1970, to the nearest, for the watch stamps whole
/// minutes and a clock that is set by a second must not put two of them under one number.
pub fn seq(utc_s: i64) -> u32 {
    u32::try_from(utc_s.saturating_add(MINUTE_S / 2).div_euclid(MINUTE_S)).unwrap_or(0)
}

/// What a stored item means.
///
/// Whether it was worn is not in the minutes, only that it was charging; that long stillness in one position is a watch
/// on a table is for who sees more than fifteen minutes.
///
/// # Errors
/// Says what is wrong with the bytes.
pub fn decode(bytes: &[u8], each: Each<'_>) -> DecodeResult {
    for (utc_s, minute) in MinuteItem::parse(bytes)?.minutes() {
        each(Reading::Epoch(Epoch {
            seq: seq(utc_s),
            stamp: Stamp::Utc { seconds: utc_s },
            seconds: 60,
            steps: minute.steps.into(),
            saturated: minute.steps == SATURATED,
            wear: if minute.plugged_in() { Wear::Charging } else { Wear::Unknown },
            clock_unset: false,
        }));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::driver::QuarantineReason;

    #[test]
    fn charging_is_not_worn_and_a_full_field_is_a_lower_bound() {
        let minutes = [
            Minute { steps: 255, flags: Minute::flags_of(false, true), ..Minute::default() },
            Minute { steps: 0, flags: Minute::flags_of(true, false), ..Minute::default() },
        ];
        let item = MinuteItem::emit(5, 1_757_000_040, 0, 6, 15, &minutes).unwrap();
        let mut readings = Vec::new();

        decode(&item, &mut |reading| readings.push(reading)).unwrap();

        let epoch = |n: u32, steps, saturated, wear| {
            let stamp = Stamp::Utc { seconds: 1_757_000_040 + i64::from(n) * 60 };
            Reading::Epoch(Epoch {
                seq: 29_283_334 + n,
                stamp,
                seconds: 60,
                steps,
                saturated,
                wear,
                clock_unset: false,
            })
        };
        assert_eq!(readings, [epoch(0, 255, true, Wear::Unknown), epoch(1, 0, false, Wear::Charging)]);
    }

    #[test]
    fn samples_that_are_not_valid_are_missing_and_not_zero() {
        let item = MinuteItem::emit(13, 1_757_000_040, 0, 16, 15, &[Minute::default()]).unwrap();
        let mut count = 0;

        decode(&item, &mut |_| count += 1).unwrap();

        assert_eq!((item.len(), count), (249, 1));
    }

    #[test]
    fn what_cannot_be_an_item_is_refused() {
        let item = |version, sample_len| MinuteItem::emit(version, 0, 0, sample_len, 1, &[]).unwrap();
        let refused = |bytes: &[u8]| decode(bytes, &mut |_| ()).unwrap_err();

        assert_eq!(refused(&item(4, 6)), QuarantineReason::UnknownVersion);
        assert_eq!(refused(&item(5, 5)), QuarantineReason::BadField);
        assert_eq!(refused(&[5, 0, 0, 0, 0, 0, 0, 6, 2, 0, 0, 0, 0, 0, 0]), QuarantineReason::Truncated);
        assert_eq!(refused(&[]), QuarantineReason::Truncated);
    }

    #[test]
    fn the_last_minute_that_can_be_stamped_does_no_harm() {
        let item = MinuteItem::emit(5, u32::MAX, 0, 6, 15, &[Minute::default(); 15]).unwrap();
        let mut last = 0;

        decode(&item, &mut |reading| {
            if let Reading::Epoch(epoch) = reading {
                last = epoch.seq;
            }
        })
        .unwrap();

        assert_eq!(last, 71_582_788 + 14);
    }
}
