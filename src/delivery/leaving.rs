//! People who left a study, until every database that has days of theirs was told.
//!
//! Their record at home may be erased by then, so what has to be told lies in a file of its own, which is removed as
//! soon as the database has answered. It holds the pseudonym and the dates, and nothing else.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::{export::target::Withdrawal, model::ParticipantId, store::files};

/// A database that has to be told, and of what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Farewell {
    /// The database, by its name in this home.
    pub target: String,
    /// The study.
    pub study: ParticipantId,
    /// Who left.
    pub participant: ParticipantId,
    /// On which day, moved as all dates that left the house.
    pub date: NaiveDate,
    /// Its number, the study's day 1 being 1.
    pub study_day: u16,
    /// UTC offset on that day, minutes.
    pub tz_offset_min: i16,
    /// Every day that was sent, moved as it was when it left.
    pub sent: Vec<NaiveDate>,
    /// Day 1 of the study.
    pub epoch: NaiveDate,
    /// Those days are to be taken out there too.
    pub take_out: bool,
}

impl Farewell {
    /// As a database is told.
    pub fn withdrawal(&self) -> Withdrawal {
        Withdrawal {
            study: self.study.clone(),
            participant: self.participant.clone(),
            date: self.date,
            study_day: self.study_day,
            tz_offset_min: self.tz_offset_min,
            sent: self.sent.clone(),
            epoch: self.epoch,
            take_out: self.take_out,
        }
    }
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
    let mut number = 1;
    while folder.join(format!("{number}.json")).exists() {
        number += 1;
    }
    let json = serde_json::to_vec_pretty(farewell)?;
    files::replace(&folder.join(format!("{number}.json")), &json)?;
    files::sync_dir(data)
}

/// Everything that has to be told, in order, with the file that says so. A file that cannot be read is named in the log
/// and left where it is.
///
/// # Errors
/// When the folder cannot be read.
pub fn owed(data: &Path) -> io::Result<Vec<(PathBuf, Farewell)>> {
    let entries = match fs::read_dir(folder(data)) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.map(|entry| entry.path())).collect::<io::Result<_>>()?;
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    paths.sort_by_key(|path| path.file_stem().and_then(|stem| stem.to_str()?.parse::<u32>().ok()));
    let mut all = Vec::new();
    for path in paths {
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
            study: "ETMI01".parse().unwrap(),
            participant: "P-7".parse().unwrap(),
            date: "2026-11-24".parse().unwrap(),
            study_day: 55,
            tz_offset_min: 60,
            sent: vec!["2026-11-20".parse().unwrap()],
            epoch: "2026-10-01".parse().unwrap(),
            take_out: false,
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
}
