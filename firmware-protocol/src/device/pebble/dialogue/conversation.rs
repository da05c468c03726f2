//! The conversation inside the stream: hear, acknowledge, store, answer, wait.

use alloc::string::String;

use super::{
    super::{
        log_book::{After, LogBook, Taken},
        logging,
        ppogatt::{Heard, WRITE},
        protocol::{DATA_LOGGING, HEALTH_SYNC, HealthSync, Messages, PHONE_VERSION, TIME, Time, VERSION_ANSWER, emit},
    },
    MAX_WAITING, PebbleDriver, Phase,
};
use crate::{
    device::clock_reading::ClockReading,
    driver::{Fault, HostTime, Outcome, Step, Unit, UnitKind},
};

/// Nothing more is to come when nothing has come for so long: the watch sends lost packets again after 6 s at most, and
/// says nothing when a log is empty.
const QUIET_MS: u64 = 10_000;
/// So long an answer about the time may take.
const TIME_MS: u64 = 5_000;
/// Without anything stored for so long the dialogue is over, whatever else the watch talks about.
const STALLED_MS: u64 = 120_000;
/// The watch sends data anew when it was not acknowledged for 30 s, perhaps with more behind it; an acknowledgement that
/// comes late deletes what nobody has seen. This is as long as it may take to store.
const ACK_WITHIN_MS: u64 = 15_000;
/// Deliveries of one dialogue: more than twice the messages that 640 KB of logs make.
const MAX_DELIVERIES: u32 = 6_000;
/// The longest name of a zone that the watch keeps.
const MAX_ZONE_LEN: usize = 32;

impl PebbleDriver {
    /// One turn of the conversation inside the stream; `None` when something changed without a step.
    pub(super) fn talk(&mut self, now: HostTime) -> Option<Step> {
        if self.inbox.len() < MAX_WAITING
            && let Some((arrived_ms, bytes)) = self.waiting.pop_front()
        {
            let heard = self.transport.hear(&bytes, now.mono_ms);
            self.heard(heard, now);
            self.messages.push(&self.transport.take_received());
            while let Some((endpoint, payload)) = self.messages.next_message() {
                self.inbox.push_back((arrived_ms, endpoint, payload));
            }
            if let Phase::Fetch(since_ms) = &mut self.phase
                && self.messages.is_in_between()
            {
                *since_ms = now.mono_ms;
            }
            return None;
        }
        let passed = self.transport.pass(now.mono_ms);
        if passed != Heard::Nothing {
            self.heard(passed, now);
            return None;
        }
        // Acknowledgements first: storing may take longer than the watch waits.
        if let Some(bytes) = self.transport.packet(now.mono_ms) {
            return Some(Step::Send { to: WRITE, bytes });
        }
        if let Some(step) = self.store() {
            return Some(step);
        }
        if let Some((session, arrived_ms)) = self.acknowledge.take() {
            self.acknowledge(session, arrived_ms, now);
            return None;
        }
        if let Some((arrived_ms, endpoint, payload)) = self.inbox.pop_front() {
            self.message(endpoint, &payload, arrived_ms, now);
            return None;
        }
        self.wait(now)
    }

    fn heard(&mut self, heard: Heard, now: HostTime) {
        match heard {
            Heard::Nothing => {}
            Heard::Opened => {
                self.opened = true;
                self.progress_ms = now.mono_ms;
                if self.phase == Phase::Open {
                    self.phase = Phase::Clock(None);
                }
            }
            Heard::Closed => {
                // The watch forgets what it waits for; an acknowledgement that is still to come would be another's.
                self.messages = Messages::default();
                self.inbox.clear();
                self.logs.forget_sessions();
                (self.after, self.acknowledge) = (None, None);
                self.flushed = false;
                self.phase = Phase::Open;
            }
            Heard::Dead => self.fail(if self.opened { Fault::LossyLink } else { Fault::Silent }),
        }
    }

