//! Which counter when: looks for each configured counter, runs its dialogue, waits, and after a
//! failure waits longer. Policy lives here, not at the call sites.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use firmware_protocol::{
    driver::{Driver, Fault, Outcome},
    steplog::{
        self,
        host::{HostSettings, StepLogDriver},
    },
};
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use crate::{
    radio::{Link, Radio, RadioError, Wanted},
    store::{BondLevel, Store},
    sync::{self, Marks, SyncError, SyncProgress, SyncReport, SyncSettings},
    time::Clock,
};

/// How long a connection may be closed in order.
const DISCONNECT_WITHIN: Duration = Duration::from_secs(5);

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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CounterStatus {
    /// At the moment.
    pub doing: Doing,
    /// When a dialogue last came to its end with everything stored.
    pub last_complete: Option<DateTime<Utc>>,
    /// Failures since then.
    pub failures: u32,
    /// What went wrong last, as a sentence; none after a complete dialogue.
    pub trouble: Option<String>,
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
            next_attempt: None,
            stored_epochs: 0,
            remaining_epochs: None,
        }
    }
}

/// One counter's place on the board that the API reads.
pub type SharedStatus = Arc<Mutex<CounterStatus>>;

/// Everything that a counter's task needs.
pub struct Supervised<R> {
    /// The air.
    pub radio: Arc<R>,
    /// The program's clock.
    pub clock: Arc<dyn Clock>,
    /// Where readings go.
    pub store: Arc<Store>,
    /// Which counter.
    pub wanted: Wanted,
    /// How its connection is protected.
    pub bond: BondLevel,
    /// Steps a day to show on the counter.
    pub goal_steps: Option<u32>,
    /// When.
    pub policy: Policy,
    /// Where it is reported.
    pub status: SharedStatus,
    /// What need not be kept again; empty at the start.
    pub marks: Mutex<Marks>,
    /// Seed of the jitter that keeps many homes, and many counters, from trying in step.
    pub seed: u64,
}

/// Why one attempt did not complete.
#[derive(Debug, thiserror::Error)]
pub enum AttemptError {
    /// Connecting or speaking failed.
    #[error(transparent)]
    Sync(#[from] SyncError),
    /// The dialogue ended early.
    #[error("{}", fault_sentence(*.0))]
    Interrupted(Fault),
    /// The counter speaks another protocol.
    #[error("this counter speaks a version of the protocol that this program does not know; nothing was changed on it")]
    Unsupported(Fault),
}

impl<R: Radio> Supervised<R> {
    /// Keeps at it until cancelled. `after` runs after every dialogue that stored something.
    pub async fn run(self, cancel: CancellationToken, after: impl Fn(&SyncReport) + Send + Sync) {
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
            tokio::select! {
                () = cancel.cancelled() => break,
                () = self.clock.sleep(wait) => {}
            }
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
                    status.trouble = None;
                    status.last_complete = Some(self.clock.utc());
                });
                tracing::debug!(epochs = report.new_epochs, "dialogue complete");
                after(&report);
                self.policy.sync_every
            }
            Err(error) => {
                let failures = self.report(|status| {
                    status.failures = status.failures.saturating_add(1);
                    status.trouble = Some(trouble_sentence(&error));
                    status.failures
                });
                tracing::debug!(%error, failures, "dialogue did not complete");
                back_off(&self.policy, failures, jitter)
            }
        }
    }

    /// Connects, speaks, disconnects.
    ///
    /// # Errors
    /// Whatever kept the dialogue from completing. What was stored is stored.
    pub async fn attempt(&self) -> Result<SyncReport, AttemptError> {
        self.report(|status| status.doing = Doing::Looking);
        let mut link = self.radio.connect(&self.wanted, self.policy.connect_within).await.map_err(SyncError::from)?;
        self.report(|status| {
            status.doing = Doing::Syncing;
            status.stored_epochs = 0;
            status.remaining_epochs = None;
        });
        let mut driver: Box<dyn Driver + Send> = Box::new(StepLogDriver::new(HostSettings::default()));
        let settings = SyncSettings { bond: self.bond, goal_steps: self.goal_steps };
        let mut progress = |so_far: SyncProgress| {
            self.report(|status| {
                status.stored_epochs = so_far.new_epochs;
                status.remaining_epochs = so_far.remaining;
            });
        };
        let mut marks = self.marks.lock().unwrap_or_else(PoisonError::into_inner).clone();
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
        *self.marks.lock().unwrap_or_else(PoisonError::into_inner) = marks;
        link.disconnect(DISCONNECT_WITHIN).await;
        let report = result?;
        match report.outcome {
            Outcome::Complete => Ok(report),
            Outcome::Interrupted(fault) => Err(AttemptError::Interrupted(fault)),
            Outcome::Unsupported(fault) => Err(AttemptError::Unsupported(fault)),
        }
    }

    fn report<T>(&self, change: impl FnOnce(&mut CounterStatus) -> T) -> T {
        let mut status = self.status.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut status)
    }
}

/// The service that a step-log counter offers.
pub fn step_log(address: Option<String>) -> Wanted {
    Wanted { service: steplog::uuid::SERVICE, address }
}

/// Doubles with each failure, up to the most; then takes a random part between a half and the whole.
fn back_off(policy: &Policy, failures: u32, jitter: &mut fastrand::Rng) -> Duration {
    let doublings = failures.saturating_sub(1).min(16);
    let whole = policy.retry_first.saturating_mul(1 << doublings).min(policy.retry_most);
    whole.mul_f64(0.5 + jitter.f64() / 2.0)
}

fn fault_sentence(fault: Fault) -> &'static str {
    match fault {
        Fault::Silent => "the counter stopped answering; what it had sent is stored, and it keeps the rest",
        Fault::LossyLink => "the connection lost too much; what arrived is stored. Bring the counter closer",
        Fault::Refused => "the counter refused; it may have to be paired again. Nothing is lost",
        Fault::BadAnswer => {
            "the counter answered in a way that its protocol does not allow; nothing was acknowledged to it"
        }
        Fault::NotStored => {
            "this computer could not store what the counter sent; the counter keeps it. Is the disk full?"
        }
        Fault::Version => "the counter speaks a newer protocol; update this program",
        Fault::Differs => "the counter holds other data than were stored; both are kept, and nothing was acknowledged",
    }
}

/// A sentence for a person about a failed attempt: what happened, what it means, what to do.
pub fn trouble_sentence(error: &AttemptError) -> String {
    match error {
        AttemptError::Sync(SyncError::Radio(RadioError::NotHeard)) => {
            "The counter was not heard. Its steps stay on it. Bring it near this computer and wake its screen.".to_owned()
        }
        AttemptError::Sync(SyncError::Radio(RadioError::NoAdapter)) => {
            "This computer has no Bluetooth adapter that can be used. Nothing is lost: the counter keeps its steps. Plug an adapter in, or switch it on."
                .to_owned()
        }
        AttemptError::Sync(SyncError::Radio(RadioError::NoService(_))) => {
            "This computer's Bluetooth service is not running. Nothing is lost: the counter keeps its steps. Start it with `systemctl start bluetooth`."
                .to_owned()
        }
        other => {
            let mut text = other.to_string();
            if let Some(first) = text.get(..1) {
                let upper = first.to_uppercase();
                text.replace_range(..1, &upper);
            }
            text.push('.');
            text
        }
    }
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
