//! Epochs that are no minutes, and readings of running counters, as minutes or as longer records.

use super::{Added, Gathering, Person};
use crate::{
    aggregate::{
        coarse::{CounterReading, counter_differences},
        series::{Mark, Walked},
    },
    batch::{BatchOptions, clock::Piece, people::Places},
    model::Coarse,
};

impl Person<'_> {
    /// A run of epochs shorter than a minute.
    pub fn add_short_epochs(
        &mut self,
        piece: &Piece,
        walked: &[(u32, u32)],
        epoch_s: i64,
        heart_rate: bool,
        places: Places,
    ) -> Added {
        self.epochs_came(piece, epoch_s, epoch_s);
        let mut walked = walked.iter().peekable();
        for index in 0..piece.rows {
            let at_s = piece.first_s + i64::from(index) * epoch_s;
            let value = walked.next_if(|(at, _)| *at == index + piece.skipped).map_or(0, |&(_, value)| value);
            let Ok(minute) = i32::try_from(at_s.div_euclid(60)) else { continue };
            let epoch = at_s.rem_euclid(60) / epoch_s;
            if self.gathering.as_ref().is_some_and(|gathering| gathering.minute < minute) {
                self.flush_minute();
            }
            if self.is_sorted && self.end == minute + 1 {
                // The whole minute came before its parts.
                self.repeated(minute, true, places.of(index + piece.skipped));
                continue;
            }
            if minute < self.end
                || self.is_written(at_s)
                || self.gathering.as_ref().is_some_and(|gathering| minute < gathering.minute)
            {
                return Added::TooLate;
            }
            let slots = usize::try_from(60 / epoch_s).unwrap_or(1);
            let gathering = self.gathering.get_or_insert_with(|| Gathering {
                minute,
                seen: 0,
                values: vec![0; slots],
                heart_rate: false,
                overlap: false,
            });
            gathering.heart_rate |= heart_rate;
            let bit = 1_u64 << epoch;
            let Some(slot) = usize::try_from(epoch).ok().and_then(|epoch| gathering.values.get_mut(epoch)) else {
                continue;
            };
            if gathering.seen & bit == 0 {
                (*slot, gathering.seen) = (value, gathering.seen | bit);
            } else {
                gathering.overlap = true;
                let contradicts = *slot != value;
                self.counted_again(minute, contradicts, places.of(index + piece.skipped));
            }
        }
        Added::InOrder
    }

    /// Records the minute that was being gathered. One that lacks epochs holds at least what came.
    pub fn flush_minute(&mut self) {
        let Some(gathering) = self.gathering.take() else { return };
        let minute = gathering.minute;
        self.series.record(minute, minute + 1);
        self.end = minute + 1;
        self.first_minute.get_or_insert(minute);
        let steps = gathering.values.iter().fold(0_u32, |sum, &value| sum.saturating_add(value));
        if steps > 0 {
            self.series.walked.push(Walked { at: minute, steps });
        }
        let whole = gathering.seen.count_ones() == u32::try_from(gathering.values.len()).unwrap_or(0);
        if !whole || gathering.heart_rate || gathering.overlap {
            let Gathering { heart_rate, overlap, .. } = gathering;
            self.series.marks.push(Mark { heart_rate, overlap, saturated: !whole, ..Mark::none(minute) });
        }
    }

    /// A run of epochs longer than a minute.
    pub fn add_long_epochs(&mut self, piece: &Piece, walked: &[(u32, u32)], epoch_s: i64, places: Places) -> Added {
        self.epochs_came(piece, epoch_s, epoch_s);
        let mut walked = walked.iter().peekable();
        for index in 0..piece.rows {
            let start_s = piece.first_s + i64::from(index) * epoch_s;
            let steps = walked.next_if(|(at, _)| *at == index + piece.skipped).map_or(0, |&(_, value)| value);
            let record = Coarse { start_s, end_s: start_s + epoch_s, steps, lower_bound_only: false };
            match self.coarse.last() {
                _ if self.coarse_end_s == i64::MAX || self.is_written(start_s) => return Added::TooLate,
                Some(last) if last.start_s > start_s => return Added::TooLate,
                Some(last) if last.end_s > start_s => {
                    let contradicts = last.start_s != start_s || last.steps != steps;
                    let minute = i32::try_from(start_s.div_euclid(60)).unwrap_or(i32::MAX);
                    self.counted_again(minute, contradicts, places.of(index + piece.skipped));
                    continue;
                }
                None if self.coarse_end_s > start_s => return Added::TooLate,
                Some(_) | None => {}
            }
            self.add_coarse(record);
        }
        Added::InOrder
    }

    fn add_coarse(&mut self, record: Coarse) {
        self.coarse_end_s = record.end_s;
        self.first_coarse_s.get_or_insert(record.start_s);
        self.coarse.push(record);
    }

    /// Whether the day of an instant is written.
    pub(super) fn is_written(&self, at_s: i64) -> bool {
        self.next.is_some_and(|next| at_s < next.start_s)
    }

    /// Readings of a running counter.
    pub fn add_readings(
        &mut self,
        piece: &Piece,
        walked: &[(u32, u32)],
        epoch_s: i64,
        places: Places,
        options: &BatchOptions,
    ) -> Added {
        self.epochs_came(piece, epoch_s, 60);
        let mut walked = walked.iter().peekable();
        for index in 0..piece.rows {
            let at_s = piece.first_s + i64::from(index) * epoch_s;
            let steps = walked.next_if(|(at, _)| *at == index + piece.skipped).map_or(0, |&(_, value)| value);
            let reading = CounterReading { at_s, steps };
            match self.reading {
                _ if !self.is_held() => return Added::TooLate,
                Some(last) if last.at_s > at_s => return Added::TooLate,
                Some(last) if last.at_s == at_s => {
                    let minute = i32::try_from(at_s.div_euclid(60)).unwrap_or(i32::MAX);
                    self.counted_again(minute, last.steps != steps, places.of(index + piece.skipped));
                    continue;
                }
                Some(last) => {
                    for record in counter_differences(&[last, reading], options.wraps_at, options.rules.ceiling_spm) {
                        self.add_difference(record);
                    }
                }
                None => {}
            }
            self.reading = Some(reading);
        }
        Added::InOrder
    }

    /// What lies between two readings: a minute where it is one.
    fn add_difference(&mut self, record: Coarse) {
        let minute = i32::try_from(record.start_s.div_euclid(60));
        match minute {
            Ok(minute)
                if record.end_s - record.start_s == 60
                    && record.start_s.rem_euclid(60) == 0
                    && !record.lower_bound_only
                    && minute >= self.end =>
            {
                self.series.record(minute, minute + 1);
                self.end = minute + 1;
                self.first_minute.get_or_insert(minute);
                if record.steps > 0 {
                    self.series.walked.push(Walked { at: minute, steps: record.steps });
                }
                self.coarse_end_s = record.end_s;
            }
            Ok(_) | Err(_) => self.add_coarse(record),
        }
    }
}
