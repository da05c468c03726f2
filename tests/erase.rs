//! Take my data, and erase: through the program as people use it, through the pages, and with a kill in the middle.
//!
//! `BRISK_KILLS` says how many kills, `BRISK_SEED` repeats a run.

#![expect(clippy::disallowed_methods, reason = "the binary is another process: its time is real time")]

mod support;

use std::{
    collections::BTreeMap,
    env, fs,
    io::{Cursor, Read as _, Write as _},
    os::unix::net::UnixListener,
    path::Path,
    process::Command,
    sync::Arc,
    thread::JoinHandle,
    time::Duration,
};

use brisk::{
    api::{
        App,
        devices::{WhichDevice, let_go},
        privacy::{self, EraseRequest},
    },
    config::Config,
    days::DayBook,
    demo::COUNTER,
    devices::{self, DeviceDecision},
    model::{DayTotal, DeviceId, ParticipantId},
    pairing::PairingDesk,
    person::{OwnDecision, settings::SettingsChange},
    privacy::{
        erase::{self, AtStudy, EraseError},
        receipt::{Check, Receipt},
    },
    radio::{
        any::AnyRadio,
        sim::{SimRadio, Weather, clock::SimClock},
    },
    store::{BondLevel, DeliveryRecord, Store},
    time::SystemClock,
};
use chrono::{DateTime, Utc};
use firmware_protocol::{
    driver::{Unit, UnitKind},
    reading::{Anchor, HostId},
    steplog::{
        block::{Block, BlockKind, Header, MAX_LEN},
        time::emit_anchor_unit,
    },
};
use serde_json::{Value, json};

use crate::support::{
    house::{self, House},
    *,
};

const OTHER: DeviceId = DeviceId(*b"sombodys");
const WORDS: &str = "around the lake with Ingrid";
const WHO: &str = "walker-seven";
/// 2026-01-01T00:00Z.
const NEW_YEAR_S: i64 = 1_767_225_600;

/// Files below the folder that hold these bytes; a simulated counter's own memory is the counter's.
fn holding(dir: &Path, bytes: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap().map(Result::unwrap) {
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            found.extend(holding(&entry.path(), bytes));
        } else if kind.is_file() && entry.file_name() != "counter.flash" {
            let text = fs::read(entry.path()).unwrap();
            found.extend(
                text.windows(bytes.len()).any(|part| part == bytes).then(|| entry.path().display().to_string()),
            );
        }
    }
    found
}

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

/// Sixty minutes as the counter of a step log sends them, with the moment at which they were.
fn hour(device: DeviceId, host: HostId, hour: u32) -> DeliveryRecord {
    let body: Vec<u8> =
        (0..60_u32).flat_map(|minute| [u8::try_from((hour * 7 + minute * 13) % 140).unwrap(), 1]).collect();
    let (first_seq, first_uptime_s) = (hour * 60, hour * 3600);
    let header =
        Header { kind: BlockKind::Epochs, flags: 0, boot: 1, first_seq, first_uptime_s, epoch_s: 60, count: 60 };
    let mut out = [0; MAX_LEN];
    let length = Block::new(header, &body).unwrap().emit(&mut out).unwrap();
    let utc_ms = (NEW_YEAR_S + i64::from(first_uptime_s)) * 1000;
    let anchor = Anchor { boot: 1, uptime_ms: u64::from(first_uptime_s) * 1000, utc_ms, accuracy_ms: 30, host };
    let units = vec![
        Unit { kind: UnitKind::StepLogBlock, bytes: out[..length].to_vec() },
        Unit { kind: UnitKind::StepLogAnchor, bytes: emit_anchor_unit(&anchor).to_vec() },
    ];
    let arrived = DateTime::from_timestamp_millis(utc_ms + 3_600_000).unwrap();
    DeliveryRecord {
        device,
        arrived,
        arrival_trusted: true,
        bond: BondLevel::Simulated,
        units,
        quarantined: Vec::new(),
    }
}

/// Two people with a counter each.
fn settings() -> String {
    let counter = |device: DeviceId, person: &str| {
        format!("[[counter]]\nid = \"{device}\"\nperson = \"{person}\"\nsimulated_flash = \"{person}.flash\"\n")
    };
    format!(
        "[clock]\nzone = \"UTC\"\nwait_for_sync = \"0s\"\n[web]\nlisten = \"off\"\n[bluetooth]\nradio = \"simulated\"\n\
         [[person]]\nid = \"{WHO}\"\n[[person]]\nid = \"stayer\"\n{}{}",
        counter(COUNTER, WHO),
        counter(OTHER, "stayer")
    )
}

