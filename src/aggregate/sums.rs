//! What days of one person add up to: the common part of a week's row and of a person's.

use chrono::{DateTime, NaiveDate, Utc};

use crate::model::{DataState, DayTotal, Flag, Flags, GoalState, ParticipantId};

/// A mean under way. Sums of whole numbers are exact.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Mean {
    sum: f64,
    pub days: u32,
}

impl Mean {
    fn add(&mut self, value: Option<impl Into<f64>>) {
        if let Some(value) = value {
            self.sum += value.into();
            self.days += 1;
        }
    }

    fn exact(&self) -> Option<f64> {
        (self.days > 0).then(|| self.sum / f64::from(self.days))
    }

    /// Rounded to four decimals; none without a day.
    pub fn value(&self) -> Option<f64> {
        self.exact().map(four_decimals)
    }

    /// The mean times seven, rounded once.
    pub fn of_a_week(&self) -> Option<f64> {
        self.exact().map(|mean| four_decimals(mean * 7.0))
    }
}

/// A sum under way, and of how many days.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sum {
    sum: u64,
    pub days: u32,
}

impl Sum {
    fn add(&mut self, value: Option<u32>) {
        if let Some(value) = value {
            self.sum = self.sum.saturating_add(value.into());
            self.days += 1;
        }
    }

    /// None without a day.
    pub fn value(&self) -> Option<u64> {
        (self.days > 0).then_some(self.sum)
    }

    /// Of minutes: a week has at most 10 140 of them.
    pub fn minutes(&self) -> Option<u32> {
        self.value().map(|sum| u32::try_from(sum).unwrap_or(u32::MAX))
    }
}

/// Days by what became of their goal.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct GoalDays {
    pub met: u32,
    pub not_met: u32,
    pub cannot_tell: u32,
    pub no_goal: u32,
    pub paused: u32,
    pub excused: u32,
}

impl GoalDays {
    fn add(&mut self, state: GoalState) {
        *match state {
            GoalState::Met => &mut self.met,
            GoalState::NotMet => &mut self.not_met,
            GoalState::CannotTell => &mut self.cannot_tell,
            GoalState::NoGoal => &mut self.no_goal,
            GoalState::Paused => &mut self.paused,
            GoalState::Excused => &mut self.excused,
        } += 1;
    }

    pub fn judged(&self) -> u32 {
        self.met + self.not_met
    }
}

/// Different texts, joined by `;` in the order in which they came.
#[derive(Clone, Debug, Default)]
pub(super) struct Joined(pub String);

impl Joined {
    fn add(&mut self, text: &str) {
        if self.0.is_empty() {
            text.clone_into(&mut self.0);
        } else if self.0 != text && !self.0.split(';').any(|one| one == text) {
            self.0.push(';');
            self.0.push_str(text);
        }
    }
}

/// Days of one person, added up.
#[derive(Clone, Debug)]
pub(super) struct Sums {
    pub participant_id: ParticipantId,
    enrolled_on: Option<NaiveDate>,
    pub first_date: NaiveDate,
    pub last_date: NaiveDate,
    pub days: u32,
    pub days_with_data: u32,
    /// Of the enrolled days that are over: those listed, those with data, the valid ones.
    listed: u32,
    synced: u32,
    enrolled_valid: u32,
    /// Enrolled days that are not over.
    open: u32,
    pub valid_weekdays: u32,
    pub valid_weekend_days: u32,
    weekday_steps: Mean,
    weekend_steps: Mean,
    steps_of_valid_days: Vec<u32>,
    pub steps: Sum,
    pub brisk: Sum,
    pub bout: Sum,
    pub leisure: Sum,
    pub brisk_valid: Mean,
    pub bout_valid: Mean,
    pub peak1_valid: Mean,
    pub peak30_valid: Mean,
    pub peak60_valid: Mean,
    pub wear_valid: Mean,
    pub hours_valid: Mean,
    pub moderate_lower: Option<u32>,
    moderate_upper: Option<u32>,
    pub goals: GoalDays,
    recorded: Sum,
    recorded_of_elapsed: u64,
    elapsed: u64,
    threshold: u16,
    pub threshold_changed: bool,
    pub flags: Flags,
    pub rules: Joined,
    pub rules_hash: Joined,
    pub software: Joined,
    pub computed_at: Option<DateTime<Utc>>,
}

