//! Data logging, endpoint 6778, and what is logged under tag 81: minutes.
//!
//! Known from PebbleOS at eb194795 (Apache-2.0): `src/fw/services/data_logging/dls_endpoint.c`,
//! `src/fw/util/legacy_checksum.c` with its unit test, `include/pbl/services/activity/activity_algorithm.h`.

use alloc::{vec, vec::Vec};

use crate::{
    cursor::{Field, FormatError, ReadCursor},
    driver::{DecodeResult, Each},
    reading::{Epoch, Reading, Stamp, Wear},
};

/// Tag of the minutes, with the firmware's own application, UUID zero.
pub const MINUTES_TAG: u32 = 81;
/// The application UUID of the firmware itself.
pub const SYSTEM_APP: [u8; 16] = [0; 16];
/// The watch sends at most so many bytes of items in one message.
pub const MAX_ITEMS_LEN: usize = 646;
/// What the watch puts where the number of items left belongs.
pub const ITEMS_LEFT_UNKNOWN: u32 = 0xFFFF;

const OPEN: u8 = 0x01;
const DATA: u8 = 0x02;
const CLOSE: u8 = 0x03;
const TIMED_OUT: u8 = 0x07;
const REPORT: u8 = 0x84;
const ACK: u8 = 0x85;
const NACK: u8 = 0x86;
const EMPTY: u8 = 0x88;

/// One message of data logging.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Message<'a> {
    /// The watch has a log. It sends nothing of it before an [`Message::Ack`], or 30 s.
    Open(Session),
    /// Items of a log.
    Data {
        /// Which log.
        session: u8,
        /// A placeholder, [`ITEMS_LEFT_UNKNOWN`].
        items_left: u32,
        /// As the watch computed it: [`checksum`].
        checksum: u32,
        /// The items.
        items: &'a [u8],
    },
    /// A log is finished and empty.
    Close {
        /// Which log.
        session: u8,
    },
    /// The watch has waited 30 s for an acknowledgement and will send again.
    TimedOut {
        /// Which log.
        session: u8,
    },
    /// The host has these logs open; the watch opens all of its own anew.
    Report {
        /// Session numbers.
        open: &'a [u8],
    },
    /// To an opening: send. To data: **delete it, and send on.** The watch tells the two apart only by what it waits for.
    Ack {
        /// Which log.
        session: u8,
    },
    /// Never sent by this program: after more than twenty in a row the watch throws the log away.
    Nack {
        /// Which log.
        session: u8,
    },
    /// Send this log now.
    Empty {
        /// Which log.
        session: u8,
    },
}

/// What a log is, as the watch opens it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Session {
    /// Its number while the watch runs.
    pub id: u8,
    /// Whose it is.
    pub app: [u8; 16],
    /// When it was created, seconds since 1970 by the watch's clock.
    pub created: u32,
    /// What is in it.
    pub tag: u32,
    /// Kind of item: 0 for bytes.
    pub item_type: u8,
    /// Bytes of one item.
    pub item_len: u16,
}

impl<'a> Message<'a> {
    /// Exactly one payload.
    pub fn parse(payload: &'a [u8]) -> Result<Self, FormatError> {
        let mut cursor = ReadCursor::new(payload);
        let code = cursor.u8()?;
        let this = match code {
            OPEN => Self::Open(Session {
                id: cursor.u8()?,
                app: cursor.array()?,
                created: cursor.u32()?,
                tag: cursor.u32()?,
                item_type: cursor.u8()?,
                item_len: cursor.u16()?,
            }),
            DATA => {
                let (session, items_left, checksum) = (cursor.u8()?, cursor.u32()?, cursor.u32()?);
                return Ok(Self::Data { session, items_left, checksum, items: cursor.rest() });
            }
            CLOSE => Self::Close { session: cursor.u8()? },
            TIMED_OUT => Self::TimedOut { session: cursor.u8()? },
            REPORT => return Ok(Self::Report { open: cursor.rest() }),
            ACK => Self::Ack { session: cursor.u8()? },
            NACK => Self::Nack { session: cursor.u8()? },
            EMPTY => Self::Empty { session: cursor.u8()? },
            got => return Err(FormatError::Unknown { got }),
        };
        cursor.end()?;
        Ok(this)
    }

