//! A person's week in their own words: when they work and when they sleep, by the clock on their wall.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// Minutes in a day of the wall clock.
const DAY_MIN: u16 = 1440;

/// The days as they are written, Monday first.
const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// A minute as the clock on the wall shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WallMinute {
    /// 1 = Monday … 7 = Sunday (ISO 8601), by the date that the wall clock shows.
    pub weekday: u8,
    /// Minutes since that date's midnight, below 1440.
    pub minute: u16,
}

/// A person's working and sleeping hours through the week.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Windows {
    /// When they work.
    pub work: Weekly,
    /// When they mean to sleep.
    pub sleep: Weekly,
}

/// Hours that come back every week, as sorted windows `[from, to)` of each weekday.
///
/// Written as `mon-fri 08:00-16:00; sat 09:00-12:00`: days, then times, entries parted by `;`. Several days or
/// times are parted by `,`; `daily` is all seven days; `24:00` is the end of a day. A window whose end is before
/// its start goes on into the next day, so `fri 22:00-06:00` ends on Saturday. `none` has no window.
/// Windows that touch or overlap are one. Reading back what [`fmt::Display`] writes gives the same week.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Weekly {
    /// Monday first; sorted, apart from each other, none across midnight.
    days: [Vec<Window>; 7],
}

/// Minutes `[from, to)` of one day, `from < to ≤ 1440`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Window {
    from: u16,
    to: u16,
}

/// Why a text is no week.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadWeekly {
    /// Nothing between two `;`.
    #[error("nothing is written; write days and times such as \"mon-fri 08:00-16:00; sat 09:00-12:00\", or \"none\"")]
    Nothing,
    /// Something that is neither a day nor a time.
    #[error(
        "{0:?} is neither a day nor a time; days are mon, tue, wed, thu, fri, sat, sun, two of them such as mon-fri, \
         or daily, and times are such as 08:00-16:00"
    )]
    NotKnown(String),
    /// Times without days, or days without times.
    #[error("{0:?} needs days and then times, such as \"mon-fri 08:00-16:00\"")]
    Incomplete(String),
    /// A window of no length.
    #[error("{0:?} begins and ends at the same time; a whole day is 00:00-24:00")]
    NoLength(String),
}

impl Weekly {
    /// Whether there is no window at all.
    pub fn is_empty(&self) -> bool {
        self.days.iter().all(Vec::is_empty)
    }

    /// Whether a minute lies in a window. A minute that no clock shows lies in none.
    pub fn contains(&self, at: WallMinute) -> bool {
        let day = usize::from(at.weekday).checked_sub(1).and_then(|day| self.days.get(day));
        day.is_some_and(|windows| windows.iter().any(|window| window.from <= at.minute && at.minute < window.to))
    }

    /// The windows of one weekday, 1 = Monday … 7 = Sunday: minutes `(from, to)` of the wall clock, `to` exclusive.
    pub fn windows(&self, weekday: u8) -> impl Iterator<Item = (u16, u16)> {
        let day = usize::from(weekday).checked_sub(1).and_then(|day| self.days.get(day));
        day.into_iter().flatten().map(|window| (window.from, window.to))
    }

    /// Windows by the day they begin on, 0 = Monday … 6 = Sunday: `(day, from, to)` in minutes of the wall clock. One
    /// whose end is not after its start goes on into the next day.
    pub fn as_begun(&self) -> impl Iterator<Item = (usize, u16, u16)> {
        let days = self.as_written().into_iter().enumerate();
        days.flat_map(|(day, windows)| windows.into_iter().map(move |window| (day, window.from, window.to)))
    }

    fn add(&mut self, day: usize, from: u16, to: u16) {
        if from < to {
            self.days[day % 7].push(Window { from, to });
        } else {
            self.days[day % 7].push(Window { from, to: DAY_MIN });
            if to > 0 {
                self.days[(day + 1) % 7].push(Window { from: 0, to });
            }
        }
    }

    fn join_up(mut self) -> Self {
        for day in &mut self.days {
            day.sort_unstable();
            day.dedup_by(|next, before| {
                let touches = next.from <= before.to;
                if touches {
                    before.to = before.to.max(next.to);
                }
                touches
            });
        }
        self
    }

    /// Windows by the day they begin on: those that meet at midnight are one again where that can be written.
    fn as_written(&self) -> [Vec<Window>; 7] {
        let mut days = self.days.clone();
        for today in 0..7 {
            let tomorrow = (today + 1) % 7;
            // What is left of the first day is not looked at again, so a window is moved once at most.
            let evening = days[today].last().copied().filter(|window| window.to == DAY_MIN);
            let morning = days[tomorrow].first().copied().filter(|window| window.from == 0);
            let (Some(evening), Some(morning)) = (evening, morning) else { continue };
            if morning.to < evening.from
                && let Some(last) = days[today].last_mut()
            {
                last.to = morning.to;
                days[tomorrow].remove(0);
            }
        }
        days
    }
}

