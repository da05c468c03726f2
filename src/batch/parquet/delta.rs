//! Parquet's differences between whole numbers, bit-packed: equal differences take no bytes, and come out as a run.

use super::{
    Broken,
    thrift::{Bad, Thrift, zigzag},
};

/// Numbers unpacked at once, at most.
const AT_ONCE: usize = 256;

/// What numbers are, and where they therefore wrap.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Of {
    Bits32,
    /// Without a sign.
    Unsigned32,
    Bits64,
}

impl Of {
    fn wrapped(self, number: i64) -> i64 {
        let [b0, b1, b2, b3, ..] = number.to_le_bytes();
        match self {
            Self::Bits32 => i32::from_le_bytes([b0, b1, b2, b3]).into(),
            Self::Unsigned32 => u32::from_le_bytes([b0, b1, b2, b3]).into(),
            Self::Bits64 => number,
        }
    }
}

/// A piece of the numbers.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece<'p> {
    /// So many numbers from the first on, each greater than the one before by the step; the last one fits.
    Even { first: i64, step: i64, count: u32 },
    /// Numbers as they come.
    Each(&'p [i64]),
}

/// Reads whole numbers.
pub(super) struct Delta<'b> {
    bytes: &'b [u8],
    of: Of,
    in_miniblock: u64,
    miniblocks: usize,
    /// Numbers that are still to come.
    left: u64,
    /// The first one was not given out yet.
    fresh: bool,
    last: i64,
    least: i64,
    /// Widths of the miniblocks to come in this block.
    widths: &'b [u8],
    /// The miniblock under way: its bytes, its width, the bit that comes next, and differences left in it.
    packed: &'b [u8],
    width: u8,
    bit: usize,
    in_this: u64,
    ready: [i64; AT_ONCE],
    from: usize,
    to: usize,
}

impl<'b> Delta<'b> {
    pub fn new(bytes: &'b [u8], of: Of) -> Result<Self, Broken> {
        let mut head = Head(bytes);
        let (in_block, miniblocks, left, first) = (head.number()?, head.number()?, head.number()?, head.number()?);
        if miniblocks == 0 || in_block % miniblocks != 0 || in_block > 1 << 31 {
            return Err(Broken::Values);
        }
        let in_miniblock = in_block / miniblocks;
        if in_miniblock == 0 || in_miniblock % 8 != 0 {
            return Err(Broken::Values);
        }
        Ok(Self {
            bytes: head.0,
            of,
            in_miniblock,
            miniblocks: usize::try_from(miniblocks).map_err(|_| Broken::Values)?,
            left,
            fresh: true,
            last: of.wrapped(zigzag(first)),
            least: 0,
            widths: &[],
            packed: &[],
            width: 0,
            bit: 0,
            in_this: 0,
            ready: [0; AT_ONCE],
            from: 0,
            to: 0,
        })
    }

