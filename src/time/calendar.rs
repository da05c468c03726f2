//! How a person's instants become days, also when they travel or change to night work.

use std::sync::Arc;

use chrono::{DateTime, Datelike as _, Days, NaiveDate, NaiveDateTime, NaiveTime, Utc};

use super::Zone;

/// How a person's instants become days: their zone and the time of day at which a day begins, with dates of change.
///
/// A day begins when a day of its date begins by what holds on that date, and ends where the next one begins. So days
/// meet without a hole, and every instant lies in exactly one: a day before a journey east is short, one before a
/// journey west is long, and one that a journey over the date line leaves out has no minute.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Calendar {
    home: Frame,
    /// What holds from a date on: by date, no date twice.
    changes: Arc<[(NaiveDate, Frame)]>,
}

/// What a day is cut by.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Frame {
    /// The person's zone.
    pub zone: Zone,
    /// When their day begins; midnight for most, later for those who work at night.
    pub start_of_day: NaiveTime,
}

/// A change from a date on; what it leaves out stays as it was.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Change {
    /// First day; none for since ever.
    pub from: Option<NaiveDate>,
    /// Another zone.
    pub zone: Option<Zone>,
    /// Another start of day.
    pub start_of_day: Option<NaiveTime>,
}

impl Frame {
    /// Where a day of this date begins.
    fn start_s(self, date: NaiveDate) -> i64 {
        self.zone.first_at(date, self.start_of_day).timestamp()
    }
}

impl Calendar {
    /// Days that begin at this time in this zone.
    pub fn new(zone: Zone, start_of_day: NaiveTime) -> Self {
        Self { home: Frame { zone, start_of_day }, changes: Arc::default() }
    }

    /// Days that begin at midnight in this zone.
    pub fn midnight(zone: Zone) -> Self {
        Self::new(zone, NaiveTime::MIN)
    }

    /// What holds before any change.
    pub fn home(&self) -> Frame {
        self.home
    }

    /// The same home with these changes, in place of those it had. Of two changes from one date the later in the
    /// list counts.
    #[must_use]
    pub fn with_changes(&self, changes: &[Change]) -> Self {
        let mut changes = changes.to_vec();
        changes.sort_by_key(|change| change.from);
        let mut frame = self.home;
        let mut held: Vec<(NaiveDate, Frame)> = Vec::new();
        for Change { from, zone, start_of_day } in changes {
            let from = from.unwrap_or(NaiveDate::MIN);
            frame.zone = zone.unwrap_or(frame.zone);
            frame.start_of_day = start_of_day.unwrap_or(frame.start_of_day);
            held.retain(|(known, _)| *known != from);
            held.push((from, frame));
        }
        Self { home: self.home, changes: held.into() }
    }

    /// What holds on a date.
    pub fn on(&self, date: NaiveDate) -> Frame {
        let later = self.changes.partition_point(|(from, _)| *from <= date);
        later.checked_sub(1).and_then(|last| self.changes.get(last)).map_or(self.home, |(_, frame)| *frame)
    }

    /// Whether the day is in another zone than the day before it.
    pub fn zone_changed_on(&self, date: NaiveDate) -> bool {
        let before = date.checked_sub_days(Days::new(1)).unwrap_or(date);
        self.on(before).zone != self.on(date).zone
    }

    /// When the person's next zone begins after this moment; none when no change is known.
    pub fn next_zone_at(&self, utc_s: i64) -> Option<i64> {
        let moved = self.changes.iter().map(|(from, _)| *from).filter(|from| self.zone_changed_on(*from));
        moved.map(|from| self.day(from).start_s).find(|start_s| *start_s > utc_s)
    }

    /// The day with this date.
    pub fn day(&self, date: NaiveDate) -> LocalDay {
        let zone = self.on(date).zone;
        let start_s = self.start_s(date);
        LocalDay {
            date,
            start_s,
            end_s: self.start_s(date.checked_add_days(Days::new(1)).unwrap_or(date)),
            offset_min: zone.name().map(|_| zone.offset_s(start_s) / 60),
            zone,
        }
    }

    /// The day that this moment lies in.
    pub fn day_at(&self, utc_s: i64) -> LocalDay {
        let wall = DateTime::from_timestamp(self.home.zone.local_s(utc_s), 0).unwrap_or(DateTime::UNIX_EPOCH);
        let mut day = self.day(wall.date_naive());
        // The wall clock says another date than the day near its start, and where a change repeats it. Zones lie 26
        // hours apart at most, days begin within 24 hours of each other, and empty ones are passed.
        for _ in 0..8 {
            let next = match day.start_s {
                start if utc_s < start => day.date.checked_sub_days(Days::new(1)),
                _ if utc_s >= day.end_s => day.date.checked_add_days(Days::new(1)),
                _ => break,
            };
            let Some(next) = next else { break };
            day = self.day(next);
        }
        day
    }

    /// What the clock on the person's wall shows at this moment, to the second.
    pub fn wall(&self, at: DateTime<Utc>) -> Option<NaiveDateTime> {
        self.day_at(at.timestamp()).zone.wall(at)
    }

