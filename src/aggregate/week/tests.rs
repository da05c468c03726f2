//! Weeks and persons against a plain computation over whole lists of days. The same numbers are compared with
//! pandas on the files that `tests/tables.rs` writes (`tests/export_tables.py`).

use std::collections::{BTreeMap, BTreeSet};

use chrono::Days;
use proptest::prelude::*;

use super::*;
use crate::{
    aggregate::PersonBuilder,
    model::{DataState, Flag, Flags, GoalState, PersonTotal, WearMethod},
};

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// A measured, valid day of 8 000 steps and 20 brisk minutes, 5 of them vigorous.
fn measured(date: NaiveDate) -> DayTotal {
    // What is not named here is unknown.
    let values = r#"{
        "participant_id": "p1", "local_date": "2026-01-01", "day_index": 1, "weekday": 1, "day_len_min": 1440,
        "minutes_recorded": 1440, "epoch_seconds_max": 60, "data_state": "measured", "total_steps": 8000,
        "steps_lower": 8000, "steps_upper": 8000, "brisk_threshold": 100, "brisk_min": 20, "brisk_lower": 20,
        "brisk_upper": 20, "leisure_brisk_min": 20, "vigorous_min": 5, "bout_min": 12, "bout_count": 1,
        "longest_bout_min": 12, "peak1_spm": 140.0, "peak30_spm": 101.5, "peak60_spm": 80.25,
        "wear_method": "zero60", "wear_min": 800, "hours_with_steps": 14, "valid_day": true, "goal_state": "no_goal",
        "flags": "", "rules": "brisk/1", "rules_hash": "0123456789abcdef", "software": "brisk 0.1.0", "revision": 1
    }"#;
    let day: DayTotal = serde_json::from_str(values).unwrap();
    DayTotal { local_date: date, weekday: date.weekday().number_from_monday().try_into().unwrap(), ..day }
}

/// A day of which nothing has arrived.
fn nothing(date: NaiveDate) -> DayTotal {
    let mut day = measured(date);
    day.data_state = DataState::NotSynced;
    day.minutes_recorded = 0;
    (day.total_steps, day.steps_lower, day.steps_upper) = (None, None, None);
    (day.brisk_min, day.brisk_lower, day.brisk_upper, day.vigorous_min) = (None, None, None, None);
    (day.leisure_brisk_min, day.bout_min, day.wear_min, day.valid_day) = (None, None, None, None);
    (day.peak1_spm, day.peak30_spm, day.peak60_spm, day.hours_with_steps) = (None, None, None, None);
    (day.epoch_seconds_max, day.wear_method) = (None, None);
    day
}

fn weeks(plan: WeekPlan, days: &[DayTotal]) -> Vec<WeekTotal> {
    let mut builder = WeekBuilder::new(plan);
    let mut weeks: Vec<_> = days.iter().filter_map(|day| builder.add(day)).collect();
    weeks.extend(builder.finish());
    weeks
}

fn person(plan: WeekPlan, days: &[DayTotal]) -> Option<PersonTotal> {
    let mut builder = PersonBuilder::new(plan);
    for day in days {
        builder.add(day);
    }
    builder.finish()
}

fn days_from(first: &str, count: u64) -> Vec<DayTotal> {
    (0..count).map(|day| measured(date(first) + Days::new(day))).collect()
}

#[test]
fn a_full_week_of_measured_days_is_these_numbers() {
    let mut days = days_from("2026-05-04", 7);
    for (day, steps) in days.iter_mut().zip([3_000, 4_000, 5_000, 6_000, 7_000, 20_000, 11_000]) {
        day.total_steps = Some(steps);
    }
    days[0].goal_state = GoalState::Met;
    days[1].goal_state = GoalState::NotMet;
    days[2].goal_state = GoalState::Met;
    days[3].goal_state = GoalState::CannotTell;

    let week = weeks(WeekPlan::Calendar, &days).remove(0);

    assert_eq!((week.week_index, week.week_start, week.weeks_by), (1, date("2026-05-04"), WeeksBy::Calendar));
    assert_eq!((week.days_in_week, week.partial_week, week.valid_week), (7, false, true));
    assert_eq!((week.valid_days, week.valid_weekdays, week.valid_weekend_days), (7, 5, 2));
    assert_eq!(
        (week.steps_sum, week.steps_mean_valid, week.steps_median_valid),
        (Some(56_000), Some(8000.0), Some(6000.0))
    );
    // (5 × 5 000 + 2 × 15 500) / 7
    assert_eq!(week.steps_mean_5to2, Some(8000.0));
    assert_eq!(
        (week.brisk_min_sum, week.brisk_min_per_valid_day_x7, week.bout_min_sum),
        (Some(140), Some(140.0), Some(84))
    );
    assert_eq!((week.days_met, week.days_judged, week.attainment), (2, 3, Some(0.6667)));
    assert_eq!((week.days_cannot_tell, week.days_no_goal), (1, 3));
    assert_eq!((week.moderate_eq_lower, week.moderate_eq_upper, week.met_150), (Some(175), Some(175), Met150::Yes));
    assert_eq!((week.wear_adherence, week.sync_adherence), (Some(1.0), Some(1.0)));
}

