//! One participant under way: what of their rows is still needed.

mod epochs;

use chrono::NaiveDate;

use super::{
    BatchOptions, StampClock,
    clock::Piece,
    participants::Enrolment,
    people::{Place, Places},
};
use crate::{
    aggregate::{
        coarse::CounterReading,
        context::{context_is_enough, decided_from},
        series::{Mark, SeriesBuf, Walked},
    },
    model::{Coarse, Flag, ParticipantId, windows::Windows},
    time::{Calendar, LocalDay, Zone},
};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum State {
    /// Days are finished as soon as they are decided.
    Open,
    /// A row came before the last one: everything is read again and sorted.
    OutOfOrder,
    /// Rows are passed over: they were read before.
    Done,
}

/// What became of a run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Added {
    InOrder,
    /// It begins before the last row.
    TooLate,
}

/// A minute of which not all epochs came yet.
struct Gathering {
    minute: i32,
    /// The epochs that are there.
    seen: u64,
    values: Vec<u32>,
    heart_rate: bool,
    overlap: bool,
}

/// Rows of one length of epochs.
#[derive(Clone, Copy)]
struct Epochs {
    /// Starts of the first and the last, seconds since 1970.
    from: i64,
    to: i64,
    length_s: i64,
}

pub(super) struct Person<'o> {
    pub id: ParticipantId,
    pub state: State,
    /// Rows come sorted, and in instants.
    pub is_sorted: bool,
    pub series: SeriesBuf,
    pub coarse: Vec<Coarse>,
    /// Which epochs came from when until when, in days not finished.
    epochs: Vec<Epochs>,
    pub days_written: u64,
    pub duplicates: u64,
    pub conflicts: u64,
    pub first_conflict: Option<Place>,
    /// Rows that gave an epoch another value, until they are asked for.
    pub conflicting: Vec<Place>,
    pub seen: u64,
    /// The latest instant that a local stamp stood for.
    pub last_instant_s: i64,
    enrolment: Option<&'o Enrolment>,
    calendar: Calendar,
    gathering: Option<Gathering>,
    reading: Option<CounterReading>,
    /// Minutes with two values, in days not finished.
    contradicted: Vec<i32>,
    /// The minute after the last one recorded.
    end: i32,
    /// End of the last coarse record, seconds.
    coarse_end_s: i64,
    first_minute: Option<i32>,
    /// Start of the first coarse record, seconds.
    first_coarse_s: Option<i64>,
    first_date: Option<NaiveDate>,
    next: Option<LocalDay>,
}

impl<'o> Person<'o> {
    pub fn new(id: ParticipantId, enrolment: Option<&'o Enrolment>, home: &Calendar) -> Self {
        Self {
            id,
            state: State::Open,
            is_sorted: false,
            series: SeriesBuf::default(),
            coarse: Vec::new(),
            epochs: Vec::new(),
            days_written: 0,
            duplicates: 0,
            conflicts: 0,
            first_conflict: None,
            conflicting: Vec::new(),
            seen: 0,
            last_instant_s: i64::MIN,
            enrolment,
            calendar: enrolment.map_or_else(|| home.clone(), |enrolment| enrolment.calendar(home)),
            gathering: None,
            reading: None,
            contradicted: Vec::new(),
            end: i32::MIN,
            coarse_end_s: i64::MIN,
            first_minute: None,
            first_coarse_s: None,
            first_date: None,
            next: None,
        }
    }

    /// As new, to be read a second time.
    pub fn begin_again(&mut self) {
        let fresh = Self::new(self.id.clone(), self.enrolment, &self.calendar);
        *self = Self { state: State::OutOfOrder, ..fresh };
    }

    pub fn forget_everything(&mut self) {
        self.series = SeriesBuf::default();
        self.coarse = Vec::new();
        self.gathering = None;
        self.conflicting = Vec::new();
    }

    /// No row can be added in order any more.
    pub fn close(&mut self) {
        self.forget_everything();
        self.end = i32::MAX;
        self.coarse_end_s = i64::MAX;
    }

    /// What is held, as minutes with steps.
    pub fn held(&self) -> usize {
        self.series.walked.len() + self.series.segments.len() + 2 * self.series.marks.len() + 3 * self.coarse.len()
    }

