//! The only file that reads a clock or names a zone: the program's clock, local days, and (in
//! [`axis`]) a counter's clock brought to UTC.

pub mod axis;

use std::{fmt, future::Future, pin::Pin, str::FromStr, time::Duration};

use chrono::{
    DateTime, Datelike, Days, MappedLocalTime, NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeDelta, TimeZone, Utc,
};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

/// A person's time zone: an IANA name, or none for stamps that are taken as they stand.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Zone(Option<Tz>);

/// Why a text is not a zone.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{0:?} is not a time zone of the IANA list, such as \"Europe/Oslo\"")]
pub struct BadZone(String);

impl Zone {
    /// Stamps as they stand: every day has 1440 minutes, and the zone is not known.
    pub const AS_IT_STANDS: Self = Self(None);

    /// The zone of this machine, UTC when it does not say.
    pub fn of_this_machine() -> Self {
        let name = iana_time_zone::get_timezone().ok();
        Self(Some(name.and_then(|name| name.parse().ok()).unwrap_or(Tz::UTC)))
    }

    /// The IANA name; none for stamps as they stand.
    pub fn name(self) -> Option<&'static str> {
        self.0.map(Tz::name)
    }

    /// Whether clocks of both zones show the same all through the year from this moment on: "UTC" and "Etc/UTC" do.
    pub fn shows_the_same_as(self, other: Self, from_utc_s: i64) -> bool {
        let weeks = (0..53).map(|week| from_utc_s + week * 7 * 86_400);
        weeks.into_iter().all(|at| self.offset_s(at) == other.offset_s(at))
    }

    /// The local wall clock at this moment, as seconds since 1970-01-01 00:00 of that wall clock.
    pub fn local_s(self, utc_s: i64) -> i64 {
        utc_s + i64::from(self.offset_s(utc_s))
    }

    /// What the wall clock shows at this moment, to the second.
    pub fn wall(self, at: DateTime<Utc>) -> Option<NaiveDateTime> {
        DateTime::from_timestamp(self.local_s(at.timestamp()), 0).map(|wall| wall.naive_utc())
    }

    /// Offset from UTC in seconds at this moment, positive east.
    pub fn offset_s(self, utc_s: i64) -> i32 {
        let at = DateTime::from_timestamp(utc_s, 0);
        match (self.0, at) {
            (Some(zone), Some(at)) => zone.offset_from_utc_datetime(&at.naive_utc()).fix().local_minus_utc(),
            (None, _) | (_, None) => 0,
        }
    }

    /// The first UTC second at which the wall clock shows this time or, in the hour that a clock
    /// change skips, the first after it.
    fn first_at(self, date: NaiveDate, time: NaiveTime) -> DateTime<Utc> {
        let Some(zone) = self.0 else {
            return date.and_time(time).and_utc();
        };
        let mut wall = date.and_time(time);
        // No zone has ever skipped more than a day (Samoa, 2011-12-30).
        for _ in 0..=24 * 4 {
            match zone.from_local_datetime(&wall) {
                MappedLocalTime::Single(at) | MappedLocalTime::Ambiguous(at, _) => return at.to_utc(),
                MappedLocalTime::None => wall += TimeDelta::minutes(15),
            }
        }
        date.and_time(time).and_utc()
    }
}

impl FromStr for Zone {
    type Err = BadZone;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        name.parse().map(|zone| Self(Some(zone))).map_err(|_| BadZone(name.chars().take(64).collect()))
    }
}

impl TryFrom<String> for Zone {
    type Error = BadZone;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        name.parse()
    }
}

impl From<Zone> for String {
    fn from(zone: Zone) -> Self {
        zone.name().unwrap_or("").to_owned()
    }
}

/// How a person's instants become days: the zone, and the time of day at which a day begins.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Calendar {
    /// The person's zone.
    pub zone: Zone,
    /// When their day begins; midnight for most, later for those who work at night.
    pub start_of_day: NaiveTime,
}

impl Calendar {
    /// Days that begin at midnight in this zone.
    pub fn midnight(zone: Zone) -> Self {
        Self { zone, start_of_day: NaiveTime::MIN }
    }

    /// The day with this date.
    pub fn day(&self, date: NaiveDate) -> LocalDay {
        let start = self.zone.first_at(date, self.start_of_day);
        let next = date.checked_add_days(Days::new(1)).unwrap_or(date);
        let end = self.zone.first_at(next, self.start_of_day);
        LocalDay {
            date,
            start_s: start.timestamp(),
            end_s: end.timestamp(),
            offset_min: self.zone.name().map(|_| self.zone.offset_s(start.timestamp()) / 60),
            zone: self.zone,
        }
    }

    /// The day that this moment lies in.
    pub fn day_at(&self, utc_s: i64) -> LocalDay {
        let wall = DateTime::from_timestamp(self.zone.local_s(utc_s), 0).unwrap_or(DateTime::UNIX_EPOCH);
        let mut day = self.day(wall.date_naive());
        // The wall clock says another date than the day near its start, and where a change repeats it.
        for _ in 0..3 {
            if utc_s < day.start_s {
                day = self.day(day.date - Days::new(1));
            } else if utc_s >= day.end_s {
                day = self.day(day.date + Days::new(1));
            } else {
                break;
            }
        }
        day
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

/// The program's clock.
pub trait Clock: Send + Sync {
    /// UTC by this clock, whether or not it can be believed.
    fn utc(&self) -> DateTime<Utc>;
    /// Time since some start, never going back.
    fn monotonic(&self) -> Duration;
    /// Whether UTC has been set from a source that can be believed. Until then readings are kept,
    /// no counter's clock is set and no day is shown.
    fn synchronised(&self) -> bool;
    /// Lets this much time pass.
    fn sleep(&self, time: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>>;
}

/// The machine's clock.
pub struct SystemClock {
    started: std::time::Instant,
    /// How long after the start the clock is believed although nothing says that it was set.
    believe_after: Duration,
    /// The newest instant that is known to have been: this program's journal.
    not_before: DateTime<Utc>,
}

impl SystemClock {
    /// A clock that believes itself when the system says it is synchronised, when the machine has
    /// a clock battery, or after `believe_after`; and never while it shows a time before `not_before`.
    #[expect(clippy::disallowed_methods, reason = "the one place where the program's clock is read")]
    pub fn new(believe_after: Duration, not_before: DateTime<Utc>) -> Self {
        Self { started: std::time::Instant::now(), believe_after, not_before }
    }
}

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place where the program's clock is read")]
    fn utc(&self) -> DateTime<Utc> {
        Utc::now()
    }

    fn monotonic(&self) -> Duration {
        self.started.elapsed()
    }

    fn synchronised(&self) -> bool {
        // systemd-timesyncd(8) makes the first file when it has set the clock; the second is there
        // when a battery-backed clock is.
        let told =
            || ["/run/systemd/timesync/synchronized", "/dev/rtc0"].iter().any(|p| std::path::Path::new(p).exists());
        self.utc() >= self.not_before && (self.monotonic() >= self.believe_after || told())
    }

    fn sleep(&self, time: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(tokio::time::sleep(time))
    }
}

impl fmt::Debug for SystemClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SystemClock")
    }
}

#[cfg(test)]
mod tests {
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
                let calendar = Calendar { zone: zone.parse().unwrap(), start_of_day: start.parse().unwrap() };
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

    #[test]
    fn a_zone_that_is_not_one_is_named() {
        assert_eq!("CET+1".parse::<Zone>(), Err(BadZone("CET+1".to_owned())));
    }
}
