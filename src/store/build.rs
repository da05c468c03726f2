//! The index made anew from the journal, beside the old one, and put in its place.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    sync::{PoisonError, atomic::Ordering},
};

use firmware_protocol::reading::{DeviceId, HostId};
use serde::{Deserialize, Serialize};

use super::{
    Store, StoreError, Writer,
    chain::{self, Head, Link, RowHash},
    entry::{Entry, Noted},
    files,
    format::{self, Kind},
    index::{BATCH_KEYS, Changes, Index},
    journal::{DamagedSpan, Journal, Stream},
    passage,
    work::Work,
};
use crate::model::ParticipantId;

/// Where the index lies.
pub fn index_dir(data: &Path) -> PathBuf {
    data.join("index")
}

/// Hours that wait in memory before the days that are over are written.
const HOURS_WAITING: usize = 24 * 8;
/// How building the index anew went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RebuildReport {
    /// Records read.
    pub records: u64,
    /// Records that this version cannot read. They stay in the journal.
    pub unreadable: u64,
    /// Damage in the journal. Everything around it was read.
    pub damaged: Vec<DamagedSpan>,
}

/// Progress of long work: bytes done, bytes in all.
pub type Progress<'a> = &'a mut dyn FnMut(u64, u64);

/// What happens to the old index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// It is removed.
    No,
    /// It is damaged and kept for whoever wants to know why.
    Aside,
}

impl Store {
    /// Makes the index anew from the journal. Every hour is then marked as changed, and cached days are gone.
    pub fn rebuild(&self, progress: Progress<'_>) -> Result<RebuildReport, StoreError> {
        self.rebuild_index(&mut self.writer(), Keep::No, progress)
    }

    pub(super) fn rebuild_index(
        &self,
        writer: &mut Writer,
        keep: Keep,
        progress: Progress<'_>,
    ) -> Result<RebuildReport, StoreError> {
        let beside = self.dir.join("index.new");
        let report = build(&writer.journal, self.host, &beside, progress)?;
        let mut index = self.index.write().unwrap_or_else(PoisonError::into_inner);
        writer.works.clear();
        drop(index.take());
        put_in_place(&self.dir, &beside, keep).map_err(StoreError::io("replacing", &index_dir(&self.dir)))?;
        *index = Some(Index::open(&index_dir(&self.dir))?);
        self.behind.store(false, Ordering::Release);
        Ok(report)
    }
}

/// Renames the old index away and the new one to its place. A crash in between leaves one of them
/// under a name that [`super::open`] knows.
pub fn put_in_place(data: &Path, new: &Path, keep: Keep) -> io::Result<()> {
    let (index, old) = (index_dir(data), data.join("index.old"));
    if index.exists() {
        match keep {
            Keep::Aside => set_aside(data)?,
            Keep::No => fs::rename(&index, &old)?,
        }
    }
    fs::rename(new, &index)?;
    files::sync_dir(data)?;
    if old.exists() { fs::remove_dir_all(&old) } else { Ok(()) }
}

/// Moves a damaged index to the first free name `index.broken-N`; keeps the newest three.
pub fn set_aside(data: &Path) -> io::Result<()> {
    let name = |n: u32| data.join(format!("index.broken-{n}"));
    let mut number = 1;
    while name(number).exists() {
        number += 1;
    }
    if number > 3 {
        fs::remove_dir_all(name(1))?;
        for n in 2..number {
            fs::rename(name(n), name(n - 1))?;
        }
        number -= 1;
    }
    fs::rename(index_dir(data), name(number))
}

