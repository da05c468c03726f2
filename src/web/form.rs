//! What was typed into a form, kept as it was typed until it fits.

use chrono::{NaiveDate, NaiveTime};
use maud::{Markup, html};

use super::door::Visit;
use crate::{goal::decision::Problem, words::Phrase};

/// The fields of a form as they were sent; a name may come several times.
#[derive(Clone, Debug, Default)]
pub struct Fields(pub Vec<(String, String)>);

impl Fields {
    /// What was typed, without spaces around it; none for nothing.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.trim()).filter(|value| !value.is_empty())
    }

    /// Every value of a name, such as of ticked boxes.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// A date; none for nothing, and for what is no date, with a sentence beside the field.
    pub fn date(&self, name: &'static str, misfits: &mut Vec<Problem>) -> Option<NaiveDate> {
        let read = self.text(name)?.parse().ok();
        if read.is_none() {
            misfits.push(Problem { field: name, phrase: Phrase::new("problem-date") });
        }
        read
    }

    /// A time of day; none for nothing, and for what is no time, with a sentence beside the field.
    pub fn time(&self, name: &'static str, misfits: &mut Vec<Problem>) -> Option<NaiveTime> {
        let text = self.text(name)?;
        // Some browsers add seconds.
        let read = ["%H:%M", "%H:%M:00"].iter().find_map(|form| NaiveTime::parse_from_str(text, form).ok());
        if read.is_none() {
            misfits.push(Problem { field: name, phrase: Phrase::new("problem-time") });
        }
        read
    }
}

/// A field of one line, with its label, a hint, what was typed, and what does not fit.
pub struct Field<'a> {
    /// Its name.
    pub name: &'static str,
    /// Key of its label.
    pub label: &'static str,
    /// Key of a hint; none for none.
    pub hint: Option<&'static str>,
    /// `type` of the input; `textarea` for several lines.
    pub kind: &'static str,
    /// What stands in it.
    pub value: Option<&'a str>,
}

/// One of several, each with what is sent and what is read.
pub struct Select<'a> {
    /// Its name.
    pub name: &'static str,
    /// Key of its label.
    pub label: &'static str,
    /// What can be chosen.
    pub options: Vec<(&'a str, String)>,
    /// What is chosen.
    pub value: Option<&'a str>,
}

impl Select<'_> {
    /// The label, the sentences beside it, and the list, tied together for screen readers.
    pub fn render(&self, visit: &Visit, problems: &[Problem]) -> Markup {
        let wrong: Vec<_> = problems.iter().filter(|problem| problem.field == self.name).collect();
        let problem_id = format!("{}-problem", self.name);
        html! {
            div.field {
                label for=(self.name) { (visit.t(self.label)) }
                @if !wrong.is_empty() {
                    p.problem id=(problem_id) {
                        @for problem in &wrong { span { (visit.say(&problem.phrase)) } }
                    }
                }
                select id=(self.name) name=(self.name)
                    aria-describedby=[(!wrong.is_empty()).then_some(problem_id)]
                    aria-invalid=[(!wrong.is_empty()).then_some("true")] {
                    @for (value, text) in &self.options {
                        option value=(value) selected[self.value == Some(value)] { (text) }
                    }
                }
            }
        }
    }
}

impl Field<'_> {
    /// The label, the hint, the sentences beside it, and the input, tied together for screen readers.
    pub fn render(&self, visit: &Visit, problems: &[Problem]) -> Markup {
        let wrong: Vec<_> = problems.iter().filter(|problem| problem.field == self.name).collect();
        let hint_id = format!("{}-hint", self.name);
        let problem_id = format!("{}-problem", self.name);
        let mut described = Vec::new();
        described.extend(self.hint.map(|_| hint_id.clone()));
        described.extend((!wrong.is_empty()).then(|| problem_id.clone()));
        html! {
            div.field {
                label for=(self.name) { (visit.t(self.label)) }
                @if let Some(hint) = self.hint { p.hint id=(hint_id) { (visit.t(hint)) } }
                @if !wrong.is_empty() {
                    p.problem id=(problem_id) {
                        @for problem in &wrong { span { (visit.say(&problem.phrase)) } }
                    }
                }
                @let described = (!described.is_empty()).then(|| described.join(" "));
                @let invalid = (!wrong.is_empty()).then_some("true");
                @if self.kind == "textarea" {
                    textarea id=(self.name) name=(self.name) rows="3" dir="auto"
                        aria-describedby=[described] aria-invalid=[invalid] { (self.value.unwrap_or_default()) }
                } @else {
                    input id=(self.name) name=(self.name) type=(self.kind) value=[self.value]
                        dir="auto" aria-describedby=[described] aria-invalid=[invalid];
                }
            }
        }
    }
}

/// Several things of which one or more are chosen, under one question.
pub struct Choice<'a> {
    /// The name of the field.
    pub name: &'static str,
    /// Key of the question.
    pub legend: &'static str,
    /// `radio` for one of them, `checkbox` for as many as are ticked.
    pub kind: &'static str,
    /// Value and label of each.
    pub options: Vec<(&'a str, String)>,
}

impl Choice<'_> {
    /// The question and its answers, with what was chosen and the sentences beside it, tied together for screen readers.
    pub fn render(&self, visit: &Visit, fields: &Fields, problems: &[Problem]) -> Markup {
        let wrong: Vec<_> = problems.iter().filter(|problem| problem.field == self.name).collect();
        let problem_id = format!("{}-problem", self.name);
        html! {
            fieldset.field aria-describedby=[(!wrong.is_empty()).then_some(&problem_id)] {
                legend { (visit.t(self.legend)) }
                @if !wrong.is_empty() {
                    p.problem id=(problem_id) {
                        @for problem in &wrong { span { (visit.say(&problem.phrase)) } }
                    }
                }
                @for (place, (value, label)) in self.options.iter().enumerate() {
                    @let id = format!("{}-{place}", self.name);
                    div.option {
                        input id=(id) name=(self.name) type=(self.kind) value=(value)
                            checked[fields.all(self.name).any(|chosen| chosen == *value)];
                        label for=(id) { (label) }
                    }
                }
            }
        }
    }
}

/// What does not fit and belongs to none of a form's own fields.
pub fn elsewhere(visit: &Visit, problems: &[Problem], own: &[&str]) -> Markup {
    html! {
        @for problem in problems.iter().filter(|problem| !own.contains(&problem.field)) {
            p.problem role="alert" { (visit.say(&problem.phrase)) }
        }
    }
}

/// What every form carries: the token of this browser, and what this one is called, so that a form sent twice is
/// taken once.
pub fn hidden(visit: &Visit, once: &str) -> Markup {
    html! {
        input type="hidden" name="token" value=(visit.token);
        input type="hidden" name="once" value=(once);
    }
}

/// The button that sends a form.
pub fn submit(visit: &Visit, label: &Phrase) -> Markup {
    html! { button type="submit" { (visit.say(label)) } }
}
