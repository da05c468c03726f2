//! The Feature characteristic: what a counter is, as tag, length, value.

use crate::{
    cursor::{Field, FormatError, ReadCursor, WriteCursor},
    reading::DeviceId,
};

/// Longest firmware version, bytes of UTF-8.
pub const MAX_FIRMWARE: usize = 32;
/// Longest Feature value that this version emits.
pub const MAX_LEN: usize = 96;

/// Feature bit: the counter keeps boot links.
pub const BOOT_LINKS: u32 = 0x01;
/// Feature bit: blocks may be of the four-byte kind.
pub const DETAILS: u32 = 0x02;
/// Feature bit: the counter shows the goal.
pub const GOAL: u32 = 0x04;
/// Feature bit: the Live characteristic is there.
pub const LIVE: u32 = 0x08;

const VERSION: u8 = 1;
const BITS: u8 = 2;
const DEVICE: u8 = 3;
const FIRMWARE: u8 = 4;
const EPOCHS: u8 = 5;
const CAPACITY: u8 = 6;
const MAX_PDU: u8 = 7;
const CLOCK: u8 = 8;
const HOSTS: u8 = 9;

/// What the counter says of itself. `None` where it says nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Feature<'a> {
    /// Tag 1, must be there: major and minor version of the protocol.
    pub version: (u8, u8),
    /// Tag 2: feature bits.
    pub bits: u32,
    /// Tag 3, must be there: identity of the counter.
    pub device: DeviceId,
    /// Tag 4: firmware version.
    pub firmware: &'a str,
    /// Tag 5: epoch lengths it can be set to, seconds; the first is in use.
    pub epochs: &'a [u8],
    /// Tag 6: epochs that fit the log in the worst case.
    pub capacity: Option<u32>,
    /// Tag 7: largest ATT MTU.
    pub max_mtu: Option<u16>,
    /// Tag 8: clock resolution in milliseconds, and error in parts per million.
    pub clock: Option<(u16, u16)>,
    /// Tag 9: hosts it can keep apart.
    pub hosts: Option<u8>,
}

impl<'a> Feature<'a> {
    /// Unknown tags are skipped. A major version other than [`super::MAJOR`] may give other tags
    /// another meaning, so look at [`version`] first.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, FormatError> {
        let mut cursor = ReadCursor::new(bytes);
        let mut feature = Self {
            version: (0, 0),
            bits: 0,
            device: DeviceId([0; 8]),
            firmware: "",
            epochs: &[],
            capacity: None,
            max_mtu: None,
            clock: None,
            hosts: None,
        };
        let mut seen: u16 = 0;
        while !cursor.rest().is_empty() {
            let (tag, length) = (cursor.u8()?, cursor.u8()?);
            let value = cursor.take(length.into())?;
            let mut field = ReadCursor::new(value);
            if (VERSION..=HOSTS).contains(&tag) {
                if seen & 1 << tag != 0 {
                    return Err(FormatError::BadField { field: Field::Tag, got: tag.into() });
                }
                seen |= 1 << tag;
            }
            match tag {
                VERSION => feature.version = (field.u8()?, field.u8()?),
                BITS => feature.bits = field.u32()?,
                DEVICE => feature.device = DeviceId(field.array()?),
                FIRMWARE => {
                    feature.firmware = core::str::from_utf8(value)
                        .map_err(|_| FormatError::BadField { field: Field::Text, got: 0 })?;
                    continue;
                }
                EPOCHS => {
                    feature.epochs = value;
                    continue;
                }
                CAPACITY => feature.capacity = Some(field.u32()?),
                MAX_PDU => feature.max_mtu = Some(field.u16()?),
                CLOCK => feature.clock = Some((field.u16()?, field.u16()?)),
                HOSTS => feature.hosts = Some(field.u8()?),
                _ => continue,
            }
            field.end()?;
        }
        for tag in [VERSION, DEVICE] {
            if seen & 1 << tag == 0 {
                return Err(FormatError::BadField { field: Field::Tag, got: tag.into() });
            }
        }
        Ok(feature)
    }

    /// Writes the value with its tags in order; says its length.
    pub fn emit(&self, out: &mut [u8]) -> Result<usize, FormatError> {
        let length = |bytes: &[u8]| {
            u8::try_from(bytes.len()).map_err(|_| FormatError::BadField { field: Field::Text, got: u32::MAX })
        };
        let mut cursor = WriteCursor::new(out);
        cursor.u8(VERSION).u8(2).u8(self.version.0).u8(self.version.1);
        cursor.u8(BITS).u8(4).u32(self.bits);
        cursor.u8(DEVICE).u8(8).bytes(&self.device.0);
        if !self.firmware.is_empty() {
            cursor.u8(FIRMWARE).u8(length(self.firmware.as_bytes())?).bytes(self.firmware.as_bytes());
        }
        if !self.epochs.is_empty() {
            cursor.u8(EPOCHS).u8(length(self.epochs)?).bytes(self.epochs);
        }
        if let Some(capacity) = self.capacity {
            cursor.u8(CAPACITY).u8(4).u32(capacity);
        }
        if let Some(max_mtu) = self.max_mtu {
            cursor.u8(MAX_PDU).u8(2).u16(max_mtu);
        }
        if let Some((resolution_ms, ppm)) = self.clock {
            cursor.u8(CLOCK).u8(4).u16(resolution_ms).u16(ppm);
        }
        if let Some(hosts) = self.hosts {
            cursor.u8(HOSTS).u8(1).u8(hosts);
        }
        cursor.finish()
    }
}

/// The protocol version alone, from a Feature value whose other tags may mean something else.
pub fn version(bytes: &[u8]) -> Result<(u8, u8), FormatError> {
    let mut cursor = ReadCursor::new(bytes);
    while !cursor.rest().is_empty() {
        let (tag, length) = (cursor.u8()?, cursor.u8()?);
        let mut value = ReadCursor::new(cursor.take(length.into())?);
        if tag == VERSION {
            return Ok((value.u8()?, value.u8()?));
        }
    }
    Err(FormatError::BadField { field: Field::Tag, got: VERSION.into() })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEAST: [u8; 14] = [1, 2, 1, 0, 3, 8, 1, 2, 3, 4, 5, 6, 7, 8];

    #[test]
    fn unknown_tags_are_skipped() {
        let mut bytes = [0; 18];
        bytes[..4].copy_from_slice(&[0xEE, 2, 9, 9]);
        bytes[4..].copy_from_slice(&LEAST);

        assert_eq!(Feature::parse(&bytes), Feature::parse(&LEAST));
        assert_eq!(version(&bytes), Ok((1, 0)));
    }

    #[test]
    fn a_value_cut_anywhere_is_refused() {
        for length in 0..LEAST.len() {
            assert!(Feature::parse(&LEAST[..length]).is_err(), "{length}");
        }
    }

    #[test]
    fn a_tag_twice_is_refused() {
        let mut bytes = [0; 18];
        bytes[..14].copy_from_slice(&LEAST);
        bytes[14..].copy_from_slice(&[1, 2, 2, 0]);

        assert_eq!(Feature::parse(&bytes), Err(FormatError::BadField { field: Field::Tag, got: 1 }));
    }
}
