//! Tables as Apache Parquet: a fixed schema from the codebook, written column by column without Arrow.
//!
//! | codebook | Parquet |
//! |---|---|
//! | `string` | `BYTE_ARRAY`, UTF-8 |
//! | `integer` | `INT32`; `INT64` for steps and for goals, which may be steps |
//! | `number` | `DOUBLE` |
//! | `boolean` | `BOOLEAN` |
//! | `date` | `INT32`, `DATE` |
//! | `datetime` | `INT64`, `TIMESTAMP(MILLIS, UTC)`, whole seconds |
//!
//! The key columns are required, all others optional, and null is unknown or not applicable. `flags` is a list:
//! none of them is the empty text, not null. Texts stand as they are, without CSV's guard against formulas.

use std::{
    collections::{BTreeSet, HashMap},
    io::{self, Write},
    sync::Arc,
};

use chrono::NaiveDate;
use parquet::{
    basic::{Compression, LogicalType, Repetition, TimeUnit, Type as Physical},
    data_type::{BoolType, ByteArray, ByteArrayType, DoubleType, Int32Type, Int64Type},
    errors::ParquetError,
    file::{
        metadata::KeyValue,
        properties::WriterProperties,
        writer::{SerializedColumnWriter, SerializedFileWriter},
    },
    schema::types::{Type, TypePtr},
};

use super::{
    audit::AUDIT_COLUMNS,
    codebook::{self, Arm, Entry, Kind},
    columns::{
        Cell, Column, DAY_COLUMNS, DIARY_COLUMNS, GOAL_COLUMNS, MINUTE_COLUMNS, PERSON_COLUMNS, RAW_COLUMNS,
        WEEK_COLUMNS,
    },
    table::{Row, Table},
};
use crate::model::SOFTWARE;

/// Rows of one group; they are held in memory, about 400 bytes each.
const GROUP_ROWS: usize = 16_384;

/// Values handed to the column writer at once.
const BATCH: usize = 1024;

/// A Parquet file under way.
pub(super) struct ParquetTable<W: Write> {
    out: W,
    writer: SerializedFileWriter<Vec<u8>>,
    columns: Vec<Values>,
    arm: Arm,
    rows: usize,
    given: BTreeSet<String>,
    rules: BTreeSet<(String, String)>,
}

impl<W: Write> ParquetTable<W> {
    pub fn new(table: Table, arm: Arm, out: W, metadata: &[(String, String)]) -> io::Result<Self> {
        let entries = codebook::shown(table, arm);
        let schema = schema(table, &entries).map_err(in_io)?;
        let properties = WriterProperties::builder()
            .set_created_by(SOFTWARE.to_owned())
            .set_compression(Compression::SNAPPY)
            .build();
        let mut writer = SerializedFileWriter::new(Vec::new(), schema, Arc::new(properties)).map_err(in_io)?;
        let given: BTreeSet<String> = metadata.iter().map(|(key, _)| key.clone()).collect();
        for (key, value) in metadata {
            writer.append_key_value_metadata(KeyValue::new(key.clone(), value.clone()));
        }
        let codebook = serde_json::to_string(&entries).map_err(io::Error::other)?;
        for (key, value) in [("table", table.name()), ("software", SOFTWARE), ("codebook", &codebook)] {
            if !given.contains(key) {
                writer.append_key_value_metadata(KeyValue::new(key.to_owned(), value.to_owned()));
            }
        }
        let columns = entries.iter().map(|entry| Values::of(entry, table)).collect();
        Ok(Self { out, writer, columns, arm, rows: 0, given, rules: BTreeSet::new() })
    }

    pub fn row(&mut self, row: Row<'_>) -> io::Result<()> {
        let rules = match row {
            Row::Day(day) => {
                self.cells(&DAY_COLUMNS, day)?;
                Some((&day.rules, &day.rules_hash))
            }
            Row::Week(week) => {
                self.cells(&WEEK_COLUMNS, week)?;
                Some((&week.rules, &week.rules_hash))
            }
            Row::Person(person) => {
                self.cells(&PERSON_COLUMNS, person)?;
                Some((&person.rules, &person.rules_hash))
            }
            Row::Minute(minute) => self.cells(&MINUTE_COLUMNS, minute).map(|()| None)?,
            Row::Raw(reading) => self.cells(&RAW_COLUMNS, reading).map(|()| None)?,
            Row::Goal(goal) => self.cells(&GOAL_COLUMNS, goal).map(|()| None)?,
            Row::Diary(entry) => self.cells(&DIARY_COLUMNS, entry).map(|()| None)?,
            Row::Audit(row) => self.cells(AUDIT_COLUMNS, row).map(|()| None)?,
        };
        if let Some((rules, hash)) = rules
            && !self.rules.iter().any(|known| known.0 == *rules && known.1 == *hash)
        {
            self.rules.insert((rules.clone(), hash.clone()));
        }
        self.rows += 1;
        if self.rows == GROUP_ROWS {
            self.group()?;
        }
        Ok(())
    }

