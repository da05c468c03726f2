//! Days into REDCap: what is sent, what each answer means, and what stands in the project at the end. The project is a
//! stand-in (`exports/redcap_stand_in.py`) that PyCap and redcaplite drive as well.

#[path = "exports/redcap_stand_in.rs"]
mod redcap_stand_in;

use brisk::export::{
    GoalVar, StudyDay,
    redcap::{Redcap, RedcapSettings, data_dictionary},
    target::{Export as _, Verdict},
};
use redcap_stand_in::StandIn;

fn day() -> StudyDay {
    StudyDay {
        study_id: "ETMI".parse().unwrap(),
        participant_id: "P-0007".parse().unwrap(),
        local_date: "2026-11-20".parse().unwrap(),
        study_day: 20,
        start: "2026-11-20T00:00:00+01:00".parse().unwrap(),
        end: "2026-11-21T00:00:00+01:00".parse().unwrap(),
        tz_offset_min: 60,
        day_len_min: 1440,
        steps: Some(9001),
        brisk_min: Some(34),
        mod_min: Some(41),
        vig_min: Some(6),
        wear_min: Some(912),
        valid_day: true,
        goal_var: Some(GoalVar::LeisureBriskMin),
        goal_id: Some("g1".to_owned()),
        goal_is_weekly: false,
        goal_target: Some(30),
        goal_met: Some(true),
        goal_permille: Some(1133),
        missing_reason: None,
        device_id: Some("SC-4F2A".to_owned()),
        algo_version: "1.0.0".to_owned(),
        revision: 2,
        is_final: true,
        computed_at: "2026-11-21T03:09:58Z".parse().unwrap(),
    }
}

fn redcap(stand_in: &StandIn) -> Redcap {
    Redcap::new(settings(stand_in)).unwrap()
}

fn settings(stand_in: &StandIn) -> RedcapSettings {
    RedcapSettings {
        url: stand_in.url.clone(),
        token: stand_in.token.clone(),
        ca_pem: None,
        event: None,
        days_at_once: 200,
    }
}

#[test]
fn the_data_dictionary_is_the_one_that_studies_have() {
    let golden = include_str!("fixtures/redcap/data_dictionary.csv");

    assert_eq!(data_dictionary(), golden, "a new one needs a line in the changelog, for studies that run");
}

#[test]
fn a_day_that_is_sent_stands_in_the_project() {
    let stand_in = StandIn::start();

    let verdicts = redcap(&stand_in).send(&[day()]).unwrap();

    assert_eq!(verdicts, [Verdict::Stored]);
    let days = stand_in.days();
    assert_eq!(days.len(), 1);
    assert_eq!(days[0]["record"], "P-0007");
    assert_eq!(days[0]["instance"], 20);
    assert_eq!(days[0]["values"]["da_steps"], "9001");
    assert_eq!(days[0]["values"]["daily_activity_complete"], "2");
}
