//! The audit trail: why days changed and from what to what, what of it leaves the house, and whether the script of
//! the documentation finds a changed cell.

use std::{fs, path::Path, process::Command, sync::Arc};

use brisk::{
    config::Config,
    days::{DayBook, Person, Wearing},
    demo,
    export::{Until, audit::csv},
    model::{DeviceId, ParticipantId, Rules},
    privacy::audit::{AuditTerms, AuditTrail, audit_rows},
    radio::sim::{clock::SimClock, walker},
    store::Store,
    time::Calendar,
};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::support::{
    house::{self, House},
    *,
};

mod support;

const FIRST: &str = "2026-06-01";

fn who() -> ParticipantId {
    "p1".parse().unwrap()
}

fn calendar() -> Calendar {
    Calendar::midnight("Europe/Oslo".parse().unwrap())
}

fn first_minute() -> i64 {
    calendar().day(FIRST.parse().unwrap()).first_minute()
}

/// Three in the morning after so many days.
fn after_days(days: i64) -> DateTime<Utc> {
    DateTime::from_timestamp((first_minute() + days * 1440 + 180) * 60, 0).unwrap()
}

async fn play(store: &Arc<Store>, minutes: std::ops::Range<i64>) {
    let start = first_minute();
    let script = walker::script(20, &calendar(), start, start + 4 * 1440);
    let script = script.into_iter().filter(|minute| minutes.contains(&(minute.at - start))).collect();
    demo::play(store, script, None).await.unwrap();
}

fn book(store: &Arc<Store>, rules: Rules, counters: Option<Vec<Wearing>>) -> (DayBook, Arc<Person>) {
    let mut person = demo::person(who(), calendar());
    person.counters = counters.unwrap_or(person.counters);
    let book = DayBook::new(Arc::clone(store), vec![person], rules).unwrap();
    let person = book.person(None).unwrap();
    (book, person)
}

fn look(book: &DayBook, person: &Person, now: DateTime<Utc>) {
    book.rows(person, FIRST.parse().unwrap(), now.date_naive(), now).unwrap();
}

fn goal() -> Value {
    json!({
        "decision": "goal_set", "id": "g1", "participant": "p1", "measure": "steps", "amount": 100, "period": "day",
        "from": FIRST, "decided_by": "person", "own_words": "to the lake with Ingrid",
    })
}

/// A record in which a day changed for every reason.
async fn eventful(dir: &Path) -> Arc<Store> {
    let store = Arc::new(Store::open(dir).unwrap().0);
    play(&store, 0..1440 + 600).await;
    let now = after_days(3);
    let (days, person) = book(&store, Rules::brisk_1(), None);
    look(&days, &person, now);
    play(&store, 0..4 * 1440).await;
    look(&days, &person, now);
    let goal: brisk::person::Decision = serde_json::from_value(goal()).unwrap();
    let person = days.decide(&person, goal, "page", now).unwrap();
    look(&days, &person, now);
    drop(days);
    let (days, person) = book(&store, Rules { brisk_spm: 110, ..Rules::brisk_1() }, None);
    look(&days, &person, now);
    drop(days);
    let another = Wearing { device: DeviceId(*b"another1"), from: None, before: None };
    let counters = [person.counters.clone(), vec![another]].concat();
    let until = Wearing { before: Some("2026-06-02".parse().unwrap()), ..counters[0].clone() };
    let (days, person) = book(&store, Rules { brisk_spm: 110, ..Rules::brisk_1() }, Some(vec![until]));
    look(&days, &person, now);
    store
}

fn trail(store: &Store, terms: &AuditTerms) -> AuditTrail {
    audit_rows(store, &who(), terms).unwrap()
}

