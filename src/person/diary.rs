//! The diary: what a step counter cannot see, such as a swim. Kept apart from measured minutes, and added
//! visibly where the goal counts it.

use std::collections::BTreeMap;

use chrono::{NaiveDate, NaiveTime};
use serde::{Deserialize, Serialize};

use crate::{
    goal::{DiaryKind, DiaryMinutes},
    model::ParticipantId,
};

/// One activity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DiaryEntry {
    /// Name of the entry within the person's diary: 1 to 32 letters, digits, `_` or `-`.
    pub id: String,
    /// Whose diary.
    pub participant: ParticipantId,
    /// What it was.
    pub kind: DiaryKind,
    /// How long, minutes.
    pub minutes: u32,
    /// On which day.
    pub date: NaiveDate,
    /// When it began, by the clock on the wall.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<NaiveTime>,
    /// How hard it felt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effort: Option<Effort>,
    /// In the person's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// How hard an activity felt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effort {
    /// Easy.
    Easy,
    /// Brisk.
    Brisk,
    /// Hard.
    Hard,
}

/// All entries as they stand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diary {
    entries: BTreeMap<String, DiaryEntry>,
    by_date: BTreeMap<NaiveDate, Vec<String>>,
    /// Days on which anything was ever entered, whatever became of it: a diary was kept there.
    kept_since: Option<NaiveDate>,
}

impl Diary {
    /// Takes an entry in; one with the same id gives way.
    pub(super) fn take(&mut self, entry: DiaryEntry) {
        self.remove(&entry.id);
        self.kept_since = Some(self.kept_since.map_or(entry.date, |since| since.min(entry.date)));
        self.by_date.entry(entry.date).or_default().push(entry.id.clone());
        self.entries.insert(entry.id.clone(), entry);
    }

    /// Takes an entry out.
    pub(super) fn remove(&mut self, id: &str) {
        let Some(entry) = self.entries.remove(id) else { return };
        if let Some(ids) = self.by_date.get_mut(&entry.date) {
            ids.retain(|known| known != id);
        }
    }

    /// The entry with this id.
    pub fn entry(&self, id: &str) -> Option<&DiaryEntry> {
        self.entries.get(id)
    }

    /// Entries of the days `from..=to`, in order of days, and within a day as they were entered.
    pub fn between(&self, from: NaiveDate, to: NaiveDate) -> impl Iterator<Item = &DiaryEntry> {
        let span = (from <= to).then(|| self.by_date.range(from..=to));
        span.into_iter().flatten().flat_map(|(_, ids)| ids).filter_map(|id| self.entries.get(id))
    }

    /// The first day with an entry; none when there never was one. Before it nothing is known, from it on a day without
    /// an entry has 0 minutes.
    pub fn kept_since(&self) -> Option<NaiveDate> {
        self.kept_since
    }

    /// A day's minutes by kind; none before the diary was begun.
    pub fn minutes_on(&self, date: NaiveDate) -> Option<DiaryMinutes> {
        self.kept_since.filter(|since| *since <= date)?;
        let mut minutes = DiaryMinutes::new();
        for entry in self.between(date, date) {
            let sum: &mut u32 = minutes.entry(entry.kind.clone()).or_default();
            *sum = sum.saturating_add(entry.minutes);
        }
        Some(minutes)
    }
}
