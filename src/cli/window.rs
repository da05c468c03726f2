//! `window list`, `window set`, `window start-of-day`: when a person works and sleeps, with dates of change.

use chrono::NaiveTime;
use clap::{Args, Subcommand, ValueEnum};

use super::{
    Context, Exit,
    client::Session,
    paint::{self, say},
    print_json,
    show::PersonArgs,
};
use crate::{
    api::{
        Asked,
        own_time::{WindowsChange, WindowsReply},
    },
    model::windows::Weekly,
    person::own_time::{OwnTimeSet, Since},
};

/// What about own time.
#[derive(Debug, Subcommand)]
pub enum WindowCommand {
    /// Hours of work and sleep, with their first days
    List(PersonArgs),
    /// Set hours of work or sleep; what is outside work is your own time
    Set(SetArgs),
    /// When your day begins, for those who work at night
    StartOfDay(StartArgs),
}

/// Hours that come back every week.
#[derive(Debug, Args)]
pub struct SetArgs {
    #[command(flatten)]
    who: PersonArgs,
    /// work or sleep
    kind: Kind,
    /// Days and times, such as "mon-fri 08:00-16:30; sat 09:00-12:00", or none; an end before the start is on the next day
    #[arg(value_name = "WEEK", required = true, num_args = 1..)]
    week: Vec<String>,
    #[command(flatten)]
    since: SinceArgs,
}

/// A time of day.
#[derive(Debug, Args)]
pub struct StartArgs {
    #[command(flatten)]
    who: PersonArgs,
    /// Such as 04:00; 00:00 is midnight
    #[arg(value_name = "HH:MM", value_parser = parse_time)]
    time: NaiveTime,
    #[command(flatten)]
    since: SinceArgs,
}

/// From when.
#[derive(Debug, Args)]
pub struct SinceArgs {
    /// First day, YYYY-MM-DD, or "ever"; it may lie in the past [default: today]
    #[arg(long, value_name = "DATE")]
    pub from: Option<Since>,
}

/// Which hours.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Kind {
    Work,
    Sleep,
}

/// `18:00`
pub fn parse_time(text: &str) -> Result<NaiveTime, String> {
    NaiveTime::parse_from_str(text, "%H:%M").map_err(|_| "a time of day is written as 18:00".to_owned())
}

/// `brisk window …`
pub fn window(context: &Context, command: WindowCommand) -> anyhow::Result<Exit> {
    let change = match command {
        WindowCommand::List(args) => return super::with_session(context, |session| list(context, session, &args)),
        WindowCommand::StartOfDay(args) => WindowsChange {
            participant: args.who.person,
            from: args.since.from,
            start_of_day: Some(args.time),
            ..WindowsChange::default()
        },
        WindowCommand::Set(args) => {
            let week: Weekly = match args.week.join(" ").parse() {
                Ok(week) => week,
                Err(bad) => return super::wrong_argument(&bad),
            };
            let (work, sleep) = match args.kind {
                Kind::Work => (Some(week), None),
                Kind::Sleep => (None, Some(week)),
            };
            let (participant, from) = (args.who.person, args.since.from);
            WindowsChange { participant, from, work, sleep, start_of_day: None }
        }
    };
    super::with_session(context, |session| {
        let set: OwnTimeSet = session.post("windows", &change)?;
        if context.global.json {
            print_json(&set)?;
        } else {
            let from = set.from.map_or_else(|| "Since ever".to_owned(), |from| format!("From {from}"));
            say(format_args!("Noted. {from}: work {}, sleep {}.", set.windows.work, set.windows.sleep))?;
            if let Some(start) = set.start_of_day {
                say(format_args!("The day begins at {}.", start.format("%H:%M")))?;
            }
        }
        Ok(Exit::Ok)
    })
}

fn list(context: &Context, session: &Session, args: &PersonArgs) -> anyhow::Result<Exit> {
    let reply: WindowsReply = session.get("windows", &Asked { person: args.person.clone(), ..Asked::default() })?;
    if context.global.json {
        print_json(&reply)?;
    } else if reply.history.is_empty() {
        say("No hours of work are set, so every brisk minute is your own time.")?;
        say("`brisk window set work \"mon-fri 08:00-16:30\"` sets some.")?;
    } else {
        let mut table = paint::table(&["from", "work", "sleep", "day begins"], &[]);
        for set in &reply.history {
            table.add_row([
                set.from.map_or_else(|| "ever".to_owned(), |from| from.to_string()),
                set.windows.work.to_string(),
                set.windows.sleep.to_string(),
                set.start_of_day.map_or_else(|| "by the settings".to_owned(), |time| time.format("%H:%M").to_string()),
            ]);
        }
        say(table)?;
    }
    Ok(if reply.history.is_empty() { Exit::Nothing } else { Exit::Ok })
}
