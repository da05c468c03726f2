//! The audit chains: whoever changes, takes out, moves or slips in a row of the journal is found out, even when every
//! checksum was made right again.

use std::{fs, path::Path};

use brisk::store::{Broken, Erasure, Head, How, Revision, Store, What};
use chrono::NaiveDate;
use sha2::{Digest as _, Sha256};

use crate::support::*;

fn revision(participant: &str, date: &str, number: u32) -> Revision {
    Revision {
        participant: participant.parse().unwrap(),
        date: date.parse::<NaiveDate>().unwrap(),
        revision: number,
        computed_at: at(i64::from(number)),
        values_hash: *b"\x01\x02\x03\x04\x05\x06\x07\x08",
        reason: if number == 1 { "first" } else { "late_sync" }.to_owned(),
        actor: "system".to_owned(),
        changed: (number > 1).then(|| r#"{"total_steps":[9001,9005]}"#.to_owned()),
        software: "brisk 0.1.0".to_owned(),
    }
}

fn goal(participant: &str, amount: u32) -> String {
    format!(r#"{{"decision":"goal_set","participant":"{participant}","amount":{amount}}}"#)
}

/// Six rows of one, three of another, in both streams by turns.
fn household(dir: &Path) {
    let (store, _) = open(dir);
    store.append_decision(at(0), "person", r#"{"web":"opened"}"#).unwrap();
    store.append_decision(at(1), "page", &goal("walker", 30)).unwrap();
    store.append_revisions(&[revision("walker", "2026-01-01", 1), revision("stayer", "2026-01-01", 1)]).unwrap();
    store.append_decision(at(2), "page", &goal("stayer", 20)).unwrap();
    store.append_decision(at(3), "page", &goal("walker", 40)).unwrap();
    store.append_revisions(&[revision("walker", "2026-01-01", 2), revision("walker", "2026-01-02", 1)]).unwrap();
    store.append_revisions(&[revision("stayer", "2026-01-01", 2)]).unwrap();
    store.append_decision(at(4), "page", &goal("walker", 50)).unwrap();
}

fn file_of(dir: &Path, stream: &str) -> std::path::PathBuf {
    fs::read_dir(dir.join("journal").join(stream)).unwrap().next().unwrap().unwrap().path()
}

/// The header, and every record's number and payload.
fn records(file: &Path) -> (Vec<u8>, Vec<(u32, Vec<u8>)>) {
    let bytes = fs::read(file).unwrap();
    let header = 8 + usize::from(bytes[7]) + 8 + 4;
    let number = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
    let (mut all, mut at) = (Vec::new(), header);
    while at < bytes.len() {
        let length = usize::try_from(number(at + 4)).unwrap();
        all.push((number(at + 8), bytes[at + 16..at + 16 + length].to_vec()));
        at += 16 + length;
    }
    (bytes[..header].to_vec(), all)
}

/// Writes the records with right checksums, as somebody who knows the format would.
fn forge(file: &Path, change: impl FnOnce(&mut Vec<(u32, Vec<u8>)>)) {
    let (mut out, mut all) = records(file);
    change(&mut all);
    for (ordinal, payload) in all {
        let mut checked = u32::try_from(payload.len()).unwrap().to_le_bytes().to_vec();
        checked.extend(ordinal.to_le_bytes());
        let mut hasher = crc32fast::Hasher::new();
        hasher.update(&checked);
        hasher.update(&payload);
        out.extend([0xb5, b'b', b'r', b'k']);
        out.extend(&checked);
        out.extend(hasher.finalize().to_le_bytes());
        out.extend(&payload);
    }
    fs::write(file, out).unwrap();
}

fn replace(payload: &mut [u8], from: &str, to: &str) {
    let at = payload.windows(from.len()).position(|part| part == from.as_bytes()).unwrap();
    payload[at..at + from.len()].copy_from_slice(to.as_bytes());
}

fn found(store: &Store) -> Vec<Broken> {
    let report = store.verify(&mut |_, _| ()).unwrap();
    assert!(report.journal_is_whole(), "every checksum is right: {report:?}");
    report.chains.broken
}

fn forged(stream: &str, change: impl FnOnce(&mut Vec<(u32, Vec<u8>)>)) -> Vec<Broken> {
    let dir = tempfile::tempdir().unwrap();
    household(dir.path());
    forge(&file_of(dir.path(), stream), change);
    let (store, report) = open(dir.path());
    assert_eq!(report.rebuilt, None);
    found(&store)
}

fn broken(participant: &str, seq: u32, how: How) -> Broken {
    Broken { participant: participant.parse().unwrap(), seq, how }
}

#[test]
fn rows_of_both_streams_count_through_and_hold_after_building_anew() {
    let dir = tempfile::tempdir().unwrap();
    household(dir.path());
    let (store, _) = open(dir.path());

    let chains = store.verify(&mut |_, _| ()).unwrap().chains;
    store.rebuild(&mut |_, _| ()).unwrap();
    let again = store.verify(&mut |_, _| ()).unwrap().chains;

    let rows: Vec<_> = chains.heads.iter().map(|(who, head)| (who.as_str(), head.rows)).collect();
    assert_eq!(rows, [("stayer", 3), ("walker", 6)]);
    assert_eq!(chains, again);
    let audit = store.audit(&"walker".parse().unwrap()).unwrap();
    let kinds: Vec<_> = audit
        .iter()
        .map(|row| match &row.what {
            What::Decision(decided) => format!("{:?} {}", row.seq, decided.actor),
            What::Day(revision) => format!("{:?} {} {}", row.seq, revision.date, revision.revision),
            What::Gone => "gone".to_owned(),
        })
        .collect();
    let expected = [
        "Some(1) page",
        "Some(2) 2026-01-01 1",
        "Some(3) page",
        "Some(4) 2026-01-01 2",
        "Some(5) 2026-01-02 1",
        "Some(6) page",
    ];
    assert_eq!(kinds, expected);
    verified(&store);
}

#[test]
fn the_hashes_are_those_of_the_documented_texts() {
    let dir = tempfile::tempdir().unwrap();
    household(dir.path());
    let hash = |text: String| brisk::model::hex(&Sha256::digest(text));
    let zeros = "0".repeat(64);
    let version = brisk::model::SOFTWARE;

    let first = hash(format!(
        r#"["stayer",1,"2026-01-01T00:00:01.000Z","system","day","2026-01-01",1,"0102030405060708","first",null,"brisk 0.1.0","{zeros}"]"#
    ));
    let second = hash(format!(
        r#"["stayer",2,"2026-01-01T00:00:02.000Z","page","decision","{{\"decision\":\"goal_set\",\"participant\":\"stayer\",\"amount\":20}}","{version}","{first}"]"#
    ));
    let third = hash(format!(
        r#"["stayer",3,"2026-01-01T00:00:02.000Z","system","day","2026-01-01",2,"0102030405060708","late_sync","{{\"total_steps\":[9001,9005]}}","brisk 0.1.0","{second}"]"#
    ));

    let (store, _) = open(dir.path());
    let head = store.verify(&mut |_, _| ()).unwrap().chains.heads[&"stayer".parse().unwrap()];
    assert_eq!(brisk::model::hex(&head.hash), third);
}

#[test]
fn a_changed_row_is_found_in_either_stream() {
    let of_people = forged("people", |all| replace(&mut all[1].1, "\"amount\":30", "\"amount\":90"));
    let of_days = forged("days", |all| replace(&mut all[1].1, "9005", "9995"));

    assert_eq!(of_people, [broken("walker", 2, How::Changed)]);
    assert_eq!(of_days, [broken("walker", 5, How::Changed)]);
}

#[test]
fn the_newest_row_is_no_easier_to_change() {
    let found = forged("people", |all| replace(&mut all.last_mut().unwrap().1, "\"amount\":50", "\"amount\":99"));

    assert_eq!(found, [broken("walker", 6, How::End)]);
}

#[test]
fn a_row_that_was_taken_out_is_found() {
    let of_people = forged("people", |all| drop(all.remove(3)));
    let of_days = forged("days", |all| drop(all.remove(1)));

    assert_eq!(of_people, [broken("walker", 4, How::Missing)]);
    assert_eq!(of_days, [broken("walker", 6, How::Missing)]);
}

#[test]
fn a_newest_record_that_was_taken_out_is_told_at_the_opening() {
    let dir = tempfile::tempdir().unwrap();
    household(dir.path());
    forge(&file_of(dir.path(), "people"), |all| drop(all.pop()));

    let (_, report) = open(dir.path());

    assert_eq!(report.rebuilt.as_deref(), Some("it held notes whose journal records are gone"));
    assert_eq!(report.chains_cut, [("walker".parse().unwrap(), 6)]);
}

#[test]
fn rows_that_changed_places_are_found() {
    let found = forged("people", |all| {
        let (first, second) = (all[1].1.clone(), all[3].1.clone());
        (all[1].1, all[3].1) = (second, first);
    });

    assert_eq!(found, [broken("walker", 1, How::Moved)]);
}

#[test]
fn a_row_that_was_slipped_in_is_found_with_and_without_a_place_in_the_chain() {
    let twice = forged("people", |all| {
        let mut copy = all[1].1.clone();
        replace(&mut copy, "\"amount\":30", "\"amount\":90");
        let next = all.last().unwrap().0 + 1;
        all.push((next, copy));
    });
    assert!(twice.contains(&broken("walker", 1, How::Twice)), "{twice:?}");

    let dir = tempfile::tempdir().unwrap();
    household(dir.path());
    forge(&file_of(dir.path(), "people"), |all| {
        // As versions without chains wrote it: plain, the third kind, at the epoch, by "p".
        let json = goal("walker", 90);
        let mut payload = vec![1, 2, 0, 1, b'p', u8::try_from(json.len()).unwrap()];
        payload.extend(json.as_bytes());
        let next = all.last().unwrap().0 + 1;
        all.push((next, payload));
    });
    let (store, _) = open(dir.path());
    assert_eq!(store.decisions().unwrap().last().unwrap().json, goal("walker", 90), "it is read");
    let report = store.verify(&mut |_, _| ()).unwrap();
    assert_eq!((report.chains.slipped_in, report.chains_hold()), (1, false));
}

#[test]
fn erasing_one_takes_their_whole_chain_and_leaves_that_of_others_whole() {
    let dir = tempfile::tempdir().unwrap();
    household(dir.path());
    let (store, _) = open(dir.path());
    let stayer: brisk::model::ParticipantId = "stayer".parse().unwrap();
    let head = store.verify(&mut |_, _| ()).unwrap().chains.heads[&stayer];
    let walker = "walker".parse().unwrap();
    let theirs = |decided: &brisk::store::Decided| decided.json.contains("walker");

    let erasure = Erasure {
        participant: &walker,
        counters: std::collections::BTreeMap::new(),
        decision: &theirs,
        salt: [1; 16],
        at: at(9),
    };
    store.erase(&erasure, |_| vec![r#"{"erasure":"person_erased"}"#.to_owned()]).unwrap();

    let chains = store.verify(&mut |_, _| ()).unwrap().chains;
    assert_eq!(chains.heads.into_iter().collect::<Vec<_>>(), [(stayer.clone(), head)]);
    assert!(store.audit(&walker).unwrap().is_empty());
    store.append_decision(at(10), "page", &goal("stayer", 25)).unwrap();
    store.append_decision(at(11), "page", &goal("walker", 10)).unwrap();
    let heads = store.verify(&mut |_, _| ()).unwrap().chains.heads;
    assert_eq!((heads[&stayer].rows, heads[&walker].rows), (4, 1), "who comes back begins anew");
    verified(&store);
}

#[test]
fn a_row_that_goes_with_somebody_else_leaves_its_hash() {
    let dir = tempfile::tempdir().unwrap();
    household(dir.path());
    let (store, _) = open(dir.path());
    let walker = "walker".parse().unwrap();
    let theirs = |decided: &brisk::store::Decided| decided.json.contains("walker") || decided.json.contains("stayer");

    let erasure = Erasure {
        participant: &walker,
        counters: std::collections::BTreeMap::new(),
        decision: &theirs,
        salt: [1; 16],
        at: at(9),
    };
    store.erase(&erasure, |_| vec!["{}".to_owned()]).unwrap();

    let report = store.verify(&mut |_, _| ()).unwrap();
    assert_eq!((report.chains.gone, report.chains_hold()), (1, true), "{report:?}");
    assert_eq!(store.audit(&"stayer".parse().unwrap()).unwrap()[1].what, What::Gone);
    verified(&store);
}

#[test]
fn what_a_version_without_chains_wrote_stays_readable_and_the_chain_begins_behind_it() {
    let dir = tempfile::tempdir().unwrap();
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/store-v1"), dir.path());
    let (store, _) = open(dir.path());

    store.append_revisions(&[revision("p1", "2026-01-01", 3)]).unwrap();

    let chains = store.verify(&mut |_, _| ()).unwrap().chains;
    assert_eq!((chains.before_chains, chains.slipped_in, chains.broken.len()), (1, 0, 0));
    assert_eq!(chains.heads[&"p1".parse().unwrap()].rows, 1);
    let audit = store.audit(&"p1".parse().unwrap()).unwrap();
    assert_eq!(audit.iter().map(|row| row.seq).collect::<Vec<_>>(), [None, Some(1)]);
}

#[test]
fn a_row_that_a_crash_kept_from_the_index_is_followed_and_not_forked() {
    let dir = tempfile::tempdir().unwrap();
    household(dir.path());
    let older = tempfile::tempdir().unwrap();
    copy(&dir.path().join("index"), older.path());
    let (store, _) = open(dir.path());
    store.append_decision(at(20), "page", &goal("walker", 60)).unwrap();
    store.append_revisions(&[revision("walker", "2026-01-03", 1)]).unwrap();
    drop(store);
    fs::remove_dir_all(dir.path().join("index")).unwrap();
    copy(older.path(), &dir.path().join("index"));

    let (store, _) = open(dir.path());
    store.append_decision(at(21), "page", &goal("walker", 70)).unwrap();

    let heads = store.verify(&mut |_, _| ()).unwrap().chains.heads;
    assert_eq!(heads[&"walker".parse().unwrap()], Head { rows: 9, hash: heads[&"walker".parse().unwrap()].hash });
    verified(&store);
}
