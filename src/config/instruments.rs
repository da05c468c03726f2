//! Instruments: those that come with this program (`config/instruments/`), and files of a study's own, which may hold
//! what the study has a licence for.
//!
//! A file names its source and the words that allow its use, then its items and how they are scored; `docs/check-ins.md`
//! shows one with subscales.

use std::{collections::BTreeSet, fmt, fs, io, path::Path};

use toml::de::DeTable;

use super::ConfigProblem;
use crate::model::instrument::{Answer, Instrument};

/// Those that come with this program: name of the file and its text.
const BUILT_IN: [(&str, &str); 2] = [
    ("pain.toml", include_str!("../../config/instruments/pain.toml")),
    ("rmdq-en.toml", include_str!("../../config/instruments/rmdq-en.toml")),
];

/// Most bytes of a file: a hundred items with long texts are far below.
const BYTES_MAX: u64 = 1 << 20;

/// Why a file is no instrument: everything in it that does not fit, in the order of its lines.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct InstrumentError {
    /// The file, as it was named.
    pub origin: String,
    /// At least one problem.
    pub problems: Vec<ConfigProblem>,
}

impl fmt::Display for InstrumentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "instrument {} does not fit, and nothing of it is asked", self.origin)?;
        self.problems.iter().try_for_each(|problem| write!(f, "\n  {problem}"))
    }
}

impl InstrumentError {
    fn of_file(path: &Path, text: impl Into<String>) -> Self {
        let problem = ConfigProblem { key: String::new(), line: None, text: text.into() };
        Self { origin: path.display().to_string(), problems: vec![problem] }
    }
}

/// The instruments that come with this program, and those in these files; of a folder, every `.toml` file in it. Beside
/// them, why some files cannot be used.
pub fn instruments(places: &[impl AsRef<Path>]) -> (Vec<Instrument>, Vec<InstrumentError>) {
    let (mut found, mut errors) = (Vec::new(), Vec::new());
    let built_in = BUILT_IN.iter().map(|(name, text)| ((*name).to_owned(), parse_instrument(text, name)));
    let (files, unreadable) = files(places);
    errors.extend(unreadable);
    let own = files.into_iter().map(|path| (path.display().to_string(), read(&path)));
    for (origin, read) in built_in.chain(own) {
        match read {
            Ok(instrument) if found.iter().any(|known: &Instrument| known.name == instrument.name) => {
                let text =
                    format!("there is another instrument called {:?}; each has a name of its own", instrument.name);
                let problem = ConfigProblem { key: "name".to_owned(), line: None, text };
                errors.push(InstrumentError { origin, problems: vec![problem] });
            }
            Ok(instrument) => found.push(instrument),
            Err(error) => errors.push(error),
        }
    }
    (found, errors)
}

fn files(places: &[impl AsRef<Path>]) -> (Vec<std::path::PathBuf>, Vec<InstrumentError>) {
    let (mut files, mut errors) = (Vec::new(), Vec::new());
    for place in places.iter().map(AsRef::as_ref) {
        if !place.is_dir() {
            files.push(place.to_owned());
            continue;
        }
        let listed = fs::read_dir(place)
            .and_then(|entries| entries.map(|entry| entry.map(|entry| entry.path())).collect::<io::Result<Vec<_>>>());
        match listed {
            Ok(mut inside) => {
                inside.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
                inside.sort();
                files.extend(inside);
            }
            Err(error) => errors.push(InstrumentError::of_file(place, format!("this folder cannot be read: {error}"))),
        }
    }
    (files, errors)
}

fn read(path: &Path) -> Result<Instrument, InstrumentError> {
    let unreadable = |error: io::Error| InstrumentError::of_file(path, format!("this file cannot be read: {error}"));
    if fs::metadata(path).map_err(unreadable)?.len() > BYTES_MAX {
        return Err(InstrumentError::of_file(path, "this file is larger than 1 MiB, which no instrument is"));
    }
    parse_instrument(&fs::read_to_string(path).map_err(unreadable)?, &path.display().to_string())
}

