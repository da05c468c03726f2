//! Small choices, check-ins and notices, as pages, as API and as commands, on a real store.

use std::sync::Arc;

use brisk::{
    api::{App, BoardEntry, notices, numbers},
    config::{Config, Display},
    days::Person,
    model::DeviceId,
    notify,
    person::notice::Kind,
    radio::sim::clock::SimClock,
    store::{BondLevel, DeliveryRecord, Store},
    time::Calendar,
    words::Language,
};
use chrono::{DateTime, TimeDelta, Utc};
use firmware_protocol::driver::{Unit, UnitKind};
use serde_json::{Value, json};

use crate::support::house;

mod support;

/// Thursday, ten in the morning.
const NOW: &str = "2026-05-14T10:00:00Z";
const TODAY: &str = "2026-05-14";

const BAND: DeviceId = DeviceId(*b"band-001");

/// A home with one person and a band that was never heard.
struct House {
    house: house::House,
    _dir: tempfile::TempDir,
}

impl House {
    fn new(change: impl FnOnce(&mut Person)) -> Self {
        Self::with("[notify]\npatient = true\n", Some("p1"), change)
    }

    /// With these settings; the band is this person's.
    fn with(settings: &str, owner: Option<&str>, change: impl FnOnce(&mut Person)) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Arc::new(Store::open(dir.path()).unwrap().0);
        let config = Config::parse(settings, "test").unwrap();
        let calendar = Calendar::midnight("UTC".parse().unwrap());
        let mut person = Person::new("p1".parse().unwrap(), calendar, Vec::new());
        change(&mut person);
        let band = BoardEntry {
            device: BAND,
            kind: "step-log",
            address: None,
            bond: BondLevel::None,
            label: Some("wrist".to_owned()),
            person: owner.map(|id| id.parse().unwrap()),
            wanted: true,
            status: None,
        };
        let clock = Arc::new(SimClock::free(now()));
        let app = App { board: vec![band], ..house::app(store, vec![person], config, clock) };
        Self { house: house::House::of(app), _dir: dir }
    }

    fn app(&self) -> &App {
        &self.house.app
    }

    fn person(&self) -> Arc<Person> {
        self.app().book.person(None).unwrap()
    }

    /// The band says its charge, so many hours ago.
    fn hear(&self, hours_ago: i64, percent: u8) {
        let record = DeliveryRecord {
            device: BAND,
            arrived: now() - TimeDelta::hours(hours_ago),
            arrival_trusted: true,
            bond: BondLevel::None,
            units: vec![Unit { kind: UnitKind::Battery, bytes: vec![percent] }],
            quarantined: Vec::new(),
        };
        self.app().store.append_delivery(&record).unwrap();
    }

    /// What the helper is told.
    fn helper(&self) -> Vec<&'static str> {
        notices::helper(self.app(), None, now()).unwrap().iter().map(|phrase| phrase.key).collect()
    }

    /// How many decisions stand in the journal.
    fn decided(&self) -> usize {
        self.house.decisions()
    }

    async fn page(&self, path: &str) -> String {
        self.house.page(path).await
    }

    /// Sends a form; gives the status, where the browser goes on to, and what it shows.
    async fn form(&self, path: &str, fields: &[(&str, &str)]) -> (u16, String, String) {
        let answer = self.house.form(path, fields).await;
        (answer.code, answer.goes_to().unwrap_or_default().to_owned(), answer.text)
    }

    async fn json(&self, path: &str, body: Value) -> (u16, String) {
        let answer = self.house.tell(path, &body).await;
        (answer.code, answer.text)
    }

    async fn ask_rmdq_and_pain(&self) {
        let fields = [("on", "rmdq-en"), ("every-rmdq-en", "28"), ("on", "pain"), ("every-pain", "7")];
        let (status, place, _) = self.form("/check-in/set", &fields).await;
        assert_eq!((status, place.as_str()), (303, "/check-in"));
    }
}

