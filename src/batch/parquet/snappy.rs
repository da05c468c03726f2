//! Unpacks snappy, above all numbers of eight bytes that go up by the same step: there a packer writes, for every
//! number, a few new bytes and "the rest as eight bytes before". The eight bytes last written are kept in a register,
//! since reading back what was just stored in pieces is what such data otherwise waits for.
//! Source: google/snappy `format_description.txt`.

/// Bytes behind the unpacked ones that may be written over.
pub(super) const SLACK: usize = 64;

/// The size that packed bytes claim, and the bytes that follow the claim.
pub(super) fn claim(packed: &[u8]) -> Option<(usize, &[u8])> {
    let mut size = 0;
    for (index, &byte) in packed.iter().take(5).enumerate() {
        size |= usize::from(byte & 0x7f) << (7 * index);
        if byte < 0x80 {
            return Some((size, &packed[index + 1..]));
        }
    }
    None
}

/// Unpacks what follows the claim into the front of `out`, which has [`SLACK`] more than the `size` bytes wanted.
/// None when the bytes make no sense or give another size.
pub(super) fn unpack(packed: &[u8], out: &mut [u8], size: usize) -> Option<()> {
    if out.len() < size.checked_add(SLACK)? {
        return None;
    }
    let mut from = 0;
    let mut to = 0;
    // The eight bytes before `to`, or fewer at the beginning.
    let mut last = 0_u64;
    while let Some(&tag) = packed.get(from) {
        let (length, offset) = match tag & 3 {
            0 => {
                (from, to, last) = numbers(packed, out, size, (from, to, last));
                let Some(&tag) = packed.get(from) else { break };
                if tag & 3 != 0 {
                    continue;
                }
                let (length, start) = literal(packed, from, tag)?;
                let end = start.checked_add(length)?;
                let new = packed.get(start..end)?;
                let room = out.get_mut(to..).filter(|_| length <= size - to)?;
                match (packed.get(start..start + 16), room.first_chunk_mut::<16>()) {
                    (Some(whole), Some(room)) if length <= 16 => room.copy_from_slice(whole),
                    _ => room.get_mut(..length)?.copy_from_slice(new),
                }
                last = match new.last_chunk() {
                    Some(eight) => u64::from_le_bytes(*eight),
                    None => new.iter().fold(last, |last, &byte| last >> 8 | u64::from(byte) << 56),
                };
                (from, to) = (end, to + length);
                continue;
            }
            1 => {
                let low = *packed.get(from + 1)?;
                from += 2;
                (usize::from(tag >> 2 & 7) + 4, usize::from(tag >> 5) << 8 | usize::from(low))
            }
            2 => {
                let offset = u16::from_le_bytes(*packed.get(from + 1..)?.first_chunk()?);
                from += 3;
                (usize::from(tag >> 2) + 1, usize::from(offset))
            }
            _ => {
                let offset = u32::from_le_bytes(*packed.get(from + 1..)?.first_chunk()?);
                from += 5;
                (usize::from(tag >> 2) + 1, usize::try_from(offset).ok()?)
            }
        };
        if offset == 0 || offset > to || length > size - to {
            return None;
        }
        if offset == 8 {
            for place in (to..to + length).step_by(8) {
                *out.get_mut(place..)?.first_chunk_mut()? = last.to_le_bytes();
            }
            last = last.rotate_right(8 * u32::try_from(length % 8).ok()?);
            to += length;
            continue;
        }
        if offset >= 16 {
            for step in (0..length).step_by(16) {
                let sixteen: [u8; 16] = *out.get(to - offset + step..)?.first_chunk()?;
                *out.get_mut(to + step..)?.first_chunk_mut()? = sixteen;
            }
        } else {
            for place in to..to + length {
                out[place] = out[place - offset];
            }
        }
        to += length;
        last = if to < 8 { short(&out[..to]) } else { u64::from_le_bytes(*out.get(to - 8..)?.first_chunk()?) };
    }
    (to == size).then_some(())
}

/// A literal's length, and where its bytes begin.
fn literal(packed: &[u8], from: usize, tag: u8) -> Option<(usize, usize)> {
    let length = usize::from(tag >> 2);
    if length < 60 {
        return Some((length + 1, from + 1));
    }
    let more = length - 59;
    let bytes = packed.get(from + 1..from + 1 + more)?;
    let length = bytes.iter().rev().fold(0, |length, &byte| length << 8 | usize::from(byte));
    Some((length.checked_add(1)?, from + 1 + more))
}

/// Unpacks numbers of eight bytes of which only the first one to four are new, as many as there are. Takes and gives
/// what was read, what was written, and the last eight bytes.
#[inline]
fn numbers(packed: &[u8], out: &mut [u8], size: usize, mut at: (usize, usize, u64)) -> (usize, usize, u64) {
    loop {
        let before = at.0;
        at = match packed.get(at.0) {
            Some(0) => numbers_of::<1>(packed, out, size, at),
            Some(4) => numbers_of::<2>(packed, out, size, at),
            Some(8) => numbers_of::<3>(packed, out, size, at),
            Some(12) => numbers_of::<4>(packed, out, size, at),
            _ => return at,
        };
        if at.0 == before {
            return at;
        }
    }
}

