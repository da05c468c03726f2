//! The dialogue with an emulated watch, over a link that does what links do.

use alloc::{boxed::Box, collections::BTreeMap, string::ToString, vec, vec::Vec};

use super::{
    KIND, PebbleDriver, PebbleWatch,
    logging::{MINUTES_TAG, Message},
    ppogatt::{NOTIFY, Packet, WRITE},
    protocol::{DATA_LOGGING, Messages, Time},
};
use crate::{
    Uuid,
    device::{
        Life, LifeMinute, Peripheral, Purpose, Setup,
        play::{Play, Played, play},
    },
    driver::{Driver, Event, Fault, HostTime, Known, Outcome, Prompt, QuarantineReason, Step, UnitKind},
    reading::{DeviceId, Epoch, HostId, Reading, Stamp, Wear},
    steplog::block::Block,
};

/// 2026-03-01T12:00:00Z in minutes.
const NOON: i64 = 1_772_366_400_000 / 60_000;
const KNOWN: Known = Known { host: HostId([1; 8]), stored_to: 0, held_at: None, goal_steps: None, last_total: None };
const YEAR_MS: i64 = 365 * 86_400_000;
/// Log of recognised activities in the emulated watch.
const OTHER_TAG: u32 = 84;

fn steps_at(minute: i64) -> u32 {
    u32::try_from(minute.rem_euclid(120)).unwrap()
}

fn life(minutes: impl Iterator<Item = i64>) -> Life {
    Life {
        serial: "C1234567890A".to_string(),
        minutes: minutes.map(|at| LifeMinute { at, steps: steps_at(at), wear: Wear::Worn }).collect(),
        battery: 81,
        ..Life::default()
    }
}

fn watch(minutes: core::ops::Range<i64>) -> PebbleWatch {
    PebbleWatch::new(life(minutes))
}

fn driver(watch: &PebbleWatch) -> PebbleDriver {
    PebbleDriver::new(Setup {
        heard: watch.advertisement(),
        offset_min: 60,
        zone: "Europe/Oslo".to_string(),
        peer: "AA:BB:CC:DD:EE:FF".to_string(),
        ..Setup::default()
    })
}

fn passes(from: Uuid, bytes: Vec<u8>) -> Vec<(Uuid, Vec<u8>)> {
    vec![(from, bytes)]
}

fn minute_ms(minute: i64) -> i64 {
    minute * 60_000 + 5_000
}

