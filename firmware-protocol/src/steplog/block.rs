//! The stored block: up to a few hours of epochs under one header and one checksum. It is written
//! to flash, sent over the air and kept by the host as the same bytes.

use crate::{
    crc::Crc16,
    cursor::{Field, FormatError, ReadCursor, WriteCursor},
    reading::Wear,
};

/// Bytes of a header.
pub const HEADER_LEN: usize = 16;
/// No block is longer: header and sixty epochs of two bytes.
pub const MAX_LEN: usize = HEADER_LEN + 120;
/// Epochs of two bytes in one block.
pub const MAX_EPOCHS: u8 = 60;
/// Epochs of four bytes in one block.
pub const MAX_DETAILS: u8 = 30;
/// Epochs in one zero run, and in one block with runs.
pub const MAX_RUN: u8 = 240;
/// Longest epoch, seconds.
pub const MAX_EPOCH_S: u8 = 60;
/// Epoch numbers stay below this one, which means "no number".
pub const NO_SEQ: u32 = u32::MAX;
/// A steps field with this value means "at least this many".
pub const SATURATED: u8 = 255;

/// Flag of a gap block: the host found the hole, the counter did not report it.
pub const FLAG_FOUND_BY_HOST: u8 = 0x01;

const VERSION: u8 = 0x10;
const CRC_OFFSET: usize = 14;
const GAP_BEFORE: u8 = 0x04;

/// What a block's body holds. The low half of the first byte; the high half is the version, 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum BlockKind {
    /// Two bytes an epoch: steps, meta.
    Epochs = 1,
    /// One meta byte for `count` epochs without steps.
    ZeroRun = 2,
    /// Four bytes an epoch: steps, meta, highest cadence in ten seconds, heart rate.
    Details = 3,
    /// A number of epoch numbers, u32, that carry nothing.
    Gap = 4,
    /// Items: two bytes for an epoch with steps (steps, meta), three for `n` epochs without (0, meta, n).
    Runs = 5,
}

/// A block's header without version and checksum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// What the body holds.
    pub kind: BlockKind,
    /// Only [`FLAG_FOUND_BY_HOST`]; other bits are zero in version 1.
    pub flags: u8,
    /// Boot in which the epochs were counted; of a gap, the boot that came after it.
    pub boot: u16,
    /// Number of the first epoch.
    pub first_seq: u32,
    /// Uptime at the start of the first epoch, seconds; 0 in a gap.
    pub first_uptime_s: u32,
    /// Length of each epoch, seconds; 0 in a gap.
    pub epoch_s: u8,
    /// Number of epochs; 0 in a gap.
    pub count: u8,
}

/// The second byte of an epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Meta {
    /// Bits 0–1.
    pub wear: Wear,
    /// Bit 2: numbers before this epoch carry nothing.
    pub gap_before: bool,
    /// Bit 3: the counter's clock had not been set in this boot.
    pub clock_unset: bool,
    /// Bits 4–7: movement level, logarithmic, 0 = none seen or not measured.
    pub movement: u8,
}

/// One epoch of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockEpoch {
    /// Its number.
    pub seq: u32,
    /// Uptime at its start, seconds.
    pub uptime_s: u32,
    /// Steps; 255 means 255 or more.
    pub steps: u8,
    /// Wear and the rest.
    pub meta: Meta,
    /// Highest cadence within ten seconds (steps a minute) and heart rate, when the block has them.
    pub detail: Option<(u8, u8)>,
}

/// A block that was checked: every field is within its range and the checksum is right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block<'a> {
    header: Header,
    body: &'a [u8],
}

impl Meta {
    /// From the byte.
    pub fn parse(byte: u8) -> Self {
        let wear = match byte & 3 {
            0 => Wear::Unknown,
            1 => Wear::Worn,
            2 => Wear::NotWorn,
            _ => Wear::Charging,
        };
        Self { wear, gap_before: byte & 4 != 0, clock_unset: byte & 8 != 0, movement: byte >> 4 }
    }

