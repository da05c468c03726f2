//! What leaves the house as files: who is not in it, what it leaves out and says so, and that it is whole or not there.

#[path = "files/readings.rs"]
mod readings;
mod support;

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::mpsc::{self, RecvTimeoutError},
    time::Duration,
};

use brisk::export::{
    FolderWriter, Format, Layout, Shape, Table,
    codebook::{self, Arm},
};
use serde_json::Value;

use crate::support::*;

/// A home in which days, minutes, a goal and a diary are stored, and days of which nothing arrived.
fn home_with_everything(days: &str) -> Home {
    let home = Home::new();
    for args in [
        &["demo", "--once", "--days", days][..],
        &["diary", "add", "swim", "30", "--note", "with Anna at Frogner"],
        &["diary", "add", "yoga-with-anna", "20"],
    ] {
        let ran = home.run(args);
        assert_eq!(ran.code, Some(0), "{args:?}: {}", ran.err);
    }
    home
}

fn files_below(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    let Ok(entries) = fs::read_dir(dir) else { return files };
    for path in entries.map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            files.extend(files_below(&path));
        } else {
            files.insert(path.clone(), fs::read(&path).unwrap());
        }
    }
    files
}

fn export(home: &Home, args: &[&str], folder: &str) -> Ran {
    home.run(&[&["export"], args, &["-o", home.path(folder).to_str().unwrap()]].concat())
}

fn exported(home: &Home, args: &[&str], folder: &str) -> PathBuf {
    let ran = export(home, args, folder);
    assert_eq!(ran.code, Some(0), "{args:?}: {}", ran.err);
    home.path(folder)
}

fn header(path: &Path) -> Vec<String> {
    let mut reader = csv::Reader::from_path(path).unwrap();
    reader.headers().unwrap().iter().map(str::to_owned).collect()
}

fn column(path: &Path, name: &str) -> Vec<String> {
    let mut reader = csv::Reader::from_path(path).unwrap();
    let at = reader.headers().unwrap().iter().position(|header| header == name).unwrap();
    reader.records().map(|row| row.unwrap()[at].to_owned()).collect()
}

#[test]
fn every_column_of_every_table_has_a_name_and_a_label_that_statistics_programs_take() {
    for table in Table::ALL {
        let entries = codebook::entries(table);
        let names: Vec<&str> = entries.iter().map(|entry| entry.name.as_str()).collect();
        assert_eq!(names, table.column_names(), "{}", table.name());
        let mut short: Vec<String> = entries.iter().map(|entry| entry.short_name.to_lowercase()).collect();
        short.sort();
        short.dedup();
        assert_eq!(short.len(), entries.len(), "short names of {} are not unlike", table.name());
        for entry in entries {
            let name = &entry.name;
            assert!(name.len() <= 32 && name.starts_with(|c: char| c.is_ascii_lowercase()), "{name}");
            let short = &entry.short_name;
            assert!((1..=8).contains(&short.len()) && short.starts_with(|c: char| c.is_ascii_lowercase()), "{short}");
            assert!((1..=80).contains(&entry.label.len()), "{name}: {}", entry.label);
            assert!(!entry.empty_when.is_empty(), "{name} does not say when it is empty");
        }
        assert!(table.key().iter().all(|key| entries.iter().any(|entry| entry.name == *key && entry.required())));
    }
}

#[test]
fn neither_a_counters_identity_nor_a_zone_nor_a_word_of_the_person_is_in_any_file() {
    let home = home_with_everything("4");
    for table in ["days", "weeks", "minutes", "raw", "goals", "diary"] {
        for format in ["csv", "jsonl", "parquet"] {
            let last = if table == "diary" { "2100-01-01" } else { "2099-01-01" };
            exported(&home, &[table, "--format", format, "--to", last], "out");
        }
    }
    for format in ["csv", "jsonl"] {
        exported(&home, &["audit", "--format", format], "out");
    }

    let files = files_below(&home.path("out"));

    let host = fs::read_to_string(home.data().join("host-id")).unwrap();
    let counters: Vec<String> = home.json(&["status"])["counters"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|counter| counter["id"].as_str().map(str::to_owned))
        .collect();
    assert!(!counters.is_empty());
    let words = ["Anna", "anna", "Frogner", "yoga", "Europe/", host.trim()];
    for (path, bytes) in &files {
        let text = String::from_utf8_lossy(bytes);
        for word in words.into_iter().chain(counters.iter().map(String::as_str)) {
            assert!(!text.contains(word), "{} holds {word:?}", path.display());
        }
    }
    let diary = home.path("out/diary.csv");
    assert_eq!(
        (column(&diary, "kind"), column(&diary, "minutes")),
        (vec!["swim".into(), "other".into()], vec!["30".into(), "20".into()])
    );
    assert!(column(&home.path("out/minutes.csv"), "counter").iter().all(|label| label.starts_with("C-")));
    assert!(column(&home.path("out/days.csv"), "tz").iter().all(String::is_empty));
}

