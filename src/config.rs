//! `brisk.toml`: what the daemon is told about this home. Every key has a default, so an empty file
//! and no file at all are good files; an unknown key is an error with a suggestion.
//!
//! The doc comment of each field is the text that `brisk config show` prints above it.

mod instruments;
mod one_file;
mod paths;
mod programmes;
mod read;
mod rules;
mod secret;
mod sections;
mod show;
mod text;
mod values;

use std::{fmt, fs, io, path::Path};

use serde::Serialize;

pub use instruments::{InstrumentError, parse_instrument};
pub use paths::Paths;
pub use programmes::{Programme, Text, parse_programme};
pub use rules::{RulesError, parse_rules, read_rules};
pub use secret::{Secret, SecretError, read_secret};
pub use sections::{
    Bluetooth, Clock, Config, Counter, HomeAssistant, Measure, Notify, Person, Storage, Study, Target, Web,
};
pub use show::show;
pub use text::{BadLength, parse_length, write_length};
pub use values::{ClockZone, CounterKind, Display, Quiet, RadioKind, SimulatedPairing, TargetKind, TargetName};

use crate::{
    model::{ParticipantId, Rules, instrument::Instrument},
    time::{Calendar, Zone},
};

/// The version of the file format that this program reads.
pub const CONFIG_VERSION: u32 = 1;

/// One thing in a configuration that does not fit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ConfigProblem {
    /// The key with its place, such as `person[2].brisk_steps_per_minute`; empty for the file as a whole.
    pub key: String,
    /// Line in the file, the first being 1; none for what is absent.
    pub line: Option<usize>,
    /// What is wrong and what would fit.
    pub text: String,
}

impl fmt::Display for ConfigProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(f, "line {line}: ")?;
        }
        if !self.key.is_empty() {
            write!(f, "{}: ", self.key)?;
        }
        f.write_str(&self.text)
    }
}

/// Everything in a configuration that does not fit, in the order of its lines.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
pub struct ConfigErrors {
    /// The file, as it was named.
    pub origin: String,
    /// At least one problem.
    pub problems: Vec<ConfigProblem>,
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "configuration {}", self.origin)?;
        self.problems.iter().try_for_each(|problem| write!(f, "\n  {problem}"))
    }
}

impl Config {
    /// Reads the file, and looks at the files that it names. A file that is not there is the same as an empty one.
    pub fn load(path: &Path) -> Result<Self, ConfigErrors> {
        let origin = path.display().to_string();
        match fs::read_to_string(path) {
            Ok(text) => {
                let mut config = Self::parse(&text, &origin)?;
                let folder = path.parent().unwrap_or(Path::new(""));
                let study = &mut config.study;
                for file in study.instruments.iter_mut().chain(&mut study.programmes) {
                    *file = folder.join(&*file);
                }
                let targets = config.target.iter_mut().flat_map(|target| [&mut target.secret, &mut target.ca]);
                for file in targets.chain([&mut config.home_assistant.secret]).flatten() {
                    // A bare name may be a service credential: it is looked up when it is read.
                    if file.components().count() > 1 {
                        *file = folder.join(&*file);
                    }
                }
                let problem = |key: &str, text: String| ConfigProblem { key: key.to_owned(), line: None, text };
                let (_, odd_instruments) = instruments::instruments(&config.study.instruments);
                let (_, odd_programmes) = programmes::programmes(&config.study.programmes);
                let odd = odd_instruments.iter().map(|error| problem("study.instruments", error.to_string()));
                let odd = odd.chain(odd_programmes.iter().map(|error| problem("study.programmes", error.to_string())));
                let problems: Vec<_> = odd.collect();
                if problems.is_empty() { Ok(config) } else { Err(ConfigErrors { origin, problems }) }
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => {
                let text = format!("this file cannot be read: {error}");
                Err(ConfigErrors { origin, problems: vec![ConfigProblem { key: String::new(), line: None, text }] })
            }
        }
    }

    /// Reads the text of a file; `origin` names it in errors.
    pub fn parse(text: &str, origin: &str) -> Result<Self, ConfigErrors> {
        read::read(text).map_err(|problems| ConfigErrors { origin: origin.to_owned(), problems })
    }

    /// The person whose counter it is: the one named, else the only one there is.
    pub fn owner(&self, counter: &Counter) -> Option<&Person> {
        match &counter.person {
            Some(id) => self.person(id),
            None => self.person.first().filter(|_| self.person.len() == 1),
        }
    }

    /// The person with this pseudonym.
    pub fn person(&self, id: &ParticipantId) -> Option<&Person> {
        self.person.iter().find(|person| person.id == *id)
    }

    /// How a person's instants become days.
    pub fn calendar(&self, person: &Person) -> Calendar {
        let zone = person.zone.unwrap_or_else(|| self.clock.zone.zone());
        Calendar::new(zone, self.clock.start_of_day)
    }

    /// The instruments that come with this program, and those of the study. [`Config::load`] has refused files that
    /// cannot be read; one that was broken since is left out.
    pub fn instruments(&self) -> Vec<Instrument> {
        instruments::instruments(&self.study.instruments).0
    }

    /// The programmes that come with this program, and those of the study. [`Config::load`] has refused files that
    /// cannot be read; one that was broken since is left out.
    pub fn programmes(&self) -> Vec<Programme> {
        programmes::programmes(&self.study.programmes).0
    }

    /// The rules that turn minutes into days.
    pub fn rules(&self) -> Rules {
        // `brisk/1` is the only name that the file may hold.
        Rules::brisk_1()
    }
}

impl ClockZone {
    /// The zone that is meant.
    pub fn zone(self) -> Zone {
        match self {
            Self::Auto => Zone::of_this_machine(),
            Self::Named(zone) => zone,
        }
    }
}

#[cfg(test)]
mod tests;
