//! `InfiniTime`, the firmware of the `PineTime` watch: a running total of the day, and nothing else over the air.
//! A dialogue stays connected and reads the total at each whole minute, so that two readings make a minute.
//!
//! Known from `InfiniTimeOrg/InfiniTime` @82505657 (1.16, its source read, no code taken) and its issue threads
//! #787, #928, #1072, #1270, #2293. No watch was at hand.
//!
//! The total falls to zero at the watch's own midnight and at every reboot. Which of the two it was is told from the
//! local date, because this host sets the watch's clock. Its serial number is the same on all watches, so its identity is
//! what the operating system knows it by.
//!
//! Not known: see [`KIND`]'s list.

mod dialogue;
mod emulator;
mod layout;

use alloc::boxed::Box;

use super::{Ability, BondNeed, KeyNeed, Kind, Numbers};
use crate::{Uuid, driver::Resolution, sig::heart_rate};
pub use dialogue::InfiniTimeDriver;
pub use emulator::InfiniTimeWatch;
pub use layout::{Motion, Pair, Total, decode, emit_steps, parse_steps};

/// Motion service.
pub const SERVICE: Uuid = 0x0003_0000_78fc_48fe_8e23_433b_3a19_42d0;
/// Steps of the watch's day, u32. Read, notify.
pub const STEPS: Uuid = 0x0003_0001_78fc_48fe_8e23_433b_3a19_42d0;
/// Acceleration. Read, notify; not used.
pub const MOTION: Uuid = 0x0003_0002_78fc_48fe_8e23_433b_3a19_42d0;
/// The name in its scan response, the same on every watch.
const NAME: &str = "InfiniTime";

/// See the module.
pub const KIND: Kind = Kind {
    name: "infinitime",
    label: "PineTime with InfiniTime",
    resolution: Resolution::Counter,
    bond: BondNeed::Optional,
    key: KeyNeed::None,
    numbers: Numbers::FromStamps,
    // The motion service is not in its advertisement; its heart rate service is.
    scan: &[heart_rate::SERVICE],
    memory_days: None,
    hides_while_connected: true,
    wake: "Press the button of the watch and leave it near this computer.",
    can: &[
        Ability { what: "minutes while it is connected", implemented: true },
        Ability { what: "one total for the time it was away", implemented: true },
        Ability { what: "setting its clock", implemented: true },
        Ability { what: "heart rate, acceleration", implemented: false },
    ],
    not_known: &[
        "A reboot while it was away, when the total has since grown past its old value: the steps before it are then missing.",
        "Whether 1.16 keeps its total over a reboot; the source read here does not.",
        "Whether the total is reset at midnight while the watch sleeps; up to 1.15 it waited for the next wake-up.",
        "How far its clock drifts between two dialogues: midnight and reboot are told apart only as well as it keeps time.",
    ],
    recognise: |heard| heard.name.as_deref() == Some(NAME) || heard.services.contains(&SERVICE),
    driver: |setup| Box::new(InfiniTimeDriver::new(setup)),
    emulator: |life| Box::new(InfiniTimeWatch::new(life)),
};
