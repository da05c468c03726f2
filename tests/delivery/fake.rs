//! A database in memory that fails as real ones do.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use brisk::{
    export::{
        StudyDay,
        target::{Export, Held, Trouble, Verdict, Withdrawal},
    },
    model::ParticipantId,
};
use chrono::NaiveDate;

#[derive(Default)]
pub struct State {
    pub days: BTreeMap<(String, NaiveDate), StudyDay>,
    /// Every day that was written, as often as it was.
    pub writes: Vec<(NaiveDate, u32)>,
    pub requests: usize,
    pub checks: usize,
    /// Asked in turn for what goes wrong with the next request.
    pub faults: Option<fastrand::Rng>,
    /// Dates that are refused.
    pub locked: Vec<NaiveDate>,
    /// A request that holds one of these is refused as a whole.
    pub poison: Vec<NaiveDate>,
    pub stopped: Option<String>,
    pub withdrawn: Vec<Withdrawal>,
    /// Whoever's leaving is refused.
    pub not_told: Option<ParticipantId>,
    pub largest: usize,
}

#[derive(Clone, Default)]
pub struct Fake(pub Arc<Mutex<State>>);

impl Fake {
    pub fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }
}

enum Fault {
    None,
    Before(Trouble),
    After(Trouble),
}

impl State {
    fn fault(&mut self) -> Fault {
        self.requests += 1;
        let Some(chance) = &mut self.faults else { return Fault::None };
        match chance.u8(0..12) {
            0 => Fault::Before(Trouble::passing("no answer")),
            1 => Fault::After(Trouble::passing("the line was dropped")),
            2 => Fault::Before(Trouble::Passing { what: "429".to_owned(), after: Some(Duration::from_secs(90)) }),
            3 => Fault::Before(Trouble::passing("a page of a captive portal")),
            _ => Fault::None,
        }
    }
}

impl Export for Fake {
    fn check(&mut self) -> Result<Vec<String>, Trouble> {
        let mut state = self.state();
        state.checks += 1;
        if let Some(what) = &state.stopped {
            return Err(Trouble::stopped(what.clone()));
        }
        match state.fault() {
            Fault::None => Ok(vec!["in memory".to_owned()]),
            Fault::Before(trouble) | Fault::After(trouble) => Err(trouble),
        }
    }

    fn send(&mut self, days: &[StudyDay]) -> Result<Vec<Verdict>, Trouble> {
        let mut state = self.state();
        assert!(days.iter().all(|day| day.participant_id == days[0].participant_id), "of one participant");
        assert!(days.is_sorted_by_key(|day| day.local_date), "in order");
        state.largest = state.largest.max(days.len());
        if let Some(what) = &state.stopped {
            return Err(Trouble::stopped(what.clone()));
        }
        let after = match state.fault() {
            Fault::Before(trouble) => return Err(trouble),
            Fault::After(trouble) => Some(trouble),
            Fault::None => None,
        };
        if days.iter().any(|day| state.poison.contains(&day.local_date)) {
            return Err(Trouble::Refused { what: "one value is outside its range".to_owned() });
        }
        let mut verdicts = Vec::new();
        for day in days {
            if state.locked.contains(&day.local_date) {
                verdicts.push(Verdict::Refused("the record is locked".to_owned()));
                continue;
            }
            state.writes.push((day.local_date, day.revision));
            state.days.insert((day.participant_id.as_str().to_owned(), day.local_date), day.clone());
            verdicts.push(Verdict::Stored);
        }
        after.map_or(Ok(verdicts), Err)
    }

    fn held(&mut self, _study: &ParticipantId, participant: &ParticipantId) -> Result<Option<Vec<Held>>, Trouble> {
        let mut state = self.state();
        if let Fault::Before(trouble) | Fault::After(trouble) = state.fault() {
            return Err(trouble);
        }
        let theirs = state.days.iter().filter(|((id, _), _)| id == participant.as_str());
        let held = theirs.map(|((_, date), day)| Held { date: *date, revision: day.revision, is_final: day.is_final });
        Ok(Some(held.collect()))
    }

    fn withdraw(&mut self, withdrawal: &Withdrawal) -> Result<(), Trouble> {
        let mut state = self.state();
        if state.not_told.as_ref() == Some(&withdrawal.participant) {
            return Err(Trouble::stopped("days are not taken out of a database this old"));
        }
        match state.fault() {
            Fault::Before(trouble) => Err(trouble),
            fault => {
                state.withdrawn.push(withdrawal.clone());
                if let Fault::After(trouble) = fault { Err(trouble) } else { Ok(()) }
            }
        }
    }

    fn at_once(&self) -> usize {
        7
    }
}
