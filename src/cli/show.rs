//! `status`, `today`, `week`, `device list`: reading only.

use std::fmt::Write as _;

use chrono::NaiveDate;
use clap::Args;

use super::{
    Context, Exit,
    client::Session,
    paint::{self, say},
    print_json,
};
use crate::{
    api::{Asked, CounterReply, StatusReply, TodayReply, WeekReply, person::PersonReply},
    config::Display,
    goal::{Period, wording::number},
    model::{GoalState, ParticipantId},
    supervisor::Doing,
    words::Phrase,
};

/// Whose numbers.
#[derive(Debug, Args)]
pub struct PersonArgs {
    /// Pseudonym of the person; not needed when there is only one
    #[arg(long, value_name = "ID")]
    pub person: Option<ParticipantId>,
}

impl PersonArgs {
    /// The person that was named, or the only one there is.
    pub fn or_the_only_one(&self, session: &Session) -> anyhow::Result<ParticipantId> {
        if let Some(person) = &self.person {
            return Ok(person.clone());
        }
        let status: StatusReply = session.get("status", &Asked::default())?;
        match <[ParticipantId; 1]>::try_from(status.people) {
            Ok([only]) => Ok(only),
            Err(_) => Err(anyhow::anyhow!("several people are in the settings; `--person ID` says who is meant")),
        }
    }
}

/// Which week.
#[derive(Debug, Args)]
pub struct WeekArgs {
    #[command(flatten)]
    who: PersonArgs,
    /// Any day of the week, YYYY-MM-DD [default: today]
    #[arg(long, value_name = "DATE")]
    from: Option<NaiveDate>,
}

/// `brisk status`
pub fn status(context: &Context) -> anyhow::Result<Exit> {
    super::with_session(context, |session| {
        let reply: StatusReply = session.get("status", &Asked::default())?;
        if context.global.json {
            print_json(&reply)?;
            return Ok(Exit::Ok);
        }
        if session.is_with_daemon() {
            say(format_args!("{} is running, process {}.", reply.software, reply.process_id))?;
        } else {
            say(format_args!("{}: the daemon is not running (`brisk run` starts it).", reply.software))?;
        }
        if !reply.clock_synchronised {
            say("This computer's clock has not been set yet: readings are kept, and no day is shown until it is.")?;
        }
        let kib = |bytes: u64| bytes.div_ceil(1024);
        say(format_args!(
            "Data: {} (journal {} KiB, index {} KiB).",
            reply.data_dir.display(),
            kib(reply.journal_bytes),
            kib(reply.index_bytes)
        ))?;
        for note in &reply.notes {
            say(format_args!("Note: {note}"))?;
        }
        say("")?;
        counters(&reply.counters)?;
        for counter in &reply.counters {
            for line in concerns(counter) {
                say(line)?;
            }
        }
        Ok(Exit::Ok)
    })
}

/// The counters as a table.
pub fn counters(counters: &[CounterReply]) -> anyhow::Result<()> {
    if counters.is_empty() {
        say("No counter is configured. `brisk config show` prints settings to start from; `brisk demo` needs none.")?;
        return Ok(());
    }
    let mut table = paint::table(&["counter", "name", "worn by", "last heard (UTC)", "battery", "now"], &[4]);
    for counter in counters {
        table.add_row([
            counter.id.clone().unwrap_or_default(),
            counter.label.clone().unwrap_or_default(),
            counter.person.as_ref().map_or_else(|| "nobody".to_owned(), |person| person.as_str().to_owned()),
            counter.last_arrival.map_or_else(|| "never".to_owned(), |at| at.format("%Y-%m-%d %H:%M").to_string()),
            counter.battery_percent.map_or_else(|| "–".to_owned(), |percent| format!("{percent} %")),
            doing(counter),
        ]);
    }
    say(table)?;
    Ok(())
}

fn doing(counter: &CounterReply) -> String {
    let Some(status) = &counter.doing else {
        return "no daemon".to_owned();
    };
    match status.doing {
        Doing::Starting => "starting".to_owned(),
        Doing::Looking => "looking for it".to_owned(),
        Doing::Syncing => match status.remaining_epochs {
            Some(left) => format!("bringing in minutes, {left} to go"),
            None => "bringing in minutes".to_owned(),
        },
        Doing::Waiting => match status.next_attempt {
            Some(at) => format!("waiting until {} UTC", at.format("%H:%M")),
            None => "waiting".to_owned(),
        },
    }
}