impl Sums {
    /// The first day.
    pub fn of(day: &DayTotal, enrolled_on: Option<NaiveDate>) -> Self {
        let mut sums = Self {
            participant_id: day.participant_id.clone(),
            enrolled_on,
            first_date: day.local_date,
            last_date: day.local_date,
            days: 0,
            days_with_data: 0,
            listed: 0,
            synced: 0,
            enrolled_valid: 0,
            open: 0,
            valid_weekdays: 0,
            valid_weekend_days: 0,
            weekday_steps: Mean::default(),
            weekend_steps: Mean::default(),
            steps_of_valid_days: Vec::new(),
            steps: Sum::default(),
            brisk: Sum::default(),
            bout: Sum::default(),
            leisure: Sum::default(),
            brisk_valid: Mean::default(),
            bout_valid: Mean::default(),
            peak1_valid: Mean::default(),
            peak30_valid: Mean::default(),
            peak60_valid: Mean::default(),
            wear_valid: Mean::default(),
            hours_valid: Mean::default(),
            moderate_lower: None,
            moderate_upper: Some(0),
            goals: GoalDays::default(),
            recorded: Sum::default(),
            recorded_of_elapsed: 0,
            elapsed: 0,
            threshold: day.brisk_threshold,
            threshold_changed: false,
            flags: Flags::default(),
            rules: Joined::default(),
            rules_hash: Joined::default(),
            software: Joined::default(),
            computed_at: None,
        };
        sums.add(day);
        sums
    }

    /// A later day of the same person.
    pub fn add(&mut self, day: &DayTotal) {
        let open = day.flags.0.contains(&Flag::DayOpen);
        let has_data = day.data_state != DataState::NotSynced;
        let valid = !open && day.valid_day == Some(true);
        self.last_date = day.local_date;
        self.days += 1;
        self.days_with_data += u32::from(has_data);
        if self.enrolled_on.is_none_or(|on| on <= day.local_date) {
            self.open += u32::from(open);
            self.listed += u32::from(!open);
            self.synced += u32::from(!open && has_data);
            self.enrolled_valid += u32::from(valid);
        }
        if valid {
            self.add_valid(day);
        }
        self.steps.add(day.total_steps);
        self.brisk.add(day.brisk_min);
        self.bout.add(day.bout_min);
        self.leisure.add(day.leisure_brisk_min);
        let moderate = Moderate::of(day);
        self.moderate_lower = [self.moderate_lower, moderate.lower].into_iter().flatten().reduce(u32::saturating_add);
        let upper = moderate.upper.filter(|_| valid);
        self.moderate_upper = self.moderate_upper.zip(upper).map(|(sum, most)| sum.saturating_add(most));
        self.goals.add(day.goal_state);
        self.recorded.add(Some(day.minutes_recorded));
        if !open {
            self.recorded_of_elapsed += u64::from(day.minutes_recorded);
            self.elapsed += u64::from(day.day_len_min);
        }
        self.threshold_changed |= day.brisk_threshold != self.threshold;
        self.flags.0.extend(&day.flags.0);
        self.rules.add(&day.rules);
        self.rules_hash.add(&day.rules_hash);
        self.software.add(&day.software);
        self.computed_at = self.computed_at.max(day.computed_at);
    }

    fn add_valid(&mut self, day: &DayTotal) {
        // 1 = Monday … 7 = Sunday.
        if day.weekday < 6 {
            self.valid_weekdays += 1;
            self.weekday_steps.add(day.total_steps);
        } else {
            self.valid_weekend_days += 1;
            self.weekend_steps.add(day.total_steps);
        }
        self.steps_of_valid_days.extend(day.total_steps);
        self.brisk_valid.add(day.brisk_min);
        self.bout_valid.add(day.bout_min);
        self.peak1_valid.add(day.peak1_spm);
        self.peak30_valid.add(day.peak30_spm);
        self.peak60_valid.add(day.peak60_spm);
        self.wear_valid.add(day.wear_min);
        self.hours_valid.add(day.hours_with_steps);
    }

    pub fn valid_days(&self) -> u32 {
        self.valid_weekdays + self.valid_weekend_days
    }

    /// Steps of valid days, weekdays and weekend days together.
    pub fn steps_valid(&self) -> Mean {
        let (week, end) = (self.weekday_steps, self.weekend_steps);
        Mean { sum: week.sum + end.sum, days: week.days + end.days }
    }

