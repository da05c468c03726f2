//! A person's whole record in one row, from their days in order.

use chrono::NaiveDate;

use super::{
    tally::Tally,
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
    tally: Option<Tally>,
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
        Self { plan, enrolled_on, valid_week_days: VALID_WEEK_DAYS, weeks, counted: Weeks::default(), tally: None }
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
        match &mut self.tally {
            Some(tally) if day.local_date <= tally.last_date => return,
            Some(tally) => tally.add(day),
            none @ None => *none = Some(Tally::of(day, self.enrolled_on)),
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
        let tally = self.tally.take()?;
        let enrolled_days = tally.enrolled_days(NaiveDate::MIN, tally.last_date);
        Some(PersonTotal {
            enrolled_on: self.enrolled_on,
            first_date: tally.first_date,
            last_date: tally.last_date,
            days: tally.days,
            enrolled_days,
            days_with_data: tally.days_with_data,
            valid_days: tally.valid_days(),
            valid_weekdays: tally.valid_weekdays,
            valid_weekend_days: tally.valid_weekend_days,
            weeks_by: self.plan.weeks_by(),
            weeks: weeks.all,
            valid_week_min_days: self.valid_week_days,
            valid_weeks: weeks.valid,
            steps_mean_valid: tally.steps_valid().value(),
            steps_median_valid: tally.steps_median(),
            steps_mean_5to2: tally.steps_5to2(),
            steps_valid_days: tally.steps_valid().days,
            brisk_min_mean_valid: tally.brisk_valid.value(),
            brisk_min_per_week: tally.brisk_valid.of_a_week(),
            brisk_valid_days: tally.brisk_valid.days,
            bout_min_mean_valid: tally.bout_valid.value(),
            peak1_spm_mean_valid: tally.peak1_valid.value(),
            peak30_spm_mean_valid: tally.peak30_valid.value(),
            peak60_spm_mean_valid: tally.peak60_valid.value(),
            wear_min_mean_valid: tally.wear_valid.value(),
            hours_with_steps_mean_valid: tally.hours_valid.value(),
            days_met: tally.goals.met,
            days_judged: tally.goals.judged(),
            attainment: tally.attainment(),
            days_cannot_tell: tally.goals.cannot_tell,
            days_no_goal: tally.goals.no_goal,
            days_paused: tally.goals.paused,
            days_excused: tally.goals.excused,
            wear_adherence: tally.wear_adherence(enrolled_days),
            sync_adherence: tally.sync_adherence(enrolled_days),
            completeness: tally.completeness(),
            weeks_met_150: weeks.met_150,
            weeks_judged_150: weeks.judged_150,
            minutes_recorded: tally.minutes_recorded(),
            brisk_threshold: tally.threshold(),
            brisk_threshold_changed: tally.threshold_changed,
            flags: tally.flags,
            rules: tally.rules.0,
            rules_hash: tally.rules_hash.0,
            software: tally.software.0,
            computed_at: tally.computed_at,
            participant_id: tally.participant_id,
        })
    }
}
