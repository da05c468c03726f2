//! Whole dialogues with the emulated band.

mod trouble;

use super::*;
use crate::{
    device::{
        Life, LifeMinute, Setup,
        play::{Air, Play, Played, play},
    },
    driver::{Fault, Known, Outcome, QuarantineReason, Unit, UnitKind},
    reading::{DeviceId, Epoch, HostId, Stamp, Wear},
};
use alloc::{collections::BTreeMap, string::ToString, vec, vec::Vec};
use frames::{Frame, MTU, Status, code_frame, cut};
use messages::code;
use samples::Samples;

/// 2026-03-01T12:00:00Z, minutes.
const NOON: i64 = 1_772_366_400 / 60;
const MINUTE_MS: i64 = 60_000;

fn life(minutes: core::ops::Range<i64>) -> Life {
    let minutes = minutes.map(|n| LifeMinute {
        at: NOON + n,
        steps: u32::try_from(n.rem_euclid(9) * 13).unwrap(),
        wear: if n.rem_euclid(60) < 50 { Wear::Worn } else { Wear::NotWorn },
    });
    Life { serial: "C1234567".to_string(), minutes: minutes.collect(), battery: 61, offset_min: 60, ..Life::default() }
}

fn setup() -> Setup {
    Setup { offset_min: 60, ..Setup::default() }
}

struct Table {
    setup: Setup,
    begin_ms: i64,
    mtu: u16,
    stored_to: u32,
    clock_trusted: bool,
    cut_after: Option<u32>,
}

impl Table {
    /// So many seconds after noon.
    fn at(seconds: i64) -> Self {
        let begin_ms = NOON * MINUTE_MS + seconds * 1000;
        Self { setup: setup(), begin_ms, mtu: 247, stored_to: 0, clock_trusted: true, cut_after: None }
    }

    fn play(&self, band: &mut PolarBand, air: Air<'_>) -> Played {
        let mut driver = PolarDriver::new(self.setup.clone());
        let known = Known {
            host: HostId([1; 8]),
            stored_to: self.stored_to,
            held_at: None,
            goal_steps: None,
            last_total: None,
        };
        let mut with = Play {
            mtu: self.mtu,
            begin_ms: self.begin_ms,
            clock_trusted: self.clock_trusted,
            known,
            cut_after: self.cut_after,
            air,
        };
        play(&mut driver, band, &mut with)
    }

    fn well(&self, band: &mut PolarBand) -> Played {
        self.play(band, &mut |from, bytes| vec![(from, bytes)])
    }
}

fn all(played: &[&Played]) -> Vec<Epoch> {
    let readings = played.iter().flat_map(|played| played.readings());
    readings.filter_map(|reading| if let Reading::Epoch(epoch) = reading { Some(epoch) } else { None }).collect()
}

/// Steps by number; no number may come with two values.
fn epochs(played: &[&Played]) -> BTreeMap<u32, u32> {
    let mut by_number = BTreeMap::new();
    for epoch in all(played) {
        assert!(by_number.insert(epoch.seq, epoch.steps).is_none_or(|before| before == epoch.steps), "two values");
    }
    by_number
}

/// What really was, without the minutes from `end` on.
fn truth(life: &Life, end: i64) -> BTreeMap<u32, u32> {
    let over = life.minutes.iter().filter(|minute| minute.at < NOON + end);
    over.map(|minute| (u32::try_from(minute.at).unwrap(), minute.steps)).collect()
}

/// The number up to which a host that had nothing holds everything, the way the daemon counts.
fn stored_to(played: &[&Played]) -> u32 {
    let mut spans: Vec<(u32, u32)> = Vec::new();
    for reading in played.iter().flat_map(|played| played.readings()) {
        match reading {
            Reading::Epoch(epoch) => spans.push((epoch.seq, epoch.seq + 1)),
            Reading::Gap { seq, count } => spans.push((seq, seq + count)),
            _ => {}
        }
    }
    spans.sort_unstable();
    let first = spans.first().map_or(0, |span| span.0);
    spans.iter().fold(first, |at, span| if span.0 <= at { at.max(span.1) } else { at })
}

