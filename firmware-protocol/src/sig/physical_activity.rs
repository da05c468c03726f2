//! Physical Activity Monitor service, 183E (adopted 2020-12-15): a decoder kept ready. No product that
//! implements it was found, so there is no driver.
//!
//! Order of the fields: two sources (`RonanB96/bluetooth-sig-python` 0.6.0, a prototype of 2017). The text
//! of the specification was not at hand.
//!
//! Not known:
//! - what the bits of the header byte mean (segmentation; the sources differ), so it is kept as a number;
//! - units of distance and worn duration in the step summary;
//! - layouts of the summaries 2B3D, 2B3F, 2B42, the cardio-respiratory values 2B3E, and the session
//!   descriptors 2B44 and 2B45: not decoded here;
//! - widths of the counts in the control point's answers: not decoded here.

use super::uuid;
use crate::{
    Uuid,
    cursor::{Field, FormatError, ReadCursor, WriteCursor},
};

/// The service.
pub const SERVICE: Uuid = uuid(0x183E);
/// Features.
pub const FEATURES: Uuid = uuid(0x2B3B);
/// General Activity Instantaneous.
pub const GENERAL_INSTANTANEOUS: Uuid = uuid(0x2B3C);
/// Step Counter Activity Summary.
pub const STEP_SUMMARY: Uuid = uuid(0x2B40);
/// Control point.
pub const CONTROL: Uuid = uuid(0x2B43);

/// What stands before every value of an activity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prefix {
    /// Segmentation; its bits are not settled.
    pub header: u8,
    /// Which optional fields follow; 8 bits in the step summary, 24 in the general one.
    pub flags: u32,
    /// Session.
    pub session: u16,
    /// Session within the session.
    pub subsession: u16,
    /// Seconds since the session began.
    pub relative_s: u32,
    /// Number.
    pub seq: u32,
}

impl Prefix {
    fn rest(header: u8, flags: u32, cursor: &mut ReadCursor<'_>) -> Result<Self, FormatError> {
        Ok(Self {
            header,
            flags,
            session: cursor.u16()?,
            subsession: cursor.u16()?,
            relative_s: cursor.u32()?,
            seq: cursor.u32()?,
        })
    }
}

/// A value of [`STEP_SUMMARY`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StepSummary {
    /// What stands before.
    pub prefix: Prefix,
    /// Steps of normal walking. Flag bit 0.
    pub normal_steps: Option<u32>,
    /// Steps of intense walking. Flag bit 1.
    pub intensity_steps: Option<u32>,
    /// Steps on stairs. Flag bit 2.
    pub floor_steps: Option<u32>,
    /// Distance, unit not settled. Flag bit 3.
    pub distance: Option<u32>,
    /// How long it was worn, unit not settled. Flag bit 4.
    pub worn: Option<u32>,
}

impl StepSummary {
    const KNOWN: u32 = 0x1F;

    /// Exactly one summary.
    ///
    /// # Errors
    /// When the length is not what the flags say, or a flag without a known field is set.
    pub fn parse(bytes: &[u8]) -> Result<Self, FormatError> {
        let mut cursor = ReadCursor::new(bytes);
        let (header, flags) = (cursor.u8()?, u32::from(cursor.u8()?));
        let prefix = Prefix::rest(header, flags, &mut cursor)?;
        if flags & !Self::KNOWN != 0 {
            return Err(FormatError::BadField { field: Field::Flags, got: flags });
        }
        let mut field = |bit: u32| if flags & (1 << bit) == 0 { Ok(None) } else { cursor.u24().map(Some) };
        let summary = Self {
            prefix,
            normal_steps: field(0)?,
            intensity_steps: field(1)?,
            floor_steps: field(2)?,
            distance: field(3)?,
            worn: field(4)?,
        };
        cursor.end()?;
        Ok(summary)
    }
}

/// A value of [`GENERAL_INSTANTANEOUS`], as far as it is settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GeneralActivity {
    /// What stands before.
    pub prefix: Prefix,
    /// Cadence of the motion; unit not settled. Flag bit 6.
    pub cadence: Option<u16>,
    /// Activity counts a minute. Flag bit 8.
    pub count_per_minute: Option<u16>,
    /// Kind of activity: 5 walking, 7 running. Flag bit 10.
    pub activity: Option<u16>,
    /// It is worn. Flag bit 23.
    pub worn: bool,
}

impl GeneralActivity {
    /// Bytes of the optional field of each flag bit from 0.
    const WIDTHS: [usize; 11] = [2, 2, 2, 2, 1, 2, 2, 3, 2, 2, 2];
    const WORN: u32 = 1 << 23;