    /// Where a date's day begins: never before the day before it does. Four days back nothing can reach: zones lie 26
    /// hours apart at most, and days begin within 24 hours of each other.
    fn start_s(&self, date: NaiveDate) -> i64 {
        let own = self.on(date).start_s(date);
        let near = |from: NaiveDate| (-3..=0).contains(&(from - date).num_days());
        if !self.changes.iter().any(|(from, _)| near(*from)) {
            return own;
        }
        let before = (1..=4).filter_map(|back| date.checked_sub_days(Days::new(back)));
        before.map(|day| self.on(day).start_s(day)).fold(own, i64::max)
    }
}

/// One day of one person: a date, and the half-open interval of UTC seconds that it covers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LocalDay {
    /// The date.
    pub date: NaiveDate,
    /// First second, UTC.
    pub start_s: i64,
    /// First second of the next day, UTC.
    pub end_s: i64,
    /// Offset from UTC at the start, minutes; none where stamps are taken as they stand.
    pub offset_min: Option<i32>,
    /// The zone it was cut in.
    pub zone: Zone,
}

impl LocalDay {
    /// First minute, counted from 1970-01-01T00:00Z. A minute belongs to the day its start lies in.
    pub fn first_minute(&self) -> i64 {
        self.start_s.div_euclid(60) + i64::from(self.start_s.rem_euclid(60) != 0)
    }

    /// First minute of the next day.
    pub fn end_minute(&self) -> i64 {
        self.end_s.div_euclid(60) + i64::from(self.end_s.rem_euclid(60) != 0)
    }

    /// Minutes in the day: 1440, or another number when the clock changes.
    pub fn len_min(&self) -> u32 {
        u32::try_from(self.end_minute() - self.first_minute()).unwrap_or(0)
    }

    /// 1 = Monday … 7 = Sunday.
    pub fn weekday(&self) -> u8 {
        u8::try_from(self.date.weekday().number_from_monday()).unwrap_or(0)
    }

