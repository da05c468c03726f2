//! The cells of a goal's row.

use super::{Cell, Column, date, integer, text};
use crate::export::rows::GoalRow;

/// Name and value of every column, in the order of [`GoalRow`]'s fields.
pub const GOAL_COLUMNS: [Column<GoalRow>; 11] = [
    ("participant_id", |row| text(row.participant_id.as_str())),
    ("goal_id", |row| Cell::Free(&row.goal_id)),
    ("in_force_from", |row| Cell::Date(row.in_force_from)),
    ("in_force_until", |row| date(row.in_force_until)),
    ("measure", |row| text(&row.measure)),
    ("amount", |row| Cell::Integer(row.amount.into())),
    ("period", |row| text(&row.period)),
    ("days", |row| text(&row.days)),
    ("confidence", |row| integer(row.confidence)),
    ("decided_by", |row| text(&row.decided_by)),
    ("stage", |row| row.stage.as_deref().map_or(Cell::Missing, text)),
];
