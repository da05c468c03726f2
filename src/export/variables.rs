//! The variables of a study day, each with its place in files for trials: defined here once, listed in `docs/codes.md`.

use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};

use super::{GoalVar, MissingReason, StudyDay};

/// One variable of a study day.
#[derive(Debug)]
pub struct Variable {
    /// Member of [`StudyDay`].
    pub name: &'static str,
    /// At most 8 capitals and digits: `XATESTCD` or `QNAM` in SDTM-like files, `SASFieldName` in ODM.
    pub short: &'static str,
    /// Name of the ODM item; its OID is this with `I.` in front, where a study sets no other.
    pub item: &'static str,
    /// What people read: at most 40 characters, as `XATEST` and `QLABEL` have room for.
    pub label: &'static str,
    /// What its values are.
    pub kind: Kind,
    /// Their unit.
    pub unit: Option<Unit>,
    /// It is about a goal: left out where goals are kept back.
    pub of_goal: bool,
    /// The value of a day; none when it is not known or does not apply.
    pub value: fn(&StudyDay) -> Option<Value>,
}

/// What the values of a variable are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A whole number from the first to the second.
    Integer(i64, i64),
    /// A number with one decimal.
    Tenths,
    /// One of a list.
    Coded(CodeList),
    /// A calendar day.
    Date,
    /// A moment, UTC.
    Stamp,
    /// A text that the program or the study made.
    Text,
}

/// A list of codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CodeList {
    /// 1 yes, 0 no.
    YesNo,
    /// [`GoalVar`].
    GoalVar,
    /// [`MissingReason`].
    MissingReason,
    /// 1 provisional, 2 final: as `daily_activity_complete` in `REDCap`.
    Status,
}

impl CodeList {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::YesNo, Self::GoalVar, Self::MissingReason, Self::Status];

    /// Its name in ODM; the OID is this with `CL.` in front.
    pub fn name(self) -> &'static str {
        match self {
            Self::YesNo => "YESNO",
            Self::GoalVar => "GOALVAR",
            Self::MissingReason => "MISSING",
            Self::Status => "STATUS",
        }
    }

    /// Code and what people read, in the order of the codes.
    pub fn codes(self) -> Vec<(u8, &'static str)> {
        match self {
            Self::YesNo => vec![(0, "No"), (1, "Yes")],
            Self::GoalVar => GoalVar::ALL.iter().map(|var| (var.code(), var.label())).collect(),
            Self::MissingReason => MissingReason::ALL.iter().map(|reason| (reason.code(), reason.label())).collect(),
            Self::Status => vec![(1, "Provisional"), (2, "Final")],
        }
    }
}

/// A unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unit {
    /// Steps.
    Steps,
    /// Minutes.
    Minutes,
    /// Percent.
    Percent,
    /// That of the goal: steps or minutes.
    OfGoal,
}

impl Unit {
    /// The symbol: `steps`, `min` (UCUM, CDISC and IEEE 1752.1 alike) or `%`; none for that of a goal.
    pub fn symbol(self) -> Option<&'static str> {
        match self {
            Self::Steps => Some("steps"),
            Self::Minutes => Some("min"),
            Self::Percent => Some("%"),
            Self::OfGoal => None,
        }
    }

    /// The unit on this day.
    #[must_use]
    pub fn on(self, day: &StudyDay) -> Self {
        match (self, day.goal_var) {
            (Self::OfGoal, Some(GoalVar::Steps)) => Self::Steps,
            (Self::OfGoal, _) => Self::Minutes,
            (unit, _) => unit,
        }
    }
}

/// A value that is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A whole number.
    Integer(i64),
    /// A number of tenths: 1133 is 113.3.
    Tenths(u32),
    /// Yes or no.
    YesNo(bool),
    /// A code and its name in files.
    Coded(u8, &'static str),
    /// A calendar day.
    Date(NaiveDate),
    /// A moment; whole seconds are written.
    Stamp(DateTime<Utc>),
    /// A text.
    Text(String),
}

