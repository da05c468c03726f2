//! Days on their way to a trial database: every day once, in its newest state, whatever the line, the database and the
//! program do. The database here is one in memory; `tests/journeys` has real ones.

mod fake;
mod home;

use std::{collections::BTreeMap, time::Duration};

use brisk::{
    delivery::{Step, Wanted, leaving},
    export::target::{Export, Withdrawal},
    model::SOFTWARE,
    store::{Erasure, Outcome, Portion, Store},
};
use chrono::Days;
use fake::Fake;
use home::{FIRST, Home, config, date};

const DAY: Duration = Duration::from_secs(86_400);

fn at_home(dir: &tempfile::TempDir, fake: &Fake) -> Home {
    Home::new(dir.path(), config("ETMI01", "P-7"), 1, Box::new(fake.clone()))
}

fn same(home: &Home, fake: &Fake) {
    let truth: Vec<_> = home.truth().into_values().collect();
    let there: Vec<_> = fake.state().days.values().cloned().collect();
    assert_eq!(there, truth);
}

/// Days go by; each is there at once.
fn live(home: &Home, days: u64) {
    for _ in 0..days {
        let today = home.today();
        home.receive_day(today);
        home.clock.advance(DAY);
    }
}

#[test]
fn a_day_is_sent_once_it_is_over_and_once_only() {
    let (dir, fake) = (tempfile::tempdir().unwrap(), Fake::default());
    let mut home = at_home(&dir, &fake);
    home.receive_day(date(FIRST));
    home.settle(20);
    assert!(fake.state().days.is_empty(), "a day under way stays at home");

    home.clock.advance(DAY);
    home.settle(20);
    home.settle(20);

    same(&home, &fake);
    assert_eq!(fake.state().writes, [(date(FIRST), 1)]);
}

#[test]
fn sixty_days_offline_arrive_each_once_in_their_newest_state_and_within_the_pace() {
    let (dir, fake) = (tempfile::tempdir().unwrap(), Fake::default());
    let mut home = at_home(&dir, &fake);
    fake.state().stopped = Some("offline".to_owned());
    for day in 0..60 {
        home.receive_day(home.today());
        home.settle_for(Duration::from_secs(3600));
        home.clock.advance(DAY.saturating_sub(Duration::from_secs(3600)));
        if day % 5 == 0 {
            // Three corrections of a day that waits.
            for minutes in [10, 20, 30] {
                home.note_swim(home.days_gone()[0], day, minutes);
            }
        }
    }
    fake.state().stopped = None;
    let (before, started) = (fake.state().requests, home.now());
    // What was stopped is looked at again within the hour.
    home.clock.advance(Duration::from_secs(3600));

    home.settle(200);

    same(&home, &fake);
    let state = fake.state();
    assert_eq!(state.days.len(), 60);
    let mut days: Vec<_> = state.writes.iter().map(|(date, _)| *date).collect();
    days.sort();
    days.dedup();
    assert_eq!(days.len(), state.writes.len(), "each day was written once");
    assert!(state.largest <= 7);
    let took = (home.now() - started).num_seconds() - 3600;
    assert!(took >= i64::try_from(state.requests - before).unwrap() - 1, "a second between two requests: {took} s");
}

#[test]
fn whatever_goes_wrong_in_a_hundred_journeys_both_sides_are_equal_in_the_end() {
    let journeys = std::env::var("BRISK_SEEDS").ok().and_then(|n| n.parse().ok()).unwrap_or(100);
    for seed in 0..journeys {
        let (dir, fake) = (tempfile::tempdir().unwrap(), Fake::default());
        let mut home = Home::new(dir.path(), config("ETMI01", "P-7"), seed, Box::new(fake.clone()));
        fake.state().faults = Some(fastrand::Rng::with_seed(seed));
        home = home.journey(seed, 12, &|| Box::new(fake.clone()) as Box<dyn Export>);
        fake.state().faults = None;
        home.clock.advance(DAY);
        home.settle(400);
        same(&home, &fake);
        let counts = home.courier.counts(&home.scope()).unwrap();
        let days = fake.state().days.len() as u64;
        assert_eq!((counts.stored, counts.due, counts.parked), (days, 0, 0), "seed {seed}");
    }
}

