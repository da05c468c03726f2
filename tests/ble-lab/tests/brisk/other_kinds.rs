//! Other makers' counters over the real BlueZ: their emulators on the virtual air.

use std::time::Duration;

use ble_lab::{Lab, LabOptions};
use firmware_protocol::{
    device::{self, BondNeed, Key, KeyNeed, Life, LifeMinute},
    driver::Resolution,
    reading::Wear,
};
use step_log_firmware::bridge::{Options, Pairing};

use crate::{
    counter::{on_air, this_minute},
    home::Home,
};

/// Two whole days and a bit, until the last whole hour but one: what every kind can tell by now.
fn life(key: Option<Key>) -> Life {
    let end = this_minute().div_euclid(60) * 60 - 60;
    let minutes = (end - 2 * 1440..end).map(|at| LifeMinute {
        at,
        steps: if at.rem_euclid(97) < 20 { 105 } else { 0 },
        wear: Wear::Worn,
    });
    Life { serial: "LAB12345".to_owned(), minutes: minutes.collect(), battery: 66, key, ..Life::default() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn counters_of_other_makers_are_paired_and_read_over_a_real_bluez() {
    if let Some(obstacle) = Lab::obstacle() {
        return eprintln!("note: passed without a lab: {obstacle}");
    }
    let lab = Lab::start(LabOptions { turn_within: Duration::from_secs(900), ..LabOptions::default() }).await.unwrap();
    for (number, name) in (1..).zip(["mi-band-3", "mi-band-6", "pebble", "polar", "colmi-ring", "bangle-js"]) {
        let kind = device::kind(name).unwrap();
        let home = Home::new(&lab.dbus_address());
        let key = (kind.key == KeyNeed::FromOwner).then_some(Key([0x5A; 16]));
        let lived = life(key);
        let steps: u32 = lived.minutes.iter().map(|minute| minute.steps).sum();
        let options = Options {
            address: [number, 0, 0, 0, 0x5E, 0xF2],
            pairing: if kind.bond == BondNeed::Required { Pairing::Passkey(Some(4_711)) } else { Pairing::JustWorks },
            ..Options::default()
        };
        let address = format!("F2:5E:00:00:00:{number:02X}");
        let (bridge, _air) = on_air(&lab, &home.path(""), kind, lived, options).await;

        let key_file = home.path("key");
        let mut args = vec!["device", "pair", &address, "--kind", name];
        if key.is_some() {
            std::io::Write::write_all(&mut std::fs::File::create(&key_file).unwrap(), &b"5a".repeat(16)).unwrap();
            args.extend(["--key-file", key_file.to_str().unwrap()]);
        }
        let paired = home.run(&args, "004711\n").await.ok(name);
        let rows = home.finished_rows().await;
        let listed = home.run(&["device", "list", "--json"], "").await.ok("list").json();
        let (notifications, ms) = (paired.of_dialogue("notifications"), paired.of_dialogue("ms").max(1));
        println!(
            "{name}: {} finished days, {steps} steps walked, class {}, {notifications} notifications in {ms} ms, bond {}",
            rows.len(),
            listed[0]["resolution_class"],
            listed[0]["bond"],
        );

        assert!(listed[0]["put_aside"] == 0 && listed[0]["conflicts"] == 0, "{listed}");
        let truth = life(None);
        for row in &rows {
            let date: String = row["local_date"].as_str().unwrap().to_owned();
            let walked: u32 = truth
                .minutes
                .iter()
                .filter(|minute| {
                    let at = chrono::DateTime::from_timestamp(minute.at * 60, 0).unwrap();
                    at.format("%Y-%m-%d").to_string() == date
                })
                .map(|minute| minute.steps)
                .sum();
            let told = match kind.resolution {
                Resolution::Minute => row["total_steps"].as_u64(),
                Resolution::Coarse | Resolution::Counter => row["steps_upper"].as_u64(),
            };
            assert_eq!(told, Some(walked.into()), "{name} {row}");
        }
        bridge.stop().unwrap();
    }
}
