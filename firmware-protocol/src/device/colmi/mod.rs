//! Colmi R02 to R10 and the many other names of the same smart ring.
//!
//! Known from the Python package `tahnok/colmi_r02_client` at 9e08383f (packets, and unit tests whose bytes are our
//! vectors) and from Gadgetbridge at a0948ee1 (day offsets, hours, the totals notice). Two public implementations agree
//! on everything that is used here; nobody of us has held a ring.
//!
//! The ring keeps the steps of about seven days in slots of a wall clock without a zone. Slots are numbered in quarters
//! of an hour, but every published record begins at a full hour and Gadgetbridge rounds to it: an epoch here is an hour
//! long, until a record of the same dialogue begins at another quarter.
//!
//! **Clock.** We set local time at each dialogue and store the offset that was set with each record. Other apps set UTC;
//! a ring that was another app's before brings its past in under that app's clock.
//!
//! **Numbers.** An epoch's number is the quarter of the *ring's wall clock* since 1970, without the offset: that is what
//! the ring itself files steps under. A number made from UTC would give the same steps a second number when the offset
//! changes, at the end of summer time or after a flight, and they would be counted twice. The price: steps in an hour that
//! the wall clock shows a second time are added by the ring to a slot that was stored already, and are missing.
//!
//! **Unit.** [`UnitKind::ColmiRecord`](crate::driver::UnitKind::ColmiRecord): offset from UTC that was set, minutes, i16;
//! length of the slot, seconds, u16 (900 or 3600); the packet as sent, 16 bytes.
//!
//! There is nothing to acknowledge or erase, no wear flag, no key, and no protection: who is near can read the ring or
//! reset it.
//!
//! # Not known
//! - Whether any firmware fills the slots between full hours.
//! - What the ring does with slots when its clock is set back.
//! - Whether it says where a day ended that it was not worn on: an hour without a record is missing, not zero.
//! - The capability bits in the answer to set-time; the last byte of the steps request.

mod dialogue;
mod emulator;
pub mod layout;
#[cfg(test)]
mod tests;

use alloc::boxed::Box;

use super::{Ability, Advertisement, BondNeed, KeyNeed, Kind, Numbers};
use crate::{
    cursor::{Field, FormatError, ReadCursor},
    driver::{DecodeResult, Each, QuarantineReason, Resolution, Unit, UnitKind},
    reading::{Epoch, Reading, Stamp, Wear},
};
pub use dialogue::ColmiDriver;
pub use emulator::ColmiRing;
use layout::{PACKET_LEN, Reply, SLOT_S};

/// See the module.
pub const KIND: Kind = Kind {
    name: "colmi-ring",
    label: "Colmi ring (R02 to R10)",
    resolution: Resolution::Coarse,
    bond: BondNeed::Optional,
    key: KeyNeed::None,
    numbers: Numbers::FromStamps,
    // Nobody says that it advertises the service it offers.
    scan: &[],
    memory_days: Some(7),
    hides_while_connected: true,
    wake: "Close the ring's own app on every phone nearby and bring the ring near this computer.",
    can: &[
        Ability { what: "steps of each hour of seven days", implemented: true },
        Ability { what: "battery", implemented: true },
        Ability { what: "setting the clock", implemented: true },
        Ability { what: "live totals of today", implemented: false },
        Ability { what: "heart rate, oxygen, sleep", implemented: false },
    ],
    not_known: &[
        "Whether any firmware keeps quarters of an hour.",
        "What the ring does with its slots when its clock is set back.",
        "Whether an hour without a record was without steps.",
    ],
    recognise,
    driver: |setup| Box::new(ColmiDriver::new(setup)),
    emulator: |life| Box::new(ColmiRing::new(&life)),
};

/// Days before today that a ring can be asked for: 0 to 7 in both sources.
const DAYS_BACK: i64 = 7;
const HOUR_S: u16 = 3_600;
const QUARTER_S: u16 = 900;
/// No place on earth is further from UTC.
const MOST_OFFSET_MIN: i16 = 18 * 60;

/// `R02_1A2B`, `R06_…`, `COLMI R10_…`.
fn recognise(heard: &Advertisement) -> bool {
    let Some(name) = heard.name.as_deref() else { return false };
    let name = name.strip_prefix("COLMI ").unwrap_or(name);
    let digit = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_digit);
    let bytes = name.as_bytes();
    bytes.first() == Some(&b'R') && digit(bytes.get(1)) && digit(bytes.get(2)) && bytes.get(3) == Some(&b'_')
}

/// See *Numbers* in the module.
fn epoch_number(start_s: i64) -> Option<u32> {
    u32::try_from(start_s.div_euclid(SLOT_S)).ok()
}

fn unit(offset_min: i16, quarters: bool, packet: &[u8]) -> Unit {
    let seconds = if quarters { QUARTER_S } else { HOUR_S };
    let bytes = [&offset_min.to_le_bytes(), &seconds.to_le_bytes(), packet].concat();
    Unit { kind: UnitKind::ColmiRecord, bytes }
}

/// The epoch of a unit.
///
/// # Errors
/// Says what is wrong with the bytes.
pub fn decode(bytes: &[u8], each: Each<'_>) -> DecodeResult {
    let mut cursor = ReadCursor::new(bytes);
    let (offset_min, seconds) = (cursor.i16()?, cursor.u16()?);
    let packet = cursor.array::<PACKET_LEN>()?;
    cursor.end()?;
    let Reply::Steps(record) = Reply::parse(&packet)? else { return Err(QuarantineReason::BadField) };
    let length_fits = seconds == QUARTER_S || (seconds == HOUR_S && record.start_s() % i64::from(HOUR_S) == 0);
    if !length_fits || !(-MOST_OFFSET_MIN..=MOST_OFFSET_MIN).contains(&offset_min) {
        return Err(FormatError::BadField { field: Field::EpochSeconds, got: seconds.into() }.into());
    }
    let seq = epoch_number(record.start_s()).ok_or(QuarantineReason::WrongTime)?;
    each(Reading::Epoch(Epoch {
        seq,
        stamp: Stamp::Local { seconds: record.start_s(), offset_min: Some(offset_min) },
        seconds: seconds.into(),
        steps: record.steps.into(),
        saturated: record.steps == u16::MAX,
        wear: Wear::Unknown,
        clock_unset: false,
    }));
    Ok(())
}
