//! What every output says of itself: software, rules, and the files that it was made of.

use serde_json::{Value, json};

use crate::{
    batch::{BatchOptions, BatchSummary, InputRead},
    export::Table,
    model::SOFTWARE,
};

pub(super) struct About<'a> {
    options: &'a BatchOptions,
    inputs: Vec<InputRead>,
}

impl<'a> About<'a> {
    pub fn of(options: &'a BatchOptions, summary: &BatchSummary) -> Self {
        Self { options, inputs: summary.inputs.clone() }
    }

    /// For forms that hold metadata.
    pub fn metadata(&self) -> Vec<(String, String)> {
        let inputs = serde_json::to_string(&self.inputs).unwrap_or_default();
        vec![
            ("software".to_owned(), SOFTWARE.to_owned()),
            ("rules".to_owned(), self.options.rules.name.clone()),
            ("rules_hash".to_owned(), self.options.rules.hash()),
            ("inputs".to_owned(), inputs),
        ]
    }

    /// The file beside a table; `codebook` is the name of the codebook beside both.
    pub fn in_json(&self, table: Table, codebook: &str) -> Value {
        json!({
            "table": table.name(),
            "software": SOFTWARE,
            "rules": self.options.rules,
            "rules_hash": self.options.rules.hash(),
            "brisk_threshold": self.options.brisk_threshold,
            "tz": self.options.calendar.home().zone.name(),
            "computed_at": self.options.computed_at,
            "inputs": self.inputs,
            "codebook": codebook,
        })
    }

    pub fn title(&self) -> String {
        match self.inputs.as_slice() {
            [one] => format!("Steps and brisk minutes in {}", one.path.display()),
            several => format!("Steps and brisk minutes in {} files", several.len()),
        }
    }

    pub fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if self.options.calendar.home().zone.name().is_none() {
            notes.push("Stamps were taken as they stand, in no time zone.".to_owned());
        }
        if self.inputs.iter().any(|input| input.epoch_s > 60) {
            notes.push("Epochs longer than a minute tell steps, and bounds of brisk minutes only.".to_owned());
        }
        notes
    }
}
