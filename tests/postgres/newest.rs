//! The newest revision counts, and every change is on record.

use std::{collections::BTreeMap, io::Write as _, process::Stdio};

use brisk::export::{MissingReason, StudyDay, target::Export as _, target::Trouble, target::Verdict};
use chrono::{Days, NaiveDate};
use serde_json::Value;

use super::{
    day, held, home,
    proxy::{Fault, Proxy},
    refuse, store, target, trial, until,
};

const AUDIT: &str = "SELECT what, revision, is_final, reason, who FROM brisk.daily_activity_audit ORDER BY audit_id";

#[test]
fn every_value_arrives_as_it_was_sent() {
    let server = trial();
    let mut home = home(&server, "home_1");
    let sent = day("P-1", "2026-11-20", 1);

    assert!(home.check().unwrap()[0].starts_with("PostgreSQL 1"));
    store(&mut home, &sent);

    let row: Value = serde_json::from_str(&server.run("SELECT to_jsonb(d) FROM brisk.daily_activity d")).unwrap();
    let instant = |text: &Value| text.as_str().unwrap().parse::<chrono::DateTime<chrono::Utc>>().unwrap();
    for (name, value) in serde_json::to_value(&sent).unwrap().as_object().unwrap() {
        match name.as_str() {
            "start" => assert_eq!(instant(&row["starts_at"]), sent.start),
            "end" => assert_eq!(instant(&row["ends_at"]), sent.end),
            "computed_at" => assert_eq!(instant(&row["computed_at"]), sent.computed_at),
            _ => assert_eq!(&row[name], value, "{name}"),
        }
    }
    let hash: String = format!("{:02x?}", sent.hash()).chars().filter(char::is_ascii_hexdigit).collect();
    assert_eq!(row["payload_sha256"], format!("\\x{hash}"));
    assert_eq!(row["sent_by"], "home_1");
    let held = held(&mut home, "P-1");
    assert_eq!((held.len(), held[0].date, held[0].revision, held[0].is_final), (1, sent.local_date, 1, false));
}

#[test]
fn revisions_1_1_2_1_2_leave_the_second_and_two_rows_of_audit() {
    let server = trial();
    let mut home = home(&server, "home_1");

    for revision in [1, 1, 2, 1, 2] {
        store(&mut home, &day("P-1", "2026-11-20", revision));
    }

    assert_eq!(server.run("SELECT revision, steps FROM brisk.daily_activity"), "2|8002");
    assert_eq!(server.run(AUDIT), "insert|1|f|first_sent|home_1\nupdate|2|f|late_sync|home_1");
    let kept = "SELECT old_row->>'steps', new_row->>'steps' FROM brisk.daily_activity_audit ORDER BY audit_id";
    assert_eq!(server.run(kept), "|8001\n8001|8002", "what was there before is kept");
}

#[test]
fn a_day_becomes_final_in_the_same_revision_and_stays_final() {
    let server = trial();
    let mut home = home(&server, "home_1");
    let open = day("P-1", "2026-11-20", 3);
    let closed = StudyDay { is_final: true, ..open.clone() };

    for sent in [&open, &closed, &open, &closed] {
        store(&mut home, sent);
    }
    store(&mut home, &StudyDay { is_final: true, ..day("P-1", "2026-11-20", 4) });

    assert_eq!(server.run("SELECT revision, status FROM brisk.days"), "4|final");
    let told = "insert|3|f|first_sent|home_1\nupdate|3|t|window_closed|home_1\nupdate|4|t|manual_fix|home_1";
    assert_eq!(server.run(AUDIT), told);
}

