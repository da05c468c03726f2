//! A folder of study files: each export is put in place whole or not at all, and its manifest says which followed which.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File, TryLockError},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, anyhow, ensure};
use chrono::{NaiveDate, NaiveDateTime};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use tempfile::NamedTempFile;

use crate::api::study_files::StudyFileReply;

const MANIFEST: &str = "study_files.json";
const VERSION: u32 = 1;

/// What lies in a folder, oldest first.
#[derive(Debug, Serialize, Deserialize)]
struct Manifest {
    version: u32,
    files: Vec<Entry>,
}

/// A file as the manifest has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Its name in the folder.
    pub name: String,
    /// SHA-256 of its bytes, hexadecimal.
    pub sha256: String,
    /// Its own name for itself; empty where the format has none.
    pub file_oid: String,
    /// `FileOID` of the file that it follows.
    pub prior: Option<String>,
    /// First of its days.
    pub from: Option<NaiveDate>,
    /// Last of its days.
    pub to: Option<NaiveDate>,
    /// Rows, points or groups of values.
    pub rows: u64,
}

impl Entry {
    /// The file that was made.
    pub fn of(file: &StudyFileReply) -> Self {
        let digits = Sha256::digest(&file.text).into_iter().flat_map(|byte| [byte >> 4, byte & 15]);
        Self {
            name: file.name.clone(),
            sha256: digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect(),
            file_oid: file.file_oid.clone(),
            prior: file.prior.clone(),
            from: file.from,
            to: file.to,
            rows: file.rows,
        }
    }
}

/// A folder, as it was when it was looked at.
pub struct Folder {
    dir: PathBuf,
    entries: Vec<Entry>,
    /// The manifest, where it cannot be understood.
    damaged: Option<Vec<u8>>,
    /// Others wait while this is open.
    lock: Option<File>,
    /// It was made for this export and holds nothing yet.
    is_new: bool,
    /// What is wrong with it, one sentence each.
    pub notes: Vec<String>,
}

impl Folder {
    /// Looks at a folder and writes nothing. One that is not there is empty.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn look(dir: &Path) -> anyhow::Result<Self> {
        let mut folder = Self {
            dir: dir.to_owned(),
            entries: Vec::new(),
            damaged: None,
            lock: None,
            is_new: false,
            notes: Vec::new(),
        };
        let is_there = match fs::read(dir.join(MANIFEST)) {
            Ok(bytes) => {
                folder.read(&bytes);
                true
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => false,
            Err(error) => {
                let text = format!("cannot read {}; nothing was written", dir.join(MANIFEST).display());
                return Err(anyhow::Error::from(error).context(text));
            }
        };
        let strangers = folder.strangers()?;
        match strangers.first() {
            Some(_) if folder.damaged.is_some() => {}
            Some(first) if is_there => folder.notes.push(format!(
                "{first} is not in {MANIFEST}, as a file that an export left when it was cut short: do not hand it on{}",
                if strangers.len() > 1 { format!(", nor {} more", strangers.len() - 1) } else { String::new() }
            )),
            Some(_) => folder.notes.push(format!(
                "{MANIFEST} is missing beside the files in {}, so nothing tells which file comes before: the next one \
                 begins a new chain. If you have it, put it back and export again",
                dir.display()
            )),
            None => {}
        }
        Ok(folder)
    }

    /// Looks at a folder to write into it, which is made when it is not there.
    ///
    /// # Errors
    /// When it cannot be made or read, or another export writes into it.
    pub fn open(dir: &Path) -> anyhow::Result<Self> {
        let is_new = !dir.exists();
        let cannot = || format!("cannot write into {}; nothing was written", dir.display());
        fs::create_dir_all(dir).with_context(cannot)?;
        let lock = File::open(dir).with_context(cannot)?;
        // A network's folder may know no locks; a name that was taken meanwhile is refused all the same.
        if let Err(TryLockError::WouldBlock) = lock.try_lock() {
            return Err(anyhow!(
                "another export writes into {}; nothing was written. Export again when it is done",
                dir.display()
            ));
        }
        let mut folder = Self::look(dir)?;
        (folder.lock, folder.is_new) = (Some(lock), is_new);
        Ok(folder)
    }

