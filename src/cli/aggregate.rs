//! `brisk aggregate`: day totals from files, without a daemon.

use std::{
    fs::{self, File},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

use chrono::{DateTime, Utc};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use super::{Context, Exit};
use crate::{
    batch::{self, BatchOptions, BatchSummary, ColumnMap, OnBadRow, Progress},
    time::{Calendar, Clock as _, SystemClock, Zone},
};

/// What to read, and how.
#[derive(Debug, Args)]
pub struct AggregateArgs {
    /// CSV files of minute steps, plain or .gz; `-` is standard input
    #[arg(required = true, value_name = "INPUT")]
    inputs: Vec<PathBuf>,
    /// File to write; `.gz` packs it, `.jsonl` makes it JSON Lines [default: standard output]
    #[arg(long, short, value_name = "OUT")]
    output: Option<PathBuf>,
    /// The input's column names: participant_id=NAME,timestamp=NAME,steps=NAME
    #[arg(long, value_name = "MAP", default_value = "participant_id=participant_id,timestamp=timestamp,steps=steps")]
    map: ColumnMap,
    /// Turn UTC stamps into this zone's days, such as Europe/Oslo; without it stamps are taken as they stand
    #[arg(long, value_name = "ZONE")]
    tz: Option<Zone>,
    /// Stop at the first row that cannot be read, and write nothing
    #[arg(long)]
    strict: bool,
}

/// `brisk aggregate`
pub fn aggregate(context: &Context, args: AggregateArgs) -> anyhow::Result<Exit> {
    let mut options = BatchOptions::of(args.inputs);
    if let Some(path) = &args.output {
        options = options.for_output(path);
    }
    options.columns = args.map;
    options.calendar = Calendar::midnight(args.tz.unwrap_or(Zone::AS_IT_STANDS));
    if args.strict {
        options.on_bad_row = OnBadRow::Stop;
    }
    let now = SystemClock::new(std::time::Duration::ZERO, DateTime::UNIX_EPOCH).utc();
    options.computed_at = DateTime::<Utc>::from_timestamp(now.timestamp(), 0);

    let bar = bar(context);
    let mut progress = |so_far: Progress| {
        if let Some(all) = so_far.bytes_in_all {
            bar.set_length(all);
        }
        bar.set_position(so_far.bytes);
        bar.set_message(format!("{} rows", so_far.rows));
    };
    let done = match &args.output {
        Some(path) => write_beside(path, |out| batch::run(&options, &mut progress, out)),
        None => batch::run(&options, &mut progress, &mut io::stdout().lock()).map_err(anyhow::Error::from),
    };
    bar.finish_and_clear();
    let summary = done?;
    // On standard output the rows are the result, and the summary is talk.
    if context.global.json && args.output.is_some() {
        super::print_json(&in_json(&summary))?;
    } else if !context.global.quiet {
        tell(&summary)?;
    }
    Ok(if summary.is_clean() { Exit::Ok } else { Exit::Failed })
}

fn bar(context: &Context) -> ProgressBar {
    if !context.talks() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:30} {percent:>3} %  {msg}  {eta} left");
    ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

/// Writes to a file beside the target and renames it into place: the target is the old one or the new
/// one, never half of one.
fn write_beside<T, E>(path: &Path, write: impl FnOnce(&mut dyn Write) -> Result<T, E>) -> anyhow::Result<T>
where
    anyhow::Error: From<E>,
{
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".part");
    let beside = path.with_file_name(name);
    let mut out = BufWriter::new(File::create(&beside)?);
    let written = write(&mut out).map_err(anyhow::Error::from).and_then(|done| {
        out.flush()?;
        out.get_ref().sync_all()?;
        fs::rename(&beside, path)?;
        Ok(done)
    });
    if written.is_err() && beside.exists() {
        fs::remove_file(&beside)?;
    }
    written
}

fn tell(summary: &BatchSummary) -> io::Result<()> {
    let mut err = io::stderr();
    writeln!(err, "{} days of {} participants from {} rows.", summary.days, summary.participants, summary.rows)?;
    for (reason, times) in &summary.rejected.by_reason {
        writeln!(err, "left out, {times} rows: {reason}")?;
    }
    for (place, reason) in &summary.rejected.first {
        writeln!(err, "  {}:{}: {reason}", place.path.display(), place.line)?;
    }
    if summary.conflicts > 0 {
        writeln!(
            err,
            "{} rows gave a minute another value; the first was kept and the day is marked `conflict`:",
            summary.conflicts
        )?;
        for place in &summary.first_conflicts {
            writeln!(err, "  {}:{}", place.path.display(), place.line)?;
        }
    }
    if summary.read_again > 0 {
        writeln!(err, "{} participants' rows were out of order and were read a second time.", summary.read_again)?;
    }
    Ok(())
}

fn in_json(summary: &BatchSummary) -> serde_json::Value {
    let place = |place: &batch::RowPlace| json!({ "file": place.path, "line": place.line });
    let rejected: Vec<_> = summary
        .rejected
        .first
        .iter()
        .map(|(at, reason)| json!({ "file": at.path, "line": at.line, "reason": reason.to_string() }))
        .collect();
    json!({
        "participants": summary.participants,
        "days": summary.days,
        "rows": summary.rows,
        "rows_without_value": summary.rows_without_value,
        "duplicates": summary.duplicates,
        "conflicts": summary.conflicts,
        "first_conflicts": summary.first_conflicts.iter().map(place).collect::<Vec<_>>(),
        "rejected": summary.rejected.total(),
        "first_rejected": rejected,
        "read_again": summary.read_again,
    })
}
