//! Device Information service, 180A: what a counter says it is.

use super::uuid;
use crate::{
    Uuid,
    cursor::{Field, FormatError},
};

/// The service.
pub const SERVICE: Uuid = uuid(0x180A);
/// Model.
pub const MODEL: Uuid = uuid(0x2A24);
/// Serial number.
pub const SERIAL: Uuid = uuid(0x2A25);
/// Version of the firmware.
pub const FIRMWARE: Uuid = uuid(0x2A26);
/// Version of the hardware.
pub const HARDWARE: Uuid = uuid(0x2A27);
/// Version of the software.
pub const SOFTWARE: Uuid = uuid(0x2A28);
/// Manufacturer.
pub const MANUFACTURER: Uuid = uuid(0x2A29);

/// The text of one of these. Firmwares send their C string's end or pad with blanks: both are cut off.
///
/// # Errors
/// When it is not UTF-8.
pub fn parse_text(bytes: &[u8]) -> Result<&str, FormatError> {
    let upto_end = bytes.split(|byte| *byte == 0).next().unwrap_or(bytes);
    match core::str::from_utf8(upto_end) {
        Ok(text) => Ok(text.trim()),
        Err(error) => {
            let got = upto_end.get(error.valid_up_to()).copied().unwrap_or(0);
            Err(FormatError::BadField { field: Field::Text, got: got.into() })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn padding_is_no_part_of_a_text() {
        assert_eq!(parse_text(b"1.16.0"), Ok("1.16.0"));
        assert_eq!(parse_text(b"PineTime \0\0x"), Ok("PineTime"));
        assert_eq!(parse_text(b""), Ok(""));
        assert!(parse_text(b"\xff").is_err());
    }
}
