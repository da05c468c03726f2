//! `export days`: the day table to files, with its description beside it.

use std::{io::Write as _, path::PathBuf};

use chrono::{DateTime, NaiveDate};
use clap::{Args, Subcommand, ValueEnum};

use super::{Context, Exit, print_json, show::PersonArgs};
use crate::{
    api::{Asked, StatusReply},
    export::{Format, write_days},
};

/// What to write.
#[derive(Debug, Subcommand)]
pub enum ExportCommand {
    /// The day table: one row for each person and day, with codebook and data package
    Days(DaysArgs),
}

/// Which days, and where to.
#[derive(Debug, Args)]
pub struct DaysArgs {
    #[command(flatten)]
    who: PersonArgs,
    /// File format
    #[arg(long, default_value = "csv")]
    format: FormatArg,
    /// Folder to write into; files in it are replaced whole or not at all
    #[arg(long, short, value_name = "DIR")]
    output: PathBuf,
    /// First day, YYYY-MM-DD [default: the record's first]
    #[arg(long, value_name = "DATE")]
    from: Option<NaiveDate>,
    /// Last day [default: today]
    #[arg(long, value_name = "DATE")]
    to: Option<NaiveDate>,
}

/// A file format.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum FormatArg {
    /// Comma-separated, a header row, empty = unknown
    Csv,
    /// JSON Lines, null = unknown
    Jsonl,
    /// Apache Parquet, typed columns, null = unknown
    Parquet,
}

/// `brisk export …`
pub fn export(context: &Context, command: &ExportCommand) -> anyhow::Result<Exit> {
    let ExportCommand::Days(args) = command;
    super::with_session(context, |session| {
        let asked = Asked { person: args.who.person.clone(), from: args.from, to: args.to, language: None };
        let rows = session.days(&asked)?;
        if rows.is_empty() {
            writeln!(std::io::stderr(), "There is no day to export yet; nothing was written.")?;
            return Ok(Exit::Nothing);
        }
        let status: StatusReply = session.get("status", &Asked::default())?;
        let format = match args.format {
            FormatArg::Csv => Format::Csv,
            FormatArg::Jsonl => Format::JsonLines,
            FormatArg::Parquet => Format::Parquet,
        };
        let span = (rows[0].local_date, rows[rows.len() - 1].local_date);
        let created = DateTime::from_timestamp(status.now.timestamp(), 0).unwrap_or(status.now);
        let summary = write_days(&args.output, rows, format, created)?;
        if context.global.json {
            print_json(&summary)?;
        } else if !context.global.quiet {
            let mut err = std::io::stderr();
            writeln!(err, "{} days, from {} to {}:", summary.rows, span.0, span.1)?;
            for file in &summary.files {
                writeln!(err, "  {}", file.display())?;
            }
        }
        Ok(Exit::Ok)
    })
}
