//! A person's whole record in one row, from their days in order.

use chrono::NaiveDate;

use super::{
    sums::Sums,
    week::{VALID_WEEK_DAYS, WeekBuilder, WeekPlan},
};
use crate::model::{DayTotal, Met150, PersonTotal, WeekTotal};

/// Turns the days of one person, added in order of date, into the person's row. Holds four bytes a valid
/// day, for the median.
///
/// A day that is not later than the one before it is passed over: a day is counted once.
#[derive(Clone, Debug)]
pub struct PersonBuilder {
    plan: WeekPlan,
    enrolled_on: Option<NaiveDate>,
    valid_week_days: u32,
    weeks: WeekBuilder,
    counted: Weeks,
    sums: Option<Sums>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Weeks {
    all: u32,
    valid: u32,
    met_150: u32,
    judged_150: u32,
}

impl Weeks {
    fn add(&mut self, week: &WeekTotal) {
        self.all += 1;
        self.valid += u32::from(week.valid_week);
        self.met_150 += u32::from(week.met_150 == Met150::Yes);
        self.judged_150 += u32::from(week.met_150 != Met150::CannotTell);
    }
}

impl PersonBuilder {
    /// With weeks of this plan; a week is valid from [`VALID_WEEK_DAYS`] valid days on.
    pub fn new(plan: WeekPlan) -> Self {
        let enrolled_on = match plan {
            WeekPlan::Enrolment(on) => Some(on),
            WeekPlan::FirstDay | WeekPlan::Calendar => None,
        };
        let weeks = WeekBuilder::new(plan);
        Self { plan, enrolled_on, valid_week_days: VALID_WEEK_DAYS, weeks, counted: Weeks::default(), sums: None }
    }

    /// Counts enrolled days from this day, where weeks are counted from another one.
    #[must_use]
    pub fn enrolled_on(mut self, on: Option<NaiveDate>) -> Self {
        self.enrolled_on = on.or(self.enrolled_on);
        self.weeks = self.weeks.enrolled_on(on);
        self
    }

    /// A week is valid from this many valid days on.
    #[must_use]
    pub fn valid_week_days(mut self, days: u32) -> Self {
        self.valid_week_days = days;
        self.weeks = self.weeks.valid_week_days(days);
        self
    }

    /// Adds a day.
    pub fn add(&mut self, day: &DayTotal) {
        match &mut self.sums {
            Some(sums) if day.local_date <= sums.last_date => return,
            Some(sums) => sums.add(day),
            none @ None => *none = Some(Sums::of(day, self.enrolled_on)),
        }
        if let Some(week) = self.weeks.add(day) {
            self.counted.add(&week);
        }
    }

    /// The person's row; none without a day.
    pub fn finish(&mut self) -> Option<PersonTotal> {
        if let Some(week) = self.weeks.finish() {
            self.counted.add(&week);
        }
        let weeks = std::mem::take(&mut self.counted);
        let sums = self.sums.take()?;
        let enrolled_days = sums.enrolled_days(NaiveDate::MIN, sums.last_date);
        Some(PersonTotal {
            enrolled_on: self.enrolled_on,
            first_date: sums.first_date,
            last_date: sums.last_date,
            days: sums.days,
            enrolled_days,
            days_with_data: sums.days_with_data,
            valid_days: sums.valid_days(),
            valid_weekdays: sums.valid_weekdays,
            valid_weekend_days: sums.valid_weekend_days,
            weeks_by: self.plan.weeks_by(),
            weeks: weeks.all,
            valid_week_min_days: self.valid_week_days,
            valid_weeks: weeks.valid,
            steps_mean_valid: sums.steps_valid().value(),
            steps_median_valid: sums.steps_median(),
            steps_mean_5to2: sums.steps_5to2(),
            steps_valid_days: sums.steps_valid().days,
            brisk_min_mean_valid: sums.brisk_valid.value(),
            brisk_min_per_week: sums.brisk_valid.of_a_week(),
            brisk_valid_days: sums.brisk_valid.days,
            bout_min_mean_valid: sums.bout_valid.value(),
            peak1_spm_mean_valid: sums.peak1_valid.value(),
            peak30_spm_mean_valid: sums.peak30_valid.value(),
            peak60_spm_mean_valid: sums.peak60_valid.value(),
            wear_min_mean_valid: sums.wear_valid.value(),
            hours_with_steps_mean_valid: sums.hours_valid.value(),
            days_met: sums.goals.met,
            days_judged: sums.goals.judged(),
            attainment: sums.attainment(),
            days_cannot_tell: sums.goals.cannot_tell,
            days_no_goal: sums.goals.no_goal,
            days_paused: sums.goals.paused,
            days_excused: sums.goals.excused,
            wear_adherence: sums.wear_adherence(enrolled_days),
            sync_adherence: sums.sync_adherence(enrolled_days),
            completeness: sums.completeness(),
            weeks_met_150: weeks.met_150,
            weeks_judged_150: weeks.judged_150,
            minutes_recorded: sums.minutes_recorded(),
            brisk_threshold: sums.threshold(),
            brisk_threshold_changed: sums.threshold_changed,
            flags: sums.flags,
            rules: sums.rules.0,
            rules_hash: sums.rules_hash.0,
            software: sums.software.0,
            computed_at: sums.computed_at,
            participant_id: sums.participant_id,
        })
    }
}
