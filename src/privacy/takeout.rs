//! Everything of one person, as open files in one zip: the tables with their codebooks, every minute, every reading as
//! the counter said it, everything they decided and wrote down, and a page that explains it.

mod tables;

use std::{
    io::{self, Seek, Write},
    ops::ControlFlow,
};

use chrono::{DateTime, SecondsFormat, Utc};
use firmware_protocol::reading::{Stamp, Wear};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use zip::{ZipWriter, write::SimpleFileOptions};

use super::{erase::names, portions};
use crate::{
    aggregate::week::{WeekBuilder, WeekPlan},
    days::{DayBook, DaysError, Person, dates},
    devices::Counter,
    export::{
        Format, Row, Table, codebook,
        datapackage::{self, Resource},
    },
    model::{DeviceId, hex},
    person::OwnDecision,
    store::{Said, Store, StoreError, What},
    words::{Language, Phrase, say},
};

/// Minutes that are asked of the store at once: a month.
const MINUTES_AT_ONCE: i64 = 31 * 1440;

/// Who notes in the journal that everything was taken.
pub const ACTOR: &str = "person";

/// Why nothing could be taken away. What is stored is as it was.
#[derive(Debug, thiserror::Error)]
pub enum TakeoutError {
    /// The store failed.
    #[error(transparent)]
    Days(#[from] DaysError),
    /// The files could not be written.
    #[error("your data could not be put together; nothing stored is affected. Make room on the disk and try again")]
    Write(#[source] io::Error),
}

impl From<StoreError> for TakeoutError {
    fn from(error: StoreError) -> Self {
        Self::Days(error.into())
    }
}

impl From<io::Error> for TakeoutError {
    fn from(error: io::Error) -> Self {
        Self::Write(error)
    }
}

impl From<zip::result::ZipError> for TakeoutError {
    fn from(error: zip::result::ZipError) -> Self {
        Self::Write(error.into())
    }
}

/// Whose data, and from where.
#[derive(Clone, Copy)]
pub struct Takeout<'a> {
    /// Readings, decisions.
    pub store: &'a Store,
    /// Days.
    pub book: &'a DayBook,
    /// The counters of this home.
    pub counters: &'a [Counter],
    /// Whose.
    pub person: &'a Person,
    /// Now.
    pub now: DateTime<Utc>,
    /// Of the page that explains it.
    pub language: Language,
    /// What will be decided once the zip is there: that it was taken.
    pub noted: Option<&'a OwnDecision>,
}

impl Takeout<'_> {
    /// Writes the zip.
    ///
    /// # Errors
    /// When the store or the place fails.
    pub fn write<W: Write + Seek>(&self, out: W) -> Result<W, TakeoutError> {
        let mut zip = ZipWriter::new(out);
        begin(&mut zip, "README.txt")?;
        zip.write_all(say(self.language, &self.readme()).as_bytes())?;
        zip.write_all(b"\n")?;
        self.days_and_weeks(&mut zip)?;
        begin(&mut zip, "minutes.csv")?;
        self.minutes(&mut zip)?;
        begin(&mut zip, "readings.jsonl")?;
        self.readings(&mut zip)?;
        begin(&mut zip, "decisions.jsonl")?;
        self.decisions(&mut zip)?;
        begin(&mut zip, "audit.jsonl")?;
        self.audit(&mut zip)?;
        begin(&mut zip, "sent.csv")?;
        zip.write_all(&self.sent()?)?;
        for (name, table) in tables::of_record(&self.person.record) {
            begin(&mut zip, name)?;
            zip.write_all(&table)?;
        }
        Ok(zip.finish()?)
    }

    fn readme(&self) -> Phrase {
        let today = self.person.calendar.day_at(self.now.timestamp()).date;
        Phrase::new("takeout-readme").with("person", self.person.id.as_str()).with("date", today)
    }

    fn days_and_weeks<W: Write + Seek>(&self, zip: &mut ZipWriter<W>) -> Result<(), TakeoutError> {
        let (mut days, mut weeks) = (Vec::new(), Vec::new());
        Table::Days.header(Format::Csv, &mut days);
        Table::Weeks.header(Format::Csv, &mut weeks);
        let mut builder = WeekBuilder::new(WeekPlan::Calendar);
        if let Some((first, today)) = self.book.span(self.person, self.now)? {
            let all: Vec<_> = dates(first, today).collect();
            // A year at once: rows are larger than their lines.
            for some in all.chunks(366) {
                for row in self.book.rows(self.person, some[0], some[some.len() - 1], self.now)? {
                    Row::Day(&row).line(Format::Csv, &mut days);
                    if let Some(week) = builder.add(&row) {
                        Row::Week(&week).line(Format::Csv, &mut weeks);
                    }
                }
            }
        }
        if let Some(week) = builder.finish() {
            Row::Week(&week).line(Format::Csv, &mut weeks);
        }
        for (table, rows) in [(Table::Days, days), (Table::Weeks, weeks)] {
            let name = format!("{}.csv", table.name());
            begin(zip, &name)?;
            zip.write_all(&rows)?;
            begin(zip, &codebook::file_name(table))?;
            zip.write_all(codebook::csv(table).as_bytes())?;
            let bytes = u64::try_from(rows.len()).unwrap_or(u64::MAX);
            let sha256 = hex(&Sha256::digest(&rows));
            let package = datapackage::of(table, &Resource { path: &name, bytes, sha256: &sha256 });
            begin(zip, &datapackage::file_name(table, Format::Csv))?;
            writeln!(zip, "{package:#}")?;
        }
        Ok(())
    }

