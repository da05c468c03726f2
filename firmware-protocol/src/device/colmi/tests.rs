//! Whole dialogues with the emulated ring.

use super::*;
use crate::{
    device::{
        Life, LifeMinute, Peripheral, Setup,
        civil::Date,
        play::{Play, Played, play},
    },
    driver::{Fault, Known, Outcome},
    reading::{DeviceId, HostId},
};
use alloc::{collections::BTreeMap, string::ToString, vec, vec::Vec};

/// 2026-03-01T12:00:00Z, minutes.
const NOON: i64 = 1_772_366_400 / 60;
const HOUR_MS: i64 = 3_600_000;

fn life(minutes: core::ops::Range<i64>) -> Life {
    let minutes = minutes.map(|n| LifeMinute { at: NOON + n, steps: 7, wear: Wear::Worn }).collect();
    Life { serial: "4711".to_string(), minutes, battery: 55, ..Life::default() }
}

fn setup() -> Setup {
    Setup { peer: "AA:BB".to_string(), ..Setup::default() }
}

fn known(stored_to: u32) -> Known {
    Known { host: HostId([1; 8]), stored_to, held_at: None, goal_steps: None, last_total: None }
}

struct Table {
    setup: Setup,
    begin_ms: i64,
    stored_to: u32,
    clock_trusted: bool,
    cut_after: Option<u32>,
}

impl Table {
    fn at(begin_ms: i64) -> Self {
        Self { setup: setup(), begin_ms, stored_to: 0, clock_trusted: true, cut_after: None }
    }

    fn play(&self, ring: &mut dyn Peripheral, air: crate::device::play::Air<'_>) -> Played {
        let mut driver = ColmiDriver::new(self.setup.clone());
        let mut with = Play {
            mtu: 23,
            begin_ms: self.begin_ms,
            clock_trusted: self.clock_trusted,
            known: known(self.stored_to),
            cut_after: self.cut_after,
            air,
        };
        play(&mut driver, ring, &mut with)
    }

    fn well(&self, ring: &mut dyn Peripheral) -> Played {
        self.play(ring, &mut |from, bytes| vec![(from, bytes)])
    }
}

const NOW_MS: i64 = NOON * 60_000 + 10 * 60_000;

/// Steps by number; asserts that no number has two values.
fn epochs(played: &[&Played]) -> BTreeMap<u32, u32> {
    let mut all = BTreeMap::new();
    for reading in played.iter().flat_map(|played| played.readings()) {
        if let Reading::Epoch(epoch) = reading {
            assert!(all.insert(epoch.seq, epoch.steps).is_none_or(|before| before == epoch.steps), "two values");
        }
    }
    all
}

/// One past the newest number that is stored or known to be empty, the way the daemon counts numbers made of stamps.
fn stored_to(played: &[&Played]) -> u32 {
    let readings = played.iter().flat_map(|played| played.readings());
    let end = |reading| match reading {
        Reading::Epoch(epoch) => epoch.seq + 1,
        Reading::Gap { seq, count } => seq + count,
        _ => 0,
    };
    readings.map(end).max().unwrap_or(0)
}

#[test]
fn hours_that_are_over_come_in_and_the_running_one_does_not() {
    let mut ring = ColmiRing::new(&life(-600..10));

    let played = Table::at(NOW_MS).well(&mut ring);

    let epochs = epochs(&[&played]);
    assert_eq!(played.outcome, Some(Outcome::Complete));
    assert_eq!((epochs.len(), epochs.values().sum::<u32>()), (10, 4200));
    let quarter = u32::try_from(NOON / 15).unwrap();
    assert_eq!(epochs.keys().last(), Some(&(quarter - 4)));
    assert_eq!(stored_to(&[&played]), quarter - 3);
    assert!(played.readings().contains(&Reading::Battery { percent: 55 }));
}

#[test]
fn two_dialogues_bring_each_hour_once() {
    let mut ring = ColmiRing::new(&life(-600..300));

    let first = Table::at(NOW_MS).well(&mut ring);
    let second = Table { stored_to: stored_to(&[&first]), ..Table::at(NOW_MS + 4 * HOUR_MS) }.well(&mut ring);

    assert_eq!(epochs(&[&first]).len() + epochs(&[&second]).len(), epochs(&[&first, &second]).len());
    // The ring's clock is set to whole seconds: a minute that begins with an hour may fall into the one before.
    assert!((14 * 420..=14 * 420 + 7).contains(&epochs(&[&first, &second]).values().sum::<u32>()));
}

