//! One person is erased: nothing of them is left in any file, and everybody else's is as it was.

use std::{collections::BTreeMap, fs, path::Path};

use brisk::{
    model::{Minute, ParticipantId},
    store::{Decided, DeliveryRecord, Erased, Erasure, Portion, Revision, Store, StoreError},
};
use firmware_protocol::{
    driver::{QuarantineReason, Quarantined},
    reading::DeviceId,
};
use proptest::prelude::*;

use crate::support::*;

const OTHER: DeviceId = DeviceId(*b"sombodys");
/// Words that only the person wrote.
const WORDS: &str = "around the lake with Ingrid";
const TOMB: &str = "{\"erasure\":1}";

fn person() -> ParticipantId {
    "walker-seven".parse().unwrap()
}

fn theirs(decided: &Decided) -> bool {
    decided.json.contains("walker-seven")
}

fn erasure<'a>(participant: &'a ParticipantId, counters: &[(DeviceId, Portion)]) -> Erasure<'a> {
    let counters = counters.iter().cloned().collect::<BTreeMap<_, _>>();
    Erasure { participant, counters, decision: &theirs, salt: [7; 16], at: at(90 * 86_400) }
}

fn erase(store: &Store, counters: &[(DeviceId, Portion)]) -> Result<Erased, StoreError> {
    store.erase(&erasure(&person(), counters), |_| vec![TOMB.to_owned()])
}

fn span(from_s: i64, to_s: i64, undated: bool) -> Portion {
    let spans = std::iter::once(NEW_YEAR_S + from_s..NEW_YEAR_S + to_s).collect();
    Portion::Days { spans, undated }
}

fn revision(participant: &str, day: u32) -> Revision {
    Revision {
        participant: participant.parse().unwrap(),
        date: chrono::NaiveDate::from_ymd_opt(2026, 1, day).unwrap(),
        revision: 1,
        computed_at: at(i64::from(day) * 86_400),
        values_hash: [u8::try_from(day).unwrap(); 8],
        reason: "first".to_owned(),
        actor: "system".to_owned(),
        changed: None,
        software: String::new(),
    }
}

fn of(device: DeviceId, record: DeliveryRecord) -> DeliveryRecord {
    DeliveryRecord { device, ..record }
}

fn all_minutes(store: &Store, device: DeviceId) -> Vec<Minute> {
    store.minutes(device, NEW_YEAR_S / 60 - 100_000, NEW_YEAR_S / 60 + 400_000).unwrap()
}

/// Files below the folder that hold these bytes.
fn holding(dir: &Path, bytes: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap().map(Result::unwrap) {
        if entry.file_type().unwrap().is_dir() {
            found.extend(holding(&entry.path(), bytes));
        } else if fs::read(entry.path()).unwrap().windows(bytes.len()).any(|part| part == bytes) {
            found.push(entry.path().display().to_string());
        }
    }
    found
}

/// A folder with a counter of the person's and one of somebody else's, what both decided, and revisions of their days.
fn household(dir: &Path) -> Store {
    let (store, _) = open(dir);
    let host = store.host_id();
    for hour in 0..30 {
        store.append_delivery(&hourly(host, hour)).unwrap();
        store.append_delivery(&of(OTHER, hourly(host, hour + 100))).unwrap();
    }
    for words in [WORDS, "another time"] {
        let json = format!("{{\"participant\":\"walker-seven\",\"words\":\"{words}\"}}");
        store.append_decision(at(3600), "person", &json).unwrap();
        store.append_decision(at(3600), "person", "{\"participant\":\"stayer\"}").unwrap();
    }
    store.append_revisions(&[revision("walker-seven", 1), revision("stayer", 1)]).unwrap();
    store.append_revisions(&[revision("walker-seven", 2)]).unwrap();
    store.append_revisions(&[revision("stayer", 2)]).unwrap();
    store.put_day(&person(), revision("stayer", 1).date, b"computed walker-seven").unwrap();
    store
}

