use chrono::{DateTime, Utc};
use proptest::prelude::*;

use super::*;
use crate::{
    goal::{self, GoalVersion, Measure, Period, Weekdays},
    person::{Decision, OwnDecision, own_time::OwnTimeSet},
};

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn instant(day: NaiveDate, hour: u32) -> DateTime<Utc> {
    day.and_hms_opt(hour, 0, 0).unwrap().and_utc()
}

fn at(day: NaiveDate, hour: u32) -> Moment {
    Moment { date: day, wall: day.and_hms_opt(hour, 0, 0).unwrap() }
}

fn goal_from(from: &str) -> Decision {
    goal::Decision::GoalSet(GoalVersion {
        proposal: None,
        rule: None,
        id: "g1".into(),
        participant: "p1".parse().unwrap(),
        measure: Measure::LeisureBriskMin,
        amount: 20,
        period: Period::Day,
        days: Weekdays::ALL,
        from: date(from),
        until: None,
        own_words: None,
        specific: None,
        when_where: None,
        relevant_because: None,
        confidence: None,
        review_on: None,
        decided_by: goal::DecidedBy::Person,
        therapist: None,
        stage: None,
    })
    .into()
}

fn shown(kind: Kind, day: NaiveDate) -> Decision {
    OwnDecision::NoticeShown { participant: "p1".parse().unwrap(), notice: kind.key().into(), date: day }.into()
}

fn seen(day: NaiveDate) -> Decision {
    OwnDecision::NoticeSeen { participant: "p1".parse().unwrap(), date: day }.into()
}

fn windows(work: &str, sleep: &str) -> Decision {
    OwnDecision::OwnTimeSet(Box::new(OwnTimeSet {
        participant: "p1".parse().unwrap(),
        from: None,
        windows: crate::model::windows::Windows { work: work.parse().unwrap(), sleep: sleep.parse().unwrap() },
        start_of_day: None,
    }))
    .into()
}

fn pause(from: &str, until: &str) -> Decision {
    goal::Decision::GoalPaused {
        participant: "p1".parse().unwrap(),
        from: date(from),
        until: date(until),
        reason: None,
    }
    .into()
}

