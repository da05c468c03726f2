//! The State characteristic, what the counter holds now, and the Live characteristic, for showing only.

use crate::{
    cursor::{Field, FormatError, ReadCursor, WriteCursor},
    reading::Wear,
};

/// Bytes of a State value.
pub const STATE_LEN: usize = 24;
/// Bytes of a Live value.
pub const LIVE_LEN: usize = 10;

const BATTERY_UNKNOWN: u8 = 255;
const CLOCK_UNSET: u8 = 0x01;
const CHARGING: u8 = 0x02;
const OVERRUN: u8 = 0x04;
const WORN: u8 = 0x08;
const EXHAUSTED: u8 = 0x10;
const KNOWN: u8 = 0x1F;

/// What the counter holds now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "they are the bits of a flags byte")]
pub struct State {
    /// This boot.
    pub boot: u16,
    /// Whole seconds since it.
    pub uptime_s: u32,
    /// Lowest number that can still be read.
    pub oldest: u32,
    /// The number the next epoch will get.
    pub next: u32,
    /// What this host has acknowledged: all numbers below.
    pub acked: u32,
    /// Epochs overwritten before any host had acknowledged them, and epochs that could not be numbered.
    pub lost: u32,
    /// Percent of charge, when known.
    pub battery: Option<u8>,
    /// The clock has not been set in this boot, nor in one linked to it.
    pub clock_unset: bool,
    /// On the charger.
    pub charging: bool,
    /// `lost` is not zero.
    pub overrun: bool,
    /// On the body, as far as the counter can tell.
    pub worn: bool,
    /// Epoch or boot numbers have run out; nothing more is recorded.
    pub exhausted: bool,
}

/// The running count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Live {
    /// Whole seconds since boot.
    pub uptime_s: u32,
    /// Steps since boot.
    pub steps: u32,
    /// Steps a minute in the last whole epoch; 255 means 255 or more.
    pub cadence: u8,
    /// As in a block's meta byte.
    pub wear: Wear,
}

impl State {
    /// Exactly one value.
    pub fn parse(bytes: &[u8]) -> Result<Self, FormatError> {
        let mut cursor = ReadCursor::new(bytes);
        let (boot, uptime_s, oldest, next) = (cursor.u16()?, cursor.u32()?, cursor.u32()?, cursor.u32()?);
        let (acked, lost, battery, flags) = (cursor.u32()?, cursor.u32()?, cursor.u8()?, cursor.u8()?);
        cursor.end()?;
        let battery = match battery {
            0..=100 => Some(battery),
            BATTERY_UNKNOWN => None,
            _ => return Err(FormatError::BadField { field: Field::Battery, got: battery.into() }),
        };
        if flags & !KNOWN != 0 {
            return Err(FormatError::BadField { field: Field::Flags, got: flags.into() });
        }
        if oldest > next {
            return Err(FormatError::BadField { field: Field::Seq, got: oldest });
        }
        let flag = |bit| flags & bit != 0;
        Ok(Self {
            boot,
            uptime_s,
            oldest,
            next,
            acked,
            lost,
            battery,
            clock_unset: flag(CLOCK_UNSET),
            charging: flag(CHARGING),
            overrun: flag(OVERRUN),
            worn: flag(WORN),
            exhausted: flag(EXHAUSTED),
        })
    }

    /// The value.
    pub fn emit(&self) -> [u8; STATE_LEN] {
        let flag = |on, bit| if on { bit } else { 0 };
        let flags = flag(self.clock_unset, CLOCK_UNSET)
            | flag(self.charging, CHARGING)
            | flag(self.overrun, OVERRUN)
            | flag(self.worn, WORN)
            | flag(self.exhausted, EXHAUSTED);
        let mut out = [0; STATE_LEN];
        WriteCursor::new(&mut out)
            .u16(self.boot)
            .u32(self.uptime_s)
            .u32(self.oldest)
            .u32(self.next)
            .u32(self.acked)
            .u32(self.lost)
            .u8(self.battery.map_or(BATTERY_UNKNOWN, |percent| percent.min(100)))
            .u8(flags);
        out
    }
}

impl Live {
    /// Exactly one value.
    pub fn parse(bytes: &[u8]) -> Result<Self, FormatError> {
        let mut cursor = ReadCursor::new(bytes);
        let (uptime_s, steps, cadence, wear) = (cursor.u32()?, cursor.u32()?, cursor.u8()?, cursor.u8()?);
        cursor.end()?;
        let wear = match wear {
            0 => Wear::Unknown,
            1 => Wear::Worn,
            2 => Wear::NotWorn,
            3 => Wear::Charging,
            _ => return Err(FormatError::BadField { field: Field::Status, got: wear.into() }),
        };
        Ok(Self { uptime_s, steps, cadence, wear })
    }

    /// The value.
    pub fn emit(&self) -> [u8; LIVE_LEN] {
        let wear = match self.wear {
            Wear::Unknown => 0,
            Wear::Worn => 1,
            Wear::NotWorn => 2,
            Wear::Charging => 3,
        };
        let mut out = [0; LIVE_LEN];
        WriteCursor::new(&mut out).u32(self.uptime_s).u32(self.steps).u8(self.cadence).u8(wear);
        out
    }
}