    fn minutes(&self, out: &mut impl Write) -> Result<(), TakeoutError> {
        out.write_all(&tables::minutes_header())?;
        for wearing in &self.person.counters {
            let within = self.person.minutes_of(wearing);
            let Some(span) = self.store.span(wearing.device, &within)? else { continue };
            let mut from = span.first_minute;
            while from <= span.last_minute {
                let to = (from + MINUTES_AT_ONCE).min(span.last_minute + 1);
                let minutes = self.store.minutes(wearing.device, from, to)?;
                out.write_all(&tables::minutes(wearing.device, &minutes, &self.person.calendar))?;
                from = to;
            }
        }
        Ok(())
    }

    fn readings(&self, out: &mut impl Write) -> Result<(), TakeoutError> {
        for (device, portion) in portions(&self.book.people(), self.counters, &self.person.id) {
            let mut written = Ok(());
            self.store.said(device, &portion, 0, &mut |said| {
                if written.is_ok() {
                    written = writeln!(out, "{}", as_json(device, said));
                }
                if written.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
            })?;
            written?;
        }
        Ok(())
    }

    fn decisions(&self, out: &mut impl Write) -> Result<(), TakeoutError> {
        for decided in self.store.decisions()?.into_iter().filter(|decided| names(decided, &self.person.id)) {
            let decision: Value = serde_json::from_str(&decided.json).unwrap_or(Value::String(decided.json.clone()));
            writeln!(out, "{}", json!({ "at": stamp(decided.at), "by": decided.actor, "decision": decision }))?;
        }
        if let Some(noted) = self.noted {
            writeln!(out, "{}", json!({ "at": stamp(self.now), "by": ACTOR, "decision": noted }))?;
        }
        Ok(())
    }
}

impl Takeout<'_> {
    /// Their audit trail as the journal has it: nothing is kept at home from whom it is about.
    fn audit(&self, out: &mut impl Write) -> Result<(), TakeoutError> {
        for audited in self.store.audit(&self.person.id)? {
            let (seq, software) = (audited.seq, audited.software);
            let row = match audited.what {
                What::Decision(decided) => {
                    let decision: Value = serde_json::from_str(&decided.json).unwrap_or(Value::String(decided.json));
                    json!({ "number": seq, "at": stamp(decided.at), "by": decided.actor, "decision": decision, "software": software })
                }
                What::Day(revision) => {
                    let changed = revision.changed.and_then(|changed| serde_json::from_str::<Value>(&changed).ok());
                    json!({
                        "number": seq,
                        "at": stamp(revision.computed_at),
                        "by": revision.actor,
                        "day": revision.date,
                        "revision": revision.revision,
                        "why": revision.reason,
                        "changed": changed,
                        "software": software,
                    })
                }
                What::Gone => json!({ "number": seq, "gone": true }),
            };
            writeln!(out, "{row}")?;
        }
        Ok(())
    }

    /// What became of their days at databases of a study.
    fn sent(&self) -> Result<Vec<u8>, TakeoutError> {
        let mut all = Vec::new();
        for target in self.store.sent_days(&self.person.id)?.into_keys() {
            all.extend(self.store.passages(&target, &self.person.id)?.into_values());
        }
        Ok(tables::sent(all))
    }
}

/// The next file of the zip.
fn begin<W: Write + Seek>(zip: &mut ZipWriter<W>, name: &str) -> Result<(), TakeoutError> {
    // Readings of many years may make a file of more than four gigabytes.
    Ok(zip.start_file(name, SimpleFileOptions::default().large_file(true))?)
}

fn stamp(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

fn as_json(device: DeviceId, said: &Said) -> Value {
    let epoch = &said.epoch;
    let stamped = match epoch.stamp {
        Stamp::Uptime { boot, seconds } => json!({ "clock": "uptime", "boot": boot, "seconds": seconds }),
        Stamp::Utc { seconds } => json!({ "clock": "utc", "seconds": seconds }),
        Stamp::Local { seconds, offset_min } => {
            json!({ "clock": "wall", "seconds": seconds, "offset_min": offset_min })
        }
    };
    let worn = match epoch.wear {
        Wear::Unknown => None,
        Wear::Worn => Some("worn"),
        Wear::NotWorn => Some("not_worn"),
        Wear::Charging => Some("charging"),
    };
    json!({
        "counter": device.to_string(),
        "arrived": stamp(said.arrived),
        "number": epoch.seq,
        "start_utc": said.start_s.and_then(|start_s| DateTime::from_timestamp(start_s, 0)).map(stamp),
        "stamp": stamped,
        "seconds": epoch.seconds,
        "steps": epoch.steps,
        "at_least": epoch.saturated,
        "wear": worn,
        "clock_unset": epoch.clock_unset,
    })
}
