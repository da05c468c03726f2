//! Dialogues played against the emulated watch.

use alloc::{collections::BTreeMap, vec, vec::Vec};

use super::{BangleDriver, BangleWatch, FROM_WATCH, KIND};
use crate::{
    Uuid,
    device::{
        Life, LifeMinute, Setup,
        play::{Air, Play, Played, play},
    },
    driver::{Driver, Event, Fault, HostTime, Known, Outcome, QuarantineReason, Quarantined, Step},
    reading::{DeviceId, Epoch, HostId, Reading, Stamp, Wear},
};

/// 2026-03-01T12:00:00Z, minutes.
const NOON: i64 = 1_772_366_400 / 60;

fn steps_of(at: i64) -> u32 {
    u32::try_from(at % 11).unwrap() * 9
}

fn life(minutes: core::ops::Range<i64>) -> Life {
    let minutes = minutes.map(|at| LifeMinute { at, steps: steps_of(at), wear: Wear::Worn }).collect();
    Life { serial: "7fa1c2d3".into(), minutes, battery: 70, offset_min: 60, ..Life::default() }
}

fn a_day() -> BangleWatch {
    BangleWatch::new(life(NOON - 1440..NOON))
}

struct Host {
    stored_to: u32,
    offset_min: i16,
    mtu: u16,
    trusted: bool,
    cut_after: Option<u32>,
    kept: BTreeMap<u32, Epoch>,
    put_aside: Vec<Quarantined>,
}

impl Host {
    fn new() -> Self {
        Self {
            stored_to: 0,
            offset_min: 60,
            mtu: 23,
            trusted: true,
            cut_after: None,
            kept: BTreeMap::new(),
            put_aside: vec![],
        }
    }

    fn sync(&mut self, watch: &mut BangleWatch, begin_ms: i64, air: Air<'_>) -> Played {
        let setup = Setup { offset_min: self.offset_min, ..Setup::default() };
        let known = Known {
            host: HostId([1; 8]),
            stored_to: self.stored_to,
            held_at: None,
            goal_steps: None,
            last_total: None,
        };
        let mut with =
            Play { mtu: self.mtu, begin_ms, clock_trusted: self.trusted, known, cut_after: self.cut_after, air };
        let played = play(&mut BangleDriver::new(setup), watch, &mut with);
        for reading in played.readings() {
            if let Reading::Epoch(epoch) = reading {
                assert_eq!(self.kept.insert(epoch.seq, epoch), None, "block {} came twice", epoch.seq);
                self.stored_to = self.stored_to.max(epoch.seq + 1);
            }
        }
        self.put_aside.extend(played.deliveries.iter().flat_map(|delivery| delivery.quarantined.clone()));
        played
    }

    fn at_noon(&mut self, watch: &mut BangleWatch) -> Played {
        self.sync(watch, NOON * 60_000 + 5_000, &mut pass)
    }

    /// Every block of these minutes, and nothing else, with its steps.
    fn has(&self, minutes: core::ops::Range<i64>) {
        let mut blocks: BTreeMap<u32, u32> = BTreeMap::new();
        for at in minutes {
            *blocks.entry(u32::try_from(at / 10).unwrap()).or_insert(0) += steps_of(at);
        }
        let kept: BTreeMap<u32, u32> = self.kept.iter().map(|(seq, epoch)| (*seq, epoch.steps)).collect();
        assert_eq!(kept, blocks);
    }
}

fn pass(from: Uuid, bytes: Vec<u8>) -> Vec<(Uuid, Vec<u8>)> {
    vec![(from, bytes)]
}

#[test]
fn a_day_comes_in_whole_on_any_mtu() {
    for mtu in [23, 64, 247] {
        let (mut watch, mut host) = (a_day(), Host { mtu, ..Host::new() });

        let played = host.at_noon(&mut watch);

        assert_eq!(played.outcome, Some(Outcome::Complete));
        let identity = played.identity.unwrap();
        assert_eq!(
            (identity.device, identity.firmware.as_str()),
            (DeviceId::from_serial(KIND.name, b"7fa1c2d3"), "2v26")
        );
        host.has(NOON - 1440..NOON);
        assert!(host.put_aside.is_empty());
    }
}

