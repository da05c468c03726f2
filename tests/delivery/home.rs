//! A home with a store on disk, a person whose minutes arrive in pieces, and a courier: everything between a reading
//! and a trial database, with the time in the test's hands.

#![allow(dead_code, reason = "each test uses its part of this")]

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use brisk::{
    config::Config,
    days::{DayBook, Person, Wearing, dates},
    delivery::{Courier, Scope, Step, Study},
    devices::asset_labels,
    export::{StudyDay, target::Export},
    model::ParticipantId,
    person::{OwnDecision, diary::DiaryEntry},
    radio::sim::clock::SimClock,
    store::{BondLevel, DeliveryRecord, Revision, Store},
    time::{Calendar, Clock as _},
};
use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use firmware_protocol::{
    device::left_epochs,
    driver::{Unit, UnitKind},
    reading::{DeviceId, Epoch, Stamp, Wear},
};

/// A Monday; summer time ends on the 25th.
pub const FIRST: &str = "2026-10-12";
pub const DEVICE: DeviceId = DeviceId(*b"stepper1");
/// The hours of a day that a counter recorded.
const HOURS: std::ops::Range<i64> = 7..19;

pub fn calendar() -> Calendar {
    Calendar::midnight("Europe/Oslo".parse().unwrap())
}

pub fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// The settings: a study whose day 1 is the first of October.
pub fn config(study: &str, participant: &str) -> Config {
    let text =
        format!("[study]\nid = {study:?}\nepoch = 2026-10-01\n[[person]]\nid = {participant:?}\nenrolled = {FIRST}\n")
            .replace("epoch = 2026-10-01", "epoch = \"2026-10-01\"")
            .replace(&format!("enrolled = {FIRST}"), &format!("enrolled = {FIRST:?}"));
    Config::parse(&text, "a test").unwrap()
}

pub struct Home {
    pub dir: PathBuf,
    pub config: Config,
    pub participant: ParticipantId,
    pub clock: Arc<SimClock>,
    pub store: Arc<Store>,
    pub book: DayBook,
    pub study: Study,
    seed: u64,
    pub courier: Courier,
}

impl Home {
    /// A home in this folder, some hours into the first day. `open` makes what speaks with the database.
    pub fn new(dir: &Path, config: Config, seed: u64, export: Box<dyn Export>) -> Self {
        let start = calendar().day(date(FIRST)).start_s;
        let clock = Arc::new(SimClock::free(DateTime::from_timestamp(start, 0).unwrap() + TimeDelta::hours(3)));
        Self::open(dir, config, seed, export, clock)
    }

    fn open(dir: &Path, config: Config, seed: u64, export: Box<dyn Export>, clock: Arc<SimClock>) -> Self {
        let participant = config.person[0].id.clone();
        let store = Arc::new(Store::open(dir).unwrap().0);
        let worn = vec![Wearing { device: DEVICE, from: None, before: None }];
        let people = vec![Person::new(participant.clone(), calendar(), worn)];
        let book = DayBook::new(Arc::clone(&store), people, config.rules()).unwrap();
        let study = Study::new(&config, asset_labels(&config, store.host_id(), book.people().iter())).unwrap();
        let courier = Courier::new("target", export, Duration::from_secs(1), seed);
        Self { dir: dir.to_owned(), config, participant, clock, store, book, study, seed, courier }
    }

    /// The program ends, however suddenly, and is started anew.
    pub fn restart(self, export: Box<dyn Export>) -> Self {
        let Self { dir, config, clock, seed, store, book, courier, .. } = self;
        drop((book, courier));
        drop(store);
        Self::open(&dir, config, seed.wrapping_add(1), export, clock)
    }

