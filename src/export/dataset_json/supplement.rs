//! SUPPXA: what is known of a day besides its five counts.

use std::{
    borrow::Borrow,
    io::{BufWriter, Write},
};

use serde_json::{Value as Json, json};

use super::{
    DOMAIN, DatasetFile, TESTS, counters,
    layout::{Column, Dataset, Shape, text},
    sequence, subject, tests,
};
use crate::export::{
    StudyDay,
    study_file::{StudyFileError, Written},
    variables::{VARIABLES, Variable},
};

const NAME: &str = "SUPPXA";
const COLUMNS: [Column; 10] = [
    text("STUDYID", "Study Identifier", 32).key(1),
    text("RDOMAIN", "Related Domain Abbreviation", 2).key(2),
    text("USUBJID", "Unique Subject Identifier", 65).key(3),
    text("IDVAR", "Identifying Variable", 8).key(4),
    text("IDVARVAL", "Identifying Variable Value", 10).key(5),
    text("QNAM", "Qualifier Variable Name", 8).key(6),
    text("QLABEL", "Qualifier Variable Label", 40),
    text("QVAL", "Data Value", 4000),
    text("QORIG", "Origin", 20),
    text("QEVAL", "Evaluator", 40),
];

/// Qualifiers: every variable but the tests, the date and the moment of computing. The counters are one only where there
/// are several: a single one stands in `SPDEVID`.
pub fn qualifiers() -> impl Iterator<Item = &'static Variable> {
    VARIABLES.iter().filter(|variable| {
        let elsewhere = matches!(variable.name, "local_date" | "computed_at");
        !elsewhere && !TESTS.contains(&variable.short)
    })
}

/// Writes SUPPXA for the days of the XA that [`super::write_xa`] writes.
///
/// # Errors
/// As [`super::write_xa`].
pub fn write_suppxa<W: Write>(
    out: W,
    shape: Shape,
    file: &DatasetFile<'_>,
    days: impl IntoIterator<Item: Borrow<StudyDay>> + Clone,
) -> Result<Written, StudyFileError> {
    let (written, modified) = file.look_through(NAME, days.clone(), |day, written| {
        written.rows += u64::try_from(known(file, day).count()).unwrap_or(u64::MAX);
    })?;
    let dataset = Dataset { name: NAME, label: "Supplemental Qualifiers for XA", columns: &COLUMNS };
    let mut out = dataset.begin(BufWriter::new(out), shape, file, &written, modified)?;
    for day in days {
        let day = day.borrow();
        if file.takes(day) {
            for (variable, value) in known(file, day) {
                out.row(&row(day, variable, &value))?;
            }
        }
    }
    out.finish()?;
    Ok(written)
}

/// Qualifiers that the day has.
fn known(file: &DatasetFile<'_>, day: &StudyDay) -> impl Iterator<Item = (&'static Variable, String)> {
    let several = counters(day).count() > 1;
    let kept_back = file.terms.goals_kept_back;
    qualifiers()
        .filter(move |variable| !(kept_back && variable.of_goal))
        .filter(move |variable| several || variable.name != "device_id")
        .filter_map(|variable| Some((variable, value(day, variable)?)))
}

fn value(day: &StudyDay, variable: &Variable) -> Option<String> {
    match variable.name {
        // ISO 8601, as stamps have it.
        "tz_offset_min" => Some(day.start.offset().to_string()),
        _ => (variable.value)(day).map(|value| value.plain()),
    }
}

fn row(day: &StudyDay, variable: &Variable, value: &str) -> Vec<Json> {
    let steps = tests().find(|(_, test)| test.short == "STEPS").map_or(1, |(place, _)| place);
    // What the person or their therapist decided is collected; all else is computed.
    let of_the_goal = variable.of_goal && !matches!(variable.name, "goal_met" | "goal_permille");
    vec![
        json!(day.study_id.as_str()),
        json!(DOMAIN),
        json!(subject(day)),
        json!("XASEQ"),
        json!(sequence(day, steps).to_string()),
        json!(variable.short),
        json!(variable.label),
        json!(value),
        json!(if of_the_goal { "COLLECTED" } else { "DERIVED" }),
        Json::Null,
    ]
}
