//! The sentences about today, and the words that no sentence uses.
//!
//! A sentence says what was done, credits the person, offers and never orders, and says nothing about
//! the back. Each has a key, so that a page or another language can put its own text in its place.

use chrono::NaiveDate;

use super::{DayFacts, GoalVersion, History, Measure, Period, judge_day};
use crate::model::{DataState, GoalState};

/// Today's amount beside its target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// What is counted.
    pub measure: Measure,
    /// How much of it is planned for today.
    pub target: u32,
    /// How much was done so far, at least; none when that is not known.
    pub done: Option<u32>,
    /// How much is left of the plan; 0 when it is reached, none when what was done is not known.
    pub left: Option<u32>,
}

/// What today's sentence needs beside the day itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TodayContext {
    /// It is evening: the person may be looking back on the day.
    pub evening: bool,
    /// When the counter was last heard.
    pub heard: Heard,
    /// The counter keeps minutes and hands them over later, and its memory reaches back to when it was
    /// last heard: then, and only then, its steps are safe on it.
    pub keeps_steps: bool,
}

/// When the counter was last heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// So lately that there is nothing to say about it.
    Lately,
    /// On this local day, long enough ago to say so.
    On(NaiveDate),
    /// Never yet.
    Never,
}

/// What there is to say about a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sentence {
    /// Nothing done yet, and the day is still long.
    NothingYet {
        /// What the plan counts.
        measure: Measure,
        /// How much of it.
        target: u32,
    },
    /// On the way.
    Some {
        /// What the plan counts.
        measure: Measure,
        /// Done so far.
        done: u32,
        /// Left of the plan.
        left: u32,
    },
    /// The plan is reached.
    Met {
        /// What the plan counts.
        measure: Measure,
        /// Done.
        done: u32,
    },
    /// At least a quarter more than the plan.
    Over {
        /// What the plan counts.
        measure: Measure,
        /// Done.
        done: u32,
    },
    /// Below the plan in the evening.
    Evening {
        /// What the plan counts.
        measure: Measure,
        /// Done.
        done: u32,
    },
    /// No plan for today; what was done stands for itself.
    NoPlan {
        /// Brisk minutes in own time, when known.
        brisk_min: Option<u32>,
    },
    /// The plan is for the week.
    WeekPlan {
        /// What the plan counts.
        measure: Measure,
        /// Done today, when known.
        done: Option<u32>,
    },
    /// Paused.
    Paused {
        /// Last day of the pause.
        until: NaiveDate,
    },
    /// Taken out of the plan by a clinician.
    Excused,
    /// The counter has not been heard.
    NotSynced {
        /// Day on which it was last heard.
        since: Option<NaiveDate>,
        /// Its memory still holds everything since.
        safe: bool,
    },
    /// The counter was not worn.
    NotWorn {
        /// The day.
        date: NaiveDate,
    },
    /// Steps are known, their minutes are not.
    StepsOnly {
        /// The steps.
        steps: u32,
    },
    /// Too little is known to say anything else.
    Open,
}

