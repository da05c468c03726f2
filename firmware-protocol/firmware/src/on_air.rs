//! The counter as a connected host sees it: the step-log service, who made it, its battery.

use core::cell::{Cell, RefCell};

use embassy_time::Duration;
use firmware_protocol::{
    Uuid,
    steplog::{
        self,
        device::{AttError, Device, Flash},
        uuid,
    },
};
use trouble_host::{PacketPool, attribute::PermissionLevel};

use crate::{
    counter::Config,
    link::Served,
    parts::Clock,
    table::{DoesNotFit, INDICATE, NOTIFY, Offer, READ, Table, WRITE, long},
};

/// Attributes of the counter's table.
pub(crate) const ATTRIBUTES: usize = 48;
/// Characteristics of the counter.
pub(crate) const OFFERS: usize = 12;

/// Bluetooth Assigned Numbers, 3.4 and 3.8.
const DEVICE_INFORMATION: Uuid = long(0x180A);
const MANUFACTURER_NAME: Uuid = long(0x2A29);
const MODEL_NUMBER: Uuid = long(0x2A24);
const FIRMWARE_REVISION: Uuid = long(0x2A26);
const BATTERY: Uuid = long(0x180F);
const BATTERY_LEVEL: Uuid = long(0x2A19);

const fn guarded(uuid: Uuid, properties: u8) -> Offer {
    Offer { uuid, properties, guarded: true }
}

const fn open(uuid: Uuid) -> Offer {
    Offer { uuid, properties: READ, guarded: false }
}

/// Step-log protocol, 2.1 and 2.2.
const STEP_LOG: &[Offer] = &[
    guarded(uuid::FEATURE, READ),
    guarded(uuid::STATE, READ),
    guarded(uuid::TIME, READ | WRITE | NOTIFY),
    guarded(uuid::CONTROL, WRITE | INDICATE),
    guarded(uuid::DATA, NOTIFY),
    guarded(uuid::LIVE, READ),
    guarded(uuid::BOOT_LINKS, READ),
];
/// No serial number: everybody in reach can read this.
const MAKER: &[Offer] = &[open(MANUFACTURER_NAME), open(MODEL_NUMBER), open(FIRMWARE_REVISION)];
const POWER: &[Offer] = &[open(BATTERY_LEVEL)];

/// The counter's table; `guard` is what the step-log service asks of the link.
pub(crate) fn table<P: PacketPool>(
    name: &str,
    guard: PermissionLevel,
) -> Result<Table<'_, P, ATTRIBUTES, OFFERS>, DoesNotFit> {
    Table::new(name, &[(steplog::SERVICE, STEP_LOG), (DEVICE_INFORMATION, MAKER), (BATTERY, POWER)], guard)
}

/// A counter on the air.
pub(crate) struct OnAir<'c, F, K> {
    pub device: &'c RefCell<Device<F>>,
    pub clock: &'c K,
    pub config: &'c Config,
    pub battery: &'c Cell<Option<u8>>,
}

impl<F: Flash, K: Clock> Served for OnAir<'_, F, K> {
    fn connect(&mut self, mtu: u16) {
        self.device.borrow_mut().connect(mtu);
    }

    fn disconnect(&mut self) {
        self.device.borrow_mut().disconnect();
    }

    fn subscribe(&mut self, _to: Uuid, _on: bool) {}

    fn read(&mut self, from: Uuid, out: &mut [u8]) -> Result<usize, AttError> {
        let level = self.battery.get().map(|percent| [percent]);
        let text = match from {
            MANUFACTURER_NAME => self.config.maker.as_bytes(),
            MODEL_NUMBER => self.config.model.as_bytes(),
            FIRMWARE_REVISION => self.config.device.firmware.as_bytes(),
            BATTERY_LEVEL => level.as_ref().ok_or(AttError::Unlikely)?,
            _ => return self.device.borrow_mut().read(from, self.clock.uptime_ms(), out),
        };
        out.get_mut(..text.len()).ok_or(AttError::Unlikely)?.copy_from_slice(text);
        Ok(text.len())
    }

    fn write(&mut self, to: Uuid, bytes: &[u8]) -> Result<(), AttError> {
        self.device.borrow_mut().write(to, bytes, self.clock.uptime_ms())
    }

    fn outgoing(&mut self, out: &mut [u8]) -> Option<(Uuid, usize)> {
        // When the memory fails in the middle of a transfer the host misses frames and asks again.
        self.device.borrow_mut().outgoing(self.clock.uptime_ms(), out).ok().flatten()
    }

    fn pulse(&self) -> Option<Duration> {
        None
    }
}