#[test]
fn the_reason_of_a_correction_is_told_by_what_changed() {
    let server = trial();
    let mut home = home(&server, "home_1");
    let newer_rules = "brisk 0.2.0; brisk/2 fedcba9876543210".to_owned();
    let other_counter = Some("SC-0001".to_owned());

    store(&mut home, &day("P-1", "2026-11-20", 1));
    store(&mut home, &StudyDay { algo_version: newer_rules.clone(), ..day("P-1", "2026-11-20", 2) });
    let swapped = StudyDay { algo_version: newer_rules, device_id: other_counter, ..day("P-1", "2026-11-20", 3) };
    store(&mut home, &swapped);

    let reasons = "SELECT string_agg(reason, ' ' ORDER BY audit_id) FROM brisk.daily_activity_audit";
    assert_eq!(server.run(reasons), "first_sent algorithm_update device_swap");
}

#[test]
fn what_is_unknown_is_null_and_a_correction_that_makes_a_value_unknown_erases_it() {
    let server = trial();
    let mut home = home(&server, "home_1");
    let unknown = |date, revision| StudyDay {
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
        ..day("P-1", date, revision)
    };

    store(&mut home, &unknown("2026-11-19", 1));
    store(&mut home, &day("P-1", "2026-11-20", 1));
    store(&mut home, &unknown("2026-11-20", 2));

    let nulls = "SELECT num_nulls(steps, brisk_min, mod_min, vig_min, wear_min, goal_var, goal_id, goal_target, goal_met, \
                 goal_permille, goal_pct, device_id), missing_reason FROM brisk.days ORDER BY local_date";
    assert_eq!(server.run(nulls), "12|not_synced\n12|not_synced");
    assert_eq!(server.run("SELECT sum(steps) IS NULL FROM brisk.days"), "t");
}

#[test]
fn the_same_revision_with_other_values_is_an_alarm_and_changes_nothing() {
    let server = trial();
    server.run("INSERT INTO brisk.home VALUES ('home_2', 'WALK-2', 'P-1')");
    let (mut first, mut second) = (home(&server, "home_1"), home(&server, "home_2"));
    let mine = day("P-1", "2026-11-20", 2);
    let other = StudyDay { steps: Some(1), ..mine.clone() };
    let other_final = StudyDay { is_final: true, ..other.clone() };

    store(&mut first, &mine);
    let same_home = refuse(&mut first, &other);
    let two_homes = refuse(&mut second, &other);
    let at_the_end = refuse(&mut second, &other_final);

    assert!(same_home.starts_with("ALARM: revision 2 of 2026-11-20"), "{same_home}");
    assert!(two_homes.starts_with("ALARM: another home"), "{two_homes}");
    assert!(at_the_end.starts_with("ALARM: another home"), "{at_the_end}");
    assert_eq!(server.run("SELECT steps, sent_by, is_final FROM brisk.daily_activity"), "8002|home_1|f");
    assert_eq!(server.run("SELECT count(*) FROM brisk.daily_activity_audit"), "1");
}

#[test]
fn a_correction_by_hand_stays_until_a_higher_revision_comes_and_is_no_alarm() {
    let server = trial();
    let mut home = home(&server, "home_1");
    let open = day("P-1", "2026-11-20", 1);
    let closed = StudyDay { is_final: true, ..open.clone() };
    let row = "SELECT revision, is_final, steps, corrected_by FROM brisk.daily_activity";
    store(&mut home, &open);
    server.run("BEGIN; SET LOCAL brisk.reason = 'manual_fix: x'; UPDATE brisk.daily_activity SET steps = 7; COMMIT");

    store(&mut home, &open);
    assert_eq!(server.run(row), "1|f|7|postgres");
    store(&mut home, &closed);
    store(&mut home, &open);
    assert_eq!(server.run(row), "1|t|7|postgres", "final, with the values of the hand");
    store(&mut home, &StudyDay { is_final: true, ..day("P-1", "2026-11-20", 2) });
    assert_eq!(server.run(row), "2|t|8002|");

    let told = "insert|1|f|first_sent|home_1\nupdate|1|f|manual_fix: x|postgres\nupdate|1|t|window_closed|home_1\n\
                update|2|t|manual_fix|home_1";
    assert_eq!(server.run(AUDIT), told);
}

