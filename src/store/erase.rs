//! Erasing one person: the journal is written anew without them and takes the old one's place.
//!
//! ```text
//! journal.new  is complete and synced      a crash before: it is thrown away, the old journal stands
//! journal      → journal.old               from here on the person is gone, whatever happens
//! journal.new  → journal
//! every index is removed, then journal.old; a crash in between: the next opening goes on here
//! ```
//! Records that stay keep their numbers, so a gap shows where something was taken out, and the tombstone that the
//! caller adds says what. Where a stream's newest record went, an empty one holds the place: an opening learns from the
//! newest record how to go on, and no number is used again. Unfinished ends that were kept aside go with the old
//! journal: nobody can say whose they were.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::Path,
};

use chrono::{DateTime, Utc};
use firmware_protocol::{
    device::{gap::gap, left_epochs},
    driver::{Unit, UnitKind},
    reading::{DeviceId, HostId, Reading},
};
use sha2::{Digest as _, Sha256};

use super::{
    Decided, Store, StoreError,
    build::Keep,
    chain,
    entry::{Entry, Unread},
    files,
    journal::{Fate, Journal, Record, Stream},
    portion::{Portion, axis_of},
    read_back,
    work::decode,
};
use crate::{model::ParticipantId, time::axis::Axis};

/// Who is to be erased, and what is theirs.
pub struct Erasure<'a> {
    /// Whose revisions of days go.
    pub participant: &'a ParticipantId,
    /// Which readings of which counters go.
    pub counters: BTreeMap<DeviceId, Portion>,
    /// Whether a decision goes.
    pub decision: &'a dyn Fn(&Decided) -> bool,
    /// Goes into the digest first, so that nobody can find out by trying what was erased.
    pub salt: [u8; 16],
    /// When, by this host's clock.
    pub at: DateTime<Utc>,
}

/// What was erased.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Erased {
    /// Journal records that were taken out, or of which a part was.
    pub records: u64,
    /// Their bytes, as they were before.
    pub bytes: u64,
    /// Epochs in them that were taken out, each as often as it had arrived.
    pub epochs: u64,
    /// Epochs that stay because nothing says when they were, and the counter is not theirs any more. Each counts once.
    pub undated_kept: u64,
    /// SHA-256 of the salt and then, of every such record as it was, of its stream's name, number and payload.
    pub digest: [u8; 32],
    /// The old files are gone. If not, they go at the next opening.
    pub finished: bool,
}

impl Store {
    /// Erases a person from the journal, the index, and whatever else of them lies beside it. `last` makes the decisions
    /// that are written in their place, the tombstone among them.
    ///
    /// After an error nothing was erased; when no record is theirs, nothing was changed either. The counters concerned are not listened to any more until
    /// [`Store::listen_again`]: a dialogue under way would bring back what was just erased.
    pub fn erase(&self, whom: &Erasure<'_>, last: impl FnOnce(&Erased) -> Vec<String>) -> Result<Erased, StoreError> {
        let mut writer = self.writer();
        let [journal, old, beside] = folders(&self.dir);
        let prepared = remove(&old)
            .and_then(|()| remove(&beside))
            .map_err(StoreError::io("removing", &beside))
            .and_then(|()| prepare(&writer.journal, self.host, &beside, whom, last));
        let (fresh, mut erased) = match prepared {
            Ok(Some(prepared)) => prepared,
            unchanged => {
                if let Err(left) = remove(&beside) {
                    tracing::warn!(error = %left, "what was prepared goes at the next start");
                }
                return unchanged.map(|_| Erased::default());
            }
        };
        fs::rename(&journal, &old).map_err(StoreError::io("replacing", &journal))?;
        if let Err(error) = fs::rename(&beside, &journal) {
            fs::rename(&old, &journal).map_err(StoreError::io("replacing", &journal))?;
            return Err(StoreError::io("replacing", &journal)(error));
        }
        writer.journal = fresh.moved_to(&journal);
        writer.works.clear();
        writer.shut.extend(whom.counters.keys());
        let mut index = self.index.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        drop(index.take());
        let finished = files::sync_dir(&self.dir).and_then(|()| finish(&self.dir));
        drop(index);
        if let Err(error) = &finished {
            tracing::warn!(%error, "the old journal could not be removed yet; it goes at the next start");
        }
        erased.finished = finished.is_ok();
        if let Err(error) = self.rebuild_index(&mut writer, Keep::No, &mut |_, _| ()) {
            tracing::warn!(%error, "the index is made anew when it is asked next");
        }
        Ok(erased)
    }

