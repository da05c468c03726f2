//! Which counter when: looks for each configured counter, runs its dialogue, waits, and after a
//! failure waits longer. Policy lives here, not at the call sites.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use firmware_protocol::{
    device::{Key, Kind, Purpose, Setup},
    driver::{Fault, Outcome, Resolution},
};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::{
    model::DeviceId,
    radio::{ErrorClass, Heard, Link, Radio, Wanted},
    store::{BondLevel, Store, StoreError},
    sync::{self, Marks, SyncError, SyncProgress, SyncReport, SyncSettings},
    time::{Clock, Zone},
    trouble::Cause,
};

/// How long a connection may be closed in order.
const DISCONNECT_WITHIN: Duration = Duration::from_secs(5);
/// Dialogue after dialogue with a counter that tells only what is now.
const LIVE_AGAIN: Duration = Duration::from_secs(1);
/// How long the first dialogue with such a counter lasts: two whole minutes lie in it.
const FIRST_LIVE_MS: u32 = 130_000;
/// How long an address that turned out to be another counter's is left alone.
const STRANGER_FOR: Duration = Duration::from_secs(10 * 60);

/// When to look for a counter, and how long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// From one complete dialogue to the next.
    pub sync_every: Duration,
    /// Finding and connecting together. BlueZ gives up on services after 30 s.
    pub connect_within: Duration,
    /// The first wait after a failure; doubled after each further one …
    pub retry_first: Duration,
    /// … up to this.
    pub retry_most: Duration,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            sync_every: Duration::from_secs(30 * 60),
            connect_within: Duration::from_secs(45),
            retry_first: Duration::from_secs(15),
            retry_most: Duration::from_secs(15 * 60),
        }
    }
}

/// What the supervisor is doing for a counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Doing {
    /// Nothing yet.
    Starting,
    /// Looking for it.
    Looking,
    /// Speaking with it.
    Syncing,
    /// Waiting until it is due.
    Waiting,
}

/// How a counter is doing, for people and programs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct CounterStatus {
    /// At the moment.
    pub doing: Doing,
    /// When a dialogue last came to its end with everything stored.
    pub last_complete: Option<DateTime<Utc>>,
    /// Failures since then.
    pub failures: u32,
    /// What went wrong last, as a sentence; none after a complete dialogue.
    pub trouble: Option<String>,
    /// The same for programs.
    pub cause: Option<Cause>,
    /// When it was last in reach, and how strongly, dBm.
    pub last_heard: Option<(DateTime<Utc>, Option<i16>)>,
    /// When the next attempt is due.
    pub next_attempt: Option<DateTime<Utc>>,
    /// Epochs of the dialogue under way that are on disk.
    pub stored_epochs: u64,
    /// Epochs that the counter still has to send, when known.
    pub remaining_epochs: Option<u32>,
}

impl Default for CounterStatus {
    fn default() -> Self {
        Self {
            doing: Doing::Starting,
            last_complete: None,
            failures: 0,
            trouble: None,
            cause: None,
            last_heard: None,
            next_attempt: None,
            stored_epochs: 0,
            remaining_epochs: None,
        }
    }
}

/// One counter's place on the board that the API reads.
pub type SharedStatus = Arc<Mutex<CounterStatus>>;

/// Which counter, and what is known of it before it is met.
#[derive(Clone, Debug)]
pub struct Target {
    /// What kind it is.
    pub kind: &'static Kind,
    /// Who it has to be; none while it is being paired.
    pub expected: Option<DeviceId>,
    /// Its address, when one is known.
    pub address: Option<String>,
    /// How its connection is protected.
    pub bond: BondLevel,
    /// Its own key, when it has one.
    pub key: Option<Key>,
    /// The zone of the person who wears it.
    pub zone: Zone,
    /// Steps a day to show on it.
    pub goal_steps: Option<u32>,
    /// What its dialogues are for.
    pub purpose: Purpose,
}

impl Target {
    /// A counter of this kind, by its identity and its address.
    pub fn new(kind: &'static Kind, expected: DeviceId, address: Option<String>) -> Self {
        Self {
            kind,
            expected: Some(expected),
            address,
            bond: BondLevel::None,
            key: None,
            zone: Zone::AS_IT_STANDS,
            goal_steps: None,
            purpose: Purpose::Fetch,
        }
    }

    fn setup(&self, now: DateTime<Utc>, heard: &Heard) -> Setup {
        let utc_s = now.timestamp();
        Setup {
            purpose: self.purpose,
            key: self.key,
            offset_min: i16::try_from(self.zone.offset_s(utc_s) / 60).unwrap_or(0),
            zone: self.zone.name().unwrap_or("UTC").to_owned(),
            heard: heard.advertisement.clone(),
            peer: heard.address.clone(),
            live_ms: match self.purpose {
                Purpose::Pair => FIRST_LIVE_MS,
                Purpose::Fetch => Setup::default().live_ms,
            },
        }
    }
}

