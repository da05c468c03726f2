//! `--rules FILE`: thresholds from a TOML file such as `config/rules/brisk-1.toml`.

use std::{fmt, fs, ops::RangeInclusive, path::Path};

use super::{ConfigProblem, one_file};
use crate::model::{Rules, WearMethod};

/// Why a file of rules cannot be used: everything in it that does not fit, in the order of its lines.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct RulesError {
    /// The file, as it was named.
    pub origin: String,
    /// At least one problem.
    pub problems: Vec<ConfigProblem>,
}

impl fmt::Display for RulesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "rules {} do not fit, and nothing was computed with them", self.origin)?;
        self.problems.iter().try_for_each(|problem| write!(f, "\n  {problem}"))
    }
}

/// Reads a file of rules. Every threshold must be written; one that is not known, or is out of bounds, is an error,
/// and so is another number under the name of the built-in rules. [`Rules::hash`] names what was read.
pub fn read_rules(path: &Path) -> Result<Rules, RulesError> {
    let origin = path.display().to_string();
    match fs::read_to_string(path) {
        Ok(text) => parse_rules(&text, &origin),
        Err(error) => {
            let text = format!("this file cannot be read: {error}");
            Err(RulesError { origin, problems: vec![ConfigProblem { key: String::new(), line: None, text }] })
        }
    }
}

/// Reads the text of a file of rules; `origin` names it in errors.
pub fn parse_rules(text: &str, origin: &str) -> Result<Rules, RulesError> {
    let failed = |problems| RulesError { origin: origin.to_owned(), problems };
    let (rules, places) = one_file::read::<Rules>(text).map_err(failed)?;
    let problems = places.named(misfits(&rules));
    if problems.is_empty() { Ok(rules) } else { Err(failed(problems)) }
}

