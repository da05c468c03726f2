//! Inputs as blocks of whole lines: plain or gzip, file or standard input.

use std::{
    cell::Cell,
    fs::File,
    io::{self, BufReader, Read},
    path::Path,
    rc::Rc,
};

use flate2::bufread::MultiGzDecoder;

const BLOCK_BYTES: usize = 256 << 10;
const LONGEST_LINE_BYTES: usize = 1 << 20;

/// A piece of an input.
pub(super) enum Block<'a> {
    /// Whole lines; the last one has no line end where the input ends without one.
    Lines(&'a [u8]),
    /// The front of a line that is too long to be one. The next block goes on within it.
    TooLong,
    /// The input is read.
    End,
}

/// An open input.
pub(super) struct Input<'r> {
    reader: Box<dyn Read + 'r>,
    /// Bytes taken from the file, still packed.
    taken: Rc<Cell<u64>>,
    buffer: Vec<u8>,
    /// Where the bytes begin that were not given out yet, and where they end.
    from: usize,
    to: usize,
    ended: bool,
}

/// Whether reading an input a second time gives the same again.
pub(super) fn can_be_read_again(path: &Path) -> bool {
    path != Path::new("-") && std::fs::metadata(path).is_ok_and(|meta| meta.is_file())
}

impl<'r> Input<'r> {
    /// Opens a file, or takes standard input for `-`. Gzip is known by its first bytes.
    pub fn open(path: &Path, stdin: &'r mut dyn Read) -> io::Result<Self> {
        let raw: Box<dyn Read + 'r> =
            if path == Path::new("-") { Box::new(stdin) } else { Box::new(File::open(path)?) };
        let taken = Rc::new(Cell::new(0));
        let mut counted = BufReader::with_capacity(64 << 10, Counted { raw, taken: taken.clone() });
        // A pipe may give one byte at a time.
        let mut first = Vec::with_capacity(2);
        counted.by_ref().take(2).read_to_end(&mut first)?;
        let packed = first == [0x1f, 0x8b];
        let whole = io::Cursor::new(first).chain(counted);
        let reader: Box<dyn Read + 'r> = if packed { Box::new(MultiGzDecoder::new(whole)) } else { Box::new(whole) };
        Ok(Self { reader, taken, buffer: vec![0; BLOCK_BYTES], from: 0, to: 0, ended: false })
    }

    /// Bytes taken from the file so far.
    pub fn taken(&self) -> u64 {
        self.taken.get()
    }

    /// The next piece.
    pub fn block(&mut self) -> io::Result<Block<'_>> {
        self.buffer.copy_within(self.from..self.to, 0);
        self.to -= self.from;
        self.from = 0;
        let mut searched = 0;
        loop {
            if let Some(last) = self.buffer[searched..self.to].iter().rposition(|&byte| byte == b'\n') {
                self.from = searched + last + 1;
                return Ok(Block::Lines(&self.buffer[..self.from]));
            }
            searched = self.to;
            if self.ended {
                self.from = self.to;
                return Ok(if self.to == 0 { Block::End } else { Block::Lines(&self.buffer[..self.to]) });
            }
            if self.to >= LONGEST_LINE_BYTES {
                self.from = self.to;
                return Ok(Block::TooLong);
            }
            if self.to == self.buffer.len() {
                self.buffer.resize(LONGEST_LINE_BYTES, 0);
            }
            match self.reader.read(&mut self.buffer[self.to..]) {
                Ok(0) => self.ended = true,
                Ok(read) => self.to += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

struct Counted<'r> {
    raw: Box<dyn Read + 'r>,
    taken: Rc<Cell<u64>>,
}

impl Read for Counted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.raw.read(buffer)?;
        self.taken.set(self.taken.get() + u64::try_from(read).unwrap_or(u64::MAX));
        Ok(read)
    }
}
