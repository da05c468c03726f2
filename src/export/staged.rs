//! Files written beside their place and renamed into it, so that a reader meets the old file or the new one and never
//! half of one.

use std::{
    fs::{self, File},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

use sha2::{Digest, Sha256};

/// Why an export was not written, or not whole.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// Nothing was put in its place.
    #[error(
        "{path} could not be written; the files that stood in the folder are as they were. Make room or choose another \
         folder, and export again"
    )]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Some files may be in their places and others not.
    #[error(
        "{path} could not be put in its place; of the files in the folder some may be new and others as they \
         were. Look who may write there, or choose another folder, and export again"
    )]
    Place {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// What stands in the folder cannot be understood, so nothing was written.
    #[error("{path} could not be read; nothing was written. Remove it or choose another folder, and export again")]
    Read {
        /// The manifest.
        path: PathBuf,
        /// What is wrong with it.
        source: io::Error,
    },
    /// Another export writes into the folder.
    #[error("another export writes into {path}; nothing was written. Export again when it is done")]
    Busy {
        /// The folder.
        path: PathBuf,
    },
}

pub(super) fn at<T>(path: &Path, result: io::Result<T>) -> Result<T, ExportError> {
    result.map_err(|source| ExportError::Write { path: path.to_owned(), source })
}

/// Once files are being put in their places.
pub(super) fn placed<T>(path: &Path, result: io::Result<T>) -> Result<T, ExportError> {
    result.map_err(|source| ExportError::Place { path: path.to_owned(), source })
}

/// A rename lasts over a power cut only when the folder is synced; Windows has no such call.
pub(super) fn sync_dir(dir: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(dir)?.sync_all() } else { Ok(()) }
}

/// A file under way; gone again when it is not put in its place.
pub(super) struct Staged {
    file: Option<BufWriter<File>>,
    pub beside: PathBuf,
    place: PathBuf,
    hash: Sha256,
    bytes: u64,
}

/// A file that is whole and on disk, and not in its place yet.
pub(super) struct Sealed {
    beside: Option<PathBuf>,
    pub place: PathBuf,
    pub bytes: u64,
    /// Hexadecimal.
    pub sha256: String,
}

impl Staged {
    pub fn new(place: &Path) -> Result<Self, ExportError> {
        let name = place.file_name().unwrap_or_default().to_string_lossy();
        let beside = place.with_file_name(format!(".{name}.{}.part", std::process::id()));
        let file = BufWriter::new(at(&beside, File::create(&beside))?);
        Ok(Self { file: Some(file), beside, place: place.to_owned(), hash: Sha256::new(), bytes: 0 })
    }

    /// A whole file of this text.
    pub fn of(place: &Path, text: &str) -> Result<Sealed, ExportError> {
        let mut staged = Self::new(place)?;
        at(&staged.beside.clone(), staged.write_all(text.as_bytes()))?;
        staged.seal()
    }

    pub fn seal(mut self) -> Result<Sealed, ExportError> {
        if let Some(file) = &mut self.file {
            at(&self.beside, file.flush().and_then(|()| file.get_ref().sync_all()))?;
        }
        self.file = None;
        Ok(Sealed {
            beside: Some(std::mem::take(&mut self.beside)),
            place: std::mem::take(&mut self.place),
            bytes: self.bytes,
            sha256: hex(&std::mem::take(&mut self.hash).finalize()),
        })
    }
}

impl Write for Staged {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Some(file) = &mut self.file {
            file.write_all(bytes)?;
        }
        self.hash.update(bytes);
        self.bytes += u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.as_mut().map_or(Ok(()), Write::flush)
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        if let Some(file) = self.file.take() {
            // What is still in its buffer would be written on dropping it.
            drop(file.into_parts());
            // Half a file is worth nothing; when it cannot be removed either, its name says what it is.
            drop(fs::remove_file(&self.beside));
        }
    }
}

impl Sealed {
    pub fn put_in_place(mut self) -> Result<PathBuf, ExportError> {
        if let Some(beside) = &self.beside {
            placed(&self.place, fs::rename(beside, &self.place))?;
        }
        self.beside = None;
        Ok(std::mem::take(&mut self.place))
    }
}

impl Drop for Sealed {
    fn drop(&mut self) {
        if let Some(beside) = self.beside.take() {
            drop(fs::remove_file(beside));
        }
    }
}

pub(super) fn hex(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect()
}
