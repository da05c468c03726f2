//! The run: threads that read blocks into runs, one after another taken in by the keeper of people.

use std::{
    io,
    num::NonZero,
    path::{Path, PathBuf},
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
};

use super::{
    BatchError, BatchOptions, BatchSummary, InputRead, OnBadRow, Progress, Reason, RowPlace, Tell,
    csv::{Csv, KEPT_BYTES},
    input::Work,
    people::{People, Place},
    runs::{Aside, Rows},
    sink::{Parts, Sink},
    source::{Source, Unit},
    spool::Spool,
};

pub(super) fn aside(source: io::Error) -> BatchError {
    BatchError::Aside { path: std::env::temp_dir(), source }
}

/// All passes over the inputs.
pub(super) fn run(
    options: &BatchOptions,
    inputs: &[PathBuf],
    tell: Tell<'_>,
) -> Result<(BatchSummary, Parts, Spool), BatchError> {
    let size = |path: &PathBuf| std::fs::metadata(path).map_or(0, |meta| meta.len());
    let bytes_in_all = inputs.iter().map(size).sum();
    let sink = Sink::new(options).map_err(aside)?;
    let mut taking = Taking {
        options,
        inputs,
        people: People::new(options, sink),
        summary: BatchSummary::default(),
        aside: Spool::new(),
        second: false,
        line: 0,
        tell,
        bytes_in_all,
        bytes_before: 0,
        next: 0,
        error: None,
        broken: false,
    };
    let mut reads = taking.pass()?;
    if taking.people.must_read_again() {
        taking.second = true;
        let people = &taking.people;
        taking.aside.forget(|of| of.checked_sub(1).is_some_and(|number| people.is_out_of_order(to_usize(number))));
        taking.summary.read_again = taking.people.read_again().map_err(aside)?;
        taking.bytes_before = bytes_in_all;
        taking.bytes_in_all = bytes_in_all * 2;
        taking.pass()?;
        let (options, spool) = (taking.options, &mut taking.aside);
        taking
            .people
            .rows_were_read_again(&mut |number, place| write_conflict(spool, options, number, place))
            .map_err(aside)?;
    }
    let Taking { mut people, mut summary, aside, .. } = taking;
    let totals = people.end().map_err(self::aside)?;
    let failed = summary.rejected.files.len();
    if summary.rows == 0 && failed > 0 && failed == inputs.len() {
        let first = summary.rejected.files.swap_remove(0).1;
        return Err(BatchError::Nothing { files: inputs.len(), first });
    }
    for (read, (_, rows)) in reads.iter_mut().zip(people.inputs()) {
        read.rows = *rows;
    }
    let place = |&(input, line): &(usize, u64)| RowPlace { path: options.inputs[input].clone(), line };
    summary.first_conflicts = totals.first_conflicts.iter().take(options.keep_rejected).map(place).collect();
    summary.inputs = reads;
    summary.participants = totals.participants;
    summary.days = totals.days;
    summary.duplicates = totals.duplicates;
    summary.conflicts = totals.conflicts;
    summary.most_held = totals.most_held;
    let parts = people.sink.into_parts().map_err(self::aside)?;
    Ok((summary, parts, aside))
}

/// What takes blocks in, in their order.
struct Taking<'r, 'o> {
    options: &'o BatchOptions,
    inputs: &'r [PathBuf],
    people: People<'o>,
    summary: BatchSummary,
    aside: Spool,
    second: bool,
    /// Lines of the input before the next block.
    line: u64,
    tell: Tell<'r>,
    bytes_in_all: u64,
    bytes_before: u64,
    next: u64,
    error: Option<BatchError>,
    /// A thread is gone, and its turn never comes.
    broken: bool,
}

/// What became of a unit.
enum Done {
    Rows(Rows),
    TooLong,
    Broken(BatchError),
}

