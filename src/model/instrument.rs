//! Instruments: lists of questions with the rules of their scores. Each comes from a file that names its source and
//! the permission to use it (`config/instruments/`, or a study's own).

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// An instrument as its file describes it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Instrument {
    /// Short name, as it stands in answers: 1 to 32 letters, digits, `_` or `-`.
    pub name: String,
    /// What people call it.
    pub title: String,
    /// Language of its texts (BCP 47).
    pub language: String,
    /// Version or edition of its texts.
    pub version: String,
    /// Day on which texts and permission were looked up.
    pub date: NaiveDate,
    /// Where the texts come from.
    pub source: String,
    /// The words that allow its use.
    pub permission: String,
    /// Days from one time to the next, unless it is asked otherwise.
    pub every_days: u32,
    /// What stands above the items.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instructions: Option<String>,
    /// The questions, in order.
    #[serde(rename = "item")]
    pub items: Vec<Item>,
    /// The scores; none where answers are kept as they are.
    #[serde(default, rename = "score")]
    pub scores: Vec<Score>,
}

/// One question or statement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Item {
    /// Name within the instrument, as it stands in answers: 1 to 32 letters, digits, `_` or `-`.
    pub name: String,
    /// The question or statement.
    pub text: String,
    /// How it is answered.
    pub answer: Answer,
}

/// How an item is answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// A tick, worth 1; a blank is not an answer left out, but says that the statement does not apply.
    Tick,
    /// A whole number.
    Scale(Scale),
    /// One of these texts; the first is worth 0, each further one 1 more.
    Options(Vec<String>),
}

/// Whole numbers from one end to the other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Scale {
    /// Lowest.
    pub from: i32,
    /// Highest.
    pub to: i32,
    /// What the lowest means.
    pub low: String,
    /// What the highest means.
    pub high: String,
}

impl Answer {
    /// Every value that an answer may have, in order.
    pub fn values(&self) -> Vec<i32> {
        match self {
            Self::Tick => vec![1],
            Self::Scale(scale) => (scale.from..=scale.to).collect(),
            Self::Options(options) => (0..).zip(options).map(|(value, _)| value).collect(),
        }
    }
}

/// A number made of some answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Score {
    /// Name of the score or subscale: 1 to 32 letters, digits, `_` or `-`.
    pub name: String,
    /// How it is made.
    pub rule: Rule,
    /// Names of its items; an empty list means all of them.
    #[serde(default)]
    pub items: Vec<String>,
    /// With so many answers left out there is still a score; a sum then counts them as the mean of the others.
    #[serde(default)]
    pub may_lack: usize,
}

/// How answers become a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ScoreRule)]
pub enum Rule {
    /// The number of ticks.
    Ticks,
    /// The sum of the answers.
    Sum,
    /// The mean of the answers that were given.
    Mean,
}

impl Instrument {
    /// The item with this name.
    pub fn item(&self, name: &str) -> Option<&Item> {
        self.items.iter().find(|item| item.name == name)
    }

    /// Which way its texts run, as in `dir`.
    pub fn direction(&self) -> &'static str {
        let language = self.language.split('-').next().unwrap_or_default();
        if ["ar", "fa", "he", "ur", "yi"].contains(&language) { "rtl" } else { "ltr" }
    }

    /// Names in these answers that no item has, or whose value no answer to the item has.
    pub fn misfits<'a>(&self, answers: &'a BTreeMap<String, i32>) -> Vec<&'a str> {
        let fits = |name: &str, value: i32| self.item(name).is_some_and(|item| item.answer.values().contains(&value));
        answers.iter().filter(|(name, value)| !fits(name, **value)).map(|(name, _)| name.as_str()).collect()
    }

    /// The scores of these answers by name. One of which too much was left out is absent.
    pub fn score(&self, answers: &BTreeMap<String, i32>) -> BTreeMap<String, f64> {
        let scores = self.scores.iter().filter_map(|score| Some((score.name.clone(), self.value(score, answers)?)));
        scores.collect()
    }

    fn value(&self, score: &Score, answers: &BTreeMap<String, i32>) -> Option<f64> {
        let items: Vec<&Item> = if score.items.is_empty() {
            self.items.iter().collect()
        } else {
            score.items.iter().filter_map(|name| self.item(name)).collect()
        };
        let given: Vec<i32> = items.iter().filter_map(|item| answers.get(&item.name).copied()).collect();
        // The sum of no `f64` at all would be -0.
        let sum = given.iter().fold(0.0, |sum, answer| sum + f64::from(*answer));
        let count = |n: usize| u32::try_from(n).map(f64::from).ok();
        match score.rule {
            Rule::Ticks => Some(sum),
            Rule::Sum | Rule::Mean if given.is_empty() || items.len() - given.len() > score.may_lack => None,
            Rule::Mean => Some(sum / count(given.len())?),
            Rule::Sum => Some(sum / count(given.len())? * count(items.len())?),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn instrument(scores: &[Score]) -> Instrument {
        let item = |name: &str| Item {
            name: name.into(),
            text: format!("Item {name}"),
            answer: Answer::Scale(Scale { from: 0, to: 6, low: "not at all".into(), high: "wholly".into() }),
        };
        Instrument {
            name: "made-up".into(),
            title: "Made up".into(),
            language: "en".into(),
            version: "1".into(),
            date: NaiveDate::MIN,
            source: "this test".into(),
            permission: "ours".into(),
            every_days: 7,
            instructions: None,
            items: ["1", "2", "3", "4"].map(item).to_vec(),
            scores: scores.to_vec(),
        }
    }

    fn score(name: &str, rule: Rule, items: &[&str], may_lack: usize) -> Score {
        Score { name: name.into(), rule, items: items.iter().map(|&item| item.to_owned()).collect(), may_lack }
    }

    fn answers(given: &[(&str, i32)]) -> BTreeMap<String, i32> {
        given.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect()
    }

    #[test]
    fn sums_means_and_subscales_are_made_by_their_rules() {
        let made_up = instrument(&[
            score("total", Rule::Sum, &[], 0),
            score("mean", Rule::Mean, &[], 1),
            score("second-half", Rule::Sum, &["3", "4"], 1),
        ]);

        let whole = made_up.score(&answers(&[("1", 6), ("2", 0), ("3", 1), ("4", 2)]));
        let half = made_up.score(&answers(&[("1", 6), ("2", 0), ("3", 3)]));

        assert_eq!(whole, BTreeMap::from([("total".into(), 9.0), ("mean".into(), 2.25), ("second-half".into(), 3.0)]));
        assert_eq!(half, BTreeMap::from([("mean".into(), 3.0), ("second-half".into(), 6.0)]));
        assert!(made_up.score(&answers(&[])).is_empty(), "nothing answered is not zero");
    }

    #[test]
    fn ticks_are_counted_and_none_at_all_is_zero() {
        let mut ticks = instrument(&[score("ticks", Rule::Ticks, &[], 0)]);
        for item in &mut ticks.items {
            item.answer = Answer::Tick;
        }

        assert_eq!(ticks.score(&answers(&[("1", 1), ("4", 1)]))["ticks"].to_string(), "2");
        assert_eq!(ticks.score(&answers(&[]))["ticks"].to_string(), "0");
    }

    #[test]
    fn an_answer_that_no_item_has_is_named() {
        let made_up = instrument(&[]);

        assert!(made_up.misfits(&answers(&[("1", 0), ("2", 6)])).is_empty());
        assert_eq!(made_up.misfits(&answers(&[("1", -1), ("2", 7), ("9", 1)])), ["1", "2", "9"]);
    }
}
