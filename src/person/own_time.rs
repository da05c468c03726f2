//! When a person works and sleeps, and when their day begins, with dates of change.

use chrono::{NaiveDate, NaiveTime};
use serde::{Deserialize, Serialize};

use crate::model::{ParticipantId, windows::Windows};

/// A week of own time from a day on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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

/// All weeks in the order in which they were set. Of those whose first day has come, the newest holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OwnTime(Vec<OwnTimeSet>);

impl OwnTime {
    pub(super) fn take(&mut self, set: OwnTimeSet) {
        self.0.push(set);
    }

    /// All that was ever set, oldest first.
    pub fn all(&self) -> &[OwnTimeSet] {
        &self.0
    }

    /// What holds on a date.
    pub fn on(&self, date: NaiveDate) -> Option<&OwnTimeSet> {
        self.0.iter().rev().find(|set| set.from.is_none_or(|from| from <= date))
    }
}