impl Sentence {
    /// The name under which a catalogue of another language finds its text.
    pub fn key(&self) -> &'static str {
        match self {
            Self::NothingYet { .. } => "today.nothing_yet",
            Self::Some { .. } => "today.some",
            Self::Met { .. } => "today.met",
            Self::Over { .. } => "today.over",
            Self::Evening { .. } => "today.evening",
            Self::NoPlan { .. } => "today.no_plan",
            Self::WeekPlan { .. } => "today.week_plan",
            Self::Paused { .. } => "today.paused",
            Self::Excused => "today.excused",
            Self::NotSynced { safe: true, .. } => "today.not_synced_safe",
            Self::NotSynced { safe: false, .. } => "today.not_synced",
            Self::NotWorn { .. } => "today.not_worn",
            Self::StepsOnly { .. } => "today.steps_only",
            Self::Open => "today.open",
        }
    }

    /// The English text.
    pub fn text(&self) -> String {
        match self {
            Self::NothingYet { measure, target } => {
                format!("A new day. Your plan is {}, whenever it suits you.", amount(measure, *target))
            }
            Self::Some { measure, done, left } => {
                format!("{} so far. {} to go if you feel like it.", amount(measure, *done), number(*left))
            }
            Self::Met { measure, done } => format!("You did what you planned: {}. ✓", amount(measure, *done)),
            Self::Over { measure, done } => {
                format!("{} today. That is more than you planned, and it counts.", amount(measure, *done))
            }
            Self::Evening { measure: Measure::Steps, done } => {
                format!("{} today. Every step counts. Tomorrow is open.", amount(&Measure::Steps, *done))
            }
            Self::Evening { measure, done } => {
                format!("{} today. Every minute counts. Tomorrow is open.", amount(measure, *done))
            }
            Self::NoPlan { brisk_min: Some(done) } => {
                format!("No plan for today. {} so far.", amount(&Measure::LeisureBriskMin, *done))
            }
            Self::NoPlan { brisk_min: None } => "No plan for today. Whatever you do counts.".into(),
            Self::WeekPlan { measure, done: Some(done) } => {
                format!("{} today. Your plan is for the week; the days are yours to choose.", amount(measure, *done))
            }
            Self::WeekPlan { done: None, .. } => "Your plan is for the week; the days are yours to choose.".into(),
            Self::Paused { until } => {
                let day = until.format("%A %-d %B");
                format!("Your plan is paused until the end of {day}. Everything you do still counts.")
            }
            Self::Excused => "Today is taken out of your plan. Everything you do still counts.".into(),
            Self::NotSynced { since, safe } => {
                let heard = since.map_or_else(
                    || "We have not heard from your band yet.".to_owned(),
                    |since| format!("We have not heard from your band since {}.", since.format("%A %-d %B")),
                );
                if *safe {
                    format!("{heard} Your steps are safe on the band. Put it near the box to bring them in.")
                } else {
                    format!("{heard} Put the band near the box so that we can count today's steps.")
                }
            }
            Self::NotWorn { date } => {
                format!("The band was not worn on {}, so we leave that day open.", date.format("%A"))
            }
            Self::StepsOnly { steps } => format!(
                "You took {}. This band does not tell us how fast, so we show the steps and leave the minutes open.",
                amount(&Measure::Steps, *steps)
            ),
            Self::Open => "Part of today is not known, so we leave it open. Everything you do counts.".into(),
        }
    }
}

/// Today's amount beside the target; none on a day without one.
pub fn today(facts: &DayFacts<'_>, history: &History) -> Option<Progress> {
    let outcome = judge_day(facts, history);
    let (measure, target, done) = (outcome.measure?, outcome.target?, outcome.done);
    Some(Progress { measure, target, done, left: done.map(|done| target.saturating_sub(done)) })
}

/// The sentence for a day that may still be open.
///
/// What the person decided comes first, then a plan that is reached, then what keeps us from knowing,
/// then the way to go.
pub fn today_sentence(facts: &DayFacts<'_>, history: &History, context: &TodayContext) -> Sentence {
    let day = facts.day;
    let date = day.local_date;
    let outcome = judge_day(facts, history);
    match outcome.state {
        GoalState::Excused => return Sentence::Excused,
        GoalState::Paused => return Sentence::Paused { until: history.paused_until(date).unwrap_or(date) },
        GoalState::Met | GoalState::NotMet | GoalState::CannotTell | GoalState::NoGoal => {}
    }
    if let (GoalState::Met, Some(measure), Some(target), Some(done)) =
        (outcome.state, &outcome.measure, outcome.target, outcome.done)
    {
        let measure = measure.clone();
        let over = done >= target.saturating_add(target.div_ceil(4));
        return if over { Sentence::Over { measure, done } } else { Sentence::Met { measure, done } };
    }
    let goal = history.goal_on(date);
    if let Some(unknown) = unknown(facts, goal, context) {
        return unknown;
    }
    let Some(goal) = goal.filter(|goal| goal.period == Period::Week || outcome.target.is_some()) else {
        return Sentence::NoPlan { brisk_min: day.leisure_brisk_min };
    };
    let measure = goal.measure.clone();
    match (goal.period, outcome.done) {
        (Period::Week, done) => Sentence::WeekPlan { measure, done },
        (Period::Day, None) if facts.open && !context.evening && day.data_state == DataState::NotSynced => {
            Sentence::NothingYet { measure, target: goal.amount }
        }
        (Period::Day, None) => Sentence::Open,
        (Period::Day, Some(done)) if context.evening || !facts.open => Sentence::Evening { measure, done },
        (Period::Day, Some(0)) => Sentence::NothingYet { measure, target: goal.amount },
        (Period::Day, Some(done)) => Sentence::Some { measure, done, left: goal.amount.saturating_sub(done) },
    }
}

