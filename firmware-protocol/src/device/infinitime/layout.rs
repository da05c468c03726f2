//! What the watch sends, the unit that is kept of it, and what a unit means.

use crate::{
    cursor::{Field, FormatError, ReadCursor, WriteCursor},
    driver::{DecodeResult, Each},
    reading::{Epoch, Reading, Stamp, Wear},
};

/// The step count: exactly four bytes. 1.7 and 1.8 notify one byte, which is no step count (#928).
///
/// # Errors
/// When there are more or fewer.
pub fn parse_steps(bytes: &[u8]) -> Result<u32, FormatError> {
    let mut cursor = ReadCursor::new(bytes);
    let steps = cursor.u32()?;
    cursor.end()?;
    Ok(steps)
}

/// The value of the step count.
pub const fn emit_steps(steps: u32) -> [u8; 4] {
    steps.to_le_bytes()
}

/// Acceleration along the three axes, 1024 is that of gravity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Motion {
    /// Across the arm.
    pub x: i16,
    /// Along the arm.
    pub y: i16,
    /// Out of the screen.
    pub z: i16,
}

impl Motion {
    /// Exactly six bytes.
    ///
    /// # Errors
    /// When there are more or fewer.
    pub fn parse(bytes: &[u8]) -> Result<Self, FormatError> {
        let mut cursor = ReadCursor::new(bytes);
        let motion = Self { x: cursor.i16()?, y: cursor.i16()?, z: cursor.i16()? };
        cursor.end()?;
        Ok(motion)
    }

    /// The value's bytes.
    pub fn emit(self) -> [u8; 6] {
        let mut out = [0; 6];
        WriteCursor::new(&mut out).i16(self.x).i16(self.y).i16(self.z);
        out
    }
}

/// The total as it was read at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Total {
    /// Host's UTC, seconds since 1970.
    pub utc_s: i64,
    /// Steps.
    pub steps: u32,
}

/// The unit that is kept: two readings of the total, or, when there is none before it, one.
///
/// Bytes: before UTC s i64 · before steps u32 · now UTC s i64 · now steps u32 · local minus UTC in minutes i16; of a first
/// reading only from *now* on. All but the steps is the host's own: the watch sends nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pair {
    /// The reading before.
    pub before: Option<Total>,
    /// The reading.
    pub now: Total,
    /// Local time minus UTC that the watch's clock was set to, minutes.
    pub offset_min: i16,
}

const LONE_LEN: usize = 14;
const PAIR_LEN: usize = 26;
/// The end of the year 9999: later stamps are no dates.
const LAST_S: i64 = 253_402_300_799;
const DAY_S: i64 = 86_400;
const MINUTE_S: i64 = 60;
/// A reading this near to a whole minute belongs to it, seconds.
const SNAP_S: i64 = 5;
/// Two readings this far apart bracket one minute, seconds.
const ONE_MINUTE_S: core::ops::RangeInclusive<i64> = 45..=75;
/// How wrong the watch's own midnight may be, seconds: it is set at each dialogue, and quartz drifts a few seconds a day.
const MIDNIGHT_LEEWAY_S: i64 = 60;
/// More steps a minute than anybody takes.
const MOST_PER_MINUTE: u64 = 255;

impl Total {
    fn parse(cursor: &mut ReadCursor<'_>) -> Result<Self, FormatError> {
        let total = Self { utc_s: cursor.i64()?, steps: cursor.u32()? };
        if (0..=LAST_S).contains(&total.utc_s) {
            Ok(total)
        } else {
            Err(FormatError::BadField { field: Field::Date, got: u32::try_from(total.utc_s).unwrap_or(u32::MAX) })
        }
    }

    /// When it was read, the whole minute when that is near.
    pub const fn at_s(&self) -> i64 {
        let past = self.utc_s.rem_euclid(MINUTE_S);
        if past <= SNAP_S {
            self.utc_s - past
        } else if past >= MINUTE_S - SNAP_S {
            self.utc_s + MINUTE_S - past
        } else {
            self.utc_s
        }
    }
}

impl Pair {
    /// Exactly one unit.
    ///
    /// # Errors
    /// When it has another length, or holds a time or zone that cannot be.
    pub fn parse(bytes: &[u8]) -> Result<Self, FormatError> {
        let mut cursor = ReadCursor::new(bytes);
        let before = if bytes.len() == LONE_LEN { None } else { Some(Total::parse(&mut cursor)?) };
        let pair = Self { before, now: Total::parse(&mut cursor)?, offset_min: cursor.i16()? };
        cursor.end()?;
        let later = pair.before.is_none_or(|before| before.at_s() < pair.now.at_s());
        // No zone is a day or more away from UTC.
        if later && pair.offset_min.unsigned_abs() < 24 * 60 {
            Ok(pair)
        } else {
            Err(FormatError::BadField { field: Field::Date, got: pair.offset_min.unsigned_abs().into() })
        }
    }

