//! What there is to say about a week that is over: what went well first, what stays open, and one question.
//!
//! Nothing is said of what was not done, and an unknown day is open, not empty. The review never opens by itself.

use chrono::{Days, NaiveDate};

use super::{
    DayFacts, History, Measure, Pace, Period, Standing, bounds,
    past::{monday_of, past_weeks},
    wording::{amount, kind_name},
};
use crate::{
    model::{DataState, GoalState},
    words::{Arg, Phrase},
};

/// A week looked back on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Review {
    /// Monday.
    pub from: NaiveDate,
    /// Sunday.
    pub to: NaiveDate,
    /// What went well.
    pub went_well: Vec<Phrase>,
    /// Days that are not known.
    pub open: Vec<Phrase>,
    /// One question.
    pub question: Phrase,
}

/// What a review is made from.
#[derive(Clone, Copy, Debug)]
pub struct Looking<'a> {
    /// The week's days, as far as they are known, in order.
    pub days: &'a [DayFacts<'a>],
    /// The person's goals.
    pub history: &'a History,
    /// Monday of the week.
    pub monday: NaiveDate,
    /// Small choices that were made in the week.
    pub choices_made: u32,
    /// The programme's bounds.
    pub pace: &'a Pace,
    /// Nothing but steps may be shown.
    pub steps_only: bool,
}

/// The review of a week that is over.
pub fn review(looking: &Looking<'_>) -> Review {
    let Looking { history, .. } = *looking;
    let (from, to) = (monday_of(looking.monday), monday_of(looking.monday) + Days::new(6));
    let of_week: Vec<_> =
        looking.days.iter().filter(|facts| (from..=to).contains(&facts.day.local_date)).copied().collect();
    let weeks = past_weeks(&of_week, history, to + Days::new(1), looking.pace);
    let week = weeks.first();
    let planned = week.and_then(|week| week.progress.measure.clone());
    let measure = match planned {
        _ if looking.steps_only => Measure::Steps,
        Some(measure) => measure,
        None => Measure::LeisureBriskMin,
    };

    let done: Vec<(NaiveDate, u32)> = of_week
        .iter()
        .filter_map(|facts| Some((facts.day.local_date, bounds(facts, &measure).lower?)))
        .filter(|(_, done)| *done > 0)
        .collect();
    let mut went_well = Vec::new();
    let sum = done.iter().fold(0_u32, |sum, (_, done)| sum.saturating_add(*done));
    if !done.is_empty() {
        let days = u32::try_from(done.len()).unwrap_or(7);
        went_well.push(Phrase::new("review-days").with("days", days).with("done", amount(&measure, sum)));
    }
    if let Some(progress) =
        week.map(|week| &week.progress).filter(|progress| progress.measure.as_ref() == Some(&measure))
    {
        match (progress.period, progress.state) {
            (Some(Period::Week), GoalState::Met) => went_well.push(Phrase::new("review-week-met")),
            (Some(Period::Day), _) if progress.days_met > 0 => {
                went_well.push(Phrase::new("review-days-met").with("days", progress.days_met));
            }
            _ => {}
        }
    }
    // The earliest of equal days: the order of the week, not of numbers.
    let best = done.iter().rev().max_by_key(|(_, done)| *done);
    if let Some((date, best)) = best.filter(|_| done.len() > 1) {
        went_well.push(Phrase::new("review-best-day").with("day", *date).with("done", amount(&measure, *best)));
    }
    if !looking.steps_only {
        went_well.extend(diary(&of_week, &measure));
    }
    if looking.choices_made > 0 {
        went_well.push(Phrase::new("review-choices").with("count", looking.choices_made));
    }
    if went_well.is_empty() {
        went_well.push(Phrase::new("review-good-to-see-you"));
    }
    let standing = week.map_or(Standing::Aside, |week| week.standing);
    let planned = week.is_some_and(|week| week.progress.goal_id.is_some());
    let paused = week.is_some_and(|week| week.progress.days_paused > 0);
    Review { from, to, went_well, open: open(&of_week, from), question: question(standing, planned, paused, sum) }
}

/// What was written down and is not in the sum already.
fn diary(days: &[DayFacts<'_>], measure: &Measure) -> Vec<Phrase> {
    let mut of_kind = super::DiaryMinutes::new();
    for (kind, minutes) in days.iter().flat_map(|facts| facts.diary) {
        let sum = of_kind.entry(kind.clone()).or_default();
        *sum = u32::saturating_add(*sum, *minutes);
    }
    let counted = |kind: &super::DiaryKind| match measure {
        Measure::LeisureMin => true,
        Measure::DiaryMin(own) => own == kind,
        Measure::LeisureBriskMin | Measure::BriskMin | Measure::BoutMin | Measure::Steps => false,
    };
    let others = of_kind.iter().filter(|(kind, minutes)| **minutes > 0 && !counted(kind));
    others
        .map(|(kind, minutes)| Phrase::new("review-diary").with("count", *minutes).with("kind", kind_name(kind)))
        .collect()
}

/// A sentence for each day that is not known.
fn open(days: &[DayFacts<'_>], monday: NaiveDate) -> Vec<Phrase> {
    let sentence = |date: NaiveDate| {
        let day = days.iter().find(|facts| facts.day.local_date == date).map(|facts| facts.day.data_state);
        let key = match day {
            Some(DataState::Measured | DataState::PartlyMeasured) => return None,
            Some(DataState::NotWorn) => "today-not-worn",
            Some(DataState::NotSynced | DataState::CannotTell) | None => "review-day-open",
        };
        Some(Phrase::new(key).with("weekday", Arg::weekday_of(date)))
    };
    let sentences: Vec<_> = (0..7).filter_map(|day| sentence(monday + Days::new(day))).collect();
    if sentences.len() == 7 { vec![Phrase::new("review-week-open")] } else { sentences }
}

fn question(standing: Standing, planned: bool, paused: bool, sum: u32) -> Phrase {
    Phrase::new(match standing {
        _ if !planned => "review-question-no-plan",
        Standing::Aside if paused => "review-question-paused",
        Standing::Well => "review-question-well",
        Standing::Hard => "review-question-hard",
        Standing::Between | Standing::Aside if sum == 0 => "review-question-gap",
        Standing::Between | Standing::Aside => "review-question-keep",
    })
}

#[cfg(test)]
mod tests;
