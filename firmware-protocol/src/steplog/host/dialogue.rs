//! The order of things: who is it, what is known, clock, links, goal, then block after block.

use alloc::string::ToString;

use super::{BATCH_BYTES, StepLogDriver, Waiting, exchange::Exchange};
use crate::{
    Uuid,
    driver::{Event, Fault, HostTime, Identity, Outcome, Quarantined, Resolution, Step, UnitKind},
    reading::Anchor,
    steplog::{
        MAJOR,
        block::{FLAG_FOUND_BY_HOST, emit_gap},
        control::{Reply, Request, Status},
        feature::{self, Feature},
        state::State,
        time::{BOOT_LINK_LEN, BootLinkEntry, SetTime, SetTimeReply, emit_anchor_unit},
        uuid,
    },
};

/// Notifications and indications the dialogue needs; the clock's are the last, it can do without.
const SUBSCRIPTIONS: [Uuid; 3] = [uuid::CONTROL, uuid::DATA, uuid::TIME];
/// A clock reading better than this is not tried again, milliseconds.
const GOOD_ACCURACY_MS: u32 = 2_000;
/// Tries at a good clock reading.
const CLOCK_TRIES: u8 = 3;

/// How far the dialogue has come.
#[derive(Clone, Debug)]
pub enum Phase {
    /// Switching on the subscription with this index.
    Subscribe(usize),
    /// Asking what the counter is.
    Feature,
    /// Asking the host what it knows of it.
    Identify(Identity),
    /// Telling the counter which host this is.
    Hello,
    /// Asking what the counter holds.
    State,
    /// Setting its clock.
    Time,
    /// Asking which boots belong together.
    Links,
    /// Telling the goal.
    Goal,
    /// Storing what is known before the first block.
    Introduce,
    /// Bringing in blocks.
    Read,
    /// Storing what was gathered.
    Store,
    /// Telling the counter what is stored.
    Acknowledge,
    /// Storing what was gathered before the fault.
    Rescue,
    /// Over.
    Over,
}

impl StepLogDriver {
    /// The next step, when none is under way.
    pub(super) fn proceed(&mut self, now: HostTime) -> Step {
        loop {
            if let Phase::Over = self.phase {
                return Step::Finish(self.ending.unwrap_or(Outcome::Complete));
            }
            if self.exchange.is_some() {
                if let Some(step) = self.go_on_with_exchange(now) {
                    return step;
                }
                continue;
            }
            match &self.phase {
                Phase::Subscribe(index) => match SUBSCRIPTIONS.get(*index) {
                    Some(characteristic) => return Step::Subscribe(*characteristic),
                    None => self.phase = Phase::Feature,
                },
                Phase::Feature => return Step::Read(uuid::FEATURE),
                Phase::Identify(identity) => return Step::Identify(identity.clone()),
                Phase::Hello => match self.known {
                    Some(known) => self.exchange = Some(Exchange::control(&Request::Hello { host: known.host })),
                    None => self.fail(Fault::BadAnswer),
                },
                Phase::State => return Step::Read(uuid::STATE),
                Phase::Time => {
                    if now.utc_us.is_some() && !self.no_time {
                        self.exchange = Some(Exchange::new(uuid::TIME, alloc::vec::Vec::new()));
                    } else {
                        self.clock_done();
                    }
                }
                Phase::Links if self.bits & feature::BOOT_LINKS != 0 => return Step::Read(uuid::BOOT_LINKS),
                Phase::Links => self.phase = Phase::Goal,
                Phase::Goal => {
                    self.phase = Phase::Introduce;
                    if let Some(steps) =
                        self.known.and_then(|known| known.goal_steps).filter(|_| self.bits & feature::GOAL != 0)
                    {
                        self.exchange = Some(Exchange::control(&Request::Goal { steps: Some(steps) }));
                    }
                }
                Phase::Introduce | Phase::Store | Phase::Rescue if !self.batch.is_empty() => {
                    let remaining = if matches!(self.phase, Phase::Introduce) {
                        None
                    } else {
                        Some(self.readable.saturating_sub(self.cursor))
                    };
                    return Step::Store(self.batch.take_delivery(remaining));
                }
                Phase::Introduce => self.phase = Phase::Read,
                Phase::Store => self.phase = Phase::Acknowledge,
                Phase::Rescue => self.phase = Phase::Over,
                Phase::Read => {
                    if let Some(step) = self.go_on_reading(now) {
                        return step;
                    }
                }
                Phase::Acknowledge => self.acknowledge(),
                Phase::Over => {}
            }
        }
    }

