//! Which counters there are, whose they are, and how they are reached: the settings' counters, and those that
//! were paired, assigned and forgotten since. What people decide about counters is dated and stands in the
//! journal beside their goals; a counter belongs to one person at a time.

pub mod keys;

use std::{collections::BTreeMap, sync::Arc};

use chrono::NaiveDate;
use firmware_protocol::{
    device::{self, Kind},
    reading::HostId,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::{
    config::Config,
    days::{Person, Wearing},
    model::{DeviceId, ParticipantId, parse_device_id},
    person::Record,
    store::{BondLevel, Decided},
};

/// What the study calls each counter of these people, by the counter's identity in hexadecimal digits: its label in the
/// settings, or one made from this installation's own random number, so that it tells nobody its address.
pub fn asset_labels<'a>(
    config: &Config,
    host: HostId,
    people: impl IntoIterator<Item = &'a Arc<Person>>,
) -> BTreeMap<String, String> {
    let label = |device: DeviceId| {
        let named = config.counter.iter().filter(|counter| counter.id == device).find_map(|one| one.asset.as_ref());
        named.map_or_else(
            || {
                let digest = Sha256::new().chain_update(host.0).chain_update(device.0).finalize();
                digest.iter().take(3).fold("C-".to_owned(), |label, byte| label + &format!("{byte:02X}"))
            },
            |asset| asset.as_str().to_owned(),
        )
    };
    let worn = people.into_iter().flat_map(|person| person.counters.iter().map(|wearing| wearing.device));
    worn.map(|device| (device.to_string(), label(device))).collect()
}

/// What a study calls this home in its files: made from this installation's own random number, as its counters' labels.
///
/// # Panics
/// Never: such a label is a pseudonym.
pub fn home_label(host: HostId) -> ParticipantId {
    let digest = Sha256::new().chain_update(host.0).chain_update("home").finalize();
    let label = digest.iter().take(4).fold("H-".to_owned(), |label, byte| label + &format!("{byte:02X}"));
    ParticipantId::try_from(label).expect("ten letters, digits and a hyphen are a pseudonym")
}

/// One decision about a counter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "device_decision", rename_all = "snake_case", deny_unknown_fields)]
pub enum DeviceDecision {
    /// It was paired, or paired anew. Its owners stay.
    Paired {
        /// Sixteen hexadecimal digits.
        device: String,
        /// Name of its kind.
        kind: String,
        /// Where it is reached.
        address: String,
        /// How the connection is protected.
        bond: BondLevel,
        /// What the household calls it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        label: Option<String>,
    },
    /// Whose it is from a day on; none for nobody's.
    Assigned {
        /// Sixteen hexadecimal digits.
        device: String,
        /// Whose.
        person: Option<ParticipantId>,
        /// First day; none for since ever.
        from: Option<NaiveDate>,
    },
    /// It is not looked for any more. Its data stay, and stay their owner's.
    Forgotten {
        /// Sixteen hexadecimal digits.
        device: String,
    },
}

/// Whose a counter is from a day on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// First day; none for since ever.
    pub from: Option<NaiveDate>,
    /// None for nobody.
    pub person: Option<ParticipantId>,
}

/// A counter of this home.
#[derive(Clone, Debug)]
pub struct Counter {
    /// Its own identity.
    pub id: DeviceId,
    /// What kind it is.
    pub kind: &'static Kind,
    /// Where it is reached, when that is known.
    pub address: Option<String>,
    /// How the connection is protected.
    pub bond: BondLevel,
    /// What the household calls it.
    pub label: Option<String>,
    /// Whose it was and is, in order of days.
    pub owners: Vec<Owner>,
    /// It is looked for.
    pub wanted: bool,
}

impl Counter {
    /// Whose it is on this day.
    pub fn owner_on(&self, date: NaiveDate) -> Option<&ParticipantId> {
        let owner = self.owners.iter().rev().find(|owner| owner.from.is_none_or(|from| from <= date));
        owner.and_then(|owner| owner.person.as_ref())
    }

    /// Whose it is by the last decision.
    pub fn owner(&self) -> Option<&ParticipantId> {
        self.owners.last().and_then(|owner| owner.person.as_ref())
    }

    fn assign(&mut self, owner: Owner) {
        // A later decision about the same day stands.
        self.owners.retain(|known| known.from != owner.from);
        self.owners.push(owner);
        self.owners.sort_by_key(|owner| owner.from);
    }
}

/// The counters that follow from the settings and the decisions, in the order of the settings, then of pairing.
pub fn counters(config: &Config, decided: &[Decided]) -> Vec<Counter> {
    let mut counters: Vec<Counter> = Vec::new();
    for entry in &config.counter {
        let owner = Owner { from: entry.from, person: config.owner(entry).map(|person| person.id.clone()) };
        match counters.iter_mut().find(|counter| counter.id == entry.id) {
            Some(known) => known.assign(owner),
            None => counters.push(Counter {
                id: entry.id,
                kind: entry.kind.0,
                address: entry.address.clone(),
                bond: BondLevel::None,
                label: entry.label.clone(),
                owners: vec![owner],
                wanted: true,
            }),
        }
    }
    let decisions = decided.iter().filter_map(|decided| serde_json::from_str::<DeviceDecision>(&decided.json).ok());
    for decision in decisions {
        take(&mut counters, decision);
    }
    counters
}

