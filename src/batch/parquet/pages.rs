//! The pages of a column chunk, one after the other, unpacked. Memory: the packed page and the plain one, each used
//! again for the next.

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    ops::Range,
};

use flate2::read::MultiGzDecoder;

use super::{
    Broken, snappy,
    thrift::{Bad, Kind, Thrift},
};

/// A page above this is not read; writers make pages of a megabyte or so.
const MOST_PAGE_BYTES: usize = 256 << 20;
/// A page header above this is not read: it may carry the least and the greatest value.
const MOST_HEADER_BYTES: usize = 1 << 20;
/// Read from the file at once.
const READ_BYTES: usize = 256 << 10;

/// How pages are packed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Codec {
    Plain,
    Snappy,
    Gzip,
    Zstd,
    /// One that is not read here, by name.
    Other(&'static str),
}

impl Codec {
    pub fn of(code: i64) -> Self {
        match code {
            0 => Self::Plain,
            1 => Self::Snappy,
            2 => Self::Gzip,
            3 => Self::Other("LZO"),
            4 => Self::Other("Brotli"),
            5 | 7 => Self::Other("LZ4"),
            6 => Self::Zstd,
            _ => Self::Other("an unknown packing"),
        }
    }
}

/// Where a column's part of a row group lies.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Chunk {
    pub start: u64,
    pub bytes: u64,
    pub codec: Codec,
}

/// How values are written; the numbers are the format's.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Encoding {
    Plain,
    Dictionary,
    Delta,
    DeltaLength,
    DeltaText,
    Split,
    Other(i64),
}

impl Encoding {
    fn of(code: i64) -> Self {
        match code {
            0 => Self::Plain,
            2 | 8 => Self::Dictionary,
            5 => Self::Delta,
            6 => Self::DeltaLength,
            7 => Self::DeltaText,
            9 => Self::Split,
            code => Self::Other(code),
        }
    }
}

/// A page, unpacked.
pub(super) enum Page<'p> {
    /// Values that others point to.
    Dictionary { values: u32, bytes: &'p [u8] },
    /// Rows.
    Rows(RowsOf<'p>),
}

/// The rows of a page.
pub(super) struct RowsOf<'p> {
    pub rows: u32,
    pub encoding: Encoding,
    /// Which rows have a value; empty in a column that always has one.
    pub levels: &'p [u8],
    pub bytes: &'p [u8],
}

/// Memory for a page; used again for the next, and for the next column, instead of asking for more.
#[derive(Default)]
pub(super) struct Scratch {
    /// Bytes from the file.
    packed: Vec<u8>,
    plain: Vec<u8>,
    zstd: Option<zstd::bulk::Decompressor<'static>>,
}

/// Reads pages.
pub(super) struct Pages<'f> {
    file: &'f mut File,
    codec: Codec,
    optional: bool,
    /// Bytes of the chunk that were not read from the file yet.
    left: u64,
    /// The bytes from the file in `scratch` that were not used up: from here to there.
    from: usize,
    to: usize,
    scratch: &'f mut Scratch,
}

impl<'f> Pages<'f> {
    pub fn new(file: &'f mut File, scratch: &'f mut Scratch, chunk: Chunk, optional: bool) -> Result<Self, Broken> {
        match chunk.codec {
            Codec::Other(name) => return Err(Broken::Codec(name)),
            Codec::Zstd if scratch.zstd.is_none() => scratch.zstd = Some(zstd::bulk::Decompressor::new()?),
            Codec::Zstd | Codec::Snappy | Codec::Gzip | Codec::Plain => {}
        }
        file.seek(SeekFrom::Start(chunk.start))?;
        Ok(Self { file, codec: chunk.codec, optional, left: chunk.bytes, from: 0, to: 0, scratch })
    }

