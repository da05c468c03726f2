//! Time stamps as other programs write them, and the memory of the last hour that makes them cheap.

use chrono::NaiveDate;

use super::Reason;

/// What the offset in a stamp does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Offsets {
    /// The stamp is an instant; without an offset it is UTC.
    Count,
    /// The stamp is taken as it is written.
    Ignore,
}

/// A stamp's second, and where the two digits of the minute stand in its text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Stamp {
    at_s: i64,
    digits_at: usize,
}

/// The last hour's text: what stands before and after the two digits of the minute, and when minute 0 was.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Hour<'s> {
    pub before: &'s [u8],
    pub after: &'s [u8],
    pub start_s: i64,
}

/// Reads stamps; remembers the text around the minute's digits, which is the same for a whole hour.
pub(super) struct Stamps {
    offsets: Offsets,
    hour: Vec<u8>,
    rest: Vec<u8>,
    hour_start_s: i64,
}

impl Stamps {
    pub fn new(offsets: Offsets) -> Self {
        Self { offsets, hour: Vec::new(), rest: Vec::new(), hour_start_s: 0 }
    }

    /// The second since 1970 that this stamp names.
    pub fn read(&mut self, text: &[u8]) -> Result<i64, Reason> {
        if let Some((at_s, [])) = self.remembered(text) {
            return Ok(at_s);
        }
        let stamp = parse(text, self.offsets)?;
        let (hour, rest) = text.split_at(stamp.digits_at);
        if let Some((digits, rest)) = rest.split_at_checked(2)
            && let Some(minute) = two_digits(digits)
        {
            hour.clone_into(&mut self.hour);
            rest.clone_into(&mut self.rest);
            self.hour_start_s = stamp.at_s - minute * 60;
        }
        Ok(stamp.at_s)
    }

    /// The hour of the stamp that was read last.
    pub fn hour(&self) -> Option<Hour<'_>> {
        (!self.hour.is_empty()).then_some(Hour { before: &self.hour, after: &self.rest, start_s: self.hour_start_s })
    }

    /// The second at the front of `text` when it is of the hour last read, and what follows it.
    #[inline]
    fn remembered<'t>(&self, text: &'t [u8]) -> Option<(i64, &'t [u8])> {
        if self.hour.is_empty() {
            return None;
        }
        let (digits, rest) = text.strip_prefix(self.hour.as_slice())?.split_at_checked(2)?;
        let minute = two_digits(digits).filter(|&minute| minute < 60)?;
        Some((self.hour_start_s + minute * 60, rest.strip_prefix(self.rest.as_slice())?))
    }
}

#[inline]
fn two_digits(text: &[u8]) -> Option<i64> {
    match text {
        [tens @ b'0'..=b'9', ones @ b'0'..=b'9'] => Some(i64::from(tens - b'0') * 10 + i64::from(ones - b'0')),
        _ => None,
    }
}

/// One to `most` digits.
fn number(text: &[u8], most: usize) -> Option<i64> {
    let fits = (1..=most).contains(&text.len()) && text.iter().all(u8::is_ascii_digit);
    fits.then(|| text.iter().fold(0, |number, digit| number * 10 + i64::from(digit - b'0')))
}

fn parse(text: &[u8], offsets: Offsets) -> Result<Stamp, Reason> {
    let stamp = if text.get(4) == Some(&b'-') { iso(text, offsets) } else { vendor(text) };
    stamp.unwrap_or(Err(Reason::BadStamp))
}

/// `YYYY-MM-DD HH:MM`, also with `T`, with `:SS` and a fraction, with `Z`, `+HH`, `+HHMM` or `+HH:MM`.
fn iso(text: &[u8], offsets: Offsets) -> Option<Result<Stamp, Reason>> {
    let (date, rest) = text.split_at_checked(10)?;
    let [year @ .., b'-', _, _, b'-', _, _] = date else { return None };
    let days = days(number(year, 4)?, two_digits(&date[5..7])?, two_digits(&date[8..])?)?;
    let [b' ' | b'T' | b't', h1, h2, b':', min1, min2, rest @ ..] = rest else { return None };
    let hour = two_digits(&[*h1, *h2]).filter(|&hour| hour < 24)?;
    let minute = two_digits(&[*min1, *min2]).filter(|&minute| minute < 60)?;
    let (second, rest) = seconds(rest)?;
    let offset = match rest {
        [] | [b'Z' | b'z'] => 0,
        [sign @ (b'+' | b'-'), offset @ ..] => {
            let (hours, minutes) = match offset {
                [_, _] => (two_digits(offset)?, 0),
                [hours @ .., b':', _, _] | [hours @ .., _, _] => {
                    (two_digits(hours)?, two_digits(&offset[offset.len() - 2..])?)
                }
                _ => return None,
            };
            let size = (hours < 24 && minutes < 60).then_some(hours * 60 + minutes)?;
            if *sign == b'-' { -size } else { size }
        }
        _ => return None,
    };
    let wall = days * 1440 + hour * 60 + minute;
    let minute = match offsets {
        Offsets::Count => wall - offset,
        Offsets::Ignore => wall,
    };
    Some(second.map(|second| Stamp { at_s: minute * 60 + second, digits_at: 14 }))
}

