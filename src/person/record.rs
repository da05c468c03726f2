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
        let decision = match decision {
            Decision::Goal(decision) => return self.goals.holds(decision),
            Decision::Own(decision) => decision,
        };
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
            OwnDecision::ChoicePlanned(plan) => self.choices.holds_plan(plan),
            OwnDecision::ChoiceAnswered(answer) => self.choices.holds_answer(answer),
            OwnDecision::CheckInsSet(set) => self.check_ins.holds(set),
            OwnDecision::CheckInAnswered(answer) => self.check_ins.answers().contains(answer),
            OwnDecision::ProgrammeChosen { programme, from, .. } => self.uses_from(programme.as_deref(), *from),
            OwnDecision::ProposalAnswered { proposal, accepted, .. } => {
                self.proposals.iter().any(|(id, taken, _)| id == proposal && taken == accepted)
            }
            OwnDecision::NoticeSeen { date, .. } => self.notices.open_on(*date).is_none(),
            // Whoever shows one has to hear that it was shown before; and every taking of the data is noted.
            OwnDecision::NoticeShown { .. } | OwnDecision::DataTaken { .. } => false,
        }
    }

    /// Whether this programme, or none, is in use on every day from this one on.
    fn uses_from(&self, programme: Option<&str>, from: NaiveDate) -> bool {
        let later = self.programmes.iter().map(|(first, _)| *first).filter(|first| *first > from);
        std::iter::once(from).chain(later).all(|date| self.programme_on(date) == programme)
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
            Decision::Own(OwnDecision::DiaryNoted(entry)) => Some(self.diary.touched(entry)),
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

    /// The programme in use on a date.
    pub fn programme_on(&self, date: NaiveDate) -> Option<&str> {
        self.programmes.iter().rev().find(|(from, _)| *from <= date).and_then(|(_, name)| name.as_deref())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn decision(mut what: Value) -> Decision {
        what["participant"] = json!("p1");
        serde_json::from_value(what).unwrap()
    }

    fn programme(name: &str, from: &str) -> Decision {
        decision(json!({"decision": "programme_chosen", "programme": name, "from": from}))
    }

    #[test]
    fn what_was_decided_already_is_held_whatever_it_is_about() {
        let today = date("2026-05-20");
        let mut record = Record::default();
        record.take(
            DateTime::UNIX_EPOCH,
            today,
            decision(json!({"decision": "notice_shown", "notice": "notice-new-day", "date": "2026-05-20"})),
        );

        for what in [
            json!({"decision": "goal_set", "id": "g1", "measure": "steps", "amount": 5000, "period": "day",
                "from": "2026-05-20", "decided_by": "person"}),
            json!({"decision": "goal_paused", "from": "2026-05-20", "until": "2026-05-25"}),
            json!({"decision": "goal_resumed", "from": "2026-05-22"}),
            json!({"decision": "day_excused", "date": "2026-05-19", "by": "t1", "reason": "a visit"}),
            json!({"decision": "goal_ended", "from": "2026-05-24"}),
            json!({"decision": "settings_changed", "label": "Anna"}),
            json!({"decision": "own_time_set", "from": "2026-05-20",
                "windows": {"work": "mon-fri 08:00-16:30", "sleep": "none"}}),
            json!({"decision": "diary_noted", "id": "d1", "kind": "swim", "minutes": 30, "date": "2026-05-20"}),
            json!({"decision": "diary_undone", "id": "d1"}),
            json!({"decision": "choice_planned", "date": "2026-05-20", "situation": "after lunch", "choice": "a walk"}),
            json!({"decision": "choice_answered", "date": "2026-05-20", "done": false}),
            json!({"decision": "choice_planned", "date": "2026-05-20", "situation": "after lunch", "choice": "a walk"}),
            json!({"decision": "check_ins_set", "from": "2026-05-20",
                "instruments": [{"instrument": "pain", "every_days": 7}]}),
            json!({"decision": "check_in_answered", "instrument": "pain", "date": "2026-05-20", "answers": {"now": 2}}),
            json!({"decision": "programme_chosen", "programme": "etmi-style", "from": "2026-05-20"}),
            json!({"decision": "proposal_answered", "proposal": "2026-W21-keep", "accepted": true, "date": "2026-05-20"}),
            json!({"decision": "notice_seen", "date": "2026-05-20"}),
        ] {
            let decision = decision(what.clone());
            assert!(!record.holds(&decision), "{what}");
            assert_eq!(record.check(&decision, today), Ok(()), "{what}");

            record.take(DateTime::UNIX_EPOCH, today, decision.clone());

            assert!(record.holds(&decision), "{what}");
        }
    }

    #[test]
    fn an_entry_touches_every_day_that_becomes_known_or_unknown() {
        let noted = |id: &str, day: &str| {
            decision(json!({"decision": "diary_noted", "id": id, "kind": "swim", "minutes": 30, "date": day}))
        };
        let days = |from: &str, to: &str| Some(date(from)..=date(to));
        let mut record = Record::default();

        assert_eq!(record.touched(&noted("a", "2026-05-01")), Some(date("2026-05-01")..=NaiveDate::MAX));
        for decision in [noted("a", "2026-05-01"), noted("b", "2026-05-10")] {
            record.take(DateTime::UNIX_EPOCH, date("2026-05-20"), decision);
        }

        assert_eq!(record.touched(&noted("c", "2026-05-12")), days("2026-05-12", "2026-05-12"));
        assert_eq!(record.touched(&noted("a", "2026-05-12")), days("2026-05-01", "2026-05-12"));
        assert_eq!(record.touched(&noted("a", "2026-05-05")), days("2026-05-01", "2026-05-05"));
        assert_eq!(record.touched(&noted("c", "2026-04-20")), days("2026-04-20", "2026-05-01"));
        assert_eq!(record.touched(&noted("b", "2026-04-20")), days("2026-04-20", "2026-05-10"));
    }

    #[test]
    fn what_is_decided_for_later_is_not_held_while_something_else_is_planned() {
        let mut record = Record::default();
        let now = programme("etmi-style", "2026-05-20");
        for decision in [now.clone(), programme("micro-choices", "2026-06-01")] {
            record.take(DateTime::UNIX_EPOCH, date("2026-05-20"), decision);
        }

        assert!(!record.holds(&now), "it takes the place of the one that is planned");
        record.take(DateTime::UNIX_EPOCH, date("2026-05-20"), now.clone());
        assert!(record.holds(&now));
        assert_eq!(record.programme_on(date("2026-06-02")), Some("etmi-style"));
    }
}
