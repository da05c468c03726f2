//! A counter's own day totals against the minutes it kept.
//!
//! Many counters hold a running total of each day for a month and single minutes for a few days only, so a total
//! can survive minutes that are gone. Both are kept and neither replaces the other; each day is told which of
//! the ways they can differ it went. Found on, and named after, 494 days of 17 people (Furberg and others, 2016).

use chrono::NaiveDate;

/// A counter's total above its minutes by no more than this is a small shortfall, steps: what one minute can
/// hold at most (the ceiling of `brisk/1`), such as a minute lost around a transfer or a restart. In the public
/// days small shortfalls reach 140 and large ones begin at 383.
pub const SMALL_SHORTFALL_STEPS: u32 = 200;

/// One day of one person, as two sources tell it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeviceDay {
    /// The day.
    pub date: NaiveDate,
    /// The counter's own total; none where its table has no such day.
    pub device_steps: Option<u32>,
    /// Sum of the minutes; none where none was recorded.
    pub minute_steps: Option<u32>,
    /// Minutes with data.
    pub minutes_recorded: u32,
    /// Minutes in the day.
    pub day_len_min: u32,
}

/// How a day's total and its minutes stand to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DayClass {
    /// They are the same.
    Exact,
    /// The total is above the minutes by [`SMALL_SHORTFALL_STEPS`] at most.
    SmallShortfall,
    /// The minutes are above the total, and no later day shows that the totals were read after this day ended:
    /// the totals are the older export. An error of neither.
    DayTotalOlder,
    /// The minutes are above the total although later totals were read: two counters, or a changed total.
    Surplus,
    /// The last day with minutes ends early, and the total went on.
    LastPartialDay,
    /// The total is above the minutes by more than [`SMALL_SHORTFALL_STEPS`]: minutes of a part of the day are lost.
    LargeShortfall,
    /// Minutes are there and all zero, or are missing in the midst of the record, while the total is that of a
    /// day on the feet: only the total survived.
    DetailLostAllDay,
    /// A total from before the first minute.
    NoMinutesFirstDay,
    /// A total from after the last minute.
    NoMinutesLastDay,
    /// A total of no or few steps and no minute, in the midst of the record or of a person without any minute.
    NoMinutes,
    /// Minutes without a total.
    NoDayTotal,
}

impl DayClass {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Exact,
        Self::SmallShortfall,
        Self::DayTotalOlder,
        Self::Surplus,
        Self::LastPartialDay,
        Self::LargeShortfall,
        Self::DetailLostAllDay,
        Self::NoMinutesFirstDay,
        Self::NoMinutesLastDay,
        Self::NoMinutes,
        Self::NoDayTotal,
    ];

    /// The name that stands in exports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::SmallShortfall => "small_shortfall",
            Self::DayTotalOlder => "day_total_older",
            Self::Surplus => "surplus",
            Self::LastPartialDay => "last_partial_day",
            Self::LargeShortfall => "large_shortfall",
            Self::DetailLostAllDay => "detail_lost_all_day",
            Self::NoMinutesFirstDay => "no_minutes_first_day",
            Self::NoMinutesLastDay => "no_minutes_last_day",
            Self::NoMinutes => "no_minutes",
            Self::NoDayTotal => "no_day_total",
        }
    }

    /// What it means, in one sentence for the codebook and the report.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Exact => "the day total is the sum of the minutes",
            Self::SmallShortfall => "the day total is above the minutes by no more than one minute can hold",
            Self::DayTotalOlder => "the day totals were exported before the minutes; the minutes are newer",
            Self::Surplus => "the minutes are above a day total that was read later; ask for the reason",
            Self::LastPartialDay => "the minutes end within this day, the day total goes on",
            Self::LargeShortfall => "minutes of a part of the day were lost; the day total survived",
            Self::DetailLostAllDay => "all minutes of the day were lost; the day total survived",
            Self::NoMinutesFirstDay => "a day total from before the first minute",
            Self::NoMinutesLastDay => "a day total from after the last minute",
            Self::NoMinutes => "a day total of few or no steps, without minutes",
            Self::NoDayTotal => "minutes without a day total",
        }
    }
}

/// A day with both its sources and what became of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reconciled {
    /// The day as it was given.
    pub day: DeviceDay,
    /// How total and minutes stand to each other.
    pub class: DayClass,
    /// Minutes less total, steps; none where one of them is missing.
    pub difference: Option<i64>,
}

