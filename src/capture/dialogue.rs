//! One dialogue without a store: runs a driver over a link, keeps in memory what it would have stored, and never
//! lets it acknowledge a reading unless whoever asks says so.

use std::time::Duration;

use firmware_protocol::{
    decode,
    driver::{
        Delivery, Driver, Event, HostTime, Identity, Known, NO_SUCH_CHARACTERISTIC, Outcome, Prompt, Step, UnitKind,
    },
    reading::{HostId, Reading},
};

use crate::radio::{Link, RadioError};

/// How this program names itself to a counter when it only looks: counters that keep a cursor for each host keep
/// this one apart from the household's.
pub const KIT_HOST: HostId = HostId(*b"brisktst");

/// The longest that a single read, write or subscription may take. BlueZ itself gives up after 30 s.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);

/// What the driver is answered when it wants something kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// "Stored" to clocks and batteries, "not stored" to the first delivery that holds a reading: the dialogue ends
    /// there, and no reading was acknowledged.
    UntilReadings,
    /// "Stored" to everything: the counter is told that it may forget, as far as this host is concerned.
    Everything,
}

/// What a dialogue brought.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// Who the counter said it is.
    pub identity: Option<Identity>,
    /// What would have been stored, in order.
    pub deliveries: Vec<Delivery>,
    /// How it ended; none when the air failed.
    pub outcome: Option<Outcome>,
    /// It was ended by us, before a reading could be acknowledged.
    pub stopped: bool,
}

/// What a host knows that has never met the counter.
pub const fn stranger() -> Known {
    Known { host: KIT_HOST, stored_to: 0, held_at: None, goal_steps: None, last_total: None }
}

/// Runs the dialogue to its end; what came before a failure of the air is in the first half.
pub async fn hold<L: Link>(
    link: &mut L,
    driver: &mut (dyn Driver + Send),
    now: &(dyn Fn() -> HostTime + Sync),
    keep: Keep,
    prompt: &mut (dyn FnMut(Prompt) + Send),
) -> (Told, Result<(), RadioError>) {
    let mut told = Told::default();
    loop {
        let answer = match driver.next(now()) {
            Step::Subscribe(to) => link.subscribe(to, ANSWER_WITHIN).await.map(|()| None),
            Step::Unsubscribe(to) => link.unsubscribe(to, ANSWER_WITHIN).await.map(|()| None),
            Step::Write { to, bytes } => link.write(to, &bytes, ANSWER_WITHIN).await.map(|()| None),
            Step::Send { to, bytes } => link.send(to, &bytes, ANSWER_WITHIN).await.map(|()| None),
            Step::Read(from) => link.read(from, ANSWER_WITHIN).await.map(Some),
            Step::Await { at_most_ms } => {
                match link.notified(Duration::from_millis(at_most_ms.into())).await {
                    Ok(Some((from, bytes))) => driver.handle(Event::Notified { from, bytes: &bytes }, now()),
                    Ok(None) => driver.handle(Event::TimedOut, now()),
                    Err(error) => return (told, Err(error)),
                }
                continue;
            }
            Step::Prompt(asked) => {
                prompt(asked);
                driver.handle(Event::Done, now());
                continue;
            }
            Step::Identify(identity) => {
                told.identity = Some(identity);
                driver.handle(Event::Known(stranger()), now());
                continue;
            }
            Step::Store(delivery) => {
                let kept = keep == Keep::Everything || !holds_readings(&delivery);
                told.deliveries.push(delivery);
                told.stopped |= !kept;
                driver.handle(if kept { Event::Stored } else { Event::NotStored }, now());
                continue;
            }
            Step::Finish(outcome) => {
                told.outcome = Some(outcome);
                return (told, Ok(()));
            }
        };
        match answer {
            Ok(None) => driver.handle(Event::Done, now()),
            Ok(Some(value)) => driver.handle(Event::Value(&value), now()),
            Err(RadioError::Refused { code }) => driver.handle(Event::Refused { code }, now()),
            Err(RadioError::NoSuchCharacteristic(_)) => {
                driver.handle(Event::Refused { code: NO_SUCH_CHARACTERISTIC }, now());
            }
            Err(RadioError::TimedOut(_)) => driver.handle(Event::TimedOut, now()),
            Err(error) => return (told, Err(error)),
        }
    }
}

/// Whether keeping this could let a counter forget something: anything but clocks and its battery.
fn holds_readings(delivery: &Delivery) -> bool {
    let mut found = !delivery.quarantined.is_empty();
    for unit in &delivery.units {
        let harmless = matches!(
            unit.kind,
            UnitKind::StepLogAnchor
                | UnitKind::StepLogBootLink
                | UnitKind::StepLogState
                | UnitKind::ClockReading
                | UnitKind::Battery
        );
        found |= !harmless;
    }
    found
}

impl Told {
    /// Every reading that would have been stored, in order, or why a unit could not be read.
    pub fn readings(&self) -> Vec<Reading> {
        let mut readings = Vec::new();
        for unit in self.deliveries.iter().flat_map(|delivery| &delivery.units) {
            if decode(unit.kind, &unit.bytes, &mut |reading| readings.push(reading)).is_err() {
                tracing::debug!(kind = ?unit.kind, "a unit that this version cannot read");
            }
        }
        readings
    }
}
