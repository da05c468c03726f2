//! Days as FHIR R4 resources, and a FHIR server as a target.
//!
//! A day is six or seven `Observation`s: steps under LOINC 41950-7, which conform to the time-based measure of the HL7
//! Physical Activity guide (1.0.1), and the others under codes of the study's own ([`LOCAL_CODES`]), which claim no
//! profile. Participants and counters are pseudonyms and labels. Everything is found by a business identifier: a bundle
//! that is sent again changes nothing, and a correction replaces what is there. Some servers find identifiers without
//! regard to case: a study gives no two pseudonyms that differ in nothing else. The revision of a day is a tag of each of
//! its `Observation`s, the largest one where a server keeps old tags.
//!
//! A server that refuses a day as a whole is asked to take it in pieces, of which the last one holds the steps: Medplum
//! takes no more than eight conditional requests in a transaction. A server that answers a transaction entry by entry is
//! understood, too.
//!
//! Who leaves becomes a `ResearchSubject` with the status `withdrawn`; a `Patient` is never changed. Days that are to be
//! taken out become `entered-in-error`, without their numbers. What a server keeps of earlier versions is its own.

mod answer;
mod bundle;
mod capability;
mod codes;
mod resources;
mod server;
mod withdraw;

use serde_json::Value;

pub use bundle::{ENTRIES_AT_MOST, Goals, bundle};
pub use codes::{LOCAL_CODES, Systems, code_system};
pub use resources::{
    Bundle, Coding, Component, Concept, Device, Entry, Goal, GoalTarget, Identifier, Meta, Observation, Patient,
    Period, Quantity, Reference, Request, ResearchStudy, ResearchSubject, Resource, Specialization, Until,
};

use self::{
    answer::Outcome,
    server::{Server, Unread},
};
use super::{
    StudyDay,
    target::{Export, Held, Trouble, Verdict, Withdrawal},
};
use crate::model::ParticipantId;

/// Where a FHIR server is, and what a study agreed on with it.
#[derive(Clone)]
pub struct FhirSettings {
    /// Its base address: https, or http on this computer.
    pub base_url: String,
    /// The bearer token, if it asks for one.
    pub token: Option<String>,
    /// Certificates of the authorities that vouch for it, PEM; without them those that browsers know.
    pub ca_pem: Option<Vec<u8>>,
    /// Beginning of the addresses of the study's identifiers and codes.
    pub system: String,
    /// The most days in one request; fewer where a bundle would grow beyond [`ENTRIES_AT_MOST`].
    pub days_at_once: usize,
    /// Whether anything about goals is sent.
    pub goals: Goals,
}

impl std::fmt::Debug for FhirSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FhirSettings")
            .field("base_url", &self.base_url)
            .field("system", &self.system)
            .field("days_at_once", &self.days_at_once)
            .field("goals", &self.goals)
            .finish_non_exhaustive()
    }
}

/// A FHIR R4 server.
#[derive(Debug)]
pub struct Fhir {
    server: Server,
    systems: Systems,
    days_at_once: usize,
    goals: Goals,
    /// It has refused a day as a whole, and taken it in pieces.
    in_pieces: bool,
}

impl Fhir {
    /// This server. Sends nothing yet.
    ///
    /// # Errors
    /// [`Trouble::Stopped`] when an address or a certificate in the settings cannot be one.
    pub fn new(settings: FhirSettings) -> Result<Self, Trouble> {
        let FhirSettings { base_url, token, ca_pem, system, days_at_once, goals } = settings;
        let absolute = ["https://", "http://", "urn:"].iter().any(|scheme| system.starts_with(scheme));
        if !absolute || system.contains(|c: char| c.is_whitespace() || c.is_control()) {
            return Err(Trouble::stopped(
                "`system` is not an address; nothing was sent. Write the beginning of the study's own addresses, such as https://study.example.org/fhir",
            ));
        }
        Ok(Self {
            server: Server::new(&base_url, token, ca_pem.as_deref())?,
            systems: Systems::new(&system),
            days_at_once: days_at_once.clamp(1, bundle::days_at_most(goals)),
            goals,
            in_pieces: false,
        })
    }

