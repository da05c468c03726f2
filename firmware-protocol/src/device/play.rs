//! A dialogue played between a [`Driver`] and a [`Peripheral`] without a radio: time moves only when somebody
//! waits. Tests, fuzzing and the replay of a driver's work all run on this.

use alloc::{collections::VecDeque, vec::Vec};

use super::Peripheral;
use crate::{
    Uuid,
    driver::{
        Delivery, Driver, Event, HostTime, Identity, Known, MAX_STEPS_WITHOUT_PROGRESS, NO_SUCH_CHARACTERISTIC,
        Outcome, Prompt, Step,
    },
};

/// A request and its answer take about two connection events of 15 ms.
const ROUND_TRIP_MS: i64 = 30;
/// Several notifications fit into one connection event.
const NOTIFICATION_MS: i64 = 4;

/// What the air does to a notification on its way to the host.
pub type Air<'a> = &'a mut dyn FnMut(Uuid, Vec<u8>) -> Vec<(Uuid, Vec<u8>)>;

/// One played dialogue.
#[derive(Debug)]
pub struct Played {
    /// How it ended; none when it was cut.
    pub outcome: Option<Outcome>,
    /// Who the counter said it is.
    pub identity: Option<Identity>,
    /// What was stored, in order.
    pub deliveries: Vec<Delivery>,
    /// What the person was asked to do.
    pub prompts: Vec<Prompt>,
    /// True UTC at its end, milliseconds.
    pub ended_ms: i64,
}

/// How to play.
pub struct Play<'a> {
    /// ATT MTU of the link.
    pub mtu: u16,
    /// True UTC at the beginning, milliseconds.
    pub begin_ms: i64,
    /// The host believes its own clock.
    pub clock_trusted: bool,
    /// What the host knows of the counter.
    pub known: Known,
    /// The link breaks after this many steps.
    pub cut_after: Option<u32>,
    /// What happens to notifications.
    pub air: Air<'a>,
}

/// Plays a dialogue to its end.
///
/// # Panics
/// When the driver breaks a promise of [`Driver`]: an endless dialogue, or a write longer than the MTU.
pub fn play(driver: &mut dyn Driver, counter: &mut dyn Peripheral, with: &mut Play<'_>) -> Played {
    let mut now_ms = with.begin_ms;
    let mut played =
        Played { outcome: None, identity: None, deliveries: Vec::new(), prompts: Vec::new(), ended_ms: now_ms };
    let known_uuids: Vec<Uuid> =
        counter.services().iter().flat_map(|service| service.characteristics.clone()).map(|one| one.uuid).collect();
    let mut arrived = VecDeque::new();
    let (mut steps, mut all_steps) = (0_u32, 0_u32);
    counter.connect(with.mtu, now_ms);
    let (begin_ms, clock_trusted) = (with.begin_ms, with.clock_trusted);
    let time = |now_ms: i64| HostTime {
        mono_ms: u64::try_from(now_ms - begin_ms).unwrap_or(0),
        utc_us: clock_trusted.then_some(now_ms * 1000),
    };
    loop {
        if with.cut_after.is_some_and(|most| all_steps >= most) {
            break;
        }
        let step = driver.next(time(now_ms));
        steps += 1;
        all_steps += 1;
        assert!(steps <= MAX_STEPS_WITHOUT_PROGRESS, "a dialogue without end");
        let missing = |uuid: &Uuid| !known_uuids.contains(uuid);
        match step {
            Step::Finish(outcome) => {
                played.outcome = Some(outcome);
                break;
            }
            Step::Subscribe(to) | Step::Unsubscribe(to) | Step::Read(to) | Step::Write { to, .. } if missing(&to) => {
                driver.handle(Event::Refused { code: NO_SUCH_CHARACTERISTIC }, time(now_ms));
            }
            Step::Subscribe(to) => {
                now_ms += ROUND_TRIP_MS;
                counter.subscribe(to, true, now_ms);
                driver.handle(Event::Done, time(now_ms));
            }
            Step::Unsubscribe(to) => {
                now_ms += ROUND_TRIP_MS;
                counter.subscribe(to, false, now_ms);
                driver.handle(Event::Done, time(now_ms));
            }
            Step::Read(from) => {
                now_ms += ROUND_TRIP_MS / 2;
                let answer = counter.read(from, now_ms);
                now_ms += ROUND_TRIP_MS / 2;
                match &answer {
                    Ok(value) => driver.handle(Event::Value(value), time(now_ms)),
                    Err(error) => driver.handle(Event::Refused { code: *error as u8 }, time(now_ms)),
                }
            }
            Step::Write { to, bytes } => {
                assert!(bytes.len() + 3 <= with.mtu.into(), "a write of {} bytes", bytes.len());
                now_ms += ROUND_TRIP_MS;
                match counter.write(to, &bytes, now_ms) {
                    Ok(()) => driver.handle(Event::Done, time(now_ms)),
                    Err(error) => driver.handle(Event::Refused { code: error as u8 }, time(now_ms)),
                }
            }
            Step::Send { to, bytes } => {
                assert!(bytes.len() + 3 <= with.mtu.into(), "a command of {} bytes", bytes.len());
                now_ms += NOTIFICATION_MS;
                // Nobody hears of an error: no response is wanted.
                if !missing(&to) {
                    let _: Result<(), _> = counter.write(to, &bytes, now_ms);
                }
                driver.handle(Event::Done, time(now_ms));
            }
            Step::Prompt(prompt) => {
                played.prompts.push(prompt);
                driver.handle(Event::Done, time(now_ms));
            }
            Step::Await { at_most_ms } => {
                let until_ms = now_ms + i64::from(at_most_ms);
                now_ms = wait(counter, &mut arrived, with, now_ms, until_ms);
                match arrived.pop_front() {
                    Some((from, bytes)) => driver.handle(Event::Notified { from, bytes: &bytes }, time(now_ms)),
                    None => driver.handle(Event::TimedOut, time(now_ms)),
                }
            }
            Step::Identify(identity) => {
                played.identity = Some(identity);
                driver.handle(Event::Known(with.known), time(now_ms));
            }
            Step::Store(delivery) => {
                steps = 0;
                played.deliveries.push(delivery);
                driver.handle(Event::Stored, time(now_ms));
            }
        }
    }
    counter.disconnect();
    played.ended_ms = now_ms;
    played
}

