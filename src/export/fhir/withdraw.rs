//! A participant left: what is said of it, and how their days are taken out.

use serde_json::{Value, json};

use super::{
    bundle::{create, patient, update},
    codes::Systems,
    identifier,
    resources::{Bundle, Entry, Identifier, Reference, ResearchStudy, ResearchSubject, Resource, Until},
};
use crate::export::target::Withdrawal;

/// The participant's part in the study has ended.
pub(super) fn marker(withdrawal: &Withdrawal, systems: &Systems) -> Bundle {
    let patient = patient(&withdrawal.study, &withdrawal.participant, systems);
    let of_study = Identifier { system: systems.study(), value: withdrawal.study.as_str().to_owned() };
    let resource = ResearchStudy { identifier: vec![of_study.clone()], status: "active" };
    let study = create(&of_study, Resource::ResearchStudy(resource));
    let value = format!("{}/{}", withdrawal.study.as_str(), withdrawal.participant.as_str());
    let of_subject = Identifier { system: systems.subject(), value };
    let subject = ResearchSubject {
        identifier: vec![of_subject.clone()],
        status: "withdrawn",
        period: Until { end: withdrawal.date },
        study: Reference { reference: study.full_url.clone() },
        individual: Reference { reference: patient.full_url.clone() },
    };
    let subject = update(&of_subject, Resource::ResearchSubject(subject));
    Bundle::transaction(vec![patient, study, subject])
}

/// A resource of the participant that is on the server and is ours, as entered in error and without its numbers. None for
/// others, and for one that is so already.
pub(super) fn taken_out(resource: &Value, patient: &str, withdrawal: &Withdrawal, systems: &Systems) -> Option<Entry> {
    let prefix = format!("{}/{}/", withdrawal.study.as_str(), withdrawal.participant.as_str());
    let kind = resource["resourceType"].as_str()?;
    let (system, kept, status): (_, &[&str], _) = match kind {
        "Observation" => (systems.day(), &["category", "code", "effectivePeriod"], "status"),
        "Goal" => (systems.goal(), &["category", "description"], "lifecycleStatus"),
        _ => return None,
    };
    let value = identifier(resource, &system).filter(|value| value.starts_with(&prefix))?.to_owned();
    if resource[status] == "entered-in-error" {
        return None;
    }
    let identifier = Identifier { system, value };
    let mut out = json!({"resourceType": kind, "identifier": [identifier], "subject": {"reference": patient}});
    out[status] = "entered-in-error".into();
    for member in kept.iter().filter(|member| !resource[**member].is_null()) {
        out[*member] = resource[*member].clone();
    }
    Some(update(&identifier, Resource::Read(out)))
}
