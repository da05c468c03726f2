//! The sans-I/O dialogue: a [`Driver`] says what to do next, whoever runs it does that and says
//! what came of it. No radio, no clock, no sleeping in here.
//!
//! The runner's loop is: `match driver.next(now)` → do it, within the time given → `driver.handle(event, now)`.
//! A notification may be handled at any time; it answers [`Step::Await`] and no other step.
//! A driver never asks for more than `MAX_STEPS_WITHOUT_PROGRESS` steps without either storing something
//! or ending: no bytes from a counter can make a dialogue endless.

use alloc::{string::String, vec::Vec};

use crate::reading::{DeviceId, HostId, Reading};

pub use crate::Uuid;

/// The host's clocks at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HostTime {
    /// A clock that only goes forward, milliseconds from any start.
    pub mono_ms: u64,
    /// UTC in microseconds since the Unix epoch; `None` while the host does not trust its own
    /// clock, and then no counter's clock is set from it.
    pub utc_us: Option<i64>,
}

/// What the driver wants next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Switch notifications or indications of this characteristic on. → [`Event::Done`]
    Subscribe(Uuid),
    /// Switch them off again. → [`Event::Done`]
    Unsubscribe(Uuid),
    /// Read the characteristic. → [`Event::Value`]
    Read(Uuid),
    /// Write with response. → [`Event::Done`]
    Write {
        /// The characteristic.
        to: Uuid,
        /// What to write; never longer than the MTU allows.
        bytes: Vec<u8>,
    },
    /// Write without response: nobody says that it arrived. → [`Event::Done`]
    Send {
        /// The characteristic.
        to: Uuid,
        /// What to write; never longer than the MTU allows.
        bytes: Vec<u8>,
    },
    /// Tell the person what to do with the counter now; the dialogue goes on at once. → [`Event::Done`]
    Prompt(Prompt),
    /// Wait for a notification or indication, at most this long. → [`Event::Notified`] or [`Event::TimedOut`]
    Await {
        /// Milliseconds.
        at_most_ms: u32,
    },
    /// The counter has said who it is; tell what is known of it. → [`Event::Known`]
    Identify(Identity),
    /// Keep this durably. Only [`Event::Stored`] lets the driver acknowledge it to the counter. → [`Event::Stored`] or [`Event::NotStored`]
    Store(Delivery),
    /// The dialogue is over; disconnect.
    Finish(Outcome),
}

/// What the person is asked to do while a dialogue waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Prompt {
    /// Touch the counter, which vibrates or shows a question.
    Tap,
}

/// What came of a [`Step`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// Subscribed or written.
    Done,
    /// The value that was read.
    Value(&'a [u8]),
    /// A notification or indication arrived. It answers [`Step::Await`]; while another step is under way it may be
    /// handed over at once, and the step's own answer still has to come before [`Driver::next`] is called.
    Notified {
        /// The characteristic it came from.
        from: Uuid,
        /// Its bytes.
        bytes: &'a [u8],
    },
    /// The time given was over before the counter answered.
    TimedOut,
    /// The counter refused the read, write or subscription (an ATT error), or has no such characteristic
    /// ([`NO_SUCH_CHARACTERISTIC`]).
    Refused {
        /// The ATT error code, 0 when the platform does not say.
        code: u8,
    },
    /// What the host already has of this counter.
    Known(Known),
    /// The delivery is on disk, was read back, and is the same.
    Stored,
    /// The delivery could not be kept (a full disk): end without acknowledging.
    NotStored,
}

/// Who the counter says it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Its own identity.
    pub device: DeviceId,
    /// Firmware version as it states it.
    pub firmware: String,
    /// How finely it can tell.
    pub resolution: Resolution,
    /// How much it can hold before it overwrites, in minutes, when it says so.
    pub memory_minutes: Option<u32>,
}

/// How finely a counter can tell when steps were taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Resolution {
    /// M: minutes (or finer) with their own stamps.
    Minute,
    /// H: buckets longer than a minute.
    Coarse,
    /// C: a running counter only.
    Counter,
}

/// What the host knows when a dialogue begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// This host, as it names itself to counters.
    pub host: HostId,
    /// All epochs below this number that the counter still had are on disk here.
    pub stored_to: u32,
    /// The lowest number that arrived unreadable and was put aside: not to be acknowledged past.
    pub held_at: Option<u32>,
    /// The person's goal in steps a day, when the counter is to show one.
    pub goal_steps: Option<u32>,
    /// The running total that was stored last, of counters that have nothing else.
    pub last_total: Option<LastTotal>,
}

/// A running total as it was stored last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LastTotal {
    /// When it was read, seconds since the Unix epoch.
    pub utc_s: i64,
    /// The total.
    pub steps: u32,
}

/// Bytes to be kept, as the counter sent them, and what they mean.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Delivery {
    /// Units that decode.
    pub units: Vec<Unit>,
    /// Units that do not: kept aside with their bytes.
    pub quarantined: Vec<Quarantined>,
    /// How many epochs of backlog are still to come, when known; for progress only.
    pub remaining: Option<u32>,
}

