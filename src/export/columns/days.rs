//! The cells of a day's row.

use super::{Cell, Column, boolean, flags, free, integer, number, stamp, text};
use crate::model::{DataState, DayTotal, GoalState, WearMethod};

/// Name and value of every column, in the order of [`DayTotal`]'s fields.
pub const DAY_COLUMNS: [Column<DayTotal>; 57] = [
    ("participant_id", |day| text(day.participant_id.as_str())),
    ("local_date", |day| Cell::Date(day.local_date)),
    ("day_index", |day| Cell::Integer(day.day_index.into())),
    ("weekday", |day| Cell::Integer(day.weekday.into())),
    ("tz", |day| day.tz.as_deref().map_or(Cell::Missing, text)),
    ("tz_offset_min", |day| integer(day.tz_offset_min)),
    ("day_len_min", |day| Cell::Integer(day.day_len_min.into())),
    ("minutes_recorded", |day| Cell::Integer(day.minutes_recorded.into())),
    ("epoch_seconds_max", |day| integer(day.epoch_seconds_max)),
    ("data_state", |day| text(data_state(day.data_state))),
    ("total_steps", |day| integer(day.total_steps)),
    ("device_day_steps", |day| integer(day.device_day_steps)),
    ("steps_lower", |day| integer(day.steps_lower)),
    ("steps_upper", |day| integer(day.steps_upper)),
    ("m_0", |day| integer(day.m_0)),
    ("m_1_19", |day| integer(day.m_1_19)),
    ("m_20_39", |day| integer(day.m_20_39)),
    ("m_40_59", |day| integer(day.m_40_59)),
    ("m_60_79", |day| integer(day.m_60_79)),
    ("m_80_99", |day| integer(day.m_80_99)),
    ("m_100_119", |day| integer(day.m_100_119)),
    ("m_120p", |day| integer(day.m_120p)),
    ("brisk_threshold", |day| Cell::Integer(day.brisk_threshold.into())),
    ("brisk_min", |day| integer(day.brisk_min)),
    ("brisk_lower", |day| integer(day.brisk_lower)),
    ("brisk_upper", |day| integer(day.brisk_upper)),
    ("leisure_brisk_min", |day| integer(day.leisure_brisk_min)),
    ("work_brisk_min", |day| integer(day.work_brisk_min)),
    ("vigorous_min", |day| integer(day.vigorous_min)),
    ("bout_min", |day| integer(day.bout_min)),
    ("bout_count", |day| integer(day.bout_count)),
    ("longest_bout_min", |day| integer(day.longest_bout_min)),
    ("peak1_spm", |day| number(day.peak1_spm)),
    ("peak30_spm", |day| number(day.peak30_spm)),
    ("peak60_spm", |day| number(day.peak60_spm)),
    ("met_min_floor", |day| integer(day.met_min_floor)),
    ("wear60_min", |day| integer(day.wear60_min)),
    ("wear90_min", |day| integer(day.wear90_min)),
    ("wear_method", |day| day.wear_method.map_or(Cell::Missing, |method| text(wear_method(method)))),
    ("wear_min", |day| integer(day.wear_min)),
    ("hours_with_steps", |day| integer(day.hours_with_steps)),
    ("valid60", |day| boolean(day.valid60)),
    ("valid90", |day| boolean(day.valid90)),
    ("valid_day", |day| boolean(day.valid_day)),
    ("diary_min", |day| integer(day.diary_min)),
    ("goal_id", |day| free(day.goal_id.as_deref())),
    ("goal_measure", |day| free(day.goal_measure.as_deref())),
    ("goal_target", |day| integer(day.goal_target)),
    ("goal_done", |day| integer(day.goal_done)),
    ("goal_state", |day| text(goal_state(day.goal_state))),
    ("source_device", |day| free(day.source_device.as_deref())),
    ("flags", |day| flags(&day.flags)),
    ("rules", |day| free(Some(&day.rules))),
    ("rules_hash", |day| text(&day.rules_hash)),
    ("software", |day| text(&day.software)),
    ("computed_at", |day| stamp(day.computed_at)),
    ("revision", |day| Cell::Integer(day.revision.into())),
];

/// The code that stands in exports.
pub fn data_state(state: DataState) -> &'static str {
    match state {
        DataState::Measured => "measured",
        DataState::PartlyMeasured => "partly_measured",
        DataState::NotWorn => "not_worn",
        DataState::NotSynced => "not_synced",
        DataState::CannotTell => "cannot_tell",
    }
}

/// The code that stands in exports.
pub fn goal_state(state: GoalState) -> &'static str {
    match state {
        GoalState::Met => "met",
        GoalState::NotMet => "not_met",
        GoalState::CannotTell => "cannot_tell",
        GoalState::NoGoal => "no_goal",
        GoalState::Paused => "paused",
        GoalState::Excused => "excused",
    }
}

/// The code that stands in exports.
pub fn wear_method(method: WearMethod) -> &'static str {
    match method {
        WearMethod::Device => "device",
        WearMethod::Zero60 => "zero60",
        WearMethod::Zero90 => "zero90",
        WearMethod::Zero120 => "zero120",
        WearMethod::Choi => "choi",
        WearMethod::HoursWithSteps => "hours_with_steps",
        WearMethod::HeartRate => "heart_rate",
    }
}
