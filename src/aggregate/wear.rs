//! Wear time: runs of zeros that say the counter was off the body, and what a counter says itself.
//!
//! The zero-run rules were validated on acceleration counts. Steps are zero while a person sits, so on
//! steps alone their result is an estimate and is named with its method.

use std::ops::Range;

use super::series::{Mark, Stretch, Walked};
use crate::model::MinuteWear;

/// Choi's rule: zeros of at least `window_min`, in which artefacts of at most `artefact_min` minutes are
/// passed over when all recorded minutes within `stream_min` before and after them are zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChoiRule {
    /// Shortest run that is not worn.
    pub window_min: i32,
    /// Longest artefact.
    pub artefact_min: i32,
    /// Zeros that an artefact needs on both sides.
    pub stream_min: i32,
}

impl ChoiRule {
    /// 90, 2, 30 (Choi 2011).
    pub const PUBLISHED: Self = Self { window_min: 90, artefact_min: 2, stream_min: 30 };
}

/// Calls `found` with every maximal run of zeros in a stretch (60, 90, 120 and more minutes of them are not worn:
/// Troiano 2008 without tolerance; Choi 2012; Hutto 2013).
pub fn for_each_zero_run(stretch: Stretch<'_>, mut found: impl FnMut(Range<i32>)) {
    let mut start = stretch.first;
    for minute in stretch.walked {
        if start < minute.at {
            found(start..minute.at);
        }
        start = minute.at + 1;
    }
    if start < stretch.end {
        found(start..stretch.end);
    }
}

/// Minutes of one stretch that count as not worn by Choi's rule. At the ends of a segment the minutes
/// that exist are asked: the rule wants its full window there too.
pub fn choi(stretch: Stretch<'_>, rule: ChoiRule) -> Vec<Range<i32>> {
    let mut found = Vec::new();
    let mut close = |range: Range<i32>| {
        if range.end - range.start >= rule.window_min {
            found.push(range);
        }
    };
    let mut start = stretch.first;
    let mut quiet_since = None;
    let mut runs = activity(stretch.walked).peekable();
    while let Some(run) = runs.next() {
        let before = quiet_since.is_none_or(|end| run.start - end >= rule.stream_min);
        let after = runs.peek().is_none_or(|next| next.start - run.end >= rule.stream_min);
        quiet_since = Some(run.end);
        if !(before && after && run.end - run.start <= rule.artefact_min) {
            close(start..run.start);
            start = run.end;
        }
    }
    close(start..stretch.end);
    found
}

/// Maximal runs of consecutive minutes with steps.
pub fn activity(walked: &[Walked]) -> impl DoubleEndedIterator<Item = Range<i32>> {
    walked.chunk_by(|one, next| one.at + 1 == next.at).filter_map(|run| match run {
        [only] => Some(only.at..only.at + 1),
        [first, .., last] => Some(first.at..last.at + 1),
        [] => None,
    })
}

/// Minutes worn as the counter said it; none when it is silent about any of the `recorded` minutes.
pub fn device_wear(marks: &[Mark], recorded: u32) -> Option<u32> {
    if marks.is_empty() {
        return None;
    }
    let mut worn = 0;
    let mut said = 0;
    for mark in marks {
        match mark.wear {
            MinuteWear::Worn => (worn, said) = (worn + 1, said + 1),
            MinuteWear::NotWorn => said += 1,
            MinuteWear::Unknown => {}
        }
    }
    (said == recorded).then_some(worn)
}

/// Minutes with a plausible heart rate or a step; none when no minute has a heart rate.
pub fn heart_rate_wear(marks: &[Mark], walked: &[Walked]) -> Option<u32> {
    let beating: Vec<i32> = marks.iter().filter(|mark| mark.heart_rate).map(|mark| mark.at).collect();
    let still = beating.iter().filter(|at| walked.binary_search_by_key(at, |one| &one.at).is_err()).count();
    (!beating.is_empty()).then(|| super::count(walked.len() + still))
}

#[cfg(test)]
mod tests {
    use super::{
        super::{
            series::SeriesBuf,
            tests::{plain, stretch_of},
        },
        *,
    };

    fn zero_runs(runs: &[(u32, usize)], shortest: i32) -> Vec<Range<i32>> {
        let series = plain(runs);
        let mut found = Vec::new();
        for_each_zero_run(stretch_of(&series), |run| found.extend((run.end - run.start >= shortest).then_some(run)));
        found
    }

    fn choi_of(series: &SeriesBuf) -> Vec<Range<i32>> {
        choi(stretch_of(series), ChoiRule::PUBLISHED)
    }

    #[test]
    fn a_run_of_zeros_is_not_worn_from_exactly_its_shortest_length() {
        assert!(zero_runs(&[(5, 1), (0, 59), (5, 1)], 60).is_empty());
        assert_eq!(zero_runs(&[(5, 1), (0, 60), (5, 1)], 60), [Range { start: 1, end: 61 }]);
    }

    #[test]
    fn an_artefact_of_two_minutes_is_passed_over_and_one_of_three_is_not() {
        assert_eq!(choi_of(&plain(&[(0, 45), (3, 2), (0, 43)])), [Range { start: 0, end: 90 }]);
        assert!(choi_of(&plain(&[(0, 45), (3, 3), (0, 43)])).is_empty());
        assert!(choi_of(&plain(&[(0, 45), (3, 2), (0, 29), (3, 2), (0, 43)])).is_empty());
    }

    #[test]
    fn one_silent_minute_takes_the_counters_word_away() {
        let mut marks: Vec<_> = (1..4).map(|at| Mark { wear: MinuteWear::Worn, ..Mark::none(at) }).collect();
        assert_eq!((device_wear(&marks, 3), device_wear(&marks, 4)), (Some(3), None));
        marks[1].wear = MinuteWear::Unknown;
        assert_eq!(device_wear(&marks, 3), None);
        assert_eq!(device_wear(&[], 0), None);
    }

    #[test]
    fn a_minute_with_a_heart_beat_or_a_step_is_worn_and_no_beat_at_all_says_nothing() {
        let beat = |at| Mark { heart_rate: true, ..Mark::none(at) };
        let walked = [Walked { at: 2, steps: 9 }, Walked { at: 7, steps: 9 }];

        assert_eq!(heart_rate_wear(&[beat(1), beat(2), beat(3)], &walked), Some(4));
        assert_eq!(heart_rate_wear(&[Mark::none(1)], &walked), None);
    }
}
