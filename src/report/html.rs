//! Words of the page: escaped text, grouped numbers, shares, pictures within the page.

use std::fmt::{self, Write as _};

/// Text that somebody wrote, escaped for HTML and XML, between tags or within a quoted attribute. Control
/// characters become U+FFFD.
pub(super) struct Text<'a>(pub &'a str);

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            match c {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                '\u{fffe}' | '\u{ffff}' => f.write_char('\u{fffd}')?,
                c if c.is_control() && !matches!(c, '\n' | '\t') => f.write_char('\u{fffd}')?,
                c => f.write_char(c)?,
            }
        }
        Ok(())
    }
}

/// A whole number with a comma between thousands.
pub(super) struct Grouped(pub u64);

impl fmt::Display for Grouped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.0.to_string();
        let mut text = String::with_capacity(digits.len() + digits.len() / 3);
        for (index, digit) in digits.chars().enumerate() {
            if index > 0 && (digits.len() - index).is_multiple_of(3) {
                text.push(',');
            }
            text.push(digit);
        }
        f.pad(&text)
    }
}

/// A number with its noun: `1 day`, `2 days`.
pub(super) struct Of<'a>(pub u64, pub &'a str, pub &'a str);

impl fmt::Display for Of<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", Grouped(self.0), if self.0 == 1 { self.1 } else { self.2 })
    }
}

/// A cell's value, or a dash where it is unknown.
pub(super) struct OrDash<T>(pub Option<T>);

impl<T: fmt::Display> fmt::Display for OrDash<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(value) => value.fmt(f),
            None => f.write_char('–'),
        }
    }
}

/// A share in per cent with two decimals, for lengths in a style; 0 of nothing is 0.
pub(super) struct Share(pub u64, pub u64);

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let share = u128::from(self.0) * 10_000 / u128::from(self.1.max(1));
        write!(f, "{}.{:02}%", share / 100, share % 100)
    }
}

/// A share as people read it: whole per cent, and never 0 or 100 for what is not quite none or all.
pub(super) struct Percent(pub u64, pub u64);

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (part, whole) = (u128::from(self.0), u128::from(self.1.max(1)));
        match part * 100 {
            0 => f.write_str("0 %"),
            share if share < whole => f.write_str("under 1 %"),
            share if share < whole * 100 && share > whole * 99 => f.write_str("over 99 %"),
            share => write!(f, "{} %", (share * 2 + whole) / (2 * whole)),
        }
    }
}

/// Bytes in base64 (RFC 4648 §4), as a data URI holds them.
pub(super) struct Base64<'a>(pub &'a [u8]);

impl fmt::Display for Base64<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        for three in self.0.chunks(3) {
            let byte = |index: usize| three.get(index).copied().map_or(0, u32::from);
            let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
            for (index, shift) in [18, 12, 6, 0].into_iter().enumerate() {
                let digit = usize::try_from(bits >> shift & 63).unwrap_or(0);
                f.write_char(if index <= three.len() { char::from(ALPHABET[digit]) } else { '=' })?;
            }
        }
        Ok(())
    }
}

/// A length as the tables write it.
pub(super) fn count(items: usize) -> u64 {
    u64::try_from(items).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_somebody_wrote_is_read_as_a_tag() {
        let text = Text("<b a='x' b=\"y\">&amp;\0\u{1b}\n\u{202e}").to_string();

        assert_eq!(text, "&lt;b a=&#39;x&#39; b=&quot;y&quot;&gt;&amp;amp;\u{fffd}\u{fffd}\n\u{202e}");
    }

    #[test]
    fn numbers_read_well() {
        let grouped = [0, 999, 1000, 670_800, 1_000_000].map(|n| Grouped(n).to_string());
        assert_eq!(grouped, ["0", "999", "1,000", "670,800", "1,000,000"]);
        assert_eq!([Share(1, 3), Share(0, 0), Share(7, 7)].map(|s| s.to_string()), ["33.33%", "0.00%", "100.00%"]);
        let percent = [(0, 0), (0, 9), (1, 900), (1, 8), (898, 900), (9, 9)].map(|(a, b)| Percent(a, b).to_string());
        assert_eq!(percent, ["0 %", "0 %", "under 1 %", "13 %", "over 99 %", "100 %"]);
        assert_eq!([0, 1, 2].map(|n| Of(n, "day", "days").to_string()), ["0 days", "1 day", "2 days"]);
        assert_eq!([OrDash(Some(0)), OrDash(None)].map(|cell| cell.to_string()), ["0", "–"]);
    }

    #[test]
    fn base64_is_that_of_the_rfc() {
        // RFC 4648 §10.
        for (bytes, text) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")] {
            assert_eq!(Base64(bytes.as_bytes()).to_string(), text);
        }
        assert_eq!(Base64(&[0xfb, 0xff, 0xfe]).to_string(), "+//+");
    }
}