#[test]
fn a_refused_day_is_found_set_aside_and_blocks_no_other() {
    let (dir, fake) = (tempfile::tempdir().unwrap(), Fake::default());
    let mut home = at_home(&dir, &fake);
    live(&home, 12);
    let (poison, locked) = (date(FIRST) + Days::new(4), date(FIRST) + Days::new(8));
    fake.state().poison = vec![poison];
    fake.state().locked = vec![locked];

    home.settle(100);

    assert_eq!(fake.state().days.len(), 10);
    let counts = home.courier.counts(&home.scope()).unwrap();
    assert_eq!((counts.stored, counts.due, counts.parked), (10, 0, 2));
    let parked = home.store.passages("target", &home.participant).unwrap();
    assert_eq!(parked[&locked].outcome, Outcome::Parked("the record is locked".to_owned()));
    // Neither is tried again by itself, not after a restart either …
    let before = fake.state().requests;
    let mut home = home.restart(Box::new(fake.clone()));
    home.clock.advance(DAY);
    home.settle(100);
    assert!(fake.state().writes.iter().all(|(date, _)| *date != locked));
    assert!(fake.state().requests - before < 8, "{}", fake.state().requests - before);
    // … but when it changes, or when somebody asks for it.
    fake.state().poison.clear();
    fake.state().locked.clear();
    home.note_swim(locked, 1, 20);
    home.settle(100);
    assert_eq!(home.courier.counts(&home.scope()).unwrap().parked, 1);
    let scope_days = {
        let scope = brisk::delivery::Scope {
            store: &home.store,
            book: &home.book,
            study: &home.study,
            clock: home.clock.as_ref(),
            data: &home.dir,
        };
        home.courier.retry(&scope).unwrap()
    };
    assert_eq!(scope_days, 1);
    home.settle(100);
    same(&home, &fake);
}

#[test]
fn what_the_database_lost_or_got_from_elsewhere_is_noticed_within_a_day() {
    let (dir, fake) = (tempfile::tempdir().unwrap(), Fake::default());
    let mut home = at_home(&dir, &fake);
    live(&home, 9);
    home.settle(100);
    let lost = date(FIRST) + Days::new(3);
    {
        let mut state = fake.state();
        state.days.remove(&("P-7".to_owned(), lost)).unwrap();
        let mut old = state.days[&("P-7".to_owned(), date(FIRST))].clone();
        old.revision = 0;
        state.days.insert(("P-7".to_owned(), date(FIRST)), old.clone());
        old.local_date = date("2026-09-01");
        state.days.insert(("P-7".to_owned(), old.local_date), old);
    }
    home.clock.advance(DAY);
    live(&home, 1);

    home.settle(100);

    assert_eq!(home.courier.condition().repaired, 2);
    assert_eq!(home.courier.condition().strangers, 1);
    fake.state().days.remove(&("P-7".to_owned(), date("2026-09-01")));
    same(&home, &fake);
}

#[test]
fn a_day_is_sent_again_when_it_becomes_final() {
    let (dir, fake) = (tempfile::tempdir().unwrap(), Fake::default());
    let mut home = at_home(&dir, &fake);
    live(&home, 1);
    home.settle(20);
    assert!(fake.state().days.values().all(|day| day.status() == "provisional"));

    home.clock.advance(14 * DAY);
    home.settle(20);
    home.settle(20);

    let state = fake.state();
    assert_eq!(state.days[&("P-7".to_owned(), date(FIRST))].status(), "final");
    assert_eq!(state.writes.iter().filter(|(day, _)| *day == date(FIRST)).count(), 2);
}

#[test]
fn a_day_whose_numbers_an_update_left_alone_is_of_the_version_that_first_computed_it() {
    let (dir, fake) = (tempfile::tempdir().unwrap(), Fake::default());
    let home = at_home(&dir, &fake);
    live(&home, 2);
    let before = home.truth();

    home.update();

    for (date, day) in home.truth() {
        let now = before[&date].algo_version.replace(SOFTWARE, "brisk 0.0.9");
        assert_eq!((day.revision, day.algo_version), (2, now), "{date}");
    }
}

#[test]
fn a_study_that_is_another_than_the_one_that_days_were_sent_for_gets_none() {
    let (dir, fake) = (tempfile::tempdir().unwrap(), Fake::default());
    let mut home = at_home(&dir, &fake);
    live(&home, 2);
    home.settle(20);
    let mut config = config("ETMI01", "P-7");
    config.study.epoch = Some(date("2026-09-01"));
    drop(home);
    let mut home = Home::new(dir.path(), config, 2, Box::new(fake.clone()));
    home.clock.advance(3 * DAY);
    let before = fake.state().requests;

    let step = home.step();

    assert!(matches!(step, Step::Again(wait) if wait >= Duration::from_secs(3600)), "{step:?}");
    let condition = home.courier.condition();
    let text = condition.trouble.clone().unwrap();
    assert!(condition.is_stopped && text.contains("2026-10-01") && text.contains("2026-09-01"), "{text}");
    assert_eq!(fake.state().requests, before);
}

