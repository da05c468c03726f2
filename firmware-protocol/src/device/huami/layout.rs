//! Where things are, how time is written, and what is said about the history: both directions. Samples are in
//! [`super::sample`], battery and the like in [`super::status`].
//!
//! Known from Gadgetbridge (its Huami operations and one published unit test), harbour-amazfish, openwindesheart,
//! miband4, and captures in public threads; the vectors name each one.

use alloc::vec::Vec;

use crate::{
    Uuid,
    cursor::{Field, FormatError, ReadCursor, WriteCursor},
    device::{
        civil::{Date, Wall},
        peripheral::sig,
    },
};

/// A characteristic of the maker: 0000XXXX-0000-3512-2118-0009af100700.
const fn vendor(short: u16) -> Uuid {
    0x0000_0000_0000_3512_2118_0009_af10_0700 | ((short as u128) << 96)
}

/// The service with the history; in the advertisement.
pub const SERVICE: Uuid = sig(0xFEE0);
/// The service with the authentication.
pub const AUTH_SERVICE: Uuid = sig(0xFEE1);
/// Authentication.
pub const AUTH: Uuid = vendor(0x0009);
/// History control: what is to be fetched, and what comes of it.
pub const CONTROL: Uuid = vendor(0x0004);
/// History packets.
pub const DATA: Uuid = vendor(0x0005);
/// Battery.
pub const BATTERY: Uuid = vendor(0x0006);
/// Steps since midnight.
pub const REALTIME: Uuid = vendor(0x0007);
/// User settings: the goal.
pub const SETTINGS: Uuid = vendor(0x0008);
/// Device events.
pub const EVENTS: Uuid = vendor(0x0010);
/// The clock, in the service FEE0.
pub const CLOCK: Uuid = sig(0x2A2B);
/// Device Information: serial number and firmware revision.
pub const SERIAL: Uuid = sig(0x2A25);
/// See [`SERIAL`].
pub const FIRMWARE: Uuid = sig(0x2A28);

/// First byte of every answer.
const ANSWER: u8 = 0x10;
/// Success, third byte of every answer.
pub const OK: u8 = 0x01;
/// Refused, not tapped, wrong key, or no data: third byte of an answer.
pub const REFUSED: u8 = 0x04;
/// History control: set the start; the byte after it is the kind of history.
const SET_START: u8 = 0x01;
/// The kind of history that has one sample a minute.
const ACTIVITY: u8 = 0x01;
/// History control: send.
pub const BEGIN: u8 = 0x02;
/// History control: acknowledge. Older bands drop what was sent.
pub const ACKNOWLEDGE: u8 = 0x03;
/// History control, Zepp OS: acknowledge, and keep on the device.
pub const ACKNOWLEDGE_KEEP: [u8; 2] = [ACKNOWLEDGE, 0x09];

/// Seconds in the unit in which the zone is told.
const QUARTER_S: i64 = 900;
/// UTC−12 to UTC+14 in quarter hours: Bluetooth's own limits for a zone, −48 to +56.
const ZONES: core::ops::RangeInclusive<i8> = -48..=56;

/// A moment as the band writes it in eight bytes: what its wall clock shows, and the zone, daylight saving included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BandTime {
    /// What the clock shows.
    pub wall: Wall,
    /// Local time minus UTC in quarter hours.
    pub zone: i8,
}

impl BandTime {
    /// From UTC, shown in a zone.
    pub fn at(utc_s: i64, zone: i8) -> Self {
        Self { wall: Wall::from_seconds(utc_s.saturating_add(i64::from(zone) * QUARTER_S)), zone }
    }

    /// The same moment in UTC.
    pub fn utc_s(self) -> i64 {
        self.wall.seconds() - i64::from(self.zone) * QUARTER_S
    }

    /// Minutes since the Unix epoch.
    pub fn utc_minute(self) -> i64 {
        self.utc_s().div_euclid(60)
    }

    /// Local time minus UTC, minutes.
    pub fn offset_min(self) -> i16 {
        i16::from(self.zone) * 15
    }

    /// So many minutes later, in the same zone.
    #[must_use]
    pub fn later(self, minutes: i64) -> Self {
        Self { wall: Wall::from_seconds(self.wall.seconds().saturating_add(minutes.saturating_mul(60))), ..self }
    }

    /// The eight bytes: year u16, month, day, hour, minute, second, zone i8.
    pub fn parse(cursor: &mut ReadCursor<'_>) -> Result<Self, FormatError> {
        let wall = parse_wall(cursor)?;
        Ok(Self { wall, zone: parse_zone(cursor)? })
    }

    /// The eight bytes.
    pub fn emit(self) -> [u8; 8] {
        let mut bytes = [0; 8];
        WriteCursor::new(&mut bytes).bytes(&emit_wall(self.wall)).bytes(&self.zone.to_le_bytes());
        bytes
    }
}

fn parse_wall(cursor: &mut ReadCursor<'_>) -> Result<Wall, FormatError> {
    let (year, month, day) = (cursor.u16()?, cursor.u8()?, cursor.u8()?);
    let (hour, minute, second) = (cursor.u8()?, cursor.u8()?, cursor.u8()?);
    Date::new(year, month, day)
        .and_then(|date| Wall::new(date, hour, minute, second))
        .ok_or(FormatError::BadField { field: Field::Body, got: year.into() })
}

fn emit_wall(wall: Wall) -> [u8; 7] {
    let [low, high] = wall.date.year().to_le_bytes();
    [low, high, wall.date.month(), wall.date.day(), wall.hour, wall.minute, wall.second]
}

