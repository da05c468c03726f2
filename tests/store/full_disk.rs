//! A disk that gets full in the middle of a record.

use brisk::store::{Outcome, Passage, Revision, StoreError};

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

#[test]
fn what_the_journal_has_counts_although_the_index_cannot_take_it_in() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _) = open(dir.path());
    let walker = "walker".parse().unwrap();
    let date = "2026-01-01".parse().unwrap();
    let goal = r#"{"decision":"goal_set","participant":"walker","amount":30}"#;
    let revision = Revision {
        participant: "walker".parse().unwrap(),
        date,
        revision: 1,
        computed_at: at(0),
        values_hash: [1; 8],
        reason: "first".to_owned(),
        actor: "system".to_owned(),
        changed: None,
        software: "brisk 0.1.0".to_owned(),
    };
    let passage = Passage {
        target: "trial".to_owned(),
        participant: "walker".parse().unwrap(),
        date,
        revision: 1,
        is_final: false,
        outcome: Outcome::Stored,
    };
    store.append_decision(at(0), "page", goal).unwrap();

    for written in ["decision", "revision", "passage"] {
        store.refuse_index_writes(true);
        match written {
            "decision" => drop(store.append_decision(at(1), "page", goal).unwrap()),
            "revision" => store.append_revisions(std::slice::from_ref(&revision)).unwrap(),
            _ => store.append_passages(at(2), std::slice::from_ref(&passage)).unwrap(),
        }
        // Nothing is asked of an index that does not know, and nothing is chained to a row that is not the newest.
        let error = store.revision(&walker, date).unwrap_err();
        assert!(matches!(error, StoreError::Full { .. }), "{written}: {error}");
        if written != "passage" {
            store.append_decision(at(3), "page", goal).unwrap_err();
        }
        store.refuse_index_writes(false);
        verified(&store);
    }

    assert_eq!(store.decisions().unwrap().len(), 2, "one that was refused is not there");
    assert_eq!(store.revision(&walker, date).unwrap(), Some(revision));
    assert_eq!(store.passages("trial", &walker).unwrap().into_values().collect::<Vec<_>>(), [passage]);
    let numbers: Vec<_> = store.audit(&walker).unwrap().iter().map(|row| row.seq).collect();
    assert_eq!(numbers, [Some(1), Some(2), Some(3)]);
}