fn own_words(words: &str) -> String {
    json!({ "decision": "settings_changed", "participant": WHO, "label": words }).to_string()
}

/// A data folder with so many days of both.
fn household(data: &Path, days: u32) {
    let (store, _) = Store::open(data).unwrap();
    let host = store.host_id();
    for number in 0..days * 24 {
        store.append_delivery(&hour(COUNTER, host, number)).unwrap();
        store.append_delivery(&hour(OTHER, host, number)).unwrap();
    }
    store.append_decision(DateTime::from_timestamp(NEW_YEAR_S, 0).unwrap(), "person", &own_words(WORDS)).unwrap();
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

/// The program's parts on a data folder, as a command without a daemon has them.
fn app(data: &Path, settings: &str) -> App {
    let config = Config::parse(settings, "test").unwrap();
    let store = Arc::new(Store::open(data).unwrap().0);
    let counters = devices::counters(&config, &store.decisions().unwrap());
    let people = devices::people(&config, &counters);
    house::app(store, people, config, Arc::new(SystemClock::new(Duration::ZERO, DateTime::UNIX_EPOCH)))
}

fn rows(book: &DayBook, who: &str, now: DateTime<Utc>) -> Vec<DayTotal> {
    let person = book.person(Some(&who.parse().unwrap())).unwrap();
    let Some((first, last)) = book.span(&person, now).unwrap() else { return Vec::new() };
    book.rows(&person, first, last, now).unwrap()
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

/// One person, one counter, as most homes are.
fn alone() -> String {
    format!(
        "[clock]\nzone = \"UTC\"\n[bluetooth]\nradio = \"simulated\"\n[[person]]\nid = \"{WHO}\"\n\
         [[counter]]\nid = \"{COUNTER}\"\nsimulated_flash = \"x.flash\"\n"
    )
}

#[tokio::test]
async fn the_page_says_what_is_kept_gives_it_along_and_erases_it() {
    let dir = tempfile::tempdir().unwrap();
    household(dir.path(), 2);
    let house = House::of(app(dir.path(), &alone()));

    let page = house.page("/privacy").await;
    for words in ["since Thursday 1 January 2026", "2,880 readings", "No goals yet.", "Nothing.", "/privacy/erase"] {
        assert!(page.contains(words), "{words}: {page}");
    }

    let taken = house.form("/privacy/take", &[("once", "take")]).await;
    let header = |name: &str| taken.headers[name].to_str().unwrap();
    assert_eq!((taken.code, header("content-type")), (200, "application/zip"));
    assert!(header("content-disposition").starts_with("attachment; filename=\"brisk-walker-seven-"));
    let mut zip = zip::ZipArchive::new(Cursor::new(&taken.bytes)).unwrap();
    let mut minutes = String::new();
    zip.by_name("minutes.csv").unwrap().read_to_string(&mut minutes).unwrap();
    assert_eq!(minutes.lines().count(), 1 + 2880);
    assert!(house.page("/privacy").await.contains("You took everything with you:"));

    assert!(house.page("/privacy/erase").await.contains("type walker-seven"));
    for typed in ["", "walker-eight", "<b>"] {
        let form = house.form("/privacy/erase", &[("confirm", typed)]).await;
        assert_eq!(form.code, 422);
        assert!(form.text.contains("That is not walker-seven. Nothing was erased."), "{}", form.text);
        assert!(typed.is_empty() || form.text.contains(&typed.replace('<', "&lt;").replace('>', "&gt;")));
    }
    assert!(!holding(dir.path(), WORDS.as_bytes()).is_empty());

    let done = house.form("/privacy/erase", &[("confirm", WHO)]).await;
    assert_eq!(done.code, 200);
    for words in ["Everything of you is erased", "download=\"brisk-erased-"] {
        assert!(done.text.contains(words), "{words}: {}", done.text);
    }
    assert_eq!(holding(dir.path(), WORDS.as_bytes()), Vec::<String>::new());
    let (_, receipt) = done.text.split_once("<pre dir=\"ltr\">").unwrap();
    let receipt = receipt.split("</pre>").next().unwrap().replace("&quot;", "\"");
    let receipt: Receipt = serde_json::from_str(&receipt).unwrap();
    assert_eq!(receipt.check(&house.app.store).unwrap(), Check::Sound);
    let again = house.form("/privacy/erase", &[("confirm", WHO)]).await;
    assert_eq!(again.code, 409);
    assert!(again.text.contains("Nothing is kept of you, so nothing was erased."), "{}", again.text);
    assert!(house.page("/privacy").await.contains("Nothing that a counter counted."));
}

#[tokio::test]
async fn what_could_not_be_put_together_is_not_noted_as_taken() {
    let dir = tempfile::tempdir().unwrap();
    household(dir.path(), 1);
    let no_room = dir.path().join("not-there");
    let house = House::of(App { data_dir: no_room, ..app(dir.path(), &alone()) });
    let before = house.decisions();

    let refused = house.form("/privacy/take", &[("once", "take")]).await;

    assert_eq!(refused.code, 507, "{}", refused.text);
    assert_eq!(house.decisions(), before);
}

#[tokio::test]
async fn what_is_left_to_be_done_after_an_erasure_is_said_in_the_language_of_the_page() {
    let dir = tempfile::tempdir().unwrap();
    household(dir.path(), 1);
    let settings = alone().replace("[[counter]]", "language = \"he\"\n[[counter]]");
    let house = House::of(app(dir.path(), &settings));

    let done = house.form("/privacy/erase", &[("confirm", WHO)]).await;
    let again = house.form("/privacy/erase", &[("confirm", WHO)]).await;

    assert!(done.text.contains("<p>בהגדרות עדיין רשום האדם הזה"), "{}", done.text);
    assert!(again.text.contains("<p>לא שמור עליכם דבר, ולכן דבר לא נמחק.</p>"), "{}", again.text);
    assert!(!done.text.contains("<p>The ") && !again.text.contains("nothing is kept"), "{}", again.text);
}

/// Begins, and is broken off as soon as somebody else does the work: the browser has gone away.
async fn gone_away(asked: impl Future) {
    tokio::time::timeout(Duration::ZERO, asked).await.err();
}

#[tokio::test]
async fn counters_are_wired_anew_even_when_whoever_asked_has_gone_away() {
    for erase in [true, false] {
        let dir = tempfile::tempdir().unwrap();
        household(dir.path(), 1);
        let app = app(dir.path(), &alone());
        let air = SimRadio::new(Arc::new(SimClock::free(app.clock.utc())), BTreeMap::new(), Weather::calm());
        let desk = Arc::new(PairingDesk::new(
            Arc::new(AnyRadio::Simulated(air)),
            Arc::clone(&app.store),
            Arc::clone(&app.clock),
            Arc::clone(&app.config),
            dir.path().to_owned(),
        ));
        let app = Arc::new(App { desk: Some(Arc::clone(&desk)), ..app });

        if erase {
            let request = EraseRequest { person: WHO.parse().unwrap(), confirm: WHO.to_owned(), also_at_study: false };
            gone_away(privacy::erase(app, request)).await;
        } else {
            gone_away(let_go(app, WhichDevice { device: COUNTER.to_string() })).await;
        }

        let told = tokio::time::timeout(Duration::from_secs(30), desk.changed.notified()).await;
        assert!(told.is_ok(), "erase: {erase}");
        assert!(desk.counters().unwrap().iter().all(|counter| !counter.wanted), "erase: {erase}");
    }
}

#[tokio::test]
async fn looking_changes_nothing_and_a_blinded_person_sees_no_counts_of_readings() {
    let dir = tempfile::tempdir().unwrap();
    household(dir.path(), 1);
    let house = House::of(app(dir.path(), &alone().replace("[[counter]]", "display = \"blinded\"\n[[counter]]")));
    let before = house.decisions();

    let page = house.page("/privacy").await;
    house.page("/privacy/erase").await;

    assert!(!page.contains("readings of") && page.contains("that your pages leave out for now"), "{page}");
    assert_eq!(house.decisions(), before);
}

#[test]
fn a_label_with_emoji_and_hebrew_is_taken_along_as_it_was_written() {
    let dir = tempfile::tempdir().unwrap();
    household(dir.path(), 1);
    let app = app(dir.path(), &alone());
    let words = "=1+1 שביל 🌲";
    let person = app.book.person(None).unwrap();
    let label = Some(words.to_owned());
    let change = SettingsChange { participant: person.id.clone(), label, language: None, zone: None };
    let person = app.book.decide(&person, OwnDecision::SettingsChanged(change), "person", Utc::now()).unwrap();
    let counters = devices::counters(&app.config, &app.store.decisions().unwrap());
    let takeout = brisk::privacy::takeout::Takeout {
        store: &app.store,
        book: &app.book,
        counters: &counters,
        person: &person,
        now: Utc::now(),
        language: brisk::words::Language::En,
        noted: None,
    };

    let zip = takeout.write(Cursor::new(Vec::new())).unwrap();

    let mut decisions = String::new();
    zip::ZipArchive::new(zip).unwrap().by_name("decisions.jsonl").unwrap().read_to_string(&mut decisions).unwrap();
    let last: Value = serde_json::from_str(decisions.lines().last().unwrap()).unwrap();
    assert_eq!(last["decision"]["label"], words);
}
