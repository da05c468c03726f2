//! Small tables that come beside the minutes: CSV with a header, as spreadsheets save it.
//!
//! A byte-order mark, `;` or a tab as separator, either line end, and gzip are taken as they come. A row that
//! cannot be used is set aside, named by file, line and field, and the rest counts.

use std::{
    fmt,
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

use chrono::NaiveDate;
use csv::{ByteRecord, ReaderBuilder};
use flate2::read::MultiGzDecoder;

/// A table larger than this is no table beside minutes: 10,000 people's days of ten years fit.
const MOST_BYTES: u64 = 1 << 30;

/// A row that was not used, and why. The table's other rows are.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct SetAside {
    /// The file.
    pub path: PathBuf,
    /// Its line; the header is line 1.
    pub line: u64,
    /// The column; empty for the row as a whole.
    pub field: String,
    /// What does not fit and what would.
    pub problem: String,
}

impl fmt::Display for SetAside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} line {}", self.path.display(), self.line)?;
        if !self.field.is_empty() {
            write!(f, ", {}", self.field)?;
        }
        write!(f, ": {}; the row was set aside", self.problem)
    }
}

/// Why a table cannot be used at all.
#[derive(Debug, thiserror::Error)]
pub enum SideFileError {
    /// It cannot be read.
    #[error("read {path}")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It is larger than a table of this kind can be.
    #[error("{path} is larger than 1 GiB and was not read; it is probably not the table that was meant")]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// Its header is not UTF-8.
    #[error("the header of {path} is not UTF-8 text, so nothing of it was used; save it as CSV in UTF-8")]
    NotText {
        /// The file.
        path: PathBuf,
    },
    /// It holds no row.
    #[error("{path} has no rows; it needs a header and at least one line below it")]
    NoRows {
        /// The file.
        path: PathBuf,
    },
    /// A column that must be there is not.
    #[error("{path} has no column {column:?}, so nothing of it was used; its columns are: {found}")]
    NoColumn {
        /// The file.
        path: PathBuf,
        /// The column.
        column: String,
        /// Those that are there.
        found: String,
    },
    /// A column that means nothing here.
    #[error("{path} has a column {column:?} that is not known, so nothing of it was used; {hint}")]
    UnknownColumn {
        /// The file.
        path: PathBuf,
        /// The column.
        column: String,
        /// The nearest known one, or all of them.
        hint: String,
    },
    /// A column that is there twice.
    #[error("{path} has the column {column:?} twice, so nothing of it was used; keep one of them")]
    TwiceColumn {
        /// The file.
        path: PathBuf,
        /// The column.
        column: String,
    },
}

/// A table in memory, and what was set aside from it so far.
pub(super) struct SideFile {
    path: PathBuf,
    /// Names of the columns, trimmed, in lower case.
    header: Vec<String>,
    /// Line and cells of each row that has as many cells as the header.
    rows: Vec<(u64, Vec<String>)>,
    pub set_aside: Vec<SetAside>,
}

impl SideFile {
    pub fn read(path: &Path) -> Result<Self, SideFileError> {
        let bytes = bytes_of(path)?;
        Self::parse(path, &bytes)
    }

    pub fn parse(path: &Path, bytes: &[u8]) -> Result<Self, SideFileError> {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let mut table = Self { path: path.to_owned(), header: Vec::new(), rows: Vec::new(), set_aside: Vec::new() };
        let mut reader =
            ReaderBuilder::new().delimiter(separator(bytes)).flexible(true).has_headers(false).from_reader(bytes);
        let mut lines = Lines { bytes, counted: 0, line: 1 };
        let mut record = ByteRecord::new();
        while reader.read_byte_record(&mut record).map_err(|error| table.not_read(error))? {
            let start = record.position().map_or(0, |position| usize::try_from(position.byte()).unwrap_or(usize::MAX));
            let line = lines.of(start);
            let text: Result<Vec<_>, _> = record.iter().map(cell).collect();
            match text {
                Err(_) if table.header.is_empty() => return Err(SideFileError::NotText { path: path.to_owned() }),
                Err(problem) => table.aside(line, "", problem),
                Ok(cells) if table.header.is_empty() => {
                    table.header = cells.into_iter().map(|name| name.to_ascii_lowercase()).collect();
                }
                // Spreadsheets save empty rows as separators alone.
                Ok(cells) if cells.iter().all(String::is_empty) => {}
                Ok(cells) if cells.len() == table.header.len() => table.rows.push((line, cells)),
                Ok(cells) => {
                    let (found, wanted) = (cells.len(), table.header.len());
                    table.aside(line, "", format!("{found} cells where the header has {wanted}"));
                }
            }
        }
        if table.rows.is_empty() && table.set_aside.is_empty() {
            return Err(SideFileError::NoRows { path: path.to_owned() });
        }
        match (1..table.header.len()).find(|&place| table.header[..place].contains(&table.header[place])) {
            Some(twice) => {
                Err(SideFileError::TwiceColumn { path: path.to_owned(), column: table.header[twice].clone() })
            }
            None => Ok(table),
        }
    }

