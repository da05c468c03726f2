//! Frames of one transfer, put in order.

use alloc::{vec, vec::Vec};

use crate::{crc::Crc32, steplog::frame::Frame};

/// The frames that came so far.
#[derive(Debug)]
pub struct Reassembly {
    frames: Vec<Option<Vec<u8>>>,
    /// How many there are, once the last one came.
    total: Option<usize>,
}

/// What a frame did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// It was there already, or it cannot be.
    Nothing,
    /// It is new.
    More,
    /// All frames are there.
    All,
}

impl Reassembly {
    /// Room for so many frames.
    pub fn new(max_frames: u16) -> Self {
        Self { frames: vec![None; max_frames.into()], total: None }
    }

    /// Takes a frame of this transfer, in any order.
    pub fn take(&mut self, frame: &Frame<'_>) -> Progress {
        let number = usize::from(frame.number);
        if self.total.is_some_and(|total| number >= total) {
            return Progress::Nothing;
        }
        let Some(place @ None) = self.frames.get_mut(number) else { return Progress::Nothing };
        *place = Some(frame.payload.to_vec());
        if frame.last {
            self.total = Some(number + 1);
        }
        if self.is_whole() { Progress::All } else { Progress::More }
    }

    /// The last frame came, but not all before it.
    pub fn has_holes(&self) -> bool {
        self.total.is_some() && !self.is_whole()
    }

    /// The record stream of a whole transfer, without its checksum, when that is right.
    pub fn stream(&self) -> Option<Vec<u8>> {
        let stream = self.prefix();
        let (records, crc) = stream.split_last_chunk::<4>()?;
        (self.is_whole() && Crc32::new().update(records).value() == u32::from_le_bytes(*crc)).then(|| records.to_vec())
    }

    /// As much of the stream as came without a hole.
    pub fn prefix(&self) -> Vec<u8> {
        self.frames
            .iter()
            .take(self.total.unwrap_or(usize::MAX))
            .map_while(Option::as_deref)
            .flatten()
            .copied()
            .collect()
    }

    fn is_whole(&self) -> bool {
        self.total.is_some_and(|total| self.frames.iter().take(total).all(Option::is_some))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(number: u16, last: bool, payload: &[u8]) -> Frame<'_> {
        Frame { transfer: 1, number, last, aborted: false, payload }
    }

    #[test]
    fn order_and_repetition_do_not_matter() {
        let crc = Crc32::new().update(b"abcd").value().to_le_bytes();
        let mut frames = Reassembly::new(10);

        assert_eq!(frames.take(&frame(2, true, &crc)), Progress::More);
        assert_eq!(frames.take(&frame(1, false, b"cd")), Progress::More);
        assert_eq!(frames.take(&frame(1, false, b"xx")), Progress::Nothing);
        assert!(frames.has_holes());
        assert_eq!(frames.take(&frame(0, false, b"ab")), Progress::All);

        assert_eq!(frames.stream().unwrap(), b"abcd");
    }

    #[test]
    fn a_wrong_checksum_makes_the_whole_worthless() {
        let mut frames = Reassembly::new(10);

        assert_eq!(frames.take(&frame(0, true, b"abcd\0\0\0\0")), Progress::All);

        assert_eq!(frames.stream(), None);
    }

    #[test]
    fn frames_beyond_what_was_asked_for_are_dropped() {
        let mut frames = Reassembly::new(2);

        assert_eq!(frames.take(&frame(2, false, b"ab")), Progress::Nothing);
    }
}