    /// The next page with values or rows; none at the chunk's end.
    pub fn next(&mut self) -> Result<Option<Page<'_>>, Broken> {
        let Some((content, place)) = self.advance()? else { return Ok(None) };
        let levels = self.scratch.packed.get(place.levels).unwrap_or_default();
        let bytes = if place.unpacked { &self.scratch.plain } else { &self.scratch.packed };
        let bytes = bytes.get(place.body).unwrap_or_default();
        Ok(Some(match content {
            Content::Dictionary { values } => Page::Dictionary { values, bytes },
            Content::Second { rows, encoding, .. } => Page::Rows(RowsOf { rows, encoding, levels, bytes }),
            Content::First { rows, encoding, .. } if !self.optional => {
                Page::Rows(RowsOf { rows, encoding, levels, bytes })
            }
            Content::First { levels: BIT_PACKED, .. } => return Err(Broken::Encoding(BIT_PACKED)),
            Content::First { rows, encoding, .. } => {
                let (length, rest) = bytes.split_first_chunk().ok_or(Broken::EndsEarly)?;
                let length = usize::try_from(u32::from_le_bytes(*length)).map_err(|_| Broken::EndsEarly)?;
                let (levels, bytes) = rest.split_at_checked(length).ok_or(Broken::EndsEarly)?;
                Page::Rows(RowsOf { rows, encoding, levels, bytes })
            }
        }))
    }

    /// Goes to the next page with values or rows, and unpacks it.
    fn advance(&mut self) -> Result<Option<(Content, Place)>, Broken> {
        loop {
            let Some(header) = self.header()? else { return Ok(None) };
            self.fill(header.packed)?;
            let start = self.from;
            let end = start + header.packed;
            let packed = self.scratch.packed.get(start..end).filter(|_| end <= self.to).ok_or(Broken::EndsEarly)?;
            if header.checksum.is_some_and(|sum| sum != crc32fast::hash(packed)) {
                return Err(Broken::Checksum);
            }
            self.from = end;
            // Of an index, or something of a later format, nothing is wanted.
            let Some(content) = header.content else { continue };
            let (levels, body, as_it_is) = match content {
                // Repetition levels come first and say nothing about a column that is no list.
                Content::Second { repetition, levels, packed, .. } => {
                    let front = repetition.checked_add(levels).filter(|&front| front <= header.packed);
                    let body = start + front.ok_or(Broken::EndsEarly)?;
                    (start + repetition..body, body..end, !packed)
                }
                Content::First { .. } | Content::Dictionary { .. } => (start..start, start..end, false),
            };
            if self.codec == Codec::Plain || as_it_is {
                return Ok(Some((content, Place { levels, body, unpacked: false })));
            }
            let size = header.plain.checked_sub(body.start - start).ok_or(Broken::PageHeader)?;
            self.unpack(body, size)?;
            return Ok(Some((content, Place { levels, body: 0..size, unpacked: true })));
        }
    }

    /// Sees to it that `count` bytes are at hand, or all that there are.
    fn fill(&mut self, count: usize) -> Result<(), Broken> {
        let have = self.to - self.from;
        if have >= count || self.left == 0 {
            return Ok(());
        }
        self.scratch.packed.copy_within(self.from..self.to, 0);
        (self.from, self.to) = (0, have);
        let left = usize::try_from(self.left).unwrap_or(usize::MAX);
        let want = count.max(READ_BYTES).min(have.saturating_add(left));
        // A length from the file is believed as far as bytes come.
        while self.to < want {
            let end = want.min(self.to + READ_BYTES);
            if self.scratch.packed.len() < end {
                self.scratch.packed.resize(end, 0);
            }
            match self.file.read(&mut self.scratch.packed[self.to..end]) {
                // A file that ends before its footer says has nothing left.
                Ok(0) => self.left = 0,
                Ok(read) => {
                    self.to += read;
                    self.left = self.left.saturating_sub(u64::try_from(read).unwrap_or(u64::MAX));
                    continue;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error.into()),
            }
            break;
        }
        Ok(())
    }

    fn header(&mut self) -> Result<Option<Header>, Broken> {
        let mut want = 1 << 10;
        loop {
            self.fill(want)?;
            let bytes = &self.scratch.packed[self.from..self.to];
            if bytes.is_empty() {
                return Ok(None);
            }
            let mut thrift = Thrift::new(bytes);
            match Header::read(&mut thrift) {
                Ok(header) => {
                    self.from += thrift.at();
                    return Ok(Some(header));
                }
                Err(Bad::Short) if self.left > 0 && want < MOST_HEADER_BYTES => want = (bytes.len() + 1).max(want * 4),
                Err(Bad::Short) => return Err(Broken::EndsEarly),
                Err(Bad::Wrong) => return Err(Broken::PageHeader),
            }
        }
    }

    /// Unpacks a page of `size` bytes to the front of `plain`.
    fn unpack(&mut self, body: Range<usize>, size: usize) -> Result<(), Broken> {
        let Scratch { packed, plain, zstd } = &mut *self.scratch;
        let packed = packed.get(body).ok_or(Broken::EndsEarly)?;
        if size == 0 {
            return Ok(());
        }
        let unpacked = match self.codec {
            Codec::Snappy => {
                let (claim, body) = snappy::claim(packed).ok_or(Broken::Unpack)?;
                // Three bytes of snappy give 64 at most: a page that promises more is not given the memory.
                if claim != size || size / 22 > packed.len() {
                    return Err(Broken::Unpack);
                }
                let room = size + snappy::SLACK;
                plain.resize(room.max(plain.len()), 0);
                snappy::unpack(body, plain, size).map(|()| size)
            }
            Codec::Zstd => {
                plain.clear();
                plain.reserve(size);
                zstd.as_mut().and_then(|zstd| zstd.decompress_to_buffer(packed, plain).ok())
            }
            Codec::Gzip => {
                plain.clear();
                let most = u64::try_from(size).unwrap_or(0) + 1;
                MultiGzDecoder::new(packed).take(most).read_to_end(plain).ok()
            }
            Codec::Plain | Codec::Other(_) => None,
        };
        if unpacked == Some(size) { Ok(()) } else { Err(Broken::Unpack) }
    }
}

