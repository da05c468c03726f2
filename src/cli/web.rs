//! `web …`: the pages' address, codes for browsers, and other computers.

use std::{io::Write as _, time::Duration};

use clap::{Args, Subcommand};

use super::{Context, Exit, client::Session, paint::say, print_json};
use crate::{
    api::{
        Asked,
        devices::DoneReply,
        web::{CodeReply, ExposeRequest, RevokeRequest, WebReply},
    },
    config::parse_length,
    model::ParticipantId,
};

/// What about the pages.
#[derive(Debug, Subcommand)]
pub enum WebCommand {
    /// Their address
    Url,
    /// A code that lets one browser in, once, within ten minutes
    Code,
    /// Browsers that were let in
    Browsers,
    /// Let browsers in no more
    Revoke(RevokeArgs),
    /// Let other computers of this home in for a while, each browser with a code; or no more
    #[command(subcommand)]
    Expose(ExposeCommand),
}

/// Which browsers.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct RevokeArgs {
    /// The one with this id; `brisk web browsers` lists them
    id: Option<String>,
    /// Those that show this person's pages
    #[arg(long, value_name = "PERSON")]
    of: Option<ParticipantId>,
    /// All
    #[arg(long)]
    all: bool,
}

/// Whether other computers are let in.
#[derive(Debug, Subcommand)]
pub enum ExposeCommand {
    /// Let them in
    Lan {
        /// For how long, such as 30m, 2h, 1d
        #[arg(long = "for", value_name = "LENGTH", default_value = "2h", value_parser = parse_length, conflicts_with = "until_off")]
        how_long: Duration,
        /// Until `brisk web expose off`, over restarts too
        #[arg(long)]
        until_off: bool,
    },
    /// Let them in no more, and end what they have under way
    Off,
}

/// `brisk web …`
pub fn web(context: &Context, command: WebCommand) -> anyhow::Result<Exit> {
    super::with_session(context, |session| match command {
        WebCommand::Url => url(context, session),
        WebCommand::Code => code(context, session),
        WebCommand::Browsers => browsers(context, session),
        WebCommand::Revoke(which) => revoke(context, session, which),
        WebCommand::Expose(command) => expose(context, session, &command),
    })
}

fn url(context: &Context, session: &Session) -> anyhow::Result<Exit> {
    let web: WebReply = session.get("web", &Asked::default())?;
    if context.global.json {
        print_json(&web)?;
        return Ok(if web.url.is_some() { Exit::Ok } else { Exit::Nothing });
    }
    let Some(url) = &web.url else {
        writeln!(
            std::io::stderr(),
            "No pages are shown just now: start the daemon (`brisk run`), or look at `[web] listen` in the settings."
        )?;
        return Ok(Exit::Nothing);
    };
    say(url)?;
    web.urls.iter().try_for_each(say)?;
    Ok(Exit::Ok)
}

fn code(context: &Context, session: &Session) -> anyhow::Result<Exit> {
    let reply: CodeReply = session.post("web/code", &())?;
    if context.global.json {
        print_json(&reply)?;
        return Ok(Exit::Ok);
    }
    if !context.global.quiet {
        let web: WebReply = session.get("web", &Asked::default())?;
        let mut err = std::io::stderr();
        writeln!(err, "Open {} on this computer.", reply.url)?;
        if web.exposed {
            let urls: Vec<_> = web.urls.iter().map(|url| format!("{url}enter")).collect();
            writeln!(err, "On another one: {}", urls.join(" or "))?;
        } else {
            writeln!(err, "To use another computer or a phone, run `brisk web expose lan` first.")?;
        }
        writeln!(err, "The code is good for one browser, within {} minutes:", reply.seconds / 60)?;
    }
    say(&reply.code)?;
    Ok(Exit::Ok)
}

fn browsers(context: &Context, session: &Session) -> anyhow::Result<Exit> {
    let web: WebReply = session.get("web", &Asked::default())?;
    if context.global.json {
        print_json(&web.browsers)?;
    } else {
        for browser in &web.browsers {
            say(format_args!(
                "{}  {}  for {}  since {}  last seen {}",
                browser.id,
                browser.name,
                browser.person.as_str(),
                browser.since.date_naive(),
                browser.seen
            ))?;
        }
    }
    if web.browsers.is_empty() {
        if !context.global.quiet {
            writeln!(std::io::stderr(), "No browser was let in yet. `brisk web code` gives a code for one.")?;
        }
        return Ok(Exit::Nothing);
    }
    Ok(Exit::Ok)
}

fn revoke(context: &Context, session: &Session, args: RevokeArgs) -> anyhow::Result<Exit> {
    let which = match (args.id, args.of) {
        (Some(id), _) => RevokeRequest::One(id),
        (None, Some(person)) => RevokeRequest::Of(person),
        (None, None) => RevokeRequest::All,
    };
    let reply: DoneReply = session.post("web/revoke", &which)?;
    if context.global.json {
        print_json(&reply)?;
    } else {
        say(reply.done)?;
    }
    Ok(Exit::Ok)
}

fn expose(context: &Context, session: &Session, command: &ExposeCommand) -> anyhow::Result<Exit> {
    let request = match command {
        ExposeCommand::Off => ExposeRequest::Off,
        ExposeCommand::Lan { until_off: true, .. } => ExposeRequest::Lan { seconds: None },
        ExposeCommand::Lan { how_long, .. } => ExposeRequest::Lan { seconds: Some(how_long.as_secs()) },
    };
    let web: WebReply = session.post("web/expose", &request)?;
    if context.global.json {
        print_json(&web)?;
        return Ok(Exit::Ok);
    }
    if !web.exposed {
        say("Other computers are not let in.")?;
        return Ok(Exit::Ok);
    }
    match web.until {
        Some(until) => say(format_args!("Other computers are let in until {} UTC:", until.format("%Y-%m-%d %H:%M")))?,
        None => say("Other computers are let in until `brisk web expose off`:")?,
    }
    web.urls.iter().try_for_each(say)?;
    if !context.global.quiet {
        writeln!(
            std::io::stderr(),
            "Each browser there needs a code: `brisk web code`. What it shows travels unencrypted within this home's \
             network."
        )?;
    }
    Ok(Exit::Ok)
}
