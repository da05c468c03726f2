use super::*;
use crate::{
    goal::{
        Decision, DiaryMinutes, GoalVersion,
        decision::tests::date,
        history::tests::{history, pause},
        judge::tests::{day, goal_of, only},
    },
    model::DayTotal,
};

const MONDAY: &str = "2026-05-11";

/// A week with these brisk minutes of own time; none for days that were not worn.
fn week(minutes: [Option<u32>; 7]) -> Vec<DayTotal> {
    let row = |(place, known): (usize, Option<u32>)| DayTotal {
        local_date: date(MONDAY) + Days::new(place as u64),
        leisure_brisk_min: known,
        data_state: if known.is_some() { DataState::Measured } else { DataState::NotWorn },
        valid_day: Some(known.is_some()),
        ..day(MONDAY)
    };
    minutes.into_iter().enumerate().map(row).collect()
}

fn looked_at(rows: &[DayTotal], history: &History, steps_only: bool, choices_made: u32) -> Review {
    let (none, swam) = (DiaryMinutes::new(), DiaryMinutes::from([("swim".parse().unwrap(), 30)]));
    let days: Vec<_> = rows
        .iter()
        .enumerate()
        .map(|(place, day)| DayFacts { day, open: false, diary: if place == 2 { &swam } else { &none } })
        .collect();
    review(&Looking { days: &days, history, monday: date(MONDAY), choices_made, pace: &Pace::default(), steps_only })
}

fn said(phrases: &[Phrase]) -> Vec<String> {
    phrases.iter().map(Phrase::english).collect()
}

#[test]
fn what_went_well_comes_first_and_unknown_days_stay_open() {
    let rows = week([Some(20), Some(0), Some(25), None, Some(3), Some(0), Some(0)]);

    let review = looked_at(&rows, &only(goal_of("leisure_brisk_min", 20)), false, 2);

    assert_eq!((review.from, review.to), (date(MONDAY), date("2026-05-17")));
    assert_eq!(
        said(&review.went_well),
        [
            "You were active on 3 days, 48 minutes of brisk walking in your own time in all.",
            "On 2 days you did what you planned. ✓",
            "Your fullest day was Wednesday 13 May: 25 minutes of brisk walking in your own time.",
            "You also wrote down 30 minutes of swimming.",
            "You made 2 small choices.",
        ]
    );
    assert_eq!(said(&review.open), ["The band was not worn on Thursday, so we leave that day open."]);
    assert_eq!(review.question.key, "review-question-hard");
}

#[test]
fn each_kind_of_week_has_one_question() {
    let plan = || only(goal_of("leisure_brisk_min", 20));
    let paused = history([
        (MONDAY, Decision::GoalSet(goal_of("leisure_brisk_min", 20))),
        (MONDAY, pause("2026-05-13", "2026-05-14")),
    ]);
    for (rows, history, question) in [
        (week([Some(20); 7]), plan(), "review-question-well"),
        (week([Some(1); 7]), plan(), "review-question-hard"),
        (week([Some(20), Some(20), Some(20), Some(20), Some(1), Some(1), Some(1)]), plan(), "review-question-keep"),
        (week([None; 7]), plan(), "review-question-gap"),
        (week([Some(20); 7]), paused, "review-question-paused"),
        (week([Some(20); 7]), History::default(), "review-question-no-plan"),
    ] {
        assert_eq!(looked_at(&rows, &history, false, 0).question.key, question);
    }
}

#[test]
fn a_week_of_which_nothing_is_known_is_one_open_sentence() {
    let review = looked_at(&[], &only(goal_of("leisure_brisk_min", 20)), false, 0);

    assert_eq!(said(&review.went_well), ["Good to see you."]);
    assert_eq!(said(&review.open), ["Nothing of this week has reached us, so we leave it open."]);
}

#[test]
fn who_is_shown_steps_hears_of_steps_alone() {
    let review = looked_at(&week([Some(20); 7]), &only(goal_of("leisure_brisk_min", 20)), true, 0);

    let text = said(&review.went_well).join(" ");
    assert!(text.contains("35,000 steps") && !text.contains("minute"), "{text}");
}

#[test]
fn a_week_plan_that_is_reached_is_named() {
    let goal = GoalVersion { period: Period::Week, ..goal_of("leisure_brisk_min", 100) };

    let review = looked_at(&week([Some(20); 7]), &only(goal), false, 0);

    assert!(said(&review.went_well).contains(&"You did what you planned for the week. ✓".to_owned()), "{review:?}");
}

#[test]
fn nothing_that_is_said_scolds() {
    for minutes in [[Some(20); 7], [Some(1); 7], [Some(0); 7], [None; 7]] {
        let review = looked_at(&week(minutes), &only(goal_of("leisure_brisk_min", 20)), false, 0);
        for text in said(&review.went_well).into_iter().chain(said(&review.open)).chain([review.question.english()]) {
            assert_eq!(crate::words::lint::refused_words(&text), Vec::<String>::new(), "{text}");
        }
    }
}
