//! The fields of the REDCap project, one line each: the one place that makes rows, checks projects, and writes the data
//! dictionary and the project XML.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Serialize, Serializer, ser::SerializeMap as _};

use super::super::{GoalVar, MissingReason, StudyDay};

/// The repeating instrument of days.
pub(super) const FORM: &str = "daily_activity";
/// The instrument that holds what is said once of a participant.
pub(super) const PARTICIPANT_FORM: &str = "participant";
/// Its status field, which REDCap makes itself: 0 incomplete, 1 unverified, 2 complete.
pub(super) const COMPLETE: &str = "daily_activity_complete";
/// The field that names the participant in the project that Brisk hands out.
pub(super) const RECORD_ID: &str = "record_id";
/// The day 1 of the study.
pub(super) const EPOCH: &str = "da_epoch";
/// The highest instance: REDCap keeps it in 16 bits with a sign.
pub(super) const LAST_INSTANCE: u16 = 32_767;

/// A field.
pub(super) struct Field {
    /// Its name, at most 26 characters.
    pub(super) name: &'static str,
    /// Its instrument.
    pub(super) form: &'static str,
    /// What people read.
    pub(super) label: &'static str,
    /// What stands below it.
    pub(super) note: &'static str,
    /// What it holds.
    pub(super) kind: Kind,
    /// Whether every day has it.
    pub(super) required: bool,
    /// Its value; none where it is not known of that day, or is not said of days.
    value: fn(&StudyDay) -> Value<'_>,
}

/// What a field holds.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    /// Any text.
    Text,
    /// A whole number from 0 or the first bound to the second.
    Integer(i64, Option<i64>),
    /// A number that is not negative.
    Number,
    /// `YYYY-MM-DD`.
    Date,
    /// `YYYY-MM-DD HH:MM:SS`, UTC.
    Stamp,
    /// 1 or 0.
    YesNo,
    /// What the goal counts.
    GoalVar,
    /// Why there are no numbers.
    MissingReason,
}

/// A value as it is sent.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value<'a> {
    /// Unknown: an empty text, which erases what stood there.
    Missing,
    /// A whole number, or a code.
    Whole(i64),
    /// Tenths, sent as a number with one decimal.
    Tenths(u32),
    /// A text.
    Text(&'a str),
    /// A calendar day.
    Date(NaiveDate),
    /// A moment.
    Stamp(DateTime<Utc>),
}

/// Longest day in minutes: as PostgreSQL has it. A flight to the west makes days longer than the clock going back does.
const LONGEST_DAY: Option<i64> = Some(3000);

