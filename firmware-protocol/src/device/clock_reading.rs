//! The host's clock and a counter's beside each other, as a unit that is kept: of counters that stamp what
//! they store with a clock of their own, its error is part of the record.

use crate::{
    cursor::{FormatError, ReadCursor, WriteCursor},
    reading::Reading,
};

/// Bytes of the unit: the host's UTC and the counter's, in ms since 1970 i64 each; accuracy in ms u16.
pub const LEN: usize = 18;

/// See the module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockReading {
    /// The host's UTC, milliseconds since the Unix epoch.
    pub host_utc_ms: i64,
    /// The counter's, as it claims.
    pub claimed_utc_ms: i64,
    /// The difference is known to ± this many milliseconds.
    pub accuracy_ms: u16,
}

impl ClockReading {
    /// From the unit's bytes.
    ///
    /// # Errors
    /// When there are more or fewer than [`LEN`].
    pub fn parse(bytes: &[u8]) -> Result<Self, FormatError> {
        let mut cursor = ReadCursor::new(bytes);
        let reading = Self { host_utc_ms: cursor.i64()?, claimed_utc_ms: cursor.i64()?, accuracy_ms: cursor.u16()? };
        cursor.end()?;
        Ok(reading)
    }

    /// The unit's bytes.
    pub fn emit(&self) -> [u8; LEN] {
        let mut bytes = [0; LEN];
        WriteCursor::new(&mut bytes).i64(self.host_utc_ms).i64(self.claimed_utc_ms).u16(self.accuracy_ms);
        bytes
    }

    /// What it means.
    pub const fn reading(&self) -> Reading {
        Reading::Clock {
            host_utc_ms: self.host_utc_ms,
            claimed_utc_ms: self.claimed_utc_ms,
            accuracy_ms: self.accuracy_ms,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_comes_back_as_it_was_written() {
        let reading = ClockReading { host_utc_ms: 1_772_366_400_123, claimed_utc_ms: -5, accuracy_ms: 900 };

        assert_eq!(ClockReading::parse(&reading.emit()), Ok(reading));
        assert!(ClockReading::parse(&reading.emit()[1..]).is_err());
    }
}
