//! The calendar as counters that show a wall clock write it: proleptic Gregorian dates and times of day,
//! without a zone.

const DAY_S: i64 = 86_400;
/// 0001-01-01 and 9999-12-31, in days since 1970-01-01: what four digits of year can say.
const FIRST_DAY: i64 = -719_162;
const LAST_DAY: i64 = 2_932_896;

/// A date that exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
}

/// A date and a time of day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Wall {
    /// The date.
    pub date: Date,
    /// 0 to 23.
    pub hour: u8,
    /// 0 to 59.
    pub minute: u8,
    /// 0 to 59.
    pub second: u8,
}

const fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

const fn month_days(year: i64, month: u8) -> u8 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970-01-01 to the first of January of this year.
const fn year_start(year: i64) -> i64 {
    let before = year - 1;
    before * 365 + before / 4 - before / 100 + before / 400 + FIRST_DAY
}

impl Date {
    /// None when there is no such day. Years are 1 to 9999.
    pub fn new(year: u16, month: u8, day: u8) -> Option<Self> {
        let exists = (1..=9999).contains(&year)
            && (1..=12).contains(&month)
            && (1..=month_days(year.into(), month)).contains(&day);
        exists.then_some(Self { year, month, day })
    }

    /// The date so many days after 1970-01-01, kept within the years 1 to 9999.
    pub fn from_days(days: i64) -> Self {
        let days = days.clamp(FIRST_DAY, LAST_DAY);
        // 400 years have 146 097 days; the guess is at most one year off.
        let guess = 1970 + (days * 400).div_euclid(146_097);
        let year = [guess + 1, guess, guess - 1].into_iter().find(|year| year_start(*year) <= days).unwrap_or(guess);
        let mut rest = days - year_start(year);
        let mut month = 1;
        while month < 12 && rest >= i64::from(month_days(year, month)) {
            rest -= i64::from(month_days(year, month));
            month += 1;
        }
        Self { year: u16::try_from(year).unwrap_or(1), month, day: u8::try_from(rest + 1).unwrap_or(1) }
    }

    /// Days since 1970-01-01.
    pub fn days(self) -> i64 {
        let months: i64 = (1..self.month).map(|month| i64::from(month_days(self.year.into(), month))).sum();
        year_start(self.year.into()) + months + i64::from(self.day) - 1
    }

    /// 1 to 9999.
    pub const fn year(self) -> u16 {
        self.year
    }

    /// 1 to 12.
    pub const fn month(self) -> u8 {
        self.month
    }

    /// 1 to 31.
    pub const fn day(self) -> u8 {
        self.day
    }
}

impl Wall {
    /// None when there is no such time.
    pub fn new(date: Date, hour: u8, minute: u8, second: u8) -> Option<Self> {
        (hour < 24 && minute < 60 && second < 60).then_some(Self { date, hour, minute, second })
    }

    /// What a wall clock shows so many seconds after it showed 1970-01-01 00:00.
    pub fn from_seconds(seconds: i64) -> Self {
        let of_day = seconds.rem_euclid(DAY_S);
        let part = |value: i64| u8::try_from(value).unwrap_or(0);
        Self {
            date: Date::from_days(seconds.div_euclid(DAY_S)),
            hour: part(of_day / 3600),
            minute: part(of_day / 60 % 60),
            second: part(of_day % 60),
        }
    }

    /// Seconds since it showed 1970-01-01 00:00.
    pub fn seconds(self) -> i64 {
        self.date.days() * DAY_S + i64::from(self.hour) * 3600 + i64::from(self.minute) * 60 + i64::from(self.second)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_day_of_a_thousand_years_has_its_own_date() {
        let mut before = Date::from_days(-400_000);
        for days in -399_999..400_000 {
            let date = Date::from_days(days);

            assert_eq!(date.days(), days);
            assert!(date > before && Date::new(date.year, date.month, date.day) == Some(date));
            before = date;
        }
    }

    #[test]
    fn days_that_do_not_exist_are_none() {
        assert_eq!(Date::new(2026, 2, 29), None);
        assert_eq!(Date::new(1900, 2, 29), None);
        assert!(Date::new(2000, 2, 29).is_some() && Date::new(2024, 2, 29).is_some());
        assert_eq!(Date::new(2026, 13, 1), None);
        assert_eq!(Date::new(2026, 0, 1), None);
        assert_eq!(Date::new(0, 1, 1), None);
        assert_eq!(Wall::new(Date::from_days(0), 24, 0, 0), None);
    }

    #[test]
    fn the_ends_of_the_calendar_hold() {
        assert_eq!(Date::from_days(i64::MIN), Date { year: 1, month: 1, day: 1 });
        assert_eq!(Date::from_days(i64::MAX), Date { year: 9999, month: 12, day: 31 });
        assert_eq!(Wall::from_seconds(1_772_366_400).seconds(), 1_772_366_400);
        assert_eq!(Wall::from_seconds(-1).hour, 23);
    }
}
