//! What a browser is shown of a person whose study keeps numbers to itself: every address that answers is looked at.

use std::sync::Arc;

use axum::{
    body::Body,
    http::{Method, StatusCode},
};
use brisk::{
    config::Display,
    demo,
    goal::{self, DecidedBy, GoalVersion, Measure, Period, Weekdays},
    radio::sim::walker::ScriptMinute,
    time::{Calendar, Clock as _},
    web::door::browsers::Which,
};
use chrono::{DateTime, Utc};
use firmware_protocol::reading::Wear;
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

use crate::house::{House, here, routes};

/// Two days that are over and one that is not: each with a walk of 143 minutes, 110 steps in each, and some more steps.
const FIRST: &str = "2026-09-19";
const WALK_MIN: i64 = 143;
const MORE_STEPS: [u32; 3] = [7, 17, 27];
/// Minutes that the person plans for a day.
const PLANNED: u32 = 187;
/// Of what the person walked and planned: minutes, which somebody who is shown steps alone does not see either.
const MINUTES: [&str; 2] = ["143", "187"];
const STEPS: [u32; 3] = [15_737, 15_747, 15_757];

fn script(calendar: &Calendar) -> Vec<ScriptMinute> {
    let first = calendar.day(FIRST.parse().unwrap()).first_minute();
    let day = |place: i64, more: u32| {
        let begin = first + place * 1440;
        let minute = move |minute: i64| ScriptMinute {
            at: begin + minute,
            steps: match minute {
                480 => more,
                500.. if minute < 500 + WALK_MIN => 110,
                _ => 0,
            },
            wear: Wear::Worn,
        };
        (0..if place == 2 { 900 } else { 1440 }).map(minute)
    };
    MORE_STEPS.iter().zip(0..).flat_map(|(more, place)| day(place, *more)).collect()
}

/// The home of a person with these days behind them and a plan.
async fn house(display: Display) -> House {
    let dir = tempfile::tempdir().unwrap();
    let store = demo::open_store(dir.path()).unwrap();
    let calendar = Calendar::midnight("Europe/Oslo".parse().unwrap());
    demo::play(&store, script(&calendar), None).await.unwrap();
    let mut person = demo::person("me".parse().unwrap(), calendar);
    person.display = display;
    let house = House::on(dir, store, vec![person], here(), |door| door);
    let person = house.app.book.person(None).unwrap();
    let goal = GoalVersion {
        id: "g1".to_owned(),
        participant: person.id.clone(),
        measure: Measure::LeisureBriskMin,
        amount: PLANNED,
        period: Period::Day,
        days: Weekdays::ALL,
        from: FIRST.parse().unwrap(),
        until: None,
        own_words: Some("Walk to the harbour".to_owned()),
        specific: None,
        when_where: None,
        relevant_because: None,
        confidence: None,
        review_on: None,
        decided_by: DecidedBy::Person,
        therapist: None,
        stage: None,
        proposal: None,
        rule: None,
    };
    // As it was decided on the first of the days.
    let then: DateTime<Utc> = format!("{FIRST}T06:00:00Z").parse().unwrap();
    house.app.book.decide(&person, goal::Decision::GoalSet(goal), "person", then).unwrap();
    assert_eq!(steps_of_days(&house), STEPS, "they were planted");
    house
}

fn steps_of_days(house: &House) -> Vec<u32> {
    let person = house.app.book.person(None).unwrap();
    let (first, last) = (FIRST.parse().unwrap(), "2026-09-21".parse().unwrap());
    let rows = house.app.book.rows(&person, first, last, house.clock.utc()).unwrap();
    rows.iter().map(|row| row.total_steps.unwrap()).collect()
}

/// The steps of each day and of all of them, as a page writes them and as a program does.
fn steps() -> Vec<String> {
    let sum = STEPS.iter().sum();
    let written = |steps: &u32| [steps.to_string(), format!("{},{:03}", steps / 1000, steps % 1000)];
    STEPS.iter().chain([&sum]).flat_map(written).collect()
}

/// Whether a number stands in a text by itself.
fn holds(text: &str, number: &str) -> bool {
    text.match_indices(number).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + number.len()..].chars().next();
        !before.is_some_and(char::is_alphanumeric) && !after.is_some_and(char::is_alphanumeric)
    })
}

/// Every address that can be looked at.
fn addresses() -> Vec<String> {
    let more =
        ["/week?from=2026-09-19", "/print?from=2026-09-19", "/review?from=2026-09-14", "/api/v1/week?from=2026-09-19"];
    routes().into_iter().filter(|path| !path.starts_with("/assets/")).chain(more.map(str::to_owned)).collect()
}

