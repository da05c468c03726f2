//! The sentences about today.
//!
//! A sentence says what was done, credits the person, offers and never orders, and says nothing about
//! the back. Its words stand in the catalogues of [`crate::words`].

use chrono::NaiveDate;

use super::{DayFacts, DiaryKind, GoalVersion, History, Measure, Period, judge_day};
use crate::{
    model::{DataState, GoalState},
    words::{Arg, Phrase},
};

/// Today's amount beside its target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// What is counted.
    pub measure: Measure,
    /// How much of it is planned for today.
    pub target: u32,
    /// How much was done so far, at least; none when that is not known.
    pub done: Option<u32>,
    /// How much is left of the plan; 0 when it is reached, none when what was done is not known.
    pub left: Option<u32>,
}

/// What today's sentence needs beside the day itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TodayContext {
    /// It is evening: the person may be looking back on the day.
    pub evening: bool,
    /// When the counter was last heard.
    pub heard: Heard,
    /// The counter keeps minutes and hands them over later, and its memory reaches back to when it was
    /// last heard: then, and only then, its steps are safe on it.
    pub keeps_steps: bool,
}

/// When the counter was last heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// So lately that there is nothing to say about it.
    Lately,
    /// On this local day, long enough ago to say so.
    On(NaiveDate),
    /// Never yet.
    Never,
}

/// What there is to say about a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sentence {
    /// Nothing done yet, and the day is still long.
    NothingYet {
        /// What the plan counts.
        measure: Measure,
        /// How much of it.
        target: u32,
    },
    /// On the way.
    Some {
        /// What the plan counts.
        measure: Measure,
        /// Done so far.
        done: u32,
        /// Left of the plan.
        left: u32,
    },
    /// The plan is reached.
    Met {
        /// What the plan counts.
        measure: Measure,
        /// Done.
        done: u32,
    },
    /// At least a quarter more than the plan.
    Over {
        /// What the plan counts.
        measure: Measure,
        /// Done.
        done: u32,
    },
    /// Below the plan in the evening.
    Evening {
        /// What the plan counts.
        measure: Measure,
        /// Done.
        done: u32,
    },
    /// No plan for today; what was done stands for itself.
    NoPlan {
        /// Brisk minutes in own time, when known.
        brisk_min: Option<u32>,
    },
    /// The plan is for the week.
    WeekPlan {
        /// What the plan counts.
        measure: Measure,
        /// Done today, when known.
        done: Option<u32>,
    },
    /// Paused.
    Paused {
        /// Last day of the pause.
        until: NaiveDate,
    },
    /// Taken out of the plan by a clinician.
    Excused,
    /// The counter has not been heard.
    NotSynced {
        /// Day on which it was last heard.
        since: Option<NaiveDate>,
        /// Its memory still holds everything since.
        safe: bool,
    },
    /// The counter was not worn.
    NotWorn {
        /// The day.
        date: NaiveDate,
    },
    /// Steps are known, their minutes are not.
    StepsOnly {
        /// The steps.
        steps: u32,
    },
    /// Too little is known to say anything else.
    Open,
}

