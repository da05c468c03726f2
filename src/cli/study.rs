//! `study …`: the trial databases of the settings, what they have, and what would be sent.

use std::time::Duration;

use anyhow::anyhow;
use clap::{Args, Subcommand};

use super::{
    Context, Exit,
    client::Session,
    paint::{say, table},
    print_json,
    study_files::{FilesArgs, files},
    study_setup::{MigrateArgs, SqlArgs, TemplateArgs, migrate, sql, template},
};
use crate::api::{
    Asked,
    targets::{CheckReply, RetryReply, StepReply, TargetReply, TargetsReply},
};

/// What to do with the trial databases.
#[derive(Debug, Subcommand)]
pub enum StudyCommand {
    /// Where every day is: stored there, to be sent, refused, or left at home
    Status,
    /// Ask a database whether days could be sent: rights, version, every field. Sends nothing
    Check(TargetArgs),
    /// Send what is due now, instead of waiting for the daemon
    Send(SendArgs),
    /// Send what a database refused once more
    Retry(TargetArgs),
    /// Write study days as the files in which trials exchange them
    Files(FilesArgs),
    /// Write what a study's data manager sets the database up with
    Template(TemplateArgs),
    /// PostgreSQL: print what sets a database up, to be read and run by its manager
    Sql(SqlArgs),
    /// PostgreSQL: bring the database to the version that this program needs
    Migrate(MigrateArgs),
}

/// Which database.
#[derive(Debug, Args)]
pub struct TargetArgs {
    /// Its name in the settings; may be left out when there is one
    name: Option<String>,
}

/// What to send.
#[derive(Debug, Args)]
pub struct SendArgs {
    #[command(flatten)]
    target: TargetArgs,
    /// Say what would be sent, and send nothing
    #[arg(long)]
    dry_run: bool,
}

/// Longer than this the command does not wait for a database that is in trouble: the daemon goes on.
const PATIENCE: Duration = Duration::from_secs(60);

/// `brisk study …`
pub fn study(context: &Context, command: &StudyCommand) -> anyhow::Result<Exit> {
    match command {
        StudyCommand::Status => super::with_session(context, |session| status(context, session)),
        StudyCommand::Check(args) => super::with_session(context, |session| check(context, session, args)),
        StudyCommand::Send(args) => super::with_session(context, |session| {
            if args.dry_run { dry_run(context, session, &args.target) } else { send(context, session, &args.target) }
        }),
        StudyCommand::Retry(args) => super::with_session(context, |session| retry(context, session, args)),
        StudyCommand::Files(args) => super::with_session(context, |session| files(context, session, args)),
        StudyCommand::Template(args) => template(context, args),
        StudyCommand::Sql(args) => sql(args),
        StudyCommand::Migrate(args) => migrate(context, args),
    }
}

fn retry(context: &Context, session: &Session, args: &TargetArgs) -> anyhow::Result<Exit> {
    let name = one(session, args)?.name;
    let reply: RetryReply = session.post(&format!("targets/{}/retry", name.as_str()), &())?;
    if context.global.json {
        print_json(&reply)?;
    } else {
        say(format!("{} that were refused are sent once more.", days(reply.days)))?;
    }
    Ok(if reply.days == 0 { Exit::Nothing } else { Exit::Ok })
}

fn status(context: &Context, session: &Session) -> anyhow::Result<Exit> {
    let reply: TargetsReply = session.get("targets", &Asked::default())?;
    if context.global.json {
        print_json(&reply)?;
    } else if reply.targets.is_empty() {
        say("No trial database is in the settings: nothing leaves this house.")?;
        return Ok(Exit::Nothing);
    } else {
        let mut lines = table(&["database", "kind", "stored", "to send", "refused", "at home", "state"], &[2, 3, 4, 5]);
        for target in &reply.targets {
            lines.add_row([
                target.name.as_str().to_owned(),
                kind(target),
                target.stored.to_string(),
                target.due.to_string(),
                target.parked.len().to_string(),
                (target.left_open
                    + target.left_before_enrolment
                    + target.left_out_of_reach
                    + target.left_after_leaving)
                    .to_string(),
                state(target).to_owned(),
            ]);
        }
        say(lines)?;
        if let Some(line) = &reply.trouble {
            say(line)?;
        }
        for target in &reply.targets {
            for line in explained(target) {
                say(format!("{}: {line}", target.name.as_str()))?;
            }
        }
    }
    let is_well = reply.trouble.is_none() && reply.targets.iter().all(|target| target.trouble.is_none());
    Ok(if is_well { Exit::Ok } else { Exit::Failed })
}

fn kind(target: &TargetReply) -> String {
    serde_json::to_value(target.kind).ok().and_then(|kind| kind.as_str().map(str::to_owned)).unwrap_or_default()
}

fn state(target: &TargetReply) -> &'static str {
    match target {
        TargetReply { is_stopped: true, .. } => "stopped: needs you",
        TargetReply { trouble: Some(_), .. } => "waiting",
        TargetReply { is_ready: true, .. } => "ready",
        TargetReply { .. } => "not asked yet",
    }
}

