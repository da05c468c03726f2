//! `person takeout`, `person erase`, `person withdraw`, `person receipt`: a person's say over what is kept of them.

use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};
use axum::http::StatusCode;
use clap::{Args, Subcommand};

use super::{
    Context, Exit,
    client::{Refused, Session, Unanswered},
    paint::say,
    print_json,
    show::PersonArgs,
};
use crate::{
    api::{
        Asked, StatusReply,
        privacy::{EraseRequest, ErasedReply, ReceiptReply, TakeoutRequest},
        withdraw::{WithdrawRequest, WithdrawnReply},
    },
    model::ParticipantId,
    privacy::receipt::Receipt,
};

/// What about a person.
#[derive(Debug, Subcommand)]
pub enum OwnDataCommand {
    /// Everything that is kept of a person, as open files
    Takeout(TakeoutArgs),
    /// Erase everything that is kept of a person; there is no way back
    Erase(EraseArgs),
    /// Leave the study: nothing of later days leaves the house; what is kept here stays
    Withdraw(WithdrawArgs),
    /// Receipts of erasures
    #[command(subcommand)]
    Receipt(ReceiptCommand),
}

/// Whose, and where to.
#[derive(Debug, Args)]
pub struct TakeoutArgs {
    #[command(flatten)]
    who: PersonArgs,
    /// Folder to make; it must not be there yet [default: brisk-ID]
    #[arg(long, short, value_name = "DIR")]
    output: Option<PathBuf>,
}

/// Who, twice.
#[derive(Debug, Args)]
pub struct EraseArgs {
    /// Id of the person
    person: ParticipantId,
    /// The same id once more
    #[arg(long, value_name = "ID")]
    confirm: String,
    /// Tell the trial's databases to take out what they have of this person, too; without it those days stay there
    #[arg(long)]
    also_at_study: bool,
    /// Where to write the receipt; it is kept nowhere else [default: standard output]
    #[arg(long, value_name = "FILE")]
    receipt: Option<PathBuf>,
}

/// Who leaves.
#[derive(Debug, Args)]
pub struct WithdrawArgs {
    /// Id of the person
    person: ParticipantId,
    /// Days until today that were not sent yet stay here too
    #[arg(long)]
    drop_unsent: bool,
}

/// What about a receipt.
#[derive(Debug, Subcommand)]
pub enum ReceiptCommand {
    /// Whether the stored data bear a receipt out
    Check {
        /// The receipt
        file: PathBuf,
    },
}

/// `brisk person takeout`, `erase`, `withdraw` and `receipt`
pub fn own_data(context: &Context, session: &Session, command: OwnDataCommand) -> anyhow::Result<Exit> {
    match command {
        OwnDataCommand::Takeout(args) => takeout(context, session, args),
        OwnDataCommand::Erase(args) => erase(context, session, args),
        OwnDataCommand::Withdraw(args) => withdraw(context, session, args),
        OwnDataCommand::Receipt(ReceiptCommand::Check { file }) => check(context, session, &file),
    }
}

fn takeout(context: &Context, session: &Session, args: TakeoutArgs) -> anyhow::Result<Exit> {
    let person = if let Some(person) = args.who.person {
        person
    } else {
        let status: StatusReply = session.get("status", &Asked::default())?;
        let [only] = status.people.as_slice() else { bail!("say whose data with --person; nothing was written") };
        only.clone()
    };
    let folder = args.output.unwrap_or_else(|| PathBuf::from(format!("brisk-{}", person.as_str())));
    if folder.exists() {
        bail!("{} is there already; nothing was written. Name another folder with --output", folder.display());
    }
    let waiting = super::spinner(context, "putting everything together");
    let request = TakeoutRequest { person: Some(person), language: crate::words::Language::default() };
    let zip = session.post_long_work("person/takeout", &request)?;
    waiting.set_message("writing the files");
    let files =
        unpack(zip, &folder).with_context(|| format!("cannot write {}; nothing is left there", folder.display()))?;
    waiting.finish_and_clear();
    if context.global.json {
        print_json(&files)?;
    } else if !context.global.quiet {
        say(format_args!("{} files in {}. README.txt explains them.", files.len(), folder.display()))?;
    }
    Ok(Exit::Ok)
}

/// Writes the files beside the folder's place and renames the whole.
fn unpack(zip: Vec<u8>, folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut zip = zip::ZipArchive::new(io::Cursor::new(zip))?;
    let parent = folder.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(parent)?;
    let beside = tempfile::Builder::new().prefix(".brisk-takeout-").tempdir_in(parent)?;
    let mut files = Vec::new();
    for at in 0..zip.len() {
        let mut entry = zip.by_index(at)?;
        let name = entry.enclosed_name().context("a file without a plain name")?;
        let mut file = File::create_new(beside.path().join(&name))?;
        io::copy(&mut entry, &mut file)?;
        file.sync_all()?;
        files.push(folder.join(name));
    }
    fs::rename(beside.path(), folder)?;
    // It has another name now: there is nothing to be removed under the old one.
    drop(beside.keep());
    File::open(parent)?.sync_all()?;
    Ok(files)
}

