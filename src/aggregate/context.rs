//! How many minutes around a day decide its numbers, so that a slice gives what the whole record gives.
//!
//! **Before** the day, two things reach into it. A run of zeros that goes on over its start: decided as soon
//! as the run's first minute or the longest zero window of it is in sight. A bout under way: none survives
//! [`Rules::bout_end_min`] minutes in a row below the threshold, so such a barrier that begins at or before
//! the day's start decides it. **After** the day, runs of zeros likewise; a bout's first window ends at most
//! `bout_window_min − 1` minutes after the day, and whether the day's last minutes are trimmed is known
//! `bout_end_min` minutes after it. A gap in the record decides everything.

use std::ops::Range;

use crate::{
    model::{Minute, Rules},
    time::LocalDay,
};

/// Whether enough minutes around a day are at hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Enough {
    /// Earlier minutes would change nothing.
    pub before: bool,
    /// Later minutes would change nothing.
    pub after: bool,
}

/// Whether [`crate::aggregate::day_total`] on these minutes gives what it gives on the whole record.
///
/// `minutes` holds every recorded minute of `fetched` (minutes since 1970-01-01T00:00Z), which tells a
/// minute that was not recorded from one that was not looked up. `fetched` must cover the day.
pub fn context_is_enough(
    minutes: &[Minute],
    fetched: &Range<i64>,
    day: &LocalDay,
    rules: &Rules,
    brisk_threshold: u16,
) -> Enough {
    let around = Around::of(minutes, day, rules, brisk_threshold);
    let covered = fetched.start <= day.first_minute() && day.end_minute() <= fetched.end;
    let starts_there = minutes.first().is_none_or(|first| first.at > fetched.start);
    let ends_there = minutes.last().is_none_or(|last| last.at + 1 < fetched.end);
    Enough {
        before: covered && (around.decided_before || starts_there),
        after: covered && (around.decided_after || ends_there),
    }
}

/// The most minutes after a day's end that can change its numbers.
pub fn longest_after_min(rules: &Rules) -> u16 {
    let bout = rules.bout_window_min.saturating_sub(1).max(rules.bout_end_min);
    longest_zero_run(rules).max(bout)
}

fn longest_zero_run(rules: &Rules) -> u16 {
    rules.zero_run_short_min.max(rules.zero_run_long_min)
}

/// The part of a slice that decides a day, as ranges of indices.
pub(super) struct Around {
    /// The day's own minutes.
    pub day: Range<usize>,
    /// Those and what reaches into them.
    pub context: Range<usize>,
    decided_before: bool,
    decided_after: bool,
}

impl Around {
    pub fn of(minutes: &[Minute], day: &LocalDay, rules: &Rules, brisk_threshold: u16) -> Self {
        let start = minutes.partition_point(|minute| minute.at < day.first_minute());
        let end = start + minutes[start..].partition_point(|minute| minute.at < day.end_minute());
        let (from, decided_before) = back(minutes, start..end, rules, brisk_threshold);
        let (to, decided_after) = ahead(minutes, start..end, rules);
        Self { day: start..end, context: from..to, decided_before, decided_after }
    }
}

/// First index that matters to the day, and whether that is certain.
fn back(minutes: &[Minute], day: Range<usize>, rules: &Rules, brisk_threshold: u16) -> (usize, bool) {
    let longest = usize::from(longest_zero_run(rules));
    let barrier = usize::from(rules.bout_end_min).max(1);
    let slow = |minute: &&Minute| minute.steps < u32::from(brisk_threshold);
    let Some(first) = minutes[day.clone()].chunk_by(|one, next| one.at + 1 == next.at).next() else {
        return (day.start, true);
    };
    let mut zeros = first.iter().take(longest).take_while(|minute| minute.steps == 0).count();
    let mut slow_run = first.iter().take(barrier).take_while(slow).count();
    let mut zeros_decided = zeros == 0 || zeros >= longest;
    let mut bouts_decided = slow_run >= barrier;
    let mut at = day.start;
    while !(zeros_decided && bouts_decided) {
        let Some(earlier) = at.checked_sub(1) else { return (0, false) };
        let minute = &minutes[earlier];
        if minute.at + 1 != minutes[at].at {
            break;
        }
        at = earlier;
        zeros += 1;
        zeros_decided |= minute.steps > 0 || zeros >= longest;
        slow_run = if slow(&minute) { slow_run + 1 } else { 0 };
        bouts_decided |= slow_run >= barrier;
    }
    (at, true)
}

/// First index after the day that no longer matters to it, and whether that is certain.
fn ahead(minutes: &[Minute], day: Range<usize>, rules: &Rules) -> (usize, bool) {
    let longest = usize::from(longest_zero_run(rules));
    let bouts_decided_after = usize::from(rules.bout_window_min.saturating_sub(1).max(rules.bout_end_min));
    let Some(last) = minutes[day.clone()].chunk_by(|one, next| one.at + 1 == next.at).next_back() else {
        return (day.end, true);
    };
    let mut zeros = last.iter().rev().take(longest).take_while(|minute| minute.steps == 0).count();
    let mut zeros_decided = zeros == 0 || zeros >= longest;
    let mut at = day.end;
    while !(zeros_decided && at - day.end >= bouts_decided_after) {
        let Some(minute) = minutes.get(at) else { return (at, false) };
        if minutes[at - 1].at + 1 != minute.at {
            break;
        }
        at += 1;
        zeros += 1;
        zeros_decided |= minute.steps > 0 || zeros >= longest;
    }
    (at, true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        model::MinuteWear,
        time::{Calendar, Zone},
    };

    const DAY: i64 = 16_903;

    fn day() -> LocalDay {
        Calendar::midnight(Zone::AS_IT_STANDS).day_at(DAY * 86_400)
    }

    fn minutes(from: i64, steps: &[u32]) -> Vec<Minute> {
        let minute = |(at, &steps)| Minute { at, steps, wear: MinuteWear::Unknown, saturated: false, overlap: false };
        (from..).zip(steps).map(minute).collect()
    }

    fn enough(minutes: &[Minute], fetched: &Range<i64>) -> Enough {
        context_is_enough(minutes, fetched, &day(), &Rules::brisk_1(), 100)
    }

    #[test]
    fn a_day_that_begins_still_needs_its_zero_run_and_no_barrier() {
        let first = DAY * 1440;
        let own = [&[0; 10][..], &[50; 1430]].concat();
        let fetched = first..first + 2000;
        assert!(!enough(&minutes(first, &own), &fetched).before);

        let with_one_step = minutes(first - 1, &[&[1][..], &own].concat());

        assert!(enough(&with_one_step, &(first - 1..first + 2000)).before);
    }

    #[test]
    fn a_walk_over_midnight_needs_a_barrier_before_it() {
        let first = DAY * 1440;
        let walk = [&[50, 50, 110][..], &[110; 40], &[50; 1420]].concat();
        let fetched = first - 23..first + 2000;
        let two_slow = minutes(first - 23, &walk);
        assert!(!enough(&two_slow, &fetched).before);

        let three_slow = minutes(first - 24, &[&[50][..], &walk].concat());

        assert!(enough(&three_slow, &(first - 24..first + 2000)).before);
    }

    #[test]
    fn a_minute_that_was_looked_up_and_is_absent_decides() {
        let first = DAY * 1440;
        let walked = minutes(first, &[110; 1440]);

        assert_eq!(enough(&walked, &(first..first + 1440)), Enough { before: false, after: false });
        assert_eq!(enough(&walked, &(first - 1..first + 1441)), Enough { before: true, after: true });
    }
}
