//! Our app for Bangle.js, run in node, and this crate's own driver speaking with it: the app is JavaScript and
//! shares no code with the crate, so that what both understand is what the specification says.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use firmware_protocol::{
    Uuid,
    device::{
        Advertisement, Characteristic, Peripheral, Service, Setup,
        play::{Air, Play, Played, play},
        step_log,
    },
    driver::{Known, Outcome},
    reading::{Anchor, BootLink, Epoch, HostId, Reading, Stamp},
    steplog::{device::AttError, uuid},
};
use serde_json::{Value, json};

/// 2026-03-01T12:00:00Z, milliseconds.
const NOON_MS: i64 = 1_772_366_400_000;
const MINUTE_MS: i64 = 60_000;

/// A watch in another process.
struct App {
    node: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
    now_ms: i64,
    max_frame: usize,
}

impl App {
    /// Starts at this true time, its clock so far ahead.
    fn begin(now_ms: i64, clock_ms: i64) -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("bangle/mock.js");
        let started = Command::new("node").arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut node = started.expect("this test runs the watch's app in node, version 18 or later: install it");
        let (to, from) = (node.stdin.take().unwrap(), BufReader::new(node.stdout.take().unwrap()));
        let mut app = Self { node, to, from, now_ms, max_frame: 0 };
        app.tell(&json!({"do": "begin", "now": now_ms, "clock": clock_ms}));
        app
    }

    fn tell(&mut self, command: &Value) -> Value {
        writeln!(self.to, "{command}").unwrap();
        let mut line = String::new();
        self.from.read_line(&mut line).unwrap();
        let mut answer: Value = serde_json::from_str(&line).expect("the app answers");
        assert_eq!(answer["error"], Value::Null, "{command}");
        answer["ok"].take()
    }

    fn to(&mut self, now_ms: i64) {
        if now_ms > self.now_ms {
            self.now_ms = now_ms;
            self.tell(&json!({"do": "to", "now": now_ms}));
        }
    }

    /// Lives a minute with these steps.
    fn minute(&mut self, steps: u32) {
        self.to(self.now_ms + 20_000);
        self.tell(&json!({"do": "walk", "steps": steps}));
        self.to(self.now_ms + 40_000);
    }

    fn minutes(&mut self, steps: impl IntoIterator<Item = u32>) {
        steps.into_iter().for_each(|steps| self.minute(steps));
    }

    fn load(&mut self) {
        self.tell(&json!({"do": "load"}));
        self.now_ms += 1_500;
    }

    fn crash(&mut self, off_ms: i64) {
        self.tell(&json!({"do": "crash", "off": off_ms}));
        self.now_ms += off_ms;
    }
}

impl Drop for App {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _: Result<(), _> = self.node.kill();
        let _: Result<_, _> = self.node.wait();
    }
}