fn now() -> DateTime<Utc> {
    NOW.parse().unwrap()
}

fn set_goal(house: &House) {
    let goal = serde_json::json!({
        "decision": "goal_set", "id": "g1", "participant": "p1", "measure": "leisure_brisk_min", "amount": 20,
        "period": "day", "from": TODAY, "decided_by": "person",
    });
    let decision: brisk::goal::Decision = serde_json::from_value(goal).unwrap();
    house.app().book.decide(&house.person(), decision, "person", now()).unwrap();
}

const IDEA: [(&str, &str); 3] =
    [("date", TODAY), ("situation", "on the way home 🚌"), ("choice", "לרדת תחנה אחת קודם")];

#[tokio::test]
async fn a_choice_is_offered_to_those_alone_who_have_planned_one() {
    let house = House::new(|_| {});
    assert!(!house.page("/").await.contains("/choice"));

    let (status, place, _) = house.form("/choice", &IDEA).await;
    let today = house.page("/").await;

    assert_eq!((status, place.as_str()), (303, "/choice"));
    assert!(today.contains("on the way home 🚌: לרדת תחנה אחת קודם"), "{today}");
    assert!(today.contains("Yes, done") && today.contains("Another idea") && today.contains("Not today"));
}

#[tokio::test]
async fn a_choice_that_was_made_is_credited_and_one_put_off_is_left_alone() {
    for (answer, said) in [("yes", true), ("no", false)] {
        let house = House::new(|_| {});
        house.form("/choice", &IDEA).await;

        let fields = [("date", TODAY), ("back", "/"), ("done", answer)];
        let (status, place, _) = house.form("/choice/answer", &fields).await;
        let today = house.page("/").await;

        assert_eq!((status, place.as_str()), (303, "/"));
        assert_eq!(today.contains("You made your choice today"), said, "{today}");
        assert!(!today.contains("Yes, done"), "it is asked once");
    }
}

#[tokio::test]
async fn a_form_that_is_sent_twice_is_noted_once() {
    let house = House::new(|_| {});

    for _ in 0..2 {
        house.form("/choice", &IDEA).await;
    }
    for _ in 0..2 {
        house.form("/choice/answer", &[("date", TODAY), ("done", "yes")]).await;
    }

    assert_eq!(house.decided(), 2);
}

#[tokio::test]
async fn what_does_not_fit_is_said_beside_its_field_and_nothing_typed_is_lost() {
    let house = House::new(|_| {});
    let typed = [("date", "2026-05-13"), ("situation", " "), ("choice", "עוד \"רעיון\" 🌿")];

    let (status, _, page) = house.form("/choice", &typed).await;

    assert_eq!(status, 422);
    assert!(page.contains("id=\"date-problem\"") && page.contains("id=\"situation-problem\""), "{page}");
    assert!(page.contains("value=\"2026-05-13\"") && page.contains("value=\"עוד &quot;רעיון&quot; 🌿\""), "{page}");
    assert_eq!(house.decided(), 0);
    let (status, _, page) = house.form("/choice", &[("date", "soon"), ("choice", "walk")]).await;
    assert_eq!(status, 422);
    assert!(page.contains("id=\"date-problem\"") && page.contains("value=\"walk\""), "{page}");
}

#[tokio::test]
async fn nothing_is_asked_until_it_is_switched_on() {
    let house = House::new(|_| {});

    let (today, page) = (house.page("/").await, house.page("/check-in").await);
    let (status, _, refused) = house.form("/check-in", &[("instrument", "pain"), ("item-average", "3")]).await;

    assert!(!today.contains("/check-in"));
    assert!(page.contains("There is nothing to answer today.") && !page.contains("item-average"), "{page}");
    assert_eq!(status, 422);
    assert!(refused.contains("switched off"), "{refused}");
    assert_eq!(house.decided(), 0);
}

