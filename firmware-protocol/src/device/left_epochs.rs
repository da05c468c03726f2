//! What is left of a unit after somebody had their part of it erased: its other epochs, one by one, as a unit
//! that the host made. Stamps, lengths and steps are as the counter said them.

use alloc::vec::Vec;

use crate::{
    cursor::{Field, FormatError, ReadCursor, WriteCursor},
    reading::{Epoch, Stamp, Wear},
};

/// Bytes of an epoch: number, length in s and steps u32 each; kind of stamp and flags u8 each; boot, or offset in min, u16;
/// seconds of the stamp i64.
pub const EPOCH_LEN: usize = 24;

const UPTIME: u8 = 0;
const UTC: u8 = 1;
const LOCAL: u8 = 2;
/// Of a wall clock that claims no offset.
const LOCAL_ALONE: u8 = 3;

const WEAR: u8 = 0x03;
const SATURATED: u8 = 0x04;
const CLOCK_UNSET: u8 = 0x08;

/// The unit's bytes.
pub fn emit(epochs: &[Epoch]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(epochs.len() * EPOCH_LEN);
    for epoch in epochs {
        let (kind, seconds, beside) = match epoch.stamp {
            Stamp::Uptime { boot, seconds } => (UPTIME, seconds.into(), boot),
            Stamp::Utc { seconds } => (UTC, seconds, 0),
            Stamp::Local { seconds, offset_min: Some(offset) } => (LOCAL, seconds, offset.cast_unsigned()),
            Stamp::Local { seconds, offset_min: None } => (LOCAL_ALONE, seconds, 0),
        };
        let wear = match epoch.wear {
            Wear::Unknown => 0,
            Wear::Worn => 1,
            Wear::NotWorn => 2,
            Wear::Charging => 3,
        };
        let saturated = if epoch.saturated { SATURATED } else { 0 };
        let clock_unset = if epoch.clock_unset { CLOCK_UNSET } else { 0 };
        let flags = wear | saturated | clock_unset;
        let mut one = [0; EPOCH_LEN];
        let mut cursor = WriteCursor::new(&mut one);
        cursor.u32(epoch.seq).u32(epoch.seconds).u32(epoch.steps).u8(kind).u8(flags).u16(beside).i64(seconds);
        bytes.extend_from_slice(&one);
    }
    bytes
}

/// From the unit's bytes.
///
/// # Errors
/// When they are no whole epochs, or a field is out of its range.
pub fn parse(bytes: &[u8]) -> Result<Vec<Epoch>, FormatError> {
    bytes.chunks(EPOCH_LEN).map(epoch).collect()
}

fn epoch(bytes: &[u8]) -> Result<Epoch, FormatError> {
    let mut cursor = ReadCursor::new(bytes);
    let (seq, seconds, steps) = (cursor.u32()?, cursor.u32()?, cursor.u32()?);
    let (kind, flags, beside, at) = (cursor.u8()?, cursor.u8()?, cursor.u16()?, cursor.i64()?);
    cursor.end()?;
    if flags & !(WEAR | SATURATED | CLOCK_UNSET) != 0 {
        return Err(FormatError::BadField { field: Field::Flags, got: flags.into() });
    }
    let stamp = match kind {
        UPTIME => {
            let seconds =
                u32::try_from(at).map_err(|_| FormatError::BadField { field: Field::Uptime, got: u32::MAX })?;
            Stamp::Uptime { boot: beside, seconds }
        }
        UTC => Stamp::Utc { seconds: at },
        LOCAL => Stamp::Local { seconds: at, offset_min: Some(beside.cast_signed()) },
        LOCAL_ALONE => Stamp::Local { seconds: at, offset_min: None },
        got => return Err(FormatError::BadField { field: Field::Tag, got: got.into() }),
    };
    let wear = match flags & WEAR {
        0 => Wear::Unknown,
        1 => Wear::Worn,
        2 => Wear::NotWorn,
        _ => Wear::Charging,
    };
    let (saturated, clock_unset) = (flags & SATURATED != 0, flags & CLOCK_UNSET != 0);
    Ok(Epoch { seq, stamp, seconds, steps, saturated, wear, clock_unset })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_epoch_comes_back_as_it_was_written() {
        let stamps = [
            Stamp::Uptime { boot: 65_535, seconds: u32::MAX },
            Stamp::Utc { seconds: -1 },
            Stamp::Local { seconds: i64::MAX, offset_min: Some(-720) },
            Stamp::Local { seconds: 0, offset_min: None },
        ];
        let wears = [Wear::Unknown, Wear::Worn, Wear::NotWorn, Wear::Charging];
        let epochs: Vec<_> = stamps
            .into_iter()
            .zip(wears)
            .zip(0..)
            .map(|((stamp, wear), seq)| Epoch {
                seq,
                stamp,
                seconds: 60 + seq,
                steps: u32::MAX - seq,
                saturated: seq % 2 == 0,
                wear,
                clock_unset: seq < 2,
            })
            .collect();

        let bytes = emit(&epochs);

        assert_eq!(parse(&bytes), Ok(epochs));
        assert!(parse(&bytes[1..]).is_err());
        for (at, value) in [(12, 4), (13, 0x10)] {
            let mut wrong = bytes.clone();
            wrong[at] = value;
            assert!(matches!(parse(&wrong), Err(FormatError::BadField { .. })), "byte {at}");
        }
    }
}
