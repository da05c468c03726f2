//! `brisk run` as a service manager and a household see it: the real binary, a simulated counter.

mod support;

use std::{
    fs,
    os::unix::fs::FileExt as _,
    process::Command,
    sync::{Arc, Mutex},
    time::Duration,
};

use brisk::{
    daemon,
    demo::{self, COUNTER},
    radio::sim::{self, Weather, clock::SimClock, counter::SimCounter, flash::SimFlash, walker::ScriptMinute},
    store::{Store, lock},
    supervisor::Policy,
    trouble::Cause,
};
use chrono::DateTime;
use serde_json::Value;

use crate::support::*;

#[test]
fn the_daemon_says_when_it_is_ready_answers_and_ends_when_asked() {
    let script = days_until_now(1, 3);
    let home = Home::with_counter(&script);

    let daemon = home.daemon();
    let counter = home.complete();
    let status = home.json(&["status"]);
    let text = home.run(&["status"]);
    let (ended, took) = daemon.terminate();

    assert_eq!(counter["stored_to"], script.len());
    assert_eq!(counter["doing"]["doing"], "waiting");
    assert_eq!(counter["label"], "wrist");
    let id = status["process_id"].as_u64().unwrap();
    assert!(text.out.contains(&format!("is running, process {id}.")), "{}", text.out);
    assert_eq!(ended.code(), Some(0));
    assert!(took < Duration::from_secs(5), "{took:?}");
    assert!(!home.socket().exists());
    assert_eq!(lock::holder(&home.data()), None);
}

#[test]
fn a_second_daemon_on_the_same_data_is_refused_and_told_who_has_them() {
    let home = Home::with_counter(&days_until_now(2, 1));
    let daemon = home.daemon();

    let second = home.run(&["run"]);

    assert_eq!(second.code, Some(1), "{second:?}");
    assert!(second.err.contains(&format!("process {}", daemon.id())), "{}", second.err);
    assert_eq!(home.json(&["status"])["process_id"], daemon.id(), "the first one goes on");
}

#[test]
fn a_command_answers_the_same_with_and_without_a_daemon() {
    let home = Home::with_counter(&days_until_now(3, 9));
    home.change_settings(|usual| usual.replace("\"UTC\"", &format!("\"{}\"", zone_at_noon())));
    let daemon = home.daemon();
    home.complete();
    let set = home.run(&["goal", "set", "--amount", "20"]);
    assert_eq!(set.code, Some(0), "{}", set.err);
    let answers = || [home.json(&["today"]), home.json(&["week"]), exported(&home)].map(without_moments);

    let over_the_socket = answers();
    assert_eq!(daemon.terminate().0.code(), Some(0));
    let in_this_process = answers();

    assert_eq!(over_the_socket[0]["target"], 20);
    assert_eq!(over_the_socket[2].as_array().unwrap().len(), 9, "the day under way stays here");
    assert_eq!(over_the_socket, in_this_process);
}

#[test]
fn a_decision_told_to_the_daemon_outlives_its_sudden_end() {
    let home = Home::with_counter(&days_until_now(4, 1));
    let daemon = home.daemon();
    let set = home.run(&["goal", "set", "--amount", "25", "--own-words", "With the dog"]);
    daemon.kill();

    let goal = home.json(&["goal", "show"]);

    assert_eq!(set.code, Some(0), "{}", set.err);
    assert_eq!((goal["amount"].as_u64(), goal["own_words"].as_str()), (Some(25), Some("With the dog")));
}

#[test]
fn what_a_killed_daemon_leaves_lying_about_hinders_nobody() {
    let home = Home::with_counter(&days_until_now(5, 1));
    let daemon = home.daemon();
    home.complete();
    daemon.kill();
    assert!(home.socket().exists() && home.data().join("brisk.lock").exists(), "there is something to hinder");

    let without = home.json(&["status"]);
    let next = home.daemon();
    let with = home.json(&["status"]);

    assert_ne!(without["process_id"], next.id());
    assert_eq!(without["counters"][0]["doing"], Value::Null);
    assert_eq!(with["process_id"], next.id());
    assert_eq!(next.terminate().0.code(), Some(0));
}

