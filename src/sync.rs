//! One dialogue with one counter: runs a sans-I/O [`Driver`] over a [`Link`], with a deadline on
//! every wait. What the counter sends is on disk before the driver may acknowledge it.

use std::{sync::Arc, time::Duration};

use firmware_protocol::{
    decode,
    device::Numbers,
    driver::{
        Delivery, Driver, Event, HostTime, Identity, Known, NO_SUCH_CHARACTERISTIC, Outcome, Prompt, Step, Unit,
        UnitKind,
    },
    reading::{Anchor, Reading},
};

use crate::{
    model::DeviceId,
    radio::{Link, RadioError},
    store::{BondLevel, DeliveryRecord, Store, StoreError},
    time::Clock,
};

/// The longest that a single read, write or subscription may take. BlueZ itself gives up after 30 s.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);

/// A clock anchor is kept this often: a crystal that is 40 ppm off runs away by less than a second.
const ANCHOR_EVERY_MS: u64 = 6 * 3_600_000;
/// Two anchors further apart than this, beside the time between them, tell of a clock that was set.
const CLOCK_STEP_MS: i64 = 2_000;

/// What was last kept of the things that every dialogue repeats: the clock anchor and the battery.
/// Keeping each of them would fill the journal with what nobody needs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    /// Whose they are: without an address the first counter that is heard may be another one.
    device: Option<DeviceId>,
    anchor: Option<Anchor>,
    battery_percent: Option<u8>,
}

impl Marks {
    /// Forgets what was kept of another counter.
    fn of(&mut self, device: DeviceId) {
        if self.device != Some(device) {
            *self = Self { device: Some(device), ..Self::default() };
        }
    }

    /// Whether this unit says something new; remembers it if so. Readings always do.
    fn take(&mut self, unit: &Unit) -> bool {
        let mut reading = None;
        let whole = decode(unit.kind, &unit.bytes, &mut |one| reading = Some(one)).is_ok();
        match (unit.kind, reading) {
            (UnitKind::StepLogAnchor, Some(Reading::Anchor(new))) if whole => {
                let known = self.anchor.is_some_and(|last| is_recent(&last, &new));
                if !known {
                    self.anchor = Some(new);
                }
                !known
            }
            (UnitKind::StepLogState, Some(Reading::Battery { percent })) if whole => {
                self.battery_percent.replace(percent) != Some(percent)
            }
            _ => true,
        }
    }
}

fn is_recent(last: &Anchor, new: &Anchor) -> bool {
    let (Some(run), Ok(utc_run)) = (new.uptime_ms.checked_sub(last.uptime_ms), u64::try_from(new.utc_ms - last.utc_ms))
    else {
        return false;
    };
    let step = i64::try_from(run.abs_diff(utc_run)).unwrap_or(i64::MAX);
    let no_better = new.accuracy_ms.saturating_mul(2) >= last.accuracy_ms;
    last.boot == new.boot && run < ANCHOR_EVERY_MS && step <= CLOCK_STEP_MS && no_better
}

/// What is the same for all dialogues of one counter.
#[derive(Clone, Debug)]
pub struct SyncSettings {
    /// How the connection is protected; kept with every reading.
    pub bond: BondLevel,
    /// The person's goal in steps a day, for counters that can show one.
    pub goal_steps: Option<u32>,
    /// Whose data are expected; any other counter's are not taken. None while a counter is being paired.
    pub expected: Option<DeviceId>,
    /// Where the counter's epoch numbers come from.
    pub numbers: Numbers,
}

/// How a dialogue went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyncReport {
    /// How it ended.
    pub outcome: Outcome,
    /// Who the counter is, when it came as far as saying so.
    pub device: Option<DeviceId>,
    /// Epochs that were not on disk before.
    pub new_epochs: u64,
    /// Units that were put aside because they could not be read.
    pub quarantined: u64,
}

/// Told while a dialogue goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SyncProgress {
    /// The counter said who it is.
    Identified(Identity),
    /// The person has to do something with the counter.
    Prompt(Prompt),
    /// A delivery is on disk.
    Stored {
        /// Epochs stored in this dialogue so far.
        new_epochs: u64,
        /// Epochs that the counter still has, when known.
        remaining: Option<u32>,
    },
}