    /// To the byte; a movement level above 15 becomes 15.
    pub fn emit(self) -> u8 {
        let wear = match self.wear {
            Wear::Unknown => 0,
            Wear::Worn => 1,
            Wear::NotWorn => 2,
            Wear::Charging => 3,
        };
        wear | u8::from(self.gap_before) << 2 | u8::from(self.clock_unset) << 3 | self.movement.min(15) << 4
    }
}

impl Header {
    /// Whether such a body belongs to this header.
    fn fits(&self, body: &[u8]) -> bool {
        match self.kind {
            BlockKind::Epochs => body.len() == 2 * usize::from(self.count),
            BlockKind::ZeroRun => body.len() == 1,
            BlockKind::Details => body.len() == 4 * usize::from(self.count),
            BlockKind::Gap => body.len() == 4,
            BlockKind::Runs => {
                body.len() <= MAX_LEN - HEADER_LEN && Items { rest: body }.total() == Some(self.count.into())
            }
        }
    }

    fn check(&self, body: &[u8]) -> Result<(), FormatError> {
        let field = |field, got: u32| Err(FormatError::BadField { field, got });
        let most = match self.kind {
            BlockKind::Epochs => MAX_EPOCHS,
            BlockKind::ZeroRun | BlockKind::Runs => MAX_RUN,
            BlockKind::Details => MAX_DETAILS,
            BlockKind::Gap => 0,
        };
        let gap = self.kind == BlockKind::Gap;
        if self.flags & !FLAG_FOUND_BY_HOST != 0 || (self.flags != 0 && !gap) {
            return field(Field::Flags, self.flags.into());
        }
        if self.count > most || (self.count == 0 && !gap) {
            return field(Field::Count, self.count.into());
        }
        if self.epoch_s > MAX_EPOCH_S || (self.epoch_s == 0) != gap {
            return field(Field::EpochSeconds, self.epoch_s.into());
        }
        if !self.fits(body) {
            return field(Field::Body, u32::try_from(body.len()).unwrap_or(u32::MAX));
        }
        let numbers = self.span(body);
        if numbers == 0 || self.first_seq.checked_add(numbers).is_none() {
            return field(Field::Seq, self.first_seq);
        }
        let length = u32::from(self.count) * u32::from(self.epoch_s);
        if self.first_uptime_s.checked_add(length).is_none() || (gap && self.first_uptime_s != 0) {
            return field(Field::Uptime, self.first_uptime_s);
        }
        Ok(())
    }

    fn span(&self, body: &[u8]) -> u32 {
        match self.kind {
            BlockKind::Gap => ReadCursor::new(body).u32().unwrap_or(0),
            _ => self.count.into(),
        }
    }

    fn front(&self) -> [u8; CRC_OFFSET] {
        let mut front = [0; CRC_OFFSET];
        WriteCursor::new(&mut front)
            .u8(VERSION | self.kind as u8)
            .u8(self.flags)
            .u16(self.boot)
            .u32(self.first_seq)
            .u32(self.first_uptime_s)
            .u8(self.epoch_s)
            .u8(self.count);
        front
    }
}

impl<'a> Block<'a> {
    /// A block of this body.
    pub fn new(header: Header, body: &'a [u8]) -> Result<Self, FormatError> {
        header.check(body)?;
        Ok(Self { header, body })
    }