    fn not_read(&self, error: csv::Error) -> SideFileError {
        SideFileError::Read { path: self.path.clone(), source: error.into() }
    }

    /// The place of a column, by its name in any case.
    pub fn column(&self, name: &str) -> Option<usize> {
        self.header.iter().position(|column| column.eq_ignore_ascii_case(name.trim()))
    }

    /// The place of a column that must be there.
    pub fn needed(&self, name: &str) -> Result<usize, SideFileError> {
        let missing = || SideFileError::NoColumn {
            path: self.path.clone(),
            column: name.to_owned(),
            found: self.header.join(", "),
        };
        self.column(name).ok_or_else(missing)
    }

    /// An error when there is a column that none of the known ones names.
    pub fn only(&self, known: &[&str]) -> Result<(), SideFileError> {
        let Some(column) = self.header.iter().find(|column| !known.contains(&column.as_str())) else {
            return Ok(());
        };
        let near = |name: &str| strsim::jaro_winkler(column, name);
        let nearest = known.iter().max_by(|a, b| near(a).total_cmp(&near(b)));
        let hint = match nearest {
            Some(name) if near(name) > 0.7 => format!("did you mean {name:?}?"),
            Some(_) | None => format!("known are: {}", known.join(", ")),
        };
        Err(SideFileError::UnknownColumn { path: self.path.clone(), column: column.clone(), hint })
    }

    /// Takes the rows out: line and cells.
    pub fn take_rows(&mut self) -> Vec<(u64, Vec<String>)> {
        std::mem::take(&mut self.rows)
    }

    /// Sets a row aside.
    pub fn aside(&mut self, line: u64, field: &str, problem: impl Into<String>) {
        let problem = problem.into();
        self.set_aside.push(SetAside { path: self.path.clone(), line, field: field.to_owned(), problem });
    }
}

fn bytes_of(path: &Path) -> Result<Vec<u8>, SideFileError> {
    let read = || {
        let mut bytes = Vec::new();
        File::open(path)?.take(MOST_BYTES + 1).read_to_end(&mut bytes)?;
        if bytes.starts_with(&[0x1f, 0x8b]) {
            let mut plain = Vec::new();
            MultiGzDecoder::new(bytes.as_slice()).take(MOST_BYTES + 1).read_to_end(&mut plain)?;
            bytes = plain;
        }
        Ok(bytes)
    };
    let bytes = read().map_err(|source| SideFileError::Read { path: path.to_owned(), source })?;
    match u64::try_from(bytes.len()) {
        Ok(length) if length <= MOST_BYTES => Ok(bytes),
        Ok(_) | Err(_) => Err(SideFileError::TooLarge { path: path.to_owned() }),
    }
}

/// The separator that the header uses.
fn separator(bytes: &[u8]) -> u8 {
    let header = bytes.split(|&byte| byte == b'\n' || byte == b'\r').find(|line| !line.is_empty()).unwrap_or_default();
    [b',', b';', b'\t'].into_iter().find(|separator| header.contains(separator)).unwrap_or(b',')
}

/// A trimmed cell, or what is wrong with the row.
fn cell(bytes: &[u8]) -> Result<String, String> {
    if bytes.contains(&0) {
        return Err("a NUL byte".to_owned());
    }
    let text = std::str::from_utf8(bytes).map_err(|_| "not UTF-8 text; save the table as CSV in UTF-8".to_owned())?;
    Ok(text.trim().to_owned())
}

/// Lines by their place in the file, which are asked for in order.
struct Lines<'b> {
    bytes: &'b [u8],
    counted: usize,
    line: u64,
}

impl Lines<'_> {
    /// The line of the first byte at or after `start` that ends no line.
    fn of(&mut self, start: usize) -> u64 {
        let mut upto = start.min(self.bytes.len());
        while matches!(self.bytes.get(upto), Some(b'\n' | b'\r')) {
            upto += 1;
        }
        let passed = self.bytes.get(self.counted..upto).unwrap_or_default();
        for _ in passed.iter().filter(|&&byte| byte == b'\n') {
            self.line += 1;
        }
        self.counted = self.counted.max(upto);
        self.line
    }
}

