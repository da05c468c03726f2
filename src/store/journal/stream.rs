//! The files of one stream: appending to the newest, and cutting off what a power cut left torn.

use std::{
    fs::{self, File},
    io::{self, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

use super::{DamagedSpan, Torn};
use crate::store::{
    StoreError, files,
    record::{self, Found, Scan},
};

/// One journal file by its name.
#[derive(Clone, Debug)]
pub struct JournalFile {
    pub path: PathBuf,
    first: u32,
    month: String,
    /// Bytes that hold whole records.
    length: u64,
}

/// Where a record was written.
#[derive(Clone, Debug)]
pub struct Written {
    /// Its number.
    pub ordinal: u32,
    path: PathBuf,
    offset: u64,
    bytes: Vec<u8>,
}

impl Written {
    /// Reads the record back and says whether it is what was written.
    pub fn read_back(&self) -> Result<bool, StoreError> {
        let mut found = vec![0; self.bytes.len()];
        let read = File::open(&self.path).and_then(|mut file| {
            file.seek(SeekFrom::Start(self.offset))?;
            file.read_exact(&mut found)
        });
        read.map_err(StoreError::io("reading", &self.path))?;
        Ok(found == self.bytes)
    }
}

/// How many bytes may still be written: a stand-in for a disk that is getting full.
#[derive(Debug)]
pub struct WriteLimit(AtomicU64);

impl Default for WriteLimit {
    fn default() -> Self {
        Self(AtomicU64::new(u64::MAX))
    }
}

impl WriteLimit {
    pub fn set(&self, bytes: Option<u64>) {
        self.0.store(bytes.unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    pub fn write(&self, file: &mut File, bytes: &[u8]) -> io::Result<()> {
        let left = self.0.load(Ordering::Relaxed);
        if left == u64::MAX {
            return file.write_all(bytes);
        }
        let fits = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
        file.write_all(&bytes[..fits])?;
        self.0.store(left - fits as u64, Ordering::Relaxed);
        if fits < bytes.len() { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
    }
}

/// The files of one stream, oldest first.
#[derive(Debug)]
pub struct StreamFiles {
    dir: PathBuf,
    files: Vec<JournalFile>,
    /// Number of the next record.
    pub next: u32,
    /// The newest file, once it was written to.
    open: Option<File>,
    /// A write failed and could not be taken back: cut the newest file before writing again.
    needs_cut: bool,
}

impl StreamFiles {
    pub fn empty(dir: &Path) -> Self {
        Self { dir: dir.to_owned(), files: Vec::new(), next: 0, open: None, needs_cut: false }
    }

    pub fn open(
        dir: &Path,
        stream: &str,
        torn: &mut Vec<Torn>,
        damaged: &mut Vec<DamagedSpan>,
    ) -> Result<Self, StoreError> {
        let files = list(dir).map_err(StoreError::io("reading", dir))?;
        let mut this = Self { files, ..Self::empty(dir) };
        while let Some(newest) = this.files.last() {
            let (path, first) = (newest.path.clone(), newest.first);
            let failed = || StoreError::io("reading", &path);
            let (mut scan, host) = Scan::open(&path, stream).map_err(failed())?;
            let (mut last, mut end) = (None, if host.is_some() { scan.offset() } else { 0 });
            loop {
                match scan.next().map_err(failed())? {
                    Found::Record { ordinal, .. } => (last, end) = (Some(ordinal), scan.offset()),
                    Found::Damage { offset, bytes } => {
                        damaged.push(DamagedSpan { path: path.clone(), offset, bytes });
                    }
                    Found::Tail { bytes, .. } => torn.push(cut(&path, stream, end, bytes)?),
                    Found::End => break,
                }
            }
            if let Some(newest) = this.files.last_mut() {
                newest.length = end;
            }
            if end > 0 {
                this.next = last.map_or(first, |last| last.saturating_add(1));
                return Ok(this);
            }
            // Not even its header had been written.
            fs::remove_file(&path).map_err(failed())?;
            this.files.pop();
        }
        Ok(this)
    }

    /// The files that can hold records from this number on, with their lengths.
    pub fn from(&self, ordinal: u32) -> impl Iterator<Item = (&Path, u64)> {
        let after = self.files.partition_point(|file| file.first <= ordinal);
        self.files[after.saturating_sub(1)..].iter().map(|file| (file.path.as_path(), file.length))
    }

    /// Where the file after that one begins.
    pub fn next_file(&self, ordinal: u32) -> Option<u32> {
        self.files.get(self.files.partition_point(|file| file.first <= ordinal)).map(|file| file.first)
    }

    pub fn append(
        &mut self,
        header: &[u8],
        month: &str,
        payload: &[u8],
        limit: &WriteLimit,
    ) -> Result<Written, StoreError> {
        let bytes = record::emit(self.next, payload).ok_or(StoreError::TooLarge { bytes: payload.len() })?;
        self.cut_again()?;
        if self.files.last().is_none_or(|newest| newest.month != month) {
            self.start_file(header, month, limit)?;
        }
        let newest = self.files.last_mut().expect("started above when there was none");
        let failed = || StoreError::io("writing", &newest.path);
        if self.open.is_none() {
            let mut file = files::private_file().write(true).open(&newest.path).map_err(failed())?;
            file.seek(SeekFrom::Start(newest.length)).map_err(failed())?;
            self.open = Some(file);
        }
        let file = self.open.as_mut().expect("opened above");
        if let Err(error) = limit.write(file, &bytes).and_then(|()| file.sync_data()) {
            let path = newest.path.clone();
            self.needs_cut = true;
            // When the disk refuses this too, it is done before the next append, or at the next start.
            let taken_back = self.cut_again();
            if let Err(cut_error) = taken_back {
                tracing::warn!(error = %cut_error, "an unfinished record stays at the end of the journal for now");
            }
            return Err(StoreError::io("writing", &path)(error));
        }
        let written = Written { ordinal: self.next, path: newest.path.clone(), offset: newest.length, bytes };
        newest.length += written.bytes.len() as u64;
        self.next += 1;
        Ok(written)
    }

    /// The folder has another name now.
    pub fn moved_to(&mut self, dir: &Path) {
        self.open = None;
        for file in &mut self.files {
            file.path = dir.join(file.path.file_name().unwrap_or_default());
        }
        dir.clone_into(&mut self.dir);
    }

    fn cut_again(&mut self) -> Result<(), StoreError> {
        let Some(newest) = self.files.last().filter(|_| self.needs_cut) else { return Ok(()) };
        self.open = None;
        let file = files::private_file().write(true).open(&newest.path);
        let cut = file.and_then(|file| file.set_len(newest.length).and_then(|()| file.sync_all()));
        cut.map_err(StoreError::io("writing", &newest.path))?;
        self.needs_cut = false;
        Ok(())
    }

    fn start_file(&mut self, header: &[u8], month: &str, limit: &WriteLimit) -> Result<(), StoreError> {
        // A file in which nothing could be written would have the same number as the new one.
        if let Some(empty) = self.files.pop_if(|newest| newest.first == self.next) {
            self.open = None;
            fs::remove_file(&empty.path).map_err(StoreError::io("removing", &empty.path))?;
        }
        let path = self.dir.join(format!("{:010}-{month}.brj", self.next));
        let made = files::private_file().write(true).create(true).truncate(true).open(&path).and_then(|mut file| {
            limit.write(&mut file, header)?;
            file.sync_all()?;
            files::sync_dir(&self.dir)
        });
        if let Err(error) = made {
            // A file without records is passed over when it cannot be removed either.
            if let Err(left) = fs::remove_file(&path) {
                tracing::warn!(error = %left, "an empty journal file stays behind");
            }
            return Err(StoreError::io("writing", &path)(error));
        }
        self.open = None;
        let length = header.len() as u64;
        self.files.push(JournalFile { path, first: self.next, month: month.to_owned(), length });
        Ok(())
    }
}

/// The journal files of a folder in the order of their records.
pub fn list(dir: &Path) -> io::Result<Vec<JournalFile>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let name = entry.file_name();
        let parts = name.to_str().and_then(|name| name.strip_suffix(".brj")).and_then(|stem| stem.split_once('-'));
        if let Some((Ok(first), month)) = parts.map(|(first, month)| (first.parse(), month.to_owned())) {
            let length = entry.metadata()?.len();
            files.push(JournalFile { path: entry.path(), first, month, length });
        }
    }
    files.sort_by(|a, b| (a.first, &a.month).cmp(&(b.first, &b.month)));
    Ok(files)
}

/// Cuts the file off at `end`, after its `bytes` torn bytes were copied aside.
fn cut(path: &Path, stream: &str, end: u64, bytes: u64) -> Result<Torn, StoreError> {
    let failed = || StoreError::io("repairing", path);
    let aside = path.ancestors().nth(2).unwrap_or(path).join("torn");
    files::private_dir(&aside).map_err(failed())?;
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let name = |n: u32| aside.join(format!("{stream}-{stem}-{end}-{n}.bin"));
    let mut number = 0;
    while name(number).exists() {
        number += 1;
    }
    let kept_in = name(number);

    let mut tail = Vec::new();
    let mut file = files::private_file().read(true).write(true).open(path).map_err(failed())?;
    file.seek(SeekFrom::Start(end)).map_err(failed())?;
    file.read_to_end(&mut tail).map_err(failed())?;
    files::replace(&kept_in, &tail).map_err(failed())?;
    file.set_len(end).and_then(|()| file.sync_all()).map_err(failed())?;
    Ok(Torn { path: path.to_owned(), bytes, kept_in })
}
