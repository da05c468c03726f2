//! The steps of one pairing: whose, which, keys, the first dialogues, and the record of it.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use chrono::TimeDelta;
use firmware_protocol::{
    device::{self, BondNeed, KINDS, Key, KeyNeed, Kind, Purpose},
    driver::Identity,
};
use tokio::sync::{mpsc, oneshot};

use super::{Ask, PairRequest, PairState, PairingDesk};
use crate::{
    devices::{self, DeviceDecision, keys},
    model::{DeviceId, ParticipantId},
    radio::{
        Heard, Radio as _, RadioError,
        any::AnyRadio,
        bluez::agent::{ANSWER_WITHIN, Answer, PairError, PairedHow, Question, Questions},
    },
    store::{BondLevel, StoreError},
    supervisor::{Policy, SharedStatus, Supervised, Target, never_woken},
    sync::SyncProgress,
    trouble::Cause,
};

/// How long counters are listened for when one is to be paired.
const LISTEN_FOR: Duration = Duration::from_secs(8);
/// How long the counter may take to be heard once more, and to pair.
const PAIR_WITHIN: Duration = Duration::from_secs(45);
/// First dialogues that may fail before pairing counts as failed.
const FIRST_DIALOGUES: u32 = 3;

/// Why a pairing ended early.
pub(super) struct Failure {
    pub cause: Cause,
    pub sentence: String,
    pub heard: Vec<String>,
}

impl Failure {
    fn of(cause: Cause, kind: &Kind) -> Self {
        Self { cause, sentence: cause.sentence(kind), heard: Vec::new() }
    }

    fn saying(cause: Cause, sentence: impl Into<String>) -> Self {
        Self { cause, sentence: sentence.into(), heard: Vec::new() }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::saying(Cause::NotStored, format!("{error}. {}", Cause::NotStored.next_step()))
    }
}

impl From<RadioError> for Failure {
    fn from(error: RadioError) -> Self {
        let cause = Cause::of_radio(&error);
        Self::saying(cause, format!("{} {}", cause.what(), cause.next_step()))
    }
}

impl PairingDesk {
    pub(super) async fn try_pair(&self, request: &PairRequest) -> Result<PairState, Failure> {
        let person = self.whose(request)?;
        self.tell(PairState::Listening);
        let (heard, kind) = self.find(request).await?;
        self.tell(PairState::Pairing);
        let known = self.known_at(&heard.address)?;
        let key = self.key_for(kind, request, known)?;
        let mut paired_here = false;
        let simulated = matches!(self.radio.as_ref(), AnyRadio::Simulated(_));
        let mut bond = match kind.bond {
            BondNeed::Required if !heard.paired => {
                paired_here = true;
                self.bond(kind, &heard.address).await?
            }
            _ if simulated => BondLevel::Simulated,
            BondNeed::Harmful | BondNeed::Optional => BondLevel::None,
            BondNeed::Required => self.bond_of(known)?,
        };
        let mut read = self.first_dialogues(kind, &heard.address, bond, key).await;
        if let Err((None, Cause::PairingLostThere | Cause::Refused | Cause::PairingLostHere)) = &read
            && kind.bond == BondNeed::Required
            && !paired_here
        {
            // An old pairing that only one side remembers: make a new one.
            self.radio.forget(&heard.address).await?;
            bond = self.bond(kind, &heard.address).await?;
            read = self.first_dialogues(kind, &heard.address, bond, key).await;
        }
        let (identity, trouble) = match read {
            Ok(identity) => (identity, None),
            Err((Some(identity), cause)) => (identity, Some(cause)),
            Err((None, cause)) => return Err(Failure::of(cause, kind)),
        };
        self.write_down(&identity, kind, &heard.address, bond, key, person.as_ref(), request)?;
        let mut notes = Vec::new();
        if bond == BondLevel::JustWorks {
            notes.push(
                "This counter offers no digits to compare (\"Just Works\"): somebody near could have listened in or \
                 stood in between while it was paired. Readings say so."
                    .to_owned(),
            );
        }
        if bond == BondLevel::None {
            notes.push(
                "The connection with this counter is not paired: anybody near can read it. Readings say so.".to_owned(),
            );
        }
        notes.extend(trouble.map(|cause| format!("Not everything is in yet. {}", cause.sentence(kind))));
        let (device, kind) = (identity.device.to_string(), kind.label.to_owned());
        Ok(PairState::Done { device, kind, bond, person, trouble, notes })
    }

    /// The person that the counter will be of.
    fn whose(&self, request: &PairRequest) -> Result<Option<ParticipantId>, Failure> {
        let people = &self.config.person;
        match &request.person {
            Some(id) if self.config.person(id).is_some() => Ok(Some(id.clone())),
            Some(_) => Err(Failure::saying(
                Cause::NotReady,
                "Nobody with that id is in the settings; nothing was changed. `brisk config show` lists who is.",
            )),
            None if people.len() == 1 => Ok(people.first().map(|person| person.id.clone())),
            None => Err(Failure::saying(
                Cause::NotReady,
                "There are several people in the settings: say whose counter it is, with `--person`.",
            )),
        }
    }

