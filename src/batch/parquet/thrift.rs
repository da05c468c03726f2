//! Thrift's compact protocol, as much of it as Parquet's footer and page headers need: fields are looked at one
//! by one, and what is not wanted is passed over. Nothing is allocated, and no bytes make it go on for ever.

/// Why bytes are not what was expected.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Bad {
    /// They end within a value: with more of them it may be read.
    Short,
    /// They cannot be read, however many follow.
    Wrong,
}

/// What a field holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    Bool(bool),
    Int,
    Byte,
    Double,
    Bytes,
    List,
    Map,
    Struct,
    Uuid,
}

impl Kind {
    fn of(code: u8) -> Result<Self, Bad> {
        Ok(match code {
            1 => Self::Bool(true),
            2 => Self::Bool(false),
            3 => Self::Byte,
            4..=6 => Self::Int,
            7 => Self::Double,
            8 => Self::Bytes,
            9 | 10 => Self::List,
            11 => Self::Map,
            12 => Self::Struct,
            13 => Self::Uuid,
            _ => return Err(Bad::Wrong),
        })
    }
}

/// Deeper than this, nothing in a Parquet file lies.
const DEEPEST: u32 = 24;

/// Bytes, and how far they were read.
pub(super) struct Thrift<'b> {
    bytes: &'b [u8],
    at: usize,
}

impl<'b> Thrift<'b> {
    pub fn new(bytes: &'b [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// Bytes read so far.
    pub fn at(&self) -> usize {
        self.at
    }

    fn left(&self) -> usize {
        self.bytes.len() - self.at
    }

    fn byte(&mut self) -> Result<u8, Bad> {
        let byte = *self.bytes.get(self.at).ok_or(Bad::Short)?;
        self.at += 1;
        Ok(byte)
    }

    fn take(&mut self, count: usize) -> Result<&'b [u8], Bad> {
        let end = self.at.checked_add(count).ok_or(Bad::Wrong)?;
        let taken = self.bytes.get(self.at..end).ok_or(Bad::Short)?;
        self.at = end;
        Ok(taken)
    }

    /// A number without a sign.
    pub fn varint(&mut self) -> Result<u64, Bad> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(Bad::Wrong)
    }

    /// The next field of a struct, none at its end; `last` is the number of the field before, 0 at first.
    pub fn field(&mut self, last: &mut i64) -> Result<Option<(i64, Kind)>, Bad> {
        let head = self.byte()?;
        if head == 0 {
            return Ok(None);
        }
        let id = match head >> 4 {
            0 => self.int()?,
            delta => last.checked_add(i64::from(delta)).ok_or(Bad::Wrong)?,
        };
        *last = id;
        Ok(Some((id, Kind::of(head & 0x0f)?)))
    }

    /// An integer of 16, 32 or 64 bits.
    pub fn int(&mut self) -> Result<i64, Bad> {
        self.varint().map(zigzag)
    }

    /// Bytes or text.
    pub fn bytes(&mut self) -> Result<&'b [u8], Bad> {
        let count = self.varint()?;
        self.take(usize::try_from(count).map_err(|_| Bad::Wrong)?)
    }

    /// A list's length, each of whose elements takes a byte at least, and what they are.
    pub fn list(&mut self) -> Result<(usize, Kind), Bad> {
        let head = self.byte()?;
        let count = match head >> 4 {
            15 => usize::try_from(self.varint()?).map_err(|_| Bad::Wrong)?,
            count => usize::from(count),
        };
        // Some writers give an empty list no kind.
        if count == 0 {
            return Ok((0, Kind::Byte));
        }
        if count > self.left() {
            return Err(Bad::Short);
        }
        Ok((count, Kind::of(head & 0x0f)?))
    }

    /// Passes over what a field holds.
    pub fn skip(&mut self, kind: Kind) -> Result<(), Bad> {
        self.skip_below(kind, 0)
    }

    fn skip_below(&mut self, kind: Kind, depth: u32) -> Result<(), Bad> {
        if depth > DEEPEST {
            return Err(Bad::Wrong);
        }
        match kind {
            Kind::Bool(_) => {}
            Kind::Byte => drop(self.byte()?),
            Kind::Int => drop(self.varint()?),
            Kind::Double => drop(self.take(8)?),
            Kind::Uuid => drop(self.take(16)?),
            Kind::Bytes => drop(self.bytes()?),
            Kind::List => {
                let (count, kind) = self.list()?;
                for _ in 0..count {
                    self.skip_element(kind, depth)?;
                }
            }
            Kind::Map => {
                let count = usize::try_from(self.varint()?).map_err(|_| Bad::Wrong)?;
                if count > self.left() {
                    return Err(Bad::Short);
                }
                let kinds = if count == 0 { 0 } else { self.byte()? };
                for _ in 0..count {
                    self.skip_element(Kind::of(kinds >> 4)?, depth)?;
                    self.skip_element(Kind::of(kinds & 0x0f)?, depth)?;
                }
            }
            Kind::Struct => {
                let mut last = 0;
                while let Some((_, kind)) = self.field(&mut last)? {
                    self.skip_below(kind, depth + 1)?;
                }
            }
        }
        Ok(())
    }

    /// A truth value in a list is a byte; in a field it is the kind itself.
    fn skip_element(&mut self, kind: Kind, depth: u32) -> Result<(), Bad> {
        match kind {
            Kind::Bool(_) => self.byte().map(drop),
            kind => self.skip_below(kind, depth + 1),
        }
    }
}

/// Signed numbers as Thrift and Parquet write them: 0, -1, 1, -2 …
pub(super) fn zigzag(value: u64) -> i64 {
    (value >> 1).cast_signed() ^ -(value & 1).cast_signed()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_struct_within_a_struct_within_without_end_is_refused() {
        let bytes = [0x1c_u8; 10_000];

        assert_eq!(Thrift::new(&bytes).skip(Kind::Struct), Err(Bad::Wrong));
    }

    #[test]
    fn a_list_longer_than_its_bytes_is_short() {
        let bytes = [0xf5, 0xff, 0xff, 0xff, 0xff, 0x0f, 1, 2];

        assert_eq!(Thrift::new(&bytes).list(), Err(Bad::Short));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_to_an_end(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            let mut thrift = Thrift::new(&bytes);

            let _read = thrift.skip(Kind::Struct);

            prop_assert!(thrift.at() <= bytes.len());
        }
    }
}
