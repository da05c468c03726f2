//! Brisk bouts: the 8-of-10 rule of Troiano 2008 as the U.S. National Cancer Institute coded it, and its
//! stricter variants.

use std::ops::Range;

use crate::model::{Minute, Rules};

/// When a bout begins and when it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BoutRule {
    /// A bout begins at a brisk minute whose own window of this many minutes, all recorded, …
    pub window_min: u16,
    /// … holds at least this many brisk ones, …
    pub brisk_min: u16,
    /// … and ends before this many minutes in a row that are not brisk.
    pub end_min: u16,
}

impl BoutRule {
    /// 8 of 10 brisk, ended by 3 that are not (Troiano 2008; NCI).
    pub const NCI_8_OF_10: Self = Self { window_min: 10, brisk_min: 8, end_min: 3 };
    /// 9 of 10 brisk, ended by 2 that are not.
    pub const NCI_9_OF_10: Self = Self { window_min: 10, brisk_min: 9, end_min: 2 };
    /// At least 10 brisk minutes in a row.
    pub const STRICT_10: Self = Self { window_min: 10, brisk_min: 10, end_min: 1 };

    /// The rule that a set of rules names.
    pub fn of(rules: &Rules) -> Self {
        Self { window_min: rules.bout_window_min, brisk_min: rules.bout_brisk_min, end_min: rules.bout_end_min }
    }
}

/// The bouts of one segment, as ranges of its indices; from the first brisk minute to the last, with the
/// slower minutes between them. A minute is brisk with at least `threshold` steps.
pub fn bouts(segment: &[Minute], threshold: u16, rule: BoutRule) -> Vec<Range<usize>> {
    let brisk = |minute: &Minute| minute.steps >= u32::from(threshold);
    let window = usize::from(rule.window_min).max(1);
    let end = usize::from(rule.end_min).max(1);
    let mut found = Vec::new();
    let mut at = 0;
    while at + window <= segment.len() {
        let starts = brisk(&segment[at]) && {
            let in_window = segment[at..at + window].iter().filter(|minute| brisk(minute)).count();
            in_window >= usize::from(rule.brisk_min)
        };
        if !starts {
            at += 1;
            continue;
        }
        let mut last = at;
        for (index, minute) in segment.iter().enumerate().skip(at + 1) {
            if brisk(minute) {
                last = index;
            } else if index - last >= end {
                break;
            }
        }
        found.push(at..last + 1);
        at = last + 1;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::MinuteWear;

    fn segment(runs: &[(u32, usize)]) -> Vec<Minute> {
        let steps = runs.iter().flat_map(|&(steps, length)| std::iter::repeat_n(steps, length));
        let minute = |(at, steps)| Minute { at, steps, wear: MinuteWear::Unknown, saturated: false, overlap: false };
        (0..).zip(steps).map(minute).collect()
    }

    #[test]
    fn a_bout_is_trimmed_to_its_brisk_minutes_and_ends_before_three_slower_ones() {
        let walk = segment(&[(0, 5), (110, 10), (50, 2), (110, 4), (50, 3), (110, 4), (0, 20)]);

        assert_eq!(bouts(&walk, 100, BoutRule::NCI_8_OF_10), [Range { start: 5, end: 21 }]);
        assert_eq!(bouts(&walk, 100, BoutRule::STRICT_10), [Range { start: 5, end: 15 }]);
    }

    #[test]
    fn a_bout_begins_only_where_its_whole_window_is_recorded() {
        let nine = segment(&[(110, 9)]);

        assert!(bouts(&nine, 100, BoutRule::NCI_8_OF_10).is_empty());
        assert_eq!(bouts(&segment(&[(110, 9), (0, 1)]), 100, BoutRule::NCI_8_OF_10), [Range { start: 0, end: 9 }]);
    }
}