/// What somebody may have to know or do, one sentence each.
fn concerns(counter: &CounterReply) -> Vec<String> {
    let name = counter.label.clone().or_else(|| counter.id.clone()).unwrap_or_default();
    let mut lines = counter.notices.clone();
    if let Some(trouble) = counter.doing.as_ref().and_then(|doing| doing.trouble.as_ref()) {
        lines.push(format!("{name}: {trouble}"));
    }
    if counter.put_aside > 0 {
        let mut line = format!(
            "{name}: {} unreadable pieces were put aside with their bytes; they are not in any total.",
            counter.put_aside
        );
        if let Some(held) = counter.held_at {
            write!(line, " The counter still keeps everything from number {held} on.").ok();
        }
        line.push_str(" `brisk data verify` lists them.");
        lines.push(line);
    }
    if counter.undated_epochs > 0 {
        lines.push(format!(
            "{name}: {} minutes are stored but cannot be dated yet; they are shown as soon as the counter's clock is known.",
            counter.undated_epochs
        ));
    }
    if counter.lost_epochs > 0 {
        lines.push(format!(
            "{name}: {} minutes are not kept here: they were overwritten before they could be fetched, or erased; those days are partly measured. Fetched more often, fewer are overwritten.",
            counter.lost_epochs
        ));
    }
    if counter.conflicts > 0 {
        lines.push(format!(
            "{name}: {} minutes came twice with different values; the first is used, both are kept.",
            counter.conflicts
        ));
    }
    lines
}

/// What a person is told in place of numbers that their study keeps to itself; none where all may be shown. What is
/// asked for as JSON, and what is exported, is whole: programs of the study need it.
pub fn kept_back(session: &Session, person: Option<&ParticipantId>) -> anyhow::Result<Option<String>> {
    let reply: PersonReply = session.get("person", &Asked { person: person.cloned(), ..Asked::default() })?;
    Ok((reply.display != Display::Full).then(|| Phrase::new("kept-back").english()))
}

/// `brisk today`
pub fn today(context: &Context, args: &PersonArgs) -> anyhow::Result<Exit> {
    super::with_session(context, |session| {
        let asked = Asked { person: args.person.clone(), ..Asked::default() };
        let reply: TodayReply = session.get("today", &asked)?;
        if context.global.json {
            print_json(&reply)?;
        } else {
            say(kept_back(session, args.person.as_ref())?.unwrap_or_else(|| today_text(&reply)))?;
        }
        Ok(if reply.row.is_some() { Exit::Ok } else { Exit::Nothing })
    })
}

/// Today as a few lines of text.
pub fn today_text(reply: &TodayReply) -> String {
    let mut text = format!("Today, {}\n{}\n", paint::day_in_words(reply.date), reply.sentence);
    if let (Some(done), Some(target)) = (reply.done, reply.target) {
        text.push_str(&paint::bar(done, target));
        text.push('\n');
    }
    if let Some(row) = &reply.row {
        let steps = row.total_steps.map_or_else(|| "steps not known".to_owned(), |n| format!("{} steps", number(n)));
        writeln!(text, "{steps}, {}.", paint::data_in_words(row.data_state)).ok();
    }
    if let Some(at) = reply.last_heard {
        let day = if at.date() == reply.date { String::new() } else { format!("{}, ", paint::day_in_words(at.date())) };
        write!(text, "Last heard from your counter: {day}{}.", at.format("%H:%M")).ok();
    }
    text
}

/// `brisk week`
pub fn week(context: &Context, args: &WeekArgs) -> anyhow::Result<Exit> {
    super::with_session(context, |session| {
        let asked = Asked { person: args.who.person.clone(), from: args.from, to: None, language: None };
        let reply: WeekReply = session.get("week", &asked)?;
        if context.global.json {
            print_json(&reply)?;
        } else {
            say(kept_back(session, args.who.person.as_ref())?.unwrap_or_else(|| week_text(&reply)))?;
        }
        Ok(if reply.days.is_empty() { Exit::Nothing } else { Exit::Ok })
    })
}

/// A week as a table and a sentence.
pub fn week_text(reply: &WeekReply) -> String {
    let week = &reply.progress;
    let mut text = format!("Week from {} to {}\n\n", paint::day_in_words(week.from), paint::day_in_words(week.to));
    if reply.days.is_empty() {
        text.push_str("Nothing has arrived for this week.");
        return text;
    }
    writeln!(text, "{}\n", paint::days(&reply.days)).ok();
    match (week.state, week.done_lower, week.target) {
        (GoalState::NoGoal, ..) => text.push_str("No plan this week. `brisk goal set` makes one."),
        (GoalState::Paused, ..) => text.push_str("The plan is paused. Everything you do still counts."),
        (_, Some(done), Some(target)) if week.period == Some(Period::Week) => {
            write!(text, "{} of {} so far, for the week.", number(done), number(target)).ok();
        }
        (_, done, _) => {
            write!(text, "Plan met on {} of {} planned days", week.days_met, week.days_planned).ok();
            match done {
                Some(done) => write!(text, "; {} in the week so far.", number(done)).ok(),
                None => write!(text, ".").ok(),
            };
        }
    }
    text
}
