//! Links: one has two ends, each at a controller. How data flow from end to end, and how a link ends.

use std::{collections::VecDeque, time::Duration};

use super::{
    Pace,
    core::{ControllerId, Core, Later},
    hci::{self, Status, event},
};

/// A host that lets more bytes than this wait gets no more data until it has read them.
const OUTBOX_LIMIT: usize = 8192;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct LinkId(pub(super) u64);

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

    /// More data may go out from this end.
    pub(super) fn interval_begins(&mut self, side: Side) {
        self.end_mut(side).timed = false;
    }

    fn end_mut(&mut self, side: Side) -> &mut End {
        match side {
            Side::Central => &mut self.central,
            Side::Peripheral => &mut self.peripheral,
        }
    }
}

impl Core {
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
        let id = LinkId(self.next_number());
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

    /// One of the link's controllers has been out of range for as long as the supervision timeout.
    pub(super) fn is_overdue(&self, link: LinkId) -> bool {
        self.links.get(&link).is_some_and(|link| {
            Side::BOTH.iter().any(|side| {
                let controller = self.controllers.get(&link.end(*side).controller);
                let since = controller.and_then(|controller| controller.away_since);
                since.is_some_and(|since| since + link.timing.timeout() <= self.now)
            })
        })
    }

    pub(super) fn links_of(&self, id: ControllerId) -> Vec<(LinkId, Side)> {
        self.controllers.get(&id).map_or_else(Vec::new, |controller| controller.handles.values().copied().collect())
    }

    pub(super) fn enqueue(&mut self, link: LinkId, side: Side, boundary: u8, data: Vec<u8>) {
        if let Some(state) = self.links.get_mut(&link) {
            state.end_mut(side).queue.push_back((boundary, data));
            self.flush(link, side);
        }
    }

    /// Goes on in both directions of every link of a controller that hears again.
    pub(super) fn flush_all(&mut self, id: ControllerId) {
        for (link, _) in self.links_of(id) {
            for side in Side::BOTH {
                self.flush(link, side);
            }
        }
    }

    /// Delivers what one connection event holds, if both radios hear and the receiving host has room.
    pub(super) fn flush(&mut self, link: LinkId, side: Side) {
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
