//! What of a day leaves the house: nothing that says which counter, which place or, in a blinded study, which arm.

use std::collections::BTreeMap;

use chrono::{NaiveDate, TimeDelta};

use crate::model::{DayTotal, Flag, GoalState};

/// From which day on somebody's days may leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Since {
    /// No study is configured: whoever exports takes their own days.
    Ever,
    /// The day of joining the study, by the calendar at home.
    Day(NaiveDate),
    /// A study is configured, and no day of joining it: none.
    Never,
}

/// Until which day somebody's days may leave.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Until {
    /// They take part, or no study is configured.
    #[default]
    Ever,
    /// Their last day in the study, by the calendar at home.
    Day(NaiveDate),
    /// They left the study, and what it did not have by then stays: none.
    Never,
}

impl Until {
    /// Whether a day may leave.
    pub fn takes(self, date: NaiveDate) -> bool {
        match self {
            Self::Ever => true,
            Self::Day(last) => date <= last,
            Self::Never => false,
        }
    }
}

/// What is done to a person's days before they leave.
#[derive(Clone, Debug)]
pub struct Leaves<'a> {
    /// From which day on.
    pub since: Since,
    /// Until which day.
    pub until: Until,
    /// Goals stay at home: who has one would tell the arm.
    pub goals_kept_back: bool,
    /// So many days are added to every date and stamp; 0 where dates are not shifted.
    pub shift_days: i64,
    /// What the study calls each counter, by the counter's identity as it stands in `source_device`.
    pub assets: &'a BTreeMap<String, String>,
}

/// Why a row stays at home.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum LeftOut {
    /// It lies before the person joined the study.
    BeforeEnrolment,
    /// The settings do not say when the person joined.
    NotEnrolled,
    /// It lies after the person left the study, or nothing more of theirs is to leave.
    AfterLeaving,
    /// It is not final: the day is under way, or came after the last sign of the counter.
    UnderWay,
    /// The date cannot be moved so far.
    OutOfRange,
}

impl LeftOut {
    /// What a person reads, with what to do where there is something to do.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::BeforeEnrolment => "before the day of joining the study",
            Self::NotEnrolled => {
                "no day of joining the study is in the settings; set `enrolled` of the person in brisk.toml"
            }
            Self::AfterLeaving => "after the person left the study; with `--drop-unsent` all days stay",
            Self::UnderWay => {
                "under way, or later than the last sign of the counter; `--to DATE` takes in days that are over"
            }
            Self::OutOfRange => "the shifted date is beyond the calendar; look at `[study] shift_dates`",
        }
    }
}

impl Leaves<'_> {
    /// Whether a day may leave, by its date at home.
    ///
    /// # Errors
    /// Why it stays.
    pub fn may_leave(&self, date: NaiveDate) -> Result<(), LeftOut> {
        match self.since {
            Since::Day(first) if date < first => Err(LeftOut::BeforeEnrolment),
            Since::Never => Err(LeftOut::NotEnrolled),
            Since::Ever | Since::Day(_) if self.until.takes(date) => Ok(()),
            Since::Ever | Since::Day(_) => Err(LeftOut::AfterLeaving),
        }
    }

    /// The date that stands in the export for one at home.
    pub fn shifted(&self, date: NaiveDate) -> Option<NaiveDate> {
        date.checked_add_signed(self.shift()?)
    }

    /// The date at home for one that stands in the export.
    pub fn at_home(&self, date: NaiveDate) -> Option<NaiveDate> {
        date.checked_sub_signed(self.shift()?)
    }

    /// How far dates are moved; none when that is beyond any calendar.
    pub fn shift(&self) -> Option<TimeDelta> {
        TimeDelta::try_days(self.shift_days)
    }
}

/// The study's names of counters that are joined by `;`, by the counters' identities. One that has no name is not
/// mentioned: that it has none says nothing about the day.
pub fn labels_of(counters: &str, assets: &BTreeMap<String, String>) -> Option<String> {
    let names: Vec<&str> = counters.split(';').filter_map(|id| assets.get(id)).map(String::as_str).collect();
    (!names.is_empty()).then(|| names.join(";"))
}

/// A measure without the activity of the diary that is meant, which may be a word of the person's own.
pub fn bare_measure(measure: &str) -> &str {
    measure.split('(').next().unwrap_or_default()
}