fn printed(uuid: Uuid) -> String {
    let hex = format!("{uuid:032x}");
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

impl Peripheral for App {
    fn advertisement(&self) -> Advertisement {
        Advertisement { services: vec![uuid::SERVICE], ..Advertisement::default() }
    }

    fn services(&self) -> Vec<Service> {
        let one = |uuid| Characteristic { uuid, ..Characteristic::default() };
        let all = [uuid::FEATURE, uuid::STATE, uuid::TIME, uuid::CONTROL, uuid::DATA, uuid::BOOT_LINKS];
        vec![Service { uuid: uuid::SERVICE, characteristics: all.map(one).to_vec() }]
    }

    fn connect(&mut self, _mtu: u16, now_ms: i64) {
        self.to(now_ms);
        self.tell(&json!({"do": "connect"}));
    }

    fn disconnect(&mut self) {
        self.tell(&json!({"do": "disconnect"}));
    }

    fn subscribe(&mut self, _to: Uuid, _on: bool, now_ms: i64) {
        self.to(now_ms);
    }

    fn read(&mut self, from: Uuid, now_ms: i64) -> Result<Vec<u8>, AttError> {
        self.to(now_ms);
        let value = self.tell(&json!({"do": "read", "id": printed(from)}));
        value.as_str().map(unhex).ok_or(AttError::ReadNotPermitted)
    }

    fn write(&mut self, to: Uuid, bytes: &[u8], now_ms: i64) -> Result<(), AttError> {
        self.to(now_ms);
        let done = self.tell(&json!({"do": "write", "id": printed(to), "hex": hex(bytes)}));
        if done == true { Ok(()) } else { Err(AttError::WriteNotPermitted) }
    }

    fn outgoing(&mut self, now_ms: i64) -> Option<(Uuid, Vec<u8>)> {
        self.to(now_ms);
        let sent = self.tell(&json!({"do": "outgoing"}));
        let (from, bytes) = (sent.get(0)?.as_str()?, unhex(sent.get(1)?.as_str()?));
        self.max_frame = self.max_frame.max(bytes.len());
        Some((u128::from_str_radix(&from.replace('-', ""), 16).unwrap(), bytes))
    }
}

struct Host {
    name: u8,
    stored_to: u32,
    epochs: BTreeMap<u32, Epoch>,
    gaps: Vec<(u32, u32)>,
    anchors: Vec<Anchor>,
    links: Vec<BootLink>,
    battery: Option<u8>,
}

impl Host {
    fn new(name: u8) -> Self {
        Self {
            name,
            stored_to: 0,
            epochs: BTreeMap::new(),
            gaps: vec![],
            anchors: vec![],
            links: vec![],
            battery: None,
        }
    }

    fn sync(&mut self, app: &mut App, cut_after: Option<u32>, air: Air<'_>) -> Played {
        let known = Known {
            host: HostId([self.name; 8]),
            stored_to: self.stored_to,
            held_at: None,
            goal_steps: Some(9000),
            last_total: None,
        };
        let begin_ms = app.now_ms;
        let mut with = Play { mtu: 247, begin_ms, clock_trusted: true, known, cut_after, air };
        let played = play((step_log::KIND.driver)(Setup::default()).as_mut(), app, &mut with);
        assert!(played.deliveries.iter().all(|delivery| delivery.quarantined.is_empty()));
        for reading in played.readings() {
            match reading {
                Reading::Epoch(epoch) => {
                    let before = self.epochs.insert(epoch.seq, epoch);
                    assert!(before.is_none_or(|before| before == epoch), "number {} used twice", epoch.seq);
                    self.stored_to = self.stored_to.max(epoch.seq + 1);
                }
                Reading::Gap { seq, count } => {
                    self.gaps.push((seq, count));
                    self.stored_to = self.stored_to.max(seq + count);
                }
                Reading::Anchor(anchor) => self.anchors.push(anchor),
                Reading::BootLink(link) => self.links.push(link),
                Reading::Battery { percent } => self.battery = Some(percent),
                Reading::Counter { .. } | Reading::Clock { .. } => panic!("{reading:?}"),
            }
        }
        played
    }

    fn whole_sync(&mut self, app: &mut App) -> Played {
        let played = self.sync(app, None, &mut |from, bytes| vec![(from, bytes)]);
        assert_eq!(played.outcome, Some(Outcome::Complete));
        played
    }

    fn steps(&self) -> u32 {
        self.epochs.values().map(|epoch| epoch.steps).sum()
    }

    /// UTC of an epoch's start, by the last anchor of its boot.
    fn utc_ms(&self, epoch: &Epoch) -> i64 {
        let Stamp::Uptime { boot, seconds } = epoch.stamp else { panic!() };
        let anchor = self.anchors.iter().rev().find(|anchor| anchor.boot == boot).expect("a boot with an anchor");
        anchor.utc_ms + i64::from(seconds) * 1000 - i64::try_from(anchor.uptime_ms).unwrap()
    }
}

fn some_steps(n: u32) -> u32 {
    if n % 9 < 4 { n % 120 } else { 0 }
}

#[test]
fn a_day_of_minutes_is_brought_in_with_its_times() {
    let mut app = App::begin(NOON_MS - 17_000, 3_600_000);
    let mut host = Host::new(1);
    host.whole_sync(&mut app);
    app.minutes((0..600).map(some_steps));

    host.whole_sync(&mut app);

    assert_eq!(host.steps(), (0..600).map(some_steps).sum::<u32>());
    assert_eq!((host.gaps.len(), host.battery), (0, Some(87)));
    assert_eq!(host.epochs.len(), usize::try_from(host.stored_to).unwrap());
    let whole: Vec<_> = host.epochs.values().filter(|epoch| epoch.seconds == 60).collect();
    assert!(whole.len() >= 599);
    for epoch in &whole {
        let off = host.utc_ms(epoch).rem_euclid(MINUTE_MS);
        assert!(off <= 1_000 || off >= MINUTE_MS - 1_000, "{off}");
        assert!(!epoch.clock_unset);
    }
    assert!(app.max_frame <= 20);
}

#[test]
fn a_second_dialogue_brings_only_what_is_new() {
    let mut app = App::begin(NOON_MS, 0);
    app.minutes([100; 40]);
    let mut host = Host::new(1);
    let first = host.whole_sync(&mut app);
    let identity = first.identity.unwrap();
    assert_eq!((identity.firmware.as_str(), identity.memory_minutes), ("bangle-0.10", Some(28_905)));
    app.minutes([7; 20]);

    let second = host.whole_sync(&mut app);

    let is_epoch = |reading: &Reading| matches!(reading, Reading::Epoch(_));
    assert!(second.readings().into_iter().filter(is_epoch).count() <= 22);
    assert_eq!(host.steps(), 4000 + 140);
    assert_eq!(second.identity.unwrap().device, identity.device);
}

#[test]
fn opening_other_apps_neither_loses_nor_doubles_a_step_and_is_no_new_boot() {
    let mut app = App::begin(NOON_MS, 0);
    let mut host = Host::new(1);
    host.whole_sync(&mut app);
    for n in 0..50 {
        app.minutes([n, 60]);
        app.load();
    }

    host.whole_sync(&mut app);

    assert_eq!(host.steps(), (0..50).map(|n| n + 60).sum::<u32>());
    assert!(host.gaps.is_empty());
    assert!(host.epochs.values().all(|epoch| matches!(epoch.stamp, Stamp::Uptime { boot: 1, .. })));
}

#[test]
fn a_crash_is_a_new_boot_a_gap_of_sixty_numbers_and_a_link() {
    let mut app = App::begin(NOON_MS, 0);
    let mut host = Host::new(1);
    host.whole_sync(&mut app);
    app.minutes([50; 20]);
    app.crash(5_000);
    app.minutes([70; 20]);

    host.whole_sync(&mut app);

    assert_eq!(host.gaps.len(), 1);
    let (gap, count) = host.gaps[0];
    assert_eq!((count, host.stored_to), (60, gap + 60 + u32::try_from(host.epochs.range(gap..).count()).unwrap()));
    let [link] = host.links.as_slice() else { panic!("{:?}", host.links) };
    assert_eq!((link.boot, link.previous), (2, 1));
    // Up to a quarter of an hour was in RAM.
    let lost = 40 - host.epochs.values().filter(|epoch| epoch.steps >= 50).count();
    assert!(lost <= 15, "{lost}");
    // The link says the same of the new boot's zero as its own anchor does.
    let anchor = |boot| host.anchors.iter().find(|anchor| anchor.boot == boot).unwrap();
    let zero = |anchor: &Anchor| anchor.utc_ms - i64::try_from(anchor.uptime_ms).unwrap();
    let linked = zero(anchor(1)) + i64::try_from(link.previous_uptime_ms).unwrap() + i64::from(link.off_ms);
    assert!((linked - zero(anchor(2))).abs() < 1_000);
}

#[test]
fn a_hundred_crashes_in_a_row_use_up_no_numbers() {
    let mut app = App::begin(NOON_MS, 0);
    app.minutes([50; 16]);
    for _ in 0..100 {
        app.crash(5_000);
    }
    app.minutes([50; 16]);
    let mut host = Host::new(1);

    host.whole_sync(&mut app);

    assert_eq!(host.gaps, [(15, 60)]);
}

#[test]
fn a_clock_that_others_set_leaves_the_uptime_alone() {
    for step_ms in [-3_600_000, 86_400_000, 40_000] {
        let mut app = App::begin(NOON_MS, 0);
        let mut host = Host::new(1);
        host.whole_sync(&mut app);
        app.minutes([10; 30]);
        app.tell(&json!({"do": "clock", "clock": step_ms}));
        app.minutes([10; 30]);

        host.whole_sync(&mut app);

        assert_eq!(host.steps(), 600, "{step_ms}");
        assert!((60..=63).contains(&host.epochs.len()), "{step_ms}: {}", host.epochs.len());
        let zero = |anchor: &Anchor| anchor.utc_ms - i64::try_from(anchor.uptime_ms).unwrap();
        assert!((zero(&host.anchors[0]) - zero(&host.anchors[1])).abs() <= 60_000, "{step_ms}");
    }
}

#[test]
fn cut_after_any_step_the_next_dialogue_completes_it() {
    for cut in (0..90).step_by(4) {
        let mut app = App::begin(NOON_MS, 0);
        app.minutes((0..90).map(some_steps));
        let mut host = Host::new(1);
        host.sync(&mut app, Some(cut), &mut |from, bytes| vec![(from, bytes)]);

        host.whole_sync(&mut app);

        assert_eq!(host.steps(), (0..90).map(some_steps).sum::<u32>(), "{cut}");
    }
}

#[test]
fn frames_that_are_lost_doubled_or_late_do_no_harm() {
    let mut app = App::begin(NOON_MS, 0);
    app.minutes((0..300).map(some_steps));
    let mut host = Host::new(1);
    let (mut n, mut late) = (0, None);

    let played = host.sync(&mut app, None, &mut |from, bytes| {
        n += 1;
        match (from == uuid::DATA, n % 17) {
            (true, 3) => vec![],
            (true, 7) => vec![(from, bytes.clone()), (from, bytes)],
            (true, 11) if late.is_none() => {
                late = Some((from, bytes));
                vec![]
            }
            _ => [Some((from, bytes)), late.take()].into_iter().flatten().collect(),
        }
    });

    assert_eq!(played.outcome, Some(Outcome::Complete));
    assert_eq!(host.steps(), (0..300).map(some_steps).sum::<u32>());
}

#[test]
fn two_hosts_have_their_own_cursors_and_a_fifth_takes_the_oldest_place() {
    let mut app = App::begin(NOON_MS, 0);
    app.minutes([30; 20]);
    let mut hosts: Vec<Host> = (1..=5).map(Host::new).collect();
    for host in &mut hosts {
        host.whole_sync(&mut app);
        app.minutes([30; 20]);
    }

    for host in &mut hosts {
        host.whole_sync(&mut app);
        assert_eq!(host.steps(), 30 * 20 * 6);
    }
}

#[test]
fn when_the_memory_goes_round_the_oldest_days_are_lost_and_said_to_be() {
    let mut app = App::begin(NOON_MS, 0);
    let mut host = Host::new(1);
    app.minutes([20; 20]);
    host.whole_sync(&mut app);
    let before = host.stored_to;
    app.minutes((0..40_000).map(|n| 1 + n % 100));

    host.whole_sync(&mut app);

    let [(from, lost)] = host.gaps.as_slice() else { panic!("{:?}", host.gaps) };
    assert_eq!(*from, before);
    assert!(40_000 - lost >= 27_000, "{lost} lost");
    assert_eq!(host.epochs.len() + usize::try_from(*lost).unwrap(), usize::try_from(host.stored_to).unwrap());
}

#[test]
fn more_steps_than_a_byte_holds_are_a_lower_bound() {
    let mut app = App::begin(NOON_MS, 0);
    app.minutes([300, 254, 1]);
    let mut host = Host::new(1);

    host.whole_sync(&mut app);

    let told: Vec<_> = host.epochs.values().map(|epoch| (epoch.steps, epoch.saturated)).take(3).collect();
    assert_eq!(told, [(255, true), (254, false), (1, false)]);
}

#[test]
fn the_app_passes_its_own_test() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("bangle/test.js");
    let run = Command::new("node").arg(script).output();

    let run = run.expect("this test runs the watch's app in node, version 18 or later: install it");

    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stdout));
}
