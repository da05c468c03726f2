//! The messages of the dialogue: file operations, folders, clocks, the summary of a day.
//!
//! Known from the `.proto` files of `polarofficial/polar-ble-sdk` at 8fb5311c.

use alloc::{
    string::{String, ToString},
    vec::Vec,
};

use super::{
    super::civil::{Date, Wall},
    proto::{Writer, fields},
};
use crate::cursor::{Field, FormatError};

/// Set the system time: UTC.
pub const SET_SYSTEM_TIME: u16 = 1;
/// Set the local time.
pub const SET_LOCAL_TIME: u16 = 3;
/// Get the local time.
pub const GET_LOCAL_TIME: u16 = 4;
/// Ask the counter for a synchronisation.
pub const REQUEST_SYNCHRONISATION: u16 = 13;
/// Notification: samples are to be written to files now.
pub const START_SYNC: u8 = 0;
/// Notification: the synchronisation is over; says whether it is complete.
pub const STOP_SYNC: u8 = 1;
/// Notification: a session begins.
pub const INITIALISE_SESSION: u8 = 8;
/// Notification: the session is over.
pub const TERMINATE_SESSION: u8 = 9;

/// Error codes: `pftp_error.proto`.
pub mod code {
    /// All is well.
    pub const OK: u16 = 0;
    /// It restarts.
    pub const REBOOTING: u16 = 1;
    /// Ask again.
    pub const TRY_AGAIN: u16 = 2;
    /// No such file or folder.
    pub const NO_SUCH_FILE: u16 = 103;
    /// Not permitted.
    pub const NOT_PERMITTED: u16 = 106;
    /// Busy.
    pub const BUSY: u16 = 202;
    /// Ask again when it is idle.
    pub const WAIT_FOR_IDLING: u16 = 208;
}

const NO_DATE: FormatError = FormatError::BadField { field: Field::Date, got: 0 };
const NO_TAG: FormatError = FormatError::BadField { field: Field::Tag, got: 0 };

/// What is done to a file. Nothing here ever removes one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// Read it; a path that ends with `/` lists a folder.
    Get = 0,
    /// Write it.
    Put = 1,
    /// Add to it.
    Merge = 2,
    /// Remove it.
    Remove = 3,
}

/// A file operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    /// What.
    pub command: Command,
    /// To which file.
    pub path: String,
}

impl Operation {
    /// From the header of a request.
    ///
    /// # Errors
    /// Not such a message.
    pub fn parse(bytes: &[u8]) -> Result<Self, FormatError> {
        let (mut command, mut path) = (Command::Get, None);
        fields(bytes, |number, value| {
            match number {
                1 => {
                    command = match value.number::<u8>()? {
                        0 => Command::Get,
                        1 => Command::Put,
                        2 => Command::Merge,
                        3 => Command::Remove,
                        got => return Err(FormatError::Unknown { got }),
                    }
                }
                2 => path = Some(text(value.bytes()?)?),
                _ => {}
            }
            Ok(())
        })?;
        Ok(Self { command, path: path.ok_or(NO_TAG)? })
    }

    /// The header of a request.
    pub fn emit(&self) -> Vec<u8> {
        Writer::default().number(1, self.command as u64).message(2, self.path.as_bytes()).finish()
    }
}

/// One entry of a folder; folders end with `/`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name.
    pub name: String,
    /// Its length.
    pub size: u64,
}

impl Entry {
    /// A whole folder.
    ///
    /// # Errors
    /// Not such a message.
    pub fn parse_all(bytes: &[u8]) -> Result<Vec<Self>, FormatError> {
        let mut entries = Vec::new();
        fields(bytes, |number, value| {
            if number == 1 {
                let (mut name, mut size) = (None, 0);
                fields(value.bytes()?, |number, value| {
                    match number {
                        1 => name = Some(text(value.bytes()?)?),
                        2 => size = value.number()?,
                        _ => {}
                    }
                    Ok(())
                })?;
                entries.push(Self { name: name.ok_or(NO_TAG)?, size });
            }
            Ok(())
        })?;
        Ok(entries)
    }

    /// A whole folder.
    pub fn emit_all(entries: &[Self]) -> Vec<u8> {
        let all = entries.iter().fold(Writer::default(), |folder, entry| {
            folder.message(1, &Writer::default().message(1, entry.name.as_bytes()).number(2, entry.size).finish())
        });
        all.finish()
    }
}

fn text(bytes: &[u8]) -> Result<String, FormatError> {
    core::str::from_utf8(bytes)
        .map(ToString::to_string)
        .map_err(|_| FormatError::BadField { field: Field::Text, got: 0 })
}

