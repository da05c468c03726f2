//! The watch's health file, `health-YYYY-M.raw`: an 8-byte header, then 31 days of 145 records, 144 ten-minute slots
//! and a summary of the day each, by local time.
//!
//! The dialogue does not need it, because the watch turns records into lines itself; files that a person has copied
//! from the watch do. Checked against the app's own decoder run in node.

use crate::cursor::{Field, FormatError, ReadCursor};

/// Which of the two layouts a file has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// Four bytes a record.
    One,
    /// Ten bytes a record.
    Two,
}

/// Bytes of the header.
pub const HEADER_LEN: usize = 8;
/// Records of one day: 144 slots and the day's summary.
pub const RECORDS_PER_DAY: u16 = 145;
const HEADER_ONE: [u8; HEADER_LEN] = *b"HEALTH1\0";
const HEADER_TWO: [u8; HEADER_LEN] = *b"HEALTH2\0";
/// Altitudes above this are negative ones, in 13 bits.
const HIGHEST_M: i16 = 7500;
const ALTITUDE_RANGE: i16 = 8192;
/// Above this a temperature is one below zero, in eight bits of half a degree.
const HOTTEST_HALF_C: i16 = 160;

impl Version {
    /// From the first bytes of a file.
    ///
    /// # Errors
    /// When it is another file.
    pub fn parse(bytes: &[u8]) -> Result<Self, FormatError> {
        match ReadCursor::new(bytes).array()? {
            HEADER_ONE => Ok(Self::One),
            HEADER_TWO => Ok(Self::Two),
            [.., got, _] => Err(FormatError::Unknown { got }),
        }
    }

    /// The header's bytes.
    pub const fn emit(self) -> [u8; HEADER_LEN] {
        match self {
            Self::One => HEADER_ONE,
            Self::Two => HEADER_TWO,
        }
    }

    /// Bytes of one record.
    pub const fn record_len(self) -> usize {
        match self {
            Self::One => 4,
            Self::Two => 10,
        }
    }
}

/// Number of the record of a slot within its month's file: day 1 to 31, hour and minute by local time.
pub const fn record_index(day: u8, hour: u8, minute: u8) -> u16 {
    RECORDS_PER_DAY * (day as u16).saturating_sub(1) + 6 * hour as u16 + minute as u16 / 10
}

/// Where a record begins in its file.
pub const fn byte_offset(version: Version, index: u16) -> usize {
    HEADER_LEN + index as usize * version.record_len()
}

/// A ten-byte record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record2 {
    /// Steps.
    pub steps: u16,
    /// Lowest and highest beats a minute; 0 not measured.
    pub bpm: (u8, u8),
    /// Movement, in steps of 8.
    pub movement: u16,
    /// Charge in percent; 127 at most.
    pub battery: u8,
    /// On the charger.
    pub charging: bool,
    /// Half degrees Celsius.
    pub temperature_half_c: i16,
    /// 0 unknown, 1 not worn, 2 walking, 3 exercise, 4 light sleep, 5 deep sleep.
    pub activity: u8,
    /// Metres.
    pub altitude_m: i16,
    /// The last byte, which has no meaning yet.
    pub reserved: u8,
}

impl Record2 {
    /// Exactly one record; `None` for an empty slot.
    ///
    /// # Errors
    /// When the length is wrong.
    pub fn parse(bytes: &[u8]) -> Result<Option<Self>, FormatError> {
        let mut cursor = ReadCursor::new(bytes);
        let raw: [u8; 10] = cursor.array()?;
        cursor.end()?;
        if raw == [0xFF; 10] {
            return Ok(None);
        }
        let [high, low, bpm_min, bpm_max, movement, power, temperature, kind, altitude, reserved] = raw;
        let temperature = i16::from(temperature);
        let above = i16::from_be_bytes([kind & 0x1F, altitude]);
        Ok(Some(Self {
            steps: u16::from_be_bytes([high, low]),
            bpm: (bpm_min, bpm_max),
            movement: u16::from(movement) * 8,
            battery: power & 0x7F,
            charging: power & 0x80 != 0,
            temperature_half_c: if temperature > HOTTEST_HALF_C { temperature - 256 } else { temperature },
            activity: kind >> 5,
            altitude_m: if above > HIGHEST_M { above - ALTITUDE_RANGE } else { above },
            reserved,
        }))
    }

