//! The daemon is killed at any moment, above all in the middle of a sync and while it opens its data:
//! the counter is never told to forget what is not in the journal, and in the end nothing is missing
//! and nothing is there twice.
//!
//! `BRISK_KILLS` says how many kills, `BRISK_SEED` repeats a run.

mod support;

use std::{collections::BTreeMap, env, fs, path::Path, time::Duration};

use brisk::{
    demo::COUNTER,
    model::Minute,
    radio::sim::walker::ScriptMinute,
    store::{CounterState, OpenReport, Store},
};
use serde_json::Value;

use crate::support::*;

/// Days of backlog on the counter.
const DAYS: i64 = 30;
/// Each so many kills the whole journal is read and the index compared with it.
const VERIFY_EVERY: u64 = 5;

fn kills() -> u64 {
    env::var("BRISK_KILLS").ok().and_then(|n| n.parse().ok()).unwrap_or(40)
}

/// The source of chance, its seed printed.
fn random() -> fastrand::Rng {
    let seed = env::var("BRISK_SEED").ok().and_then(|n| n.parse().ok()).unwrap_or_else(|| fastrand::u64(..));
    println!("BRISK_SEED={seed}");
    fastrand::Rng::with_seed(seed)
}

#[test]
fn a_kill_in_the_middle_of_a_sync_loses_nothing_that_the_counter_may_forget() {
    let mut random = random();
    let script = days_until_now(random.u64(..), DAYS);
    let home = Home::with_counter(&script);
    let first_flash = home.path("first.flash");
    copy_file(&home.flash(), &first_flash);
    let (undisturbed, mut pace) = undisturbed_run(&home);
    let mut seen = Seen::default();

    home.anew(&first_flash);
    let mut before = 0;
    for _ in 0..kills() {
        before = killed_once(&home, &script, &mut pace, &mut random, before, &mut seen);
        if before == epochs_of(&script) {
            seen.completed += 1;
            before = 0;
            home.anew(&first_flash);
        }
    }
    // The run that is compared has been killed with a part of the minutes stored.
    while before == 0 {
        before = killed_once(&home, &script, &mut pace, &mut random, before, &mut seen) % epochs_of(&script);
        if before == 0 {
            home.anew(&first_flash);
        }
    }
    let daemon = home.daemon();
    home.complete();
    daemon.terminate();

    println!("{pace:?}; {seen}");
    assert!(seen.inside_sync * 4 > seen.kills, "too few kills fell into a sync for this test to say anything: {seen}");
    let after = Look::in_copy_of(&home);
    after.is_sound(&script, &mut Seen::default());
    after.is_verified();
    assert_eq!(after.acked, epochs_of(&script));
    assert!(after.minutes == undisturbed.minutes, "the minutes are those of a run that was never disturbed");
    assert_eq!(day_rows(&home), undisturbed.rows, "and so are the days");
    let log = fs::read_to_string(home.path("daemon.log")).unwrap();
    assert!(!log.contains("ERROR") && !log.contains("panicked"), "{log}");
}

#[test]
fn a_kill_while_the_data_is_opened_locks_nobody_out() {
    let mut random = random();
    let script = days_until_now(random.u64(..), 10);
    let home = Home::with_counter(&script);
    let daemon = home.daemon();
    let ready = daemon.age();
    home.complete();
    daemon.terminate();
    let mut seen = Seen::default();

    for kill in 0..kills() {
        let age = random.u64(1..=60.max(u64::try_from(ready.as_millis()).unwrap()));
        home.start().kill_at(Duration::from_millis(age));

        seen.kills += 1;
        seen.unfinished_snapshots += u64::from(has_unfinished_snapshot(&home.data()));
        let look = Look::in_copy_of(&home);
        look.is_sound(&script, &mut seen);
        assert_eq!((look.acked, look.state.stored_to), (epochs_of(&script), epochs_of(&script)));
        if kill % VERIFY_EVERY == 0 {
            look.is_verified();
        }
    }

    println!("ready takes {ready:?}; {seen}");
    let daemon = home.daemon();
    home.complete();
    daemon.terminate();
    Look::at(&home.data()).is_verified();
}

