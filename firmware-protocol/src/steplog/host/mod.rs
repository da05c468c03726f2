//! The host's side: the dialogue with one counter, from "who are you" to "all is kept".

mod batch;
mod dialogue;
mod exchange;
mod reassembly;
mod transfer;

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use crate::{
    Uuid,
    driver::{Driver, Event, Fault, HostTime, Known, Outcome, Step},
    reading::Anchor,
};
use batch::Batch;
use dialogue::Phase;
use exchange::Exchange;
use transfer::{Incoming, Suspect};

/// How the host speaks to counters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HostSettings {
    /// Frames asked for at once; as many have to fit the platform's queue of notifications. At
    /// least [`MIN_FRAMES`], so that one block always fits.
    pub max_frames_per_read: u16,
    /// Epochs asked for at once.
    pub max_epochs_per_read: u16,
    /// Epochs gathered before they are stored and acknowledged.
    pub batch_epochs: u32,
    /// Local time minus UTC, minutes, for counters that show a clock.
    pub zone_min: Option<i16>,
    /// Longest wait for an answer, milliseconds.
    pub answer_ms: u32,
    /// Longest wait for the first frame of a transfer, milliseconds; for the next ones it is `answer_ms`.
    pub first_frame_ms: u32,
}

/// Frames that the longest block takes on the smallest MTU.
pub const MIN_FRAMES: u16 = 10;

/// More bytes than this are not gathered before they are stored.
const BATCH_BYTES: usize = 64 * 1024;
/// Blocks that one dialogue brings in at most; a counter that never comes to an end is cut off.
const MAX_BLOCKS: u32 = 200_000;
/// Notifications that wait for their turn; more are dropped, which counts as lost frames.
const MAX_WAITING: usize = 64;
/// Steps between two deliveries; below `MAX_STEPS_WITHOUT_PROGRESS`, to leave room for the last store.
const MAX_STEPS: u32 = 15_000;

impl Default for HostSettings {
    fn default() -> Self {
        Self {
            max_frames_per_read: 12,
            max_epochs_per_read: 1440,
            batch_epochs: 1440,
            zone_min: None,
            answer_ms: 5_000,
            first_frame_ms: 10_000,
        }
    }
}

/// A notification that nobody has looked at yet.
#[derive(Debug)]
struct Waiting {
    from: Uuid,
    bytes: Vec<u8>,
    at_ms: u64,
}

/// The dialogue with a counter that offers the step-log service.
#[derive(Debug)]
pub struct StepLogDriver {
    settings: HostSettings,
    phase: Phase,
    /// The step that was given out and not answered yet.
    asked: Option<Step>,
    waiting: VecDeque<Waiting>,
    exchange: Option<Exchange>,
    known: Option<Known>,
    bits: u32,
    /// The counter would not tell its clock.
    no_time: bool,
    /// What the counter believes we have, at the start.
    acked: u32,
    anchor: Option<Anchor>,
    tries: u8,
    token: u8,
    /// Next number to read.
    cursor: u32,
    /// Where the next acknowledgement begins.
    ack_from: u32,
    /// Never acknowledge past this.
    held: Option<u32>,
    /// Up to here there is something to read, as the counter said last.
    readable: u32,
    /// Transfers lost since the last one that brought something.
    losses: u8,
    batch: Batch,
    incoming: Option<Incoming>,
    transfer: u8,
    blocks: u32,
    steps: u32,
    /// Bytes of a block that could not be read, to be compared with what comes the second time.
    suspect: Option<Suspect>,
    ending: Option<Outcome>,
}

impl StepLogDriver {
    /// Nothing said yet.
    pub fn new(settings: HostSettings) -> Self {
        let settings = HostSettings {
            max_frames_per_read: settings.max_frames_per_read.max(MIN_FRAMES),
            max_epochs_per_read: settings.max_epochs_per_read.max(1),
            ..settings
        };
        Self {
            settings,
            phase: Phase::Subscribe(0),
            asked: None,
            waiting: VecDeque::new(),
            exchange: None,
            known: None,
            bits: 0,
            no_time: false,
            acked: 0,
            anchor: None,
            tries: 0,
            token: 0,
            cursor: 0,
            ack_from: 0,
            held: None,
            readable: 0,
            losses: 0,
            batch: Batch::default(),
            incoming: None,
            transfer: 0,
            blocks: 0,
            steps: 0,
            suspect: None,
            ending: None,
        }
    }
}

impl Driver for StepLogDriver {
    fn next(&mut self, now: HostTime) -> Step {
        // Asked again without an answer: the same step again, which does no harm in this protocol.
        if let Some(asked) = &self.asked
            && !matches!(asked, Step::Await { .. })
        {
            self.steps += 1;
            if self.steps <= MAX_STEPS {
                return asked.clone();
            }
        }
        self.asked = None;
        if self.steps > MAX_STEPS {
            self.fail(Fault::LossyLink);
        }
        let step = self.proceed(now);
        match step {
            Step::Store(_) => self.steps = 0,
            _ => self.steps += 1,
        }
        if !matches!(step, Step::Finish(_)) {
            self.asked = Some(step.clone());
        }
        step
    }

    fn handle(&mut self, event: Event<'_>, now: HostTime) {
        if let Event::Notified { from, bytes } = event {
            if self.waiting.len() < MAX_WAITING {
                self.waiting.push_back(Waiting { from, bytes: bytes.to_vec(), at_ms: now.mono_ms });
            }
            if matches!(self.asked, Some(Step::Await { .. })) {
                self.asked = None;
            }
            return;
        }
        let Some(asked) = self.asked.take() else { return };
        self.answered(&asked, event, now);
    }
}
