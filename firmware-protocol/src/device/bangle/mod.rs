//! Bangle.js 1 and 2 with the makers' own *Health Tracking* and *Android Integration* apps: ten-minute blocks of
//! months, asked for over the JavaScript console.
//!
//! Known from `espruino/BangleApps` @0fe18ed7 (`apps/android`, `apps/health`), `espruino/Espruino` @c5ff787b and
//! Gadgetbridge @a0948ee1, facts only; the health file's layout was checked against the app's own decoder run in
//! node. No watch was at hand. `getSerial`, `E.getBattery` and `process.version`, which this dialogue asks, are from the
//! Espruino reference.
//!
//! There is neither acknowledging nor erasing: reading again is the protocol, and the count in the last message is the
//! only check. The identity is the chip's own serial number, asked over the console; a watch whose console is switched
//! off does not tell it, and is not read, because its radio address is not the same on every host.
//!
//! The watch stores by local time and tells UTC by the zone that it has *now*. So records are fetched before the zone
//! is set. When a zone is set that lies further west, the records of the last hours would come again, later by the
//! difference; the dialogue that sets it leaves a note on the watch (`brisk.json`) saying which those are.
//!
//! The unit that is kept is the line as sent, without its end. JSON is read by `json`, a reader of flat objects in
//! 100 lines that allocates nothing: units are decoded again whenever days are computed, and a general reader would
//! be a dependency of a crate that otherwise has none.
//!
//! For minutes instead of ten-minute blocks there is an app of our own: the folder `bangle` beside `src`.
//!
//! Not known: see [`KIND`]'s list.

mod command;
mod dialogue;
mod emulator;
mod fetch;
pub mod health;
mod json;
mod lines;
mod message;
#[cfg(test)]
mod tests;

use alloc::boxed::Box;

use super::{Ability, BondNeed, KeyNeed, Kind, Numbers};
use crate::{Uuid, driver::Resolution};
pub use command::Command;
pub use dialogue::BangleDriver;
pub use emulator::BangleWatch;
pub use json::{Object, Value};
pub use message::{About, Message, Record, decode, says_app_is_missing};

/// Nordic UART service, which is the console.
pub const SERVICE: Uuid = 0x6e40_0001_b5a3_f393_e0a9_e50e_24dc_ca9e;
/// The host writes here.
pub const TO_WATCH: Uuid = 0x6e40_0002_b5a3_f393_e0a9_e50e_24dc_ca9e;
/// The watch notifies here.
pub const FROM_WATCH: Uuid = 0x6e40_0003_b5a3_f393_e0a9_e50e_24dc_ca9e;
/// Its name begins with this; the last four digits of its address follow.
const NAME: &str = "Bangle.js";

/// See the module.
pub const KIND: Kind = Kind {
    name: "bangle-js",
    label: "Bangle.js",
    resolution: Resolution::Coarse,
    bond: BondNeed::Optional,
    key: KeyNeed::None,
    numbers: Numbers::FromStamps,
    scan: &[SERVICE],
    memory_days: None,
    hides_while_connected: true,
    wake: "Close other apps that hold the watch, Gadgetbridge for one, and leave it near this computer.",
    can: &[
        Ability { what: "ten-minute history of months", implemented: true },
        Ability { what: "not worn, from firmware 2v26", implemented: true },
        Ability { what: "setting its clock and zone", implemented: true },
        Ability { what: "minutes, with the app of our own", implemented: true },
        Ability { what: "heart rate, recorded tracks, live steps", implemented: false },
    ],
    not_known: &[
        "Whether the clock was right when a block was recorded: a block keeps only its local time.",
        "What another app that sets the zone does to blocks that were not fetched yet: they move by the difference.",
        "How a summer time that was set on the watch itself goes together with a zone set over the air.",
        "Steps of the block under way when the watch restarts: they are lost without a trace.",
    ],
    // The same console is on other boards of the maker; they have no health app and say so.
    recognise: |heard| heard.name.as_deref().is_some_and(|name| name.starts_with(NAME)),
    driver: |setup| Box::new(BangleDriver::new(setup)),
    emulator: |life| Box::new(BangleWatch::new(life)),
};
