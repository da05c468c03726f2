//! What an answer of REDCap means: stored, refused for a day or for the whole project, to be tried again, or a matter for a
//! person.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::export::{http::Answer, target::Trouble};

/// A request that REDCap refused as a whole (status 400): nothing of it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    /// What is at fault.
    pub(super) fault: Fault,
    /// What it said, readable and without values.
    pub(super) said: String,
}

/// What REDCap refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// The whole record is locked: no day of it will be stored.
    RecordLocked,
    /// Forms of single days are locked.
    FormLocked,
    /// The project is not as it has to be: no day of anybody will be stored.
    Project,
    /// Values of some day.
    Values,
}

/// An answer that is neither what was asked for nor a refusal of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// Nothing of the request is stored.
    Refused(Refusal),
    /// Wrong or expired token, or a right that it lacks.
    NoRight(String),
    /// Anything else.
    Other(Trouble),
}

/// The JSON of an answer that proves something.
///
/// # Errors
/// For every other answer.
pub(super) fn json(reply: &Answer, host: &str) -> Result<Value, Failure> {
    let kind = reply.content_type.split(';').next().unwrap_or_default().trim();
    let is_json = kind.eq_ignore_ascii_case("application/json");
    let parsed = if is_json { serde_json::from_slice::<Value>(&reply.body).ok() } else { None };
    if reply.status != 200 {
        return Err(failure(reply, host, parsed.as_ref()));
    }
    match parsed {
        Some(value) if value.get("error").is_some() => Err(Failure::Refused(refusal(error_text(&value)))),
        Some(value) => Ok(value),
        None => Err(passing(format!(
            "something that is not REDCap answered for {host}, such as a log-in page of the network or a page of maintenance"
        ))),
    }
}

/// The text of an answer, when it is one short line: REDCap says its version in this way.
///
/// # Errors
/// For every other answer.
pub(super) fn line(reply: &Answer, host: &str) -> Result<String, Failure> {
    let text = String::from_utf8_lossy(&reply.body);
    let text = text.trim();
    if reply.status == 200 && !text.is_empty() && text.len() <= 100 && !text.contains(['<', '{', '\n']) {
        return Ok(text.trim_matches('"').to_owned());
    }
    json(reply, host)?;
    Err(passing(format!("{host} did not say which REDCap it is")))
}

fn failure(reply: &Answer, host: &str, parsed: Option<&Value>) -> Failure {
    let said = parsed.map(error_text);
    match (reply.status, said) {
        (400, Some(said)) => Failure::Refused(refusal(said)),
        (401 | 403, Some(said)) => Failure::NoRight(readable(said, &[])),
        (406, said) => Failure::Refused(refusal(said.unwrap_or("the form of the data is not accepted"))),
        // The rows are too many for it: fewer may pass.
        (413, _) => Failure::Refused(Refusal {
            fault: Fault::Values,
            said: format!("{host} does not take so much in one request"),
        }),
        (409 | 422, said) => Failure::Refused(refusal(said.unwrap_or("the data are not accepted"))),
        (301 | 308, _) => Failure::Other(Trouble::stopped(format!(
            "REDCap has moved away from {host}, so nothing was sent. Ask the study for the address of its API, and set `url` to it"
        ))),
        (404 | 405 | 410, _) => Failure::Other(Trouble::stopped(format!(
            "{host} has no REDCap at the address in `url` (status {}), so nothing was sent. Ask the study for the address of its API, which ends in /api/",
            reply.status
        ))),
        (429, _) => Failure::Other(Trouble::Passing {
            what: format!("{host} asks for fewer requests"),
            after: reply.retry_after,
        }),
        (status, Some(said)) => Failure::Other(Trouble::Passing {
            what: format!("{host} cannot take anything now (status {status}: {})", readable(said, &[])),
            after: reply.retry_after,
        }),
        // A proxy, the network's log-in page, or a server in maintenance.
        (status, None) => Failure::Other(Trouble::Passing {
            what: format!("{host} answered with status {status} and nothing that REDCap says"),
            after: reply.retry_after,
        }),
    }
}

