//! A day set beside the goal in force on it.
//!
//! What is unknown never counts against a person. A day is `met` as soon as what is known reaches the
//! target, even on an open or partly recorded day. It is `not_met` only when it is over, was measured,
//! is valid by its rules, and every unknown minute together could not have reached the target.
//! Everything between is `cannot_tell`.

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate};

use super::{DiaryKind, GoalVersion, History, Measure, Period};
use crate::model::{DataState, DayTotal, Flag, GoalState};

/// Minutes of a day in the diary, by kind of activity.
pub type DiaryMinutes = BTreeMap<DiaryKind, u32>;

/// A day's row and what is known beside it.
#[derive(Clone, Copy, Debug)]
pub struct DayFacts<'a> {
    /// The row.
    pub day: &'a DayTotal,
    /// The day is not over.
    pub open: bool,
    /// The diary by kind. Read only when the row says that there is a diary (`diary_min`); a kind
    /// that is absent then has no minutes.
    pub diary: &'a DiaryMinutes,
}

/// What is known about the amount of a measure on a day or in a week. `None`: not known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bounds {
    /// At least this much was done.
    pub lower: Option<u32>,
    /// At most this much can have been done, whatever the unrecorded minutes held.
    pub upper: Option<u32>,
}

/// A day beside its goal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GoalOutcome {
    /// The goal in force; none without one, and on days that it leaves free.
    pub goal_id: Option<String>,
    /// What it counts.
    pub measure: Option<Measure>,
    /// How much of it is planned for the day; none for a goal per week.
    pub target: Option<u32>,
    /// How much was done, at least.
    pub done: Option<u32>,
    /// Met or not, or why that cannot be said.
    pub state: GoalState,
    /// [`Flag::WeekGoal`] when the goal is for the week.
    pub flag: Option<Flag>,
}

/// The most steps that an unrecorded minute is taken to hold: the ceiling of the rules `brisk/1`
/// (the largest minute of 458 real days is 187; activity-science §7).
const STEPS_PER_MINUTE_MAX: u32 = 200;

/// A bout has at most two minutes in a row that are not brisk, and may reach over both ends of the
/// day (activity-science §1.5): its minutes are at most three times its brisk ones, and two more.
const BOUT_PER_BRISK: u32 = 3;

/// What is known about a measure on a day.
pub fn bounds(facts: &DayFacts<'_>, measure: &Measure) -> Bounds {
    let day = facts.day;
    let unknown = day.day_len_min.saturating_sub(day.minutes_recorded);
    let more = |known: Option<u32>, add: u32| known.map(|known| known.saturating_add(add));
    // Minutes that may or may not be brisk, because only bounds are known of them.
    let slack = day.brisk_upper.zip(day.brisk_lower).map_or(0, |(upper, lower)| upper.saturating_sub(lower));
    let leisure = Bounds { lower: day.leisure_brisk_min, upper: more(day.leisure_brisk_min, unknown + slack) };
    match measure {
        Measure::LeisureBriskMin => leisure,
        Measure::BriskMin => Bounds { lower: day.brisk_lower, upper: more(day.brisk_upper, unknown) },
        Measure::BoutMin => {
            let open_ended = more(day.brisk_upper, unknown).map(|brisk| brisk.saturating_mul(BOUT_PER_BRISK) + 2);
            let upper = if unknown == 0 { day.bout_min } else { open_ended.map(|upper| upper.min(day.day_len_min)) };
            Bounds { lower: day.bout_min, upper }
        }
        Measure::LeisureMin => {
            // Either part alone is a lower bound of the sum; an upper bound needs both.
            let parts = [leisure.lower, day.diary_min];
            let lower = parts.into_iter().flatten().reduce(u32::saturating_add);
            Bounds {
                lower,
                upper: leisure.upper.zip(day.diary_min).map(|(walked, diary)| walked.saturating_add(diary)),
            }
        }
        Measure::Steps => {
            let upper = more(day.steps_upper, unknown.saturating_mul(STEPS_PER_MINUTE_MAX));
            Bounds { lower: day.steps_lower, upper }
        }
        Measure::DiaryMin(kind) => {
            let minutes = day.diary_min.map(|_| facts.diary.get(kind).copied().unwrap_or_default());
            Bounds { lower: minutes, upper: minutes }
        }
    }
}

/// Whether a day was measured well enough to say that something was not done on it.
pub(super) fn can_fall_short(facts: &DayFacts<'_>) -> bool {
    let measured = matches!(facts.day.data_state, DataState::Measured | DataState::PartlyMeasured);
    !facts.open && measured && facts.day.valid_day == Some(true)
}

/// Whether the goal is to be judged on this day of the week.
pub(super) fn is_planned(goal: &GoalVersion, date: NaiveDate) -> bool {
    goal.period == Period::Day && goal.days.contains(date.weekday())
}

/// Sets a day beside the goal in force on it.
///
/// An excuse goes before a pause, a pause before everything else that a goal in force could say. A
/// goal per week leaves its days `no_goal` with [`Flag::WeekGoal`]: see [`super::judge_week`].
pub fn judge_day(facts: &DayFacts<'_>, history: &History) -> GoalOutcome {
    let date = facts.day.local_date;
    let excused = history.is_excused(date);
    let Some(goal) = history.goal_on(date) else {
        let state = if excused { GoalState::Excused } else { GoalState::NoGoal };
        return GoalOutcome { goal_id: None, measure: None, target: None, done: None, state, flag: None };
    };
    let known = bounds(facts, &goal.measure);
    let state = if excused {
        GoalState::Excused
    } else if history.paused_until(date).is_some() {
        GoalState::Paused
    } else if !is_planned(goal, date) {
        GoalState::NoGoal
    } else if known.lower.is_some_and(|done| done >= goal.amount) {
        GoalState::Met
    } else if can_fall_short(facts) && known.upper.is_some_and(|most| most < goal.amount) {
        GoalState::NotMet
    } else {
        GoalState::CannotTell
    };
    let per_week = goal.period == Period::Week;
    if state == GoalState::NoGoal && !per_week {
        return GoalOutcome { goal_id: None, measure: None, target: None, done: None, state, flag: None };
    }
    GoalOutcome {
        goal_id: Some(goal.id.clone()),
        measure: Some(goal.measure.clone()),
        target: (!per_week).then_some(goal.amount),
        done: known.lower,
        state,
        flag: per_week.then_some(Flag::WeekGoal),
    }
}

/// Writes the outcome into the day's row, in place of what stood there.
pub fn apply(day: &mut DayTotal, outcome: &GoalOutcome) {
    day.goal_id.clone_from(&outcome.goal_id);
    day.goal_measure = outcome.measure.as_ref().map(Measure::to_string);
    day.goal_target = outcome.target;
    day.goal_done = outcome.done;
    day.goal_state = outcome.state;
    day.flags.0.remove(&Flag::WeekGoal);
    day.flags.0.extend(outcome.flag);
}

#[cfg(test)]
pub(crate) mod tests;
