//! All decisions of one person in order, and what they say about a date.
//!
//! Nothing is overwritten: a past day is judged by the goal that was in force then. So that this
//! stays true whatever is decided later,
//!
//! * a goal, a pause, a return or an end begins on the day of the decision at the earliest. One
//!   that claims an earlier day counts from the day it was decided on;
//! * the first goal of a person alone may reach back, to the first day of their record if they ask;
//! * a clinician's excuse may name any day: it is the dated, signed way to correct the past.
//!
//! Of the decisions about a goal whose first day has come, the newest binds: a goal ends the one
//! before on the day before its own first day, and when its last day has passed, no older goal comes
//! back. Pauses add up; a new goal does not end a pause, a return does.

use std::collections::BTreeSet;

use chrono::NaiveDate;

use super::{Decision, GoalVersion, Problem, Problems, decision::MONTHS_MAX};
use crate::words::Phrase;

/// One person's decisions, in the order in which they were stored.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    goals: Vec<GoalEvent>,
    pauses: Vec<Pause>,
    excused: BTreeSet<NaiveDate>,
}

/// From this day on: this goal, or none.
#[derive(Clone, Debug, PartialEq)]
struct GoalEvent {
    from: NaiveDate,
    goal: Option<GoalVersion>,
}

/// A pause with its first and last day; what later returns left of it.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Pause {
    from: NaiveDate,
    until: NaiveDate,
}

/// A goal and the days on which it was, is or will be in force.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GoalSpan<'a> {
    /// The goal.
    pub goal: &'a GoalVersion,
    /// First day in force.
    pub from: NaiveDate,
    /// Last day in force; none while nothing ends it.
    pub until: Option<NaiveDate>,
}

impl History {
    /// Adds a decision that was taken on this day.
    pub fn take(&mut self, decided_on: NaiveDate, decision: Decision) {
        let first_goal = self.no_goal_yet();
        let from = decision.from().max(decided_on);
        match decision {
            Decision::GoalSet(goal) => {
                let from = if first_goal { goal.from } else { from };
                self.goals.push(GoalEvent { from, goal: Some(goal) });
            }
            Decision::GoalEnded { .. } => self.goals.push(GoalEvent { from, goal: None }),
            Decision::GoalPaused { until, .. } => self.pauses.push(Pause { from, until }),
            Decision::GoalResumed { .. } => {
                for pause in &mut self.pauses {
                    pause.until = pause.until.min(from.pred_opt().unwrap_or(from));
                }
            }
            Decision::DayExcused { date, .. } => {
                self.excused.insert(date);
            }
        }
        self.pauses.retain(|pause| pause.from <= pause.until);
    }

    fn no_goal_yet(&self) -> bool {
        self.goals.iter().all(|event| event.goal.is_none())
    }

    /// All that does not fit about a decision that is to be taken today, at once: what
    /// [`Decision::validate`] finds, and what comes too late for this history.
    pub fn check(&self, decision: &Decision, today: NaiveDate) -> Result<(), Problems> {
        let mut problems = decision.validate().map_or_else(|problems| problems.0, |()| vec![]);
        let late = match decision {
            Decision::GoalSet(_) => !self.no_goal_yet(),
            Decision::GoalPaused { .. } | Decision::GoalResumed { .. } | Decision::GoalEnded { .. } => true,
            Decision::DayExcused { .. } => false,
        };
        if late && decision.from() < today {
            problems.push(Problem { field: "from", phrase: Phrase::new("problem-from-past").with("today", today) });
        }
        if today.checked_add_months(MONTHS_MAX).is_some_and(|limit| decision.from() > limit) {
            problems.push(Problem { field: "from", phrase: Phrase::new("problem-date-far") });
        }
        if let Decision::GoalSet(goal) = decision
            && goal.review_on.is_some_and(|review| goal.from <= review && review < today)
        {
            let phrase = Phrase::new("problem-review-past").with("today", today);
            problems.push(Problem { field: "review_on", phrase });
        }
        if let Decision::GoalSet(goal) = decision
            && self.version(&goal.id).is_some()
        {
            let phrase = Phrase::new("problem-goal-id").with("id", goal.id.as_str()).with("free", self.next_id());
            problems.push(Problem { field: "id", phrase });
        }
        if problems.is_empty() { Ok(()) } else { Err(Problems(problems)) }
    }

    /// Whether a decision would change nothing: it was taken before, or there is nothing that it could end.
    pub fn holds(&self, decision: &Decision) -> bool {
        match decision {
            Decision::GoalSet(goal) => self.version(&goal.id) == Some(goal),
            Decision::GoalPaused { from, until, .. } => self.paused_until(*from) == Some(*until),
            Decision::GoalResumed { from, .. } => !self.pauses_from(*from),
            Decision::GoalEnded { from, .. } => {
                self.goal_on(*from).is_none() && self.spans().iter().all(|span| span.from <= *from)
            }
            Decision::DayExcused { date, .. } => self.is_excused(*date),
        }
    }

