//! From the lines of a CSV file to runs of rows: headers, cells, and what is wrong with a row.

use std::{
    borrow::Cow,
    collections::HashMap,
    ops::{Range, RangeInclusive},
    path::Path,
};

use super::{
    BatchError, ColumnMap, Kind, Reason,
    runs::{Aside, Row, Rows},
    stamp::{Offsets, Stamps},
    template::Template,
};
use crate::model::ParticipantId;

/// Where the columns stand in a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    /// None where the file's name tells the participant.
    pub participant: Option<usize>,
    pub stamp: usize,
    pub steps: Steps,
    pub heart_rate: Option<usize>,
    pub count: usize,
    pub separator: u8,
    /// The names of all columns, for people.
    pub names: Vec<String>,
}

/// Where the steps stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Steps {
    /// One value a row.
    Long(usize),
    /// An hour a row, its minutes in sixty columns from this one on (`Steps00` to `Steps59`, as Fitabase exports).
    Wide(usize),
}

impl Layout {
    pub fn find(header: &[u8], map: &ColumnMap, path: &Path) -> Result<Self, BatchError> {
        let utf16 = header.starts_with(&[0xff, 0xfe]) || header.starts_with(&[0xfe, 0xff]);
        let text = std::str::from_utf8(header.strip_prefix(b"\xef\xbb\xbf").unwrap_or(header));
        let (Ok(text), false) = (text, utf16) else { return Err(BatchError::NotText { path: path.to_owned() }) };
        let separator = [b',', b';', b'\t'].into_iter().find(|byte| text.as_bytes().contains(byte)).unwrap_or(b',');
        let mut cells = Vec::new();
        // In a header with a quote that does not close no column can be told.
        let row = split(text.as_bytes(), separator, &mut cells).unwrap_or_else(|| {
            cells.clear();
            Cow::default()
        });
        let names: Vec<_> = cells.iter().map(|cell| String::from_utf8_lossy(&row[cell.clone()]).into_owned()).collect();
        let place = |wanted: &str| {
            let same = |name: &String| name.eq_ignore_ascii_case(wanted);
            names.iter().position(|name| name == wanted).or_else(|| names.iter().position(same))
        };
        let missing = |column: &str| BatchError::NoColumn {
            path: path.to_owned(),
            column: column.to_owned(),
            found: names.join(", ").chars().take(400).collect(),
        };
        let needed = |wanted: &str| place(wanted).ok_or_else(|| missing(wanted));
        let wide = || {
            let first = place("Steps00")?;
            let all = (0..60).all(|minute| place(&format!("Steps{minute:02}")) == Some(first + minute));
            all.then_some(Steps::Wide(first))
        };
        let participant = match map.participant_id.as_str() {
            ColumnMap::FILE_NAME => None,
            name => Some(needed(name)?),
        };
        Ok(Self {
            participant,
            stamp: needed(&map.timestamp)?,
            steps: match place(&map.steps) {
                Some(column) => Steps::Long(column),
                None => wide().ok_or_else(|| missing(&map.steps))?,
            },
            heart_rate: map.heart_rate.as_deref().map(needed).transpose()?,
            count: names.len(),
            separator,
            names,
        })
    }

    /// Whether a row is participant, stamp, steps and nothing else.
    fn is_plain(&self) -> bool {
        self.participant == Some(0)
            && (self.stamp, self.steps, self.count, self.separator) == (1, Steps::Long(2), 3, b',')
    }
}

/// Splits a row into trimmed cells; the ranges lie in the text returned, which has no quotes any more.
/// None when a quote does not close.
pub(super) fn split<'l>(line: &'l [u8], separator: u8, cells: &mut Vec<Range<usize>>) -> Option<Cow<'l, [u8]>> {
    cells.clear();
    if !line.contains(&b'"') {
        let mut start = 0;
        for (index, _) in line.iter().enumerate().filter(|&(_, &byte)| byte == separator) {
            cells.push(trimmed(line, start..index));
            start = index + 1;
        }
        cells.push(trimmed(line, start..line.len()));
        return Some(line.into());
    }
    let mut row = Vec::with_capacity(line.len());
    let (mut quoted, mut start) = (false, 0);
    let mut bytes = line.iter().peekable();
    while let Some(&byte) = bytes.next() {
        match (byte, quoted) {
            (b'"', true) if bytes.peek() == Some(&&b'"') => {
                bytes.next();
                row.push(b'"');
            }
            (b'"', _) => quoted = !quoted,
            (byte, false) if byte == separator => {
                cells.push(trimmed(&row, start..row.len()));
                start = row.len();
            }
            _ => row.push(byte),
        }
    }
    cells.push(trimmed(&row, start..row.len()));
    (!quoted).then(|| row.into())
}

