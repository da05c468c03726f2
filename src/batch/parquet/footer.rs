//! The footer of a Parquet file: its columns, its row groups, and where their bytes lie.
//!
//! Read by hand instead of by the `parquet` crate, which reserves memory for, and calls itself as deep as, a
//! footer says.

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom},
};

use super::{
    Broken,
    pages::{Chunk, Codec},
    thrift::{Bad, Kind, Thrift},
};

/// A footer above this is not read.
const MOST_FOOTER_BYTES: u64 = 256 << 20;

/// How values lie in a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Physical {
    Int32,
    Int64,
    Int96,
    Float,
    Double,
    Bytes,
    /// Truth values, and bytes of a fixed length.
    Other,
}

/// What values mean.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Meaning {
    /// Nothing is said.
    Plain,
    Text,
    Signed,
    Unsigned,
    /// Units of a second; whether they count from 1970 in UTC or are a wall clock's.
    Stamp {
        per_second: i64,
        utc: bool,
    },
    Date,
    TimeOfDay,
    Decimal,
    /// Something else, such as a universal id or a half-precision number.
    Other,
}

/// A column at the top of the schema.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Field {
    pub name: String,
    /// None for a column that holds columns or lists.
    pub physical: Option<Physical>,
    pub meaning: Meaning,
    pub optional: bool,
    /// Which of a row group's column chunks is its own, or its first.
    pub leaf: usize,
}

/// The bytes of a footer.
pub(super) struct Footer {
    bytes: Vec<u8>,
}

/// A row group: rows, and the chunks that were asked for.
#[derive(Debug)]
pub(super) struct Group<const N: usize> {
    pub rows: u64,
    pub chunks: [Chunk; N],
}

impl Footer {
    pub fn read(file: &mut File) -> Result<Self, Broken> {
        let size = file.seek(SeekFrom::End(0))?;
        let mut head = [0; 4];
        let mut tail = [0; 8];
        if size < 12 {
            return Err(Broken::NotParquet);
        }
        file.seek(SeekFrom::Start(0))?;
        file.read_exact(&mut head)?;
        file.seek(SeekFrom::Start(size - 8))?;
        file.read_exact(&mut tail)?;
        let [l1, l2, l3, l4, magic @ ..] = tail;
        match (&head, &magic) {
            (b"PAR1", b"PAR1") => {}
            (b"PARE", _) | (_, b"PARE") => return Err(Broken::Encrypted),
            (b"PAR1", _) => return Err(Broken::NoFooter),
            _ => return Err(Broken::NotParquet),
        }
        let length = u64::from(u32::from_le_bytes([l1, l2, l3, l4]));
        let start = size.checked_sub(8 + length).filter(|_| length <= MOST_FOOTER_BYTES).ok_or(Broken::Footer)?;
        file.seek(SeekFrom::Start(start))?;
        let mut bytes = Vec::new();
        io::Read::by_ref(file).take(length).read_to_end(&mut bytes)?;
        Ok(Self { bytes })
    }

    /// The columns at the top of the schema, in order.
    pub fn fields(&self) -> Result<Vec<Field>, Broken> {
        self.find(2, fields)?.ok_or(Broken::Footer)
    }

    /// The row groups, with the chunks of these leaves.
    pub fn groups<const N: usize>(&self, leaves: [usize; N]) -> Result<Vec<Group<N>>, Broken> {
        Ok(self.find(4, |thrift| groups(thrift, leaves))?.unwrap_or_default())
    }

    /// Reads the list in field `wanted`.
    fn find<'b, T>(
        &'b self,
        wanted: i64,
        read: impl FnOnce(&mut Thrift<'b>) -> Result<T, Broken>,
    ) -> Result<Option<T>, Broken> {
        let mut thrift = Thrift::new(&self.bytes);
        let mut last = 0;
        while let Some((id, kind)) = thrift.field(&mut last)? {
            if (id, kind) == (wanted, Kind::List) {
                return read(&mut thrift).map(Some);
            }
            thrift.skip(kind)?;
        }
        Ok(None)
    }
}

impl From<Bad> for Broken {
    fn from(_: Bad) -> Self {
        Self::Footer
    }
}