    /// The record's bytes; fields beyond their range are cut to it.
    pub fn emit(&self) -> [u8; 10] {
        let [high, low] = self.steps.to_be_bytes();
        let movement = u8::try_from(self.movement / 8).unwrap_or(u8::MAX);
        let power = self.battery.min(0x7F) | u8::from(self.charging) << 7;
        let [_, temperature] = self.temperature_half_c.clamp(HOTTEST_HALF_C - 255, HOTTEST_HALF_C).to_be_bytes();
        let altitude = self.altitude_m.clamp(HIGHEST_M + 1 - ALTITUDE_RANGE, HIGHEST_M);
        let [above, below] = altitude.rem_euclid(ALTITUDE_RANGE).to_be_bytes();
        let kind = self.activity.min(7) << 5 | above;
        [high, low, self.bpm.0, self.bpm.1, movement, power, temperature, kind, below, self.reserved]
    }
}

/// A four-byte record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record1 {
    /// Steps.
    pub steps: u16,
    /// Beats a minute; 0 not measured.
    pub bpm: u8,
    /// Movement, in steps of 8.
    pub movement: u16,
}

impl Record1 {
    /// Exactly one record; `None` for an empty slot.
    ///
    /// # Errors
    /// When the length is wrong.
    pub fn parse(bytes: &[u8]) -> Result<Option<Self>, FormatError> {
        let mut cursor = ReadCursor::new(bytes);
        let raw: [u8; 4] = cursor.array()?;
        cursor.end()?;
        let [high, low, bpm, movement] = raw;
        let record = Self { steps: u16::from_be_bytes([high, low]), bpm, movement: u16::from(movement) * 8 };
        Ok((raw != [0xFF; 4]).then_some(record))
    }

    /// The record's bytes.
    pub fn emit(&self) -> [u8; 4] {
        let [high, low] = self.steps.to_be_bytes();
        [high, low, self.bpm, u8::try_from(self.movement / 8).unwrap_or(u8::MAX)]
    }
}

/// The slot that an index means: day, hour, minute.
///
/// # Errors
/// When there is no such slot.
pub fn slot(index: u16) -> Result<(u8, u8, u8), FormatError> {
    let (day, of_day) = (index / RECORDS_PER_DAY, index % RECORDS_PER_DAY);
    let bad = FormatError::BadField { field: Field::Date, got: index.into() };
    if day >= 31 || of_day >= 144 {
        return Err(bad);
    }
    let byte = |n: u16| u8::try_from(n).map_err(|_| bad);
    Ok((byte(day + 1)?, byte(of_day / 6)?, byte(of_day % 6 * 10)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_record_that_is_not_empty_is_written_again_as_it_was() {
        for kind in 0..=u8::MAX {
            for low in [0, 1, 79, 0x4C, 0x4D, 0xEC, 0xFF] {
                let bytes = [4, 0x18, 100, 110, 125, 0xB2, kind.wrapping_mul(7), kind, low, 3];

                let record = Record2::parse(&bytes).unwrap().unwrap();

                assert_eq!(record.emit(), bytes);
            }
        }
    }

    #[test]
    fn an_index_and_its_slot_belong_together() {
        for index in 0..31 * RECORDS_PER_DAY {
            match slot(index) {
                Ok((day, hour, minute)) => assert_eq!(record_index(day, hour, minute), index),
                Err(_) => assert_eq!(index % RECORDS_PER_DAY, 144),
            }
        }
        assert!(slot(31 * RECORDS_PER_DAY).is_err());
    }
}
