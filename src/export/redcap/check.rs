//! Whether a project is as it has to be, from what it says of itself. Every fault is named, so that one message to the data
//! manager is enough.

use serde_json::Value;

use super::fields::{self, EPOCH, FORM, Field, Kind};

/// What the fields of a project say.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Metadata {
    /// What the project calls its record id: its first field.
    pub(super) record_field: Option<String>,
    /// There is a place for the epoch of the study.
    pub(super) has_epoch: bool,
    /// What has to be put right, one clause each.
    pub(super) faults: Vec<String>,
}

/// Reads `content=metadata`.
pub(super) fn metadata(answer: &Value) -> Metadata {
    let entries: Vec<&Value> = answer.as_array().into_iter().flatten().collect();
    let find = |name: &str| entries.iter().find(|entry| text(entry, "field_name") == name);
    let record_field = entries.first().map(|entry| text(entry, "field_name").to_owned());
    let missing: Vec<&str> = fields::of_days().map(|field| field.name).filter(|name| find(name).is_none()).collect();
    let mut faults = Vec::new();
    match missing.len() {
        0 => {}
        1 => faults.push(format!("the field {} is missing", missing[0])),
        _ => faults.push(format!("the fields {} are missing", missing.join(", "))),
    }
    faults.extend(fields::of_days().filter_map(|field| fault(field, find(field.name)?)));
    Metadata {
        record_field,
        has_epoch: find(EPOCH).is_some_and(|entry| text(entry, "form_name") != FORM && has_kind(Kind::Date, entry)),
        faults,
    }
}

fn fault(field: &Field, entry: &Value) -> Option<String> {
    let name = field.name;
    let form = text(entry, "form_name");
    if form != FORM {
        return Some(format!("{name} is on the instrument {form} instead of {FORM}"));
    }
    if !has_kind(field.kind, entry) {
        return Some(match field.kind {
            Kind::Text => format!("{name} is not a plain text field"),
            Kind::Integer(..) | Kind::Number | Kind::Date | Kind::Stamp => {
                format!("{name} is not a text field with the validation {}", field.kind.validation())
            }
            Kind::YesNo | Kind::GoalVar | Kind::MissingReason => format!("{name} is not a field with choices"),
        });
    }
    let lacking: Vec<String> = match text(entry, "field_type") {
        "radio" | "dropdown" => {
            let offered: Vec<&str> = text(entry, "select_choices_or_calculations")
                .split('|')
                .map(|choice| choice.split(',').next().unwrap_or_default().trim())
                .collect();
            let codes = field.kind.choices().into_iter().map(|(code, _)| code.to_string());
            codes.filter(|code| !offered.contains(&code.as_str())).collect()
        }
        _ => Vec::new(),
    };
    (!lacking.is_empty()).then(|| format!("{name} lacks the choice {}", lacking.join(", ")))
}

fn has_kind(kind: Kind, entry: &Value) -> bool {
    let (field_type, validation) =
        (text(entry, "field_type"), text(entry, "text_validation_type_or_show_slider_number"));
    match kind {
        Kind::Text => matches!(field_type, "text" | "notes") && validation.is_empty(),
        // A whole number is a number too.
        Kind::Integer(..) => field_type == "text" && matches!(validation, "integer" | "number"),
        Kind::Number => field_type == "text" && validation == "number",
        // Whatever the form shows, an import is year, month, day.
        Kind::Date => field_type == "text" && validation.starts_with("date_"),
        Kind::Stamp => field_type == "text" && validation.starts_with("datetime_seconds_"),
        Kind::YesNo => matches!(field_type, "radio" | "dropdown" | "yesno" | "truefalse"),
        Kind::GoalVar | Kind::MissingReason => matches!(field_type, "radio" | "dropdown"),
    }
}

/// Reads `content=repeatingFormsEvents`: what is wrong with it, for days in this event.
pub(super) fn repeating(answer: &Value, event: Option<&str>) -> Option<String> {
    let mut entries = answer.as_array().into_iter().flatten();
    let repeats = entries
        .any(|entry| text(entry, "form_name") == FORM && event.is_none_or(|event| text(entry, "event_name") == event));
    (!repeats).then(|| match event {
        Some(event) => format!("the instrument {FORM} does not repeat in the event {event}"),
        None => format!("the instrument {FORM} does not repeat"),
    })
}

/// Reads `content=project`: what is wrong with it, and what is good to know.
pub(super) fn project(answer: &Value, event: Option<&str>) -> (Option<String>, Option<String>) {
    let is_longitudinal = is_set(answer, "is_longitudinal");
    let fault = match (is_longitudinal, event) {
        (true, None) => Some("it is longitudinal, and `event` does not say where the days go".to_owned()),
        (false, Some(_)) => Some("it is not longitudinal, and `event` is set".to_owned()),
        (true, Some(_)) | (false, None) => None,
    };
    let note = (!is_set(answer, "in_production")).then(|| {
        "The REDCap project is in development: what stands in it may be deleted when it moves to production.".to_owned()
    });
    (fault, note)
}