/// For a task that waits out its time whatever happens.
pub fn never_woken() -> watch::Receiver<u64> {
    watch::channel(0).1
}

/// Everything that a counter's task needs.
pub struct Supervised<R> {
    /// The air.
    pub radio: Arc<R>,
    /// The program's clock.
    pub clock: Arc<dyn Clock>,
    /// Where readings go.
    pub store: Arc<Store>,
    /// Which counter.
    pub target: Target,
    /// When.
    pub policy: Policy,
    /// Where it is reported.
    pub status: SharedStatus,
    /// What need not be kept again, and who else answered; empty at the start.
    pub memory: Mutex<Memory>,
    /// Changes when waiting is over for all: the adapter came back, the computer woke up, a person asks.
    pub wake: watch::Receiver<u64>,
    /// Seed of the jitter that keeps many homes, and many counters, from trying in step.
    pub seed: u64,
}

/// What one counter's task remembers from dialogue to dialogue.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    marks: Marks,
    /// Addresses of other counters, and until when (monotonic time) they are left alone.
    strangers: Vec<(String, Duration)>,
}

/// Why one attempt did not complete.
#[derive(Debug, thiserror::Error)]
pub enum AttemptError {
    /// Connecting or speaking failed.
    #[error(transparent)]
    Sync(#[from] SyncError),
    /// The dialogue ended early.
    #[error("the dialogue ended early: {0:?}")]
    Interrupted(Fault),
    /// The counter speaks another protocol.
    #[error("this counter speaks a version of the protocol that this program does not know; nothing was changed on it")]
    Unsupported(Fault),
}

impl<R: Radio> Supervised<R> {
    /// Keeps at it until cancelled. `after` runs after every complete dialogue.
    pub async fn run(mut self, cancel: CancellationToken, after: impl Fn(&SyncReport) + Send + Sync) {
        let mut jitter = fastrand::Rng::with_seed(self.seed);
        loop {
            let wait = tokio::select! {
                () = cancel.cancelled() => break,
                // Dropping an attempt is harmless: nothing was acknowledged that is not on disk.
                wait = self.round(&mut jitter, &after) => wait,
            };
            self.report(|status| {
                status.doing = Doing::Waiting;
                status.next_attempt = TimeDelta::from_std(wait).ok().map(|wait| self.clock.utc() + wait);
            });
            let mut wake = self.wake.clone();
            tokio::select! {
                () = cancel.cancelled() => break,
                () = self.clock.sleep(wait) => {}
                // The sender lives as long as the daemon; without one nobody ever wakes this task early.
                Ok(()) = wake.changed() => tracing::debug!("woken before its time"),
            }
            self.wake.mark_unchanged();
        }
    }

    /// Attempts until one is complete, at most `most` of them.
    ///
    /// # Errors
    /// The last attempt's failure.
    pub async fn until_complete(&self, most: u32, jitter: &mut fastrand::Rng) -> Result<SyncReport, AttemptError> {
        let mut failures = 0;
        loop {
            match self.attempt().await {
                Ok(report) => return Ok(report),
                Err(error) => {
                    failures += 1;
                    if failures >= most {
                        return Err(error);
                    }
                    self.clock.sleep(back_off(&self.policy, failures, jitter)).await;
                }
            }
        }
    }

    /// One attempt, and how long to wait after it.
    async fn round(&self, jitter: &mut fastrand::Rng, after: &(impl Fn(&SyncReport) + Sync)) -> Duration {
        match self.attempt().await {
            Ok(report) => {
                self.report(|status| {
                    status.failures = 0;
                    (status.trouble, status.cause) = (None, None);
                    status.last_complete = Some(self.clock.utc());
                });
                tracing::debug!(epochs = report.new_epochs, "dialogue complete");
                after(&report);
                let live = self.target.kind.resolution == Resolution::Counter;
                if live { LIVE_AGAIN } else { self.policy.sync_every }
            }
            Err(error) => {
                let cause = error.cause();
                let failures = self.report(|status| {
                    status.failures = status.failures.saturating_add(1);
                    (status.trouble, status.cause) = (Some(cause.sentence(self.target.kind)), Some(cause));
                    status.failures
                });
                tracing::debug!(%error, failures, "dialogue did not complete");
                // What a person has to mend first is not hurried.
                let hopeless = error.class() == ErrorClass::Stop;
                if hopeless { self.policy.retry_most } else { back_off(&self.policy, failures, jitter) }
            }
        }
    }

    /// Connects, speaks, disconnects.
    ///
    /// # Errors
    /// Whatever kept the dialogue from completing. What was stored is stored.
    pub async fn attempt(&self) -> Result<SyncReport, AttemptError> {
        self.attempt_telling(&mut |_| ()).await
    }