#[test]
fn a_broken_day_spoils_its_batch_and_nothing_of_it_is_stored() {
    let server = trial();
    let mut home = home(&server, "home_1");
    let good = day("P-1", "2026-11-19", 1);
    for (broken, rule) in [
        (StudyDay { wear_min: Some(1441), ..day("P-1", "2026-11-20", 1) }, "wear_min"),
        (StudyDay { day_len_min: 1380, ..day("P-1", "2026-11-20", 1) }, "length_is_of_the_day"),
        (StudyDay { mod_min: Some(1440), ..day("P-1", "2026-11-20", 1) }, "intensities_fit_the_day"),
        (StudyDay { goal_var: None, ..day("P-1", "2026-11-20", 1) }, "no_goal_no_numbers"),
        (StudyDay { algo_version: String::new(), ..day("P-1", "2026-11-20", 1) }, "algo_version"),
        (StudyDay { tz_offset_min: 841, ..day("P-1", "2026-11-20", 1) }, "tz_offset_min"),
        (StudyDay { steps: Some(u32::MAX), ..day("P-1", "2026-11-20", 1) }, "22003"),
    ] {
        let told = home.send(&[good.clone(), broken]);

        let Err(Trouble::Refused { what }) = told else { panic!("{rule}: {told:?}") };
        assert!(what.contains(rule) && !what.contains("8001") && !what.contains("4294967295"), "{what}");
        assert_eq!(server.run("SELECT count(*) FROM brisk.daily_activity"), "0", "{rule}");
    }
    store(&mut home, &good);
}

#[test]
fn two_hundred_days_go_in_one_request_with_a_verdict_each() {
    let server = trial();
    let mut home = home(&server, "home_1");
    let first: NaiveDate = "2026-01-01".parse().unwrap();
    let mut days: Vec<_> = (0..200).map(|n| day("P-1", &(first + Days::new(n)).to_string(), 1)).collect();
    store(&mut home, &StudyDay { steps: Some(1), ..days[77].clone() });

    let verdicts = home.send(&days).unwrap();

    assert_eq!(home.at_once(), 200);
    let refused: Vec<_> = (0..200).filter(|n| verdicts[*n] != Verdict::Stored).collect();
    assert_eq!((verdicts.len(), refused), (200, vec![77]));
    days[77].steps = Some(1);
    let sum: u32 = days.iter().filter_map(|day| day.steps).sum();
    assert_eq!(server.run("SELECT count(*), sum(steps) FROM brisk.daily_activity"), format!("200|{sum}"));
    assert_eq!(home.send(&[]).unwrap(), []);
}

#[test]
fn two_sendings_of_one_day_at_once_leave_the_newer_one() {
    let server = trial();

    std::thread::scope(|scope| {
        for revision in 1..=8 {
            let mut home = home(&server, "home_1");
            scope.spawn(move || store(&mut home, &day("P-1", "2026-11-20", revision)));
        }
    });

    assert_eq!(server.run("SELECT revision, steps FROM brisk.daily_activity"), "8|8008");
    let newest = "SELECT new_row->>'revision' FROM brisk.daily_activity_audit ORDER BY audit_id DESC LIMIT 1";
    assert_eq!(server.run(newest), "8");
}

#[test]
fn a_revision_that_waited_for_a_newer_one_is_the_older_one() {
    let server = trial();
    let mut home = home(&server, "home_1");
    store(&mut home, &day("P-1", "2026-11-20", 1));
    let mut other = server.psql("trial").stdin(Stdio::piped()).spawn().unwrap();
    let mut tell = other.stdin.take().unwrap();
    let count = |of: &str| server.run(&format!("SELECT count(*) FROM pg_stat_activity WHERE {of}"));

    let newer = "BEGIN; SET LOCAL brisk.reason = 'x'; UPDATE brisk.daily_activity SET revision = 3, steps = 8003;";
    writeln!(tell, "{newer}").unwrap();
    until("the newer one is written", || count("state = 'idle in transaction'") == "1");
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| store(&mut home, &day("P-1", "2026-11-20", 2)));
        until("the older one waits", || count("usename = 'home_1' AND wait_event_type = 'Lock'") == "1");
        writeln!(tell, "COMMIT;").unwrap();
        waiting.join().unwrap();
    });

    assert_eq!(server.run("SELECT revision, steps FROM brisk.daily_activity"), "3|8003");
    drop(tell);
    other.wait().unwrap();
}

