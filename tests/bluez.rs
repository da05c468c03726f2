//! The radio against a `BlueZ` of the tests' own: the road from scanning to stored minutes, and every state of the
//! radio's failure table, with the real program in its own process.

#[path = "bluez/doctor.rs"]
mod doctor;
#[path = "support/bluez.rs"]
mod fake;
mod support;

use std::{
    io::Write as _,
    process::Stdio,
    sync::{Arc, Mutex},
};

use brisk::{
    demo::SECTORS,
    model::DeviceId,
    radio::sim::{SharedFarEnd, counter::SimCounter, flash::SimFlash, walker::ScriptMinute},
    store::{BondLevel, DeliveryRecord},
};
use fake::{FakeBluez, FakeDevice, Pairing};
use firmware_protocol::{
    device::{Life, Service, step_log},
    driver::{Unit, UnitKind},
};
use serde_json::Value;
use support::{Home, Ran, days_until_now, until};

const ADDRESS: &str = "C0:FF:EE:00:00:01";
const IMPOSTOR: &str = "C0:FF:EE:00:00:02";
const ID: DeviceId = DeviceId(*b"lab-0001");

fn services() -> Vec<Service> {
    (step_log::KIND.emulator)(Life::default()).services()
}

/// A counter that lived through this script and lives on.
fn counter(id: DeviceId, script: &[ScriptMinute]) -> SharedFarEnd {
    let flash = SimFlash::in_memory(SECTORS);
    let begin_us = script[0].at * 60_000_000;
    Arc::new(Mutex::new(SimCounter::new(id, flash, script.to_vec(), begin_us, None, 0).unwrap()))
}

fn device(address: &str, id: DeviceId, script: &[ScriptMinute]) -> FakeDevice {
    FakeDevice::new(address, "Steps", services(), counter(id, script))
}

/// A home with a real radio, as far as it knows.
struct Fixture {
    home: Home,
    bus: FakeBluez,
}

impl Fixture {
    fn new(devices: Vec<FakeDevice>) -> Self {
        let home = Home::new();
        home.change_settings(|_| {
            "[clock]\nzone = \"UTC\"\nwait_for_sync = \"0s\"\n\n[web]\nlisten = \"off\"\n\n[bluetooth]\nsync_every = \"1h\"\n\
             retry_after = \"1s\"\nretry_at_most = \"1s\"\nconnect_within = \"20s\"\n"
                .to_owned()
        });
        let bus = FakeBluez::start(&home.path(""), devices);
        Self { home, bus }
    }

    fn with_paired_counter(script: &[ScriptMinute]) -> Self {
        let this = Self::new(vec![device(ADDRESS, ID, script)]);
        assert_eq!(this.pair(&[ADDRESS], "").code, Some(0));
        this
    }

    fn command(&self, args: &[&str]) -> std::process::Command {
        let mut command = self.home.brisk(args);
        command.env("DBUS_SYSTEM_BUS_ADDRESS", self.bus.address());
        command.env("BRISK_LOG", "brisk=debug");
        command
    }

    fn run(&self, args: &[&str]) -> Ran {
        Ran::of(self.command(args).output().unwrap())
    }

    fn pair(&self, args: &[&str], typed: &str) -> Ran {
        let mut command = self.command(&[&["device", "pair"], args].concat());
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(typed.as_bytes()).unwrap();
        Ran::of(child.wait_with_output().unwrap())
    }

    fn daemon(&self) -> support::Daemon {
        self.home.daemon_by(self.command(&["run"]))
    }

    fn causes(&self) -> Vec<String> {
        let ran = self.run(&["doctor", "--json"]);
        let findings = ran.json()["findings"].as_array().unwrap().clone();
        findings.iter().map(|finding| finding["cause"].as_str().unwrap().to_owned()).collect()
    }

    /// The counter as the daemon has it.
    fn counter(&self) -> Value {
        self.home.ask("status")["counters"][0].take()
    }

    fn wait_for_cause(&self, cause: &str) {
        until(&format!("the trouble is {cause}"), || (self.counter()["doing"]["cause"] == cause).then_some(()));
    }

