//! Writes a table into a folder: the rows, and beside them what explains them. In one file, or one for each month.

use std::{
    collections::BTreeSet,
    fs,
    io::{self, BufRead as _},
    path::{Component, Path, PathBuf},
};

use chrono::{DateTime, Datelike as _, NaiveDate, Utc};
use sha2::{Digest as _, Sha256};

use super::{
    codebook::{self, Arm},
    datapackage::{self, Resource},
    import_scripts,
    manifest::{Chain, Exported, Listed, MANIFEST, Manifest, Stayed},
    staged::{ExportError, Sealed, Staged, at, hex, placed, sync_dir},
    table::{Format, Row, Table, TableWriter},
};
use crate::model::{DayTotal, ParticipantId, PersonTotal, SOFTWARE, WeekTotal};

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct ExportSummary {
    /// Rows.
    pub rows: u64,
    /// The earliest day of a row.
    pub first: Option<NaiveDate>,
    /// The latest.
    pub last: Option<NaiveDate>,
    /// Files, in the order in which they were put in place.
    pub files: Vec<PathBuf>,
    /// Size of the files of rows.
    pub bytes: u64,
    /// SHA-256 of the file of rows, hexadecimal; none where there are several.
    pub sha256: Option<String>,
    /// Files of rows that were as they should be and so were not touched.
    pub unchanged: u64,
    /// What was left out.
    pub left_out: Vec<Stayed>,
    /// Readings that were left out, since nothing ties them to a day in the study.
    pub undated_readings: u64,
    /// Of an audit trail, each participant's.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub chains: Vec<Chain>,
}

/// What is written.
#[derive(Clone, Debug)]
pub struct Shape {
    /// Which table.
    pub table: Table,
    /// Form of its rows.
    pub format: Format,
    /// Whether columns that tell an arm are there.
    pub arm: Arm,
    /// In how many files.
    pub layout: Layout,
}

/// In how many files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Layout {
    /// One.
    Whole,
    /// One a month: `TABLE/study_id=…/month=YYYY-MM/part-HOME.…`, as programs that know Hive partitions read them.
    ByMonth {
        /// The study; without one the folder of that name is left out.
        study: Option<ParticipantId>,
        /// What this home is called, so that folders of several homes can be laid into one.
        home: String,
        /// Whether months that are as they should be are left untouched.
        rewrite: Rewrite,
    },
}

/// Which months are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rewrite {
    /// All of them.
    All,
    /// Those that are other than by the folder's manifest.
    Changed,
}

/// What only the manifest tells.
#[derive(Clone, Debug, Default)]
pub struct Occasion {
    /// Now.
    pub exported_at: DateTime<Utc>,
    /// The study.
    pub study_id: Option<String>,
    /// What was left out.
    pub left_out: Vec<Stayed>,
    /// Readings that were left out, since nothing ties them to a day in the study.
    pub undated_readings: u64,
    /// Of an audit trail, each participant's.
    pub chains: Vec<Chain>,
    /// All dates are moved.
    pub dates_shifted: bool,
}

/// Writes days into `dir`, which is made when it is not there: `days.csv`, `days.jsonl` or `days.parquet`,
/// `codebook.csv`, for CSV `import.R`, `import.do` and `import.sps`, `datapackage.json`, and `manifest.json`, which alone
/// says when that was.
///
/// Every file is written beside its place, synced and renamed into it, so that a reader meets the old file
/// or the new one and never half of one. The package comes after the rows: until then its hash does not match.
///
/// # Errors
/// When a file cannot be written; what stood there before still does.
pub fn write_days(
    dir: &Path,
    rows: impl IntoIterator<Item = DayTotal>,
    format: Format,
    created: DateTime<Utc>,
) -> Result<ExportSummary, ExportError> {
    write(dir, Table::Days, rows, |day| Row::Day(day), format, created)
}

/// [`write_days`] for weeks: `weeks.csv`, `codebook_weeks.csv` and so on.
///
/// # Errors
/// As [`write_days`].
pub fn write_weeks(
    dir: &Path,
    rows: impl IntoIterator<Item = WeekTotal>,
    format: Format,
    created: DateTime<Utc>,
) -> Result<ExportSummary, ExportError> {
    write(dir, Table::Weeks, rows, |week| Row::Week(week), format, created)
}

