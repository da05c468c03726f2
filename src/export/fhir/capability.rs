//! Whether a FHIR server can do what days need, by what it says of itself and by a search that must find nothing.

use serde_json::Value;

use super::{
    bundle::{Goals, token},
    codes::Systems,
    server::Server,
};
use crate::export::target::Trouble;

/// Asks the server. Changes nothing there.
pub(super) fn check(server: &Server, systems: &Systems, goals: Goals) -> Result<Vec<String>, Trouble> {
    let statement = server.get("metadata")?;
    let lacks = lacking(&statement, goals)?;
    if !lacks.is_empty() {
        return Err(Trouble::stopped(format!(
            "the FHIR server cannot keep days apart: it does not offer {}; nothing was sent. Ask the study for a server that does",
            lacks.join(", ")
        )));
    }
    // Some servers pass over what they do not understand of a search: every participant would be the same one.
    let nobody = token(&systems.participant(), "brisk/there-is-no-such-participant");
    let found = server.search(&format!("Patient?identifier={nobody}"), |_| Some(()))?;
    if !found.is_empty() {
        return Err(Trouble::stopped(
            "the FHIR server finds participants under an identifier that nobody has: it would mix them up; nothing was sent. Ask the study for a server that searches by identifier",
        ));
    }
    Ok(good_to_know(&statement))
}

/// What the server does not offer, in words.
fn lacking(statement: &Value, goals: Goals) -> Result<Vec<String>, Trouble> {
    if statement["resourceType"] != "CapabilityStatement" {
        return Err(Trouble::stopped(
            "what is at this address does not say that it is a FHIR server; nothing was sent. Put the server's base address into `url`",
        ));
    }
    let version = statement["fhirVersion"].as_str().unwrap_or_default();
    // What is sent is the same in R4B.
    if !version.starts_with("4.0") && !version.starts_with("4.3") {
        return Err(Trouble::stopped(format!(
            "the FHIR server speaks version {version:?}, and days are written for 4.0; nothing was sent. Ask the study for the address of its R4 server"
        )));
    }
    let mut lacks = Vec::new();
    let rest = rest(statement);
    if !codes(&rest["interaction"], "code").any(|code| code == "transaction") {
        lacks.push("transactions".to_owned());
    }
    let update = ["Device", "Observation", "Goal"].into_iter().filter(|kind| *kind != "Goal" || goals == Goals::Sent);
    for (kind, ability, name) in [("Patient", "conditionalCreate", "conditional create")]
        .into_iter()
        .chain(update.map(|kind| (kind, "conditionalUpdate", "conditional update")))
    {
        let Some(resource) = resource(rest, kind) else {
            lacks.push(kind.to_owned());
            continue;
        };
        if resource[ability] != true {
            lacks.push(format!("{name} of {kind}"));
        }
        if !codes(&resource["searchParam"], "name").any(|name| name == "identifier") {
            lacks.push(format!("search of {kind} by identifier"));
        }
    }
    Ok(lacks)
}

/// What a person may want to know, though days can be sent.
fn good_to_know(statement: &Value) -> Vec<String> {
    let mut notes = Vec::new();
    let name = statement["software"]["name"].as_str().or(statement["implementation"]["description"].as_str());
    let version = statement["software"]["version"].as_str().map_or_else(String::new, |version| format!(" {version}"));
    let plain = |text: &str| text.chars().filter(|c| !c.is_control()).take(80).collect::<String>();
    notes.push(format!("The FHIR server is {}{}.", plain(name.unwrap_or("one without a name")), plain(&version)));
    let rest = rest(statement);
    if ["ResearchStudy", "ResearchSubject"].iter().any(|kind| resource(rest, kind).is_none()) {
        notes.push(
            "It has no place for a withdrawal (ResearchSubject): the study has to be told of one otherwise.".to_owned(),
        );
    }
    let searched = resource(rest, "Observation").is_some_and(|observation| {
        ["subject", "code"].iter().all(|wanted| codes(&observation["searchParam"], "name").any(|name| name == *wanted))
    });
    if !searched {
        notes.push("It does not offer a search by participant and code: what it holds may not be compared.".to_owned());
    }
    notes
}

fn rest(statement: &Value) -> &Value {
    let rests = statement["rest"].as_array().map_or(&[][..], Vec::as_slice);
    rests.iter().find(|rest| rest["mode"] == "server").unwrap_or(&Value::Null)
}

fn resource<'a>(rest: &'a Value, kind: &str) -> Option<&'a Value> {
    rest["resource"].as_array()?.iter().find(|resource| resource["type"] == kind)
}

fn codes<'a>(list: &'a Value, member: &'a str) -> impl Iterator<Item = &'a str> {
    list.as_array().map_or(&[][..], Vec::as_slice).iter().filter_map(move |item| item[member].as_str())
}
