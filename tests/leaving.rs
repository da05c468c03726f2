//! Leaving a study, and being erased while a trial database has days: the study is told, once, and of nobody who is
//! still here; and nothing else of the person stays.
#![expect(clippy::disallowed_methods, reason = "the kill is timed by the real clock")]

#[path = "leaving/home.rs"]
mod home;
mod support;

use std::{
    collections::BTreeMap,
    env, fs,
    process::Stdio,
    sync::{Arc, Mutex, mpsc},
    time::Duration,
};

use brisk::{
    delivery::{Deliveries, Scope, leaving},
    export::{
        StudyDay,
        target::{Export, Held, Trouble, Verdict, Withdrawal},
    },
    model::ParticipantId,
    privacy::audit::{AuditTerms, audit_rows},
    time::Clock as _,
};
use serde_json::{Value, json};

use crate::{
    home::{FIRST, Fake, Home, WHO, dates, holding, play, settings},
    support::*,
};

#[tokio::test]
async fn who_leaves_is_told_of_when_the_last_day_is_sent_and_no_later_day_leaves() {
    let (dir, fake) = (tempfile::tempdir().unwrap(), Fake::default());
    play(dir.path(), 8).await;
    let mut home = Home::open(dir.path(), &settings(""), 4, &fake);
    home.deliver().await;
    assert_eq!(fake.state().order, dates(1..=4));

    let said = home.withdraw(false).await;
    home.deliver().await;
    let before = fake.state().order.clone();
    home.hours(24).await;
    home.deliver().await;
    home.hours(72).await;
    home.deliver().await;

    assert_eq!(said["date"], "2026-06-05");
    assert_eq!(before, dates(1..=4), "the last day is not over yet, so nothing is told");
    let expected: Vec<_> = dates(1..=5).into_iter().chain(["told".to_owned()]).collect();
    assert_eq!(fake.state().order, expected);
    let told = fake.state().told[0].clone();
    assert_eq!((told.date.to_string(), told.study_day, told.take_out), ("2026-06-05".to_owned(), 36, false));
    let target = home.house.told("targets").await.json()["targets"][0].clone();
    assert!(target["left_after_leaving"].as_u64().unwrap() >= 2 && target["due"] == 0, "{target}");
    let trail = audit_rows(&home.app().store, &WHO.parse().unwrap(), &AuditTerms::default()).unwrap();
    assert!(trail.rows.iter().any(|row| (row.what.as_str(), row.why.as_str()) == ("study_left", "withdrawal")));
    let person = home.house.told("export?to=2100-01-01").await.json()["people"][0].clone();
    assert_eq!((&person["first"], &person["last"]), (&json!("2026-06-01"), &json!("2026-06-05")));
    assert_eq!(person["left_out"][0], json!({"reason": "after_leaving", "days": 3}), "{person}");
    let days = home.house.told("export/days?to=2100-01-01").await.json()["days"].clone();
    let days: Vec<_> = days.as_array().unwrap().iter().map(|day| day["local_date"].as_str().unwrap()).collect();
    assert_eq!(days, dates(1..=5));
    assert_eq!(home.house.told("export/minutes?from=2026-06-06&to=2100-01-01").await.json()["minutes"], json!([]));
    let audit = home.house.told("audit").await.json();
    let keys = audit["rows"].as_array().unwrap().iter().filter(|row| row["what"] == "day").map(|row| &row["key"]);
    assert!(keys.clone().count() >= 5 && keys.clone().all(|key| key.as_str() <= Some("2026-06-05")), "{audit}");
    assert!(audit["after_leaving"].as_u64().unwrap() >= 2 && audit.to_string().contains("study_left"), "{audit}");
    drop(home);

    let mut home = Home::open(dir.path(), &settings(""), 9, &fake);
    home.deliver().await;
    assert_eq!(fake.state().order, expected, "nor after a start");
}

#[tokio::test]
async fn who_keeps_back_what_was_not_sent_is_told_of_at_once_and_nothing_more_leaves() {
    let (dir, fake) = (tempfile::tempdir().unwrap(), Fake::default());
    play(dir.path(), 6).await;
    let mut home = Home::open(dir.path(), &settings(""), 2, &fake);
    home.deliver().await;
    home.hours(48).await;

    home.withdraw(true).await;
    home.deliver().await;
    home.hours(48).await;
    home.deliver().await;

    let expected: Vec<_> = dates(1..=2).into_iter().chain(["told".to_owned()]).collect();
    assert_eq!(fake.state().order, expected);
    let person = home.house.told("export?to=2100-01-01").await.json()["people"][0].clone();
    assert_eq!((&person["first"], &person["last"]), (&Value::Null, &Value::Null));
    assert_eq!(person["left_out"][0], json!({"reason": "after_leaving", "days": 6}), "{person}");
    let audit = home.house.told("audit").await.json();
    assert_eq!((&audit["count"], &audit["rows"][0]["what"]), (&json!(1), &json!("study_left")), "{audit}");
    assert_eq!(home.withdraw(false).await["date"], "2026-06-05", "said twice it changes nothing");
    home.deliver().await;
    assert_eq!(fake.state().order, expected);
}