/// Makes an index from the journal in a folder of its own and closes it.
pub fn build(journal: &Journal, host: HostId, dir: &Path, progress: Progress<'_>) -> Result<RebuildReport, StoreError> {
    if dir.exists() {
        fs::remove_dir_all(dir).map_err(StoreError::io("removing", dir))?;
    }
    let index = Index::open(dir)?;
    let mut report = RebuildReport::default();
    let mut done = Done { bytes: 0, total: journal.size() * 2, progress };
    for stream in journal.streams() {
        match stream {
            Stream::Counter(device) => build_counter(journal, host, &index, device, &mut report, &mut done)?,
            Stream::People | Stream::Days | Stream::Targets => {
                let damaged = journal.read(stream, 0, &mut |record| {
                    report.records += 1;
                    done.add(record.payload.len() * 2);
                    report.unreadable += u64::from(!take_note(&index, record.payload)?);
                    Ok(())
                })?;
                report.damaged.extend(damaged);
            }
        }
    }
    let meta = Meta {
        version: format::VERSION,
        host: host.0,
        days_applied: after_last(journal, Stream::Days),
        targets_applied: after_last(journal, Stream::Targets),
        people_applied: after_last(journal, Stream::People),
    };
    put_meta(&index, &meta)?;
    index.sync()?;
    (done.progress)(done.total, done.total);
    Ok(report)
}

/// All clocks first, so that every epoch comes to its place at once.
fn build_counter(
    journal: &Journal,
    host: HostId,
    index: &Index,
    device: DeviceId,
    report: &mut RebuildReport,
    done: &mut Done<'_>,
) -> Result<(), StoreError> {
    let stream = Stream::Counter(device);
    let mut work = Work::empty(device, host);
    journal.read(stream, 0, &mut |record| {
        done.add(record.payload.len());
        if let Some(entry) = Entry::from_payload(record.payload) {
            work.seed_clocks(&entry);
        }
        Ok(())
    })?;
    work.derive_axis();
    let damaged = journal.read(stream, 0, &mut |record| {
        report.records += 1;
        done.add(record.payload.len());
        let Some(entry) = Entry::from_payload(record.payload) else {
            report.unreadable += 1;
            return Ok(());
        };
        work.apply(index, record.ordinal, &entry)?;
        if work.waiting() >= HOURS_WAITING {
            work.write_days(index)?;
            work.take_stored();
            // `sled` uses space again only after a flush.
            index.flush()?;
        }
        Ok(())
    })?;
    report.damaged.extend(damaged);
    work.commit(index)
}

struct Done<'a> {
    bytes: u64,
    total: u64,
    progress: Progress<'a>,
}

impl Done<'_> {
    fn add(&mut self, payload: usize) {
        self.bytes = (self.bytes + payload as u64 + super::record::OVERHEAD as u64).min(self.total);
        (self.progress)(self.bytes, self.total);
    }
}

/// What the index says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Meta {
    pub version: u8,
    pub host: [u8; 8],
    /// Records of the days' stream below this number are in the index.
    pub days_applied: u32,
    /// The same of the targets' stream.
    pub targets_applied: u32,
    /// The same of the people's stream.
    pub people_applied: u32,
}

impl Meta {
    /// Records of a stream that is not a counter's, below this number, are in the index.
    pub fn applied(&mut self, stream: Stream) -> Option<&mut u32> {
        match stream {
            Stream::People => Some(&mut self.people_applied),
            Stream::Days => Some(&mut self.days_applied),
            Stream::Targets => Some(&mut self.targets_applied),
            Stream::Counter(_) => None,
        }
    }
}

/// What the index says of itself; none when it was never finished.
pub fn meta(index: &Index) -> Result<Option<Meta>, StoreError> {
    let Some(bytes) = index.get(&format::meta())? else { return Ok(None) };
    postcard::from_bytes(&bytes).map(Some).map_err(|_| StoreError::damaged("the index's note of itself"))
}

/// Notes how far the index is.
fn put_meta(index: &Index, meta: &Meta) -> Result<(), StoreError> {
    let bytes = postcard::to_stdvec(meta).map_err(StoreError::index)?;
    index.apply_at_once(&[(format::meta(), Some(bytes))])
}

/// Takes decisions, revisions, or what became of days, from this record of the journal on in. Says how many records there were.
pub fn catch_up_notes(index: &Index, journal: &Journal, stream: Stream, from: u32) -> Result<u64, StoreError> {
    let mut taken = 0;
    journal.read(stream, from, &mut |record| {
        taken += 1;
        take_note(index, record.payload).map(drop)
    })?;
    let mut meta = meta(index)?.ok_or_else(|| StoreError::damaged("the index's note of itself"))?;
    if let Some(applied) = meta.applied(stream) {
        *applied = after_last(journal, stream);
    }
    put_meta(index, &meta)?;
    Ok(taken)
}