#[test]
fn a_week_without_data_holds_no_zero_but_counts() {
    let days: Vec<_> = days_from("2026-05-04", 7).into_iter().map(|day| nothing(day.local_date)).collect();

    let week = weeks(WeekPlan::FirstDay, &days).remove(0);

    let unknown =
        [week.steps_mean_valid, week.steps_median_valid, week.steps_mean_5to2, week.brisk_min_per_valid_day_x7];
    assert_eq!(unknown, [None; 4]);
    assert_eq!(
        (week.steps_sum, week.brisk_min_sum, week.bout_min_sum, week.leisure_brisk_min_sum),
        (None, None, None, None)
    );
    assert_eq!((week.met_150, week.moderate_eq_lower, week.attainment), (Met150::CannotTell, None, None));
    assert_eq!((week.valid_days, week.days_with_data, week.wear_adherence), (0, 0, Some(0.0)));
}

#[test]
fn weeks_before_enrolment_are_numbered_down_and_ask_no_adherence() {
    let days = days_from("2026-05-01", 16);

    let weeks = weeks(WeekPlan::Enrolment(date("2026-05-10")), &days);

    let numbered: Vec<_> = weeks.iter().map(|week| (week.week_index, week.week_start, week.days_in_week)).collect();
    assert_eq!(numbered, [(-1, date("2026-04-26"), 2), (0, date("2026-05-03"), 7), (1, date("2026-05-10"), 7)]);
    let adherence: Vec<_> = weeks.iter().map(|week| (week.enrolled_days, week.wear_adherence)).collect();
    assert_eq!(adherence, [(0, None), (0, None), (7, Some(1.0))]);
}

#[test]
fn enrolled_days_of_which_nothing_is_listed_count_against_adherence() {
    let days = days_from("2026-05-07", 6);

    let weeks = weeks(WeekPlan::Enrolment(date("2026-05-04")), &days);
    let person = person(WeekPlan::Enrolment(date("2026-05-04")), &days).unwrap();

    assert_eq!(weeks.iter().map(|week| week.enrolled_days).collect::<Vec<_>>(), [7, 2]);
    assert_eq!(weeks[0].wear_adherence, Some(0.5714));
    assert_eq!((person.enrolled_days, person.wear_adherence, person.sync_adherence), (9, Some(0.6667), Some(0.6667)));
}

#[test]
fn a_day_under_way_is_listed_but_neither_valid_nor_counted_against_anyone() {
    let mut days = days_from("2026-05-04", 3);
    days[2].flags.0.insert(Flag::DayOpen);
    days[2].minutes_recorded = 600;

    let week = weeks(WeekPlan::FirstDay, &days).remove(0);
    let person = person(WeekPlan::FirstDay, &days).unwrap();

    assert_eq!((week.days_in_week, week.valid_days, week.enrolled_days, week.wear_adherence), (3, 2, 2, Some(1.0)));
    assert_eq!((week.steps_sum, week.steps_valid_days, week.brisk_min_sum), (Some(24_000), 2, Some(60)));
    assert_eq!((person.completeness, person.minutes_recorded), (Some(1.0), 3480));
}