    fn wait_for_epochs(&self, at_least: usize) {
        until(&format!("{at_least} epochs are stored"), || {
            let stored = usize::try_from(self.counter()["stored_to"].as_u64().unwrap_or(0)).unwrap();
            (stored >= at_least).then_some(())
        });
    }
}

#[test]
fn from_scan_to_stored_minutes_with_digits_typed_at_the_command_line() {
    let script = days_until_now(11, 3);
    let mut counter = device(ADDRESS, ID, &script);
    counter.pairing = Pairing::Passkey(42);
    let this = Fixture::new(vec![counter]);

    let heard = this.run(&["device", "scan", "--seconds", "1", "--json"]).json();
    assert_eq!((&heard[0]["address"], &heard[0]["kinds"][0]), (&ADDRESS.into(), &"step-log".into()), "{heard}");
    let wrong = this.pair(&[], "654321\n");
    assert_eq!(wrong.code, Some(1), "{wrong:?}");
    assert!(wrong.err.contains("Nothing was changed"), "{}", wrong.err);
    let paired = this.pair(&["--label", "wrist"], "000042\n");
    assert_eq!(paired.code, Some(0), "{paired:?}");
    assert!(paired.out.contains("paired with digits") && paired.out.contains("worn by me"), "{}", paired.out);

    let listed = this.run(&["device", "list", "--json"]).json();
    let listed = &listed[0];
    assert_eq!(
        (&listed["bond"], &listed["label"], &listed["id"]),
        (&"passkey".into(), &"wrist".into(), &ID.to_string().into())
    );
    assert!(usize::try_from(listed["stored_to"].as_u64().unwrap()).unwrap() >= script.len() - 1, "{listed}");
    let state = this.bus.state();
    assert!(!state.discovering, "the scan was stopped");
    drop(state);
    let daemon = this.daemon();
    until("a dialogue is complete", || (!this.counter()["doing"]["last_complete"].is_null()).then_some(()));
    assert!(daemon.terminate().0.success());
}

#[test]
fn a_counter_with_digits_to_compare_is_paired_by_a_yes_and_not_by_a_no() {
    let mut counter = device(ADDRESS, ID, &days_until_now(12, 1));
    counter.pairing = Pairing::Compare(123);
    let this = Fixture::new(vec![counter]);

    let no = this.pair(&[ADDRESS], "n\n");
    let yes = this.pair(&[ADDRESS], "y\n");

    assert_eq!(no.code, Some(1), "{no:?}");
    assert!(no.err.contains("000123"), "{}", no.err);
    assert_eq!(yes.code, Some(0), "{yes:?}");
}

#[test]
fn a_counter_that_only_just_works_is_named_as_such() {
    let this = Fixture::new(vec![device(ADDRESS, ID, &days_until_now(13, 1))]);

    let paired = this.pair(&[], "");

    assert_eq!(paired.code, Some(0), "{paired:?}");
    assert!(paired.out.contains("Just Works"), "{}", paired.out);
    assert_eq!(this.run(&["device", "list", "--json"]).json()[0]["bond"], "just_works");
}

#[test]
fn pairing_while_the_daemon_runs_makes_it_look_after_the_counter_at_once() {
    let script = days_until_now(14, 2);
    let this = Fixture::new(vec![device(ADDRESS, ID, &script)]);
    let daemon = this.daemon();

    let paired = this.pair(&[], "");

    assert_eq!(paired.code, Some(0), "{paired:?}");
    until("the daemon looks after it", || {
        let ran = this.run(&["status", "--json"]);
        let status: Value = serde_json::from_str(&ran.out).ok()?;
        (!status["counters"][0]["doing"]["last_complete"].is_null()).then_some(())
    });
    assert!(daemon.terminate().0.success());
}

