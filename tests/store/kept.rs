//! What is kept, and how it comes back.

use brisk::{
    model::{MinuteWear, ParticipantId},
    store::{Revision, Store, StoreError, lock},
};
use firmware_protocol::driver::{Identity, QuarantineReason, Quarantined, Resolution};

use crate::support::*;

#[test]
fn minutes_come_back_at_their_place_in_utc() {
    let dir = tempfile::tempdir().unwrap();
    let (store, report) = open(dir.path());
    assert_eq!(report, brisk::store::OpenReport::default());
    let host = store.host_id();

    // Uptime 600 s was 00:20 of the new year: the block begins at 00:10.
    let units = vec![block(1, 5, 0, &[7, 0, 255]), anchor(host, 1, 600, 1_200_000), battery(64)];
    let stored = store.append_delivery(&delivery(600, units)).unwrap();

    assert_eq!((stored.new_epochs, stored.repeated_epochs, stored.conflicts), (3, 0, 0));
    assert_eq!(stored.touched_hours.into_iter().collect::<Vec<_>>(), [NEW_YEAR_S / 3600]);
    assert_eq!(steps(&store), [(10, 7), (11, 0), (12, 255)]);
    let last = minutes(&store)[2];
    assert!(last.saturated && !last.overlap && last.wear == MinuteWear::Worn);
    let counter = store.counter(DEVICE).unwrap().unwrap();
    assert_eq!((counter.stored_to, counter.battery, counter.epochs), (8, Some(64), 3));
    assert_eq!(store.newest_arrival(), Some(at(600)));
    let span = store.span(DEVICE, &(i64::MIN..i64::MAX)).unwrap().unwrap();
    assert_eq!((span.first_minute - NEW_YEAR_S / 60, span.last_minute - NEW_YEAR_S / 60), (10, 12));
    drop(store);

    let (store, report) = open(dir.path());
    assert_eq!(report, brisk::store::OpenReport::default());
    assert_eq!(steps(&store), [(10, 7), (11, 0), (12, 255)]);
    assert_eq!(store.counter(DEVICE).unwrap().unwrap(), counter);
    assert_eq!(store.host_id(), host);
    verified(&store);
}

#[test]
fn epochs_without_an_anchor_are_kept_and_dated_when_one_arrives() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _) = open(dir.path());
    store.append_delivery(&delivery(0, vec![block(1, 0, 0, &[1, 2]), block(2, 9, 0, &[3, 4])])).unwrap();
    let before = store.counter(DEVICE).unwrap().unwrap();
    assert_eq!((before.epochs, before.undated_epochs, before.undated_boots), (4, 4, vec![1, 2]));
    assert_eq!(steps(&store), []);

    let stored = store.append_delivery(&delivery(60, vec![anchor(store.host_id(), 2, 0, 3_600_000)])).unwrap();

    assert_eq!(stored.touched_hours.len(), 1);
    assert_eq!(steps(&store), [(60, 3), (61, 4)]);
    // Boot 1 ended at uptime 120 s, one minute before boot 2 began.
    store.append_delivery(&delivery(120, vec![link(2, 120, 60_000)])).unwrap();
    assert_eq!(steps(&store), [(57, 1), (58, 2), (60, 3), (61, 4)]);
    assert_eq!(store.counter(DEVICE).unwrap().unwrap().undated_epochs, 0);
    verified(&store);
}

#[test]
fn a_clock_that_was_wrong_is_put_right_by_later_anchors() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _) = open(dir.path());
    let host = store.host_id();
    store.append_delivery(&delivery(0, vec![block(1, 0, 0, &[5; 60]), anchor(host, 1, 0, -86_400_000)])).unwrap();
    assert_eq!(steps(&store)[0], (-1440, 5));

    for hour in [7, 14] {
        let right = anchor(host, 1, hour * 3600, i64::from(hour) * 3_600_000);
        store.append_delivery(&delivery(i64::from(hour) * 3600, vec![right])).unwrap();
    }

    assert_eq!(steps(&store), (0..60).map(|minute| (minute, 5)).collect::<Vec<_>>());
    verified(&store);
}

#[test]
fn anchors_of_another_installation_count_only_where_there_is_none_of_this_one() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _) = open(dir.path());
    store.append_delivery(&delivery(0, vec![block(1, 0, 0, &[5]), anchor(FOREIGN, 1, 0, 600_000)])).unwrap();
    assert_eq!(steps(&store), [(10, 5)]);

    store.append_delivery(&delivery(0, vec![anchor(store.host_id(), 1, 60, 60_000)])).unwrap();

    assert_eq!(steps(&store), [(0, 5)]);
    verified(&store);
}

#[test]
fn parts_of_a_minute_add_up_and_too_much_of_one_is_marked() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _) = open(dir.path());
    let quarters = block_of(1, 0, 0, 15, &[1, 2, 3, 4, 10]);
    let units = vec![quarters, block(1, 5, 60, &[20]), block(1, 6, 61, &[1]), anchor(store.host_id(), 1, 0, 0)];

    store.append_delivery(&delivery(0, units)).unwrap();

    assert_eq!(steps(&store), [(0, 10), (1, 31)]);
    assert_eq!(minutes(&store).iter().map(|m| m.overlap).collect::<Vec<_>>(), [false, true]);
}

