//! What leaves the house as files: tables as CSV, JSON Lines or Parquet, each with its codebook, a Data Package, import
//! scripts for statistics programs and a manifest; and study days as trials exchange them, ODM-XML, Dataset-JSON and
//! IEEE 1752.1, whose codes `docs/codes.md` lists.
//!
//! CSV is UTF-8 without a byte order mark, comma, CRLF, RFC 4180 quotes, decimal point, ISO dates, UTC stamps
//! such as `2026-11-21T03:09:58Z`, `1`/`0` for yes and no, and an empty cell for unknown or not applicable.
//! JSON Lines holds the same names with `null`, `true` and `false`. A free text that a spreadsheet would run as a
//! formula gets a `'` in front, in CSV only. Parquet holds typed columns, and says itself what made it.

pub mod audit;
pub mod codebook;
pub mod columns;
pub mod datapackage;
pub mod dataset_json;
pub mod fhir;
mod folder;
mod http;
pub mod ieee1752;
mod import_scripts;
mod leaving;
pub mod manifest;
pub mod odm;
mod parquet;
pub mod postgres;
pub mod redcap;
pub mod rows;
mod staged;
mod study_day;
mod study_file;
mod table;
pub mod target;
mod text;
pub mod variables;

pub use folder::{
    ExportSummary, FolderWriter, Layout, Occasion, Rewrite, Shape, write_days, write_persons, write_weeks,
};
pub use leaving::{Leaves, LeftOut, Since, Until, bare_measure, labels_of, leaving};
pub use staged::ExportError;
pub use study_day::{Circumstances, GoalVar, MissingReason, StudyDay, Terms};
pub use study_file::{StudyFileError, Written};
pub use table::{Format, Row, Table, TableWriter};
pub use text::{csv_header, csv_row};
