//! Today: one large number, the plan beside it, and when the band was last heard.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use chrono::NaiveDate;
use maud::{Markup, html};

use crate::{
    api::{App, Problem, WeekReply, numbers, numbers::TodayFacts},
    config::Display,
    days::Person,
    goal::{DayFacts, GoalVersion, Measure, Period, Sentence, bounds, judge_day, wording::unit},
    model::{DataState, DayTotal, GoalState},
    web::{
        assets::LIVE,
        door::Visit,
        form::{Field, hidden, submit},
        page::{Here, Page, answer},
        pages::{check_in, choice, notice, setup},
        picture::DayBar,
    },
    words::{Language, Phrase, say},
};

/// `GET /`
pub async fn show(State(app): State<Arc<App>>, visit: Visit) -> Response {
    answer(app, visit, |app, visit| {
        if !app.clock.synchronised() {
            let body = html! { p.lead { (visit.t("today-clock-unset")) } p { (visit.t("today-clock-wait")) } };
            return Ok(Page { here: Here::Today, title: Phrase::new("menu-today"), body });
        }
        let seen = look(app, &visit.person)?;
        let body = html! {
            @if let Some(notice) = notice::banner(visit, seen.date) { (notice) }
            (seen.draw(visit))
            @if let Some(card) = choice::card(app, visit, seen.date) { (card) }
            @if let Some(line) = check_in::line(visit, &app.instruments, seen.date) { (line) }
            @if let Some(next) = setup::next(app, visit)? { (next) }
            (actions(visit, &seen))
        };
        Ok(Page { here: Here::Today, title: Phrase::new("today-title").with("date", seen.date), body })
    })
    .await
}

/// What there is to see now.
///
/// # Errors
/// While no day can be shown, and when the store fails.
pub fn look(app: &App, person: &Person) -> Result<Seen, Problem> {
    let now = app.trusted_now()?;
    let facts = TodayFacts::now(app, person, now)?;
    let per_week = person.record.goals.goal_on(facts.date).is_some_and(|goal| goal.period == Period::Week);
    let week = if per_week { Some(numbers::week(app, person, facts.date, now)?) } else { None };
    Ok(Seen::of(&facts, person, week.as_ref()))
}

/// Everything that Today shows: what may be shown of it to this person, and nothing else.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// The day.
    pub date: NaiveDate,
    /// The large number and of what it is.
    number: Option<(u32, Phrase)>,
    /// What it is made of, or between which bounds a part of it lies.
    parts: Option<Phrase>,
    plan: Option<Phrase>,
    own_words: Option<String>,
    sentence: Option<Phrase>,
    /// A bar with its words.
    bar: Option<(DayBar, Phrase)>,
    /// The same numbers and the others, each with the key of its name.
    rows: Vec<(&'static str, u32)>,
    heard: Option<Phrase>,
    battery: Option<Phrase>,
    /// There is a plan that could be paused.
    can_pause: bool,
    no_band: bool,
    /// Nothing that changes may be shown.
    pub blinded: bool,
    /// The same for a display that has no words.
    pub numbers: Numbers,
}

/// The numbers that may be shown, and nothing else. None is unknown or not to be shown, never zero.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Numbers {
    /// What the plan counts, where that may be shown.
    pub measure: Option<Measure>,
    /// Minutes done of what the plan counts; brisk minutes in own time where it counts no minutes, or there is none.
    pub minutes: Option<u32>,
    /// The plan of the day, as much of what it counts.
    pub plan: Option<u32>,
    /// Steps.
    pub steps: Option<u32>,
    /// Charge of the counter, percent.
    pub battery_percent: Option<u8>,
}

impl Seen {
    /// What may be shown of a day. `week` is needed where the plan is for the week.
    pub fn of(facts: &TodayFacts, person: &Person, week: Option<&WeekReply>) -> Self {
        let goal = person.record.goals.goal_on(facts.date);
        let mut seen = Self {
            date: facts.date,
            own_words: goal.and_then(|goal| goal.own_words.clone()),
            heard: facts.last_heard.map(|at| {
                let key = if at.date() == facts.date { "today-heard" } else { "today-heard-on" };
                Phrase::new(key).with("date", at.date()).with("time", at.time())
            }),
            battery: facts
                .battery_percent
                .map(|percent| Phrase::new("today-battery").with("percent", u32::from(percent))),
            can_pause: goal.is_some() && person.record.goals.paused_until(facts.date).is_none(),
            no_band: person.counters.is_empty(),
            blinded: person.display == Display::Blinded,
            numbers: Numbers { battery_percent: facts.battery_percent, ..Numbers::default() },
            ..Self::default()
        };
        let Some((row, sentence)) = facts.row.as_ref().zip(facts.sentence.as_ref()) else {
            seen.sentence = (!seen.no_band).then(|| Phrase::new("today-nothing-arrived"));
            return seen;
        };
        match person.display {
            Display::Blinded => seen.sentence = Some(without_numbers(sentence)),
            Display::StepsOnly => seen.steps_only(facts, row, sentence),
            Display::Full => seen.full(facts, row, sentence, person, goal.zip(week)),
        }
        seen
    }

