//! The road of a counter's first days: found, paired with its digits, thirty days brought in, and then bit by bit.

use std::{sync::Arc, time::Duration};

use ble_lab::{Lab, LabOptions, Part};
use brisk::{
    days::DayBook,
    demo,
    model::Rules,
    radio::sim::walker::ScriptMinute,
    store::Store,
    time::{Calendar, Zone},
};
use firmware_protocol::device::{Life, LifeMinute, step_log};
use serde_json::Value;
use step_log_firmware::bridge::{Mtu, Options, Pairing};

use crate::{
    counter::{PASSKEY, Reference, on_air, script, this_minute},
    home::Home,
};

const DAYS: i64 = 30;
const ADDRESS: &str = "F2:5E:00:00:00:01";

/// What may differ between two homes that saw the same minutes.
const OF_THE_HOME: [&str; 5] = ["source_device", "computed_at", "participant_id", "revision", "tz"];

/// The finished days of a run in the simulated air without faults.
async fn simulated_rows(script: &[ScriptMinute]) -> Vec<Value> {
    let dir = tempfile::tempdir().unwrap();
    let store = Arc::new(Store::open(dir.path()).unwrap().0);
    demo::play(&store, script.to_vec(), None).await.unwrap();
    let person = demo::person("me".parse().unwrap(), Calendar::midnight("UTC".parse::<Zone>().unwrap()));
    let book = DayBook::new(store, vec![person], Rules::brisk_1()).unwrap();
    let end = script.last().unwrap().at + 1;
    let rows = tokio::task::spawn_blocking(move || demo::closed_rows(&book, end).unwrap()).await.unwrap();
    let mut rows: Vec<Value> = rows.iter().map(|row| serde_json::to_value(row).unwrap()).collect();
    rows.pop();
    rows
}

