//! The week: seven bars with their numbers and words, the plan, and the same in a table.

use std::sync::Arc;

use axum::{
    extract::{Query, State},
    response::Response,
};
use chrono::{Datelike as _, Days, NaiveDate};
use maud::{Markup, html};
use serde::Deserialize;

use crate::{
    api::{App, Problem, WeekReply, numbers},
    config::Display,
    days::Person,
    goal::{Measure, Period, WeekProgress, wording::amount},
    model::{DataState, DayTotal, GoalState},
    web::{
        door::Visit,
        page::{Here, Page, answer},
        picture::{self, Drawn, Sample, WeekBar},
    },
    words::{Arg, Phrase},
};

/// Which week.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Asked {
    /// A day of it, `YYYY-MM-DD`.
    from: Option<String>,
}

/// `GET /week?from=DATE`
pub async fn show(State(app): State<Arc<App>>, visit: Visit, Query(asked): Query<Asked>) -> Response {
    answer(app, visit, move |app, visit| {
        let seen = look(app, &visit.person, &asked)?;
        let title = seen.title();
        let body = html! {
            @for phrase in seen.summary() { p { (visit.say(&phrase)) } }
            (seen.picture(visit))
            (seen.table(visit))
            div.actions {
                a.button.quiet rel="prev" href=(week_at(seen.from - Days::new(7))) { (visit.t("week-before")) }
                @if seen.to < seen.today {
                    a.button.quiet rel="next" href=(week_at(seen.from + Days::new(7))) { (visit.t("week-after")) }
                    a.button.quiet href="/week" { (visit.t("week-this")) }
                }
                a.button.quiet href={ "/print?from=" (seen.from) } { (visit.t("week-print")) }
            }
        };
        Ok(Page { here: Here::Week, title, body })
    })
    .await
}

fn week_at(date: NaiveDate) -> String {
    format!("/week?from={date}")
}

/// The week that was asked for; this week where nothing sensible was, or a week to come.
///
/// # Errors
/// While no day can be shown, and when the store fails.
pub fn look(app: &App, person: &Person, asked: &Asked) -> Result<WeekSeen, Problem> {
    let now = app.trusted_now()?;
    let today = person.calendar.day_at(now.timestamp()).date;
    let asked = asked.from.as_deref().and_then(|text| text.parse::<NaiveDate>().ok());
    let date = asked.filter(|date| date.year() >= 2000 && *date <= today).unwrap_or(today);
    let reply = numbers::week(app, person, date, now)?;
    Ok(WeekSeen::of(&reply, person, today))
}

/// What may be shown of a week to this person, and nothing else.
#[derive(Clone, Debug)]
pub struct WeekSeen {
    /// Monday.
    pub from: NaiveDate,
    /// Sunday.
    pub to: NaiveDate,
    /// Today, wherever it lies.
    pub today: NaiveDate,
    display: Display,
    /// What the bars show: steps, else minutes.
    steps: bool,
    progress: WeekProgress,
    days: Vec<Day>,
}

/// A day of it.
#[derive(Clone, Debug)]
struct Day {
    date: NaiveDate,
    word: Word,
    /// Measured minutes or steps, as the bars show them.
    measured: Option<u32>,
    brisk: Option<u32>,
    diary: Option<u32>,
    /// The goal counts minutes of the diary with those that were measured.
    with_diary: bool,
    steps: Option<u32>,
    /// What the goal plans, where the bar shows what it counts.
    mark: Option<u32>,
    target: Option<u32>,
}

/// What is known of a day, in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Word {
    Met,
    Paused,
    Excused,
    NotWorn,
    Open,
    CannotTell,
    SoFar,
    Partly,
    Measured,
    ToCome,
}

impl Word {
    fn key(self) -> &'static str {
        match self {
            Self::Met => "day-met",
            Self::Paused => "day-paused",
            Self::Excused => "day-excused",
            Self::NotWorn => "day-not-worn",
            Self::Open => "day-open",
            Self::CannotTell => "day-cannot-tell",
            Self::SoFar => "day-so-far",
            Self::Partly => "day-partly",
            Self::Measured => "day-measured",
            Self::ToCome => "day-to-come",
        }
    }

    /// Of what arrived alone.
    fn of_data(row: Option<&DayTotal>, date: NaiveDate, today: NaiveDate) -> Self {
        match row.map(|row| row.data_state) {
            _ if date > today => Self::ToCome,
            None | Some(DataState::NotSynced) => Self::Open,
            Some(DataState::NotWorn) => Self::NotWorn,
            Some(DataState::CannotTell) => Self::CannotTell,
            _ if date == today => Self::SoFar,
            Some(DataState::PartlyMeasured) => Self::Partly,
            Some(DataState::Measured) => Self::Measured,
        }
    }
}

impl WeekSeen {
    /// Of a week and its person.
    pub fn of(reply: &WeekReply, person: &Person, today: NaiveDate) -> Self {
        let progress = reply.progress.clone();
        let steps = person.display == Display::StepsOnly || progress.measure == Some(Measure::Steps);
        let days = (0..7).map(|place| {
            let date = progress.from + Days::new(place);
            let row = reply.days.iter().find(|row| row.local_date == date);
            day(row, person, date, today, steps)
        });
        let days = days.collect();
        Self { from: progress.from, to: progress.to, today, display: person.display, steps, progress, days }
    }