    /// The payload.
    pub fn emit(&self) -> Vec<u8> {
        match self {
            Self::Open(s) => [
                &[OPEN, s.id],
                s.app.as_slice(),
                &s.created.to_le_bytes(),
                &s.tag.to_le_bytes(),
                &[s.item_type],
                &s.item_len.to_le_bytes(),
            ]
            .concat(),
            Self::Data { session, items_left, checksum, items } => {
                [&[DATA, *session], items_left.to_le_bytes().as_slice(), &checksum.to_le_bytes(), items].concat()
            }
            Self::Close { session } => vec![CLOSE, *session],
            Self::TimedOut { session } => vec![TIMED_OUT, *session],
            Self::Report { open } => [&[REPORT], *open].concat(),
            Self::Ack { session } => vec![ACK, *session],
            Self::Nack { session } => vec![NACK, *session],
            Self::Empty { session } => vec![EMPTY, *session],
        }
    }
}

impl Session {
    /// Whether it holds minutes of the firmware's own, in items that can hold one.
    pub fn holds_minutes(&self) -> bool {
        self.app == SYSTEM_APP && self.tag == MINUTES_TAG && usize::from(self.item_len) >= HEADER_LEN
    }
}

/// PebbleOS' "legacy defective" checksum, that of the hardware unit of an early watch: CRC-32/MPEG-2 (polynomial
/// 0x04C11DB7, initial value all ones, neither reflected nor inverted) over words of four bytes, each last byte first; what
/// is left at the end is filled up with zeros in front, and its bytes keep their order.
pub fn checksum(bytes: &[u8]) -> u32 {
    let byte =
        |crc: u32, byte: u8| {
            (0..8).fold(crc ^ u32::from(byte) << 24, |crc, _| {
                if crc & 0x8000_0000 == 0 { crc << 1 } else { crc << 1 ^ 0x04C1_1DB7 }
            })
        };
    let words = bytes.chunks_exact(4);
    let rest = words.remainder();
    let crc = words.fold(u32::MAX, |crc, word| word.iter().rev().fold(crc, |crc, b| byte(crc, *b)));
    if rest.is_empty() {
        return crc;
    }
    let filled = (rest.len()..4).map(|_| 0).chain(rest.iter().copied());
    filled.fold(crc, byte)
}

/// Bytes of an item before its samples.
pub const HEADER_LEN: usize = 9;
/// The oldest version that is read; from here on versions only append to the samples.
const OLDEST_VERSION: u16 = 5;
/// Bytes of a sample of that version.
const SHORTEST_SAMPLE: u8 = 6;
/// The versions that appended something, and what a sample has to be long for it.
const WITH_ENERGY: (u16, u8) = (6, 12);
const WITH_HEART_RATE: (u16, u8) = (7, 13);
const WITH_WEIGHT: (u16, u8) = (12, 15);
const WITH_ZONE: (u16, u8) = (13, 16);
const FLAG_PLUGGED_IN: u8 = 0x01;
const FLAG_ACTIVE: u8 = 0x02;
const MINUTE_S: i64 = 60;
/// A steps field with this value means "at least this many".
const SATURATED: u8 = u8::MAX;

/// Minutes in a row, as the watch logs them under [`MINUTES_TAG`], and as they are stored here: the whole item, with the
/// unused samples at its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MinuteItem<'a> {
    /// 5, 6, 7, 12, 13, 14 or later.
    pub version: u16,
    /// UTC of the first minute, seconds since 1970 by the watch's clock.
    pub utc: u32,
    /// Local time minus UTC, quarters of an hour.
    pub quarters: i8,
    /// Bytes of a sample.
    pub sample_len: u8,
    /// Samples that are valid.
    pub count: u8,
    /// Their bytes.
    samples: &'a [u8],
    /// What is not in use, up to the item's length.
    pub unused: &'a [u8],
}

/// One minute of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Minute<'a> {
    /// Steps; 255 means 255 or more.
    pub steps: u8,
    /// Two angles in sixteenths of a circle, four bits each.
    pub orientation: u8,
    /// Vector magnitude counts: how much it moved.
    pub vmc: u16,
    /// Ambient light.
    pub light: u8,
    /// [`Minute::plugged_in`], [`Minute::active`].
    pub flags: u8,
    /// Since version 6.
    pub energy: Option<Energy>,
    /// Beats per minute, since version 7; 0 when there was none.
    pub heart_rate: Option<u8>,
    /// Since version 12.
    pub heart_rate_weight: Option<u16>,
    /// Since version 13.
    pub heart_rate_zone: Option<u8>,
    /// What later versions append.
    pub later: &'a [u8],
}

