//! All measures of one day that need its minutes.

use super::{
    DayInput,
    bouts::{BoutRule, for_each_bout},
    context::Around,
    series::{Mark, Walked},
    tally::Tally,
    wear::{ChoiRule, choi, device_wear, for_each_zero_run, heart_rate_wear},
};
use crate::{
    model::{Rules, WearMethod},
    time::LocalDay,
};

/// What the day's minutes say.
pub(super) struct Measures {
    pub steps: u32,
    pub bands: [u32; 8],
    pub brisk_min: u32,
    pub vigorous_min: u32,
    pub bout_min: u32,
    pub bout_count: u32,
    pub longest_bout_min: u32,
    /// Of 1, 30 and 60 minutes.
    pub peaks: [Option<f64>; 3],
    pub met_min_floor: u32,
    pub wear60_min: u32,
    pub wear90_min: u32,
    pub wear_method: WearMethod,
    pub wear_min: u32,
    pub hours_with_steps: u32,
}

impl Measures {
    /// `own` are the day's minutes with steps, `marks` its marks.
    pub fn of(input: &DayInput<'_>, around: &Around, own: &[Walked], marks: &[Mark]) -> Self {
        let DayInput { rules, brisk_threshold, minutes, .. } = *input;
        let recorded = minutes.recorded_in(around.day.clone());
        let mut not_worn = [0; 3];
        let limits = [rules.zero_run_short_min, rules.zero_run_long_min, rules.zero_run_longest_min].map(i32::from);
        let (mut bout_min, mut bout_count, mut longest_bout_min) = (0, 0, 0);
        let mut not_worn_choi = 0;
        let inside = |run: &std::ops::Range<i32>| {
            let (from, to) = (run.start.max(around.day.start), run.end.min(around.day.end));
            u32::try_from(to.saturating_sub(from)).unwrap_or(0)
        };
        for stretch in minutes.stretches(around.context.clone()) {
            for_each_zero_run(stretch, |run| {
                let length = run.end - run.start;
                if length >= limits[0].min(limits[1]) {
                    let minutes = inside(&run);
                    for (sum, limit) in not_worn.iter_mut().zip(limits) {
                        *sum += if length >= limit { minutes } else { 0 };
                    }
                }
            });
            for_each_bout(stretch, brisk_threshold, BoutRule::of(rules), |bout| {
                let minutes = inside(&bout);
                bout_min += minutes;
                bout_count += u32::from(minutes > 0);
                longest_bout_min = longest_bout_min.max(minutes);
            });
            if rules.wear_method == WearMethod::Choi {
                not_worn_choi += choi(stretch, ChoiRule::PUBLISHED).iter().map(inside).sum::<u32>();
            }
        }
        let tally = Tally::of(recorded, own.iter().map(|minute| minute.steps));
        let (hours_with_steps, minutes_in_them) = hours_with_steps(input, around, own);
        let wear60_min = recorded - not_worn[0];
        let wear90_min = recorded - not_worn[1];
        let by_rules = match rules.wear_method {
            WearMethod::Device | WearMethod::Zero60 => None,
            WearMethod::Zero90 => Some(wear90_min),
            WearMethod::Zero120 => Some(recorded - not_worn[2]),
            WearMethod::Choi => Some(recorded - not_worn_choi),
            WearMethod::HoursWithSteps => Some(minutes_in_them),
            WearMethod::HeartRate => heart_rate_wear(marks, own),
        };
        let (wear_method, wear_min) = match (device_wear(marks, recorded), by_rules) {
            (Some(worn), _) => (WearMethod::Device, worn),
            (None, Some(worn)) => (rules.wear_method, worn),
            (None, None) => (WearMethod::Zero60, wear60_min),
        };
        Self {
            steps: tally.steps(),
            bands: tally.bands(),
            brisk_min: tally.at_least(brisk_threshold),
            vigorous_min: tally.at_least(rules.vigorous_spm),
            bout_min,
            bout_count,
            longest_bout_min,
            peaks: tally.peaks(),
            met_min_floor: tally.met_minutes(),
            wear60_min,
            wear90_min,
            wear_method,
            wear_min,
            hours_with_steps,
        }
    }

    /// Enough wear; or, where wear is only estimated from steps, enough clock hours with a step: a run of
    /// zeros cannot tell a still person from a counter in a drawer (activity-science §6).
    pub fn valid(&self, rules: &Rules) -> bool {
        let worn = self.wear_min >= u32::from(rules.valid_wear_min);
        let hours = rules.valid_hours_with_steps;
        match self.wear_method {
            WearMethod::Device | WearMethod::HeartRate => worn,
            WearMethod::Zero60
            | WearMethod::Zero90
            | WearMethod::Zero120
            | WearMethod::Choi
            | WearMethod::HoursWithSteps => worn || (hours > 0 && self.hours_with_steps >= u32::from(hours)),
        }
    }
}

/// Clock hours with at least one step, and the recorded minutes in them.
fn hours_with_steps(input: &DayInput<'_>, around: &Around, own: &[Walked]) -> (u32, u32) {
    let hour_of = hours_of(input.day);
    let (mut hours, mut minutes, mut last) = (0, 0, None);
    for minute in own {
        let hour = hour_of(minute.at);
        if last != Some(hour) {
            (hours, last) = (hours + 1, Some(hour));
            if input.rules.wear_method == WearMethod::HoursWithSteps {
                let within = |at: &i32| hour_of(*at) == hour;
                let first = (around.day.start..minute.at).rev().take_while(within).last().unwrap_or(minute.at);
                let end = (minute.at..around.day.end).take_while(within).last().unwrap_or(minute.at) + 1;
                minutes += input.minutes.recorded_in(first..end);
            }
        }
    }
    (hours, minutes)
}

/// The clock hour of each of the day's minutes. Hours only go up: the repeated hour of an autumn night is its own.
fn hours_of(day: &LocalDay) -> impl Fn(i32) -> i64 {
    let day = *day;
    // Where the day's ends agree about the fraction of an hour, all of it does.
    let fraction = |at_s: i64| i64::from(day.zone.offset_s(at_s)).rem_euclid(3600);
    let same = (fraction(day.start_s) == fraction(day.end_s)).then(|| fraction(day.start_s));
    move |at| match same {
        Some(fraction_s) => (i64::from(at) * 60 + fraction_s).div_euclid(3600),
        None => day.clock_hour(at.into()),
    }
}
