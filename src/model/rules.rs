//! The rules that turn minutes into a day's numbers, by name, version and hash.

use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::hex;

/// How `wear_min` was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WearMethod {
    /// The counter said so, minute by minute.
    Device,
    /// Recorded minutes less runs of at least 60 zeros: an estimate from steps alone.
    #[default]
    Zero60,
    /// Less runs of at least 90 zeros (Choi 2012).
    Zero90,
    /// Less runs of at least 120 zeros (Hutto 2013).
    Zero120,
    /// By Choi's rule of 2011: 90 zeros, artefacts of 2 minutes between 30 zeros passed over.
    Choi,
    /// The recorded minutes of clock hours with a step.
    HoursWithSteps,
    /// Minutes with a plausible heart rate or a step.
    HeartRate,
}

/// How the numbers of the bout rule are read ([`crate::aggregate::bouts`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BoutKind {
    /// The first window decides that a bout begins; it then goes on until enough slower minutes in a row (NCI).
    #[default]
    Begun,
    /// Every window of a bout holds its share of brisk minutes (after GGIR).
    Rolling,
}

/// Every threshold that turns minutes into a day's numbers. A set of rules has a name and never
/// changes under it; [`Rules::hash`] stands in every row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    /// Name and version, such as `brisk/1`.
    pub name: String,
    /// A brisk minute has at least this many steps, unless the participant has an own threshold
    /// (100: Tudor-Locke 2018, 2020, 2021; a population heuristic).
    pub brisk_spm: u16,
    /// A vigorous minute has at least this many steps (130: Tudor-Locke 2019, 2020).
    pub vigorous_spm: u16,
    /// A bout begins at a brisk minute whose own window of this many recorded minutes …
    pub bout_window_min: u16,
    /// … holds at least this many brisk ones (8 of 10: Troiano 2008, NCI), …
    pub bout_brisk_min: u16,
    /// … and ends before this many minutes in a row that are not brisk.
    pub bout_end_min: u16,
    /// Shortest run of zeros that counts as not worn for `wear60_min`.
    pub zero_run_short_min: u16,
    /// Shortest run of zeros that counts as not worn for `wear90_min`.
    pub zero_run_long_min: u16,
    /// A valid day has at least this many wear minutes …
    pub valid_wear_min: u16,
    /// … or, where wear is only estimated from steps, this many clock hours with a step; 0 asks for wear alone.
    pub valid_hours_with_steps: u16,
    /// The most steps that a minute can hold, for bounds from coarse records.
    pub ceiling_spm: u16,
    /// How wear is found where the counter does not say it minute by minute. Where a day has no heart rate,
    /// `heart_rate` becomes `zero60`, and the day's row says so.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub wear_method: WearMethod,
    /// Shortest run of zeros that counts as not worn by `zero120`.
    #[serde(default = "two_hours", skip_serializing_if = "is_two_hours")]
    pub zero_run_longest_min: u16,
    /// How the three numbers of the bout rule are read.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub bout_kind: BoutKind,
}

// What `brisk/1` did not name yet is left out where it is as usual: its hash stays what it was.
fn is_usual<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

fn two_hours() -> u16 {
    120
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_two_hours(minutes: &u16) -> bool {
    *minutes == two_hours()
}

impl Rules {
    /// The built-in rules `brisk/1` (activity-science §1, §6, §7).
    pub fn brisk_1() -> Self {
        Self {
            name: "brisk/1".to_owned(),
            brisk_spm: 100,
            vigorous_spm: 130,
            bout_window_min: 10,
            bout_brisk_min: 8,
            bout_end_min: 3,
            zero_run_short_min: 60,
            zero_run_long_min: 90,
            valid_wear_min: 600,
            valid_hours_with_steps: 10,
            ceiling_spm: 200,
            wear_method: WearMethod::Zero60,
            zero_run_longest_min: two_hours(),
            bout_kind: BoutKind::Begun,
        }
    }

    /// The first 16 hexadecimal digits of the SHA-256 of the rules as JSON, members in the order
    /// declared here.
    ///
    /// # Panics
    /// Never: a struct of text and numbers always has a JSON form.
    pub fn hash(&self) -> String {
        let json = serde_json::to_vec(self).expect("text and numbers always serialise");
        hex(&Sha256::digest(json)[..8])
    }
}

/// Thresholds that a participant's own one may have, steps a minute (activity-science §1.4).
pub const OWN_BRISK_SPM: RangeInclusive<u16> = 60..=130;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_of_the_built_in_rules_never_changes() {
        assert_eq!(Rules::brisk_1().hash(), "d09295e804f8027c");
    }
}
