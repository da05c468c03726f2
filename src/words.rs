//! What the program says to people, in their language: a phrase is a key with its values, and the catalogue of a
//! language (`src/words/*.ftl`, [Fluent](https://projectfluent.org) syntax) makes a sentence of it.
//!
//! Rules give phrases, never sentences, so that a page, the command line and another language say the same thing.

mod catalogue;
pub mod lint;

use std::{fmt, str::FromStr};

use chrono::{Datelike as _, NaiveDate, NaiveTime};
use serde::{Deserialize, Serialize};

pub use catalogue::say;

/// A language that everything is written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Language {
    /// English.
    #[default]
    En,
    /// Hebrew, from right to left.
    He,
}

impl Language {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::En, Self::He];

    /// As it stands in `lang` (BCP 47).
    pub fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::He => "he",
        }
    }

    /// As it stands in `dir`.
    pub fn direction(self) -> &'static str {
        match self {
            Self::En => "ltr",
            Self::He => "rtl",
        }
    }

    /// What its speakers call it.
    pub fn own_name(self) -> &'static str {
        match self {
            Self::En => "English",
            Self::He => "עברית",
        }
    }
}

/// Why a text is not a language.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{0:?} is not a language of the pages; there are \"en\" and \"he\"")]
pub struct BadLanguage(String);

impl FromStr for Language {
    type Err = BadLanguage;

    fn from_str(tag: &str) -> Result<Self, Self::Err> {
        let known = Self::ALL.into_iter().find(|language| language.tag() == tag);
        known.ok_or_else(|| BadLanguage(tag.chars().take(32).collect()))
    }
}

impl TryFrom<String> for Language {
    type Error = BadLanguage;

    fn try_from(tag: String) -> Result<Self, Self::Error> {
        tag.parse()
    }
}

impl From<Language> for String {
    fn from(language: Language) -> Self {
        language.tag().to_owned()
    }
}

/// One thing to say: the key of a message and the values in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Phrase {
    /// Key of the message.
    pub key: &'static str,
    /// Names and values of what stands in it.
    pub args: Vec<(&'static str, Arg)>,
}

/// A value within a phrase.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Arg {
    /// A count; messages choose their plural by it.
    Number(u32),
    /// A text that needs no translation: people's own words, a name, a code.
    Text(String),
    /// A day in words, such as "Tuesday 14 May".
    Date(NaiveDate),
    /// A day in words with its year.
    DateYear(NaiveDate),
    /// A name of a day of the week, 1 = Monday … 7 = Sunday.
    Weekday(u8),
    /// A time of day, such as 18:05.
    Time(NaiveTime),
    /// Another phrase.
    Phrase(Box<Phrase>),
}

impl Phrase {
    /// A message without values, or to be given some.
    pub fn new(key: &'static str) -> Self {
        Self { key, args: Vec::new() }
    }

    /// This phrase with one more value.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<Arg>) -> Self {
        self.args.push((name, value.into()));
        self
    }

    /// The sentence in English, for the command line and for programs.
    pub fn english(&self) -> String {
        say(Language::En, self)
    }
}

impl fmt::Display for Phrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.english())
    }
}

impl Arg {
    /// The name of a date's day of the week.
    pub fn weekday_of(date: NaiveDate) -> Self {
        Self::Weekday(u8::try_from(date.weekday().number_from_monday()).unwrap_or(1))
    }
}

impl From<u32> for Arg {
    fn from(number: u32) -> Self {
        Self::Number(number)
    }
}

impl From<&str> for Arg {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Arg {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<NaiveDate> for Arg {
    fn from(date: NaiveDate) -> Self {
        Self::Date(date)
    }
}

impl From<NaiveTime> for Arg {
    fn from(time: NaiveTime) -> Self {
        Self::Time(time)
    }
}

impl From<Phrase> for Arg {
    fn from(phrase: Phrase) -> Self {
        Self::Phrase(Box::new(phrase))
    }
}

#[cfg(test)]
mod tests;
