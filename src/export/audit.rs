//! The audit trail as it leaves the house: who changed what of one participant, when, from what to what, and why.
//!
//! Rows are chained: each holds the SHA-256 of the one before and its own. A row's hash is that of its cells but the
//! last, as they stand in the CSV, as a JSON array of texts without spaces; an empty cell is the empty text. `docs/audit.md` has a script of ten lines that
//! computes it anew. What stays at home is not in the rows, so this chain is not the one of the journal; the same journal
//! always gives the same.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::{
    columns::{Cell, Column},
    text::{csv_header, csv_row},
};
use crate::model::{ParticipantId, hex};

/// One row.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct AuditRow {
    /// From 1, without gaps.
    pub seq: u32,
    /// When, UTC, with milliseconds: `2026-11-21T03:09:58.000Z`. Moved where dates are.
    pub at_utc: String,
    /// `system`, or the kind of whoever did it; never a name.
    pub actor: String,
    /// Whose record, by the study's pseudonym.
    pub participant_id: String,
    /// `day`, or the name of the decision.
    pub what: String,
    /// Which: a date, or the name of a goal or an entry; empty where there is only one.
    pub key: String,
    /// Before, as a JSON object; empty when nothing was, or it is not known.
    pub from: String,
    /// After, as a JSON object.
    pub to: String,
    /// `first`, `late_sync`, `device_swap`, `algorithm_update`, `manual_fix` or `withdrawal`; empty where it goes without saying.
    pub why: String,
    /// Program and version that wrote it; empty when a version without audit chains did.
    pub app_version: String,
    /// Hash of the row before, 64 hexadecimal digits; zeros in the first.
    pub prev_hash: String,
    /// Hash of this row.
    pub row_hash: String,
}

/// What stands in the first row for the hash of the one before.
pub const NO_HASH: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// The columns, in order.
pub const AUDIT_COLUMNS: &[Column<AuditRow>] = &[
    ("seq", |row| Cell::Integer(row.seq.into())),
    ("at_utc", |row| text(&row.at_utc)),
    ("actor", |row| text(&row.actor)),
    ("participant_id", |row| text(&row.participant_id)),
    ("what", |row| text(&row.what)),
    ("key", |row| text_or_none(&row.key)),
    ("from", |row| text_or_none(&row.from)),
    ("to", |row| text(&row.to)),
    ("why", |row| text_or_none(&row.why)),
    ("app_version", |row| text_or_none(&row.app_version)),
    ("prev_hash", |row| text(&row.prev_hash)),
    ("row_hash", |row| text(&row.row_hash)),
];

fn text(text: &str) -> Cell<'_> {
    Cell::Text(text.into())
}

fn text_or_none(cell: &str) -> Cell<'_> {
    if cell.is_empty() { Cell::Missing } else { text(cell) }
}

impl AuditRow {
    /// SHA-256 of every cell but the last, hexadecimal.
    pub fn hash(&self) -> String {
        let seq = self.seq.to_string();
        let cells = [
            &seq,
            &self.at_utc,
            &self.actor,
            &self.participant_id,
            &self.what,
            &self.key,
            &self.from,
            &self.to,
            &self.why,
            &self.app_version,
            &self.prev_hash,
        ];
        hex(&Sha256::digest(serde_json::Value::from(cells.map(String::as_str).to_vec()).to_string()))
    }
}

/// Numbers and chains the rows of one participant, in their order. Gives the hash of the newest.
pub fn chain(participant: &ParticipantId, rows: &mut [AuditRow]) -> String {
    let mut before = NO_HASH.to_owned();
    for (row, seq) in rows.iter_mut().zip(1..) {
        row.seq = seq;
        participant.as_str().clone_into(&mut row.participant_id);
        row.prev_hash.clone_from(&before);
        row.row_hash = row.hash();
        before.clone_from(&row.row_hash);
    }
    before
}

/// The rows as CSV: as the other tables are written.
pub fn csv(rows: &[AuditRow]) -> Vec<u8> {
    let mut out = Vec::new();
    csv_header(AUDIT_COLUMNS.iter().map(|(name, _)| *name), &mut out);
    for row in rows {
        csv_row(AUDIT_COLUMNS, row, &mut out);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> Vec<AuditRow> {
        let day = |from: &str, to: &str, why: &str| AuditRow {
            at_utc: "2026-11-21T03:09:58.000Z".to_owned(),
            actor: "system".to_owned(),
            what: "day".to_owned(),
            key: "2026-11-20".to_owned(),
            from: from.to_owned(),
            to: to.to_owned(),
            why: why.to_owned(),
            app_version: "brisk 0.1.0".to_owned(),
            ..AuditRow::default()
        };
        let mut rows = vec![
            day("", r#"{"revision":1}"#, "first"),
            day(r#"{"revision":1,"total_steps":9001}"#, r#"{"revision":2,"total_steps":9005}"#, "late_sync"),
        ];
        chain(&"P-7".parse().unwrap(), &mut rows);
        rows
    }

    #[test]
    fn rows_are_numbered_and_each_holds_the_hash_of_the_one_before() {
        let rows = rows();
        assert_eq!(rows.iter().map(|row| row.seq).collect::<Vec<_>>(), [1, 2]);
        assert_eq!((rows[0].prev_hash.as_str(), &rows[1].prev_hash), (NO_HASH, &rows[0].row_hash));
        let written = format!(
            r#"["1","2026-11-21T03:09:58.000Z","system","P-7","day","2026-11-20","","{{\"revision\":1}}","first","brisk 0.1.0","{NO_HASH}"]"#
        );
        assert_eq!(rows[0].row_hash, hex(&Sha256::digest(written)));
    }
}
