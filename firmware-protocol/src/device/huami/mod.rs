//! Xiaomi Mi Band 2 to 6, made by Huami: one-minute history with movement, steps, heart rate and whether it is worn.
//!
//! Known from public clients (Gadgetbridge, harbour-amazfish, openwindesheart, Mobistudy's driver, miband4) and from
//! captures quoted in public threads. One transfer of 4 638 minutes quoted in full length proves the one-minute epoch
//! and the wrapping packet counter. Nothing here was tried on a band by us.
//!
//! A **unit** is eight bytes start (as the band sent it: wall clock and zone; of a later part of a round, counted on
//! from there), one byte sample size (4 or 8), then the samples as sent. Minute *i* is start + *i*. "No change" in a
//! sample's kind carries over within the unit. An epoch's number is its UTC minute since 1970.
//!
//! Not known:
//! - How many minutes a band keeps; 3.2 days in one transfer are proven, weeks are claimed.
//! - What a band does with a request whose zone is not the one its minutes were stamped in. A hole right after what is
//!   stored is therefore asked for twice.
//! - What it does with stored minutes when its clock is set back; minutes stamped before and after may overlap.
//! - Whether the announced number is one of minutes in all firmware: two clients read it so.
//! - The high half of a four-byte sample's kind, and what 0 means in an eight-byte sample.
//! - What a band fresh from its box, or one that knows no key, answers to the question for a challenge.
//! - The high half of the realtime total.
//! - Whether history control takes requests or commands: both are tried.
//! - Minutes stamped in the future by a clock that was wrong are fetched, and put aside, at every sync until the band
//!   overwrites them.

pub mod auth;
mod dialogue;
mod emulator;
mod hearing;
mod history;
pub mod layout;
#[cfg(test)]
mod played;
mod round;
pub mod sample;
pub mod status;

use alloc::boxed::Box;

use super::{Ability, Advertisement, BondNeed, KeyNeed, Kind, Numbers};
use crate::{
    cursor::{Field, FormatError, ReadCursor},
    driver::{DecodeResult, Each, Resolution},
    reading::{Epoch, Reading, Stamp, Wear},
};
use auth::Dialect;
pub use dialogue::HuamiDriver;
pub use emulator::{Band, Tap};
use layout::{BandTime, SERVICE};
use sample::{Sample, SampleSize};

/// What identities of these bands begin with: never changed.
const FAMILY: &str = "huami";
/// A steps field with this value means "at least this many".
const SATURATED: u8 = 255;

/// A model, as its advertised name tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Model {
    /// Mi Band 2 and Mi Band HRX.
    Band2,
    /// Mi Band 3.
    Band3,
    /// Mi Smart Band 4.
    Band4,
    /// Mi Smart Band 5.
    Band5,
    /// Mi Smart Band 6.
    Band6,
}

/// Advertised names. Bands of the first generation (`MI`, `MI1A`, `MI1S`) speak another protocol, and those
/// from the seventh on another one again.
const NAMES: [(&str, Model); 7] = [
    ("MI Band 2", Model::Band2),
    ("Mi Band HRX", Model::Band2),
    ("Mi Band 3", Model::Band3),
    ("Xiaomi Band 3", Model::Band3),
    ("Mi Smart Band 4", Model::Band4),
    ("Mi Smart Band 5", Model::Band5),
    ("Mi Smart Band 6", Model::Band6),
];

impl Model {
    /// The model with this name; upper and lower case are the same.
    pub fn named(name: &str) -> Option<Self> {
        NAMES.iter().find(|(known, _)| name.trim().eq_ignore_ascii_case(known)).map(|(_, model)| *model)
    }

    /// What it advertises.
    pub fn name(self) -> &'static str {
        NAMES.iter().find(|(_, model)| *model == self).map_or("", |(name, _)| name)
    }

    /// How it authenticates.
    pub const fn dialect(self) -> Dialect {
        match self {
            Self::Band2 => auth::BAND_2,
            Self::Band3 => auth::BAND_3,
            Self::Band4 | Self::Band5 | Self::Band6 => auth::BAND_4,
        }
    }

    /// How long its samples are.
    pub const fn sample_size(self) -> SampleSize {
        match self {
            Self::Band2 | Self::Band3 | Self::Band4 => SampleSize::Four,
            Self::Band5 | Self::Band6 => SampleSize::Eight,
        }
    }

    fn heard(heard: &Advertisement) -> Option<Self> {
        heard.name.as_deref().and_then(Self::named)
    }
}

const CAN: &[Ability] = &[
    Ability { what: "one-minute history with steps", implemented: true },
    Ability { what: "not worn and charging", implemented: true },
    Ability { what: "clock reading and setting", implemented: true },
    Ability { what: "battery", implemented: true },
    Ability { what: "showing the goal", implemented: true },
    Ability { what: "acknowledging, which clears the band", implemented: false },
    Ability { what: "notified steps since midnight", implemented: false },
    Ability { what: "events: taken off, fell asleep", implemented: false },
    Ability { what: "heart rate, sleep", implemented: false },
];

const NOT_KNOWN: &[&str] = &[
    "How many days it keeps is not documented; three days in one transfer are proven.",
    "Nobody knows what it does with stored minutes when its clock is set back.",
    "Minutes that it stamped in the future while its clock was wrong are fetched and put aside at every sync.",
    "Its own authentication protects nothing on the air: the link is not encrypted.",
];

