use super::*;
use crate::{
    goal::{
        DayFacts, DiaryMinutes, History, apply,
        decision::tests::date,
        judge::tests::{day, goal_of, only},
        judge_day, judge_week,
    },
    person::{OwnDecision, diary::DiaryEntry},
    time::{Calendar, Zone},
    words::Language,
};

const MONDAY: &str = "2026-05-11";

/// Monday to Wednesday have come: a walk, an hour with a band that cannot tell, and today.
fn seen(goals: History, display: Display, language: Language) -> (Visit, WeekSeen) {
    let calendar = Calendar::midnight(Zone::AS_IT_STANDS);
    let mut person = crate::demo::person("p1".parse().unwrap(), calendar);
    person.record.goals = goals;
    person.display = display;
    let coarse =
        DayTotal { data_state: DataState::CannotTell, leisure_brisk_min: None, bout_min: None, ..day("2026-05-12") };
    let mut days = vec![
        DayTotal { leisure_brisk_min: Some(21), ..day(MONDAY) },
        coarse,
        DayTotal { leisure_brisk_min: Some(4), ..day("2026-05-13") },
    ];
    let diary = DiaryMinutes::new();
    for row in &mut days {
        let outcome = judge_day(&DayFacts { day: row, open: false, diary: &diary }, &person.record.goals);
        apply(row, &outcome);
    }
    let facts: Vec<_> = days.iter().map(|day| DayFacts { day, open: false, diary: &diary }).collect();
    let progress = judge_week(&facts, &person.record.goals, date(MONDAY));
    drop(facts);
    let seen = WeekSeen::of(&WeekReply { progress, days }, &person, date("2026-05-13"));
    (Visit::of(person, language), seen)
}

fn plan() -> History {
    only(goal_of("leisure_brisk_min", 20))
}

fn html(goals: History, display: Display) -> String {
    let (visit, seen) = seen(goals, display, Language::En);
    html! { @for phrase in seen.summary() { p { (visit.say(&phrase)) } } (seen.picture(&visit)) (seen.table(&visit)) }
        .into_string()
}

#[test]
fn every_day_has_its_number_and_its_word() {
    let page = html(plan(), Display::Full);

    for text in [
        "Monday: 21 ✓. Tuesday: cannot tell. Wednesday: 4, so far. Thursday: to come.",
        "Your plan for a day: 20 minutes of brisk walking in your own time.",
        "You did what you planned on 1 day. ✓",
        "You walked briskly on 2 days, 25 minutes in all.",
        "15,000 steps in all.",
        ">15,000</td>",
    ] {
        assert!(page.contains(text), "{text}: {page}");
    }
    assert_eq!(page.matches("<rect class=\"unknown\"").count(), 2, "the day, and what it means");
}

#[test]
fn the_table_says_everything_that_the_bars_say() {
    let (visit, seen) = seen(plan(), Display::Full, Language::En);

    let table = seen.table(&visit).into_string();

    for text in ["Monday 11 May", ">21</td>", ">4</td>", "cannot tell", "to come", ">–</td>", ">25</td>"] {
        assert!(table.contains(text), "{text}: {table}");
    }
}

/// The bars of a week of which Monday alone has come, with half an hour of swimming in its diary.
fn bars_of(row: DayTotal, measure: &str) -> String {
    let calendar = Calendar::midnight(Zone::AS_IT_STANDS);
    let mut person = crate::demo::person("p1".parse().unwrap(), calendar);
    person.record.goals = only(goal_of(measure, 60));
    let swim = DiaryEntry {
        id: "e1".to_owned(),
        participant: person.id.clone(),
        kind: "swim".parse().unwrap(),
        minutes: 30,
        date: date(MONDAY),
        at: None,
        effort: None,
        note: None,
    };
    let noon = date(MONDAY).and_hms_opt(12, 0, 0).unwrap().and_utc();
    person.record.take(noon, date(MONDAY), OwnDecision::DiaryNoted(swim).into());
    let progress = judge_week(&[], &person.record.goals, date(MONDAY));
    let seen = WeekSeen::of(&WeekReply { progress, days: vec![row] }, &person, date(MONDAY));
    seen.picture(&Visit::of(person, Language::En)).into_string()
}

#[test]
fn a_bar_and_its_mark_show_the_amount_that_the_goal_counts_and_nothing_beside_it() {
    for (measure, words, drawn, marked) in [
        ("leisure_brisk_min", "Monday: 21, diary 30, so far.", false, true),
        ("brisk_min", "Monday: 20, diary 30, so far.", false, true),
        ("leisure_min", "Monday: 21 + 30, so far.", true, true),
        ("diary_min(swim)", "Monday: 21, diary 30, so far.", false, false),
    ] {
        let row = DayTotal { leisure_brisk_min: Some(21), brisk_lower: Some(20), ..day(MONDAY) };

        let bars = bars_of(row, measure);

        assert!(bars.contains(words), "{measure}: {bars}");
        assert_eq!(bars.contains("class=\"diary\""), drawn, "{measure}: {bars}");
        assert_eq!(bars.contains("class=\"target\""), marked, "{measure}: {bars}");
    }
}

#[test]
fn a_day_of_which_the_diary_alone_is_known_has_no_zero() {
    for (measure, drawn) in [("leisure_brisk_min", false), ("leisure_min", true)] {
        let row = DayTotal { leisure_brisk_min: None, ..day(MONDAY) };

        let bars = bars_of(row, measure);

        assert!(bars.contains("Monday: diary 30, so far."), "{measure}: {bars}");
        assert_eq!(bars.contains("class=\"diary\""), drawn, "{measure}: {bars}");
    }
}

#[test]
fn a_week_without_data_is_open_and_has_no_zero() {
    let calendar = Calendar::midnight(Zone::AS_IT_STANDS);
    let person = crate::demo::person("p1".parse().unwrap(), calendar);
    let progress = judge_week(&[], &person.record.goals, date(MONDAY));
    let seen = WeekSeen::of(&WeekReply { progress, days: Vec::new() }, &person, date("2026-06-01"));
    let visit = Visit::of(person, Language::En);

    let table = seen.table(&visit).into_string();

    assert_eq!(table.matches(">open</span>").count(), 7, "{table}");
    assert!(!table.contains(">0<"), "{table}");
    assert!(seen.summary().iter().any(|phrase| phrase.key == "week-nothing"));
}

#[test]
fn steps_alone_or_nothing_is_shown_to_whom_a_study_says_so() {
    let steps = html(plan(), Display::StepsOnly);
    let blinded = html(plan(), Display::Blinded);

    assert!(steps.contains("Monday: 5,000. ") && steps.contains("15,000 steps in all."), "{steps}");
    for hidden in ["21 ✓", ">21<", "20 minutes", "brisk walking", "planned"] {
        assert!(!steps.contains(hidden), "{hidden}: {steps}");
    }
    for hidden in ["21", "5,000", "15,000", "svg", "planned", "20 "] {
        assert!(!blinded.contains(hidden), "{hidden}: {blinded}");
    }
    assert!(blinded.contains("measured") && blinded.contains("to come"), "{blinded}");
}