/// The list of schema elements: the root, then its children depth first.
fn fields(thrift: &mut Thrift<'_>) -> Result<Vec<Field>, Broken> {
    let (count, kind) = thrift.list()?;
    if kind != Kind::Struct {
        return Err(Broken::Footer);
    }
    let mut found = Vec::new();
    // How many children are still to come, of the root and of every group that is open below it.
    let mut open: Vec<u64> = Vec::new();
    let mut leaf = 0;
    for element in 0..count {
        let (field, children) = schema_element(thrift, leaf)?;
        if element == 0 {
            open.push(children);
            continue;
        }
        if open.len() == 1 {
            found.push(field);
        }
        let left = open.last_mut().and_then(|left| left.checked_sub(1).map(|fewer| *left = fewer));
        left.ok_or(Broken::Footer)?;
        if children > 0 {
            open.push(children);
        } else {
            leaf += 1;
        }
        while open.len() > 1 && open.last() == Some(&0) {
            open.pop();
        }
    }
    if open == [0] { Ok(found) } else { Err(Broken::Footer) }
}

/// One element, and the number of its children.
fn schema_element(thrift: &mut Thrift<'_>, leaf: usize) -> Result<(Field, u64), Broken> {
    let (mut physical, mut repetition, mut name, mut children) = (None, 0, &[][..], 0);
    let (mut converted, mut logical) = (None, None);
    let mut last = 0;
    while let Some((id, kind)) = thrift.field(&mut last)? {
        match (id, kind) {
            (1, Kind::Int) => physical = Some(thrift.int()?),
            (3, Kind::Int) => repetition = thrift.int()?,
            (4, Kind::Bytes) => name = thrift.bytes()?,
            (5, Kind::Int) => children = u64::try_from(thrift.int()?).map_err(|_| Broken::Footer)?,
            (6, Kind::Int) => converted = Some(converted_meaning(thrift.int()?)),
            (10, Kind::Struct) => logical = Some(logical_meaning(thrift)?),
            _ => thrift.skip(kind)?,
        }
    }
    // 2 is "repeated": a list without a group around it.
    let single = children == 0 && repetition != 2;
    let physical = physical.filter(|_| single).map(|code| match code {
        1 => Physical::Int32,
        2 => Physical::Int64,
        3 => Physical::Int96,
        4 => Physical::Float,
        5 => Physical::Double,
        6 => Physical::Bytes,
        _ => Physical::Other,
    });
    let name = String::from_utf8_lossy(name).into_owned();
    let meaning = logical.or(converted).unwrap_or(Meaning::Plain);
    Ok((Field { name, physical, meaning, optional: repetition == 1, leaf }, children))
}

/// The older way to say what values mean.
fn converted_meaning(code: i64) -> Meaning {
    match code {
        0 | 4 => Meaning::Text,
        5 => Meaning::Decimal,
        6 => Meaning::Date,
        7 | 8 => Meaning::TimeOfDay,
        9 => Meaning::Stamp { per_second: 1_000, utc: true },
        10 => Meaning::Stamp { per_second: 1_000_000, utc: true },
        11..=14 => Meaning::Unsigned,
        15..=18 => Meaning::Signed,
        _ => Meaning::Other,
    }
}

/// The newer way: a union, of which one field is there.
fn logical_meaning(thrift: &mut Thrift<'_>) -> Result<Meaning, Broken> {
    let mut meaning = Meaning::Other;
    let mut last = 0;
    while let Some((id, kind)) = thrift.field(&mut last)? {
        match (id, kind) {
            (8, Kind::Struct) => meaning = stamp(thrift)?,
            (10, Kind::Struct) => meaning = integer(thrift)?,
            _ => {
                meaning = match id {
                    1 | 4 => Meaning::Text,
                    5 => Meaning::Decimal,
                    6 => Meaning::Date,
                    7 => Meaning::TimeOfDay,
                    _ => Meaning::Other,
                };
                thrift.skip(kind)?;
            }
        }
    }
    Ok(meaning)
}

