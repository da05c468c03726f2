//! A home for one test: settings, a simulated counter's flash, a data folder, and the real binary in it.

#![allow(dead_code, reason = "each test file uses its part of this")]
#![expect(clippy::disallowed_methods, reason = "the binary is another process: its time is real time")]

pub mod browser;
pub mod house;

use std::{
    env,
    fs::{self, File},
    io::{Read as _, Write as _},
    os::unix::{
        fs::{DirBuilderExt as _, FileExt as _},
        net::{UnixDatagram, UnixStream},
        process::ExitStatusExt as _,
    },
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Output, Stdio},
    time::{Duration, Instant, SystemTime},
};

use brisk::{
    demo::{COUNTER, SECTORS},
    radio::sim::{
        counter::SimCounter,
        flash::SimFlash,
        walker::{self, ScriptMinute},
    },
    time::{Calendar, Zone},
};
use firmware_protocol::reading::HostId;
use serde_json::Value;

/// Long enough for a busy machine; reached only by a test that fails.
pub const PATIENCE: Duration = Duration::from_secs(60);
const FLASH: &str = "counter.flash";
const US_PER_MINUTE: i64 = 60_000_000;

/// A folder with settings, data and whatever else a test puts there; gone afterwards.
pub struct Home {
    dir: tempfile::TempDir,
    settings: String,
}

impl Home {
    /// Settings for the simulated radio and one counter, which has no flash yet.
    pub fn new() -> Self {
        let settings = format!(
            "[clock]\nzone = \"UTC\"\nwait_for_sync = \"0s\"\n\n[web]\nlisten = \"off\"\n\n\
             [bluetooth]\nradio = \"simulated\"\nsync_every = \"1h\"\nretry_after = \"1s\"\nretry_at_most = \"1s\"\n\n\
             [[counter]]\nid = \"{COUNTER}\"\nlabel = \"wrist\"\nsimulated_flash = \"{FLASH}\"\n"
        );
        let home = Self { dir: tempfile::tempdir().unwrap(), settings };
        fs::DirBuilder::new().mode(0o700).create(home.data()).unwrap();
        home.write("brisk.toml", &home.settings);
        home
    }

    /// Other settings, made from those of [`Home::new`].
    pub fn change_settings(&self, change: impl FnOnce(&str) -> String) {
        self.write("brisk.toml", &change(&self.settings));
    }

    /// The same with a counter that has lived through this script until now.
    pub fn with_counter(script: &[ScriptMinute]) -> Self {
        let home = Self::new();
        home.fill_flash(script);
        home
    }

    /// A counter that has lived through this script, and is switched off.
    pub fn fill_flash(&self, script: &[ScriptMinute]) {
        let begin_us = script[0].at * US_PER_MINUTE;
        let end_us = (script[script.len() - 1].at + 1) * US_PER_MINUTE;
        let flash = SimFlash::new_file(&self.flash(), SECTORS).unwrap();
        let mut counter = SimCounter::new(COUNTER, flash, script.to_vec(), begin_us, None, 0).unwrap();
        counter.rest(end_us).unwrap();
        assert_eq!(usize::try_from(counter.device().next_seq()).unwrap(), script.len(), "epoch n is minute n");
        assert_eq!(counter.device().oldest_seq(), 0, "the flash is large enough for all of them");
        // The daemon takes the time of the last write for the counter's last sign of life.
        let end = Duration::from_micros(u64::try_from(end_us).unwrap());
        File::options().write(true).open(self.flash()).unwrap().set_modified(SystemTime::UNIX_EPOCH + end).unwrap();
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn data(&self) -> PathBuf {
        self.path("data")
    }

    pub fn flash(&self) -> PathBuf {
        self.data().join(FLASH)
    }

    pub fn socket(&self) -> PathBuf {
        self.data().join("brisk.sock")
    }

    pub fn config(&self) -> PathBuf {
        self.path("brisk.toml")
    }

    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        File::create(&path).unwrap().write_all(text.as_bytes()).unwrap();
        path
    }

