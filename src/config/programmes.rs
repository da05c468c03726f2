//! Programmes: what a study or a clinic agreed on about goals, one TOML file each. Three come with the program
//! (`config/programmes/`); a study names its own in `[study] programmes`.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::{ConfigErrors, ConfigProblem, one_file};
use crate::{
    goal::{Measure, Pace, Period, Rule, Stage},
    words::Language,
};

/// A programme.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Programme {
    /// Its name: 1 to 32 lower-case letters, digits or `-`.
    pub name: String,
    /// What people call it.
    pub title: Text,
    /// What it offers.
    pub about: Text,
    /// How it differs from the study that it is named after.
    pub not_the_original: String,
    /// What its goals count.
    pub measure: Measure,
    /// Per day or per week.
    pub period: Period,
    /// One small choice is offered each day.
    #[serde(default)]
    pub small_choices: bool,
    /// By which rule the next week is proposed.
    pub rule: Rule,
    /// Between which bounds.
    #[serde(default)]
    pub pace: Pace,
    /// What is said to somebody at a stage of change, as they entered it.
    #[serde(default)]
    pub stages: BTreeMap<Stage, Text>,
}

/// A text in the languages of the pages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Text {
    /// English, which stands in for a language that is not written.
    pub en: String,
    /// Hebrew.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub he: Option<String>,
}

impl Text {
    /// The text in a language.
    pub fn text_in(&self, language: Language) -> &str {
        match language {
            Language::En => &self.en,
            Language::He => self.he.as_ref().unwrap_or(&self.en),
        }
    }
}

/// The programmes that come with the program: their files, and what stands in them.
const BUILT_IN: [(&str, &str); 3] = [
    ("config/programmes/etmi-style.toml", include_str!("../../config/programmes/etmi-style.toml")),
    ("config/programmes/selfback-style.toml", include_str!("../../config/programmes/selfback-style.toml")),
    ("config/programmes/micro-choices.toml", include_str!("../../config/programmes/micro-choices.toml")),
];

/// The programmes that come with the program, then those of these files; beside them, why some files cannot be used:
/// everything about each.
pub fn programmes(files: &[PathBuf]) -> (Vec<Programme>, Vec<ConfigErrors>) {
    let (mut found, mut errors) = (Vec::new(), Vec::new());
    let built_in = BUILT_IN.iter().map(|(origin, text)| ((*origin).to_owned(), parse_programme(text, origin)));
    let own = files.iter().map(|file| (file.display().to_string(), read(file)));
    for (origin, read) in built_in.chain(own) {
        match read {
            Ok(programme) if found.iter().any(|known: &Programme| known.name == programme.name) => {
                let text = format!("there is another programme called {:?}; give it a name of its own", programme.name);
                errors.push(failed(origin, "name", text));
            }
            Ok(programme) => found.push(programme),
            Err(error) => errors.push(error),
        }
    }
    (found, errors)
}

fn read(file: &Path) -> Result<Programme, ConfigErrors> {
    let origin = file.display().to_string();
    match fs::read_to_string(file) {
        Ok(text) => parse_programme(&text, &origin),
        Err(error) => Err(failed(origin, "", format!("this file cannot be read: {error}"))),
    }
}

fn failed(origin: String, key: &str, text: String) -> ConfigErrors {
    ConfigErrors { origin, problems: vec![ConfigProblem { key: key.to_owned(), line: None, text }] }
}

/// Reads the text of a programme's file; `origin` names it in errors.
///
/// # Errors
/// Everything in it that does not fit, with its key and line.
pub fn parse_programme(text: &str, origin: &str) -> Result<Programme, ConfigErrors> {
    let failed = |problems| ConfigErrors { origin: origin.to_owned(), problems };
    let (programme, places) = one_file::read::<Programme>(text).map_err(failed)?;
    let problems = places.named(misfits(&programme));
    if problems.is_empty() { Ok(programme) } else { Err(failed(problems)) }
}

