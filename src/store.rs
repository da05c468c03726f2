//! The store: a journal that is the truth, and an index that answers quickly.
//!
//! The order is always the same: journal append, fsync, index, read back. Only when
//! [`Store::append_delivery`] has returned may a counter be told that its readings are safe. The
//! index can be thrown away at any time; [`Store::open`] and [`Store::rebuild`] make it anew from the
//! journal, and it comes out the same.
//!
//! All calls block; none waits for anything but the disk and other calls.

mod audit;
mod build;
mod chain;
mod coding;
mod entry;
mod erase;
mod error;
pub mod files;
mod format;
mod hour;
mod hours;
mod index;
mod journal;
pub mod lock;
mod open;
mod passage;
mod portion;
mod query;
mod record;
mod spans;
mod timeline;
mod verify;
mod work;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::{
        Mutex, MutexGuard, PoisonError, RwLock,
        atomic::{AtomicBool, Ordering},
    },
};

use chrono::{DateTime, Utc};
use firmware_protocol::{
    driver::Identity,
    reading::{DeviceId, HostId},
};

pub use audit::{Audited, What};
pub use build::RebuildReport;
pub use chain::{Broken, Chains, Head, How, RowHash};
pub use entry::{BondLevel, CounterIdentity, Decided, DeliveryRecord, PutAside, Revision, SYSTEM};
pub use erase::{Erased, Erasure};
pub use error::StoreError;
pub use journal::{DamagedSpan, Torn};
pub use open::OpenReport;
pub use passage::{Outcome, Passage};
pub use portion::{Portion, Said};
pub use query::{CounterState, DirtyHour, Span};
pub use verify::VerifyReport;
pub use work::Stored;

use entry::{DeliveryEntry, Entry, LinkedRevision, Noted};
use hour::Hour;
use index::Index;
use journal::{Journal, Stream};
use work::{Work, decode};

use crate::model::{ParticipantId, SOFTWARE};

/// Hours that are derived anew in one pass over the journal: bounds memory.
const HOURS_AT_ONCE: usize = 500;

/// The data folder of one installation, open. One process has it at a time.
pub struct Store {
    dir: PathBuf,
    host: HostId,
    lock: Mutex<lock::Lock>,
    writer: Mutex<Writer>,
    /// None only while it is being replaced, or after replacing it failed.
    index: RwLock<Option<Index>>,
    /// The journal has notes that the index could not take in: whoever asks the index brings it up first.
    behind: AtomicBool,
}

/// What only one call at a time may touch.
struct Writer {
    journal: Journal,
    /// Counters as the index has them.
    works: BTreeMap<DeviceId, Work>,
    /// Counters that are not listened to any more: what they sent was erased while somebody spoke with them.
    shut: BTreeSet<DeviceId>,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").field("dir", &self.dir).finish_non_exhaustive()
    }
}

impl Store {
    /// How counters know this installation. Made once, at random.
    pub fn host_id(&self) -> HostId {
        self.host
    }

    /// The data folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Says in the lock file where this process can be spoken to.
    pub fn set_socket(&self, socket: Option<&Path>) -> Result<(), StoreError> {
        self.lock.lock().unwrap_or_else(PoisonError::into_inner).set_socket(socket)
    }

    /// Keeps a delivery. When this returns without an error the delivery is on disk, was read back
    /// and is the same; after an error the counter must not be told that it is stored.
    pub fn append_delivery(&self, record: &DeliveryRecord) -> Result<Stored, StoreError> {
        let entry = Entry::Delivery(DeliveryEntry::from(record));
        self.append_of_counter(record.device, record.arrived, &entry)
    }

    /// Keeps what a counter says it is, when that is new.
    pub fn append_identity(&self, identity: &Identity, at: DateTime<Utc>) -> Result<(), StoreError> {
        let device = identity.device;
        let identity = CounterIdentity::from(identity);
        if self.counter(device)?.and_then(|state| state.identity).as_ref() == Some(&identity) {
            return Ok(());
        }
        let entry = Entry::Identity { at_ms: at.timestamp_millis(), identity };
        self.append_of_counter(device, at, &entry).map(drop)
    }

    /// Keeps a decision of a person. `json` comes back byte for byte. One that names a participant is the next row of
    /// their audit chain.
    ///
    /// # Errors
    /// When it is not in the journal. An index that cannot take it in now does so before it is asked next.
    pub fn append_decision(&self, at: DateTime<Utc>, actor: &str, json: &str) -> Result<u32, StoreError> {
        let (at_ms, actor, json) = (at.timestamp_millis(), actor.to_owned(), json.to_owned());
        let mut writer = self.writer();
        let entry = match chain::named(&json) {
            None => Entry::Decision { at_ms, actor, json },
            Some(participant) => {
                let link = self.head(&mut writer, &participant)?.next(participant);
                Entry::Linked { link, at_ms, actor, json, software: SOFTWARE.to_owned() }
            }
        };
        let written = writer.journal.append(Stream::People, at, &entry.to_payload())?;
        read_back(&written)?;
        self.index_notes(&mut writer, Stream::People);
        Ok(written.ordinal)
    }

