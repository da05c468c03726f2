//! The log of small facts: boots, hosts, clocks, and epochs that do not fill a block yet. Two
//! sectors in turn; when one is full, what still counts is written to the other.

use super::{
    flash::{Flash, FlashError},
    kept::{Fact, Kept},
};
use crate::{
    crc::{Crc16, Crc32},
    cursor::{ReadCursor, WriteCursor},
};

const MAGIC: u32 = u32::from_le_bytes(*b"SLm1");
const SECTOR_HEADER: u32 = 12;
const RECORD_HEADER: u32 = 4;
/// Longest payload of a record: a block.
pub const MAX_PAYLOAD: usize = crate::steplog::block::MAX_LEN;

/// Where the log is.
#[derive(Debug)]
pub struct Meta {
    sector_len: u32,
    active: u16,
    generation: u32,
    write_at: u32,
}

/// One record as read.
#[derive(Debug)]
pub struct Record {
    kind: u8,
    len: u8,
    payload: [u8; MAX_PAYLOAD],
}

impl Record {
    /// Which fact.
    pub const fn kind(&self) -> u8 {
        self.kind
    }

    /// Its bytes.
    pub fn payload(&self) -> &[u8] {
        self.payload.get(..self.len.into()).unwrap_or(&[])
    }
}

impl Meta {
    /// Finds the log and what it says; starts one in memory that has none.
    pub fn mount<F: Flash>(flash: &mut F) -> Result<(Self, Kept), FlashError> {
        let mut meta = Self { sector_len: flash.sector_len(), active: 1, generation: 0, write_at: flash.sector_len() };
        let mut kept = Kept::default();
        let mut found = false;
        for sector in [0, 1] {
            if let Some(generation) = meta.sector_header(flash, sector)?
                && (!found || generation > meta.generation)
            {
                (meta.active, meta.generation, found) = (sector, generation, true);
            }
        }
        if !found {
            meta.rewrite(flash, &kept, &mut |_| None)?;
            return Ok((meta, kept));
        }
        let mut at = SECTOR_HEADER;
        while let Some(record) = meta.next(flash, &mut at)? {
            kept.apply(record.kind, record.payload());
        }
        meta.write_at = meta.first_free(flash)?;
        Ok((meta, kept))
    }

    /// The next readable record from this offset, which moves past it. Begin with [`Meta::start`].
    pub fn next<F: Flash>(&self, flash: &mut F, at: &mut u32) -> Result<Option<Record>, FlashError> {
        while *at + RECORD_HEADER <= self.sector_len {
            let mut header = [0; 4];
            flash.read(self.address(self.active) + *at, &mut header)?;
            let [kind, len, low, high] = header;
            let whole = record_len(len.into());
            if header != [0xFF; 4] && usize::from(len) <= MAX_PAYLOAD && *at + whole <= self.sector_len {
                let mut record = Record { kind, len, payload: [0; MAX_PAYLOAD] };
                if let Some(payload) = record.payload.get_mut(..len.into()) {
                    flash.read(self.address(self.active) + *at + RECORD_HEADER, payload)?;
                }
                if checksum(kind, len, record.payload()) == [low, high] {
                    *at += whole;
                    return Ok(Some(record));
                }
            }
            // Free, or cut short by a power failure: records begin at whole words.
            *at += 4;
        }
        Ok(None)
    }

    /// Offset of the first record.
    pub const fn start() -> u32 {
        SECTOR_HEADER
    }

    /// Writes a fact; says `false` when there is no room for it.
    pub fn append<F: Flash>(&mut self, flash: &mut F, fact: &Fact) -> Result<bool, FlashError> {
        let mut bytes = [0xFF; MAX_PAYLOAD + 4];
        let Some(len) = fact.emit(bytes.get_mut(4..).unwrap_or(&mut [])) else { return Ok(false) };
        let payload = bytes.get(4..4 + usize::from(len)).unwrap_or(&[]);
        let [low, high] = checksum(fact.kind(), len, payload);
        WriteCursor::new(&mut bytes).bytes(&[fact.kind(), len, low, high]);
        let whole = record_len(len.into());
        if self.write_at + whole > self.sector_len {
            return Ok(false);
        }
        let at = self.write_at;
        // Counted as used even when the write fails half way.
        self.write_at += whole;
        let whole = usize::try_from(whole).map_err(|_| FlashError::BadAddress)?;
        flash.write(self.address(self.active) + at, bytes.get(..whole).unwrap_or(&bytes))?;
        Ok(true)
    }

    /// Starts the other sector with what still counts, `more` giving facts that are not in `kept`.
    pub fn rewrite<F: Flash>(
        &mut self,
        flash: &mut F,
        kept: &Kept,
        more: &mut dyn FnMut(u16) -> Option<Fact>,
    ) -> Result<(), FlashError> {
        let mut other = Self {
            sector_len: self.sector_len,
            active: 1 - self.active.min(1),
            generation: self.generation.wrapping_add(1),
            write_at: SECTOR_HEADER,
        };
        flash.erase(other.active)?;
        let mut index = 0;
        while let Some(fact) = kept.fact(index) {
            other.append(flash, &fact)?;
            index += 1;
        }
        index = 0;
        while let Some(fact) = more(index) {
            other.append(flash, &fact)?;
            index += 1;
        }
        let mut header = [0; 12];
        WriteCursor::new(&mut header).u32(MAGIC).u32(other.generation);
        let crc = Crc32::new().update(&header[..8]).value();
        WriteCursor::new(&mut header[8..]).u32(crc);
        // Written last: until then the old sector counts.
        flash.write(other.address(other.active), &header)?;
        *self = other;
        Ok(())
    }

    fn first_free<F: Flash>(&self, flash: &mut F) -> Result<u32, FlashError> {
        let (mut at, mut free) = (SECTOR_HEADER, SECTOR_HEADER);
        while at < self.sector_len {
            let mut word = [0; 4];
            flash.read(self.address(self.active) + at, &mut word)?;
            at += 4;
            if word != [0xFF; 4] {
                free = at;
            }
        }
        // A record whose last word is all ones looks shorter than it is.
        let mut record = SECTOR_HEADER;
        while self.next(flash, &mut record)?.is_some() {
            free = free.max(record);
        }
        Ok(free)
    }

    fn sector_header<F: Flash>(&self, flash: &mut F, sector: u16) -> Result<Option<u32>, FlashError> {
        let mut header = [0; 12];
        flash.read(self.address(sector), &mut header)?;
        let crc = Crc32::new().update(&header[..8]).value();
        let mut cursor = ReadCursor::new(&header);
        let mut word = || cursor.u32().unwrap_or(0);
        let (magic, generation, stated) = (word(), word(), word());
        Ok((magic == MAGIC && stated == crc).then_some(generation))
    }

    fn address(&self, sector: u16) -> u32 {
        self.sector_len.saturating_mul(sector.into())
    }
}

const fn record_len(len: u32) -> u32 {
    RECORD_HEADER + len.next_multiple_of(4)
}

fn checksum(kind: u8, len: u8, payload: &[u8]) -> [u8; 2] {
    Crc16::new().update(&[kind, len]).update(payload).value().to_le_bytes()
}