fn passing(what: String) -> Failure {
    Failure::Other(Trouble::passing(what))
}

fn error_text(value: &Value) -> &str {
    value.get("error").and_then(Value::as_str).unwrap_or("it gave no reason")
}

/// Reads the message of a refusal: lines of CSV with record, field, value and message, or a sentence.
///
/// Records and values never stand in what comes out.
fn refusal(error: &str) -> Refusal {
    let faults = lines(error);
    if faults.is_empty() {
        let said = readable(error, &[]);
        let fault = if is_record_lock(&said) {
            Fault::RecordLocked
        } else if is_form_lock(&said) {
            Fault::FormLocked
        } else if PROJECT_WORDS.iter().any(|words| said.contains(words)) {
            Fault::Project
        } else {
            Fault::Values
        };
        return Refusal { fault, said };
    }
    let any = |is: fn(&str) -> bool| faults.iter().any(|[_, _, _, message]| is(message));
    let all = |is: fn(&str) -> bool| faults.iter().all(|[_, _, _, message]| is(message));
    let of_project = |[_, field, _, _]: &[String; 4]| PROJECT_FIELDS.contains(&field.as_str());
    let fault = if faults.iter().any(of_project) {
        Fault::Project
    } else if any(is_record_lock) {
        Fault::RecordLocked
    } else if all(is_form_lock) {
        Fault::FormLocked
    } else {
        Fault::Values
    };
    let distinct: BTreeSet<String> = faults
        .iter()
        .map(|[record, field, value, message]| {
            let message = readable(message, &[record, value]);
            if fault == Fault::RecordLocked || field.is_empty() { message } else { format!("{field}: {message}") }
        })
        .collect();
    let mut said: Vec<String> = distinct.iter().take(MOST_NAMED).cloned().collect();
    if distinct.len() > MOST_NAMED {
        said.push(format!("and {} more", distinct.len() - MOST_NAMED));
    }
    Refusal { fault, said: said.join("; ") }
}

/// So many reasons are named.
const MOST_NAMED: usize = 3;

/// Faults in these columns are the project's, not a day's.
const PROJECT_FIELDS: [&str; 3] = ["redcap_repeat_instrument", "redcap_event_name", "redcap_data_access_group"];

/// REDCap's words for what is wrong with every row alike.
const PROJECT_WORDS: [&str; 4] = [
    "not found in the project as real data fields",
    "values of redcap_event_name are invalid",
    "repeating instrument",
    "project does not",
];

fn is_record_lock(message: &str) -> bool {
    message.contains("locked at the record level")
}

fn is_form_lock(message: &str) -> bool {
    message.contains("form that is locked") || message.contains("been locked")
}

/// The lines of a message that is CSV: record, field, value, message. Empty for any other message.
fn lines(error: &str) -> Vec<[String; 4]> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(error.trim().as_bytes());
    let rows: Result<Vec<_>, _> = reader.records().collect();
    let rows: Option<Vec<_>> = rows
        .unwrap_or_default()
        .iter()
        .map(|row| row.iter().map(str::to_owned).collect::<Vec<_>>().try_into().ok())
        .collect();
    if error.trim_start().starts_with('"') { rows.unwrap_or_default() } else { Vec::new() }
}

/// A message of the server on one line of at most 300 characters, without tags and without what is kept back.
fn readable(message: &str, kept_back: &[&str]) -> String {
    let mut text = String::with_capacity(message.len());
    let mut in_tag = false;
    for c in message.chars() {
        match c {
            '<' => in_tag = true,
            '>' if in_tag => in_tag = false,
            _ if in_tag => {}
            c if c.is_control() => text.push(' '),
            c => text.push(c),
        }
    }
    let words: Vec<&str> = text.split_whitespace().collect();
    let mut text = words.join(" ");
    for hidden in kept_back.iter().filter(|hidden| !hidden.is_empty()) {
        text = hide(&text, hidden);
    }
    text.trim_end_matches('.').chars().take(300).collect()
}

