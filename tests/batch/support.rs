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

/// A row of steps; one without a value where none was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Record {
    pub who: u8,
    /// Seconds since 1970.
    pub at_s: i64,
    pub steps: Option<u32>,
}

pub fn name(who: u8) -> String {
    format!("p{who}")
}

fn cell(steps: Option<u32>) -> String {
    steps.map(|steps| steps.to_string()).unwrap_or_default()
}

/// Rows as CSV, stamps in UTC; with `offsets` some of them as other clocks show them.
pub fn long(records: &[Record], offsets: bool) -> Vec<u8> {
    let mut text = HEADER.to_owned();
    for (number, record) in records.iter().enumerate() {
        let at = DateTime::from_timestamp(record.at_s, 0).unwrap();
        let stamp = match number % 50 {
            0..5 if offsets => at.with_timezone(&chrono::FixedOffset::east_opt(-12_600).unwrap()).to_rfc3339(),
            5..9 if offsets => at.format("%-m/%-d/%Y %-I:%M:%S %p").to_string(),
            _ => at.format("%Y-%m-%d %H:%M:%S").to_string(),
        };
        text += &format!("{},{stamp},{}\n", name(record.who), cell(record.steps));
    }
    text.into_bytes()
}

/// Rows as CSV of an hour a line, in the order in which hours first come. No minute may be there twice.
pub fn wide(records: &[Record]) -> Vec<u8> {
    let mut hours: Vec<((u8, i64), Vec<String>)> = Vec::new();
    for record in records {
        let key = (record.who, record.at_s.div_euclid(3600));
        let at = hours.iter().position(|(hour, _)| *hour == key).unwrap_or_else(|| {
            hours.push((key, vec![String::new(); 60]));
            hours.len() - 1
        });
        hours[at].1[usize::try_from(record.at_s.rem_euclid(3600) / 60).unwrap()] = cell(record.steps);
    }
    let columns: Vec<_> = (0..60).map(|minute| format!("Steps{minute:02}")).collect();
    let mut text = format!("participant_id,timestamp,{}\r\n", columns.join(","));
    for ((who, hour), cells) in hours {
        let at = DateTime::from_timestamp(hour * 3600, 0).unwrap().format("%-m/%-d/%Y %-I:%M:%S %p");
        text += &format!("{},{at},{}\r\n", name(who), cells.join(","));
    }
    text.into_bytes()
}

/// Rows as Parquet, so many in a group; in groups of an odd number stamps are texts.
pub fn parquet(records: &[Record], rows_in_group: usize) -> Vec<u8> {
    let as_texts = rows_in_group % 2 == 1;
    let stamp = if as_texts { "byte_array timestamp (UTF8)" } else { "int64 timestamp (TIMESTAMP(MILLIS,true))" };
    let schema = format!(
        "message minutes {{
            required byte_array participant_id (UTF8);
            required {stamp};
            optional int32 steps;
        }}"
    );
    let schema = Arc::new(parse_message_type(&schema).unwrap());
    let text = |at_s| DateTime::from_timestamp(at_s, 0).unwrap().format("%Y-%m-%dT%H:%M:%SZ").to_string();
    let mut writer = SerializedFileWriter::new(Vec::new(), schema, Arc::new(WriterProperties::new())).unwrap();
    for rows in records.chunks(rows_in_group) {
        let mut group = writer.next_row_group().unwrap();
        let mut number = 0;
        while let Some(mut column) = group.next_column().unwrap() {
            number += 1;
            match column.untyped() {
                ColumnWriter::ByteArrayColumnWriter(to) if number == 2 => {
                    let stamps: Vec<_> = rows.iter().map(|row| ByteArray::from(text(row.at_s).as_str())).collect();
                    to.write_batch(&stamps, None, None).unwrap();
                }
                ColumnWriter::ByteArrayColumnWriter(to) => {
                    let names: Vec<_> = rows.iter().map(|row| ByteArray::from(name(row.who).as_str())).collect();
                    to.write_batch(&names, None, None).unwrap();
                }
                ColumnWriter::Int64ColumnWriter(to) => {
                    let stamps: Vec<_> = rows.iter().map(|row| row.at_s * 1000).collect();
                    to.write_batch(&stamps, None, None).unwrap();
                }
                ColumnWriter::Int32ColumnWriter(to) => {
                    let levels: Vec<_> = rows.iter().map(|row| i16::from(row.steps.is_some())).collect();
                    let steps: Vec<_> =
                        rows.iter().filter_map(|row| Some(i32::try_from(row.steps?).unwrap())).collect();
                    to.write_batch(&steps, Some(&levels), None).unwrap();
                }
                _ => panic!("no such column"),
            }
            column.close().unwrap();
        }
        group.close().unwrap();
    }
    writer.into_inner().unwrap()
}

