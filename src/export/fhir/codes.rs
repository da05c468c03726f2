//! Code systems, identifier systems and units of what goes to a FHIR server.

use serde_json::{Value, json};

use crate::export::{GoalVar, MissingReason};

/// LOINC. This material contains content from LOINC (<http://loinc.org>), copyright Regenstrief Institute, Inc. and the
/// LOINC Committee, available at no cost under <http://loinc.org/license>.
pub const LOINC: &str = "http://loinc.org";
/// Units of measure.
pub const UCUM: &str = "http://unitsofmeasure.org";
/// Categories of observations, FHIR R4.
pub const CATEGORY: &str = "http://terminology.hl7.org/CodeSystem/observation-category";
/// Why there is no value, FHIR R4.
pub const ABSENT: &str = "http://terminology.hl7.org/CodeSystem/data-absent-reason";
/// Codes of the HL7 Physical Activity guide 1.0.1 that no standard code system has yet.
pub const ACTIVITY: &str = "http://hl7.org/fhir/us/physical-activity/CodeSystem/pa-temporary-codes";
/// Profile of a measure over a day or week, HL7 Physical Activity guide 1.0.1.
pub const TIME_MEASURE: &str =
    "http://hl7.org/fhir/us/physical-activity/StructureDefinition/pa-observation-time-measure";
/// Nomenclature of ISO/IEEE 11073-10101, as the HL7 Personal Health Device guide uses it.
pub const MDC: &str = "urn:iso:std:iso:11073:10101";

/// What has no standard code: code, what people read, and what it means.
pub const LOCAL_CODES: &[(&str, &str, &str)] = &[
    (
        "brisk-min",
        "Brisk minutes in own time",
        "Minutes of the day at the person's brisk pace, outside work and sleep.",
    ),
    ("mod-min", "Moderate minutes", "Minutes of the day at 100 steps per minute or more that are not vigorous."),
    ("vig-min", "Vigorous minutes", "Minutes of the day at 130 steps per minute or more."),
    ("wear-min", "Wear minutes", "Minutes of the day in which the counter was worn."),
    ("valid-day", "Valid day", "Whether the day was worn long enough by the study's rule."),
    (
        "goal-met",
        "Goal of the day met",
        "Whether the goal in force on the day was met; without a value where it cannot be said.",
    ),
    ("goal-leisure-brisk-min", "Brisk minutes in own time", "A goal that counts brisk minutes outside work and sleep."),
    ("goal-steps", "Steps", "A goal that counts steps."),
    ("goal-mod-min", "Moderate minutes", "A goal that counts moderate minutes."),
    ("goal-brisk-min", "Brisk minutes", "A goal that counts brisk minutes of the whole day."),
    ("goal-bout-min", "Minutes in brisk bouts", "A goal that counts minutes in brisk bouts."),
    (
        "goal-leisure-min",
        "Active minutes in own time",
        "A goal that counts brisk minutes in own time and the diary's minutes.",
    ),
    (
        "goal-diary-min",
        "Minutes entered in the diary",
        "A goal that counts minutes of one kind of activity in the diary.",
    ),
    ("missing-device-not-worn", "Not worn", "The day was recorded, and nothing says that the counter was worn."),
    ("missing-device-lost", "Lost", "The counter is lost."),
    ("missing-not-synced", "Not synced", "Nothing has arrived for the day."),
    ("missing-withdrawn", "Withdrawn", "The person left the study."),
    ("missing-technical", "Technical", "Something failed."),
];

/// The code of what a goal counts.
pub(super) fn of_goal(var: GoalVar) -> String {
    format!("goal-{}", var.name().replace('_', "-"))
}

/// The code of why there are no numbers.
pub(super) fn of_missing(reason: MissingReason) -> String {
    format!("missing-{}", reason.name().replace('_', "-"))
}

/// What people read for a local code; nothing for one that is not listed.
pub(super) fn display(code: &str) -> Option<&'static str> {
    LOCAL_CODES.iter().find(|(listed, ..)| *listed == code).map(|(_, display, _)| *display)
}

/// The standard code that is nearest to a reason, in [`ABSENT`].
pub(super) fn absent(reason: Option<MissingReason>) -> &'static str {
    match reason {
        Some(MissingReason::DeviceNotWorn | MissingReason::DeviceLost | MissingReason::Withdrawn) => "not-performed",
        Some(MissingReason::Technical) => "error",
        Some(MissingReason::NotSynced) | None => "unknown",
    }
}

/// The addresses under which a study's own identifiers and codes are known, all below one that the study chose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Systems(String);

impl Systems {
    /// Below this address, such as `https://study.example.org/fhir`.
    pub fn new(system: &str) -> Self {
        Self(system.trim_end_matches('/').to_owned())
    }

    /// Of participants: `STUDY/PARTICIPANT`.
    pub fn participant(&self) -> String {
        format!("{}/sid/participant", self.0)
    }

    /// Of counters: `STUDY/LABEL`.
    pub fn device(&self) -> String {
        format!("{}/sid/device", self.0)
    }

    /// Of numbers of a day: `STUDY/PARTICIPANT/DATE/CODE`.
    pub fn day(&self) -> String {
        format!("{}/sid/activity-day", self.0)
    }

    /// Of goals: `STUDY/PARTICIPANT/goal/ID`.
    pub fn goal(&self) -> String {
        format!("{}/sid/goal", self.0)
    }

    /// Of the study itself: `STUDY`.
    pub fn study(&self) -> String {
        format!("{}/sid/study", self.0)
    }

    /// Of participants' parts in the study: `STUDY/PARTICIPANT`.
    pub fn subject(&self) -> String {
        format!("{}/sid/subject", self.0)
    }

    /// Tags that hold the revision of a day.
    pub fn revision(&self) -> String {
        format!("{}/CodeSystem/revision", self.0)
    }

    /// Code system of [`LOCAL_CODES`].
    pub fn codes(&self) -> String {
        format!("{}/CodeSystem/activity-day", self.0)
    }
}

/// The `CodeSystem` resource of [`LOCAL_CODES`], for a server that checks codes.
pub fn code_system(system: &str) -> Value {
    let concepts: Vec<Value> = LOCAL_CODES
        .iter()
        .map(|(code, display, definition)| json!({"code": code, "display": display, "definition": definition}))
        .collect();
    json!({
        "resourceType": "CodeSystem",
        "url": Systems::new(system).codes(),
        "name": "BriskActivityDay",
        "title": "Daily activity, codes without a standard one",
        "status": "active",
        "content": "complete",
        "caseSensitive": true,
        "count": concepts.len(),
        "concept": concepts,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_goal_and_every_reason_has_a_code_that_is_listed_once() {
        let codes: Vec<&str> = LOCAL_CODES.iter().map(|(code, ..)| *code).collect();
        let mut once = codes.clone();
        once.sort_unstable();
        once.dedup();
        assert_eq!(once.len(), codes.len());
        for var in GoalVar::ALL {
            assert_eq!(display(&of_goal(var)), Some(var.label()));
        }
        for reason in MissingReason::ALL {
            assert!(display(&of_missing(reason)).is_some(), "{reason:?}");
        }
        assert_eq!(code_system("https://a.example/")["url"], "https://a.example/CodeSystem/activity-day");
    }
}