#[test]
fn a_second_dialogue_brings_what_is_new_and_nothing_twice() {
    let (mut watch, mut host) = (a_day(), Host::new());
    host.at_noon(&mut watch);
    watch.record(NOON / 10, 123, 1);

    host.sync(&mut watch, (NOON + 25) * 60_000, &mut pass);

    let last = host.kept.last_key_value().unwrap().1;
    assert_eq!((host.kept.len(), last.steps, last.wear), (145, 123, Wear::NotWorn));
}

#[test]
fn cut_after_any_step_the_next_dialogue_completes_it() {
    for cut in (0..1500).step_by(7) {
        let (mut watch, mut host) = (a_day(), Host { cut_after: Some(cut), ..Host::new() });
        host.at_noon(&mut watch);
        host.cut_after = None;

        host.at_noon(&mut watch);

        host.has(NOON - 1440..NOON);
    }
}

#[test]
fn a_lost_notification_is_noticed_and_the_blocks_are_read_again() {
    for lost in 0..60 {
        let (mut watch, mut host) = (a_day(), Host::new());
        let mut n = 0;
        let played = host.sync(&mut watch, NOON * 60_000, &mut |from, bytes| {
            n += 1;
            if n == 20 + lost * 5 { vec![] } else { vec![(from, bytes)] }
        });

        assert_eq!(played.outcome, Some(Outcome::Complete), "{lost}");
        host.has(NOON - 1440..NOON);
    }
}

/// The beginning of one line and the end of another can make a block that nobody recorded.
#[test]
fn two_lines_that_a_loss_made_one_are_not_believed() {
    for (mtu, minutes) in [(247, 1440), (64, 1440), (247, 2 * 1440)] {
        for lost in 0..90 {
            let mut watch = BangleWatch::new(life(NOON - minutes..NOON));
            let (mut host, mut n) = (Host { mtu, ..Host::new() }, 0);

            let played = host.sync(&mut watch, NOON * 60_000, &mut |from, bytes| {
                n += 1;
                if n == 5 + lost { vec![] } else { vec![(from, bytes)] }
            });
            // Without its last line a pass has no count.
            if played.outcome == Some(Outcome::Interrupted(Fault::LossyLink)) {
                host.at_noon(&mut watch);
            }

            host.has(NOON - minutes..NOON);
        }
    }
}

#[test]
fn notifications_that_change_places_make_no_block_wrong() {
    for mtu in [64, 247] {
        for turned in 0..60 {
            let (mut watch, mut host) = (a_day(), Host { mtu, ..Host::new() });
            let (mut n, mut held) = (0, None);

            for _ in 0..3 {
                host.sync(&mut watch, NOON * 60_000, &mut |from, bytes| {
                    n += 1;
                    if n == 5 + turned {
                        held = Some((from, bytes));
                        return vec![];
                    }
                    core::iter::once((from, bytes)).chain(held.take()).collect()
                });
            }

            host.has(NOON - 1440..NOON);
        }
    }
}

#[test]
fn on_a_link_that_loses_in_every_dialogue_no_block_is_wrong_and_in_the_end_all_are_there() {
    for one_in in [13, 29, 53] {
        let (mut watch, mut host, mut n) = (a_day(), Host { mtu: 247, ..Host::new() }, 0_u32);
        for _ in 0..200 {
            host.sync(&mut watch, NOON * 60_000, &mut |from, bytes| {
                n = n.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                if (n >> 8) % one_in == 0 { vec![] } else { vec![(from, bytes)] }
            });
        }

        host.has(NOON - 1440..NOON);
    }
}

#[test]
fn on_a_link_that_keeps_losing_what_came_is_kept_and_the_rest_comes_later() {
    let (mut watch, mut host) = (a_day(), Host::new());
    let mut n = 0;
    let played = host.sync(&mut watch, NOON * 60_000, &mut |from, bytes| {
        n += 1;
        if n % 97 == 0 { vec![] } else { vec![(from, bytes)] }
    });

    assert_eq!(played.outcome, Some(Outcome::Interrupted(Fault::LossyLink)));
    // Nothing is kept beyond a hole that may still be filled.
    let kept = host.kept.len();
    assert!((10..144).contains(&kept), "{kept}");
    host.has(NOON - 1440..NOON - 1440 + i64::try_from(kept).unwrap() * 10);
    for _ in 0..4 {
        host.at_noon(&mut watch);
    }
    host.has(NOON - 1440..NOON);
}