    /// Exactly one value.
    ///
    /// # Errors
    /// When the length is not what the flags say, or a flag without a known field is set.
    pub fn parse(bytes: &[u8]) -> Result<Self, FormatError> {
        let mut cursor = ReadCursor::new(bytes);
        let (header, flags) = (cursor.u8()?, cursor.u24()?);
        let prefix = Prefix::rest(header, flags, &mut cursor)?;
        if flags & !(Self::WORN | 0x07FF) != 0 {
            return Err(FormatError::BadField { field: Field::Flags, got: flags });
        }
        let (mut cadence, mut count_per_minute, mut activity) = (None, None, None);
        for (bit, width) in Self::WIDTHS.into_iter().enumerate().filter(|(bit, _)| flags & (1 << bit) != 0) {
            let mut field = ReadCursor::new(cursor.take(width)?);
            match bit {
                6 => cadence = Some(field.u16()?),
                8 => count_per_minute = Some(field.u16()?),
                10 => activity = Some(field.u16()?),
                _ => {}
            }
        }
        cursor.end()?;
        Ok(Self { prefix, cadence, count_per_minute, activity, worn: flags & Self::WORN != 0 })
    }
}

/// A value of [`FEATURES`]. Bit numbers: one source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Features(pub u64);

impl Features {
    /// It knows whether it is worn.
    pub const DEVICE_WORN: u8 = 2;
    /// It tells the cadence of motion.
    pub const MOTION_CADENCE: u8 = 16;
    /// It tells how long it was worn.
    pub const WORN_DURATION: u8 = 25;
    /// It counts steps of normal walking.
    pub const NORMAL_STEPS: u8 = 38;
    /// It counts steps of intense walking.
    pub const INTENSITY_STEPS: u8 = 39;
    /// It counts steps on stairs.
    pub const FLOOR_STEPS: u8 = 40;

    /// Exactly eight bytes.
    ///
    /// # Errors
    /// When there are more or fewer.
    pub fn parse(bytes: &[u8]) -> Result<Self, FormatError> {
        let mut cursor = ReadCursor::new(bytes);
        let bits = u64::from_le_bytes(cursor.array()?);
        cursor.end()?;
        Ok(Self(bits))
    }

    /// Whether it has the feature of this number.
    pub const fn has(self, bit: u8) -> bool {
        bit < 64 && self.0 & (1 << bit) != 0
    }
}

/// All sub-sessions of a session.
pub const ALL_SUBSESSIONS: u16 = 0xFFFF;

/// What is written to [`CONTROL`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    /// Which sessions are there?
    Sessions,
    /// Which sub-sessions has this session?
    Subsessions(u16),
    /// Send data of a session that has ended: session, sub-session or [`ALL_SUBSESSIONS`], type (4: step summary).
    Get(u16, u16, u8),
    /// Begin: 0 a session, 1 a sub-session.
    Start(u8),
    /// End: the same.
    Stop(u8),
    /// Forget a session that has ended.
    Delete(u16),
    /// Say which activity it was: scope, type.
    SetActivity(u8, u8),
}

impl Request {
    /// The step counter summaries, in [`Request::Get`].
    pub const STEP_SUMMARIES: u8 = 4;
    /// No request is longer.
    pub const MAX_LEN: usize = 6;

    /// Exactly one request.
    ///
    /// # Errors
    /// When the length is wrong or the operation unknown.
    pub fn parse(bytes: &[u8]) -> Result<Self, FormatError> {
        let mut cursor = ReadCursor::new(bytes);
        let request = match cursor.u8()? {
            1 => Self::Sessions,
            2 => Self::Subsessions(cursor.u16()?),
            3 => Self::Get(cursor.u16()?, cursor.u16()?, cursor.u8()?),
            4 => Self::Start(cursor.u8()?),
            5 => Self::Stop(cursor.u8()?),
            6 => Self::Delete(cursor.u16()?),
            7 => Self::SetActivity(cursor.u8()?, cursor.u8()?),
            got => return Err(FormatError::Unknown { got }),
        };
        cursor.end()?;
        Ok(request)
    }

    /// Writes the request; says its length.
    ///
    /// # Errors
    /// When there is no room.
    pub fn emit(&self, out: &mut [u8]) -> Result<usize, FormatError> {
        let mut cursor = WriteCursor::new(out);
        match *self {
            Self::Sessions => cursor.u8(1),
            Self::Subsessions(session) => cursor.u8(2).u16(session),
            Self::Get(session, subsession, kind) => cursor.u8(3).u16(session).u16(subsession).u8(kind),
            Self::Start(scope) => cursor.u8(4).u8(scope),
            Self::Stop(scope) => cursor.u8(5).u8(scope),
            Self::Delete(session) => cursor.u8(6).u16(session),
            Self::SetActivity(scope, kind) => cursor.u8(7).u8(scope).u8(kind),
        }
        .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_general_value_is_read_past_the_fields_that_nobody_needs() {
        // Flags: energy (bit 0), MET (4), cadence (6), elevation (7), activity (10), worn (23).
        let bytes =
            [&[0xC0, 0xD1, 0x04, 0x80, 1, 0, 2, 0, 10, 0, 0, 0, 1, 0, 0, 0][..], &[9, 9, 7, 110, 0, 1, 2, 3, 5, 0]]
                .concat();

        let value = GeneralActivity::parse(&bytes).unwrap();

        assert_eq!((value.cadence, value.activity, value.worn), (Some(110), Some(5), true));
        assert!(GeneralActivity::parse(&bytes[..25]).is_err());
    }
}