#[tokio::test]
async fn a_check_in_is_answered_in_turn_half_filled_or_not_and_then_it_is_over_for_today() {
    let house = House::new(|_| {});
    house.ask_rmdq_and_pain().await;
    let today = house.page("/").await;
    assert!(today.contains("href=\"/check-in\"") && !today.to_lowercase().contains("pain"), "{today}");

    let first = house.page("/check-in").await;
    let ticks = [("instrument", "rmdq-en"), ("item-1", "1"), ("item-24", "1")];
    let (_, after_first, _) = house.form("/check-in", &ticks).await;
    let second = house.page("/check-in").await;
    let (_, after_second, _) = house.form("/check-in", &[("instrument", "pain")]).await;

    assert_eq!(first.matches("type=\"checkbox\" name=\"item-").count(), 24);
    assert!(!first.contains("steps"), "never beside steps");
    assert_eq!(after_first, "/check-in");
    assert_eq!(second.matches("type=\"radio\" name=\"item-average\"").count(), 11);
    assert_eq!(after_second, "/check-in/thanks");
    assert!(house.page("/check-in/thanks").await.contains("Thank you. That is all for today."));
    assert!(!house.page("/").await.contains("/check-in"));
    let person = house.person();
    let answers = person.record.check_ins.answers();
    assert_eq!(answers[0].scores.iter().map(|(name, score)| format!("{name} {score}")).collect::<Vec<_>>(), ["rmdq 2"]);
    assert!(answers[1].answers.is_empty() && answers[1].scores.is_empty(), "what was left out is not zero");
}

#[tokio::test]
async fn answers_to_a_check_in_that_was_switched_off_meanwhile_come_back_as_they_were_given() {
    let house = House::new(|_| {});
    house.ask_rmdq_and_pain().await;
    house.form("/check-in/set", &[("on", "pain"), ("every-pain", "7")]).await;

    let (status, _, page) = house.form("/check-in", &[("instrument", "rmdq-en"), ("item-24", "1")]).await;

    assert_eq!(status, 422);
    assert!(page.contains("switched off") && page.contains("name=\"item-24\" value=\"1\" checked"), "{page}");
    assert!(!page.contains("item-average"), "the other check-in does not take its place: {page}");
}

#[tokio::test]
async fn an_english_instrument_keeps_its_language_on_hebrew_pages_and_our_own_words_do_not() {
    let house = House::new(|person| person.language = Language::He);
    house.ask_rmdq_and_pain().await;

    let english = house.page("/check-in").await;
    house.form("/check-in", &[("instrument", "rmdq-en")]).await;
    let own = house.page("/check-in").await;

    assert!(english.contains("<html lang=\"he\" dir=\"rtl\">"));
    assert!(english.contains("<div lang=\"en\" dir=\"ltr\" role=\"group\""), "{english}");
    assert!(own.contains("<div lang=\"he\" dir=\"rtl\" role=\"group\""), "{own}");
}

#[tokio::test]
async fn switching_on_says_what_does_not_fit_and_keeps_what_was_typed() {
    let house = House::new(|_| {});

    let (status, _, page) = house.form("/check-in/set", &[("on", "pain"), ("every-pain", "900")]).await;
    let (unknown, text) = house
        .json(
            "check-ins/set",
            json!({"participant": "p1", "from": TODAY, "instruments": [{"instrument": "eq", "every_days": 7}]}),
        )
        .await;
    let (wrong, answer) =
        house.json("check-ins", json!({"participant": "p1", "instrument": "pain", "answers": {"average": 11}})).await;

    assert_eq!(status, 422);
    assert!(page.contains("Between 1 and 366 days, please.") && page.contains("value=\"900\""), "{page}");
    assert_eq!(unknown, 422);
    assert!(text.contains("there are pain, rmdq-en"), "{text}");
    assert_eq!(wrong, 422);
    assert!(answer.contains("average"), "{answer}");
    assert_eq!(house.decided(), 0);
}

