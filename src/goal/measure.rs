//! What a goal counts, over which time, on which days of the week.

use std::{fmt, ops::RangeInclusive, str::FromStr};

use chrono::Weekday;
use serde::{Deserialize, Serialize};

/// What a goal counts. Minutes, but for [`Measure::Steps`].
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Measure {
    /// Brisk minutes in the person's own time.
    LeisureBriskMin,
    /// Brisk minutes, wherever.
    BriskMin,
    /// Minutes inside brisk bouts.
    BoutMin,
    /// Brisk minutes in own time and the minutes in the diary, added.
    LeisureMin,
    /// Steps.
    Steps,
    /// Minutes of one kind of activity in the diary, such as `diary_min(swim)`.
    DiaryMin(DiaryKind),
}

/// Why a text is not a measure.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error(
    "{0:?} is not a measure; there are leisure_brisk_min, brisk_min, bout_min, leisure_min, steps and diary_min(KIND)"
)]
pub struct BadMeasure(String);

impl Measure {
    /// Amounts that are plausible for one goal. Wide on purpose: outside them lies a slip of the
    /// finger, not a brave plan. Limits are ours; the highest brisk day of 458 in public data is
    /// far below 300 minutes.
    pub fn plausible(&self, period: Period) -> RangeInclusive<u32> {
        match (self, period) {
            (Self::LeisureBriskMin | Self::BriskMin | Self::BoutMin, Period::Day) => 1..=300,
            (Self::LeisureBriskMin | Self::BriskMin | Self::BoutMin, Period::Week) => 1..=1500,
            (Self::LeisureMin | Self::DiaryMin(_), Period::Day) => 1..=480,
            (Self::LeisureMin | Self::DiaryMin(_), Period::Week) => 1..=2400,
            (Self::Steps, Period::Day) => 100..=60_000,
            (Self::Steps, Period::Week) => 700..=420_000,
        }
    }
}

impl fmt::Display for Measure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LeisureBriskMin => f.write_str("leisure_brisk_min"),
            Self::BriskMin => f.write_str("brisk_min"),
            Self::BoutMin => f.write_str("bout_min"),
            Self::LeisureMin => f.write_str("leisure_min"),
            Self::Steps => f.write_str("steps"),
            Self::DiaryMin(kind) => write!(f, "diary_min({})", kind.as_str()),
        }
    }
}

impl FromStr for Measure {
    type Err = BadMeasure;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bad = || BadMeasure(text.chars().take(64).collect());
        Ok(match text {
            "leisure_brisk_min" => Self::LeisureBriskMin,
            "brisk_min" => Self::BriskMin,
            "bout_min" => Self::BoutMin,
            "leisure_min" => Self::LeisureMin,
            "steps" => Self::Steps,
            other => {
                let kind = other.strip_prefix("diary_min(").and_then(|rest| rest.strip_suffix(')'));
                Self::DiaryMin(kind.ok_or_else(bad)?.parse().map_err(|_| bad())?)
            }
        })
    }
}

impl TryFrom<String> for Measure {
    type Error = BadMeasure;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Measure> for String {
    fn from(measure: Measure) -> Self {
        measure.to_string()
    }
}

/// A kind of activity in the diary, such as `swim`: 1 to 32 lower-case ASCII letters, digits, `_` or `-`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DiaryKind(String);

/// Why a text is not a kind of activity.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("a kind of activity has 1 to 32 lower-case letters, digits, `_` or `-`; {0:?} has not")]
pub struct BadDiaryKind(String);

impl DiaryKind {
    /// The kind as it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for DiaryKind {
    /// An activity that is not told apart.
    fn default() -> Self {
        Self("other".to_owned())
    }
}

impl FromStr for DiaryKind {
    type Err = BadDiaryKind;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'-';
        if (1..=32).contains(&text.len()) && text.bytes().all(allowed) {
            Ok(Self(text.to_owned()))
        } else {
            Err(BadDiaryKind(text.chars().take(64).collect()))
        }
    }
}

impl TryFrom<String> for DiaryKind {
    type Error = BadDiaryKind;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<DiaryKind> for String {
    fn from(kind: DiaryKind) -> Self {
        kind.0
    }
}

/// The time over which a goal's amount is to be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Period {
    /// On each planned day.
    Day,
    /// In each week from Monday to Sunday.
    Week,
}

/// Days of the week; written as a list such as `["mon", "wed"]`, or in text as `mon,wed`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Vec<String>", into = "Vec<String>")]
pub struct Weekdays {
    /// Bit 0 is Monday.
    bits: u8,
}

