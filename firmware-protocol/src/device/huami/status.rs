//! Battery, steps since midnight, what a band says by itself, and the goal: both directions.
//!
//! Known from Gadgetbridge and from captures quoted in public threads; the vectors name each one.

use alloc::vec::Vec;

use super::layout::BandTime;
use crate::cursor::{Field, FormatError, ReadCursor, WriteCursor};

/// The battery value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Battery {
    /// Charge left, 0 to 100.
    pub percent: u8,
    /// On its charger.
    pub charging: bool,
    /// Only in the long form: last switched off, last charged, and the level after that.
    pub past: Option<(BandTime, BandTime, u8)>,
}

/// First byte of a battery value.
const BATTERY_MARK: u8 = 0x0F;
/// Length of the long form; of shorter ones only the first three bytes are used.
const BATTERY_LEN: usize = 20;

impl Battery {
    /// The short form (three bytes) or the long one (twenty).
    pub fn parse(bytes: &[u8]) -> Result<Self, FormatError> {
        let mut cursor = ReadCursor::new(bytes);
        let mark = cursor.u8()?;
        if mark != BATTERY_MARK {
            return Err(FormatError::Unknown { got: mark });
        }
        let (percent, state) = (cursor.u8()?, cursor.u8()?);
        if percent > 100 {
            return Err(FormatError::BadField { field: Field::Battery, got: percent.into() });
        }
        // A band that was never off or never charged may tell no valid time: the level is good all the same.
        let mut past = || -> Result<_, FormatError> {
            Ok((BandTime::parse(&mut cursor)?, BandTime::parse(&mut cursor)?, cursor.u8()?))
        };
        let past = if bytes.len() >= BATTERY_LEN { past().ok() } else { None };
        Ok(Self { percent, charging: state == 1, past })
    }

    /// The long form when there is a past, else the short one.
    pub fn emit(&self) -> Vec<u8> {
        let mut bytes = Vec::from([BATTERY_MARK, self.percent, self.charging.into()]);
        if let Some((off, charged, level)) = self.past {
            bytes.extend(off.emit());
            bytes.extend(charged.emit());
            bytes.push(level);
        }
        bytes
    }
}

/// The total since the band's local midnight. For comparing with the day's total, never a source of minutes:
/// clients that mixed the two lost data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Realtime {
    /// Steps since midnight. The high half is inferred: captures only have small numbers.
    pub steps: u32,
    /// Distance in metres.
    pub metres: u32,
    /// Energy in kilocalories.
    pub kcal: u32,
}

const REALTIME_MARK: u8 = 0x0C;

impl Realtime {
    /// Thirteen bytes.
    pub fn parse(bytes: &[u8]) -> Result<Self, FormatError> {
        let mut cursor = ReadCursor::new(bytes);
        let mark = cursor.u8()?;
        if mark != REALTIME_MARK {
            return Err(FormatError::Unknown { got: mark });
        }
        let realtime = Self { steps: cursor.u32()?, metres: cursor.u32()?, kcal: cursor.u32()? };
        cursor.end()?;
        Ok(realtime)
    }

    /// Thirteen bytes.
    pub fn emit(self) -> [u8; 13] {
        let mut bytes = [0; 13];
        WriteCursor::new(&mut bytes).u8(REALTIME_MARK).u32(self.steps).u32(self.metres).u32(self.kcal);
        bytes
    }
}

/// What a band says by itself, on …0010.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeviceEvent {
    /// 01.
    FellAsleep,
    /// 02.
    WokeUp,
    /// 03: the day's goal.
    GoalReached,
    /// 04.
    Button,
    /// 06.
    TakenOff,
    /// 0E: every thirty minutes.
    Tick,
    /// 16: the band would like this MTU.
    WantsMtu(u16),
}

impl DeviceEvent {
    /// The first byte says what; only the MTU has more.
    pub fn parse(bytes: &[u8]) -> Result<Self, FormatError> {
        let mut cursor = ReadCursor::new(bytes);
        Ok(match cursor.u8()? {
            0x01 => Self::FellAsleep,
            0x02 => Self::WokeUp,
            0x03 => Self::GoalReached,
            0x04 => Self::Button,
            0x06 => Self::TakenOff,
            0x0E => Self::Tick,
            0x16 => Self::WantsMtu(cursor.u16()?),
            got => return Err(FormatError::Unknown { got }),
        })
    }
}

/// The goal of a day, to [`SETTINGS`].
pub fn emit_goal(steps: u16) -> [u8; 7] {
    let [low, high] = steps.to_le_bytes();
    [0x10, 0, 0, low, high, 0, 0]
}

/// The goal of a day.
pub fn parse_goal(bytes: &[u8]) -> Result<u16, FormatError> {
    match *bytes {
        [0x10, 0, 0, low, high, 0, 0] => Ok(u16::from_le_bytes([low, high])),
        _ => Err(FormatError::BadLength { want: 7, got: bytes.len() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_known_by_their_first_byte() {
        assert_eq!(DeviceEvent::parse(&[6]), Ok(DeviceEvent::TakenOff));
        assert_eq!(DeviceEvent::parse(&[0x16, 247, 0]), Ok(DeviceEvent::WantsMtu(247)));
        assert!(DeviceEvent::parse(&[0x16, 247]).is_err());
        assert_eq!(DeviceEvent::parse(&[0x55]), Err(FormatError::Unknown { got: 0x55 }));
    }
}
