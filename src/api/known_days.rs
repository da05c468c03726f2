//! Rows of the day table with what the diary says beside them, as rules ask for them.

use chrono::{DateTime, NaiveDate, Utc};

use super::{App, Problem};
use crate::{
    days::Person,
    goal::{DayFacts, DiaryMinutes},
    model::DayTotal,
};

/// Days of one person.
pub struct KnownDays {
    /// Their rows, in order.
    pub rows: Vec<DayTotal>,
    diaries: Vec<DiaryMinutes>,
    today: NaiveDate,
}

impl KnownDays {
    /// The days `from..=to`, as far as they have come.
    ///
    /// # Errors
    /// When the store fails.
    pub fn read(
        app: &App,
        person: &Person,
        from: NaiveDate,
        to: NaiveDate,
        now: DateTime<Utc>,
    ) -> Result<Self, Problem> {
        let rows = app.book.rows(person, from, to, now)?;
        let diary = |row: &DayTotal| person.record.diary.minutes_on(row.local_date).unwrap_or_default();
        let diaries = rows.iter().map(diary).collect();
        Ok(Self { diaries, today: person.calendar.day_at(now.timestamp()).date, rows })
    }

    /// As rules take them; today and later days are open.
    pub fn facts(&self) -> Vec<DayFacts<'_>> {
        let pairs = self.rows.iter().zip(&self.diaries);
        pairs.map(|(day, diary)| DayFacts { day, open: day.local_date >= self.today, diary }).collect()
    }
}
