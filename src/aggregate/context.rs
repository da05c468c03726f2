//! How many minutes around a day decide its numbers, so that a slice gives what the whole record gives.
//!
//! **Before** the day, two things reach into it. A run of zeros that goes on over its start: decided as soon
//! as the run's first minute or the longest zero window of it is in sight. A bout under way: none survives
//! [`Rules::bout_end_min`] minutes in a row below the threshold, so such a barrier that begins at or before
//! the day's start decides it. **After** the day, runs of zeros likewise; a bout's first window ends at most
//! `bout_window_min − 1` minutes after the day, and whether the day's last minutes are trimmed is known
//! `bout_end_min` minutes after it. A gap in the record decides everything.

use std::ops::Range;

use super::{
    bouts::BoutRule,
    series::{Segment, Series, Walked},
    wear::{ChoiRule, activity},
};
use crate::{
    model::{BoutKind, Rules, WearMethod},
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
    minutes: Series<'_>,
    fetched: &Range<i64>,
    day: &LocalDay,
    rules: &Rules,
    brisk_threshold: u16,
) -> Enough {
    let around = Around::of(minutes, day, rules, brisk_threshold);
    let covered = fetched.start <= day.first_minute() && day.end_minute() <= fetched.end;
    let starts_there = minutes.segments.first().is_none_or(|first| i64::from(first.first) > fetched.start);
    let ends_there = minutes.segments.last().is_none_or(|last| i64::from(last.end) < fetched.end);
    Enough {
        before: covered && (around.decided_before || starts_there),
        after: covered && (around.decided_after || ends_there),
    }
}

/// The first minute that matters to a day and those after it, as far as is known; a record cut there gives the same rows.
pub fn decided_from(minutes: Series<'_>, day: &LocalDay, rules: &Rules, brisk_threshold: u16) -> i32 {
    Around::of(minutes, day, rules, brisk_threshold).context.start
}

/// As many minutes after a day's end as nearly always decide its numbers; by all rules but Choi's always.
pub fn longest_after_min(rules: &Rules) -> u16 {
    let bout = rules.bout_window_min.saturating_sub(1).max(rules.bout_end_min);
    let choi = if rules.wear_method == WearMethod::Choi { 1440 } else { 0 };
    longest_zero_run(rules).max(bout).max(choi)
}

fn longest_zero_run(rules: &Rules) -> u16 {
    let longest = rules.zero_run_short_min.max(rules.zero_run_long_min);
    if rules.wear_method == WearMethod::Zero120 { longest.max(rules.zero_run_longest_min) } else { longest }
}

/// The minutes of a day as the series counts them.
pub fn own(day: &LocalDay) -> Range<i32> {
    let narrow = |minute: i64| i32::try_from(minute).unwrap_or(if minute < 0 { i32::MIN } else { i32::MAX });
    narrow(day.first_minute())..narrow(day.end_minute())
}

/// The minutes that decide a day.
pub(super) struct Around {
    /// The day's own minutes.
    pub day: Range<i32>,
    /// Those and what reaches into them.
    pub context: Range<i32>,
    decided_before: bool,
    decided_after: bool,
}

impl Around {
    pub fn of(series: Series<'_>, day: &LocalDay, rules: &Rules, brisk_threshold: u16) -> Self {
        let day = own(day);
        let rule = BoutRule::of(rules);
        let reach = Reach {
            zeros: longest_zero_run(rules).into(),
            rule,
            threshold: brisk_threshold.into(),
            choi: (rules.wear_method == WearMethod::Choi).then_some(ChoiRule::PUBLISHED),
        };
        let (mut from, mut decided_before) = (day.start, true);
        let at = series.segments.partition_point(|segment| segment.end <= day.start);
        if let Some(segment) = series.segments.get(at).filter(|segment| segment.first <= day.start) {
            (from, decided_before) = reach.back(series.walked, *segment, day.start);
            // A gap before it decides, too.
            decided_before |= at > 0;
        }
        let (mut to, mut decided_after) = (day.end, true);
        let at = series.segments.partition_point(|segment| segment.end < day.end);
        if let Some(segment) = series.segments.get(at).filter(|segment| segment.first < day.end) {
            (to, decided_after) = reach.ahead(series.walked, *segment, day.end);
            decided_after |= at + 1 < series.segments.len();
        }
        Self { day, context: from..to, decided_before, decided_after }
    }
}

/// How far the rules look.
struct Reach {
    /// The longest run of zeros that is asked for.
    zeros: i32,
    rule: BoutRule,
    threshold: u32,
    choi: Option<ChoiRule>,
}

