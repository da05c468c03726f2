//! Days of a study, and the stand-in as Brisk is told of it.

use std::collections::BTreeMap;

use brisk::export::{
    GoalVar, MissingReason, StudyDay,
    redcap::{Redcap, RedcapSettings},
    target::{Trouble, Verdict, Withdrawal},
};
use chrono::{Days, NaiveDate};
use serde_json::Value;

use crate::redcap_stand_in::StandIn;

pub const TOKEN: &str = "0123456789ABCDEF0123456789ABCDEF";

pub fn epoch() -> NaiveDate {
    "2026-11-01".parse().unwrap()
}

/// Day 20 of the study, with every number.
pub fn full_day() -> StudyDay {
    StudyDay {
        study_id: "ETMI".parse().unwrap(),
        participant_id: "P-0007".parse().unwrap(),
        local_date: "2026-11-20".parse().unwrap(),
        study_day: 20,
        start: "2026-11-20T00:00:00+01:00".parse().unwrap(),
        end: "2026-11-21T00:00:00+01:00".parse().unwrap(),
        tz_offset_min: 60,
        day_len_min: 1440,
        steps: Some(9001),
        brisk_min: Some(34),
        mod_min: Some(41),
        vig_min: Some(6),
        wear_min: Some(912),
        valid_day: true,
        goal_var: Some(GoalVar::LeisureBriskMin),
        goal_id: Some("g1".to_owned()),
        goal_is_weekly: false,
        goal_target: Some(30),
        goal_met: Some(true),
        goal_permille: Some(1133),
        missing_reason: None,
        device_id: Some("SC-4F2A".to_owned()),
        algo_version: "1.0.0".to_owned(),
        revision: 2,
        is_final: true,
        computed_at: "2026-11-21T03:09:58Z".parse().unwrap(),
    }
}

/// The day after, of which nothing is known.
pub fn empty_day() -> StudyDay {
    let none = StudyDay {
        steps: None,
        brisk_min: None,
        mod_min: None,
        vig_min: None,
        wear_min: None,
        valid_day: false,
        goal_var: None,
        goal_id: None,
        goal_target: None,
        goal_met: None,
        goal_permille: None,
        missing_reason: Some(MissingReason::NotSynced),
        device_id: None,
        revision: 1,
        is_final: false,
        ..full_day()
    };
    StudyDay { local_date: "2026-11-21".parse().unwrap(), study_day: 21, ..none }
}

/// Day `number` of the study.
pub fn day(number: u16, revision: u32, steps: u32) -> StudyDay {
    let local_date = epoch() + Days::new(u64::from(number) - 1);
    StudyDay { study_day: number, local_date, revision, steps: Some(steps), ..full_day() }
}

pub fn settings(stand_in: &StandIn) -> RedcapSettings {
    settings_at(&stand_in.url)
}

pub fn settings_at(url: &str) -> RedcapSettings {
    RedcapSettings { url: url.to_owned(), token: TOKEN.to_owned(), ca_pem: None, event: None, days_at_once: 200 }
}

pub fn redcap(stand_in: &StandIn) -> Redcap {
    Redcap::new(settings(stand_in)).unwrap()
}

pub fn withdrawal(sent: &[u16], take_out: bool) -> Withdrawal {
    Withdrawal {
        study: "ETMI".parse().unwrap(),
        participant: "P-0007".parse().unwrap(),
        date: "2026-11-25".parse().unwrap(),
        study_day: 25,
        tz_offset_min: 60,
        sent: sent.iter().map(|number| epoch() + Days::new(u64::from(*number) - 1)).collect(),
        epoch: epoch(),
        take_out,
    }
}

/// Steps of every instance.
pub fn steps(stand_in: &StandIn) -> BTreeMap<u64, String> {
    let of = |row: &Value| row["values"]["da_steps"].as_str().unwrap_or("").to_owned();
    stand_in.days().iter().map(|row| (row["instance"].as_u64().unwrap(), of(row))).collect()
}

pub fn stopped(trouble: &Trouble) -> &str {
    match trouble {
        Trouble::Stopped { what } => what,
        other => panic!("a person has to act, and not: {other:?}"),
    }
}

pub fn passing(trouble: &Trouble) -> &str {
    match trouble {
        Trouble::Passing { what, .. } => what,
        other => panic!("it may pass, and not: {other:?}"),
    }
}

pub fn refused(verdict: &Verdict) -> &str {
    match verdict {
        Verdict::Refused(why) => why,
        Verdict::Stored => panic!("it is refused, and not stored"),
    }
}
