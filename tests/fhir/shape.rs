//! What stands in a bundle, and who else reads it.

use std::fs::File;

use brisk::export::{
    GoalVar, StudyDay,
    fhir::{Fhir, FhirSettings, Goals, Systems, bundle, code_system},
    target::Export,
};
use chrono::Days;
use serde_json::{Value, json};

use crate::{SYSTEM, at, date, day, empty_day, in_bundle, json_of, settings, validate};

#[test]
fn a_measured_and_an_empty_day_are_written_as_the_fixture_has_them() {
    let empty = StudyDay { is_final: false, ..empty_day("2026-11-21") };

    let written = bundle(&[day("2026-11-20"), empty], &Systems::new(SYSTEM), Goals::Sent);

    let lines: Vec<String> = written.entries.iter().map(|entry| serde_json::to_string(entry).unwrap() + "\n").collect();
    assert_eq!(lines.concat(), include_str!("../fixtures/fhir/two_days.jsonl"));
}

#[test]
fn foreign_validators_accept_every_kind_of_bundle_and_refuse_planted_faults() {
    let weekly =
        StudyDay { goal_is_weekly: true, goal_target: Some(150), goal_met: None, revision: 3, ..day("2026-03-29") };
    let provisional = StudyDay { is_final: false, goal_var: Some(GoalVar::Steps), ..day("2026-02-28") };
    let folder = tempfile::tempdir().unwrap();
    let files: Vec<_> = [
        json_of(&[day("2026-11-20")], Goals::Sent),
        json_of(&[empty_day("2026-11-21"), weekly], Goals::Sent),
        json_of(&[provisional, empty_day("2026-03-01")], Goals::KeptBack),
        json!({"resourceType": "Bundle", "type": "collection", "entry": [
            {"fullUrl": "urn:uuid:8c1c4c0e-3a55-5f1e-9d43-4f0a8a0d2f11", "resource": code_system(SYSTEM)},
        ]}),
    ]
    .iter()
    .enumerate()
    .map(|(number, bundle)| {
        let file = folder.path().join(format!("{number}.json"));
        serde_json::to_writer(File::create(&file).unwrap(), bundle).unwrap();
        file
    })
    .collect();

    validate(&files, None);
    validate(&files[..1], Some("--faults"));
}

#[test]
fn a_day_is_preliminary_until_the_closing_window_is_over() {
    let status = |is_final, revision| {
        let bundle = json_of(&[StudyDay { is_final, revision, ..day("2026-11-20") }], Goals::Sent);
        in_bundle(&bundle, "/brisk-min")["status"].as_str().unwrap().to_owned()
    };

    assert_eq!(status(false, 1), "preliminary");
    assert_eq!(status(false, 4), "preliminary");
    assert_eq!(status(true, 1), "final");
    assert_eq!(status(true, 4), "amended");
}

#[test]
fn nights_of_a_clock_change_keep_both_offsets_and_the_share_worn_is_of_the_real_length() {
    let spring =
        StudyDay { end: at("2026-03-30T00:00:00+02:00"), day_len_min: 1380, wear_min: Some(690), ..day("2026-03-29") };
    let autumn = StudyDay {
        start: at("2026-10-25T00:00:00+02:00"),
        tz_offset_min: 120,
        day_len_min: 1500,
        wear_min: Some(500),
        ..day("2026-10-25")
    };

    let bundle = json_of(&[spring, autumn], Goals::Sent);

    let (spring, autumn) = (in_bundle(&bundle, "03-29/steps"), in_bundle(&bundle, "10-25/steps"));
    assert_eq!(
        spring["effectivePeriod"],
        json!({"start": "2026-03-29T00:00:00+01:00", "end": "2026-03-30T00:00:00+02:00"})
    );
    assert_eq!(
        autumn["effectivePeriod"],
        json!({"start": "2026-10-25T00:00:00+02:00", "end": "2026-10-26T00:00:00+01:00"})
    );
    let worn = |steps: &Value| steps["component"][0]["valueQuantity"]["value"].clone();
    assert_eq!((worn(spring), worn(autumn)), (json!(50.0), json!(33.3)));
}

