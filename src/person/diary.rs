//! The diary: what a step counter cannot see, such as a swim. Kept apart from measured minutes, and added
//! visibly where the goal counts it.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::RangeInclusive,
};

use chrono::{NaiveDate, NaiveTime};
use serde::{Deserialize, Serialize};

use crate::{
    goal::{DiaryKind, DiaryMinutes, decision::Found},
    model::ParticipantId,
    words::Phrase,
};

/// Minutes in a day, the most that one activity can have.
const MINUTES_MAX: u32 = 1440;

/// Kinds of activity that are offered. Any other is a word of the person's own, and stays at home.
pub const OFFERED_KINDS: [&str; 7] = ["swim", "cycle", "gym", "garden", "walk", "dance", "other"];

/// One activity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
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

impl DiaryEntry {
    fn look_at(&self, today: NaiveDate, found: &mut Found) {
        found.code("id", Some(&self.id));
        found.when(self.minutes == 0, "minutes", || Phrase::new("problem-diary-minutes-none"));
        found.when(self.minutes > MINUTES_MAX, "minutes", || {
            Phrase::new("problem-diary-minutes-day").with("minutes", self.minutes)
        });
        found.when(self.date > today, "date", || Phrase::new("problem-diary-later").with("date", self.date));
        found.within_years("date", today, Some(self.date).filter(|date| *date < today));
        found.text("note", self.note.as_deref());
    }
}

/// How hard an activity felt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Effort {
    /// Easy.
    Easy,
    /// Brisk.
    Brisk,
    /// Hard.
    Hard,
}

impl Effort {
    /// All of them, the easiest first.
    pub const ALL: [Self; 3] = [Self::Easy, Self::Brisk, Self::Hard];

    /// As it is written.
    pub fn name(self) -> &'static str {
        match self {
            Self::Easy => "easy",
            Self::Brisk => "brisk",
            Self::Hard => "hard",
        }
    }
}

/// All entries as they stand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diary {
    entries: BTreeMap<String, DiaryEntry>,
    /// Days with entries, and which.
    by_date: BTreeMap<NaiveDate, Vec<String>>,
    /// Ids of entries that were taken out; none of them comes back.
    undone: BTreeSet<String>,
    /// First of the days that entries were taken out of: a diary was kept there all the same.
    undone_since: Option<NaiveDate>,
}

impl Diary {
    /// Takes an entry in; one with the same id gives way.
    pub(super) fn take(&mut self, entry: DiaryEntry) {
        self.remove(&entry.id);
        self.by_date.entry(entry.date).or_default().push(entry.id.clone());
        self.entries.insert(entry.id.clone(), entry);
    }

    /// Takes an entry out for good.
    pub(super) fn undo(&mut self, id: &str) {
        let date = self.remove(id).map(|entry| entry.date);
        self.undone_since = [self.undone_since, date].into_iter().flatten().min();
        self.undone.insert(id.to_owned());
    }

    fn remove(&mut self, id: &str) -> Option<DiaryEntry> {
        let entry = self.entries.remove(id)?;
        if let Some(ids) = self.by_date.get_mut(&entry.date) {
            ids.retain(|known| known != id);
            if ids.is_empty() {
                self.by_date.remove(&entry.date);
            }
        }
        Some(entry)
    }

    pub(super) fn check(&self, entry: &DiaryEntry, today: NaiveDate, found: &mut Found) {
        entry.look_at(today, found);
        found.when(self.is_undone(&entry.id), "id", || Phrase::new("problem-diary-undone"));
    }

    pub(super) fn check_undo(&self, id: &str, found: &mut Found) {
        found.when(self.entry(id).is_none(), "id", || Phrase::new("problem-diary-unknown"));
    }

