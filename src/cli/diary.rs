//! `diary add`, `list`, `edit`, `undo`: what no step counter sees.

use std::str::FromStr;

use anyhow::anyhow;
use chrono::{Days, NaiveDate, NaiveTime};
use clap::{Args, Subcommand, ValueEnum};

use super::{
    Context, Exit,
    client::Session,
    paint::{self, say},
    print_json,
    show::PersonArgs,
    window::parse_time,
};
use crate::{
    api::{
        Asked,
        diary::{DiaryNote, DiaryReply, DiaryUndo},
    },
    goal::{DiaryKind, Measure, wording::amount},
    person::diary::{DiaryEntry, Effort},
};

/// What about the diary.
#[derive(Debug, Subcommand)]
pub enum DiaryCommand {
    /// Note an activity, such as `swim 30`
    Add(AddArgs),
    /// Activities of the last four weeks
    List(ListArgs),
    /// Change an entry; what is left out stays
    Edit(EditArgs),
    /// Take an entry out
    Undo(UndoArgs),
}

/// A new entry.
#[derive(Debug, Args)]
pub struct AddArgs {
    #[command(flatten)]
    who: PersonArgs,
    /// swim, cycle, gym, garden, walk, dance, other, or a word of your own
    kind: DiaryKind,
    /// How many minutes
    minutes: u32,
    #[command(flatten)]
    about: AboutArgs,
}

/// An entry as it is to be.
#[derive(Debug, Args)]
pub struct EditArgs {
    #[command(flatten)]
    who: PersonArgs,
    /// Which entry; `brisk diary list` names them
    id: String,
    /// What it was
    #[arg(long)]
    kind: Option<DiaryKind>,
    /// How many minutes
    #[arg(long)]
    minutes: Option<u32>,
    #[command(flatten)]
    about: AboutArgs,
}

/// More about an entry.
#[derive(Debug, Args)]
struct AboutArgs {
    /// today, yesterday or YYYY-MM-DD, with a time such as 18:00 if you like [default: today]
    #[arg(long, value_name = "WHEN")]
    when: Option<When>,
    /// How hard it felt
    #[arg(long)]
    effort: Option<EffortArg>,
    /// A few words of your own
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
}

/// Which days.
#[derive(Debug, Args)]
pub struct ListArgs {
    #[command(flatten)]
    who: PersonArgs,
    /// First day, YYYY-MM-DD [default: four weeks before the last]
    #[arg(long, value_name = "DATE")]
    from: Option<NaiveDate>,
    /// Last day [default: today]
    #[arg(long, value_name = "DATE")]
    to: Option<NaiveDate>,
}

/// Which entry.
#[derive(Debug, Args)]
pub struct UndoArgs {
    #[command(flatten)]
    who: PersonArgs,
    /// Which entry; `brisk diary list` names them
    id: String,
}

/// How hard it felt.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum EffortArg {
    Easy,
    Brisk,
    Hard,
}

impl From<EffortArg> for Effort {
    fn from(effort: EffortArg) -> Self {
        match effort {
            EffortArg::Easy => Self::Easy,
            EffortArg::Brisk => Self::Brisk,
            EffortArg::Hard => Self::Hard,
        }
    }
}

/// A day, and perhaps a time, as a person says them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct When {
    day: Day,
    time: Option<NaiveTime>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Day {
    Ago(u64),
    On(NaiveDate),
}

impl FromStr for When {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let bad = || "a day is today, yesterday or such as 2026-05-11; a time such as 18:00 may follow".to_owned();
        let mut words = text.split_whitespace();
        let day = match words.next().ok_or_else(bad)? {
            "today" => Day::Ago(0),
            "yesterday" => Day::Ago(1),
            date => Day::On(date.parse().map_err(|_| bad())?),
        };
        let time = words.next().map(parse_time).transpose()?;
        if words.next().is_some() { Err(bad()) } else { Ok(Self { day, time }) }
    }
}

impl Day {
    fn date(self, today: NaiveDate) -> NaiveDate {
        match self {
            Self::Ago(days) => today - Days::new(days),
            Self::On(date) => date,
        }
    }
}

/// `brisk diary …`
pub fn diary(context: &Context, command: DiaryCommand) -> anyhow::Result<Exit> {
    super::with_session(context, |session| match command {
        DiaryCommand::Add(args) => add(context, session, args),
        DiaryCommand::Edit(args) => edit(context, session, args),
        DiaryCommand::List(args) => list(context, session, &args),
        DiaryCommand::Undo(args) => undo(context, session, args),
    })
}

