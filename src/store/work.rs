//! Bringing deliveries into the index.
//!
//! A [`Work`] belongs to one counter. It takes journal entries in order and writes what follows from
//! them: hours first, then, in one batch, everything that says that those hours are there. A crash in
//! between heals by taking the same entries in again.

use std::collections::{BTreeMap, BTreeSet};

use firmware_protocol::{
    driver::QuarantineReason,
    reading::{DeviceId, Epoch, HostId, Reading, Stamp},
};
use serde::{Deserialize, Serialize};

use super::{
    BondLevel, StoreError,
    entry::{CounterIdentity, DeliveryEntry, Entry},
    format::{self, Kind},
    hour::{Added, Contribution, HOURS_A_DAY, Hour},
    hours::{self, DirtyDay},
    index::{BATCH_KEYS, Changes, Index},
    timeline::{Known, Timeline},
};
use crate::time::axis::Axis;

/// What one delivery changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stored {
    /// Epochs that were not stored before.
    pub new_epochs: u64,
    /// Epochs that were.
    pub repeated_epochs: u64,
    /// Epochs whose number was stored with other content; what was stored first stays.
    pub conflicts: u64,
    /// Units that could not be read and were put aside.
    pub quarantined: u64,
    /// UTC hours, counted from 1970, whose minutes changed.
    pub touched_hours: BTreeSet<i64>,
}

/// What the index keeps of a counter besides its timeline.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CounterValue {
    /// Journal records below this number are in the index.
    pub applied: u32,
    pub identity: Option<CounterIdentity>,
    /// Unix milliseconds of the latest arrival under a clock that could be believed.
    pub arrived_ms: Option<i64>,
    /// When (believed or not, Unix milliseconds), then percent.
    pub battery: Option<(bool, i64, u8)>,
    /// When (believed or not, Unix milliseconds), then how the link was protected.
    pub bond: Option<(bool, i64, BondLevel)>,
    /// Of a counter with a running total: when it was read (Unix seconds), the total.
    pub last_total: Option<(i64, u32)>,
    /// When (believed or not, Unix milliseconds), then by how much the counter's clock was ahead, milliseconds.
    pub clock_ahead: Option<(bool, i64, i64)>,
}

/// All readings of a delivery, and what of it could not be read.
pub struct Decoded {
    pub readings: Vec<Reading>,
    pub unreadable: Vec<(Option<u32>, Vec<u8>, QuarantineReason)>,
}

/// Reads the units of a delivery. A unit is believed whole or not at all.
pub fn decode(entry: &DeliveryEntry) -> Decoded {
    let mut decoded = Decoded { readings: Vec::new(), unreadable: Vec::new() };
    for (kind, bytes) in entry.units() {
        let before = decoded.readings.len();
        let result = match kind {
            Some(kind) => firmware_protocol::decode(kind, bytes, &mut |reading| decoded.readings.push(reading)),
            None => Err(QuarantineReason::UnknownVersion),
        };
        if let Err(reason) = result {
            decoded.readings.truncate(before);
            decoded.unreadable.push((None, bytes.to_vec(), reason));
        }
    }
    let aside = entry.quarantined().map(|(bytes, seq, reason)| (seq, bytes.to_vec(), reason));
    decoded.unreadable.extend(aside);
    decoded
}

/// See the module.
pub struct Work {
    device: DeviceId,
    pub timeline: Timeline,
    pub axis: Axis,
    pub value: CounterValue,
    hours: BTreeMap<i64, Hour>,
    changed: BTreeSet<i64>,
    /// Hours to be marked as changed.
    dirty: BTreeSet<i64>,
    /// What the entries since the last [`Work::take_stored`] changed.
    stored: Stored,
}

impl Work {
    /// On a counter that the index knows nothing of.
    pub fn empty(device: DeviceId, host: HostId) -> Self {
        Self {
            device,
            timeline: Timeline::empty(device, host),
            axis: Axis::default(),
            value: CounterValue::default(),
            hours: BTreeMap::new(),
            changed: BTreeSet::new(),
            dirty: BTreeSet::new(),
            stored: Stored::default(),
        }
    }

    /// On a counter as the index has it.
    pub fn load(index: &Index, device: DeviceId, host: HostId) -> Result<Self, StoreError> {
        let timeline = Timeline::load(index, device, host)?;
        let value = match index.get(&format::of_device(Kind::Counter, device))? {
            Some(bytes) => postcard::from_bytes(&bytes).map_err(|_| StoreError::damaged("the state of a counter"))?,
            None => CounterValue::default(),
        };
        Ok(Self { axis: timeline.axis(), timeline, value, ..Self::empty(device, host) })
    }

    /// Takes the clocks of an entry in, and nothing else of it.
    pub fn seed_clocks(&mut self, entry: &Entry) {
        let Entry::Delivery(delivery) = entry else { return };
        for reading in decode(delivery).readings {
            self.add_clock(&reading);
        }
    }