#[tokio::test]
async fn every_revision_says_why_a_day_changed_and_from_what_to_what() {
    let dir = tempfile::tempdir().unwrap();
    let store = eventful(dir.path()).await;

    let trail = trail(&store, &AuditTerms::default());

    let of = |key: &str| -> Vec<_> { trail.rows.iter().filter(|row| row.key == key).collect() };
    let second = of("2026-06-02");
    let why: Vec<_> = second.iter().map(|row| (row.why.as_str(), row.actor.as_str())).collect();
    let expected = [
        ("first", "system"),
        ("late_sync", "system"),
        ("manual_fix", "page"),
        ("algorithm_update", "system"),
        ("device_swap", "system"),
    ];
    assert_eq!(why, expected);
    let value = |text: &str, name: &str| serde_json::from_str::<Value>(text).unwrap()[name].clone();
    assert_eq!((second[0].from.as_str(), second[0].to.as_str()), ("", r#"{"revision":1}"#));
    let (from, to) = (value(&second[1].from, "total_steps"), value(&second[1].to, "total_steps"));
    assert!(from.as_u64() < to.as_u64(), "{from} to {to}");
    let revisions = (value(&second[1].from, "revision"), value(&second[1].to, "revision"));
    assert_eq!(revisions, (json!(1), json!(2)));
    assert_eq!((value(&second[2].from, "goal_id"), value(&second[2].to, "goal_id")), (Value::Null, json!("g1")));
    let rules = (value(&second[3].from, "rules_hash"), value(&second[3].to, "rules_hash"));
    assert!(rules.0.is_string() && rules.1.is_string() && rules.0 != rules.1, "{rules:?}");
    assert!(second.iter().all(|row| row.app_version == brisk::model::SOFTWARE));
    assert!(store.verify(&mut |_, _| ()).unwrap().chains_hold());
}

#[tokio::test]
async fn a_decision_that_a_restart_came_after_is_still_the_cause() {
    let dir = tempfile::tempdir().unwrap();
    let store = Arc::new(Store::open(dir.path()).unwrap().0);
    play(&store, 0..3 * 1440).await;
    let now = after_days(3);
    let (days, person) = book(&store, Rules::brisk_1(), None);
    look(&days, &person, now);
    let goal: brisk::person::Decision = serde_json::from_value(goal()).unwrap();
    days.decide(&person, goal, "therapist", now).unwrap();
    drop((days, store));

    let store = Arc::new(Store::open(dir.path()).unwrap().0);
    let (days, person) = book(&store, Rules::brisk_1(), None);
    look(&days, &person, now);

    let trail = trail(&store, &AuditTerms::default());
    let last = trail.rows.last().unwrap();
    assert_eq!((last.what.as_str(), last.why.as_str(), last.actor.as_str()), ("day", "manual_fix", "therapist"));
    assert!(last.to.contains("goal_id"), "{}", last.to);
}

#[tokio::test]
async fn words_and_places_stay_at_home() {
    let dir = tempfile::tempdir().unwrap();
    let store = eventful(dir.path()).await;
    let settings = json!({
        "decision": "settings_changed", "participant": "p1", "label": "Ingrid",
        "zone": {"zone": "Asia/Tokyo", "from": "2026-06-02"},
    });
    store.append_decision(after_days(3), "browser 0123456789abcdef", &settings.to_string()).unwrap();

    let text = String::from_utf8(csv(&trail(&store, &AuditTerms::default()).rows)).unwrap();

    assert!(text.contains("(kept at home)") && text.contains("settings_changed") && text.contains("2026-06-02"));
    for kept in ["Ingrid", "lake", "Tokyo", "Oslo", "0123456789abcdef", &demo::COUNTER.to_string()] {
        assert!(!text.contains(kept), "{kept} left:\n{text}");
    }
}

#[tokio::test]
async fn in_a_blinded_study_no_row_tells_the_arm_and_the_chain_of_what_leaves_holds() {
    let dir = tempfile::tempdir().unwrap();
    let store = eventful(dir.path()).await;
    let others = [
        json!({"decision": "programme_chosen", "participant": "p1", "programme": "arm-b", "from": "2026-06-02"}),
        json!({"decision": "proposal_answered", "participant": "p1", "proposal": "2026-W23-more", "accepted": true, "date": "2026-06-02"}),
        json!({"decision": "choice_planned", "participant": "p1", "date": "2026-06-03", "situation": "a", "choice": "b"}),
        json!({"decision": "notice_shown", "participant": "p1", "notice": "notice-plan", "date": "2026-06-03"}),
        json!({"decision": "of_a_newer_version", "participant": "p1", "arm": 2}),
    ];
    for decision in &others {
        store.append_decision(after_days(3), "person", &decision.to_string()).unwrap();
    }
    let open = trail(&store, &AuditTerms::default());

    let blinded = trail(&store, &AuditTerms { keep_arm_back: true, ..AuditTerms::default() });

    // The goal, the five above, and the days that it alone changed.
    assert_eq!(blinded.rows.len() as u64 + blinded.kept_back, open.rows.len() as u64);
    assert!(blinded.kept_back >= 6, "{}", blinded.kept_back);
    let text = String::from_utf8(csv(&blinded.rows)).unwrap();
    for word in ["goal", "programme", "proposal", "choice", "arm", "notice", "g1", "flags"] {
        assert!(!text.contains(word), "{word} left:\n{text}");
    }
    assert!(blinded.rows.iter().enumerate().all(|(at, row)| row.seq as usize == at + 1 && row.row_hash == row.hash()));
    assert_eq!(
        checked(&csv(&blinded.rows)),
        (true, format!("p1: {} rows hold, the newest is {}", blinded.rows.len(), blinded.head_hash))
    );
}

#[tokio::test]
async fn dates_are_moved_with_those_of_the_days_and_nothing_from_before_joining_leaves() {
    let dir = tempfile::tempdir().unwrap();
    let store = eventful(dir.path()).await;
    let shifted = json!({"decision": "dates_shifted", "participant": "p1", "weeks": -17});
    store.append_decision(after_days(3), "system", &shifted.to_string()).unwrap();

    let moved = trail(&store, &AuditTerms { shift_days: -17 * 7, ..AuditTerms::default() });
    let joined = trail(&store, &AuditTerms { since: Some("2026-06-03".parse().unwrap()), ..AuditTerms::default() });

    let text = String::from_utf8(csv(&moved.rows)).unwrap();
    assert!(text.contains("2026-02-03") && !text.contains("2026-06-0") && !text.contains("-17"), "{text}");
    assert!(joined.rows.iter().all(|row| row.key.as_str() != "2026-06-02"));
    assert!(joined.before_enrolment > 0);
}

#[test]
fn what_was_decided_soon_after_midnight_belongs_to_the_day_that_has_begun_at_home() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap().0;
    // Half past midnight in Oslo: of the day before in UTC.
    let half_past = |days: i64| after_days(days) - TimeDelta::minutes(150);
    store.append_decision(half_past(0), "page", &goal().to_string()).unwrap();
    store.append_decision(half_past(1), "page", &goal().to_string()).unwrap();
    let calendar = Some(calendar());

    let joined =
        AuditTerms { since: Some(FIRST.parse().unwrap()), calendar: calendar.clone(), ..AuditTerms::default() };
    let left = AuditTerms { until: Until::Day(FIRST.parse().unwrap()), calendar, ..AuditTerms::default() };

    let (joined, left) = (trail(&store, &joined), trail(&store, &left));
    assert_eq!((joined.rows.len(), joined.before_enrolment), (2, 0));
    assert_eq!((left.rows.len(), left.after_leaving), (1, 1));
}

#[tokio::test]
async fn readings_that_had_already_arrived_are_not_blamed_on_who_decides_next() {
    let dir = tempfile::tempdir().unwrap();
    let store = Arc::new(Store::open(dir.path()).unwrap().0);
    let now = after_days(3);
    play(&store, 0..1440 + 600).await;
    let (days, person) = book(&store, Rules::brisk_1(), None);
    look(&days, &person, now);
    play(&store, 0..3 * 1440).await;
    let goal: brisk::person::Decision = serde_json::from_value(goal()).unwrap();

    let person = days.decide(&person, goal, "page", now).unwrap();
    look(&days, &person, now);

    let trail = trail(&store, &AuditTerms::default());
    let second = trail.rows.iter().filter(|row| row.key == "2026-06-02");
    let why: Vec<_> = second.map(|row| (row.why.as_str(), row.actor.as_str())).collect();
    assert_eq!(why, [("first", "system"), ("late_sync", "system"), ("manual_fix", "page")]);
}

#[tokio::test]
async fn a_decision_that_could_not_be_written_is_the_cause_of_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let store = Arc::new(Store::open(dir.path()).unwrap().0);
    let now = after_days(3);
    play(&store, 0..1440 + 600).await;
    let (days, person) = book(&store, Rules::brisk_1(), None);
    look(&days, &person, now);
    let goal: brisk::person::Decision = serde_json::from_value(goal()).unwrap();
    store.limit_journal_writes(Some(0));
    days.decide(&person, goal, "page", now).unwrap_err();
    store.limit_journal_writes(None);
    play(&store, 0..3 * 1440).await;

    look(&days, &person, now);

    let trail = trail(&store, &AuditTerms::default());
    let second = trail.rows.iter().filter(|row| row.key == "2026-06-02");
    let why: Vec<_> = second.map(|row| (row.why.as_str(), row.actor.as_str())).collect();
    assert_eq!(why, [("first", "system"), ("late_sync", "system")]);
}