/// What a minute cost, and how far it led.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Energy {
    /// Thousandths of a kilocalorie at rest.
    pub resting: u16,
    /// Thousandths of a kilocalorie above that.
    pub active: u16,
    /// Centimetres.
    pub distance_cm: u16,
}

impl<'a> MinuteItem<'a> {
    /// One item; what follows its samples is not in use.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, FormatError> {
        let mut cursor = ReadCursor::new(bytes);
        let version = cursor.u16()?;
        if version < OLDEST_VERSION {
            return Err(FormatError::Unknown { got: u8::try_from(version).unwrap_or(0) });
        }
        let utc = cursor.u32()?;
        let [quarters] = cursor.array()?.map(|byte: u8| i8::from_le_bytes([byte]));
        let (sample_len, count) = (cursor.u8()?, cursor.u8()?);
        if sample_len < SHORTEST_SAMPLE {
            return Err(FormatError::BadField { field: Field::Body, got: sample_len.into() });
        }
        let samples = cursor.take(usize::from(sample_len) * usize::from(count))?;
        Ok(Self { version, utc, quarters, sample_len, count, samples, unused: cursor.rest() })
    }

    /// An item of these minutes with the room for `room` of them, what is not in use filled with zeros. `None` when they do
    /// not fit.
    pub fn emit(
        version: u16,
        utc: u32,
        quarters: i8,
        sample_len: u8,
        room: u8,
        minutes: &[Minute<'_>],
    ) -> Option<Vec<u8>> {
        let count = u8::try_from(minutes.len()).ok().filter(|count| *count <= room)?;
        let mut item =
            [version.to_le_bytes().as_slice(), &utc.to_le_bytes(), &quarters.to_le_bytes(), &[sample_len, count]]
                .concat();
        for minute in minutes {
            let mut sample = minute.emit();
            if sample.len() > sample_len.into() {
                return None;
            }
            sample.resize(sample_len.into(), 0);
            item.extend(sample);
        }
        item.resize(HEADER_LEN + usize::from(sample_len) * usize::from(room), 0);
        Some(item)
    }

    /// Its minutes in order, each with the UTC of its start in seconds.
    pub fn minutes(&self) -> impl Iterator<Item = (i64, Minute<'a>)> {
        let Self { version, sample_len, .. } = *self;
        let starts = (0_i64..).map(move |index| MINUTE_S * index);
        let utc = i64::from(self.utc);
        self.samples
            .chunks_exact(sample_len.max(1).into())
            .zip(starts)
            .filter_map(move |(sample, after)| Some((utc + after, Minute::parse(version, sample_len, sample).ok()?)))
    }

    /// The numbers of its first minute and of the one after its last, when it has minutes: [`seq`].
    pub fn span(&self) -> Option<(u32, u32)> {
        let first = seq(i64::from(self.utc));
        (self.count > 0).then(|| (first, first.saturating_add(self.count.into())))
    }
}

impl<'a> Minute<'a> {
    fn parse(version: u16, sample_len: u8, sample: &'a [u8]) -> Result<Self, FormatError> {
        let has = |(since, length): (u16, u8)| version >= since && sample_len >= length;
        let mut cursor = ReadCursor::new(sample);
        let mut this = Self {
            steps: cursor.u8()?,
            orientation: cursor.u8()?,
            vmc: cursor.u16()?,
            light: cursor.u8()?,
            flags: cursor.u8()?,
            ..Self::default()
        };
        if has(WITH_ENERGY) {
            this.energy = Some(Energy { resting: cursor.u16()?, active: cursor.u16()?, distance_cm: cursor.u16()? });
        }
        if has(WITH_HEART_RATE) {
            this.heart_rate = Some(cursor.u8()?);
        }
        if has(WITH_WEIGHT) {
            this.heart_rate_weight = Some(cursor.u16()?);
        }
        if has(WITH_ZONE) {
            this.heart_rate_zone = Some(cursor.u8()?);
        }
        this.later = cursor.rest();
        Ok(this)
    }

    /// The sample's bytes, as far as there is something to say.
    fn emit(&self) -> Vec<u8> {
        let [v0, v1] = self.vmc.to_le_bytes();
        let mut bytes = vec![self.steps, self.orientation, v0, v1, self.light, self.flags];
        if let Some(energy) = self.energy {
            for number in [energy.resting, energy.active, energy.distance_cm] {
                bytes.extend(number.to_le_bytes());
            }
        }
        bytes.extend(self.heart_rate);
        bytes.extend(self.heart_rate_weight.into_iter().flat_map(u16::to_le_bytes));
        bytes.extend(self.heart_rate_zone);
        bytes.extend(self.later);
        bytes
    }

