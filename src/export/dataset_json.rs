//! CDISC Dataset-JSON 1.1: days in the shape of SDTM, one dataset a file.
//!
//! * **XA**, a findings domain of the sponsor (no final SDTM domain holds a wearable's daily activity): five rows for
//!   each day, `BRISKMIN`, `MODMIN`, `STEPS`, `VIGMIN`, `WEARMIN`. A value that is not known is `NOT DONE` with its reason.
//! * **SUPPXA**: what else is known of the day, each beside the row of `STEPS`.
//! * **DI**: the counters by the study's labels.
//!
//! `XASEQ` is (study day − 1) · 5 + place of the test in that order: the same in every file that holds the day. `XADY` counts
//! from the participant's enrolment and has no day 0. `XADTC` is a plain date.
//!
//! Sources: Dataset-JSON 1.1 (CDISC), members in its order; SDTM 2.0 for names, labels and roles of the columns.

mod device;
mod layout;
mod supplement;

use std::{
    borrow::Borrow,
    collections::BTreeMap,
    io::{BufWriter, Write},
};

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::{Value as Json, json};

pub use device::{Counter, write_di};
pub use layout::Shape;
use layout::{Column, Dataset, integer, text};
pub use supplement::{qualifiers, write_suppxa};

use super::{
    StudyDay, Terms,
    study_file::{Days, StudyFileError, Written, file_oid},
    variables::{VARIABLES, Variable, why_missing},
};
use crate::model::ParticipantId;

/// What a dataset says besides its days.
#[derive(Clone, Debug)]
pub struct DatasetFile<'a> {
    /// What the study agreed on.
    pub terms: &'a Terms,
    /// The home, by its pseudonym: not that of a person in it.
    pub home: &'a ParticipantId,
    /// When the file is made.
    pub created: DateTime<Utc>,
    /// When each participant was enrolled (`RFSTDTC` of DM), shifted as all their dates are. Who is not in it has no `XADY`.
    pub enrolled: &'a BTreeMap<ParticipantId, NaiveDate>,
    /// The study's name for this part of the trial, from CDISC's list EPOCH, such as `TREATMENT`; empty when not set.
    pub epoch: Option<&'a str>,
    /// Days that are not final yet are left out.
    pub final_only: bool,
}

/// Tests of XA: short names of the variables, in the order of their rows.
pub const TESTS: [&str; 5] = ["BRISKMIN", "MODMIN", "STEPS", "VIGMIN", "WEARMIN"];

const DOMAIN: &str = "XA";
const COLUMNS: [Column; 17] = [
    text("STUDYID", "Study Identifier", 32).key(1),
    text("DOMAIN", "Domain Abbreviation", 2),
    text("USUBJID", "Unique Subject Identifier", 65).key(2),
    text("SPDEVID", "Sponsor Device Identifier", 200),
    integer("XASEQ", "Sequence Number"),
    text("XATESTCD", "Activity Test Short Name", 8).key(4),
    text("XATEST", "Activity Test Name", 40),
    text("XAORRES", "Result or Finding in Original Units", 10),
    text("XAORRESU", "Original Units", 5),
    text("XASTRESC", "Character Result/Finding in Std Format", 10),
    integer("XASTRESN", "Numeric Result/Finding in Standard Units"),
    text("XASTRESU", "Standard Units", 5),
    text("XASTAT", "Completion Status", 8),
    text("XAREASND", "Reason Not Done", 200),
    text("EPOCH", "Epoch", 40),
    Column { kind: "date", ..integer("XADTC", "Date/Time of Collection") }.key(3),
    integer("XADY", "Study Day of Collection"),
];

/// Writes XA: each person's days together, in order of their dates. They are gone through twice, because the number of
/// rows stands before them. The same days and the same `created` give the same bytes.
///
/// # Errors
/// When it cannot be written, or a day is out of place.
pub fn write_xa<W: Write>(
    out: W,
    shape: Shape,
    file: &DatasetFile<'_>,
    days: impl IntoIterator<Item: Borrow<StudyDay>> + Clone,
) -> Result<Written, StudyFileError> {
    let (written, modified) = file.look_through(DOMAIN, days.clone(), |day, written| {
        written.rows += u64::try_from(TESTS.len()).unwrap_or(0);
        if !file.enrolled.contains_key(&day.participant_id) {
            written.lacks("days without XADY: the participant's date of enrolment is not known");
        }
        if counters(day).count() > 1 {
            written.lacks("days without SPDEVID: several counters made them");
        }
    })?;
    let dataset = Dataset { name: DOMAIN, label: "Daily Activity", columns: &COLUMNS };
    let mut out = dataset.begin(BufWriter::new(out), shape, file, &written, modified)?;
    for day in days {
        let day = day.borrow();
        if file.takes(day) {
            for test in tests() {
                out.row(&row(file, day, test.0, test.1))?;
            }
        }
    }
    out.finish()?;
    Ok(written)
}