fn text<'a>(entry: &'a Value, name: &str) -> &'a str {
    entry.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// REDCap says 1, "1" or true.
fn is_set(entry: &Value, name: &str) -> bool {
    match entry.get(name) {
        Some(Value::Bool(set)) => *set,
        Some(Value::Number(number)) => number.as_i64() == Some(1),
        Some(Value::String(text)) => text == "1",
        Some(Value::Null | Value::Array(_) | Value::Object(_)) | None => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// A project with the dictionary that Brisk hands out.
    fn good() -> Vec<Value> {
        let dictionary = super::super::data_dictionary();
        let mut reader = csv::Reader::from_reader(dictionary.as_bytes());
        reader
            .records()
            .map(|row| {
                let row = row.unwrap();
                json!({
                    "field_name": row[0], "form_name": row[1], "field_type": row[3],
                    "select_choices_or_calculations": row[5], "text_validation_type_or_show_slider_number": row[7],
                })
            })
            .collect()
    }

    fn with(change: impl Fn(&mut Value)) -> Value {
        let mut fields = good();
        fields.iter_mut().for_each(change);
        fields.into()
    }

    fn set(name: &str, member: &str, value: &str) -> Value {
        with(|field| {
            if field["field_name"] == name {
                field[member] = value.into();
            }
        })
    }

    #[test]
    fn the_dictionary_that_brisk_hands_out_has_no_fault() {
        let metadata = metadata(&good().into());

        assert_eq!(metadata.faults, Vec::<String>::new());
        assert_eq!(metadata.record_field.as_deref(), Some("record_id"));
        assert!(metadata.has_epoch);
    }

    #[test]
    fn each_fault_of_a_field_is_named() {
        let validation = "text_validation_type_or_show_slider_number";
        let choices = "select_choices_or_calculations";
        let cases = [
            (set("da_steps", validation, ""), "da_steps is not a text field with the validation integer"),
            (set("da_date", validation, "integer"), "da_date is not a text field with the validation date_ymd"),
            (set("da_algo", "field_type", "radio"), "da_algo is not a plain text field"),
            (
                set("da_wear_min", "form_name", "other"),
                "da_wear_min is on the instrument other instead of daily_activity",
            ),
            (set("da_valid", choices, "1, Yes"), "da_valid lacks the choice 0"),
            (set("da_goal_var", choices, "1, a | 2, b | 3, c"), "da_goal_var lacks the choice 4, 5, 6, 7"),
            (set("da_missing", "field_type", "text"), "da_missing is not a field with choices"),
        ];
        for (answer, fault) in cases {
            assert_eq!(metadata(&answer).faults, [fault]);
        }
        assert!(metadata(&json!([])).faults[0].starts_with("the fields da_date, da_tz_offset_min, "));
        assert_eq!(metadata(&json!({"error": "?"})).record_field, None);
    }

    #[test]
    fn a_study_may_show_dates_its_own_way_and_call_the_record_what_it_likes() {
        let mut answer =
            set("da_date", "text_validation_type_or_show_slider_number", "date_dmy").as_array().unwrap().clone();
        answer[0]["field_name"] = "study_id".into();

        let metadata = metadata(&answer.into());

        assert_eq!(metadata.faults, Vec::<String>::new());
        assert_eq!(metadata.record_field.as_deref(), Some("study_id"));
    }

    #[test]
    fn the_instrument_has_to_repeat_in_the_event() {
        let classic = json!([{"form_name": "daily_activity", "custom_form_label": ""}]);
        let longitudinal = json!([{"event_name": "home_arm_1", "form_name": "daily_activity"}]);

        assert_eq!(repeating(&classic, None), None);
        assert_eq!(repeating(&longitudinal, Some("home_arm_1")), None);
        assert!(repeating(&longitudinal, Some("visit_arm_1")).unwrap().contains("visit_arm_1"));
        assert!(repeating(&json!([{"form_name": "diary"}]), None).is_some());
    }

    #[test]
    fn an_event_is_named_when_the_project_is_longitudinal_and_only_then() {
        let project =
            |longitudinal: Value| super::project(&json!({"is_longitudinal": longitudinal, "in_production": 1}), None).0;

        assert_eq!(project(json!(0)), None);
        assert_eq!(project(json!("0")), None);
        assert!(project(json!(1)).is_some());
        assert!(project(json!("1")).is_some());
        assert!(super::project(&json!({"is_longitudinal": 0}), Some("home_arm_1")).0.is_some());
        assert!(super::project(&json!({"is_longitudinal": 0}), None).1.unwrap().contains("in development"));
    }
}