    /// Keeps revisions of days that were handed out, in one record.
    ///
    /// # Errors
    /// When they are not in the journal. An index that cannot take them in now does so before it is asked next.
    pub fn append_revisions(&self, revisions: &[Revision]) -> Result<(), StoreError> {
        let Some(first) = revisions.first() else { return Ok(()) };
        let mut writer = self.writer();
        let (mut heads, mut linked) = (BTreeMap::<ParticipantId, Head>::new(), Vec::new());
        for revision in revisions {
            let whose = &revision.participant;
            let head = match heads.get(whose) {
                Some(head) => *head,
                None => self.head(&mut writer, whose)?,
            };
            let link = head.next(whose.clone());
            let one = LinkedRevision { noted: Noted::from(revision), seq: link.seq, before: link.before };
            heads.insert(whose.clone(), Head::after(&link, chain::day(&one)));
            linked.push(one);
        }
        let entry = Entry::LinkedRevisions(linked);
        let written = writer.journal.append(Stream::Days, first.computed_at, &entry.to_payload())?;
        read_back(&written)?;
        self.index_notes(&mut writer, Stream::Days);
        Ok(())
    }

    /// Takes into the index what the journal has been given. Never an error: what is in the journal is kept, and whoever
    /// heard that it is not would undo, or write once more, what has happened.
    fn index_notes(&self, writer: &mut Writer, stream: Stream) {
        // No sync: what a power cut takes from the index comes from the journal at the next opening.
        let indexed = self.with_index(|index| build::catch_up_stream(index, &writer.journal, stream));
        if let Err(error) = self.or_rebuilt(writer, indexed) {
            tracing::warn!(%error, "the index lacks what the journal was just given; it takes it in when it is asked next");
            self.behind.store(true, Ordering::Release);
        }
    }

    /// Takes in what earlier calls could not.
    fn catch_up_notes(&self, writer: &mut Writer) -> Result<(), StoreError> {
        if !self.behind.load(Ordering::Acquire) {
            return Ok(());
        }
        for stream in [Stream::People, Stream::Days, Stream::Targets] {
            let indexed = self.with_index(|index| build::catch_up_stream(index, &writer.journal, stream));
            self.or_rebuilt(writer, indexed)?;
        }
        self.behind.store(false, Ordering::Release);
        Ok(())
    }

    /// Where a participant's audit chain goes on.
    fn head(&self, writer: &mut Writer, participant: &ParticipantId) -> Result<Head, StoreError> {
        let ask = |journal: &Journal| {
            self.with_index(|index| {
                // Rows that an earlier call could not index come first: a chain has no two ends.
                build::catch_up_stream(index, journal, Stream::People)?;
                build::catch_up_stream(index, journal, Stream::Days)?;
                chain::head(index, participant)
            })
        };
        match ask(&writer.journal) {
            Err(error) if is_of_index(&error) => {
                self.or_rebuilt(writer, Err(error))?;
                ask(&writer.journal)
            }
            answer => answer,
        }
    }

    fn append_of_counter(&self, device: DeviceId, at: DateTime<Utc>, entry: &Entry) -> Result<Stored, StoreError> {
        let mut writer = self.writer();
        if writer.shut.contains(&device) {
            return Err(StoreError::Erased);
        }
        // Before the journal: an entry that this call cannot index is still indexed by the next.
        let written = writer.journal.append(Stream::Counter(device), at, &entry.to_payload())?;
        let indexed =
            self.with_index(|index| index_tail(index, &mut writer, self.host, device, written.ordinal, entry));
        let stored = match indexed {
            Ok(stored) => stored,
            Err(error) => {
                writer.works.remove(&device);
                self.or_rebuilt(&mut writer, Err(error))?;
                // Built anew, the index does not tell new from repeated: all of it may be new.
                everything_in(entry)
            }
        };
        read_back(&written)?;
        Ok(stored)
    }

    fn writer(&self) -> MutexGuard<'_, Writer> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks the index. `&mut` work under a shared lock is fine: the writer's lock is held by those who write.
    fn with_index<T>(&self, ask: impl FnOnce(&Index) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let index = self.index.read().unwrap_or_else(PoisonError::into_inner);
        ask(index.as_ref().ok_or_else(|| StoreError::index("it is not open"))?)
    }

    /// Asks the index, brought up to the journal; when it is damaged, builds it anew and asks again.
    fn ask<T>(&self, ask: impl Fn(&Index) -> Result<T, StoreError>) -> Result<T, StoreError> {
        if self.behind.load(Ordering::Acquire) {
            self.catch_up_notes(&mut self.writer())?;
        }
        match self.with_index(&ask) {
            Err(error) if is_of_index(&error) => {
                let mut writer = self.writer();
                // Another call may have done it meanwhile.
                match self.with_index(&ask) {
                    Err(error) if is_of_index(&error) => self.or_rebuilt(&mut writer, Err(error))?,
                    answer => return answer,
                }
                self.with_index(&ask)
            }
            answer => answer,
        }
    }

