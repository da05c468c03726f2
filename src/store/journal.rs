//! The truth: everything that ever happened, in order, in files that are only ever appended to.
//!
//! Each stream (one counter, the people, the days) has a folder; a file holds the records that were
//! written while the host's clock showed one month. A file's name begins with the number of its
//! first record, so that the order of names is the order of writing even where the clock was wrong.

mod rewrite;
mod stream;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use chrono::{DateTime, Utc};
use firmware_protocol::reading::{DeviceId, HostId};

use super::{
    StoreError, files,
    record::{self, Found, Scan},
};
pub use rewrite::Fate;
use stream::StreamFiles;
pub use stream::{WriteLimit, Written};

/// One series of records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stream {
    /// What one counter said.
    Counter(DeviceId),
    /// What people decided.
    People,
    /// Revisions of days.
    Days,
    /// What became of days at trial databases.
    Targets,
}

impl Stream {
    /// Name of its folder.
    pub fn name(self) -> String {
        match self {
            Self::Counter(device) => format!("counter-{device}"),
            Self::People => "people".to_owned(),
            Self::Days => "days".to_owned(),
            Self::Targets => "targets".to_owned(),
        }
    }

    fn parse(name: &str) -> Option<Self> {
        match name {
            "people" => Some(Self::People),
            "days" => Some(Self::Days),
            "targets" => Some(Self::Targets),
            _ => name.strip_prefix("counter-").and_then(crate::model::parse_device_id).map(Self::Counter),
        }
    }
}

/// The unfinished end of a file after a power cut, cut off and kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Torn {
    /// The journal file.
    pub path: PathBuf,
    /// How much was cut off.
    pub bytes: u64,
    /// Where those bytes are now.
    pub kept_in: PathBuf,
}

/// Bytes in the middle of a journal file that are no record. Everything around them is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DamagedSpan {
    /// The journal file.
    pub path: PathBuf,
    /// Where in it.
    pub offset: u64,
    /// How many bytes.
    pub bytes: u64,
}

/// A record as it is read.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    /// Its number in the stream.
    pub ordinal: u32,
    /// What it holds.
    pub payload: &'a [u8],
}

/// All streams of a data folder.
#[derive(Debug)]
pub struct Journal {
    dir: PathBuf,
    host: HostId,
    streams: BTreeMap<Stream, StreamFiles>,
    limit: WriteLimit,
}

impl Journal {
    /// Opens the journal: looks through the newest file of each stream and cuts torn ends off.
    pub fn open(dir: &Path, host: HostId) -> Result<(Self, Vec<Torn>, Vec<DamagedSpan>), StoreError> {
        let failed = |source| StoreError::Open { path: dir.to_owned(), source };
        files::private_dir(dir).map_err(failed)?;
        let (mut torn, mut damaged, mut streams) = (Vec::new(), Vec::new(), BTreeMap::new());
        for entry in fs::read_dir(dir).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            if let Some(stream) = entry.file_name().to_str().and_then(Stream::parse) {
                let opened = StreamFiles::open(&entry.path(), &stream.name(), &mut torn, &mut damaged)?;
                streams.insert(stream, opened);
            }
        }
        Ok((Self { dir: dir.to_owned(), host, streams, limit: WriteLimit::default() }, torn, damaged))
    }

    /// The host that made the newest file, for a data folder that lost its own note of it.
    pub fn host_of(dir: &Path) -> Option<HostId> {
        let folders = fs::read_dir(dir).ok()?.flatten();
        let files = folders.filter_map(|folder| {
            let stream = Stream::parse(folder.file_name().to_str()?)?.name();
            let newest = stream::list(&folder.path()).ok()?.pop()?;
            let changed = fs::metadata(&newest.path).ok()?.modified().ok()?;
            let host = Scan::open(&newest.path, &stream).ok()?.1?;
            Some((changed, host))
        });
        files.max().map(|(_, host)| host)
    }

    /// The streams there are.
    pub fn streams(&self) -> impl Iterator<Item = Stream> {
        self.streams.keys().copied()
    }

    /// Nothing was ever written.
    pub fn is_empty(&self) -> bool {
        self.streams.values().all(|files| files.next == 0)
    }

    /// Number of the newest record; none when there is none.
    pub fn last(&self, stream: Stream) -> Option<u32> {
        self.streams.get(&stream).and_then(|files| files.next.checked_sub(1))
    }

    /// Writes a record and returns when it is on disk. After an error the stream is as before.
    pub fn append(&mut self, stream: Stream, at: DateTime<Utc>, payload: &[u8]) -> Result<Written, StoreError> {
        let name = stream.name();
        let dir = self.dir.join(&name);
        if !self.streams.contains_key(&stream) {
            files::private_dir(&dir).map_err(StoreError::io("making", &dir))?;
            files::sync_dir(&self.dir).map_err(StoreError::io("making", &dir))?;
        }
        let files = self.streams.entry(stream).or_insert_with(|| StreamFiles::empty(&dir));
        files.append(&record::emit_header(&name, self.host), &at.format("%Y-%m").to_string(), payload, &self.limit)
    }

    /// Reads the stream's records from this number on, in order, in bounded memory.
    pub fn read(
        &self,
        stream: Stream,
        from: u32,
        each: &mut dyn FnMut(Record<'_>) -> Result<(), StoreError>,
    ) -> Result<Vec<DamagedSpan>, StoreError> {
        let mut damaged = Vec::new();
        let Some(files) = self.streams.get(&stream) else { return Ok(damaged) };
        for (path, _) in files.from(from) {
            read_file(path, stream, from, each, &mut damaged)?;
        }
        Ok(damaged)
    }

    /// Reads the records from this number on as far as one file goes; gives the number at which the next begins.
    pub fn read_one_file(
        &self,
        stream: Stream,
        from: u32,
        each: &mut dyn FnMut(Record<'_>) -> Result<(), StoreError>,
    ) -> Result<Option<u32>, StoreError> {
        let Some(files) = self.streams.get(&stream) else { return Ok(None) };
        if let Some((path, _)) = files.from(from).next() {
            read_file(path, stream, from, each, &mut Vec::new())?;
        }
        Ok(files.next_file(from))
    }

    /// Bytes of all files.
    pub fn size(&self) -> u64 {
        self.streams.keys().map(|stream| self.stream_size(*stream)).sum()
    }

    /// Bytes of one stream's files.
    pub fn stream_size(&self, stream: Stream) -> u64 {
        self.streams.get(&stream).map_or(0, |files| files.from(0).map(|(_, bytes)| bytes).sum())
    }

    /// Lets only so many more bytes be written, as on a full disk; `None` lifts the limit.
    pub fn limit_writes(&mut self, bytes: Option<u64>) {
        self.limit.set(bytes);
    }
}

fn read_file(
    path: &Path,
    stream: Stream,
    from: u32,
    each: &mut dyn FnMut(Record<'_>) -> Result<(), StoreError>,
    damaged: &mut Vec<DamagedSpan>,
) -> Result<(), StoreError> {
    let failed = || StoreError::io("reading", path);
    let (mut scan, _) = Scan::open(path, &stream.name()).map_err(failed())?;
    loop {
        match scan.next().map_err(failed())? {
            Found::Record { ordinal, payload, .. } if ordinal >= from => each(Record { ordinal, payload: &payload })?,
            Found::Record { .. } => {}
            Found::Damage { offset, bytes } | Found::Tail { offset, bytes } => {
                damaged.push(DamagedSpan { path: path.to_owned(), offset, bytes });
            }
            Found::End => return Ok(()),
        }
    }
}
