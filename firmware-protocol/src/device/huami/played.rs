//! Dialogues played between the driver and a band: what happens to the minutes when something goes wrong.

use alloc::{boxed::Box, collections::BTreeMap, string::ToString, vec, vec::Vec};

use super::{
    Band, FAMILY, Model, Tap,
    layout::{BEGIN, CLOCK, CONTROL, DATA, SERIAL},
};
use crate::{
    Uuid,
    device::{
        Advertisement, Characteristic, Key, Kind, Life, LifeMinute, Peripheral, Purpose, Service, Setup,
        play::{Play, Played, play},
    },
    driver::{Driver, Event, Fault, HostTime, Known, Outcome, Prompt, QuarantineReason, Step, UnitKind},
    reading::{DeviceId, HostId, Reading, Wear},
    steplog::device::AttError,
};

const MODELS: [Model; 5] = [Model::Band2, Model::Band3, Model::Band4, Model::Band5, Model::Band6];
const NOW: i64 = 1_772_366_400 / 60;
const KEY: Key = Key([7; 16]);

fn kind(model: Model) -> &'static Kind {
    match model {
        Model::Band2 | Model::Band3 => &super::BAND_3,
        Model::Band4 | Model::Band5 | Model::Band6 => &super::BAND_6,
    }
}

/// Walked now and then for so many minutes up to now.
fn life(minutes: i64) -> Life {
    Life {
        serial: "4D1B".to_string(),
        minutes: (NOW - minutes..NOW)
            .map(|at| LifeMinute { at, steps: u32::try_from(at % 5 * 30).unwrap(), wear: Wear::Worn })
            .collect(),
        offset_min: 60,
        key: Some(KEY),
        battery: 70,
        ..Life::default()
    }
}

fn setup(model: Model) -> Setup {
    Setup {
        key: Some(KEY),
        offset_min: 60,
        peer: "AA:BB".to_string(),
        heard: Advertisement { name: Some(model.name().to_string()), ..Advertisement::default() },
        ..Setup::default()
    }
}

/// Where and how a dialogue happens.
struct Room<'a> {
    now: i64,
    stored_to: u32,
    mtu: u16,
    cut_after: Option<u32>,
    clock_trusted: bool,
    goal_steps: Option<u32>,
    air: &'a mut dyn FnMut(Uuid, Vec<u8>) -> Vec<(Uuid, Vec<u8>)>,
}

fn clear(from: Uuid, bytes: Vec<u8>) -> Vec<(Uuid, Vec<u8>)> {
    vec![(from, bytes)]
}

fn with_driver(driver: &mut dyn Driver, band: &mut dyn Peripheral, room: Room<'_>) -> Played {
    let known = Known {
        host: HostId([1; 8]),
        stored_to: room.stored_to,
        held_at: None,
        goal_steps: room.goal_steps,
        last_total: None,
    };
    let mut with = Play {
        mtu: room.mtu,
        begin_ms: room.now * 60_000 + 5_000,
        clock_trusted: room.clock_trusted,
        known,
        cut_after: room.cut_after,
        air: room.air,
    };
    play(driver, band, &mut with)
}

fn meet(setup: Setup, model: Model, band: &mut dyn Peripheral, room: Room<'_>) -> Played {
    with_driver((kind(model).driver)(setup).as_mut(), band, room)
}

/// A sync without faults.
fn sync(model: Model, band: &mut dyn Peripheral, now: i64, stored_to: u32) -> Played {
    let room =
        Room { now, stored_to, mtu: 23, cut_after: None, clock_trusted: true, goal_steps: None, air: &mut clear };
    meet(setup(model), model, band, room)
}

fn sync_through(model: Model, band: &mut dyn Peripheral, mtu: u16, air: crate::device::play::Air<'_>) -> Played {
    let room = Room { now: NOW, stored_to: 0, mtu, cut_after: None, clock_trusted: true, goal_steps: None, air };
    meet(setup(model), model, band, room)
}

