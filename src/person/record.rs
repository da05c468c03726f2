//! Everything that one person decided and wrote down, in order.

use chrono::{DateTime, NaiveDate, Utc};

use super::{
    Decision, OwnDecision, check_in::CheckIns, choice::Choices, diary::Diary, own_time::OwnTime, settings::Settings,
};
use crate::{
    goal::{History, Problems},
    model::ParticipantId,
    time::Calendar,
};

/// One person's record, as far as it was taken in.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Record {
    /// Goals, pauses and excuses.
    pub goals: History,
    /// Name, language, zone.
    pub settings: Settings,
    /// Work, sleep, start of day.
    pub own_time: OwnTime,
    /// What no step counter sees.
    pub diary: Diary,
    /// One small choice a day.
    pub choices: Choices,
    /// Questions that were switched on.
    pub check_ins: CheckIns,
    /// Programmes with their first days, as they were chosen.
    pub programmes: Vec<(NaiveDate, Option<String>)>,
    /// Proposals that were answered: name, whether accepted, day.
    pub proposals: Vec<(String, bool, NaiveDate)>,
    /// Notices that were shown: key and day.
    pub notices: Vec<(String, NaiveDate)>,
    /// Days on which they took all of their data away.
    pub taken: Vec<NaiveDate>,
    /// When the person last did anything themselves.
    pub last_decision: Option<DateTime<Utc>>,
}

impl Record {
    /// The record of this person. Each decision comes with its place in the journal, which gives the order, and
    /// with the moment at which it was taken; decisions of other people are passed over.
    pub fn from_decisions(
        participant: &ParticipantId,
        calendar: &Calendar,
        decisions: impl IntoIterator<Item = (u64, DateTime<Utc>, Decision)>,
    ) -> Self {
        let mut own: Vec<_> = decisions.into_iter().filter(|(_, _, what)| what.participant() == participant).collect();
        own.sort_by_key(|(ordinal, _, _)| *ordinal);
        let mut record = Self::default();
        for (_, at, decision) in own {
            record.take(at, calendar.day_at(at.timestamp()).date, decision);
        }
        record
    }

    /// Adds a decision that was taken at this moment, on this day of the person.
    pub fn take(&mut self, at: DateTime<Utc>, decided_on: NaiveDate, decision: Decision) {
        if !matches!(decision, Decision::Own(OwnDecision::NoticeShown { .. })) {
            self.last_decision = self.last_decision.max(Some(at));
        }
        match decision {
            Decision::Goal(decision) => self.goals.take(decided_on, decision),
            Decision::Own(decision) => self.take_own(decision),
        }
    }

    /// All that does not fit about a decision that is to be taken today, at once.
    pub fn check(&self, decision: &Decision, today: NaiveDate) -> Result<(), Problems> {
        match decision {
            Decision::Goal(decision) => self.goals.check(decision, today),
            Decision::Own(_) => Ok(()),
        }
    }

    fn take_own(&mut self, decision: OwnDecision) {
        match decision {
            OwnDecision::SettingsChanged(change) => self.settings.take(change),
            OwnDecision::OwnTimeSet(set) => self.own_time.take(set),
            OwnDecision::DiaryNoted(entry) => self.diary.take(entry),
            OwnDecision::DiaryUndone { id, .. } => self.diary.remove(&id),
            OwnDecision::ChoicePlanned(plan) => self.choices.plan(plan),
            OwnDecision::ChoiceAnswered(answer) => self.choices.answer(answer),
            OwnDecision::CheckInsSet(set) => self.check_ins.set(set),
            OwnDecision::CheckInAnswered(answer) => self.check_ins.answer(answer),
            OwnDecision::ProgrammeChosen { programme, from, .. } => self.programmes.push((from, programme)),
            OwnDecision::ProposalAnswered { proposal, accepted, date, .. } => {
                self.proposals.push((proposal, accepted, date));
            }
            OwnDecision::NoticeShown { notice, date, .. } => self.notices.push((notice, date)),
            OwnDecision::DataTaken { date, .. } => self.taken.push(date),
            OwnDecision::NoticeSeen { .. } => {}
        }
    }

    /// The programme in use on a date.
    pub fn programme_on(&self, date: NaiveDate) -> Option<&str> {
        self.programmes.iter().rev().find(|(from, _)| *from <= date).and_then(|(_, name)| name.as_deref())
    }
}
