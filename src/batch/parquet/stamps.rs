//! The column of stamps as runs of equal steps.

use super::{
    super::stamp,
    Reason, StampRun,
    column::{MOST_KEPT, Sink},
};

/// The first second that is no stamp any more: 2200 begins.
const END_S: i64 = 7_258_118_400;

/// Makes runs of stamps. A value is a count of units since 1970, or below 0 a reason for having none.
pub(super) struct Stamps {
    per_second: i64,
    end: i64,
    texts: stamp::Stamps,
    /// The run that is under way; `rows` is 0 before the first.
    first: i64,
    step: i64,
    last: i64,
    rows: u32,
    runs: Vec<StampRun>,
}

const BAD: i64 = -1;
const NOT_WHOLE: i64 = -2;

fn reason(value: i64) -> Reason {
    if value == NOT_WHOLE { Reason::NotAWholeMinute } else { Reason::BadStamp }
}

impl Stamps {
    /// `per_second` units are a second; of texts, one.
    pub fn new(per_second: i64, offsets: stamp::Offsets) -> Self {
        Self {
            per_second,
            end: END_S.saturating_mul(per_second),
            texts: stamp::Stamps::new(offsets),
            first: 0,
            step: 0,
            last: 0,
            rows: 0,
            runs: Vec::new(),
        }
    }

    pub fn finish(mut self) -> Vec<StampRun> {
        self.close();
        self.runs
    }

    fn close(&mut self) {
        if self.rows > 0 {
            self.runs.push(StampRun::Even {
                first_s: self.first / self.per_second,
                step_s: self.step / self.per_second,
                rows: self.rows,
            });
            self.rows = 0;
        }
    }

    fn unreadable(&mut self, reason: Reason, rows: u32) {
        self.close();
        match self.runs.last_mut() {
            Some(StampRun::Unreadable { reason: last, rows: before }) if *last == reason => *before += rows,
            _ => self.runs.push(StampRun::Unreadable { reason, rows }),
        }
    }

    fn push(&mut self, value: i64) {
        if value < 0 {
            return self.unreadable(reason(value), 1);
        }
        if self.rows == 1 {
            self.step = value - self.last;
        } else if self.rows == 0 || self.last.checked_add(self.step) != Some(value) {
            self.close();
            (self.first, self.step) = (value, 0);
        }
        self.last = value;
        self.rows += 1;
    }

    /// How many values from the front go on with the run; none when it has no step yet.
    fn going_on(&self, values: &[i64]) -> usize {
        if self.rows < 2 {
            return 0;
        }
        let Some(next) = self.last.checked_add(self.step).filter(|next| (0..self.end).contains(next)) else { return 0 };
        let room = match self.step {
            0 => i64::MAX,
            up @ 1.. => (self.end - 1 - next) / up + 1,
            down => next / down.saturating_neg() + 1,
        };
        let room = usize::try_from(room).unwrap_or(usize::MAX).min(values.len());
        let values = &values[..room];
        let mut count = 0;
        let mut expected = next;
        let (chunks, rest) = values.as_chunks::<16>();
        for chunk in chunks {
            let mut differences = 0;
            let mut value = expected;
            for found in chunk {
                differences |= found ^ value;
                value = value.wrapping_add(self.step);
            }
            if differences != 0 {
                break;
            }
            (expected, count) = (value, count + 16);
        }
        let tail = if count == chunks.len() * 16 { rest } else { &values[count..] };
        for found in tail {
            if *found != expected {
                break;
            }
            (expected, count) = (expected.wrapping_add(self.step), count + 1);
        }
        count
    }

    /// Takes values that `meaning` makes sense of.
    fn take(&mut self, mut values: &[i64], meaning: impl Fn(&Self, i64) -> i64) {
        while let Some((first, rest)) = values.split_first() {
            let count = self.going_on(values);
            if count == 0 {
                self.push(meaning(self, *first));
                values = rest;
            } else {
                self.last = values[count - 1];
                self.rows += u32::try_from(count).unwrap_or(0);
                values = &values[count..];
            }
        }
    }

    fn meaning(&self, value: i64) -> i64 {
        if !(0..self.end).contains(&value) {
            BAD
        } else if value % self.per_second != 0 {
            NOT_WHOLE
        } else {
            value
        }
    }
}

impl Sink for Stamps {
    type Entry = i64;

    fn of_int(&mut self, value: i64) -> i64 {
        self.meaning(value)
    }

    fn of_float(&mut self, _: f64) -> i64 {
        BAD
    }

    fn of_text(&mut self, text: &[u8]) -> i64 {
        match self.texts.read(text.trim_ascii()) {
            Ok(at_s) => at_s,
            Err(Reason::NotAWholeMinute) => NOT_WHOLE,
            Err(_) => BAD,
        }
    }

    fn full(&self) -> bool {
        self.runs.len() > MOST_KEPT
    }

    fn missing(&mut self, rows: u32) {
        self.unreadable(Reason::BadStamp, rows);
    }

    fn same(&mut self, entry: i64, rows: u32) {
        if entry < 0 { self.unreadable(reason(entry), rows) } else { self.even(entry, 0, rows) }
    }

    fn indices(&mut self, dictionary: &[i64], indices: &[u32]) -> Option<()> {
        let mut values = [0; 256];
        for indices in indices.chunks(values.len()) {
            let values = &mut values[..indices.len()];
            for (value, &index) in values.iter_mut().zip(indices) {
                *value = *dictionary.get(usize::try_from(index).ok()?)?;
            }
            self.take(values, |_, value| value);
        }
        Some(())
    }

    fn ints(&mut self, values: &[i64]) {
        self.take(values, Self::meaning);
    }

    fn even(&mut self, first: i64, step: i64, rows: u32) {
        let last = i64::from(rows).checked_sub(1).and_then(|steps| steps.checked_mul(step)?.checked_add(first));
        let within = |value| (0..self.end).contains(&value);
        let whole = first % self.per_second == 0 && step % self.per_second == 0;
        if !whole || !within(first) || !last.is_some_and(within) {
            let mut value = first;
            for _ in 0..rows {
                if self.full() {
                    return;
                }
                self.push(self.meaning(value));
                value = value.wrapping_add(step);
            }
            return;
        }
        let (mut value, mut left) = (first, rows);
        while left > 0 {
            let goes_on = match self.rows {
                0 => false,
                1 => value - self.last == step,
                _ => step == self.step && self.last.checked_add(step) == Some(value),
            };
            let taken = if goes_on { left } else { 1 };
            if goes_on {
                // Checked above: the last one is within the range of stamps.
                self.last = value + step * (i64::from(taken) - 1);
                self.step = step;
                self.rows += taken;
            } else {
                self.push(value);
            }
            left -= taken;
            value = value.wrapping_add(step);
        }
    }
}
