//! Days into a REDCap project, by its API: one instance of the repeating instrument `daily_activity` a day, whose number is
//! the day of the study.
//!
//! The number of an instance is never left to REDCap, so that a day that is sent again, or corrected, meets its own row.
//! Rows are whole and imported with `overwriteBehavior=overwrite`: a number that is no longer known is erased. Sources:
//! REDCap's own page of its API, its published validation scripts (Data Import), and the clients PyCap and REDCapR.

mod answer;
mod api;
mod check;
mod dictionary;
mod fields;
mod project;
mod withdrawal;

use std::{collections::BTreeSet, fmt};

use chrono::{Days, NaiveDate};
use serde_json::{Value, json};

use self::{
    answer::{Failure, Fault, Refusal},
    api::Api,
    fields::{COMPLETE, EPOCH, FORM, RECORD_ID, Row},
};
pub use self::{dictionary::data_dictionary, project::project_xml};
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
    /// The project has a place for the study's epoch, as [`Export::check`] has seen.
    has_epoch: bool,
    /// Records whose epoch is written, or is not to be.
    with_epoch: BTreeSet<ParticipantId>,
    /// The epoch by which days were sent.
    epoch: Option<NaiveDate>,
}

/// An instance of the instrument of days as the project has it.
struct Instance {
    number: u16,
    date: Option<NaiveDate>,
    revision: Option<u32>,
    is_final: bool,
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
            has_epoch: false,
            with_epoch: BTreeSet::new(),
            epoch: None,
        })
    }

    /// The rows of these days as they would be sent, JSON, one a line; for a look before anything leaves the house.
    pub fn rows(&self, days: &[StudyDay]) -> String {
        let (record_field, event) = (self.record_field.as_str(), self.event.as_deref());
        let rows: Vec<String> = days.iter().map(|day| Row { day, record_field, event }.to_json()).collect();
        format!("[{}]", rows.join(",\n"))
    }

    /// Imports rows, a JSON list; good when the answer names every record.
    fn import(&self, rows: &str, records: &BTreeSet<&str>) -> Result<(), Failure> {
        let answer = self.ask(&[
            ("content", "record"),
            ("action", "import"),
            ("type", "flat"),
            // An empty value erases what stood there; a field that is not in the row stays as it is.
            ("overwriteBehavior", "overwrite"),
            ("forceAutoNumber", "false"),
            ("dateFormat", "YMD"),
            ("returnContent", "ids"),
            ("data", rows),
        ])?;
        let stored: BTreeSet<String> = answer.as_array().into_iter().flatten().filter_map(record_name).collect();
        // REDCap takes P-7 and p-7 for one record.
        let is_stored = |record: &str| stored.iter().any(|stored| stored.eq_ignore_ascii_case(record));
        if records.iter().all(|record| is_stored(record)) {
            return Ok(());
        }
        Err(Failure::Other(Trouble::passing(format!(
            "{} answered, but not that the days are stored; they are sent again",
            self.api.host()
        ))))
    }

    fn ask(&self, form: &[(&str, &str)]) -> Result<Value, Failure> {
        let reply = self.api.ask(form).map_err(Failure::Other)?;
        answer::json(&reply, self.api.host())
    }

    /// What the project says of itself; none when the token may not ask.
    fn ask_project(&self, content: &str) -> Result<Option<Value>, Failure> {
        match self.ask(&[("content", content)]) {
            Ok(answer) => Ok(Some(answer)),
            Err(Failure::NoRight(_)) => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    /// Which REDCap it is; none when the token may not ask.
    fn version(&self) -> Result<Option<String>, Trouble> {
        let reply = self.api.ask(&[("content", "version")])?;
        match answer::line(&reply, self.api.host()) {
            Ok(version) => Ok(Some(version)),
            Err(Failure::NoRight(_)) => Ok(None),
            Err(failure) => Err(self.trouble(failure)),
        }
    }

    /// Imports no rows, which changes nothing and shows whether the token may import.
    fn may_import(&self) -> Result<(), Trouble> {
        match self.import("[]", &BTreeSet::new()) {
            // Whatever it thinks of an empty list: it has looked at it.
            Ok(()) | Err(Failure::Refused(_)) => Ok(()),
            Err(failure) => Err(self.trouble(failure)),
        }
    }

    /// Instances of one participant; none when the token may not read them as they are.
    fn instances(&self, participant: &ParticipantId) -> Result<Option<Vec<Instance>>, Trouble> {
        let mut form = vec![
            ("content", "record"),
            ("action", "export"),
            ("type", "flat"),
            ("rawOrLabel", "raw"),
            ("records[0]", participant.as_str()),
            ("fields[0]", &self.record_field),
            ("fields[1]", "da_date"),
            ("fields[2]", "da_revision"),
            ("fields[3]", COMPLETE),
        ];
        form.extend(self.event.as_deref().map(|event| ("events[0]", event)));
        let answer = match self.ask(&form) {
            Ok(answer) => answer,
            // Nobody may read; or the token is wrong, which is another matter.
            Err(Failure::NoRight(_)) => return self.may_import().map(|()| None),
            Err(failure) => return Err(self.trouble(failure)),
        };
        let rows = answer.as_array().ok_or_else(|| {
            Trouble::passing(format!("{} answered something else than the days it holds", self.api.host()))
        })?;
        let text = |row: &Value, name: &str| row.get(name).and_then(record_name).unwrap_or_default();
        // Nobody else was asked for: this token sees pseudonyms of pseudonyms.
        if rows.iter().any(|row| !text(row, &self.record_field).eq_ignore_ascii_case(participant.as_str())) {
            return Ok(None);
        }
        let of_days = rows.iter().filter(|row| text(row, "redcap_repeat_instrument") == FORM);
        let instances = of_days.filter_map(|row| {
            Some(Instance {
                number: text(row, "redcap_repeat_instance").parse().ok()?,
                date: text(row, "da_date").parse().ok(),
                revision: text(row, "da_revision").parse().ok(),
                is_final: text(row, COMPLETE) == "2",
            })
        });
        Ok(Some(instances.collect()))
    }

    /// What a failed request means where no single day is at fault.
    fn trouble(&self, failure: Failure) -> Trouble {
        let host = self.api.host();
        match failure {
            Failure::NoRight(said) => Trouble::stopped(format!(
                "REDCap at {host} does not let this token in ({said}), so nothing was sent. Ask the study's data manager whether the token is this project's, still valid, and has the right \"API Import/Update\""
            )),
            Failure::Refused(Refusal { fault: Fault::Project, said }) => self.unfit_project(&said),
            Failure::Refused(Refusal { said, .. }) => {
                Trouble::Refused { what: format!("REDCap refuses it, and stored nothing of the request: {said}") }
            }
            Failure::Other(trouble) => trouble,
        }
    }

    fn unfit_project(&self, faults: &str) -> Trouble {
        Trouble::stopped(format!(
            "the REDCap project at {} is not as it has to be: {faults}. Nothing is sent until that is put right. Ask the study's data manager to import Brisk's data dictionary, to tick {FORM} as a repeating instrument, and to compare `event`",
            self.api.host()
        ))
    }
}

impl Export for Redcap {
    fn check(&mut self) -> Result<Vec<String>, Trouble> {
        self.may_import()?;
        let mut notes = Vec::new();
        let mut faults = Vec::new();
        let mut unchecked = Vec::new();
        match self.version()? {
            Some(version) => notes.push(format!("REDCap {version} at {}.", self.api.host())),
            None => unchecked.push("its version"),
        }
        let event = self.event.as_deref();
        match self.ask_project("project").map_err(|failure| self.trouble(failure))? {
            Some(answer) => {
                let (fault, note) = check::project(&answer, event);
                faults.extend(fault);
                notes.extend(note);
            }
            None => unchecked.push("whether it is longitudinal"),
        }
        match self.ask_project("repeatingFormsEvents") {
            Ok(Some(answer)) => faults.extend(check::repeating(&answer, event)),
            Ok(None) => unchecked.push("whether the instrument repeats"),
            // A project in which nothing repeats refuses the question.
            Err(Failure::Refused(_)) => faults.extend(check::repeating(&Value::Null, event)),
            Err(failure) => return Err(self.trouble(failure)),
        }
        match self.ask_project("metadata").map_err(|failure| self.trouble(failure))? {
            Some(answer) => {
                let metadata = check::metadata(&answer);
                faults.extend(metadata.faults);
                // In which event the other instrument is, only the study knows.
                self.has_epoch = metadata.has_epoch && event.is_none();
                self.record_field = metadata.record_field.unwrap_or_else(|| RECORD_ID.to_owned());
            }
            None => unchecked.push("its fields"),
        }
        if !faults.is_empty() {
            return Err(self.unfit_project(&faults.join("; ")));
        }
        if !unchecked.is_empty() {
            notes.push(format!(
                "The token may write to the REDCap project and not read all of it, so this could not be checked: {}. The first day shows whether it is right.",
                unchecked.join(", ")
            ));
        }
        Ok(notes)
    }

    fn send(&mut self, days: &[StudyDay]) -> Result<Vec<Verdict>, Trouble> {
        let mut verdicts: Vec<Verdict> =
            days.iter().map(|day| fields::unfit(day).map_or(Verdict::Stored, Verdict::Refused)).collect();
        let fit = days.iter().zip(&verdicts).filter(|(_, verdict)| **verdict == Verdict::Stored);
        let fit: Vec<&StudyDay> = fit.map(|(day, _)| day).collect();
        let Some(first) = fit.first() else { return Ok(verdicts) };
        let epoch = first.local_date.checked_sub_days(Days::new(u64::from(first.study_day) - 1));
        self.epoch = self.epoch.or(epoch);

        let (record_field, event) = (self.record_field.as_str(), self.event.as_deref());
        let rows: Vec<String> = fit.iter().map(|day| Row { day, record_field, event }.to_json()).collect();
        let rows = rows.join(",");
        let records: BTreeSet<&str> = fit.iter().map(|day| day.participant_id.as_str()).collect();

        let mut outcome = None;
        if let Some(epoch) = epoch.filter(|_| self.has_epoch && !self.with_epoch.contains(&first.participant_id)) {
            let row = json!({
                record_field: first.participant_id.as_str(),
                "redcap_repeat_instrument": "", "redcap_repeat_instance": "", EPOCH: epoch,
            });
            let sent = self.import(&format!("[{row},{rows}]"), &records);
            if matches!(sent, Ok(()) | Err(Failure::Refused(_))) {
                self.with_epoch.insert(first.participant_id.clone());
            }
            // It may have been the epoch, on an instrument that the study locked: the days do not wait for it.
            outcome = Some(sent).filter(|sent| !matches!(sent, Err(Failure::Refused(_))));
        }
        let outcome = outcome.unwrap_or_else(|| self.import(&format!("[{rows}]"), &records));
        let locked = match outcome {
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

    fn held(&mut self, _study: &ParticipantId, participant: &ParticipantId) -> Result<Option<Vec<Held>>, Trouble> {
        let Some(instances) = self.instances(participant)? else { return Ok(None) };
        let mut epoch = self.epoch;
        let mut held = Vec::new();
        for Instance { number, date, revision, is_final } in instances {
            let days = Days::new(u64::from(number.saturating_sub(1)));
            // A token with de-identified exports is not shown dates.
            let Some(date) = date.or_else(|| epoch?.checked_add_days(days)) else {
                if revision.is_some() {
                    return Ok(None);
                }
                continue;
            };
            let counted_from = date.checked_sub_days(days);
            if epoch.is_some() && epoch != counted_from {
                return Err(Trouble::stopped(format!(
                    "REDCap at {} has days of this participant that were counted from another epoch of the study. If sending went on, days would stand there twice. Compare `epoch` with the study's first settings, and ask its data manager which days are right",
                    self.api.host()
                )));
            }
            epoch = counted_from;
            // What has no revision says that the participant left.
            held.extend(revision.map(|revision| Held { date, revision, is_final }));
        }
        held.sort_by_key(|held| held.date);
        Ok(Some(held))
    }

    fn withdraw(&mut self, withdrawal: &Withdrawal) -> Result<(), Trouble> {
        withdrawal::carry_out(self, withdrawal)
    }

    fn at_once(&self) -> usize {
        self.days_at_once
    }
}

/// Texts, and records in projects that number them.
fn record_name(value: &Value) -> Option<String> {
    match value {
        Value::String(name) => Some(name.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}
