//! One column of a row group: pages to values, values to whoever makes runs of them.

use super::{
    Broken,
    delta::{self, Delta},
    footer::Physical,
    hybrid::{self, Hybrid},
    pages::{Encoding, Page, Pages, RowsOf},
};

/// More runs, or values other than zero, than this are not kept of one row group: few bytes may stand for any number
/// of rows. The greatest row groups that any writer makes by default have four times as many rows.
pub(super) const MOST_KEPT: usize = 1 << 24;

/// Values handed on at once, at most.
const AT_ONCE: usize = 256;

/// Makes runs of a column's values, which come in the order of the rows.
pub(super) trait Sink {
    /// What a value means, worked out once for all rows that share it.
    type Entry: Copy;

    fn of_int(&mut self, value: i64) -> Self::Entry;
    fn of_float(&mut self, value: f64) -> Self::Entry;
    fn of_text(&mut self, text: &[u8]) -> Self::Entry;

    /// Whether more is kept than a row group of any sensible writer has.
    fn full(&self) -> bool;

    /// Rows without a value.
    fn missing(&mut self, rows: u32);

    /// Rows of the same value.
    fn same(&mut self, entry: Self::Entry, rows: u32);

    /// A row for each index. None when an index points outside the dictionary.
    fn indices(&mut self, dictionary: &[Self::Entry], indices: &[u32]) -> Option<()> {
        for &index in indices {
            let entry = *dictionary.get(usize::try_from(index).ok()?)?;
            self.same(entry, 1);
        }
        Some(())
    }

    /// A row for each number.
    fn ints(&mut self, values: &[i64]) {
        for &value in values {
            let entry = self.of_int(value);
            self.same(entry, 1);
        }
    }

    /// Rows whose numbers go up by the same step; the last of them fits.
    fn even(&mut self, first: i64, step: i64, rows: u32) {
        if step == 0 {
            let entry = self.of_int(first);
            return self.same(entry, rows);
        }
        let mut value = first;
        for _ in 0..rows {
            if self.full() {
                break;
            }
            self.ints(&[value]);
            value = value.wrapping_add(step);
        }
    }

    /// A row with a text.
    fn text(&mut self, text: &[u8]) {
        let entry = self.of_text(text);
        self.same(entry, 1);
    }
}

/// How a column's values are to be read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layout {
    pub physical: Physical,
    /// Whether whole numbers are without a sign.
    pub unsigned: bool,
    pub optional: bool,
}

/// Gives `rows` rows to the sink.
pub(super) fn read<S: Sink>(pages: &mut Pages<'_>, layout: Layout, rows: u32, sink: &mut S) -> Result<(), Broken> {
    let mut dictionary = None;
    let mut left = rows;
    while left > 0 {
        match pages.next()?.ok_or(Broken::EndsEarly)? {
            Page::Dictionary { .. } if dictionary.is_some() => return Err(Broken::PageHeader),
            Page::Dictionary { values, bytes } => dictionary = Some(learn(bytes, layout, values, sink)?),
            Page::Rows(rows) => {
                left = left.checked_sub(rows.rows).ok_or(Broken::TooManyRows)?;
                page(&rows, layout, dictionary.as_deref().unwrap_or_default(), sink)?;
                not_full(sink)?;
            }
        }
    }
    Ok(())
}

fn not_full(sink: &impl Sink) -> Result<(), Broken> {
    if sink.full() { Err(Broken::TooMuch) } else { Ok(()) }
}