    fn read(&mut self, bytes: &[u8]) {
        let why = match serde_json::from_slice::<Manifest>(bytes) {
            Ok(manifest) if manifest.version == VERSION => {
                self.entries = manifest.files;
                return;
            }
            Ok(manifest) => format!("is of version {}", manifest.version),
            Err(error) => format!("is damaged at line {}", error.line()),
        };
        self.damaged = Some(bytes.to_vec());
        self.notes.push(format!(
            "{MANIFEST} in {} {why}, so nothing tells which file comes before: the next one begins a new chain. The \
             manifest is kept under another name; if you have a good one, put it back and export again",
            self.dir.display()
        ));
    }

    /// Files of days that the manifest does not have.
    fn strangers(&self) -> anyhow::Result<Vec<String>> {
        let entries = match fs::read_dir(&self.dir) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error).context(format!("cannot read {}", self.dir.display())),
        };
        let known: BTreeSet<_> = self.entries.iter().map(|entry| entry.name.as_str()).collect();
        let mut found = Vec::new();
        for entry in entries {
            let name = entry?.file_name().to_string_lossy().into_owned();
            if is_of_days(&name) && !known.contains(name.as_str()) {
                found.push(name);
            }
        }
        found.sort();
        Ok(found)
    }

    /// `FileOID` of the newest file of each chain.
    pub fn newest(&self) -> Vec<String> {
        let chain = |oid: &str| oid.rsplit_once('.').map(|(chain, _)| chain.to_owned());
        let oids = self.entries.iter().filter_map(|entry| Some((chain(&entry.file_oid)?, entry.file_oid.clone())));
        // The last one of a chain stays.
        oids.collect::<BTreeMap<_, _>>().into_values().collect()
    }

    /// Puts files and manifest in place: all of them, or none, and then everything is as it was.
    ///
    /// # Errors
    /// When there is no room, or a name is taken.
    pub fn put(mut self, files: &[StudyFileReply]) -> anyhow::Result<()> {
        let mut staged = Vec::new();
        for file in files {
            let plain = Path::new(&file.name).file_name().is_some_and(|name| name == file.name.as_str());
            ensure!(
                plain,
                "{:?} is no name of a file; nothing was written. Are daemon and command of one version?",
                file.name
            );
            let place = self.dir.join(&file.name);
            ensure!(
                !place.exists(),
                "{} is there already; nothing was written, and it stands as it was. Export again: two files of one \
                 second have one name",
                place.display()
            );
            staged.push((self.stage(file.text.as_bytes())?, place));
        }
        if let Some(bytes) = &self.damaged {
            staged.push((self.stage(bytes)?, self.aside()));
        }
        self.entries.extend(files.iter().map(Entry::of));
        let manifest = Manifest { version: VERSION, files: std::mem::take(&mut self.entries) };
        let manifest = self.stage((serde_json::to_string_pretty(&manifest)? + "\n").as_bytes())?;

        let mut placed = Vec::new();
        let done = self.put_staged(staged, manifest, &mut placed);
        if let Err(error) = done {
            for path in &placed {
                // What remains is named as a stranger by the next export.
                drop(fs::remove_file(path));
            }
            return Err(self.unwritten(error));
        }
        self.is_new = false;
        Ok(())
    }

    fn put_staged(
        &self,
        staged: Vec<(NamedTempFile, PathBuf)>,
        manifest: NamedTempFile,
        placed: &mut Vec<PathBuf>,
    ) -> io::Result<()> {
        for (file, place) in staged {
            file.persist(&place)?;
            placed.push(place);
        }
        // Files that were put in place before a power cut and the manifest after it are strangers; never the other way.
        self.sync()?;
        manifest.persist(self.dir.join(MANIFEST))?;
        self.sync()
    }

    fn sync(&self) -> io::Result<()> {
        self.lock.as_ref().map_or(Ok(()), File::sync_all)
    }

    /// A name under which nothing lies yet, for a manifest that cannot be understood.
    fn aside(&self) -> PathBuf {
        let mut names = (1_u32..).map(|n| self.dir.join(format!("study_files.damaged-{n}.json")));
        names.find(|path| !path.exists()).unwrap_or_else(|| self.dir.join("study_files.damaged.json"))
    }

    fn stage(&self, bytes: &[u8]) -> anyhow::Result<NamedTempFile> {
        let staged = tempfile::Builder::new().prefix(".brisk-").suffix(".part").tempfile_in(&self.dir);
        let written = staged.and_then(|mut staged| {
            staged.write_all(bytes)?;
            staged.as_file().sync_all()?;
            Ok(staged)
        });
        written.map_err(|error| self.unwritten(error))
    }

    fn unwritten(&self, error: io::Error) -> anyhow::Error {
        anyhow::Error::from(error).context(format!(
            "the files cannot be written into {}; what stood there still stands, and nothing was added. Make room or \
             name another folder, then export again",
            self.dir.display()
        ))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if self.is_new {
            // Refused when something lies in it by now, which is as well.
            drop(fs::remove_dir(&self.dir));
        }
    }
}

