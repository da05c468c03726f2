//! `--device-days FILE`: the day totals that a counter or its vendor's table tells, to be set beside the minutes.
//!
//! Columns `participant_id,date,steps`, or Fitabase's `Id,ActivityDate,TotalSteps`, which is known by itself, or
//! others that are named; further columns are passed over. Dates are ISO or `M/D/YYYY`. An empty cell of steps is
//! no total. A day twice with one value counts once; with another value the first is kept.

use std::{
    collections::BTreeMap,
    io::{self, Write},
    path::Path,
    str::FromStr,
};

use chrono::NaiveDate;

pub use super::side_file::{SetAside, SideFileError as DeviceDaysError};
use super::side_file::{SideFile, Slashes, date};
use crate::{
    aggregate::reconcile::{DeviceDay, Reconciled},
    model::ParticipantId,
};

/// More than this is no day's steps: 25 hours of the 200 steps that a minute can hold.
const MOST_DAY_STEPS: u32 = 300_000;

/// Names of the three columns in the table's header; upper and lower case are one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceDayColumns {
    /// Column of the pseudonym.
    pub participant_id: String,
    /// Column of the date.
    pub date: String,
    /// Column of the day's steps.
    pub steps: String,
}

impl Default for DeviceDayColumns {
    fn default() -> Self {
        Self { participant_id: "participant_id".into(), date: "date".into(), steps: "steps".into() }
    }
}

impl DeviceDayColumns {
    /// The columns of Fitabase's `dailyActivity`.
    fn vendor() -> Self {
        Self { participant_id: "Id".into(), date: "ActivityDate".into(), steps: "TotalSteps".into() }
    }

    fn all_in(&self, table: &SideFile) -> bool {
        [&self.participant_id, &self.date, &self.steps].into_iter().all(|name| table.column(name).is_some())
    }
}

/// Why a text is not a map of columns.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{0:?} does not name a column: write participant_id=NAME,date=NAME,steps=NAME, or some of them")]
pub struct BadDeviceDayColumns(String);

impl FromStr for DeviceDayColumns {
    type Err = BadDeviceDayColumns;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut columns = Self::default();
        for part in text.split(',') {
            let bad = || BadDeviceDayColumns(part.to_owned());
            let (column, name) = part.split_once('=').ok_or_else(bad)?;
            let column = match column.trim() {
                "participant_id" => &mut columns.participant_id,
                "date" => &mut columns.date,
                "steps" => &mut columns.steps,
                _ => return Err(bad()),
            };
            let name = Some(name.trim()).filter(|name| !name.is_empty()).ok_or_else(bad)?;
            name.clone_into(column);
        }
        Ok(columns)
    }
}

/// Everybody's day totals; about 30 bytes for each day.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeviceDays {
    people: BTreeMap<ParticipantId, BTreeMap<NaiveDate, u32>>,
}

impl DeviceDays {
    /// Reads the table. Rows that do not fit are set aside, one entry for each field that does not.
    pub fn read(path: &Path, columns: &DeviceDayColumns) -> Result<(Self, Vec<SetAside>), DeviceDaysError> {
        Self::from_table(SideFile::read(path)?, columns)
    }

    fn from_table(mut table: SideFile, columns: &DeviceDayColumns) -> Result<(Self, Vec<SetAside>), DeviceDaysError> {
        let vendor = DeviceDayColumns::vendor();
        let by_itself = *columns == DeviceDayColumns::default() && !columns.all_in(&table) && vendor.all_in(&table);
        let columns = if by_itself { &vendor } else { columns };
        let places =
            [table.needed(&columns.participant_id)?, table.needed(&columns.date)?, table.needed(&columns.steps)?];
        let mut days = Self::default();
        for (line, cells) in table.take_rows() {
            let [id, day, steps] = places.map(|place| cells.get(place).map_or("", String::as_str));
            let id = id.parse::<ParticipantId>().map_err(|bad| (&columns.participant_id, bad.to_string()));
            let day = date(day, Slashes::MonthFirst).ok_or_else(|| {
                (&columns.date, format!("{day:?} is not a date; write it as 2026-03-01 or, month first, 3/1/2026"))
            });
            let steps = day_steps(steps).map_err(|problem| (&columns.steps, problem));
            match (id, day, steps) {
                (Ok(id), Ok(day), Ok(Some(steps))) => {
                    let kept = *days.people.entry(id).or_default().entry(day).or_insert(steps);
                    if kept != steps {
                        table.aside(
                            line,
                            &columns.steps,
                            "an earlier line gives this day another total, which is kept",
                        );
                    }
                }
                (Ok(_), Ok(_), Ok(None)) => {}
                (id, day, steps) => {
                    for (field, problem) in [id.err(), day.err(), steps.err()].into_iter().flatten() {
                        table.aside(line, field, problem);
                    }
                }
            }
        }
        Ok((days, table.set_aside))
    }

