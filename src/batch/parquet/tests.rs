use std::{fs, sync::Arc};

use parquet::{
    basic::{Compression, Encoding, ZstdLevel},
    column::writer::ColumnWriter,
    data_type::{ByteArray, Int96},
    file::{
        properties::{WriterProperties, WriterVersion},
        writer::SerializedFileWriter,
    },
    schema::parser::parse_message_type,
};
use proptest::prelude::*;

use super::*;
use crate::batch::StampClock;

mod hostile;
mod written;

/// A column as a test has it; in a column that always has a value, none is missing.
#[derive(Clone, Debug)]
enum Cells {
    Text(Vec<Option<Vec<u8>>>),
    Int32(Vec<Option<i32>>),
    Int64(Vec<Option<i64>>),
    Int96(Vec<Option<Int96>>),
    Float(Vec<Option<f32>>),
    Double(Vec<Option<f64>>),
}

/// A column of the file: what stands behind its name's place in the schema, its cells, and how they are written.
#[derive(Clone, Debug)]
struct Written {
    kind: &'static str,
    meaning: &'static str,
    cells: Cells,
    /// None for a dictionary.
    encoding: Option<Encoding>,
}

#[derive(Clone, Debug)]
struct Style {
    optional: bool,
    second_version: bool,
    compression: Compression,
    rows_in_page: usize,
}

fn write(path: &Path, columns: [&Written; 3], style: &Style) {
    let names = ["participant_id", "timestamp", "steps"];
    let how = if style.optional { "optional" } else { "required" };
    let schema: Vec<_> = names
        .iter()
        .zip(columns)
        .map(|(name, column)| format!("{how} {} {name} {};", column.kind, column.meaning))
        .collect();
    let schema = parse_message_type(&format!("message minutes {{ {} }}", schema.join(" "))).unwrap();
    let version = if style.second_version { WriterVersion::PARQUET_2_0 } else { WriterVersion::PARQUET_1_0 };
    let mut properties = WriterProperties::builder()
        .set_writer_version(version)
        .set_compression(style.compression)
        .set_write_batch_size(style.rows_in_page)
        .set_data_page_row_count_limit(style.rows_in_page);
    for (name, column) in names.iter().zip(columns) {
        let name = parquet::schema::types::ColumnPath::from(*name);
        properties = match column.encoding {
            None => properties.set_column_dictionary_enabled(name, true),
            Some(encoding) => {
                properties.set_column_dictionary_enabled(name.clone(), false).set_column_encoding(name, encoding)
            }
        };
    }
    let file = fs::File::create(path).unwrap();
    let mut writer = SerializedFileWriter::new(file, Arc::new(schema), Arc::new(properties.build())).unwrap();
    let mut group = writer.next_row_group().unwrap();
    for column in columns {
        let mut to = group.next_column().unwrap().unwrap();
        macro_rules! put {
            ($writer:expr, $cells:expr, $value:expr) => {{
                let levels: Vec<i16> = $cells.iter().map(|cell| i16::from(cell.is_some())).collect();
                let values: Vec<_> = $cells.iter().flatten().map($value).collect();
                $writer.write_batch(&values, style.optional.then_some(&levels), None).unwrap();
            }};
        }
        match (to.untyped(), &column.cells) {
            (ColumnWriter::ByteArrayColumnWriter(to), Cells::Text(cells)) => {
                put!(to, cells, |cell| ByteArray::from(cell.clone()));
            }
            (ColumnWriter::Int32ColumnWriter(to), Cells::Int32(cells)) => put!(to, cells, |cell| *cell),
            (ColumnWriter::Int64ColumnWriter(to), Cells::Int64(cells)) => put!(to, cells, |cell| *cell),
            (ColumnWriter::Int96ColumnWriter(to), Cells::Int96(cells)) => put!(to, cells, |cell| *cell),
            (ColumnWriter::FloatColumnWriter(to), Cells::Float(cells)) => put!(to, cells, |cell| *cell),
            (ColumnWriter::DoubleColumnWriter(to), Cells::Double(cells)) => put!(to, cells, |cell| *cell),
            _ => panic!("a column of another kind than its cells"),
        }
        to.close().unwrap();
    }
    group.close().unwrap();
    writer.close().unwrap();
}

