//! A NOR flash in RAM, for simulators and tests: strict about what real flash forbids, and with a
//! power supply that can be cut in the middle of a write.

use alloc::{vec, vec::Vec};

use super::device::{Flash, FlashError};

/// See the module.
#[derive(Clone, Debug)]
pub struct RamFlash {
    bytes: Vec<u8>,
    sector_len: u32,
    budget: Option<u64>,
    erases: u64,
    written: u64,
}

impl RamFlash {
    /// An erased memory. A sector is at most 64 KiB.
    pub fn new(sectors: u16, sector_len: u16) -> Self {
        let length = usize::from(sectors) * usize::from(sector_len);
        Self { bytes: vec![0xFF; length], sector_len: sector_len.into(), budget: None, erases: 0, written: 0 }
    }

    /// A memory with this content, cut into sectors of this length.
    pub fn from_bytes(bytes: Vec<u8>, sector_len: u16) -> Self {
        Self { bytes, sector_len: sector_len.into(), budget: None, erases: 0, written: 0 }
    }

    /// All of it.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// All of it, to damage.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.bytes
    }

    /// Cuts the power after so many more bytes written (an erase costs four): the write under way
    /// stops there and everything after it fails. `None` is mains power.
    pub fn cut_power_after(&mut self, bytes: Option<u64>) {
        self.budget = bytes;
    }

    /// Whether the power was cut.
    pub fn is_dead(&self) -> bool {
        self.budget == Some(0)
    }

    /// Sectors erased so far.
    pub fn erases(&self) -> u64 {
        self.erases
    }

    /// Bytes written so far.
    pub fn written(&self) -> u64 {
        self.written
    }

    fn range(&self, at: u32, length: usize) -> Result<core::ops::Range<usize>, FlashError> {
        let start = usize::try_from(at).map_err(|_| FlashError::BadAddress)?;
        let end = start.checked_add(length).ok_or(FlashError::BadAddress)?;
        if end > self.bytes.len() { Err(FlashError::BadAddress) } else { Ok(start..end) }
    }

    /// How much of `wanted` the power lasts for.
    fn spend(&mut self, wanted: u64) -> u64 {
        let Some(left) = self.budget else { return wanted };
        let spent = wanted.min(left);
        self.budget = Some(left - spent);
        spent
    }
}

impl Flash for RamFlash {
    fn sector_len(&self) -> u32 {
        self.sector_len
    }

    fn sectors(&self) -> u16 {
        let sector_len = usize::try_from(self.sector_len).unwrap_or(usize::MAX).max(1);
        u16::try_from(self.bytes.len() / sector_len).unwrap_or(u16::MAX)
    }

    fn read(&mut self, at: u32, into: &mut [u8]) -> Result<(), FlashError> {
        let range = self.range(at, into.len())?;
        into.copy_from_slice(self.bytes.get(range).ok_or(FlashError::BadAddress)?);
        Ok(())
    }

    fn write(&mut self, at: u32, bytes: &[u8]) -> Result<(), FlashError> {
        if !at.is_multiple_of(4) || !bytes.len().is_multiple_of(4) {
            return Err(FlashError::BadAddress);
        }
        let range = self.range(at, bytes.len())?;
        let wanted = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        let spent = self.spend(wanted);
        let room = self.bytes.get_mut(range).ok_or(FlashError::BadAddress)?;
        if room.iter().zip(bytes).any(|(old, new)| !old & new != 0) {
            return Err(FlashError::NotErased);
        }
        for (place, byte) in room.iter_mut().zip(bytes).take(usize::try_from(spent).unwrap_or(usize::MAX)) {
            *place &= byte;
        }
        self.written += spent;
        if spent < wanted { Err(FlashError::Failed) } else { Ok(()) }
    }

    fn erase(&mut self, sector: u16) -> Result<(), FlashError> {
        let length = usize::try_from(self.sector_len).map_err(|_| FlashError::BadAddress)?;
        let range = self.range(self.sector_len.saturating_mul(sector.into()), length)?;
        let spent = self.spend(4);
        let room = self.bytes.get_mut(range).ok_or(FlashError::BadAddress)?;
        // An erase that is cut short leaves some bytes as they were.
        let done = length / 4 * usize::try_from(spent).unwrap_or(4);
        for place in room.iter_mut().take(done) {
            *place = 0xFF;
        }
        self.erases += 1;
        if spent < 4 { Err(FlashError::Failed) } else { Ok(()) }
    }
}
