//! The command line: a client of the API. Results go to standard output, talk to standard error.

#![expect(clippy::doc_markdown, reason = "the doc comments of arguments are what `--help` prints")]

mod aggregate;
mod check_in;
mod choice;
mod client;
mod config;
mod data;
mod demo;
mod device;
mod device_air;
mod device_capture;
mod device_test;
mod diary;
mod doctor;
mod export;
mod goal;
mod goal_next;
mod own_data;
mod paint;
mod person;
mod review;
mod show;
mod study;
mod study_files;
mod study_folder;
mod study_setup;
mod web;
mod window;

use std::{
    io::{IsTerminal as _, Write as _},
    path::PathBuf,
};

use clap::{Args, CommandFactory as _, Parser, Subcommand};

use crate::config::{Config, ConfigErrors, Paths};

/// How a command ended; the number is the process's exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Done.
    Ok = 0,
    /// Something failed; standard error says what.
    Failed = 1,
    /// The command line or the settings are wrong.
    Usage = 2,
    /// There was nothing to do.
    Nothing = 3,
    /// The daemon that holds the data does not answer.
    Unreachable = 4,
    /// Not allowed.
    NotAllowed = 5,
}

/// Companion for Bluetooth step counters: honest daily totals beside your own goal.
#[derive(Debug, Parser)]
#[command(name = "brisk", version, propagate_version = true)]
#[command(
    after_help = "Exit codes: 0 done, 1 failed, 2 wrong usage or settings, 3 nothing to do, 4 daemon not reachable, 5 not allowed.\nTry `brisk demo` first: it needs no counter and no Bluetooth."
)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// Options of every command, before or after it.
#[derive(Debug, Clone, Args)]
struct Global {
    /// Folder of the data [default: $XDG_DATA_HOME/brisk]
    #[arg(long, global = true, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Settings file [default: brisk.toml in the folder of --data, $XDG_CONFIG_HOME/brisk, /etc/brisk]
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Answer in JSON, for programs
    #[arg(long, global = true)]
    json: bool,
    /// Say nothing but results and errors
    #[arg(long, short, global = true)]
    quiet: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the daemon: look after the configured counters until told to stop
    Run,
    /// Try everything with a simulated counter, without Bluetooth
    Demo(demo::DemoArgs),
    /// How the daemon, the clock and the counters are
    Status,
    /// What is wrong, and what to do about it
    Doctor,
    /// Today, beside the plan
    Today(show::PersonArgs),
    /// A week, day by day
    Week(show::WeekArgs),
    /// Counters
    #[command(subcommand)]
    Device(device::DeviceCommand),
    /// The person's own goal
    #[command(subcommand)]
    Goal(goal::GoalCommand),
    /// What no step counter sees: swimming, cycling, the garden
    #[command(subcommand)]
    Diary(diary::DiaryCommand),
    /// Hours of work and sleep
    #[command(subcommand)]
    Window(window::WindowCommand),
    /// A person: name, language and zone; take their data along, erase them
    #[command(subcommand)]
    Person(person::PersonCommand),
    /// One small choice a day
    #[command(subcommand)]
    Choice(choice::ChoiceCommand),
    /// Which questions are asked from time to time
    #[command(subcommand)]
    CheckIn(check_in::CheckInCommand),
    /// A week looked back on: what went well, one question, and the next week
    Review(review::ReviewArgs),
    /// Ways to plan and look back, such as a study's
    #[command(subcommand)]
    Programme(review::ProgrammeCommand),
    /// Tables of days, weeks and persons from files of steps, without a daemon
    Aggregate(Box<aggregate::AggregateArgs>),
    /// Write data to files, with their description
    #[command(subcommand)]
    Export(export::ExportCommand),
    /// The study's databases: what they have, what is due, what was refused
    #[command(subcommand)]
    Study(study::StudyCommand),
    /// Check the stored data, or rebuild what can be rebuilt
    #[command(subcommand)]
    Data(data::DataCommand),
    /// The pages: their address, codes for browsers, other computers
    #[command(subcommand)]
    Web(web::WebCommand),
    /// Look at the settings
    #[command(subcommand)]
    Config(config::ConfigCommand),
    /// Completions for a shell
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
}

/// What every command is given.
struct Context {
    global: Global,
    paths: Paths,
}

impl Context {
    /// The settings: the file that was named, else the one in the data folder that was named, else the
    /// first that there is, else the defaults.
    fn config(&self) -> Result<Config, ConfigErrors> {
        let beside = self.global.data.as_ref().map(|dir| dir.join("brisk.toml")).filter(|file| file.exists());
        let file = self.global.config.as_deref().or(beside.as_deref()).or_else(|| self.paths.config_file());
        file.map_or_else(|| Ok(Config::default()), Config::load)
    }

