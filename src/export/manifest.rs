//! `manifest.json`: what an export wrote, when, from what, and what it left out and why. It is the only file of an
//! export that says when it was made, and where dates are moved it does not either.

use std::{collections::BTreeMap, fs, io, path::Path};

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::{ExportError, LeftOut};
use crate::model::ParticipantId;

/// The name under which it lies in the folder.
pub const MANIFEST: &str = "manifest.json";

/// What lies in a folder, by what was exported: `days.csv`, or `days/**/*.csv` for files by month.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Every table.
    pub tables: BTreeMap<String, Exported>,
}

/// An export of one table.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exported {
    /// When; none where dates are moved, since it would tell by how much.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exported_at: Option<DateTime<Utc>>,
    /// Program and version that wrote it.
    pub software: String,
    /// The study.
    #[serde(default)]
    pub study_id: Option<String>,
    /// Rules that days rest on, `name hash`; none for tables that rest on no rules.
    #[serde(default)]
    pub rules: Vec<String>,
    /// Rows.
    pub rows: u64,
    /// The earliest day of a row.
    #[serde(default)]
    pub first: Option<NaiveDate>,
    /// The latest day of a row.
    #[serde(default)]
    pub last: Option<NaiveDate>,
    /// Days that were left out, and why.
    #[serde(default)]
    pub left_out: Vec<Stayed>,
    /// Readings that were left out, since nothing ties them to a day in the study.
    #[serde(default)]
    pub undated_readings: u64,
    /// Of an audit trail, each participant's: the newest hash shows later that its end was not rewritten.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub chains: Vec<Chain>,
    /// The columns that would tell an arm were left out.
    #[serde(default)]
    pub arm_kept_back: bool,
    /// All dates are moved, for each person by another number of whole weeks. Seasons move with them.
    #[serde(default)]
    pub dates_shifted: bool,
    /// Every file but this one.
    pub files: Vec<Listed>,
    /// Files that are other than after the export before; none when there was no export before.
    #[serde(default)]
    pub changed: Option<Vec<String>>,
    /// SHA-256 of the `manifest.json` that stood here before.
    #[serde(default)]
    pub prior: Option<String>,
}

/// Days that stayed at home.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Stayed {
    /// Why.
    pub reason: LeftOut,
    /// How many.
    pub days: u64,
}

/// One participant's audit trail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chain {
    /// Whose.
    pub participant_id: ParticipantId,
    /// Rows.
    pub rows: u64,
    /// `row_hash` of the newest; zeros without rows.
    pub head_hash: String,
    /// Rows left out since they would tell the arm.
    pub kept_back: u64,
    /// Rows left out since they are from before the person joined the study.
    pub before_enrolment: u64,
    /// Rows left out since they are from after the person left the study.
    pub after_leaving: u64,
    /// Rows left out since they went when somebody else was erased, or this version cannot read them.
    pub unreadable: u64,
}

/// A file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    /// From the folder on.
    pub path: String,
    /// Size.
    pub bytes: u64,
    /// Hexadecimal.
    pub sha256: String,
}

impl Manifest {
    /// What stands in a folder, with the bytes of the file; none when nothing does.
    ///
    /// # Errors
    /// When the file cannot be read, or is not what an export wrote.
    pub fn read(dir: &Path) -> Result<Option<(Self, Vec<u8>)>, ExportError> {
        let path = dir.join(MANIFEST);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(ExportError::Read { path, source: error }),
        };
        let manifest = serde_json::from_slice(&bytes).map_err(|error| {
            let text = format!("it is not what an export wrote (line {})", error.line());
            ExportError::Read { path, source: io::Error::new(io::ErrorKind::InvalidData, text) }
        });
        Ok(Some((manifest?, bytes)))
    }
}
