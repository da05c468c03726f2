//! A week from Monday to Sunday set beside the goal.
//!
//! The week's goal is the newest one in force in it. Nothing is scaled: the target of a week with
//! paused days stays what was agreed. Such a week is `met` when the whole target was reached, else
//! `paused`, and a week with an excused day likewise `excused`; neither is ever `not_met`.

use chrono::{Days, NaiveDate};
use serde::{Deserialize, Serialize};

use super::{
    Bounds, DayFacts, GoalVersion, History, Measure, Period, bounds,
    judge::{can_fall_short, is_planned},
    judge_day,
    past::{monday_of, sunday_of},
};
use crate::model::GoalState;

/// A week beside its goal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct WeekProgress {
    /// Monday.
    pub from: NaiveDate,
    /// Sunday.
    pub to: NaiveDate,
    /// The newest goal in force in the week; none without one.
    pub goal_id: Option<String>,
    /// What it counts.
    pub measure: Option<Measure>,
    /// Whether its amount is for a day or for the week.
    pub period: Option<Period>,
    /// The amount of a week goal; for day goals the sum of the planned days' amounts, each by the goal
    /// in force on it. None when the goals of these days count different things.
    pub target: Option<u32>,
    /// At least this much was done in the week; none when nothing is known of any day.
    pub done_lower: Option<u32>,
    /// At most this much can have been done; none when a day is not known well enough to say.
    pub done_upper: Option<u32>,
    /// Days that a day goal plans, paused and excused ones among them; none are planned by a week goal.
    pub days_planned: u32,
    /// Days that are `met`.
    pub days_met: u32,
    /// Days that are `met` or `not_met`: the denominator of goal attainment.
    pub days_judged: u32,
    /// Planned days that are paused; of a week with a week goal, all paused days.
    pub days_paused: u32,
    /// Planned days that are excused; of a week with a week goal, all excused days.
    pub days_excused: u32,
    /// Met or not, or why that cannot be said. Day goals: `met` when every planned day is.
    pub state: GoalState,
}

/// Sets the week that contains `date` beside the goal.
///
/// `days` may hold fewer or more days than the week's; a day of the week that is absent is unknown.
pub fn judge_week(days: &[DayFacts<'_>], history: &History, date: NaiveDate) -> WeekProgress {
    let monday = monday_of(date);
    let dates = || (0..7).map_while(|day| monday.checked_add_days(Days::new(day)));
    let facts = |date: NaiveDate| days.iter().find(|facts| facts.day.local_date == date);
    let goals: Vec<_> = dates().map(|date| (date, history.goal_on(date))).collect();
    let mut week = WeekProgress {
        from: monday,
        to: sunday_of(monday),
        goal_id: None,
        measure: None,
        period: None,
        target: None,
        done_lower: None,
        done_upper: None,
        days_planned: 0,
        days_met: 0,
        days_judged: 0,
        days_paused: 0,
        days_excused: 0,
        state: GoalState::NoGoal,
    };
    let Some(goal) = goals.iter().rev().find_map(|(_, goal)| *goal) else { return week };
    week.goal_id = Some(goal.id.clone());
    week.measure = Some(goal.measure.clone());
    week.period = Some(goal.period);
    let done = week_bounds(dates().map(facts), &goal.measure);
    (week.done_lower, week.done_upper) = (done.lower, done.upper);

    let mut some_not_met = false;
    for (date, in_force) in &goals {
        let counted = in_force.is_some_and(|goal| goal.period == Period::Week || is_planned(goal, *date));
        if !counted {
            continue;
        }
        week.days_planned += u32::from(in_force.is_some_and(|goal| is_planned(goal, *date)));
        if history.is_excused(*date) {
            week.days_excused += 1;
        } else if history.paused_until(*date).is_some() {
            week.days_paused += 1;
        } else if let Some(facts) = facts(*date) {
            match judge_day(facts, history).state {
                GoalState::Met => {
                    week.days_met += 1;
                    week.days_judged += 1;
                }
                GoalState::NotMet => {
                    week.days_judged += 1;
                    some_not_met = true;
                }
                GoalState::CannotTell | GoalState::NoGoal | GoalState::Paused | GoalState::Excused => {}
            }
        }
    }

    let over = facts(week.to).is_some_and(|sunday| !sunday.open);
    let (reached, out_of_reach) = match goal.period {
        Period::Week => {
            week.target = Some(goal.amount);
            let all_week = goals.iter().all(|(_, in_force)| *in_force == Some(goal));
            let reached = week.done_lower.is_some_and(|done| done >= goal.amount);
            (reached, all_week && week.done_upper.is_some_and(|most| most < goal.amount))
        }
        Period::Day => {
            week.target = planned_amount(&goals, &goal.measure);
            (week.days_planned > 0 && week.days_met == week.days_planned, some_not_met)
        }
    };
    week.state = if reached {
        GoalState::Met
    } else if week.days_excused > 0 {
        GoalState::Excused
    } else if week.days_paused > 0 {
        GoalState::Paused
    } else if goal.period == Period::Day && week.days_planned == 0 {
        GoalState::NoGoal
    } else if over && out_of_reach {
        GoalState::NotMet
    } else {
        GoalState::CannotTell
    };
    week
}

/// The days' bounds, added. The sum has an upper bound only when every day has one that may be held
/// against the person.
fn week_bounds<'a>(days: impl Iterator<Item = Option<&'a DayFacts<'a>>>, measure: &Measure) -> Bounds {
    let (mut lower, mut upper) = (None, Some(0_u32));
    for facts in days {
        let day = facts.map(|facts| bounds(facts, measure)).unwrap_or_default();
        lower = [lower, day.lower].into_iter().flatten().reduce(u32::saturating_add);
        let known = day.upper.filter(|_| facts.is_some_and(can_fall_short));
        upper = upper.zip(known).map(|(sum, most)| sum.saturating_add(most));
    }
    Bounds { lower, upper }
}

/// What the day goals of the week ask for together; none when they count different things.
fn planned_amount(goals: &[(NaiveDate, Option<&GoalVersion>)], measure: &Measure) -> Option<u32> {
    let planned = goals.iter().filter_map(|(date, goal)| goal.filter(|goal| is_planned(goal, *date)));
    planned.map(|goal| (goal.measure == *measure).then_some(goal.amount)).sum()
}

#[cfg(test)]
mod tests;