    pub fn scope(&self) -> Scope<'_> {
        Scope { store: &self.store, book: &self.book, study: &self.study, clock: self.clock.as_ref(), data: &self.dir }
    }

    pub fn step(&mut self) -> Step {
        let scope = Scope {
            store: &self.store,
            book: &self.book,
            study: &self.study,
            clock: self.clock.as_ref(),
            data: &self.dir,
        };
        self.courier.step(&scope).unwrap()
    }

    /// Takes steps, letting the time pass that each asks for, until there is nothing left to do. Gives the number of
    /// steps in which a request was made.
    ///
    /// # Panics
    /// When that takes more than this many steps.
    pub fn settle(&mut self, most: usize) -> usize {
        self.courier.look();
        for step in 0..most {
            match self.step() {
                Step::Again(wait) => self.clock.advance(wait),
                Step::Idle(_) => return step,
            }
        }
        panic!("seed {}: still at it after {most} steps: {:?}", self.seed, self.courier.condition());
    }

    pub fn now(&self) -> DateTime<Utc> {
        self.clock.utc()
    }

    pub fn today(&self) -> NaiveDate {
        calendar().day_at(self.now().timestamp()).date
    }

    /// Minutes of some hours of a day arrive. Of minutes that were there before nothing changes.
    pub fn receive(&self, date: NaiveDate, hours: std::ops::Range<i64>) {
        let day = calendar().day(date);
        let first_seq = u32::try_from((date - self::date(FIRST)).num_days() * 1600).unwrap();
        let epochs: Vec<_> = (hours.start * 60..hours.end * 60)
            .map(|minute| Epoch {
                seq: first_seq + u32::try_from(minute).unwrap(),
                stamp: Stamp::Utc { seconds: day.start_s + minute * 60 },
                seconds: 60,
                steps: u32::try_from((minute * 37 + i64::from(first_seq) / 1600 * 11) % 130).unwrap(),
                saturated: false,
                wear: Wear::Worn,
                clock_unset: false,
            })
            .collect();
        let record = DeliveryRecord {
            device: DEVICE,
            arrived: self.now(),
            arrival_trusted: true,
            bond: BondLevel::Simulated,
            units: vec![Unit { kind: UnitKind::LeftEpochs, bytes: left_epochs::emit(&epochs) }],
            quarantined: Vec::new(),
        };
        self.store.append_delivery(&record).unwrap();
        self.book.refresh(self.now()).unwrap();
    }

    /// A whole day of minutes.
    pub fn receive_day(&self, date: NaiveDate) {
        self.receive(date, HOURS);
    }

    /// The person notes a swim: the day gets another revision.
    pub fn note_swim(&self, date: NaiveDate, id: u64, minutes: u32) {
        let entry = DiaryEntry {
            id: format!("n{id}"),
            participant: self.participant.clone(),
            kind: "swim".parse().unwrap(),
            minutes,
            date,
            at: None,
            effort: None,
            note: None,
        };
        let person = self.book.person(Some(&self.participant)).unwrap();
        self.book.decide(&person, OwnDecision::DiaryNoted(entry), "person", self.now()).unwrap();
    }

    /// The days as they have to be in a database by now.
    pub fn truth(&self) -> BTreeMap<NaiveDate, StudyDay> {
        let person = self.book.person(Some(&self.participant)).unwrap();
        let now = self.now();
        let Some((first, today)) = self.book.span(&person, now).unwrap() else { return BTreeMap::new() };
        let shift = self.study.shift_days(&self.book, &person, now).unwrap().unwrap();
        let rows = self.book.rows(&person, first, today, now).unwrap();
        let mut left = brisk::delivery::Left::default();
        let days = rows.iter().filter_map(|row| self.study.leaving(&person, row, shift, now, &mut left));
        days.map(|day| (day.local_date, day)).collect()
    }

    /// The program is updated: another version noted the latest revision of every day, one more than there was, and kept
    /// no row that this one reads.
    pub fn update(&self) {
        for date in self.days_gone() {
            let Some(last) = self.store.revision(&self.participant, date).unwrap() else { continue };
            let before = Revision { revision: last.revision + 1, software: "brisk 0.0.9".to_owned(), ..last };
            self.store.append_revisions(&[before]).unwrap();
            self.store.put_day(&self.participant, date, b"of another version").unwrap();
        }
    }

    /// Every day from the first to yesterday.
    pub fn days_gone(&self) -> Vec<NaiveDate> {
        dates(date(FIRST), self.today().checked_sub_days(Days::new(1)).unwrap()).collect()
    }
}

impl Home {
    /// Takes steps for so long by the home's clock.
    pub fn settle_for(&mut self, time: Duration) {
        let end = self.clock.monotonic() + time;
        self.courier.look();
        while self.clock.monotonic() < end {
            match self.step() {
                Step::Again(wait) => self.clock.advance(wait.min(end.saturating_sub(self.clock.monotonic()))),
                Step::Idle(_) => return,
            }
        }
    }

    /// Days go by as the seed has them: minutes come at once, later or in pieces; swims are noted afterwards; the program
    /// is started anew in between; and days are brought out whenever the line lets them.
    #[must_use]
    pub fn journey(mut self, seed: u64, days: u64, export: &dyn Fn() -> Box<dyn Export>) -> Self {
        let mut chance = fastrand::Rng::with_seed(seed ^ 0x6a6f_7572_6e65_7900);
        let mut late = Vec::new();
        for number in 0..days {
            let today = self.today();
            match chance.u8(0..4) {
                0 => self.receive_day(today),
                1 => {
                    self.receive(today, 7..12);
                    late.push((today, 12..19));
                }
                2 => late.push((today, 7..19)),
                _ => {}
            }
            self.clock.advance(Duration::from_secs(chance.u64(20..28) * 3600));
            for _ in 0..chance.u8(0..3) {
                match chance.u8(0..4) {
                    0 if !late.is_empty() => {
                        let (date, hours) = late.swap_remove(chance.usize(0..late.len()));
                        self.receive(date, hours);
                    }
                    1 if number > 0 && self.book_knows(today) => {
                        self.note_swim(today, number, chance.u32(5..60));
                    }
                    2 => self = self.restart(export()),
                    _ => self.settle_for(Duration::from_secs(chance.u64(1..7200))),
                }
            }
        }
        self
    }

    /// Days before the record begins cannot be corrected.
    fn book_knows(&self, date: NaiveDate) -> bool {
        let person = self.book.person(Some(&self.participant)).unwrap();
        self.book.span(&person, self.now()).unwrap().is_some_and(|(first, _)| first <= date)
    }
}
