//! Seeded runs with faults, each on a home and counters of its own: at the end every minute is stored once, and
//! nobody restarted anything by hand. `BRISK_LAB_RUNS` says how many, `BRISK_LAB_SEED` where they begin.

use std::{num::NonZeroU8, time::Duration};

use ble_lab::{Lab, LabOptions, Part, air::Pace};
use brisk::radio::sim::walker::ScriptMinute;
use firmware_protocol::{
    device::{Life, step_log},
    reading::DeviceId,
};
use serde_json::Value;
use step_log_firmware::bridge::Options;
use tokio::time::{Instant, sleep};

use crate::{
    counter::{PASSKEY, Reference, on_air, script, this_minute},
    home::{Home, tail},
};

/// Days of backlog in each run.
const DAYS: i64 = 14;
/// One packet in a connection interval: a poor radio.
const SLOW: Pace = Pace::PerInterval(NonZeroU8::MIN);
/// A fault may make a handful of attempts fail, and each run ends within so many.
const ATTEMPTS_EACH: usize = 8;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fault {
    LinkDropped,
    OutOfRange,
    NotEstablished,
    CounterRestarted,
    BluetoothdKilled,
    AdapterPowered,
    AdapterUnplugged,
    BusRestarted,
}

const FAULTS: [Fault; 8] = [
    Fault::LinkDropped,
    Fault::OutOfRange,
    Fault::NotEstablished,
    Fault::CounterRestarted,
    Fault::BluetoothdKilled,
    Fault::AdapterPowered,
    Fault::AdapterUnplugged,
    Fault::BusRestarted,
];

async fn make(fault: Fault, lab: &Lab, counter: &mut Reference, random: &mut fastrand::Rng) {
    match fault {
        Fault::LinkDropped => counter.air.drop_links().await,
        Fault::OutOfRange => counter.air.out_of_range(Duration::from_secs(random.u64(5..90))).await,
        Fault::NotEstablished => counter.air.refuse(random.u32(1..4)).await,
        Fault::CounterRestarted => counter.restart(lab, &[], 0).await,
        Fault::BluetoothdKilled => {
            lab.vm("kill -9 $(pidof bluetoothd)").await.unwrap();
        }
        Fault::AdapterPowered => {
            lab.adapter_off().await.unwrap();
            sleep(Duration::from_secs(random.u64(1..5))).await;
            lab.adapter_on().await.unwrap();
        }
        Fault::AdapterUnplugged => {
            lab.stop(Part::Adapter).await.unwrap();
            sleep(Duration::from_secs(random.u64(1..5))).await;
            lab.start_again(Part::Adapter).await.unwrap();
        }
        Fault::BusRestarted => {
            lab.stop(Part::Bus).await.unwrap();
            sleep(Duration::from_secs(random.u64(1..4))).await;
            lab.start_again(Part::Bus).await.unwrap();
        }
    }
}

/// Steps and recorded minutes of each finished day of a script.
fn truth(script: &[ScriptMinute]) -> Vec<(String, u64, u64)> {
    let mut days: Vec<(String, u64, u64)> = Vec::new();
    for minute in script {
        let date = chrono::DateTime::from_timestamp(minute.at * 60, 0).unwrap().format("%Y-%m-%d").to_string();
        if days.last().is_none_or(|(last, ..)| *last != date) {
            days.push((date, 0, 0));
        }
        let day = days.last_mut().unwrap();
        (day.1, day.2) = (day.1 + u64::from(minute.steps), day.2 + 1);
    }
    days.pop();
    days
}

fn told(rows: &[Value]) -> Vec<(String, u64, u64)> {
    let number = |row: &Value, key: &str| row[key].as_u64().unwrap_or(0);
    rows.iter()
        .map(|row| {
            let date = row["local_date"].as_str().unwrap().to_owned();
            (date, number(row, "total_steps"), number(row, "minutes_recorded"))
        })
        .collect()
}

/// One counter of a home: paired fresh from the box, then two weeks old.
struct Worn {
    counter: Reference,
    script: Vec<ScriptMinute>,
}

impl Worn {
    async fn pair(lab: &Lab, home: &Home, seed: u64, number: u8) -> Self {
        let now = this_minute();
        let script = script(seed, now - DAYS * 1440, now);
        let address = format!("F2:5E:00:00:{:02X}:{number:02X}", seed % 256);
        let (folder, serial) = (home.path(&format!("counter-{number}")), format!("lab-{seed}-{number}"));
        let mut counter = Reference::start(lab, folder, &serial, &address, &[]).await;
        let args = ["device", "pair", &address, "--label", &serial];
        home.run(&args, &format!("{PASSKEY}\n")).await.ok("pairing before the faults");
        counter.restart(lab, &script, 0).await;
        Self { counter, script }
    }
}

