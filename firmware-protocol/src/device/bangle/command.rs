//! What is written to the console. Each line begins with DLE, which switches echo off for it, and ends with LF.

use alloc::{format, string::String, vec::Vec};

use super::json::{Object, Value};

/// Switches echo off for the line that follows.
const DLE: u8 = 0x10;
/// Clears what somebody else has typed and not ended.
pub const CLEAR: u8 = 0x03;

/// Who the watch is, what time it has, and the note that an earlier dialogue left.
const ABOUT: &str = "Bluetooth.println(JSON.stringify(Object.assign((require(\"Storage\").readJSON(\"brisk.json\",1)||{}),\
     {t:\"brisk\",id:getSerial(),fw:process.version,now:Math.round(Date.now()),\
     tz:-new Date().getTimezoneOffset(),bat:E.getBattery()})))";

/// A line for the watch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// Tell who you are; answered with [`super::About`].
    About,
    /// Set clock and zone, until the next restart.
    SetTime {
        /// UTC, seconds since 1970.
        unix_s: i64,
        /// Local minus UTC, minutes.
        offset_min: i16,
    },
    /// Keep the zone over restarts, and a note of when it was set.
    KeepZone {
        /// Local minus UTC, minutes.
        offset_min: i16,
        /// UTC when it was set, ms since 1970.
        set_ms: i64,
        /// Blocks that end after `set_ms` and not after this are older ones, moved by the zone.
        moved_to_ms: i64,
    },
    /// Send live values, or stop.
    Realtime {
        /// Heart rate.
        heart: bool,
        /// Steps.
        steps: bool,
        /// Every so many seconds.
        every_s: u16,
    },
    /// Send the blocks that end after this moment, ms since 1970.
    Fetch {
        /// 0: all there are.
        since_ms: i64,
    },
}

impl Command {
    /// The line's bytes.
    pub fn emit(&self) -> Vec<u8> {
        let text = match self {
            Self::About => String::from(ABOUT),
            Self::SetTime { unix_s, offset_min } => {
                format!("setTime({unix_s});E.setTimeZone({});", hours(*offset_min))
            }
            Self::KeepZone { offset_min, set_ms, moved_to_ms } => format!(
                "{{let s=require(\"Storage\"),j=s.readJSON(\"setting.json\",1);\
                 if(j){{j.timezone={};s.writeJSON(\"setting.json\",j)}}\
                 s.writeJSON(\"brisk.json\",{{a:{set_ms},w:{moved_to_ms}}})}}",
                hours(*offset_min)
            ),
            Self::Realtime { heart, steps, every_s } => {
                format!("GB({{\"t\":\"act\",\"hrm\":{heart},\"stp\":{steps},\"int\":{every_s}}})")
            }
            Self::Fetch { since_ms } => format!("GB({{\"t\":\"actfetch\",\"ts\":{since_ms}}})"),
        };
        [&[DLE], text.as_bytes(), b"\n"].concat()
    }

    /// Exactly one line, with or without its LF: what an emulated watch understands.
    pub fn parse(line: &[u8]) -> Option<Self> {
        let line = line.strip_prefix(&[DLE])?;
        let text = core::str::from_utf8(line.strip_suffix(b"\n").unwrap_or(line)).ok()?;
        if text == ABOUT {
            return Some(Self::About);
        }
        if let Some(rest) = text.strip_prefix("setTime(") {
            let (unix, zone) = rest.split_once(");E.setTimeZone(")?;
            return Some(Self::SetTime { unix_s: unix.parse().ok()?, offset_min: minutes(zone.strip_suffix(");")?)? });
        }
        if let Some((_, rest)) = text.split_once("j.timezone=") {
            let (zone, rest) = rest.split_once(';')?;
            let (set, moved) = rest.split_once("{a:")?.1.strip_suffix("})}")?.split_once(",w:")?;
            let (set_ms, moved_to_ms) = (set.parse().ok()?, moved.parse().ok()?);
            return Some(Self::KeepZone { offset_min: minutes(zone)?, set_ms, moved_to_ms });
        }
        let object = Object::parse(text.strip_prefix("GB(")?.strip_suffix(')')?.as_bytes())?;
        let truth = |name| if let Some(Value::Truth(truth)) = object.get(name) { Some(truth) } else { None };
        match object.text("t")? {
            b"actfetch" => Some(Self::Fetch { since_ms: object.number("ts")? }),
            b"act" => Some(Self::Realtime {
                heart: truth("hrm")?,
                steps: truth("stp")?,
                every_s: u16::try_from(object.number("int")?).ok()?,
            }),
            _ => None,
        }
    }
}

/// Minutes as decimal hours: `1`, `-3.5`, `5.75`.
fn hours(minutes: i16) -> String {
    let (sign, minutes) = (if minutes < 0 { "-" } else { "" }, minutes.unsigned_abs());
    let text = format!("{sign}{}.{:04}", minutes / 60, u32::from(minutes % 60) * 10_000 / 60);
    String::from(text.trim_end_matches('0').trim_end_matches('.'))
}

fn minutes(hours: &str) -> Option<i16> {
    let (hours, negative) = hours.strip_prefix('-').map_or((hours, false), |hours| (hours, true));
    let (whole, fraction) = hours.split_once('.').unwrap_or((hours, "0"));
    let digits = u32::try_from(fraction.len()).ok()?;
    let scale = 10_u32.checked_pow(digits)?;
    let part = fraction.parse::<u32>().ok()?.checked_mul(60)?.checked_add(scale / 2)? / scale;
    let minutes = whole.parse::<i16>().ok()?.checked_mul(60)?.checked_add(i16::try_from(part).ok()?)?;
    Some(if negative { -minutes } else { minutes })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_zone_is_written_in_decimal_hours_and_read_again() {
        assert_eq!((hours(60).as_str(), hours(-210).as_str(), hours(345).as_str()), ("1", "-3.5", "5.75"));
        assert_eq!((hours(0).as_str(), hours(600).as_str(), hours(-20).as_str()), ("0", "10", "-0.3333"));
        for offset_min in -24 * 60..=24 * 60 {
            assert_eq!(minutes(&hours(offset_min)), Some(offset_min));
        }
    }

    #[test]
    fn commands_come_back_as_they_were_written() {
        for command in [
            Command::About,
            Command::SetTime { unix_s: 1_774_072_800, offset_min: -210 },
            Command::KeepZone { offset_min: 345, set_ms: 1, moved_to_ms: 2 },
            Command::Realtime { heart: true, steps: false, every_s: 10 },
            Command::Fetch { since_ms: 0 },
        ] {
            assert_eq!(Command::parse(&command.emit()), Some(command));
        }
        assert_eq!(Command::parse(b"\x10load()\n"), None);
    }
}
