//! Everybody's minutes that may still matter, and the days that are finished from them.

use std::{collections::VecDeque, io, ops::Range};

use chrono::{Days, NaiveDate};

use super::{BatchOptions, spool::Spool};
use crate::{
    aggregate::{DayInput, context::longest_after_min, context_is_enough, day_total},
    model::{Flag, Minute, MinuteWear, ParticipantId},
    time::LocalDay,
};

/// Marks a minute without data.
const ABSENT: u16 = u16::MAX;
const DAY_MIN: i64 = 1440;
/// A day stays open this long after it is decided, so that rows a little out of order find it.
const PATIENCE_MIN: i64 = 1440;
/// Nearly every day is decided by this much before it: two zero windows.
const FIRST_REACH_MIN: i64 = 180;
/// More participants than this at once, and those silent longest are finished: about 9 kB each.
const MOST_OPEN: usize = 2048;

/// The minutes of one UTC day.
struct Chunk {
    day: i64,
    steps: Box<[u16; 1440]>,
}

impl Chunk {
    fn minute(&self, find: impl Fn(&[u16]) -> Option<usize>) -> Option<i64> {
        let index = i64::try_from(find(self.steps.as_slice())?).ok()?;
        Some(self.day * DAY_MIN + index)
    }
}

/// Where a row stands: number of the input, line.
pub(super) type Place = (usize, u64);

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// Days are finished as soon as they are decided.
    Streaming,
    /// A row came for a finished day: everything is read again.
    OutOfOrder,
    /// Nothing is finished before the input ends.
    Gathering,
    /// Rows are passed over: they were read before.
    Done,
}

struct Person {
    id: ParticipantId,
    state: State,
    /// Sorted by day.
    days: VecDeque<Chunk>,
    /// Rows before this minute would change a finished day.
    settled_until: i64,
    /// First day of the record, and first day not finished.
    written: Option<(NaiveDate, NaiveDate)>,
    reach_min: i64,
    conflicts: Vec<i64>,
    first_conflict: Option<Place>,
    duplicates: u64,
    days_written: u64,
    seen: u64,
}

impl Person {
    fn fresh(id: ParticipantId, state: State) -> Self {
        Self {
            id,
            state,
            days: VecDeque::new(),
            settled_until: i64::MIN,
            written: None,
            reach_min: FIRST_REACH_MIN,
            conflicts: Vec::new(),
            first_conflict: None,
            duplicates: 0,
            days_written: 0,
            seen: 0,
        }
    }

    fn first_minute(&self) -> Option<i64> {
        self.days.front().and_then(|chunk| chunk.minute(|steps| steps.iter().position(|&steps| steps != ABSENT)))
    }

    fn last_minute(&self) -> Option<i64> {
        self.days.back().and_then(|chunk| chunk.minute(|steps| steps.iter().rposition(|&steps| steps != ABSENT)))
    }

    /// The recorded minutes of a range, in place of what `minutes` held.
    fn fill(&self, range: &Range<i64>, minutes: &mut Vec<Minute>) {
        minutes.clear();
        for chunk in &self.days {
            let start = chunk.day * DAY_MIN;
            let from = usize::try_from((range.start - start).clamp(0, DAY_MIN)).unwrap_or(0);
            let to = usize::try_from((range.end - start).clamp(0, DAY_MIN)).unwrap_or(0);
            let recorded = (start..).zip(chunk.steps.iter()).take(to).skip(from).filter(|&(_, &steps)| steps != ABSENT);
            minutes.extend(recorded.map(|(at, &steps)| Minute {
                at,
                steps: steps.into(),
                wear: MinuteWear::Unknown,
                saturated: false,
                overlap: false,
            }));
        }
    }
}

/// Everybody seen so far.
pub(super) struct People<'o> {
    options: &'o BatchOptions,
    all: Vec<Person>,
    spool: Spool,
    after_min: i64,
    finish_early: bool,
    open: usize,
    held: usize,
    most_held: usize,
    clock: u64,
    minutes: Vec<Minute>,
}

/// What became of everybody.
pub(super) struct Totals {
    pub participants: u64,
    pub days: u64,
    pub duplicates: u64,
    pub conflicts: u64,
    pub first_conflicts: Vec<Place>,
    pub most_held: usize,
}

impl<'o> People<'o> {
    /// Nobody yet. Without `finish_early`, everything is held until the end.
    pub fn new(options: &'o BatchOptions, finish_early: bool) -> Self {
        Self {
            options,
            all: Vec::new(),
            spool: Spool::new(),
            after_min: longest_after_min(&options.rules).into(),
            finish_early,
            open: 0,
            held: 0,
            most_held: 0,
            clock: 0,
            minutes: Vec::new(),
        }
    }

