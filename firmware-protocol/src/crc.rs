//! The two checksums of the step log. Both work a half byte at a time: sixteen table entries each,
//! for firmware that counts its bytes.

/// CRC-16/CCITT-FALSE (also called CRC-16/IBM-3740): polynomial 0x1021, initial value 0xFFFF, not
/// reflected, no final inversion. Check value over `"123456789"`: 0x29B1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Crc16(u16);

/// CRC-32 (IEEE 802.3, as in zip): polynomial 0x04C11DB7, initial value 0xFFFFFFFF, reflected,
/// final inversion. Check value over `"123456789"`: 0xCBF43926.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Crc32(u32);

const TABLE_16: [u16; 16] = table_16();
const TABLE_32: [u32; 16] = table_32();

impl Crc16 {
    /// Of no bytes.
    pub const fn new() -> Self {
        Self(0xFFFF)
    }

    /// With these bytes after the ones before.
    #[must_use]
    pub fn update(self, bytes: &[u8]) -> Self {
        let half = |crc: u16, nibble: u8| (crc << 4) ^ TABLE_16[usize::from((crc >> 12) ^ u16::from(nibble & 15)) & 15];
        Self(bytes.iter().fold(self.0, |crc, byte| half(half(crc, byte >> 4), *byte)))
    }

    /// The checksum.
    pub const fn value(self) -> u16 {
        self.0
    }
}

impl Crc32 {
    /// Of no bytes.
    pub const fn new() -> Self {
        Self(u32::MAX)
    }

    /// With these bytes after the ones before.
    #[must_use]
    pub fn update(self, bytes: &[u8]) -> Self {
        let half = |crc: u32, nibble: u8| {
            let [low, ..] = crc.to_le_bytes();
            (crc >> 4) ^ TABLE_32[usize::from((low ^ nibble) & 15)]
        };
        Self(bytes.iter().fold(self.0, |crc, byte| half(half(crc, *byte), byte >> 4)))
    }

    /// The checksum.
    pub const fn value(self) -> u32 {
        !self.0
    }
}

impl Default for Crc16 {
    fn default() -> Self {
        Self::new()
    }
}

impl Default for Crc32 {
    fn default() -> Self {
        Self::new()
    }
}

const fn table_16() -> [u16; 16] {
    let mut table = [0; 16];
    let mut entry: u16 = 0;
    while entry < 16 {
        let mut crc = entry << 12;
        let mut bit = 0;
        while bit < 4 {
            crc = if crc & 0x8000 == 0 { crc << 1 } else { (crc << 1) ^ 0x1021 };
            bit += 1;
        }
        table[entry as usize] = crc;
        entry += 1;
    }
    table
}

const fn table_32() -> [u32; 16] {
    let mut table = [0; 16];
    let mut entry: u32 = 0;
    while entry < 16 {
        let mut crc = entry;
        let mut bit = 0;
        while bit < 4 {
            // The polynomial with its bits in reverse order.
            crc = if crc & 1 == 0 { crc >> 1 } else { (crc >> 1) ^ 0xEDB8_8320 };
            bit += 1;
        }
        table[entry as usize] = crc;
        entry += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_check_values_come_out() {
        assert_eq!(Crc16::new().update(b"123456789").value(), 0x29B1);
        assert_eq!(Crc32::new().update(b"123456789").value(), 0xCBF4_3926);
    }

    #[test]
    fn bytes_may_come_in_pieces() {
        assert_eq!(Crc16::new().update(b"1234").update(b"56789").value(), 0x29B1);
        assert_eq!(Crc32::new().update(b"1234").update(b"56789").value(), 0xCBF4_3926);
    }
}
