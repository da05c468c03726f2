//! `brisk aggregate` as a person runs it.

use std::{
    collections::BTreeMap,
    io::Read,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::support::{HEADER, START, days, file, row};

struct Home {
    dir: tempfile::TempDir,
}

struct Ran {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Home {
    fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn write(&self, name: &str, content: &[u8]) {
        if let Some(folder) = Path::new(name).parent() {
            std::fs::create_dir_all(self.path(folder.to_str().unwrap())).unwrap();
        }
        file(&self.dir, name, content);
    }

    fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// Words parted by blanks; `aggregate` comes first.
    fn run(&self, words: &str) -> Ran {
        let done = Command::new(env!("CARGO_BIN_EXE_brisk"))
            .arg("aggregate")
            .args(words.split_whitespace())
            .current_dir(self.dir.path())
            .env_clear()
            .env("HOME", self.dir.path())
            .output()
            .unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Ran { code: done.status.code(), out: text(done.stdout), err: text(done.stderr) }
    }

    fn files(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.dir.path()).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// Two people over ten days, walking an hour a day.
fn minutes() -> String {
    let rows = ["p1", "p2"].into_iter().flat_map(|who| {
        (0..10 * 1440).map(move |minute| row(who, START + minute, if minute % 1440 / 60 == 10 { 105 } else { 0 }))
    });
    HEADER.to_owned() + &rows.collect::<String>()
}

fn sha256(path: &Path) -> String {
    let bytes = std::fs::read(path).unwrap();
    Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// All but what tells when it was made.
fn without_moment(day: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    day.iter().filter(|(name, _)| *name != "computed_at").map(|(name, cell)| (name.clone(), cell.clone())).collect()
}

#[test]
fn the_day_table_comes_in_every_form_with_its_codebook_and_where_it_is_from() {
    let home = Home::new();
    home.write("minutes.csv", minutes().as_bytes());

    let plain = home.run("minutes.csv");
    assert_eq!((plain.code, plain.err.lines().next()), (Some(0), Some("20 days of 2 participants from 28800 rows.")));
    let table: Vec<_> = days(&plain.out).iter().map(without_moment).collect();
    assert_eq!(table.len(), 20);
    assert!(table.iter().all(|day| day["total_steps"] == "6300" && day["brisk_min"] == "60"));
    assert_eq!(home.files(), ["minutes.csv"], "nothing is written beside standard output");

    for name in ["days.csv", "days.csv.gz", "days.jsonl", "days.jsonl.gz", "days.parquet"] {
        let (asked, fingerprint) = if name == "days.csv" {
            ("--hash sha256", format!("sha256:{}", sha256(&home.path("minutes.csv"))))
        } else {
            ("", format!("blake3:{}", blake3::hash(minutes().as_bytes())))
        };
        let ran = home.run(&format!("minutes.csv -o {name} {asked}"));
        assert_eq!((ran.code, ran.out.as_str()), (Some(0), ""), "{}", ran.err);

        let about = json(&home.text(&format!("{name}.about.json")));
        assert_eq!(about["table"], "days");
        assert_eq!(about["inputs"][0]["hash"], fingerprint);
        assert_eq!(about["codebook"], format!("{name}.codebook.csv"));
        assert_eq!(
            (about["inputs"][0]["rows"].as_u64(), about["rules"]["name"].as_str()),
            (Some(28_800), Some("brisk/1"))
        );
        assert!(about["software"].as_str().unwrap().starts_with("brisk ") && about["computed_at"].is_string());
        assert!(home.text(&format!("{name}.codebook.csv")).contains("brisk_min,"));
        assert!(!home.path(&format!("{name}.set-aside.csv")).exists());
    }
    let of_csv: Vec<_> = days(&home.text("days.csv")).iter().map(without_moment).collect();
    assert_eq!(of_csv, table);
    let unpacked = |name: &str| {
        let mut text = String::new();
        flate2::read::MultiGzDecoder::new(std::fs::File::open(home.path(name)).unwrap())
            .read_to_string(&mut text)
            .unwrap();
        text
    };
    assert_eq!(days(&unpacked("days.csv.gz")).iter().map(without_moment).collect::<Vec<_>>(), table);
    assert_eq!(unpacked("days.jsonl.gz").lines().count(), 20);
    let first = json(home.text("days.jsonl").lines().next().unwrap());
    assert_eq!((first["brisk_min"].as_u64(), first["local_date"].as_str()), (Some(60), Some("2026-10-20")));
    let reader =
        parquet::file::reader::SerializedFileReader::new(std::fs::File::open(home.path("days.parquet")).unwrap());
    let metadata = parquet::file::reader::FileReader::metadata(&reader.unwrap()).clone();
    let kept = metadata.file_metadata().key_value_metadata().unwrap();
    let of = |key: &str| kept.iter().find(|pair| pair.key == key).and_then(|pair| pair.value.clone()).unwrap();
    assert_eq!((metadata.file_metadata().num_rows(), of("rules").as_str()), (20, "brisk/1"));
    assert!(of("inputs").contains(blake3::hash(minutes().as_bytes()).to_hex().as_str()));
}

#[test]
fn weeks_persons_and_the_report_come_beside_the_days() {
    let home = Home::new();
    home.write("minutes.csv", minutes().as_bytes());

    let ran =
        home.run("minutes.csv -o days.csv --weeks weeks.csv --persons persons.jsonl --report report.html --threads 2");

    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let weeks = days(&home.text("weeks.csv"));
    let of: Vec<_> =
        weeks.iter().map(|week| [&week["participant_id"], &week["week_index"], &week["days_with_data"]]).collect();
    assert_eq!(of, [["p1", "1", "7"], ["p1", "2", "3"], ["p2", "1", "7"], ["p2", "2", "3"]]);
    let person = json(home.text("persons.jsonl").lines().next().unwrap());
    assert_eq!((person["participant_id"].as_str(), person["days_with_data"].as_u64()), (Some("p1"), Some(10)));
    let page = home.text("report.html");
    assert!(page.contains("p1") && page.contains("p2") && !page.contains("http://") && !page.contains("src=\"http"));
    for beside in
        ["weeks.csv.codebook.csv", "weeks.csv.about.json", "persons.jsonl.codebook.csv", "persons.jsonl.about.json"]
    {
        assert!(home.path(beside).exists(), "{beside}");
    }
    assert_eq!(json(&home.text("weeks.csv.about.json"))["table"], "weeks");

    // Monday to Sunday: 20 October 2026 is a Tuesday.
    let ran = home.run("minutes.csv -o days.csv --weeks weeks.csv --calendar-weeks");
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let with_data: Vec<_> = days(&home.text("weeks.csv")).iter().map(|week| week["days_with_data"].clone()).collect();
    assert_eq!(with_data, ["6", "4", "6", "4"]);
}

#[test]
fn a_dry_run_says_what_is_understood_and_writes_nothing() {
    let home = Home::new();
    let parts: String = (0..100)
        .map(|part| {
            format!(
                "a,{},3\n",
                chrono::DateTime::from_timestamp(START * 60 + part * 15, 0).unwrap().format("%Y-%m-%d %H:%M:%S")
            )
        })
        .collect();
    home.write("in/parts.csv", ("Id,At,N\n".to_owned() + &parts).as_bytes());
    home.write("in/notes.md", b"hello");
    home.write("in/empty.csv", b"");
    let words = "in --map participant_id=Id,timestamp=At,steps=N --tz Europe/Oslo --dry-run";

    let for_people = home.run(words);
    let for_programs = home.run(&format!("{words} --json"));

    assert_eq!(for_people.code, Some(1), "a file cannot be read");
    for part in ["parts.csv", "empty.csv", "Europe/Oslo", "brisk/1", "15"] {
        assert!(for_people.out.contains(part), "{part}: {}", for_people.out);
    }
    let told = json(&for_programs.out);
    assert_eq!(
        (for_programs.code, &told["tz"], &told["columns"]["steps"]),
        (Some(1), &"Europe/Oslo".into(), &"N".into())
    );
    let inputs = told["inputs"].as_array().unwrap();
    assert!(inputs[0]["error"].as_str().unwrap().contains("empty"), "{told}");
    assert_eq!(
        (&inputs[1]["epoch_s"], &inputs[1]["shape"], &inputs[1]["columns"][2]),
        (&15.into(), &"long".into(), &"N".into())
    );
    assert_eq!(told["passed_over"].as_array().unwrap().len(), 1);
    assert_eq!(home.files(), ["in"]);
}

#[test]
fn a_folder_with_trouble_gives_its_days_a_list_and_exit_code_1_and_strict_gives_nothing() {
    let home = Home::new();
    home.write(
        "in/a/p1.csv",
        (HEADER.to_owned() + &row("p1", START, 7) + "p1,never,8\n" + &row("p1", START, 9)).as_bytes(),
    );
    home.write("in/b.csv", b"");
    home.write(
        "in/c.csv.gz",
        &crate::support::pack((HEADER.to_owned() + &row("p2", START, 5)).as_bytes(), crate::support::Packed::Gzip),
    );
    home.write("in/readme.md", b"-");

    let ran = home.run("in -o days.csv --json");

    let told = json(&ran.out);
    assert_eq!(ran.code, Some(1));
    let steps: Vec<_> = days(&home.text("days.csv")).iter().map(|day| day["total_steps"].clone()).collect();
    assert_eq!(steps, ["7", "5"]);
    let counts = ["rows", "days", "participants", "rejected", "conflicts", "duplicates"]
        .map(|name| told[name].as_u64().unwrap());
    assert_eq!(counts, [4, 2, 2, 1, 1, 0]);
    assert_eq!(told["rejected_by_reason"][0]["rows"], 1);
    assert!(told["rejected_files"][0]["file"].as_str().unwrap().ends_with("b.csv"));
    assert_eq!(told["set_aside"], "days.csv.set-aside.csv");
    let aside = csv::Reader::from_path(home.path("days.csv.set-aside.csv")).unwrap().into_records();
    let aside: Vec<_> =
        aside.map(|row| row.unwrap()).map(|row| (row[0].to_owned(), row[1].to_owned(), row[3].to_owned())).collect();
    let expected = [("in/a/p1.csv", "3", "p1,never,8"), ("in/b.csv", "", ""), ("in/a/p1.csv", "4", "")];
    assert_eq!(aside, expected.map(|(path, line, row)| (path.to_owned(), line.to_owned(), row.to_owned())));

    let elsewhere = home.run("in -o days.csv --set-aside trouble.csv");
    assert_eq!(elsewhere.code, Some(1));
    assert!(elsewhere.err.contains("trouble.csv") && elsewhere.err.contains("readme.md"), "{}", elsewhere.err);
    assert_eq!(home.text("trouble.csv").lines().count(), 4);

    let strict = home.run("in/a -o strict.csv --strict");
    assert_eq!((strict.code, strict.out.as_str()), (Some(1), ""));
    assert!(strict.err.contains("p1.csv line 3"), "{}", strict.err);
    assert!(!home.path("strict.csv").exists());
}

#[test]
fn a_clean_run_leaves_no_list_of_an_earlier_one_and_writes_an_empty_one_where_it_is_asked_for() {
    let home = Home::new();
    home.write("minutes.csv", (HEADER.to_owned() + "p1,never,8\n" + &row("p1", START, 7)).as_bytes());
    assert_eq!(home.run("minutes.csv -o days.csv").code, Some(1));
    assert!(home.path("days.csv.set-aside.csv").exists());

    home.write("minutes.csv", (HEADER.to_owned() + &row("p1", START, 7)).as_bytes());
    assert_eq!(home.run("minutes.csv -o days.csv").code, Some(0));

    assert!(!home.path("days.csv.set-aside.csv").exists());
    assert_eq!(home.run("minutes.csv -o days.csv --set-aside none.csv").code, Some(0));
    assert_eq!(home.text("none.csv"), "file,line,reason,row\r\n");
}

#[test]
fn what_cannot_be_meant_is_refused_before_any_work() {
    let home = Home::new();
    home.write("minutes.csv", (HEADER.to_owned() + &row("p1", START, 7)).as_bytes());
    for (words, code, part) in [
        ("", 2, "INPUT"),
        ("minutes.csv --epoch 7", 2, "parts of a minute"),
        ("minutes.csv --epoch 4000", 2, "parts of a minute"),
        ("minutes.csv --tz Oslo", 2, "Oslo"),
        ("minutes.csv --map steps", 2, "does not name a column"),
        ("minutes.csv --stamps local", 1, "needs a zone"),
        ("nowhere.csv", 1, "there is no file or folder"),
        ("minutes.csv --map steps=Count", 1, "no column \"Count\""),
        ("minutes.csv --rules none.toml", 1, "none.toml"),
        ("minutes.csv --device-days-out x.csv", 2, "--device-days"),
    ] {
        let ran = home.run(words);

        assert_eq!(ran.code, Some(code), "{words}: {}", ran.err);
        assert!(ran.err.contains(part), "{words}: {}", ran.err);
        assert_eq!(ran.out, "", "{words}");
    }
    assert_eq!(home.files(), ["minutes.csv"]);
}

#[test]
fn rules_of_a_file_change_the_numbers_and_stand_in_every_row() {
    let home = Home::new();
    let shipped =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("config/rules/brisk-1.toml")).unwrap();
    let own = shipped
        .replace("brisk/1", "heart/1")
        .replace("brisk_spm = 100", "brisk_spm = 106\nwear_method = \"heart_rate\"");
    home.write("own.toml", own.as_bytes());
    let rows: String = (0..200)
        .map(|at| row("p1", START + at, 105).trim_end().to_owned() + if at < 50 { ",60\n" } else { ",\n" })
        .collect();
    home.write("minutes.csv", ("participant_id,timestamp,steps,hr\n".to_owned() + &rows).as_bytes());

    let usual = days(&home.run("minutes.csv").out);
    let ran = home.run("minutes.csv --rules own.toml --map heart_rate=hr");

    assert_eq!((usual[0]["brisk_min"].as_str(), usual[0]["rules"].as_str()), ("200", "brisk/1"));
    let own = days(&ran.out);
    let told = ["brisk_min", "brisk_threshold", "wear_method", "wear_min", "rules"].map(|name| own[0][name].as_str());
    assert_eq!(told, ["0", "106", "heart_rate", "200", "heart/1"], "{}", ran.err);
    assert_ne!(own[0]["rules_hash"], usual[0]["rules_hash"]);
}

#[test]
fn the_public_days_beside_their_vendors_totals_are_those_found_by_hand() {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared");
    let shared = std::env::var_os("BRISK_SHARED").map_or(beside, PathBuf::from).join("data/fitabase-2016");
    let named = |name: &str| shared.join(name).to_str().unwrap().to_owned();
    if !shared.is_dir() {
        assert!(
            std::env::var_os("BRISK_REQUIRE_DATA").is_none_or(|wanted| wanted != "1"),
            "{} is not there",
            shared.display()
        );
        println!("left out: fitabase-2016 is not there");
        return;
    }
    let home = Home::new();

    let ran = home.run(&format!(
        "{} --map participant_id=Id,timestamp=ActivityMinute,steps=Steps --device-days {} --device-days-out both.csv -o days.csv",
        named("minuteStepsNarrow_merged.csv.gz"),
        named("dailyActivity_merged.csv.gz")
    ));

    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let both = days(&home.text("both.csv"));
    let mut found: Vec<_> = both
        .iter()
        .map(|day| ["participant_id", "local_date", "device_day_steps", "minute_steps"].map(|name| day[name].clone()))
        .collect();
    found.sort();
    let expected = csv::Reader::from_path(named("vendor_daily_vs_minute_sum.csv")).unwrap().into_records();
    let mut expected: Vec<_> =
        expected.map(Result::unwrap).map(|row| [0, 1, 2, 3].map(|column| row[column].to_owned())).collect();
    expected.sort();
    assert_eq!(found, expected);
    assert_eq!(found.len(), 494);
    let mut classes: BTreeMap<&str, usize> = BTreeMap::new();
    for day in &both {
        *classes.entry(&day["class"]).or_default() += 1;
    }
    let expected = [
        ("day_total_older", 9),
        ("detail_lost_all_day", 5),
        ("exact", 358),
        ("large_shortfall", 8),
        ("last_partial_day", 7),
        ("no_day_total", 7),
        ("no_minutes_first_day", 17),
        ("no_minutes_last_day", 3),
        ("small_shortfall", 80),
    ];
    assert_eq!(classes, expected.into());
    // Every total of the vendor stands in the day table.
    let table = days(&home.text("days.csv"));
    for day in both.iter().filter(|day| !day["device_day_steps"].is_empty()) {
        let same = |row: &&crate::support::Row| {
            row["participant_id"] == day["participant_id"] && row["local_date"] == day["local_date"]
        };
        let row = table.iter().find(same).unwrap();
        assert_eq!(row["device_day_steps"], day["device_day_steps"]);
    }
}
