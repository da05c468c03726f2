//! People who left a study, until every database that has days of theirs was told.
//!
//! Their record at home may be erased by then, so what has to be told lies in a file of its own, which is removed as
//! soon as the database has answered. It holds the pseudonym and the dates, and nothing else.
//!
//! It is written before they are erased, or before their decision to leave is, and counts only from then on: a study is
//! not told of somebody who is still here, whenever the power goes, and none is forgotten.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use chrono::{NaiveDate, TimeDelta};
use serde::{Deserialize, Serialize};

use crate::{export::target::Withdrawal, model::ParticipantId, store::files};

/// A database that has to be told, and of what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Farewell {
    /// The database, by its name in this home.
    pub target: String,
    /// What it is told.
    #[serde(flatten)]
    pub withdrawal: Withdrawal,
}

/// Who left, as databases are told.
#[derive(Clone, Debug)]
pub struct Leaver<'a> {
    /// The study.
    pub study: ParticipantId,
    /// Day 1 of the study.
    pub epoch: NaiveDate,
    /// Who.
    pub participant: &'a ParticipantId,
    /// On which day, at home.
    pub date: NaiveDate,
    /// UTC offset on that day, minutes.
    pub tz_offset_min: i16,
    /// So many days are added to every date.
    pub shift_days: i64,
    /// What was sent is to be taken out there too.
    pub take_out: bool,
}

impl Leaver<'_> {
    /// What a database has to be told that was sent these days of home.
    pub fn farewell(&self, target: String, sent: Vec<NaiveDate>) -> Farewell {
        let shift = TimeDelta::try_days(self.shift_days).unwrap_or_default();
        let moved = |date: NaiveDate| date.checked_add_signed(shift).unwrap_or(date);
        let date = moved(self.date);
        let study_day = (date - self.epoch).num_days().saturating_add(1).clamp(1, u16::MAX.into());
        let withdrawal = Withdrawal {
            study: self.study.clone(),
            participant: self.participant.clone(),
            date,
            study_day: u16::try_from(study_day).unwrap_or(u16::MAX),
            tz_offset_min: self.tz_offset_min,
            sent: sent.into_iter().map(moved).collect(),
            epoch: self.epoch,
            take_out: self.take_out,
        };
        Farewell { target, withdrawal }
    }
}

/// From when on a note counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Once {
    /// The journal has the tombstone of an erasure with this `who`.
    Erased(String),
    /// The journal has this participant's decision to leave.
    Left(ParticipantId),
}

/// A note that does not count yet.
#[derive(Serialize, Deserialize)]
struct Prepared {
    once: Once,
    farewell: Farewell,
}

/// Notes that do not count yet. Dropped without a word they stay, and the next start decides.
#[derive(Debug)]
#[must_use = "notes count only once they are confirmed"]
pub struct Notes(Vec<PathBuf>);

impl Notes {
    /// From now on they count.
    ///
    /// # Errors
    /// When they cannot be written; they then count from the next start on.
    pub fn confirm(self) -> io::Result<()> {
        self.0.iter().try_for_each(|path| confirm(path))
    }

    /// They never will.
    ///
    /// # Errors
    /// When they cannot be removed; the next start does that.
    pub fn tear_up(self) -> io::Result<()> {
        self.0.iter().try_for_each(|path| settled(path))
    }
}

/// Writes notes that count once something has happened. When this returns they are on disk.
///
/// # Errors
/// When they cannot be written; none of them is left then.
pub fn prepare(data: &Path, once: &Once, farewells: &[Farewell]) -> io::Result<Notes> {
    let mut notes = Notes(Vec::new());
    for farewell in farewells {
        let written = prepare_one(data, &Prepared { once: once.clone(), farewell: farewell.clone() });
        match written {
            Ok(path) => notes.0.push(path),
            Err(error) => {
                if let Err(left) = notes.tear_up() {
                    tracing::warn!(error = %left, "notes for studies that do not count go at the next start");
                }
                return Err(error);
            }
        }
    }
    Ok(notes)
}

fn prepare_one(data: &Path, note: &Prepared) -> io::Result<PathBuf> {
    let folder = folder(data);
    files::private_dir(&folder)?;
    let path = folder.join(format!("{}.{PREPARED}", free_number(&folder)));
    files::replace(&path, &serde_json::to_vec_pretty(note)?)?;
    files::sync_dir(data)?;
    Ok(path)
}

/// The note under the same number takes its place.
fn confirm(path: &Path) -> io::Result<()> {
    let note: Prepared = serde_json::from_slice(&fs::read(path)?)?;
    files::replace(&path.with_extension("json"), &serde_json::to_vec_pretty(&note.farewell)?)?;
    settled(path)
}

/// Looks, when the program starts, at notes that a crash left undecided: those whose time has come count, the others go.
///
/// # Errors
/// When one cannot be read or written. The others were looked at.
pub fn decide_prepared(data: &Path, has_happened: &dyn Fn(&Once) -> bool) -> io::Result<()> {
    let mut outcome = Ok(());
    // Half written.
    for path in listed(data, "new")? {
        outcome = outcome.and(settled(&path));
    }
    for path in listed(data, PREPARED)? {
        let one = fs::read(&path).and_then(|text| {
            let note: Prepared = serde_json::from_slice(&text)?;
            if has_happened(&note.once) { confirm(&path) } else { settled(&path) }
        });
        outcome = outcome.and(one);
    }
    outcome
}

