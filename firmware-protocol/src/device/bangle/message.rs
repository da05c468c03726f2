//! What the watch says: JSON lines, and what a stored one means.

use alloc::{format, string::String, vec::Vec};

use super::json::Object;
use crate::{
    cursor::{Field, FormatError},
    driver::{DecodeResult, Each, QuarantineReason},
    reading::{Epoch, Reading, Stamp, Wear},
};

/// Length of a block, seconds.
pub const BLOCK_S: i64 = 600;
const BLOCK_MS: i64 = BLOCK_S * 1000;
/// More steps than anybody takes in a block: 255 a minute.
const MOST_STEPS: u32 = 2550;
/// The end of the year 9999: later stamps are no dates.
const LAST_MS: i64 = 253_402_300_799_000;
/// Activity of a block in which it was not on an arm, from firmware 2v26.
const NOT_WORN: &[u8] = b"NOT_WORN";

/// A line of the watch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Message<'a> {
    /// A stored block.
    Record(Record<'a>),
    /// The block that has just ended, pushed while connected: it has no stamp, and comes again when fetched.
    Pushed {
        /// Steps.
        steps: u32,
        /// Beats a minute.
        heart: i64,
        /// Movement.
        movement: i64,
        /// Activity.
        activity: &'a [u8],
    },
    /// Steps since the last of these.
    Realtime {
        /// Steps.
        steps: u32,
        /// Beats a minute.
        heart: i64,
    },
    /// Stored blocks follow.
    FetchStart,
    /// So many stored blocks were sent.
    FetchEnd {
        /// The only check there is.
        count: u32,
    },
    /// Charge.
    Status {
        /// Percent.
        battery: i64,
        /// On the charger.
        charging: bool,
    },
    /// The answer to [`super::Command::About`].
    About(About<'a>),
    /// Something else.
    Other,
}

/// A stored block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record<'a> {
    /// Steps.
    pub steps: u32,
    /// Beats a minute; 0 or nothing: not measured.
    pub heart: Option<i64>,
    /// Movement.
    pub movement: Option<i64>,
    /// Activity: `UNKNOWN`, `NOT_WORN`, `WALKING` (more than 200 steps in ten minutes: no cadence) …
    pub activity: Option<&'a [u8]>,
    /// End of the block, UTC ms since 1970.
    pub end_ms: i64,
}

/// Who the watch is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct About<'a> {
    /// The chip's serial number.
    pub serial: &'a [u8],
    /// Firmware.
    pub firmware: &'a [u8],
    /// Its UTC, ms since 1970.
    pub now_ms: i64,
    /// Its zone: local minus UTC, minutes.
    pub offset_min: i64,
    /// Charge, percent.
    pub battery: Option<i64>,
    /// When a dialogue set its zone, and up to where blocks were moved by that; ms since 1970.
    pub moved: Option<(i64, i64)>,
}

/// Whether a console line says that the app which answers fetches is not installed.
pub fn says_app_is_missing(line: &[u8]) -> bool {
    let has = |words: &[u8]| line.windows(words.len()).any(|part| part == words);
    has(b"\"GB\" is not defined")
}

impl<'a> Message<'a> {
    /// Exactly one line, without its end; `None` when it is not one whole object, as console talk and damaged lines are.
    pub fn parse(line: &'a [u8]) -> Option<Self> {
        let object = Object::parse(line).filter(|_| line.starts_with(b"{"))?;
        let steps = || object.number("stp").and_then(|steps| u32::try_from(steps).ok());
        Some(match object.text("t")? {
            b"act" if object.get("ts").is_some() => Self::Record(Record {
                steps: steps()?,
                heart: object.number("hrm"),
                movement: object.number("mov"),
                activity: object.text("act"),
                end_ms: object.number("ts")?,
            }),
            b"act" if object.get("rt").is_some() => {
                Self::Realtime { steps: steps()?, heart: object.number("hrm").unwrap_or(0) }
            }
            b"act" => Self::Pushed {
                steps: steps()?,
                heart: object.number("hrm").unwrap_or(0),
                movement: object.number("mov").unwrap_or(0),
                activity: object.text("act").unwrap_or(b""),
            },
            b"actfetch" if object.text("state") == Some(b"start") => Self::FetchStart,
            b"actfetch" if object.text("state") == Some(b"end") => {
                Self::FetchEnd { count: u32::try_from(object.number("count")?).ok()? }
            }
            b"status" => {
                Self::Status { battery: object.number("bat")?, charging: object.number("chg").unwrap_or(0) != 0 }
            }
            b"brisk" => Self::About(About {
                serial: object.text("id")?,
                firmware: object.text("fw").unwrap_or(b""),
                now_ms: object.number("now")?,
                offset_min: object.number("tz")?,
                battery: object.number("bat"),
                moved: object.number("a").zip(object.number("w")),
            }),
            _ => Self::Other,
        })
    }

