//! Seeded journeys of days from a home to a real server of each kind, with lines that drop, pages of captive portals,
//! slow answers, servers and programs that start anew, and corrections that come late: in the end both sides hold the
//! same days, in the same revision, with the same values, each once.
//!
//! `BRISK_JOURNEYS` sets how many for each server; a seed that failed is printed.

#[path = "../support/fhir_server.rs"]
mod fhir_server;
#[path = "../delivery/home.rs"]
mod home;
#[path = "../support/postgres.rs"]
mod postgres_server;
#[path = "../support/proxy.rs"]
mod proxy;
#[path = "../exports/redcap_stand_in.rs"]
mod redcap_stand_in;

use std::{collections::BTreeMap, time::Duration};

use brisk::export::{
    StudyDay,
    fhir::{Fhir, FhirSettings, Goals},
    postgres::{Postgres, PostgresSettings},
    redcap::{Redcap, RedcapSettings},
    target::Export,
};
use chrono::NaiveDate;
use fhir_server::FhirServer;
use home::{Home, config};
use postgres_server::PostgresServer;
use proxy::{Fault, Proxy};
use redcap_stand_in::StandIn;
use serde_json::{Value, json};

const DAYS: u64 = 9;
const SYSTEM: &str = "https://study.example.org/fhir";

fn journeys() -> u64 {
    std::env::var("BRISK_JOURNEYS").ok().and_then(|count| count.parse().ok()).unwrap_or(25)
}

/// What a server holds of a day, in the words of all three.
type Row = (NaiveDate, u32, Option<u32>, Option<u32>, bool);

fn row(day: &StudyDay) -> Row {
    (day.local_date, day.revision, day.steps, day.wear_min, day.is_final)
}

/// Journeys with this server: `upset` makes the line fail for the journey to come, `calm` ends that, and `there` says
/// what the server holds of a participant, every row of it.
fn all_arrive(
    export: &dyn Fn() -> Box<dyn Export>,
    upset: &dyn Fn(u64),
    calm: &dyn Fn(),
    there: &dyn Fn(&str) -> Vec<Row>,
) {
    let (mut days, mut requests) = (0, 0);
    for seed in 0..journeys() {
        let dir = tempfile::tempdir().unwrap();
        let participant = format!("P-{seed}");
        let mut home = Home::new(dir.path(), config("ETMI01", &participant), seed, export());
        upset(seed);
        home = home.journey(seed, DAYS, export);
        calm();
        // What the last failure asks to be waited for.
        home.clock.advance(Duration::from_secs(2 * 86_400));
        requests += home.settle(500);

        let truth: Vec<Row> = home.truth().values().map(row).collect();
        let mut there = there(&participant);
        there.sort_unstable();
        assert_eq!(there, truth, "seed {seed}");
        let counts = home.courier.counts(&home.scope()).unwrap();
        assert_eq!((counts.stored, counts.due, counts.parked), (truth.len() as u64, 0, 0), "seed {seed}");
        days += truth.len();
    }
    println!("{} journeys, {days} days, at least {requests} requests: both sides are equal", journeys());
}

#[test]
fn every_journey_to_redcap_ends_with_both_sides_equal() {
    let server = StandIn::start();
    let export = || -> Box<dyn Export> {
        let settings = RedcapSettings {
            url: server.url.clone(),
            token: server.token.clone(),
            ca_pem: None,
            event: None,
            days_at_once: 5,
        };
        Box::new(Redcap::new(settings).unwrap())
    };
    let kinds = ["drop_before", "drop_after", "500", "503", "429", "html", "html_after", "slow"];
    all_arrive(
        &export,
        &|seed| server.tell("faults", &json!({ "seed": seed, "rate": 0.35, "kinds": kinds, "slow_s": 0.005 })),
        &|| server.tell("faults", &json!({})),
        &|participant| {
            let rows = server.days();
            let theirs = rows.iter().filter(|row| row["record"] == participant);
            theirs.map(|row| redcap_row(&row["values"])).collect()
        },
    );
}

fn redcap_row(values: &Value) -> Row {
    let text = |name: &str| values[name].as_str().unwrap_or("");
    let number = |name: &str| text(name).parse::<u32>().ok();
    let is_final = text("daily_activity_complete") == "2";
    (
        text("da_date").parse().unwrap(),
        number("da_revision").unwrap(),
        number("da_steps"),
        number("da_wear_min"),
        is_final,
    )
}

#[test]
fn every_journey_to_postgresql_ends_with_both_sides_equal() {
    let server = std::cell::RefCell::new(PostgresServer::start());
    let mut admin = Postgres::new(PostgresSettings {
        url: server.borrow().admin_url(),
        password: None,
        ca_pem: None,
        days_at_once: 5,
    })
    .unwrap();
    admin.apply_migrations().unwrap();
    server.borrow().role("home_1", "secret", &["brisk_home"]);
    server.borrow().run("INSERT INTO brisk.home VALUES ('home_1', 'ETMI01', NULL)");
    let line = Proxy::to(server.borrow().port());
    let url =
        server.borrow().url("home_1").replace(&format!(":{}", server.borrow().port()), &format!(":{}", line.port()));
    let export = || -> Box<dyn Export> {
        let settings =
            PostgresSettings { url: url.clone(), password: Some("secret".to_owned()), ca_pem: None, days_at_once: 5 };
        Box::new(Postgres::new(settings).unwrap())
    };
    all_arrive(
        &export,
        &|seed| {
            let mut chance = fastrand::Rng::with_seed(seed);
            for _ in 0..chance.u8(2..8) {
                let fault = match chance.u8(0..4) {
                    0 => Fault::DropBefore,
                    1 => Fault::DropAfter,
                    2 => Fault::Answer(
                        b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html>Sign in</html>".to_vec(),
                    ),
                    _ => Fault::Delay(Duration::from_millis(3)),
                };
                line.next(if chance.bool() { "put_days" } else { "" }, fault);
            }
            line.refuse(usize::from(chance.u8(0..3)));
            if seed % 20 == 7 {
                server.borrow_mut().restart("immediate");
            }
        },
        &|| {
            line.calm();
            line.refuse(0);
        },
        &|participant| {
            let text = server.borrow().run(&format!(
                "SELECT coalesce(json_agg(json_build_array(local_date, revision, steps, wear_min, is_final)), '[]') \
                 FROM brisk.daily_activity WHERE study_id = 'ETMI01' AND participant_id = '{participant}'"
            ));
            serde_json::from_str(text.trim()).unwrap()
        },
    );
    let twice = server.borrow().run(
        "SELECT count(*) FROM (SELECT study_id, participant_id, local_date, revision, is_final, count(*) \
         FROM brisk.daily_activity_audit GROUP BY 1, 2, 3, 4, 5 HAVING count(*) > 1) AS twice",
    );
    assert_eq!(twice.trim(), "0", "a revision that came again changed something");
}

