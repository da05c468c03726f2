//! Counters that cannot tell minutes: what their records prove about a day, and no more.
//!
//! A coarse record is never spread over its minutes. It bounds the brisk minutes inside it, and a record
//! that straddles midnight bounds the steps on both sides (activity-science §7).

use super::series::Series;
use crate::{model::Coarse, time::LocalDay};

/// A number known to lie in `lower..=upper`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// At least this.
    pub lower: u32,
    /// At most this.
    pub upper: u32,
}

/// Brisk minutes among `minutes` that hold `steps` together: at most `steps / threshold`; at least what
/// remains when every other minute holds `threshold − 1` and every brisk one `ceiling` steps.
pub fn brisk_bounds(minutes: u32, steps: u32, threshold: u16, ceiling: u16) -> Bounds {
    let threshold = u64::from(threshold.max(1));
    let slow = threshold - 1;
    let upper = u64::from(minutes).min(u64::from(steps) / threshold);
    let beyond = u64::from(steps).saturating_sub(u64::from(minutes) * slow);
    let lower = beyond.div_ceil(u64::from(ceiling).max(threshold) - slow).min(upper);
    let narrow = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
    Bounds { lower: narrow(lower), upper: narrow(upper) }
}

/// What a day's coarse records prove about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CoarseDay {
    /// The day's steps in coarse records; none when a record lies only partly in the day or shares time
    /// with recorded minutes. A lower bound when `reset`.
    pub steps: Option<u32>,
    /// At least this many steps.
    pub steps_lower: u32,
    /// At most this many steps; none when a counter restarted.
    pub steps_upper: Option<u32>,
    /// At least this many brisk minutes.
    pub brisk_lower: u32,
    /// At most this many brisk minutes.
    pub brisk_upper: u32,
    /// A counter restarted in the day.
    pub reset: bool,
    /// Longest record, seconds.
    pub longest_s: u32,
}

/// Bounds from the coarse records of a day; none when none of them says anything about it.
///
/// `coarse` is sorted by its start, and no two records overlap ([`merge_coarse`] makes it so); `recorded`
/// holds the recorded minutes that win. Minutes win: a record counts only for the time that no minute covers,
/// and with `0..=steps` as soon as one minute lies in it, since who counted what cannot be told apart.
/// Records that meet within one minute of the clock share that minute, so the bounds are widened by it.
pub fn coarse_day(
    coarse: &[Coarse],
    recorded: Series<'_>,
    day: &LocalDay,
    threshold: u16,
    ceiling: u16,
) -> Option<CoarseDay> {
    let mut sum = CoarseDay {
        steps: Some(0),
        steps_lower: 0,
        steps_upper: Some(0),
        brisk_lower: 0,
        brisk_upper: 0,
        reset: false,
        longest_s: 0,
    };
    let mut any = false;
    let mut shared = 0;
    let mut most_lower = 0;
    let mut previous_end = i64::MIN;
    for record in coarse.iter().filter(|record| record.start_s < day.end_s && record.end_s > day.start_s) {
        let touched = record.start_s.div_euclid(60)..(record.end_s + 59).div_euclid(60);
        let own = touched.start.max(day.first_minute())..touched.end.min(day.end_minute());
        let covered = match (i32::try_from(own.start), i32::try_from(own.end)) {
            (Ok(from), Ok(to)) => recorded.recorded_in(from..to),
            (Err(_), _) | (_, Err(_)) => 0,
        };
        let free = u32::try_from(own.end - own.start).unwrap_or(0).saturating_sub(covered);
        if free == 0 {
            continue;
        }
        any = true;
        sum.longest_s = sum.longest_s.max(u32::try_from(record.end_s - record.start_s).unwrap_or(u32::MAX));
        sum.reset |= record.lower_bound_only;
        let bounds = brisk_bounds(free, record.steps, threshold, ceiling);
        let whole = covered == 0 && record.start_s >= day.start_s && record.end_s <= day.end_s;
        if whole {
            sum.steps = sum.steps.map(|steps| steps.saturating_add(record.steps));
            sum.steps_lower = sum.steps_lower.saturating_add(record.steps);
            sum.brisk_lower += bounds.lower;
            most_lower = most_lower.max(bounds.lower);
        } else if record.steps > 0 || record.lower_bound_only {
            sum.steps = None;
        }
        sum.steps_upper =
            sum.steps_upper.filter(|_| !record.lower_bound_only).map(|steps| steps.saturating_add(record.steps));
        sum.brisk_upper += if record.lower_bound_only { free } else { bounds.upper };
        shared += u32::from(touched.start < previous_end);
        previous_end = touched.end;
    }
    sum.brisk_lower = sum.brisk_lower.saturating_sub(shared).max(most_lower);
    let most = sum.steps_upper.map_or(u32::MAX, |steps| steps / u32::from(threshold.max(1)));
    sum.brisk_upper = sum.brisk_upper.saturating_add(shared).min(most).min(day.len_min());
    any.then_some(sum)
}

/// The coarse records of several counters as one series without overlap, best counter first: a record that
/// shares time with one of a better counter, or with an earlier one of its own, is left out.
pub fn merge_coarse(sources: &[&[Coarse]]) -> Vec<Coarse> {
    let mut merged: Vec<Coarse> = Vec::new();
    for record in sources.iter().copied().flatten().filter(|record| record.start_s < record.end_s) {
        let at = merged.partition_point(|kept| kept.end_s <= record.start_s);
        if merged.get(at).is_none_or(|next| next.start_s >= record.end_s) {
            merged.insert(at, *record);
        }
    }
    merged
}

/// A running counter, read at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CounterReading {
    /// UTC seconds since the Unix epoch.
    pub at_s: i64,
    /// What the counter showed.
    pub steps: u32,
}

