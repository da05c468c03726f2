//! Polar 360 and Polar Loop Gen 2: files over Bluetooth LE, one of them with the steps of each minute.
//!
//! Known from the maker's own `polarofficial/polar-ble-sdk` at 8fb5311c (frames, messages, the order of a
//! synchronisation; facts only, no code) and from the independent Python package `polar_ble_tools` 0.6.0, whose author
//! tested it with a Loop Gen 2. The vectors were made or checked with both. Nobody of us has held one.
//!
//! The counter pairs with exactly one host, and answers only over the paired link. It writes its samples to files when a
//! synchronisation begins, at midnight, and on its charger. Files are never removed by this driver: they are the only
//! other copy, and the counter makes room by itself or is emptied by its own app.
//!
//! **The newest interval** of the file that began last is left out: the file still grows, nothing says whether its last
//! value is final, and stored epochs never change. It comes when more has been added or another file has begun.
//!
//! **Numbers.** An epoch's number is the minute of UTC in which it begins, by the local time and the offset that its file
//! states. Minutes between files are numbers that carry nothing; before the first file ever read nothing is claimed.
//!
//! **Unit.** [`UnitKind::PolarSamples`](crate::driver::UnitKind::PolarSamples): index of the first sample in its file,
//! u16; offset from UTC of the file's local times, minutes, i16; then an activity samples message as the file has it, cut
//! down to the samples that are new (480 at most) and to the activity classes that concern them, and without the METs. A
//! file grows all day; kept whole at each synchronisation it would fill the journal with the same minutes.
//!
//! # Not known
//! - Whether the last value of a growing file is final.
//! - Whether a file can begin within the minute in which another one ends; of two such parts the first stays, the other is
//!   put aside.
//! - Step intervals other than a minute: longer ones are taken as they are, shorter ones are put aside.
//! - Whether setting the clock begins a new file, and with which offset.
//! - What the activity factor means; whether classes 1 to 7 are a sure sign of being worn.
//! - What the counter does when its memory is full.

mod book;
mod dialogue;
mod emulator;
mod exchange;
pub mod frames;
pub mod messages;
pub mod proto;
pub mod samples;
#[cfg(test)]
mod tests;

use alloc::boxed::Box;

use super::{Ability, Advertisement, BondNeed, KeyNeed, Kind, Numbers};
use crate::{
    driver::{DecodeResult, Each, Resolution},
    reading::Reading,
};
pub use dialogue::PolarDriver;
pub use emulator::PolarBand;
use samples::Piece;

/// See the module.
pub const KIND: Kind = Kind {
    name: "polar",
    label: "Polar 360 or Polar Loop Gen 2",
    resolution: Resolution::Minute,
    bond: BondNeed::Required,
    key: KeyNeed::None,
    // They are made of the stamps, but the driver reports each hole itself: a file that cannot be read today leaves its
    // time open, and a cursor that passed it would never ask for it again.
    numbers: Numbers::Own,
    // Bands that are not found by their service are by their name.
    scan: &[],
    // 15 MB are shared with sleep and raw recordings.
    memory_days: None,
    hides_while_connected: true,
    wake: "Wear the band or lay it on its charger, within a metre. A band that was paired with a phone has to be reset first.",
    can: &[
        Ability { what: "one-minute history", implemented: true },
        Ability { what: "not worn", implemented: true },
        Ability { what: "battery", implemented: true },
        Ability { what: "reading and setting the clock", implemented: true },
        Ability { what: "daily summary as a cross-check", implemented: false },
        Ability { what: "removing files that are stored", implemented: false },
        Ability { what: "heart rate, sleep", implemented: false },
    ],
    not_known: &[
        "Whether the last minute of a growing file is final; it is left out until more has come.",
        "Whether a file can begin within the minute in which another one ends.",
        "Step intervals other than a minute.",
        "Whether setting the clock begins a new file.",
        "What it does when its memory is full.",
    ],
    recognise,
    driver: |setup| Box::new(PolarDriver::new(setup)),
    emulator: |life| Box::new(PolarBand::new(&life)),
};

/// Company number of Polar Electro Oy.
const COMPANY: u16 = 0x006B;
/// Models with a history of steps; chest straps and armbands of the same maker have none.
const MODELS: [&str; 2] = ["Polar 360 ", "Polar Loop "];

fn recognise(heard: &Advertisement) -> bool {
    let Some(name) = heard.name.as_deref() else { return false };
    let other_maker =
        !heard.manufacturer.is_empty() && heard.manufacturer.iter().all(|(company, _)| *company != COMPANY);
    !other_maker && dialogue::name_digits(name).is_some() && MODELS.iter().any(|model| name.starts_with(model))
}

/// The epochs of a unit.
///
/// # Errors
/// Says what is wrong with the bytes.
pub fn decode(bytes: &[u8], each: Each<'_>) -> DecodeResult {
    let piece = Piece::parse(bytes)?;
    for epoch in piece.epochs() {
        each(Reading::Epoch(epoch));
    }
    Ok(())
}