/// Unpacks numbers with `NEW` new bytes. A loop of its own for each, so that the place of the next number does not
/// hang on what the last one said.
#[inline]
fn numbers_of<const NEW: usize>(
    packed: &[u8],
    out: &mut [u8],
    size: usize,
    (mut from, mut to, mut last): (usize, usize, u64),
) -> (usize, usize, u64) {
    let Some(&before) = out.get(to.wrapping_sub(16)..).and_then(<[u8]>::first_chunk) else { return (from, to, last) };
    let mut before = u64::from_le_bytes(before);
    // The head of the literal, its bytes, and the copy of the rest: its length, and an offset of 8 or 16.
    let at = 8 * (NEW + 1);
    let [head, rest] = [(NEW - 1) << 2, (4 - NEW) << 2 | 1].map(|byte| u64::try_from(byte).unwrap_or(0));
    let [by_8, by_16] = [8, 16].map(|offset| head | (rest | offset << 8) << at);
    let mask = 0xff | 0xffff << at;
    let fresh = (1 << (8 * NEW)) - 1;
    while to + 8 <= size
        && let Some(eight) = packed.get(from..).and_then(<[u8]>::first_chunk)
        && let Some(room) = out.get_mut(to..).and_then(<[u8]>::first_chunk_mut)
    {
        let element = u64::from_le_bytes(*eight);
        let old = if element & mask == by_8 {
            last
        } else if element & mask == by_16 {
            before
        } else {
            break;
        };
        (before, last) = (last, old & !fresh | element >> 8 & fresh);
        *room = last.to_le_bytes();
        from += NEW + 3;
        to += 8;
    }
    (from, to, last)
}

fn short(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |last, &byte| last >> 8 | u64::from(byte) << 56)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn unpacked(packed: &[u8]) -> Option<Vec<u8>> {
        let (size, body) = claim(packed)?;
        let mut out = vec![0xee; size.min(1 << 20) + SLACK];
        unpack(body, &mut out, size.min(1 << 20))?;
        out.truncate(size);
        Some(out)
    }

    /// Numbers of eight bytes with even steps, jumps and rubbish, behind a few bytes that shift them.
    fn stamps() -> impl Strategy<Value = Vec<u8>> {
        let part = (any::<i64>(), prop_oneof![Just(0), Just(60_000), Just(60_000_000), -300..300_i64], 0..200_i64);
        let shift = prop::collection::vec(any::<u8>(), 0..12);
        (shift, prop::collection::vec(part, 0..8)).prop_map(|(mut bytes, parts)| {
            for (first, step, count) in parts {
                for index in 0..count {
                    bytes.extend(first.wrapping_add(index * step).to_le_bytes());
                }
            }
            bytes
        })
    }

    proptest! {
        #[test]
        fn what_was_packed_comes_back(bytes in stamps()) {
            let packed = snap::raw::Encoder::new().compress_vec(&bytes).unwrap();

            prop_assert_eq!(unpacked(&packed), Some(bytes));
        }

        #[test]
        fn text_comes_back(text in "[ab]{0,80}([0-9]{1,3}(,2016-04-29 10:0[0-5]:00\n){0,20}){0,10}", copies in 1..4_usize) {
            let text = text.repeat(copies);
            let packed = snap::raw::Encoder::new().compress_vec(text.as_bytes()).unwrap();

            prop_assert_eq!(unpacked(&packed), Some(text.into_bytes()));
        }

        #[test]
        fn any_bytes_give_what_another_reader_gives(size in 0..200_u8, body in prop::collection::vec(any::<u8>(), 0..60)) {
            let packed: Vec<u8> = [size & 0x7f].into_iter().chain(body).collect();

            prop_assert_eq!(unpacked(&packed), snap::raw::Decoder::new().decompress_vec(&packed).ok());
        }

        #[test]
        fn any_elements_give_what_another_reader_gives(
            elements in prop::collection::vec((0..8_u8, 1..12_u8, 1..24_u8), 0..60)
        ) {
            let mut body = Vec::new();
            let mut size = 0_usize;
            for (kind, length, offset) in elements {
                match kind {
                    0 => {
                        body.push((length - 1) << 2);
                        body.extend((0..length).map(|index| index ^ offset));
                    }
                    1 => body.extend([((length.clamp(4, 11) - 4) << 2) | 1, offset]),
                    2 => body.extend([((length - 1) << 2) | 2, offset, 0]),
                    3 => body.extend([((length - 1) << 2) | 3, offset, 0, 0, 0]),
                    // A number of eight bytes: some new, the others from one or two numbers before.
                    _ => {
                        let new = length % 4 + 1;
                        body.push((new - 1) << 2);
                        body.extend((0..new).map(|index| index ^ offset));
                        body.extend([((4 - new) << 2) | 1, if kind == 4 { 16 } else { 8 }]);
                    }
                }
                size += usize::from(match kind {
                    0 | 2 | 3 => length,
                    1 => length.clamp(4, 11),
                    _ => 8,
                });
            }
            let mut packed = vec![u8::try_from(size & 0x7f).unwrap() | 0x80, u8::try_from(size >> 7).unwrap()];
            packed.extend(body);

            prop_assert_eq!(unpacked(&packed), snap::raw::Decoder::new().decompress_vec(&packed).ok());
        }
    }
}
