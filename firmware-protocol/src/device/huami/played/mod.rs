//! Dialogues played between the driver and a band.

mod key;
mod minutes;
mod trouble;

use alloc::{boxed::Box, collections::BTreeMap, string::ToString, vec, vec::Vec};

use super::{
    BAND_3, BAND_6, Band, FAMILY, Model, Tap,
    layout::{BATTERY, BEGIN, BandTime, CLOCK, CONTROL, Control, DATA, FIRMWARE, SERIAL, SETTINGS},
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
        Model::Band2 | Model::Band3 => &BAND_3,
        Model::Band4 | Model::Band5 | Model::Band6 => &BAND_6,
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
    air: BoxedAir<'a>,
}

type BoxedAir<'a> = Box<dyn FnMut(Uuid, Vec<u8>) -> Vec<(Uuid, Vec<u8>)> + 'a>;

impl Default for Room<'_> {
    fn default() -> Self {
        Self {
            now: NOW,
            stored_to: 0,
            mtu: 23,
            cut_after: None,
            clock_trusted: true,
            goal_steps: None,
            air: Box::new(|from, bytes| vec![(from, bytes)]),
        }
    }
}

fn with_driver(driver: &mut dyn Driver, band: &mut dyn Peripheral, room: Room<'_>) -> Played {
    let Room { now, stored_to, mtu, cut_after, clock_trusted, goal_steps, mut air } = room;
    let known = Known { host: HostId([1; 8]), stored_to, held_at: None, goal_steps, last_total: None };
    let begin_ms = now * 60_000 + 5_000;
    play(driver, band, &mut Play { mtu, begin_ms, clock_trusted, known, cut_after, air: air.as_mut() })
}

fn meet(setup: Setup, model: Model, band: &mut dyn Peripheral, room: Room<'_>) -> Played {
    with_driver((kind(model).driver)(setup).as_mut(), band, room)
}

/// A sync without faults.
fn sync(model: Model, band: &mut dyn Peripheral, now: i64, stored_to: u32) -> Played {
    meet(setup(model), model, band, Room { now, stored_to, ..Room::default() })
}

fn sync_through<'a>(
    model: Model,
    band: &mut dyn Peripheral,
    air: impl FnMut(Uuid, Vec<u8>) -> Vec<(Uuid, Vec<u8>)> + 'a,
) -> Played {
    meet(setup(model), model, band, Room { air: Box::new(air), ..Room::default() })
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
        for service in &mut services {
            service.characteristics.retain(stays);
        }
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
    let room = Room { goal_steps: Some(8_000), ..Room::default() };
    with_driver(&mut watched, band, room);
    watched.steps
}
