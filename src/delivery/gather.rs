//! Study days of this home, gathered for files.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use super::{DeliveryError, Left, Study, StudyError};
use crate::{
    days::{DayBook, DaysError, dates},
    export::StudyDay,
    model::ParticipantId,
};

/// Days that are looked at in one pass, to bound memory.
const DAYS_AT_ONCE: usize = 366;

/// Which days.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted<'a> {
    /// Whose; not set, everybody's.
    pub person: Option<&'a ParticipantId>,
    /// First day, as it is dated at home.
    pub from: Option<NaiveDate>,
    /// Last day, as it is dated at home.
    pub to: Option<NaiveDate>,
}

/// Days, and what is to be known beside them.
#[derive(Clone, Debug, Default)]
pub struct Gathered {
    /// In order of participants and dates.
    pub days: Vec<StudyDay>,
    /// When each participant joined, moved as all dates that leave the house.
    pub enrolled: BTreeMap<ParticipantId, NaiveDate>,
    /// Days that were wanted and stay at home.
    pub left: Left,
}

impl Gathered {
    /// Labels of the counters that made the days.
    pub fn labels(&self) -> BTreeSet<&str> {
        let of_days = self.days.iter().filter_map(|day| day.device_id.as_deref());
        of_days.flat_map(|labels| labels.split(';')).filter(|label| !label.is_empty()).collect()
    }
}

impl Study {
    /// The days that are wanted, as they leave.
    ///
    /// # Errors
    /// When nobody of that name takes part, or the store fails.
    pub fn gather(
        &self,
        book: &DayBook,
        wanted: Wanted<'_>,
        now: DateTime<Utc>,
    ) -> Result<Result<Gathered, StudyError>, DeliveryError> {
        if let Some(id) = wanted.person {
            book.person(Some(id))?;
            if !self.participants().any(|(participant, _)| participant == id) {
                return Ok(Err(StudyError::NotEnrolled(id.as_str().to_owned())));
            }
        }
        let mut gathered = Gathered::default();
        for (id, joined) in self.participants().filter(|(id, _)| wanted.person.is_none_or(|one| one == *id)) {
            let person = match book.person(Some(id)) {
                Ok(person) => person,
                // Erased since the settings were read.
                Err(DaysError::Unknown) => continue,
                Err(error) => return Err(error.into()),
            };
            let Some(shift) = self.shift_days(book, &person, now)? else { continue };
            let joined = TimeDelta::try_days(shift).and_then(|shift| joined.checked_add_signed(shift));
            gathered.enrolled.extend(joined.map(|joined| (id.clone(), joined)));
            let Some((first, today)) = book.span(&person, now)? else { continue };
            let (from, to) = (wanted.from.unwrap_or(first).max(first), wanted.to.unwrap_or(today).min(today));
            let all: Vec<_> = dates(from, to).collect();
            for some in all.chunks(DAYS_AT_ONCE) {
                for row in book.rows(&person, some[0], some[some.len() - 1], now)? {
                    gathered.days.extend(self.leaving(&person, &row, shift, now, &mut gathered.left));
                }
            }
        }
        Ok(Ok(gathered))
    }
}
