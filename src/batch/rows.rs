//! From bytes to minutes: headers, cells, and what is wrong with a row.

use std::{borrow::Cow, collections::HashMap, io::Read, ops::Range, path::Path};

use super::{
    BatchError, BatchOptions, BatchSummary, ColumnMap, MOST_STEPS, OnBadRow, Progress, Reason, RowPlace,
    input::{Block, Input, can_be_read_again},
    people::{People, Place},
    spool::Spool,
    stamp::{Offsets, Stamps},
};
use crate::model::ParticipantId;

/// Where the three columns stand in a row.
#[derive(Clone, Copy)]
pub(super) struct Columns {
    pub participant: usize,
    pub stamp: usize,
    pub steps: usize,
    pub count: usize,
}

impl Columns {
    pub fn find(header: &[u8], map: &ColumnMap, path: &Path) -> Result<Self, BatchError> {
        let utf16 = header.starts_with(&[0xff, 0xfe]) || header.starts_with(&[0xfe, 0xff]);
        let text = std::str::from_utf8(header.strip_prefix(b"\xef\xbb\xbf").unwrap_or(header));
        let (Ok(text), false) = (text, utf16) else { return Err(BatchError::NotText { path: path.to_owned() }) };
        let mut cells = Vec::new();
        let row = split(text.as_bytes(), &mut cells).unwrap_or_default();
        let names: Vec<_> = cells.iter().map(|cell| String::from_utf8_lossy(&row[cell.clone()])).collect();
        let find = |wanted: &str| {
            let same = |name: &&Cow<'_, str>| name.eq_ignore_ascii_case(wanted);
            names
                .iter()
                .position(|name| *name == wanted)
                .or_else(|| names.iter().position(|name| same(&name)))
                .ok_or_else(|| BatchError::NoColumn {
                    path: path.to_owned(),
                    column: wanted.to_owned(),
                    found: names.join(", ").chars().take(400).collect(),
                })
        };
        Ok(Self {
            participant: find(&map.participant_id)?,
            stamp: find(&map.timestamp)?,
            steps: find(&map.steps)?,
            count: names.len(),
        })
    }

    fn are_the_plain_three(self) -> bool {
        (self.participant, self.stamp, self.steps, self.count) == (0, 1, 2, 3)
    }
}