fn take(counters: &mut Vec<Counter>, decision: DeviceDecision) {
    let (DeviceDecision::Paired { device, .. }
    | DeviceDecision::Assigned { device, .. }
    | DeviceDecision::Forgotten { device }) = &decision;
    let Some(id) = parse_device_id(device) else { return };
    let known = counters.iter().position(|counter| counter.id == id);
    match decision {
        DeviceDecision::Paired { kind, address, bond, label, .. } => {
            // Of a kind that a newer version knows: it is kept and not looked for.
            let Some(kind) = device::kind(&kind) else { return };
            let at = known.unwrap_or_else(|| {
                counters.push(Counter { id, kind, address: None, bond, label: None, owners: Vec::new(), wanted: true });
                counters.len() - 1
            });
            if let Some(counter) = counters.get_mut(at) {
                (counter.kind, counter.address, counter.bond, counter.wanted) = (kind, Some(address), bond, true);
                counter.label = label.or(counter.label.take());
            }
        }
        DeviceDecision::Assigned { person, from, .. } => {
            if let Some(counter) = known.and_then(|at| counters.get_mut(at)) {
                counter.assign(Owner { from, person });
            }
        }
        DeviceDecision::Forgotten { .. } => {
            if let Some(counter) = known.and_then(|at| counters.get_mut(at)) {
                (counter.wanted, counter.bond) = (false, BondLevel::None);
            }
        }
    }
}

/// Everybody in the settings, with what they wore and wear, the better counters first: one that tells minutes
/// before one that does not, else in order.
pub fn people(config: &Config, counters: &[Counter]) -> Vec<Person> {
    let worn_by = |person: &ParticipantId| {
        let mut worn: Vec<(&Counter, Wearing)> = Vec::new();
        for counter in counters {
            let until = counter.owners.iter().skip(1).map(|next| next.from).chain([None]);
            for (owner, next) in counter.owners.iter().zip(until) {
                if owner.person.as_ref() == Some(person) {
                    worn.push((counter, Wearing { device: counter.id, from: owner.from, before: next }));
                }
            }
        }
        worn.sort_by_key(|(counter, _)| fineness(counter.kind));
        worn.into_iter().map(|(_, wearing)| wearing).collect()
    };
    let people = config.person.iter().map(|person| Person {
        id: person.id.clone(),
        calendar: config.calendar(person),
        brisk_spm: person.brisk_steps_per_minute,
        counters: worn_by(&person.id),
        label: person.label.clone(),
        language: person.language,
        display: person.display,
        record: Record::default(),
    });
    people.collect()
}

fn fineness(kind: &Kind) -> u8 {
    use firmware_protocol::driver::Resolution;
    match kind.resolution {
        Resolution::Minute => 0,
        Resolution::Coarse => 1,
        Resolution::Counter => 2,
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    const ID: &str = "0011223344556677";

    fn decided(decisions: &[DeviceDecision]) -> Vec<Decided> {
        let json = decisions.iter().map(|decision| serde_json::to_string(decision).unwrap());
        json.zip(0..)
            .map(|(json, ordinal)| Decided { ordinal, at: DateTime::UNIX_EPOCH, actor: "person".to_owned(), json })
            .collect()
    }

    fn config() -> Config {
        Config::parse("[[person]]\nid = \"a\"\n[[person]]\nid = \"b\"\n", "x").unwrap()
    }

    fn paired(address: &str) -> DeviceDecision {
        DeviceDecision::Paired {
            device: ID.to_owned(),
            kind: "step-log".to_owned(),
            address: address.to_owned(),
            bond: BondLevel::Passkey,
            label: None,
        }
    }

    fn assigned(person: Option<&str>, from: Option<&str>) -> DeviceDecision {
        DeviceDecision::Assigned {
            device: ID.to_owned(),
            person: person.map(|person| person.parse().unwrap()),
            from: from.map(|from| from.parse().unwrap()),
        }
    }

    #[test]
    fn a_counter_belongs_to_one_person_at_a_time() {
        let decisions = decided(&[paired("A"), assigned(Some("a"), None), assigned(Some("b"), Some("2026-05-11"))]);

        let counters = counters(&config(), &decisions);
        let people = people(&config(), &counters);

        let worn = |n: usize| people[n].counters.iter().map(|worn| (worn.from, worn.before)).collect::<Vec<_>>();
        let day = "2026-05-11".parse().ok();
        assert_eq!(worn(0), [(None, day)]);
        assert_eq!(worn(1), [(day, None)]);
        assert_eq!(counters[0].owner_on("2026-05-10".parse().unwrap()).unwrap().as_str(), "a");
        assert_eq!(counters[0].owner().unwrap().as_str(), "b");
    }

    #[test]
    fn pairing_anew_keeps_the_owner_and_forgetting_keeps_the_data_his() {
        let again = decided(&[paired("A"), assigned(Some("a"), None), paired("B")]);
        let gone =
            decided(&[paired("A"), assigned(Some("a"), None), DeviceDecision::Forgotten { device: ID.to_owned() }]);

        let (again, gone) = (counters(&config(), &again), counters(&config(), &gone));

        assert_eq!((again[0].address.as_deref(), again[0].owner().map(ParticipantId::as_str)), (Some("B"), Some("a")));
        assert!(again[0].wanted && !gone[0].wanted);
        assert_eq!(people(&config(), &gone)[0].counters.len(), 1);
    }

    #[test]
    fn decisions_of_other_matters_and_unknown_kinds_are_left_alone() {
        let mut decisions = decided(&[paired("A")]);
        decisions[0].json = decisions[0].json.replace("step-log", "crystal-ball");
        decisions.push(Decided { json: "{\"decision\":\"goal_ended\"}".to_owned(), ..decisions[0].clone() });

        assert!(counters(&config(), &decisions).is_empty());
    }
}
