//! The pages as a browser gets them: the router in this process, on a real store with a simulated person's days.

use std::{sync::Arc, time::Duration};

use axum::{
    body::{Body, Bytes},
    http::{StatusCode, header},
    response::Response,
};
use brisk::{
    api::numbers,
    config::{Config, Display},
    days::Person,
    demo,
    goal::{self, DecidedBy, GoalVersion, Measure, Period, Weekdays},
    radio::sim::{clock::SimClock, walker},
    store::Store,
    time::Calendar,
    words::{Language, Phrase, say},
};
use chrono::{DateTime, NaiveDate, Utc};
use http_body_util::BodyExt as _;
use serde_json::Value;

use crate::support::house::{self, House};

mod support;

const PAGES: [&str; 4] = ["/", "/week", "/band", "/print"];
/// Nothing here takes longer; reached only by a test that fails.
const PATIENCE: Duration = Duration::from_secs(30);

/// A home in the evening of Wednesday 3 June 2026, with two days and a walk behind it.
struct Home {
    house: House,
    clock: Arc<SimClock>,
    _dir: tempfile::TempDir,
}

impl Home {
    async fn new(change: impl FnOnce(&mut Person)) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = demo::open_store(dir.path()).unwrap();
        let calendar = Calendar::midnight("Europe/Oslo".parse().unwrap());
        let first = calendar.day(day("2026-06-01")).first_minute();
        let end = calendar.day(day("2026-06-03")).first_minute() + 19 * 60;
        let walks = |seed: &u64| walker::script(*seed, &calendar, end - 180, end).iter().any(|one| one.steps >= 100);
        let seed = (1..99).find(walks).unwrap();
        demo::play(&store, walker::script(seed, &calendar, first, end), None).await.unwrap();
        Self::on(dir, store, end, change)
    }

    fn on(dir: tempfile::TempDir, store: Arc<Store>, minute: i64, change: impl FnOnce(&mut Person)) -> Self {
        let calendar = Calendar::midnight("Europe/Oslo".parse().unwrap());
        let mut person = demo::person("me".parse().unwrap(), calendar);
        change(&mut person);
        let clock = Arc::new(SimClock::free(DateTime::from_timestamp(minute * 60, 0).unwrap()));
        let app = house::app(store, vec![person], Config::default(), Arc::clone(&clock) as _);
        Self { house: House::of(app), clock, _dir: dir }
    }

    fn now(&self) -> DateTime<Utc> {
        self.house.app.clock.utc()
    }

    fn set_goal(&self, measure: Measure, amount: u32) {
        let person = self.house.app.book.person(None).unwrap();
        let goal = GoalVersion {
            id: person.record.goals.next_id(),
            participant: person.id.clone(),
            measure,
            amount,
            period: Period::Day,
            days: Weekdays::ALL,
            from: person.calendar.day_at(self.now().timestamp()).date,
            until: None,
            own_words: Some("Walk <b>with</b> עדה".to_owned()),
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
        self.house.app.book.decide(&person, goal::Decision::GoalSet(goal), "person", self.now()).unwrap();
    }

    async fn get(&self, path: &str) -> Response {
        self.house.get(path).await
    }

    async fn page(&self, path: &str) -> String {
        self.house.page(path).await
    }
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

async fn text(response: Response) -> String {
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[tokio::test]
async fn every_page_is_a_whole_document_that_can_be_found_ones_way_in() {
    let home = Home::new(|_| {}).await;
    home.set_goal(Measure::LeisureBriskMin, 15);

    for path in PAGES {
        let page = home.page(path).await;

        assert!(page.starts_with("<!DOCTYPE html><html lang=\"en\" dir=\"ltr\">"), "{path}");
        for once in ["<h1>", "<main ", "<nav ", "<title>", "class=\"skip\" href=\"#main\""] {
            assert_eq!(page.matches(once).count(), 1, "{once} in {path}");
        }
        let levels: Vec<u32> =
            page.match_indices("<h").filter_map(|(at, _)| page[at + 2..].chars().next()?.to_digit(10)).collect();
        assert!(levels.windows(2).all(|pair| pair[1] <= pair[0] + 1), "headings of {path} in order: {levels:?}");
        assert!(!page.contains(" style=") && !page.contains("<style") && !page.contains(" onclick"), "{path}");
        assert!(page.matches("<script").count() <= 1 && !page.contains("http"), "{path}: nothing from elsewhere");
        assert_eq!(page.matches("<svg class=\"bar\" role=\"img\"").count(), page.matches("<desc ").count(), "{path}");
        assert!(!page.contains("<svg class=\"bar\" role=\"img\"") || page.contains("<table"), "{path}: as a table too");
    }
}

#[tokio::test]
async fn today_shows_the_number_that_the_interface_for_programs_tells() {
    let home = Home::new(|_| {}).await;
    home.set_goal(Measure::LeisureBriskMin, 15);
    let person = home.house.app.book.person(None).unwrap();
    let told = numbers::today(&home.house.app, &person, home.now(), Language::En).unwrap();

    let page = home.page("/").await;

    let done = told.done.unwrap();
    assert!(done > 0, "the person of the demo walked");
    assert!(page.contains(&format!("aria-live=\"polite\">{done}</span>")), "{page}");
    assert!(page.contains("Walk &lt;b&gt;with&lt;/b&gt; עדה"), "own words are shown as they are, and nothing more");
    assert!(page.contains("action=\"/plan/pause\"") && page.contains("href=\"/diary/new\""), "{page}");
}

#[tokio::test]
async fn a_week_that_makes_no_sense_is_this_week() {
    let home = Home::new(|_| {}).await;

    for asked in ["", "?from=", "?from=soon", "?from=9999-12-31", "?from=-262143-01-01", "?from=0001-01-01", "?x=1"] {
        for path in ["/week", "/print"] {
            let page = home.page(&format!("{path}{asked}")).await;
            assert!(page.contains("Monday 1 June"), "{path}{asked}");
        }
    }
    let before = home.page("/week?from=2026-05-27").await;
    assert!(before.contains("Monday 25 May") && before.contains("href=\"/week?from=2026-06-01\""), "{before}");
    assert!(before.contains("Nothing is known of this week, so we leave it open."), "{before}");
}

#[tokio::test]
async fn a_person_whom_a_study_shows_no_number_gets_none_on_any_page() {
    let home = Home::new(|person| person.display = Display::Blinded).await;
    home.set_goal(Measure::LeisureBriskMin, 15);
    let person = home.house.app.book.person(None).unwrap();
    let rows = home.house.app.book.rows(&person, day("2026-06-01"), day("2026-06-03"), home.now()).unwrap();

    for path in PAGES {
        let page = home.page(path).await;
        for row in &rows {
            let steps = row.total_steps.unwrap();
            let grouped = format!("{},{:03}", steps / 1000, steps % 1000);
            assert!(!page.contains(&grouped) && !page.contains(&steps.to_string()), "{path}");
        }
        assert!(!page.contains("<svg") && !page.contains("brisk walking"), "{path}: {page}");
    }
    assert_eq!(home.get("/live/today").await.status(), StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn hebrew_runs_from_right_to_left() {
    let home = Home::new(|person| person.language = Language::He).await;

    for path in PAGES {
        assert!(home.page(path).await.contains("<html lang=\"he\" dir=\"rtl\">"), "{path}");
    }
}

#[tokio::test]
async fn while_the_clock_is_not_set_today_says_so() {
    let home = Home::new(|_| {}).await;
    home.clock.set_synchronised(false);

    let today = home.page("/").await;

    assert!(today.contains("no day is shown") && !today.contains("class=\"number\""), "{today}");
    assert_eq!(home.get("/week").await.status(), StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn why_a_page_cannot_be_shown_is_said_in_its_language() {
    let home = Home::new(|person| person.language = Language::He).await;

    let no_radio = home.house.look("/setup/band/assign?device=x").await;
    let nowhere = home.house.look("/nowhere").await;
    home.clock.set_synchronised(false);
    let unset = home.house.look("/week").await;
    let stale = home.house.form("/privacy/take", &[]).await;

    for (answer, key) in [
        (no_radio, "band-no-radio"),
        (nowhere, "page-missing"),
        (unset, "today-clock-unset"),
        (stale, "today-clock-unset"),
    ] {
        let words = say(Language::He, &Phrase::new(key));
        assert!(answer.text.contains(&words), "{key}: {}", answer.text);
    }
}

#[tokio::test]
async fn before_anything_has_arrived_every_page_can_be_looked_at() {
    let dir = tempfile::tempdir().unwrap();
    let store = demo::open_store(dir.path()).unwrap();
    let home = Home::on(dir, store, 29_674_000, |person| person.counters.clear());

    for path in PAGES {
        let page = home.page(path).await;
        assert!(
            !page.contains("class=\"number\"") && !page.contains(">0<"),
            "{path}: nothing is known, which is not 0"
        );
    }
    assert!(home.page("/").await.contains("No band belongs here yet."), "Today leads on");
}

#[tokio::test]
async fn what_the_pages_load_may_be_kept_until_it_changes() {
    let home = Home::new(|_| {}).await;
    let page = home.page("/").await;

    for name in ["style.css", "icon.svg", "live.js"] {
        let at = page.find(&format!("/assets/{name}?")).unwrap();
        let path = page[at..].split('"').next().unwrap();
        let marked = home.get(path).await;
        let plain = home.get(&format!("/assets/{name}")).await;

        assert!(marked.headers()[header::CACHE_CONTROL].to_str().unwrap().contains("immutable"), "{name}");
        assert_eq!(plain.headers()[header::CACHE_CONTROL], "no-cache", "{name}");
        let (marked, plain) = (text(marked).await, text(plain).await);
        assert!(!marked.is_empty() && marked == plain && !marked.contains("https://"), "{name}");
        if name == "live.js" {
            assert!(marked.lines().count() <= 40);
        }
    }
    assert_eq!(home.get("/assets/other.css").await.status(), StatusCode::NOT_FOUND);
    assert_eq!(home.get("/assets/..%2fstyle.css").await.status(), StatusCode::NOT_FOUND);
}

/// The next event of a stream; none at its end.
async fn event(body: &mut Body) -> Option<Value> {
    loop {
        let frame = tokio::time::timeout(PATIENCE, body.frame()).await.expect("something is told in time")?;
        let data: Bytes = frame.unwrap().into_data().unwrap();
        let line = std::str::from_utf8(&data).unwrap();
        if let Some(json) = line.trim().strip_prefix("data: ") {
            return Some(serde_json::from_str(json).unwrap());
        }
    }
}

#[tokio::test]
async fn today_is_told_anew_when_it_changes_and_the_stream_ends_with_the_daemon() {
    let home = Home::new(|_| {}).await;
    let response = home.get("/live/today").await;
    assert_eq!(response.headers()[header::CONTENT_TYPE], "text/event-stream");
    let mut stream = response.into_body();

    let first = event(&mut stream).await.unwrap();
    home.set_goal(Measure::Steps, 60_000);
    let second = event(&mut stream).await.unwrap();
    home.house.app.ends.cancel();
    let third = event(&mut stream).await;

    assert_eq!(first["day"], "2026-06-03");
    assert!(first["bar"].is_null() && first["text"]["unit"].as_str().unwrap().contains("brisk walking"), "{first}");
    assert_eq!(second["text"]["unit"], "steps");
    assert!(second["bar"]["measured"]["width"].as_str().unwrap().ends_with('%'), "{second}");
    assert_eq!(third, None, "whoever stops the daemon does not wait for a browser");
}

#[tokio::test]
async fn the_page_and_the_stream_say_the_same() {
    let home = Home::new(|_| {}).await;
    home.set_goal(Measure::LeisureBriskMin, 15);

    let page = home.page("/").await;
    let mut stream = home.get("/live/today").await.into_body();
    let told = event(&mut stream).await.unwrap();

    for (place, text) in told["text"].as_object().unwrap() {
        let text = text.as_str().unwrap().replace('\'', "&#39;");
        let spot = format!("data-live=\"{place}\"");
        let at = page.find(&spot).unwrap_or_else(|| panic!("{place} has no place in {page}"));
        assert!(page[at..].contains(&text), "{place}: {text}");
    }
    assert_eq!(page.matches("data-live=").count(), told["text"].as_object().unwrap().len());
    assert_eq!(page.matches("data-live-bar=").count(), told["bar"].as_object().unwrap().len());
}
