use super::*;
use crate::{
    goal::{
        Decision, Weekdays,
        decision::tests::{date, goal},
        history::tests::{history, pause},
    },
    model::{Flags, Rules, WearMethod},
};

/// A day that is over, wholly recorded and valid, with 12 brisk minutes, 10 of them in own time.
pub fn day(on: &str) -> DayTotal {
    DayTotal {
        participant_id: "p1".parse().unwrap(),
        local_date: date(on),
        day_index: 1,
        weekday: 1,
        tz: None,
        tz_offset_min: None,
        day_len_min: 1440,
        minutes_recorded: 1440,
        epoch_seconds_max: Some(60),
        data_state: DataState::Measured,
        total_steps: Some(5000),
        device_day_steps: None,
        steps_lower: Some(5000),
        steps_upper: Some(5000),
        m_0: Some(1300),
        m_1_19: Some(50),
        m_20_39: Some(30),
        m_40_59: Some(20),
        m_60_79: Some(18),
        m_80_99: Some(10),
        m_100_119: Some(12),
        m_120p: Some(0),
        brisk_threshold: 100,
        brisk_min: Some(12),
        brisk_lower: Some(12),
        brisk_upper: Some(12),
        leisure_brisk_min: Some(10),
        work_brisk_min: Some(2),
        vigorous_min: Some(0),
        bout_min: Some(11),
        bout_count: Some(1),
        longest_bout_min: Some(11),
        peak1_spm: Some(118.0),
        peak30_spm: Some(80.0),
        peak60_spm: Some(60.0),
        met_min_floor: Some(36),
        wear60_min: Some(700),
        wear90_min: Some(700),
        wear_method: Some(WearMethod::Device),
        wear_min: Some(700),
        hours_with_steps: Some(12),
        valid60: Some(true),
        valid90: Some(true),
        valid_day: Some(true),
        diary_min: Some(30),
        goal_id: None,
        goal_measure: None,
        goal_target: None,
        goal_done: None,
        goal_state: GoalState::NoGoal,
        source_device: None,
        flags: Flags::default(),
        rules: "brisk/1".into(),
        rules_hash: Rules::brisk_1().hash(),
        software: "brisk".into(),
        computed_at: None,
        revision: 0,
    }
}

const MONDAY: &str = "2026-05-11";

/// A goal of this much, every day from that Monday on.
pub fn goal_of(measure: &str, amount: u32) -> GoalVersion {
    GoalVersion { measure: measure.parse().unwrap(), amount, ..goal() }
}

pub fn only(goal: GoalVersion) -> History {
    history([(MONDAY, Decision::GoalSet(goal))])
}

pub fn excuse(day: &str) -> Decision {
    Decision::DayExcused {
        participant: "p1".parse().unwrap(),
        date: date(day),
        by: "t1".into(),
        reason: "visit".into(),
    }
}

fn judged(day: &DayTotal, open: bool, history: &History) -> GoalOutcome {
    let diary = DiaryMinutes::from([("swim".parse().unwrap(), 30)]);
    judge_day(&DayFacts { day, open, diary: &diary }, history)
}

fn state(day: &DayTotal, open: bool, measure: &str, amount: u32) -> GoalState {
    judged(day, open, &only(goal_of(measure, amount))).state
}

#[test]
fn each_measure_is_met_at_its_amount_and_not_one_above() {
    for (measure, done) in [
        ("leisure_brisk_min", 10),
        ("brisk_min", 12),
        ("bout_min", 11),
        ("leisure_min", 40),
        ("steps", 5000),
        ("diary_min(swim)", 30),
    ] {
        let outcome = judged(&day(MONDAY), false, &only(goal_of(measure, done)));

        assert_eq!(outcome.state, GoalState::Met, "{measure}");
        assert_eq!(outcome.done, Some(done), "{measure}");
        assert_eq!(state(&day(MONDAY), false, measure, done + 1), GoalState::NotMet, "{measure}");
    }
    assert_eq!(state(&day(MONDAY), false, "diary_min(cycle)", 1), GoalState::NotMet);
}

#[test]
fn what_is_known_to_reach_the_target_is_met_however_little_of_the_day_is_known() {
    let scraps =
        DayTotal { minutes_recorded: 60, data_state: DataState::PartlyMeasured, valid_day: Some(false), ..day(MONDAY) };

    assert_eq!(state(&scraps, true, "brisk_min", 12), GoalState::Met);
    let coarse = DayTotal { data_state: DataState::CannotTell, valid_day: None, ..day(MONDAY) };
    assert_eq!(state(&coarse, false, "steps", 5000), GoalState::Met);
}

