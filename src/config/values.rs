//! What the keys of `brisk.toml` can say: names, kinds, hours, zones.

use firmware_protocol::device::{self, KINDS, Kind};
use serde::{Deserialize, Serialize};

use crate::{
    model::windows::{BadWeekly, Weekly},
    time::{BadZone, Zone},
};

/// What a trial database is called in this home: 1 to 16 small letters, digits or `-`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TargetName(String);

impl TargetName {
    /// The name itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for TargetName {
    type Error = String;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if (1..=16).contains(&name.len()) && name.chars().all(plain) {
            Ok(Self(name))
        } else {
            Err("a trial database is called by 1 to 16 small letters, digits or \"-\"".to_owned())
        }
    }
}

impl From<TargetName> for String {
    fn from(name: TargetName) -> Self {
        name.0
    }
}

/// What kind of trial database it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TargetKind {
    /// REDCap's API.
    Redcap,
    /// A table in PostgreSQL.
    Postgres,
    /// A FHIR R4 server.
    Fhir,
}

/// Hours of every day in which no notice is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Quiet {
    text: String,
    /// The same hours on each day of the week.
    pub hours: Weekly,
}

impl Default for Quiet {
    fn default() -> Self {
        Self::try_from("20:00-09:00".to_owned()).expect("two times of day are hours")
    }
}

impl TryFrom<String> for Quiet {
    type Error = BadWeekly;

    fn try_from(text: String) -> Result<Self, BadWeekly> {
        let hours = if text == "none" { Weekly::default() } else { format!("daily {text}").parse()? };
        Ok(Self { text, hours })
    }
}

impl From<Quiet> for String {
    fn from(quiet: Quiet) -> Self {
        quiet.text
    }
}

/// A kind of counter by its name.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CounterKind(pub &'static Kind);

impl PartialEq for CounterKind {
    fn eq(&self, other: &Self) -> bool {
        self.0.name == other.0.name
    }
}

impl TryFrom<String> for CounterKind {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        let known = || KINDS.iter().map(|kind| kind.name).collect::<Vec<_>>().join(", ");
        device::kind(&name).map(Self).ok_or_else(|| format!("{name:?} is no kind of counter; known are {}", known()))
    }
}

impl From<CounterKind> for String {
    fn from(kind: CounterKind) -> Self {
        kind.0.name.to_owned()
    }
}

/// The zone of the home.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum ClockZone {
    /// The zone of this machine.
    Auto,
    /// This one.
    Named(Zone),
}

impl TryFrom<String> for ClockZone {
    type Error = BadZone;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        if name == "auto" { Ok(Self::Auto) } else { name.parse().map(Self::Named) }
    }
}

impl From<ClockZone> for String {
    fn from(zone: ClockZone) -> Self {
        match zone {
            ClockZone::Auto => "auto".to_owned(),
            ClockZone::Named(zone) => zone.into(),
        }
    }
}

/// How much of the numbers a person's pages show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Display {
    /// Everything.
    #[default]
    Full,
    /// Steps, without brisk minutes.
    StepsOnly,
    /// No number at all: a study measures and does not show.
    Blinded,
}

/// Where the counters are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RadioKind {
    /// In the air.
    Bluetooth,
    /// In this program.
    Simulated,
}

/// How a simulated counter is paired.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SimulatedPairing {
    /// It shows six digits, to be typed here.
    Digits,
    /// Both sides show six digits, to be compared.
    Compare,
    /// Six digits are shown here, to be typed into it.
    Typed,
    /// Nobody is asked.
    None,
}
