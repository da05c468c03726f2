//! The three columns of a row group, brought together as runs of rows.

use super::{GroupRuns, StampRun};
use crate::batch::{
    Kind, Reason,
    csv::check_name,
    runs::{Aside, Row, Rows, Run},
};

impl GroupRuns {
    /// Participant and stamp of the first rows that have both.
    pub fn first_stamps(&self, most: usize) -> Vec<(u32, i64)> {
        let people = self.people.iter().flat_map(|run| (0..run.rows).map(|_| run.id.ok()));
        let stamps = self.stamps.iter().flat_map(|run| {
            let (first_s, step_s, rows) = match *run {
                StampRun::Even { first_s, step_s, rows } => (Some(first_s), step_s, rows),
                StampRun::Unreadable { rows, .. } => (None, 0, rows),
            };
            (0..rows).map(move |row| first_s.map(|first_s| first_s + i64::from(row) * step_s))
        });
        people.zip(stamps).take(most).filter_map(|(id, at_s)| Some((id?, at_s?))).collect()
    }

    /// Rows an epoch apart as runs; what is no row is set aside.
    pub fn into_rows(self, epoch_s: i64, kind: Kind) -> Rows {
        let mut rows = Rows { lines: self.rows, rows: self.rows.into(), ..Rows::default() };
        rows.names = self.ids.iter().map(|id| id.as_bytes().into()).collect();
        let names: Vec<_> = rows.names.iter().map(|name| check_name(name)).collect();
        let mut people = Walk::new(self.people.iter().map(|run| (run.id, run.rows)));
        let mut stamps = Walk::new(self.stamps.iter().map(|run| match *run {
            StampRun::Even { first_s, step_s, rows } => (Ok((first_s, step_s)), rows),
            StampRun::Unreadable { reason, rows } => (Err(reason), rows),
        }));
        let mut nonzero = self.nonzero.iter().copied().peekable();
        let mut null = self.null.iter().peekable();
        let mut bad = self.bad.iter().copied().peekable();
        let mut beats = self.beats.iter().peekable();
        let mut at = 0;
        while at < self.rows {
            let (Some((person, person_ends)), Some((stamp, stamp_ends))) = (people.at(at), stamps.at(at)) else {
                break;
            };
            let heart_rate = beats.peek().is_some_and(|range| range.contains(&at));
            let changes = beats.peek().map_or(u32::MAX, |range| if heart_rate { range.end } else { range.start });
            let mut end = person_ends.min(stamp_ends).min(self.rows).min(changes);
            let without_value = null.peek().filter(|range| range.start <= at).map(|range| range.end);
            let wrong = bad.peek().filter(|(row, _)| *row == at).map(|&(_, reason)| reason);
            end = match (without_value, wrong) {
                (_, Some(_)) => at + 1,
                (Some(until), None) => end.min(until),
                (None, None) => {
                    let next_null = null.peek().map_or(u32::MAX, |range| range.start);
                    end.min(next_null).min(bad.peek().map_or(u32::MAX, |(row, _)| *row))
                }
            };
            let person = person.and_then(|id| match names.get(usize::try_from(id).unwrap_or(usize::MAX)) {
                Some(Ok(())) => Ok(id),
                Some(Err(reason)) => Err(*reason),
                None => Err(Reason::BadParticipant),
            });
            match (wrong.map_or(Ok(()), Err), stamp, person) {
                (Err(reason), _, _) | (_, Err(reason), _) | (_, _, Err(reason)) => {
                    rows.aside.extend((at..end).map(|line| Aside { line, reason, text: String::new() }));
                    while nonzero.next_if(|&(row, _)| row < end).is_some() {}
                }
                (Ok(()), Ok(_), Ok(_)) if without_value.is_some() => rows.without_value += u64::from(end - at),
                (Ok(()), Ok((first_s, step_s)), Ok(person)) => {
                    let (stamp_began, count) = (stamps.began, end - at);
                    let stamp_of = |row: u32| first_s + i64::from(row - stamp_began) * step_s;
                    let stretch = Stretch { person, at, end, first_s: stamp_of(at), step_s, heart_rate };
                    if kind == Kind::Steps && stretch.first_s.rem_euclid(60) % epoch_s.min(60) != 0 {
                        let reason = Reason::NotAWholeMinute;
                        // Of a run in uneven steps other rows may fit: they are looked at one by one.
                        if count == 1 || step_s % epoch_s.min(60) == 0 {
                            rows.aside.extend((at..end).map(|line| Aside { line, reason, text: String::new() }));
                            while nonzero.next_if(|&(row, _)| row < end).is_some() {}
                        } else {
                            end = at + 1;
                            rows.aside.push(Aside { line: at, reason, text: String::new() });
                            nonzero.next_if(|&(row, _)| row < end);
                        }
                    } else if count == 1 || step_s == epoch_s {
                        stretch.as_run(&mut rows, &mut nonzero);
                    } else {
                        end = stretch.row_by_row(&mut rows, &mut nonzero, epoch_s, kind);
                    }
                }
            }
            at = end;
            while null.next_if(|range| range.end <= at).is_some() {}
            while bad.next_if(|(row, _)| *row < at).is_some() {}
            while beats.next_if(|range| range.end <= at).is_some() {}
        }
        rows
    }
}