    /// What came of a step.
    pub(super) fn answered(&mut self, asked: &Step, event: Event<'_>, now: HostTime) {
        match (asked, event) {
            (Step::Await { .. }, Event::TimedOut) => self.waited_in_vain(),
            (Step::Write { .. }, Event::Done) => {
                if let Some(exchange) = &mut self.exchange {
                    exchange.until_ms = Some(now.mono_ms.saturating_add(self.settings.answer_ms.into()));
                }
            }
            (Step::Write { .. }, Event::Refused { .. })
                if self.exchange.as_ref().is_some_and(|exchange| exchange.to == uuid::TIME) =>
            {
                self.exchange = None;
                self.clock_done();
            }
            (Step::Subscribe(_), Event::Done) => {
                if let Phase::Subscribe(index) = &mut self.phase {
                    *index += 1;
                }
            }
            (Step::Subscribe(uuid::TIME), Event::Refused { .. }) => {
                self.no_time = true;
                self.phase = Phase::Feature;
            }
            (Step::Read(uuid::FEATURE), Event::Value(value)) => self.take_feature(value),
            (Step::Identify(_), Event::Known(known)) => {
                self.known = Some(known);
                self.phase = Phase::Hello;
            }
            (Step::Read(uuid::STATE), Event::Value(value)) => self.take_state(value),
            (Step::Read(uuid::BOOT_LINKS), Event::Value(value)) => self.take_links(value),
            (Step::Read(uuid::BOOT_LINKS), Event::Refused { .. }) => self.phase = Phase::Goal,
            (Step::Store(_), Event::Stored) => {
                self.phase = match self.phase {
                    Phase::Introduce => Phase::Read,
                    Phase::Rescue => Phase::Over,
                    _ => Phase::Acknowledge,
                }
            }
            (Step::Store(_), Event::NotStored) => {
                self.ending = Some(Outcome::Interrupted(Fault::NotStored));
                self.phase = Phase::Over;
            }
            (_, Event::TimedOut) => self.fail(Fault::Silent),
            (_, Event::Refused { .. }) => self.fail(Fault::Refused),
            _ => self.fail(Fault::BadAnswer),
        }
    }

    /// Ends the dialogue, after storing what was gathered.
    pub(super) fn fail(&mut self, fault: Fault) {
        if matches!(self.phase, Phase::Rescue | Phase::Over) {
            self.phase = Phase::Over;
            return;
        }
        self.ending = Some(Outcome::Interrupted(fault));
        (self.exchange, self.incoming) = (None, None);
        self.steps = 0;
        self.phase = Phase::Rescue;
    }

    /// Reading goes on, or what was read is stored.
    pub(super) fn after_transfer(&mut self) {
        let finished = self.cursor >= self.readable;
        if matches!(self.phase, Phase::Read)
            && (finished || self.batch.is_full(self.settings.batch_epochs, BATCH_BYTES))
        {
            self.phase = Phase::Store;
        }
    }