/// The script of `docs/audit.md`, run on these bytes.
#[expect(clippy::disallowed_methods, reason = "files of a test, in a folder that goes with it")]
fn checked(csv: &[u8]) -> (bool, String) {
    let docs = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/audit.md")).unwrap();
    let script = docs.split("```python\n").nth(1).unwrap().split("```").next().unwrap();
    assert!(script.lines().count() <= 10, "ten lines were promised");
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("audit.csv"), csv).unwrap();
    fs::write(dir.path().join("check.py"), script).unwrap();
    let python = std::env::var_os("BRISK_TEST_PYTHON").unwrap_or_else(|| "python3".into());
    let ran = Command::new(&python).arg("check.py").arg("audit.csv").current_dir(dir.path()).output();
    let ran = ran.unwrap_or_else(|error| panic!("{} does not run ({error}): install Python 3", python.display()));
    let said = if ran.status.success() { ran.stdout } else { ran.stderr };
    (ran.status.success(), String::from_utf8(said).unwrap().trim().to_owned())
}

#[tokio::test]
async fn the_script_of_the_documentation_accepts_an_export_and_finds_one_changed_cell_wherever_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let store = eventful(dir.path()).await;
    let trail = trail(&store, &AuditTerms::default());

    let (holds, said) = checked(&csv(&trail.rows));
    assert!(holds && said.ends_with(&trail.head_hash), "{said}");

    let at = trail.rows.len() / 2;
    let changes: [fn(&mut brisk::export::audit::AuditRow); 5] = [
        |row| row.to = row.to.replacen('{', "{\"x\":1,", 1),
        |row| row.at_utc.replace_range(..4, "2025"),
        |row| row.why = "manual_fix ".to_owned(),
        |row| row.actor.push('x'),
        |row| row.prev_hash.replace_range(..1, if row.prev_hash.starts_with('0') { "1" } else { "0" }),
    ];
    for change in changes {
        let mut rows = trail.rows.clone();
        change(&mut rows[at]);
        assert_eq!(checked(&csv(&rows)), (false, format!("row {} of p1 is not what was written", at + 1)));
    }
    let mut without = trail.rows.clone();
    without.remove(at);
    assert!(!checked(&csv(&without)).0);
    let mut swapped = trail.rows.clone();
    swapped.swap(at, at + 1);
    assert!(!checked(&csv(&swapped)).0);
}

