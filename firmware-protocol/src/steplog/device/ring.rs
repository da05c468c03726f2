//! The ring of sectors that holds the blocks. Each block sits in a slot: a header with its own
//! checksum, the block, and a word that is written last and makes it count. So a block cut short by
//! a power failure is told from one that rotted, and a rotten one still has a length and a number.

use super::flash::{Flash, FlashError};
use crate::{
    crc::{Crc16, Crc32},
    cursor::{ReadCursor, WriteCursor},
    steplog::block::{MAX_LEN, NO_SEQ},
};

/// Sectors of the memory that belong to the log of small facts, before the ring.
pub const META_SECTORS: u16 = 2;
/// Sectors that the ring can be made of.
pub const MAX_RING: usize = 128;

const MAGIC: u32 = u32::from_le_bytes(*b"SLr1");
const SECTOR_HEADER: u32 = 20;
const LIVE_OFFSET: u32 = 16;
const SLOT_HEADER: u32 = 8;
const COMMIT: u32 = 4;
const ZERO_WORD: [u8; 4] = [0; 4];

/// Where blocks are.
#[derive(Debug)]
pub struct Ring {
    sector_len: u32,
    count: u16,
    /// The sector that is written to.
    head: u16,
    /// Sectors in use, the head and those before it.
    used: u16,
    /// Number of the head; each sector taken into use gets the next one.
    generation: u32,
    /// Offset in the head at which the next slot begins.
    write_at: u32,
    next_seq: u32,
    /// Lowest number a sector can hold; `NO_SEQ` where a header cannot be read.
    first: [u32; MAX_RING],
}

/// A position between slots; stays meaningful, or is known to be gone, when the ring moves on.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    generation: u32,
    at: u32,
}

/// A block that was written whole.
#[derive(Clone, Copy, Debug)]
pub struct Slot {
    /// Address of the block's first byte.
    pub address: u32,
    /// Its length.
    pub len: u8,
    /// How many numbers it covers.
    pub span: u8,
    /// The first of them.
    pub seq: u32,
}

enum Found {
    Free,
    Unreadable,
    Slot(Slot, Committed),
}

#[derive(PartialEq)]
enum Committed {
    Yes,
    No,
}

impl Slot {
    /// One past the last number.
    pub const fn end(&self) -> u32 {
        self.seq.saturating_add(self.span as u32)
    }
}

impl Ring {
    /// Finds what is there, in memory of at least `META_SECTORS + 2` sectors.
    pub fn mount<F: Flash>(flash: &mut F) -> Result<Self, FlashError> {
        let most = u16::try_from(MAX_RING).map_err(|_| FlashError::BadGeometry)?;
        let count = flash.sectors().saturating_sub(META_SECTORS).min(most);
        let mut ring = Self {
            sector_len: flash.sector_len(),
            count,
            head: count.saturating_sub(1),
            used: 0,
            generation: 0,
            write_at: 0,
            next_seq: 0,
            first: [NO_SEQ; MAX_RING],
        };
        ring.write_at = ring.sector_len;
        let mut newest: Option<(u16, u32)> = None;
        for sector in 0..count {
            if let Some((generation, _)) = ring.sector_header(flash, sector)?
                && newest.is_none_or(|(_, other)| generation > other)
            {
                newest = Some((sector, generation));
            }
        }
        let Some((head, generation)) = newest else { return Ok(ring) };
        (ring.head, ring.generation) = (head, generation);
        for back in 0..count {
            let sector = ring.back(back);
            if let Some((found, first)) = ring.sector_header(flash, sector)?
                && found == generation.wrapping_sub(back.into())
            {
                ring.used = back + 1;
                ring.set_first(sector, first);
                ring.next_seq = ring.next_seq.max(first);
            }
        }
        // A sector whose header rotted keeps its place; its blocks cannot be found any more.
        ring.find_end(flash)?;
        Ok(ring)
    }

    /// The number the next block begins with, as far as the ring knows.
    pub const fn next_seq(&self) -> u32 {
        self.next_seq
    }

    /// Numbers below are used, though no block tells so.
    pub fn skip_to(&mut self, seq: u32) {
        self.next_seq = self.next_seq.max(seq);
    }

    /// The lowest number that can be there.
    pub fn oldest(&self) -> u32 {
        (0..self.used)
            .rev()
            .map(|back| self.first_of(self.back(back)))
            .find(|first| *first != NO_SEQ)
            .unwrap_or(self.next_seq)
    }