fn trimmed(text: &[u8], range: Range<usize>) -> Range<usize> {
    let cell = &text[range.clone()];
    let front = cell.len() - cell.trim_ascii_start().len();
    let back = cell.len() - cell.trim_ascii_end().len();
    if front == cell.len() { range.start..range.start } else { range.start + front..range.end - back }
}

/// How the rows of an input are read.
#[derive(Clone, Debug)]
pub(super) struct Reading {
    pub layout: Layout,
    pub epoch_s: i64,
    pub offsets: Offsets,
    pub kind: Kind,
    /// The participant where the file's name tells it.
    pub named: Box<[u8]>,
}

/// A reader of blocks of lines; what it remembers only makes it faster.
pub(super) struct Csv<'r> {
    reading: &'r Reading,
    plain: bool,
    stamps: Stamps,
    cells: Vec<Range<usize>>,
    people: HashMap<Box<[u8]>, u32>,
    last: (Vec<u8>, u32),
    template: Template,
    rows: Rows,
}

/// Text that is kept of a row that was set aside, bytes.
pub(super) const KEPT_BYTES: usize = 200;

impl<'r> Csv<'r> {
    pub fn new(reading: &'r Reading) -> Self {
        Self {
            reading,
            plain: reading.layout.is_plain(),
            stamps: Stamps::new(reading.offsets),
            cells: Vec::new(),
            people: HashMap::new(),
            last: (Vec::new(), 0),
            template: Template::default(),
            rows: Rows { wide: matches!(reading.layout.steps, Steps::Wide(_)), ..Rows::default() },
        }
    }

    /// Reads whole lines; the last one of a file may have no end.
    pub fn lines(mut self, text: &[u8]) -> Rows {
        let mut at = 0;
        while at < text.len() {
            if self.template.is_set() {
                let (after, lines) = self.template.take(text, at, &mut self.rows);
                at = after;
                self.rows.lines += lines;
                self.rows.rows += u64::from(lines);
                self.template.clear();
                continue;
            }
            let rest = &text[at..];
            let (line, after) = first_line(rest);
            at = text.len() - after.len();
            self.line(line, rest.len() > line.len());
            self.rows.lines += 1;
        }
        self.rows
    }

    fn line(&mut self, line: &[u8], ended: bool) {
        if line.trim_ascii().is_empty() {
            return;
        }
        self.rows.rows += 1;
        if let Err(reason) = self.read(line) {
            let reason = if ended { reason } else { Reason::HalfALine };
            let text = String::from_utf8_lossy(&line[..line.len().min(KEPT_BYTES)]).into_owned();
            self.rows.aside.push(Aside { line: self.rows.lines, reason, text });
        }
    }

    /// Reads any line.
    fn read(&mut self, line: &[u8]) -> Result<(), Reason> {
        if line.contains(&0) {
            return Err(Reason::Nul);
        }
        if std::str::from_utf8(line).is_err() {
            return Err(Reason::NotUtf8);
        }
        let mut cells = std::mem::take(&mut self.cells);
        let layout = &self.reading.layout;
        let read = match split(line, layout.separator, &mut cells) {
            Some(row) if cells.len() == layout.count => self.read_cells(&row, &cells),
            Some(_) | None => Err(Reason::Columns),
        };
        self.cells = cells;
        read
    }

