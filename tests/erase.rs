//! Take my data, and erase: through the program as people use it, through the pages, and with a kill in the middle.
//!
//! `BRISK_KILLS` says how many kills, `BRISK_SEED` repeats a run.

#![expect(clippy::disallowed_methods, reason = "the binary is another process: its time is real time")]

#[path = "erase/home.rs"]
mod home;
#[path = "erase/page.rs"]
mod page;
mod support;
#[path = "erase/takeout.rs"]
mod takeout;

use std::{
    env, fs,
    io::{Cursor, Read as _, Write as _},
    os::unix::net::UnixListener,
    process::Command,
    thread::JoinHandle,
};

use brisk::{
    demo::COUNTER,
    devices::DeviceDecision,
    model::ParticipantId,
    privacy::{
        erase::{self, AtStudy, EraseError},
        receipt::{Check, Receipt},
    },
    store::Store,
};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::{
    home::{NEW_YEAR_S, OTHER, WHO, WORDS, app, holding, household, rows, settings},
    support::*,
};

#[test]
fn a_person_takes_everything_along_and_is_erased_through_the_running_daemon() {
    let script = days_until_now(5, 3);
    let home = Home::with_counter(&script);
    home.change_settings(|text| format!("{text}person = \"{WHO}\"\n\n[[person]]\nid = \"{WHO}\"\n"));
    let daemon = home.daemon();
    home.complete();
    assert_eq!(home.run(&["goal", "set", "--amount", "20", "--own-words", WORDS]).code, Some(0));
    assert!(!holding(&home.data(), WORDS.as_bytes()).is_empty());

    let taken = home.run(&["person", "takeout", "-o", "mine"]);

    assert_eq!(taken.code, Some(0), "{}", taken.err);
    let read = |name: &str| fs::read_to_string(home.path("mine").join(name)).unwrap();
    let rows = |name: &str| {
        csv::Reader::from_reader(Cursor::new(read(name))).into_records().map(Result::unwrap).collect::<Vec<_>>()
    };
    assert_eq!(rows("minutes.csv").len(), script.len());
    let steps: u32 = rows("minutes.csv").iter().map(|row| row[3].parse::<u32>().unwrap()).sum();
    assert_eq!(steps, script.iter().map(|minute| minute.steps).sum::<u32>());
    let readings: Vec<Value> = read("readings.jsonl").lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(readings.len(), script.len());
    assert_eq!(readings.iter().map(|one| one["steps"].as_u64().unwrap()).sum::<u64>(), u64::from(steps));
    assert_eq!(rows("days.csv").len(), 4);
    assert!(!rows("weeks.csv").is_empty());
    assert_eq!(&rows("goals.csv")[0][7], WORDS);
    assert!(read("decisions.jsonl").contains(WORDS) && read("decisions.jsonl").contains("data_taken"));
    assert!(read("README.txt").starts_with("Everything that Brisk kept about walker-seven"), "{}", read("README.txt"));
    let again = home.run(&["person", "takeout", "-o", "mine"]);
    assert_eq!(again.code, Some(1));
    assert!(again.err.contains("there already; nothing was written"), "{}", again.err);

    for (id, confirm, code) in [(WHO, "somebody-else", 1), ("nobody", "nobody", 3)] {
        let refused = home.run(&["person", "erase", id, "--confirm", confirm, "--receipt", "no.json"]);
        assert_eq!(refused.code, Some(code));
        assert!(refused.err.contains("nothing was"), "{}", refused.err);
        assert!(!home.path("no.json").exists() && !holding(&home.data(), WORDS.as_bytes()).is_empty());
    }

    let erased = home.run(&["person", "erase", WHO, "--confirm", WHO, "--receipt", "receipt.json"]);

    assert_eq!(erased.code, Some(0), "{}", erased.err);
    assert!(erased.err.contains("The settings still name this person"), "{}", erased.err);
    until("the counters are wired anew", || (!daemon_looks_for_a_counter(&home)).then_some(()));
    for mark in [WORDS, WHO] {
        assert_eq!(holding(&home.data(), mark.as_bytes()), Vec::<String>::new(), "{mark}");
    }
    assert!(!home.data().join(format!("journal/counter-{COUNTER}")).exists());
    let sound = home.run(&["data", "verify"]);
    assert_eq!(sound.code, Some(0), "{}", sound.out);
    assert_eq!(home.run(&["person", "receipt", "check", "receipt.json"]).code, Some(0));
    let text = fs::read_to_string(home.path("receipt.json")).unwrap();
    home.write("changed.json", &text.replace("walker-seven", "walker-nine"));
    assert_eq!(home.run(&["person", "receipt", "check", "changed.json"]).code, Some(1));
    let nothing = home.run(&["person", "erase", WHO, "--confirm", WHO]);
    assert!(nothing.err.contains("nothing is kept of this person"), "{}", nothing.err);
    daemon.terminate();

    let daemon = home.daemon();
    assert!(!daemon_looks_for_a_counter(&home), "what the counter still holds does not come back");
    assert_eq!(home.run(&["person", "receipt", "check", "receipt.json"]).code, Some(0));
    assert_eq!(holding(&home.data(), WHO.as_bytes()), Vec::<String>::new());
    daemon.terminate();
}

