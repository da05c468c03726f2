//! `check-in list`, `check-in on`, `check-in off`: which questions are asked. They are answered on the page.

use chrono::NaiveDate;
use clap::{Args, Subcommand};

use super::{
    Context, Exit,
    client::Session,
    paint::{self, say},
    print_json,
    show::PersonArgs,
};
use crate::{
    api::{self, check_ins::CheckInsReply},
    person::check_in::{Asked, CheckInsSet},
};

/// What about check-ins.
#[derive(Debug, Subcommand)]
pub enum CheckInCommand {
    /// What can be asked, what is, and when it was last answered
    List(PersonArgs),
    /// Ask an instrument from today on
    On(OnArgs),
    /// Ask it no more
    Off(OffArgs),
}

/// Which instrument, and how often.
#[derive(Debug, Args)]
pub struct OnArgs {
    #[command(flatten)]
    who: PersonArgs,
    /// Name of the instrument; `brisk check-in list` shows them
    instrument: String,
    /// Days from one time to the next [default: what the instrument says]
    #[arg(long, value_name = "DAYS")]
    every: Option<u32>,
    /// First day, YYYY-MM-DD [default: today]
    #[arg(long, value_name = "DATE")]
    from: Option<NaiveDate>,
}

/// Which instrument.
#[derive(Debug, Args)]
pub struct OffArgs {
    #[command(flatten)]
    who: PersonArgs,
    /// Name of the instrument
    instrument: String,
}

/// `brisk check-in …`
pub fn check_in(context: &Context, command: CheckInCommand) -> anyhow::Result<Exit> {
    super::with_session(context, |session| match command {
        CheckInCommand::List(args) => list(context, session, &args),
        CheckInCommand::On(args) => on(context, session, args),
        CheckInCommand::Off(args) => off(context, session, &args),
    })
}

fn check_ins(session: &Session, who: &PersonArgs) -> anyhow::Result<CheckInsReply> {
    session.get("check-ins", &api::Asked { person: who.person.clone(), ..api::Asked::default() })
}

fn list(context: &Context, session: &Session, who: &PersonArgs) -> anyhow::Result<Exit> {
    let reply = check_ins(session, who)?;
    if context.global.json {
        print_json(&reply)?;
        return Ok(Exit::Ok);
    }
    let mut table = paint::table(&["name", "title", "asked", "last answered"], &[]);
    for instrument in &reply.instruments {
        let asked = reply.asked.iter().find(|asked| asked.instrument == instrument.name);
        table.add_row([
            instrument.name.clone(),
            instrument.title.clone(),
            asked.map_or_else(|| "off".to_owned(), |asked| format!("every {} days", asked.every_days)),
            asked.and_then(|asked| asked.last).map_or_else(|| "–".to_owned(), |last| last.to_string()),
        ]);
    }
    say(table)?;
    Ok(Exit::Ok)
}

fn on(context: &Context, session: &Session, args: OnArgs) -> anyhow::Result<Exit> {
    let reply = check_ins(session, &args.who)?;
    let usual = reply.instruments.iter().find(|one| one.name == args.instrument).map_or(7, |one| one.every_days);
    let mut asked = others(&reply, &args.instrument);
    asked.push(Asked { instrument: args.instrument, every_days: args.every.unwrap_or(usual) });
    set(context, session, &args.who, args.from.unwrap_or(reply.today), asked)?;
    Ok(Exit::Ok)
}

fn off(context: &Context, session: &Session, args: &OffArgs) -> anyhow::Result<Exit> {
    let reply = check_ins(session, &args.who)?;
    let asked = others(&reply, &args.instrument);
    if asked.len() == reply.asked.len() {
        say(format_args!("{} is not asked; nothing was changed.", args.instrument))?;
        return Ok(Exit::Nothing);
    }
    set(context, session, &args.who, reply.today, asked)?;
    Ok(Exit::Ok)
}

/// What is asked besides one instrument.
fn others(reply: &CheckInsReply, instrument: &str) -> Vec<Asked> {
    let others = reply.asked.iter().filter(|asked| asked.instrument != instrument);
    others.map(|asked| Asked { instrument: asked.instrument.clone(), every_days: asked.every_days }).collect()
}

fn set(
    context: &Context,
    session: &Session,
    who: &PersonArgs,
    from: NaiveDate,
    instruments: Vec<Asked>,
) -> anyhow::Result<()> {
    let wanted = CheckInsSet { participant: who.or_the_only_one(session)?, from, instruments };
    let set: CheckInsSet = session.post("check-ins/set", &wanted)?;
    if context.global.json {
        return print_json(&set);
    }
    let names: Vec<_> = set.instruments.iter().map(|asked| asked.instrument.as_str()).collect();
    let what = if names.is_empty() { "nothing".to_owned() } else { names.join(", ") };
    say(format_args!("Noted. From {} on there is asked: {what}.", paint::day_in_words(set.from)))?;
    Ok(())
}
