//! What stored units mean: one decoder for each [`UnitKind`].

use crate::{
    cursor::FormatError,
    device::{bangle, clock_reading, colmi, huami, infinitime, left_epochs, pebble, polar, rsc},
    driver::{DecodeResult, Each, QuarantineReason, UnitKind},
    reading::{Epoch, Reading, Stamp},
    sig::battery,
    steplog::{
        block::{Block, BlockKind, SATURATED},
        state::State,
        time::{BootLinkEntry, parse_anchor_unit},
    },
};

/// What a unit means: calls `each` for every reading in it, in order.
///
/// # Errors
/// Says what is wrong with the bytes. A unit is checked whole before the first reading is given.
pub fn decode(kind: UnitKind, bytes: &[u8], each: Each<'_>) -> DecodeResult {
    match kind {
        UnitKind::StepLogBlock => decode_block(&Block::parse(bytes)?, each),
        UnitKind::StepLogAnchor => each(Reading::Anchor(parse_anchor_unit(bytes)?)),
        UnitKind::StepLogBootLink => each(Reading::BootLink(BootLinkEntry::parse(bytes)?.link)),
        UnitKind::StepLogState => {
            if let Some(percent) = State::parse(bytes)?.battery {
                each(Reading::Battery { percent });
            }
        }
        UnitKind::ClockReading => each(clock_reading::ClockReading::parse(bytes)?.reading()),
        UnitKind::Battery => each(Reading::Battery { percent: battery::parse_level(bytes)? }),
        UnitKind::PebbleMinutes => return pebble::decode(bytes, each),
        UnitKind::HuamiMinutes => return huami::decode(bytes, each),
        UnitKind::BangleRecord => return bangle::decode(bytes, each),
        UnitKind::RunningTotal => return infinitime::decode(bytes, each),
        UnitKind::CadenceMinute => return rsc::decode(bytes, each),
        UnitKind::PolarSamples => return polar::decode(bytes, each),
        UnitKind::ColmiRecord => return colmi::decode(bytes, each),
        UnitKind::LeftEpochs => left_epochs::parse(bytes)?.into_iter().map(Reading::Epoch).for_each(each),
    }
    Ok(())
}

fn decode_block(block: &Block<'_>, each: Each<'_>) {
    let header = block.header();
    if header.kind == BlockKind::Gap {
        each(Reading::Gap { seq: header.first_seq, count: block.span() });
    }
    for epoch in block.epochs() {
        each(Reading::Epoch(Epoch {
            seq: epoch.seq,
            stamp: Stamp::Uptime { boot: header.boot, seconds: epoch.uptime_s },
            seconds: header.epoch_s.into(),
            steps: epoch.steps.into(),
            saturated: epoch.steps == SATURATED,
            wear: epoch.meta.wear,
            clock_unset: epoch.meta.clock_unset,
        }));
    }
}

impl From<FormatError> for QuarantineReason {
    fn from(error: FormatError) -> Self {
        match error {
            FormatError::BadLength { want, got } if got < want => Self::Truncated,
            FormatError::BadLength { .. } | FormatError::BadField { .. } => Self::BadField,
            FormatError::BadChecksum { .. } => Self::BadChecksum,
            FormatError::Unknown { .. } => Self::UnknownVersion,
        }
    }
}

impl TryFrom<u8> for UnitKind {
    type Error = FormatError;

    fn try_from(got: u8) -> Result<Self, FormatError> {
        Self::ALL.into_iter().find(|kind| *kind as u8 == got).ok_or(FormatError::Unknown { got })
    }
}

impl TryFrom<u8> for QuarantineReason {
    type Error = FormatError;

    fn try_from(got: u8) -> Result<Self, FormatError> {
        Ok(match got {
            1 => Self::BadChecksum,
            2 => Self::UnknownVersion,
            3 => Self::Truncated,
            4 => Self::BadField,
            5 => Self::Conflict,
            6 => Self::WrongTime,
            7 => Self::NotOurs,
            _ => return Err(FormatError::Unknown { got }),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{reading::Wear, steplog::block::Header};
    use alloc::vec::Vec;

    #[test]
    fn a_full_steps_field_is_a_lower_bound() {
        let header = Header {
            kind: BlockKind::Epochs,
            flags: 0,
            boot: 1,
            first_seq: 5,
            first_uptime_s: 0,
            epoch_s: 60,
            count: 2,
        };
        let mut bytes = [0; 20];
        Block::new(header, &[254, 1, 255, 9]).unwrap().emit(&mut bytes).unwrap();
        let mut readings = Vec::new();

        decode(UnitKind::StepLogBlock, &bytes, &mut |reading| readings.push(reading)).unwrap();

        let epoch = |seq, seconds, steps, saturated, clock_unset| {
            let stamp = Stamp::Uptime { boot: 1, seconds };
            Reading::Epoch(Epoch { seq, stamp, seconds: 60, steps, saturated, wear: Wear::Worn, clock_unset })
        };
        assert_eq!(readings, [epoch(5, 0, 254, false, false), epoch(6, 60, 255, true, true)]);
    }

    #[test]
    fn kinds_keep_their_numbers() {
        for (number, kind) in (1..).zip(UnitKind::ALL) {
            assert_eq!((kind as u8, UnitKind::try_from(number)), (number, Ok(kind)));
        }
        assert!(UnitKind::try_from(0).is_err());
        assert!(UnitKind::try_from(15).is_err());
    }

    #[test]
    fn a_byte_too_many_is_not_overlooked() {
        let anchor = [0; 32];

        assert_eq!(decode(UnitKind::StepLogAnchor, &anchor, &mut |_| ()), Err(QuarantineReason::BadField));
        assert_eq!(decode(UnitKind::StepLogAnchor, &anchor[..30], &mut |_| ()), Err(QuarantineReason::Truncated));
    }
}
