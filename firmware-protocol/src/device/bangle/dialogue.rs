//! Who is it, what time has it, every block since what is stored; clock and zone at the end.

use alloc::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    string::String,
    vec::Vec,
};

use super::{
    FROM_WATCH, KIND, TO_WATCH,
    command::{CLEAR, Command},
    fetch::Last,
    lines::Lines,
    message::{About, BLOCK_S, Message, says_app_is_missing},
};
use crate::{
    device::{Setup, clock_reading::ClockReading},
    driver::{
        Delivery, Driver, Event, Fault, HostTime, Identity, NO_SUCH_CHARACTERISTIC, Outcome, Step, Unit, UnitKind,
    },
    reading::DeviceId,
};

/// What fits into a write at the smallest MTU.
const WRITE_LEN: usize = 20;
/// The console answers within a second or two even while it draws.
const ANSWER_MS: u64 = 5_000;
/// The watch reads a month's file at once before it sends on.
pub(super) const SILENCE_MS: u64 = 10_000;
/// Questions before a watch is given up.
const TRIES: u8 = 3;
/// Blocks that are stored at once: five days.
const BATCH: usize = 720;
/// Lines with a block in one dialogue: three passes over 400 days.
const MOST_RECORDS: u32 = 200_000;
/// Lines put aside in one dialogue.
const MOST_QUARANTINED: u32 = 5_000;
/// Steps between two deliveries; below `MAX_STEPS_WITHOUT_PROGRESS`, to leave room for the last store.
const MOST_STEPS: u32 = 15_000;
/// A clock that is nearer than this is not set: each step may end a block early.
const GOOD_CLOCK_MS: u64 = 1_000;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    Subscribe,
    /// Asked who it is, until this moment.
    About {
        until_ms: u64,
    },
    Identify(Identity),
    /// Storing clock and battery.
    Introduce,
    /// Blocks come, until this moment at the latest.
    Fetch {
        until_ms: u64,
    },
    /// Storing what is gathered; then on with this.
    Store {
        then: After,
    },
    /// Writing clock and zone.
    SetClock,
    Over(Outcome),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum After {
    Fetch,
    SetClock,
    End(Outcome),
}

/// Which step waits for its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    /// None, or one whose answer says nothing.
    Nothing,
    Subscribe,
    Write,
    Identify,
    Store,
}

/// What an answer said about the watch's clock.
#[derive(Clone, Copy, Debug)]
struct Clock {
    error_ms: u64,
    accuracy_ms: u64,
    offset_min: i64,
}

/// See the module.
#[derive(Debug)]
pub struct BangleDriver {
    setup: Setup,
    pub(super) phase: Phase,
    pub(super) lines: Lines,
    /// Pieces to be written.
    out: VecDeque<Vec<u8>>,
    /// Until when the watch may ask for silence.
    paused_until_ms: Option<u64>,
    asked_ms: u64,
    tries: u8,
    heard: bool,
    clock: Option<Clock>,
    /// Blocks that a zone moved: after the first, up to the second, ms.
    pub(super) moved: Option<(i64, i64)>,
    /// Number of the first block that is not stored.
    pub(super) stored_to: u32,
    pub(super) known_any: bool,
    pub(super) pass: u8,
    pub(super) last: Last,
    /// Something in this pass was broken, or came before what it should come after.
    pub(super) disorder: bool,
    pub(super) counted: u32,
    records: u32,
    pub(super) put_aside: u32,
    /// Blocks taken in this dialogue, with a checksum of their lines.
    pub(super) seen: BTreeMap<u32, u32>,
    /// Checksums of lines that were put aside.
    pub(super) refused: BTreeSet<u32>,
    pub(super) waiting: Vec<(u32, u32, Vec<u8>)>,
    /// Blocks of this pass that do not follow the one before them.
    pub(super) doubtful: Vec<(u32, u32, Vec<u8>)>,
    /// Checksum of all lines of this pass, and of the one before.
    pub(super) lines_of_pass: u32,
    pub(super) pass_before: u32,
    /// Checksum of the first block of this pass, and of the one before.
    pub(super) first: Option<u32>,
    pub(super) first_before: Option<u32>,
    pub(super) delivery: Delivery,
    steps: u32,
    asked: Asked,
}

