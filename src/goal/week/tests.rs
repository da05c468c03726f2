use super::*;
use crate::{
    goal::{
        Decision, DiaryMinutes,
        decision::tests::date,
        history::tests::{history, pause},
        judge::tests::{day, excuse, goal_of, only},
    },
    model::{DataState, DayTotal},
};

const MONDAY: &str = "2026-05-11";

/// Seven days, all over and measured, with these brisk minutes.
fn week_of(brisk: [u32; 7]) -> Vec<DayTotal> {
    let row = |(place, brisk): (usize, u32)| DayTotal {
        local_date: date(MONDAY) + Days::new(place as u64),
        brisk_min: Some(brisk),
        brisk_lower: Some(brisk),
        brisk_upper: Some(brisk),
        ..day(MONDAY)
    };
    brisk.into_iter().enumerate().map(row).collect()
}

/// The week as it stands when these last days are still to come or under way.
fn judged(rows: &[DayTotal], open_last: bool, history: &History) -> WeekProgress {
    let diary = DiaryMinutes::new();
    let last = rows.len().saturating_sub(1);
    let facts: Vec<_> = rows
        .iter()
        .enumerate()
        .map(|(place, day)| DayFacts { day, open: open_last && place == last, diary: &diary })
        .collect();
    judge_week(&facts, history, date("2026-05-14"))
}

fn per_week(amount: u32) -> GoalVersion {
    GoalVersion { period: Period::Week, ..goal_of("brisk_min", amount) }
}

#[test]
fn a_week_runs_from_monday_to_sunday() {
    let week = judged(&[], false, &History::default());

    assert_eq!((week.from, week.to), (date(MONDAY), date("2026-05-17")));
    assert_eq!(week.state, GoalState::NoGoal);
}

#[test]
fn a_week_goal_is_the_sum_of_its_days() {
    let rows = week_of([10; 7]);

    let met = judged(&rows, false, &only(per_week(70)));

    assert_eq!((met.state, met.target, met.done_lower, met.done_upper), (GoalState::Met, Some(70), Some(70), Some(70)));
    assert_eq!(judged(&rows, false, &only(per_week(71))).state, GoalState::NotMet);
    assert_eq!(judged(&rows, true, &only(per_week(71))).state, GoalState::CannotTell, "Sunday is not over");
    assert_eq!(judged(&rows[..5], false, &only(per_week(50))).state, GoalState::Met, "met by Friday");
    assert_eq!(judged(&rows[..5], false, &only(per_week(51))).state, GoalState::CannotTell);
}

#[test]
fn one_unknown_day_leaves_a_week_open_but_cannot_take_away_what_was_done() {
    let mut rows = week_of([10; 7]);
    rows[2].data_state = DataState::NotWorn;

    let week = judged(&rows, false, &only(per_week(1000)));

    assert_eq!((week.state, week.done_lower, week.done_upper), (GoalState::CannotTell, Some(70), None));
    assert_eq!(judged(&rows, false, &only(per_week(70))).state, GoalState::Met);
}

#[test]
fn a_week_of_day_goals_is_met_when_every_planned_day_is() {
    let plan = GoalVersion { days: "mon,wed,fri".parse().unwrap(), ..goal_of("brisk_min", 10) };

    let met = judged(&week_of([10, 0, 12, 0, 10, 0, 0]), false, &only(plan.clone()));
    let not_met = judged(&week_of([10, 50, 9, 50, 10, 50, 50]), false, &only(plan.clone()));
    let under_way = judged(&week_of([9, 0, 0, 0, 0, 0, 0])[..3], true, &only(plan));

    assert_eq!((met.state, met.days_planned, met.days_met, met.days_judged), (GoalState::Met, 3, 3, 3));
    assert_eq!((met.target, met.done_lower), (Some(30), Some(32)));
    assert_eq!((not_met.state, not_met.days_met, not_met.days_judged), (GoalState::NotMet, 2, 3));
    assert_eq!((under_way.state, under_way.days_judged), (GoalState::CannotTell, 1));
}

#[test]
fn a_pause_or_an_excuse_never_scales_a_week_and_never_fails_it() {
    for goal in [per_week(70), goal_of("brisk_min", 10)] {
        let set = || (MONDAY, Decision::GoalSet(goal.clone()));
        let paused = history([set(), (MONDAY, pause("2026-05-13", "2026-05-14"))]);
        let excused = history([set(), (MONDAY, pause("2026-05-13", "2026-05-14")), (MONDAY, excuse("2026-05-16"))]);

        let short = judged(&week_of([9; 7]), false, &paused);

        assert_eq!((short.state, short.target, short.days_paused), (GoalState::Paused, Some(70), 2), "{goal:?}");
        let both = judged(&week_of([9; 7]), false, &excused);
        assert_eq!((both.state, both.days_paused, both.days_excused), (GoalState::Excused, 2, 1), "{goal:?}");
    }
    let reached = history([(MONDAY, Decision::GoalSet(per_week(70))), (MONDAY, pause("2026-05-13", "2026-05-14"))]);
    assert_eq!(judged(&week_of([10; 7]), false, &reached).state, GoalState::Met);
}

#[test]
fn a_week_goal_that_began_within_the_week_can_be_met_but_not_be_held_against_anyone() {
    let late = |amount| only(GoalVersion { from: date("2026-05-13"), ..per_week(amount) });

    assert_eq!(judged(&week_of([10; 7]), false, &late(70)).state, GoalState::Met);
    assert_eq!(judged(&week_of([10; 7]), false, &late(71)).state, GoalState::CannotTell);
}

#[test]
fn day_goals_that_change_within_the_week_are_added_day_by_day() {
    let change = |measure: &str| {
        let second = GoalVersion { id: "g2".into(), from: date("2026-05-14"), ..goal_of(measure, 20) };
        history([(MONDAY, Decision::GoalSet(goal_of("brisk_min", 10))), (MONDAY, Decision::GoalSet(second))])
    };

    let week = judged(&week_of([10, 10, 10, 20, 20, 20, 20]), false, &change("brisk_min"));

    assert_eq!((week.state, week.target, week.goal_id.as_deref()), (GoalState::Met, Some(3 * 10 + 4 * 20), Some("g2")));
    assert_eq!(judged(&week_of([0; 7]), false, &change("steps")).target, None, "minutes and steps do not add up");
}

#[test]
fn at_both_ends_of_the_calendar_there_are_fewer_days_in_a_week() {
    let none = History::default();

    for date in [NaiveDate::MIN, NaiveDate::MAX] {
        let week = judge_week(&[], &none, date);

        assert!(week.from <= date && date <= week.to, "{date}: {week:?}");
        assert_eq!(week.state, GoalState::NoGoal);
    }
}
