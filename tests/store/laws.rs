//! Laws: append twice = once, any order = the same, rebuilt = the same.

use std::collections::BTreeMap;

use brisk::{
    model::Minute,
    store::{CounterState, DeliveryRecord, Store},
};
use firmware_protocol::reading::HostId;
use proptest::prelude::*;

use crate::support::*;

/// What a counter with several boots recorded, cut into deliveries. Nothing contradicts itself.
#[derive(Clone, Debug)]
struct History {
    /// Per boot: minutes, seconds off before it, parts per million its clock runs fast, phase in milliseconds.
    boots: Vec<(u32, u32, i64, i64)>,
    anchors: Vec<(u16, u32, bool)>,
    linked: Vec<bool>,
    /// Lengths of blocks, used over and over.
    cuts: Vec<u8>,
    skipped: u32,
}

impl History {
    fn deliveries(&self, host: HostId) -> Vec<DeliveryRecord> {
        let mut deliveries = Vec::new();
        let (mut seq, mut start_ms) = (1000, 0_i64);
        let mut cuts = self.cuts.iter().cycle();
        for (index, (minutes, off_s, ppm, phase)) in self.boots.iter().enumerate() {
            let boot = u16::try_from(index + 1).unwrap();
            start_ms += i64::from(*off_s) * 1000 + phase;
            let utc = |uptime_s: u32| start_ms + i64::from(uptime_s) * (1_000_000 - ppm) / 1000;
            let mut minute = 0;
            while minute < *minutes {
                let count = u32::from(*cuts.next().unwrap()).min(minutes - minute);
                let steps: Vec<u8> =
                    (minute..minute + count).map(|m| u8::try_from((m * 7 + seq) % 200).unwrap()).collect();
                deliveries.push(delivery(i64::from(seq), vec![block(boot, seq + minute, minute * 60, &steps)]));
                minute += count;
            }
            for (_, uptime_s, own) in self.anchors.iter().filter(|(b, ..)| *b == boot) {
                let by = if *own { host } else { FOREIGN };
                let utc_ms = utc(*uptime_s) + if *own { 0 } else { 7_000_000 };
                deliveries.push(delivery(0, vec![anchor(by, boot, *uptime_s, utc_ms)]));
            }
            if boot > 1 && self.linked[index] {
                let before = self.boots[index - 1].0 * 60;
                deliveries.push(delivery(0, vec![link(boot, before, off_s * 1000)]));
            }
            seq += minutes;
            deliveries.push(delivery(i64::from(seq), vec![gap(seq, self.skipped), battery(50)]));
            seq += self.skipped;
            start_ms = utc(minutes * 60);
        }
        deliveries
    }
}

fn history() -> impl Strategy<Value = History> {
    (
        prop::collection::vec((1_u32..300, 0_u32..4000, -200_i64..200, 0_i64..60_000), 1..4),
        prop::collection::vec((1_u16..4, 0_u32..90_000, prop::bool::weighted(0.8)), 0..6),
        prop::collection::vec(any::<bool>(), 4),
        prop::collection::vec(1_u8..=60, 1..6),
        1_u32..100,
    )
        .prop_map(|(boots, anchors, linked, cuts, skipped)| History { boots, anchors, linked, cuts, skipped })
}

fn fill(dir: &std::path::Path, deliveries: impl IntoIterator<Item = DeliveryRecord>) -> Store {
    let (store, _) = open(dir);
    for record in deliveries {
        store.append_delivery(&record).unwrap();
    }
    store
}

/// A data folder whose host identity is known before anything is delivered.
fn folder() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("host-id"), "1122334455667788\n").unwrap();
    dir
}

const HOST: HostId = HostId([0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88]);

fn seen(store: &Store) -> (Vec<Minute>, CounterState) {
    (minutes(store), store.counter(DEVICE).unwrap().unwrap())
}

