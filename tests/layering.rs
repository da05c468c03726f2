//! Who imports whom: the house of the design has one direction. Reads the paths that begin with
//! `crate::` in `src/`, and the words that pure modules and counter models give away.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Each module and what it may import. `ANY` stands for everything.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("words", &[]),
    ("time", &["model"]),
    ("config", &["model", "time", "words", "goal"]),
    ("aggregate", &["model", "time"]),
    ("goal", &["model", "time", "words"]),
    ("person", &["model", "time", "words", "goal"]),
    ("store", &["model", "time"]),
    ("export", &["model", "time"]),
    ("report", &["model", "time", "export"]),
    ("radio", &["model", "time", "config"]),
    ("sync", &["model", "time", "radio", "store"]),
    ("capture", &["time", "radio"]),
    ("conformance", &["model", "time", "radio", "capture"]),
    ("trouble", &["words", "radio"]),
    ("supervisor", &["model", "time", "config", "radio", "store", "sync", "trouble"]),
    ("batch", &["model", "time", "aggregate", "export", "report"]),
    ("days", &["model", "time", "words", "config", "store", "aggregate", "goal", "person"]),
    ("delivery", &["model", "time", "config", "store", "person", "days", "export"]),
    ("devices", &["model", "config", "person", "days", "store"]),
    ("pairing", &["model", "time", "config", "radio", "store", "sync", "trouble", "supervisor", "devices"]),
    (
        "privacy",
        &[
            "model",
            "words",
            "time",
            "config",
            "store",
            "aggregate",
            "export",
            "goal",
            "person",
            "days",
            "devices",
            "delivery",
        ],
    ),
    ("doctor", &["model", "words", "person", "trouble"]),
    ("api", LEFT_OF_API),
    ("web", LEFT_OF_API),
    ("notify", LEFT_OF_API),
    ("home_assistant", LEFT_OF_API),
    ("cli", ANY),
    ("daemon", ANY),
    ("demo", ANY),
    ("main", ANY),
    ("lib", ANY),
];

const ANY: &[&str] = &["*"];

const LEFT_OF_API: &[&str] = &[
    "model",
    "words",
    "person",
    "time",
    "config",
    "radio",
    "sync",
    "supervisor",
    "store",
    "aggregate",
    "goal",
    "export",
    "report",
    "batch",
    "days",
    "devices",
    "pairing",
    "delivery",
    "privacy",
    "trouble",
    "doctor",
    "api",
    "web",
];

/// Modules that are pure, and what they therefore never mention.
const PURE: [&str; 6] = ["model", "aggregate", "goal", "person", "words", "report"];
const IMPURE: [&str; 6] = ["tokio", "tracing", "std::fs", "Utc::now", "SystemTime", "Instant::now"];

/// Counters are named in `firmware-protocol/src/device/` alone.
const COUNTERS: [&str; 8] = ["huami", "mi band", "miband", "pebble", "polar", "colmi", "infinitime", "bangle"];

/// A source file as the checks see it.
struct Source {
    /// Path below `src/`, with `/`.
    path: String,
    /// Its text without comments and without tests.
    code: String,
}

impl Source {
    fn new(path: &str, text: &str) -> Self {
        // Unit tests stand last in a file, behind `#[cfg(test)]`, and may use what they like.
        let tests = text.lines().position(|line| line.trim() == "#[cfg(test)]" && !line.starts_with(' '));
        let lines = text.lines().take(tests.unwrap_or(usize::MAX));
        let code: Vec<_> = lines.map(|line| line.split("//").next().unwrap_or(line)).collect();
        Self { path: path.to_owned(), code: code.join("\n") }
    }

    /// The module at the top of the house that it belongs to.
    fn module(&self) -> &str {
        let first = self.path.split('/').next().unwrap_or(&self.path);
        first.strip_suffix(".rs").unwrap_or(first)
    }

    /// Modules at the top of the house that its `crate::` paths name, groups such as
    /// `crate::{model, time::Clock}` among them.
    fn imports(&self) -> Vec<String> {
        let mut found = Vec::new();
        for (at, marker) in self.code.match_indices("crate::") {
            let before = self.code[..at].chars().next_back();
            if before.is_some_and(|c| c.is_alphanumeric() || c == '_') {
                continue;
            }
            let rest = &self.code[at + marker.len()..];
            match rest.strip_prefix('{') {
                Some(group) => found.extend(group_heads(group)),
                None => found.extend(head(rest)),
            }
        }
        found
    }
}

/// The name at the start of a path.
fn head(path: &str) -> Option<String> {
    let name: String = path.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    (!name.is_empty()).then_some(name)
}

