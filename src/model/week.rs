//! The canonical week table, one row: the same names and the same order everywhere.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::{Flags, ParticipantId};

/// What a person's weeks are counted from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WeeksBy {
    /// Seven-day weeks from the day of enrolment.
    Enrolment,
    /// Seven-day weeks from the first day of the record.
    FirstDay,
    /// Weeks of the calendar, Monday to Sunday (ISO 8601).
    Calendar,
}

impl WeeksBy {
    /// The name that stands in exports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Enrolment => "enrolment",
            Self::FirstDay => "first_day",
            Self::Calendar => "calendar",
        }
    }
}

/// Whether a week held 150 minutes of moderate activity or its equivalent (WHO 2020).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Met150 {
    /// What is known reaches it.
    Yes,
    /// All seven days are valid, and every unknown minute together could not have reached it.
    No,
    /// Too little is known.
    CannotTell,
}

impl Met150 {
    /// The name that stands in exports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::No => "no",
            Self::CannotTell => "cannot_tell",
        }
    }
}

/// One person's week: the canonical week table, one row (activity-science §13). `None` means unknown or
/// not applicable, never zero. Field order is column order everywhere.
///
/// *Valid days* are days that are over and valid by the rules. Means are over valid days alone, sums over
/// every day of the week with a known value; each has its number of days beside it. Nothing is imputed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WeekTotal {
    /// The study's pseudonym.
    pub participant_id: ParticipantId,
    /// Number of the week, the first being 1; 0 is the week before enrolment.
    pub week_index: i32,
    /// Its first day, whether or not that day is in the record.
    pub week_start: NaiveDate,
    /// What weeks are counted from.
    pub weeks_by: WeeksBy,
    /// Days of the week that are in the record, 1 to 7.
    pub days_in_week: u32,
    /// Fewer than seven days of the week are in the record.
    pub partial_week: bool,
    /// Days of the week from enrolment to the last day of the record that are over: the denominator of
    /// both adherences. Without an enrolment, days of the record.
    pub enrolled_days: u32,
    /// Days with any data.
    pub days_with_data: u32,
    /// Valid days.
    pub valid_days: u32,
    /// Of them, Monday to Friday.
    pub valid_weekdays: u32,
    /// Of them, Saturday and Sunday.
    pub valid_weekend_days: u32,
    /// Valid days that make a week valid.
    pub valid_week_min_days: u32,
    /// The week has that many.
    pub valid_week: bool,
    /// Mean steps of valid days.
    pub steps_mean_valid: Option<f64>,
    /// Median steps of valid days.
    pub steps_median_valid: Option<f64>,
    /// (5 × mean of valid weekdays + 2 × mean of valid weekend days) / 7; needs both kinds.
    pub steps_mean_5to2: Option<f64>,
    /// Valid days with known steps: the days of the three numbers before.
    pub steps_valid_days: u32,
    /// Steps of all days with known steps.
    pub steps_sum: Option<u64>,
    /// How many days that are.
    pub steps_days: u32,
    /// Brisk minutes of all days on which they are known.
    pub brisk_min_sum: Option<u32>,
    /// How many days that are.
    pub brisk_days: u32,
    /// Mean brisk minutes of valid days, times 7.
    pub brisk_min_per_valid_day_x7: Option<f64>,
    /// Valid days with known brisk minutes.
    pub brisk_valid_days: u32,
    /// Minutes in brisk bouts of all days on which they are known.
    pub bout_min_sum: Option<u32>,
    /// How many days that are.
    pub bout_days: u32,
    /// Brisk minutes in own time of all days on which they are known.
    pub leisure_brisk_min_sum: Option<u32>,
    /// How many days that are.
    pub leisure_days: u32,
    /// The least that is known of the week's moderate-equivalent minutes: brisk ones, vigorous ones twice.
    pub moderate_eq_lower: Option<u32>,
    /// The most that they can be; none unless all seven days are valid.
    pub moderate_eq_upper: Option<u32>,
    /// Whether they reach 150.
    pub met_150: Met150,
    /// Days whose goal was met.
    pub days_met: u32,
    /// Days whose goal was met or not met.
    pub days_judged: u32,
    /// Met of judged; none without a judged day.
    pub attainment: Option<f64>,
    /// Days with a goal of which too little is known.
    pub days_cannot_tell: u32,
    /// Days without a goal.
    pub days_no_goal: u32,
    /// Days on which the goal was paused.
    pub days_paused: u32,
    /// Days excused by a clinician.
    pub days_excused: u32,
    /// Valid days of enrolled days; none before enrolment.
    pub wear_adherence: Option<f64>,
    /// Days with data of enrolled days; none before enrolment.
    pub sync_adherence: Option<f64>,
    /// Minutes with data.
    pub minutes_recorded: u32,
    /// Steps a minute from which a minute is brisk; none when that changed within the week.
    pub brisk_threshold: Option<u16>,
    /// It changed within the week.
    pub brisk_threshold_changed: bool,
    /// Marks of any of the days.
    pub flags: Flags,
    /// Names of the rules of the days; more than one are joined by `;`.
    pub rules: String,
    /// Their hashes, likewise.
    pub rules_hash: String,
    /// Program and version, likewise.
    pub software: String,
    /// When the newest of the days was computed.
    pub computed_at: Option<DateTime<Utc>>,
}
