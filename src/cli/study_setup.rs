//! `study template` and `study migrate`: what a study's data manager sets a database up with.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, anyhow};
use clap::{Args, ValueEnum};

use super::{Context, Exit, paint::say, print_json, wrong_settings};
use crate::{
    config::read_secret,
    export::{
        fhir::code_system,
        postgres::{Postgres, PostgresSettings, script},
        redcap::{data_dictionary, project_xml},
    },
};

/// What a data manager needs.
#[derive(Debug, Args)]
pub struct TemplateArgs {
    /// For which kind of database
    kind: TemplateKind,
    /// Folder to write into
    #[arg(long, short, value_name = "DIR")]
    output: PathBuf,
}

/// A kind of database.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum TemplateKind {
    /// Data dictionary and project XML
    Redcap,
    /// Code system of the local codes
    Fhir,
}

/// Who migrates which database.
#[derive(Debug, Args)]
pub struct MigrateArgs {
    /// Address of the database with a role that may make schemas and roles, such as postgres://admin@host/study
    url: String,
    /// File with its password that only its owner can read
    #[arg(long, value_name = "FILE")]
    secret: Option<PathBuf>,
    /// Certificate of the authority that vouches for the server (PEM)
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
}

/// Which statements are printed.
#[derive(Debug, Args)]
pub struct SqlArgs {
    /// The newest migration that the database has already
    #[arg(long, value_name = "N", default_value_t = 0)]
    after: u32,
}

/// `brisk study template …`
pub fn template(context: &Context, args: &TemplateArgs) -> anyhow::Result<Exit> {
    let config = match context.config() {
        Ok(config) => config,
        Err(problems) => return wrong_settings(&problems),
    };
    let mut files: Vec<(String, String)> = Vec::new();
    match args.kind {
        TemplateKind::Redcap => {
            files.push(("redcap_data_dictionary.csv".to_owned(), data_dictionary()));
            if let (Some(study), Some(epoch)) = (&config.study.id, config.study.epoch) {
                files.push(("redcap_project.xml".to_owned(), project_xml(study, epoch)));
            } else {
                say("The project XML needs `[study] id` and `epoch` in the settings; the data dictionary does not.")?;
            }
        }
        TemplateKind::Fhir => {
            let system = config.target.iter().find_map(|target| target.system.as_deref());
            let system = system.unwrap_or("https://study.example.org/fhir");
            files.push(("CodeSystem-brisk.json".to_owned(), format!("{:#}\n", code_system(system))));
        }
    }
    let output = &args.output;
    fs::create_dir_all(output).with_context(|| format!("cannot make the folder {}", output.display()))?;
    let mut written: Vec<PathBuf> = Vec::new();
    for (name, text) in files {
        let path = output.join(name);
        put(&path, &text).with_context(|| format!("cannot write {}; what stood there still stands", path.display()))?;
        written.push(path);
    }
    if context.global.json {
        print_json(&written)?;
    } else {
        for path in &written {
            say(path.display())?;
        }
    }
    Ok(Exit::Ok)
}

/// Beside its place first, so that nobody meets half a file.
fn put(path: &Path, text: &str) -> std::io::Result<()> {
    let mut beside = tempfile::NamedTempFile::new_in(path.parent().unwrap_or(Path::new(".")))?;
    std::io::Write::write_all(&mut beside, text.as_bytes())?;
    beside.as_file().sync_all()?;
    beside.persist(path).map(drop).map_err(|error| error.error)
}

/// `brisk study sql …`
pub fn sql(args: &SqlArgs) -> anyhow::Result<Exit> {
    say(script(args.after).trim_end())?;
    Ok(Exit::Ok)
}

/// `brisk study migrate …`
pub fn migrate(context: &Context, args: &MigrateArgs) -> anyhow::Result<Exit> {
    if args
        .url
        .split_once('@')
        .is_some_and(|(before, _)| before.split_once("://").is_some_and(|(_, user)| user.contains(':')))
    {
        return Err(anyhow!(
            "a password in an address is seen by everybody on this computer; nothing was applied. Put it into a file \
             that only you can read, and name that file with --secret"
        ));
    }
    let password = args.secret.as_deref().map(read_secret).transpose()?.map(|secret| secret.reveal().to_owned());
    let ca_pem = args.ca.as_deref().map(fs::read).transpose().context("the certificate cannot be read")?;
    let settings = PostgresSettings { url: args.url.clone(), password, ca_pem, days_at_once: 1 };
    let applied = Postgres::new(settings).and_then(|mut database| database.apply_migrations())?;
    if context.global.json {
        print_json(&applied)?;
    } else if applied.is_empty() {
        say("The database has every migration already.")?;
    } else {
        for number in &applied {
            say(format!("Migration {number} was applied."))?;
        }
    }
    Ok(if applied.is_empty() { Exit::Nothing } else { Exit::Ok })
}
