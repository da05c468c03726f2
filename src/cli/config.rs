//! `config check` and `config show`.

use std::io::Write as _;

use clap::Subcommand;

use super::{Context, Exit, paint::say, print_json};
use crate::config;

/// What about the settings.
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Say whether the settings can be used, and name everything that cannot
    Check,
    /// Print the settings in force, with what each one means
    Show,
}

/// `brisk config …`
pub fn config(context: &Context, command: &ConfigCommand) -> anyhow::Result<Exit> {
    let config = match context.config() {
        Ok(config) => config,
        Err(problems) if context.global.json => {
            print_json(&problems)?;
            return Ok(Exit::Usage);
        }
        Err(problems) => return super::wrong_settings(&problems),
    };
    match command {
        ConfigCommand::Check if context.global.json => print_json(&serde_json::json!({ "problems": [] }))?,
        ConfigCommand::Check => say(format_args!(
            "The settings are good: {} people, {} counters.",
            config.person.len(),
            config.counter.len()
        ))?,
        ConfigCommand::Show if context.global.json => print_json(&config)?,
        ConfigCommand::Show => std::io::stdout().write_all(config::show(&config).as_bytes())?,
    }
    Ok(Exit::Ok)
}
