//! All measures of one day that need its minutes.

use super::{
    DayInput,
    bands::{bands, met_minutes, minutes_at_least},
    bouts::{BoutRule, bouts},
    context::Around,
    minutes::segments,
    peaks::{Peaks, peaks},
    wear::{device_wear, for_each_zero_run},
};
use crate::{
    model::{Minute, Rules, WearMethod},
    time::LocalDay,
};

/// What the day's minutes say.
pub(super) struct Measures {
    pub bands: [u32; 8],
    pub brisk_min: u32,
    pub vigorous_min: u32,
    pub bout_min: u32,
    pub bout_count: u32,
    pub longest_bout_min: u32,
    pub peaks: Peaks,
    pub met_min_floor: u32,
    pub wear60_min: u32,
    pub wear90_min: u32,
    pub wear_method: WearMethod,
    pub wear_min: u32,
    pub hours_with_steps: u32,
}

impl Measures {
    pub fn of(input: &DayInput<'_>, around: &Around) -> Self {
        let DayInput { rules, brisk_threshold, .. } = *input;
        let own = &input.minutes[around.day.clone()];
        let (mut short, mut long) = (0, 0);
        let (mut bout_min, mut bout_count, mut longest_bout_min) = (0, 0, 0);
        let mut at = around.context.start;
        for segment in segments(&input.minutes[around.context.clone()]) {
            let base = at;
            at += segment.len();
            let inside = |run: &std::ops::Range<usize>| {
                let end = (base + run.end).min(around.day.end);
                super::count(end.saturating_sub((base + run.start).max(around.day.start)))
            };
            for_each_zero_run(segment, |run| {
                let minutes = inside(&run);
                short += if run.len() >= usize::from(rules.zero_run_short_min) { minutes } else { 0 };
                long += if run.len() >= usize::from(rules.zero_run_long_min) { minutes } else { 0 };
            });
            for bout in bouts(segment, brisk_threshold, BoutRule::of(rules)) {
                let minutes = inside(&bout);
                bout_min += minutes;
                bout_count += u32::from(minutes > 0);
                longest_bout_min = longest_bout_min.max(minutes);
            }
        }
        let recorded = super::count(own.len());
        let wear60_min = recorded - short;
        let device = device_wear(own);
        Self {
            bands: bands(own).minutes,
            brisk_min: minutes_at_least(own, brisk_threshold),
            vigorous_min: minutes_at_least(own, rules.vigorous_spm),
            bout_min,
            bout_count,
            longest_bout_min,
            peaks: peaks(own),
            met_min_floor: met_minutes(own),
            wear60_min,
            wear90_min: recorded - long,
            wear_method: device.map_or(WearMethod::Zero60, |_| WearMethod::Device),
            wear_min: device.unwrap_or(wear60_min),
            hours_with_steps: hours_with_steps(own, input.day),
        }
    }

    /// Enough wear; or, where wear is only estimated from steps, enough clock hours with a step: a run of
    /// zeros cannot tell a still person from a counter in a drawer (activity-science §6).
    pub fn valid(&self, rules: &Rules) -> bool {
        let worn = self.wear_min >= u32::from(rules.valid_wear_min);
        match self.wear_method {
            WearMethod::Device => worn,
            WearMethod::Zero60 => worn || self.hours_with_steps >= u32::from(rules.valid_hours_with_steps),
        }
    }
}

/// Clock hours with at least one step.
fn hours_with_steps(own: &[Minute], day: &LocalDay) -> u32 {
    let mut hours: Vec<i64> = Vec::with_capacity(25);
    for minute in own.iter().filter(|minute| minute.steps > 0) {
        let hour = day.clock_hour(minute.at);
        if hours.last() != Some(&hour) && !hours.contains(&hour) {
            hours.push(hour);
        }
    }
    super::count(hours.len())
}
