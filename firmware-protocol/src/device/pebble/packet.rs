//! PPoGATT's packets. One byte of header: bits 0–2 the type, bits 3–7 a number modulo 32.
//!
//! Known from PebbleOS at eb194795 (Apache-2.0): `src/fw/comm/ble/kernel_le_client/ppogatt/ppogatt_internal.h`.

use alloc::{vec, vec::Vec};

use crate::cursor::{FormatError, ReadCursor};

/// Bytes of a serial number.
pub const SERIAL_LEN: usize = 12;
/// Numbers run from 0 to this.
pub const SN_MASK: u8 = 0x1F;

const DATA: u8 = 0;
const ACK: u8 = 1;
const RESET_REQUEST: u8 = 2;
const RESET_COMPLETE: u8 = 3;
const TYPE_BITS: u8 = 0x07;
const SN_SHIFT: u8 = 3;

/// One packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packet<'a> {
    /// A piece of the stream.
    Data {
        /// Its number.
        sn: u8,
        /// The piece.
        payload: &'a [u8],
    },
    /// Everything up to this number has arrived.
    Ack {
        /// The number.
        sn: u8,
    },
    /// Everything is to begin anew; says who asks, when it does.
    ResetRequest {
        /// Version and serial number of who asks.
        who: Option<(u8, [u8; SERIAL_LEN])>,
    },
    /// Agreed; with the windows since version 1.
    ResetComplete {
        /// Packets that may be in flight.
        windows: Option<Windows>,
    },
}

/// How many packets may be in flight, as the sender of the packet sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Windows {
    /// That it can receive.
    pub receive: u8,
    /// That it wants to send.
    pub send: u8,
}

impl<'a> Packet<'a> {
    /// One packet; later versions may append to resets.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, FormatError> {
        let mut cursor = ReadCursor::new(bytes);
        let header = cursor.u8()?;
        let sn = header >> SN_SHIFT;
        Ok(match header & TYPE_BITS {
            DATA => Self::Data { sn, payload: cursor.rest() },
            ACK => {
                cursor.end()?;
                Self::Ack { sn }
            }
            RESET_REQUEST if cursor.rest().is_empty() => Self::ResetRequest { who: None },
            RESET_REQUEST => Self::ResetRequest { who: Some((cursor.u8()?, cursor.array()?)) },
            RESET_COMPLETE if cursor.rest().is_empty() => Self::ResetComplete { windows: None },
            RESET_COMPLETE => {
                Self::ResetComplete { windows: Some(Windows { receive: cursor.u8()?, send: cursor.u8()? }) }
            }
            _ => return Err(FormatError::Unknown { got: header }),
        })
    }

    /// The packet's bytes.
    pub fn emit(&self) -> Vec<u8> {
        let with = |kind, sn: u8| (sn & SN_MASK) << SN_SHIFT | kind;
        match self {
            Self::Data { sn, payload } => [&[with(DATA, *sn)], *payload].concat(),
            Self::Ack { sn } => vec![with(ACK, *sn)],
            Self::ResetRequest { who: None } => vec![RESET_REQUEST],
            Self::ResetRequest { who: Some((version, serial)) } => {
                [&[RESET_REQUEST, *version], serial.as_slice()].concat()
            }
            Self::ResetComplete { windows: None } => vec![RESET_COMPLETE],
            Self::ResetComplete { windows: Some(windows) } => vec![RESET_COMPLETE, windows.receive, windows.send],
        }
    }
}