    fn read_cells(&mut self, row: &[u8], cells: &[Range<usize>]) -> Result<(), Reason> {
        let Reading { layout, kind, epoch_s, .. } = self.reading;
        let cell = |index: usize| &row[cells[index].clone()];
        let value = |index: usize| value(cell(index), *kind);
        let line = self.rows.lines;
        match layout.steps {
            Steps::Long(column) => {
                let value = value(column)?;
                let at_s = self.stamp(cell(layout.stamp))?;
                let heart_rate = layout.heart_rate.is_some_and(|column| is_a_heart_rate(cell(column)));
                let person = self.person(layout.participant.map(cell))?;
                match value {
                    Some(value) => {
                        self.rows.push(Row { person, at_s, value, line, heart_rate }, *epoch_s);
                        self.expect_the_next(at_s);
                    }
                    None => self.rows.without_value += 1,
                }
            }
            Steps::Wide(first) => {
                let values = (first..first + 60).map(value).collect::<Result<Vec<_>, _>>()?;
                let hour_s = self.stamp(cell(layout.stamp))?;
                let person = self.person(layout.participant.map(cell))?;
                for (at_s, value) in (hour_s..).step_by(60).zip(&values) {
                    match *value {
                        Some(value) => {
                            self.rows.push(Row { person, at_s, value, line, heart_rate: false }, *epoch_s);
                        }
                        None => self.rows.without_value += 1,
                    }
                }
            }
        }
        Ok(())
    }

    fn stamp(&mut self, cell: &[u8]) -> Result<i64, Reason> {
        let at_s = self.stamps.read(cell)?;
        let whole = match self.reading.kind {
            Kind::Steps => at_s.rem_euclid(60) % self.reading.epoch_s.min(60) == 0,
            Kind::Counter => true,
        };
        if whole { Ok(at_s) } else { Err(Reason::NotAWholeMinute) }
    }

    fn expect_the_next(&mut self, at_s: i64) {
        if self.plain
            && self.reading.epoch_s == 60
            && self.reading.layout.heart_rate.is_none()
            && let Some(hour) = self.stamps.hour()
        {
            self.template.set(&self.last.0, hour, at_s);
        }
    }

    fn person(&mut self, cell: Option<&[u8]>) -> Result<u32, Reason> {
        let cell = cell.unwrap_or(&self.reading.named);
        if self.last.0.strip_suffix(b",").is_some_and(|last| last == cell) {
            return Ok(self.last.1);
        }
        let number = if let Some(&number) = self.people.get(cell) {
            number
        } else {
            let number = u32::try_from(self.rows.names.len()).map_err(|_| Reason::BadParticipant)?;
            check_name(cell)?;
            self.rows.names.push(cell.into());
            self.people.insert(cell.into(), number);
            number
        };
        self.last.0.clear();
        self.last.0.extend_from_slice(cell);
        self.last.0.push(b',');
        self.last.1 = number;
        Ok(number)
    }
}

/// Whether a cell names a participant.
pub(super) fn check_name(cell: &[u8]) -> Result<(), Reason> {
    match cell {
        [] => Err(Reason::NoParticipant),
        name if ParticipantId::may_be(name) => Ok(()),
        _ => Err(Reason::BadParticipant),
    }
}

/// The first line without its end, and what follows it.
pub(super) fn first_line(text: &[u8]) -> (&[u8], &[u8]) {
    let (line, rest) = match text.iter().position(|&byte| byte == b'\n') {
        Some(end) => (&text[..end], &text[end + 1..]),
        None => (text, &[][..]),
    };
    (line.strip_suffix(b"\r").unwrap_or(line), rest)
}

/// Beats a minute that a person may have; others are an artefact.
pub(super) const HEART_RATES: RangeInclusive<u32> = 30..=220;

fn is_a_heart_rate(cell: &[u8]) -> bool {
    matches!(value(cell, Kind::Counter), Ok(Some(beats)) if HEART_RATES.contains(&beats))
}

/// A whole number, also written as `12.0`; none for a cell that says that there is no value.
pub(super) fn value(cell: &[u8], kind: Kind) -> Result<Option<u32>, Reason> {
    if cell.is_empty() || [&b"na"[..], b"nan", b"null"].iter().any(|none| cell.eq_ignore_ascii_case(none)) {
        return Ok(None);
    }
    let (whole, fraction) = match cell.iter().position(|&byte| byte == b'.') {
        Some(point) => (&cell[..point], &cell[point + 1..]),
        None => (cell, &[][..]),
    };
    let digits = !whole.is_empty() && whole.iter().all(u8::is_ascii_digit);
    if !digits || fraction.iter().any(|&byte| byte != b'0') {
        return Err(Reason::BadSteps);
    }
    let number =
        whole.iter().try_fold(0_u32, |number, digit| number.checked_mul(10)?.checked_add(u32::from(digit - b'0')));
    match number {
        Some(value) if value <= kind.most() => Ok(Some(value)),
        Some(_) | None => Err(Reason::TooManySteps),
    }
}
