//! Writes a table into a folder: the rows, the codebook, and for CSV a Data Package.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};

use super::{
    codebook,
    datapackage::{self, Resource},
    table::{Format, Row, Table, TableWriter},
};
use crate::model::{DayTotal, PersonTotal, WeekTotal};

/// Why an export was not written. What stood in the folder before is still there.
#[derive(Debug, thiserror::Error)]
#[error("write {path}")]
pub struct ExportError {
    /// The file or folder.
    pub path: PathBuf,
    /// What the system said.
    pub source: io::Error,
}

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct ExportSummary {
    /// Rows.
    pub rows: u64,
    /// Files, in the order in which they were put in place.
    pub files: Vec<PathBuf>,
    /// Size of the file of rows.
    pub bytes: u64,
    /// Its SHA-256, hexadecimal.
    pub sha256: String,
}

/// Writes days into `dir`, which is made when it is not there: `days.csv`, `days.jsonl` or `days.parquet`,
/// `codebook.csv`, and beside CSV `datapackage.json`, which says `created`.
///
/// Every file is written beside its place, synced and renamed into it, so that a reader meets the old file
/// or the new one and never half of one. The package comes last: until then its hash does not match.
pub fn write_days(
    dir: &Path,
    rows: impl IntoIterator<Item = DayTotal>,
    format: Format,
    created: DateTime<Utc>,
) -> Result<ExportSummary, ExportError> {
    write(dir, Table::Days, rows, |day| Row::Day(day), format, created)
}

/// [`write_days`] for weeks: `weeks.csv`, `codebook_weeks.csv` and `datapackage_weeks.json`.
pub fn write_weeks(
    dir: &Path,
    rows: impl IntoIterator<Item = WeekTotal>,
    format: Format,
    created: DateTime<Utc>,
) -> Result<ExportSummary, ExportError> {
    write(dir, Table::Weeks, rows, |week| Row::Week(week), format, created)
}

/// [`write_days`] for persons: `persons.csv`, `codebook_persons.csv` and `datapackage_persons.json`.
pub fn write_persons(
    dir: &Path,
    rows: impl IntoIterator<Item = PersonTotal>,
    format: Format,
    created: DateTime<Utc>,
) -> Result<ExportSummary, ExportError> {
    write(dir, Table::Persons, rows, |person| Row::Person(person), format, created)
}

fn write<T>(
    dir: &Path,
    table: Table,
    rows: impl IntoIterator<Item = T>,
    as_row: impl Fn(&T) -> Row<'_>,
    format: Format,
    created: DateTime<Utc>,
) -> Result<ExportSummary, ExportError> {
    at(dir, fs::create_dir_all(dir))?;
    let name = format!("{}.{}", table.name(), format.extension());
    let staged = Staged::new(&dir.join(&name))?;
    let beside = staged.beside.clone();
    let mut written = 0;
    let mut out = at(&beside, TableWriter::new(table, format, Hashed::new(staged), &[]))?;
    for row in rows {
        at(&beside, out.row(as_row(&row)))?;
        written += 1;
    }
    let Hashed { staged, hash, bytes } = at(&beside, out.finish())?;
    let digits = hash.finalize().into_iter().flat_map(|byte| [byte >> 4, byte & 15]);
    let sha256: String = digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect();
    let mut staged = vec![staged];

    let mut codebook = Staged::new(&dir.join(codebook::file_name(table)))?;
    at(&codebook.beside.clone(), codebook.write_all(codebook::csv(table).as_bytes()))?;
    staged.push(codebook);

    match format {
        Format::Csv => {
            let file = Resource { path: &name, bytes, sha256: &sha256 };
            let mut package = Staged::new(&dir.join(datapackage::file_name(table)))?;
            let text = format!("{:#}\n", datapackage::of(table, &file, created));
            at(&package.beside.clone(), package.write_all(text.as_bytes()))?;
            staged.push(package);
        }
        Format::JsonLines | Format::Parquet => {}
    }
    let mut summary = ExportSummary { rows: written, files: Vec::new(), bytes, sha256 };
    for file in staged {
        summary.files.push(file.put_in_place()?);
    }
    at(dir, sync_dir(dir))?;
    Ok(summary)
}

/// Counts and hashes what goes into a file.
struct Hashed {
    staged: Staged,
    hash: Sha256,
    bytes: u64,
}

impl Hashed {
    fn new(staged: Staged) -> Self {
        Self { staged, hash: Sha256::new(), bytes: 0 }
    }
}

impl Write for Hashed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.staged.write_all(bytes)?;
        self.hash.update(bytes);
        self.bytes += u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.staged.flush()
    }
}

fn at<T>(path: &Path, result: io::Result<T>) -> Result<T, ExportError> {
    result.map_err(|source| ExportError { path: path.to_owned(), source })
}

/// A rename lasts over a power cut only when the folder is synced; Windows has no such call.
fn sync_dir(dir: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(dir)?.sync_all() } else { Ok(()) }
}

/// A file written beside its place; gone again when it is not put there.
struct Staged {
    file: Option<File>,
    beside: PathBuf,
    place: PathBuf,
}

impl Staged {
    fn new(place: &Path) -> Result<Self, ExportError> {
        let name = place.file_name().unwrap_or_default().to_string_lossy();
        let beside = place.with_file_name(format!(".{name}.{}.part", std::process::id()));
        let file = at(&beside, File::create(&beside))?;
        Ok(Self { file: Some(file), beside, place: place.to_owned() })
    }

    fn put_in_place(mut self) -> Result<PathBuf, ExportError> {
        if let Some(file) = self.file.take() {
            let done = file.sync_all().and_then(|()| fs::rename(&self.beside, &self.place));
            if done.is_err() {
                self.file = Some(file);
            }
            at(&self.place, done)?;
        }
        Ok(std::mem::take(&mut self.place))
    }
}

impl Write for Staged {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.as_mut().map_or(Ok(bytes.len()), |file| file.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.as_mut().map_or(Ok(()), Write::flush)
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        if self.file.take().is_some() {
            // Half a file is worth nothing; when it cannot be removed either, its name says what it is.
            drop(fs::remove_file(&self.beside));
        }
    }
}
