//! Who may what: a home sends and asks about its own participants, and nothing else.

use brisk::export::target::{Export as _, Trouble, Verdict, Withdrawal};

use super::{day, held, home, refuse, stopped, store, trial};

fn leaving(participant: &str, take_out: bool) -> Withdrawal {
    Withdrawal {
        study: "WALK-2".parse().unwrap(),
        participant: participant.parse().unwrap(),
        date: "2026-11-22".parse().unwrap(),
        study_day: 22,
        tz_offset_min: 60,
        sent: Vec::new(),
        epoch: "2026-11-01".parse().unwrap(),
        take_out,
    }
}

#[test]
fn two_homes_neither_read_nor_write_each_others_participants() {
    let server = trial();
    let (mut first, mut second) = (home(&server, "home_1"), home(&server, "home_2"));
    store(&mut first, &day("P-1", "2026-11-20", 1));

    let wrote = refuse(&mut second, &day("P-1", "2026-11-20", 2));
    let read = second.held(&"WALK-2".parse().unwrap(), &"P-1".parse().unwrap()).unwrap_err();
    let withdrew = second.withdraw(&leaving("P-1", true)).unwrap_err();
    let mixed = second.send(&[day("P-2", "2026-11-19", 1), day("P-1", "2026-11-20", 2)]).unwrap();
    let mut elsewhere = day("P-2", "2026-11-20", 1);
    elsewhere.study_id = "OTHER".parse().unwrap();
    let other_study = refuse(&mut second, &elsewhere);

    assert!(mixed.iter().all(|verdict| *verdict == Verdict::Refused(wrote.clone())), "{mixed:?}");
    let withheld = |trouble| if let Trouble::Refused { what } = trouble { what } else { panic!("{trouble}") };
    let (read, withdrew) = (withheld(read), withheld(withdrew));
    for said in [wrote, read, withdrew, other_study] {
        assert!(said.contains("may not write about this participant") && said.contains("brisk.home"), "{said}");
    }
    assert_eq!(server.run("SELECT participant_id, revision FROM brisk.daily_activity"), "P-1|1");
    assert_eq!(held(&mut second, "P-2"), []);
    assert_eq!(server.run("SELECT count(*) FROM brisk.participant_status"), "0");
}

#[test]
fn a_home_of_the_whole_study_writes_about_everybody_in_it() {
    let server = trial();
    server.run("INSERT INTO brisk.home VALUES ('home_2', 'WALK-2', NULL)");

    store(&mut home(&server, "home_2"), &day("P-77", "2026-11-20", 1));

    assert_eq!(server.run("SELECT participant_id, sent_by FROM brisk.daily_activity"), "P-77|home_2");
}

#[test]
fn a_home_sees_no_table_and_cannot_touch_the_audit() {
    let server = trial();
    store(&mut home(&server, "home_1"), &day("P-1", "2026-11-20", 1));

    for statement in [
        "SELECT * FROM brisk.daily_activity",
        "SELECT * FROM brisk.days",
        "INSERT INTO brisk.home VALUES ('home_1', 'WALK-2', 'P-2')",
        "UPDATE brisk.daily_activity SET steps = 0",
        "DELETE FROM brisk.daily_activity_audit",
        "UPDATE brisk.daily_activity_audit SET old_row = NULL, new_row = NULL, numbers_removed_at = now()",
        "TRUNCATE brisk.daily_activity_audit",
        "INSERT INTO brisk.daily_activity_audit (study_id, participant_id, local_date, what, reason) VALUES ('a','b',now(),'insert','x')",
        "ALTER TABLE brisk.daily_activity DISABLE TRIGGER audited",
        "DROP FUNCTION brisk.put_days(jsonb)",
        "CREATE TABLE brisk.mine (a int)",
        "SELECT brisk.demand_grant('WALK-2', 'P-1')",
        "SET ROLE brisk_owner",
        "SET ROLE brisk_reader",
    ] {
        let ran = server.try_run(&format!("SET SESSION AUTHORIZATION home_1; {statement}"));

        let said = String::from_utf8(ran.stderr).unwrap();
        let refused = ["permission denied", "must be owner"].iter().any(|words| said.contains(words));
        assert!(!ran.status.success() && refused, "{statement}: {said}");
    }
}

