//! The few resources of FHIR R4 that are sent, with the few members that are used. R4B's are the same.

use chrono::{DateTime, FixedOffset, NaiveDate, SecondsFormat, Utc};
use serde::{Serialize, Serializer};
use serde_json::Value;

/// What a server does as a whole or not at all.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Bundle {
    resource_type: &'static str,
    #[serde(rename = "type")]
    kind: &'static str,
    /// In the order in which the answer has them.
    #[serde(rename = "entry")]
    pub entries: Vec<Entry>,
}

impl Bundle {
    /// A transaction.
    pub fn transaction(entries: Vec<Entry>) -> Self {
        Self { resource_type: "Bundle", kind: "transaction", entries }
    }
}

/// One resource and what to do with it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// What other entries call it by: `urn:uuid:`, the same for the same business identifier.
    pub full_url: String,
    /// The resource.
    pub resource: Resource,
    /// What to do.
    pub request: Request,
}

/// What to do with an entry.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Request {
    /// `POST` or `PUT`.
    pub method: &'static str,
    /// The type, and for an update the search that finds the resource.
    pub url: String,
    /// For a creation: the search that finds one that is there already.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub if_none_exist: Option<String>,
}

/// A resource.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "resourceType")]
pub enum Resource {
    /// A participant, by pseudonym alone.
    Patient(Patient),
    /// A counter.
    Device(Device),
    /// One number of a day.
    Observation(Box<Observation>),
    /// A person's own goal.
    Goal(Goal),
    /// The study.
    ResearchStudy(ResearchStudy),
    /// A participant's part in the study.
    ResearchSubject(ResearchSubject),
    /// One that was read from the server, type and all.
    #[serde(untagged)]
    Read(Value),
}

impl Resource {
    /// Its type.
    pub fn kind(&self) -> &str {
        match self {
            Self::Patient(_) => "Patient",
            Self::Device(_) => "Device",
            Self::Observation(_) => "Observation",
            Self::Goal(_) => "Goal",
            Self::ResearchStudy(_) => "ResearchStudy",
            Self::ResearchSubject(_) => "ResearchSubject",
            Self::Read(value) => value["resourceType"].as_str().unwrap_or_default(),
        }
    }
}

/// A participant.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Patient {
    /// The pseudonym.
    pub identifier: Vec<Identifier>,
}

/// A counter.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Device {
    /// The study's label.
    pub identifier: Vec<Identifier>,
    /// That it is a personal health device.
    #[serde(rename = "type")]
    pub kind: Concept,
    /// That it counts steps.
    pub specialization: Vec<Specialization>,
}

/// What a device is made for.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Specialization {
    /// The kind of system.
    pub system_type: Concept,
}

/// One number of a day.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Observation {
    /// Profile and revision.
    pub meta: Meta,
    /// `STUDY/PARTICIPANT/DATE/CODE`.
    pub identifier: Vec<Identifier>,
    /// `preliminary`, `final` or `amended`.
    pub status: &'static str,
    /// Activity.
    pub category: Vec<Concept>,
    /// Which number.
    pub code: Concept,
    /// Whose.
    pub subject: Reference,
    /// The day.
    pub effective_period: Period,
    /// When this revision was computed.
    #[serde(serialize_with = "instant")]
    pub issued: DateTime<Utc>,
    /// The number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value_quantity: Option<Quantity>,
    /// Yes or no.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value_boolean: Option<bool>,
    /// Why there is neither.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_absent_reason: Option<Concept>,
    /// Program and rules that made the number.
    pub method: Concept,
    /// The counter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<Reference>,
    /// How much of the day the counter was worn.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub component: Vec<Component>,
}

/// A number beside another one.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Component {
    /// Which.
    pub code: Concept,
    /// How much.
    pub value_quantity: Quantity,
}

/// A goal.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Goal {
    /// `STUDY/PARTICIPANT/goal/ID`.
    pub identifier: Vec<Identifier>,
    /// `active`.
    pub lifecycle_status: &'static str,
    /// Activity.
    pub category: Vec<Concept>,
    /// In words.
    pub description: Concept,
    /// Whose.
    pub subject: Reference,
    /// How much of what.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub target: Vec<GoalTarget>,
}

/// How much of what.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GoalTarget {
    /// What is counted.
    pub measure: Concept,
    /// How much.
    pub detail_quantity: Quantity,
}

/// A study.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ResearchStudy {
    /// Its pseudonym.
    pub identifier: Vec<Identifier>,
    /// `active`.
    pub status: &'static str,
}

/// A participant's part in a study.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ResearchSubject {
    /// `STUDY/PARTICIPANT`.
    pub identifier: Vec<Identifier>,
    /// `withdrawn`.
    pub status: &'static str,
    /// Until when.
    pub period: Until,
    /// Which study.
    pub study: Reference,
    /// Who.
    pub individual: Reference,
}

/// Profiles and tags.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Meta {
    /// What the resource says it conforms to.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub profile: Vec<&'static str>,
    /// The revision.
    pub tag: Vec<Coding>,
}

/// A business identifier.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Identifier {
    /// Who gives it.
    pub system: String,
    /// The identifier.
    pub value: String,
}

/// One meaning in one or more code systems, or in words.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Concept {
    /// In codes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub coding: Vec<Coding>,
    /// In words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// A code.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Coding {
    /// Of this system.
    pub system: String,
    /// The code.
    pub code: String,
    /// What people read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display: Option<&'static str>,
}

/// Points to another resource.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Reference {
    /// `urn:uuid:` of an entry of the same bundle, or `Type/id`.
    pub reference: String,
}

/// A number with its unit.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Quantity {
    /// The number.
    pub value: serde_json::Number,
    /// What people read.
    pub unit: &'static str,
    /// UCUM.
    pub system: &'static str,
    /// Its code.
    pub code: &'static str,
}

/// From one moment to another, with the offsets in force then.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Period {
    /// First moment.
    #[serde(serialize_with = "local")]
    pub start: DateTime<FixedOffset>,
    /// First moment after it.
    #[serde(serialize_with = "local")]
    pub end: DateTime<FixedOffset>,
}

/// Until a day.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Until {
    /// The day.
    pub end: NaiveDate,
}

fn instant<S: Serializer>(at: &DateTime<Utc>, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&at.to_rfc3339_opts(SecondsFormat::Secs, true))
}

fn local<S: Serializer>(at: &DateTime<FixedOffset>, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&at.to_rfc3339_opts(SecondsFormat::Secs, false))
}
