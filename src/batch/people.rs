//! Everybody's minutes that may still matter, and the days that are finished from them.

mod again;

use std::{collections::HashMap, io};

use chrono::Days;

use super::{
    BatchOptions, Kind,
    clock::{Clock, Piece},
    person::{Added, Person, State},
    runs::{Rows, Run},
    sink::Sink,
    sort::Sorter,
};
use crate::{
    aggregate::{DayInput, context::longest_after_min, day_total},
    model::ParticipantId,
    time::LocalDay,
};

/// More minutes with steps than this held at once, and those who were silent longest are finished (8 bytes each).
const MOST_HELD: usize = 1 << 20;
/// What an open participant costs beside their minutes, in minutes with steps.
const OPEN_COST: usize = 128;

/// Where a row stands: number of the input, line.
pub(super) type Place = (usize, u64);

/// Where the rows of a run stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Places {
    /// Place of the first.
    pub first: Place,
    /// They all stand in its line.
    pub in_one_line: bool,
}

impl Places {
    /// Place of a row of the run.
    pub fn of(self, index: u32) -> Place {
        let (input, line) = self.first;
        (input, if self.in_one_line { line } else { line + u64::from(index) })
    }
}

/// Everybody seen so far, and where their days go.
pub(super) struct People<'o> {
    options: &'o BatchOptions,
    rules_hash: String,
    clock: Clock<'o>,
    all: Vec<Person<'o>>,
    numbers: HashMap<Box<[u8]>, usize>,
    after_min: i32,
    held: usize,
    most_held: usize,
    moment: u64,
    again: Option<Sorter>,
    /// Rows at local times that a clock change skipped, since they were last asked for.
    no_such_time: Vec<Place>,
    /// Rows that gave an epoch another value, likewise; with the number of their person.
    conflicts: Vec<(usize, Place)>,
    pub sink: Sink<'o>,
    /// Of each input: length of its epochs in seconds, and rows read.
    inputs: Vec<(i64, u64)>,
}

/// What became of everybody.
#[derive(Default)]
pub(super) struct Totals {
    pub participants: u64,
    pub days: u64,
    pub duplicates: u64,
    pub conflicts: u64,
    pub first_conflicts: Vec<Place>,
    pub most_held: usize,
}

impl<'o> People<'o> {
    pub fn new(options: &'o BatchOptions, sink: Sink<'o>) -> Self {
        Self {
            options,
            rules_hash: options.rules.hash(),
            clock: Clock::new(options),
            all: Vec::new(),
            numbers: HashMap::new(),
            after_min: longest_after_min(&options.rules).into(),
            held: 0,
            most_held: 0,
            moment: 0,
            again: None,
            no_such_time: Vec::new(),
            conflicts: Vec::new(),
            sink,
            inputs: Vec::new(),
        }
    }

    /// The next input, and the length of its epochs.
    pub fn input_begins(&mut self, number: usize, epoch_s: i64) {
        if self.inputs.len() <= number {
            self.inputs.resize(number + 1, (60, 0));
        }
        self.inputs[number].0 = epoch_s;
    }

    /// Rows of an input were read.
    pub fn rows_were_read(&mut self, number: usize, rows: u64) {
        if let Some((_, all)) = self.inputs.get_mut(number) {
            *all += rows;
        }
    }

    /// Of each input: length of its epochs in seconds, and rows read.
    pub fn inputs(&self) -> &[(i64, u64)] {
        &self.inputs
    }

    fn epoch_s(&self, input: usize) -> i64 {
        self.inputs.get(input).map_or(60, |(epoch_s, _)| *epoch_s)
    }

    /// Takes in a block; `place` is that of its first line.
    pub fn take(&mut self, rows: &Rows, place: Place) -> io::Result<()> {
        // Not every name of a block has a row, or is one.
        let mut numbers: Vec<Option<usize>> = vec![None; rows.names.len()];
        let epoch_s = self.epoch_s(place.0);
        for run in &rows.runs {
            let index = usize::try_from(run.person).unwrap_or(usize::MAX);
            let (Some(known), Some(name)) = (numbers.get_mut(index), rows.names.get(index)) else { continue };
            let Some(number) = known.or_else(|| self.number(name)) else { continue };
            *known = Some(number);
            let range = |(from, to): (u32, u32)| {
                usize::try_from(from).unwrap_or(0)..usize::try_from(to).unwrap_or(0).min(rows.walked.len())
            };
            let walked = rows.walked.get(range(run.walked)).unwrap_or_default();
            let first = (place.0, place.1 + u64::from(run.line));
            self.run(number, run, walked, epoch_s, Places { first, in_one_line: rows.wide })?;
        }
        Ok(())
    }