#[test]
fn fewer_than_150_minutes_are_said_only_when_nothing_unknown_could_make_them() {
    let quiet = || {
        let mut days = days_from("2026-05-04", 7);
        for day in &mut days {
            (day.brisk_min, day.brisk_lower, day.brisk_upper) = (Some(10), Some(10), Some(10));
        }
        days
    };
    let met = |change: fn(&mut DayTotal)| {
        let mut days = quiet();
        change(&mut days[3]);
        weeks(WeekPlan::FirstDay, &days).remove(0).met_150
    };

    assert_eq!(met(|_| {}), Met150::No);
    assert_eq!(met(|day| day.valid_day = Some(false)), Met150::CannotTell);
    assert_eq!(met(|day| *day = nothing(day.local_date)), Met150::CannotTell);
    assert_eq!(
        met(|day| day.minutes_recorded = 1417),
        Met150::CannotTell,
        "105, and 23 that may all have been vigorous"
    );
    assert_eq!(met(|day| day.minutes_recorded = 1418), Met150::No, "105, and 22 of them");
    assert_eq!(
        met(|day| {
            day.flags.0.insert(Flag::MinuteDetailIncomplete);
        }),
        Met150::CannotTell
    );
    assert_eq!(met(|day| day.brisk_upper = Some(60)), Met150::CannotTell);
    assert_eq!(met(|day| (day.brisk_lower, day.brisk_upper) = (Some(60), Some(60))), Met150::Yes);
    assert_eq!(weeks(WeekPlan::FirstDay, &quiet()[..6])[0].met_150, Met150::CannotTell);
}

#[test]
fn a_changed_threshold_and_different_rules_are_said() {
    let mut days = days_from("2026-05-04", 7);
    days[4].brisk_threshold = 90;
    days[5].rules = "study/2".into();
    days[6].flags = Flags(BTreeSet::from([Flag::Overlap]));
    days[1].flags = Flags(BTreeSet::from([Flag::Conflict, Flag::Overlap]));

    let week = weeks(WeekPlan::FirstDay, &days).remove(0);

    assert_eq!((week.brisk_threshold, week.brisk_threshold_changed), (None, true));
    assert_eq!((week.rules.as_str(), week.rules_hash.as_str()), ("brisk/1;study/2", "0123456789abcdef"));
    assert_eq!(String::from(week.flags), "overlap;conflict");
}

#[test]
fn no_day_gives_no_row_and_a_builder_begins_anew_for_the_next_person() {
    let mut builder = PersonBuilder::new(WeekPlan::FirstDay);
    assert_eq!(builder.finish(), None);
    assert_eq!(WeekBuilder::new(WeekPlan::Calendar).finish(), None);

    for day in days_from("2026-05-04", 9) {
        builder.add(&day);
    }
    let first = builder.finish().unwrap();
    for day in days_from("2026-06-03", 9) {
        builder.add(&day);
    }
    let second = builder.finish().unwrap();

    assert_eq!((first.weeks, second.weeks, second.first_date), (2, 2, date("2026-06-03")));
}

/// Days as they come, some of them absent from the list.
fn record() -> impl Strategy<Value = Vec<DayTotal>> {
    let state = prop_oneof![
        Just(GoalState::Met),
        Just(GoalState::NotMet),
        Just(GoalState::CannotTell),
        Just(GoalState::NoGoal),
        Just(GoalState::Paused),
        Just(GoalState::Excused)
    ];
    let day = (prop_oneof![6 => Just(1_u64), 1 => 2_u64..12], 0_u8..10, 0_u32..30_000, 0_u32..60, 0_u32..1440, state);
    (0_u64..400, prop::collection::vec(day, 1..60), any::<bool>()).prop_map(|(start, days, open)| {
        let mut at = date("2026-01-01") + Days::new(start);
        let mut list = Vec::new();
        for (step, kind, steps, brisk, unrecorded, goal) in days {
            at = at + Days::new(step);
            let mut day = if kind == 0 { nothing(at) } else { measured(at) };
            day.goal_state = goal;
            if kind > 0 {
                day.minutes_recorded = 1440 - if kind < 4 { unrecorded } else { 0 };
                day.valid_day = Some(kind > 2);
                (day.total_steps, day.steps_lower) = ((kind != 4).then_some(steps), Some(steps));
                (day.brisk_min, day.brisk_lower) = ((kind != 5).then_some(brisk), Some(brisk));
                day.brisk_upper = Some(brisk + u32::from(kind == 5) * 7);
                (day.leisure_brisk_min, day.bout_min) = (day.brisk_min, Some(brisk / 2));
                day.vigorous_min = (kind != 6).then_some(brisk / 3);
                day.peak30_spm = (kind != 7).then(|| f64::from(steps) / 4.0);
                day.wear_method = Some(WearMethod::Zero60);
            }
            list.push(day);
        }
        if let Some(last) = list.last_mut().filter(|_| open) {
            last.flags.0.insert(Flag::DayOpen);
        }
        list
    })
}