#[test]
fn nothing_of_the_person_is_left_in_any_file_and_everybody_else_is_as_before() {
    let dir = tempfile::tempdir().unwrap();
    let store = household(dir.path());
    let steps_as_sent = block(1, 720, 43_200, &[101, 102, 103, 104, 105, 7, 8, 9]);
    let aside = Quarantined { bytes: b"unreadable mark".to_vec(), seq: None, reason: QuarantineReason::BadField };
    let record = DeliveryRecord { quarantined: vec![aside], ..delivery(50_000, vec![steps_as_sent.clone()]) };
    store.append_delivery(&record).unwrap();
    let broken = dir.path().join("index.broken-1");
    copy(&dir.path().join("index"), &broken);
    copy(&dir.path().join("journal/people"), &dir.path().join("journal/torn"));
    let (before, state) = (all_minutes(&store, OTHER), store.counter(OTHER).unwrap());
    let other_file = fs::read(journal_file_of(dir.path(), OTHER)).unwrap();
    for mark in [WORDS.as_bytes(), b"walker-seven"] {
        assert!(!holding(dir.path(), mark).is_empty());
    }

    let erased = erase(&store, &[(DEVICE, Portion::All)]).unwrap();

    assert_eq!((erased.records, erased.epochs, erased.finished), (30 + 1 + 2 + 2, 30 * 60 + 8, true));
    assert_eq!(store.counter(DEVICE).unwrap(), None);
    assert_eq!((all_minutes(&store, OTHER), store.counter(OTHER).unwrap()), (before.clone(), state));
    let ordinals: Vec<_> = store.decisions().unwrap().into_iter().map(|one| (one.ordinal, one.json)).collect();
    let stayer = "{\"participant\":\"stayer\"}".to_owned();
    assert_eq!(
        ordinals,
        [(1, stayer.clone()), (3, stayer), (4, TOMB.to_owned())],
        "numbers are kept, never used again"
    );
    assert_eq!(store.revision(&person(), revision("stayer", 1).date).unwrap(), None);
    assert_eq!(
        store.revision(&"stayer".parse().unwrap(), revision("stayer", 2).date).unwrap(),
        Some(revision("stayer", 2))
    );
    verified(&store);
    drop(store);
    for mark in [WORDS.as_bytes(), b"walker-seven", b"unreadable mark", &steps_as_sent.bytes, &DEVICE.0] {
        assert_eq!(holding(dir.path(), mark), Vec::<String>::new());
    }
    assert!(!broken.exists() && !dir.path().join("journal/torn").exists());
    assert_eq!(fs::read(journal_file_of(dir.path(), OTHER)).unwrap(), other_file);

    let (store, report) = open(dir.path());
    assert_eq!(report, brisk::store::OpenReport::default());
    assert_eq!(all_minutes(&store, OTHER), before);
    store.append_decision(at(1), "person", "{}").unwrap();
    assert_eq!(store.decisions().unwrap().last().unwrap().ordinal, 5);
    verified(&store);
}

fn journal_file_of(dir: &Path, device: DeviceId) -> std::path::PathBuf {
    let folder = dir.join("journal").join(format!("counter-{device}"));
    fs::read_dir(folder).unwrap().next().unwrap().unwrap().path()
}

#[test]
fn of_a_counter_that_two_people_wore_in_turn_goes_what_was_said_on_ones_days() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _) = open(dir.path());
    let host = store.host_id();
    // A block over the moment at which the counter changes hands.
    let units = vec![block(1, 0, 0, &[9; 50]), anchor(host, 1, 0, 0), battery(50)];
    store.append_delivery(&delivery(3000, units)).unwrap();
    store.append_delivery(&delivery(6000, vec![block(1, 50, 3000, &[8; 50]), battery(49)])).unwrap();
    // Of a boot that nothing ties to UTC.
    store.append_delivery(&delivery(7000, vec![block(9, 200, 0, &[7; 3])])).unwrap();
    let stored_to = store.counter(DEVICE).unwrap().unwrap().stored_to;

    let erased = erase(&store, &[(DEVICE, span(0, 3600, false))]).unwrap();

    assert_eq!((erased.epochs, erased.undated_kept, erased.records), (60, 3, 2));
    assert_eq!(steps(&store), (60..100).map(|minute| (minute, 8)).collect::<Vec<_>>());
    let state = store.counter(DEVICE).unwrap().unwrap();
    assert_eq!((state.epochs, state.lost_epochs, state.battery), (43, 60, Some(49)));
    assert_eq!(state.stored_to, stored_to, "the counter is not asked again for what was erased");
    verified(&store);

    let erased = erase(&store, &[(DEVICE, span(3600, 7200, true))]).unwrap();

    assert_eq!((erased.epochs, erased.undated_kept), (43, 0));
    assert_eq!(steps(&store), []);
    verified(&store);
}

#[test]
fn numbers_are_not_used_again_after_the_newest_revisions_were_the_persons() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _) = open(dir.path());
    let host = store.host_id();
    store.append_delivery(&hourly(host, 0)).unwrap();
    for day in [1, 2, 3] {
        store.append_revisions(&[revision("walker-seven", day)]).unwrap();
    }

    erase(&store, &[(DEVICE, Portion::All)]).unwrap();

    drop(store);
    let (store, report) = open(dir.path());
    assert_eq!(report, brisk::store::OpenReport::default());
    store.append_revisions(&[revision("stayer", 1)]).unwrap();
    drop(store);
    let (store, report) = open(dir.path());
    assert_eq!(report, brisk::store::OpenReport::default());
    assert_eq!(journal_files(dir.path(), "days"), ["0000000003-2026-04.brj", "0000000004-2026-01.brj"]);
    assert_eq!(
        store.revision(&"stayer".parse().unwrap(), revision("stayer", 1).date).unwrap(),
        Some(revision("stayer", 1))
    );
    verified(&store);
    let again = erase(&store, &[]).unwrap();
    assert_eq!(again, Erased::default(), "what only keeps a number is nobody's");
}

