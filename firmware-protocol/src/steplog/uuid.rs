//! The names of the step-log service and its characteristics: `e262XXXX-6cd4-4874-b25c-92b47b5d30fd`.

use crate::Uuid;

const BASE: Uuid = 0xe262_0000_6cd4_4874_b25c_92b4_7b5d_30fd;
const SHIFT: u32 = 96;

/// The service; the only thing a counter needs to advertise.
pub const SERVICE: Uuid = BASE;
/// What the counter is and can do. Read.
pub const FEATURE: Uuid = BASE | (0x0001 << SHIFT);
/// What the counter holds now. Read.
pub const STATE: Uuid = BASE | (0x0002 << SHIFT);
/// Setting the clock, and the last anchors. Read, write, notify.
pub const TIME: Uuid = BASE | (0x0003 << SHIFT);
/// Requests and their answers. Write, indicate.
pub const CONTROL: Uuid = BASE | (0x0004 << SHIFT);
/// Frames of a transfer. Notify.
pub const DATA: Uuid = BASE | (0x0005 << SHIFT);
/// The running count, for showing only. Read.
pub const LIVE: Uuid = BASE | (0x0006 << SHIFT);
/// The last boot links. Read.
pub const BOOT_LINKS: Uuid = BASE | (0x0007 << SHIFT);

/// Whether a counter that advertises these services speaks the step log.
pub fn recognise(service_uuids: &[Uuid]) -> bool {
    service_uuids.contains(&SERVICE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_printed_form_is_the_published_one() {
        extern crate std;
        assert_eq!(std::format!("{STATE:032x}"), "e26200026cd44874b25c92b47b5d30fd");
    }
}