/// Lets time pass until something has arrived or the wait is over; gives the moment it then is.
fn wait(
    counter: &mut dyn Peripheral,
    arrived: &mut VecDeque<(Uuid, Vec<u8>)>,
    with: &mut Play<'_>,
    mut now_ms: i64,
    until_ms: i64,
) -> i64 {
    while arrived.is_empty() {
        if let Some((from, bytes)) = counter.outgoing(now_ms) {
            assert!(bytes.len() + 3 <= with.mtu.into(), "a notification of {} bytes", bytes.len());
            now_ms += NOTIFICATION_MS;
            arrived.extend((with.air)(from, bytes));
        } else if now_ms >= until_ms {
            break;
        } else {
            // A counter may want to speak at any moment of the wait.
            now_ms = (now_ms + 250).min(until_ms);
        }
    }
    now_ms
}

impl Played {
    /// Every reading that was stored, in order.
    ///
    /// # Panics
    /// When the driver stored a unit that does not decode.
    pub fn readings(&self) -> Vec<crate::reading::Reading> {
        let mut readings = Vec::new();
        for unit in self.deliveries.iter().flat_map(|delivery| &delivery.units) {
            let decoded = crate::decode(unit.kind, &unit.bytes, &mut |reading| readings.push(reading));
            assert_eq!(decoded, Ok(()), "a stored unit decodes");
        }
        readings
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        device::{KINDS, Life, LifeMinute, Setup},
        driver::Resolution,
        reading::{HostId, Reading, Stamp, Wear},
    };
    use alloc::{string::ToString, vec};

    const NOON: i64 = 1_772_366_400_000 / 60_000;

    fn a_life() -> Life {
        let minutes = (0..600).map(|n| LifeMinute {
            at: NOON - 600 + n,
            steps: if n % 7 < 3 { 100 + u32::try_from(n % 7).unwrap() } else { 0 },
            wear: Wear::Worn,
        });
        Life {
            serial: "12345678".to_string(),
            minutes: minutes.collect(),
            battery: 70,
            key: Some(super::super::Key([7; 16])),
            ..Life::default()
        }
    }

    /// Played without faults, every kind brings in its minutes: all of their steps, none twice.
    #[test]
    fn every_kind_brings_in_what_its_counter_lived_through() {
        for kind in KINDS {
            let life = a_life();
            let steps: u32 = life.minutes.iter().map(|minute| minute.steps).sum();
            let mut counter = (kind.emulator)(life.clone());
            let setup = Setup {
                key: life.key,
                peer: "AA:BB:CC:DD:EE:FF".to_string(),
                heard: counter.advertisement(),
                ..Setup::default()
            };
            assert!((kind.recognise)(&setup.heard), "{}", kind.name);
            let mut driver = (kind.driver)(setup);
            // Of a bucket that ended a moment ago the counter may not have counted every step yet: the last hour of
            // this life is asked for only when a driver may believe it.
            let after_noon_ms = if kind.resolution == Resolution::Coarse { 150_000 } else { 5_000 };
            let known = Known { host: HostId([1; 8]), stored_to: 0, held_at: None, goal_steps: None, last_total: None };
            let mut with = Play {
                mtu: 247,
                begin_ms: NOON * 60_000 + after_noon_ms,
                clock_trusted: true,
                known,
                cut_after: None,
                air: &mut |from, bytes| vec![(from, bytes)],
            };

            let played = play(driver.as_mut(), counter.as_mut(), &mut with);

            assert_eq!(played.outcome, Some(Outcome::Complete), "{}", kind.name);
            assert!(played.deliveries.iter().all(|delivery| delivery.quarantined.is_empty()), "{}", kind.name);
            if kind.resolution != Resolution::Counter {
                let stored: u32 = played
                    .readings()
                    .iter()
                    .map(|reading| if let Reading::Epoch(epoch) = reading { epoch.steps } else { 0 })
                    .sum();
                assert_eq!(stored, steps, "{}", kind.name);
            }
            let minutes_of = |reading: &Reading| match reading {
                Reading::Epoch(epoch) => match epoch.stamp {
                    Stamp::Utc { seconds } => Some(seconds),
                    Stamp::Local { seconds, offset_min } => Some(seconds - i64::from(offset_min.unwrap_or(0)) * 60),
                    Stamp::Uptime { .. } => None,
                },
                _ => None,
            };
            for start_s in played.readings().iter().filter_map(minutes_of) {
                assert!(((NOON - 660) * 60..=(NOON + 40) * 60).contains(&start_s), "{}: {start_s}", kind.name);
            }
        }
    }
}
