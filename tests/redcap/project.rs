//! What the project, the token and the address say of themselves, before a row is sent.

use brisk::export::{
    redcap::{Redcap, RedcapSettings},
    target::{Export as _, Verdict},
};
use serde_json::json;

use crate::{
    answers::answering,
    days::{TOKEN, full_day, redcap, settings, settings_at, stopped, withdrawal},
    redcap_stand_in::StandIn,
};

#[test]
fn a_project_as_it_has_to_be_is_accepted_and_not_changed() {
    let stand_in = StandIn::start();

    let notes = redcap(&stand_in).check().unwrap();

    assert_eq!(notes.len(), 1);
    assert!(notes[0].contains("15.5.1"));
    assert_eq!(stand_in.read("log"), json!([]));
}

#[test]
fn a_project_in_development_is_worth_a_word() {
    let stand_in = StandIn::start();
    stand_in.tell("project", &json!({"in_production": false}));

    let notes = redcap(&stand_in).check().unwrap();

    assert!(notes.iter().any(|note| note.contains("in development")), "{notes:?}");
}

#[test]
fn all_that_is_wrong_with_a_project_is_said_at_once_and_before_a_row_is_sent() {
    let stand_in = StandIn::start();
    stand_in.tell(
        "project",
        &json!({"repeating": [], "without": ["da_steps"], "validation": {"da_date": ""}, "events": ["home_arm_1"]}),
    );

    let trouble = redcap(&stand_in).check().unwrap_err();

    for fault in ["`event`", "does not repeat", "da_steps is missing", "da_date is not", "data dictionary"] {
        assert!(stopped(&trouble).contains(fault), "{fault}: {trouble}");
    }
    assert_eq!(stand_in.read("log"), json!([]));
}

#[test]
fn a_token_that_may_only_import_can_be_used() {
    let stand_in = StandIn::start();
    stand_in.tell("project", &json!({"export": false}));
    let mut redcap = redcap(&stand_in);

    let notes = redcap.check().unwrap();

    assert!(notes[0].contains("could not be checked"), "{notes:?}");
    assert_eq!(redcap.send(&[full_day()]).unwrap(), [Verdict::Stored]);
    assert_eq!(redcap.held(&full_day().study_id, &full_day().participant_id), Ok(None));
}

#[test]
fn a_token_that_may_not_import_is_found_before_a_row_is_sent() {
    let stand_in = StandIn::start();
    stand_in.tell("project", &json!({"import": false}));

    assert!(stopped(&redcap(&stand_in).check().unwrap_err()).contains("API Import/Update"));
}

#[test]
fn a_wrong_token_stops_everything_and_is_never_told() {
    let stand_in = StandIn::start();
    let token = "FEDCBA9876543210FEDCBA9876543210";
    let settings = RedcapSettings { token: token.to_owned(), ..settings(&stand_in) };
    let debug = format!("{settings:?}");
    let mut redcap = Redcap::new(settings).unwrap();

    let troubles = [
        redcap.check().unwrap_err(),
        redcap.send(&[full_day()]).unwrap_err(),
        redcap.held(&full_day().study_id, &full_day().participant_id).unwrap_err(),
        redcap.withdraw(&withdrawal(&[], false)).unwrap_err(),
    ];

    for trouble in &troubles {
        assert!(stopped(trouble).contains("token"), "{trouble}");
    }
    let told = format!("{troubles:?} {debug} {redcap:?}");
    assert!(!told.contains("FEDCBA98"), "{told}");
}

#[test]
fn a_server_that_says_the_token_aloud_is_not_repeated() {
    let error = format!(r#"{{"error":"the token {TOKEN} is unknown"}}"#);
    for status in ["400 Bad Request", "403 Forbidden", "500 Internal Server Error"] {
        let url = answering(status, "application/json", &error);
        let trouble = Redcap::new(settings_at(&url)).unwrap().send(&[full_day()]).unwrap_err();
        assert!(trouble.to_string().contains("(token)"), "{trouble}");
        assert!(!format!("{trouble:?}").contains(TOKEN));
    }
}

#[test]
fn an_address_or_token_that_cannot_be_right_is_refused_before_anything_is_asked() {
    let at = |url: &str| stopped(&Redcap::new(settings_at(url)).unwrap_err()).to_owned();
    for url in [
        "redcap.example.org/api/",
        "http://redcap.example.org/api/",
        "http://127.0.0.1.example.org/api/",
        "https://me:secret@redcap.example.org/api/",
        "https://redcap.example.org/",
        "https://redcap.example.org/api",
        "https://redcap.example.org/api/?x=1",
        "ftp://redcap.example.org/api/",
        "",
        "https://red cap/api/",
    ] {
        assert!(at(url).contains("https://redcap.example.org/api/"), "{url}: {}", at(url));
        assert!(!at(url).contains("secret"));
    }
    for token in ["", "abc", &"0".repeat(64), &"g".repeat(32)] {
        let settings = RedcapSettings { token: token.to_owned(), ..settings_at("https://redcap.example.org/api/") };
        assert!(stopped(&Redcap::new(settings).unwrap_err()).contains("`secret`"));
    }
    let event = Some("Home phase".to_owned());
    let settings = RedcapSettings { event, ..settings_at("https://redcap.example.org/api/") };
    assert!(stopped(&Redcap::new(settings).unwrap_err()).contains("`event`"));
    let ca_pem = Some(b"not a certificate".to_vec());
    let settings = RedcapSettings { ca_pem, ..settings_at("https://redcap.example.org/api/") };
    assert!(stopped(&Redcap::new(settings).unwrap_err()).contains("`ca`"));
}
