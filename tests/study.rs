//! The program itself on its way to a trial database: the real daemon, its socket and its journal, a counter in
//! simulated air, and a stand-in for REDCap that real REDCap clients drive too.

#[path = "exports/redcap_stand_in.rs"]
mod redcap_stand_in;
mod support;

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path, time::Duration};

use brisk::demo::COUNTER;
use redcap_stand_in::StandIn;
use serde_json::{Value, json};
use support::{Home, days_until_now, until};

const DAYS: i64 = 12;
const PERSON: &str = "P-0007";
/// What must not leave the house.
const PLANTED: [&str; 3] = ["Grandmas wrist", "Ilse Muster", "Europe/Oslo"];

/// A home whose counter has lived through twelve days, in a study.
fn home(server: &StandIn) -> Home {
    let home = Home::with_counter(&days_until_now(7, DAYS));
    settle_in(&home, &server.url, "enrolled = \"2026-01-01\"");
    home.write("token", &server.token);
    fs::set_permissions(home.path("token"), fs::Permissions::from_mode(0o600)).unwrap();
    home
}

fn settle_in(home: &Home, url: &str, joined: &str) {
    let study = format!(
        "[study]\nid = \"ETMI01\"\nepoch = \"2026-01-01\"\n\n[[target]]\nname = \"redcap\"\nkind = \"redcap\"\n\
         url = {url:?}\nsecret = \"./token\"\npace = \"0s\"\ndays_at_once = 3\n\n\
         [[person]]\nid = {PERSON:?}\nlabel = \"Ilse Muster\"\nzone = \"Europe/Oslo\"\n{joined}\n\n[[counter]]"
    );
    home.change_settings(|settings| {
        settings.replace("[[counter]]", &study).replace("\"wrist\"", &format!("{:?}", PLANTED[0]))
    });
}

fn status(home: &Home) -> Value {
    home.json(&["study", "status"])["targets"][0].take()
}

/// Date, revision and steps, each as text.
type Day = (String, String, String);

/// The days that are over, as the program has them and as the stand-in has them.
fn both_sides(home: &Home, server: &StandIn) -> (Vec<Day>, Vec<Day>) {
    let number = |value: &Value| value.as_u64().map_or_else(String::new, |number| number.to_string());
    let here = home.ask_days();
    let here = here.iter().filter(|day| day["revision"] != 0).map(|day| {
        (day["local_date"].as_str().unwrap().to_owned(), number(&day["revision"]), number(&day["total_steps"]))
    });
    let text = |value: &Value| value.as_str().unwrap_or("").to_owned();
    let there = server.days();
    let there = there.iter().map(|row| {
        let values = &row["values"];
        (text(&values["da_date"]), text(&values["da_revision"]), text(&values["da_steps"]))
    });
    let mut there: Vec<_> = there.collect();
    there.sort();
    (here.collect(), there)
}

impl Home {
    fn ask_days(&self) -> Vec<Value> {
        self.ask("days")["days"].as_array().unwrap().clone()
    }
}

#[test]
fn the_daemon_brings_every_day_that_is_over_and_nothing_that_tells_who_it_is() {
    let server = StandIn::start();
    let home = home(&server);
    let daemon = home.daemon();
    home.complete();

    let done = until("every day is there", || {
        let status = status(&home);
        (status["stored"].as_u64() >= Some(DAYS as u64 - 1) && status["due"] == 0).then_some(status)
    });

    assert_eq!((&done["is_ready"], &done["trouble"], &done["parked"]), (&json!(true), &Value::Null, &json!([])));
    let (here, there) = both_sides(&home, &server);
    assert_eq!(there, here);
    // Nothing that tells who it is went out, and the token is nowhere but in its file.
    let sent = server.read("requests").to_string() + &server.read("rows").to_string();
    let counter = COUNTER.to_string();
    for planted in PLANTED.into_iter().chain([counter.as_str()]) {
        assert!(!sent.contains(planted), "{planted} left the house");
    }
    let command = fs::read(format!("/proc/{}/cmdline", daemon.id())).unwrap();
    let environment = fs::read(format!("/proc/{}/environ", daemon.id())).unwrap();
    let said = daemon.log().into_bytes();
    drop(daemon);
    let mut all = vec![command, environment, said];
    every_file(&home.data(), &mut all);
    for bytes in all {
        assert!(!bytes.windows(server.token.len()).any(|some| some == server.token.as_bytes()), "the token");
    }
}

fn every_file(folder: &Path, all: &mut Vec<Vec<u8>>) {
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            every_file(&entry.path(), all);
        } else if kind.is_file() {
            all.push(fs::read(entry.path()).unwrap());
        }
    }
}

#[test]
fn a_daemon_that_is_killed_again_and_again_on_a_bad_line_sends_each_day_in_the_end() {
    let server = StandIn::start();
    let home = home(&server);
    let kinds = ["drop_before", "drop_after", "500", "html", "html_after", "503"];
    server.tell("faults", &json!({ "seed": 11, "rate": 0.5, "kinds": kinds, "retry_after": 0 }));
    for kill in 0..6 {
        let daemon = home.start();
        daemon.kill_at(Duration::from_millis(150 + 130 * kill));
    }
    server.tell("faults", &json!({}));
    let daemon = home.daemon();
    home.complete();

    until("every day is there", || {
        let status = status(&home);
        (status["stored"].as_u64() >= Some(DAYS as u64 - 1) && status["due"] == 0).then_some(())
    });

    let (here, there) = both_sides(&home, &server);
    assert_eq!(there, here);
    drop(daemon);
}

