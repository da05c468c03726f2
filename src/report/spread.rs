//! How a number spreads over all days: counted in fine bins, shown in a few round ones.

use super::html::Grouped;

/// Fine bins; larger values fall into the last.
const FINE: usize = 2000;
/// Bars in a picture.
const MOST_BARS: u64 = 13;

/// Values counted in bins of `WIDTH`.
pub(super) struct Spread<const WIDTH: u32> {
    bins: Vec<u64>,
    count: u64,
}

/// One bar of a picture: values from `from` up to, not including, `until`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bar {
    pub from: u64,
    /// None for the last bar, when it holds everything above.
    pub until: Option<u64>,
    pub days: u64,
}

impl Bar {
    /// The values in it, as words.
    pub fn label(&self) -> String {
        match self.until {
            Some(until) if until == self.from + 1 => Grouped(self.from).to_string(),
            Some(until) => format!("{}–{}", Grouped(self.from), Grouped(until - 1)),
            None => format!("{} or more", Grouped(self.from)),
        }
    }
}

impl<const WIDTH: u32> Default for Spread<WIDTH> {
    fn default() -> Self {
        Self { bins: Vec::new(), count: 0 }
    }
}

impl<const WIDTH: u32> Spread<WIDTH> {
    /// Counts a value; an unknown one is passed over.
    pub fn add(&mut self, value: Option<u32>) {
        let Some(value) = value else { return };
        let bin = usize::try_from(value / WIDTH).unwrap_or(FINE).min(FINE - 1);
        if self.bins.len() <= bin {
            self.bins.resize(bin + 1, 0);
        }
        self.bins[bin] += 1;
        self.count += 1;
    }

    /// Values counted.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The start of the fine bin that the value at this percentage lies in; none without values.
    pub fn quantile(&self, percent: u64) -> Option<u64> {
        let rank = (self.count * percent).div_ceil(100).max(1);
        let mut seen = 0;
        let starts = (0..).step_by(usize::try_from(WIDTH).unwrap_or(1));
        starts.zip(&self.bins).find_map(|(start, days)| {
            seen += days;
            (seen >= rank).then_some(start)
        })
    }

    /// Bars of the first of `widths` (each a multiple of `WIDTH`) that shows 99 % of the values in a few bars; what
    /// lies above goes into an open last bar.
    pub fn bars(&self, widths: &[u64]) -> Vec<Bar> {
        let Some(high) = self.quantile(99) else { return Vec::new() };
        let Some(&width) = widths.iter().find(|&&width| high / width < MOST_BARS).or(widths.last()) else {
            return Vec::new();
        };
        let last = (high / width).min(MOST_BARS - 1);
        let mut bars: Vec<Bar> =
            (0..=last).map(|bar| Bar { from: bar * width, until: Some((bar + 1) * width), days: 0 }).collect();
        let starts = (0_u64..).step_by(usize::try_from(WIDTH).unwrap_or(1));
        for (start, days) in starts.zip(&self.bins) {
            let at = usize::try_from((start / width).min(last + 1)).unwrap_or(0);
            if at == bars.len() {
                bars.push(Bar { from: (last + 1) * width, until: None, days: 0 });
            }
            bars[at].days += days;
        }
        if self.bins.len() == FINE {
            // The last fine bin holds everything above, and so does the bar with it.
            if let Some(bar) = bars.last_mut() {
                bar.until = None;
            }
        }
        bars
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const WIDTHS: [u64; 4] = [500, 1000, 2000, 5000];

    proptest! {
        #[test]
        fn every_value_is_in_the_bar_that_names_it(values in prop::collection::vec(0_u32..400_000, 0..60)) {
            let mut spread = Spread::<100>::default();
            for &value in &values {
                spread.add(Some(value));
            }

            let bars = spread.bars(&WIDTHS);

            for bar in &bars {
                let holds = |value: u64| value >= bar.from && bar.until.is_none_or(|until| value < until);
                let count = values.iter().filter(|&&value| holds(value.into())).count();
                prop_assert_eq!(bar.days, super::super::html::count(count), "{}", bar.label());
            }
            prop_assert_eq!(bars.iter().map(|bar| bar.days).sum::<u64>(), spread.count());
            prop_assert!(bars.len() <= 14);
        }

        #[test]
        fn quantiles_are_those_of_the_sorted_values(mut values in prop::collection::vec(0_u32..1500, 1..60)) {
            let mut spread = Spread::<1>::default();
            for &value in &values {
                spread.add(Some(value));
            }
            values.sort_unstable();

            let quantiles = [25, 50, 75, 99].map(|percent| spread.quantile(percent));

            let at = |percent: usize| Some(u64::from(values[(values.len() * percent).div_ceil(100) - 1]));
            prop_assert_eq!(quantiles, [at(25), at(50), at(75), at(99)]);
        }
    }

    #[test]
    fn unknown_values_are_no_zeros() {
        let mut spread = Spread::<10>::default();
        spread.add(None);

        assert_eq!((spread.count(), spread.quantile(50), spread.bars(&WIDTHS)), (0, None, Vec::new()));
    }
}
