//! The nouns of the program: who, which counter, one minute, one day, under which rules.
//!
//! Values only: no clock, no file, no radio. Units stand in the names where the type does not say them.

mod day;
pub mod instrument;
mod person;
mod rules;
mod week;
pub mod windows;

use std::{collections::BTreeSet, fmt, str::FromStr};

pub use day::DayTotal;
pub use firmware_protocol::reading::{DeviceId, Wear};
pub use person::PersonTotal;
pub use rules::{BoutKind, OWN_BRISK_SPM, Rules, WearMethod};
use serde::{Deserialize, Serialize};
pub use week::{Met150, WeekTotal, WeeksBy};

/// A study's pseudonym for one person: 1 to 32 letters, digits, `_` or `-`, so that it survives
/// every trial database. `Debug` hides it; write it out only where the person or the study asked for it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ParticipantId(String);

impl ParticipantId {
    /// Whether these bytes are a pseudonym.
    pub fn may_be(text: &[u8]) -> bool {
        let allowed = |b: &u8| b.is_ascii_alphanumeric() || *b == b'_' || *b == b'-';
        (1..=32).contains(&text.len()) && text.iter().all(allowed)
    }

    /// The pseudonym itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Why a text is not a participant's pseudonym.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("a participant id has 1 to 32 letters, digits, `_` or `-`; {0:?} has not")]
pub struct BadParticipantId(String);

impl FromStr for ParticipantId {
    type Err = BadParticipantId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if Self::may_be(text.as_bytes()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(BadParticipantId(text.chars().take(64).collect()))
        }
    }
}

impl TryFrom<String> for ParticipantId {
    type Error = BadParticipantId;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<ParticipantId> for String {
    fn from(id: ParticipantId) -> Self {
        id.0
    }
}

impl fmt::Debug for ParticipantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ParticipantId(hidden)")
    }
}

/// Sixteen hexadecimal digits → a counter's identity.
pub fn parse_device_id(text: &str) -> Option<DeviceId> {
    if text.len() != 16 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    Some(DeviceId(u64::from_str_radix(text, 16).ok()?.to_be_bytes()))
}

/// One recorded minute: the half-open interval `[60·at, 60·at + 60)` seconds on the UTC axis.
/// An absent minute is no data, never zero (activity-science §1.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Minute {
    /// Minutes since 1970-01-01T00:00Z.
    pub at: i64,
    /// Steps in the minute.
    pub steps: u32,
    /// What the counter said about being worn.
    pub wear: MinuteWear,
    /// The counter's field was full: at least this many steps.
    pub saturated: bool,
    /// Two minutes or more of the counter's time fell into this one: its clock ran fast, or two
    /// records overlap.
    pub overlap: bool,
}

/// [`Wear`] in a form that is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub enum MinuteWear {
    /// The counter cannot tell.
    #[default]
    Unknown,
    /// On the body.
    Worn,
    /// Off the body, or on its charger.
    NotWorn,
}

impl From<Wear> for MinuteWear {
    fn from(wear: Wear) -> Self {
        match wear {
            Wear::Unknown => Self::Unknown,
            Wear::Worn => Self::Worn,
            Wear::NotWorn | Wear::Charging => Self::NotWorn,
        }
    }
}

/// Steps of a counter that cannot tell minutes: `steps` somewhere in `[start_s, end_s)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Coarse {
    /// UTC seconds since the Unix epoch.
    pub start_s: i64,
    /// UTC seconds since the Unix epoch, exclusive; later than `start_s`.
    pub end_s: i64,
    /// Steps in the interval.
    pub steps: u32,
    /// The steps are a lower bound: the counter restarted in the interval.
    pub lower_bound_only: bool,
}

/// What a day's numbers rest on. Missing is not zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DataState {
    /// Every minute of the day was recorded.
    Measured,
    /// Some minutes were recorded.
    PartlyMeasured,
    /// The whole day was recorded and nothing says that the counter was worn.
    NotWorn,
    /// Nothing has arrived for this day.
    NotSynced,
    /// Steps are known but not their minutes.
    CannotTell,
}

/// How a goal was met, or why that cannot be said (activity-science §1.11).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum GoalState {
    /// At least the target, whatever the unknown minutes held.
    Met,
    /// Below the target, and the day was measured well enough to say so.
    NotMet,
    /// Too little is known.
    CannotTell,
    /// No goal for this day.
    NoGoal,
    /// The person paused the goal.
    Paused,
    /// A clinician excused the day.
    Excused,
}

