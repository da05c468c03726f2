//! `goal show`, `set`, `history` and what `goal_next` does: the person's own goal, dated and never overwritten.

use chrono::NaiveDate;
use clap::{Args, Subcommand, ValueEnum};

use super::{
    Context, Exit,
    client::Session,
    goal_next,
    paint::{self, say},
    print_json,
    show::PersonArgs,
};
use crate::{
    api::{Asked, GoalsReply},
    goal::{DecidedBy, GoalVersion, Measure, Period, Stage, Weekdays, wording::amount},
    model::ParticipantId,
};

/// What about the goal.
#[derive(Debug, Subcommand)]
pub enum GoalCommand {
    /// The goal that counts today
    Show(PersonArgs),
    /// Set a goal from a day on; earlier days keep the goal they had
    Set(SetArgs),
    /// All goals, with the days on which they counted
    History(PersonArgs),
    /// No judging until a day; everything done still counts
    Pause(goal_next::PauseArgs),
    /// End the pause
    Resume(goal_next::ResumeArgs),
    /// No goal from a day on
    End(goal_next::FromArgs),
    /// What may be chosen for the next week
    Propose(PersonArgs),
    /// Take a proposal
    Accept(goal_next::AnswerArgs),
    /// Leave a proposal
    Decline(goal_next::AnswerArgs),
}

/// A goal, in the person's words and numbers.
#[derive(Debug, Args)]
pub struct SetArgs {
    #[command(flatten)]
    who: PersonArgs,
    /// leisure_brisk_min, brisk_min, bout_min, leisure_min, steps, or diary_min(swim)
    #[arg(long, default_value = "leisure_brisk_min")]
    measure: Measure,
    /// How many minutes or steps
    #[arg(long)]
    amount: u32,
    /// day or week
    #[arg(long, default_value = "day")]
    per: PeriodArg,
    /// Planned days, such as mon,wed,fri [default: every day]
    #[arg(long)]
    days: Option<Weekdays>,
    /// First day, YYYY-MM-DD [default: today]
    #[arg(long, value_name = "DATE")]
    from: Option<NaiveDate>,
    /// Last day [default: until another goal is set]
    #[arg(long, value_name = "DATE")]
    until: Option<NaiveDate>,
    /// The goal as you say it
    #[arg(long, value_name = "TEXT")]
    own_words: Option<String>,
    /// The activity
    #[arg(long, value_name = "TEXT")]
    specific: Option<String>,
    /// When and where it fits
    #[arg(long, value_name = "TEXT")]
    when_where: Option<String>,
    /// Why it matters to you
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// How sure you are that it will work, 0 to 10
    #[arg(long, value_name = "0-10")]
    confidence: Option<u8>,
    /// Day on which to look at it again
    #[arg(long, value_name = "DATE")]
    review_on: Option<NaiveDate>,
    /// The therapist's code, when you decided together
    #[arg(long, value_name = "CODE")]
    with_therapist: Option<String>,
    /// Stage of change, as you or your therapist see it
    #[arg(long)]
    stage: Option<StageArg>,
}

/// `day` or `week`.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum PeriodArg {
    Day,
    Week,
}

/// Stage of change.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum StageArg {
    Precontemplation,
    Contemplation,
    Preparation,
    Action,
    Maintenance,
}

/// `brisk goal …`
pub fn goal(context: &Context, command: GoalCommand) -> anyhow::Result<Exit> {
    super::with_session(context, |session| match command {
        GoalCommand::Show(args) => show(context, session, &args),
        GoalCommand::Set(args) => set(context, session, args),
        GoalCommand::History(args) => history(context, session, &args),
        GoalCommand::Pause(args) => goal_next::pause(context, session, args),
        GoalCommand::Resume(args) => goal_next::resume(context, session, args),
        GoalCommand::End(args) => goal_next::end(context, session, args),
        GoalCommand::Propose(args) => goal_next::propose(context, session, &args),
        GoalCommand::Accept(args) => goal_next::answer(context, session, args, true),
        GoalCommand::Decline(args) => goal_next::answer(context, session, args, false),
    })
}

