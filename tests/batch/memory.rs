//! What a run takes of a machine's memory, as the system sees it.

use std::{
    io::{BufWriter, Write},
    process::{Command, Stdio},
    sync::mpsc,
    time::Duration,
};

use crate::support::{HEADER, START, stamp};

/// `BRISK_BATCH_ROWS=5000000` for a longer look.
fn rows() -> i64 {
    std::env::var("BRISK_BATCH_ROWS").map_or(1_000_000, |rows| rows.parse().unwrap())
}

/// The most memory that a process has held, kB; none when it is gone.
fn peak_kb(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse().ok()
}

/// Runs `brisk aggregate` with these arguments, and returns its peak.
fn peak_of(args: &[&std::ffi::OsStr]) -> u64 {
    let mut child = Command::new(env!("CARGO_BIN_EXE_brisk"))
        .arg("aggregate")
        .args(args)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let process = child.id();
    let (ended, end) = mpsc::channel();
    let waiting = std::thread::spawn(move || {
        let status = child.wait().unwrap();
        ended.send(()).unwrap();
        status
    });
    let mut peak = 0;
    while end.recv_timeout(Duration::from_millis(2)) == Err(mpsc::RecvTimeoutError::Timeout) {
        peak = peak_kb(process).unwrap_or(0).max(peak);
    }
    assert!(waiting.join().unwrap().success());
    assert!(peak > 0);
    peak
}

#[test]
fn a_shuffled_file_of_any_size_stays_under_64_mib() {
    let rows = rows();
    let dir = tempfile::tempdir().unwrap();
    let input = dir.path().join("shuffled.csv");
    let mut out = BufWriter::new(std::fs::File::create(&input).unwrap());
    out.write_all(HEADER.as_bytes()).unwrap();
    // A number that shares no divisor with the number of rows brings every minute once, in no order.
    let far = (rows / 3..rows).find(|far| num_gcd(*far, rows) == 1).unwrap();
    let mut total = 0;
    for number in 0..rows {
        let place = number * far % rows;
        let (who, minute) = (place % 20, place / 20);
        let steps = if place % 6 == 0 { place % 150 } else { 0 };
        total += steps;
        writeln!(out, "p{who:02},{},{steps}", stamp(START + minute)).unwrap();
    }
    out.into_inner().unwrap().sync_all().unwrap();
    let days = dir.path().join("days.csv");
    let flag = |text: &'static str| std::ffi::OsStr::new(text);

    let peak = peak_of(&[input.as_os_str(), flag("-o"), days.as_os_str(), flag("--threads"), flag("2")]);

    println!("{rows} rows out of order: {peak} kB at most");
    assert!(peak < 64 << 10, "{peak} kB");
    let table = crate::support::days(&std::fs::read_to_string(&days).unwrap());
    assert_eq!(table.iter().map(|day| day["total_steps"].parse::<i64>().unwrap()).sum::<i64>(), total);
    assert_eq!(table.iter().map(|day| day["minutes_recorded"].parse::<i64>().unwrap()).sum::<i64>(), rows);
}

fn num_gcd(a: i64, b: i64) -> i64 {
    if b == 0 { a } else { num_gcd(b, a % b) }
}