    /// Sends a bundle; what became of its entries.
    fn transact(&self, bundle: &Bundle) -> Result<Vec<Outcome>, Trouble> {
        let body = serde_json::to_vec(bundle)
            .map_err(|error| Trouble::stopped(format!("days cannot be written as JSON ({error}); nothing was sent. This is a fault of the program: please report it")))?;
        answer::outcomes(&self.server.post(&body)?, &bundle.entries)
    }

    /// Sends a bundle in pieces that every server takes.
    fn transact_in_pieces(&self, bundle: &Bundle) -> Result<(), Trouble> {
        bundle::pieces(bundle, bundle::FEW_ENTRIES).iter().try_for_each(|piece| stored(&self.transact(piece)?))
    }

    /// Sends days as one bundle.
    fn send_whole(&self, days: &[StudyDay], bundle: &Bundle) -> Result<Vec<Verdict>, Trouble> {
        let outcomes = self.transact(bundle)?;
        let of_days = bundle::entries_of_day(outcomes.len(), days.len(), 0, self.goals).start;
        // Without its participant, counter and goal no day is there as a whole.
        stored(&outcomes[..of_days])?;
        (0..days.len())
            .map(|index| {
                let range = bundle::entries_of_day(outcomes.len(), days.len(), index, self.goals);
                // A server that treats the entries one by one has kept those of the other days.
                verdict(stored(&outcomes[range]))
            })
            .collect()
    }

    /// The server's own address of a participant; none when it has none.
    fn patient(&self, study: &ParticipantId, participant: &ParticipantId) -> Result<Option<String>, Unread> {
        let (system, value) = (self.systems.participant(), format!("{}/{}", study.as_str(), participant.as_str()));
        let ids = self.server.search(&format!("Patient?identifier={}", bundle::token(&system, &value)), |patient| {
            (identifier(patient, &system) == Some(&value)).then(|| patient["id"].as_str().map(str::to_owned))
        })?;
        match &ids[..] {
            [] => Ok(None),
            [Some(id)] => Ok(Some(format!("Patient/{id}"))),
            [None] => {
                Err(Trouble::passing("the FHIR server names a participant without an id; it is asked again").into())
            }
            _ => Err(Trouble::stopped(
                "the FHIR server has a participant twice, so days cannot be told apart. Ask the study to merge the two",
            )
            .into()),
        }
    }
}

impl Export for Fhir {
    fn check(&mut self) -> Result<Vec<String>, Trouble> {
        capability::check(&self.server, &self.systems, self.goals)
    }

    fn send(&mut self, days: &[StudyDay]) -> Result<Vec<Verdict>, Trouble> {
        if days.is_empty() {
            return Ok(Vec::new());
        }
        if !self.in_pieces {
            let bundle = bundle(days, &self.systems, self.goals);
            match self.send_whole(days, &bundle) {
                // What is refused may be the size.
                Err(Trouble::Refused { .. }) if days.len() == 1 && bundle.entries.len() > bundle::FEW_ENTRIES => {
                    self.transact_in_pieces(&bundle)?;
                    (self.in_pieces, self.days_at_once) = (true, 1);
                    return Ok(vec![Verdict::Stored]);
                }
                sent => return sent,
            }
        }
        days.iter()
            .map(|day| {
                let bundle = bundle(std::slice::from_ref(day), &self.systems, self.goals);
                verdict(self.transact_in_pieces(&bundle))
            })
            .collect()
    }

    fn held(&mut self, study: &ParticipantId, participant: &ParticipantId) -> Result<Option<Vec<Held>>, Trouble> {
        let steps = bundle::token(codes::LOINC, bundle::STEPS);
        let prefix = format!("{}/{}/", study.as_str(), participant.as_str());
        let found = self.patient(study, participant).and_then(|patient| match patient {
            None => Ok(Vec::new()),
            Some(patient) => {
                self.server.search(&format!("Observation?subject={patient}&code={steps}&_count=200"), |observation| {
                    held(observation, &prefix, &self.systems)
                })
            }
        });
        match found {
            Ok(mut days) => {
                days.sort_unstable_by_key(|day| day.date);
                Ok(Some(days))
            }
            Err(unread) if unread.forbidden => Ok(None),
            Err(unread) => Err(unread.trouble),
        }
    }