#[tokio::test]
async fn the_control_socket_gives_it_in_pages_and_browsers_do_not_get_it() {
    let dir = tempfile::tempdir().unwrap();
    let store = Arc::new(Store::open(dir.path()).unwrap().0);
    for number in 0..1003 {
        let diary = json!({"decision": "diary_undone", "participant": "p1", "id": format!("d{number}")});
        store.append_decision(after_days(1) + TimeDelta::seconds(number), "page", &diary.to_string()).unwrap();
    }
    let clock = Arc::new(SimClock::free(after_days(3)));
    let people = vec![demo::person(who(), calendar())];
    let house = House::of(house::app(store, people, Config::default(), clock));

    let first = house.told("audit").await.json();
    let rest = house.told(&format!("audit?after={}", first["next"])).await.json();

    assert_eq!(
        (first["count"].clone(), first["next"].clone(), rest["next"].clone()),
        (json!(1003), json!(1000), Value::Null)
    );
    let rows = [first["rows"].as_array().unwrap().clone(), rest["rows"].as_array().unwrap().clone()].concat();
    assert_eq!(rows.len(), 1003);
    assert_eq!(rows[1002]["row_hash"], first["head_hash"]);
    assert_eq!(house.look("/api/v1/audit").await.code, 404);
}

#[test]
fn the_exported_file_is_accepted_by_the_script_and_its_manifest_says_how_many_rows_and_the_newest_hash() {
    let home = Home::new();
    for args in [&["demo", "--once", "--days", "3"][..], &["diary", "add", "swim", "30"]] {
        assert_eq!(home.run(args).code, Some(0), "{args:?}");
    }
    let export = |args: &[&str]| home.run(&[&["export", "audit", "-o", "out"], args].concat());

    let looked = export(&["--dry-run"]);
    let there_before = home.path("out").exists();
    let ran = export(&[]);
    let in_lines = export(&["--format", "jsonl"]);

    assert_eq!((looked.code, ran.code, in_lines.code), (Some(0), Some(0), Some(0)), "{}{}", ran.err, in_lines.err);
    assert!(!there_before, "a dry run writes nothing");
    let bytes = fs::read(home.path("out/audit.csv")).unwrap();
    let manifest: Value = serde_json::from_slice(&fs::read(home.path("out/manifest.json")).unwrap()).unwrap();
    let chain = &manifest["tables"]["audit.csv"]["chains"][0];
    let (who, count) = (chain["participant_id"].as_str().unwrap(), chain["rows"].as_u64().unwrap());
    let head = chain["head_hash"].as_str().unwrap();
    assert_eq!(checked(&bytes), (true, format!("{who}: {count} rows hold, the newest is {head}")));
    assert!(count >= 4 && ran.err.contains(head) && looked.out.contains(head), "{}{}", ran.err, looked.out);
    let spoiled = String::from_utf8(bytes).unwrap().replacen("diary_noted", "diary_moved", 1);
    assert!(!checked(spoiled.as_bytes()).0);
    let lines = fs::read_to_string(home.path("out/audit.jsonl")).unwrap();
    let newest: Value = serde_json::from_str(lines.lines().last().unwrap()).unwrap();
    assert_eq!((lines.lines().count() as u64, newest["row_hash"].as_str()), (count, Some(head)));
}