    /// Listens again to counters that were shut out by [`Store::erase`]: their old dialogues are over.
    pub fn listen_again(&self) {
        self.writer().shut.clear();
    }
}

fn folders(dir: &Path) -> [std::path::PathBuf; 3] {
    ["journal", "journal.old", "journal.new"].map(|name| dir.join(name))
}

/// Ends what a crash in the middle of erasing left half done: finishes it, or undoes it when it had not been decided.
pub fn finish(dir: &Path) -> io::Result<()> {
    let [journal, old, beside] = folders(dir);
    if old.exists() {
        if !journal.exists() {
            fs::rename(if beside.exists() { &beside } else { &old }, &journal)?;
            files::sync_dir(dir)?;
        }
        for entry in fs::read_dir(dir)? {
            let entry = entry?;
            let name = entry.file_name();
            // The index, one that is being made, and damaged ones that were kept.
            if name == "index" || name.to_string_lossy().starts_with("index.") {
                fs::remove_dir_all(entry.path())?;
            }
        }
        files::sync_dir(dir)?;
        remove(&old)?;
    }
    remove(&beside)?;
    files::sync_dir(dir)
}

fn remove(folder: &Path) -> io::Result<()> {
    if folder.exists() { fs::remove_dir_all(folder) } else { Ok(()) }
}

/// Writes the journal without the person into a folder of its own; none when nothing in it is theirs.
fn prepare(
    journal: &Journal,
    host: HostId,
    beside: &Path,
    whom: &Erasure<'_>,
    last: impl FnOnce(&Erased) -> Vec<String>,
) -> Result<Option<(Journal, Erased)>, StoreError> {
    files::private_dir(beside).map_err(StoreError::io("making", beside))?;
    let hash = Sha256::new_with_prefix(whom.salt);
    let mut taken = Taken { erased: Erased::default(), undated: BTreeSet::new(), hash };
    for stream in journal.streams() {
        match stream {
            Stream::Counter(device) => match whom.counters.get(&device) {
                None => journal.link(stream, beside)?,
                Some(Portion::All) => {
                    journal.read(stream, 0, &mut |record| {
                        taken.count(stream, &record);
                        taken.erased.epochs += epochs_in(record.payload);
                        Ok(())
                    })?;
                }
                Some(portion) => {
                    let axis = axis_of(journal, device, host)?;
                    journal.rewrite(stream, beside, &mut |record| {
                        let fate = taken.of_counter(record.payload, portion, &axis);
                        Ok(taken.counted(stream, &record, fate))
                    })?;
                    taken.erased.undated_kept += std::mem::take(&mut taken.undated).len() as u64;
                }
            },
            Stream::People | Stream::Days | Stream::Targets => journal.rewrite(stream, beside, &mut |record| {
                let fate = of_person(&record, whom);
                Ok(taken.counted(stream, &record, fate))
            })?,
        }
    }
    let mut erased = taken.erased;
    if erased.records == 0 {
        return Ok(None);
    }
    erased.digest = taken.hash.finalize().into();
    files::sync_dir(beside).map_err(StoreError::io("writing", beside))?;
    let (mut fresh, _, _) = Journal::open(beside, host)?;
    let newest_went: Vec<Stream> =
        fresh.streams().filter(|stream| fresh.last(*stream) < journal.last(*stream)).collect();
    for stream in &newest_went {
        fresh.go_on_at(*stream, journal.last(*stream).map_or(0, |last| last.saturating_add(1)));
    }
    for json in last(&erased) {
        let entry = Entry::Decision { at_ms: whom.at.timestamp_millis(), actor: "person".to_owned(), json };
        read_back(&fresh.append(Stream::People, whom.at, &entry.to_payload())?)?;
    }
    // Among the people the decisions above hold the place.
    for stream in newest_went.into_iter().filter(|stream| *stream != Stream::People) {
        let nothing = Entry::Revisions(Vec::new());
        read_back(&fresh.append(stream, whom.at, &nothing.to_payload())?)?;
    }
    files::sync_dir(beside).map_err(StoreError::io("writing", beside))?;
    Ok(Some((fresh, erased)))
}

