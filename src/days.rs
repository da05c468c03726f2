//! People's days: readings from the store, through the rules and the goal, to rows of the day table.
//!
//! A day that is over (and an hour and a half more, within which a minute may still change it) is computed once and kept until a reading, a decision, a rule or a setting
//! that it rests on changes; then it gets the next revision, recorded in the journal. The day under
//! way is computed whenever somebody asks.

mod compute;

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
    sync::{Arc, Mutex, PoisonError, RwLock},
};

use chrono::{DateTime, Days as CalendarDays, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use tokio::sync::watch;

use crate::{
    aggregate::context::longest_after_min,
    config::Display,
    goal::Problems,
    model::{DayTotal, DeviceId, ParticipantId, Rules, SOFTWARE},
    person::{Decision, Record},
    store::{DirtyHour, Erased, Erasure, Revision, SYSTEM, Store, StoreError},
    time::{Calendar, LocalDay},
    words::Language,
};

/// A person: what the settings say of them, and what they decided.
#[derive(Clone, Debug)]
pub struct Person {
    /// Pseudonym.
    pub id: ParticipantId,
    /// Zone and start of day, with dates of change.
    pub calendar: Calendar,
    /// Steps in a minute from which it is brisk for this person.
    pub brisk_spm: u16,
    /// Counters in order of preference.
    pub counters: Vec<Wearing>,
    /// What the pages call them.
    pub label: Option<String>,
    /// Language of their pages.
    pub language: Language,
    /// How much of the numbers their pages show.
    pub display: Display,
    /// What they decided and wrote down.
    pub record: Record,
}

impl Person {
    /// Somebody of whom the settings say nothing special, and who has decided nothing yet.
    pub fn new(id: ParticipantId, calendar: Calendar, counters: Vec<Wearing>) -> Self {
        Self {
            id,
            calendar,
            brisk_spm: Rules::brisk_1().brisk_spm,
            counters,
            label: None,
            language: Language::default(),
            display: Display::default(),
            record: Record::default(),
        }
    }

    /// The day that it is for them at this moment.
    pub fn today(&self, now: DateTime<Utc>) -> NaiveDate {
        self.calendar.day_at(now.timestamp()).date
    }

    /// What the household calls them; none where it calls them nothing.
    pub fn called(&self) -> Option<&str> {
        self.label.as_deref().map(str::trim).filter(|label| !label.is_empty())
    }

    /// What the household calls them, else their pseudonym.
    pub fn name(&self) -> &str {
        self.called().unwrap_or(self.id.as_str())
    }

    /// What the person decided about themselves takes the place of what the settings say.
    fn follow_record(&mut self) {
        self.calendar = self.record.calendar(&self.calendar);
        let said = &self.record.settings;
        self.language = said.language.unwrap_or(self.language);
        if let Some(label) = &said.label {
            self.label = Some(label.clone()).filter(|label| !label.is_empty());
        }
    }
}

impl Person {
    /// The minutes that a counter counted on this person's days: minutes since 1970-01-01T00:00Z. Without a first or a
    /// last day of wearing they reach as far as numbers do.
    pub fn minutes_of(&self, wearing: &Wearing) -> Range<i64> {
        let start = |date: Option<NaiveDate>| date.map(|date| self.calendar.day(date).first_minute());
        start(wearing.from).unwrap_or(i64::MIN)..start(wearing.before).unwrap_or(i64::MAX)
    }
}

/// Who wears which counter since when.
#[derive(Clone, Debug)]
pub struct Wearing {
    /// The counter.
    pub device: DeviceId,
    /// The first day; none for since ever.
    pub from: Option<NaiveDate>,
    /// The day on which it was somebody else's; none for until further notice.
    pub before: Option<NaiveDate>,
}

impl Wearing {
    /// Whether it was worn by this person on this day.
    pub fn covers(&self, date: NaiveDate) -> bool {
        self.from.is_none_or(|from| from <= date) && self.before.is_none_or(|before| date < before)
    }
}

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

#[derive(Serialize, Deserialize)]
struct Cached {
    settings: Settings,
    /// Who decided something since that the row rests on: it has to be computed anew.
    decided_by: Option<String>,
    row: DayTotal,
}

/// Hashes of what all rows of a person rest on besides readings and decisions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Settings {
    /// All of it.
    all: [u8; 8],
    /// Who wears which counter when.
    counters: [u8; 8],
    /// How minutes become numbers, and where days begin.
    rules: [u8; 8],
}

/// Why a day is computed.
#[derive(Clone, Copy)]
enum Cause {
    /// Readings of it arrived.
    Arrived,
    /// Somebody asked, and what is kept does not hold any more.
    Asked,
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
        if let Some(days) = person.record.touched(&decision) {
            let decided = |bytes: &[u8]| {
                let cached: Cached = postcard::from_bytes(bytes).ok()?;
                postcard::to_stdvec(&Cached { decided_by: Some(actor.to_owned()), ..cached }).ok()
            };
            self.store.change_days(&person.id, &days, &decided)?;
        }
        self.store.append_decision(now, actor, &json)?;
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

    /// The journal learns of new revisions before the index holds the rows that bear them.
    fn keep(
        &self,
        rows: &[DayTotal],
        changed: &[Revision],
        settings: Settings,
        person: &Person,
    ) -> Result<(), DaysError> {
        self.store.append_revisions(changed)?;
        for row in rows {
            let cached = Cached { settings, decided_by: None, row: row.clone() };
            let bytes = postcard::to_stdvec(&cached).map_err(DaysError::Encode)?;
            if self.store.day(&person.id, row.local_date)?.as_ref() != Some(&bytes) {
                self.store.put_day(&person.id, row.local_date, &bytes)?;
            }
        }
        Ok(())
    }