/// [`write_days`] for persons: `persons.csv`, `codebook_persons.csv` and so on.
///
/// # Errors
/// As [`write_days`].
pub fn write_persons(
    dir: &Path,
    rows: impl IntoIterator<Item = PersonTotal>,
    format: Format,
    created: DateTime<Utc>,
) -> Result<ExportSummary, ExportError> {
    write(dir, Table::Persons, rows, |person| Row::Person(person), format, created)
}

fn write<T>(
    dir: &Path,
    table: Table,
    rows: impl IntoIterator<Item = T>,
    as_row: impl Fn(&T) -> Row<'_>,
    format: Format,
    created: DateTime<Utc>,
) -> Result<ExportSummary, ExportError> {
    let mut folder = FolderWriter::new(dir, Shape { table, format, arm: Arm::Shown, layout: Layout::Whole })?;
    for row in rows {
        folder.row(as_row(&row))?;
    }
    folder.finish(Occasion { exported_at: created, ..Occasion::default() })
}

/// A table on its way into a folder. Nothing is in its place before [`FolderWriter::finish`].
pub struct FolderWriter {
    dir: PathBuf,
    /// Others wait while this is open; none where folders cannot be opened.
    _lock: Option<fs::File>,
    shape: Shape,
    prior: Option<(Manifest, Vec<u8>)>,
    open: Option<Part>,
    done: Vec<(Option<String>, Sealed)>,
    rules: BTreeSet<String>,
    rows: u64,
    first: Option<NaiveDate>,
    last: Option<NaiveDate>,
}

/// A file of rows under way.
struct Part {
    month: Option<String>,
    beside: PathBuf,
    writer: TableWriter<Staged>,
}

impl FolderWriter {
    /// Begins. The folder is made when it is not there.
    ///
    /// # Errors
    /// When it cannot be made, its manifest cannot be read, or another export writes into it.
    pub fn new(dir: &Path, shape: Shape) -> Result<Self, ExportError> {
        at(dir, fs::create_dir_all(dir))?;
        let lock = lock(dir)?;
        let prior = Manifest::read(dir)?;
        let mut folder = Self {
            dir: dir.to_owned(),
            _lock: lock,
            shape,
            prior,
            open: None,
            done: Vec::new(),
            rules: BTreeSet::new(),
            rows: 0,
            first: None,
            last: None,
        };
        if folder.shape.layout == Layout::Whole {
            folder.begin(None)?;
        }
        Ok(folder)
    }

    /// Adds a row. By month, all rows of a month come before those of the next.
    ///
    /// # Errors
    /// When it cannot be written, is of another table, or of a month that is over.
    pub fn row(&mut self, row: Row<'_>) -> Result<(), ExportError> {
        let date = row.date();
        if let Layout::ByMonth { .. } = self.shape.layout {
            let month = date.map(|date| format!("{:04}-{:02}", date.year(), date.month()));
            if self.open.as_ref().is_none_or(|part| part.month != month) {
                self.begin(month)?;
            }
        }
        if let Some(part) = &mut self.open {
            at(&part.beside, part.writer.row(row))?;
        }
        let rules = match row {
            Row::Day(day) => Some((&day.rules, &day.rules_hash)),
            Row::Week(week) => Some((&week.rules, &week.rules_hash)),
            Row::Person(person) => Some((&person.rules, &person.rules_hash)),
            Row::Minute(_) | Row::Raw(_) | Row::Goal(_) | Row::Diary(_) | Row::Audit(_) => None,
        };
        if let Some((name, hash)) = rules {
            let is = |known: &String| known.split_once(' ') == Some((name.as_str(), hash.as_str()));
            let known = self.rules.iter().any(is);
            if !known {
                self.rules.insert(format!("{name} {hash}"));
            }
        }
        self.rows += 1;
        self.first = self.first.into_iter().chain(date).min();
        self.last = self.last.into_iter().chain(date).max();
        Ok(())
    }