/// One after the other on one running daemon: each state of the radio has its cause, and each heals by itself.
#[test]
fn every_state_of_the_radio_is_named_and_heals_without_a_restart() {
    let script = days_until_now(15, 1);
    let mut this = Fixture::with_paired_counter(&script);
    let folder = this.home.path("");
    let daemon = this.daemon();
    let well = |this: &Fixture| {
        until("all is well again", || this.causes().is_empty().then_some(()));
    };
    well(&this);

    this.bus.state().powered = false;
    assert_eq!(this.causes(), ["adapter_off"]);
    this.bus.state().powered = true;
    well(&this);

    this.bus.state().adapter = false;
    assert_eq!(this.causes(), ["no_adapter"]);
    this.bus.state().adapter = true;
    well(&this);

    this.bus.stop_service();
    assert_eq!(this.causes(), ["service_down"]);
    this.bus.start_service();
    well(&this);

    this.bus.state().hangs = true;
    assert_eq!(this.causes(), ["service_stuck"]);
    this.bus.state().hangs = false;
    well(&this);

    this.bus.kill_bus();
    assert_eq!(this.causes(), ["no_bus"]);
    this.bus.restart_bus(&folder);
    well(&this);

    assert!(daemon.terminate().0.success());
}

#[test]
fn a_counter_out_of_reach_is_not_heard_and_comes_back_by_itself() {
    let script = days_until_now(16, 1);
    let this = Fixture::with_paired_counter(&script);
    this.bus.change(ADDRESS, |device| device.in_reach = false);
    this.home.change_settings(|_| {
        "[clock]\nzone = \"UTC\"\nwait_for_sync = \"0s\"\n\n[web]\nlisten = \"off\"\n\n[bluetooth]\nsync_every = \"1h\"\nretry_after = \"1s\"\n\
         retry_at_most = \"1s\"\nconnect_within = \"5s\"\n"
            .to_owned()
    });
    let daemon = this.daemon();

    this.wait_for_cause("not_heard");
    this.bus.change(ADDRESS, |device| device.in_reach = true);
    until("a dialogue is complete", || (!this.counter()["doing"]["last_complete"].is_null()).then_some(()));

    assert!(this.counter()["doing"]["trouble"].is_null());
    assert!(daemon.terminate().0.success());
}

#[test]
fn a_link_that_breaks_in_mid_transfer_loses_nothing_and_silence_is_noticed() {
    let script = days_until_now(17, 20);
    let mut counter = device(ADDRESS, ID, &script);
    counter.mtu = 23;
    let this = Fixture::new(vec![counter]);
    this.bus.change(ADDRESS, |device| device.break_after = Some(150));

    let paired = this.pair(&[], "");

    assert_eq!(paired.code, Some(0), "{paired:?}");
    let daemon = this.daemon();
    this.wait_for_epochs(script.len() - 1);
    let days = this.home.ask("days");
    let steps: u64 = days["days"].as_array().unwrap().iter().filter_map(|day| day["total_steps"].as_u64()).sum();
    let walked: u64 = script.iter().map(|minute| u64::from(minute.steps)).sum();
    assert_eq!(steps, walked);
    assert!(daemon.terminate().0.success());
}

#[test]
fn a_pairing_that_the_counter_lost_is_told_from_one_that_was_lost_here_and_one_command_repairs_both() {
    let script = days_until_now(18, 2);
    let this = Fixture::with_paired_counter(&script);
    let stored = this.run(&["device", "list", "--json"]).json()[0]["stored_to"].as_u64().unwrap();

    this.bus.change(ADDRESS, |device| device.knows_us = false);
    let daemon = this.daemon();
    this.wait_for_cause("pairing_lost_there");
    assert!(this.causes().contains(&"pairing_lost_there".to_owned()));
    let repaired = this.pair(&[ADDRESS], "");
    assert_eq!(repaired.code, Some(0), "{repaired:?}");
    until("it is read again", || (!this.counter()["doing"]["last_complete"].is_null()).then_some(()));

    this.bus.change(ADDRESS, |device| device.paired = false);
    assert_eq!(this.causes(), ["pairing_lost_here"]);
    let repaired = this.pair(&[ADDRESS], "");
    assert_eq!(repaired.code, Some(0), "{repaired:?}");
    assert!(this.causes().is_empty(), "{:?}", this.causes());

    let after = this.run(&["device", "list", "--json"]).json();
    assert!(after[0]["stored_to"].as_u64().unwrap() >= stored, "the data are kept");
    assert_eq!(after[0]["person"], "me", "and whose it is");
    assert!(daemon.terminate().0.success());
}