/// Every field, in the order of the forms.
pub(super) const FIELDS: &[Field] = &[
    Field {
        name: RECORD_ID,
        form: PARTICIPANT_FORM,
        label: "Participant",
        note: "The study's pseudonym",
        kind: Kind::Text,
        required: false,
        value: |_| Value::Missing,
    },
    Field {
        name: EPOCH,
        form: PARTICIPANT_FORM,
        label: "Day 1 of the study",
        note: "The same for everybody: instance numbers of days are counted from it",
        kind: Kind::Date,
        required: false,
        value: |_| Value::Missing,
    },
    Field {
        name: "da_date",
        form: FORM,
        label: "Day",
        note: "Calendar day at home",
        kind: Kind::Date,
        required: true,
        value: |day| Value::Date(day.local_date),
    },
    Field {
        name: "da_tz_offset_min",
        form: FORM,
        label: "UTC offset at the start of the day",
        note: "Minutes",
        kind: Kind::Integer(-840, Some(840)),
        required: true,
        value: |day| Value::Whole(day.tz_offset_min.into()),
    },
    Field {
        name: "da_day_len",
        form: FORM,
        label: "Length of the day",
        note: "Minutes: 1440, or 1380 or 1500 when the clock changed",
        kind: Kind::Integer(0, LONGEST_DAY),
        required: true,
        value: |day| Value::Whole(day.day_len_min.into()),
    },
    Field {
        name: "da_steps",
        form: FORM,
        label: "Steps",
        note: "Empty: not known",
        kind: Kind::Integer(0, Some(200_000)),
        required: false,
        value: |day| whole(day.steps),
    },
    Field {
        name: "da_brisk_min",
        form: FORM,
        label: "Brisk minutes in own time",
        note: "Empty: not known",
        kind: Kind::Integer(0, LONGEST_DAY),
        required: false,
        value: |day| whole(day.brisk_min),
    },
    Field {
        name: "da_mod_min",
        form: FORM,
        label: "Moderate minutes",
        note: "100 to 129 steps/min; empty: not known",
        kind: Kind::Integer(0, LONGEST_DAY),
        required: false,
        value: |day| whole(day.mod_min),
    },
    Field {
        name: "da_vig_min",
        form: FORM,
        label: "Vigorous minutes",
        note: "130 steps/min or more; empty: not known",
        kind: Kind::Integer(0, LONGEST_DAY),
        required: false,
        value: |day| whole(day.vig_min),
    },
    Field {
        name: "da_wear_min",
        form: FORM,
        label: "Minutes worn",
        note: "Empty: not known",
        kind: Kind::Integer(0, LONGEST_DAY),
        required: false,
        value: |day| whole(day.wear_min),
    },
    Field {
        name: "da_valid",
        form: FORM,
        label: "Worn long enough",
        note: "By the study's rule of wear",
        kind: Kind::YesNo,
        required: false,
        value: |day| yes_no(Some(day.valid_day)),
    },
    Field {
        name: "da_goal_var",
        form: FORM,
        label: "What the goal counts",
        note: "Empty: no goal on that day",
        kind: Kind::GoalVar,
        required: false,
        value: |day| day.goal_var.map_or(Value::Missing, |goal| Value::Whole(goal.code().into())),
    },
    Field {
        name: "da_goal_target",
        form: FORM,
        label: "How much the goal is",
        note: "Per day, or per week for a goal of the week",
        kind: Kind::Integer(0, None),
        required: false,
        value: |day| whole(day.goal_target),
    },
    Field {
        name: "da_goal_weekly",
        form: FORM,
        label: "The goal is for the week",
        note: "A day alone cannot meet it",
        kind: Kind::YesNo,
        required: false,
        value: |day| yes_no(day.goal_var.map(|_| day.goal_is_weekly)),
    },
    Field {
        name: "da_goal_met",
        form: FORM,
        label: "The goal was met",
        note: "Empty: cannot be said",
        kind: Kind::YesNo,
        required: false,
        value: |day| yes_no(day.goal_met),
    },
    Field {
        name: "da_goal_pct",
        form: FORM,
        label: "How much of the goal was done",
        note: "Percent",
        kind: Kind::Number,
        required: false,
        value: |day| day.goal_permille.map_or(Value::Missing, Value::Tenths),
    },
    Field {
        name: "da_missing",
        form: FORM,
        label: "Why there are no numbers",
        note: "",
        kind: Kind::MissingReason,
        required: false,
        value: |day| day.missing_reason.map_or(Value::Missing, |reason| Value::Whole(reason.code().into())),
    },
    Field {
        name: "da_device",
        form: FORM,
        label: "Counter",
        note: "The study's label of it",
        kind: Kind::Text,
        required: false,
        value: |day| day.device_id.as_deref().map_or(Value::Missing, Value::Text),
    },
    Field {
        name: "da_algo",
        form: FORM,
        label: "Program and rules that made the numbers",
        note: "",
        kind: Kind::Text,
        required: false,
        value: |day| Value::Text(&day.algo_version),
    },
    Field {
        name: "da_revision",
        form: FORM,
        label: "Revision",
        note: "One more whenever a value of the day changed",
        kind: Kind::Integer(1, None),
        required: true,
        value: |day| Value::Whole(day.revision.into()),
    },
    Field {
        name: "da_computed_at",
        form: FORM,
        label: "When this revision was computed",
        note: "UTC",
        kind: Kind::Stamp,
        required: false,
        value: |day| Value::Stamp(day.computed_at),
    },
];

