//! The cache that holds qemu, the guest's kernel and its initramfs, and whose turn it is to use them.

use std::{
    fs::{self, File, TryLockError},
    path::{Path, PathBuf},
    time::Duration,
};

use tokio::{
    process::Command,
    time::{Instant, sleep, timeout},
};

use crate::LabError;

/// Enough for 105 MB on a slow line.
const INSTALL_WITHIN: Duration = Duration::from_secs(600);

#[derive(Debug)]
pub(crate) struct Cache {
    pub(crate) folder: PathBuf,
    /// Held for as long as the lab runs.
    _turn: File,
}

impl Cache {
    /// Why there can be no lab on this machine, if there cannot.
    pub(crate) fn obstacle() -> Option<String> {
        if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
            return Some(format!("this is {} on {}", std::env::consts::OS, std::env::consts::ARCH));
        }
        let path = std::env::var_os("PATH").unwrap_or_default();
        ["apt-get", "dpkg-deb", "bash"]
            .into_iter()
            .find(|program| !std::env::split_paths(&path).any(|folder| folder.join(program).exists()))
            .map(|program| format!("there is no {program} in PATH"))
    }

    /// Waits until no other lab runs on this cache, then fills it if need be.
    pub(crate) async fn take(turn_within: Duration) -> Result<Self, LabError> {
        if let Some(obstacle) = Self::obstacle() {
            return Err(LabError::Unsupported(obstacle));
        }
        let package = Path::new(env!("CARGO_MANIFEST_DIR"));
        let folder = std::env::var_os("BRISK_LAB_CACHE")
            .map_or_else(|| package.join("../../target/ble-lab-cache"), PathBuf::from);
        fs::create_dir_all(&folder).map_err(LabError::io(format!("create {}", folder.display())))?;
        let folder = folder.canonicalize().map_err(LabError::io(format!("find {}", folder.display())))?;
        let turn = turn(&folder, turn_within).await?;
        install(package, &folder).await?;
        Ok(Self { folder, _turn: turn })
    }
}

async fn turn(folder: &Path, within: Duration) -> Result<File, LabError> {
    let path = folder.join("turn.lock");
    let file = File::create(&path).map_err(LabError::io(format!("create {}", path.display())))?;
    let deadline = Instant::now() + within;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) if Instant::now() < deadline => sleep(Duration::from_millis(50)).await,
            Err(TryLockError::WouldBlock) => return Err(LabError::NoTurn(within)),
            Err(TryLockError::Error(source)) => {
                return Err(LabError::Io { doing: format!("lock {}", path.display()), source });
            }
        }
    }
}

async fn install(package: &Path, cache: &Path) -> Result<(), LabError> {
    let failed = |output: String| LabError::Install { cache: cache.to_owned(), output };
    let run = Command::new("bash").arg(package.join("install.sh")).arg(cache).kill_on_drop(true).output();
    let output = timeout(INSTALL_WITHIN, run)
        .await
        .map_err(|_| failed(format!("install.sh was not done within {INSTALL_WITHIN:?}")))?
        .map_err(LabError::io("run install.sh with bash"))?;
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    if !output.status.success() {
        return Err(failed(said));
    }
    if !said.is_empty() {
        eprintln!("{said}");
    }
    Ok(())
}