fn add(context: &Context, session: &Session, args: AddArgs) -> anyhow::Result<Exit> {
    let date = match args.about.when {
        Some(When { day, .. }) => Some(day.date(asked(session, &args.who, None, None)?.today)),
        None => None,
    };
    let note = DiaryNote {
        participant: args.who.person,
        id: None,
        kind: args.kind,
        minutes: args.minutes,
        date,
        at: args.about.when.and_then(|when| when.time),
        effort: args.about.effort.map(Effort::from),
        note: args.about.note,
    };
    send(context, session, &note)
}

fn edit(context: &Context, session: &Session, args: EditArgs) -> anyhow::Result<Exit> {
    let lately = asked(session, &args.who, None, None)?;
    let all = asked(session, &args.who, lately.kept_since, None)?;
    let known = all.entries.into_iter().find(|entry| entry.id == args.id);
    let known = known.ok_or_else(|| {
        anyhow!("no entry is called {:?}; nothing was changed. `brisk diary list` names those that there are", args.id)
    })?;
    let note = DiaryNote {
        participant: args.who.person,
        id: Some(known.id),
        kind: args.kind.unwrap_or(known.kind),
        minutes: args.minutes.unwrap_or(known.minutes),
        date: Some(args.about.when.map_or(known.date, |when| when.day.date(all.today))),
        at: args.about.when.map_or(known.at, |when| when.time),
        effort: args.about.effort.map(Effort::from).or(known.effort),
        note: args.about.note.or(known.note),
    };
    send(context, session, &note)
}

fn send(context: &Context, session: &Session, note: &DiaryNote) -> anyhow::Result<Exit> {
    let entry: DiaryEntry = session.post("diary", note)?;
    if context.global.json {
        print_json(&entry)?;
    } else {
        say(format_args!("Noted as {}: {}, {}.", entry.id, in_words(&entry), paint::day_in_words(entry.date)))?;
    }
    Ok(Exit::Ok)
}

fn list(context: &Context, session: &Session, args: &ListArgs) -> anyhow::Result<Exit> {
    let reply = asked(session, &args.who, args.from, args.to)?;
    if context.global.json {
        print_json(&reply)?;
    } else if reply.entries.is_empty() {
        say("Nothing is noted for these days. `brisk diary add swim 30` notes half an hour of swimming.")?;
    } else {
        let mut table = paint::table(&["id", "day", "time", "what", "effort", "note"], &[]);
        for entry in &reply.entries {
            table.add_row([
                entry.id.clone(),
                entry.date.format("%a %Y-%m-%d").to_string(),
                entry.at.map_or_else(String::new, |at| at.format("%H:%M").to_string()),
                in_words(entry),
                entry.effort.map_or("", Effort::name).to_owned(),
                entry.note.clone().unwrap_or_default(),
            ]);
        }
        say(table)?;
    }
    Ok(if reply.entries.is_empty() { Exit::Nothing } else { Exit::Ok })
}

fn undo(context: &Context, session: &Session, args: UndoArgs) -> anyhow::Result<Exit> {
    let reply: DiaryReply = session.post("diary/undo", &DiaryUndo { participant: args.who.person, id: args.id })?;
    if context.global.json {
        print_json(&reply)?;
    } else {
        say("Taken out of the diary.")?;
    }
    Ok(Exit::Ok)
}

fn asked(
    session: &Session,
    who: &PersonArgs,
    from: Option<NaiveDate>,
    to: Option<NaiveDate>,
) -> anyhow::Result<DiaryReply> {
    session.get("diary", &Asked { person: who.person.clone(), from, to, language: None })
}

fn in_words(entry: &DiaryEntry) -> String {
    amount(&Measure::DiaryMin(entry.kind.clone()), entry.minutes).english()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_read_as_a_person_says_it() {
        let time = |text: &str| NaiveTime::parse_from_str(text, "%H:%M").ok();
        for (text, day, at) in [
            ("today", Day::Ago(0), None),
            ("yesterday 18:00", Day::Ago(1), time("18:00")),
            ("2026-05-11 7:05", Day::On("2026-05-11".parse().unwrap()), time("07:05")),
        ] {
            assert_eq!(text.parse(), Ok(When { day, time: at }), "{text}");
        }
        for text in ["", "tomorrow", "18:00", "today 25:00", "today 18:00 sharp"] {
            assert!(text.parse::<When>().is_err(), "{text}");
        }
    }
}
