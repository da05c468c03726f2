//! The nouns of the program: who, which counter, one minute, one day, under which rules.
//!
//! Values only: no clock, no file, no radio. Units stand in the names where the type does not say them.

mod day;
pub mod instrument;
mod person;
mod week;
pub mod windows;

use std::{collections::BTreeSet, fmt, ops::RangeInclusive, str::FromStr};

pub use day::DayTotal;
pub use firmware_protocol::reading::{DeviceId, Wear};
pub use person::PersonTotal;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
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

/// How `wear_min` was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WearMethod {
    /// The counter said so, minute by minute.
    Device,
    /// Recorded minutes less runs of at least 60 zeros: an estimate from steps alone.
    #[default]
    Zero60,
    /// Less runs of at least 90 zeros (Choi 2012).
    Zero90,
    /// Less runs of at least 120 zeros (Hutto 2013).
    Zero120,
    /// By Choi's rule of 2011: 90 zeros, artefacts of 2 minutes between 30 zeros passed over.
    Choi,
    /// The recorded minutes of clock hours with a step.
    HoursWithSteps,
    /// Minutes with a plausible heart rate or a step.
    HeartRate,
}

/// How the numbers of the bout rule are read ([`crate::aggregate::bouts`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BoutKind {
    /// The first window decides that a bout begins; it then goes on until enough slower minutes in a row (NCI).
    #[default]
    Begun,
    /// Every window of a bout holds its share of brisk minutes (after GGIR).
    Rolling,
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

/// Every threshold that turns minutes into a day's numbers. A set of rules has a name and never
/// changes under it; [`Rules::hash`] stands in every row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    /// Name and version, such as `brisk/1`.
    pub name: String,
    /// A brisk minute has at least this many steps, unless the participant has an own threshold
    /// (100: Tudor-Locke 2018, 2020, 2021; a population heuristic).
    pub brisk_spm: u16,
    /// A vigorous minute has at least this many steps (130: Tudor-Locke 2019, 2020).
    pub vigorous_spm: u16,
    /// A bout begins at a brisk minute whose own window of this many recorded minutes …
    pub bout_window_min: u16,
    /// … holds at least this many brisk ones (8 of 10: Troiano 2008, NCI), …
    pub bout_brisk_min: u16,
    /// … and ends before this many minutes in a row that are not brisk.
    pub bout_end_min: u16,
    /// Shortest run of zeros that counts as not worn for `wear60_min`.
    pub zero_run_short_min: u16,
    /// Shortest run of zeros that counts as not worn for `wear90_min`.
    pub zero_run_long_min: u16,
    /// A valid day has at least this many wear minutes …
    pub valid_wear_min: u16,
    /// … or, where wear is only estimated from steps, this many clock hours with a step; 0 asks for wear alone.
    pub valid_hours_with_steps: u16,
    /// The most steps that a minute can hold, for bounds from coarse records.
    pub ceiling_spm: u16,
    /// How wear is found where the counter does not say it minute by minute. Where a day has no heart rate,
    /// `heart_rate` becomes `zero60`, and the day's row says so.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub wear_method: WearMethod,
    /// Shortest run of zeros that counts as not worn by `zero120`.
    #[serde(default = "two_hours", skip_serializing_if = "is_two_hours")]
    pub zero_run_longest_min: u16,
    /// How the three numbers of the bout rule are read.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub bout_kind: BoutKind,
}

// What `brisk/1` did not name yet is left out where it is as usual: its hash stays what it was.
fn is_usual<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

fn two_hours() -> u16 {
    120
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_two_hours(minutes: &u16) -> bool {
    *minutes == two_hours()
}

impl Rules {
    /// The built-in rules `brisk/1` (activity-science §1, §6, §7).
    pub fn brisk_1() -> Self {
        Self {
            name: "brisk/1".to_owned(),
            brisk_spm: 100,
            vigorous_spm: 130,
            bout_window_min: 10,
            bout_brisk_min: 8,
            bout_end_min: 3,
            zero_run_short_min: 60,
            zero_run_long_min: 90,
            valid_wear_min: 600,
            valid_hours_with_steps: 10,
            ceiling_spm: 200,
            wear_method: WearMethod::Zero60,
            zero_run_longest_min: two_hours(),
            bout_kind: BoutKind::Begun,
        }
    }

    /// The first 16 hexadecimal digits of the SHA-256 of the rules as JSON, members in the order
    /// declared here.
    ///
    /// # Panics
    /// Never: a struct of text and numbers always has a JSON form.
    pub fn hash(&self) -> String {
        let json = serde_json::to_vec(self).expect("text and numbers always serialise");
        hex(&Sha256::digest(json)[..8])
    }
}

/// Bytes as hexadecimal digits, small letters, two a byte.
pub fn hex(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect()
}

/// Thresholds that a participant's own one may have, steps a minute (activity-science §1.4).
pub const OWN_BRISK_SPM: RangeInclusive<u16> = 60..=130;

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
    fn the_hash_of_the_built_in_rules_never_changes() {
        assert_eq!(Rules::brisk_1().hash(), "d09295e804f8027c");
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
