//! What may be proposed for the next week: keep the plan, make it smaller, and, where the programme's rule says so,
//! make it larger.
//!
//! * Nothing is proposed before a week with a goal is over, nor when a goal for later is already set, nor into a pause.
//! * Larger is proposed when the rule asks for it ([`Rule`]) and the last week had [`Pace::valid_days`] valid days and
//!   [`Pace::met_percent`] of its plan are known to be reached. What is unknown never helps.
//! * No larger size is proposed in the week in which a goal begins: nothing rises twice in a week.
//! * A week was hard when, whatever its unknown days held, less than [`Pace::met_percent`] of the plan can have been
//!   reached. Then the smaller size stands first, and the same one next to it.
//! * A week with a paused or an excused day is held against nobody. After a pause the last comfortable size stands first:
//!   the one of the newest week that went well, else the smaller size.
//! * Every amount lies between floor and ceiling: those of [`Pace`], and those that are plausible at all.
//!
//! Each proposal names its rule and what it rests on, in phrases. A person accepts or declines it.

use chrono::{Days, NaiveDate};

use super::{
    DayFacts, GoalVersion, History, Measure, Pace, Period, Rule, Weekdays, bounds,
    past::{PastWeek, Standing, is_at_least, is_valid, monday_of, past_weeks, reached, week_name},
    rule::{BuildUp, PercentOf, unit},
    wording::amount as amount_phrase,
};
use crate::words::Phrase;

/// One thing that may be chosen for the next week.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// The week in which it is made, and its kind: `2026-W21-more`.
    pub id: String,
    /// Which way it goes.
    pub kind: Kind,
    /// Name of the rule.
    pub rule: &'static str,
    /// Why, in words.
    pub reason: Phrase,
    /// What it rests on, newest week first.
    pub evidence: Vec<Phrase>,
    /// The goal as it would be set; for [`Kind::Keep`] the one in force goes on as it is.
    pub goal: GoalVersion,
}

/// Which way a proposal goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The same.
    Keep,
    /// Smaller.
    Less,
    /// Larger.
    More,
}

impl Kind {
    /// As it stands in the name of a proposal.
    pub fn name(self) -> &'static str {
        match self {
            Self::Keep => "keep",
            Self::Less => "less",
            Self::More => "more",
        }
    }
}

/// What proposals are made from.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// Days of the [`WEEKS_BACK`](super::past::WEEKS_BACK) weeks before today's, as far as they are known, in order.
    pub days: &'a [DayFacts<'a>],
    /// The person's goals.
    pub history: &'a History,
    /// Today.
    pub today: NaiveDate,
    /// The programme's rule.
    pub rule: &'a Rule,
    /// The programme's bounds.
    pub pace: &'a Pace,
    /// Proposals that were answered: name, whether accepted, day.
    pub answered: &'a [(String, bool, NaiveDate)],
}

/// The first day of a goal that is accepted on this day: today when it is a Monday, else the next one.
pub fn begins_on(today: NaiveDate) -> NaiveDate {
    let monday = monday_of(today);
    if monday == today { today } else { monday + Days::new(7) }
}

/// The proposals of today's week, the one that the rule asks for first; none when there is nothing to choose.
pub fn propose(asked: &Asked<'_>) -> Vec<Proposal> {
    let Asked { history, today, .. } = *asked;
    let from = begins_on(today);
    let spans = history.spans();
    let Some(span) = spans.iter().find(|span| history.goal_on(today).is_some_and(|goal| goal.id == span.goal.id))
    else {
        return Vec::new();
    };
    let ends = history.goal_on(from).is_none() && span.goal.until.is_none_or(|until| until >= from);
    let decided_already = ends || spans.iter().any(|span| span.from > today);
    if decided_already || history.paused_until(from).is_some() || accepted(asked) {
        return Vec::new();
    }
    let weeks = past_weeks(asked.days, history, today, asked.pace);
    let look = Look { asked, goal: span.goal, began: span.from, weeks: &weeks, from };
    let Some(last) = weeks.first().filter(|week| week.progress.goal_id.is_some()) else { return Vec::new() };

    let step = look.step(last);
    let declined = |id: &str| asked.answered.iter().any(|(known, ..)| known == id);
    let kinds = match step.as_ref().map(|step| step.kind) {
        Some(Kind::More) => [Kind::More, Kind::Keep, Kind::Less],
        Some(Kind::Less) => [Kind::Less, Kind::Keep, Kind::More],
        Some(Kind::Keep) | None => [Kind::Keep, Kind::Less, Kind::More],
    };
    let proposals = kinds.into_iter().filter_map(|kind| match &step {
        Some(step) if step.kind == kind => Some(look.proposal(step)),
        _ => look.other(kind).map(|step| look.proposal(&step)),
    });
    proposals.filter(|proposal| !declined(&proposal.id)).collect()
}

