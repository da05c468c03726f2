//! The attribute table: which services and characteristics are offered, and which of them need a bonded link.
//!
//! The stack answers discovery and keeps the subscriptions; values are never stored in the table, they are asked
//! for when they are read.

use embassy_sync::blocking_mutex::raw::NoopRawMutex;
use firmware_protocol::Uuid;
use heapless::Vec;
use trouble_host::{
    PacketPool,
    attribute::{AttributeTable, Characteristic, PermissionLevel, Service, Uuid as StackUuid},
    gap::GapConfig,
    prelude::AttributeServer,
};

/// Hosts whose subscriptions are remembered.
const HOSTS: usize = 8;
/// Attributes of the GAP and GATT services, which every table has.
const BASICS: usize = trouble_host::gap::GAP_SERVICE_ATTRIBUTE_COUNT;

/// It can be read.
pub const READ: u8 = 0x02;
/// It can be written without a response.
pub const WRITE_COMMAND: u8 = 0x04;
/// It can be written with a response.
pub const WRITE: u8 = 0x08;
/// It notifies.
pub const NOTIFY: u8 = 0x10;
/// It indicates.
pub const INDICATE: u8 = 0x20;

/// A characteristic to be offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offer {
    /// Its name.
    pub uuid: Uuid,
    /// What may be done with it: the sum of [`READ`], [`WRITE`] and so on.
    pub properties: u8,
    /// It needs an encrypted link to a bonded host.
    pub guarded: bool,
}

/// A characteristic in the table.
pub(crate) struct Entry {
    pub uuid: Uuid,
    pub guarded: bool,
    pub indicates: bool,
    pub value: Characteristic<[u8; 0]>,
}

/// The table with room for `ATTRIBUTES` attributes and `OFFERS` characteristics.
pub struct Table<'v, P: PacketPool, const ATTRIBUTES: usize, const OFFERS: usize> {
    pub(crate) server: AttributeServer<'v, NoopRawMutex, P, ATTRIBUTES, HOSTS>,
    entries: Vec<Entry, OFFERS>,
}

/// More is offered than there is room for, or the name is longer than 22 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DoesNotFit;

impl<'v, P: PacketPool, const ATTRIBUTES: usize, const OFFERS: usize> Table<'v, P, ATTRIBUTES, OFFERS> {
    /// A table of these services. `guard` is what a guarded characteristic asks of the link.
    pub fn new<'o>(
        name: &'v str,
        services: impl IntoIterator<Item = (Uuid, &'o [Offer])>,
        guard: PermissionLevel,
    ) -> Result<Self, DoesNotFit> {
        let mut table = AttributeTable::new();
        let mut entries = Vec::new();
        // The stack panics when its table is full.
        let mut room = ATTRIBUTES.checked_sub(BASICS).ok_or(DoesNotFit)?;
        GapConfig::default(name).build(&mut table).map_err(|_| DoesNotFit)?;
        for (service, offers) in services {
            room = room.checked_sub(1).ok_or(DoesNotFit)?;
            let mut service = table.add_service(Service::new(stack_uuid(service)));
            for offer in offers {
                let subscribes = offer.properties & (NOTIFY | INDICATE) != 0;
                room = room.checked_sub(if subscribes { 3 } else { 2 }).ok_or(DoesNotFit)?;
                let mut value = service.add_characteristic_small(stack_uuid(offer.uuid), offer.properties, [0u8; 0]);
                if offer.guarded {
                    if offer.properties & READ != 0 {
                        value = value.read_permission(guard);
                    }
                    if offer.properties & (WRITE | WRITE_COMMAND) != 0 {
                        value = value.write_permission(guard);
                    }
                    if subscribes {
                        value = value.cccd_permission(guard);
                    }
                }
                let entry = Entry {
                    uuid: offer.uuid,
                    guarded: offer.guarded,
                    indicates: offer.properties & (NOTIFY | INDICATE) == INDICATE,
                    value: value.build(),
                };
                entries.push(entry).map_err(|_| DoesNotFit)?;
            }
        }
        Ok(Self { server: AttributeServer::new(table), entries })
    }

    /// The characteristic whose value has this handle.
    pub(crate) fn by_handle(&self, handle: u16) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.value.handle == handle)
    }

    /// The characteristic whose subscription has this handle.
    pub(crate) fn by_subscription(&self, handle: u16) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.value.cccd_handle == Some(handle))
    }

    /// The characteristic with this name: the first of several.
    pub(crate) fn by_uuid(&self, uuid: Uuid) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.uuid == uuid)
    }
}

/// The short form of a UUID of the Bluetooth SIG, if it is one.
pub fn short(uuid: Uuid) -> Option<u16> {
    // 0000xxxx-0000-1000-8000-00805f9b34fb: Bluetooth Core Specification, Vol 3, Part B, 2.5.1.
    const BASE: Uuid = 0x0000_0000_0000_1000_8000_0080_5f9b_34fb;
    u16::try_from((uuid ^ BASE) >> 96).ok().filter(|short| long(*short) == uuid)
}

/// A short UUID in full.
pub const fn long(short: u16) -> Uuid {
    0x0000_0000_0000_1000_8000_0080_5f9b_34fb | ((short as Uuid) << 96)
}

fn stack_uuid(uuid: Uuid) -> StackUuid {
    short(uuid).map_or_else(|| StackUuid::from(uuid), StackUuid::from)
}

#[cfg(test)]
mod tests {
    use trouble_host::prelude::DefaultPacketPool;

    use super::*;

    type Small<'v> = Table<'v, DefaultPacketPool, 12, 3>;

    #[test]
    fn a_short_uuid_is_known_by_its_base() {
        assert_eq!(short(long(0x180A)), Some(0x180A));
        assert_eq!(short(long(0x180A) ^ 1), None);
        assert_eq!(short(1 << 127 | long(0)), None);
    }

    #[test]
    fn too_many_characteristics_are_refused_instead_of_panicking() {
        let offer = Offer { uuid: long(0x2A19), properties: READ | NOTIFY, guarded: true };

        let fits = Small::new("name", [(long(0x180F), &[offer][..])], PermissionLevel::EncryptionRequired);
        let does_not = Small::new("name", [(long(0x180F), &[offer; 3][..])], PermissionLevel::EncryptionRequired);

        assert!(fits.is_ok());
        assert_eq!(does_not.err(), Some(DoesNotFit));
    }
}
