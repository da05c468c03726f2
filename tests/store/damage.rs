//! Damaged files: what is lost, what is not, and what the store says about it.

use std::{fs, path::Path};

use brisk::store::Store;
use proptest::prelude::*;

use crate::support::*;

/// A folder with three small deliveries; says where the last journal record begins.
fn small_folder(dir: &Path) -> usize {
    let (store, _) = open(dir);
    let host = store.host_id();
    store.append_delivery(&delivery(0, vec![block(1, 0, 0, &[1, 2]), anchor(host, 1, 0, 0)])).unwrap();
    store.append_delivery(&delivery(1, vec![block(1, 2, 120, &[3, 4])])).unwrap();
    drop(store);
    let before = fs::metadata(&journal_files(dir)[0]).unwrap().len();
    let (store, _) = open(dir);
    store.append_delivery(&delivery(2, vec![block(1, 4, 240, &[5, 6])])).unwrap();
    usize::try_from(before).unwrap()
}

const ALL: [(i64, u32); 6] = [(0, 1), (1, 2), (2, 3), (3, 4), (4, 5), (5, 6)];

#[test]
fn a_torn_end_loses_only_the_torn_record_wherever_it_is_torn() {
    let dir = tempfile::tempdir().unwrap();
    let last = small_folder(dir.path());
    let file = &journal_files(dir.path())[0];
    let whole = fs::read(file).unwrap();

    for cut in last..whole.len() {
        for tail in [Vec::new(), vec![0; whole.len() - cut], vec![0xa5; 700]] {
            let mut bytes = whole[..cut].to_vec();
            bytes.extend(&tail);
            if bytes == whole {
                continue;
            }
            fs::write(file, &bytes).unwrap();

            let (store, report) = open(dir.path());

            assert_eq!(steps(&store), ALL[..4], "cut at {cut} with {} behind", tail.len());
            let torn_bytes = bytes.len() - last;
            if torn_bytes == 0 {
                assert!(report.torn.is_empty());
            } else {
                assert_eq!(report.torn.len(), 1);
                assert_eq!(report.torn[0].bytes, torn_bytes as u64);
                assert_eq!(fs::read(&report.torn[0].kept_in).unwrap(), bytes[last..]);
            }
            assert!(report.damaged.is_empty());
            drop(store);
        }
    }

    let (store, report) = open(dir.path());
    assert!(report.torn.is_empty(), "cut once and for all");
    assert_eq!(store.counter(DEVICE).unwrap().unwrap().stored_to, 4, "the counter will send it again");
    store.append_delivery(&delivery(2, vec![block(1, 4, 240, &[5, 6])])).unwrap();
    assert_eq!(steps(&store), ALL);
    verified(&store);
}

#[test]
fn a_file_of_which_not_even_the_header_was_written_is_no_obstacle() {
    let dir = tempfile::tempdir().unwrap();
    small_folder(dir.path());
    let folder = journal_files(dir.path())[0].parent().unwrap().to_owned();
    for length in [0, 1, 20] {
        fs::write(folder.join("0000000003-2026-02.brj"), &b"BRISKJ\x01\x18counter-0001020304050607"[..length]).unwrap();

        let (store, report) = open(dir.path());

        assert_eq!(report.torn.len(), usize::from(length > 0));
        assert_eq!(steps(&store), ALL);
        store.append_delivery(&delivery(40 * 86_400, vec![block(1, 0, 0, &[1])])).unwrap();
        drop(store);
        open(dir.path());
        fs::remove_file(folder.join("0000000003-2026-02.brj")).unwrap();
    }
}

#[test]
fn a_flipped_bit_in_the_middle_loses_nothing_behind_it_and_is_reported() {
    let dir = tempfile::tempdir().unwrap();
    let last = small_folder(dir.path());
    let file = &journal_files(dir.path())[0];
    let whole = fs::read(file).unwrap();

    for at in 0..last {
        let mut bytes = whole.clone();
        bytes[at] ^= 1 << (at % 8);
        fs::write(file, &bytes).unwrap();

        let (store, report) = open(dir.path());
        assert_eq!((report.torn.len(), report.damaged.len()), (0, 1), "byte {at}");
        let damage = &report.damaged[0];
        assert!((damage.offset..damage.offset + damage.bytes).contains(&(at as u64)));
        assert_eq!(steps(&store), ALL, "what was indexed stays until the index is made anew");
        let verify = store.verify(&mut |_, _| ()).unwrap();
        assert!(!verify.journal_is_whole());
        drop(store);
        assert_eq!(fs::read(file).unwrap(), bytes, "never cut");

        fs::write(file, &whole).unwrap();
    }
}

#[test]
fn a_record_that_is_damaged_does_not_stop_a_rebuild() {
    let dir = tempfile::tempdir().unwrap();
    let last = small_folder(dir.path());
    let file = &journal_files(dir.path())[0];
    let mut bytes = fs::read(file).unwrap();
    bytes[last - 3] ^= 4;
    fs::write(file, &bytes).unwrap();
    let (store, _) = open(dir.path());

    let report = store.rebuild(&mut |_, _| ()).unwrap();

    assert_eq!((report.records, report.damaged.len()), (2, 1));
    assert_eq!(steps(&store), [(0, 1), (1, 2), (4, 5), (5, 6)]);
    let state = store.counter(DEVICE).unwrap().unwrap();
    assert_eq!(state.stored_to, 2, "the counter will send again what was damaged");
}

