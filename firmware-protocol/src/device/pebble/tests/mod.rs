//! The dialogue with an emulated watch, over a link that does what links do.

mod fetch;
mod trouble;

use alloc::{collections::BTreeMap, string::ToString, vec, vec::Vec};

use super::{
    PebbleDriver, PebbleWatch,
    logging::Message,
    packet::Packet,
    ppogatt::WRITE,
    protocol::{DATA_LOGGING, Messages},
};
use crate::{
    Uuid,
    device::{
        Advertisement, Life, LifeMinute, Peripheral, Service, Setup,
        play::{Play, Played, play},
    },
    driver::Known,
    reading::{Epoch, HostId, Reading, Wear},
    steplog::device::AttError,
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
    fn advertisement(&self) -> Advertisement {
        self.watch.advertisement()
    }

    fn services(&self) -> Vec<Service> {
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

    fn read(&mut self, from: Uuid, now_ms: i64) -> Result<Vec<u8>, AttError> {
        self.watch.read(from, now_ms)
    }

    fn write(&mut self, to: Uuid, bytes: &[u8], now_ms: i64) -> Result<(), AttError> {
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