    /// Whether something is held.
    pub fn is_held(&self) -> bool {
        self.end != i32::MAX
    }

    fn epochs_came(&mut self, piece: &Piece, apart_s: i64, epoch_s: i64) {
        let to = piece.first_s + i64::from(piece.rows.saturating_sub(1)) * apart_s;
        match self.epochs.last_mut() {
            Some(last) if last.length_s == epoch_s => last.to = last.to.max(to),
            Some(_) | None => self.epochs.push(Epochs { from: piece.first_s, to, length_s: epoch_s }),
        }
    }

    /// The longest epochs that minutes of a day were made of, seconds; a minute at most.
    pub fn epoch_of(&self, day: &LocalDay) -> u32 {
        let own = self.epochs.iter().filter(|one| one.from < day.end_s && one.to >= day.start_s);
        own.filter_map(|one| u32::try_from(one.length_s.clamp(1, 60)).ok()).max().unwrap_or(60)
    }

    /// A run of whole minutes.
    pub fn add_minutes(&mut self, piece: &Piece, walked: &[(u32, u32)], heart_rate: bool, places: Places) -> Added {
        self.epochs_came(piece, 60, 60);
        let Ok(first) = i32::try_from(piece.first_s.div_euclid(60)) else { return Added::InOrder };
        let Ok(rows) = i32::try_from(piece.rows) else { return Added::InOrder };
        let (Some(end), Ok(skipped)) = (first.checked_add(rows), i32::try_from(piece.skipped)) else {
            return Added::InOrder;
        };
        if self.is_written(piece.first_s) || self.gathering.as_ref().is_some_and(|gathering| gathering.minute > first) {
            return Added::TooLate;
        }
        self.flush_minute();
        let mut from = first;
        if first < self.end {
            if first + 1 < self.end || self.series.segments.is_empty() {
                return Added::TooLate;
            }
            // The last minute once more.
            let again = walked.first().filter(|(index, _)| *index == piece.skipped);
            let value = again.map_or(0, |&(_, value)| value);
            let kept = self.series.walked.last().filter(|last| last.at == first).map_or(0, |last| last.steps);
            self.repeated(first, kept != value, places.of(piece.skipped));
            from += 1;
        }
        if from < end {
            self.series.record(from, end);
            self.end = end;
            self.first_minute.get_or_insert(from);
        }
        let at = |index: u32| i32::try_from(index).ok().and_then(|index| first.checked_add(index - skipped));
        let own = walked.iter().filter_map(|&(index, steps)| Some(Walked { at: at(index)?, steps }));
        self.series.walked.extend(own.skip_while(|minute| minute.at < from));
        if heart_rate {
            self.series.marks.extend((from..end).map(|at| Mark { heart_rate, ..Mark::none(at) }));
        }
        Added::InOrder
    }

    /// A minute or record that came a second time.
    fn repeated(&mut self, minute: i32, contradicts: bool, place: Place) {
        match self.series.marks.last_mut() {
            Some(mark) if mark.at == minute => mark.overlap = true,
            Some(_) | None => self.series.marks.push(Mark { overlap: true, ..Mark::none(minute) }),
        }
        self.counted_again(minute, contradicts, place);
    }

    fn counted_again(&mut self, minute: i32, contradicts: bool, place: Place) {
        if contradicts {
            self.conflicts += 1;
            self.contradicted.push(minute);
            self.conflicting.push(place);
            self.first_conflict.get_or_insert(place);
        } else {
            self.duplicates += 1;
        }
    }

    /// The second after the last one that anything is known of.
    pub fn last_second(&self) -> Option<i64> {
        let minutes = (self.first_minute.is_some() && self.end != i32::MAX).then(|| i64::from(self.end) * 60);
        let coarse = (!self.coarse.is_empty()).then_some(self.coarse_end_s);
        minutes.max(coarse)
    }

    /// The first second that anything is known of.
    fn first_second(&self) -> Option<i64> {
        let minutes = self.first_minute.map(|minute| i64::from(minute) * 60);
        [minutes, self.first_coarse_s].into_iter().flatten().min()
    }