/// Takes in whatever of a stream earlier calls could not.
pub fn catch_up_stream(index: &Index, journal: &Journal, stream: Stream) -> Result<(), StoreError> {
    let mut meta = meta(index)?.ok_or_else(|| StoreError::damaged("the index's note of itself"))?;
    let Some(applied) = meta.applied(stream).copied() else { return Ok(()) };
    if applied < after_last(journal, stream) {
        catch_up_notes(index, journal, stream, applied).map(drop)
    } else {
        Ok(())
    }
}

/// The number that the next record of this stream gets.
fn after_last(journal: &Journal, stream: Stream) -> u32 {
    journal.last(stream).map_or(0, |last| last.saturating_add(1))
}

/// Takes a record of the people's, the days' or the targets' stream in; false when this version cannot read it.
fn take_note(index: &Index, payload: &[u8]) -> Result<bool, StoreError> {
    match Entry::from_payload(payload) {
        Some(Entry::Revisions(revisions)) => {
            let rows: Vec<_> = revisions.into_iter().map(|entry| (Noted::from(entry), None)).collect();
            put_revisions(index, &rows)?;
        }
        Some(Entry::LinkedRevisions(revisions)) => {
            let rows = revisions.into_iter().map(|one| {
                let row = (one.link(), chain::day(&one));
                (one.noted, Some(row))
            });
            put_revisions(index, &rows.collect::<Vec<_>>())?;
        }
        Some(Entry::Passages { passages, .. }) => passage::put(index, &passages)?,
        Some(entry @ (Entry::Linked { .. } | Entry::Gone { .. })) => {
            let mut heads = BTreeMap::new();
            for (link, hash) in chain::rows(&entry) {
                advance(index, &mut heads, &link, hash)?;
            }
            index.apply_at_once(&head_changes(heads)?)?;
        }
        Some(Entry::Delivery(_) | Entry::Identity { .. } | Entry::Decision { .. }) => {}
        None => return Ok(false),
    }
    Ok(true)
}

/// Revisions, and the ends of their chains with them.
fn put_revisions(index: &Index, all: &[(Noted, Option<(Link, RowHash)>)]) -> Result<(), StoreError> {
    // Each brings two keys at the most.
    for some in all.chunks(BATCH_KEYS / 2) {
        let (mut batch, mut heads) = (Vec::new(), BTreeMap::new());
        for (noted, row) in some {
            let entry = &noted.entry;
            let key = format::day(Kind::Revision, entry.participant(), entry.date());
            if revision(index, &key)?.is_none_or(|known| known.entry.revision < entry.revision) {
                batch.push((key, Some(postcard::to_stdvec(noted).map_err(StoreError::index)?)));
            }
            if let Some((link, hash)) = row {
                advance(index, &mut heads, link, *hash)?;
            }
        }
        batch.extend(head_changes(heads)?);
        index.apply_at_once(&batch)?;
    }
    Ok(())
}

/// The end of the row's chain is this row, unless a later one is known.
fn advance(
    index: &Index,
    heads: &mut BTreeMap<ParticipantId, Head>,
    link: &Link,
    hash: RowHash,
) -> Result<(), StoreError> {
    let known = match heads.get(&link.participant) {
        Some(head) => *head,
        None => chain::head(index, &link.participant)?,
    };
    if known.rows < link.seq {
        heads.insert(link.participant.clone(), Head::after(link, hash));
    }
    Ok(())
}

fn head_changes(heads: BTreeMap<ParticipantId, Head>) -> Result<Changes, StoreError> {
    let changes = heads.into_iter().map(|(participant, head)| {
        let bytes = postcard::to_stdvec(&head).map_err(StoreError::index)?;
        Ok((format::of_participant(Kind::Chain, &participant), Some(bytes)))
    });
    changes.collect()
}

/// The revision under this key.
pub fn revision(index: &Index, key: &[u8]) -> Result<Option<Noted>, StoreError> {
    let Some(bytes) = index.get(key)? else { return Ok(None) };
    postcard::from_bytes(&bytes).map(Some).map_err(|_| StoreError::damaged("a revision of a day"))
}