    /// Exactly one block. The version is looked at first, then the checksum, then everything else.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, FormatError> {
        let mut cursor = ReadCursor::new(bytes);
        let front =
            cursor.array::<CRC_OFFSET>().map_err(|_| FormatError::BadLength { want: HEADER_LEN, got: bytes.len() })?;
        let mut fields = ReadCursor::new(&front);
        let first = fields.u8()?;
        if first & 0xF0 != VERSION {
            return Err(FormatError::Unknown { got: first });
        }
        let stated = cursor.u16().map_err(|_| FormatError::BadLength { want: HEADER_LEN, got: bytes.len() })?;
        let body = cursor.rest();
        let computed = Crc16::new().update(&front).update(body).value();
        if stated != computed {
            return Err(FormatError::BadChecksum { want: computed.into(), got: stated.into() });
        }
        let kind = match first & 0x0F {
            1 => BlockKind::Epochs,
            2 => BlockKind::ZeroRun,
            3 => BlockKind::Details,
            4 => BlockKind::Gap,
            5 => BlockKind::Runs,
            _ => return Err(FormatError::Unknown { got: first }),
        };
        let header = Header {
            kind,
            flags: fields.u8()?,
            boot: fields.u16()?,
            first_seq: fields.u32()?,
            first_uptime_s: fields.u32()?,
            epoch_s: fields.u8()?,
            count: fields.u8()?,
        };
        Self::new(header, body)
    }

    /// Writes the block; says its length.
    pub fn emit(&self, out: &mut [u8]) -> Result<usize, FormatError> {
        let front = self.header.front();
        let crc = Crc16::new().update(&front).update(self.body).value();
        WriteCursor::new(out).bytes(&front).u16(crc).bytes(self.body).finish()
    }

    /// The header.
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// How many epoch numbers it covers, with or without data.
    pub fn span(&self) -> u32 {
        self.header.span(self.body)
    }

    /// The number after its last.
    pub fn end_seq(&self) -> u32 {
        self.header.first_seq.saturating_add(self.span())
    }

    /// Its epochs in order; none in a gap.
    pub fn epochs(&self) -> impl Iterator<Item = BlockEpoch> + 'a {
        let Self { header, body } = *self;
        let rest = if header.kind == BlockKind::Gap { &[] } else { body };
        let mut items = Items { rest };
        let mut run = Item { steps: 0, meta: 0, detail: None, count: 0 };
        (0..header.count).map_while(move |index| {
            if run.count == 0 {
                run = items.next(header.kind, header.count)?;
            }
            let Item { steps, meta, detail, .. } = run;
            run.count -= 1;
            // Said once for a whole run, true of its first epoch.
            run.meta &= !GAP_BEFORE;
            Some(BlockEpoch {
                seq: header.first_seq.saturating_add(index.into()),
                uptime_s: header.first_uptime_s.saturating_add(u32::from(index) * u32::from(header.epoch_s)),
                steps,
                meta: Meta::parse(meta),
                detail,
            })
        })
    }
}

/// What a body consists of.
struct Items<'a> {
    rest: &'a [u8],
}

/// One epoch, or several that are the same.
#[derive(Clone, Copy)]
struct Item {
    steps: u8,
    meta: u8,
    detail: Option<(u8, u8)>,
    count: u8,
}

impl Items<'_> {
    fn next(&mut self, kind: BlockKind, all: u8) -> Option<Item> {
        let mut cursor = ReadCursor::new(self.rest);
        let mut byte = || cursor.u8().ok();
        let item = match kind {
            BlockKind::Epochs => Item { steps: byte()?, meta: byte()?, detail: None, count: 1 },
            BlockKind::ZeroRun => Item { steps: 0, meta: byte()?, detail: None, count: all },
            BlockKind::Details => Item { steps: byte()?, meta: byte()?, detail: Some((byte()?, byte()?)), count: 1 },
            BlockKind::Runs => {
                let (steps, meta) = (byte()?, byte()?);
                Item {
                    steps,
                    meta,
                    detail: None,
                    count: if steps == 0 { byte().filter(|count| *count > 0)? } else { 1 },
                }
            }
            BlockKind::Gap => return None,
        };
        self.rest = cursor.rest();
        Some(item)
    }

    /// Epochs in the items of a body with runs; `None` when it is not a whole number of items.
    fn total(&mut self) -> Option<usize> {
        let mut total = 0;
        while !self.rest.is_empty() {
            total += usize::from(self.next(BlockKind::Runs, 0)?.count);
        }
        Some(total)
    }
}