    /// Writes the unit; says its length.
    ///
    /// # Errors
    /// When there is no room.
    pub fn emit(&self, out: &mut [u8]) -> Result<usize, FormatError> {
        let mut cursor = WriteCursor::new(out);
        for total in self.before.iter().chain([&self.now]) {
            cursor.i64(total.utc_s).u32(total.steps);
        }
        cursor.i16(self.offset_min).finish()
    }

    /// No unit is longer.
    pub const MAX_LEN: usize = PAIR_LEN;

    /// The steps between the two readings, when something can be said of them.
    fn epoch(&self) -> Result<Option<Epoch>, FormatError> {
        let Some(before) = self.before else { return Ok(None) };
        let (from_s, to_s) = (before.at_s(), self.now.at_s());
        let local_s = to_s + i64::from(self.offset_min) * MINUTE_S;
        let midnight_s = to_s - local_s.rem_euclid(DAY_S);
        let (start_s, steps, lower_bound) = match self.now.steps.checked_sub(before.steps) {
            Some(_) if to_s - from_s > DAY_S => return Ok(None),
            // With a midnight in between the total may have been reset and have grown past its old value.
            Some(more) => (from_s, more, midnight_s > from_s && !ONE_MINUTE_S.contains(&(to_s - from_s))),
            // Reset at midnight: of the time before it nothing is known.
            None if midnight_s > from_s - MIDNIGHT_LEEWAY_S => (midnight_s.max(from_s), self.now.steps, false),
            // Reset by a reboot, at a moment that nobody knows.
            None => (from_s, self.now.steps, true),
        };
        let length_s = to_s - start_s;
        if length_s == 0 {
            return Ok(None);
        }
        let (start_s, length_s) = if ONE_MINUTE_S.contains(&length_s) {
            (start_s - start_s.rem_euclid(MINUTE_S), MINUTE_S)
        } else {
            (start_s, length_s)
        };
        let bad = |field, got| FormatError::BadField { field, got };
        let seconds = u32::try_from(length_s).map_err(|_| bad(Field::Date, u32::MAX))?;
        let seq = u32::try_from(start_s / MINUTE_S).map_err(|_| bad(Field::Date, u32::MAX))?;
        if u64::from(steps) * 60 > MOST_PER_MINUTE * u64::from(seconds.max(60)) {
            return Err(bad(Field::Steps, steps));
        }
        let stamp = Stamp::Utc { seconds: start_s };
        Ok(Some(Epoch { seq, stamp, seconds, steps, saturated: lower_bound, wear: Wear::Unknown, clock_unset: false }))
    }
}

