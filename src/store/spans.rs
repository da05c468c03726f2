//! A set of numbers kept as spans that neither touch nor overlap.

use std::collections::{BTreeMap, BTreeSet};

/// First number → number after the last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spans(BTreeMap<u32, u64>);

impl Spans {
    /// Puts a span back that was taken from such a set.
    pub fn insert(&mut self, first: u32, end: u64) {
        self.0.insert(first, end);
    }

    /// Adds numbers; notes the first numbers of the spans that changed, came or went.
    pub fn add(&mut self, first: u32, end: u64, changed: &mut BTreeSet<u32>) {
        if end <= u64::from(first) || self.0.range(..=first).next_back().is_some_and(|(_, known)| *known >= end) {
            return;
        }
        let (mut from, mut to) = (first, end);
        while let Some((start, stop)) = self.0.range(..=u32::try_from(to).unwrap_or(u32::MAX)).next_back() {
            let (start, stop) = (*start, *stop);
            if stop < u64::from(from) {
                break;
            }
            self.0.remove(&start);
            changed.insert(start);
            (from, to) = (from.min(start), to.max(stop));
        }
        self.0.insert(from, to);
        changed.insert(from);
    }

    /// End of the span that begins here.
    pub fn end_of(&self, first: u32) -> Option<u64> {
        self.0.get(&first).copied()
    }

    /// End of the last span that begins here or before; may lie before `at`.
    pub fn end_around(&self, at: u32) -> Option<u32> {
        self.0.range(..=at).next_back().map(|(_, end)| u32::try_from(*end).unwrap_or(u32::MAX))
    }

    /// One past the highest number.
    pub fn end(&self) -> Option<u32> {
        self.0.values().next_back().map(|end| u32::try_from(*end).unwrap_or(u32::MAX))
    }

    /// The lowest number.
    pub fn first(&self) -> Option<u32> {
        self.0.keys().next().copied()
    }

    /// How many numbers.
    pub fn total(&self) -> u64 {
        self.0.iter().map(|(first, end)| end - u64::from(*first)).sum()
    }

    /// How many numbers lie from `first` up to but not `end`.
    pub fn overlap(&self, first: u32, end: u64) -> u64 {
        let before = self.0.range(..=first).next_back().map_or(first, |(start, _)| *start);
        let spans = self.0.range(before..).take_while(|(start, _)| u64::from(**start) < end);
        spans.map(|(start, stop)| end.min(*stop).saturating_sub(u64::from(first.max(*start)))).sum()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn spans_are_the_set_of_their_numbers(parts in prop::collection::vec((0_u32..60, 0_u64..12), 0..20), query in (0_u32..60, 0_u64..20)) {
            let (mut spans, mut set) = (Spans::default(), BTreeSet::new());
            for (first, count) in parts {
                spans.add(first, u64::from(first) + count, &mut BTreeSet::new());
                set.extend(u64::from(first)..u64::from(first) + count);
            }

            prop_assert_eq!(spans.total(), set.len() as u64);
            let (first, end) = (query.0, u64::from(query.0) + query.1);
            prop_assert_eq!(spans.overlap(first, end), set.range(u64::from(first)..end).count() as u64);
            let pairs: Vec<_> = spans.0.iter().collect();
            prop_assert!(pairs.windows(2).all(|w| *w[0].1 < u64::from(*w[1].0)), "spans that touch are one");
        }
    }
}
