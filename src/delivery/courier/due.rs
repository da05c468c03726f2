//! What is due: days whose newest state the database did not prove to have.

use std::collections::VecDeque;

use chrono::NaiveDate;

use super::{super::Left, Counts, Courier, DeliveryError, Parcel, Scope};
use crate::{
    days::{Person, dates},
    export::StudyDay,
    model::ParticipantId,
    store::{Outcome, Passage},
};

/// Days that are looked at in one pass, to bound memory.
const DAYS_AT_ONCE: usize = 366;

impl Courier {
    /// What is due of everybody, and how many days are where.
    pub(super) fn gather(&self, scope: &Scope<'_>) -> Result<(VecDeque<Parcel>, Counts), DeliveryError> {
        let now = scope.clock.utc();
        let (mut parcels, mut counts, mut left) = (VecDeque::new(), Counts::default(), Left::default());
        for (participant, _) in scope.study.participants() {
            let Ok(person) = scope.book.person(Some(participant)) else { continue };
            let known = scope.store.passages(&self.target, participant)?;
            let Some((first, today)) = scope.book.span(&person, now)? else { continue };
            let Some(shift) = scope.study.shift_days(scope.book, &person, now)? else { continue };
            let mut due = VecDeque::new();
            let all: Vec<_> = dates(first, today).collect();
            for some in all.chunks(DAYS_AT_ONCE) {
                for row in scope.book.rows(&person, some[0], some[some.len() - 1], now)? {
                    let Some(day) = scope.study.leaving(&person, &row, shift, now, &mut left) else { continue };
                    let passage = known.get(&row.local_date);
                    if is_due(&day, passage) {
                        counts.due += 1;
                        let (from, to) = counts.due_span.unwrap_or((row.local_date, row.local_date));
                        counts.due_span = Some((from.min(row.local_date), to.max(row.local_date)));
                        due.push_back(row.local_date);
                    } else if passage.is_some_and(|passage| passage.outcome == Outcome::Stored) {
                        counts.stored += 1;
                    } else {
                        counts.parked += 1;
                        counts.parked_days.extend(passage.cloned());
                    }
                }
            }
            if !due.is_empty() {
                let at_once = self.export.at_once().max(1);
                parcels.push_back(Parcel { participant: participant.clone(), dates: due, at_once });
            }
        }
        counts.left = left;
        Ok((parcels, counts))
    }

    /// Those of these days that are due, as they are now, beside the dates that they have at home.
    pub(super) fn due_of(
        &self,
        scope: &Scope<'_>,
        participant: &ParticipantId,
        some: &[NaiveDate],
    ) -> Result<Vec<(NaiveDate, StudyDay)>, DeliveryError> {
        let (Some(first), Some(last)) = (some.first(), some.last()) else { return Ok(Vec::new()) };
        let Ok(person) = scope.book.person(Some(participant)) else { return Ok(Vec::new()) };
        let now = scope.clock.utc();
        let known = scope.store.passages(&self.target, participant)?;
        let Some(shift) = scope.study.shift_days(scope.book, &person, now)? else { return Ok(Vec::new()) };
        let mut days = Vec::new();
        for day in rows(scope, &person, (*first, *last), shift)? {
            if some.contains(&day.0) && is_due(&day.1, known.get(&day.0)) {
                days.push(day);
            }
        }
        Ok(days)
    }
}

fn rows(
    scope: &Scope<'_>,
    person: &Person,
    (first, last): (NaiveDate, NaiveDate),
    shift: i64,
) -> Result<Vec<(NaiveDate, StudyDay)>, DeliveryError> {
    let (now, mut left) = (scope.clock.utc(), Left::default());
    let rows = scope.book.rows(person, first, last, now)?;
    let days = rows.iter().filter_map(|row| {
        let day = scope.study.leaving(person, row, shift, now, &mut left)?;
        Some((row.local_date, day))
    });
    Ok(days.collect())
}

/// Whether the database has to be sent this day.
fn is_due(day: &StudyDay, passage: Option<&Passage>) -> bool {
    passage.is_none_or(|passage| {
        passage.outcome == Outcome::Again || day.revision > passage.revision || (day.is_final && !passage.is_final)
    })
}
