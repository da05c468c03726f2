//! The bench that a counter is put on: a connection that is made anew when it breaks, requests with their answers,
//! transfers frame by frame. It believes nothing: what a frame or a reply means is for the clauses to say.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use firmware_protocol::{
    driver::Uuid,
    reading::HostId,
    steplog::{
        block::Block,
        control::{MAX_REQUEST_LEN, Reply, Request},
        feature::{self, Feature},
        time::{SetTime, SetTimeReply},
        uuid,
    },
};

use super::stream::{Log, Transfer};
use crate::{
    capture::dialogue::KIT_HOST,
    model::hex,
    radio::{Link, Radio, RadioError, Wanted},
    time::Clock,
};

/// Finding the counter and connecting together.
const CONNECT_WITHIN: Duration = Duration::from_secs(45);
/// One attribute operation.
const OPERATION_WITHIN: Duration = Duration::from_secs(30);
/// 13.6: an answer.
pub const ANSWER_WITHIN: Duration = Duration::from_secs(5);
/// 13.5: the first frame of a transfer.
const FIRST_FRAME_WITHIN: Duration = Duration::from_secs(10);
/// 13.5: a frame that is missing after the last one came.
pub const REORDER: Duration = Duration::from_millis(500);
/// As many frames as any platform queues (13.4).
pub const FRAMES: u16 = 12;
/// A transfer that lost frames is asked for this often.
const TRIES: u32 = 3;
/// Transfers that a counter's whole memory takes at most; a counter that never comes to an end is cut off.
const MOST_TRANSFERS: u32 = 20_000;

/// Why a clause was not passed.
#[derive(Debug)]
pub enum Problem {
    /// The counter does something else than it must.
    Fails(String),
    /// It cannot be tested from here, or not on this counter now.
    NotHere(String),
    /// The air failed.
    Radio(RadioError),
}

impl From<RadioError> for Problem {
    fn from(error: RadioError) -> Self {
        Self::Radio(error)
    }
}

/// What was seen where a clause was passed.
pub type Seen = Result<String, Problem>;

/// The counter fails the clause.
pub fn fails<T>(what: impl Into<String>) -> Result<T, Problem> {
    Err(Problem::Fails(what.into()))
}

/// The clause cannot be tested.
pub fn not_here<T>(what: impl Into<String>) -> Result<T, Problem> {
    Err(Problem::NotHere(what.into()))
}

/// See the module.
pub struct Bench<'a, R: Radio> {
    radio: &'a R,
    pub clock: &'a dyn Clock,
    wanted: Wanted,
    pub host: HostId,
    link: Option<R::Link>,
    /// What this connection's HELLO was answered with.
    pub greeted: Option<Reply>,
    waiting: VecDeque<(Uuid, Vec<u8>)>,
    transfer: u8,
    token: u8,
    log: Option<Arc<Log>>,
    /// The first answer to setting the clock.
    first_set: Option<SetTimeReply>,
}

impl<'a, R: Radio> Bench<'a, R> {
    /// For this counter; nothing is said yet.
    pub fn new(radio: &'a R, clock: &'a dyn Clock, wanted: Wanted) -> Self {
        Self {
            radio,
            clock,
            wanted,
            host: KIT_HOST,
            link: None,
            greeted: None,
            waiting: VecDeque::new(),
            transfer: 0,
            token: 0,
            log: None,
            first_set: None,
        }
    }

