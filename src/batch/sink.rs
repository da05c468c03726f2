//! Where finished days go: the tables, the report and the days beside a counter's own totals.

use std::io::{self, Write};

use super::{
    BatchOptions,
    device_days::{MinuteDay, ReconciledWriter},
    spool::Spool,
};
use crate::{
    aggregate::{
        person::PersonBuilder,
        reconcile::classify,
        series::SeriesBuf,
        week::{WeekBuilder, WeekPlan},
    },
    export::{Format, Row, Table, TableWriter},
    model::{DayTotal, ParticipantId, PersonTotal, WeekTotal},
    report::{MOST_PICTURES, PersonPicture, Report},
    time::LocalDay,
};

/// One table on its way out: rows by participant, as they will be written, or packed where a writer needs them whole.
pub(super) struct Sheet {
    table: Table,
    format: Format,
    spool: Spool,
}

impl Sheet {
    fn new(table: Table, format: Format) -> Self {
        Self { table, format, spool: Spool::new() }
    }

    fn push(&mut self, person: usize, row: Row<'_>) -> io::Result<()> {
        let person = u32::try_from(person).map_err(io::Error::other)?;
        match self.format {
            Format::Csv | Format::JsonLines => self.spool.push(person, |out| row.line(self.format, out)),
            // Columns are written in groups of rows: JSON holds the rows until then.
            Format::Parquet => self.spool.push(person, |out| row.line(Format::JsonLines, out)),
        }
    }

    pub fn write(self, metadata: &[(String, String)], out: &mut dyn Write) -> io::Result<()> {
        match self.format {
            Format::Csv | Format::JsonLines => {
                let mut header = Vec::new();
                self.table.header(self.format, &mut header);
                self.spool.write_to(&header, out)
            }
            Format::Parquet => {
                let mut writer = TableWriter::new(self.table, Format::Parquet, out, metadata)?;
                let table = self.table;
                self.spool.for_each_line(&mut |line| match table {
                    Table::Days => writer.row(Row::Day(&serde_json::from_slice::<DayTotal>(line)?)),
                    Table::Weeks => writer.row(Row::Week(&serde_json::from_slice::<WeekTotal>(line)?)),
                    Table::Persons => writer.row(Row::Person(&serde_json::from_slice::<PersonTotal>(line)?)),
                    Table::Minutes | Table::Raw | Table::Goals | Table::Diary | Table::Audit => Ok(()),
                })?;
                writer.finish()?.flush()
            }
        }
    }
}

/// What is made of one participant's days as they come.
struct Course {
    weeks: WeekBuilder,
    person: PersonBuilder,
    picture: Option<PersonPicture>,
    minutes: Vec<MinuteDay>,
}

/// Everything that is made of finished days.
pub(super) struct Sink<'o> {
    options: &'o BatchOptions,
    days: Sheet,
    weeks: Option<Sheet>,
    persons: Option<Sheet>,
    courses: Vec<Option<Course>>,
    report: Option<Report>,
    reconciled: Option<ReconciledWriter<Vec<u8>>>,
    cadence: Vec<Option<u16>>,
}

impl<'o> Sink<'o> {
    pub fn new(options: &'o BatchOptions) -> io::Result<Self> {
        let wanted = &options.tables;
        Ok(Self {
            options,
            days: Sheet::new(Table::Days, options.format),
            weeks: wanted.weeks.map(|format| Sheet::new(Table::Weeks, format)),
            persons: wanted.persons.map(|format| Sheet::new(Table::Persons, format)),
            courses: Vec::new(),
            report: wanted.report.then(Report::new),
            reconciled: match options.device_days {
                Some(_) => Some(ReconciledWriter::new(Vec::new())?),
                None => None,
            },
            cadence: Vec::new(),
        })
    }

    fn wants_courses(&self) -> bool {
        self.weeks.is_some() || self.persons.is_some() || self.report.is_some() || self.reconciled.is_some()
    }

    /// One finished day of a participant; days come in order. `series` holds its minutes.
    pub fn day(&mut self, person: usize, total: &DayTotal, day: &LocalDay, series: &SeriesBuf) -> io::Result<()> {
        self.days.push(person, Row::Day(total))?;
        if !self.wants_courses() {
            return Ok(());
        }
        if self.courses.len() <= person {
            self.courses.resize_with(person + 1, || None);
        }
        let options = self.options;
        let pictured = self.report.is_some();
        let course = self.courses[person].get_or_insert_with(|| Course::new(options, &total.participant_id, pictured));
        if let Some(week) = course.weeks.add(total)
            && let Some(weeks) = &mut self.weeks
        {
            weeks.push(person, Row::Week(&week))?;
        }
        course.person.add(total);
        if let Some(picture) = &mut course.picture {
            self.cadence.clear();
            if person < MOST_PICTURES {
                fill(&mut self.cadence, day, series);
            }
            picture.day(total, &self.cadence);
        }
        if self.reconciled.is_some() {
            let own = crate::aggregate::context::own(day);
            let steps = series.view().stretches(own).flat_map(|stretch| stretch.walked).map(|minute| minute.steps);
            course.minutes.push(MinuteDay {
                date: day.date,
                minute_steps: (total.minutes_recorded > 0).then(|| steps.fold(0, u32::saturating_add)),
                minutes_recorded: total.minutes_recorded,
                day_len_min: day.len_min(),
            });
        }
        Ok(())
    }

