//! Scripts that read a CSV table into R, Stata and SPSS, with labels, value labels and reasons for missing values.
//!
//! A missing number of the day table gets its reason from `data_state`. Codes of the reasons: Stata's extended missing
//! values and R's tagged ones `.a` to `.e`, SPSS's user-missing values -1 to -5; no such code ever stands in the CSV.

use std::fmt::Write as _;

use super::{
    Table,
    codebook::{Entry, Kind},
    study_day::MissingReason,
};

/// SPSS takes value labels of at most 120 bytes, Stata variable labels of 80.
const LONGEST_LABEL: usize = 80;

/// Name and text of each script for a CSV file of these columns.
pub fn all(table: Table, entries: &[Entry]) -> [(String, String); 3] {
    [
        (table.beside("import", "R"), r(table, entries)),
        (table.beside("import", "do"), stata(table, entries)),
        (table.beside("import", "sps"), spss(table, entries)),
    ]
}

/// Why a number is missing, by the state of the day.
const BY_STATE: [(&str, MissingReason); 2] =
    [("not_worn", MissingReason::DeviceNotWorn), ("not_synced", MissingReason::NotSynced)];

fn letter(reason: MissingReason) -> char {
    match reason {
        MissingReason::DeviceNotWorn => 'a',
        MissingReason::DeviceLost => 'b',
        MissingReason::NotSynced => 'c',
        MissingReason::Withdrawn => 'd',
        MissingReason::Technical => 'e',
    }
}

fn reason_label(reason: MissingReason) -> &'static str {
    match reason {
        MissingReason::DeviceNotWorn => "counter not worn",
        MissingReason::DeviceLost => "counter lost",
        MissingReason::NotSynced => "nothing has arrived",
        MissingReason::Withdrawn => "left the study",
        MissingReason::Technical => "something failed",
    }
}

/// Columns whose missing values have a reason: counts of the day table that are missing for want of data.
fn reasoned(table: Table, entries: &[Entry]) -> impl Iterator<Item = &Entry> {
    entries.iter().filter(move |entry| {
        let of_data = ["no data", "no minutes", "recorded"].iter().any(|why| entry.empty_when.contains(why));
        table == Table::Days && is_number(entry) && of_data && entry.minimum == Some(0)
    })
}

fn is_number(entry: &Entry) -> bool {
    matches!(entry.kind, Kind::Integer | Kind::Number)
}

/// Codes with labels that every program takes: short, and without quotes. Marks are lists, not codes.
fn labels(entry: &Entry) -> Vec<(String, String)> {
    let codes = entry.codes().filter(|_| entry.name != "flags");
    codes.map(|(code, meaning)| (code.to_owned(), plain(meaning))).collect()
}

fn plain(text: &str) -> String {
    let mut text = text.replace('"', "'");
    if text.len() > LONGEST_LABEL {
        let mut end = LONGEST_LABEL;
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text.truncate(end);
    }
    text
}

/// A line of a script.
macro_rules! line {
    ($out:expr, $($text:tt)*) => {
        writeln!($out, $($text)*).expect("a String takes every text")
    };
}

fn r(table: Table, entries: &[Entry]) -> String {
    let name = table.name();
    let mut out = String::new();
    line!(out, "# In this folder: source(\"{}\"). Needs the packages readr and haven.", table.beside("import", "R"));
    line!(out, "{name} <- readr::read_csv(\"{name}.csv\", na = \"\", show_col_types = FALSE, col_types = readr::cols(");
    for (number, entry) in entries.iter().enumerate() {
        let kind = match entry.kind {
            Kind::String => "readr::col_character()",
            Kind::Date => "readr::col_date(\"%Y-%m-%d\")",
            Kind::Datetime => "readr::col_datetime(\"%Y-%m-%dT%H:%M:%SZ\")",
            Kind::Integer | Kind::Number | Kind::Boolean => "readr::col_double()",
        };
        line!(out, "  {} = {kind}{}", entry.name, if number + 1 < entries.len() { "," } else { "))" });
    }
    let reasoned: Vec<&str> = reasoned(table, entries).map(|entry| entry.name.as_str()).collect();
    if !reasoned.is_empty() {
        let quoted: Vec<String> = reasoned.iter().map(|name| format!("\"{name}\"")).collect();
        line!(out, "for (column in c({})) {{", quoted.join(", "));
        line!(out, "  unknown <- is.na({name}[[column]])");
        for (state, reason) in BY_STATE {
            let tag = letter(reason);
            line!(out, "  {name}[[column]][unknown & {name}$data_state == \"{state}\"] <- haven::tagged_na(\"{tag}\")");
        }
        let all = MissingReason::ALL
            .map(|reason| format!("\"{}\" = haven::tagged_na(\"{}\")", reason_label(reason), letter(reason)));
        line!(out, "  {name}[[column]] <- haven::labelled({name}[[column]], labels = c({}))", all.join(", "));
        line!(out, "}}");
    }
    for entry in entries {
        let column = &entry.name;
        let labels = labels(entry);
        if !labels.is_empty() {
            let value = |code: &str| if entry.kind == Kind::String { format!("\"{code}\"") } else { code.to_owned() };
            let labels: Vec<String> =
                labels.iter().map(|(code, label)| format!("\"{label}\" = {}", value(code))).collect();
            line!(out, "{name}${column} <- haven::labelled({name}${column}, labels = c({}))", labels.join(", "));
        }
        line!(out, "attr({name}${column}, \"label\") <- \"{}\"", plain(&entry.label));
    }
    out
}