/// Readings of a running counter, sorted by time, as the steps between them.
///
/// A smaller reading is a wrap when the counter is known to wrap at `wraps_at` (such as 2¹⁶) and the steps
/// over the wrap stay below `ceiling_spm` a minute; otherwise the counter restarted, and the new reading
/// is a lower bound of the steps since the last one. Of readings in the same second the last one counts.
pub fn counter_differences(readings: &[CounterReading], wraps_at: Option<u64>, ceiling_spm: u16) -> Vec<Coarse> {
    let mut records = Vec::new();
    let mut last: Option<CounterReading> = None;
    for reading in readings {
        let Some(before) = last.replace(*reading).filter(|before| before.at_s < reading.at_s) else { continue };
        let minutes = u64::try_from((reading.at_s - before.at_s + 59) / 60).unwrap_or(u64::MAX);
        let over_the_wrap = wraps_at
            .and_then(|size| (size + u64::from(reading.steps)).checked_sub(u64::from(before.steps)))
            .filter(|&steps| steps <= minutes.saturating_mul(u64::from(ceiling_spm)))
            .and_then(|steps| u32::try_from(steps).ok());
        let (steps, lower_bound_only) = match (reading.steps.checked_sub(before.steps), over_the_wrap) {
            (Some(steps), _) | (None, Some(steps)) => (steps, false),
            (None, None) => (reading.steps, true),
        };
        records.push(Coarse { start_s: before.at_s, end_s: reading.at_s, steps, lower_bound_only });
    }
    records
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        aggregate::series::SeriesBuf,
        model::{Minute, MinuteWear},
        time::{Calendar, Zone},
    };

    const START_S: i64 = 16_903 * 86_400;

    fn day() -> LocalDay {
        Calendar::midnight(Zone::AS_IT_STANDS).day_at(START_S)
    }

    fn record(start_min: i64, end_min: i64, steps: u32) -> Coarse {
        Coarse { start_s: START_S + start_min * 60, end_s: START_S + end_min * 60, steps, lower_bound_only: false }
    }

    #[test]
    fn bounds_of_one_record_are_those_of_the_written_rule() {
        assert_eq!(brisk_bounds(10, 990, 100, 200), Bounds { lower: 0, upper: 9 });
        assert_eq!(brisk_bounds(10, 991, 100, 200), Bounds { lower: 1, upper: 9 });
        assert_eq!(brisk_bounds(10, 2000, 100, 200), Bounds { lower: 10, upper: 10 });
        assert_eq!(brisk_bounds(1, 99, 100, 200), Bounds { lower: 0, upper: 0 });
        assert_eq!(brisk_bounds(10, 5000, 100, 80), Bounds { lower: 10, upper: 10 });
    }

    #[test]
    fn a_record_over_midnight_bounds_the_steps_on_both_sides() {
        let over = coarse_day(&[record(-10, 20, 600)], Series::default(), &day(), 100, 200).unwrap();

        assert_eq!((over.steps, over.steps_lower, over.steps_upper), (None, 0, Some(600)));
        assert_eq!((over.brisk_lower, over.brisk_upper), (0, 6));
    }

    #[test]
    fn a_minute_that_two_records_share_widens_the_bounds() {
        let half = |from: i64, steps| Coarse {
            start_s: START_S + from,
            end_s: START_S + from + 90,
            steps,
            lower_bound_only: false,
        };

        let both = coarse_day(&[half(0, 99), half(90, 99)], Series::default(), &day(), 100, 200).unwrap();

        assert_eq!((both.brisk_lower, both.brisk_upper), (0, 1));
        // 99 steps in the first minute, 200 in the second, 99 in the third: one brisk minute, seen twice.
        let seen_twice = coarse_day(&[half(0, 199), half(90, 199)], Series::default(), &day(), 100, 200).unwrap();
        assert_eq!(seen_twice.brisk_lower, 1);
    }

    #[test]
    fn recorded_minutes_win_over_a_record_that_covers_them() {
        let minute = |at| Minute { at, steps: 50, wear: MinuteWear::Unknown, saturated: false, overlap: false };
        let recorded: Vec<_> = (0..10).map(|at| minute(START_S / 60 + at)).collect();
        let recorded = SeriesBuf::of(&recorded);

        assert_eq!(coarse_day(&[record(0, 10, 900)], recorded.view(), &day(), 100, 200), None);
        let partly = coarse_day(&[record(5, 15, 900)], recorded.view(), &day(), 100, 200).unwrap();
        assert_eq!((partly.steps_lower, partly.steps_upper, partly.brisk_upper), (0, Some(900), 5));
    }

    #[test]
    fn of_two_counters_the_better_ones_records_stay() {
        let merged = merge_coarse(&[&[record(10, 20, 1)], &[record(0, 10, 2), record(5, 15, 3), record(20, 30, 4)]]);

        assert_eq!(merged, [record(0, 10, 2), record(10, 20, 1), record(20, 30, 4)]);
    }

    #[test]
    fn a_smaller_reading_is_a_wrap_only_where_the_steps_over_it_are_possible() {
        let readings =
            |second| [CounterReading { at_s: 0, steps: 65_500 }, CounterReading { at_s: 600, steps: second }];

        let wrap = counter_differences(&readings(64), Some(1 << 16), 200);
        let restart = counter_differences(&readings(5_000), Some(1 << 16), 200);

        assert_eq!((wrap[0].steps, wrap[0].lower_bound_only), (100, false));
        assert_eq!((restart[0].steps, restart[0].lower_bound_only), (5_000, true));
        assert!(counter_differences(&readings(64), None, 200)[0].lower_bound_only);
    }
}
