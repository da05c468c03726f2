//! The watch's side.

use alloc::{collections::VecDeque, string::ToString, vec, vec::Vec};

use super::{NAME, SERVICE, STEPS, layout::emit_steps};
use crate::{
    Uuid,
    device::{Advertisement, Characteristic, Life, LifeMinute, Peripheral, Service},
    sig::{
        battery,
        current_time::{self, CURRENT_TIME, CurrentTime},
        device_information, heart_rate,
    },
    steplog::device::AttError,
};

/// A watch with a total of its day.
#[derive(Debug)]
pub struct InfiniTimeWatch {
    rest: VecDeque<LifeMinute>,
    battery: u8,
    /// Its wall clock minus true UTC, milliseconds.
    ahead_ms: i64,
    /// The date that its wall clock shows, days since 1970.
    day: Option<i64>,
    total: u32,
    told: Option<u32>,
    subscribed: bool,
    /// It notifies one byte only, as 1.7 and 1.8 do.
    pub one_byte_notifications: bool,
}

impl InfiniTimeWatch {
    /// Its serial number is nobody's business: all watches tell the same.
    pub fn new(life: Life) -> Self {
        Self {
            rest: life.minutes.into(),
            battery: life.battery,
            ahead_ms: i64::from(life.offset_min) * 60_000 + life.clock_error_ms,
            day: None,
            total: 0,
            told: None,
            subscribed: false,
            one_byte_notifications: false,
        }
    }

    /// It restarts; only its clock survives.
    pub fn reboot(&mut self, now_ms: i64) {
        self.live_to(now_ms);
        self.total = 0;
    }

    fn live_to(&mut self, now_ms: i64) {
        while let Some(minute) = self.rest.front().copied().filter(|minute| (minute.at + 1) * 60_000 <= now_ms) {
            // Its midnight may be a little off: the middle of the minute says on which day the steps were taken.
            self.look_at_clock(minute.at * 60_000 + 30_000);
            self.total = self.total.saturating_add(minute.steps);
            self.rest.pop_front();
        }
        self.look_at_clock(now_ms);
    }

    fn look_at_clock(&mut self, now_ms: i64) {
        let day = now_ms.saturating_add(self.ahead_ms).div_euclid(86_400_000);
        if self.day.replace(day).is_some_and(|before| before != day) {
            self.total = 0;
        }
    }
}

impl Peripheral for InfiniTimeWatch {
    fn advertisement(&self) -> Advertisement {
        Advertisement {
            name: Some(NAME.to_string()),
            services: vec![heart_rate::SERVICE, 0x0000_1530_1212_efde_1523_785f_eabc_d123],
            manufacturer: vec![],
        }
    }

    fn services(&self) -> Vec<Service> {
        let read = |uuid| Characteristic { uuid, read: true, ..Characteristic::default() };
        vec![
            Service { uuid: SERVICE, characteristics: vec![Characteristic { notify: true, ..read(STEPS) }] },
            Service {
                uuid: current_time::SERVICE,
                characteristics: vec![Characteristic { write: true, ..read(CURRENT_TIME) }],
            },
            Service { uuid: battery::SERVICE, characteristics: vec![read(battery::LEVEL)] },
            Service { uuid: device_information::SERVICE, characteristics: vec![read(device_information::FIRMWARE)] },
        ]
    }

    fn connect(&mut self, _mtu: u16, now_ms: i64) {
        self.live_to(now_ms);
        self.told = Some(self.total);
    }

    fn disconnect(&mut self) {
        self.subscribed = false;
    }

    fn subscribe(&mut self, to: Uuid, on: bool, _now_ms: i64) {
        if to == STEPS {
            self.subscribed = on;
        }
    }

    fn read(&mut self, from: Uuid, now_ms: i64) -> Result<Vec<u8>, AttError> {
        self.live_to(now_ms);
        match from {
            STEPS => Ok(emit_steps(self.total).to_vec()),
            battery::LEVEL => Ok(battery::emit_level(self.battery).to_vec()),
            device_information::FIRMWARE => Ok(b"1.16.0".to_vec()),
            CURRENT_TIME => {
                let shown_ms = now_ms.saturating_add(self.ahead_ms);
                CurrentTime::at(shown_ms.div_euclid(1000)).map(|time| time.emit().to_vec()).ok_or(AttError::Unlikely)
            }
            _ => Err(AttError::InvalidHandle),
        }
    }

