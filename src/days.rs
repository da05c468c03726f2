//! People's days: readings from the store, through the rules and the goal, to rows of the day table.
//!
//! A day that is over (and an hour and a half more, within which a minute may still change it) is computed once and kept
//! until a reading, a decision, a rule or a setting that it rests on changes; then it gets the next revision, recorded in
//! the journal. The day under way is computed whenever somebody asks.

mod compute;
mod person;
mod revisions;

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError, RwLock},
};

use chrono::{DateTime, Days as CalendarDays, NaiveDate, Utc};
use tokio::sync::watch;

pub use self::person::{Person, Wearing};
use self::revisions::{Cause, decided};
use crate::{
    aggregate::context::longest_after_min,
    goal::Problems,
    model::{DayTotal, ParticipantId, Rules},
    person::{Decision, Record},
    store::{DirtyHour, Erased, Erasure, Store, StoreError},
    time::LocalDay,
};

/// Why days could not be given.
#[derive(Debug, thiserror::Error)]
pub enum DaysError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Nobody has this pseudonym.
    #[error("nobody with that id is in the settings; nothing was changed. `brisk config show` lists who is")]
    Unknown,
    /// The decision cannot stand.
    #[error(transparent)]
    Refused(#[from] Problems),
    /// A decision cannot be written down.
    #[error("the decision could not be written down; nothing was changed")]
    Json(#[source] serde_json::Error),
    /// A row cannot be kept.
    #[error("a computed day could not be packed for keeping; no reading is affected")]
    Encode(#[source] postcard::Error),
}

/// The days of all people. Methods block on the disk.
pub struct DayBook {
    store: Arc<Store>,
    /// In the order of the settings; replaced whole when somebody decides.
    people: RwLock<Vec<Arc<Person>>>,
    rules: Rules,
    rules_hash: String,
    /// One computation at a time, so that no revision is counted twice.
    computing: Mutex<()>,
    /// Told whenever somebody's day may look different.
    changes: watch::Sender<()>,
}

impl DayBook {
    /// The day book of these people under these rules, with what is stored of their decisions.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn new(store: Arc<Store>, people: Vec<Person>, rules: Rules) -> Result<Self, StoreError> {
        let rules_hash = rules.hash();
        let decisions = decisions(&store)?;
        let people = people.into_iter().map(|mut person| {
            person.record = Record::from_decisions(&person.id, &person.calendar, decisions.iter().cloned());
            person.follow_record();
            Arc::new(person)
        });
        let people = RwLock::new(people.collect());
        Ok(Self { store, people, rules, rules_hash, computing: Mutex::new(()), changes: watch::Sender::new(()) })
    }

    /// Everybody.
    pub fn people(&self) -> Vec<Arc<Person>> {
        self.people.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The person with this pseudonym, or the only one there is.
    ///
    /// # Errors
    /// When there is no such person, or none is named and there are several.
    pub fn person(&self, id: Option<&ParticipantId>) -> Result<Arc<Person>, DaysError> {
        match (id, self.people().as_slice()) {
            (None, [only]) => Ok(Arc::clone(only)),
            (None, _) => Err(DaysError::Unknown),
            (Some(id), people) => people.iter().find(|person| person.id == *id).cloned().ok_or(DaysError::Unknown),
        }
    }

    /// Told whenever readings came in or somebody decided something: what was asked for may look different now.
    pub fn changes(&self) -> watch::Receiver<()> {
        self.changes.subscribe()
    }

    /// The rules in force.
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// First and last day of a person's record: from the first minute that arrived to today. None
    /// when nothing has arrived.
    ///
    /// # Errors
    /// When the store fails.
    pub fn span(&self, person: &Person, now: DateTime<Utc>) -> Result<Option<(NaiveDate, NaiveDate)>, DaysError> {
        let mut first = None;
        for wearing in &person.counters {
            let Some(span) = self.store.span(wearing.device, &person.minutes_of(wearing))? else { continue };
            let date = person.calendar.day_at(span.first_minute * 60).date;
            first = Some(first.map_or(date, |earlier: NaiveDate| earlier.min(date)));
        }
        let today = person.calendar.day_at(now.timestamp()).date;
        Ok(first.map(|first| (first, today.max(first))))
    }

    /// Rows of the days `from..=to`, in order. Days before the record begins are left out.
    ///
    /// # Errors
    /// When the store fails.
    pub fn rows(
        &self,
        person: &Person,
        from: NaiveDate,
        to: NaiveDate,
        now: DateTime<Utc>,
    ) -> Result<Vec<DayTotal>, DaysError> {
        let _one_at_a_time = self.computing.lock().unwrap_or_else(PoisonError::into_inner);
        // As they are by now: somebody who was erased meanwhile has no days.
        let person = self.person(Some(&person.id))?;
        let person = person.as_ref();
        self.bring_up_to_date(now)?;
        // As they are by now: a row that is kept rests on every decision.
        let person = &*self.person(Some(&person.id))?;
        let Some((first, today)) = self.span(person, now)? else {
            return Ok(Vec::new());
        };
        let settings = self.settings_of(person, first);
        let mut rows = Vec::new();
        let (mut new, mut changed) = (Vec::new(), Vec::new());
        let mut cached = self.cached(person, from.max(first), to.min(today), settings)?;
        for date in dates(from.max(first), to.min(today)) {
            let day = person.calendar.day(date);
            if !self.is_closed(&day, now) {
                rows.push(self.open_row(person, &day, first, now)?);
            } else if let Some(row) = cached.remove(&date) {
                rows.push(row);
            } else {
                let (row, revision) = self.closed_row(person, &day, (first, settings), Cause::Asked, now)?;
                changed.extend(revision);
                new.push(row.clone());
                rows.push(row);
            }
        }
        self.keep(&new, &changed, settings, person)?;
        Ok(rows)
    }

    /// A day is closed when it is over and no later minute can change it any more.
    fn is_closed(&self, day: &LocalDay, now: DateTime<Utc>) -> bool {
        now.timestamp() >= day.end_s + i64::from(longest_after_min(&self.rules)) * 60
    }

    /// Recomputes the days that new readings have touched.
    ///
    /// # Errors
    /// When the store fails; the days stay marked and are recomputed next time.
    pub fn refresh(&self, now: DateTime<Utc>) -> Result<(), DaysError> {
        let _one_at_a_time = self.computing.lock().unwrap_or_else(PoisonError::into_inner);
        self.changes.send_replace(());
        self.bring_up_to_date(now)
    }

    /// Records a person's decision, after checking it, and gives back the person as they are from now on.
    ///
    /// # Errors
    /// When it cannot stand, with every reason, or when the store fails.
    pub fn decide(
        &self,
        person: &Person,
        decision: impl Into<Decision>,
        actor: &str,
        now: DateTime<Utc>,
    ) -> Result<Arc<Person>, DaysError> {
        let decision = decision.into();
        let _one_at_a_time = self.computing.lock().unwrap_or_else(PoisonError::into_inner);
        // As they are by now: another decision may have come in between.
        let mut person = Person::clone(&*self.person(Some(&person.id))?);
        let today = person.calendar.day_at(now.timestamp()).date;
        if person.record.holds(&decision) {
            return Ok(Arc::new(person));
        }
        person.record.check(&decision, today)?;
        let json = serde_json::to_string(&decision).map_err(DaysError::Json)?;
        // Before the decision is written down: if the power goes in between, days are computed once more; the other
        // way round they would stay as they were.
        let mut unmarked = Vec::new();
        if let Some(days) = person.record.touched(&decision) {
            // What had arrived by now has another cause.
            self.bring_up_to_date(now)?;
            unmarked = self.store.days(&person.id, *days.start(), *days.end())?;
            self.store.change_days(&person.id, &days, &|bytes| decided(bytes, actor))?;
        }
        if let Err(error) = self.store.append_decision(now, actor, &json) {
            for (date, bytes) in unmarked {
                if let Err(error) = self.store.put_day(&person.id, date, &bytes) {
                    tracing::warn!(%error, "a day keeps the mark of a decision that was not written down");
                }
            }
            return Err(error.into());
        }
        person.record.take(now, today, decision);
        person.follow_record();
        let person = Arc::new(person);
        let mut people = self.people.write().unwrap_or_else(PoisonError::into_inner);
        for known in people.iter_mut().filter(|known| known.id == person.id) {
            *known = Arc::clone(&person);
        }
        drop(people);
        self.changes.send_replace(());
        Ok(person)
    }

    /// Erases a person from the store, and from the people as this book has them. `last` makes the decisions that are
    /// written in their place.
    ///
    /// # Errors
    /// When the store fails; nothing was erased then.
    pub fn erase(&self, whom: &Erasure<'_>, last: impl FnOnce(&Erased) -> Vec<String>) -> Result<Erased, DaysError> {
        // No day of theirs is computed, and so noted in the journal, meanwhile.
        let _one_at_a_time = self.computing.lock().unwrap_or_else(PoisonError::into_inner);
        let erased = self.store.erase(whom, last)?;
        let mut people = self.people.write().unwrap_or_else(PoisonError::into_inner);
        for known in people.iter_mut().filter(|known| known.id == *whom.participant) {
            let bare = Person { record: Record::default(), counters: Vec::new(), ..Person::clone(known) };
            *known = Arc::new(bare);
        }
        Ok(erased)
    }

    fn bring_up_to_date(&self, now: DateTime<Utc>) -> Result<(), DaysError> {
        let dirty = self.store.dirty()?;
        if dirty.is_empty() {
            return Ok(());
        }
        for person in &self.people() {
            let Some((first, _)) = self.span(person, now)? else { continue };
            let mut touched = BTreeSet::new();
            for DirtyHour { device, hour, .. } in &dirty {
                if person.counters.iter().any(|wearing| wearing.device == *device) {
                    touched.extend(self.days_that_rest_on(person, *hour));
                }
            }
            let settings = self.settings_of(person, first);
            let (mut rows, mut changed) = (Vec::new(), Vec::new());
            for date in touched.into_iter().filter(|date| *date >= first) {
                let day = person.calendar.day(date);
                if self.is_closed(&day, now) {
                    let (row, revision) = self.closed_row(person, &day, (first, settings), Cause::Arrived, now)?;
                    rows.push(row);
                    changed.extend(revision);
                }
            }
            self.keep(&rows, &changed, settings, person)?;
        }
        self.store.clear_dirty(&dirty)?;
        Ok(())
    }

    /// The days that minutes of a UTC hour may change: their own, the next (a run of minutes may reach
    /// over midnight), and the one before when the hour is soon after midnight.
    fn days_that_rest_on(&self, person: &Person, hour: i64) -> impl Iterator<Item = NaiveDate> + use<> {
        let first = person.calendar.day_at(hour * 3600);
        let last = person.calendar.day_at(hour * 3600 + 3599);
        let reach_s = i64::from(longest_after_min(&self.rules)) * 60;
        let before = u64::from(hour * 3600 < first.start_s + reach_s);
        dates(first.date - CalendarDays::new(before), last.date + CalendarDays::new(1))
    }

    fn open_row(
        &self,
        person: &Person,
        day: &LocalDay,
        first: NaiveDate,
        now: DateTime<Utc>,
    ) -> Result<DayTotal, DaysError> {
        let mut row = self.compute(person, day, first, Some(now))?;
        for wearing in &person.counters {
            let arrived = self.store.counter(wearing.device)?.and_then(|state| state.last_arrival);
            row.computed_at = row.computed_at.max(arrived);
        }
        Ok(row)
    }
}

/// Every decision of a person in the journal, with its place and its moment.
fn decisions(store: &Store) -> Result<Vec<(u64, DateTime<Utc>, Decision)>, StoreError> {
    let mut decisions = Vec::new();
    for decided in store.decisions()? {
        match serde_json::from_str::<Decision>(&decided.json) {
            Ok(decision) => decisions.push((u64::from(decided.ordinal), decided.at, decision)),
            // About a counter, or about the page: others read it.
            Err(_) if !decided.json.starts_with("{\"decision\"") => {}
            // Of a newer version: the others hold all the same.
            Err(error) => {
                tracing::warn!(
                    ordinal = decided.ordinal,
                    line = error.line(),
                    "a decision cannot be read; it is kept and the others are used. Update the program"
                );
            }
        }
    }
    Ok(decisions)
}

/// The dates `from..=to`.
pub fn dates(from: NaiveDate, to: NaiveDate) -> impl Iterator<Item = NaiveDate> {
    from.iter_days().take_while(move |date| *date <= to)
}