/// Minutes with their steps as a host keeps them; a second one with other steps, or the same again, is an error.
#[derive(Default)]
struct Kept {
    steps: BTreeMap<u32, u32>,
    gaps: Vec<(u32, u32)>,
}

impl Kept {
    fn take(&mut self, played: &Played) {
        for reading in played.readings() {
            match reading {
                Reading::Epoch(epoch) => {
                    assert_eq!(self.steps.insert(epoch.seq, epoch.steps), None, "minute {} came twice", epoch.seq);
                }
                Reading::Gap { seq, count } => self.gaps.push((seq, count)),
                _ => {}
            }
        }
    }

    fn of(played: &Played) -> Self {
        let mut kept = Self::default();
        kept.take(played);
        kept
    }

    /// As the host computes it: from the lowest number on, without a hole.
    fn stored_to(&self) -> u32 {
        let mut at = self.steps.keys().copied().chain(self.gaps.iter().map(|(seq, _)| *seq)).min().unwrap_or(0);
        loop {
            if self.steps.contains_key(&at) {
                at += 1;
            } else if let Some((seq, count)) = self.gaps.iter().find(|(seq, count)| (*seq..seq + count).contains(&at)) {
                at = seq + count;
            } else {
                return at;
            }
        }
    }

    fn is(&self, life: &Life) {
        let want: BTreeMap<u32, u32> =
            life.minutes.iter().map(|minute| (u32::try_from(minute.at).unwrap(), minute.steps)).collect();
        let differs = want.iter().find(|(seq, steps)| self.steps.get(seq) != Some(steps));
        assert_eq!((differs, self.steps.len()), (None, want.len()));
    }
}

fn reasons(played: &Played) -> Vec<QuarantineReason> {
    played.deliveries.iter().flat_map(|delivery| &delivery.quarantined).map(|one| one.reason).collect()
}

/// A band with something odd about it.
struct Odd {
    band: Band,
    without: Vec<Uuid>,
    refuses_first: Option<Uuid>,
    /// Packets go on for ever.
    endless: Option<u8>,
    /// Control answers are replaced.
    says: Option<Vec<u8>>,
}

impl Odd {
    fn new(model: Model, life: &Life) -> Self {
        Self { band: Band::new(life, model), without: vec![], refuses_first: None, endless: None, says: None }
    }
}

impl Peripheral for Odd {
    fn advertisement(&self) -> Advertisement {
        self.band.advertisement()
    }
    fn services(&self) -> Vec<Service> {
        let mut services = self.band.services();
        let stays = |one: &Characteristic| !self.without.contains(&one.uuid);
        services.iter_mut().for_each(|service| service.characteristics.retain(stays));
        services
    }
    fn connect(&mut self, mtu: u16, now_ms: i64) {
        self.band.connect(mtu, now_ms);
    }
    fn disconnect(&mut self) {
        self.band.disconnect();
    }
    fn subscribe(&mut self, to: Uuid, on: bool, now_ms: i64) {
        self.band.subscribe(to, on, now_ms);
    }
    fn read(&mut self, from: Uuid, now_ms: i64) -> Result<Vec<u8>, AttError> {
        self.band.read(from, now_ms)
    }
    fn write(&mut self, to: Uuid, bytes: &[u8], now_ms: i64) -> Result<(), AttError> {
        if self.refuses_first == Some(to) {
            self.refuses_first = None;
            return Err(AttError::WriteNotPermitted);
        }
        if bytes == [BEGIN] && self.endless == Some(0) {
            self.endless = Some(1);
        }
        self.band.write(to, bytes, now_ms)
    }
    fn outgoing(&mut self, now_ms: i64) -> Option<(Uuid, Vec<u8>)> {
        if let Some(counter) = self.endless.filter(|counter| *counter > 0) {
            // It counts from zero on.
            self.endless = Some(counter.wrapping_add(1).max(1));
            let sent = if counter == 1 { vec![0; 17] } else { [&[counter - 1][..], &[0; 16]].concat() };
            return Some((DATA, sent));
        }
        let (from, bytes) = self.band.outgoing(now_ms)?;
        let says = self.says.clone().filter(|_| from == CONTROL);
        Some((from, says.unwrap_or(bytes)))
    }
}

