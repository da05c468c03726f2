//! Days into REDCap: what is sent, what each answer means, and what stands in the project at the end. The project is a
//! stand-in (`exports/redcap_stand_in.py`) that PyCap and redcaplite drive as well.
//!
//! `BRISK_SEEDS` says how many seeds of a failing line are tried (20 when it is not set).

#[path = "redcap/answers.rs"]
mod answers;
#[path = "redcap/certificates.rs"]
mod certificates;
#[path = "redcap/days.rs"]
mod days;
#[path = "redcap/leaving.rs"]
mod leaving;
#[path = "redcap/project.rs"]
mod project;
#[path = "exports/redcap_stand_in.rs"]
mod redcap_stand_in;

use std::{collections::BTreeMap, path::Path, process::Command};

use brisk::export::{
    StudyDay,
    redcap::{Redcap, RedcapSettings, data_dictionary, project_xml},
    target::{Export as _, Held, Verdict},
};
use serde_json::{Value, json};

use crate::{
    days::{TOKEN, day, empty_day, epoch, full_day, redcap, refused, settings, steps},
    redcap_stand_in::{StandIn, python_with_packages},
};

#[test]
fn the_data_dictionary_is_the_one_that_studies_have() {
    let golden = include_str!("fixtures/redcap/data_dictionary.csv");

    assert_eq!(data_dictionary(), golden, "a new one needs a line in the changelog, for studies that run");
}

