//! Data logging, endpoint 6778: logs of the watch, opened, sent, and deleted when acknowledged.
//!
//! Known from PebbleOS at eb194795 (Apache-2.0): `src/fw/services/data_logging/dls_endpoint.c`,
//! `src/fw/util/legacy_checksum.c` with its unit test.

use alloc::{vec, vec::Vec};

use super::minutes::HEADER_LEN;
use crate::cursor::{FormatError, ReadCursor};

/// Tag of the minutes, with the firmware's own application, UUID zero.
pub const MINUTES_TAG: u32 = 81;
/// The application UUID of the firmware itself.
pub const SYSTEM_APP: [u8; 16] = [0; 16];
/// The watch sends at most so many bytes of items in one message.
pub const MAX_ITEMS_LEN: usize = 646;
/// What the watch puts where the number of items left belongs.
pub const ITEMS_LEFT_UNKNOWN: u32 = 0xFFFF;

const OPEN: u8 = 0x01;
const DATA: u8 = 0x02;
const CLOSE: u8 = 0x03;
const TIMED_OUT: u8 = 0x07;
const REPORT: u8 = 0x84;
const ACK: u8 = 0x85;
const NACK: u8 = 0x86;
const EMPTY: u8 = 0x88;

/// One message of data logging.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Message<'a> {
    /// The watch has a log. It sends nothing of it before an [`Message::Ack`], or 30 s.
    Open(Session),
    /// Items of a log.
    Data {
        /// Which log.
        session: u8,
        /// A placeholder, [`ITEMS_LEFT_UNKNOWN`].
        items_left: u32,
        /// As the watch computed it: [`checksum`].
        checksum: u32,
        /// The items.
        items: &'a [u8],
    },
    /// A log is finished and empty.
    Close {
        /// Which log.
        session: u8,
    },
    /// The watch has waited 30 s for an acknowledgement and will send again.
    TimedOut {
        /// Which log.
        session: u8,
    },
    /// The host has these logs open; the watch opens all of its own anew.
    Report {
        /// Session numbers.
        open: &'a [u8],
    },
    /// To an opening: send. To data: **delete it, and send on.** The watch tells the two apart only by what it waits for.
    Ack {
        /// Which log.
        session: u8,
    },
    /// Never sent by this program: after more than twenty in a row the watch throws the log away.
    Nack {
        /// Which log.
        session: u8,
    },
    /// Send this log now.
    Empty {
        /// Which log.
        session: u8,
    },
}

/// What a log is, as the watch opens it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Session {
    /// Its number while the watch runs.
    pub id: u8,
    /// Whose it is.
    pub app: [u8; 16],
    /// When it was created, seconds since 1970 by the watch's clock.
    pub created: u32,
    /// What is in it.
    pub tag: u32,
    /// Kind of item: 0 for bytes.
    pub item_type: u8,
    /// Bytes of one item.
    pub item_len: u16,
}

impl<'a> Message<'a> {
    /// Exactly one payload.
    pub fn parse(payload: &'a [u8]) -> Result<Self, FormatError> {
        let mut cursor = ReadCursor::new(payload);
        let code = cursor.u8()?;
        let this = match code {
            OPEN => Self::Open(Session {
                id: cursor.u8()?,
                app: cursor.array()?,
                created: cursor.u32()?,
                tag: cursor.u32()?,
                item_type: cursor.u8()?,
                item_len: cursor.u16()?,
            }),
            DATA => {
                let (session, items_left, checksum) = (cursor.u8()?, cursor.u32()?, cursor.u32()?);
                return Ok(Self::Data { session, items_left, checksum, items: cursor.rest() });
            }
            CLOSE => Self::Close { session: cursor.u8()? },
            TIMED_OUT => Self::TimedOut { session: cursor.u8()? },
            REPORT => return Ok(Self::Report { open: cursor.rest() }),
            ACK => Self::Ack { session: cursor.u8()? },
            NACK => Self::Nack { session: cursor.u8()? },
            EMPTY => Self::Empty { session: cursor.u8()? },
            got => return Err(FormatError::Unknown { got }),
        };
        cursor.end()?;
        Ok(this)
    }

    /// The payload.
    pub fn emit(&self) -> Vec<u8> {
        match self {
            Self::Open(s) => [
                &[OPEN, s.id],
                s.app.as_slice(),
                &s.created.to_le_bytes(),
                &s.tag.to_le_bytes(),
                &[s.item_type],
                &s.item_len.to_le_bytes(),
            ]
            .concat(),
            Self::Data { session, items_left, checksum, items } => {
                [&[DATA, *session], items_left.to_le_bytes().as_slice(), &checksum.to_le_bytes(), items].concat()
            }
            Self::Close { session } => vec![CLOSE, *session],
            Self::TimedOut { session } => vec![TIMED_OUT, *session],
            Self::Report { open } => [&[REPORT], *open].concat(),
            Self::Ack { session } => vec![ACK, *session],
            Self::Nack { session } => vec![NACK, *session],
            Self::Empty { session } => vec![EMPTY, *session],
        }
    }
}

impl Message<'_> {
    /// The watch says something of this log.
    pub fn is_about(&self, id: u8) -> bool {
        match self {
            Self::Open(opened) => opened.id == id,
            Self::Data { session, .. } | Self::Close { session } | Self::TimedOut { session } => *session == id,
            Self::Report { .. } | Self::Ack { .. } | Self::Nack { .. } | Self::Empty { .. } => false,
        }
    }
}

impl Session {
    /// Whether it holds minutes of the firmware's own, in items that can hold one.
    pub fn holds_minutes(&self) -> bool {
        self.app == SYSTEM_APP && self.tag == MINUTES_TAG && usize::from(self.item_len) >= HEADER_LEN
    }
}

/// PebbleOS' "legacy defective" checksum, that of the hardware unit of an early watch: CRC-32/MPEG-2 (polynomial
/// 0x04C11DB7, initial value all ones, neither reflected nor inverted) over words of four bytes, each last byte first; what
/// is left at the end is filled up with zeros in front, and its bytes keep their order.
pub fn checksum(bytes: &[u8]) -> u32 {
    let byte =
        |crc: u32, byte: u8| {
            (0..8).fold(crc ^ u32::from(byte) << 24, |crc, _| {
                if crc & 0x8000_0000 == 0 { crc << 1 } else { crc << 1 ^ 0x04C1_1DB7 }
            })
        };
    let words = bytes.chunks_exact(4);
    let rest = words.remainder();
    let crc = words.fold(u32::MAX, |crc, word| word.iter().rev().fold(crc, |crc, b| byte(crc, *b)));
    if rest.is_empty() {
        return crc;
    }
    let filled = (rest.len()..4).map(|_| 0).chain(rest.iter().copied());
    filled.fold(crc, byte)
}
