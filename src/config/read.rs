//! From the text of the file to a [`Config`], or to everything in it that does not fit.
//!
//! Each key is read by itself, so that one that does not fit hides no other.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
    net::{Ipv6Addr, SocketAddr},
    ops::Range,
    time::Duration,
};

use serde::de::DeserializeOwned;
use toml::{
    Spanned,
    de::{DeTable, DeValue, Deserializer},
};

use super::{
    CONFIG_VERSION, Config, ConfigProblem, HomeAssistant, RadioKind, TargetKind, sections::Section, text::write_length,
};
use crate::model::OWN_BRISK_SPM;

/// The key and the value of one entry.
type Entry<'i> = (Spanned<Cow<'i, str>>, Spanned<DeValue<'i>>);

/// Reads the whole file.
pub(super) fn read(text: &str) -> Result<Config, Vec<ConfigProblem>> {
    let (table, errors) = DeTable::parse_recoverable(text);
    let mut file = File { text, places: BTreeMap::new(), problems: Vec::new() };
    for error in errors {
        file.report("", error.span(), format!("this is not TOML: {}", error.message()));
    }
    let mut config = Config::default();
    if file.problems.is_empty() {
        config = file.config(table.into_inner());
        file.check(&config);
        file.check_web(&config);
        file.check_people(&config);
        file.check_counters(&config);
        file.check_targets(&config);
    }
    file.problems.sort_by_key(|problem| problem.line.unwrap_or(usize::MAX));
    if file.problems.is_empty() { Ok(config) } else { Err(file.problems) }
}

/// The text under way, and what was found in it.
struct File<'i> {
    text: &'i str,
    /// Where each key's value stands.
    places: BTreeMap<String, Range<usize>>,
    problems: Vec<ConfigProblem>,
}

impl<'i> File<'i> {
    fn report(&mut self, key: impl Into<String>, at: Option<Range<usize>>, text: impl Into<String>) {
        let before = |span: Range<usize>| self.text.bytes().take(span.start).filter(|byte| *byte == b'\n').count();
        let line = at.map(|span| before(span) + 1);
        self.problems.push(ConfigProblem { key: key.into(), line, text: text.into() });
    }

    /// Reports a key whose value was read, but does not fit.
    fn wrong(&mut self, key: &str, text: impl Into<String>) {
        let table = key.rsplit_once('.').map_or(key, |(table, _)| table);
        let at = self.places.get(key).or_else(|| self.places.get(table)).cloned();
        self.report(key, at, text);
    }

    fn config(&mut self, table: DeTable<'i>) -> Config {
        let mut config = Config::default();
        for (key, value) in table {
            match key.get_ref().as_ref() {
                "clock" => config.clock = self.table("clock", value),
                "bluetooth" => config.bluetooth = self.table("bluetooth", value),
                "measure" => config.measure = self.table("measure", value),
                "storage" => config.storage = self.table("storage", value),
                "web" => config.web = self.table("web", value),
                "notify" => config.notify = self.table("notify", value),
                "study" => config.study = self.table("study", value),
                "target" => config.target = self.list("target", value).unwrap_or_default(),
                "home_assistant" => config.home_assistant = self.table("home_assistant", value),
                "person" => config.person = self.list("person", value).unwrap_or(config.person),
                "counter" => config.counter = self.list("counter", value).unwrap_or_default(),
                _ => config = self.take("", config, (key, value)),
            }
        }
        config
    }

    /// A table such as `[clock]`.
    fn table<T: Section + DeserializeOwned + Default>(&mut self, path: &str, value: Spanned<DeValue<'i>>) -> T {
        self.places.insert(path.to_owned(), value.span());
        let span = value.span();
        let DeValue::Table(entries) = value.into_inner() else {
            self.report(path, Some(span), "this is a table: its keys come below a line with its name in brackets");
            return T::default();
        };
        entries.into_iter().fold(T::default(), |section, entry| self.take(path, section, entry))
    }

    /// A list of tables such as `[[person]]`; none when it is empty.
    fn list<T: Section + DeserializeOwned + Default>(
        &mut self,
        path: &str,
        value: Spanned<DeValue<'i>>,
    ) -> Option<Vec<T>> {
        let span = value.span();
        let DeValue::Array(items) = value.into_inner() else {
            self.report(path, Some(span), format!("there may be several of these: write [[{path}]] above each"));
            return None;
        };
        let list: Vec<_> =
            items.into_iter().enumerate().map(|(place, item)| self.table(&at(path, place), item)).collect();
        (!list.is_empty()).then_some(list)
    }