fn misfits(programme: &Programme) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if !(1..=32).contains(&programme.name.len()) || !programme.name.bytes().all(allowed) {
        found.push(("name".to_owned(), "1 to 32 lower-case letters, digits or \"-\", please".to_owned()));
    }
    if programme.not_the_original.trim().is_empty() {
        let text = "say how it differs from the study that it is named after".to_owned();
        found.push(("not_the_original".to_owned(), text));
    }
    found.extend(programme.rule.misfits().into_iter().map(|(key, text)| (format!("rule.{key}"), text)));
    found.extend(programme.pace.misfits().into_iter().map(|(key, text)| (format!("pace.{key}"), text)));
    let plausible = programme.measure.plausible(programme.period);
    for (key, bound) in [("pace.floor", programme.pace.floor), ("pace.ceiling", programme.pace.ceiling)] {
        if bound.is_some_and(|bound| !plausible.contains(&bound)) {
            let text = format!("between {} and {} for this measure, please", plausible.start(), plausible.end());
            found.push((key.to_owned(), text));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::lint::refused_words;

    const FILE: &str = "name = \"study-a\"\nnot_the_original = \"ours\"\nmeasure = \"steps\"\nperiod = \"day\"\n\
        title = { en = \"A\" }\nabout = { en = \"B\" }\n\n[rule]\nname = \"weekly_percent\"\npercent = 10\nof = \"goal\"\n\n\
        [pace]\nceiling = 12000\n";

    fn found(from: &str, to: &str) -> Vec<(String, Option<usize>)> {
        let error = parse_programme(&FILE.replace(from, to), "study.toml").unwrap_err();
        error.problems.into_iter().map(|problem| (problem.key, problem.line)).collect()
    }

    #[test]
    fn a_studys_file_is_read_with_its_own_figures() {
        let text = FILE.replace("[pace]\n", "[pace]\nreached_percent = 70\n");

        let programme = parse_programme(&text, "study.toml").unwrap();

        assert_eq!(programme.rule.name(), "weekly_percent");
        assert_eq!(programme.pace, Pace { reached_percent: 70, ceiling: Some(12_000), ..Pace::default() });
        assert_eq!(programme.title.text_in(Language::He), "A", "English stands in");
    }

    #[test]
    fn what_does_not_fit_is_named_by_key_and_line() {
        assert_eq!(found("percent = 10", "percent = 90"), [("rule.percent".into(), Some(10))]);
        assert_eq!(found("ceiling = 12000", "ceiling = 900000"), [("pace.ceiling".into(), Some(14))]);
        assert_eq!(found("ceiling = 12000", "ceilng = 1"), [("pace.ceilng".into(), Some(14))]);
        assert_eq!(found("\"steps\"", "\"hops\""), [("measure".into(), Some(3))]);
        assert_eq!(found("study-a", "Study A"), [("name".into(), Some(1))]);
        assert_eq!(found("\"ours\"", "\"\""), [("not_the_original".into(), Some(2))]);
        assert_eq!(found("\"day\"", "\"day"), [(String::new(), Some(4))]);
        assert_eq!(found("weekly_percent", "daily_percent")[0].1, Some(9), "within the rule");
    }

    #[test]
    fn rows_of_any_size_are_compared_and_keys_beside_a_rule_are_named() {
        let rule = "name = \"weekly_percent\"\npercent = 10\nof = \"goal\"";
        let huge = "name = \"time_build_up\"\nrows = [{ minutes = 4000000000, days = 4000000000, weeks = 1 }, \
            { minutes = 1, days = 1, weeks = 1 }]";

        assert!(found(rule, huge).iter().any(|(key, line)| key == "rule.rows" && *line == Some(10)));
        let beside = parse_programme(&FILE.replace(rule, "name = \"fixed\"\npercent = 10"), "study.toml").unwrap_err();
        assert!(beside.to_string().contains("line 8: unknown field `percent`"), "{beside}");
    }

    #[test]
    fn the_built_in_programmes_are_read_and_their_words_are_calm() {
        let (all, errors) = programmes(&[]);

        assert_eq!(errors, []);
        let names: Vec<_> = all.iter().map(|programme| programme.name.as_str()).collect();
        assert_eq!(names, ["etmi-style", "selfback-style", "micro-choices"]);
        for programme in &all {
            for text in [&programme.title, &programme.about].into_iter().chain(programme.stages.values()) {
                for said in [Some(&text.en), text.he.as_ref()].into_iter().flatten() {
                    assert_eq!(refused_words(said), Vec::<String>::new(), "{said}");
                }
            }
        }
    }

    #[test]
    fn a_file_that_cannot_be_used_is_named_and_takes_no_other_programme_away() {
        use std::io::Write as _;
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = dir.path().join(name);
            fs::File::create(&path).unwrap().write_all(text.as_bytes()).unwrap();
            path
        };
        let files = [
            dir.path().join("none.toml"),
            write("taken.toml", &FILE.replace("study-a", "etmi-style")),
            write("odd.toml", "name = 3\n"),
            write("good.toml", FILE),
        ];

        let (all, errors) = programmes(&files);

        let names: Vec<_> = all.iter().map(|programme| programme.name.as_str()).collect();
        assert_eq!(names, ["etmi-style", "selfback-style", "micro-choices", "study-a"]);
        let told: Vec<_> = errors.iter().map(ToString::to_string).collect();
        assert!(told[0].contains("none.toml") && told[0].contains("cannot be read"), "{told:?}");
        assert!(told[1].contains("taken.toml") && told[1].contains("another programme called"), "{told:?}");
        assert!(told[2].contains("odd.toml") && told[2].contains("line 1: name"), "{told:?}");
        assert_eq!(told.len(), 3);
    }
}
