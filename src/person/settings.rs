//! What a person or their helper can change on the pages about themselves.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::{
    goal::decision::Found,
    model::ParticipantId,
    time::Zone,
    words::{Language, Phrase},
};

/// Longest name on the pages, in characters.
const NAME_MAX: u32 = 60;

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

impl SettingsChange {
    pub(super) fn look_at(&self, today: NaiveDate, found: &mut Found) {
        let long = |label: &String| u32::try_from(label.chars().count()).is_ok_and(|count| count > NAME_MAX);
        found.when(self.label.as_ref().is_some_and(long), "label", || {
            Phrase::new("problem-text-long").with("most", NAME_MAX)
        });
        found.within_years("from", today, self.zone.as_ref().and_then(|zone| zone.from));
    }
}

/// A zone from a day on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
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
    /// Zones by their first day; of two from the same day the later decision stands.
    pub zones: Vec<ZoneFrom>,
}

impl Settings {
    pub(super) fn take(&mut self, change: SettingsChange) {
        self.label = change.label.or(self.label.take());
        self.language = change.language.or(self.language);
        if let Some(zone) = change.zone {
            self.zones.retain(|known| known.from != zone.from);
            let at = self.zones.partition_point(|known| known.from < zone.from);
            self.zones.insert(at, zone);
        }
    }

    /// Whether a change would change nothing.
    pub(super) fn holds(&self, change: &SettingsChange) -> bool {
        let SettingsChange { participant: _, label, language, zone } = change;
        (label.is_none() || *label == self.label)
            && (language.is_none() || *language == self.language)
            && zone.as_ref().is_none_or(|zone| self.zones.contains(zone))
    }
}
