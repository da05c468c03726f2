//! Micro-choices: one small planned choice a day, and whether it was made. No score is made of them
//! (Børsheim et al. 2026; activity-science §11).

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::model::ParticipantId;

/// One small choice for a day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
