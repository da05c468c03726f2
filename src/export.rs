//! What leaves the house as files: the day table as CSV or JSON Lines, with its codebook and a Data Package.
//!
//! CSV is UTF-8 without a byte order mark, comma, CRLF, RFC 4180 quotes, decimal point, ISO dates, UTC stamps
//! such as `2026-11-21T03:09:58Z`, `1`/`0` for yes and no, and an empty cell for unknown or not applicable.
//! JSON Lines holds the same names with `null`, `true` and `false`. A free text that a spreadsheet would run as a
//! formula gets a `'` in front, in CSV only.

pub mod codebook;
pub mod columns;
pub mod datapackage;
pub mod days;

pub use days::{ExportError, ExportSummary, Format, write_days};
