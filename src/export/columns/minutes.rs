//! The cells of a minute's row.

use super::{Cell, Column, boolean, integer, text};
use crate::export::rows::MinuteRow;

/// Name and value of every column, in the order of [`MinuteRow`]'s fields.
pub const MINUTE_COLUMNS: [Column<MinuteRow>; 9] = [
    ("participant_id", |row| text(row.participant_id.as_str())),
    ("counter", |row| text(&row.counter)),
    ("start_utc", |row| Cell::Stamp(row.start_utc)),
    ("local_date", |row| Cell::Date(row.local_date)),
    ("tz_offset_min", |row| integer(row.tz_offset_min)),
    ("steps", |row| Cell::Integer(row.steps.into())),
    ("worn", |row| boolean(row.worn)),
    ("at_least", |row| Cell::Boolean(row.at_least)),
    ("overlap", |row| Cell::Boolean(row.overlap)),
];
