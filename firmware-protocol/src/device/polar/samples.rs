//! An activity samples file, `ASAMPLn.BPB`, and the piece of it that is one unit.
//!
//! Known from `act_samples.proto` of `polarofficial/polar-ble-sdk` at 8fb5311c.

use alloc::vec::Vec;

use super::{
    super::civil::{Date, Wall},
    messages::{Time, emit_date, parse_date},
    proto::{Value, Writer, fields, varint},
};
use crate::{
    cursor::{Field, FormatError, ReadCursor},
    reading::{Epoch, Stamp, Wear},
};

const START: u32 = 1;
const MET_INTERVAL: u32 = 2;
const STEP_INTERVAL: u32 = 3;
const METS: u32 = 4;
const STEPS: u32 = 5;
const INFO: u32 = 7;

/// No file holds more: a day has 1440 minutes.
const MOST_SAMPLES: usize = 2 * 1440;
/// No place on earth is further from UTC.
const MOST_OFFSET_MIN: i16 = 18 * 60;
/// An interval is at least a minute: numbers of epochs are minutes.
const SHORTEST_S: u32 = 60;
const LONGEST_S: u32 = 86_400;

/// A length of time, with the parts it was written with: 60 s come as one minute or as sixty seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Duration {
    /// Hours, minutes, seconds, milliseconds; a part that is absent is 0.
    pub parts: [Option<u32>; 4],
}

impl Duration {
    fn parse(bytes: &[u8]) -> Result<Self, FormatError> {
        let mut parts = [None; 4];
        fields(bytes, |number, value| {
            let part = usize::try_from(number).ok().and_then(|number| parts.get_mut(number.checked_sub(1)?));
            if let Some(part) = part {
                *part = Some(value.number()?);
            }
            Ok(())
        })?;
        Ok(Self { parts })
    }

    fn emit(&self) -> Vec<u8> {
        (1..).zip(self.parts).fold(Writer::default(), |writer, (number, part)| writer.perhaps(number, part)).finish()
    }

    /// Whole seconds; none when it is not, or too long to be one.
    pub fn seconds(&self) -> Option<u32> {
        let [hours, minutes, seconds, millis] = self.parts.map(|part| u64::from(part.unwrap_or(0)));
        let total = hours * 3600 + minutes * 60 + seconds + millis / 1000;
        (millis % 1000 == 0).then(|| u32::try_from(total).ok()).flatten()
    }
}

/// A moment of local time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LocalTime {
    /// The date.
    pub date: Date,
    /// The time of day.
    pub time: Time,
    /// The counter believes its clock.
    pub trusted: bool,
    /// Offset from UTC, minutes, when it says so.
    pub offset_min: Option<i16>,
}

impl LocalTime {
    fn parse(bytes: &[u8]) -> Result<Self, FormatError> {
        let (mut date, mut time, mut trusted, mut offset_min) = (None, None, false, None);
        fields(bytes, |number, value| {
            match number {
                1 => date = Some(parse_date(value.bytes()?)?),
                2 => time = Some(Time::parse(value.bytes()?)?),
                3 => trusted = value.number::<u64>()? != 0,
                4 => offset_min = Some(value.signed()?),
                _ => {}
            }
            Ok(())
        })?;
        let bad = FormatError::BadField { field: Field::Date, got: 0 };
        let (date, time) = (date.ok_or(bad)?, time.ok_or(bad)?);
        time.on(date)?;
        Ok(Self { date, time, trusted, offset_min })
    }

    fn emit(&self) -> Vec<u8> {
        let moment = Writer::default()
            .message(1, &emit_date(self.date))
            .message(2, &self.time.emit())
            .number(3, self.trusted.into());
        match self.offset_min {
            Some(offset_min) => moment.signed(4, offset_min.into()).finish(),
            None => moment.finish(),
        }
    }

    /// Seconds of wall-clock time since it would have shown 1970-01-01 00:00.
    pub fn seconds(&self) -> i64 {
        self.time.on(self.date).map_or(0, Wall::seconds)
    }
}

/// What the counter thinks the person was doing, from a moment on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Info {
    /// 1 sleep, 2 sedentary, 3 light, 4 to 7 moderate to vigorous, 8 not worn.
    pub class: u32,
    /// Since when.
    pub from: LocalTime,
    /// Not understood; 1 in what is published.
    pub factor: Option<f32>,
}