fn stata(table: Table, entries: &[Entry]) -> String {
    let name = table.name();
    let mut out = String::new();
    line!(out, "* In this folder: do {}. Stata 14 or later.", table.beside("import", "do"));
    line!(out, "version 14");
    let texts = entries.iter().zip(1..).filter(|(entry, _)| !is_number(entry) && entry.kind != Kind::Boolean);
    let texts: Vec<String> = texts.map(|(_, number): (_, u32)| number.to_string()).collect();
    line!(
        out,
        "import delimited using \"{name}.csv\", clear varnames(1) case(preserve) encoding(\"utf-8\") \
         bindquote(strict) asdouble stringcols({})",
        texts.join(" ")
    );
    for entry in entries {
        let column = &entry.name;
        match entry.kind {
            Kind::Date => {
                line!(out, "generate _new = daily({column}, \"YMD\"), after({column})");
                line!(out, "format _new %tdCCYY-NN-DD");
                line!(out, "drop {column}");
                line!(out, "rename _new {column}");
            }
            Kind::Datetime => {
                line!(out, "generate double _new = clock(substr({column}, 1, 19), \"YMD#hms\"), after({column})");
                line!(out, "format _new %tcCCYY-NN-DD!THH:MM:SS");
                line!(out, "drop {column}");
                line!(out, "rename _new {column}");
            }
            Kind::String | Kind::Integer | Kind::Number | Kind::Boolean => {}
        }
    }
    let mut reasoned = reasoned(table, entries).peekable();
    if reasoned.peek().is_some() {
        line!(out, "label define missing_why {}", stata_reasons());
        for entry in reasoned {
            let column = &entry.name;
            for (state, reason) in BY_STATE {
                line!(out, "replace {column} = .{} if missing({column}) & data_state == \"{state}\"", letter(reason));
            }
            line!(out, "label values {column} missing_why");
        }
    }
    for entry in entries {
        let column = &entry.name;
        let labels = labels(entry);
        if !labels.is_empty() && entry.kind == Kind::String {
            let numbered = |pick: fn(&(String, String)) -> &String| {
                let each =
                    labels.iter().zip(1..).map(|(label, number): (_, u32)| format!("{number} \"{}\"", pick(label)));
                each.collect::<Vec<_>>().join(" ")
            };
            // Encoded by the codes, so that the numbers are those of the codebook's order; then labelled by the meanings.
            line!(out, "label define {column} {}", numbered(|(code, _)| code));
            line!(out, "encode {column}, generate(_new) label({column}) noextend");
            line!(out, "order _new, after({column})");
            line!(out, "drop {column}");
            line!(out, "rename _new {column}");
            line!(out, "label define {column} {}, modify", numbered(|(_, meaning)| meaning));
        } else if !labels.is_empty() {
            let labels: Vec<String> = labels.iter().map(|(code, label)| format!("{code} \"{label}\"")).collect();
            line!(out, "label define {column} {}", labels.join(" "));
            line!(out, "label values {column} {column}");
        }
        line!(out, "label variable {column} \"{}\"", plain(&entry.label));
    }
    out
}

fn stata_reasons() -> String {
    MissingReason::ALL.map(|reason| format!(".{} \"{}\"", letter(reason), reason_label(reason))).join(" ")
}

fn spss(table: Table, entries: &[Entry]) -> String {
    let name = table.name();
    let mut out = String::new();
    line!(out, "* In this folder: INSERT FILE=\"{}\".", table.beside("import", "sps"));
    line!(out, "GET DATA /TYPE=TXT /FILE=\"{name}.csv\" /ENCODING=\"UTF-8\" /ARRANGEMENT=DELIMITED");
    line!(out, "  /DELIMITERS=\",\" /QUALIFIER='\"' /FIRSTCASE=2 /VARIABLES=");
    for (number, entry) in entries.iter().enumerate() {
        let end = if number + 1 < entries.len() { "" } else { "." };
        line!(out, "  {} {}{end}", entry.name, spss_format(entry));
    }
    let reasoned: Vec<&Entry> = reasoned(table, entries).collect();
    for entry in &reasoned {
        let column = &entry.name;
        for (state, reason) in BY_STATE {
            line!(out, "IF (SYSMIS({column}) AND data_state = \"{state}\") {column} = -{}.", reason.code());
        }
    }
    if !reasoned.is_empty() {
        line!(out, "EXECUTE.");
    }
    for entry in entries {
        line!(out, "VARIABLE LABELS {} \"{}\".", entry.name, plain(&entry.label));
        let labels = labels(entry);
        if !labels.is_empty() {
            line!(out, "VALUE LABELS {}", entry.name);
            for (number, (code, label)) in labels.iter().enumerate() {
                let code = if entry.kind == Kind::String { format!("\"{code}\"") } else { code.clone() };
                line!(out, "  {code} \"{label}\"{}", if number + 1 < labels.len() { "" } else { "." });
            }
        }
    }
    for entry in &reasoned {
        let all = MissingReason::ALL.map(|reason| format!("-{} \"{}\"", reason.code(), reason_label(reason)));
        line!(out, "MISSING VALUES {} (-5 THRU -1).", entry.name);
        line!(out, "VALUE LABELS {} {}.", entry.name, all.join(" "));
    }
    out
}

fn spss_format(entry: &Entry) -> String {
    match entry.kind {
        Kind::Integer => "F12.0".to_owned(),
        Kind::Boolean => "F1.0".to_owned(),
        Kind::Number => "F14.4".to_owned(),
        Kind::Date => "SDATE10".to_owned(),
        Kind::Datetime => "A20".to_owned(),
        Kind::String if entry.name == "flags" => "A255".to_owned(),
        Kind::String => {
            let longest = entry.codes().map(|(code, _)| code.len()).max();
            format!("A{}", longest.unwrap_or(64).max(1))
        }
    }
}
