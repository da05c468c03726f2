//! The data dictionary that a study imports into its project: CSV with the 18 columns of REDCap's own export.

use super::fields::{FIELDS, FORM, Field, Kind};

/// REDCap's headings, in its order.
const HEADINGS: [&str; 18] = [
    "Variable / Field Name",
    "Form Name",
    "Section Header",
    "Field Type",
    "Field Label",
    "Choices, Calculations, OR Slider Labels",
    "Field Note",
    "Text Validation Type OR Show Slider Number",
    "Text Validation Min",
    "Text Validation Max",
    "Identifier?",
    "Branching Logic (Show field only if...)",
    "Required Field?",
    "Custom Alignment",
    "Question Number (surveys only)",
    "Matrix Group Name",
    "Matrix Ranking?",
    "Field Annotation",
];

/// The data dictionary with the instruments `participant` and `daily_activity`: CSV in UTF-8. It cannot say that
/// `daily_activity` repeats; that is ticked in Project Setup, or stands in [`super::project_xml`].
///
/// # Panics
/// Never: memory takes every row.
pub fn data_dictionary() -> String {
    let mut out = csv::Writer::from_writer(Vec::new());
    out.write_record(HEADINGS).expect("memory takes every row");
    for field in FIELDS {
        out.write_record(row(field)).expect("memory takes every row");
    }
    let bytes = out.into_inner().expect("memory takes every row");
    String::from_utf8(bytes).expect("made of texts")
}

fn row(field: &Field) -> [String; 18] {
    let bound = |bound: Option<i64>| bound.map_or_else(String::new, |bound| bound.to_string());
    let choices: Vec<String> = field.kind.choices().iter().map(|(code, label)| format!("{code}, {label}")).collect();
    let (least, most) = field.kind.range();
    let mut row: [String; 18] = Default::default();
    row[0] = field.name.to_owned();
    row[1] = field.form.to_owned();
    row[3] = field_type(field.kind).to_owned();
    row[4] = field.label.to_owned();
    row[5] = choices.join(" | ");
    row[6] = field.note.to_owned();
    row[7] = field.kind.validation().to_owned();
    row[8] = bound(least);
    row[9] = bound(most);
    row[12] = if field.required { "y" } else { "" }.to_owned();
    row[17] = annotation(field).to_owned();
    row
}

/// REDCap's name of the type of a field.
pub(super) fn field_type(kind: Kind) -> &'static str {
    match kind {
        Kind::Text | Kind::Integer(..) | Kind::Number | Kind::Date | Kind::Stamp => "text",
        Kind::YesNo => "radio",
        Kind::GoalVar | Kind::MissingReason => "dropdown",
    }
}

/// Nobody types over what a counter said; an import still may.
pub(super) fn annotation(field: &Field) -> &'static str {
    if field.form == FORM { "@READONLY" } else { "" }
}
