//! What the helper of a home is told about a band: that it is soon flat, and that it was silent for so long that its
//! memory may run out. Nothing here is about anybody's health.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use firmware_protocol::{device::Kind, driver::Resolution};

use crate::words::Phrase;

/// A battery is soon flat at this charge, percent.
pub const FLAT_SOON: u8 = 15;
/// Where nobody knows how much a band holds, its helper is told as if it were this much, and promised nothing.
const ASSUMED: TimeDelta = TimeDelta::days(7);
/// A band that keeps a running total alone loses nothing more by the day; its helper is told after this.
pub const TOTAL_ONLY: TimeDelta = TimeDelta::days(2);

/// What is known of one band.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BandFacts {
    /// What the household calls it.
    pub name: String,
    /// Charge when it last told, percent.
    pub battery_percent: Option<u8>,
    /// When something last arrived from it; none when nothing ever did.
    pub last_arrival: Option<DateTime<Utc>>,
    /// That moment's date, as the wall clock of the home had it.
    pub last_date: Option<NaiveDate>,
    /// How far back its memory reaches ([`horizon`]).
    pub horizon: Option<TimeDelta>,
    /// How finely it tells.
    pub resolution: Resolution,
}

/// What is the matter with a band.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Concern {
    /// Its battery is soon flat.
    FlatSoon,
    /// It was silent for so long that its memory may run out.
    Silent,
}

/// How far back the memory of a band reaches before it overwrites: as it says itself, else as is known of its kind. None
/// where neither is known, and for one that keeps a running total alone.
pub fn horizon(kind: Option<&Kind>, resolution: Option<Resolution>, memory_minutes: Option<u32>) -> Option<TimeDelta> {
    match resolution.or(kind.map(|kind| kind.resolution))? {
        Resolution::Counter => None,
        Resolution::Minute | Resolution::Coarse => {
            let own = memory_minutes.filter(|minutes| *minutes > 0);
            let of_kind = kind.and_then(|kind| kind.memory_days);
            own.map(|minutes| TimeDelta::minutes(i64::from(minutes)))
                .or(of_kind.map(|days| TimeDelta::days(i64::from(days))))
        }
    }
}

/// After so long without a sign somebody is told: 40 % of the memory, while most of it is still free (complaint 8 of the
/// trials: after the loss is too late).
pub fn told_after(horizon: TimeDelta) -> TimeDelta {
    horizon * 2 / 5
}

/// After so long without a sign the helper of a home is told.
pub fn silent_after(horizon: Option<TimeDelta>, resolution: Resolution) -> TimeDelta {
    match resolution {
        Resolution::Counter => TOTAL_ONLY,
        Resolution::Minute | Resolution::Coarse => told_after(horizon.unwrap_or(ASSUMED)),
    }
}

/// Whether a battery with this charge is flat or soon will be.
pub fn is_soon_flat(percent: u8) -> bool {
    percent <= FLAT_SOON
}

/// What is the matter with a band now; at most one of each.
pub fn concerns(band: &BandFacts, now: DateTime<Utc>) -> Vec<Concern> {
    let flat = band.battery_percent.is_some_and(is_soon_flat);
    let limit = silent_after(band.horizon, band.resolution);
    let silent = band.last_arrival.is_some_and(|at| now - at >= limit);
    [(flat, Concern::FlatSoon), (silent, Concern::Silent)]
        .into_iter()
        .filter_map(|(is, what)| is.then_some(what))
        .collect()
}

impl Concern {
    /// What the helper is told now. That the steps are still on the band is said only while its memory is known to reach
    /// back to when it was last heard.
    pub fn phrase(self, band: &BandFacts, now: DateTime<Utc>) -> Phrase {
        // A band that was never heard is not called silent.
        let since = band.last_date.unwrap_or_default();
        match self {
            Self::FlatSoon => Phrase::new("helper-flat-soon")
                .with("band", band.name.as_str())
                .with("percent", u32::from(band.battery_percent.unwrap_or(0))),
            Self::Silent => {
                let holds = band.last_arrival.zip(band.horizon).is_some_and(|(at, horizon)| now - at < horizon);
                let key = match band.resolution {
                    Resolution::Counter => "helper-silent-total",
                    Resolution::Minute | Resolution::Coarse if holds => "helper-silent",
                    Resolution::Minute | Resolution::Coarse => "helper-silent-unsure",
                };
                Phrase::new(key).with("band", band.name.as_str()).with("since", since)
            }
        }
    }