/// A plan since Monday 2026-05-11, and these decisions.
fn record(decisions: impl IntoIterator<Item = (&'static str, Decision)>) -> Record {
    let mut record = Record::default();
    record.take(instant(date("2026-05-11"), 8), date("2026-05-11"), goal_from("2026-05-11"));
    for (day, decision) in decisions {
        record.take(instant(date(day), 9), date(day), decision);
    }
    record
}

fn quiet() -> Weekly {
    "daily 20:00-09:00".parse().unwrap()
}

fn said(record: &Record, day: &str, hour: u32, silent_h: Option<i64>, plan_is_open: bool) -> Option<Kind> {
    let quiet = quiet();
    let facts = Facts { silent_for: silent_h.map(TimeDelta::hours), plan_is_open };
    next(record, at(date(day), hour), &Manner { quiet: &quiet, give_up_after: 3 }, &facts)
}

#[test]
fn each_situation_gets_its_notice_or_none() {
    let plain = || record([]);
    let excused = goal::Decision::DayExcused {
        participant: "p1".parse().unwrap(),
        date: date("2026-05-14"),
        by: "c1".into(),
        reason: "travels".into(),
    };
    let (thursday, monday) = ("2026-05-14", "2026-05-18");
    let answered = OwnDecision::ProposalAnswered {
        participant: "p1".parse().unwrap(),
        proposal: "2026-W20-keep".into(),
        accepted: true,
        date: date(monday),
    };
    for (what, record, day, hour, silent_h, open, expected) in [
        ("a new day", plain(), thursday, 10, Some(1), true, Some(Kind::NewDay)),
        ("the plan is reached", plain(), thursday, 10, Some(1), false, None),
        ("no plan", Record::default(), thursday, 10, Some(1), true, None),
        ("quiet morning", plain(), thursday, 8, Some(1), true, None),
        ("quiet evening", plain(), thursday, 20, Some(1), true, None),
        ("at work", record([(thursday, windows("thu 08:00-16:00", "none"))]), thursday, 10, Some(1), true, None),
        (
            "after work",
            record([(thursday, windows("thu 08:00-16:00", "none"))]),
            thursday,
            16,
            Some(1),
            true,
            Some(Kind::NewDay),
        ),
        (
            "asleep after a night",
            record([(thursday, windows("none", "daily 08:00-14:00"))]),
            thursday,
            10,
            Some(1),
            true,
            None,
        ),
        ("paused", record([("2026-05-13", pause("2026-05-13", thursday))]), thursday, 10, Some(90), true, None),
        (
            "after the pause",
            record([("2026-05-12", pause("2026-05-12", "2026-05-13"))]),
            thursday,
            10,
            Some(1),
            true,
            Some(Kind::NewDay),
        ),
        ("excused", record([(thursday, excused.into())]), thursday, 10, Some(1), true, None),
        (
            "shown already",
            record([(thursday, shown(Kind::NewDay, date(thursday)))]),
            thursday,
            15,
            Some(90),
            true,
            None,
        ),
        ("band silent", plain(), thursday, 10, Some(48), true, Some(Kind::BandNear)),
        ("band never heard", plain(), thursday, 10, None, true, Some(Kind::NewDay)),
        (
            "band asked for this week",
            record([("2026-05-12", shown(Kind::BandNear, date("2026-05-12")))]),
            thursday,
            10,
            Some(90),
            false,
            None,
        ),
        ("a week is over", plain(), monday, 10, Some(1), true, Some(Kind::Review)),
        ("it was looked at", record([(monday, answered.into())]), monday, 10, Some(1), true, Some(Kind::NewDay)),
        (
            "the review was told",
            record([(monday, shown(Kind::Review, date(monday)))]),
            "2026-05-19",
            10,
            Some(1),
            true,
            Some(Kind::NewDay),
        ),
    ] {
        assert_eq!(said(&record, day, hour, silent_h, open), expected, "{what}");
    }
}

#[test]
fn after_three_without_an_answer_there_is_silence_until_the_person_is_back() {
    let three = || ["2026-05-12", "2026-05-13", "2026-05-14"].map(|day| (day, shown(Kind::NewDay, date(day))));
    let silent = record(three());
    let put_away = record(three().into_iter().chain([("2026-05-14", seen(date("2026-05-14")))]));
    let back = record(three().into_iter().chain([("2026-05-20", pause("2026-05-20", "2026-05-21"))]));

    assert_eq!(said(&silent, "2026-05-15", 10, Some(1), true), None);
    assert_eq!(said(&silent, "2027-05-15", 10, Some(9000), true), None);
    assert_eq!(said(&put_away, "2026-05-15", 10, Some(1), true), Some(Kind::NewDay));
    assert_eq!(said(&back, "2026-05-22", 10, Some(1), true), Some(Kind::Review));
}

#[test]
fn a_notice_stays_open_until_it_is_put_away_or_the_day_is_over() {
    let day = date("2026-05-14");
    let open = record([("2026-05-14", shown(Kind::NewDay, day))]);
    let away = record([("2026-05-14", shown(Kind::NewDay, day)), ("2026-05-14", seen(day))]);

    assert_eq!(open.notices.open_on(day), Some(Kind::NewDay));
    assert_eq!(open.notices.open_on(date("2026-05-15")), None);
    assert_eq!(away.notices.open_on(day), None);
}

#[test]
fn no_second_notice_of_a_day_can_be_stored() {
    let day = date("2026-05-14");
    let open = record([("2026-05-14", shown(Kind::NewDay, day))]);

    assert!(open.check(&shown(Kind::Review, day), day).is_err());
    assert!(open.check(&shown(Kind::Review, date("2026-05-15")), date("2026-05-15")).is_ok());
}

/// What may happen within a day, hour by hour.
#[derive(Clone, Debug)]
enum Event {
    Nothing,
    PutAway,
    Pause(u64),
    BandSilent(i64),
    PlanReached,
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        20 => Just(Event::Nothing),
        1 => Just(Event::PutAway),
        1 => (0_u64..4).prop_map(Event::Pause),
        2 => (0_i64..100).prop_map(Event::BandSilent),
        1 => Just(Event::PlanReached),
    ]
}

proptest! {
    #[test]
    fn never_two_on_a_day_never_in_quiet_or_paused_and_silence_after_three(
        events in prop::collection::vec(event(), 24 * 20),
    ) {
        let quiet = quiet();
        let manner = Manner { quiet: &quiet, give_up_after: 3 };
        let first = date("2026-05-11");
        let mut record = record([("2026-05-11", windows("mon-fri 10:00-16:00", "none"))]);
        let mut in_a_row = 0;
        let mut days_told: Vec<NaiveDate> = Vec::new();
        for (hour, event) in (0_u64..).zip(events) {
            let day = first + Days::new(hour / 24);
            let of_day = u32::try_from(hour % 24).unwrap();
            let mut facts = Facts { silent_for: Some(TimeDelta::hours(1)), plan_is_open: true };
            match event {
                Event::Nothing => {}
                Event::PutAway => {
                    record.take(instant(day, of_day), day, seen(day));
                    in_a_row = 0;
                }
                Event::Pause(days) => {
                    let until = (day + Days::new(days)).to_string();
                    record.take(instant(day, of_day), day, pause(&day.to_string(), &until));
                    in_a_row = 0;
                }
                Event::BandSilent(hours) => facts.silent_for = Some(TimeDelta::hours(hours)),
                Event::PlanReached => facts.plan_is_open = false,
            }

            if let Some(kind) = next(&record, at(day, of_day), &manner, &facts) {
                let weekday = day.weekday().num_days_from_monday();
                prop_assert!(!days_told.contains(&day), "a second one on {day}");
                prop_assert!((9..20).contains(&of_day), "in quiet hours: {of_day}");
                prop_assert!(weekday > 4 || !(10..16).contains(&of_day), "at work: {day} {of_day}");
                prop_assert!(record.goals.paused_until(day).is_none(), "paused on {day}");
                in_a_row += 1;
                prop_assert!(in_a_row <= 3, "a fourth without an answer on {day}");
                days_told.push(day);
                record.take(instant(day, of_day), day, shown(kind, day));
            }
        }
    }
}
