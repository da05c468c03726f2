//! The only file that reads a clock or names a zone: the program's clock, local days, and (in
//! [`axis`]) a counter's clock brought to UTC.

pub mod axis;
mod calendar;

use std::{fmt, future::Future, pin::Pin, str::FromStr, time::Duration};

use chrono::{DateTime, MappedLocalTime, NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

pub use calendar::{Calendar, Change, Frame, LocalDay};

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

    /// Names of all zones, in order.
    pub fn names() -> impl Iterator<Item = &'static str> {
        chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name())
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

    #[test]
    fn a_zone_that_is_not_one_is_named() {
        assert_eq!("CET+1".parse::<Zone>(), Err(BadZone("CET+1".to_owned())));
    }
}
