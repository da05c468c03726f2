//! The Pebble protocol inside the stream: messages to endpoints, numbers big-endian, and those endpoints that the
//! dialogue needs beside [`super::logging`].
//!
//! Known from PebbleOS at eb194795 (Apache-2.0): `src/fw/services/clock/service.c`,
//! `src/fw/services/health_sync_endpoint/service.c`, the session's remote version service.

use alloc::{string::String, vec, vec::Vec};

use crate::cursor::{Field, FormatError, ReadCursor};

/// Time: [`Time`].
pub const TIME: u16 = 11;
/// The watch asks what it speaks with: [`VERSION_ANSWER`].
pub const PHONE_VERSION: u16 = 17;
/// Health sync: [`HealthSync`].
pub const HEALTH_SYNC: u16 = 911;
/// Data logging: [`super::logging::Message`].
pub const DATA_LOGGING: u16 = 6778;

/// What the watch asks [`PHONE_VERSION`] with.
pub const VERSION_QUESTION: u8 = 0x00;

/// The answer to it: no capabilities are claimed, for nothing beyond this module is understood. Protocol bits u32 (all,
/// as every public client sends), session bits u32, system u32 (4, Linux), form 2, version 4.24.0 as the lowest firmware
/// spoken with, capabilities u64.
pub const VERSION_ANSWER: [u8; 25] =
    [0x01, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0, 0, 0, 0, 4, 2, 4, 24, 0, 0, 0, 0, 0, 0, 0, 0, 0];

/// Bytes before a message's payload.
const HEADER_LEN: usize = 4;

/// One message: length of the payload u16, endpoint u16, payload.
///
/// A payload too long for its length field, which none of ours is, is cut off.
pub fn emit(endpoint: u16, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(payload.len()).unwrap_or(u16::MAX);
    let payload = payload.get(..length.into()).unwrap_or(payload);
    [length.to_be_bytes().as_slice(), endpoint.to_be_bytes().as_slice(), payload].concat()
}

/// The stream, cut into messages. Holds at most one unfinished message of 65 539 bytes and what follows it.
#[derive(Debug, Default)]
pub struct Messages {
    stream: Vec<u8>,
}

impl Messages {
    /// More of the stream.
    pub fn push(&mut self, bytes: &[u8]) {
        self.stream.extend_from_slice(bytes);
    }

    /// The next whole message: endpoint and payload.
    pub fn next_message(&mut self) -> Option<(u16, Vec<u8>)> {
        let (header, rest) = self.stream.split_first_chunk::<HEADER_LEN>()?;
        let [l0, l1, e0, e1] = *header;
        let length = usize::from(u16::from_be_bytes([l0, l1]));
        let payload = rest.get(..length)?.to_vec();
        self.stream.drain(..HEADER_LEN + length);
        Some((u16::from_be_bytes([e0, e1]), payload))
    }

    /// A message has begun and has not ended.
    pub fn is_in_between(&self) -> bool {
        !self.stream.is_empty()
    }
}

/// Endpoint [`TIME`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Time {
    /// What time is it?
    Get,
    /// The watch's clock, seconds since 1970. PebbleOS counts UTC here since it knows zones.
    Is {
        /// Seconds.
        utc: u32,
    },
    /// Set clock and zone; ignored by the watch when its wearer chose to set it by hand.
    Set {
        /// Seconds since 1970.
        utc: u32,
        /// Local time minus UTC.
        offset_min: i16,
        /// Name of the zone.
        region: String,
    },
    /// The watch wants to be set.
    Wanted,
}

const TIME_GET: u8 = 0x00;
const TIME_IS: u8 = 0x01;
const TIME_SET: u8 = 0x03;
const TIME_WANTED: u8 = 0x04;

