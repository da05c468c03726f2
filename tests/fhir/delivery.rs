//! Days on a server: once, and in their newest state.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use brisk::export::{
    MissingReason, StudyDay,
    fhir::Fhir,
    target::{Export, Held, Trouble, Verdict},
};
use chrono::{Days, NaiveDate};
use serde_json::json;

use crate::{connected, date, day, empty_day, fhir_server::FhirServer, find, held, settings};

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

#[test]
fn a_correction_replaces_the_day_and_raises_status_and_revision() {
    let server = FhirServer::start();
    let mut fhir = connected(&server);
    fhir.send(&[day("2026-11-20")]).unwrap();
    let before = find(&server.resources("Observation"), "/steps").clone();

    fhir.send(&[StudyDay { steps: Some(9100), revision: 2, ..day("2026-11-20") }]).unwrap();

    let after = find(&server.resources("Observation"), "/steps").clone();
    assert_eq!((&before["status"], &after["status"]), (&json!("final"), &json!("amended")));
    assert_eq!((&before["valueQuantity"]["value"], &after["valueQuantity"]["value"]), (&json!(9001), &json!(9100)));
    assert_eq!(before["id"], after["id"]);
    assert_eq!(server.counts()["resources"]["Observation"], 7);
    assert_eq!(held(&mut fhir), [Held { date: date("2026-11-20"), revision: 2, is_final: true }]);
}

#[test]
fn what_is_unknown_has_a_reason_and_never_a_zero() {
    let server = FhirServer::start();
    let mut fhir = connected(&server);
    let not_worn = StudyDay { missing_reason: Some(MissingReason::DeviceNotWorn), ..empty_day("2026-11-22") };

    let verdicts = fhir.send(&[empty_day("2026-11-21"), not_worn]).unwrap();

    assert_eq!(verdicts, [Verdict::Stored, Verdict::Stored]);
    let observations = server.resources("Observation");
    for code in ["steps", "brisk-min", "mod-min", "vig-min", "wear-min", "goal-met"] {
        let observation = find(&observations, &format!("2026-11-21/{code}"));
        assert_eq!(observation["dataAbsentReason"]["coding"][0]["code"], "unknown", "{code}");
        assert_eq!(observation["dataAbsentReason"]["coding"][1]["code"], "missing-not-synced", "{code}");
        for value in ["valueQuantity", "valueBoolean", "component"] {
            assert!(observation[value].is_null(), "{code} {value}");
        }
    }
    let not_worn = find(&observations, "2026-11-22/steps");
    assert_eq!(not_worn["dataAbsentReason"]["coding"][0]["code"], "not-performed");
    assert_eq!(find(&observations, "2026-11-21/valid-day")["valueBoolean"], false);
    let dates: Vec<NaiveDate> = held(&mut fhir).iter().map(|day| day.date).collect();
    assert_eq!(dates, [date("2026-11-21"), date("2026-11-22")]);
}

#[test]
fn an_answer_that_proves_nothing_leaves_the_day_to_be_sent_again() {
    let server = FhirServer::start();
    let mut fhir = connected(&server);
    for (fault, stored) in
        [("drop_before", false), ("500", false), ("503", false), ("429", false), ("html", false), ("drop_after", true)]
    {
        server.reset();
        server.set(&json!({"faults": [fault]}));

        let trouble = fhir.send(&[day("2026-11-20")]).unwrap_err();

        assert!(matches!(trouble, Trouble::Passing { .. }), "{fault}: {trouble:?}");
        let after = matches!(fault, "503" | "429").then_some(Duration::from_secs(7));
        assert!(matches!(trouble, Trouble::Passing { after: found, .. } if found == after), "{fault}: {trouble:?}");
        assert_eq!(server.resources("Observation").len(), if stored { 7 } else { 0 }, "{fault}");
        assert_eq!(fhir.send(&[day("2026-11-20")]).unwrap(), [Verdict::Stored]);
        assert_eq!(
            server.counts()["resources"],
            json!({"Patient": 1, "Device": 1, "Observation": 7, "Goal": 1}),
            "{fault}"
        );
    }
}

#[test]
fn a_server_that_goes_entry_by_entry_keeps_the_other_days() {
    let server = FhirServer::start();
    server.set(&json!({"atomic": false}));
    let mut fhir = connected(&server);
    fhir.send(&[day("2026-11-20")]).unwrap();
    let mut twin = find(&server.resources("Observation"), "2026-11-20/vig-min").clone();
    twin.as_object_mut().unwrap().remove("id");
    ureq::post(format!("{}/Observation", server.fhir)).send(twin.to_string()).unwrap();

    let verdicts = fhir.send(&[day("2026-11-19"), day("2026-11-20"), day("2026-11-21")]).unwrap();

    assert_eq!((&verdicts[0], &verdicts[2]), (&Verdict::Stored, &Verdict::Stored));
    assert!(matches!(&verdicts[1], Verdict::Refused(why) if why.to_lowercase().contains("multiple")), "{verdicts:?}");
    let dates: Vec<NaiveDate> = held(&mut fhir).iter().map(|day| day.date).collect();
    assert_eq!(dates, [date("2026-11-19"), date("2026-11-20"), date("2026-11-21")]);
}

