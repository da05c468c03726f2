//! Which samples of which files become units, and which numbers are known to be empty.

use alloc::vec::Vec;

use super::samples::{Piece, Samples};
use crate::{
    device::gap::gap,
    driver::{Delivery, QuarantineReason, Quarantined, Unit, UnitKind},
};

/// Samples in one unit at most.
const MOST_A_UNIT: u16 = 480;
/// No counter's stamp is later than now by more than this.
const AHEAD_S: i64 = 300;
const DAY_S: i64 = 86_400;
/// On first contact nothing older is believed.
const OLDEST_S: i64 = 400 * DAY_S;
/// No place on earth is further from UTC.
const MOST_OFFSET_MIN: i16 = 18 * 60;

/// See the module.
#[derive(Debug, Default)]
pub struct Book {
    /// The host's cursor; none on first contact.
    stored_to: Option<u32>,
    /// Up to here everything is stored or known to be empty; none where a hole must stay open.
    closed_to: Option<u32>,
    /// The highest number that this dialogue brought, and one.
    done_to: u32,
    /// The last sample of the file that began last: it may still change until another file begins.
    held: Option<(Samples, u16, i16)>,
    /// Something of the day that is taken next could not be read.
    open_day: bool,
    /// Something before the next file could not be read.
    open_file: bool,
    /// What is to be stored.
    pub delivery: Delivery,
}

impl Book {
    /// With this cursor of the host; one that lies after now is a mistake of some clock and is not believed.
    pub fn new(stored_to: u32, now_s: i64) -> Self {
        let stored_to = Some(stored_to).filter(|number| *number > 0 && i64::from(*number) * 60 <= now_s + AHEAD_S);
        Self { stored_to, closed_to: stored_to, ..Self::default() }
    }

    /// The host's cursor, when it has one.
    pub fn stored_to(&self) -> Option<u32> {
        self.stored_to
    }

    /// Something of the day that is taken next could not be read and may come later: the time around its files stays
    /// open.
    pub fn leave_open(&mut self) {
        self.open_day = true;
    }

    /// Takes the files of one day, in any order; `offset_min` is of files that do not say theirs.
    pub fn day(&mut self, files: Vec<Vec<u8>>, offset_min: i16, now_s: i64) {
        let mut parsed: Vec<(Samples, i16, Vec<u8>)> = Vec::new();
        for bytes in files {
            match Samples::parse(&bytes).and_then(|file| file.interval_s().map(|_| file)) {
                Ok(file) => {
                    let offset_min = file.start.offset_min.unwrap_or(offset_min);
                    if (-MOST_OFFSET_MIN..=MOST_OFFSET_MIN).contains(&offset_min) {
                        parsed.push((file, offset_min, bytes));
                    } else {
                        self.put_aside(bytes, QuarantineReason::BadField);
                    }
                }
                Err(error) => self.put_aside(bytes, error.into()),
            }
        }
        parsed.sort_by_key(|(file, offset_min, _)| file.start.seconds() - i64::from(*offset_min) * 60);
        let open = core::mem::take(&mut self.open_day);
        for (file, offset_min, bytes) in parsed {
            self.open_file |= open;
            self.file(file, offset_min, bytes, now_s);
        }
        self.open_file |= open;
    }

    fn file(&mut self, file: Samples, offset_min: i16, bytes: Vec<u8>, now_s: i64) {
        let Some(last) = u16::try_from(file.steps.len()).ok().and_then(|count| count.checked_sub(1)) else { return };
        let interval_s = i64::from(file.interval_s().unwrap_or(60));
        let first_s = file.start.seconds() - i64::from(offset_min) * 60;
        // A whole day is read again for its last minutes, and a day of a traveller has more than 24 hours.
        let oldest_s = self.stored_to.map_or(now_s - OLDEST_S, |number| i64::from(number) * 60 - 2 * DAY_S);
        let starts_late = first_s + i64::from(last) * interval_s > now_s + AHEAD_S;
        if first_s < oldest_s || starts_late || first_s < 0 {
            return self.put_aside(bytes, QuarantineReason::WrongTime);
        }
        if let Some((earlier, index, offset_min)) = self.held.take() {
            self.samples(&earlier, index, 1, offset_min);
        }
        if core::mem::take(&mut self.open_file) {
            self.closed_to = None;
        }
        self.samples(&file, 0, last, offset_min);
        self.held = Some((file, last, offset_min));
    }

    /// Units of these samples of a file, those left out that are stored already.
    fn samples(&mut self, file: &Samples, first: u16, count: u16, offset_min: i16) {
        let interval_s = i64::from(file.interval_s().unwrap_or(60));
        let number = |index: u16| {
            let utc_s = file.start.seconds() - i64::from(offset_min) * 60 + i64::from(index) * interval_s;
            u32::try_from(utc_s.div_euclid(60)).unwrap_or(0)
        };
        let end = first.saturating_add(count);
        let index_of = |least: u32| (first..end).find(|index| number(*index) >= least).unwrap_or(end);
        let unknown = index_of(self.stored_to.unwrap_or(0));
        let fresh = index_of(self.stored_to.unwrap_or(0).max(self.done_to));
        if fresh > unknown {
            // Two files tell the same minutes: the one that began first stays.
            let piece = Piece::of(file, unknown, fresh - unknown, offset_min);
            self.put_aside(piece.emit(), QuarantineReason::Conflict);
        }
        if fresh == end {
            return;
        }
        // Between the starts of epochs that are longer than a minute lie numbers of their own.
        let a_unit = if interval_s > 60 { 1 } else { MOST_A_UNIT };
        let mut at = fresh;
        while at < end {
            let count = a_unit.min(end - at);
            if let Some(from) = self.closed_to {
                self.delivery.units.extend(gap(from, number(at)));
            }
            let bytes = Piece::of(file, at, count, offset_min).emit();
            self.delivery.units.push(Unit { kind: UnitKind::PolarSamples, bytes });
            at += count;
            self.done_to = number(at - 1) + 1;
            self.closed_to = Some(self.done_to);
        }
    }

    /// Without a number: what cannot be read or believed must not hold the cursor.
    fn put_aside(&mut self, bytes: Vec<u8>, reason: QuarantineReason) {
        self.delivery.quarantined.push(Quarantined { bytes, seq: None, reason });
    }
}