/// `M/D/YYYY h:MM AM`, also with `:SS`: month first, twelve hours, as Fitabase exports.
fn vendor(text: &[u8]) -> Option<Result<Stamp, Reason>> {
    let mut date = text.splitn(3, |&byte| byte == b'/');
    let (month, day, rest) = (number(date.next()?, 2)?, number(date.next()?, 2)?, date.next()?);
    let (year, rest) = rest.split_at_checked(4)?;
    let days = days(number(year, 4)?, month, day)?;
    let rest = rest.strip_prefix(b" ")?;
    let colon = rest.iter().position(|&byte| byte == b':')?;
    let hour = number(&rest[..colon], 2).filter(|hour| (1..=12).contains(hour))?;
    let (digits, after) = rest[colon + 1..].split_at_checked(2)?;
    let minute = two_digits(digits).filter(|&minute| minute < 60)?;
    let (second, half) = seconds(after)?;
    let hour = match half {
        [b' ', b'A' | b'a', b'M' | b'm'] => hour % 12,
        [b' ', b'P' | b'p', b'M' | b'm'] => hour % 12 + 12,
        _ => return None,
    };
    let digits_at = text.len() - after.len() - 2;
    let minute = days * 1440 + hour * 60 + minute;
    Some(second.map(|second| Stamp { at_s: minute * 60 + second, digits_at }))
}

/// The seconds, 0 when there are none, and what follows them. A fraction of a second must be 0.
fn seconds(text: &[u8]) -> Option<(Result<i64, Reason>, &[u8])> {
    let [b':', s1, s2, rest @ ..] = text else { return Some((Ok(0), text)) };
    let second = two_digits(&[*s1, *s2]).filter(|&second| second < 60)?;
    let [b'.', fraction @ ..] = rest else { return Some((Ok(second), rest)) };
    let digits = fraction.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let whole = fraction[..digits].iter().all(|&digit| digit == b'0');
    let second = if whole { Ok(second) } else { Err(Reason::NotAWholeMinute) };
    (digits > 0).then_some((second, &fraction[digits..]))
}

/// Days since 1970-01-01; none before it or after 2199, where a stamp is surely wrong.
fn days(year: i64, month: i64, day: i64) -> Option<i64> {
    let (year, month, day) = (i32::try_from(year).ok()?, u32::try_from(month).ok()?, u32::try_from(day).ok()?);
    let date = NaiveDate::from_ymd_opt(year, month, day).filter(|_| (1970..2200).contains(&year))?;
    Some(date.signed_duration_since(NaiveDate::default()).num_days())
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 24_366_185 * 60; // 2016-04-29 23:05 UTC

    fn read(text: &str, offsets: Offsets) -> Result<i64, Reason> {
        Stamps::new(offsets).read(text.as_bytes())
    }

    #[test]
    fn every_documented_form_names_the_same_minute() {
        for text in [
            "2016-04-29 23:05",
            "2016-04-29 23:05:00",
            "2016-04-29T23:05:00",
            "2016-04-29T23:05:00Z",
            "2016-04-29T23:05:00.000+00:00",
            "4/29/2016 11:05:00 PM",
            "4/29/2016 11:05 pm",
            "04/29/2016 11:05:00 PM",
        ] {
            assert_eq!(read(text, Offsets::Count), Ok(MINUTE), "{text}");
        }
        for text in ["2016-04-30T01:05:00+02:00", "2016-04-29T19:05-0400", "2016-04-30 00:05+01"] {
            assert_eq!(read(text, Offsets::Count), Ok(MINUTE), "{text}");
        }
    }

    #[test]
    fn a_stamp_taken_as_it_stands_keeps_its_wall_clock() {
        assert_eq!(read("2016-04-29T23:05:00+02:00", Offsets::Ignore), Ok(MINUTE));
    }

    #[test]
    fn noon_and_midnight_of_the_twelve_hour_clock_are_told_apart() {
        let midnight = read("4/29/2016 12:00:00 AM", Offsets::Count).unwrap();
        let noon = read("4/29/2016 12:00:00 PM", Offsets::Count).unwrap();

        assert_eq!((midnight % 86_400, noon - midnight), (0, 43_200));
    }

    #[test]
    fn what_is_not_a_minute_is_refused() {
        for bad in [
            "",
            "x",
            "2016-04-29",
            "2016-04-31 10:00",
            "2016-04-29 24:00",
            "2016-04-29 10:60",
            "2016-04-29 1:05",
            "1969-12-31 23:59",
            "2200-01-01 00:00",
            "2016-04-29T10:00:00+25:00",
            "2016-04-29T10:00:00 ",
            "4/29/16 1:05:00 PM",
            "29/4/2016 1:05:00 PM",
            "4/29/2016 13:05:00 PM",
            "4/29/2016 0:05:00 AM",
            "4/29/2016 13:05",
            "2016-04-29 10:00:60",
        ] {
            assert_eq!(read(bad, Offsets::Count), Err(Reason::BadStamp), "{bad}");
        }
        assert_eq!(read("2016-04-29T10:00:00.5Z", Offsets::Count), Err(Reason::NotAWholeMinute));
    }

    #[test]
    fn seconds_count() {
        assert_eq!(read("2016-04-29 23:05:30.00", Offsets::Count), Ok(MINUTE + 30));
        assert_eq!(read("4/29/2016 11:05:01 PM", Offsets::Count), Ok(MINUTE + 1));
    }

    #[test]
    fn a_remembered_hour_gives_what_a_fresh_reader_gives() {
        let mut stamps = Stamps::new(Offsets::Count);
        for text in [
            "4/29/2016 1:05:00 PM",
            "4/29/2016 1:06:00 PM",
            "4/29/2016 1:06:00 AM",
            "4/29/2016 1:60:00 AM",
            "4/29/2016 11:06:00 AM",
            "2016-04-29T10:00:00+01:00",
            "2016-04-29T10:59:00+01:00",
            "2016-04-29T10:59:00+02:00",
            "2016-04-29T10:59:15",
            "2016-04-29T10:58:15",
            "2016-04-29T10:59",
        ] {
            assert_eq!(stamps.read(text.as_bytes()), read(text, Offsets::Count), "{text}");
        }
    }
}
