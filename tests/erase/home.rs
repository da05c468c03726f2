//! A data folder with days of two people, and the program's parts on it.

use std::{fs, path::Path, sync::Arc, time::Duration};

use brisk::{
    api::App,
    config::Config,
    days::DayBook,
    demo::COUNTER,
    devices,
    model::{DayTotal, DeviceId},
    store::{BondLevel, DeliveryRecord, Store},
    time::SystemClock,
};
use chrono::{DateTime, Utc};
use firmware_protocol::{
    driver::{Unit, UnitKind},
    reading::{Anchor, HostId},
    steplog::{
        block::{Block, BlockKind, Header, MAX_LEN},
        time::emit_anchor_unit,
    },
};
use serde_json::json;

use crate::support::house;

pub const OTHER: DeviceId = DeviceId(*b"sombodys");
pub const WORDS: &str = "around the lake with Ingrid";
pub const WHO: &str = "walker-seven";
/// 2026-01-01T00:00Z.
pub const NEW_YEAR_S: i64 = 1_767_225_600;

/// Files below the folder that hold these bytes; a simulated counter's own memory is the counter's.
pub fn holding(dir: &Path, bytes: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap().map(Result::unwrap) {
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            found.extend(holding(&entry.path(), bytes));
        } else if kind.is_file() && entry.file_name() != "counter.flash" {
            let text = fs::read(entry.path()).unwrap();
            found.extend(
                text.windows(bytes.len()).any(|part| part == bytes).then(|| entry.path().display().to_string()),
            );
        }
    }
    found
}

/// Sixty minutes as the counter of a step log sends them, with the moment at which they were.
fn hour(device: DeviceId, host: HostId, hour: u32) -> DeliveryRecord {
    let body: Vec<u8> =
        (0..60_u32).flat_map(|minute| [u8::try_from((hour * 7 + minute * 13) % 140).unwrap(), 1]).collect();
    let (first_seq, first_uptime_s) = (hour * 60, hour * 3600);
    let header =
        Header { kind: BlockKind::Epochs, flags: 0, boot: 1, first_seq, first_uptime_s, epoch_s: 60, count: 60 };
    let mut out = [0; MAX_LEN];
    let length = Block::new(header, &body).unwrap().emit(&mut out).unwrap();
    let utc_ms = (NEW_YEAR_S + i64::from(first_uptime_s)) * 1000;
    let anchor = Anchor { boot: 1, uptime_ms: u64::from(first_uptime_s) * 1000, utc_ms, accuracy_ms: 30, host };
    let units = vec![
        Unit { kind: UnitKind::StepLogBlock, bytes: out[..length].to_vec() },
        Unit { kind: UnitKind::StepLogAnchor, bytes: emit_anchor_unit(&anchor).to_vec() },
    ];
    let arrived = DateTime::from_timestamp_millis(utc_ms + 3_600_000).unwrap();
    DeliveryRecord {
        device,
        arrived,
        arrival_trusted: true,
        bond: BondLevel::Simulated,
        units,
        quarantined: Vec::new(),
    }
}

/// Two people with a counter each.
pub fn settings() -> String {
    let counter = |device: DeviceId, person: &str| {
        format!("[[counter]]\nid = \"{device}\"\nperson = \"{person}\"\nsimulated_flash = \"{person}.flash\"\n")
    };
    format!(
        "[clock]\nzone = \"UTC\"\nwait_for_sync = \"0s\"\n[web]\nlisten = \"off\"\n[bluetooth]\nradio = \"simulated\"\n\
         [[person]]\nid = \"{WHO}\"\n[[person]]\nid = \"stayer\"\n{}{}",
        counter(COUNTER, WHO),
        counter(OTHER, "stayer")
    )
}

/// One person, one counter, as most homes are.
pub fn alone() -> String {
    format!(
        "[clock]\nzone = \"UTC\"\n[bluetooth]\nradio = \"simulated\"\n[[person]]\nid = \"{WHO}\"\n\
         [[counter]]\nid = \"{COUNTER}\"\nsimulated_flash = \"x.flash\"\n"
    )
}

fn own_words(words: &str) -> String {
    json!({ "decision": "settings_changed", "participant": WHO, "label": words }).to_string()
}

/// A data folder with so many days of both.
pub fn household(data: &Path, days: u32) {
    let (store, _) = Store::open(data).unwrap();
    let host = store.host_id();
    for number in 0..days * 24 {
        store.append_delivery(&hour(COUNTER, host, number)).unwrap();
        store.append_delivery(&hour(OTHER, host, number)).unwrap();
    }
    store.append_decision(DateTime::from_timestamp(NEW_YEAR_S, 0).unwrap(), "person", &own_words(WORDS)).unwrap();
}

/// The program's parts on a data folder, as a command without a daemon has them.
pub fn app(data: &Path, settings: &str) -> App {
    let config = Config::parse(settings, "test").unwrap();
    let store = Arc::new(Store::open(data).unwrap().0);
    let counters = devices::counters(&config, &store.decisions().unwrap());
    let people = devices::people(&config, &counters);
    house::app(store, people, config, Arc::new(SystemClock::new(Duration::ZERO, DateTime::UNIX_EPOCH)))
}

pub fn rows(book: &DayBook, who: &str, now: DateTime<Utc>) -> Vec<DayTotal> {
    let person = book.person(Some(&who.parse().unwrap())).unwrap();
    let Some((first, last)) = book.span(&person, now).unwrap() else { return Vec::new() };
    book.rows(&person, first, last, now).unwrap()
}