impl Time {
    /// Exactly one payload.
    pub fn parse(payload: &[u8]) -> Result<Self, FormatError> {
        let mut cursor = ReadCursor::new(payload);
        let u32_be = |cursor: &mut ReadCursor<'_>| cursor.array().map(u32::from_be_bytes);
        let this = match cursor.u8()? {
            TIME_GET => Self::Get,
            TIME_IS => Self::Is { utc: u32_be(&mut cursor)? },
            TIME_SET => {
                let (utc, offset_min) = (u32_be(&mut cursor)?, i16::from_be_bytes(cursor.array()?));
                let length = cursor.u8()?.into();
                let region = core::str::from_utf8(cursor.take(length)?);
                let region = region.map_err(|_| FormatError::BadField { field: Field::Text, got: 0 })?;
                Self::Set { utc, offset_min, region: region.into() }
            }
            TIME_WANTED => Self::Wanted,
            got => return Err(FormatError::Unknown { got }),
        };
        cursor.end()?;
        Ok(this)
    }

    /// The payload. A region too long for its length byte is left out.
    pub fn emit(&self) -> Vec<u8> {
        match self {
            Self::Get => vec![TIME_GET],
            Self::Is { utc } => [&[TIME_IS], utc.to_be_bytes().as_slice()].concat(),
            Self::Set { utc, offset_min, region } => {
                let (length, region) =
                    u8::try_from(region.len()).map_or((0, &[][..]), |length| (length, region.as_bytes()));
                [&[TIME_SET], utc.to_be_bytes().as_slice(), &offset_min.to_be_bytes(), &[length], region].concat()
            }
            Self::Wanted => vec![TIME_WANTED],
        }
    }
}

/// Endpoint [`HEALTH_SYNC`]. Numbers little-endian, unlike the protocol around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HealthSync {
    /// Put pending minutes into the log and send all logs.
    Sync {
        /// Seconds since this was asked last; the firmware reads it and does not use it.
        seconds: u32,
    },
    /// Asked and done, or not.
    Answer {
        /// Done.
        done: bool,
    },
}

const SYNC: u8 = 0x01;
const SYNC_ANSWER: u8 = 0x11;
const SYNC_DONE: u8 = 0x01;
const SYNC_NOT_DONE: u8 = 0x02;

impl HealthSync {
    /// Exactly one payload.
    pub fn parse(payload: &[u8]) -> Result<Self, FormatError> {
        let mut cursor = ReadCursor::new(payload);
        let this = match cursor.u8()? {
            SYNC => Self::Sync { seconds: cursor.u32()? },
            SYNC_ANSWER => Self::Answer {
                done: match cursor.u8()? {
                    SYNC_DONE => true,
                    SYNC_NOT_DONE => false,
                    got => return Err(FormatError::BadField { field: Field::Status, got: got.into() }),
                },
            },
            got => return Err(FormatError::Unknown { got }),
        };
        cursor.end()?;
        Ok(this)
    }

    /// The payload.
    pub fn emit(&self) -> Vec<u8> {
        match self {
            Self::Sync { seconds } => [&[SYNC], seconds.to_le_bytes().as_slice()].concat(),
            Self::Answer { done } => vec![SYNC_ANSWER, if *done { SYNC_DONE } else { SYNC_NOT_DONE }],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_come_out_however_the_stream_was_cut() {
        let stream = [emit(911, &[0x11, 1]), emit(17, &[]), emit(6778, &[7; 700])].concat();
        for piece in [1, 3, 19, 500, 2_000] {
            let mut messages = Messages::default();
            let mut got = Vec::new();

            for bytes in stream.chunks(piece) {
                messages.push(bytes);
                got.extend(core::iter::from_fn(|| messages.next_message()));
            }

            assert_eq!(got, [(911, vec![0x11, 1]), (17, vec![]), (6778, vec![7; 700])], "{piece}");
            assert!(!messages.is_in_between());
        }
    }

    #[test]
    fn a_byte_too_many_or_too_few_is_seen() {
        for payload in [&[0x11_u8][..], &[0x11, 1, 0], &[0x11, 3], &[1, 0, 0, 0], &[]] {
            assert!(HealthSync::parse(payload).is_err(), "{payload:?}");
        }
        for payload in [&[1_u8, 0, 0, 0][..], &[3, 0, 0, 0, 0, 0, 0, 5, b'x'], &[9], &[]] {
            assert!(Time::parse(payload).is_err(), "{payload:?}");
        }
    }
}
