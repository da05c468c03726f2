//! Parquet's mixture of runs and bit-packed numbers: dictionary indices, and which rows have a value.

use super::Broken;

/// Numbers unpacked at once, at most.
const AT_ONCE: usize = 256;

/// A piece of the mixture.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece<'p> {
    /// The same number so many times.
    Run(u32, u32),
    /// Numbers, none of them necessarily equal.
    Each(&'p [u32]),
}

/// Reads numbers of up to 32 bits.
pub(super) struct Hybrid<'b> {
    bytes: &'b [u8],
    width: usize,
    /// A run that is under way: number, and how often it is still to come.
    run: (u32, u32),
    /// Packed numbers under way: their bytes, and how many are in them.
    packed: (&'b [u8], usize),
    /// Numbers unpacked; those before `from` are used up.
    ready: [u32; AT_ONCE],
    from: usize,
    to: usize,
}

impl<'b> Hybrid<'b> {
    pub fn new(bytes: &'b [u8], width: u8) -> Result<Self, Broken> {
        if width > 32 {
            return Err(Broken::Values);
        }
        let width = usize::from(width);
        Ok(Self { bytes, width, run: (0, 0), packed: (&[], 0), ready: [0; AT_ONCE], from: 0, to: 0 })
    }

    /// The next numbers, at least one and at most `most` of them (which is not 0).
    pub fn next(&mut self, most: u32) -> Result<Piece<'_>, Broken> {
        let at_most = usize::try_from(most).unwrap_or(usize::MAX);
        loop {
            if self.from < self.to {
                let from = self.from;
                self.from = self.to.min(from.saturating_add(at_most));
                return Ok(Piece::Each(&self.ready[from..self.from]));
            }
            if self.run.1 > 0 {
                let count = self.run.1.min(most);
                self.run.1 -= count;
                return Ok(Piece::Run(self.run.0, count));
            }
            if self.packed.1 > 0 {
                self.unpack();
            } else {
                self.head()?;
            }
        }
    }

    /// Reads what comes next: a run or packed numbers. Every call takes a byte at least.
    fn head(&mut self) -> Result<(), Broken> {
        let mut head = 0_u64;
        for shift in (0..35).step_by(7) {
            let (byte, rest) = self.bytes.split_first().ok_or(Broken::EndsEarly)?;
            self.bytes = rest;
            head |= u64::from(byte & 0x7f) << shift;
            if *byte < 0x80 {
                return self.begin(head);
            }
        }
        Err(Broken::Values)
    }

    fn begin(&mut self, head: u64) -> Result<(), Broken> {
        let count = u32::try_from(head >> 1).map_err(|_| Broken::Values)?;
        if head & 1 == 0 {
            let (number, rest) = self.bytes.split_at_checked(self.width.div_ceil(8)).ok_or(Broken::EndsEarly)?;
            let mut whole = [0; 4];
            whole[..number.len()].copy_from_slice(number);
            self.bytes = rest;
            self.run = (u32::from_le_bytes(whole), count);
        } else if self.width == 0 {
            self.run = (0, count.checked_mul(8).ok_or(Broken::Values)?);
        } else {
            // Groups of eight; a writer may leave out the end of the last one.
            let groups = usize::try_from(count).map_err(|_| Broken::Values)?;
            let length = groups.checked_mul(self.width).ok_or(Broken::Values)?.min(self.bytes.len());
            let (packed, rest) = self.bytes.split_at(length);
            self.bytes = rest;
            self.packed = (packed, length * 8 / self.width);
        }
        Ok(())
    }

    fn unpack(&mut self) {
        let count = self.packed.1.min(AT_ONCE);
        let block = 4 * self.width;
        for out in self.ready[..count.next_multiple_of(32)].as_chunks_mut().0 {
            if let Some((bytes, rest)) = self.packed.0.split_at_checked(block) {
                unpack_32(bytes, self.width, out);
                self.packed.0 = rest;
            } else {
                let mut bytes = [0; 128];
                bytes[..self.packed.0.len()].copy_from_slice(self.packed.0);
                unpack_32(&bytes[..block], self.width, out);
                self.packed.0 = &[];
            }
        }
        self.packed.1 -= count;
        (self.from, self.to) = (0, count);
    }
}

/// Unpacks 32 numbers from `4 * width` bytes; one copy of the loop for each width, so that every shift is known.
fn unpack_32(bytes: &[u8], width: usize, out: &mut [u32; 32]) {
    macro_rules! widths {
        ($($width:literal)*) => {
            match width {
                $($width => unpack_32_of::<$width>(bytes, out),)*
                _ => out.fill(0),
            }
        };
    }
    widths!(1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32);
}

#[inline]
fn unpack_32_of<const WIDTH: usize>(bytes: &[u8], out: &mut [u32; 32]) {
    let mut words = [0_u32; WIDTH];
    for (word, bytes) in words.iter_mut().zip(bytes.as_chunks().0) {
        *word = u32::from_le_bytes(*bytes);
    }
    let mask = u32::MAX >> (32 - WIDTH);
    for (index, out) in out.iter_mut().enumerate() {
        let (word, shift) = (index * WIDTH / 32, index * WIDTH % 32);
        let mut number = words[word] >> shift;
        if shift + WIDTH > 32 {
            number |= words[word + 1] << (32 - shift);
        }
        *out = number & mask;
    }
}