#[test]
fn not_met_is_said_of_days_alone_that_are_over_measured_and_valid() {
    assert_eq!(state(&day(MONDAY), false, "brisk_min", 13), GoalState::NotMet);

    assert_eq!(state(&day(MONDAY), true, "brisk_min", 13), GoalState::CannotTell, "open");
    for valid_day in [None, Some(false)] {
        let day = DayTotal { valid_day, ..day(MONDAY) };
        assert_eq!(state(&day, false, "brisk_min", 13), GoalState::CannotTell, "{valid_day:?}");
    }
    for data_state in [DataState::NotWorn, DataState::NotSynced, DataState::CannotTell] {
        let day = DayTotal { data_state, ..day(MONDAY) };
        assert_eq!(state(&day, false, "brisk_min", 13), GoalState::CannotTell, "{data_state:?}");
    }
}

#[test]
fn every_unrecorded_minute_could_have_been_brisk() {
    let partly = DayTotal { minutes_recorded: 1432, data_state: DataState::PartlyMeasured, ..day(MONDAY) };

    for (measure, most) in [
        ("leisure_brisk_min", 10 + 8),
        ("brisk_min", 12 + 8),
        ("bout_min", 3 * (12 + 8) + 2),
        ("leisure_min", 40 + 8),
        ("steps", 5000 + 8 * 200),
    ] {
        assert_eq!(state(&partly, false, measure, most), GoalState::CannotTell, "{measure}");
        assert_eq!(state(&partly, false, measure, most + 1), GoalState::NotMet, "{measure}");
    }
}

#[test]
fn bounds_of_coarse_minutes_decide_or_leave_open() {
    let bounded = DayTotal {
        brisk_min: None,
        brisk_lower: Some(15),
        brisk_upper: Some(25),
        leisure_brisk_min: None,
        ..day(MONDAY)
    };

    assert_eq!(state(&bounded, false, "brisk_min", 15), GoalState::Met);
    assert_eq!(state(&bounded, false, "brisk_min", 20), GoalState::CannotTell);
    assert_eq!(state(&bounded, false, "brisk_min", 26), GoalState::NotMet);
    assert_eq!(state(&bounded, false, "leisure_brisk_min", 100), GoalState::CannotTell);
}

#[test]
fn a_column_that_is_not_known_is_not_zero() {
    let blank = DayTotal {
        leisure_brisk_min: None,
        brisk_lower: None,
        brisk_upper: None,
        bout_min: None,
        steps_lower: None,
        steps_upper: None,
        diary_min: None,
        ..day(MONDAY)
    };

    for measure in ["leisure_brisk_min", "brisk_min", "bout_min", "leisure_min", "steps", "diary_min(swim)"] {
        let outcome = judged(&blank, false, &only(goal_of(measure, 100)));
        assert_eq!((outcome.state, outcome.done), (GoalState::CannotTell, None), "{measure}");
    }
    let swam = DayTotal { leisure_brisk_min: None, ..day(MONDAY) };
    assert_eq!(state(&swam, false, "leisure_min", 30), GoalState::Met, "the diary alone reaches it");
    assert_eq!(state(&swam, false, "leisure_min", 31), GoalState::CannotTell);
}

#[test]
fn no_goal_and_a_day_that_the_plan_leaves_free_are_the_same() {
    let weekends = GoalVersion { days: "sat,sun".parse::<Weekdays>().unwrap(), ..goal_of("brisk_min", 1) };

    for history in [History::default(), only(weekends)] {
        let outcome = judged(&day(MONDAY), false, &history);
        assert_eq!(outcome.state, GoalState::NoGoal);
        assert_eq!((outcome.goal_id, outcome.target, outcome.done), (None, None, None));
    }
}

#[test]
fn a_pause_goes_before_judging_and_an_excuse_before_all() {
    let set = || (MONDAY, Decision::GoalSet(goal_of("brisk_min", 1)));
    let paused = history([set(), (MONDAY, pause(MONDAY, MONDAY))]);
    let both = history([set(), (MONDAY, pause(MONDAY, MONDAY)), ("2026-05-20", excuse(MONDAY))]);

    assert_eq!(judged(&day(MONDAY), false, &paused).state, GoalState::Paused);
    assert_eq!(judged(&day(MONDAY), false, &paused).done, Some(12));
    assert_eq!(judged(&day("2026-05-12"), false, &paused).state, GoalState::Met);
    assert_eq!(judged(&day(MONDAY), false, &both).state, GoalState::Excused);
    assert_eq!(judged(&day(MONDAY), false, &history([(MONDAY, excuse(MONDAY))])).state, GoalState::Excused);
    assert_eq!(judged(&day(MONDAY), false, &history([(MONDAY, pause(MONDAY, MONDAY))])).state, GoalState::NoGoal);
}

#[test]
fn a_goal_per_week_marks_its_days_and_sets_them_no_target() {
    let outcome = judged(&day(MONDAY), false, &only(GoalVersion { period: Period::Week, ..goal_of("brisk_min", 1) }));

    assert_eq!(outcome.state, GoalState::NoGoal);
    assert_eq!(outcome.flag, Some(Flag::WeekGoal));
    assert_eq!((outcome.goal_id.as_deref(), outcome.target, outcome.done), (Some("g1"), None, Some(12)));
}

