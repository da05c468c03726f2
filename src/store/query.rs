//! Questions to the store.

use std::{
    collections::BTreeMap,
    ops::{Range, RangeInclusive},
};

use chrono::{DateTime, NaiveDate, Utc};
use firmware_protocol::{driver::LastTotal, reading::DeviceId};

use super::{
    BondLevel, CounterIdentity, Decided, PutAside, Revision, Store, StoreError, Writer, build,
    entry::{Entry, instant},
    format::{self, Kind},
    hour::HOURS_A_DAY,
    hours::{self, DirtyDay},
    index::{Changes, Index},
    journal::{Journal, Stream},
    work::{Work, decode},
};
use crate::model::{Coarse, Minute, ParticipantId};

/// What is stored of one counter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CounterState {
    /// Which counter.
    pub device: DeviceId,
    /// All epochs below this number that the counter had are stored, or known to be lost.
    pub stored_to: u32,
    /// One past the highest number that is stored or known to carry nothing; 0 when there is none.
    pub after_newest: u32,
    /// The running total that was read last, of counters that have one.
    pub last_total: Option<LastTotal>,
    /// How far the counter's own clock was ahead of this host's when they were last compared, milliseconds.
    pub clock_ahead_ms: Option<i64>,
    /// The lowest number that arrived unreadable and has not come in a readable form since.
    pub held_at: Option<u32>,
    /// Latest arrival under a host clock that could be believed.
    pub last_arrival: Option<DateTime<Utc>>,
    /// Charge at the latest arrival that told it, percent.
    pub battery: Option<u8>,
    /// How the link of the latest arrival was protected.
    pub bond: Option<BondLevel>,
    /// What the counter says it is.
    pub identity: Option<CounterIdentity>,
    /// Epochs stored.
    pub epochs: u64,
    /// Epoch numbers that carry no data: overwritten before they could be fetched, or erased.
    pub lost_epochs: u64,
    /// Epochs stored that nothing ties to UTC yet.
    pub undated_epochs: u64,
    /// The boots of those epochs.
    pub undated_boots: Vec<u16>,
    /// Different things put aside because they could not be read.
    pub quarantined: u64,
    /// Epoch numbers under which two different epochs came; the first is kept.
    pub conflicts: u64,
}

/// The first and the last minute that something is known of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Minutes since 1970-01-01T00:00Z.
    pub first_minute: i64,
    /// Minutes since 1970-01-01T00:00Z; itself in the span.
    pub last_minute: i64,
}

/// An hour that changed since the days on it were last computed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DirtyHour {
    /// Whose hour.
    pub device: DeviceId,
    /// UTC hours since 1970.
    pub hour: i64,
    /// The mark on its day: tells a change that came later from this one.
    mark: Vec<u8>,
}

impl Store {
    /// Every counter that anything is stored of, in the order of their identities.
    pub fn counters(&self) -> Result<Vec<CounterState>, StoreError> {
        let devices: Vec<_> = self.writer().journal.streams().filter_map(device_of).collect();
        devices.into_iter().filter_map(|device| self.counter(device).transpose()).collect()
    }

    /// One counter; none when nothing was ever stored of it.
    pub fn counter(&self, device: DeviceId) -> Result<Option<CounterState>, StoreError> {
        let mut writer = self.writer();
        if writer.journal.last(Stream::Counter(device)).is_none() {
            return Ok(None);
        }
        if !writer.works.contains_key(&device) {
            let loaded = match self.with_index(|index| Work::load(index, device, self.host)) {
                Err(error) => {
                    self.or_rebuilt(&mut writer, Err(error))?;
                    self.with_index(|index| Work::load(index, device, self.host))?
                }
                Ok(work) => work,
            };
            writer.works.insert(device, loaded);
        }
        Ok(writer.works.get(&device).map(|work| state(device, work)))
    }

    /// The minutes that are known from `from_minute` up to but not `to_minute`, in order. A minute that
    /// is not there is unknown, not zero.
    pub fn minutes(&self, device: DeviceId, from_minute: i64, to_minute: i64) -> Result<Vec<Minute>, StoreError> {
        let hours = from_minute.div_euclid(60)..to_minute.saturating_add(59).div_euclid(60);
        self.ask(|index| {
            let mut minutes = Vec::new();
            for (hour, content) in hours::between(index, device, hours.clone())? {
                minutes.extend(content.minutes(hour));
            }
            minutes.retain(|minute| (from_minute..to_minute).contains(&minute.at));
            Ok(minutes)
        })
    }

    /// The coarse epochs that reach into `[from_s, to_s)`, in order of their start.
    pub fn coarse(&self, device: DeviceId, from_s: i64, to_s: i64) -> Result<Vec<Coarse>, StoreError> {
        // One begins at most a day before.
        let hours = from_s.div_euclid(3600).saturating_sub(25)..to_s.saturating_add(3599).div_euclid(3600);
        self.ask(|index| {
            let mut list = Vec::new();
            for (hour, content) in hours::between(index, device, hours.clone())? {
                list.extend(content.coarse(hour));
            }
            list.retain(|coarse| coarse.start_s < to_s && coarse.end_s > from_s);
            Ok(list)
        })
    }

