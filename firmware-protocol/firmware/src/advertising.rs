//! What is said to everybody: advertisement and scan response, 31 bytes each.

use firmware_protocol::{
    Uuid,
    steplog::{self, MAJOR},
};
use heapless::Vec;

use crate::table::short;

/// Bytes of one legacy advertisement: Bluetooth Core Specification, Vol 6, Part B, 2.3.1.
pub const ROOM: usize = 31;

/// An advertisement and its scan response.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Payload {
    /// What is sent all the time.
    pub said: Vec<u8, ROOM>,
    /// What is sent to those who ask.
    pub answered: Vec<u8, ROOM>,
}

/// Kinds of AD structure: Bluetooth Assigned Numbers, 2.3.
mod kind {
    pub const FLAGS: u8 = 0x01;
    pub const SERVICES_16: u8 = 0x03;
    pub const SERVICES_128: u8 = 0x07;
    pub const SHORT_NAME: u8 = 0x08;
    pub const NAME: u8 = 0x09;
    pub const SERVICE_DATA_128: u8 = 0x21;
    pub const MANUFACTURER: u8 = 0xFF;
}

/// General discoverable, no classic Bluetooth. BlueZ hides who is not discoverable.
const DISCOVERABLE: u8 = 0x06;

impl Payload {
    /// A payload that says only that it may be found.
    pub fn discoverable() -> Self {
        let mut payload = Self::default();
        payload.put(kind::FLAGS, &[&[DISCOVERABLE]]);
        payload
    }

    /// Adds a list of services; short and long ones apart. What does not fit is left out.
    pub fn services(&mut self, services: impl Iterator<Item = Uuid> + Clone) {
        let mut bytes = Vec::<u8, ROOM>::new();
        for uuid in services.clone().filter_map(short) {
            bytes.extend_from_slice(&uuid.to_le_bytes()).ok();
        }
        self.list(kind::SERVICES_16, &bytes);
        bytes.clear();
        for uuid in services.filter(|uuid| short(*uuid).is_none()) {
            bytes.extend_from_slice(&uuid.to_le_bytes()).ok();
        }
        self.list(kind::SERVICES_128, &bytes);
    }

    /// Adds what a maker says under its company number. Whether it fits.
    pub fn manufacturer(&mut self, company: u16, bytes: &[u8]) -> bool {
        self.put(kind::MANUFACTURER, &[&company.to_le_bytes(), bytes])
    }

    /// Adds data of a service. Whether it fits.
    pub fn service_data(&mut self, service: Uuid, bytes: &[u8]) -> bool {
        self.put(kind::SERVICE_DATA_128, &[&service.to_le_bytes(), bytes])
    }

    /// Adds the name, or as much of it as there is room for.
    pub fn name(&mut self, name: &str) {
        if self.put(kind::NAME, &[name.as_bytes()]) {
            return;
        }
        let room = ROOM.saturating_sub(self.said.len().min(self.answered.len()) + 2);
        let cut = (0..=room.min(name.len())).rev().find_map(|end| name.get(..end)).unwrap_or("");
        if !cut.is_empty() {
            self.put(kind::SHORT_NAME, &[cut.as_bytes()]);
        }
    }

    fn list(&mut self, kind: u8, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.put(kind, &[bytes]);
        }
    }

    /// Adds a structure where there is room for it; whether there is.
    fn put(&mut self, kind: u8, parts: &[&[u8]]) -> bool {
        let length = 1 + parts.iter().map(|part| part.len()).sum::<usize>();
        let Ok(stated) = u8::try_from(length) else { return false };
        let Some(place) =
            [&mut self.said, &mut self.answered].into_iter().find(|place| place.len() + 1 + length <= ROOM)
        else {
            return false;
        };
        let header = [stated, kind];
        core::iter::once(&&header[..]).chain(parts).all(|part| place.extend_from_slice(part).is_ok())
    }
}

/// What a step-log counter tells everybody: step-log protocol, 14.3.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Notice {
    /// It holds epochs that no host has acknowledged.
    pub unsynced: bool,
    /// Its clock is not set.
    pub clock_unset: bool,
    /// Its battery is low.
    pub battery_low: bool,
}

impl Notice {
    /// The advertisement of a counter with this name.
    pub fn payload(self, name: &str) -> Payload {
        let mut payload = Payload::discoverable();
        payload.services([steplog::SERVICE].into_iter());
        let flags = u8::from(self.unsynced) | u8::from(self.clock_unset) << 1 | u8::from(self.battery_low) << 2;
        payload.service_data(steplog::SERVICE, &[MAJOR, flags]);
        payload.name(name);
        payload
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::long;

    #[test]
    fn a_counter_says_its_service_first_and_its_state_when_asked() {
        let payload = Notice { unsynced: true, clock_unset: false, battery_low: true }.payload("Step counter");

        assert_eq!(payload.said.get(..5), Some(&[2, 1, 6, 17, 7][..]));
        assert_eq!(payload.said.get(5..), Some(&steplog::SERVICE.to_le_bytes()[..]));
        assert_eq!(payload.answered.get(..2), Some(&[19, 0x21][..]));
        assert_eq!(payload.answered.get(18..20), Some(&[1, 0b101][..]));
        assert_eq!(payload.answered.get(20..), Some(&b"\x0A\x08Step coun"[..]));
    }

    #[test]
    fn short_and_long_services_are_listed_apart() {
        let mut payload = Payload::discoverable();

        payload.services([long(0x180D), steplog::SERVICE, long(0x180F)].into_iter());

        assert_eq!(payload.said.get(3..9), Some(&[5, 3, 0x0D, 0x18, 0x0F, 0x18][..]));
        assert_eq!(payload.said.get(9..11), Some(&[17, 7][..]));
    }

    #[test]
    fn what_does_not_fit_is_left_out_whole() {
        let mut payload = Payload::discoverable();

        assert!(payload.manufacturer(1, &[0; 20]));
        assert!(payload.manufacturer(1, &[0; 27]));
        assert!(!payload.manufacturer(1, &[0; 5]));
    }
}
