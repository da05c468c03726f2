//! What earlier versions wrote is still read. `tests/fixtures/store-v1` was written by the first
//! version: three hours of a counter, a decision, a revision, a gap, something put aside.

use std::path::Path;

use brisk::store::{Revision, Store};
use firmware_protocol::driver::{Identity, QuarantineReason, Quarantined, Resolution};

use crate::support::*;

fn fixture() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/store-v1")
}

fn fill(store: &Store) {
    let host = store.host_id();
    let identity = Identity {
        device: DEVICE,
        firmware: "1.0.0".to_owned(),
        resolution: Resolution::Minute,
        memory_minutes: Some(43_200),
    };
    store.append_identity(&identity, at(0)).unwrap();
    for hour in [8, 9, 10] {
        store.append_delivery(&hourly(host, hour)).unwrap();
    }
    let mut aside = delivery(11 * 3600, vec![gap(660, 5), link(2, 39_600, 1_000)]);
    aside.quarantined = vec![Quarantined { bytes: vec![1; 9], seq: Some(665), reason: QuarantineReason::Truncated }];
    store.append_delivery(&aside).unwrap();
    store.append_decision(at(60), "p1", r#"{"goal":{"measure":"leisure_brisk_min","amount":30}}"#).unwrap();
    store.append_revisions(&[revision()]).unwrap();
}

fn revision() -> Revision {
    Revision {
        participant: "p1".parse().unwrap(),
        date: "2026-01-01".parse().unwrap(),
        revision: 2,
        computed_at: at(90_000),
        values_hash: *b"checksum",
        reason: "late sync".to_owned(),
        actor: "system".to_owned(),
        changed: None,
        software: String::new(),
    }
}

#[test]
fn the_first_version_s_journal_is_read() {
    let dir = tempfile::tempdir().unwrap();
    copy(&fixture(), dir.path());

    let (store, report) = open(dir.path());

    assert!(report.torn.is_empty() && report.damaged.is_empty() && report.rebuilt.is_some());
    let minutes = minutes(&store);
    assert_eq!(minutes.len(), 180);
    assert_eq!(minutes.iter().map(|m| m.steps).sum::<u32>(), STEPS);
    let state = store.counter(DEVICE).unwrap().unwrap();
    assert_eq!((state.stored_to, state.held_at, state.lost_epochs), (665, Some(665), 5));
    assert_eq!(state.identity.unwrap().firmware, "1.0.0");
    assert_eq!(store.decisions().unwrap()[0].json, r#"{"goal":{"measure":"leisure_brisk_min","amount":30}}"#);
    assert_eq!(store.revision(&"p1".parse().unwrap(), "2026-01-01".parse().unwrap()).unwrap(), Some(revision()));
    verified(&store);
}

const STEPS: u32 = 3004;

/// Writes the fixture; for a new version of the format only, by hand.
#[test]
#[ignore = "writes the fixture"]
fn write_the_fixture() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _) = open(dir.path());
    fill(&store);
    drop(store);
    copy(&dir.path().join("journal"), &fixture().join("journal"));
    std::fs::copy(dir.path().join("host-id"), fixture().join("host-id")).unwrap();
}