impl Taking<'_, '_> {
    /// Reads every input once.
    fn pass(&mut self) -> Result<Vec<InputRead>, BatchError> {
        let options = self.options;
        let source = Mutex::new(Source::new(options, self.inputs, !self.second));
        self.next = 0;
        let turns = (Mutex::new(&mut *self), Condvar::new());
        let threads = options.threads.clamp(1, 64);
        if threads == 1 {
            work(options, &source, &turns);
        } else {
            std::thread::scope(|scope| {
                for _ in 0..threads {
                    scope.spawn(|| work(options, &source, &turns));
                }
            });
        }
        let reads = source.into_inner().unwrap_or_else(PoisonError::into_inner).reads;
        match self.error.take() {
            Some(error) => Err(error),
            None => Ok(reads),
        }
    }

    fn take(&mut self, unit: &Unit, done: Done) -> Result<Option<Rows>, BatchError> {
        if let Some(epoch_s) = unit.begins {
            self.people.input_begins(unit.input, epoch_s);
            self.line = u64::from(!matches!(unit.work, Work::Group { .. } | Work::Runs { .. }));
        }
        let first = self.summary.rows;
        let rows = match done {
            Done::Rows(rows) => {
                let place = (unit.input, self.line + 1);
                self.people.take(&rows, place).map_err(aside)?;
                self.reject_all(unit, &rows.aside)?;
                for (number, place) in self.people.take_conflicts() {
                    write_conflict(&mut self.aside, self.options, number, place).map_err(aside)?;
                }
                self.line += u64::from(rows.lines);
                if !self.second {
                    self.summary.rows += rows.rows;
                    self.summary.rows_without_value += rows.without_value;
                }
                Some(rows)
            }
            Done::TooLong => {
                self.line += 1;
                self.summary.rows += u64::from(!self.second);
                let aside = Aside { line: 0, reason: Reason::TooLong, text: String::new() };
                self.reject(unit.input, self.line, &aside)?;
                None
            }
            Done::Broken(error) => {
                if self.inputs.len() == 1 || self.options.on_bad_row == OnBadRow::Stop {
                    return Err(error);
                }
                if !self.second {
                    let path = &self.options.inputs[unit.input];
                    let why = with_causes(&error);
                    write_aside(&mut self.aside, path, 0, &why, "").map_err(aside)?;
                    self.summary.rejected.files.push((path.clone(), why));
                }
                None
            }
        };
        self.people.rows_were_read(unit.input, self.summary.rows - first);
        (self.tell)(Progress {
            bytes: self.bytes_before + unit.bytes,
            bytes_in_all: self.bytes_in_all,
            rows: self.summary.rows,
        });
        Ok(rows)
    }

    /// Rejects rows that are no rows, and those at times that there were not, in the order of their lines.
    fn reject_all(&mut self, unit: &Unit, asides: &[Aside]) -> Result<(), BatchError> {
        let no_such_time = self.people.take_no_such_time();
        if no_such_time.is_empty() {
            return asides.iter().try_for_each(|row| self.reject(unit.input, self.line + 1 + u64::from(row.line), row));
        }
        let mut all = asides.to_vec();
        all.extend(no_such_time.iter().map(|&(_, line)| {
            let line = u32::try_from(line - self.line - 1).unwrap_or(u32::MAX);
            Aside { line, reason: Reason::NoSuchTime, text: text_of(unit, line) }
        }));
        all.sort_by_key(|row| row.line);
        all.iter().try_for_each(|row| self.reject(unit.input, self.line + 1 + u64::from(row.line), row))
    }

    fn reject(&mut self, input: usize, line: u64, row: &Aside) -> Result<(), BatchError> {
        let path = &self.options.inputs[input];
        match self.options.on_bad_row {
            OnBadRow::Stop => return Err(BatchError::Row { path: path.clone(), line, reason: row.reason }),
            OnBadRow::Skip if self.second => return Ok(()),
            OnBadRow::Skip => {}
        }
        write_aside(&mut self.aside, path, line, &row.reason.to_string(), &row.text).map_err(aside)?;
        let rejected = &mut self.summary.rejected;
        *rejected.by_reason.entry(row.reason).or_default() += 1;
        if rejected.first.len() < self.options.keep_rejected {
            rejected.first.push((RowPlace { path: path.clone(), line }, row.reason));
        }
        Ok(())
    }
}