    /// Derives the axis from all clocks taken in so far; says which hours are not right any more.
    pub fn derive_axis(&mut self) -> BTreeSet<i64> {
        if !self.timeline.has_fresh_clocks() {
            return BTreeSet::new();
        }
        let axis = self.timeline.axis();
        let moved = self.timeline.moved(&self.axis, &axis);
        self.axis = axis;
        moved
    }

    /// Takes an entry in. The hours it returns have to be derived from the journal before the next commit.
    pub fn apply(&mut self, index: &Index, ordinal: u32, entry: &Entry) -> Result<BTreeSet<i64>, StoreError> {
        self.value.applied = self.value.applied.max(ordinal.saturating_add(1));
        match entry {
            Entry::Delivery(delivery) => self.deliver(index, delivery),
            Entry::Identity { identity, .. } => {
                self.value.identity = Some(identity.clone());
                Ok(BTreeSet::new())
            }
            Entry::Decision { .. }
            | Entry::Revisions(_)
            | Entry::Passages { .. }
            | Entry::Linked { .. }
            | Entry::LinkedRevisions(_)
            | Entry::Gone { .. } => Ok(BTreeSet::new()),
        }
    }

    fn deliver(&mut self, index: &Index, delivery: &DeliveryEntry) -> Result<BTreeSet<i64>, StoreError> {
        let decoded = decode(delivery);
        let when = (delivery.trusted, delivery.arrived_ms);
        if delivery.trusted {
            self.value.arrived_ms = self.value.arrived_ms.max(Some(delivery.arrived_ms));
        }
        if self.value.bond.is_none_or(|(trusted, ms, _)| (trusted, ms) <= when) {
            self.value.bond = Some((when.0, when.1, delivery.bond));
        }
        for (seq, bytes, reason) in &decoded.unreadable {
            self.timeline.add_aside(*seq, bytes, *reason as u8);
            self.stored.quarantined += 1;
        }
        decoded.readings.iter().for_each(|reading| self.add_clock(reading));
        let moved = self.derive_axis();
        for reading in &decoded.readings {
            match reading {
                Reading::Epoch(epoch) => self.add_epoch(index, epoch)?,
                Reading::Gap { seq, count } => self.timeline.add_gap(*seq, *count),
                Reading::Battery { percent } => {
                    self.value.battery = self.value.battery.max(Some((when.0, when.1, *percent)));
                }
                Reading::Counter { stamp: Stamp::Utc { seconds }, steps } => {
                    self.value.last_total = self.value.last_total.max(Some((*seconds, *steps)));
                }
                Reading::Clock { host_utc_ms, claimed_utc_ms, .. } => {
                    let ahead_ms = claimed_utc_ms.saturating_sub(*host_utc_ms);
                    self.value.clock_ahead = self.value.clock_ahead.max(Some((when.0, when.1, ahead_ms)));
                }
                // Clocks of counters that stamp with their uptime are taken in above. A total by a clock that nobody
                // knows stays in the journal.
                Reading::Anchor(_) | Reading::BootLink(_) | Reading::Counter { .. } => {}
            }
        }
        self.stored.touched_hours.extend(&moved);
        Ok(moved)
    }

    fn add_clock(&mut self, reading: &Reading) {
        match reading {
            Reading::Anchor(anchor) => self.timeline.add_anchor(*anchor),
            Reading::BootLink(link) => self.timeline.add_link(*link),
            Reading::Epoch(_)
            | Reading::Gap { .. }
            | Reading::Counter { .. }
            | Reading::Clock { .. }
            | Reading::Battery { .. } => {}
        }
    }

    fn add_epoch(&mut self, index: &Index, epoch: &Epoch) -> Result<(), StoreError> {
        let known = self.timeline.add_epoch(epoch);
        let place = Timeline::place(epoch, &self.axis);
        let added = match (known, place) {
            (Known::Conflict, _) => Added::Conflict,
            (Known::New, None) => Added::New,
            (Known::Same, None) => Added::Same,
            (Known::New | Known::Same, Some(place)) => {
                let added = self.hour(index, place.hour)?.add(Contribution::new(epoch, place.at));
                if added == Added::New {
                    self.mark(place.hour, epoch.seconds);
                }
                if known == Known::New && added == Added::Same { Added::New } else { added }
            }
        };
        match added {
            Added::New => self.stored.new_epochs += 1,
            Added::Same => self.stored.repeated_epochs += 1,
            Added::Conflict => {
                self.timeline.add_conflict(epoch.seq);
                self.stored.conflicts += 1;
            }
        }
        Ok(())
    }

    /// Adds an epoch to hours that are derived anew, in the order of the journal.
    pub fn derive(&mut self, epoch: &Epoch, hours: &mut BTreeMap<i64, Hour>) {
        let Some(place) = Timeline::place(epoch, &self.axis) else { return };
        let Some(hour) = hours.get_mut(&place.hour) else { return };
        let stamped = self.timeline.knows(epoch) == Known::Same;
        if !stamped || hour.add(Contribution::new(epoch, place.at)) == Added::Conflict {
            self.timeline.add_conflict(epoch.seq);
        }
    }