impl Value {
    /// As ODM has it: yes is 1, no is 0, a code is its number.
    pub fn coded(&self) -> String {
        match self {
            Self::YesNo(yes) => u8::from(*yes).to_string(),
            Self::Coded(code, _) => code.to_string(),
            Self::Integer(_) | Self::Tenths(_) | Self::Date(_) | Self::Stamp(_) | Self::Text(_) => self.plain(),
        }
    }

    /// As SDTM has it: yes is Y, no is N, a code is its name.
    pub fn plain(&self) -> String {
        match self {
            Self::Integer(number) => number.to_string(),
            Self::Tenths(tenths) => format!("{}.{}", tenths / 10, tenths % 10),
            Self::YesNo(true) => "Y".to_owned(),
            Self::YesNo(false) => "N".to_owned(),
            Self::Coded(_, name) => (*name).to_owned(),
            Self::Date(date) => date.to_string(),
            Self::Stamp(at) => stamp(*at),
            Self::Text(text) => text.clone(),
        }
    }
}

/// `2026-11-21T03:09:58Z`.
pub(super) fn stamp(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// Why a variable has no value on this day, for people to read.
pub(super) fn why_missing(day: &StudyDay) -> &'static str {
    day.missing_reason.map_or("Cannot be told from the readings", MissingReason::label)
}

/// Every variable, in the order of files.
pub const VARIABLES: [Variable; 21] = [
    Variable {
        value: |day| Some(Value::Date(day.local_date)),
        ..new("local_date", "DATE", "DA_DATE", "Calendar day at home", Kind::Date)
    },
    Variable {
        unit: Some(Unit::Minutes),
        value: |day| Some(Value::Integer(day.tz_offset_min.into())),
        ..new("tz_offset_min", "TZOFFSET", "DA_TZ", "UTC offset at the start of the day", Kind::Integer(-840, 840))
    },
    Variable {
        value: |day| Some(Value::Integer(day.day_len_min.into())),
        ..minutes("day_len_min", "DAYLEN", "DA_DAY_LEN", "Length of the day")
    },
    Variable {
        unit: Some(Unit::Steps),
        value: |day| count(day.steps),
        ..new("steps", "STEPS", "DA_STEPS", "Steps of the day", Kind::Integer(0, 200_000))
    },
    Variable {
        value: |day| count(day.brisk_min),
        ..minutes("brisk_min", "BRISKMIN", "DA_BRISK_MIN", "Brisk minutes in own time")
    },
    Variable { value: |day| count(day.mod_min), ..minutes("mod_min", "MODMIN", "DA_MOD_MIN", "Moderate minutes") },
    Variable { value: |day| count(day.vig_min), ..minutes("vig_min", "VIGMIN", "DA_VIG_MIN", "Vigorous minutes") },
    Variable { value: |day| count(day.wear_min), ..minutes("wear_min", "WEARMIN", "DA_WEAR_MIN", "Minutes worn") },
    Variable {
        value: |day| Some(Value::YesNo(day.valid_day)),
        ..coded("valid_day", "VALIDDAY", "DA_VALID", "Valid day by the study's rule", CodeList::YesNo)
    },
    Variable {
        of_goal: true,
        value: |day| day.goal_var.map(|var| Value::Coded(var.code(), var.name())),
        ..coded("goal_var", "GOALVAR", "DA_GOAL_VAR", "What the goal counts", CodeList::GoalVar)
    },
    Variable {
        of_goal: true,
        value: |day| day.goal_id.clone().map(Value::Text),
        ..new("goal_id", "GOALID", "DA_GOAL_ID", "Which goal", Kind::Text)
    },
    Variable {
        of_goal: true,
        value: |day| day.goal_var.map(|_| Value::YesNo(day.goal_is_weekly)),
        ..coded("goal_is_weekly", "GOALWEEK", "DA_GOAL_WEEKLY", "The goal is for the week", CodeList::YesNo)
    },
    Variable {
        of_goal: true,
        unit: Some(Unit::OfGoal),
        value: |day| count(day.goal_target),
        ..new("goal_target", "GOALTGT", "DA_GOAL_TARGET", "Target of the goal", Kind::Integer(0, 1_400_000))
    },
    Variable {
        of_goal: true,
        value: |day| day.goal_met.map(Value::YesNo),
        ..coded("goal_met", "GOALMET", "DA_GOAL_MET", "Goal met", CodeList::YesNo)
    },
    Variable {
        of_goal: true,
        unit: Some(Unit::Percent),
        value: |day| day.goal_permille.map(Value::Tenths),
        ..new("goal_permille", "GOALPCT", "DA_GOAL_PCT", "Share of the goal done", Kind::Tenths)
    },
    Variable {
        value: |day| day.missing_reason.map(|reason| Value::Coded(reason.code(), reason.name())),
        ..coded("missing_reason", "MISSING", "DA_MISSING", "Why there are no numbers", CodeList::MissingReason)
    },
    Variable {
        value: |day| day.device_id.clone().map(Value::Text),
        ..new("device_id", "DEVICE", "DA_DEVICE", "The study's label of the counter", Kind::Text)
    },
    Variable {
        value: |day| Some(Value::Text(day.algo_version.clone())),
        ..new("algo_version", "ALGOVER", "DA_ALGO", "Program and rules", Kind::Text)
    },
    Variable {
        value: |day| Some(Value::Integer(day.revision.into())),
        ..new("revision", "REVISION", "DA_REVISION", "Revision of the day", Kind::Integer(1, 4_294_967_295))
    },
    Variable {
        value: |day| Some(Value::Coded(1 + u8::from(day.is_final), day.status())),
        ..coded("is_final", "DAYSTAT", "DA_STATUS", "Provisional or final", CodeList::Status)
    },
    Variable {
        value: |day| Some(Value::Stamp(day.computed_at)),
        ..new("computed_at", "COMPUTED", "DA_COMPUTED_AT", "When this revision was computed, UTC", Kind::Stamp)
    },
];

