//! When a person works and sleeps, and when their day begins, with dates of change.

use std::{fmt, str::FromStr};

use chrono::{NaiveDate, NaiveTime, Timelike as _};
use serde::{Deserialize, Serialize};

use crate::{
    goal::decision::Found,
    model::{ParticipantId, windows::Windows},
    words::Phrase,
};

/// A week of own time from a day on. What it says of days gone by is a fact that was learned late, so it may.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OwnTimeSet {
    /// Whose.
    pub participant: ParticipantId,
    /// First day; none for since ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<NaiveDate>,
    /// Working and sleeping hours.
    pub windows: Windows,
    /// When their day begins, for those who work at night; none leaves it as the settings say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_of_day: Option<NaiveTime>,
}

impl OwnTimeSet {
    pub(super) fn look_at(&self, today: NaiveDate, found: &mut Found) {
        found.within_years("from", today, self.from);
        let odd = |time: NaiveTime| time.second() != 0 || time.nanosecond() != 0;
        found.when(self.start_of_day.is_some_and(odd), "start_of_day", || Phrase::new("problem-time"));
    }
}

/// From when something holds, as a person says it: `ever`, or a date.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Since {
    /// It has always been so.
    Ever,
    /// From this day on.
    Day(NaiveDate),
}

impl Since {
    /// The first day; none for since ever.
    pub fn day(self) -> Option<NaiveDate> {
        match self {
            Self::Ever => None,
            Self::Day(day) => Some(day),
        }
    }
}

/// Why a text says no beginning.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is neither a date such as 2026-05-11 nor \"ever\"")]
pub struct BadSince(String);

impl fmt::Display for Since {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ever => f.write_str("ever"),
            Self::Day(day) => day.fmt(f),
        }
    }
}

impl FromStr for Since {
    type Err = BadSince;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "ever" => Ok(Self::Ever),
            date => date.parse().map(Self::Day).map_err(|_| BadSince(text.chars().take(32).collect())),
        }
    }
}

impl TryFrom<String> for Since {
    type Error = BadSince;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Since> for String {
    fn from(since: Since) -> Self {
        since.to_string()
    }
}

/// All weeks by their first day. Each holds until the next begins; of two from the same day the later decision
/// stands, so that a slip is set right by deciding again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OwnTime(Vec<OwnTimeSet>);

impl OwnTime {
    pub(super) fn take(&mut self, set: OwnTimeSet) {
        self.0.retain(|known| known.from != set.from);
        let at = self.0.partition_point(|known| known.from < set.from);
        self.0.insert(at, set);
    }

    /// All that stands, in order of days.
    pub fn all(&self) -> &[OwnTimeSet] {
        &self.0
    }

    /// What holds on a date.
    pub fn on(&self, date: NaiveDate) -> Option<&OwnTimeSet> {
        self.0.iter().rev().find(|set| set.from.is_none_or(|from| from <= date))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(from: Option<&str>, work: &str) -> OwnTimeSet {
        OwnTimeSet {
            participant: "p1".parse().unwrap(),
            from: from.map(|from| from.parse().unwrap()),
            windows: Windows { work: work.parse().unwrap(), ..Windows::default() },
            start_of_day: None,
        }
    }

    fn work_on(own_time: &OwnTime, date: &str) -> String {
        own_time.on(date.parse().unwrap()).map_or("nothing".to_owned(), |set| set.windows.work.to_string())
    }

    #[test]
    fn what_was_learned_late_of_the_past_leaves_later_weeks_as_they_are() {
        let mut own_time = OwnTime::default();
        own_time.take(set(Some("2026-04-01"), "mon-fri 08:00-16:00"));
        own_time.take(set(Some("2026-02-01"), "daily 22:00-06:00"));

        let on = |date| work_on(&own_time, date);
        assert_eq!(
            [on("2026-01-31"), on("2026-02-01"), on("2026-04-01")],
            ["nothing", "daily 22:00-06:00", "mon-fri 08:00-16:00"]
        );
    }

    #[test]
    fn a_slip_is_set_right_by_deciding_again_from_the_same_day() {
        let mut own_time = OwnTime::default();
        own_time.take(set(None, "mon 08:00-16:00"));
        own_time.take(set(None, "tue 08:00-16:00"));

        assert_eq!((work_on(&own_time, "1990-01-01").as_str(), own_time.all().len()), ("tue 08:00-16:00", 1));
    }

    #[test]
    fn a_beginning_reads_back_as_it_was_written() {
        for text in ["ever", "2026-05-11"] {
            assert_eq!(text.parse::<Since>().unwrap().to_string(), text);
        }
        assert!("always".parse::<Since>().is_err());
    }
}