    fn go_on_with_exchange(&mut self, now: HostTime) -> Option<Step> {
        let zone_min = self.settings.zone_min;
        let accuracy_ms = self.anchor.map(|anchor| u16::try_from(anchor.accuracy_ms).unwrap_or(u16::MAX - 1));
        let exchange = self.exchange.as_mut()?;
        let Some(until_ms) = exchange.until_ms else {
            exchange.issued_ms = now.mono_ms;
            if exchange.to == uuid::TIME {
                let Some(utc_us) = now.utc_us else {
                    self.exchange = None;
                    self.clock_done();
                    return None;
                };
                self.token = self.token.wrapping_add(1);
                exchange.bytes = SetTime { token: self.token, utc_us, zone_min, accuracy_ms }.emit().to_vec();
            }
            return Some(Step::Write { to: exchange.to, bytes: exchange.bytes.clone() });
        };
        if let Some(waiting) = self.waiting.pop_front() {
            self.look_at(&waiting, now);
            return None;
        }
        let left = until_ms.saturating_sub(now.mono_ms);
        if left == 0 {
            self.waited_in_vain();
            return None;
        }
        Some(Step::Await { at_most_ms: u32::try_from(left).unwrap_or(u32::MAX) })
    }

    /// A notification, while an answer is awaited.
    fn look_at(&mut self, waiting: &Waiting, now: HostTime) {
        let Some(exchange) = &self.exchange else { return };
        match waiting.from {
            uuid::CONTROL if exchange.to == uuid::CONTROL => match Reply::parse(&waiting.bytes) {
                Ok(reply) if reply.operation == exchange.operation() => {
                    let asked = Request::parse(&exchange.bytes);
                    self.exchange = None;
                    match asked {
                        Ok(asked) => self.replied(&asked, reply, now),
                        Err(_) => self.fail(Fault::BadAnswer),
                    }
                }
                // The answer to something given up on.
                Ok(_) => {}
                Err(_) => self.fail(Fault::BadAnswer),
            },
            uuid::TIME if exchange.to == uuid::TIME => {
                if let Ok(reply) = SetTimeReply::parse(&waiting.bytes)
                    && reply.token == self.token
                    && let Ok(set) = SetTime::parse(&exchange.bytes)
                {
                    let round_trip_ms = waiting.at_ms.saturating_sub(exchange.issued_ms);
                    self.take_time(&set, &reply, round_trip_ms);
                }
            }
            // Frames may overtake the answer to READ.
            uuid::DATA => self.take_frame(&waiting.bytes, now),
            _ => {}
        }
    }

    fn replied(&mut self, asked: &Request, reply: Reply, now: HostTime) {
        match (asked, reply.status) {
            (Request::Hello { .. }, Status::Ok) => {
                self.acked = reply.value;
                self.phase = Phase::State;
            }
            (Request::Read { .. }, Status::Ok) => self.read_granted(reply.value, now),
            (Request::Abort { .. } | Request::Goal { .. }, _) => {}
            (Request::Ack { to, .. }, Status::Ok) => {
                self.ack_from = *to;
                self.batch.acknowledged();
                self.after_acknowledge();
            }
            (Request::Ack { to, .. }, Status::Overwritten) if reply.value > self.ack_from => {
                // The counter went round its memory meanwhile; what is left of it can be acknowledged.
                self.ack_from = reply.value.min(*to);
            }
            (Request::Ack { .. }, Status::Differs) => self.fail(Fault::Differs),
            (_, Status::NotAllowed | Status::StorageFault) => self.fail(Fault::Refused),
            _ => self.fail(Fault::BadAnswer),
        }
    }

    fn waited_in_vain(&mut self) {
        let Some(exchange) = &mut self.exchange else { return self.lost_frames() };
        if exchange.again() {
            return;
        }
        if exchange.to == uuid::TIME {
            self.exchange = None;
            self.clock_done();
        } else {
            self.fail(Fault::Silent);
        }
    }

    fn take_feature(&mut self, value: &[u8]) {
        match feature::version(value) {
            Ok((MAJOR, _)) => {}
            Ok(_) => {
                self.ending = Some(Outcome::Unsupported(Fault::Version));
                self.phase = Phase::Over;
                return;
            }
            Err(_) => return self.fail(Fault::BadAnswer),
        }
        let Ok(feature) = Feature::parse(value) else { return self.fail(Fault::BadAnswer) };
        self.bits = feature.bits;
        let epoch_s = feature.epochs.first().copied().unwrap_or(60);
        self.phase = Phase::Identify(Identity {
            device: feature.device,
            firmware: feature.firmware.to_string(),
            resolution: Resolution::Minute,
            memory_minutes: feature
                .capacity
                .map(|epochs| u32::try_from(u64::from(epochs) * u64::from(epoch_s) / 60).unwrap_or(u32::MAX)),
        });
    }

