//! One round of the history: packets put together, and how much of them may be believed.
//!
//! Nothing in a packet says which minute it holds; its one-byte counter and the announced number of minutes are
//! all there is. So a minute is believed only while the counter went up by one from packet to packet.

use alloc::vec::Vec;

use super::{layout::BandTime, sample::SampleSize};
use crate::driver::QuarantineReason;

/// One round under way.
#[derive(Debug)]
pub struct Round {
    /// As the band announced it.
    announced: BandTime,
    /// The minute of the first sample that is still in `bytes`.
    start: BandTime,
    /// Minutes that the band announced.
    count: u32,
    /// What the model's samples measure, when the model is known.
    expected: Option<SampleSize>,
    bytes: Vec<u8>,
    /// Bytes handed on before the end.
    handed_on: usize,
    next: u8,
    last: Vec<u8>,
    /// Samples' bytes in a full packet.
    full: usize,
    /// A packet was shorter than the first: it has to be the last.
    short: bool,
    broken: bool,
}

/// What a packet did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Took {
    /// It belongs there.
    More,
    /// The radio delivered it twice, or it comes after a break.
    Nothing,
    /// A packet is missing before it: what came before is good, the rest is to be fetched again.
    Break,
    /// It cannot be a packet of this round: likewise.
    Malformed(QuarantineReason),
}

/// How a round ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The band says that everything was sent.
    Sent,
    /// Nobody says so.
    Open,
}

/// Samples that may be believed, the first of them of the minute `start`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Minutes {
    /// See above.
    pub start: BandTime,
    /// How long each is.
    pub size: SampleSize,
    /// Whole samples as sent.
    pub samples: Vec<u8>,
}

/// What a round brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// What may be believed.
    pub minutes: Option<Minutes>,
    /// What may not be, with the reason; it has the form of a unit, so that it can be looked at again.
    pub aside: Option<(Vec<u8>, QuarantineReason)>,
    /// Everything that was announced came.
    pub whole: bool,
}

/// Packets until the counter is the same again.
const CIRCLE: usize = 256;

impl Minutes {
    /// How many.
    pub fn count(&self) -> usize {
        self.samples.len() / self.size.bytes()
    }

    /// The unit: eight bytes start, one byte sample size, samples.
    pub fn unit(&self) -> Vec<u8> {
        unit(self.start, self.size, &self.samples)
    }

    /// Parts with the first `n`, if any.
    pub fn split_off_first(&mut self, n: usize) -> Option<Self> {
        let n = n.min(self.count());
        let rest = self.samples.split_off(n * self.size.bytes());
        let start = self.start.later(i64::try_from(n).unwrap_or(i64::MAX));
        let size = self.size;
        let first = core::mem::replace(self, Self { start, size, samples: rest });
        (!first.samples.is_empty()).then_some(first)
    }
}

fn unit(start: BandTime, size: SampleSize, samples: &[u8]) -> Vec<u8> {
    let size = if size == SampleSize::Four { 4 } else { 8 };
    [&start.emit()[..], &[size], samples].concat()
}

impl Round {
    /// Announced by the band.
    pub const fn new(start: BandTime, count: u32, expected: Option<SampleSize>) -> Self {
        Self {
            announced: start,
            start,
            count,
            expected,
            bytes: Vec::new(),
            handed_on: 0,
            next: 0,
            last: Vec::new(),
            full: 0,
            short: false,
            broken: false,
        }
    }

    /// A packet: one byte counter, samples.
    pub fn take(&mut self, packet: &[u8]) -> Took {
        let Some((counter, samples)) = packet.split_first() else { return self.malformed(QuarantineReason::Truncated) };
        if self.broken || (!self.last.is_empty() && self.last == packet) {
            return Took::Nothing;
        }
        if *counter != self.next {
            self.broken = true;
            return Took::Break;
        }
        if samples.is_empty() {
            return self.malformed(QuarantineReason::Truncated);
        }
        if samples.len() % SampleSize::Four.bytes() != 0 {
            return self.malformed(QuarantineReason::BadField);
        }
        if self.full == 0 {
            self.full = samples.len();
        }
        // A packet cut short on its way would shift every minute after it.
        if self.short || samples.len() > self.full {
            self.broken = true;
            return Took::Break;
        }
        if self.received().saturating_add(samples.len()) > self.length(SampleSize::Eight) {
            return self.malformed(QuarantineReason::BadField);
        }
        self.short = samples.len() < self.full;
        self.next = self.next.wrapping_add(1);
        self.last = packet.to_vec();
        self.bytes.extend_from_slice(samples);
        Took::More
    }

    /// Whether this is the round that was announced so.
    pub fn is(&self, start: BandTime, count: u32) -> bool {
        self.announced == start && self.count == count
    }