#[test]
fn a_goal_is_per_day_or_per_week_and_a_day_says_nothing_of_a_weekly_one() {
    let goal = |var, weekly, target| {
        let day = StudyDay {
            goal_var: Some(var),
            goal_is_weekly: weekly,
            goal_target: target,
            goal_met: (!weekly).then_some(true),
            ..day("2026-11-20")
        };
        json_of(&[day], Goals::Sent)
    };
    let unit = |bundle: &Value| in_bundle(bundle, "/goal/g1")["target"][0]["detailQuantity"]["code"].clone();

    let (week, day) =
        (goal(GoalVar::LeisureBriskMin, true, Some(150)), goal(GoalVar::LeisureBriskMin, false, Some(30)));

    assert_eq!((unit(&week), unit(&day)), (json!("min/wk"), json!("min/d")));
    assert_eq!(unit(&goal(GoalVar::Steps, true, Some(50_000))), "/wk");
    assert_eq!(unit(&goal(GoalVar::Steps, false, Some(8_000))), "/d");
    // A row of a weekly goal has no amount.
    assert!(in_bundle(&goal(GoalVar::Steps, true, None), "/goal/g1")["target"].is_null());
    assert_eq!(in_bundle(&day, "/goal-met")["valueBoolean"], true);
    let week_met = in_bundle(&week, "/goal-met");
    assert_eq!(
        week_met["dataAbsentReason"]["coding"],
        json!([{"system": week_met["dataAbsentReason"]["coding"][0]["system"], "code": "not-applicable"}])
    );
}

#[test]
fn a_pause_does_not_take_the_amount_out_of_a_goal() {
    let paused = StudyDay { goal_target: None, goal_met: None, ..day("2026-11-21") };

    let both = json_of(&[day("2026-11-20"), paused.clone()], Goals::Sent);
    let alone = json_of(&[paused], Goals::Sent);

    assert_eq!(in_bundle(&both, "/goal/g1")["target"][0]["detailQuantity"]["value"], 30);
    assert!(!alone.to_string().contains("\"Goal\""));
}

#[test]
fn where_goals_are_kept_back_no_word_of_them_leaves() {
    let kept_back = StudyDay {
        goal_var: None,
        goal_id: None,
        goal_target: None,
        goal_met: None,
        goal_permille: None,
        ..day("2026-11-20")
    };
    // Even if a day had one.
    for day in [kept_back, day("2026-11-20")] {
        let text = json_of(&[day], Goals::KeptBack).to_string().to_lowercase();

        assert!(text.contains("/brisk-min") && !text.contains("goal"), "{text}");
    }
}

#[test]
fn no_bundle_has_more_than_200_entries_and_the_same_days_make_the_same_bytes() {
    for goals in [Goals::Sent, Goals::KeptBack] {
        let fhir = Fhir::new(FhirSettings { goals, ..settings("https://fhir.example/r4") }).unwrap();
        // Each day with a counter and a goal of its own.
        let days: Vec<StudyDay> = (0..fhir.at_once())
            .map(|number| StudyDay {
                device_id: Some(format!("SC-{number}")),
                goal_id: Some(format!("g{number}")),
                ..day(&(date("2026-05-01") + Days::new(number.try_into().unwrap())).to_string())
            })
            .collect();

        let written = bundle(&days, &Systems::new(SYSTEM), goals);

        assert!((190..=200).contains(&written.entries.len()), "{}", written.entries.len());
        let again = bundle(&days, &Systems::new(SYSTEM), goals);
        assert_eq!(serde_json::to_vec(&written).unwrap(), serde_json::to_vec(&again).unwrap());
    }
}
