//! Days in a real PostgreSQL: each once, in its newest state, with every change on record, and no home in another's.

#[path = "support/postgres.rs"]
mod server;

use brisk::export::{
    GoalVar, StudyDay,
    postgres::{Postgres, PostgresSettings},
    target::{Export as _, Verdict},
};
use chrono::{DateTime, Days, FixedOffset, NaiveDate};
use server::PostgresServer;

const PASSWORD: &str = "correct horse";

/// A day with every value known.
fn day(participant: &str, date: &str, revision: u32) -> StudyDay {
    let local_date: NaiveDate = date.parse().unwrap();
    let zone = FixedOffset::east_opt(3600).unwrap();
    let start: DateTime<FixedOffset> = local_date.and_hms_opt(0, 0, 0).unwrap().and_local_timezone(zone).unwrap();
    StudyDay {
        study_id: "WALK-2".parse().unwrap(),
        participant_id: participant.parse().unwrap(),
        local_date,
        study_day: 20,
        start,
        end: start + Days::new(1),
        tz_offset_min: 60,
        day_len_min: 1440,
        steps: Some(8000 + revision),
        brisk_min: Some(24),
        mod_min: Some(19),
        vig_min: Some(5),
        wear_min: Some(802),
        valid_day: true,
        goal_var: Some(GoalVar::LeisureBriskMin),
        goal_id: Some("g1".to_owned()),
        goal_is_weekly: false,
        goal_target: Some(20),
        goal_met: Some(true),
        goal_permille: Some(1200),
        missing_reason: None,
        device_id: Some("SC-4F2A".to_owned()),
        algo_version: "brisk 0.1.0; brisk/1 0123456789abcdef".to_owned(),
        revision,
        is_final: false,
        computed_at: "2026-11-21T03:09:58Z".parse().unwrap(),
    }
}

fn target(url: String, password: Option<&str>) -> Postgres {
    let password = password.map(ToOwned::to_owned);
    Postgres::new(PostgresSettings { url, password, ca_pem: None, days_at_once: 200 }).unwrap()
}

/// A server with the migrations and two homes, one participant each.
fn trial() -> PostgresServer {
    let server = PostgresServer::start();
    target(server.admin_url(), None).apply_migrations().unwrap();
    for (home, participant) in [("home_1", "P-1"), ("home_2", "P-2")] {
        server.role(home, PASSWORD, &["brisk_home"]);
        server.run(&format!("INSERT INTO brisk.home VALUES ('{home}', 'WALK-2', '{participant}')"));
    }
    server
}

fn home(server: &PostgresServer, role: &str) -> Postgres {
    target(server.url(role), Some(PASSWORD))
}

#[test]
fn a_day_arrives_and_is_told_as_held() {
    let server = trial();
    let mut home = home(&server, "home_1");

    let notes = home.check().unwrap();
    let verdicts = home.send(&[day("P-1", "2026-11-20", 1)]).unwrap();
    let held = home.held(&"WALK-2".parse().unwrap(), &"P-1".parse().unwrap()).unwrap().unwrap();

    assert!(notes[0].starts_with("PostgreSQL 1"), "{notes:?}");
    assert_eq!(verdicts, [Verdict::Stored]);
    assert_eq!((held.len(), held[0].revision, held[0].is_final), (1, 1, false));
    assert_eq!(server.run("SELECT steps, tz_offset_min, status FROM brisk.days"), "8001|60|provisional");
}