    fn cells<R>(&mut self, columns: &[Column<R>], row: &R) -> io::Result<()> {
        let arm = self.arm;
        let shown = columns.iter().filter(|(name, _)| arm.shows(name));
        for ((name, cell), values) in shown.zip(&mut self.columns) {
            values.push(name, cell(row))?;
        }
        Ok(())
    }

    /// Writes the rows at hand as a group.
    fn group(&mut self) -> io::Result<()> {
        if self.rows > 0 {
            let mut group = self.writer.next_row_group().map_err(in_io)?;
            for values in &mut self.columns {
                let column = group.next_column().map_err(in_io)?;
                let mut column = column.ok_or_else(|| io::Error::other("the schema has too few columns"))?;
                values.write(&mut column).map_err(in_io)?;
                column.close().map_err(in_io)?;
            }
            group.close().map_err(in_io)?;
            self.rows = 0;
        }
        self.hand_on()
    }

    /// The file's writer counts its own bytes, so its buffer can be emptied between groups.
    fn hand_on(&mut self) -> io::Result<()> {
        self.writer.flush()?;
        let done = std::mem::take(self.writer.inner_mut());
        self.out.write_all(&done)
    }

    pub fn finish(mut self) -> io::Result<W> {
        self.group()?;
        let joined = |part: fn(&(String, String)) -> &str| {
            let distinct: BTreeSet<&str> = self.rules.iter().map(part).collect();
            distinct.into_iter().collect::<Vec<_>>().join(";")
        };
        for (key, value) in [("rules", joined(|rules| &rules.0)), ("rules_hash", joined(|rules| &rules.1))] {
            if !self.given.contains(key) && !value.is_empty() {
                self.writer.append_key_value_metadata(KeyValue::new(key.to_owned(), value));
            }
        }
        self.writer.finish().map_err(in_io)?;
        self.hand_on()?;
        Ok(self.out)
    }
}

fn in_io(error: ParquetError) -> io::Error {
    match error {
        ParquetError::External(inner) => io::Error::other(inner),
        other => io::Error::other(other),
    }
}

fn schema(table: Table, entries: &[Entry]) -> Result<TypePtr, ParquetError> {
    let field = |entry: &Entry| {
        let (physical, logical) = match entry.kind {
            Kind::String => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
            Kind::Integer if is_wide(entry) => (Physical::INT64, None),
            Kind::Integer => (Physical::INT32, None),
            Kind::Number => (Physical::DOUBLE, None),
            Kind::Boolean => (Physical::BOOLEAN, None),
            Kind::Date => (Physical::INT32, Some(LogicalType::Date)),
            Kind::Datetime => (Physical::INT64, Some(LogicalType::timestamp(true, TimeUnit::MILLIS))),
        };
        let repetition = if is_key(entry, table) { Repetition::REQUIRED } else { Repetition::OPTIONAL };
        let field = Type::primitive_type_builder(&entry.name, physical);
        field.with_logical_type(logical).with_repetition(repetition).build().map(Arc::new)
    };
    let fields = entries.iter().map(field).collect::<Result<Vec<_>, _>>()?;
    Type::group_type_builder(table.name()).with_fields(fields).build().map(Arc::new)
}

fn is_key(entry: &Entry, table: Table) -> bool {
    table.key().contains(&entry.name.as_str())
}

/// Numbers as a counter or a person states them.
const OF_COUNTERS: [&str; 4] = ["reading_no", "counter_no", "stamp_s", "amount"];

/// Steps as a counter states them may be any number of 32 bits, and a goal may be of steps.
fn is_wide(entry: &Entry) -> bool {
    entry.unit == "steps" || entry.name.starts_with("goal_") || OF_COUNTERS.contains(&entry.name.as_str())
}

/// A column of the group under way: its values, and for optional ones which rows have one.
struct Values {
    kept: Kept,
    /// 1 for a value, 0 for null; none for a key.
    levels: Option<Vec<i16>>,
}

enum Kept {
    Int32(Vec<i32>),
    Int64(Vec<i64>),
    Double(Vec<f64>),
    Boolean(Vec<bool>),
    Date(Vec<i32>),
    Stamp(Vec<i64>),
    Texts(Texts),
}

/// Texts by number: in one column they are few, or come again row after row.
#[derive(Default)]
struct Texts {
    rows: Vec<u32>,
    known: Vec<ByteArray>,
    numbers: HashMap<Box<str>, u32>,
}

impl Texts {
    fn push(&mut self, text: &str) -> io::Result<()> {
        let again = self.rows.last().copied().filter(|&last| self.is(last, text));
        let known = again.or_else(|| self.numbers.get(text).copied());
        let number = if let Some(number) = known {
            number
        } else {
            let number = u32::try_from(self.known.len()).map_err(io::Error::other)?;
            self.known.push(ByteArray::from(text));
            self.numbers.insert(text.into(), number);
            number
        };
        self.rows.push(number);
        Ok(())
    }

