//! Micro-choices: one small planned choice a day, and whether it was made. No score is made of them
//! (Børsheim et al. 2026; activity-science §11).

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate};
use serde::{Deserialize, Serialize};

use crate::{
    goal::{Problems, decision::Found},
    model::ParticipantId,
    words::Phrase,
};

/// A choice is planned at most so many days ahead, and answered at most so many days later.
const WEEK: Days = Days::new(7);

/// One small choice for a day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChoicePlan {
    /// Whose.
    pub participant: ParticipantId,
    /// The day.
    pub date: NaiveDate,
    /// The situation: "on the way home from work".
    pub situation: String,
    /// The choice: "get off the bus one stop earlier".
    pub choice: String,
}

/// What became of a choice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChoiceAnswer {
    /// Whose.
    pub participant: ParticipantId,
    /// The day.
    pub date: NaiveDate,
    /// Whether it was made.
    pub done: bool,
    /// In the person's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// A day's choice as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// What was planned.
    pub plan: ChoicePlan,
    /// What became of it; none while nothing was said.
    pub answer: Option<ChoiceAnswer>,
}

impl Choice {
    /// Whether the person said that they made it.
    pub fn is_made(&self) -> bool {
        self.answer.as_ref().is_some_and(|answer| answer.done)
    }

    /// Whether the person said that it is not for this day.
    pub fn was_put_off(&self) -> bool {
        self.answer.as_ref().is_some_and(|answer| !answer.done)
    }
}

/// All choices by their day.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choices(BTreeMap<NaiveDate, Choice>);

impl Choices {
    pub(super) fn plan(&mut self, plan: ChoicePlan) {
        self.0.insert(plan.date, Choice { plan, answer: None });
    }

    pub(super) fn answer(&mut self, answer: ChoiceAnswer) {
        if let Some(choice) = self.0.get_mut(&answer.date) {
            choice.answer = Some(answer);
        }
    }

    /// All that does not fit about a plan that is to be made today, at once.
    pub(super) fn check_plan(&self, plan: &ChoicePlan, today: NaiveDate) -> Result<(), Problems> {
        let mut found = Found::default();
        found.when(plan.date < today, "date", || Phrase::new("problem-choice-past"));
        found.when(plan.date > today + WEEK, "date", || Phrase::new("problem-choice-far").with("last", today + WEEK));
        let made = self.on(plan.date).is_some_and(Choice::is_made);
        found.when(made, "date", || Phrase::new("problem-choice-made").with("date", plan.date));
        found.when(plan.situation.trim().is_empty(), "situation", || Phrase::new("problem-choice-situation"));
        found.when(plan.choice.trim().is_empty(), "choice", || Phrase::new("problem-choice-choice"));
        found.text("situation", Some(&plan.situation));
        found.text("choice", Some(&plan.choice));
        found.done()
    }

    /// All that does not fit about an answer that is given today, at once.
    pub(super) fn check_answer(&self, answer: &ChoiceAnswer, today: NaiveDate) -> Result<(), Problems> {
        let mut found = Found::default();
        found.when(answer.date > today, "date", || Phrase::new("problem-choice-early").with("date", answer.date));
        found.when(answer.date < today - WEEK, "date", || Phrase::new("problem-choice-late"));
        found.when(self.on(answer.date).is_none(), "date", || {
            Phrase::new("problem-choice-none").with("date", answer.date)
        });
        found.text("note", answer.note.as_deref());
        found.done()
    }

    /// Whether this is what is planned for its day. One that was put off is planned anew.
    pub(super) fn holds_plan(&self, plan: &ChoicePlan) -> bool {
        self.on(plan.date).is_some_and(|known| known.plan == *plan && !known.was_put_off())
    }

    /// Whether this is what was said of its day's choice.
    pub(super) fn holds_answer(&self, answer: &ChoiceAnswer) -> bool {
        self.on(answer.date).is_some_and(|known| known.answer.as_ref() == Some(answer))
    }

    /// Whether nothing was ever planned.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A day's choice.
    pub fn on(&self, date: NaiveDate) -> Option<&Choice> {
        self.0.get(&date)
    }

    /// The choices of the days `from..=to`, in order.
    pub fn between(&self, from: NaiveDate, to: NaiveDate) -> impl Iterator<Item = &Choice> {
        let span = (from <= to).then(|| self.0.range(from..=to));
        span.into_iter().flatten().map(|(_, choice)| choice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn plan(day: &str) -> ChoicePlan {
        ChoicePlan {
            participant: "p1".parse().unwrap(),
            date: date(day),
            situation: "on the way home 🚌".into(),
            choice: "get off one stop earlier".into(),
        }
    }

    fn answer(day: &str, done: bool) -> ChoiceAnswer {
        ChoiceAnswer { participant: "p1".parse().unwrap(), date: date(day), done, note: None }
    }

    fn fields(checked: Result<(), Problems>) -> Vec<&'static str> {
        checked.map_or_else(|problems| problems.0.iter().map(|problem| problem.field).collect(), |()| vec![])
    }

    #[test]
    fn a_choice_is_planned_for_today_or_the_week_ahead() {
        let today = date("2026-05-14");

        for (day, wrong) in [("2026-05-13", true), ("2026-05-14", false), ("2026-05-21", false), ("2026-05-22", true)] {
            let found = fields(Choices::default().check_plan(&plan(day), today));
            assert_eq!(found, if wrong { vec!["date"] } else { vec![] }, "{day}");
        }
    }

    #[test]
    fn all_that_does_not_fit_about_a_plan_is_named_at_once() {
        let wrong = ChoicePlan { situation: " ".into(), choice: "x".repeat(501), ..plan("2027-05-14") };

        let found = fields(Choices::default().check_plan(&wrong, date("2026-05-14")));

        assert_eq!(found, ["date", "situation", "choice"]);
    }

    #[test]
    fn an_answer_needs_a_plan_of_the_last_week() {
        let mut choices = Choices::default();
        for day in ["2026-05-01", "2026-05-10", "2026-05-15"] {
            choices.plan(plan(day));
        }
        let today = date("2026-05-14");

        for (day, wrong) in [("2026-05-01", true), ("2026-05-10", false), ("2026-05-12", true), ("2026-05-15", true)] {
            let found = fields(choices.check_answer(&answer(day, true), today));
            assert_eq!(found, if wrong { vec!["date"] } else { vec![] }, "{day}");
        }
    }

    #[test]
    fn another_idea_takes_the_place_of_the_first_until_the_choice_was_made() {
        let mut choices = Choices::default();
        let today = date("2026-05-14");
        choices.plan(plan("2026-05-14"));
        choices.answer(answer("2026-05-14", false));

        assert_eq!(choices.check_plan(&plan("2026-05-14"), today), Ok(()));
        choices.answer(answer("2026-05-14", true));
        assert_eq!(fields(choices.check_plan(&plan("2026-05-14"), today)), ["date"]);
    }
}