/// A date.
///
/// # Errors
/// Not one, or none that exists.
pub fn parse_date(bytes: &[u8]) -> Result<Date, FormatError> {
    let (mut year, mut month, mut day) = (0, 0, 0);
    fields(bytes, |number, value| {
        match number {
            1 => year = value.number()?,
            2 => month = value.number()?,
            3 => day = value.number()?,
            _ => {}
        }
        Ok(())
    })?;
    Date::new(year, month, day).ok_or(NO_DATE)
}

/// A date.
pub fn emit_date(date: Date) -> Vec<u8> {
    let (year, month, day) = (date.year().into(), date.month().into(), date.day().into());
    Writer::default().number(1, year).number(2, month).number(3, day).finish()
}

/// A time of day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Time {
    /// Hour, minute, second.
    pub hms: [u8; 3],
    /// Milliseconds, when it says so.
    pub millis: Option<u32>,
}

impl Time {
    /// From the bytes.
    ///
    /// # Errors
    /// Not one.
    pub fn parse(bytes: &[u8]) -> Result<Self, FormatError> {
        let ([mut hour, mut minute, mut second], mut millis) = ([0; 3], None);
        fields(bytes, |number, value| {
            match number {
                1 => hour = value.number()?,
                2 => minute = value.number()?,
                3 => second = value.number()?,
                4 => millis = Some(value.number::<u32>()?.min(999)),
                _ => {}
            }
            Ok(())
        })?;
        Ok(Self { hms: [hour, minute, second], millis })
    }

    /// The bytes.
    pub fn emit(&self) -> Vec<u8> {
        let [hour, minute, second] = self.hms.map(u64::from);
        Writer::default().number(1, hour).number(2, minute).number(3, second).perhaps(4, self.millis).finish()
    }

    /// Of this wall clock.
    pub fn of(wall: Wall, millis: Option<u32>) -> Self {
        Self { hms: [wall.hour, wall.minute, wall.second], millis }
    }

    /// On this date.
    ///
    /// # Errors
    /// No such time of day.
    pub fn on(&self, date: Date) -> Result<Wall, FormatError> {
        let [hour, minute, second] = self.hms;
        Wall::new(date, hour, minute, second).ok_or(NO_DATE)
    }
}

/// Parameters of the queries that set or tell a clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clock {
    /// What it shows.
    pub wall: Wall,
    /// And milliseconds.
    pub millis: Option<u32>,
    /// Of local time its offset from UTC, minutes; of system time whether it is to be trusted, 1.
    pub third: Option<i16>,
}

impl Clock {
    /// From the bytes.
    ///
    /// # Errors
    /// Not such a message.
    pub fn parse(bytes: &[u8]) -> Result<Self, FormatError> {
        let (mut date, mut time, mut third) = (None, None, None);
        fields(bytes, |number, value| {
            match number {
                1 => date = Some(parse_date(value.bytes()?)?),
                2 => time = Some(Time::parse(value.bytes()?)?),
                3 => third = Some(value.signed()?),
                _ => {}
            }
            Ok(())
        })?;
        let time = time.ok_or(NO_TAG)?;
        Ok(Self { wall: time.on(date.ok_or(NO_TAG)?)?, millis: time.millis, third })
    }

    /// The bytes.
    pub fn emit(&self) -> Vec<u8> {
        let clock = Writer::default()
            .message(1, &emit_date(self.wall.date))
            .message(2, &Time::of(self.wall, self.millis).emit());
        match self.third {
            Some(third) => clock.signed(3, third.into()).finish(),
            None => clock.finish(),
        }
    }

    /// What it shows in milliseconds since it would have shown 1970-01-01 00:00.
    pub fn wall_ms(&self) -> i64 {
        self.wall.seconds() * 1000 + i64::from(self.millis.unwrap_or(0))
    }
}

/// Parameters of [`STOP_SYNC`].
pub fn stop_sync(completed: bool) -> Vec<u8> {
    Writer::default().number(1, completed.into()).finish()
}

/// The summary of a day, as far as it is understood. Not used by the dialogue yet.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Summary {
    /// Which day.
    pub date: Date,
    /// Its steps.
    pub steps: u32,
    /// Metres.
    pub distance_m: f32,
}

impl Summary {
    /// From the file.
    ///
    /// # Errors
    /// Not such a message.
    pub fn parse(bytes: &[u8]) -> Result<Self, FormatError> {
        let (mut date, mut steps, mut distance_m) = (None, None, 0.0);
        fields(bytes, |number, value| {
            match number {
                1 => date = Some(parse_date(value.bytes()?)?),
                2 => steps = Some(value.number()?),
                8 => distance_m = value.float()?,
                _ => {}
            }
            Ok(())
        })?;
        Ok(Self { date: date.ok_or(NO_TAG)?, steps: steps.ok_or(NO_TAG)?, distance_m })
    }

    /// The file.
    pub fn emit(&self) -> Vec<u8> {
        Writer::default()
            .message(1, &emit_date(self.date))
            .number(2, self.steps.into())
            .float(8, self.distance_m)
            .finish()
    }
}