    /// The same, telling what happens on the way.
    ///
    /// # Errors
    /// Whatever kept the dialogue from completing. What was stored is stored.
    pub async fn attempt_telling(
        &self,
        tell: &mut (dyn FnMut(&SyncProgress) + Send),
    ) -> Result<SyncReport, AttemptError> {
        self.report(|status| status.doing = Doing::Looking);
        let wanted = self.wanted();
        let mut link = self.radio.connect(&wanted, self.policy.connect_within).await.map_err(SyncError::from)?;
        let (now, rssi_dbm) = (self.clock.utc(), link.heard().rssi_dbm);
        self.report(|status| {
            status.doing = Doing::Syncing;
            status.last_heard = Some((now, rssi_dbm));
            status.stored_epochs = 0;
            status.remaining_epochs = None;
        });
        let target = &self.target;
        let mut driver = (target.kind.driver)(target.setup(now, link.heard()));
        let settings = SyncSettings {
            bond: target.bond,
            goal_steps: target.goal_steps,
            expected: target.expected,
            numbers: target.kind.numbers,
        };
        let mut progress = |news: SyncProgress| {
            if let SyncProgress::Stored { new_epochs, remaining } = news {
                self.report(|status| {
                    status.stored_epochs = new_epochs;
                    status.remaining_epochs = remaining;
                });
            }
            tell(&news);
        };
        let mut marks = lock(&self.memory).marks.clone();
        let result = sync::run(
            &mut link,
            driver.as_mut(),
            &self.store,
            self.clock.as_ref(),
            &settings,
            &mut marks,
            &mut progress,
        )
        .await;
        lock(&self.memory).marks = marks;
        if let Err(SyncError::OtherCounter(_)) = &result {
            let until = self.clock.monotonic() + STRANGER_FOR;
            lock(&self.memory).strangers.push((link.heard().address.clone(), until));
        }
        link.disconnect(DISCONNECT_WITHIN).await;
        let report = result?;
        match report.outcome {
            Outcome::Complete => Ok(report),
            Outcome::Interrupted(fault) => Err(AttemptError::Interrupted(fault)),
            Outcome::Unsupported(fault) => Err(AttemptError::Unsupported(fault)),
        }
    }

    fn wanted(&self) -> Wanted {
        let now = self.clock.monotonic();
        let mut memory = lock(&self.memory);
        memory.strangers.retain(|(_, until)| *until > now);
        Wanted {
            kind: self.target.kind,
            address: self.target.address.clone(),
            paired: matches!(self.target.bond, BondLevel::JustWorks | BondLevel::Passkey),
            not: memory.strangers.iter().map(|(address, _)| address.clone()).collect(),
        }
    }

    fn report<T>(&self, change: impl FnOnce(&mut CounterStatus) -> T) -> T {
        let mut status = self.status.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut status)
    }
}

fn lock(memory: &Mutex<Memory>) -> std::sync::MutexGuard<'_, Memory> {
    memory.lock().unwrap_or_else(PoisonError::into_inner)
}

impl AttemptError {
    /// What is behind it, for people and programs.
    pub fn cause(&self) -> Cause {
        match self {
            Self::Sync(SyncError::Radio(error)) => Cause::of_radio(error),
            Self::Sync(SyncError::OtherCounter(_)) => Cause::OtherCounter,
            Self::Sync(SyncError::Store(StoreError::Full { .. })) => Cause::DiskFull,
            Self::Sync(SyncError::Store(_)) => Cause::NotStored,
            Self::Sync(SyncError::Thread(_)) => Cause::Failure,
            Self::Interrupted(fault) | Self::Unsupported(fault) => Cause::of_fault(*fault),
        }
    }

    /// What to do about it.
    fn class(&self) -> ErrorClass {
        match self {
            Self::Sync(SyncError::Radio(error)) => error.class(),
            Self::Sync(_) => ErrorClass::Retry,
            Self::Interrupted(Fault::WrongKey | Fault::NoKey | Fault::NotReady) | Self::Unsupported(_) => {
                ErrorClass::Stop
            }
            Self::Interrupted(_) => ErrorClass::Reconnect,
        }
    }
}

/// Doubles with each failure, up to the most; then takes a random part between a half and the whole.
fn back_off(policy: &Policy, failures: u32, jitter: &mut fastrand::Rng) -> Duration {
    let doublings = failures.saturating_sub(1).min(16);
    let whole = policy.retry_first.saturating_mul(1 << doublings).min(policy.retry_most);
    whole.mul_f64(0.5 + jitter.f64() / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_after_failures_grows_to_its_limit_and_never_below_half_of_it() {
        let policy = Policy::default();
        let mut jitter = fastrand::Rng::with_seed(7);
        for failures in 1..40 {
            let whole = policy.retry_first.saturating_mul(1 << (failures - 1).min(16)).min(policy.retry_most);
            let wait = back_off(&policy, failures, &mut jitter);
            assert!(wait >= whole / 2 && wait <= whole, "{failures}: {wait:?} of {whole:?}");
        }
    }
}
