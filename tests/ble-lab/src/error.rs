//! What can keep a lab from working: what happened, and what to do.

use std::{io, path::PathBuf, time::Duration};

/// Why the lab, or something asked of it, failed.
#[derive(Debug, thiserror::Error)]
pub enum LabError {
    /// The lab cannot run here.
    #[error("the BLE lab needs Linux on x86-64 with apt-get, dpkg-deb and bash (Debian 12), but {0}")]
    Unsupported(String),
    /// The cache could not be filled.
    #[error(
        "could not fill the lab's cache {}: {output}\nthe first run needs the Debian archive; BRISK_LAB_CACHE names another folder",
        .cache.display()
    )]
    Install {
        /// The folder.
        cache: PathBuf,
        /// What the installation said.
        output: String,
    },
    /// Another lab holds the machine.
    #[error(
        "another lab has been running for {0:?}; labs take turns, because two at once are too slow to tell anything"
    )]
    NoTurn(Duration),
    /// Something on this machine failed.
    #[error("{doing}")]
    Io {
        /// What was being done.
        doing: String,
        /// Why it failed.
        source: io::Error,
    },
    /// The guest did not come up.
    #[error(
        "the guest did not boot; remove the lab's cache if it is damaged; qemu and the guest's console said:\n{said}"
    )]
    NoBoot {
        /// The end of both logs, for each attempt.
        said: String,
    },
    /// The guest is no longer there.
    #[error("the guest has ended before `{command}` was answered; its console said:\n{said}")]
    Ended {
        /// What it was to do.
        command: String,
        /// The end of the console's log.
        said: String,
    },
    /// The guest did not answer in time. The command may still be running there.
    #[error("the guest did not finish `{command}` within {within:?}; its console said:\n{said}")]
    Late {
        /// What it was to do.
        command: String,
        /// How long that was waited for.
        within: Duration,
        /// The end of the console's log.
        said: String,
    },
    /// Something that has to work in the guest did not.
    #[error("`{command}` failed in the guest with exit code {code}: {output}")]
    Failed {
        /// What it was to do.
        command: String,
        /// Its exit code.
        code: i32,
        /// What it said.
        output: String,
    },
}

impl LabError {
    /// For `map_err`: what was being done.
    pub(crate) fn io(doing: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let doing = doing.into();
        move |source| Self::Io { doing, source }
    }
}
