//! One process owns the data folder. Who that is stands in the lock file, for those who come second.

use std::{
    fmt,
    fs::{File, TryLockError},
    io::{self, Read, Seek, Write},
    path::{Path, PathBuf},
    time::Duration,
};

use serde::{Deserialize, Serialize};

use super::{StoreError, files};

const NAME: &str = "brisk.lock";

/// Who has the data folder.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// Process number; none when it could not be read.
    pub pid: Option<u32>,
    /// Where that process can be spoken to, once it listens.
    pub socket: Option<PathBuf>,
}

impl fmt::Display for Holder {
    /// To stand behind "another Brisk".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.pid.map_or(Ok(()), |pid| write!(f, " (process {pid})"))
    }
}

/// The lock, held until dropped or until the process ends in whatever way.
#[derive(Debug)]
pub struct Lock {
    file: File,
    path: PathBuf,
}

impl Lock {
    /// Takes the lock of a data folder that exists.
    pub fn take(dir: &Path) -> Result<Self, StoreError> {
        let path = dir.join(NAME);
        let opened = files::private_file().read(true).write(true).create(true).truncate(false).open(&path);
        let file = opened.map_err(|source| StoreError::Open { path: path.clone(), source })?;
        // A client that looks at the lock holds it for a moment: ask more than once.
        for _ in 0..50 {
            match file.try_lock() {
                Ok(()) => {
                    let mut lock = Self { file, path };
                    lock.write(&Holder { pid: Some(std::process::id()), socket: None })?;
                    return Ok(lock);
                }
                Err(TryLockError::WouldBlock) => std::thread::park_timeout(Duration::from_millis(2)),
                Err(TryLockError::Error(source)) => return Err(StoreError::Open { path, source }),
            }
        }
        Err(StoreError::InUse { dir: dir.to_owned(), holder: read(&file).unwrap_or_default() })
    }

    /// Says where the owner can be spoken to.
    pub fn set_socket(&mut self, socket: Option<&Path>) -> Result<(), StoreError> {
        self.write(&Holder { pid: Some(std::process::id()), socket: socket.map(Path::to_owned) })
    }

    fn write(&mut self, holder: &Holder) -> Result<(), StoreError> {
        let failed = |source| StoreError::io("writing", &self.path)(source);
        let text = serde_json::to_vec(holder).map_err(|error| failed(error.into()))?;
        let mut file = &self.file;
        file.set_len(0).and_then(|()| file.rewind()).and_then(|()| file.write_all(&text)).map_err(failed)
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Closing is not enough while a process that was just started still has a copy of the handle.
        if let Err(error) = self.file.unlock() {
            tracing::debug!(%error, "the lock goes when the process ends");
        }
    }
}

/// Who has the data folder now; none when nobody does. Takes nothing.
pub fn holder(dir: &Path) -> Option<Holder> {
    let file = File::open(dir.join(NAME)).ok()?;
    match file.try_lock_shared() {
        Ok(()) => None,
        Err(TryLockError::WouldBlock | TryLockError::Error(_)) => Some(read(&file).unwrap_or_default()),
    }
}

fn read(mut file: &File) -> io::Result<Holder> {
    let mut text = String::new();
    file.rewind()?;
    file.take(4096).read_to_string(&mut text)?;
    Ok(serde_json::from_str(&text)?)
}
