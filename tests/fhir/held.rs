//! What a server is found to hold.

use brisk::export::{
    StudyDay,
    fhir::Fhir,
    target::{Export, Held, Trouble},
};
use serde_json::{Value, json};

use crate::{Answer, SYSTEM, answering, connected, date, day, fhir_server::FhirServer, held, settings};

#[test]
fn what_is_held_is_read_page_by_page_and_of_that_participant_alone() {
    let server = FhirServer::start();
    let mut fhir = connected(&server);
    let days: Vec<StudyDay> = (1..=9)
        .map(|number| StudyDay { revision: number, is_final: number < 5, ..day(&format!("2026-11-0{number}")) })
        .collect();
    fhir.send(&days).unwrap();
    let other = StudyDay { participant_id: "P-00071".parse().unwrap(), ..day("2026-11-12") };
    fhir.send(&[other]).unwrap();
    server.set(&json!({"page": 2}));

    let found = held(&mut fhir);

    let expected: Vec<Held> =
        days.iter().map(|day| Held { date: day.local_date, revision: day.revision, is_final: day.is_final }).collect();
    assert_eq!(found, expected);
    assert_eq!(fhir.held(&"ETMI01".parse().unwrap(), &"nobody".parse().unwrap()).unwrap(), Some(Vec::new()));
}

#[test]
fn a_token_that_may_not_read_leaves_it_open_what_is_held() {
    let server = FhirServer::start();
    let mut fhir = connected(&server);
    fhir.send(&[day("2026-11-20")]).unwrap();
    let mut held = || fhir.held(&"ETMI01".parse().unwrap(), &"P-0007".parse().unwrap());

    server.set(&json!({"faults": ["403", "ok", "403", "401"]}));

    assert_eq!(held(), Ok(None));
    assert_eq!(held(), Ok(None));
    assert!(matches!(held(), Err(Trouble::Stopped { .. })));
}

#[test]
fn a_page_at_another_server_is_not_asked_for() {
    let patient = json!({"resourceType": "Patient", "id": "1", "identifier": [{"system": format!("{SYSTEM}/sid/participant"), "value": "ETMI01/P-0007"}]});
    let patients = json!({"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": patient}]});
    let page = json!({"resourceType": "Bundle", "type": "searchset", "link": [{"relation": "next", "url": "http://192.0.2.1/next"}]});
    let base = answering([Answer::json("200 OK", &patients), Answer::json("200 OK", &page)]);

    let trouble =
        Fhir::new(settings(&base)).unwrap().held(&"ETMI01".parse().unwrap(), &"P-0007".parse().unwrap()).unwrap_err();

    assert!(matches!(&trouble, Trouble::Stopped { what } if what.contains("192.0.2.1")), "{trouble:?}");
}

#[test]
fn what_is_held_is_not_told_by_an_answer_that_is_no_search() {
    let searchset = |entries: Value| json!({"resourceType": "Bundle", "type": "searchset", "entry": entries});
    for (body, found) in [
        (searchset(json!([1, "text", {}, {"resource": []}, {"resource": {"identifier": 7}}])), true),
        (searchset(json!("none")), true),
        (json!({"resourceType": "Bundle", "type": "history"}), false),
    ] {
        let base = answering([Answer::json("200 OK", &body)]);

        let told = Fhir::new(settings(&base)).unwrap().held(&"ETMI01".parse().unwrap(), &"P-0007".parse().unwrap());

        match told {
            Ok(days) => assert!(found && days == Some(Vec::new()), "{body}: {days:?}"),
            Err(trouble) => assert!(!found && matches!(trouble, Trouble::Passing { .. }), "{body}: {trouble:?}"),
        }
    }
}

#[test]
fn of_several_revision_tags_the_largest_counts_and_what_is_not_ours_does_not() {
    let tag = |system: &str, code: &str| json!({"system": system, "code": code});
    let own = format!("{SYSTEM}/CodeSystem/revision");
    let steps = |key: &str, status: &str, tags: &[Value]| {
        let identifier = json!([{"system": format!("{SYSTEM}/sid/activity-day"), "value": key}]);
        json!({"resource": {"resourceType": "Observation", "identifier": identifier, "status": status, "meta": {"tag": tags}}})
    };
    // Some servers keep the tags of earlier versions.
    let kept = [tag(&own, "9"), tag(&own, "10"), tag("http://other.example", "99"), tag(&own, "new")];
    let one = [tag(&own, "1")];
    let observations = json!([
        steps("ETMI01/P-0007/2026-11-21/steps", "preliminary", &one),
        steps("ETMI01/P-0007/2026-11-20/steps", "amended", &kept),
        steps("ETMI01/P-0008/2026-11-20/steps", "final", &one),
        steps("ETMI01/P-0007/2026-11-22/brisk-min", "final", &one),
        steps("ETMI01/P-0007/yesterday/steps", "final", &one),
        steps("ETMI01/P-0007/2026-11-23/steps", "entered-in-error", &one),
        steps("ETMI01/P-0007/2026-11-24/steps", "final", &[]),
    ]);
    let patient = json!({"resourceType": "Patient", "id": "1", "identifier": [{"system": format!("{SYSTEM}/sid/participant"), "value": "ETMI01/P-0007"}]});
    let searchset = |entries: Value| {
        Answer::json("200 OK", &json!({"resourceType": "Bundle", "type": "searchset", "entry": entries}))
    };
    let base = answering([searchset(json!([{"resource": patient}])), searchset(observations)]);

    let found = held(&mut Fhir::new(settings(&base)).unwrap());

    assert_eq!(
        found,
        [
            Held { date: date("2026-11-20"), revision: 10, is_final: true },
            Held { date: date("2026-11-21"), revision: 1, is_final: false },
        ]
    );

    let twice = answering([searchset(json!([{"resource": patient}, {"resource": patient}]))]);
    let trouble = Fhir::new(settings(&twice)).unwrap().held(&"ETMI01".parse().unwrap(), &"P-0007".parse().unwrap());
    assert!(matches!(&trouble, Err(Trouble::Stopped { what }) if what.contains("twice")), "{trouble:?}");
}
