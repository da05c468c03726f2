//! A day as a trial database has it: fewer numbers than the day table, under names that every target has a place for.
//!
//! Names, types and codes of each target are listed in `docs/codes.md`. A number that is not known is none, never zero.

use chrono::{DateTime, FixedOffset, NaiveDate, Utc};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::{
    model::{DataState, DayTotal, Flag, GoalState, ParticipantId},
    time::LocalDay,
};

/// One person's day as it leaves the house. Its key is study, participant and date; a correction has a higher revision.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StudyDay {
    /// The study, by its pseudonym.
    pub study_id: ParticipantId,
    /// The study's pseudonym for the person.
    pub participant_id: ParticipantId,
    /// Calendar day at home.
    pub local_date: NaiveDate,
    /// Days since the study's epoch, which itself is day 1: the same for everybody, whenever they joined.
    pub study_day: u16,
    /// When the day began, with the offset in force then.
    pub start: DateTime<FixedOffset>,
    /// When the next day began, with the offset in force then.
    pub end: DateTime<FixedOffset>,
    /// UTC offset at the start of the day, minutes.
    pub tz_offset_min: i16,
    /// 1440, or 1380 or 1500 when the clock changed.
    pub day_len_min: u32,
    /// Steps of the day; none, as all minutes but those worn, on a day on which the counter was not worn.
    pub steps: Option<u32>,
    /// Brisk minutes of the person's own time (`leisure_brisk_min`).
    pub brisk_min: Option<u32>,
    /// Minutes at 100 steps/min or more that are not vigorous.
    pub mod_min: Option<u32>,
    /// Minutes at 130 steps/min or more.
    pub vig_min: Option<u32>,
    /// Minutes worn.
    pub wear_min: Option<u32>,
    /// Whether the study's wear rule holds; no for a day without data.
    pub valid_day: bool,
    /// What the goal in force counts; none without a goal, or where goals are kept back.
    pub goal_var: Option<GoalVar>,
    /// Which goal; a goal's days have the same.
    pub goal_id: Option<String>,
    /// The goal is for the week: the day itself cannot meet it.
    pub goal_is_weekly: bool,
    /// How much.
    pub goal_target: Option<u32>,
    /// Whether it was met; none when that cannot be said, or the goal was paused or excused.
    pub goal_met: Option<bool>,
    /// How much of it was done, tenths of a percent.
    pub goal_permille: Option<u32>,
    /// Why there are no numbers.
    pub missing_reason: Option<MissingReason>,
    /// The study's label of the counter, such as `SC-4F2A`; several joined by `;`.
    pub device_id: Option<String>,
    /// Program and rules that made the numbers.
    pub algo_version: String,
    /// 1 or more; one more whenever a value changed.
    pub revision: u32,
    /// The study's closing window is over: only a person changes the day from now on.
    pub is_final: bool,
    /// When this revision was computed.
    pub computed_at: DateTime<Utc>,
}

/// What a goal counts, with the code that stands in every target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum GoalVar {
    /// Brisk minutes in own time.
    LeisureBriskMin = 1,
    /// Steps.
    Steps = 2,
    /// Moderate minutes. No goal of Brisk counts these; the code is kept free for studies that have it.
    ModMin = 3,
    /// Brisk minutes of the whole day.
    BriskMin = 4,
    /// Minutes in brisk bouts.
    BoutMin = 5,
    /// Brisk minutes in own time and the diary's minutes.
    LeisureMin = 6,
    /// Minutes of one kind of activity in the diary.
    DiaryMin = 7,
}

impl GoalVar {
    /// All of them, in the order of their codes.
    pub const ALL: [Self; 7] = [
        Self::LeisureBriskMin,
        Self::Steps,
        Self::ModMin,
        Self::BriskMin,
        Self::BoutMin,
        Self::LeisureMin,
        Self::DiaryMin,
    ];