#[test]
fn the_project_xml_is_the_same_whenever_it_is_made() {
    let golden = include_str!("fixtures/redcap/project.xml");
    let version = format!(r#"SourceSystemVersion="{}""#, env!("CARGO_PKG_VERSION"));

    let xml = project_xml(&"ETMI".parse().unwrap(), epoch());

    assert_eq!(xml.replace(&version, r#"SourceSystemVersion="0.1.0""#), golden);
}

#[test]
fn foreign_schemas_accept_the_dictionary_and_the_project_and_refuse_broken_ones() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/exports/validate_redcap.py");

    let out = Command::new(python_with_packages()).arg(script).output().unwrap();

    assert!(out.status.success(), "{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
}

#[test]
fn the_stand_in_answers_real_clients_as_redcap_does() {
    let stand_in = StandIn::start();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/exports/redcap_clients.py");
    redcap(&stand_in).send(&[full_day(), empty_day()]).unwrap();

    let out = Command::new(python_with_packages()).arg(script).arg(&stand_in.url).arg(TOKEN).output().unwrap();

    assert!(out.status.success(), "{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
}

#[test]
fn two_days_are_these_bytes() {
    let stand_in = StandIn::start();

    redcap(&stand_in).send(&[full_day(), empty_day()]).unwrap();

    let sent = stand_in.read("requests")[0]["data"].as_str().unwrap().replace("},{", "},\n{");
    assert_eq!(sent + "\n", include_str!("fixtures/redcap/rows.json"));
}

#[test]
fn a_look_at_the_rows_sends_nothing() {
    let stand_in = StandIn::start();

    let rows = redcap(&stand_in).rows(&[full_day(), empty_day()]);

    assert_eq!(rows + "\n", include_str!("fixtures/redcap/rows.json"));
    assert_eq!(stand_in.read("requests"), json!([]));
}

#[test]
fn a_day_stands_in_the_project_with_every_value() {
    let stand_in = StandIn::start();

    let verdicts = redcap(&stand_in).send(&[full_day()]).unwrap();

    assert_eq!(verdicts, [Verdict::Stored]);
    let days = stand_in.days();
    assert_eq!(days.len(), 1);
    assert_eq!((&days[0]["record"], &days[0]["instance"]), (&json!("P-0007"), &json!(20)));
    assert_eq!(
        days[0]["values"],
        json!({
            "da_date": "2026-11-20", "da_tz_offset_min": "60", "da_day_len": "1440", "da_steps": "9001",
            "da_brisk_min": "34", "da_mod_min": "41", "da_vig_min": "6", "da_wear_min": "912", "da_valid": "1",
            "da_goal_var": "1", "da_goal_target": "30", "da_goal_weekly": "0", "da_goal_met": "1",
            "da_goal_pct": "113.3", "da_device": "SC-4F2A", "da_algo": "1.0.0", "da_revision": "2",
            "da_computed_at": "2026-11-21 03:09:58", "daily_activity_complete": "2",
        })
    );
}

#[test]
fn sending_twice_is_sending_once() {
    let stand_in = StandIn::start();
    let mut redcap = redcap(&stand_in);

    redcap.send(&[full_day(), empty_day()]).unwrap();
    let once = stand_in.read("rows");
    redcap.send(&[full_day(), empty_day()]).unwrap();

    assert_eq!(stand_in.read("rows"), once);
}

#[test]
fn a_correction_meets_its_own_row() {
    let stand_in = StandIn::start();
    let mut redcap = redcap(&stand_in);
    redcap.send(&[day(20, 1, 4000), day(21, 1, 5000)]).unwrap();

    redcap.send(&[day(20, 2, 4321)]).unwrap();

    assert_eq!(steps(&stand_in), [(20, "4321".to_owned()), (21, "5000".to_owned())].into());
}

#[test]
fn a_number_that_is_no_longer_known_is_erased() {
    let stand_in = StandIn::start();
    let mut redcap = redcap(&stand_in);
    redcap.send(&[full_day()]).unwrap();

    redcap.send(&[StudyDay { steps: None, goal_met: None, ..full_day() }]).unwrap();

    let values = &stand_in.days()[0]["values"];
    assert_eq!((values.get("da_steps"), values.get("da_goal_met")), (None, None));
    assert_eq!(values["da_brisk_min"], "34");
}

#[test]
fn a_study_day_too_late_for_an_instance_is_refused_alone() {
    let stand_in = StandIn::start();

    let verdicts = redcap(&stand_in).send(&[day(20, 1, 1), day(32_767, 1, 2), day(32_768, 1, 3)]).unwrap();

    assert_eq!(verdicts[..2], [Verdict::Stored, Verdict::Stored]);
    assert!(refused(&verdicts[2]).contains("epoch"));
    assert_eq!(steps(&stand_in).into_keys().collect::<Vec<_>>(), [20, 32_767]);
}

#[test]
fn a_number_that_the_dictionary_does_not_allow_is_refused_without_being_told() {
    let stand_in = StandIn::start();

    let verdicts = redcap(&stand_in).send(&[day(20, 1, 287_654), day(21, 1, 5000)]).unwrap();

    assert!(refused(&verdicts[0]).contains("da_steps"));
    assert!(!refused(&verdicts[0]).contains("287"));
    assert_eq!(steps(&stand_in), [(21, "5000".to_owned())].into());
}

#[test]
fn a_longitudinal_project_gets_its_event() {
    let stand_in = StandIn::start();
    stand_in.tell("project", &json!({"events": ["base_arm_1", "home_arm_1"]}));
    let mut redcap =
        Redcap::new(RedcapSettings { event: Some("home_arm_1".to_owned()), ..settings(&stand_in) }).unwrap();

    redcap.check().unwrap();
    redcap.send(&[full_day()]).unwrap();

    assert_eq!(stand_in.days()[0]["event"], "home_arm_1");
    assert_eq!(redcap.held(&full_day().study_id, &full_day().participant_id).unwrap().unwrap().len(), 1);
}

#[test]
fn the_epoch_is_written_once_and_days_do_not_wait_for_it() {
    let stand_in = StandIn::start();
    let mut redcap = redcap(&stand_in);
    redcap.check().unwrap();

    redcap.send(&[day(20, 1, 1)]).unwrap();
    redcap.send(&[day(21, 1, 1)]).unwrap();
    stand_in.tell("project", &json!({"locked": [["P-0008", 0]]}));
    let other = StudyDay { participant_id: "P-0008".parse().unwrap(), ..day(20, 1, 1) };
    let verdicts = redcap.send(&[other]).unwrap();

    assert_eq!(verdicts, [Verdict::Stored]);
    let log = stand_in.read("log");
    let epochs: Vec<&Value> =
        log.as_array().unwrap().iter().map(|entry| &entry["values"]["da_epoch"]).filter(|at| !at.is_null()).collect();
    assert_eq!(epochs, ["2026-11-01"]);
}

#[test]
fn with_a_line_that_fails_every_day_arrives_once_and_in_its_newest_state() {
    let stand_in = StandIn::start();
    let seeds: u64 = std::env::var("BRISK_SEEDS").map_or(20, |text| text.parse().expect("BRISK_SEEDS is a number"));
    for seed in 0..seeds {
        stand_in.tell("reset", &json!({}));
        stand_in.tell("faults", &json!({"seed": seed, "rate": 0.4, "slow_s": 0.0}));
        let mut redcap = redcap(&stand_in);
        let mut newest = BTreeMap::new();
        // Not random, and different for each seed: which days, and how often they are corrected.
        for change in 0..12_u64 {
            let number = u16::try_from((seed * 7 + change * 5) % 9 + 1).unwrap();
            let revision = newest.get(&number).map_or(1, |day: &StudyDay| day.revision + 1);
            let known = StudyDay { is_final: change % 2 == 0, ..day(number, revision, revision * 100) };
            let day = if change % 3 == 0 { StudyDay { steps: None, ..known } } else { known };
            newest.insert(number, day);
            let batch: Vec<StudyDay> = newest.values().cloned().collect();
            let mut attempts = 0;
            while redcap.send(&batch).is_err() {
                attempts += 1;
                assert!(attempts < 100, "seed {seed}: nothing gets through");
            }
        }
        stand_in.tell("faults", &json!({}));

        let held = redcap.held(&full_day().study_id, &full_day().participant_id).unwrap().unwrap();
        let of = |day: &StudyDay| Held { date: day.local_date, revision: day.revision, is_final: day.is_final };
        assert_eq!(held, newest.values().map(of).collect::<Vec<_>>(), "seed {seed}");
        let truth = newest
            .values()
            .map(|day| (u64::from(day.study_day), day.steps.map_or_else(String::new, |n| n.to_string())));
        assert_eq!(steps(&stand_in), truth.collect(), "seed {seed}");
    }
}
