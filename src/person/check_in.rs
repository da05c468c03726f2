//! Check-ins: questions that a study or the person switched on. Never asked otherwise, and never shown beside steps.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::model::ParticipantId;

/// Which instruments are asked from a day on; an empty list asks nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckInsSet {
    /// Whom.
    pub participant: ParticipantId,
    /// First day.
    pub from: NaiveDate,
    /// Names of instruments in `config/instruments/`, each with how often it is asked.
    pub instruments: Vec<Asked>,
}

/// An instrument and how often it is asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    /// Name of the instrument.
    pub instrument: String,
    /// Days from one time to the next.
    pub every_days: u32,
}

/// An answered check-in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckInAnswer {
    /// Whose.
    pub participant: ParticipantId,
    /// Name of the instrument.
    pub instrument: String,
    /// The day.
    pub date: NaiveDate,
    /// Answers by the name of the item; an item that was left out is absent.
    pub answers: BTreeMap<String, i32>,
    /// The score by the instrument's rule; none when too little was answered or it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<i32>,
}

/// What is asked, and what was answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CheckIns {
    set: Vec<CheckInsSet>,
    answers: Vec<CheckInAnswer>,
}

impl CheckIns {
    pub(super) fn set(&mut self, set: CheckInsSet) {
        self.set.push(set);
    }

    pub(super) fn answer(&mut self, answer: CheckInAnswer) {
        self.answers.push(answer);
    }

    /// What is asked on a date.
    pub fn asked_on(&self, date: NaiveDate) -> &[Asked] {
        self.set.iter().rev().find(|set| set.from <= date).map_or(&[], |set| &set.instruments)
    }

    /// All answers, in the order in which they were given.
    pub fn answers(&self) -> &[CheckInAnswer] {
        &self.answers
    }
}