fn fetch_with(watch: &mut PebbleWatch, known: Known, at: i64, change: impl FnOnce(&mut Play<'_>)) -> Played {
    let mut driver = driver(watch);
    let mut air = passes;
    let mut with =
        Play { mtu: 247, begin_ms: minute_ms(at), clock_trusted: true, known, cut_after: None, air: &mut air };
    change(&mut with);
    play(&mut driver, watch, &mut with)
}

fn fetch(watch: &mut PebbleWatch, known: Known, at: i64) -> Played {
    fetch_with(watch, known, at, |_| ())
}

/// What a host has after several dialogues: repeated minutes are the same, or the test fails.
#[derive(Default)]
struct Shelf {
    epochs: BTreeMap<u32, Epoch>,
    gaps: Vec<(u32, u32)>,
    repeated: usize,
}

impl Shelf {
    fn take(&mut self, played: &Played) {
        for reading in played.readings() {
            match reading {
                Reading::Epoch(epoch) => {
                    if let Some(before) = self.epochs.insert(epoch.seq, epoch) {
                        assert_eq!(before, epoch);
                        self.repeated += 1;
                    }
                }
                Reading::Gap { seq, count } => self.gaps.push((seq, count)),
                _ => {}
            }
        }
    }

    fn stored_to(&self) -> u32 {
        let Some(mut at) = self.epochs.keys().next().copied() else { return 0 };
        loop {
            if self.epochs.contains_key(&at) {
                at += 1;
            } else if let Some((seq, count)) = self.gaps.iter().find(|(s, n)| (*s..s + n).contains(&at)) {
                at = seq + count;
            } else {
                return at;
            }
        }
    }

    fn known(&self) -> Known {
        Known { stored_to: self.stored_to(), ..KNOWN }
    }

    fn assert_has(&self, minutes: impl Iterator<Item = i64>) {
        let want: BTreeMap<u32, u32> = minutes.map(|at| (u32::try_from(at).unwrap(), steps_at(at))).collect();
        let got: BTreeMap<u32, u32> = self.epochs.iter().map(|(seq, epoch)| (*seq, epoch.steps)).collect();
        assert_eq!(got, want);
    }
}

fn shelf(played: &Played) -> Shelf {
    let mut shelf = Shelf::default();
    shelf.take(played);
    shelf
}

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
fn a_link_that_breaks_after_any_step_loses_nothing() {
    for cut in 0..150 {
        let mut watch = watch(NOON - 100..NOON);
        let mut shelf = Shelf::default();

        shelf.take(&fetch_with(&mut watch, KNOWN, NOON, |with| with.cut_after = Some(cut)));
        let played = fetch(&mut watch, shelf.known(), NOON + 1);
        shelf.take(&played);

        assert_eq!(played.outcome, Some(Outcome::Complete), "cut after {cut}");
        shelf.assert_has(NOON - 100..NOON);
        assert_eq!((watch.left(MINUTES_TAG), watch.left(OTHER_TAG)), (0, 1));
    }
}

#[test]
fn lost_and_doubled_packets_cost_time_and_no_minutes() {
    for (seed, one_in) in [(1, 3), (2, 5), (3, 8), (4, 20), (5, 50)] {
        let mut watch = watch(NOON - 300..NOON);
        let mut shelf = Shelf::default();
        let mut state: u32 = seed;
        let mut air = |from, bytes: Vec<u8>| {
            // A linear congruential generator (Numerical Recipes) is random enough for losses.
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            match (state >> 16) % one_in {
                0 => vec![],
                1 => vec![(from, bytes.clone()), (from, bytes)],
                _ => vec![(from, bytes)],
            }
        };

        for at in 0..20 {
            let mut driver = driver(&watch);
            let mut with = Play {
                mtu: 100,
                begin_ms: minute_ms(NOON + at * 10),
                clock_trusted: true,
                known: shelf.known(),
                cut_after: None,
                air: &mut air,
            };
            shelf.take(&play(&mut driver, &mut watch, &mut with));
            if shelf.epochs.len() == 300 {
                break;
            }
        }

        shelf.assert_has(NOON - 300..NOON);
        assert_eq!(watch.left(OTHER_TAG), 1);
    }
}

#[test]
fn packets_out_of_order_are_put_in_order_by_sending_them_again() {
    let mut watch = watch(NOON - 100..NOON);
    let mut held: Option<Vec<u8>> = None;
    let mut count = 0;
    let mut air = |from, bytes: Vec<u8>| {
        count += 1;
        if count % 9 == 5 {
            held = Some(bytes);
            return vec![];
        }
        core::iter::once(bytes).chain(held.take()).map(|bytes| (from, bytes)).collect()
    };
    let mut driver = driver(&watch);
    let mut with =
        Play { mtu: 60, begin_ms: minute_ms(NOON), clock_trusted: true, known: KNOWN, cut_after: None, air: &mut air };

    let played = play(&mut driver, &mut watch, &mut with);

    assert_eq!(played.outcome, Some(Outcome::Complete));
    shelf(&played).assert_has(NOON - 100..NOON);
}

/// A watch of which the host's packets are read along.
struct Tapped {
    watch: PebbleWatch,
    messages: Messages,
    expected: u8,
    said: Vec<(u16, Vec<u8>)>,
}

impl Tapped {
    fn new(watch: PebbleWatch) -> Self {
        Self { watch, messages: Messages::default(), expected: 0, said: Vec::new() }
    }

    fn logging(&self) -> Vec<Message<'_>> {
        let payloads = self.said.iter().filter(|(endpoint, _)| *endpoint == DATA_LOGGING);
        payloads.map(|(_, payload)| Message::parse(payload).unwrap()).collect()
    }
}

