//! Text as blocks of whole lines, in buffers that are used again and again.

use std::io::{self, Read};

/// As much is read at once.
pub(super) const BLOCK_BYTES: usize = 256 << 10;
const LONGEST_LINE_BYTES: usize = 1 << 20;

/// Bytes in a buffer that is used again and again.
#[derive(Default)]
pub(super) struct Block {
    buffer: Vec<u8>,
    length: usize,
}

impl Block {
    pub fn text(&self) -> &[u8] {
        &self.buffer[..self.length]
    }
}

pub(super) enum Piece {
    Lines(Block),
    TooLong,
    End,
}

/// Text as blocks of whole lines.
pub(super) struct Lines {
    reader: Box<dyn Read + Send>,
    /// What was read and not given out yet.
    carry: Vec<u8>,
    spare: Vec<Block>,
    ended: bool,
    /// Lines that were looked at and come first.
    looked_at: Option<Block>,
}

impl Lines {
    pub fn new(reader: Box<dyn Read + Send>) -> Self {
        Self { reader, carry: Vec::new(), spare: Vec::new(), ended: false, looked_at: None }
    }

    /// Whether everything was read.
    pub fn is_at_end(&self) -> bool {
        self.ended
    }

    /// Gives out nothing more.
    pub fn stop(&mut self) {
        self.ended = true;
        self.carry.clear();
    }

    /// Takes back a block that is not needed any more.
    pub fn recycle(&mut self, block: Block) {
        self.spare.push(block);
    }

    /// Lines that were looked at come first.
    pub fn give_back(&mut self, text: Vec<u8>) {
        self.looked_at = (!text.is_empty()).then_some(Block { length: text.len(), buffer: text });
    }

    pub fn next(&mut self) -> io::Result<Piece> {
        if let Some(text) = self.looked_at.take() {
            return Ok(Piece::Lines(text));
        }
        let Block { mut buffer, .. } = self.spare.pop().unwrap_or_default();
        let mut length = self.carry.len();
        if buffer.len() < length + BLOCK_BYTES {
            buffer.resize(length + BLOCK_BYTES, 0);
        }
        buffer[..length].copy_from_slice(&self.carry);
        self.carry.clear();
        loop {
            let before = length;
            if !self.ended {
                length += self.fill(&mut buffer[before..])?;
            }
            if self.ended {
                return Ok(if length == 0 { Piece::End } else { Piece::Lines(Block { buffer, length }) });
            }
            if let Some(end) = buffer[before..length].iter().rposition(|&byte| byte == b'\n') {
                let whole = before + end + 1;
                self.carry.extend_from_slice(&buffer[whole..length]);
                return Ok(Piece::Lines(Block { buffer, length: whole }));
            }
            if length > LONGEST_LINE_BYTES {
                self.skip_line(&mut buffer)?;
                return Ok(Piece::TooLong);
            }
            buffer.resize(length + BLOCK_BYTES, 0);
        }
    }

    fn fill(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut filled = 0;
        while filled < buffer.len() {
            match self.reader.read(&mut buffer[filled..]) {
                Ok(0) => {
                    self.ended = true;
                    break;
                }
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(filled)
    }

    fn skip_line(&mut self, buffer: &mut [u8]) -> io::Result<()> {
        while !self.ended {
            let read = self.fill(buffer)?;
            if let Some(end) = buffer[..read].iter().position(|&byte| byte == b'\n') {
                self.carry.extend_from_slice(&buffer[end + 1..read]);
                break;
            }
        }
        Ok(())
    }
}
