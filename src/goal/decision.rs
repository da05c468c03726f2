//! What people decide about a goal, in the form in which it is stored: dated, and never overwritten.

use std::fmt;

use chrono::{Months, NaiveDate};
use serde::{Deserialize, Serialize};

use super::{Measure, Period, Weekdays};
use crate::{model::ParticipantId, words::Phrase};

/// One decision of a person, alone or with their therapist.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "decision", rename_all = "snake_case", deny_unknown_fields)]
pub enum Decision {
    /// A goal from its date on; it takes the place of whichever was in force.
    GoalSet(GoalVersion),
    /// No judging from the first to the last day, both included. Pauses add up.
    GoalPaused {
        /// Whose goal.
        participant: ParticipantId,
        /// First day of the pause.
        from: NaiveDate,
        /// Last day of the pause.
        until: NaiveDate,
        /// In the person's words, if they want to say.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// Every pause decided before ends the day before this one.
    GoalResumed {
        /// Whose goal.
        participant: ParticipantId,
        /// First day that counts again.
        from: NaiveDate,
    },
    /// No goal from this day on, until a new one is set.
    GoalEnded {
        /// Whose goal.
        participant: ParticipantId,
        /// First day without a goal.
        from: NaiveDate,
        /// In the person's words, if they want to say.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// A clinician takes one day, past or to come, out of the judging.
    DayExcused {
        /// Whose day.
        participant: ParticipantId,
        /// The day.
        date: NaiveDate,
        /// Code of the clinician.
        by: String,
        /// Why, for the audit trail.
        reason: String,
    },
}

/// One version of a person's goal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GoalVersion {
    /// Name of this version within the person's record, such as `g1`: 1 to 32 letters, digits, `_` or `-`.
    pub id: String,
    /// Whose goal.
    pub participant: ParticipantId,
    /// What counts.
    pub measure: Measure,
    /// How much of it: minutes or steps, per day or per week.
    pub amount: u32,
    /// Per day or per week.
    pub period: Period,
    /// Planned days. A day goal is judged on these days; a week goal counts every day.
    #[serde(default)]
    pub days: Weekdays,
    /// First day.
    pub from: NaiveDate,
    /// Last day; none for a goal that stays until another is set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<NaiveDate>,
    /// The goal as the person says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own_words: Option<String>,
    /// The activity: "walk to the lake".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub specific: Option<String>,
    /// When and where it fits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when_where: Option<String>,
    /// Why it matters to the person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub relevant_because: Option<String>,
    /// How sure the person is that it will work, 0 to 10.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confidence: Option<u8>,
    /// Day on which to look at it again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review_on: Option<NaiveDate>,
    /// Who decided.
    pub decided_by: DecidedBy,
    /// Code of the therapist, where one took part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub therapist: Option<String>,
    /// Stage of change as the person or the therapist entered it; never guessed from steps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage: Option<Stage>,
    /// The proposal that it came from, such as `2026-W21-more`; none for a goal that the person set by themselves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proposal: Option<String>,
    /// The rule that its size came from, such as `quota`; a smaller size that was chosen since goes on under it. None for
    /// a goal that no rule made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
}

/// Who decided on a goal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DecidedBy {
    /// The person alone.
    Person,
    /// The person together with their therapist.
    WithTherapist,
}

/// Stage of change (Marcus and Simkin 1993; activity-science §9).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Not thinking about more activity for now.
    Precontemplation,
    /// Thinking about it.
    Contemplation,
    /// Some activity, on the way.
    Preparation,
    /// Active for less than six months.
    Action,
    /// Active for more than six months.
    Maintenance,
}

impl Stage {
    /// All of them, in order.
    pub const ALL: [Self; 5] =
        [Self::Precontemplation, Self::Contemplation, Self::Preparation, Self::Action, Self::Maintenance];

    /// As it is stored.
    pub fn name(self) -> &'static str {
        match self {
            Self::Precontemplation => "precontemplation",
            Self::Contemplation => "contemplation",
            Self::Preparation => "preparation",
            Self::Action => "action",
            Self::Maintenance => "maintenance",
        }
    }
}

/// One thing about a decision that does not fit, in a sentence for the person who entered it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// Field of the decision.
    pub field: &'static str,
    /// What would fit.
    pub phrase: Phrase,
}

/// Everything about a decision that does not fit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
pub struct Problems(pub Vec<Problem>);

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<_> = self.0.iter().map(|problem| format!("{}: {}", problem.field, problem.phrase)).collect();
        f.write_str(&lines.join("\n"))
    }
}

/// Longest text of a person, in characters.
pub const TEXT_MAX: usize = 500;
const TEXT_MAX_NUMBER: u32 = 500;

/// A goal, a pause and a review lie within this many months of their beginning: further away is a
/// slip in the year.
pub(super) const MONTHS_MAX: Months = Months::new(60);

impl Decision {
    /// Whose decision it is.
    pub fn participant(&self) -> &ParticipantId {
        match self {
            Self::GoalSet(goal) => &goal.participant,
            Self::GoalPaused { participant, .. }
            | Self::GoalResumed { participant, .. }
            | Self::GoalEnded { participant, .. }
            | Self::DayExcused { participant, .. } => participant,
        }
    }

