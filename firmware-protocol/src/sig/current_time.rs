//! Current Time service, 1805: a wall clock, and where it stands.

use super::uuid;
use crate::{
    Uuid,
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
const DAY_S: i64 = 86_400;

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
        let bad = |got: u8| Err(FormatError::BadField { field: Field::Date, got: got.into() });
        match time {
            // 1582: the Gregorian calendar begins; 0 would be "not known".
            Self { year: ..1582, month, .. } => bad(month),
            Self { month, .. } if !(1..=12).contains(&month) => bad(month),
            Self { year, month, day, .. } if day == 0 || day > days_in(year, month) => bad(day),
            Self { hour: hour @ 24.., .. } => bad(hour),
            Self { minute: minute @ 60.., .. } => bad(minute),
            Self { second: second @ 60.., .. } => bad(second),
            Self { weekday: weekday @ 8.., .. } => bad(weekday),
            _ => Ok(time),
        }
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
        let (days, second_of_day) = (local_s.div_euclid(DAY_S), local_s.rem_euclid(DAY_S));
        let (year, month, day) = civil(days)?;
        // 1970-01-01 was a Thursday.
        let weekday = u8::try_from((days + 3).rem_euclid(7) + 1).ok()?;
        Some(Self {
            year,
            month,
            day,
            hour: u8::try_from(second_of_day / 3600).ok()?,
            minute: u8::try_from(second_of_day / 60 % 60).ok()?,
            second: u8::try_from(second_of_day % 60).ok()?,
            weekday,
            fractions256: 0,
            reason: 0,
        })
    }

    /// Seconds since 1970-01-01 00:00 of the same wall clock.
    pub fn local_s(&self) -> i64 {
        let days = days_since_1970(self.year, self.month, self.day);
        days * DAY_S + i64::from(self.hour) * 3600 + i64::from(self.minute) * 60 + i64::from(self.second)
    }

    /// The fraction of a second in milliseconds.
    pub fn millis(&self) -> u16 {
        u16::try_from(u32::from(self.fractions256) * 1000 / 256).unwrap_or(0)
    }
}

const fn is_leap(year: u16) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

/// Days of a month; 0 when there is no such month.
pub const fn days_in(year: u16, month: u8) -> u8 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if is_leap(year) => 29,
        2 => 28,
        1..=12 => 31,
        _ => 0,
    }
}

/// Days from 1970-01-01 to this date of the Gregorian calendar.
pub fn days_since_1970(year: u16, month: u8, day: u8) -> i64 {
    let full = i64::from(year) - 1;
    let of_years = full * 365 + full / 4 - full / 100 + full / 400;
    let of_months: i64 = (1..month).map(|month| i64::from(days_in(year, month))).sum();
    // 719 162 days from 0001-01-01 to 1970-01-01.
    of_years + of_months + i64::from(day) - 1 - 719_162
}

/// The date so many days after 1970-01-01; `None` before 1582 and after 9999.
pub fn civil(days: i64) -> Option<(u16, u8, u8)> {
    // 146 097 days are 400 years; the guess is at most one year too late or too early.
    let guess = i64::try_from((i128::from(days) * 400).div_euclid(146_097)).ok()?.checked_add(1970)?;
    let mut year = u16::try_from(guess).ok().filter(|year| (1582..=9999).contains(year))? + 1;
    while days < days_since_1970(year, 1, 1) {
        year -= 1;
    }
    let mut left = days - days_since_1970(year, 1, 1);
    for month in 1..=12 {
        let length = i64::from(days_in(year, month));
        if left < length {
            return Some((year, month, u8::try_from(left + 1).ok()?));
        }
        left -= length;
    }
    None
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
    fn every_day_of_four_hundred_years_has_its_date() {
        let mut before = civil(days_since_1970(1799, 12, 31)).unwrap();
        for days in days_since_1970(1800, 1, 1)..days_since_1970(2200, 1, 1) {
            let (year, month, day) = civil(days).unwrap();

            assert_eq!(days_since_1970(year, month, day), days);
            assert!((year, month, day) > before);
            before = (year, month, day);
        }
        assert_eq!(civil(0), Some((1970, 1, 1)));
    }

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
            assert_eq!(CurrentTime::at(local_s).unwrap().local_s(), local_s);
        }
        assert_eq!(CurrentTime::at(i64::MAX), None);
        assert_eq!(CurrentTime::at(i64::MIN), None);
    }
}