    /// Clock hour of a minute, as the wall clock counts hours from 1970; the repeated hour of an
    /// autumn night counts as an hour of its own.
    pub fn clock_hour(&self, minute: i64) -> i64 {
        let utc_s = minute * 60;
        // The offset is added in whole hours' worth only where it is not a whole hour, so that
        // UTC hours stay distinct when local hours repeat.
        (utc_s + i64::from(self.zone.offset_s(utc_s)).rem_euclid(3600)).div_euclid(3600)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn day(zone: &str, date: &str) -> LocalDay {
        Calendar::midnight(zone.parse().unwrap()).day(date.parse().unwrap())
    }

    #[test]
    fn days_of_the_clock_change_have_1380_and_1500_minutes() {
        assert_eq!(day("Europe/Oslo", "2026-03-29").len_min(), 1380);
        assert_eq!(day("Europe/Oslo", "2026-10-25").len_min(), 1500);
        assert_eq!(day("Europe/Oslo", "2026-10-26").len_min(), 1440);
        assert_eq!(day("Australia/Lord_Howe", "2026-04-05").len_min(), 1470);
        assert_eq!(day("UTC", "2026-03-29").len_min(), 1440);
    }

    #[test]
    fn a_midnight_that_does_not_exist_is_the_first_moment_after_it() {
        // Clocks in Beirut went from 00:00 to 01:00 on 2022-03-27.
        let day = day("Asia/Beirut", "2022-03-27");
        assert_eq!(day.len_min(), 1380);
        assert_eq!(DateTime::from_timestamp(day.start_s, 0).unwrap().to_rfc3339(), "2022-03-26T22:00:00+00:00");
    }

    #[test]
    fn every_second_lies_in_exactly_the_day_that_is_found_for_it() {
        for zone in ["Europe/Oslo", "America/Havana", "Asia/Beirut", "Pacific/Apia", "Asia/Kathmandu"] {
            for start in ["00:00:00", "04:00:00"] {
                let calendar = Calendar::new(zone.parse().unwrap(), start.parse().unwrap());
                // Forty years in steps that meet every hour of the day.
                for step in 0..20_000_i64 {
                    let at = 631_152_000 + step * 63_137;
                    let day = calendar.day_at(at);
                    assert!(day.start_s <= at && at < day.end_s, "{zone} {start} {at} {day:?}");
                }
            }
        }
    }

    #[test]
    fn the_repeated_hour_counts_as_an_hour_of_its_own() {
        let day = day("Europe/Oslo", "2026-10-25");
        let hours: std::collections::BTreeSet<_> =
            (day.first_minute()..day.end_minute()).map(|minute| day.clock_hour(minute)).collect();
        assert_eq!(hours.len(), 25);
    }

    const ZONES: [&str; 8] = [
        "UTC",
        "Europe/Oslo",
        "Asia/Tokyo",
        "America/Los_Angeles",
        "Pacific/Kiritimati",
        "Etc/GMT+12",
        "Asia/Kathmandu",
        "Pacific/Apia",
    ];

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn moved(home: &str, journeys: &[(&str, &str)]) -> Calendar {
        let changes = journeys.iter().map(|(from, zone)| Change {
            from: from.parse().ok(),
            zone: zone.parse().ok(),
            start_of_day: None,
        });
        Calendar::midnight(home.parse().unwrap()).with_changes(&changes.collect::<Vec<_>>())
    }

    #[test]
    fn a_journey_makes_one_day_longer_or_shorter_and_marks_the_next() {
        let east = moved("UTC", &[("2026-07-10", "Asia/Tokyo"), ("2026-07-20", "Europe/Oslo")]);

        let len = |text: &str| east.day(date(text)).len_min();
        assert_eq!(len("2026-07-08"), 1440);
        assert_eq!(len("2026-07-09"), 1440 - 9 * 60);
        assert_eq!(len("2026-07-10"), 1440);
        assert_eq!(len("2026-07-19"), 1440 + 7 * 60);
        let july = (1..=31).map(|day| NaiveDate::from_ymd_opt(2026, 7, day).unwrap());
        let marked: Vec<_> = july.filter(|day| east.zone_changed_on(*day)).map(|day| day.to_string()).collect();
        assert_eq!(marked, ["2026-07-10", "2026-07-20"]);
        assert_eq!(east.day(date("2026-07-10")).offset_min, Some(540));
        let tokyo = east.day(date("2026-07-10")).start_s;
        assert_eq!((east.next_zone_at(tokyo - 1), east.next_zone_at(tokyo + 86_400 * 30)), (Some(tokyo), None));
    }

    #[test]
    fn who_changes_to_night_work_has_one_longer_day() {
        let change = Change { from: Some(date("2026-07-10")), zone: None, start_of_day: "12:00:00".parse().ok() };
        let nights = Calendar::midnight("Europe/Oslo".parse().unwrap()).with_changes(&[change]);

        let lengths = ["2026-07-08", "2026-07-09", "2026-07-10"].map(|text| nights.day(date(text)).len_min());
        assert_eq!(lengths, [1440, 1440 + 12 * 60, 1440]);
        assert!(!nights.zone_changed_on(date("2026-07-10")));
    }

    #[test]
    fn a_day_that_a_journey_leaves_out_has_no_minute() {
        let over = moved("Pacific/Pago_Pago", &[("2026-07-10", "Pacific/Kiritimati")]);

        let lengths =
            ["2026-07-08", "2026-07-09", "2026-07-10", "2026-07-11"].map(|text| over.day(date(text)).len_min());

        assert_eq!(lengths, [1440, 0, 1380, 1440]);
    }

    #[test]
    fn a_change_since_ever_takes_the_place_of_home() {
        let calendar = moved("UTC", &[("", "Asia/Tokyo")]);

        assert_eq!(calendar.on(date("1990-01-01")).zone, "Asia/Tokyo".parse().unwrap());
        assert_eq!(calendar.with_changes(&[]), Calendar::midnight("UTC".parse().unwrap()));
    }

    /// Changes of one traveller, from 2011 on: the December in which Samoa left out a day is among them.
    fn travels() -> impl Strategy<Value = Calendar> {
        let zone = || prop::sample::select(&ZONES[..]);
        let start = || prop::sample::select(vec!["", "00:00:00", "04:00:00", "12:00:00", "23:45:00"]);
        (zone(), prop::collection::vec((0_u64..12, zone(), start()), 0..6)).prop_map(|(home, rows)| {
            let changes = rows.into_iter().map(|(gone, zone, start)| Change {
                from: Some(date("2011-12-24") + Days::new(gone)),
                zone: zone.parse().ok(),
                start_of_day: start.parse().ok(),
            });
            Calendar::midnight(home.parse().unwrap()).with_changes(&changes.collect::<Vec<_>>())
        })
    }

    proptest! {
        #[test]
        fn days_meet_without_a_hole_or_an_overlap(traveller in travels()) {
            let days: Vec<_> = (0..30).map(|gone| traveller.day(date("2011-12-14") + Days::new(gone))).collect();

            for pair in days.windows(2) {
                prop_assert_eq!(pair[0].end_s, pair[1].start_s, "{:?}", pair);
                prop_assert!(pair[0].start_s <= pair[0].end_s, "{:?}", pair);
            }
        }

        #[test]
        fn every_moment_lies_in_the_day_that_is_found_for_it(
            traveller in travels(),
            at in 1_323_820_800_i64..1_326_326_400,
        ) {
            let found = traveller.day_at(at);

            prop_assert!(found.start_s <= at && at < found.end_s, "{:?}", found);
            prop_assert_eq!(found, traveller.day(found.date));
        }

        #[test]
        fn who_stays_at_home_has_the_days_of_home(gone in 0_u64..20_000, home in prop::sample::select(&ZONES[..])) {
            let day = date("1980-01-01") + Days::new(gone);

            let stayed = moved(home, &[("", home), ("2000-01-01", home), ("2010-06-01", home)]);

            prop_assert_eq!(stayed.day(day), Calendar::midnight(home.parse().unwrap()).day(day));
        }
    }
}
