//! `person show`, `person set`: what the pages call a person, their language and their zone.

use clap::{Args, Subcommand};

use super::{
    Context, Exit,
    client::Session,
    own_data::{OwnDataCommand, own_data},
    paint::say,
    print_json,
    show::PersonArgs,
    window::SinceArgs,
};
use crate::{
    api::{
        Asked,
        person::{PersonChange, PersonReply},
    },
    time::Zone,
    words::Language,
};

/// What about a person.
#[derive(Debug, Subcommand)]
pub enum PersonCommand {
    /// Name, language and zone as they hold today
    Show(PersonArgs),
    /// Change name, language or zone; what is left out stays
    Set(SetArgs),
    #[command(flatten)]
    Data(OwnDataCommand),
}

/// What is to change.
#[derive(Debug, Args)]
pub struct SetArgs {
    #[command(flatten)]
    who: PersonArgs,
    /// What the pages call them; stays in this house
    #[arg(long, value_name = "TEXT")]
    name: Option<String>,
    /// Language of their pages: en or he
    #[arg(long)]
    language: Option<Language>,
    /// Time zone, such as Europe/Oslo
    #[arg(long)]
    zone: Option<Zone>,
    /// When the zone changes
    #[command(flatten)]
    since: SinceArgs,
}

/// `brisk person …`
pub fn person(context: &Context, command: PersonCommand) -> anyhow::Result<Exit> {
    super::with_session(context, |session| match command {
        PersonCommand::Show(args) => show(context, session, &args),
        PersonCommand::Set(args) => set(context, session, args),
        PersonCommand::Data(command) => own_data(context, session, command),
    })
}

fn show(context: &Context, session: &Session, args: &PersonArgs) -> anyhow::Result<Exit> {
    let reply: PersonReply = session.get("person", &Asked { person: args.person.clone(), ..Asked::default() })?;
    print(context, &reply)?;
    Ok(Exit::Ok)
}

fn set(context: &Context, session: &Session, args: SetArgs) -> anyhow::Result<Exit> {
    let change = PersonChange {
        participant: args.who.person,
        label: args.name,
        language: args.language,
        zone: args.zone,
        from: args.since.from,
    };
    let reply: PersonReply = session.post("person", &change)?;
    print(context, &reply)?;
    Ok(Exit::Ok)
}

fn print(context: &Context, reply: &PersonReply) -> anyhow::Result<()> {
    if context.global.json {
        return print_json(reply);
    }
    say(format_args!(
        "{}, called {} on the pages",
        reply.participant.as_str(),
        reply.label.as_deref().unwrap_or("nothing")
    ))?;
    say(format_args!("  Language: {}", reply.language.own_name()))?;
    say(format_args!("  Time zone: {}", reply.zone))?;
    for moved in &reply.zones {
        let from = moved.from.map_or_else(|| "since ever".to_owned(), |from| format!("from {from}"));
        say(format_args!("    {from}: {}", moved.zone.name().unwrap_or_default()))?;
    }
    say(format_args!("  Brisk from {} steps in a minute", reply.brisk_steps_per_minute))?;
    Ok(())
}