    fn write(&mut self, to: Uuid, bytes: &[u8], now_ms: i64) -> Result<(), AttError> {
        if to != CURRENT_TIME {
            return Err(AttError::WriteNotPermitted);
        }
        self.live_to(now_ms);
        self.ahead_ms = CurrentTime::parse(bytes)?.local_s().ok_or(AttError::OutOfRange)? * 1000 - now_ms;
        self.look_at_clock(now_ms);
        Ok(())
    }

    fn outgoing(&mut self, now_ms: i64) -> Option<(Uuid, Vec<u8>)> {
        self.live_to(now_ms);
        if !self.subscribed || self.told == Some(self.total) {
            return None;
        }
        self.told = Some(self.total);
        let length = if self.one_byte_notifications { 1 } else { 4 };
        Some((STEPS, emit_steps(self.total).into_iter().take(length).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        device::{
            Setup,
            infinitime::InfiniTimeDriver,
            play::{Play, Played, play},
        },
        driver::{Driver, Event, Fault, HostTime, Known, LastTotal, Outcome, Step},
        reading::{Epoch, HostId, Reading, Stamp, Wear},
    };

    /// 2026-03-01T12:00:00Z, minutes.
    const NOON: i64 = 1_772_366_400 / 60;
    /// 2026-03-01T23:00:00Z: midnight an hour east.
    const MIDNIGHT: i64 = NOON + 11 * 60;

    fn steps_of(at: i64) -> u32 {
        u32::try_from(at % 7).unwrap() * 20
    }

    fn watch(from: i64, to: i64) -> InfiniTimeWatch {
        let minutes = (from..to).map(|at| LifeMinute { at, steps: steps_of(at), wear: Wear::Unknown }).collect();
        InfiniTimeWatch::new(Life { minutes, battery: 70, offset_min: 60, ..Life::default() })
    }

    struct Host {
        last: Option<LastTotal>,
        trusted: bool,
        cut_after: Option<u32>,
    }

    const fn host() -> Host {
        Host { last: None, trusted: true, cut_after: None }
    }

    impl Host {
        fn sync(&mut self, watch: &mut InfiniTimeWatch, begin_ms: i64, minutes: u32) -> Played {
            let setup = Setup { offset_min: 60, peer: "AA".into(), live_ms: minutes * 60_000, ..Setup::default() };
            let known =
                Known { host: HostId([1; 8]), stored_to: 0, held_at: None, goal_steps: None, last_total: self.last };
            let mut with = Play {
                mtu: 23,
                begin_ms,
                clock_trusted: self.trusted,
                known,
                cut_after: self.cut_after,
                air: &mut |from, bytes| vec![(from, bytes)],
            };
            let played = play(&mut InfiniTimeDriver::new(setup), watch, &mut with);
            for reading in played.readings() {
                if let Reading::Counter { stamp: Stamp::Utc { seconds: utc_s }, steps } = reading {
                    self.last = Some(LastTotal { utc_s, steps });
                }
            }
            played
        }
    }

    fn epochs(played: &Played) -> Vec<Epoch> {
        played
            .readings()
            .iter()
            .filter_map(|r| if let Reading::Epoch(epoch) = r { Some(*epoch) } else { None })
            .collect()
    }

    #[test]
    fn each_minute_that_it_is_connected_is_stored_as_a_minute() {
        let played = host().sync(&mut watch(NOON - 60, NOON + 60), NOON * 60_000 - 20_000, 10);

        let epochs = epochs(&played);
        assert_eq!(played.outcome, Some(Outcome::Complete));
        assert_eq!(epochs.len(), 9);
        for (at, epoch) in (NOON..).zip(&epochs) {
            assert_eq!((i64::from(epoch.seq), epoch.seconds, epoch.steps), (at, 60, steps_of(at)));
        }
        assert!(played.readings().contains(&Reading::Battery { percent: 70 }));
    }

    #[test]
    fn the_time_it_was_away_is_one_total() {
        let (mut watch, mut host) = (watch(NOON - 60, NOON + 300), host());
        host.sync(&mut watch, NOON * 60_000 - 20_000, 5);

        let played = host.sync(&mut watch, (NOON + 200) * 60_000 + 30_000, 5);

        let first = epochs(&played)[0];
        assert_eq!(i64::from(first.seq) + i64::from(first.seconds) / 60, NOON + 201);
        assert_eq!(first.steps, (i64::from(first.seq)..NOON + 201).map(steps_of).sum::<u32>());
        assert!(!first.saturated);
    }

    #[test]
    fn a_night_connected_tells_every_minute() {
        let played = host().sync(&mut watch(MIDNIGHT - 60, MIDNIGHT + 60), (MIDNIGHT - 10) * 60_000 - 20_000, 20);

        let stored: u32 = epochs(&played).iter().map(|epoch| epoch.steps).sum();
        let lived: u32 = (MIDNIGHT - 10..MIDNIGHT + 9).map(steps_of).sum();
        assert_eq!(stored, lived);
        assert!(epochs(&played).iter().all(|epoch| epoch.seconds == 60 && !epoch.saturated));
    }

    #[test]
    fn after_a_reboot_it_is_not_yesterday() {
        let (mut watch, mut host) = (watch(NOON - 60, NOON + 300), host());
        host.sync(&mut watch, NOON * 60_000 - 20_000, 5);
        watch.reboot((NOON + 190) * 60_000);

        let played = host.sync(&mut watch, (NOON + 200) * 60_000 + 30_000, 2);

        let first = epochs(&played)[0];
        assert!(first.saturated);
        assert_eq!(first.steps, (NOON + 190..NOON + 201).map(steps_of).sum::<u32>());
    }

    #[test]
    fn one_byte_notifications_of_old_firmware_are_no_step_count() {
        let mut watch = watch(NOON - 60, NOON + 60);
        watch.one_byte_notifications = true;

        let played = host().sync(&mut watch, NOON * 60_000 - 20_000, 10);

        assert_eq!(epochs(&played).len(), 9);
        assert!(played.deliveries.iter().all(|delivery| delivery.quarantined.is_empty()));
    }

    #[test]
    fn a_wrong_clock_is_kept_as_a_reading_and_then_set() {
        let mut watch = watch(NOON - 60, NOON + 60);
        watch.ahead_ms += 7_200_000;

        let played = host().sync(&mut watch, NOON * 60_000 + 20_000, 2);

        let clock = played.readings().into_iter().find_map(|reading| match reading {
            Reading::Clock { host_utc_ms, claimed_utc_ms, .. } => Some(claimed_utc_ms - host_utc_ms),
            _ => None,
        });
        assert!((clock.unwrap() - 7_200_000).abs() <= 600);
        assert!((watch.ahead_ms - 3_600_000).abs() <= 1_000);
    }

    #[test]
    fn near_midnight_its_clock_is_left_alone() {
        let mut watch = watch(MIDNIGHT - 60, MIDNIGHT + 60);
        watch.ahead_ms += 90_000;

        host().sync(&mut watch, MIDNIGHT * 60_000 + 30_000, 2);

        assert_eq!(watch.ahead_ms, 3_690_000);
    }

    #[test]
    fn without_a_clock_of_its_own_the_host_stores_nothing_and_sets_nothing() {
        let mut watch = watch(NOON - 60, NOON + 60);
        let ahead_ms = watch.ahead_ms;

        let played = Host { trusted: false, ..host() }.sync(&mut watch, NOON * 60_000, 5);

        assert_eq!((played.outcome, played.deliveries.len()), (Some(Outcome::Complete), 0));
        assert_eq!(watch.ahead_ms, ahead_ms);
    }

    #[test]
    fn cut_after_any_step_no_step_is_lost_or_counted_twice() {
        for cut in 0..60 {
            let (mut watch, mut host) = (watch(NOON - 60, NOON + 300), Host { cut_after: Some(cut), ..host() });

            let mut all = epochs(&host.sync(&mut watch, NOON * 60_000 - 20_000, 20));
            let begun = host.last;
            host.cut_after = None;
            all.extend(epochs(&host.sync(&mut watch, (NOON + 30) * 60_000 + 7_000, 10)));

            let first = begun.map_or(NOON + 31, |_| NOON);
            let lived: u32 = (first..NOON + 40).map(steps_of).sum();
            assert_eq!(all.iter().map(|epoch| epoch.steps).sum::<u32>(), lived, "{cut}");
            assert!(all.windows(2).all(|pair| pair[0].seq < pair[1].seq), "{cut}");
        }
    }

    #[test]
    fn two_dialogues_within_one_minute_tell_it_once() {
        let (mut watch, mut host) = (watch(NOON - 60, NOON + 300), host());
        host.sync(&mut watch, NOON * 60_000 - 1_000, 1);

        let played = host.sync(&mut watch, NOON * 60_000 + 20_000, 1);

        assert_eq!(epochs(&played).iter().map(|epoch| i64::from(epoch.seq)).collect::<Vec<_>>(), [NOON]);
    }

    #[test]
    fn a_total_that_cannot_be_is_put_aside_and_three_of_them_end_the_dialogue() {
        let known = Known {
            host: HostId([1; 8]),
            stored_to: 0,
            held_at: None,
            goal_steps: None,
            last_total: Some(LastTotal { utc_s: NOON * 60 - 60, steps: 10 }),
        };
        let mut driver = InfiniTimeDriver::new(Setup::default());
        let mut now = HostTime { mono_ms: 0, utc_us: Some(NOON * 60_000_000 - 1_000_000) };
        let (mut put_aside, mut outcome) = (0, None);
        for _ in 0..100 {
            let step = driver.next(now);
            match step {
                Step::Identify(_) => driver.handle(Event::Known(known), now),
                Step::Read(STEPS) => driver.handle(Event::Value(&536_000_000_u32.to_le_bytes()), now),
                Step::Read(_) => driver.handle(Event::Refused { code: 1 }, now),
                Step::Store(delivery) => {
                    assert!(delivery.units.is_empty());
                    put_aside += delivery.quarantined.len();
                    driver.handle(Event::Stored, now);
                }
                Step::Await { at_most_ms } => {
                    now.mono_ms += u64::from(at_most_ms);
                    now.utc_us = now.utc_us.map(|utc| utc + i64::from(at_most_ms) * 1000);
                    driver.handle(Event::TimedOut, now);
                }
                Step::Finish(ended) => {
                    outcome = Some(ended);
                    break;
                }
                _ => driver.handle(Event::Done, now),
            }
        }

        assert_eq!((put_aside, outcome), (3, Some(Outcome::Interrupted(Fault::BadAnswer))));
    }

    #[test]
    fn a_watch_that_never_stops_notifying_is_left() {
        let mut driver = InfiniTimeDriver::new(Setup::default());
        let now = HostTime { mono_ms: 0, utc_us: Some(NOON * 60_000_000 + 1_000_000) };
        for _ in 0..20_000 {
            match driver.next(now) {
                Step::Identify(_) => driver.handle(
                    Event::Known(Known {
                        host: HostId([1; 8]),
                        stored_to: 0,
                        held_at: None,
                        goal_steps: None,
                        last_total: None,
                    }),
                    now,
                ),
                Step::Read(_) => driver.handle(Event::Refused { code: 1 }, now),
                Step::Await { .. } => driver.handle(Event::Notified { from: STEPS, bytes: &[1, 0, 0, 0] }, now),
                Step::Finish(outcome) => {
                    assert_eq!(outcome, Outcome::Interrupted(Fault::NoEnd));
                    return;
                }
                _ => driver.handle(Event::Done, now),
            }
        }
        panic!("a dialogue without end");
    }
}