    /// The day totals of a participant, by date.
    pub fn of(&self, id: &ParticipantId) -> Option<&BTreeMap<NaiveDate, u32>> {
        self.people.get(id)
    }

    /// Everybody with a total, by pseudonym.
    pub fn participants(&self) -> impl Iterator<Item = &ParticipantId> {
        self.people.keys()
    }

    /// A participant's days from both sources, in order, for [`crate::aggregate::reconcile::classify`]. `minutes`
    /// tells each day that was looked at, in any order: date, sum of its minutes, minutes recorded, and the day's length;
    /// `day_len_min` tells the length of the others.
    pub fn beside(
        &self,
        id: &ParticipantId,
        minutes: impl IntoIterator<Item = MinuteDay>,
        day_len_min: impl Fn(NaiveDate) -> u32,
    ) -> Vec<DeviceDay> {
        let mut days: BTreeMap<NaiveDate, DeviceDay> = BTreeMap::new();
        for MinuteDay { date, minute_steps, minutes_recorded, day_len_min } in minutes {
            let minute_steps = minute_steps.filter(|_| minutes_recorded > 0);
            days.insert(date, DeviceDay { date, device_steps: None, minute_steps, minutes_recorded, day_len_min });
        }
        for (&date, &steps) in self.of(id).into_iter().flatten() {
            let only_total = || DeviceDay {
                date,
                device_steps: None,
                minute_steps: None,
                minutes_recorded: 0,
                day_len_min: day_len_min(date),
            };
            days.entry(date).or_insert_with(only_total).device_steps = Some(steps);
        }
        days.into_values().collect()
    }
}

/// One day of the minutes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MinuteDay {
    /// The day.
    pub date: NaiveDate,
    /// Sum of its minutes, as they stand in the file; none where none was recorded.
    pub minute_steps: Option<u32>,
    /// Minutes with data.
    pub minutes_recorded: u32,
    /// Minutes in the day.
    pub day_len_min: u32,
}

/// A day's steps; none for a cell that is empty or says so.
fn day_steps(text: &str) -> Result<Option<u32>, String> {
    if text.is_empty() || ["na", "nan", "null"].iter().any(|word| text.eq_ignore_ascii_case(word)) {
        return Ok(None);
    }
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let fits = fraction.bytes().all(|byte| byte == b'0') && whole.bytes().all(|byte| byte.is_ascii_digit());
    let steps = whole.parse().ok().filter(|&steps: &u32| fits && steps <= MOST_DAY_STEPS);
    steps.map(Some).ok_or_else(|| format!("{text:?} is not a whole number of steps from 0 to {MOST_DAY_STEPS}"))
}

/// Columns of the table of reconciled days.
pub const RECONCILED_COLUMNS: [&str; 9] = [
    "participant_id",
    "local_date",
    "device_day_steps",
    "minute_steps",
    "difference",
    "class",
    "minute_detail_incomplete",
    "minutes_recorded",
    "day_len_min",
];

/// Writes the table of reconciled days as CSV: steps, minutes less total as `difference`, and an empty cell for
/// what is not known.
pub struct ReconciledWriter<W: Write> {
    out: csv::Writer<W>,
}

impl<W: Write> ReconciledWriter<W> {
    /// Writes the header.
    pub fn new(out: W) -> io::Result<Self> {
        let mut out = csv::Writer::from_writer(out);
        out.write_record(RECONCILED_COLUMNS)?;
        Ok(Self { out })
    }

    /// Writes one participant's days.
    pub fn write(&mut self, id: &ParticipantId, days: &[Reconciled]) -> io::Result<()> {
        let known = |number: Option<i64>| number.map(|number| number.to_string()).unwrap_or_default();
        for row in days {
            self.out.write_record([
                id.as_str(),
                &row.day.date.to_string(),
                &known(row.day.device_steps.map(i64::from)),
                &known(row.day.minute_steps.map(i64::from)),
                &known(row.difference),
                row.class.name(),
                &row.minute_detail_incomplete().to_string(),
                &row.day.minutes_recorded.to_string(),
                &row.day.day_len_min.to_string(),
            ])?;
        }
        Ok(())
    }