#[test]
fn a_daemon_that_holds_the_data_and_does_not_answer_is_named_with_exit_code_4() {
    let home = Home::new();
    let (store, _) = Store::open(&home.data()).unwrap();
    store.set_socket(Some(&home.path("nobody-listens.sock"))).unwrap();

    for command in [&["status"][..], &["today"], &["goal", "set", "--amount", "20"]] {
        let ran = home.run(command);

        assert_eq!(ran.code, Some(4), "{ran:?}");
        assert!(ran.err.contains(&format!("process id {}", std::process::id())), "{}", ran.err);
        assert_eq!(ran.out, "");
    }
}

#[test]
fn a_block_that_rotted_on_the_counter_is_put_aside_and_never_acknowledged() {
    let script = days_until_now(6, 6);
    let home = Home::with_counter(&script);
    let rotten = rot_one_block(&home, &script);

    let daemon = home.daemon();
    let counter = home.counter_until("was put aside and stored", |counter| {
        counter["put_aside"].as_u64() > Some(0) && counter["doing"]["doing"] == "waiting"
    });
    let text = home.run(&["status"]).out;
    let verified = home.run(&["data", "verify"]);
    daemon.terminate();
    let again = home.daemon();
    let counter_again = home.counter_until("was read again", |counter| counter["doing"]["doing"] == "waiting");
    again.terminate();

    let held_at = u32::try_from(counter["held_at"].as_u64().unwrap()).unwrap();
    assert!(text.contains("unreadable pieces were put aside"), "{text}");
    assert!(text.contains(&format!("still keeps everything from number {held_at} on")), "{text}");
    assert_eq!(verified.code, Some(0), "{verified:?}");
    let listed = format!("from counter {COUNTER}: number {held_at}");
    assert!(verified.out.contains("Put aside on arrival") && verified.out.contains(&listed), "{}", verified.out);
    assert_eq!((&counter_again["put_aside"], &counter_again["held_at"]), (&counter["put_aside"], &counter["held_at"]));

    let (store, _) = Store::open(&home.data()).unwrap();
    let state = store.counter(COUNTER).unwrap().unwrap();
    assert!(acked(&home.flash(), store.host_id()) <= held_at, "the counter keeps the only copy of what rotted");
    let missing = lived_but_not_stored(&store, &script);
    assert!(missing.contains(&rotten), "minute {rotten} is one of the {} in the rotten block", missing.len());
    assert_eq!(missing.first(), Some(&usize::try_from(held_at).unwrap()));
    assert!(
        missing.len() < 256 && missing.len() == missing[missing.len() - 1] - missing[0] + 1,
        "one block: {missing:?}"
    );
    assert_eq!(state.epochs, (script.len() - missing.len()) as u64, "everything around it is stored");
}

#[test]
fn a_full_disk_under_the_journal_stops_the_acknowledging_and_is_over_when_there_is_room() {
    let script = days_until_now(7, 20);
    let home = Home::with_counter(&script);
    let (store, _) = Store::open(&home.data()).unwrap();
    let store = Arc::new(store);
    let now_us = (script[script.len() - 1].at + 1) * 60_000_000;
    let flash = SimFlash::in_file(&home.flash()).unwrap();
    let counter = SimCounter::new(COUNTER, flash, Vec::new(), now_us, Some(0), 0).unwrap();
    let counter = Arc::new(Mutex::new(counter));
    let clock = Arc::new(SimClock::free(DateTime::from_timestamp_micros(now_us).unwrap()));
    let supervised = demo::supervised(&store, &clock, &counter, Weather::calm(), Policy::default());
    let runtime = daemon::runtime().unwrap();
    let mut acknowledged = 0;

    for room in [0, 7, 400, 3_000, 9_000] {
        store.limit_journal_writes(Some(room));
        let error = runtime.block_on(supervised.attempt()).unwrap_err();

        let stored_to = store.counter(COUNTER).unwrap().map_or(0, |state| state.stored_to);
        let acked = sim::lock(&counter).device().acked(store.host_id()).unwrap_or(0);
        assert_eq!(error.cause(), Cause::DiskFull, "{error}");
        assert!((acknowledged..=stored_to).contains(&acked), "room for {room}: {acked} of {stored_to}");
        acknowledged = acked;
    }
    assert!((1..script.len()).contains(&acknowledged.try_into().unwrap()), "full in the middle: {acknowledged}");
    store.limit_journal_writes(None);
    runtime.block_on(supervised.until_complete(3, &mut fastrand::Rng::with_seed(1))).unwrap();

    assert_eq!(lived_but_not_stored(&store, &script), Vec::<usize>::new());
    assert_eq!(sim::lock(&counter).device().acked(store.host_id()), u32::try_from(script.len()).ok());
    assert_is_whole(&store);
}