    /// A participant's number; none for what is no participant's name, of which readers make no run.
    fn number(&mut self, name: &[u8]) -> Option<usize> {
        if let Some(&number) = self.numbers.get(name) {
            return Some(number);
        }
        let number = self.enter(String::from_utf8_lossy(name).parse().ok()?);
        self.numbers.insert(name.into(), number);
        Some(number)
    }

    fn enter(&mut self, id: ParticipantId) -> usize {
        let enrolment = self.options.participants.as_ref().and_then(|participants| participants.of(&id));
        self.all.push(Person::new(id, enrolment, &self.options.calendar));
        self.all.len() - 1
    }

    fn run(&mut self, number: usize, run: &Run, walked: &[(u32, u32)], epoch_s: i64, places: Places) -> io::Result<()> {
        let person = &mut self.all[number];
        match person.state {
            State::Open => {}
            State::OutOfOrder => {
                let Some(sorter) = &mut self.again else {
                    // The second time nothing is rejected.
                    self.clock.pieces(person, run, epoch_s);
                    self.no_such_time.extend(self.clock.skipped.iter().map(|&index| places.of(index)));
                    return Ok(());
                };
                return again::expand(&mut self.clock, person, number, run, walked, epoch_s, places, sorter);
            }
            State::Done => return Ok(()),
        }
        if person.seen == 0 {
            self.held += OPEN_COST;
        }
        self.moment += 1;
        person.seen = self.moment;
        let pieces = self.clock.pieces(person, run, epoch_s);
        self.no_such_time.extend(self.clock.skipped.iter().map(|&index| places.of(index)));
        let mut walked = walked;
        for part in pieces.into_iter().flat_map(|piece| piece.parts(epoch_s)) {
            // Each part is given the minutes with steps from its first row on.
            walked = &walked[walked.partition_point(|(index, _)| *index < part.skipped)..];
            if self.add(number, run, &part, walked, epoch_s, places)? == Added::TooLate {
                return Ok(());
            }
        }
        if self.held > MOST_HELD {
            self.finish_silent(number)?;
        }
        Ok(())
    }

    fn add(
        &mut self,
        number: usize,
        run: &Run,
        part: &Piece,
        walked: &[(u32, u32)],
        epoch_s: i64,
        places: Places,
    ) -> io::Result<Added> {
        let person = &mut self.all[number];
        let before = person.held();
        let walked = &walked[..walked.partition_point(|(index, _)| *index < part.skipped + part.rows)];
        let added = match (self.options.kind, epoch_s) {
            (Kind::Counter, _) => person.add_readings(part, walked, epoch_s, places, self.options),
            (Kind::Steps, 60) => person.add_minutes(part, walked, run.heart_rate, places),
            (Kind::Steps, ..60) => person.add_short_epochs(part, walked, epoch_s, run.heart_rate, places),
            (Kind::Steps, _) => person.add_long_epochs(part, walked, epoch_s, places),
        };
        if added == Added::TooLate {
            let cost = if person.is_held() { before + OPEN_COST } else { 0 };
            self.held = self.held.saturating_sub(cost);
            person.state = State::OutOfOrder;
            person.forget_everything();
            return Ok(added);
        }
        self.conflicts.extend(person.conflicting.drain(..).map(|place| (number, place)));
        let due = person.is_due(self.after_min);
        self.held = (self.held + person.held()).saturating_sub(before);
        self.most_held = self.most_held.max(self.held);
        if due {
            self.finish(number, Until::Now)?;
        }
        Ok(added)
    }

    /// Finishes the half of all open participants that was silent longest.
    fn finish_silent(&mut self, but_for: usize) -> io::Result<()> {
        let mut open: Vec<(u64, usize)> = (0..)
            .zip(&self.all)
            // Who was named and has no row yet holds nothing, and is still to come.
            .filter(|(number, person)| *number != but_for && person.state == State::Open && person.seen > 0)
            .filter(|(_, person)| person.is_held())
            .map(|(number, person)| (person.seen, number))
            .collect();
        open.sort_unstable();
        for &(_, number) in &open[..open.len().div_ceil(2)] {
            self.finish(number, Until::End)?;
            let person = &mut self.all[number];
            self.held = self.held.saturating_sub(person.held() + OPEN_COST);
            person.close();
        }
        Ok(())
    }

