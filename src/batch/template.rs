//! The row that is expected next, byte by byte: the same participant a minute later.
//!
//! Four rows of five are `…,0` and one minute after the row before. To see that costs a comparison of the bytes up to
//! the steps; only what differs is read in full. A row that compares equal says the same as if it had been read in full.

use super::{runs::Rows, stamp::Hour};

/// Longest beginning of a row that is expected: 32 letters of a participant, the longest stamps, two commas.
const MOST_BYTES: usize = 64;

/// Two digits for each minute.
const DIGITS: [[u8; 2]; 60] = {
    let mut digits = [[b'0'; 2]; 60];
    let mut minute = 0;
    let mut text = [b'0'; 2];
    while minute < 60 {
        digits[minute] = text;
        text[1] += 1;
        if text[1] > b'9' {
            text = [text[0] + 1, b'0'];
        }
        minute += 1;
    }
    digits
};

/// What the next row begins with.
#[derive(Clone, Debug)]
pub(super) struct Template {
    /// Up to and with the comma before the steps; the minute's digits are 0 here and in the mask.
    text: [u8; MOST_BYTES],
    mask: [u8; MOST_BYTES],
    length: usize,
    digits_at: usize,
    /// The minute that is expected; 60 when none is.
    minute: usize,
    /// Whether the two bytes before the minute are `HH:` of 24 hours.
    hours_count_to_23: bool,
}

impl Default for Template {
    fn default() -> Self {
        Self {
            text: [0; MOST_BYTES],
            mask: [0; MOST_BYTES],
            length: 0,
            digits_at: 0,
            minute: 60,
            hours_count_to_23: false,
        }
    }
}

impl Template {
    /// Expects the minute after `at_s`. `participant` is the cell with its comma.
    pub fn set(&mut self, participant: &[u8], hour: Hour<'_>, at_s: i64) {
        self.length = participant.len() + hour.before.len() + 2 + hour.after.len() + 1;
        if self.length > MOST_BYTES {
            return self.clear();
        }
        self.digits_at = participant.len() + hour.before.len();
        let parts = [participant, hour.before, &[0, 0], hour.after, b","];
        for (slot, &byte) in self.text.iter_mut().zip(parts.into_iter().flatten()) {
            *slot = byte;
        }
        self.mask.fill(0);
        self.mask[..self.length].fill(0xff);
        self.mask[self.digits_at..self.digits_at + 2].fill(0);
        self.hours_count_to_23 = matches!(hour.before, [_, _, _, _, b'-', .., b':']);
        self.minute = usize::try_from((at_s - hour.start_s) / 60 + 1).unwrap_or(60);
        if self.minute == 60 && !self.next_hour() {
            self.clear();
        }
    }

    pub fn clear(&mut self) {
        self.minute = 60;
    }

    /// Whether anything is expected.
    pub fn is_set(&self) -> bool {
        self.minute < 60
    }

    /// Takes rows as long as they are the expected ones and adds them to the last run. Returns where the first other
    /// row begins, and how many were taken.
    pub fn take(&mut self, text: &[u8], at: usize, rows: &mut Rows) -> (usize, u32) {
        if self.length <= MOST_BYTES / 2 {
            self.take_by::<{ MOST_BYTES / 2 }>(text, at, rows)
        } else {
            self.take_by::<MOST_BYTES>(text, at, rows)
        }
    }

    fn take_by<const N: usize>(&mut self, text: &[u8], mut at: usize, rows: &mut Rows) -> (usize, u32) {
        let Some(run) = rows.runs.last_mut() else { return (at, 0) };
        let (mut expected, mask) = (words::<N>(&self.text), words::<N>(&self.mask));
        let (length, digits_at, mut minute) = (self.length, self.digits_at, self.minute);
        let before = run.rows;
        let mut taken = before;
        while let Some(window) = text.get(at..).and_then(|rest| rest.first_chunk::<N>()) {
            let (Some(digits), Some(wanted)) = (window.get(digits_at..digits_at + 2), DIGITS.get(minute)) else {
                break;
            };
            if differs(window, &expected, &mask) || digits != wanted {
                break;
            }
            match text.get(at + length..at + length + 2) {
                Some(b"0\n") => at += length + 2,
                Some(_) => {
                    let Some((steps, end)) = text.get(at + length..).and_then(steps) else { break };
                    if steps > 0 {
                        rows.walked.push((taken, steps));
                    }
                    at += length + end;
                }
                None => break,
            }
            taken += 1;
            minute += 1;
            if minute == 60 {
                self.minute = 60;
                if !self.next_hour() {
                    break;
                }
                minute = 0;
                expected = words::<N>(&self.text);
            }
        }
        run.rows = taken;
        run.walked.1 = u32::try_from(rows.walked.len()).unwrap_or(u32::MAX);
        (at, taken - before)
    }

    /// Expects the first minute of the next hour of the day, if there is one that is written alike.
    fn next_hour(&mut self) -> bool {
        let Some([tens, ones]) = self.digits_at.checked_sub(3).and_then(|at| self.text.get(at..at + 2)) else {
            return false;
        };
        let next = match (tens, ones) {
            _ if !self.hours_count_to_23 => return false,
            (b'2', b'3') => return false,
            (&tens, b'9') => [tens + 1, b'0'],
            (&tens, &ones) => [tens, ones + 1],
        };
        self.text[self.digits_at - 3..self.digits_at - 1].copy_from_slice(&next);
        self.minute = 0;
        true
    }
}

/// Steps of one to four digits and the end of the line, and how long they are.
fn steps(text: &[u8]) -> Option<(u32, usize)> {
    let mut steps = 0;
    // Four digits cannot overflow and are never too many steps.
    for length in 0..5 {
        match text.get(length..)? {
            [b'\n', ..] if length > 0 => return Some((steps, length + 1)),
            [b'\r', b'\n', ..] if length > 0 => return Some((steps, length + 2)),
            [byte @ b'0'..=b'9', ..] if length < 4 => steps = steps * 10 + u32::from(byte - b'0'),
            _ => return None,
        }
    }
    None
}

type Words = [u64; MOST_BYTES / 8];

fn words<const N: usize>(bytes: &[u8; MOST_BYTES]) -> Words {
    let mut words = [0; MOST_BYTES / 8];
    for (word, bytes) in words.iter_mut().zip(bytes[..N].as_chunks::<8>().0) {
        *word = u64::from_le_bytes(*bytes);
    }
    words
}

#[inline]
fn differs<const N: usize>(window: &[u8; N], expected: &Words, mask: &Words) -> bool {
    let mut difference = 0;
    for ((bytes, expected), mask) in window.as_chunks::<8>().0.iter().zip(expected).zip(mask) {
        difference |= (u64::from_le_bytes(*bytes) ^ expected) & mask;
    }
    difference != 0
}