/// `STUDY_odm_2026-11-22T031500Z.xml` and its like.
fn is_of_days(name: &str) -> bool {
    let Some((stem, _)) = name.rsplit_once('.') else { return false };
    let mut parts = stem.rsplit('_');
    let stamp = parts.next().is_some_and(|stamp| NaiveDateTime::parse_from_str(stamp, "%Y-%m-%dT%H%M%SZ").is_ok());
    let part = parts.next().is_some_and(|part| ["odm", "xa", "suppxa", "di", "ieee1752"].contains(&part));
    stamp && part && parts.next().is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(part: &str, oid: &str) -> StudyFileReply {
        StudyFileReply {
            name: format!("ETMI01_{part}_2026-11-22T031500Z.xml"),
            text: "<ODM/>\n".to_owned(),
            file_oid: oid.to_owned(),
            prior: None,
            rows: 1,
            from: None,
            to: None,
        }
    }

    fn names(dir: &Path) -> Vec<String> {
        let mut names: Vec<_> =
            fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn an_export_that_cannot_be_ended_is_taken_back() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::open(dir.path()).unwrap();
        // Nothing can be renamed onto a folder.
        fs::create_dir(dir.path().join(MANIFEST)).unwrap();

        let error = folder.put(&[file("xa", "a.1"), file("di", "b.1")]).unwrap_err();

        assert!(error.to_string().contains("nothing was added"), "{error}");
        assert_eq!(names(dir.path()), [MANIFEST]);
    }

    #[test]
    fn the_newest_of_each_chain_is_the_last_that_was_written() {
        let dir = tempfile::tempdir().unwrap();
        for (part, oid) in [("odm", "brisk.S.H-1.ODM.2"), ("xa", "brisk.S.H-2.ODM.9"), ("di", "brisk.S.H-1.ODM.1")] {
            Folder::open(dir.path()).unwrap().put(&[file(part, oid)]).unwrap();
        }

        let mut folder = Folder::open(dir.path()).unwrap();

        assert_eq!(folder.newest(), ["brisk.S.H-1.ODM.1", "brisk.S.H-2.ODM.9"]);
        assert_eq!(std::mem::take(&mut folder.notes), Vec::<String>::new());
    }

    #[test]
    fn two_exports_do_not_write_into_one_folder_at_once_and_a_name_stays_in_its_folder() {
        let dir = tempfile::tempdir().unwrap();
        let out = dir.path().join("out");
        let one = Folder::open(&out).unwrap();

        let two = Folder::open(&out).err().unwrap();
        let astray = one.put(&[StudyFileReply { name: "../astray.xml".to_owned(), ..file("odm", "a.1") }]).unwrap_err();

        assert!(two.to_string().contains("another export writes"), "{two}");
        assert!(astray.to_string().contains("is no name of a file"), "{astray}");
        assert_eq!(names(dir.path()), Vec::<String>::new(), "a folder that was made for nothing is gone");
    }

    #[test]
    fn files_of_days_are_known_by_their_names() {
        for name in ["ETMI01_odm_2026-11-22T031500Z.xml", "A_B_suppxa_2026-11-22T031500Z.ndjson"] {
            assert!(is_of_days(name), "{name}");
        }
        for name in ["study_files.json", "ETMI01_odm_2026-11-22.xml", "ETMI01_plan_2026-11-22T031500Z.xml", "notes"] {
            assert!(!is_of_days(name), "{name}");
        }
    }
}