    /// One key into its section.
    fn take<T: Section + DeserializeOwned>(&mut self, path: &str, mut section: T, (key, value): Entry<'i>) -> T {
        let name = key.get_ref().to_string();
        let full = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        if !T::KEYS.iter().any(|(known, _)| *known == name) {
            self.report(full, Some(key.span()), unknown::<T>(&name));
            return section;
        }
        let span = value.span();
        self.places.insert(full.clone(), span.clone());
        let single = Spanned::new(span.clone(), DeTable::from_iter([(key, value)]));
        match T::deserialize(Deserializer::from(single)) {
            Ok(parsed) => section.take_key(&name, parsed),
            Err(error) => self.report(full, Some(span), error.message().trim()),
        }
        section
    }

    fn check(&mut self, config: &Config) {
        if config.config_version != CONFIG_VERSION {
            self.wrong("config_version", format!("this program reads version {CONFIG_VERSION} of the file"));
        }
        if config.measure.rules != "brisk/1" {
            self.wrong("measure.rules", "there is one set of rules: \"brisk/1\"");
        }
        let radio = &config.bluetooth;
        if radio.adapter.is_empty() {
            self.wrong("bluetooth.adapter", "write \"auto\" or the adapter's name, such as \"hci0\"");
        }
        for (key, length, least, most) in [
            ("clock.wait_for_sync", config.clock.wait_for_sync, 0, 86_400),
            ("bluetooth.sync_every", radio.sync_every, 60, 86_400),
            ("bluetooth.connect_within", radio.connect_within, 5, 300),
            ("bluetooth.retry_after", radio.retry_after, 1, 3600),
            ("bluetooth.retry_at_most", radio.retry_at_most, 1, 86_400),
        ] {
            let (least, most) = (Duration::from_secs(least), Duration::from_secs(most));
            if !(least..=most).contains(&length) {
                self.wrong(key, format!("between {} and {}, please", write_length(least), write_length(most)));
            }
        }
        if !(1..=30).contains(&config.notify.give_up_after) {
            self.wrong("notify.give_up_after", "between 1 and 30, please");
        }
        if radio.simulated_counter.is_some() && radio.radio != RadioKind::Simulated {
            self.wrong("bluetooth.simulated_counter", "this needs `radio = \"simulated\"`");
        }
        if radio.retry_after > radio.retry_at_most {
            self.wrong("bluetooth.retry_at_most", "the longest pause is at least `retry_after`");
        }
    }

    fn check_web(&mut self, config: &Config) {
        let listen = &config.web.listen;
        if listen != "off" && !listen.parse::<SocketAddr>().is_ok_and(|at| at.ip().is_loopback()) {
            let text = "write an address of this computer itself with a port, such as \"127.0.0.1:8791\", or \"off\"; \
                        `brisk web expose lan` lets other computers in";
            self.wrong("web.listen", text);
        }
        let is_name = |host: &String| {
            let inner = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
            let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-.".contains(c);
            match inner {
                Some(inner) => inner.parse::<Ipv6Addr>().is_ok(),
                None => !host.is_empty() && host.chars().all(plain),
            }
        };
        if config.web.hosts.is_empty() || !config.web.hosts.iter().all(is_name) {
            self.wrong("web.hosts", "write at least one name, in lower case and without a port, such as \"localhost\"");
        }
    }

    fn check_people(&mut self, config: &Config) {
        let mut seen = BTreeSet::new();
        for (place, person) in config.person.iter().enumerate() {
            let path = at("person", place);
            if !seen.insert(&person.id) {
                self.wrong(&format!("{path}.id"), "each person has an own id; another person has this one");
            }
            if !OWN_BRISK_SPM.contains(&person.brisk_steps_per_minute) {
                let text =
                    format!("between {} and {} steps a minute, please", OWN_BRISK_SPM.start(), OWN_BRISK_SPM.end());
                self.wrong(&format!("{path}.brisk_steps_per_minute"), text);
            }
        }
    }

    fn check_counters(&mut self, config: &Config) {
        let mut seen = BTreeSet::new();
        for (place, counter) in config.counter.iter().enumerate() {
            let path = at("counter", place);
            let id = format!("{path}.id");
            if !self.places.contains_key(&id) {
                self.wrong(&id, "each counter needs its id: 16 hexadecimal digits, as its maker prints them");
            } else if !seen.insert((counter.id, counter.from)) {
                self.wrong(&id, "this counter stands here twice; who had it later needs a later `from`");
            }
            let mut others = config.counter.iter().take(place).filter(|other| other.id != counter.id);
            if counter.asset.is_some() && others.any(|other| other.asset == counter.asset) {
                self.wrong(
                    &format!("{path}.asset"),
                    "another counter has this asset: a study could not tell them apart",
                );
            }
            if config.owner(counter).is_none() {
                self.wrong(&format!("{path}.person"), "write the id of one of the people in this file");
            }
            let flash = format!("{path}.simulated_flash");
            if counter.simulated_flash.is_some() && config.bluetooth.radio != RadioKind::Simulated {
                self.wrong(&flash, "this needs `radio = \"simulated\"` under [bluetooth]");
            }
        }
    }
}

