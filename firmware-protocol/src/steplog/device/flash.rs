//! The memory a counter records to, as this crate needs it.

/// NOR flash: erasing a sector sets all its bits, writing only clears bits.
///
/// Addresses run from 0 to `sectors × sector_len`. All writes of this crate start at a multiple of
/// four, are a multiple of four long, and go to bytes that are erased, so a memory that programs
/// whole words once is good enough.
pub trait Flash {
    /// Bytes in a sector: the unit of erasing. At least 2048, a multiple of 4.
    fn sector_len(&self) -> u32;
    /// How many sectors. At least 4; those above [`super::MAX_SECTORS`] are not used.
    fn sectors(&self) -> u16;
    /// Copies bytes from this address.
    fn read(&mut self, at: u32, into: &mut [u8]) -> Result<(), FlashError>;
    /// Writes bytes to this address.
    fn write(&mut self, at: u32, bytes: &[u8]) -> Result<(), FlashError>;
    /// Sets all bytes of this sector to 0xFF.
    fn erase(&mut self, sector: u16) -> Result<(), FlashError>;
}

/// Why the memory did not do as told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlashError {
    /// Fewer or smaller sectors than [`Flash`] asks for.
    BadGeometry,
    /// An address outside the memory or not a multiple of four.
    BadAddress,
    /// A write to bytes that are not erased.
    NotErased,
    /// The memory itself failed, or the power did.
    Failed,
}

impl<F: Flash> Flash for &mut F {
    fn sector_len(&self) -> u32 {
        (**self).sector_len()
    }

    fn sectors(&self) -> u16 {
        (**self).sectors()
    }

    fn read(&mut self, at: u32, into: &mut [u8]) -> Result<(), FlashError> {
        (**self).read(at, into)
    }

    fn write(&mut self, at: u32, bytes: &[u8]) -> Result<(), FlashError> {
        (**self).write(at, bytes)
    }

    fn erase(&mut self, sector: u16) -> Result<(), FlashError> {
        (**self).erase(sector)
    }
}
