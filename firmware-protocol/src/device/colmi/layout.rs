//! The packets of the ring, both directions. Where no other source is named: `tahnok/colmi_r02_client` at
//! 9e08383f, its unit tests.

use super::super::civil::{Date, Wall};
use crate::{
    Uuid,
    cursor::{Field, FormatError, ReadCursor, WriteCursor},
};

/// The service of the short commands.
pub const SERVICE: Uuid = 0x6e40_fff0_b5a3_f393_e0a9_e50e_24dc_ca9e;
/// Written without response.
pub const WRITE: Uuid = 0x6e40_0002_b5a3_f393_e0a9_e50e_24dc_ca9e;
/// Notifies.
pub const NOTIFY: Uuid = 0x6e40_0003_b5a3_f393_e0a9_e50e_24dc_ca9e;

/// Every packet is this long, both ways: a command, its data, a checksum.
pub const PACKET_LEN: usize = 16;
/// Bytes between command and checksum.
pub const DATA_LEN: usize = 14;

/// Sets the clock.
pub const SET_TIME: u8 = 0x01;
/// Asks for the charge.
pub const BATTERY: u8 = 0x03;
/// Asks for the steps of a day.
pub const STEPS: u8 = 0x43;
const REALTIME: u8 = 0x69;
const NOTICE: u8 = 0x73;
/// In a reply's command: the ring refuses.
const REFUSED: u8 = 0x80;
/// First data byte of a steps reply: how many records follow.
const STEPS_HEADER: u8 = 0xF0;
/// First data byte of a steps reply: nothing is stored of that day.
const STEPS_NONE: u8 = 0xFF;
/// First data byte of a notice: the totals of today.
const NOTICE_TOTALS: u8 = 0x12;
/// What follows the day in a steps request: slots 0 to 0x5F of the day. The last 1 is not understood.
const WHOLE_DAY: [u8; 4] = [0x0F, 0x00, 0x5F, 0x01];
/// Two digits of year count from here.
const CENTURY: u16 = 2000;
/// Length of a slot.
pub const SLOT_S: i64 = 900;
/// Slots in a day.
pub const SLOTS: u8 = 96;

/// A packet whose length and checksum are right: command and data.
///
/// # Errors
/// The length or the checksum is wrong.
pub fn open(bytes: &[u8]) -> Result<(u8, [u8; DATA_LEN]), FormatError> {
    let mut cursor = ReadCursor::new(bytes);
    let (command, data, got) = (cursor.u8()?, cursor.array::<DATA_LEN>()?, cursor.u8()?);
    cursor.end()?;
    let want = checksum(command, &data);
    if want == got { Ok((command, data)) } else { Err(FormatError::BadChecksum { want: want.into(), got: got.into() }) }
}

/// The packet of this command; data that is shorter is filled up with zeros.
pub fn seal(command: u8, data: &[u8]) -> [u8; PACKET_LEN] {
    let mut packet = [0; PACKET_LEN];
    WriteCursor::new(&mut packet).u8(command).bytes(data);
    let sum = packet.iter().take(PACKET_LEN - 1).fold(0_u8, |sum, byte| sum.wrapping_add(*byte));
    if let Some(last) = packet.last_mut() {
        *last = sum;
    }
    packet
}

/// The sum modulo 256. A comment in the source says 255; its code and every capture say 256.
fn checksum(command: u8, data: &[u8]) -> u8 {
    data.iter().fold(command, |sum, byte| sum.wrapping_add(*byte))
}

/// What a host asks. A factory reset (FF 66 66) is not among it and never sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    /// Set the clock.
    SetTime {
        /// To this; years 2000 to 2099.
        wall: Wall,
        /// Language of its messages, 1 in every source.
        language: u8,
    },
    /// How much charge is left.
    Battery,
    /// The steps of a whole day.
    Steps {
        /// Days before the ring's own today, 0 to 7.
        days_ago: u8,
    },
}

impl Request {
    /// From the bytes that a host wrote.
    ///
    /// # Errors
    /// Not one of these requests.
    pub fn parse(bytes: &[u8]) -> Result<Self, FormatError> {
        let (command, data) = open(bytes)?;
        let mut cursor = ReadCursor::new(&data);
        match command {
            SET_TIME => {
                let day = date(&mut cursor)?;
                let (hour, minute, second) = (bcd(cursor.u8()?)?, bcd(cursor.u8()?)?, bcd(cursor.u8()?)?);
                let wall = Wall::new(day, hour, minute, second)
                    .ok_or(FormatError::BadField { field: Field::Date, got: hour.into() })?;
                Ok(Self::SetTime { wall, language: cursor.u8()? })
            }
            BATTERY => Ok(Self::Battery),
            STEPS => Ok(Self::Steps { days_ago: cursor.u8()? }),
            got => Err(FormatError::Unknown { got }),
        }
    }

