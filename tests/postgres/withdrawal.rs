//! A participant leaves: their days stay in the trial, or are taken out where that was ordered.

use brisk::export::{
    StudyDay,
    target::{Export as _, Withdrawal},
};

use super::{day, held, home, refuse, store, trial};

fn leaving(take_out: bool) -> Withdrawal {
    Withdrawal {
        study: "WALK-2".parse().unwrap(),
        participant: "P-1".parse().unwrap(),
        date: "2026-11-22".parse().unwrap(),
        study_day: 22,
        tz_offset_min: 60,
        sent: vec!["2026-11-19".parse().unwrap(), "2026-11-20".parse().unwrap()],
        epoch: "2026-11-01".parse().unwrap(),
        take_out,
    }
}

#[test]
fn who_leaves_is_marked_and_their_days_stay() {
    let server = trial();
    let mut home = home(&server, "home_1");
    store(&mut home, &day("P-1", "2026-11-20", 1));

    home.withdraw(&leaving(false)).unwrap();
    home.withdraw(&leaving(false)).unwrap();
    store(&mut home, &day("P-1", "2026-11-20", 2));

    assert_eq!(server.run("SELECT steps, withdrawn_on FROM brisk.days"), "8002|2026-11-22");
    let status =
        "SELECT participant_id, study_day, tz_offset_min, days_taken_out, told_by FROM brisk.participant_status";
    assert_eq!(server.run(status), "P-1|22|60|f|home_1");
}

#[test]
fn days_that_are_taken_out_leave_the_fact_and_no_number_and_do_not_come_back() {
    let server = trial();
    let mut home = home(&server, "home_1");
    store(&mut super::home(&server, "home_2"), &day("P-2", "2026-11-20", 1));
    let secret = Some("SC-SECRET".to_owned());
    store(&mut home, &day("P-1", "2026-11-19", 1));
    store(&mut home, &StudyDay { steps: Some(31_337), device_id: secret, ..day("P-1", "2026-11-20", 1) });
    store(&mut home, &day("P-1", "2026-11-20", 2));

    home.withdraw(&leaving(false)).unwrap();
    home.withdraw(&leaving(true)).unwrap();
    home.withdraw(&leaving(true)).unwrap();
    home.withdraw(&leaving(false)).unwrap();

    assert_eq!(held(&mut home, "P-1"), []);
    let said = refuse(&mut home, &day("P-1", "2026-11-20", 3));
    assert!(said.contains("taken out"), "{said}");
    let facts = "SELECT what, local_date, revision, reason, numbers_removed_at IS NOT NULL FROM brisk.daily_activity_audit \
                 WHERE participant_id = 'P-1' ORDER BY audit_id";
    let told = "insert|2026-11-19|1|first_sent|t\ninsert|2026-11-20|1|first_sent|t\nupdate|2026-11-20|2|device_swap|t\n\
                delete|2026-11-19|1|withdrawal|t\ndelete|2026-11-20|2|withdrawal|t";
    assert_eq!(server.run(facts), told);
    let everything = ["daily_activity", "daily_activity_audit", "participant_status"]
        .map(|table| server.run(&format!("SELECT * FROM brisk.{table} WHERE participant_id = 'P-1'")));
    assert!(everything.iter().all(|rows| !rows.contains("31337") && !rows.contains("SC-SECRET")), "{everything:?}");
    assert_eq!(server.run("SELECT participant_id, steps FROM brisk.days"), "P-2|8001", "others are as they were");
    assert_eq!(server.run("SELECT count(*) FROM brisk.daily_activity_audit WHERE new_row IS NOT NULL"), "1");
    assert_eq!(server.run("SELECT days_taken_out FROM brisk.participant_status"), "t", "an order is not taken back");
}