/// Splits a row into trimmed cells; the ranges lie in the text returned, which has no quotes any more.
/// None when a quote does not close.
pub(super) fn split<'l>(line: &'l [u8], cells: &mut Vec<Range<usize>>) -> Option<Cow<'l, [u8]>> {
    cells.clear();
    if !line.contains(&b'"') {
        let mut start = 0;
        for (index, _) in line.iter().enumerate().filter(|&(_, &byte)| byte == b',') {
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
            (b',', false) => {
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

/// What a line says.
enum Line {
    Minute { person: usize, at: i64, steps: u16 },
    NoValue,
    Blank,
}

/// All inputs under way.
pub(super) struct Reading<'o> {
    options: &'o BatchOptions,
    people: People<'o>,
    numbers: HashMap<Vec<u8>, usize>,
    stamps: Stamps,
    cells: Vec<Range<usize>>,
    /// The participant of the last row: the cell with its comma, and the number.
    last: (Vec<u8>, usize),
    summary: BatchSummary,
    second: bool,
    bytes_before: u64,
    bytes_in_all: Option<u64>,
}

impl<'o> Reading<'o> {
    pub fn new(options: &'o BatchOptions) -> Self {
        let again = options.inputs.iter().all(|path| can_be_read_again(path));
        let as_it_stands = options.calendar.zone.name().is_none();
        let size = |path: &std::path::PathBuf| std::fs::metadata(path).ok().map(|meta| meta.len());
        Self {
            options,
            people: People::new(options, again),
            numbers: HashMap::new(),
            stamps: Stamps::new(if as_it_stands { Offsets::Ignore } else { Offsets::Count }),
            cells: Vec::new(),
            last: (Vec::new(), 0),
            summary: BatchSummary::default(),
            second: false,
            bytes_before: 0,
            bytes_in_all: options.inputs.iter().map(size).sum::<Option<u64>>().filter(|_| again),
        }
    }

    /// Whether another [`Reading::pass`] is needed; makes ready for it.
    pub fn must_read_again(&self) -> bool {
        self.people.must_read_again()
    }

    /// Reads every input once.
    pub fn pass(&mut self, stdin: &mut dyn Read, progress: &mut dyn FnMut(Progress)) -> Result<(), BatchError> {
        if self.people.must_read_again() {
            self.second = true;
            self.summary.read_again = self.people.read_again().map_err(aside)?;
            self.bytes_in_all = self.bytes_in_all.map(|bytes| bytes * 2);
        }
        for (number, path) in self.options.inputs.iter().enumerate() {
            let opened = Input::open(path, &mut *stdin);
            let mut input = opened.map_err(|source| BatchError::Open { path: path.clone(), source })?;
            self.input(number, path, &mut input, progress)?;
            self.bytes_before += input.taken();
        }
        Ok(())
    }

    fn input(
        &mut self,
        number: usize,
        path: &Path,
        input: &mut Input<'_>,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<(), BatchError> {
        let mut columns = None;
        let mut line = 0;
        let mut in_long_line = false;
        let rows_before = self.summary.rows;
        loop {
            let block = input.block().map_err(|source| BatchError::Read { path: path.to_owned(), source })?;
            let mut rest = match block {
                Block::End => break,
                Block::TooLong => {
                    if !in_long_line {
                        line += 1;
                        self.summary.rows += u64::from(!self.second);
                        self.reject(path, line, Reason::TooLong)?;
                    }
                    in_long_line = true;
                    continue;
                }
                Block::Lines(lines) => lines,
            };
            if std::mem::take(&mut in_long_line) {
                rest = rest.iter().position(|&byte| byte == b'\n').map_or(&[], |end| &rest[end + 1..]);
            }
            let columns = if let Some(columns) = columns {
                columns
            } else {
                let (header, after) = first_line(rest);
                rest = after;
                line = 1;
                *columns.insert(Columns::find(header, &self.options.columns, path)?)
            };
            line = self.lines(rest, columns, (number, line), path)?;
            if !self.second {
                progress(Progress {
                    bytes: self.bytes_before + input.taken(),
                    bytes_in_all: self.bytes_in_all,
                    rows: self.summary.rows,
                });
            }
        }
        if columns.is_none() {
            return Err(BatchError::Empty { path: path.to_owned() });
        }
        if self.summary.rows == rows_before && !self.second {
            return Err(BatchError::NoRows { path: path.to_owned() });
        }
        Ok(())
    }

    /// Reads a block of lines; `before` is the place of the line before it. Returns the last line's number.
    fn lines(&mut self, mut rest: &[u8], columns: Columns, before: Place, path: &Path) -> Result<u64, BatchError> {
        let (number, mut line) = before;
        let plain = columns.are_the_plain_three();
        let mut rows = 0;
        while !rest.is_empty() {
            line += 1;
            if plain && let Some((at, steps, after)) = self.like_the_last(rest) {
                rest = after;
                rows += 1;
                self.people.add(self.last.1, at, steps, (number, line)).map_err(aside)?;
                continue;
            }
            let ended = rest.contains(&b'\n');
            let (text, after) = first_line(rest);
            rest = after;
            match self.read(text, columns) {
                Ok(Line::Blank) => continue,
                Ok(Line::NoValue) => self.summary.rows_without_value += u64::from(!self.second),
                Ok(Line::Minute { person, at, steps }) => {
                    self.people.add(person, at, steps, (number, line)).map_err(aside)?;
                }
                Err(reason) => self.reject(path, line, if ended { reason } else { Reason::HalfALine })?,
            }
            rows += 1;
        }
        if !self.second {
            self.summary.rows += rows;
        }
        Ok(line)
    }

    /// The row at the front of `text` when it is of the participant and the hour of the last one, and
    /// nothing about it is unusual: minute, steps, and what follows the row.
    #[inline]
    fn like_the_last<'t>(&self, text: &'t [u8]) -> Option<(i64, u16, &'t [u8])> {
        if self.last.0.is_empty() {
            return None;
        }
        let (at, text) = self.stamps.remembered(text.strip_prefix(self.last.0.as_slice())?)?;
        let mut text = text.strip_prefix(b",")?;
        let mut steps = 0_u16;
        // Four digits cannot overflow and are never too many steps.
        for digit in 0..5 {
            match text {
                [b'\n', after @ ..] | [b'\r', b'\n', after @ ..] if digit > 0 => return Some((at, steps, after)),
                [byte @ b'0'..=b'9', after @ ..] if digit < 4 => {
                    steps = steps * 10 + u16::from(byte - b'0');
                    text = after;
                }
                _ => return None,
            }
        }
        None
    }

    /// Reads any line.
    fn read(&mut self, line: &[u8], columns: Columns) -> Result<Line, Reason> {
        if line.trim_ascii().is_empty() {
            return Ok(Line::Blank);
        }
        if line.contains(&0) {
            return Err(Reason::Nul);
        }
        if std::str::from_utf8(line).is_err() {
            return Err(Reason::NotUtf8);
        }
        let mut cells = std::mem::take(&mut self.cells);
        let read = match split(line, &mut cells) {
            Some(row) if cells.len() == columns.count => self.read_cells(&row, &cells, columns),
            Some(_) | None => Err(Reason::Columns),
        };
        self.cells = cells;
        read
    }

    fn read_cells(&mut self, row: &[u8], cells: &[Range<usize>], columns: Columns) -> Result<Line, Reason> {
        let cell = |index: usize| &row[cells[index].clone()];
        let steps = steps(cell(columns.steps))?;
        let at = self.stamps.read(cell(columns.stamp))?;
        let person = self.person(cell(columns.participant))?;
        Ok(steps.map_or(Line::NoValue, |steps| Line::Minute { person, at, steps }))
    }

    fn person(&mut self, cell: &[u8]) -> Result<usize, Reason> {
        if self.last.0.strip_suffix(b",").is_some_and(|last| last == cell) {
            return Ok(self.last.1);
        }
        let number = match self.numbers.get(cell) {
            Some(&number) => number,
            None if cell.is_empty() => return Err(Reason::NoParticipant),
            None => {
                let id: Result<ParticipantId, _> = String::from_utf8_lossy(cell).parse();
                let number = self.people.enter(id.map_err(|_| Reason::BadParticipant)?);
                self.numbers.insert(cell.to_vec(), number);
                number
            }
        };
        self.last.0.clear();
        self.last.0.extend_from_slice(cell);
        self.last.0.push(b',');
        self.last.1 = number;
        Ok(number)
    }

    fn reject(&mut self, path: &Path, line: u64, reason: Reason) -> Result<(), BatchError> {
        match self.options.on_bad_row {
            OnBadRow::Stop => return Err(BatchError::Row { path: path.to_owned(), line, reason }),
            OnBadRow::Skip if self.second => return Ok(()),
            OnBadRow::Skip => {}
        }
        let rejected = &mut self.summary.rejected;
        *rejected.by_reason.entry(reason).or_default() += 1;
        if rejected.first.len() < self.options.keep_rejected {
            rejected.first.push((RowPlace { path: path.to_owned(), line }, reason));
        }
        Ok(())
    }

    /// The rows, and what was read.
    pub fn finish(self) -> Result<(Spool, BatchSummary), BatchError> {
        let (spool, totals) = self.people.into_rows().map_err(aside)?;
        let places = totals.first_conflicts.iter().take(self.options.keep_rejected);
        let first_conflicts =
            places.map(|&(input, line)| RowPlace { path: self.options.inputs[input].clone(), line }).collect();
        let summary = BatchSummary {
            participants: totals.participants,
            days: totals.days,
            duplicates: totals.duplicates,
            conflicts: totals.conflicts,
            first_conflicts,
            most_days_held: totals.most_held,
            ..self.summary
        };
        Ok((spool, summary))
    }
}

fn aside(source: std::io::Error) -> BatchError {
    BatchError::Aside { path: std::env::temp_dir(), source }
}

/// The first line without its end, and what follows it.
pub(super) fn first_line(text: &[u8]) -> (&[u8], &[u8]) {
    let (line, rest) = match text.iter().position(|&byte| byte == b'\n') {
        Some(end) => (&text[..end], &text[end + 1..]),
        None => (text, &[][..]),
    };
    (line.strip_suffix(b"\r").unwrap_or(line), rest)
}

/// A whole number, also written as `12.0`; none for a cell that says that there is no value.
pub(super) fn steps(cell: &[u8]) -> Result<Option<u16>, Reason> {
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
    match number.and_then(|number| u16::try_from(number).ok()) {
        Some(steps) if steps <= MOST_STEPS => Ok(Some(steps)),
        Some(_) | None => Err(Reason::TooManySteps),
    }
}
