//! Files on disk, a run over them, and an own way to count what should come out.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Write,
    path::{Path, PathBuf},
    sync::Arc,
};

use brisk::{
    batch::{self, Batch, BatchError, BatchOptions, BatchSummary, Packing},
    export::Table,
};
use chrono::{DateTime, NaiveDate};
use chrono_tz::Tz;
use flate2::{Compression, write::GzEncoder};
use parquet::{
    column::writer::ColumnWriter,
    data_type::ByteArray,
    file::{properties::WriterProperties, writer::SerializedFileWriter},
    schema::parser::parse_message_type,
};

pub const HEADER: &str = "participant_id,timestamp,steps\n";

pub fn file(dir: &tempfile::TempDir, name: &str, content: &[u8]) -> PathBuf {
    let path = dir.path().join(name);
    std::fs::File::create(&path).unwrap().write_all(content).unwrap();
    path
}

pub fn run(options: &BatchOptions) -> Result<(String, BatchSummary), BatchError> {
    let mut out = Vec::new();
    let summary = batch::run(options, &mut |_| {}, &mut out)?;
    Ok((String::from_utf8(out).unwrap(), summary))
}

/// One file with these bytes.
pub fn run_on(
    content: impl AsRef<[u8]>,
    change: impl FnOnce(&mut BatchOptions),
) -> Result<(String, BatchSummary), BatchError> {
    let dir = tempfile::tempdir().unwrap();
    let mut options = BatchOptions::of(vec![file(&dir, "minutes.csv", content.as_ref())]);
    change(&mut options);
    run(&options)
}

pub type Row = BTreeMap<String, String>;

pub fn days(csv: &str) -> Vec<Row> {
    csv::Reader::from_reader(csv.as_bytes()).deserialize().map(Result::unwrap).collect()
}

pub fn columns(csv: &str, names: &[&str]) -> Vec<Vec<String>> {
    days(csv).iter().map(|day| names.iter().map(|&name| day[name].clone()).collect()).collect()
}

pub fn stamp(minute: i64) -> String {
    chrono::DateTime::from_timestamp(minute * 60, 0).unwrap().format("%Y-%m-%d %H:%M:%S").to_string()
}

/// Minutes since 1970 of 2026-10-20T00:00Z.
pub const START: i64 = 1_792_454_400 / 60;

pub fn row(participant: &str, minute: i64, steps: u32) -> String {
    format!("{participant},{},{steps}\n", stamp(minute))
}

/// Everybody walks a little every hour of some days.
pub fn trial(participants: u32, days: i64) -> Vec<String> {
    let person = |number| {
        (0..days * 24).flat_map(move |hour| {
            (0..3).map(move |at| row(&format!("p{number:03}"), START + hour * 60 + at, 90 + 7 * number % 31))
        })
    };
    (0..participants).flat_map(person).collect()
}
