//! Brings days to one database, one request at a time. It keeps no time and no thread of its own: whoever owns it asks
//! it for the next step and is told how long to wait.

mod compare;
mod due;

use std::{
    collections::{BTreeMap, VecDeque},
    path::{Path, PathBuf},
    time::Duration,
};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use super::{
    Condition, Counts, DeliveryError, RETRY_MOST, Study,
    leaving::{self, Farewell},
    pause,
};
use crate::{
    days::DayBook,
    export::{
        StudyDay,
        target::{Export, Trouble, Verdict},
    },
    model::ParticipantId,
    store::{Outcome, Passage, Store},
    time::Clock,
};

/// What a courier works on.
#[derive(Clone, Copy)]
pub struct Scope<'a> {
    /// Where what became of days is kept.
    pub store: &'a Store,
    /// Days.
    pub book: &'a DayBook,
    /// Terms, participants, labels.
    pub study: &'a Study,
    /// Now, and how much time passed.
    pub clock: &'a dyn Clock,
    /// Where notes on people who left lie.
    pub data: &'a Path,
}

/// What a step did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// One request was made; the next may be made after this.
    Again(Duration),
    /// There is nothing to do until a day changes, or this much time passed.
    Idle(Duration),
}

/// How somebody left.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Gone {
    /// Nothing of them is here any more, or nothing more of theirs is to leave.
    Erased,
    /// They take part no longer, and their days until then are sent.
    Withdrew,
    /// So, and their last day is not over yet.
    NotYet,
}

/// The least pause after a database did not take a farewell.
const UNTOLD_LEAST: Duration = Duration::from_secs(900);

/// A day can be sent when it has been over for so long.
const DAY_SETTLES: TimeDelta = TimeDelta::hours(2);

fn goes(scope: &Scope<'_>, farewell: &Farewell) -> Gone {
    let person = scope.book.person(Some(&farewell.withdrawal.participant)).ok();
    let Some((person, left)) = person.and_then(|person| person.record.left_study.map(|left| (person, left))) else {
        return Gone::Erased;
    };
    let settled = person.calendar.day_at((scope.clock.utc() - DAY_SETTLES).timestamp()).date;
    match (left.unsent_stays, settled > left.date) {
        (true, _) => Gone::Erased,
        (false, true) => Gone::Withdrew,
        (false, false) => Gone::NotYet,
    }
}

/// A participant's days that are due.
struct Parcel {
    participant: ParticipantId,
    dates: VecDeque<NaiveDate>,
    /// The most that are sent at once: fewer while a refused day is looked for.
    at_once: usize,
}

/// A farewell that the database did not take.
struct Untold {
    failures: u32,
    /// By the monotonic clock: it is passed over until then.
    not_before: Duration,
    /// Why.
    what: String,
}

/// One database, and what is to be brought there.
pub struct Courier {
    target: String,
    export: Box<dyn Export>,
    pace: Duration,
    chance: fastrand::Rng,
    condition: Condition,
    /// By the monotonic clock: no request before.
    not_before: Duration,
    parcels: VecDeque<Parcel>,
    gathered: bool,
    /// Farewells that were refused, by the file that each lies in: they hold up nothing else.
    untold: BTreeMap<PathBuf, Untold>,
    /// Whoever is still to be compared in this round.
    to_compare: VecDeque<ParticipantId>,
    compared: Option<DateTime<Utc>>,
    /// Looked at anew since a day was last refused: what was refused is the day's own fault.
    looked_again: bool,
}

impl Courier {
    /// A courier to the database of this name, with `pace` between two requests. `seed` is for the chance in pauses.
    pub fn new(target: impl Into<String>, export: Box<dyn Export>, pace: Duration, seed: u64) -> Self {
        Self {
            target: target.into(),
            export,
            pace,
            chance: fastrand::Rng::with_seed(seed),
            condition: Condition::default(),
            not_before: Duration::ZERO,
            parcels: VecDeque::new(),
            gathered: false,
            untold: BTreeMap::new(),
            to_compare: VecDeque::new(),
            compared: None,
            looked_again: false,
        }
    }

    /// How it is doing.
    pub fn condition(&self) -> &Condition {
        &self.condition
    }

    /// Days that are still to be sent, as far as they were looked for.
    pub fn due(&self) -> usize {
        self.parcels.iter().map(|parcel| parcel.dates.len()).sum()
    }

    /// Days may have changed: the next step looks for what is due.
    pub fn look(&mut self) {
        self.gathered = false;
    }

    /// Asks for nothing but whether days could be sent.
    ///
    /// # Errors
    /// What has to be put right.
    pub fn check(&mut self) -> Result<Vec<String>, Trouble> {
        let notes = self.export.check()?;
        // What was wrong is not any more: the next step may come at once.
        if !self.condition.is_ready {
            self.not_before = Duration::ZERO;
        }
        Ok(notes)
    }

