//! A disk that gets full in the middle of a record.

use brisk::store::StoreError;

use crate::support::*;

#[test]
fn a_full_disk_loses_nothing_that_was_stored_and_is_over_when_there_is_room() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _) = open(dir.path());
    let host = store.host_id();
    store.append_delivery(&hourly(host, 0)).unwrap();
    let before = (minutes(&store), store.counter(DEVICE).unwrap());

    for room in [0, 1, 15, 16, 17, 60, 100] {
        store.limit_journal_writes(Some(room));
        let error = store.append_delivery(&hourly(host, 1)).unwrap_err();

        assert!(matches!(error, StoreError::Full { .. }), "{error}");
        assert!(error.to_string().contains("the disk is full"));
        assert_eq!((minutes(&store), store.counter(DEVICE).unwrap()), before);
        // The next month would begin a file of its own.
        let next_month = delivery(45 * 86_400, hourly(host, 1).units);
        store.limit_journal_writes(Some(room));
        store.append_delivery(&next_month).unwrap_err();
        store.append_decision(at(0), "p1", "{\"goal\":30}").unwrap_err();
    }

    store.limit_journal_writes(None);
    store.append_delivery(&hourly(host, 1)).unwrap();
    assert_eq!(minutes(&store).len(), 120);
    assert_eq!(store.decisions().unwrap(), []);
    verified(&store);
    drop(store);
    let (store, report) = open(dir.path());
    assert_eq!(report, brisk::store::OpenReport::default());
    assert_eq!(minutes(&store).len(), 120);
}
