//! Days as FHIR resources, and on a FHIR server that is not ours.

use std::time::Duration;

use brisk::export::{
    GoalVar, MissingReason, StudyDay,
    fhir::{Fhir, FhirSettings, Goals, Systems, bundle},
    target::{Export, Held, Trouble, Verdict, Withdrawal},
};
use chrono::{DateTime, Days, FixedOffset, NaiveDate};
use serde_json::{Value, json};

#[path = "support/fhir_server.rs"]
mod fhir_server;

use fhir_server::FhirServer;

const SYSTEM: &str = "https://study.example.org/fhir";

fn settings(base_url: &str) -> FhirSettings {
    FhirSettings {
        base_url: base_url.to_owned(),
        token: None,
        ca_pem: None,
        system: SYSTEM.to_owned(),
        days_at_once: 200,
        goals: Goals::Sent,
    }
}

fn at(text: &str) -> DateTime<FixedOffset> {
    text.parse().unwrap()
}

/// A day with every number known, and its goal met.
fn day(date: &str) -> StudyDay {
    let local_date: NaiveDate = date.parse().unwrap();
    let next = local_date + Days::new(1);
    let epoch = NaiveDate::from_ymd_opt(2026, 1, 1).unwrap();
    StudyDay {
        study_id: "ETMI01".parse().unwrap(),
        participant_id: "P-0007".parse().unwrap(),
        local_date,
        study_day: u16::try_from((local_date - epoch).num_days() + 1).unwrap(),
        start: at(&format!("{local_date}T00:00:00+01:00")),
        end: at(&format!("{next}T00:00:00+01:00")),
        tz_offset_min: 60,
        day_len_min: 1440,
        steps: Some(9001),
        brisk_min: Some(31),
        mod_min: Some(42),
        vig_min: Some(5),
        wear_min: Some(912),
        valid_day: true,
        goal_var: Some(GoalVar::LeisureBriskMin),
        goal_id: Some("g1".to_owned()),
        goal_is_weekly: false,
        goal_target: Some(30),
        goal_met: Some(true),
        goal_permille: Some(1033),
        missing_reason: None,
        device_id: Some("SC-4F2A".to_owned()),
        algo_version: "brisk 0.1.0; brisk/1 0123456789abcdef".to_owned(),
        revision: 1,
        is_final: true,
        computed_at: format!("{next}T03:10:00Z").parse().unwrap(),
    }
}

fn json_of(days: &[StudyDay], goals: Goals) -> Value {
    serde_json::to_value(bundle(days, &Systems::new(SYSTEM), goals)).unwrap()
}

#[test]
fn the_same_day_sent_twice_is_there_once() {
    let server = FhirServer::start();
    let mut fhir = Fhir::new(settings(&server.fhir)).unwrap();
    fhir.check().unwrap();

    let first = fhir.send(&[day("2026-11-20")]).unwrap();
    let again = fhir.send(&[day("2026-11-20")]).unwrap();

    assert_eq!((first, again), (vec![Verdict::Stored], vec![Verdict::Stored]));
    assert_eq!(server.counts()["resources"], json!({"Patient": 1, "Device": 1, "Observation": 7, "Goal": 1}));
}
