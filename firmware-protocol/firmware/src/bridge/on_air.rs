//! An emulated peripheral as a connected host sees it, and what it says to everybody.

use std::{
    sync::{MutexGuard, PoisonError},
    vec::Vec,
};

use embassy_time::Duration;
use firmware_protocol::{
    Uuid,
    device::{Advertisement, Characteristic, Peripheral, Service},
    steplog::device::AttError,
};
use trouble_host::{PacketPool, attribute::PermissionLevel};

use super::{Faults, SharedPeripheral};
use crate::{
    advertising::Payload,
    link::Served,
    table::{self, DoesNotFit, Offer, Table},
};

/// The table of any peripheral.
pub(super) type AnyTable<'v, P> = Table<'v, P, 256, 64>;

/// How often an emulated peripheral is asked whether it has something to send.
const PULSE: Duration = Duration::from_millis(50);

/// A peripheral on the air.
pub(super) struct OnAir<'p, 'v, N, P: PacketPool> {
    pub peripheral: &'p SharedPeripheral,
    pub now: &'p N,
    pub faults: &'p Faults,
    pub table: &'p AnyTable<'v, P>,
}

impl<N: Fn() -> i64, P: PacketPool> Served for OnAir<'_, '_, N, P> {
    fn connect(&mut self, mtu: u16) {
        lock(self.peripheral).connect(mtu, (self.now)());
    }

    fn disconnect(&mut self) {
        lock(self.peripheral).disconnect();
    }

    fn subscribe(&mut self, to: Uuid, on: bool) {
        lock(self.peripheral).subscribe(to, on, (self.now)());
    }

    fn read(&mut self, from: Uuid, out: &mut [u8]) -> Result<usize, AttError> {
        let value = lock(self.peripheral).read(from, (self.now)())?;
        out.get_mut(..value.len()).ok_or(AttError::Unlikely)?.copy_from_slice(&value);
        Ok(value.len())
    }

    fn write(&mut self, to: Uuid, bytes: &[u8]) -> Result<(), AttError> {
        lock(self.peripheral).write(to, bytes, (self.now)())
    }

    fn outgoing(&mut self, out: &mut [u8]) -> Option<(Uuid, usize)> {
        loop {
            let (from, value) = lock(self.peripheral).outgoing((self.now)())?;
            let indicated = self.table.by_uuid(from).is_some_and(|entry| entry.indicates);
            if !indicated && self.faults.drops_this() {
                continue;
            }
            out.get_mut(..value.len())?.copy_from_slice(&value);
            return Some((from, value.len()));
        }
    }

    fn pulse(&self) -> Option<Duration> {
        Some(PULSE)
    }
}

/// A peripheral whose last user panicked is as good as before: it is an emulation.
pub(super) fn lock(peripheral: &SharedPeripheral) -> MutexGuard<'_, dyn Peripheral + Send + 'static> {
    peripheral.lock().unwrap_or_else(PoisonError::into_inner)
}

fn offer(characteristic: &Characteristic) -> Offer {
    let Characteristic { uuid, read, write, write_command, notify, indicate, encrypted } = *characteristic;
    let properties = [
        (read, table::READ),
        (write, table::WRITE),
        (write_command, table::WRITE_COMMAND),
        (notify, table::NOTIFY),
        (indicate, table::INDICATE),
    ];
    let properties = properties.into_iter().filter(|(has, _)| *has).map(|(_, bit)| bit).sum();
    Offer { uuid, properties, guarded: encrypted }
}

pub(super) fn payload(advertisement: &Advertisement) -> Payload {
    let mut payload = Payload::discoverable();
    payload.services(advertisement.services.iter().copied());
    for (company, bytes) in &advertisement.manufacturer {
        payload.manufacturer(*company, bytes);
    }
    if let Some(name) = &advertisement.name {
        payload.name(name);
    }
    payload
}

/// The table of what a peripheral offers; `guard` is what its encrypted characteristics ask of the link.
pub(super) fn table<'v, P: PacketPool>(
    name: &'v str,
    services: &[Service],
    guard: PermissionLevel,
) -> Result<AnyTable<'v, P>, DoesNotFit> {
    let offers: Vec<(Uuid, Vec<Offer>)> =
        services.iter().map(|service| (service.uuid, service.characteristics.iter().map(offer).collect())).collect();
    let offers: Vec<(Uuid, &[Offer])> = offers.iter().map(|(uuid, offers)| (*uuid, offers.as_slice())).collect();
    Table::new(cut(name), &offers, guard)
}

/// As much of a name as the GAP service takes.
fn cut(name: &str) -> &str {
    (0..=name.len().min(22)).rev().find_map(|end| name.get(..end)).unwrap_or("")
}

#[cfg(test)]
mod tests {
    use firmware_protocol::device::{KINDS, Life};
    use trouble_host::prelude::DefaultPacketPool;

    use super::*;

    #[test]
    fn every_kind_of_counter_fits() {
        for kind in KINDS {
            let counter = (kind.emulator)(Life::default());

            let table = table::<DefaultPacketPool>("", &counter.services(), PermissionLevel::EncryptionRequired);

            assert!(table.is_ok(), "{kind:?}");
            let said = payload(&counter.advertisement());
            assert!(said.said.len() > 3 || !said.answered.is_empty(), "{kind:?} says nothing");
        }
    }
}
