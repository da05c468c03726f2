//! What every file of study days has in common: who may stand in it, in which order, and what is said about it afterwards.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
};

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;

use super::{StudyDay, variables::stamp};
use crate::model::ParticipantId;

/// Why a file of study days was not written whole. What was written is not to be put in place.
#[derive(Debug, thiserror::Error)]
pub enum StudyFileError {
    /// It cannot be written.
    #[error("the file cannot be written, and what is there of it is not whole: make room for it, then export again")]
    Write(#[from] io::Error),
    /// A day of another study.
    #[error("the day {0} belongs to another study than the file, so no file was made: export one study at a time")]
    OtherStudy(NaiveDate),
    /// Days in disorder: a reader could take one of them twice.
    #[error(
        "the day {0} comes twice or out of order, so no file was made: export each person's days once, in order of their dates"
    )]
    OutOfOrder(NaiveDate),
    /// Settings that make no file that a trial database could read.
    #[error("no file was made, because its names are not in order: {}", .0.join("; "))]
    Names(Vec<String>),
}

/// What a file holds, and what was left out of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Written {
    /// The file's own name for itself, by which the next one follows it; empty where the format has none.
    pub file_oid: String,
    /// People.
    pub participants: u64,
    /// Days, without those that were left out.
    pub days: u64,
    /// Rows, points or groups of values.
    pub rows: u64,
    /// First and last of the days.
    pub span: Option<(NaiveDate, NaiveDate)>,
    /// How many of what was left out, by the reason.
    pub left_out: BTreeMap<&'static str, u64>,
    /// How many of what is in it and lacks something, by what it lacks.
    pub lacking: BTreeMap<&'static str, u64>,
}

/// The days of a file as they come: one study, each person's together and in order of their dates, none twice.
pub(super) struct Days<'a> {
    study: &'a ParticipantId,
    last: Option<(ParticipantId, NaiveDate)>,
    seen: BTreeSet<ParticipantId>,
    pub written: Written,
}

impl<'a> Days<'a> {
    pub fn of(study: &'a ParticipantId, file_oid: String) -> Self {
        let written = Written { file_oid, ..Written::default() };
        Self { study, last: None, seen: BTreeSet::new(), written }
    }

    /// Takes the next day. True when it is the first of a person.
    pub fn take(&mut self, day: &StudyDay) -> Result<bool, StudyFileError> {
        let date = day.local_date;
        if day.study_id != *self.study {
            return Err(StudyFileError::OtherStudy(date));
        }
        let first = match &self.last {
            Some((person, last)) if *person == day.participant_id => {
                if date <= *last {
                    return Err(StudyFileError::OutOfOrder(date));
                }
                false
            }
            Some(_) | None => {
                if !self.seen.insert(day.participant_id.clone()) {
                    return Err(StudyFileError::OutOfOrder(date));
                }
                self.written.participants += 1;
                true
            }
        };
        self.last = Some((day.participant_id.clone(), date));
        self.written.days += 1;
        let (from, to) = self.written.span.unwrap_or((date, date));
        self.written.span = Some((from.min(date), to.max(date)));
        Ok(first)
    }
}

impl Written {
    pub(super) fn leave_out(&mut self, why: &'static str) {
        *self.left_out.entry(why).or_default() += 1;
    }

    pub(super) fn lacks(&mut self, what: &'static str) {
        *self.lacking.entry(what).or_default() += 1;
    }
}

/// `brisk.STUDY.HOME.2026-11-22T03:15:00Z` with a part between: unique for a home that makes no two of a kind in a second.
pub(super) fn file_oid(study: &ParticipantId, home: &ParticipantId, part: &str, created: DateTime<Utc>) -> String {
    format!("brisk.{}.{}.{part}.{}", study.as_str(), home.as_str(), stamp(created))
}