#[test]
fn what_of_the_audit_trail_stays_at_home_is_said_and_stands_in_the_manifest() {
    let home = Home::new();
    assert_eq!(home.run(&["demo", "--once", "--days", "3"]).code, Some(0));
    let study = |enrolled: &str| {
        home.change_settings(|text| {
            let text = text.split("\n[study]").next().unwrap();
            format!(
                "{text}\n[study]\nid = \"ETMI01\"\nepoch = \"2020-01-01\"\nkeep_arm_back = true\n\
                 [[person]]\nid = \"me\"\n{enrolled}\n"
            )
        });
    };

    study("enrolled = \"2020-01-01\"");
    let blinded = home.run(&["export", "audit", "-o", "blinded"]);
    study("");
    let none = home.run(&["export", "audit", "-o", "none"]);

    assert_eq!(blinded.code, Some(0), "{}", blinded.err);
    let manifest: Value = serde_json::from_slice(&fs::read(home.path("blinded/manifest.json")).unwrap()).unwrap();
    let kept_back = manifest["tables"]["audit.csv"]["chains"][0]["kept_back"].as_u64().unwrap();
    assert!(kept_back > 0 && blinded.err.contains("would tell the arm"), "{}", blinded.err);
    assert_eq!((none.code, home.path("none").exists()), (Some(3), false), "{}", none.err);
    assert!(none.err.contains("rows: before the day of joining the study"), "{}", none.err);
}
