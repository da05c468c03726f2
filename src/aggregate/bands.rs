//! Minutes by cadence: the eight bands, vigorous minutes, and a floor of MET-minutes.

use crate::model::Minute;

/// Lowest cadence of each band, steps a minute (Tudor-Locke & Rowe 2012; limits as in Tudor-Locke 2011).
pub const BAND_FLOORS: [u32; 8] = [0, 1, 20, 40, 60, 80, 100, 120];

/// Minutes and steps in each band of [`BAND_FLOORS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Bands {
    /// Minutes in each band.
    pub minutes: [u32; 8],
    /// Steps in each band.
    pub steps: [u32; 8],
}

/// Sorts minutes into bands.
pub fn bands(minutes: &[Minute]) -> Bands {
    let mut bands = Bands::default();
    for minute in minutes {
        let band = match minute.steps {
            0 => 0,
            1..20 => 1,
            20..40 => 2,
            40..60 => 3,
            60..80 => 4,
            80..100 => 5,
            100..120 => 6,
            120.. => 7,
        };
        bands.minutes[band] += 1;
        bands.steps[band] = bands.steps[band].saturating_add(minute.steps);
    }
    bands
}

/// MET-minutes of walking at 100 steps a minute or more: 3 MET from 100, 4 from 110, 5 from 120, 6 from
/// 130 (Tudor-Locke 2019 and after). A floor: slower walking and anything without steps adds nothing.
pub fn met_minutes(minutes: &[Minute]) -> u32 {
    let met = |minute: &Minute| match minute.steps {
        0..100 => 0,
        100..110 => 3,
        110..120 => 4,
        120..130 => 5,
        130.. => 6,
    };
    minutes.iter().map(met).sum()
}

/// Minutes with at least this many steps.
pub fn minutes_at_least(minutes: &[Minute], steps: u16) -> u32 {
    super::count(minutes.iter().filter(|minute| minute.steps >= u32::from(steps)).count())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::MinuteWear;

    fn minutes(steps: &[u32]) -> Vec<Minute> {
        let minute = |(at, &steps)| Minute { at, steps, wear: MinuteWear::Unknown, saturated: false, overlap: false };
        (0..).zip(steps).map(minute).collect()
    }

    #[test]
    fn each_band_begins_at_its_floor() {
        assert_eq!(bands(&minutes(&BAND_FLOORS)).minutes, [1; 8]);
        let last: Vec<_> = BAND_FLOORS[1..].iter().map(|floor| floor - 1).collect();
        assert_eq!(bands(&minutes(&last)).minutes, [1, 1, 1, 1, 1, 1, 1, 0]);
    }

    #[test]
    fn met_minutes_rise_every_ten_steps_from_100() {
        let met: Vec<_> = [99, 100, 109, 110, 119, 120, 129, 130, 250].map(|s| met_minutes(&minutes(&[s]))).into();

        assert_eq!(met, [0, 3, 3, 4, 4, 5, 5, 6, 6]);
    }
}
