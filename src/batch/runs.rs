//! What the readers of files give: runs of rows, in which a row without steps costs nothing.

use super::Reason;

/// Consecutive rows of one participant, each an epoch after the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Run {
    /// Index in [`Rows::names`].
    pub person: u32,
    /// Start of the first epoch, seconds since 1970 as the file counts them.
    pub first_s: i64,
    /// How many.
    pub rows: u32,
    /// Its part of [`Rows::walked`].
    pub walked: (u32, u32),
    /// Line or row of the first of them, counted from the first line of the block, which is 0.
    pub line: u32,
    /// Whether each of them holds a plausible heart rate.
    pub heart_rate: bool,
}

/// A row that was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Aside {
    /// Counted from the first line of the block, which is 0.
    pub line: u32,
    pub reason: Reason,
    /// The row, or its beginning.
    pub text: String,
}

/// A block of an input, in the order of its rows.
#[derive(Clone, Debug, Default)]
#[expect(clippy::struct_field_names, reason = "rows are counted in it, too")]
pub(super) struct Rows {
    /// Participants of the block.
    pub names: Vec<Box<[u8]>>,
    pub runs: Vec<Run>,
    /// Rows with a value other than 0, by their place in their run.
    pub walked: Vec<(u32, u32)>,
    pub aside: Vec<Aside>,
    /// Lines in the block, or rows where an input has no lines.
    pub lines: u32,
    /// Rows, without empty lines.
    pub rows: u64,
    pub without_value: u64,
    /// A line holds an hour of rows.
    pub wide: bool,
}

impl Rows {
    /// Adds a row; consecutive ones become one run, in a line of many rows those of the line.
    pub fn push(&mut self, row: Row, epoch_s: i64) {
        let wide = self.wide;
        let end = u32::try_from(self.walked.len()).unwrap_or(u32::MAX);
        let index = match self.runs.last_mut() {
            Some(run)
                if run.person == row.person
                    && run.first_s + i64::from(run.rows) * epoch_s == row.at_s
                    && run.heart_rate == row.heart_rate
                    && if wide { run.line == row.line } else { run.line.saturating_add(run.rows) >= row.line } =>
            {
                run.rows += 1;
                run.rows - 1
            }
            Some(_) | None => {
                let Row { person, at_s, line, heart_rate, .. } = row;
                self.runs.push(Run { person, first_s: at_s, rows: 1, walked: (end, end), line, heart_rate });
                0
            }
        };
        if row.value > 0 {
            self.walked.push((index, row.value));
            if let Some(run) = self.runs.last_mut() {
                run.walked.1 = end + 1;
            }
        }
    }
}

/// One row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub person: u32,
    pub at_s: i64,
    pub value: u32,
    pub line: u32,
    pub heart_rate: bool,
}