/// Activity class of a counter that is not worn.
pub const NOT_WORN: u32 = 8;

impl Info {
    fn parse(bytes: &[u8]) -> Result<Self, FormatError> {
        let (mut class, mut from, mut factor) = (0, None, None);
        fields(bytes, |number, value| {
            match number {
                1 => class = value.number()?,
                2 => from = Some(LocalTime::parse(value.bytes()?)?),
                3 => factor = Some(value.float()?),
                _ => {}
            }
            Ok(())
        })?;
        Ok(Self { class, from: from.ok_or(FormatError::BadField { field: Field::Tag, got: 2 })?, factor })
    }

    fn emit(&self) -> Vec<u8> {
        let info = Writer::default().number(1, self.class.into()).message(2, &self.from.emit());
        match self.factor {
            Some(factor) => info.float(3, factor).finish(),
            None => info.finish(),
        }
    }

    fn wear(&self) -> Wear {
        match self.class {
            NOT_WORN => Wear::NotWorn,
            1..NOT_WORN => Wear::Worn,
            _ => Wear::Unknown,
        }
    }
}

/// A whole file.
#[derive(Clone, Debug, PartialEq)]
pub struct Samples {
    /// When its first interval begins.
    pub start: LocalTime,
    /// Length of the intervals of the METs.
    pub met_interval: Option<Duration>,
    /// Length of the intervals of the steps. It is data: one minute has been seen.
    pub step_interval: Duration,
    /// Metabolic equivalents.
    pub mets: Vec<f32>,
    /// Steps in each interval.
    pub steps: Vec<u32>,
    /// What the person was doing.
    pub infos: Vec<Info>,
}

impl Samples {
    /// From the file.
    ///
    /// # Errors
    /// Not such a message.
    pub fn parse(bytes: &[u8]) -> Result<Self, FormatError> {
        let (mut start, mut met_interval, mut step_interval) = (None, None, None);
        let (mut mets, mut steps, mut infos) = (Vec::new(), Vec::new(), Vec::new());
        fields(bytes, |number, value| {
            match (number, value) {
                (START, _) => start = Some(LocalTime::parse(value.bytes()?)?),
                (MET_INTERVAL, _) => met_interval = Some(Duration::parse(value.bytes()?)?),
                (STEP_INTERVAL, _) => step_interval = Some(Duration::parse(value.bytes()?)?),
                (METS, Value::Bytes(packed)) => {
                    let mut cursor = ReadCursor::new(packed);
                    while !cursor.rest().is_empty() {
                        mets.push(cursor.array().map(f32::from_le_bytes)?);
                    }
                }
                (METS, _) => mets.push(value.float()?),
                (STEPS, Value::Bytes(packed)) => {
                    let mut cursor = ReadCursor::new(packed);
                    while !cursor.rest().is_empty() {
                        steps.push(Value::Varint(varint(&mut cursor)?).number()?);
                    }
                }
                (STEPS, _) => steps.push(value.number()?),
                (INFO, _) => infos.push(Info::parse(value.bytes()?)?),
                _ => {}
            }
            Ok(())
        })?;
        let absent = |tag| FormatError::BadField { field: Field::Tag, got: tag };
        if steps.len() > MOST_SAMPLES {
            return Err(FormatError::BadField { field: Field::Count, got: u32::MAX });
        }
        Ok(Self {
            start: start.ok_or(absent(START))?,
            met_interval,
            step_interval: step_interval.ok_or(absent(STEP_INTERVAL))?,
            mets,
            steps,
            infos,
        })
    }

    /// The file.
    pub fn emit(&self) -> Vec<u8> {
        let mut file = Writer::default().message(START, &self.start.emit());
        if let Some(interval) = self.met_interval {
            file = file.message(MET_INTERVAL, &interval.emit());
        }
        file = file.message(STEP_INTERVAL, &self.step_interval.emit());
        file = self.mets.iter().fold(file, |file, met| file.float(METS, *met));
        let mut packed = Writer::default();
        for steps in &self.steps {
            packed.varint((*steps).into());
        }
        file = file.message(STEPS, &packed.finish());
        self.infos.iter().fold(file, |file, info| file.message(INFO, &info.emit())).finish()
    }

