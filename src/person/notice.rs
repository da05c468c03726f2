//! Notices for the person: at most one a day, only in their own time, and only while somebody takes notice of them.
//! None is ever about not moving, and none names a number.

use chrono::{Datelike as _, Days, NaiveDate, NaiveDateTime, TimeDelta, Timelike as _};

use super::Record;
use crate::{
    goal::{Problems, decision::Found},
    model::windows::{WallMinute, Weekly},
    words::Phrase,
};

/// A band that was not heard for so long is asked for, once in seven days.
pub const BAND_SILENT: TimeDelta = TimeDelta::hours(48);

/// What a notice is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A new day with its plan.
    NewDay,
    /// The week that is over can be looked back on.
    Review,
    /// The band was not heard for long.
    BandNear,
}

impl Kind {
    /// All of them, first the one that is shown when there is a reason for several.
    pub const ALL: [Self; 3] = [Self::BandNear, Self::Review, Self::NewDay];

    /// Key of its message, under which it is stored.
    pub fn key(self) -> &'static str {
        match self {
            Self::NewDay => "notice-new-day",
            Self::Review => "notice-review",
            Self::BandNear => "notice-band-near",
        }
    }

    /// The kind that was stored under a key.
    pub fn of_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.key() == key)
    }
}

/// Notices that were shown to one person.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notices {
    shown: Vec<(String, NaiveDate)>,
    seen_on: Option<NaiveDate>,
    unanswered: u32,
}

impl Notices {
    pub(super) fn show(&mut self, notice: String, date: NaiveDate) {
        self.shown.push((notice, date));
        self.unanswered = self.unanswered.saturating_add(1);
    }

    pub(super) fn put_away(&mut self, date: NaiveDate) {
        self.seen_on = self.seen_on.max(Some(date));
    }

    /// The person did something themselves.
    pub(super) fn person_is_back(&mut self) {
        self.unanswered = 0;
    }

    /// One a day.
    pub(super) fn check_shown(&self, date: NaiveDate) -> Result<(), Problems> {
        let mut found = Found::default();
        found.when(self.on(date).is_some(), "date", || Phrase::new("problem-notice-second"));
        found.done()
    }

    /// What was shown on a date.
    pub fn on(&self, date: NaiveDate) -> Option<&str> {
        self.shown.iter().rev().find(|(_, day)| *day == date).map(|(notice, _)| notice.as_str())
    }

    /// What was shown on a date and not put away since.
    pub fn open_on(&self, date: NaiveDate) -> Option<Kind> {
        let notice = self.on(date).and_then(Kind::of_key);
        notice.filter(|_| self.seen_on.is_none_or(|seen| seen < date))
    }

    /// How many were shown since the person last did anything themselves.
    pub fn unanswered(&self) -> u32 {
        self.unanswered
    }

    fn shown_since(&self, kind: Kind, date: NaiveDate) -> bool {
        self.shown.iter().any(|(notice, day)| notice == kind.key() && *day >= date)
    }
}

/// What the settings say of notices.
#[derive(Clone, Debug)]
pub struct Manner<'a> {
    /// Hours in which there is none.
    pub quiet: &'a Weekly,
    /// After so many without an answer there is none.
    pub give_up_after: u32,
}

/// Now, as the person sees it.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// Their day.
    pub date: NaiveDate,
    /// The clock on their wall.
    pub wall: NaiveDateTime,
}

/// What there may be to say.
#[derive(Clone, Copy, Debug)]
pub struct Facts {
    /// Since something last arrived from their band; none when nothing ever did.
    pub silent_for: Option<TimeDelta>,
    /// The plan of the day is not reached, as far as is known.
    pub plan_is_open: bool,
}

/// Whether this is a moment for a notice at all: in own time, not paused, not excused, none shown today, and not too
/// many left without an answer. Somebody whose pages show no numbers is not asked about.
pub fn may_show(record: &Record, at: Moment, manner: &Manner<'_>) -> bool {
    let minute = WallMinute {
        weekday: u8::try_from(at.wall.weekday().number_from_monday()).unwrap_or(0),
        minute: u16::try_from(at.wall.hour() * 60 + at.wall.minute()).unwrap_or(0),
    };
    let own_time = record
        .own_time
        .on(at.date)
        .is_none_or(|set| !set.windows.work.contains(minute) && !set.windows.sleep.contains(minute));
    own_time
        && !manner.quiet.contains(minute)
        && record.goals.paused_until(at.date).is_none()
        && !record.goals.is_excused(at.date)
        && record.notices.on(at.date).is_none()
        && record.notices.unanswered() < manner.give_up_after
}

/// The notice to show now, if there is a moment and a reason for one.
pub fn next(record: &Record, at: Moment, manner: &Manner<'_>, facts: &Facts) -> Option<Kind> {
    may_show(record, at, manner).then(|| Kind::ALL.into_iter().find(|kind| reason(*kind, record, at.date, facts)))?
}

fn reason(kind: Kind, record: &Record, date: NaiveDate, facts: &Facts) -> bool {
    let monday = date - Days::new(u64::from(date.weekday().num_days_from_monday()));
    match kind {
        Kind::BandNear => {
            let asked = record.notices.shown_since(kind, date - Days::new(6));
            facts.silent_for.is_some_and(|silent| silent >= BAND_SILENT) && !asked
        }
        Kind::Review => {
            let planned = record.goals.goal_on(monday - Days::new(1)).is_some();
            let answered = record.proposals.iter().any(|(_, _, day)| *day >= monday);
            planned && !answered && !record.notices.shown_since(kind, monday)
        }
        Kind::NewDay => {
            let weekday = date.weekday();
            facts.plan_is_open && record.goals.goal_on(date).is_some_and(|goal| goal.days.contains(weekday))
        }
    }
}

#[cfg(test)]
mod tests;