    /// What the helper is told when it is over.
    pub fn solved(self, name: &str) -> Phrase {
        let key = match self {
            Self::FlatSoon => "helper-flat-solved",
            Self::Silent => "helper-silent-solved",
        };
        Phrase::new(key).with("band", name)
    }
}

#[cfg(test)]
mod tests {
    use firmware_protocol::device::step_log;

    use super::*;

    fn band(
        battery_percent: Option<u8>,
        silent_h: Option<i64>,
        memory_days: Option<i64>,
    ) -> (BandFacts, DateTime<Utc>) {
        let now = DateTime::from_timestamp(1_790_000_000, 0).unwrap();
        let last_arrival = silent_h.map(|hours| now - TimeDelta::hours(hours));
        let band = BandFacts {
            name: "wrist".into(),
            battery_percent,
            last_arrival,
            last_date: last_arrival.map(|at| at.date_naive()),
            horizon: memory_days.map(TimeDelta::days),
            resolution: Resolution::Minute,
        };
        (band, now)
    }

    #[test]
    fn a_band_is_soon_flat_at_fifteen_percent() {
        for (percent, expected) in [(Some(15), true), (Some(16), false), (Some(0), true), (None, false)] {
            let (band, now) = band(percent, Some(1), None);
            assert_eq!(concerns(&band, now) == [Concern::FlatSoon], expected, "{percent:?}");
        }
    }

    #[test]
    fn a_silent_band_is_told_of_at_forty_percent_of_its_memory() {
        for (memory_days, silent_h, expected) in [
            (Some(10), 95, false),
            (Some(10), 96, true),
            (Some(30), 287, false),
            (Some(30), 288, true),
            (None, 67, false),
            (None, 68, true),
        ] {
            let (band, now) = band(None, Some(silent_h), memory_days);
            assert_eq!(concerns(&band, now) == [Concern::Silent], expected, "{memory_days:?} {silent_h}");
        }
    }

    #[test]
    fn a_band_that_keeps_a_total_alone_is_told_of_after_two_days_in_its_own_words() {
        let (mut band, now) = band(Some(90), Some(48), None);
        band.resolution = Resolution::Counter;

        assert_eq!(concerns(&band, now), [Concern::Silent]);
        assert_ne!(Concern::Silent.phrase(&band, now).key, "helper-silent");
    }

    #[test]
    fn nobody_is_told_that_the_steps_are_still_there_once_the_memory_may_have_run_over() {
        for (memory_days, silent_h, key) in [
            (Some(3), 71, "helper-silent"),
            (Some(3), 72, "helper-silent-unsure"),
            (Some(30), 24 * 40, "helper-silent-unsure"),
            (None, 68, "helper-silent-unsure"),
        ] {
            let (band, now) = band(None, Some(silent_h), memory_days);
            assert_eq!(Concern::Silent.phrase(&band, now).key, key, "{memory_days:?} {silent_h}");
        }
    }

    #[test]
    fn a_band_knows_its_own_memory_best_and_a_running_total_has_none() {
        let kind = |memory_days, resolution| Kind { memory_days, resolution, ..step_log::KIND };
        let minutes = kind(Some(3), Resolution::Minute);
        let silent = kind(None, Resolution::Minute);
        let total = kind(Some(3), Resolution::Counter);

        assert_eq!(horizon(Some(&minutes), None, Some(1440)), Some(TimeDelta::days(1)));
        assert_eq!(horizon(Some(&minutes), Some(Resolution::Coarse), None), Some(TimeDelta::days(3)));
        assert_eq!(horizon(Some(&silent), None, None), None);
        assert_eq!(horizon(Some(&total), None, Some(1440)), None);
        assert_eq!(horizon(Some(&minutes), Some(Resolution::Counter), Some(1440)), None);
        assert_eq!(horizon(None, None, Some(1440)), None, "not even how finely it tells is known");
    }

    #[test]
    fn a_band_that_was_never_heard_is_not_called_silent() {
        let (band, now) = band(None, None, Some(1));
        assert!(concerns(&band, now).is_empty());
    }
}