    /// The goal in force on a date.
    pub fn goal_on(&self, date: NaiveDate) -> Option<&GoalVersion> {
        let newest = self.goals.iter().rev().find(|event| event.from <= date)?;
        newest.goal.as_ref().filter(|goal| goal.until.is_none_or(|until| date <= until))
    }

    /// The last day of the pause that a date lies in, as far as it is decided.
    pub fn paused_until(&self, date: NaiveDate) -> Option<NaiveDate> {
        let mut last = None;
        let mut day = date;
        // A pause that begins on the day after another ends goes on from it.
        while let Some(until) = self.pauses.iter().filter(|p| p.from <= day && day <= p.until).map(|p| p.until).max() {
            last = Some(until);
            day = until.succ_opt()?;
        }
        last
    }

    /// Whether a day from this one on lies in a pause.
    pub fn pauses_from(&self, date: NaiveDate) -> bool {
        self.pauses.iter().any(|pause| pause.until >= date)
    }

    /// Whether a clinician took the day out of the judging.
    pub fn is_excused(&self, date: NaiveDate) -> bool {
        self.excused.contains(&date)
    }

    /// Every goal that was ever set, oldest decision first.
    pub fn versions(&self) -> impl Iterator<Item = &GoalVersion> {
        self.goals.iter().filter_map(|event| event.goal.as_ref())
    }

    /// The goal with this name.
    pub fn version(&self, id: &str) -> Option<&GoalVersion> {
        self.versions().find(|goal| goal.id == id)
    }