    /// Sends what was refused once more, and looks at a database that was stopped at once. Says how many days.
    ///
    /// # Errors
    /// When the store fails.
    pub fn retry(&mut self, scope: &Scope<'_>) -> Result<u64, DeliveryError> {
        let mut again = Vec::new();
        for (participant, _) in scope.study.participants() {
            let known = scope.store.passages(&self.target, participant)?;
            let parked = known.into_values().filter(|passage| matches!(passage.outcome, Outcome::Parked(_)));
            again.extend(parked.map(|passage| Passage { outcome: Outcome::Again, ..passage }));
        }
        scope.store.append_passages(scope.clock.utc(), &again)?;
        self.condition = Condition::default();
        self.not_before = Duration::ZERO;
        self.untold.clear();
        self.look();
        Ok(again.len() as u64)
    }

    /// Makes at most one request.
    ///
    /// # Errors
    /// When this home's own store fails. What the database does is in [`Courier::condition`].
    pub fn step(&mut self, scope: &Scope<'_>) -> Result<Step, DeliveryError> {
        let now = scope.clock.monotonic();
        if now < self.not_before {
            return Ok(Step::Again(self.not_before.saturating_sub(now)));
        }
        if !self.condition.is_ready {
            return self.look_at_target(scope);
        }
        if let Some(step) = self.tell_who_left(scope, Gone::Erased) {
            return Ok(step);
        }
        if !self.gathered {
            self.parcels = self.gather(scope)?.0;
            self.gathered = true;
        }
        while let Some(parcel) = self.parcels.front_mut() {
            // A target may take fewer now than when the parcel was made.
            let at_once = parcel.at_once.min(self.export.at_once().max(1));
            let some: Vec<_> = parcel.dates.iter().take(at_once).copied().collect();
            let participant = parcel.participant.clone();
            // As they are by now: what changed since is sent as it is, and what got there is not sent again.
            let days = self.due_of(scope, &participant, &some)?;
            if days.is_empty() {
                self.delivered(some.len());
                continue;
            }
            return self.send(scope, &some, &days);
        }
        if let Some(step) = self.tell_who_left(scope, Gone::Withdrew) {
            return Ok(step);
        }
        let step = self.compare(scope)?;
        let next = self.untold.values().map(|untold| untold.not_before.saturating_sub(now).max(self.pace)).min();
        Ok(match (step, next) {
            (Step::Idle(wait), Some(next)) => Step::Idle(wait.min(next)),
            (step, _) => step,
        })
    }

    /// Where the days of everybody who takes part are.
    ///
    /// # Errors
    /// When the store fails.
    pub fn counts(&self, scope: &Scope<'_>) -> Result<Counts, DeliveryError> {
        self.gather(scope).map(|(_, counts)| counts)
    }

    fn look_at_target(&mut self, scope: &Scope<'_>) -> Result<Step, DeliveryError> {
        let now = scope.clock.utc();
        if let Err(error) = scope.study.begin(scope.store, now)? {
            return Ok(self.troubled(scope, &Trouble::stopped(error.to_string())));
        }
        match self.export.check() {
            Ok(notes) => {
                self.succeeded();
                self.condition.notes = notes;
                self.condition.is_ready = true;
                Ok(self.paced(scope))
            }
            Err(trouble) => Ok(self.troubled(scope, &trouble)),
        }
    }

    /// Tells the database of one who left, if somebody did: at once of those who were erased, of others when their last
    /// day is over and sent. What it does not take waits by itself, and holds up neither days nor other farewells.
    fn tell_who_left(&mut self, scope: &Scope<'_>, gone: Gone) -> Option<Step> {
        let all = leaving::owed(scope.data).unwrap_or_else(|error| {
            tracing::warn!(%error, "notes on people who left a study cannot be read; the study is told later");
            Vec::new()
        });
        let now = scope.clock.monotonic();
        let waits = |path: &PathBuf| self.untold.get(path).is_some_and(|untold| now < untold.not_before);
        let (path, farewell) = all
            .into_iter()
            .find(|(path, one)| one.target == self.target && !waits(path) && goes(scope, one) == gone)?;
        match self.export.withdraw(&farewell.withdrawal) {
            Ok(()) => {
                self.succeeded();
                if let Err(error) = leaving::settled(&path) {
                    tracing::warn!(%error, "a study that was told of somebody's leaving is told again");
                }
                self.untold.remove(&path);
            }
            Err(trouble @ Trouble::Passing { .. }) => return Some(self.troubled(scope, &trouble)),
            Err(Trouble::Refused { what } | Trouble::Stopped { what }) => self.set_aside(scope, path, what),
        }
        self.condition.untold = self.untold.values().map(|untold| untold.what.clone()).collect();
        Some(self.paced(scope))
    }

