//! The control point: requests of the host, one answer to each.

use crate::{
    cursor::{Field, FormatError, ReadCursor, WriteCursor},
    reading::HostId,
};

/// No request is longer.
pub const MAX_REQUEST_LEN: usize = 13;
/// Bytes of an answer.
pub const REPLY_LEN: usize = 7;

const READ: u8 = 0x01;
const ABORT: u8 = 0x02;
const ACK: u8 = 0x03;
const ERASE: u8 = 0x04;
const SET_EPOCH: u8 = 0x05;
const GOAL: u8 = 0x07;
const HELLO: u8 = 0x08;
const REPLY: u8 = 0xF0;

// Field flags of the Activity Goal characteristic, 0x2B4E of the Bluetooth SIG.
const GOAL_NORMAL_STEPS: u8 = 0x02;

/// What a host asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    /// 01: send blocks. The answer's value is the number up to which there is something to read.
    Read {
        /// From the block that holds this number.
        from: u32,
        /// Stop after the block in which so many epochs are reached.
        max_epochs: u16,
        /// Stop before a block that would need more frames than this, but send one block at least.
        max_frames: u16,
        /// Name of the transfer, repeated in each frame.
        transfer: u8,
    },
    /// 02: stop sending.
    Abort {
        /// Name of the transfer.
        transfer: u8,
    },
    /// 03: this host keeps everything below `to`. The answer's value is what it has now acknowledged.
    Ack {
        /// First number that the checksum covers.
        from: u32,
        /// One past the last.
        to: u32,
        /// CRC-32 over the stored blocks whose first number lies in `from..to`.
        crc: u32,
    },
    /// 04: forget what every known host has acknowledged, below this number. The answer's value is the oldest number left.
    Erase {
        /// One past the last.
        to: u32,
    },
    /// 05: record epochs of this length from now on.
    SetEpoch {
        /// 60, 15 or 10.
        seconds: u8,
    },
    /// 07: show this goal; in the layout of the SIG characteristic Activity Goal.
    Goal {
        /// Steps a day; `None` shows none.
        steps: Option<u32>,
    },
    /// 08: which host this is; first thing in every connection. The answer's value is what this host has acknowledged.
    Hello {
        /// Its identity.
        host: HostId,
    },
}

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Status {
    /// Done.
    Ok = 0,
    /// No such operation.
    UnknownOperation = 1,
    /// A length or a value outside what is allowed.
    BadParameter = 2,
    /// The checksum is not that of the stored blocks; nothing changed. The value is the right one.
    Differs = 3,
    /// The numbers asked about are overwritten; the value is the oldest number left.
    Overwritten = 4,
    /// Not now or not by this host: no HELLO yet, or an ERASE past what a host has acknowledged.
    NotAllowed = 5,
    /// The counter's memory failed.
    StorageFault = 6,
}

/// The answer to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The operation that is answered.
    pub operation: u8,
    /// How it ended.
    pub status: Status,
    /// What each request says it is; 0 otherwise.
    pub value: u32,
}

impl Request {
    /// Exactly one request.
    pub fn parse(bytes: &[u8]) -> Result<Self, FormatError> {
        let mut cursor = ReadCursor::new(bytes);
        let request = match cursor.u8()? {
            READ => Self::Read {
                from: cursor.u32()?,
                max_epochs: cursor.u16()?,
                max_frames: cursor.u16()?,
                transfer: cursor.u8()?,
            },
            ABORT => Self::Abort { transfer: cursor.u8()? },
            ACK => Self::Ack { from: cursor.u32()?, to: cursor.u32()?, crc: cursor.u32()? },
            ERASE => Self::Erase { to: cursor.u32()? },
            SET_EPOCH => match cursor.u8()? {
                seconds @ (60 | 15 | 10) => Self::SetEpoch { seconds },
                other => return Err(FormatError::BadField { field: Field::EpochSeconds, got: other.into() }),
            },
            GOAL => match cursor.u8()? {
                0 => Self::Goal { steps: None },
                GOAL_NORMAL_STEPS => Self::Goal { steps: Some(cursor.u24()?) },
                other => return Err(FormatError::BadField { field: Field::Flags, got: other.into() }),
            },
            HELLO => Self::Hello { host: HostId(cursor.array()?) },
            got => return Err(FormatError::Unknown { got }),
        };
        cursor.end()?;
        Ok(request)
    }

    /// Writes the request; says its length.
    pub fn emit(&self, out: &mut [u8]) -> Result<usize, FormatError> {
        let mut cursor = WriteCursor::new(out);
        cursor.u8(self.operation());
        match *self {
            Self::Read { from, max_epochs, max_frames, transfer } => {
                cursor.u32(from).u16(max_epochs).u16(max_frames).u8(transfer)
            }
            Self::Abort { transfer } => cursor.u8(transfer),
            Self::Ack { from, to, crc } => cursor.u32(from).u32(to).u32(crc),
            Self::Erase { to } => cursor.u32(to),
            Self::SetEpoch { seconds } => cursor.u8(seconds),
            Self::Goal { steps: None } => cursor.u8(0),
            Self::Goal { steps: Some(steps) } => cursor.u8(GOAL_NORMAL_STEPS).u24(steps),
            Self::Hello { host } => cursor.bytes(&host.0),
        }
        .finish()
    }

    /// The operation byte.
    pub const fn operation(&self) -> u8 {
        match self {
            Self::Read { .. } => READ,
            Self::Abort { .. } => ABORT,
            Self::Ack { .. } => ACK,
            Self::Erase { .. } => ERASE,
            Self::SetEpoch { .. } => SET_EPOCH,
            Self::Goal { .. } => GOAL,
            Self::Hello { .. } => HELLO,
        }
    }
}

impl Reply {
    /// Exactly one answer.
    pub fn parse(bytes: &[u8]) -> Result<Self, FormatError> {
        let mut cursor = ReadCursor::new(bytes);
        let (first, operation, status, value) = (cursor.u8()?, cursor.u8()?, cursor.u8()?, cursor.u32()?);
        cursor.end()?;
        if first != REPLY {
            return Err(FormatError::Unknown { got: first });
        }
        let status = match status {
            0 => Status::Ok,
            1 => Status::UnknownOperation,
            2 => Status::BadParameter,
            3 => Status::Differs,
            4 => Status::Overwritten,
            5 => Status::NotAllowed,
            6 => Status::StorageFault,
            other => return Err(FormatError::BadField { field: Field::Status, got: other.into() }),
        };
        Ok(Self { operation, status, value })
    }

    /// The answer's bytes.
    pub fn emit(&self) -> [u8; REPLY_LEN] {
        let mut out = [0; REPLY_LEN];
        WriteCursor::new(&mut out).u8(REPLY).u8(self.operation).u8(self.status as u8).u32(self.value);
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_goal_has_the_sig_layout() {
        let mut out = [0; MAX_REQUEST_LEN];

        let length = Request::Goal { steps: Some(10_000) }.emit(&mut out).unwrap();

        assert_eq!(&out[..length], &[0x07, 0x02, 0x10, 0x27, 0x00]);
    }

    #[test]
    fn only_three_epoch_lengths_can_be_set() {
        for seconds in 0..=255 {
            assert_eq!(Request::parse(&[0x05, seconds]).is_ok(), [60, 15, 10].contains(&seconds));
        }
    }

    #[test]
    fn bytes_after_a_request_are_refused() {
        assert!(Request::parse(&[0x02, 1]).is_ok());
        assert!(Request::parse(&[0x02, 1, 0]).is_err());
    }
}