async fn run(lab: &Lab, seed: u64) -> String {
    let mut random = fastrand::Rng::with_seed(seed);
    let home = Home::new(&lab.dbus_address());
    let mut worn = vec![Worn::pair(lab, &home, seed, 1).await];
    if seed.is_multiple_of(3) {
        worn.push(Worn::pair(lab, &home, seed, 2).await);
    }
    // Somebody else's counter of the same name and service.
    let _impostor = if seed.is_multiple_of(2) {
        let life = Life { serial: "impostor".to_owned(), minutes: Vec::new(), battery: 50, ..Life::default() };
        let name = Some("Steps".to_owned());
        let address = [0x66, u8::try_from(seed % 256).unwrap(), 0, 0, 0x5E, 0xF2];
        let options = Options { address, name, ..Options::default() };
        Some(on_air(lab, &home.path(""), &step_log::KIND, life, options).await)
    } else {
        None
    };
    let began = Instant::now();
    let daemon = home.daemon();
    let mut made = Vec::new();
    // The first of them falls into the transfer, which the slow air draws out to several seconds.
    for number in 0..random.usize(2..5) {
        let pause_ms = if number == 0 { 1_500..6_000 } else { 200..6_000 };
        sleep(Duration::from_millis(random.u64(pause_ms))).await;
        let fault = FAULTS[random.usize(0..FAULTS.len())];
        let at = random.usize(0..worn.len());
        make(fault, lab, &mut worn[at].counter, &mut random).await;
        made.push(fault);
    }
    let healed = Instant::now();

    for one in &worn {
        let minutes = one.script.len() as u64;
        // The counter gives a number to every minute, some of them cut in two by its restarts.
        let whole = |counter: &Value| {
            counter["doing"]["cause"].is_null()
                && !counter["doing"]["last_complete"].is_null()
                && counter["stored_to"].as_u64().unwrap_or(0) >= minutes
        };
        let within = Duration::from_secs(180);
        let state = home.counter_until(&one.counter.id(), &format!("seed {seed}, {made:?}"), within, whole).await;
        assert!(state["put_aside"] == 0 && state["conflicts"] == 0, "seed {seed}: {state}");
    }
    let healed_s = healed.elapsed().as_secs();
    home.end(daemon).await;
    let log = home.log();
    let failed = log.matches("dialogue did not complete").count();
    assert!(failed <= made.len() * ATTEMPTS_EACH * worn.len(), "seed {seed}: {failed} failed\n{}", tail(&log, 60));
    let verified = home.run(&["data", "verify"], "").await.ok("verify");
    let status = home.run(&["status", "--json"], "").await.json();
    let impostor = DeviceId::from_serial("step-log", b"impostor").to_string();
    let ids: Vec<_> = status["counters"].as_array().unwrap().iter().map(|counter| counter["id"].clone()).collect();
    assert!(!ids.contains(&impostor.into()), "nothing of the impostor was taken");
    // Two counters of one person saw the same walks: their minutes are never added up.
    let rows = told(&home.finished_rows().await);
    let mut expected = truth(&worn[0].script);
    assert!(rows.len() + 1 >= expected.len(), "seed {seed}: only soon after midnight is yesterday not over yet");
    expected.truncate(rows.len());
    assert_eq!(rows, expected, "seed {seed}, {made:?}\n{}\n{}", verified.out, tail(&log, 60));
    for one in &mut worn {
        one.counter.kill().await;
    }
    format!(
        "seed {seed}: {} counters, {made:?}, {failed} attempts failed, whole {healed_s} s after the last fault, {} s in all",
        worn.len(),
        began.elapsed().as_secs()
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_happens_to_the_radio_every_minute_is_stored_once() {
    if let Some(obstacle) = Lab::obstacle() {
        return eprintln!("note: passed without a lab: {obstacle}");
    }
    let number = |name: &str, default: u64| std::env::var(name).map_or(default, |text| text.parse().expect("a number"));
    let (runs, first) = (number("BRISK_LAB_RUNS", 2), number("BRISK_LAB_SEED", 1));
    let options = LabOptions { pace: SLOW, turn_within: Duration::from_secs(900), ..LabOptions::default() };
    let lab = Lab::start(options).await.unwrap();
    for seed in first..first + runs {
        let line = run(&lab, seed).await;
        println!("{line}");
        // Bonds of earlier runs are of no use to later ones.
        lab.vm("for d in $(bluetoothctl devices | cut -d' ' -f2); do bluetoothctl remove $d; done").await.unwrap();
    }
    println!("{runs} runs");
}