    /// Finishes the days of a person that later rows cannot change; all of them at the end.
    fn finish(&mut self, number: usize, until: Until) -> io::Result<()> {
        let options = self.options;
        let totals = options.device_days.as_ref().and_then(|days| days.of(&self.all[number].id));
        if until == Until::End {
            self.all[number].flush_minute();
        }
        let before = self.all[number].held();
        let first_total = totals.and_then(|totals| totals.keys().next().copied());
        let last_total = totals.and_then(|totals| totals.keys().next_back().copied());
        loop {
            let person = &self.all[number];
            let Some(day) = person.next_day(first_total) else { break };
            let may_end = match until {
                Until::Now => person.is_settled(&day, self.after_min, options),
                Until::End => {
                    person.last_second().is_some_and(|last| day.start_s < last)
                        || last_total.is_some_and(|last| day.date <= last)
                }
            };
            let Some(next) = day.date.checked_add_days(Days::new(1)).filter(|_| may_end) else { break };
            self.write_day(number, &day, totals.and_then(|totals| totals.get(&day.date).copied()), until)?;
            self.all[number].day_is_written(&day, next, options);
        }
        self.held = (self.held + self.all[number].held()).saturating_sub(before);
        Ok(())
    }

    fn write_day(
        &mut self,
        number: usize,
        day: &LocalDay,
        device_day_steps: Option<u32>,
        until: Until,
    ) -> io::Result<()> {
        let options = self.options;
        let person = &self.all[number];
        let (brisk_threshold, windows) = person.in_force(day.date, options);
        let flags = person.flags(day, until == Until::End);
        let mut total = day_total(&DayInput {
            participant: &person.id,
            day,
            day_index: person.day_index(day.date),
            brisk_threshold,
            rules: &options.rules,
            rules_hash: &self.rules_hash,
            minutes: person.series.view(),
            coarse: &person.coarse,
            windows: windows.as_ref(),
            device_day_steps,
            now_s: None,
            source_device: None,
            epoch_seconds_max: person.epoch_of(day),
            extra_flags: &flags,
        });
        total.computed_at = options.computed_at;
        total.revision = 1;
        self.sink.day(number, &total, day, &person.series)
    }

    /// Rows at local times that a clock change skipped, since this was last asked.
    pub fn take_no_such_time(&mut self) -> Vec<Place> {
        std::mem::take(&mut self.no_such_time)
    }

    /// Rows that gave an epoch another value, since this was last asked, with the number of their person.
    pub fn take_conflicts(&mut self) -> Vec<(usize, Place)> {
        std::mem::take(&mut self.conflicts)
    }

    fn finish_all(&mut self) -> io::Result<()> {
        for number in 0..self.all.len() {
            match self.all[number].state {
                State::Open => {
                    self.finish(number, Until::End)?;
                    self.all[number].close();
                    self.all[number].state = State::Done;
                }
                State::OutOfOrder | State::Done => {}
            }
        }
        self.held = 0;
        Ok(())
    }

    /// Finishes everybody, those with day totals alone included.
    pub fn end(&mut self) -> io::Result<Totals> {
        if let Some(days) = &self.options.device_days {
            for id in days.participants() {
                if !self.numbers.contains_key(id.as_str().as_bytes()) {
                    self.enter(id.clone());
                }
            }
        }
        self.finish_all()?;
        for (number, person) in self.all.iter().enumerate() {
            self.sink.person_ends(number, &person.id)?;
        }
        let sum = |of: fn(&Person<'_>) -> u64| self.all.iter().map(of).sum();
        Ok(Totals {
            participants: sum(|person| u64::from(person.days_written > 0)),
            days: sum(|person| person.days_written),
            duplicates: sum(|person| person.duplicates),
            conflicts: sum(|person| person.conflicts),
            first_conflicts: self.all.iter().filter_map(|person| person.first_conflict).collect(),
            most_held: self.most_held,
        })
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Until {
    /// What is settled by now.
    Now,
    /// Everything.
    End,
}
