//! What controllers do to each other, without time and sockets of its own: the time is passed in, and
//! what hosts are to hear waits in outboxes. A connection is one `Link` with two ends.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    time::Duration,
};

use tokio::time::Instant;

use super::{
    Pace, commands,
    hci::{self, Address, Packet, Parameters, Status, event},
};

/// A host that lets more bytes than this wait gets no more data until it has read them.
const OUTBOX_LIMIT: usize = 8192;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ControllerId(pub(super) u32);

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct LinkId(u32);

/// What happens to a controller.
#[derive(Debug)]
pub(super) enum Input {
    Joined {
        public: [u8; 6],
    },
    Left,
    Sent(Packet),
    /// The host has been handed all that `take_outbox` gave.
    Written,
    OutOfRange(Duration),
    Refuse(u32),
    DropLinks,
    Rssi(i8),
}

/// What is to happen later.
#[derive(Debug, Clone, Copy)]
pub(super) enum Later {
    Advertise(ControllerId, u64),
    Flush(LinkId, Side),
    Drop(LinkId, Status),
    /// The end of a link if one of its controllers is still out of range then.
    Supervise(LinkId),
    Close(LinkId, Side, Status),
    Return(ControllerId),
}

pub(super) struct Core {
    pub(super) now: Instant,
    pub(super) random: fastrand::Rng,
    pub(super) controllers: BTreeMap<ControllerId, Controller>,
    pub(super) links: BTreeMap<LinkId, Link>,
    pace: Pace,
    timers: BTreeMap<(Instant, u64), Later>,
    number: u64,
}

#[derive(Debug, Default)]
pub(super) struct Controller {
    pub(super) public: [u8; 6],
    pub(super) random: [u8; 6],
    pub(super) handles: BTreeMap<u16, (LinkId, Side)>,
    pub(super) next_handle: u16,
    pub(super) advertising: Advertising,
    pub(super) scanning: Scanning,
    pub(super) accept: BTreeSet<Address>,
    pub(super) initiating: Option<Initiating>,
    pub(super) suggested_length: [u8; 4],
    /// Out of range as many times over.
    pub(super) away: u32,
    pub(super) refuse: u32,
    pub(super) rssi: i8,
    outbox: Vec<u8>,
    writing: bool,
}

#[derive(Debug, Default)]
pub(super) struct Advertising {
    /// Which advertising the timer belongs to; an older timer does nothing.
    pub(super) generation: u64,
    pub(super) on: bool,
    /// In units of 625 µs.
    pub(super) interval: u16,
    pub(super) kind: u8,
    pub(super) own: u8,
    pub(super) target: Option<Address>,
    pub(super) data: Vec<u8>,
    pub(super) response: Vec<u8>,
}

#[derive(Debug, Default)]
pub(super) struct Scanning {
    pub(super) on: bool,
    pub(super) active: bool,
    pub(super) whom: Whom,
    pub(super) no_duplicates: bool,
    pub(super) seen: BTreeSet<(Address, u8)>,
}

/// Whose advertisements reach the host.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) enum Whom {
    #[default]
    Everybody,
    /// Those on the accept list.
    Accepted,
}

/// A central looks for a peripheral.
#[derive(Debug, Clone, Copy)]
pub(super) struct Initiating {
    /// Nobody in particular: whoever is on the accept list.
    pub(super) peer: Option<Address>,
    pub(super) own: u8,
    pub(super) timing: Timing,
}

/// Interval in 1.25 ms, latency in intervals, supervision timeout in 10 ms.
#[derive(Debug, Clone, Copy)]
pub(super) struct Timing {
    pub(super) interval: u16,
    pub(super) latency: u16,
    pub(super) timeout: u16,
}

impl Timing {
    pub(super) fn interval(self) -> Duration {
        Duration::from_micros(1250) * u32::from(self.interval)
    }

    pub(super) fn timeout(self) -> Duration {
        Duration::from_millis(10) * u32::from(self.timeout)
    }

