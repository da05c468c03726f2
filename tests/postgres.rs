//! Days in a real PostgreSQL: each once, in its newest state, with every change on record, and no home in another's.

#[path = "support/proxy.rs"]
mod proxy;
#[path = "support/postgres.rs"]
mod server;

#[path = "postgres/manager.rs"]
mod manager;
#[path = "postgres/newest.rs"]
mod newest;
#[path = "postgres/rights.rs"]
mod rights;
#[path = "postgres/trouble.rs"]
mod trouble;
#[path = "postgres/withdrawal.rs"]
mod withdrawal;

use brisk::export::{
    GoalVar, StudyDay,
    postgres::{Postgres, PostgresSettings},
    target::{Export as _, Held, Trouble, Verdict},
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
        goal_permille: Some(1205),
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

/// Sends one day, which has to be stored.
fn store(home: &mut Postgres, day: &StudyDay) {
    assert_eq!(home.send(std::slice::from_ref(day)).unwrap(), [Verdict::Stored], "{}", day.key());
}

/// Sends one day, which has to be refused: what is said.
fn refuse(home: &mut Postgres, day: &StudyDay) -> String {
    match home.send(std::slice::from_ref(day)).unwrap().pop().unwrap() {
        Verdict::Refused(why) => why,
        Verdict::Stored => panic!("{} was stored", day.key()),
    }
}

/// What the database has of a participant.
fn held(home: &mut Postgres, participant: &str) -> Vec<Held> {
    home.held(&"WALK-2".parse().unwrap(), &participant.parse().unwrap()).unwrap().unwrap()
}

/// What is said when a person has to act.
fn stopped<T: std::fmt::Debug>(done: Result<T, Trouble>) -> String {
    match done {
        Err(Trouble::Stopped { what }) => what,
        other => panic!("nobody was told to act: {other:?}"),
    }
}

/// What is said when it may pass.
fn passing<T: std::fmt::Debug>(done: Result<T, Trouble>) -> String {
    match done {
        Err(Trouble::Passing { what, .. }) => what,
        other => panic!("it does not pass: {other:?}"),
    }
}

/// Looks until it is so.
#[expect(clippy::disallowed_methods, reason = "the server is another process: its time is real time")]
fn until(what: &str, look: impl Fn() -> bool) {
    let began = std::time::Instant::now();
    while !look() {
        assert!(began.elapsed() < std::time::Duration::from_secs(60), "waited in vain until {what}");
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
}
