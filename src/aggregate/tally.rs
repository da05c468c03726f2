//! A day's minutes by their steps: bands, peaks, and how many reach a threshold.

use std::ops::Range;

/// Lowest cadence of each band, steps a minute (Tudor-Locke & Rowe 2012; limits as in Tudor-Locke 2011).
pub const BAND_FLOORS: [u8; 8] = [0, 1, 20, 40, 60, 80, 100, 120];

/// Minutes with this many steps or more are kept one by one: no person makes them.
const HIGH: usize = 255;

/// How many minutes hold how many steps.
#[derive(Clone, Debug)]
pub struct Tally {
    recorded: u32,
    /// Minutes with exactly this many steps.
    exactly: [u16; HIGH],
    /// Minutes with at least this many steps.
    at_least: [u16; HIGH + 1],
    high: Vec<u32>,
    sum: u32,
}

impl Tally {
    /// Of so many recorded minutes, those with steps.
    pub fn of(recorded: u32, steps: impl Iterator<Item = u32>) -> Self {
        let mut tally = Self { recorded, exactly: [0; HIGH], at_least: [0; HIGH + 1], high: Vec::new(), sum: 0 };
        for steps in steps {
            tally.sum = tally.sum.saturating_add(steps);
            match usize::try_from(steps).ok().and_then(|steps| tally.exactly.get_mut(steps)) {
                Some(minutes) => *minutes += 1,
                None => tally.high.push(steps),
            }
        }
        tally.high.sort_unstable_by(|one, other| other.cmp(one));
        let mut minutes = u16::try_from(tally.high.len()).unwrap_or(u16::MAX);
        tally.at_least[HIGH] = minutes;
        for (at_least, exactly) in tally.at_least[1..HIGH].iter_mut().rev().zip(tally.exactly[1..].iter().rev()) {
            minutes += exactly;
            *at_least = minutes;
        }
        tally
    }

    /// Steps in all.
    pub fn steps(&self) -> u32 {
        self.sum
    }

    /// Minutes with at least this many steps.
    pub fn at_least(&self, steps: u16) -> u32 {
        match self.at_least.get(usize::from(steps)) {
            _ if steps == 0 => self.recorded,
            Some(minutes) => (*minutes).into(),
            None => super::count(self.high.iter().filter(|&&high| high >= u32::from(steps)).count()),
        }
    }

    /// Minutes in each band of [`BAND_FLOORS`].
    pub fn bands(&self) -> [u32; 8] {
        let floors = BAND_FLOORS.map(|floor| self.at_least(floor.into()));
        std::array::from_fn(|band| floors[band] - floors.get(band + 1).copied().unwrap_or(0))
    }

    /// Steps in each band of [`BAND_FLOORS`].
    pub fn band_steps(&self) -> [u32; 8] {
        let steps_of = |range: Range<usize>| -> u32 {
            (0..)
                .zip(&self.exactly[range.clone()])
                .map(|(more, &minutes)| u32::from(minutes) * (super::count(range.start) + more))
                .sum()
        };
        std::array::from_fn(|band| {
            let end = BAND_FLOORS.get(band + 1).map_or(HIGH, |&next| next.into());
            let high = if end == HIGH { self.high.iter().sum() } else { 0 };
            steps_of(BAND_FLOORS[band].into()..end) + high
        })
    }

    /// MET-minutes of walking at 100 steps a minute or more: 3 MET from 100, 4 from 110, 5 from 120, 6 from 130
    /// (Tudor-Locke 2019 and after). A floor: slower walking and anything without steps adds nothing.
    pub fn met_minutes(&self) -> u32 {
        3 * self.at_least(100) + self.at_least(110) + self.at_least(120) + self.at_least(130)
    }

