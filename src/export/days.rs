//! Writes the day table into a folder: the rows, the codebook, and for CSV a Data Package.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};

use super::{
    codebook,
    columns::{csv_header, csv_row, json_row},
    datapackage::{self, Resource},
};
use crate::model::DayTotal;

/// Form of the rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Comma-separated, one header line.
    Csv,
    /// One JSON object a line.
    JsonLines,
}

impl Format {
    /// Adds what stands before the first row.
    pub fn header(self, out: &mut Vec<u8>) {
        match self {
            Self::Csv => csv_header(out),
            Self::JsonLines => {}
        }
    }

    /// Adds one row, with its line end.
    pub fn row(self, day: &DayTotal, out: &mut Vec<u8>) {
        match self {
            Self::Csv => csv_row(day, out),
            Self::JsonLines => json_row(day, out),
        }
    }

    fn file_name(self) -> &'static str {
        match self {
            Self::Csv => "days.csv",
            Self::JsonLines => "days.jsonl",
        }
    }
}

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

/// Writes rows into `dir`, which is made when it is not there: `days.csv` or `days.jsonl`, `codebook.csv`, and
/// beside CSV `datapackage.json`, which says `created`.
///
/// Every file is written beside its place, synced and renamed into it, so that a reader meets the old file
/// or the new one and never half of one. The package comes last: until then its hash does not match.
pub fn write_days(
    dir: &Path,
    rows: impl IntoIterator<Item = DayTotal>,
    format: Format,
    created: DateTime<Utc>,
) -> Result<ExportSummary, ExportError> {
    at(dir, fs::create_dir_all(dir))?;
    let path = dir.join(format.file_name());
    let mut summary = ExportSummary { rows: 0, files: Vec::new(), bytes: 0, sha256: String::new() };
    let mut hash = Sha256::new();
    let mut staged = Staged::new(&path)?;
    let mut text = Vec::with_capacity(1 << 16);
    format.header(&mut text);
    let mut rows = rows.into_iter();
    loop {
        let row = rows.next();
        if let Some(day) = &row {
            format.row(day, &mut text);
            summary.rows += 1;
        }
        if row.is_none() || text.len() >= 1 << 15 {
            hash.update(&text);
            summary.bytes += u64::try_from(text.len()).unwrap_or(u64::MAX);
            staged.write(&text)?;
            text.clear();
        }
        if row.is_none() {
            break;
        }
    }
    let digits = hash.finalize().into_iter().flat_map(|byte| [byte >> 4, byte & 15]);
    summary.sha256 = digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect();
    let mut staged = vec![staged];

    let mut codebook = Staged::new(&dir.join("codebook.csv"))?;
    codebook.write(codebook::csv().as_bytes())?;
    staged.push(codebook);

    match format {
        Format::Csv => {
            let file = Resource { path: format.file_name(), bytes: summary.bytes, sha256: &summary.sha256 };
            let mut package = Staged::new(&dir.join("datapackage.json"))?;
            package.write(format!("{:#}\n", datapackage::of_days(&file, created)).as_bytes())?;
            staged.push(package);
        }
        Format::JsonLines => {}
    }
    for file in staged {
        summary.files.push(file.put_in_place()?);
    }
    at(dir, sync_dir(dir))?;
    Ok(summary)
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

    fn write(&mut self, bytes: &[u8]) -> Result<(), ExportError> {
        let Some(file) = &mut self.file else { return Ok(()) };
        at(&self.beside, file.write_all(bytes))
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

impl Drop for Staged {
    fn drop(&mut self) {
        if self.file.take().is_some() {
            // Half a file is worth nothing; when it cannot be removed either, its name says what it is.
            drop(fs::remove_file(&self.beside));
        }
    }
}