#[test]
fn applying_an_outcome_replaces_all_that_stood_there() {
    let mut row = day(MONDAY);
    let per_week = judged(&row, false, &only(GoalVersion { period: Period::Week, ..goal_of("steps", 700) }));
    apply(&mut row, &per_week);
    assert!(row.flags.0.contains(&Flag::WeekGoal));

    let per_day = judged(&row, false, &only(goal_of("diary_min(swim)", 40)));
    apply(&mut row, &per_day);

    assert!(!row.flags.0.contains(&Flag::WeekGoal));
    assert_eq!(row.goal_measure.as_deref(), Some("diary_min(swim)"));
    assert_eq!((row.goal_target, row.goal_done, row.goal_state), (Some(40), Some(30), GoalState::NotMet));
}

mod laws {
    use proptest::prelude::*;

    use super::*;
    use crate::goal::DecidedBy;

    fn any_day() -> impl Strategy<Value = DayTotal> {
        let state = prop_oneof![Just(DataState::Measured), Just(DataState::PartlyMeasured), Just(DataState::NotWorn)];
        (0..60_u32, 0..40_u32, 0..30_u32, state, prop::option::of(any::<bool>()), 0..19_u64).prop_map(
            |(brisk, wide, missing, data_state, valid_day, after)| DayTotal {
                local_date: date(MONDAY) + chrono::Days::new(after),
                minutes_recorded: 1440 - missing,
                brisk_lower: Some(brisk),
                brisk_upper: Some(brisk + wide),
                leisure_brisk_min: Some(brisk / 2),
                steps_lower: Some(brisk * 100),
                steps_upper: Some(brisk * 100 + wide * 150),
                data_state,
                valid_day,
                ..day(MONDAY)
            },
        )
    }

    fn any_measure() -> impl Strategy<Value = &'static str> {
        prop::sample::select(vec![
            "leisure_brisk_min",
            "brisk_min",
            "bout_min",
            "leisure_min",
            "steps",
            "diary_min(swim)",
        ])
    }

    proptest! {
        #[test]
        fn a_past_day_is_judged_the_same_whatever_is_decided_later(
            row in any_day(), first in any_measure(), second in any_measure(), amount in 1..200_u32,
            from_back in 0..40_u64, ends in any::<bool>(), pauses in any::<bool>(),
        ) {
            let decided = "2026-05-31";
            let before = [(MONDAY, Decision::GoalSet(goal_of(first, 20)))];
            let from = date(decided) - chrono::Days::new(from_back);
            let participant = || "p1".parse().unwrap();
            let later = if pauses {
                Decision::GoalPaused { participant: participant(), from, until: date("2026-07-01"), reason: None }
            } else if ends {
                Decision::GoalEnded { participant: participant(), from, reason: None }
            } else {
                let decided_by = DecidedBy::WithTherapist;
                Decision::GoalSet(GoalVersion { id: "g2".into(), from, decided_by, ..goal_of(second, amount) })
            };

            let then = judged(&row, false, &history(before.clone()));
            let now = judged(&row, false, &history(before.into_iter().chain([(decided, later)])));

            prop_assert_eq!(then, now);
        }

        #[test]
        fn a_higher_target_never_turns_out_better(
            row in any_day(), measure in any_measure(), open in any::<bool>(), amount in 1..5000_u32, more in 0..5000_u32,
        ) {
            let low = state(&row, open, measure, amount);
            let high = state(&row, open, measure, amount + more);

            prop_assert!(!(high == GoalState::Met && low != GoalState::Met));
            prop_assert!(!(low == GoalState::NotMet && high != GoalState::NotMet));
        }

        #[test]
        fn recording_a_missing_minute_never_overturns_what_was_said(
            row in any_day(), measure in any_measure(), amount in 1..200_u32, brisk in any::<bool>(),
        ) {
            prop_assume!(row.minutes_recorded < 1440 && measure != "bout_min");
            let add = u32::from(brisk);
            let fuller = DayTotal {
                minutes_recorded: row.minutes_recorded + 1,
                brisk_lower: row.brisk_lower.map(|n| n + add),
                brisk_upper: row.brisk_upper.map(|n| n + add),
                leisure_brisk_min: row.leisure_brisk_min.map(|n| n + add),
                steps_lower: row.steps_lower.map(|n| n + add * 120),
                steps_upper: row.steps_upper.map(|n| n + add * 120),
                ..row.clone()
            };

            let before = state(&row, false, measure, amount);
            let after = state(&fuller, false, measure, amount);

            prop_assert!(before == after || before == GoalState::CannotTell);
        }
    }
}
