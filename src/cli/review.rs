//! `review`: a week looked back on. `programme`: by which rule the next one is proposed.

use chrono::NaiveDate;
use clap::{Args, Subcommand};

use super::{
    Context, Exit,
    client::Session,
    goal_next::proposal_text,
    paint::{self, say},
    print_json,
    show::{PersonArgs, kept_back},
};
use crate::{
    api::{
        Asked,
        review::{ProgrammeRequest, ProgrammesReply, ReviewReply},
    },
    words::Language,
};

/// Which week.
#[derive(Debug, Args)]
pub struct ReviewArgs {
    #[command(flatten)]
    who: PersonArgs,
    /// Any day of the week, YYYY-MM-DD [default: the week that ended last]
    #[arg(long, value_name = "DATE")]
    from: Option<NaiveDate>,
}

/// What about programmes.
#[derive(Debug, Subcommand)]
pub enum ProgrammeCommand {
    /// All programmes, and which one is in use
    List(PersonArgs),
    /// Use one from a day on
    Use(UseArgs),
    /// Use none from a day on
    None(NoneArgs),
}

/// Which programme.
#[derive(Debug, Args)]
pub struct UseArgs {
    /// Its name, as `brisk programme list` shows it
    name: String,
    #[command(flatten)]
    when: NoneArgs,
}

/// From when.
#[derive(Debug, Args)]
pub struct NoneArgs {
    #[command(flatten)]
    who: PersonArgs,
    /// First day, YYYY-MM-DD [default: today]
    #[arg(long, value_name = "DATE")]
    from: Option<NaiveDate>,
}

/// `brisk review`
pub fn review(context: &Context, args: &ReviewArgs) -> anyhow::Result<Exit> {
    super::with_session(context, |session| {
        let asked = Asked { person: args.who.person.clone(), from: args.from, ..Asked::default() };
        let reply: ReviewReply = session.get("review", &asked)?;
        if context.global.json {
            print_json(&reply)?;
            return Ok(Exit::Ok);
        }
        if let Some(sentence) = kept_back(session, args.who.person.as_ref())? {
            say(sentence)?;
            return Ok(Exit::Ok);
        }
        let (from, to) = (paint::day_in_words(reply.from), paint::day_in_words(reply.to));
        say(format_args!("Week from {from} to {to}\n"))?;
        for line in reply.went_well.iter().chain(&reply.open) {
            say(line)?;
        }
        say(format_args!("\n{}", reply.question))?;
        if let Some(line) = &reply.stage {
            say(line)?;
        }
        for proposal in &reply.proposals {
            say(format_args!("\n{}", proposal_text(proposal)))?;
        }
        Ok(Exit::Ok)
    })
}

/// `brisk programme …`
pub fn programme(context: &Context, command: ProgrammeCommand) -> anyhow::Result<Exit> {
    super::with_session(context, |session| match command {
        ProgrammeCommand::List(args) => {
            let asked = Asked { person: args.person, ..Asked::default() };
            list(context, &session.get("programme", &asked)?)
        }
        ProgrammeCommand::Use(args) => choose(context, session, args.when, Some(args.name)),
        ProgrammeCommand::None(args) => choose(context, session, args, None),
    })
}

fn choose(context: &Context, session: &Session, args: NoneArgs, programme: Option<String>) -> anyhow::Result<Exit> {
    let asked = ProgrammeRequest { person: args.who.person, programme, from: args.from };
    let reply: ProgrammesReply = session.post("programme", &asked)?;
    if context.global.json {
        print_json(&reply)?;
    } else {
        let from = paint::day_in_words(args.from.unwrap_or(reply.today));
        match asked.programme {
            Some(name) => say(format_args!("{name} is in use from {from} on. The goal stays as it is."))?,
            None => say(format_args!("No programme is in use from {from} on. The goal stays as it is."))?,
        }
    }
    Ok(Exit::Ok)
}

fn list(context: &Context, reply: &ProgrammesReply) -> anyhow::Result<Exit> {
    if context.global.json {
        print_json(reply)?;
        return Ok(Exit::Ok);
    }
    let mut table = paint::table(&["name", "rule", "in use", "what it offers"], &[]);
    for programme in &reply.programmes {
        let in_use = reply.in_use.as_ref() == Some(&programme.name);
        table.add_row([
            programme.name.as_str(),
            programme.rule.name(),
            if in_use { "yes" } else { "" },
            programme.about.text_in(Language::En),
        ]);
    }
    say(table)?;
    Ok(Exit::Ok)
}
