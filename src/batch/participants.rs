//! `--participants FILE`: what a study knows about each participant beside their minutes.
//!
//! One row, or several with a date in `from`, for each participant. Columns, in any order; `participant_id` alone
//! must be there, and an empty cell says nothing:
//!
//! | column | meaning |
//! |---|---|
//! | `participant_id` | the pseudonym, as in the minutes |
//! | `from` | first day on which the row holds; empty: from the beginning |
//! | `enrolled_on` | the day of enrolment, day 1 |
//! | `zone` | IANA zone; another one in a later row is travel |
//! | `brisk_threshold` | the person's own threshold, 60 to 130 steps a minute |
//! | `work`, `sleep` | hours of the week such as `mon-fri 08:00-16:00; sat 09:00-12:00`, or `none` |
//! | `start_of_day` | when their day begins, `HH:MM` |
//!
//! What a later row leaves empty stays as it was.

use std::{array, collections::BTreeMap, path::Path};

use chrono::{NaiveDate, NaiveTime};

pub use super::side_file::{SetAside, SideFileError as ParticipantsError};
use super::side_file::{SideFile, Slashes, date};
use crate::{
    model::{
        OWN_BRISK_SPM, ParticipantId,
        windows::{Weekly, Windows},
    },
    time::{Calendar, Change, Frame, Zone},
};

/// Columns that are known.
const COLUMNS: [&str; 8] =
    ["participant_id", "from", "enrolled_on", "zone", "brisk_threshold", "work", "sleep", "start_of_day"];

/// Everybody in the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Participants {
    people: BTreeMap<ParticipantId, Enrolment>,
}

/// One participant through the study.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enrolment {
    /// The day of enrolment; none where the file does not say.
    pub enrolled_on: Option<NaiveDate>,
    /// Never empty, by date; the first holds from the beginning.
    spans: Vec<Span>,
}

/// From which day on which settings hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// First day; none: from the beginning.
    pub from: Option<NaiveDate>,
    /// All that is in force then, earlier rows included.
    pub setting: Setting,
}

/// What is in force for a participant on one day; none where nothing was said about it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Setting {
    /// Zone.
    pub zone: Option<Zone>,
    /// Steps from which a minute is brisk.
    pub brisk_threshold: Option<u16>,
    /// When the day begins.
    pub start_of_day: Option<NaiveTime>,
    /// Hours of work and sleep.
    pub windows: Option<Windows>,
}

impl Participants {
    /// Reads the file. Rows that do not fit are set aside, one entry for each field that does not.
    pub fn read(path: &Path) -> Result<(Self, Vec<SetAside>), ParticipantsError> {
        Self::from_table(SideFile::read(path)?)
    }

    /// This participant; none when the file does not name them.
    pub fn of(&self, id: &ParticipantId) -> Option<&Enrolment> {
        self.people.get(id)
    }

    /// Everybody, by pseudonym.
    pub fn iter(&self) -> impl Iterator<Item = (&ParticipantId, &Enrolment)> {
        self.people.iter()
    }

    /// Whether anybody has a zone, so that stamps must be instants.
    pub fn name_zones(&self) -> bool {
        self.people.values().flat_map(|person| &person.spans).any(|span| span.setting.zone.is_some())
    }

    fn from_table(mut table: SideFile) -> Result<(Self, Vec<SetAside>), ParticipantsError> {
        table.only(&COLUMNS)?;
        table.needed("participant_id")?;
        let places = COLUMNS.map(|name| table.column(name));
        let mut rows: BTreeMap<ParticipantId, BTreeMap<Option<NaiveDate>, Row>> = BTreeMap::new();
        let mut enrolled = BTreeMap::new();
        for (line, cells) in table.take_rows() {
            let cell = |place: usize| places[place].and_then(|at| cells.get(at)).map_or("", String::as_str);
            let (id, row) = match Row::read(array::from_fn(|place| (COLUMNS[place], cell(place)))) {
                Ok(row) => row,
                Err(problems) => {
                    for (field, problem) in problems {
                        table.aside(line, field, problem);
                    }
                    continue;
                }
            };
            let known = rows.get(&id);
            if known.is_some_and(|rows| rows.contains_key(&row.from)) {
                let when = row.from.map_or("from the beginning".to_owned(), |from| format!("from {from}"));
                table.aside(line, "from", format!("an earlier line already says what holds {when}; keep one of them"));
                continue;
            }
            if let Some(day) = row.enrolled_on
                && *enrolled.entry(id.clone()).or_insert(day) != day
            {
                table.aside(line, "enrolled_on", "an earlier line gives this participant another day of enrolment");
                continue;
            }
            rows.entry(id).or_default().insert(row.from, row);
        }
        let person = |(id, rows): (ParticipantId, BTreeMap<_, Row>)| {
            let enrolled_on = enrolled.get(&id).copied();
            (id, Enrolment { enrolled_on, spans: spans(rows.into_values()) })
        };
        Ok((Self { people: rows.into_iter().map(person).collect() }, table.set_aside))
    }
}