#[derive(Clone, Copy, Debug)]
pub enum Packed {
    Plain,
    Gzip,
    Zstd,
}

pub fn pack(bytes: &[u8], how: Packed) -> Vec<u8> {
    match how {
        Packed::Plain => bytes.to_vec(),
        Packed::Gzip => {
            let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
            packed.write_all(bytes).unwrap();
            packed.finish().unwrap()
        }
        Packed::Zstd => zstd::encode_all(bytes, 1).unwrap(),
    }
}

/// What a day holds, counted anew.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    pub recorded: u32,
    pub steps: u32,
    pub brisk: u32,
    pub still: u32,
    pub twice: bool,
}

/// The days of minute rows, by person and date on the wall of a zone. Of two rows of a minute the first counts.
pub fn counted(records: &[Record], zone: Option<Tz>) -> BTreeMap<(String, NaiveDate), Counted> {
    let mut seen = BTreeSet::new();
    let mut days: BTreeMap<_, Counted> = BTreeMap::new();
    for record in records {
        let Some(steps) = record.steps else { continue };
        let at = DateTime::from_timestamp(record.at_s, 0).unwrap();
        let date = zone.map_or(at.date_naive(), |zone| at.with_timezone(&zone).date_naive());
        let day = days.entry((name(record.who), date)).or_default();
        if seen.insert((record.who, record.at_s)) {
            day.recorded += 1;
            day.steps += steps;
            day.brisk += u32::from(steps >= 100);
            day.still += u32::from(steps == 0);
        } else {
            day.twice = true;
        }
    }
    days
}

/// The days of a table that hold minutes, as [`counted`] gives them.
pub fn told(table: &[Row]) -> BTreeMap<(String, NaiveDate), Counted> {
    let with_minutes = table.iter().filter(|day| day["minutes_recorded"] != "0");
    let one = |day: &Row| {
        let number = |column: &str| day[column].parse().unwrap();
        let counted = Counted {
            recorded: number("minutes_recorded"),
            steps: number("total_steps"),
            brisk: number("brisk_min"),
            still: number("m_0"),
            twice: flags(day).contains("overlap"),
        };
        ((day["participant_id"].clone(), day["local_date"].parse().unwrap()), counted)
    };
    with_minutes.map(one).collect()
}

pub fn flags(day: &Row) -> BTreeSet<String> {
    day["flags"].split(';').filter(|flag| !flag.is_empty()).map(str::to_owned).collect()
}

/// A whole run: days, summary, and the list of what was set aside.
pub struct Ran {
    pub days: Vec<Row>,
    pub summary: BatchSummary,
    /// File name, line, reason, row.
    pub aside: Vec<[String; 4]>,
}

pub fn ran(options: &BatchOptions) -> Result<Ran, BatchError> {
    let mut done = Batch::run(options, &mut |_| {})?;
    let mut table = Vec::new();
    done.write(Table::Days, Packing::Plain, &[], &mut table)?;
    let summary = done.summary.clone();
    let mut aside = Vec::new();
    done.write_set_aside(&mut aside)?;
    let aside = csv::Reader::from_reader(aside.as_slice()).into_records().map(|row| {
        let row = row.unwrap();
        let name = Path::new(&row[0]).file_name().unwrap().to_string_lossy().into_owned();
        [name, row[1].to_owned(), row[2].to_owned(), row[3].to_owned()]
    });
    Ok(Ran { days: days(std::str::from_utf8(&table).unwrap()), summary, aside: aside.collect() })
}

/// Every row was taken, or it is known what became of it. Rows are minutes here, not hours.
pub fn adds_up(summary: &BatchSummary, taken: u64) -> bool {
    let left = summary.rows_without_value + summary.duplicates + summary.conflicts + summary.rejected.total();
    summary.rows == taken + left
}