    /// From when to when something is known within these minutes; none when nothing is.
    pub fn span(&self, device: DeviceId, within: &Range<i64>) -> Result<Option<Span>, StoreError> {
        self.ask(|index| {
            let Some(days) = hours::days(index, device)? else { return Ok(None) };
            let day_of = |minute: i64| minute.div_euclid(60 * HOURS_A_DAY);
            let days = days.start.max(day_of(within.start))..days.end.min(day_of(within.end).saturating_add(1));
            let extent = |day: i64| -> Result<Option<(i64, i64)>, StoreError> {
                let hours = hours::between(index, device, day * HOURS_A_DAY..(day + 1) * HOURS_A_DAY)?;
                let pieces = hours.iter().flat_map(|(hour, content)| {
                    let minutes = content.minutes(*hour).into_iter().map(|minute| (minute.at, minute.at));
                    let coarse = content.coarse(*hour).into_iter();
                    minutes.chain(coarse.map(|c| (c.start_s.div_euclid(60), (c.end_s - 1).div_euclid(60))))
                });
                let pieces = pieces.filter(|(first, last)| within.start <= *last && *first < within.end);
                let pieces = pieces.map(|(first, last)| (first.max(within.start), last.min(within.end - 1)));
                Ok(pieces.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1))))
            };
            // The outermost days may hold hours that were emptied since.
            let first = days.clone().find_map(|day| extent(day).transpose()).transpose()?;
            let last = days.rev().find_map(|day| extent(day).transpose()).transpose()?;
            Ok(first.zip(last).map(|(first, last)| Span { first_minute: first.0, last_minute: last.1 }))
        })
    }

    /// Hours that changed since days were last computed on them.
    pub fn dirty(&self) -> Result<Vec<DirtyHour>, StoreError> {
        // Not in the middle of a delivery: a mark is there before all of its hours are.
        let settled = self.writer();
        let list = |index: &Index| {
            let mut marks = Vec::new();
            index.prefix(&format::all(Kind::Dirty), &mut |key, mark| {
                marks.extend(format::hour_of(key).map(|(device, day)| (device, day, mark)));
            })?;
            let mut list = Vec::new();
            for (device, day, mark) in marks {
                let hours = DirtyDay::parse(&mark)?.hours(day);
                list.extend(hours.map(|hour| DirtyHour { device, hour, mark: mark.clone() }));
            }
            Ok(list)
        };
        let first = self.with_index(list);
        drop(settled);
        if first.is_ok() { first } else { self.ask(list) }
    }

    /// Takes marks away after the days on them were stored. The marks stay on a UTC day of which any
    /// hour changed again, or is not among these.
    pub fn clear_dirty(&self, hours: &[DirtyHour]) -> Result<(), StoreError> {
        let _settled = self.writer();
        self.with_index(|index| {
            let mut days: BTreeMap<Vec<u8>, (&[u8], DirtyDay)> = BTreeMap::new();
            for dirty in hours {
                let day = dirty.hour.div_euclid(HOURS_A_DAY);
                let Some(key) = format::hour(Kind::Dirty, dirty.device, day) else { continue };
                days.entry(key).or_insert((&dirty.mark, DirtyDay::default())).1.insert(dirty.hour);
            }
            let mut changes = Changes::new();
            for (key, (mark, done)) in days {
                if index.get(&key)?.is_some_and(|now| now == mark && DirtyDay::parse(mark).is_ok_and(|all| all == done))
                {
                    changes.push((key, None));
                }
            }
            index.apply(&changes)
        })
    }

    /// Keeps a computed day, in whatever form, until [`Store::change_days`] or the next rebuild.
    pub fn put_day(&self, participant: &ParticipantId, date: NaiveDate, bytes: &[u8]) -> Result<(), StoreError> {
        let change = (format::day(Kind::Day, participant, date), Some(bytes.to_vec()));
        self.ask(|index| index.apply_at_once(std::slice::from_ref(&change)))
    }

    /// A computed day.
    pub fn day(&self, participant: &ParticipantId, date: NaiveDate) -> Result<Option<Vec<u8>>, StoreError> {
        self.ask(|index| index.get(&format::day(Kind::Day, participant, date)))
    }

    /// Computed days from `from` to `to`, both included, in order.
    pub fn days(
        &self,
        participant: &ParticipantId,
        from: NaiveDate,
        to: NaiveDate,
    ) -> Result<Vec<(NaiveDate, Vec<u8>)>, StoreError> {
        self.ask(|index| {
            let mut days = Vec::new();
            let (from, mut end) = (format::day(Kind::Day, participant, from), format::day(Kind::Day, participant, to));
            end.push(0);
            index.range(&from, &end, &mut |key, bytes| days.extend(format::date_of(key).map(|date| (date, bytes))))?;
            Ok(days)
        })
    }

    /// Makes computed days of a participant within these dates into others, or forgets those of which none is made.
    /// So also after a power cut.
    pub fn change_days(
        &self,
        participant: &ParticipantId,
        dates: &RangeInclusive<NaiveDate>,
        change: &dyn Fn(&[u8]) -> Option<Vec<u8>>,
    ) -> Result<(), StoreError> {
        let day = |date| format::day(Kind::Day, participant, date);
        let (from, mut end) = (day(*dates.start()), day(*dates.end()));
        end.push(0);
        self.ask(|index| {
            let mut changes = Changes::new();
            index.range(&from, &end, &mut |key, bytes| changes.push((key.to_vec(), change(&bytes))))?;
            index.apply(&changes)?;
            if changes.is_empty() { Ok(()) } else { index.sync() }
        })
    }

    /// The newest revision of a day.
    pub fn revision(&self, participant: &ParticipantId, date: NaiveDate) -> Result<Option<Revision>, StoreError> {
        let key = format::day(Kind::Revision, participant, date);
        Ok(self.ask(|index| build::revision(index, &key))?.map(Revision::from))
    }

    /// All decisions in the order they were made in.
    pub fn decisions(&self) -> Result<Vec<Decided>, StoreError> {
        let mut list = Vec::new();
        self.writer().journal.read(Stream::People, 0, &mut |record| {
            list.extend(Entry::from_payload(record.payload).and_then(|entry| entry.decided(record.ordinal)));
            Ok(())
        })?;
        Ok(list)
    }

    /// When each revision of a participant's days was computed, as the journal has them.
    pub fn revisions_of(&self, participant: &ParticipantId) -> Result<Vec<DateTime<Utc>>, StoreError> {
        let mut list = Vec::new();
        self.writer().journal.read(Stream::Days, 0, &mut |record| {
            let revisions = Entry::from_payload(record.payload).map(Entry::revisions).unwrap_or_default();
            let theirs = revisions.into_iter().filter(|revision| revision.participant == *participant);
            list.extend(theirs.map(|revision| revision.computed_at));
            Ok(())
        })?;
        Ok(list)
    }

    /// Everything that was put aside because it could not be read, each thing once.
    pub fn quarantine(&self) -> Result<Vec<PutAside>, StoreError> {
        let mut list = Vec::new();
        for counter in self.counters()?.into_iter().filter(|counter| counter.quarantined > 0) {
            put_aside(&self.writer().journal, counter.device, &mut list)?;
        }
        Ok(list)
    }

    /// The latest instant that is known to have been: the newest arrival under a clock that could be believed.
    pub fn newest_arrival(&self) -> Option<DateTime<Utc>> {
        self.counters().ok()?.into_iter().filter_map(|counter| counter.last_arrival).max()
    }

    /// Bytes on disk: journal, index.
    pub fn size(&self) -> (u64, u64) {
        let Writer { journal, .. } = &*self.writer();
        (journal.size(), self.with_index(|index| Ok(index.size())).unwrap_or(0))
    }
}

