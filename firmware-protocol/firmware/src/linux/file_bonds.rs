//! The memory for bonds: a file that only its owner can read, one bond after the other.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    vec::Vec,
};

use crate::bond::{BOND_LEN, Bond, Bonds};

/// Bonds in memory, and in a file if there is one.
#[derive(Debug, Default)]
pub struct FileBonds {
    path: Option<PathBuf>,
    bonds: Vec<Bond>,
}

impl FileBonds {
    /// Bonds that are forgotten when the program ends.
    pub fn in_memory() -> Self {
        Self::default()
    }

    /// The bonds in this file; none when there is no such file.
    pub fn open(path: &Path) -> io::Result<Self> {
        let bytes = match fs::read(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            other => other?,
        };
        let bonds = bytes.as_chunks::<BOND_LEN>().0.iter().map(|bytes| Bond(*bytes)).collect();
        Ok(Self { path: Some(path.to_path_buf()), bonds })
    }

    fn write(&self) -> io::Result<()> {
        let Some(path) = &self.path else { return Ok(()) };
        let beside = path.with_extension("new");
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
        for bond in &self.bonds {
            file.write_all(&bond.0)?;
        }
        file.sync_all()?;
        fs::rename(beside, path)
    }
}

impl Bonds for FileBonds {
    fn load(&mut self, place: usize) -> Option<Bond> {
        self.bonds.get(place).copied()
    }

    fn save(&mut self, bonds: &[Bond]) {
        self.bonds = bonds.to_vec();
        // The trait says what a failure means: the host pairs anew after the next start.
        self.write().ok();
    }
}
