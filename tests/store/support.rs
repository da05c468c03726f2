//! A counter that tells the store what a test wants it to, and copies of data folders.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use brisk::{
    model::Minute,
    store::{BondLevel, DeliveryRecord, OpenReport, Store},
};
use chrono::{DateTime, Utc};
use firmware_protocol::{
    driver::{Unit, UnitKind},
    reading::{Anchor, BootLink, DeviceId, HostId},
    steplog::{
        block::{Block, BlockKind, Header, MAX_LEN, emit_gap},
        state::State,
        time::{BootLinkEntry, emit_anchor_unit},
    },
};

pub const DEVICE: DeviceId = DeviceId([0, 1, 2, 3, 4, 5, 6, 7]);
/// 2026-01-01T00:00Z.
pub const NEW_YEAR_S: i64 = 1_767_225_600;
/// Identity of a host that is not the one under test.
pub const FOREIGN: HostId = HostId(*b"elsewher");

/// So many cases, or as many as `PROPTEST_CASES` says.
pub fn cases(usual: u32) -> proptest::test_runner::Config {
    let asked = std::env::var("PROPTEST_CASES").ok().and_then(|n| n.parse().ok());
    proptest::test_runner::Config { cases: asked.unwrap_or(usual), failure_persistence: None, ..Default::default() }
}

pub fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(NEW_YEAR_S + seconds, 0).unwrap()
}

/// Minutes with these steps, all worn.
pub fn block(boot: u16, first_seq: u32, first_uptime_s: u32, steps: &[u8]) -> Unit {
    block_of(boot, first_seq, first_uptime_s, 60, steps)
}

pub fn block_of(boot: u16, first_seq: u32, first_uptime_s: u32, epoch_s: u8, steps: &[u8]) -> Unit {
    let count = u8::try_from(steps.len()).unwrap();
    let header = Header { kind: BlockKind::Epochs, flags: 0, boot, first_seq, first_uptime_s, epoch_s, count };
    let body: Vec<u8> = steps.iter().flat_map(|steps| [*steps, 1]).collect();
    let mut out = [0; MAX_LEN];
    let length = Block::new(header, &body).unwrap().emit(&mut out).unwrap();
    Unit { kind: UnitKind::StepLogBlock, bytes: out[..length].to_vec() }
}

pub fn gap(first_seq: u32, count: u32) -> Unit {
    let mut out = [0; MAX_LEN];
    let length = emit_gap(1, first_seq, count, 0, &mut out).unwrap();
    Unit { kind: UnitKind::StepLogBlock, bytes: out[..length].to_vec() }
}

/// This uptime of this boot is this long after the new year.
pub fn anchor(host: HostId, boot: u16, uptime_s: u32, after_ms: i64) -> Unit {
    let anchor = Anchor {
        boot,
        uptime_ms: u64::from(uptime_s) * 1000,
        utc_ms: NEW_YEAR_S * 1000 + after_ms,
        accuracy_ms: 30,
        host,
    };
    Unit { kind: UnitKind::StepLogAnchor, bytes: emit_anchor_unit(&anchor).to_vec() }
}

pub fn link(boot: u16, previous_uptime_s: u32, off_ms: u32) -> Unit {
    let link = BootLink { boot, previous: boot - 1, previous_uptime_ms: u64::from(previous_uptime_s) * 1000, off_ms };
    Unit { kind: UnitKind::StepLogBootLink, bytes: BootLinkEntry { link, seq: 0 }.emit().to_vec() }
}

pub fn battery(percent: u8) -> Unit {
    let state = State {
        boot: 1,
        uptime_s: 0,
        oldest: 0,
        next: 0,
        acked: 0,
        lost: 0,
        battery: Some(percent),
        clock_unset: false,
        charging: false,
        overrun: false,
        worn: true,
        exhausted: false,
    };
    Unit { kind: UnitKind::StepLogState, bytes: state.emit().to_vec() }
}

/// Arrived so many seconds after the new year.
pub fn delivery(arrived_s: i64, units: Vec<Unit>) -> DeliveryRecord {
    DeliveryRecord {
        device: DEVICE,
        arrived: at(arrived_s),
        arrival_trusted: true,
        bond: BondLevel::Passkey,
        units,
        quarantined: Vec::new(),
    }
}

/// What an hourly sync brings: the hour's block, an anchor and the battery. Most minutes are zero.
pub fn hourly(host: HostId, hour: u32) -> DeliveryRecord {
    let mut random = fastrand::Rng::with_seed(hour.into());
    let awake = (7..23).contains(&(hour % 24));
    let steps: Vec<u8> = (0..60).map(|_| if awake && random.u8(..100) < 22 { random.u8(1..130) } else { 0 }).collect();
    let end_s = (hour + 1) * 3600;
    let jitter_ms = random.i64(-20..20);
    let units = vec![
        block(1, hour * 60, hour * 3600, &steps),
        anchor(host, 1, end_s, i64::from(end_s) * 1000 + jitter_ms),
        battery(u8::try_from(100 - hour / 24 % 100).unwrap()),
    ];
    delivery(i64::from(end_s), units)
}

pub fn open(dir: &Path) -> (Store, OpenReport) {
    Store::open(dir).unwrap()
}

/// All minutes near the new year.
pub fn minutes(store: &Store) -> Vec<Minute> {
    let start = NEW_YEAR_S / 60;
    store.minutes(DEVICE, start - 100_000, start + 400_000).unwrap()
}

/// Minute after the new year, steps.
pub fn steps(store: &Store) -> Vec<(i64, u32)> {
    minutes(store).into_iter().map(|minute| (minute.at - NEW_YEAR_S / 60, minute.steps)).collect()
}

pub fn verified(store: &Store) {
    let report = store.verify(&mut |_, _| ()).unwrap();
    assert!(report.journal_is_whole() && report.index_is_right() && report.chains_hold(), "{report:?}");
}

/// The journal files of the counter, in order.
pub fn journal_files(dir: &Path) -> Vec<PathBuf> {
    let folder = dir.join("journal").join(format!("counter-{DEVICE}"));
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

pub fn copy(from: &Path, to: &Path) {
    fn inner(from: &Path, to: &Path) -> io::Result<()> {
        fs::create_dir_all(to)?;
        for entry in fs::read_dir(from)? {
            let entry = entry?;
            let to = to.join(entry.file_name());
            if entry.file_type()?.is_dir() {
                inner(&entry.path(), &to)?;
            } else {
                fs::copy(entry.path(), to)?;
            }
        }
        Ok(())
    }
    inner(from, to).unwrap();
}