/// The number of an encoding of levels that nobody has written for ten years.
const BIT_PACKED: i64 = 4;

/// What a page's header says.
struct Header {
    packed: usize,
    plain: usize,
    checksum: Option<u32>,
    /// None of an index, and of what a later format may bring.
    content: Option<Content>,
}

/// Where a page's parts are.
struct Place {
    levels: Range<usize>,
    body: Range<usize>,
    /// Whether the body is in `plain`; the levels never are.
    unpacked: bool,
}

#[derive(Clone, Copy)]
enum Content {
    Dictionary { values: u32 },
    First { rows: u32, encoding: Encoding, levels: i64 },
    Second { rows: u32, encoding: Encoding, repetition: usize, levels: usize, packed: bool },
}

impl Header {
    fn read(thrift: &mut Thrift<'_>) -> Result<Self, Bad> {
        let (mut plain, mut packed, mut checksum, mut content) = (None, None, None, None);
        let mut last = 0;
        while let Some((id, kind)) = thrift.field(&mut last)? {
            match (id, kind) {
                (2, Kind::Int) => plain = Some(size(thrift.int()?)?),
                (3, Kind::Int) => packed = Some(size(thrift.int()?)?),
                (4, Kind::Int) => checksum = i32::try_from(thrift.int()?).ok().map(i32::cast_unsigned),
                (5 | 7 | 8, Kind::Struct) => content = Some(page(thrift, id)?),
                _ => thrift.skip(kind)?,
            }
        }
        let (Some(plain), Some(packed)) = (plain, packed) else { return Err(Bad::Wrong) };
        Ok(Self { packed, plain, checksum, content })
    }
}

/// The part of a header that is of one kind of page; the numbers of its fields differ between them.
fn page(thrift: &mut Thrift<'_>, page: i64) -> Result<Content, Bad> {
    let mut numbers = [None; 7];
    let mut packed = true;
    let mut last = 0;
    while let Some((id, kind)) = thrift.field(&mut last)? {
        match (id, kind) {
            (1..=6, Kind::Int) => {
                let number = thrift.int()?;
                if let Some(place) = usize::try_from(id).ok().and_then(|id| numbers.get_mut(id)) {
                    *place = Some(number);
                }
            }
            (7, Kind::Bool(yes)) => packed = yes,
            _ => thrift.skip(kind)?,
        }
    }
    let [_, count, second, third, fourth, fifth, sixth] = numbers;
    let rows = count.and_then(|count| u32::try_from(count).ok()).ok_or(Bad::Wrong)?;
    Ok(match page {
        7 => Content::Dictionary { values: rows },
        5 => {
            Content::First { rows, encoding: Encoding::of(second.ok_or(Bad::Wrong)?), levels: third.ok_or(Bad::Wrong)? }
        }
        _ => Content::Second {
            rows,
            encoding: Encoding::of(fourth.ok_or(Bad::Wrong)?),
            levels: size(fifth.ok_or(Bad::Wrong)?)?,
            repetition: size(sixth.ok_or(Bad::Wrong)?)?,
            packed,
        },
    })
}

fn size(bytes: i64) -> Result<usize, Bad> {
    usize::try_from(bytes).ok().filter(|&bytes| bytes <= MOST_PAGE_BYTES).ok_or(Bad::Wrong)
}
