//! Rows in another order than their participants' time, put in order on disk: sorted pieces, then one pass over all.

use std::{
    cmp::Reverse,
    collections::BinaryHeap,
    fs::File,
    io::{self, BufWriter, Read, Seek, SeekFrom, Write},
};

/// Rows sorted at once in memory: 8 MiB of them.
const PIECE_ROWS: usize = (8 << 20) / size_of::<Record>();
const READ_BYTES: usize = 16 << 10;
const RECORD_BYTES: usize = 25;

/// One row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Record {
    pub person: u32,
    pub at_s: i64,
    pub value: u32,
    pub input: u32,
    pub line: u32,
    pub heart_rate: bool,
}

impl Record {
    fn key(&self) -> (u32, i64) {
        (self.person, self.at_s)
    }

    fn to_bytes(self) -> [u8; RECORD_BYTES] {
        let mut bytes = [0; RECORD_BYTES];
        bytes[..4].copy_from_slice(&self.person.to_le_bytes());
        bytes[4..12].copy_from_slice(&self.at_s.to_le_bytes());
        bytes[12..16].copy_from_slice(&self.value.to_le_bytes());
        bytes[16..20].copy_from_slice(&self.input.to_le_bytes());
        bytes[20..24].copy_from_slice(&self.line.to_le_bytes());
        bytes[24] = u8::from(self.heart_rate);
        bytes
    }

    fn of_bytes(bytes: &[u8; RECORD_BYTES]) -> Self {
        let four = |at: usize| {
            let [a, b, c, d] = [bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]];
            u32::from_le_bytes([a, b, c, d])
        };
        let (low, high) = (u64::from(four(4)), u64::from(four(8)));
        Self {
            person: four(0),
            at_s: (low | high << 32).cast_signed(),
            value: four(12),
            input: four(16),
            line: four(20),
            heart_rate: bytes[24] != 0,
        }
    }
}

/// Takes rows in any order.
pub(super) struct Sorter {
    piece: Vec<Record>,
    /// Sorted pieces, one after another; and how many rows each has.
    file: Option<BufWriter<File>>,
    pieces: Vec<usize>,
}

impl Sorter {
    pub fn new() -> Self {
        Self { piece: Vec::new(), file: None, pieces: Vec::new() }
    }

    pub fn push(&mut self, record: Record) -> io::Result<()> {
        self.piece.push(record);
        if self.piece.len() >= PIECE_ROWS {
            self.set_aside()?;
        }
        Ok(())
    }

    fn set_aside(&mut self) -> io::Result<()> {
        // Stable: of rows of one time the first read stays first.
        self.piece.sort_by_key(Record::key);
        let file = match &mut self.file {
            Some(file) => file,
            none @ None => none.insert(BufWriter::with_capacity(256 << 10, tempfile::tempfile()?)),
        };
        for record in &self.piece {
            file.write_all(&record.to_bytes())?;
        }
        self.pieces.push(self.piece.len());
        self.piece.clear();
        Ok(())
    }

    /// All rows by participant and time; of rows of one time the first read comes first.
    pub fn sorted(mut self) -> io::Result<Sorted> {
        if self.file.is_some() && !self.piece.is_empty() {
            self.set_aside()?;
        }
        let Some(file) = self.file else {
            self.piece.sort_by_key(Record::key);
            return Ok(Sorted::Memory(self.piece.into_iter()));
        };
        let file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
        let mut at = 0;
        let mut merge = Merge { file, pieces: Vec::new(), next: BinaryHeap::new() };
        for (number, rows) in self.pieces.into_iter().enumerate() {
            let bytes = u64::try_from(rows * RECORD_BYTES).map_err(io::Error::other)?;
            merge.pieces.push(Piece { at, end: at + bytes, buffer: Vec::new(), taken: 0 });
            at += bytes;
            merge.refill(number)?;
        }
        Ok(Sorted::Disk(merge))
    }
}

/// Rows in order.
pub(super) enum Sorted {
    Memory(std::vec::IntoIter<Record>),
    Disk(Merge),
}

impl Sorted {
    pub fn next(&mut self) -> io::Result<Option<Record>> {
        match self {
            Self::Memory(rows) => Ok(rows.next()),
            Self::Disk(merge) => merge.next(),
        }
    }
}

struct Piece {
    at: u64,
    end: u64,
    buffer: Vec<u8>,
    taken: usize,
}

pub(super) struct Merge {
    file: File,
    pieces: Vec<Piece>,
    next: BinaryHeap<Reverse<((u32, i64), usize)>>,
}

impl Merge {
    fn next(&mut self) -> io::Result<Option<Record>> {
        let Some(Reverse((_, number))) = self.next.pop() else { return Ok(None) };
        let piece = &mut self.pieces[number];
        let record = piece.buffer[piece.taken..].first_chunk().map(Record::of_bytes);
        piece.taken += RECORD_BYTES;
        self.refill(number)?;
        Ok(record)
    }

    /// Makes the next row of a piece known, if there is one.
    fn refill(&mut self, number: usize) -> io::Result<()> {
        let piece = &mut self.pieces[number];
        if piece.taken >= piece.buffer.len() && piece.at < piece.end {
            let rows = u64::try_from(READ_BYTES / RECORD_BYTES * RECORD_BYTES).map_err(io::Error::other)?;
            let bytes = rows.min(piece.end - piece.at);
            piece.buffer.clear();
            piece.taken = 0;
            self.file.seek(SeekFrom::Start(piece.at))?;
            let read = (&self.file).take(bytes).read_to_end(&mut piece.buffer)?;
            let read = u64::try_from(read).map_err(io::Error::other)?;
            piece.at += read;
            if read < bytes {
                return Err(io::Error::other("rows set aside are gone"));
            }
        }
        if let Some(bytes) = piece.buffer[piece.taken.min(piece.buffer.len())..].first_chunk() {
            self.next.push(Reverse((Record::of_bytes(bytes).key(), number)));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_sorted_from_memory_and_from_disk_and_equal_times_keep_their_order() {
        let mut random = fastrand::Rng::with_seed(7);
        for rows in [1000, PIECE_ROWS * 5 / 2] {
            let mut sorter = Sorter::new();
            let mut all = Vec::new();
            for number in 0..rows {
                let record = Record {
                    person: random.u32(0..3),
                    at_s: random.i64(-100..100_000),
                    value: u32::try_from(number).unwrap(),
                    input: 1,
                    line: 2,
                    heart_rate: random.bool(),
                };
                all.push(record);
                sorter.push(record).unwrap();
            }
            all.sort_by_key(Record::key);
            let mut in_order = sorter.sorted().unwrap();
            for expected in &all {
                assert_eq!(in_order.next().unwrap().as_ref(), Some(expected));
            }
            assert_eq!(in_order.next().unwrap(), None);
        }
    }
}
