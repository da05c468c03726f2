//! What answers prove, and which servers are refused.

use brisk::export::{
    fhir::{Fhir, FhirSettings},
    target::{Export, Trouble, Verdict},
};
use serde_json::{Value, json};

use crate::{Answer, answering, connected, day, fhir_server::FhirServer, settings};

#[test]
fn answers_that_ask_for_a_person_stop_and_those_about_a_day_refuse_it() {
    let server = FhirServer::start();
    let mut fhir = connected(&server);
    for (status, expected) in [
        (400, "refused"),
        (404, "refused"),
        (409, "refused"),
        (412, "refused"),
        (422, "refused"),
        (401, "stopped"),
        (403, "stopped"),
    ] {
        // Refused, it is tried in pieces once.
        let fault = status.to_string();
        server.set(&json!({"faults": [fault, fault]}));

        let trouble = fhir.send(&[day("2026-11-20")]).unwrap_err();

        let what = match &trouble {
            Trouble::Refused { what } if expected == "refused" => what,
            Trouble::Stopped { what } if expected == "stopped" => what,
            other => panic!("{status}: {other:?}"),
        };
        assert!(what.contains(&format!("fault {status}")), "{what}");
        server.reset();
    }
}

#[test]
fn a_server_that_repeats_the_token_does_not_bring_it_into_a_message() {
    let outcome = json!({"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "login", "diagnostics": "bad token s3cr3t-t0ken"}]});
    let base = answering([Answer::json("401 Unauthorized", &outcome)]);
    let mut fhir = Fhir::new(FhirSettings { token: Some("s3cr3t-t0ken".to_owned()), ..settings(&base) }).unwrap();

    let trouble = fhir.check().unwrap_err();

    assert!(trouble.to_string().contains("bad token (hidden)"), "{trouble}");
}

#[test]
fn a_redirect_is_not_followed() {
    let base =
        answering([Answer { head: "302 Found\r\nlocation: http://192.0.2.1/login".to_owned(), body: String::new() }]);

    let trouble = Fhir::new(settings(&base)).unwrap().send(&[day("2026-11-20")]).unwrap_err();

    assert!(matches!(&trouble, Trouble::Passing { what, .. } if what.contains("302")), "{trouble:?}");
}

#[test]
fn an_answer_for_other_entries_proves_nothing() {
    let entry =
        |kind: &str, status: &str| json!({"response": {"status": status, "location": format!("{kind}/1/_history/1")}});
    let right: Vec<Value> = ["Patient", "Device", "Goal"]
        .into_iter()
        .chain(["Observation"; 7])
        .map(|kind| entry(kind, "201 Created"))
        .collect();
    let answer = |entries: &[Value], kind: &str| json!({"resourceType": "Bundle", "type": kind, "entry": entries});
    let mut swapped = right.clone();
    swapped.swap(0, 9);
    let mut without = right.clone();
    without[4] = json!({"response": {}});
    for (what, body, stored) in [
        ("as sent", answer(&right, "transaction-response"), true),
        ("one fewer", answer(&right[1..], "transaction-response"), false),
        ("none", answer(&[], "transaction-response"), false),
        ("swapped", answer(&swapped, "transaction-response"), false),
        ("without a status", answer(&without, "transaction-response"), false),
        ("a batch", answer(&right, "batch-response"), false),
        ("another type", json!({"resourceType": "OperationOutcome", "issue": []}), false),
        ("no object", json!([1]), false),
    ] {
        let base = answering([Answer::json("200 OK", &body)]);

        let sent = Fhir::new(settings(&base)).unwrap().send(&[day("2026-11-20")]);

        match sent {
            Ok(verdicts) => assert!(stored && verdicts == [Verdict::Stored], "{what}: {verdicts:?}"),
            Err(trouble) => assert!(!stored && matches!(trouble, Trouble::Passing { .. }), "{what}: {trouble:?}"),
        }
    }
}

#[test]
fn a_server_that_cannot_keep_days_apart_is_refused_before_the_first_row() {
    let server = FhirServer::start();
    let base = answering([Answer::json("404 Not Found", &json!({}))]);
    let nothing = Fhir::new(settings(&base)).unwrap().check().unwrap_err();
    assert!(matches!(&nothing, Trouble::Stopped { what } if what.contains("`url`")), "{nothing:?}");

    let full: Value = ureq::get(format!("{}/metadata", server.fhir))
        .call()
        .unwrap()
        .body_mut()
        .read_to_string()
        .unwrap()
        .parse()
        .unwrap();
    let refused = |change: &dyn Fn(&mut Value)| {
        let mut metadata = full.clone();
        change(&mut metadata);
        server.set(&json!({"metadata": metadata}));
        match connected(&server).check() {
            Err(Trouble::Stopped { what }) => what,
            other => panic!("{other:?}"),
        }
    };

    let no_update = refused(&|metadata| metadata["rest"][0]["resource"][2]["conditionalUpdate"] = false.into());
    assert!(no_update.contains("conditional update of Observation; nothing was sent"), "{no_update}");
    let no_create = refused(&|metadata| metadata["rest"][0]["resource"][0]["conditionalCreate"] = false.into());
    assert!(no_create.contains("conditional create of Patient"), "{no_create}");
    let no_transaction = refused(&|metadata| metadata["rest"][0]["interaction"] = json!([{"code": "batch"}]));
    assert!(no_transaction.contains("transactions"), "{no_transaction}");
    let no_search = refused(&|metadata| metadata["rest"][0]["resource"][1]["searchParam"] = json!([]));
    assert!(no_search.contains("search of Device by identifier"), "{no_search}");
    let r5 = refused(&|metadata| metadata["fhirVersion"] = "5.0.0".into());
    assert!(r5.contains("5.0.0"), "{r5}");
    let neither = refused(&|metadata| *metadata = json!({"resourceType": "Patient"}));
    assert!(neither.contains("does not say that it is a FHIR server"), "{neither}");
    assert_eq!(server.counts()["writes"], 0);

    // It passes over what it does not understand, and finds everybody.
    let everybody = json!({"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": {"resourceType": "Patient", "id": "1"}}]});
    let base = answering([Answer::json("200 OK", &full), Answer::json("200 OK", &everybody)]);
    let mixes = Fhir::new(settings(&base)).unwrap().check().unwrap_err();
    assert!(matches!(&mixes, Trouble::Stopped { what } if what.contains("mix them up")), "{mixes:?}");
}