    fn full(
        &mut self,
        facts: &TodayFacts,
        row: &DayTotal,
        sentence: &Sentence,
        person: &Person,
        week: Option<(&GoalVersion, &WeekReply)>,
    ) {
        let day = DayFacts { day: row, open: true, diary: &facts.diary };
        let outcome = judge_day(&day, &person.record.goals);
        let measure = outcome.measure.clone().unwrap_or(Measure::LeisureBriskMin);
        let done = if is_known(row, &measure) { bounds(&day, &measure).lower } else { None };
        let steps = row.total_steps.or(row.steps_lower).filter(|_| is_known(row, &Measure::Steps));
        self.number = done.map(|done| (done, unit(&measure, done)));
        self.sentence = Some(sentence.beside_amount());
        if self.number.is_none() && row.data_state == DataState::CannotTell {
            self.number = steps.map(|steps| (steps, unit(&Measure::Steps, steps)));
            let bounds = row.brisk_lower.zip(row.brisk_upper).filter(|(low, high)| low < high);
            self.parts = bounds.map(|(low, high)| Phrase::new("today-between").with("low", low).with("high", high));
        }
        if self.number.is_none() {
            self.sentence = Some(sentence.phrase());
        }
        let judged = !matches!(outcome.state, GoalState::Paused | GoalState::Excused);
        let brisk = row.leisure_brisk_min.filter(|_| is_known(row, &Measure::LeisureBriskMin));
        let noted = if measure == Measure::LeisureMin { row.diary_min.unwrap_or(0) } else { 0 };
        if noted > 0 && done.is_some() {
            self.parts = Some(match brisk {
                Some(measured) => Phrase::new("today-parts").with("measured", measured).with("diary", noted),
                None => Phrase::new("today-parts-diary"),
            });
        }
        if let (Some(progress), true) = (&facts.progress, judged) {
            // The sentence of a day that has just begun names the plan itself.
            let named = matches!(sentence, Sentence::NothingYet { .. });
            self.plan =
                (!named).then(|| Phrase::new("today-plan").with("plan", short(&progress.measure, progress.target)));
            self.bar = done.map(|done| bar(&measure, done, noted, progress.target));
        } else if let (Some((goal, week)), true) = (week, judged) {
            let target = short(&goal.measure, goal.amount);
            let noted = week.days.iter().filter_map(|day| day.diary_min).sum::<u32>();
            let noted = if measure == Measure::LeisureMin { noted } else { 0 };
            self.plan = Some(match week.progress.done_lower {
                Some(done) => Phrase::new("today-week-so-far").with("done", done).with("target", target),
                None => Phrase::new("week-plan-week").with("plan", target),
            });
            self.bar = week.progress.done_lower.map(|done| bar(&measure, done, noted, goal.amount));
        }
        self.rows.extend(brisk.map(|minutes| ("today-row-brisk", minutes)));
        self.rows.extend(row.diary_min.filter(|minutes| *minutes > 0).map(|minutes| ("today-row-diary", minutes)));
        self.rows.extend(facts.progress.as_ref().filter(|_| judged).map(|plan| ("today-row-plan", plan.target)));
        self.rows.extend(steps.map(|steps| ("today-row-steps", steps)));
        self.numbers = Numbers {
            minutes: if measure == Measure::Steps { brisk } else { done },
            plan: facts.progress.as_ref().filter(|_| judged).map(|plan| plan.target),
            measure: outcome.measure,
            steps,
            ..self.numbers
        };
    }

    fn steps_only(&mut self, facts: &TodayFacts, row: &DayTotal, sentence: &Sentence) {
        let steps = row.total_steps.or(row.steps_lower).filter(|_| is_known(row, &Measure::Steps));
        self.number = steps.map(|steps| (steps, unit(&Measure::Steps, steps)));
        self.rows.extend(steps.map(|steps| ("today-row-steps", steps)));
        self.numbers.steps = steps;
        self.sentence = match sentence {
            Sentence::StepsOnly { .. } => None,
            other if other.measure().is_none_or(|measure| *measure == Measure::Steps) => Some(other.beside_amount()),
            _ => None,
        };
        let plan = facts.progress.as_ref().filter(|progress| progress.measure == Measure::Steps);
        if let Some((plan, steps)) = plan.zip(steps) {
            let judged = !matches!(sentence, Sentence::Paused { .. } | Sentence::Excused);
            self.bar = judged.then(|| bar(&Measure::Steps, steps, 0, plan.target));
            self.rows.push(("today-row-plan", plan.target));
            (self.numbers.measure, self.numbers.plan) = (Some(Measure::Steps), Some(plan.target));
        }
    }

