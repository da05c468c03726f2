//! The tables of a takeout that no study asks for: minutes, goals, the diary, check-ins.

use chrono::{DateTime, NaiveDate, NaiveDateTime};

use crate::{
    export::{
        columns::{Cell, Column},
        csv_header, csv_row,
    },
    goal::{DecidedBy, GoalVersion, Period},
    model::{DeviceId, Minute, MinuteWear},
    person::{
        Record,
        diary::{DiaryEntry, Effort},
    },
    store::{Outcome, Passage},
    time::Calendar,
};

struct MinuteRow {
    counter: String,
    minute: Minute,
    /// By the clock on the person's wall.
    wall: Option<NaiveDateTime>,
}

const MINUTE_COLUMNS: [Column<MinuteRow>; 6] = [
    ("counter", |row| Cell::Text(row.counter.as_str().into())),
    ("start_utc", |row| {
        DateTime::from_timestamp(row.minute.at.saturating_mul(60), 0).map_or(Cell::Missing, Cell::Stamp)
    }),
    ("start_local", |row| {
        row.wall.map_or(Cell::Missing, |wall| Cell::Text(wall.format("%Y-%m-%dT%H:%M:%S").to_string().into()))
    }),
    ("steps", |row| Cell::Integer(row.minute.steps.into())),
    ("at_least", |row| Cell::Boolean(row.minute.saturated)),
    ("worn", |row| match row.minute.wear {
        MinuteWear::Unknown => Cell::Missing,
        MinuteWear::Worn => Cell::Boolean(true),
        MinuteWear::NotWorn => Cell::Boolean(false),
    }),
];

/// The first line of the minutes.
pub fn minutes_header() -> Vec<u8> {
    let mut out = Vec::new();
    csv_header(MINUTE_COLUMNS.iter().map(|(name, _)| *name), &mut out);
    out
}

/// Lines of minutes.
pub fn minutes(device: DeviceId, minutes: &[Minute], calendar: &Calendar) -> Vec<u8> {
    let mut out = Vec::new();
    let counter = device.to_string();
    for minute in minutes {
        let wall = DateTime::from_timestamp(minute.at.saturating_mul(60), 0).and_then(|at| calendar.wall(at));
        csv_row(&MINUTE_COLUMNS, &MinuteRow { counter: counter.clone(), minute: *minute, wall }, &mut out);
    }
    out
}

struct GoalRow {
    goal: GoalVersion,
    from: NaiveDate,
    until: Option<NaiveDate>,
}

const GOAL_COLUMNS: [Column<GoalRow>; 13] = [
    ("goal_id", |row| Cell::Text(row.goal.id.as_str().into())),
    ("in_force_from", |row| Cell::Date(row.from)),
    ("in_force_until", |row| row.until.map_or(Cell::Missing, Cell::Date)),
    ("measure", |row| Cell::Text(row.goal.measure.to_string().into())),
    ("amount", |row| Cell::Integer(row.goal.amount.into())),
    ("period", |row| match row.goal.period {
        Period::Day => Cell::Text("day".into()),
        Period::Week => Cell::Text("week".into()),
    }),
    ("days", |row| Cell::Text(row.goal.days.to_string().into())),
    ("own_words", |row| free(row.goal.own_words.as_deref())),
    ("specific", |row| free(row.goal.specific.as_deref())),
    ("when_where", |row| free(row.goal.when_where.as_deref())),
    ("relevant_because", |row| free(row.goal.relevant_because.as_deref())),
    ("confidence", |row| row.goal.confidence.map_or(Cell::Missing, |sure| Cell::Integer(sure.into()))),
    ("decided_by", |row| match row.goal.decided_by {
        DecidedBy::Person => Cell::Text("person".into()),
        DecidedBy::WithTherapist => Cell::Text("with_therapist".into()),
    }),
];

const DIARY_COLUMNS: [Column<DiaryEntry>; 7] = [
    ("id", |entry| Cell::Text(entry.id.as_str().into())),
    ("local_date", |entry| Cell::Date(entry.date)),
    ("began", |entry| entry.at.map_or(Cell::Missing, |at| Cell::Text(at.format("%H:%M").to_string().into()))),
    ("kind", |entry| Cell::Text(entry.kind.as_str().into())),
    ("minutes", |entry| Cell::Integer(entry.minutes.into())),
    ("effort", |entry| {
        entry.effort.map_or(Cell::Missing, |effort| {
            Cell::Text(match effort {
                Effort::Easy => "easy".into(),
                Effort::Brisk => "brisk".into(),
                Effort::Hard => "hard".into(),
            })
        })
    }),
    ("note", |entry| free(entry.note.as_deref())),
];

/// One answered item.
struct AnswerRow {
    date: NaiveDate,
    instrument: String,
    item: String,
    value: f64,
}

const ANSWER_COLUMNS: [Column<AnswerRow>; 4] = [
    ("local_date", |answer| Cell::Date(answer.date)),
    ("instrument", |answer| Cell::Text(answer.instrument.as_str().into())),
    ("item", |answer| Cell::Text(answer.item.as_str().into())),
    ("value", |answer| Cell::Number(answer.value)),
];

const SENT_COLUMNS: [Column<Passage>; 6] = [
    ("database", |passage| Cell::Text(passage.target.as_str().into())),
    ("local_date", |passage| Cell::Date(passage.date)),
    ("revision", |passage| Cell::Integer(passage.revision.into())),
    ("final", |passage| Cell::Boolean(passage.is_final)),
    ("state", |passage| match passage.outcome {
        Outcome::Stored => Cell::Text("stored".into()),
        Outcome::Parked(_) => Cell::Text("refused".into()),
        Outcome::Again => Cell::Text("to_be_sent_again".into()),
    }),
    ("said", |passage| match &passage.outcome {
        Outcome::Parked(said) => free(Some(said)),
        Outcome::Stored | Outcome::Again => Cell::Missing,
    }),
];

/// Days that databases of a study were sent.
pub fn sent(all: Vec<Passage>) -> Vec<u8> {
    table(&SENT_COLUMNS, all.into_iter())
}

fn free(text: Option<&str>) -> Cell<'_> {
    text.filter(|text| !text.is_empty()).map_or(Cell::Missing, Cell::Free)
}

/// The tables of what a person decided and wrote down, with the names of their files.
pub fn of_record(record: &Record) -> [(&'static str, Vec<u8>); 3] {
    let goals = record.goals.spans().into_iter().map(|span| GoalRow {
        goal: span.goal.clone(),
        from: span.from,
        until: span.until,
    });
    let diary = record.diary.between(NaiveDate::MIN, NaiveDate::MAX).cloned();
    let answers = record.check_ins.answers().iter().flat_map(|check_in| {
        let items = check_in.answers.iter().map(|(item, value)| (item.clone(), f64::from(*value)));
        let scores = check_in.scores.iter().map(|(name, score)| (format!("score:{name}"), *score));
        items.chain(scores).map(|(item, value)| AnswerRow {
            date: check_in.date,
            instrument: check_in.instrument.clone(),
            item,
            value,
        })
    });
    [
        ("goals.csv", table(&GOAL_COLUMNS, goals)),
        ("diary.csv", table(&DIARY_COLUMNS, diary)),
        ("check_ins.csv", table(&ANSWER_COLUMNS, answers)),
    ]
}

fn table<R>(columns: &[Column<R>], rows: impl Iterator<Item = R>) -> Vec<u8> {
    let mut out = Vec::new();
    csv_header(columns.iter().map(|(name, _)| *name), &mut out);
    for row in rows {
        csv_row(columns, &row, &mut out);
    }
    out
}
