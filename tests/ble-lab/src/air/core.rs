//! What controllers do to each other, without time and sockets of its own: the time is passed in, and
//! what hosts are to hear waits in outboxes. A connection is one `Link` with two ends.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use tokio::time::Instant;

use super::{
    Pace, commands,
    hci::{self, Address, Packet, Parameters, Status},
    link::{Link, LinkId, Side, Timing},
};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ControllerId(pub(super) u32);

/// What happens to a controller.
#[derive(Debug)]
pub(super) enum Input {
    Joined {
        public: [u8; 6],
    },
    Left,
    /// The host has lost its controller, not knowing it, and finds a new one in its place.
    Unplugged,
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
    /// The end of a link if one of its controllers has been out of range all the time until then.
    Supervise(LinkId),
    Close(LinkId, Side, Status),
    Return(ControllerId),
}

pub(super) struct Core {
    pub(super) now: Instant,
    pub(super) random: fastrand::Rng,
    pub(super) controllers: BTreeMap<ControllerId, Controller>,
    pub(super) links: BTreeMap<LinkId, Link>,
    pub(super) pace: Pace,
    timers: BTreeMap<(Instant, u64), Later>,
    last_number: u64,
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
    pub(super) away_since: Option<Instant>,
    pub(super) refuse: u32,
    pub(super) rssi: i8,
    pub(super) outbox: Vec<u8>,
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
    /// On, and since when it hears.
    pub(super) since: Option<Instant>,
    pub(super) active: bool,
    pub(super) whom: Whom,
    pub(super) no_duplicates: bool,
    /// What was last heard from an address, by type of report.
    pub(super) heard: BTreeMap<(Address, u8), Vec<u8>>,
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
            last_number: 0,
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
            Input::Unplugged => {
                controller.outbox.clear();
                self.vanish(id);
                self.clear(id);
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
                controller.away_since.get_or_insert(now);
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
                        link.interval_begins(side);
                    }
                    self.flush(link, side);
                }
                Later::Drop(link, status) => self.drop_link(link, status),
                Later::Supervise(link) => {
                    if self.is_overdue(link) {
                        self.drop_link(link, Status::TIMEOUT);
                    }
                }
                Later::Close(link, side, status) => self.close(link, side, status),
                Later::Return(id) => {
                    if let Some(controller) = self.controllers.get_mut(&id) {
                        controller.away = controller.away.saturating_sub(1);
                        controller.away_since = controller.away_since.filter(|_| controller.away > 0);
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
        let number = self.next_number();
        self.timers.insert((self.now + delay, number), what);
    }

    pub(super) fn next_number(&mut self) -> u64 {
        self.last_number += 1;
        self.last_number
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
}
