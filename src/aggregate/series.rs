//! Minutes in the form in which most of them cost nothing: five of six hold no step.
//!
//! A [`Series`] says which stretches of time were recorded, which of their minutes hold steps, and which are marked.
//! A recorded minute that is not listed holds no step; a minute outside the segments is no data. All rules work on
//! this form, so a still night costs as much as one minute of it.

use std::ops::Range;

use crate::model::{Minute, MinuteWear};

/// A maximal run of consecutive recorded minutes, `first..end`, counted from 1970-01-01T00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Its first minute.
    pub first: i32,
    /// The minute after its last.
    pub end: i32,
}

/// A recorded minute with steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Walked {
    /// Minutes since 1970-01-01T00:00Z.
    pub at: i32,
    /// Its steps, 1 or more.
    pub steps: u32,
}

/// What else is known about a recorded minute, whether it holds steps or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Minutes since 1970-01-01T00:00Z.
    pub at: i32,
    /// What the counter said about being worn.
    pub wear: MinuteWear,
    /// A plausible heart rate was measured in it.
    pub heart_rate: bool,
    /// It holds at least the steps given, perhaps more.
    pub saturated: bool,
    /// It came more than once, or holds two minutes or more of the counter's time.
    pub overlap: bool,
}

impl Mark {
    /// A mark that says nothing.
    pub fn none(at: i32) -> Self {
        Self { at, wear: MinuteWear::Unknown, heart_rate: false, saturated: false, overlap: false }
    }
}

/// Recorded minutes; each list is sorted by time, without repetition.
#[derive(Clone, Copy, Debug, Default)]
pub struct Series<'a> {
    /// What was recorded; no two of them touch.
    pub segments: &'a [Segment],
    /// The minutes with steps, all inside the segments.
    pub walked: &'a [Walked],
    /// The minutes with marks, all inside the segments.
    pub marks: &'a [Mark],
}

/// A segment, or what lies of it in a range of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch<'a> {
    /// Its first minute.
    pub first: i32,
    /// The minute after its last.
    pub end: i32,
    /// Its minutes with steps.
    pub walked: &'a [Walked],
}

impl<'a> Series<'a> {
    /// What lies in a range of minutes, segment by segment.
    pub fn stretches(self, range: Range<i32>) -> impl Iterator<Item = Stretch<'a>> {
        let from = self.segments.partition_point(|segment| segment.end <= range.start);
        let mut walked = &self.walked[self.walked.partition_point(|one| one.at < range.start)..];
        self.segments[from..].iter().take_while(move |segment| segment.first < range.end).map(move |segment| {
            let (first, end) = (segment.first.max(range.start), segment.end.min(range.end));
            let (own, rest) = walked.split_at(walked.partition_point(|one| one.at < end));
            walked = rest;
            Stretch { first, end, walked: own }
        })
    }

    /// The marks in a range of minutes.
    pub fn marks_in(self, range: Range<i32>) -> &'a [Mark] {
        let from = self.marks.partition_point(|mark| mark.at < range.start);
        let to = from + self.marks[from..].partition_point(|mark| mark.at < range.end);
        &self.marks[from..to]
    }

    /// Recorded minutes in a range.
    pub fn recorded_in(self, range: Range<i32>) -> u32 {
        self.stretches(range).map(|stretch| stretch.end.abs_diff(stretch.first)).sum()
    }
}

/// A [`Series`] that owns its lists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SeriesBuf {
    /// See [`Series::segments`].
    pub segments: Vec<Segment>,
    /// See [`Series::walked`].
    pub walked: Vec<Walked>,
    /// See [`Series::marks`].
    pub marks: Vec<Mark>,
}

impl SeriesBuf {
    /// Sorted minutes, none of them twice. Minutes further from 1970 than four thousand years lie in no day and are
    /// passed over.
    pub fn of(minutes: &[Minute]) -> Self {
        let mut series = Self::default();
        for minute in minutes {
            let Ok(at) = i32::try_from(minute.at) else { continue };
            series.record(at, at.saturating_add(1));
            if minute.steps > 0 {
                series.walked.push(Walked { at, steps: minute.steps });
            }
            if minute.saturated || minute.overlap || minute.wear != MinuteWear::Unknown {
                let Minute { wear, saturated, overlap, .. } = *minute;
                series.marks.push(Mark { at, wear, heart_rate: false, saturated, overlap });
            }
        }
        series
    }

    /// Adds recorded minutes after all that are there.
    pub fn record(&mut self, first: i32, end: i32) {
        match self.segments.last_mut() {
            Some(last) if last.end == first => last.end = end,
            Some(_) | None => self.segments.push(Segment { first, end }),
        }
    }

    /// Forgets what lies before a minute.
    pub fn forget_before(&mut self, minute: i32) {
        let gone = self.segments.partition_point(|segment| segment.end <= minute);
        self.segments.drain(..gone);
        if let Some(first) = self.segments.first_mut() {
            first.first = first.first.max(minute);
        }
        let gone = self.walked.partition_point(|one| one.at < minute);
        self.walked.drain(..gone);
        let gone = self.marks.partition_point(|mark| mark.at < minute);
        self.marks.drain(..gone);
    }

    /// It, to be read.
    pub fn view(&self) -> Series<'_> {
        Series { segments: &self.segments, walked: &self.walked, marks: &self.marks }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_cuts_segments_and_keeps_their_steps() {
        let series = SeriesBuf {
            segments: vec![Segment { first: 0, end: 10 }, Segment { first: 12, end: 20 }],
            walked: [3, 9, 12, 19].map(|at| Walked { at, steps: 1 }).to_vec(),
            marks: Vec::new(),
        };

        let cut: Vec<_> = series.view().stretches(4..19).map(|s| (s.first, s.end, s.walked.len())).collect();

        assert_eq!(cut, [(4, 10, 1), (12, 19, 1)]);
        assert_eq!(series.view().recorded_in(4..19), 13);
        assert_eq!(series.view().stretches(10..12).count(), 0);
    }
}