#[test]
fn a_daemon_that_starts_on_a_full_disk_ends_with_a_reason_and_loses_nothing() {
    let script = days_until_now(8, 2);
    let home = Home::with_counter(&script);
    let host = Store::open(&home.data()).unwrap().0.host_id();
    let brisk = home.brisk(&["run"]);

    let refused = Command::new("sh")
        // Not a byte may be written to any file.
        .args(["-c", "trap '' XFSZ; ulimit -f 0; exec \"$0\" \"$@\""])
        .arg(brisk.get_program())
        .args(brisk.get_args())
        .output()
        .map(Ran::of)
        .unwrap();
    let acked_when_full = acked(&home.flash(), host);
    let roomy = home.daemon();
    home.complete();
    roomy.terminate();

    assert_eq!((refused.code, refused.out.as_str()), (Some(1), ""), "{refused:?}");
    assert!(refused.err.starts_with("brisk: ") && !refused.err.contains("panicked"), "{}", refused.err);
    assert_eq!(acked_when_full, 0);
    let (store, _) = Store::open(&home.data()).unwrap();
    assert_eq!(lived_but_not_stored(&store, &script), Vec::<usize>::new());
    assert_is_whole(&store);
}

fn assert_is_whole(store: &Store) {
    let verified = store.verify(&mut |_, _| ()).unwrap();
    assert!(verified.journal_is_whole() && verified.index_is_right(), "{verified:?}");
}

/// The exported days, as one value.
fn exported(home: &Home) -> Value {
    let folder = home.path("out");
    let ran = home.run(&["export", "days", "--format", "jsonl", "-o", folder.to_str().unwrap()]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let text = fs::read_to_string(folder.join("days.jsonl")).unwrap();
    text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()).collect()
}

/// The same without the moments at which it was computed.
fn without_moments(mut value: Value) -> Value {
    match &mut value {
        Value::Object(fields) => {
            fields.remove("computed_at");
            fields.values_mut().for_each(|field| *field = without_moments(field.take()));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| *item = without_moments(item.take())),
        _ => {}
    }
    value
}

/// Numbers of the minutes that the store does not have, or has with other steps.
fn lived_but_not_stored(store: &Store, script: &[ScriptMinute]) -> Vec<usize> {
    let stored: Vec<_> = store.minutes(COUNTER, 0, 100_000_000).unwrap().iter().map(|m| (m.at, m.steps)).collect();
    let is_stored = |minute: &ScriptMinute| stored.binary_search(&(minute.at, minute.steps)).is_ok();
    (0..script.len()).filter(|number| !is_stored(&script[*number])).collect()
}

/// Flips a bit in the flash, in the steps of a minute in a brisk walk about half-way through. Says which minute.
fn rot_one_block(home: &Home, script: &[ScriptMinute]) -> usize {
    const WALK: usize = 8;
    let walks = |from: &usize| script[*from..*from + WALK].iter().all(|minute| minute.steps > 60);
    let from = (script.len() / 2..script.len() - WALK).find(walks).unwrap();
    let flash = fs::read(home.flash()).unwrap();
    // Two bytes for each minute, the first of them its steps.
    let is_here = |at: &usize| (0..WALK).all(|n| u32::from(flash[at + 2 * n]) == script[from + n].steps);
    let places: Vec<_> = (0..flash.len() - 2 * WALK).filter(is_here).collect();
    assert_eq!(places.len(), 1, "the walk is in one place");
    let file = fs::File::options().write(true).open(home.flash()).unwrap();
    let written = file.metadata().unwrap().modified().unwrap();
    file.write_all_at(&[flash[places[0]] ^ 4], places[0].try_into().unwrap()).unwrap();
    file.set_modified(written).unwrap();
    from
}