/// Why a text does not name days of the week.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{0:?} does not name days of the week; write them as mon,wed,fri or mon-fri, or `all`")]
pub struct BadWeekdays(String);

const NAMES: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

impl Weekdays {
    /// Monday to Sunday.
    pub const ALL: Self = Self { bits: 0x7f };
    /// No day; a goal with it is refused.
    pub const NONE: Self = Self { bits: 0 };

    /// Whether the day is one of them.
    pub fn contains(self, day: Weekday) -> bool {
        self.bits & (1 << day.num_days_from_monday()) != 0
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.bits == 0
    }

    /// How many there are.
    pub fn len(self) -> u32 {
        self.bits.count_ones()
    }

    /// These days and, from Monday on, as many others as make so many of them; at most seven.
    #[must_use]
    pub fn filled_to(self, days: u32) -> Self {
        let mut filled = self;
        for day in 0..7 {
            if filled.len() < days {
                filled.bits |= 1 << day;
            }
        }
        filled
    }

    /// These days and one more.
    #[must_use]
    pub fn with(self, day: Weekday) -> Self {
        Self { bits: self.bits | 1 << day.num_days_from_monday() }
    }

    /// Their short names, Monday first.
    fn names(self) -> impl Iterator<Item = &'static str> {
        NAMES.into_iter().enumerate().filter(move |(day, _)| self.bits & (1 << day) != 0).map(|(_, name)| name)
    }
}

impl Default for Weekdays {
    /// Every day.
    fn default() -> Self {
        Self::ALL
    }
}

impl FromIterator<Weekday> for Weekdays {
    fn from_iter<I: IntoIterator<Item = Weekday>>(days: I) -> Self {
        days.into_iter().fold(Self::NONE, Self::with)
    }
}

impl fmt::Display for Weekdays {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::ALL {
            return f.write_str("all");
        }
        f.write_str(&self.names().collect::<Vec<_>>().join(","))
    }
}

impl FromStr for Weekdays {
    type Err = BadWeekdays;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bad = || BadWeekdays(text.chars().take(64).collect());
        if text.trim().eq_ignore_ascii_case("all") {
            return Ok(Self::ALL);
        }
        let mut days = Self::NONE;
        for part in text.split(',') {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let first: Weekday = first.trim().parse().map_err(|_| bad())?;
            let last: Weekday = last.trim().parse().map_err(|_| bad())?;
            let mut day = first;
            while day != last {
                days = days.with(day);
                day = day.succ();
            }
            days = days.with(last);
        }
        Ok(days)
    }
}

impl TryFrom<Vec<String>> for Weekdays {
    type Error = BadWeekdays;

    fn try_from(names: Vec<String>) -> Result<Self, Self::Error> {
        let day = |name: &String| name.parse::<Weekday>().map_err(|_| BadWeekdays(name.chars().take(64).collect()));
        names.iter().map(day).collect()
    }
}

impl From<Weekdays> for Vec<String> {
    fn from(days: Weekdays) -> Self {
        days.names().map(str::to_owned).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_measure_reads_back_as_written() {
        for text in ["leisure_brisk_min", "brisk_min", "bout_min", "leisure_min", "steps", "diary_min(swim)"] {
            assert_eq!(text.parse::<Measure>().unwrap().to_string(), text);
        }
        for text in ["", "Steps", "diary_min", "diary_min()", "diary_min(Two Words)", "diary_min(swim"] {
            assert!(text.parse::<Measure>().is_err(), "{text}");
        }
    }

    #[test]
    fn days_of_the_week_are_read_as_people_write_them() {
        for (text, names) in [
            ("mon,wed,fri", "mon,wed,fri"),
            ("fri, mon", "mon,fri"),
            ("mon-fri", "mon,tue,wed,thu,fri"),
            ("sat-mon", "mon,sat,sun"),
            ("Sunday", "sun"),
            ("all", "all"),
            ("mon-sun", "all"),
        ] {
            assert_eq!(text.parse::<Weekdays>().unwrap().to_string(), names, "{text}");
        }
        for text in ["", "mon,", "someday", "mon-"] {
            assert!(text.parse::<Weekdays>().is_err(), "{text}");
        }
    }

    #[test]
    fn days_of_the_week_are_stored_as_a_list() {
        let days: Weekdays = "mon,wed".parse().unwrap();

        let json = serde_json::to_string(&days).unwrap();

        assert_eq!(json, r#"["mon","wed"]"#);
        assert_eq!(serde_json::from_str::<Weekdays>(&json).unwrap(), days);
    }
}