/// Reads the text of an instrument's file; `origin` names it in errors.
///
/// # Errors
/// With everything that does not fit.
pub fn parse_instrument(text: &str, origin: &str) -> Result<Instrument, InstrumentError> {
    let failed = |problems| InstrumentError { origin: origin.to_owned(), problems };
    let line_at = |place: usize| text.bytes().take(place).filter(|&byte| byte == b'\n').count() + 1;
    let (table, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        let problem = |error: toml::de::Error| ConfigProblem {
            key: String::new(),
            line: error.span().map(|span| line_at(span.start)),
            text: format!("this is not TOML: {}", error.message()),
        };
        return Err(failed(errors.into_iter().map(problem).collect()));
    }
    let places = Places::of(table.get_ref());
    let instrument: Instrument = toml::from_str(text).map_err(|error| {
        // What is absent has no place of its own.
        let place = error.span().map(|span| span.start).filter(|&start| start > 0);
        let key = place.map(|place| places.key_at(place)).unwrap_or_default();
        failed(vec![ConfigProblem { key, line: place.map(line_at), text: error.message().trim().to_owned() }])
    })?;
    let problems: Vec<_> = misfits(&instrument)
        .into_iter()
        .map(|(key, text)| ConfigProblem { line: places.place_of(&key).map(line_at), key, text })
        .collect();
    if problems.is_empty() { Ok(instrument) } else { Err(failed(problems)) }
}

/// Where the keys of a file stand: those at its top, and the keys of each item and each score.
struct Places(Vec<(String, usize)>);

impl Places {
    fn of(table: &DeTable<'_>) -> Self {
        let mut places = Vec::new();
        for (key, value) in table {
            let name = key.get_ref();
            let Some(list) = value.get_ref().as_array() else {
                places.push((name.to_string(), key.span().start));
                continue;
            };
            for (number, entry) in list.iter().enumerate() {
                let entry_name = format!("{name}[{}]", number + 1);
                places.push((entry_name.clone(), entry.span().start));
                for (key, _) in entry.get_ref().as_table().into_iter().flatten() {
                    places.push((format!("{entry_name}.{}", key.get_ref()), key.span().start));
                }
            }
        }
        places.sort_by_key(|(_, place)| *place);
        Self(places)
    }

    /// The key that a place of the text belongs to.
    fn key_at(&self, place: usize) -> String {
        let before = self.0.iter().rev().find(|(_, start)| *start <= place);
        before.map(|(key, _)| key.clone()).unwrap_or_default()
    }

    fn place_of(&self, key: &str) -> Option<usize> {
        let exact = |key: &str| self.0.iter().find(|(known, _)| known == key).map(|(_, place)| *place);
        exact(key).or_else(|| exact(key.split('.').next().unwrap_or(key)))
    }
}