impl Reach {
    /// The first minute of the segment that matters from `start` on, which lies inside it; and whether that is certain
    /// even if the segment began earlier.
    fn back(&self, walked: &[Walked], segment: Segment, start: i32) -> (i32, bool) {
        let first = walked.partition_point(|minute| minute.at < segment.first);
        let next = first + walked[first..].partition_point(|minute| minute.at < start);
        let before = &walked[first..next];
        let after = &walked[next..];
        let zeros = self.zeros_back(before, after, segment, start);
        let bouts = self.bouts_back(before, after, segment, start);
        let choi = self.choi.map_or(Some(start), |rule| choi_back(before, start, segment, rule));
        let all = [zeros, bouts, choi];
        let from = all.iter().map(|from| from.unwrap_or(segment.first)).min().unwrap_or(start);
        (from.max(segment.first), all.iter().all(Option::is_some))
    }

    fn zeros_back(&self, before: &[Walked], after: &[Walked], segment: Segment, start: i32) -> Option<i32> {
        let end = after.first().map_or(segment.end, |minute| minute.at.min(segment.end));
        let capped = end - self.zeros;
        match before.last() {
            _ if end == start || capped >= start => Some(start),
            Some(last) => Some((last.at + 1).max(capped)),
            None => (capped >= segment.first).then_some(capped),
        }
    }

    /// The begin of a barrier of slow minutes at or before the start, which no bout survives.
    fn bouts_back(&self, before: &[Walked], after: &[Walked], segment: Segment, start: i32) -> Option<i32> {
        let brisk = |minute: &&Walked| minute.steps >= self.threshold;
        if self.rule.kind == BoutKind::Rolling {
            let window = start - i32::from(self.rule.window_min);
            return (window >= segment.first).then_some(window);
        }
        let barrier = self.rule.barrier_min();
        let mut next = after
            .iter()
            .take_while(|minute| minute.at < segment.end && minute.at < start + barrier)
            .find(brisk)
            .map_or((start + barrier).min(segment.end), |minute| minute.at);
        for minute in before.iter().rev().filter(brisk) {
            if next - minute.at > barrier {
                return Some((next - barrier).min(start));
            }
            next = minute.at;
        }
        (next - segment.first >= barrier).then(|| (next - barrier).min(start))
    }

    /// The minute of the segment from which on nothing matters up to `end`, which lies inside it; and whether that is
    /// certain even if the segment went on.
    fn ahead(&self, walked: &[Walked], segment: Segment, end: i32) -> (i32, bool) {
        let next = walked.partition_point(|minute| minute.at < end);
        let last = walked[..next].last().map(|minute| minute.at).filter(|&at| at >= segment.first);
        let zeros_from = last.map_or(segment.first, |at| at + 1);
        let zeros_to = walked.get(next).map_or(i32::MAX, |minute| minute.at).min(zeros_from.saturating_add(self.zeros));
        let bouts = end + i32::from(self.rule.window_min.saturating_sub(1).max(self.rule.end_min));
        let zeros = if zeros_from == end { end } else { zeros_to.max(end) };
        let choi = self.choi.map_or(end, |rule| choi_ahead(&walked[next..], end, rule));
        let to = zeros.max(bouts).max(choi);
        (to.min(segment.end), to <= segment.end)
    }
}

/// Zeros that no artefact shortens below a whole window with its surroundings.
fn surely_still(rule: ChoiRule) -> i32 {
    rule.window_min + rule.stream_min
}

/// Behind an activity too long to be an artefact, or behind so many zeros that what follows them is decided.
fn choi_back(before: &[Walked], start: i32, segment: Segment, rule: ChoiRule) -> Option<i32> {
    let mut next = start;
    for run in activity(before).rev() {
        if next - run.end >= surely_still(rule) {
            return Some(next - surely_still(rule));
        }
        if run.end - run.start > rule.artefact_min {
            return Some(run.start);
        }
        next = run.start;
    }
    (next - segment.first >= surely_still(rule)).then(|| next - surely_still(rule))
}

fn choi_ahead(after: &[Walked], end: i32, rule: ChoiRule) -> i32 {
    let mut last = end;
    for run in activity(after) {
        if run.start - last >= surely_still(rule) {
            break;
        }
        if run.end - run.start > rule.artefact_min {
            return run.end;
        }
        last = run.end;
    }
    last + surely_still(rule)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        aggregate::series::SeriesBuf,
        model::{Minute, MinuteWear},
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
        context_is_enough(SeriesBuf::of(minutes).view(), fetched, &day(), &Rules::brisk_1(), 100)
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
    fn a_gap_that_begins_with_the_next_day_decides_once_it_is_known() {
        let first = DAY * 1440;
        let still = [minutes(first, &[0; 1440]), minutes(first + 3000, &[1; 9])].concat();

        assert!(enough(&still, &(first - 9..first + 3009)).after);
    }

    #[test]
    fn a_minute_that_was_looked_up_and_is_absent_decides() {
        let first = DAY * 1440;
        let walked = minutes(first, &[110; 1440]);

        assert_eq!(enough(&walked, &(first..first + 1440)), Enough { before: false, after: false });
        assert_eq!(enough(&walked, &(first - 1..first + 1441)), Enough { before: true, after: true });
    }
}