impl BangleDriver {
    /// Nothing said yet.
    pub fn new(setup: Setup) -> Self {
        Self {
            setup,
            phase: Phase::Subscribe,
            lines: Lines::default(),
            out: VecDeque::new(),
            paused_until_ms: None,
            asked_ms: 0,
            tries: 0,
            heard: false,
            clock: None,
            moved: None,
            stored_to: 0,
            known_any: false,
            pass: 0,
            last: Last::Nothing,
            disorder: false,
            counted: 0,
            records: 0,
            put_aside: 0,
            seen: BTreeMap::new(),
            refused: BTreeSet::new(),
            waiting: Vec::new(),
            doubtful: Vec::new(),
            lines_of_pass: 0,
            pass_before: 0,
            first: None,
            first_before: None,
            delivery: Delivery::default(),
            steps: 0,
            asked: Asked::Nothing,
        }
    }

    pub(super) fn say(&mut self, bytes: &[u8]) {
        self.out.extend(bytes.chunks(WRITE_LEN).map(<[u8]>::to_vec));
    }

    fn ask_about(&mut self, now: HostTime) {
        self.tries += 1;
        // Somebody may have left half a line.
        self.say(&[CLEAR]);
        self.say(&Command::About.emit());
        self.phase = Phase::About { until_ms: now.mono_ms.saturating_add(ANSWER_MS) };
    }

    /// Ends the dialogue, after storing what was gathered.
    pub(super) fn fail(&mut self, fault: Fault) {
        let outcome = Outcome::Interrupted(fault);
        self.out.clear();
        self.steps = 0;
        self.phase = match &self.phase {
            Phase::Fetch { .. } => Phase::Store { then: After::End(outcome) },
            Phase::Store { then: After::End(first) } => Phase::Over(*first),
            _ => Phase::Over(outcome),
        };
    }

    fn look_at(&mut self, line: &[u8], now: HostTime) {
        self.heard = true;
        if says_app_is_missing(line) {
            self.fail(Fault::NotReady);
            return;
        }
        let message = Message::parse(line);
        if let Some(Message::Status { battery, .. }) = message {
            self.take_battery(battery);
            return;
        }
        match (&self.phase, message) {
            (Phase::About { .. }, Some(Message::About(about))) => self.take_about(&about, now),
            (Phase::Fetch { .. }, Some(Message::Record(record))) => {
                self.records += 1;
                match record.epoch() {
                    Ok(epoch) => {
                        // A notification that came twice.
                        let again = self.last == Last::Block(epoch.seq);
                        self.counted = self.counted.saturating_add(u32::from(!again));
                        self.take_block(epoch.seq, record.end_ms, line, now);
                    }
                    Err(error) => {
                        self.counted = self.counted.saturating_add(1);
                        self.put_aside(line, error.into());
                    }
                }
            }
            (Phase::Fetch { .. }, Some(Message::FetchEnd { count })) => self.pass_is_over(count, now),
            // Half a line, or one that lost its middle.
            (Phase::Fetch { .. }, None) if line.starts_with(b"{") || line.ends_with(b"}") => {
                self.take_broken(line);
            }
            _ => {}
        }
        if self.records > MOST_RECORDS || self.put_aside > MOST_QUARANTINED {
            self.fail(Fault::NoEnd);
        }
    }

    fn take_battery(&mut self, percent: i64) {
        let known = self.delivery.units.iter().any(|unit| unit.kind == UnitKind::Battery);
        if let Ok(percent @ 0..=100) = u8::try_from(percent)
            && !known
        {
            self.delivery.units.push(Unit { kind: UnitKind::Battery, bytes: [percent].to_vec() });
        }
    }

