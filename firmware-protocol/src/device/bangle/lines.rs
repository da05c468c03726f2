//! Lines out of notifications of any size, and whether the watch has asked for silence.

use alloc::{collections::VecDeque, vec::Vec};

/// The watch asks that nothing is written to it, in the middle of whatever it sends.
pub const XOFF: u8 = 0x13;
/// It can take more.
pub const XON: u8 = 0x11;
/// Longer lines are none that this program needs; the longest record is about a hundred bytes.
pub const MAX_LINE: usize = 512;
/// Lines that wait to be looked at.
const MAX_WAITING: usize = 64;

/// See the module.
#[derive(Debug, Default)]
pub struct Lines {
    line: Vec<u8>,
    too_long: bool,
    waiting: VecDeque<Vec<u8>>,
    /// It has asked for silence.
    pub paused: bool,
}

impl Lines {
    /// Takes what was notified.
    pub fn take(&mut self, bytes: &[u8]) {
        for byte in bytes {
            match *byte {
                XOFF => self.paused = true,
                XON => self.paused = false,
                b'\n' => self.end_line(),
                // CR, and what a console sends to move its cursor.
                0..0x20 | 0x7F => {}
                byte if self.line.len() < MAX_LINE => self.line.push(byte),
                _ => self.too_long = true,
            }
        }
    }

    fn end_line(&mut self) {
        let line = core::mem::take(&mut self.line);
        let whole = !core::mem::take(&mut self.too_long);
        // Nobody looked at those before: what is dropped leaves a hole, and is asked for again.
        if whole && !line.is_empty() && self.waiting.len() < MAX_WAITING {
            self.waiting.push_back(line);
        }
    }

    /// The next line.
    pub fn pop(&mut self) -> Option<Vec<u8>> {
        self.waiting.pop_front()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    #[test]
    fn flow_control_may_stand_in_the_middle_of_a_word() {
        let mut lines = Lines::default();

        lines.take(b"{\"t\":\"a\x13c");
        assert!(lines.paused);
        lines.take(b"t\"}\x11\r\n>");

        assert!(!lines.paused);
        assert_eq!(lines.pop(), Some(b"{\"t\":\"act\"}".to_vec()));
        assert_eq!(lines.pop(), None);
    }

    #[test]
    fn a_line_without_end_takes_no_memory() {
        let mut lines = Lines::default();

        lines.take(&vec![b'x'; 100_000]);
        lines.take(b"\nshort\n");

        assert_eq!(lines.pop(), Some(b"short".to_vec()));
    }
}