/// What there is to say of a database beside the numbers.
fn explained(target: &TargetReply) -> Vec<String> {
    let mut lines: Vec<String> = target.trouble.iter().chain(&target.notes).cloned().collect();
    for parked in target.parked.iter().take(10) {
        lines.push(format!(
            "{} of {} was refused: {}. It is kept here; `brisk study retry {}` sends it once more",
            parked.date,
            parked.participant,
            parked.why.trim_end_matches('.'),
            target.name.as_str(),
        ));
    }
    if target.parked.len() > 10 {
        lines.push(format!("… and {} more days were refused (--json lists all)", target.parked.len() - 10));
    }
    if target.strangers > 0 {
        lines.push(format!(
            "{} are there that this home does not know of: does another home send under the same pseudonym?",
            days(target.strangers)
        ));
    }
    if target.repaired > 0 {
        lines.push(format!("{} were missing or old there, and are sent again", days(target.repaired)));
    }
    if target.to_be_told > 0 {
        lines.push(format!("it is still to be told of {} who left", target.to_be_told));
    }
    for (count, why) in [
        (target.left_open, "under way or just over"),
        (target.left_before_enrolment, "from before the person joined"),
        (target.left_out_of_reach, "outside the days that the study can number"),
        (target.left_after_leaving, "after the person left the study"),
    ] {
        if count > 0 {
            let stay = if count == 1 { "stays" } else { "stay" };
            lines.push(format!("{} {stay} at home: {why}", days(count)));
        }
    }
    lines
}

fn check(context: &Context, session: &Session, args: &TargetArgs) -> anyhow::Result<Exit> {
    let target = one(session, args)?;
    let reply: CheckReply = session.post(&format!("targets/{}/check", target.name.as_str()), &())?;
    if context.global.json {
        print_json(&reply)?;
    } else {
        for note in &reply.notes {
            say(note)?;
        }
        if reply.is_ready {
            say(format!("{} is ready: days can be sent.", target.name.as_str()))?;
        }
    }
    Ok(if reply.is_ready { Exit::Ok } else { Exit::Failed })
}

fn dry_run(context: &Context, session: &Session, args: &TargetArgs) -> anyhow::Result<Exit> {
    let target = one(session, args)?;
    if context.global.json {
        print_json(&target)?;
    } else {
        let span = target.due_from.zip(target.due_to);
        let span = span.map_or_else(String::new, |(from, to)| format!(", from {from} to {to}"));
        say(format!("{} would be sent to {}{span}. Nothing was sent.", days(target.due), target.url))?;
        for line in explained(&target) {
            say(line)?;
        }
    }
    Ok(if target.due == 0 { Exit::Nothing } else { Exit::Ok })
}

fn send(context: &Context, session: &Session, args: &TargetArgs) -> anyhow::Result<Exit> {
    let before = one(session, args)?;
    let path = format!("targets/{}/step", before.name.as_str());
    let bar = if context.talks() {
        indicatif::ProgressBar::new(before.due).with_message("days sent")
    } else {
        indicatif::ProgressBar::hidden()
    };
    let mut waited = Duration::ZERO;
    let last = loop {
        let step: StepReply = session.post(&path, &())?;
        if step.is_done || step.is_stopped {
            break step;
        }
        let (wait, due) = (Duration::from_millis(step.wait_ms), step.due);
        waited = if step.trouble.is_some() { waited + wait } else { Duration::ZERO };
        if waited > PATIENCE {
            break step;
        }
        session.pause(wait);
        bar.set_position(before.due.saturating_sub(u64::try_from(due).unwrap_or(u64::MAX)));
    };
    bar.finish_and_clear();
    let after = one(session, args)?;
    if context.global.json {
        print_json(&after)?;
    } else {
        let sent = before.due.saturating_sub(after.due);
        say(format!("{} sent; {} stored there in all, {} to be sent.", days(sent), after.stored, after.due))?;
        for line in explained(&after) {
            say(line)?;
        }
    }
    let is_well = last.trouble.is_none() && after.parked.is_empty();
    Ok(match (is_well, before.due) {
        (true, 0) => Exit::Nothing,
        (true, _) => Exit::Ok,
        (false, _) => Exit::Failed,
    })
}

/// The database of this name, or the only one there is.
fn one(session: &Session, args: &TargetArgs) -> anyhow::Result<TargetReply> {
    let reply: TargetsReply = session.get("targets", &Asked::default())?;
    if let Some(trouble) = reply.trouble {
        return Err(anyhow!(trouble));
    }
    let names: Vec<_> = reply.targets.iter().map(|target| target.name.as_str().to_owned()).collect();
    let found = match &args.name {
        Some(name) => reply.targets.into_iter().find(|target| target.name.as_str() == name),
        None if names.len() == 1 => reply.targets.into_iter().next(),
        None => None,
    };
    found.ok_or_else(|| match names.as_slice() {
        [] => anyhow!("the settings name no trial database; nothing was sent. docs/studies.md shows how to add one"),
        names => anyhow!("say which trial database: {}; nothing was sent", names.join(", ")),
    })
}

/// So many days, as people say it.
pub(super) fn days(count: u64) -> String {
    if count == 1 { "1 day".to_owned() } else { format!("{count} days") }
}
