//! Where the minutes go when all is well.

use super::*;

#[test]
fn every_model_brings_each_minute_once_at_any_mtu() {
    for model in MODELS {
        for mtu in [23, 100, 247, 517] {
            let life = life(3_000);
            let mut band = Band::new(&life, model);

            let played = meet(setup(model), model, &mut band, Room { mtu, ..Room::default() });

            assert_eq!(played.outcome, Some(Outcome::Complete), "{model:?}, {mtu}");
            Kept::of(&played).is(&life);
            assert_eq!(reasons(&played), []);
            assert_eq!(band.acknowledged(), 0, "what is acknowledged may be dropped");
        }
    }
}

#[test]
fn a_month_is_stored_in_pieces() {
    for model in [Model::Band3, Model::Band6] {
        let life = life(43_200);

        let played = sync(model, &mut Band::new(&life, model), NOW, 0);

        assert_eq!(played.outcome, Some(Outcome::Complete));
        assert!(played.deliveries.len() > 3);
        Kept::of(&played).is(&life);
    }
}

#[test]
fn two_syncs_bring_each_minute_once() {
    for model in MODELS {
        let life = life(600);
        let (mut band, mut kept) = (Band::new(&life, model), Kept::default());
        for minutes_ago in [400, 399, 17, 1, 0, 0] {
            let played = sync(model, &mut band, NOW - minutes_ago, kept.stored_to());
            assert_eq!(played.outcome, Some(Outcome::Complete));
            kept.take(&played);
        }
        kept.is(&life);
    }
}

#[test]
fn the_clock_is_read_and_stored_before_it_is_set() {
    let mut driver = (BAND_3.driver)(setup(Model::Band3));
    let order = order_of(driver.as_mut(), &mut Band::new(&life(60), Model::Band3));

    let at = |step: fn(&Step) -> bool| order.iter().position(step).unwrap();
    let identified = at(|step| matches!(step, Step::Identify(_)));
    let serial = at(|step| matches!(step, Step::Read(SERIAL)));
    let proven = at(|step| matches!(step, Step::Send { bytes, .. } if bytes[0] == 3));
    let stored = at(|step| matches!(step, Step::Store(delivery) if delivery.units[0].kind == UnitKind::ClockReading));
    let set = at(|step| matches!(step, Step::Write { to: CLOCK, .. }));
    assert!(proven < serial && serial < identified && identified < stored && stored < set);
}

#[test]
fn a_host_that_does_not_believe_its_clock_sets_none_and_stores_no_minutes() {
    let life = Life { clock_error_ms: 3_600_000, ..life(60) };
    let mut band = Band::new(&life, Model::Band3);
    let room = Room { clock_trusted: false, ..Room::default() };

    let played = meet(setup(Model::Band3), Model::Band3, &mut band, room);

    assert_eq!((played.outcome, band.clock_error_ms()), (Some(Outcome::Complete), 3_600_000));
    assert!(Kept::of(&played).steps.is_empty());
}

#[test]
fn the_goal_is_shown() {
    let mut band = Band::new(&life(60), Model::Band3);
    order_of((BAND_3.driver)(setup(Model::Band3)).as_mut(), &mut band);

    assert_eq!(band.goal(), Some(8_000));
}

#[test]
fn overwritten_minutes_become_a_gap_but_not_at_a_first_contact() {
    let now_ms = NOW * 60_000;
    let stored_to = u32::try_from(NOW - 500).unwrap();
    let forgetful = || {
        let mut band = Band::new(&life(600), Model::Band3);
        band.forget_before(NOW - 100, now_ms);
        band
    };

    let later = Kept::of(&sync(Model::Band3, &mut forgetful(), NOW, stored_to));
    assert_eq!((later.steps.len(), &later.gaps[..]), (100, &[(stored_to, 400)][..]));

    let first = Kept::of(&sync(Model::Band3, &mut forgetful(), NOW, 0));
    assert_eq!((first.steps.len(), first.gaps.len()), (100, 0));
}

#[test]
fn a_minute_that_was_not_recorded_is_missing_and_not_zero() {
    let mut life = life(600);
    life.minutes.retain(|minute| !(NOW - 300..NOW - 200).contains(&minute.at));

    let played = sync(Model::Band6, &mut Band::new(&life, Model::Band6), NOW, 0);

    let kept = Kept::of(&played);
    kept.is(&life);
    assert_eq!(kept.gaps, [(u32::try_from(NOW - 300).unwrap(), 100)]);
    assert_eq!(i64::from(kept.stored_to()), NOW);
}

#[test]
fn more_holes_than_rounds_end_this_dialogue_and_the_next_goes_on() {
    let mut life = life(600);
    life.minutes.retain(|minute| minute.at % 10 != 0);
    let (mut band, mut kept) = (Band::new(&life, Model::Band3), Kept::default());
    let mut outcomes = vec![];

    for _ in 0..6 {
        let played = sync(Model::Band3, &mut band, NOW, kept.stored_to());
        kept.take(&played);
        outcomes.push(played.outcome.unwrap());
    }

    assert_eq!(outcomes[0], Outcome::Interrupted(Fault::NoEnd));
    assert_eq!(outcomes[5], Outcome::Complete);
    kept.is(&life);
}

#[test]
fn a_journey_and_half_hour_zones_leave_every_minute_where_it_was() {
    for (before, after) in [(60, 120), (120, 60), (0, 330), (-210, 570), (720, -720)] {
        let life = Life { offset_min: before, ..life(600) };
        let (mut band, mut kept) = (Band::new(&life, Model::Band3), Kept::default());
        for (now, offset_min) in [(NOW - 200, before), (NOW - 100, after), (NOW, after)] {
            let room = Room { now, stored_to: kept.stored_to(), ..Room::default() };
            let played = meet(Setup { offset_min, ..setup(Model::Band3) }, Model::Band3, &mut band, room);
            assert_eq!(played.outcome, Some(Outcome::Complete));
            kept.take(&played);
        }
        kept.is(&life);
        assert!(kept.gaps.is_empty());
    }
}

#[test]
fn another_serial_number_is_another_counter() {
    let identity = |serial: &str| {
        let life = Life { serial: serial.to_string(), ..life(10) };
        sync(Model::Band3, &mut Band::new(&life, Model::Band3), NOW, 0).identity.unwrap()
    };

    assert_eq!(identity("A").device, DeviceId::from_serial(FAMILY, b"A"));
    assert_ne!(identity("A").device, identity("B").device);
    assert_eq!(identity("A").firmware, "V2.4.0.32");
}

#[test]
fn not_worn_and_charging_come_through() {
    let mut life = life(60);
    for (minute, n) in life.minutes.iter_mut().zip(0..) {
        (minute.steps, minute.wear) = match n {
            0..20 => (30, Wear::Worn),
            20..40 => (0, Wear::NotWorn),
            40..50 => (0, Wear::Charging),
            _ => (0, Wear::Worn),
        };
    }
    for model in MODELS {
        let played = sync(model, &mut Band::new(&life, model), NOW, 0);
        let wear: Vec<Wear> = played
            .readings()
            .iter()
            .filter_map(|reading| if let Reading::Epoch(epoch) = reading { Some(epoch.wear) } else { None })
            .collect();
        let want: Vec<Wear> = life.minutes.iter().map(|minute| minute.wear).collect();
        assert_eq!(wear, want, "{model:?}");
    }
}
