//! Weeks that are over, beside what was planned for them.

use chrono::{Datelike as _, Days, NaiveDate};

use super::{DayFacts, History, Pace, Period, WeekProgress, judge_week};

/// Weeks before today's that proposals look at.
pub const WEEKS_BACK: u64 = 12;

/// How a week that is over stands beside its plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// As much as [`Pace::reached_percent`] is known to be reached, on enough valid days.
    Well,
    /// Neither well nor hard, or too little is known.
    Between,
    /// Less than [`Pace::met_percent`] can have been reached, on enough valid days.
    Hard,
    /// A paused or excused day, or no plan.
    Aside,
}

/// A week that is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastWeek {
    /// Beside its goal.
    pub progress: WeekProgress,
    /// Its valid days.
    pub valid_days: u32,
    /// How it went.
    pub standing: Standing,
}

/// Monday of the week that a date lies in; the date itself before the first Monday that there is.
pub fn monday_of(date: NaiveDate) -> NaiveDate {
    date.checked_sub_days(Days::new(u64::from(date.weekday().num_days_from_monday()))).unwrap_or(date)
}

/// Sunday of the week that begins on this Monday; the last day there is, where the calendar ends before.
pub fn sunday_of(monday: NaiveDate) -> NaiveDate {
    monday.checked_add_days(Days::new(6)).unwrap_or(NaiveDate::MAX)
}

/// The week of a date as it stands in names: `2026-W21`.
pub fn week_name(date: NaiveDate) -> String {
    format!("{}-W{:02}", date.iso_week().year(), date.iso_week().week())
}

/// The weeks before today's beside their plans, the newest first.
pub fn past_weeks(days: &[DayFacts<'_>], history: &History, today: NaiveDate, pace: &Pace) -> Vec<PastWeek> {
    let week = |back: u64| {
        let monday = monday_of(today).checked_sub_days(Days::new(7 * back))?;
        let progress = judge_week(days, history, monday);
        let of_week = days.iter().filter(|facts| (progress.from..=progress.to).contains(&facts.day.local_date));
        let valid = of_week.filter(|facts| is_valid(facts)).count();
        let valid_days = u32::try_from(valid).unwrap_or(7);
        let standing = standing(&progress, valid_days, pace);
        Some(PastWeek { progress, valid_days, standing })
    };
    (1..=WEEKS_BACK).map_while(week).collect()
}

pub(super) fn is_valid(facts: &DayFacts<'_>) -> bool {
    !facts.open && facts.day.valid_day == Some(true)
}

/// How much of the plan is known to be reached, how much of it can have been, and of how much.
pub(super) fn reached(week: &WeekProgress) -> (u32, Option<u32>, u32) {
    match week.period {
        Some(Period::Week) => (week.done_lower.unwrap_or(0), week.done_upper, week.target.unwrap_or(0)),
        Some(Period::Day) | None => {
            let unknown = week.days_planned.saturating_sub(week.days_judged);
            (week.days_met, Some(week.days_met + unknown), week.days_planned)
        }
    }
}

/// Whether a part is at least so many percent of a whole.
pub(super) fn is_at_least(part: u32, percent: u32, whole: u32) -> bool {
    u64::from(part) * 100 >= u64::from(percent) * u64::from(whole)
}

fn standing(week: &WeekProgress, valid_days: u32, pace: &Pace) -> Standing {
    let (known, most, of) = reached(week);
    if of == 0 || week.days_paused + week.days_excused > 0 {
        Standing::Aside
    } else if valid_days < pace.valid_days {
        Standing::Between
    } else if is_at_least(known, pace.reached_percent, of) {
        Standing::Well
    } else if most.is_some_and(|most| !is_at_least(most, pace.met_percent, of)) {
        Standing::Hard
    } else {
        Standing::Between
    }
}