#[tokio::test]
async fn who_does_not_take_part_cannot_leave() {
    let (dir, fake) = (tempfile::tempdir().unwrap(), Fake::default());
    play(dir.path(), 1).await;
    let none = settings("").replace(&format!("enrolled = \"{FIRST}\"\n"), "");
    let home = Home::open(dir.path(), &none, 1, &fake);

    let answer = home.house.tell("person/withdraw", &json!({"person": WHO})).await;

    assert_eq!(answer.code, 409);
    assert_eq!(home.house.decisions(), 0);
}

#[tokio::test]
async fn of_who_is_erased_only_the_note_for_the_study_stays_until_it_has_answered() {
    for (also_at_study, shift) in [(false, ""), (true, "shift_dates = true")] {
        let (dir, fake) = (tempfile::tempdir().unwrap(), Fake::default());
        play(dir.path(), 3).await;
        // Moved back by a year at most, they are still behind the study's first day.
        let settings = settings(shift).replace("2026-05-01", "2025-01-01");
        let mut home = Home::open(dir.path(), &settings, 3, &fake);
        home.deliver().await;
        let sent: Vec<_> = fake.state().days.keys().copied().collect();
        assert_eq!(sent.len(), 3);
        assert_eq!(shift.is_empty(), sent[0].to_string() == FIRST);
        fake.state().down = true;

        let reply = home.erase(also_at_study).await;

        let notes = reply["notes"].to_string();
        assert!(notes.contains("“trial” is told that you left"), "{notes}");
        assert_eq!(notes.contains("to take your days out"), also_at_study, "{notes}");
        assert_eq!(reply["receipt"]["studies_told"], json!(["trial"]));
        assert_eq!(holding(dir.path(), WHO.as_bytes()), ["leaving/1.json"]);
        home.deliver().await;
        assert_eq!(holding(dir.path(), WHO.as_bytes()), ["leaving/1.json"], "the database is down");
        drop(home);
        let mut home = Home::open(dir.path(), &settings, 3, &fake);
        assert_eq!(home.house.told("targets").await.json()["targets"][0]["to_be_told"], 1);
        fake.state().down = false;
        home.deliver().await;

        assert_eq!(holding(dir.path(), WHO.as_bytes()), Vec::<String>::new());
        let told = fake.state().told.clone();
        assert_eq!(told.len(), 1);
        assert_eq!((told[0].take_out, &told[0].sent), (also_at_study, &sent));
        assert!(home.app().store.verify(&mut |_, _| ()).unwrap().chains_hold());
        let receipt = home.house.tell("person/receipt", &reply["receipt"]).await.json();
        assert_eq!(receipt["sound"], true, "{receipt}");
    }
}

#[tokio::test]
async fn where_nothing_was_sent_no_note_is_written_and_a_database_that_is_gone_is_named() {
    let (dir, fake) = (tempfile::tempdir().unwrap(), Fake::default());
    play(dir.path(), 2).await;
    let home = Home::open(dir.path(), &settings(""), 2, &fake);
    home.erase(false).await;
    assert!(!dir.path().join("leaving").exists());

    let dir = tempfile::tempdir().unwrap();
    play(dir.path(), 2).await;
    let mut home = Home::open(dir.path(), &settings(""), 2, &fake);
    home.deliver().await;
    drop(home);
    let gone = settings("").split("[[target]]").next().unwrap().to_owned();
    let home = Home::open(dir.path(), &gone, 2, &fake);
    let notes = home.erase(true).await["notes"].to_string();
    assert!(notes.contains("“trial” has days of yours"), "{notes}");
    assert_eq!(holding(dir.path(), WHO.as_bytes()), Vec::<String>::new());
}