#[test]
fn the_first_of_two_different_epochs_with_one_number_is_kept_and_the_other_counted() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _) = open(dir.path());
    let host = store.host_id();
    store.append_delivery(&delivery(0, vec![block(1, 0, 0, &[1, 2, 3]), anchor(host, 1, 0, 0)])).unwrap();

    let other_steps = store.append_delivery(&delivery(1, vec![block(1, 1, 60, &[9])])).unwrap();
    let other_stamp = store.append_delivery(&delivery(2, vec![block(1, 2, 6000, &[3])])).unwrap();

    assert_eq!((other_steps.conflicts, other_stamp.conflicts), (1, 1));
    assert_eq!(steps(&store), [(0, 1), (1, 2), (2, 3)]);
    assert_eq!(store.counter(DEVICE).unwrap().unwrap().conflicts, 2);
    verified(&store);
}

#[test]
fn stored_to_stops_at_what_is_missing_and_passes_what_the_counter_lost() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _) = open(dir.path());
    let state = |store: &Store| store.counter(DEVICE).unwrap().unwrap();
    store.append_delivery(&delivery(0, vec![block(1, 100, 0, &[1; 10]), block(1, 130, 1800, &[1; 5])])).unwrap();
    assert_eq!(state(&store).stored_to, 110);

    store.append_delivery(&delivery(0, vec![gap(105, 15)])).unwrap();
    assert_eq!((state(&store).stored_to, state(&store).lost_epochs), (120, 10));
    store.append_delivery(&delivery(0, vec![gap(120, 10)])).unwrap();

    assert_eq!((state(&store).stored_to, state(&store).lost_epochs), (135, 20));
    verified(&store);
}

#[test]
fn what_cannot_be_read_is_put_aside_and_holds_the_cursor_until_it_can() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _) = open(dir.path());
    let mut record = delivery(5, vec![block(1, 0, 0, &[1; 10]), block(1, 12, 720, &[1; 3])]);
    record.quarantined =
        vec![Quarantined { bytes: vec![1, 2, 3], seq: Some(10), reason: QuarantineReason::BadChecksum }];
    for _ in 0..2 {
        assert_eq!(store.append_delivery(&record).unwrap().quarantined, 1);
    }
    let held = store.counter(DEVICE).unwrap().unwrap();
    assert_eq!((held.stored_to, held.held_at, held.quarantined), (10, Some(10), 1));
    let aside = store.quarantine().unwrap();
    assert_eq!(aside.len(), 1);
    assert_eq!((aside[0].bytes.as_slice(), aside[0].arrived), (&[1, 2, 3][..], at(5)));

    store.append_delivery(&delivery(6, vec![block(1, 10, 600, &[1; 2])])).unwrap();

    let read = store.counter(DEVICE).unwrap().unwrap();
    assert_eq!((read.stored_to, read.held_at, read.quarantined), (15, None, 1));
    verified(&store);
}

#[test]
fn an_arrival_under_a_clock_that_cannot_be_believed_is_kept_and_tells_no_time() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _) = open(dir.path());
    let mut record = delivery(-900_000_000, vec![block(1, 0, 0, &[4])]);
    record.arrival_trusted = false;

    store.append_delivery(&record).unwrap();

    assert_eq!(store.newest_arrival(), None);
    assert_eq!(store.counter(DEVICE).unwrap().unwrap().epochs, 1);
}

#[test]
fn a_host_clock_that_goes_back_and_forth_does_not_change_the_order_of_the_journal() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _) = open(dir.path());
    for (n, month) in [0, 3, -9, 3, -9, 0].into_iter().enumerate() {
        store.append_decision(at(month * 31 * 86_400), "p1", &format!("{{\"n\":{n}}}")).unwrap();
    }
    drop(store);

    let (store, report) = open(dir.path());
    assert_eq!(report, brisk::store::OpenReport::default());
    store.append_decision(at(0), "p1", "{}").unwrap();

    let decisions = store.decisions().unwrap();
    assert_eq!(decisions.iter().map(|d| d.ordinal).collect::<Vec<_>>(), (0..7).collect::<Vec<_>>());
    assert_eq!(decisions[4].json, "{\"n\":4}");
}

#[test]
fn what_a_counter_says_it_is_is_written_once_until_it_changes() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _) = open(dir.path());
    let mut identity = Identity {
        device: DEVICE,
        firmware: "1.2.0".to_owned(),
        resolution: Resolution::Minute,
        memory_minutes: Some(43_200),
    };
    store.append_identity(&identity, at(0)).unwrap();
    let size = store.size().0;
    store.append_identity(&identity, at(1)).unwrap();
    assert_eq!(store.size().0, size);

    identity.firmware = "1.3.0".to_owned();
    store.append_identity(&identity, at(2)).unwrap();
    drop(store);

    let (store, _) = open(dir.path());
    let known = store.counter(DEVICE).unwrap().unwrap().identity.unwrap();
    assert_eq!((known.firmware.as_str(), known.resolution()), ("1.3.0", Resolution::Minute));
    verified(&store);
}