/// The text with every whole word `hidden` replaced.
fn hide(text: &str, hidden: &str) -> String {
    let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(hidden) {
        let (before, found) = rest.split_at(at);
        let (found, after) = found.split_at(hidden.len());
        let stands_alone = !before.chars().next_back().or_else(|| out.chars().next_back()).is_some_and(is_word)
            && !after.chars().next().is_some_and(is_word);
        out.push_str(before);
        out.push_str(if stands_alone { "(kept back)" } else { found });
        rest = after;
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(error: &str) -> (Fault, String) {
        let Refusal { fault, said } = refusal(error);
        (fault, said)
    }

    #[test]
    fn lines_of_csv_become_a_sentence_without_records_and_values() {
        let error = concat!(
            "\"P-0007 (#20)\",\"da_steps\",\"9001\",\"The value 9001 you provided for P-0007 (#20) is not an integer.\"\n",
            "\"P-0007 (#21)\",\"da_valid\",\"1\",\"The value is not a valid category for da_valid\"\n",
            "\"P-0007 (#22)\",\"da_valid\",\"1\",\"The value is not a valid category for da_valid\"",
        );

        let (fault, said) = read(error);

        assert_eq!(fault, Fault::Values);
        assert_eq!(
            said,
            "da_steps: The value (kept back) you provided for (kept back) is not an integer; da_valid: The value is not a valid category for da_valid"
        );
    }

    #[test]
    fn many_reasons_are_counted() {
        let lines: Vec<String> = (0..9).map(|n| format!("\"P-1\",\"da_{n}\",\"x\",\"wrong\"")).collect();

        assert_eq!(read(&lines.join("\n")).1, "da_0: wrong; da_1: wrong; da_2: wrong; and 6 more");
    }

    #[test]
    fn what_is_wrong_with_the_project_is_told_from_what_is_wrong_with_a_day() {
        let lock = "This record has been locked at the record level. No value within this record can be modified.";
        let form = "This field is located on a form that is locked. You must first unlock this form for this record.";
        for (error, fault) in [
            ("The following fields were not found in the project as real data fields: da_x".to_owned(), Fault::Project),
            ("The following values of redcap_event_name are invalid: home_arm_1".to_owned(), Fault::Project),
            ("\"P-1\",\"redcap_repeat_instrument\",\"daily_activity\",\"no\"".to_owned(), Fault::Project),
            (format!("\"P-1\",\"da_steps\",\"1\",\"{lock}\""), Fault::RecordLocked),
            (lock.to_owned(), Fault::RecordLocked),
            (format!("\"P-1\",\"da_steps\",\"1\",\"{form}\""), Fault::FormLocked),
            (format!("\"P-1\",\"da_steps\",\"1\",\"{form}\"\n\"P-1\",\"da_date\",\"1\",\"no date\""), Fault::Values),
            ("\"P-1\",\"da_steps\",\"1".to_owned(), Fault::Values),
            ("\"one\",\"two\"".to_owned(), Fault::Values),
            (String::new(), Fault::Values),
        ] {
            assert_eq!(refusal(&error).fault, fault, "{error}");
        }
    }

    #[test]
    fn a_message_is_one_short_line_without_tags() {
        assert_eq!(read("<b>No</b>\r\n\tnot\u{0} this.").1, "No not this");
        assert_eq!(read(&"long ".repeat(1000)).1.chars().count(), 300);
        // A record called 2 hides no other number.
        assert_eq!(hide("2 of 12, 20 and 2-3", "2"), "(kept back) of 12, 20 and 2-3");
    }
}
