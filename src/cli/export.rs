//! `export …`: tables to files, each with its description beside it.

mod feed;

use std::{cell::Cell, io::Write as _, path::PathBuf};

use chrono::{DateTime, NaiveDate};
use clap::{Args, Subcommand, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use self::feed::Feed;
use super::{Context, Exit, client::Session, print_json, show::PersonArgs};
use crate::{
    api::{Asked, tables::ExportReply},
    export::{
        ExportSummary, FolderWriter, Format, Layout, LeftOut, Occasion, Rewrite, Shape, Table,
        codebook::Arm,
        manifest::{Chain, Stayed},
    },
};

/// What to write.
#[derive(Debug, Subcommand)]
pub enum ExportCommand {
    /// The day table: one row for each person and day
    Days(ByMonthArgs),
    /// The week table: one row for each person and week
    Weeks(TableArgs),
    /// Every recorded minute of every counter
    Minutes(ByMonthArgs),
    /// Every reading as the counters said it
    Raw(TableArgs),
    /// Goals as they were decided, without the person's own words
    Goals(TableArgs),
    /// The diary: kinds and minutes, without the person's own words
    Diary(TableArgs),
    /// Who changed what, when, from what to what, and why: rows chained by hashes, which show a change
    Audit(AuditArgs),
}

/// Which rows, and where to.
#[derive(Debug, Args)]
pub struct TableArgs {
    #[command(flatten)]
    who: PersonArgs,
    /// File format
    #[arg(long, default_value = "csv")]
    format: FormatArg,
    /// Folder to write into; files in it are replaced whole or not at all
    #[arg(long, short, value_name = "DIR")]
    output: PathBuf,
    /// First day, YYYY-MM-DD, as it stands in the export [default: the record's first]
    #[arg(long, value_name = "DATE")]
    from: Option<NaiveDate>,
    /// Last day [default: the last that was over when a counter was last heard]
    #[arg(long, value_name = "DATE")]
    to: Option<NaiveDate>,
    /// Say what would be written, and write nothing
    #[arg(long)]
    dry_run: bool,
}

/// [`TableArgs`] for tables that may lie in one file a month.
#[derive(Debug, Args)]
pub struct ByMonthArgs {
    #[command(flatten)]
    table: TableArgs,
    /// One file a month, in folders that programs read as one table: study_id=…/month=YYYY-MM/
    #[arg(long, conflicts_with_all = ["person", "from", "to"])]
    by_month: bool,
    /// By month, and only the months that are other than in this folder's manifest; the folder always holds everything
    #[arg(long, conflicts_with_all = ["person", "from", "to"])]
    since_last: bool,
}

/// Whose audit trail, and where to. It leaves whole: a chain has no part.
#[derive(Debug, Args)]
pub struct AuditArgs {
    #[command(flatten)]
    who: PersonArgs,
    /// File format
    #[arg(long, default_value = "csv")]
    format: TextFormatArg,
    /// Folder to write into; files in it are replaced whole or not at all
    #[arg(long, short, value_name = "DIR")]
    output: PathBuf,
    /// Say what would be written, and write nothing
    #[arg(long)]
    dry_run: bool,
}

/// A format of lines.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum TextFormatArg {
    /// Comma-separated, a header row
    Csv,
    /// JSON Lines
    Jsonl,
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

impl From<FormatArg> for Format {
    fn from(format: FormatArg) -> Self {
        match format {
            FormatArg::Csv => Self::Csv,
            FormatArg::Jsonl => Self::JsonLines,
            FormatArg::Parquet => Self::Parquet,
        }
    }
}

/// What would be written.
#[derive(Serialize)]
struct Preview {
    rows: u64,
    first: Option<NaiveDate>,
    last: Option<NaiveDate>,
    left_out: Vec<Stayed>,
    undated_readings: u64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    chains: Vec<Chain>,
}

/// `brisk export …`
pub fn export(context: &Context, command: &ExportCommand) -> anyhow::Result<Exit> {
    let of_audit;
    let (table, args, months) = match command {
        ExportCommand::Audit(args) => {
            of_audit = args.as_table();
            (Table::Audit, &of_audit, None)
        }
        ExportCommand::Days(args) => (Table::Days, &args.table, args.months()),
        ExportCommand::Minutes(args) => (Table::Minutes, &args.table, args.months()),
        ExportCommand::Weeks(args) => (Table::Weeks, args, None),
        ExportCommand::Raw(args) => (Table::Raw, args, None),
        ExportCommand::Goals(args) => (Table::Goals, args, None),
        ExportCommand::Diary(args) => (Table::Diary, args, None),
    };
    super::with_session(context, |session| run(context, session, table, args, months))
}

impl AuditArgs {
    fn as_table(&self) -> TableArgs {
        TableArgs {
            who: PersonArgs { person: self.who.person.clone() },
            format: match self.format {
                TextFormatArg::Csv => FormatArg::Csv,
                TextFormatArg::Jsonl => FormatArg::Jsonl,
            },
            output: self.output.clone(),
            from: None,
            to: None,
            dry_run: self.dry_run,
        }
    }
}

impl ByMonthArgs {
    fn months(&self) -> Option<Rewrite> {
        match (self.since_last, self.by_month) {
            (true, _) => Some(Rewrite::Changed),
            (false, true) => Some(Rewrite::All),
            (false, false) => None,
        }
    }
}

fn run(
    context: &Context,
    session: &Session,
    table: Table,
    args: &TableArgs,
    months: Option<Rewrite>,
) -> anyhow::Result<Exit> {
    let asked = Asked { person: args.who.person.clone(), from: args.from, to: args.to, language: None };
    let about: ExportReply = session.get("export", &asked)?;
    let bar = progress(context, table);
    let feed = Feed {
        session,
        table,
        about: &about,
        asked: &asked,
        by_month: months.is_some(),
        bar: &bar,
        undated: Cell::new(0),
    };
    if args.dry_run {
        return dry_run(context, &feed, &about);
    }
    // Before the first row there is nothing to write, and no folder is made.
    let mut folder: Option<FolderWriter> = None;
    let shape = || Shape {
        table,
        format: args.format.into(),
        arm: if about.arm_kept_back { Arm::KeptBack } else { Arm::Shown },
        layout: months.map_or(Layout::Whole, |rewrite| Layout::ByMonth {
            study: about.study_id.clone(),
            home: about.home.clone(),
            rewrite,
        }),
    };
    let chains = feed.rows(&mut |row| {
        let writer = match &mut folder {
            Some(writer) => writer,
            None => folder.insert(FolderWriter::new(&args.output, shape())?),
        };
        Ok(writer.row(row)?)
    })?;
    bar.finish_and_clear();
    let Some(folder) = folder else {
        return nothing(context, &left_out(table, &about), feed.undated.get(), &chains);
    };
    let summary = folder.finish(Occasion {
        exported_at: DateTime::from_timestamp(about.now.timestamp(), 0).unwrap_or(about.now),
        study_id: about.study_id.as_ref().map(|study| study.as_str().to_owned()),
        left_out: left_out(table, &about),
        undated_readings: feed.undated.get(),
        chains,
        dates_shifted: about.dates_shifted,
    })?;
    if context.global.json {
        print_json(&summary)?;
    } else if !context.global.quiet {
        tell(table, &summary)?;
    }
    Ok(Exit::Ok)
}

fn dry_run(context: &Context, feed: &Feed<'_>, about: &ExportReply) -> anyhow::Result<Exit> {
    let left_out = left_out(feed.table, about);
    let mut preview = Preview { rows: 0, first: None, last: None, left_out, undated_readings: 0, chains: Vec::new() };
    let chains = feed.rows(&mut |row| {
        preview.rows += 1;
        preview.first = preview.first.into_iter().chain(row.date()).min();
        preview.last = preview.last.into_iter().chain(row.date()).max();
        Ok(())
    })?;
    preview.chains = chains;
    preview.undated_readings = feed.undated.get();
    feed.bar.finish_and_clear();
    if context.global.json {
        print_json(&preview)?;
    } else {
        let mut out = std::io::stdout();
        let span = span(preview.first, preview.last);
        writeln!(out, "Would write {} rows of {}{span}. Nothing was written.", preview.rows, feed.table.name())?;
        tell_chains(&mut out, &preview.chains)?;
        tell_left_out(&mut out, &preview.left_out)?;
        tell_undated(&mut out, preview.undated_readings)?;
    }
    Ok(if preview.rows == 0 { Exit::Nothing } else { Exit::Ok })
}

fn nothing(context: &Context, left_out: &[Stayed], undated: u64, chains: &[Chain]) -> anyhow::Result<Exit> {
    if !context.global.quiet {
        let mut err = std::io::stderr();
        writeln!(err, "There is nothing to export yet; nothing was written.")?;
        tell_chains(&mut err, chains)?;
        tell_left_out(&mut err, left_out)?;
        tell_undated(&mut err, undated)?;
    }
    Ok(Exit::Nothing)
}

fn tell(table: Table, summary: &ExportSummary) -> std::io::Result<()> {
    let mut err = std::io::stderr();
    let span = span(summary.first, summary.last);
    writeln!(err, "{} rows of {}{span}:", summary.rows, table.name())?;
    for file in &summary.files {
        writeln!(err, "  {}", file.display())?;
    }
    if summary.unchanged > 0 {
        writeln!(err, "{} files were as they should be and stayed.", summary.unchanged)?;
    }
    tell_chains(&mut err, &summary.chains)?;
    tell_left_out(&mut err, &summary.left_out)?;
    tell_undated(&mut err, summary.undated_readings)
}

fn span(first: Option<NaiveDate>, last: Option<NaiveDate>) -> String {
    first.zip(last).map_or_else(String::new, |(first, last)| format!(", from {first} to {last}"))
}

fn tell_chains(out: &mut dyn std::io::Write, chains: &[Chain]) -> std::io::Result<()> {
    for chain in chains {
        let (who, count) = (chain.participant_id.as_str(), rows(chain.rows));
        writeln!(out, "{who}: {count}, the newest is {}. Keep that hash.", chain.head_hash)?;
        for (count, why) in [
            (chain.kept_back, "would tell the arm"),
            (chain.before_enrolment, "before the day of joining the study, or without one in the settings"),
            (chain.after_leaving, "after the person left the study"),
            (chain.unreadable, "went when somebody else was erased, or another version wrote them"),
        ] {
            if count > 0 {
                writeln!(out, "{who}: left out, {}: {why}.", rows(count))?;
            }
        }
    }
    Ok(())
}

fn rows(count: u64) -> String {
    if count == 1 { "1 row".to_owned() } else { format!("{count} rows") }
}

fn tell_left_out(out: &mut dyn std::io::Write, left_out: &[Stayed]) -> std::io::Result<()> {
    for Stayed { reason, days } in left_out {
        let count = if *days == 1 { "1 day".to_owned() } else { format!("{days} days") };
        writeln!(out, "Left out, {count}: {}.", reason.sentence())?;
    }
    Ok(())
}

fn tell_undated(out: &mut dyn std::io::Write, undated: u64) -> std::io::Result<()> {
    if undated > 0 {
        writeln!(out, "Left out, {}: nothing tells yet whether before the day of joining the study.", rows(undated))?;
    }
    Ok(())
}

/// Of everybody together.
fn left_out(table: Table, about: &ExportReply) -> Vec<Stayed> {
    let mut all: Vec<Stayed> = Vec::new();
    // Which counts rows, with each chain.
    if table == Table::Audit {
        return all;
    }
    let by_day = match table {
        Table::Days | Table::Weeks | Table::Minutes => true,
        Table::Persons | Table::Raw | Table::Goals | Table::Diary | Table::Audit => false,
    };
    let stayed = about.people.iter().flat_map(|person| &person.left_out);
    // What is no count of a day is final once it is said.
    for stayed in stayed.filter(|stayed| by_day || stayed.reason != LeftOut::UnderWay) {
        match all.iter_mut().find(|known| known.reason == stayed.reason) {
            Some(known) => known.days += stayed.days,
            None => all.push(stayed.clone()),
        }
    }
    all
}

fn progress(context: &Context, table: Table) -> ProgressBar {
    if !context.talks() {
        return ProgressBar::hidden();
    }
    // How many readings there are is not known before the last.
    let template =
        if table == Table::Raw { "{spinner} {human_pos} rows" } else { "{bar:24} {percent:>3} %  {msg}, {eta} left" };
    let style = ProgressStyle::with_template(template);
    ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}
