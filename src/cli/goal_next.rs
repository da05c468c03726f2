//! `goal pause`, `resume`, `end`, and what may be chosen for the next week: `goal propose`, `accept`, `decline`.

use std::str::FromStr;

use chrono::{Days, NaiveDate};
use clap::Args;

use super::{
    Context, Exit,
    client::Session,
    goal::{goals, in_words},
    paint::{self, say},
    print_json,
    show::{PersonArgs, kept_back},
};
use crate::api::{
    Asked, GoalsReply,
    goals::{FromRequest, PauseRequest},
    review::{AnswerRequest, ProposalReply, ProposalsReply},
};

/// A pause.
#[derive(Debug, Args)]
pub struct PauseArgs {
    #[command(flatten)]
    who: PersonArgs,
    /// Last day, YYYY-MM-DD, or a number of days, today among them
    #[arg(long, value_name = "DATE|DAYS")]
    until: Until,
    /// Why, in your words
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

/// A day, or so many days from today on.
#[derive(Clone, Copy, Debug)]
enum Until {
    Date(NaiveDate),
    Days(u16),
}

impl FromStr for Until {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let days = text.parse().ok().filter(|days| *days > 0).map(Self::Days);
        days.or_else(|| text.parse().ok().map(Self::Date))
            .ok_or_else(|| "write a day such as 2026-05-14, or a number of days such as 7".to_owned())
    }
}

/// From when.
#[derive(Debug, Args)]
pub struct FromArgs {
    #[command(flatten)]
    who: PersonArgs,
    /// First day, YYYY-MM-DD [default: today]
    #[arg(long, value_name = "DATE")]
    from: Option<NaiveDate>,
    /// Why, in your words
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

/// From when a pause is over.
#[derive(Debug, Args)]
pub struct ResumeArgs {
    #[command(flatten)]
    who: PersonArgs,
    /// First day, YYYY-MM-DD [default: today]
    #[arg(long, value_name = "DATE")]
    from: Option<NaiveDate>,
}

/// Which proposal.
#[derive(Debug, Args)]
pub struct AnswerArgs {
    #[command(flatten)]
    who: PersonArgs,
    /// Its name, as `brisk goal propose` shows it: 2026-W21-less
    #[arg(value_name = "PROPOSAL")]
    proposal: String,
    /// First day, YYYY-MM-DD [default: the next Monday; today when it is one]
    #[arg(long, value_name = "DATE")]
    from: Option<NaiveDate>,
}

/// `brisk goal pause`
pub fn pause(context: &Context, session: &Session, args: PauseArgs) -> anyhow::Result<Exit> {
    let until = match args.until {
        Until::Date(date) => date,
        Until::Days(days) => {
            goals(session, args.who.person.as_ref())?.today + Days::new(u64::from(days.saturating_sub(1)))
        }
    };
    let asked = PauseRequest { person: args.who.person, until, reason: args.reason };
    let reply: GoalsReply = session.post("goals/pause", &asked)?;
    let until = reply.paused_until.unwrap_or(until);
    let text = format!("Paused until the end of {}. Everything you do still counts.", paint::day_in_words(until));
    told(context, &reply, text)
}

/// `brisk goal resume`
pub fn resume(context: &Context, session: &Session, args: ResumeArgs) -> anyhow::Result<Exit> {
    let asked = FromRequest { person: args.who.person, from: args.from, reason: None };
    let reply: GoalsReply = session.post("goals/resume", &asked)?;
    let from = args.from.unwrap_or(reply.today);
    told(context, &reply, format!("No pause from {} on.", paint::day_in_words(from)))
}

/// `brisk goal end`
pub fn end(context: &Context, session: &Session, args: FromArgs) -> anyhow::Result<Exit> {
    let asked = FromRequest { person: args.who.person, from: args.from, reason: args.reason };
    let reply: GoalsReply = session.post("goals/end", &asked)?;
    let from = args.from.unwrap_or(reply.today);
    let text = format!("No goal from {} on. Earlier days keep the goal they had.", paint::day_in_words(from));
    told(context, &reply, text)
}

/// `brisk goal propose`
pub fn propose(context: &Context, session: &Session, args: &PersonArgs) -> anyhow::Result<Exit> {
    let reply: ProposalsReply =
        session.get("goals/proposals", &Asked { person: args.person.clone(), ..Asked::default() })?;
    if context.global.json {
        print_json(&reply)?;
    } else if let Some(sentence) = kept_back(session, args.person.as_ref())? {
        say(sentence)?;
    } else if reply.proposals.is_empty() {
        say("There is nothing to choose for the next week. `brisk goal set` changes the goal at any time.")?;
    } else {
        for proposal in &reply.proposals {
            say(proposal_text(proposal))?;
        }
        say("`brisk goal accept NAME` takes one, `brisk goal decline NAME` leaves it.")?;
    }
    Ok(if reply.proposals.is_empty() { Exit::Nothing } else { Exit::Ok })
}

/// `brisk goal accept` and `brisk goal decline`
pub fn answer(context: &Context, session: &Session, args: AnswerArgs, accepted: bool) -> anyhow::Result<Exit> {
    let AnswerArgs { who, proposal, from } = args;
    let asked = AnswerRequest { person: who.person, proposal, accepted, from, once: None };
    let reply: GoalsReply = session.post("goals/proposals/answer", &asked)?;
    let next = reply.history.last().filter(|span| span.until.is_none());
    let text = match next {
        Some(span) if accepted => format!("Noted. {}", in_words(&span.goal)),
        _ => "Noted. The plan stays as it is.".to_owned(),
    };
    told(context, &reply, text)
}

/// A proposal as a few lines of text.
pub fn proposal_text(proposal: &ProposalReply) -> String {
    let mut text = format!("{}  {}\n  {}", proposal.id, in_words(&proposal.goal), proposal.reason);
    for line in &proposal.evidence {
        text.push_str("\n    ");
        text.push_str(line);
    }
    text
}

fn told(context: &Context, reply: &GoalsReply, text: String) -> anyhow::Result<Exit> {
    if context.global.json {
        print_json(reply)?;
    } else {
        say(text)?;
    }
    Ok(Exit::Ok)
}
