//! Numbers in few bytes, and columns of numbers that mostly repeat.

/// Appends a number, seven bits to a byte, low bits first.
pub fn put(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(low(value) | 0x80);
        value >>= 7;
    }
    out.push(low(value));
}

fn low(value: u64) -> u8 {
    value.to_le_bytes()[0] & 0x7f
}

/// Appends a column: each value once, with how often it follows in a row.
pub fn put_runs(out: &mut Vec<u8>, values: impl Iterator<Item = u64>) {
    let mut values = values.peekable();
    while let Some(value) = values.next() {
        let mut times = 1_u64;
        while values.next_if_eq(&value).is_some() {
            times += 1;
        }
        put(out, value);
        put(out, times);
    }
}

/// Appends a column in which only zeros come in rows.
pub fn put_zero_runs(out: &mut Vec<u8>, values: impl Iterator<Item = u64>) {
    let mut values = values.peekable();
    while let Some(value) = values.next() {
        put(out, value);
        if value == 0 {
            let mut times = 1_u64;
            while values.next_if_eq(&0).is_some() {
                times += 1;
            }
            put(out, times);
        }
    }
}

/// A number that may be negative, near zero either way, as one that is not.
pub fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)).cast_unsigned()
}

/// Reads what the functions above wrote. Every method says `None` on anything else.
pub struct Bytes<'a>(pub &'a [u8]);

impl Bytes<'_> {
    /// One number.
    pub fn take(&mut self) -> Option<u64> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let (byte, rest) = self.0.split_first()?;
            self.0 = rest;
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                return None;
            }
            value |= bits << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    /// A column of `count` values.
    pub fn runs(&mut self, count: usize) -> Option<Vec<u64>> {
        let mut values = Vec::with_capacity(count.min(4096));
        while values.len() < count {
            let value = self.take()?;
            let times = usize::try_from(self.take()?).ok()?;
            if times == 0 || times > count - values.len() {
                return None;
            }
            values.extend(std::iter::repeat_n(value, times));
        }
        Some(values)
    }

    /// A column of `count` values in which only zeros come in rows.
    pub fn zero_runs(&mut self, count: usize) -> Option<Vec<u64>> {
        let mut values = Vec::with_capacity(count.min(4096));
        while values.len() < count {
            let value = self.take()?;
            let times = if value == 0 { usize::try_from(self.take()?).ok()? } else { 1 };
            if times == 0 || times > count - values.len() {
                return None;
            }
            values.extend(std::iter::repeat_n(value, times));
        }
        Some(values)
    }
}

/// Undoes [`zigzag`].
pub fn unzigzag(value: u64) -> i64 {
    (value >> 1).cast_signed() ^ -(value & 1).cast_signed()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_put_is_taken(values in prop::collection::vec(prop_oneof![Just(0), Just(7), any::<u64>()], 0..50)) {
            let mut out = Vec::new();
            for value in &values {
                put(&mut out, *value);
            }
            put_runs(&mut out, values.iter().copied());
            put_zero_runs(&mut out, values.iter().copied());

            let mut bytes = Bytes(&out);

            for value in &values {
                prop_assert_eq!(bytes.take(), Some(*value));
                prop_assert_eq!(zigzag(unzigzag(*value)), *value);
            }
            prop_assert_eq!(bytes.runs(values.len()), Some(values.clone()));
            prop_assert_eq!(bytes.zero_runs(values.len()), Some(values.clone()));
            prop_assert!(bytes.0.is_empty());
        }

        #[test]
        fn any_bytes_are_taken_without_a_panic(raw: Vec<u8>, count in 0..200_usize) {
            let _one = Bytes(&raw).take();
            let _column = Bytes(&raw).runs(count);
            let _column = Bytes(&raw).zero_runs(count);
        }
    }
}
