//! Days into a REDCap project, by its API: one instance of the repeating instrument `daily_activity` a day, whose number is
//! the day of the study.
//!
//! The number of an instance is never left to REDCap, so that a day that is sent again, or corrected, meets its own row.
//! Rows are whole and imported with `overwriteBehavior=overwrite`: a number that is no longer known is erased. Sources:
//! REDCap's own page of its API, its published validation scripts (Data Import), and the clients `PyCap` and `REDCapR`.

mod answer;
mod dictionary;
mod fields;
mod http;

use std::{collections::BTreeSet, fmt};

use serde_json::Value;

pub use self::dictionary::data_dictionary;
use self::{
    answer::{Failure, Fault, Refusal},
    fields::{FORM, RECORD_ID, Row},
    http::Api,
};
use super::{
    StudyDay,
    target::{Export, Held, Trouble, Verdict, Withdrawal},
};
use crate::model::ParticipantId;

/// Where a project is, and how it is written to.
#[derive(Clone)]
pub struct RedcapSettings {
    /// Address of the API, which ends in `/api/`; `https`, or `http` on this computer.
    pub url: String,
    /// The project's token: 32 hexadecimal digits. `Debug` hides it.
    pub token: String,
    /// Certificates of the authority that vouches for the server (PEM); none for those that browsers know.
    pub ca_pem: Option<Vec<u8>>,
    /// The unique event name, in a longitudinal project.
    pub event: Option<String>,
    /// The most days in one request, 1 to 200.
    pub days_at_once: usize,
}

impl fmt::Debug for RedcapSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { url, event, days_at_once, ca_pem, token: _ } = self;
        let mut f = f.debug_struct("RedcapSettings");
        f.field("url", url).field("event", event).field("days_at_once", days_at_once);
        f.field("ca_pem", &ca_pem.is_some()).finish_non_exhaustive()
    }
}

/// A REDCap project as a target of days.
#[derive(Debug)]
pub struct Redcap {
    api: Api,
    event: Option<String>,
    days_at_once: usize,
    /// What the project calls its record id; [`Export::check`] learns it.
    record_field: String,
}

impl Redcap {
    /// # Errors
    /// When the address, the token, the certificate or the event cannot be right.
    pub fn new(settings: RedcapSettings) -> Result<Self, Trouble> {
        let RedcapSettings { url, token, ca_pem, event, days_at_once } = settings;
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        if event.as_deref().is_some_and(|event| event.is_empty() || !event.chars().all(plain)) {
            return Err(Trouble::stopped(
                "`event` is not a unique event name of REDCap, such as home_phase_arm_1; nothing was sent. The project's page \"Define My Events\" lists them",
            ));
        }
        Ok(Self {
            api: Api::new(&url, token, ca_pem.as_deref())?,
            event,
            days_at_once: days_at_once.clamp(1, 200),
            record_field: RECORD_ID.to_owned(),
        })
    }

    /// Imports rows; good when the answer names every record.
    fn import(&self, data: &str, overwrite: Overwrite, records: &BTreeSet<&str>) -> Result<(), Failure> {
        let reply = self.api.ask(&[
            ("content", "record"),
            ("action", "import"),
            ("type", "flat"),
            ("overwriteBehavior", if overwrite == Overwrite::Yes { "overwrite" } else { "normal" }),
            ("forceAutoNumber", "false"),
            ("dateFormat", "YMD"),
            ("returnContent", "ids"),
            ("data", data),
        ]);
        let host = self.api.host();
        let answer = answer::json(&reply.map_err(Failure::Other)?, host)?;
        let stored: BTreeSet<String> = answer.as_array().into_iter().flatten().filter_map(record_name).collect();
        if records.iter().all(|record| stored.contains(*record)) {
            return Ok(());
        }
        Err(Failure::Other(Trouble::passing(format!(
            "{host} answered, but not that the days are stored; they are sent again"
        ))))
    }

    fn no_right(&self, said: &str) -> Trouble {
        Trouble::stopped(format!(
            "REDCap at {} does not let this token in ({said}), so nothing was sent. Ask the study's data manager whether the token is the project's, still valid, and has the right \"API Import/Update\"",
            self.api.host()
        ))
    }

    fn project_fault(&self, said: &str) -> Trouble {
        Trouble::stopped(format!(
            "the REDCap project at {} is not as it has to be ({said}), so nothing of this was stored. Ask the study's data manager to import Brisk's data dictionary, to let {FORM} repeat, and to check the event",
            self.api.host()
        ))
    }

    /// What a failed request means where no single day is at fault.
    fn trouble(&self, failure: Failure) -> Trouble {
        match failure {
            Failure::NoRight(said) => self.no_right(&said),
            Failure::Refused(Refusal { fault: Fault::Project, said }) => self.project_fault(&said),
            Failure::Refused(Refusal { said, .. }) => {
                Trouble::Refused { what: format!("REDCap refuses the request, and stored nothing of it: {said}") }
            }
            Failure::Other(trouble) => trouble,
        }
    }
}

/// Whether an empty value erases.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Overwrite {
    /// It does.
    Yes,
    /// What stands there stays.
    No,
}

impl Export for Redcap {
    fn check(&mut self) -> Result<Vec<String>, Trouble> {
        Ok(Vec::new())
    }

    fn send(&mut self, days: &[StudyDay]) -> Result<Vec<Verdict>, Trouble> {
        let mut verdicts: Vec<Verdict> =
            days.iter().map(|day| fields::unfit(day).map_or(Verdict::Stored, Verdict::Refused)).collect();
        let fit: Vec<&StudyDay> = days
            .iter()
            .zip(&verdicts)
            .filter(|(_, verdict)| **verdict == Verdict::Stored)
            .map(|(day, _)| day)
            .collect();
        if fit.is_empty() {
            return Ok(verdicts);
        }
        let records = fit.iter().map(|day| day.participant_id.as_str()).collect();
        let event = self.event.as_deref();
        let rows: Vec<Row<'_>> = fit.iter().map(|day| Row { day, record_field: &self.record_field, event }).collect();
        let data = serde_json::to_string(&rows).map_err(|error| Trouble::Refused { what: error.to_string() })?;
        let locked = match self.import(&data, Overwrite::Yes, &records) {
            Ok(()) => return Ok(verdicts),
            Err(Failure::Refused(Refusal { fault: Fault::RecordLocked, said })) => said,
            Err(Failure::Refused(Refusal { fault: Fault::FormLocked, said })) if fit.len() == 1 => said,
            Err(failure) => return Err(self.trouble(failure)),
        };
        for verdict in verdicts.iter_mut().filter(|verdict| **verdict == Verdict::Stored) {
            *verdict = Verdict::Refused(format!(
                "it is locked in REDCap ({locked}). The day stays here; ask the study to unlock it, then let it be sent again"
            ));
        }
        Ok(verdicts)
    }

    fn held(&mut self, _: &ParticipantId, _: &ParticipantId) -> Result<Option<Vec<Held>>, Trouble> {
        Ok(None)
    }

    fn withdraw(&mut self, _: &Withdrawal) -> Result<(), Trouble> {
        Ok(())
    }

    fn at_once(&self) -> usize {
        self.days_at_once
    }
}

/// Records are named by text, or by a number in projects that number them.
fn record_name(value: &Value) -> Option<String> {
    match value {
        Value::String(name) => Some(name.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}