#[test]
fn an_hour_without_a_record_is_missing_and_not_zero_steps() {
    let mut with_a_hole = life(-600..0);
    with_a_hole.minutes.retain(|minute| !(NOON - 300..NOON - 180).contains(&minute.at));

    let played = Table::at(NOW_MS).well(&mut ColmiRing::new(&with_a_hole));

    let epochs = epochs(&[&played]);
    assert_eq!(epochs.len(), 8);
    assert!(!epochs.contains_key(&u32::try_from((NOON - 300) / 15).unwrap()));
}

#[test]
fn what_the_ring_overwrote_is_a_gap_unless_it_is_new_here() {
    let mut ring = ColmiRing::new(&life(-600..0));
    let ten_days_ago = u32::try_from((NOON - 10 * 1440) / 15).unwrap();

    let returning = Table { stored_to: ten_days_ago, ..Table::at(NOW_MS) }.well(&mut ring);
    let new = Table::at(NOW_MS).well(&mut ring);

    let midnight = (NOON / 1440 - 7) * 96;
    let count = u32::try_from(midnight).unwrap() - ten_days_ago;
    assert!(returning.readings().contains(&Reading::Gap { seq: ten_days_ago, count }));
    assert!(!new.readings().iter().any(|reading| matches!(reading, Reading::Gap { .. })));
    assert_eq!(epochs(&[&returning]), epochs(&[&new]));
}

#[test]
fn a_link_that_breaks_after_any_step_loses_nothing_and_doubles_nothing() {
    let whole = epochs(&[&Table::at(NOW_MS).well(&mut ColmiRing::new(&life(-3000..0)))]);
    for cut in 0..60 {
        let mut ring = ColmiRing::new(&life(-3000..0));

        let broken = Table { cut_after: Some(cut), ..Table::at(NOW_MS) }.well(&mut ring);
        let again = Table { stored_to: stored_to(&[&broken]), ..Table::at(NOW_MS + 60_000) }.well(&mut ring);

        assert_eq!(epochs(&[&broken, &again]), whole, "cut after {cut}");
    }
}

#[test]
fn lost_and_doubled_packets_are_asked_for_again() {
    let mut ring = ColmiRing::new(&life(-3000..0));
    let mut n = 0;

    let played = Table::at(NOW_MS).play(&mut ring, &mut |from, bytes| {
        n += 1;
        match n % 17 {
            0 => vec![],
            1 => vec![(from, bytes.clone()), (from, bytes)],
            _ => vec![(from, bytes)],
        }
    });

    assert_eq!(played.outcome, Some(Outcome::Complete));
    assert_eq!(epochs(&[&played]).values().sum::<u32>(), 21_000);
}

/// The last packet of a day that comes twice is not taken for a packet of the next day: neither a record with the same
/// place nor *no steps*.
#[test]
fn packets_that_come_twice_leave_no_hour_and_no_day_out() {
    let mut life = life(-5 * 1440 - 720..0);
    // Two days in a row without a step, then days of 16 hours each.
    life.minutes.retain(|minute| minute.at > NOON - 3 * 1440 - 720 && minute.at.rem_euclid(1440) >= 8 * 60);
    life.minutes.insert(0, LifeMinute { at: NOON - 6 * 1440, steps: 9, wear: Wear::Worn });
    let well = Table::at(NOW_MS).well(&mut ColmiRing::new(&life));

    let doubled = Table::at(NOW_MS)
        .play(&mut ColmiRing::new(&life), &mut |from, bytes| vec![(from, bytes.clone()), (from, bytes)]);

    assert_eq!((well.outcome, doubled.outcome), (Some(Outcome::Complete), Some(Outcome::Complete)));
    assert_eq!(epochs(&[&well]).len(), 1 + 3 * 16 + 4);
    assert_eq!(epochs(&[&doubled]), epochs(&[&well]));
}

