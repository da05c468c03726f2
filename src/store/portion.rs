//! Whose readings are whose: the part of a counter's readings that one person's days rest on.

use std::ops::{ControlFlow, Range};

use firmware_protocol::reading::{DeviceId, Reading, Stamp};

use super::{
    Store, StoreError,
    entry::{DeliveryEntry, Entry, instant},
    journal::{Journal, Stream},
    timeline::Timeline,
    work::{Work, decode},
};
use crate::time::axis::Axis;

/// Which of a counter's readings are one person's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Portion {
    /// All of them: nobody else ever wore it.
    All,
    /// Those that lie whole in one of these spans.
    Days {
        /// Unix seconds.
        spans: Vec<Range<i64>>,
        /// Whether those that nothing ties to UTC are theirs too.
        undated: bool,
    },
}

/// An epoch as a counter said it, when that arrived, and where it lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Said {
    /// What was said.
    pub epoch: firmware_protocol::reading::Epoch,
    /// When it arrived, by this host's clock.
    pub arrived: chrono::DateTime<chrono::Utc>,
    /// Its start in Unix seconds; none while nothing ties it to UTC.
    pub start_s: Option<i64>,
}

impl Portion {
    /// Whether a reading is among them. Readings that say nothing of steps are the counter's own.
    pub(super) fn holds(&self, reading: &Reading, axis: &Axis) -> bool {
        let span = match reading {
            Reading::Epoch(epoch) => span_of(epoch, axis),
            Reading::Counter { stamp, .. } => utc_s(*stamp, axis).map(|at| at..at),
            Reading::Gap { .. }
            | Reading::Anchor(_)
            | Reading::BootLink(_)
            | Reading::Clock { .. }
            | Reading::Battery { .. } => return false,
        };
        match (self, span) {
            (Self::All, _) => true,
            (Self::Days { undated, .. }, None) => *undated,
            (Self::Days { spans, .. }, Some(it)) => {
                spans.iter().any(|span| span.start <= it.start && it.end.max(it.start + 1) <= span.end)
            }
        }
    }

    /// Whether anything in this delivery may be among them, when it cannot be read: a counter tells what was, and what
    /// surely came before their first second is somebody else's.
    pub(super) fn may_hold_of(&self, delivery: &DeliveryEntry) -> bool {
        match self {
            Self::Days { spans, undated } if delivery.trusted => {
                let first_s = spans.iter().map(|span| span.start).min();
                first_s.map_or(*undated, |first_s| first_s.saturating_mul(1000) <= delivery.arrived_ms)
            }
            Self::All | Self::Days { .. } => true,
        }
    }
}

impl Store {
    /// The epochs of a counter in this portion, in the order in which they arrived; one that arrived twice comes twice.
    /// What arrives meanwhile is left out. `each` may take its time: nobody waits for it. After the delivery in which it
    /// breaks, nothing more is read, and the number to go on `from` is given: 0 is the beginning.
    pub fn said(
        &self,
        device: DeviceId,
        portion: &Portion,
        from: u32,
        each: &mut dyn FnMut(&Said) -> ControlFlow<()>,
    ) -> Result<Option<u32>, StoreError> {
        let stream = Stream::Counter(device);
        let end = self.writer().journal.last(stream).map_or(0, |last| last.saturating_add(1));
        let axis = self.ask(|index| Work::load(index, device, self.host))?.axis;
        let mut next = Some(from).filter(|from| *from < end);
        while let Some(from) = next {
            // Kept as they lie in the file: decoded, a file of a long backlog takes thirty times as much.
            let mut deliveries = Vec::new();
            next = self.one_file(stream, from..end, &mut |ordinal, entry| {
                if let Entry::Delivery(delivery) = entry {
                    deliveries.push((ordinal, delivery));
                }
            })?;
            for (ordinal, delivery) in deliveries {
                let mut wanted = ControlFlow::Continue(());
                for reading in decode(&delivery).readings {
                    if let Reading::Epoch(epoch) = reading
                        && portion.holds(&reading, &axis)
                    {
                        let start_s = span_of(&epoch, &axis).map(|span| span.start);
                        let said = Said { epoch, arrived: instant(delivery.arrived_ms), start_s };
                        if each(&said).is_break() {
                            wanted = ControlFlow::Break(());
                        }
                    }
                }
                if wanted.is_break() {
                    return Ok(ordinal.checked_add(1).filter(|next| *next < end));
                }
            }
        }
        Ok(None)
    }

    /// The entries with these numbers that one journal file holds, from the first on; the number at which the next
    /// file begins. A counter that has something to say waits no longer than one file takes.
    fn one_file(
        &self,
        stream: Stream,
        numbers: Range<u32>,
        each: &mut dyn FnMut(u32, Entry),
    ) -> Result<Option<u32>, StoreError> {
        let next = self.writer().journal.read_one_file(stream, numbers.start, &mut |record| {
            if numbers.contains(&record.ordinal)
                && let Some(entry) = Entry::from_payload(record.payload)
            {
                each(record.ordinal, entry);
            }
            Ok(())
        })?;
        Ok(next.filter(|next| *next < numbers.end))
    }
}

/// What ties a counter's clocks to UTC, by everything that ever arrived.
pub(super) fn axis_of(
    journal: &Journal,
    device: DeviceId,
    host: firmware_protocol::reading::HostId,
) -> Result<Axis, StoreError> {
    let mut work = Work::empty(device, host);
    journal.read(Stream::Counter(device), 0, &mut |record| {
        if let Some(entry) = Entry::from_payload(record.payload) {
            work.seed_clocks(&entry);
        }
        Ok(())
    })?;
    work.derive_axis();
    Ok(work.axis)
}

/// The minute, or the longer span, that an epoch counts for.
fn span_of(epoch: &firmware_protocol::reading::Epoch, axis: &Axis) -> Option<Range<i64>> {
    let place = Timeline::place(epoch, axis)?;
    let (start, length) = if epoch.seconds > 60 {
        (place.hour * 3600 + i64::from(place.at), i64::from(epoch.seconds))
    } else {
        (place.hour * 3600 + i64::from(place.at) * 60, 60)
    };
    Some(start..start + length)
}

fn utc_s(stamp: Stamp, axis: &Axis) -> Option<i64> {
    match stamp {
        Stamp::Utc { seconds } => Some(seconds),
        Stamp::Local { seconds, offset_min } => seconds.checked_sub(i64::from(offset_min?) * 60),
        Stamp::Uptime { boot, seconds } => Some(axis.utc_ms(boot, u64::from(seconds) * 1000)?.div_euclid(1000)),
    }
}