/// A folder with two days, hour by hour, and its minutes.
fn two_days() -> (tempfile::TempDir, Vec<brisk::model::Minute>) {
    let dir = tempfile::tempdir().unwrap();
    let (store, _) = open(dir.path());
    for hour in 0..48 {
        store.append_delivery(&hourly(store.host_id(), hour)).unwrap();
    }
    let minutes = minutes(&store);
    (dir, minutes)
}

fn all_there(dir: &Path, expected: &[brisk::model::Minute]) -> Result<(), TestCaseError> {
    for _ in 0..2 {
        let (store, _) = open(dir);
        prop_assert_eq!(&minutes(&store), expected);
        prop_assert_eq!(store.counter(DEVICE).unwrap().unwrap().stored_to, 48 * 60);
        let report = store.verify(&mut |_, _| ()).unwrap();
        prop_assert!(report.journal_is_whole() && report.index_is_right(), "{report:?}");
    }
    Ok(())
}

#[test]
fn an_index_that_is_gone_or_half_gone_is_made_anew() {
    let (dir, expected) = two_days();
    let copy_of = |change: &dyn Fn(&Path)| {
        let other = tempfile::tempdir().unwrap();
        copy(dir.path(), other.path());
        change(&other.path().join("index"));
        all_there(other.path(), &expected).unwrap();
    };
    copy_of(&|index| fs::remove_dir_all(index).unwrap());
    copy_of(&|index| fs::remove_file(index.join("db")).unwrap());
    copy_of(&|index| fs::remove_file(index.join("conf")).unwrap());
    copy_of(&|index| fs::write(index.join("snap.00000000000FFFFF.generating"), b"half").unwrap());
    copy_of(&|index| fs::rename(index, index.with_extension("old")).unwrap());
    copy_of(&|index| {
        copy(index, &index.with_extension("new"));
        copy(index, &index.with_extension("old"));
    });
    copy_of(&|index| {
        for entry in fs::read_dir(index).unwrap().flatten() {
            if entry.file_name().to_string_lossy().starts_with("snap.") {
                fs::remove_file(entry.path()).unwrap();
            }
        }
    });
}

#[test]
fn an_index_that_is_older_than_the_journal_catches_up() {
    let (dir, _) = two_days();
    let saved = tempfile::tempdir().unwrap();
    copy(&dir.path().join("index"), saved.path());
    let (store, _) = open(dir.path());
    for hour in 48..60 {
        store.append_delivery(&hourly(store.host_id(), hour)).unwrap();
    }
    let expected = minutes(&store);
    drop(store);
    fs::remove_dir_all(dir.path().join("index")).unwrap();
    copy(saved.path(), &dir.path().join("index"));

    let (store, report) = open(dir.path());

    assert_eq!((report.reapplied, report.rebuilt), (12, None));
    assert_eq!(minutes(&store), expected);
    verified(&store);
}

#[test]
fn an_index_that_is_newer_than_the_journal_gives_way() {
    let (dir, expected) = two_days();
    let file = &journal_files(dir.path())[0];
    let bytes = fs::read(file).unwrap();
    fs::write(file, &bytes[..bytes.len() - 10]).unwrap();

    let (store, report) = open(dir.path());

    assert_eq!(report.torn.len(), 1);
    assert!(report.rebuilt.is_some());
    assert_eq!(minutes(&store), expected[..47 * 60]);
    assert_eq!(store.counter(DEVICE).unwrap().unwrap().stored_to, 47 * 60);
}

proptest! {
    #![proptest_config(cases(32))]

    #[test]
    fn whatever_happens_to_the_index_the_minutes_are_right(
        file in any::<prop::sample::Index>(),
        place in any::<prop::sample::Index>(),
        kind in 0..4_u8,
        length in 1_usize..5000,
        byte: u8,
    ) {
        let (dir, expected) = two_days();
        let index = dir.path().join("index");
        let mut files: Vec<_> =
            fs::read_dir(&index).unwrap().map(|e| e.unwrap().path()).filter(|p| p.is_file()).collect();
        files.sort();
        let path = &files[file.index(files.len())];
        let mut bytes = fs::read(path).unwrap();
        let used = bytes.iter().rposition(|b| *b != 0).map_or(1, |last| last + 1).min(bytes.len());
        let at = place.index(used.max(1)).min(bytes.len());
        let end = (at + length).min(bytes.len());
        match kind {
            0 => bytes.truncate(at),
            1 => bytes[at..end].fill(byte),
            2 => bytes[at..end].iter_mut().enumerate().for_each(|(n, b)| *b = u8::try_from((n * 167 + at) % 256).unwrap()),
            _ => if let Some(b) = bytes.get_mut(at) { *b ^= 1 << (byte % 8) },
        }
        fs::write(path, &bytes).unwrap();

        all_there(dir.path(), &expected)?;
    }
}

#[test]
fn damage_that_shows_only_while_running_is_healed_on_the_spot() {
    let (dir, expected) = two_days();
    let (store, _) = open(dir.path());
    let db = dir.path().join("index").join("db");
    let bytes = fs::read(&db).unwrap();
    fs::write(&db, vec![0x5a; bytes.len()]).unwrap();

    assert_eq!(minutes(&store), expected);
    store.append_delivery(&hourly(store.host_id(), 48)).unwrap();
    assert_eq!(minutes(&store).len(), 49 * 60);
    drop(store);

    let (store, _): (Store, _) = open(dir.path());
    assert_eq!(minutes(&store).len(), 49 * 60);
}