#[tokio::test]
async fn whoever_is_shown_everything_finds_the_numbers() {
    let house = house(Display::Full).await;
    let browser = house.browser(&[]).await;

    for (path, number) in [("/", "15,757"), ("/week?from=2026-09-19", "15,737"), ("/plan", "187"), ("/", "143")] {
        let page = browser.get(path).await.text;
        assert!(holds(&page, number), "{path} {number}: {page}");
    }
    let days = browser.get("/api/v1/days").await.text;
    assert!(holds(&days, "15747") && holds(&days, "143"), "{days}");
}

#[tokio::test]
async fn whoever_is_shown_no_number_finds_none_at_any_address() {
    let house = house(Display::Blinded).await;
    let browser = house.browser(&[]).await;
    let numbers = [steps(), MINUTES.map(str::to_owned).to_vec()].concat();

    for path in addresses() {
        let answer = browser.get(&path).await;
        for number in &numbers {
            assert!(!holds(&answer.text, number), "{path} {number}: {}", answer.text);
        }
    }

    let today = browser.get("/").await.text;
    assert!(today.contains("Walk to the harbour") && today.contains("Your band is recording"), "{today}");
}

#[tokio::test]
async fn whoever_is_shown_steps_alone_finds_no_minutes_at_any_address() {
    let house = house(Display::StepsOnly).await;
    let browser = house.browser(&[]).await;

    for path in addresses() {
        let answer = browser.get(&path).await;
        for number in MINUTES {
            assert!(!holds(&answer.text, number), "{path} {number}: {}", answer.text);
        }
    }

    assert!(holds(&browser.get("/").await.text, "15,757"));
}

#[tokio::test]
async fn programs_are_told_in_a_sentence_that_a_study_keeps_numbers_and_the_command_line_is_told_all() {
    for display in [Display::Blinded, Display::StepsOnly] {
        let house = house(display).await;
        let browser = house.browser(&[]).await;

        for path in ["today", "week", "days", "goals", "review", "diary", "person"] {
            let refused = browser.get(&format!("/api/v1/{path}")).await;
            assert_eq!(refused.code, StatusCode::FORBIDDEN, "{path}");
            assert!(refused.text.contains("While your study is under way"), "{path}: {}", refused.text);
        }
        let days = house.ask_control("/api/v1/days").await;
        assert!(holds(&days, "15747") && holds(&days, "143"), "{days}");
    }
}

#[tokio::test]
async fn a_browser_of_somebody_who_is_erased_stands_before_the_door() {
    let house = house(Display::Full).await;
    let browser = house.browser(&[]).await;

    let erased = browser.post("/privacy/erase", &[("confirm", "me")]).await;

    assert_eq!(erased.code, StatusCode::OK, "{}", erased.text);
    assert_eq!(browser.get("/").await.goes_to(), Some("/enter"));
    let list = std::fs::read_to_string(house.data().join("browsers.json")).unwrap();
    assert!(!list.contains("\"me\""), "{list}");
    assert!(Arc::clone(&house.app).door.list().is_empty());
}

#[tokio::test]
async fn times_in_which_other_computers_were_let_in_stand_on_the_page_about_privacy() {
    let house = House::of(&["me"]);
    let browser = house.browser(&[]).await;
    let before = browser.get("/privacy").await.text;
    let decide = |at: &str, json: &str| house.app.store.append_decision(at.parse().unwrap(), "page", json).unwrap();

    decide("2026-05-01T10:00:00Z", r#"{"web_decision":"exposed","until":"2026-05-01T12:00:00Z"}"#);
    decide("2026-06-01T10:00:00Z", r#"{"web_decision":"exposed","until":null}"#);
    let page = browser.get("/privacy").await.text;

    assert!(before.contains("<p>Nothing.</p>"), "{before}");
    assert!(!page.contains("<p>Nothing.</p>"), "{page}");
    let (since, ended) = (
        page.find("since Monday 1 June 2026, 12:00").expect("the later one"),
        page.find("from Friday 1 May 2026, 12:00, until Friday 1 May 2026, 14:00").expect("the earlier one"),
    );
    assert!(since < ended, "the latest first");
}

#[tokio::test]
async fn a_stream_ends_for_a_browser_that_is_let_in_no_more() {
    let house = house(Display::Full).await;
    let browser = house.browser(&[]).await;
    let request = browser.request(Method::GET, "/live/today").body(Body::empty()).unwrap();
    let mut stream = house.router().oneshot(request).await.unwrap().into_body();
    let first = stream.frame().await.unwrap().unwrap().into_data().unwrap();
    assert!(String::from_utf8_lossy(&first).contains("data:"), "it was told of the day");

    house.app.door.revoke(&Which::All).unwrap();
    let person = house.app.book.person(None).unwrap();
    let paused = goal::Decision::GoalPaused {
        participant: person.id.clone(),
        from: "2026-09-22".parse().unwrap(),
        until: "2026-09-25".parse().unwrap(),
        reason: None,
    };
    house.app.book.decide(&person, paused, "person", house.clock.utc()).unwrap();

    assert!(stream.frame().await.is_none(), "nothing more was told");
}