fn parse_zone(cursor: &mut ReadCursor<'_>) -> Result<i8, FormatError> {
    let byte = cursor.u8()?;
    let zone = i8::from_le_bytes([byte]);
    if ZONES.contains(&zone) { Ok(zone) } else { Err(FormatError::BadField { field: Field::Body, got: byte.into() }) }
}

/// A host's offset in the unit of the band, cut to whole quarter hours; UTC for what no place on Earth has.
pub fn zone_of(offset_min: i16) -> i8 {
    i8::try_from(offset_min.div_euclid(15)).ok().filter(|zone| ZONES.contains(zone)).unwrap_or(0)
}

/// The clock (2A2B in FEE0): eleven bytes, the date as in [`BandTime`], weekday, two zeros, zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockValue {
    /// What the clock shows.
    pub wall: Wall,
    /// The zone; a ten-byte value, as the Bluetooth SIG has it, tells none.
    pub zone: Option<i8>,
}

impl ClockValue {
    /// What is read from the band: ten bytes or more.
    pub fn parse(bytes: &[u8]) -> Result<Self, FormatError> {
        let mut cursor = ReadCursor::new(bytes);
        let wall = parse_wall(&mut cursor)?;
        let _weekday_and_two_more = cursor.array::<3>()?;
        let zone = if cursor.rest().is_empty() { None } else { Some(parse_zone(&mut cursor)?) };
        Ok(Self { wall, zone })
    }

    /// What is written to the band.
    pub fn emit(time: BandTime) -> [u8; 11] {
        let mut bytes = [0; 11];
        let day = [weekday(time.wall), 0, 0];
        WriteCursor::new(&mut bytes).bytes(&emit_wall(time.wall)).bytes(&day).bytes(&time.zone.to_le_bytes());
        bytes
    }
}

/// Monday is 1, Sunday is 7.
pub fn weekday(wall: Wall) -> u8 {
    // 1970-01-01 was a Thursday.
    u8::try_from((wall.date.days() + 3).rem_euclid(7)).unwrap_or(0) + 1
}

/// History control: minutes from this one on. Ten bytes; the second is sent as zero.
pub fn emit_start(from: BandTime) -> [u8; 10] {
    let [y, z, month, day, hour, minute, _, zone] = from.emit();
    [SET_START, ACTIVITY, y, z, month, day, hour, minute, 0, zone]
}

/// The moment that [`emit_start`] asks for.
pub fn parse_start(bytes: &[u8]) -> Result<BandTime, FormatError> {
    let mut cursor = ReadCursor::new(bytes);
    for (want, field) in [(SET_START, Field::Tag), (ACTIVITY, Field::Tag)] {
        let got = cursor.u8()?;
        if got != want {
            return Err(FormatError::BadField { field, got: got.into() });
        }
    }
    let time = BandTime::parse(&mut cursor)?;
    cursor.end()?;
    Ok(time)
}

/// What the band says on [`CONTROL`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Control {
    /// It will send so many minutes from this one on. **The moment is its own** and may differ from what was asked.
    Start {
        /// One-minute samples, as two clients understand it.
        count: u32,
        /// The minute of the first.
        from: BandTime,
    },
    /// It will not send.
    NoStart(u8),
    /// Everything was sent.
    Sent,
    /// The transfer ended otherwise; 04 means that there is no data.
    NotSent(u8),
    /// The answer to an acknowledgement.
    Acknowledged(u8),
}

impl Control {
    /// An answer. A start has fifteen bytes, or sixteen on newer bands; of the end, anything after the third byte
    /// (a checksum, on the newest) is left alone.
    pub fn parse(bytes: &[u8]) -> Result<Self, FormatError> {
        let mut cursor = ReadCursor::new(bytes);
        let mark = cursor.u8()?;
        if mark != ANSWER {
            return Err(FormatError::Unknown { got: mark });
        }
        match (cursor.u8()?, cursor.u8()?) {
            (SET_START, OK) => {
                let start = Self::Start { count: cursor.u32()?, from: BandTime::parse(&mut cursor)? };
                if !cursor.rest().is_empty() {
                    let _always_zero = cursor.u8()?;
                }
                cursor.end()?;
                Ok(start)
            }
            (SET_START, code) => Ok(Self::NoStart(code)),
            (BEGIN, OK) => Ok(Self::Sent),
            (BEGIN, code) => Ok(Self::NotSent(code)),
            (ACKNOWLEDGE, code) => Ok(Self::Acknowledged(code)),
            (got, _) => Err(FormatError::Unknown { got }),
        }
    }

    /// The answer, without the sixteenth byte of newer bands.
    pub fn emit(self) -> Vec<u8> {
        match self {
            Self::Start { count, from } => {
                let mut bytes = Vec::from([ANSWER, SET_START, OK]);
                bytes.extend(count.to_le_bytes());
                bytes.extend(from.emit());
                bytes
            }
            Self::NoStart(code) => Vec::from([ANSWER, SET_START, code]),
            Self::Sent => Vec::from([ANSWER, BEGIN, OK]),
            Self::NotSent(code) => Vec::from([ANSWER, BEGIN, code]),
            Self::Acknowledged(code) => Vec::from([ANSWER, ACKNOWLEDGE, code]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_that_no_place_has_are_refused() {
        assert_eq!(zone_of(330), 22);
        assert_eq!(zone_of(-210), -14);
        assert_eq!(zone_of(i16::MAX), 0);
        let mut bytes = BandTime::at(1_772_366_400, 56).emit();
        assert!(BandTime::parse(&mut ReadCursor::new(&bytes)).is_ok());
        bytes[7] = 57;
        assert!(BandTime::parse(&mut ReadCursor::new(&bytes)).is_err());
    }
}