    pub(super) fn store(&mut self) -> Option<Step> {
        if self.delivery.units.is_empty() && self.delivery.quarantined.is_empty() {
            return None;
        }
        Some(Step::Store(core::mem::take(&mut self.delivery)))
    }

    /// What to wait for, or what comes next when there is nothing to wait for.
    fn wait(&mut self, now: HostTime) -> Option<Step> {
        let (mono_ms, utc_us) = (now.mono_ms, now.utc_us);
        let until_ms = match self.phase {
            Phase::Clock(None) if utc_us.is_some() => {
                self.say(TIME, &Time::Get.emit());
                self.phase = Phase::Clock(Some(mono_ms));
                return None;
            }
            Phase::Clock(Some(asked_ms)) if mono_ms < asked_ms.saturating_add(TIME_MS) => {
                asked_ms.saturating_add(TIME_MS)
            }
            Phase::Clock(_) => {
                self.ask_for_logs(now);
                return None;
            }
            Phase::Fetch(since_ms) => {
                let quiet_ms = since_ms.saturating_add(QUIET_MS);
                let stalled_ms = self.progress_ms.saturating_add(STALLED_MS);
                if mono_ms >= quiet_ms {
                    self.fetched();
                    return None;
                }
                if mono_ms >= stalled_ms {
                    self.fail(Fault::NoEnd);
                    return None;
                }
                quiet_ms.min(stalled_ms)
            }
            Phase::SetClock(None) => {
                match utc_us.and_then(|us| u32::try_from(us.div_euclid(1_000_000)).ok()) {
                    Some(utc) => {
                        let zone = &self.setup.zone;
                        let region = if zone.len() <= MAX_ZONE_LEN { zone.clone() } else { String::new() };
                        self.say(TIME, &Time::Set { utc, offset_min: self.setup.offset_min, region }.emit());
                        self.phase = Phase::SetClock(Some(mono_ms.saturating_add(TIME_MS)));
                    }
                    None => self.phase = Phase::Over,
                }
                return None;
            }
            Phase::SetClock(Some(until_ms)) => {
                if self.transport.is_idle() || mono_ms >= until_ms {
                    self.phase = Phase::Over;
                    return None;
                }
                until_ms
            }
            // The transport knows how long it waits; before its first packet is out there is nothing to wait for.
            _ => {
                if !self.transport.is_open() && self.transport.until_ms().is_none() {
                    self.transport.begin();
                    return None;
                }
                u64::MAX
            }
        };
        let until_ms = self.transport.until_ms().map_or(until_ms, |own_ms| own_ms.min(until_ms));
        let at_most_ms = u32::try_from(until_ms.saturating_sub(mono_ms).max(1)).unwrap_or(u32::MAX);
        Some(Step::Await { at_most_ms })
    }

    fn ask_for_logs(&mut self, now: HostTime) {
        let stored_s = self.known.map_or(0, |known| i64::from(known.stored_to) * 60);
        let utc_s = now.utc_us.map_or(0, |us| us.div_euclid(1_000_000));
        let seconds = if stored_s == 0 { 0 } else { u32::try_from(utc_s - stored_s).unwrap_or(0) };
        self.say(DATA_LOGGING, &LogBook::report());
        self.say(HEALTH_SYNC, &HealthSync::Sync { seconds }.emit());
        self.phase = Phase::Fetch(now.mono_ms);
    }

    /// It has grown quiet.
    fn fetched(&mut self) {
        if self.messages.is_in_between() || !self.flushed {
            return self.fail(Fault::Silent);
        }
        if !self.logs.has_minutes() {
            // Health tracking is off in the watch's settings.
            return self.fail(Fault::NotReady);
        }
        if let Some(fault) = self.logs.left_behind() {
            self.ending = Some(Outcome::Interrupted(fault));
        } else if let Some(known) = self.known
            && self.logs.is_drained()
        {
            self.delivery.units.extend(self.logs.gaps(known.stored_to));
        }
        self.phase = Phase::SetClock(None);
    }

    fn say(&mut self, endpoint: u16, payload: &[u8]) {
        self.transport.send(&emit(endpoint, payload));
    }