impl Sentence {
    /// What is said.
    pub fn phrase(&self) -> Phrase {
        let amount_of = |measure: &Measure, count: u32| amount(measure, count);
        match self {
            Self::NothingYet { measure, target } => {
                Phrase::new("today-nothing-yet").with("plan", amount_of(measure, *target))
            }
            Self::Some { measure, done, left } => {
                Phrase::new("today-some").with("done", amount_of(measure, *done)).with("left", *left)
            }
            Self::Met { measure, done } => Phrase::new("today-met").with("done", amount_of(measure, *done)),
            Self::Over { measure, done } => Phrase::new("today-over").with("done", amount_of(measure, *done)),
            Self::Evening { measure: Measure::Steps, done } => {
                Phrase::new("today-evening-steps").with("done", amount_of(&Measure::Steps, *done))
            }
            Self::Evening { measure, done } => Phrase::new("today-evening").with("done", amount_of(measure, *done)),
            Self::NoPlan { brisk_min: Some(done) } => {
                Phrase::new("today-no-plan-done").with("done", amount_of(&Measure::LeisureBriskMin, *done))
            }
            Self::NoPlan { brisk_min: None } => Phrase::new("today-no-plan"),
            Self::WeekPlan { measure, done: Some(done) } => {
                Phrase::new("today-week-plan-done").with("done", amount_of(measure, *done))
            }
            Self::WeekPlan { done: None, .. } => Phrase::new("today-week-plan"),
            Self::Paused { until } => Phrase::new("today-paused").with("until", *until),
            Self::Excused => Phrase::new("today-excused"),
            Self::NotSynced { since, safe } => {
                let heard = since.map_or_else(
                    || Phrase::new("heard-never"),
                    |since| Phrase::new("heard-not-since").with("since", since),
                );
                let key = if *safe { "today-not-synced-safe" } else { "today-not-synced" };
                Phrase::new(key).with("heard", heard)
            }
            Self::NotWorn { date } => Phrase::new("today-not-worn").with("weekday", Arg::weekday_of(*date)),
            Self::StepsOnly { steps } => {
                Phrase::new("today-steps-only").with("steps", amount_of(&Measure::Steps, *steps))
            }
            Self::Open => Phrase::new("today-open"),
        }
    }

    /// The same where the amount stands beside it and need not be said again.
    pub fn beside_amount(&self) -> Phrase {
        match self {
            Self::Some { left, .. } => Phrase::new("beside-some").with("left", *left),
            Self::Met { .. } => Phrase::new("beside-met"),
            Self::Over { .. } => Phrase::new("beside-over"),
            Self::Evening { measure: Measure::Steps, .. } => Phrase::new("beside-evening-steps"),
            Self::Evening { .. } => Phrase::new("beside-evening"),
            Self::NoPlan { .. } => Phrase::new("today-no-plan"),
            Self::WeekPlan { .. } => Phrase::new("today-week-plan"),
            Self::StepsOnly { .. } => Phrase::new("beside-steps-only"),
            Self::NothingYet { .. }
            | Self::Paused { .. }
            | Self::Excused
            | Self::NotSynced { .. }
            | Self::NotWorn { .. }
            | Self::Open => self.phrase(),
        }
    }

    /// What it counts, where it speaks of an amount.
    pub fn measure(&self) -> Option<&Measure> {
        match self {
            Self::NothingYet { measure, .. }
            | Self::Some { measure, .. }
            | Self::Met { measure, .. }
            | Self::Over { measure, .. }
            | Self::Evening { measure, .. }
            | Self::WeekPlan { measure, .. } => Some(measure),
            Self::StepsOnly { .. } => Some(&Measure::Steps),
            Self::NoPlan { .. }
            | Self::Paused { .. }
            | Self::Excused
            | Self::NotSynced { .. }
            | Self::NotWorn { .. }
            | Self::Open => None,
        }
    }
}

/// Today's amount beside the target; none on a day without one.
pub fn today(facts: &DayFacts<'_>, history: &History) -> Option<Progress> {
    let outcome = judge_day(facts, history);
    let (measure, target, done) = (outcome.measure?, outcome.target?, outcome.done);
    Some(Progress { measure, target, done, left: done.map(|done| target.saturating_sub(done)) })
}

