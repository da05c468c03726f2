//! `data verify` and `data rebuild`.

use clap::Subcommand;

use super::{Context, Exit, client::Session, paint::say, print_json};
use crate::api::DataReply;

/// What to do with the stored data.
#[derive(Debug, Subcommand)]
pub enum DataCommand {
    /// Read everything, check every checksum, and compare the index with the journal
    Verify,
    /// Make the index anew from the journal, which is the truth
    Rebuild,
}

/// `brisk data …`
pub fn data(context: &Context, command: &DataCommand) -> anyhow::Result<Exit> {
    let path = match command {
        DataCommand::Verify => "data/verify",
        DataCommand::Rebuild => "data/rebuild",
    };
    super::with_session(context, |session: &Session| {
        let waiting = super::spinner(context, "reading the journal");
        let reply: DataReply = session.post(path, &())?;
        waiting.finish_and_clear();
        if context.global.json {
            print_json(&reply)?;
        } else {
            for line in reply.looked_at.iter().chain(&reply.problems) {
                say(line)?;
            }
            if reply.sound {
                say("Everything is sound.")?;
            }
        }
        Ok(if reply.sound { Exit::Ok } else { Exit::Failed })
    })
}
