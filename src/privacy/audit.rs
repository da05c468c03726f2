//! The audit trail of one participant, as it may leave the house: no word of theirs, no place, no counter's identity,
//! and in a blinded study nothing that tells the arm.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc, Weekday};
use firmware_protocol::device;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    export::{
        Until,
        audit::{AuditRow, chain},
        bare_measure,
    },
    model::ParticipantId,
    person::diary::OFFERED_KINDS,
    store::{Decided, Revision, SYSTEM, Store, StoreError, What},
    time::Calendar,
};

/// What stands where something stays at home.
pub const KEPT: &str = "(kept at home)";

/// On which terms the audit trail leaves.
#[derive(Clone, Debug, Default)]
pub struct AuditTerms {
    /// On which day of the person's something was decided; without one, by the day in UTC.
    pub calendar: Option<Calendar>,
    /// Nothing that tells the arm leaves: no goal, programme, proposal or choice.
    pub keep_arm_back: bool,
    /// So many days are added to every date; 0 where dates are not shifted.
    pub shift_days: i64,
    /// The day of joining the study: nothing from before leaves. None where no study is configured.
    pub since: Option<NaiveDate>,
    /// Nothing about days after this leaves, and nothing that was decided after it but the leaving itself.
    pub until: Until,
}

/// The audit trail, and what of it stays at home.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct AuditTrail {
    /// In order.
    pub rows: Vec<AuditRow>,
    /// Hash of the newest row, for the manifest; zeros without rows.
    pub head_hash: String,
    /// Rows left out since they would tell the arm.
    pub kept_back: u64,
    /// Rows left out since they are from before the person joined the study.
    pub before_enrolment: u64,
    /// Rows left out since they are from after the person left the study.
    #[serde(default)]
    pub after_leaving: u64,
    /// Rows left out since they went when somebody else was erased, or this version cannot read them.
    pub unreadable: u64,
}

/// The audit trail of one participant.
///
/// # Errors
/// When the journal cannot be read.
pub fn audit_rows(store: &Store, participant: &ParticipantId, terms: &AuditTerms) -> Result<AuditTrail, StoreError> {
    let mut trail = AuditTrail::default();
    // The newest of each thing that takes the place of the one before.
    let mut newest: BTreeMap<(String, String), String> = BTreeMap::new();
    for audited in store.audit(participant)? {
        let row = match &audited.what {
            What::Day(revision) => of_day(revision, terms),
            What::Decision(decided) => of_decision(decided, terms),
            What::Gone => Err(Left::Unreadable),
        };
        match row {
            Ok(mut row) => {
                if STANDS_UNTIL_THE_NEXT.contains(&row.what.as_str()) {
                    let slot = (row.what.clone(), slot(&row));
                    row.from = newest.insert(slot, row.to.clone()).unwrap_or_default();
                }
                trail.rows.push(AuditRow { app_version: audited.software.clone(), ..row });
            }
            Err(Left::KeptBack) => trail.kept_back += 1,
            Err(Left::BeforeEnrolment) => trail.before_enrolment += 1,
            Err(Left::AfterLeaving) => trail.after_leaving += 1,
            Err(Left::Unreadable) => trail.unreadable += 1,
        }
    }
    trail.head_hash = chain(participant, &mut trail.rows);
    Ok(trail)
}

/// Why a row stays at home.
enum Left {
    KeptBack,
    BeforeEnrolment,
    AfterLeaving,
    Unreadable,
}

/// Decisions that hold until the next of their kind.
const STANDS_UNTIL_THE_NEXT: [&str; 8] = [
    "settings_changed",
    "own_time_set",
    "diary_noted",
    "choice_planned",
    "check_ins_set",
    "programme_chosen",
    "goal_set",
    "assigned",
];

/// Among those, the ones of which there are several at a time.
fn slot(row: &AuditRow) -> String {
    if matches!(row.what.as_str(), "diary_noted" | "choice_planned") { row.key.clone() } else { String::new() }
}

/// Decisions that say nothing about the arm. Whatever is not here is kept back in a blinded study, also what a later
/// version adds.
const NOT_OF_THE_ARM: [&str; 12] = [
    "settings_changed",
    "own_time_set",
    "diary_noted",
    "diary_undone",
    "check_ins_set",
    "check_in_answered",
    "dates_shifted",
    "data_taken",
    "study_left",
    "paired",
    "assigned",
    "forgotten",
];

/// Fields whose texts are codes of closed lists, names that the program gave, or dates. Every other text stays at home.
const CODES: [&str; 16] = [
    "id",
    "measure",
    "period",
    "decided_by",
    "stage",
    "kind",
    "effort",
    "proposal",
    "programme",
    "notice",
    "instrument",
    "from",
    "until",
    "date",
    "review_on",
    "language",
];

