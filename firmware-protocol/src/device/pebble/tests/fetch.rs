//! What comes in when all goes well, and what the watch and its clock may be like.

use alloc::{string::ToString, vec::Vec};

use super::{
    KNOWN, NOON, OTHER_TAG, Shelf, Tapped, YEAR_MS, driver, fetch, fetch_with, life, minute_ms, passes, shelf, watch,
};
use crate::{
    device::{
        Advertisement, Life, Peripheral,
        pebble::{
            KIND, PebbleWatch,
            logging::{MINUTES_TAG, Message},
            protocol::{Time, VERSION_ANSWER},
        },
        play::{Play, play},
    },
    driver::{Known, Outcome, QuarantineReason, UnitKind},
    reading::{DeviceId, Reading, Stamp},
    steplog::block::Block,
};

#[test]
fn a_day_comes_in_and_is_deleted_on_the_watch() {
    let mut watch = watch(NOON - 1440..NOON);

    let played = fetch(&mut watch, KNOWN, NOON);

    assert_eq!(played.outcome, Some(Outcome::Complete));
    shelf(&played).assert_has(NOON - 1440..NOON);
    assert_eq!(watch.left(MINUTES_TAG), 0);
    let identity = played.identity.unwrap();
    assert_eq!(identity.device, DeviceId::from_serial("pebble", b"C1234567890A"));
    assert_eq!(identity.firmware, "v4.35.0");
}

#[test]
fn the_smallest_mtu_does_as_well() {
    let mut watch = watch(NOON - 200..NOON);

    let played = fetch_with(&mut watch, KNOWN, NOON, |with| with.mtu = 23);

    assert_eq!(played.outcome, Some(Outcome::Complete));
    shelf(&played).assert_has(NOON - 200..NOON);
}

#[test]
fn logs_of_others_are_left_as_they_are() {
    let mut watch = watch(NOON - 100..NOON);

    for at in NOON..NOON + 3 {
        fetch(&mut watch, KNOWN, at);
    }

    assert_eq!(watch.left(OTHER_TAG), 1);
}

#[test]
fn two_dialogues_bring_each_minute_once() {
    let mut watch = watch(NOON - 100..NOON + 50);
    let mut shelf = Shelf::default();

    shelf.take(&fetch(&mut watch, KNOWN, NOON - 3));
    shelf.take(&fetch(&mut watch, shelf.known(), NOON + 50));

    shelf.assert_has(NOON - 100..NOON + 50);
    assert_eq!(shelf.repeated, 0);
    assert_eq!(shelf.gaps, []);
}

#[test]
fn only_logs_of_minutes_are_acknowledged_and_nothing_is_ever_refused() {
    let mut tapped = Tapped::new(watch(NOON - 100..NOON));
    let mut driver = driver(&tapped.watch);
    let mut air = passes;
    let mut with =
        Play { mtu: 247, begin_ms: minute_ms(NOON), clock_trusted: true, known: KNOWN, cut_after: None, air: &mut air };

    let played = play(&mut driver, &mut tapped, &mut with);

    assert_eq!(played.outcome, Some(Outcome::Complete));
    let messages = tapped.logging();
    // Of its two logs the first is the activities'. One opening, and a message for each two of seven items.
    let acks = messages.iter().filter(|message| matches!(message, Message::Ack { session: 2 })).count();
    assert_eq!((acks, messages.len()), (1 + 4, 1 + 5));
    assert_eq!(messages.first(), Some(&Message::Report { open: &[] }));
    assert!(tapped.said.contains(&(17, VERSION_ANSWER.to_vec())));
}

#[test]
fn minutes_without_record_become_a_gap_and_never_zeros() {
    let mut watch = PebbleWatch::new(life((NOON - 100..NOON - 60).chain(NOON - 30..NOON)));

    let played = fetch(&mut watch, KNOWN, NOON);

    let shelf = shelf(&played);
    shelf.assert_has((NOON - 100..NOON - 60).chain(NOON - 30..NOON));
    assert_eq!(shelf.gaps, [(u32::try_from(NOON - 60).unwrap(), 30)]);
    assert_eq!(shelf.stored_to(), u32::try_from(NOON).unwrap());
}

