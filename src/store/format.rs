//! The index on disk: keys, and the envelope around every value.
//!
//! ```text
//! key   := kind u8 · device [8] or participant [32] · the rest by kind, big-endian
//! value := version u8 · payload length (7 bits a byte) · CRC-32 of key and payload, little-endian · payload
//! ```
//! All keys are made here.

use chrono::{Datelike, NaiveDate};
use firmware_protocol::reading::{Anchor, DeviceId};

use super::coding::{Bytes, put};
use crate::model::ParticipantId;

/// Version of keys and values together; another one means building anew from the journal.
pub const VERSION: u8 = 4;

/// What a key is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Kind {
    /// Device, boot, window, host, offset class → a clock anchor.
    Anchor = b'A',
    /// Device → state of the counter.
    Counter = b'C',
    /// Device, day → mark: which of its hours changed since days were last computed.
    Dirty = b'D',
    /// Device, day → contributions of its hours, but those that have a [`Kind::Hour`] of their own.
    Folded = b'F',
    /// Device, first number → numbers that carry no data.
    Gap = b'G',
    /// Device, hour → contributions.
    Hour = b'H',
    /// Participant → end of their audit chain.
    Chain = b'K',
    /// Device, boot → boot link.
    Link = b'L',
    /// → version and progress of the streams that are not a counter's.
    Meta = b'M',
    /// Participant, date → the day as the caller computed it.
    Day = b'P',
    /// Device, number, checksum → something put aside.
    Aside = b'Q',
    /// Device, first number → a run of epochs.
    Run = b'R',
    /// Participant, date, target → what became of the day there.
    Passage = b'T',
    /// Participant, date → the newest revision.
    Revision = b'V',
    /// Device, number → mark: two different epochs came with this number.
    Conflict = b'X',
}

/// The only key of its kind.
pub fn meta() -> Vec<u8> {
    vec![Kind::Meta as u8]
}

/// All keys of one kind.
pub fn all(kind: Kind) -> Vec<u8> {
    vec![kind as u8]
}

/// All keys of one kind and counter; also the key itself of [`Kind::Counter`].
pub fn of_device(kind: Kind, device: DeviceId) -> Vec<u8> {
    let mut key = vec![kind as u8];
    key.extend_from_slice(&device.0);
    key
}

/// Of a [`Kind::Run`], [`Kind::Gap`] or [`Kind::Conflict`].
pub fn seq(kind: Kind, device: DeviceId, seq: u32) -> Vec<u8> {
    let mut key = of_device(kind, device);
    key.extend_from_slice(&seq.to_be_bytes());
    key
}

/// Of a [`Kind::Hour`] or, with a day in the place of the hour, of a [`Kind::Folded`] or [`Kind::Dirty`];
/// none outside the four hundred thousand years that fit.
pub fn hour(kind: Kind, device: DeviceId, hour: i64) -> Option<Vec<u8>> {
    let biased = u32::try_from(hour + HOUR_BIAS).ok()?;
    let mut key = of_device(kind, device);
    key.extend_from_slice(&biased.to_be_bytes());
    Some(key)
}

const HOUR_BIAS: i64 = 1 << 31;
/// The hours that keys can name.
pub const HOURS: std::ops::RangeInclusive<i64> = -HOUR_BIAS..=HOUR_BIAS - 1;

/// The number at the end of a key of [`Kind::Run`], [`Kind::Gap`], [`Kind::Conflict`] or [`Kind::Aside`].
pub fn seq_of(key: &[u8]) -> Option<u32> {
    Some(u32::from_be_bytes(*key.get(9..)?.first_chunk()?))
}

/// The counter and the hour, or the day, of a key.
pub fn hour_of(key: &[u8]) -> Option<(DeviceId, i64)> {
    Some((device_of(key)?, i64::from(seq_of(key)?) - HOUR_BIAS))
}

/// The counter of a key.
pub fn device_of(key: &[u8]) -> Option<DeviceId> {
    Some(DeviceId(*key.get(1..)?.first_chunk()?))
}

/// Anchors in one window of this length that tell the same offset stand for each other.
const WINDOW_MS: u64 = 24 * 3_600_000;
/// Offsets this close are the same.
const OFFSET_CLASS_MS: i64 = 1 << 16;

/// Of an anchor. Anchors with the same key stand for each other.
pub fn anchor(device: DeviceId, anchor: &Anchor) -> Vec<u8> {
    let window = u32::try_from(anchor.uptime_ms / WINDOW_MS).unwrap_or(u32::MAX);
    let uptime_ms = i64::try_from(anchor.uptime_ms).unwrap_or(i64::MAX);
    let offset = anchor.utc_ms.saturating_sub(uptime_ms).div_euclid(OFFSET_CLASS_MS);
    let mut key = of_device(Kind::Anchor, device);
    key.extend_from_slice(&anchor.boot.to_be_bytes());
    key.extend_from_slice(&window.to_be_bytes());
    key.extend_from_slice(&anchor.host.0);
    key.extend_from_slice(&offset.to_be_bytes());
    key
}

