//! What is kept when something goes wrong.

use alloc::{boxed::Box, vec, vec::Vec};

use super::{KNOWN, NOON, OTHER_TAG, Shelf, Tapped, driver, fetch, fetch_with, minute_ms, shelf, watch};
use crate::{
    device::{
        Peripheral, Purpose, Setup,
        pebble::{
            PebbleDriver, PebbleWatch,
            logging::{MINUTES_TAG, Message, SYSTEM_APP, Session, checksum},
            minutes::{Minute, MinuteItem},
            ppogatt::{NOTIFY, Transport, WRITE},
            protocol::{DATA_LOGGING, Messages, emit},
        },
        play::{Play, play},
    },
    driver::{
        Driver, Event, Fault, HostTime, NO_SUCH_CHARACTERISTIC, Outcome, Prompt, QuarantineReason, Step, UnitKind,
    },
};

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
            Step::Read(_) => driver.handle(Event::Refused { code: NO_SUCH_CHARACTERISTIC }, now),
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
        driver.handle(Event::Refused { code: NO_SUCH_CHARACTERISTIC }, *now);
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
    transport: Transport,
    messages: Messages,
    sent: u32,
}

impl Endless {
    fn answer(&mut self, bytes: &[u8]) {
        let item = MinuteItem::emit(13, u32::try_from((NOON - 60) * 60).unwrap(), 0, 16, 15, &[Minute::default(); 15])
            .unwrap();
        self.transport.hear(bytes, 0);
        self.messages.push(&self.transport.take_received());
        while let Some((endpoint, payload)) = self.messages.next_message() {
            if endpoint != DATA_LOGGING {
                continue;
            }
            let answer = if matches!(Message::parse(&payload), Ok(Message::Report { .. })) {
                Message::Open(Session {
                    id: 9,
                    app: SYSTEM_APP,
                    created: 0,
                    tag: MINUTES_TAG,
                    item_type: 0,
                    item_len: 249,
                })
            } else {
                self.sent += 1;
                let checksum = checksum(&item);
                Message::Data { session: 9, items_left: 0xFFFF, checksum, items: &item }
            };
            self.transport.send(&emit(DATA_LOGGING, &answer.emit()));
        }
    }
}

#[test]
fn a_transfer_that_never_ends_is_ended() {
    let watch = Box::new(watch(0..0));
    let transport = Transport::new([0; 12], 100);
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
fn a_reset_in_the_middle_acknowledges_nothing_that_was_sent_before_it() {
    for at in 1..40 {
        let mut watch = watch(NOON - 100..NOON);
        let mut count = 0;
        let mut air = |from, bytes: Vec<u8>| {
            count += 1;
            let reset = (count == at).then(|| (from, vec![0x02]));
            core::iter::once((from, bytes)).chain(reset).collect()
        };
        let mut driver = driver(&watch);
        let mut with = Play {
            mtu: 100,
            begin_ms: minute_ms(NOON),
            clock_trusted: true,
            known: KNOWN,
            cut_after: None,
            air: &mut air,
        };

        let played = play(&mut driver, &mut watch, &mut with);

        assert_eq!(played.outcome, Some(Outcome::Complete), "{at}");
        shelf(&played).assert_has(NOON - 100..NOON);
        assert_eq!((watch.left(MINUTES_TAG), watch.left(OTHER_TAG)), (0, 1));
    }
}