#[test]
fn without_a_daemon_a_command_says_what_would_be_sent_sends_it_and_says_what_it_did() {
    let server = StandIn::start();
    let home = home(&server);
    let daemon = home.daemon();
    server.tell("project", &json!({ "token": "F".repeat(32) }));
    home.complete();
    drop(daemon);

    let refused = home.run(&["study", "check"]);
    assert_eq!(refused.code, Some(1), "{refused:?}");
    server.tell("project", &json!({ "token": server.token }));
    let ready = home.run(&["study", "check", "redcap"]);
    assert_eq!(ready.code, Some(0), "{ready:?}");
    assert!(ready.out.contains("redcap is ready"), "{ready:?}");
    let dry = home.run(&["study", "send", "--dry-run"]);
    assert!(dry.out.contains("would be sent to") && dry.out.contains("Nothing was sent"), "{dry:?}");
    assert!(server.days().is_empty());

    let sent = home.run(&["study", "send"]);

    assert_eq!(sent.code, Some(0), "{sent:?}");
    assert!(sent.out.contains("days sent") && sent.out.contains("0 to be sent"), "{sent:?}");
    assert!(i64::try_from(server.days().len()).unwrap() >= DAYS - 1);
    assert_eq!(home.run(&["study", "send"]).code, Some(3), "nothing is left to send");
}

#[test]
fn what_is_wrong_is_said_with_the_next_step_before_a_row_is_sent() {
    let server = StandIn::start();
    let home = home(&server);
    let says = |what: &[&str]| {
        let ran = home.run(&["study", "check"]);
        let all = format!("{}{}", ran.out, ran.err);
        assert!(matches!(ran.code, Some(1 | 2)), "{ran:?}");
        for what in what {
            assert!(all.contains(what), "{what:?} is not in {all}");
        }
        assert!(!all.contains(&server.token), "{all}");
    };

    fs::set_permissions(home.path("token"), fs::Permissions::from_mode(0o644)).unwrap();
    says(&["others can read", "chmod 600"]);
    fs::set_permissions(home.path("token"), fs::Permissions::from_mode(0o600)).unwrap();
    server.tell("project", &json!({ "repeating": [] }));
    says(&["daily_activity", "repeat"]);
    server.tell("project", &json!({ "repeating": ["daily_activity"], "without": ["da_steps"] }));
    says(&["da_steps"]);
    server.tell("reset", &json!({}));
    home.write("token", &"0".repeat(32));
    says(&["token"]);
    home.write("token", &server.token);
    settle_in(&home, &server.url.replace("/api/", "/nothing/"), "enrolled = \"2026-01-01\"");
    says(&["url"]);
    settle_in(&home, &server.url, "");
    says(&["enrolled"]);
    settle_in(&home, "http://redcap.example.org/api/", "enrolled = \"2026-01-01\"");
    says(&["https://"]);
    home.change_settings(|settings| settings.replace("[[counter]]", "[study]\nid = \"ETMI,01\"\n\n[[counter]]"));
    says(&["study.id", "letters, digits"]);

    assert!(server.days().is_empty());
}

#[test]
fn the_privacy_answer_names_the_study_that_days_go_to() {
    let server = StandIn::start();
    let home = home(&server);
    let daemon = home.daemon();
    home.complete();

    let kept = until("days were sent", || {
        let kept = home.ask("person/kept");
        (kept["studies"][0]["days"].as_u64() >= Some(1)).then_some(kept)
    });

    assert_eq!(kept["studies"][0]["target"], "redcap");
    assert!(server.url.contains(kept["studies"][0]["place"].as_str().unwrap()), "{kept}");
    drop(daemon);
}

#[test]
fn of_somebody_who_left_the_study_it_is_said_how_many_days_stay_at_home() {
    let server = StandIn::start();
    let home = home(&server);
    server.tell("project", &json!({ "token": "F".repeat(32) }));
    let daemon = home.daemon();
    home.complete();
    drop(daemon);

    let left = home.run(&["person", "withdraw", PERSON, "--drop-unsent"]);
    let said = home.run(&["study", "status"]);
    let exported = home.run(&["export", "weeks", "--to", "2100-01-01", "-o", "out"]);

    assert_eq!(left.code, Some(0), "{left:?}");
    assert!(said.out.contains("days stay at home: after the person left the study"), "{said:?}");
    assert_eq!((exported.code, home.path("out").exists()), (Some(3), false), "{exported:?}");
    assert!(exported.err.contains("after the person left the study"), "{exported:?}");
}

#[test]
fn a_token_that_was_put_right_is_used_by_the_daemon_that_runs() {
    let server = StandIn::start();
    let home = home(&server);
    home.write("token", &"0".repeat(32));
    let daemon = home.daemon();
    home.complete();
    let stopped = || home.run(&["study", "status", "--json"]).json()["targets"][0]["is_stopped"] == true;
    until("the wrong token stops the sending", || stopped().then_some(()));

    home.write("token", &server.token);
    let checked = home.run(&["study", "check"]);
    let sent = home.run(&["study", "send"]);

    assert_eq!((checked.code, sent.code), (Some(0), Some(0)), "{checked:?} {sent:?}");
    assert!(!server.days().is_empty());
    drop(daemon);
}
