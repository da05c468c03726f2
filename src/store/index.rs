//! The index: a `sled` 0.34.7 database that can be thrown away and built anew from the journal.
//!
//! `sled` may refuse to open, panic, or fail in the middle of a read when its files are damaged.
//! Every one of these becomes [`StoreError::Index`] here, and whoever owns the index builds it anew.

use std::{
    fs::{self, File},
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    time::Duration,
};

use super::{StoreError, files, format};

/// The most bytes that `sled` is asked to keep in memory.
const CACHE_BYTES: u64 = 2 << 20;
/// `sled` takes and frees the disk in pieces of this size. Its usual half a megabyte is more than a year of minutes needs.
const SEGMENT_BYTES: usize = 32 << 10;
/// What `sled` says when somebody else has its file.
const LOCKED: &str = "could not acquire lock";
const LOCK_TRIES: u32 = 200;
/// So many bytes are handed to `sled` at most before it is waited for. Each piece of [`SEGMENT_BYTES`] that fills up is
/// written by a thread of its pool of seven, and these wait for a lock which whoever begins the next piece may hold
/// while waiting for one more job of the pool, the shortening of the file: then everything stands still for ever. With
/// seven pieces unwritten that happened within minutes (the test below); two or three leave threads over.
const BYTES_BETWEEN_FLUSHES: usize = SEGMENT_BYTES;
/// `sled` uses memory in proportion to a batch: no larger ones.
pub const BATCH_KEYS: usize = 60;

/// Changes that belong together: under each key a new payload, or none to remove it.
pub type Changes = Vec<(Vec<u8>, Option<Vec<u8>>)>;

/// An open index.
pub struct Index {
    db: sled::Db,
    /// `sled` flushes without fsync; this second handle on its file does that.
    file: File,
    /// Bytes of keys and values since it was last waited for.
    unflushed: AtomicUsize,
    dir: PathBuf,
    /// As on a full disk.
    refuses: AtomicBool,
}

impl Index {
    /// Opens or makes the index in this folder. The caller has the data folder to itself.
    pub fn open(dir: &Path) -> Result<Self, StoreError> {
        files::private_dir(dir).map_err(|source| StoreError::Open { path: dir.to_owned(), source })?;
        remove_unfinished_snapshots(dir).map_err(StoreError::io("cleaning", dir))?;
        let config = sled::Config::new().path(dir).cache_capacity(CACHE_BYTES).segment_size(SEGMENT_BYTES);
        let config = config.flush_every_ms(None);
        let mut opened = guarded(|| config.open());
        for _ in 0..LOCK_TRIES {
            if !matches!(&opened, Err(StoreError::Index { what }) if what.contains(LOCKED)) {
                break;
            }
            // Threads of an index that was closed a moment ago: they say nothing when they are done.
            std::thread::park_timeout(Duration::from_millis(10));
            opened = guarded(|| config.open());
        }
        let file = File::open(dir.join("db")).map_err(StoreError::index);
        Ok(Self {
            db: opened?,
            file: file?,
            unflushed: AtomicUsize::new(0),
            dir: dir.to_owned(),
            refuses: AtomicBool::new(false),
        })
    }