const PREPARED: &str = "prepared";

fn free_number(folder: &Path) -> u32 {
    let taken = |number: &u32| ["json", PREPARED].iter().any(|kind| folder.join(format!("{number}.{kind}")).exists());
    (1..u32::MAX).find(|number| !taken(number)).unwrap_or(u32::MAX)
}

fn listed(data: &Path, kind: &str) -> io::Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(folder(data)) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.map(|entry| entry.path())).collect::<io::Result<_>>()?;
    paths.retain(|path| path.extension().is_some_and(|extension| extension == kind));
    paths.sort_by_key(|path| path.file_stem().and_then(|stem| stem.to_str()?.parse::<u32>().ok()));
    Ok(paths)
}

fn folder(data: &Path) -> PathBuf {
    data.join("leaving")
}

/// Keeps what a database has to be told. When this returns it is on disk.
///
/// # Errors
/// When it cannot be written.
pub fn owe(data: &Path, farewell: &Farewell) -> io::Result<()> {
    let folder = folder(data);
    files::private_dir(&folder)?;
    let json = serde_json::to_vec_pretty(farewell)?;
    files::replace(&folder.join(format!("{}.json", free_number(&folder))), &json)?;
    files::sync_dir(data)
}

/// Everything that has to be told, in order, with the file that says so. A file that cannot be read is named in the log
/// and left where it is.
///
/// # Errors
/// When the folder cannot be read.
pub fn owed(data: &Path) -> io::Result<Vec<(PathBuf, Farewell)>> {
    let mut all = Vec::new();
    for path in listed(data, "json")? {
        match fs::read(&path).map_err(|error| error.to_string()).and_then(|text| {
            serde_json::from_slice::<Farewell>(&text)
                .map_err(|error| format!("line {}: not what was written", error.line()))
        }) {
            Ok(farewell) => all.push((path, farewell)),
            Err(error) => tracing::warn!(
                path = %path.display(), error,
                "a note on somebody who left a study cannot be read; the study was not told. Tell its coordinator"
            ),
        }
    }
    Ok(all)
}

/// A database was told: nothing of it is kept.
///
/// # Errors
/// When the file cannot be removed; the database is then told once more.
pub fn settled(path: &Path) -> io::Result<()> {
    fs::remove_file(path)?;
    path.parent().map_or(Ok(()), files::sync_dir)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_owed_is_kept_in_order_until_it_is_settled_and_a_broken_note_hides_no_other() {
        let data = tempfile::tempdir().unwrap();
        assert!(owed(data.path()).unwrap().is_empty());
        let farewell = |target: &str| Farewell {
            target: target.to_owned(),
            withdrawal: Withdrawal {
                study: "ETMI01".parse().unwrap(),
                participant: "P-7".parse().unwrap(),
                date: "2026-11-24".parse().unwrap(),
                study_day: 55,
                tz_offset_min: 60,
                sent: vec!["2026-11-20".parse().unwrap()],
                epoch: "2026-10-01".parse().unwrap(),
                take_out: false,
            },
        };
        for name in ["a", "b", "c"] {
            owe(data.path(), &farewell(name)).unwrap();
        }
        fs::File::create(folder(data.path()).join("2.json")).unwrap();

        let all = owed(data.path()).unwrap();

        assert_eq!(all.iter().map(|(_, one)| one.clone()).collect::<Vec<_>>(), [farewell("a"), farewell("c")]);
        settled(&all[0].0).unwrap();
        assert_eq!(owed(data.path()).unwrap().len(), 1);
    }

    #[test]
    fn a_note_counts_from_when_it_is_confirmed_and_what_a_crash_left_is_decided_by_what_happened() {
        let data = tempfile::tempdir().unwrap();
        let farewell = |target: &str| Farewell {
            target: target.to_owned(),
            withdrawal: Withdrawal {
                study: "ETMI01".parse().unwrap(),
                participant: "P-7".parse().unwrap(),
                date: "2026-11-24".parse().unwrap(),
                study_day: 55,
                tz_offset_min: 60,
                sent: Vec::new(),
                epoch: "2026-10-01".parse().unwrap(),
                take_out: true,
            },
        };
        let erased = |who: &str| Once::Erased(who.to_owned());
        let targets = || owed(data.path()).unwrap().into_iter().map(|(_, one)| one.target).collect::<Vec<_>>();

        let confirmed = prepare(data.path(), &erased("x"), &[farewell("a"), farewell("b")]).unwrap();
        assert!(targets().is_empty());
        confirmed.confirm().unwrap();
        assert_eq!(targets(), ["a", "b"]);
        prepare(data.path(), &erased("x"), &[farewell("c")]).unwrap().tear_up().unwrap();
        drop(prepare(data.path(), &erased("happened"), &[farewell("d")]).unwrap());
        drop(prepare(data.path(), &Once::Left("P-7".parse().unwrap()), &[farewell("e")]).unwrap());
        assert_eq!(targets(), ["a", "b"]);

        decide_prepared(data.path(), &|once| *once == erased("happened")).unwrap();

        assert_eq!(targets(), ["a", "b", "d"]);
        assert_eq!(fs::read_dir(folder(data.path())).unwrap().count(), 3);
    }
}
