//! A table written row by row, in any form, to any place.

use std::io::{self, Write};

use super::{
    audit::{AUDIT_COLUMNS, AuditRow},
    codebook::{self, Arm, Entry},
    columns::{
        Column, DAY_COLUMNS, DIARY_COLUMNS, GOAL_COLUMNS, MINUTE_COLUMNS, PERSON_COLUMNS, RAW_COLUMNS, WEEK_COLUMNS,
    },
    parquet::ParquetTable,
    rows::{DiaryRow, GoalRow, MinuteRow, RawRow},
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
    /// One row for each recorded minute of a counter.
    Minutes,
    /// One row for each reading as a counter said it.
    Raw,
    /// One row for each goal that came into force.
    Goals,
    /// One row for each entry of the diary.
    Diary,
    /// One row for each decision and each revision of a day, chained by hashes.
    Audit,
}

impl Table {
    /// All of them.
    pub const ALL: [Self; 8] =
        [Self::Days, Self::Weeks, Self::Persons, Self::Minutes, Self::Raw, Self::Goals, Self::Diary, Self::Audit];

    /// Its name in file names and packages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Days => "days",
            Self::Weeks => "weeks",
            Self::Persons => "persons",
            Self::Minutes => "minutes",
            Self::Raw => "raw",
            Self::Goals => "goals",
            Self::Diary => "diary",
            Self::Audit => "audit",
        }
    }

    /// Columns that no two rows have alike.
    pub fn key(self) -> &'static [&'static str] {
        match self {
            Self::Days => &["participant_id", "local_date"],
            Self::Weeks => &["participant_id", "week_index"],
            Self::Persons => &["participant_id"],
            Self::Minutes => &["participant_id", "counter", "start_utc"],
            Self::Raw => &["participant_id", "counter", "reading_no"],
            Self::Goals => &["participant_id", "goal_id"],
            Self::Diary => &["participant_id", "local_date", "entry_no"],
            Self::Audit => &["participant_id", "seq"],
        }
    }

    /// Name of a file that belongs to the table: the day table's bears no name but its own.
    pub fn beside(self, what: &str, extension: &str) -> String {
        match self {
            Self::Days => format!("{what}.{extension}"),
            other => format!("{what}_{}.{extension}", other.name()),
        }
    }

    /// Every column, explained, in order.
    pub fn codebook(self) -> &'static [Entry] {
        codebook::entries(self)
    }

    /// Names of the columns, in order.
    pub fn column_names(self) -> Vec<&'static str> {
        fn names<R>(columns: &[Column<R>]) -> Vec<&'static str> {
            columns.iter().map(|(name, _)| *name).collect()
        }
        match self {
            Self::Days => names(&DAY_COLUMNS),
            Self::Weeks => names(&WEEK_COLUMNS),
            Self::Persons => names(&PERSON_COLUMNS),
            Self::Minutes => names(&MINUTE_COLUMNS),
            Self::Raw => names(&RAW_COLUMNS),
            Self::Goals => names(&GOAL_COLUMNS),
            Self::Diary => names(&DIARY_COLUMNS),
            Self::Audit => names(AUDIT_COLUMNS),
        }
    }

    /// Adds what stands before the first line; Parquet has no lines, and nothing is added.
    pub fn header(self, format: Format, out: &mut Vec<u8>) {
        self.header_of(format, Arm::Shown, out);
    }

    fn header_of(self, format: Format, arm: Arm, out: &mut Vec<u8>) {
        match format {
            Format::Csv => csv_header(self.column_names().into_iter().filter(|name| arm.shows(name)), out),
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
    /// Of [`Table::Minutes`].
    Minute(&'a MinuteRow),
    /// Of [`Table::Raw`].
    Raw(&'a RawRow),
    /// Of [`Table::Goals`].
    Goal(&'a GoalRow),
    /// Of [`Table::Diary`].
    Diary(&'a DiaryRow),
    /// Of [`Table::Audit`].
    Audit(&'a AuditRow),
}

impl Row<'_> {
    /// The table that the row belongs to.
    pub fn table(self) -> Table {
        match self {
            Self::Day(_) => Table::Days,
            Self::Week(_) => Table::Weeks,
            Self::Person(_) => Table::Persons,
            Self::Minute(_) => Table::Minutes,
            Self::Raw(_) => Table::Raw,
            Self::Goal(_) => Table::Goals,
            Self::Diary(_) => Table::Diary,
            Self::Audit(_) => Table::Audit,
        }
    }

    /// The day that it belongs to; none where a row is of no one day.
    pub fn date(self) -> Option<chrono::NaiveDate> {
        match self {
            Self::Day(day) => Some(day.local_date),
            Self::Minute(minute) => Some(minute.local_date),
            Self::Diary(entry) => Some(entry.local_date),
            Self::Week(week) => Some(week.week_start),
            Self::Goal(goal) => Some(goal.in_force_from),
            Self::Raw(reading) => reading.start_utc.map(|at| at.date_naive()),
            // Of what day a row speaks stands in its cells; this is when it was written.
            Self::Audit(row) => row.at_utc.get(..10).and_then(|date| date.parse().ok()),
            Self::Person(_) => None,
        }
    }

    /// Adds the row as a line of text; Parquet has no lines, and nothing is added.
    pub fn line(self, format: Format, out: &mut Vec<u8>) {
        self.line_of(format, Arm::Shown, out);
    }

    fn line_of(self, format: Format, arm: Arm, out: &mut Vec<u8>) {
        match self {
            Self::Day(day) => line(&DAY_COLUMNS, day, format, arm, out),
            Self::Week(week) => line(&WEEK_COLUMNS, week, format, arm, out),
            Self::Person(person) => line(&PERSON_COLUMNS, person, format, arm, out),
            Self::Minute(minute) => line(&MINUTE_COLUMNS, minute, format, arm, out),
            Self::Raw(reading) => line(&RAW_COLUMNS, reading, format, arm, out),
            Self::Goal(goal) => line(&GOAL_COLUMNS, goal, format, arm, out),
            Self::Diary(entry) => line(&DIARY_COLUMNS, entry, format, arm, out),
            Self::Audit(row) => line(AUDIT_COLUMNS, row, format, arm, out),
        }
    }
}

fn line<R>(columns: &[Column<R>], row: &R, format: Format, arm: Arm, out: &mut Vec<u8>) {
    let fewer: Vec<Column<R>>;
    let columns = match arm {
        Arm::Shown => columns,
        Arm::KeptBack => {
            fewer = columns.iter().copied().filter(|(name, _)| arm.shows(name)).collect();
            &fewer
        }
    };
    match format {
        Format::Csv => csv_row(columns, row, out),
        Format::JsonLines => json_row(columns, row, out),
        Format::Parquet => {}
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
    arm: Arm,
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
    pub fn new(table: Table, format: Format, out: W, metadata: &[(String, String)]) -> io::Result<Self> {
        Self::of(table, Arm::Shown, format, out, metadata)
    }

    /// [`TableWriter::new`], with or without the columns that would tell an arm.
    pub fn of(table: Table, arm: Arm, format: Format, mut out: W, metadata: &[(String, String)]) -> io::Result<Self> {
        let form = match format {
            Format::Csv | Format::JsonLines => {
                let mut header = Vec::new();
                table.header_of(format, arm, &mut header);
                out.write_all(&header)?;
                Form::Lines { format, gathered: Vec::with_capacity(BLOCK + BLOCK / 4), out }
            }
            Format::Parquet => Form::Parquet(Box::new(ParquetTable::new(table, arm, out, metadata)?)),
        };
        Ok(Self { table, arm, form })
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
                row.line_of(*format, self.arm, gathered);
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
