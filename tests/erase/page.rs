//! Erasing through the pages and the API: what they say, and what goes on when the browser has gone away.

use std::{
    collections::BTreeMap,
    io::{Cursor, Read as _},
    sync::Arc,
    time::Duration,
};

use brisk::{
    api::{
        App, DISPLAYS_FILE,
        devices::{WhichDevice, let_go},
        privacy::{self, EraseRequest},
    },
    demo::COUNTER,
    pairing::PairingDesk,
    privacy::receipt::{Check, Receipt},
    radio::{
        any::AnyRadio,
        sim::{SimRadio, Weather, clock::SimClock},
    },
};

use crate::{
    home::{WHO, WORDS, alone, app, holding, household},
    support::house::House,
};

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
    assert!(house.page("/privacy").await.contains("Nothing that a band counted."));
}

#[tokio::test]
async fn what_went_to_a_display_before_is_said_after_it_was_switched_off() {
    let dir = tempfile::tempdir().unwrap();
    household(dir.path(), 2);
    std::fs::write(dir.path().join(DISPLAYS_FILE), "{}").unwrap();
    let house = House::of(app(dir.path(), &alone()));

    let page = house.page("/privacy").await;

    assert!(page.contains("Earlier, numbers of this home were told to an MQTT broker"), "{page}");
    assert!(!page.contains("Nothing."), "{page}");
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