#[test]
fn doubled_notifications_count_nothing_twice() {
    let (mut watch, mut host) = (a_day(), Host { mtu: 247, ..Host::new() });
    let mut n = 0;

    host.sync(&mut watch, NOON * 60_000, &mut |from, bytes| {
        n += 1;
        if n % 5 == 0 { vec![(from, bytes.clone()), (from, bytes)] } else { vec![(from, bytes)] }
    });

    for epoch in host.kept.values() {
        let Stamp::Utc { seconds } = epoch.stamp else { panic!() };
        assert_eq!(epoch.steps, (seconds / 60..seconds / 60 + 10).map(steps_of).sum::<u32>());
    }
}

#[test]
fn a_count_that_is_never_reached_ends_as_a_lossy_link_with_the_blocks_stored() {
    let (mut watch, mut host) = (a_day(), Host::new());
    watch.miscounts = true;

    let played = host.at_noon(&mut watch);

    assert_eq!(played.outcome, Some(Outcome::Interrupted(Fault::LossyLink)));
    host.has(NOON - 1440..NOON);
}

#[test]
fn without_its_app_the_watch_is_not_ready() {
    let (mut watch, mut host) = (a_day(), Host::new());
    watch.has_app = false;

    let played = host.at_noon(&mut watch);

    assert_eq!(played.outcome, Some(Outcome::Interrupted(Fault::NotReady)));
    assert!(host.kept.is_empty());
}

#[test]
fn a_watch_that_does_not_evaluate_has_no_identity_and_is_not_read() {
    let (mut watch, mut host) = (a_day(), Host::new());
    watch.evaluates = false;

    let played = host.at_noon(&mut watch);

    assert_eq!((played.outcome, played.identity), (Some(Outcome::Interrupted(Fault::NotReady)), None));
}

#[test]
fn a_wrong_clock_is_kept_as_a_reading_and_set_after_the_blocks_came() {
    let mut watch = BangleWatch::new(Life { clock_error_ms: 7_200_000, ..life(NOON - 1440..NOON - 300) });
    let mut host = Host::new();

    let played = host.at_noon(&mut watch);
    let again = host.sync(&mut watch, (NOON + 10) * 60_000, &mut pass);

    let error = |played: &Played| {
        let clock = |reading| match reading {
            Reading::Clock { host_utc_ms, claimed_utc_ms, .. } => Some(claimed_utc_ms - host_utc_ms),
            _ => None,
        };
        played.readings().into_iter().find_map(clock).unwrap()
    };
    assert!((error(&played) - 7_200_000).abs() < 200);
    assert!(error(&again).abs() < 1_000);
    assert_eq!(again.outcome, Some(Outcome::Complete));
}

#[test]
fn blocks_of_a_clock_that_lies_by_years_are_put_aside_and_do_not_move_the_cursor() {
    for error_ms in [3 * 365 * 86_400_000, -3 * 365 * 86_400_000] {
        let mut watch = BangleWatch::new(Life { clock_error_ms: error_ms, ..life(NOON - 1440..NOON - 720) });
        let mut host = Host::new();

        let played = host.at_noon(&mut watch);

        assert_eq!((played.outcome, host.kept.len()), (Some(Outcome::Complete), 0));
        assert!(host.put_aside.iter().all(|one| one.reason == QuarantineReason::WrongTime && one.seq.is_none()));
        // Blocks of the past are not even asked for; of the future all come.
        assert_eq!(host.put_aside.len(), if error_ms > 0 { 72 } else { 0 });
        for block in NOON / 10..NOON / 10 + 3 {
            watch.record(block, 50, 0);
        }
        host.sync(&mut watch, (NOON + 40) * 60_000, &mut pass);
        assert_eq!(host.kept.len(), 3);
    }
}

#[test]
fn a_block_that_is_not_over_is_left_for_the_next_time() {
    let (mut watch, mut host) = (a_day(), Host::new());
    watch.record(NOON / 10, 5, 0);
    watch.record(NOON / 10 + 1, 7, 0);

    host.sync(&mut watch, (NOON + 19) * 60_000, &mut pass);

    assert_eq!(host.stored_to, u32::try_from(NOON / 10 + 1).unwrap());
}