    /// Another data folder and another copy of the flash.
    pub fn anew(&self, flash: &Path) {
        fs::remove_dir_all(self.data()).unwrap();
        fs::DirBuilder::new().mode(0o700).create(self.data()).unwrap();
        copy_file(flash, &self.flash());
    }

    /// `brisk ARGS` on this home's data, with these settings and nothing else of the machine's.
    pub fn brisk(&self, args: &[&str]) -> Command {
        let mut command = self.bare(args);
        command.arg("--data").arg(self.data()).arg("--config").arg(self.config());
        command
    }

    /// `brisk ARGS`, told nothing of this home but that it is the person's.
    pub fn bare(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_brisk"));
        command.args(args).env_clear().env("PATH", env::var_os("PATH").unwrap_or_default());
        command.env("HOME", self.dir.path()).env("TMPDIR", self.dir.path()).env("NO_COLOR", "1");
        command.current_dir(self.dir.path()).stdin(Stdio::null());
        command
    }

    /// Runs it and says how it ended.
    pub fn run(&self, args: &[&str]) -> Ran {
        Ran::of(self.brisk(args).output().unwrap())
    }

    /// Runs it with `--json`; it has to succeed.
    pub fn json(&self, args: &[&str]) -> Value {
        let ran = self.run(&[args, &["--json"]].concat());
        assert_eq!(ran.code, Some(0), "{args:?}: {}", ran.err);
        ran.json()
    }

    /// Starts the daemon and waits until it says that it is ready.
    pub fn daemon(&self) -> Daemon {
        self.daemon_by(self.brisk(&["run"]))
    }

    /// Starts the daemon and does not wait for anything.
    pub fn start(&self) -> Daemon {
        self.spawn(&mut self.brisk(&["run"]))
    }

    fn spawn(&self, command: &mut Command) -> Daemon {
        let log = self.path("daemon.log");
        let err = File::options().append(true).create(true).open(&log).unwrap();
        let began = Instant::now();
        Daemon { child: command.stdout(Stdio::null()).stderr(err).spawn().unwrap(), log, began }
    }

    /// The same as [`Home::daemon`] with a command that ends up being the daemon.
    pub fn daemon_by(&self, mut command: Command) -> Daemon {
        let notify = self.path("notify.sock");
        if notify.exists() {
            fs::remove_file(&notify).unwrap();
        }
        let manager = UnixDatagram::bind(&notify).unwrap();
        manager.set_nonblocking(true).unwrap();
        let mut daemon = self.spawn(command.env("NOTIFY_SOCKET", &notify));
        let mut told = [0; 256];
        let length = until("the daemon is ready", || {
            let ended = daemon.child.try_wait().unwrap();
            assert_eq!(ended, None, "it never was ready: {}", daemon.log());
            manager.recv(&mut told).ok()
        });
        assert_eq!(&told[..length], b"READY=1\n", "{}", daemon.log());
        daemon
    }

    /// Asks the daemon on its socket, as any HTTP client would.
    pub fn ask(&self, path: &str) -> Value {
        let mut stream = UnixStream::connect(self.socket()).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        write!(stream, "GET /api/v1/{path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 200"), "{answer}");
        serde_json::from_str(body).unwrap()
    }

    /// Waits until the daemon reports the only counter like this.
    pub fn counter_until(&self, what: &str, like: impl Fn(&Value) -> bool) -> Value {
        until(&format!("the counter {what}"), || {
            let counter = self.ask("status")["counters"][0].take();
            like(&counter).then_some(counter)
        })
    }

    /// Waits until a dialogue came to its end.
    pub fn complete(&self) -> Value {
        self.counter_until("was read to its end", |counter| !counter["doing"]["last_complete"].is_null())
    }
}