    /// Hands everything on.
    pub fn finish(mut self) -> io::Result<()> {
        self.out.flush()
    }

    /// What it was written to.
    pub fn into_inner(self) -> io::Result<W> {
        self.out.into_inner().map_err(|error| io::Error::other(error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aggregate::reconcile::classify;

    fn read(text: &str, columns: &DeviceDayColumns) -> Result<(DeviceDays, Vec<SetAside>), DeviceDaysError> {
        DeviceDays::from_table(SideFile::parse(Path::new("days.csv"), text.as_bytes())?, columns)
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn id(text: &str) -> ParticipantId {
        text.parse().unwrap()
    }

    #[test]
    fn own_vendor_and_named_columns_give_the_same_days() {
        let named = "participant_id=Person,date=Day,steps=Count".parse().unwrap();
        let own = DeviceDayColumns::default();
        for (text, columns) in [
            ("participant_id,date,steps\n7,2016-04-12,9000\n7,2016-04-13,0\n", &own),
            ("Id,ActivityDate,TotalSteps,Calories\n7,4/12/2016,9000,2\n7,4/13/2016,0.0,2\n7,4/14/2016,,2\n", &own),
            ("day;count;person\n4/12/2016;9000;7\n2016-04-13;0;7\n2016-04-13;0;7\n", &named),
        ] {
            let (days, aside) = read(text, columns).unwrap();

            assert_eq!(aside, [], "{text}");
            let expected = BTreeMap::from([(day("2016-04-12"), 9000), (day("2016-04-13"), 0)]);
            assert_eq!(days.of(&id("7")), Some(&expected), "{text}");
        }
    }

    #[test]
    fn a_row_that_does_not_fit_is_named_and_the_others_count() {
        let text = "participant_id,date,steps\n7,2016-04-12,9000\n7,2016-04-12,9001\n7,13/4/2016,-1\n,2016-04-13,1\n\
                    7,2016-04-14,300001\n7,2016-04-15,3e3\n7,2016-04-16,.\n";

        let (days, aside) = read(text, &DeviceDayColumns::default()).unwrap();

        assert_eq!(days.of(&id("7")).unwrap().len(), 1);
        let found: Vec<_> = aside.iter().map(|row| (row.line, row.field.as_str())).collect();
        let steps = "steps";
        assert_eq!(
            found,
            [(3, steps), (4, "date"), (4, steps), (5, "participant_id"), (6, steps), (7, steps), (8, steps)]
        );
    }

    #[test]
    fn a_column_that_is_not_there_is_named() {
        let error = read("Id,ActivityDate,Steps\n7,4/12/2016,1\n", &DeviceDayColumns::default()).unwrap_err();
        assert!(error.to_string().contains("no column \"participant_id\""), "{error}");

        for bad in ["steps", "stamp=x", "steps=", ""] {
            assert!(bad.parse::<DeviceDayColumns>().is_err(), "{bad}");
        }
    }

    #[test]
    fn both_sources_become_one_table() {
        let text = "participant_id,date,steps\n7,2026-04-11,500\n7,2026-04-12,9000\n7,2026-04-13,700\n";
        let (days, _) = read(text, &DeviceDayColumns::default()).unwrap();
        let minute_day = |date: &str, minute_steps, minutes_recorded| MinuteDay {
            date: day(date),
            minute_steps,
            minutes_recorded,
            day_len_min: 1440,
        };
        let minutes = [
            minute_day("2026-04-14", Some(3), 60),
            minute_day("2026-04-12", Some(8990), 1440),
            minute_day("2026-04-13", None, 0),
        ];

        let both = days.beside(&id("7"), minutes, |_| 1440);
        let mut out = Vec::new();
        let mut writer = ReconciledWriter::new(&mut out).unwrap();
        writer.write(&id("7"), &classify(&both)).unwrap();
        writer.finish().unwrap();

        assert_eq!(
            String::from_utf8(out).unwrap(),
            "participant_id,local_date,device_day_steps,minute_steps,difference,class,minute_detail_incomplete,\
             minutes_recorded,day_len_min\n\
             7,2026-04-11,500,,,no_minutes_first_day,false,0,1440\n\
             7,2026-04-12,9000,8990,-10,small_shortfall,true,1440,1440\n\
             7,2026-04-13,700,,,detail_lost_all_day,false,0,1440\n\
             7,2026-04-14,,3,,no_day_total,false,60,1440\n"
        );
    }
}