impl Reconciled {
    /// Whether the day carries the flag `minute_detail_incomplete`: there are minutes, and the counter's own total
    /// is above their sum, by however little. The class tells how much and probably why.
    pub fn minute_detail_incomplete(&self) -> bool {
        self.difference.is_some_and(|difference| difference < 0)
    }
}

/// Classes for one person's days, given in order. Days known to neither source come back as no row.
pub fn classify(days: &[DeviceDay]) -> Vec<Reconciled> {
    let known: Vec<_> =
        days.iter().copied().filter(|day| day.device_steps.is_some() || day.minute_steps.is_some()).collect();
    let first = known.iter().position(|day| day.minute_steps.is_some());
    let last = known.iter().rposition(|day| day.minute_steps.is_some());
    let totals_read_at = known.iter().rposition(shows_that_totals_were_read);
    let class = |(place, day): (usize, &DeviceDay)| {
        let with_minutes = first.zip(last).map(|(first, last)| (place.cmp(&first), place.cmp(&last)));
        let class = match (day.device_steps, day.minute_steps) {
            (None, _) => DayClass::NoDayTotal,
            (Some(total), None) => match with_minutes {
                Some((std::cmp::Ordering::Less, _)) => DayClass::NoMinutesFirstDay,
                Some((_, std::cmp::Ordering::Greater)) => DayClass::NoMinutesLastDay,
                Some(_) if total > SMALL_SHORTFALL_STEPS => DayClass::DetailLostAllDay,
                Some(_) | None => DayClass::NoMinutes,
            },
            (Some(total), Some(sum)) if sum > total => {
                if totals_read_at > Some(place) {
                    DayClass::Surplus
                } else {
                    DayClass::DayTotalOlder
                }
            }
            (Some(total), Some(sum)) => {
                let partial = Some(place) == last && day.minutes_recorded < day.day_len_min;
                match total - sum {
                    0 => DayClass::Exact,
                    1.. if partial => DayClass::LastPartialDay,
                    1..=SMALL_SHORTFALL_STEPS => DayClass::SmallShortfall,
                    _ if sum == 0 => DayClass::DetailLostAllDay,
                    _ => DayClass::LargeShortfall,
                }
            }
        };
        let difference = day.minute_steps.zip(day.device_steps).map(|(sum, total)| i64::from(sum) - i64::from(total));
        Reconciled { day: *day, class, difference }
    };
    known.iter().enumerate().map(class).collect()
}

/// Whether the totals must have been read on this day or later: it has one of at least its minutes. A total of 0
/// says nothing, as a table lists days to come with it.
fn shows_that_totals_were_read(day: &DeviceDay) -> bool {
    match (day.device_steps, day.minute_steps) {
        (None | Some(0), _) => false,
        (Some(_), None) => true,
        (Some(total), Some(sum)) => total >= sum,
    }
}

#[cfg(test)]
mod tests {
    use chrono::Days;
    use proptest::prelude::*;

    use super::*;

    /// Days from 1 May 2026: total, sum of minutes, minutes recorded.
    fn days(days: &[(Option<u32>, Option<u32>, u32)]) -> Vec<DeviceDay> {
        let first = NaiveDate::from_ymd_opt(2026, 5, 1).unwrap();
        let day = |(place, &(device_steps, minute_steps, minutes_recorded))| DeviceDay {
            date: first + Days::new(place),
            device_steps,
            minute_steps,
            minutes_recorded,
            day_len_min: 1440,
        };
        (0..).zip(days).map(day).collect()
    }

    fn classes(given: &[(Option<u32>, Option<u32>, u32)]) -> Vec<DayClass> {
        classify(&days(given)).into_iter().map(|day| day.class).collect()
    }

