//! What an answer of a FHIR server proves.

use std::time::Duration;

use serde_json::Value;

use super::resources::Entry;
use crate::export::{http::Answer, target::Trouble};

/// A resource that an entry was to put in place, as the server tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Stored,
    Not(Trouble),
}

/// The JSON of an answer that says yes.
pub(super) fn json(answer: &Answer) -> Result<Value, Trouble> {
    let Answer { status, .. } = answer;
    let body = serde_json::from_slice::<Value>(&answer.body).ok().filter(Value::is_object);
    match status {
        200..300 => body.ok_or_else(|| {
            Trouble::passing(if is_html(answer) {
                "the answer is a web page, not a FHIR server's: most likely this network wants somebody to sign in; nothing counts as stored, and it is tried again".to_owned()
            } else {
                format!("the answer ({status}) is not FHIR's JSON; nothing counts as stored, and it is tried again")
            })
        }),
        300..400 => Err(Trouble::passing(format!(
            "the server sends to another address ({status}), which is not followed; nothing was stored, and it is tried again. If it goes on, put the new address into `url`"
        ))),
        _ => Err(trouble(*status, body.as_ref(), answer.retry_after, is_html(answer))),
    }
}

/// What a status other than success means.
fn trouble(status: u16, body: Option<&Value>, after: Option<Duration>, html: bool) -> Trouble {
    let outcome = body.filter(|body| body["resourceType"] == "OperationOutcome");
    let said = outcome.map(said).filter(|said| !said.is_empty()).map_or_else(String::new, |said| format!(": {said}"));
    match status {
        401 => Trouble::stopped(format!(
            "the FHIR server does not accept the token ({status}{said}); nothing was stored. Ask the study for a valid one and put it into the file that `secret` names"
        )),
        403 => Trouble::stopped(format!(
            "the FHIR server forbids this ({status}{said}); nothing was stored. Ask the study for the right to write days"
        )),
        404 | 405 | 410 if outcome.is_none() => Trouble::stopped(format!(
            "there is no FHIR server at this address ({status}); nothing was stored. Put its base address into `url`"
        )),
        400..500 if html => Trouble::passing(format!(
            "the answer ({status}) is a web page, not a FHIR server's; nothing counts as stored, and it is tried again"
        )),
        408 | 421 | 423 | 425 | 429 => Trouble::Passing {
            what: format!("the FHIR server is busy ({status}{said}); nothing was stored, and it is tried again"),
            after,
        },
        400..500 => Trouble::Refused { what: format!("the FHIR server refuses it ({status}{said})") },
        _ => Trouble::Passing {
            what: format!(
                "the FHIR server has failed ({status}{said}); nothing counts as stored, and it is tried again"
            ),
            after,
        },
    }
}

/// What became of every entry of a transaction. An answer that does not match the entries, one for one, proves nothing.
pub(super) fn outcomes(answer: &Value, entries: &[Entry]) -> Result<Vec<Outcome>, Trouble> {
    let unproven = |why: String| {
        Trouble::passing(format!(
            "the FHIR server's answer does not prove that days are stored ({why}); they are sent again"
        ))
    };
    if answer["resourceType"] != "Bundle" || answer["type"] != "transaction-response" {
        return Err(unproven("it is not the response to a transaction".to_owned()));
    }
    let answers = answer["entry"].as_array().map_or(&[][..], Vec::as_slice);
    if answers.len() != entries.len() {
        return Err(unproven(format!("{} entries were sent, and it speaks of {}", entries.len(), answers.len())));
    }
    let each = |(entry, answer): (&Entry, &Value)| {
        let response = &answer["response"];
        let text = response["status"].as_str().unwrap_or_default();
        // Such as `201`, or `201 Created`.
        let status = text
            .get(..3)
            .and_then(|digits| digits.parse().ok())
            .ok_or_else(|| unproven("an entry has no status".to_owned()))?;
        if !(200..300).contains(&status) {
            return Ok(Outcome::Not(trouble(status, Some(&response["outcome"]), None, false)));
        }
        let kind = entry.resource.kind();
        match response["location"].as_str() {
            Some(location) if !location.split('/').any(|part| part == kind) => {
                Err(unproven(format!("{location} stands in the place of a {kind}")))
            }
            _ => Ok(Outcome::Stored),
        }
    };
    entries.iter().zip(answers).map(each).collect()
}

