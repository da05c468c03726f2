//! What a failure of PostgreSQL means for the days: whether it passes, which day is at fault, or who has to act.
//!
//! Codes are those of PostgreSQL's manual, appendix A. The details of an error hold the row, and are never passed on.

use std::{error::Error as _, io};

use rustls::CertificateError;
use tokio_postgres::error::DbError;

use crate::export::target::Trouble;

/// Why a visit ended early.
#[derive(Debug)]
pub(super) enum Failure {
    /// The deadline passed.
    Late,
    /// The server's answer has another form than its function promises.
    Odd,
    /// What the client says.
    Client(tokio_postgres::Error),
}

impl From<tokio_postgres::Error> for Failure {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Client(error)
    }
}

pub(super) fn odd_answer() -> Failure {
    Failure::Odd
}

impl Failure {
    /// The home has no grant for this one participant, which says nothing of others.
    pub(super) fn is_no_grant(&self) -> bool {
        let Self::Client(error) = self else { return false };
        error.code().is_some_and(|code| code.code() == NO_GRANT)
    }

    pub(super) fn trouble(&self) -> Trouble {
        match self {
            Self::Late => Trouble::passing("The trial database did not answer in time. It is asked again later."),
            Self::Odd => Trouble::stopped(
                "The trial database answered in a form that this program does not know. Nothing counts as stored. Its \
                 functions are not those of the migrations: the study's data manager compares them.",
            ),
            Self::Client(error) => match error.as_db_error() {
                Some(told) => told_by_server(told),
                None => on_the_way(error),
            },
        }
    }
}

/// What the functions of the migrations say to a home that has no grant for a participant.
const NO_GRANT: &str = "BR001";

pub(super) fn no_grant() -> String {
    "This home's role may not write about this participant in this study. Nothing of theirs was sent. Compare both ids with \
     what the study gave you; its data manager adds a row to brisk.home, see docs/postgres.md."
        .to_owned()
}

/// The server said why.
fn told_by_server(error: &DbError) -> Trouble {
    let code = error.code().code();
    let said = error.message();
    match code {
        "42883" | "3F000" | "42P01" => Trouble::stopped(
            "The trial database lacks the migrations of Brisk. Nothing was sent. The study's data manager applies them, see \
             docs/postgres.md.",
        ),
        "42501" => Trouble::stopped(format!(
            "This home's role lacks a right in the trial database ({said}). Nothing was sent. The study's data manager \
             grants it the role brisk_home, see docs/postgres.md."
        )),
        "28P01" => Trouble::stopped(
            "The trial database does not accept this home's password. Nothing was sent. Put the one that the study gave you \
             into the file that `secret` names.",
        ),
        "28000" => Trouble::stopped(format!(
            "The trial database does not let this home's role in ({said}). Nothing was sent. Compare role and database in \
             `url` with what the study gave you; its data manager sees the reason in the server's log."
        )),
        "3D000" => Trouble::stopped(
            "The server has no database of this name. Nothing was sent. Correct the last part of `url` of this target.",
        ),
        NO_GRANT => Trouble::Refused { what: no_grant() },
        "BR002" => Trouble::stopped(format!(
            "The trial database is older than this program ({said}). Nothing was sent. The study's data manager applies the \
             migrations that are missing, see docs/postgres.md."
        )),
        "57P04" => Trouble::stopped("The trial database was dropped. Nothing was sent. Ask the study."),
        "P0002" => passes(code),
        _ => match code.get(..2).unwrap_or_default() {
            // Connection, "read only" after a failover, rollback by the server, resources, operator, system.
            "08" | "25" | "40" | "53" | "55" | "57" | "58" => passes(code),
            "22" | "23" => Trouble::Refused { what: refused(error) },
            _ => Trouble::stopped(format!(
                "The trial database refuses to work ({code}: {said}). Nothing was sent. Tell the study's data manager."
            )),
        },
    }
}

fn passes(code: &str) -> Trouble {
    let why = match code {
        "57P01" | "57P02" => "is being restarted",
        "57P03" => "is starting",
        "57014" => "took too long",
        "53300" => "has too many visitors",
        "53100" => "has a full disk",
        "25006" => "is read-only for now",
        "40001" | "40P01" | "55P03" => "was busy with the same days",
        _ => "cannot work for now",
    };
    Trouble::passing(format!("The trial database {why} ({code}). What was sent is sent again later."))
}

/// Which rule was broken. The message of a bad value shows the value, and is left out.
fn refused(error: &DbError) -> String {
    let rule = match (error.constraint(), error.column()) {
        (Some(constraint), _) => format!("rule {constraint}"),
        (None, Some(column)) => format!("column {column}"),
        (None, None) => format!("code {}", error.code().code()),
    };
    format!(
        "The trial database does not take a day whose values break its rules ({rule}). It is kept here. Tell the study's \
         data manager the rule."
    )
}

/// The server was not reached, or said nothing.
fn on_the_way(error: &tokio_postgres::Error) -> Trouble {
    let source = error.source();
    let io = source.and_then(|source| source.downcast_ref::<io::Error>());
    let tls = io.and_then(io::Error::get_ref).and_then(|inner| inner.downcast_ref::<rustls::Error>());
    if let Some(rustls::Error::InvalidCertificate(certificate)) = tls {
        return Trouble::stopped(format!(
            "The server of the trial database cannot prove who it is: {}. Nothing was sent.",
            certificate_fault(certificate)
        ));
    }
    if let Some(io) = io {
        return Trouble::passing(format!(
            "The trial database cannot be reached ({}). It is asked again later.",
            tls.map_or_else(|| io.to_string(), ToString::to_string)
        ));
    }
    let said = source.map(ToString::to_string).unwrap_or_default();
    match error.to_string().as_str() {
        "error performing TLS handshake" => Trouble::stopped(
            "The server of the trial database does not encrypt. Nothing was sent, since days leave this machine encrypted \
             only. The study's data manager switches on `ssl`.",
        ),
        "authentication error" | "invalid configuration" => Trouble::stopped(format!(
            "The trial database and this home do not agree on how to prove who they are ({said}). Nothing was sent. Put the \
             password that the study gave you into the file that `secret` names."
        )),
        what => Trouble::passing(format!("The trial database broke off ({what}). What was sent is sent again later.")),
    }
}

fn certificate_fault(error: &CertificateError) -> &'static str {
    match error {
        CertificateError::UnknownIssuer => {
            "its certificate comes from an authority that is not known here. Put the study's certificate into a file and \
             name it in `ca`"
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "its certificate is for another name. Correct the host in `url`, or ask the study"
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "its certificate has run out, or the date of this machine is wrong. Look at the date, then ask the study"
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "its certificate is not valid yet, or the date of this machine is wrong. Look at the date, then ask the study"
        }
        _ => "its certificate does not hold. Ask the study's data manager",
    }
}