    /// The next numbers, at least one and at most `most` of them (which is not 0).
    pub fn next(&mut self, most: u32) -> Result<Piece<'_>, Broken> {
        if self.from < self.to {
            let from = self.from;
            self.from = self.to.min(from.saturating_add(usize::try_from(most).unwrap_or(usize::MAX)));
            return Ok(Piece::Each(&self.ready[from..self.from]));
        }
        if self.left == 0 {
            return Err(Broken::EndsEarly);
        }
        if std::mem::take(&mut self.fresh) {
            self.left -= 1;
            return Ok(Piece::Even { first: self.last, step: 0, count: 1 });
        }
        if self.in_this == 0 {
            self.miniblock()?;
        }
        let count = self.in_this.min(self.left);
        if self.width == 0 {
            let run = u32::try_from(count).unwrap_or(u32::MAX).min(most);
            if let Some((first, last)) = self.run(run) {
                self.left -= u64::from(run);
                self.in_this -= u64::from(run);
                self.last = last;
                return Ok(Piece::Even { first, step: self.least, count: run });
            }
        }
        let count = usize::try_from(count).unwrap_or(AT_ONCE).min(AT_ONCE);
        self.unpack(count)?;
        let given = count.min(usize::try_from(most).unwrap_or(usize::MAX));
        (self.from, self.to) = (given, count);
        Ok(Piece::Each(&self.ready[..given]))
    }

    /// The first and the last of so many equal steps, unless a number on the way would wrap.
    fn run(&self, count: u32) -> Option<(i64, i64)> {
        let last = self.least.checked_mul(i64::from(count)).and_then(|way| self.last.checked_add(way))?;
        let first = self.last.checked_add(self.least)?;
        let fits = |number| self.of.wrapped(number) == number;
        (fits(first) && fits(last)).then_some((first, last))
    }

    /// Begins the next miniblock, and the next block where one ends.
    fn miniblock(&mut self) -> Result<(), Broken> {
        if self.widths.is_empty() {
            let mut head = Head(self.bytes);
            self.least = zigzag(head.number()?);
            (self.widths, self.bytes) = head.0.split_at_checked(self.miniblocks).ok_or(Broken::EndsEarly)?;
        }
        let (&width, widths) = self.widths.split_first().ok_or(Broken::EndsEarly)?;
        if width > 64 {
            return Err(Broken::Values);
        }
        let length = self.in_miniblock / 8 * u64::from(width);
        // A writer may leave out the end of the last miniblock.
        let length = usize::try_from(length).unwrap_or(usize::MAX).min(self.bytes.len());
        (self.packed, self.bytes) = self.bytes.split_at(length);
        (self.widths, self.width, self.bit, self.in_this) = (widths, width, 0, self.in_miniblock);
        Ok(())
    }

    fn unpack(&mut self, count: usize) -> Result<(), Broken> {
        let width = usize::from(self.width);
        if self.bit + count * width > self.packed.len() * 8 {
            return Err(Broken::EndsEarly);
        }
        let mask = if width == 0 { 0 } else { u64::MAX >> (64 - width) };
        for out in &mut self.ready[..count] {
            let (at, shift) = (self.bit / 8, self.bit % 8);
            let bytes = self.packed.get(at..).unwrap_or_default();
            let (low, high) = match bytes {
                [b0, b1, b2, b3, b4, b5, b6, b7, high, ..] => {
                    (u64::from_le_bytes([*b0, *b1, *b2, *b3, *b4, *b5, *b6, *b7]), u64::from(*high))
                }
                short => {
                    let mut whole = [0; 8];
                    let (whole_part, high) = short.split_at(short.len().min(8));
                    whole[..whole_part.len()].copy_from_slice(whole_part);
                    (u64::from_le_bytes(whole), high.first().map_or(0, |&high| u64::from(high)))
                }
            };
            let difference = (low >> shift | if shift == 0 { 0 } else { high << (64 - shift) }) & mask;
            self.bit += width;
            let next = self.last.wrapping_add(self.least).wrapping_add(difference.cast_signed());
            self.last = self.of.wrapped(next);
            *out = self.last;
        }
        let count = u64::try_from(count).unwrap_or(0);
        self.left -= count;
        self.in_this -= count;
        Ok(())
    }

    /// The next number alone.
    pub fn one(&mut self) -> Result<i64, Broken> {
        Ok(match self.next(1)? {
            Piece::Even { first, .. } => first,
            Piece::Each(numbers) => numbers.first().copied().ok_or(Broken::EndsEarly)?,
        })
    }

    /// The bytes that follow the numbers, which are passed over.
    pub fn behind(mut self) -> Result<&'b [u8], Broken> {
        let mut left = self.left.saturating_sub(1);
        while left > 0 {
            self.miniblock()?;
            left = left.saturating_sub(self.in_miniblock);
        }
        // The block's last miniblocks are not there when nothing is in them, but their widths are.
        Ok(self.bytes)
    }
}

/// Numbers at the front of bytes.
struct Head<'b>(&'b [u8]);

impl Head<'_> {
    fn number(&mut self) -> Result<u64, Broken> {
        let mut thrift = Thrift::new(self.0);
        let number = thrift.varint().map_err(|bad| match bad {
            Bad::Short => Broken::EndsEarly,
            Bad::Wrong => Broken::Values,
        })?;
        self.0 = &self.0[thrift.at()..];
        Ok(number)
    }
}
