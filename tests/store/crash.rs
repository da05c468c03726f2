//! Kills at any moment, above all while opening: nothing that was acknowledged is missing.

use std::{
    env,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use crate::support::*;

const VICTIM: &str = "BRISK_STORE_VICTIM";

/// Not a test of its own: what the killed process runs. It opens, says so, stores hour after hour and
/// says which are stored.
#[test]
fn victim() {
    let Ok(dir) = env::var(VICTIM) else { return };
    let (store, _) = open(Path::new(&dir));
    let host = store.host_id();
    let first = store.counter(DEVICE).unwrap().map_or(0, |state| state.stored_to / 60);
    let mut out = std::io::stdout();
    writeln!(out, "open").unwrap();
    for hour in first.. {
        store.append_delivery(&hourly(host, hour)).unwrap();
        writeln!(out, "stored {hour}").unwrap();
        out.flush().unwrap();
    }
}

#[test]
fn kills_at_any_moment_lose_nothing_that_was_acknowledged() {
    let kills: u64 = env::var("BRISK_KILLS").ok().and_then(|n| n.parse().ok()).unwrap_or(40);
    let seed = env::var("BRISK_SEED").ok().and_then(|n| n.parse().ok()).unwrap_or_else(|| fastrand::u64(..));
    println!("BRISK_SEED={seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    let dir = tempfile::tempdir().unwrap();
    let mut acknowledged = None;

    for _ in 0..kills {
        let mut victim = Command::new(env::current_exe().unwrap())
            .args(["--exact", "crash::victim", "--nocapture", "--test-threads=1"])
            .env(VICTIM, dir.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut out = BufReader::new(victim.stdout.take().unwrap());
        // Half of the kills fall into the opening, half into the storing.
        let range = if random.bool() { 1..60 } else { 60..300 };
        let patience = Duration::from_millis(random.u64(range));
        let began = Instant::now();
        while began.elapsed() < patience {
            std::thread::sleep(Duration::from_millis(1));
        }
        victim.kill().unwrap();
        victim.wait().unwrap();
        let mut line = String::new();
        while out.read_line(&mut line).unwrap() > 0 {
            if let Some(hour) = line.trim().strip_prefix("stored ") {
                acknowledged = acknowledged.max(hour.parse::<u32>().ok());
            }
            line.clear();
        }
    }

    let (store, _) = open(dir.path());
    let hours = acknowledged.expect("at least one hour was stored in all those runs") + 1;
    println!("{kills} kills, {hours} hours acknowledged");
    let all = minutes(&store);
    for hour in 0..hours {
        let (reference, from) = (hourly(store.host_id(), hour), (NEW_YEAR_S / 3600 + i64::from(hour)) * 60);
        let steps: Vec<u8> = reference.units[0].bytes[16..].chunks(2).map(|pair| pair[0]).collect();
        let kept: u32 = all.iter().filter(|m| (from - 1..from + 60).contains(&m.at)).map(|m| m.steps).sum();
        assert!(kept >= steps.iter().map(|s| u32::from(*s)).sum::<u32>(), "hour {hour}");
    }
    assert!(all.len() >= usize::try_from(hours).unwrap() * 60 - 2);
    verified(&store);
}