#[test]
fn a_record_that_never_arrives_holds_back_what_follows_it() {
    let mut ring = ColmiRing::new(&life(-3000..0));
    let yesterday = |bytes: &[u8]| bytes.starts_with(&[0x43, 0x26, 0x02, 0x28]) && bytes.get(5) == Some(&3);

    let played = Table::at(NOW_MS).play(&mut ring, &mut |from, bytes| {
        if yesterday(&bytes) { vec![] } else { vec![(from, bytes)] }
    });
    let again = Table { stored_to: stored_to(&[&played]), ..Table::at(NOW_MS) }.well(&mut ring);

    assert_eq!(played.outcome, Some(Outcome::Interrupted(Fault::LossyLink)));
    assert_eq!(stored_to(&[&played]), u32::try_from((NOON - 36 * 60 + 120) / 15 + 1).unwrap());
    assert_eq!(epochs(&[&played, &again]).values().sum::<u32>(), 21_000);
}

#[test]
fn a_record_that_is_always_damaged_is_put_aside_and_holds_nothing_back() {
    let mut ring = ColmiRing::new(&life(-600..0));

    let played = Table::at(NOW_MS).play(&mut ring, &mut |from, mut bytes| {
        if bytes.starts_with(&[0x43, 0x26]) && bytes.get(5) == Some(&3) {
            bytes[9] ^= 1;
        }
        vec![(from, bytes)]
    });

    let aside: Vec<_> = played.deliveries.iter().flat_map(|delivery| &delivery.quarantined).collect();
    assert_eq!((aside.len(), played.outcome), (1, Some(Outcome::Complete)));
    assert_eq!((aside[0].reason, aside[0].bytes.len()), (QuarantineReason::BadChecksum, PACKET_LEN));
    assert_eq!(epochs(&[&played]).len(), 9);
}

#[test]
fn a_record_that_the_air_damages_is_asked_for_again() {
    let mut ring = ColmiRing::new(&life(-600..0));
    let mut n = 0_u8;

    let played = Table::at(NOW_MS).play(&mut ring, &mut |from, mut bytes| {
        if bytes.starts_with(&[0x43, 0x26]) && bytes.get(5) == Some(&3) && n < 2 {
            n += 1;
            bytes[9] ^= n;
        }
        vec![(from, bytes)]
    });

    assert_eq!((epochs(&[&played]).len(), played.outcome), (10, Some(Outcome::Complete)));
    assert!(played.deliveries.iter().all(|delivery| delivery.quarantined.is_empty()));
}

#[test]
fn records_of_a_clock_that_lay_by_years_do_not_poison_the_cursor() {
    for years in [3 * 365_i64, -3 * 365] {
        let mut ring = ColmiRing::new(&life(-600..0));

        let played = Table::at(NOW_MS).play(&mut ring, &mut |from, bytes| match Reply::parse(&bytes) {
            Ok(Reply::Steps(record)) if record.index != 2 => {
                let date = Date::from_days(record.date.days() + years);
                vec![(from, Reply::Steps(layout::Record { date, ..record }).emit().to_vec())]
            }
            _ => vec![(from, bytes)],
        });

        let aside: Vec<_> = played.deliveries.iter().flat_map(|delivery| &delivery.quarantined).collect();
        assert_eq!(aside.len(), 9);
        assert!(aside.iter().all(|one| one.reason == QuarantineReason::WrongTime && one.seq.is_none()));
        let good = u32::try_from((NOON - 600 + 120) / 15).unwrap();
        assert_eq!((epochs(&[&played]).len(), stored_to(&[&played])), (1, good + 1));
    }
}

#[test]
fn a_cursor_that_lies_years_ahead_is_not_believed() {
    let mut ring = ColmiRing::new(&life(-600..0));
    let in_years = u32::try_from((NOON + 800_000) / 15).unwrap();

    let played = Table { stored_to: in_years, ..Table::at(NOW_MS) }.well(&mut ring);

    assert_eq!(epochs(&[&played]).len(), 10);
}

#[test]
fn a_host_that_does_not_believe_its_clock_sets_none_and_stores_nothing() {
    let mut ring = ColmiRing::new(&Life { clock_error_ms: HOUR_MS, ..life(-600..0) });

    let played = Table { clock_trusted: false, ..Table::at(NOW_MS) }.well(&mut ring);
    let first_set = Table::at(NOW_MS).well(&mut ring);

    assert_eq!((played.outcome, played.deliveries.len()), (Some(Outcome::Complete), 0));
    // The ring had gone on with its own clock, an hour ahead.
    assert_eq!(epochs(&[&first_set]).keys().next(), Some(&u32::try_from((NOON - 540) / 15).unwrap()));
}

