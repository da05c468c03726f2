//! What the bytes are, both directions: time, settings, battery, realtime total, and the history's control
//! messages, packets and samples.
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
    reading::Wear,
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

/// How long a sample is. Which models have which is known from clients that read eight-byte data in fours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SampleSize {
    /// Mi Band 2, 3, 4.
    Four,
    /// Mi Band 5, 6.
    Eight,
}

impl SampleSize {
    /// Bytes.
    pub const fn bytes(self) -> usize {
        match self {
            Self::Four => 4,
            Self::Eight => 8,
        }
    }

    /// The other one.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Four => Self::Eight,
            Self::Eight => Self::Four,
        }
    }
}

impl TryFrom<u8> for SampleSize {
    type Error = FormatError;

    fn try_from(got: u8) -> Result<Self, FormatError> {
        match got {
            4 => Ok(Self::Four),
            8 => Ok(Self::Eight),
            _ => Err(FormatError::BadField { field: Field::Body, got: got.into() }),
        }
    }
}

/// One minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// What kind of minute: [`Sample::wear`].
    pub kind: u8,
    /// How much the arm moved.
    pub intensity: u8,
    /// Steps in this minute; 255 is a full field.
    pub steps: u8,
    /// Heart rate; see [`Sample::heart_rate`].
    pub heart_rate: u8,
    /// Eight-byte samples: unknown, sleep, deep sleep, dream sleep.
    pub more: Option<[u8; 4]>,
}

impl Sample {
    /// The next sample.
    pub fn parse(cursor: &mut ReadCursor<'_>, size: SampleSize) -> Result<Self, FormatError> {
        let [kind, intensity, steps, heart_rate] = cursor.array()?;
        let more = match size {
            SampleSize::Four => None,
            SampleSize::Eight => Some(cursor.array()?),
        };
        Ok(Self { kind, intensity, steps, heart_rate, more })
    }

    /// Its bytes.
    pub fn emit(&self) -> Vec<u8> {
        let mut bytes = Vec::from([self.kind, self.intensity, self.steps, self.heart_rate]);
        bytes.extend(self.more.iter().flatten());
        bytes
    }

    /// Beats per minute, when it was measured: 0 and 255 say that it was not, and what is outside 10 to 250 is no pulse.
    pub fn heart_rate(&self) -> Option<u8> {
        Some(self.heart_rate).filter(|rate| (10..=250).contains(rate))
    }

    /// Whether it was worn in this minute. `before` is what the minutes before said, and is brought up to this one.
    pub fn wear(&self, before: &mut Wear) -> Wear {
        match self.more {
            // Four bytes: the low half counts; in the high half stands 5, 6 or 7 without known meaning.
            None => match self.kind & 0x0F {
                // No change, and "ignore".
                0 | 10 => return self.unchanged(*before),
                1 | 2 | 4 | 9 | 11 | 12 => *before = Wear::Worn,
                3 => *before = Wear::NotWorn,
                6 => *before = Wear::Charging,
                _ => *before = Wear::Unknown,
            },
            // Eight bytes: the whole byte counts, but for its first bit. Whether 0 means "no change" here is not known.
            Some(_) => match self.kind & 0x7F {
                64 | 120 => *before = Wear::Worn,
                115 => *before = Wear::NotWorn,
                118 => *before = Wear::Charging,
                _ => *before = Wear::Unknown,
            },
        }
        *before
    }

    /// Only a quiet minute goes on being not worn: steps or a pulse make it doubtful.
    fn unchanged(&self, before: Wear) -> Wear {
        let quiet = self.intensity == 0 && self.steps == 0 && self.heart_rate().is_none();
        match before {
            Wear::NotWorn | Wear::Charging if !quiet => Wear::Unknown,
            before => before,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn sample(kind: u8, steps: u8, more: Option<[u8; 4]>) -> Sample {
        Sample { kind, intensity: 0, steps, heart_rate: 255, more }
    }

    #[test]
    fn no_change_means_what_was_said_before() {
        let mut before = Wear::Unknown;
        for (kind, steps, want) in [
            (0x50, 0, Wear::Unknown),
            (0x01, 60, Wear::Worn),
            (0x50, 0, Wear::Worn),
            (0x03, 0, Wear::NotWorn),
            (0x60, 0, Wear::NotWorn),
            (0x5A, 0, Wear::NotWorn),
            (0x50, 9, Wear::Unknown),
            (0x70, 0, Wear::NotWorn),
            (0x56, 0, Wear::Charging),
            (0x00, 0, Wear::Charging),
            (0x5C, 0, Wear::Worn),
            (0x0D, 0, Wear::Unknown),
            (0x50, 0, Wear::Unknown),
        ] {
            assert_eq!(sample(kind, steps, None).wear(&mut before), want, "{kind:#x}");
        }
    }

    #[test]
    fn eight_byte_samples_have_codes_of_their_own() {
        for (kind, want) in
            [(115, Wear::NotWorn), (243, Wear::NotWorn), (118, Wear::Charging), (120, Wear::Worn), (3, Wear::Unknown)]
        {
            assert_eq!(sample(kind, 0, Some([0; 4])).wear(&mut Wear::Unknown), want, "{kind}");
        }
    }

    #[test]
    fn a_pulse_that_cannot_be_is_none() {
        for (rate, want) in [(0, None), (9, None), (10, Some(10)), (250, Some(250)), (251, None), (255, None)] {
            assert_eq!(Sample { heart_rate: rate, ..sample(0, 0, None) }.heart_rate(), want);
        }
    }

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

    #[test]
    fn events_are_known_by_their_first_byte() {
        assert_eq!(DeviceEvent::parse(&[6]), Ok(DeviceEvent::TakenOff));
        assert_eq!(DeviceEvent::parse(&[0x16, 247, 0]), Ok(DeviceEvent::WantsMtu(247)));
        assert!(DeviceEvent::parse(&[0x16, 247]).is_err());
        assert_eq!(DeviceEvent::parse(&[0x55]), Err(FormatError::Unknown { got: 0x55 }));
    }
}