    /// Bytes gathered and not handed on.
    pub const fn waiting(&self) -> usize {
        self.bytes.len()
    }

    /// Minutes that came, at least.
    pub fn minutes(&self) -> usize {
        self.received() / self.expected.unwrap_or(SampleSize::Eight).bytes()
    }

    /// A packet is missing: nothing that comes now can be placed.
    pub const fn is_broken(&self) -> bool {
        self.broken
    }

    /// Hands on what came so far, of a round that is long. Only where the model says how long samples are: the
    /// announced number cannot confirm it yet.
    pub fn hand_on(&mut self) -> Option<Minutes> {
        let size = self.expected?;
        let whole = self.bytes.len() - self.bytes.len() % size.bytes();
        let rest = self.bytes.split_off(whole);
        let samples = core::mem::replace(&mut self.bytes, rest);
        self.handed_on = self.handed_on.saturating_add(samples.len());
        let minutes = Minutes { start: self.start, size, samples };
        self.start = self.start.later(i64::try_from(minutes.count()).unwrap_or(i64::MAX));
        (!minutes.samples.is_empty()).then_some(minutes)
    }

    /// What the round brought, when nothing more will come.
    pub fn end(mut self, end: End) -> Verdict {
        let nothing = Verdict { minutes: None, aside: None, whole: false };
        let fitting = if self.broken { None } else { self.fitting(end) };
        let Some(size) = fitting.or(self.expected) else {
            // The model is not known and the number does not tell: samples cannot be told apart.
            return nothing;
        };
        if fitting.is_none() && self.received() > self.length(size) {
            return self.put_aside(size, QuarantineReason::BadField);
        }
        let lost = self.length(size).saturating_sub(self.received());
        if end == End::Sent && !self.broken && self.full > 0 && lost >= self.full.saturating_mul(CIRCLE) {
            // As many packets as the counter has values may be missing anywhere.
            return self.put_aside(size, QuarantineReason::Truncated);
        }
        if self.handed_on > 0 && Some(size) != self.expected {
            return self.put_aside(size, QuarantineReason::BadField);
        }
        self.expected = Some(size);
        Verdict { minutes: self.hand_on(), whole: fitting.is_some(), ..nothing }
    }

    fn put_aside(self, size: SampleSize, reason: QuarantineReason) -> Verdict {
        let aside = (!self.bytes.is_empty()).then(|| (unit(self.start, size, &self.bytes), reason));
        Verdict { minutes: None, aside, whole: false }
    }

    const fn received(&self) -> usize {
        self.handed_on.saturating_add(self.bytes.len())
    }

    fn length(&self, size: SampleSize) -> usize {
        usize::try_from(self.count).unwrap_or(usize::MAX).saturating_mul(size.bytes())
    }

    /// The size with which the announced minutes have the length that came; the model's own first. Before the band says
    /// that it sent everything, half of the long samples look like all of the short ones.
    fn fitting(&self, end: End) -> Option<SampleSize> {
        let fits = |size: &SampleSize| self.received() == self.length(*size);
        match end {
            End::Open => self.expected.filter(fits),
            End::Sent => {
                let first = self.expected.unwrap_or(SampleSize::Four);
                [first, first.other()].into_iter().find(fits)
            }
        }
    }

