//! Days of every kind: measured, in part, not synced, not worn, by two counters, with goals, long and short ones.

use std::collections::BTreeMap;

use brisk::{
    export::{GoalVar, MissingReason, StudyDay, Terms},
    model::ParticipantId,
};
use chrono::{DateTime, FixedOffset, NaiveDate};

pub fn id(text: &str) -> ParticipantId {
    text.parse().unwrap()
}

pub fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

pub fn terms() -> Terms {
    Terms { study: id("ETMI01"), epoch: date("2026-03-01"), final_after_days: 14, goals_kept_back: false }
}

/// When two of the three were enrolled.
pub fn enrolled() -> BTreeMap<ParticipantId, NaiveDate> {
    [(id("P-0007"), date("2026-11-03")), (id("P-0009"), date("2026-03-15"))].into()
}

/// A measured day without a goal.
fn measured(person: &str, start: &str, end: &str) -> StudyDay {
    let at = |text: &str| text.parse::<DateTime<FixedOffset>>().unwrap();
    let (start, end) = (at(start), at(end));
    let local_date = start.date_naive();
    StudyDay {
        study_id: id("ETMI01"),
        participant_id: id(person),
        local_date,
        study_day: u16::try_from((local_date - terms().epoch).num_days() + 1).unwrap(),
        start,
        end,
        tz_offset_min: i16::try_from(start.offset().local_minus_utc() / 60).unwrap(),
        day_len_min: u32::try_from((end - start).num_minutes()).unwrap(),
        steps: Some(9001),
        brisk_min: Some(34),
        mod_min: Some(41),
        vig_min: Some(6),
        wear_min: Some(912),
        valid_day: true,
        goal_var: None,
        goal_id: None,
        goal_is_weekly: false,
        goal_target: None,
        goal_met: None,
        goal_permille: None,
        missing_reason: None,
        device_id: Some("SC-4F2A".to_owned()),
        algo_version: "brisk 0.1.0; brisk/1 d09295e804f8027c".to_owned(),
        revision: 1,
        is_final: true,
        computed_at: (end + chrono::TimeDelta::milliseconds(11_398_250)).to_utc(),
    }
}

fn november(day: u32) -> StudyDay {
    let (from, to) = (format!("2026-11-{day:02}T00:00:00+01:00"), format!("2026-11-{:02}T00:00:00+01:00", day + 1));
    measured("P-0007", &from, &to)
}

/// Eleven days of three people.
pub fn days() -> Vec<StudyDay> {
    let goal = |day: StudyDay, var, target, met, permille| StudyDay {
        goal_var: Some(var),
        goal_id: Some("g-1".to_owned()),
        goal_target: Some(target),
        goal_met: met,
        goal_permille: permille,
        ..day
    };
    let empty = |day: StudyDay, why| StudyDay {
        steps: None,
        brisk_min: None,
        mod_min: None,
        vig_min: None,
        wear_min: None,
        valid_day: false,
        missing_reason: Some(why),
        device_id: None,
        ..day
    };
    let mut days = vec![
        goal(november(1), GoalVar::LeisureBriskMin, 30, Some(true), Some(1133)),
        // Steps are known, but not their minutes.
        StudyDay {
            brisk_min: None,
            mod_min: None,
            vig_min: None,
            wear_min: None,
            valid_day: false,
            revision: 2,
            steps: Some(5_120),
            ..goal(november(2), GoalVar::LeisureBriskMin, 30, None, None)
        },
        empty(november(3), MissingReason::NotSynced),
        StudyDay {
            steps: Some(0),
            wear_min: Some(0),
            device_id: Some("SC-4F2A".to_owned()),
            ..empty(november(4), MissingReason::DeviceNotWorn)
        },
        StudyDay { device_id: Some("SC-4F2A;SC-77B1".to_owned()), ..november(5) },
        StudyDay { goal_is_weekly: true, ..goal(november(6), GoalVar::Steps, 50_000, None, Some(180)) },
        StudyDay { is_final: false, revision: 3, ..goal(november(7), GoalVar::BoutMin, 40, Some(false), Some(850)) },
    ];
    days.push(measured("P-0009", "2026-03-14T00:00:00+01:00", "2026-03-15T00:00:00+01:00"));
    days.push(measured("P-0009", "2026-03-29T00:00:00+01:00", "2026-03-30T00:00:00+02:00"));
    days.push(measured("P-0009", "2026-10-25T00:00:00+02:00", "2026-10-26T00:00:00+01:00"));
    days.push(StudyDay {
        steps: Some(12_345),
        ..measured("P-0011", "2026-11-08T00:00:00-03:30", "2026-11-09T00:00:00-03:30")
    });
    days
}

/// Days of three people with every mixture of what is known and what is not, in many zones.
pub fn any_days(seed: u64) -> Vec<StudyDay> {
    let mut chance = fastrand::Rng::with_seed(seed);
    let mut days = Vec::new();
    for person in ["A_1", "B-2", "C"] {
        let mut date = date("2026-03-01");
        for _ in 0..60 {
            date += chrono::TimeDelta::days(chance.i64(1..9));
            let offset = FixedOffset::east_opt(chance.i32(-56..=56) * 900).unwrap();
            let length = [1380, 1440, 1500, 2220][chance.usize(..4)];
            let start = date.and_hms_opt(0, 0, 0).unwrap().and_local_timezone(offset).unwrap();
            let end = start + chrono::TimeDelta::minutes(length);
            let mut day = measured(person, &start.to_rfc3339(), &end.to_rfc3339());
            let mut number =
                |most: u32| chance.bool().then(|| if chance.u8(..9) == 0 { most } else { chance.u32(..most) });
            (day.steps, day.brisk_min, day.mod_min) = (number(u32::MAX), number(1500), number(1500));
            (day.vig_min, day.wear_min) = (number(1500), number(1500));
            day.goal_var = chance.choice(GoalVar::ALL).filter(|_| chance.bool());
            if day.goal_var.is_some() {
                day.goal_id = chance.bool().then(|| format!("g<{}> & \"so\" 'on'", chance.u8(..)));
                day.goal_is_weekly = chance.bool();
                day.goal_target = chance.bool().then(|| chance.u32(..));
                day.goal_met = chance.bool().then(|| chance.bool());
                day.goal_permille = chance.bool().then(|| chance.u32(..));
            }
            day.missing_reason = chance.choice(MissingReason::ALL).filter(|_| chance.bool());
            let labels = [None, Some("SC-4F2A"), Some("SC-77B1"), Some("SC-4F2A;SC-77B1")];
            day.device_id = labels[chance.usize(..4)].map(str::to_owned);
            day.valid_day = chance.bool();
            day.is_final = chance.bool();
            day.revision = chance.u32(1..);
            days.push(day);
        }
    }
    days
}