    /// From `goal_measure` of the day table.
    pub fn of_measure(measure: &str) -> Self {
        match measure {
            "leisure_brisk_min" => Self::LeisureBriskMin,
            "total_steps" | "steps" => Self::Steps,
            "brisk_min" => Self::BriskMin,
            "bout_min" => Self::BoutMin,
            "leisure_min" => Self::LeisureMin,
            _ => Self::DiaryMin,
        }
    }

    /// The code, 1 to 7.
    pub fn code(self) -> u8 {
        self as u8
    }

    /// The name in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::LeisureBriskMin => "leisure_brisk_min",
            Self::Steps => "steps",
            Self::ModMin => "mod_min",
            Self::BriskMin => "brisk_min",
            Self::BoutMin => "bout_min",
            Self::LeisureMin => "leisure_min",
            Self::DiaryMin => "diary_min",
        }
    }

    /// What people read.
    pub fn label(self) -> &'static str {
        match self {
            Self::LeisureBriskMin => "Brisk minutes in own time",
            Self::Steps => "Steps",
            Self::ModMin => "Moderate minutes",
            Self::BriskMin => "Brisk minutes",
            Self::BoutMin => "Minutes in brisk bouts",
            Self::LeisureMin => "Active minutes in own time",
            Self::DiaryMin => "Minutes entered in the diary",
        }
    }
}

/// Why a day has no numbers, with the code that stands in every target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum MissingReason {
    /// The whole day was recorded, and nothing says that the counter was worn.
    DeviceNotWorn = 1,
    /// The counter is lost.
    DeviceLost = 2,
    /// Nothing has arrived for the day.
    NotSynced = 3,
    /// The person left the study.
    Withdrawn = 4,
    /// Something failed.
    Technical = 5,
}

impl MissingReason {
    /// All of them, in the order of their codes.
    pub const ALL: [Self; 5] =
        [Self::DeviceNotWorn, Self::DeviceLost, Self::NotSynced, Self::Withdrawn, Self::Technical];

    /// The code, 1 to 5.
    pub fn code(self) -> u8 {
        self as u8
    }

    /// The name in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::DeviceNotWorn => "device_not_worn",
            Self::DeviceLost => "device_lost",
            Self::NotSynced => "not_synced",
            Self::Withdrawn => "withdrawn",
            Self::Technical => "technical",
        }
    }

    /// What people read.
    pub fn label(self) -> &'static str {
        match self {
            Self::DeviceNotWorn => "Counter not worn",
            Self::DeviceLost => "Counter lost",
            Self::NotSynced => "Nothing arrived from the counter",
            Self::Withdrawn => "Left the study",
            Self::Technical => "Technical reason",
        }
    }
}

/// What a study agreed on.
#[derive(Clone, Debug, PartialEq)]
pub struct Terms {
    /// The study, by its pseudonym.
    pub study: ParticipantId,
    /// Day 1 of the study, for everybody. Instances of a REDCap record are counted from it, and so it never changes.
    pub epoch: NaiveDate,
    /// So many days after its end a day is final.
    pub final_after_days: u32,
    /// Goals stay at home: who has one would tell the arm.
    pub goals_kept_back: bool,
}

/// What one day needs besides its row.
#[derive(Clone, Debug)]
pub struct Circumstances<'a> {
    /// The day on the person's calendar.
    pub day: &'a LocalDay,
    /// Labels of its counters, made by the study or from chance: never an address.
    pub device_id: Option<String>,
    /// The day on which it is asked.
    pub today: NaiveDate,
    /// So many days are added to every date; 0 where dates are not shifted.
    pub shift_days: i64,
}