/// What becomes of a record of the people or of the days.
fn of_person(record: &Record<'_>, whom: &Erasure<'_>) -> Fate {
    let gone_when = |theirs: bool| if theirs { Fate::Goes } else { Fate::Stays };
    match Entry::from_payload(record.payload) {
        Some(entry @ Entry::Decision { .. }) => {
            gone_when(entry.decided(record.ordinal).is_some_and(|decided| (whom.decision)(&decided)))
        }
        Some(entry @ Entry::Linked { .. }) => {
            let rows = chain::rows(&entry);
            if !entry.decided(record.ordinal).is_some_and(|decided| (whom.decision)(&decided)) {
                return Fate::Stays;
            }
            // A row of somebody else's chain, about what was the erased one's: its place stays.
            match rows.into_iter().find(|(link, _)| link.participant != *whom.participant) {
                Some((link, hash)) => Fate::Becomes(Entry::Gone { link, hash }.to_payload()),
                None => Fate::Goes,
            }
        }
        Some(Entry::Gone { link, .. }) => gone_when(link.participant == *whom.participant),
        Some(Entry::LinkedRevisions(all)) => {
            let others: Vec<_> = all.iter().filter(|one| one.participant() != whom.participant).cloned().collect();
            match others.len() {
                count if count == all.len() => Fate::Stays,
                0 => Fate::Goes,
                _ => Fate::Becomes(Entry::LinkedRevisions(others).to_payload()),
            }
        }
        Some(Entry::Revisions(all)) => {
            let others: Vec<_> =
                all.iter().filter(|revision| revision.participant() != whom.participant).cloned().collect();
            match others.len() {
                count if count == all.len() => Fate::Stays,
                0 => Fate::Goes,
                _ => Fate::Becomes(Entry::Revisions(others).to_payload()),
            }
        }
        Some(Entry::Passages { at_ms, passages }) => {
            let others: Vec<_> =
                passages.iter().filter(|passage| passage.participant != *whom.participant).cloned().collect();
            match others.len() {
                0 => Fate::Goes,
                count if count == passages.len() => Fate::Stays,
                _ => Fate::Becomes(Entry::Passages { at_ms, passages: others }.to_payload()),
            }
        }
        // Of a newer version: theirs when it names them.
        Some(Entry::Delivery(_) | Entry::Identity { .. }) | None => {
            let name = whom.participant.as_str().as_bytes();
            gone_when(record.payload.windows(name.len()).any(|bytes| bytes == name))
        }
    }
}

fn epochs_in(payload: &[u8]) -> u64 {
    let Some(Entry::Delivery(delivery)) = Entry::from_payload(payload) else { return 0 };
    decode(&delivery).readings.iter().filter(|reading| matches!(reading, Reading::Epoch(_))).count() as u64
}

/// What was taken out so far.
struct Taken {
    erased: Erased,
    /// Numbers of the counter at hand whose epochs stay and have no place in UTC.
    undated: BTreeSet<u32>,
    hash: Sha256,
}