fn number(n: i64) -> u32 {
    u32::try_from(NOON + n).unwrap()
}

#[test]
fn minutes_of_several_days_come_in_and_the_running_one_does_not() {
    for mtu in [23, 247] {
        let life = life(-3000..20);

        let played = Table { mtu, ..Table::at(10 * 60 + 30) }.well(&mut PolarBand::new(&life));

        assert_eq!(played.outcome, Some(Outcome::Complete));
        assert_eq!(epochs(&[&played]), truth(&life, 10));
        assert_eq!(stored_to(&[&played]), number(10));
        assert!(played.readings().contains(&Reading::Battery { percent: 61 }));
    }
}

#[test]
fn two_dialogues_bring_each_minute_once() {
    let life = life(-3000..600);
    let mut band = PolarBand::new(&life);

    let first = Table::at(30).well(&mut band);
    let second = Table { stored_to: stored_to(&[&first]), ..Table::at(300 * 60 + 30) }.well(&mut band);
    let third = Table { stored_to: stored_to(&[&first, &second]), ..Table::at(301 * 60 + 40) }.well(&mut band);

    let counts = all(&[&first]).len() + all(&[&second]).len() + all(&[&third]).len();
    assert_eq!(epochs(&[&first, &second, &third]), truth(&life, 301));
    assert_eq!((counts, all(&[&third]).len()), (3301, 1));
}

#[test]
fn a_unit_holds_the_new_minutes_only() {
    let mut band = PolarBand::new(&life(-700..600));
    let first = Table::at(30).well(&mut band);

    let second = Table { stored_to: stored_to(&[&first]), ..Table::at(15 * 60 + 30) }.well(&mut band);

    let bytes: usize = second.deliveries.iter().flat_map(|d| &d.units).map(|unit| unit.bytes.len()).sum();
    assert_eq!(all(&[&second]).len(), 15);
    assert!(bytes < 200, "{bytes}");
}

#[test]
fn time_in_which_nothing_was_recorded_is_a_gap_and_not_zero_steps() {
    let mut life = life(-3000..0);
    life.minutes.retain(|minute| !(NOON - 2000..NOON - 500).contains(&minute.at));

    let played = Table::at(30).well(&mut PolarBand::new(&life));

    assert_eq!(epochs(&[&played]).len(), 1499);
    assert!(played.readings().contains(&Reading::Gap { seq: number(-2000), count: 1500 }));
    assert_eq!(stored_to(&[&played]), number(-1));
}

#[test]
fn what_the_band_has_no_more_is_a_gap_unless_it_is_new_here() {
    let life = life(-600..0);

    let returning = Table { stored_to: number(-5000), ..Table::at(30) }.well(&mut PolarBand::new(&life));
    let new = Table::at(30).well(&mut PolarBand::new(&life));

    assert!(returning.readings().contains(&Reading::Gap { seq: number(-5000), count: 4400 }));
    assert!(!new.readings().iter().any(|reading| matches!(reading, Reading::Gap { .. })));
}

#[test]
fn a_band_that_is_not_worn_says_so_from_its_minute_on() {
    let played = Table::at(30).well(&mut PolarBand::new(&life(-600..0)));

    for epoch in all(&[&played]) {
        let expected = if (i64::from(epoch.seq) - NOON).rem_euclid(60) < 50 { Wear::Worn } else { Wear::NotWorn };
        assert_eq!(epoch.wear, expected);
        let local_s = i64::from(epoch.seq) * 60 + 3600;
        assert_eq!(epoch.stamp, Stamp::Local { seconds: local_s, offset_min: Some(60) });
    }
}

