//! What happens to the minutes when something goes wrong.

use super::*;

#[test]
fn cut_after_any_step_the_next_sync_brings_the_rest_once() {
    for model in [Model::Band3, Model::Band6] {
        let life = life(300);
        let mut whole = false;
        for cut_after in 0..400 {
            let (mut band, mut kept) = (Band::new(&life, model), Kept::default());
            let room = Room { cut_after: Some(cut_after), ..Room::default() };
            let cut = meet(setup(model), model, &mut band, room);
            kept.take(&cut);
            let rest = sync(model, &mut band, NOW, kept.stored_to());
            kept.take(&rest);

            assert_eq!(rest.outcome, Some(Outcome::Complete));
            kept.is(&life);
            whole |= cut.outcome.is_some();
        }
        assert!(whole, "some cut comes after the end");
    }
}

#[test]
fn a_break_in_the_packet_counter_keeps_the_prefix_and_acknowledges_nothing() {
    for model in [Model::Band3, Model::Band6] {
        for lost in [1, 2, 60, 74, 75] {
            let (life, mut n) = (life(300), 0);
            let mut band = Band::new(&life, model);

            let played = sync_through(model, &mut band, |from, bytes| {
                n += i32::from(from == DATA);
                if from == DATA && n == lost { vec![] } else { vec![(from, bytes)] }
            });

            assert_eq!(played.outcome, Some(Outcome::Complete), "{lost}");
            Kept::of(&played).is(&life);
            assert_eq!(band.acknowledged(), 0);
        }
    }
}

#[test]
fn packets_that_come_twice_or_swapped_count_once() {
    let life = life(300);
    let twice = sync_through(Model::Band3, &mut Band::new(&life, Model::Band3), |from, bytes| {
        vec![(from, bytes.clone()), (from, bytes)]
    });
    Kept::of(&twice).is(&life);

    let mut back = None;
    let swapped = sync_through(Model::Band3, &mut Band::new(&life, Model::Band3), |from, bytes| {
        if from == DATA && bytes[0] == 20 && back.is_none() {
            back = Some(bytes);
            return vec![];
        }
        let late = back.take().map(|late| (from, late));
        [(from, bytes)].into_iter().chain(late).collect()
    });
    assert!(swapped.outcome.is_some());
    Kept::of(&swapped);
}

#[test]
fn a_link_that_always_loses_ends_as_lossy_and_keeps_what_came() {
    let life = life(300);
    let lossy = sync_through(Model::Band3, &mut Band::new(&life, Model::Band3), |from, bytes| {
        if from == DATA && bytes[0] == 0 { vec![] } else { vec![(from, bytes)] }
    });

    assert_eq!(lossy.outcome, Some(Outcome::Interrupted(Fault::LossyLink)));
    assert!(Kept::of(&lossy).steps.is_empty());
}

#[test]
fn a_band_that_falls_silent_is_waited_for_ten_seconds_and_its_prefix_is_kept() {
    let life = life(300);
    let silent = sync_through(Model::Band3, &mut Band::new(&life, Model::Band3), |from, bytes| {
        if from == CONTROL && bytes[1] == 2 || from == DATA && bytes[0] >= 10 { vec![] } else { vec![(from, bytes)] }
    });

    assert_eq!(silent.outcome, Some(Outcome::Interrupted(Fault::Silent)));
    assert_eq!(Kept::of(&silent).steps.len(), 40);
    assert!(silent.ended_ms - NOW * 60_000 < 20_000);
}

#[test]
fn a_clock_that_lies_by_years_poisons_nothing() {
    for years in [-9, -1, 1, 4, 90] {
        let year_ms = 365 * 86_400_000;
        let life = Life { clock_error_ms: years * year_ms, ..life(600) };
        let (mut band, mut kept) = (Band::new(&life, Model::Band3), Kept::default());

        let first = sync(Model::Band3, &mut band, NOW - 300, 0);
        kept.take(&first);
        assert!(kept.steps.is_empty(), "{years}");
        let then = first.readings().iter().any(|reading| {
            matches!(reading, Reading::Clock { host_utc_ms, claimed_utc_ms, .. }
                if (claimed_utc_ms - host_utc_ms - years * year_ms).abs() < 1_500)
        });
        assert!(then, "the lie is on record before the clock is set");
        assert!(band.clock_error_ms().abs() <= 1_000);
        let late = years > 0;
        assert_eq!(reasons(&first), if late { vec![QuarantineReason::WrongTime] } else { vec![] }, "{years}");

        let second = sync(Model::Band3, &mut band, NOW, kept.stored_to());
        assert_eq!(second.outcome, Some(Outcome::Complete));
        kept.take(&second);
        assert_eq!(kept.steps.len(), 300, "{years}");
        assert_eq!(i64::from(kept.stored_to()), NOW);
        assert!(kept.gaps.is_empty());
    }
}

#[test]
fn a_transfer_that_never_ends_is_cut_off() {
    for model in [Model::Band3, Model::Band5] {
        let mut band = Odd { endless: Some(0), ..Odd::new(model, &life(60)) };

        let played = sync(model, &mut band, NOW, 0);

        // More than was announced cannot be placed: nothing of it counts as minutes after now.
        assert!(matches!(played.outcome, Some(Outcome::Interrupted(_))), "{:?}", played.outcome);
        assert!(Kept::of(&played).steps.keys().all(|seq| i64::from(*seq) <= NOW + 5));
        assert!(played.deliveries.len() < 10);
    }
}

