//! Opening the data folder, and healing what a crash left.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::Path,
    sync::{Mutex, RwLock, atomic::AtomicBool},
};

use firmware_protocol::reading::HostId;

use super::{
    Store, StoreError, Writer,
    build::{self, Keep, index_dir},
    catch_up,
    chain::{self, Head},
    erase, files, format,
    index::Index,
    is_of_index,
    journal::{DamagedSpan, Journal, Stream, Torn},
    lock::Lock,
    work::Work,
};
use crate::model::ParticipantId;

/// Records that are brought into the index once more at every opening: a damaged end of the index
/// may show half of the last batches.
const AGAIN: u32 = 3;

/// What was found and healed on opening.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OpenReport {
    /// Ends of journal files that a power cut left unfinished: cut off and kept.
    pub torn: Vec<Torn>,
    /// Why the index was built anew, if it was.
    pub rebuilt: Option<String>,
    /// Whose audit chain is shorter in the journal than the old index knew, and the number of the row at which it ended
    /// before. Rows were taken from its end.
    pub chains_cut: Vec<(ParticipantId, u32)>,
    /// Journal records that the index did not have yet.
    pub reapplied: u64,
    /// Damage in the newest journal files. Everything around it is read.
    pub damaged: Vec<DamagedSpan>,
}

impl Store {
    /// Opens the data folder, making it if need be. Takes its lock first.
    pub fn open(dir: &Path) -> Result<(Self, OpenReport), StoreError> {
        let failed = |source| StoreError::Open { path: dir.to_owned(), source };
        files::private_dir(dir).map_err(failed)?;
        let lock = Lock::take(dir)?;
        erase::finish(dir).map_err(failed)?;
        let journal_dir = dir.join("journal");
        let host = host_id(dir, &journal_dir).map_err(failed)?;
        let (journal, torn, damaged) = Journal::open(&journal_dir, host)?;
        let mut report = OpenReport { torn, damaged, ..OpenReport::default() };
        finish_replacing(dir).map_err(failed)?;
        let index = match open_index(dir, &journal, host) {
            Ok((index, reapplied)) => {
                report.reapplied = reapplied;
                index
            }
            Err(Unusable { why, keep, heads }) => {
                if !journal.is_empty() {
                    report.rebuilt = Some(why);
                }
                let beside = dir.join("index.new");
                build::build(&journal, host, &beside, &mut |_, _| ())?;
                build::put_in_place(dir, &beside, keep).map_err(failed)?;
                let index = Index::open(&index_dir(dir))?;
                let cut = |(participant, before): (ParticipantId, Head)| {
                    let is_cut = chain::head(&index, &participant).map(|now| now.rows < before.rows);
                    is_cut.map(|is_cut| is_cut.then_some((participant, before.rows))).transpose()
                };
                report.chains_cut = heads.into_iter().filter_map(cut).collect::<Result<_, _>>()?;
                index
            }
        };
        let writer = Writer { journal, works: BTreeMap::new(), shut: BTreeSet::new() };
        let (lock, writer, index) = (Mutex::new(lock), Mutex::new(writer), RwLock::new(Some(index)));
        let behind = AtomicBool::new(false);
        Ok((Self { dir: dir.to_owned(), host, lock, writer, index, behind }, report))
    }
}

/// Why an index has to be built anew, and whether the old one is worth keeping.
struct Unusable {
    why: String,
    keep: Keep,
    /// Ends of chains that it knew, where it is to be believed in that.
    heads: BTreeMap<ParticipantId, Head>,
}

impl From<StoreError> for Unusable {
    fn from(error: StoreError) -> Self {
        let keep = if is_of_index(&error) { Keep::Aside } else { Keep::No };
        let what = match error {
            StoreError::Index { what } | StoreError::Damaged { what } => what,
            other => other.to_string(),
        };
        Self { why: what, keep, heads: BTreeMap::new() }
    }
}

/// Opens the index and brings it up to the journal.
fn open_index(dir: &Path, journal: &Journal, host: HostId) -> Result<(Index, u64), Unusable> {
    let index = Index::open(&index_dir(dir))?;
    let no = |why: &str| Err(Unusable { why: why.to_owned(), keep: Keep::No, heads: BTreeMap::new() });
    let ahead = |why: &str| {
        // Without them nothing is said of chains; the index is made anew in any case.
        let heads = chain::heads(&index).unwrap_or_default();
        Err(Unusable { why: why.to_owned(), keep: Keep::No, heads })
    };
    let Some(mut meta) = build::meta(&index)? else { return no("there was none") };
    if meta.version != format::VERSION {
        return no("it was made by another version");
    }
    if meta.host != host.0 {
        return no("it was made by another installation");
    }
    let mut reapplied = 0;
    for stream in journal.streams() {
        let next = journal.last(stream).map_or(0, |last| last.saturating_add(1));
        match stream {
            Stream::Counter(device) => {
                let mut work = Work::load(&index, device, host)?;
                let applied = work.value.applied;
                if applied > next {
                    return ahead("it held readings whose journal records are gone");
                }
                let from = applied.saturating_sub(AGAIN);
                let taken = catch_up(&index, journal, &mut work, device, from, u32::MAX)?;
                reapplied += taken.saturating_sub(u64::from(applied - from));
            }
            Stream::People | Stream::Days | Stream::Targets => {
                let applied = meta.applied(stream).map_or(0, |applied| *applied);
                if applied > next {
                    return ahead("it held notes whose journal records are gone");
                }
                let from = applied.saturating_sub(AGAIN);
                let taken = build::catch_up_notes(&index, journal, stream, from)?;
                reapplied += taken.saturating_sub(u64::from(applied - from));
            }
        }
    }
    index.sync()?;
    Ok((index, reapplied))
}

/// Ends what a crash in the middle of replacing the index left half done.
fn finish_replacing(dir: &Path) -> io::Result<()> {
    let (index, old) = (index_dir(dir), dir.join("index.old"));
    if old.exists() {
        if index.exists() { fs::remove_dir_all(&old)? } else { fs::rename(&old, &index)? }
    }
    for unfinished in ["index.new", "index.check"] {
        let path = dir.join(unfinished);
        if path.exists() {
            fs::remove_dir_all(path)?;
        }
    }
    Ok(())
}

/// The installation's identity: from its file, else from the journal, else made at random.
fn host_id(dir: &Path, journal: &Path) -> io::Result<HostId> {
    let path = dir.join("host-id");
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(error),
    };
    if let Some(id) = crate::model::parse_device_id(text.trim()) {
        return Ok(HostId(id.0));
    }
    let host = Journal::host_of(journal).unwrap_or_else(|| HostId(fastrand::u64(..).to_be_bytes()));
    files::replace(&path, format!("{host:?}\n").as_bytes())?;
    Ok(host)
}
