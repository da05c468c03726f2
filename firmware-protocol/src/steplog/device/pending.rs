//! Whole epochs that are not in the ring yet. They gather until a block is full: 120 bytes of
//! them, zeros in a row counting as one, or four hours.

use crate::{
    cursor::FormatError,
    steplog::block::{Block, BlockKind, HEADER_LEN, Header, MAX_EPOCHS, MAX_LEN, MAX_RUN},
};

const MAX_BODY: usize = MAX_LEN - HEADER_LEN;
const GAP_BEFORE: u8 = 0x04;

/// An epoch that has ended.
#[derive(Clone, Copy, Debug)]
pub struct Closed {
    /// Boot in which it was counted.
    pub boot: u16,
    /// Its number.
    pub seq: u32,
    /// Uptime at its start, seconds.
    pub uptime_s: u32,
    /// Its length.
    pub seconds: u8,
    /// Steps, at most 255.
    pub steps: u8,
    /// The meta byte.
    pub meta: u8,
}

/// See the module.
#[derive(Debug)]
pub struct Pending {
    boot: u16,
    first_seq: u32,
    first_uptime_s: u32,
    epoch_s: u8,
    count: u8,
    /// How many at the start are in the log of small facts.
    noted: u8,
    items: Items,
}

/// The body of a block with runs, while it grows.
#[derive(Clone, Copy, Debug)]
struct Items {
    bytes: [u8; MAX_BODY],
    len: usize,
    /// Where the last item begins.
    last: usize,
}

impl Items {
    const fn new() -> Self {
        Self { bytes: [0; MAX_BODY], len: 0, last: 0 }
    }

    fn used(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or(&[])
    }

    /// The count of the last item, when this epoch would only raise it.
    fn raises(&mut self, steps: u8, meta: u8) -> Option<&mut u8> {
        match self.bytes.get_mut(self.last..self.len)? {
            [0, last_meta, count @ 1..MAX_RUN] if steps == 0 && *last_meta & !GAP_BEFORE == meta => Some(count),
            _ => None,
        }
    }

    /// `false` when there is no room.
    fn push(&mut self, steps: u8, meta: u8) -> bool {
        if let Some(count) = self.raises(steps, meta) {
            *count += 1;
            return true;
        }
        let item = [steps, meta, 1];
        let item = item.get(..if steps == 0 { 3 } else { 2 }).unwrap_or(&item);
        let Some(room) = self.bytes.get_mut(self.len..self.len + item.len()) else { return false };
        room.copy_from_slice(item);
        (self.last, self.len) = (self.len, self.len + item.len());
        true
    }

    /// Steps and meta of each epoch.
    fn epochs(&self) -> impl Iterator<Item = [u8; 2]> + '_ {
        let mut rest = self.used();
        let mut run = [0; 3];
        core::iter::from_fn(move || {
            if run[2] == 0 {
                (run, rest) = match rest {
                    [0, meta, count, rest @ ..] => ([0, *meta, *count], rest),
                    [steps, meta, rest @ ..] => ([*steps, *meta, 1], rest),
                    _ => return None,
                };
            }
            let [steps, meta, _] = run;
            run[1] &= !GAP_BEFORE;
            run[2] -= 1;
            Some([steps, meta])
        })
    }
}

impl Pending {
    /// None.
    pub const fn new() -> Self {
        Self { boot: 0, first_seq: 0, first_uptime_s: 0, epoch_s: 0, count: 0, noted: 0, items: Items::new() }
    }

    /// How many.
    pub const fn count(&self) -> u8 {
        self.count
    }

    /// How many are nowhere but here.
    pub const fn unnoted(&self) -> u8 {
        self.count - self.noted
    }

    /// Number of the first one.
    pub const fn first_seq(&self) -> u32 {
        self.first_seq
    }

    /// One past the number of the last one.
    pub const fn end_seq(&self) -> u32 {
        self.first_seq.saturating_add(self.count as u32)
    }

    /// Takes an epoch; `false` when it cannot join, and these have to be written first.
    pub fn add(&mut self, epoch: &Closed) -> bool {
        if self.count == 0 {
            *self = Self {
                boot: epoch.boot,
                first_seq: epoch.seq,
                first_uptime_s: epoch.uptime_s,
                epoch_s: epoch.seconds,
                ..Self::new()
            };
        }
        let length = u32::from(self.count) * u32::from(self.epoch_s);
        let follows = epoch.boot == self.boot
            && epoch.seconds == self.epoch_s
            && epoch.seq == self.end_seq()
            && self.first_uptime_s.checked_add(length) == Some(epoch.uptime_s);
        let joins = follows && self.count < MAX_RUN && self.items.push(epoch.steps, epoch.meta);
        self.count += u8::from(joins);
        joins
    }