/// What a run without a kill stores.
struct Undisturbed {
    minutes: Vec<Minute>,
    rows: Vec<Value>,
}

/// How long things take from the start of the process.
#[derive(Debug)]
struct Pace {
    ready: Duration,
    /// A whole sync.
    whole: Duration,
}

impl Pace {
    /// A moment for a kill when a sync has this part of its way before it: mostly in the sync, now and then anywhere.
    fn moment(&self, random: &mut fastrand::Rng, left: f64) -> Duration {
        if random.u8(..4) == 0 {
            return self.whole.mul_f64(random.f64());
        }
        self.ready + self.whole.saturating_sub(self.ready).mul_f64(left * random.f64())
    }
}

fn undisturbed_run(home: &Home) -> (Undisturbed, Pace) {
    let daemon = home.daemon();
    let ready = daemon.age();
    home.complete();
    let whole = daemon.age();
    daemon.terminate();
    let minutes = Look::in_copy_of(home).minutes;
    (Undisturbed { minutes, rows: day_rows(home) }, Pace { ready, whole })
}

/// Starts the daemon, kills it, and looks at what it left. Says how far the counter was told to forget.
fn killed_once(
    home: &Home,
    script: &[ScriptMinute],
    pace: &mut Pace,
    random: &mut fastrand::Rng,
    before: u32,
    seen: &mut Seen,
) -> u32 {
    let all = epochs_of(script);
    let journal_before = size_below(&home.data().join("journal"));
    let moment = pace.moment(random, f64::from(all - before) / f64::from(all));
    if random.bool() {
        home.start().kill_at(moment);
    } else {
        // Most of the time goes by in fsync. The moment after the counter was told to forget would be met too seldom.
        home.start().kill_at_next_fact(moment, &home.flash());
        seen.at_facts += 1;
    }

    let spoke = size_below(&home.data().join("journal")) > journal_before;
    // In the copy, so that what has to be healed in the original is left to the next daemon.
    let look = Look::in_copy_of(home);
    look.is_sound(script, seen);
    assert!(look.acked >= before, "the counter's position went back from {before} to {}", look.acked);
    if seen.kills.is_multiple_of(VERIFY_EVERY) {
        look.is_verified();
    }
    let inside = spoke && look.acked < all;
    if !inside {
        // The machine is faster or slower than it was.
        pace.whole = pace.whole.mul_f64(if spoke { 0.85 } else { 1.1 });
    }
    seen.kills += 1;
    seen.inside_sync += u64::from(inside);
    seen.stored_beyond_acked += u64::from(look.state.stored_to > look.acked);
    seen.unfinished_snapshots += u64::from(has_unfinished_snapshot(&home.data()));
    look.acked
}

/// What is on disk, read by the library.
struct Look {
    store: Store,
    report: OpenReport,
    state: CounterState,
    minutes: Vec<Minute>,
    /// How far the counter was told to forget.
    acked: u32,
}

impl Look {
    fn at(data: &Path) -> Self {
        let (store, report) = Store::open(data).unwrap();
        let state = store.counter(COUNTER).unwrap().unwrap_or_else(nothing_stored);
        let minutes = store.minutes(COUNTER, 0, 100_000_000).unwrap();
        let acked = acked(&data.join("counter.flash"), store.host_id());
        Self { store, report, state, minutes, acked }
    }

    fn in_copy_of(home: &Home) -> Self {
        let copy = home.path("copy");
        if copy.exists() {
            fs::remove_dir_all(&copy).unwrap();
        }
        copy_dir(&home.data(), &copy);
        Self::at(&copy)
    }

