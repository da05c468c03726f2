use super::*;
use crate::{
    goal::{
        Decision, DiaryMinutes, Heard, History, TodayContext,
        decision::tests::date,
        history::tests::{history, pause},
        judge::tests::{day, excuse, goal_of, only},
        today_sentence,
    },
    time::{Calendar, Zone},
};

const MONDAY: &str = "2026-05-11";
const MORNING: TodayContext = TodayContext { evening: false, heard: Heard::Lately, keeps_steps: true };
const EVENING: TodayContext = TodayContext { evening: true, ..MORNING };

/// What the page says: its text in a row, without what is there for the eye or the screen reader alone.
fn page(row: Option<DayTotal>, goals: History, context: &TodayContext, display: Display) -> String {
    let html = drawn(row, goals, context, display, Language::En);
    let mut text = String::new();
    let mut inside = false;
    for c in html.replace("<caption", "\u{1}<").replace("</p>", "\n").replace("</tr>", "\n").chars() {
        match c {
            '<' => inside = true,
            '>' => inside = false,
            _ if !inside => text.push(c),
            _ => {}
        }
    }
    text
}

fn drawn(
    row: Option<DayTotal>,
    goals: History,
    context: &TodayContext,
    display: Display,
    language: Language,
) -> String {
    let (visit, seen) = seen(row, goals, context, display, language);
    html! { (seen.draw(&visit)) (actions(&visit, &seen)) }.into_string()
}

fn seen(
    row: Option<DayTotal>,
    goals: History,
    context: &TodayContext,
    display: Display,
    language: Language,
) -> (Visit, Seen) {
    let calendar = Calendar::midnight(Zone::AS_IT_STANDS);
    let mut person = crate::demo::person("p1".parse().unwrap(), calendar);
    person.record.goals = goals;
    person.display = display;
    let diary = DiaryMinutes::from([("swim".parse().unwrap(), 30)]);
    let facts = row.as_ref().map(|row| DayFacts { day: row, open: true, diary: &diary });
    let week = crate::goal::judge_week(facts.as_slice(), &person.record.goals, date(MONDAY));
    let week = WeekReply { progress: week, days: row.iter().cloned().collect() };
    let facts = TodayFacts {
        date: date(MONDAY),
        sentence: facts.map(|facts| today_sentence(&facts, &person.record.goals, context)),
        progress: facts.and_then(|facts| crate::goal::today(&facts, &person.record.goals)),
        last_heard: date(MONDAY).and_hms_opt(16, 40, 0),
        battery_percent: Some(61),
        row,
        diary: diary.clone(),
    };
    let seen = Seen::of(&facts, &person, Some(&week));
    let visit = Visit::of(person, language);
    (visit, seen)
}

fn walked(minutes: u32) -> DayTotal {
    DayTotal { leisure_brisk_min: Some(minutes), ..day(MONDAY) }
}

fn plan() -> History {
    only(goal_of("leisure_brisk_min", 20))
}

#[test]
fn each_state_of_the_day_says_what_was_done_and_what_was_planned() {
    let unsynced = || DayTotal {
        data_state: DataState::NotSynced,
        leisure_brisk_min: None,
        total_steps: None,
        steps_lower: None,
        ..day(MONDAY)
    };
    let coarse = || DayTotal {
        data_state: DataState::CannotTell,
        leisure_brisk_min: None,
        total_steps: Some(3100),
        brisk_lower: Some(4),
        brisk_upper: Some(12),
        ..day(MONDAY)
    };
    let idle = || DayTotal { data_state: DataState::NotWorn, leisure_brisk_min: Some(0), ..day(MONDAY) };
    let silent = TodayContext { heard: Heard::On(date("2026-05-09")), ..MORNING };
    let forgets = TodayContext { keeps_steps: false, ..silent };
    let set = || (MONDAY, Decision::GoalSet(goal_of("leisure_brisk_min", 20)));
    let week = || only(GoalVersion { period: Period::Week, ..goal_of("leisure_brisk_min", 150) });
    for (row, goals, context, texts) in [
        (Some(walked(0)), plan(), MORNING, &["0 minutes of brisk walking", "A new day. Your plan is 20 minutes"][..]),
        (
            Some(walked(12)),
            plan(),
            MORNING,
            &["12 minutes of", "Your plan for today: 20 minutes.", "8 to go if you feel like it.", "12 of 20"],
        ),
        (Some(walked(21)), plan(), MORNING, &["21 minutes of", "You did what you planned. ✓", "21, with 20 planned"]),
        (Some(walked(34)), plan(), MORNING, &["34 minutes of", "That is more than you planned, and it counts."]),
        (Some(walked(9)), plan(), EVENING, &["9 minutes of", "Every minute counts. Tomorrow is open."]),
        (
            Some(walked(9)),
            history([set(), (MONDAY, pause(MONDAY, "2026-05-15"))]),
            MORNING,
            &["9 minutes of", "paused until the end of Friday 15 May", "My plan"],
        ),
        (Some(walked(9)), history([set(), (MONDAY, excuse(MONDAY))]), MORNING, &["Today is taken out of your plan."]),
        (
            Some(unsynced()),
            plan(),
            silent,
            &["not heard from your band since Saturday 9 May. Your steps are safe on the band."],
        ),
        (Some(unsynced()), plan(), forgets, &["so that we can count today's steps."]),
        (Some(idle()), plan(), MORNING, &["The band was not worn on Monday, so we leave that day open."]),
        (
            Some(coarse()),
            plan(),
            MORNING,
            &["3,100 steps", "Between 4 and 12 minutes of it were brisk.", "does not tell us how fast"],
        ),
        (
            Some(walked(9)),
            week(),
            MORNING,
            &["9 minutes of", "This week so far: 9 of 150 minutes.", "the days are yours to choose", "9 of 150"],
        ),
        (Some(walked(9)), History::default(), MORNING, &["9 minutes of", "No plan for today. Whatever you do counts."]),
        (None, plan(), MORNING, &["Nothing has arrived from your band yet."]),
    ] {
        let page = page(row, goals, &context, Display::Full);

        for text in texts {
            assert!(page.contains(text), "{text:?} in\n{page}");
        }
        assert!(
            page.contains("Last heard from your band: 16:40.") && page.contains("Band battery: 61 percent."),
            "{page}"
        );
    }
}