/// The row as it leaves. Never with a counter's identity or a zone's name; the offset stands beside its date.
///
/// # Errors
/// Why it stays at home.
pub fn leaving(row: DayTotal, leaves: &Leaves<'_>) -> Result<DayTotal, LeftOut> {
    leaves.may_leave(row.local_date)?;
    let shift = leaves.shift().ok_or(LeftOut::OutOfRange)?;
    let computed_at = match row.computed_at {
        Some(at) => Some(at.checked_add_signed(shift).ok_or(LeftOut::OutOfRange)?),
        None => None,
    };
    let mut row = DayTotal {
        local_date: row.local_date.checked_add_signed(shift).ok_or(LeftOut::OutOfRange)?,
        computed_at,
        tz: None,
        source_device: row.source_device.as_deref().and_then(|counters| labels_of(counters, leaves.assets)),
        goal_measure: row.goal_measure.map(|measure| bare_measure(&measure).to_owned()),
        ..row
    };
    if leaves.goals_kept_back {
        (row.goal_id, row.goal_measure, row.goal_target, row.goal_done) = (None, None, None, None);
        row.goal_state = GoalState::NoGoal;
        row.flags.0.remove(&Flag::WeekGoal);
    }
    Ok(row)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row() -> DayTotal {
        let values = r#"{
            "participant_id": "P-1", "local_date": "2026-10-24", "day_index": 1, "weekday": 6, "tz": "Europe/Oslo",
            "tz_offset_min": 120, "day_len_min": 1440, "minutes_recorded": 1440, "data_state": "measured",
            "brisk_threshold": 100, "goal_id": "g1", "goal_measure": "steps", "goal_target": 6000, "goal_done": 6001,
            "goal_state": "met", "source_device": "0011223344556677;8899aabbccddeeff", "flags": "clock_change;week_goal",
            "rules": "brisk/1", "rules_hash": "0123456789abcdef", "software": "brisk 0.1.0",
            "computed_at": "2026-10-25T05:00:01Z", "revision": 2
        }"#;
        serde_json::from_str(values).unwrap()
    }

    fn assets() -> BTreeMap<String, String> {
        BTreeMap::from([("0011223344556677".to_owned(), "SC-1".to_owned())])
    }

    fn leaves(assets: &BTreeMap<String, String>) -> Leaves<'_> {
        Leaves { since: Since::Ever, until: Until::Ever, goals_kept_back: false, shift_days: 0, assets }
    }

    #[test]
    fn neither_the_zone_nor_a_counters_identity_leaves() {
        let assets = assets();

        let left = leaving(row(), &leaves(&assets)).unwrap();

        assert_eq!((left.tz, left.tz_offset_min), (None, Some(120)));
        assert_eq!(left.source_device.as_deref(), Some("SC-1"));
        assert_eq!(left.goal_target, Some(6000));
    }

    #[test]
    fn a_blinded_arm_shows_nowhere_in_the_row() {
        let assets = assets();

        let left = leaving(row(), &Leaves { goals_kept_back: true, ..leaves(&assets) }).unwrap();

        let json = serde_json::to_value(&left).unwrap();
        for (name, value) in json.as_object().unwrap().iter().filter(|(name, _)| name.starts_with("goal_")) {
            assert!(value.is_null() || value == "no_goal", "{name} is {value}");
        }
        assert_eq!(json["flags"], "clock_change");
    }

    #[test]
    fn a_shift_by_weeks_moves_every_date_and_keeps_the_weekday() {
        let assets = assets();
        let leaves = Leaves { shift_days: -70, ..leaves(&assets) };

        let left = leaving(row(), &leaves).unwrap();

        assert_eq!(left.local_date.to_string(), "2026-08-15");
        assert_eq!(left.computed_at.unwrap().to_rfc3339(), "2026-08-16T05:00:01+00:00");
        assert_eq!(u32::from(left.weekday), chrono::Datelike::weekday(&left.local_date).number_from_monday());
        assert_eq!(leaves.at_home(left.local_date), Some(row().local_date));
    }

    #[test]
    fn days_before_joining_stay_and_without_a_day_of_joining_all_do() {
        let assets = assets();
        let since = |since| leaving(row(), &Leaves { since, ..leaves(&assets) }).map(|row| row.local_date);
        let day = row().local_date;

        assert_eq!(since(Since::Day(day)), Ok(day));
        assert_eq!(since(Since::Day(day.succ_opt().unwrap())), Err(LeftOut::BeforeEnrolment));
        assert_eq!(since(Since::Never), Err(LeftOut::NotEnrolled));
    }

    #[test]
    fn days_after_leaving_the_study_stay_and_all_do_when_nothing_more_is_to_leave() {
        let assets = assets();
        let day = row().local_date;
        let left = |since, until| leaving(row(), &Leaves { since, until, ..leaves(&assets) }).map(|row| row.local_date);

        assert_eq!(left(Since::Day(day), Until::Day(day)), Ok(day));
        assert_eq!(left(Since::Ever, Until::Day(day.pred_opt().unwrap())), Err(LeftOut::AfterLeaving));
        assert_eq!(left(Since::Day(day), Until::Never), Err(LeftOut::AfterLeaving));
        assert_eq!(left(Since::Day(day.succ_opt().unwrap()), Until::Never), Err(LeftOut::BeforeEnrolment));
    }

    #[test]
    fn a_shift_beyond_the_calendar_is_no_panic() {
        let assets = assets();
        for shift_days in [i64::MAX, i64::MIN, 10_000_000_000] {
            let left = leaving(row(), &Leaves { shift_days, ..leaves(&assets) });
            assert_eq!(left.map(|row| row.local_date), Err(LeftOut::OutOfRange));
        }
    }
}