#[test]
fn the_same_journal_exported_twice_differs_in_the_manifest_alone() {
    let home = home_with_everything("5");
    for table in ["days", "weeks", "minutes", "raw", "goals"] {
        exported(&home, &[table], "first");
        exported(&home, &[table], "second");
    }
    exported(&home, &["audit"], "first");
    exported(&home, &["audit"], "second");

    let (first, second) = (files_below(&home.path("first")), files_below(&home.path("second")));

    assert!(first.len() > 20 && first.len() == second.len());
    for ((path, bytes), other) in first.iter().zip(second.values()) {
        assert!(bytes == other || path.ends_with("manifest.json"), "{}", path.display());
    }
}

#[test]
fn since_the_last_time_only_changed_months_are_written_and_the_folder_holds_everything() {
    let home = home_with_everything("70");
    let dir = exported(&home, &["days", "--since-last"], "out");
    let inodes = || {
        let parts = files_below(&dir).into_keys().filter(|path| path.to_str().unwrap().contains("/month="));
        parts.map(|path| (path.clone(), fs::metadata(path).unwrap().ino())).collect::<BTreeMap<_, _>>()
    };
    let before = inodes();
    let (spoiled, _) = before.first_key_value().unwrap();
    let truth = fs::read(spoiled).unwrap();

    let again = export(&home, &["days", "--since-last"], "out");
    let after = inodes();
    #[expect(clippy::disallowed_methods, reason = "what somebody does to the file")]
    fs::write(spoiled, vec![b'x'; truth.len()]).unwrap();
    exported(&home, &["days", "--since-last"], "out");
    assert!(fs::read(spoiled).unwrap() == truth, "a month that was changed is written again, whatever its length");
    fs::remove_file(spoiled).unwrap();
    exported(&home, &["days", "--since-last"], "out");

    assert!((3..=4).contains(&before.len()), "{before:?}");
    assert_eq!(before, after);
    assert!(again.err.contains("files were as they should be and stayed"), "{}", again.err);
    assert!(fs::read(spoiled).unwrap() == truth, "a month that is gone is written again");
    let rows: usize = before.keys().map(|path| column(path, "local_date").len()).sum();
    assert_eq!(rows, 70);
    let manifest: Value = serde_json::from_slice(&fs::read(dir.join("manifest.json")).unwrap()).unwrap();
    let exported = &manifest["tables"]["days/**/*.csv"];
    assert_eq!((exported["rows"].as_u64(), exported["prior"].as_str().unwrap().len()), (Some(70), 64));
}

#[test]
fn in_a_blinded_study_no_file_tells_the_arm_and_goals_are_refused() {
    let home = home_with_everything("4");
    home.change_settings(|text| format!("{text}\n[study]\nkeep_arm_back = true\n"));

    let goals = export(&home, &["goals"], "goals");
    for table in ["days", "weeks"] {
        for format in ["csv", "jsonl", "parquet"] {
            exported(&home, &[table, "--format", format], "out");
        }
    }
    for format in ["csv", "jsonl"] {
        exported(&home, &["audit", "--format", format], "out");
    }

    assert_ne!(goals.code, Some(0));
    assert!(goals.err.contains("keep_arm_back") && !home.path("goals").exists(), "{}", goals.err);
    for (path, bytes) in files_below(&home.path("out")) {
        let text = String::from_utf8_lossy(&bytes);
        for word in ["goal_target", "goal_state", "days_met", "attainment", "leisure_brisk_min,15"] {
            // What a rule says of a column that is not there tells nothing of anybody.
            let is_book = path.file_name().unwrap().to_str().unwrap().starts_with("codebook");
            assert!(is_book || !text.contains(word), "{} holds {word}", path.display());
        }
    }
    assert_eq!(header(&home.path("out/days.csv")).len(), 57 - 5);
    assert_eq!(codebook_names(&home.path("out/codebook.csv")), header(&home.path("out/days.csv")));
}

fn codebook_names(path: &Path) -> Vec<String> {
    column(path, "name")
}

