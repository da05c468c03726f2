//! Clocks: setting one, anchors, and links between boots.

use crate::{
    crc::Crc16,
    cursor::{Field, FormatError, ReadCursor, WriteCursor},
    reading::{Anchor, BootLink, HostId},
};

/// Bytes of a request to set the clock.
pub const SET_LEN: usize = 14;
/// Bytes of its answer.
pub const REPLY_LEN: usize = 14;
/// Bytes of one anchor in the Time characteristic's value.
pub const ANCHOR_ENTRY_LEN: usize = 24;
/// Bytes of an anchor as a host keeps it.
pub const ANCHOR_UNIT_LEN: usize = 31;
/// Bytes of a boot link.
pub const BOOT_LINK_LEN: usize = 20;
/// How many anchors, and how many boot links, a counter keeps.
pub const KEPT: usize = 16;

const SET: u8 = 0x01;
const SET_REPLY: u8 = 0x81;
const UNIT_VERSION: u8 = 0x01;
const NO_ZONE: i16 = i16::MIN;
const NO_ACCURACY: u16 = u16::MAX;
const WAS_UNSET: i32 = i32::MIN;

/// The host sets the counter's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SetTime {
    /// Repeated in the answer, so that a late one is not taken for this one's.
    pub token: u8,
    /// UTC at the moment of writing, microseconds since the Unix epoch.
    pub utc_us: i64,
    /// Local time minus UTC, minutes, for a counter that shows a clock. Never used for stamps.
    pub zone_min: Option<i16>,
    /// How well the host thinks this value is known when it arrives, milliseconds.
    pub accuracy_ms: Option<u16>,
}

/// What the counter's clock was and is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SetTimeReply {
    /// From the request.
    pub token: u8,
    /// This boot.
    pub boot: u16,
    /// Uptime at which the request arrived, milliseconds.
    pub uptime_ms: u64,
    /// By how much the clock was moved, milliseconds, held within ± (2³¹ − 1); `None` when it had not been set before.
    pub step_ms: Option<i32>,
}

/// A boot link as a counter reports it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BootLinkEntry {
    /// The link.
    pub link: BootLink,
    /// No epoch of the new boot has a lower number.
    pub seq: u32,
}

impl SetTime {
    /// Exactly one request.
    pub fn parse(bytes: &[u8]) -> Result<Self, FormatError> {
        let mut cursor = ReadCursor::new(bytes);
        let operation = cursor.u8()?;
        if operation != SET {
            return Err(FormatError::Unknown { got: operation });
        }
        let (token, utc_us, zone, accuracy) = (cursor.u8()?, cursor.i64()?, cursor.i16()?, cursor.u16()?);
        cursor.end()?;
        Ok(Self {
            token,
            utc_us,
            zone_min: (zone != NO_ZONE).then_some(zone),
            accuracy_ms: (accuracy != NO_ACCURACY).then_some(accuracy),
        })
    }

    /// The request's bytes.
    pub fn emit(&self) -> [u8; SET_LEN] {
        let mut out = [0; SET_LEN];
        WriteCursor::new(&mut out)
            .u8(SET)
            .u8(self.token)
            .i64(self.utc_us)
            .i16(self.zone_min.unwrap_or(NO_ZONE))
            .u16(self.accuracy_ms.unwrap_or(NO_ACCURACY));
        out
    }
}

impl SetTimeReply {
    /// Exactly one answer.
    pub fn parse(bytes: &[u8]) -> Result<Self, FormatError> {
        let mut cursor = ReadCursor::new(bytes);
        let operation = cursor.u8()?;
        if operation != SET_REPLY {
            return Err(FormatError::Unknown { got: operation });
        }
        let (token, boot, uptime_ms, step) = (cursor.u8()?, cursor.u16()?, cursor.u48()?, cursor.i32()?);
        cursor.end()?;
        Ok(Self { token, boot, uptime_ms, step_ms: (step != WAS_UNSET).then_some(step) })
    }

    /// The answer's bytes.
    pub fn emit(&self) -> [u8; REPLY_LEN] {
        let mut out = [0; REPLY_LEN];
        WriteCursor::new(&mut out)
            .u8(SET_REPLY)
            .u8(self.token)
            .u16(self.boot)
            .u48(self.uptime_ms)
            .i32(self.step_ms.map_or(WAS_UNSET, |step| step.max(-i32::MAX)));
        out
    }
}

/// Reads one anchor of the Time characteristic's value, which is nothing but anchors, oldest first.
pub fn parse_anchor(cursor: &mut ReadCursor<'_>) -> Result<Anchor, FormatError> {
    let (boot, uptime_ms, utc_ms) = (cursor.u16()?, cursor.u48()?, cursor.u48()?);
    let (host, accuracy_ms) = (HostId(cursor.array()?), cursor.u16()?.into());
    // Forty-eight bits fit in 63.
    let utc_ms = i64::try_from(utc_ms).unwrap_or(i64::MAX);
    Ok(Anchor { boot, uptime_ms, utc_ms, accuracy_ms, host })
}