/// The smallest thing that is kept: some bytes of one counter that [`crate::decode`] understands by themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unit {
    /// Which decoder.
    pub kind: UnitKind,
    /// The bytes as sent.
    pub bytes: Vec<u8>,
}

/// Which decoder reads a [`Unit`]. The number is stored on disk and never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum UnitKind {
    /// A step-log block as stored in the counter, header and body.
    StepLogBlock = 1,
    /// A clock anchor made by this host's own clock.
    StepLogAnchor = 2,
    /// A boot link reported by the counter.
    StepLogBootLink = 3,
    /// A step-log State characteristic value (battery, lost count).
    StepLogState = 4,
    /// The host's and the counter's clock beside each other, of counters that stamp with a clock of their own:
    /// [`crate::device::clock_reading`].
    ClockReading = 5,
    /// One byte of the Battery Level characteristic (2A19), or what a counter says in its place: percent.
    Battery = 6,
    /// Minutes of one Huami round: [`crate::device::huami`].
    HuamiMinutes = 7,
    /// A PebbleOS minute item: [`crate::device::pebble`].
    PebbleMinutes = 8,
    /// A Polar activity samples file: [`crate::device::polar`].
    PolarSamples = 9,
    /// A Bangle.js health record: [`crate::device::bangle`].
    BangleRecord = 10,
    /// A Colmi step record: [`crate::device::colmi`].
    ColmiRecord = 11,
    /// Two readings of a running total: [`crate::device::infinitime`].
    RunningTotal = 12,
    /// Cadences notified within one minute: [`crate::device::rsc`].
    CadenceMinute = 13,
    /// What is left of a unit of which a part was erased: [`crate::device::left_epochs`].
    LeftEpochs = 14,
}

impl UnitKind {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 14] = [
        Self::StepLogBlock,
        Self::StepLogAnchor,
        Self::StepLogBootLink,
        Self::StepLogState,
        Self::ClockReading,
        Self::Battery,
        Self::HuamiMinutes,
        Self::PebbleMinutes,
        Self::PolarSamples,
        Self::BangleRecord,
        Self::ColmiRecord,
        Self::RunningTotal,
        Self::CadenceMinute,
        Self::LeftEpochs,
    ];
}

/// Bytes that could not be read, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quarantined {
    /// The bytes as sent.
    pub bytes: Vec<u8>,
    /// Number of the first epoch concerned, when it can be told.
    pub seq: Option<u32>,
    /// What is wrong.
    pub reason: QuarantineReason,
}

/// Why bytes were put aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum QuarantineReason {
    /// The checksum of the bytes does not match.
    BadChecksum = 1,
    /// A version or type this program does not know.
    UnknownVersion = 2,
    /// Shorter than it says it is.
    Truncated = 3,
    /// A field outside what the format allows.
    BadField = 4,
    /// Other bytes for a number that is already on disk.
    Conflict = 5,
    /// Stamped at a time that cannot be: after now, or long before what the counter sent earlier.
    WrongTime = 6,
    /// The counter says that these are another counter's or another person's.
    NotOurs = 7,
}

/// How a dialogue ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Everything the counter had is stored.
    Complete,
    /// Something went wrong on the way; what was stored is stored. Try again later.
    Interrupted(Fault),
    /// This counter cannot be spoken to; trying again will not help.
    Unsupported(Fault),
}

/// What went wrong in a dialogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The counter did not answer in time.
    Silent,
    /// Frames kept getting lost.
    LossyLink,
    /// The counter refused a read, write or subscription.
    Refused,
    /// An answer that the specification does not allow.
    BadAnswer,
    /// The host could not keep what was sent.
    NotStored,
    /// Another major version of the protocol.
    Version,
    /// The counter holds other bytes than those that were stored; nothing was acknowledged.
    Differs,
    /// The counter does not accept the key: it was paired elsewhere, or the key is another counter's.
    WrongKey,
    /// A key is needed and there is none.
    NoKey,
    /// Nobody confirmed on the counter in time.
    NotConfirmed,
    /// The counter is not set up: its own app is missing, recording is off, or its first-use questions are unanswered.
    NotReady,
    /// The transfer never came to an end.
    NoEnd,
    /// The counter is busy with something else.
    Busy,
}

/// A dialogue with one counter.
pub trait Driver {
    /// What to do next. Called again only after [`Driver::handle`], except for [`Step::Finish`], which repeats.
    fn next(&mut self, now: HostTime) -> Step;
    /// What came of it.
    fn handle(&mut self, event: Event<'_>, now: HostTime);
}

/// More steps than this between two deliveries, or after the last one, end the dialogue.
pub const MAX_STEPS_WITHOUT_PROGRESS: u32 = 20_000;

/// The ATT error *attribute not found*: what a driver is told when a characteristic is not there.
pub const NO_SUCH_CHARACTERISTIC: u8 = 0x0A;

/// Whether a unit could be understood, and if not, what is wrong with it.
pub type DecodeResult = Result<(), QuarantineReason>;

/// A reading sink.
pub type Each<'a> = &'a mut dyn FnMut(Reading);