    fn begin(&mut self, month: Option<String>) -> Result<(), ExportError> {
        self.seal()?;
        let Shape { table, format, arm, layout } = &self.shape;
        let name = match layout {
            Layout::Whole => format!("{}.{}", table.name(), format.extension()),
            Layout::ByMonth { study, home, .. } => {
                let study = study.as_ref().map_or_else(String::new, |study| format!("study_id={}/", study.as_str()));
                let month = month.as_deref().unwrap_or("unknown");
                format!("{}/{study}month={month}/part-{home}.{}", table.name(), format.extension())
            }
        };
        let place = self.dir.join(name);
        if month.is_some() && self.done.iter().any(|(done, _)| *done == month) {
            let error = io::Error::new(io::ErrorKind::InvalidInput, "a row came after its month was over");
            return Err(ExportError::Write { path: place, source: error });
        }
        if let Some(parent) = place.parent() {
            at(parent, fs::create_dir_all(parent))?;
        }
        let staged = Staged::new(&place)?;
        let beside = staged.beside.clone();
        let writer = at(&beside, TableWriter::of(*table, *arm, *format, staged, &[]))?;
        self.open = Some(Part { month, beside, writer });
        Ok(())
    }

    fn seal(&mut self) -> Result<(), ExportError> {
        if let Some(part) = self.open.take() {
            let staged = at(&part.beside, part.writer.finish())?;
            self.done.push((part.month, staged.seal()?));
        }
        Ok(())
    }

    /// Puts everything in its place.
    ///
    /// # Errors
    /// When a file cannot be written or renamed.
    pub fn finish(mut self, occasion: Occasion) -> Result<ExportSummary, ExportError> {
        self.seal()?;
        let relative = |path: &Path| -> String {
            let path = path.strip_prefix(&self.dir).unwrap_or(path);
            path.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
        };
        let Shape { table, format, arm, layout } = &self.shape;
        let key = match layout {
            Layout::Whole => format!("{}.{}", table.name(), format.extension()),
            Layout::ByMonth { .. } => format!("{}/**/*.{}", table.name(), format.extension()),
        };
        let before = self.prior.as_ref().and_then(|(manifest, _)| manifest.tables.get(&key));
        let listed = |sealed: &Sealed| Listed {
            path: relative(&sealed.place),
            bytes: sealed.bytes,
            sha256: sealed.sha256.clone(),
        };
        let rows: Vec<Listed> = self.done.iter().map(|(_, sealed)| listed(sealed)).collect();

        let mut sealed: Vec<Sealed> = self.done.drain(..).map(|(_, sealed)| sealed).collect();
        let codebook = codebook::file_name(*table);
        sealed.push(Staged::of(&self.dir.join(codebook), &codebook::csv_of(*table, *arm))?);
        // An audit trail is checked, not analysed; and SPSS takes no column of the name `to`.
        if (*format, layout) == (Format::Csv, &Layout::Whole) && *table != Table::Audit {
            let entries = codebook::shown(*table, *arm);
            for (name, script) in import_scripts::all(*table, &entries) {
                sealed.push(Staged::of(&self.dir.join(name), &script)?);
            }
        }
        let resources: Vec<Resource<'_>> =
            rows.iter().map(|file| Resource { path: &file.path, bytes: file.bytes, sha256: &file.sha256 }).collect();
        let package = format!("{:#}\n", datapackage::of_files(*table, *arm, *format, &resources));
        sealed.push(Staged::of(&self.dir.join(datapackage::file_name(*table, *format)), &package)?);

        let files: Vec<Listed> = sealed.iter().map(listed).collect();
        let is_new = |file: &Listed| before.is_none_or(|before| !before.files.contains(file));
        let exported = Exported {
            exported_at: Some(occasion.exported_at).filter(|_| !occasion.dates_shifted),
            software: SOFTWARE.to_owned(),
            study_id: occasion.study_id,
            rules: std::mem::take(&mut self.rules).into_iter().collect(),
            rows: self.rows,
            first: self.first,
            last: self.last,
            left_out: occasion.left_out.clone(),
            undated_readings: occasion.undated_readings,
            chains: occasion.chains.clone(),
            arm_kept_back: *arm == Arm::KeptBack,
            dates_shifted: occasion.dates_shifted,
            changed: before.map(|_| files.iter().filter(|file| is_new(file)).map(|file| file.path.clone()).collect()),
            prior: self.prior.as_ref().map(|(_, bytes)| hex(&Sha256::digest(bytes))),
            files: files.clone(),
        };
        let stale: Vec<PathBuf> = match (layout, before) {
            (Layout::ByMonth { .. }, Some(before)) => stale(&self.dir, *table, before, &files),
            (Layout::Whole | Layout::ByMonth { .. }, _) => Vec::new(),
        };
        let keep = match layout {
            Layout::ByMonth { rewrite: Rewrite::Changed, .. } => {
                let whole = |file: &Listed| {
                    !is_new(file) && hash_of(&self.dir.join(&file.path)).is_ok_and(|hash| hash == file.sha256)
                };
                rows.iter().filter(|file| whole(file)).map(|file| self.dir.join(&file.path)).collect()
            }
            Layout::Whole | Layout::ByMonth { rewrite: Rewrite::All, .. } => BTreeSet::new(),
        };

        let mut manifest = self.prior.as_ref().map(|(manifest, _)| manifest.clone()).unwrap_or_default();
        manifest.tables.insert(key, exported);
        let text = at(&self.dir, serde_json::to_string_pretty(&manifest).map_err(io::Error::other))? + "\n";
        sealed.push(Staged::of(&self.dir.join(MANIFEST), &text)?);

        let mut summary = ExportSummary {
            rows: self.rows,
            first: self.first,
            last: self.last,
            files: Vec::new(),
            bytes: rows.iter().map(|file| file.bytes).sum(),
            sha256: Some(&rows[..]).filter(|rows| rows.len() == 1).map(|rows| rows[0].sha256.clone()),
            unchanged: u64::try_from(keep.len()).unwrap_or(u64::MAX),
            left_out: occasion.left_out,
            undated_readings: occasion.undated_readings,
            chains: occasion.chains,
        };
        let mut folders = BTreeSet::from([self.dir.clone()]);
        for file in sealed.into_iter().filter(|file| !keep.contains(&file.place)) {
            let path = file.put_in_place()?;
            folders.extend(
                path.ancestors().skip(1).take_while(|folder| folder.starts_with(&self.dir)).map(Path::to_owned),
            );
            summary.files.push(path);
        }
        for path in stale {
            placed(&path, fs::remove_file(&path))?;
        }
        for folder in folders {
            placed(&folder, sync_dir(&folder))?;
        }
        Ok(summary)
    }
}