#[test]
fn the_end_of_summer_time_counts_no_hour_twice() {
    let mut ring = ColmiRing::new(&Life { offset_min: 120, ..life(-600..0) });
    let summer = Setup { offset_min: 120, ..setup() };
    let winter = Setup { offset_min: 60, ..setup() };

    let before = Table { setup: summer, ..Table::at(NOW_MS) }.well(&mut ring);
    let at = stored_to(&[&before]);
    let after = Table { setup: winter.clone(), stored_to: at, ..Table::at(NOW_MS + 60_000) }.well(&mut ring);
    // The host may have lost its cursor: the same steps have the same numbers then too.
    let anew = Table { setup: winter, stored_to: 0, ..Table::at(NOW_MS + 2 * HOUR_MS) }.well(&mut ring);

    assert_eq!(epochs(&[&before]).values().sum::<u32>(), 4200);
    assert_eq!(epochs(&[&after]).len(), 0);
    assert_eq!(epochs(&[&before, &anew]).values().sum::<u32>(), 4200);
}

#[test]
fn records_at_quarters_make_epochs_of_a_quarter() {
    let mut ring = ColmiRing::new(&life(-600..0));

    // Eleven o'clock becomes a quarter past ten.
    let played = Table::at(NOW_MS).play(&mut ring, &mut |from, bytes| match Reply::parse(&bytes) {
        Ok(Reply::Steps(record)) if record.slot == 44 => {
            vec![(from, Reply::Steps(layout::Record { slot: 41, ..record }).emit().to_vec())]
        }
        _ => vec![(from, bytes)],
    });

    let lengths: Vec<u32> = played
        .readings()
        .iter()
        .filter_map(|reading| if let Reading::Epoch(epoch) = reading { Some(epoch.seconds) } else { None })
        .collect();
    assert_eq!(lengths, [900; 10]);
}

#[test]
fn a_ring_that_never_stops_talking_is_left_with_what_is_good() {
    let mut ring = ColmiRing::new(&life(-600..0));
    let filler = Reply::StepsHeader { records: 200, calories_in_tens: true }.emit().to_vec();

    let played = Table::at(NOW_MS).play(&mut ring, &mut |from, bytes| match Reply::parse(&bytes) {
        Ok(Reply::Steps(record)) if record.index == 9 => vec![(from, filler.clone()); 300],
        Ok(Reply::Steps(record)) => {
            vec![(from, Reply::Steps(layout::Record { count: 200, ..record }).emit().to_vec())]
        }
        _ => vec![(from, bytes)],
    });

    assert!(matches!(played.outcome, Some(Outcome::Interrupted(Fault::NoEnd | Fault::LossyLink))));
    assert_eq!(epochs(&[&played]).len(), 9);
}

#[test]
fn around_midnight_the_day_is_asked_for_when_it_is_clear_which_one_it_is() {
    let midnight_ms = (NOON + 720) * 60_000;
    for seconds in -20_i64..10 {
        let mut ring = ColmiRing::new(&life(0..660));

        let played = Table::at(midnight_ms + seconds * 1000).well(&mut ring);

        assert_eq!(epochs(&[&played]).values().sum::<u32>(), 660 * 7, "{seconds}");
        assert_eq!(played.outcome, Some(Outcome::Complete));
    }
}

#[test]
fn another_ring_is_another_counter() {
    let other = Setup { peer: "AA:BC".to_string(), ..setup() };
    let id = |setup: Setup| {
        let played = Table { setup, ..Table::at(NOW_MS) }.well(&mut ColmiRing::new(&life(-60..0)));
        played.identity.map(|identity| identity.device)
    };

    assert_eq!(id(setup()), Some(DeviceId::from_serial("colmi-ring", b"AA:BB")));
    assert_ne!(id(setup()), id(other));
    assert_eq!(id(Setup::default()), None);
}

#[test]
fn rings_are_recognised_by_name() {
    let heard = |name: &str| recognise(&Advertisement { name: Some(name.to_string()), ..Advertisement::default() });

    assert!(heard("R02_1A2B") && heard("R09_FFFF") && heard("COLMI R10_0001"));
    assert!(!heard("R2_1A2B") && !heard("Ring") && !heard("R02") && !recognise(&Advertisement::default()));
}
