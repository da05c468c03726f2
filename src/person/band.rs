//! What the helper of a home is told about a band: that it is soon flat, and that it was silent for so long that its
//! memory may run out. Nothing here is about anybody's health.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use firmware_protocol::driver::Resolution;

use crate::words::Phrase;

/// A battery is soon flat at this charge, percent.
pub const FLAT_SOON: u8 = 15;
/// Memory of a band that keeps minutes or longer spans and does not say how much it holds.
pub const MEMORY: TimeDelta = TimeDelta::days(7);
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
    /// How much it holds before it overwrites, minutes, when it says so.
    pub memory_minutes: Option<u32>,
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

/// After so long without a sign the helper is told: 40 % of the memory, while most of it is still free.
pub fn silent_after(memory_minutes: Option<u32>, resolution: Resolution) -> TimeDelta {
    match resolution {
        Resolution::Counter => TOTAL_ONLY,
        Resolution::Minute | Resolution::Coarse => {
            memory_minutes.map_or(MEMORY, |minutes| TimeDelta::minutes(i64::from(minutes))) * 2 / 5
        }
    }
}

/// What is the matter with a band now; at most one of each.
pub fn concerns(band: &BandFacts, now: DateTime<Utc>) -> Vec<Concern> {
    let flat = band.battery_percent.is_some_and(|percent| percent <= FLAT_SOON);
    let limit = silent_after(band.memory_minutes, band.resolution);
    let silent = band.last_arrival.is_some_and(|at| now - at >= limit);
    [(flat, Concern::FlatSoon), (silent, Concern::Silent)]
        .into_iter()
        .filter_map(|(is, what)| is.then_some(what))
        .collect()
}

impl Concern {
    /// What the helper is told.
    pub fn phrase(self, band: &BandFacts) -> Phrase {
        match self {
            Self::FlatSoon => Phrase::new("helper-flat-soon")
                .with("band", band.name.as_str())
                .with("percent", u32::from(band.battery_percent.unwrap_or(0))),
            Self::Silent => {
                let total_alone = band.resolution == Resolution::Counter;
                let key = if total_alone { "helper-silent-total" } else { "helper-silent" };
                let phrase = Phrase::new(key).with("band", band.name.as_str());
                match band.last_date {
                    Some(date) => phrase.with("since", date),
                    None => phrase,
                }
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
    use super::*;

    fn band(
        battery_percent: Option<u8>,
        silent_h: Option<i64>,
        memory_minutes: Option<u32>,
    ) -> (BandFacts, DateTime<Utc>) {
        let now = DateTime::from_timestamp(1_790_000_000, 0).unwrap();
        let last_arrival = silent_h.map(|hours| now - TimeDelta::hours(hours));
        let band = BandFacts {
            name: "wrist".into(),
            battery_percent,
            last_arrival,
            last_date: last_arrival.map(|at| at.date_naive()),
            memory_minutes,
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
            let (band, now) = band(None, Some(silent_h), memory_days.map(|days: u32| days * 1440));
            assert_eq!(concerns(&band, now) == [Concern::Silent], expected, "{memory_days:?} {silent_h}");
        }
    }

    #[test]
    fn a_band_that_keeps_a_total_alone_is_told_of_after_two_days_in_its_own_words() {
        let (mut band, now) = band(Some(90), Some(48), None);
        band.resolution = Resolution::Counter;

        assert_eq!(concerns(&band, now), [Concern::Silent]);
        assert_ne!(Concern::Silent.phrase(&band).key, "helper-silent");
    }

    #[test]
    fn a_band_that_was_never_heard_is_not_called_silent() {
        let (band, now) = band(None, None, Some(1));
        assert!(concerns(&band, now).is_empty());
    }
}