    fn take_about(&mut self, about: &About<'_>, now: HostTime) {
        if about.serial.is_empty() {
            return self.fail(Fault::BadAnswer);
        }
        self.moved = about.moved;
        if let Some(percent) = about.battery {
            self.take_battery(percent);
        }
        if let Some(utc_us) = now.utc_us {
            let round_trip_ms = now.mono_ms.saturating_sub(self.asked_ms);
            let half_ms = i64::try_from(round_trip_ms / 2).unwrap_or(i64::MAX);
            let host_utc_ms = utc_us.div_euclid(1000).saturating_sub(half_ms);
            let accuracy_ms = round_trip_ms.div_ceil(2);
            let reading = ClockReading {
                host_utc_ms,
                claimed_utc_ms: about.now_ms,
                accuracy_ms: u16::try_from(accuracy_ms).unwrap_or(u16::MAX),
            };
            self.delivery.units.push(Unit { kind: UnitKind::ClockReading, bytes: reading.emit().to_vec() });
            let error_ms = host_utc_ms.abs_diff(about.now_ms);
            self.clock = Some(Clock { error_ms, accuracy_ms, offset_min: about.offset_min });
        }
        self.phase = Phase::Identify(Identity {
            device: DeviceId::from_serial(KIND.name, about.serial),
            firmware: String::from_utf8_lossy(about.firmware).into_owned(),
            resolution: KIND.resolution,
            memory_minutes: None,
        });
    }

    fn set_clock(&mut self, now: HostTime) {
        self.phase = Phase::SetClock;
        let (Some(utc_us), Some(clock)) = (now.utc_us, self.clock) else { return };
        let offset_min = self.setup.offset_min;
        let moved = clock.offset_min != i64::from(offset_min);
        if !moved && clock.error_ms <= GOOD_CLOCK_MS.max(clock.accuracy_ms) {
            return;
        }
        // The nearest second; the way there takes a few hundredths.
        self.say(&Command::SetTime { unix_s: (utc_us + 500_000).div_euclid(1_000_000), offset_min }.emit());
        if moved {
            let set_ms = utc_us.div_euclid(1000);
            let west_min = clock.offset_min.saturating_sub(offset_min.into()).clamp(0, 48 * 60);
            self.say(&Command::KeepZone { offset_min, set_ms, moved_to_ms: set_ms + west_min * 60_000 }.emit());
        }
    }

    /// A piece to be written, or the wait that the watch asked for.
    fn write(&mut self, now: HostTime) -> Option<Step> {
        if self.out.is_empty() {
            return None;
        }
        if self.lines.paused {
            let until_ms = *self.paused_until_ms.get_or_insert(now.mono_ms.saturating_add(SILENCE_MS));
            let left = until_ms.saturating_sub(now.mono_ms);
            if left == 0 {
                self.fail(Fault::Silent);
                return None;
            }
            return Some(Step::Await { at_most_ms: u32::try_from(left).unwrap_or(u32::MAX) });
        }
        self.paused_until_ms = None;
        let bytes = self.out.pop_front()?;
        self.asked_ms = now.mono_ms;
        Some(Step::Write { to: TO_WATCH, bytes })
    }

    fn ran_out_of_time(&mut self, now: HostTime) {
        match self.phase {
            Phase::About { .. } if self.tries < TRIES => self.ask_about(now),
            // It speaks, but does not evaluate: its console is switched off.
            Phase::About { .. } if self.heard => self.fail(Fault::NotReady),
            Phase::Fetch { .. } if self.counted > 0 => self.fail(Fault::LossyLink),
            _ => self.fail(Fault::Silent),
        }
    }

