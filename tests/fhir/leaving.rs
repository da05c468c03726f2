//! Who leaves, and whose days are taken out.

use std::fs::File;

use brisk::export::{
    StudyDay,
    target::{Export, Withdrawal},
};
use serde_json::{Value, json};

use crate::{connected, date, day, fhir_server::FhirServer, find, held, validate};

#[test]
fn who_leaves_is_marked_once_and_their_days_stay() {
    let server = FhirServer::start();
    let mut fhir = connected(&server);
    fhir.send(&[day("2026-11-20")]).unwrap();

    fhir.withdraw(&withdrawal(false)).unwrap();
    fhir.withdraw(&withdrawal(false)).unwrap();

    let subjects = server.resources("ResearchSubject");
    assert_eq!((subjects.len(), server.resources("ResearchStudy").len(), server.resources("Patient").len()), (1, 1, 1));
    assert_eq!((&subjects[0]["status"], &subjects[0]["period"]), (&json!("withdrawn"), &json!({"end": "2026-11-25"})));
    let patient = format!("Patient/{}", server.resources("Patient")[0]["id"].as_str().unwrap());
    assert_eq!(subjects[0]["individual"]["reference"], json!(patient));
    assert_eq!(held(&mut fhir).len(), 1);
}

#[test]
fn days_that_are_taken_out_lose_their_numbers_and_those_of_others_stay() {
    let server = FhirServer::start();
    let mut fhir = connected(&server);
    fhir.send(&[day("2026-11-20"), day("2026-11-21")]).unwrap();
    let other =
        StudyDay { participant_id: "P-0008".parse().unwrap(), goal_id: Some("g2".to_owned()), ..day("2026-11-20") };
    fhir.send(&[other]).unwrap();

    for strict in [false, true] {
        server.set(&json!({"strict": strict}));
        fhir.withdraw(&withdrawal(true)).unwrap();
    }

    for observation in server.resources("Observation") {
        let theirs = observation["identifier"][0]["value"].as_str().unwrap().starts_with("ETMI01/P-0007/");
        assert_eq!(observation["status"] == "entered-in-error", theirs);
        let numbers = ["valueQuantity", "valueBoolean", "component", "dataAbsentReason", "method"];
        assert_eq!(numbers.iter().all(|member| observation[member].is_null()), theirs, "{observation}");
    }
    assert_eq!(server.resources("Observation").len(), 21);
    let goals = server.resources("Goal");
    assert_eq!(find(&goals, "/g1")["lifecycleStatus"], "entered-in-error");
    assert!(find(&goals, "/g1")["target"].is_null());
    assert_eq!(find(&goals, "/g2")["lifecycleStatus"], "active");
    assert_eq!(held(&mut fhir), []);

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("left.json");
    let kinds = ["Patient", "Observation", "Goal", "ResearchStudy", "ResearchSubject"];
    let entries: Vec<Value> = kinds
        .iter()
        .flat_map(|kind| server.resources(kind))
        .map(|resource| json!({"fullUrl": format!("{}/{}/{}", server.fhir, resource["resourceType"].as_str().unwrap(), resource["id"].as_str().unwrap()), "resource": resource}))
        .collect();
    serde_json::to_writer(
        File::create(&file).unwrap(),
        &json!({"resourceType": "Bundle", "type": "collection", "entry": entries}),
    )
    .unwrap();
    validate(&[file], None);
}

fn withdrawal(take_out: bool) -> Withdrawal {
    Withdrawal {
        study: "ETMI01".parse().unwrap(),
        participant: "P-0007".parse().unwrap(),
        date: date("2026-11-25"),
        study_day: 329,
        tz_offset_min: 60,
        sent: vec![date("2026-11-20"), date("2026-11-21")],
        epoch: date("2026-01-01"),
        take_out,
    }
}