    /// Where data and socket lie: as the option says, else the settings, else the system.
    fn places(&self, config: &Config) -> Paths {
        match self.global.data.as_ref().or(config.storage.data.as_ref()) {
            Some(dir) => self.paths.clone().with_data(dir),
            None => self.paths.clone(),
        }
    }

    /// Whether a person is looking at standard error.
    fn talks(&self) -> bool {
        !self.global.quiet && std::io::stderr().is_terminal()
    }
}

/// Parses the arguments, does what they say, and says how it ended.
///
/// # Errors
/// What went wrong, as a chain to be printed once.
pub fn main() -> anyhow::Result<Exit> {
    let cli = Cli::parse();
    let context = Context { global: cli.global, paths: Paths::from_env(|name| std::env::var_os(name)) };
    match cli.command {
        Command::Run => run_daemon(&context),
        Command::Demo(args) => demo::demo(&context, &args),
        Command::Status => show::status(&context),
        Command::Today(args) => show::today(&context, &args),
        Command::Week(args) => show::week(&context, &args),
        Command::Device(command) => device::device(&context, command),
        Command::Doctor => doctor::doctor(&context),
        Command::Goal(command) => goal::goal(&context, command),
        Command::Diary(command) => diary::diary(&context, command),
        Command::Window(command) => window::window(&context, command),
        Command::Person(command) => person::person(&context, command),
        Command::Choice(command) => choice::choice(&context, command),
        Command::CheckIn(command) => check_in::check_in(&context, command),
        Command::Review(args) => review::review(&context, &args),
        Command::Programme(command) => review::programme(&context, command),
        Command::Aggregate(args) => aggregate::aggregate(&context, &args),
        Command::Export(command) => export::export(&context, &command),
        Command::Study(command) => study::study(&context, &command),
        Command::Data(command) => data::data(&context, &command),
        Command::Web(command) => web::web(&context, command),
        Command::Config(command) => config::config(&context, &command),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "brisk", &mut script);
            std::io::stdout().write_all(&script)?;
            Ok(Exit::Ok)
        }
    }
}

fn run_daemon(context: &Context) -> anyhow::Result<Exit> {
    let config = match context.config() {
        Ok(config) => config,
        Err(problems) => return wrong_settings(&problems),
    };
    let places = context.places(&config);
    crate::daemon::run(config, &places.data, &places.socket)?;
    Ok(Exit::Ok)
}

fn wrong_settings(problems: &ConfigErrors) -> anyhow::Result<Exit> {
    writeln!(std::io::stderr(), "{problems}")?;
    Ok(Exit::Usage)
}

fn wrong_argument(problem: &impl std::fmt::Display) -> anyhow::Result<Exit> {
    writeln!(std::io::stderr(), "brisk: {problem}")?;
    Ok(Exit::Usage)
}

/// Runs a command that asks the API.
fn with_session(
    context: &Context,
    command: impl FnOnce(&client::Session) -> anyhow::Result<Exit>,
) -> anyhow::Result<Exit> {
    let config = match context.config() {
        Ok(config) => config,
        Err(problems) => return wrong_settings(&problems),
    };
    let own_place = context.global.data.is_some() || config.storage.data.is_some();
    let system = (!own_place).then(Paths::system_socket);
    let data = context.places(&config).data;
    let done = client::Session::open(&config, &data, system).and_then(|session| command(&session));
    match done {
        Err(error) if error.is::<client::Unreachable>() => {
            writeln!(std::io::stderr(), "brisk: {error}")?;
            Ok(Exit::Unreachable)
        }
        Err(error) if error.is::<client::Unanswered>() => {
            writeln!(std::io::stderr(), "brisk: {error:#}")?;
            Ok(Exit::Unreachable)
        }
        Err(error) if is_not_allowed(&error) => {
            writeln!(std::io::stderr(), "brisk: {error:#}")?;
            Ok(Exit::NotAllowed)
        }
        done => done,
    }
}

fn is_not_allowed(error: &anyhow::Error) -> bool {
    let denied = |error: &std::io::Error| error.kind() == std::io::ErrorKind::PermissionDenied;
    error.chain().any(|cause| cause.downcast_ref().is_some_and(denied))
}

/// A sign of life on standard error while something takes its time; silent when nobody looks.
fn spinner(context: &Context, what: &'static str) -> indicatif::ProgressBar {
    if !context.talks() {
        return indicatif::ProgressBar::hidden();
    }
    let bar = indicatif::ProgressBar::new_spinner().with_message(what);
    bar.enable_steady_tick(std::time::Duration::from_millis(120));
    bar
}

/// Prints a value as JSON on standard output.
fn print_json(value: &impl serde::Serialize) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    serde_json::to_writer_pretty(&mut out, value).map_err(std::io::Error::from)?;
    writeln!(out)?;
    Ok(())
}