#[test]
fn an_impostor_with_the_same_name_and_service_is_not_believed_and_does_not_stop_the_other() {
    let (script, other) = (days_until_now(19, 1), days_until_now(20, 2));
    let mut counter = device(ADDRESS, ID, &script);
    counter.in_reach = false;
    let this = Fixture::new(vec![counter, device(IMPOSTOR, DeviceId(*b"impostor"), &other)]);
    // A counter that is known by its id alone: whoever looks like one is asked who it is.
    this.home.change_settings(|_| {
        format!(
            "[clock]\nzone = \"UTC\"\nwait_for_sync = \"0s\"\n\n[web]\nlisten = \"off\"\n\n[bluetooth]\nsync_every = \"1h\"\nretry_after = \"1s\"\n\
             retry_at_most = \"1s\"\nconnect_within = \"10s\"\n\n[[counter]]\nid = \"{ID}\"\n"
        )
    });
    this.bus.change(IMPOSTOR, |device| (device.paired, device.knows_us) = (true, true));
    this.bus.change(ADDRESS, |device| (device.paired, device.knows_us) = (true, true));
    let daemon = this.daemon();

    this.wait_for_cause("other_counter");
    this.bus.change(ADDRESS, |device| device.in_reach = true);
    this.wait_for_epochs(script.len() - 1);

    let status = this.home.ask("status");
    let strangers: Vec<_> =
        status["counters"].as_array().unwrap().iter().filter(|one| one["id"] != ID.to_string()).collect();
    assert!(strangers.is_empty(), "nothing of the impostor is kept: {strangers:?}");
    assert!(daemon.terminate().0.success());
}

#[test]
fn a_name_full_of_control_characters_does_no_harm() {
    let mut counter = device(ADDRESS, ID, &days_until_now(21, 1));
    counter.name = "\u{1b}[2J\u{202e}evil\r\n".to_owned();
    let this = Fixture::new(vec![counter]);

    let heard = this.run(&["device", "scan", "--seconds", "1"]);

    assert_eq!(heard.code, Some(0), "{heard:?}");
    assert!(
        !heard.out.contains('\u{1b}') && !heard.out.contains('\u{202e}') && heard.out.contains("evil"),
        "{}",
        heard.out
    );
}

#[test]
fn a_counter_changes_hands_on_a_day_that_somebody_names() {
    let script = days_until_now(22, 4);
    let this = Fixture::with_paired_counter(&script);
    let id = ID.to_string();

    let undated = this.run(&["device", "assign", &id]);
    let dated = this.run(&["device", "assign", &id, "--from", "2026-01-01"]);
    let unknown = this.run(&["device", "assign", &id, "--person", "nobody"]);
    let forgotten = this.run(&["device", "forget", &id]);

    assert_eq!((undated.code, dated.code, unknown.code, forgotten.code), (Some(1), Some(0), Some(1), Some(0)));
    assert!(undated.err.contains("from which day"), "{}", undated.err);
    assert!(!this.bus.state().devices[ADDRESS].paired, "the keys are gone");
    let listed = this.run(&["device", "list", "--json"]).json();
    assert!(listed[0]["stored_to"].as_u64().unwrap() > 0 && listed[0]["wanted"] == false, "the data are not: {listed}");
}

#[test]
fn an_adapter_that_stays_off_is_switched_on_when_the_settings_allow_it_and_not_otherwise() {
    let this = Fixture::with_paired_counter(&days_until_now(24, 1));
    let settings = |power_cycle: bool| {
        format!(
            "[clock]\nzone = \"UTC\"\nwait_for_sync = \"0s\"\n\n[web]\nlisten = \"off\"\n\n[bluetooth]\nsync_every = \"1h\"\nretry_after = \"1s\"\n\
             retry_at_most = \"1s\"\npower_cycle = {power_cycle}\n"
        )
    };
    this.bus.state().powered = false;
    this.home.change_settings(|_| settings(false));
    let daemon = this.daemon();
    until("it was tried often", || (this.counter()["doing"]["failures"].as_u64() > Some(8)).then_some(()));
    assert!(!this.bus.state().powered, "somebody may have wanted it off");
    assert!(daemon.terminate().0.success());

    this.home.change_settings(|_| settings(true));
    let daemon = this.daemon();
    until("a dialogue is complete", || (!this.counter()["doing"]["last_complete"].is_null()).then_some(()));
    assert!(this.bus.state().powered);
    assert!(daemon.terminate().0.success());
}