#[test]
fn days_and_revisions_come_back_and_only_revisions_outlive_a_rebuild() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _) = open(dir.path());
    let (who, other): (ParticipantId, ParticipantId) = ("p1".parse().unwrap(), "p".parse().unwrap());
    let date = |day: u32| chrono::NaiveDate::from_ymd_opt(2026, 1, day).unwrap();
    for day in 1..=5 {
        store.put_day(&who, date(day), &[u8::try_from(day).unwrap(); 3]).unwrap();
    }
    store.put_day(&other, date(2), b"other").unwrap();
    let revision = |revision| Revision {
        participant: who.clone(),
        date: date(2),
        revision,
        computed_at: at(9),
        values_hash: [8; 8],
        reason: "late sync".to_owned(),
        actor: "system".to_owned(),
        changed: None,
        software: String::new(),
    };
    for number in [1, 2] {
        store.append_revisions(&[revision(number)]).unwrap();
    }

    assert_eq!(store.day(&who, date(3)).unwrap(), Some(vec![3; 3]));
    let dates: Vec<_> = store.days(&who, date(2), date(4)).unwrap().into_iter().map(|(date, _)| date).collect();
    assert_eq!(dates, [date(2), date(3), date(4)]);
    store.change_days(&other, &(date(1)..=date(9)), &|_| None).unwrap();
    assert_eq!((store.day(&other, date(2)).unwrap(), store.days(&who, date(1), date(9)).unwrap().len()), (None, 5));
    store.change_days(&who, &(date(4)..=chrono::NaiveDate::MAX), &|_| None).unwrap();
    store.change_days(&who, &(chrono::NaiveDate::MIN..=date(1)), &|_| None).unwrap();
    let dates: Vec<_> = store.days(&who, date(1), date(9)).unwrap().into_iter().map(|(date, _)| date).collect();
    assert_eq!(dates, [date(2), date(3)]);

    store.rebuild(&mut |_, _| ()).unwrap();
    assert_eq!(store.day(&who, date(3)).unwrap(), None);
    assert_eq!(store.revision(&who, date(2)).unwrap(), Some(revision(2)));
    assert_eq!(store.revision(&who, date(3)).unwrap(), None);
    verified(&store);
}

#[test]
fn a_mark_goes_only_when_the_hour_did_not_change_again() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _) = open(dir.path());
    let host = store.host_id();
    store.append_delivery(&delivery(0, vec![block(1, 0, 0, &[1; 20]), anchor(host, 1, 0, 0)])).unwrap();
    let seen = store.dirty().unwrap();
    assert_eq!(seen.iter().map(|d| (d.device, d.hour)).collect::<Vec<_>>(), [(DEVICE, NEW_YEAR_S / 3600)]);
    store.append_delivery(&delivery(1, vec![block(1, 20, 1200, &[1; 20])])).unwrap();

    store.clear_dirty(&seen).unwrap();
    assert_eq!(store.dirty().unwrap().len(), 1);
    store.clear_dirty(&store.dirty().unwrap()).unwrap();
    assert_eq!(store.dirty().unwrap(), []);

    store.append_delivery(&delivery(2, vec![block(1, 20, 1200, &[1; 20])])).unwrap();
    assert_eq!(store.dirty().unwrap(), [], "what is only repeated changes nothing");
}

#[test]
fn a_second_opener_is_told_who_has_the_data() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _) = open(dir.path());
    store.set_socket(Some("/run/brisk/brisk.sock".as_ref())).unwrap();

    let refused = Store::open(dir.path()).unwrap_err();

    let StoreError::InUse { holder, .. } = &refused else { panic!("{refused}") };
    assert_eq!(holder.pid, Some(std::process::id()));
    assert_eq!(holder.socket.as_deref(), Some("/run/brisk/brisk.sock".as_ref()));
    assert!(refused.to_string().contains(&std::process::id().to_string()));
    assert_eq!(lock::holder(dir.path()).as_ref(), Some(holder));
    drop(store);
    assert_eq!(lock::holder(dir.path()), None);
    open(dir.path());
}

#[cfg(unix)]
#[test]
fn files_are_for_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    fn check(path: &std::path::Path) {
        let mode = std::fs::metadata(path).unwrap().permissions().mode();
        let for_others = mode & 0o077;
        // `sled` makes its own files; the folder around them is closed.
        let inside_index = path.parent().is_some_and(|p| p.ends_with("index") || p.ends_with("blobs"));
        assert!(for_others == 0 || inside_index, "{} {mode:o}", path.display());
        if path.is_dir() {
            for entry in std::fs::read_dir(path).unwrap() {
                check(&entry.unwrap().path());
            }
        }
    }
    let parent = tempfile::tempdir().unwrap();
    let dir = parent.path().join("data");
    let (store, _) = open(&dir);
    store.append_delivery(&hourly(store.host_id(), 0)).unwrap();
    store.append_decision(at(0), "p1", "{}").unwrap();

    check(&dir);
}