/// Settings add up from row to row.
fn spans(rows: impl Iterator<Item = Row>) -> Vec<Span> {
    let mut spans = vec![Span { from: None, setting: Setting::default() }];
    let mut setting = Setting::default();
    for row in rows {
        setting.zone = row.zone.or(setting.zone);
        setting.brisk_threshold = row.brisk_threshold.or(setting.brisk_threshold);
        setting.start_of_day = row.start_of_day.or(setting.start_of_day);
        if row.work.is_some() || row.sleep.is_some() {
            let windows = setting.windows.get_or_insert_default();
            windows.work = row.work.unwrap_or_else(|| std::mem::take(&mut windows.work));
            windows.sleep = row.sleep.unwrap_or_else(|| std::mem::take(&mut windows.sleep));
        }
        match &mut spans[..] {
            [first] if row.from.is_none() => first.setting = setting.clone(),
            _ => spans.push(Span { from: row.from, setting: setting.clone() }),
        }
    }
    spans
}

/// One row as it was written.
struct Row {
    from: Option<NaiveDate>,
    enrolled_on: Option<NaiveDate>,
    zone: Option<Zone>,
    brisk_threshold: Option<u16>,
    work: Option<Weekly>,
    sleep: Option<Weekly>,
    start_of_day: Option<NaiveTime>,
}

/// What is wrong with a row, field by field.
type Problems = Vec<(&'static str, String)>;

impl Row {
    fn read(cells: [(&'static str, &str); 8]) -> Result<(ParticipantId, Self), Problems> {
        let [id, from, enrolled_on, zone, brisk_threshold, work, sleep, start_of_day] = cells;
        let mut problems = Problems::new();
        let a_date = |text: &str| {
            date(text, Slashes::No).ok_or_else(|| format!("{text:?} is not a date; write it as 2026-03-01"))
        };
        let id = one(id, &mut problems, |text| text.parse::<ParticipantId>().map_err(|bad| bad.to_string()));
        let row = Self {
            from: one(from, &mut problems, a_date),
            enrolled_on: one(enrolled_on, &mut problems, a_date),
            zone: one(zone, &mut problems, |text| text.parse().map_err(|bad: crate::time::BadZone| bad.to_string())),
            brisk_threshold: one(brisk_threshold, &mut problems, threshold),
            work: one(work, &mut problems, |text| text.parse::<Weekly>().map_err(|bad| bad.to_string())),
            sleep: one(sleep, &mut problems, |text| text.parse::<Weekly>().map_err(|bad| bad.to_string())),
            start_of_day: one(start_of_day, &mut problems, time_of_day),
        };
        match id {
            Some(id) if problems.is_empty() => Ok((id, row)),
            Some(_) => Err(problems),
            None => {
                if problems.is_empty() {
                    problems.push(("participant_id", "no participant is named".to_owned()));
                }
                Err(problems)
            }
        }
    }
}

/// A cell's value; an empty cell has none.
fn one<T>(
    (field, text): (&'static str, &str),
    problems: &mut Problems,
    read: impl Fn(&str) -> Result<T, String>,
) -> Option<T> {
    if text.is_empty() {
        return None;
    }
    read(text).map_err(|problem| problems.push((field, problem))).ok()
}

fn threshold(text: &str) -> Result<u16, String> {
    let fits = text.parse().ok().filter(|steps| OWN_BRISK_SPM.contains(steps));
    let (least, most) = (OWN_BRISK_SPM.start(), OWN_BRISK_SPM.end());
    fits.ok_or_else(|| format!("{text:?} is not a whole number of steps a minute from {least} to {most}"))
}

fn time_of_day(text: &str) -> Result<NaiveTime, String> {
    let time = NaiveTime::parse_from_str(text, "%H:%M").or_else(|_| NaiveTime::parse_from_str(text, "%H:%M:00"));
    time.map_err(|_| format!("{text:?} is not a time of day; write it as 04:00"))
}

impl Enrolment {
    /// From when which settings hold, by date; the first holds from the beginning.
    pub fn spans(&self) -> &[Span] {
        &self.spans
    }

    /// What is in force on a day.
    pub fn on(&self, date: NaiveDate) -> &Setting {
        let later = self.spans.partition_point(|span| span.from.is_none_or(|from| from <= date));
        // The first span holds from the beginning, so that at least one is not later.
        &self.spans[later.saturating_sub(1)].setting
    }

    /// How this participant's days are cut; by `home` where the file does not say.
    pub fn calendar(&self, home: &Calendar) -> Calendar {
        let Frame { zone, start_of_day } = home.home();
        let changes = self.spans.iter().map(|span| Change {
            from: span.from,
            zone: span.setting.zone.or(Some(zone)),
            start_of_day: span.setting.start_of_day.or(Some(start_of_day)),
        });
        home.with_changes(&changes.collect::<Vec<_>>())
    }
}

#[cfg(test)]
mod tests;
