//! Both sides are compared once a day: what the database does not have as it should is due again.

use std::collections::BTreeMap;

use chrono::{NaiveDate, TimeDelta};

use super::{super::RETRY_MOST, Courier, DeliveryError, Scope, Step};
use crate::{
    export::target::{Held, Trouble},
    model::ParticipantId,
    store::{Outcome, Passage},
};

/// How often.
const COMPARE_EVERY: TimeDelta = TimeDelta::hours(24);

impl Courier {
    /// Once a day, one participant a step: what the database does not have as it should is due again.
    pub(super) fn compare(&mut self, scope: &Scope<'_>) -> Result<Step, DeliveryError> {
        let now = scope.clock.utc();
        if self.to_compare.is_empty() {
            let since = self.compared.map(|compared| now - compared);
            if let Some(since) = since.filter(|since| *since < COMPARE_EVERY && *since >= TimeDelta::zero()) {
                let left = (COMPARE_EVERY - since).to_std().unwrap_or(RETRY_MOST);
                return Ok(Step::Idle(left.min(RETRY_MOST)));
            }
            self.compared = Some(now);
            (self.condition.strangers, self.condition.repaired) = (0, 0);
            self.to_compare = scope.study.participants().map(|(id, _)| id.clone()).collect();
        }
        let Some(participant) = self.to_compare.front().cloned() else { return Ok(Step::Idle(RETRY_MOST)) };
        match self.export.held(&scope.study.terms.study, &participant) {
            Ok(held) => {
                self.succeeded();
                self.to_compare.pop_front();
                if let Some(held) = held {
                    self.repair(scope, &participant, &held.into_iter().map(|one| (one.date, one)).collect())?;
                }
                Ok(self.paced(scope))
            }
            // Their days are refused too, and say why; in the next round they are asked for again.
            Err(Trouble::Refused { .. }) => {
                self.to_compare.pop_front();
                Ok(self.paced(scope))
            }
            Err(trouble) => {
                if matches!(trouble, Trouble::Stopped { .. }) {
                    // It may be the fault of this one alone.
                    self.to_compare.rotate_left(1);
                }
                Ok(self.troubled(scope, &trouble))
            }
        }
    }

    fn repair(
        &mut self,
        scope: &Scope<'_>,
        participant: &ParticipantId,
        held: &BTreeMap<NaiveDate, Held>,
    ) -> Result<(), DeliveryError> {
        let Ok(person) = scope.book.person(Some(participant)) else { return Ok(()) };
        let now = scope.clock.utc();
        let Some(shift) = scope.study.shift_days(scope.book, &person, now)? else { return Ok(()) };
        let shift = TimeDelta::days(shift);
        let known = scope.store.passages(&self.target, participant)?;
        let mut again = Vec::new();
        for passage in known.values().filter(|passage| passage.outcome == Outcome::Stored) {
            let there = held.get(&(passage.date + shift));
            let is_there =
                there.is_some_and(|one| one.revision >= passage.revision && (one.is_final || !passage.is_final));
            if !is_there {
                again.push(Passage { outcome: Outcome::Again, ..passage.clone() });
            }
        }
        let strangers = held.keys().filter(|date| !known.contains_key(&(**date - shift))).count();
        self.condition.strangers += strangers as u64;
        self.condition.repaired += again.len() as u64;
        if !again.is_empty() {
            scope.store.append_passages(now, &again)?;
            self.look();
        }
        Ok(())
    }
}
