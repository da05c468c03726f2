//! The REDCap stand-in as a test starts it: it ends with the value, and with the test. `redcap_stand_in.py` says what it
//! can be told.

#![allow(dead_code, reason = "each test file uses its part of this")]

use std::{
    env,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use serde_json::{Value, json};

/// A running stand-in.
pub struct StandIn {
    child: Child,
    /// Address of the API.
    pub url: String,
    /// Its token.
    pub token: String,
    control: String,
}

impl StandIn {
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// With a certificate and its key: the API is then on `https://localhost`.
    pub fn start_tls(certificate: &Path, key: &Path) -> Self {
        Self::start_with(&["--tls", certificate.to_str().unwrap(), key.to_str().unwrap()])
    }

    fn start_with(options: &[&str]) -> Self {
        let python = env::var("BRISK_TEST_PYTHON").unwrap_or_else(|_| "python3".to_owned());
        let mut child = Command::new(&python)
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/exports/redcap_stand_in.py"))
            .args(options)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{python} does not start ({error}); tests/run installs it"));
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let said: Value = serde_json::from_str(&line).expect("it says where it listens");
        let text = |name: &str| said[name].as_str().unwrap().to_owned();
        Self { url: text("url"), token: text("token"), control: text("control"), child }
    }

    /// `rows`, `log`, `requests` or `project`.
    pub fn read(&self, what: &str) -> Value {
        let answer = ureq::get(format!("{}{what}", self.control)).call().unwrap();
        serde_json::from_reader(answer.into_body().into_reader()).unwrap()
    }

    /// Tells it something: `project`, `faults` or `reset`.
    pub fn tell(&self, what: &str, value: &Value) {
        ureq::post(format!("{}{what}", self.control)).send(value.to_string()).unwrap();
    }

    /// The next requests fail in this way, one each.
    pub fn fail(&self, queue: &[&str]) {
        self.tell("faults", &json!({ "queue": queue }));
    }

    /// The rows of the instrument of days.
    pub fn days(&self) -> Vec<Value> {
        let rows = self.read("rows");
        let rows = rows.as_array().unwrap().iter().filter(|row| row["instrument"] == "daily_activity");
        rows.cloned().collect()
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        // Without its stdin it ends by itself, also when the test was killed.
        drop(self.child.stdin.take());
        self.child.wait().expect("it was started here");
    }
}

/// The Python that has the packages of the tests.
pub fn python_with_packages() -> PathBuf {
    env::var_os("BRISK_TEST_PYTHON")
        .map(PathBuf::from)
        .expect("BRISK_TEST_PYTHON names no Python with the packages of the tests; tests/run installs one and names it")
}