/// What a row says.
type Row = (Result<String, Reason>, Result<i64, Reason>, Result<Option<u32>, Reason>);

/// The rows that runs stand for.
fn rows(runs: &GroupRuns) -> Vec<Row> {
    let people = runs.people.iter().flat_map(|run| {
        let id = run.id.map(|id| runs.ids[usize::try_from(id).unwrap()].to_string());
        (0..run.rows).map(move |_| id.clone())
    });
    let stamps = runs.stamps.iter().flat_map(|run| match *run {
        StampRun::Even { first_s, step_s, rows } => {
            (0..rows).map(|row| Ok(first_s + step_s * i64::from(row))).collect::<Vec<_>>()
        }
        StampRun::Unreadable { reason, rows } => vec![Err(reason); usize::try_from(rows).unwrap()],
    });
    let mut steps = vec![Ok(Some(0)); usize::try_from(runs.rows).unwrap()];
    let mut set = |row: u32, value| steps[usize::try_from(row).unwrap()] = value;
    runs.nonzero.iter().for_each(|&(row, steps)| set(row, Ok(Some(steps))));
    runs.null.iter().cloned().flatten().for_each(|row| set(row, Ok(None)));
    runs.bad.iter().for_each(|&(row, reason)| set(row, Err(reason)));
    let (people, stamps): (Vec<_>, Vec<_>) = (people.collect(), stamps.collect());
    assert_eq!((people.len(), stamps.len()), (steps.len(), steps.len()));
    people.into_iter().zip(stamps).zip(steps).map(|((id, at), steps)| (id, at, steps)).collect()
}

/// Stamps as the longest even runs, taken from the front.
fn even_runs(stamps: &[Result<i64, Reason>]) -> Vec<StampRun> {
    let mut runs: Vec<StampRun> = Vec::new();
    for &stamp in stamps {
        match (runs.last_mut(), stamp) {
            (Some(StampRun::Even { first_s, step_s, rows: rows @ 1 }), Ok(at)) => (*step_s, *rows) = (at - *first_s, 2),
            (Some(StampRun::Even { first_s, step_s, rows }), Ok(at)) if *first_s + *step_s * i64::from(*rows) == at => {
                *rows += 1;
            }
            (Some(StampRun::Unreadable { reason, rows }), Err(now)) if *reason == now => *rows += 1,
            (_, Ok(at)) => runs.push(StampRun::Even { first_s: at, step_s: 0, rows: 1 }),
            (_, Err(reason)) => runs.push(StampRun::Unreadable { reason, rows: 1 }),
        }
    }
    runs
}

fn asked(columns: ColumnMap) -> BatchOptions {
    BatchOptions { columns, stamps: StampClock::Utc, ..BatchOptions::of(Vec::new()) }
}

fn open(path: &Path) -> Result<ParquetFile, ParquetError> {
    ParquetFile::open(path, path, None, &asked(ColumnMap::default()))
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/parquet").join(name)
}

/// `BRISK_PARQUET=a.parquet:b.parquet cargo test --release … -- --ignored --nocapture nanoseconds`
#[test]
#[ignore = "measures; needs a file"]
#[expect(clippy::disallowed_methods, reason = "a measurement, run by hand")]
fn nanoseconds_a_row() {
    let Ok(paths) = std::env::var("BRISK_PARQUET") else { return };
    for path in paths.split(':') {
        let file = open(Path::new(path)).unwrap();
        for _ in 0..3 {
            let begun = std::time::Instant::now();
            let (mut rows, mut steps, mut runs, mut people) = (0_u64, 0_u64, 0, 0);
            for group in 0..file.row_groups() {
                let read = file.read_group(group).unwrap();
                rows += u64::from(read.rows);
                steps += read.nonzero.iter().map(|&(_, steps)| u64::from(steps)).sum::<u64>();
                runs += read.stamps.len();
                people += read.people.len();
            }
            let each = begun.elapsed().as_secs_f64() * 1e9 / f64::from(u32::try_from(rows).unwrap());
            println!("{path}: {rows} rows, {steps} steps, {runs} stamp runs, {people} person runs: {each:.2} ns a row");
        }
    }
}