#[test]
fn an_announced_number_that_is_a_lie_stores_no_minute_after_now() {
    let start = BandTime::at((NOW - 60) * 60, 4);
    let says = Control::Start { count: u32::MAX, from: start }.emit();
    let mut band = Odd { endless: Some(0), says: Some(says), ..Odd::new(Model::Band3, &life(60)) };

    let played = sync(Model::Band3, &mut band, NOW, 0);

    assert_eq!(played.outcome, Some(Outcome::Interrupted(Fault::NoEnd)));
    assert_eq!(Kept::of(&played).steps.len(), 66);
    assert!(reasons(&played).contains(&QuarantineReason::WrongTime));
}

#[test]
fn a_start_long_before_what_is_stored_is_put_aside() {
    let start = BandTime::at((NOW - 5_000) * 60, 4);
    let says = Control::Start { count: 60, from: start }.emit();
    let mut answers = 0;
    let mut band = Odd::new(Model::Band3, &life(60));

    let room = Room {
        now: NOW,
        stored_to: u32::try_from(NOW - 60).unwrap(),
        air: Box::new(|from, bytes| {
            answers += i32::from(from == CONTROL);
            if from == CONTROL && answers == 1 { vec![(from, says.clone())] } else { vec![(from, bytes)] }
        }),
        ..Room::default()
    };
    let played = meet(setup(Model::Band3), Model::Band3, &mut band, room);

    assert_eq!((played.outcome, reasons(&played)), (Some(Outcome::Complete), vec![QuarantineReason::WrongTime]));
    assert!(Kept::of(&played).steps.is_empty());
}

#[test]
fn what_a_band_does_not_have_is_done_without() {
    let life = life(60);
    let mut band = Odd { without: vec![SERIAL, FIRMWARE, BATTERY, CLOCK, SETTINGS], ..Odd::new(Model::Band3, &life) };

    let played = sync(Model::Band3, &mut band, NOW, 0);

    assert_eq!(played.outcome, Some(Outcome::Complete));
    assert_eq!(played.identity.as_ref().unwrap().device, DeviceId::from_serial(FAMILY, b"AA:BB"));
    Kept::of(&played).is(&life);
}

#[test]
fn a_band_that_refuses_requests_is_sent_commands() {
    let life = life(60);
    let mut band = Odd { refuses_first: Some(CONTROL), ..Odd::new(Model::Band3, &life) };
    let mut driver = (BAND_3.driver)(setup(Model::Band3));

    let order = order_of(driver.as_mut(), &mut band);

    assert!(order.iter().any(|step| matches!(step, Step::Send { to: CONTROL, bytes } if *bytes == [BEGIN])));
}

#[test]
fn a_full_disk_ends_the_dialogue_and_nothing_is_acknowledged() {
    struct Full(Box<dyn Driver + Send>);
    impl Driver for Full {
        fn next(&mut self, now: HostTime) -> Step {
            self.0.next(now)
        }
        fn handle(&mut self, event: Event<'_>, now: HostTime) {
            self.0.handle(if event == Event::Stored { Event::NotStored } else { event }, now);
        }
    }
    let mut band = Band::new(&life(60), Model::Band3);
    let room = Room::default();

    let played = with_driver(&mut Full((BAND_3.driver)(setup(Model::Band3))), &mut band, room);

    assert_eq!(played.outcome, Some(Outcome::Interrupted(Fault::NotStored)));
    assert_eq!((played.deliveries.len(), band.acknowledged()), (1, 0));
}

#[test]
fn a_malformed_packet_is_put_aside_and_the_rest_is_fetched_again() {
    let (life, mut done) = (life(300), false);
    let played = sync_through(Model::Band3, &mut Band::new(&life, Model::Band3), |from, mut bytes| {
        if from == DATA && bytes[0] == 7 && !done {
            done = true;
            bytes.truncate(8);
        }
        vec![(from, bytes)]
    });

    assert_eq!(played.outcome, Some(Outcome::Complete));
    assert_eq!(reasons(&played), [QuarantineReason::BadField]);
    Kept::of(&played).is(&life);
}

#[test]
fn an_answer_that_came_twice_is_not_taken_for_the_answer_to_the_next_question() {
    let mut life = life(600);
    life.minutes.retain(|minute| !(NOW - 500..NOW - 400).contains(&minute.at));
    let mut band = Band::new(&life, Model::Band3);
    let room = Room {
        stored_to: u32::try_from(NOW - 500).unwrap(),
        air: Box::new(|from, bytes| vec![(from, bytes.clone()), (from, bytes)]),
        ..Room::default()
    };

    let played = meet(setup(Model::Band3), Model::Band3, &mut band, room);

    assert_eq!(played.outcome, Some(Outcome::Interrupted(Fault::BadAnswer)));
    assert!(Kept::of(&played).steps.is_empty(), "minutes of the other question's packets");
}
