//! What is known of one counter's numbers and clocks: which epochs are stored and how they are
//! stamped, which numbers carry nothing, and what ties its boots to UTC.
//!
//! Small whatever the history: a run stands for all epochs that follow each other. It depends only
//! on what was delivered, not on the order, except that the first of two contradicting stamps stays.

use std::collections::{BTreeMap, BTreeSet};

use firmware_protocol::reading::{Anchor, BootLink, DeviceId, Epoch, HostId, Stamp};
use serde::{Deserialize, Serialize};

use super::{
    StoreError,
    format::{self, Kind},
    index::{Changes, Index},
    spans::Spans,
};
use crate::time::axis::{Axis, minute_of};

/// The longest epoch that is placed, seconds: one day.
const LONGEST_S: u32 = 86_400;

/// The clock that a run was stamped by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum RunClock {
    Boot(u16),
    Utc,
    Local(Option<i16>),
}

/// Epochs of one length whose numbers and stamps follow each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Run {
    count: u32,
    clock: RunClock,
    start_s: i64,
    step_s: u32,
}

/// Where an epoch lies: the UTC hour, and the minute or (of a coarse epoch) the second in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    pub hour: i64,
    pub at: u32,
}

/// Whether an epoch's number was known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// No.
    New,
    /// Yes, with this stamp and length.
    Same,
    /// Yes, with another stamp or length.
    Conflict,
}

/// See the module.
#[derive(Clone, Debug)]
pub struct Timeline {
    device: DeviceId,
    host: HostId,
    runs: BTreeMap<u32, Run>,
    gaps: Spans,
    asides: BTreeSet<Vec<u8>>,
    conflicts: BTreeSet<u32>,
    anchors: BTreeMap<Vec<u8>, Anchor>,
    links: BTreeMap<u16, BootLink>,
    changed_runs: BTreeSet<u32>,
    changed_gaps: BTreeSet<u32>,
    /// Marks to be written: things put aside, conflicts.
    marks: Changes,
    /// Anchors and links to be written.
    clocks: Changes,
    /// Anchors that came or went since the axis was last derived.
    fresh: Vec<Anchor>,
    fresh_links: bool,
}

impl Run {
    fn of(epoch: &Epoch) -> Self {
        let (clock, start_s) = match epoch.stamp {
            Stamp::Uptime { boot, seconds } => (RunClock::Boot(boot), seconds.into()),
            Stamp::Utc { seconds } => (RunClock::Utc, seconds),
            Stamp::Local { seconds, offset_min } => (RunClock::Local(offset_min), seconds),
        };
        Self { count: 1, clock, start_s, step_s: epoch.seconds }
    }

    fn start_of(&self, index: u32) -> i64 {
        self.start_s.saturating_add(i64::from(index) * i64::from(self.step_s))
    }

    fn continues(&self, next: &Self) -> bool {
        self.clock == next.clock && self.step_s == next.step_s && self.start_of(self.count) == next.start_s
    }

    fn place(&self, index: u32, axis: &Axis) -> Option<Place> {
        if self.step_s > LONGEST_S {
            return None;
        }
        let stamp_s = self.start_of(index);
        let start_ms = match self.clock {
            RunClock::Boot(boot) => axis.utc_ms(boot, u64::try_from(stamp_s).ok()?.checked_mul(1000)?)?,
            RunClock::Utc => stamp_s.checked_mul(1000)?,
            RunClock::Local(Some(offset_min)) => stamp_s.checked_sub(i64::from(offset_min) * 60)?.checked_mul(1000)?,
            // A wall clock needs the zone it showed, which nobody has told the store.
            RunClock::Local(None) => return None,
        };
        let (in_hour, position) = if self.step_s <= 60 {
            (60, minute_of(start_ms, self.step_s))
        } else {
            (3600, start_ms.saturating_add(500).div_euclid(1000))
        };
        let hour = Some(position.div_euclid(in_hour)).filter(|hour| format::HOURS.contains(hour))?;
        Some(Place { hour, at: u32::try_from(position.rem_euclid(in_hour)).ok()? })
    }
}

impl Timeline {
    /// Of a counter nothing is known of.
    pub fn empty(device: DeviceId, host: HostId) -> Self {
        Self {
            device,
            host,
            runs: BTreeMap::new(),
            gaps: Spans::default(),
            asides: BTreeSet::new(),
            conflicts: BTreeSet::new(),
            anchors: BTreeMap::new(),
            links: BTreeMap::new(),
            changed_runs: BTreeSet::new(),
            changed_gaps: BTreeSet::new(),
            marks: Changes::new(),
            clocks: Changes::new(),
            fresh: Vec::new(),
            fresh_links: false,
        }
    }

