//! Battery service, 180F.

use super::uuid;
use crate::{
    Uuid,
    cursor::{Field, FormatError, ReadCursor},
};

/// The service.
pub const SERVICE: Uuid = uuid(0x180F);
/// Battery Level: one byte, percent.
pub const LEVEL: Uuid = uuid(0x2A19);

/// Percent of charge from the value of [`LEVEL`].
///
/// # Errors
/// When it is not one byte, or above 100.
pub fn parse_level(bytes: &[u8]) -> Result<u8, FormatError> {
    let mut cursor = ReadCursor::new(bytes);
    let percent = cursor.u8()?;
    cursor.end()?;
    if percent <= 100 { Ok(percent) } else { Err(FormatError::BadField { field: Field::Battery, got: percent.into() }) }
}

/// The value of [`LEVEL`].
pub const fn emit_level(percent: u8) -> [u8; 1] {
    [percent]
}