/// Fields that are not written at all: they name the decision, or its person, which other columns do.
const SAID_ELSEWHERE: [&str; 5] = ["decision", "device_decision", "study_decision", "participant", "person"];

fn of_decision(decided: &Decided, terms: &AuditTerms) -> Result<AuditRow, Left> {
    let date = match &terms.calendar {
        Some(calendar) => calendar.day_at(decided.at.timestamp()).date,
        None => decided.at.date_naive(),
    };
    if terms.since.is_some_and(|since| date < since) {
        return Err(Left::BeforeEnrolment);
    }
    let Ok(Value::Object(fields)) = serde_json::from_str::<Value>(&decided.json) else { return Err(Left::Unreadable) };
    let name = ["decision", "device_decision", "study_decision"].iter().find_map(|name| fields.get(*name)?.as_str());
    let what = name.filter(|name| name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'));
    let Some(what) = what.map(str::to_owned) else { return Err(Left::Unreadable) };
    if what != "study_left" && !terms.until.takes(date) {
        return Err(Left::AfterLeaving);
    }
    if terms.keep_arm_back && !NOT_OF_THE_ARM.contains(&what.as_str()) {
        return Err(Left::KeptBack);
    }
    let key = ["id", "date", "proposal", "instrument", "from"];
    let key = key.iter().find_map(|name| fields.get(*name)?.as_str()).map(|text| moved(text, terms.shift_days));
    let why = match what.as_str() {
        "study_left" => "withdrawal",
        "paired" | "assigned" | "forgotten" => "device_swap",
        "day_excused" => "manual_fix",
        _ => "",
    };
    // By how much dates are moved is what the study must not know.
    let to = if what == "dates_shifted" {
        Value::from(KEPT)
    } else {
        let fields = fields.into_iter().filter(|(name, _)| !SAID_ELSEWHERE.contains(&name.as_str()));
        Value::Object(fields.map(|(name, value)| (name.clone(), shown(&name, value, terms))).collect())
    };
    Ok(AuditRow {
        at_utc: moment(decided.at, terms)?,
        actor: actor(&decided.actor),
        key: key.unwrap_or_default(),
        to: if to.is_object() {
            to.to_string()
        } else {
            Value::from(Map::from_iter([("weeks".to_owned(), to)])).to_string()
        },
        why: why.to_owned(),
        what,
        ..AuditRow::default()
    })
}

/// A value as it may leave: numbers and yes or no, and the texts of [`CODES`].
fn shown(name: &str, value: Value, terms: &AuditTerms) -> Value {
    match value {
        Value::String(text) if name == "measure" => Value::from(bare_measure(&text)),
        Value::String(text) if name == "kind" && !is_known_kind(&text) => Value::from(KEPT),
        Value::String(text) if CODES.contains(&name) => Value::from(moved(&text, terms.shift_days)),
        Value::String(_) => Value::from(KEPT),
        Value::Array(values) => values.into_iter().map(|value| shown(name, value, terms)).collect(),
        Value::Object(fields) => {
            let fields = fields.into_iter().map(|(name, value)| (name.clone(), shown(&name, value, terms)));
            Value::Object(fields.collect())
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => value,
    }
}

/// Of an activity, or of a counter; any other is a word of the person's own.
fn is_known_kind(kind: &str) -> bool {
    OFFERED_KINDS.contains(&kind) || device::kind(kind).is_some()
}

/// Columns of a day that say where somebody is, or which counter they wear.
const PLACES: [&str; 2] = ["tz", "source_device"];

fn of_day(revision: &Revision, terms: &AuditTerms) -> Result<AuditRow, Left> {
    if terms.since.is_some_and(|since| revision.date < since) {
        return Err(Left::BeforeEnrolment);
    }
    if !terms.until.takes(revision.date) {
        return Err(Left::AfterLeaving);
    }
    let changed = revision.changed.as_deref().map(serde_json::from_str::<BTreeMap<String, [Value; 2]>>);
    let mut changed = changed.transpose().map_err(|_| Left::Unreadable)?.unwrap_or_default();
    if terms.keep_arm_back && !changed.is_empty() {
        // Marks tell of goals too.
        changed.retain(|name, _| !name.starts_with("goal_") && name != "flags");
        if changed.is_empty() {
            return Err(Left::KeptBack);
        }
    }
    let number = |number: u32| ("revision".to_owned(), Value::from(number));
    let before = revision.revision.checked_sub(1).filter(|before| *before > 0);
    let (mut from, mut to): (Map<_, _>, Map<_, _>) = (before.map(number).into_iter().collect(), Map::new());
    to.extend([number(revision.revision)]);
    for (name, [was, is]) in changed {
        let leaves = |value: Value| match (name.as_str(), value) {
            (name, _) if PLACES.contains(&name) => Value::from(KEPT),
            ("goal_measure", Value::String(text)) => Value::from(bare_measure(&text)),
            (_, value) => value,
        };
        from.insert(name.clone(), leaves(was));
        to.insert(name.clone(), leaves(is));
    }
    Ok(AuditRow {
        at_utc: moment(revision.computed_at, terms)?,
        actor: actor(&revision.actor),
        what: "day".to_owned(),
        key: moved(&revision.date.to_string(), terms.shift_days),
        from: if from.is_empty() { String::new() } else { Value::Object(from).to_string() },
        to: Value::Object(to).to_string(),
        why: why(&revision.reason).to_owned(),
        ..AuditRow::default()
    })
}

/// The code; what earlier versions wrote for a day that changed says nothing of the cause.
fn why(reason: &str) -> &str {
    const CODES: [&str; 6] = ["first", "late_sync", "device_swap", "algorithm_update", "manual_fix", "withdrawal"];
    CODES.iter().find(|code| **code == reason).copied().unwrap_or_default()
}

/// Kinds of actors; whoever has another name here is a person.
fn actor(actor: &str) -> String {
    match actor {
        SYSTEM | "brisk" => SYSTEM,
        "page" | "command line" | "therapist" => actor,
        _ => "person",
    }
    .to_owned()
}

fn moment(at: DateTime<Utc>, terms: &AuditTerms) -> Result<String, Left> {
    let moved = TimeDelta::try_days(terms.shift_days).and_then(|shift| at.checked_add_signed(shift));
    Ok(moved.ok_or(Left::Unreadable)?.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string())
}

/// A date, or a name that begins with an ISO week, moved; any other text as it is.
fn moved(text: &str, shift_days: i64) -> String {
    let Some(shift) = TimeDelta::try_days(shift_days).filter(|shift| !shift.is_zero()) else { return text.to_owned() };
    if let Ok(date) = text.parse::<NaiveDate>() {
        return date.checked_add_signed(shift).map_or_else(|| KEPT.to_owned(), |date| date.to_string());
    }
    // Names of proposals: `2026-W21-less`.
    let week = text.split_once("-W").and_then(|(year, rest)| {
        let (week, rest) = rest.split_at_checked(2)?;
        let monday = NaiveDate::from_isoywd_opt(year.parse().ok()?, week.parse().ok()?, Weekday::Mon)?;
        Some((monday.checked_add_signed(shift)?, rest))
    });
    if let Some((monday, rest)) = week {
        return format!("{}{rest}", monday.format("%G-W%V"));
    }
    // A name that holds a date in some other way would tell it.
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    if digits >= 6 { KEPT.to_owned() } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_and_weeks_are_moved_and_other_names_are_not() {
        let back = |text: &str| moved(text, -14);
        assert_eq!(back("2026-11-20"), "2026-11-06");
        assert_eq!(back("2026-W21-less"), "2026-W19-less");
        assert_eq!(back("2026-W01-more"), "2025-W51-more");
        assert_eq!(back("g1"), "g1");
        assert_eq!(back("d20261120"), KEPT);
        assert_eq!(moved("2026-W21-less", 0), "2026-W21-less");
    }

    #[test]
    fn an_activity_in_the_persons_own_word_stays_at_home() {
        let leaves = |name: &str, text: &str| shown(name, Value::from(text), &AuditTerms::default());

        assert_eq!(
            (leaves("kind", "swim"), leaves("kind", "yoga-with-anna")),
            (Value::from("swim"), Value::from(KEPT))
        );
        assert_eq!(leaves("measure", "diary_min(yoga-with-anna)"), "diary_min");
    }

    #[test]
    fn of_a_decision_only_numbers_codes_and_dates_leave() {
        let json = r#"{"decision":"goal_set","id":"g1","participant":"p1","measure":"steps","amount":5000,
            "from":"2026-05-01","own_words":"to Ingrid","days":["mon"],"anything_new":"Ingrid","nested":{"x":"Ingrid"}}"#;
        let decided =
            Decided { ordinal: 0, at: DateTime::UNIX_EPOCH, actor: "Ingrid's phone".into(), json: json.into() };
        let row = of_decision(&decided, &AuditTerms { shift_days: -7, ..AuditTerms::default() }).ok().unwrap();

        assert_eq!(
            (row.actor.as_str(), row.key.as_str(), row.at_utc.as_str()),
            ("person", "g1", "1969-12-25T00:00:00.000Z")
        );
        let expected = r#"{"amount":5000,"anything_new":"(kept at home)","days":["(kept at home)"],"from":"2026-04-24","id":"g1","measure":"steps","nested":{"x":"(kept at home)"},"own_words":"(kept at home)"}"#;
        assert_eq!(row.to, expected);
    }
}
