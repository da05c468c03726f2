//! A table written row by row, in any form, to any place.

use std::io::{self, Write};

use super::{
    codebook::{self, Entry},
    columns::{DAY_COLUMNS, PERSON_COLUMNS, WEEK_COLUMNS},
    parquet::ParquetTable,
    text::{csv_header, csv_row, json_row},
};
use crate::model::{DayTotal, PersonTotal, WeekTotal};

/// One of the canonical tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Table {
    /// One row for each person and day.
    Days,
    /// One row for each person and week.
    Weeks,
    /// One row for each person.
    Persons,
}

impl Table {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Days, Self::Weeks, Self::Persons];

    /// Its name in file names and packages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Days => "days",
            Self::Weeks => "weeks",
            Self::Persons => "persons",
        }
    }

    /// Columns that no two rows have alike.
    pub fn key(self) -> &'static [&'static str] {
        match self {
            Self::Days => &["participant_id", "local_date"],
            Self::Weeks => &["participant_id", "week_index"],
            Self::Persons => &["participant_id"],
        }
    }

    /// Every column, explained, in order.
    pub fn codebook(self) -> &'static [Entry] {
        codebook::entries(self)
    }

    /// Names of the columns, in order.
    pub fn column_names(self) -> Vec<&'static str> {
        match self {
            Self::Days => DAY_COLUMNS.iter().map(|(name, _)| *name).collect(),
            Self::Weeks => WEEK_COLUMNS.iter().map(|(name, _)| *name).collect(),
            Self::Persons => PERSON_COLUMNS.iter().map(|(name, _)| *name).collect(),
        }
    }

    /// Adds what stands before the first line; Parquet has no lines, and nothing is added.
    pub fn header(self, format: Format, out: &mut Vec<u8>) {
        match format {
            Format::Csv => csv_header(self.column_names().into_iter(), out),
            Format::JsonLines | Format::Parquet => {}
        }
    }
}

/// A row of one of the tables.
#[derive(Clone, Copy, Debug)]
pub enum Row<'a> {
    /// Of [`Table::Days`].
    Day(&'a DayTotal),
    /// Of [`Table::Weeks`].
    Week(&'a WeekTotal),
    /// Of [`Table::Persons`].
    Person(&'a PersonTotal),
}

impl Row<'_> {
    /// The table that the row belongs to.
    pub fn table(self) -> Table {
        match self {
            Self::Day(_) => Table::Days,
            Self::Week(_) => Table::Weeks,
            Self::Person(_) => Table::Persons,
        }
    }

    /// Adds the row as a line of text; Parquet has no lines, and nothing is added.
    pub fn line(self, format: Format, out: &mut Vec<u8>) {
        match (format, self) {
            (Format::Csv, Self::Day(day)) => csv_row(&DAY_COLUMNS, day, out),
            (Format::Csv, Self::Week(week)) => csv_row(&WEEK_COLUMNS, week, out),
            (Format::Csv, Self::Person(person)) => csv_row(&PERSON_COLUMNS, person, out),
            (Format::JsonLines, Self::Day(day)) => json_row(&DAY_COLUMNS, day, out),
            (Format::JsonLines, Self::Week(week)) => json_row(&WEEK_COLUMNS, week, out),
            (Format::JsonLines, Self::Person(person)) => json_row(&PERSON_COLUMNS, person, out),
            (Format::Parquet, _) => {}
        }
    }
}

/// Form of the rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Comma-separated, one header line.
    Csv,
    /// One JSON object a line.
    JsonLines,
    /// Apache Parquet, typed columns, Snappy.
    Parquet,
}

impl Format {
    /// How names of such files end.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::JsonLines => "jsonl",
            Self::Parquet => "parquet",
        }
    }

    /// Adds what stands before the first line of a day table. See [`Table::header`].
    pub fn header(self, out: &mut Vec<u8>) {
        Table::Days.header(self, out);
    }

    /// Adds one day, with its line end. See [`Row::line`].
    pub fn row(self, day: &DayTotal, out: &mut Vec<u8>) {
        Row::Day(day).line(self, out);
    }
}

/// Bytes of text that are gathered before they are written.
const BLOCK: usize = 1 << 15;

/// Writes a table row by row, in memory that does not grow with the rows (Parquet: one group of rows).
pub struct TableWriter<W: Write> {
    table: Table,
    form: Form<W>,
}

enum Form<W: Write> {
    Lines { format: Format, gathered: Vec<u8>, out: W },
    Parquet(Box<ParquetTable<W>>),
}

impl<W: Write> TableWriter<W> {
    /// Begins a table.
    ///
    /// `metadata` says where the rows come from, such as inputs with their hashes. Parquet carries it in the
    /// file, with the program, the rules and their hashes from the rows, and the codebook; CSV and JSON Lines
    /// have no place for it, and their reader finds it beside them.
    pub fn new(table: Table, format: Format, mut out: W, metadata: &[(String, String)]) -> io::Result<Self> {
        let form = match format {
            Format::Csv | Format::JsonLines => {
                let mut header = Vec::new();
                table.header(format, &mut header);
                out.write_all(&header)?;
                Form::Lines { format, gathered: Vec::with_capacity(BLOCK + BLOCK / 4), out }
            }
            Format::Parquet => Form::Parquet(Box::new(ParquetTable::new(table, out, metadata)?)),
        };
        Ok(Self { table, form })
    }

    /// Adds a row. A row of another table is refused.
    pub fn row(&mut self, row: Row<'_>) -> io::Result<()> {
        if row.table() != self.table {
            let (found, wanted) = (row.table().name(), self.table.name());
            let text = format!("a row of the table of {found} does not fit into the table of {wanted}");
            return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
        }
        match &mut self.form {
            Form::Lines { format, gathered, out } => {
                row.line(*format, gathered);
                if gathered.len() >= BLOCK {
                    out.write_all(gathered)?;
                    gathered.clear();
                }
                Ok(())
            }
            Form::Parquet(table) => table.row(row),
        }
    }

    /// Writes what is left, and gives back the place; its own buffer, if it has one, is flushed.
    pub fn finish(self) -> io::Result<W> {
        let mut out = match self.form {
            Form::Lines { gathered, mut out, .. } => {
                out.write_all(&gathered)?;
                out
            }
            Form::Parquet(table) => table.finish()?,
        };
        out.flush()?;
        Ok(out)
    }
}