    /// The days on which each goal binds, oldest decision first; a goal that another replaced before
    /// its first day is left out.
    pub fn spans(&self) -> Vec<GoalSpan<'_>> {
        let mut spans = Vec::new();
        for (place, event) in self.goals.iter().enumerate() {
            let Some(goal) = &event.goal else { continue };
            let replaced = self.goals[place + 1..].iter().map(|later| later.from).min();
            let until = [goal.until, replaced.and_then(|day| day.pred_opt())].into_iter().flatten().min();
            if until.is_none_or(|until| event.from <= until) {
                spans.push(GoalSpan { goal, from: event.from, until });
            }
        }
        spans
    }

    /// A name for the next goal that no goal in this history has.
    pub fn next_id(&self) -> String {
        let taken: BTreeSet<_> = self.versions().map(|goal| goal.id.as_str()).collect();
        let mut number = taken.len() + 1;
        while taken.contains(format!("g{number}").as_str()) {
            number += 1;
        }
        format!("g{number}")
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use chrono::{DateTime, Utc};

    use super::*;
    use crate::{
        goal::decision::tests::{date, goal},
        person,
        time::{Calendar, Zone},
    };

    /// Noon UTC of a day.
    pub fn noon(day: &str) -> DateTime<Utc> {
        date(day).and_hms_opt(12, 0, 0).unwrap().and_utc()
    }

    /// Decisions, each with the day on which it was taken.
    pub fn history(decisions: impl IntoIterator<Item = (&'static str, Decision)>) -> History {
        let numbered = decisions.into_iter().enumerate().map(|(place, (day, what))| (place as u64, noon(day), what));
        of_p1(&Calendar::midnight(Zone::AS_IT_STANDS), numbered)
    }

    /// The goals in the record of a person.
    fn of_p1(calendar: &Calendar, decisions: impl IntoIterator<Item = (u64, DateTime<Utc>, Decision)>) -> History {
        let decisions = decisions.into_iter().map(|(place, at, what)| (place, at, person::Decision::Goal(what)));
        person::Record::from_decisions(&"p1".parse().unwrap(), calendar, decisions).goals
    }

    pub fn set(id: &str, from: &str, until: Option<&str>) -> Decision {
        Decision::GoalSet(GoalVersion {
            id: id.into(),
            from: date(from),
            until: until.map(date),
            review_on: None,
            ..goal()
        })
    }

    pub fn pause(from: &str, until: &str) -> Decision {
        Decision::GoalPaused { participant: "p1".parse().unwrap(), from: date(from), until: date(until), reason: None }
    }

    fn resume(from: &str) -> Decision {
        Decision::GoalResumed { participant: "p1".parse().unwrap(), from: date(from) }
    }

    fn end(from: &str) -> Decision {
        Decision::GoalEnded { participant: "p1".parse().unwrap(), from: date(from), reason: None }
    }

    fn in_force(history: &History, day: &str) -> Option<String> {
        history.goal_on(date(day)).map(|goal| goal.id.clone())
    }

    #[test]
    fn a_new_goal_ends_the_old_one_the_day_before() {
        let history =
            history([("2026-05-11", set("a", "2026-05-11", None)), ("2026-05-20", set("b", "2026-05-25", None))]);

        assert_eq!(in_force(&history, "2026-05-10"), None);
        assert_eq!(in_force(&history, "2026-05-24").as_deref(), Some("a"));
        assert_eq!(in_force(&history, "2026-05-25").as_deref(), Some("b"));
        let spans = history.spans();
        assert_eq!((spans[0].until, spans[1].until), (Some(date("2026-05-24")), None));
    }

    #[test]
    fn no_older_goal_comes_back_when_a_goal_has_ended() {
        let dated = history([
            ("2026-05-11", set("a", "2026-05-11", None)),
            ("2026-05-12", set("b", "2026-05-12", Some("2026-05-14"))),
        ]);
        let ended = history([("2026-05-11", set("a", "2026-05-11", None)), ("2026-05-13", end("2026-05-15"))]);

        for history in [dated, ended] {
            assert!(in_force(&history, "2026-05-14").is_some());
            assert_eq!(in_force(&history, "2026-05-15"), None);
        }
    }

    #[test]
    fn a_goal_planned_for_later_gives_way_to_a_newer_decision() {
        let history = history([
            ("2026-05-11", set("a", "2026-05-11", None)),
            ("2026-05-11", set("b", "2026-07-01", None)),
            ("2026-05-20", set("c", "2026-06-01", None)),
        ]);

        assert_eq!(in_force(&history, "2026-07-02").as_deref(), Some("c"));
        assert_eq!(history.spans().iter().map(|span| span.goal.id.as_str()).collect::<Vec<_>>(), ["a", "c"]);
    }

    #[test]
    fn the_first_goal_alone_reaches_back() {
        let history =
            history([("2026-05-20", set("a", "2026-05-11", None)), ("2026-05-25", set("b", "2026-05-12", None))]);

        assert_eq!(in_force(&history, "2026-05-11").as_deref(), Some("a"));
        assert_eq!(in_force(&history, "2026-05-24").as_deref(), Some("a"));
        assert_eq!(in_force(&history, "2026-05-25").as_deref(), Some("b"));
    }

    #[test]
    fn pauses_add_up_and_end_with_a_return() {
        let paused = history([
            ("2026-05-11", pause("2026-05-11", "2026-05-14")),
            ("2026-05-12", pause("2026-05-15", "2026-05-20")),
            ("2026-05-12", pause("2026-06-01", "2026-06-05")),
            ("2026-05-18", resume("2026-05-18")),
        ]);

        assert_eq!(paused.paused_until(date("2026-05-10")), None);
        assert_eq!(paused.paused_until(date("2026-05-11")), Some(date("2026-05-17")));
        assert_eq!(paused.paused_until(date("2026-05-18")), None);
        assert_eq!(paused.paused_until(date("2026-06-01")), None, "a return ends what was planned before it");
        let late = history([("2026-05-20", pause("2026-05-11", "2026-05-21"))]);
        assert_eq!(late.paused_until(date("2026-05-19")), None, "a pause does not reach back");
        assert_eq!(late.paused_until(date("2026-05-20")), Some(date("2026-05-21")));
    }

    #[test]
    fn the_order_in_which_decisions_arrive_changes_nothing() {
        let all = [
            (0, noon("2026-05-11"), set("a", "2026-05-11", None)),
            (1, noon("2026-05-12"), pause("2026-05-13", "2026-05-30")),
            (2, noon("2026-05-20"), resume("2026-05-21")),
            (3, noon("2026-05-20"), set("b", "2026-05-22", None)),
        ];
        let calendar = Calendar::midnight(Zone::AS_IT_STANDS);

        let forward = of_p1(&calendar, all.clone());
        let backward = of_p1(&calendar, all.into_iter().rev());

        assert_eq!(forward, backward);
    }

    #[test]
    fn decisions_of_others_are_passed_over_and_the_day_is_the_persons_own() {
        let other = Decision::GoalEnded { participant: "p2".parse().unwrap(), from: date("2026-05-11"), reason: None };
        let calendar = Calendar::midnight("Pacific/Auckland".parse().unwrap());
        let decisions = [
            (0, noon("2026-05-10"), set("a", "2026-05-01", None)),
            (1, noon("2026-05-11"), other),
            // Noon UTC is midnight in Auckland: the decision was taken on the 13th there.
            (2, noon("2026-05-12"), set("b", "2026-05-12", None)),
        ];

        let history = of_p1(&calendar, decisions);

        assert_eq!(in_force(&history, "2026-05-12").as_deref(), Some("a"));
        assert_eq!(in_force(&history, "2026-05-13").as_deref(), Some("b"));
    }

    #[test]
    fn a_decision_about_days_gone_by_is_refused_with_its_reason() {
        let past = history([("2026-05-11", set("g1", "2026-05-11", None))]);
        let today = date("2026-05-20");
        let fields = |history: &History, decision: &Decision| -> Vec<&str> {
            history.check(decision, today).map_or_else(|p| p.0.iter().map(|p| p.field).collect(), |()| vec![])
        };

        assert_eq!(fields(&past, &set("g1", "2026-05-19", None)), ["from", "id"]);
        assert_eq!(fields(&past, &set("g2", "2026-05-20", None)), [""; 0]);
        assert_eq!(fields(&past, &pause("2026-05-19", "2026-05-30")), ["from"]);
        assert_eq!(fields(&past, &end("2026-05-19")), ["from"]);
        assert_eq!(fields(&past, &resume("2026-05-19")), ["from"]);
        assert_eq!(fields(&History::default(), &set("g1", "2026-05-01", None)), [""; 0]);
        assert_eq!(past.next_id(), "g2");
    }
}
