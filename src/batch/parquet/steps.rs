//! The column of steps: the rows that have some, those without a value, and those that make no sense.

use std::ops::Range;

use super::{
    super::Reason,
    column::{MOST_KEPT, Sink},
};

/// Keeps what is not zero. An entry is a value, or one of the three below, which are above the largest that is believed.
pub(super) struct Steps {
    unsigned: bool,
    most: u32,
    row: u32,
    /// A run that is not kept was met.
    too_many: bool,
    pub nonzero: Vec<(u32, u32)>,
    pub null: Vec<Range<u32>>,
    pub bad: Vec<(u32, Reason)>,
}

const NO_VALUE: u32 = u32::MAX;
const BAD: u32 = u32::MAX - 1;
const TOO_MANY: u32 = u32::MAX - 2;

impl Steps {
    /// Values up to `most` are believed.
    pub fn new(unsigned: bool, most: u32) -> Self {
        Self {
            unsigned,
            most: most.min(TOO_MANY - 1),
            row: 0,
            too_many: false,
            nonzero: Vec::new(),
            null: Vec::new(),
            bad: Vec::new(),
        }
    }

    /// A row that is not of zero steps.
    fn at(&mut self, row: u32, entry: u32) {
        match entry {
            NO_VALUE => self.none(row, 1),
            TOO_MANY => self.bad.push((row, Reason::TooManySteps)),
            BAD => self.bad.push((row, Reason::BadSteps)),
            steps => self.nonzero.push((row, steps)),
        }
    }

    fn none(&mut self, row: u32, rows: u32) {
        match self.null.last_mut() {
            Some(last) if last.end == row => last.end += rows,
            _ => self.null.push(row..row + rows),
        }
    }

    /// Takes up to 32 entries; those of zero cost no branch.
    fn some(&mut self, entries: impl ExactSizeIterator<Item = Option<u32>>) -> Option<()> {
        let mut found = [(0, 0); 32];
        let mut count = 0;
        let mut most = 0;
        for entry in entries {
            let entry = entry?;
            found[count % 32] = (self.row, entry);
            count += usize::from(entry != 0);
            most = most.max(entry);
            self.row += 1;
        }
        let found = &found[..count];
        if most < TOO_MANY {
            self.nonzero.extend_from_slice(found);
        } else {
            for &(row, entry) in found {
                self.at(row, entry);
            }
        }
        Some(())
    }
}

impl Sink for Steps {
    type Entry = u32;

    fn of_int(&mut self, value: i64) -> u32 {
        match u32::try_from(value) {
            Ok(steps) if steps <= self.most => steps,
            Err(_) if value < 0 && !self.unsigned => BAD,
            Ok(_) | Err(_) => TOO_MANY,
        }
    }

    fn of_float(&mut self, value: f64) -> u32 {
        if value.is_nan() {
            return NO_VALUE;
        }
        if value < 0.0 || value.fract() != 0.0 || value.is_infinite() {
            return BAD;
        }
        if value > f64::from(self.most) {
            return TOO_MANY;
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "checked above: whole, and within u32"
        )]
        let steps = value as u32;
        steps
    }

    fn of_text(&mut self, _: &[u8]) -> u32 {
        BAD
    }

    fn full(&self) -> bool {
        self.too_many || self.nonzero.len().max(self.null.len()).max(self.bad.len()) > MOST_KEPT
    }

    fn missing(&mut self, rows: u32) {
        self.none(self.row, rows);
        self.row += rows;
    }

    fn same(&mut self, entry: u32, rows: u32) {
        match entry {
            0 => self.row += rows,
            NO_VALUE => self.missing(rows),
            entry => {
                if usize::try_from(rows).map_or(true, |rows| rows > MOST_KEPT) {
                    self.too_many = true;
                    return;
                }
                for _ in 0..rows {
                    self.at(self.row, entry);
                    self.row += 1;
                }
            }
        }
    }

    fn indices(&mut self, dictionary: &[u32], indices: &[u32]) -> Option<()> {
        for indices in indices.chunks(32) {
            let entries = indices.iter().map(|&index| dictionary.get(usize::try_from(index).ok()?).copied());
            self.some(entries)?;
        }
        Some(())
    }

    fn ints(&mut self, values: &[i64]) {
        for values in values.chunks(32) {
            if values.iter().fold(0, |all, value| all | value) == 0 {
                self.row += u32::try_from(values.len()).unwrap_or(0);
            } else {
                for &value in values {
                    let entry = self.of_int(value);
                    self.same(entry, 1);
                }
            }
        }
    }
}
