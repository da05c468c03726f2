//! How a record lies in a journal file, and how records are found again among damage.
//!
//! ```text
//! file   := "BRISKJ" version u8 · stream length u8 · stream name · host id [8] · CRC-32 of all before
//! record := mark [4] · payload length u32 · ordinal u32 · CRC-32 of length, ordinal, payload · payload
//! ```
//! Numbers are little-endian. The mark lets a reader find the next record behind damaged bytes.

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    path::Path,
};

use firmware_protocol::reading::HostId;

const MAGIC: &[u8; 6] = b"BRISKJ";
const VERSION: u8 = 1;
const MARK: [u8; 4] = [0xb5, b'b', b'r', b'k'];
/// Bytes before a record's payload.
pub const OVERHEAD: usize = 16;
/// The longest payload.
pub const MAX_PAYLOAD: usize = 4 << 20;
const CHUNK: usize = 64 << 10;

/// A record as it is written.
pub fn emit(ordinal: u32, payload: &[u8]) -> Option<Vec<u8>> {
    let length = u32::try_from(payload.len()).ok().filter(|_| payload.len() <= MAX_PAYLOAD)?;
    let mut out = Vec::with_capacity(OVERHEAD + payload.len());
    out.extend_from_slice(&MARK);
    out.extend_from_slice(&length.to_le_bytes());
    out.extend_from_slice(&ordinal.to_le_bytes());
    out.extend_from_slice(&checksum(length, ordinal, payload).to_le_bytes());
    out.extend_from_slice(payload);
    Some(out)
}

/// The first bytes of a file.
pub fn emit_header(stream: &str, host: HostId) -> Vec<u8> {
    let mut out = MAGIC.to_vec();
    out.push(VERSION);
    out.push(u8::try_from(stream.len()).unwrap_or(u8::MAX));
    out.extend_from_slice(stream.as_bytes());
    out.extend_from_slice(&host.0);
    let crc = crc32fast::hash(&out);
    out.extend_from_slice(&crc.to_le_bytes());
    out
}

/// Length of a file's header and the host that made the file; none when the header is damaged.
pub fn parse_header(bytes: &[u8], stream: &str) -> Option<(usize, HostId)> {
    let host_at = MAGIC.len() + 2 + stream.len();
    let host = HostId(*bytes.get(host_at..)?.first_chunk()?);
    let expected = emit_header(stream, host);
    bytes.starts_with(&expected).then_some((expected.len(), host))
}

/// What comes next in a file.
#[derive(Debug, PartialEq, Eq)]
pub enum Found {
    /// A whole record.
    Record {
        /// Where it begins.
        offset: u64,
        /// Its number in the stream.
        ordinal: u32,
        /// What it holds.
        payload: Vec<u8>,
    },
    /// Bytes that are no record, with a record behind them.
    Damage {
        /// Where they begin.
        offset: u64,
        /// How many.
        bytes: u64,
    },
    /// Bytes that are no record, up to the end of the file.
    Tail {
        /// Where they begin.
        offset: u64,
        /// How many.
        bytes: u64,
    },
    /// Nothing.
    End,
}

/// Reads a file from front to back in bounded memory.
pub struct Scan {
    file: File,
    length: u64,
    /// Bytes read and not yet looked at; the first one is at `offset`.
    buffer: Vec<u8>,
    offset: u64,
    pending: Option<Found>,
}

impl Scan {
    /// A scan of the file, and the host in its header when that is whole.
    pub fn open(path: &Path, stream: &str) -> io::Result<(Self, Option<HostId>)> {
        let mut file = File::open(path)?;
        let length = file.metadata()?.len();
        let mut front = Vec::new();
        (&mut file).take(300).read_to_end(&mut front)?;
        let header = parse_header(&front, stream);
        let offset = header.map_or(0, |(length, _)| length as u64);
        file.seek(SeekFrom::Start(offset))?;
        let scan = Self { file, length, buffer: Vec::new(), offset, pending: None };
        Ok((scan, header.map(|(_, host)| host)))
    }

    /// Where the next thing begins.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// The next thing.
    pub fn next(&mut self) -> io::Result<Found> {
        if let Some(found) = self.pending.take() {
            return Ok(found);
        }
        let begin = self.offset;
        loop {
            if let Some(record) = self.record()? {
                let Found::Record { offset, .. } = record else { return Ok(record) };
                if offset == begin {
                    return Ok(record);
                }
                self.pending = Some(record);
                return Ok(Found::Damage { offset: begin, bytes: offset - begin });
            }
            if self.offset >= self.length {
                let bytes = self.offset - begin;
                return Ok(if bytes == 0 { Found::End } else { Found::Tail { offset: begin, bytes } });
            }
            let next = self.buffer.iter().skip(1).position(|byte| *byte == MARK[0]);
            self.skip(next.map_or(self.buffer.len().max(1), |at| at + 1));
        }
    }

    /// The record that begins here, if one does.
    fn record(&mut self) -> io::Result<Option<Found>> {
        self.fill(OVERHEAD)?;
        let Some(front) = self.buffer.first_chunk::<OVERHEAD>() else {
            return Ok(None);
        };
        let word = |at: usize| u32::from_le_bytes([front[at], front[at + 1], front[at + 2], front[at + 3]]);
        let (length, ordinal, crc) = (word(4), word(8), word(12));
        let Ok(payload_len) = usize::try_from(length) else { return Ok(None) };
        let fits = self.offset + OVERHEAD as u64 + u64::from(length) <= self.length;
        if front[..4] != MARK || payload_len > MAX_PAYLOAD || !fits {
            return Ok(None);
        }
        self.fill(OVERHEAD + payload_len)?;
        let Some(payload) = self.buffer.get(OVERHEAD..OVERHEAD + payload_len) else { return Ok(None) };
        if checksum(length, ordinal, payload) != crc {
            return Ok(None);
        }
        let record = Found::Record { offset: self.offset, ordinal, payload: payload.to_vec() };
        self.skip(OVERHEAD + payload_len);
        Ok(Some(record))
    }

    fn fill(&mut self, want: usize) -> io::Result<()> {
        while self.buffer.len() < want {
            let before = self.buffer.len();
            let more = CHUNK.max(want - before);
            (&mut self.file).take(more as u64).read_to_end(&mut self.buffer)?;
            if self.buffer.len() == before {
                break;
            }
        }
        Ok(())
    }

    fn skip(&mut self, count: usize) {
        let count = count.min(self.buffer.len());
        self.buffer.drain(..count);
        self.offset += count as u64;
        if self.buffer.is_empty() && count == 0 {
            // The file became shorter under the scan.
            self.offset = self.length;
        }
    }
}

fn checksum(length: u32, ordinal: u32, payload: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&length.to_le_bytes());
    hasher.update(&ordinal.to_le_bytes());
    hasher.update(payload);
    hasher.finalize()
}
