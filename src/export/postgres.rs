//! PostgreSQL: schema `brisk` of the study's own database, reached through four functions that a home may call.
//!
//! The newest revision of a day wins, decided by the database while it holds the row; an older or repeated one changes
//! nothing, and every change leaves a row of audit. Each call is a connection of its own, so that a thousand homes do not
//! hold a thousand connections, and nothing is left to go stale. What a data manager does is in `docs/postgres.md`.

mod connect;
mod migrations;
mod trouble;

use std::{
    fmt::{self, Write as _},
    time::Duration,
};

use chrono::NaiveDate;
use serde_json::{Value, json};
use tokio_postgres::{Client, Row, types::Type};

use self::connect::Door;
pub use self::migrations::{migrations, script};
use super::{
    StudyDay,
    target::{Export, Held, Trouble, Verdict, Withdrawal},
};
use crate::model::ParticipantId;

/// The number under which whoever applies migrations queues up in PostgreSQL: "brisk" in ASCII.
const MIGRATING: i64 = 0x62_72_69_73_6b;

/// Everything that has to be so before a day is sent.
const STATE: &str = "SELECT version, grants, current_setting('server_version'), pg_is_in_recovery(), \
                     has_function_privilege('brisk.put_days(jsonb)', 'EXECUTE') \
                     AND has_function_privilege('brisk.held(text, text)', 'EXECUTE') \
                     AND has_function_privilege('brisk.withdraw(text, text, date, integer, integer, boolean)', 'EXECUTE') \
                     FROM brisk.state()";

/// Where the database is, and how this home is known there.
pub struct PostgresSettings {
    /// `postgres://role@host:port/database`, without a password. To any host but this machine the connection is encrypted
    /// and the server's certificate is checked for its name; nothing switches that off.
    pub url: String,
    /// The role's password, if it has one.
    pub password: Option<String>,
    /// Certificates (PEM) of the authorities that may vouch for the server; without, those that browsers know.
    pub ca_pem: Option<Vec<u8>>,
    /// The most days in one request.
    pub days_at_once: usize,
}

impl fmt::Debug for PostgresSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PostgresSettings(hidden)")
    }
}

/// A study's PostgreSQL. Connects when it is called, and leaves when the call ends.
pub struct Postgres {
    door: Door,
    days_at_once: usize,
}

impl fmt::Debug for Postgres {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Postgres(hidden)")
    }
}

impl Postgres {
    /// A database that is not asked yet.
    ///
    /// # Errors
    /// [`Trouble::Stopped`] when the address, or the certificate of the authority, cannot be used.
    pub fn new(settings: PostgresSettings) -> Result<Self, Trouble> {
        let PostgresSettings { url, password, ca_pem, days_at_once } = settings;
        let door = Door::new(&url, password.as_deref(), ca_pem.as_deref())?;
        Ok(Self { door, days_at_once: days_at_once.max(1) })
    }

    /// The same, with calls that end after this time at the latest; it is a minute otherwise.
    #[must_use]
    pub fn with_deadline(mut self, deadline: Duration) -> Self {
        self.door.deadline = deadline;
        self
    }

    /// Applies the [`migrations`] that the database lacks, all in one transaction, and says which. Needs a role that may
    /// create roles and schemas: the study's, never a home's. Two at a time wait for each other.
    ///
    /// # Errors
    /// When they are not known to be applied; the database is then as it was before.
    pub fn apply_migrations(&mut self) -> Result<Vec<u32>, Trouble> {
        self.door.visit(async |client| {
            client.batch_execute(&format!("BEGIN; SELECT pg_advisory_xact_lock({MIGRATING})")).await?;
            let there = client.query_typed("SELECT to_regclass('brisk.schema_version')::text", &[]).await?;
            let there = first::<Option<String>>(&there)?.flatten().is_some();
            let applied = if there {
                let newest = client.query_typed("SELECT max(version) FROM brisk.schema_version", &[]).await?;
                first::<Option<i32>>(&newest)?.flatten().unwrap_or(0)
            } else {
                0
            };
            let lacking: Vec<_> =
                migrations().iter().filter(|(number, _)| i64::from(*number) > applied.into()).collect();
            for (_, statements) in &lacking {
                client.batch_execute(statements).await?;
            }
            client.batch_execute("COMMIT").await?;
            Ok(lacking.iter().map(|(number, _)| *number).collect())
        })
    }
}

