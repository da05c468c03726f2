//! Pebble 2 Duo, Pebble Time 2 and whatever else runs PebbleOS 4.24 or later, over reversed PPoGATT (the watch serves).
//!
//! Where each format is known from: PebbleOS at eb194795 (Apache-2.0, the watch's own firmware), Gadgetbridge for the
//! same three bytes of a reset; the checksum was executed against the firmware's published unit test. No watch was at hand.
//!
//! What is stored: [`UnitKind::PebbleMinutes`] is a minute item as sent, header and all samples ([`minutes::MinuteItem`]),
//! without anything added; an epoch's number is its minute of UTC. Minutes are stamped by the watch's own clock, which is
//! read and recorded before anything else.
//!
//! [`identity`] says whose it is, [`ppogatt`] carries bytes in [`packet`]s, [`protocol`], [`logging`] and [`minutes`] say what they mean, [`log_book`]
//! what may be stored and deleted, `dialogue` in which order.
//!
//! # Not known
//! - Whether the watch turns functions off when the answer to its version question claims no capabilities.
//! - How far back the logs reach; three weeks are computed from the size of the memory, not observed.
//! - In which order several logs are sent.
//! - What a wearer's manual time does to stamps; it is believed to be kept apart from UTC.
//! - The exact moment at which a second opening of a log happens; see [`log_book`].
//!
//! [`UnitKind::PebbleMinutes`]: crate::driver::UnitKind::PebbleMinutes

mod dialogue;
mod emulator;
pub mod identity;
pub mod log_book;
pub mod logging;
pub mod minutes;
pub mod packet;
pub mod ppogatt;
pub mod protocol;
#[cfg(test)]
mod tests;

use alloc::boxed::Box;

use super::{Ability, Advertisement, BondNeed, KeyNeed, Kind, Numbers, peripheral::sig};
use crate::{Uuid, driver::Resolution};
pub use dialogue::PebbleDriver;
pub use emulator::PebbleWatch;
pub use minutes::decode;

/// Keeps these serial numbers apart from other makers'.
const FAMILY: &str = "pebble";
/// Pebble's pairing service. Missing while a paired watch waits to be connected again.
pub const PAIRING_SERVICE: Uuid = sig(0xFED9);

/// See the module.
pub const KIND: Kind = Kind {
    name: FAMILY,
    label: "Pebble 2 Duo or Pebble Time 2",
    resolution: Resolution::Minute,
    bond: BondNeed::Required,
    key: KeyNeed::None,
    numbers: Numbers::FromStamps,
    scan: &[],
    memory_days: Some(21),
    hides_while_connected: true,
    wake: "Keep the watch near this computer with Bluetooth on, and close the phone's Pebble app: whoever fetches first \
           has the data.",
    can: &[
        Ability { what: "one-minute history, stamped in UTC", implemented: true },
        Ability { what: "deleting on the watch only what is stored here", implemented: true },
        Ability { what: "setting its clock and zone", implemented: true },
        Ability { what: "charging", implemented: true },
        Ability { what: "charge of its battery", implemented: true },
        Ability {
            what: "movement, heart rate, distance and energy by the minute: kept, not shown",
            implemented: false,
        },
        Ability { what: "sleep and activity sessions", implemented: false },
        Ability { what: "a faster connection while fetching", implemented: false },
    ],
    not_known: &[
        "Not tried with a watch; made after its published firmware.",
        "How many days it keeps; about three weeks are computed from its memory.",
        "Whether some of its functions rest while this program, and not the phone, is connected.",
    ],
    recognise,
    driver: |setup| Box::new(PebbleDriver::new(setup)),
    emulator: |life| Box::new(PebbleWatch::new(life)),
};

/// By its service, its maker's number, or its name: each can be missing.
fn recognise(heard: &Advertisement) -> bool {
    let named = |name: &str| name.starts_with("Pebble ") || name.starts_with("Pebble-");
    heard.services.contains(&PAIRING_SERVICE)
        || heard.services.contains(&ppogatt::SERVICE)
        || heard.manufacturer.iter().any(|(company, _)| identity::COMPANIES.contains(company))
        || heard.name.as_deref().is_some_and(named)
}
