//! A home of the lab: the release binary with its own data, whose Bluetooth is the guest's.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use serde_json::Value;
use tokio::{
    io::AsyncWriteExt as _,
    process::{Child, Command},
    time::{Instant, sleep, timeout},
};

/// The longest that one command may take, a first month on the smallest MTU included.
const COMMAND_WITHIN: Duration = Duration::from_secs(180);

/// A program that `cargo build --release` made.
pub fn built(name: &str) -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target"), PathBuf::from);
    let path = target.join("release").join(name);
    assert!(
        path.exists(),
        "{} is not built; tests/run does it: cargo build --release -p brisk && \
         cargo build --release -p step-log-firmware --features linux",
        path.display()
    );
    path
}

pub struct Home {
    dir: tempfile::TempDir,
    bus: String,
}

/// A finished command.
pub struct Ran {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Ran {
    pub fn ok(self, what: &str) -> Self {
        assert_eq!(self.code, Some(0), "{what}: {}\n{}", self.out, self.err);
        self
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}\n{}", self.out, self.err))
    }

    /// The number after `name=` in the log's last line about a dialogue.
    pub fn of_dialogue(&self, name: &str) -> u64 {
        let plain = self.err.lines().rfind(|line| line.contains("dialogue over")).expect("a dialogue was spoken");
        let rest = plain.split_once(&format!("{name}=")).expect("the field is there").1;
        rest.split(' ').next().unwrap().parse().unwrap()
    }
}

impl Home {
    pub fn new(bus: &str) -> Self {
        let home = Self { dir: tempfile::tempdir().unwrap(), bus: bus.to_owned() };
        let settings = "[clock]\nzone = \"UTC\"\nwait_for_sync = \"0s\"\n\n[web]\nlisten = \"off\"\n\n[bluetooth]\nsync_every = \"1m\"\n\
                        retry_after = \"1s\"\nretry_at_most = \"4s\"\nconnect_within = \"45s\"\n";
        std::fs::File::create(home.path("brisk.toml")).unwrap().write_all(settings.as_bytes()).unwrap();
        home
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(built("brisk"));
        command.args(args).arg("--data").arg(self.path("data")).arg("--config").arg(self.path("brisk.toml"));
        command.env_clear().env("DBUS_SYSTEM_BUS_ADDRESS", &self.bus).env("NO_COLOR", "1");
        command.env("BRISK_LOG", "brisk=debug").env("HOME", self.dir.path()).kill_on_drop(true);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    pub async fn run(&self, args: &[&str], typed: &str) -> Ran {
        let mut child = self.command(args).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(typed.as_bytes()).await.unwrap();
        drop(stdin);
        let output = timeout(COMMAND_WITHIN, child.wait_with_output()).await;
        let output = output.unwrap_or_else(|_| panic!("brisk {args:?} takes longer than {COMMAND_WITHIN:?}")).unwrap();
        Ran {
            code: output.status.code(),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// The daemon, with its log in a file.
    pub fn daemon(&self) -> Child {
        let log = std::fs::File::options().append(true).create(true).open(self.path("daemon.log")).unwrap();
        let mut command = self.command(&["run"]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        command.spawn().unwrap()
    }

    pub fn log(&self) -> String {
        std::fs::read_to_string(self.path("daemon.log")).unwrap_or_default()
    }

    /// The counter with this id, as the daemon has it; none while the daemon does not answer.
    pub async fn counter(&self, id: &str) -> Option<Value> {
        let ran = self.run(&["status", "--json"], "").await;
        let status: Value = serde_json::from_str(&ran.out).ok()?;
        status["counters"].as_array()?.iter().find(|counter| counter["id"] == id).cloned()
    }

    /// Waits until the daemon reports a counter like this.
    pub async fn counter_until(&self, id: &str, what: &str, within: Duration, like: impl Fn(&Value) -> bool) -> Value {
        let end = Instant::now() + within;
        let mut last = None;
        while Instant::now() < end {
            if let Some(counter) = self.counter(id).await {
                if like(&counter) {
                    return counter;
                }
                last = Some(counter);
            }
            sleep(Duration::from_millis(300)).await;
        }
        panic!("waited {within:?} until {what}: {last:?}\n{}", tail(&self.log(), 60));
    }

    /// Rows of the day table as they are exported: of days that are over, and have been for an hour and a half.
    pub async fn finished_rows(&self) -> Vec<Value> {
        let folder = self.path("rows");
        let args = ["export", "days", "--format", "jsonl", "-o", folder.to_str().unwrap()];
        self.run(&args, "").await.ok("export");
        let text = std::fs::read_to_string(folder.join("days.jsonl")).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    pub async fn end(&self, mut daemon: Child) {
        let pid = daemon.id().expect("it runs").to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().await.unwrap().success());
        let status = timeout(Duration::from_secs(20), daemon.wait()).await;
        assert!(status.expect("the daemon ends").unwrap().success(), "{}", tail(&self.log(), 40));
    }
}

/// The last lines of a text.
pub fn tail(text: &str, lines: usize) -> String {
    let all: Vec<_> = text.lines().collect();
    all[all.len().saturating_sub(lines)..].join("\n")
}