/// The sentence for a day that may still be open.
///
/// What the person decided comes first, then a plan that is reached, then what keeps us from knowing,
/// then the way to go.
pub fn today_sentence(facts: &DayFacts<'_>, history: &History, context: &TodayContext) -> Sentence {
    let day = facts.day;
    let date = day.local_date;
    let outcome = judge_day(facts, history);
    match outcome.state {
        GoalState::Excused => return Sentence::Excused,
        GoalState::Paused => return Sentence::Paused { until: history.paused_until(date).unwrap_or(date) },
        GoalState::Met | GoalState::NotMet | GoalState::CannotTell | GoalState::NoGoal => {}
    }
    if let (GoalState::Met, Some(measure), Some(target), Some(done)) =
        (outcome.state, &outcome.measure, outcome.target, outcome.done)
    {
        let measure = measure.clone();
        let over = done >= target.saturating_add(target.div_ceil(4));
        return if over { Sentence::Over { measure, done } } else { Sentence::Met { measure, done } };
    }
    let goal = history.goal_on(date);
    if let Some(unknown) = unknown(facts, goal, context) {
        return unknown;
    }
    let Some(goal) = goal.filter(|goal| goal.period == Period::Week || outcome.target.is_some()) else {
        return Sentence::NoPlan { brisk_min: day.leisure_brisk_min };
    };
    let measure = goal.measure.clone();
    match (goal.period, outcome.done) {
        (Period::Week, done) => Sentence::WeekPlan { measure, done },
        (Period::Day, None) if facts.open && !context.evening && day.data_state == DataState::NotSynced => {
            Sentence::NothingYet { measure, target: goal.amount }
        }
        (Period::Day, None) => Sentence::Open,
        (Period::Day, Some(done)) if context.evening || !facts.open => Sentence::Evening { measure, done },
        (Period::Day, Some(0)) => Sentence::NothingYet { measure, target: goal.amount },
        (Period::Day, Some(done)) => Sentence::Some { measure, done, left: goal.amount.saturating_sub(done) },
    }
}

/// What keeps us from knowing, when something does.
fn unknown(facts: &DayFacts<'_>, goal: Option<&GoalVersion>, context: &TodayContext) -> Option<Sentence> {
    let day = facts.day;
    match context.heard {
        Heard::On(date) => return Some(Sentence::NotSynced { since: Some(date), safe: context.keeps_steps }),
        Heard::Never => return Some(Sentence::NotSynced { since: None, safe: false }),
        Heard::Lately => {}
    }
    match day.data_state {
        DataState::NotWorn => Some(Sentence::NotWorn { date: day.local_date }),
        DataState::CannotTell => {
            let needs_minutes = goal.is_none_or(|goal| !matches!(goal.measure, Measure::Steps | Measure::DiaryMin(_)));
            let steps = day.total_steps.or(day.steps_lower).filter(|_| needs_minutes);
            steps.map(|steps| Sentence::StepsOnly { steps })
        }
        DataState::Measured | DataState::PartlyMeasured | DataState::NotSynced => None,
    }
}

/// What stands beside a large number: "minutes of brisk walking", "steps".
pub fn unit(measure: &Measure, count: u32) -> Phrase {
    let key = match measure {
        Measure::LeisureBriskMin => "unit-leisure-brisk-min",
        Measure::BriskMin => "unit-brisk-min",
        Measure::BoutMin => "unit-bout-min",
        Measure::LeisureMin => "unit-leisure-min",
        Measure::Steps => "unit-steps",
        Measure::DiaryMin(kind) => {
            return Phrase::new("unit-diary-min").with("count", count).with("kind", kind_name(kind));
        }
    };
    Phrase::new(key).with("count", count)
}

/// "20 minutes of brisk walking", "3,100 steps".
pub fn amount(measure: &Measure, count: u32) -> Phrase {
    let key = match measure {
        Measure::LeisureBriskMin => "amount-leisure-brisk-min",
        Measure::BriskMin => "amount-brisk-min",
        Measure::BoutMin => "amount-bout-min",
        Measure::LeisureMin => "amount-leisure-min",
        Measure::Steps => "amount-steps",
        Measure::DiaryMin(kind) => {
            return Phrase::new("amount-diary-min").with("count", count).with("kind", kind_name(kind));
        }
    };
    Phrase::new(key).with("count", count)
}

/// What a kind of activity is called: the usual ones in every language, others as they were written.
pub fn kind_name(kind: &DiaryKind) -> Arg {
    let key = match kind.as_str() {
        "swim" => "kind-swim",
        "cycle" => "kind-cycle",
        "gym" => "kind-gym",
        "garden" => "kind-garden",
        "walk" => "kind-walk",
        "dance" => "kind-dance",
        "other" => "kind-other",
        other => return Arg::Text(other.replace(['_', '-'], " ")),
    };
    Arg::from(Phrase::new(key))
}

/// A number with a comma before each three digits.
pub fn number(value: u32) -> String {
    Phrase::new("number").with("count", value).english()
}

#[cfg(test)]
mod tests;
