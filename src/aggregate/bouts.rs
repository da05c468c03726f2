//! Brisk bouts: the 8-of-10 rule of Troiano 2008 as the U.S. National Cancer Institute coded it, its stricter
//! variants, and the rolling rule of newer tools.

use std::ops::Range;

use super::series::Stretch;
use crate::model::{BoutKind, Rules};

/// When a bout begins and when it ends. A minute is brisk with at least the threshold's steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BoutRule {
    /// Which of the two readings of the numbers below.
    pub kind: BoutKind,
    /// A bout begins at a brisk minute whose own window of this many minutes, all recorded, …
    pub window_min: u16,
    /// … holds at least this many brisk ones, …
    pub brisk_min: u16,
    /// … and ends before this many minutes in a row that are not brisk.
    pub end_min: u16,
}

impl BoutRule {
    /// 8 of 10 brisk, ended by 3 that are not (Troiano 2008; NCI).
    pub const NCI_8_OF_10: Self = Self { kind: BoutKind::Begun, window_min: 10, brisk_min: 8, end_min: 3 };
    /// 9 of 10 brisk, ended by 2 that are not.
    pub const NCI_9_OF_10: Self = Self { kind: BoutKind::Begun, window_min: 10, brisk_min: 9, end_min: 2 };
    /// At least 10 brisk minutes in a row.
    pub const STRICT_10: Self = Self { kind: BoutKind::Begun, window_min: 10, brisk_min: 10, end_min: 1 };
    /// 80 % brisk in a rolling window of 10, no two slower minutes in a row (after GGIR's idea of a bout).
    pub const ROLLING_80: Self = Self { kind: BoutKind::Rolling, window_min: 10, brisk_min: 8, end_min: 2 };

    /// The rule that a set of rules names.
    pub fn of(rules: &Rules) -> Self {
        Self {
            kind: rules.bout_kind,
            window_min: rules.bout_window_min,
            brisk_min: rules.bout_brisk_min,
            end_min: rules.bout_end_min,
        }
    }

    /// As many minutes in a row below the threshold separate two bouts whatever surrounds them.
    pub(super) fn barrier_min(self) -> i32 {
        i32::from(self.end_min.max(1))
    }
}

/// Calls `found` with the bouts of one stretch, each from its first brisk minute to its last, with the slower
/// minutes between them.
///
/// [`BoutKind::Begun`]: only the first window is asked; the bout then goes on until `end_min` slower minutes in a
/// row. [`BoutKind::Rolling`]: every window that begins and ends brisk, holds `brisk_min` brisk minutes and nowhere
/// `end_min` slower ones in a row is in a bout; windows that overlap are one bout.
pub fn for_each_bout(stretch: Stretch<'_>, threshold: u16, rule: BoutRule, mut found: impl FnMut(Range<i32>)) {
    let brisk = |at: usize| stretch.walked[at].steps >= u32::from(threshold);
    let window = i32::from(rule.window_min.max(1));
    let mut next = 0;
    // A threshold of 0 would make every recorded minute brisk, also those that are not listed: no rules allow it.
    while let Some(start) = (next..stretch.walked.len()).find(|&at| brisk(at)) {
        next = start + 1;
        let first = stretch.walked[start].at;
        if first + window > stretch.end {
            break;
        }
        let Some(mut last) = begins(stretch, start, threshold, rule) else { continue };
        let mut end = stretch.walked[last].at;
        match rule.kind {
            BoutKind::Begun => {
                for at in last + 1..stretch.walked.len() {
                    let minute = stretch.walked[at].at;
                    if minute - end > rule.barrier_min() {
                        break;
                    }
                    if brisk(at) {
                        (last, end) = (at, minute);
                    }
                }
            }
            BoutKind::Rolling => {
                for at in start + 1..stretch.walked.len() {
                    if stretch.walked[at].at > end {
                        break;
                    }
                    if brisk(at)
                        && let Some(further) = begins(stretch, at, threshold, rule)
                    {
                        (last, end) = (further, stretch.walked[further].at);
                    }
                }
            }
        }
        found(first..end + 1);
        next = last + 1;
    }
}

/// Whether a window that begins at this brisk minute begins a bout; the last brisk minute of that window.
fn begins(stretch: Stretch<'_>, start: usize, threshold: u16, rule: BoutRule) -> Option<usize> {
    let first = stretch.walked[start].at;
    let end = first + i32::from(rule.window_min.max(1));
    if end > stretch.end {
        return None;
    }
    let (mut brisk, mut last) = (0_u16, start);
    for (at, minute) in stretch.walked.iter().enumerate().skip(start).take_while(|(_, minute)| minute.at < end) {
        if minute.steps >= u32::from(threshold) {
            if rule.kind == BoutKind::Rolling && minute.at - stretch.walked[last].at > rule.barrier_min() {
                return None;
            }
            (brisk, last) = (brisk + 1, at);
        }
    }
    let whole = rule.kind == BoutKind::Begun || stretch.walked[last].at + 1 == end;
    (brisk >= rule.brisk_min && whole).then_some(match rule.kind {
        BoutKind::Begun => start,
        BoutKind::Rolling => last,
    })
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

    fn bouts(series: &SeriesBuf, rule: BoutRule) -> Vec<Range<i32>> {
        let mut found = Vec::new();
        for_each_bout(stretch_of(series), 100, rule, |bout| found.push(bout));
        found
    }

    #[test]
    fn a_bout_is_trimmed_to_its_brisk_minutes_and_ends_before_three_slower_ones() {
        let walk = plain(&[(0, 5), (110, 10), (50, 2), (110, 4), (50, 3), (110, 4), (0, 20)]);

        assert_eq!(bouts(&walk, BoutRule::NCI_8_OF_10), [Range { start: 5, end: 21 }]);
        assert_eq!(bouts(&walk, BoutRule::STRICT_10), [Range { start: 5, end: 15 }]);
    }

    #[test]
    fn a_bout_begins_only_where_its_whole_window_is_recorded() {
        assert!(bouts(&plain(&[(110, 9)]), BoutRule::NCI_8_OF_10).is_empty());
        assert_eq!(bouts(&plain(&[(110, 9), (0, 1)]), BoutRule::NCI_8_OF_10), [Range { start: 0, end: 9 }]);
    }

    #[test]
    fn the_rolling_rule_wants_its_share_in_every_window_and_no_two_slow_minutes_in_a_row() {
        let one_slow = plain(&[(0, 5), (110, 5), (50, 1), (110, 5), (50, 1), (110, 1), (0, 9)]);
        assert_eq!(bouts(&one_slow, BoutRule::ROLLING_80), [Range { start: 5, end: 18 }]);
        let two_slow = plain(&[(110, 9), (50, 2), (110, 9), (0, 9)]);
        assert!(bouts(&two_slow, BoutRule::ROLLING_80).is_empty());
        // From the tenth minute on every second one is slow: too few for a window of their own.
        let fading = plain(&[(110, 10), (50, 1), (110, 1), (50, 1), (110, 1), (50, 1), (110, 1), (0, 9)]);
        assert_eq!(bouts(&fading, BoutRule::ROLLING_80), [Range { start: 0, end: 14 }]);
    }
}
