//! The page of a batch run: who has how many valid days, what each day held, and what was set aside and why.
//!
//! One self-contained HTML page, also well-formed XML: no script, no outside resource, light and dark, fit for
//! 320 px and for A4. Pure: a worker draws one [`PersonPicture`] from a person's days, [`Report::add`] takes it in,
//! [`Report::write`] writes the page; the order in which people come changes nothing. Everything that a person
//! wrote is escaped.
//!
//! Tables name everybody. Pictures of single days are kept for the first [`MOST_PICTURES`] people in the order of
//! their ids, so that memory and page stay small: 2,000 people with a year each take about 5 MiB.

mod calendar;
mod hours;
mod html;
mod opening;
mod page;
mod people;
mod picture;
mod png;
mod spread;
mod summary;
mod trouble;

use std::{collections::BTreeMap, io};

use chrono::{DateTime, Utc};

pub use picture::PersonPicture;

use crate::model::{DataState, Flag, ParticipantId};
use picture::Detail;
use spread::Spread;
use summary::Summary;

/// Single days are drawn for this many people; tables name all.
pub const MOST_PICTURES: usize = 60;

/// A calendar and a person's picture of hours show at most this many days in a row.
pub const MOST_DAYS_DRAWN: u16 = 400;

/// What a run read, under which rules, and what it set aside.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct About {
    /// Heading of the page.
    pub title: String,
    /// Program and version, such as [`crate::model::SOFTWARE`].
    pub software: String,
    /// Name of the rules, such as `brisk/1`.
    pub rules: String,
    /// Their hash.
    pub rules_hash: String,
    /// When the run was made.
    pub computed_at: Option<DateTime<Utc>>,
    /// What was read.
    pub inputs: Vec<InputFile>,
    /// Rows read, without headers and empty lines.
    pub rows: u64,
    /// Rows that repeated a minute with the same value; counted once.
    pub duplicates: u64,
    /// Rows that gave a minute another value; the first was kept.
    pub conflicts: u64,
    /// Rows that were left out, by reason.
    pub set_aside: Vec<Reason>,
    /// Sentences for the reader, such as which zone the stamps were read in.
    pub notes: Vec<String>,
}

/// A file that was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InputFile {
    /// Its path, as the person gave it.
    pub path: String,
    /// Its size on disk.
    pub bytes: u64,
    /// Fingerprint of those bytes, its method in front; none where it was not taken.
    pub hash: Option<String>,
    /// Rows in it.
    pub rows: u64,
}

/// Why rows were left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reason {
    /// What is wrong with them, as words for people.
    pub text: String,
    /// How many.
    pub rows: u64,
    /// Where the first ones stand, as `file:line`.
    pub first: Vec<String>,
}

/// Whose picture: the id, and which of those added under that id.
type Key = (ParticipantId, u64);

/// Everybody's pictures, and what all days hold together.
#[derive(Default)]
pub struct Report {
    people: BTreeMap<Key, Summary>,
    details: BTreeMap<Key, Detail>,
    added: u64,
    steps: Spread<100>,
    brisk: Spread<1>,
    wear: Spread<10>,
    states: BTreeMap<DataState, u64>,
    flags: BTreeMap<Flag, u64>,
    thresholds: BTreeMap<u16, u64>,
}

impl Report {
    /// Nobody yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes in one person. Somebody who is added twice stands twice on the page.
    pub fn add(&mut self, picture: PersonPicture) {
        let finished = picture.finish();
        for day in &finished.detail.days {
            self.wear.add(day.wear());
            if day.valid == Some(true) {
                self.steps.add(day.steps());
                self.brisk.add(day.brisk());
            }
        }
        add_counts(&mut self.states, finished.states);
        add_counts(&mut self.flags, finished.flags);
        add_counts(&mut self.thresholds, finished.thresholds);
        let key = (finished.id, self.added);
        self.added += 1;
        self.people.insert(key.clone(), finished.summary);
        self.details.insert(key, finished.detail);
        if self.details.len() > MOST_PICTURES {
            self.details.pop_last();
        }
    }

    /// Writes the page.
    ///
    /// # Errors
    /// When `out` cannot be written.
    pub fn write(self, about: &About, out: &mut dyn io::Write) -> io::Result<()> {
        page::write(&self, about, out)
    }
}

fn add_counts<K: Ord>(to: &mut BTreeMap<K, u64>, more: BTreeMap<K, u64>) {
    for (key, count) in more {
        *to.entry(key).or_default() += count;
    }
}

#[cfg(test)]
#[path = "report/look_tests.rs"]
mod look_tests;
#[cfg(test)]
#[path = "report/tests.rs"]
mod tests;