    fn withdraw(&mut self, withdrawal: &Withdrawal) -> Result<(), Trouble> {
        let mut bundles = Vec::new();
        if withdrawal.take_out
            && let Some(patient) = self.patient(&withdrawal.study, &withdrawal.participant)?
        {
            let mut entries = Vec::new();
            for kind in ["Observation", "Goal"] {
                entries.extend(self.server.search(&format!("{kind}?subject={patient}&_count=200"), |resource| {
                    withdraw::taken_out(resource, &patient, withdrawal, &self.systems)
                })?);
            }
            bundles.extend(entries.chunks(ENTRIES_AT_MOST).map(|entries| Bundle::transaction(entries.to_vec())));
        }
        bundles.push(withdraw::marker(withdrawal, &self.systems));
        bundles.iter().try_for_each(|bundle| match self.transact(bundle).and_then(|outcomes| stored(&outcomes)) {
            Err(Trouble::Refused { .. }) if bundle.entries.len() > bundle::FEW_ENTRIES => {
                self.transact_in_pieces(bundle)
            }
            done => done,
        })
    }

    fn at_once(&self) -> usize {
        self.days_at_once
    }
}

/// Whether all of these entries are in place; else what kept the first of them.
fn stored(outcomes: &[Outcome]) -> Result<(), Trouble> {
    outcomes.iter().try_for_each(|outcome| match outcome {
        Outcome::Stored => Ok(()),
        Outcome::Not(trouble) => Err(trouble.clone()),
    })
}

/// What became of a day; what may pass or needs a person is of the request.
fn verdict(stored: Result<(), Trouble>) -> Result<Verdict, Trouble> {
    match stored {
        Ok(()) => Ok(Verdict::Stored),
        Err(Trouble::Refused { what }) => Ok(Verdict::Refused(what)),
        Err(trouble @ (Trouble::Passing { .. } | Trouble::Stopped { .. })) => Err(trouble),
    }
}

/// The identifier that a resource has in this system.
fn identifier<'a>(resource: &'a Value, system: &str) -> Option<&'a str> {
    resource["identifier"].as_array()?.iter().find(|identifier| identifier["system"] == system)?["value"].as_str()
}

/// The day of an observation of steps that is one of ours; none for others, and for one that was taken out.
fn held(observation: &Value, prefix: &str, systems: &Systems) -> Option<Held> {
    let date = identifier(observation, &systems.day())?.strip_prefix(prefix)?.strip_suffix("/steps")?.parse().ok()?;
    let is_final = match observation["status"].as_str()? {
        "preliminary" => false,
        "final" | "amended" => true,
        _ => return None,
    };
    let tags = observation["meta"]["tag"].as_array()?;
    let own = tags.iter().filter(|tag| tag["system"] == systems.revision());
    let revision = own.filter_map(|tag| tag["code"].as_str()?.parse().ok()).max()?;
    Some(Held { date, revision, is_final })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    /// What a resource could be, right and wrong.
    fn anything() -> impl Strategy<Value = Value> {
        let systems = Systems::new("https://a.example");
        let word = prop_oneof![
            Just(json!("Observation")),
            Just(json!("final")),
            Just(json!("S/P/2026-11-20/steps")),
            Just(json!(systems.day())),
            Just(json!(systems.revision())),
            Just(json!("2")),
            ".{0,6}".prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            Just(Value::Null),
        ];
        let name = prop_oneof!["resourceType", "identifier", "system", "value", "status", "meta", "tag", "code"];
        word.prop_recursive(5, 40, 4, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
                prop::collection::vec((name.clone(), inner), 0..6).prop_map(|members| members.into_iter().collect()),
            ]
        })
    }

    proptest! {
        #[test]
        fn no_resource_makes_it_panic(resource in anything()) {
            let systems = Systems::new("https://a.example");
            let withdrawal = Withdrawal {
                study: "S".parse().unwrap(),
                participant: "P".parse().unwrap(),
                date: chrono::NaiveDate::MIN,
                study_day: 1,
                tz_offset_min: 0,
                sent: Vec::new(),
                epoch: chrono::NaiveDate::MIN,
                take_out: true,
            };

            let day = held(&resource, "S/P/", &systems);
            let out = withdraw::taken_out(&resource, "Patient/1", &withdrawal, &systems);

            prop_assert!(day.is_none_or(|day| day.date.to_string() == "2026-11-20"));
            prop_assert!(out.is_none_or(|entry| entry.request.url.contains("S/P/")));
        }
    }
}