    /// The bytes to write.
    pub fn emit(&self) -> [u8; PACKET_LEN] {
        match self {
            Self::SetTime { wall, language } => {
                let [year, month, day] = to_date(wall.date);
                let (hour, minute, second) = (to_bcd(wall.hour), to_bcd(wall.minute), to_bcd(wall.second));
                seal(SET_TIME, &[year, month, day, hour, minute, second, *language])
            }
            Self::Battery => seal(BATTERY, &[]),
            Self::Steps { days_ago } => {
                let [a, b, c, d] = WHOLE_DAY;
                seal(STEPS, &[*days_ago, a, b, c, d])
            }
        }
    }
}

/// What the ring says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply {
    /// The clock is set; what else the ring can do.
    TimeSet {
        /// Capability bits, not understood.
        capabilities: [u8; DATA_LEN],
    },
    /// Charge left.
    Battery {
        /// Percent.
        percent: u8,
        /// On its charger.
        charging: bool,
    },
    /// Records follow.
    StepsHeader {
        /// How many.
        records: u8,
        /// Their calories count tens.
        calories_in_tens: bool,
    },
    /// Nothing is stored of the day.
    NoSteps,
    /// One record of a day.
    Steps(Record),
    /// A value measured now.
    Realtime {
        /// 1 is heart rate.
        what: u8,
        /// 0 is none.
        error: u8,
        /// The value.
        value: u8,
    },
    /// Today's totals as they change. Known from `ColmiR0xPacketHandler.java` of Gadgetbridge at a0948ee1 alone.
    Totals {
        /// Steps.
        steps: u32,
        /// In a unit that is not known.
        calories: u32,
        /// Metres, as it seems.
        distance: u32,
    },
    /// The ring refuses this command.
    Refused {
        /// Which.
        command: u8,
    },
    /// Something that is of no use here.
    Other {
        /// Its command.
        command: u8,
        /// Its data.
        data: [u8; DATA_LEN],
    },
}

impl Reply {
    /// From a notification.
    ///
    /// # Errors
    /// Length, checksum or a field is wrong.
    pub fn parse(bytes: &[u8]) -> Result<Self, FormatError> {
        let (command, data) = open(bytes)?;
        let mut cursor = ReadCursor::new(&data);
        Ok(match command {
            SET_TIME => Self::TimeSet { capabilities: data },
            BATTERY => Self::Battery { percent: cursor.u8()?, charging: cursor.u8()? != 0 },
            STEPS => match cursor.u8()? {
                STEPS_HEADER => Self::StepsHeader { records: cursor.u8()?, calories_in_tens: cursor.u8()? == 1 },
                STEPS_NONE => Self::NoSteps,
                _ => Self::Steps(Record::parse(&data)?),
            },
            REALTIME => Self::Realtime { what: cursor.u8()?, error: cursor.u8()?, value: cursor.u8()? },
            NOTICE if data.first() == Some(&NOTICE_TOTALS) => {
                cursor.u8()?;
                // The only numbers of this ring that have their high byte first.
                let mut field = || cursor.array().map(|[a, b, c]| u32::from_be_bytes([0, a, b, c]));
                Self::Totals { steps: field()?, calories: field()?, distance: field()? }
            }
            command if command & REFUSED != 0 => Self::Refused { command: command & !REFUSED },
            command => Self::Other { command, data },
        })
    }

    /// The notification's bytes.
    pub fn emit(&self) -> [u8; PACKET_LEN] {
        match *self {
            Self::TimeSet { capabilities } => seal(SET_TIME, &capabilities),
            Self::Battery { percent, charging } => seal(BATTERY, &[percent, charging.into()]),
            Self::StepsHeader { records, calories_in_tens } => {
                seal(STEPS, &[STEPS_HEADER, records, calories_in_tens.into()])
            }
            Self::NoSteps => seal(STEPS, &[STEPS_NONE]),
            Self::Steps(record) => record.emit(),
            Self::Realtime { what, error, value } => seal(REALTIME, &[what, error, value]),
            Self::Totals { steps, calories, distance } => {
                let mut data = [0; DATA_LEN];
                let mut cursor = WriteCursor::new(&mut data);
                cursor.u8(NOTICE_TOTALS);
                for value in [steps, calories, distance] {
                    let [_, a, b, c] = value.to_be_bytes();
                    cursor.bytes(&[a, b, c]);
                }
                seal(NOTICE, &data)
            }
            Self::Refused { command } => seal(command | REFUSED, &[]),
            Self::Other { command, data } => seal(command, &data),
        }
    }