fn erase(context: &Context, session: &Session, args: EraseArgs) -> anyhow::Result<Exit> {
    // Before anything is erased: without a receipt nobody could show that it was.
    let file = match &args.receipt {
        Some(path) => Some(File::create_new(path).with_context(|| {
            format!("the receipt cannot be written to {}; nothing was erased. Name another file", path.display())
        })?),
        None => None,
    };
    let waiting = super::spinner(context, "writing the journal anew");
    let id = args.person.clone();
    let request = EraseRequest { person: args.person, confirm: args.confirm, also_at_study: args.also_at_study };
    let answer = match session.post_long_work("person/erase", &request) {
        Ok(answer) => answer,
        Err(error) => {
            waiting.finish_and_clear();
            if let Some(path) = &args.receipt
                && let Err(left) = fs::remove_file(path)
            {
                tracing::warn!(error = %left, "the file for the receipt stays, and is empty");
            }
            if error.downcast_ref::<Refused>().is_some_and(|refused| refused.status == StatusCode::CONFLICT) {
                writeln!(io::stderr(), "{error}")?;
                return Ok(Exit::Nothing);
            }
            return Err(if error.is::<Unanswered>() { not_known(error, &id, args.receipt.as_deref()) } else { error });
        }
    };
    let reply: ErasedReply = match serde_json::from_slice(&answer) {
        Ok(reply) => reply,
        Err(error) => {
            waiting.finish_and_clear();
            let written = file.map(|mut file| file.write_all(&answer).and_then(|()| file.sync_all()));
            let place = if let (Some(path), Some(Ok(()))) = (&args.receipt, written) {
                format!("in {}", path.display())
            } else {
                // On the screen when the file cannot be written after all: there is no second one.
                io::stdout().write_all(&answer)?;
                "on standard output".to_owned()
            };
            return Err(anyhow::Error::from(error).context(format!(
                "{} was erased, by a daemon of another version. Its whole answer is {place}; keep it, for the receipt is in it",
                id.as_str()
            )));
        }
    };
    waiting.finish_and_clear();
    let written = file.map(|mut file| {
        serde_json::to_writer_pretty(&mut file, &reply.receipt)?;
        writeln!(file)?;
        file.sync_all()
    });
    match (&args.receipt, written) {
        (Some(path), Some(Ok(()))) if !context.global.json => {
            say(format_args!(
                "Erased: {} records. The receipt is in {}.",
                reply.receipt.tombstone.records,
                path.display()
            ))?;
        }
        // On the screen when the file cannot be written after all: there is no second one.
        _ if context.global.json => print_json(&reply)?,
        _ => print_json(&reply.receipt)?,
    }
    if !context.global.quiet {
        let mut err = io::stderr();
        for note in &reply.notes {
            writeln!(err, "{note}")?;
        }
    }
    Ok(Exit::Ok)
}

fn withdraw(context: &Context, session: &Session, args: WithdrawArgs) -> anyhow::Result<Exit> {
    let request = WithdrawRequest { person: args.person, drop_unsent: args.drop_unsent };
    let reply: WithdrawnReply = session.post("person/withdraw", &request)?;
    if context.global.json {
        print_json(&reply)?;
    } else {
        for sentence in &reply.sentences {
            say(sentence)?;
        }
    }
    Ok(Exit::Ok)
}

fn not_known(error: anyhow::Error, id: &ParticipantId, receipt: Option<&Path>) -> anyhow::Error {
    let unwritten = receipt.map_or_else(String::new, |path| format!(", and {} was not written", path.display()));
    error.context(format!(
        "it is not known whether {} was erased{unwritten}. Ask again when the daemon answers: it says so when nothing of them \
         is kept any more, and there is no receipt then",
        id.as_str()
    ))
}

fn check(context: &Context, session: &Session, file: &Path) -> anyhow::Result<Exit> {
    let text = fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    let receipt: Receipt = serde_json::from_slice(&text)
        .with_context(|| format!("{} is no receipt of an erasure, or was changed", file.display()))?;
    let reply: ReceiptReply = session.post("person/receipt", &receipt)?;
    if context.global.json {
        print_json(&reply)?;
    } else {
        say(&reply.sentence)?;
    }
    Ok(if reply.sound { Exit::Ok } else { Exit::Failed })
}

#[cfg(test)]
mod tests {
    use zip::{ZipWriter, write::SimpleFileOptions};

    use super::*;

    #[test]
    fn nothing_is_left_beside_a_folder_that_came_into_being_meanwhile() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("mine");
        fs::create_dir_all(folder.join("somebody's")).unwrap();
        let mut zip = ZipWriter::new(io::Cursor::new(Vec::new()));
        zip.start_file("README.txt", SimpleFileOptions::default()).unwrap();
        let zip = zip.finish().unwrap().into_inner();

        unpack(zip, &folder).unwrap_err();

        let names: Vec<_> = fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names, ["mine"]);
    }
}
