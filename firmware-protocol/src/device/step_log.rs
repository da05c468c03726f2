//! Our own step-log service: the protocol is in [`crate::steplog`], this is its place among the counters.

use alloc::{boxed::Box, vec, vec::Vec};

use super::{
    Ability, Advertisement, BondNeed, Characteristic, KeyNeed, Kind, Life, Numbers, Peripheral, Service, Setup,
    peripheral::LifeMinute,
};
use crate::{
    Uuid,
    driver::Resolution,
    reading::DeviceId,
    steplog::{
        self,
        device::{AttError, Device, DeviceConfig},
        host::{HostSettings, StepLogDriver},
        ram_flash::RamFlash,
        uuid,
    },
};

/// See the module.
pub const KIND: Kind = Kind {
    name: "step-log",
    label: "step-log counter",
    resolution: Resolution::Minute,
    bond: BondNeed::Required,
    key: KeyNeed::None,
    numbers: Numbers::Own,
    scan: &[uuid::SERVICE],
    memory_days: Some(30),
    hides_while_connected: true,
    wake: "Bring the counter near this computer and press its button.",
    can: &[
        Ability { what: "one-minute history with numbers that are never used twice", implemented: true },
        Ability { what: "acknowledging after storing, for each host apart", implemented: true },
        Ability { what: "clock anchors, boot links", implemented: true },
        Ability { what: "not worn and charging", implemented: true },
        Ability { what: "showing the goal", implemented: true },
        Ability { what: "notified live steps", implemented: false },
    ],
    not_known: &["No product on the market speaks it yet."],
    recognise: |heard| steplog::recognise(&heard.services),
    driver: |setup: Setup| {
        Box::new(StepLogDriver::new(HostSettings { zone_min: Some(setup.offset_min), ..HostSettings::default() }))
    },
    emulator: |life| Box::new(StepLogCounter::new(&life)),
};

/// What an emulated counter needs for thirty days and more.
const SECTORS: u16 = 36;
const SECTOR_LEN: u16 = 4096;

/// A step-log counter with its memory in RAM.
pub struct StepLogCounter {
    device: Option<Device<RamFlash>>,
    rest: alloc::collections::VecDeque<LifeMinute>,
    /// True UTC at which its uptime was zero, milliseconds.
    started_ms: i64,
}

impl StepLogCounter {
    /// Its identity is the first eight bytes of a hash of the serial number.
    pub fn new(life: &Life) -> Self {
        let id = DeviceId::from_serial(KIND.name, life.serial.as_bytes());
        let config = DeviceConfig { id, firmware: "emulated", ..DeviceConfig::default() };
        let mut device = Device::boot(RamFlash::new(SECTORS, SECTOR_LEN), config, None).ok();
        if let Some(device) = &mut device {
            device.set_power(Some(life.battery), false);
        }
        let started_ms = life.minutes.first().map_or(0, |first| first.at * 60_000);
        Self { device, rest: life.minutes.iter().copied().collect(), started_ms }
    }

    /// Lives up to this moment; gives its uptime then.
    fn live_to(&mut self, now_ms: i64) -> u64 {
        let uptime = |utc_ms: i64| u64::try_from(utc_ms - self.started_ms).unwrap_or(0);
        while let Some(minute) = self.rest.front().filter(|minute| minute.at * 60_000 + 59_000 <= now_ms) {
            let at = uptime(minute.at * 60_000 + 59_000);
            if let Some(device) = &mut self.device {
                // A memory in RAM fails only when it is too small for what it is asked to hold.
                let _: Result<(), _> = device.record(at, minute.steps, minute.wear, 0);
            }
            self.rest.pop_front();
        }
        uptime(now_ms)
    }
}

impl Peripheral for StepLogCounter {
    fn advertisement(&self) -> Advertisement {
        Advertisement { services: vec![uuid::SERVICE], ..Advertisement::default() }
    }

    fn services(&self) -> Vec<Service> {
        let one = |uuid| Characteristic { uuid, encrypted: true, ..Characteristic::default() };
        let read = |uuid| Characteristic { read: true, ..one(uuid) };
        vec![Service {
            uuid: uuid::SERVICE,
            characteristics: vec![
                read(uuid::FEATURE),
                read(uuid::STATE),
                Characteristic { write: true, notify: true, ..read(uuid::TIME) },
                Characteristic { write: true, indicate: true, ..one(uuid::CONTROL) },
                Characteristic { notify: true, ..one(uuid::DATA) },
                read(uuid::LIVE),
                read(uuid::BOOT_LINKS),
            ],
        }]
    }

    fn connect(&mut self, mtu: u16, now_ms: i64) {
        self.live_to(now_ms);
        if let Some(device) = &mut self.device {
            device.connect(mtu);
        }
    }

    fn disconnect(&mut self) {
        if let Some(device) = &mut self.device {
            device.disconnect();
        }
    }

    fn subscribe(&mut self, _to: Uuid, _on: bool, _now_ms: i64) {}

    fn read(&mut self, from: Uuid, now_ms: i64) -> Result<Vec<u8>, AttError> {
        let uptime = self.live_to(now_ms);
        let mut room = [0; 512];
        let length = self.device.as_mut().ok_or(AttError::Unlikely)?.read(from, uptime, &mut room)?;
        Ok(room.get(..length).unwrap_or(&room).to_vec())
    }

    fn write(&mut self, to: Uuid, bytes: &[u8], now_ms: i64) -> Result<(), AttError> {
        let uptime = self.live_to(now_ms);
        self.device.as_mut().ok_or(AttError::Unlikely)?.write(to, bytes, uptime)
    }

    fn outgoing(&mut self, now_ms: i64) -> Option<(Uuid, Vec<u8>)> {
        let uptime = self.live_to(now_ms);
        let mut room = [0; 512];
        let (from, length) = self.device.as_mut()?.outgoing(uptime, &mut room).ok()??;
        Some((from, room.get(..length).unwrap_or(&room).to_vec()))
    }
}