impl Kind {
    /// Code and meaning of every choice; none for what is not chosen.
    pub(super) fn choices(self) -> Vec<(u8, &'static str)> {
        match self {
            Self::YesNo => vec![(1, "Yes"), (0, "No")],
            Self::GoalVar => GoalVar::ALL.map(|goal| (goal.code(), goal.label())).to_vec(),
            Self::MissingReason => MissingReason::ALL.map(|reason| (reason.code(), reason.label())).to_vec(),
            Self::Text | Self::Integer(..) | Self::Number | Self::Date | Self::Stamp => Vec::new(),
        }
    }

    /// REDCap's name of its text validation; empty for none.
    pub(super) fn validation(self) -> &'static str {
        match self {
            Self::Integer(..) => "integer",
            Self::Number => "number",
            Self::Date => "date_ymd",
            Self::Stamp => "datetime_seconds_ymd",
            Self::Text | Self::YesNo | Self::GoalVar | Self::MissingReason => "",
        }
    }

    /// The smallest and the largest value, where there is one.
    pub(super) fn range(self) -> (Option<i64>, Option<i64>) {
        match self {
            Self::Integer(least, most) => (Some(least), most),
            Self::Number => (Some(0), None),
            Self::Text | Self::Date | Self::Stamp | Self::YesNo | Self::GoalVar | Self::MissingReason => (None, None),
        }
    }
}

/// The fields of the repeating instrument.
pub(super) fn of_days() -> impl Iterator<Item = &'static Field> {
    FIELDS.iter().filter(|field| field.form == FORM)
}

/// Why a day cannot be a row of the project; none when it can.
pub(super) fn unfit(day: &StudyDay) -> Option<String> {
    if !(1..=LAST_INSTANCE).contains(&day.study_day) {
        return Some(format!(
            "the day lies more than {LAST_INSTANCE} days after the study's epoch, and REDCap has no instance for it. It stays here; ask the study whether the epoch is right"
        ));
    }
    of_days().find_map(|field| {
        let Value::Whole(value) = (field.value)(day) else { return None };
        let (least, most) = field.kind.range();
        let fits = least.is_none_or(|least| value >= least) && most.is_none_or(|most| value <= most);
        (!fits).then(|| {
            format!(
                "{} lies outside what the project's dictionary allows. The day stays here; have a look at it in the day table",
                field.name
            )
        })
    })
}

/// A day as a row to import: the whole day, so that a number which is no longer known is erased.
pub(super) struct Row<'a> {
    /// The day.
    pub(super) day: &'a StudyDay,
    /// What the project calls its record id.
    pub(super) record_field: &'a str,
    /// The unique event name, in a longitudinal project.
    pub(super) event: Option<&'a str>,
}

impl Row<'_> {
    /// As JSON, with the members in the order of the table.
    pub(super) fn to_json(&self) -> String {
        serde_json::to_string(self).expect("texts, numbers and dates always have a JSON form")
    }
}

impl Serialize for Row<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let day = self.day;
        let mut row = serializer.serialize_map(None)?;
        row.serialize_entry(self.record_field, day.participant_id.as_str())?;
        if let Some(event) = self.event {
            row.serialize_entry("redcap_event_name", event)?;
        }
        row.serialize_entry("redcap_repeat_instrument", FORM)?;
        row.serialize_entry("redcap_repeat_instance", &day.study_day)?;
        for field in of_days() {
            row.serialize_entry(field.name, &(field.value)(day))?;
        }
        row.serialize_entry(COMPLETE, &if day.is_final { 2 } else { 1 })?;
        row.end()
    }
}

impl Serialize for Value<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Missing => serializer.serialize_str(""),
            Self::Whole(value) => serializer.serialize_i64(*value),
            Self::Tenths(value) => serializer.serialize_f64(f64::from(*value) / 10.0),
            Self::Text(text) => serializer.serialize_str(text),
            Self::Date(date) => serializer.collect_str(&date.format("%Y-%m-%d")),
            Self::Stamp(at) => serializer.collect_str(&at.format("%Y-%m-%d %H:%M:%S")),
        }
    }
}

fn whole(number: Option<u32>) -> Value<'static> {
    number.map_or(Value::Missing, |number| Value::Whole(number.into()))
}

fn yes_no(value: Option<bool>) -> Value<'static> {
    value.map_or(Value::Missing, |value| Value::Whole(value.into()))
}