    /// As the index has it.
    pub fn load(index: &Index, device: DeviceId, host: HostId) -> Result<Self, StoreError> {
        let mut this = Self::empty(device, host);
        let mut unread = 0;
        let keyed = |kind| format::of_device(kind, device);
        index.prefix(
            &keyed(Kind::Run),
            &mut |key, value| match (format::seq_of(key), postcard::from_bytes(&value)) {
                (Some(seq), Ok(run)) => drop(this.runs.insert(seq, run)),
                _ => unread += 1,
            },
        )?;
        index.prefix(
            &keyed(Kind::Gap),
            &mut |key, value| match (format::seq_of(key), postcard::from_bytes(&value)) {
                (Some(seq), Ok(end)) => this.gaps.insert(seq, end),
                _ => unread += 1,
            },
        )?;
        index.prefix(&keyed(Kind::Aside), &mut |key, _| this.asides.extend([key.to_vec()]))?;
        index.prefix(&keyed(Kind::Conflict), &mut |key, _| this.conflicts.extend(format::seq_of(key)))?;
        index.prefix(&keyed(Kind::Anchor), &mut |key, value| match postcard::from_bytes::<AnchorValue>(&value) {
            Ok(anchor) => drop(this.anchors.insert(key.to_vec(), anchor.into())),
            Err(_) => unread += 1,
        })?;
        index.prefix(&keyed(Kind::Link), &mut |_, value| match postcard::from_bytes(&value) {
            Ok((boot, previous, previous_uptime_ms, off_ms)) => {
                this.links.insert(boot, BootLink { boot, previous, previous_uptime_ms, off_ms });
            }
            Err(_) => unread += 1,
        })?;
        if unread > 0 {
            return Err(StoreError::damaged(format!("{unread} index values of {device}")));
        }
        Ok(this)
    }

    /// Takes an anchor in.
    pub fn add_anchor(&mut self, anchor: Anchor) {
        let key = format::anchor(self.device, &anchor);
        let before = self.anchors.get(&key).copied();
        // The later one, when the host's clock had had more time to be set; accuracy decides only where it matters.
        let rank = |a: &Anchor| (a.accuracy_ms <= 1_000, a.uptime_ms, u32::MAX - a.accuracy_ms, a.utc_ms);
        if before.is_some_and(|before| rank(&before) >= rank(&anchor)) {
            return;
        }
        self.fresh.extend(before);
        self.fresh.push(anchor);
        let value = postcard::to_stdvec(&AnchorValue::from(anchor)).expect("numbers always have a written form");
        self.clocks.push((key.clone(), Some(value)));
        self.anchors.insert(key, anchor);
    }

    /// Takes a boot link in.
    pub fn add_link(&mut self, link: BootLink) {
        let fields = |l: &BootLink| (l.boot, l.previous, l.previous_uptime_ms, l.off_ms);
        if self.links.get(&link.boot).is_some_and(|before| fields(before) <= fields(&link)) {
            return;
        }
        self.links.insert(link.boot, link);
        self.fresh_links = true;
        let value = postcard::to_stdvec(&fields(&link)).expect("numbers always have a written form");
        self.clocks.push((format::link(self.device, link.boot), Some(value)));
    }

    /// The axis that follows. Anchors of other installations count only where there is none of this one.
    pub fn axis(&self) -> Axis {
        let links: Vec<_> = self.links.values().copied().collect();
        let chain = |boot: u16| {
            let mut boot = boot;
            while let Some(link) = self.links.get(&boot).filter(|link| link.previous < boot) {
                boot = link.previous;
            }
            boot
        };
        let own: BTreeSet<u16> =
            self.anchors.values().filter(|anchor| anchor.host == self.host).map(|anchor| chain(anchor.boot)).collect();
        let counts = |anchor: &&Anchor| anchor.host == self.host || !own.contains(&chain(anchor.boot));
        let anchors: Vec<_> = self.anchors.values().filter(counts).copied().collect();
        Axis::new(&anchors, &links)
    }

    /// Whether anchors or links came since the last call of [`Self::moved`].
    pub fn has_fresh_clocks(&self) -> bool {
        self.fresh_links || !self.fresh.is_empty()
    }

