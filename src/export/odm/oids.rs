//! The names by which a trial database knows its own forms and items.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::{
    export::variables::{VARIABLES, Variable},
    model::ParticipantId,
};

/// OIDs of a trial database. `OpenClinica` reads no others than its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Oids {
    /// The study; not set, it is the study's pseudonym with `S.` in front.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub study: Option<String>,
    /// The version of the study's metadata.
    pub metadata_version: String,
    /// The repeating study event: one for each day.
    pub study_event: String,
    /// The form of a day.
    pub form: String,
    /// The item group of a day.
    pub item_group: String,
    /// What stands before an item's name.
    pub item_prefix: String,
    /// Items by their names (`DA_STEPS`) that have another OID than prefix and name.
    pub items: BTreeMap<String, String>,
    /// What stands before a participant's pseudonym in `SubjectKey`.
    pub subject_prefix: String,
}

impl Default for Oids {
    fn default() -> Self {
        Self {
            study: None,
            metadata_version: "MDV.1".to_owned(),
            study_event: "SE.DAY".to_owned(),
            form: "F.DAILY_ACTIVITY".to_owned(),
            item_group: "IG.DAILY_ACTIVITY".to_owned(),
            item_prefix: "I.".to_owned(),
            items: BTreeMap::new(),
            subject_prefix: String::new(),
        }
    }
}

impl Oids {
    /// OID of a variable's item.
    pub fn item(&self, variable: &Variable) -> String {
        self.items.get(variable.item).cloned().unwrap_or_else(|| format!("{}{}", self.item_prefix, variable.item))
    }

    /// OID of the study.
    pub fn study_of(&self, study: &ParticipantId) -> String {
        self.study.clone().unwrap_or_else(|| format!("S.{}", study.as_str()))
    }

    /// Everything that is wrong with them, one sentence each.
    pub(super) fn check(&self) -> Result<(), Vec<String>> {
        let mut wrong = Vec::new();
        let named = [
            ("study", self.study.as_deref().unwrap_or("S.")),
            ("metadata_version", &self.metadata_version),
            ("study_event", &self.study_event),
            ("form", &self.form),
            ("item_group", &self.item_group),
        ];
        let items: Vec<_> = VARIABLES.iter().map(|variable| (variable.item, self.item(variable))).collect();
        let all = named.into_iter().chain(items.iter().map(|(name, oid)| (*name, oid.as_str())));
        for (name, oid) in all {
            if oid.trim().is_empty() || oid.contains(char::is_control) {
                wrong.push(format!("{name} has no OID: set one, or leave it out"));
            }
        }
        let mut seen = BTreeSet::new();
        for (name, oid) in &items {
            if !seen.insert(oid) {
                wrong.push(format!("the item {name} has the OID {oid:?}, which another item has: give it its own"));
            }
        }
        for name in self.items.keys().filter(|name| !VARIABLES.iter().any(|variable| variable.item == **name)) {
            wrong.push(format!("there is no item {name:?}: docs/codes.md lists them"));
        }
        if wrong.is_empty() { Ok(()) } else { Err(wrong) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_wrong_with_the_names_is_said_at_once() {
        let mut oids = Oids { form: " ".to_owned(), ..Oids::default() };
        oids.items.insert("DA_STEPS".to_owned(), "I.DA_DATE".to_owned());
        oids.items.insert("STEPS".to_owned(), "I_STEPS".to_owned());

        let wrong = oids.check().unwrap_err();

        assert_eq!(wrong.len(), 3, "{wrong:?}");
        assert!(wrong[0].contains("form") && wrong[1].contains("DA_STEPS") && wrong[2].contains("\"STEPS\""));
        assert_eq!(Oids::default().check(), Ok(()));
    }
}
