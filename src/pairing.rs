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
    time::Duration,
};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use firmware_protocol::device::KINDS;
use serde::{Deserialize, Serialize};
use tokio::sync::{Mutex as AsyncMutex, Notify, mpsc, oneshot, watch};

use self::steps::Failure;
use crate::{
    config::Config,
    devices::{self, DeviceDecision},
    model::ParticipantId,
    radio::{Heard, Radio as _, any::AnyRadio, bluez::agent::Answer},
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
        /// Not everything is in yet, and why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        trouble: Option<Cause>,
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

/// What was heard when somebody last listened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ScanState {
    /// Nobody listened yet, or what was heard then has become somebody's.
    #[default]
    Idle,
    /// Listening.
    Listening {
        /// Until when.
        until: DateTime<Utc>,
    },
    /// These are in reach, the loudest first.
    Heard(Vec<Heard>),
    /// The radio cannot be used.
    Silent(Cause),
}

/// What the desk is asked to do.
enum Job {
    Listen(Duration),
    Pair(PairRequest),
}

/// Everything that a pairing needs, and how it stands.
pub struct PairingDesk {
    radio: Arc<AnyRadio>,
    store: Arc<Store>,
    clock: Arc<dyn Clock>,
    config: Arc<Config>,
    data_dir: PathBuf,
    state: watch::Sender<PairState>,
    heard: watch::Sender<ScanState>,
    answer: Mutex<Option<oneshot::Sender<Answer>>>,
    busy: AtomicBool,
    jobs: mpsc::Sender<Job>,
    wanted: AsyncMutex<mpsc::Receiver<Job>>,
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
        let heard = watch::Sender::new(ScanState::Idle);
        // One place: while something is under way nothing else can be asked for.
        let (jobs, wanted) = mpsc::channel(1);
        let (answer, busy, changed) = (Mutex::default(), AtomicBool::new(false), Notify::new());
        let wanted = AsyncMutex::new(wanted);
        Self { radio, store, clock, config, data_dir, state, heard, answer, busy, jobs, wanted, changed }
    }

    /// Does what is asked for, one thing after the other.
    pub async fn serve(&self) {
        let mut wanted = self.wanted.lock().await;
        while let Some(job) = wanted.recv().await {
            let _until_done = AtWork(self);
            match job {
                Job::Listen(during) => self.listen(during).await,
                Job::Pair(request) => self.pair(&request).await,
            }
        }
    }

    /// Asks for a while of listening; false when something else is under way.
    pub fn request_listening(&self, during: Duration) -> bool {
        if self.busy.swap(true, Ordering::AcqRel) {
            return false;
        }
        let until = self.clock.utc() + TimeDelta::from_std(during).unwrap_or_default();
        self.tell(PairState::Idle);
        self.heard.send_replace(ScanState::Listening { until });
        self.jobs.try_send(Job::Listen(during)).is_ok()
    }

    /// What was heard.
    pub fn heard(&self) -> ScanState {
        self.heard.borrow().clone()
    }

    async fn listen(&self, during: Duration) {
        let heard = match self.radio.listen(KINDS, during, None).await {
            Ok(heard) => ScanState::Heard(heard),
            Err(error) => ScanState::Silent(Cause::of_radio(&error)),
        };
        self.heard.send_replace(heard);
    }

    /// Asks for a pairing; false when one is under way.
    pub fn request(&self, request: PairRequest) -> bool {
        if self.busy.swap(true, Ordering::AcqRel) {
            return false;
        }
        // So that whoever looks next does not see how the last one ended.
        self.tell(PairState::Listening);
        self.jobs.try_send(Job::Pair(request)).is_ok()
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
        waiting.is_some_and(|waiting| {
            self.tell(PairState::Pairing);
            waiting.send(answer).is_ok()
        })
    }

    async fn pair(&self, request: &PairRequest) {
        let end = match self.try_pair(request).await {
            Ok(done) => done,
            Err(Failure { cause, sentence, heard }) => PairState::Failed { sentence, cause, heard },
        };
        let done = matches!(end, PairState::Done { .. });
        self.tell(end);
        if done {
            self.heard.send_replace(ScanState::Idle);
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

/// Something is under way until this is dropped, be it done or broken off by the daemon's end.
struct AtWork<'a>(&'a PairingDesk);

impl Drop for AtWork<'_> {
    fn drop(&mut self) {
        let desk = self.0;
        desk.answer.lock().unwrap_or_else(PoisonError::into_inner).take();
        desk.state.send_if_modified(|state| {
            let broken_off = !matches!(state, PairState::Idle | PairState::Done { .. } | PairState::Failed { .. });
            if broken_off {
                *state = PairState::Idle;
            }
            broken_off
        });
        desk.heard.send_if_modified(|heard| {
            let broken_off = matches!(heard, ScanState::Listening { .. });
            if broken_off {
                *heard = ScanState::Idle;
            }
            broken_off
        });
        desk.busy.store(false, Ordering::Release);
    }
}