fn stamp(thrift: &mut Thrift<'_>) -> Result<Meaning, Broken> {
    let (mut utc, mut per_second) = (false, None);
    let mut last = 0;
    while let Some((id, kind)) = thrift.field(&mut last)? {
        match (id, kind) {
            (1, Kind::Bool(yes)) => utc = yes,
            (2, Kind::Struct) => {
                let mut last = 0;
                while let Some((unit, kind)) = thrift.field(&mut last)? {
                    per_second = match unit {
                        1 => Some(1_000),
                        2 => Some(1_000_000),
                        3 => Some(1_000_000_000),
                        _ => None,
                    };
                    thrift.skip(kind)?;
                }
            }
            _ => thrift.skip(kind)?,
        }
    }
    Ok(per_second.map_or(Meaning::Other, |per_second| Meaning::Stamp { per_second, utc }))
}

fn integer(thrift: &mut Thrift<'_>) -> Result<Meaning, Broken> {
    let mut meaning = Meaning::Signed;
    let mut last = 0;
    while let Some((id, kind)) = thrift.field(&mut last)? {
        match (id, kind) {
            (2, Kind::Bool(false)) => meaning = Meaning::Unsigned,
            _ => thrift.skip(kind)?,
        }
    }
    Ok(meaning)
}

fn groups<const N: usize>(thrift: &mut Thrift<'_>, leaves: [usize; N]) -> Result<Vec<Group<N>>, Broken> {
    let (count, kind) = thrift.list()?;
    if count > 0 && kind != Kind::Struct {
        return Err(Broken::Footer);
    }
    (0..count).map(|_| group(thrift, leaves)).collect()
}

fn group<const N: usize>(thrift: &mut Thrift<'_>, leaves: [usize; N]) -> Result<Group<N>, Broken> {
    let (mut rows, mut chunks) = (None, [None; N]);
    let mut last = 0;
    while let Some((id, kind)) = thrift.field(&mut last)? {
        match (id, kind) {
            (1, Kind::List) => {
                let (count, kind) = thrift.list()?;
                for leaf in 0..count {
                    if kind == Kind::Struct && leaves.contains(&leaf) {
                        let found = chunk(thrift)?;
                        for (chunk, _) in chunks.iter_mut().zip(leaves).filter(|&(_, wanted)| wanted == leaf) {
                            *chunk = Some(found);
                        }
                    } else {
                        thrift.skip(kind)?;
                    }
                }
            }
            (3, Kind::Int) => rows = u64::try_from(thrift.int()?).ok(),
            _ => thrift.skip(kind)?,
        }
    }
    let rows = rows.ok_or(Broken::Footer)?;
    if chunks.iter().any(Option::is_none) {
        return Err(Broken::Footer);
    }
    let nowhere = Chunk { start: 0, bytes: 0, codec: Codec::Plain };
    Ok(Group { rows, chunks: chunks.map(|chunk| chunk.unwrap_or(nowhere)) })
}

fn chunk(thrift: &mut Thrift<'_>) -> Result<Chunk, Broken> {
    let mut chunk = None;
    let mut last = 0;
    while let Some((id, kind)) = thrift.field(&mut last)? {
        match (id, kind) {
            (1, Kind::Bytes) if !thrift.bytes()?.is_empty() => return Err(Broken::Elsewhere),
            (1, Kind::Bytes) => {}
            (3, Kind::Struct) => chunk = Some(column_metadata(thrift)?),
            (8, Kind::Struct) => return Err(Broken::Encrypted),
            _ => thrift.skip(kind)?,
        }
    }
    chunk.ok_or(Broken::Footer)
}

fn column_metadata(thrift: &mut Thrift<'_>) -> Result<Chunk, Broken> {
    let (mut codec, mut bytes, mut data, mut dictionary) = (0, 0, 0, 0);
    let mut last = 0;
    while let Some((id, kind)) = thrift.field(&mut last)? {
        let wanted = match (id, kind) {
            (4, Kind::Int) => &mut codec,
            (7, Kind::Int) => &mut bytes,
            (9, Kind::Int) => &mut data,
            (11, Kind::Int) => &mut dictionary,
            _ => {
                thrift.skip(kind)?;
                continue;
            }
        };
        *wanted = thrift.int()?;
    }
    // Some writers leave the dictionary's place at 0, where the file's own mark stands.
    let start = if (1..data).contains(&dictionary) { dictionary } else { data };
    let unsigned = |number: i64| u64::try_from(number).map_err(|_| Broken::Footer);
    Ok(Chunk { start: unsigned(start)?, bytes: unsigned(bytes)?, codec: Codec::of(codec) })
}