    /// Puts hours that were derived anew in the place of the old ones.
    pub fn replace(&mut self, hours: BTreeMap<i64, Hour>) {
        for (hour, content) in hours {
            let reach_s = content.coarse(hour).iter().map(|c| c.end_s - c.start_s).max();
            self.mark(hour, reach_s.and_then(|s| u32::try_from(s).ok()).unwrap_or(0));
            self.hours.insert(hour, content);
        }
    }

    /// How many hours wait to be written.
    pub fn waiting(&self) -> usize {
        self.hours.len()
    }

    /// Writes the hours taken in so far, and nothing yet that says that they are there.
    pub fn write_hours(&mut self, index: &Index) -> Result<(), StoreError> {
        let changes = self.take_hours(index)?;
        index.apply(&changes)
    }

    /// Writes the hours taken in so far folded into days, all but those of the newest day: less for
    /// the index to shuffle about while it is built anew.
    pub fn write_days(&mut self, index: &Index) -> Result<(), StoreError> {
        let day_of = |hour: &i64| hour.div_euclid(HOURS_A_DAY);
        let Some(newest) = self.hours.keys().next_back().map(day_of) else { return Ok(()) };
        let newer = self.hours.split_off(&(newest * HOURS_A_DAY));
        let older = std::mem::replace(&mut self.hours, newer);
        for hours in older.into_iter().collect::<Vec<_>>().chunk_by(|a, b| day_of(&a.0) == day_of(&b.0)) {
            hours::put_folded(index, self.device, day_of(&hours[0].0), hours)?;
        }
        self.changed = self.changed.split_off(&(newest * HOURS_A_DAY));
        let marks = self.take_marks(index)?;
        index.apply(&marks)
    }

    /// Writes everything taken in so far.
    pub fn commit(&mut self, index: &Index) -> Result<(), StoreError> {
        let mut first = self.take_hours(index)?;
        let (marks, mut together) = self.timeline.take_changes();
        first.extend(marks);
        let value = postcard::to_stdvec(&self.value).map_err(StoreError::index)?;
        together.push((format::of_device(Kind::Counter, self.device), Some(value)));
        if first.len() + together.len() <= BATCH_KEYS {
            first.extend(together);
            index.apply_at_once(&first)?;
        } else {
            index.apply(&first)?;
            index.apply_at_once(&together)?;
        }
        hours::fold_finished_days(index, self.device)
    }

    /// What was changed since the last call.
    pub fn take_stored(&mut self) -> Stored {
        std::mem::take(&mut self.stored)
    }

    fn hour(&mut self, index: &Index, hour: i64) -> Result<&mut Hour, StoreError> {
        use std::collections::btree_map::Entry as Slot;
        match self.hours.entry(hour) {
            Slot::Occupied(slot) => Ok(slot.into_mut()),
            Slot::Vacant(slot) => Ok(slot.insert(hours::one(index, self.device, hour)?)),
        }
    }

    /// Marks an hour, and those that a coarse epoch in it reaches into, as changed.
    fn mark(&mut self, hour: i64, seconds: u32) {
        self.changed.insert(hour);
        let reach = if seconds > 60 { seconds.div_ceil(3600) } else { 0 };
        let last = (hour + i64::from(reach)).min(*format::HOURS.end());
        self.dirty.extend(hour..=last);
        self.stored.touched_hours.extend(hour..=last);
    }

    fn take_hours(&mut self, index: &Index) -> Result<Changes, StoreError> {
        let hours = std::mem::take(&mut self.hours);
        // Marks first: a crash in between makes a day be computed once too often, never too seldom.
        let mut changes = self.take_marks(index)?;
        for hour in std::mem::take(&mut self.changed) {
            if let (Some(content), Some(key)) = (hours.get(&hour), format::hour(Kind::Hour, self.device, hour)) {
                // An empty hour is written too: the day it is folded in may hold it otherwise.
                changes.push((key, Some(content.to_bytes())));
            }
        }
        Ok(changes)
    }

    fn take_marks(&mut self, index: &Index) -> Result<Changes, StoreError> {
        let mut days: BTreeMap<i64, DirtyDay> = BTreeMap::new();
        for hour in std::mem::take(&mut self.dirty) {
            days.entry(hour.div_euclid(HOURS_A_DAY)).or_default().insert(hour);
        }
        let mut changes = Changes::new();
        for (day, mut dirty) in days {
            let Some(key) = format::hour(Kind::Dirty, self.device, day) else { continue };
            if let Some(before) = index.get(&key)? {
                dirty.join(&before)?;
            }
            changes.push((key, Some(dirty.to_bytes(self.value.applied))));
        }
        Ok(changes)
    }
}