/// Why a dialogue ended without an outcome of its own.
#[derive(Debug, thiserror::Error)]
pub enum SyncError {
    /// The air failed.
    #[error(transparent)]
    Radio(#[from] RadioError),
    /// Another counter answered; nothing of it was taken.
    #[error("another counter answered ({0}); nothing of it was taken")]
    OtherCounter(DeviceId),
    /// The disk failed; the counter keeps what was not acknowledged.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The thread that writes ended early.
    #[error("the writing thread ended early")]
    Thread(#[from] tokio::task::JoinError),
}

/// Runs the dialogue to its end.
///
/// # Errors
/// A broken connection or a failed disk. What was stored before stays stored, and the counter has
/// been told to forget nothing else.
pub async fn run<L: Link>(
    link: &mut L,
    driver: &mut (dyn Driver + Send),
    store: &Arc<Store>,
    clock: &dyn Clock,
    settings: &SyncSettings,
    marks: &mut Marks,
    progress: &mut (dyn FnMut(SyncProgress) + Send),
) -> Result<SyncReport, SyncError> {
    let mut report = SyncReport { outcome: Outcome::Complete, device: None, new_epochs: 0, quarantined: 0 };
    let mut storage_failure = None;
    let (began, mut notifications) = (clock.monotonic(), 0_u32);
    loop {
        match driver.next(host_time(clock)) {
            Step::Subscribe(to) => {
                let answer = link.subscribe(to, ANSWER_WITHIN).await;
                handle(driver, clock, answer.map(|()| Event::Done))?;
            }
            Step::Write { to, bytes } => {
                let answer = link.write(to, &bytes, ANSWER_WITHIN).await;
                handle(driver, clock, answer.map(|()| Event::Done))?;
            }
            Step::Unsubscribe(to) => {
                let answer = link.unsubscribe(to, ANSWER_WITHIN).await;
                handle(driver, clock, answer.map(|()| Event::Done))?;
            }
            Step::Send { to, bytes } => {
                let answer = link.send(to, &bytes, ANSWER_WITHIN).await;
                handle(driver, clock, answer.map(|()| Event::Done))?;
            }
            Step::Prompt(prompt) => {
                progress(SyncProgress::Prompt(prompt));
                driver.handle(Event::Done, host_time(clock));
            }
            Step::Read(from) => match link.read(from, ANSWER_WITHIN).await {
                Ok(value) => driver.handle(Event::Value(&value), host_time(clock)),
                Err(error) => handle(driver, clock, Err(error))?,
            },
            Step::Await { at_most_ms } => match link.notified(Duration::from_millis(at_most_ms.into())).await? {
                Some((from, bytes)) => {
                    notifications += 1;
                    tracing::trace!(from = %format_args!("{from:x}"), len = bytes.len(), "notified");
                    driver.handle(Event::Notified { from, bytes: &bytes }, host_time(clock));
                }
                None => driver.handle(Event::TimedOut, host_time(clock)),
            },
            Step::Identify(identity) => {
                if settings.expected.is_some_and(|expected| expected != identity.device) {
                    return Err(SyncError::OtherCounter(identity.device));
                }
                report.device = Some(identity.device);
                progress(SyncProgress::Identified(identity.clone()));
                marks.of(identity.device);
                let known = identify(store, clock, identity, settings).await?;
                driver.handle(Event::Known(known), host_time(clock));
            }
            Step::Store(delivery) => {
                let Some(device) = report.device else {
                    // A driver that stores before it knows whose data it is has a fault of its own.
                    driver.handle(Event::NotStored, host_time(clock));
                    continue;
                };
                let remaining = delivery.remaining;
                match keep(store, clock, device, delivery, settings.bond, marks).await {
                    Ok((new_epochs, quarantined)) => {
                        report.new_epochs += new_epochs;
                        report.quarantined += quarantined;
                        driver.handle(Event::Stored, host_time(clock));
                        progress(SyncProgress::Stored { new_epochs: report.new_epochs, remaining });
                    }
                    Err(error) => {
                        storage_failure = Some(error);
                        driver.handle(Event::NotStored, host_time(clock));
                    }
                }
            }
            Step::Finish(outcome) => {
                report.outcome = outcome;
                let ms = u64::try_from(clock.monotonic().saturating_sub(began).as_millis()).unwrap_or(u64::MAX);
                tracing::debug!(
                    ?outcome,
                    epochs = report.new_epochs,
                    notifications,
                    ms,
                    mtu = link.mtu(),
                    "dialogue over"
                );
                return match storage_failure {
                    Some(failure) => Err(failure),
                    None => Ok(report),
                };
            }
        }
    }
}

fn handle(
    driver: &mut (dyn Driver + Send),
    clock: &dyn Clock,
    answer: Result<Event<'_>, RadioError>,
) -> Result<(), RadioError> {
    let event = match answer {
        Ok(event) => event,
        Err(RadioError::Refused { code }) => Event::Refused { code },
        Err(RadioError::NoSuchCharacteristic(_)) => Event::Refused { code: NO_SUCH_CHARACTERISTIC },
        Err(RadioError::TimedOut(_)) => Event::TimedOut,
        Err(error) => return Err(error),
    };
    driver.handle(event, host_time(clock));
    Ok(())
}

fn host_time(clock: &dyn Clock) -> HostTime {
    HostTime {
        mono_ms: u64::try_from(clock.monotonic().as_millis()).unwrap_or(u64::MAX),
        utc_us: clock.synchronised().then(|| clock.utc().timestamp_micros()),
    }
}

async fn identify(
    store: &Arc<Store>,
    clock: &dyn Clock,
    identity: Identity,
    settings: &SyncSettings,
) -> Result<Known, SyncError> {
    let (store, now) = (Arc::clone(store), clock.utc());
    let (goal_steps, numbers) = (settings.goal_steps, settings.numbers);
    tokio::task::spawn_blocking(move || {
        store.append_identity(&identity, now)?;
        let state = store.counter(identity.device)?;
        Ok(Known {
            host: store.host_id(),
            stored_to: state.as_ref().map_or(0, |state| match numbers {
                Numbers::Own => state.stored_to,
                // Numbers that are minutes have holes wherever the counter recorded nothing.
                Numbers::FromStamps => state.after_newest,
            }),
            held_at: state.as_ref().and_then(|state| state.held_at),
            goal_steps,
            last_total: state.and_then(|state| state.last_total),
        })
    })
    .await?
}

/// Journal, fsync, index, read back: only then does this return, and only then may the driver
/// acknowledge.
async fn keep(
    store: &Arc<Store>,
    clock: &dyn Clock,
    device: DeviceId,
    delivery: Delivery,
    bond: BondLevel,
    marks: &mut Marks,
) -> Result<(u64, u64), SyncError> {
    let mut new_marks = marks.clone();
    let units: Vec<Unit> = delivery.units.into_iter().filter(|unit| new_marks.take(unit)).collect();
    if units.is_empty() && delivery.quarantined.is_empty() {
        return Ok((0, 0));
    }
    let record = DeliveryRecord {
        device,
        arrived: clock.utc(),
        arrival_trusted: clock.synchronised(),
        bond,
        units,
        quarantined: delivery.quarantined,
    };
    let store = Arc::clone(store);
    let stored = tokio::task::spawn_blocking(move || store.append_delivery(&record)).await??;
    *marks = new_marks;
    Ok((stored.new_epochs, stored.quarantined))
}

#[cfg(test)]
mod tests {
    use firmware_protocol::{reading::HostId, steplog::time::emit_anchor_unit};

    use super::*;

    const HOUR_MS: u64 = 3_600_000;

    fn anchor(boot: u16, uptime_ms: u64, wrong_by_ms: i64) -> Unit {
        let utc_ms = 1_770_000_000_000 + i64::try_from(uptime_ms).unwrap() + wrong_by_ms;
        let anchor = Anchor { boot, uptime_ms, utc_ms, accuracy_ms: 30, host: HostId([1; 8]) };
        Unit { kind: UnitKind::StepLogAnchor, bytes: emit_anchor_unit(&anchor).to_vec() }
    }

    #[test]
    fn an_anchor_is_kept_every_six_hours_and_whenever_a_clock_was_set_or_a_boot_began() {
        let mut marks = Marks::default();
        for (unit, kept, why) in [
            (anchor(1, 0, 0), true, "the first"),
            (anchor(1, HOUR_MS, 0), false, "an hour later"),
            (anchor(1, HOUR_MS * 5, 1_000), false, "drift"),
            (anchor(1, HOUR_MS * 5 + 1, -3_600_000), true, "the clock was set back"),
            (anchor(1, HOUR_MS * 5 + 2, 0), true, "and forward again"),
            (anchor(1, HOUR_MS * 11 + 2, 0), true, "six hours later"),
            (anchor(2, HOUR_MS * 11 + 3, 0), true, "another boot"),
        ] {
            assert_eq!(marks.take(&unit), kept, "{why}");
        }
    }

    #[test]
    fn what_was_kept_of_one_counter_is_not_left_out_of_another() {
        let mut marks = Marks::default();
        marks.of(DeviceId([1; 8]));
        assert!(marks.take(&anchor(1, 0, 0)));
        marks.of(DeviceId([1; 8]));
        assert!(!marks.take(&anchor(1, HOUR_MS, 0)));
        marks.of(DeviceId([2; 8]));
        assert!(marks.take(&anchor(1, HOUR_MS, 0)));
    }

    #[test]
    fn what_cannot_be_read_is_kept() {
        let broken = Unit { kind: UnitKind::StepLogAnchor, bytes: vec![1, 2, 3] };
        assert!(Marks::default().take(&broken));
    }
}
