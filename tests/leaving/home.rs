//! A home that takes part in a study, and the study's database in memory.

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use brisk::{
    api::App,
    config::Config,
    delivery::{Courier, Scope, Step},
    demo, devices,
    export::{
        StudyDay,
        target::{Export, Held, Trouble, Verdict, Withdrawal},
    },
    model::ParticipantId,
    radio::sim::{clock::SimClock, walker},
    store::Store,
    time::{Calendar, Clock as _},
};
use chrono::{DateTime, NaiveDate, Utc};
use serde_json::{Value, json};

use crate::support::house::{self, House};

pub const WHO: &str = "walker-seven";
pub const FIRST: &str = "2026-06-01";

/// A database in memory.
#[derive(Clone, Default)]
pub struct Fake(Arc<Mutex<State>>);

#[derive(Default)]
pub struct State {
    pub days: BTreeMap<NaiveDate, u32>,
    pub told: Vec<Withdrawal>,
    /// What happened, in order.
    pub order: Vec<String>,
    pub down: bool,
}

impl Fake {
    pub fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }
}

impl Export for Fake {
    fn check(&mut self) -> Result<Vec<String>, Trouble> {
        if self.state().down { Err(Trouble::passing("no answer")) } else { Ok(Vec::new()) }
    }

    fn send(&mut self, days: &[StudyDay]) -> Result<Vec<Verdict>, Trouble> {
        let mut state = self.state();
        for day in days {
            state.days.insert(day.local_date, day.revision);
            state.order.push(day.local_date.to_string());
        }
        Ok(days.iter().map(|_| Verdict::Stored).collect())
    }

    fn held(&mut self, _study: &ParticipantId, _participant: &ParticipantId) -> Result<Option<Vec<Held>>, Trouble> {
        Ok(None)
    }

    fn withdraw(&mut self, withdrawal: &Withdrawal) -> Result<(), Trouble> {
        let mut state = self.state();
        if state.down {
            return Err(Trouble::passing("no answer"));
        }
        state.order.push("told".to_owned());
        state.told.push(withdrawal.clone());
        Ok(())
    }
}

pub fn settings(more: &str) -> String {
    format!(
        "[clock]\nzone = \"UTC\"\nwait_for_sync = \"0s\"\n[web]\nlisten = \"off\"\n[bluetooth]\nradio = \"simulated\"\n\
         [study]\nid = \"ETMI01\"\nepoch = \"2026-05-01\"\n{more}\n[[person]]\nid = \"{WHO}\"\nenrolled = \"{FIRST}\"\n\
         [[counter]]\nid = \"{}\"\nperson = \"{WHO}\"\nsimulated_flash = \"x.flash\"\n\
         [[target]]\nname = \"trial\"\nkind = \"redcap\"\nurl = \"https://trial.example/api/\"\n",
        demo::COUNTER
    )
}

pub fn midnight(days: i64) -> DateTime<Utc> {
    let first: NaiveDate = FIRST.parse().unwrap();
    first.and_time(chrono::NaiveTime::MIN).and_utc() + chrono::TimeDelta::days(days)
}

/// So many days of the person, in a data folder.
pub async fn play(data: &Path, days: i64) {
    let store = Arc::new(Store::open(data).unwrap().0);
    let start = midnight(0).timestamp() / 60;
    let calendar = Calendar::midnight("UTC".parse().unwrap());
    demo::play(&store, walker::script(20, &calendar, start, start + days * 1440), None).await.unwrap();
}

pub struct Home {
    pub house: House,
    pub clock: Arc<SimClock>,
    pub courier: Courier,
    pub fake: Fake,
}

impl Home {
    /// The program as it starts on this folder, eight in the morning after so many days.
    pub fn open(data: &Path, settings: &str, days: i64, fake: &Fake) -> Self {
        let clock = Arc::new(SimClock::free(midnight(days) + chrono::TimeDelta::hours(8)));
        let config = Config::parse(settings, "test").unwrap();
        let store = Arc::new(Store::open(data).unwrap().0);
        let counters = devices::counters(&config, &store.decisions().unwrap());
        let people = devices::people(&config, &counters);
        let house = House::of(house::app(store, people, config, Arc::clone(&clock) as _));
        let courier = Courier::new("trial", Box::new(fake.clone()), Duration::from_secs(1), 1);
        Self { house, clock, courier, fake: fake.clone() }
    }

    pub fn app(&self) -> &App {
        &self.house.app
    }

    /// Lets the courier work until there is nothing to do, or the database is down.
    pub async fn deliver(&mut self) {
        let app = Arc::clone(&self.house.app);
        let scope = Scope {
            store: &app.store,
            book: &app.book,
            study: app.deliveries.study().unwrap(),
            clock: app.clock.as_ref(),
            data: &app.data_dir,
        };
        self.courier.look();
        for _ in 0..1000 {
            match self.courier.step(&scope).unwrap() {
                Step::Idle(_) => return,
                Step::Again(_) if self.fake.state().down && self.courier.condition().trouble.is_some() => return,
                Step::Again(wait) => self.clock.sleep(wait).await,
            }
        }
        panic!("it never came to an end");
    }

    pub async fn hours(&self, hours: u64) {
        self.clock.sleep(Duration::from_secs(hours * 3600)).await;
    }

    pub async fn withdraw(&self, drop_unsent: bool) -> Value {
        let answer = self.house.tell("person/withdraw", &json!({"person": WHO, "drop_unsent": drop_unsent})).await;
        assert_eq!(answer.code, 200, "{}", answer.text);
        answer.json()
    }

    pub async fn erase(&self, also_at_study: bool) -> Value {
        let request = json!({"person": WHO, "confirm": WHO, "also_at_study": also_at_study});
        let answer = self.house.tell("person/erase", &request).await;
        assert_eq!(answer.code, 200, "{}", answer.text);
        answer.json()
    }
}

/// Files below the folder that hold these bytes, below it.
pub fn holding(dir: &Path, bytes: &[u8]) -> Vec<String> {
    fn inner(root: &Path, dir: &Path, bytes: &[u8], found: &mut Vec<String>) {
        for entry in fs::read_dir(dir).unwrap().map(Result::unwrap) {
            let path = entry.path();
            if entry.file_type().unwrap().is_dir() {
                inner(root, &path, bytes, found);
            } else if fs::read(&path).unwrap().windows(bytes.len()).any(|part| part == bytes) {
                found.push(path.strip_prefix(root).unwrap().display().to_string());
            }
        }
    }
    let mut found = Vec::new();
    inner(dir, dir, bytes, &mut found);
    found
}

pub fn dates(days: std::ops::RangeInclusive<u32>) -> Vec<String> {
    days.map(|day| format!("2026-06-{day:02}")).collect()
}
