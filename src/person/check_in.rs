//! Check-ins: questions that a study or the person switched on. Never asked otherwise, and never shown beside steps.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate};
use serde::{Deserialize, Serialize};

use crate::{
    goal::{Problems, decision::Found},
    model::{ParticipantId, instrument::Instrument},
    words::Phrase,
};

/// An answer belongs to today, or to a day of the last week.
const WEEK: Days = Days::new(7);

/// Which instruments are asked from a day on; an empty list asks nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckInsSet {
    /// Whom.
    pub participant: ParticipantId,
    /// First day.
    pub from: NaiveDate,
    /// Names of instruments, each with how often it is asked.
    pub instruments: Vec<Asked>,
}

/// An instrument and how often it is asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AskedInstrument)]
pub struct Asked {
    /// Name of the instrument.
    pub instrument: String,
    /// Days from one time to the next.
    pub every_days: u32,
}

/// An answered check-in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckInAnswer {
    /// Whose.
    pub participant: ParticipantId,
    /// Name of the instrument.
    pub instrument: String,
    /// The day.
    pub date: NaiveDate,
    /// Answers by the name of the item; an item that was left out is absent.
    pub answers: BTreeMap<String, i32>,
    /// Scores by their names, as the instrument's rules made them; one of which too much was left out is absent.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub scores: BTreeMap<String, f64>,
}

impl CheckInsSet {
    /// All that does not fit about asking this from now on, at once.
    pub(super) fn check(&self, today: NaiveDate) -> Result<(), Problems> {
        let mut found = Found::default();
        found.when(self.from < today, "from", || Phrase::new("problem-from-past").with("today", today));
        found.too_far("from", today, Some(self.from));
        let often = self.instruments.iter().any(|asked| !(1..=366).contains(&asked.every_days));
        found.when(often, "every_days", || Phrase::new("problem-check-in-every"));
        let names: Vec<_> = self.instruments.iter().map(|asked| &asked.instrument).collect();
        let twice = names.iter().enumerate().any(|(place, name)| names[..place].contains(name));
        found.when(twice, "instruments", || Phrase::new("problem-check-in-twice"));
        found.done()
    }
}

/// What is asked, and what was answered.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CheckIns {
    set: Vec<CheckInsSet>,
    answers: Vec<CheckInAnswer>,
}

impl CheckIns {
    pub(super) fn set(&mut self, set: CheckInsSet) {
        self.set.push(set);
    }

    /// Takes an answer in; an earlier one of the same day gives way.
    pub(super) fn answer(&mut self, answer: CheckInAnswer) {
        self.answers.retain(|known| known.instrument != answer.instrument || known.date != answer.date);
        self.answers.push(answer);
    }

    /// Whether this is what is asked on every day from its first one on.
    pub(super) fn holds(&self, set: &CheckInsSet) -> bool {
        let later = self.set.iter().map(|known| known.from).filter(|first| *first > set.from);
        std::iter::once(set.from).chain(later).all(|date| self.asked_on(date) == set.instruments)
    }

    /// All that does not fit about an answer that is given today, at once.
    pub(super) fn check_answer(&self, answer: &CheckInAnswer, today: NaiveDate) -> Result<(), Problems> {
        let mut found = Found::default();
        let near = (today - WEEK..=today).contains(&answer.date);
        found.when(!near, "date", || Phrase::new("problem-check-in-date"));
        let asked = self.asked_on(answer.date).iter().any(|asked| asked.instrument == answer.instrument);
        found.when(!asked, "instrument", || Phrase::new("problem-check-in-off"));
        found.done()
    }

    /// The last day on which an instrument was answered.
    pub fn last(&self, instrument: &str) -> Option<NaiveDate> {
        self.answers.iter().filter(|answer| answer.instrument == instrument).map(|answer| answer.date).max()
    }

    /// What is asked on a date.
    pub fn asked_on(&self, date: NaiveDate) -> &[Asked] {
        self.set.iter().rev().find(|set| set.from <= date).map_or(&[], |set| &set.instruments)
    }

