//! `docs/codes.md` says what the code does: every variable, code and unit, with its place in each target.

use std::{collections::BTreeSet, fs, path::Path};

use brisk::export::{
    GoalVar, MissingReason,
    dataset_json::{TESTS, qualifiers},
    ieee1752::ACTIVITIES,
    odm::Oids,
    variables::{CodeList, Unit, VARIABLES, Variable},
};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn page() -> String {
    fs::read_to_string(root().join("docs/codes.md")).unwrap()
}

/// Rows of the first table below a heading, without its head; cells without back quotes.
fn table(heading: &str) -> Vec<Vec<String>> {
    let page = page();
    let below = page.split_once(&format!("\n## {heading}\n")).unwrap_or_else(|| panic!("no heading {heading}")).1;
    let lines = below.lines().skip_while(|line| !line.starts_with('|')).take_while(|line| line.starts_with('|'));
    let cells = |line: &str| {
        let line = line.trim_start_matches('|').trim_end().trim_end_matches('|');
        line.split('|').map(|cell| cell.trim().replace('`', "")).collect()
    };
    lines.skip(2).map(cells).collect()
}

fn in_dataset(variable: &Variable) -> String {
    let qualifier = qualifiers().any(|it| it.name == variable.name);
    match variable.name {
        "local_date" => "XADTC",
        "tz_offset_min" => "SUPPXA, as +01:00",
        "missing_reason" => "SUPPXA, and XAREASND",
        "device_id" => "SPDEVID; several in SUPPXA",
        _ if TESTS.contains(&variable.short) => "XA",
        _ if qualifier => "SUPPXA",
        _ => "",
    }
    .to_owned()
}

#[test]
fn every_variable_is_listed_with_its_place() {
    let listed = table("Variables");

    let unit = |variable: &Variable| match variable.unit {
        Some(Unit::OfGoal) => "steps or min",
        Some(unit) => unit.symbol().unwrap(),
        None => "",
    };
    let wanted: Vec<Vec<String>> = VARIABLES
        .iter()
        .map(|it| {
            let cells = [it.name, it.label, unit(it), it.item, it.short];
            cells.into_iter().map(str::to_owned).chain([in_dataset(it)]).collect()
        })
        .collect();
    let found: Vec<_> = listed.iter().map(|row| row[..6].to_vec()).collect();
    assert_eq!(found, wanted);
    assert!(listed.iter().all(|row| row.len() == 9));
}

#[test]
fn activities_of_ieee_1752_stand_beside_the_variables_they_hold() {
    let listed = table("Variables");
    let beside = |name: &str| listed.iter().find(|row| row[0] == name).unwrap()[8].clone();

    let [walking, brisk] = ACTIVITIES;
    assert_eq!(beside("steps"), format!("base_movement_quantity of \"{walking}\""));
    assert_eq!(beside("mod_min"), format!("duration_moderate_activity of \"{walking}\""));
    assert_eq!(beside("vig_min"), format!("duration_vigorous_activity of \"{walking}\""));
    assert_eq!(beside("brisk_min"), format!("duration of \"{brisk}\""));
}

#[test]
fn every_code_is_listed_with_its_meaning() {
    let three = |heading| -> Vec<Vec<String>> { table(heading).into_iter().map(|row| row[..3].to_vec()).collect() };
    let row = |code: u8, name: &str, label: &str| vec![code.to_string(), name.to_owned(), label.to_owned()];

    let goals: Vec<_> = GoalVar::ALL.iter().map(|it| row(it.code(), it.name(), it.label())).collect();
    assert_eq!(three("What a goal counts"), goals);
    let reasons: Vec<_> = MissingReason::ALL.iter().map(|it| row(it.code(), it.name(), it.label())).collect();
    assert_eq!(three("Why there are no numbers"), reasons);
    let others: Vec<_> = [CodeList::YesNo, CodeList::Status]
        .into_iter()
        .flat_map(|list| list.codes().into_iter().map(move |(code, label)| (list, code, label)))
        .map(|(list, code, label)| vec![list.name().to_owned(), code.to_string(), label.to_owned()])
        .collect();
    assert_eq!(table("Other codes"), others);
    for list in CodeList::ALL {
        assert!(page().contains(&format!("`CL.{}`", list.name())), "{list:?}");
    }
}

#[test]
fn every_unit_is_listed() {
    let symbols: Vec<_> = table("Units").into_iter().map(|row| row[1].clone()).collect();

    let known = [Unit::Steps, Unit::Minutes, Unit::Percent].map(|unit| unit.symbol().unwrap().to_owned());
    assert_eq!(symbols, known);
}

#[test]
fn oids_are_as_they_are_where_a_study_sets_no_others() {
    let page = page();
    let oids = Oids::default();

    for oid in [&oids.metadata_version, &oids.study_event, &oids.form, &oids.item_group, &oids.item_prefix] {
        assert!(page.contains(&format!("`{oid}`")), "{oid}");
    }
}

#[test]
fn tests_of_xa_are_named_in_their_order() {
    let named: Vec<_> = TESTS.iter().map(|test| format!("`{test}`")).collect();

    assert!(page().contains(&format!("their rows: {}.", named.join(", "))));
}

/// The source of a target.
fn source_of(target: &str) -> String {
    let export = root().join("src/export");
    let folder = fs::read_dir(export.join(target)).into_iter().flatten().map(|entry| entry.unwrap().path());
    let files = folder.chain([export.join(format!("{target}.rs"))]).filter(|path| path.is_file());
    let source: String = files.map(|path| fs::read_to_string(path).unwrap()).collect();
    assert!(!source.is_empty(), "src/export has no {target}");
    source
}

/// Texts between quotes that a predicate picks; what is between two such texts may be picked too.
fn quoted(source: &str, pick: impl Fn(&str) -> bool) -> BTreeSet<String> {
    let starts = source.match_indices('"').map(|(at, _)| &source[at + 1..]);
    let texts = starts.filter_map(|rest| rest.split_once('"')).map(|(text, _)| text);
    texts.filter(|text| pick(text)).map(str::to_owned).collect()
}

#[test]
fn fields_of_redcap_are_those_that_its_source_has() {
    let listed: BTreeSet<_> =
        table("Variables").into_iter().map(|row| row[6].clone()).filter(|name| name.starts_with("da_")).collect();
    let source = source_of("redcap");

    let name = |text: &str| text.starts_with("da_") && text.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    let mut known = quoted(&source, name);
    // The study's, not the day's.
    known.remove("da_epoch");

    assert_eq!(listed, known);
}

#[test]
fn local_codes_of_fhir_are_those_that_its_source_has() {
    let local = |text: &str| text.contains('-') && text.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
    let page = page();
    let rows = page.lines().filter(|line| line.starts_with('|'));
    let cells = rows.flat_map(|line| line.split('`').skip(1).step_by(2)).filter(|text| local(text));
    let listed: BTreeSet<String> = cells.map(str::to_owned).collect();
    let source = source_of("fhir");

    let table = source.split_once("pub const LOCAL_CODES").unwrap().1;
    let table = table.split_once("];").unwrap().0;

    assert_eq!(listed, quoted(table, local));
}
