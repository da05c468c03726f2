//! Under which name this home tells its displays, which brokers were told, and how each lets this program in: a small
//! file in the data folder. It holds nothing of any person, and no password.

use std::{collections::BTreeMap, fs, io, path::Path, path::PathBuf};

use serde::{Deserialize, Deserializer, Serialize};

use super::{broker::Broker, message::Node};
use crate::{api::DISPLAYS_FILE, model::hex, store::files};

/// Its name in the data folder.
pub const FILE: &str = DISPLAYS_FILE;

/// What is remembered.
#[derive(Debug)]
pub struct Memory {
    path: PathBuf,
    kept: Kept,
}

#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    node: Node,
    /// The brokers to which something was announced, by address.
    #[serde(deserialize_with = "told")]
    told: BTreeMap<String, Access>,
}

/// How a broker lets this program in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Access {
    user: Option<String>,
    /// Where the password lies.
    secret: Option<PathBuf>,
}

/// Addresses alone are what was written at first: nobody knows any more how those let this program in.
fn told<'de, D: Deserializer<'de>>(from: D) -> Result<BTreeMap<String, Access>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Told {
        Known(BTreeMap<String, Access>),
        Addresses(Vec<String>),
    }
    Ok(match Told::deserialize(from)? {
        Told::Known(known) => known,
        Told::Addresses(all) => all.into_iter().map(|address| (address, Access::default())).collect(),
    })
}

impl Memory {
    /// What is remembered here, with the broker that will be told now. None when there is nothing to remember. On disk
    /// when this returns, so that a broker that was told anything is always known.
    ///
    /// # Errors
    /// When it cannot be read or written, or the system has no chance to give.
    pub fn open(data_dir: &Path, current: Option<&Broker>) -> io::Result<Option<Self>> {
        let path = data_dir.join(FILE);
        let kept = match fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound && current.is_none() => return Ok(None),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let mut chance = [0; 8];
                getrandom::fill(&mut chance).map_err(io::Error::from)?;
                Kept { node: Node::from_digits(&hex(&chance)), told: BTreeMap::new() }
            }
            Err(error) => return Err(error),
        };
        let mut memory = Self { path, kept };
        if let Some(Broker { address, user, secret }) = current {
            let access = Access { user: user.clone(), secret: secret.clone() };
            if memory.kept.told.insert(address.clone(), access.clone()) != Some(access) {
                memory.save()?;
            }
        }
        Ok(Some(memory))
    }

    /// The name of this home for its displays: the same as long as the data folder is.
    pub fn node(&self) -> Node {
        self.kept.node.clone()
    }

    /// The brokers that were told something and are not the current one, each with the name and password that it had.
    /// One whose password lay where that of the current one lies now has none: it would be told the other's.
    pub fn former(&self, current: Option<&Broker>) -> Vec<Broker> {
        let former = self.kept.told.iter().filter(|(told, _)| current.is_none_or(|current| current.address != **told));
        let known = former.map(|(address, access)| {
            let Access { user, secret } = access.clone();
            let is_anothers = secret.is_some() && current.is_some_and(|current| current.secret == secret);
            let (user, secret) = if is_anothers { (None, None) } else { (user, secret) };
            Broker { address: address.clone(), user, secret }
        });
        known.collect()
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

    fn broker(address: &str, user: Option<&str>, secret: Option<&str>) -> Broker {
        Broker { address: address.to_owned(), user: user.map(str::to_owned), secret: secret.map(PathBuf::from) }
    }

    fn addresses(memory: &Memory, current: Option<&Broker>) -> Vec<String> {
        memory.former(current).into_iter().map(|broker| broker.address).collect()
    }

    #[test]
    fn every_broker_that_was_told_is_known_until_it_has_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let open = |current: Option<&Broker>| Memory::open(folder.path(), current).unwrap();
        assert!(open(None).is_none());
        assert!(!folder.path().join(FILE).exists());
        let [one, two, three] = ["one:1883", "two:1883", "three:1883"].map(|address| broker(address, None, None));

        let node = open(Some(&one)).unwrap().node();
        open(Some(&two)).unwrap();
        let mut third = open(Some(&three)).unwrap();
        assert_eq!(addresses(&third, Some(&three)), ["one:1883", "two:1883"]);
        third.forget("one:1883").unwrap();
        let mut off = open(None).unwrap();
        assert_eq!(addresses(&off, None), ["three:1883", "two:1883"]);
        off.forget("two:1883").unwrap();
        off.forget("three:1883").unwrap();

        let after = open(None).unwrap();
        assert_eq!((addresses(&after, None).len(), after.node().as_str()), (0, node.as_str()));
    }

    #[test]
    fn a_former_broker_is_given_its_own_name_and_password_and_never_those_of_the_current_one() {
        let folder = tempfile::tempdir().unwrap();
        let open = |current: Option<&Broker>| Memory::open(folder.path(), current).unwrap().unwrap();
        let former = broker("one:1883", Some("ada"), Some("/first"));
        open(Some(&former));

        for (secret, given) in [("/second", former.clone()), ("/first", broker("one:1883", None, None))] {
            let current = broker("two:1883", Some("bob"), Some(secret));
            let all = open(Some(&current)).former(Some(&current));
            assert_eq!(all, [given], "{secret}");
        }
        assert!(open(None).former(None).contains(&former), "switched off, it is asked as before");
    }

    #[test]
    fn a_broker_that_was_told_before_names_were_kept_is_given_none() {
        let folder = tempfile::tempdir().unwrap();
        let kept = br#"{"node":"brisk_0123456789abcdef","told":["one:1883"]}"#;
        files::replace(&folder.path().join(FILE), kept).unwrap();

        let memory = Memory::open(folder.path(), None).unwrap().unwrap();

        assert_eq!(memory.former(None), [broker("one:1883", None, None)]);
    }

    #[test]
    fn a_file_that_makes_no_sense_is_said_and_left_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        for text in ["", "{}", "{\"node\":\"brisk_../#\",\"told\":[]}", "{\"node\":\"brisk_00\",\"told\":[1]}"] {
            files::replace(&path, text.as_bytes()).unwrap();

            assert!(Memory::open(folder.path(), Some(&broker("one:1883", None, None))).is_err(), "{text}");
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
        }
    }
}