/// The first names of the paths in a group, up to the brace that closes it.
fn group_heads(group: &str) -> Vec<String> {
    let mut depth = 0;
    let mut heads = Vec::new();
    let mut start = 0;
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            '}' => {
                heads.extend(head(&group[start..at]));
                return heads;
            }
            ',' if depth == 0 => {
                heads.extend(head(&group[start..at]));
                start = at + 1;
            }
            _ => {}
        }
    }
    heads
}

/// Everything in a file that goes against the direction of the house.
fn violations(source: &Source) -> Vec<String> {
    let module = source.module();
    let Some((_, allowed)) = MAY_IMPORT.iter().find(|(name, _)| *name == module) else {
        return vec![format!("{}: module `{module}` has no place in the house yet: add it to MAY_IMPORT", source.path)];
    };
    let mut found = Vec::new();
    for import in source.imports() {
        let known = MAY_IMPORT.iter().any(|(name, _)| *name == import);
        if known && import != module && *allowed != ANY && !allowed.contains(&import.as_str()) {
            found.push(format!("{}: `{module}` imports `{import}`", source.path));
        }
    }
    if PURE.contains(&module) {
        let words = IMPURE.iter().filter(|word| source.code.contains(**word));
        found.extend(words.map(|word| format!("{}: `{module}` is pure and mentions `{word}`", source.path)));
    }
    let lower = source.code.to_lowercase();
    let named = COUNTERS.iter().filter(|name| has_word(&lower, name));
    found.extend(named.map(|name| format!("{}: a counter is named: {name}", source.path)));
    found
}

/// Whether a text has this name as a word of its own; `_` parts words, so that `polar_h10` counts.
fn has_word(text: &str, name: &str) -> bool {
    text.match_indices(name).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + name.len()..].chars().next();
        !before.is_some_and(char::is_alphabetic) && !after.is_some_and(char::is_alphabetic)
    })
}

/// Every Rust file of `src/` but those that hold tests alone.
fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut folders: Vec<PathBuf> = vec![root.clone()];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder of src/") {
            let path = entry.expect("an entry of src/").path();
            let below = path.strip_prefix(&root).expect("below src/").to_string_lossy().replace('\\', "/");
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ext| ext == "rs") && !below.ends_with("tests.rs") {
                found.push(Source::new(&below, &fs::read_to_string(&path).expect("a file of src/")));
            }
        }
    }
    found
}

#[test]
fn imports_go_one_way_and_no_counter_is_named() {
    let sources = sources();

    let found: Vec<_> = sources.iter().flat_map(violations).collect();

    assert!(sources.len() > 3, "the sources were found");
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn a_planted_violation_is_found() {
    for (path, text, count) in [
        ("goal.rs", "use crate::store::Journal;", 1),
        ("goal/judge.rs", "use crate::{model::Day, store, time::{Clock, Zone}, api};", 2),
        ("goal.rs", "use crate::{\n    model::{A, B},\n    sync::C,\n};", 1),
        ("store/index.rs", "fn f() { crate::days::g() }", 1),
        ("model.rs", "use crate::time::Zone;", 1),
        ("aggregate/wear.rs", "use std::fs;\nuse tracing::info;", 2),
        ("goal.rs", "let now = chrono::Utc::now();", 1),
        ("sync.rs", "match name { \"Mi Band 5\" => 1, _ => 2 }", 1),
        ("radio/sim.rs", "fn colmi_r02() {}", 1),
        ("gadget.rs", "fn new() {}", 1),
    ] {
        let found = violations(&Source::new(path, text));
        assert_eq!(found.len(), count, "{path}: {text}: {found:?}");
    }
}

#[test]
fn what_the_house_allows_is_let_through() {
    for (path, text) in [
        ("goal/judge.rs", "use super::History;\nuse crate::{model::DayTotal, time::Calendar};"),
        ("aggregate/bouts.rs", "use crate::aggregate::minutes::Segment;"),
        ("supervisor.rs", "use crate::{config::Config, radio::Link, store::Store, sync::run};"),
        ("daemon.rs", "use crate::{api, cli, store};"),
        ("model.rs", "use mycrate::time::Zone; // crate::store::x\n#[cfg(test)]\nmod tests { use crate::store; }"),
        ("goal.rs", "/// Not tokio, not std::fs, not a Pebble.\nfn bipolar() {}"),
    ] {
        assert_eq!(violations(&Source::new(path, text)), Vec::<String>::new(), "{path}: {text}");
    }
}