    fn take_state(&mut self, value: &[u8]) {
        let (Ok(state), Some(known)) = (State::parse(value), self.known) else { return self.fail(Fault::BadAnswer) };
        self.held = known.held_at.filter(|held| *held >= state.oldest);
        let unread = self.acked.min(known.stored_to).min(self.held.unwrap_or(u32::MAX));
        self.cursor = unread.max(state.oldest);
        self.ack_from = self.cursor;
        self.batch.unit(UnitKind::StepLogState, value);
        self.gap(state.boot, known.stored_to, state.oldest);
        self.phase = Phase::Time;
    }

    fn take_time(&mut self, set: &SetTime, reply: &SetTimeReply, round_trip_ms: u64) {
        let Some(known) = self.known else { return };
        self.exchange = None;
        self.tries += 1;
        let half_ms = round_trip_ms.div_ceil(2);
        let anchor = Anchor {
            boot: reply.boot,
            uptime_ms: reply.uptime_ms,
            utc_ms: set.utc_us.div_euclid(1000).saturating_add(i64::try_from(round_trip_ms / 2).unwrap_or(i64::MAX)),
            accuracy_ms: u32::try_from(half_ms).unwrap_or(u32::MAX),
            host: known.host,
        };
        if self.anchor.is_none_or(|best| anchor.accuracy_ms < best.accuracy_ms) {
            self.anchor = Some(anchor);
        }
        let good = self.anchor.is_some_and(|best| best.accuracy_ms <= GOOD_ACCURACY_MS);
        if good || self.tries >= CLOCK_TRIES {
            self.clock_done();
        }
    }

    fn clock_done(&mut self) {
        if let Some(anchor) = &self.anchor {
            self.batch.unit(UnitKind::StepLogAnchor, &emit_anchor_unit(anchor));
        }
        self.phase = Phase::Links;
    }

    fn take_links(&mut self, value: &[u8]) {
        let stored_to = self.known.map_or(0, |known| known.stored_to);
        for bytes in value.chunks_exact(BOOT_LINK_LEN) {
            // Of a link that lies before all stored epochs nothing new is learnt; one that is
            // damaged leaves its boot without a link, as if the battery had been out.
            if BootLinkEntry::parse(bytes).is_ok_and(|entry| entry.seq >= stored_to) {
                self.batch.unit(UnitKind::StepLogBootLink, bytes);
            }
        }
        self.phase = Phase::Goal;
    }

    fn acknowledge(&mut self) {
        let to = self.cursor.min(self.held.unwrap_or(u32::MAX));
        if to <= self.ack_from || self.batch.has_no_blocks() {
            self.batch.acknowledged();
            self.after_acknowledge();
            return;
        }
        let crc = self.batch.checksum(self.ack_from, to);
        self.exchange = Some(Exchange::control(&Request::Ack { from: self.ack_from, to, crc }));
    }

    fn after_acknowledge(&mut self) {
        self.phase = if self.cursor >= self.readable { Phase::Over } else { Phase::Read };
    }

    /// Makes numbers known that will never carry anything.
    pub(super) fn gap(&mut self, boot: u16, from: u32, to: u32) {
        let mut block = [0; 20];
        if to > from
            && let Ok(length) = emit_gap(boot, from, to - from, FLAG_FOUND_BY_HOST, &mut block)
        {
            self.batch.unit(UnitKind::StepLogBlock, block.get(..length).unwrap_or(&[]));
        }
    }

    /// Puts a block aside.
    pub(super) fn quarantine(&mut self, quarantined: Quarantined) {
        if let Some(seq) = quarantined.seq {
            self.held = Some(self.held.map_or(seq, |held| held.min(seq)));
        }
        self.batch.quarantine(quarantined);
    }
}
