//! The cells of a diary entry's row.

use super::{Cell, Column, text};
use crate::export::rows::DiaryRow;

/// Name and value of every column, in the order of [`DiaryRow`]'s fields.
pub const DIARY_COLUMNS: [Column<DiaryRow>; 6] = [
    ("participant_id", |row| text(row.participant_id.as_str())),
    ("local_date", |row| Cell::Date(row.local_date)),
    ("entry_no", |row| Cell::Integer(row.entry_no.into())),
    ("kind", |row| text(&row.kind)),
    ("minutes", |row| Cell::Integer(row.minutes.into())),
    ("effort", |row| row.effort.as_deref().map_or(Cell::Missing, text)),
];