    /// The payload under this key; [`StoreError::Damaged`] when something else lies there.
    pub fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        guarded(|| self.db.get(key))?.map(|value| opened(key, &value)).transpose()
    }

    /// All keys that begin like this, with their payloads, in order.
    pub fn prefix(&self, prefix: &[u8], each: &mut dyn FnMut(&[u8], Vec<u8>)) -> Result<(), StoreError> {
        self.walk(self.db_range(prefix, None)?, each)
    }

    /// All keys from `from` up to but not `to`, with their payloads, in order.
    pub fn range(&self, from: &[u8], to: &[u8], each: &mut dyn FnMut(&[u8], Vec<u8>)) -> Result<(), StoreError> {
        self.walk(self.db_range(from, Some(to))?, each)
    }

    /// The last key that begins with `prefix`.
    pub fn last(&self, prefix: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let found = guarded(|| self.db.scan_prefix(prefix).next_back().transpose())?;
        Ok(found.map(|(key, _)| key.to_vec()))
    }

    /// The first key that begins with `prefix`.
    pub fn first(&self, prefix: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let found = guarded(|| self.db.scan_prefix(prefix).next().transpose())?;
        Ok(found.map(|(key, _)| key.to_vec()))
    }

    /// All keys with their values as they lie there.
    pub fn raw(&self) -> impl Iterator<Item = Result<(Vec<u8>, Vec<u8>), StoreError>> {
        let mut iter = self.db.iter();
        std::iter::from_fn(move || match guarded(|| iter.next().transpose()) {
            Ok(found) => found.map(|(key, value)| Ok((key.to_vec(), value.to_vec()))),
            Err(error) => Some(Err(error)),
        })
    }

    /// Applies changes in batches. A batch is applied whole or not at all.
    pub fn apply(&self, changes: &Changes) -> Result<(), StoreError> {
        changes.chunks(BATCH_KEYS).try_for_each(|part| self.apply_at_once(part))
    }

    /// Applies changes as one batch, whole or not at all.
    pub fn apply_at_once(&self, changes: &[(Vec<u8>, Option<Vec<u8>>)]) -> Result<(), StoreError> {
        if self.refuses.load(Ordering::Relaxed) {
            return Err(StoreError::Full { path: PathBuf::from("the index") });
        }
        let mut batch = sled::Batch::default();
        let mut bytes = 0;
        for (key, payload) in changes {
            bytes += key.len();
            match payload {
                Some(payload) => {
                    bytes += payload.len();
                    batch.insert(key.as_slice(), format::seal(key, payload));
                }
                None => batch.remove(key.as_slice()),
            }
        }
        guarded(|| self.db.apply_batch(batch))?;
        let unflushed = self.unflushed.fetch_add(bytes, Ordering::Relaxed).saturating_add(bytes);
        if unflushed < BYTES_BETWEEN_FLUSHES { Ok(()) } else { self.flush() }
    }

    /// Hands everything applied so far to the system: safe from a kill, not from a power cut.
    pub fn flush(&self) -> Result<(), StoreError> {
        self.unflushed.store(0, Ordering::Relaxed);
        guarded(|| self.db.flush()).map(drop)
    }

    /// Returns when everything applied so far is on disk.
    pub fn sync(&self) -> Result<(), StoreError> {
        self.flush()?;
        self.file.sync_all().map_err(StoreError::io("writing", &self.dir))
    }

    /// Lets nothing be written, or lets it again.
    pub fn refuse_writes(&self, refuse: bool) {
        self.refuses.store(refuse, Ordering::Relaxed);
    }

    /// Bytes on disk.
    pub fn size(&self) -> u64 {
        files::size_below(&self.dir)
    }

    fn db_range(&self, from: &[u8], to: Option<&[u8]>) -> Result<sled::Iter, StoreError> {
        guarded(|| {
            Ok(match to {
                Some(to) => self.db.range(from..to.max(from)),
                None => self.db.scan_prefix(from),
            })
        })
    }

    #[expect(clippy::unused_self, reason = "the iterator borrows nothing, but lives no longer than its database")]
    fn walk(&self, mut iter: sled::Iter, each: &mut dyn FnMut(&[u8], Vec<u8>)) -> Result<(), StoreError> {
        while let Some((key, value)) = guarded(|| iter.next().transpose())? {
            each(&key, opened(&key, &value)?);
        }
        Ok(())
    }
}

fn opened(key: &[u8], value: &[u8]) -> Result<Vec<u8>, StoreError> {
    let kind = key.first().map_or('?', |kind| char::from(*kind));
    let payload =
        format::unseal(key, value).ok_or_else(|| StoreError::damaged(format!("an index value of kind {kind}")))?;
    Ok(payload.to_vec())
}

/// A full disk stays a full disk; every other failure, and every panic, is the index's.
fn guarded<T>(work: impl FnOnce() -> sled::Result<T>) -> Result<T, StoreError> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(sled::Error::Io(error))) if super::error::is_full(&error) => {
            Err(StoreError::Full { path: PathBuf::from("the index") })
        }
        Ok(Err(error)) => Err(StoreError::index(error)),
        Err(panic) => {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("it panicked");
            Err(StoreError::index(text.chars().take(200).collect::<String>()))
        }
    }
}

/// After a kill while it was opening, `sled` takes a half-written snapshot for the newest one and
/// refuses to open ever after (spacejam/sled#1527). The one before is still there.
fn remove_unfinished_snapshots(dir: &Path) -> std::io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.starts_with("snap.") && name.ends_with(".generating") {
            fs::remove_file(&path)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    /// Chance and a busy disk decide: without the wait, four programs that wrote so side by side all stood still within
    /// 240,000 changes; with it none of twelve did. `BRISK_INDEX_ROUNDS` makes it longer.
    #[test]
    fn an_index_that_grows_and_shrinks_for_long_never_stands_still() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().to_owned();
        let rounds = std::env::var("BRISK_INDEX_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(60);
        // Half a second a round is more than a slow disk takes.
        let patience = Duration::from_millis(30_000 + 500 * rounds);
        let (done, waiting) = mpsc::channel();
        std::thread::spawn(move || {
            let index = Index::open(&path).unwrap();
            let mut chance = fastrand::Rng::with_seed(7);
            for round in 0..rounds {
                for _ in 0..chance.usize(100..1000) {
                    let key =
                        format::all(format::Kind::Day).into_iter().chain(chance.u16(0..1500).to_be_bytes()).collect();
                    let value = (round % 4 != 3).then(|| vec![1; chance.usize(200..2200)]);
                    index.apply_at_once(&[(key, value)]).unwrap();
                }
                if round % 4 == 3 {
                    let all = (0..1500_u16).map(|n| {
                        let key = format::all(format::Kind::Day).into_iter().chain(n.to_be_bytes()).collect();
                        (key, None)
                    });
                    index.apply(&all.collect()).unwrap();
                }
            }
            done.send(()).unwrap();
        });
        assert_eq!(waiting.recv_timeout(patience), Ok(()), "sled stands still");
    }
}