    /// Those from the `from`-th on as a block; its length.
    pub fn emit(&self, from: u8, out: &mut [u8; MAX_LEN]) -> Result<usize, FormatError> {
        let count = self.count.saturating_sub(from);
        let mut runs = Items::new();
        let mut plain = [[0; 2]; MAX_EPOCHS as usize];
        for (index, [steps, meta]) in self.items.epochs().skip(from.into()).enumerate() {
            // Has room: it came from as many bytes.
            runs.push(steps, meta);
            if let Some(place) = plain.get_mut(index) {
                *place = [steps, meta];
            }
        }
        let plain = plain.as_flattened().get(..2 * usize::from(count));
        let (kind, body) = match (runs.used(), plain) {
            ([0, meta, _], _) => (BlockKind::ZeroRun, core::slice::from_ref(meta)),
            (runs, Some(plain)) if plain.len() <= runs.len() => (BlockKind::Epochs, plain),
            (runs, _) => (BlockKind::Runs, runs),
        };
        let header = Header {
            kind,
            flags: 0,
            boot: self.boot,
            first_seq: self.first_seq.saturating_add(from.into()),
            first_uptime_s: self.first_uptime_s.saturating_add(u32::from(from) * u32::from(self.epoch_s)),
            epoch_s: self.epoch_s,
            count,
        };
        Block::new(header, body)?.emit(out)
    }

    /// All of it is in the log of small facts.
    pub const fn note_all(&mut self) {
        self.noted = self.count;
    }

    /// All of it is in the ring.
    pub const fn clear(&mut self) {
        (self.count, self.noted, self.items) = (0, 0, Items::new());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn epoch(seq: u32, steps: u8) -> Closed {
        Closed { boot: 1, seq, uptime_s: seq * 60, seconds: 60, steps, meta: 1 }
    }

    fn emitted(pending: &Pending, from: u8) -> ([u8; MAX_LEN], usize) {
        let mut out = [0; MAX_LEN];
        let length = pending.emit(from, &mut out).unwrap();
        (out, length)
    }

    #[test]
    fn a_long_idle_stretch_becomes_one_run() {
        let mut pending = Pending::new();
        for seq in 0..u32::from(MAX_RUN) {
            assert!(pending.add(&epoch(seq, 0)));
        }

        assert!(!pending.add(&epoch(240, 0)));
        assert_eq!(emitted(&pending, 0).1, 17);
    }

    #[test]
    fn the_shortest_form_is_taken_and_means_the_same() {
        let cases: [(&[u8], BlockKind); 4] = [
            (&[9, 8, 7], BlockKind::Epochs),
            (&[9, 0, 7], BlockKind::Epochs),
            (&[9, 0, 0, 0, 7], BlockKind::Runs),
            (&[0, 0], BlockKind::ZeroRun),
        ];
        for (steps, kind) in cases {
            let mut pending = Pending::new();
            for (seq, steps) in (0..).zip(steps) {
                assert!(pending.add(&epoch(seq, *steps)));
            }

            let (out, length) = emitted(&pending, 0);
            let block = Block::parse(&out[..length]).unwrap();

            assert_eq!(block.header().kind, kind);
            assert!(block.epochs().map(|epoch| epoch.steps).eq(steps.iter().copied()));
        }
    }

    #[test]
    fn a_part_begins_within_a_run() {
        let mut pending = Pending::new();
        for (seq, steps) in (0..).zip([9, 0, 0, 0, 0, 7]) {
            pending.add(&epoch(seq, steps));
        }

        let (out, length) = emitted(&pending, 3);
        let block = Block::parse(&out[..length]).unwrap();

        assert_eq!((block.header().first_seq, block.header().first_uptime_s), (3, 180));
        assert!(block.epochs().map(|epoch| epoch.steps).eq([0, 0, 7]));
    }

    #[test]
    fn a_body_never_outgrows_a_block() {
        let mut pending = Pending::new();
        let mut seq = 0;
        // A zero between any two steps is what runs are worst at.
        while pending.add(&epoch(seq, u8::from(seq % 2 == 0))) {
            seq += 1;
        }

        assert_eq!(seq, 48);
        assert!(emitted(&pending, 0).1 <= MAX_LEN);
    }

    #[test]
    fn an_epoch_that_does_not_follow_waits() {
        let mut pending = Pending::new();
        pending.add(&epoch(5, 1));

        assert!(!pending.add(&epoch(7, 1)));
        assert!(!pending.add(&Closed { boot: 2, ..epoch(6, 1) }));
        assert!(!pending.add(&Closed { seconds: 30, ..epoch(6, 1) }));
        assert!(!pending.add(&Closed { uptime_s: 361, ..epoch(6, 1) }));
        assert!(pending.add(&epoch(6, 1)));
    }
}
