//! Heart Rate service, 180D.

use super::uuid;
use crate::{
    Uuid,
    cursor::{FormatError, ReadCursor, WriteCursor},
};

/// The service.
pub const SERVICE: Uuid = uuid(0x180D);
/// Heart Rate Measurement.
pub const MEASUREMENT: Uuid = uuid(0x2A37);

const WIDE: u8 = 0x01;
const CONTACT: u8 = 0x02;
const CONTACT_SUPPORTED: u8 = 0x04;
const ENERGY: u8 = 0x08;
const INTERVALS: u8 = 0x10;

/// A value of [`MEASUREMENT`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeartRate<'a> {
    /// Beats a minute.
    pub bpm: u16,
    /// Whether it touches skin, when it can tell.
    pub contact: Option<bool>,
    /// Energy since the last reset, kJ.
    pub energy_kj: Option<u16>,
    /// Times between beats, oldest first.
    pub intervals: Intervals<'a>,
}

/// Times between beats, as sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Intervals<'a>(&'a [u8]);

impl<'a> Intervals<'a> {
    /// From bytes as [`Intervals::bytes`] gives them; a byte that is left over is dropped.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(bytes.get(..bytes.len() & !1).unwrap_or(&[]))
    }

    /// Two bytes each.
    pub const fn bytes(self) -> &'a [u8] {
        self.0
    }

    /// In 1/1024 s.
    pub fn iter(self) -> impl Iterator<Item = u16> + 'a {
        let mut cursor = ReadCursor::new(self.0);
        core::iter::from_fn(move || cursor.u16().ok())
    }
}

impl<'a> HeartRate<'a> {
    /// Exactly one measurement.
    ///
    /// # Errors
    /// When it is shorter than its flags say, or longer.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, FormatError> {
        let mut cursor = ReadCursor::new(bytes);
        let flags = cursor.u8()?;
        let bpm = if flags & WIDE == 0 { cursor.u8()?.into() } else { cursor.u16()? };
        let contact = (flags & CONTACT_SUPPORTED != 0).then_some(flags & CONTACT != 0);
        let energy_kj = if flags & ENERGY == 0 { None } else { Some(cursor.u16()?) };
        let intervals = if flags & INTERVALS == 0 { &[] } else { cursor.take(cursor.rest().len() & !1)? };
        cursor.end()?;
        Ok(Self { bpm, contact, energy_kj, intervals: Intervals(intervals) })
    }

    /// Writes the measurement, the rate as short as it can be; says its length.
    ///
    /// # Errors
    /// When there is no room.
    pub fn emit(&self, out: &mut [u8]) -> Result<usize, FormatError> {
        let narrow = u8::try_from(self.bpm);
        let flags = if narrow.is_err() { WIDE } else { 0 }
            | match self.contact {
                None => 0,
                Some(false) => CONTACT_SUPPORTED,
                Some(true) => CONTACT_SUPPORTED | CONTACT,
            }
            | if self.energy_kj.is_some() { ENERGY } else { 0 }
            | if self.intervals.0.is_empty() { 0 } else { INTERVALS };
        let mut cursor = WriteCursor::new(out);
        cursor.u8(flags);
        match narrow {
            Ok(bpm) => cursor.u8(bpm),
            Err(_) => cursor.u16(self.bpm),
        };
        if let Some(energy_kj) = self.energy_kj {
            cursor.u16(energy_kj);
        }
        cursor.bytes(self.intervals.0).finish()
    }
}