impl Export for Postgres {
    fn check(&mut self) -> Result<Vec<String>, Trouble> {
        let (version, grants, server, standby, may) = self.door.visit(async |client| {
            let rows = client.query_typed(STATE, &[]).await?;
            let row = rows.first().ok_or_else(trouble::odd_answer)?;
            let version = row.try_get::<_, Option<i32>>(0)?.unwrap_or(0);
            let (grants, server): (i64, String) = (row.try_get(1)?, row.try_get(2)?);
            Ok((version, grants, server, row.try_get::<_, bool>(3)?, row.try_get::<_, bool>(4)?))
        })?;
        let newest = migrations::newest();
        if version < i32::try_from(newest).unwrap_or(i32::MAX) {
            return Err(Trouble::stopped(format!(
                "The trial database lacks a migration: it is at version {version}, and this program needs {newest}. \
                 Nothing was sent. The study's data manager applies what is missing, see docs/postgres.md."
            )));
        }
        if !may {
            return Err(Trouble::stopped(
                "This home's role may not call every function of schema brisk in the trial database. Nothing was sent. The \
                 study's data manager grants it the role brisk_home, see docs/postgres.md.",
            ));
        }
        if standby {
            return Err(Trouble::stopped(
                "The address leads to a standby server, which takes no data. Nothing was sent. Ask the study for the \
                 address of the primary.",
            ));
        }
        if grants == 0 {
            return Err(Trouble::stopped(
                "The trial database knows this home's role, but not whose days it may send. Nothing was sent. The study's \
                 data manager adds a row to brisk.home, see docs/postgres.md.",
            ));
        }
        let mut notes = vec![format!("PostgreSQL {server}, schema brisk at version {version}.")];
        if !self.door.encrypted() {
            notes.push("The connection is not encrypted: the database is on this machine.".to_owned());
        }
        Ok(notes)
    }

    fn send(&mut self, days: &[StudyDay]) -> Result<Vec<Verdict>, Trouble> {
        if days.is_empty() {
            return Ok(Vec::new());
        }
        let sent = Value::Array(days.iter().map(columns).collect()).to_string();
        // One statement is one transaction, and the answer ends only after its commit.
        let rows = self.door.visit(async |client| {
            let statement = "SELECT outcome_of, outcome FROM brisk.put_days($1::text::jsonb)";
            let rows = match client.query_typed(statement, &[(&sent, Type::TEXT)]).await.map_err(trouble::Failure::from)
            {
                Ok(rows) => rows,
                Err(failure) if failure.is_no_grant() => return Ok(None),
                Err(failure) => return Err(failure),
            };
            let outcomes = rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?)));
            outcomes.collect::<Result<Vec<(NaiveDate, String)>, trouble::Failure>>().map(Some)
        })?;
        // They are of one participant: others may have a grant.
        let Some(rows) = rows else { return Ok(vec![Verdict::Refused(trouble::no_grant()); days.len()]) };
        let proven = rows.len() == days.len() && rows.iter().zip(days).all(|((date, _), day)| *date == day.local_date);
        if !proven {
            return Err(Trouble::stopped(
                "The trial database answered for other days than were sent, so that none of them counts as stored. Its \
                 function brisk.put_days is not the one of the migrations: the study's data manager compares them.",
            ));
        }
        rows.iter().zip(days).map(|((_, outcome), day)| verdict(outcome, day)).collect()
    }

    fn held(&mut self, study: &ParticipantId, participant: &ParticipantId) -> Result<Option<Vec<Held>>, Trouble> {
        let (study, participant) = (study.as_str(), participant.as_str());
        self.door.visit(async |client| {
            let statement = "SELECT local_date, revision, is_final FROM brisk.held($1, $2)";
            let rows = client.query_typed(statement, &[(&study, Type::TEXT), (&participant, Type::TEXT)]).await?;
            let held = rows.iter().map(|row| {
                let revision = u32::try_from(row.try_get::<_, i64>(1)?).map_err(|_| trouble::odd_answer())?;
                Ok(Held { date: row.try_get(0)?, revision, is_final: row.try_get(2)? })
            });
            held.collect::<Result<_, trouble::Failure>>().map(Some)
        })
    }

    /// With days taken out, all that the database has of the participant go, also those of another home; the audit keeps
    /// that they were there and when they went, and loses their numbers. A day that arrives afterwards is refused.
    fn withdraw(&mut self, withdrawal: &Withdrawal) -> Result<(), Trouble> {
        let Withdrawal { study, participant, date, study_day, tz_offset_min, take_out, .. } = withdrawal;
        let (study, participant) = (study.as_str(), participant.as_str());
        let (study_day, tz_offset_min) = (i32::from(*study_day), i32::from(*tz_offset_min));
        self.door.visit(async |client| {
            let arguments: [(&(dyn tokio_postgres::types::ToSql + Sync), Type); 6] = [
                (&study, Type::TEXT),
                (&participant, Type::TEXT),
                (date, Type::DATE),
                (&study_day, Type::INT4),
                (&tz_offset_min, Type::INT4),
                (take_out, Type::BOOL),
            ];
            client.query_typed("SELECT brisk.withdraw($1, $2, $3, $4, $5, $6)", &arguments).await?;
            Ok(())
        })
    }

    fn at_once(&self) -> usize {
        self.days_at_once
    }
}