    /// The line's bytes, without its end.
    pub fn emit(&self) -> Vec<u8> {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let line = match self {
            Self::Record(record) => {
                let number = |name, value: Option<i64>| value.map_or(String::new(), |n| format!(",\"{name}\":{n}"));
                let activity = record.activity.map_or(String::new(), |act| format!(",\"act\":\"{}\"", text(act)));
                let (heart, movement) = (number("hrm", record.heart), number("mov", record.movement));
                format!(
                    "{{\"t\":\"act\",\"stp\":{}{heart}{movement}{activity},\"ts\":{}}}",
                    record.steps, record.end_ms
                )
            }
            Self::Pushed { steps, heart, movement, activity } => format!(
                "{{\"t\":\"act\",\"stp\":{steps},\"hrm\":{heart},\"mov\":{movement},\"act\":\"{}\"}}",
                text(activity)
            ),
            Self::Realtime { steps, heart } => format!("{{\"t\":\"act\",\"stp\":{steps},\"hrm\":{heart},\"rt\":1}}"),
            Self::FetchStart => String::from("{\"t\":\"actfetch\",\"state\":\"start\"}"),
            Self::FetchEnd { count } => format!("{{\"t\":\"actfetch\",\"state\":\"end\",\"count\":{count}}}"),
            Self::Status { battery, charging } => {
                format!("{{\"t\":\"status\",\"bat\":{battery},\"chg\":{}}}", u8::from(*charging))
            }
            Self::About(about) => {
                let moved = about.moved.map_or(String::new(), |(set, to)| format!("\"a\":{set},\"w\":{to},"));
                let battery = about.battery.map_or(String::new(), |percent| format!(",\"bat\":{percent}"));
                format!(
                    "{{{moved}\"t\":\"brisk\",\"id\":\"{}\",\"fw\":\"{}\",\"now\":{},\"tz\":{}{battery}}}",
                    text(about.serial),
                    text(about.firmware),
                    about.now_ms,
                    about.offset_min
                )
            }
            Self::Other => String::from("{\"t\":\"other\"}"),
        };
        line.into_bytes()
    }
}

impl Record<'_> {
    /// The steps of its ten minutes.
    ///
    /// # Errors
    /// When stamp or steps cannot be.
    pub fn epoch(&self) -> Result<Epoch, FormatError> {
        let bad = |field, got| FormatError::BadField { field, got };
        let in_time = (BLOCK_MS..=LAST_MS).contains(&self.end_ms);
        let start_s = (self.end_ms.saturating_sub(BLOCK_MS)).div_euclid(1000);
        let seq = u32::try_from(start_s / BLOCK_S).ok().filter(|_| in_time).ok_or(bad(Field::Date, u32::MAX))?;
        if self.steps > MOST_STEPS {
            return Err(bad(Field::Steps, self.steps));
        }
        let wear = if self.activity == Some(NOT_WORN) { Wear::NotWorn } else { Wear::Unknown };
        let stamp = Stamp::Utc { seconds: start_s };
        Ok(Epoch { seq, stamp, seconds: 600, steps: self.steps, saturated: false, wear, clock_unset: false })
    }
}

/// What a unit means: the block that its line tells.
///
/// # Errors
/// When it is not the line of a stored block, or holds what cannot be.
pub fn decode(bytes: &[u8], each: Each<'_>) -> DecodeResult {
    let Some(Message::Record(record)) = Message::parse(bytes) else { return Err(QuarantineReason::BadField) };
    each(Reading::Epoch(record.epoch()?));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stamp_of_a_block_is_its_end() {
        let line = br#"{"t":"act","stp":12,"ts":1774073400000}"#;
        let mut readings = Vec::new();

        decode(line, &mut |reading| readings.push(reading)).unwrap();

        let [Reading::Epoch(epoch)] = readings.as_slice() else { panic!("{readings:?}") };
        assert_eq!(epoch.stamp, Stamp::Utc { seconds: 1_774_072_800 });
        assert_eq!((epoch.seq, epoch.seconds, epoch.wear), (1_774_072_800 / 600, 600, Wear::Unknown));
    }

    #[test]
    fn not_worn_is_told() {
        let line = br#"{"t":"act","stp":0,"act":"NOT_WORN","ts":1774073400000}"#;

        decode(line, &mut |reading| assert!(matches!(reading, Reading::Epoch(Epoch { wear: Wear::NotWorn, .. }))))
            .unwrap();
    }

    #[test]
    fn lines_that_are_no_block_are_refused() {
        for line in [
            &b"{\"t\":\"act\",\"stp\":12}"[..],
            b"{\"t\":\"act\",\"stp\":-1,\"ts\":1774073400000}",
            b"{\"t\":\"act\",\"stp\":2551,\"ts\":1774073400000}",
            b"{\"t\":\"act\",\"stp\":1.5,\"ts\":1774073400000}",
            b"{\"t\":\"act\",\"stp\":1,\"ts\":599999}",
            b"{\"t\":\"act\",\"stp\":1,\"ts\":9223372036854775807}",
            b">{\"t\":\"act\",\"stp\":1,\"ts\":1774073400000}",
            b"\xff",
        ] {
            assert_eq!(decode(line, &mut |_| ()), Err(QuarantineReason::BadField));
        }
    }

    #[test]
    fn what_the_watch_is_comes_back_as_it_was_written() {
        let about = About {
            serial: b"7fa1c2d3",
            firmware: b"2v26",
            now_ms: 1_774_073_400_123,
            offset_min: -210,
            battery: Some(86),
            moved: Some((5, 6)),
        };

        assert_eq!(Message::parse(&Message::About(about).emit()), Some(Message::About(about)));
    }
}