    fn set_aside(&mut self, scope: &Scope<'_>, path: PathBuf, what: String) {
        let failures = self.untold.get(&path).map_or(0, |untold| untold.failures).saturating_add(1);
        if failures == 1 {
            tracing::warn!(
                target = self.target,
                "a study was not told that somebody left, and is told again later; `brisk study status` says why"
            );
        }
        // A person has to act first, so none is asked within a quarter of an hour.
        let wait = pause(failures, self.chance.f64()).max(UNTOLD_LEAST);
        let not_before = scope.clock.monotonic() + wait;
        self.untold.insert(path, Untold { failures, not_before, what });
    }

    fn send(
        &mut self,
        scope: &Scope<'_>,
        some: &[NaiveDate],
        days: &[(NaiveDate, StudyDay)],
    ) -> Result<Step, DeliveryError> {
        let sent: Vec<StudyDay> = days.iter().map(|(_, day)| day.clone()).collect();
        match self.export.send(&sent) {
            Ok(verdicts) if verdicts.len() == sent.len() => {
                if let Err(error) = self.note(scope, days, verdicts) {
                    // Sent once more later, which changes nothing there.
                    let what = format!("this computer could not note what was sent: {error}");
                    self.troubled(scope, &Trouble::passing(what));
                    return Err(error);
                }
                self.succeeded();
                self.looked_again = false;
                self.delivered(some.len());
                Ok(self.paced(scope))
            }
            Ok(_) => Ok(self.troubled(scope, &Trouble::passing("the database answered for other days than were sent"))),
            Err(Trouble::Refused { what }) => self.refused(scope, some, days, what),
            Err(trouble) => Ok(self.troubled(scope, &trouble)),
        }
    }

    /// Fewer at once until the day at fault is alone; then the database is looked at once more, in case it is at fault.
    fn refused(
        &mut self,
        scope: &Scope<'_>,
        some: &[NaiveDate],
        days: &[(NaiveDate, StudyDay)],
        what: String,
    ) -> Result<Step, DeliveryError> {
        if days.len() > 1 {
            if let Some(parcel) = self.parcels.front_mut() {
                parcel.at_once = (parcel.at_once.min(some.len()) / 2).max(1);
            }
        } else if self.looked_again {
            self.note(scope, days, vec![Verdict::Refused(what)])?;
            self.delivered(some.len());
        } else {
            self.looked_again = true;
            self.condition.is_ready = false;
        }
        Ok(self.paced(scope))
    }

    /// These days of the parcel under way are done with.
    fn delivered(&mut self, count: usize) {
        let Some(mut parcel) = self.parcels.pop_front() else { return };
        parcel.dates.drain(..count.min(parcel.dates.len()));
        parcel.at_once = (parcel.at_once * 2).min(self.export.at_once().max(1));
        if !parcel.dates.is_empty() {
            // Behind the others: nobody waits for the five years of another.
            self.parcels.push_back(parcel);
        }
    }

    fn note(
        &self,
        scope: &Scope<'_>,
        days: &[(NaiveDate, StudyDay)],
        verdicts: Vec<Verdict>,
    ) -> Result<(), DeliveryError> {
        let passages = days.iter().zip(verdicts).map(|((date, day), verdict)| {
            let outcome = match verdict {
                Verdict::Stored => Outcome::Stored,
                Verdict::Refused(what) => Outcome::Parked(what),
            };
            self.passage(day, *date, outcome)
        });
        let passages: Vec<_> = passages.collect();
        Ok(scope.store.append_passages(scope.clock.utc(), &passages)?)
    }

    fn passage(&self, day: &StudyDay, date: NaiveDate, outcome: Outcome) -> Passage {
        Passage {
            target: self.target.clone(),
            participant: day.participant_id.clone(),
            date,
            revision: day.revision,
            is_final: day.is_final,
            outcome,
        }
    }

    fn succeeded(&mut self) {
        self.condition.failures = 0;
        self.condition.trouble = None;
        self.condition.is_stopped = false;
    }

    fn paced(&mut self, scope: &Scope<'_>) -> Step {
        self.not_before = scope.clock.monotonic() + self.pace;
        Step::Again(self.pace)
    }

    fn troubled(&mut self, scope: &Scope<'_>, trouble: &Trouble) -> Step {
        self.condition.failures = self.condition.failures.saturating_add(1);
        let wait = match trouble {
            Trouble::Passing { after, .. } => {
                let own = pause(self.condition.failures, self.chance.f64());
                after.map_or(own, |after| after.min(RETRY_MOST * 24).max(own))
            }
            Trouble::Refused { .. } => pause(self.condition.failures, self.chance.f64()),
            Trouble::Stopped { .. } => RETRY_MOST,
        };
        self.condition.is_stopped = matches!(trouble, Trouble::Stopped { .. });
        if self.condition.is_stopped {
            self.condition.is_ready = false;
        }
        self.condition.trouble = Some(trouble.to_string());
        let wait = wait.max(self.pace);
        self.not_before = scope.clock.monotonic() + wait;
        Step::Again(wait)
    }
}