fn device_of(stream: Stream) -> Option<DeviceId> {
    match stream {
        Stream::Counter(device) => Some(device),
        Stream::People | Stream::Days | Stream::Targets => None,
    }
}

fn state(device: DeviceId, work: &Work) -> CounterState {
    let (timeline, value) = (&work.timeline, &work.value);
    let (undated_epochs, undated_boots) = timeline.undated(&work.axis);
    CounterState {
        device,
        stored_to: timeline.stored_to(),
        after_newest: timeline.after_newest(),
        last_total: value.last_total.map(|(utc_s, steps)| LastTotal { utc_s, steps }),
        clock_ahead_ms: value.clock_ahead.map(|(.., ahead_ms)| ahead_ms),
        held_at: timeline.held_at(),
        last_arrival: value.arrived_ms.map(instant),
        battery: value.battery.map(|(.., percent)| percent),
        bond: value.bond.map(|(.., bond)| bond),
        identity: value.identity.clone(),
        epochs: timeline.epochs(),
        lost_epochs: timeline.lost(),
        undated_epochs,
        undated_boots: undated_boots.into_iter().collect(),
        quarantined: timeline.quarantined(),
        conflicts: timeline.conflicts(),
    }
}

fn put_aside(journal: &Journal, device: DeviceId, list: &mut Vec<PutAside>) -> Result<(), StoreError> {
    journal.read(Stream::Counter(device), 0, &mut |record| {
        if let Some(Entry::Delivery(delivery)) = Entry::from_payload(record.payload) {
            for (seq, bytes, reason) in decode(&delivery).unreadable {
                if !list.iter().any(|known| (known.device, known.seq, &known.bytes) == (device, seq, &bytes)) {
                    let arrived = instant(delivery.arrived_ms);
                    list.push(PutAside { device, seq, reason, bytes, arrived });
                }
            }
        }
        Ok(())
    })?;
    Ok(())
}