    /// Epochs that fit when every block is full and none is a zero run.
    pub fn capacity(&self) -> u32 {
        let slot = SLOT_HEADER + 136 + COMMIT;
        // The sector about to be erased does not count.
        (self.sector_len - SECTOR_HEADER) / slot * 60 * u32::from(self.count.saturating_sub(1))
    }

    /// Whether a block of this length fits the head.
    pub fn has_room(&self, len: usize) -> bool {
        self.used > 0 && u32::try_from(len).is_ok_and(|len| self.write_at + slot_len(len) <= self.sector_len)
    }

    /// The numbers that [`Ring::advance`] would throw away.
    pub fn doomed(&self) -> Option<(u32, u32)> {
        (self.used == self.count).then(|| {
            let after =
                (0..self.used - 1).rev().map(|back| self.first_of(self.back(back))).find(|first| *first != NO_SEQ);
            (self.first_of(self.back(self.used - 1)), after.unwrap_or(self.next_seq))
        })
    }

    /// Makes the next sector the head, throwing away what it holds.
    pub fn advance<F: Flash>(&mut self, flash: &mut F) -> Result<(), FlashError> {
        if self.used == self.count {
            self.retire_oldest(flash)?;
        }
        let sector = (self.head + 1) % self.count.max(1);
        flash.erase(META_SECTORS + sector)?;
        let generation = self.generation.wrapping_add(1);
        let mut header = [0; 16];
        WriteCursor::new(&mut header).u32(MAGIC).u32(generation).u32(self.next_seq);
        let crc = Crc32::new().update(&header[..12]).value();
        WriteCursor::new(&mut header[12..]).u32(crc);
        flash.write(self.address(sector), &header)?;
        (self.head, self.generation, self.write_at) = (sector, generation, SECTOR_HEADER);
        self.used = (self.used + 1).min(self.count);
        self.set_first(sector, self.next_seq);
        Ok(())
    }

    /// Throws away whole sectors that hold only numbers below `to`, never the head.
    pub fn erase_below<F: Flash>(&mut self, flash: &mut F, to: u32) -> Result<(), FlashError> {
        while self.used > 1 {
            let after = self.first_of(self.back(self.used - 2));
            if after == NO_SEQ || after > to {
                break;
            }
            let sector = self.back(self.used - 1);
            self.retire_oldest(flash)?;
            flash.erase(META_SECTORS + sector)?;
        }
        Ok(())
    }

    /// Writes a block into the head; [`Ring::has_room`] said yes. `span` numbers from `seq` on.
    pub fn append<F: Flash>(&mut self, flash: &mut F, block: &[u8], seq: u32, span: u8) -> Result<(), FlashError> {
        let (Ok(len), Ok(wide)) = (u8::try_from(block.len()), u32::try_from(block.len())) else {
            return Err(FlashError::BadAddress);
        };
        let mut padded = [0xFF; MAX_LEN];
        padded.get_mut(..block.len()).ok_or(FlashError::BadAddress)?.copy_from_slice(block);
        let at = self.address(self.head) + self.write_at;
        let after = self.write_at + slot_len(wide);
        // Until all is written the rest of the sector is not to be used again.
        self.write_at = self.sector_len;
        flash.write(at, &slot_header(len, span, seq))?;
        flash.write(at + SLOT_HEADER, padded.get(..block.len().next_multiple_of(4)).unwrap_or(&padded))?;
        flash.write(at + SLOT_HEADER + padded_len(wide), &ZERO_WORD)?;
        self.write_at = after;
        self.next_seq = seq.saturating_add(span.into());
        Ok(())
    }

    /// The place of the block that holds `seq`, or of the first one after it.
    pub fn locate<F: Flash>(&self, flash: &mut F, seq: u32) -> Result<Place, FlashError> {
        let back =
            (0..self.used).find(|back| self.first_of(self.back(*back)) <= seq).unwrap_or(self.used.saturating_sub(1));
        let mut place = Place { generation: self.generation.wrapping_sub(back.into()), at: SECTOR_HEADER };
        loop {
            let before = place;
            match self.next_slot(flash, &mut place)? {
                Some(slot) if slot.end() <= seq => {}
                Some(_) => return Ok(before),
                None => return Ok(place),
            }
        }
    }

    /// Whether the sector of this place is still there.
    pub const fn holds(&self, place: Place) -> bool {
        self.generation.wrapping_sub(place.generation) < self.used as u32
    }

