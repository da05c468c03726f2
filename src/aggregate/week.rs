//! A person's weeks, from their days in order.

use chrono::{Datelike, NaiveDate, TimeDelta};

use super::sums::Sums;
use crate::model::{DayTotal, Met150, WeekTotal, WeeksBy};

/// From when weeks are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WeekPlan {
    /// Seven-day trial weeks from this day, the first being week 1; the week before it is week 0.
    Enrolment(NaiveDate),
    /// Seven-day weeks from the first day that is added.
    FirstDay,
    /// ISO weeks, Monday to Sunday; the week of the first day that is added is week 1.
    Calendar,
}

impl WeekPlan {
    /// How the plan is called in a row.
    pub fn weeks_by(self) -> WeeksBy {
        match self {
            Self::Enrolment(_) => WeeksBy::Enrolment,
            Self::FirstDay => WeeksBy::FirstDay,
            Self::Calendar => WeeksBy::Calendar,
        }
    }

    fn first_day_of_week_1(self, first_added: NaiveDate) -> NaiveDate {
        match self {
            Self::Enrolment(on) => on,
            Self::FirstDay => first_added,
            Self::Calendar => {
                let since_monday = i64::from(first_added.weekday().num_days_from_monday());
                days_after(first_added, -since_monday)
            }
        }
    }
}

/// Valid days that make a week valid (activity-science §1.9).
pub const VALID_WEEK_DAYS: u32 = 4;

/// Moderate-equivalent minutes a week that adults are asked for (WHO 2020).
const MODERATE_MINUTES: u32 = 150;

/// Turns the days of one person, added in order of date, into weeks. Holds one week.
///
/// A day that is not later than the one before it is passed over: a day is counted once. Weeks without
/// any day added have no row.
#[derive(Clone, Debug)]
pub struct WeekBuilder {
    plan: WeekPlan,
    enrolled_on: Option<NaiveDate>,
    valid_week_days: u32,
    first_day_of_week_1: Option<NaiveDate>,
    week: Option<Week>,
}

#[derive(Clone, Debug)]
struct Week {
    index: i32,
    start: NaiveDate,
    sums: Sums,
}

impl WeekBuilder {
    /// Weeks of this plan; a week is valid from [`VALID_WEEK_DAYS`] valid days on.
    pub fn new(plan: WeekPlan) -> Self {
        let enrolled_on = match plan {
            WeekPlan::Enrolment(on) => Some(on),
            WeekPlan::FirstDay | WeekPlan::Calendar => None,
        };
        Self { plan, enrolled_on, valid_week_days: VALID_WEEK_DAYS, first_day_of_week_1: None, week: None }
    }

    /// Counts enrolled days from this day, where weeks are counted from another one.
    #[must_use]
    pub fn enrolled_on(mut self, on: Option<NaiveDate>) -> Self {
        self.enrolled_on = on.or(self.enrolled_on);
        self
    }

    /// A week is valid from this many valid days on.
    #[must_use]
    pub fn valid_week_days(mut self, days: u32) -> Self {
        self.valid_week_days = days;
        self
    }

    /// Adds a day; gives the week before it when the day begins another.
    pub fn add(&mut self, day: &DayTotal) -> Option<WeekTotal> {
        let date = day.local_date;
        let first = *self.first_day_of_week_1.get_or_insert_with(|| self.plan.first_day_of_week_1(date));
        let number = date.signed_duration_since(first).num_days().div_euclid(7);
        let index = i32::try_from(number + 1).unwrap_or(i32::MAX);
        match &mut self.week {
            Some(week) if date <= week.sums.last_date => None,
            Some(week) if week.index == index => {
                week.sums.add(day);
                None
            }
            _ => {
                let sums = Sums::of(day, self.enrolled_on);
                let week = Week { index, start: days_after(first, number * 7), sums };
                // A later day is in the record, so the whole week had passed.
                self.week.replace(week).map(|done| self.total(done.start, days_after(done.start, 6), done))
            }
        }
    }

    /// The last week; none without a day.
    pub fn finish(&mut self) -> Option<WeekTotal> {
        let week = self.week.take()?;
        self.first_day_of_week_1 = None;
        Some(self.total(week.start, week.sums.last_date, week))
    }

    fn total(&self, start: NaiveDate, end: NaiveDate, week: Week) -> WeekTotal {
        let Week { index, sums, .. } = week;
        let enrolled_days = sums.enrolled_days(start, end);
        let valid_days = sums.valid_days();
        let moderate_eq_upper = sums.moderate_upper();
        let met_150 = if sums.moderate_lower.is_some_and(|least| least >= MODERATE_MINUTES) {
            Met150::Yes
        } else if moderate_eq_upper.is_some_and(|most| most < MODERATE_MINUTES) {
            Met150::No
        } else {
            Met150::CannotTell
        };
        WeekTotal {
            week_index: index,
            week_start: start,
            weeks_by: self.plan.weeks_by(),
            days_in_week: sums.days,
            partial_week: sums.days < 7,
            enrolled_days,
            days_with_data: sums.days_with_data,
            valid_days,
            valid_weekdays: sums.valid_weekdays,
            valid_weekend_days: sums.valid_weekend_days,
            valid_week_min_days: self.valid_week_days,
            valid_week: valid_days >= self.valid_week_days,
            steps_mean_valid: sums.steps_valid().value(),
            steps_median_valid: sums.steps_median(),
            steps_mean_5to2: sums.steps_5to2(),
            steps_valid_days: sums.steps_valid().days,
            steps_sum: sums.steps.value(),
            steps_days: sums.steps.days,
            brisk_min_sum: sums.brisk.minutes(),
            brisk_days: sums.brisk.days,
            brisk_min_per_valid_day_x7: sums.brisk_valid.of_a_week(),
            brisk_valid_days: sums.brisk_valid.days,
            bout_min_sum: sums.bout.minutes(),
            bout_days: sums.bout.days,
            leisure_brisk_min_sum: sums.leisure.minutes(),
            leisure_days: sums.leisure.days,
            moderate_eq_lower: sums.moderate_lower,
            moderate_eq_upper,
            met_150,
            days_met: sums.goals.met,
            days_judged: sums.goals.judged(),
            attainment: sums.attainment(),
            days_cannot_tell: sums.goals.cannot_tell,
            days_no_goal: sums.goals.no_goal,
            days_paused: sums.goals.paused,
            days_excused: sums.goals.excused,
            wear_adherence: sums.wear_adherence(enrolled_days),
            sync_adherence: sums.sync_adherence(enrolled_days),
            minutes_recorded: sums.minutes_recorded(),
            brisk_threshold: sums.threshold(),
            brisk_threshold_changed: sums.threshold_changed,
            flags: sums.flags,
            rules: sums.rules.0,
            rules_hash: sums.rules_hash.0,
            software: sums.software.0,
            computed_at: sums.computed_at,
            participant_id: sums.participant_id,
        }
    }
}

/// At the ends of the calendar, the day itself.
fn days_after(date: NaiveDate, days: i64) -> NaiveDate {
    date.checked_add_signed(TimeDelta::days(days)).unwrap_or(date)
}

#[cfg(test)]
mod tests;