impl StudyDay {
    /// The day of this row. None for the day under way, which has no revision yet; for a day before the study's epoch;
    /// and for one that lies more than 65,535 days after it.
    pub fn new(row: &DayTotal, terms: &Terms, circumstances: &Circumstances<'_>) -> Option<Self> {
        let Circumstances { day, device_id, today, shift_days } = circumstances;
        let shift = chrono::TimeDelta::try_days(*shift_days)?;
        let local_date = row.local_date.checked_add_signed(shift)?;
        let study_day = u16::try_from((local_date - terms.epoch).num_days().checked_add(1)?).ok()?;
        let computed_at = row.computed_at.filter(|_| row.revision > 0 && study_day > 0)?;
        let at = |s: i64| {
            let offset = FixedOffset::east_opt(day.zone.offset_s(s))?;
            DateTime::from_timestamp(s, 0)?.checked_add_signed(shift).map(|at| at.with_timezone(&offset))
        };
        let start = at(day.start_s)?;
        let goal = row.goal_measure.as_deref().filter(|_| !terms.goals_kept_back).map(GoalVar::of_measure);
        // What a counter in a drawer counted says nothing about the person.
        let worn = |number: Option<u32>| number.filter(|_| row.data_state != DataState::NotWorn);
        let with_goal = |number: Option<u32>| number.filter(|_| goal.is_some());
        let target = with_goal(row.goal_target);
        let done = with_goal(row.goal_done);
        Some(Self {
            study_id: terms.study.clone(),
            participant_id: row.participant_id.clone(),
            local_date,
            study_day,
            start,
            end: at(day.end_s)?,
            tz_offset_min: i16::try_from(start.offset().local_minus_utc() / 60).ok()?,
            day_len_min: row.day_len_min,
            steps: worn(row.total_steps),
            brisk_min: worn(row.leisure_brisk_min),
            mod_min: worn(
                row.m_100_119
                    .zip(row.m_120p)
                    .zip(row.vigorous_min)
                    .map(|((brisk, faster), vigorous)| (brisk + faster).saturating_sub(vigorous)),
            ),
            vig_min: worn(row.vigorous_min),
            wear_min: row.wear_min,
            valid_day: row.valid_day.unwrap_or(false),
            goal_var: goal,
            goal_id: row.goal_id.clone().filter(|_| goal.is_some()),
            goal_is_weekly: goal.is_some() && row.flags.0.contains(&Flag::WeekGoal),
            goal_target: target,
            goal_met: match row.goal_state {
                GoalState::Met => goal.map(|_| true),
                GoalState::NotMet => goal.map(|_| false),
                GoalState::CannotTell | GoalState::NoGoal | GoalState::Paused | GoalState::Excused => None,
            },
            goal_permille: target.filter(|target| *target > 0).zip(done).map(|(target, done)| {
                u32::try_from((u64::from(done) * 1000 + u64::from(target) / 2) / u64::from(target)).unwrap_or(u32::MAX)
            }),
            missing_reason: match row.data_state {
                DataState::NotWorn => Some(MissingReason::DeviceNotWorn),
                DataState::NotSynced => Some(MissingReason::NotSynced),
                DataState::Measured | DataState::PartlyMeasured | DataState::CannotTell => None,
            },
            device_id: device_id.clone(),
            algo_version: format!("{}; {} {}", row.software, row.rules, row.rules_hash),
            revision: row.revision,
            is_final: (*today - row.local_date).num_days() > i64::from(terms.final_after_days),
            computed_at: computed_at.checked_add_signed(shift)?,
        })
    }

    /// `STUDY/PARTICIPANT/YYYY-MM-DD`: what names the day in every target.
    pub fn key(&self) -> String {
        format!("{}/{}/{}", self.study_id.as_str(), self.participant_id.as_str(), self.local_date)
    }

    /// `provisional` or `final`.
    pub fn status(&self) -> &'static str {
        if self.is_final { "final" } else { "provisional" }
    }

    /// SHA-256 of every value, as JSON with the members in the order declared here.
    ///
    /// # Panics
    /// Never: texts, numbers and dates always have a JSON form.
    pub fn hash(&self) -> [u8; 32] {
        let json = serde_json::to_vec(self).expect("texts, numbers and dates always serialise");
        Sha256::digest(json).into()
    }
}