    /// Every text that may change while the page is looked at, by the name of its place.
    pub fn texts(&self, language: Language) -> Vec<(&'static str, String)> {
        let mut texts = Vec::new();
        let mut tell = |place, phrase: Option<&Phrase>| {
            texts.extend(phrase.map(|phrase| (place, say(language, phrase))));
        };
        let number = self.number.as_ref().map(|(number, _)| Phrase::new("number").with("count", *number));
        tell("number", number.as_ref());
        tell("unit", self.number.as_ref().map(|(_, unit)| unit));
        tell("parts", self.parts.as_ref());
        tell("plan", self.plan.as_ref());
        tell("sentence", self.sentence.as_ref());
        tell("bar-words", self.bar.as_ref().map(|(_, words)| words));
        tell("bar-of", self.bar.as_ref().map(|(_, words)| words));
        for (place, number) in &self.rows {
            tell(place, Some(&Phrase::new("number").with("count", *number)));
        }
        tell("heard", self.heard.as_ref());
        tell("battery", self.battery.as_ref());
        texts
    }

    /// The bar, where there is one.
    pub fn bar(&self) -> Option<DayBar> {
        self.bar.as_ref().map(|(bar, _)| *bar)
    }

    fn draw(&self, visit: &Visit) -> Markup {
        let texts = self.texts(visit.language);
        let text = |place: &str| texts.iter().find(|(known, _)| *known == place).map(|(_, text)| text.as_str());
        let line = |place: &str, class: &str| {
            html! { @if let Some(text) = text(place) { p class=(class) data-live=(place) { (text) } } }
        };
        let lead = if self.number.is_some() { "" } else { "lead" };
        html! {
            div data-day=(self.date) {
                @if let (Some(number), Some(unit)) = (text("number"), text("unit")) {
                    p {
                        span.number data-live="number" aria-live="polite" { (number) }
                        " "
                        span.unit data-live="unit" { (unit) }
                    }
                }
                (line("parts", ""))
                (line("plan", ""))
                (line("sentence", lead))
                @if let (Some((bar, _)), Some(words)) = (&self.bar, text("bar-of")) {
                    figure {
                        (bar.draw(visit.language, &visit.t("today-bar"), words, true))
                        figcaption.muted data-live="bar-of" { (words) }
                    }
                }
                @if let Some(words) = &self.own_words {
                    blockquote.quote dir="auto" { (words) }
                }
                @if !self.rows.is_empty() {
                    table.table {
                        caption.unseen { (visit.t("today-numbers")) }
                        tbody {
                            @for (key, _) in &self.rows {
                                tr {
                                    th scope="row" { (visit.t(key)) }
                                    td.amount data-live=(key) { (text(key).unwrap_or_default()) }
                                }
                            }
                        }
                    }
                }
                (line("heard", "muted"))
                (line("battery", "muted"))
            }
            @if !self.blinded { script src=(LIVE.href()) defer {} }
        }
    }
}

fn actions(visit: &Visit, seen: &Seen) -> Markup {
    let tomorrow = seen.date.succ_opt().unwrap_or(seen.date).to_string();
    let until = Field {
        name: "until",
        label: "today-pause-until",
        hint: Some("today-pause-hint"),
        kind: "date",
        value: Some(&tomorrow),
    };
    html! {
        div.actions {
            a.button href="/diary/new" { (visit.t("today-add")) }
            @if seen.can_pause {
                details {
                    summary.button.quiet { (visit.t("today-pause")) }
                    form method="post" action="/plan/pause" {
                        (hidden(visit, &format!("pause-{}", seen.date)))
                        (until.render(visit, &[]))
                        (submit(visit, &Phrase::new("today-pause-send")))
                    }
                }
            } @else {
                a.button.quiet href="/plan" { (visit.t("today-my-plan")) }
            }
            a.button.quiet href="/week" { (visit.t("today-my-week")) }
        }
    }
}

/// Whether a day's row can say anything of a measure: of a day on which the band was not worn only the diary does.
fn is_known(row: &DayTotal, measure: &Measure) -> bool {
    row.data_state != DataState::NotWorn || matches!(measure, Measure::DiaryMin(_) | Measure::LeisureMin)
}

/// An amount where its unit stands nearby: "20 minutes".
fn short(measure: &Measure, count: u32) -> Phrase {
    let key = if *measure == Measure::Steps { "amount-steps" } else { "amount-minutes" };
    Phrase::new(key).with("count", count)
}

fn bar(measure: &Measure, done: u32, noted: u32, target: u32) -> (DayBar, Phrase) {
    let diary = if matches!(measure, Measure::DiaryMin(_)) { done } else { noted.min(done) };
    let key = if done > target { "today-bar-over" } else { "today-bar-of" };
    let words = Phrase::new(key).with("done", done).with("target", target);
    (DayBar { measured: done - diary, diary, target }, words)
}

/// What somebody is told whom a study shows no number.
fn without_numbers(sentence: &Sentence) -> Phrase {
    match sentence {
        Sentence::Paused { .. } | Sentence::Excused | Sentence::NotSynced { .. } => sentence.phrase(),
        _ => Phrase::new("today-blinded"),
    }
}

#[cfg(test)]
mod tests;
