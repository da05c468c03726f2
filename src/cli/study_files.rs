//! `study files`: study days as the files in which trials exchange them.

use std::{io::Write as _, path::PathBuf};

use anyhow::Context as _;
use chrono::NaiveDate;
use clap::{Args, ValueEnum};
use serde::Serialize;

use super::{
    Context, Exit,
    client::Session,
    print_json,
    study::days,
    study_folder::{Entry, Folder},
};
use crate::{
    api::study_files::{LeftReply, StudyFilesAsked, StudyFilesReply, StudyFormat},
    model::ParticipantId,
};

/// Which days, as what, and where to.
#[derive(Debug, Args)]
pub struct FilesArgs {
    /// File format
    format: FormatArg,
    /// Folder to write into; files are added, all of an export or none, and study_files.json lists them
    #[arg(long, short, value_name = "DIR")]
    output: PathBuf,
    /// Pseudonym of one person; everybody who takes part where it is not given
    #[arg(long, value_name = "ID")]
    person: Option<ParticipantId>,
    /// First day, YYYY-MM-DD [default: the day on which each person joined]
    #[arg(long, value_name = "DATE")]
    from: Option<NaiveDate>,
    /// Last day [default: the last that is over]
    #[arg(long, value_name = "DATE")]
    to: Option<NaiveDate>,
    /// Say what would be written, and write nothing
    #[arg(long)]
    dry_run: bool,
}

/// A format of trials.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum FormatArg {
    /// CDISC ODM-XML 1.3.2; each file names the one before it
    Odm,
    /// CDISC Dataset-JSON 1.1: XA, SUPPXA and DI as NDJSON
    DatasetJson,
    /// IEEE 1752.1 data points, one a line
    Ieee1752,
}

/// What was written, for programs.
#[derive(Serialize)]
struct Summary<'a> {
    is_written: bool,
    folder: &'a PathBuf,
    files: Vec<Entry>,
    rows: u64,
    days: u64,
    participants: u64,
    from: Option<NaiveDate>,
    to: Option<NaiveDate>,
    left: LeftReply,
    notes: Vec<String>,
}

/// `brisk study files …`
pub fn files(context: &Context, session: &Session, args: &FilesArgs) -> anyhow::Result<Exit> {
    let folder = if args.dry_run { Folder::look(&args.output)? } else { Folder::open(&args.output)? };
    let asked = StudyFilesAsked {
        format: match args.format {
            FormatArg::Odm => StudyFormat::Odm,
            FormatArg::DatasetJson => StudyFormat::DatasetJson,
            FormatArg::Ieee1752 => StudyFormat::Ieee1752,
        },
        person: args.person.clone(),
        from: args.from,
        to: args.to,
        earlier: folder.newest(),
        dry_run: args.dry_run,
    };
    let reply: StudyFilesReply = serde_json::from_slice(&session.post_long_work("study/files", &asked)?).context(
        "the daemon answered in a way that this program does not understand; no file was written. \
         Are both of the same version? Restart the daemon after an update",
    )?;
    let notes: Vec<_> = folder.notes.iter().chain(&reply.notes).cloned().collect();
    let is_written = reply.days > 0 && !args.dry_run;
    if is_written {
        folder.put(&reply.files)?;
    }
    if context.global.json {
        print_json(&Summary {
            is_written,
            folder: &args.output,
            // Of a text that was not sent there is no hash.
            files: if is_written { reply.files.iter().map(Entry::of).collect() } else { Vec::new() },
            rows: reply.rows,
            days: reply.days,
            participants: reply.participants,
            from: reply.from,
            to: reply.to,
            left: reply.left,
            notes,
        })?;
    } else if !context.global.quiet {
        tell(args, &reply, &notes)?;
    }
    Ok(if reply.days == 0 { Exit::Nothing } else { Exit::Ok })
}

fn tell(args: &FilesArgs, reply: &StudyFilesReply, notes: &[String]) -> anyhow::Result<()> {
    let mut err = std::io::stderr();
    match reply.from.zip(reply.to) {
        Some((from, to)) if reply.days > 0 => {
            let people = if reply.participants == 1 { "person" } else { "people" };
            writeln!(err, "{} of {} {people}, from {from} to {to}:", days(reply.days), reply.participants)?;
            for file in &reply.files {
                let after = file.prior.as_ref().map_or_else(String::new, |prior| format!(", after {prior}"));
                writeln!(err, "  {} ({} rows{after})", args.output.join(&file.name).display(), file.rows)?;
            }
        }
        _ => writeln!(err, "There is no day to export; nothing was written.")?,
    }
    for (count, why) in [
        (reply.left.open, "under way or just over"),
        (reply.left.before_enrolment, "from before the person joined"),
        (reply.left.out_of_reach, "outside the days that the study can number"),
        (reply.left.after_leaving, "after the person left the study"),
    ] {
        if count > 0 {
            let stay = if count == 1 { "stays" } else { "stay" };
            writeln!(err, "{} {stay} at home: {why}.", days(count))?;
        }
    }
    for note in notes {
        writeln!(err, "{note}.")?;
    }
    if args.dry_run && reply.days > 0 {
        writeln!(err, "Nothing was written.")?;
    }
    Ok(())
}
