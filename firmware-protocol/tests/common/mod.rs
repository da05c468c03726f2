//! A counter and a host on one table, with an air between them that can be made bad.
#![allow(dead_code, reason = "each test file uses its own part")]

use std::collections::{BTreeMap, VecDeque};

use firmware_protocol::{
    Uuid, decode,
    driver::{
        Delivery, Driver, Event, HostTime, Known, MAX_STEPS_WITHOUT_PROGRESS, Outcome, Quarantined, Step, Unit,
        UnitKind,
    },
    reading::{Anchor, DeviceId, Epoch, HostId, Reading, Wear},
    steplog::{
        device::{Device, DeviceConfig},
        host::{HostSettings, StepLogDriver},
        ram_flash::RamFlash,
        uuid,
    },
};

/// 2026-03-01T12:00:00Z, milliseconds.
pub const NOON_MS: i64 = 1_772_366_400_000;
pub const MINUTE_MS: u64 = 60_000;

pub fn config() -> DeviceConfig {
    DeviceConfig { id: DeviceId(*b"counter1"), firmware: "1.2.3", ..DeviceConfig::default() }
}

pub fn counter() -> Device<RamFlash> {
    Device::boot(RamFlash::new(34, 4096), config(), None).unwrap()
}

/// Records minutes `range` (each in its middle) with steps by minute.
pub fn walk(device: &mut Device<RamFlash>, range: std::ops::Range<u64>, steps: impl Fn(u64) -> u32) {
    for minute in range {
        device.record(minute * MINUTE_MS + 30_000, steps(minute), Wear::Worn, 0).unwrap();
    }
}

/// A pseudo-random number generator good enough for faults: `SplitMix64`.
pub struct Dice(pub u64);

impl Dice {
    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub fn one_in(&mut self, n: u64) -> bool {
        self.roll().is_multiple_of(n)
    }
}

/// What the air does to the n-th notification of a dialogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    Pass,
    Drop,
    Twice,
    /// Comes after the next one.
    Late,
    Cut,
    Flip,
}

/// A host that keeps what it is given.
pub struct Host {
    pub id: HostId,
    pub units: Vec<Unit>,
    pub quarantined: Vec<Quarantined>,
    pub deliveries: Vec<Delivery>,
    pub stored_to: u32,
    pub held_at: Option<u32>,
    pub goal: Option<u32>,
    pub refuse_store: bool,
}

impl Host {
    pub fn new(name: u8) -> Self {
        Self {
            id: HostId([name; 8]),
            units: vec![],
            quarantined: vec![],
            deliveries: vec![],
            stored_to: 0,
            held_at: None,
            goal: None,
            refuse_store: false,
        }
    }

    pub fn readings(&self) -> Vec<Reading> {
        let mut readings = vec![];
        for unit in &self.units {
            decode(unit.kind, &unit.bytes, &mut |reading| readings.push(reading)).unwrap();
        }
        readings
    }

    /// By number; the same number twice must be the same epoch.
    pub fn epochs(&self) -> BTreeMap<u32, Epoch> {
        let mut epochs = BTreeMap::new();
        for reading in self.readings() {
            if let Reading::Epoch(epoch) = reading {
                let before = epochs.insert(epoch.seq, epoch);
                assert!(before.is_none_or(|before| before == epoch), "number {} used twice", epoch.seq);
            }
        }
        epochs
    }

    pub fn gaps(&self) -> Vec<(u32, u32)> {
        let gap = |reading| if let Reading::Gap { seq, count } = reading { Some((seq, count)) } else { None };
        self.readings().into_iter().filter_map(gap).collect()
    }

    pub fn anchors(&self) -> Vec<Anchor> {
        let anchor = |reading| if let Reading::Anchor(anchor) = reading { Some(anchor) } else { None };
        self.readings().into_iter().filter_map(anchor).collect()
    }

