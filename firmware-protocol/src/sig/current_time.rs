//! Current Time service, 1805: a wall clock, and where it stands.

use super::uuid;
use crate::{
    Uuid,
    civil::{Date, Wall},
    cursor::{Field, FormatError, ReadCursor, WriteCursor},
};

/// The service.
pub const SERVICE: Uuid = uuid(0x1805);
/// Current Time.
pub const CURRENT_TIME: Uuid = uuid(0x2A2B);
/// Local Time Information.
pub const LOCAL_TIME_INFORMATION: Uuid = uuid(0x2A0F);

/// Bytes of [`CURRENT_TIME`].
pub const LEN: usize = 10;
/// Earlier dates are none of the Gregorian calendar.
const FIRST_YEAR: u16 = 1582;

/// A value of [`CURRENT_TIME`]: a wall clock's time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CurrentTime {
    /// Year.
    pub year: u16,
    /// 1 to 12.
    pub month: u8,
    /// 1 to 31.
    pub day: u8,
    /// 0 to 23.
    pub hour: u8,
    /// 0 to 59.
    pub minute: u8,
    /// 0 to 59.
    pub second: u8,
    /// 1 Monday … 7 Sunday; 0 not known.
    pub weekday: u8,
    /// 1/256 s.
    pub fractions256: u8,
    /// Why the clock was set last: bit 0 by hand, 1 by reference, 2 change of zone, 3 change of summer time.
    pub reason: u8,
}

impl CurrentTime {
    /// Exactly one time.
    ///
    /// # Errors
    /// When the length is wrong or there is no such date or time.
    pub fn parse(bytes: &[u8]) -> Result<Self, FormatError> {
        let mut cursor = ReadCursor::new(bytes);
        let time = Self {
            year: cursor.u16()?,
            month: cursor.u8()?,
            day: cursor.u8()?,
            hour: cursor.u8()?,
            minute: cursor.u8()?,
            second: cursor.u8()?,
            weekday: cursor.u8()?,
            fractions256: cursor.u8()?,
            reason: cursor.u8()?,
        };
        cursor.end()?;
        let exists = time.year >= FIRST_YEAR && time.weekday <= 7 && time.wall().is_some();
        if exists { Ok(time) } else { Err(FormatError::BadField { field: Field::Date, got: time.year.into() }) }
    }

    /// The value's bytes.
    pub fn emit(&self) -> [u8; LEN] {
        let mut out = [0; LEN];
        WriteCursor::new(&mut out)
            .u16(self.year)
            .u8(self.month)
            .u8(self.day)
            .u8(self.hour)
            .u8(self.minute)
            .u8(self.second)
            .u8(self.weekday)
            .u8(self.fractions256)
            .u8(self.reason);
        out
    }

    /// The wall clock at so many seconds since 1970-01-01 00:00 of that wall clock; `None` before 1582 and after 9999.
    pub fn at(local_s: i64) -> Option<Self> {
        let wall = Wall::from_seconds(local_s);
        let exact = wall.seconds() == local_s && wall.date.year() >= FIRST_YEAR;
        exact.then(|| Self {
            year: wall.date.year(),
            month: wall.date.month(),
            day: wall.date.day(),
            hour: wall.hour,
            minute: wall.minute,
            second: wall.second,
            // 1970-01-01 was a Thursday.
            weekday: u8::try_from((wall.date.days() + 3).rem_euclid(7) + 1).unwrap_or(0),
            fractions256: 0,
            reason: 0,
        })
    }

    fn wall(&self) -> Option<Wall> {
        Wall::new(Date::new(self.year, self.month, self.day)?, self.hour, self.minute, self.second)
    }

    /// Seconds since 1970-01-01 00:00 of the same wall clock; `None` when there is no such time.
    pub fn local_s(&self) -> Option<i64> {
        self.wall().map(Wall::seconds)
    }

    /// The fraction of a second in milliseconds.
    pub fn millis(&self) -> u16 {
        u16::try_from(u32::from(self.fractions256) * 1000 / 256).unwrap_or(0)
    }
}

/// A value of [`LOCAL_TIME_INFORMATION`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LocalTime {
    /// Local standard time minus UTC in quarter hours, −48 to 56; `None` not known.
    pub zone_quarters: Option<i8>,
    /// What summer time adds.
    pub dst: Dst,
}

/// What summer time adds to standard time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Dst {
    /// Nothing: standard time.
    None = 0,
    /// Half an hour.
    Half = 2,
    /// One hour.
    One = 4,
    /// Two hours.
    Two = 8,
    /// It is not known.
    Unknown = 255,
}

const ZONE_UNKNOWN: i8 = -128;

impl LocalTime {
    /// Exactly two bytes.
    ///
    /// # Errors
    /// When there are more or fewer, or a value that is not defined.
    pub fn parse(bytes: &[u8]) -> Result<Self, FormatError> {
        let mut cursor = ReadCursor::new(bytes);
        let ([zone], dst) = (cursor.array()?, cursor.u8()?);
        cursor.end()?;
        let bad = |got: u8| FormatError::BadField { field: Field::Date, got: got.into() };
        let zone_quarters = match i8::from_le_bytes([zone]) {
            ZONE_UNKNOWN => None,
            quarters @ -48..=56 => Some(quarters),
            _ => return Err(bad(zone)),
        };
        let dst = match dst {
            0 => Dst::None,
            2 => Dst::Half,
            4 => Dst::One,
            8 => Dst::Two,
            255 => Dst::Unknown,
            other => return Err(bad(other)),
        };
        Ok(Self { zone_quarters, dst })
    }

    /// The value's bytes.
    pub const fn emit(self) -> [u8; 2] {
        let zone = match self.zone_quarters {
            Some(quarters) => quarters,
            None => ZONE_UNKNOWN,
        };
        let [zone] = zone.to_le_bytes();
        [zone, self.dst as u8]
    }

    /// Local standard time minus UTC, minutes.
    pub fn zone_min(self) -> Option<i16> {
        self.zone_quarters.map(|quarters| i16::from(quarters) * 15)
    }

    /// Minutes that summer time adds.
    pub const fn dst_min(self) -> Option<i16> {
        match self.dst {
            Dst::None => Some(0),
            Dst::Half => Some(30),
            Dst::One => Some(60),
            Dst::Two => Some(120),
            Dst::Unknown => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_that_is_in_no_calendar_is_refused() {
        let good = CurrentTime::at(1_772_366_400).unwrap();
        for bad in [
            CurrentTime { year: 0, ..good },
            CurrentTime { month: 0, ..good },
            CurrentTime { month: 13, ..good },
            CurrentTime { month: 2, day: 29, ..good },
            CurrentTime { hour: 24, ..good },
            CurrentTime { minute: 60, ..good },
            CurrentTime { second: 60, ..good },
            CurrentTime { weekday: 8, ..good },
        ] {
            assert!(CurrentTime::parse(&bad.emit()).is_err(), "{bad:?}");
        }
        assert_eq!(CurrentTime::parse(&good.emit()), Ok(good));
    }

    #[test]
    fn seconds_and_wall_clock_are_the_same_moment() {
        for local_s in [0, 1, 951_782_400, 1_709_164_799, 1_772_366_400, 253_402_300_799, -1] {
            assert_eq!(CurrentTime::at(local_s).unwrap().local_s(), Some(local_s));
        }
        assert_eq!(CurrentTime::at(i64::MAX), None);
        assert_eq!(CurrentTime::at(i64::MIN), None);
    }
}