/// Marks on a day that a statistician filters by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Flag {
    /// The day is not over.
    DayOpen,
    /// A clock change made the day longer or shorter than 1440 minutes.
    ClockChange,
    /// Some of the day's minutes were not recorded.
    PartialDay,
    /// Some minutes came more than once, or hold two minutes or more of the counter's time.
    Overlap,
    /// At least one minute holds more steps than could be told: the counter's field was full, or some of the minute's
    /// epochs are missing.
    Saturated,
    /// The counter's own day total is above the sum of its minutes.
    MinuteDetailIncomplete,
    /// A running counter fell within the day: the total is a lower bound.
    CounterReset,
    /// The goal in force is for the week, not for the day.
    WeekGoal,
    /// Two different values came for one minute; the first was kept.
    Conflict,
    /// The record begins within the day.
    RecordBegins,
    /// The record ends within the day.
    RecordEnds,
    /// The day is in another zone than the day before it.
    TzChange,
}

impl Flag {
    /// The name that stands in exports.
    pub fn name(self) -> &'static str {
        match self {
            Self::DayOpen => "day_open",
            Self::ClockChange => "clock_change",
            Self::PartialDay => "partial_day",
            Self::Overlap => "overlap",
            Self::Saturated => "saturated",
            Self::MinuteDetailIncomplete => "minute_detail_incomplete",
            Self::CounterReset => "counter_reset",
            Self::WeekGoal => "week_goal",
            Self::Conflict => "conflict",
            Self::RecordBegins => "record_begins",
            Self::RecordEnds => "record_ends",
            Self::TzChange => "tz_change",
        }
    }

    /// All of them, for the codebook.
    pub const ALL: [Self; 12] = [
        Self::DayOpen,
        Self::ClockChange,
        Self::PartialDay,
        Self::Overlap,
        Self::Saturated,
        Self::MinuteDetailIncomplete,
        Self::CounterReset,
        Self::WeekGoal,
        Self::Conflict,
        Self::RecordBegins,
        Self::RecordEnds,
        Self::TzChange,
    ];
}

/// A set of [`Flag`]s; written as names joined by `;`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Flags(pub BTreeSet<Flag>);

impl From<Flags> for String {
    fn from(flags: Flags) -> Self {
        let names: Vec<_> = flags.0.into_iter().map(Flag::name).collect();
        names.join(";")
    }
}

impl TryFrom<String> for Flags {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let find = |name: &str| {
            Flag::ALL.into_iter().find(|flag| flag.name() == name).ok_or_else(|| format!("no flag is called {name:?}"))
        };
        text.split(';').filter(|name| !name.is_empty()).map(find).collect::<Result<_, _>>().map(Self)
    }
}

/// Bytes as hexadecimal digits, small letters, two a byte.
pub fn hex(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect()
}

/// Program and version as they stand in every row.
pub const SOFTWARE: &str = concat!("brisk ", env!("CARGO_PKG_VERSION"));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_participant_id_that_would_not_survive_a_trial_database_is_refused() {
        for good in ["p1", "A-07_b", &"x".repeat(32)] {
            assert!(good.parse::<ParticipantId>().is_ok(), "{good}");
        }
        for bad in ["", "a b", "ä", "a,b", "a;b", &"x".repeat(33)] {
            assert!(bad.parse::<ParticipantId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn the_pseudonym_is_not_in_debug_output() {
        let id: ParticipantId = "secret-7".parse().unwrap();
        assert!(!format!("{id:?}").contains("secret"));
    }

    #[test]
    fn flags_read_back_as_written() {
        let all = Flags(Flag::ALL.into_iter().collect());
        let text = String::from(all.clone());
        assert_eq!(Flags::try_from(text).unwrap(), all);
        assert!(Flags::try_from("nonsense".to_owned()).is_err());
    }

    #[test]
    fn bytes_have_two_digits_each() {
        assert_eq!(hex(&[0, 9, 0x0a, 0xf0, 0xff]), "00090af0ff");
        assert_eq!(hex(&[]), "");
    }

    #[test]
    fn a_device_id_reads_back() {
        let id = DeviceId([0, 1, 2, 3, 0xaa, 0xbb, 0xcc, 0xff]);
        assert_eq!(parse_device_id(&id.to_string()), Some(id));
        assert_eq!(parse_device_id("+123456789abcdef"), None);
    }
}