fn plan() -> impl Strategy<Value = WeekPlan> {
    let enrolment = (0_u64..430).prop_map(|day| WeekPlan::Enrolment(date("2026-01-01") + Days::new(day)));
    prop_oneof![2 => enrolment, 1 => Just(WeekPlan::FirstDay), 1 => Just(WeekPlan::Calendar)]
}

/// The first day of the week that holds `date`, counted out day by day.
fn start_of(plan: WeekPlan, first: NaiveDate, date: NaiveDate) -> NaiveDate {
    let begins = |day: NaiveDate| match plan {
        WeekPlan::Enrolment(on) => day.signed_duration_since(on).num_days() % 7 == 0,
        WeekPlan::FirstDay => day.signed_duration_since(first).num_days() % 7 == 0,
        WeekPlan::Calendar => day.weekday() == chrono::Weekday::Mon,
    };
    (0..7).map(|back| date - Days::new(back)).find(|&day| begins(day)).unwrap()
}

fn mean(values: &[f64]) -> Option<f64> {
    let count = f64::from(u32::try_from(values.len()).unwrap());
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / count)
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let low = values.get(values.len().checked_sub(1)? / 2)?;
    Some((low + values[values.len() / 2]) / 2.0)
}

/// Within the four decimals that are kept.
fn close(one: Option<f64>, other: Option<f64>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => (one - other).abs() <= 0.000_051,
        (None, None) => true,
        _ => false,
    }
}

fn is_open(day: &DayTotal) -> bool {
    day.flags.0.contains(&Flag::DayOpen)
}

fn is_valid(day: &DayTotal) -> bool {
    !is_open(day) && day.valid_day == Some(true)
}

fn values(days: &[&DayTotal], value: fn(&DayTotal) -> Option<u32>) -> Vec<f64> {
    days.iter().filter_map(|day| value(day)).map(f64::from).collect()
}

