//! Making a counter this home's own: find it, pair with it where its kind wants that, let it say who it is, bring in
//! what it has, and write down whose it is. One pairing at a time, driven by questions and answers that
//! whoever asked (the command line, the page) shows and sends.

use std::{
    path::PathBuf,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use firmware_protocol::{
    device::{self, BondNeed, KINDS, Key, KeyNeed, Kind, Purpose},
    driver::Identity,
};
use serde::{Deserialize, Serialize};
use tokio::sync::{Mutex as AsyncMutex, Notify, mpsc, oneshot, watch};

use crate::{
    config::Config,
    devices::{self, DeviceDecision, keys},
    model::{DeviceId, ParticipantId},
    radio::{
        Heard, Radio as _, RadioError,
        any::AnyRadio,
        bluez::agent::{ANSWER_WITHIN, Answer, PairError, PairedHow, Question, Questions},
    },
    store::{BondLevel, Store, StoreError},
    supervisor::{Policy, SharedStatus, Supervised, Target, never_woken},
    sync::SyncProgress,
    time::Clock,
    trouble::Cause,
};

/// How long counters are listened for when one is to be paired.
const LISTEN_FOR: Duration = Duration::from_secs(8);
/// How long the counter may take to be heard once more, and to pair.
const PAIR_WITHIN: Duration = Duration::from_secs(45);
/// First dialogues that may fail before pairing counts as failed.
const FIRST_DIALOGUES: u32 = 3;

/// What a person wants to pair.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PairRequest {
    /// Which, by its address; none for the only one that is heard.
    pub address: Option<String>,
    /// What kind it is, where its advertisement leaves that open.
    pub kind: Option<String>,
    /// Whose it will be; none for the only person there is.
    pub person: Option<ParticipantId>,
    /// First day on which it is theirs; needed when it was somebody else's.
    pub from: Option<NaiveDate>,
    /// What the household calls it.
    pub label: Option<String>,
    /// The key that its maker gave its owner, 32 hexadecimal digits.
    pub key: Option<String>,
}

impl std::fmt::Debug for PairRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PairRequest").field("address", &self.address).field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// What the person is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "snake_case")]
pub enum Ask {
    /// Type the six digits that the counter shows.
    TypeDigits,
    /// Does the counter show these six digits?
    Compare {
        /// Up to 999,999.
        digits: u32,
    },
    /// Type these digits into the counter.
    Show {
        /// Up to 999,999.
        digits: u32,
    },
    /// Touch the counter.
    Tap,
}

/// How a pairing stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum PairState {
    /// None is under way.
    #[default]
    Idle,
    /// Listening for the counter.
    Listening,
    /// Connecting and making keys.
    Pairing,
    /// The person has to do something.
    Asking {
        /// What.
        #[serde(flatten)]
        ask: Ask,
        /// Until when.
        until: DateTime<Utc>,
    },
    /// Bringing in what it has.
    Reading {
        /// Epochs that are on disk.
        stored: u64,
        /// Epochs still to come, when known.
        remaining: Option<u32>,
    },
    /// It is this home's own.
    Done {
        /// Its identity.
        device: String,
        /// What it is.
        kind: String,
        /// How the connection is protected.
        bond: BondLevel,
        /// Whose it is.
        person: Option<ParticipantId>,
        /// What there is to say about it.
        notes: Vec<String>,
    },
    /// It came to nothing.
    Failed {
        /// What happened, what it means, what to do.
        sentence: String,
        /// The same for programs.
        cause: Cause,
        /// Counters that were heard, when it is not clear which one is meant.
        heard: Vec<String>,
    },
}

/// Everything that a pairing needs, and how it stands.
pub struct PairingDesk {
    radio: Arc<AnyRadio>,
    store: Arc<Store>,
    clock: Arc<dyn Clock>,
    config: Arc<Config>,
    data_dir: PathBuf,
    state: watch::Sender<PairState>,
    answer: Mutex<Option<oneshot::Sender<Answer>>>,
    busy: AtomicBool,
    requests: mpsc::Sender<PairRequest>,
    wanted: AsyncMutex<mpsc::Receiver<PairRequest>>,
    /// Told when the counters of this home are others than before.
    pub changed: Notify,
}