#[tokio::test]
async fn a_notice_stands_on_today_until_it_is_put_away_and_comes_once() {
    let house = House::new(|_| {});
    set_goal(&house);
    assert!(!house.page("/").await.contains("/notice/seen"));

    let shown = notify::show(house.app(), &house.person(), now()).unwrap();
    let again = notify::show(house.app(), &house.person(), now()).unwrap();
    let with = house.page("/").await;
    let (status, place, _) = house.form("/notice/seen", &[]).await;
    let (without, decided) = (house.page("/").await, house.decided());
    house.form("/notice/seen", &[]).await;

    assert_eq!((shown, again), (Some(Kind::NewDay), None));
    assert!(with.contains("A new day.") && with.contains("Thank you"), "{with}");
    assert_eq!((status, place.as_str()), (303, "/"));
    assert!(!without.contains("/notice/seen"));
    assert_eq!(house.decided(), decided, "put away once");
}

#[tokio::test]
async fn whoever_is_shown_no_numbers_gets_no_notice() {
    let house = House::new(|person| person.display = Display::Blinded);
    set_goal(&house);

    assert_eq!(notify::show(house.app(), &house.person(), now()).unwrap(), None);
}

#[test]
fn the_helper_is_told_of_a_band_that_is_flat_or_silent_until_it_is_not() {
    let house = House::new(|_| {});
    let never = house.helper();

    house.hear(296, 15);
    let both = house.helper();
    let status = numbers::status(house.app()).unwrap().counters[0].notices.clone();
    house.hear(1, 15);
    let heard = house.helper();
    house.hear(0, 90);
    let charged = house.helper();

    assert_eq!((never, both), (vec![], vec!["helper-flat-soon", "helper-silent"]));
    assert_eq!((heard, charged), (vec!["helper-flat-soon"], vec![]));
    assert!(status[0].starts_with("wrist: the battery is at 15 percent."), "{status:?}");
    assert!(status[1].starts_with("wrist: nothing has arrived since Saturday 2 May."), "{status:?}");
}

#[test]
fn a_band_that_nobody_wears_was_last_heard_on_a_day_of_this_home() {
    let house = House::with("[clock]\nzone = \"Pacific/Auckland\"\n", None, |_| {});

    // Four in the afternoon of 1 May in UTC.
    house.hear(306, 90);

    let concerns = notices::concerns(house.app(), None, now()).unwrap();
    let dates: Vec<_> = concerns.iter().map(|(_, _, facts)| facts.last_date.unwrap().to_string()).collect();
    assert_eq!(dates, ["2026-05-02"]);
}

#[test]
fn the_commands_do_what_the_page_does() {
    let home = support::Home::new();

    let planned = home.run(&["choice", "plan", "--situation", "after lunch", "--choice", "once round the block"]);
    let late = home.run(&["choice", "plan", "--situation", "x", "--choice", "y", "--date", "2020-01-01"]);
    let done = home.run(&["choice", "done", "--note", "sunny"]);
    let list = home.json(&["choice", "list"]);
    let on = home.run(&["check-in", "on", "pain"]);
    let asked = home.json(&["check-in", "list"]);
    let off = home.run(&["check-in", "off", "pain"]);
    let again = home.run(&["check-in", "off", "pain"]);

    assert_eq!((planned.code, done.code), (Some(0), Some(0)), "{}{}", planned.err, done.err);
    assert!(late.code == Some(1) && late.err.contains("today or a day to come"), "{}", late.err);
    assert_eq!(
        (list["choices"][0]["done"].as_bool(), list["choices"][0]["note"].as_str()),
        (Some(true), Some("sunny"))
    );
    assert_eq!((on.code, off.code, again.code), (Some(0), Some(0), Some(3)), "{}{}", on.err, off.err);
    assert_eq!((asked["asked"][0]["every_days"].as_u64(), asked["asked"][0]["due"].as_bool()), (Some(7), Some(true)));
}