    /// The watch was charging, so nobody wore it.
    pub const fn plugged_in(&self) -> bool {
        self.flags & FLAG_PLUGGED_IN != 0
    }

    /// The watch calls the minute active.
    pub const fn active(&self) -> bool {
        self.flags & FLAG_ACTIVE != 0
    }

    /// The flags byte for these two.
    pub const fn flags_of(plugged_in: bool, active: bool) -> u8 {
        (if plugged_in { FLAG_PLUGGED_IN } else { 0 }) | (if active { FLAG_ACTIVE } else { 0 })
    }
}

/// The number of the minute that begins at this UTC second: minutes since 1970, to the nearest, for the watch stamps whole
/// minutes and a clock that is set by a second must not put two of them under one number.
pub fn seq(utc_s: i64) -> u32 {
    u32::try_from(utc_s.saturating_add(MINUTE_S / 2).div_euclid(MINUTE_S)).unwrap_or(0)
}

/// What a stored item means.
///
/// Whether it was worn is not in the minutes, only that it was charging; that long stillness in one position is a watch
/// on a table is for who sees more than fifteen minutes.
///
/// # Errors
/// Says what is wrong with the bytes.
pub fn decode(bytes: &[u8], each: Each<'_>) -> DecodeResult {
    for (utc_s, minute) in MinuteItem::parse(bytes)?.minutes() {
        each(Reading::Epoch(Epoch {
            seq: seq(utc_s),
            stamp: Stamp::Utc { seconds: utc_s },
            seconds: 60,
            steps: minute.steps.into(),
            saturated: minute.steps == SATURATED,
            wear: if minute.plugged_in() { Wear::Charging } else { Wear::Unknown },
            clock_unset: false,
        }));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::driver::QuarantineReason;

    #[test]
    fn charging_is_not_worn_and_a_full_field_is_a_lower_bound() {
        let minutes = [
            Minute { steps: 255, flags: Minute::flags_of(false, true), ..Minute::default() },
            Minute { steps: 0, flags: Minute::flags_of(true, false), ..Minute::default() },
        ];
        let item = MinuteItem::emit(5, 1_757_000_040, 0, 6, 15, &minutes).unwrap();
        let mut readings = Vec::new();

        decode(&item, &mut |reading| readings.push(reading)).unwrap();

        let epoch = |n: u32, steps, saturated, wear| {
            let stamp = Stamp::Utc { seconds: 1_757_000_040 + i64::from(n) * 60 };
            Reading::Epoch(Epoch {
                seq: 29_283_334 + n,
                stamp,
                seconds: 60,
                steps,
                saturated,
                wear,
                clock_unset: false,
            })
        };
        assert_eq!(readings, [epoch(0, 255, true, Wear::Unknown), epoch(1, 0, false, Wear::Charging)]);
    }

    #[test]
    fn samples_that_are_not_valid_are_missing_and_not_zero() {
        let item = MinuteItem::emit(13, 1_757_000_040, 0, 16, 15, &[Minute::default()]).unwrap();
        let mut count = 0;

        decode(&item, &mut |_| count += 1).unwrap();

        assert_eq!((item.len(), count), (249, 1));
    }

    #[test]
    fn what_cannot_be_an_item_is_refused() {
        let item = |version, sample_len| MinuteItem::emit(version, 0, 0, sample_len, 1, &[]).unwrap();
        let refused = |bytes: &[u8]| decode(bytes, &mut |_| ()).unwrap_err();

        assert_eq!(refused(&item(4, 6)), QuarantineReason::UnknownVersion);
        assert_eq!(refused(&item(5, 5)), QuarantineReason::BadField);
        assert_eq!(refused(&[5, 0, 0, 0, 0, 0, 0, 6, 2, 0, 0, 0, 0, 0, 0]), QuarantineReason::Truncated);
        assert_eq!(refused(&[]), QuarantineReason::Truncated);
    }

    #[test]
    fn the_last_minute_that_can_be_stamped_does_no_harm() {
        let item = MinuteItem::emit(5, u32::MAX, 0, 6, 15, &[Minute::default(); 15]).unwrap();
        let mut last = 0;

        decode(&item, &mut |reading| {
            if let Reading::Epoch(epoch) = reading {
                last = epoch.seq;
            }
        })
        .unwrap();

        assert_eq!(last, 71_582_788 + 14);
    }
}
