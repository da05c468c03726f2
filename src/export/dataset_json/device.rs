//! DI: the counters of a study.

use std::{
    collections::BTreeSet,
    io::{BufWriter, Write},
};

use serde_json::json;

use super::{
    DatasetFile,
    layout::{Column, Dataset, Shape, integer, text},
};
use crate::export::study_file::{StudyFileError, Written};

const NAME: &str = "DI";
const COLUMNS: [Column; 7] = [
    text("STUDYID", "Study Identifier", 32).key(1),
    text("DOMAIN", "Domain Abbreviation", 2),
    text("SPDEVID", "Sponsor Device Identifier", 200).key(2),
    integer("DISEQ", "Sequence Number").key(3),
    text("DIPARMCD", "Device Identifier Element Short Name", 8),
    text("DIPARM", "Device Identifier Element Name", 40),
    text("DIVAL", "Device Identifier Element Value", 200),
];

/// A counter by the study's label: never its address or its serial number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counter {
    /// The label, as in [`crate::export::StudyDay::device_id`].
    pub label: String,
    /// Who made it.
    pub manufacturer: Option<String>,
    /// Which kind.
    pub model: Option<String>,
    /// Version of its firmware.
    pub firmware: Option<String>,
}

/// Writes DI: for every counter what it is, so that each `SPDEVID` of XA stands in it, and what else is known.
///
/// # Errors
/// When it cannot be written, or two counters have one label.
pub fn write_di<W: Write>(
    out: W,
    shape: Shape,
    file: &DatasetFile<'_>,
    counters: &[Counter],
) -> Result<Written, StudyFileError> {
    let mut labels = BTreeSet::new();
    if let Some(twice) = counters.iter().find(|counter| !labels.insert(&counter.label)) {
        let what = format!("two counters are called {:?}: give one of them another label", twice.label);
        return Err(StudyFileError::Names(vec![what]));
    }
    let mut sorted: Vec<_> = counters.iter().collect();
    sorted.sort_by(|a, b| a.label.cmp(&b.label));
    let known: Vec<_> =
        sorted.iter().flat_map(|counter| (1..).zip(parameters(counter)).map(|row| (*counter, row))).collect();
    let rows = u64::try_from(known.len()).unwrap_or(u64::MAX);
    let written = Written { file_oid: file.file_oid(NAME), rows, ..Written::default() };
    let dataset = Dataset { name: NAME, label: "Device Identifiers", columns: &COLUMNS };
    let mut out = dataset.begin(BufWriter::new(out), shape, file, &written, None)?;
    for (counter, (number, (code, name, value))) in known {
        out.row(&[
            json!(file.terms.study.as_str()),
            json!(NAME),
            json!(counter.label),
            json!(number),
            json!(code),
            json!(name),
            json!(value),
        ])?;
    }
    out.finish()?;
    Ok(written)
}

/// What is known of a counter: code, name, value.
fn parameters(counter: &Counter) -> impl Iterator<Item = (&'static str, &'static str, &str)> {
    [
        ("DEVTYPE", "Device Type", Some("STEP COUNTER")),
        ("MANUF", "Manufacturer", counter.manufacturer.as_deref()),
        ("MODEL", "Model", counter.model.as_deref()),
        ("FWVER", "Firmware Version", counter.firmware.as_deref()),
    ]
    .into_iter()
    .filter_map(|(code, name, value)| Some((code, name, value?)))
}