    /// A new connection, with all that notifies switched on, and no HELLO.
    pub async fn reconnect(&mut self) -> Result<(), Problem> {
        self.hang_up().await;
        self.link = Some(self.radio.connect(&self.wanted, CONNECT_WITHIN).await?);
        for notifies in [uuid::CONTROL, uuid::DATA, uuid::TIME] {
            match self.link().await?.subscribe(notifies, OPERATION_WITHIN).await {
                // Whether all of them are there is asked by a clause of its own.
                Ok(()) | Err(RadioError::Refused { .. } | RadioError::NoSuchCharacteristic(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Ends the connection.
    pub async fn hang_up(&mut self) {
        if let Some(link) = self.link.take() {
            link.disconnect(ANSWER_WITHIN).await;
        }
        self.greeted = None;
        self.waiting.clear();
    }

    /// The connection, made when there is none.
    pub async fn link(&mut self) -> Result<&mut R::Link, Problem> {
        if self.link.is_none() {
            Box::pin(self.reconnect()).await?;
        }
        self.link.as_mut().ok_or(Problem::Radio(RadioError::Lost))
    }

    /// The connection, with HELLO said.
    pub async fn hello(&mut self) -> Result<Reply, Problem> {
        if self.link.is_none() {
            self.reconnect().await?;
        }
        if let Some(reply) = self.greeted {
            return Ok(reply);
        }
        let host = self.host;
        let reply = self.ask(&Request::Hello { host }).await?;
        self.greeted = Some(reply);
        Ok(reply)
    }

    /// Lets pass what is still in the air.
    pub async fn settle(&mut self) -> Result<(), Problem> {
        self.waiting.clear();
        while let Some(link) = &mut self.link
            && link.notified(Duration::from_millis(50)).await?.is_some()
        {}
        Ok(())
    }

    /// Reads a characteristic.
    pub async fn read(&mut self, from: Uuid) -> Result<Vec<u8>, Problem> {
        Ok(self.link().await?.read(from, OPERATION_WITHIN).await?)
    }

    /// Subscribes.
    pub async fn subscribe(&mut self, to: Uuid) -> Result<(), Problem> {
        Ok(self.link().await?.subscribe(to, OPERATION_WITHIN).await?)
    }

    /// Writes; the ATT error code when it is refused.
    pub async fn write(&mut self, to: Uuid, bytes: &[u8]) -> Result<Option<u8>, Problem> {
        match self.link().await?.write(to, bytes, OPERATION_WITHIN).await {
            Ok(()) => Ok(None),
            Err(RadioError::Refused { code }) => Ok(Some(code)),
            Err(error) => Err(error.into()),
        }
    }

    /// The next notification of this characteristic; others wait for their turn.
    pub async fn notified(&mut self, from: Uuid, within: Duration) -> Result<Option<Vec<u8>>, Problem> {
        if let Some(at) = self.waiting.iter().position(|(of, _)| *of == from) {
            return Ok(self.waiting.remove(at).map(|(_, bytes)| bytes));
        }
        let until = self.clock.monotonic() + within;
        loop {
            let left = until.saturating_sub(self.clock.monotonic());
            match self.link().await?.notified(left).await? {
                Some((of, bytes)) if of == from => return Ok(Some(bytes)),
                Some(other) => self.waiting.push_back(other),
                None => return Ok(None),
            }
        }
    }

    /// A request and its answer.
    pub async fn ask(&mut self, request: &Request) -> Result<Reply, Problem> {
        let mut bytes = [0; MAX_REQUEST_LEN];
        let length = request.emit(&mut bytes).unwrap_or(0);
        self.ask_bytes(bytes.get(..length).unwrap_or(&[])).await
    }

    /// The same with bytes that need not be a request.
    pub async fn ask_bytes(&mut self, bytes: &[u8]) -> Result<Reply, Problem> {
        if let Some(code) = self.write(uuid::CONTROL, bytes).await? {
            return fails(format!("the control point refused {} with ATT error {code:#04x}", hex(bytes)));
        }
        self.reply_to(bytes).await
    }

    /// The answer to a request that was written.
    pub async fn reply_to(&mut self, bytes: &[u8]) -> Result<Reply, Problem> {
        let Some(answer) = self.notified(uuid::CONTROL, ANSWER_WITHIN).await? else {
            return fails(format!("no answer to {} within 5 s", hex(bytes)));
        };
        match Reply::parse(&answer) {
            Ok(reply) if Some(&reply.operation) == bytes.first() => Ok(reply),
            Ok(reply) => fails(format!("{} was answered as operation {:#04x}", hex(bytes), reply.operation)),
            Err(_) => fails(format!("the answer {} to {} is not one", hex(&answer), hex(bytes))),
        }
    }

    /// A new name for a transfer.
    pub fn new_transfer(&mut self) -> u8 {
        self.transfer = self.transfer.wrapping_add(1);
        self.transfer
    }

    /// READ, and what comes of it until the last frame or silence.
    pub async fn transfer(&mut self, from: u32, max_epochs: u16, max_frames: u16) -> Result<Transfer, Problem> {
        self.hello().await?;
        self.waiting.clear();
        let id = self.new_transfer();
        let reply = self.ask(&Request::Read { from, max_epochs, max_frames, transfer: id }).await?;
        let mut transfer = Transfer { id, reply, frames: Vec::new() };
        let mut within = FIRST_FRAME_WITHIN;
        while !transfer.ended() && transfer.frames.len() < usize::from(u16::MAX) {
            let Some(frame) = self.notified(uuid::DATA, within).await? else { break };
            if frame.first() == Some(&id) {
                transfer.frames.push(frame);
            }
            within = ANSWER_WITHIN;
        }
        Ok(transfer)
    }

    /// The same, asked for again when frames got lost on the way.
    pub async fn whole_transfer(&mut self, from: u32, max_epochs: u16, max_frames: u16) -> Result<Transfer, Problem> {
        let mut transfer = self.transfer(from, max_epochs, max_frames).await?;
        for _ in 1..TRIES {
            if transfer.is_whole() {
                break;
            }
            transfer = self.transfer(from, max_epochs, max_frames).await?;
        }
        Ok(transfer)
    }

    /// Everything the counter holds, read once.
    pub async fn log(&mut self) -> Result<Arc<Log>, Problem> {
        if let Some(log) = &self.log {
            return Ok(Arc::clone(log));
        }
        let began = self.clock.monotonic();
        let mut log = Log { blocks: Vec::new(), readable: 0, transfers: Vec::new(), took: Duration::ZERO };
        let mut from = 0;
        for _ in 0..MOST_TRANSFERS {
            let transfer = self.whole_transfer(from, 1440, FRAMES).await?;
            log.readable = transfer.reply.value;
            let stream = transfer.stream();
            // A block says itself where it ends; the end record is for what lies after the last one.
            let ends =
                stream.blocks.iter().filter_map(|(_, bytes)| Block::parse(bytes).ok()).map(|block| block.end_seq());
            let next = ends.max().or(stream.end).unwrap_or(from);
            log.blocks.extend(stream.blocks);
            log.transfers.push(transfer);
            if next <= from || next >= log.readable {
                break;
            }
            from = next;
        }
        log.took = self.clock.monotonic().saturating_sub(began);
        if log.blocks.is_empty() {
            return not_here("no minute came out of the counter");
        }
        let log = Arc::new(log);
        self.log = Some(Arc::clone(&log));
        Ok(log)
    }

    /// Sets the counter's clock, when this computer believes its own; what was written, the answer, and how long it took.
    pub async fn set_time(&mut self) -> Result<(SetTime, SetTimeReply, Duration), Problem> {
        if !self.clock.synchronised() {
            return not_here("this computer does not believe its own clock, so it sets no other (7.7)");
        }
        self.hello().await?;
        self.token = self.token.wrapping_add(1);
        let set = SetTime {
            token: self.token,
            utc_us: self.clock.utc().timestamp_micros(),
            zone_min: None,
            accuracy_ms: None,
        };
        let began = self.clock.monotonic();
        if let Some(code) = self.write(uuid::TIME, &set.emit()).await? {
            return fails(format!("setting the clock was refused with ATT error {code:#04x}"));
        }
        let Some(answer) = self.notified(uuid::TIME, ANSWER_WITHIN).await? else {
            return fails("setting the clock was not answered within 5 s");
        };
        let took = self.clock.monotonic().saturating_sub(began);
        match SetTimeReply::parse(&answer) {
            Ok(reply) => {
                self.first_set.get_or_insert(reply);
                Ok((set, reply, took))
            }
            Err(_) => fails(format!("the answer {} is none to setting the clock", hex(&answer))),
        }
    }

    /// By how much the first setting moved the clock; none when it was unset, or never set here.
    pub fn first_moved_ms(&self) -> Option<i32> {
        self.first_set.and_then(|reply| reply.step_ms)
    }

    /// The feature bits, when the Feature value can be read.
    pub async fn feature_bits(&mut self) -> Result<u32, Problem> {
        let value = self.read(uuid::FEATURE).await?;
        match Feature::parse(&value) {
            Ok(feature) => Ok(feature.bits),
            Err(_) => not_here("the Feature value cannot be read"),
        }
    }

    /// Whether a feature bit is set.
    pub async fn has(&mut self, bit: u32) -> Result<bool, Problem> {
        debug_assert!([feature::BOOT_LINKS, feature::DETAILS, feature::GOAL, feature::LIVE].contains(&bit));
        Ok(self.feature_bits().await? & bit != 0)
    }
}

/// A refusal as it should be; a platform that does not tell the code is believed.
pub fn refused_with(got: Option<u8>, want: u8, what: &str) -> Result<(), Problem> {
    match got {
        Some(code) if code == want || code == 0 => Ok(()),
        Some(code) => fails(format!("{what} was refused with ATT error {code:#04x} instead of {want:#04x}")),
        None => fails(format!("{what} was accepted; ATT error {want:#04x} is due")),
    }
}
