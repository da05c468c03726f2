//! Peak cadence: the mean of the day's highest minutes.

use crate::model::Minute;

/// Mean steps of the 1, 30 and 60 highest minutes, not necessarily adjacent, zeros included; none when
/// fewer minutes are recorded (Barreira 2012; Tudor-Locke 2012). Rounded to four decimals, so that every
/// form of a row holds the same number.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub struct Peaks {
    /// The highest minute.
    pub peak1: Option<f64>,
    /// Mean of the 30 highest.
    pub peak30: Option<f64>,
    /// Mean of the 60 highest.
    pub peak60: Option<f64>,
}

/// The peaks of these minutes.
pub fn peaks(minutes: &[Minute]) -> Peaks {
    let mut steps: Vec<u32> = minutes.iter().map(|minute| minute.steps).filter(|&steps| steps > 0).collect();
    steps.sort_unstable_by(|one, other| other.cmp(one));
    let peak = |highest: u16| {
        (minutes.len() >= usize::from(highest)).then(|| {
            let sum = steps.iter().take(usize::from(highest)).fold(0_u32, |sum, &steps| sum.saturating_add(steps));
            (f64::from(sum) / f64::from(highest) * 10_000.0).round() / 10_000.0
        })
    };
    Peaks { peak1: peak(1), peak30: peak(30), peak60: peak(60) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::MinuteWear;

    #[test]
    fn a_peak_needs_as_many_recorded_minutes_as_its_name_says() {
        let minute = |at| Minute { at, steps: 90, wear: MinuteWear::Unknown, saturated: false, overlap: false };
        let minutes: Vec<_> = (0..60).map(minute).collect();

        assert_eq!(peaks(&[]), Peaks::default());
        assert_eq!(peaks(&minutes[..29]), Peaks { peak1: Some(90.0), peak30: None, peak60: None });
        assert_eq!(peaks(&minutes[..59]), Peaks { peak1: Some(90.0), peak30: Some(90.0), peak60: None });
        assert_eq!(peaks(&minutes).peak60, Some(90.0));
    }

    #[test]
    fn the_peak_of_a_still_day_is_zero_and_not_minus_zero() {
        let minute = |at| Minute { at, steps: 0, wear: MinuteWear::Unknown, saturated: false, overlap: false };
        let still: Vec<_> = (0..60).map(minute).collect();

        let peaks = [peaks(&still).peak1, peaks(&still).peak60].map(|peak| peak.map(|spm| spm.to_string()));

        assert_eq!(peaks, [Some("0".to_owned()), Some("0".to_owned())]);
    }
}