impl FromStr for Weekly {
    type Err = BadWeekly;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim().to_ascii_lowercase().replace(['–', '—'], "-");
        if text == "none" {
            return Ok(Self::default());
        }
        let mut week = Self::default();
        // Spaces around the dash of a range mean nothing.
        let parts: Vec<_> = text.split('-').map(str::trim).collect();
        for entry in parts.join("-").trim_end_matches([';', ' ']).split(';').map(str::trim) {
            week.read_entry(entry)?;
        }
        Ok(week.join_up())
    }
}

impl Weekly {
    fn read_entry(&mut self, entry: &str) -> Result<(), BadWeekly> {
        let (mut days, mut times) = (Vec::new(), 0_u32);
        for word in entry.split([' ', ',']).filter(|word| !word.is_empty()) {
            if let Some(named) = days_named(word) {
                if times > 0 {
                    return Err(BadWeekly::Incomplete(shortened(entry)));
                }
                days.extend(named);
                continue;
            }
            let (from, to) = times_named(word).ok_or_else(|| BadWeekly::NotKnown(shortened(word)))?;
            if from == to {
                return Err(BadWeekly::NoLength(shortened(word)));
            }
            for &day in &days {
                self.add(day, from, to);
            }
            times += 1;
        }
        match (days.is_empty(), times) {
            (true, 0) => Err(BadWeekly::Nothing),
            (false, 1..) => Ok(()),
            (true, 1..) | (false, 0) => Err(BadWeekly::Incomplete(shortened(entry))),
        }
    }
}

/// As much of what was written as fits in a sentence.
fn shortened(text: &str) -> String {
    text.chars().take(64).collect()
}

/// `mon`, `mon-fri`, `sat-mon` or `daily`; the names may also be whole.
fn days_named(word: &str) -> Option<Vec<usize>> {
    if word == "daily" {
        return Some((0..7).collect());
    }
    let (first, last) = word.split_once('-').unwrap_or((word, word));
    let (first, last) = (day_named(first)?, day_named(last)?);
    let length = (last + 7 - first) % 7;
    Some((first..=first + length).map(|day| day % 7).collect())
}

fn day_named(name: &str) -> Option<usize> {
    const WHOLE: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    DAYS.iter().position(|day| *day == name).or_else(|| WHOLE.iter().position(|day| *day == name))
}

/// `08:00-16:00`, in minutes; `24:00` only as an end.
fn times_named(word: &str) -> Option<(u16, u16)> {
    let (from, to) = word.split_once('-')?;
    let from = time_named(from).filter(|&minute| minute < DAY_MIN)?;
    // A window to 00:00 ends with its own day.
    let to = time_named(to)?;
    Some((from, if to == 0 { DAY_MIN } else { to }))
}

fn time_named(text: &str) -> Option<u16> {
    let (hours, minutes) = text.split_once(':')?;
    let digits = |text: &str, least: usize| {
        let fits = (least..=2).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        fits.then(|| text.parse::<u16>().ok()).flatten()
    };
    let (hours, minutes) = (digits(hours, 1)?, digits(minutes, 2)?);
    let all = hours * 60 + minutes;
    (minutes < 60 && all <= DAY_MIN).then_some(all)
}

impl fmt::Display for Weekly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let days = self.as_written();
        let mut written = false;
        let mut first = 0;
        while first < 7 {
            let same = days[first..].iter().take_while(|day| **day == days[first]).count();
            if !days[first].is_empty() {
                f.write_str(if written { "; " } else { "" })?;
                written = true;
                match same {
                    7 => f.write_str("daily")?,
                    1 => f.write_str(DAYS[first])?,
                    _ => write!(f, "{}-{}", DAYS[first], DAYS[first + same - 1])?,
                }
                for (place, window) in days[first].iter().enumerate() {
                    f.write_str(if place == 0 { " " } else { ", " })?;
                    let Window { from, to } = window;
                    write!(f, "{:02}:{:02}-{:02}:{:02}", from / 60, from % 60, to / 60, to % 60)?;
                }
            }
            first += same;
        }
        if written { Ok(()) } else { f.write_str("none") }
    }
}