/// A page: which rows have a value, and their values. Those are opened when the first is wanted: where there are
/// none, anything may stand in their place.
fn page<S: Sink>(page: &RowsOf<'_>, layout: Layout, dictionary: &[S::Entry], sink: &mut S) -> Result<(), Broken> {
    let mut values = None;
    let mut give = |sink: &mut S, rows: u32| -> Result<(), Broken> {
        let values = match &mut values {
            Some(values) => values,
            none => none.insert(Values::open(page.encoding, page.bytes, layout, dictionary)?),
        };
        values.give(rows, sink)
    };
    if !layout.optional {
        return if page.rows == 0 { Ok(()) } else { give(sink, page.rows) };
    }
    let mut levels = Hybrid::new(page.levels, 1)?;
    let mut left = page.rows;
    while left > 0 {
        match levels.next(left)? {
            hybrid::Piece::Run(level, rows) => {
                left -= rows;
                match level {
                    0 => sink.missing(rows),
                    1 => give(sink, rows)?,
                    _ => return Err(Broken::Values),
                }
            }
            hybrid::Piece::Each(each) => {
                for same in each.chunk_by(|one, next| one == next) {
                    let rows = u32::try_from(same.len()).map_err(|_| Broken::Values)?;
                    left = left.saturating_sub(rows);
                    if same.first() == Some(&0) { sink.missing(rows) } else { give(sink, rows)? }
                }
            }
        }
    }
    Ok(())
}

/// What the values of a dictionary mean.
fn learn<S: Sink>(mut bytes: &[u8], layout: Layout, count: u32, sink: &mut S) -> Result<Vec<S::Entry>, Broken> {
    let mut entries = Vec::new();
    for _ in 0..count {
        let entry = match layout.physical {
            Physical::Bytes => sink.of_text(next_text(&mut bytes)?),
            Physical::Int32 => sink.of_int(int_32(next(&mut bytes)?, layout.unsigned)),
            Physical::Int64 => sink.of_int(i64::from_le_bytes(next(&mut bytes)?)),
            Physical::Int96 => sink.of_int(int_96(next(&mut bytes)?)),
            Physical::Float => sink.of_float(f32::from_le_bytes(next(&mut bytes)?).into()),
            Physical::Double => sink.of_float(f64::from_le_bytes(next(&mut bytes)?)),
            Physical::Other => return Err(Broken::Values),
        };
        entries.push(entry);
    }
    Ok(entries)
}