#[test]
fn every_model_brings_each_minute_once_at_any_mtu() {
    for model in MODELS {
        for mtu in [23, 100, 247, 517] {
            let life = life(3_000);
            let mut band = Band::new(&life, model);

            let played = sync_through(model, &mut band, mtu, &mut clear);

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
fn cut_after_any_step_the_next_sync_brings_the_rest_once() {
    for model in [Model::Band3, Model::Band6] {
        let life = life(300);
        let mut whole = false;
        for cut_after in 0..400 {
            let (mut band, mut kept) = (Band::new(&life, model), Kept::default());
            let room = Room {
                now: NOW,
                stored_to: 0,
                mtu: 23,
                cut_after: Some(cut_after),
                clock_trusted: true,
                goal_steps: None,
                air: &mut clear,
            };
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
fn a_break_in_the_packet_counter_keeps_the_prefix_and_acknowledges_nothing() {
    for model in [Model::Band3, Model::Band6] {
        for lost in [1, 2, 60, 74, 75] {
            let (life, mut n) = (life(300), 0);
            let mut band = Band::new(&life, model);

            let played = sync_through(model, &mut band, 23, &mut |from, bytes| {
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
    let twice = sync_through(Model::Band3, &mut Band::new(&life, Model::Band3), 23, &mut |from, bytes| {
        vec![(from, bytes.clone()), (from, bytes)]
    });
    Kept::of(&twice).is(&life);

    let mut back = None;
    let swapped = sync_through(Model::Band3, &mut Band::new(&life, Model::Band3), 23, &mut |from, bytes| {
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
    let lossy = sync_through(Model::Band3, &mut Band::new(&life, Model::Band3), 23, &mut |from, bytes| {
        if from == DATA && bytes[0] == 0 { vec![] } else { vec![(from, bytes)] }
    });

    assert_eq!(lossy.outcome, Some(Outcome::Interrupted(Fault::LossyLink)));
    assert!(Kept::of(&lossy).steps.is_empty());
}

#[test]
fn a_band_that_falls_silent_is_waited_for_ten_seconds_and_its_prefix_is_kept() {
    let life = life(300);
    let silent = sync_through(Model::Band3, &mut Band::new(&life, Model::Band3), 23, &mut |from, bytes| {
        if from == CONTROL && bytes[1] == 2 || from == DATA && bytes[0] >= 10 { vec![] } else { vec![(from, bytes)] }
    });

    assert_eq!(silent.outcome, Some(Outcome::Interrupted(Fault::Silent)));
    assert_eq!(Kept::of(&silent).steps.len(), 40);
    assert!(silent.ended_ms - NOW * 60_000 < 20_000);
}

#[test]
fn a_wrong_key_ends_the_dialogue_without_a_second_try() {
    for model in MODELS {
        let life = Life { key: Some(Key([8; 16])), ..life(60) };

        let played = sync(model, &mut Band::new(&life, model), NOW, 0);

        assert_eq!(played.outcome, Some(Outcome::Unsupported(Fault::WrongKey)), "{model:?}");
        assert!(played.deliveries.is_empty() && played.identity.is_none() && played.prompts.is_empty());
    }
}

#[test]
fn without_a_key_the_band_is_not_asked() {
    for (model, purpose) in
        [(Model::Band3, Purpose::Pair), (Model::Band6, Purpose::Pair), (Model::Band6, Purpose::Fetch)]
    {
        let mut driver = (kind(model).driver)(Setup { key: None, purpose, ..setup(model) });
        let now = HostTime { mono_ms: 0, utc_us: None };

        assert_eq!(driver.next(now), Step::Finish(Outcome::Unsupported(Fault::NoKey)));
    }
}

#[test]
fn a_band_is_paired_by_a_tap_and_never_by_itself() {
    for model in [Model::Band2, Model::Band3] {
        let pair = |tap, purpose| {
            let fresh = Life { key: None, ..life(60) };
            let mut band = Band::new(&fresh, model).tapped(tap);
            let room = Room {
                now: NOW,
                stored_to: 0,
                mtu: 23,
                cut_after: None,
                clock_trusted: true,
                goal_steps: None,
                air: &mut clear,
            };
            meet(Setup { purpose, ..setup(model) }, model, &mut band, room)
        };

        let tapped = pair(Tap::After(20_000), Purpose::Pair);
        assert_eq!((tapped.outcome, &tapped.prompts[..]), (Some(Outcome::Complete), &[Prompt::Tap][..]));
        Kept::of(&tapped).is(&life(60));
        for tap in [Tap::Refused(5_000), Tap::Never, Tap::After(31_000)] {
            let played = pair(tap, Purpose::Pair);
            assert_eq!(played.outcome, Some(Outcome::Interrupted(Fault::NotConfirmed)), "{tap:?}");
            assert!(played.deliveries.is_empty() && played.ended_ms - NOW * 60_000 < 40_000);
        }
        let fetched = pair(Tap::After(0), Purpose::Fetch);
        assert_eq!(fetched.outcome, Some(Outcome::Unsupported(Fault::WrongKey)));
    }
}

#[test]
fn a_maker_s_key_is_never_written() {
    let mut band = Band::new(&life(60), Model::Band6);
    let room = Room {
        now: NOW,
        stored_to: 0,
        mtu: 23,
        cut_after: None,
        clock_trusted: true,
        goal_steps: None,
        air: &mut clear,
    };

    let played = meet(Setup { purpose: Purpose::Pair, ..setup(Model::Band6) }, Model::Band6, &mut band, room);

    assert_eq!((played.outcome, played.prompts.len()), (Some(Outcome::Complete), 0));
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
fn the_clock_is_read_and_stored_before_it_is_set() {
    let mut driver = (super::BAND_3.driver)(setup(Model::Band3));
    let order = order_of(driver.as_mut(), &mut Band::new(&life(60), Model::Band3));

    let at = |step: fn(&Step) -> bool| order.iter().position(step).unwrap();
    let identified = at(|step| matches!(step, Step::Identify(_)));
    let serial = at(|step| matches!(step, Step::Read(SERIAL)));
    let proven = at(|step| matches!(step, Step::Send { bytes, .. } if bytes[0] == 3));
    let stored = at(|step| matches!(step, Step::Store(delivery) if delivery.units[0].kind == UnitKind::ClockReading));
    let set = at(|step| matches!(step, Step::Write { to: CLOCK, .. }));
    assert!(proven < serial && serial < identified && identified < stored && stored < set);
}

/// Every step of a dialogue.
fn order_of(driver: &mut dyn Driver, band: &mut dyn Peripheral) -> Vec<Step> {
    struct Watched<'a> {
        driver: &'a mut dyn Driver,
        steps: Vec<Step>,
    }
    impl Driver for Watched<'_> {
        fn next(&mut self, now: HostTime) -> Step {
            let step = self.driver.next(now);
            self.steps.push(step.clone());
            step
        }
        fn handle(&mut self, event: Event<'_>, now: HostTime) {
            self.driver.handle(event, now);
        }
    }
    let mut watched = Watched { driver, steps: vec![] };
    let room = Room {
        now: NOW,
        stored_to: 0,
        mtu: 23,
        cut_after: None,
        clock_trusted: true,
        goal_steps: Some(8_000),
        air: &mut clear,
    };
    with_driver(&mut watched, band, room);
    watched.steps
}

#[test]
fn a_host_that_does_not_believe_its_clock_sets_none_and_stores_no_minutes() {
    let life = Life { clock_error_ms: 3_600_000, ..life(60) };
    let mut band = Band::new(&life, Model::Band3);
    let room = Room {
        now: NOW,
        stored_to: 0,
        mtu: 23,
        cut_after: None,
        clock_trusted: false,
        goal_steps: None,
        air: &mut clear,
    };

    let played = meet(setup(Model::Band3), Model::Band3, &mut band, room);

    assert_eq!((played.outcome, band.clock_error_ms()), (Some(Outcome::Complete), 3_600_000));
    assert!(Kept::of(&played).steps.is_empty());
}

#[test]
fn the_goal_is_shown() {
    let mut band = Band::new(&life(60), Model::Band3);
    order_of((super::BAND_3.driver)(setup(Model::Band3)).as_mut(), &mut band);

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
            let room = Room {
                now,
                stored_to: kept.stored_to(),
                mtu: 23,
                cut_after: None,
                clock_trusted: true,
                goal_steps: None,
                air: &mut clear,
            };
            let played = meet(Setup { offset_min, ..setup(Model::Band3) }, Model::Band3, &mut band, room);
            assert_eq!(played.outcome, Some(Outcome::Complete));
            kept.take(&played);
        }
        kept.is(&life);
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
    let start = super::layout::BandTime::at((NOW - 60) * 60, 4);
    let says = super::layout::Control::Start { count: u32::MAX, from: start }.emit();
    let mut band = Odd { endless: Some(0), says: Some(says), ..Odd::new(Model::Band3, &life(60)) };

    let played = sync(Model::Band3, &mut band, NOW, 0);

    assert_eq!(played.outcome, Some(Outcome::Interrupted(Fault::NoEnd)));
    assert_eq!(Kept::of(&played).steps.len(), 66);
    assert!(reasons(&played).contains(&QuarantineReason::WrongTime));
}

#[test]
fn a_start_long_before_what_is_stored_is_put_aside() {
    let start = super::layout::BandTime::at((NOW - 5_000) * 60, 4);
    let says = super::layout::Control::Start { count: 60, from: start }.emit();
    let mut answers = 0;
    let mut band = Odd::new(Model::Band3, &life(60));

    let room = Room {
        now: NOW,
        stored_to: u32::try_from(NOW - 60).unwrap(),
        mtu: 23,
        cut_after: None,
        clock_trusted: true,
        goal_steps: None,
        air: &mut |from, bytes| {
            answers += i32::from(from == CONTROL);
            if from == CONTROL && answers == 1 { vec![(from, says.clone())] } else { vec![(from, bytes)] }
        },
    };
    let played = meet(setup(Model::Band3), Model::Band3, &mut band, room);

    assert_eq!((played.outcome, reasons(&played)), (Some(Outcome::Complete), vec![QuarantineReason::WrongTime]));
    assert!(Kept::of(&played).steps.is_empty());
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
fn what_a_band_does_not_have_is_done_without() {
    let life = life(60);
    let mut band = Odd {
        without: vec![SERIAL, super::layout::FIRMWARE, super::layout::BATTERY, CLOCK, super::layout::SETTINGS],
        ..Odd::new(Model::Band3, &life)
    };

    let played = sync(Model::Band3, &mut band, NOW, 0);

    assert_eq!(played.outcome, Some(Outcome::Complete));
    assert_eq!(played.identity.as_ref().unwrap().device, DeviceId::from_serial(FAMILY, b"AA:BB"));
    Kept::of(&played).is(&life);
}

#[test]
fn a_band_that_refuses_requests_is_sent_commands() {
    let life = life(60);
    let mut band = Odd { refuses_first: Some(CONTROL), ..Odd::new(Model::Band3, &life) };
    let mut driver = (super::BAND_3.driver)(setup(Model::Band3));

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
    let room = Room {
        now: NOW,
        stored_to: 0,
        mtu: 23,
        cut_after: None,
        clock_trusted: true,
        goal_steps: None,
        air: &mut clear,
    };

    let played = with_driver(&mut Full((super::BAND_3.driver)(setup(Model::Band3))), &mut band, room);

    assert_eq!(played.outcome, Some(Outcome::Interrupted(Fault::NotStored)));
    assert_eq!((played.deliveries.len(), band.acknowledged()), (1, 0));
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

#[test]
fn a_malformed_packet_is_put_aside_and_the_rest_is_fetched_again() {
    let (life, mut done) = (life(300), false);
    let played = sync_through(Model::Band3, &mut Band::new(&life, Model::Band3), 23, &mut |from, mut bytes| {
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