    /// The one counter that is meant.
    async fn find(&self, request: &PairRequest) -> Result<(Heard, &'static Kind), Failure> {
        let kinds: Vec<&'static Kind> = match &request.kind {
            Some(name) => vec![device::kind(name).ok_or_else(|| {
                let names: Vec<_> = KINDS.iter().map(|kind| kind.name).collect();
                Failure::saying(
                    Cause::NotReady,
                    format!("{name:?} is no kind of counter; known are {}.", names.join(", ")),
                )
            })?],
            None => KINDS.to_vec(),
        };
        let mut heard = self.radio.listen(&kinds, LISTEN_FOR, request.address.as_deref()).await?;
        if let Some(address) = &request.address {
            heard.retain(|one| one.address.eq_ignore_ascii_case(address));
        }
        let addresses: Vec<_> = heard.iter().map(|one| one.address.clone()).collect();
        let mut heard = heard.into_iter();
        match (heard.next(), heard.next()) {
            (None, _) => {
                let wake = kinds.first().filter(|_| kinds.len() == 1).map_or(
                    "Bring it near this computer, wake its screen, and close other apps that use it.",
                    |kind| kind.wake,
                );
                Err(Failure::saying(Cause::NotHeard, format!("{} {wake}", Cause::NotHeard.what())))
            }
            (Some(_), Some(_)) => Err(Failure {
                cause: Cause::OtherCounter,
                sentence: "Several counters are in reach; say which one, by its address.".to_owned(),
                heard: addresses,
            }),
            (Some(only), None) => {
                let kind = kinds.iter().copied().find(|kind| (kind.recognise)(&only.advertisement));
                let kind =
                    kind.ok_or_else(|| Failure::saying(Cause::OtherCounter, Cause::OtherCounter.what().english()))?;
                Ok((only, kind))
            }
        }
    }

    fn known_at(&self, address: &str) -> Result<Option<DeviceId>, Failure> {
        let counters = devices::counters(&self.config, &self.store.decisions()?);
        let at = |counter: &&devices::Counter| {
            counter.address.as_deref().is_some_and(|known| known.eq_ignore_ascii_case(address))
        };
        Ok(counters.iter().find(at).map(|counter| counter.id))
    }

    /// How an existing pairing was made, as far as it was written down.
    fn bond_of(&self, known: Option<DeviceId>) -> Result<BondLevel, Failure> {
        let counters = devices::counters(&self.config, &self.store.decisions()?);
        let bond = counters.iter().find(|counter| Some(counter.id) == known).map(|counter| counter.bond);
        // Nobody knows how: the least that it can be.
        Ok(bond.filter(|bond| *bond == BondLevel::Passkey).unwrap_or(BondLevel::JustWorks))
    }

    fn key_for(&self, kind: &Kind, request: &PairRequest, known: Option<DeviceId>) -> Result<Option<Key>, Failure> {
        let no_random = |error| Failure::saying(Cause::Failure, format!("this system has no random numbers: {error}"));
        match (kind.key, &request.key) {
            (KeyNeed::None, _) => Ok(None),
            (_, Some(text)) => keys::parse(text).map(Some).ok_or_else(|| {
                Failure::saying(Cause::NoKey, "The key is not 32 hexadecimal digits; nothing was changed.")
            }),
            (KeyNeed::MadeHere, None) => {
                let old = known.and_then(|device| keys::load(&self.data_dir, device).ok().flatten());
                old.map_or_else(|| keys::random().map_err(no_random), Ok).map(Some)
            }
            (KeyNeed::FromOwner, None) => {
                let old = known.and_then(|device| keys::load(&self.data_dir, device).ok().flatten());
                old.map(Some).ok_or_else(|| Failure::of(Cause::NoKey, kind))
            }
        }
    }

    /// Pairs through the system, asking the person.
    async fn bond(&self, kind: &Kind, address: &str) -> Result<BondLevel, Failure> {
        self.tell(PairState::Pairing);
        let (questions, mut asked): (Questions, _) = mpsc::channel(4);
        let pairing = self.radio.pair(address, PAIR_WITHIN, questions);
        tokio::pin!(pairing);
        let outcome = loop {
            tokio::select! {
                outcome = &mut pairing => break outcome,
                Some((question, answer)) = asked.recv() => self.put(question, answer),
            }
        };
        self.answer.lock().unwrap_or_else(PoisonError::into_inner).take();
        match outcome {
            Ok(_) if matches!(self.radio.as_ref(), AnyRadio::Simulated(_)) => Ok(BondLevel::Simulated),
            Ok(PairedHow::Digits) => Ok(BondLevel::Passkey),
            Ok(PairedHow::JustWorks) => Ok(BondLevel::JustWorks),
            Err(PairError::Radio(RadioError::NotHeard)) => Err(Failure::of(Cause::NotHeard, kind)),
            Err(PairError::Radio(error)) => Err(error.into()),
            Err(PairError::Refused) => Err(Failure::saying(
                Cause::Refused,
                "The counter was not paired: the digits were wrong, or it was refused on one side. Nothing was changed. Try again.",
            )),
            Err(PairError::NotAnswered) => Err(Failure::saying(
                Cause::NotConfirmed,
                format!(
                    "The counter was not paired: the digits were not answered within {} seconds. Nothing was changed. Try again.",
                    ANSWER_WITHIN.as_secs()
                ),
            )),
            Err(PairError::Silent) => Err(Failure::of(Cause::Silent, kind)),
        }
    }

    fn put(&self, question: Question, answer: oneshot::Sender<Answer>) {
        let ask = match question {
            Question::TypeDigits => Ask::TypeDigits,
            Question::Compare(digits) => Ask::Compare { digits },
            Question::Show(digits) => Ask::Show { digits },
        };
        *self.answer.lock().unwrap_or_else(PoisonError::into_inner) = Some(answer);
        self.ask(ask);
    }

    fn ask(&self, ask: Ask) {
        let until = TimeDelta::from_std(ANSWER_WITHIN).map_or(self.clock.utc(), |within| self.clock.utc() + within);
        self.tell(PairState::Asking { ask, until });
    }

    /// The first dialogues: who is it, and what does it have. After a failure, who it said it was, if it came so far.
    async fn first_dialogues(
        &self,
        kind: &'static Kind,
        address: &str,
        bond: BondLevel,
        key: Option<Key>,
    ) -> Result<Identity, (Option<Identity>, Cause)> {
        let zone = self.config.clock.zone.zone();
        let supervised = Supervised {
            radio: Arc::clone(&self.radio),
            clock: Arc::clone(&self.clock),
            store: Arc::clone(&self.store),
            target: Target {
                kind,
                expected: None,
                address: Some(address.to_owned()),
                bond,
                key,
                zone,
                goal_steps: None,
                purpose: Purpose::Pair,
            },
            policy: Policy::default(),
            status: SharedStatus::default(),
            memory: Mutex::default(),
            wake: never_woken(),
            seed: 0,
        };
        let mut identity = None;
        let mut left = FIRST_DIALOGUES;
        loop {
            let mut tell = |news: &SyncProgress| match news {
                SyncProgress::Identified(who) => {
                    identity = Some(who.clone());
                    self.tell(PairState::Reading { stored: 0, remaining: None });
                }
                SyncProgress::Prompt(_) => self.ask(Ask::Tap),
                SyncProgress::Stored { new_epochs, remaining } => {
                    self.tell(PairState::Reading { stored: *new_epochs, remaining: *remaining });
                }
            };
            let outcome = supervised.attempt_telling(&mut tell).await;
            left -= 1;
            match (outcome, &identity) {
                (Ok(_), Some(identity)) => return Ok(identity.clone()),
                (Ok(_), None) => return Err((None, Cause::BadAnswer)),
                (Err(error), _) => {
                    let cause = error.cause();
                    let final_word =
                        matches!(cause, Cause::WrongKey | Cause::NoKey | Cause::NotConfirmed | Cause::NotReady);
                    if left == 0 || final_word || cause == Cause::PairingLostThere {
                        return Err((identity, cause));
                    }
                }
            }
        }
    }

    #[expect(clippy::too_many_arguments, reason = "everything that is known of the counter by now is written down")]
    fn write_down(
        &self,
        identity: &Identity,
        kind: &Kind,
        address: &str,
        bond: BondLevel,
        key: Option<Key>,
        person: Option<&ParticipantId>,
        request: &PairRequest,
    ) -> Result<(), Failure> {
        let device = identity.device;
        let before = devices::counters(&self.config, &self.store.decisions()?);
        let owner = before.iter().find(|counter| counter.id == device).map(|counter| counter.owner().cloned());
        if let Some(key) = key {
            keys::save(&self.data_dir, device, key).map_err(|error| {
                Failure::saying(
                    Cause::NotStored,
                    format!("The counter's key could not be kept ({error}). {}", Cause::NotStored.next_step()),
                )
            })?;
        }
        let paired = DeviceDecision::Paired {
            device: device.to_string(),
            kind: kind.name.to_owned(),
            address: address.to_owned(),
            bond,
            label: request.label.clone(),
        };
        self.decide(&paired)?;
        match owner {
            Some(owner) if owner.as_ref() == person => {}
            // It was somebody else's: only from a day that somebody names.
            Some(Some(_)) if request.from.is_none() => {
                return Err(Failure::saying(
                    Cause::OtherCounter,
                    format!(
                        "The counter is paired, and still counts for who wore it before. From which day is it another's? `brisk device assign {device} --person … --from …` says it.",
                    ),
                ));
            }
            _ => self.decide(&DeviceDecision::Assigned {
                device: device.to_string(),
                person: person.cloned(),
                from: request.from,
            })?,
        }
        Ok(())
    }
}