#[test]
fn dates_are_moved_by_whole_weeks_once_and_for_all() {
    let (dir, fake) = (tempfile::tempdir().unwrap(), Fake::default());
    let mut settings = config("ETMI01", "P-7");
    settings.study.shift_dates = true;
    settings.study.epoch = Some(date("2025-01-01"));
    let mut home = Home::new(dir.path(), settings, 3, Box::new(fake.clone()));
    live(&home, 8);
    home.settle(50);
    same(&home, &fake);
    let first: Vec<_> = fake.state().days.keys().map(|(_, date)| *date).collect();
    let moved = (date(FIRST) - first[0]).num_days();
    assert!(moved >= 7 && moved % 7 == 0 && moved <= 52 * 7, "{moved}");
    assert!(fake.state().days.values().all(|day| day.computed_at < home.now() - chrono::TimeDelta::days(6)));

    let mut home = home.restart(Box::new(fake.clone()));
    home.clock.advance(DAY);
    home.settle(50);

    same(&home, &fake);
    assert_eq!(home.courier.condition().strangers, 0);
    assert_eq!(home.courier.condition().repaired, 0);
}

#[test]
fn whoever_switches_the_moving_of_dates_off_after_days_left_gets_none_sent_twice() {
    let (dir, fake) = (tempfile::tempdir().unwrap(), Fake::default());
    let mut settings = config("ETMI01", "P-7");
    settings.study.shift_dates = true;
    settings.study.epoch = Some(date("2025-01-01"));
    let mut home = Home::new(dir.path(), settings.clone(), 3, Box::new(fake.clone()));
    live(&home, 3);
    home.settle(20);
    let before = fake.state().days.len();
    drop(home);
    settings.study.shift_dates = false;
    let mut home = Home::new(dir.path(), settings, 4, Box::new(fake.clone()));
    home.clock.advance(5 * DAY);

    home.step();

    let text = home.courier.condition().trouble.clone().unwrap();
    assert!(text.contains("shift_dates"), "{text}");
    assert_eq!((before, fake.state().days.len()), (3, 3));
}

#[test]
fn no_move_of_dates_is_drawn_for_who_was_erased() {
    let (dir, fake) = (tempfile::tempdir().unwrap(), Fake::default());
    let mut settings = config("ETMI01", "PSEUDONYM-7");
    settings.study.shift_dates = true;
    settings.study.epoch = Some(date("2025-01-01"));
    let mut home = Home::new(dir.path(), settings, 3, Box::new(fake.clone()));
    live(&home, 20);
    let drawn = |decided: &brisk::store::Decided| decided.json.contains("dates_shifted");
    while !home.store.decisions().unwrap().iter().any(drawn) {
        if let Step::Again(wait) = home.step() {
            home.clock.advance(wait);
        }
    }
    let sent = fake.state().writes.len();
    assert!(sent < 19, "some wait: {sent}");
    let whom = Erasure {
        participant: &home.participant,
        counters: BTreeMap::from([(home::DEVICE, Portion::All)]),
        decision: &|decided| decided.json.contains("PSEUDONYM-7"),
        salt: [7; 16],
        at: home.now(),
    };
    home.book.erase(&whom, |_| Vec::new()).unwrap();

    for _ in 0..4 {
        home.clock.advance(DAY);
        home.settle(50);
    }
    let gathered = home.study.gather(&home.book, Wanted::default(), home.now()).unwrap().unwrap();

    assert!(gathered.days.is_empty() && gathered.enrolled.is_empty(), "{gathered:?}");
    assert_eq!(fake.state().writes.len(), sent);
    let named = |decided: &brisk::store::Decided| decided.json.contains("PSEUDONYM-7");
    assert!(!home.store.decisions().unwrap().iter().any(named), "nothing names them");
}