    /// A new participant's number.
    pub fn enter(&mut self, id: ParticipantId) -> usize {
        let state = if self.finish_early { State::Streaming } else { State::Gathering };
        self.all.push(Person::fresh(id, state));
        self.all.len() - 1
    }

    /// Takes in one minute.
    #[inline]
    pub fn add(&mut self, person: usize, at: i64, steps: u16, place: Place) -> io::Result<()> {
        if at < self.all[person].settled_until {
            self.all[person].state = State::OutOfOrder;
            self.pass_over(person);
            return Ok(());
        }
        let day = at.div_euclid(DAY_MIN);
        let newest = self.all[person].days.back().map(|chunk| chunk.day);
        let index = match newest {
            Some(newest) if newest == day => self.all[person].days.len() - 1,
            Some(_) | None => match self.chunk(person, at, day)? {
                Some(index) => index,
                None => return Ok(()),
            },
        };
        let who = &mut self.all[person];
        let minute = usize::try_from(at.rem_euclid(DAY_MIN)).unwrap_or(0);
        let slot = &mut who.days[index].steps[minute];
        if *slot == ABSENT {
            *slot = steps;
        } else if *slot == steps {
            who.duplicates += 1;
        } else {
            who.conflicts.push(at);
            who.first_conflict.get_or_insert(place);
        }
        Ok(())
    }

    /// The chunk of a day that is not the newest at hand; none when the row is passed over.
    fn chunk(&mut self, person: usize, at: i64, day: i64) -> io::Result<Option<usize>> {
        match self.all[person].state {
            State::OutOfOrder | State::Done => return Ok(None),
            State::Streaming => {
                if self.all[person].days.back().is_some_and(|newest| newest.day < day) {
                    self.finish(person, Some(at))?;
                }
            }
            State::Gathering => {}
        }
        self.clock += 1;
        self.all[person].seen = self.clock;
        let days = &self.all[person].days;
        let index = days.partition_point(|chunk| chunk.day < day);
        if days.get(index).is_none_or(|chunk| chunk.day != day) {
            self.open += usize::from(days.is_empty());
            self.held += 1;
            self.most_held = self.most_held.max(self.held);
            self.all[person].days.insert(index, Chunk { day, steps: Box::new([ABSENT; 1440]) });
            if self.finish_early && self.open > MOST_OPEN {
                self.finish_silent(person)?;
            }
        }
        Ok(Some(index))
    }

    /// Finishes the half of all open participants that was silent longest.
    fn finish_silent(&mut self, but_for: usize) -> io::Result<()> {
        let mut open: Vec<(u64, usize)> = (0..)
            .zip(&self.all)
            .filter(|(number, person)| {
                *number != but_for && !person.days.is_empty() && person.state == State::Streaming
            })
            .map(|(number, person)| (person.seen, number))
            .collect();
        open.sort_unstable();
        for (_, person) in &open[..open.len().div_ceil(2)] {
            self.finish(*person, None)?;
            self.all[*person].settled_until = i64::MAX;
            self.drop_days(*person, usize::MAX);
        }
        Ok(())
    }

    /// Drops what is held of a person whose further rows are passed over.
    fn pass_over(&mut self, person: usize) {
        self.all[person].settled_until = i64::MIN;
        self.drop_days(person, usize::MAX);
    }

    /// Forgets the first days at hand.
    fn drop_days(&mut self, person: usize, most: usize) {
        let days = &mut self.all[person].days;
        let count = days.len().min(most);
        days.drain(..count);
        self.held -= count;
        self.open -= usize::from(count > 0 && days.is_empty());
    }

    /// Finishes the days of a person that rows from minute `newest` on cannot change; all without it.
    fn finish(&mut self, person: usize, newest: Option<i64>) -> io::Result<()> {
        let calendar = self.options.calendar;
        let Some(last) = self.all[person].last_minute() else { return Ok(()) };
        loop {
            let who = &self.all[person];
            let (first, date) = match (who.written, who.first_minute()) {
                (Some(written), _) => written,
                (None, Some(minute)) => {
                    let date = calendar.day_at(minute * 60).date;
                    (date, date)
                }
                (None, None) => return Ok(()),
            };
            let day = calendar.day(date);
            let decided = match newest {
                Some(newest) => day.end_minute() + self.after_min + PATIENCE_MIN <= newest,
                None => day.first_minute() <= last,
            };
            let Some(tomorrow) = date.checked_add_days(Days::new(1)).filter(|_| decided) else { return Ok(()) };
            self.write_day(person, &day, first)?;
            let who = &mut self.all[person];
            who.written = Some((first, tomorrow));
            who.settled_until = day.end_minute() + self.after_min;
            who.days_written += 1;
            if newest.is_some() {
                self.forget_before(person, &calendar.day(tomorrow));
            }
        }
    }