impl Peripheral for Tapped {
    fn advertisement(&self) -> crate::device::Advertisement {
        self.watch.advertisement()
    }

    fn services(&self) -> Vec<crate::device::Service> {
        self.watch.services()
    }

    fn connect(&mut self, mtu: u16, now_ms: i64) {
        self.watch.connect(mtu, now_ms);
    }

    fn disconnect(&mut self) {
        self.watch.disconnect();
    }

    fn subscribe(&mut self, to: Uuid, on: bool, now_ms: i64) {
        self.watch.subscribe(to, on, now_ms);
    }

    fn read(&mut self, from: Uuid, now_ms: i64) -> Result<Vec<u8>, crate::steplog::device::AttError> {
        self.watch.read(from, now_ms)
    }

    fn write(&mut self, to: Uuid, bytes: &[u8], now_ms: i64) -> Result<(), crate::steplog::device::AttError> {
        assert_eq!(to, WRITE);
        assert!(bytes.len() <= 20);
        if let Ok(Packet::Data { sn, payload }) = Packet::parse(bytes)
            && sn == self.expected
        {
            self.expected = (self.expected + 1) % 32;
            self.messages.push(payload);
            self.said.extend(core::iter::from_fn(|| self.messages.next_message()));
        }
        self.watch.write(to, bytes, now_ms)
    }

    fn outgoing(&mut self, now_ms: i64) -> Option<(Uuid, Vec<u8>)> {
        self.watch.outgoing(now_ms)
    }
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
    assert!(tapped.said.contains(&(17, super::protocol::VERSION_ANSWER.to_vec())));
}

#[test]
fn a_damaged_message_is_kept_aside_and_neither_acknowledged_nor_refused() {
    let mut tapped = Tapped::new(watch(NOON - 100..NOON));
    let mut driver = driver(&tapped.watch);
    let mut data = 0;
    // A packet of the data itself: its transport has no checksum.
    let mut air = |from, mut bytes: Vec<u8>| {
        if bytes.len() > 200 {
            data += 1;
            if data == 3 {
                bytes[150] ^= 0x10;
            }
        }
        vec![(from, bytes)]
    };
    let mut with =
        Play { mtu: 247, begin_ms: minute_ms(NOON), clock_trusted: true, known: KNOWN, cut_after: None, air: &mut air };

    let played = play(&mut driver, &mut tapped, &mut with);

    assert_eq!(played.outcome, Some(Outcome::Interrupted(Fault::BadAnswer)));
    let reasons: Vec<_> = played.deliveries.iter().flat_map(|d| &d.quarantined).map(|aside| aside.reason).collect();
    assert_eq!(reasons, [QuarantineReason::BadChecksum]);
    assert!(tapped.logging().iter().all(|message| !matches!(message, Message::Nack { .. })));
    let mut shelf = shelf(&played);
    shelf.take(&fetch(&mut tapped.watch, shelf.known(), NOON + 1));
    shelf.assert_has(NOON - 100..NOON);
}