    /// Whether an entry with this id was taken out.
    pub fn is_undone(&self, id: &str) -> bool {
        self.undone.contains(id)
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

    /// The first day with an entry, or with one that was taken out; none when there never was one. Before it nothing is
    /// known, from it on a day without an entry has 0 minutes. The day that a slip was set right from is none.
    pub fn kept_since(&self) -> Option<NaiveDate> {
        let first = self.by_date.first_key_value().map(|(date, _)| *date);
        [first, self.undone_since].into_iter().flatten().min()
    }

    /// The days that may look different once this entry stands.
    pub(super) fn touched(&self, entry: &DiaryEntry) -> RangeInclusive<NaiveDate> {
        let before = self.entry(&entry.id).map_or(entry.date, |known| known.date);
        // Up to where the diary was known to begin, days become known; where there was none, all days to come.
        let since = self.kept_since().unwrap_or(NaiveDate::MAX);
        before.min(entry.date)..=before.max(entry.date).max(since)
    }

    /// A day's minutes by kind; none before the diary was begun.
    pub fn minutes_on(&self, date: NaiveDate) -> Option<DiaryMinutes> {
        self.kept_since().filter(|since| *since <= date)?;
        let mut minutes = DiaryMinutes::new();
        for entry in self.between(date, date) {
            let sum: &mut u32 = minutes.entry(entry.kind.clone()).or_default();
            *sum = sum.saturating_add(entry.minutes);
        }
        Some(minutes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn entry(id: &str, minutes: u32, date: &str) -> DiaryEntry {
        DiaryEntry {
            id: id.to_owned(),
            participant: "p1".parse().unwrap(),
            kind: "swim".parse().unwrap(),
            minutes,
            date: day(date),
            at: None,
            effort: None,
            note: None,
        }
    }

    fn fields(diary: &Diary, entry: &DiaryEntry) -> Vec<(&'static str, &'static str)> {
        let mut found = Found::default();
        diary.check(entry, day("2026-05-14"), &mut found);
        let problems = found.done().map_or_else(|problems| problems.0, |()| Vec::new());
        problems.into_iter().map(|problem| (problem.field, problem.phrase.key)).collect()
    }

    #[test]
    fn what_does_not_fit_is_said_field_by_field() {
        let diary = Diary::default();
        let long = DiaryEntry { note: Some("x".repeat(501)), ..entry("two words", 2000, "2026-05-15") };

        assert_eq!(
            fields(&diary, &long),
            [
                ("id", "problem-code"),
                ("minutes", "problem-diary-minutes-day"),
                ("date", "problem-diary-later"),
                ("note", "problem-text-long")
            ]
        );
        assert_eq!(fields(&diary, &entry("a", 0, "2026-05-14")), [("minutes", "problem-diary-minutes-none")]);
        assert_eq!(fields(&diary, &entry("a", 30, "1926-05-14")), [("date", "problem-date-far")]);
        assert!(fields(&diary, &entry("a", 1440, "2026-05-14")).is_empty());
    }

    #[test]
    fn an_entry_that_was_taken_out_does_not_come_back() {
        let mut diary = Diary::default();
        diary.take(entry("a", 30, "2026-05-14"));
        diary.undo("a");

        assert_eq!(fields(&diary, &entry("a", 30, "2026-05-14")), [("id", "problem-diary-undone")]);
        assert_eq!((diary.minutes_on(day("2026-05-14")), diary.entry("a")), (Some(DiaryMinutes::new()), None));
    }

    #[test]
    fn a_slip_in_the_date_that_is_set_right_begins_no_diary() {
        let mut diary = Diary::default();
        diary.take(entry("a", 30, "2025-05-13"));
        diary.take(entry("a", 30, "2026-05-13"));

        assert_eq!(diary.kept_since(), Some(day("2026-05-13")));
        assert_eq!(diary.minutes_on(day("2026-05-12")), None);
    }

    #[test]
    fn the_day_of_an_entry_that_was_taken_out_was_kept_all_the_same() {
        let mut diary = Diary::default();
        diary.take(entry("a", 30, "2026-05-10"));
        diary.take(entry("b", 30, "2026-05-13"));
        diary.undo("a");

        assert_eq!(diary.kept_since(), Some(day("2026-05-10")));
        assert_eq!(diary.minutes_on(day("2026-05-11")), Some(DiaryMinutes::new()));
    }

    #[test]
    fn a_changed_entry_leaves_its_old_day() {
        let mut diary = Diary::default();
        diary.take(entry("a", 30, "2026-05-13"));
        diary.take(entry("a", 40, "2026-05-14"));

        let on = |date| diary.between(day(date), day(date)).map(|entry| entry.minutes).collect::<Vec<_>>();
        assert_eq!((on("2026-05-13"), on("2026-05-14")), (vec![], vec![40]));
    }
}