    /// Fills `minutes` with a day and enough around it; `known_until` ends what is looked at.
    fn look_around(&mut self, person: usize, day: &LocalDay, known_until: i64) {
        let BatchOptions { rules, brisk_threshold, .. } = self.options;
        let mut reach = self.all[person].reach_min;
        loop {
            let looked_at = day.first_minute() - reach..known_until;
            self.all[person].fill(&looked_at, &mut self.minutes);
            // What is not known yet after the day is looked at when the day's turn comes.
            let covering = looked_at.start..known_until.max(day.end_minute());
            if context_is_enough(
                crate::aggregate::series::SeriesBuf::of(&self.minutes).view(),
                &covering,
                day,
                rules,
                *brisk_threshold,
            )
            .before
            {
                break;
            }
            reach *= 2;
        }
        self.all[person].reach_min = reach;
    }

    fn write_day(&mut self, person: usize, day: &LocalDay, first: NaiveDate) -> io::Result<()> {
        self.look_around(person, day, day.end_minute() + self.after_min + 1);
        let who = &mut self.all[person];
        who.reach_min = FIRST_REACH_MIN;
        let conflict = who.conflicts.iter().any(|&at| (day.first_minute()..day.end_minute()).contains(&at));
        let mut total = day_total(&DayInput {
            participant: &who.id,
            day,
            day_index: i32::try_from(day.date.signed_duration_since(first).num_days() + 1).unwrap_or(i32::MAX),
            brisk_threshold: self.options.brisk_threshold,
            rules: &self.options.rules,
            minutes: crate::aggregate::series::SeriesBuf::of(&self.minutes).view(),
            coarse: &[],
            device_day_steps: None,
            now_s: None,
            source_device: None,
            epoch_seconds_max: 60,
            extra_flags: if conflict { &[Flag::Conflict] } else { &[] },
        });
        total.computed_at = self.options.computed_at;
        total.revision = 1;
        let number = u32::try_from(person).map_err(io::Error::other)?;
        self.spool.push(number, |out| self.options.format.row(&total, out))
    }

    /// Forgets what cannot matter from this day on.
    fn forget_before(&mut self, person: usize, day: &LocalDay) {
        let settled = self.all[person].settled_until;
        self.look_around(person, day, settled);
        let who = &self.all[person];
        let needed = day.first_minute() - who.reach_min;
        let old = who.days.iter().take_while(|chunk| (chunk.day + 1) * DAY_MIN <= needed).count();
        self.drop_days(person, old);
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
        let out_of_order: Vec<bool> = self.all.iter().map(|person| person.state == State::OutOfOrder).collect();
        self.spool.forget(|person| {
            usize::try_from(person).is_ok_and(|person| out_of_order.get(person).is_some_and(|&again| again))
        });
        for person in &mut self.all {
            person.state = match person.state {
                State::OutOfOrder => {
                    again += 1;
                    *person = Person::fresh(person.id.clone(), State::Gathering);
                    State::Gathering
                }
                State::Streaming | State::Gathering | State::Done => State::Done,
            };
        }
        self.finish_early = false;
        Ok(again)
    }

    fn finish_all(&mut self) -> io::Result<()> {
        for person in 0..self.all.len() {
            match self.all[person].state {
                State::Streaming | State::Gathering => {
                    self.finish(person, None)?;
                    self.pass_over(person);
                }
                State::OutOfOrder | State::Done => {}
            }
        }
        Ok(())
    }

    /// Finishes everybody.
    pub fn into_rows(mut self) -> io::Result<(Spool, Totals)> {
        self.finish_all()?;
        let sum = |of: fn(&Person) -> u64| self.all.iter().map(of).sum();
        let totals = Totals {
            participants: sum(|person| u64::from(person.days_written > 0)),
            days: sum(|person| person.days_written),
            duplicates: sum(|person| person.duplicates),
            conflicts: sum(|person| u64::try_from(person.conflicts.len()).unwrap_or(u64::MAX)),
            first_conflicts: self.all.iter().filter_map(|person| person.first_conflict).collect(),
            most_held: self.most_held,
        };
        Ok((self.spool, totals))
    }
}