#[test]
fn who_reads_the_study_changes_nothing() {
    let server = trial();
    server.role("statistician", "x", &["brisk_reader"]);
    store(&mut home(&server, "home_1"), &day("P-1", "2026-11-20", 1));
    let as_reader = |statement: &str| server.try_run(&format!("SET SESSION AUTHORIZATION statistician; {statement}"));

    for table in ["days", "daily_activity", "daily_activity_audit", "participant_status", "schema_version"] {
        assert!(as_reader(&format!("SELECT * FROM brisk.{table}")).status.success(), "{table}");
    }
    for statement in [
        "UPDATE brisk.daily_activity SET steps = 0",
        "UPDATE brisk.days SET steps = 0",
        "DELETE FROM brisk.daily_activity",
        "SELECT * FROM brisk.home",
        "SELECT brisk.held('WALK-2', 'P-1')",
        "SELECT brisk.put_days('[]')",
    ] {
        assert!(!as_reader(statement).status.success(), "{statement}");
    }
}

#[test]
fn even_who_owns_the_tables_gives_a_reason_and_leaves_the_audit_whole() {
    let server = trial();
    store(&mut home(&server, "home_1"), &day("P-1", "2026-11-20", 1));
    let as_owner = |statement: &str| server.try_run(&format!("BEGIN; SET LOCAL ROLE brisk_owner; {statement}; COMMIT"));

    for (statement, said) in [
        ("UPDATE brisk.daily_activity SET steps = 0", "without a reason"),
        ("DELETE FROM brisk.daily_activity", "without a reason"),
        ("TRUNCATE brisk.daily_activity", "only grows"),
        ("SET LOCAL brisk.reason = 'x'; UPDATE brisk.daily_activity SET participant_id = 'P-9'", "keeps its study"),
        ("DELETE FROM brisk.daily_activity_audit", "only grows"),
        ("UPDATE brisk.daily_activity_audit SET who = 'nobody'", "only grows"),
        ("UPDATE brisk.daily_activity_audit SET new_row = '{}'", "only grows"),
        (
            "UPDATE brisk.daily_activity_audit SET old_row = NULL, new_row = NULL, numbers_removed_at = now(), reason = 'y'",
            "only grows",
        ),
        ("TRUNCATE brisk.daily_activity_audit", "only grows"),
    ] {
        let ran = as_owner(statement);

        let told = String::from_utf8(ran.stderr).unwrap();
        assert!(!ran.status.success() && told.contains(said), "{statement}: {told}");
    }
    let fixed =
        as_owner("SET LOCAL brisk.reason = 'manual_fix: letter of 3 May'; UPDATE brisk.daily_activity SET steps = 7");
    assert!(fixed.status.success());
    let last = "SELECT who, reason, old_row->>'steps', new_row->>'steps' FROM brisk.daily_activity_audit \
                ORDER BY audit_id DESC LIMIT 1";
    assert_eq!(server.run(last), "postgres|manual_fix: letter of 3 May|8001|7");
}

#[test]
fn functions_that_lend_rights_look_names_up_in_fixed_places_and_are_nobody_elses() {
    let server = trial();

    let lending = "SELECT count(*) FILTER (WHERE prosecdef), \
                   count(*) FILTER (WHERE NOT coalesce(proconfig @> ARRAY['search_path=pg_catalog, pg_temp'], false)), \
                   count(*) FILTER (WHERE proowner <> 'brisk_owner'::regrole), \
                   count(*) FILTER (WHERE has_function_privilege('public', oid, 'EXECUTE')) \
                   FROM pg_proc WHERE pronamespace = 'brisk'::regnamespace";
    assert_eq!(server.run(lending), "5|0|0|0");
    assert_eq!(server.run("SELECT rolsuper, rolcanlogin FROM pg_roles WHERE rolname = 'brisk_owner'"), "f|f");
}

#[test]
fn a_home_that_was_not_told_of_anybody_or_lacks_the_role_hears_what_to_do_before_a_row_is_sent() {
    let server = trial();
    server.role("home_3", super::PASSWORD, &["brisk_home"]);
    server.role("home_4", super::PASSWORD, &[]);

    server.run("REVOKE EXECUTE ON FUNCTION brisk.put_days(jsonb) FROM brisk_home");
    let part_of_it = stopped(home(&server, "home_1").check());
    server.run("GRANT EXECUTE ON FUNCTION brisk.put_days(jsonb) TO brisk_home");
    let nobody = stopped(home(&server, "home_3").check());
    let no_role = stopped(home(&server, "home_4").check());
    let no_right = stopped(home(&server, "home_4").send(&[day("P-1", "2026-11-20", 1)]));

    assert!(nobody.contains("adds a row to brisk.home"), "{nobody}");
    for said in [part_of_it, no_role, no_right] {
        assert!(said.contains("grants it the role brisk_home"), "{said}");
    }
}
