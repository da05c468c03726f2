//! What the command line says, as a batch run understands it.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::{Args, ValueEnum};

use crate::{
    batch::{
        self, BatchOptions, ColumnMap, Hash, Kind, OnBadRow, StampClock, Tables,
        device_days::{DeviceDayColumns, DeviceDays},
        find::find_inputs,
        form_of,
        participants::Participants,
        side_file::SetAside,
    },
    config::read_rules,
    time::{Calendar, Zone},
};

/// What to read, and how.
#[derive(Debug, Args)]
pub struct AggregateArgs {
    /// Files, folders, or patterns in quotes: CSV or Parquet, also .gz or .zst; `-` is standard input
    #[arg(required = true, value_name = "INPUT")]
    inputs: Vec<PathBuf>,
    /// Day table to write; .csv, .jsonl or .parquet, and .gz packs it [default: CSV on standard output]
    #[arg(long, short, value_name = "OUT")]
    pub output: Option<PathBuf>,
    /// Week table to write, too
    #[arg(long, value_name = "OUT")]
    pub weeks: Option<PathBuf>,
    /// Weeks run from Monday to Sunday instead of from enrolment or the first day
    #[arg(long)]
    calendar_weeks: bool,
    /// Person table to write, too
    #[arg(long, value_name = "OUT")]
    pub persons: Option<PathBuf>,
    /// Page with pictures to write, too; one HTML file that needs nothing else
    #[arg(long, value_name = "OUT.html")]
    pub report: Option<PathBuf>,
    /// The input's column names: participant_id=NAME,timestamp=NAME,steps=NAME, and heart_rate=NAME where there is
    /// one; participant_id=@file takes the file's name
    #[arg(long, value_name = "MAP", default_value = "participant_id=participant_id,timestamp=timestamp,steps=steps")]
    map: ColumnMap,
    /// What the values are: steps of an epoch, or a running counter's readings
    #[arg(long, value_enum, default_value_t = KindArg::Steps)]
    kind: KindArg,
    /// A running counter begins again at this number, such as 65536 [default: a smaller reading is a restart]
    #[arg(long, value_name = "SIZE")]
    wraps_at: Option<u64>,
    /// Length of the epochs, seconds: 1 to 3600 [default: as most rows are apart]
    #[arg(long, value_name = "SECONDS", value_parser = epoch)]
    epoch: Option<i64>,
    /// Turn stamps into this zone's days, such as Europe/Oslo; without it stamps are taken as they stand
    #[arg(long, value_name = "ZONE")]
    tz: Option<Zone>,
    /// Where a zone is given: stamps without an offset are UTC, or show that zone's wall clock
    #[arg(long, value_enum, default_value_t = StampsArg::Utc)]
    stamps: StampsArg,
    /// Table of participants: enrolment, zones with dates (travel), own thresholds, hours of work and sleep
    #[arg(long, value_name = "FILE")]
    participants: Option<PathBuf>,
    /// Table of whole days' totals as counters or vendors tell them, to be set beside the minutes
    #[arg(long, value_name = "FILE")]
    device_days: Option<PathBuf>,
    /// Column names of that table: participant_id=NAME,date=NAME,steps=NAME
    #[arg(long, value_name = "MAP", requires = "device_days")]
    device_days_map: Option<DeviceDayColumns>,
    /// Table of the days beside those totals to write, too
    #[arg(long, value_name = "OUT", requires = "device_days")]
    pub device_days_out: Option<PathBuf>,
    /// Rules to follow, a TOML file as in config/rules [default: brisk/1]
    #[arg(long, value_name = "FILE")]
    rules: Option<PathBuf>,
    /// Where to list the rows that were set aside [default: beside the day table, when there are some]
    #[arg(long, value_name = "OUT.csv")]
    set_aside: Option<PathBuf>,
    /// Stop at the first row that cannot be read, and write nothing
    #[arg(long)]
    strict: bool,
    /// Say what is understood of the inputs, and do nothing
    #[arg(long)]
    pub dry_run: bool,
    /// How input files are identified in what is written
    #[arg(long, value_enum, default_value_t = HashArg::Blake3)]
    hash: HashArg,
    /// Threads [default: as many as there are processors]
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum KindArg {
    Steps,
    Counter,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum StampsArg {
    Utc,
    Local,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum HashArg {
    Blake3,
    Sha256,
    None,
}

fn epoch(text: &str) -> Result<i64, String> {
    let seconds: i64 = text.parse().map_err(|_| format!("{text:?} is not a number of seconds"))?;
    let fits = (1..=3600).contains(&seconds) && (seconds >= 60 || 60 % seconds == 0);
    if fits { Ok(seconds) } else { Err("epochs are parts of a minute (1, 5, 15, 30 s …) or 60 to 3600 s".to_owned()) }
}

/// A command line that was understood.
pub(super) struct Asked {
    pub options: BatchOptions,
    /// Files in the folders that are of no kind that is read.
    pub passed_over: Vec<PathBuf>,
    /// Rows of the tables beside the minutes that were not used.
    pub set_aside: Vec<SetAside>,
}

impl AggregateArgs {
    /// Reads everything but the minutes.
    pub(super) fn read(&self) -> anyhow::Result<Asked> {
        let found = find_inputs(&self.inputs)?;
        let mut options = BatchOptions::of(found.inputs);
        let mut set_aside = Vec::new();
        options.columns = self.map.clone();
        options.kind = match self.kind {
            KindArg::Steps => Kind::Steps,
            KindArg::Counter => Kind::Counter,
        };
        (options.epoch_s, options.wraps_at) = (self.epoch, self.wraps_at);
        if let Some(path) = &self.rules {
            options.rules = read_rules(path)?;
            options.brisk_threshold = options.rules.brisk_spm;
        }
        if let Some(path) = &self.participants {
            let (participants, aside) = Participants::read(path)?;
            set_aside.extend(aside);
            options.participants = Some(participants);
        }
        if let Some(path) = &self.device_days {
            let columns = self.device_days_map.clone().unwrap_or_default();
            let (days, aside) = DeviceDays::read(path, &columns)?;
            set_aside.extend(aside);
            options.device_days = Some(days);
        }
        let zones = options.participants.as_ref().is_some_and(Participants::name_zones);
        options.calendar = Calendar::midnight(self.tz.unwrap_or(Zone::AS_IT_STANDS));
        options.stamps = match (self.tz.is_some() || zones, self.stamps) {
            (true, StampsArg::Utc) => StampClock::Utc,
            (true, StampsArg::Local) => StampClock::Local,
            (false, StampsArg::Utc) => StampClock::AsTheyStand,
            (false, StampsArg::Local) => {
                anyhow::bail!("--stamps local needs a zone: give one by --tz, or in the table of participants")
            }
        };
        if zones && self.tz.is_none() {
            // Those without a zone of their own.
            options.calendar = Calendar::midnight("UTC".parse().context("the zone UTC")?);
        }
        if let Some(path) = &self.output {
            options.format = form_of(path).0;
        }
        options.tables = Tables {
            weeks: self.weeks.as_ref().map(|path| form_of(path).0),
            persons: self.persons.as_ref().map(|path| form_of(path).0),
            calendar_weeks: self.calendar_weeks,
            report: self.report.is_some(),
        };
        if self.strict {
            options.on_bad_row = OnBadRow::Stop;
        }
        options.hash = match self.hash {
            HashArg::Blake3 => Hash::Blake3,
            HashArg::Sha256 => Hash::Sha256,
            HashArg::None => Hash::None,
        };
        options.threads = self.threads.unwrap_or_else(batch::threads);
        Ok(Asked { options, passed_over: found.passed_over, set_aside })
    }

    /// Whether a list of rows that were set aside is asked for, even one without any.
    pub(super) fn asks_for_set_aside(&self) -> bool {
        self.set_aside.is_some()
    }

    /// Where rows that were set aside are listed; none where nothing is written to files.
    pub(super) fn set_aside_path(&self) -> Option<PathBuf> {
        self.set_aside.clone().or_else(|| self.output.as_ref().map(|path| super::with_end(path, ".set-aside.csv")))
    }
}