#[test]
fn minutes_from_the_diary_are_added_where_the_goal_counts_them_and_it_can_be_seen() {
    let counts = page(Some(walked(12)), only(goal_of("leisure_min", 60)), &MORNING, Display::Full);
    let apart = page(Some(walked(12)), plan(), &MORNING, Display::Full);

    assert!(
        counts.contains("42 minutes of activity") && counts.contains("12 measured + 30 from your diary"),
        "{counts}"
    );
    assert!(apart.contains("12 minutes of") && !apart.contains("measured +"), "{apart}");
    assert!(apart.contains("Minutes from your diary30"), "{apart}");
}

#[test]
fn minutes_from_the_diary_stand_alone_while_what_was_measured_is_not_known() {
    let unknown = [
        DayTotal { leisure_brisk_min: None, ..day(MONDAY) },
        DayTotal { data_state: DataState::NotWorn, leisure_brisk_min: Some(0), ..day(MONDAY) },
    ];
    for row in unknown {
        let page = page(Some(row), only(goal_of("leisure_min", 60)), &MORNING, Display::Full);

        assert!(page.contains("30 minutes of activity") && page.contains("All of it is from your diary."), "{page}");
        assert!(!page.contains("measured"), "{page}");
    }
}

#[test]
fn a_week_of_which_nothing_is_known_has_its_plan_and_no_zero() {
    let unknown = DayTotal { leisure_brisk_min: None, ..day(MONDAY) };
    let week = only(GoalVersion { period: Period::Week, ..goal_of("leisure_brisk_min", 150) });

    let page = page(Some(unknown), week, &MORNING, Display::Full);

    assert!(page.contains("Your plan for the week: 150 minutes."), "{page}");
    assert!(!page.contains("0 of 150") && !page.contains("This week so far"), "{page}");
}

#[test]
fn a_day_on_which_the_band_was_not_worn_has_no_zero() {
    let idle = DayTotal { data_state: DataState::NotWorn, leisure_brisk_min: Some(0), ..day(MONDAY) };

    let html = drawn(Some(idle), plan(), &MORNING, Display::Full, Language::En);

    assert!(!html.contains("class=\"number\"") && !html.contains("class=\"bar\""), "{html}");
}

#[test]
fn to_somebody_whom_a_study_shows_no_number_none_is_shown() {
    for goals in [plan(), only(goal_of("steps", 6000)), only(goal_of("leisure_min", 60)), History::default()] {
        for row in [Some(walked(13)), Some(walked(34)), None] {
            let html = drawn(row, goals.clone(), &MORNING, Display::Blinded, Language::En);

            for shown in ["13", "34", "5,000", "6,000", "20", "svg", "<table", "<script"] {
                let without_date = html.replace("2026-05-1", "").replace("pause-", "");
                assert!(!without_date.contains(shown), "{shown}: {html}");
            }
        }
    }
    let page = page(Some(walked(13)), plan(), &MORNING, Display::Blinded);
    assert!(page.contains("Your band is recording."), "{page}");
    assert!(page.contains("walk with a neighbour"), "{page}");
}

#[test]
fn to_somebody_who_sees_steps_alone_no_minute_is_shown() {
    let minutes = page(Some(walked(13)), plan(), &MORNING, Display::StepsOnly);
    let steps = page(Some(walked(13)), only(goal_of("steps", 6000)), &MORNING, Display::StepsOnly);

    assert!(minutes.contains("5,000 steps"), "{minutes}");
    for hidden in ["13", "brisk", "20 minutes", "Planned", "diary", "to go"] {
        assert!(!minutes.contains(hidden), "{hidden}: {minutes}");
    }
    assert!(steps.contains("5,000 of 6,000") && steps.contains("1,000 to go if you feel like it."), "{steps}");
}

#[test]
fn a_script_finds_a_place_for_everything_that_it_is_told() {
    for (row, goals) in
        [(Some(walked(12)), plan()), (Some(walked(12)), only(goal_of("leisure_min", 60))), (None, plan())]
    {
        let (visit, seen) = seen(row, goals, &MORNING, Display::Full, Language::En);
        let html = seen.draw(&visit).into_string();

        let texts = seen.texts(Language::En);

        assert_eq!(html.matches("data-live=").count(), texts.len(), "{html}");
        for (place, _) in texts {
            assert!(html.contains(&format!("data-live=\"{place}\"")), "{place}: {html}");
        }
        assert_eq!(html.matches("data-live-bar=").count(), if seen.bar().is_some() { 3 } else { 0 });
    }
}

#[test]
fn the_number_alone_is_read_aloud_when_it_changes() {
    let html = drawn(Some(walked(12)), plan(), &MORNING, Display::Full, Language::En);

    assert_eq!(html.matches("aria-live").count(), 1);
    assert!(html.contains("aria-live=\"polite\">12</span>"), "{html}");
}
