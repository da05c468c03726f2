//! The host's side: prove the key, see who it is and what its clock says, set the clock, bring in round after round.
//!
//! Read, store, verify, leave: nothing is acknowledged, because older bands drop what is acknowledged, and what is
//! not can be fetched again.

use alloc::{
    boxed::Box,
    collections::VecDeque,
    string::{String, ToString},
    vec::Vec,
};

use super::{
    FAMILY, Model,
    auth::{Dialect, Request},
    hearing::QUIET_MS,
    history::{History, Next, put_aside},
    layout::{AUTH, BATTERY, BEGIN, BandTime, CLOCK, CONTROL, ClockValue, DATA, FIRMWARE, SERIAL, SETTINGS, zone_of},
    round::{End, Round},
    sample::SampleSize,
    status::{Battery, emit_goal},
};
use crate::{
    Uuid,
    device::{Key, Purpose, Setup, clock_reading::ClockReading},
    driver::{
        Delivery, Driver, Event, Fault, HostTime, Identity, Known, Outcome, Prompt, Resolution, Step, Unit, UnitKind,
    },
    reading::DeviceId,
};

/// The person has this long to tap the band, milliseconds.
const TAP_MS: u32 = 30_000;
/// Steps between two deliveries, with room for the last store.
const MAX_STEPS: u32 = 15_000;
/// Notifications that wait for their turn; more are dropped, which counts as lost packets.
const MAX_WAITING: usize = 512;

/// How far the dialogue has come.
#[derive(Clone, Debug)]
pub enum Phase {
    /// Listening for answers about the key.
    SubscribeAuth,
    /// Giving the band its key.
    SendKey,
    /// Telling the person to tap.
    PromptTap,
    /// Waiting for the tap.
    AwaitTap,
    /// Asking for something to encrypt.
    AskChallenge,
    /// Waiting for it.
    AwaitChallenge,
    /// Sending it back, encrypted.
    AnswerChallenge([u8; 16]),
    /// Waiting for the band's opinion.
    AwaitVerdict,
    /// The key is right. Who is it?
    Serial,
    /// With which firmware?
    Firmware,
    /// Asking the host what it knows of it.
    Identify(Box<Identity>),
    /// Reading its clock.
    Clock,
    /// Reading its battery.
    Battery,
    /// Storing both, before the clock is changed.
    Introduce,
    /// Setting its clock.
    SetTime,
    /// Telling the goal.
    Goal,
    /// A clean start of a round: no packets of the one before.
    Unsubscribe,
    /// Listening for what the band says about rounds.
    SubscribeControl,
    /// Saying from when on.
    Request,
    /// Waiting for the band's own start and number.
    AwaitStart,
    /// Listening for packets.
    SubscribeData,
    /// Letting it send.
    Begin,
    /// Taking packets.
    Receive,
    /// Storing what a long round brought so far.
    StorePiece,
    /// Storing what a round brought.
    StoreRound,
    /// Storing what was gathered before the fault.
    Rescue,
    /// Over.
    Over,
}

/// What the band may notify.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Listens {
    /// Answers about the key.
    Auth,
    /// And what it says about rounds.
    Control,
    /// And packets.
    Packets,
}

/// The dialogue with a band.
#[derive(Debug)]
pub struct HuamiDriver {
    dialect: Dialect,
    gives_key: bool,
    pub(super) key: Option<Key>,
    zone: i8,
    peer: String,
    pub(super) expected: Option<SampleSize>,
    pub(super) phase: Phase,
    /// The step that was given out and not answered yet, and when.
    asked: Option<(Step, HostTime)>,
    waiting: VecDeque<(Uuid, Vec<u8>)>,
    /// The end of the present wait.
    pub(super) until_ms: Option<u64>,
    serial: Vec<u8>,
    known: Option<Known>,
    pub(super) history: Option<History>,
    pub(super) round: Option<Round>,
    /// This minute, since 1970.
    pub(super) now: i64,
    listens: Listens,
    /// The band takes commands there, not requests.
    commands: bool,
    pub(super) delivery: Delivery,
    pub(super) steps: u32,
    ending: Option<Outcome>,
}