impl TryFrom<String> for Weekly {
    type Error = BadWeekly;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Weekly> for String {
    fn from(week: Weekly) -> Self {
        week.to_string()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn week(text: &str) -> Weekly {
        text.parse().unwrap_or_else(|bad| panic!("{text}: {bad}"))
    }

    fn at(weekday: u8, hour: u16, minute: u16) -> WallMinute {
        WallMinute { weekday, minute: hour * 60 + minute }
    }

    #[test]
    fn a_week_is_read_and_written_in_one_form() {
        for (text, written) in [
            ("mon-fri 08:00-16:00; sat 09:00-12:00", "mon-fri 08:00-16:00; sat 09:00-12:00"),
            ("Monday-Friday 8:00 – 16:00;", "mon-fri 08:00-16:00"),
            ("mon,wed 08:00-12:00,13:00-17:00", "mon 08:00-12:00, 13:00-17:00; wed 08:00-12:00, 13:00-17:00"),
            ("daily 22:30-06:30", "daily 22:30-06:30"),
            ("sat-mon 10:00-11:00", "mon 10:00-11:00; sat-sun 10:00-11:00"),
            ("mon 08:00-12:00; mon 11:00-14:00; mon 14:00-15:00", "mon 08:00-15:00"),
            ("mon 00:00-24:00", "mon 00:00-24:00"),
            ("mon 20:00-00:00", "mon 20:00-24:00"),
            ("sun 22:00-06:00", "sun 22:00-06:00"),
            ("daily 00:00-24:00", "daily 00:00-24:00"),
            ("none", "none"),
        ] {
            assert_eq!(week(text).to_string(), written, "{text}");
        }
    }

    #[test]
    fn a_window_over_midnight_belongs_to_two_days() {
        let nights = week("fri 22:00-06:00");

        assert!(nights.contains(at(5, 22, 0)) && nights.contains(at(5, 23, 59)));
        assert!(nights.contains(at(6, 0, 0)) && nights.contains(at(6, 5, 59)));
        assert!(!nights.contains(at(6, 6, 0)) && !nights.contains(at(5, 5, 0)) && !nights.contains(at(5, 21, 59)));
        assert_eq!(nights.windows(6).collect::<Vec<_>>(), [(0, 360)]);
    }

    #[test]
    fn a_window_ends_before_its_end() {
        let work = week("mon-fri 08:00-16:00");

        assert!(work.contains(at(1, 8, 0)) && work.contains(at(5, 15, 59)));
        assert!(!work.contains(at(1, 16, 0)) && !work.contains(at(6, 9, 0)));
        assert!(!work.contains(at(0, 9, 0)) && !work.contains(at(8, 9, 0)));
    }

    #[test]
    fn what_does_not_fit_is_said_in_a_sentence() {
        for (text, part) in [
            ("", "nothing is written"),
            ("mon 08:00-09:00;;tue 08:00-09:00", "nothing is written"),
            ("mån 08:00-09:00", "\"mån\" is neither a day nor a time"),
            ("mon 8-16", "\"8-16\" is neither"),
            ("mon 24:00-25:00", "\"24:00-25:00\" is neither"),
            ("mon 08:00-08:60", "is neither"),
            ("mon 08:00-08:00", "begins and ends at the same time"),
            ("mon", "needs days and then times"),
            ("08:00-16:00", "needs days and then times"),
            ("mon 08:00-16:00 tue", "needs days and then times"),
        ] {
            let bad = text.parse::<Weekly>().unwrap_err().to_string();
            assert!(bad.contains(part), "{text}: {bad}");
        }
    }

    proptest! {
        #[test]
        fn a_week_reads_back_as_it_was_written(
            raw in prop::collection::vec((0_usize..7, 0_u16..1440, 0_u16..=1440), 0..12),
        ) {
            let mut week = Weekly::default();
            raw.iter().filter(|(_, from, to)| from != to).for_each(|(day, from, to)| week.add(*day, *from, *to));
            let week = week.join_up();

            prop_assert_eq!(week.to_string().parse::<Weekly>(), Ok(week));
        }

        #[test]
        fn windows_hold_the_minutes_they_were_made_of(
            raw in prop::collection::vec((0_usize..7, 0_u16..1439, 1_u16..300), 0..8),
            weekday in 1_u8..=7,
            minute in 0_u16..1440,
        ) {
            let mut week = Weekly::default();
            let of_week = |day: usize, minute: u16| u32::try_from(day).unwrap() * 1440 + u32::from(minute);
            let asked = of_week(usize::from(weekday - 1), minute);
            let mut inside = false;
            for (day, from, length) in raw {
                week.add(day, from, (from + length) % 1440);
                let from = of_week(day, from);
                inside |= (0..u32::from(length)).any(|gone| (from + gone) % 10_080 == asked);
            }

            prop_assert_eq!(week.join_up().contains(WallMinute { weekday, minute }), inside);
        }

        #[test]
        fn any_text_is_read_or_refused(text in "[a-z0-9:;, –-]{0,40}") {
            if let Ok(week) = text.parse::<Weekly>() {
                prop_assert_eq!(week.to_string().parse::<Weekly>(), Ok(week));
            }
        }
    }
}
