//! As much of the protocol buffers' encoding as the few messages here need:
//! <https://protobuf.dev/programming-guides/encoding/>.

use alloc::vec::Vec;

use crate::cursor::{Field, FormatError, ReadCursor};

/// A field's value as it is encoded.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    /// Wire type 0.
    Varint(u64),
    /// Wire type 1.
    Fixed64([u8; 8]),
    /// Wire type 2: text, a message, packed numbers.
    Bytes(&'a [u8]),
    /// Wire type 5.
    Fixed32([u8; 4]),
}

/// The next varint.
pub fn varint(cursor: &mut ReadCursor<'_>) -> Result<u64, FormatError> {
    let mut value = 0_u64;
    for shift in (0..70).step_by(7) {
        let byte = cursor.u8()?;
        let bits = u64::from(byte & 0x7F);
        // The tenth byte has room for one bit.
        let shifted = bits.checked_shl(shift).filter(|shifted| shifted >> shift == bits).ok_or(BAD)?;
        value |= shifted;
        if byte & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err(BAD)
}

const BAD: FormatError = FormatError::BadField { field: Field::Body, got: 0 };

/// The next field, its number and value; none at the end.
pub fn field<'a>(cursor: &mut ReadCursor<'a>) -> Result<Option<(u32, Value<'a>)>, FormatError> {
    if cursor.rest().is_empty() {
        return Ok(None);
    }
    let tag = varint(cursor)?;
    let number = u32::try_from(tag >> 3).ok().filter(|number| *number > 0).ok_or(BAD)?;
    let value = match tag & 7 {
        0 => Value::Varint(varint(cursor)?),
        1 => Value::Fixed64(cursor.array()?),
        2 => {
            let length = usize::try_from(varint(cursor)?).map_err(|_| BAD)?;
            Value::Bytes(cursor.take(length)?)
        }
        5 => Value::Fixed32(cursor.array()?),
        _ => return Err(BAD),
    };
    Ok(Some((number, value)))
}

/// Calls `each` for every field of a message.
pub fn fields<'a>(
    message: &'a [u8],
    mut each: impl FnMut(u32, Value<'a>) -> Result<(), FormatError>,
) -> Result<(), FormatError> {
    let mut cursor = ReadCursor::new(message);
    while let Some((number, value)) = field(&mut cursor)? {
        each(number, value)?;
    }
    Ok(())
}

impl<'a> Value<'a> {
    /// A number that fits its type.
    pub fn number<T: TryFrom<u64>>(self) -> Result<T, FormatError> {
        let Self::Varint(value) = self else { return Err(BAD) };
        T::try_from(value).map_err(|_| BAD)
    }

    /// A signed number: negative ones are encoded in the two's complement of 64 bits.
    pub fn signed<T: TryFrom<i64>>(self) -> Result<T, FormatError> {
        let Self::Varint(value) = self else { return Err(BAD) };
        T::try_from(i64::from_le_bytes(value.to_le_bytes())).map_err(|_| BAD)
    }

    /// Text, a message or packed numbers.
    pub fn bytes(self) -> Result<&'a [u8], FormatError> {
        if let Self::Bytes(bytes) = self { Ok(bytes) } else { Err(BAD) }
    }

    /// A float.
    pub fn float(self) -> Result<f32, FormatError> {
        if let Self::Fixed32(bytes) = self { Ok(f32::from_le_bytes(bytes)) } else { Err(BAD) }
    }
}

/// Writes a message, field after field.
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct Writer {
    bytes: Vec<u8>,
}

impl Writer {
    /// A number.
    pub fn number(mut self, field: u32, value: u64) -> Self {
        self.varint(u64::from(field) << 3);
        self.varint(value);
        self
    }

    /// A number that may not be there.
    pub fn perhaps(self, field: u32, value: Option<u32>) -> Self {
        match value {
            Some(value) => self.number(field, value.into()),
            None => self,
        }
    }

    /// A signed number.
    pub fn signed(self, field: u32, value: i64) -> Self {
        self.number(field, u64::from_le_bytes(value.to_le_bytes()))
    }

    /// Text, a message or packed numbers.
    pub fn message(mut self, field: u32, value: &[u8]) -> Self {
        self.varint((u64::from(field) << 3) | 2);
        self.varint(u64::try_from(value.len()).unwrap_or(0));
        self.bytes.extend_from_slice(value);
        self
    }

    /// A float.
    pub fn float(mut self, field: u32, value: f32) -> Self {
        self.varint((u64::from(field) << 3) | 5);
        self.bytes.extend_from_slice(&value.to_le_bytes());
        self
    }

    /// A number without a tag, as in packed fields.
    pub fn varint(&mut self, mut value: u64) {
        loop {
            let [low, ..] = value.to_le_bytes();
            value >>= 7;
            if value == 0 {
                self.bytes.push(low & 0x7F);
                return;
            }
            self.bytes.push(low | 0x80);
        }
    }

    /// The message.
    pub fn finish(self) -> Vec<u8> {
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_every_size_come_back() {
        for value in [0, 1, 127, 128, 300, u64::from(u32::MAX), u64::MAX] {
            let bytes = Writer::default().number(5, value).finish();

            assert_eq!(field(&mut ReadCursor::new(&bytes)), Ok(Some((5, Value::Varint(value)))));
        }
        let minus_an_hour = Writer::default().signed(4, -60).finish();
        let (_, value) = field(&mut ReadCursor::new(&minus_an_hour)).unwrap().unwrap();
        assert_eq!(value.signed::<i16>(), Ok(-60));
    }

    #[test]
    fn a_number_that_does_not_end_or_fit_is_an_error() {
        assert!(varint(&mut ReadCursor::new(&[0xFF; 11])).is_err());
        assert!(varint(&mut ReadCursor::new(&[0xFF; 3])).is_err());
        assert!(varint(&mut ReadCursor::new(&[0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x02])).is_err());
        assert!(fields(&[0x0A, 0x05, 1, 2], |_, _| Ok(())).is_err());
        assert!(fields(&[0x00, 0x05], |_, _| Ok(())).is_err());
    }
}
