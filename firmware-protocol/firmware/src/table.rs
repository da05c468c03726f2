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
    prelude::AttributeServer,
};

/// Hosts whose subscriptions are remembered.
const HOSTS: usize = 8;
/// Attributes of the GAP and GATT services, which every table has: see [`add_basics`].
const BASICS: usize = 8;
/// Longest name that leaves room for anything else in an advertisement.
const MAX_NAME: usize = 22;

/// Bluetooth Assigned Numbers, 3.4 and 3.8.
const GAP: u16 = 0x1800;
const GATT: u16 = 0x1801;
const DEVICE_NAME: u16 = 0x2A00;
const APPEARANCE: u16 = 0x2A01;
const PREFERRED_PARAMETERS: u16 = 0x2A04;
/// No particular appearance.
const UNKNOWN: [u8; 2] = [0, 0];
/// Connection interval 30 to 50 ms (in 1.25 ms), no latency, supervision time 6 s (in 10 ms).
const PREFERRED: [u8; 8] = [24, 0, 40, 0, 0, 0, 88, 2];

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
    pub fn new(name: &'v str, services: &[(Uuid, &[Offer])], guard: PermissionLevel) -> Result<Self, DoesNotFit> {
        // The stack panics when its table is full.
        let mut room = ATTRIBUTES.checked_sub(BASICS).ok_or(DoesNotFit)?;
        if name.len() > MAX_NAME {
            return Err(DoesNotFit);
        }
        let mut table = AttributeTable::new();
        add_basics(&mut table, name);
        let mut entries = Vec::new();
        let mut names = Names::default();
        let mut offers_to_come = services.iter().flat_map(|(_, offers)| offers.iter()).skip(1);
        for (service, offers) in services {
            room = room.checked_sub(1).ok_or(DoesNotFit)?;
            let mut service = table.add_service(Service::new(stack_uuid(*service)));
            for offer in *offers {
                let subscribes = offer.properties & (NOTIFY | INDICATE) != 0;
                room = room.checked_sub(if subscribes { 3 } else { 2 }).ok_or(DoesNotFit)?;
                let uuid = names.of(offer, offers_to_come.next());
                let mut value = service.add_characteristic_small(uuid, offer.properties, [0u8; 0]);
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

/// The GAP service with three characteristics, see [`Names`], and the GATT service.
fn add_basics<'v, const ATTRIBUTES: usize>(table: &mut AttributeTable<'v, NoopRawMutex, ATTRIBUTES>, name: &'v str) {
    let mut gap = table.add_service(Service::new(GAP));
    gap.add_characteristic_ro(DEVICE_NAME, name).build();
    gap.add_characteristic_ro(APPEARANCE, &UNKNOWN).build();
    gap.add_characteristic_ro(PREFERRED_PARAMETERS, &PREFERRED).build();
    table.add_service(Service::new(GATT));
}

/// Chooses between the short and the long form of names.
///
/// At the ATT MTU of 23 a host is told three characteristics with short names at once. When two of them are followed by
/// one with a long name, the stack (0.8.0) cuts the long name to the room that is left and tells it as a short one.
/// Then the second short name is told in its long form.
#[derive(Default)]
struct Names {
    /// Short names in the response that is being filled, 0 to 2.
    short: u8,
}

impl Names {
    fn of(&mut self, offer: &Offer, next: Option<&Offer>) -> StackUuid {
        let Some(name) = short(offer.uuid) else {
            self.short = 0;
            return offer.uuid.into();
        };
        if self.short == 1 && next.is_some_and(|next| short(next.uuid).is_none()) {
            self.short = 0;
            return offer.uuid.into();
        }
        self.short = (self.short + 1) % 3;
        name.into()
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
    fn a_long_name_never_follows_two_short_ones() {
        let mut names = Names::default();
        let offer = |uuid| Offer { uuid, properties: READ, guarded: false };
        let offers = [long(1), long(2), 7 << 90, long(3), long(4), long(5), long(6), 8 << 90].map(offer);

        let is_short = |(place, one)| matches!(names.of(one, offers.get(place + 1)), StackUuid::Uuid16(_));

        assert_eq!(
            offers.iter().enumerate().map(is_short).collect::<Vec<_, 8>>(),
            [true, false, false, true, true, true, true, false]
        );
    }

    #[test]
    fn too_many_characteristics_are_refused_instead_of_panicking() {
        let offer = Offer { uuid: long(0x2A19), properties: READ | NOTIFY, guarded: true };

        let fits = Small::new("name", &[(long(0x180F), &[offer])], PermissionLevel::EncryptionRequired);
        let does_not = Small::new("name", &[(long(0x180F), &[offer; 3])], PermissionLevel::EncryptionRequired);

        assert!(fits.is_ok());
        assert_eq!(does_not.err(), Some(DoesNotFit));
    }
}
