//! Under which name this home tells its displays, and which brokers were told: a small file in the data folder. It holds
//! nothing of any person.

use std::{collections::BTreeSet, fs, io, path::Path, path::PathBuf};

use serde::{Deserialize, Serialize};

use super::message::Node;
use crate::{model::hex, store::files};

/// Its name in the data folder.
pub const FILE: &str = "home_assistant.json";

/// What is remembered.
#[derive(Debug)]
pub struct Memory {
    path: PathBuf,
    kept: Kept,
}

#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    node: Node,
    /// Addresses of the brokers to which something was announced.
    told: BTreeSet<String>,
}

impl Memory {
    /// What is remembered here, with the broker that will be told now. None when there is nothing to remember. On disk
    /// when this returns, so that a broker that was told anything is always known.
    ///
    /// # Errors
    /// When it cannot be read or written, or the system has no chance to give.
    pub fn open(data_dir: &Path, current: Option<&str>) -> io::Result<Option<Self>> {
        let path = data_dir.join(FILE);
        let kept = match fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound && current.is_none() => return Ok(None),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let mut chance = [0; 8];
                getrandom::fill(&mut chance).map_err(io::Error::from)?;
                Kept { node: Node::from_digits(&hex(&chance)), told: BTreeSet::new() }
            }
            Err(error) => return Err(error),
        };
        let mut memory = Self { path, kept };
        if let Some(current) = current
            && memory.kept.told.insert(current.to_owned())
        {
            memory.save()?;
        }
        Ok(Some(memory))
    }

    /// The name of this home for its displays: the same as long as the data folder is.
    pub fn node(&self) -> Node {
        self.kept.node.clone()
    }

    /// A broker that was told something and is not the current one.
    pub fn former(&self, current: Option<&str>) -> Option<&str> {
        self.kept.told.iter().map(String::as_str).find(|told| Some(*told) != current)
    }

    /// Everything was taken back from this broker.
    ///
    /// # Errors
    /// When that cannot be written down.
    pub fn forget(&mut self, broker: &str) -> io::Result<()> {
        self.kept.told.remove(broker);
        self.save()
    }

    fn save(&self) -> io::Result<()> {
        files::replace(&self.path, &serde_json::to_vec(&self.kept)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_broker_that_was_told_is_known_until_it_has_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let open = |current: Option<&str>| Memory::open(folder.path(), current).unwrap();
        assert!(open(None).is_none());
        assert!(!folder.path().join(FILE).exists());

        let node = open(Some("one:1883")).unwrap().node();
        let mut second = open(Some("two:1883")).unwrap();
        assert_eq!(second.former(Some("two:1883")), Some("one:1883"));
        second.forget("one:1883").unwrap();
        let mut off = open(None).unwrap();
        assert_eq!(off.former(None), Some("two:1883"));
        off.forget("two:1883").unwrap();

        let after = open(None).unwrap();
        assert_eq!((after.former(None), after.node().as_str()), (None, node.as_str()));
    }

    #[test]
    fn a_file_that_makes_no_sense_is_said_and_left_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        for text in ["", "{}", "{\"node\":\"brisk_../#\",\"told\":[]}", "{\"node\":\"brisk_00\",\"told\":[1]}"] {
            files::replace(&path, text.as_bytes()).unwrap();

            assert!(Memory::open(folder.path(), Some("one:1883")).is_err(), "{text}");
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
        }
    }
}