#[test]
fn a_transaction_with_a_bad_day_is_refused_as_a_whole_and_leaves_nothing() {
    let server = FhirServer::start();
    let mut fhir = connected(&server);
    fhir.send(&[day("2026-11-20")]).unwrap();
    let mut twin = find(&server.resources("Observation"), "2026-11-20/vig-min").clone();
    twin.as_object_mut().unwrap().remove("id");
    ureq::post(format!("{}/Observation", server.fhir)).send(twin.to_string()).unwrap();

    let trouble = fhir.send(&[day("2026-11-19"), day("2026-11-20")]).unwrap_err();

    assert!(matches!(trouble, Trouble::Refused { .. }), "{trouble:?}");
    assert_eq!(held(&mut fhir).len(), 1);
    assert_eq!(fhir.send(&[day("2026-11-19")]).unwrap(), [Verdict::Stored]);
}

#[test]
fn a_server_that_takes_eight_entries_gets_a_day_in_pieces_from_then_on() {
    let server = FhirServer::start();
    server.set(&json!({"strict": true}));
    let mut fhir = connected(&server);
    assert!(fhir.at_once() > 1);
    let two = fhir.send(&[day("2026-11-20"), day("2026-11-21")]).unwrap_err();
    assert!(matches!(two, Trouble::Refused { .. }), "{two:?}");

    let one = fhir.send(&[day("2026-11-20")]).unwrap();
    let requests = server.counts()["requests"].as_u64().unwrap();
    let next = fhir.send(&[day("2026-11-21")]).unwrap();

    assert_eq!((one, next), (vec![Verdict::Stored], vec![Verdict::Stored]));
    assert_eq!(server.counts()["requests"].as_u64().unwrap() - requests, 2);
    assert_eq!(fhir.at_once(), 1);
    assert_eq!(server.counts()["resources"], json!({"Patient": 1, "Device": 1, "Observation": 14, "Goal": 1}));
}

/// A home's side in short: the newest state of a day is sent until it is acknowledged.
#[test]
fn after_faults_and_corrections_of_every_kind_the_server_has_each_day_once_in_its_newest_state() {
    let server = FhirServer::start();
    for seed in 0..20 {
        println!("seed {seed}");
        server.reset();
        let mut chance = fastrand::Rng::with_seed(seed);
        let faults = ["ok", "ok", "drop_before", "drop_after", "500", "503", "429", "html"];
        let faults: Vec<&str> = (0..40).map(|_| faults[chance.usize(..faults.len())]).collect();
        server.set(&json!({"faults": faults, "strict": chance.u8(..4) == 0}));
        let mut fhir = connected(&server);
        let mut truth: BTreeMap<NaiveDate, StudyDay> = BTreeMap::new();
        let mut waiting: BTreeSet<NaiveDate> = BTreeSet::new();

        for step in 0.. {
            if step < 12 {
                let date = date("2026-03-24") + Days::new(chance.u64(..10));
                let changed = truth.entry(date).or_insert_with(|| StudyDay { revision: 0, ..day(&date.to_string()) });
                changed.revision += 1;
                changed.steps = chance.bool().then(|| chance.u32(..30_000));
                changed.is_final = chance.bool();
                waiting.insert(date);
            } else if waiting.is_empty() {
                break;
            }
            let most = fhir.at_once().min(chance.usize(1..5));
            let mut batch: Vec<StudyDay> = waiting.iter().take(most).map(|date| truth[date].clone()).collect();
            while !batch.is_empty() {
                match fhir.send(&batch) {
                    Ok(verdicts) => {
                        assert!(verdicts.iter().all(|verdict| *verdict == Verdict::Stored), "{verdicts:?}");
                        waiting.retain(|date| batch.iter().all(|day| day.local_date != *date));
                        break;
                    }
                    Err(Trouble::Refused { .. }) => batch.truncate(batch.len() / 2),
                    Err(Trouble::Passing { .. }) => break,
                    Err(trouble @ Trouble::Stopped { .. }) => panic!("{trouble:?}"),
                }
            }
        }

        server.set(&json!({"faults": []}));
        let expected: Vec<Held> = truth
            .values()
            .map(|day| Held { date: day.local_date, revision: day.revision, is_final: day.is_final })
            .collect();
        assert_eq!(held(&mut fhir), expected);
        let observations = server.resources("Observation");
        assert_eq!(observations.len(), 7 * truth.len());
        for day in truth.values() {
            let steps = &find(&observations, &format!("{}/steps", day.local_date))["valueQuantity"]["value"];
            assert_eq!(steps.as_u64(), day.steps.map(u64::from));
        }
        let resources = server.counts()["resources"].clone();
        assert_eq!(
            (&resources["Patient"], &resources["Device"], &resources["Goal"]),
            (&json!(1), &json!(1), &json!(1))
        );
    }
}

#[test]
fn a_slow_answer_is_waited_for() {
    let server = FhirServer::start();
    server.set(&json!({"faults": ["slow"], "slow_ms": 300}));

    assert_eq!(connected(&server).send(&[day("2026-11-20")]).unwrap(), [Verdict::Stored]);
}
