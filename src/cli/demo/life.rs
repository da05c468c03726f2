//! What the simulated person has been told of, and has decided: settings, a plan, two swims.

use std::{
    fs::File,
    io::Write as _,
    path::{Path, PathBuf},
    time::Duration,
};

use chrono::{DateTime, Days, NaiveTime, Utc};

use super::Play;
use crate::{
    config::{self, Config, RadioKind},
    days::DayBook,
    demo::COUNTER,
    goal::{self, DecidedBy, GoalVersion, Measure, Period, Weekdays},
    person::{
        OwnDecision,
        diary::{DiaryEntry, Effort},
    },
};

/// A plan from the first day on, so that there is something to set the minutes beside.
pub fn set_first_goal(book: &DayBook, now: DateTime<Utc>) -> anyhow::Result<()> {
    let person = book.person(None)?;
    if person.record.goals.versions().next().is_some() {
        return Ok(());
    }
    let first =
        book.span(&person, now)?.map_or_else(|| person.calendar.day_at(now.timestamp()).date, |(first, _)| first);
    let goal = GoalVersion {
        id: "g1".to_owned(),
        participant: person.id.clone(),
        measure: Measure::LeisureBriskMin,
        amount: 15,
        period: Period::Day,
        days: Weekdays::ALL,
        from: first,
        until: None,
        own_words: Some("Walk with my neighbour before supper".to_owned()),
        specific: None,
        when_where: None,
        relevant_because: None,
        confidence: Some(7),
        review_on: None,
        decided_by: DecidedBy::Person,
        therapist: None,
        stage: None,
        proposal: None,
        rule: None,
    };
    book.decide(&person, goal::Decision::GoalSet(goal), "demo", now)?;
    Ok(())
}

/// Two swims of the last week, so that the diary has something in it.
pub fn write_diary(book: &DayBook, now: DateTime<Utc>) -> anyhow::Result<()> {
    let person = book.person(None)?;
    let today = person.calendar.day_at(now.timestamp()).date;
    for (id, days_ago, minutes, effort) in [("demo-1", 6, 40, Effort::Brisk), ("demo-2", 2, 30, Effort::Easy)] {
        let entry = DiaryEntry {
            id: id.to_owned(),
            participant: person.id.clone(),
            kind: "swim".parse()?,
            minutes,
            date: today - Days::new(days_ago),
            at: NaiveTime::from_hms_opt(10, 30, 0),
            effort: Some(effort),
            note: None,
        };
        book.decide(&person, OwnDecision::DiaryNoted(entry), "demo", now)?;
    }
    Ok(())
}

/// As `brisk.toml` would say it.
pub fn settings(play: &Play) -> Config {
    let mut config = Config::default();
    config.bluetooth.radio = RadioKind::Simulated;
    // The simulated person wears it all day and the simulated computer is always near.
    config.bluetooth.sync_every = Duration::from_secs(60);
    config.clock.start_of_day = play.calendar.home().start_of_day;
    config.person = vec![config::Person {
        id: play.person.clone(),
        zone: Some(play.calendar.home().zone),
        ..config::Person::default()
    }];
    config.counter = vec![config::Counter {
        id: COUNTER,
        label: Some("simulated counter".to_owned()),
        simulated_flash: Some(PathBuf::from("simulated-counter.flash")),
        ..config::Counter::default()
    }];
    config
}

/// Settings beside the data, so that other commands on the same folder know the person.
pub fn write_settings(config: &Config, dir: &Path) -> anyhow::Result<()> {
    let mut file = File::create(dir.join("brisk.toml"))?;
    file.write_all(config::show(config).as_bytes())?;
    Ok(())
}