fn row(file: &DatasetFile<'_>, day: &StudyDay, number: u32, test: &Variable) -> Vec<Json> {
    let value = (test.value)(day).map(|value| value.plain());
    let unit = test.unit.and_then(|unit| unit.on(day).symbol());
    let number_of = value.as_ref().and_then(|value| value.parse::<i64>().ok());
    let known_unit = unit.filter(|_| value.is_some());
    let mut device = counters(day);
    let device = device.next().filter(|_| device.next().is_none());
    vec![
        json!(day.study_id.as_str()),
        json!(DOMAIN),
        json!(subject(day)),
        json!(device),
        json!(sequence(day, number)),
        json!(test.short),
        json!(test.label),
        json!(value),
        json!(known_unit),
        json!(value),
        json!(number_of),
        json!(known_unit),
        json!(value.is_none().then_some("NOT DONE")),
        json!(value.is_none().then(|| why_missing(day))),
        json!(file.epoch),
        json!(day.local_date),
        json!(file.enrolled.get(&day.participant_id).map(|enrolled| study_day(*enrolled, day.local_date))),
    ]
}

/// Place and variable of every test.
fn tests() -> impl Iterator<Item = (u32, &'static Variable)> {
    let known = |short: &&str| VARIABLES.iter().find(|variable| variable.short == *short);
    (1..).zip(TESTS.iter().filter_map(known))
}

/// `USUBJID`: study and participant.
fn subject(day: &StudyDay) -> String {
    format!("{}-{}", day.study_id.as_str(), day.participant_id.as_str())
}

/// `XASEQ` of the test at this place.
fn sequence(day: &StudyDay, number: u32) -> u32 {
    u32::from(day.study_day).saturating_sub(1) * 5 + number
}

/// `--DY`: the reference day is 1, the day before it −1 (SDTM 2.0).
fn study_day(reference: NaiveDate, date: NaiveDate) -> i64 {
    let days = (date - reference).num_days();
    if days < 0 { days } else { days + 1 }
}

/// Labels of a day's counters.
fn counters(day: &StudyDay) -> impl Iterator<Item = &str> {
    day.device_id.as_deref().into_iter().flat_map(|labels| labels.split(';')).filter(|label| !label.is_empty())
}

impl DatasetFile<'_> {
    fn takes(&self, day: &StudyDay) -> bool {
        day.is_final || !self.final_only
    }

    fn file_oid(&self, domain: &str) -> String {
        file_oid(&self.terms.study, self.home, domain, self.created)
    }

    /// Goes through the days once, before anything is written: whether all is in its place, how many rows there will be, and
    /// when the newest of them was computed.
    fn look_through(
        &self,
        domain: &str,
        days: impl IntoIterator<Item: Borrow<StudyDay>>,
        mut count: impl FnMut(&StudyDay, &mut Written),
    ) -> Result<(Written, Option<DateTime<Utc>>), StudyFileError> {
        let mut taken = Days::of(&self.terms.study, self.file_oid(domain));
        let mut modified = None;
        for day in days {
            let day = day.borrow();
            if self.takes(day) {
                taken.take(day)?;
                count(day, &mut taken.written);
                modified = modified.max(Some(day.computed_at));
            } else {
                taken.written.leave_out("days that are not final yet");
            }
        }
        Ok((taken.written, modified))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_no_day_zero() {
        let date = |text: &str| text.parse::<NaiveDate>().unwrap();

        let days = ["2026-03-01", "2026-02-28", "2026-03-02"].map(|day| study_day(date("2026-03-01"), date(day)));

        assert_eq!(days, [1, -1, 2]);
    }

    #[test]
    fn every_test_is_a_variable_with_a_unit_and_stands_in_order() {
        assert_eq!(tests().count(), TESTS.len());
        assert!(tests().all(|(_, test)| test.unit.is_some_and(|unit| unit.symbol().is_some())));
        assert!(TESTS.is_sorted());
    }
}