fn daemon_looks_for_a_counter(home: &Home) -> bool {
    home.json(&["status"])["counters"].as_array().unwrap().iter().any(|counter| counter["wanted"] == true)
}

#[test]
fn a_kill_in_the_middle_leaves_everything_or_nothing_of_the_person() {
    let seed = env::var("BRISK_SEED").ok().and_then(|n| n.parse().ok()).unwrap_or_else(|| fastrand::u64(..));
    let kills: u32 = env::var("BRISK_KILLS").ok().and_then(|n| n.parse().ok()).unwrap_or(30);
    println!("BRISK_SEED={seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    let home = Home::new();
    home.change_settings(|_| settings());
    let whole = home.path("whole");
    household(&whole, 12);
    let anew = || {
        fs::remove_dir_all(home.data()).unwrap();
        copy_dir(&whole, &home.data());
    };
    let command = || home.brisk(&["person", "erase", WHO, "--confirm", WHO]);
    anew();
    let began = std::time::Instant::now();
    assert!(command().output().unwrap().status.success());
    let takes = began.elapsed();
    let (mut erased, mut kept) = (0, 0);

    for _ in 0..kills {
        anew();
        let mut child = command().stdout(std::process::Stdio::null()).spawn().unwrap();
        std::thread::sleep(takes.mul_f64(random.f64() * 1.1));
        // It may have come to its end.
        drop(child.kill());
        child.wait().unwrap();

        let (store, _) = Store::open(&home.data()).unwrap();
        let minutes = |device| store.minutes(device, 0, 100_000_000).unwrap().len();
        let (theirs, others) = (minutes(COUNTER), minutes(OTHER));
        let report = store.verify(&mut |_, _| ()).unwrap();
        assert!(report.journal_is_whole() && report.index_is_right(), "{report:?}");
        drop(store);
        assert_eq!(others, 12 * 1440);
        if theirs == 0 {
            erased += 1;
            assert_eq!(holding(&home.data(), WORDS.as_bytes()), Vec::<String>::new());
            assert_eq!(holding(&home.data(), WHO.as_bytes()), Vec::<String>::new());
        } else {
            kept += 1;
            assert_eq!(theirs, 12 * 1440);
            assert!(!holding(&home.data(), WORDS.as_bytes()).is_empty());
        }
    }

    println!("{takes:?}: {kept} kills left everything, {erased} nothing");
}

#[test]
fn a_disk_that_fills_up_while_the_journal_is_written_anew_erases_nothing() {
    let home = Home::new();
    home.change_settings(|_| settings());
    fs::remove_dir_all(home.data()).unwrap();
    household(&home.data(), 1);
    let (store, _) = Store::open(&home.data()).unwrap();
    let long = json!({ "participant": "stayer", "note": "x".repeat(60_000) }).to_string();
    for _ in 0..50 {
        store.append_decision(Utc::now(), "person", &long).unwrap();
    }
    drop(store);
    let brisk = home.brisk(&["person", "erase", WHO, "--confirm", WHO]);

    let refused = Command::new("sh")
        // No file may grow beyond a megabyte or two.
        .args(["-c", "trap '' XFSZ; ulimit -f 2048; exec \"$0\" \"$@\""])
        .arg(brisk.get_program())
        .args(brisk.get_args())
        .output()
        .map(Ran::of)
        .unwrap();

    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(refused.err.contains("nothing was erased") && refused.err.contains("disk is full"), "{}", refused.err);
    assert!(!holding(&home.data(), WORDS.as_bytes()).is_empty());
    assert_eq!(home.run(&["data", "verify"]).code, Some(0));
    assert_eq!(home.run(&["person", "erase", WHO, "--confirm", WHO]).code, Some(0));
    assert_eq!(holding(&home.data(), WORDS.as_bytes()), Vec::<String>::new());
}

#[test]
fn of_a_counter_worn_in_turn_the_other_persons_days_stay_the_same_to_the_last_value() {
    // From the seventh to the ninth day it was the walker's; before and after somebody else's.
    let turns = [("", "stayer"), ("2026-01-07", WHO), ("2026-01-10", "stayer")].map(|(from, person)| {
        let from = if from.is_empty() { String::new() } else { format!("from = \"{from}\"\n") };
        format!("[[counter]]\nid = \"{COUNTER}\"\nperson = \"{person}\"\nsimulated_flash = \"x.flash\"\n{from}")
    });
    let settings = format!(
        "[clock]\nzone = \"Europe/Oslo\"\n[bluetooth]\nradio = \"simulated\"\n[[person]]\nid = \"{WHO}\"\n[[person]]\nid = \"stayer\"\n{}",
        turns.concat()
    );
    let dir = tempfile::tempdir().unwrap();
    household(dir.path(), 15);
    let now = DateTime::from_timestamp(NEW_YEAR_S + 17 * 86_400, 0).unwrap();
    let who: ParticipantId = WHO.parse().unwrap();
    let one = app(dir.path(), &settings);
    let before = rows(&one.book, "stayer", now);
    assert_eq!(rows(&one.book, WHO, now)[0].total_steps.map(|steps| steps > 0), Some(true));

    let done = erase::erase(&one.store, &one.book, &one.config, dir.path(), &who, AtStudy::Told, now).unwrap();

    assert_eq!(done.receipt.tombstone.readings, 3 * 1440);
    assert!(done.forgotten.is_empty(), "the counter is somebody else's now and goes on being read");
    assert_eq!(rows(&one.book, "stayer", now), before);
    assert_eq!(rows(&one.book, WHO, now), []);
    assert_eq!(done.receipt.check(&one.store).unwrap(), Check::Sound);
    drop(one);
    let anew = app(dir.path(), &settings);
    assert_eq!(rows(&anew.book, "stayer", now), before);
    assert_eq!(rows(&anew.book, WHO, now), [], "the settings still name them, and no day is theirs");
    assert_eq!(holding(dir.path(), WHO.as_bytes()), Vec::<String>::new());
    let again = erase::erase(&anew.store, &anew.book, &anew.config, dir.path(), &who, AtStudy::Told, now);
    assert!(matches!(again, Err(EraseError::Nothing)));
    assert_eq!(done.receipt.check(&anew.store).unwrap(), Check::Sound);
}

/// Holds the data of a home as a daemon does, and gives this answer to the next request, or ends without any.
fn daemon_that_says(home: &Home, answer: Option<&'static str>) -> (Store, JoinHandle<()>) {
    let (store, _) = Store::open(&home.data()).unwrap();
    let listener = UnixListener::bind(home.socket()).unwrap();
    store.set_socket(Some(&home.socket())).unwrap();
    let heard = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = Vec::new();
        while !request.ends_with(b"}") {
            let mut some = [0; 1024];
            let read = stream.read(&mut some).unwrap();
            request.extend_from_slice(&some[..read]);
        }
        if let Some(body) = answer {
            let length = body.len();
            write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}").unwrap();
        }
    });
    (store, heard)
}