/// Mi Band 2 and 3: the key is made here, and the person taps the band once.
pub const BAND_3: Kind = Kind {
    name: "mi-band-3",
    label: "Xiaomi Mi Band 2 or 3",
    resolution: Resolution::Minute,
    bond: BondNeed::Harmful,
    key: KeyNeed::MadeHere,
    numbers: Numbers::FromStamps,
    scan: &[SERVICE],
    memory_days: Some(3),
    hides_while_connected: true,
    wake: "Close the maker's app or unpair the band there, then bring the band near this computer and touch it.",
    can: CAN,
    not_known: NOT_KNOWN,
    recognise: |heard| matches!(Model::heard(heard), Some(Model::Band2 | Model::Band3)),
    driver: |setup| {
        // Without a name, the newer of the two.
        let model = match Model::heard(&setup.heard) {
            Some(Model::Band2) => Model::Band2,
            _ => Model::Band3,
        };
        Box::new(HuamiDriver::new(setup, model.dialect(), Some(model)))
    },
    emulator: |life| Box::new(Band::new(&life, Model::Band3)),
};

/// Mi Band 4, 5 and 6: the key is the maker's, and the owner gets it from there.
pub const BAND_6: Kind = Kind {
    name: "mi-band-6",
    label: "Xiaomi Mi Band 4, 5 or 6",
    key: KeyNeed::FromOwner,
    numbers: Numbers::FromStamps,
    recognise: |heard| matches!(Model::heard(heard), Some(Model::Band4 | Model::Band5 | Model::Band6)),
    driver: |setup| {
        let model =
            Model::heard(&setup.heard).filter(|model| matches!(model, Model::Band4 | Model::Band5 | Model::Band6));
        Box::new(HuamiDriver::new(setup, auth::BAND_4, model))
    },
    emulator: |life| Box::new(Band::new(&life, Model::Band6)),
    ..BAND_3
};

/// The minutes of a unit.
///
/// # Errors
/// When it is not a start, a sample size and whole samples, or lies outside the years that epoch numbers reach.
pub fn decode(bytes: &[u8], each: Each<'_>) -> DecodeResult {
    let mut cursor = ReadCursor::new(bytes);
    let start = BandTime::parse(&mut cursor)?;
    let size = SampleSize::try_from(cursor.u8()?)?;
    let samples = cursor.rest();
    let field = |field| FormatError::BadField { field, got: u32::try_from(samples.len()).unwrap_or(u32::MAX) };
    if samples.is_empty() || !samples.len().is_multiple_of(size.bytes()) {
        return Err(field(Field::Body).into());
    }
    let first = u32::try_from(start.utc_minute()).map_err(|_| field(Field::Seq))?;
    let count = u32::try_from(samples.len() / size.bytes()).map_err(|_| field(Field::Count))?;
    let end = first.checked_add(count).ok_or(field(Field::Seq))?;
    // A round that is fetched again may begin at another second of the same minute.
    let local_s = start.wall.seconds().div_euclid(60) * 60;
    let mut before = Wear::Unknown;
    for (seq, minute) in (first..end).zip(0_i64..) {
        let sample = Sample::parse(&mut cursor, size)?;
        each(Reading::Epoch(Epoch {
            seq,
            stamp: Stamp::Local { seconds: local_s + minute * 60, offset_min: Some(start.offset_min()) },
            seconds: 60,
            steps: sample.steps.into(),
            saturated: sample.steps == SATURATED,
            wear: sample.wear(&mut before),
            clock_unset: false,
        }));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::{vec, vec::Vec};

    #[test]
    fn a_full_steps_field_is_a_lower_bound_and_the_zone_gives_the_number() {
        let start = BandTime::at(1_772_366_400, 22);
        let unit = [&start.emit()[..], &[4], &[1, 80, 254, 90], &[0x50, 90, 255, 255]].concat();
        let mut readings = vec![];

        decode(&unit, &mut |reading| readings.push(reading)).unwrap();

        let epoch = |minute: u8, steps, saturated| {
            Reading::Epoch(Epoch {
                seq: 1_772_366_400 / 60 + u32::from(minute),
                stamp: Stamp::Local {
                    seconds: 1_772_366_400 + 330 * 60 + i64::from(minute) * 60,
                    offset_min: Some(330),
                },
                seconds: 60,
                steps,
                saturated,
                wear: Wear::Worn,
                clock_unset: false,
            })
        };
        assert_eq!(readings, [epoch(0, 254, false), epoch(1, 255, true)]);
    }

    #[test]
    fn a_unit_that_is_not_whole_gives_nothing() {
        let start = BandTime::at(1_772_366_400, 0).emit();
        let long_ago = BandTime::at(-600, 0).emit();
        for unit in [
            [&start[..], &[4]].concat(),
            [&start[..], &[4], &[1, 2, 3]].concat(),
            [&start[..], &[8], &[1, 2, 3, 4]].concat(),
            [&start[..], &[5], &[1, 2, 3, 4, 5]].concat(),
            [&long_ago[..], &[4], &[1, 2, 3, 4]].concat(),
            start[..7].to_vec(),
            Vec::new(),
        ] {
            assert!(decode(&unit, &mut |_| panic!("a reading of {unit:?}")).is_err());
        }
    }

    #[test]
    fn names_are_told_apart_whatever_their_case() {
        assert_eq!(Model::named("mi band 2"), Some(Model::Band2));
        assert_eq!(Model::named("XIAOMI BAND 3 "), Some(Model::Band3));
        assert_eq!(Model::named("Mi Smart Band 6"), Some(Model::Band6));
        for other in ["MI", "MI1S", "Mi Smart Band 4C", "Xiaomi Smart Band 7", "Amazfit Bip", ""] {
            assert_eq!(Model::named(other), None, "{other}");
        }
    }
}
