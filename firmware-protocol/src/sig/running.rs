//! Running Speed and Cadence service, 1814: what foot pods notify while they are connected.

use super::uuid;
use crate::{
    Uuid,
    cursor::{FormatError, ReadCursor, WriteCursor},
};

/// The service.
pub const SERVICE: Uuid = uuid(0x1814);
/// RSC Measurement, notified about once a second.
pub const MEASUREMENT: Uuid = uuid(0x2A53);
/// RSC Feature: sixteen bits.
pub const FEATURE: Uuid = uuid(0x2A54);
/// SC Control Point.
pub const CONTROL: Uuid = uuid(0x2A55);

const STRIDE: u8 = 0x01;
const DISTANCE: u8 = 0x02;
const RUNNING: u8 = 0x04;

/// A value of [`MEASUREMENT`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Measurement {
    /// 1/256 m/s.
    pub speed: u16,
    /// Steps a minute. Some pods are said to send strides of one foot, half of it.
    pub cadence: u8,
    /// cm.
    pub stride_cm: Option<u16>,
    /// 0.1 m.
    pub distance_dm: Option<u32>,
    /// Running, not walking.
    pub running: bool,
}

impl Measurement {
    /// No measurement is longer.
    pub const MAX_LEN: usize = 10;

    /// Exactly one measurement.
    ///
    /// # Errors
    /// When it is shorter than its flags say, or longer.
    pub fn parse(bytes: &[u8]) -> Result<Self, FormatError> {
        let mut cursor = ReadCursor::new(bytes);
        let flags = cursor.u8()?;
        let measurement = Self {
            speed: cursor.u16()?,
            cadence: cursor.u8()?,
            stride_cm: if flags & STRIDE == 0 { None } else { Some(cursor.u16()?) },
            distance_dm: if flags & DISTANCE == 0 { None } else { Some(cursor.u32()?) },
            running: flags & RUNNING != 0,
        };
        cursor.end()?;
        Ok(measurement)
    }

    /// Writes the measurement; says its length.
    ///
    /// # Errors
    /// When there is no room.
    pub fn emit(&self, out: &mut [u8]) -> Result<usize, FormatError> {
        let flags = if self.stride_cm.is_some() { STRIDE } else { 0 }
            | if self.distance_dm.is_some() { DISTANCE } else { 0 }
            | if self.running { RUNNING } else { 0 };
        let mut cursor = WriteCursor::new(out);
        cursor.u8(flags).u16(self.speed).u8(self.cadence);
        if let Some(stride) = self.stride_cm {
            cursor.u16(stride);
        }
        if let Some(distance) = self.distance_dm {
            cursor.u32(distance);
        }
        cursor.finish()
    }
}

/// A value of [`FEATURE`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Feature(pub u16);

impl Feature {
    /// It tells the length of a stride.
    pub const STRIDE: u16 = 0x01;
    /// It tells the distance.
    pub const DISTANCE: u16 = 0x02;
    /// It tells walking from running.
    pub const WALK_OR_RUN: u16 = 0x04;
    /// It can be calibrated.
    pub const CALIBRATION: u16 = 0x08;
    /// It can be worn in more than one place.
    pub const LOCATIONS: u16 = 0x10;

    /// Exactly two bytes.
    ///
    /// # Errors
    /// When there are more or fewer.
    pub fn parse(bytes: &[u8]) -> Result<Self, FormatError> {
        let mut cursor = ReadCursor::new(bytes);
        let bits = cursor.u16()?;
        cursor.end()?;
        Ok(Self(bits))
    }

    /// The value's bytes.
    pub const fn emit(self) -> [u8; 2] {
        self.0.to_le_bytes()
    }

    /// Whether it has one of these.
    pub const fn has(self, bit: u16) -> bool {
        self.0 & bit != 0
    }
}

const SET_CUMULATIVE: u8 = 0x01;
const CALIBRATE: u8 = 0x02;
const SET_LOCATION: u8 = 0x03;
const LIST_LOCATIONS: u8 = 0x04;
const RESPONSE: u8 = 0x10;

/// What is written to or indicated by [`CONTROL`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Control<'a> {
    /// Set the total distance, 0.1 m.
    SetCumulative(u32),
    /// Calibrate.
    Calibrate,
    /// It is worn in this place (numbers of Sensor Location, 2A5D).
    SetLocation(u8),
    /// Which places are there?
    ListLocations,
    /// The answer: operation, status (1 done), and what belongs to it.
    Response(u8, u8, &'a [u8]),
}

impl<'a> Control<'a> {
    /// Exactly one request or answer.
    ///
    /// # Errors
    /// When the length is wrong or the operation unknown.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, FormatError> {
        let mut cursor = ReadCursor::new(bytes);
        let control = match cursor.u8()? {
            SET_CUMULATIVE => Self::SetCumulative(cursor.u32()?),
            CALIBRATE => Self::Calibrate,
            SET_LOCATION => Self::SetLocation(cursor.u8()?),
            LIST_LOCATIONS => Self::ListLocations,
            RESPONSE => Self::Response(cursor.u8()?, cursor.u8()?, cursor.take(cursor.rest().len())?),
            got => return Err(FormatError::Unknown { got }),
        };
        cursor.end()?;
        Ok(control)
    }

    /// Writes it; says its length.
    ///
    /// # Errors
    /// When there is no room.
    pub fn emit(&self, out: &mut [u8]) -> Result<usize, FormatError> {
        let mut cursor = WriteCursor::new(out);
        match *self {
            Self::SetCumulative(total) => cursor.u8(SET_CUMULATIVE).u32(total),
            Self::Calibrate => cursor.u8(CALIBRATE),
            Self::SetLocation(place) => cursor.u8(SET_LOCATION).u8(place),
            Self::ListLocations => cursor.u8(LIST_LOCATIONS),
            Self::Response(operation, status, rest) => cursor.u8(RESPONSE).u8(operation).u8(status).bytes(rest),
        }
        .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_point_values_come_back_as_they_were_written() {
        for bytes in [&[1, 4, 3, 2, 1][..], &[2], &[3, 5], &[4], &[0x10, 4, 1, 2, 3], &[0x10, 1, 1]] {
            let mut out = [0; 20];

            let length = Control::parse(bytes).unwrap().emit(&mut out).unwrap();

            assert_eq!(&out[..length], bytes);
        }
        assert!(Control::parse(&[5]).is_err());
        assert!(Control::parse(&[2, 0]).is_err());
    }

    #[test]
    fn a_measurement_that_is_longer_than_its_flags_say_is_refused() {
        assert!(Measurement::parse(&[0, 0, 1, 100, 1]).is_err());
        assert!(Measurement::parse(&[2, 0, 1, 100, 1]).is_err());
    }
}
