//! The canonical day table, one row: the same names and the same order everywhere.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::{DataState, Flags, GoalState, ParticipantId, WearMethod};

/// One person's day: the canonical day table, one row. `None` means unknown or not applicable,
/// never zero. Field order is column order everywhere.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct DayTotal {
    /// The study's pseudonym.
    pub participant_id: ParticipantId,
    /// Calendar day in the participant's zone.
    pub local_date: NaiveDate,
    /// Day of the participant's record, the first day being 1.
    pub day_index: i32,
    /// 1 = Monday … 7 = Sunday (ISO 8601).
    pub weekday: u8,
    /// Zone name; none when stamps were taken as they stood.
    pub tz: Option<String>,
    /// UTC offset at the start of the day, minutes.
    pub tz_offset_min: Option<i32>,
    /// 1440, or 1380/1500 when the clock changes.
    pub day_len_min: u32,
    /// Minutes with data.
    pub minutes_recorded: u32,
    /// Longest epoch that went into the day, seconds; none without data.
    pub epoch_seconds_max: Option<u32>,
    /// What the numbers rest on.
    pub data_state: DataState,
    /// Steps; none without data.
    pub total_steps: Option<u32>,
    /// The counter's own day total, where it keeps one.
    pub device_day_steps: Option<u32>,
    /// Lower bound of the day's steps from the data at hand.
    pub steps_lower: Option<u32>,
    /// Upper bound of the day's steps from the data at hand; none when there is none.
    pub steps_upper: Option<u32>,
    /// Minutes with no step. Bands are none when the day has no minutes.
    pub m_0: Option<u32>,
    /// Minutes with 1–19 steps.
    pub m_1_19: Option<u32>,
    /// Minutes with 20–39 steps.
    pub m_20_39: Option<u32>,
    /// Minutes with 40–59 steps.
    pub m_40_59: Option<u32>,
    /// Minutes with 60–79 steps.
    pub m_60_79: Option<u32>,
    /// Minutes with 80–99 steps.
    pub m_80_99: Option<u32>,
    /// Minutes with 100–119 steps.
    pub m_100_119: Option<u32>,
    /// Minutes with 120 steps or more.
    pub m_120p: Option<u32>,
    /// Steps a minute from which a minute is brisk.
    pub brisk_threshold: u16,
    /// Brisk minutes; none when only bounds are known.
    pub brisk_min: Option<u32>,
    /// Lower bound of the brisk minutes.
    pub brisk_lower: Option<u32>,
    /// Upper bound of the brisk minutes.
    pub brisk_upper: Option<u32>,
    /// Brisk minutes in own time.
    pub leisure_brisk_min: Option<u32>,
    /// Brisk minutes in declared work windows; none without such windows.
    pub work_brisk_min: Option<u32>,
    /// Minutes at or above the vigorous threshold.
    pub vigorous_min: Option<u32>,
    /// Minutes inside brisk bouts.
    pub bout_min: Option<u32>,
    /// Bouts that have a minute in this day; a bout over midnight counts on both days.
    pub bout_count: Option<u32>,
    /// Minutes of the longest bout, as far as they lie in this day.
    pub longest_bout_min: Option<u32>,
    /// Steps of the highest minute.
    pub peak1_spm: Option<f64>,
    /// Mean of the 30 highest minutes; none when fewer are recorded.
    pub peak30_spm: Option<f64>,
    /// Mean of the 60 highest minutes; none when fewer are recorded.
    pub peak60_spm: Option<f64>,
    /// MET-minutes of minutes at 100 steps or more: 3, 4, 5, 6 MET from 100, 110, 120, 130. A floor.
    pub met_min_floor: Option<u32>,
    /// Recorded minutes less zero runs of 60 or more.
    pub wear60_min: Option<u32>,
    /// Recorded minutes less zero runs of 90 or more.
    pub wear90_min: Option<u32>,
    /// How `wear_min` was found.
    pub wear_method: Option<WearMethod>,
    /// Minutes worn by that method.
    pub wear_min: Option<u32>,
    /// Clock hours of the day with at least one step.
    pub hours_with_steps: Option<u32>,
    /// `wear60_min` reaches the valid-day rule.
    pub valid60: Option<bool>,
    /// `wear90_min` reaches the valid-day rule.
    pub valid90: Option<bool>,
    /// The day is valid by the rules named in the row.
    pub valid_day: Option<bool>,
    /// Minutes that the person entered by hand.
    pub diary_min: Option<u32>,
    /// The goal in force.
    pub goal_id: Option<String>,
    /// What it measures.
    pub goal_measure: Option<String>,
    /// How much of it.
    pub goal_target: Option<u32>,
    /// How much was done, by what is known.
    pub goal_done: Option<u32>,
    /// Met or not, or why that cannot be said.
    pub goal_state: GoalState,
    /// Short names of the counters, joined by `;`.
    pub source_device: Option<String>,
    /// Marks.
    pub flags: Flags,
    /// Name of the rules.
    pub rules: String,
    /// Their hash.
    pub rules_hash: String,
    /// Program and version that first computed this revision.
    pub software: String,
    /// When this revision was computed; for a day under way, when its newest reading arrived.
    pub computed_at: Option<DateTime<Utc>>,
    /// 0 while the day is under way, then 1, raised by one whenever a value changes.
    pub revision: u32,
}
