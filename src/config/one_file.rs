//! A TOML file of its own, such as one of rules, read into one value; what does not fit is named by key and line.

use std::{borrow::Cow, ops::Range};

use serde::de::DeserializeOwned;
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::ConfigProblem;

/// Where the keys of a file stand.
pub(super) struct Places<'t> {
    text: &'t str,
    /// Keys with their tables, such as `rule.percent`, and from where to where they and their values stand.
    keys: Vec<(String, Range<usize>)>,
}

/// Reads the text of a file.
pub(super) fn read<T: DeserializeOwned>(text: &str) -> Result<(T, Places<'_>), Vec<ConfigProblem>> {
    let mut places = Places { text, keys: Vec::new() };
    let (table, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        let problem = |error: toml::de::Error| ConfigProblem {
            key: String::new(),
            line: error.span().map(|span| places.line(span.start)),
            text: format!("this is not TOML: {}", error.message()),
        };
        return Err(errors.into_iter().map(problem).collect());
    }
    places.gather("", table.get_ref().iter());
    match toml::from_str(text) {
        Ok(value) => Ok((value, places)),
        Err(error) => {
            let at = error.span().map(|span| span.start).filter(|&start| start > 0);
            // The innermost key: its table was gathered before it.
            let key = places.keys.iter().rev().find(|(_, span)| at.is_some_and(|at| span.contains(&at)));
            let key = key.map(|(key, _)| key.clone()).unwrap_or_default();
            let line = at.map(|at| places.line(at));
            Err(vec![ConfigProblem { key, line, text: error.message().trim().to_owned() }])
        }
    }
}

impl Places<'_> {
    fn gather<'a, 'i: 'a>(
        &mut self,
        path: &str,
        entries: impl Iterator<Item = (&'a Spanned<Cow<'i, str>>, &'a Spanned<DeValue<'i>>)>,
    ) {
        for (key, value) in entries {
            let name = if path.is_empty() { key.get_ref().to_string() } else { format!("{path}.{}", key.get_ref()) };
            self.keys.push((name.clone(), key.span().start..value.span().end.max(key.span().end)));
            if let DeValue::Table(table) = value.get_ref() {
                self.gather(&name, table.iter());
            }
        }
    }

    /// The line of a place, the first being 1.
    fn line(&self, place: usize) -> usize {
        self.text.bytes().take(place).filter(|&byte| byte == b'\n').count() + 1
    }

    /// What does not fit about keys, with their lines, in the order of these. A key that is not written has none.
    pub(super) fn named<K: Into<String>>(&self, misfits: impl IntoIterator<Item = (K, String)>) -> Vec<ConfigProblem> {
        let problem = |(key, text): (K, String)| {
            let key = key.into();
            let line = self.keys.iter().find(|(known, _)| *known == key).map(|(_, span)| self.line(span.start));
            ConfigProblem { key, line, text }
        };
        let mut problems: Vec<_> = misfits.into_iter().map(problem).collect();
        problems.sort_by_key(|problem| problem.line.unwrap_or(usize::MAX));
        problems
    }
}