    fn keep(&mut self, delivery: Delivery) {
        self.deliveries.push(delivery.clone());
        for quarantined in &delivery.quarantined {
            let seq = quarantined.seq.unwrap();
            self.held_at = Some(self.held_at.map_or(seq, |held| held.min(seq)));
        }
        for unit in &delivery.units {
            decode(unit.kind, &unit.bytes, &mut |reading| match reading {
                Reading::Epoch(epoch) => self.stored_to = self.stored_to.max(epoch.seq + 1),
                Reading::Gap { seq, count } => self.stored_to = self.stored_to.max(seq + count),
                _ => {}
            })
            .unwrap();
            if unit.kind == UnitKind::StepLogBlock
                && self.held_at.is_some_and(|held| unit.bytes[4..8] == held.to_le_bytes())
            {
                self.held_at = None;
            }
        }
        self.units.extend(delivery.units);
        self.quarantined.extend(delivery.quarantined);
    }
}

/// What happens to the counter beside the dialogue.
pub type Meanwhile = Box<dyn FnMut(&mut Device<RamFlash>, &Step)>;

/// The air, and the clocks on both of its sides.
pub struct Air {
    pub mtu: u16,
    pub uptime_ms: u64,
    /// UTC at uptime zero as the host believes; `None` when it trusts no clock.
    pub utc_at_boot_ms: Option<i64>,
    pub settings: HostSettings,
    pub fate: Box<dyn FnMut(usize, Uuid) -> Fate>,
    /// Milliseconds that every write takes.
    pub write_ms: u64,
    pub frames: usize,
    /// Notifications that the counter may send at each wait.
    pub burst: usize,
    pub writes: Vec<(Uuid, Vec<u8>)>,
    /// Bytes in front of the Feature value.
    pub feature_prefix: Vec<u8>,
    /// Called before each step.
    pub meanwhile: Meanwhile,
}

impl Air {
    pub fn new(uptime_ms: u64) -> Self {
        Self {
            mtu: 247,
            uptime_ms,
            utc_at_boot_ms: Some(NOON_MS),
            settings: HostSettings::default(),
            fate: Box::new(|_, _| Fate::Pass),
            write_ms: 30,
            frames: 0,
            burst: usize::MAX,
            writes: vec![],
            feature_prefix: vec![],
            meanwhile: Box::new(|_, _| ()),
        }
    }

    fn now(&self) -> HostTime {
        let utc = self.utc_at_boot_ms.map(|at_boot| (at_boot + i64::try_from(self.uptime_ms).unwrap()) * 1000);
        HostTime { mono_ms: self.uptime_ms, utc_us: utc }
    }