fn accepted(asked: &Asked<'_>) -> bool {
    let week = week_name(asked.today);
    asked.answered.iter().any(|(id, accepted, _)| *accepted && id.starts_with(&week))
}

/// What a proposal changes, and why.
struct Step {
    kind: Kind,
    rule: &'static str,
    amount: u32,
    days: Weekdays,
    reason: Phrase,
}

struct Look<'a> {
    asked: &'a Asked<'a>,
    goal: &'a GoalVersion,
    /// First day on which the goal counted.
    began: NaiveDate,
    /// Newest first.
    weeks: &'a [PastWeek],
    from: NaiveDate,
}

impl Look<'_> {
    /// What the rules ask for; none to keep the plan.
    fn step(&self, last: &PastWeek) -> Option<Step> {
        if last.standing == Standing::Aside && last.progress.days_paused > 0 {
            return Some(self.after_pause());
        }
        if last.standing == Standing::Hard {
            return self.other(Kind::Less).map(|step| Step { reason: Phrase::new("proposal-after-hard-week"), ..step });
        }
        let wanted = self.wanted()?;
        match wanted.kind {
            Kind::More => self.may_rise(last).then_some(wanted),
            Kind::Less => Some(wanted),
            Kind::Keep => None,
        }
    }

    fn may_rise(&self, last: &PastWeek) -> bool {
        let (known, _, of) = reached(&last.progress);
        let pace = self.asked.pace;
        self.began < monday_of(self.asked.today)
            && last.standing != Standing::Aside
            && last.valid_days >= pace.valid_days
            && of > 0
            && is_at_least(known, pace.met_percent, of)
    }

    /// What the programme's rule asks for, whether or not it may rise now.
    fn wanted(&self) -> Option<Step> {
        let (measure, goal) = (&self.goal.measure, self.goal);
        match self.asked.rule {
            Rule::Fixed {} => None,
            Rule::WeeklyPercent { percent, of, at_most } => {
                let good = self.asked.pace.good_weeks;
                if !self.went_well(good) {
                    return None;
                }
                let base = match of {
                    PercentOf::Goal => goal.amount,
                    PercentOf::Mean => self.mean_of_last_week()?,
                };
                let amount = base.saturating_add(share(base, *percent, measure));
                let most = at_most.map_or(u32::MAX, |most| goal.amount.saturating_add(most));
                let reason = Phrase::new("proposal-weekly-percent")
                    .with("weeks", good)
                    .with("reached", self.asked.pace.reached_percent)
                    .with("percent", *percent);
                // By this rule nothing goes down: a mean below the goal keeps it.
                (amount > goal.amount).then(|| self.sized(amount.min(most), goal.days, reason))
            }
            Rule::Percentile { days, percent } => {
                let amounts = self.valid_amounts(*days).filter(|_| goal.period == Period::Day)?;
                let rank = (days * percent).div_ceil(100).max(1);
                let place = usize::try_from(rank - 1).unwrap_or(0);
                let amount = amounts.get(place)? / unit(measure) * unit(measure);
                let reason = Phrase::new("proposal-percentile").with("days", *days).with("rank", rank);
                Some(self.sized(amount, goal.days, reason))
            }
            Rule::TimeBuildUp { rows } => self.next_row(rows),
            Rule::Quota { baseline_days, start_percent, rise, every_weeks } => {
                if goal.rule.as_deref() == Some(self.asked.rule.name()) {
                    let due = self.began + Days::new(7 * u64::from(*every_weeks)) <= monday_of(self.asked.today);
                    let reason = Phrase::new("proposal-quota-step").with("weeks", *every_weeks);
                    return due.then(|| self.sized(goal.amount.saturating_add(*rise), goal.days, reason));
                }
                let amounts = self.valid_amounts(*baseline_days).filter(|_| goal.period == Period::Day)?;
                let sum: u64 = amounts.iter().map(|amount| u64::from(*amount)).sum();
                let mean = sum / u64::from(*baseline_days).max(1);
                let amount = u32::try_from(mean * u64::from(*start_percent) / 100).unwrap_or(u32::MAX);
                let amount = amount / unit(measure) * unit(measure);
                let reason =
                    Phrase::new("proposal-quota-start").with("days", *baseline_days).with("percent", *start_percent);
                Some(self.sized(amount, goal.days, reason))
            }
        }
    }

    fn next_row(&self, rows: &[BuildUp]) -> Option<Step> {
        let goal = self.goal;
        if goal.period != Period::Day || goal.measure == Measure::Steps {
            return None;
        }
        let here = u64::from(goal.amount) * u64::from(goal.days.len());
        let next = rows.iter().find(|row| row.in_week() > here)?;
        let weeks = rows.iter().rev().find(|row| row.in_week() <= here).map_or(1, |row| row.weeks);
        let reason =
            Phrase::new("proposal-build-up").with("weeks", weeks).with("minutes", next.minutes).with("days", next.days);
        self.went_well(weeks).then(|| self.sized(next.minutes, goal.days.filled_to(next.days), reason))
    }

    /// Whether so many weeks under the goal in force, paused and excused ones passed over, all went well.
    fn went_well(&self, weeks: u32) -> bool {
        let weeks = usize::try_from(weeks).unwrap_or(usize::MAX);
        let under_goal = self.weeks.iter().filter(|week| week.progress.from >= self.began);
        let counted: Vec<_> = under_goal.filter(|week| week.standing != Standing::Aside).take(weeks).collect();
        counted.len() == weeks && counted.iter().all(|week| week.standing == Standing::Well)
    }

    /// What is known to have been done on the last so many valid days, sorted; none when there are fewer.
    fn valid_amounts(&self, count: u32) -> Option<Vec<u32>> {
        let count = usize::try_from(count).ok()?;
        let valid = self.asked.days.iter().rev().filter(|facts| is_valid(facts));
        let mut amounts: Vec<_> =
            valid.filter_map(|facts| bounds(facts, &self.goal.measure).lower).take(count).collect();
        amounts.sort_unstable();
        (amounts.len() == count).then_some(amounts)
    }

    fn mean_of_last_week(&self) -> Option<u32> {
        let last = &self.weeks.first()?.progress;
        if self.goal.period == Period::Week {
            return last.done_lower;
        }
        let of_week = self.asked.days.iter().filter(|facts| (last.from..=last.to).contains(&facts.day.local_date));
        let valid = of_week.filter(|facts| is_valid(facts));
        let amounts: Vec<_> = valid.filter_map(|facts| bounds(facts, &self.goal.measure).lower).collect();
        let sum = amounts.iter().fold(0_u32, |sum, amount| sum.saturating_add(*amount));
        sum.checked_div(u32::try_from(amounts.len()).ok()?)
    }

    fn after_pause(&self) -> Step {
        let same = |week: &&PastWeek| {
            week.standing == Standing::Well
                && week.progress.measure.as_ref() == Some(&self.goal.measure)
                && week.progress.period == Some(self.goal.period)
        };
        let id = self.weeks.iter().find(same).and_then(|week| week.progress.goal_id.as_deref());
        let comfortable = id.and_then(|id| self.asked.history.version(id));
        let amount = match comfortable {
            Some(goal) => goal.amount.min(self.goal.amount),
            None => self.smaller(),
        };
        let step = self.sized(amount, self.goal.days, Phrase::new("proposal-after-pause"));
        Step { rule: "after_pause", ..step }
    }

    /// What the person may choose beside what the rule asks for; never a larger size.
    fn other(&self, kind: Kind) -> Option<Step> {
        let (amount, reason) = match kind {
            Kind::Keep => (self.goal.amount, "proposal-keep"),
            Kind::Less => (self.smaller(), "proposal-less"),
            Kind::More => return None,
        };
        let step = Step { rule: "own_choice", kind, amount, days: self.goal.days, reason: Phrase::new(reason) };
        (kind == Kind::Keep || amount < self.goal.amount).then_some(step)
    }

    fn smaller(&self) -> u32 {
        let less = share(self.goal.amount, self.asked.pace.less_percent, &self.goal.measure);
        self.goal.amount.saturating_sub(less).max(self.floor()).min(self.goal.amount)
    }

    fn floor(&self) -> u32 {
        let plausible = *self.goal.measure.plausible(self.goal.period).start();
        self.asked.pace.floor.map_or(plausible, |floor| floor.max(plausible))
    }

    fn ceiling(&self) -> u32 {
        let plausible = *self.goal.measure.plausible(self.goal.period).end();
        self.asked.pace.ceiling.map_or(plausible, |ceiling| ceiling.min(plausible))
    }

    /// A step of the rule to this size, kept between floor and ceiling. A goal that already lies outside of them stays:
    /// neither bound turns a step upwards into one downwards, nor the other way round.
    fn sized(&self, amount: u32, days: Weekdays, reason: Phrase) -> Step {
        let goal = self.goal;
        let amount = if amount > goal.amount {
            amount.min(self.ceiling().max(goal.amount))
        } else {
            amount.max(self.floor().min(goal.amount))
        };
        let volume = |amount: u32, days: Weekdays| u64::from(amount) * u64::from(days.len());
        let kind = match volume(amount, days).cmp(&volume(goal.amount, goal.days)) {
            std::cmp::Ordering::Less => Kind::Less,
            std::cmp::Ordering::Equal => Kind::Keep,
            std::cmp::Ordering::Greater => Kind::More,
        };
        Step { kind, rule: self.asked.rule.name(), amount, days, reason }
    }

    fn proposal(&self, step: &Step) -> Proposal {
        let id = format!("{}-{}", week_name(self.asked.today), step.kind.name());
        let of_rule = step.rule == self.asked.rule.name();
        let goal = GoalVersion {
            id: self.asked.history.next_id(),
            amount: step.amount,
            days: step.days,
            from: self.from,
            until: self.goal.until.filter(|until| *until >= self.from),
            review_on: self.goal.review_on.filter(|review| *review >= self.from),
            decided_by: super::DecidedBy::Person,
            therapist: None,
            proposal: Some(id.clone()),
            rule: if of_rule { Some(step.rule.to_owned()) } else { self.goal.rule.clone() },
            ..self.goal.clone()
        };
        let looked_at = usize::try_from(self.asked.pace.good_weeks).unwrap_or(1).max(1);
        let weeks = self.weeks.iter().filter(|week| week.progress.goal_id.is_some()).take(looked_at);
        let evidence = weeks.map(evidence).collect();
        Proposal { id, kind: step.kind, rule: step.rule, reason: step.reason.clone(), evidence, goal }
    }
}

/// So many percent of an amount, to the nearest whole unit, at least one.
fn share(amount: u32, percent: u32, measure: &Measure) -> u32 {
    let unit = unit(measure);
    let exact = u64::from(amount) * u64::from(percent);
    let units = (exact + 50 * u64::from(unit)) / (100 * u64::from(unit));
    u32::try_from(units).unwrap_or(u32::MAX).max(1).saturating_mul(unit)
}

/// One week in words.
fn evidence(week: &PastWeek) -> Phrase {
    let progress = &week.progress;
    if week.standing == Standing::Aside {
        return Phrase::new("evidence-aside").with("from", progress.from);
    }
    match (progress.period, &progress.measure, progress.done_lower, progress.target) {
        (Some(Period::Week), Some(measure), Some(done), Some(target)) => Phrase::new("evidence-amount")
            .with("from", progress.from)
            .with("done", amount_phrase(measure, done))
            .with("target", target),
        (Some(Period::Day), ..) => Phrase::new("evidence-days")
            .with("from", progress.from)
            .with("met", progress.days_met)
            .with("planned", progress.days_planned),
        _ => Phrase::new("evidence-open").with("from", progress.from),
    }
}

#[cfg(test)]
mod tests;