#[test]
fn a_link_that_breaks_after_any_step_loses_nothing_and_doubles_nothing() {
    let life = life(-2000..20);
    let mut cut = 0;
    loop {
        let mut band = PolarBand::new(&life);

        let broken = Table { cut_after: Some(cut), ..Table::at(30) }.well(&mut band);
        let again = Table { stored_to: stored_to(&[&broken]), ..Table::at(90) }.well(&mut band);

        assert_eq!(epochs(&[&broken, &again]), truth(&life, 1), "cut after {cut}");
        assert_eq!(again.outcome, Some(Outcome::Complete), "cut after {cut}");
        if broken.outcome.is_some() {
            break;
        }
        cut += 1;
    }
    assert!(cut > 100);
}

#[test]
fn lost_and_doubled_frames_are_asked_for_again() {
    let life = life(-2000..0);
    let mut n = 0_u32;

    let played = Table::at(30).play(&mut PolarBand::new(&life), &mut |from, bytes| {
        n += 1;
        match n % 97 {
            3 => vec![],
            5 | 50 => vec![(from, bytes.clone()), (from, bytes)],
            _ => vec![(from, bytes)],
        }
    });

    assert_eq!(played.outcome, Some(Outcome::Complete));
    assert_eq!(epochs(&[&played]), truth(&life, -1));
}

/// An answer of one frame that comes twice is not taken for the answer to the next question.
#[test]
fn whatever_comes_twice_a_complete_dialogue_has_brought_everything() {
    let life = life(-3000..0);
    for doubled in 0..60 {
        let mut n = 0_u32;

        let played = Table::at(30).play(&mut PolarBand::new(&life), &mut |from, bytes| {
            n += 1;
            if doubled == 59 || n == doubled + 1 {
                vec![(from, bytes.clone()), (from, bytes)]
            } else {
                vec![(from, bytes)]
            }
        });

        assert_eq!(played.outcome, Some(Outcome::Complete), "{doubled}");
        assert_eq!(epochs(&[&played]), truth(&life, -1), "{doubled}");
    }
}

#[test]
fn sixteen_lost_frames_in_a_row_are_noticed_by_the_length() {
    let life = life(-700..0);
    let mut n = 0_u32;

    let played = Table::at(30).play(&mut PolarBand::new(&life), &mut |from, bytes| {
        n += u32::from(Frame::parse(&bytes).is_ok_and(|frame| frame.status == Status::More));
        if (10..26).contains(&n) { vec![] } else { vec![(from, bytes)] }
    });

    assert_eq!(played.outcome, Some(Outcome::Complete));
    assert!(played.deliveries.iter().all(|delivery| delivery.quarantined.is_empty()));
    assert_eq!(epochs(&[&played]), truth(&life, -1));
}

#[test]
fn a_link_that_loses_too_much_ends_with_what_is_whole() {
    let life = life(-3000..0);
    let mut n = 0_u32;

    let played = Table::at(30).play(&mut PolarBand::new(&life), &mut |from, bytes| {
        n += 1;
        if n > 60 && n.is_multiple_of(3) { vec![] } else { vec![(from, bytes)] }
    });
    let again = Table { stored_to: stored_to(&[&played]), ..Table::at(90) }.well(&mut PolarBand::new(&life));

    assert_eq!(played.outcome, Some(Outcome::Interrupted(Fault::LossyLink)));
    assert_eq!(epochs(&[&played, &again]), truth(&life, -1));
}

#[test]
fn a_stale_answer_is_not_taken_for_the_next_one() {
    let life = life(-600..0);
    let mut late: Vec<(crate::Uuid, Vec<u8>)> = Vec::new();
    let mut n = 0_u32;

    // The answer to the list of days comes only when it was asked for again.
    let played = Table::at(30).play(&mut PolarBand::new(&life), &mut |from, bytes| {
        n += 1;
        match n {
            3 => {
                late.push((from, bytes));
                vec![]
            }
            4 => late.drain(..).chain([(from, bytes)]).collect(),
            _ => vec![(from, bytes)],
        }
    });

    assert_eq!(epochs(&[&played]), truth(&life, -1));
}