    /// Every minute that the counter may forget is there, once, with its steps; so is any other that is there.
    fn is_sound(&self, script: &[ScriptMinute], seen: &mut Seen) {
        let state = &self.state;
        assert!(self.acked <= state.stored_to, "the counter may forget {} of {} stored", self.acked, state.stored_to);
        assert_eq!(state.epochs, u64::from(state.stored_to), "no number below is missing, none counted twice");
        assert_eq!((state.conflicts, state.lost_epochs, state.quarantined), (0, 0, 0));
        let dated = usize::try_from(state.epochs - state.undated_epochs).unwrap();
        assert_eq!(self.minutes.len(), dated);
        for (at, (kept, lived)) in self.minutes.iter().zip(script).enumerate() {
            let near = at.saturating_sub(2)..(at + 3).min(dated);
            assert_eq!(
                (kept.at, kept.steps),
                (lived.at, lived.steps),
                "minute {at} of {dated}: {:?}, but lived {:?}",
                &self.minutes[near.clone()],
                &script[near]
            );
        }
        assert_eq!(self.report.damaged, [], "a kill leaves an unfinished end, never damage before it");
        seen.undated += u64::from(state.undated_epochs > 0);
        seen.torn += u64::from(!self.report.torn.is_empty());
        seen.reapplied += u64::from(self.report.reapplied > 0);
        if let Some(why) = &self.report.rebuilt {
            *seen.rebuilt.entry(why.clone()).or_default() += 1;
        }
    }

    fn is_verified(&self) {
        let report = self.store.verify(&mut |_, _| ()).unwrap();
        assert!(report.journal_is_whole() && report.index_is_right(), "{report:?}");
    }
}

fn nothing_stored() -> CounterState {
    CounterState {
        device: COUNTER,
        stored_to: 0,
        after_newest: 0,
        last_total: None,
        clock_ahead_ms: None,
        held_at: None,
        last_arrival: None,
        battery: None,
        bond: None,
        identity: None,
        epochs: 0,
        lost_epochs: 0,
        undated_epochs: 0,
        undated_boots: Vec::new(),
        quarantined: 0,
        conflicts: 0,
    }
}

/// The finished days as they are exported, without the moment they were computed at and without the label that each
/// installation makes by chance for a counter.
fn day_rows(home: &Home) -> Vec<Value> {
    let folder = home.path("rows");
    let ran = home.run(&["export", "days", "--format", "jsonl", "-o", folder.to_str().unwrap()]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let text = fs::read_to_string(folder.join("days.jsonl")).unwrap();
    let mut rows: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    rows.truncate(usize::try_from(DAYS).unwrap());
    for row in &mut rows {
        for own in ["computed_at", "source_device"] {
            row.as_object_mut().unwrap().remove(own).unwrap();
        }
    }
    rows
}

fn epochs_of(script: &[ScriptMinute]) -> u32 {
    u32::try_from(script.len()).unwrap()
}

fn size_below(dir: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(dir) else { return 0 };
    let size = |entry: fs::DirEntry| {
        let about = entry.metadata().unwrap();
        if about.is_dir() { size_below(&entry.path()) } else { about.len() }
    };
    entries.map(|entry| size(entry.unwrap())).sum()
}

/// sled would take such a file for its newest snapshot and never open again.
fn has_unfinished_snapshot(dir: &Path) -> bool {
    let Ok(entries) = fs::read_dir(dir) else { return false };
    entries.map(Result::unwrap).any(|entry| {
        let is_dir = entry.file_type().unwrap().is_dir();
        (is_dir && has_unfinished_snapshot(&entry.path()))
            || entry.file_name().to_string_lossy().ends_with(".generating")
    })
}

/// What the kills met, so that a run that met nothing shows.
#[derive(Default)]
struct Seen {
    kills: u64,
    at_facts: u64,
    inside_sync: u64,
    completed: u64,
    stored_beyond_acked: u64,
    torn: u64,
    reapplied: u64,
    undated: u64,
    unfinished_snapshots: u64,
    rebuilt: BTreeMap<String, u64>,
}

impl std::fmt::Display for Seen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{} kills, {} of them on a fact in flash, {} inside a sync ({} %), {} syncs completed in spite of them; found on opening: {} with more stored \
             than acknowledged, {} unfinished journal ends, {} journal entries not yet in the index, {} with undated minutes, \
             {} unfinished snapshots, rebuilt {:?}",
            self.kills,
            self.at_facts,
            self.inside_sync,
            self.inside_sync * 100 / self.kills.max(1),
            self.completed,
            self.stored_beyond_acked,
            self.torn,
            self.reapplied,
            self.undated,
            self.unfinished_snapshots,
            self.rebuilt
        )
    }
}