/// Writes a gap block of `count` numbers from `first_seq`.
pub fn emit_gap(boot: u16, first_seq: u32, count: u32, flags: u8, out: &mut [u8]) -> Result<usize, FormatError> {
    let header = Header { kind: BlockKind::Gap, flags, boot, first_seq, first_uptime_s: 0, epoch_s: 0, count: 0 };
    Block::new(header, &count.to_le_bytes())?.emit(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(kind: BlockKind, count: u8) -> Header {
        Header { kind, flags: 0, boot: 7, first_seq: 1000, first_uptime_s: 3600, epoch_s: 60, count }
    }

    #[test]
    fn a_gap_has_numbers_and_no_epochs() {
        let mut out = [0; MAX_LEN];

        let length = emit_gap(7, 1000, 60, 0, &mut out).unwrap();
        let gap = Block::parse(&out[..length]).unwrap();

        assert_eq!((gap.span(), gap.end_seq(), gap.epochs().count()), (60, 1060, 0));
    }

    #[test]
    fn epochs_follow_each_other_without_holes() {
        let block = Block::new(header(BlockKind::Epochs, 2), &[100, 1, 255, 1]).unwrap();

        let mut epochs = block.epochs();

        let first = epochs.next().unwrap();
        assert_eq!((first.seq, first.uptime_s, first.steps), (1000, 3600, 100));
        let second = epochs.next().unwrap();
        assert_eq!((second.seq, second.uptime_s, second.steps), (1001, 3660, SATURATED));
        assert_eq!(epochs.next(), None);
    }

    #[test]
    fn zeros_among_steps_are_told_by_their_number() {
        let block = Block::new(header(BlockKind::Runs, 12), &[100, 1, 0, 0x06, 10, 7, 1]).unwrap();

        let epochs = block.epochs().map(|epoch| (epoch.steps, epoch.meta.gap_before));

        let zeros = core::iter::once((0, true)).chain(core::iter::repeat_n((0, false), 9));
        assert!(epochs.eq(core::iter::once((100, false)).chain(zeros).chain([(7, false)])));
    }

    #[test]
    fn runs_add_up_to_the_count() {
        for body in [&[0, 1, 11][..], &[0, 1, 13], &[0, 1, 0, 0, 1, 12], &[0, 1, 12, 5], &[0, 1], &[]] {
            assert!(Block::new(header(BlockKind::Runs, 12), body).is_err(), "{body:?}");
        }
        assert!(Block::new(header(BlockKind::Runs, 12), &[0, 1, 12]).is_ok());
    }

    #[test]
    fn fields_outside_their_range_are_refused() {
        let wrong = |change: fn(&mut Header)| {
            let mut header = header(BlockKind::Epochs, 1);
            change(&mut header);
            Block::new(header, &[0, 0]).unwrap_err()
        };
        let field = |error| match error {
            FormatError::BadField { field, .. } => field,
            other => panic!("{other:?}"),
        };

        assert_eq!(field(wrong(|h| h.count = 0)), Field::Count);
        assert_eq!(field(wrong(|h| h.count = 61)), Field::Count);
        assert_eq!(field(wrong(|h| h.count = 2)), Field::Body);
        assert_eq!(field(wrong(|h| h.epoch_s = 0)), Field::EpochSeconds);
        assert_eq!(field(wrong(|h| h.epoch_s = 61)), Field::EpochSeconds);
        assert_eq!(field(wrong(|h| h.flags = 1)), Field::Flags);
        assert_eq!(field(wrong(|h| h.first_seq = NO_SEQ)), Field::Seq);
        assert_eq!(field(wrong(|h| h.first_uptime_s = u32::MAX)), Field::Uptime);
    }

    #[test]
    fn one_changed_bit_anywhere_is_seen() {
        let mut out = [0; MAX_LEN];
        let length = Block::new(header(BlockKind::Epochs, 3), &[1, 2, 3, 4, 5, 6]).unwrap().emit(&mut out).unwrap();

        for bit in 0..length * 8 {
            let mut bytes = out;
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert!(Block::parse(&bytes[..length]).is_err(), "bit {bit}");
        }
    }

    #[test]
    fn meta_bytes_are_the_same_both_ways() {
        for byte in 0..=255 {
            assert_eq!(Meta::parse(byte).emit(), byte);
        }
    }
}
