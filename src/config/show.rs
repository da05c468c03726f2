//! A configuration as a commented file: every key in force, with its explanation above it.

use serde::Serialize;

use super::{Config, sections::Section};

/// The configuration in force as `brisk.toml`, each key below its explanation; keys that are not set
/// stand there as a comment. [`Config::parse`] reads the same configuration from it.
pub fn show(config: &Config) -> String {
    let mut page = Page(String::new());
    page.about(Config::ABOUT);
    page.0.push('\n');
    for (key, docs) in Config::KEYS {
        match *key {
            "clock" => page.table("[clock]", &config.clock),
            "bluetooth" => page.table("[bluetooth]", &config.bluetooth),
            "measure" => page.table("[measure]", &config.measure),
            "storage" => page.table("[storage]", &config.storage),
            "web" => page.table("[web]", &config.web),
            "notify" => page.table("[notify]", &config.notify),
            "study" => page.table("[study]", &config.study),
            "target" => config.target.iter().for_each(|target| page.table("[[target]]", target)),
            "home_assistant" => page.table("[home_assistant]", &config.home_assistant),
            "person" => config.person.iter().for_each(|person| page.table("[[person]]", person)),
            "counter" if config.counter.is_empty() => page.0.push_str(NO_COUNTER),
            "counter" => config.counter.iter().for_each(|counter| page.table("[[counter]]", counter)),
            _ => page.key(key, docs, values(config).get(*key)),
        }
    }
    page.0
}

/// What stands in place of the counters when there is none.
const NO_COUNTER: &str = r#"
# One counter and whose it is; one such table for each that was not paired with `brisk device pair`.
# `brisk device list` shows the id, or its maker prints it on it.
# [[counter]]
# id = "0011223344556677"
# person = "me"
# from = "2026-05-11"
"#;

/// The keys that are set.
fn values(section: &impl Serialize) -> toml::Table {
    toml::Table::try_from(section).expect("text, numbers and tables of them are TOML")
}

struct Page(String);

impl Page {
    fn about(&mut self, lines: &[&str]) {
        for line in lines {
            self.0.push('#');
            self.0.push_str(line);
            self.0.push('\n');
        }
    }

    fn key(&mut self, key: &str, docs: &[&str], value: Option<&toml::Value>) {
        self.about(docs);
        let line = value.map_or_else(|| format!("# {key} =\n"), |value| format!("{key} = {value}\n"));
        self.0.push_str(&line);
    }

    fn table<T: Section + Serialize>(&mut self, header: &str, section: &T) {
        self.0.push('\n');
        self.about(T::ABOUT);
        self.0.push_str(header);
        self.0.push('\n');
        let values = values(section);
        for (key, docs) in T::KEYS {
            self.key(key, docs, values.get(*key));
        }
    }
}
