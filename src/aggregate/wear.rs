//! Wear time: runs of zeros that say the counter was off the body, and what a counter says itself.
//!
//! The zero-run rules were validated on acceleration counts. Steps are zero while a person sits, so on
//! steps alone their result is an estimate and is named with its method.

use std::ops::Range;

use crate::model::{Minute, MinuteWear};

/// Choi's rule: zeros of at least `window_min`, in which artefacts of at most `artefact_min` minutes are
/// passed over when all recorded minutes within `stream_min` before and after them are zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChoiRule {
    /// Shortest run that is not worn.
    pub window_min: usize,
    /// Longest artefact.
    pub artefact_min: usize,
    /// Zeros that an artefact needs on both sides.
    pub stream_min: usize,
}

impl ChoiRule {
    /// 90, 2, 30 (Choi 2011).
    pub const PUBLISHED: Self = Self { window_min: 90, artefact_min: 2, stream_min: 30 };
}

/// Calls `found` with every maximal run of zeros in a segment, as a range of its indices.
pub fn for_each_zero_run(segment: &[Minute], mut found: impl FnMut(Range<usize>)) {
    let mut start = None;
    for (index, minute) in segment.iter().enumerate() {
        match (minute.steps, start) {
            (0, None) => start = Some(index),
            (1.., Some(first)) => {
                found(first..index);
                start = None;
            }
            (0, Some(_)) | (1.., None) => {}
        }
    }
    if let Some(first) = start {
        found(first..segment.len());
    }
}

/// Minutes of one segment that count as not worn: runs of at least `shortest` zeros, no exceptions
/// (60: Troiano 2008 without tolerance; 90 and longer: Choi 2012, Hutto 2013).
pub fn zero_runs(segment: &[Minute], shortest: usize) -> Vec<Range<usize>> {
    let mut runs = Vec::new();
    for_each_zero_run(segment, |run| {
        if run.len() >= shortest {
            runs.push(run);
        }
    });
    runs
}

/// Minutes of one segment that count as not worn by Choi's rule. At the ends of a segment the minutes
/// that exist are asked: the rule wants its full window there too.
pub fn choi(segment: &[Minute], rule: ChoiRule) -> Vec<Range<usize>> {
    let quiet = |range: Range<usize>| segment[range].iter().all(|minute| minute.steps == 0);
    let mut still: Vec<bool> = segment.iter().map(|minute| minute.steps == 0).collect();
    let mut at = 0;
    for run in segment.chunk_by(|one, next| (one.steps == 0) == (next.steps == 0)) {
        let (first, end) = (at, at + run.len());
        at = end;
        if run[0].steps > 0
            && run.len() <= rule.artefact_min
            && quiet(first.saturating_sub(rule.stream_min)..first)
            && quiet(end..segment.len().min(end + rule.stream_min))
        {
            still[first..end].fill(true);
        }
    }
    let mut found = Vec::new();
    let mut at = 0;
    for run in still.chunk_by(|one, next| one == next) {
        if run[0] && run.len() >= rule.window_min {
            found.push(at..at + run.len());
        }
        at += run.len();
    }
    found
}

/// Minutes worn as the counter said it; none when it is silent about any of them.
pub fn device_wear(minutes: &[Minute]) -> Option<u32> {
    let mut worn = 0;
    for minute in minutes {
        match minute.wear {
            MinuteWear::Worn => worn += 1,
            MinuteWear::NotWorn => {}
            MinuteWear::Unknown => return None,
        }
    }
    Some(worn)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segment(runs: &[(u32, usize)]) -> Vec<Minute> {
        let steps = runs.iter().flat_map(|&(steps, length)| std::iter::repeat_n(steps, length));
        let minute = |(at, steps)| Minute { at, steps, wear: MinuteWear::Unknown, saturated: false, overlap: false };
        (0..).zip(steps).map(minute).collect()
    }

    #[test]
    fn a_run_of_zeros_is_not_worn_from_exactly_its_shortest_length() {
        assert!(zero_runs(&segment(&[(5, 1), (0, 59), (5, 1)]), 60).is_empty());
        assert_eq!(zero_runs(&segment(&[(5, 1), (0, 60), (5, 1)]), 60), [Range { start: 1, end: 61 }]);
    }

    #[test]
    fn an_artefact_of_two_minutes_is_passed_over_and_one_of_three_is_not() {
        assert_eq!(choi(&segment(&[(0, 45), (3, 2), (0, 43)]), ChoiRule::PUBLISHED), [Range { start: 0, end: 90 }]);
        assert!(choi(&segment(&[(0, 45), (3, 3), (0, 43)]), ChoiRule::PUBLISHED).is_empty());
    }

    #[test]
    fn one_silent_minute_takes_the_counters_word_away() {
        let mut minutes = segment(&[(1, 3)]);
        for minute in &mut minutes {
            minute.wear = MinuteWear::Worn;
        }
        assert_eq!(device_wear(&minutes), Some(3));

        minutes[1].wear = MinuteWear::Unknown;

        assert_eq!(device_wear(&minutes), None);
    }
}
