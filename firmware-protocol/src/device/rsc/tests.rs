//! Minutes as they are heard, and dialogues played against the emulated pod.

use alloc::{vec, vec::Vec};

use super::*;
use crate::{
    device::{
        Life, LifeMinute, Setup,
        play::{Air, Play, Played, play},
    },
    driver::{Driver, Event, Fault, HostTime, Known, Outcome, Step},
    reading::{DeviceId, Epoch, HostId, Reading, Stamp, Wear},
};

/// 2026-03-01T12:00:00Z, minutes.
const NOON: i64 = 1_772_366_400 / 60;

fn epoch(notified: &[(u16, u8)]) -> Epoch {
    let minute = CadenceMinute { minute: 1000, notified: notified.to_vec() };
    assert_eq!(CadenceMinute::parse(&minute.emit()), Ok(minute.clone()));
    minute.epoch()
}

fn every_second(from: u16, to: u16, cadence: u8) -> Vec<(u16, u8)> {
    (from..to).map(|second| (second * 1000, cadence)).collect()
}

#[test]
fn a_minute_heard_throughout_has_the_steps_of_its_cadence() {
    let epoch = epoch(&every_second(0, 60, 112));

    assert_eq!((epoch.seq, epoch.seconds, epoch.steps), (1000, 60, 112));
    assert_eq!(epoch.stamp, Stamp::Utc { seconds: 60_000 });
}

#[test]
fn a_cadence_is_not_believed_longer_than_three_seconds() {
    let epoch = epoch(&[(10_000, 120)]);

    assert_eq!((epoch.seconds, epoch.steps), (3, 6));
    assert_eq!(epoch.stamp, Stamp::Utc { seconds: 60_010 });
}

#[test]
fn half_a_minute_is_no_minute() {
    let epoch = epoch(&every_second(30, 60, 100));

    assert_eq!((epoch.seconds, epoch.steps), (30, 50));
}

#[test]
fn units_out_of_order_or_cut_short_are_refused() {
    for bad in [vec![], vec![(5, 1), (4, 1)], vec![(60_000, 1)], vec![(0, 1); 601]] {
        let bytes = CadenceMinute { minute: 1, notified: bad }.emit();
        assert!(CadenceMinute::parse(&bytes).is_err());
    }
    assert!(CadenceMinute::parse(&[1, 0, 0, 0, 0, 0, 1, 2]).is_err());
}

fn sync(begin_ms: i64, live_ms: u32, stored_to: u32, air: Air<'_>) -> Played {
    let minutes = (NOON..NOON + 60)
        .map(|at| LifeMinute { at, steps: 90 + u32::try_from(at % 30).unwrap(), wear: Wear::Worn })
        .collect();
    let mut pod = FootPod::new(Life { serial: "P1".into(), minutes, battery: 50, ..Life::default() });
    let known = Known { host: HostId([1; 8]), stored_to, held_at: None, goal_steps: None, last_total: None };
    let mut with = Play { mtu: 23, begin_ms, clock_trusted: true, known, cut_after: None, air };
    play(&mut FootPodDriver::new(Setup { live_ms, ..Setup::default() }), &mut pod, &mut with)
}

fn epochs(played: &Played) -> Vec<Epoch> {
    played.readings().iter().filter_map(|r| if let Reading::Epoch(epoch) = r { Some(*epoch) } else { None }).collect()
}

#[test]
fn a_pod_that_is_heard_for_ten_minutes_tells_ten_minutes() {
    let played = sync(NOON * 60_000 - 5_000, 10 * 60_000 + 6_000, 0, &mut |from, bytes| vec![(from, bytes)]);

    let epochs = epochs(&played);
    assert_eq!(played.outcome, Some(Outcome::Complete));
    assert_eq!(played.identity.as_ref().unwrap().device, DeviceId::from_serial("foot-pod", b"P1"));
    for (at, epoch) in (NOON..NOON + 10).zip(&epochs) {
        assert_eq!((i64::from(epoch.seq), epoch.seconds), (at, 60));
        assert!(epoch.steps.abs_diff(90 + u32::try_from(at % 30).unwrap()) <= 2, "{epoch:?}");
    }
    // The last second belongs to the minute after.
    assert_eq!((epochs.len(), epochs[10].seconds <= 5), (11, true));
    assert!(played.readings().contains(&Reading::Battery { percent: 50 }));
}

#[test]
fn a_minute_of_which_a_dialogue_told_something_is_not_told_again() {
    let first = sync(NOON * 60_000 + 1_000, 90_000, 0, &mut |from, bytes| vec![(from, bytes)]);
    let stored_to = epochs(&first).last().unwrap().seq + 1;

    let second = sync((NOON + 1) * 60_000 + 35_000, 90_000, stored_to, &mut |from, bytes| vec![(from, bytes)]);

    let seqs: Vec<u32> = epochs(&first).iter().chain(&epochs(&second)).map(|epoch| epoch.seq).collect();
    assert!(seqs.windows(2).all(|pair| pair[0] < pair[1]), "{seqs:?}");
}

#[test]
fn lost_and_doubled_notifications_change_little() {
    let mut n = 0;
    let played = sync(NOON * 60_000 - 5_000, 3 * 60_000 + 6_000, 0, &mut |from, bytes| {
        n += 1;
        match n % 3 {
            0 => vec![],
            1 => vec![(from, bytes.clone()), (from, bytes)],
            _ => vec![(from, bytes)],
        }
    });

    for (at, epoch) in (NOON..NOON + 3).zip(&epochs(&played)) {
        assert_eq!((i64::from(epoch.seq), epoch.seconds), (at, 60));
        assert!(epoch.steps.abs_diff(90 + u32::try_from(at % 30).unwrap()) <= 2, "{epoch:?}");
    }
}

#[test]
fn measurements_that_are_damaged_are_not_heard() {
    let played = sync(NOON * 60_000, 3 * 60_000, 0, &mut |from, bytes| vec![(from, [bytes.as_slice(), &[0]].concat())]);

    assert_eq!(epochs(&played), []);
    assert_eq!(played.outcome, Some(Outcome::Complete));
}

#[test]
fn a_pod_that_never_stops_notifying_is_left() {
    let mut driver = FootPodDriver::new(Setup::default());
    let now = HostTime { mono_ms: 0, utc_us: Some(NOON * 60_000_000) };
    let known = Known { host: HostId([1; 8]), stored_to: 0, held_at: None, goal_steps: None, last_total: None };
    for _ in 0..20_000 {
        match driver.next(now) {
            Step::Identify(_) => driver.handle(Event::Known(known), now),
            Step::Read(_) => driver.handle(Event::Refused { code: 1 }, now),
            Step::Await { .. } => {
                driver.handle(Event::Notified { from: running::MEASUREMENT, bytes: &[0, 0, 1, 90] }, now);
            }
            Step::Finish(outcome) => {
                assert_eq!(outcome, Outcome::Interrupted(Fault::NoEnd));
                return;
            }
            _ => driver.handle(Event::Done, now),
        }
    }
    panic!("a dialogue without end");
}