proptest! {
    #![proptest_config(cases(24))]

    #[test]
    fn any_order_and_repetition_of_deliveries_gives_the_same(
        history in history(),
        order in prop::collection::vec(any::<prop::sample::Index>(), 40),
        repeated in prop::collection::vec(any::<prop::sample::Index>(), 8),
        reopened in any::<prop::sample::Index>(),
    ) {
        let straight = history.deliveries(HOST);
        let mut shuffled = straight.clone();
        for (at, other) in order.iter().enumerate() {
            let at = at % shuffled.len();
            let other = other.index(shuffled.len());
            shuffled.swap(at, other);
        }
        for again in &repeated {
            let record = shuffled[again.index(shuffled.len())].clone();
            shuffled.push(record);
        }
        let (a, b) = (folder(), folder());

        let store = fill(a.path(), straight);
        let late = shuffled.split_off(reopened.index(shuffled.len()));
        drop(fill(b.path(), shuffled));
        let other = fill(b.path(), late);

        prop_assert_eq!(seen(&store), seen(&other));
        prop_assert_eq!(store.host_id(), HOST);
        for store in [&store, &other] {
            let report = store.verify(&mut |_, _| ()).unwrap();
            prop_assert!(report.journal_is_whole() && report.index_is_right(), "{report:?}");
        }
    }

    #[test]
    fn every_minute_is_the_sum_of_the_epochs_whose_middle_lies_in_it(history in history()) {
        let dir = folder();
        let store = fill(dir.path(), history.deliveries(HOST));
        let state = store.counter(DEVICE).unwrap().unwrap();
        let known = minutes(&store);

        // Nothing is lost and nothing counted twice: all dated epochs' steps are in the minutes.
        let mut seq = 1000;
        let (mut total, mut epochs) = (0, 0);
        for (index, (minutes, ..)) in history.boots.iter().enumerate() {
            let boot = u16::try_from(index + 1).unwrap();
            if !state.undated_boots.contains(&boot) {
                total += (0..*minutes).map(|m| u64::from((m * 7 + seq) % 200)).sum::<u64>();
            }
            epochs += u64::from(*minutes);
            seq += minutes + history.skipped;
        }
        prop_assert_eq!(known.iter().map(|m| u64::from(m.steps)).sum::<u64>(), total);
        prop_assert_eq!(state.epochs, epochs);
        prop_assert_eq!(state.stored_to, seq);
        prop_assert!(known.windows(2).all(|pair| pair[0].at < pair[1].at));
    }
}

#[test]
fn appending_the_same_twice_changes_nothing() {
    let dir = folder();
    let month: Vec<_> = (0..48).map(|hour| hourly(HOST, hour)).collect();
    let store = fill(dir.path(), month.clone());
    let once = seen(&store);
    store.clear_dirty(&store.dirty().unwrap()).unwrap();

    for record in &month {
        let stored = store.append_delivery(record).unwrap();
        assert_eq!((stored.new_epochs, stored.repeated_epochs, stored.conflicts), (0, 60, 0));
        assert!(stored.touched_hours.is_empty());
    }

    assert_eq!(seen(&store), once);
    assert_eq!(store.dirty().unwrap(), []);
}

#[test]
fn a_rebuilt_index_is_the_same_and_everything_is_to_be_computed_again() {
    let dir = folder();
    let store = fill(dir.path(), (0..200).map(|hour| hourly(HOST, hour)));
    let before = seen(&store);
    store.clear_dirty(&store.dirty().unwrap()).unwrap();
    verified(&store);
    let mut last = 0;

    let report = store
        .rebuild(&mut |done, total| {
            assert!(last <= done && done <= total);
            last = done;
        })
        .unwrap();

    assert_eq!((report.records, report.unreadable, report.damaged.len()), (200, 0, 0));
    assert_eq!(seen(&store), before);
    assert_eq!(store.dirty().unwrap().len(), 200);
    verified(&store);
    store.append_delivery(&hourly(HOST, 200)).unwrap();
    drop(store);
    let (store, report) = open(dir.path());
    assert_eq!(report.rebuilt, None);
    assert_eq!(minutes(&store).len(), 201 * 60);
}

#[test]
fn thirty_days_at_once_are_the_same_as_hour_by_hour() {
    let (a, b) = (folder(), folder());
    let hourly: Vec<_> = (0..720).map(|hour| hourly(HOST, hour)).collect();
    let whole = delivery(720 * 3600, hourly.iter().flat_map(|record| record.units.clone()).collect());

    let (slow, quick) = (fill(a.path(), hourly), fill(b.path(), [whole]));

    assert_eq!(minutes(&slow), minutes(&quick));
    let by_hour: BTreeMap<i64, usize> = minutes(&slow).iter().fold(BTreeMap::new(), |mut hours, minute| {
        *hours.entry(minute.at / 60).or_default() += 1;
        hours
    });
    assert_eq!(by_hour.len(), 720);
    assert_eq!(quick.dirty().unwrap().len(), 720);
    verified(&quick);
}
