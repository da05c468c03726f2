//! A journal written anew into another folder, without some of its records. Those that stay keep their numbers.

use std::{
    fs::{self, File},
    io,
    path::Path,
};

use super::{Journal, Record, Stream};
use crate::store::{
    StoreError, files,
    record::{self, Found, Scan},
};

/// What becomes of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It stays, byte for byte.
    Stays,
    /// It holds this from now on.
    Becomes(Vec<u8>),
    /// It is left out.
    Goes,
}

impl Journal {
    /// Writes a stream anew below `to` and syncs it. Bytes that are no record are left out: nobody can say whose they are.
    pub fn rewrite(
        &self,
        stream: Stream,
        to: &Path,
        fate: &mut dyn FnMut(Record<'_>) -> Result<Fate, StoreError>,
    ) -> Result<(), StoreError> {
        let Some(files) = self.streams.get(&stream) else { return Ok(()) };
        let name = stream.name();
        let folder = to.join(&name);
        files::private_dir(&folder).map_err(StoreError::io("making", &folder))?;
        for (path, _) in files.from(0) {
            let target = folder.join(path.file_name().unwrap_or_default());
            let (mut scan, host) = Scan::open(path, &name).map_err(StoreError::io("reading", path))?;
            let mut out: Option<File> = None;
            loop {
                let (ordinal, payload) = match scan.next().map_err(StoreError::io("reading", path))? {
                    Found::Record { ordinal, payload, .. } => (ordinal, payload),
                    Found::Damage { .. } | Found::Tail { .. } => continue,
                    Found::End => break,
                };
                let payload = match fate(Record { ordinal, payload: &payload })? {
                    Fate::Goes => continue,
                    Fate::Stays => payload,
                    Fate::Becomes(other) => other,
                };
                let bytes = record::emit(ordinal, &payload).ok_or(StoreError::TooLarge { bytes: payload.len() })?;
                let failed = || StoreError::io("writing", &target);
                let file = match &mut out {
                    Some(file) => file,
                    none => {
                        let file = files::private_file().write(true).create_new(true).open(&target);
                        let file = none.insert(file.map_err(failed())?);
                        let header = record::emit_header(&name, host.unwrap_or(self.host));
                        self.limit.write(file, &header).map_err(failed())?;
                        file
                    }
                };
                self.limit.write(file, &bytes).map_err(failed())?;
            }
            if let Some(file) = out {
                file.sync_all().map_err(StoreError::io("writing", &target))?;
            }
        }
        files::sync_dir(&folder).map_err(StoreError::io("writing", &folder))
    }

    /// Puts a stream below `to` as it is: its files get a second name there, or are copied where the disk has no such thing.
    pub fn link(&self, stream: Stream, to: &Path) -> Result<(), StoreError> {
        let Some(files) = self.streams.get(&stream) else { return Ok(()) };
        let folder = to.join(stream.name());
        files::private_dir(&folder).map_err(StoreError::io("making", &folder))?;
        for (path, _) in files.from(0) {
            let target = folder.join(path.file_name().unwrap_or_default());
            let linked = fs::hard_link(path, &target).or_else(|_| copy(path, &target));
            linked.map_err(StoreError::io("writing", &target))?;
        }
        files::sync_dir(&folder).map_err(StoreError::io("writing", &folder))
    }

    /// The next record of a stream gets this number, when it would get a lower one: numbers are never used again.
    pub fn go_on_at(&mut self, stream: Stream, next: u32) {
        if let Some(files) = self.streams.get_mut(&stream) {
            files.next = files.next.max(next);
        }
    }

    /// The same journal after its folder was renamed.
    #[must_use]
    pub fn moved_to(mut self, dir: &Path) -> Self {
        for (stream, files) in &mut self.streams {
            files.moved_to(&dir.join(stream.name()));
        }
        dir.clone_into(&mut self.dir);
        self
    }
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    let mut out = files::private_file().write(true).create_new(true).open(to)?;
    io::copy(&mut File::open(from)?, &mut out)?;
    out.sync_all()
}
