//! Programmes in use and proposals that were answered: what may be decided about them.

use chrono::NaiveDate;

use super::Record;
use crate::{
    goal::{Problems, decision::Found, past::week_name, propose::Kind},
    words::Phrase,
};

/// A programme is used from today on or later; who uses none yet may say so for days gone by.
pub(super) fn check_programme(
    record: &Record,
    name: Option<&String>,
    from: NaiveDate,
    today: NaiveDate,
) -> Result<(), Problems> {
    let mut found = Found::default();
    found.code("programme", name);
    let late = from < today && !record.programmes.is_empty();
    found.when(late, "from", || Phrase::new("problem-from-past").with("today", today));
    found.too_far("from", today, Some(from));
    found.done()
}

/// A proposal is answered in its week; one that was accepted stays so.
pub(super) fn check_answer(record: &Record, proposal: &str, today: NaiveDate) -> Result<(), Problems> {
    let mut found = Found::default();
    let week = week_name(today);
    let kinds = [Kind::Keep, Kind::Less, Kind::More];
    let named = kinds.iter().any(|kind| proposal == format!("{week}-{}", kind.name()));
    found.when(!named, "proposal", || {
        Phrase::new("problem-proposal-name").with("example", format!("{week}-{}", Kind::Less.name()))
    });
    let chosen = record.proposals.iter().any(|(id, accepted, _)| *accepted && id.starts_with(&week));
    found.when(chosen, "proposal", || Phrase::new("problem-proposal-answered"));
    found.done()
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;

    use crate::person::{Decision, OwnDecision, Record};

    const TODAY: &str = "2026-05-20";

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn programme(name: &str, from: &str) -> Decision {
        let participant = "p1".parse().unwrap();
        Decision::Own(OwnDecision::ProgrammeChosen { participant, programme: Some(name.into()), from: date(from) })
    }

    fn answer(proposal: &str, accepted: bool) -> Decision {
        let (participant, date) = ("p1".parse().unwrap(), date(TODAY));
        Decision::Own(OwnDecision::ProposalAnswered { participant, proposal: proposal.into(), accepted, date })
    }

    fn record(decisions: &[Decision]) -> Record {
        let mut record = Record::default();
        for decision in decisions {
            record.take(chrono::DateTime::UNIX_EPOCH, date(TODAY), decision.clone());
        }
        record
    }

    fn fields(record: &Record, decision: &Decision) -> Vec<&'static str> {
        let checked = record.check(decision, date(TODAY));
        checked.map_or_else(|problems| problems.0.iter().map(|problem| problem.field).collect(), |()| vec![])
    }

    #[test]
    fn a_programme_has_a_name_and_begins_today_or_later() {
        let (fresh, used) = (record(&[]), record(&[programme("etmi-style", TODAY)]));

        assert_eq!(fields(&used, &programme("micro-choices", TODAY)), [""; 0]);
        assert_eq!(fields(&used, &programme("a b", "2026-05-19")), ["programme", "from"]);
        assert_eq!(fields(&used, &programme("etmi-style", "2036-05-19")), ["from"]);
        assert_eq!(fields(&fresh, &programme("etmi-style", "2026-05-01")), [""; 0]);
    }

    #[test]
    fn a_proposal_is_answered_in_its_week_and_accepted_once() {
        let declined = record(&[answer("2026-W21-more", false)]);
        let accepted = record(&[answer("2026-W21-more", true)]);

        assert_eq!(fields(&declined, &answer("2026-W21-keep", true)), [""; 0]);
        assert_eq!(fields(&accepted, &answer("2026-W21-less", true)), ["proposal"]);
        for odd in ["", "2026-W20-more", "2026-W21-most", "2026-W21-more; x"] {
            assert_eq!(fields(&declined, &answer(odd, true)), ["proposal"], "{odd}");
        }
    }
}