    /// What was written of a participant whose rows came out of order is nothing.
    pub fn forget(&mut self, person: usize) {
        let gone = |other: u32| usize::try_from(other).is_ok_and(|other| other == person);
        for sheet in [Some(&mut self.days), self.weeks.as_mut(), self.persons.as_mut()].into_iter().flatten() {
            sheet.spool.forget(gone);
        }
        if let Some(course) = self.courses.get_mut(person) {
            *course = None;
        }
    }

    /// No further day of this participant comes.
    pub fn person_ends(&mut self, person: usize, id: &ParticipantId) -> io::Result<()> {
        let Some(mut course) = self.courses.get_mut(person).and_then(Option::take) else { return Ok(()) };
        if let (Some(week), Some(weeks)) = (course.weeks.finish(), &mut self.weeks) {
            weeks.push(person, Row::Week(&week))?;
        }
        if let (Some(total), Some(persons)) = (course.person.finish(), &mut self.persons) {
            persons.push(person, Row::Person(&total))?;
        }
        if let (Some(picture), Some(report)) = (course.picture, &mut self.report) {
            report.add(picture);
        }
        if let (Some(reconciled), Some(totals)) = (&mut self.reconciled, &self.options.device_days)
            && totals.of(id).is_some()
        {
            let calendar = &self.options.calendar;
            let days = totals.beside(id, course.minutes, |date| calendar.day(date).len_min());
            reconciled.write(id, &classify(&days))?;
        }
        Ok(())
    }

    /// Everything, to be written.
    pub fn into_parts(self) -> io::Result<Parts> {
        let reconciled = self.reconciled.map(ReconciledWriter::into_inner).transpose()?;
        Ok(Parts { days: self.days, weeks: self.weeks, persons: self.persons, report: self.report, reconciled })
    }
}

/// The finished tables.
pub(super) struct Parts {
    days: Sheet,
    weeks: Option<Sheet>,
    persons: Option<Sheet>,
    pub report: Option<Report>,
    pub reconciled: Option<Vec<u8>>,
}

impl Parts {
    /// Takes a table out; none when it was not asked for or was taken.
    pub fn take(&mut self, table: Table) -> Option<Sheet> {
        match table {
            Table::Days => Some(std::mem::replace(&mut self.days, Sheet::new(Table::Days, Format::Csv))),
            Table::Weeks => self.weeks.take(),
            Table::Persons => self.persons.take(),
            // What a file of minutes has none of.
            Table::Minutes | Table::Raw | Table::Goals | Table::Diary | Table::Audit => None,
        }
    }
}

impl Course {
    fn new(options: &BatchOptions, id: &ParticipantId, pictured: bool) -> Self {
        let participants = options.participants.as_ref();
        let enrolled_on = participants.and_then(|all| all.of(id)).and_then(|enrolment| enrolment.enrolled_on);
        let plan = match (options.tables.calendar_weeks, enrolled_on) {
            (true, _) => WeekPlan::Calendar,
            (false, Some(on)) => WeekPlan::Enrolment(on),
            (false, None) => WeekPlan::FirstDay,
        };
        Self {
            weeks: WeekBuilder::new(plan).enrolled_on(enrolled_on),
            person: PersonBuilder::new(plan).enrolled_on(enrolled_on),
            picture: pictured.then(|| PersonPicture::new(id)),
            minutes: Vec::new(),
        }
    }
}

/// The day minute by minute.
fn fill(cadence: &mut Vec<Option<u16>>, day: &LocalDay, series: &SeriesBuf) {
    let own = crate::aggregate::context::own(day);
    let first = own.start;
    cadence.resize(own.len(), None);
    let index = |at: i32| usize::try_from(at - first).unwrap_or(usize::MAX);
    for stretch in series.view().stretches(own) {
        if let Some(recorded) = cadence.get_mut(index(stretch.first)..index(stretch.end)) {
            recorded.fill(Some(0));
        }
        for minute in stretch.walked {
            if let Some(slot) = cadence.get_mut(index(minute.at)) {
                *slot = Some(u16::try_from(minute.steps).unwrap_or(u16::MAX));
            }
        }
    }
}
