//! What the sources of the program say: keys of messages, and the values that are given to them.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// What stands before a key and nothing else.
const ASKED: [&str; 4] = ["Phrase::new(", ".t(", "label: ", "hint: Some("];
/// What stands before a name within a page or of its forms; whatever stands behind one of these is no key anywhere in
/// the file.
const NAMED: [&str; 5] = ["=", "={ ", ".map(|_| ", "hidden(visit, ", "fields.time("];
/// What a phrase is handed to when it has all its values.
const HANDED: [&str; 5] = ["say", "push", "with", "from", "Some"];

/// A file of `src/`.
pub struct Source {
    /// Path below `src/`.
    pub path: String,
    /// Its text without comments and without tests.
    pub code: String,
}

/// A phrase as it stands in the sources, from its key to the last of its values.
pub struct Said {
    /// The key.
    pub key: String,
    /// Names of the values.
    pub values: BTreeSet<String>,
}

impl Source {
    fn new(path: String, text: &str) -> Self {
        let tests = text.lines().position(|line| line == "#[cfg(test)]");
        let lines = text.lines().take(tests.unwrap_or(usize::MAX));
        let code: Vec<_> = lines.map(|line| line.split("//").next().unwrap_or(line)).collect();
        Self { path, code: code.join("\n") }
    }

    /// Every file of `src/` but those that hold tests alone.
    pub fn all() -> Vec<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let mut folders: Vec<PathBuf> = vec![root.clone()];
        let mut found = Vec::new();
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).expect("a folder of src/") {
                let path = entry.expect("an entry of src/").path();
                let below = path.strip_prefix(&root).expect("below src/").to_string_lossy().into_owned();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|ext| ext == "rs") && !below.ends_with("tests.rs") {
                    found.push(Self::new(below, &fs::read_to_string(&path).expect("a file of src/")));
                }
            }
        }
        found.sort_by(|a, b| a.path.cmp(&b.path));
        assert!(found.len() > 100, "the sources were found");
        found
    }

    /// All texts in quotes that could be keys.
    pub fn literals(&self) -> impl Iterator<Item = &str> {
        quoted(&self.code).map(|(_, literal)| literal)
    }

    /// Keys that the file asks for: whatever stands where only a key can, and in files with phrases all that begins as
    /// keys do. Names within a page (`id="week-table"`) and of its forms are none.
    pub fn asked(&self, keys: &BTreeSet<String>) -> BTreeSet<&str> {
        let families: BTreeSet<&str> =
            keys.iter().filter_map(|key| key.split_once('-')).map(|(first, _)| first).collect();
        let has_phrases = self.code.contains("Phrase::new(");
        let stands = |at: usize, ways: &[&str]| ways.iter().any(|way| self.code[..at].ends_with(way));
        let names: BTreeSet<&str> =
            quoted(&self.code).filter(|(at, _)| stands(*at, &NAMED)).map(|(_, literal)| literal).collect();
        let found = quoted(&self.code).filter(|(at, literal)| {
            let alike = literal.split_once('-').is_some_and(|(first, _)| families.contains(first));
            stands(*at, &ASKED) || (has_phrases && alike && !names.contains(literal))
        });
        found.map(|(_, literal)| literal).collect()
    }
}

/// Texts in quotes of small letters, digits and `-`, and where they begin.
fn quoted(code: &str) -> impl Iterator<Item = (usize, &str)> {
    code.match_indices('"').filter_map(|(at, _)| {
        let rest = &code[at + 1..];
        let literal = &rest[..rest.find('"')?];
        let key = literal.starts_with(|c: char| c.is_ascii_lowercase())
            && literal.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
        key.then_some((at, literal))
    })
}

/// Phrases whose key stands in the sources, with the values that are given to them right there: `Phrase::new("a").with("b", 1)`,
/// and `visit.t("a")`, which gives none. A phrase that is bound to a name first, or handed to a function that may give it
/// more, is left out.
pub fn given(code: &str) -> Vec<Said> {
    let mut found = Vec::new();
    for (way, chained) in [("Phrase::new(\"", true), (".t(\"", false)] {
        for (at, _) in code.match_indices(way) {
            let rest = &code[at + way.len()..];
            let Some((key, mut rest)) = rest.split_once("\")") else { continue };
            let mut values = BTreeSet::new();
            while let Some(with) = rest.trim_start().strip_prefix(".with(").filter(|_| chained) {
                let Some(value) = with.trim_start().strip_prefix('"').and_then(|with| with.split('"').next()) else {
                    break;
                };
                values.insert(value.to_owned());
                rest = behind_bracket(with);
            }
            let statement = code[..at].rsplit([';', '{', '}']).next().unwrap_or_default();
            let taker =
                code[..at].strip_suffix('(').map(|before| before.rsplit(|c: char| !c.is_alphanumeric() && c != '_'));
            let unfinished = taker.and_then(|mut names| names.next()).is_some_and(|name| !HANDED.contains(&name));
            if !(chained && (unfinished || statement.contains("let "))) {
                found.push(Said { key: key.to_owned(), values });
            }
        }
    }
    found
}

/// What stands behind the bracket that closes the one open at the start.
fn behind_bracket(text: &str) -> &str {
    let mut open = 1;
    let mut in_quotes = false;
    for (at, c) in text.char_indices() {
        match c {
            '"' => in_quotes = !in_quotes,
            '(' if !in_quotes => open += 1,
            ')' if !in_quotes => open -= 1,
            _ => {}
        }
        if open == 0 {
            return &text[at + 1..];
        }
    }
    ""
}

#[test]
fn keys_are_found_where_they_stand() {
    let code = "Phrase::new(\"today-some\")\n// \"today-old\"\nlet key = if late { \"today-late\" } else { \"other-thing\" };\n\
        html! { p id=\"today-part\" { (hidden(visit, \"today-form\")) (described(\"today-part\")) (visit.t(\"anything\")) } Field { label: \"name\", hint: Some(\"hint-name\") } }\n\
        #[cfg(test)]\nmod tests { Phrase::new(\"today-tested\") }";
    let source = Source::new("a.rs".to_owned(), code);
    let keys = BTreeSet::from(["today-some".to_owned(), "menu".to_owned()]);

    let asked = source.asked(&keys);

    assert_eq!(asked, BTreeSet::from(["today-some", "today-late", "anything", "name", "hint-name"]));
}

#[test]
fn values_are_found_up_to_the_last() {
    let code = "say(Phrase::new(\"a\").with(\"b\", g(\"(\", h(1)))\n    .with(\"c\", Phrase::new(\"d\")));\nlet x = Phrase::new(\"e\");since(Phrase::new(\"g\"));\nvisit.t(\"f\")";

    let found: Vec<_> =
        given(code).into_iter().map(|said| (said.key, said.values.into_iter().collect::<Vec<_>>().join(" "))).collect();

    let want = [("a", "b c"), ("d", ""), ("f", "")].map(|(key, values)| (key.to_owned(), values.to_owned()));
    assert_eq!(found, want);
}
