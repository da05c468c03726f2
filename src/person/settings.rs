//! What a person or their helper can change on the pages about themselves.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::{model::ParticipantId, time::Zone, words::Language};

/// A change; what it leaves out stays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SettingsChange {
    /// Whose.
    pub participant: ParticipantId,
    /// What the pages call the person; stays in this house. Empty takes it away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Language of their pages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<Language>,
    /// Their zone, with its first day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<ZoneFrom>,
}

/// A zone from a day on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ZoneFrom {
    /// First day in it; none for since ever.
    pub from: Option<NaiveDate>,
    /// The zone.
    pub zone: Zone,
}

/// What all changes together say; none where nothing was changed, and the settings file holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// What the pages call the person.
    pub label: Option<String>,
    /// Language of their pages.
    pub language: Option<Language>,
    /// Zones in the order in which they were set.
    pub zones: Vec<ZoneFrom>,
}

impl Settings {
    pub(super) fn take(&mut self, change: SettingsChange) {
        self.label = change.label.or(self.label.take());
        self.language = change.language.or(self.language);
        self.zones.extend(change.zone);
    }
}
