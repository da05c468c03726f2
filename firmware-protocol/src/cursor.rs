//! Bounds-checked bytes: reading and writing little-endian fields without indexing.

/// Why bytes are not what they should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FormatError {
    /// Too few or too many bytes.
    BadLength {
        /// Bytes that the format asks for.
        want: usize,
        /// Bytes that are there.
        got: usize,
    },
    /// The checksum in the bytes is not the checksum of the bytes.
    BadChecksum {
        /// Computed.
        want: u32,
        /// Found.
        got: u32,
    },
    /// A version, type or operation that this program does not know.
    Unknown {
        /// Found.
        got: u8,
    },
    /// A field outside its range.
    BadField {
        /// Which.
        field: Field,
        /// Found; cut to 32 bits.
        got: u32,
    },
}

/// A field, for [`FormatError::BadField`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// How many epochs.
    Count,
    /// Length of an epoch.
    EpochSeconds,
    /// First epoch number.
    Seq,
    /// Uptime.
    Uptime,
    /// A body that does not fit its count.
    Body,
    /// A flags byte.
    Flags,
    /// A status byte.
    Status,
    /// Percent of charge.
    Battery,
    /// Text that is not UTF-8.
    Text,
    /// A tag that must be there and is not, or stands twice.
    Tag,
    /// Boot number.
    Boot,
    /// A date, time or zone that is in no calendar.
    Date,
    /// A step count that no person reaches.
    Steps,
}

/// Reads fields one after the other.
#[derive(Clone, Copy, Debug)]
pub struct ReadCursor<'a> {
    rest: &'a [u8],
}

impl<'a> ReadCursor<'a> {
    /// At the first of these bytes.
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// The bytes not read yet.
    pub const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// The next `N` bytes.
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], FormatError> {
        let (first, rest) =
            self.rest.split_first_chunk::<N>().ok_or(FormatError::BadLength { want: N, got: self.rest.len() })?;
        self.rest = rest;
        Ok(*first)
    }

    /// The next `n` bytes.
    pub fn take(&mut self, n: usize) -> Result<&'a [u8], FormatError> {
        let (first, rest) =
            self.rest.split_at_checked(n).ok_or(FormatError::BadLength { want: n, got: self.rest.len() })?;
        self.rest = rest;
        Ok(first)
    }

    /// One byte.
    pub fn u8(&mut self) -> Result<u8, FormatError> {
        self.array::<1>().map(|[byte]| byte)
    }

    /// Two bytes.
    pub fn u16(&mut self) -> Result<u16, FormatError> {
        self.array().map(u16::from_le_bytes)
    }

    /// Four bytes.
    pub fn u32(&mut self) -> Result<u32, FormatError> {
        self.array().map(u32::from_le_bytes)
    }

    /// Three bytes.
    pub fn u24(&mut self) -> Result<u32, FormatError> {
        self.array().map(|[a, b, c]| u32::from_le_bytes([a, b, c, 0]))
    }

    /// Six bytes.
    pub fn u48(&mut self) -> Result<u64, FormatError> {
        self.array().map(|[a, b, c, d, e, f]| u64::from_le_bytes([a, b, c, d, e, f, 0, 0]))
    }

    /// Two bytes, signed.
    pub fn i16(&mut self) -> Result<i16, FormatError> {
        self.array().map(i16::from_le_bytes)
    }

    /// Four bytes, signed.
    pub fn i32(&mut self) -> Result<i32, FormatError> {
        self.array().map(i32::from_le_bytes)
    }

    /// Eight bytes, signed.
    pub fn i64(&mut self) -> Result<i64, FormatError> {
        self.array().map(i64::from_le_bytes)
    }

    /// That nothing is left.
    pub fn end(&self) -> Result<(), FormatError> {
        if self.rest.is_empty() { Ok(()) } else { Err(FormatError::BadLength { want: 0, got: self.rest.len() }) }
    }
}

/// Writes fields one after the other. What does not fit is not written, and [`WriteCursor::finish`] says so.
#[derive(Debug)]
pub struct WriteCursor<'a> {
    buffer: &'a mut [u8],
    at: usize,
}

impl<'a> WriteCursor<'a> {
    /// At the start of this room.
    pub const fn new(buffer: &'a mut [u8]) -> Self {
        Self { buffer, at: 0 }
    }

    /// These bytes.
    pub fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        let end = self.at.saturating_add(bytes.len());
        if let Some(room) = self.buffer.get_mut(self.at..end) {
            room.copy_from_slice(bytes);
        }
        self.at = end;
        self
    }

    /// One byte.
    pub fn u8(&mut self, value: u8) -> &mut Self {
        self.bytes(&[value])
    }

    /// Two bytes.
    pub fn u16(&mut self, value: u16) -> &mut Self {
        self.bytes(&value.to_le_bytes())
    }

    /// Three bytes; what is above 2²⁴ − 1 becomes 2²⁴ − 1.
    pub fn u24(&mut self, value: u32) -> &mut Self {
        let [a, b, c, _] = value.min(0x00FF_FFFF).to_le_bytes();
        self.bytes(&[a, b, c])
    }

    /// Four bytes.
    pub fn u32(&mut self, value: u32) -> &mut Self {
        self.bytes(&value.to_le_bytes())
    }

    /// Six bytes; what is above 2⁴⁸ − 1 becomes 2⁴⁸ − 1.
    pub fn u48(&mut self, value: u64) -> &mut Self {
        let bytes = value.min(0xFFFF_FFFF_FFFF).to_le_bytes();
        self.bytes(bytes.get(..6).unwrap_or(&bytes))
    }

    /// Two bytes, signed.
    pub fn i16(&mut self, value: i16) -> &mut Self {
        self.bytes(&value.to_le_bytes())
    }

    /// Four bytes, signed.
    pub fn i32(&mut self, value: i32) -> &mut Self {
        self.bytes(&value.to_le_bytes())
    }

    /// Eight bytes, signed.
    pub fn i64(&mut self, value: i64) -> &mut Self {
        self.bytes(&value.to_le_bytes())
    }

    /// Bytes written so far, the ones that did not fit included.
    pub const fn written(&self) -> usize {
        self.at
    }

    /// How many bytes were written.
    pub fn finish(&self) -> Result<usize, FormatError> {
        if self.at <= self.buffer.len() {
            Ok(self.at)
        } else {
            Err(FormatError::BadLength { want: self.at, got: self.buffer.len() })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reading_past_the_end_is_an_error_and_consumes_nothing() {
        let mut cursor = ReadCursor::new(&[1, 2, 3]);

        assert_eq!(cursor.u16(), Ok(0x0201));
        assert_eq!(cursor.u16(), Err(FormatError::BadLength { want: 2, got: 1 }));
        assert_eq!(cursor.u8(), Ok(3));
        assert_eq!(cursor.end(), Ok(()));
    }

    #[test]
    fn writing_past_the_end_is_told_at_the_end() {
        let mut room = [0; 3];

        let mut cursor = WriteCursor::new(&mut room);
        cursor.u16(0x0201).u16(0x0403);

        assert_eq!(cursor.finish(), Err(FormatError::BadLength { want: 4, got: 3 }));
    }

    #[test]
    fn odd_widths_come_back() {
        let mut room = [0; 9];

        WriteCursor::new(&mut room).u24(0x00AB_CDEF).u48(0x1234_5678_9ABC);

        let mut cursor = ReadCursor::new(&room);
        assert_eq!(cursor.u24(), Ok(0x00AB_CDEF));
        assert_eq!(cursor.u48(), Ok(0x1234_5678_9ABC));
    }
}
