//! The Data Package beside a CSV file (Frictionless, v1 profile): its hash, size, types and constraints, so
//! that a foreign validator can tell a whole file from a damaged one.

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

use super::{
    Table,
    codebook::{Entry, Kind},
};

/// A file that the package describes.
pub struct Resource<'a> {
    /// File name, relative to the package.
    pub path: &'a str,
    /// Size in bytes.
    pub bytes: u64,
    /// SHA-256, hexadecimal.
    pub sha256: &'a str,
}

/// The name under which it is delivered.
pub fn file_name(table: Table) -> &'static str {
    match table {
        Table::Days => "datapackage.json",
        Table::Weeks => "datapackage_weeks.json",
        Table::Persons => "datapackage_persons.json",
    }
}

/// The description of a CSV file of this table.
pub fn of(table: Table, file: &Resource<'_>, created: DateTime<Utc>) -> Value {
    let fields: Vec<Value> = table.codebook().iter().map(field).collect();
    let title = match table {
        Table::Days => "Daily totals of walking",
        Table::Weeks => "Weekly totals of walking",
        Table::Persons => "Walking, one row a person",
    };
    json!({
        "profile": "tabular-data-package",
        "name": format!("brisk-{}", table.name()),
        "title": title,
        "created": created.to_rfc3339_opts(SecondsFormat::Secs, true),
        "resources": [{
            "profile": "tabular-data-resource",
            "name": table.name(),
            "path": file.path,
            "format": "csv",
            "mediatype": "text/csv",
            "encoding": "utf-8",
            "bytes": file.bytes,
            "hash": format!("sha256:{}", file.sha256),
            "dialect": {"delimiter": ",", "lineTerminator": "\r\n", "quoteChar": "\"", "doubleQuote": true},
            "schema": {
                "primaryKey": table.key(),
                "missingValues": [""],
                "fields": fields,
            },
        }],
    })
}

fn field(entry: &Entry) -> Value {
    let mut constraints = serde_json::Map::new();
    if entry.required() {
        constraints.insert("required".to_owned(), true.into());
    }
    for (name, bound) in [("minimum", entry.minimum), ("maximum", entry.maximum)] {
        if let Some(bound) = bound {
            constraints.insert(name.to_owned(), bound.into());
        }
    }
    let codes: Vec<&str> = entry.codes().map(|(code, _)| code).collect();
    match (entry.name.as_str(), entry.kind) {
        ("participant_id", _) => {
            constraints.insert("pattern".to_owned(), "[A-Za-z0-9_-]{1,32}".into());
        }
        ("flags", _) => {
            let any = codes.join("|");
            constraints.insert("pattern".to_owned(), format!("({any})(;({any}))*").into());
        }
        (_, Kind::String) if !codes.is_empty() => {
            constraints.insert("enum".to_owned(), codes.into());
        }
        (_, Kind::String | Kind::Integer | Kind::Number | Kind::Boolean | Kind::Date | Kind::Datetime) => {}
    }
    let mut field = json!({
        "name": entry.name,
        "title": entry.label,
        "description": entry.rule,
        "type": match entry.kind {
            Kind::String => "string",
            Kind::Integer => "integer",
            Kind::Number => "number",
            Kind::Boolean => "boolean",
            Kind::Date => "date",
            Kind::Datetime => "datetime",
        },
        "constraints": constraints,
    });
    match entry.kind {
        Kind::Boolean => {
            field["trueValues"] = json!(["1"]);
            field["falseValues"] = json!(["0"]);
        }
        Kind::Date => field["format"] = "%Y-%m-%d".into(),
        Kind::Datetime => field["format"] = "%Y-%m-%dT%H:%M:%SZ".into(),
        Kind::String | Kind::Integer | Kind::Number => {}
    }
    field
}