    /// The next block from this place, which moves past it; `None` at the end or when the place is gone.
    pub fn next_slot<F: Flash>(&self, flash: &mut F, place: &mut Place) -> Result<Option<Slot>, FlashError> {
        while let Ok(back) = u16::try_from(self.generation.wrapping_sub(place.generation))
            && back < self.used
        {
            let sector = self.back(back);
            let end = if back == 0 { self.write_at } else { self.sector_len };
            while self.first_of(sector) != NO_SEQ && place.at + SLOT_HEADER <= end {
                let Found::Slot(slot, committed) = self.look(flash, sector, place.at)? else { break };
                place.at += slot_len(slot.len.into());
                if committed == Committed::Yes {
                    return Ok(Some(slot));
                }
            }
            if back == 0 {
                break;
            }
            *place = Place { generation: place.generation.wrapping_add(1), at: SECTOR_HEADER };
        }
        Ok(None)
    }

    fn find_end<F: Flash>(&mut self, flash: &mut F) -> Result<(), FlashError> {
        for back in 0..self.used {
            let sector = self.back(back);
            let (mut at, mut last) = (SECTOR_HEADER, None);
            while at + SLOT_HEADER <= self.sector_len {
                match self.look(flash, sector, at)? {
                    Found::Free => break,
                    Found::Unreadable => at = self.sector_len,
                    Found::Slot(slot, committed) => {
                        at += slot_len(slot.len.into());
                        if committed == Committed::Yes {
                            last = Some(slot);
                        }
                    }
                }
            }
            if back == 0 {
                self.write_at = at;
            }
            if let Some(slot) = last {
                self.next_seq = self.next_seq.max(slot.end());
                break;
            }
        }
        Ok(())
    }

    fn look<F: Flash>(&self, flash: &mut F, sector: u16, at: u32) -> Result<Found, FlashError> {
        let address = self.address(sector) + at;
        let mut header = [0; 8];
        flash.read(address, &mut header)?;
        if header == [0xFF; 8] {
            return Ok(Found::Free);
        }
        let [len, span, _, _, a, b, c, d] = header;
        let seq = u32::from_le_bytes([a, b, c, d]);
        let whole = slot_len(len.into());
        if usize::from(len) > MAX_LEN || slot_header(len, span, seq) != header || at + whole > self.sector_len {
            return Ok(Found::Unreadable);
        }
        let mut commit = [0; 4];
        flash.read(address + whole - COMMIT, &mut commit)?;
        let committed = if commit == ZERO_WORD { Committed::Yes } else { Committed::No };
        Ok(Found::Slot(Slot { address: address + SLOT_HEADER, len, span, seq }, committed))
    }

    fn retire_oldest<F: Flash>(&mut self, flash: &mut F) -> Result<(), FlashError> {
        let sector = self.back(self.used - 1);
        // Marked before it is erased: an erase that is cut short leaves any mixture of bytes.
        flash.write(self.address(sector) + LIVE_OFFSET, &ZERO_WORD)?;
        self.used -= 1;
        Ok(())
    }

    fn sector_header<F: Flash>(&self, flash: &mut F, sector: u16) -> Result<Option<(u32, u32)>, FlashError> {
        let mut header = [0; 20];
        flash.read(self.address(sector), &mut header)?;
        let crc = Crc32::new().update(&header[..12]).value();
        let mut cursor = ReadCursor::new(&header);
        let mut word = || cursor.u32().unwrap_or(0);
        let (magic, generation, first, stated, live) = (word(), word(), word(), word(), word());
        Ok((magic == MAGIC && stated == crc && live == u32::MAX).then_some((generation, first)))
    }

    fn back(&self, back: u16) -> u16 {
        let (head, count) = (u32::from(self.head), u32::from(self.count.max(1)));
        u16::try_from((head + count - u32::from(back) % count) % count).unwrap_or(0)
    }

    fn address(&self, sector: u16) -> u32 {
        u32::from(META_SECTORS + sector).saturating_mul(self.sector_len)
    }

    fn first_of(&self, sector: u16) -> u32 {
        self.first.get(usize::from(sector)).copied().unwrap_or(NO_SEQ)
    }

    fn set_first(&mut self, sector: u16, seq: u32) {
        if let Some(first) = self.first.get_mut(usize::from(sector)) {
            *first = seq;
        }
    }
}

const fn padded_len(len: u32) -> u32 {
    len.next_multiple_of(4)
}

const fn slot_len(len: u32) -> u32 {
    SLOT_HEADER + padded_len(len) + COMMIT
}

fn slot_header(len: u8, span: u8, seq: u32) -> [u8; 8] {
    let crc = Crc16::new().update(&[len, span]).update(&seq.to_le_bytes()).value();
    let mut header = [0; 8];
    WriteCursor::new(&mut header).u8(len).u8(span).u16(crc).u32(seq);
    header
}
