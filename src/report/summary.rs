//! What the tables say of one person.

use std::fmt;

use super::{html::Grouped, picture::Mark};

/// One person's row in the tables.
pub(super) struct Summary {
    /// First and last day of the record; none without a day.
    pub span: Option<(i32, i32)>,
    /// Days in the record.
    pub days: u64,
    /// Days with data.
    pub with_data: u64,
    /// Days that are valid by the rules.
    pub valid: u64,
    /// Days with data that are not.
    pub not_valid: u64,
    /// Median of the steps on valid days.
    pub steps: Option<Median>,
    /// Median of the brisk minutes on valid days.
    pub brisk: Option<Median>,
}

impl Summary {
    pub fn of(span: Option<(i32, i32)>, days: u64, marks: &[Mark]) -> Self {
        let count = |valid: Option<bool>| super::html::count(marks.iter().filter(|mark| mark.valid == valid).count());
        let valid = || marks.iter().filter(|mark| mark.valid == Some(true));
        Self {
            span,
            days,
            with_data: super::html::count(marks.len()),
            valid: count(Some(true)),
            not_valid: count(Some(false)),
            steps: Median::of(valid().filter_map(Mark::steps).collect()),
            brisk: Median::of(valid().filter_map(Mark::brisk).collect()),
        }
    }

    /// Days with data of which nobody can say whether they are valid.
    pub fn cannot_tell(&self) -> u64 {
        self.with_data.saturating_sub(self.valid + self.not_valid)
    }

    /// Days of the record without data.
    pub fn no_data(&self) -> u64 {
        self.days.saturating_sub(self.with_data)
    }
}

/// A median of whole numbers, kept doubled because it may end in a half.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Median(u64);

impl Median {
    /// None without values.
    pub fn of(mut values: Vec<u32>) -> Option<Self> {
        values.sort_unstable();
        let middle = values.len() / 2;
        let upper = u64::from(*values.get(middle)?);
        let lower = match values.len() % 2 {
            0 => u64::from(values[middle - 1]),
            _ => upper,
        };
        Some(Self(lower + upper))
    }
}

impl fmt::Display for Median {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let half = if self.0 % 2 == 1 { ".5" } else { "" };
        write!(f, "{}{half}", Grouped(self.0 / 2))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_median_of_nothing_is_unknown_and_of_an_even_number_may_end_in_a_half() {
        let shown = |values: &[u32]| Median::of(values.to_vec()).map(|median| median.to_string());

        assert_eq!(shown(&[]), None);
        assert_eq!(shown(&[7]).as_deref(), Some("7"));
        assert_eq!(shown(&[9_000, 1, 1_000, 2_001]).as_deref(), Some("1,500.5"));
        assert_eq!(shown(&[u32::MAX, u32::MAX]).as_deref(), Some("4,294,967,295"));
    }
}
