//! The columns of the tables, one line each: the one place that says what stands in a row.

mod days;
mod diary;
mod goals;
mod minutes;
mod persons;
mod raw;
mod weeks;

use std::borrow::Cow;

use chrono::{DateTime, NaiveDate, Utc};

pub use days::{DAY_COLUMNS, data_state, goal_state, wear_method};
pub use diary::DIARY_COLUMNS;
pub use goals::GOAL_COLUMNS;
pub use minutes::MINUTE_COLUMNS;
pub use persons::PERSON_COLUMNS;
pub use raw::RAW_COLUMNS;
pub use weeks::WEEK_COLUMNS;

use crate::model::Flags;

/// One value of a row.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell<'a> {
    /// Unknown or not applicable; never zero.
    Missing,
    /// A whole number.
    Integer(i64),
    /// A number with at most four decimals.
    Number(f64),
    /// Yes or no.
    Boolean(bool),
    /// A text that the program or a closed list made.
    Text(Cow<'a, str>),
    /// A text that a person may have written.
    Free(&'a str),
    /// A calendar day.
    Date(NaiveDate),
    /// A moment; whole seconds are written.
    Stamp(DateTime<Utc>),
}

/// A column: its name, and what finds its value in a row.
pub type Column<R> = (&'static str, for<'a> fn(&'a R) -> Cell<'a>);

/// Whether a column would tell who has a goal, and so the arm of a blinded study.
pub fn tells_arm(name: &str) -> bool {
    const OF_GOALS: [&str; 7] =
        ["days_met", "days_judged", "attainment", "days_cannot_tell", "days_no_goal", "days_paused", "days_excused"];
    name.starts_with("goal_") || OF_GOALS.contains(&name)
}

fn text(text: &str) -> Cell<'_> {
    Cell::Text(text.into())
}

fn free(text: Option<&str>) -> Cell<'_> {
    text.filter(|text| !text.is_empty()).map_or(Cell::Missing, Cell::Free)
}

fn integer<'a>(number: Option<impl Into<i64>>) -> Cell<'a> {
    number.map_or(Cell::Missing, |number| Cell::Integer(number.into()))
}

fn number<'a>(number: Option<f64>) -> Cell<'a> {
    number.map_or(Cell::Missing, Cell::Number)
}

fn boolean<'a>(value: Option<bool>) -> Cell<'a> {
    value.map_or(Cell::Missing, Cell::Boolean)
}

fn wide<'a>(number: Option<u64>) -> Cell<'a> {
    number.map_or(Cell::Missing, |number| Cell::Integer(i64::try_from(number).unwrap_or(i64::MAX)))
}

fn date<'a>(date: Option<NaiveDate>) -> Cell<'a> {
    date.map_or(Cell::Missing, Cell::Date)
}

fn stamp<'a>(at: Option<DateTime<Utc>>) -> Cell<'a> {
    at.map_or(Cell::Missing, Cell::Stamp)
}

/// Names joined by `;`; nothing for none.
fn flags(flags: &Flags) -> Cell<'_> {
    let mut names = flags.0.iter().map(|flag| flag.name());
    match (names.next(), flags.0.len()) {
        (None, _) => Cell::Missing,
        (Some(only), 1) => text(only),
        (Some(first), _) => Cell::Text(names.fold(first.to_owned(), |joined, name| joined + ";" + name).into()),
    }
}
