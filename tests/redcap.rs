//! Days into REDCap: what is sent, what each answer means, and what stands in the project at the end. The project is a
//! stand-in (`exports/redcap_stand_in.py`) that PyCap and redcaplite drive as well.
//!
//! `BRISK_SEEDS` says how many seeds of a failing line are tried (20 when it is not set).

#[path = "exports/redcap_stand_in.rs"]
mod redcap_stand_in;

use std::{
    collections::BTreeMap,
    fs,
    io::{Read as _, Write as _},
    net::TcpListener,
    path::Path,
    process::Command,
    thread,
    time::Duration,
};

use brisk::export::{
    GoalVar, MissingReason, StudyDay,
    redcap::{Redcap, RedcapSettings, data_dictionary, project_xml},
    target::{Export as _, Held, Trouble, Verdict, Withdrawal},
};
use chrono::{Days, NaiveDate};
use redcap_stand_in::{StandIn, python_with_packages};
use serde_json::{Value, json};

const TOKEN: &str = "0123456789ABCDEF0123456789ABCDEF";

fn epoch() -> NaiveDate {
    "2026-11-01".parse().unwrap()
}

/// Day 20 of the study, with every number.
fn full_day() -> StudyDay {
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

/// The day after, of which nothing is known.
fn empty_day() -> StudyDay {
    let none = StudyDay {
        steps: None,
        brisk_min: None,
        mod_min: None,
        vig_min: None,
        wear_min: None,
        valid_day: false,
        goal_var: None,
        goal_id: None,
        goal_target: None,
        goal_met: None,
        goal_permille: None,
        missing_reason: Some(MissingReason::NotSynced),
        device_id: None,
        revision: 1,
        is_final: false,
        ..full_day()
    };
    StudyDay { local_date: "2026-11-21".parse().unwrap(), study_day: 21, ..none }
}

/// Day `number` of the study.
fn day(number: u16, revision: u32, steps: u32) -> StudyDay {
    let local_date = epoch() + Days::new(u64::from(number) - 1);
    StudyDay { study_day: number, local_date, revision, steps: Some(steps), ..full_day() }
}

fn settings(stand_in: &StandIn) -> RedcapSettings {
    settings_at(&stand_in.url)
}

fn settings_at(url: &str) -> RedcapSettings {
    RedcapSettings { url: url.to_owned(), token: TOKEN.to_owned(), ca_pem: None, event: None, days_at_once: 200 }
}

fn redcap(stand_in: &StandIn) -> Redcap {
    Redcap::new(settings(stand_in)).unwrap()
}

fn withdrawal(sent: &[u16], take_out: bool) -> Withdrawal {
    Withdrawal {
        study: "ETMI".parse().unwrap(),
        participant: "P-0007".parse().unwrap(),
        date: "2026-11-25".parse().unwrap(),
        study_day: 25,
        tz_offset_min: 60,
        sent: sent.iter().map(|number| epoch() + Days::new(u64::from(*number) - 1)).collect(),
        epoch: epoch(),
        take_out,
    }
}

/// Steps of every instance.
fn steps(stand_in: &StandIn) -> BTreeMap<u64, String> {
    let of = |row: &Value| row["values"]["da_steps"].as_str().unwrap_or("").to_owned();
    stand_in.days().iter().map(|row| (row["instance"].as_u64().unwrap(), of(row))).collect()
}

fn stopped(trouble: &Trouble) -> &str {
    match trouble {
        Trouble::Stopped { what } => what,
        other => panic!("a person has to act, and not: {other:?}"),
    }
}

fn passing(trouble: &Trouble) -> &str {
    match trouble {
        Trouble::Passing { what, .. } => what,
        other => panic!("it may pass, and not: {other:?}"),
    }
}

fn refused(verdict: &Verdict) -> &str {
    match verdict {
        Verdict::Refused(why) => why,
        Verdict::Stored => panic!("it is refused, and not stored"),
    }
}

// What is handed to the project.

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

// What is sent.

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

// What the project says of itself.

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

// What an answer means.

#[test]
fn a_wrong_address_stops_everything() {
    let stand_in = StandIn::start();
    let mut redcap = Redcap::new(settings_at(&stand_in.url.replace("/api/", "/redcap/api/"))).unwrap();

    assert!(stopped(&redcap.check().unwrap_err()).contains("`url`"));
}

#[test]
fn a_project_without_the_instrument_stops_everything() {
    let stand_in = StandIn::start();
    stand_in.tell("project", &json!({"repeating": []}));

    let trouble = redcap(&stand_in).send(&[full_day()]).unwrap_err();

    assert!(stopped(&trouble).contains("repeating instrument"));
}

#[test]
fn a_project_without_a_field_stops_everything() {
    let stand_in = StandIn::start();
    stand_in.tell("project", &json!({"without": ["da_wear_min"]}));

    let trouble = redcap(&stand_in).send(&[full_day()]).unwrap_err();

    assert!(stopped(&trouble).contains("da_wear_min"), "{trouble}");
}

#[test]
fn one_bad_day_is_found_by_sending_fewer_and_its_values_are_not_told() {
    let stand_in = StandIn::start();
    stand_in.tell("project", &json!({"validation": {"da_algo": "date_ymd"}}));
    let mut redcap = redcap(&stand_in);
    let good = StudyDay { algo_version: String::new(), ..day(20, 1, 4000) };
    let bad = StudyDay { algo_version: "brisk 0.1.0; brisk/1".to_owned(), ..day(21, 1, 5000) };

    let together = redcap.send(&[good.clone(), bad.clone()]).unwrap_err();
    let alone = redcap.send(&[bad]).unwrap_err();
    let verdicts = redcap.send(&[good]).unwrap();

    assert_eq!(together, alone);
    let Trouble::Refused { what } = alone else { panic!("{alone:?}") };
    assert!(what.contains("da_algo: The value you provided could not be validated"), "{what}");
    assert!(!what.contains("0.1.0") && !what.contains("P-0007"), "{what}");
    assert_eq!(verdicts, [Verdict::Stored]);
    assert_eq!(steps(&stand_in), [(20, "4000".to_owned())].into());
}

#[test]
fn a_locked_record_parks_its_days_and_does_not_block_others() {
    let stand_in = StandIn::start();
    stand_in.tell("project", &json!({"locked": [["P-0007"]]}));
    let mut redcap = redcap(&stand_in);
    let other = StudyDay { participant_id: "P-0008".parse().unwrap(), ..full_day() };

    let locked = redcap.send(&[full_day(), empty_day()]).unwrap();
    let free = redcap.send(&[other]).unwrap();

    assert_eq!(locked.len(), 2);
    for verdict in &locked {
        assert!(refused(verdict).contains("locked at the record level"));
        assert!(refused(verdict).contains("unlock it"));
    }
    assert_eq!(free, [Verdict::Stored]);
}

#[test]
fn a_locked_day_is_found_by_sending_fewer_and_then_parked() {
    let stand_in = StandIn::start();
    stand_in.tell("project", &json!({"locked": [["P-0007", 21]]}));
    let mut redcap = redcap(&stand_in);

    let together = redcap.send(&[full_day(), empty_day()]).unwrap_err();
    let alone = redcap.send(&[empty_day()]).unwrap();
    let free = redcap.send(&[full_day()]).unwrap();

    assert!(matches!(together, Trouble::Refused { .. }), "{together:?}");
    assert!(refused(&alone[0]).contains("form that is locked"));
    assert_eq!(free, [Verdict::Stored]);
}

#[test]
fn a_server_that_cannot_answer_now_is_asked_again() {
    let stand_in = StandIn::start();
    let mut redcap = redcap(&stand_in);

    for fault in ["500", "501", "502", "503", "504", "429", "408", "html", "html_after", "drop_before", "drop_after"] {
        stand_in.fail(&[fault]);
        let trouble = redcap.send(&[full_day()]).unwrap_err();
        assert!(!passing(&trouble).contains('<'), "{fault}: {trouble}");
        let after = matches!(fault, "503" | "429").then(|| Duration::from_secs(1));
        assert!(matches!(&trouble, Trouble::Passing { after: asked, .. } if *asked == after), "{fault}: {trouble:?}");
    }

    assert_eq!(redcap.send(&[full_day()]).unwrap(), [Verdict::Stored]);
    assert_eq!(stand_in.days().len(), 1);
}

#[test]
fn only_an_answer_that_names_the_record_counts_as_stored() {
    let json = "application/json; charset=utf-8";
    let page = "<html><body>Please log in</body></html>";
    let long = "x".repeat(17 * 1024 * 1024);
    // What is asked again.
    for (status, kind, body) in [
        ("200 OK", json, "[]"),
        ("200 OK", json, r#"{"count":1}"#),
        ("200 OK", json, "1"),
        ("200 OK", json, r#"["P-0008"]"#),
        ("200 OK", json, r#"["P-0007""#),
        ("200 OK", json, ""),
        ("200 OK", "text/html", r#"["P-0007"]"#),
        ("200 OK", "text/html", page),
        ("200 OK", json, &long),
        ("302 Found", "text/html", page),
        ("307 Temporary Redirect", "text/html", page),
        ("400 Bad Request", "text/html", page),
        ("403 Forbidden", "text/html", page),
        ("511 Network Authentication Required", "text/html", page),
    ] {
        let url = answering(status, kind, body);
        let trouble = Redcap::new(settings_at(&url)).unwrap().send(&[full_day()]).unwrap_err();
        assert!(!passing(&trouble).is_empty(), "{status} {body:.40}");
    }
    // What a person has to see to.
    for (status, kind, body) in [
        ("301 Moved Permanently", "text/html", page),
        ("308 Permanent Redirect", "text/html", page),
        ("401 Unauthorized", json, r#"{"error":"no"}"#),
        ("403 Forbidden", json, r#"{"error":"You do not have permissions to use the API"}"#),
        ("404 Not Found", "text/html", page),
        ("405 Method Not Allowed", "text/html", page),
        ("410 Gone", "text/html", page),
    ] {
        let url = answering(status, kind, body);
        let trouble = Redcap::new(settings_at(&url)).unwrap().send(&[full_day()]).unwrap_err();
        assert!(!stopped(&trouble).is_empty(), "{status}");
    }
    // What is tried with fewer days, until the one at fault is alone.
    for (status, body) in [
        ("400 Bad Request", r#"{"error":"The data being imported is not formatted correctly"}"#),
        ("406 Not Acceptable", r#"{"error":"no"}"#),
        ("409 Conflict", r#"{"error":"no"}"#),
        ("413 Content Too Large", "<html>"),
        ("422 Unprocessable Content", r#"{"error":"no"}"#),
        ("200 OK", r#"{"error":"something"}"#),
    ] {
        let url = answering(status, json, body);
        let trouble = Redcap::new(settings_at(&url)).unwrap().send(&[full_day()]).unwrap_err();
        assert!(matches!(trouble, Trouble::Refused { .. }), "{status}: {trouble:?}");
    }
    // And what is stored.
    let url = answering("200 OK", json, r#"["P-0007"]"#);
    assert_eq!(Redcap::new(settings_at(&url)).unwrap().send(&[full_day()]).unwrap(), [Verdict::Stored]);
}

#[test]
fn an_answer_that_breaks_off_proves_nothing() {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n";
    for answer in [
        format!("{head}Content-Length: 100\r\n\r\n[\"P-0007\"]"),
        format!("{head}Transfer-Encoding: chunked\r\n\r\na\r\n[\"P-0007\"]\r\n"),
        head.to_owned(),
        "what is this\r\n\r\n".to_owned(),
    ] {
        let mut redcap = Redcap::new(settings_at(&answering_bytes(answer.clone()))).unwrap();
        let trouble = redcap.send(&[full_day()]).unwrap_err();
        assert!(!passing(&trouble).is_empty(), "{answer}");
    }
}

#[test]
fn a_database_says_until_when_it_wants_to_be_left_alone() {
    let head = "HTTP/1.1 429 Too Many Requests\r\nContent-Length: 0\r\nDate: Sat, 21 Nov 2026 03:00:00 GMT\r\n";
    let after = |asked: &str| {
        let url = answering_bytes(format!("{head}Retry-After: {asked}\r\n\r\n"));
        let trouble = Redcap::new(settings_at(&url)).unwrap().send(&[full_day()]).unwrap_err();
        let Trouble::Passing { after, .. } = trouble else { panic!("{trouble:?}") };
        after.map(|after| after.as_secs())
    };

    assert_eq!(after("120"), Some(120));
    assert_eq!(after("Sat, 21 Nov 2026 03:05:00 GMT"), Some(300));
    assert_eq!(after("Sat, 21 Nov 2026 02:00:00 GMT"), None);
    assert_eq!(after("soon"), None);
}

/// Address of an API that answers one request in this way.
fn answering(status: &str, kind: &str, body: &str) -> String {
    answering_bytes(format!(
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nLocation: /api/elsewhere\r\nConnection: close\r\n\r\n{body}",
        body.len()
    ))
}

fn answering_bytes(answer: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/api/", listener.local_addr().unwrap());
    // It ends with the test's process.
    thread::spawn(move || {
        let (mut line, _) = listener.accept().unwrap();
        let mut request = Vec::new();
        let mut buffer = [0; 4096];
        while !whole(&request) {
            let read = line.read(&mut buffer).unwrap();
            assert_ne!(read, 0, "the request ends early");
            request.extend_from_slice(&buffer[..read]);
        }
        // Whoever has read enough hangs up.
        line.write_all(answer.as_bytes()).ok();
    });
    url
}

/// Whether a request has come with all of its body.
fn whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.to_lowercase();
    let length = length.lines().find_map(|line| line.strip_prefix("content-length:")).unwrap_or("0");
    body.len() >= length.trim().parse().unwrap()
}

#[test]
fn a_server_that_is_not_there_is_asked_again() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut redcap = Redcap::new(settings_at(&format!("http://127.0.0.1:{port}/api/"))).unwrap();

    assert!(!passing(&redcap.send(&[full_day()]).unwrap_err()).is_empty());
}

#[test]
fn a_certificate_that_nobody_vouches_for_stops_everything_and_an_authority_can_be_named() {
    let folder = tempfile::tempdir().unwrap();
    let (authority, [good, other_name, expired]) = certificates(folder.path());
    let with = |pair: &Pair, ca: bool| {
        let stand_in = StandIn::start_tls(&pair.certificate, &pair.key);
        let ca_pem = ca.then(|| fs::read(&authority).unwrap());
        let sent = Redcap::new(RedcapSettings { ca_pem, ..settings(&stand_in) }).unwrap().send(&[full_day()]);
        assert_eq!(stand_in.days().len(), usize::from(sent.is_ok()));
        sent
    };

    let unknown = with(&good, false).unwrap_err();
    assert!(stopped(&unknown).contains("`ca`"), "{unknown}");
    assert_eq!(with(&good, true).unwrap(), [Verdict::Stored]);
    let other = with(&other_name, true).unwrap_err();
    assert!(stopped(&other).contains("`url`"), "{other}");
    // Nobody here can mend it.
    assert!(passing(&with(&expired, true).unwrap_err()).contains("not valid today"));
}

struct Pair {
    certificate: std::path::PathBuf,
    key: std::path::PathBuf,
}

/// An authority, and what it vouches for: this computer, another one, and this computer in the past.
fn certificates(folder: &Path) -> (std::path::PathBuf, [Pair; 3]) {
    let openssl = |arguments: &[&str]| {
        let out = Command::new("openssl").args(arguments).current_dir(folder).output();
        let out = out.expect("openssl is missing; tests/run installs it");
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    };
    let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
    let authority =
        ["req", "-x509", "-days", "2", "-subj", "/CN=Test authority", "-keyout", "ca.key", "-out", "ca.pem"];
    openssl(&[&authority[..], &key].concat());
    let pair = |name: &str, host: &str, valid: &[&str]| {
        let (certificate, secret, request, extensions) =
            (format!("{name}.pem"), format!("{name}.key"), format!("{name}.csr"), format!("{name}.ext"));
        fs::File::create(folder.join(&extensions))
            .unwrap()
            .write_all(format!("subjectAltName=DNS:{host}\nbasicConstraints=CA:FALSE\n").as_bytes())
            .unwrap();
        let asked = ["req", "-subj", "/CN=test", "-keyout", &secret, "-out", &request];
        openssl(&[&asked[..], &key].concat());
        let signed = [
            "x509",
            "-req",
            "-in",
            &request,
            "-CA",
            "ca.pem",
            "-CAkey",
            "ca.key",
            "-CAcreateserial",
            "-extfile",
            &extensions,
            "-out",
            &certificate,
        ];
        openssl(&[&signed[..], valid].concat());
        Pair { certificate: folder.join(certificate), key: folder.join(secret) }
    };
    let pairs = [
        pair("good", "localhost", &["-days", "2"]),
        pair("other", "elsewhere.example", &["-days", "2"]),
        pair("expired", "localhost", &["-days", "-1"]),
    ];
    (folder.join("ca.pem"), pairs)
}

// Reading back, and leaving.

#[test]
fn what_the_project_has_is_read_back() {
    let stand_in = StandIn::start();
    let mut redcap = redcap(&stand_in);
    let other = StudyDay { participant_id: "P-0008".parse().unwrap(), ..full_day() };
    redcap.send(&[empty_day(), full_day()]).unwrap();
    redcap.send(&[other]).unwrap();

    let held = redcap.held(&full_day().study_id, &full_day().participant_id).unwrap();

    let of = |day: StudyDay| Held { date: day.local_date, revision: day.revision, is_final: day.is_final };
    assert_eq!(held, Some(vec![of(full_day()), of(empty_day())]));
    assert_eq!(redcap.held(&full_day().study_id, &"P-0009".parse().unwrap()), Ok(Some(Vec::new())));
}

#[test]
fn days_are_not_taken_for_missing_where_the_token_sees_them_without_dates_or_names() {
    let stand_in = StandIn::start();
    let mut redcap = redcap(&stand_in);
    redcap.send(&[full_day()]).unwrap();
    let held = |redcap: &mut Redcap| redcap.held(&full_day().study_id, &full_day().participant_id).unwrap();
    let seen = held(&mut redcap);

    stand_in.tell("project", &json!({"hidden": ["dates"]}));
    // Who has sent a day knows from which day instances are counted.
    assert_eq!(held(&mut redcap), seen);
    assert_eq!(held(&mut self::redcap(&stand_in)), None);
    stand_in.tell("project", &json!({"hidden": ["records"]}));
    assert_eq!(held(&mut redcap), None);
}

#[test]
fn days_counted_from_another_epoch_stop_everything() {
    let stand_in = StandIn::start();
    redcap(&stand_in).send(&[full_day()]).unwrap();
    let mut later = redcap(&stand_in);
    later.send(&[StudyDay { study_day: 14, ..empty_day() }]).unwrap();

    let trouble = later.held(&full_day().study_id, &full_day().participant_id).unwrap_err();

    assert!(stopped(&trouble).contains("epoch"));
    assert!(!trouble.to_string().contains("P-0007"));
}

#[test]
fn leaving_is_marked_and_days_stay_in_the_trial() {
    let stand_in = StandIn::start();
    let mut redcap = redcap(&stand_in);
    redcap.send(&[day(20, 1, 4000), day(25, 3, 5000)]).unwrap();

    redcap.withdraw(&withdrawal(&[20, 25], false)).unwrap();
    redcap.withdraw(&withdrawal(&[20, 25], false)).unwrap();

    assert_eq!(steps(&stand_in), [(20, "4000".to_owned()), (25, "5000".to_owned())].into());
    let days = stand_in.days();
    assert_eq!(days[0]["values"].get("da_missing"), None);
    assert_eq!((&days[1]["values"]["da_missing"], &days[1]["values"]["da_revision"]), (&json!("4"), &json!("3")));
}

#[test]
fn leaving_with_an_order_takes_the_days_out_and_leaves_the_marker_alone() {
    let stand_in = StandIn::start();
    let mut redcap = redcap(&stand_in);
    let other = StudyDay { participant_id: "P-0008".parse().unwrap(), ..full_day() };
    redcap.send(&[day(20, 1, 4000), day(21, 1, 5000), day(25, 1, 6000)]).unwrap();
    redcap.send(std::slice::from_ref(&other)).unwrap();

    redcap.withdraw(&withdrawal(&[20, 21, 25], true)).unwrap();
    redcap.withdraw(&withdrawal(&[20, 21, 25], true)).unwrap();

    let days = stand_in.days();
    assert_eq!(days.len(), 2);
    assert_eq!((&days[0]["record"], &days[0]["instance"]), (&json!("P-0007"), &json!(25)));
    let marker = json!({
        "da_date": "2026-11-25", "da_tz_offset_min": "60", "da_missing": "4", "daily_activity_complete": "2"
    });
    assert_eq!(days[0]["values"], marker);
    assert_eq!(days[1]["record"], "P-0008");
    assert_eq!(redcap.held(&full_day().study_id, &full_day().participant_id), Ok(Some(Vec::new())));
}

#[test]
fn days_are_not_taken_out_where_that_may_take_the_whole_record() {
    let stand_in = StandIn::start();
    let mut redcap = redcap(&stand_in);
    redcap.send(&[full_day()]).unwrap();

    for change in [json!({"version": "13.7.2"}), json!({"export": false}), json!({"export": true, "delete": false})] {
        stand_in.tell("project", &json!({"version": "15.5.1"}));
        stand_in.tell("project", &change);
        let trouble = redcap.withdraw(&withdrawal(&[20], true)).unwrap_err();
        assert!(stopped(&trouble).contains("data manager"), "{trouble}");
    }

    assert_eq!(steps(&stand_in), [(20, "9001".to_owned())].into());
}

#[test]
fn leaving_is_not_told_to_a_locked_record_and_somebody_hears_of_it() {
    let stand_in = StandIn::start();
    stand_in.tell("project", &json!({"locked": [["P-0007"]]}));

    let trouble = redcap(&stand_in).withdraw(&withdrawal(&[], false)).unwrap_err();

    assert!(matches!(&trouble, Trouble::Refused { what } if what.contains("unlock it")), "{trouble:?}");
}

// All of it, with a line that fails.

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
