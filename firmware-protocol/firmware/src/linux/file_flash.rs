//! The memory for steps, in a file. A killed program loses nothing; that the computer's own power fails is not
//! provided for.

use std::{
    fs::{File, OpenOptions},
    io,
    os::unix::fs::FileExt,
    path::Path,
    vec,
};

use firmware_protocol::steplog::device::{Flash, FlashError};

const SECTOR_LEN: u32 = 4096;

/// A file that behaves like NOR flash.
#[derive(Debug)]
pub struct FileFlash {
    file: File,
    sectors: u16,
}

impl FileFlash {
    /// The memory in this file, made with so many sectors of 4096 bytes when it is new.
    pub fn open(path: &Path, sectors: u16) -> io::Result<Self> {
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        let mut flash = Self { file, sectors };
        let length = flash.file.metadata()?.len();
        if length == 0 {
            for sector in 0..sectors {
                flash.fill(sector)?;
            }
        } else {
            flash.sectors = u16::try_from(length / u64::from(SECTOR_LEN)).unwrap_or(u16::MAX);
        }
        Ok(flash)
    }

    /// A new memory that is gone when it is closed.
    pub fn scratch(sectors: u16) -> io::Result<Self> {
        let path = std::env::temp_dir().join(std::format!("step-counter-{}.flash", std::process::id()));
        let flash = Self::open(&path, sectors)?;
        std::fs::remove_file(path)?;
        Ok(flash)
    }

    fn fill(&mut self, sector: u16) -> io::Result<()> {
        let erased = vec![0xFF; SECTOR_LEN as usize];
        self.file.write_all_at(&erased, u64::from(sector) * u64::from(SECTOR_LEN))
    }

    fn check(&self, at: u32, len: usize) -> Result<(), FlashError> {
        let end = u64::from(at) + u64::try_from(len).unwrap_or(u64::MAX);
        if end > u64::from(self.sectors) * u64::from(SECTOR_LEN) { Err(FlashError::BadAddress) } else { Ok(()) }
    }
}

impl Flash for FileFlash {
    fn sector_len(&self) -> u32 {
        SECTOR_LEN
    }

    fn sectors(&self) -> u16 {
        self.sectors
    }

    fn read(&mut self, at: u32, into: &mut [u8]) -> Result<(), FlashError> {
        self.check(at, into.len())?;
        self.file.read_exact_at(into, at.into()).map_err(|_| FlashError::Failed)
    }

    fn write(&mut self, at: u32, bytes: &[u8]) -> Result<(), FlashError> {
        self.check(at, bytes.len())?;
        let mut before = vec![0; bytes.len()];
        self.read(at, &mut before)?;
        if before.iter().any(|byte| *byte != 0xFF) {
            return Err(FlashError::NotErased);
        }
        self.file.write_all_at(bytes, at.into()).map_err(|_| FlashError::Failed)
    }

    fn erase(&mut self, sector: u16) -> Result<(), FlashError> {
        if sector >= self.sectors {
            return Err(FlashError::BadAddress);
        }
        self.fill(sector).map_err(|_| FlashError::Failed)
    }
}
