//! Minutes become a day's numbers: the measures of `brisk/1`, as pure functions from values to values.
//!
//! No clock, no file, no other module than [`crate::model`] and [`crate::time`]. Minutes are always
//! sorted by time, with no minute twice; an absent minute is no data and never zero. Rules that look at
//! runs of minutes work on *segments*, the runs without a gap, and cross midnight; only then are minutes
//! given to days. [`day_total`] is the one way to a day's row, for the daemon and for batch files alike;
//! [`WeekBuilder`] and [`PersonBuilder`] turn days into the rows of weeks and of persons.

pub mod bouts;
pub mod coarse;
pub mod context;
pub mod day;
mod known;
pub mod leisure;
mod measures;
pub mod minutes;
pub mod person;
pub mod reconcile;
pub mod series;
mod sums;
pub mod tally;
pub mod wear;
pub mod week;

pub use context::{Enough, context_is_enough};
pub use day::{DayInput, day_total};
pub use minutes::merge_sources;
pub use person::PersonBuilder;
pub use week::{WeekBuilder, WeekPlan};

/// A length as the day table writes it.
fn count(items: usize) -> u32 {
    u32::try_from(items).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod laws;

#[cfg(test)]
mod tests {
    use super::series::{SeriesBuf, Stretch, Walked};

    /// One segment of these steps and lengths, from minute 0 on.
    pub fn plain(runs: &[(u32, usize)]) -> SeriesBuf {
        let mut series = SeriesBuf::default();
        let steps = runs.iter().flat_map(|&(steps, length)| std::iter::repeat_n(steps, length));
        for (at, steps) in (0..).zip(steps) {
            series.record(at, at + 1);
            series.walked.extend((steps > 0).then_some(Walked { at, steps }));
        }
        series
    }

    pub fn stretch_of(series: &SeriesBuf) -> Stretch<'_> {
        let segment = series.segments[0];
        Stretch { first: segment.first, end: segment.end, walked: &series.walked }
    }
}
