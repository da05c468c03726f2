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
    let text = str::to_owned;
    [
        text(field.name),
        text(field.form),
        String::new(),
        text(field_type(field.kind)),
        text(field.label),
        choices.join(" | "),
        text(field.note),
        text(field.kind.validation()),
        bound(least),
        bound(most),
        String::new(),
        String::new(),
        text(if field.required { "y" } else { "" }),
        String::new(),
        String::new(),
        String::new(),
        String::new(),
        text(annotation(field)),
    ]
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