#[test]
fn no_request_ever_removes_or_writes_a_file() {
    let mut driver = PolarDriver::new(setup());
    let mut band = PolarBand::new(&life(-3000..0));
    let mut writes = Vec::new();
    let mut with = Play {
        mtu: 23,
        begin_ms: NOON * MINUTE_MS + 30_000,
        clock_trusted: true,
        known: Known { host: HostId([1; 8]), stored_to: 0, held_at: None, goal_steps: None, last_total: None },
        cut_after: None,
        air: &mut |from, bytes| vec![(from, bytes)],
    };

    let played = play(&mut Spy { driver: &mut driver, writes: &mut writes }, &mut band, &mut with);

    assert_eq!(played.outcome, Some(Outcome::Complete));
    let mut reassembly = frames::Reassembly::default();
    for bytes in writes {
        if let frames::Progress::Whole(message) = reassembly.take(&bytes) {
            reassembly = frames::Reassembly::default();
            if let Ok(frames::Message::Operation { header, data }) = frames::Message::parse(&message) {
                assert_eq!(messages::Operation::parse(header).unwrap().command, messages::Command::Get);
                assert!(data.is_empty());
            }
        }
    }
}

struct Spy<'a> {
    driver: &'a mut PolarDriver,
    writes: &'a mut Vec<Vec<u8>>,
}

impl crate::driver::Driver for Spy<'_> {
    fn next(&mut self, now: crate::driver::HostTime) -> crate::driver::Step {
        let step = self.driver.next(now);
        if let crate::driver::Step::Write { to: MTU, bytes } = &step {
            self.writes.push(bytes.clone());
        }
        step
    }

    fn handle(&mut self, event: crate::driver::Event<'_>, now: crate::driver::HostTime) {
        self.driver.handle(event, now);
    }
}

/// A host whose disk is full.
struct Full<'a>(&'a mut PolarDriver);

impl crate::driver::Driver for Full<'_> {
    fn next(&mut self, now: crate::driver::HostTime) -> crate::driver::Step {
        self.0.next(now)
    }

    fn handle(&mut self, event: crate::driver::Event<'_>, now: crate::driver::HostTime) {
        let event = if event == crate::driver::Event::Stored { crate::driver::Event::NotStored } else { event };
        self.0.handle(event, now);
    }
}

#[test]
fn a_host_that_cannot_store_asks_for_nothing_more() {
    let mut driver = PolarDriver::new(setup());
    let mut with = Play {
        mtu: 23,
        begin_ms: NOON * MINUTE_MS + 30_000,
        clock_trusted: true,
        known: Known { host: HostId([1; 8]), stored_to: 0, held_at: None, goal_steps: None, last_total: None },
        cut_after: None,
        air: &mut |from, bytes| vec![(from, bytes)],
    };

    let played = play(&mut Full(&mut driver), &mut PolarBand::new(&life(-3000..0)), &mut with);

    assert_eq!(played.outcome, Some(Outcome::Interrupted(Fault::NotStored)));
    assert_eq!(played.deliveries.len(), 1);
}

#[test]
fn another_persons_band_is_another_counter() {
    let id = |life: &Life| Table::at(30).well(&mut PolarBand::new(life)).identity.map(|identity| identity.device);
    let other = Life { serial: "C7654321".to_string(), ..life(-60..0) };

    assert_eq!(id(&life(-60..0)), Some(DeviceId::from_serial("polar", b"C1234567")));
    assert_ne!(id(&life(-60..0)), id(&other));
}

#[test]
fn bands_are_recognised_by_name_and_maker() {
    let heard = |name: &str, company| {
        let manufacturer = vec![(company, vec![])];
        recognise(&Advertisement { name: Some(name.to_string()), services: vec![], manufacturer })
    };

    assert!(heard("Polar 360 A1B2C3D4", COMPANY) && heard("Polar Loop 0A1B2C3D", COMPANY));
    assert!(heard("Polar Loop Gen 2 0A1B2C3D", COMPANY));
    assert!(
        !heard("Polar 360 A1B2C3D4", 0x004C) && !heard("Polar 360", COMPANY) && !heard("Polar H10 A1B2C3D4", COMPANY)
    );
    assert_eq!(cut(&[], 19).len(), 1);
}
