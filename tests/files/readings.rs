//! Readings as they leave, a portion at a time, of counters that nobody tied to UTC.

use std::{collections::BTreeSet, sync::Arc};

use brisk::{
    api::{
        App,
        tables::{RawAsked, RawReply, raw},
    },
    config::Config,
    devices,
    radio::sim::clock::SimClock,
    store::{BondLevel, DeliveryRecord, Store},
};
use chrono::{DateTime, TimeDelta, Utc};
use firmware_protocol::{
    driver::{Unit, UnitKind},
    reading::DeviceId,
    steplog::block::{Block, BlockKind, Header, MAX_LEN},
};

use crate::support::house;

const FIRST: DeviceId = DeviceId(*b"counter1");
const SECOND: DeviceId = DeviceId(*b"counter2");

fn now() -> DateTime<Utc> {
    "2026-05-14T10:00:00Z".parse().unwrap()
}

fn home(settings: &str) -> (tempfile::TempDir, App) {
    let dir = tempfile::tempdir().unwrap();
    let store = Arc::new(Store::open(dir.path()).unwrap().0);
    let text = format!(
        "[bluetooth]\nradio = \"simulated\"\n{settings}\n[[counter]]\nid = \"{FIRST}\"\nasset = \"C-1\"\nsimulated_flash = \"1.flash\"\n\
         [[counter]]\nid = \"{SECOND}\"\nasset = \"C-2\"\nsimulated_flash = \"2.flash\"\n"
    );
    let config = Config::parse(&text, "test").unwrap();
    let counters = devices::counters(&config, &store.decisions().unwrap());
    let people = devices::people(&config, &counters);
    let app = house::app(store, people, config, Arc::new(SimClock::free(now())));
    (dir, app)
}

/// So many hours of minutes, from this hour of the counter's first boot on.
fn bring(app: &App, device: DeviceId, hours: std::ops::Range<u32>) {
    let block = |hour: u32| {
        let (first_seq, first_uptime_s) = (hour * 60, hour * 3600);
        let header =
            Header { kind: BlockKind::Epochs, flags: 0, boot: 1, first_seq, first_uptime_s, epoch_s: 60, count: 60 };
        let mut out = [0; MAX_LEN];
        let length = Block::new(header, &[7, 1].repeat(60)).unwrap().emit(&mut out).unwrap();
        Unit { kind: UnitKind::StepLogBlock, bytes: out[..length].to_vec() }
    };
    let record = DeliveryRecord {
        device,
        arrived: now() - TimeDelta::days(3),
        arrival_trusted: true,
        bond: BondLevel::Passkey,
        units: hours.map(block).collect(),
        quarantined: Vec::new(),
    };
    app.store.append_delivery(&record).unwrap();
}

#[test]
fn a_reading_that_arrives_between_two_portions_doubles_none_and_hides_none() {
    let (_dir, app) = home("");
    bring(&app, FIRST, 0..1);
    for part in 0..4 {
        bring(&app, SECOND, part * 270..(part + 1) * 270);
    }
    let portion = |after| raw(&app, &RawAsked { after, ..RawAsked::default() }).unwrap();

    let first = portion(None);
    bring(&app, FIRST, 1..2);
    let RawReply { readings, next, .. } = portion(first.next);

    let rows: Vec<_> = first.readings.iter().chain(&readings).collect();
    let keys: BTreeSet<_> = rows.iter().map(|row| (row.counter.as_str(), row.reading_no)).collect();
    assert!(first.next.is_some() && next.is_none());
    assert_eq!((rows.len(), keys.len()), (60 + 4 * 270 * 60, 60 + 4 * 270 * 60));
}

#[test]
fn a_reading_that_may_be_of_before_the_day_of_joining_stays_at_home_and_is_counted() {
    let joined =
        "[study]\nid = \"ETMI01\"\nepoch = \"2026-01-01\"\n[[person]]\nid = \"P-1\"\nenrolled = \"2026-05-01\"\n";
    let (_dir, app) = home(joined);
    bring(&app, FIRST, 0..1);

    let RawReply { readings, undated, .. } = raw(&app, &RawAsked::default()).unwrap();

    assert_eq!((readings.len(), undated), (0, 60));
}