#[test]
fn whatever_happens_on_the_way_the_database_ends_with_what_home_has() {
    let mut server = trial();
    let seed = 20_261_124;
    let mut random = fastrand::Rng::with_seed(seed);
    let proxy = Proxy::to(server.port());
    let url = server.url("home_1").replace(&server.port().to_string(), &proxy.port().to_string());
    let mut home = target(url, Some(super::PASSWORD));
    let first: NaiveDate = "2026-01-01".parse().unwrap();
    let mut truth: BTreeMap<NaiveDate, StudyDay> = BTreeMap::new();
    let mut waiting: BTreeMap<NaiveDate, StudyDay> = BTreeMap::new();
    let (mut failed, mut late) = (0, Vec::new());

    for step in 0..120 {
        let date = first + Days::new(random.u64(0..25));
        let newer = match truth.get(&date) {
            Some(known) if !known.is_final && random.u8(0..4) == 0 => StudyDay { is_final: true, ..known.clone() },
            known => StudyDay {
                steps: random.bool().then(|| random.u32(0..30_000)),
                is_final: known.is_some_and(|known| known.is_final),
                ..day("P-1", &date.to_string(), known.map_or(0, |known| known.revision) + 1)
            },
        };
        truth.insert(date, newer.clone());
        waiting.insert(date, newer);
        match random.u8(0..8) {
            0 => proxy.next("put_days", Fault::DropBefore),
            1 => proxy.next("put_days", Fault::DropAfter),
            2 => proxy.next("put_days", Fault::Answer(b"HTTP/1.1 200 OK\r\n\r\n<html>Welcome</html>".to_vec())),
            3 => proxy.refuse(1),
            4 if step % 40 == 3 => server.restart("immediate"),
            _ => {}
        }
        let batch: Vec<_> = waiting.values().cloned().collect();
        match home.send(&batch) {
            Ok(verdicts) => {
                assert!(verdicts.iter().all(|verdict| *verdict == Verdict::Stored), "seed {seed}: {verdicts:?}");
                waiting.clear();
            }
            Err(Trouble::Passing { .. }) => {
                failed += 1;
                late.push(batch);
            }
            Err(other) => panic!("seed {seed}, step {step}: {other}"),
        }
    }
    while proxy.waiting() > 0 {
        home.send(&[day("P-1", "2026-03-01", 1)]).ok();
    }
    truth.insert("2026-03-01".parse().unwrap(), day("P-1", "2026-03-01", 1));
    waiting.insert("2026-03-01".parse().unwrap(), day("P-1", "2026-03-01", 1));
    let rest: Vec<_> = waiting.into_values().collect();
    home.send(&rest).unwrap();
    // What the network kept and brings at last.
    for batch in late {
        assert!(home.send(&batch).unwrap().iter().all(|verdict| *verdict == Verdict::Stored), "seed {seed}");
    }

    assert!(failed > 20, "faults struck: {failed}");
    let there =
        server.run("SELECT local_date, revision, is_final, coalesce(steps, -1) FROM brisk.daily_activity ORDER BY 1");
    let ours: Vec<_> = truth
        .values()
        .map(|day| {
            let (is_final, steps) = (if day.is_final { 't' } else { 'f' }, day.steps.map_or(-1, i64::from));
            format!("{}|{}|{is_final}|{steps}", day.local_date, day.revision)
        })
        .collect();
    assert_eq!(there.lines().collect::<Vec<_>>(), ours, "seed {seed}");
}
