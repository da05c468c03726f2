//! Whose watch it is. Its serial number is read from the Device Information Service, which the firmware always offers.
//! The advertisement carries the same twelve characters, but only while the watch can be discovered; so the reading comes
//! first, the advertisement second, and both make the same [`crate::reading::DeviceId`]. The name the operating system
//! gives the watch is the last resort.

use alloc::string::String;

use crate::device::{Advertisement, Setup};

/// Company numbers under which a Pebble advertises: Core Devices, and Pebble Technology before.
pub const COMPANIES: [u16; 2] = [0x0EEA, 0x0154];
/// Type of the advertised data, before the serial number.
const ADVERTISED_SERIAL: u8 = 0x00;
const SERIAL_LEN: usize = 12;

/// What names the counter, when anything does.
pub fn of(read: Option<&str>, setup: &Setup) -> Option<String> {
    let named = read.or_else(|| advertised(&setup.heard)).unwrap_or(&setup.peer);
    (!named.is_empty()).then(|| named.into())
}

/// The serial number in an advertisement.
pub fn advertised(heard: &Advertisement) -> Option<&str> {
    heard.manufacturer.iter().filter(|(company, _)| COMPANIES.contains(company)).find_map(|(_, bytes)| {
        let (kind, rest) = bytes.split_first()?;
        usable(rest.get(..SERIAL_LEN)?).filter(|_| *kind == ADVERTISED_SERIAL)
    })
}

/// A serial number without its padding. Not one: nothing, something unprintable, or one character over and over, as a
/// watch without a number of its own has it.
pub fn usable(bytes: &[u8]) -> Option<&str> {
    let serial = text(bytes);
    let first = serial.chars().next()?;
    (serial.bytes().all(|byte| byte.is_ascii_graphic()) && serial.chars().any(|c| c != first)).then_some(serial)
}

/// Text without its padding; nothing when it is not UTF-8.
pub fn text(bytes: &[u8]) -> &str {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    bytes.get(..end).and_then(|bytes| core::str::from_utf8(bytes).ok()).unwrap_or("").trim()
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::{string::ToString, vec};

    fn setup(company: u16, serial: &[u8; 12]) -> Setup {
        let heard = Advertisement {
            manufacturer: vec![(company, [&[0], serial.as_slice(), &[18, 3, 4, 24, 0, 0]].concat())],
            ..Advertisement::default()
        };
        Setup { heard, peer: "AA:BB".to_string(), ..Setup::default() }
    }

    #[test]
    fn a_serial_number_is_the_same_read_and_advertised() {
        assert_eq!(usable(b"C1234567890A"), Some("C1234567890A"));
        assert_eq!(usable(b"12345678\0\0\0\0"), usable(b"12345678"));
        for company in COMPANIES {
            assert_eq!(of(None, &setup(company, b"C1234567890A")), of(Some("C1234567890A"), &Setup::default()));
        }
    }

    #[test]
    fn a_watch_without_a_number_of_its_own_is_known_by_what_the_system_calls_it() {
        for serial in
            [b"XXXXXXXXXXXX", b"\0\0\0\0\0\0\0\0\0\0\0\0", b"\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"]
        {
            assert_eq!(usable(serial), None);
            assert_eq!(of(None, &setup(0x0EEA, serial)).as_deref(), Some("AA:BB"));
        }
        assert_eq!(of(None, &setup(0x004C, b"C1234567890A")).as_deref(), Some("AA:BB"));
        assert_eq!(of(None, &Setup::default()), None);
    }
}