    /// Those of these instruments that are asked and due on a date, in the order in which they were switched on: never
    /// answered yet, or so many days ago as lie between one time and the next.
    pub fn due<'i>(&self, instruments: &'i [Instrument], date: NaiveDate) -> Vec<&'i Instrument> {
        let due = self.asked_on(date).iter().filter(|asked| {
            let next = |last: NaiveDate| last.checked_add_days(Days::new(u64::from(asked.every_days)));
            self.last(&asked.instrument).is_none_or(|last| next(last).is_some_and(|next| next <= date))
        });
        due.filter_map(|asked| instruments.iter().find(|one| one.name == asked.instrument)).collect()
    }

    /// All answers, in the order in which they were given.
    pub fn answers(&self) -> &[CheckInAnswer] {
        &self.answers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn instruments() -> Vec<Instrument> {
        let one = |name: &str| Instrument {
            name: name.into(),
            title: name.into(),
            language: "en".into(),
            version: "1".into(),
            date: NaiveDate::MIN,
            source: "this test".into(),
            permission: "ours".into(),
            every_days: 7,
            instructions: None,
            items: Vec::new(),
            scores: Vec::new(),
        };
        vec![one("a"), one("b")]
    }

    fn set(from: &str, asked: &[(&str, u32)]) -> CheckInsSet {
        let asked = asked.iter().map(|&(name, every_days)| Asked { instrument: name.into(), every_days });
        CheckInsSet { participant: "p1".parse().unwrap(), from: date(from), instruments: asked.collect() }
    }

    fn answer(instrument: &str, day: &str) -> CheckInAnswer {
        CheckInAnswer {
            participant: "p1".parse().unwrap(),
            instrument: instrument.into(),
            date: date(day),
            answers: BTreeMap::new(),
            scores: BTreeMap::new(),
        }
    }

    fn due(check_ins: &CheckIns, day: &str) -> Vec<String> {
        check_ins.due(&instruments(), date(day)).into_iter().map(|one| one.name.clone()).collect()
    }

    fn fields(checked: Result<(), Problems>) -> Vec<&'static str> {
        checked.map_or_else(|problems| problems.0.iter().map(|problem| problem.field).collect(), |()| vec![])
    }

    #[test]
    fn nothing_is_asked_until_it_is_switched_on() {
        let mut check_ins = CheckIns::default();
        assert!(due(&check_ins, "2026-05-14").is_empty());

        check_ins.set(set("2026-05-15", &[("b", 7), ("a", 1), ("unknown", 1)]));

        assert!(due(&check_ins, "2026-05-14").is_empty());
        assert_eq!(due(&check_ins, "2026-05-15"), ["b", "a"]);
        check_ins.set(set("2026-05-16", &[]));
        assert!(due(&check_ins, "2026-05-16").is_empty());
    }

    #[test]
    fn what_was_answered_is_due_again_after_its_days() {
        let mut check_ins = CheckIns::default();
        check_ins.set(set("2026-05-01", &[("a", 7)]));
        check_ins.answer(answer("a", "2026-05-01"));

        assert!(due(&check_ins, "2026-05-07").is_empty());
        assert_eq!(due(&check_ins, "2026-05-08"), ["a"]);
    }

    #[test]
    fn an_answer_of_the_same_day_takes_the_place_of_the_first() {
        let mut check_ins = CheckIns::default();
        check_ins.answer(answer("a", "2026-05-01"));
        check_ins.answer(answer("b", "2026-05-01"));
        check_ins.answer(CheckInAnswer { answers: [("1".to_owned(), 1)].into(), ..answer("a", "2026-05-01") });

        let kept: Vec<_> = check_ins.answers().iter().map(|one| (one.instrument.as_str(), one.answers.len())).collect();
        assert_eq!(kept, [("b", 0), ("a", 1)]);
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let mut check_ins = CheckIns::default();
        check_ins.set(set("2026-05-01", &[("a", 7)]));
        let today = date("2026-05-14");

        assert_eq!(
            fields(set("2026-05-13", &[("a", 0), ("a", 1)]).check(today)),
            ["from", "every_days", "instruments"]
        );
        assert_eq!(fields(set("2026-05-14", &[]).check(today)), [""; 0]);
        assert_eq!(fields(set("2031-05-15", &[]).check(today)), ["from"]);
        assert_eq!(fields(check_ins.check_answer(&answer("a", "2026-05-14"), today)), [""; 0]);
        assert_eq!(fields(check_ins.check_answer(&answer("a", "2026-05-15"), today)), ["date"]);
        assert_eq!(fields(check_ins.check_answer(&answer("b", "2026-05-06"), today)), ["date", "instrument"]);
    }
}