    fn cached(
        &self,
        person: &Person,
        from: NaiveDate,
        to: NaiveDate,
        settings: Settings,
    ) -> Result<BTreeMap<NaiveDate, DayTotal>, DaysError> {
        let kept = self.store.days(&person.id, from, to)?.into_iter().filter_map(|(date, bytes)| {
            // A row of another program version may not even decode: it is computed anew.
            let cached: Cached = postcard::from_bytes(&bytes).ok()?;
            (cached.settings.all == settings.all && cached.decided_by.is_none()).then_some((date, cached.row))
        });
        Ok(kept.collect())
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

    /// The row of a day that is over, and the revision to be recorded when it differs from the last one.
    fn closed_row(
        &self,
        person: &Person,
        day: &LocalDay,
        (first, settings): (NaiveDate, Settings),
        cause: Cause,
        now: DateTime<Utc>,
    ) -> Result<(DayTotal, Option<Revision>), DaysError> {
        let mut row = self.compute(person, day, first, None)?;
        let values = values_hash(&row);
        let last = self.store.revision(&person.id, day.date)?;
        match last {
            Some(last) if last.values_hash == values => {
                row.revision = last.revision;
                row.computed_at = Some(last.computed_at);
                Ok((row, None))
            }
            last => {
                let cached = self.store.day(&person.id, day.date)?;
                let cached: Option<Cached> = cached.and_then(|bytes| postcard::from_bytes(&bytes).ok());
                let (reason, actor) = match &last {
                    None => ("first", SYSTEM),
                    Some(last) => reason(last, cached.as_ref(), settings, cause),
                };
                row.revision = last.map_or(0, |last| last.revision).saturating_add(1);
                // Whole seconds, as they stand in every export.
                row.computed_at = DateTime::from_timestamp(now.timestamp(), 0);
                let record = Revision {
                    participant: person.id.clone(),
                    date: day.date,
                    revision: row.revision,
                    computed_at: row.computed_at.unwrap_or(now),
                    values_hash: values,
                    reason: reason.to_owned(),
                    actor: actor.to_owned(),
                    changed: cached.as_ref().and_then(|cached| changed(&cached.row, &row)),
                    software: SOFTWARE.to_owned(),
                };
                Ok((row, Some(record)))
            }
        }
    }

    /// Of everything that all rows of a person rest on besides readings and decisions, the first day of the record
    /// among it: days are numbered from it.
    fn settings_of(&self, person: &Person, first: NaiveDate) -> Settings {
        let counters = first_8(&Sha256::digest(format!("{:?}", person.counters)));
        let mut hash = Sha256::new_with_prefix(self.rules.hash());
        hash.update(format!("{:?} {:?}", person.calendar.home(), person.brisk_spm));
        let rules = first_8(&hash.finalize());
        let mut hash = Sha256::new_with_prefix(SOFTWARE);
        hash.update(counters);
        hash.update(rules);
        hash.update(format!("{first}"));
        Settings { all: first_8(&hash.finalize()), counters, rules }
    }
}

/// Why a day has other numbers than in its last revision, and who caused that: the codes that an auditor asks for.
fn reason<'a>(
    last: &Revision,
    cached: Option<&'a Cached>,
    settings: Settings,
    cause: Cause,
) -> (&'static str, &'a str) {
    let Some(cached) = cached else {
        // Made anew by another version, the index keeps no day: what changed is how days are computed.
        let code = if last.software == SOFTWARE { "late_sync" } else { "algorithm_update" };
        return (code, SYSTEM);
    };
    if let Some(actor) = &cached.decided_by {
        return ("manual_fix", actor);
    }
    let code = match cause {
        _ if cached.settings.counters != settings.counters => "device_swap",
        _ if cached.settings.rules != settings.rules => "algorithm_update",
        Cause::Asked if last.software != SOFTWARE => "algorithm_update",
        // Days are numbered from the first: an earlier one that arrives changes them all.
        Cause::Arrived | Cause::Asked => "late_sync",
    };
    (code, SYSTEM)
}

/// The columns that differ, as a JSON object: name, then before and after.
fn changed(before: &DayTotal, after: &DayTotal) -> Option<String> {
    let fields = |row: &DayTotal| match serde_json::to_value(row) {
        Ok(Value::Object(fields)) => Some(fields),
        _ => None,
    };
    let (before, mut after) = (fields(before)?, fields(after)?);
    let mut all = BTreeMap::new();
    for (name, before) in before {
        let after = after.remove(&name).unwrap_or_default();
        if before != after && !matches!(name.as_str(), "revision" | "computed_at" | "software") {
            all.insert(name, [before, after]);
        }
    }
    serde_json::to_string(&all).ok()
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

/// Of every value in a row: not of its revision, when it was computed and by which version of the program.
///
/// # Panics
/// Never: texts, numbers and dates always have a JSON form.
fn values_hash(row: &DayTotal) -> [u8; 8] {
    let bare = DayTotal { revision: 0, computed_at: None, software: String::new(), ..row.clone() };
    let json = serde_json::to_vec(&bare).expect("texts, numbers and dates always serialise");
    first_8(&Sha256::digest(json))
}

fn first_8(digest: &[u8]) -> [u8; 8] {
    digest.first_chunk().copied().unwrap_or_default()
}

/// The dates `from..=to`.
pub fn dates(from: NaiveDate, to: NaiveDate) -> impl Iterator<Item = NaiveDate> {
    from.iter_days().take_while(move |date| *date <= to)
}
