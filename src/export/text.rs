//! Rows as text: CSV and JSON Lines. A day table is written at the speed at which it is computed, so numbers
//! and dates are put down digit by digit; what that does not cover goes through the standard library.

use std::io::Write as _;

use chrono::{DateTime, Datelike as _, NaiveDate, SecondsFormat, Timelike as _, Utc};

use super::columns::{Cell, Column};

/// Adds the CSV header line.
pub fn csv_header<'a>(names: impl Iterator<Item = &'a str>, out: &mut Vec<u8>) {
    for (index, name) in names.enumerate() {
        if index > 0 {
            out.push(b',');
        }
        out.extend_from_slice(name.as_bytes());
    }
    out.extend_from_slice(b"\r\n");
}

/// Adds a row as a line of CSV.
pub fn csv_row<R>(columns: &[Column<R>], row: &R, out: &mut Vec<u8>) {
    for (index, (_, cell)) in columns.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        match cell(row) {
            Cell::Missing => {}
            Cell::Integer(value) => integer(value, out),
            Cell::Number(value) => number(value, out),
            Cell::Boolean(value) => out.push(if value { b'1' } else { b'0' }),
            Cell::Text(text) => csv_text(&text, out),
            Cell::Free(text) if text.starts_with(['=', '+', '-', '@', '\t', '\r']) => {
                csv_text(&format!("'{text}"), out);
            }
            Cell::Free(text) => csv_text(text, out),
            Cell::Date(value) => date(value, out),
            Cell::Stamp(at) => stamp(at, out),
        }
    }
    out.extend_from_slice(b"\r\n");
}

/// Adds a row as a line of JSON.
pub(super) fn json_row<R>(columns: &[Column<R>], row: &R, out: &mut Vec<u8>) {
    for (index, (name, cell)) in columns.iter().enumerate() {
        out.extend_from_slice(if index == 0 { b"{\"" } else { b",\"" });
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(b"\":");
        match cell(row) {
            // Flags are a list: none of them is the empty list, not an unknown one.
            Cell::Missing if *name == "flags" => out.extend_from_slice(b"\"\""),
            Cell::Missing => out.extend_from_slice(b"null"),
            Cell::Integer(value) => integer(value, out),
            Cell::Number(value) => number(value, out),
            Cell::Boolean(value) => out.extend_from_slice(if value { b"true" } else { b"false" }),
            Cell::Text(text) => json_text(&text, out),
            Cell::Free(text) => json_text(text, out),
            Cell::Date(value) => quoted(out, |out| date(value, out)),
            Cell::Stamp(at) => quoted(out, |out| stamp(at, out)),
        }
    }
    out.extend_from_slice(b"}\n");
}

fn integer(value: i64, out: &mut Vec<u8>) {
    if value < 0 {
        out.push(b'-');
    }
    digits(value.unsigned_abs(), out);
}

fn digits(value: u64, out: &mut Vec<u8>) {
    let mut text = [0; 20];
    let mut at = text.len();
    let mut rest = value;
    loop {
        at -= 1;
        text[at] = digit(rest % 10);
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    out.extend_from_slice(&text[at..]);
}

/// The digit of a number below 10.
fn digit(value: u64) -> u8 {
    b'0' + value.to_le_bytes()[0]
}

fn two_digits(value: u32, out: &mut Vec<u8>) {
    out.extend_from_slice(&[digit(u64::from(value) / 10), digit(u64::from(value) % 10)]);
}

/// The shortest text that reads back as the same number, as `{}` writes it.
fn number(value: f64, out: &mut Vec<u8>) {
    let scaled = (value * 10_000.0).round();
    // A decimal of at most 15 digits is its number's shortest text, once its last zeros are gone.
    if !(value.is_sign_positive() && scaled < 1e15 && (scaled / 10_000.0).to_bits() == value.to_bits()) {
        return print(out, format_args!("{value}"));
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a whole number from 0 to 10^15")]
    let scaled = scaled as u64;
    digits(scaled / 10_000, out);
    let mut rest = scaled % 10_000;
    if rest > 0 {
        out.push(b'.');
        while rest > 0 {
            out.push(digit(rest / 1000));
            rest = rest % 1000 * 10;
        }
    }
}

fn date(date: NaiveDate, out: &mut Vec<u8>) {
    match u32::try_from(date.year()) {
        Ok(year @ 0..=9999) => {
            two_digits(year / 100, out);
            two_digits(year % 100, out);
            out.push(b'-');
            two_digits(date.month(), out);
            out.push(b'-');
            two_digits(date.day(), out);
        }
        Ok(_) | Err(_) => print(out, format_args!("{date}")),
    }
}

/// Whole seconds, UTC.
fn stamp(at: DateTime<Utc>, out: &mut Vec<u8>) {
    let leap_second = at.timestamp_subsec_nanos() >= 1_000_000_000;
    if leap_second || !(0..=9999).contains(&at.year()) {
        out.extend_from_slice(at.to_rfc3339_opts(SecondsFormat::Secs, true).as_bytes());
        return;
    }
    date(at.date_naive(), out);
    for (mark, value) in [(b'T', at.hour()), (b':', at.minute()), (b':', at.second())] {
        out.push(mark);
        two_digits(value, out);
    }
    out.push(b'Z');
}

fn quoted(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    out.push(b'"');
    write(out);
    out.push(b'"');
}

fn print(out: &mut Vec<u8>, text: std::fmt::Arguments<'_>) {
    out.write_fmt(text).expect("a Vec takes every byte");
}

fn csv_text(text: &str, out: &mut Vec<u8>) {
    if text.bytes().any(|byte| matches!(byte, b',' | b'"' | b'\r' | b'\n')) {
        quoted(out, |out| out.extend_from_slice(text.replace('"', "\"\"").as_bytes()));
    } else {
        out.extend_from_slice(text.as_bytes());
    }
}

fn json_text(text: &str, out: &mut Vec<u8>) {
    serde_json::to_writer(out, text).expect("a Vec takes every byte, and a text is always JSON");
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn numbers_at_the_edges_are_written_as_the_library_writes_them() {
        for value in [0.0, -0.0, 1.0, 0.5, 122.0667, -3.25, 0.0001, 0.000_01, 1e15, 1e16, 1e300, f64::MAX, 99_999.999_9]
        {
            assert_eq!(written(|out| number(value, out)), value.to_string());
        }
        for value in [0, 9, 10, -1, i64::MAX, i64::MIN] {
            assert_eq!(written(|out| integer(value, out)), value.to_string());
        }
    }

    proptest! {
        #[test]
        fn every_number_is_written_as_the_library_writes_it(
            any in any::<f64>(), whole in any::<i64>(), tenthousandths in 0_u32..2_000_000_000,
        ) {
            let four_decimals = f64::from(tenthousandths) / 10_000.0;
            for value in [any, four_decimals, four_decimals / 3.0] {
                prop_assert_eq!(written(|out| number(value, out)), value.to_string());
            }
            prop_assert_eq!(written(|out| integer(whole, out)), whole.to_string());
        }

        #[test]
        fn every_moment_is_written_as_the_library_writes_it(seconds in -80_000_000_000_i64..300_000_000_000, nanos in 0_u32..1_999_999_999) {
            let Some(at) = DateTime::from_timestamp(seconds, nanos) else { return Ok(()) };
            prop_assert_eq!(written(|out| stamp(at, out)), at.to_rfc3339_opts(SecondsFormat::Secs, true));
            prop_assert_eq!(written(|out| date(at.date_naive(), out)), at.date_naive().to_string());
        }
    }
}