#[test]
fn an_item_that_cannot_be_read_stays_on_the_watch_and_the_good_one_beside_it_is_kept() {
    let mut watch = watch(NOON - 100..NOON);
    watch.spoil_oldest(minute_ms(NOON));

    let played = fetch(&mut watch, KNOWN, NOON);

    assert_eq!(played.outcome, Some(Outcome::Interrupted(Fault::BadAnswer)));
    let aside: Vec<_> = played.deliveries.iter().flat_map(|d| &d.quarantined).collect();
    assert_eq!(aside.iter().map(|a| a.reason).collect::<Vec<_>>(), [QuarantineReason::UnknownVersion]);
    shelf(&played).assert_has(NOON - 85..NOON - 70);
    assert_eq!(watch.left(MINUTES_TAG), 7);
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
fn a_watch_that_records_nothing_is_not_set_up() {
    let mut watch = watch(NOON - 20..NOON);
    watch.tracking = false;

    let played = fetch(&mut watch, KNOWN, NOON);

    assert_eq!(played.outcome, Some(Outcome::Interrupted(Fault::NotReady)));
}

/// Answers every step of a driver so far, except what `answer` takes over. Says the outcome.
fn drive(
    driver: &mut PebbleDriver,
    mut answer: impl FnMut(&Step, &mut PebbleDriver, &mut HostTime) -> bool,
) -> (Outcome, Vec<Prompt>) {
    let mut now = HostTime { mono_ms: 0, utc_us: Some(NOON * 60_000_000) };
    let mut prompts = Vec::new();
    for _ in 0..2_000_000 {
        let step = driver.next(now);
        if answer(&step, driver, &mut now) {
            continue;
        }
        match step {
            Step::Finish(outcome) => return (outcome, prompts),
            Step::Prompt(prompt) => {
                prompts.push(prompt);
                driver.handle(Event::Done, now);
            }
            Step::Identify(_) => driver.handle(Event::Known(KNOWN), now),
            Step::Store(_) => driver.handle(Event::Stored, now),
            Step::Read(_) => driver.handle(Event::Refused { code: crate::driver::NO_SUCH_CHARACTERISTIC }, now),
            Step::Await { at_most_ms } => {
                now.mono_ms += u64::from(at_most_ms);
                driver.handle(Event::TimedOut, now);
            }
            _ => driver.handle(Event::Done, now),
        }
    }
    panic!("a dialogue without end");
}

#[test]
fn firmware_that_does_not_serve_cannot_be_spoken_to() {
    let mut driver = driver(&watch(0..0));

    let (outcome, _) = drive(&mut driver, |step, driver, now| {
        let Step::Subscribe(NOTIFY) = step else { return false };
        driver.handle(Event::Refused { code: crate::driver::NO_SUCH_CHARACTERISTIC }, *now);
        true
    });

    assert_eq!(outcome, Outcome::Unsupported(Fault::Version));
}

#[test]
fn pairing_asks_the_wearer_first_and_says_when_nobody_confirmed() {
    let mut driver = PebbleDriver::new(Setup { purpose: Purpose::Pair, ..Setup::default() });

    let (outcome, prompts) = drive(&mut driver, |step, driver, now| {
        let Step::Subscribe(NOTIFY) = step else { return false };
        driver.handle(Event::Refused { code: 0x05 }, *now);
        true
    });

    assert_eq!((outcome, prompts), (Outcome::Interrupted(Fault::NotConfirmed), vec![Prompt::Tap]));
}

#[test]
fn a_watch_that_never_answers_is_silent() {
    let mut driver = driver(&watch(0..0));

    let (outcome, _) = drive(&mut driver, |_, _, _| false);

    assert_eq!(outcome, Outcome::Interrupted(Fault::Silent));
}

/// Plays the dialogue by hand, so that storing may take long or fail.
fn with_slow_store(watch: &mut PebbleWatch, store_ms: i64, event: &Event<'static>) -> Outcome {
    let mut driver = driver(watch);
    let mut now_ms = minute_ms(NOON);
    watch.connect(100, now_ms);
    watch.subscribe(NOTIFY, true, now_ms);
    let begin_ms = now_ms;
    let (outcome, _) = drive(&mut driver, |step, driver, now| {
        now.mono_ms = u64::try_from(now_ms - begin_ms).unwrap();
        match step {
            Step::Send { bytes, .. } => {
                watch.write(WRITE, bytes, now_ms).unwrap();
                driver.handle(Event::Done, *now);
            }
            Step::Await { at_most_ms } => {
                let until_ms = now_ms + i64::from(*at_most_ms);
                loop {
                    if let Some((from, bytes)) = watch.outgoing(now_ms) {
                        driver.handle(Event::Notified { from, bytes: &bytes }, *now);
                        break;
                    }
                    now_ms += 250;
                    now.mono_ms += 250;
                    if now_ms >= until_ms {
                        driver.handle(Event::TimedOut, *now);
                        break;
                    }
                }
            }
            Step::Store(delivery) if delivery.units.iter().any(|unit| unit.kind == UnitKind::PebbleMinutes) => {
                now_ms += store_ms;
                now.mono_ms += u64::try_from(store_ms).unwrap();
                while let Some((from, bytes)) = watch.outgoing(now_ms) {
                    driver.handle(Event::Notified { from, bytes: &bytes }, *now);
                }
                driver.handle(event.clone(), *now);
            }
            _ => return false,
        }
        true
    });
    watch.disconnect();
    outcome
}

#[test]
fn what_could_not_be_stored_is_not_acknowledged() {
    let mut watch = watch(NOON - 100..NOON);

    assert_eq!(with_slow_store(&mut watch, 10, &Event::NotStored), Outcome::Interrupted(Fault::NotStored));

    assert_eq!(watch.left(MINUTES_TAG), 7);
}

#[test]
fn an_acknowledgement_that_would_come_late_is_not_sent() {
    let mut watch = watch(NOON - 100..NOON);

    let outcome = with_slow_store(&mut watch, 40_000, &Event::Stored);

    assert_eq!(outcome, Outcome::Interrupted(Fault::LossyLink));
    assert_eq!(watch.left(MINUTES_TAG), 7);
}

/// A watch that opens one log of minutes and sends the same item for ever.
struct Endless {
    watch: Box<PebbleWatch>,
    transport: super::ppogatt::Transport,
    messages: Messages,
    sent: u32,
}

impl Endless {
    fn answer(&mut self, bytes: &[u8]) {
        let item = super::logging::MinuteItem::emit(
            13,
            u32::try_from((NOON - 60) * 60).unwrap(),
            0,
            16,
            15,
            &[super::logging::Minute::default(); 15],
        )
        .unwrap();
        self.transport.hear(bytes, 0);
        self.messages.push(&self.transport.take_received());
        while let Some((endpoint, payload)) = self.messages.next_message() {
            if endpoint != DATA_LOGGING {
                continue;
            }
            let answer = if matches!(Message::parse(&payload), Ok(Message::Report { .. })) {
                Message::Open(super::logging::Session {
                    id: 9,
                    app: super::logging::SYSTEM_APP,
                    created: 0,
                    tag: MINUTES_TAG,
                    item_type: 0,
                    item_len: 249,
                })
            } else {
                self.sent += 1;
                let checksum = super::logging::checksum(&item);
                Message::Data { session: 9, items_left: 0xFFFF, checksum, items: &item }
            };
            self.transport.send(&super::protocol::emit(DATA_LOGGING, &answer.emit()));
        }
    }
}

#[test]
fn a_transfer_that_never_ends_is_ended() {
    let watch = Box::new(watch(0..0));
    let transport = super::ppogatt::Transport::new([0; 12], 100);
    let mut endless = Endless { watch, transport, messages: Messages::default(), sent: 0 };
    let mut driver = driver(&endless.watch);

    let (outcome, _) = drive(&mut driver, |step, driver, now| {
        match step {
            Step::Send { bytes, .. } => {
                endless.answer(bytes);
                driver.handle(Event::Done, *now);
            }
            Step::Await { .. } => match endless.transport.packet(0) {
                Some(bytes) => driver.handle(Event::Notified { from: NOTIFY, bytes: &bytes }, *now),
                None => return false,
            },
            _ => return false,
        }
        true
    });

    assert_eq!(outcome, Outcome::Interrupted(Fault::NoEnd));
    assert!(endless.sent > 5_000);
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
    assert!(!(KIND.recognise)(&crate::device::Advertisement::default()));
}

#[test]
fn stamps_are_utc() {
    let played = fetch(&mut watch(NOON - 15..NOON), KNOWN, NOON);

    let first = shelf(&played).epochs.into_values().next().unwrap();
    assert_eq!(first.stamp, Stamp::Utc { seconds: (NOON - 15) * 60 });
}
