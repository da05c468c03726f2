//! The canonical person table, one row: the same names and the same order everywhere.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::{Flags, ParticipantId, WeeksBy};

/// One person's whole record: the canonical person table, one row (activity-science §12, §13). `None`
/// means unknown or not applicable, never zero. Field order is column order everywhere.
///
/// *Valid days* are days that are over and valid by the rules; means are over valid days with a known
/// value. Nothing is imputed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PersonTotal {
    /// The study's pseudonym.
    pub participant_id: ParticipantId,
    /// Day of enrolment, where it is known.
    pub enrolled_on: Option<NaiveDate>,
    /// First day of the record.
    pub first_date: NaiveDate,
    /// Last day of the record.
    pub last_date: NaiveDate,
    /// Days of the record.
    pub days: u32,
    /// Days from enrolment to the last day of the record that are over: the denominator of both
    /// adherences. Without an enrolment, days of the record.
    pub enrolled_days: u32,
    /// Days with any data.
    pub days_with_data: u32,
    /// Valid days.
    pub valid_days: u32,
    /// Of them, Monday to Friday.
    pub valid_weekdays: u32,
    /// Of them, Saturday and Sunday.
    pub valid_weekend_days: u32,
    /// What weeks are counted from.
    pub weeks_by: WeeksBy,
    /// Weeks with a day in the record.
    pub weeks: u32,
    /// Valid days that make a week valid.
    pub valid_week_min_days: u32,
    /// Weeks with that many.
    pub valid_weeks: u32,
    /// Mean steps of valid days.
    pub steps_mean_valid: Option<f64>,
    /// Median steps of valid days.
    pub steps_median_valid: Option<f64>,
    /// (5 × mean of valid weekdays + 2 × mean of valid weekend days) / 7; needs both kinds.
    pub steps_mean_5to2: Option<f64>,
    /// Valid days with known steps: the days of the three numbers before.
    pub steps_valid_days: u32,
    /// Mean brisk minutes of valid days.
    pub brisk_min_mean_valid: Option<f64>,
    /// Seven times the mean brisk minutes of valid days.
    pub brisk_min_per_week: Option<f64>,
    /// Valid days with known brisk minutes.
    pub brisk_valid_days: u32,
    /// Mean minutes in brisk bouts of valid days.
    pub bout_min_mean_valid: Option<f64>,
    /// Mean over valid days of the highest minute's steps.
    pub peak1_spm_mean_valid: Option<f64>,
    /// Mean over valid days of the peak 30-minute cadence.
    pub peak30_spm_mean_valid: Option<f64>,
    /// Mean over valid days of the peak 60-minute cadence.
    pub peak60_spm_mean_valid: Option<f64>,
    /// Mean wear minutes of valid days.
    pub wear_min_mean_valid: Option<f64>,
    /// Mean clock hours with a step of valid days.
    pub hours_with_steps_mean_valid: Option<f64>,
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
    /// Valid days of enrolled days; none without one.
    pub wear_adherence: Option<f64>,
    /// Days with data of enrolled days; none without one.
    pub sync_adherence: Option<f64>,
    /// Minutes with data of minutes elapsed, over the days of the record that are over.
    pub completeness: Option<f64>,
    /// Weeks with 150 moderate-equivalent minutes.
    pub weeks_met_150: u32,
    /// Weeks of which it can be told whether they have.
    pub weeks_judged_150: u32,
    /// Minutes with data.
    pub minutes_recorded: u32,
    /// Steps a minute from which a minute is brisk; none when that changed.
    pub brisk_threshold: Option<u16>,
    /// It changed within the record.
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
