//! Everything that one person decided and wrote down, in order.

use std::ops::RangeInclusive;

use chrono::{DateTime, NaiveDate, Utc};

use super::{
    Decision, OwnDecision,
    check_in::CheckIns,
    choice::Choices,
    diary::Diary,
    notice::Notices,
    own_time::OwnTime,
    programme::{check_answer, check_programme},
    settings::Settings,
};
use crate::{
    goal::{self, History, Problems, decision::Found},
    model::ParticipantId,
    time::{Calendar, Change},
};

/// How somebody left their study.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeftStudy {
    /// Their last day in it.
    pub date: NaiveDate,
    /// Days until then that had not been sent stay at home too.
    pub unsent_stays: bool,
}

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
    /// Notices that were shown.
    pub notices: Notices,
    /// Days on which they took all of their data away.
    pub taken: Vec<NaiveDate>,
    /// By how many weeks the dates of their days are moved before they leave the house; none when that was not decided.
    pub date_shift_weeks: Option<i32>,
    /// When and how they left the study; none while they take part.
    pub left_study: Option<LeftStudy>,
    /// When the person last did anything themselves.
    pub last_decision: Option<DateTime<Utc>>,
}

impl Record {
    /// The record of this person, whose calendar by the settings this is. Each decision comes with its place in the
    /// journal, which gives the order, and with the moment at which it was taken; decisions of other people are
    /// passed over. The day of a decision is the one it had when it was taken: by the calendar as decided until then.
    pub fn from_decisions(
        participant: &ParticipantId,
        settings: &Calendar,
        decisions: impl IntoIterator<Item = (u64, DateTime<Utc>, Decision)>,
    ) -> Self {
        let mut own: Vec<_> = decisions.into_iter().filter(|(_, _, what)| what.participant() == participant).collect();
        own.sort_by_key(|(ordinal, _, _)| *ordinal);
        let mut record = Self::default();
        let mut calendar = settings.clone();
        for (_, at, decision) in own {
            let cuts_days_anew = decision.cuts_days_anew();
            record.take(at, calendar.day_at(at.timestamp()).date, decision);
            if cuts_days_anew {
                calendar = record.calendar(settings);
            }
        }
        record
    }

    /// Adds a decision that was taken at this moment, on this day of the person.
    pub fn take(&mut self, at: DateTime<Utc>, decided_on: NaiveDate, decision: Decision) {
        let by_program =
            matches!(decision, Decision::Own(OwnDecision::NoticeShown { .. } | OwnDecision::DatesShifted { .. }));
        if !by_program {
            self.last_decision = self.last_decision.max(Some(at));
            self.notices.person_is_back();
        }
        match decision {
            Decision::Goal(decision) => self.goals.take(decided_on, decision),
            Decision::Own(decision) => self.take_own(decision),
        }
    }

    /// All that does not fit about a decision that is to be taken today, at once.
    pub fn check(&self, decision: &Decision, today: NaiveDate) -> Result<(), Problems> {
        let decision = match decision {
            Decision::Goal(decision) => return self.goals.check(decision, today),
            Decision::Own(decision) => decision,
        };
        let mut found = Found::default();
        match decision {
            OwnDecision::SettingsChanged(change) => change.look_at(today, &mut found),
            OwnDecision::OwnTimeSet(set) => set.look_at(today, &mut found),
            OwnDecision::DiaryNoted(entry) => self.diary.check(entry, today, &mut found),
            OwnDecision::DiaryUndone { id, .. } => self.diary.check_undo(id, &mut found),
            OwnDecision::ChoicePlanned(plan) => return self.choices.check_plan(plan, today),
            OwnDecision::ChoiceAnswered(answer) => return self.choices.check_answer(answer, today),
            OwnDecision::CheckInsSet(set) => return set.check(today),
            OwnDecision::CheckInAnswered(answer) => return self.check_ins.check_answer(answer, today),
            OwnDecision::NoticeShown { date, .. } => return self.notices.check_shown(*date),
            OwnDecision::ProgrammeChosen { programme, from, .. } => {
                return check_programme(self, programme.as_ref(), *from, today);
            }
            OwnDecision::ProposalAnswered { proposal, .. } => return check_answer(self, proposal, today),
            OwnDecision::DataTaken { .. }
            | OwnDecision::NoticeSeen { .. }
            | OwnDecision::DatesShifted { .. }
            | OwnDecision::StudyLeft { .. } => {}
        }
        found.done()
    }

    /// Whether the record says so already, so that nothing is to be written: a form was sent twice.
    pub fn holds(&self, decision: &Decision) -> bool {
        let Decision::Own(decision) = decision else { return false };
        match decision {
            OwnDecision::SettingsChanged(change) => self.settings.holds(change),
            OwnDecision::OwnTimeSet(set) => self.own_time.all().contains(set),
            OwnDecision::DiaryNoted(entry) => self.diary.entry(&entry.id) == Some(entry),
            OwnDecision::DiaryUndone { id, .. } => self.diary.is_undone(id),
            // Decided once and for all: moved again, the days would come twice.
            OwnDecision::DatesShifted { .. } => self.date_shift_weeks.is_some(),
            // Once. Only that what was not sent stays may be said later.
            OwnDecision::StudyLeft { unsent_stays, .. } => {
                self.left_study.is_some_and(|left| left.unsent_stays || !unsent_stays)
            }
            OwnDecision::ChoicePlanned(_)
            | OwnDecision::ChoiceAnswered(_)
            | OwnDecision::CheckInsSet(_)
            | OwnDecision::CheckInAnswered(_)
            | OwnDecision::ProgrammeChosen { .. }
            | OwnDecision::ProposalAnswered { .. }
            | OwnDecision::NoticeShown { .. }
            | OwnDecision::DataTaken { .. }
            | OwnDecision::NoticeSeen { .. } => false,
        }
    }

