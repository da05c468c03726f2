//! One virtual air, and Bluetooth LE controllers on it. A host, be it a kernel or a peripheral's
//! firmware, speaks HCI with its controller, in H4 framing over any stream of bytes.
//!
//! In outline a Bluetooth 4.2 controller: legacy advertising, active and passive scanning, accept list,
//! connections in both roles, data length, connection update, encryption. No packet is lost, and one
//! counts as delivered only when the other host has room for it, so flow control works end to end.

mod commands;
mod connection;
mod core;
mod discovery;
mod hci;
mod link;

use std::{
    collections::BTreeMap,
    num::NonZeroU8,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, DuplexStream},
    sync::{mpsc, oneshot},
    task::JoinHandle,
    time::{Instant, sleep_until},
};

use self::{
    core::{ControllerId, Core, Input},
    hci::Deframer,
};

/// How fast data cross the air, in each direction of a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// As fast as the hosts can.
    Unlimited,
    /// So many data packets in each connection interval.
    PerInterval(NonZeroU8),
}

impl Default for Pace {
    /// Six packets, like a good radio.
    fn default() -> Self {
        Self::PerInterval(NonZeroU8::new(6).expect("six is not zero"))
    }
}

/// The air. Clones are the same air; it ends with the last of them, and every controller on it.
#[derive(Debug, Clone)]
pub struct Air {
    messages: mpsc::Sender<Message>,
    attached: Arc<AtomicU32>,
    _task: Arc<Task>,
}

/// A controller on the air, seen by a test: it makes the radio misbehave.
///
/// Whatever these do is in force when they return. They do nothing once the air or the controller's
/// host is gone.
#[derive(Debug, Clone)]
pub struct Controller {
    messages: mpsc::Sender<Message>,
    id: ControllerId,
}

/// A controller with the stream on which its host speaks HCI in H4 framing.
#[derive(Debug)]
pub struct Attached {
    /// For the host. Dropping it takes the controller off the air, without a farewell to its peers.
    pub stream: DuplexStream,
    /// For the test.
    pub controller: Controller,
}

impl Air {
    /// A new air, silent; needs a tokio runtime.
    #[must_use]
    pub fn new(pace: Pace) -> Self {
        // When it is full, hosts wait with what they send.
        let (messages, inbox) = mpsc::channel(256);
        let task = tokio::spawn(run(Core::new(Instant::now(), pace), inbox));
        Self { messages, attached: Arc::default(), _task: Arc::new(Task(task)) }
    }

    /// A new controller for a host in this process. Its public address is 00:1B:DC:00:01:xx.
    pub async fn attach(&self) -> Attached {
        let (stream, ours) = tokio::io::duplex(4096);
        let controller = self.attach_stream(ours, None).await;
        Attached { stream, controller }
    }

    /// A new controller for the host at the other end of `stream`, with the public address
    /// `public` (lowest byte first, as in HCI) or the next free one.
    pub async fn attach_stream<S>(&self, stream: S, public: Option<[u8; 6]>) -> Controller
    where
        S: AsyncRead + AsyncWrite + Send + 'static,
    {
        let number = self.attached.fetch_add(1, Ordering::Relaxed);
        let id = ControllerId(number);
        let [low, ..] = number.to_le_bytes();
        let public = public.unwrap_or([low, 1, 0, 0xDC, 0x1B, 0x00]);
        let (reader, mut writer) = tokio::io::split(stream);
        // The air gives the next bytes only when the last are written.
        let (outbox, mut to_write) = mpsc::channel::<Vec<u8>>(1);
        let controller = Controller { messages: self.messages.clone(), id };
        controller.tell(Input::Joined { public }, Some(outbox)).await;

        let messages = self.messages.clone();
        tokio::spawn(async move {
            while let Some(bytes) = to_write.recv().await {
                let written = writer.write_all(&bytes).await;
                if written.is_err() || messages.send(Message::of(id, Input::Written)).await.is_err() {
                    break;
                }
            }
        });
        tokio::spawn(listen(reader, id, self.messages.clone()));
        controller
    }
}