/// All goals of a person, and today.
pub(super) fn goals(session: &Session, person: Option<&ParticipantId>) -> anyhow::Result<GoalsReply> {
    session.get("goals", &Asked { person: person.cloned(), ..Asked::default() })
}

fn show(context: &Context, session: &Session, args: &PersonArgs) -> anyhow::Result<Exit> {
    let reply = goals(session, args.person.as_ref())?;
    if context.global.json {
        print_json(&reply.in_force)?;
    } else if let Some(goal) = &reply.in_force {
        say(in_words(goal))?;
        for (what, text) in [
            ("In your words", &goal.own_words),
            ("What", &goal.specific),
            ("When and where", &goal.when_where),
            ("Why", &goal.relevant_because),
        ] {
            if let Some(text) = text {
                say(format_args!("  {what}: {text}"))?;
            }
        }
        if let Some(date) = goal.review_on {
            say(format_args!("  To be looked at again on {}.", paint::day_in_words(date)))?;
        }
        if let Some(until) = reply.paused_until {
            say(format_args!("  Paused until the end of {}.", paint::day_in_words(until)))?;
        }
    } else {
        say("No goal is set. `brisk goal set --amount 20` sets twenty brisk minutes a day, from today on.")?;
    }
    Ok(if reply.in_force.is_some() { Exit::Ok } else { Exit::Nothing })
}

fn set(context: &Context, session: &Session, args: SetArgs) -> anyhow::Result<Exit> {
    let reply = goals(session, args.who.person.as_ref())?;
    let participant = args.who.or_the_only_one(session)?;
    let goal = GoalVersion {
        id: reply.next_id,
        participant,
        measure: args.measure,
        amount: args.amount,
        period: match args.per {
            PeriodArg::Day => Period::Day,
            PeriodArg::Week => Period::Week,
        },
        days: args.days.unwrap_or_default(),
        from: args.from.unwrap_or(reply.today),
        until: args.until,
        own_words: args.own_words,
        specific: args.specific,
        when_where: args.when_where,
        relevant_because: args.reason,
        confidence: args.confidence,
        review_on: args.review_on,
        decided_by: if args.with_therapist.is_some() { DecidedBy::WithTherapist } else { DecidedBy::Person },
        therapist: args.with_therapist,
        stage: args.stage.map(|stage| match stage {
            StageArg::Precontemplation => Stage::Precontemplation,
            StageArg::Contemplation => Stage::Contemplation,
            StageArg::Preparation => Stage::Preparation,
            StageArg::Action => Stage::Action,
            StageArg::Maintenance => Stage::Maintenance,
        }),
        proposal: None,
        rule: None,
    };
    let goal: GoalVersion = session.post("goals", &goal)?;
    if context.global.json {
        print_json(&goal)?;
    } else {
        say(format_args!("Noted. {}", in_words(&goal)))?;
    }
    Ok(Exit::Ok)
}

fn history(context: &Context, session: &Session, args: &PersonArgs) -> anyhow::Result<Exit> {
    let reply = goals(session, args.person.as_ref())?;
    if context.global.json {
        print_json(&reply.history)?;
    } else if reply.history.is_empty() {
        say("No goal has been set yet.")?;
    } else {
        let mut table = paint::table(&["id", "from", "until", "goal"], &[]);
        for span in &reply.history {
            table.add_row([
                span.goal.id.clone(),
                span.from.to_string(),
                span.until.map_or_else(|| "in force".to_owned(), |until| until.to_string()),
                in_words(&span.goal),
            ]);
        }
        say(table)?;
    }
    Ok(if reply.history.is_empty() { Exit::Nothing } else { Exit::Ok })
}

/// A goal in a sentence.
pub(super) fn in_words(goal: &GoalVersion) -> String {
    let per = match goal.period {
        Period::Day => "a day",
        Period::Week => "a week",
    };
    let days = if goal.days == Weekdays::ALL { String::new() } else { format!(", {}", goal.days) };
    format!("{} {per}{days}, from {}.", amount(&goal.measure, goal.amount), paint::day_in_words(goal.from))
}