    /// One whole dialogue; `None` when the link was cut.
    pub fn sync(&mut self, device: &mut Device<RamFlash>, host: &mut Host) -> Option<Outcome> {
        let mut driver = StepLogDriver::new(self.settings);
        let mut arrived: VecDeque<(Uuid, Vec<u8>)> = VecDeque::new();
        let mut late: Option<(Uuid, Vec<u8>)> = None;
        let mut steps = 0;
        device.connect(self.mtu);
        loop {
            steps += 1;
            assert!(steps < MAX_STEPS_WITHOUT_PROGRESS, "endless dialogue");
            let step = driver.next(self.now());
            (self.meanwhile)(device, &step);
            match step {
                Step::Subscribe(_) => driver.handle(Event::Done, self.now()),
                Step::Read(from) => {
                    let mut value = [0; 512];
                    let length = device.read(from, self.uptime_ms, &mut value).unwrap();
                    let mut bytes = value[..length].to_vec();
                    if from == uuid::FEATURE {
                        bytes.splice(0..0, self.feature_prefix.clone());
                    }
                    driver.handle(Event::Value(&bytes), self.now());
                }
                Step::Write { to, bytes } => {
                    assert!(bytes.len() <= 20);
                    self.uptime_ms += self.write_ms;
                    self.writes.push((to, bytes.clone()));
                    match device.write(to, &bytes, self.uptime_ms) {
                        Ok(()) => {
                            self.uptime_ms += self.write_ms;
                            driver.handle(Event::Done, self.now());
                        }
                        Err(error) => driver.handle(Event::Refused { code: error as u8 }, self.now()),
                    }
                }
                Step::Await { at_most_ms } => {
                    let mut room = [0; 244];
                    let mut burst = self.burst;
                    while burst > 0
                        && let Some((from, length)) = device.outgoing(self.uptime_ms, &mut room).unwrap()
                    {
                        burst -= 1;
                        assert!(length <= usize::from(self.mtu) - 3);
                        let bytes = room[..length].to_vec();
                        self.frames += 1;
                        match (self.fate)(self.frames - 1, from) {
                            Fate::Pass => arrived.push_back((from, bytes)),
                            Fate::Drop => {}
                            Fate::Twice => arrived.extend([(from, bytes.clone()), (from, bytes)]),
                            Fate::Late => {
                                late = Some((from, bytes));
                                continue;
                            }
                            Fate::Cut => {
                                device.disconnect();
                                return None;
                            }
                            Fate::Flip => {
                                let mut bytes = bytes;
                                *bytes.last_mut().unwrap() ^= 0x10;
                                arrived.push_back((from, bytes));
                            }
                        }
                        arrived.extend(late.take());
                    }
                    if let Some((from, bytes)) = arrived.pop_front().or_else(|| late.take()) {
                        self.uptime_ms += 1;
                        driver.handle(Event::Notified { from, bytes: &bytes }, self.now());
                    } else {
                        self.uptime_ms += u64::from(at_most_ms);
                        driver.handle(Event::TimedOut, self.now());
                    }
                }
                other @ (Step::Unsubscribe(_) | Step::Send { .. } | Step::Prompt(_)) => {
                    panic!("the step-log dialogue has no {other:?}")
                }
                Step::Identify(identity) => {
                    assert_eq!(identity.device, config().id);
                    let known = Known {
                        host: host.id,
                        stored_to: host.stored_to,
                        held_at: host.held_at,
                        goal_steps: host.goal,
                        last_total: None,
                    };
                    driver.handle(Event::Known(known), self.now());
                }
                Step::Store(_) if host.refuse_store => driver.handle(Event::NotStored, self.now()),
                Step::Store(delivery) => {
                    steps = 0;
                    host.keep(delivery);
                    driver.handle(Event::Stored, self.now());
                }
                Step::Finish(outcome) => {
                    device.disconnect();
                    return Some(outcome);
                }
            }
        }
    }
}

/// Where in flash the body of the block with this first number begins, header included.
pub fn block_address(flash: &RamFlash, seq: u32) -> usize {
    let seq = seq.to_le_bytes();
    let ring = &flash.bytes()[2 * 4096..];
    let is_block = |at: &usize| ring[*at] == 0x11 && ring[at + 4..at + 8] == seq;
    2 * 4096 + (0..ring.len() - 8).step_by(4).find(is_block).expect("the block is in the ring")
}

/// Rewrites a flash with one block of 0..n so that its numbers begin at `first`.
pub fn renumber(flash: &mut RamFlash, first: u32) {
    use firmware_protocol::crc::{Crc16, Crc32};
    let ring = &mut flash.bytes_mut()[2 * 4096..3 * 4096];
    ring[8..12].copy_from_slice(&first.to_le_bytes());
    let crc = Crc32::new().update(&ring[..12]).value();
    ring[12..16].copy_from_slice(&crc.to_le_bytes());
    let mut at = 20;
    while ring[at] != 0xFF {
        let (len, span) = (usize::from(ring[at]), ring[at + 1]);
        let seq = first + u32::from_le_bytes(ring[at + 4..at + 8].try_into().unwrap());
        let crc = Crc16::new().update(&[ring[at], span]).update(&seq.to_le_bytes()).value();
        ring[at + 2..at + 4].copy_from_slice(&crc.to_le_bytes());
        ring[at + 4..at + 8].copy_from_slice(&seq.to_le_bytes());
        let block = &mut ring[at + 8..at + 8 + len];
        block[4..8].copy_from_slice(&seq.to_le_bytes());
        let crc = Crc16::new().update(&block[..14]).update(&block[16..]).value();
        block[14..16].copy_from_slice(&crc.to_le_bytes());
        at += 8 + len.next_multiple_of(4) + 4;
    }
}
