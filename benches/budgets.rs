//! The work that the script `benches/budgets` measures, one kind per call. Prints `name value` lines.
//!
//! ```text
//! fill DIR DAYS HOURS END    a counter lives through DAYS and is asked every HOURS, until the minute END
//! syncs DIR TIMES days       the next TIMES hourly dialogues, and the days that follow from each
//! syncs DIR TIMES readings   the same dialogues without computing days
//! backlog DIR DAYS END       DAYS of minutes in one dialogue, then every day, then a page's worth of JSON
//! ```
//!
//! Everything goes the way that a real counter's minutes go: the device side of the protocol, the
//! simulated air, the driver, the store, the day book.

#![expect(clippy::disallowed_methods, reason = "a benchmark looks at the clock")]

use std::{
    env,
    error::Error,
    io::Write as _,
    path::Path,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use brisk::{
    days::{DayBook, Person},
    demo::{self, COUNTER, SECTORS},
    goal::{DecidedBy, Decision, GoalVersion, Measure, Period, Weekdays},
    model::Rules,
    radio::sim::{
        SharedCounter, SimRadio, Weather, clock::SimClock, counter::SimCounter, flash::SimFlash, lock, walker,
    },
    store::Store,
    supervisor::{Policy, Supervised},
    time::{Calendar, Clock as _},
};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

type Done = Result<(), Box<dyn Error>>;

const ZONE: &str = "Europe/Oslo";
const WALKER: u64 = 20;
const US_PER_MINUTE: i64 = 60_000_000;
/// A dialogue through calm air needs no second attempt.
const ATTEMPTS: u32 = 3;

/// A computer, a counter in its air, and the person who wears it.
struct Home {
    store: Arc<Store>,
    book: DayBook,
    person: Person,
    clock: Arc<SimClock>,
    counter: SharedCounter,
    supervised: Supervised<SimRadio>,
    random: fastrand::Rng,
}

impl Home {
    /// A home whose counter goes on at the minute `begin` with a script up to the minute `end`.
    fn open(dir: &Path, begin: i64, end: i64) -> Result<Self, Box<dyn Error>> {
        let calendar = Calendar::midnight(ZONE.parse()?);
        let store = demo::open_store(dir)?;
        let path = dir.join("simulated-counter.flash");
        let first = !path.exists();
        let flash = if first { SimFlash::new_file(&path, SECTORS)? } else { SimFlash::in_file(&path)? };
        let off_ms = (!first).then_some(0);
        let script = walker::script(WALKER, &calendar, begin, end);
        let counter = SimCounter::new(COUNTER, flash, script, begin * US_PER_MINUTE, off_ms, 0)
            .map_err(|error| format!("the simulated flash failed: {error:?}"))?;
        let counter = Arc::new(Mutex::new(counter));
        let clock = Arc::new(SimClock::free(utc(begin)));
        let supervised = demo::supervised(&store, &clock, &counter, Weather::calm(), Policy::default());
        let person = demo::person("me".parse()?, calendar);
        let book = DayBook::new(Arc::clone(&store), vec![person.clone()], Rules::brisk_1())?;
        let random = fastrand::Rng::with_seed(1);
        Ok(Self { store, book, person, clock, counter, supervised, random })
    }

    /// Lets time pass up to a minute and asks the counter for everything it has by then.
    async fn sync_at(&mut self, minute: i64) -> Result<u64, Box<dyn Error>> {
        let wait_us = minute * US_PER_MINUTE - self.clock.now_us();
        self.clock.advance(Duration::from_micros(u64::try_from(wait_us).unwrap_or(0)));
        Ok(self.supervised.until_complete(ATTEMPTS, &mut self.random).await?.new_epochs)
    }

    /// The counter writes what it has, as firmware does before it goes to sleep.
    fn rest(&self, minute: i64) -> Done {
        lock(&self.counter).rest(minute * US_PER_MINUTE).map_err(|error| format!("{error:?}").into())
    }

    fn set_goal(&self, from: NaiveDate) -> Done {
        let goal = GoalVersion {
            id: "g1".to_owned(),
            participant: self.person.id.clone(),
            measure: Measure::LeisureBriskMin,
            amount: 20,
            period: Period::Day,
            days: Weekdays::ALL,
            from,
            until: None,
            own_words: None,
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
        self.book.decide(&self.person, Decision::GoalSet(goal), "bench", self.clock.utc())?;
        Ok(())
    }
}

fn main() -> Done {
    let arguments: Vec<String> = env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let runtime = brisk::daemon::runtime()?;
    match arguments.as_slice() {
        ["fill", dir, days, hours, end] => {
            runtime.block_on(fill(Path::new(dir), days.parse()?, hours.parse()?, end.parse()?))
        }
        ["syncs", dir, times, what @ ("days" | "readings")] => {
            runtime.block_on(syncs(Path::new(dir), times.parse()?, *what == "days"))
        }
        ["backlog", dir, days, end] => runtime.block_on(backlog(Path::new(dir), days.parse()?, end.parse()?)),
        // `cargo test --benches` and `cargo bench` call it with nothing to do.
        [] => Ok(()),
        _ => Err("see the first lines of benches/budgets.rs".into()),
    }
}

async fn fill(dir: &Path, days: i64, hours: i64, end: i64) -> Done {
    let watch = Instant::now();
    let begin = end - days * 1440;
    let mut home = Home::open(dir, begin, end)?;
    home.set_goal(home.person.calendar.day_at(begin * 60).date)?;
    let (mut minute, mut epochs, mut dialogues) = (begin, 0, 0_u32);
    while minute < end {
        minute = (minute + hours * 60).min(end);
        if minute == end {
            home.rest(end)?;
        }
        epochs += home.sync_at(minute).await?;
        home.book.refresh(home.clock.utc())?;
        dialogues += 1;
    }
    let (journal, index) = home.store.size();
    say("seconds", watch.elapsed().as_secs_f64())?;
    say("dialogues", dialogues)?;
    say("epochs", epochs)?;
    say("journal_bytes", journal)?;
    say("index_bytes", index)
}

async fn syncs(dir: &Path, times: i64, with_days: bool) -> Done {
    let opened = Instant::now();
    let last = {
        let store = demo::open_store(dir)?;
        store.span(COUNTER, &(i64::MIN..i64::MAX))?.ok_or("nothing is stored there")?.last_minute
    };
    let begin = last + 1;
    let mut home = Home::open(dir, begin, begin + times * 60)?;
    say("open_twice_us", opened.elapsed().as_micros())?;
    let (mut of_syncs, mut of_days) = (Vec::new(), Vec::new());
    for time in 1..=times {
        let watch = Instant::now();
        home.rest(begin + time * 60)?;
        let new = home.sync_at(begin + time * 60).await?;
        if new == 0 {
            return Err("a dialogue brought nothing new".into());
        }
        of_syncs.push(watch.elapsed());
        if with_days {
            // A day later, so that the day of these minutes is closed: it is computed anew and gets a revision.
            let watch = Instant::now();
            home.book.refresh(home.clock.utc() + TimeDelta::hours(26))?;
            of_days.push(watch.elapsed());
        }
    }
    say("sync_us", median(&mut of_syncs).as_micros())?;
    say("refresh_us", median(&mut of_days).as_micros())?;
    say("refresh_most_us", of_days.iter().max().copied().unwrap_or_default().as_micros())
}

async fn backlog(dir: &Path, days: i64, end: i64) -> Done {
    let begin = end - days * 1440;
    let mut home = Home::open(dir, begin, end)?;
    home.set_goal(home.person.calendar.day_at(begin * 60).date)?;
    // The counter's own life is not what is measured.
    home.clock.advance(Duration::from_secs(u64::try_from(days * 86_400)?));
    home.rest(end)?;

    let watch = Instant::now();
    let epochs = home.sync_at(end).await?;
    let stored = watch.elapsed();
    // Two hours after the last day, so that every day is closed and gets its first revision.
    let now = home.clock.utc() + TimeDelta::hours(26);
    home.book.refresh(now)?;
    let computed = watch.elapsed();
    let rows = home.book.rows(&home.person, NaiveDate::MIN, NaiveDate::MAX, now)?;
    let shown = serde_json::to_string(&rows)?;
    let all = watch.elapsed();

    let (journal, index) = home.store.size();
    say("epochs", epochs)?;
    say("rows", rows.len())?;
    say("json_bytes", shown.len())?;
    say("stored_ms", stored.as_secs_f64() * 1e3)?;
    say("computed_ms", computed.saturating_sub(stored).as_secs_f64() * 1e3)?;
    say("shown_ms", all.saturating_sub(computed).as_secs_f64() * 1e3)?;
    say("all_ms", all.as_secs_f64() * 1e3)?;
    say("journal_bytes", journal)?;
    say("index_bytes", index)
}

fn utc(minute: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(minute * 60, 0).unwrap_or_default()
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

fn say(name: &str, value: impl std::fmt::Display) -> Done {
    writeln!(std::io::stdout(), "{name} {value}")?;
    Ok(())
}
