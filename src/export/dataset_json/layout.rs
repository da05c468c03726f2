//! A dataset as JSON: what it says of itself, then its rows.

use std::io::{self, Write};

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value as Json;

use super::DatasetFile;
use crate::{
    export::{study_file::Written, variables::stamp},
    model::SOFTWARE,
};

/// How a dataset is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// One object with all rows in it.
    Json,
    /// What it says of itself in the first line, then a row a line. Large files are better read so.
    NdJson,
}

impl Shape {
    /// What a file's name ends with.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::NdJson => "ndjson",
        }
    }
}

/// A column.
pub(super) struct Column {
    pub name: &'static str,
    pub label: &'static str,
    pub kind: &'static str,
    pub length: Option<u32>,
    pub key: Option<u32>,
}

pub(super) const fn text(name: &'static str, label: &'static str, length: u32) -> Column {
    Column { name, label, kind: "string", length: Some(length), key: None }
}

pub(super) const fn integer(name: &'static str, label: &'static str) -> Column {
    Column { name, label, kind: "integer", length: None, key: None }
}

impl Column {
    pub const fn key(mut self, place: u32) -> Self {
        self.key = Some(place);
        self
    }
}

/// A dataset before its rows.
pub(super) struct Dataset<'a> {
    pub name: &'static str,
    pub label: &'static str,
    pub columns: &'a [Column],
}

/// Members in the order of the specification.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Head<'a> {
    #[serde(rename = "datasetJSONCreationDateTime")]
    created: String,
    #[serde(rename = "datasetJSONVersion")]
    version: &'static str,
    #[serde(rename = "fileOID")]
    file_oid: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    db_last_modified_date_time: Option<String>,
    originator: &'static str,
    source_system: SourceSystem,
    #[serde(rename = "studyOID")]
    study_oid: String,
    #[serde(rename = "metaDataVersionOID")]
    metadata_version_oid: &'static str,
    #[serde(rename = "itemGroupOID")]
    item_group_oid: String,
    records: u64,
    name: &'static str,
    label: &'static str,
    columns: Vec<ColumnHead>,
}

#[derive(Serialize)]
struct SourceSystem {
    name: &'static str,
    version: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ColumnHead {
    #[serde(rename = "itemOID")]
    item_oid: String,
    name: &'static str,
    label: &'static str,
    data_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    length: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_sequence: Option<u32>,
}

impl Dataset<'_> {
    /// Writes what it says of itself.
    pub fn begin<W: Write>(
        &self,
        mut out: W,
        shape: Shape,
        file: &DatasetFile<'_>,
        written: &Written,
        modified: Option<DateTime<Utc>>,
    ) -> io::Result<Rows<W>> {
        let column = |column: &Column| ColumnHead {
            item_oid: format!("IT.{}.{}", self.name, column.name),
            name: column.name,
            label: column.label,
            data_type: column.kind,
            length: column.length,
            key_sequence: column.key,
        };
        let head = Head {
            created: stamp(file.created),
            version: "1.1.0",
            file_oid: &written.file_oid,
            db_last_modified_date_time: modified.map(stamp),
            originator: "Brisk",
            source_system: SourceSystem { name: "Brisk", version: SOFTWARE.trim_start_matches("brisk ") },
            study_oid: format!("S.{}", file.terms.study.as_str()),
            metadata_version_oid: "MDV.1",
            item_group_oid: format!("IG.{}", self.name),
            records: written.rows,
            name: self.name,
            label: self.label,
            columns: self.columns.iter().map(column).collect(),
        };
        let head = serde_json::to_string(&head)?;
        match shape {
            Shape::NdJson => writeln!(out, "{head}")?,
            Shape::Json => write!(out, "{},\n\"rows\":[", head.strip_suffix('}').unwrap_or(&head))?,
        }
        Ok(Rows { out, shape, first: true })
    }
}

/// Rows of a dataset under way.
pub(super) struct Rows<W: Write> {
    out: W,
    shape: Shape,
    first: bool,
}

impl<W: Write> Rows<W> {
    /// One row, a value for each column.
    pub fn row(&mut self, cells: &[Json]) -> io::Result<()> {
        let row = serde_json::to_string(cells)?;
        match (self.shape, self.first) {
            (Shape::NdJson, _) => writeln!(self.out, "{row}")?,
            (Shape::Json, true) => write!(self.out, "\n{row}")?,
            (Shape::Json, false) => write!(self.out, ",\n{row}")?,
        }
        self.first = false;
        Ok(())
    }

    /// No row follows.
    pub fn finish(mut self) -> io::Result<()> {
        match self.shape {
            Shape::NdJson => {}
            Shape::Json => writeln!(self.out, "\n]}}")?,
        }
        self.out.flush()
    }
}
