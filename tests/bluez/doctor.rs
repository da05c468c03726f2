//! `brisk doctor` on the faults of a helper's life.

use super::*;

/// The twelve faults of a helper's life (`doctor` on 12 seeded faults), each made for the real program.
#[test]
fn doctor_names_the_cause_of_each_of_the_twelve_faults() {
    let script = days_until_now(23, 1);
    let mut this = Fixture::with_paired_counter(&script);
    let quick = |zone: &str| {
        format!(
            "[clock]\nzone = \"{zone}\"\nwait_for_sync = \"0s\"\n\n[web]\nlisten = \"off\"\n\n[bluetooth]\nsync_every = \"1m\"\nretry_after = \"1s\"\n\
             retry_at_most = \"1s\"\nconnect_within = \"5s\"\n"
        )
    };
    this.home.change_settings(|_| quick("UTC"));
    let mut named = Vec::new();
    let mut expect = |fault: &str, found: &[String], cause: &str| {
        if found == [cause] {
            named.push(fault.to_owned());
        } else {
            eprintln!("{fault}: {found:?} instead of {cause}");
        }
    };

    (this.bus.state().powered, this.bus.state().blocked) = (false, true);
    expect("rfkill", &this.causes(), "blocked");
    (this.bus.state().powered, this.bus.state().blocked) = (true, false);
    this.bus.state().adapter = false;
    expect("no adapter", &this.causes(), "no_adapter");
    this.bus.state().adapter = true;
    this.bus.stop_service();
    expect("bluetooth service down", &this.causes(), "service_down");
    this.bus.start_service();
    this.home.change_settings(|_| quick("Asia/Tokyo"));
    expect("wrong zone", &this.causes(), "wrong_zone");
    this.home.change_settings(|_| quick("UTC"));
    let full = "mount -t tmpfs -o size=6m tmpfs \"$0\" && cp -a \"$0.copy/.\" \"$0\" && \
                dd if=/dev/zero of=\"$0/fill\" bs=64k 2>/dev/null; exec \"$@\"";
    expect("disk full", &this.causes_on(full), "disk_full");
    let read_only = "mount -t tmpfs -o size=20m tmpfs \"$0\" && cp -a \"$0.copy/.\" \"$0\" && \
                     mount -o remount,ro \"$0\" && exec \"$@\"";
    expect("read-only card", &this.causes_on(read_only), "read_only");
    this.bus.change(ADDRESS, |device| device.paired = false);
    expect("bond lost on host", &this.causes(), "pairing_lost_here");
    this.bus.change(ADDRESS, |device| (device.paired, device.knows_us) = (true, false));
    let daemon = this.daemon();
    this.wait_for_cause("pairing_lost_there");
    expect("bond lost on watch", &this.causes(), "pairing_lost_there");
    assert!(daemon.terminate().0.success());

    this.bus.change(ADDRESS, |device| (device.knows_us, device.in_reach) = (true, false));
    let daemon = this.daemon();
    this.wait_for_cause("not_heard");
    expect("out of range", &this.causes(), "not_heard");
    // It is near, and falls silent in the middle of a dialogue.
    this.bus.change(ADDRESS, |device| (device.in_reach, device.mute) = (true, true));
    until("a dialogue is under way", || (this.counter()["doing"]["doing"] == "syncing").then_some(()));
    this.bus.change(ADDRESS, |device| (device.in_reach, device.mute) = (false, false));
    this.wait_for_cause("link_broke");
    this.wait_for_cause("not_heard");
    expect("other app holds the watch", &this.causes(), "held_elsewhere");
    assert!(daemon.terminate().0.success());
    this.flat_battery();
    let daemon = this.daemon();
    this.wait_for_cause("not_heard");
    expect("battery flat", &this.causes(), "battery_flat");
    assert!(daemon.terminate().0.success());
    this.clock_before_the_journal();
    expect("clock unset", &this.causes(), "clock_unset");

    println!("named {} of 12: {named:?}", named.len());
    assert_eq!(named.len(), 12, "{named:?}");
}

impl Fixture {
    /// What doctor says on a data folder that a shell script prepares in a mount namespace of its own; `$0` is the
    /// folder, `$0.copy` what was in it.
    fn causes_on(&self, script: &str) -> Vec<String> {
        let copy = self.home.path("data.copy");
        std::fs::remove_dir_all(&copy).ok();
        support::copy_dir(&self.home.data(), &copy);
        let doctor = self.command(&["doctor", "--json"]);
        let mut command = std::process::Command::new("unshare");
        command.args(["--map-root-user", "--mount", "bash", "-c", script]).arg(self.home.data());
        command.arg(doctor.get_program()).args(doctor.get_args()).stdin(Stdio::null());
        command.env_clear().envs(doctor.get_envs().filter_map(|(key, value)| Some((key, value?))));
        let ran = Ran::of(command.output().unwrap());
        let findings = ran.json()["findings"].as_array().unwrap().clone();
        findings.iter().map(|finding| finding["cause"].as_str().unwrap().to_owned()).collect()
    }

    fn store(&self) -> brisk::store::Store {
        brisk::store::Store::open(&self.home.data()).unwrap().0
    }

    /// The counter has said that its battery is nearly empty.
    fn flat_battery(&self) {
        self.keep(Unit { kind: UnitKind::Battery, bytes: vec![4] }, chrono::TimeDelta::zero());
    }

    /// Something arrived tomorrow, by what the journal says: so the clock shows a time that was.
    fn clock_before_the_journal(&self) {
        self.keep(Unit { kind: UnitKind::Battery, bytes: vec![80] }, chrono::TimeDelta::days(1));
    }

    fn keep(&self, unit: Unit, later: chrono::TimeDelta) {
        let store = self.store();
        let arrived = store.newest_arrival().unwrap() + later + chrono::TimeDelta::seconds(1);
        let record = DeliveryRecord {
            device: ID,
            arrived,
            arrival_trusted: true,
            bond: BondLevel::JustWorks,
            units: vec![unit],
            quarantined: Vec::new(),
        };
        store.append_delivery(&record).unwrap();
    }
}
