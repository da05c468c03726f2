//! What a trial database has to be able to do, so that days get there once, whole, and in their newest state.

use std::time::Duration;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::StudyDay;
use crate::model::ParticipantId;

/// A trial database. Calls block; one is under way at a time.
///
/// Every write is addressed by the day's own key and carries the whole day: sending it again changes nothing, and a
/// database never makes up the key. A day counts as stored only when the answer proves it.
pub trait Export: Send {
    /// Whether days can be sent: rights, version, and that every field is there as it has to be. Changes nothing.
    /// Says what is good to know, one sentence each.
    ///
    /// # Errors
    /// [`Trouble::Stopped`] says what has to be put right, before a row is sent.
    fn check(&mut self) -> Result<Vec<String>, Trouble>;

    /// Sends days of one participant, in order of their dates, at most [`Export::at_once`] of them. One verdict for each.
    ///
    /// # Errors
    /// When nothing is known to be stored. What became of the days is then unknown: their newest state is sent again.
    fn send(&mut self, days: &[StudyDay]) -> Result<Vec<Verdict>, Trouble>;

    /// The days of a participant that the database has; none when it lets nobody read.
    ///
    /// # Errors
    /// When it cannot be asked.
    fn held(&mut self, study: &ParticipantId, participant: &ParticipantId) -> Result<Option<Vec<Held>>, Trouble>;

    /// Says that a participant left, and takes their days out where that is ordered. May be called again.
    ///
    /// # Errors
    /// When that is not known to be done.
    fn withdraw(&mut self, withdrawal: &Withdrawal) -> Result<(), Trouble>;

    /// The most days in one request.
    fn at_once(&self) -> usize {
        200
    }
}

/// What became of a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is there, in this revision or a newer one.
    Stored,
    /// It is not, and will not be if it is sent again: why, for a person to read.
    Refused(String),
}

/// A day that a database has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// Which.
    pub date: NaiveDate,
    /// In which revision.
    pub revision: u32,
    /// Whether it is marked as final.
    pub is_final: bool,
}

/// Why a request did not do what was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// It may pass: no answer, too many requests, a server that is down, a page of a captive portal.
    #[error("{what}")]
    Passing {
        /// What happened.
        what: String,
        /// How long the database asks to be left alone.
        after: Option<Duration>,
    },
    /// The database refuses the request as a whole because of something in it, and has stored nothing. Which day is at
    /// fault is found by sending fewer.
    #[error("{what}")]
    Refused {
        /// What it said.
        what: String,
    },
    /// Nothing will be stored until a person acts: a wrong token, a missing instrument, an unknown certificate.
    #[error("{what}")]
    Stopped {
        /// What happened, and the next step.
        what: String,
    },
}

impl Trouble {
    /// It may pass.
    pub fn passing(what: impl Into<String>) -> Self {
        Self::Passing { what: what.into(), after: None }
    }

    /// A person has to act.
    pub fn stopped(what: impl Into<String>) -> Self {
        Self::Stopped { what: what.into() }
    }
}

/// A participant left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Withdrawal {
    /// The study.
    pub study: ParticipantId,
    /// Who.
    pub participant: ParticipantId,
    /// The day on which they left, shifted as all their dates are.
    pub date: NaiveDate,
    /// Days since the study's epoch, which itself is day 1.
    pub study_day: u16,
    /// UTC offset on that day, minutes.
    pub tz_offset_min: i16,
    /// Every day that was sent.
    pub sent: Vec<NaiveDate>,
    /// The day 1 of the study.
    pub epoch: NaiveDate,
    /// Those days are to be taken out too. Without it they stay in the trial, which is the rule.
    pub take_out: bool,
}
