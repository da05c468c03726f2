//! One minute of the history.
//!
//! Known from Gadgetbridge, miband4 and real packets quoted in public threads.

use alloc::vec::Vec;

use crate::{
    cursor::{Field, FormatError, ReadCursor},
    reading::Wear,
};

/// How long a sample is. Which models have which is known from clients that read eight-byte data in fours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SampleSize {
    /// Mi Band 2, 3, 4.
    Four,
    /// Mi Band 5, 6.
    Eight,
}

impl SampleSize {
    /// Bytes.
    pub const fn bytes(self) -> usize {
        match self {
            Self::Four => 4,
            Self::Eight => 8,
        }
    }

    /// The other one.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Four => Self::Eight,
            Self::Eight => Self::Four,
        }
    }
}

impl TryFrom<u8> for SampleSize {
    type Error = FormatError;

    fn try_from(got: u8) -> Result<Self, FormatError> {
        match got {
            4 => Ok(Self::Four),
            8 => Ok(Self::Eight),
            _ => Err(FormatError::BadField { field: Field::Body, got: got.into() }),
        }
    }
}

/// One minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// What kind of minute: [`Sample::wear`].
    pub kind: u8,
    /// How much the arm moved.
    pub intensity: u8,
    /// Steps in this minute; 255 is a full field.
    pub steps: u8,
    /// Heart rate; see [`Sample::heart_rate`].
    pub heart_rate: u8,
    /// Eight-byte samples: unknown, sleep, deep sleep, dream sleep.
    pub more: Option<[u8; 4]>,
}

impl Sample {
    /// The next sample.
    pub fn parse(cursor: &mut ReadCursor<'_>, size: SampleSize) -> Result<Self, FormatError> {
        let [kind, intensity, steps, heart_rate] = cursor.array()?;
        let more = match size {
            SampleSize::Four => None,
            SampleSize::Eight => Some(cursor.array()?),
        };
        Ok(Self { kind, intensity, steps, heart_rate, more })
    }

    /// Its bytes.
    pub fn emit(&self) -> Vec<u8> {
        let mut bytes = Vec::from([self.kind, self.intensity, self.steps, self.heart_rate]);
        bytes.extend(self.more.iter().flatten());
        bytes
    }

    /// Beats per minute, when it was measured: 0 and 255 say that it was not, and what is outside 10 to 250 is no pulse.
    pub fn heart_rate(&self) -> Option<u8> {
        Some(self.heart_rate).filter(|rate| (10..=250).contains(rate))
    }

    /// Whether it was worn in this minute. `before` is what the minutes before said, and is brought up to this one.
    pub fn wear(&self, before: &mut Wear) -> Wear {
        match self.more {
            // Four bytes: the low half counts; in the high half stands 5, 6 or 7 without known meaning.
            None => match self.kind & 0x0F {
                // No change, and "ignore".
                0 | 10 => return self.unchanged(*before),
                1 | 2 | 4 | 9 | 11 | 12 => *before = Wear::Worn,
                3 => *before = Wear::NotWorn,
                6 => *before = Wear::Charging,
                _ => *before = Wear::Unknown,
            },
            // Eight bytes: the whole byte counts, but for its first bit. Whether 0 means "no change" here is not known.
            Some(_) => match self.kind & 0x7F {
                64 | 120 => *before = Wear::Worn,
                115 => *before = Wear::NotWorn,
                118 => *before = Wear::Charging,
                _ => *before = Wear::Unknown,
            },
        }
        *before
    }

    /// Only a quiet minute goes on being not worn: steps or a pulse make it doubtful.
    fn unchanged(&self, before: Wear) -> Wear {
        let quiet = self.intensity == 0 && self.steps == 0 && self.heart_rate().is_none();
        match before {
            Wear::NotWorn | Wear::Charging if !quiet => Wear::Unknown,
            before => before,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn sample(kind: u8, steps: u8, more: Option<[u8; 4]>) -> Sample {
        Sample { kind, intensity: 0, steps, heart_rate: 255, more }
    }

    #[test]
    fn no_change_means_what_was_said_before() {
        let mut before = Wear::Unknown;
        for (kind, steps, want) in [
            (0x50, 0, Wear::Unknown),
            (0x01, 60, Wear::Worn),
            (0x50, 0, Wear::Worn),
            (0x03, 0, Wear::NotWorn),
            (0x60, 0, Wear::NotWorn),
            (0x5A, 0, Wear::NotWorn),
            (0x50, 9, Wear::Unknown),
            (0x70, 0, Wear::NotWorn),
            (0x56, 0, Wear::Charging),
            (0x00, 0, Wear::Charging),
            (0x5C, 0, Wear::Worn),
            (0x0D, 0, Wear::Unknown),
            (0x50, 0, Wear::Unknown),
        ] {
            assert_eq!(sample(kind, steps, None).wear(&mut before), want, "{kind:#x}");
        }
    }

    #[test]
    fn eight_byte_samples_have_codes_of_their_own() {
        for (kind, want) in
            [(115, Wear::NotWorn), (243, Wear::NotWorn), (118, Wear::Charging), (120, Wear::Worn), (3, Wear::Unknown)]
        {
            assert_eq!(sample(kind, 0, Some([0; 4])).wear(&mut Wear::Unknown), want, "{kind}");
        }
    }

    #[test]
    fn a_pulse_that_cannot_be_is_none() {
        for (rate, want) in [(0, None), (9, None), (10, Some(10)), (250, Some(250)), (251, None), (255, None)] {
            assert_eq!(Sample { heart_rate: rate, ..sample(0, 0, None) }.heart_rate(), want);
        }
    }
}