/// Thresholds that contradict themselves, each other, or the day.
fn misfits(rules: &Rules) -> Vec<(&'static str, String)> {
    let mut found = Vec::new();
    let built_in = Rules::brisk_1();
    if rules.name.is_empty() || rules.name.len() > 64 || !rules.name.bytes().all(|byte| byte.is_ascii_graphic()) {
        found.push(("name", "write 1 to 64 letters, digits or signs without a space, such as \"study/1\"".to_owned()));
    } else if rules.name == built_in.name && *rules != built_in {
        let text = "rules never change under their name; give these another one, such as \"study/1\"";
        found.push(("name", text.to_owned()));
    }
    let bounds: [(&str, u16, RangeInclusive<u16>, &str); 11] = [
        ("brisk_spm", rules.brisk_spm, 1..=300, "steps a minute"),
        ("vigorous_spm", rules.vigorous_spm, 1..=300, "steps a minute"),
        ("bout_window_min", rules.bout_window_min, 1..=240, "minutes"),
        ("bout_brisk_min", rules.bout_brisk_min, 1..=240, "minutes"),
        ("bout_end_min", rules.bout_end_min, 1..=240, "minutes"),
        ("zero_run_short_min", rules.zero_run_short_min, 1..=1440, "minutes"),
        ("zero_run_long_min", rules.zero_run_long_min, 1..=1440, "minutes"),
        ("zero_run_longest_min", rules.zero_run_longest_min, 1..=1440, "minutes"),
        ("valid_wear_min", rules.valid_wear_min, 0..=1440, "minutes"),
        ("valid_hours_with_steps", rules.valid_hours_with_steps, 0..=24, "hours"),
        ("ceiling_spm", rules.ceiling_spm, 1..=1000, "steps a minute"),
    ];
    for (key, value, fits, unit) in bounds {
        if !fits.contains(&value) {
            found.push((key, format!("between {} and {} {unit}, please", fits.start(), fits.end())));
        }
    }
    for (key, fits, text) in [
        ("vigorous_spm", rules.vigorous_spm >= rules.brisk_spm, "at least `brisk_spm`: a vigorous minute is brisk too"),
        ("bout_brisk_min", rules.bout_brisk_min <= rules.bout_window_min, "no more minutes than `bout_window_min` has"),
        ("zero_run_long_min", rules.zero_run_long_min >= rules.zero_run_short_min, "at least `zero_run_short_min`"),
        (
            "zero_run_longest_min",
            rules.zero_run_longest_min >= rules.zero_run_short_min,
            "at least `zero_run_short_min`",
        ),
        (
            "wear_method",
            rules.wear_method != WearMethod::Device,
            "what a counter says comes first by itself: name another",
        ),
        (
            "ceiling_spm",
            rules.ceiling_spm >= rules.vigorous_spm,
            "at least `vigorous_spm`: a minute can hold that many",
        ),
    ] {
        if !fits && !found.iter().any(|(known, _)| *known == key) {
            found.push((key, text.to_owned()));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The built-in rules under another name, with some lines changed.
    fn file(changes: &[(&str, &str)]) -> String {
        let text = toml::to_string(&Rules { name: "study/1".into(), ..Rules::brisk_1() }).unwrap();
        let line = |line: &str| {
            let new = changes.iter().find(|(key, _)| line.starts_with(&format!("{key} =")));
            new.map_or(line.to_owned(), |(_, new)| (*new).to_owned())
        };
        text.lines().map(|old| line(old) + "\n").collect()
    }

    fn found(changes: &[(&str, &str)]) -> Vec<(String, Option<usize>)> {
        let error = parse_rules(&file(changes), "study.toml").unwrap_err();
        error.problems.into_iter().map(|problem| (problem.key, problem.line)).collect()
    }

    #[test]
    fn a_file_of_rules_is_read_and_has_a_hash_of_its_own() {
        let rules = parse_rules(&file(&[("brisk_spm", "brisk_spm = 90")]), "study.toml").unwrap();

        assert_eq!((rules.name.as_str(), rules.brisk_spm, rules.vigorous_spm), ("study/1", 90, 130));
        assert_ne!(rules.hash(), Rules::brisk_1().hash());
    }

    #[test]
    fn the_built_in_rules_are_read_from_their_file() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/rules/brisk-1.toml");

        assert_eq!(read_rules(&path).unwrap(), Rules::brisk_1());
    }

    #[test]
    fn what_does_not_fit_is_named_by_key_and_line() {
        assert_eq!(found(&[("brisk_spm", "brisk_spm = \"fast\"")]), [("brisk_spm".into(), Some(2))]);
        assert_eq!(found(&[("brisk_spm", "brisk_spm = -1")]), [("brisk_spm".into(), Some(2))]);
        assert_eq!(found(&[("brisk_spm", "brisk_smp = 90")])[0].1, Some(2));
        assert_eq!(found(&[("brisk_spm", "brisk_spm 90")]), [(String::new(), Some(2))]);
        assert_eq!(
            found(&[
                ("vigorous_spm", "vigorous_spm = 90"),
                ("bout_brisk_min", "bout_brisk_min = 11"),
                ("name", "name = \"\"")
            ]),
            [("name".into(), Some(1)), ("vigorous_spm".into(), Some(3)), ("bout_brisk_min".into(), Some(5))]
        );
        assert_eq!(found(&[("bout_end_min", "bout_end_min = 0")]), [("bout_end_min".into(), Some(6))]);
    }

    #[test]
    fn a_threshold_that_is_not_written_is_named() {
        let error = parse_rules(&file(&[("valid_wear_min", "")]), "study.toml").unwrap_err();

        assert!(error.to_string().contains("missing field `valid_wear_min`"), "{error}");
    }

    #[test]
    fn another_number_needs_another_name() {
        let changes = [("name", "name = \"brisk/1\""), ("brisk_spm", "brisk_spm = 90")];
        assert_eq!(found(&changes), [("name".into(), Some(1))]);
    }

    #[test]
    fn a_file_that_is_not_there_is_said_to_be_unreadable() {
        let error = read_rules(Path::new("/nowhere/rules.toml")).unwrap_err();
        assert!(error.to_string().contains("cannot be read"), "{error}");
    }
}