impl HuamiDriver {
    /// Nothing said yet. Without a model the announced number of minutes has to tell how long samples are.
    pub fn new(setup: Setup, dialect: Dialect, model: Option<Model>) -> Self {
        Self {
            dialect,
            gives_key: setup.purpose == Purpose::Pair && dialect.crypt == 0,
            key: setup.key,
            zone: zone_of(setup.offset_min),
            peer: setup.peer,
            expected: model.map(Model::sample_size),
            phase: Phase::SubscribeAuth,
            asked: None,
            waiting: VecDeque::new(),
            until_ms: None,
            serial: Vec::new(),
            known: None,
            history: None,
            round: None,
            now: 0,
            listens: Listens::Auth,
            commands: false,
            delivery: Delivery::default(),
            steps: 0,
            ending: None,
        }
    }

    fn proceed(&mut self, now: HostTime) -> Step {
        if let Some(utc_us) = now.utc_us {
            self.now = utc_us.div_euclid(60_000_000);
        }
        loop {
            let auth = |request: Request| Step::Send { to: AUTH, bytes: request.emit(self.dialect) };
            match &self.phase {
                Phase::SubscribeAuth if self.key.is_none() => self.end(Outcome::Unsupported(Fault::NoKey)),
                Phase::SubscribeAuth => return Step::Subscribe(AUTH),
                Phase::SendKey => match self.key {
                    Some(key) => return auth(Request::SendKey(key)),
                    None => self.end(Outcome::Unsupported(Fault::NoKey)),
                },
                Phase::PromptTap => return Step::Prompt(Prompt::Tap),
                Phase::AskChallenge => return auth(Request::AskChallenge),
                Phase::AnswerChallenge(block) => return auth(Request::AnswerChallenge(*block)),
                Phase::AwaitTap | Phase::AwaitChallenge | Phase::AwaitVerdict | Phase::AwaitStart | Phase::Receive => {
                    if let Some(step) = self.wait(now) {
                        return step;
                    }
                }
                Phase::Serial => return Step::Read(SERIAL),
                Phase::Firmware => return Step::Read(FIRMWARE),
                Phase::Identify(identity) => return Step::Identify((**identity).clone()),
                Phase::Clock => return Step::Read(CLOCK),
                Phase::Battery => return Step::Read(BATTERY),
                Phase::Introduce | Phase::StorePiece | Phase::StoreRound | Phase::Rescue
                    if !self.delivery.units.is_empty() || !self.delivery.quarantined.is_empty() =>
                {
                    return Step::Store(core::mem::take(&mut self.delivery));
                }
                Phase::Introduce | Phase::StorePiece | Phase::StoreRound | Phase::Rescue => self.stored(now),
                Phase::SetTime => match now.utc_us {
                    Some(utc_us) => {
                        // To the nearest second.
                        let time = BandTime::at(utc_us.saturating_add(500_000).div_euclid(1_000_000), self.zone);
                        return Step::Write { to: CLOCK, bytes: ClockValue::emit(time).to_vec() };
                    }
                    None => self.go(Phase::Goal),
                },
                Phase::Goal => {
                    let goal = self.known.and_then(|known| known.goal_steps).and_then(|goal| u16::try_from(goal).ok());
                    match goal {
                        Some(steps) => return Step::Write { to: SETTINGS, bytes: emit_goal(steps).to_vec() },
                        None => self.plan(now),
                    }
                }
                Phase::Unsubscribe if self.listens == Listens::Packets => return Step::Unsubscribe(DATA),
                Phase::Unsubscribe => self.go(Phase::SubscribeControl),
                Phase::SubscribeControl if self.listens == Listens::Control => self.go(Phase::Request),
                Phase::SubscribeControl => return Step::Subscribe(CONTROL),
                Phase::Request => match &self.history {
                    Some(history) => return self.control(history.request().to_vec()),
                    None => self.end(Outcome::Complete),
                },
                Phase::SubscribeData => return Step::Subscribe(DATA),
                Phase::Begin => return self.control(Vec::from([BEGIN])),
                Phase::Over => return Step::Finish(self.ending.unwrap_or(Outcome::Complete)),
            }
        }
    }

