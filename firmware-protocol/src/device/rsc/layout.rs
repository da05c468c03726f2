//! The unit that is kept of a minute, and what it means.

use alloc::{vec, vec::Vec};

use crate::{
    cursor::{Field, FormatError, ReadCursor, WriteCursor},
    driver::{DecodeResult, Each},
    reading::{Epoch, Reading, Stamp, Wear},
};

pub(super) const MINUTE_MS: u16 = 60_000;
/// A cadence is not believed for longer, milliseconds.
pub(super) const HOLD_MS: u16 = 3_000;
/// With this much of a minute covered it counts as the minute, milliseconds.
const WHOLE_MS: u32 = 50_000;
/// Notifications of one minute that are kept; a pod sends sixty or so.
pub(super) const MOST_NOTIFIED: usize = 600;

/// Cadences of one minute: milliseconds within the minute, steps a minute.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CadenceMinute {
    /// Minutes since 1970, UTC.
    pub minute: u32,
    /// In order of time.
    pub notified: Vec<(u16, u8)>,
}

impl CadenceMinute {
    /// Exactly one unit.
    ///
    /// # Errors
    /// When it is cut short, empty, or not in order.
    pub fn parse(bytes: &[u8]) -> Result<Self, FormatError> {
        let mut cursor = ReadCursor::new(bytes);
        let minute = cursor.u32()?;
        let mut notified = vec![(cursor.u16()?, cursor.u8()?)];
        while !cursor.rest().is_empty() {
            notified.push((cursor.u16()?, cursor.u8()?));
        }
        let ordered = notified.windows(2).all(|pair| matches!(pair, [(before, _), (after, _)] if before <= after));
        let last = notified.last().map_or(0, |(at, _)| *at);
        if ordered && last < MINUTE_MS && notified.len() <= MOST_NOTIFIED {
            Ok(Self { minute, notified })
        } else {
            Err(FormatError::BadField { field: Field::Body, got: last.into() })
        }
    }

    /// The unit's bytes.
    pub fn emit(&self) -> Vec<u8> {
        let mut bytes = vec![0; 4 + 3 * self.notified.len()];
        let mut cursor = WriteCursor::new(&mut bytes);
        cursor.u32(self.minute);
        for (at_ms, cadence) in &self.notified {
            cursor.u16(*at_ms).u8(*cadence);
        }
        bytes
    }

    /// The steps of the minute, as far as it was heard.
    pub(super) fn epoch(&self) -> Epoch {
        let ends = self.notified.iter().skip(1).map(|(at_ms, _)| *at_ms).chain([MINUTE_MS]);
        let (mut covered_ms, mut steps_ms) = (0_u32, 0_u64);
        for ((at_ms, cadence), end_ms) in self.notified.iter().zip(ends) {
            let held_ms = end_ms.saturating_sub(*at_ms).min(HOLD_MS);
            covered_ms += u32::from(held_ms);
            steps_ms += u64::from(held_ms) * u64::from(*cadence);
        }
        let first_ms = self.notified.first().map_or(0, |(at_ms, _)| *at_ms);
        let (late_s, seconds) =
            if covered_ms >= WHOLE_MS { (0, 60) } else { (first_ms / 1000, covered_ms.div_ceil(1000).max(1)) };
        Epoch {
            seq: self.minute,
            stamp: Stamp::Utc { seconds: i64::from(self.minute) * 60 + i64::from(late_s) },
            seconds,
            // At most 255 steps a minute: fits.
            steps: u32::try_from((steps_ms + 30_000) / 60_000).unwrap_or(u32::MAX),
            saturated: false,
            wear: Wear::Unknown,
            clock_unset: false,
        }
    }
}

/// What a unit means: the steps of its minute.
///
/// # Errors
/// Says what is wrong with the bytes.
pub fn decode(bytes: &[u8], each: Each<'_>) -> DecodeResult {
    each(Reading::Epoch(CadenceMinute::parse(bytes)?.epoch()));
    Ok(())
}