/// Rows of one participant whose stamps go up evenly.
struct Stretch {
    person: u32,
    at: u32,
    end: u32,
    first_s: i64,
    step_s: i64,
    heart_rate: bool,
}

type Nonzero<'n> = std::iter::Peekable<std::iter::Copied<std::slice::Iter<'n, (u32, u32)>>>;

impl Stretch {
    fn as_run(&self, rows: &mut Rows, nonzero: &mut Nonzero<'_>) {
        let begin = u32::try_from(rows.walked.len()).unwrap_or(u32::MAX);
        while let Some((row, steps)) = nonzero.next_if(|&(row, _)| row < self.end) {
            if row >= self.at {
                rows.walked.push((row - self.at, steps));
            }
        }
        let walked = (begin, u32::try_from(rows.walked.len()).unwrap_or(u32::MAX));
        let Self { person, at, end, first_s, heart_rate, .. } = *self;
        rows.runs.push(Run { person, first_s, rows: end - at, walked, line: at, heart_rate });
    }

    /// Rows that are not an epoch apart; returns where to go on.
    fn row_by_row(&self, rows: &mut Rows, nonzero: &mut Nonzero<'_>, epoch_s: i64, kind: Kind) -> u32 {
        for row in self.at..self.end {
            let at_s = self.first_s + i64::from(row - self.at) * self.step_s;
            if kind == Kind::Steps && at_s.rem_euclid(60) % epoch_s.min(60) != 0 {
                return row;
            }
            while nonzero.next_if(|&(other, _)| other < row).is_some() {}
            let value = nonzero.next_if(|&(other, _)| other == row).map_or(0, |(_, value)| value);
            let Self { person, heart_rate, .. } = *self;
            rows.push(Row { person, at_s, value, line: row, heart_rate }, epoch_s);
        }
        self.end
    }
}

/// Runs one after another, each with the row that ends it.
struct Walk<I: Iterator> {
    runs: I,
    now: Option<I::Item>,
    began: u32,
    ends: u32,
}

impl<T: Copy, I: Iterator<Item = (T, u32)>> Walk<I> {
    fn new(runs: I) -> Self {
        Self { runs, now: None, began: 0, ends: 0 }
    }

    /// The run that a row lies in, and the row after it. Rows are asked for in order.
    fn at(&mut self, row: u32) -> Option<(T, u32)> {
        while self.now.is_none() || row >= self.ends {
            let (what, rows) = self.runs.next()?;
            (self.began, self.ends) = (self.ends, self.ends.saturating_add(rows));
            self.now = Some((what, rows));
        }
        self.now.map(|(what, _)| (what, self.ends))
    }
}