/// A date as `2026-03-01` or, where `month_first` is allowed, `3/1/2026`; a midnight behind it is passed over.
pub(super) fn date(text: &str, slashes: Slashes) -> Option<NaiveDate> {
    let (text, time) = text.split_once([' ', 'T']).unwrap_or((text, ""));
    if !matches!(time, "" | "00:00" | "00:00:00" | "00:00:00Z" | "12:00:00 AM" | "12:00 AM" | "0:00") {
        return None;
    }
    let date = match (text.contains('/'), slashes) {
        (true, Slashes::No) => None,
        (true, Slashes::MonthFirst) => NaiveDate::parse_from_str(text, "%m/%d/%Y").ok(),
        (false, _) => NaiveDate::parse_from_str(text, "%Y-%m-%d").ok(),
    };
    // The years of the time zone tables, as for minutes.
    date.filter(|date| (1970..2200).contains(&chrono::Datelike::year(date)))
}

/// Whether a date may be written with slashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Slashes {
    /// No: day and month could be mistaken.
    No,
    /// As the vendor writes it.
    MonthFirst,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(bytes: &[u8]) -> Result<SideFile, SideFileError> {
        SideFile::parse(Path::new("t.csv"), bytes)
    }

    fn rows(bytes: &[u8]) -> Vec<(u64, Vec<String>)> {
        parse(bytes).unwrap().take_rows()
    }

    #[test]
    fn however_a_spreadsheet_saves_it_the_table_is_the_same() {
        let expected = [(2, vec!["p1".to_owned(), "a, b".to_owned()]), (3, vec!["p2".to_owned(), String::new()])];

        for same in [
            "id,note\np1,\"a, b\"\np2,\n",
            "\u{feff}ID ; Note\r\np1;a, b\r\np2;\r\n",
            "id\tnote\np1\ta, b\np2\t",
            "\"id\",\"note\"\n\"p1\",\"a, b\"\n\"p2\",\"\"\n,\n",
        ] {
            assert_eq!(rows(same.as_bytes()), expected, "{same:?}");
        }
    }

    #[test]
    fn lines_are_those_of_an_editor() {
        let mut table = parse(b"id,note\r\n\r\np1,\"two\r\nlines\"\r\n\np2,x\r\np3\r\np4,\xff\r\np5,\0\r\n").unwrap();

        let lines: Vec<_> = table.take_rows().into_iter().map(|(line, _)| line).collect();
        assert_eq!(lines, [3, 6]);
        let aside: Vec<_> = table.set_aside.iter().map(|row| row.line).collect();
        assert_eq!(aside, [7, 8, 9]);
        assert!(table.set_aside[0].to_string().contains("t.csv line 7: 1 cells where the header has 2"));
    }

    #[test]
    fn a_table_that_is_none_says_why() {
        for (bytes, part) in [
            (&b""[..], "has no rows"),
            (b"id,note\n", "has no rows"),
            (b"\xff\xfei\0d\0\n\0", "not UTF-8"),
            (b"id,note,ID\np1,a,b\n", "\"id\" twice"),
        ] {
            let error = parse(bytes).map(|_| ()).unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        }
    }

    #[test]
    fn an_unknown_column_is_named_with_the_nearest_known_one() {
        let table = parse(b"particpant_id,colour\np1,red\n").unwrap();

        let error = table.only(&["participant_id", "zone"]).unwrap_err().to_string();
        assert!(error.contains("\"particpant_id\"") && error.contains("did you mean \"participant_id\"?"), "{error}");
        let error = table.only(&["particpant_id", "zone"]).unwrap_err().to_string();
        assert!(error.contains("known are: particpant_id, zone"), "{error}");
    }

    #[test]
    fn dates_are_read_in_two_forms_and_never_guessed() {
        let first = NaiveDate::from_ymd_opt(2016, 4, 12);
        for text in ["2016-04-12", "4/12/2016", "04/12/2016", "4/12/2016 12:00:00 AM", "2016-04-12 00:00:00"] {
            assert_eq!(date(text, Slashes::MonthFirst), first, "{text}");
        }
        for text in ["13/4/2016", "12.4.2016", "2016-04-31", "4/12/16", "2016-04-12 08:00", "1899-12-31", ""] {
            assert_eq!(date(text, Slashes::MonthFirst), None, "{text}");
        }
        assert_eq!(date("4/12/2016", Slashes::No), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_table_or_an_error(bytes in prop::collection::vec(prop_oneof![Just(b','), Just(b'\n'), Just(b'"'), any::<u8>()], 0..200)) {
            if let Ok(mut table) = parse(&bytes) {
                let width = table.header.len();
                for (line, cells) in table.take_rows() {
                    prop_assert!(line >= 1 && cells.len() == width);
                }
            }
        }
    }
}