    /// The hours that hold an epoch under one of two axes and another set of epochs, or the same ones
    /// at other minutes, under the other.
    pub fn moved(&mut self, old: &Axis, new: &Axis) -> BTreeSet<i64> {
        let fresh: BTreeSet<(u16, u64)> = self.fresh.drain(..).map(|a| (a.boot, a.uptime_ms)).collect();
        self.fresh_links = false;
        let mut points: BTreeMap<u16, BTreeSet<u64>> = BTreeMap::new();
        for (boot, uptime_ms) in self.anchors.values().map(|a| (a.boot, a.uptime_ms)).chain(fresh.iter().copied()) {
            points.entry(boot).or_default().insert(uptime_ms);
        }
        let mut hours = BTreeSet::new();
        for run in self.runs.values() {
            let RunClock::Boot(boot) = run.clock else { continue };
            let ms = |index| u64::try_from(run.start_of(index)).unwrap_or(0).saturating_mul(1000);
            let (first, end) = (ms(0), ms(run.count));
            // Both axes are straight between these points.
            let mut at: Vec<u64> = vec![first];
            at.extend(points.get(&boot).into_iter().flat_map(|points| points.range(first + 1..end.max(first + 1))));
            at.push(end);
            let differs = |ms: &u64| fresh.contains(&(boot, *ms)) || old.utc_ms(boot, *ms) != new.utc_ms(boot, *ms);
            let changed: Vec<bool> = at.iter().map(differs).collect();
            for piece in 0..at.len() - 1 {
                // One piece more on either side: equal at both ends to the millisecond is not equal inside.
                let near = &changed[piece.saturating_sub(1)..(piece + 3).min(changed.len())];
                if !near.contains(&true) {
                    continue;
                }
                let step_ms = u64::from(run.step_s.max(1)) * 1000;
                let index = |ms: u64| u32::try_from((ms - first).div_ceil(step_ms)).unwrap_or(run.count).min(run.count);
                for epoch in index(at[piece])..index(at[piece + 1]) {
                    let (before, after) = (run.place(epoch, old), run.place(epoch, new));
                    if before != after {
                        hours.extend(before.into_iter().chain(after).map(|place| place.hour));
                    }
                }
            }
        }
        hours
    }

    /// Takes an epoch's number and stamp in.
    pub fn add_epoch(&mut self, epoch: &Epoch) -> Known {
        let known = self.knows(epoch);
        if known != Known::New {
            return known;
        }
        let mut run = Run::of(epoch);
        let mut seq = epoch.seq;
        if let Some((first, before)) = self.runs.range(..seq).next_back().map(|(first, before)| (*first, *before))
            && first.checked_add(before.count) == Some(seq)
            && before.continues(&run)
        {
            (seq, run) = (first, Run { count: before.count + 1, ..before });
        }
        if let Some(next) = seq.checked_add(run.count)
            && let Some(after) = self.runs.get(&next).copied()
            && run.continues(&after)
        {
            self.runs.remove(&next);
            self.changed_runs.insert(next);
            run.count += after.count;
        }
        self.runs.insert(seq, run);
        self.changed_runs.insert(seq);
        Known::New
    }

    /// Whether an epoch's number is known, and with the same stamp.
    pub fn knows(&self, epoch: &Epoch) -> Known {
        let Some((first, run)) = self.runs.range(..=epoch.seq).next_back() else { return Known::New };
        let index = epoch.seq - first;
        if index >= run.count {
            return Known::New;
        }
        let here = Run { count: 1, start_s: run.start_of(index), ..*run };
        if here == Run::of(epoch) { Known::Same } else { Known::Conflict }
    }

    /// Where an epoch lies in UTC, as far as that is known.
    pub fn place(epoch: &Epoch, axis: &Axis) -> Option<Place> {
        Run::of(epoch).place(0, axis)
    }

    /// Takes numbers in that carry no data.
    pub fn add_gap(&mut self, seq: u32, count: u32) {
        self.gaps.add(seq, u64::from(seq) + u64::from(count), &mut self.changed_gaps);
    }

    /// Takes in that something was put aside; says whether it is new.
    pub fn add_aside(&mut self, seq: Option<u32>, bytes: &[u8], reason: u8) -> bool {
        let key = format::aside(self.device, seq, bytes);
        let new = self.asides.insert(key.clone());
        if new {
            self.marks.push((key, Some(vec![reason])));
        }
        new
    }

