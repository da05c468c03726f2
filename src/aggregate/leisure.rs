//! Whose time a brisk minute lies in: the person's own, or their work's.
//!
//! A step counter knows no domain (activity-science §5); the rule here is the one that can be agreed with a
//! person beforehand: brisk minutes outside their stated working hours are leisure. Without working hours all
//! brisk minutes are, and the totals say [`LeisureRule::None`]. Hours of sleep take nothing away: a minute with
//! steps in them is a walk at night, which is the person's own time unless they work then.

use crate::{
    model::windows::{WallMinute, Windows},
    time::Zone,
};

/// How leisure was told from work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LeisureRule {
    /// No working hours were stated: all brisk minutes are leisure.
    None,
    /// Brisk minutes outside the stated working hours are leisure.
    OutsideWork,
}

impl LeisureRule {
    /// The name that stands in exports.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::OutsideWork => "outside_work",
        }
    }
}

/// A day's brisk minutes by whose time they lie in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Leisure {
    /// How they were told apart.
    pub rule: LeisureRule,
    /// Brisk minutes in the person's own time.
    pub leisure_brisk_min: u32,
    /// Brisk minutes in working hours; none where no working hours are stated, 0 on a day off.
    pub work_brisk_min: Option<u32>,
}

/// Divides a day's brisk minutes, each given once, by the windows in force on that day.
pub fn leisure(brisk: impl IntoIterator<Item = WallMinute>, windows: Option<&Windows>) -> Leisure {
    let work = windows.map(|windows| &windows.work).filter(|work| !work.is_empty());
    let (mut own, mut working) = (0_u32, 0_u32);
    for minute in brisk {
        let side = if work.is_some_and(|work| work.contains(minute)) { &mut working } else { &mut own };
        *side = side.saturating_add(1);
    }
    Leisure {
        rule: if work.is_some() { LeisureRule::OutsideWork } else { LeisureRule::None },
        leisure_brisk_min: own,
        work_brisk_min: work.map(|_| working),
    }
}

/// What the clock on the wall of this zone shows at a minute, counted from 1970-01-01T00:00Z.
///
/// # Panics
/// Never: both remainders are within their types.
pub fn wall_minute(zone: Zone, minute: i64) -> WallMinute {
    let local = zone.local_s(minute.saturating_mul(60)).div_euclid(60);
    // 1970-01-01 was a Thursday.
    let weekday = (local.div_euclid(1440) + 3).rem_euclid(7) + 1;
    WallMinute {
        weekday: u8::try_from(weekday).expect("1 to 7"),
        minute: u16::try_from(local.rem_euclid(1440)).expect("below 1440"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn windows(work: &str, sleep: &str) -> Windows {
        Windows { work: work.parse().unwrap(), sleep: sleep.parse().unwrap() }
    }

    fn at(weekday: u8, hour: u16, minute: u16) -> WallMinute {
        WallMinute { weekday, minute: hour * 60 + minute }
    }

    #[test]
    fn without_working_hours_all_is_leisure_and_work_is_not_known() {
        let brisk = [at(1, 9, 0), at(1, 9, 1), at(1, 3, 0)];
        let all = Leisure { rule: LeisureRule::None, leisure_brisk_min: 3, work_brisk_min: None };

        assert_eq!(leisure(brisk, None), all);
        assert_eq!(leisure(brisk, Some(&windows("none", "daily 23:00-07:00"))), all);
    }

    #[test]
    fn a_day_off_has_no_minute_of_work_and_that_is_known() {
        let found = leisure([at(6, 9, 0)], Some(&windows("mon-fri 08:00-16:00", "none")));

        assert_eq!(found, Leisure { rule: LeisureRule::OutsideWork, leisure_brisk_min: 1, work_brisk_min: Some(0) });
    }

    #[test]
    fn a_walk_in_the_night_is_the_persons_own_unless_they_work_then() {
        let night = [at(2, 3, 0), at(2, 3, 1)];

        let sleeper = leisure(night, Some(&windows("mon-fri 08:00-16:00", "daily 23:00-07:00")));
        let nurse = leisure(night, Some(&windows("mon 22:00-06:00", "daily 08:00-15:00")));

        assert_eq!((sleeper.leisure_brisk_min, sleeper.work_brisk_min), (2, Some(0)));
        assert_eq!((nurse.leisure_brisk_min, nurse.work_brisk_min), (0, Some(2)));
    }

    #[test]
    fn the_wall_clock_decides_on_both_sides_of_a_clock_change() {
        let oslo: Zone = "Europe/Oslo".parse().unwrap();
        let minute = |text: &str| chrono::DateTime::parse_from_rfc3339(text).unwrap().timestamp() / 60;

        // 2026-03-29 was a Sunday; clocks went from 02:00 to 03:00.
        assert_eq!(wall_minute(oslo, minute("2026-03-29T00:59:00Z")), at(7, 1, 59));
        assert_eq!(wall_minute(oslo, minute("2026-03-29T01:00:00Z")), at(7, 3, 0));
        assert_eq!(wall_minute(oslo, minute("2026-03-29T22:00:00Z")), at(1, 0, 0));
        assert_eq!(wall_minute(Zone::AS_IT_STANDS, minute("1969-12-31T23:59:00Z")), at(3, 23, 59));
    }

    proptest! {
        #[test]
        fn leisure_and_work_make_up_all_brisk_minutes(
            brisk in prop::collection::vec((1_u8..=7, 0_u16..1440), 0..50),
            work in prop::sample::select(vec!["none", "mon-fri 08:00-16:00", "daily 22:00-06:00", "daily 00:00-24:00"]),
        ) {
            let brisk: Vec<_> = brisk.into_iter().map(|(weekday, minute)| WallMinute { weekday, minute }).collect();

            let found = leisure(brisk.iter().copied(), Some(&windows(work, "none")));

            let all = found.leisure_brisk_min + found.work_brisk_min.unwrap_or_default();
            prop_assert_eq!(usize::try_from(all).unwrap(), brisk.len());
            prop_assert_eq!(found.work_brisk_min.is_none(), work == "none");
        }
    }
}