    /// The next step, or `None` when a phase came to its end without one.
    fn proceed(&mut self, now: HostTime) -> Option<Step> {
        if matches!(self.phase, Phase::About { .. } | Phase::Fetch { .. }) {
            while let Some(line) = self.lines.pop() {
                self.look_at(&line, now);
                if let Phase::Fetch { until_ms } = &mut self.phase {
                    *until_ms = now.mono_ms.saturating_add(SILENCE_MS);
                    if self.delivery.units.len() + self.delivery.quarantined.len() >= BATCH {
                        self.phase = Phase::Store { then: After::Fetch };
                    }
                }
                if !matches!(self.phase, Phase::About { .. } | Phase::Fetch { .. }) {
                    return None;
                }
            }
        }
        if let Some(step) = self.write(now) {
            return Some(step);
        }
        match &self.phase {
            Phase::Subscribe => Some(Step::Subscribe(FROM_WATCH)),
            Phase::About { until_ms } | Phase::Fetch { until_ms } => {
                let left = until_ms.saturating_sub(now.mono_ms);
                if left == 0 {
                    self.ran_out_of_time(now);
                    return None;
                }
                Some(Step::Await { at_most_ms: u32::try_from(left).unwrap_or(u32::MAX) })
            }
            Phase::Identify(identity) => Some(Step::Identify(identity.clone())),
            Phase::Introduce | Phase::Store { .. } if self.is_gathered() => {
                Some(Step::Store(core::mem::take(&mut self.delivery)))
            }
            Phase::Introduce | Phase::Store { .. } => {
                self.stored(now);
                None
            }
            Phase::SetClock => {
                self.phase = Phase::Over(Outcome::Complete);
                None
            }
            Phase::Over(outcome) => Some(Step::Finish(*outcome)),
        }
    }

    fn is_gathered(&self) -> bool {
        !self.delivery.units.is_empty() || !self.delivery.quarantined.is_empty()
    }

    fn stored(&mut self, now: HostTime) {
        match self.phase {
            Phase::Introduce => self.ask_blocks(now),
            Phase::Store { then: After::Fetch } => {
                self.phase = Phase::Fetch { until_ms: now.mono_ms.saturating_add(SILENCE_MS) };
            }
            Phase::Store { then: After::SetClock } => self.set_clock(now),
            Phase::Store { then: After::End(outcome) } => self.phase = Phase::Over(outcome),
            _ => self.fail(Fault::BadAnswer),
        }
    }
}

impl Driver for BangleDriver {
    fn next(&mut self, now: HostTime) -> Step {
        self.steps += 1;
        if self.steps > MOST_STEPS {
            self.fail(Fault::NoEnd);
        }
        let step = loop {
            if let Some(step) = self.proceed(now) {
                break step;
            }
        };
        if matches!(step, Step::Store(_)) {
            self.steps = 0;
        }
        self.asked = match step {
            Step::Subscribe(_) => Asked::Subscribe,
            Step::Write { .. } => Asked::Write,
            Step::Identify(_) => Asked::Identify,
            Step::Store(_) => Asked::Store,
            _ => Asked::Nothing,
        };
        step
    }

    fn handle(&mut self, event: Event<'_>, now: HostTime) {
        if let Event::Notified { from, bytes } = event {
            if from == FROM_WATCH {
                self.lines.take(bytes);
            }
            return;
        }
        match (core::mem::replace(&mut self.asked, Asked::Nothing), event) {
            (Asked::Nothing, _) | (Asked::Write, Event::Done) => {}
            (Asked::Subscribe, Event::Done) => self.ask_about(now),
            (Asked::Subscribe, Event::Refused { code: NO_SUCH_CHARACTERISTIC }) => {
                self.phase = Phase::Over(Outcome::Unsupported(Fault::Refused));
            }
            (Asked::Identify, Event::Known(known)) => {
                let blocks = now.utc_us.and_then(|utc_us| u32::try_from(utc_us.div_euclid(1_000_000 * BLOCK_S)).ok());
                match blocks {
                    // Whether stamps are safe cannot be told without a clock of one's own.
                    None => self.phase = Phase::Over(Outcome::Complete),
                    Some(now_block) => {
                        // What lies in the future was stored by a wrong clock and must not hide what comes.
                        self.stored_to = known.stored_to.min(now_block);
                        self.known_any = known.stored_to != 0;
                        self.phase = Phase::Introduce;
                    }
                }
            }
            (Asked::Store, Event::Stored) => self.stored(now),
            (Asked::Store, Event::NotStored) => {
                self.phase = Phase::Over(Outcome::Interrupted(Fault::NotStored));
            }
            (_, Event::TimedOut) => self.fail(Fault::Silent),
            (_, Event::Refused { .. }) => self.fail(Fault::Refused),
            _ => self.fail(Fault::BadAnswer),
        }
    }
}
