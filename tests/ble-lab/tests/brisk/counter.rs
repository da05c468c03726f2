//! Counters on the virtual air: the reference firmware in a process of its own, and any other kind through the bridge.

use std::{
    fmt::Write as _,
    io::Write as _,
    path::PathBuf,
    process::Stdio,
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use ble_lab::{Lab, air::Controller};
use brisk::radio::sim::walker::{self, ScriptMinute};
use brisk::time::{Calendar, Zone};
use firmware_protocol::{
    device::{Kind, Life},
    reading::{DeviceId, Wear},
};
use step_log_firmware::bridge::{self, Bridge, Options, Where};
use tokio::{
    net::UnixListener,
    process::{Child, Command},
    time::timeout,
};

use crate::home::built;

/// The digits that reference counters of these tests show.
pub const PASSKEY: &str = "123456";

#[expect(clippy::disallowed_methods, reason = "the counters of the lab live in real time")]
pub fn now_ms() -> i64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    i64::try_from(now.as_millis()).unwrap()
}

pub fn this_minute() -> i64 {
    now_ms().div_euclid(60_000)
}

/// A walker's minutes, in UTC.
pub fn script(seed: u64, from: i64, to: i64) -> Vec<ScriptMinute> {
    walker::script(seed, &Calendar::midnight("UTC".parse::<Zone>().unwrap()), from, to)
}

/// The reference firmware on this computer.
pub struct Reference {
    folder: PathBuf,
    serial: String,
    address: String,
    child: Option<Child>,
    pub air: Controller,
}

impl Reference {
    /// Switches it on; it has lived through this script.
    pub async fn start(lab: &Lab, folder: PathBuf, serial: &str, address: &str, script: &[ScriptMinute]) -> Self {
        std::fs::create_dir_all(&folder).unwrap();
        let (child, air) = Self::spawn(lab, &folder, serial, address, script, 0).await;
        Self { folder, serial: serial.to_owned(), address: address.to_owned(), child: Some(child), air }
    }

    /// Its battery is out for a moment; since then it has lived through this script, and walks on.
    pub async fn restart(&mut self, lab: &Lab, script: &[ScriptMinute], steps_per_minute: u16) {
        self.kill().await;
        let (child, air) = Self::spawn(lab, &self.folder, &self.serial, &self.address, script, steps_per_minute).await;
        (self.child, self.air) = (Some(child), air);
    }

    /// Ends it the way a planned reset does: everything is in its memory.
    pub async fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let pid = child.id().expect("it runs").to_string();
            assert!(Command::new("kill").args(["-TERM", &pid]).status().await.unwrap().success());
            timeout(Duration::from_secs(20), child.wait()).await.expect("it ends").unwrap();
        }
    }

    async fn spawn(
        lab: &Lab,
        folder: &std::path::Path,
        serial: &str,
        address: &str,
        script: &[ScriptMinute],
        steps_per_minute: u16,
    ) -> (Child, Controller) {
        let socket = folder.join("hci");
        std::fs::remove_file(&socket).ok();
        let listener = UnixListener::bind(&socket).unwrap();
        let mut life = String::new();
        for minute in script {
            let worn = match minute.wear {
                Wear::Worn => "worn",
                Wear::NotWorn => "not-worn",
                Wear::Charging => "charging",
                Wear::Unknown => "unknown",
            };
            writeln!(life, "{},{},{worn}", minute.at, minute.steps).unwrap();
        }
        std::fs::File::create(folder.join("life.csv")).unwrap().write_all(life.as_bytes()).unwrap();
        let log = std::fs::File::options().append(true).create(true).open(folder.join("log")).unwrap();
        let child = Command::new(built("step-counter"))
            .arg("--h4")
            .arg(&socket)
            .args(["--address", address, "--serial", serial, "--passkey", PASSKEY, "--name", "Steps"])
            .args(["--steps-per-minute", &steps_per_minute.to_string()])
            .arg("--flash")
            .arg(folder.join("flash"))
            .arg("--bonds")
            .arg(folder.join("bonds"))
            .arg("--life")
            .arg(folder.join("life.csv"))
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let accepted = timeout(Duration::from_secs(60), listener.accept()).await;
        let (stream, _) = accepted.expect("the counter takes its controller").unwrap();
        (child, lab.air().attach_stream(stream, None).await)
    }

    /// What the wearer saw.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }

    pub fn id(&self) -> String {
        DeviceId::from_serial("step-log", self.serial.as_bytes()).to_string()
    }
}

/// Any kind of counter on the air.
pub async fn on_air(
    lab: &Lab,
    folder: &std::path::Path,
    kind: &Kind,
    life: Life,
    options: Options,
) -> (Bridge, Controller) {
    let socket = folder.join(format!("hci-{}-{:02x}", kind.name, options.address[0]));
    let listener = UnixListener::bind(&socket).unwrap();
    let peripheral = Arc::new(Mutex::new((kind.emulator)(life)));
    let bridge = bridge::start(Where::Socket(socket), peripheral, options, now_ms).unwrap();
    let (stream, _) = timeout(Duration::from_secs(20), listener.accept()).await.expect("it takes it").unwrap();
    (bridge, lab.air().attach_stream(stream, None).await)
}