/// One anchor of the Time characteristic's value. UTC before 1970 becomes 0, an accuracy above 65 535 ms becomes that.
pub fn emit_anchor(anchor: &Anchor) -> [u8; ANCHOR_ENTRY_LEN] {
    let mut out = [0; ANCHOR_ENTRY_LEN];
    WriteCursor::new(&mut out)
        .u16(anchor.boot)
        .u48(anchor.uptime_ms)
        .u48(u64::try_from(anchor.utc_ms).unwrap_or(0))
        .bytes(&anchor.host.0)
        .u16(u16::try_from(anchor.accuracy_ms).unwrap_or(u16::MAX));
    out
}

/// Exactly one anchor as a host keeps it: version, anchor, checksum.
pub fn parse_anchor_unit(bytes: &[u8]) -> Result<Anchor, FormatError> {
    let mut cursor = ReadCursor::new(checked(bytes, ANCHOR_UNIT_LEN)?);
    let version = cursor.u8()?;
    if version != UNIT_VERSION {
        return Err(FormatError::Unknown { got: version });
    }
    Ok(Anchor {
        boot: cursor.u16()?,
        uptime_ms: cursor.u48()?,
        utc_ms: cursor.i64()?,
        accuracy_ms: cursor.u32()?,
        host: HostId(cursor.array()?),
    })
}

/// An anchor as a host keeps it.
pub fn emit_anchor_unit(anchor: &Anchor) -> [u8; ANCHOR_UNIT_LEN] {
    let mut out = [0; ANCHOR_UNIT_LEN];
    WriteCursor::new(&mut out)
        .u8(UNIT_VERSION)
        .u16(anchor.boot)
        .u48(anchor.uptime_ms)
        .i64(anchor.utc_ms)
        .u32(anchor.accuracy_ms)
        .bytes(&anchor.host.0);
    seal(&mut out);
    out
}

impl BootLinkEntry {
    /// Exactly one boot link; the Boot Links characteristic's value is nothing but those, oldest first.
    pub fn parse(bytes: &[u8]) -> Result<Self, FormatError> {
        let mut cursor = ReadCursor::new(checked(bytes, BOOT_LINK_LEN)?);
        let (boot, previous) = (cursor.u16()?, cursor.u16()?);
        if previous >= boot {
            return Err(FormatError::BadField { field: Field::Boot, got: previous.into() });
        }
        let link = BootLink { boot, previous, previous_uptime_ms: cursor.u48()?, off_ms: cursor.u32()? };
        Ok(Self { link, seq: cursor.u32()? })
    }

    /// The entry's bytes.
    pub fn emit(&self) -> [u8; BOOT_LINK_LEN] {
        let mut out = [0; BOOT_LINK_LEN];
        WriteCursor::new(&mut out)
            .u16(self.link.boot)
            .u16(self.link.previous)
            .u48(self.link.previous_uptime_ms)
            .u32(self.link.off_ms)
            .u32(self.seq);
        seal(&mut out);
        out
    }
}

/// All but the last two bytes, when those are the CRC-16 of the rest and there are `want` bytes.
fn checked(bytes: &[u8], want: usize) -> Result<&[u8], FormatError> {
    if bytes.len() != want {
        return Err(FormatError::BadLength { want, got: bytes.len() });
    }
    let (front, crc) = bytes.split_last_chunk::<2>().ok_or(FormatError::BadLength { want, got: bytes.len() })?;
    let (computed, stated) = (Crc16::new().update(front).value(), u16::from_le_bytes(*crc));
    if computed == stated {
        Ok(front)
    } else {
        Err(FormatError::BadChecksum { want: computed.into(), got: stated.into() })
    }
}

/// Makes the last two bytes the CRC-16 of the rest.
fn seal(bytes: &mut [u8]) {
    if let Some((front, crc)) = bytes.split_last_chunk_mut::<2>() {
        *crc = Crc16::new().update(front).value().to_le_bytes();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_boot_link_names_an_earlier_boot() {
        let link = BootLink { boot: 3, previous: 3, previous_uptime_ms: 1, off_ms: 2 };

        assert!(BootLinkEntry::parse(&BootLinkEntry { link, seq: 0 }.emit()).is_err());
    }

    #[test]
    fn a_clock_that_was_unset_is_not_one_that_was_right() {
        let reply = SetTimeReply { token: 1, boot: 2, uptime_ms: 3, step_ms: None };
        let right = SetTimeReply { step_ms: Some(0), ..reply };

        assert_eq!(SetTimeReply::parse(&reply.emit()), Ok(reply));
        assert_eq!(SetTimeReply::parse(&right.emit()), Ok(right));
    }
}