    /// Takes in that another epoch came under a known number; says whether that is new.
    pub fn add_conflict(&mut self, seq: u32) -> bool {
        let new = self.conflicts.insert(seq);
        if new {
            self.marks.push((format::seq(Kind::Conflict, self.device, seq), Some(Vec::new())));
        }
        new
    }

    /// What has to be written since the last call: marks, which may be written before the rest, and
    /// the rest, which belongs together.
    pub fn take_changes(&mut self) -> (Changes, Changes) {
        let mut together = std::mem::take(&mut self.clocks);
        for seq in std::mem::take(&mut self.changed_runs) {
            let value =
                self.runs.get(&seq).map(|run| postcard::to_stdvec(run).expect("numbers always have a written form"));
            together.push((format::seq(Kind::Run, self.device, seq), value));
        }
        for seq in std::mem::take(&mut self.changed_gaps) {
            let value =
                self.gaps.end_of(seq).map(|end| postcard::to_stdvec(&end).expect("a number has a written form"));
            together.push((format::seq(Kind::Gap, self.device, seq), value));
        }
        (std::mem::take(&mut self.marks), together)
    }

    /// How many different things were put aside.
    pub fn quarantined(&self) -> u64 {
        self.asides.len() as u64
    }

    /// How many numbers came with two different epochs.
    pub fn conflicts(&self) -> u64 {
        self.conflicts.len() as u64
    }

    /// How many epochs are stored.
    pub fn epochs(&self) -> u64 {
        self.runs.values().map(|run| u64::from(run.count)).sum()
    }

    /// How many numbers carry no data.
    pub fn lost(&self) -> u64 {
        self.gaps.total()
            - self
                .runs
                .iter()
                .map(|(seq, run)| self.gaps.overlap(*seq, u64::from(*seq) + u64::from(run.count)))
                .sum::<u64>()
    }

    /// Epochs without a place in UTC, and the boots they are of.
    pub fn undated(&self, axis: &Axis) -> (u64, BTreeSet<u16>) {
        let (mut epochs, mut boots) = (0, BTreeSet::new());
        for run in self.runs.values().filter(|run| run.place(0, axis).is_none()) {
            epochs += u64::from(run.count);
            if let RunClock::Boot(boot) = run.clock {
                boots.insert(boot);
            }
        }
        (epochs, boots)
    }

    /// The lowest number that was put aside and has not come in a readable form since.
    pub fn held_at(&self) -> Option<u32> {
        self.asides.iter().filter_map(|key| format::seq_of(key)).find(|seq| *seq != u32::MAX && !self.has(*seq))
    }

    /// All numbers below this one, from the lowest that was ever seen, are stored or known to carry nothing.
    pub fn stored_to(&self) -> u32 {
        let (run, gap) = (self.runs.keys().next().copied(), self.gaps.first());
        let Some(mut at) = run.into_iter().chain(gap).chain(self.held_at()).min() else { return 0 };
        loop {
            let run = self.runs.range(..=at).next_back().map(|(first, run)| first.saturating_add(run.count));
            let end = run.into_iter().chain(self.gaps.end_around(at)).max().filter(|end| *end > at);
            match end {
                Some(end) => at = end,
                None => return at,
            }
        }
    }

    /// One past the highest number that is stored or known to carry nothing.
    pub fn after_newest(&self) -> u32 {
        let run = self.runs.iter().next_back().map(|(first, run)| first.saturating_add(run.count));
        run.into_iter().chain(self.gaps.end()).max().unwrap_or(0)
    }

    fn has(&self, seq: u32) -> bool {
        let run = self.runs.range(..=seq).next_back().is_some_and(|(first, run)| seq - first < run.count);
        run || self.gaps.end_around(seq).is_some_and(|end| end > seq)
    }
}

/// [`Anchor`] in a form that is stored.
#[derive(Serialize, Deserialize)]
struct AnchorValue(u16, u64, i64, u32, [u8; 8]);

impl From<Anchor> for AnchorValue {
    fn from(a: Anchor) -> Self {
        Self(a.boot, a.uptime_ms, a.utc_ms, a.accuracy_ms, a.host.0)
    }
}

impl From<AnchorValue> for Anchor {
    fn from(AnchorValue(boot, uptime_ms, utc_ms, accuracy_ms, host): AnchorValue) -> Self {
        Self { boot, uptime_ms, utc_ms, accuracy_ms, host: HostId(host) }
    }
}