    /// The heading.
    pub fn title(&self) -> Phrase {
        Phrase::new("week-title").with("from", self.from).with("to", self.to)
    }

    /// What went well, and the plan.
    pub fn summary(&self) -> Vec<Phrase> {
        if self.display == Display::Blinded {
            return vec![Phrase::new("week-blinded")];
        }
        let mut said = Vec::new();
        let steps: Vec<u32> = self.days.iter().filter_map(|day| day.steps).collect();
        if self.display == Display::Full || self.progress.measure == Some(Measure::Steps) {
            said.extend(self.plan());
        }
        if self.display == Display::Full {
            let brisk: Vec<u32> = self.days.iter().filter_map(|day| day.brisk).filter(|minutes| *minutes > 0).collect();
            if !brisk.is_empty() {
                let days = u32::try_from(brisk.len()).unwrap_or(u32::MAX);
                let walked = Phrase::new("week-walked").with("days", days).with("minutes", sum(&brisk));
                said.push(walked);
            }
            let diary: Vec<u32> = self.days.iter().filter_map(|day| day.diary).collect();
            said.extend((sum(&diary) > 0).then(|| Phrase::new("week-diary").with("minutes", sum(&diary))));
            if steps.is_empty() && sum(&diary) == 0 {
                said.push(Phrase::new("week-nothing"));
            }
        } else if steps.is_empty() {
            said.push(Phrase::new("week-nothing"));
        }
        if !steps.is_empty() {
            said.push(Phrase::new("week-steps").with("steps", sum(&steps)));
        }
        said
    }

    fn plan(&self) -> Vec<Phrase> {
        let week = &self.progress;
        let (Some(measure), Some(period)) = (&week.measure, week.period) else {
            return vec![Phrase::new("week-plan-none")];
        };
        let mut said = Vec::new();
        if let (Period::Week, Some(target)) = (period, week.target) {
            said.push(Phrase::new("week-plan-week").with("plan", amount(measure, target)));
            let so_far = week.done_lower.filter(|done| *done < target && week.state != GoalState::Paused);
            said.extend(so_far.map(|done| Phrase::new("week-so-far").with("done", done).with("plan", target)));
            said.extend((week.state == GoalState::Met).then(|| Phrase::new("week-met")));
        } else {
            let planned = self.days.iter().rev().find_map(|day| day.target);
            said.extend(planned.map(|target| Phrase::new("week-plan-day").with("plan", amount(measure, target))));
            said.extend((week.days_met > 0).then(|| Phrase::new("week-days-met").with("count", week.days_met)));
        }
        if week.state == GoalState::Paused {
            said.push(Phrase::new("week-paused"));
        }
        said
    }

    /// Seven bars with what their parts mean; nothing for somebody whom a study shows no number.
    pub fn picture(&self, visit: &Visit) -> Markup {
        if self.display == Display::Blinded {
            return html! {};
        }
        let bars: Vec<_> = self.days.iter().map(|day| day.bar(visit, self.steps)).collect();
        let shown = |wanted: fn(&WeekBar) -> bool| bars.iter().any(wanted);
        let mut key = vec![(Sample::Brisk, if self.steps { "week-key-steps" } else { "week-key-brisk" })];
        if shown(|bar| matches!(bar.drawn, Drawn::Known { diary: 1.., .. })) {
            key.push((Sample::Diary, "week-key-diary"));
        }
        if shown(|bar| bar.target.is_some()) {
            key.push((Sample::Target, "week-key-target"));
        }
        if shown(|bar| bar.drawn == Drawn::CannotTell) {
            key.push((Sample::CannotTell, "week-key-cannot-tell"));
        }
        let title = visit.t(if self.steps { "week-picture-steps" } else { "week-picture-minutes" });
        html! {
            figure {
                p.label { (title) }
                (picture::week(visit.language, &title, &bars))
                figcaption {
                    ul.key {
                        @for (sample, words) in key { li { (picture::sample(sample)) (visit.t(words)) } }
                    }
                }
            }
        }
    }

