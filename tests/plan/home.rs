//! Four weeks of a person who walks half an hour every evening, and the router on their store.

use std::{fs::File, io::Write as _, sync::Arc};

use brisk::{
    api::App,
    config::{Config, Display, Study},
    demo,
    radio::sim::{clock::SimClock, walker::ScriptMinute},
    store::Store,
    time::{Calendar, Zone},
};
use chrono::{DateTime, NaiveDate};
use firmware_protocol::reading::Wear;
use serde_json::{Value, json};

use crate::support::house::{self, Answer, House};

/// A Tuesday; what is chosen begins on Monday 2026-06-15.
pub const TODAY: &str = "2026-06-09";
const ZONE: &str = "Europe/Oslo";
const FIRST: &str = "2026-05-11";

/// A study's own programme.
pub const STUDY: &str = "name = \"study-a\"\nnot_the_original = \"ours\"\nmeasure = \"leisure_brisk_min\"\n\
    period = \"day\"\nsmall_choices = true\n\
    title = { en = \"Study A\" }\nabout = { en = \"A little more, if you like.\" }\n\n\
    [rule]\nname = \"weekly_percent\"\npercent = 10\nof = \"goal\"\n";

pub struct Plan {
    house: House,
    _dir: tempfile::TempDir,
}

fn calendar() -> Calendar {
    Calendar::midnight(ZONE.parse().unwrap())
}

/// Thirty brisk minutes from 18:00 on, and 400 slow steps in every hour from eight to eight.
fn script() -> Vec<ScriptMinute> {
    let zone: Zone = ZONE.parse().unwrap();
    let date = |text: &str| text.parse::<NaiveDate>().unwrap();
    let (from, to) = (calendar().day(date(FIRST)).first_minute(), calendar().day(date(TODAY)).first_minute());
    let minute = |at: i64| {
        let wall = zone.local_s(at * 60).div_euclid(60).rem_euclid(1440);
        let steps = match (wall / 60, wall % 60) {
            (18, 0..30) => 110,
            (8..20, 40..50) => 40,
            _ => 0,
        };
        ScriptMinute { at, steps, wear: Wear::Worn }
    };
    (from..to).map(minute).collect()
}

impl Plan {
    /// With twenty brisk minutes of own time a day from the first day on.
    pub async fn with_goal() -> Self {
        let plan = Self::shown(Display::Full).await;
        plan.set_goal(json!({"id": "g1", "amount": 20, "from": FIRST, "own_words": "Walk to the harbour"})).await;
        plan
    }

    /// Without a goal; this much is shown.
    pub async fn shown(display: Display) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Arc::new(Store::open(dir.path()).unwrap().0);
        demo::play(&store, script(), None).await.unwrap();
        File::create(dir.path().join("study.toml")).unwrap().write_all(STUDY.as_bytes()).unwrap();
        let mut person = demo::person("p1".parse().unwrap(), calendar());
        person.display = display;
        let noon = calendar().day(TODAY.parse().unwrap()).start_s + 12 * 3600;
        let clock = SimClock::free(DateTime::from_timestamp(noon, 0).unwrap());
        let study = Study { programmes: vec![dir.path().join("study.toml")], ..Study::default() };
        let config = Config { study, ..Config::default() };
        Self { house: House::of(house::app(store, vec![person], config, Arc::new(clock))), _dir: dir }
    }

    /// What answers.
    pub fn app(&self) -> &App {
        &self.house.app
    }

    /// How many decisions the journal holds.
    pub fn decisions(&self) -> usize {
        self.house.decisions()
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.house.told(path).await
    }

    pub async fn page(&self, path: &str) -> Answer {
        self.house.look(path).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.house.tell(path, &body).await
    }

    /// Sets a goal with what this leaves out.
    pub async fn set_goal(&self, mut goal: Value) -> Answer {
        let defaults = json!({
            "participant": "p1", "measure": "leisure_brisk_min", "period": "day", "decided_by": "person",
        });
        goal.as_object_mut().unwrap().extend(defaults.as_object().unwrap().clone());
        self.post("goals", goal).await
    }

    pub async fn form(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.house.form(path, fields).await
    }
}
