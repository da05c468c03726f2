//! The second time: rows of those whose rows came out of order, sorted.

use std::io;

use super::{OPEN_COST, People, Place, Places, Until};
use crate::batch::{
    clock::Clock,
    person::{Person, State},
    runs::Run,
    sort::{Record, Sorter},
};

impl People<'_> {
    /// Whether this person's rows came out of order.
    pub fn is_out_of_order(&self, number: usize) -> bool {
        self.all.get(number).is_some_and(|person| person.state == State::OutOfOrder)
    }

    /// Whether somebody's rows came out of order.
    pub fn must_read_again(&self) -> bool {
        self.all.iter().any(|person| person.state == State::OutOfOrder)
    }

    /// Finishes everybody in order, and makes ready for reading those again who came out of order. Returns
    /// their number.
    pub fn read_again(&mut self) -> io::Result<u64> {
        self.finish_all()?;
        let mut again = 0;
        for (number, person) in self.all.iter_mut().enumerate() {
            if person.state == State::OutOfOrder {
                again += 1;
                self.sink.forget(number);
                person.begin_again();
            }
        }
        self.again = Some(Sorter::new());
        Ok(again)
    }

    /// Puts the rows of those who came out of order in their places; `conflict` is told of rows that gave an epoch
    /// another value.
    pub fn rows_were_read_again(&mut self, conflict: &mut dyn FnMut(usize, Place) -> io::Result<()>) -> io::Result<()> {
        let Some(sorter) = self.again.take() else { return Ok(()) };
        for person in &mut self.all {
            if person.state == State::OutOfOrder {
                person.state = State::Open;
                person.is_sorted = true;
            }
        }
        let mut rows = sorter.sorted()?;
        let mut last = None;
        while let Some(record) = rows.next()? {
            if last.is_some_and(|last| last != record.person) {
                self.finish_one(last.unwrap_or_default())?;
            }
            last = Some(record.person);
            let run = Run {
                person: 0,
                first_s: record.at_s,
                rows: 1,
                walked: (0, 1),
                line: 0,
                heart_rate: record.heart_rate,
            };
            let walked: &[(u32, u32)] = if record.value > 0 { &[(0, record.value)] } else { &[] };
            let number = usize::try_from(record.person).map_err(io::Error::other)?;
            let input = usize::try_from(record.input).map_err(io::Error::other)?;
            let epoch_s = self.epoch_s(input);
            let places = Places { first: (input, record.line.into()), in_one_line: true };
            self.run(number, &run, walked, epoch_s, places)?;
            for (number, place) in self.conflicts.drain(..) {
                conflict(number, place)?;
            }
        }
        last.map_or(Ok(()), |last| self.finish_one(last))
    }

    fn finish_one(&mut self, number: u32) -> io::Result<()> {
        let number = usize::try_from(number).map_err(io::Error::other)?;
        self.finish(number, Until::End)?;
        self.held = self.held.saturating_sub(self.all[number].held() + OPEN_COST);
        self.all[number].close();
        Ok(())
    }
}

/// Single rows, to be sorted.
#[expect(clippy::too_many_arguments, reason = "one call, right above")]
pub(super) fn expand(
    clock: &mut Clock<'_>,
    person: &mut Person<'_>,
    number: usize,
    run: &Run,
    walked: &[(u32, u32)],
    epoch_s: i64,
    places: Places,
    sorter: &mut Sorter,
) -> io::Result<()> {
    for piece in clock.pieces(person, run, epoch_s) {
        let mut walked = walked.iter().skip_while(|(index, _)| *index < piece.skipped).peekable();
        for index in piece.skipped..piece.skipped + piece.rows {
            let value = walked.next_if(|(at, _)| *at == index).map_or(0, |&(_, value)| value);
            sorter.push(Record {
                person: u32::try_from(number).map_err(io::Error::other)?,
                at_s: piece.first_s + i64::from(index - piece.skipped) * epoch_s,
                value,
                input: u32::try_from(places.first.0).map_err(io::Error::other)?,
                line: u32::try_from(places.of(index).1).unwrap_or(u32::MAX),
                heart_rate: run.heart_rate,
            })?;
        }
    }
    Ok(())
}