/// Keys whose values were read, but do not fit, and what would.
fn misfits(instrument: &Instrument) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut wrong = |key: &str, text: &str| found.push((key.to_owned(), text.to_owned()));
    let is_code = |code: &str| {
        (1..=32).contains(&code.len()) && code.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
    };
    let code = "write 1 to 32 letters, digits, `_` or `-`";
    if !is_code(&instrument.name) {
        wrong("name", code);
    }
    for (key, text) in [
        ("title", &instrument.title),
        ("version", &instrument.version),
        ("source", &instrument.source),
        ("permission", &instrument.permission),
    ] {
        if text.trim().is_empty() {
            wrong(key, "this stays with the answers; write a few words");
        }
    }
    let language = instrument
        .language
        .split('-')
        .all(|part| (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    if !language {
        wrong("language", "write the language of the texts, such as \"en\" or \"nb\"");
    }
    if !(1..=366).contains(&instrument.every_days) {
        wrong("every_days", "between 1 and 366 days, please");
    }
    if instrument.items.is_empty() {
        wrong("item", "an instrument has at least one item");
    }
    let mut names = BTreeSet::new();
    for (number, item) in instrument.items.iter().enumerate() {
        let key = |part: &str| format!("item[{}].{part}", number + 1);
        if !is_code(&item.name) {
            wrong(&key("name"), code);
        } else if !names.insert(&item.name) {
            wrong(&key("name"), "another item has this name");
        }
        if item.text.trim().is_empty() {
            wrong(&key("text"), "an item has a text");
        }
        let fits = match &item.answer {
            Answer::Tick => true,
            Answer::Scale(scale) => scale.to.checked_sub(scale.from).is_some_and(|length| (1..=100).contains(&length)),
            Answer::Options(options) => (2..=20).contains(&options.len()),
        };
        if !fits {
            wrong(&key("answer"), "a scale has 2 to 101 numbers from lowest to highest, and a choice 2 to 20 texts");
        }
    }
    let mut scores = BTreeSet::new();
    for (number, score) in instrument.scores.iter().enumerate() {
        let key = |part: &str| format!("score[{}].{part}", number + 1);
        if !is_code(&score.name) {
            wrong(&key("name"), code);
        } else if !scores.insert(&score.name) {
            wrong(&key("name"), "another score has this name");
        }
        if let Some(unknown) = score.items.iter().find(|name| !names.contains(name)) {
            wrong(&key("items"), &format!("no item is called {unknown:?}"));
        }
        let mut once = BTreeSet::new();
        if !score.items.iter().all(|name| once.insert(name)) {
            wrong(&key("items"), "an item stands here twice");
        }
        let of = if score.items.is_empty() { instrument.items.len() } else { score.items.len() };
        if score.may_lack >= of.max(1) {
            wrong(&key("may_lack"), "fewer than the items that the score is made of");
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"name = "fabq"
title = "Made up"
language = "en"
version = "1"
date = "2026-11-24"
source = "this test"
permission = "ours"
every_days = 28

[[item]]
name = "1"
text = "First"
answer.scale = { from = 0, to = 6, low = "no", high = "yes" }

[[item]]
name = "2"
text = "Second"
answer.options = ["none", "some"]

[[score]]
name = "both"
rule = "sum"
items = ["1", "2"]
"#;

    fn found(from: &str, to: &str) -> Vec<(String, Option<usize>)> {
        let text = GOOD.replacen(from, to, 1);
        assert_ne!(text, GOOD, "{from}");
        let error = parse_instrument(&text, "fabq.toml").unwrap_err();
        error.problems.into_iter().map(|problem| (problem.key, problem.line)).collect()
    }

    #[test]
    fn a_file_of_a_study_is_read() {
        let instrument = parse_instrument(GOOD, "fabq.toml").unwrap();

        assert_eq!((instrument.items.len(), instrument.scores.len()), (2, 1));
        assert_eq!(instrument.items[1].answer.values(), [0, 1]);
    }

    #[test]
    fn what_does_not_fit_is_named_by_key_and_line() {
        for (from, to, key, line) in [
            ("name = \"fabq\"", "name = \"fear avoidance\"", "name", Some(1)),
            ("language = \"en\"", "language = \"English please\"", "language", Some(3)),
            ("date = \"2026-11-24\"", "date = \"yesterday\"", "date", Some(5)),
            ("permission = \"ours\"", "permission = \" \"", "permission", Some(7)),
            ("every_days = 28", "every_days = 0", "every_days", Some(8)),
            ("every_days = 28", "every_day = 28", "every_day", Some(8)),
            ("every_days = 28", "every_days 28", "", Some(8)),
            ("name = \"2\"", "name = \"1\"", "item[2].name", Some(16)),
            ("to = 6", "to = 0", "item[1].answer", Some(13)),
            ("[\"none\", \"some\"]", "[\"none\"]", "item[2].answer", Some(18)),
            ("rule = \"sum\"", "rule = \"product\"", "score[1].rule", Some(22)),
            ("items = [\"1\", \"2\"]", "items = [\"1\", \"3\"]", "score[1].items", Some(23)),
            ("items = [\"1\", \"2\"]", "may_lack = 2", "score[1].may_lack", Some(23)),
        ] {
            let all = found(from, to);
            assert!(all.contains(&(key.to_owned(), line)), "{to}: {all:?}");
        }
    }

    #[test]
    fn every_file_of_the_folder_comes_with_the_program_and_names_what_allows_it() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/instruments");
        let names: BTreeSet<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        let (instruments, errors) = instruments(&[""; 0]);

        assert!(errors.is_empty(), "{errors:?}");
        assert_eq!(names, BUILT_IN.iter().map(|(name, _)| (*name).into()).collect());
        for (instrument, (file, _)) in instruments.iter().zip(BUILT_IN) {
            assert_eq!(format!("{}.toml", instrument.name), file);
        }
    }

    #[test]
    fn the_roland_morris_questionnaire_has_24_items_and_counts_ticks() {
        let (instruments, _) = instruments(&[""; 0]);
        let rmdq = instruments.iter().find(|one| one.name == "rmdq-en").unwrap();
        let all = rmdq.items.iter().map(|item| (item.name.clone(), 1)).collect();

        assert_eq!(rmdq.items.len(), 24);
        assert!(rmdq.items.iter().all(|item| item.answer == Answer::Tick && item.text.contains("back")));
        assert_eq!(rmdq.score(&all)["rmdq"].to_string(), "24");
    }

    #[test]
    fn files_and_folders_of_a_study_join_those_of_the_program() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            use std::io::Write as _;
            fs::File::create(folder.path().join(name)).unwrap().write_all(text.as_bytes()).unwrap();
        };
        write("fabq.toml", GOOD);
        write("again.toml", &GOOD.replace("fabq", "pain"));
        write("readme.txt", "not an instrument");

        let (found, errors) = instruments(&[folder.path().to_owned(), folder.path().join("gone.toml")]);

        assert_eq!(found.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["pain", "rmdq-en", "fabq"]);
        let texts: Vec<_> = errors.iter().map(ToString::to_string).collect();
        assert!(texts[0].contains("another instrument called \"pain\""), "{texts:?}");
        assert!(texts[1].contains("gone.toml") && texts[1].contains("cannot be read"), "{texts:?}");
    }
}
