//! Files of study days for trials, ODM-XML, Dataset-JSON and IEEE 1752.1: read by foreign validators, which refuse
//! broken ones, and the same value in each.
#![expect(clippy::disallowed_methods, reason = "tests write files that nobody else reads")]

mod cdisc {
    pub mod broken;
    pub mod days;
    pub mod files;
}

use brisk::export::{
    StudyDay, StudyFileError, Terms,
    dataset_json::{self, Counter, Shape},
    ieee1752, odm,
    target::Withdrawal,
};

use cdisc::{
    broken::BROKEN,
    days::{any_days, date, days, enrolled, id, terms},
    files::{Folder, created, validate},
};

#[test]
fn every_file_is_accepted_by_foreign_validators_and_holds_the_same_values() {
    let folder = Folder::new("good");

    let verdicts = validate(&[&folder]);

    let bad: Vec<_> = verdicts.iter().filter(|verdict| verdict.problem != "ok").collect();
    assert!(bad.is_empty(), "{bad:#?}");
    for file in ["odm.xml", "left.xml", "xa.ndjson", "xa.json", "suppxa.ndjson", "di.ndjson", "points.jsonl"] {
        assert!(verdicts.iter().any(|verdict| verdict.file == file), "{file} was not read");
    }
}

#[test]
fn days_of_any_kind_are_accepted_and_come_back_as_they_were() {
    let seed = std::env::var("BRISK_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(20_261_122);
    println!("seed {seed}");
    let folder = Folder::of("any", &any_days(seed));

    let bad: Vec<_> = validate(&[&folder]).into_iter().filter(|verdict| verdict.problem != "ok").collect();

    assert!(bad.is_empty(), "{bad:#?}");
}

#[test]
fn broken_files_are_refused_each_for_its_own_fault() {
    let folders: Vec<_> = BROKEN.iter().map(|fault| (fault, Folder::broken(fault))).collect();

    let all: Vec<_> = folders.iter().map(|(_, folder)| folder).collect();
    let verdicts = validate(&all);

    let mut unsaid = Vec::new();
    for (fault, _) in &folders {
        let of_it: Vec<_> = verdicts.iter().filter(|it| it.folder == fault.name && it.problem != "ok").collect();
        if !of_it.iter().any(|it| it.file == fault.file && it.problem.contains(fault.said)) {
            unsaid.push(format!("{}: {:?} was not said of {}, but {of_it:?}", fault.name, fault.said, fault.file));
        }
    }
    assert!(unsaid.is_empty(), "{}", unsaid.join("\n"));
}

#[test]
fn the_same_days_give_the_same_bytes() {
    let (one, two) = (Folder::new("one"), Folder::new("two"));

    assert_eq!(one.files(), two.files());
}

#[test]
fn only_the_stamp_of_the_export_differs_on_another_day() {
    let (one, two) = (Folder::new("one"), Folder::at("two", "2026-12-24T00:00:00Z".parse().unwrap()));

    for ((name, first), (_, second)) in one.files().into_iter().zip(two.files()) {
        assert_eq!(first.replace("2026-11-22T03:15:00Z", "2026-12-24T00:00:00Z"), second, "{name}");
    }
}

/// After a change that is meant, `BRISK_WRITE_GOLDEN=1` writes them anew.
#[test]
fn golden_files_stay_as_they_are() {
    let folder = Folder::of("golden", &days()[..2]);
    let golden = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/cdisc");

    for (name, text) in folder.files().into_iter().filter(|(name, _)| name != "days.jsonl") {
        let path = golden.join(&name);
        if std::env::var_os("BRISK_WRITE_GOLDEN").is_some() {
            std::fs::write(&path, &text).unwrap();
        }
        let version = brisk::model::SOFTWARE.trim_start_matches("brisk ");
        let wanted = std::fs::read_to_string(&path).unwrap().replace("\"0.1.0\"", &format!("\"{version}\""));
        assert_eq!(text, wanted, "{name} is not as tests/fixtures/cdisc has it");
    }
}

#[test]
fn a_value_that_is_not_known_is_null_and_never_zero() {
    let unknown: Vec<StudyDay> = days().into_iter().filter(|day| day.steps.is_none()).take(1).collect();
    let folder = Folder::of("unknown", &unknown);

    assert_eq!(unknown.len(), 1);
    assert!(folder.text("odm.xml").contains(r#"<ItemData ItemOID="I.DA_STEPS" IsNull="Yes"/>"#));
    let xa = folder.text("xa.ndjson");
    let rows: Vec<_> = xa.lines().skip(1).collect();
    assert_eq!(rows.len(), 5);
    assert!(
        rows.iter()
            .all(|row| row.contains(r#"null,null,null,null,null,"NOT DONE","Nothing arrived from the counter""#)),
        "{xa}"
    );
    assert_eq!(folder.text("points.jsonl"), "");
}

#[test]
fn where_goals_are_kept_back_no_file_has_a_word_about_them() {
    let kept_back = Terms { goals_kept_back: true, ..terms() };
    let without = |day: StudyDay| StudyDay {
        goal_var: None,
        goal_id: None,
        goal_is_weekly: false,
        goal_target: None,
        goal_met: None,
        goal_permille: None,
        ..day
    };
    let without: Vec<_> = days().into_iter().map(without).collect();

    // Also when the days themselves still have theirs.
    for days in [&days(), &without] {
        let folder = Folder::with("kept-back", days, &kept_back, created());
        for (name, text) in folder.files().into_iter().filter(|(name, _)| name != "days.jsonl") {
            assert!(!text.to_lowercase().contains("goal"), "{name}");
        }
    }
    let folder = Folder::with("kept-back", &without, &kept_back, created());
    let bad: Vec<_> = validate(&[&folder]).into_iter().filter(|verdict| verdict.problem != "ok").collect();
    assert!(bad.is_empty(), "{bad:#?}");
}

#[test]
fn a_corrected_day_has_the_same_place_and_new_points() {
    let first = days()[0].clone();
    let again = StudyDay { revision: first.revision + 1, steps: Some(1), ..first.clone() };
    let (before, after) = (Folder::of("before", &[first]), Folder::of("after", &[again]));

    let key = |text: &str| text.lines().find(|line| line.contains("StudyEventRepeatKey")).unwrap().to_owned();
    assert_eq!(key(&before.text("odm.xml")), key(&after.text("odm.xml")));
    assert!(after.text("odm.xml").contains("<ReasonForChange>Revision"));
    let ids = |text: &str| -> Vec<String> {
        let uuid = |line: &str| line.split("\"uuid\":\"").nth(1).unwrap()[..36].to_owned();
        text.lines().map(uuid).collect()
    };
    let (old, new) = (ids(&before.text("points.jsonl")), ids(&after.text("points.jsonl")));
    assert!(!old.is_empty() && old.iter().all(|id| !new.contains(id)));
}

#[test]
fn the_number_of_a_row_is_the_same_in_a_file_of_part_of_the_days() {
    let all = days();
    let (whole, part) = (Folder::of("whole", &all), Folder::of("part", &all[2..4]));

    let whole = whole.text("xa.ndjson");
    for row in part.text("xa.ndjson").lines().skip(1) {
        assert!(whole.lines().any(|line| line == row), "{row}");
    }
}

#[test]
fn a_day_twice_or_of_another_study_makes_no_file() {
    let all = days();
    let twice = [all[0].clone(), all[0].clone()];
    let back = [all[0].clone(), all.last().unwrap().clone(), all[1].clone()];
    let other = [StudyDay { study_id: id("OTHER"), ..all[0].clone() }];

    for (days, study) in [(&twice[..], false), (&back[..], false), (&other[..], true)] {
        for error in refusals(days) {
            let fits = match error {
                StudyFileError::OtherStudy(_) => study,
                StudyFileError::OutOfOrder(_) => !study,
                StudyFileError::Write(_) | StudyFileError::Names(_) => false,
            };
            assert!(fits, "{error}");
            assert!(error.to_string().contains("so no file was made: export"), "{error}");
        }
    }
}

/// What each of the writers says of days that it does not take.
fn refusals(days: &[StudyDay]) -> [StudyFileError; 4] {
    let (terms, home, enrolled, oids) = (terms(), id("HOME-7"), enrolled(), odm::Oids::default());
    let file = odm::OdmFile { terms: &terms, home: &home, created: created(), prior: None, oids: &oids };
    let dataset = dataset_json::DatasetFile {
        terms: &terms,
        home: &home,
        created: created(),
        enrolled: &enrolled,
        epoch: None,
        final_only: false,
    };
    let points = ieee1752::PointsFile { study: &terms.study, iri_base: ieee1752::IRI_BASE };
    [
        odm::write(Vec::new(), &file, days).unwrap_err(),
        dataset_json::write_xa(Vec::new(), Shape::NdJson, &dataset, days).unwrap_err(),
        dataset_json::write_suppxa(Vec::new(), Shape::Json, &dataset, days).unwrap_err(),
        ieee1752::write(Vec::new(), &points, days).unwrap_err(),
    ]
}

#[test]
fn a_full_disk_is_told_and_not_taken_for_a_file() {
    struct Full;
    impl std::io::Write for Full {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let (terms, home, oids) = (terms(), id("HOME-7"), odm::Oids::default());
    let file = odm::OdmFile { terms: &terms, home: &home, created: created(), prior: None, oids: &oids };

    let refused = odm::write(Full, &file, days()).unwrap_err();

    assert!(matches!(refused, StudyFileError::Write(_)));
    assert!(refused.to_string().contains("not whole"));
}

#[test]
fn what_was_written_and_left_out_is_counted() {
    let all = days();
    let (terms, home, mut enrolled) = (terms(), id("HOME-7"), enrolled());
    enrolled.remove(&id("P-0009"));
    let dataset = |final_only| dataset_json::DatasetFile {
        terms: &terms,
        home: &home,
        created: created(),
        enrolled: &enrolled,
        epoch: Some("TREATMENT"),
        final_only,
    };

    let whole = dataset_json::write_xa(Vec::new(), Shape::NdJson, &dataset(false), &all).unwrap();
    let done = dataset_json::write_xa(Vec::new(), Shape::NdJson, &dataset(true), &all).unwrap();

    let count = |which: &dyn Fn(&StudyDay) -> bool| u64::try_from(all.iter().filter(|day| which(day)).count()).unwrap();
    assert_eq!((whole.participants, whole.days, whole.rows), (3, 11, 55));
    assert_eq!(whole.span, Some((date("2026-03-14"), date("2026-11-08"))));
    assert_eq!(whole.left_out.values().sum::<u64>(), 0);
    assert_eq!(done.left_out.values().sum::<u64>(), count(&|day| !day.is_final));
    assert_eq!(done.days, count(&|day| day.is_final));
    let without = whole.lacking.iter().find(|(what, _)| what.contains("enrolment")).unwrap();
    assert_eq!(*without.1, count(&|day| day.participant_id != id("P-0007")));
}

#[test]
fn a_trial_database_is_met_by_its_own_names() {
    let (terms, home) = (terms(), id("HOME-7"));
    let mut oids = odm::Oids {
        study: Some("S_ETMI".to_owned()),
        item_prefix: "I_DAILY_".to_owned(),
        subject_prefix: "SS_".to_owned(),
        ..odm::Oids::default()
    };
    oids.items.insert("DA_STEPS".to_owned(), "I_DAILY_STEPS_7781".to_owned());
    let file = odm::OdmFile { terms: &terms, home: &home, created: created(), prior: Some("before"), oids: &oids };
    let mut out = Vec::new();

    odm::write(&mut out, &file, days()).unwrap();

    let text = String::from_utf8(out).unwrap();
    for part in [r#"StudyOID="S_ETMI""#, r#"ItemOID="I_DAILY_STEPS_7781""#, r#"ItemOID="I_DAILY_DA_DATE""#] {
        assert!(text.contains(part), "{part}");
    }
    assert!(text.contains(r#"SubjectKey="SS_P-0007""#) && text.contains(r#"PriorFileOID="before""#));
    assert!(!text.contains("I.DA_"));
}

#[test]
fn names_that_are_not_in_order_make_no_file() {
    let (terms, home) = (terms(), id("HOME-7"));
    let oids = odm::Oids { form: String::new(), ..odm::Oids::default() };
    let file = odm::OdmFile { terms: &terms, home: &home, created: created(), prior: None, oids: &oids };
    let mut out = Vec::new();

    let refused = odm::write(&mut out, &file, days()).unwrap_err();

    assert!(matches!(refused, StudyFileError::Names(_)), "{refused}");
    assert!(refused.to_string().contains("form has no OID"), "{refused}");
    assert!(out.is_empty());
}

#[test]
fn who_left_is_marked_and_taken_out_only_where_that_is_ordered() {
    let (terms, home, oids) = (terms(), id("HOME-7"), odm::Oids::default());
    let file = odm::OdmFile { terms: &terms, home: &home, created: created(), prior: None, oids: &oids };
    let stays = Withdrawal {
        study: id("ETMI01"),
        participant: id("P-0007"),
        date: date("2026-11-03"),
        study_day: 3,
        tz_offset_min: 60,
        sent: vec![date("2026-11-01"), date("2026-11-02")],
        epoch: date("2026-11-01"),
        take_out: false,
    };
    let goes = Withdrawal { take_out: true, ..stays.clone() };
    let text = |withdrawal: &Withdrawal| {
        let mut out = Vec::new();
        let written = odm::write_withdrawals(&mut out, &file, std::slice::from_ref(withdrawal)).unwrap();
        (String::from_utf8(out).unwrap(), written.rows)
    };

    let ((stays, one), (goes, three)) = (text(&stays), text(&goes));

    assert_eq!((one, three), (1, 3));
    assert!(!stays.contains("Remove") && stays.contains(r#"<ItemData ItemOID="I.DA_MISSING" Value="4"/>"#));
    assert_eq!(goes.matches(r#"TransactionType="Remove""#).count(), 2);
    assert!(goes.contains(r#"<ItemData ItemOID="I.DA_MISSING" Value="4"/>"#));
}

#[test]
fn addresses_that_lead_nowhere_make_no_file() {
    let study = id("ETMI01");
    for iri_base in ["", "study.example.org", "https://study example.org/"] {
        let points = ieee1752::PointsFile { study: &study, iri_base };
        let refused = ieee1752::write(Vec::new(), &points, days()).unwrap_err();

        assert!(matches!(refused, StudyFileError::Names(_)), "{refused}");
    }
}

#[test]
fn two_counters_of_one_name_make_no_file() {
    let (terms, home, enrolled) = (terms(), id("HOME-7"), enrolled());
    let file = dataset_json::DatasetFile {
        terms: &terms,
        home: &home,
        created: created(),
        enrolled: &enrolled,
        epoch: None,
        final_only: false,
    };
    let counter = Counter { label: "SC-1".to_owned(), manufacturer: None, model: None, firmware: None };

    let refused = dataset_json::write_di(Vec::new(), Shape::NdJson, &file, &[counter.clone(), counter]).unwrap_err();

    assert!(refused.to_string().contains("two counters are called"), "{refused}");
}

#[test]
fn a_text_that_xml_cannot_hold_does_not_break_the_file() {
    let mut day = days()[0].clone();
    day.device_id = Some("A<\"&\u{1}\n'>".to_owned());
    let folder = Folder::of("odd-text", &[day]);

    assert!(folder.text("odm.xml").contains("A&lt;&quot;&amp;\u{fffd}\u{fffd}&apos;&gt;"));
}

#[test]
fn no_file_says_where_somebody_is_or_which_address_a_counter_has() {
    let folder = Folder::new("quiet");

    for (name, text) in folder.files() {
        for word in ["Europe", "Oslo"] {
            assert!(!text.contains(word), "{name} says {word}");
        }
    }
}

#[test]
fn an_empty_file_is_a_valid_one() {
    let folder = Folder::of("empty", &[]);

    let bad: Vec<_> = validate(&[&folder]).into_iter().filter(|verdict| verdict.problem != "ok").collect();

    assert!(bad.is_empty(), "{bad:#?}");
}