/// An error with what lies under it, in one line.
fn with_causes(error: &BatchError) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(under) = cause {
        text = format!("{text}: {under}");
        cause = under.source();
    }
    text
}

fn write_aside(spool: &mut Spool, path: &Path, line: u64, reason: &str, row: &str) -> io::Result<()> {
    spool.push(0, |out| aside_line(out, path, line, reason, row))
}

fn aside_line(out: &mut Vec<u8>, path: &Path, line: u64, reason: &str, row: &str) {
    let mut csv = ::csv::WriterBuilder::new().terminator(::csv::Terminator::CRLF).from_writer(Vec::new());
    let line = if line == 0 { String::new() } else { line.to_string() };
    // A Vec takes every byte.
    csv.write_record([&path.display().to_string(), &line, reason, row]).unwrap_or_default();
    out.extend(csv.into_inner().unwrap_or_default());
}

/// Conflicts stand behind everything else in the list, by person: those of a person who is read again are forgotten.
fn write_conflict(spool: &mut Spool, options: &BatchOptions, number: usize, (input, line): Place) -> io::Result<()> {
    let reason = "another value for an epoch that was there; the first was kept";
    let of = u32::try_from(number + 1).map_err(io::Error::other)?;
    spool.push(of, |out| aside_line(out, &options.inputs[input], line, reason, ""))
}

/// A line of a block, as far as it is kept.
fn text_of(unit: &Unit, line: u32) -> String {
    let Work::Lines { text, .. } = &unit.work else { return String::new() };
    let line = text.text().split(|&byte| byte == b'\n').nth(to_usize(line)).unwrap_or_default();
    String::from_utf8_lossy(&line[..line.len().min(KEPT_BYTES)]).trim_end().to_owned()
}

fn to_usize(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

type Turns<'t, T> = (Mutex<&'t mut T>, Condvar);

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Lets the others go when its thread panics; the panic itself is passed on by whoever waits for the threads.
struct Bell<'b, 't, 'r, 'o>(&'b Turns<'t, Taking<'r, 'o>>);

impl Drop for Bell<'_, '_, '_, '_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            locked(&self.0.0).broken = true;
            self.0.1.notify_all();
        }
    }
}

/// Reads blocks until there are none, and hands each on when its turn has come.
fn work(options: &BatchOptions, source: &Mutex<Source<'_>>, turns: &Turns<'_, Taking<'_, '_>>) {
    let _bell = Bell(turns);
    let mut spare = None;
    loop {
        let unit = {
            let mut source = locked(source);
            if let Some(text) = spare.take() {
                source.recycle(text);
            }
            source.next()
        };
        let Some(mut unit) = unit else { return };
        let done = read(&mut unit, options);
        let mut taking = locked(&turns.0);
        while taking.next != unit.sequence && taking.error.is_none() && !taking.broken {
            taking = turns.1.wait(taking).unwrap_or_else(PoisonError::into_inner);
        }
        if taking.error.is_some() || taking.broken {
            return;
        }
        if let Err(error) = taking.take(&unit, done) {
            taking.error = Some(error);
            locked(source).stop();
        }
        taking.next += 1;
        drop(taking);
        turns.1.notify_all();
        if let Work::Lines { text, .. } = unit.work {
            spare = Some(text);
        }
    }
}

fn read(unit: &mut Unit, options: &BatchOptions) -> Done {
    match &mut unit.work {
        Work::Lines { reading, text } => Done::Rows(Csv::new(reading).lines(text.text())),
        Work::TooLong => Done::TooLong,
        Work::Group { file, group, epoch_s } => match file.read_group(*group) {
            Ok(runs) => Done::Rows(runs.into_rows(*epoch_s, options.kind)),
            Err(error) => Done::Broken(error.into()),
        },
        Work::Runs { runs, epoch_s } => Done::Rows(std::mem::take(&mut **runs).into_rows(*epoch_s, options.kind)),
        Work::Broken(_) => match std::mem::replace(&mut unit.work, Work::TooLong) {
            Work::Broken(error) => Done::Broken(error),
            _ => Done::TooLong,
        },
    }
}

/// As many threads as this machine has for us.
pub fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, NonZero::get)
}