#[test]
fn the_hour_that_a_change_of_zone_moves_is_not_counted_again() {
    let (mut watch, mut host) = (a_day(), Host { offset_min: 0, ..Host::new() });

    host.at_noon(&mut watch);
    let second = host.sync(&mut watch, (NOON + 5) * 60_000, &mut pass);
    let third = host.sync(&mut watch, (NOON + 120) * 60_000, &mut pass);

    host.has(NOON - 1440..NOON);
    assert_eq!((second.outcome, third.outcome), (Some(Outcome::Complete), Some(Outcome::Complete)));
    for block in NOON / 10 + 12..NOON / 10 + 15 {
        watch.record(block, 60, 0);
    }
    host.sync(&mut watch, (NOON + 160) * 60_000, &mut pass);
    assert_eq!(host.kept.len(), 147);
}

#[test]
fn going_east_loses_and_doubles_nothing() {
    let (mut watch, mut host) = (a_day(), Host { offset_min: 180, ..Host::new() });

    host.at_noon(&mut watch);
    for block in NOON / 10..NOON / 10 + 3 {
        watch.record(block, 60, 0);
    }
    host.sync(&mut watch, (NOON + 40) * 60_000, &mut pass);

    assert_eq!(host.kept.len(), 147);
}

#[test]
fn without_a_clock_the_host_sets_and_stores_nothing() {
    let mut watch = BangleWatch::new(Life { clock_error_ms: 7_200_000, ..life(NOON - 1440..NOON) });

    let played = Host { trusted: false, ..Host::new() }.at_noon(&mut watch);

    assert_eq!((played.outcome, played.deliveries.len()), (Some(Outcome::Complete), 0));
}

#[test]
fn another_watch_is_another_counter() {
    let mut watch = BangleWatch::new(Life { serial: "00000001".into(), ..life(NOON - 60..NOON) });

    let played = Host::new().at_noon(&mut watch);

    assert_ne!(played.identity.unwrap().device, DeviceId::from_serial(KIND.name, b"7fa1c2d3"));
}

#[test]
fn two_hundred_days_come_in_batches() {
    let mut watch = BangleWatch::new(life(NOON - 200 * 1440..NOON));
    let mut host = Host { mtu: 247, ..Host::new() };

    let played = host.at_noon(&mut watch);

    assert_eq!((played.outcome, host.kept.len()), (Some(Outcome::Complete), 200 * 144));
    assert!(played.deliveries.len() >= 40);
}

/// A watch that answers who it is and then sends these lines again and again.
fn endless(line: &dyn Fn(u64) -> Vec<u8>) -> Outcome {
    let mut driver = BangleDriver::new(Setup::default());
    let now = HostTime { mono_ms: 0, utc_us: Some(NOON * 60_000_000) };
    let known = Known { host: HostId([1; 8]), stored_to: 0, held_at: None, goal_steps: None, last_total: None };
    let (mut identified, mut n) = (false, 0);
    for _ in 0..3_000_000 {
        match driver.next(now) {
            Step::Identify(_) => {
                identified = true;
                driver.handle(Event::Known(known), now);
            }
            Step::Store(_) => driver.handle(Event::Stored, now),
            Step::Await { .. } => {
                let bytes = if identified {
                    n += 1;
                    line(n)
                } else {
                    b"{\"t\":\"brisk\",\"id\":\"x\",\"now\":1772366400000,\"tz\":0}\r\n".to_vec()
                };
                driver.handle(Event::Notified { from: FROM_WATCH, bytes: &bytes }, now);
            }
            Step::Finish(outcome) => return outcome,
            _ => driver.handle(Event::Done, now),
        }
    }
    panic!("a dialogue without end");
}

#[test]
fn a_transfer_that_never_ends_is_ended() {
    let no_end = Outcome::Interrupted(Fault::NoEnd);
    let block =
        |end_ms: u64, steps: u64| alloc::format!("{{\"t\":\"act\",\"stp\":{steps},\"ts\":{end_ms}}}\r\n").into_bytes();
    assert_eq!(endless(&|_| b"{\"t\":\"act\",\"stp\":1}\r\n".to_vec()), no_end);
    assert_eq!(endless(&|n| block(1_772_366_400_000 - n % 57_000 * 600_000, 1)), no_end);
    assert_eq!(endless(&|n| block(1_772_366_400_000, n % 2_000)), no_end);
    assert_eq!(endless(&|n| block(1_872_366_400_000 + n, 1)), no_end);
    assert_eq!(endless(&|_| b"{\"t\":\"actfetch\",\"state\":\"end\",\"count\":9}\r\n".to_vec()), {
        Outcome::Interrupted(Fault::LossyLink)
    });
    assert_eq!(endless(&|_| vec![0x13]), no_end);
}
