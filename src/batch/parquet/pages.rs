//! The pages of a column chunk, one after the other, unpacked. Memory: the packed page and the plain one, each used
//! again for the next.

use std::{
    fs::File,
    io::{Read, Seek, SeekFrom},
    ops::Range,
};

use flate2::read::MultiGzDecoder;

use super::{
    Broken,
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

/// Reads pages.
pub(super) struct Pages<'f> {
    file: &'f mut File,
    codec: Codec,
    optional: bool,
    /// Bytes of the chunk that were not read from the file yet.
    left: u64,
    /// Bytes from the file; those before `from` are used up.
    packed: Vec<u8>,
    from: usize,
    plain: Vec<u8>,
    zstd: Option<zstd::bulk::Decompressor<'static>>,
}

impl<'f> Pages<'f> {
    pub fn new(file: &'f mut File, chunk: Chunk, optional: bool) -> Result<Self, Broken> {
        if let Codec::Other(name) = chunk.codec {
            return Err(Broken::Codec(name));
        }
        file.seek(SeekFrom::Start(chunk.start))?;
        let zstd = if chunk.codec == Codec::Zstd { Some(zstd::bulk::Decompressor::new()?) } else { None };
        Ok(Self {
            file,
            codec: chunk.codec,
            optional,
            left: chunk.bytes,
            packed: Vec::new(),
            from: 0,
            plain: Vec::new(),
            zstd,
        })
    }

    /// The next page with values or rows; none at the chunk's end.
    pub fn next(&mut self) -> Result<Option<Page<'_>>, Broken> {
        let Some((content, place)) = self.advance()? else { return Ok(None) };
        let levels = self.packed.get(place.levels).unwrap_or_default();
        let bytes = if place.unpacked { &self.plain } else { &self.packed };
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
            let packed = self.packed.get(start..end).ok_or(Broken::EndsEarly)?;
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
        if self.packed.len() - self.from >= count {
            return Ok(());
        }
        self.packed.drain(..self.from);
        self.from = 0;
        let more = u64::try_from(count.max(READ_BYTES) - self.packed.len()).unwrap_or(0).min(self.left);
        let read = Read::by_ref(&mut self.file).take(more).read_to_end(&mut self.packed)?;
        // A file that ends before its footer says has nothing left.
        let read = u64::try_from(read).unwrap_or(0);
        self.left = if read < more { 0 } else { self.left - read };
        Ok(())
    }

    fn header(&mut self) -> Result<Option<Header>, Broken> {
        let mut want = 1 << 10;
        loop {
            self.fill(want)?;
            let bytes = &self.packed[self.from..];
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
        let packed = &self.packed[body];
        if size == 0 {
            return Ok(());
        }
        let unpacked = match self.codec {
            Codec::Snappy => {
                // Three bytes of snappy give 64 at most: a page that promises more is not given the memory.
                if snap::raw::decompress_len(packed).ok() != Some(size) || size / 22 > packed.len() {
                    return Err(Broken::Unpack);
                }
                self.plain.resize(size.max(self.plain.len()), 0);
                snap::raw::Decoder::new().decompress(packed, &mut self.plain).ok()
            }
            Codec::Zstd => {
                self.plain.clear();
                self.plain.reserve(size);
                self.zstd.as_mut().and_then(|zstd| zstd.decompress_to_buffer(packed, &mut self.plain).ok())
            }
            Codec::Gzip => {
                self.plain.clear();
                let most = u64::try_from(size).unwrap_or(0) + 1;
                MultiGzDecoder::new(packed).take(most).read_to_end(&mut self.plain).ok()
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