/// Keeps other exports out of the folder. A network's folder may know no locks: then nobody is kept out.
fn lock(dir: &Path) -> Result<Option<fs::File>, ExportError> {
    let Ok(folder) = fs::File::open(dir) else { return Ok(None) };
    match folder.try_lock() {
        Err(fs::TryLockError::WouldBlock) => Err(ExportError::Busy { path: dir.to_owned() }),
        Ok(()) | Err(fs::TryLockError::Error(_)) => Ok(Some(folder)),
    }
}

/// SHA-256 of a file, hexadecimal.
fn hash_of(path: &Path) -> io::Result<String> {
    let (mut hash, mut file) = (Sha256::new(), io::BufReader::new(fs::File::open(path)?));
    loop {
        let some = file.fill_buf()?;
        if some.is_empty() {
            return Ok(hex(&hash.finalize()));
        }
        hash.update(some);
        let length = some.len();
        file.consume(length);
    }
}

/// Files of months that have no row any more.
fn stale(dir: &Path, table: Table, before: &Exported, now: &[Listed]) -> Vec<PathBuf> {
    let ours = |path: &Path| {
        path.components().all(|part| matches!(part, Component::Normal(_))) && path.starts_with(table.name())
    };
    let gone = before.files.iter().filter(|file| !now.iter().any(|kept| kept.path == file.path));
    let gone = gone.map(|file| PathBuf::from(&file.path)).filter(|path| ours(path)).map(|path| dir.join(path));
    gone.filter(|path| path.exists()).collect()
}