#[test]
fn what_the_watch_threw_away_becomes_a_gap() {
    let mut watch = watch(NOON - 60_000..NOON);
    let stored_to = u32::try_from(NOON - 60_000).unwrap();

    let played = fetch(&mut watch, Known { stored_to, ..KNOWN }, NOON);

    assert_eq!(played.outcome, Some(Outcome::Complete));
    let shelf = shelf(&played);
    let (from, count) = shelf.gaps[0];
    assert_eq!((from, shelf.gaps.len()), (stored_to, 1));
    assert_eq!(shelf.epochs.keys().next(), Some(&(from + count)));
    shelf.assert_has(i64::from(from + count)..NOON);
}

#[test]
fn minutes_before_the_first_contact_are_no_gap() {
    let mut watch = watch(NOON - 100..NOON);

    assert_eq!(shelf(&fetch(&mut watch, KNOWN, NOON)).gaps, []);
}

#[test]
fn several_logs_are_fetched_though_the_newest_comes_first() {
    let minutes = || (0..10).flat_map(|day| NOON - 14_400 + day * 1440..NOON - 14_400 + day * 1440 + 100);
    for cut in [60, 100, 140, 180, 100_000] {
        let mut watch = PebbleWatch::new(life(minutes()));
        let mut shelf = Shelf::default();

        shelf.take(&fetch_with(&mut watch, KNOWN, NOON, |with| with.cut_after = Some(cut)));
        let played = fetch(&mut watch, shelf.known(), NOON + 1);
        shelf.take(&played);

        assert_eq!(played.outcome, Some(Outcome::Complete));
        assert!(played.deliveries.iter().all(|delivery| delivery.quarantined.is_empty()));
        shelf.assert_has(minutes());
        assert_eq!(watch.left(MINUTES_TAG), 0);
    }
}

#[test]
fn the_clock_is_recorded_before_it_is_set_and_set_after_the_minutes_are_in() {
    let mut watch = PebbleWatch::new(Life { clock_error_ms: 120_000, ..life(NOON - 100..NOON) });

    let played = fetch(&mut watch, KNOWN, NOON + 5);

    let first = played.deliveries.iter().flat_map(|d| &d.units).find(|unit| unit.kind == UnitKind::ClockReading);
    assert!(first.is_some());
    let error = played.readings().iter().find_map(|reading| match reading {
        Reading::Clock { host_utc_ms, claimed_utc_ms, accuracy_ms } => {
            Some((claimed_utc_ms - host_utc_ms, i64::from(*accuracy_ms)))
        }
        _ => None,
    });
    let (error_ms, accuracy_ms) = error.unwrap();
    assert!((error_ms - 120_000).abs() <= accuracy_ms && accuracy_ms < 1_000, "{error_ms} ± {accuracy_ms}");
    let [Time::Set { utc, offset_min: 60, region }] = watch.set_to.as_slice() else { panic!("{:?}", watch.set_to) };
    assert_eq!(region, "Europe/Oslo");
    assert!((i64::from(*utc) * 1000 - played.ended_ms).abs() < 3_000);
    assert!(played.readings().contains(&Reading::Battery { percent: 81 }));
}

#[test]
fn a_clock_that_lies_by_years_poisons_nothing_and_its_bytes_are_kept() {
    for years in [-20, -3, 3, 20] {
        let mut watch = PebbleWatch::new(Life { clock_error_ms: years * YEAR_MS, ..life(NOON - 100..NOON + 40) });
        let stored_to = u32::try_from(NOON - 100).unwrap();

        let played = fetch(&mut watch, Known { stored_to, ..KNOWN }, NOON);

        assert_eq!(played.outcome, Some(Outcome::Complete), "{years}");
        let aside: Vec<_> = played.deliveries.iter().flat_map(|d| &d.quarantined).collect();
        assert_eq!(aside.len(), 7, "{years}");
        assert!(aside.iter().all(|a| a.reason == QuarantineReason::WrongTime && a.seq.is_none()));
        assert_eq!(shelf(&played).epochs.len() + shelf(&played).gaps.len(), 0);
        assert_eq!(watch.left(MINUTES_TAG), 0);
        // Set right, it is believed again.
        let played = fetch(&mut watch, Known { stored_to, ..KNOWN }, NOON + 40);
        let shelf = shelf(&played);
        assert_eq!(shelf.epochs.len(), 40, "{years}");
        assert_eq!(shelf.gaps, [(stored_to, 100)]);
    }
}

