//! How lengths of time, times of day and identities stand in the file.

use std::time::Duration;

/// Why a text is not a length of time.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{0:?} is not a length of time; write it as \"45s\", \"10m\", \"4h\", \"1h30m\" or \"2d\"")]
pub struct BadLength(String);

/// Units, largest first, in seconds.
const UNITS: [(char, u64); 4] = [('d', 86_400), ('h', 3600), ('m', 60), ('s', 1)];

/// A length of time such as "10m" or "1h30m": whole numbers with `d`, `h`, `m`, `s`, each unit at
/// most once, larger ones first; zero is "0s".
pub fn parse_length(text: &str) -> Result<Duration, BadLength> {
    let bad = || BadLength(text.chars().take(64).collect());
    let mut units = UNITS.iter();
    let mut seconds = 0_u64;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).ok_or_else(bad)?;
        let (number, tail) = rest.split_at(digits);
        let unit = tail.chars().next().ok_or_else(bad)?;
        let (_, worth) = units.find(|(name, _)| *name == unit).ok_or_else(bad)?;
        let number: u64 = number.parse().map_err(|_| bad())?;
        seconds = number.checked_mul(*worth).and_then(|part| seconds.checked_add(part)).ok_or_else(bad)?;
        rest = &tail[unit.len_utf8()..];
    }
    if text.is_empty() { Err(bad()) } else { Ok(Duration::from_secs(seconds)) }
}

/// The shortest text that [`parse_length`] reads as this length; parts of a second are left out.
pub fn write_length(length: Duration) -> String {
    let mut rest = length.as_secs();
    let mut text = String::new();
    for (name, worth) in UNITS {
        if rest >= worth {
            text.push_str(&(rest / worth).to_string());
            text.push(name);
            rest %= worth;
        }
    }
    if text.is_empty() { "0s".to_owned() } else { text }
}

/// Lengths of time for serde.
pub(super) mod length {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(length: &Duration, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&super::write_length(*length))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
        super::parse_length(&String::deserialize(from)?).map_err(D::Error::custom)
    }
}

/// Times of day for serde.
pub(super) mod time_of_day {
    use chrono::NaiveTime;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
    pub fn serialize<S: Serializer>(time: &NaiveTime, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&time.format("%H:%M"))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<NaiveTime, D::Error> {
        let text = String::deserialize(from)?;
        NaiveTime::parse_from_str(&text, "%H:%M")
            .map_err(|_| D::Error::custom(format!("{text:?} is not a time of day; write it as \"04:00\"")))
    }
}

/// Identities of counters for serde.
pub(super) mod counter_id {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    use crate::model::{DeviceId, parse_device_id};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
    pub fn serialize<S: Serializer>(id: &DeviceId, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(id)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<DeviceId, D::Error> {
        let text = String::deserialize(from)?;
        parse_device_id(&text).ok_or_else(|| {
            D::Error::custom(format!("{text:?} is not a counter's identity, which has 16 hexadecimal digits"))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_read_back_as_written() {
        for (text, seconds) in
            [("0s", 0), ("45s", 45), ("10m", 600), ("4h", 14_400), ("1h30m", 5400), ("2d1s", 172_801)]
        {
            assert_eq!(parse_length(text), Ok(Duration::from_secs(seconds)), "{text}");
            assert_eq!(write_length(Duration::from_secs(seconds)), text);
        }
    }

    #[test]
    fn what_is_not_a_length_of_time_is_refused() {
        for text in ["", "10", "m", "10 m", "-1m", "1.5h", "30m1h", "1m1m", "10M", "99999999999999999999s", "1ü"] {
            assert!(parse_length(text).is_err(), "{text}");
        }
    }
}
