//! What a person takes along.

use std::io::{Cursor, Read as _};

use brisk::{
    api::App,
    devices,
    person::{OwnDecision, settings::SettingsChange},
    privacy::takeout::Takeout,
    words::Language,
};
use chrono::Utc;
use serde_json::Value;

use crate::{
    home::{alone, app, household},
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