    /// Which record of the day's reply these bytes are, whatever else is wrong with them: number and how many.
    pub fn place(bytes: &[u8]) -> Option<(u8, u8)> {
        let (command, data) = open(bytes).ok()?;
        let mut cursor = ReadCursor::new(&data);
        let front = cursor.array::<4>().ok()?;
        let is_record = command == STEPS && !matches!(front.first(), Some(&(STEPS_HEADER | STEPS_NONE)));
        is_record.then(|| Some((cursor.u8().ok()?, cursor.u8().ok()?))).flatten()
    }
}

/// The steps of one slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record {
    /// The day on the ring's wall clock.
    pub date: Date,
    /// Quarter hour of that day, 0 to 95.
    pub slot: u8,
    /// Its number in this reply, from 0.
    pub index: u8,
    /// How many records this reply has.
    pub count: u8,
    /// Calories, or tens of them: the header says which.
    pub calories: u16,
    /// Steps.
    pub steps: u16,
    /// Metres.
    pub distance_m: u16,
    /// Zero in every capture.
    pub rest: [u8; 2],
}

impl Record {
    fn parse(data: &[u8; DATA_LEN]) -> Result<Self, FormatError> {
        let mut cursor = ReadCursor::new(data);
        let record = Self {
            date: date(&mut cursor)?,
            slot: cursor.u8()?,
            index: cursor.u8()?,
            count: cursor.u8()?,
            calories: cursor.u16()?,
            steps: cursor.u16()?,
            distance_m: cursor.u16()?,
            rest: cursor.array()?,
        };
        if record.slot >= SLOTS {
            return Err(FormatError::BadField { field: Field::Date, got: record.slot.into() });
        }
        Ok(record)
    }

    /// The packet.
    pub fn emit(&self) -> [u8; PACKET_LEN] {
        let mut data = [0; DATA_LEN];
        WriteCursor::new(&mut data)
            .bytes(&to_date(self.date))
            .u8(self.slot)
            .u8(self.index)
            .u8(self.count)
            .u16(self.calories)
            .u16(self.steps)
            .u16(self.distance_m)
            .bytes(&self.rest);
        seal(STEPS, &data)
    }

    /// Start of the slot, seconds of the ring's wall clock since it would have shown 1970-01-01 00:00.
    pub fn start_s(&self) -> i64 {
        self.date.days() * 86_400 + i64::from(self.slot) * SLOT_S
    }
}

fn date(cursor: &mut ReadCursor<'_>) -> Result<Date, FormatError> {
    let (year, month, day) = (bcd(cursor.u8()?)?, bcd(cursor.u8()?)?, bcd(cursor.u8()?)?);
    Date::new(CENTURY + u16::from(year), month, day)
        .ok_or(FormatError::BadField { field: Field::Date, got: u32::from_be_bytes([0, year, month, day]) })
}

fn to_date(date: Date) -> [u8; 3] {
    let year = u8::try_from(date.year().saturating_sub(CENTURY)).unwrap_or(99).min(99);
    [to_bcd(year), to_bcd(date.month()), to_bcd(date.day())]
}

/// Two decimal digits in one byte.
fn bcd(byte: u8) -> Result<u8, FormatError> {
    let (tens, ones) = (byte >> 4, byte & 0x0F);
    if tens < 10 && ones < 10 {
        Ok(tens * 10 + ones)
    } else {
        Err(FormatError::BadField { field: Field::Date, got: byte.into() })
    }
}

const fn to_bcd(value: u8) -> u8 {
    ((value / 10 % 10) << 4) | (value % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_damaged_packet_is_not_believed() {
        let good = Request::Battery.emit();
        for at in 0..PACKET_LEN {
            let mut damaged = good;
            damaged[at] ^= 0x40;

            assert!(open(&damaged).is_err());
        }
        assert!(open(&good[..15]).is_err());
    }

    #[test]
    fn digits_above_nine_are_no_date() {
        let packet = seal(STEPS, &[0x2A, 0x01, 0x01, 0, 0, 1]);

        assert!(matches!(Reply::parse(&packet), Err(FormatError::BadField { field: Field::Date, .. })));
        assert_eq!(Reply::place(&packet), Some((0, 1)));
    }
}
