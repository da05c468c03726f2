//! A person as days are computed for them, and who wears which counter since when.

use std::ops::Range;

use chrono::{DateTime, NaiveDate, Utc};

use crate::{
    config::Display,
    model::{DeviceId, ParticipantId, Rules},
    person::Record,
    time::Calendar,
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
    pub(super) fn follow_record(&mut self) {
        self.calendar = self.record.calendar(&self.calendar);
        let said = &self.record.settings;
        self.language = said.language.unwrap_or(self.language);
        if let Some(label) = &said.label {
            self.label = Some(label.clone()).filter(|label| !label.is_empty());
        }
    }

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