impl Controller {
    /// Neither hears nor is heard for `duration`. Links longer silent than their supervision timeout
    /// end with reason 0x08 at both hosts.
    pub async fn out_of_range(&self, duration: Duration) {
        self.tell(Input::OutOfRange(duration), None).await;
    }

    /// The next `count` connections to this advertiser fail to be established: they begin, and end
    /// after six intervals with reason 0x3E.
    pub async fn refuse(&self, count: u32) {
        self.tell(Input::Refuse(count), None).await;
    }

    /// Every link of this controller ends now, with reason 0x08 at both hosts.
    pub async fn drop_links(&self) {
        self.tell(Input::DropLinks, None).await;
    }

    /// How strongly others hear it from now on, in dBm; -60 at first.
    pub async fn rssi(&self, dbm: i8) {
        self.tell(Input::Rssi(dbm), None).await;
    }

    /// What the host was to hear is lost, as are its links, and the controller is as new.
    pub(crate) async fn unplug(&self) {
        self.tell(Input::Unplugged, None).await;
    }

    async fn tell(&self, input: Input, outbox: Option<mpsc::Sender<Vec<u8>>>) {
        let (done, when_done) = oneshot::channel();
        let message = Message { id: self.id, input, outbox, done: Some(done) };
        if self.messages.send(message).await.is_ok() {
            // An error means that the air has ended, and there is nothing left to be done.
            when_done.await.unwrap_or_default();
        }
    }
}

#[derive(Debug)]
struct Message {
    id: ControllerId,
    input: Input,
    /// Where what the host is to hear goes, told once with `Joined`.
    outbox: Option<mpsc::Sender<Vec<u8>>>,
    done: Option<oneshot::Sender<()>>,
}

impl Message {
    fn of(id: ControllerId, input: Input) -> Self {
        Self { id, input, outbox: None, done: None }
    }
}

#[derive(Debug)]
struct Task(JoinHandle<()>);

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn run(mut core: Core, mut inbox: mpsc::Receiver<Message>) {
    let mut outboxes: BTreeMap<ControllerId, mpsc::Sender<Vec<u8>>> = BTreeMap::new();
    loop {
        let deadline = core.deadline();
        tokio::select! {
            message = inbox.recv() => {
                let Some(Message { id, input, outbox, done }) = message else { return };
                if let Some(outbox) = outbox {
                    outboxes.insert(id, outbox);
                }
                if matches!(input, Input::Left) {
                    outboxes.remove(&id);
                }
                core.handle(Instant::now(), id, input);
                if let Some(done) = done {
                    // Whoever asked may have stopped waiting.
                    done.send(()).unwrap_or_default();
                }
            }
            () = sleep_until(deadline.unwrap_or_else(Instant::now)), if deadline.is_some() => {
                core.expire(Instant::now());
            }
        }
        for (id, outbox) in &outboxes {
            if let Some(bytes) = core.take_outbox(*id) {
                // There is room for it, for the last were written; or the host is gone, and `Left` follows.
                outbox.try_send(bytes).unwrap_or_default();
            }
        }
    }
}

/// Passes on what a host sends, until it closes its stream or sends what is no HCI.
async fn listen(mut reader: impl AsyncRead + Unpin, id: ControllerId, messages: mpsc::Sender<Message>) {
    let mut deframer = Deframer::default();
    let mut bytes = [0; 4096];
    'open: loop {
        let count = reader.read(&mut bytes).await.unwrap_or(0);
        let Some(read @ [_, ..]) = bytes.get(..count) else { break };
        deframer.push(read);
        loop {
            match deframer.next() {
                Ok(Some(packet)) => {
                    if messages.send(Message::of(id, Input::Sent(packet))).await.is_err() {
                        return;
                    }
                }
                Ok(None) => break,
                Err(_) => break 'open,
            }
        }
    }
    messages.send(Message::of(id, Input::Left)).await.unwrap_or_default();
}