    /// Length of the intervals of the steps, seconds.
    ///
    /// # Errors
    /// Not whole minutes: numbers of epochs are minutes, and shorter ones would share theirs.
    pub fn interval_s(&self) -> Result<u32, FormatError> {
        let seconds = self.step_interval.seconds().unwrap_or(0);
        if (SHORTEST_S..=LONGEST_S).contains(&seconds) && seconds.is_multiple_of(60) {
            Ok(seconds)
        } else {
            Err(FormatError::BadField { field: Field::EpochSeconds, got: seconds })
        }
    }
}

/// Bytes before the file's in a unit.
pub const HEADER_LEN: usize = 4;

/// One unit: some samples of a file, with what is needed to understand them.
#[derive(Clone, Debug, PartialEq)]
pub struct Piece {
    /// Number of its first sample in the file.
    pub first: u16,
    /// Offset from UTC that its local times have, minutes.
    pub offset_min: i16,
    /// The file with these samples alone, without METs, and with the classes that concern them.
    pub samples: Samples,
}

impl Piece {
    /// The samples `first..first + count` of a file.
    pub fn of(file: &Samples, first: u16, count: u16, offset_min: i16) -> Self {
        let (from, length) = (usize::from(first), usize::from(count));
        let interval_s = i64::from(file.interval_s().unwrap_or(SHORTEST_S));
        let at = |index: usize| file.start.seconds() + i64::try_from(index).unwrap_or(0) * interval_s;
        let (from_s, to_s) = (at(from), at(from + length));
        // The class that holds at the beginning is the last one that began by then.
        let holds = file.infos.iter().map(|info| info.from.seconds()).filter(|s| *s <= from_s).max();
        let concerns = |info: &&Info| info.from.seconds() < to_s && Some(info.from.seconds()) >= holds;
        let samples = Samples {
            met_interval: None,
            mets: Vec::new(),
            steps: file.steps.iter().copied().skip(from).take(length).collect(),
            infos: file.infos.iter().filter(concerns).copied().collect(),
            ..*file
        };
        Self { first, offset_min, samples }
    }

    /// From the unit's bytes.
    ///
    /// # Errors
    /// Not such a unit.
    pub fn parse(bytes: &[u8]) -> Result<Self, FormatError> {
        let mut cursor = ReadCursor::new(bytes);
        let (first, offset_min) = (cursor.u16()?, cursor.i16()?);
        let samples = Samples::parse(cursor.rest())?;
        samples.interval_s()?;
        if !(-MOST_OFFSET_MIN..=MOST_OFFSET_MIN).contains(&offset_min) {
            return Err(FormatError::BadField { field: Field::Date, got: 0 });
        }
        let piece = Self { first, offset_min, samples };
        let count = u32::try_from(piece.samples.steps.len()).unwrap_or(u32::MAX);
        piece.number(count).ok_or(FormatError::BadField { field: Field::Seq, got: 0 })?;
        piece.number(0).ok_or(FormatError::BadField { field: Field::Seq, got: 0 })?;
        Ok(piece)
    }

    /// The unit's bytes.
    pub fn emit(&self) -> Vec<u8> {
        [&self.first.to_le_bytes()[..], &self.offset_min.to_le_bytes(), &self.samples.emit()].concat()
    }

    /// Wall-clock seconds at which its sample with this index begins.
    pub fn local_s(&self, index: u32) -> i64 {
        let interval_s = i64::from(self.samples.interval_s().unwrap_or(SHORTEST_S));
        self.samples.start.seconds() + (i64::from(self.first) + i64::from(index)) * interval_s
    }

    /// Its number: the minute of UTC in which it begins.
    pub fn number(&self, index: u32) -> Option<u32> {
        u32::try_from((self.local_s(index) - i64::from(self.offset_min) * 60).div_euclid(60)).ok()
    }

    /// Its epochs.
    pub fn epochs(&self) -> impl Iterator<Item = Epoch> + '_ {
        let seconds = self.samples.interval_s().unwrap_or(SHORTEST_S);
        (0_u32..).zip(&self.samples.steps).filter_map(move |(index, steps)| {
            let local_s = self.local_s(index);
            let held = self.samples.infos.iter().filter(|info| info.from.seconds() <= local_s);
            Some(Epoch {
                seq: self.number(index)?,
                stamp: Stamp::Local { seconds: local_s, offset_min: Some(self.offset_min) },
                seconds,
                steps: *steps,
                saturated: false,
                wear: held.max_by_key(|info| info.from.seconds()).map_or(Wear::Unknown, Info::wear),
                clock_unset: false,
            })
        })
    }
}