/// What an `OperationOutcome` says, for a person, in at most 300 characters.
fn said(outcome: &Value) -> String {
    let issues = outcome["issue"].as_array().map_or(&[][..], Vec::as_slice);
    let texts: Vec<String> = issues
        .iter()
        .filter(|issue| issue["severity"] != "information")
        .filter_map(|issue| {
            let text = [
                &issue["details"]["text"],
                &issue["diagnostics"],
                &issue["details"]["coding"][0]["display"],
                &issue["code"],
            ]
            .into_iter()
            .find_map(Value::as_str)?;
            let place = [&issue["expression"][0], &issue["location"][0]].into_iter().find_map(Value::as_str);
            Some(place.map_or_else(|| text.to_owned(), |place| format!("{text} ({place})")))
        })
        .collect();
    let joined = texts.join("; ");
    let clean = joined.chars().map(|c| if c.is_control() { ' ' } else { c });
    let mut short: String = clean.take(300).collect();
    if joined.chars().nth(300).is_some() {
        short.push('…');
    }
    short
}

fn is_html(answer: &Answer) -> bool {
    let begin = answer.body.trim_ascii_start();
    let begins = |with: &[u8]| begin.get(..with.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(with));
    answer.content_type.to_ascii_lowercase().contains("html") || begins(b"<!doctype html") || begins(b"<html")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn answer(status: u16, content_type: &str, body: &str) -> Answer {
        Answer { status, content_type: content_type.to_owned(), retry_after: None, body: body.as_bytes().to_vec() }
    }

    #[test]
    fn an_outcome_is_told_with_its_places_and_not_at_length() {
        let issue = |diagnostics: &str, place: Value| json!({"severity": "error", "code": "invalid", "diagnostics": diagnostics, "expression": place});
        let told = |issues: Value| said(&json!({"resourceType": "OperationOutcome", "issue": issues}));

        assert_eq!(
            told(
                json!([issue("unit is unknown", json!(["Observation.value"])), {"severity": "information", "code": "informational"}, {"severity": "error", "code": "too-costly"}])
            ),
            "unit is unknown (Observation.value); too-costly"
        );
        assert_eq!(told(json!([issue("line\nbreak\u{1b}[31m", Value::Null)])), "line break [31m");
        assert_eq!(told(json!([issue(&"é".repeat(400), Value::Null)])).chars().count(), 301);
        assert_eq!(told(json!("none")), "");
    }

    #[test]
    fn an_answer_that_is_not_the_servers_own_stores_nothing_and_parks_nothing() {
        let page = "<!DOCTYPE html><title>Sign in</title>";
        for (status, content_type, body) in [
            (200, "text/html; charset=utf-8", page),
            (200, "application/fhir+json", page),
            (200, "application/json", "\"ok\""),
            (200, "", ""),
            (201, "application/fhir+json", "{\"resourceType\":"),
            (307, "", ""),
            (400, "text/html", page),
            (422, "", page),
            (502, "text/html", page),
            (511, "text/html", page),
        ] {
            let trouble = json(&answer(status, content_type, body)).unwrap_err();

            assert!(matches!(trouble, Trouble::Passing { .. }), "{status} {content_type} {body}: {trouble:?}");
        }
        assert!(matches!(json(&answer(404, "text/html", page)), Err(Trouble::Stopped { .. })));
    }

    proptest! {
        #[test]
        fn no_answer_makes_it_panic(status in 100_u16..600, content_type in ".{0,20}", body in any::<Vec<u8>>(), text in ".{0,80}") {
            let _told = json(&Answer { status, content_type: content_type.clone(), retry_after: None, body });
            let outcome = json!({"resourceType": "OperationOutcome", "issue": [{"diagnostics": text, "expression": [text]}]});
            let _told = json(&answer(status, &content_type, &outcome.to_string()));
            for entry in [json!(text), json!({"response": text}), json!({"response": {"status": text, "location": text}})] {
                let proven = outcomes(&json!({"resourceType": "Bundle", "type": "transaction-response", "entry": [entry]}), &[]);
                prop_assert!(proven.is_err());
            }
        }
    }
}