/// A day under the names of the table's columns.
fn columns(day: &StudyDay) -> Value {
    let mut columns = json!(day);
    if let Value::Object(columns) = &mut columns {
        // `end` is a word of SQL.
        for (name, column) in [("start", "starts_at"), ("end", "ends_at")] {
            if let Some(value) = columns.remove(name) {
                columns.insert(column.to_owned(), value);
            }
        }
        let mut hash = "\\x".to_owned();
        for byte in day.hash() {
            write!(hash, "{byte:02x}").expect("a text takes everything");
        }
        columns.insert("payload_sha256".to_owned(), hash.into());
    }
    columns
}

/// What the database's word about a day means.
fn verdict(outcome: &str, day: &StudyDay) -> Result<Verdict, Trouble> {
    let (date, revision) = (day.local_date, day.revision);
    Ok(match outcome {
        // An older revision that comes late is no fault: the trial has what counts.
        "stored" | "same" | "newer" => Verdict::Stored,
        "two_homes" => Verdict::Refused(format!(
            "ALARM: another home sends days of this participant. Revision {revision} of {date} is in the trial database \
             with other values, and was not overwritten. Call the study before anything else is sent: one of the two homes \
             has the wrong participant id."
        )),
        "conflict" => Verdict::Refused(format!(
            "ALARM: revision {revision} of {date} is in the trial database with other values, and was not overwritten. \
             Either two installations send with this home's password, or the study's settings were changed after days were \
             sent. Call the study."
        )),
        "taken_out" => Verdict::Refused(format!(
            "{date} is not stored: the participant left, and their days were taken out of the trial database. If that was \
             a mistake, the study's data manager undoes it, see docs/postgres.md."
        )),
        _ => {
            return Err(Trouble::stopped(
                "The trial database says something about a day that this program does not know, so that none of the days \
                 counts as stored. Update Brisk.",
            ));
        }
    })
}

/// The first value of the first row.
fn first<T: for<'a> tokio_postgres::types::FromSql<'a>>(rows: &[Row]) -> Result<Option<T>, trouble::Failure> {
    rows.first().map(|row| row.try_get(0)).transpose().map_err(Into::into)
}

/// What a visit does.
trait Work<T>: AsyncFnOnce(&Client) -> Result<T, trouble::Failure> {}
impl<T, W: AsyncFnOnce(&Client) -> Result<T, trouble::Failure>> Work<T> for W {}