/// Why a pairing ended early.
struct Failure {
    cause: Cause,
    sentence: String,
    heard: Vec<String>,
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
    /// Nothing under way. Somebody has to run [`PairingDesk::serve`].
    pub fn new(
        radio: Arc<AnyRadio>,
        store: Arc<Store>,
        clock: Arc<dyn Clock>,
        config: Arc<Config>,
        data_dir: PathBuf,
    ) -> Self {
        let state = watch::Sender::new(PairState::Idle);
        // One place: while a pairing is under way no other can be asked for.
        let (requests, wanted) = mpsc::channel(1);
        let (answer, busy, changed) = (Mutex::default(), AtomicBool::new(false), Notify::new());
        let wanted = AsyncMutex::new(wanted);
        Self { radio, store, clock, config, data_dir, state, answer, busy, requests, wanted, changed }
    }

    /// Does what is asked for, one pairing after the other.
    pub async fn serve(&self) {
        let mut wanted = self.wanted.lock().await;
        while let Some(request) = wanted.recv().await {
            self.pair(&request).await;
            self.busy.store(false, Ordering::Release);
        }
    }

    /// Asks for a pairing; false when one is under way.
    pub fn request(&self, request: PairRequest) -> bool {
        if self.busy.swap(true, Ordering::AcqRel) {
            return false;
        }
        // So that whoever looks next does not see how the last one ended.
        self.tell(PairState::Listening);
        self.requests.try_send(request).is_ok()
    }

    /// The air.
    pub fn radio(&self) -> &Arc<AnyRadio> {
        &self.radio
    }

    /// How the pairing stands.
    pub fn state(&self) -> PairState {
        self.state.borrow().clone()
    }

    /// A person's answer to the question under way; false when there is none.
    pub fn answer(&self, answer: Answer) -> bool {
        let waiting = self.answer.lock().unwrap_or_else(PoisonError::into_inner).take();
        self.tell(PairState::Pairing);
        waiting.is_some_and(|waiting| waiting.send(answer).is_ok())
    }

    async fn pair(&self, request: &PairRequest) {
        let end = match self.try_pair(request).await {
            Ok(done) => done,
            Err(Failure { cause, sentence, heard }) => PairState::Failed { sentence, cause, heard },
        };
        let done = matches!(end, PairState::Done { .. });
        self.tell(end);
        if done {
            self.changed.notify_one();
        }
    }

    fn tell(&self, state: PairState) {
        self.state.send_replace(state);
    }

    async fn try_pair(&self, request: &PairRequest) -> Result<PairState, Failure> {
        let person = self.whose(request)?;
        self.tell(PairState::Listening);
        let (heard, kind) = self.find(request).await?;
        self.tell(PairState::Pairing);
        let known = self.known_at(&heard.address)?;
        let key = self.key_for(kind, request, known)?;
        let mut paired_here = false;
        let mut bond = match (self.radio.as_ref(), kind.bond) {
            (AnyRadio::Simulated(_), _) => BondLevel::Simulated,
            (AnyRadio::Bluetooth(_), BondNeed::Harmful | BondNeed::Optional) => BondLevel::None,
            (AnyRadio::Bluetooth(_), BondNeed::Required) if heard.paired => self.bond_of(known)?,
            (AnyRadio::Bluetooth(_), BondNeed::Required) => {
                paired_here = true;
                self.bond(kind, &heard.address).await?
            }
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
        Ok(PairState::Done { device: identity.device.to_string(), kind: kind.label.to_owned(), bond, person, notes })
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
                let kind = kind.ok_or_else(|| Failure::saying(Cause::OtherCounter, Cause::OtherCounter.what()))?;
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
        let AnyRadio::Bluetooth(radio) = self.radio.as_ref() else { return Ok(BondLevel::Simulated) };
        self.tell(PairState::Pairing);
        let (questions, mut asked): (Questions, _) = mpsc::channel(4);
        let pairing = radio.pair(address, PAIR_WITHIN, questions);
        tokio::pin!(pairing);
        let outcome = loop {
            tokio::select! {
                outcome = &mut pairing => break outcome,
                Some((question, answer)) = asked.recv() => self.put(question, answer),
            }
        };
        self.answer.lock().unwrap_or_else(PoisonError::into_inner).take();
        match outcome {
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

    /// Writes a decision about a counter into the journal.
    ///
    /// # Errors
    /// When it cannot be written.
    ///
    /// # Panics
    /// Never: texts and dates always have a JSON form.
    pub fn decide(&self, decision: &DeviceDecision) -> Result<(), StoreError> {
        let json = serde_json::to_string(decision).expect("texts and dates always have a JSON form");
        self.store.append_decision(self.clock.utc(), "person", &json).map(drop)
    }

    /// The counters of this home by now.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn counters(&self) -> Result<Vec<devices::Counter>, StoreError> {
        Ok(devices::counters(&self.config, &self.store.decisions()?))
    }

    /// Where the data lie.
    pub fn data_dir(&self) -> &std::path::Path {
        &self.data_dir
    }
}
