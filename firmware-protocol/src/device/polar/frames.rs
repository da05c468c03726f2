//! How messages cross the air: RFC76 frames that carry RFC60 messages, in the maker's words.
//!
//! Known from `polarofficial/polar-ble-sdk` at 8fb5311c (its unit tests are among the vectors) and from the Python
//! package `polar_ble_tools` 0.6.0.

use alloc::{vec, vec::Vec};

use crate::{
    Uuid,
    cursor::{Field, FormatError, ReadCursor},
    device::peripheral::sig,
};

/// The service.
pub const SERVICE: Uuid = sig(0xFEEE);
/// Requests are written here, responses are notified.
pub const MTU: Uuid = 0xfb00_5c51_02e7_f387_1cad_8acd_2d8d_f0c8;
/// The counter's own notifications.
pub const FROM_COUNTER: Uuid = 0xfb00_5c52_02e7_f387_1cad_8acd_2d8d_f0c8;
/// The host's notifications.
pub const FROM_HOST: Uuid = 0xfb00_5c53_02e7_f387_1cad_8acd_2d8d_f0c8;

/// Bit 0 of a frame's first byte: not the first frame of its message.
const NEXT: u8 = 0x01;
/// Bits 1 and 2: what follows.
const STATUS: u8 = 0x06;
/// Bits 4 to 7: the frame's number modulo 16.
const SEQ_SHIFT: u8 = 4;
/// Payload of a frame in the smallest write.
pub const SMALLEST: usize = 19;
/// Bit 15 of a message's first two bytes: a query, and not a request for a file.
const QUERY: u16 = 0x8000;
/// No message is longer: a day of minutes with two METs each has about 17 kB.
pub const LONGEST: usize = 64 * 1024;

/// What a frame says about those after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Nothing follows: two bytes with an error, or 0 when all is well and there is nothing to say.
    Code,
    /// The message is complete.
    Last,
    /// More follows.
    More,
}

/// One write or notification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// Not the first of its message.
    pub next: bool,
    /// What follows.
    pub status: Status,
    /// Number modulo 16.
    pub seq: u8,
    /// Its part of the message.
    pub payload: &'a [u8],
}

impl<'a> Frame<'a> {
    /// From the bytes.
    ///
    /// # Errors
    /// No byte at all, or a status that nobody has seen.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, FormatError> {
        let mut cursor = ReadCursor::new(bytes);
        let first = cursor.u8()?;
        let status = match (first & STATUS) >> 1 {
            0 => Status::Code,
            1 => Status::Last,
            3 => Status::More,
            got => return Err(FormatError::BadField { field: Field::Status, got: got.into() }),
        };
        Ok(Self { next: first & NEXT != 0, status, seq: first >> SEQ_SHIFT, payload: cursor.rest() })
    }

    /// The bytes.
    pub fn emit(&self) -> Vec<u8> {
        let status = match self.status {
            Status::Code => 0,
            Status::Last => 1,
            Status::More => 3,
        };
        let first = u8::from(self.next) | (status << 1) | (self.seq << SEQ_SHIFT);
        let mut bytes = vec![first];
        bytes.extend_from_slice(self.payload);
        bytes
    }

    /// The code of a frame that carries one.
    pub fn code(&self) -> Option<u16> {
        (self.status == Status::Code).then(|| ReadCursor::new(self.payload).u16().ok()).flatten()
    }
}

/// A message cut into frames with at most so much payload each.
pub fn cut(message: &[u8], payload: usize) -> Vec<Vec<u8>> {
    let mut rest: Vec<&[u8]> = message.chunks(payload.max(1)).collect();
    if rest.is_empty() {
        rest.push(&[]);
    }
    let count = rest.len();
    let frame = |(n, payload)| {
        let status = if n + 1 == count { Status::Last } else { Status::More };
        Frame { next: n > 0, status, seq: u8::try_from(n % 16).unwrap_or(0), payload }.emit()
    };
    rest.into_iter().enumerate().map(frame).collect()
}

/// The frame that ends an exchange with a code.
pub fn code_frame(code: u16) -> Vec<u8> {
    Frame { next: false, status: Status::Code, seq: 0, payload: &code.to_le_bytes() }.emit()
}