#[test]
fn days_before_joining_stay_at_home_and_how_many_is_said() {
    let home = home_with_everything("6");
    let dates = column(&exported(&home, &["days"], "all").join("days.csv"), "local_date");
    let study = |enrolled: &str| {
        home.change_settings(|text| {
            format!("{text}\n[study]\nid = \"ETMI01\"\nepoch = \"2020-01-01\"\n[[person]]\nid = \"me\"\n{enrolled}\n")
        });
    };

    study(&format!("enrolled = \"{}\"", dates[3]));
    let some = export(&home, &["days"], "some");
    study("");
    let none = export(&home, &["days"], "none");

    assert_eq!(some.code, Some(0), "{}", some.err);
    assert_eq!(column(&home.path("some/days.csv"), "local_date"), dates[3..]);
    assert!(some.err.contains("Left out, 3 days: before the day of joining the study"), "{}", some.err);
    assert_eq!((none.code, home.path("none").exists()), (Some(3), false), "{}", none.err);
    assert!(none.err.contains("set `enrolled`"), "{}", none.err);
}

#[test]
fn shifted_dates_move_by_whole_weeks_everywhere_and_the_same_way_each_time() {
    let home = home_with_everything("4");
    let real = column(&exported(&home, &["days"], "real").join("days.csv"), "local_date");
    home.change_settings(|text| {
        format!(
            "{text}\n[study]\nid = \"ETMI01\"\nepoch = \"2020-01-01\"\nshift_dates = true\n\
             [[person]]\nid = \"me\"\nenrolled = \"2020-01-01\"\n"
        )
    });

    #[expect(clippy::disallowed_methods, reason = "an export is dated by the real clock")]
    let today = || chrono::Utc::now().date_naive().to_string();
    let today_before = today();
    // The audit trail first: whatever leaves first draws by how much dates are moved.
    for table in ["audit", "days", "weeks", "minutes", "raw", "goals", "diary"] {
        exported(&home, &[table], "moved");
    }
    let today = [today_before, today()];
    let moved = column(&home.path("moved/days.csv"), "local_date");
    let again = column(&exported(&home, &["days"], "again").join("days.csv"), "local_date");

    let day = |text: &String| text.parse::<chrono::NaiveDate>().unwrap();
    let by = (day(&moved[0]) - day(&real[0])).num_days();
    assert!(by != 0 && by % 7 == 0, "moved by {by} days");
    assert!(real.iter().zip(&moved).all(|(real, moved)| (day(moved) - day(real)).num_days() == by));
    assert_eq!(moved, again);
    let files = files_below(&home.path("moved"));
    assert!(files.keys().any(|path| path.ends_with("manifest.json")));
    for (path, bytes) in files {
        let text = String::from_utf8_lossy(&bytes);
        for date in real.iter().chain(&today) {
            assert!(!text.contains(date), "{date} stands in {}", path.display());
        }
    }
}

#[test]
fn two_exports_do_not_write_into_one_folder_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let begin = || {
        let shape = Shape { table: Table::Days, format: Format::Csv, arm: Arm::Shown, layout: Layout::Whole };
        FolderWriter::new(dir.path(), shape)
    };
    let first = begin().unwrap();

    let second = begin().err().unwrap().to_string();
    drop(first);

    assert!(second.contains("another export writes into"), "{second}");
    assert!(begin().is_ok());
}

#[test]
fn a_manifest_that_cannot_be_read_is_named_and_nothing_is_written() {
    let home = home_with_everything("2");
    fs::create_dir(home.path("out")).unwrap();
    home.write("out/manifest.json", "no manifest");

    let ran = export(&home, &["days"], "out");

    assert_eq!(ran.code, Some(1), "{}", ran.err);
    assert!(ran.err.contains("could not be read; nothing was written"), "{}", ran.err);
    assert_eq!(files_below(&home.path("out")).len(), 1);
}

#[test]
fn a_dry_run_says_what_would_be_written_and_writes_nothing() {
    let home = home_with_everything("3");

    let ran = export(&home, &["minutes", "--dry-run"], "out");
    let told = home.json(&["export", "minutes", "--dry-run", "-o", home.path("out").to_str().unwrap()]);

    assert_eq!((ran.code, home.path("out").exists()), (Some(0), false), "{}", ran.err);
    assert!(ran.out.contains("4320 rows of minutes") && ran.out.contains("Left out, 1 day"), "{}", ran.out);
    assert_eq!((told["rows"].as_u64(), told["left_out"][0]["days"].as_u64()), (Some(4320), Some(1)));
}

