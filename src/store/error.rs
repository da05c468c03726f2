//! What can go wrong with the store, in words for the person who has to act.

use std::{
    io,
    path::{Path, PathBuf},
};

use super::lock::Holder;

/// Why the store could not do what it was asked. Nothing that was acknowledged is ever lost by one of these.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another process has the data folder open.
    #[error(
        "the data in {} are in use by another Brisk{holder}; nothing was read or changed; \
         use the one that runs, or stop it first",
        dir.display()
    )]
    InUse {
        /// The data folder.
        dir: PathBuf,
        /// Who has it, as far as it said.
        holder: Holder,
    },
    /// No space left.
    #[error(
        "the disk is full at {}; this was not stored, everything stored before is safe and the counter keeps \
         the rest; make room and try again",
        path.display()
    )]
    Full {
        /// What was being written.
        path: PathBuf,
    },
    /// The data folder cannot be used at all.
    #[error(
        "the data folder {} cannot be opened; nothing was read or changed; check that it exists, that it belongs \
         to the user who runs Brisk, and that it is not on a read-only disk",
        path.display()
    )]
    Open {
        /// The folder or the file in it.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// Reading or writing failed.
    #[error(
        "{action} {} failed; what was stored before is safe; check the disk, then try again",
        path.display()
    )]
    Io {
        /// What was being done.
        action: &'static str,
        /// To which file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// Something read back is not what was written, and the journal could not give it back.
    #[error(
        "stored data are damaged ({what}); damaged parts are left out and never shown as zero; \
         run `brisk data verify`, and restore a backup if it finds damage in the journal"
    )]
    Damaged {
        /// What, for the log.
        what: String,
    },
    /// More than one record can hold.
    #[error("one delivery of {bytes} bytes is more than the store takes at once; nothing was stored; send it in parts")]
    TooLarge {
        /// How much it was.
        bytes: usize,
    },
    /// The counter's readings were erased while it was being spoken with.
    #[error(
        "this counter's readings were erased a moment ago, and what it goes on sending is not kept; \
         the counter keeps it; pair it anew to have it read again"
    )]
    Erased,
    /// The index failed; the journal is whole. Met by rebuilding, so callers see it only when that failed too.
    #[error(
        "the index of stored readings cannot be used ({what}); the readings themselves are safe in the journal; \
         run `brisk data rebuild`"
    )]
    Index {
        /// What the index said.
        what: String,
    },
}

/// No space, a quota that is used up, or a limit on the size of files: room has to be made.
pub(super) fn is_full(error: &io::Error) -> bool {
    use io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
    matches!(error.kind(), StorageFull | QuotaExceeded | FileTooLarge)
}

impl StoreError {
    pub(super) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| if is_full(&source) { Self::Full { path } } else { Self::Io { action, path, source } }
    }

    pub(super) fn index(what: impl std::fmt::Display) -> Self {
        Self::Index { what: what.to_string() }
    }

    pub(super) fn damaged(what: impl std::fmt::Display) -> Self {
        Self::Damaged { what: what.to_string() }
    }
}
