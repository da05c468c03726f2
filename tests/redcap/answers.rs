//! What an answer means: stored, refused, to be asked again, or a matter for a person.

use std::{
    io::{Read as _, Write as _},
    net::TcpListener,
    thread,
    time::Duration,
};

use brisk::export::{
    StudyDay,
    redcap::Redcap,
    target::{Export as _, Trouble, Verdict},
};
use serde_json::json;

use crate::{
    days::{day, empty_day, full_day, passing, redcap, refused, settings_at, steps, stopped},
    redcap_stand_in::StandIn,
};

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
pub fn answering(status: &str, kind: &str, body: &str) -> String {
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
