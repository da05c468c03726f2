//! A lab, from the test's point of view.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use tempfile::TempDir;
use tokio::time::timeout;

use crate::{
    LabError, Output,
    air::{Air, Controller, Pace},
    cache::Cache,
    channel::Closed,
    guest::{Guest, LOGS},
};

/// Done when BlueZ has an adapter that is switched on.
const ADAPTER_ON: &str = "until dbus-send --system --print-reply --reply-timeout=2000 --dest=org.bluez /org/bluez/hci0 \
     org.freedesktop.DBus.Properties.Get string:org.bluez.Adapter1 string:Powered 2> /dev/null \
     | grep -q 'boolean true'; do usleep 50000; done";

/// How to start a lab.
#[derive(Debug, Clone)]
pub struct LabOptions {
    /// How fast data cross the air.
    pub pace: Pace,
    /// How long to wait for another lab on this machine to end.
    pub turn_within: Duration,
    /// How long [`Lab::vm`], [`Lab::stop`] and [`Lab::start_again`] may take.
    pub answer_within: Duration,
}

impl Default for LabOptions {
    fn default() -> Self {
        Self { pace: Pace::default(), turn_within: Duration::from_secs(300), answer_within: Duration::from_secs(60) }
    }
}

/// What can be stopped in the guest, and started again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The system bus. bluetoothd ends with it, and comes again after it.
    Bus,
    /// BlueZ.
    Bluetoothd,
    /// The adapter: stopped, it is unplugged.
    Adapter,
}

impl Part {
    fn program(self) -> &'static str {
        match self {
            Self::Bus => "dbus-daemon",
            Self::Bluetoothd => "bluetoothd",
            Self::Adapter => "btattach",
        }
    }
}

/// A running guest with BlueZ, and an air for peripherals. Dropping it ends both; if that happens in a
/// panic, the logs stay, and their place is printed.
#[derive(Debug)]
pub struct Lab {
    air: Air,
    guest: Guest,
    answer_within: Duration,
    folder: TempDir,
    _cache: Cache,
}

impl Lab {
    /// Why a lab cannot run on this machine, if it cannot; says nothing about the network.
    pub fn obstacle() -> Option<String> {
        Cache::obstacle()
    }

    /// Fills the cache if need be, boots the guest, and waits until BlueZ has switched its adapter on.
    pub async fn start(options: LabOptions) -> Result<Self, LabError> {
        let LabOptions { pace, turn_within, answer_within } = options;
        let cache = Cache::take(turn_within).await?;
        let folder = TempDir::with_prefix("ble-lab-").map_err(LabError::io("create a temporary folder"))?;
        let air = Air::new(pace);
        let guest = Guest::boot(&cache.folder, folder.path(), &air).await?;
        let lab = Self { air, guest, answer_within, folder, _cache: cache };
        lab.adapter_is_on().await?;
        Ok(lab)
    }

    /// For `DBUS_SYSTEM_BUS_ADDRESS` of the central under test.
    pub fn dbus_address(&self) -> String {
        format!("tcp:host=127.0.0.1,port={}", self.guest.dbus_port)
    }

    /// Where peripherals attach.
    pub fn air(&self) -> &Air {
        &self.air
    }

    /// The radio of the guest's adapter.
    pub fn adapter(&self) -> &Controller {
        &self.guest.adapter
    }

    /// Runs a command in the guest's shell, as root. An exit code other than 0 is an answer, too.
    pub async fn vm(&self, command: &str) -> Result<Output, LabError> {
        let (command, within) = (command.to_owned(), self.answer_within);
        match timeout(within, self.guest.channel.ask(&command)).await {
            Ok(Ok(output)) => Ok(output),
            Ok(Err(Closed)) => Err(LabError::Ended { command, said: self.guest.said() }),
            Err(_) => Err(LabError::Late { command, within, said: self.guest.said() }),
        }
    }

    /// Stops a part until it is started again; returns when it is gone.
    pub async fn stop(&self, part: Part) -> Result<(), LabError> {
        let program = part.program();
        let gone = match part {
            Part::Adapter => "[ ! -e /sys/class/bluetooth/hci0 ]",
            Part::Bus | Part::Bluetoothd => "true",
        };
        let stop =
            format!("touch /run/hold/{program}; kill $(pidof {program}); while pidof {program}; do usleep 20000; done");
        // A controller that goes on talking leaves half a packet for the next one to begin with.
        if part == Part::Adapter {
            self.adapter().unplug().await;
        }
        self.must(&format!("{stop} > /dev/null; until {gone}; do usleep 20000; done")).await?;
        if part == Part::Adapter {
            self.adapter().unplug().await;
        }
        Ok(())
    }

    /// Starts a part that was stopped; returns when BlueZ has its adapter, switched on.
    pub async fn start_again(&self, part: Part) -> Result<(), LabError> {
        self.must(&format!("rm -f /run/hold/{}", part.program())).await?;
        self.adapter_is_on().await
    }

    /// Switches the adapter off, as a person may.
    pub async fn adapter_off(&self) -> Result<(), LabError> {
        self.must("btmgmt power off").await
    }

    /// Switches the adapter on, and waits until BlueZ says so. On a busy machine the emulated guest now and then
    /// sees the first command to its controller time out (-110), and the adapter stays off: it is asked again.
    pub async fn adapter_on(&self) -> Result<(), LabError> {
        self.must(&format!("until btmgmt power on > /dev/null; do usleep 200000; done; {ADAPTER_ON}")).await
    }

    /// Waits until BlueZ is there and its adapter is switched on.
    pub async fn adapter_is_on(&self) -> Result<(), LabError> {
        self.must(ADAPTER_ON).await
    }

    /// Copies what the guest has logged so far into `folder`, and creates it: the kernel's console,
    /// bluetoothd, qemu, and `btmon.snoop` with all HCI traffic, for `btmon -r` or Wireshark.
    pub fn save_logs(&self, folder: &Path) -> Result<Vec<PathBuf>, LabError> {
        fs::create_dir_all(folder).map_err(LabError::io(format!("create {}", folder.display())))?;
        LOGS.into_iter()
            .map(|name| {
                let to = folder.join(name);
                fs::copy(self.folder.path().join(name), &to)
                    .map_err(LabError::io(format!("write {}", to.display())))?;
                Ok(to)
            })
            .collect()
    }

    async fn must(&self, command: &str) -> Result<(), LabError> {
        let output = self.vm(command).await?;
        if output.code == 0 {
            Ok(())
        } else {
            Err(LabError::Failed { command: command.to_owned(), code: output.code, output: output.text() })
        }
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.folder.disable_cleanup(true);
            eprintln!("the lab's logs are in {}", self.folder.path().display());
        }
    }
}
