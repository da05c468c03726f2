//! A FHIR server that is not ours, on loopback: see `tests/exports/fhir_server/server.mjs`. It ends with the test.

#![allow(dead_code, reason = "each test file uses its part of this")]

use std::{
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use serde_json::Value;

/// A server of this test's own.
pub struct FhirServer {
    node: Child,
    /// Its base address.
    pub fhir: String,
    control: String,
}

/// Where the server and what comes with it are installed; installs it when it is not there.
pub fn installed() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = here.join("target/fhir-server");
    let installed = Command::new(here.join("tests/exports/fhir_server/install.sh")).arg(&folder).status();
    assert!(
        installed.is_ok_and(|status| status.success()),
        "the FHIR server of the tests needs Node 20 or newer, with npm"
    );
    folder
}

impl FhirServer {
    /// Starts one that is empty.
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// Starts one that is empty, with these environment variables.
    pub fn start_with(environment: &[(&str, &Path)]) -> Self {
        let mut node = Command::new("node")
            .arg(installed().join("server.mjs"))
            .envs(environment.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("node starts");
        let mut line = String::new();
        BufReader::new(node.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let addresses: Value = serde_json::from_str(&line).expect("the server tells its addresses");
        let address = |name: &str| addresses[name].as_str().unwrap().to_owned();
        Self { node, fhir: address("fhir"), control: address("control") }
    }

    /// Changes how it behaves.
    pub fn set(&self, settings: &Value) {
        ureq::post(&self.control).send(settings.to_string()).unwrap();
    }

    /// Forgets everything.
    pub fn reset(&self) {
        ureq::post(format!("{}/reset", self.control)).send_empty().unwrap();
    }

    /// How many resources it has, and how often it was asked.
    pub fn counts(&self) -> Value {
        Self::read(&self.control)
    }

    /// The resources of a type.
    pub fn resources(&self, kind: &str) -> Vec<Value> {
        Self::read(&format!("{}/{kind}", self.control)).as_array().unwrap().clone()
    }

    fn read(url: &str) -> Value {
        let text = ureq::get(url).call().unwrap().body_mut().with_config().limit(1 << 30).read_to_string().unwrap();
        serde_json::from_str(&text).unwrap()
    }
}

impl Drop for FhirServer {
    fn drop(&mut self) {
        // It has nothing to lose, and ends by itself when this test does.
        drop(self.node.kill());
        drop(self.node.wait());
    }
}
