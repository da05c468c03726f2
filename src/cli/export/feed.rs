//! The rows of a table, asked of the API a portion at a time: one person after the other or, by month, one month after
//! the other.

use std::cell::Cell;

use anyhow::{Context as _, ensure};
use chrono::{Datelike as _, Months, NaiveDate};
use indicatif::ProgressBar;

use crate::{
    aggregate::{WeekBuilder, WeekPlan},
    api::{
        Asked, DaysReply,
        audit::AuditReply,
        tables::{DiaryRowsReply, ExportPerson, ExportReply, GoalRowsReply, MinutesReply, RawCursor, RawReply},
    },
    cli::client::Session,
    export::{Row, Table, audit::NO_HASH, manifest::Chain},
};

/// Where the rows come from.
pub struct Feed<'a> {
    pub session: &'a Session,
    pub table: Table,
    pub about: &'a ExportReply,
    pub asked: &'a Asked,
    pub by_month: bool,
    pub bar: &'a ProgressBar,
    /// Readings that stay at home, so far, since nothing ties them to a day in the study.
    pub undated: Cell<u64>,
}

/// What is done with a row.
type Sink<'s> = dyn FnMut(Row<'_>) -> anyhow::Result<()> + 's;

impl Feed<'_> {
    /// Hands on every row. Of an audit trail, gives each person's chain.
    pub fn rows(&self, sink: &mut Sink<'_>) -> anyhow::Result<Vec<Chain>> {
        if self.table == Table::Audit {
            return self.about.people.iter().map(|person| self.trail(person, sink)).collect();
        }
        self.of_days(sink).map(|()| Vec::new())
    }

    fn of_days(&self, sink: &mut Sink<'_>) -> anyhow::Result<()> {
        let days = |person: &ExportPerson| person.first.zip(person.last);
        let spans: Vec<_> = self.about.people.iter().filter_map(|person| Some((person, days(person)?))).collect();
        let total: i64 = spans.iter().map(|(_, (first, last))| (*last - *first).num_days() + 1).sum();
        self.bar.set_length(u64::try_from(total).unwrap_or(0));
        match self.table {
            Table::Days | Table::Minutes if self.by_month => {
                let first = spans.iter().map(|(_, (first, _))| *first).min();
                let last = spans.iter().map(|(_, (_, last))| *last).max();
                let mut month = first.and_then(|first| first.with_day(1));
                while let Some((from, last)) = month.zip(last).filter(|(from, last)| from <= last) {
                    let next = from.checked_add_months(Months::new(1));
                    let to = next.and_then(|next| next.pred_opt()).unwrap_or(last);
                    for (person, (first, last)) in &spans {
                        let (from, to) = (from.max(*first), to.min(*last));
                        if from <= to {
                            self.span(person, from, to, sink)?;
                        }
                    }
                    month = next;
                }
                Ok(())
            }
            Table::Days | Table::Minutes => {
                spans.iter().try_for_each(|(person, (first, last))| self.span(person, *first, *last, sink))
            }
            Table::Weeks => {
                spans.iter().try_for_each(|(person, (first, last))| self.weeks(person, *first, *last, sink))
            }
            Table::Raw => self.about.people.iter().try_for_each(|person| self.readings(person, sink)),
            Table::Goals => self.about.people.iter().try_for_each(|person| {
                let reply: GoalRowsReply = self.session.get("export/goals", &self.of(person))?;
                reply.goals.iter().try_for_each(|goal| sink(Row::Goal(goal)))
            }),
            Table::Diary => self.about.people.iter().try_for_each(|person| {
                let reply: DiaryRowsReply = self.session.get("export/diary", &self.of(person))?;
                reply.diary.iter().try_for_each(|entry| sink(Row::Diary(entry)))
            }),
            Table::Persons | Table::Audit => Ok(()),
        }
    }

    fn of(&self, person: &ExportPerson) -> Asked {
        Asked { person: Some(person.participant_id.clone()), ..self.asked.clone() }
    }

    /// A person's days or minutes between two dates.
    fn span(&self, person: &ExportPerson, from: NaiveDate, to: NaiveDate, sink: &mut Sink<'_>) -> anyhow::Result<()> {
        if self.table == Table::Days {
            return self.days(person, from, to, &mut |day| sink(Row::Day(day)));
        }
        let mut next = Some(from);
        while let Some(from) = next {
            let asked = Asked { from: Some(from), to: Some(to), ..self.of(person) };
            let reply: MinutesReply = self.session.get("export/minutes", &asked)?;
            reply.minutes.iter().try_for_each(|minute| sink(Row::Minute(minute)))?;
            next = self.go_on(from, to, reply.next)?;
        }
        Ok(())
    }

    fn days(
        &self,
        person: &ExportPerson,
        from: NaiveDate,
        to: NaiveDate,
        each: &mut dyn FnMut(&crate::model::DayTotal) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let mut next = Some(from);
        while let Some(from) = next {
            let asked = Asked { from: Some(from), to: Some(to), ..self.of(person) };
            let reply: DaysReply = self.session.get("export/days", &asked)?;
            reply.days.iter().try_for_each(&mut *each)?;
            next = self.go_on(from, to, reply.next)?;
        }
        Ok(())
    }

    /// The next portion's first day, and how far the work is.
    fn go_on(&self, from: NaiveDate, to: NaiveDate, next: Option<NaiveDate>) -> anyhow::Result<Option<NaiveDate>> {
        let done = next.map_or((to - from).num_days() + 1, |next| (next - from).num_days());
        self.bar.inc(u64::try_from(done).unwrap_or(0));
        self.bar.set_message(format!("{} {}", self.table.name(), next.unwrap_or(to)));
        next.is_none_or(|next| next > from).then_some(next).context(WENT_BACK)
    }

    fn weeks(&self, person: &ExportPerson, from: NaiveDate, to: NaiveDate, sink: &mut Sink<'_>) -> anyhow::Result<()> {
        let mut builder = WeekBuilder::new(person.enrolled.map_or(WeekPlan::Calendar, WeekPlan::Enrolment));
        self.days(person, from, to, &mut |day| builder.add(day).map_or(Ok(()), |week| sink(Row::Week(&week))))?;
        builder.finish().map_or(Ok(()), |week| sink(Row::Week(&week)))
    }

    fn readings(&self, person: &ExportPerson, sink: &mut Sink<'_>) -> anyhow::Result<()> {
        let mut after: Option<RawCursor> = None;
        loop {
            let asked = self.of(person);
            let reply: RawReply = match after {
                None => self.session.get("export/raw", &asked)?,
                Some(after) => self.session.get_after("export/raw", &asked, &String::from(after))?,
            };
            reply.readings.iter().try_for_each(|reading| sink(Row::Raw(reading)))?;
            self.undated.set(self.undated.get() + reply.undated);
            self.bar.inc(u64::try_from(reply.readings.len())?);
            let Some(next) = reply.next else { return Ok(()) };
            ensure!(after.is_none_or(|after| after < next), "{WENT_BACK}");
            after = Some(next);
        }
    }

    /// A person's audit trail. It grows while it is read; what is written is whole at the moment of the last portion.
    fn trail(&self, person: &ExportPerson, sink: &mut Sink<'_>) -> anyhow::Result<Chain> {
        let asked = Asked { person: Some(person.participant_id.clone()), ..Asked::default() };
        let (mut after, mut newest) = (0_u32, NO_HASH.to_owned());
        loop {
            let reply: AuditReply = self.session.get_after("audit", &asked, &after.to_string())?;
            for row in &reply.rows {
                let follows = Some(row.seq) == after.checked_add(1) && row.prev_hash == newest;
                ensure!(follows && row.row_hash == row.hash(), "{CHANGED_MEANWHILE}");
                sink(Row::Audit(row))?;
                (after, newest) = (row.seq, row.row_hash.clone());
            }
            if reply.next.is_none() {
                ensure!(reply.count == usize::try_from(after)? && reply.head_hash == newest, "{CHANGED_MEANWHILE}");
                let AuditReply { head_hash, kept_back, before_enrolment, after_leaving, unreadable, .. } = reply;
                let participant_id = person.participant_id.clone();
                return Ok(Chain {
                    participant_id,
                    rows: after.into(),
                    head_hash,
                    kept_back,
                    before_enrolment,
                    after_leaving,
                    unreadable,
                });
            }
            ensure!(!reply.rows.is_empty(), "{CHANGED_MEANWHILE}");
        }
    }
}

const WENT_BACK: &str = "the daemon went back in time; nothing was written";
const CHANGED_MEANWHILE: &str = "the audit trail became another one while it was read, and nothing was written. Export \
                                 again; if it says so again, `brisk data verify` tells what is wrong with the journal";