proptest! {
    #[test]
    fn a_week_is_what_its_days_say_when_looked_at_together(days in record(), plan in plan()) {
        let mut by_start: BTreeMap<NaiveDate, Vec<&DayTotal>> = BTreeMap::new();
        for day in &days {
            by_start.entry(start_of(plan, days[0].local_date, day.local_date)).or_default().push(day);
        }

        let weeks = weeks(plan, &days);

        prop_assert_eq!(weeks.iter().map(|week| week.week_start).collect::<Vec<_>>(), by_start.keys().copied().collect::<Vec<_>>());
        for (week, (start, all)) in weeks.iter().zip(&by_start) {
            let valid: Vec<_> = all.iter().copied().filter(|day| is_valid(day)).collect();
            let (on_weekdays, at_weekend): (Vec<_>, Vec<_>) = valid.iter().copied().partition(|day| day.local_date.weekday().number_from_monday() < 6);
            prop_assert_eq!(usize::try_from(week.days_in_week).unwrap(), all.len());
            prop_assert_eq!((usize::try_from(week.valid_weekdays).unwrap(), usize::try_from(week.valid_weekend_days).unwrap()), (on_weekdays.len(), at_weekend.len()));
            prop_assert_eq!(week.valid_week, valid.len() >= 4);
            let steps = values(&valid, |day| day.total_steps);
            prop_assert!(close(week.steps_mean_valid, mean(&steps)) && close(week.steps_median_valid, median(steps)));
            let both = mean(&values(&on_weekdays, |day| day.total_steps)).zip(mean(&values(&at_weekend, |day| day.total_steps)));
            prop_assert!(close(week.steps_mean_5to2, both.map(|(week, end)| (week * 5.0 + end * 2.0) / 7.0)));
            prop_assert!(close(week.brisk_min_per_valid_day_x7, mean(&values(&valid, |day| day.brisk_min)).map(|mean| mean * 7.0)));
            let brisk = values(all, |day| day.brisk_min);
            prop_assert_eq!(week.brisk_min_sum.map(f64::from), (!brisk.is_empty()).then(|| brisk.iter().sum()));
            prop_assert_eq!(usize::try_from(week.brisk_days).unwrap(), brisk.len());
            let of_goal = |state| u32::try_from(all.iter().filter(|day| day.goal_state == state).count()).unwrap();
            prop_assert_eq!((week.days_met, week.days_judged), (of_goal(GoalState::Met), of_goal(GoalState::Met) + of_goal(GoalState::NotMet)));
            let goals = week.days_judged + week.days_cannot_tell + week.days_no_goal + week.days_paused + week.days_excused;
            prop_assert_eq!(goals, week.days_in_week);
            prop_assert!(week.enrolled_days <= 7 && week.valid_days <= week.days_in_week);
            let before = matches!(plan, WeekPlan::Enrolment(on) if on > *start);
            prop_assert_eq!(before, week.week_index < 1);
            for share in [week.wear_adherence, week.sync_adherence, week.attainment].into_iter().flatten() {
                prop_assert!((0.0..=1.0).contains(&share));
            }
        }
    }

    /// Whatever the days held within their bounds: `yes` and `no` are never wrong.
    #[test]
    fn what_is_said_of_150_minutes_holds_for_every_truth_within_the_bounds(days in record(), lucky in any::<bool>()) {
        for week in weeks(WeekPlan::FirstDay, &days) {
            let inside = |day: &&DayTotal| (0..7).contains(&day.local_date.signed_duration_since(week.week_start).num_days());
            let truth: u32 = days.iter().filter(inside).map(|day| {
                let vigorous = day.vigorous_min.unwrap_or(if lucky { day.brisk_upper.unwrap_or(0) } else { 0 });
                let unknown = (1440 - day.minutes_recorded) * 2;
                let exact = day.brisk_lower == day.brisk_upper;
                match (lucky, exact) {
                    (true, true) => day.brisk_upper.unwrap_or(0) + vigorous + unknown,
                    (true, false) => day.brisk_upper.unwrap_or(0) * 2 + unknown,
                    (false, _) => day.brisk_lower.unwrap_or(0) + vigorous,
                }
            }).sum();
            match week.met_150 {
                Met150::Yes => prop_assert!(lucky || truth >= 150),
                Met150::No => prop_assert!(truth < 150),
                Met150::CannotTell => prop_assert!(lucky || truth < 150),
            }
        }
    }

    #[test]
    fn a_person_is_the_sum_of_the_weeks_and_the_mean_of_the_days(days in record(), plan in plan()) {
        let weeks = weeks(plan, &days);

        let person = person(plan, &days).unwrap();

        let sum = |of: fn(&WeekTotal) -> u32| weeks.iter().map(of).sum::<u32>();
        prop_assert_eq!(person.days, sum(|week| week.days_in_week));
        prop_assert_eq!(person.days_with_data, sum(|week| week.days_with_data));
        prop_assert_eq!(person.valid_days, sum(|week| week.valid_days));
        prop_assert_eq!(person.minutes_recorded, sum(|week| week.minutes_recorded));
        prop_assert_eq!((person.days_met, person.days_judged), (sum(|week| week.days_met), sum(|week| week.days_judged)));
        prop_assert_eq!((person.weeks, person.valid_weeks), (u32::try_from(weeks.len()).unwrap(), sum(|week| u32::from(week.valid_week))));
        prop_assert_eq!(person.weeks_met_150, sum(|week| u32::from(week.met_150 == Met150::Yes)));
        prop_assert_eq!(person.weeks_judged_150, sum(|week| u32::from(week.met_150 != Met150::CannotTell)));
        let valid: Vec<_> = days.iter().filter(|day| is_valid(day)).collect();
        let steps = values(&valid, |day| day.total_steps);
        prop_assert!(close(person.steps_mean_valid, mean(&steps)) && close(person.steps_median_valid, median(steps)));
        prop_assert!(close(person.bout_min_mean_valid, mean(&values(&valid, |day| day.bout_min))));
        let peaks: Vec<f64> = valid.iter().filter_map(|day| day.peak30_spm).collect();
        prop_assert!(close(person.peak30_spm_mean_valid, mean(&peaks)));
        let over: Vec<_> = days.iter().filter(|day| !is_open(day)).collect();
        let recorded = over.iter().map(|day| f64::from(day.minutes_recorded)).sum::<f64>();
        let elapsed = over.iter().map(|day| f64::from(day.day_len_min)).sum::<f64>();
        prop_assert!(close(person.completeness, (!over.is_empty()).then(|| recorded / elapsed)));
        for share in [person.wear_adherence, person.sync_adherence].into_iter().flatten() {
            prop_assert!((0.0..=1.0).contains(&share));
        }
    }
}