#[test]
fn a_database_is_told_of_who_left_until_it_has_answered() {
    let (dir, fake) = (tempfile::tempdir().unwrap(), Fake::default());
    let mut home = at_home(&dir, &fake);
    live(&home, 2);
    home.settle(20);
    let farewell = leaving::Farewell {
        target: "target".to_owned(),
        withdrawal: Withdrawal {
            study: "ETMI01".parse().unwrap(),
            participant: "P-9".parse().unwrap(),
            date: date("2026-10-20"),
            study_day: 20,
            tz_offset_min: 120,
            sent: vec![date(FIRST)],
            epoch: date("2026-10-01"),
            take_out: true,
        },
    };
    leaving::owe(&home.dir, &farewell).unwrap();
    leaving::owe(&home.dir, &leaving::Farewell { target: "other".to_owned(), ..farewell.clone() }).unwrap();
    fake.state().faults = Some(fastrand::Rng::with_seed(5));

    home.settle(100);

    let told = &fake.state().withdrawn;
    assert!(!told.is_empty() && told.iter().all(|one| *one == farewell.withdrawal));
    let left = leaving::owed(&home.dir).unwrap();
    assert_eq!(left.len(), 1, "the other database was not asked");
}

#[test]
fn a_farewell_that_is_never_taken_holds_up_neither_days_nor_other_farewells_and_somebody_hears_of_it() {
    let (dir, fake) = (tempfile::tempdir().unwrap(), Fake::default());
    let mut home = at_home(&dir, &fake);
    live(&home, 2);
    let farewell = |participant: &str| leaving::Farewell {
        target: "target".to_owned(),
        withdrawal: Withdrawal {
            study: "ETMI01".parse().unwrap(),
            participant: participant.parse().unwrap(),
            date: date("2026-10-20"),
            study_day: 20,
            tz_offset_min: 120,
            sent: vec![date(FIRST)],
            epoch: date("2026-10-01"),
            take_out: true,
        },
    };
    leaving::owe(&home.dir, &farewell("P-8")).unwrap();
    leaving::owe(&home.dir, &farewell("P-9")).unwrap();
    fake.state().not_told = Some("P-8".parse().unwrap());

    home.settle(50);
    live(&home, 1);
    home.settle(50);

    same(&home, &fake);
    assert_eq!(fake.state().withdrawn, [farewell("P-9").withdrawal]);
    let condition = home.courier.condition();
    assert_eq!((condition.is_stopped, condition.untold.len()), (false, 1), "{condition:?}");
    fake.state().not_told = None;
    home.clock.advance(Duration::from_secs(3600));
    home.settle(50);
    assert!(home.courier.condition().untold.is_empty() && leaving::owed(&home.dir).unwrap().is_empty());
}

#[test]
fn nobody_asks_faster_than_the_pauses_after_failures_allow() {
    let (dir, fake) = (tempfile::tempdir().unwrap(), Fake::default());
    let mut home = at_home(&dir, &fake);
    live(&home, 2);
    fake.state().faults = Some(fastrand::Rng::with_seed(0));
    // A line on which nothing comes through.
    let mut waits = Vec::new();
    for _ in 0..400 {
        match home.step() {
            Step::Again(wait) => {
                if home.courier.condition().failures > 0 {
                    waits.push((home.courier.condition().failures, wait));
                }
                home.clock.advance(wait);
            }
            Step::Idle(_) => break,
        }
    }
    assert!(!waits.is_empty());
    for (failures, wait) in waits {
        let most = Duration::from_secs(2_u64.pow(failures - 1).min(3600)).max(Duration::from_secs(90));
        assert!(wait >= Duration::from_secs(1) && wait <= most, "{failures} failures, then {wait:?}");
    }
}

#[test]
fn what_became_of_days_is_in_the_journal_and_survives_the_loss_of_the_index() {
    let (dir, fake) = (tempfile::tempdir().unwrap(), Fake::default());
    let mut home = at_home(&dir, &fake);
    live(&home, 5);
    fake.state().locked = vec![date(FIRST)];
    home.settle(50);
    let before = home.store.passages("target", &home.participant).unwrap();
    assert_eq!(before.len(), 5);
    let participant = home.participant.clone();
    drop(home);
    std::fs::remove_dir_all(dir.path().join("index")).unwrap();

    let (store, report) = Store::open(dir.path()).unwrap();

    assert!(report.rebuilt.is_some());
    assert_eq!(store.passages("target", &participant).unwrap(), before);
    assert_eq!(store.sent_days(&participant).unwrap()["target"].len(), 5);
    assert!(store.verify(&mut |_, _| ()).unwrap().index_is_right());
}