    fn answered(&mut self, asked: &Step, at: HostTime, event: Event<'_>, now: HostTime) {
        match (asked, event) {
            // The wait is over, whatever the clock says.
            (Step::Await { .. }, Event::TimedOut) => self.until_ms = Some(now.mono_ms),
            (Step::Subscribe(AUTH), Event::Done) => {
                self.go(if self.gives_key { Phase::SendKey } else { Phase::AskChallenge });
            }
            (Step::Send { to: AUTH, .. }, Event::Done) => match self.phase {
                Phase::SendKey => self.go(Phase::PromptTap),
                Phase::AskChallenge => self.go(Phase::AwaitChallenge),
                _ => self.go(Phase::AwaitVerdict),
            },
            (Step::Prompt(_), _) => self.go(Phase::AwaitTap),
            (Step::Read(SERIAL), Event::Value(value)) => {
                self.serial = value.to_vec();
                self.go(Phase::Firmware);
            }
            (Step::Read(SERIAL), Event::Refused { .. }) => self.go(Phase::Firmware),
            (Step::Read(FIRMWARE), Event::Value(value)) => self.identify(value),
            (Step::Read(FIRMWARE), Event::Refused { .. }) => self.identify(&[]),
            (Step::Identify(_), Event::Known(known)) => {
                self.known = Some(known);
                self.go(Phase::Clock);
            }
            (Step::Read(CLOCK), Event::Value(value)) => {
                self.take_clock(value, at, now);
                self.go(Phase::Battery);
            }
            (Step::Read(CLOCK), Event::Refused { .. }) => self.go(Phase::Battery),
            (Step::Read(BATTERY), Event::Value(value)) => {
                match Battery::parse(value) {
                    Ok(battery) => self.unit(UnitKind::Battery, Vec::from([battery.percent])),
                    Err(error) => put_aside(value.to_vec(), error.into(), &mut self.delivery),
                }
                self.go(Phase::Introduce);
            }
            (Step::Read(BATTERY), Event::Refused { .. }) => self.go(Phase::Introduce),
            (Step::Write { to: CLOCK, .. }, Event::Done | Event::Refused { .. }) => self.go(Phase::Goal),
            (Step::Write { to: SETTINGS, .. }, Event::Done | Event::Refused { .. }) => self.plan(now),
            (Step::Unsubscribe(_), Event::Done | Event::Refused { .. }) => {
                self.listens = Listens::Control;
                self.go(Phase::SubscribeControl);
            }
            (Step::Subscribe(CONTROL), Event::Done) => {
                self.listens = Listens::Control;
                self.go(Phase::Request);
            }
            (Step::Subscribe(DATA), Event::Done) => {
                self.listens = Listens::Packets;
                self.go(Phase::Begin);
            }
            (Step::Write { to: CONTROL, .. } | Step::Send { to: CONTROL, .. }, Event::Done) => {
                self.go(if matches!(self.phase, Phase::Begin) { Phase::Receive } else { Phase::AwaitStart });
            }
            // Some firmware takes only commands here, some only requests.
            (Step::Write { to: CONTROL, .. }, Event::Refused { .. }) if !self.commands => self.commands = true,
            (Step::Store(_), Event::Stored) => self.stored(now),
            (Step::Store(_), Event::NotStored) => self.end(Outcome::Interrupted(Fault::NotStored)),
            (_, Event::TimedOut) => self.fail(Fault::Silent),
            (_, Event::Refused { .. }) => self.fail(Fault::Refused),
            _ => self.fail(Fault::BadAnswer),
        }
    }

    /// The next notification, or a wait for one; none when something changed.
    fn wait(&mut self, now: HostTime) -> Option<Step> {
        let at_most_ms = if matches!(self.phase, Phase::AwaitTap) { TAP_MS } else { QUIET_MS };
        let until_ms = *self.until_ms.get_or_insert(now.mono_ms.saturating_add(at_most_ms.into()));
        if let Some((from, bytes)) = self.waiting.pop_front() {
            self.heard(from, &bytes, now);
            return None;
        }
        match u32::try_from(until_ms.saturating_sub(now.mono_ms)).unwrap_or(u32::MAX) {
            0 => {
                self.fail(if matches!(self.phase, Phase::AwaitTap) { Fault::NotConfirmed } else { Fault::Silent });
                None
            }
            at_most_ms => Some(Step::Await { at_most_ms }),
        }
    }

    /// A delivery is kept, or there was nothing to keep.
    fn stored(&mut self, now: HostTime) {
        match self.phase {
            Phase::Introduce => self.go(Phase::SetTime),
            Phase::StorePiece => {
                self.go(Phase::Receive);
                self.until_ms = Some(now.mono_ms.saturating_add(QUIET_MS.into()));
            }
            Phase::StoreRound => {
                let next = self.history.as_mut().map_or(Next::Over, |history| history.go_on(self.now));
                self.follow(next);
            }
            _ => self.go(Phase::Over),
        }
    }

    pub(super) fn follow(&mut self, next: Next) {
        match next {
            Next::Over => self.end(Outcome::Complete),
            Next::Ask | Next::Receive => self.go(Phase::Unsubscribe),
            Next::Fail(fault) => self.fail(fault),
        }
    }

