//! The simulated counter's flash: in memory, or in a file that outlives the process as a real
//! counter's flash outlives the host.

use std::{
    fs::{File, OpenOptions},
    io,
    os::unix::fs::{FileExt as _, OpenOptionsExt as _},
    path::Path,
};

use firmware_protocol::steplog::device::{Flash, FlashError};

/// Bytes of one erase unit; usual for NOR flash beside a Bluetooth chip.
pub const SECTOR_LEN: u32 = 4096;

/// Flash of a simulated counter.
pub struct SimFlash {
    sectors: u16,
    medium: Medium,
}

enum Medium {
    Memory(Vec<u8>),
    File(File),
}

impl SimFlash {
    /// Erased flash in memory.
    pub fn in_memory(sectors: u16) -> Self {
        let len = usize::from(sectors) * usize::try_from(SECTOR_LEN).unwrap_or(0);
        Self { sectors, medium: Medium::Memory(vec![0xff; len]) }
    }

    /// New, erased flash in a file, taking the place of whatever was there.
    ///
    /// # Errors
    /// When the file cannot be made.
    pub fn new_file(path: &Path, sectors: u16) -> io::Result<Self> {
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(true).mode(0o600).open(path)?;
        let len = usize::from(sectors) * usize::try_from(SECTOR_LEN).unwrap_or(0);
        file.write_all_at(&vec![0xff; len], 0)?;
        Ok(Self { sectors, medium: Medium::File(file) })
    }

    /// The flash that an earlier process left in a file.
    ///
    /// # Errors
    /// When the file is not there, or is no whole number of sectors long.
    pub fn in_file(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().read(true).write(true).open(path)?;
        let len = file.metadata()?.len();
        let whole = len.is_multiple_of(u64::from(SECTOR_LEN)) && len > 0;
        match u16::try_from(len / u64::from(SECTOR_LEN)) {
            Ok(sectors) if whole => Ok(Self { sectors, medium: Medium::File(file) }),
            _ => Err(io::Error::new(io::ErrorKind::InvalidData, "not a whole number of sectors")),
        }
    }
}

impl Flash for SimFlash {
    fn sector_len(&self) -> u32 {
        SECTOR_LEN
    }

    fn sectors(&self) -> u16 {
        self.sectors
    }

    fn read(&mut self, at: u32, into: &mut [u8]) -> Result<(), FlashError> {
        match &mut self.medium {
            Medium::Memory(bytes) => into.copy_from_slice(part(bytes, at, into.len())?),
            Medium::File(file) => file.read_exact_at(into, at.into()).map_err(|_| FlashError::Failed)?,
        }
        Ok(())
    }

    fn write(&mut self, at: u32, bytes: &[u8]) -> Result<(), FlashError> {
        let mut now = vec![0; bytes.len()];
        self.read(at, &mut now)?;
        // NOR flash: writing only clears bits.
        for (cell, new) in now.iter_mut().zip(bytes) {
            *cell &= new;
        }
        match &mut self.medium {
            Medium::Memory(all) => part(all, at, bytes.len())?.copy_from_slice(&now),
            Medium::File(file) => file.write_all_at(&now, at.into()).map_err(|_| FlashError::Failed)?,
        }
        Ok(())
    }

    fn erase(&mut self, sector: u16) -> Result<(), FlashError> {
        let len = usize::try_from(SECTOR_LEN).unwrap_or(0);
        let at = u32::from(sector) * SECTOR_LEN;
        match &mut self.medium {
            Medium::Memory(all) => part(all, at, len)?.fill(0xff),
            Medium::File(file) => file.write_all_at(&vec![0xff; len], at.into()).map_err(|_| FlashError::Failed)?,
        }
        Ok(())
    }
}

fn part(bytes: &mut [u8], at: u32, len: usize) -> Result<&mut [u8], FlashError> {
    let at = usize::try_from(at).map_err(|_| FlashError::Failed)?;
    bytes.get_mut(at..at.saturating_add(len)).ok_or(FlashError::BadAddress)
}
