//! The cells of a reading's row.

use super::{Cell, Column, integer, stamp, text, wide};
use crate::export::rows::RawRow;

/// Name and value of every column, in the order of [`RawRow`]'s fields.
pub const RAW_COLUMNS: [Column<RawRow>; 15] = [
    ("participant_id", |row| text(row.participant_id.as_str())),
    ("reading_no", |row| wide(Some(row.reading_no))),
    ("counter", |row| text(&row.counter)),
    ("arrived_at", |row| Cell::Stamp(row.arrived_at)),
    ("counter_no", |row| integer(row.counter_no)),
    ("clock", |row| text(row.clock.name())),
    ("boot", |row| integer(row.boot)),
    ("stamp_s", |row| Cell::Integer(row.stamp_s)),
    ("stamp_offset_min", |row| integer(row.stamp_offset_min)),
    ("start_utc", |row| stamp(row.start_utc)),
    ("seconds", |row| Cell::Integer(row.seconds.into())),
    ("steps", |row| Cell::Integer(row.steps.into())),
    ("at_least", |row| Cell::Boolean(row.at_least)),
    ("wear", |row| row.wear.map_or(Cell::Missing, |wear| text(wear.name()))),
    ("clock_unset", |row| Cell::Boolean(row.clock_unset)),
];