    fn text(&self, number: u32) -> Option<&ByteArray> {
        self.known.get(usize::try_from(number).ok()?)
    }

    fn is(&self, number: u32, text: &str) -> bool {
        self.text(number).is_some_and(|known| known.data() == text.as_bytes())
    }
}

impl Values {
    fn of(entry: &Entry, table: Table) -> Self {
        let kept = match entry.kind {
            Kind::String => Kept::Texts(Texts::default()),
            Kind::Integer if is_wide(entry) => Kept::Int64(Vec::new()),
            Kind::Integer => Kept::Int32(Vec::new()),
            Kind::Number => Kept::Double(Vec::new()),
            Kind::Boolean => Kept::Boolean(Vec::new()),
            Kind::Date => Kept::Date(Vec::new()),
            Kind::Datetime => Kept::Stamp(Vec::new()),
        };
        Self { kept, levels: (!is_key(entry, table)).then(Vec::new) }
    }

    fn push(&mut self, name: &str, cell: Cell<'_>) -> io::Result<()> {
        // Flags are a list: none of them is the empty list, not an unknown one.
        let cell = if name == "flags" && cell == Cell::Missing { Cell::Text("".into()) } else { cell };
        let unfit = |cell: Cell<'_>| {
            let text = format!("{cell:?} does not fit into the Parquet column {name}; write the table as CSV");
            Err(io::Error::new(io::ErrorKind::InvalidData, text))
        };
        match (&mut self.kept, &mut self.levels, cell) {
            (_, Some(levels), Cell::Missing) => {
                levels.push(0);
                return Ok(());
            }
            (Kept::Int32(values), _, Cell::Integer(value)) => match i32::try_from(value) {
                Ok(value) => values.push(value),
                Err(_) => return unfit(Cell::Integer(value)),
            },
            (Kept::Int64(values), _, Cell::Integer(value)) => values.push(value),
            (Kept::Double(values), _, Cell::Number(value)) => values.push(value),
            (Kept::Boolean(values), _, Cell::Boolean(value)) => values.push(value),
            (Kept::Date(values), _, Cell::Date(value)) => {
                let days = value.signed_duration_since(NaiveDate::default()).num_days();
                values.push(i32::try_from(days).map_err(io::Error::other)?);
            }
            (Kept::Stamp(values), _, Cell::Stamp(at)) => values.push(at.timestamp().saturating_mul(1000)),
            (Kept::Texts(texts), _, Cell::Text(text)) => texts.push(&text)?,
            (Kept::Texts(texts), _, Cell::Free(text)) => texts.push(text)?,
            (_, _, cell) => return unfit(cell),
        }
        if let Some(levels) = &mut self.levels {
            levels.push(1);
        }
        Ok(())
    }

    /// Writes the values and forgets them.
    fn write(&mut self, column: &mut SerializedColumnWriter<'_>) -> Result<(), ParquetError> {
        let levels = self.levels.as_deref();
        match &mut self.kept {
            Kept::Int32(values) | Kept::Date(values) => {
                column.typed::<Int32Type>().write_batch(values, levels, None)?;
                values.clear();
            }
            Kept::Int64(values) | Kept::Stamp(values) => {
                column.typed::<Int64Type>().write_batch(values, levels, None)?;
                values.clear();
            }
            Kept::Double(values) => {
                column.typed::<DoubleType>().write_batch(values, levels, None)?;
                values.clear();
            }
            Kept::Boolean(values) => {
                column.typed::<BoolType>().write_batch(values, levels, None)?;
                values.clear();
            }
            Kept::Texts(texts) => write_texts(&std::mem::take(texts), levels, column)?,
        }
        if let Some(levels) = &mut self.levels {
            levels.clear();
        }
        Ok(())
    }
}

/// A batch at a time, so that the texts are not all there once more.
fn write_texts(
    texts: &Texts,
    levels: Option<&[i16]>,
    column: &mut SerializedColumnWriter<'_>,
) -> Result<(), ParquetError> {
    let mut values = texts.rows.iter().filter_map(|&number| texts.text(number).cloned());
    let writer = column.typed::<ByteArrayType>();
    match levels {
        None => loop {
            let batch: Vec<ByteArray> = values.by_ref().take(BATCH).collect();
            if batch.is_empty() {
                return Ok(());
            }
            writer.write_batch(&batch, None, None)?;
        },
        Some(levels) => {
            for levels in levels.chunks(BATCH) {
                let present = levels.iter().filter(|&&level| level > 0).count();
                let batch: Vec<ByteArray> = values.by_ref().take(present).collect();
                writer.write_batch(&batch, Some(levels), None)?;
            }
            Ok(())
        }
    }
}
