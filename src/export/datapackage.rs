//! The Data Package beside the files of a table (Frictionless, v1 profile): its hash, size, types and constraints, so
//! that a foreign validator can tell a whole file from a damaged one.

use serde_json::{Value, json};

use super::{
    Format, Table,
    codebook::{self, Arm, Entry, Kind},
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
pub fn file_name(table: Table, format: Format) -> String {
    match format {
        Format::Csv => table.beside("datapackage", "json"),
        Format::JsonLines | Format::Parquet => table.beside("datapackage", &format!("{}.json", format.extension())),
    }
}

/// The description of a CSV file of this table.
pub fn of(table: Table, file: &Resource<'_>) -> Value {
    of_files(table, Arm::Shown, Format::Csv, std::slice::from_ref(file))
}

/// The description of the files of this table: of CSV with every column that is there, of the other forms, which say
/// their types themselves, with size and hash. It says nothing of when they were
/// written, so that the same rows have the same description.
pub fn of_files(table: Table, arm: Arm, format: Format, files: &[Resource<'_>]) -> Value {
    let fields: Vec<Value> = codebook::shown(table, arm).iter().map(field).collect();
    let title = match table {
        Table::Days => "Daily totals of walking",
        Table::Weeks => "Weekly totals of walking",
        Table::Persons => "Walking, one row a person",
        Table::Minutes => "Steps, minute by minute",
        Table::Raw => "Readings as counters said them",
        Table::Goals => "Goals as they were decided",
        Table::Diary => "Activities that were written down",
        Table::Audit => "Who changed what, when and why",
    };
    let schema = json!({ "primaryKey": table.key(), "missingValues": [""], "fields": fields });
    let resources = files.iter().map(|file| {
        let mut resource = json!({
            "name": resource_name(table, file.path),
            "path": file.path,
            "format": format.extension(),
            "bytes": file.bytes,
            "hash": format!("sha256:{}", file.sha256),
        });
        match format {
            Format::Csv => {
                resource["schema"] = schema.clone();
                resource["profile"] = "tabular-data-resource".into();
                resource["mediatype"] = "text/csv".into();
                resource["encoding"] = "utf-8".into();
                resource["dialect"] =
                    json!({"delimiter": ",", "lineTerminator": "\r\n", "quoteChar": "\"", "doubleQuote": true});
            }
            Format::JsonLines => {
                (resource["profile"], resource["type"]) = ("data-resource".into(), "file".into());
                resource["mediatype"] = "application/jsonl".into();
                resource["encoding"] = "utf-8".into();
            }
            Format::Parquet => {
                (resource["profile"], resource["type"]) = ("data-resource".into(), "file".into());
                resource["mediatype"] = "application/vnd.apache.parquet".into();
            }
        }
        resource
    });
    json!({
        "profile": if format == Format::Csv { "tabular-data-package" } else { "data-package" },
        "name": format!("brisk-{}", table.name()),
        "title": title,
        "resources": resources.collect::<Vec<_>>(),
    })
}

/// The table's name; for a file of one month with that month.
fn resource_name(table: Table, path: &str) -> String {
    let month = path.split('/').find_map(|part| part.strip_prefix("month="));
    month.map_or_else(|| table.name().to_owned(), |month| format!("{}-{month}", table.name()))
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