    pub(super) fn bytes(self) -> Vec<u8> {
        [self.interval, self.latency, self.timeout].map(u16::to_le_bytes).concat()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Side {
    Central,
    Peripheral,
}

impl Side {
    pub(super) const BOTH: [Self; 2] = [Self::Central, Self::Peripheral];

    pub(super) fn other(self) -> Self {
        match self {
            Self::Central => Self::Peripheral,
            Self::Peripheral => Self::Central,
        }
    }
}

#[derive(Debug)]
pub(super) struct Link {
    pub(super) central: End,
    pub(super) peripheral: End,
    pub(super) timing: Timing,
    pub(super) encrypted: bool,
    /// The key with which the central wants to encrypt, while the peripheral looks for its own.
    pub(super) wanted_key: Option<[u8; 16]>,
}

#[derive(Debug)]
pub(super) struct End {
    pub(super) controller: ControllerId,
    pub(super) handle: u16,
    /// The host of this end has not been told that the link is gone.
    pub(super) open: bool,
    /// Data on their way to the other end.
    queue: VecDeque<(u8, Vec<u8>)>,
    /// A timer will go on with the queue.
    timed: bool,
}

impl End {
    pub(super) fn new(controller: ControllerId, handle: u16) -> Self {
        Self { controller, handle, open: true, queue: VecDeque::new(), timed: false }
    }
}

impl Link {
    pub(super) fn end(&self, side: Side) -> &End {
        match side {
            Side::Central => &self.central,
            Side::Peripheral => &self.peripheral,
        }
    }

    fn end_mut(&mut self, side: Side) -> &mut End {
        match side {
            Side::Central => &mut self.central,
            Side::Peripheral => &mut self.peripheral,
        }
    }
}

impl Core {
    pub(super) fn new(now: Instant, pace: Pace) -> Self {
        Self {
            now,
            // Always the same, so that a run can be repeated; nobody's secrets depend on it.
            random: fastrand::Rng::with_seed(0x0B12_15C0),
            controllers: BTreeMap::new(),
            links: BTreeMap::new(),
            pace,
            timers: BTreeMap::new(),
            number: 0,
        }
    }

    pub(super) fn handle(&mut self, now: Instant, id: ControllerId, input: Input) {
        self.now = now;
        if let Input::Joined { public } = input {
            self.controllers.insert(id, Controller { public, rssi: -60, next_handle: 0x40, ..Controller::default() });
            self.clear(id);
            return;
        }
        let Some(controller) = self.controllers.get_mut(&id) else { return };
        match input {
            Input::Joined { .. } => {}
            Input::Left => {
                self.vanish(id);
                self.controllers.remove(&id);
            }
            Input::Sent(Packet::Command { opcode, parameters }) => {
                commands::run(self, id, opcode, &mut Parameters(&parameters));
            }
            Input::Sent(Packet::Acl { handle, boundary, data }) => {
                if let Some((link, side)) = controller.handles.get(&handle).copied() {
                    // "First, not flushable" of a host arrives as "first" at the other.
                    self.enqueue(link, side, if boundary == 0 { 2 } else { boundary }, data);
                }
            }
            Input::Written => {
                controller.writing = false;
                self.flush_all(id);
            }
            Input::OutOfRange(duration) => {
                controller.away += 1;
                for (link, _) in self.links_of(id) {
                    let timeout = self.links.get(&link).map_or(Duration::ZERO, |link| link.timing.timeout());
                    self.later(timeout, Later::Supervise(link));
                }
                self.later(duration, Later::Return(id));
            }
            Input::Refuse(count) => controller.refuse = count,
            Input::DropLinks => {
                for (link, _) in self.links_of(id) {
                    self.drop_link(link, Status::TIMEOUT);
                }
            }
            Input::Rssi(rssi) => controller.rssi = rssi,
        }
    }

    /// When `expire` is to be called, unless something else happens before.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.timers.keys().next().map(|(at, _)| *at)
    }

    pub(super) fn expire(&mut self, now: Instant) {
        self.now = now;
        while let Some(entry) = self.timers.first_entry() {
            if entry.key().0 > now {
                return;
            }
            match entry.remove() {
                Later::Advertise(id, generation) => self.advertising_event(id, generation),
                Later::Flush(link, side) => {
                    if let Some(link) = self.links.get_mut(&link) {
                        link.end_mut(side).timed = false;
                    }
                    self.flush(link, side);
                }
                Later::Drop(link, status) => self.drop_link(link, status),
                Later::Supervise(link) => {
                    if self.is_silent(link) {
                        self.drop_link(link, Status::TIMEOUT);
                    }
                }
                Later::Close(link, side, status) => self.close(link, side, status),
                Later::Return(id) => {
                    if let Some(controller) = self.controllers.get_mut(&id) {
                        controller.away = controller.away.saturating_sub(1);
                    }
                    self.flush_all(id);
                }
            }
        }
    }

    /// What the host is to hear, if it has taken in all that it was given before.
    pub(super) fn take_outbox(&mut self, id: ControllerId) -> Option<Vec<u8>> {
        let controller = self.controllers.get_mut(&id)?;
        if controller.writing || controller.outbox.is_empty() {
            return None;
        }
        controller.writing = true;
        Some(std::mem::take(&mut controller.outbox))
    }

    pub(super) fn later(&mut self, delay: Duration, what: Later) {
        self.number += 1;
        self.timers.insert((self.now + delay, self.number), what);
    }

    pub(super) fn say(&mut self, id: ControllerId, code: u8, parameters: &[&[u8]]) {
        if let Some(controller) = self.controllers.get_mut(&id) {
            controller.outbox.extend(hci::event(code, parameters));
        }
    }

    /// Says it before all that the host has been told since `mark` bytes waited for it.
    pub(super) fn say_before(&mut self, id: ControllerId, mark: usize, code: u8, parameters: &[&[u8]]) {
        if let Some(controller) = self.controllers.get_mut(&id) {
            controller.outbox.splice(mark..mark, hci::event(code, parameters));
        }
    }

    pub(super) fn outbox_mark(&self, id: ControllerId) -> usize {
        self.controllers.get(&id).map_or(0, |controller| controller.outbox.len())
    }

    /// As after switching on, but for the links.
    pub(super) fn clear(&mut self, id: ControllerId) {
        let Some(controller) = self.controllers.get_mut(&id) else { return };
        let generation = controller.advertising.generation + 1;
        controller.advertising = Advertising { generation, interval: 0x800, ..Advertising::default() };
        controller.scanning = Scanning::default();
        controller.accept.clear();
        controller.initiating = None;
        controller.suggested_length = [27, 0, 0x48, 0x01];
    }

    /// The controller goes silent for good on its links: this end forgets them, the other times out.
    pub(super) fn vanish(&mut self, id: ControllerId) {
        for (link, side) in self.links_of(id) {
            let Some(state) = self.links.get_mut(&link) else { continue };
            state.end_mut(side).open = false;
            let timeout = state.timing.timeout();
            self.later(timeout, Later::Drop(link, Status::TIMEOUT));
        }
        if let Some(controller) = self.controllers.get_mut(&id) {
            controller.handles.clear();
        }
    }

    pub(super) fn add_link(&mut self, link: Link) -> LinkId {
        self.number += 1;
        let id = LinkId(u32::try_from(self.number).unwrap_or(u32::MAX));
        for side in Side::BOTH {
            let end = link.end(side);
            if let Some(controller) = self.controllers.get_mut(&end.controller) {
                controller.handles.insert(end.handle, (id, side));
            }
        }
        self.links.insert(id, link);
        id
    }

    /// Tells the hosts of both ends that the link is gone.
    pub(super) fn drop_link(&mut self, link: LinkId, reason: Status) {
        for side in Side::BOTH {
            self.close(link, side, reason);
        }
    }

    /// Tells the host of one end that the link is gone.
    pub(super) fn close(&mut self, link: LinkId, side: Side, reason: Status) {
        let Some(state) = self.links.get_mut(&link) else { return };
        let end = state.end_mut(side);
        let (was_open, handle, id) = (end.open, end.handle, end.controller);
        end.open = false;
        end.queue.clear();
        if !state.central.open && !state.peripheral.open {
            self.links.remove(&link);
        }
        if was_open {
            if let Some(controller) = self.controllers.get_mut(&id) {
                controller.handles.remove(&handle);
            }
            self.say(id, event::DISCONNECTED, &[&[0], &handle.to_le_bytes(), &[reason.0]]);
        }
    }

    /// One of the link's controllers does not hear, or is gone.
    pub(super) fn is_silent(&self, link: LinkId) -> bool {
        self.links.get(&link).is_some_and(|link| {
            Side::BOTH.iter().any(|side| {
                let end = link.end(*side);
                !end.open || self.controllers.get(&end.controller).is_none_or(|controller| controller.away > 0)
            })
        })
    }

    fn links_of(&self, id: ControllerId) -> Vec<(LinkId, Side)> {
        self.controllers.get(&id).map_or_else(Vec::new, |controller| controller.handles.values().copied().collect())
    }

    fn enqueue(&mut self, link: LinkId, side: Side, boundary: u8, data: Vec<u8>) {
        if let Some(state) = self.links.get_mut(&link) {
            state.end_mut(side).queue.push_back((boundary, data));
            self.flush(link, side);
        }
    }

    /// Goes on in both directions of every link of a controller that hears again.
    fn flush_all(&mut self, id: ControllerId) {
        for (link, _) in self.links_of(id) {
            for side in Side::BOTH {
                self.flush(link, side);
            }
        }
    }

    /// Delivers what one connection event holds, if both radios hear and the receiving host has room.
    fn flush(&mut self, link: LinkId, side: Side) {
        if self.is_silent(link) {
            return;
        }
        let Some(state) = self.links.get_mut(&link) else { return };
        let (to, to_handle) = (state.end(side.other()).controller, state.end(side.other()).handle);
        let interval = state.timing.interval();
        let from = state.end_mut(side);
        let Some(receiver) = self.controllers.get_mut(&to) else { return };
        if from.timed || from.queue.is_empty() || receiver.outbox.len() > OUTBOX_LIMIT {
            return;
        }
        let count = match self.pace {
            Pace::Unlimited => from.queue.len(),
            Pace::PerInterval(packets) => from.queue.len().min(usize::from(packets.get())),
        };
        for (boundary, data) in from.queue.drain(..count) {
            receiver.outbox.extend(hci::acl(to_handle, boundary, &data));
        }
        let (id, handle) = (from.controller, from.handle);
        if self.pace != Pace::Unlimited {
            from.timed = true;
            self.later(interval, Later::Flush(link, side));
        }
        let count = u16::try_from(count).unwrap_or(u16::MAX);
        self.say(id, event::COMPLETED_PACKETS, &[&[1], &handle.to_le_bytes(), &count.to_le_bytes()]);
    }
}