fn journal_files(dir: &Path, stream: &str) -> Vec<String> {
    let folder = dir.join("journal").join(stream);
    let mut names: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn bytes_that_arrived_before_somebodys_first_day_are_not_theirs_and_stay() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _) = open(dir.path());
    let host = store.host_id();
    let unread = |bytes: &[u8], arrived_s: i64, trusted: bool, units: Vec<_>| {
        let reason = QuarantineReason::BadField;
        let quarantined = vec![Quarantined { bytes: bytes.to_vec(), seq: None, reason }];
        DeliveryRecord { quarantined, arrival_trusted: trusted, ..delivery(arrived_s, units) }
    };
    let both = vec![block(1, 0, 0, &[9; 20]), anchor(host, 1, 0, 0)];
    store.append_delivery(&unread(b"long before", 1200, true, both)).unwrap();
    store.append_delivery(&unread(b"by a clock nobody believes", 1300, false, vec![])).unwrap();
    store.append_delivery(&unread(b"on that day", 4000, true, vec![block(1, 60, 3600, &[8; 5])])).unwrap();

    let erased = erase(&store, &[(DEVICE, span(3600, 7200, true))]).unwrap();

    assert_eq!((erased.records, erased.epochs), (2, 5));
    let left: Vec<_> = store.quarantine().unwrap().into_iter().map(|aside| aside.bytes).collect();
    assert_eq!(left, [b"long before".to_vec()]);
    assert_eq!(steps(&store).len(), 20);
    verified(&store);
}

#[test]
fn an_undated_reading_that_stays_counts_once_however_often_it_arrived() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _) = open(dir.path());
    let host = store.host_id();
    store.append_delivery(&delivery(3000, vec![block(1, 0, 0, &[9; 50]), anchor(host, 1, 0, 0)])).unwrap();
    for arrived_s in [7000, 8000] {
        store.append_delivery(&delivery(arrived_s, vec![block(9, 200, 0, &[7; 3])])).unwrap();
    }

    let erased = erase(&store, &[(DEVICE, span(0, 600, false))]).unwrap();

    assert_eq!((erased.epochs, erased.undated_kept), (10, 3));
}

#[test]
fn a_counter_can_bring_new_readings_while_somebody_looks_through_the_old_ones() {
    let dir = tempfile::tempdir().unwrap();
    let store = household(dir.path());
    let host = store.host_id();
    let month_later = DeliveryRecord { arrived: at(40 * 86_400), ..hourly(host, 30) };
    store.append_delivery(&month_later).unwrap();
    let (mut seen, mut brought) = (Vec::new(), false);

    std::thread::scope(|scope| {
        store
            .said(DEVICE, &Portion::All, 0, &mut |said| {
                seen.push(said.epoch.seq);
                if !std::mem::replace(&mut brought, true) {
                    let (done, is_done) = std::sync::mpsc::sync_channel(1);
                    let store = &store;
                    scope.spawn(move || done.send(store.append_delivery(&hourly(host, 31))));
                    is_done.recv_timeout(std::time::Duration::from_secs(20)).expect("the store listens").unwrap();
                }
                std::ops::ControlFlow::Continue(())
            })
            .unwrap();
    });

    assert_eq!(seen, (0..31 * 60).collect::<Vec<_>>(), "as it was when the looking began");
}

#[test]
fn a_counter_that_is_being_spoken_with_cannot_bring_back_what_was_erased() {
    let dir = tempfile::tempdir().unwrap();
    let store = household(dir.path());
    let host = store.host_id();

    erase(&store, &[(DEVICE, Portion::All)]).unwrap();

    let error = store.append_delivery(&hourly(host, 31)).unwrap_err();
    assert!(matches!(error, StoreError::Erased), "{error}");
    store.append_delivery(&of(OTHER, hourly(host, 131))).unwrap();
    store.listen_again();
    store.append_delivery(&hourly(host, 31)).unwrap();
    assert_eq!(minutes(&store).len(), 60);
    verified(&store);
}

