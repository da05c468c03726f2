//! Foot pods and other sensors of the standard Running Speed and Cadence service: a cadence about once a second while
//! they are connected, and no memory.
//!
//! Known from the public encodings of the service (*GATT Specification Supplement*), see [`crate::sig::running`]. No
//! pod was at hand.
//!
//! The unit that is kept: minute since 1970 UTC u32 · then for each notification its milliseconds within the minute u16
//! and its cadence u8. A cadence holds until the next one, but not longer than three seconds and not beyond its minute;
//! where none holds nothing is known. One that reaches into the next minute stands there again, at 0 ms.
//!
//! Not known: see [`KIND`]'s list.

mod dialogue;
mod emulator;
mod layout;
#[cfg(test)]
mod tests;

use alloc::boxed::Box;

use super::{Ability, BondNeed, KeyNeed, Kind, Numbers};
use crate::{driver::Resolution, sig::running};
pub use dialogue::FootPodDriver;
pub use emulator::FootPod;
pub use layout::{CadenceMinute, decode};

/// See the module.
pub const KIND: Kind = Kind {
    name: "foot-pod",
    label: "foot pod (Running Speed and Cadence)",
    resolution: Resolution::Counter,
    bond: BondNeed::Optional,
    key: KeyNeed::None,
    numbers: Numbers::FromStamps,
    scan: &[running::SERVICE],
    memory_days: None,
    hides_while_connected: true,
    wake: "Fasten the pod to the shoe and take a few steps.",
    can: &[
        Ability { what: "minutes while it is connected", implemented: true },
        Ability { what: "heart rate, speed, distance", implemented: false },
    ],
    not_known: &[
        "Whether a pod counts the steps of both feet: some are said to tell strides of one foot, half of it.",
        "Whether a pod that stands still goes on notifying.",
    ],
    recognise: |heard| heard.services.contains(&running::SERVICE),
    driver: |setup| Box::new(FootPodDriver::new(setup)),
    emulator: |life| Box::new(FootPod::new(life)),
};
