//! What a person takes along.

use std::io::{Cursor, Read as _};

use brisk::{
    api::App,
    devices,
    person::{OwnDecision, settings::SettingsChange},
    privacy::takeout::Takeout,
    store::{Outcome, Passage},
    words::Language,
};
use chrono::Utc;
use serde_json::Value;

use crate::{
    home::{WORDS, alone, app, household},
    support::house::House,
};

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
    let takeout = Takeout {
        store: &app.store,
        book: &app.book,
        counters: &counters,
        person: &person,
        now: Utc::now(),
        language: Language::En,
        noted: None,
    };

    let zip = takeout.write(Cursor::new(Vec::new())).unwrap();

    let mut decisions = String::new();
    zip::ZipArchive::new(zip).unwrap().by_name("decisions.jsonl").unwrap().read_to_string(&mut decisions).unwrap();
    let last: Value = serde_json::from_str(decisions.lines().last().unwrap()).unwrap();
    assert_eq!(last["decision"]["label"], words);
}

#[test]
fn the_audit_trail_and_what_was_sent_are_taken_along_word_for_word() {
    let dir = tempfile::tempdir().unwrap();
    household(dir.path(), 2);
    let app = app(dir.path(), &alone());
    let person = app.book.person(None).unwrap();
    let first = "2026-01-01".parse().unwrap();
    app.book.rows(&person, first, first, Utc::now()).unwrap();
    let passage = |target: &str, outcome| Passage {
        target: target.to_owned(),
        participant: person.id.clone(),
        date: first,
        revision: 1,
        is_final: false,
        outcome,
    };
    let passages = [passage("trial", Outcome::Stored), passage("other", Outcome::Parked("no such visit".to_owned()))];
    app.store.append_passages(Utc::now(), &passages).unwrap();
    let counters = devices::counters(&app.config, &app.store.decisions().unwrap());
    let takeout = Takeout {
        store: &app.store,
        book: &app.book,
        counters: &counters,
        person: &person,
        now: Utc::now(),
        language: Language::En,
        noted: None,
    };

    let zip = takeout.write(Cursor::new(Vec::new())).unwrap();

    let mut zip = zip::ZipArchive::new(zip).unwrap();
    let mut read = |name: &str| {
        let mut text = String::new();
        zip.by_name(name).unwrap().read_to_string(&mut text).unwrap();
        text
    };
    let audit: Vec<Value> = read("audit.jsonl").lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(audit.iter().enumerate().all(|(at, row)| row["number"] == at + 1), "{audit:?}");
    assert!(audit.iter().any(|row| row["decision"]["label"] == WORDS), "{audit:?}");
    let day = audit.iter().find(|row| row["day"] == "2026-01-01").unwrap();
    assert_eq!((&day["revision"], &day["why"], &day["by"]), (&1.into(), &"first".into(), &"system".into()));
    let sent = read("sent.csv");
    let lines: Vec<_> = sent.lines().skip(1).collect();
    assert_eq!(lines, ["other,2026-01-01,1,0,refused,no such visit", "trial,2026-01-01,1,0,stored,"]);
    let readme = read("README.txt");
    assert!(readme.contains("audit.jsonl") && readme.contains("sent.csv"), "{readme}");
}