    /// The same numbers, and the others. On a narrow screen the cells of a row stand below its day; the roles keep it a
    /// table then.
    pub fn table(&self, visit: &Visit) -> Markup {
        type Column = (&'static str, fn(&Day) -> Option<u32>);
        let steps: Column = ("week-table-steps", |day| day.steps);
        let (brisk, diary): (Column, Column) =
            (("week-table-brisk", |day| day.brisk), ("week-table-diary", |day| day.diary));
        let columns = match self.display {
            Display::Full if self.days.iter().any(|day| day.diary > Some(0)) => vec![brisk, diary, steps],
            Display::Full => vec![brisk, steps],
            Display::StepsOnly => vec![steps],
            Display::Blinded => Vec::new(),
        };
        let number = |value: Option<u32>| match value {
            Some(value) => visit.say(&Phrase::new("number").with("count", value)),
            None => visit.t("week-open-number"),
        };
        html! {
            table.table.wide role="table" {
                caption { (visit.t("week-table")) }
                thead role="rowgroup" {
                    tr role="row" {
                        th scope="col" role="columnheader" { (visit.t("week-table-day")) }
                        @for (key, _) in &columns { th.amount scope="col" role="columnheader" { (visit.t(key)) } }
                    }
                }
                tbody role="rowgroup" {
                    @for day in &self.days {
                        tr role="row" {
                            th scope="row" role="rowheader" {
                                (visit.say(&Phrase::new("date").with("date", day.date)))
                                br;
                                span.muted { (visit.t(day.word.key())) }
                            }
                            @for (_, value) in &columns { td.amount role="cell" { (number(value(day))) } }
                        }
                    }
                }
                @if !columns.is_empty() {
                    tfoot role="rowgroup" {
                        tr role="row" {
                            th scope="row" role="rowheader" { (visit.t("week-table-all")) }
                            @for (_, value) in &columns {
                                @let known: Vec<u32> = self.days.iter().filter_map(value).collect();
                                td.amount role="cell" { (number((!known.is_empty()).then(|| sum(&known)))) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn sum(values: &[u32]) -> u32 {
    values.iter().fold(0, |sum: u32, value| sum.saturating_add(*value))
}

fn day(row: Option<&DayTotal>, person: &Person, date: NaiveDate, today: NaiveDate, in_steps: bool) -> Day {
    let known = row.filter(|row| row.data_state != DataState::NotWorn);
    let brisk = known.and_then(|row| row.leisure_brisk_min);
    let steps = known.and_then(|row| row.total_steps.or(row.steps_lower));
    let diary = person.record.diary.minutes_on(date).filter(|_| date <= today);
    let goals = &person.record.goals;
    let (paused, excused) = (goals.paused_until(date).is_some(), goals.is_excused(date));
    let planned = goals.goal_on(date).filter(|goal| {
        let drawn = if in_steps { goal.measure == Measure::Steps } else { goal.measure != Measure::Steps };
        goal.period == Period::Day && goal.days.contains(date.weekday()) && drawn && !paused && !excused
    });
    let by_data = Word::of_data(row, date, today);
    let word = match person.display {
        Display::Full if excused => Word::Excused,
        Display::Full if row.is_some_and(|row| row.goal_state == GoalState::Met) => Word::Met,
        Display::Full if paused => Word::Paused,
        Display::Full | Display::StepsOnly | Display::Blinded => by_data,
    };
    let measure = goals.goal_on(date).map(|goal| &goal.measure);
    let measured = match measure {
        _ if in_steps => steps,
        Some(Measure::BriskMin) => known.and_then(|row| row.brisk_lower),
        Some(Measure::BoutMin) => known.and_then(|row| row.bout_min),
        Some(Measure::LeisureBriskMin | Measure::LeisureMin | Measure::DiaryMin(_) | Measure::Steps) | None => brisk,
    };
    Day {
        date,
        word,
        measured,
        brisk,
        diary: diary.map(|kinds| sum(&kinds.into_values().collect::<Vec<_>>())),
        with_diary: measure == Some(&Measure::LeisureMin),
        steps,
        mark: planned.filter(|goal| !matches!(goal.measure, Measure::DiaryMin(_))).map(|goal| goal.amount),
        target: planned.map(|goal| goal.amount),
    }
}

impl Day {
    fn bar(&self, visit: &Visit, in_steps: bool) -> WeekBar {
        let diary = self.diary.filter(|minutes| *minutes > 0 && !in_steps);
        let stacked = diary.filter(|_| self.with_diary);
        let drawn = match (self.measured, stacked) {
            (None, _) if self.word == Word::CannotTell => Drawn::CannotTell,
            (None, None) => Drawn::Nothing,
            // Where nothing was measured only what is noted is drawn, and the words name no other number.
            (measured, stacked) => Drawn::Known { measured: measured.unwrap_or(0), diary: stacked.unwrap_or(0) },
        };
        let number = match (self.measured, diary) {
            (None, None) => None,
            (None, Some(diary)) => Some(Phrase::new("day-diary").with("diary", diary)),
            (Some(measured), None) => Some(Phrase::new("number").with("count", measured)),
            (Some(measured), Some(diary)) => {
                let key = if stacked.is_some() { "day-with-diary" } else { "day-beside-diary" };
                Some(Phrase::new(key).with("count", measured).with("diary", diary))
            }
        };
        let word = Phrase::new(self.word.key());
        let words = match (number, self.word) {
            (None, _) => word,
            (Some(number), Word::Met) => Phrase::new("day-number-met").with("number", number),
            (Some(number), Word::Measured) => number,
            (Some(number), _) => Phrase::new("day-number-word").with("number", number).with("word", word),
        };
        WeekBar {
            name: visit.say(&Phrase::new("weekday").with("day", Arg::weekday_of(self.date))),
            words: visit.say(&words),
            drawn,
            target: self.mark,
        }
    }
}

#[cfg(test)]
mod tests;