/// With `BRISK_KILLS` more often.
#[tokio::test]
async fn a_kill_in_the_middle_of_erasing_never_tells_of_somebody_who_is_still_here_nor_forgets_somebody_who_is_not() {
    let seed = env::var("BRISK_SEED").ok().and_then(|n| n.parse().ok()).unwrap_or_else(|| fastrand::u64(..));
    let kills: u32 = env::var("BRISK_KILLS").ok().and_then(|n| n.parse().ok()).unwrap_or(20);
    println!("BRISK_SEED={seed}");
    let (mut random, fake) = (fastrand::Rng::with_seed(seed), Fake::default());
    let home = support::Home::new();
    home.change_settings(|_| settings(""));
    let whole = tempfile::tempdir().unwrap();
    play(whole.path(), 5).await;
    Home::open(whole.path(), &settings(""), 5, &fake).deliver().await;
    let anew = || {
        if home.data().exists() {
            fs::remove_dir_all(home.data()).unwrap();
        }
        copy_dir(whole.path(), &home.data());
    };
    let command = || home.brisk(&["person", "erase", WHO, "--confirm", WHO]);
    anew();
    let began = std::time::Instant::now();
    let ran = command().output().unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let takes = began.elapsed();
    let (mut erased, mut kept) = (0, 0);

    for _ in 0..kills {
        anew();
        let mut child = command().stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(takes.mul_f64(random.f64() * 1.1));
        // It may have come to its end.
        drop(child.kill());
        child.wait().unwrap();

        let again = Home::open(&home.data(), &settings(""), 5, &fake);
        let owed = leaving::owed(&home.data()).unwrap();
        let rows = again.app().store.audit(&WHO.parse().unwrap()).unwrap();
        let files = holding(&home.data(), WHO.as_bytes());
        drop(again);
        if rows.is_empty() {
            erased += 1;
            assert_eq!((owed.len(), owed[0].1.withdrawal.sent.len()), (1, 5));
            assert_eq!(files, ["leaving/1.json"]);
        } else {
            kept += 1;
            assert!(owed.is_empty(), "told of somebody who is still here: {owed:?}");
            assert!(files.iter().all(|file| !file.starts_with("leaving")), "{files:?}");
        }
    }

    println!("{takes:?}: {kept} kills left everything, {erased} only the note");
}

/// Answers only when somebody says so, or half a second later.
struct Slow {
    is_asked: mpsc::Sender<()>,
    may_answer: Mutex<mpsc::Receiver<()>>,
}

impl Export for Slow {
    fn check(&mut self) -> Result<Vec<String>, Trouble> {
        Ok(Vec::new())
    }

    fn send(&mut self, days: &[StudyDay]) -> Result<Vec<Verdict>, Trouble> {
        self.is_asked.send(()).unwrap();
        // Without an answer in time the erasure waits for this request, as it should.
        let _waited = self.may_answer.lock().unwrap().recv_timeout(Duration::from_millis(500)).is_ok();
        Ok(days.iter().map(|_| Verdict::Stored).collect())
    }

    fn held(&mut self, _study: &ParticipantId, _participant: &ParticipantId) -> Result<Option<Vec<Held>>, Trouble> {
        Ok(None)
    }

    fn withdraw(&mut self, _withdrawal: &Withdrawal) -> Result<(), Trouble> {
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erasure_waits_for_the_request_under_way_and_tells_of_its_days() {
    let dir = tempfile::tempdir().unwrap();
    play(dir.path(), 3).await;
    let (is_asked, asked) = mpsc::channel();
    let (answer, may_answer) = mpsc::channel();
    let slow = Mutex::new(Some(Slow { is_asked, may_answer: Mutex::new(may_answer) }));
    let mut home = Home::open(dir.path(), &settings(""), 3, &Fake::default());
    let app = Arc::get_mut(&mut home.house.app).unwrap();
    let config = Arc::clone(&app.config);
    app.deliveries =
        Deliveries::speaking(&config, BTreeMap::new(), &|_| Box::new(slow.lock().unwrap().take().unwrap()));
    let (app, clock) = (Arc::clone(&home.house.app), Arc::clone(&home.clock));
    let sending = tokio::task::spawn_blocking(move || {
        let scope = Scope {
            store: &app.store,
            book: &app.book,
            study: app.deliveries.study().unwrap(),
            clock: clock.as_ref(),
            data: &app.data_dir,
        };
        let mut courier = app.deliveries.courier(&"trial".to_owned().try_into().unwrap()).unwrap();
        courier.step(&scope).unwrap();
        tokio::runtime::Handle::current().block_on(clock.sleep(Duration::from_secs(2)));
        courier.step(&scope).unwrap();
    });
    let asked = tokio::task::spawn_blocking(move || asked.recv_timeout(Duration::from_secs(60)));
    asked.await.unwrap().unwrap();

    let reply = home.erase(false).await;
    // Too late where it waited, as it should.
    answer.send(()).unwrap_or_default();
    sending.await.unwrap();

    assert_eq!(reply["receipt"]["studies_told"], json!(["trial"]));
    assert_eq!(holding(dir.path(), WHO.as_bytes()), ["leaving/1.json"]);
    assert_eq!(leaving::owed(dir.path()).unwrap()[0].1.withdrawal.sent.len(), 3);
}