    /// Mean steps of the 1, 30 and 60 highest minutes, not necessarily adjacent, zeros included; none when
    /// fewer minutes are recorded (Barreira 2012; Tudor-Locke 2012). Rounded to four decimals, so that every
    /// form of a row holds the same number.
    pub fn peaks(&self) -> [Option<f64>; 3] {
        let mut peaks = [None; 3];
        let (mut taken, mut sum) = (0_u32, 0_u32);
        let mut high = self.high.iter();
        // Nothing is to be found above the highest minute.
        let below = self.at_least[1..HIGH].partition_point(|&minutes| minutes > self.at_least[HIGH]);
        let (mut steps, mut left) = (1 + below, 0_u32);
        for (peak, highest) in peaks.iter_mut().zip([1_u16, 30, 60]) {
            if self.recorded < u32::from(highest) {
                break;
            }
            while taken < highest.into() {
                if let Some(&minute) = high.next() {
                    (sum, taken) = (sum.saturating_add(minute), taken + 1);
                } else if left == 0 && steps > 1 {
                    steps -= 1;
                    left = self.exactly[steps].into();
                } else if left == 0 {
                    break;
                } else {
                    let more = left.min(u32::from(highest) - taken);
                    sum = sum.saturating_add(more * u32::try_from(steps).unwrap_or(0));
                    (taken, left) = (taken + more, left - more);
                }
            }
            // Every peak counts its own number of minutes; those without a step add nothing.
            *peak = Some((f64::from(sum) / f64::from(highest) * 10_000.0).round() / 10_000.0);
        }
        peaks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(recorded: u32, steps: &[u32]) -> Tally {
        Tally::of(recorded, steps.iter().copied())
    }

    #[test]
    fn each_band_begins_at_its_floor() {
        let floors: Vec<u32> = BAND_FLOORS[1..].iter().map(|&floor| floor.into()).collect();
        assert_eq!(tally(8, &floors).bands(), [1; 8]);
        let last: Vec<u32> = floors[1..].iter().map(|floor| floor - 1).collect();
        assert_eq!(tally(7, &last).bands(), [1, 1, 1, 1, 1, 1, 1, 0]);
        assert_eq!(tally(3, &[254, 255, 60_000]).bands(), [0, 0, 0, 0, 0, 0, 0, 3]);
    }

    #[test]
    fn met_minutes_rise_every_ten_steps_from_100() {
        let met = [99, 100, 109, 110, 119, 120, 129, 130, 250, 300].map(|steps| tally(1, &[steps]).met_minutes());

        assert_eq!(met, [0, 3, 3, 4, 4, 5, 5, 6, 6, 6]);
    }

    #[test]
    fn minutes_at_least_a_threshold_beyond_the_table_are_counted_too() {
        let tally = tally(10, &[1, 99, 100, 254, 255, 256, 60_000]);

        let counted = [0, 1, 100, 254, 255, 256, 300, 60_000, 60_001].map(|steps| tally.at_least(steps));

        assert_eq!(counted, [10, 7, 5, 4, 3, 2, 1, 1, 0]);
    }

    #[test]
    fn a_peak_needs_as_many_recorded_minutes_as_its_name_says() {
        assert_eq!(tally(0, &[]).peaks(), [None; 3]);
        assert_eq!(tally(29, &[90; 29]).peaks(), [Some(90.0), None, None]);
        assert_eq!(tally(59, &[90; 59]).peaks(), [Some(90.0), Some(90.0), None]);
        assert_eq!(tally(60, &[90; 60]).peaks(), [Some(90.0); 3]);
        assert_eq!(tally(1440, &[300, 90, 60]).peaks(), [Some(300.0), Some(15.0), Some(7.5)]);
    }

    #[test]
    fn the_peak_of_a_still_day_is_zero_and_not_minus_zero() {
        assert_eq!(
            tally(60, &[]).peaks().map(|peak| peak.map(|spm| spm.to_string())),
            ["0", "0", "0"].map(|zero| Some(zero.to_owned()))
        );
    }
}