fn comparable(mut rows: Vec<Value>) -> Vec<Value> {
    for row in &mut rows {
        let row = row.as_object_mut().unwrap();
        for key in OF_THE_HOME {
            row.remove(key);
        }
        // The file writes 111.0 as 111.
        row.values_mut().for_each(|value| *value = value.as_f64().map_or_else(|| value.clone(), Value::from));
    }
    rows
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thirty_days_come_in_over_a_real_bluez_and_equal_the_simulated_ones() {
    if let Some(obstacle) = Lab::obstacle() {
        return eprintln!("note: passed without a lab: {obstacle}");
    }
    let lab = Lab::start(LabOptions { turn_within: Duration::from_secs(900), ..LabOptions::default() }).await.unwrap();
    let now = this_minute();
    let lived = script(7, now - DAYS * 1440, now);
    let expected = comparable(simulated_rows(&lived).await);
    assert!(expected.len() > 27);

    // The reference firmware offers the usual MTU; for the smallest one the same device side goes over the bridge.
    let home = Home::new(&lab.dbus_address());
    let minutes = lived.iter().map(|one| LifeMinute { at: one.at, steps: one.steps, wear: one.wear }).collect();
    let life = Life { serial: "first-23".to_owned(), minutes, battery: 80, ..Life::default() };
    let options = Options {
        address: [2, 0, 0, 0, 0x5E, 0xF2],
        pairing: Pairing::Passkey(PASSKEY.parse().ok()),
        mtu: Mtu::Att23,
        ..Options::default()
    };
    let (bridge, _air) = on_air(&lab, &home.path(""), &step_log::KIND, life, options).await;
    first_contact(&home, "F2:5E:00:00:00:02", 23).await;
    assert_eq!(comparable(home.finished_rows().await), expected, "MTU 23");
    bridge.stop().unwrap();

    let home = Home::new(&lab.dbus_address());
    let mut counter = Reference::start(&lab, home.path("counter"), "first-247", ADDRESS, &lived).await;
    first_contact(&home, ADDRESS, 247).await;
    assert_eq!(comparable(home.finished_rows().await), expected, "MTU 247");

    // A counter that was restarted, a bluetoothd that is another: no new pairing.
    counter.restart(&lab, &[], 110).await;
    lab.stop(Part::Bluetoothd).await.unwrap();
    lab.start_again(Part::Bluetoothd).await.unwrap();
    let daemon = home.daemon();
    let id = counter.id();
    let complete = |counter: &Value| !counter["doing"]["last_complete"].is_null();
    let first = home.counter_until(&id, "the first dialogue", Duration::from_secs(60), complete).await;
    let stored = first["stored_to"].as_u64().unwrap();
    let more = |counter: &Value| counter["stored_to"].as_u64().unwrap() > stored;
    let grown = home.counter_until(&id, "new minutes come in", Duration::from_secs(200), more).await;
    println!("incremental: {stored} numbers stored, then {}", grown["stored_to"]);
    println!("the daemon by then: {}", cost_of(daemon.id().expect("it runs")));
    assert_eq!(grown["bond"], "passkey");
    assert_eq!(counter.log().matches("passkey").count(), 1, "paired once: {}", counter.log());
    home.end(daemon).await;
    counter.kill().await;
}

/// What a process has cost so far.
fn cost_of(pid: u32) -> String {
    let read = |name: &str| std::fs::read_to_string(format!("/proc/{pid}/{name}")).unwrap();
    let (status, stat) = (read("status"), read("stat"));
    let rss = status.lines().find(|line| line.starts_with("VmRSS")).unwrap_or_default().to_owned();
    // Fields 14 and 15 of proc(5), after the name in brackets: ticks of 10 ms in user and kernel mode.
    let fields: Vec<i64> =
        stat.rsplit(')').next().unwrap().split_whitespace().filter_map(|field| field.parse().ok()).collect();
    format!("{rss}, {} ms of processor time", (fields[10] + fields[11]) * 10)
}

/// Scan, pair with the digits, bring everything in; prints how fast.
async fn first_contact(home: &Home, address: &str, mtu: u64) {
    // On a busy computer the counter takes a while to live through its past before it advertises.
    let mut heard = Value::Null;
    for _ in 0..10 {
        let scan = home.run(&["device", "scan", "--seconds", "3", "--json"], "").await;
        heard = scan.json();
        if scan.code == Some(0) {
            break;
        }
    }
    assert_eq!((&heard[0]["address"], &heard[0]["kinds"][0]), (&address.into(), &"step-log".into()), "{heard}");
    let paired = home.run(&["device", "pair", "--label", "wrist"], &format!("{PASSKEY}\n")).await.ok("pair");
    assert!(paired.out.contains("paired with digits"), "{}", paired.out);
    let (notifications, ms) = (paired.of_dialogue("notifications"), paired.of_dialogue("ms").max(1));
    println!(
        "MTU {}: backlog of {} epochs in {}.{} s, {notifications} notifications, {} a second",
        paired.of_dialogue("mtu"),
        paired.of_dialogue("epochs"),
        ms / 1000,
        ms % 1000 / 100,
        notifications * 1000 / ms,
    );
    assert_eq!(paired.of_dialogue("mtu"), mtu);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_reference_firmware_passes_the_conformance_kit_over_a_real_bluez() {
    if let Some(obstacle) = Lab::obstacle() {
        return eprintln!("note: passed without a lab: {obstacle}");
    }
    let lab = Lab::start(LabOptions { turn_within: Duration::from_secs(900), ..LabOptions::default() }).await.unwrap();
    let home = Home::new(&lab.dbus_address());
    let now = this_minute();
    let lived = script(9, now - 3 * 1440, now);
    let mut counter = Reference::start(&lab, home.path("counter"), "conformance", ADDRESS, &lived).await;
    first_contact(&home, ADDRESS, 247).await;

    let tested = home.run(&["device", "test", ADDRESS], "").await;

    println!("{}", tested.out);
    assert_eq!(tested.code, Some(0), "{}", tested.err);
    assert!(tested.out.contains(" 0 failed"), "{}", tested.out);
    counter.kill().await;
}