#[test]
fn a_full_disk_erases_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let store = household(dir.path());
    let before = (minutes(&store), all_minutes(&store, OTHER), store.decisions().unwrap());

    for room in [0, 1, 40, 200] {
        store.limit_journal_writes(Some(room));
        let error = erase(&store, &[(DEVICE, Portion::All)]).unwrap_err();

        assert!(matches!(error, StoreError::Full { .. }), "{error}");
        assert_eq!((minutes(&store), all_minutes(&store, OTHER), store.decisions().unwrap()), before);
        assert!(!dir.path().join("journal.new").exists());
    }

    store.limit_journal_writes(None);
    erase(&store, &[(DEVICE, Portion::All)]).unwrap();
    assert_eq!(minutes(&store), []);
    verified(&store);
}

#[test]
fn a_crash_at_any_step_leaves_the_old_journal_or_the_new_one() {
    let dir = tempfile::tempdir().unwrap();
    let (whole, gone) = (dir.path().join("whole"), dir.path().join("gone"));
    drop(household(&whole));
    copy(&whole, &gone);
    let (store, _) = open(&gone);
    erase(&store, &[(DEVICE, Portion::All)]).unwrap();
    drop(store);
    let case = dir.path().join("case");
    let journal = |from: &Path, name: &str| copy(&from.join("journal"), &case.join(name));
    let begin = |with_index: bool| {
        if case.exists() {
            fs::remove_dir_all(&case).unwrap();
        }
        copy(&whole, &case);
        if !with_index {
            fs::remove_dir_all(case.join("index")).unwrap();
        }
    };
    let erased_after = || {
        let (store, _) = open(&case);
        verified(&store);
        let names: Vec<_> = fs::read_dir(&case).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert!(!names.iter().any(|name| name == "journal.old" || name == "journal.new"), "{names:?}");
        assert_eq!(all_minutes(&store, OTHER).len(), 1800);
        let mine = minutes(&store).len();
        assert!(mine == 0 || mine == 1800, "{mine} minutes: neither the old nor the new");
        assert_eq!(mine == 0, holding(&case, WORDS.as_bytes()).is_empty());
        mine == 0
    };

    // Half written beside.
    begin(true);
    fs::create_dir(case.join("journal.new")).unwrap();
    copy(&gone.join("journal/days"), &case.join("journal.new/days"));
    assert!(!erased_after());
    // Ready, and not decided.
    begin(true);
    journal(&gone, "journal.new");
    assert!(!erased_after());
    // Between the two renames.
    begin(true);
    journal(&gone, "journal.new");
    fs::rename(case.join("journal"), case.join("journal.old")).unwrap();
    assert!(erased_after());
    // Renamed, with the old index and with a part of the old journal.
    for with_index in [true, false] {
        begin(with_index);
        fs::rename(case.join("journal"), case.join("journal.old")).unwrap();
        journal(&gone, "journal");
        fs::remove_dir_all(case.join("journal.old/days")).unwrap();
        assert!(erased_after());
    }
}

/// What arrives: first number, how many epochs, when it arrives.
fn deliveries() -> impl Strategy<Value = Vec<(u32, u8)>> {
    prop::collection::vec((0_u32..400, 1_u8..50), 1..25)
}

proptest! {
    #![proptest_config(cases(24))]

    #[test]
    fn after_erasing_everybody_elses_minutes_are_the_same_and_a_rebuild_says_so(
        sent in deliveries(), from in 0_i64..420, length in 1_i64..200, drift_ms in -2000_i64..2000
    ) {
        let dir = tempfile::tempdir().unwrap();
        let (store, _) = open(dir.path());
        let host = store.host_id();
        for (number, (first, count)) in (0..).zip(&sent) {
            let steps: Vec<u8> = (*first..first + u32::from(*count)).map(|seq| u8::try_from(seq % 200).unwrap()).collect();
            let uptime_s = *first * 60;
            let clock = anchor(host, 1, uptime_s, i64::from(uptime_s) * 1000 + drift_ms);
            store.append_delivery(&delivery(number * 60, vec![block(1, *first, uptime_s, &steps), clock])).unwrap();
        }
        let range = NEW_YEAR_S / 60 + from..NEW_YEAR_S / 60 + from + length;
        let (mine, others): (Vec<_>, Vec<_>) = minutes(&store).into_iter().partition(|minute| range.contains(&minute.at));
        let before = store.counter(DEVICE).unwrap().unwrap();

        let erased = erase(&store, &[(DEVICE, span(from * 60, (from + length) * 60, false))]).unwrap();

        prop_assert_eq!(minutes(&store), others.clone());
        prop_assert!(erased.epochs >= mine.len() as u64, "repeats count as often as they came");
        prop_assert_eq!(store.counter(DEVICE).unwrap().unwrap().stored_to, before.stored_to);
        verified(&store);
        store.rebuild(&mut |_, _| ()).unwrap();
        prop_assert_eq!(minutes(&store), others.clone());
        drop(store);
        let (store, _) = open(dir.path());
        prop_assert_eq!(minutes(&store), others);
    }
}
