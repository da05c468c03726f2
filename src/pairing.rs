//! Making a counter this home's own: find it, pair with it where its kind wants that, let it say who it is, bring in
//! what it has, and write down whose it is. One pairing at a time, driven by questions and answers that
//! whoever asked (the command line, the page) shows and sends.

mod steps;

use std::{
    path::PathBuf,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use tokio::sync::{Mutex as AsyncMutex, Notify, mpsc, oneshot, watch};

use self::steps::Failure;
use crate::{
    config::Config,
    devices::{self, DeviceDecision},
    model::ParticipantId,
    radio::{any::AnyRadio, bluez::agent::Answer},
    store::{BondLevel, Store, StoreError},
    time::Clock,
    trouble::Cause,
};

/// What a person wants to pair.
#[derive(Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
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
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
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