    #[test]
    fn every_way_in_which_total_and_minutes_differ_has_its_class() {
        let found = classes(&[
            (Some(9000), None, 0),
            (Some(8000), Some(8000), 1440),
            (Some(8000), Some(7800), 1440),
            (Some(8000), Some(7799), 1440),
            (Some(8000), Some(0), 1440),
            (Some(8000), None, 0),
            (Some(0), None, 0),
            (Some(5000), Some(6000), 1440),
            (Some(6000), Some(6000), 1440),
            (Some(40), Some(0), 1440),
            (Some(5000), Some(4000), 700),
            (Some(5000), Some(6000), 1440),
            (Some(0), Some(0), 1440),
            (None, Some(200), 500),
        ]);

        assert_eq!(
            found,
            [
                DayClass::NoMinutesFirstDay,
                DayClass::Exact,
                DayClass::SmallShortfall,
                DayClass::LargeShortfall,
                DayClass::DetailLostAllDay,
                DayClass::DetailLostAllDay,
                DayClass::NoMinutes,
                DayClass::Surplus,
                DayClass::Exact,
                DayClass::SmallShortfall,
                DayClass::LargeShortfall,
                DayClass::DayTotalOlder,
                DayClass::Exact,
                DayClass::NoDayTotal,
            ]
        );
    }

    #[test]
    fn a_record_that_ends_within_a_day_has_a_last_partial_day() {
        let ends = [(Some(900), Some(900), 1440), (Some(1300), Some(900), 720), (Some(0), None, 0)];
        assert_eq!(classes(&ends), [DayClass::Exact, DayClass::LastPartialDay, DayClass::NoMinutesLastDay]);

        let agrees = [(Some(900), Some(900), 720)];
        assert_eq!(classes(&agrees), [DayClass::Exact]);
    }

    #[test]
    fn older_totals_at_the_end_are_told_from_a_surplus_in_the_midst() {
        let snapshot = [(Some(500), Some(534), 1440), (Some(0), Some(6000), 1380)];
        assert_eq!(classes(&snapshot), [DayClass::DayTotalOlder; 2]);

        let midst = [(Some(500), Some(534), 1440), (Some(6000), None, 0)];
        assert_eq!(classes(&midst), [DayClass::Surplus, DayClass::NoMinutesLastDay]);
    }

    #[test]
    fn a_person_without_minutes_and_days_without_anything() {
        assert_eq!(classes(&[(Some(8000), None, 0), (None, None, 0)]), [DayClass::NoMinutes]);
        assert_eq!(classes(&[]), []);
    }

    #[test]
    fn the_flag_stands_where_the_counter_says_more_than_its_minutes() {
        let found = classify(&days(&[
            (Some(9000), None, 0),
            (Some(801), Some(800), 1440),
            (Some(800), Some(800), 1440),
            (Some(800), Some(900), 1440),
            (None, Some(900), 1440),
        ]));

        let flags: Vec<_> = found.iter().map(Reconciled::minute_detail_incomplete).collect();
        assert_eq!(flags, [false, true, false, false, false]);
        assert_eq!(found[3].difference, Some(100));
    }

    #[test]
    fn each_class_has_a_name_of_its_own() {
        let names: std::collections::BTreeSet<_> = DayClass::ALL.iter().map(|class| class.name()).collect();
        assert_eq!(names.len(), DayClass::ALL.len());
    }

    proptest! {
        #[test]
        fn every_known_day_comes_back_once_and_its_class_fits_its_numbers(
            given in prop::collection::vec(
                (prop::option::of(prop_oneof![Just(0), 0_u32..500, any::<u32>()]), prop::option::of(0_u32..600), 0_u32..=1440),
                0..20,
            ),
        ) {
            let days = days(&given);
            let found = classify(&days);

            let known = days.iter().filter(|day| day.device_steps.is_some() || day.minute_steps.is_some());
            prop_assert!(found.iter().map(|row| &row.day).eq(known));
            for row in found {
                let fits = match row.class {
                    DayClass::Exact => row.difference == Some(0),
                    DayClass::Surplus | DayClass::DayTotalOlder => row.difference > Some(0),
                    DayClass::SmallShortfall => row.difference.is_some_and(|less| (-200..0).contains(&less)),
                    DayClass::LargeShortfall => row.difference.is_some_and(|less| less < -200),
                    DayClass::LastPartialDay => row.minute_detail_incomplete(),
                    DayClass::DetailLostAllDay => row.day.minute_steps.is_none_or(|sum| sum == 0),
                    DayClass::NoMinutesFirstDay | DayClass::NoMinutesLastDay | DayClass::NoMinutes => row.day.minute_steps.is_none(),
                    DayClass::NoDayTotal => row.day.device_steps.is_none(),
                };
                prop_assert!(fits, "{:?}", row);
            }
        }
    }
}