/// The values of a page, as far as they were not given out.
enum Values<'b, E> {
    Plain(&'b [u8], Layout),
    Indices(Box<Hybrid<'b>>, &'b [E]),
    Delta(Box<Delta<'b>>),
    /// Lengths, and the texts one behind the other.
    Lengths(Box<Delta<'b>>, &'b [u8]),
    /// How much of the text before is kept, lengths of what is new, and that; the text before.
    Prefixes(Box<Delta<'b>>, Box<Delta<'b>>, &'b [u8], Vec<u8>),
    /// First bytes of all values, then second bytes …; how many values there are, and which is next.
    Split(&'b [u8], usize, usize, Layout),
}

impl<'b, E: Copy> Values<'b, E> {
    fn open(encoding: Encoding, bytes: &'b [u8], layout: Layout, dictionary: &'b [E]) -> Result<Self, Broken> {
        let of = match (layout.physical, layout.unsigned) {
            (Physical::Int64, _) => delta::Of::Bits64,
            (Physical::Int32, true) => delta::Of::Unsigned32,
            _ => delta::Of::Bits32,
        };
        Ok(match (encoding, layout.physical) {
            (Encoding::Plain, _) => Self::Plain(bytes, layout),
            (Encoding::Dictionary, _) => {
                let (&width, bytes) = bytes.split_first().ok_or(Broken::EndsEarly)?;
                Self::Indices(Box::new(Hybrid::new(bytes, width)?), dictionary)
            }
            (Encoding::Delta, Physical::Int32 | Physical::Int64) => Self::Delta(Box::new(Delta::new(bytes, of)?)),
            (Encoding::DeltaLength, Physical::Bytes) => {
                let lengths = Delta::new(bytes, of)?;
                Self::Lengths(Box::new(lengths), Delta::new(bytes, of)?.behind()?)
            }
            (Encoding::DeltaText, Physical::Bytes) => {
                let suffixes = Delta::new(bytes, of)?.behind()?;
                let texts = Delta::new(suffixes, of)?.behind()?;
                let [prefixes, suffixes] = [Delta::new(bytes, of)?, Delta::new(suffixes, of)?];
                Self::Prefixes(Box::new(prefixes), Box::new(suffixes), texts, Vec::new())
            }
            (Encoding::Split, Physical::Int32 | Physical::Float) => Self::Split(bytes, bytes.len() / 4, 0, layout),
            (Encoding::Split, Physical::Int64 | Physical::Double) => Self::Split(bytes, bytes.len() / 8, 0, layout),
            (Encoding::Delta, _) => return Err(Broken::Encoding(5)),
            (Encoding::DeltaLength, _) => return Err(Broken::Encoding(6)),
            (Encoding::DeltaText, _) => return Err(Broken::Encoding(7)),
            (Encoding::Split, _) => return Err(Broken::Encoding(9)),
            (Encoding::Other(code), _) => return Err(Broken::Encoding(code)),
        })
    }

    /// Gives the values of so many rows.
    fn give<S: Sink<Entry = E>>(&mut self, rows: u32, sink: &mut S) -> Result<(), Broken> {
        let mut left = rows;
        match self {
            Self::Plain(bytes, layout) => return plain(bytes, *layout, rows, sink),
            Self::Indices(indices, dictionary) => {
                while left > 0 {
                    match indices.next(left)? {
                        hybrid::Piece::Run(index, rows) => {
                            let place = usize::try_from(index).map_err(|_| Broken::Index)?;
                            sink.same(*dictionary.get(place).ok_or(Broken::Index)?, rows);
                            left -= rows;
                        }
                        hybrid::Piece::Each(each) => {
                            sink.indices(dictionary, each).ok_or(Broken::Index)?;
                            left -= u32::try_from(each.len()).map_err(|_| Broken::Values)?;
                        }
                    }
                    not_full(sink)?;
                }
            }
            Self::Delta(delta) => {
                while left > 0 {
                    match delta.next(left)? {
                        delta::Piece::Even { first, step, count } => {
                            sink.even(first, step, count);
                            left -= count;
                        }
                        delta::Piece::Each(each) => {
                            sink.ints(each);
                            left -= u32::try_from(each.len()).map_err(|_| Broken::Values)?;
                        }
                    }
                    not_full(sink)?;
                }
            }
            Self::Lengths(lengths, texts) => {
                for _ in 0..rows {
                    sink.text(next_bytes(texts, lengths.one()?)?);
                }
            }
            Self::Prefixes(prefixes, suffixes, texts, text) => {
                for _ in 0..rows {
                    let kept = usize::try_from(prefixes.one()?).ok().filter(|&kept| kept <= text.len());
                    text.truncate(kept.ok_or(Broken::Values)?);
                    text.extend_from_slice(next_bytes(texts, suffixes.one()?)?);
                    sink.text(text);
                }
            }
            Self::Split(bytes, count, next, layout) => {
                for _ in 0..rows {
                    let of = |part: usize| bytes.get(part * *count + *next).copied().unwrap_or(0);
                    if *next >= *count {
                        return Err(Broken::EndsEarly);
                    }
                    if matches!(layout.physical, Physical::Int32 | Physical::Float) {
                        plain(&mut &[of(0), of(1), of(2), of(3)][..], *layout, 1, sink)?;
                    } else {
                        let value = [of(0), of(1), of(2), of(3), of(4), of(5), of(6), of(7)];
                        plain(&mut &value[..], *layout, 1, sink)?;
                    }
                    *next += 1;
                }
            }
        }
        Ok(())
    }
}

/// Values one behind the other.
fn plain<S: Sink>(bytes: &mut &[u8], layout: Layout, rows: u32, sink: &mut S) -> Result<(), Broken> {
    match layout.physical {
        Physical::Bytes => {
            for _ in 0..rows {
                sink.text(next_text(bytes)?);
            }
            Ok(())
        }
        Physical::Int64 => ints(bytes, rows, i64::from_le_bytes, sink),
        Physical::Int32 => ints(bytes, rows, |value| int_32(value, layout.unsigned), sink),
        Physical::Int96 => ints(bytes, rows, int_96, sink),
        Physical::Float => floats(bytes, rows, |value| f32::from_le_bytes(value).into(), sink),
        Physical::Double => floats(bytes, rows, f64::from_le_bytes, sink),
        Physical::Other => Err(Broken::Values),
    }
}

fn ints<const BYTES: usize, S: Sink>(
    bytes: &mut &[u8],
    rows: u32,
    value: impl Fn([u8; BYTES]) -> i64,
    sink: &mut S,
) -> Result<(), Broken> {
    let mut buffer = [0; AT_ONCE];
    for chunk in front::<BYTES>(bytes, rows)?.chunks(AT_ONCE) {
        let values = &mut buffer[..chunk.len()];
        for (to, from) in values.iter_mut().zip(chunk) {
            *to = value(*from);
        }
        sink.ints(values);
    }
    Ok(())
}

fn floats<const BYTES: usize, S: Sink>(
    bytes: &mut &[u8],
    rows: u32,
    value: impl Fn([u8; BYTES]) -> f64,
    sink: &mut S,
) -> Result<(), Broken> {
    for bytes in front::<BYTES>(bytes, rows)? {
        let entry = sink.of_float(value(*bytes));
        sink.same(entry, 1);
    }
    Ok(())
}

/// Takes the values of so many rows from the front.
fn front<'b, const BYTES: usize>(bytes: &mut &'b [u8], rows: u32) -> Result<&'b [[u8; BYTES]], Broken> {
    let rows = usize::try_from(rows).map_err(|_| Broken::EndsEarly)?;
    let (values, _) = bytes.as_chunks();
    let values = values.get(..rows).ok_or(Broken::EndsEarly)?;
    *bytes = &bytes[rows * BYTES..];
    Ok(values)
}

fn next<const BYTES: usize>(bytes: &mut &[u8]) -> Result<[u8; BYTES], Broken> {
    let (value, rest) = bytes.split_first_chunk().ok_or(Broken::EndsEarly)?;
    *bytes = rest;
    Ok(*value)
}

fn next_text<'b>(bytes: &mut &'b [u8]) -> Result<&'b [u8], Broken> {
    let length = u32::from_le_bytes(next(bytes)?);
    next_bytes(bytes, length.into())
}

fn next_bytes<'b>(bytes: &mut &'b [u8], length: i64) -> Result<&'b [u8], Broken> {
    let length = usize::try_from(length).map_err(|_| Broken::EndsEarly)?;
    let (text, rest) = bytes.split_at_checked(length).ok_or(Broken::EndsEarly)?;
    *bytes = rest;
    Ok(text)
}

fn int_32(bytes: [u8; 4], unsigned: bool) -> i64 {
    if unsigned { u32::from_le_bytes(bytes).into() } else { i32::from_le_bytes(bytes).into() }
}

/// The older form of a stamp: nanoseconds of the day, and the Julian day. Nanoseconds since 1970, or a number
/// that is no stamp.
fn int_96(bytes: [u8; 12]) -> i64 {
    let [n0, n1, n2, n3, n4, n5, n6, n7, day @ ..] = bytes;
    // 2 440 588 is the Julian day that begins, as days do here, at midnight of 1970-01-01.
    let day = i64::from(u32::from_le_bytes(day)) - 2_440_588;
    let nanos = i64::from_le_bytes([n0, n1, n2, n3, n4, n5, n6, n7]);
    day.checked_mul(86_400_000_000_000).and_then(|day| day.checked_add(nanos)).unwrap_or(i64::MIN)
}