/// What keeps us from knowing, when something does.
fn unknown(facts: &DayFacts<'_>, goal: Option<&GoalVersion>, context: &TodayContext) -> Option<Sentence> {
    let day = facts.day;
    match context.heard {
        Heard::On(date) => return Some(Sentence::NotSynced { since: Some(date), safe: context.keeps_steps }),
        Heard::Never => return Some(Sentence::NotSynced { since: None, safe: false }),
        Heard::Lately => {}
    }
    match day.data_state {
        DataState::NotWorn => Some(Sentence::NotWorn { date: day.local_date }),
        DataState::CannotTell => {
            let needs_minutes = goal.is_none_or(|goal| !matches!(goal.measure, Measure::Steps | Measure::DiaryMin(_)));
            let steps = day.total_steps.or(day.steps_lower).filter(|_| needs_minutes);
            steps.map(|steps| Sentence::StepsOnly { steps })
        }
        DataState::Measured | DataState::PartlyMeasured | DataState::NotSynced => None,
    }
}

/// "20 minutes of brisk walking", "3,100 steps".
pub fn amount(measure: &Measure, amount: u32) -> String {
    let count = number(amount);
    let (minutes, steps) = if amount == 1 { ("minute", "step") } else { ("minutes", "steps") };
    match measure {
        Measure::LeisureBriskMin => format!("{count} {minutes} of brisk walking in your own time"),
        Measure::BriskMin => format!("{count} {minutes} of brisk walking"),
        Measure::BoutMin => format!("{count} {minutes} of brisk walking in longer stretches"),
        Measure::LeisureMin => format!("{count} {minutes} of activity in your own time"),
        Measure::Steps => format!("{count} {steps}"),
        Measure::DiaryMin(kind) => format!("{count} {minutes} of {}", kind.as_str().replace(['_', '-'], " ")),
    }
}

/// A number with a comma before each three digits.
pub fn number(value: u32) -> String {
    let digits = value.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Words that frighten, order or scold; a `*` stands for any ending.
const REFUSED: &str = "damage* injur* harm* protect* careful caution danger* risk* weak* avoid* overdo fail* miss* behind \
    should must streak lazy burn cure* treat* heal heals healing relieve* prevent* proven normal abnormal* pain* ache* hurt*";

/// Phrases that do the same.
const REFUSED_PHRASES: [&[&str]; 3] = [&["wear", "and", "tear"], &["stop", "if"], &["too", "much"]];

/// The words of a text that no sentence for a person may use, in lower case, in the order in which
/// they stand. "Only" counts when a number follows it.
pub fn refused_words(text: &str) -> Vec<String> {
    let words: Vec<String> =
        text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_lowercase).collect();
    let refused = |word: &str| {
        REFUSED.split_whitespace().any(|rule| match rule.strip_suffix('*') {
            Some(stem) => word.starts_with(stem),
            None => word == rule,
        })
    };
    let mut found = Vec::new();
    for (place, word) in words.iter().enumerate() {
        let rest = &words[place..];
        let number_next = rest.get(1).is_some_and(|next| next.starts_with(|c: char| c.is_ascii_digit()));
        if refused(word) || (word == "only" && number_next) {
            found.push(word.clone());
        }
        found.extend(REFUSED_PHRASES.iter().filter(|phrase| begins_with(rest, phrase)).map(|p| p.join(" ")));
    }
    found
}

/// Whether a list of words begins with these.
fn begins_with(words: &[String], phrase: &[&str]) -> bool {
    words.len() >= phrase.len() && words.iter().zip(phrase).all(|(word, want)| word == want)
}

#[cfg(test)]
mod tests;
