//! A transfer: records, one for each block, cut into frames that fit one notification each.
//!
//! A record tells its block's length and number itself, so that a block that cannot be read does
//! not hide the ones after it.

use crate::cursor::{Field, FormatError, ReadCursor, WriteCursor};

use super::{MAX_MTU, MIN_MTU};

/// Bytes before a frame's payload.
pub const FRAME_HEADER_LEN: usize = 4;
/// Bytes before a record's block: length u16, first epoch number u32.
pub const RECORD_HEADER_LEN: usize = 6;
/// Bytes of the end: an empty record with the number to go on from, and CRC-32.
pub const TRAILER_LEN: usize = RECORD_HEADER_LEN + 4;

const FIRST: u8 = 0x01;
const LAST: u8 = 0x02;
const ABORTED: u8 = 0x04;

/// One notification of the Data characteristic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// The transfer it belongs to, as the host named it.
    pub transfer: u8,
    /// Counts from 0.
    pub number: u16,
    /// Bit 1: no frame comes after it, and the payload ends with the CRC-32 of the whole stream.
    pub last: bool,
    /// Bit 2: the counter gave the transfer up; nothing of this frame counts.
    pub aborted: bool,
    /// A piece of the record stream.
    pub payload: &'a [u8],
}

/// What a transfer's record stream is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Record<'a> {
    /// A block as stored.
    Block {
        /// Number of its first epoch, from the counter's directory and not from the block.
        seq: u32,
        /// The stored bytes.
        bytes: &'a [u8],
    },
    /// No more records; reading goes on from this number.
    End {
        /// One past the last number sent, or the number asked for when nothing was.
        next: u32,
    },
}

impl<'a> Frame<'a> {
    /// One notification.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, FormatError> {
        let mut cursor = ReadCursor::new(bytes);
        let (transfer, number, flags) = (cursor.u8()?, cursor.u16()?, cursor.u8()?);
        if flags & !(FIRST | LAST | ABORTED) != 0 || (flags & FIRST != 0) != (number == 0) {
            return Err(FormatError::BadField { field: Field::Flags, got: flags.into() });
        }
        Ok(Self { transfer, number, last: flags & LAST != 0, aborted: flags & ABORTED != 0, payload: cursor.rest() })
    }

    /// Writes the frame; says its length.
    pub fn emit(&self, out: &mut [u8]) -> Result<usize, FormatError> {
        let flags = if self.number == 0 { FIRST } else { 0 }
            | if self.last { LAST } else { 0 }
            | if self.aborted { ABORTED } else { 0 };
        WriteCursor::new(out).u8(self.transfer).u16(self.number).u8(flags).bytes(self.payload).finish()
    }
}

impl<'a> Record<'a> {
    /// The next record of a stream.
    pub fn parse(cursor: &mut ReadCursor<'a>) -> Result<Self, FormatError> {
        let mut ahead = *cursor;
        let (length, seq) = (ahead.u16()?, ahead.u32()?);
        let bytes = ahead.take(length.into())?;
        *cursor = ahead;
        Ok(if length == 0 { Self::End { next: seq } } else { Self::Block { seq, bytes } })
    }

    /// Writes the record; says its length.
    pub fn emit(&self, out: &mut [u8]) -> Result<usize, FormatError> {
        let (seq, bytes): (u32, &[u8]) = match self {
            Self::Block { seq, bytes } => (*seq, bytes),
            Self::End { next } => (*next, &[]),
        };
        let length =
            u16::try_from(bytes.len()).map_err(|_| FormatError::BadField { field: Field::Body, got: u32::MAX })?;
        WriteCursor::new(out).u16(length).u32(seq).bytes(bytes).finish()
    }
}

/// Payload bytes of one frame on a link with this ATT MTU.
pub fn payload_len(mtu: u16) -> usize {
    // Three bytes of ATT header come off every notification.
    usize::from(mtu.clamp(MIN_MTU, MAX_MTU)) - 3 - FRAME_HEADER_LEN
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_flag_belongs_to_number_zero_alone() {
        assert!(Frame::parse(&[9, 0, 0, 1, 0xAA]).is_ok());
        assert!(Frame::parse(&[9, 0, 0, 0, 0xAA]).is_err());
        assert!(Frame::parse(&[9, 1, 0, 1, 0xAA]).is_err());
    }

    #[test]
    fn payloads_follow_the_mtu() {
        assert_eq!(payload_len(23), 16);
        assert_eq!(payload_len(247), 240);
        assert_eq!(payload_len(0), 16);
        assert_eq!(payload_len(517), 240);
    }

    #[test]
    fn a_record_cut_short_is_not_consumed() {
        let mut cursor = ReadCursor::new(&[5, 0, 1, 0, 0, 0, 1, 2]);

        assert!(Record::parse(&mut cursor).is_err());

        assert_eq!(cursor.rest().len(), 8);
    }
}