impl File<'_> {
    fn check_targets(&mut self, config: &Config) {
        let mut seen = BTreeSet::new();
        for (place, target) in config.target.iter().enumerate() {
            let path = at("target", place);
            if !seen.insert(&target.name) {
                self.wrong(&format!("{path}.name"), "each trial database has an own name; another one has this");
            }
            let (starts, example): (&[&str], _) = match target.kind {
                TargetKind::Redcap => (&["https://", "http://127.0.0.1", "http://localhost"], "https://…/api/"),
                TargetKind::Fhir => (&["https://", "http://127.0.0.1", "http://localhost"], "https://…/fhir"),
                TargetKind::Postgres => (&["postgres://", "postgresql://"], "postgres://user@host/database"),
            };
            let after_scheme = target.url.split_once("://").map_or("", |(_, rest)| rest);
            let authority = after_scheme.split('/').next().unwrap_or("");
            if !starts.iter().any(|start| target.url.starts_with(start)) || authority.is_empty() {
                self.wrong(&format!("{path}.url"), format!("write its address, such as \"{example}\""));
            } else if authority.split_once('@').is_some_and(|(user, _)| user.contains(':')) {
                let text = "a password does not stand here: put it into a file that only you can read, and name that \
                            file under `secret`";
                self.wrong(&format!("{path}.url"), text);
            }
            if target.kind == TargetKind::Fhir && target.system.is_none() {
                let text = "a FHIR server tells this study's resources from others by an address, such as \
                            \"https://study.example.org/fhir\"";
                self.wrong(&format!("{path}.system"), text);
            }
            if target.pace > Duration::from_secs(3600) {
                self.wrong(&format!("{path}.pace"), "an hour at most, please");
            }
            if !(1..=200).contains(&target.days_at_once) {
                self.wrong(&format!("{path}.days_at_once"), "between 1 and 200, please");
            }
        }
        if !config.target.is_empty() {
            if config.study.id.is_none() {
                self.wrong("study.id", "a trial database needs to know which study: write the study's pseudonym");
            }
            if config.study.epoch.is_none() {
                self.wrong("study.epoch", "a trial database needs day 1 of the study, the same in every home");
            }
        }
        let final_after = config.study.final_after.as_secs();
        if !final_after.is_multiple_of(86_400) || final_after > 366 * 86_400 {
            self.wrong("study.final_after", "whole days, please, such as \"14d\", and 366 at most");
        }
        self.check_home_assistant(config);
    }

    fn check_home_assistant(&mut self, config: &Config) {
        let HomeAssistant { broker, user, secret, person } = &config.home_assistant;
        if broker == "off" {
            return;
        }
        if !broker.rsplit_once(':').is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok()) {
            self.wrong(
                "home_assistant.broker",
                "write its address and port, such as \"homeassistant.local:1883\", or \"off\"",
            );
        }
        if secret.is_some() && user.is_none() {
            self.wrong("home_assistant.user", "a password needs a name beside it: write the one that the broker knows");
        }
        match person {
            None if config.person.len() > 1 => {
                self.wrong("home_assistant.person", "several people live here: write whose minutes are told");
            }
            Some(person) if config.person.iter().all(|known| known.id != *person) => {
                self.wrong("home_assistant.person", "nobody under [[person]] has this id");
            }
            _ => {}
        }
    }
}

/// The name of an item of a list, the first being 1.
fn at(list: &str, place: usize) -> String {
    format!("{list}[{}]", place + 1)
}

/// What to say about a key that the section does not have.
fn unknown<T: Section>(name: &str) -> String {
    let near = |known: &str| if name.contains(known) { 0.9 } else { strsim::jaro_winkler(&name.to_lowercase(), known) };
    let nearest = T::KEYS.iter().map(|(known, _)| *known).max_by(|a, b| near(a).total_cmp(&near(b)));
    // 0.75 joins `zonw` to `zone` and `blutooth` to `bluetooth`, and leaves `colour` alone.
    if let Some(known) = nearest.filter(|known| near(known) > 0.75) {
        return format!("there is no such key; did you mean `{known}`?");
    }
    let known: Vec<_> = T::KEYS.iter().map(|(known, _)| *known).collect();
    format!("there is no such key; there are {}", known.join(", "))
}
