use super::*;
use crate::{
    goal::{
        Decision, DiaryMinutes,
        decision::tests::date,
        history::tests::{history, pause},
        judge::tests::{day, excuse, goal_of, only},
    },
    model::DayTotal,
    words::lint::refused_words,
};

const MONDAY: &str = "2026-05-11";
const MORNING: TodayContext = TodayContext { evening: false, heard: Heard::Lately, keeps_steps: true };
const EVENING: TodayContext = TodayContext { evening: true, ..MORNING };

fn said(row: &DayTotal, history: &History, context: &TodayContext) -> Sentence {
    let diary = DiaryMinutes::from([("swim".parse().unwrap(), 30)]);
    today_sentence(&DayFacts { day: row, open: true, diary: &diary }, history, context)
}

fn walked(minutes: u32) -> DayTotal {
    DayTotal { leisure_brisk_min: Some(minutes), ..day(MONDAY) }
}

#[test]
fn each_state_of_the_day_has_its_sentence() {
    let plan = only(goal_of("leisure_brisk_min", 20));
    let unsynced = DayTotal { data_state: DataState::NotSynced, leisure_brisk_min: None, ..day(MONDAY) };
    let coarse =
        DayTotal { data_state: DataState::CannotTell, leisure_brisk_min: None, total_steps: Some(3100), ..day(MONDAY) };
    let silent = TodayContext { heard: Heard::On(date("2026-05-09")), ..MORNING };
    let never = TodayContext { heard: Heard::Never, ..MORNING };
    let week = only(GoalVersion { period: Period::Week, ..goal_of("steps", 40_000) });
    let set = || (MONDAY, Decision::GoalSet(goal_of("leisure_brisk_min", 20)));
    let paused = history([set(), (MONDAY, pause(MONDAY, "2026-05-15"))]);
    let excused = history([set(), (MONDAY, excuse(MONDAY))]);

    for (sentence, text) in [
        (
            said(&walked(0), &plan, &MORNING),
            "A new day. Your plan is 20 minutes of brisk walking in your own time, whenever it suits you.",
        ),
        (
            said(&unsynced, &plan, &MORNING),
            "A new day. Your plan is 20 minutes of brisk walking in your own time, whenever it suits you.",
        ),
        (
            said(&walked(12), &plan, &MORNING),
            "12 minutes of brisk walking in your own time so far. 8 to go if you feel like it.",
        ),
        (
            said(&walked(21), &plan, &MORNING),
            "You did what you planned: 21 minutes of brisk walking in your own time. ✓",
        ),
        (
            said(&walked(34), &plan, &EVENING),
            "34 minutes of brisk walking in your own time today. That is more than you planned, and it counts.",
        ),
        (
            said(&walked(1), &plan, &EVENING),
            "1 minute of brisk walking in your own time today. Every minute counts. Tomorrow is open.",
        ),
        (
            said(&walked(9), &History::default(), &MORNING),
            "No plan for today. 9 minutes of brisk walking in your own time so far.",
        ),
        (
            said(&walked(9), &week, &MORNING),
            "5,000 steps today. Your plan is for the week; the days are yours to choose.",
        ),
        (
            said(&walked(9), &paused, &MORNING),
            "Your plan is paused until the end of Friday 15 May. Everything you do still counts.",
        ),
        (said(&walked(9), &excused, &MORNING), "Today is taken out of your plan. Everything you do still counts."),
        (
            said(&unsynced, &plan, &silent),
            "We have not heard from your band since Saturday 9 May. Your steps are safe on the band. \
             Put it near the box to bring them in.",
        ),
        (
            said(&unsynced, &plan, &never),
            "We have not heard from your band yet. Put the band near the box so that we can count today's steps.",
        ),
        (
            said(&coarse, &plan, &MORNING),
            "You took 3,100 steps. This band does not tell us how fast, so we show the steps and leave the minutes open.",
        ),
        (
            said(&coarse, &only(goal_of("steps", 6000)), &EVENING),
            "5,000 steps today. Every step counts. Tomorrow is open.",
        ),
        (
            said(&unsynced, &plan, &EVENING),
            "Part of today is not known, so we leave it open. Everything you do counts.",
        ),
    ] {
        assert_eq!(sentence.phrase().english(), text);
    }
}

#[test]
fn a_plan_that_is_reached_is_said_even_when_the_band_went_silent() {
    let silent = TodayContext { heard: Heard::Never, ..MORNING };

    assert_eq!(said(&walked(20), &only(goal_of("leisure_brisk_min", 20)), &silent).phrase().key, "today-met");
}

#[test]
fn steps_are_called_safe_only_on_a_band_that_keeps_them() {
    let plan = only(goal_of("steps", 60_000));
    let since = Heard::On(date("2026-05-09"));

    let keeps = said(&day(MONDAY), &plan, &TodayContext { heard: since, ..MORNING });
    let forgets = said(&day(MONDAY), &plan, &TodayContext { heard: since, keeps_steps: false, ..MORNING });

    assert!(keeps.phrase().english().contains("safe"));
    assert!(!forgets.phrase().english().contains("safe"));
}

#[test]
fn what_is_left_of_the_plan_is_never_below_zero() {
    let diary = DiaryMinutes::new();
    let row = walked(34);

    let progress = today(&DayFacts { day: &row, open: true, diary: &diary }, &only(goal_of("leisure_brisk_min", 20)));

    let progress = progress.unwrap();
    assert_eq!((progress.target, progress.done, progress.left), (20, Some(34), Some(0)));
}

/// One of each, in every form that its text can take.
fn every_sentence() -> Vec<Sentence> {
    let on = date(MONDAY);
    let mut all =
        vec![Sentence::Paused { until: on }, Sentence::Excused, Sentence::NotWorn { date: on }, Sentence::Open];
    for (since, safe) in [(None, false), (Some(on), false), (Some(on), true)] {
        all.push(Sentence::NotSynced { since, safe });
    }
    all.extend([None, Some(0), Some(1), Some(1234)].map(|brisk_min| Sentence::NoPlan { brisk_min }));
    for text in ["leisure_brisk_min", "brisk_min", "bout_min", "leisure_min", "steps", "diary_min(swim)"] {
        let measure: Measure = text.parse().unwrap();
        for done in [0, 1, 12, 3100, u32::MAX] {
            let measure = || measure.clone();
            all.extend([
                Sentence::NothingYet { measure: measure(), target: done },
                Sentence::Some { measure: measure(), done, left: done },
                Sentence::Met { measure: measure(), done },
                Sentence::Over { measure: measure(), done },
                Sentence::Evening { measure: measure(), done },
                Sentence::WeekPlan { measure: measure(), done: Some(done) },
                Sentence::WeekPlan { measure: measure(), done: None },
                Sentence::StepsOnly { steps: done },
            ]);
        }
    }
    all
}

#[test]
fn no_sentence_uses_a_refused_word() {
    let sentences = every_sentence();
    let keys: std::collections::BTreeSet<_> = sentences.iter().map(|sentence| sentence.phrase().key).collect();

    assert_eq!(keys.len(), 17, "every kind of sentence is looked at: {keys:?}");
    for sentence in sentences {
        assert_eq!(
            refused_words(&sentence.phrase().english()),
            Vec::<String>::new(),
            "{}",
            sentence.phrase().english()
        );
    }
}

#[test]
fn thousands_are_set_apart() {
    assert_eq!([0, 999, 1000, 12_345, 1_234_567].map(number), ["0", "999", "1,000", "12,345", "1,234,567"]);
}