    /// Whether there is anything to fetch. Without a clock of our own nothing tells whether the band's stamps can be
    /// believed, so they stay on it.
    fn plan(&mut self, now: HostTime) {
        let stored_to = self.known.map_or(0, |known| known.stored_to);
        self.history = now.utc_us.and_then(|_| History::begin(stored_to, self.now, self.zone));
        self.go(Phase::Unsubscribe);
    }

    fn identify(&mut self, firmware: &[u8]) {
        let serial = core::mem::take(&mut self.serial);
        let told = serial.iter().any(|byte| !matches!(*byte, 0 | b' '));
        let identity = if told { serial.as_slice() } else { self.peer.as_bytes() };
        if identity.is_empty() {
            return self.fail(Fault::BadAnswer);
        }
        let identity = Identity {
            device: DeviceId::from_serial(FAMILY, identity),
            firmware: String::from_utf8_lossy(firmware).trim_matches(['\0', ' ']).to_string(),
            resolution: Resolution::Minute,
            memory_minutes: None,
        };
        self.go(Phase::Identify(Box::new(identity)));
    }

    fn take_clock(&mut self, value: &[u8], asked: HostTime, now: HostTime) {
        let clock = match ClockValue::parse(value) {
            Ok(clock) => clock,
            Err(error) => return put_aside(value.to_vec(), error.into(), &mut self.delivery),
        };
        let (Some(before_us), Some(after_us)) = (asked.utc_us, now.utc_us) else { return };
        let claimed = BandTime { wall: clock.wall, zone: clock.zone.unwrap_or(self.zone) };
        let half_ms = now.mono_ms.saturating_sub(asked.mono_ms).div_ceil(2);
        let reading = ClockReading {
            host_utc_ms: (before_us / 2).saturating_add(after_us / 2).div_euclid(1_000),
            // It tells whole seconds: the moment is in the middle of one, give or take half.
            claimed_utc_ms: claimed.utc_s().saturating_mul(1_000).saturating_add(500),
            accuracy_ms: u16::try_from(half_ms.saturating_add(500)).unwrap_or(u16::MAX),
        };
        self.unit(UnitKind::ClockReading, reading.emit().to_vec());
    }

    fn unit(&mut self, kind: UnitKind, bytes: Vec<u8>) {
        self.delivery.units.push(Unit { kind, bytes });
    }

    fn control(&self, bytes: Vec<u8>) -> Step {
        if self.commands { Step::Send { to: CONTROL, bytes } } else { Step::Write { to: CONTROL, bytes } }
    }

    pub(super) fn go(&mut self, phase: Phase) {
        self.phase = phase;
        self.until_ms = None;
    }

    pub(super) fn end(&mut self, outcome: Outcome) {
        self.ending = Some(outcome);
        self.go(Phase::Over);
    }

    /// Ends the dialogue, after storing what was gathered.
    pub(super) fn fail(&mut self, fault: Fault) {
        if matches!(self.phase, Phase::Rescue | Phase::Over) {
            return self.go(Phase::Over);
        }
        self.ending = Some(Outcome::Interrupted(fault));
        if let (Some(round), Some(history)) = (self.round.take(), &mut self.history) {
            history.end_round(round.end(End::Open), self.now, &mut self.delivery);
        }
        self.steps = 0;
        self.go(Phase::Rescue);
    }
}

impl Driver for HuamiDriver {
    fn next(&mut self, now: HostTime) -> Step {
        // Asked again without an answer: the same step again.
        if let Some((step, _)) = &self.asked
            && !matches!(step, Step::Await { .. })
        {
            self.steps += 1;
            if self.steps <= MAX_STEPS {
                return step.clone();
            }
        }
        self.asked = None;
        if self.steps > MAX_STEPS {
            self.fail(Fault::NoEnd);
        }
        let step = self.proceed(now);
        match step {
            Step::Store(_) => self.steps = 0,
            _ => self.steps += 1,
        }
        if !matches!(step, Step::Finish(_)) {
            self.asked = Some((step.clone(), now));
        }
        step
    }

    fn handle(&mut self, event: Event<'_>, now: HostTime) {
        if let Event::Notified { from, bytes } = event {
            if self.waiting.len() < MAX_WAITING {
                self.waiting.push_back((from, bytes.to_vec()));
            }
            if matches!(self.asked, Some((Step::Await { .. }, _))) {
                self.asked = None;
            }
            return;
        }
        let Some((asked, at)) = self.asked.take() else { return };
        self.answered(&asked, at, event, now);
    }
}