const fn new(name: &'static str, short: &'static str, item: &'static str, label: &'static str, kind: Kind) -> Variable {
    Variable { name, short, item, label, kind, unit: None, of_goal: false, value: |_| None }
}

/// Minutes of one day: at most 25 hours, unless a journey made it longer.
const fn minutes(name: &'static str, short: &'static str, item: &'static str, label: &'static str) -> Variable {
    Variable { unit: Some(Unit::Minutes), ..new(name, short, item, label, Kind::Integer(0, 1500)) }
}

const fn coded(
    name: &'static str,
    short: &'static str,
    item: &'static str,
    label: &'static str,
    list: CodeList,
) -> Variable {
    new(name, short, item, label, Kind::Coded(list))
}

fn count(number: Option<u32>) -> Option<Value> {
    number.map(|number| Value::Integer(number.into()))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_name_has_room_where_it_stands_and_is_there_once() {
        for names in [|v: &Variable| v.name, |v: &Variable| v.short, |v: &Variable| v.item, |v: &Variable| v.label] {
            assert_eq!(VARIABLES.iter().map(names).collect::<BTreeSet<_>>().len(), VARIABLES.len());
        }
        for variable in &VARIABLES {
            let short = variable.short;
            assert!((1..=8).contains(&short.len()) && short.bytes().all(|b| b.is_ascii_uppercase()), "{short}");
            assert!(variable.label.len() <= 40, "{}", variable.label);
        }
    }

    #[test]
    fn tenths_are_written_with_one_decimal() {
        assert_eq!(Value::Tenths(1133).plain(), "113.3");
        assert_eq!(Value::Tenths(5).plain(), "0.5");
        assert_eq!(Value::Tenths(1000).plain(), "100.0");
    }
}