#[test]
fn a_host_that_does_not_believe_its_clock_sets_none_and_fetches_what_can_be_judged() {
    let mut watch = watch(NOON - 100..NOON);

    let first = fetch_with(&mut watch, KNOWN, NOON, |with| with.clock_trusted = false);

    assert_eq!(first.outcome, Some(Outcome::Complete));
    assert_eq!(shelf(&first).epochs.len(), 0);
    assert_eq!(watch.left(MINUTES_TAG), 7);

    let known = Known { stored_to: u32::try_from(NOON - 100).unwrap(), ..KNOWN };
    let second = fetch_with(&mut watch, known, NOON, |with| with.clock_trusted = false);

    assert_eq!(second.outcome, Some(Outcome::Complete));
    shelf(&second).assert_has(NOON - 100..NOON);
    assert_eq!((watch.left(MINUTES_TAG), watch.set_to.len()), (0, 0));
}

#[test]
fn a_host_that_does_not_believe_its_clock_leaves_strange_stamps_on_the_watch() {
    for years in [-3, 3] {
        let mut watch = PebbleWatch::new(Life { clock_error_ms: years * YEAR_MS, ..life(NOON - 100..NOON) });
        let known = Known { stored_to: u32::try_from(NOON - 100).unwrap(), ..KNOWN };

        let played = fetch_with(&mut watch, known, NOON, |with| with.clock_trusted = false);

        assert_eq!(played.outcome, Some(Outcome::Complete));
        assert_eq!((shelf(&played).epochs.len(), watch.left(MINUTES_TAG)), (0, 7));
    }
}

#[test]
fn the_identity_does_not_depend_on_how_the_watch_advertises() {
    let id = |discoverable| {
        let mut watch = watch(NOON - 20..NOON);
        watch.discoverable = discoverable;
        fetch(&mut watch, KNOWN, NOON).identity.unwrap().device
    };

    assert_eq!(id(true), id(false));
}

#[test]
fn anothers_watch_is_another_counter() {
    let id = |serial: &str| {
        let mut watch = PebbleWatch::new(Life { serial: serial.to_string(), ..life(NOON - 20..NOON) });
        fetch(&mut watch, KNOWN, NOON).identity.unwrap().device
    };

    assert_ne!(id("C1234567890A"), id("C1234567890B"));
}

#[test]
fn gaps_are_blocks_that_decode() {
    let mut watch = PebbleWatch::new(life((NOON - 100..NOON - 60).chain(NOON - 30..NOON)));

    let played = fetch(&mut watch, KNOWN, NOON);

    let blocks = played.deliveries.iter().flat_map(|d| &d.units).filter(|unit| unit.kind == UnitKind::StepLogBlock);
    assert!(blocks.clone().count() == 1 && blocks.clone().all(|unit| Block::parse(&unit.bytes).is_ok()));
}

#[test]
fn it_is_recognised_by_any_of_its_marks() {
    let mut watch = watch(0..0);

    assert!((KIND.recognise)(&watch.advertisement()));
    watch.discoverable = false;
    assert!((KIND.recognise)(&watch.advertisement()));
    assert!(!(KIND.recognise)(&Advertisement::default()));
}

#[test]
fn stamps_are_utc() {
    let played = fetch(&mut watch(NOON - 15..NOON), KNOWN, NOON);

    let first = shelf(&played).epochs.into_values().next().unwrap();
    assert_eq!(first.stamp, Stamp::Utc { seconds: (NOON - 15) * 60 });
}