    /// The first day that it speaks of.
    pub fn from(&self) -> NaiveDate {
        match self {
            Self::GoalSet(goal) => goal.from,
            Self::GoalPaused { from, .. } | Self::GoalResumed { from, .. } | Self::GoalEnded { from, .. } => *from,
            Self::DayExcused { date, .. } => *date,
        }
    }

    /// All that does not fit, at once. What fits by itself may still come too late in the person's
    /// history: see [`super::History::check`].
    pub fn validate(&self) -> Result<(), Problems> {
        let mut found = Found::default();
        match self {
            Self::GoalSet(goal) => goal.look_at(&mut found),
            Self::GoalPaused { from, until, reason, .. } => {
                found.when(until < from, "until", || Phrase::new("problem-pause-until").with("from", *from));
                found.too_far("until", *from, Some(*until));
                found.text("reason", reason.as_deref());
            }
            Self::GoalResumed { .. } => {}
            Self::GoalEnded { reason, .. } => found.text("reason", reason.as_deref()),
            Self::DayExcused { by, reason, .. } => {
                found.code("by", Some(by));
                let blank = reason.trim().is_empty();
                found.when(blank, "reason", || Phrase::new("problem-reason-blank"));
                found.text("reason", Some(reason).filter(|_| !blank).map(String::as_str));
            }
        }
        found.done()
    }
}

impl GoalVersion {
    /// All that does not fit, at once.
    pub fn validate(&self) -> Result<(), Problems> {
        let mut found = Found::default();
        self.look_at(&mut found);
        found.done()
    }

    fn look_at(&self, found: &mut Found) {
        found.code("id", Some(&self.id));
        let range = self.measure.plausible(self.period);
        found.when(!range.contains(&self.amount), "amount", || {
            let key = match (self.measure == Measure::Steps, self.period) {
                (true, Period::Day) => "problem-amount-steps-day",
                (true, Period::Week) => "problem-amount-steps-week",
                (false, Period::Day) => "problem-amount-minutes-day",
                (false, Period::Week) => "problem-amount-minutes-week",
            };
            Phrase::new(key).with("amount", self.amount).with("low", *range.start()).with("high", *range.end())
        });
        found.when(self.days.is_empty(), "days", || Phrase::new("problem-days-none"));
        let from = self.from;
        found.when(self.until.is_some_and(|until| until < from), "until", || {
            Phrase::new("problem-goal-until").with("from", from)
        });
        found.when(self.review_on.is_some_and(|review| review < from), "review_on", || {
            Phrase::new("problem-review-early").with("from", from)
        });
        found.too_far("until", from, self.until);
        found.too_far("review_on", from, self.review_on);
        found.when(self.confidence.is_some_and(|sure| sure > 10), "confidence", || Phrase::new("problem-confidence"));
        found.code("therapist", self.therapist.as_ref());
        found.code("proposal", self.proposal.as_ref());
        found.code("rule", self.rule.as_ref());
        found.text("own_words", self.own_words.as_deref());
        found.text("specific", self.specific.as_deref());
        found.text("when_where", self.when_where.as_deref());
        found.text("relevant_because", self.relevant_because.as_deref());
    }
}

/// Problems as they are found.
#[derive(Default)]
pub struct Found(pub Vec<Problem>);

impl Found {
    /// Notes a problem when something is wrong.
    pub fn when(&mut self, wrong: bool, field: &'static str, phrase: impl FnOnce() -> Phrase) {
        if wrong {
            self.0.push(Problem { field, phrase: phrase() });
        }
    }

    /// A text of a person has an end.
    pub fn text(&mut self, field: &'static str, text: Option<&str>) {
        let long = text.is_some_and(|text| text.chars().count() > TEXT_MAX);
        self.when(long, field, || Phrase::new("problem-text-long").with("most", TEXT_MAX_NUMBER));
    }

    /// A code survives every trial database.
    pub fn code(&mut self, field: &'static str, code: Option<&String>) {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
        let fits = |code: &String| (1..=32).contains(&code.len()) && code.bytes().all(allowed);
        self.when(code.is_some_and(|code| !fits(code)), field, || Phrase::new("problem-code"));
    }

    /// A date lies within five years of today, before or after: further away is a slip in the year.
    pub fn within_years(&mut self, field: &'static str, today: NaiveDate, date: Option<NaiveDate>) {
        let early = date.zip(today.checked_sub_months(MONTHS_MAX)).is_some_and(|(date, first)| date < first);
        self.when(early, field, || Phrase::new("problem-date-far"));
        self.too_far(field, today, date);
    }

    /// A date lies within five years of the beginning: further away is a slip in the year.
    pub fn too_far(&mut self, field: &'static str, from: NaiveDate, date: Option<NaiveDate>) {
        let limit = from.checked_add_months(MONTHS_MAX);
        let far = date.zip(limit).is_some_and(|(date, limit)| date > limit);
        self.when(far, field, || Phrase::new("problem-date-far"));
    }

    /// Adds what was found elsewhere, but for fields of which something was found already.
    pub fn add(&mut self, others: Problems) {
        let new: Vec<_> =
            others.0.into_iter().filter(|one| self.0.iter().all(|known| known.field != one.field)).collect();
        self.0.extend(new);
    }

    /// All of them, when there are any.
    pub fn done(self) -> Result<(), Problems> {
        if self.0.is_empty() { Ok(()) } else { Err(Problems(self.0)) }
    }
}

#[cfg(test)]
pub(crate) mod tests;
