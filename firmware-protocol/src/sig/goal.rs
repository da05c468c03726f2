//! Activity Goal, 2B4E, of the User Data service.

use super::uuid;
use crate::{
    Uuid,
    cursor::{Field, FormatError, ReadCursor, WriteCursor},
};

/// The characteristic.
pub const ACTIVITY_GOAL: Uuid = uuid(0x2B4E);

const ENERGY: u8 = 0x01;
const NORMAL_STEPS: u8 = 0x02;
const INTENSITY_STEPS: u8 = 0x04;
const FLOOR_STEPS: u8 = 0x08;
const DISTANCE: u8 = 0x10;
const NORMAL_WALK: u8 = 0x20;
const INTENSITY_WALK: u8 = 0x40;
const KNOWN: u8 = 0x7F;

/// A person's goal; what is `None` is not a goal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ActivityGoal {
    /// kJ.
    pub energy_kj: Option<u16>,
    /// Steps of normal walking; at most 2²⁴ − 1, as all that follow.
    pub normal_steps: Option<u32>,
    /// Steps of intense walking.
    pub intensity_steps: Option<u32>,
    /// Steps on stairs.
    pub floor_steps: Option<u32>,
    /// Metres.
    pub distance_m: Option<u32>,
    /// Seconds of normal walking.
    pub normal_walk_s: Option<u32>,
    /// Seconds of intense walking.
    pub intensity_walk_s: Option<u32>,
}

impl ActivityGoal {
    /// No goal is longer.
    pub const MAX_LEN: usize = 21;

    /// Exactly one goal.
    ///
    /// # Errors
    /// When the length is not what the flags say, or the flag without a meaning is set: what it adds is not known.
    pub fn parse(bytes: &[u8]) -> Result<Self, FormatError> {
        let mut cursor = ReadCursor::new(bytes);
        let flags = cursor.u8()?;
        if flags & !KNOWN != 0 {
            return Err(FormatError::BadField { field: Field::Flags, got: flags.into() });
        }
        let energy_kj = if flags & ENERGY == 0 { None } else { Some(cursor.u16()?) };
        let mut field = |bit| if flags & bit == 0 { Ok(None) } else { cursor.u24().map(Some) };
        let goal = Self {
            energy_kj,
            normal_steps: field(NORMAL_STEPS)?,
            intensity_steps: field(INTENSITY_STEPS)?,
            floor_steps: field(FLOOR_STEPS)?,
            distance_m: field(DISTANCE)?,
            normal_walk_s: field(NORMAL_WALK)?,
            intensity_walk_s: field(INTENSITY_WALK)?,
        };
        cursor.end()?;
        Ok(goal)
    }

    /// Writes the goal; says its length.
    ///
    /// # Errors
    /// When there is no room.
    pub fn emit(&self, out: &mut [u8]) -> Result<usize, FormatError> {
        let wide = [
            (NORMAL_STEPS, self.normal_steps),
            (INTENSITY_STEPS, self.intensity_steps),
            (FLOOR_STEPS, self.floor_steps),
            (DISTANCE, self.distance_m),
            (NORMAL_WALK, self.normal_walk_s),
            (INTENSITY_WALK, self.intensity_walk_s),
        ];
        let energy = if self.energy_kj.is_some() { ENERGY } else { 0 };
        let flags = wide.iter().fold(energy, |flags, (bit, value)| flags | if value.is_some() { *bit } else { 0 });
        let mut cursor = WriteCursor::new(out);
        cursor.u8(flags);
        if let Some(energy_kj) = self.energy_kj {
            cursor.u16(energy_kj);
        }
        for value in wide.iter().filter_map(|(_, value)| *value) {
            cursor.u24(value);
        }
        cursor.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_has_its_place() {
        let goal = ActivityGoal {
            energy_kj: Some(0x0102),
            normal_steps: Some(1),
            intensity_steps: Some(2),
            floor_steps: Some(3),
            distance_m: Some(4),
            normal_walk_s: Some(5),
            intensity_walk_s: Some(0x00FF_FFFF),
        };
        let mut out = [0; ActivityGoal::MAX_LEN];

        assert_eq!(goal.emit(&mut out), Ok(ActivityGoal::MAX_LEN));
        assert_eq!(ActivityGoal::parse(&out), Ok(goal));
        assert!(ActivityGoal::parse(&[0x80]).is_err());
    }
}
