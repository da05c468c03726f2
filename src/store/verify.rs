//! Is everything that is stored still what was stored?

use std::{cmp::Ordering, collections::BTreeSet, fs};

use firmware_protocol::reading::DeviceId;

use super::{
    Store, StoreError,
    build::{self, Progress},
    chain::{self, Chains},
    entry::Entry,
    format::{self, Kind},
    hour::HOURS_A_DAY,
    hours,
    index::Index,
    journal::DamagedSpan,
    work::decode,
};

/// What a check of everything found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VerifyReport {
    /// Journal records read.
    pub records: u64,
    /// Damage in the journal. Everything around it is read.
    pub damaged: Vec<DamagedSpan>,
    /// Records whose checksum is right and that this version cannot read.
    pub unreadable_records: u64,
    /// Units, delivered as readable, that do not decode.
    pub unreadable_units: u64,
    /// Index values that differ from what the journal gives.
    pub differing: u64,
    /// Index values that the journal gives and the index lacks.
    pub missing: u64,
    /// Index values that nothing in the journal gives.
    pub orphaned: u64,
    /// The audit chains.
    pub chains: Chains,
}

impl VerifyReport {
    /// The journal is whole.
    pub fn journal_is_whole(&self) -> bool {
        self.damaged.is_empty() && self.unreadable_records == 0 && self.unreadable_units == 0
    }

    /// Every row of the audit chains is the one that was written.
    pub fn chains_hold(&self) -> bool {
        self.chains.broken.is_empty() && self.chains.slipped_in == 0
    }

    /// The index says what the journal says. If not, [`Store::rebuild`] puts it right.
    pub fn index_is_right(&self) -> bool {
        (self.differing, self.missing, self.orphaned) == (0, 0, 0)
    }
}

impl Store {
    /// Checks every checksum of the journal, decodes every unit, and compares the whole index with one
    /// that is made anew from the journal. Deliveries wait meanwhile.
    pub fn verify(&self, progress: Progress<'_>) -> Result<VerifyReport, StoreError> {
        let mut writer = self.writer();
        // An index that is behind is not one that differs.
        self.catch_up_notes(&mut writer)?;
        let mut report = VerifyReport::default();
        let mut chains = chain::Check::default();
        for stream in writer.journal.streams() {
            chains.next_stream();
            let damaged = writer.journal.read(stream, 0, &mut |record| {
                report.records += 1;
                let entry = Entry::from_payload(record.payload);
                if let Some(entry) = &entry {
                    chains.take(entry);
                }
                match entry {
                    None => report.unreadable_records += 1,
                    Some(Entry::Delivery(delivery)) => {
                        let aside = delivery.quarantined().count();
                        report.unreadable_units += (decode(&delivery).unreadable.len() - aside) as u64;
                    }
                    Some(
                        Entry::Identity { .. }
                        | Entry::Decision { .. }
                        | Entry::Revisions(_)
                        | Entry::Passages { .. }
                        | Entry::Linked { .. }
                        | Entry::LinkedRevisions(_)
                        | Entry::Gone { .. },
                    ) => {}
                }
                Ok(())
            })?;
            report.damaged.extend(damaged);
        }
        let known = match self.with_index(chain::heads) {
            Ok(known) => Some(known),
            Err(StoreError::Damaged { .. }) => {
                report.differing += 1;
                None
            }
            Err(other) => return Err(other),
        };
        report.chains = chains.done(known.as_ref());
        let beside = self.dir.join("index.check");
        build::build(&writer.journal, self.host, &beside, progress)?;
        let right = Index::open(&beside)?;
        self.with_index(|index| compare(index, &right, &mut report))?;
        drop(right);
        fs::remove_dir_all(&beside).map_err(StoreError::io("removing", &beside))?;
        Ok(report)
    }
}

/// Compares everything that follows from the journal.
fn compare(index: &Index, right: &Index, report: &mut VerifyReport) -> Result<(), StoreError> {
    // Marks and cached days are the caller's. How hours are folded depends on when they came: they are
    // compared by what they hold. Ends of chains were compared: where they differ, the journal may be at fault.
    let own_way = [Kind::Dirty, Kind::Day, Kind::Hour, Kind::Folded, Kind::Chain].map(|kind| kind as u8);
    let counts = |item: &Result<(Vec<u8>, Vec<u8>), StoreError>| {
        item.as_ref().map_or(true, |(key, _)| key.first().is_none_or(|kind| !own_way.contains(kind)))
    };
    let (ours, theirs) = (index.raw().filter(counts), right.raw().filter(counts));
    walk(ours, theirs, report)?;
    for device in devices(index)?.union(&devices(right)?) {
        compare_hours(index, right, *device, report)?;
    }
    Ok(())
}

fn compare_hours(index: &Index, right: &Index, device: DeviceId, report: &mut VerifyReport) -> Result<(), StoreError> {
    let days = [hours::days(index, device)?, hours::days(right, device)?].into_iter().flatten();
    let Some(days) = days.reduce(|a, b| a.start.min(b.start)..a.end.max(b.end)) else { return Ok(()) };
    for day in days {
        let hours = day * HOURS_A_DAY..(day + 1) * HOURS_A_DAY;
        let list = |index| Ok(hours::between(index, device, hours.clone())?.into_iter().map(Ok));
        match list(index) {
            Ok(ours) => walk(ours, list(right)?, report)?,
            Err(StoreError::Damaged { .. }) => report.differing += 1,
            Err(other) => return Err(other),
        }
    }
    Ok(())
}

/// Counters that any hour is kept of.
fn devices(index: &Index) -> Result<BTreeSet<DeviceId>, StoreError> {
    let kinds = [Kind::Hour as u8, Kind::Folded as u8];
    let key = |item: Result<(Vec<u8>, Vec<u8>), StoreError>| {
        item.map(|(key, _)| key.first().filter(|kind| kinds.contains(kind)).and_then(|_| format::device_of(&key)))
    };
    index.raw().filter_map(|item| key(item).transpose()).collect()
}

/// Walks both in the order of their keys.
fn walk<K: Ord, V: PartialEq>(
    mut ours: impl Iterator<Item = Result<(K, V), StoreError>>,
    mut theirs: impl Iterator<Item = Result<(K, V), StoreError>>,
    report: &mut VerifyReport,
) -> Result<(), StoreError> {
    let (mut our, mut their) = (ours.next().transpose()?, theirs.next().transpose()?);
    loop {
        let order = match (&our, &their) {
            (None, None) => return Ok(()),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some((a, _)), Some((b, _))) => a.cmp(b),
        };
        match order {
            Ordering::Less => report.orphaned += 1,
            Ordering::Greater => report.missing += 1,
            Ordering::Equal => report.differing += u64::from(our != their),
        }
        if order.is_le() {
            our = ours.next().transpose()?;
        }
        if order.is_ge() {
            their = theirs.next().transpose()?;
        }
    }
}