    fn malformed(&mut self, reason: QuarantineReason) -> Took {
        if self.broken {
            return Took::Nothing;
        }
        self.broken = true;
        Took::Malformed(reason)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    fn start() -> BandTime {
        BandTime::at(1_772_366_400, 4)
    }

    fn packet(counter: u8, samples: usize) -> Vec<u8> {
        let mut bytes = vec![counter];
        for n in 0..samples {
            bytes.extend([1, counter, u8::try_from(n).unwrap(), 255]);
        }
        bytes
    }

    #[test]
    fn a_break_in_the_packet_counter_keeps_the_prefix() {
        // 74, then 76: seen in the wild.
        let mut round = Round::new(start(), 400, Some(SampleSize::Four));
        for counter in 0..=74 {
            assert_eq!(round.take(&packet(counter, 4)), Took::More);
        }

        assert_eq!(round.take(&packet(76, 4)), Took::Break);
        assert_eq!(round.take(&packet(77, 4)), Took::Nothing);

        let verdict = round.end(End::Sent);
        assert_eq!((verdict.minutes.unwrap().count(), verdict.whole), (300, false));
    }

    #[test]
    fn the_counter_begins_at_zero_and_goes_round() {
        let mut round = Round::new(start(), 300, Some(SampleSize::Four));
        for n in 0..300_u16 {
            assert_eq!(round.take(&packet(n.to_le_bytes()[0], 1)), Took::More);
        }
        assert!(round.end(End::Sent).whole);

        assert_eq!(Round::new(start(), 300, Some(SampleSize::Four)).take(&packet(1, 4)), Took::Break);
    }

    #[test]
    fn half_of_the_long_samples_are_not_all_of_the_short_ones() {
        let mut round = Round::new(start(), 8, Some(SampleSize::Eight));
        round.take(&packet(0, 4));
        round.take(&packet(1, 4));

        let verdict = round.end(End::Open);

        let minutes = verdict.minutes.unwrap();
        assert_eq!((minutes.size, minutes.count(), verdict.whole), (SampleSize::Eight, 4, false));
        let mut unknown = Round::new(start(), 8, None);
        unknown.take(&packet(0, 4));
        unknown.take(&packet(1, 4));
        assert_eq!(unknown.end(End::Open).minutes, None);
    }

    #[test]
    fn a_packet_that_came_twice_counts_once() {
        let mut round = Round::new(start(), 8, Some(SampleSize::Four));

        assert_eq!(round.take(&packet(0, 4)), Took::More);
        assert_eq!(round.take(&packet(0, 4)), Took::Nothing);
        assert_eq!(round.take(&packet(1, 4)), Took::More);

        assert_eq!(round.end(End::Sent).minutes.unwrap().count(), 8);
    }

    #[test]
    fn a_packet_cut_on_its_way_shifts_no_minute() {
        let mut round = Round::new(start(), 12, Some(SampleSize::Four));

        assert_eq!(round.take(&packet(0, 4)), Took::More);
        assert_eq!(round.take(&packet(1, 3)), Took::More);
        assert_eq!(round.take(&packet(2, 4)), Took::Break);

        assert_eq!(round.end(End::Sent).minutes.unwrap().count(), 7);
    }

    #[test]
    fn samples_that_are_not_whole_make_a_packet_malformed() {
        for (bytes, want) in [
            (&[0_u8, 1, 2, 3][..], QuarantineReason::BadField),
            (&[0], QuarantineReason::Truncated),
            (&[], QuarantineReason::Truncated),
        ] {
            let mut round = Round::new(start(), 12, Some(SampleSize::Four));
            assert_eq!(round.take(bytes), Took::Malformed(want));
        }
    }

    #[test]
    fn the_announced_number_tells_the_sample_size_when_the_model_does_not() {
        for (expected, packets, want) in [
            (None, 2, Some((SampleSize::Four, 8))),
            (None, 4, Some((SampleSize::Eight, 8))),
            (Some(SampleSize::Four), 4, Some((SampleSize::Eight, 8))),
            (Some(SampleSize::Eight), 2, Some((SampleSize::Four, 8))),
            (None, 3, None),
            (Some(SampleSize::Eight), 3, Some((SampleSize::Eight, 6))),
        ] {
            let mut round = Round::new(start(), 8, expected);
            for counter in 0..packets {
                round.take(&packet(counter, 4));
            }
            let minutes = round.end(End::Sent).minutes.map(|minutes| (minutes.size, minutes.count()));
            assert_eq!(minutes, want, "{expected:?}, {packets}");
        }
    }

    #[test]
    fn more_than_was_announced_of_either_size_is_put_aside() {
        let mut round = Round::new(start(), 8, Some(SampleSize::Four));
        for counter in 0..3 {
            round.take(&packet(counter, 4));
        }

        let verdict = round.end(End::Sent);

        assert_eq!(verdict.minutes, None);
        assert_eq!(verdict.aside.unwrap().1, QuarantineReason::BadField);
    }

    #[test]
    fn a_hole_as_long_as_the_counters_circle_is_not_taken_for_the_tail() {
        // 256 packets lost in the middle: the counter seems to go on.
        let mut round = Round::new(start(), 300 * 4, Some(SampleSize::Four));
        for counter in 0..44 {
            assert_eq!(round.take(&packet(counter, 4)), Took::More);
        }

        let verdict = round.end(End::Sent);

        assert_eq!(verdict.minutes, None);
        assert_eq!(verdict.aside.unwrap().1, QuarantineReason::Truncated);
    }

    #[test]
    fn a_long_round_is_handed_on_in_pieces_that_follow_each_other() {
        let mut round = Round::new(start(), 8, Some(SampleSize::Four));
        round.take(&packet(0, 4));
        let first = round.hand_on().unwrap();
        round.take(&packet(1, 4));
        let verdict = round.end(End::Sent);

        let second = verdict.minutes.unwrap();
        assert_eq!((first.count(), second.count(), verdict.whole), (4, 4, true));
        assert_eq!(second.start, first.start.later(4));
    }
}