impl Taken {
    fn count(&mut self, stream: Stream, record: &Record<'_>) {
        self.erased.records += 1;
        self.erased.bytes += record.payload.len() as u64;
        self.hash.update(stream.name());
        self.hash.update(record.ordinal.to_le_bytes());
        self.hash.update(record.payload);
    }

    fn counted(&mut self, stream: Stream, record: &Record<'_>, fate: Fate) -> Fate {
        if fate != Fate::Stays {
            self.count(stream, record);
        }
        fate
    }

    /// What becomes of a record of a counter that several people wore.
    fn of_counter(&mut self, payload: &[u8], portion: &Portion, axis: &Axis) -> Fate {
        let delivery = match Entry::from_payload(payload) {
            Some(Entry::Delivery(delivery)) => delivery,
            Some(
                Entry::Identity { .. }
                | Entry::Decision { .. }
                | Entry::Revisions(_)
                | Entry::Passages { .. }
                | Entry::Linked { .. }
                | Entry::LinkedRevisions(_)
                | Entry::Gone { .. },
            ) => return Fate::Stays,
            // Nobody can say what it holds.
            None => return Fate::Goes,
        };
        // What cannot be read is in nobody's numbers and may be theirs: it goes, unless it came before their first day.
        let unread_goes = portion.may_hold_of(&delivery);
        let mut changed = unread_goes && delivery.quarantined().next().is_some();
        let mut units = Vec::new();
        for (code, bytes) in delivery.raw_units() {
            let part = UnitKind::try_from(*code).ok().and_then(|kind| self.of_unit(kind, bytes, portion, axis));
            match part {
                Some(Part::Some(some)) => {
                    units.extend(some.into_iter().map(|unit| (unit.kind as u8, unit.bytes)));
                    changed = true;
                }
                None if unread_goes => changed = true,
                Some(Part::Whole) | None => units.push((*code, bytes.clone())),
            }
        }
        if changed {
            let unread = if unread_goes { Unread::LeftOut } else { Unread::Kept };
            Fate::Becomes(Entry::Delivery(delivery.holding(units, unread)).to_payload())
        } else {
            Fate::Stays
        }
    }

    /// What is left of a unit; none of one that cannot be read.
    fn of_unit(&mut self, kind: UnitKind, bytes: &[u8], portion: &Portion, axis: &Axis) -> Option<Part> {
        let mut readings = Vec::new();
        firmware_protocol::decode(kind, bytes, &mut |reading| readings.push(reading)).ok()?;
        let (theirs, others): (Vec<_>, Vec<_>) = readings.into_iter().partition(|reading| portion.holds(reading, axis));
        let epochs = |readings: &[Reading]| {
            let epochs = readings.iter().filter_map(|reading| match reading {
                Reading::Epoch(epoch) => Some(*epoch),
                _ => None,
            });
            epochs.collect::<Vec<_>>()
        };
        let left = epochs(&others);
        let undated = left.iter().filter(|epoch| super::timeline::Timeline::place(epoch, axis).is_none());
        self.undated.extend(undated.map(|epoch| epoch.seq));
        if theirs.is_empty() {
            return Some(Part::Whole);
        }
        let gone = epochs(&theirs);
        self.erased.epochs += gone.len() as u64;
        // Their numbers stay known, as carrying nothing: the counter is not asked for them again.
        let numbers: BTreeSet<u32> = gone.iter().map(|epoch| epoch.seq).collect();
        let numbers: Vec<u32> = numbers.into_iter().collect();
        let mut some: Vec<Unit> = numbers
            .chunk_by(|a, b| a.checked_add(1) == Some(*b))
            .filter_map(|run| gap(*run.first()?, run.last()?.checked_add(1)?))
            .collect();
        if !left.is_empty() {
            some.push(Unit { kind: UnitKind::LeftEpochs, bytes: left_epochs::emit(&left) });
        }
        Some(Part::Some(some))
    }
}

enum Part {
    Whole,
    Some(Vec<Unit>),
}