    /// The days whose rows rest on a decision that is about to be taken; none for none.
    pub fn touched(&self, decision: &Decision) -> Option<RangeInclusive<NaiveDate>> {
        let on = |date: NaiveDate| date..=date;
        // The day before ends where the first one begins.
        let since = |from: Option<NaiveDate>| {
            let day_before = from.and_then(|from| from.pred_opt());
            day_before.unwrap_or(NaiveDate::MIN)..=NaiveDate::MAX
        };
        match decision {
            Decision::Goal(goal::Decision::DayExcused { date, .. }) => Some(on(*date)),
            Decision::Goal(decision) => Some(decision.from()..=NaiveDate::MAX),
            Decision::Own(OwnDecision::OwnTimeSet(set)) => Some(since(set.from)),
            Decision::Own(OwnDecision::SettingsChanged(change)) => change.zone.as_ref().map(|zone| since(zone.from)),
            Decision::Own(OwnDecision::DiaryNoted(entry)) => {
                let before = self.diary.entry(&entry.id).map_or(entry.date, |known| known.date);
                // From the first entry on, a day without one has 0 minutes; before it nothing is known.
                let begun = self.diary.kept_since().is_some_and(|since| since <= entry.date);
                let last = if begun { before.max(entry.date) } else { NaiveDate::MAX };
                Some(before.min(entry.date)..=last)
            }
            Decision::Own(OwnDecision::DiaryUndone { id, .. }) => self.diary.entry(id).map(|entry| on(entry.date)),
            Decision::Own(
                OwnDecision::ChoicePlanned(_)
                | OwnDecision::ChoiceAnswered(_)
                | OwnDecision::CheckInsSet(_)
                | OwnDecision::CheckInAnswered(_)
                | OwnDecision::ProgrammeChosen { .. }
                | OwnDecision::ProposalAnswered { .. }
                | OwnDecision::NoticeShown { .. }
                | OwnDecision::DataTaken { .. }
                | OwnDecision::DatesShifted { .. }
                | OwnDecision::StudyLeft { .. }
                | OwnDecision::NoticeSeen { .. },
            ) => None,
        }
    }

    /// How this person's days are cut, where the settings say this.
    pub fn calendar(&self, settings: &Calendar) -> Calendar {
        let start = settings.home().start_of_day;
        let zones = self.settings.zones.iter().map(|moved| Change {
            from: moved.from,
            zone: Some(moved.zone),
            start_of_day: None,
        });
        let starts = self.own_time.all().iter().map(|set| Change {
            from: set.from,
            zone: None,
            start_of_day: Some(set.start_of_day.unwrap_or(start)),
        });
        settings.with_changes(&zones.chain(starts).collect::<Vec<_>>())
    }

    fn take_own(&mut self, decision: OwnDecision) {
        match decision {
            OwnDecision::SettingsChanged(change) => self.settings.take(change),
            OwnDecision::OwnTimeSet(set) => self.own_time.take(*set),
            OwnDecision::DiaryNoted(entry) => self.diary.take(entry),
            OwnDecision::DiaryUndone { id, .. } => self.diary.undo(&id),
            OwnDecision::ChoicePlanned(plan) => self.choices.plan(plan),
            OwnDecision::ChoiceAnswered(answer) => self.choices.answer(answer),
            OwnDecision::CheckInsSet(set) => self.check_ins.set(set),
            OwnDecision::CheckInAnswered(answer) => self.check_ins.answer(answer),
            OwnDecision::ProgrammeChosen { programme, from, .. } => self.programmes.push((from, programme)),
            OwnDecision::ProposalAnswered { proposal, accepted, date, .. } => {
                self.proposals.push((proposal, accepted, date));
            }
            OwnDecision::NoticeShown { notice, date, .. } => self.notices.show(notice, date),
            OwnDecision::NoticeSeen { date, .. } => self.notices.put_away(date),
            OwnDecision::DataTaken { date, .. } => self.taken.push(date),
            OwnDecision::StudyLeft { date, unsent_stays, .. } => {
                let left = self.left_study.get_or_insert(LeftStudy { date, unsent_stays });
                left.unsent_stays |= unsent_stays;
            }
            OwnDecision::DatesShifted { weeks, .. } => self.date_shift_weeks = self.date_shift_weeks.or(Some(weeks)),
        }
    }

    /// Whether one small choice a day is offered on a date: the programme has them, or the person planned one before.
    pub fn offers_choices(&self, date: NaiveDate) -> bool {
        self.programme_on(date) == Some("micro-choices") || !self.choices.is_empty()
    }

    /// The programme in use on a date.
    pub fn programme_on(&self, date: NaiveDate) -> Option<&str> {
        self.programmes.iter().rev().find(|(from, _)| *from <= date).and_then(|(_, name)| name.as_deref())
    }
}