    fn message(&mut self, endpoint: u16, payload: &[u8], arrived_ms: u64, now: HostTime) {
        match endpoint {
            PHONE_VERSION => self.say(PHONE_VERSION, &VERSION_ANSWER),
            TIME => {
                if let (Phase::Clock(Some(asked_ms)), Ok(Time::Is { utc }), Some(utc_us)) =
                    (self.phase, Time::parse(payload), now.utc_us)
                {
                    let round_trip_ms = arrived_ms.saturating_sub(asked_ms);
                    let since_us =
                        i64::try_from(now.mono_ms.saturating_sub(arrived_ms).saturating_mul(1000)).unwrap_or(0);
                    self.take_clock(utc, utc_us.saturating_sub(since_us), round_trip_ms);
                    self.ask_for_logs(now);
                }
                // It asks to be set: it will be, when its minutes are in.
            }
            HEALTH_SYNC => {
                if let (Phase::Fetch(since_ms), Ok(HealthSync::Answer { .. })) =
                    (&mut self.phase, HealthSync::parse(payload))
                {
                    // A refusal as well: what is logged comes in all the same.
                    self.flushed = true;
                    *since_ms = now.mono_ms;
                }
            }
            DATA_LOGGING => self.take_log(payload, arrived_ms, now),
            _ => {}
        }
    }

    /// The watch tells whole seconds.
    fn take_clock(&mut self, utc: u32, utc_us: i64, round_trip_ms: u64) {
        let half_ms = i64::try_from(round_trip_ms / 2).unwrap_or(i64::MAX);
        let reading = ClockReading {
            host_utc_ms: utc_us.div_euclid(1000).saturating_sub(half_ms),
            claimed_utc_ms: i64::from(utc) * 1000 + 500,
            accuracy_ms: u16::try_from(half_ms.saturating_add(500)).unwrap_or(u16::MAX),
        };
        self.delivery.units.push(Unit { kind: UnitKind::ClockReading, bytes: reading.emit().to_vec() });
    }

    fn take_log(&mut self, payload: &[u8], arrived_ms: u64, now: HostTime) {
        let Some(known) = self.known else { return };
        let Phase::Fetch(since_ms) = &mut self.phase else { return };
        match self.logs.take(payload, &known, now.utc_us) {
            Taken::Nothing => {}
            Taken::Say(answer) => {
                *since_ms = now.mono_ms;
                self.say(DATA_LOGGING, &answer);
            }
            Taken::Store(delivery, after) => {
                *since_ms = now.mono_ms;
                self.delivery = delivery;
                self.after = Some((after, arrived_ms));
                if self.deliveries >= MAX_DELIVERIES {
                    self.fail(Fault::NoEnd);
                }
            }
        }
    }

    pub(super) fn stored(&mut self, now: HostTime) {
        self.steps = 0;
        self.deliveries += 1;
        self.progress_ms = now.mono_ms;
        if let Phase::Fetch(since_ms) = &mut self.phase {
            *since_ms = now.mono_ms;
        }
        match self.after.take() {
            Some((After::Acknowledge { session }, arrived_ms)) => self.acknowledge = Some((session, arrived_ms)),
            Some((After::End(fault), _)) => self.fail(fault),
            Some((After::Hold, _)) | None => {}
        }
    }

    /// Lets the watch delete a message that is stored, as long as it can only mean that message.
    fn acknowledge(&mut self, session: u8, arrived_ms: u64, now: HostTime) {
        if now.mono_ms > arrived_ms.saturating_add(ACK_WITHIN_MS) {
            return self.fail(Fault::LossyLink);
        }
        let overtaken = self.inbox.iter().any(|(_, endpoint, payload)| {
            *endpoint == DATA_LOGGING && logging::Message::parse(payload).is_ok_and(|m| m.is_about(session))
        });
        // Then it is sent again, and acknowledged then.
        if !overtaken {
            self.say(DATA_LOGGING, &LogBook::acknowledgement(session));
        }
    }
}
