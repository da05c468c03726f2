//! A transfer as it came: frames, the records in them, and the counter's whole memory read so.

use std::time::Duration;

use firmware_protocol::{
    crc::Crc32,
    cursor::ReadCursor,
    steplog::{
        control::Reply,
        frame::{FRAME_HEADER_LEN, Record},
    },
};

/// The answer to READ and the frames after it.
#[derive(Clone, Debug)]
pub struct Transfer {
    /// The name it was given.
    pub id: u8,
    /// What the answer said.
    pub reply: Reply,
    /// The frames as they came.
    pub frames: Vec<Vec<u8>>,
}

/// The records of a transfer.
pub struct Stream {
    pub blocks: Vec<(u32, Vec<u8>)>,
    /// Number to go on from; none when there is no end record.
    pub end: Option<u32>,
    /// The checksum that stands after the end is that of the bytes before it, and nothing comes after it.
    pub checksum_holds: bool,
}

/// Everything that the counter holds.
pub struct Log {
    pub blocks: Vec<(u32, Vec<u8>)>,
    /// One past the last number, as the last READ's answer said.
    pub readable: u32,
    pub transfers: Vec<Transfer>,
    /// How long that took.
    pub took: Duration,
}

impl Transfer {
    /// Frame numbers in the order of arrival.
    pub fn numbers(&self) -> Vec<u16> {
        let number = |frame: &Vec<u8>| frame.get(1..3).and_then(|two| two.try_into().ok()).map(u16::from_le_bytes);
        self.frames.iter().filter_map(number).collect()
    }

    /// The payloads in the order of arrival.
    pub fn bytes(&self) -> Vec<u8> {
        self.frames.iter().flat_map(|frame| frame.get(FRAME_HEADER_LEN..).unwrap_or(&[])).copied().collect()
    }

    /// Its records, as far as they can be told apart.
    pub fn stream(&self) -> Stream {
        let bytes = self.bytes();
        let mut cursor = ReadCursor::new(&bytes);
        let mut stream = Stream { blocks: Vec::new(), end: None, checksum_holds: false };
        while let Ok(record) = Record::parse(&mut cursor) {
            match record {
                Record::Block { seq, bytes } => stream.blocks.push((seq, bytes.to_vec())),
                Record::End { next } => {
                    stream.end = Some(next);
                    let records = bytes.len() - cursor.rest().len();
                    let crc = Crc32::new().update(bytes.get(..records).unwrap_or(&[])).value();
                    stream.checksum_holds = cursor.rest() == crc.to_le_bytes();
                    break;
                }
            }
        }
        stream
    }

    /// No frame got lost on the way, as far as its numbers tell.
    pub fn is_whole(&self) -> bool {
        self.ended() && self.numbers().iter().zip(0..).all(|(number, want)| *number == want)
    }

    /// A last frame came.
    pub fn ended(&self) -> bool {
        self.frames.last().is_some_and(|last| last.get(3).is_some_and(|flags| flags & 0x06 != 0))
    }
}