#[test]
fn a_disk_that_is_full_in_mid_file_leaves_what_was_there_and_says_what_to_do() {
    let home = home_with_everything("40");
    exported(&home, &["minutes", "--to", "2099-01-01"], "out");
    let before = files_below(&home.path("out"));

    // As a full disk, writing beyond two megabytes fails, which no file of the store has; the signal that comes with
    // it is not heard.
    let mut command = home.brisk(&["export", "minutes", "-o", home.path("out").to_str().unwrap()]);
    let mut limited = Command::new("bash");
    limited.arg("-c").arg("trap '' XFSZ; ulimit -f 2000; exec \"$0\" \"$@\"").arg(command.get_program());
    limited.args(command.get_args()).current_dir(home.path("."));
    for (name, value) in command.get_envs() {
        limited.envs(value.map(|value| (name, value)));
    }
    command.env_clear();
    let ran = Ran::of(limited.output().unwrap());

    assert_eq!(ran.code, Some(1), "{}", ran.err);
    assert!(ran.err.contains("minutes.csv") && ran.err.contains("Make room"), "{}", ran.err);
    assert!(files_below(&home.path("out")) == before, "the folder is as it was");
}

/// The most memory that a process has held, kB; none when it is gone.
fn peak_kb(process: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse().ok()
}

/// What an export takes at most, kB.
fn peak_of_export(home: &Home, args: &[&str]) -> u64 {
    let folder = home.path("peak");
    let mut command = home.brisk(&[&["export"], args, &["-o", folder.to_str().unwrap()]].concat());
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let process = child.id();
    let (ended, end) = mpsc::channel();
    let waiting = std::thread::spawn(move || {
        let status = child.wait().unwrap();
        ended.send(()).unwrap();
        status
    });
    let mut peak = 0;
    while end.recv_timeout(Duration::from_millis(2)) == Err(RecvTimeoutError::Timeout) {
        peak = peak_kb(process).unwrap_or(0).max(peak);
    }
    assert!(waiting.join().unwrap().success() && peak > 0, "{args:?}");
    peak
}

#[test]
fn half_a_year_of_minutes_and_readings_takes_no_more_memory_than_a_month_of_them() {
    let home = home_with_everything("190");
    #[expect(clippy::disallowed_methods, reason = "the simulated counter lived until this moment")]
    let month = (chrono::Utc::now().date_naive() - chrono::Days::new(32)).to_string();
    // A row takes 150 bytes and more: all of them held would be another 40 MB.
    for args in [["minutes", "--format", "parquet"], ["minutes", "--format", "csv"], ["raw", "--format", "parquet"]] {
        let short = peak_of_export(&home, &[&args[..], &["--from", &month]].concat());
        let long = peak_of_export(&home, &args);

        println!("{args:?}: {short} kB, {long} kB");
        assert!(long < short + (12 << 10), "{args:?}: {long} kB, and {short} kB for a month");
    }
}

#[test]
fn foreign_programs_read_every_table_and_refuse_a_spoiled_one() {
    let home = home_with_everything("40");
    for table in ["days", "weeks", "minutes", "raw", "goals", "diary"] {
        for format in ["csv", "parquet"] {
            exported(&home, &[table, "--format", format], "out");
        }
    }
    for format in ["csv", "jsonl"] {
        exported(&home, &["audit", "--format", format], "out");
    }
    home.change_settings(|text| {
        format!(
            "{text}\n[study]\nid = \"ETMI01\"\nepoch = \"2020-01-01\"\n[[person]]\nid = \"me\"\nenrolled = \"2020-01-01\"\n"
        )
    });
    exported(&home, &["days", "--format", "parquet", "--by-month"], "months");
    let python = std::env::var_os("BRISK_TEST_PYTHON").expect(
        "BRISK_TEST_PYTHON names no Python with frictionless, pyarrow, duckdb and pyreadstat: start with tests/run",
    );

    let told = Command::new(python)
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/exports/files.py"))
        .args([home.path("out"), home.path("months")])
        .output()
        .unwrap();

    let text = String::from_utf8_lossy(&told.stdout);
    let failed: Vec<&str> = text.lines().filter(|line| line.starts_with("FAILED")).collect();
    assert!(told.status.success(), "{failed:#?}\n{}", String::from_utf8_lossy(&told.stderr));
    assert!(text.lines().filter(|line| line.starts_with("ok")).count() > 60, "{text}");
}