/// Of a boot link.
pub fn link(device: DeviceId, boot: u16) -> Vec<u8> {
    let mut key = of_device(Kind::Link, device);
    key.extend_from_slice(&boot.to_be_bytes());
    key
}

/// Of something put aside.
pub fn aside(device: DeviceId, seq: Option<u32>, bytes: &[u8]) -> Vec<u8> {
    let mut key = self::seq(Kind::Aside, device, seq.unwrap_or(u32::MAX));
    key.extend_from_slice(&crc32fast::hash(bytes).to_be_bytes());
    key
}

/// All days of a participant.
pub fn of_participant(kind: Kind, participant: &ParticipantId) -> Vec<u8> {
    let mut key = vec![kind as u8];
    key.extend_from_slice(participant.as_str().as_bytes());
    key.resize(33, 0);
    key
}

/// The participant in the key of a [`Kind::Chain`], [`Kind::Day`], [`Kind::Revision`] or [`Kind::Passage`].
pub fn participant_of(key: &[u8]) -> Option<ParticipantId> {
    let name = key.get(1..33)?.split(|byte| *byte == 0).next()?;
    std::str::from_utf8(name).ok()?.parse().ok()
}

/// Of a [`Kind::Day`] or [`Kind::Revision`].
pub fn day(kind: Kind, participant: &ParticipantId, date: NaiveDate) -> Vec<u8> {
    let mut key = of_participant(kind, participant);
    let days = date.num_days_from_ce().cast_unsigned() ^ (1 << 31);
    key.extend_from_slice(&days.to_be_bytes());
    key
}

/// Of a [`Kind::Passage`].
pub fn passage(participant: &ParticipantId, date: NaiveDate, target: &str) -> Vec<u8> {
    let mut key = day(Kind::Passage, participant, date);
    key.extend_from_slice(target.as_bytes());
    key
}

/// The target's name in the key of a [`Kind::Passage`].
pub fn target_of(key: &[u8]) -> Option<&[u8]> {
    key.get(37..)
}

/// The date of a key of [`Kind::Day`], [`Kind::Revision`] or [`Kind::Passage`].
pub fn date_of(key: &[u8]) -> Option<NaiveDate> {
    let days = u32::from_be_bytes(*key.get(33..)?.first_chunk()?) ^ (1 << 31);
    NaiveDate::from_num_days_from_ce_opt(days.cast_signed())
}

/// A value, ready to be stored under this key.
pub fn seal(key: &[u8], payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(payload.len() + 8);
    out.push(VERSION);
    put(&mut out, payload.len() as u64);
    out.extend_from_slice(&checksum(key, payload).to_le_bytes());
    out.extend_from_slice(payload);
    out
}

/// The payload of a stored value; none when it is not what was stored under this key.
pub fn unseal<'a>(key: &[u8], value: &'a [u8]) -> Option<&'a [u8]> {
    let (version, rest) = value.split_first()?;
    let mut rest = Bytes(rest);
    let length = rest.take()?;
    let (crc, payload) = rest.0.split_first_chunk()?;
    let whole =
        *version == VERSION && payload.len() as u64 == length && u32::from_le_bytes(*crc) == checksum(key, payload);
    whole.then_some(payload)
}

fn checksum(key: &[u8], payload: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(key);
    hasher.update(payload);
    hasher.finalize()
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEVICE: DeviceId = DeviceId([1, 2, 3, 4, 5, 6, 7, 8]);

    #[test]
    fn keys_sort_like_what_they_name() {
        let hours = [-5, -1, 0, 1, 300, 70_000, 500_000];
        let keys = hours.map(|h| hour(Kind::Hour, DEVICE, h).unwrap());
        assert!(keys.is_sorted());
        assert_eq!(keys.map(|key| hour_of(&key).unwrap()), hours.map(|h| (DEVICE, h)));

        let who = "p-1".parse().unwrap();
        let dates = ["1969-12-31", "1970-01-01", "2026-03-29"].map(|date| date.parse().unwrap());
        let keys = dates.map(|date| day(Kind::Day, &who, date));
        assert!(keys.is_sorted());
        assert_eq!(keys.map(|key| date_of(&key).unwrap()), dates);
    }

    #[test]
    fn one_participant_is_not_the_beginning_of_another() {
        let (short, long) = ("p".parse().unwrap(), "p1".parse().unwrap());
        assert!(!day(Kind::Day, &long, NaiveDate::MIN).starts_with(&of_participant(Kind::Day, &short)));
    }

    #[test]
    fn a_value_with_one_changed_bit_is_not_opened() {
        let key = seq(Kind::Run, DEVICE, 7);
        let sealed = seal(&key, b"payload");
        assert_eq!(unseal(&key, &sealed), Some(&b"payload"[..]));
        assert_eq!(unseal(&seq(Kind::Run, DEVICE, 8), &sealed), None);
        for bit in 0..sealed.len() * 8 {
            let mut bytes = sealed.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(unseal(&key, &bytes), None, "bit {bit}");
        }
        for length in 0..sealed.len() {
            assert_eq!(unseal(&key, &sealed[..length]), None);
        }
    }
}
