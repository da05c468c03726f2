//! A participant left: a marker on the instance of the day after, and the days taken out where that is ordered.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use serde_json::{Value, json};

use super::{
    super::{
        MissingReason,
        target::{Trouble, Withdrawal},
    },
    Redcap,
    answer::{Failure, Fault, Refusal},
    fields::{COMPLETE, FORM, LAST_INSTANCE},
};

/// Since 14.1 REDCap is known to delete single instances by its API; an older one may take the whole record for it.
const DELETES_INSTANCES: (u32, u32) = (14, 1);

pub(super) fn carry_out(redcap: &Redcap, withdrawal: &Withdrawal) -> Result<(), Trouble> {
    if withdrawal.take_out {
        take_out(redcap, withdrawal)?;
    }
    mark(redcap, withdrawal)
}

/// Writes the marker and no numbers, on the first day of which nothing is ever sent: a day that is sent is whole, and would
/// erase it.
fn mark(redcap: &Redcap, withdrawal: &Withdrawal) -> Result<(), Trouble> {
    let instance = withdrawal.study_day.saturating_add(1);
    let date = withdrawal.date.succ_opt().unwrap_or(withdrawal.date);
    if !(1..=LAST_INSTANCE).contains(&instance) {
        return Err(Trouble::Refused {
            what: format!(
                "the day after leaving is no day of the study, or more than {LAST_INSTANCE} days after its epoch, so REDCap was not told. Tell the study's data manager, and compare `epoch`"
            ),
        });
    }
    let participant = withdrawal.participant.as_str();
    let mut row = json!({
        redcap.record_field.as_str(): participant,
        "redcap_repeat_instrument": FORM,
        "redcap_repeat_instance": instance,
        "da_date": date,
        "da_tz_offset_min": withdrawal.tz_offset_min,
        "da_missing": MissingReason::Withdrawn.code(),
        COMPLETE: 2,
    });
    if let Some(event) = &redcap.event {
        row["redcap_event_name"] = event.as_str().into();
    }
    redcap
        .import(&Value::from(vec![row]).to_string(), &BTreeSet::from([participant]))
        .map_err(|failure| told(redcap, failure))
}

/// Deletes every instance that is there, or, where the token may not read, every one that was sent; one request each:
/// REDCap takes one at a time.
fn take_out(redcap: &Redcap, withdrawal: &Withdrawal) -> Result<(), Trouble> {
    let version = redcap.version()?;
    let deletes = version.as_deref().and_then(numbers).is_some_and(|version| version >= DELETES_INSTANCES);
    if !deletes {
        return Err(Trouble::stopped(format!(
            "the days of a participant who left are not taken out of REDCap at {}: before version 14.1, or where the token may not ask for the version, deleting a day might delete the whole record. Ask the study's data manager to delete their instances of {FORM}",
            redcap.api.host()
        )));
    }
    // What is there may be more than is known to be: an answer can get lost after the days were stored.
    let there = redcap.instances(&withdrawal.participant)?;
    let read =
        there.map(|there| there.iter().filter(|at| at.revision.is_some()).map(|at| at.number).collect::<Vec<_>>());
    let instances = read.unwrap_or_else(|| {
        let number = |date: &NaiveDate| u16::try_from((*date - withdrawal.epoch).num_days() + 1).ok();
        withdrawal.sent.iter().filter_map(number).filter(|number| (1..=LAST_INSTANCE).contains(number)).collect()
    });
    instances.into_iter().try_for_each(|instance| delete(redcap, withdrawal, instance))
}

fn delete(redcap: &Redcap, withdrawal: &Withdrawal, instance: u16) -> Result<(), Trouble> {
    let instance = instance.to_string();
    let mut form = vec![
        ("content", "record"),
        ("action", "delete"),
        ("records[0]", withdrawal.participant.as_str()),
        ("instrument", FORM),
        ("repeat_instance", &instance),
    ];
    form.extend(redcap.event.as_deref().map(|event| ("event", event)));
    match redcap.ask(&form) {
        // How many; none were there when it is 0.
        Ok(Value::Number(_)) => Ok(()),
        Ok(Value::String(count)) if count.parse::<u32>().is_ok() => Ok(()),
        Ok(_) => Err(Trouble::passing(format!("{} did not say that the day is deleted", redcap.api.host()))),
        Err(Failure::Refused(Refusal { said, .. })) if said.contains("do not exist in the project") => Ok(()),
        Err(Failure::NoRight(said)) => Err(Trouble::stopped(format!(
            "REDCap at {} does not let this token delete ({said}), so days of a participant who left still stand there. Ask the study's data manager for the right \"Delete Record\", or to delete their instances of {FORM}",
            redcap.api.host()
        ))),
        Err(failure) => Err(told(redcap, failure)),
    }
}

/// Says of a locked record what it means here.
fn told(redcap: &Redcap, failure: Failure) -> Trouble {
    match failure {
        Failure::Refused(Refusal { fault: Fault::RecordLocked | Fault::FormLocked, said }) => Trouble::Refused {
            what: format!(
                "REDCap was not told that a participant left, because their record is locked there ({said}). Ask the study's data manager to unlock it, then try again"
            ),
        },
        failure => redcap.trouble(failure),
    }
}

/// Major and minor number of a version.
fn numbers(version: &str) -> Option<(u32, u32)> {
    let mut parts = version.split('.').map(str::parse);
    Some((parts.next()?.ok()?, parts.next()?.ok()?))
}