    pub fn steps_median(&self) -> Option<f64> {
        let mut steps = self.steps_of_valid_days.clone();
        steps.sort_unstable();
        let upper = *steps.get(steps.len() / 2)?;
        let lower = if steps.len().is_multiple_of(2) { steps[steps.len() / 2 - 1] } else { upper };
        Some(f64::midpoint(lower.into(), upper.into()))
    }

    /// Five weekdays and two weekend days (activity-science §13); needs a valid day of either kind.
    pub fn steps_5to2(&self) -> Option<f64> {
        let (week, end) = (self.weekday_steps.exact()?, self.weekend_steps.exact()?);
        Some(four_decimals((5.0 * week + 2.0 * end) / 7.0))
    }

    /// Bounds of a week's moderate-equivalent minutes hold for all of it only when every day is there.
    pub fn moderate_upper(&self) -> Option<u32> {
        self.moderate_upper.filter(|_| self.valid_days() == 7)
    }

    /// Enrolled days that are over, from `from` on and up to `to`.
    pub fn enrolled_days(&self, from: NaiveDate, to: NaiveDate) -> u32 {
        let Some(on) = self.enrolled_on else { return self.listed };
        let days = to.signed_duration_since(from.max(on)).num_days() + 1;
        u32::try_from(days).unwrap_or(0).saturating_sub(self.open)
    }

    /// Valid days of enrolled ones.
    pub fn wear_adherence(&self, enrolled_days: u32) -> Option<f64> {
        ratio(self.enrolled_valid, enrolled_days)
    }

    /// Days with data of enrolled ones.
    pub fn sync_adherence(&self, enrolled_days: u32) -> Option<f64> {
        ratio(self.synced, enrolled_days)
    }

    pub fn attainment(&self) -> Option<f64> {
        ratio(self.goals.met, self.goals.judged())
    }

    pub fn minutes_recorded(&self) -> u32 {
        u32::try_from(self.recorded.sum).unwrap_or(u32::MAX)
    }

    /// Minutes recorded of minutes elapsed, on days that are over.
    pub fn completeness(&self) -> Option<f64> {
        let in_u32 = |minutes: u64| u32::try_from(minutes).unwrap_or(u32::MAX);
        ratio(in_u32(self.recorded_of_elapsed), in_u32(self.elapsed))
    }

    pub fn threshold(&self) -> Option<u16> {
        (!self.threshold_changed).then_some(self.threshold)
    }
}

/// Moderate-equivalent minutes of a day: brisk ones, and vigorous ones once more (one vigorous minute
/// counts as two moderate ones: WHO 2020, activity-science §4).
struct Moderate {
    lower: Option<u32>,
    /// Whatever the unrecorded minutes held.
    upper: Option<u32>,
}

impl Moderate {
    fn of(day: &DayTotal) -> Self {
        let doubled = |brisk: u32| brisk.saturating_mul(2);
        // Where vigorous minutes are not known, at least none of the brisk ones was vigorous.
        let lower = day.brisk_lower.map(|brisk| day.vigorous_min.map_or(brisk, |more| brisk.saturating_add(more)));
        let flag = |flag| day.flags.0.contains(&flag);
        let minute_by_minute = day.brisk_min == day.brisk_upper
            && day.epoch_seconds_max.is_some_and(|epoch| epoch <= 60)
            && !flag(Flag::Saturated);
        let vigorous = day.vigorous_min.filter(|_| minute_by_minute);
        let recorded = day.brisk_upper.map(|brisk| vigorous.map_or(doubled(brisk), |most| brisk.saturating_add(most)));
        let unknown = doubled(day.day_len_min.saturating_sub(day.minutes_recorded));
        // The counter counted steps that no minute holds: any minute may have been brisk.
        let upper = recorded.filter(|_| !flag(Flag::MinuteDetailIncomplete));
        Self { lower, upper: upper.map(|most| most.saturating_add(unknown)) }
    }
}

fn four_decimals(value: f64) -> f64 {
    (value * 10_000.0).round() / 10_000.0
}

fn ratio(part: u32, whole: u32) -> Option<f64> {
    (whole > 0).then(|| four_decimals(f64::from(part) / f64::from(whole)))
}