#[test]
fn when_the_daemon_ends_in_the_middle_nobody_says_that_nothing_was_erased() {
    let home = Home::new();
    let (_store, heard) = daemon_that_says(&home, None);

    let asked = home.run(&["person", "erase", WHO, "--confirm", WHO, "--receipt", "receipt.json"]);

    heard.join().unwrap();
    assert_eq!(asked.code, Some(4), "{}", asked.err);
    assert!(asked.err.contains("not known whether walker-seven was erased"), "{}", asked.err);
    assert!(asked.err.contains("receipt.json was not written"), "{}", asked.err);
    assert!(!asked.err.contains("nothing was") && !asked.err.contains("nothing is"), "{}", asked.err);
    assert!(!home.path("receipt.json").exists());
}

#[test]
fn the_answer_of_a_daemon_of_another_version_is_kept_for_the_receipt_that_is_in_it() {
    let home = Home::new();
    let answer = "{\"receipt\":{\"brisk_receipt\":2},\"notes\":[]}";
    let (_store, heard) = daemon_that_says(&home, Some(answer));

    let asked = home.run(&["person", "erase", WHO, "--confirm", WHO, "--receipt", "receipt.json"]);

    heard.join().unwrap();
    assert_eq!(asked.code, Some(1), "{}", asked.err);
    assert!(asked.err.contains("walker-seven was erased"), "{}", asked.err);
    assert_eq!(fs::read_to_string(home.path("receipt.json")).unwrap(), answer);
}

