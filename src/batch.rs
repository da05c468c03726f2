//! `brisk aggregate`: files of steps become the day table, by the same rules as the daemon's days.
//!
//! Rows are read once, by several threads, into runs in which a minute without steps costs next to nothing; days are
//! written as soon as nothing that may still come can change them, so memory does not grow with the input. A
//! participant whose rows come out of order is read a second time and sorted on disk. Any order of the rows gives the
//! same rows out. An absent epoch, and a row with an empty, `NA`, `NaN` or `null` cell of steps, is no data.

mod clock;
mod csv;
pub mod device_days;
pub mod find;
mod fingerprint;
mod glance;
mod input;
mod lines;
mod options;
mod parquet;
pub mod participants;
mod people;
mod person;
mod replay;
mod runs;
pub mod side_file;
mod sink;
mod sort;
mod source;
mod spool;
mod stamp;
mod summary;
mod template;
mod work;

use std::{
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

use flate2::{Compression, write::GzEncoder};

pub use glance::{Glance, look_at};
pub use options::{BadColumnMap, BatchOptions, ColumnMap, Hash, Kind, OnBadRow, Packing, StampClock, Tables, form_of};
pub use replay::participant_minutes;
pub use summary::{BatchError, BatchSummary, InputRead, Progress, Reason, Rejected, RowPlace, Shape};
pub use work::threads;

use self::{sink::Parts, spool::Spool};
use crate::{
    export::Table,
    report::{About, InputFile, Reason as ReportReason, Report},
};

/// More steps than this in an epoch are no steps.
pub const MOST_STEPS: u16 = 60_000;

/// Told now and then how far a run is.
pub type Tell<'t> = &'t mut (dyn FnMut(Progress) + Send);

/// A finished run: what it did, and its tables to be written.
pub struct Batch {
    /// What it did.
    pub summary: BatchSummary,
    parts: Parts,
    aside: Spool,
}

impl Batch {
    /// Reads the inputs. Days between a participant's first and last that have no minute come out as `not_synced`.
    /// Participants stand in the order in which they first appear, days in order; revision is 1.
    pub fn run(options: &BatchOptions, tell: Tell<'_>) -> Result<Self, BatchError> {
        Self::run_with_stdin(options, &mut io::stdin().lock(), tell)
    }

    /// [`Batch::run`], with something else in the place of standard input.
    pub fn run_with_stdin(options: &BatchOptions, stdin: &mut dyn Read, tell: Tell<'_>) -> Result<Self, BatchError> {
        let from_stdin = options.inputs.iter().any(|path| path == Path::new("-"));
        let kept = from_stdin.then(|| input::keep_stdin(stdin)).transpose().map_err(work::aside)?;
        let on_disk = |path: &PathBuf| match &kept {
            Some(file) if path == Path::new("-") => file.path().to_owned(),
            Some(_) | None => path.clone(),
        };
        let inputs: Vec<PathBuf> = options.inputs.iter().map(on_disk).collect();
        let (summary, parts, aside) = work::run(options, &inputs, tell)?;
        Ok(Self { summary, parts, aside })
    }

    /// Writes a table; nothing when it was not asked for. `metadata` goes into forms that hold some.
    pub fn write(
        &mut self,
        table: Table,
        packing: Packing,
        metadata: &[(String, String)],
        out: &mut dyn Write,
    ) -> Result<(), BatchError> {
        let Some(finished) = self.parts.take(table) else { return Ok(()) };
        let written = match packing {
            Packing::Plain => finished.write(metadata, out),
            Packing::Gzip => {
                let mut packed = GzEncoder::new(out, Compression::default());
                finished.write(metadata, &mut packed).and_then(|()| packed.finish().and_then(Write::flush))
            }
        };
        written.map_err(BatchError::Write)
    }

    /// Writes the rows that were set aside: CSV with file, line, reason, and the row as far as it can be read.
    pub fn write_set_aside(self, out: &mut dyn Write) -> Result<(), BatchError> {
        self.aside.write_to(b"file,line,reason,row\r\n", out).map_err(BatchError::Write)
    }

    /// The days beside a counter's own totals, as CSV; none where no totals were given.
    pub fn reconciled(&mut self) -> Option<Vec<u8>> {
        self.parts.reconciled.take()
    }

    /// Writes the page with pictures, when it was asked for.
    pub fn write_report(&mut self, about: &About, out: &mut dyn Write) -> Result<(), BatchError> {
        let report: Option<Report> = self.parts.report.take();
        report.map_or(Ok(()), |report| report.write(about, out)).map_err(BatchError::Write)
    }

    /// What the page says about the run.
    pub fn about(&self, options: &BatchOptions, title: String, notes: Vec<String>) -> About {
        let summary = &self.summary;
        let of_rows = summary.rejected.by_reason.iter().map(|(reason, &rows)| {
            let places = summary.rejected.first.iter().filter(|(_, other)| other == reason);
            let first = places.take(5).map(|(place, _)| format!("{}:{}", place.path.display(), place.line)).collect();
            ReportReason { text: reason.to_string(), rows, first }
        });
        let of_files = summary.rejected.files.iter().map(|(path, why)| ReportReason {
            text: why.clone(),
            rows: 0,
            first: vec![path.display().to_string()],
        });
        About {
            title,
            software: crate::model::SOFTWARE.to_owned(),
            rules: options.rules.name.clone(),
            rules_hash: options.rules.hash(),
            computed_at: options.computed_at,
            inputs: summary.inputs.iter().map(file_of).collect(),
            rows: summary.rows,
            duplicates: summary.duplicates,
            conflicts: summary.conflicts,
            set_aside: of_rows.chain(of_files).collect(),
            notes,
        }
    }
}

fn file_of(read: &InputRead) -> InputFile {
    InputFile { path: read.path.display().to_string(), bytes: read.bytes, hash: read.hash.clone(), rows: read.rows }
}

/// Reads the inputs and writes the day table to `out`, in [`BatchOptions::format`]. Nothing is written before every
/// input has been read.
pub fn run(options: &BatchOptions, tell: Tell<'_>, out: &mut dyn Write) -> Result<BatchSummary, BatchError> {
    let mut batch = Batch::run(options, tell)?;
    batch.write(Table::Days, Packing::Plain, &[], out)?;
    Ok(batch.summary)
}