/// What a unit means: the steps since the reading before, and the total itself.
///
/// # Errors
/// Says what is wrong with the bytes.
pub fn decode(bytes: &[u8], each: Each<'_>) -> DecodeResult {
    let pair = Pair::parse(bytes)?;
    if let Some(epoch) = pair.epoch()? {
        each(Reading::Epoch(epoch));
    }
    each(Reading::Counter { stamp: Stamp::Utc { seconds: pair.now.at_s() }, steps: pair.now.steps });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::driver::QuarantineReason;
    use alloc::{vec, vec::Vec};

    /// 2026-03-01T23:00:00Z, midnight in a zone an hour east.
    const MIDNIGHT: i64 = 1_772_406_000;

    fn readings(from_s: i64, from: u32, to_s: i64, to: u32) -> Result<Vec<Reading>, QuarantineReason> {
        let pair = Pair {
            before: Some(Total { utc_s: from_s, steps: from }),
            now: Total { utc_s: to_s, steps: to },
            offset_min: 60,
        };
        let mut bytes = [0; Pair::MAX_LEN];
        assert_eq!(pair.emit(&mut bytes), Ok(PAIR_LEN));
        assert!(Pair::parse(&bytes).is_err() || Pair::parse(&bytes) == Ok(pair));
        let mut readings = vec![];
        decode(&bytes, &mut |reading| readings.push(reading)).map(|()| readings)
    }

    fn epoch(from_s: i64, from: u32, to_s: i64, to: u32) -> Option<(i64, u32, u32, bool)> {
        match readings(from_s, from, to_s, to).unwrap().as_slice() {
            [Reading::Epoch(epoch), Reading::Counter { .. }] => match epoch.stamp {
                Stamp::Utc { seconds } => {
                    assert_eq!(i64::from(epoch.seq), seconds / 60);
                    Some((seconds, epoch.seconds, epoch.steps, epoch.saturated))
                }
                other => panic!("{other:?}"),
            },
            [Reading::Counter { .. }] => None,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn two_readings_about_a_minute_apart_are_that_minute() {
        let noon = MIDNIGHT + 12 * 3600;
        assert_eq!(epoch(noon, 100, noon + 60, 210), Some((noon, 60, 110, false)));
        assert_eq!(epoch(noon + 2, 100, noon + 63, 210), Some((noon, 60, 110, false)));
        assert_eq!(epoch(noon - 4, 100, noon + 56, 210), Some((noon, 60, 110, false)));
        assert_eq!(epoch(noon + 7, 100, noon + 60, 210), Some((noon, 60, 110, false)));
    }

    #[test]
    fn readings_further_apart_are_one_total_and_no_cadence() {
        let noon = MIDNIGHT + 12 * 3600;
        assert_eq!(epoch(noon, 100, noon + 7200, 1100), Some((noon, 7200, 1000, false)));
        assert_eq!(epoch(noon, 100, noon + 86_460, 1100), None);
    }

    #[test]
    fn after_a_midnight_the_rest_of_yesterday_is_unknown() {
        assert_eq!(epoch(MIDNIGHT - 3600, 5000, MIDNIGHT + 7200, 40), Some((MIDNIGHT, 7200, 40, false)));
        assert_eq!(epoch(MIDNIGHT - 60, 5000, MIDNIGHT + 60, 3), Some((MIDNIGHT, 60, 3, false)));
        // Three days away: only today can be told.
        assert_eq!(epoch(MIDNIGHT - 259_200, 5000, MIDNIGHT + 3600, 40), Some((MIDNIGHT, 3600, 40, false)));
    }

    #[test]
    fn a_watch_whose_midnight_is_a_little_late_has_not_rebooted() {
        assert_eq!(epoch(MIDNIGHT, 5000, MIDNIGHT + 60, 3), Some((MIDNIGHT, 60, 3, false)));
    }

    #[test]
    fn a_total_that_is_reset_early_gives_no_epoch_without_length() {
        assert_eq!(epoch(MIDNIGHT - 60, 5000, MIDNIGHT, 3), None);
    }

    #[test]
    fn a_total_that_grew_past_its_old_value_after_a_midnight_is_a_lower_bound() {
        assert_eq!(epoch(MIDNIGHT - 3600, 10, MIDNIGHT + 7200, 40), Some((MIDNIGHT - 3600, 10_800, 30, true)));
        // Within one minute of midnight it has simply not been reset yet.
        assert_eq!(epoch(MIDNIGHT - 60, 10, MIDNIGHT, 40), Some((MIDNIGHT - 60, 60, 30, false)));
    }

    #[test]
    fn after_a_reboot_the_steps_since_are_a_lower_bound() {
        let noon = MIDNIGHT + 12 * 3600;
        assert_eq!(epoch(noon, 5000, noon + 3600, 40), Some((noon, 3600, 40, true)));
        assert_eq!(epoch(noon, 5000, noon + 60, 0), Some((noon, 60, 0, true)));
    }

    #[test]
    fn more_steps_than_anybody_takes_are_not_believed() {
        let noon = MIDNIGHT + 12 * 3600;
        assert_eq!(readings(noon, 100, noon + 60, 536_000_000), Err(QuarantineReason::BadField));
        assert!(readings(noon, 100, noon + 60, 355).is_ok());
        assert_eq!(readings(noon, 100, noon + 60, 356), Err(QuarantineReason::BadField));
    }

    #[test]
    fn a_first_reading_is_a_total_and_nothing_else() {
        let lone = Pair { before: None, now: Total { utc_s: MIDNIGHT, steps: 9 }, offset_min: 0 };
        let mut bytes = [0; Pair::MAX_LEN];
        let length = lone.emit(&mut bytes).unwrap();
        let mut readings = vec![];

        decode(&bytes[..length], &mut |reading| readings.push(reading)).unwrap();

        assert_eq!(length, LONE_LEN);
        assert_eq!(readings, [Reading::Counter { stamp: Stamp::Utc { seconds: MIDNIGHT }, steps: 9 }]);
    }

    #[test]
    fn readings_in_the_wrong_order_are_refused() {
        assert_eq!(readings(MIDNIGHT, 1, MIDNIGHT, 2), Err(QuarantineReason::BadField));
        assert_eq!(readings(MIDNIGHT + 60, 1, MIDNIGHT, 2), Err(QuarantineReason::BadField));
        assert_eq!(readings(i64::MIN, 1, i64::MAX, 2), Err(QuarantineReason::BadField));
    }
}
