//! `brisk aggregate`: day, week and person totals from files, without a daemon.

mod about;
mod options;
mod talk;

use std::{
    fs::{self, File},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
    time::Duration,
};

use chrono::{DateTime, Utc};
use indicatif::{ProgressBar, ProgressStyle};

pub use self::options::AggregateArgs;
use super::{Context, Exit};
use crate::{
    batch::{Batch, BatchOptions, Packing, Progress, form_of},
    export::{Table, codebook},
    time::{Clock as _, SystemClock},
};

/// `brisk aggregate`
pub fn aggregate(context: &Context, args: &AggregateArgs) -> anyhow::Result<Exit> {
    let mut asked = args.read()?;
    let now = SystemClock::new(Duration::ZERO, DateTime::UNIX_EPOCH).utc();
    asked.options.computed_at = DateTime::<Utc>::from_timestamp(now.timestamp(), 0);
    if args.dry_run {
        return talk::dry_run(context, &asked);
    }
    let bar = bar(context);
    let mut tell = |so_far: Progress| {
        bar.set_length(so_far.bytes_in_all.max(1));
        bar.set_position(so_far.bytes);
        let seconds = bar.elapsed().as_secs_f64().max(0.001);
        bar.set_message(talk::pace(so_far.rows, seconds));
    };
    let done = Batch::run(&asked.options, &mut tell);
    bar.finish_and_clear();
    let mut batch = done?;
    write(args, &asked.options, &mut batch)?;
    talk::tell(context, args, &asked, &batch.summary)?;
    let clean = batch.summary.is_clean() && asked.set_aside.is_empty();
    if let Some(path) = args.set_aside_path() {
        if !batch.summary.is_clean() || args.asks_for_set_aside() {
            write_beside(&path, |out| batch.write_set_aside(out))?;
        } else if path.exists() {
            // The list of an earlier run beside this one's table would say what is not so.
            fs::remove_file(&path)?;
        }
    }
    Ok(if clean { Exit::Ok } else { Exit::Failed })
}

fn write(args: &AggregateArgs, options: &BatchOptions, batch: &mut Batch) -> anyhow::Result<()> {
    let about = about::About::of(options, &batch.summary);
    let metadata = about.metadata();
    match &args.output {
        Some(path) => {
            let (_, packing) = form_of(path);
            write_beside(path, |out| batch.write(Table::Days, packing, &metadata, out))?;
        }
        None => batch.write(Table::Days, Packing::Plain, &metadata, &mut io::stdout().lock())?,
    }
    for (table, path) in [(Table::Weeks, &args.weeks), (Table::Persons, &args.persons)] {
        let Some(path) = path else { continue };
        let (_, packing) = form_of(path);
        write_beside(path, |out| batch.write(table, packing, &metadata, out))?;
    }
    if let (Some(path), Some(table)) = (&args.device_days_out, batch.reconciled()) {
        write_beside(path, |out| out.write_all(&table))?;
    }
    if let Some(path) = &args.report {
        let page = batch.about(options, about.title(), about.notes());
        write_beside(path, |out| batch.write_report(&page, out))?;
    }
    for (table, path) in [(Table::Days, &args.output), (Table::Weeks, &args.weeks), (Table::Persons, &args.persons)] {
        let Some(path) = path else { continue };
        let beside = with_end(path, ".codebook.csv");
        write_beside(&beside, |out| out.write_all(codebook::csv(table).as_bytes()))?;
        let name = beside.file_name().unwrap_or_default().to_string_lossy();
        let text = serde_json::to_vec_pretty(&about.in_json(table, &name))?;
        write_beside(&with_end(path, ".about.json"), |out| out.write_all(&text))?;
    }
    Ok(())
}

/// A file's path with more at its end.
fn with_end(path: &Path, end: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(end);
    path.with_file_name(name)
}

fn bar(context: &Context) -> ProgressBar {
    if !context.talks() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:24} {percent:>3} %  {msg}, {eta} left");
    ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

/// Writes to a file beside the target and renames it into place: the target is the old one or the new
/// one, never half of one.
fn write_beside<E>(path: &Path, write: impl FnOnce(&mut dyn Write) -> Result<(), E>) -> anyhow::Result<()>
where
    anyhow::Error: From<E>,
{
    let named = |error: io::Error| anyhow::Error::new(error).context(format!("write {}", path.display()));
    let beside = with_end(path, ".part");
    let mut out = BufWriter::new(File::create(&beside).map_err(named)?);
    let written = write(&mut out).map_err(anyhow::Error::from).and_then(|()| {
        out.flush()?;
        out.get_ref().sync_all()?;
        fs::rename(&beside, path).map_err(named)
    });
    if written.is_err() && beside.exists() {
        fs::remove_file(&beside)?;
    }
    written
}