/// What a frame did to the message it belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// More is to come.
    Going,
    /// This is the message.
    Whole(Vec<u8>),
    /// The other side ended it with this code; 0: all is well.
    Code(u16),
    /// A frame is missing, or was not one.
    Broken,
    /// Longer than any message can be.
    TooLong,
}

/// A message on its way in.
#[derive(Clone, Debug, Default)]
pub struct Reassembly {
    message: Vec<u8>,
    frames: usize,
    last: Vec<u8>,
}

impl Reassembly {
    /// The next frame.
    pub fn take(&mut self, bytes: &[u8]) -> Progress {
        let Ok(frame) = Frame::parse(bytes) else { return Progress::Broken };
        if frame.status == Status::Code {
            return frame.code().map_or(Progress::Broken, Progress::Code);
        }
        if self.frames > 0 && bytes == self.last {
            // Sixteen frames apart two may be the same, neighbours are not: it came twice.
            return Progress::Going;
        }
        if usize::from(frame.seq) != self.frames % 16 || frame.next != (self.frames > 0) {
            return Progress::Broken;
        }
        self.message.extend_from_slice(frame.payload);
        self.frames += 1;
        self.last = bytes.to_vec();
        if self.message.len() > LONGEST || self.frames > LONGEST / 4 {
            return Progress::TooLong;
        }
        match frame.status {
            Status::Last => Progress::Whole(core::mem::take(&mut self.message)),
            Status::More | Status::Code => Progress::Going,
        }
    }
}

/// What a host asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message<'a> {
    /// A file operation: its header, and what is to be written.
    Operation {
        /// [`super::messages::Operation`].
        header: &'a [u8],
        /// The file's content, when one is written.
        data: &'a [u8],
    },
    /// A query with its parameters.
    Query {
        /// Which.
        id: u16,
        /// Its message.
        parameters: &'a [u8],
    },
}

impl<'a> Message<'a> {
    /// From a whole message.
    ///
    /// # Errors
    /// Shorter than it says.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, FormatError> {
        let mut cursor = ReadCursor::new(bytes);
        let first = cursor.u16()?;
        if first & QUERY != 0 {
            return Ok(Self::Query { id: first & !QUERY, parameters: cursor.rest() });
        }
        let header = cursor.take(first.into())?;
        Ok(Self::Operation { header, data: cursor.rest() })
    }

    /// The bytes.
    pub fn emit(&self) -> Vec<u8> {
        match self {
            Self::Operation { header, data } => {
                // Headers are paths of this crate's own making, far shorter than 2¹⁵ bytes.
                let length = u16::try_from(header.len()).unwrap_or(0) & !QUERY;
                [&length.to_le_bytes(), *header, data].concat()
            }
            Self::Query { id, parameters } => [&(id | QUERY).to_le_bytes(), *parameters].concat(),
        }
    }
}

/// A notification of the host: its number and parameters.
pub fn notification(id: u8, parameters: &[u8]) -> Vec<u8> {
    [&[id], parameters].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_of_any_length_comes_back() {
        for length in [0, 1, 19, 20, 400, 5_000] {
            let message: Vec<u8> = (0..length).map(|n: u32| n.to_le_bytes()[0]).collect();
            let mut reassembly = Reassembly::default();

            let last = cut(&message, SMALLEST).iter().map(|frame| reassembly.take(frame)).last();

            assert_eq!(last, Some(Progress::Whole(message)));
        }
    }

    #[test]
    fn a_missing_frame_is_noticed_and_a_doubled_one_is_dropped() {
        let frames = cut(&[7; 60], SMALLEST);
        let mut lost = Reassembly::default();
        let mut doubled = Reassembly::default();

        assert_eq!(lost.take(&frames[0]), Progress::Going);
        assert_eq!(lost.take(&frames[2]), Progress::Broken);
        for frame in &frames[..3] {
            doubled.take(frame);
            assert_eq!(doubled.take(frame), Progress::Going);
        }
        assert_eq!(doubled.take(&frames[3]), Progress::Whole(vec![7; 60]));
    }
}