#[test]
fn whose_section_is_gone_from_the_settings_is_not_erased_in_part() {
    // The third day was the walker's, by a decision that the settings say nothing of any more.
    let counter = format!("[[counter]]\nid = \"{COUNTER}\"\nperson = \"stayer\"\nsimulated_flash = \"x.flash\"\n");
    let settings =
        format!("[clock]\nzone = \"UTC\"\n[bluetooth]\nradio = \"simulated\"\n[[person]]\nid = \"stayer\"\n{counter}");
    let dir = tempfile::tempdir().unwrap();
    household(dir.path(), 5);
    let (store, _) = Store::open(dir.path()).unwrap();
    let turns = [(WHO, "2026-01-03"), ("stayer", "2026-01-04")];
    for (person, from) in turns {
        let turn = DeviceDecision::Assigned {
            device: COUNTER.to_string(),
            person: Some(person.parse().unwrap()),
            from: Some(from.parse().unwrap()),
        };
        store.append_decision(Utc::now(), "person", &serde_json::to_string(&turn).unwrap()).unwrap();
    }
    drop(store);
    let now = DateTime::from_timestamp(NEW_YEAR_S + 7 * 86_400, 0).unwrap();
    let who: ParticipantId = WHO.parse().unwrap();
    let one = app(dir.path(), &settings);
    let before = one.store.decisions().unwrap();

    let refused = erase::erase(&one.store, &one.book, &one.config, dir.path(), &who, AtStudy::Told, now).unwrap_err();

    assert!(refused.to_string().contains("nothing was erased"), "{refused}");
    assert!(refused.to_string().contains("[[person]]"), "{refused}");
    assert_eq!(one.store.decisions().unwrap(), before);
    drop(one);
    let with_section = app(dir.path(), &format!("{settings}[[person]]\nid = \"{WHO}\"\n"));
    let of = &with_section;
    let done = erase::erase(&of.store, &of.book, &of.config, dir.path(), &who, AtStudy::Told, now).unwrap();
    assert_eq!(done.receipt.tombstone.readings, 1440);
}

#[test]
fn a_receipt_shows_when_an_older_copy_was_put_back() {
    let dir = tempfile::tempdir().unwrap();
    household(dir.path(), 2);
    let one = app(dir.path(), &settings());
    let now = DateTime::from_timestamp(NEW_YEAR_S + 4 * 86_400, 0).unwrap();
    rows(&one.book, WHO, now);
    let revisions = dir.path().join("revisions");
    copy_dir(&dir.path().join("journal/days"), &revisions);

    let receipt =
        erase::erase(&one.store, &one.book, &one.config, dir.path(), &WHO.parse().unwrap(), AtStudy::Told, now)
            .unwrap()
            .receipt;
    drop(one);
    fs::remove_dir_all(dir.path().join("journal/days")).unwrap();
    fs::rename(revisions, dir.path().join("journal/days")).unwrap();

    let (store, _) = Store::open(dir.path()).unwrap();
    assert!(matches!(receipt.check(&store).unwrap(), Check::Left(count) if count > 0));
    let other = Receipt { salt: "00".repeat(16), ..receipt };
    assert_eq!(other.check(&store).unwrap(), Check::NotHere);
}