    /// The first day that is not written; none before anything is known.
    pub fn next_day(&self, first_total: Option<NaiveDate>) -> Option<LocalDay> {
        if let Some(next) = self.next {
            return Some(next);
        }
        let day = self.first_second().map(|first_s| self.calendar.day_at(first_s));
        match (day, first_total) {
            (Some(day), Some(total)) if total < day.date => Some(self.calendar.day(total)),
            (None, Some(total)) => Some(self.calendar.day(total)),
            (day, _) => day,
        }
    }

    /// Whether it may be that a day can be finished.
    pub fn is_due(&self, after_min: i32) -> bool {
        match (self.next, self.last_second()) {
            (Some(next), Some(last)) => last >= next.end_s + i64::from(after_min) * 60,
            (None, Some(_)) => true,
            (_, None) => false,
        }
    }

    /// Whether no later row can change a day.
    pub fn is_settled(&self, day: &LocalDay, after_min: i32, options: &BatchOptions) -> bool {
        let after_s = i64::from(after_min) * 60;
        let known_s = self.last_second().unwrap_or(i64::MIN);
        if known_s < day.end_s.saturating_add(after_s) {
            return false;
        }
        let (threshold, _) = self.in_force(day.date, options);
        let known = i64::from(i32::MIN)..i64::from(self.end.min(i32::MAX - 1));
        self.end <= i32::try_from(day.end_minute()).unwrap_or(i32::MAX)
            || context_is_enough(self.series.view(), &known, day, &options.rules, threshold).after
    }

    /// A day is written; what later ones do not need is forgotten.
    pub fn day_is_written(&mut self, day: &LocalDay, next: NaiveDate, options: &BatchOptions) {
        self.days_written += 1;
        self.first_date.get_or_insert(day.date);
        let next = self.calendar.day(next);
        self.next = Some(next);
        let (threshold, _) = self.in_force(next.date, options);
        let from = decided_from(self.series.view(), &next, &options.rules, threshold);
        self.series.forget_before(from);
        self.coarse.retain(|record| record.end_s > next.start_s);
        self.epochs.retain(|epochs| epochs.to >= next.start_s);
        self.contradicted.retain(|&minute| i64::from(minute) >= next.first_minute());
    }

    /// Threshold and windows of a day.
    pub fn in_force(&self, date: NaiveDate, options: &BatchOptions) -> (u16, Option<Windows>) {
        let setting = self.enrolment.map(|enrolment| enrolment.on(date));
        let threshold = setting.and_then(|setting| setting.brisk_threshold).unwrap_or(options.brisk_threshold);
        (threshold, setting.and_then(|setting| setting.windows.clone()))
    }

    /// What only the course of the record can tell about a day.
    pub fn flags(&self, day: &LocalDay, at_end: bool) -> Vec<Flag> {
        let inside = |minute: i32| (day.first_minute()..day.end_minute()).contains(&i64::from(minute));
        let mut flags = Vec::new();
        if self.contradicted.iter().any(|&minute| inside(minute)) {
            flags.push(Flag::Conflict);
        }
        let within = |at_s: &i64| (day.start_s + 1..day.end_s).contains(at_s);
        if self.first_second().as_ref().is_some_and(within) {
            flags.push(Flag::RecordBegins);
        }
        if at_end && self.last_second().as_ref().is_some_and(within) {
            flags.push(Flag::RecordEnds);
        }
        if self.calendar.zone_changed_on(day.date) {
            flags.push(Flag::TzChange);
        }
        flags
    }

    /// The day's number: from enrolment where that is known, else from the first day of the record.
    pub fn day_index(&self, date: NaiveDate) -> i32 {
        let enrolled = self.enrolment.and_then(|enrolment| enrolment.enrolled_on);
        let first = enrolled.or(self.first_date).unwrap_or(date);
        let index = date.signed_duration_since(first).num_days() + 1;
        i32::try_from(index).unwrap_or(i32::MAX)
    }

    /// The zone whose wall clock showed this.
    pub fn zone_at(&self, wall_s: i64, options: &BatchOptions) -> Zone {
        debug_assert_eq!(options.stamps, StampClock::Local);
        let date = chrono::DateTime::from_timestamp(wall_s, 0).map(|wall| wall.date_naive());
        date.map_or(self.calendar.home(), |date| self.calendar.on(date)).zone
    }
}
