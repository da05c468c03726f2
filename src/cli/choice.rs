//! `choice plan`, `choice done`, `choice not-today`, `choice list`: one small choice a day.

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
    api::{Asked, choices::ChoicesReply},
    person::choice::{ChoiceAnswer, ChoicePlan},
};

/// What about the choice.
#[derive(Debug, Subcommand)]
pub enum ChoiceCommand {
    /// Plan one small choice for a day; another one for the same day takes its place
    Plan(PlanArgs),
    /// It was made
    Done(AnswerArgs),
    /// It was not for this day
    NotToday(AnswerArgs),
    /// The choices of the last weeks
    List(PersonArgs),
}

/// A choice and its day.
#[derive(Debug, Args)]
pub struct PlanArgs {
    #[command(flatten)]
    who: PersonArgs,
    /// When or where, such as "on the way home"
    #[arg(long, value_name = "TEXT")]
    situation: String,
    /// What you would choose, such as "get off one stop earlier"
    #[arg(long, value_name = "TEXT")]
    choice: String,
    /// The day, YYYY-MM-DD, within the next week [default: today]
    #[arg(long, value_name = "DATE")]
    date: Option<NaiveDate>,
}

/// What became of a choice.
#[derive(Debug, Args)]
pub struct AnswerArgs {
    #[command(flatten)]
    who: PersonArgs,
    /// The day, YYYY-MM-DD, within the last week [default: today]
    #[arg(long, value_name = "DATE")]
    date: Option<NaiveDate>,
    /// A note in your words
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
}

/// `brisk choice …`
pub fn choice(context: &Context, command: ChoiceCommand) -> anyhow::Result<Exit> {
    super::with_session(context, |session| match command {
        ChoiceCommand::Plan(args) => plan(context, session, args),
        ChoiceCommand::Done(args) => answer(context, session, args, true),
        ChoiceCommand::NotToday(args) => answer(context, session, args, false),
        ChoiceCommand::List(args) => list(context, session, &args),
    })
}

fn choices(session: &Session, who: &PersonArgs) -> anyhow::Result<ChoicesReply> {
    session.get("choices", &Asked { person: who.person.clone(), ..Asked::default() })
}

fn plan(context: &Context, session: &Session, args: PlanArgs) -> anyhow::Result<Exit> {
    let today = choices(session, &args.who)?.today;
    let planned = ChoicePlan {
        participant: args.who.or_the_only_one(session)?,
        date: args.date.unwrap_or(today),
        situation: args.situation,
        choice: args.choice,
    };
    let planned: ChoicePlan = session.post("choices", &planned)?;
    if context.global.json {
        print_json(&planned)?;
    } else {
        say(format_args!("Noted for {}: {}.", paint::day_in_words(planned.date), planned.choice))?;
    }
    Ok(Exit::Ok)
}

fn answer(context: &Context, session: &Session, args: AnswerArgs, done: bool) -> anyhow::Result<Exit> {
    let today = choices(session, &args.who)?.today;
    let given = ChoiceAnswer {
        participant: args.who.or_the_only_one(session)?,
        date: args.date.unwrap_or(today),
        done,
        note: args.note,
    };
    let given: ChoiceAnswer = session.post("choices/answer", &given)?;
    if context.global.json {
        print_json(&given)?;
    } else {
        say(format_args!("Noted for {}.", paint::day_in_words(given.date)))?;
    }
    Ok(Exit::Ok)
}

fn list(context: &Context, session: &Session, who: &PersonArgs) -> anyhow::Result<Exit> {
    let reply = choices(session, who)?;
    if context.global.json {
        print_json(&reply)?;
    } else if reply.choices.is_empty() {
        say("No choice is planned. `brisk choice plan --situation TEXT --choice TEXT` plans one for today.")?;
    } else {
        let mut table = paint::table(&["day", "situation", "choice", ""], &[]);
        for choice in &reply.choices {
            let answer = match choice.done {
                Some(true) => "done",
                Some(false) => "not that day",
                None => "open",
            };
            table.add_row([
                choice.date.to_string(),
                choice.situation.clone(),
                choice.choice.clone(),
                answer.to_owned(),
            ]);
        }
        say(table)?;
    }
    Ok(if reply.choices.is_empty() { Exit::Nothing } else { Exit::Ok })
}