#[test]
fn a_day_that_becomes_final_after_an_update_of_the_program_is_no_alarm() {
    const DAY: Duration = Duration::from_secs(86_400);
    let server = PostgresServer::start();
    let settings = |url, password| PostgresSettings { url, password, ca_pem: None, days_at_once: 5 };
    Postgres::new(settings(server.admin_url(), None)).unwrap().apply_migrations().unwrap();
    server.role("home_1", "secret", &["brisk_home"]);
    server.run("INSERT INTO brisk.home VALUES ('home_1', 'ETMI01', NULL)");
    let export = Postgres::new(settings(server.url("home_1"), Some("secret".to_owned()))).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let mut home = Home::new(dir.path(), config("ETMI01", "P-7"), 1, Box::new(export));
    home.receive_day(home.today());
    home.clock.advance(DAY);
    home.settle(20);
    let first = home.days_gone()[0];
    home.update();
    // As the version before sent it.
    server.run(
        "BEGIN; SET LOCAL brisk.reason = 'x'; ALTER TABLE brisk.daily_activity DISABLE TRIGGER correction_noted; \
        UPDATE brisk.daily_activity SET revision = 2, algo_version = regexp_replace(algo_version, '^brisk [0-9.]+', 'brisk 0.0.9'); \
        ALTER TABLE brisk.daily_activity ENABLE TRIGGER correction_noted; COMMIT",
    );

    home.clock.advance(14 * DAY);
    home.settle(40);

    let counts = home.courier.counts(&home.scope()).unwrap();
    assert_eq!((counts.due, counts.parked), (0, 0));
    let row = format!("SELECT revision, status FROM brisk.days WHERE local_date = '{first}'");
    assert_eq!(server.run(&row), "2|final");
}

#[test]
fn every_journey_to_fhir_ends_with_both_sides_equal() {
    let server = FhirServer::start();
    let export = || -> Box<dyn Export> {
        let settings = FhirSettings {
            base_url: server.fhir.clone(),
            token: None,
            ca_pem: None,
            system: SYSTEM.to_owned(),
            days_at_once: 5,
            goals: Goals::Sent,
        };
        Box::new(Fhir::new(settings).unwrap())
    };
    let kinds = ["drop_before", "drop_after", "500", "503", "429", "html", "slow", "ok", "ok", "ok", "ok", "ok"];
    all_arrive(
        &export,
        &|seed| {
            server.reset();
            let mut chance = fastrand::Rng::with_seed(seed);
            let faults: Vec<_> = (0..40).map(|_| kinds[chance.usize(0..kinds.len())]).collect();
            server.set(&json!({ "faults": faults, "slow_ms": 3 }));
        },
        &|| server.set(&json!({ "faults": [] })),
        &|_| fhir_rows(&server),
    );
}

/// One row for each day that the server has observations of; each kind of observation has to be there once a day.
fn fhir_rows(server: &FhirServer) -> Vec<Row> {
    let mut days: BTreeMap<NaiveDate, BTreeMap<String, Value>> = BTreeMap::new();
    for observation in server.resources("Observation") {
        let key = observation["identifier"][0]["value"].as_str().unwrap().to_owned();
        let (day, kind) = key.rsplit_once('/').unwrap();
        let date = day.rsplit_once('/').unwrap().1.parse().unwrap();
        let before = days.entry(date).or_default().insert(kind.to_owned(), observation.clone());
        assert!(before.is_none(), "{key} is there twice");
    }
    let kinds: Vec<Vec<String>> = days.values().map(|day| day.keys().cloned().collect()).collect();
    assert!(kinds.windows(2).all(|two| two[0] == two[1]), "every day has the same observations: {kinds:?}");
    assert!(server.resources("Patient").len() <= 1);
    let rows = days.into_iter().map(|(date, day)| {
        let number =
            |kind: &str| day[kind]["valueQuantity"]["value"].as_u64().and_then(|value| u32::try_from(value).ok());
        let revisions: Vec<u32> = day.values().map(revision).collect();
        assert!(revisions.iter().all(|one| *one == revisions[0]), "{date}: {revisions:?}");
        (date, revisions[0], number("steps"), number("wear-min"), is_final(&day["steps"]))
    });
    rows.collect()
}

fn revision(observation: &Value) -> u32 {
    let tags = observation["meta"]["tag"].as_array().unwrap();
    let tag = tags.iter().find(|tag| tag["system"].as_str().unwrap().ends_with("/revision")).unwrap();
    tag["code"].as_str().unwrap().parse().unwrap()
}

fn is_final(observation: &Value) -> bool {
    observation["status"] != "preliminary"
}
