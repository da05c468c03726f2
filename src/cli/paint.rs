//! What people see on a terminal: bars, tables that line up, dates in words.

use std::io::Write as _;

use chrono::NaiveDate;
use comfy_table::{CellAlignment, ContentArrangement, Table, presets};

use crate::{
    goal::wording::number,
    model::{DataState, DayTotal, GoalState},
};

/// Width of the bar beside today's plan.
const BAR: u32 = 20;

/// `##########----------  10 of 20`
pub fn bar(done: u32, target: u32) -> String {
    let filled = (u64::from(done) * u64::from(BAR)).checked_div(u64::from(target)).unwrap_or(0).min(u64::from(BAR));
    let filled = usize::try_from(filled).unwrap_or(0);
    let empty = usize::try_from(BAR).unwrap_or(0) - filled;
    format!("[{}{}]  {done} of {target}", "#".repeat(filled), "-".repeat(empty))
}

/// `Tuesday 14 May`
pub fn day_in_words(date: NaiveDate) -> String {
    date.format("%A %-d %B").to_string()
}

/// A number that may be unknown.
pub fn known(value: Option<u32>) -> String {
    value.map_or_else(|| "–".to_owned(), number)
}

/// A table with plain lines and right-aligned numbers.
pub fn table(header: &[&str], numbers: &[usize]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic).set_header(header);
    for at in numbers {
        if let Some(column) = table.column_mut(*at) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

/// The days as a person reads them.
pub fn days(rows: &[DayTotal]) -> Table {
    let mut table = table(&["day", "data", "steps", "brisk min", "in bouts", "", "plan"], &[2, 3, 4]);
    let most = rows.iter().filter_map(|row| row.brisk_min).max().unwrap_or(0).max(20);
    for row in rows {
        let bar = row.brisk_min.map_or_else(String::new, |minutes| {
            "▇".repeat(usize::try_from(minutes * 16 / most).unwrap_or(0).max(usize::from(minutes > 0)))
        });
        table.add_row([
            row.local_date.format("%a %Y-%m-%d").to_string(),
            data_in_words(row.data_state).to_owned(),
            known(row.total_steps),
            known(row.brisk_min),
            known(row.bout_min),
            bar,
            plan_in_words(row),
        ]);
    }
    table
}

/// What a day rests on, in a word or two.
pub fn data_in_words(state: DataState) -> &'static str {
    match state {
        DataState::Measured => "measured",
        DataState::PartlyMeasured => "partly measured",
        DataState::NotWorn => "not worn",
        DataState::NotSynced => "not heard yet",
        DataState::CannotTell => "steps only",
    }
}

fn plan_in_words(row: &DayTotal) -> String {
    match (row.goal_state, row.goal_done, row.goal_target) {
        (GoalState::Met, Some(done), Some(target)) => format!("✓ {done} of {target}"),
        (GoalState::Met, ..) => "✓".to_owned(),
        (GoalState::NotMet | GoalState::CannotTell, Some(done), Some(target)) => format!("{done} of {target}"),
        (GoalState::NotMet | GoalState::CannotTell, ..) => "open".to_owned(),
        (GoalState::NoGoal, ..) => String::new(),
        (GoalState::Paused, ..) => "paused".to_owned(),
        (GoalState::Excused, ..) => "excused".to_owned(),
    }
}

/// Prints a line on standard output.
pub fn say(text: impl std::fmt::Display) -> std::io::Result<()> {
    writeln!(std::io::stdout(), "{text}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_never_longer_than_its_frame() {
        assert_eq!(bar(10, 20), "[##########----------]  10 of 20");
        assert_eq!(bar(0, 20), "[--------------------]  0 of 20");
        assert_eq!(bar(50, 20), "[####################]  50 of 20");
        assert_eq!(bar(u32::MAX, 0), format!("[{}]  {} of 0", "-".repeat(20), u32::MAX));
    }
}