/// A copy of the flash, opened by the device side: what the counter itself believes.
pub fn counter_in(flash: &Path) -> SimCounter {
    let copy = flash.with_extension("copy");
    copy_file(flash, &copy);
    let counter = SimCounter::new(COUNTER, SimFlash::in_file(&copy).unwrap(), Vec::new(), 0, None, 0).unwrap();
    fs::remove_file(copy).unwrap();
    counter
}

/// Everything below this number the counter may forget, as far as this host is concerned.
pub fn acked(flash: &Path, host: HostId) -> u32 {
    counter_in(flash).device().acked(host).unwrap_or(0)
}

/// The same bytes, written at the same time.
pub fn copy_file(from: &Path, to: &Path) {
    fs::copy(from, to).unwrap();
    let written = fs::metadata(from).unwrap().modified().unwrap();
    File::options().write(true).open(to).unwrap().set_modified(written).unwrap();
}

/// All files below, in folders of the same names.
pub fn copy_dir(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let (kind, to) = (entry.file_type().unwrap(), to.join(entry.file_name()));
        if kind.is_dir() {
            copy_dir(&entry.path(), &to);
        } else if kind.is_file() {
            copy_file(&entry.path(), &to);
        }
    }
}

fn minutes_since_1970() -> i64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    i64::try_from(now / 60).unwrap()
}

/// A zone in which it is between eleven and one o'clock now, so that no midnight comes in between.
pub fn zone_at_noon() -> String {
    let hour = minutes_since_1970() / 60 % 24;
    // "Etc/GMT-3" is three hours ahead of Greenwich.
    format!("Etc/GMT{:+}", hour - 12)
}

/// The walker's last days up to this minute.
pub fn days_until_now(seed: u64, days: i64) -> Vec<ScriptMinute> {
    let now = minutes_since_1970();
    walker::script(seed, &Calendar::midnight("UTC".parse::<Zone>().unwrap()), now - days * 1440, now)
}

/// A finished run of the program.
#[derive(Debug)]
pub struct Ran {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Ran {
    pub fn of(output: Output) -> Self {
        Self {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// A running daemon; killed when dropped.
pub struct Daemon {
    child: Child,
    log: PathBuf,
    began: Instant,
}

impl Daemon {
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// What all daemons of this home have said so far.
    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }

    /// Sends a signal by its name.
    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill").arg(format!("-{name}")).arg(self.child.id().to_string()).status().unwrap();
        assert!(sent.success());
    }

    /// Asks it to end; how it ended, and how long that took.
    pub fn terminate(mut self) -> (ExitStatus, Duration) {
        let asked = Instant::now();
        self.signal("TERM");
        let status = until("the daemon ends", || self.child.try_wait().unwrap());
        (status, asked.elapsed())
    }

    /// How long it has been running.
    pub fn age(&self) -> Duration {
        self.began.elapsed()
    }

    /// Kills it, wherever it is in its work.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        let status = self.child.wait().unwrap();
        assert_eq!(status.signal(), Some(9), "it had ended by itself, with {status}: {}", self.log());
    }

    /// Kills it at this age.
    pub fn kill_at(self, age: Duration) {
        std::thread::sleep(age.saturating_sub(self.age()));
        self.kill();
    }

    /// Kills it when the counter next writes down a small fact, such as how far it may forget, after this age; or a
    /// little later when it writes none.
    pub fn kill_at_next_fact(self, age: Duration, flash: &Path) {
        std::thread::sleep(age.saturating_sub(self.age()));
        let flash = File::open(flash).unwrap();
        let facts = || {
            let mut sectors = [0; 8192];
            flash.read_exact_at(&mut sectors, 0).unwrap();
            sectors
        };
        let before = facts();
        let patience = self.age() + Duration::from_millis(40);
        while facts() == before && self.age() < patience {
            std::hint::spin_loop();
        }
        self.kill();
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Looks until there is an answer.
pub fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(began.elapsed() < PATIENCE, "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}