    fn or_rebuilt(&self, writer: &mut Writer, indexed: Result<(), StoreError>) -> Result<(), StoreError> {
        match indexed {
            Err(error) if is_of_index(&error) => {
                tracing::warn!(%error, "the index is damaged; building it anew from the journal");
                self.rebuild_index(writer, build::Keep::Aside, &mut |_, _| ()).map(drop)
            }
            other => other,
        }
    }

    /// Lets only so many more bytes be written to the journal, as on a full disk; `None` lifts the limit.
    #[doc(hidden)]
    pub fn limit_journal_writes(&self, bytes: Option<u64>) {
        self.writer().journal.limit_writes(bytes);
    }

    /// Lets nothing be written to the index as it is open now, as on a full disk; or lets it again.
    #[doc(hidden)]
    pub fn refuse_index_writes(&self, refuse: bool) {
        if let Some(index) = self.index.read().unwrap_or_else(PoisonError::into_inner).as_ref() {
            index.refuse_writes(refuse);
        }
    }
}

fn is_of_index(error: &StoreError) -> bool {
    matches!(error, StoreError::Index { .. } | StoreError::Damaged { .. })
}

fn read_back(written: &journal::Written) -> Result<(), StoreError> {
    if written.read_back()? {
        Ok(())
    } else {
        Err(StoreError::damaged("the journal does not hold what was just written to it"))
    }
}

/// Brings the newest entry of a counter into the index, and first any that earlier calls could not.
fn index_tail(
    index: &Index,
    writer: &mut Writer,
    host: HostId,
    device: DeviceId,
    ordinal: u32,
    entry: &Entry,
) -> Result<Stored, StoreError> {
    // Out of the map while it is changed: after an error it no longer is what the index has.
    let mut work = match writer.works.remove(&device) {
        Some(work) => work,
        None => Work::load(index, device, host)?,
    };
    let applied = work.value.applied;
    if applied < ordinal {
        catch_up(index, &writer.journal, &mut work, device, applied, ordinal)?;
        work.take_stored();
    }
    let moved = work.apply(index, ordinal, entry)?;
    derive_again(index, &writer.journal, &mut work, device, moved)?;
    work.commit(index)?;
    index.sync()?;
    let stored = work.take_stored();
    check_hours(index, device, &stored)?;
    writer.works.insert(device, work);
    Ok(stored)
}

/// Takes the journal's entries from `from` up to but not `to` in. Says how many.
fn catch_up(
    index: &Index,
    journal: &Journal,
    work: &mut Work,
    device: DeviceId,
    from: u32,
    to: u32,
) -> Result<u64, StoreError> {
    let mut taken = 0;
    journal.read(Stream::Counter(device), from, &mut |record| {
        let Some(entry) = Entry::from_payload(record.payload).filter(|_| record.ordinal < to) else { return Ok(()) };
        let moved = work.apply(index, record.ordinal, &entry)?;
        derive_again(index, journal, work, device, moved)?;
        work.commit(index)?;
        work.take_stored();
        taken += 1;
        Ok(())
    })?;
    Ok(taken)
}

/// Derives these hours from the journal: a new anchor moved, or for the first time placed, epochs in them.
fn derive_again(
    index: &Index,
    journal: &Journal,
    work: &mut Work,
    device: DeviceId,
    hours: BTreeSet<i64>,
) -> Result<(), StoreError> {
    let hours: Vec<_> = hours.into_iter().collect();
    for some in hours.chunks(HOURS_AT_ONCE) {
        let mut derived: BTreeMap<i64, Hour> = some.iter().map(|hour| (*hour, Hour::default())).collect();
        let applied = work.value.applied;
        journal.read(Stream::Counter(device), 0, &mut |record| {
            if let Some(Entry::Delivery(delivery)) =
                Entry::from_payload(record.payload).filter(|_| record.ordinal < applied)
            {
                for reading in decode(&delivery).readings {
                    if let firmware_protocol::reading::Reading::Epoch(epoch) = reading {
                        work.derive(&epoch, &mut derived);
                    }
                }
            }
            Ok(())
        })?;
        work.replace(derived);
        if hours.len() > HOURS_AT_ONCE {
            work.write_hours(index)?;
        }
    }
    Ok(())
}

/// Reads the hours back that a delivery changed.
fn check_hours(index: &Index, device: DeviceId, stored: &Stored) -> Result<(), StoreError> {
    stored.touched_hours.iter().try_for_each(|hour| hours::one(index, device, *hour).map(drop))
}

fn everything_in(entry: &Entry) -> Stored {
    let Entry::Delivery(delivery) = entry else { return Stored::default() };
    let decoded = decode(delivery);
    let epochs = decoded.readings.iter().filter(|r| matches!(r, firmware_protocol::reading::Reading::Epoch(_)));
    Stored { new_epochs: epochs.count() as u64, quarantined: decoded.unreadable.len() as u64, ..Stored::default() }
}
