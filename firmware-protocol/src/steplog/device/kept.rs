//! What a counter remembers over a reset, apart from the blocks themselves.

use crate::{
    cursor::{FormatError, ReadCursor, WriteCursor},
    reading::{Anchor, BootLink, HostId},
    steplog::{
        block::MAX_LEN,
        time::{BootLinkEntry, KEPT, emit_anchor_unit, parse_anchor_unit},
    },
};

/// Hosts that are kept apart; a fifth one takes the place of the one not seen for longest.
pub const HOSTS: usize = 4;

/// A host and how far it has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HostCursor {
    /// Who.
    pub host: HostId,
    /// Everything below is kept by that host.
    pub acked: u32,
    /// Higher than that of every host that said HELLO before.
    pub order: u32,
}

/// The last [`KEPT`] of something, oldest first.
#[derive(Clone, Copy, Debug)]
pub struct Last<T> {
    items: [T; KEPT],
    len: usize,
}

/// A moment at which all was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Life {
    /// Boot.
    pub boot: u16,
    /// Uptime, milliseconds.
    pub uptime_ms: u64,
    /// Nothing happened since: a reset loses nothing.
    pub clean: bool,
    /// The number of the next epoch; numbers below are used.
    pub next_seq: u32,
}

/// See the module.
#[derive(Clone, Copy, Debug)]
pub struct Kept {
    /// The last boot that began.
    pub boot: u16,
    /// Hosts, each in its own place.
    pub hosts: [Option<HostCursor>; HOSTS],
    /// Clock anchors.
    pub anchors: Last<Anchor>,
    /// Boot links.
    pub links: Last<BootLinkEntry>,
    /// Epochs lost, and the number below which they are counted already.
    pub lost: (u32, u32),
    /// Steps a day.
    pub goal: Option<u32>,
    /// Length of epochs, when a host has set it.
    pub epoch_s: Option<u8>,
    /// The last sign of life.
    pub life: Life,
}

/// One thing to be remembered.
#[derive(Clone, Copy, Debug)]
pub enum Fact {
    /// A boot began.
    Boot(u16),
    /// A host's place in the table.
    Host(u8, HostCursor),
    /// A new anchor.
    Anchor(Anchor),
    /// An anchor that takes the place of the last one.
    BetterAnchor(Anchor),
    /// A boot link.
    Link(BootLinkEntry),
    /// Epochs lost, counted below a number.
    Lost(u32, u32),
    /// Goal and epoch length.
    Settings(Option<u32>, Option<u8>),
    /// A sign of life.
    Life(Life),
    /// Epochs that are not in the ring yet, as a block.
    Open([u8; MAX_LEN], u8),
}

/// The kind of [`Fact::Open`].
pub const OPEN: u8 = 9;

const NONE_U32: u32 = u32::MAX;

impl<T: Copy> Last<T> {
    const fn new(filler: T) -> Self {
        Self { items: [filler; KEPT], len: 0 }
    }

    /// Oldest first.
    pub fn items(&self) -> &[T] {
        self.items.get(..self.len).unwrap_or(&[])
    }

    /// After the others; the oldest goes when there is no room.
    pub fn push(&mut self, item: T) {
        if self.len == KEPT {
            self.items.rotate_left(1);
            self.len -= 1;
        }
        if let Some(place) = self.items.get_mut(self.len) {
            *place = item;
            self.len += 1;
        }
    }

    /// In place of the last one.
    pub fn replace_last(&mut self, item: T) {
        self.len = self.len.saturating_sub(1);
        self.push(item);
    }
}

impl Default for Kept {
    fn default() -> Self {
        let host = HostId([0; 8]);
        let link = BootLink { boot: 0, previous: 0, previous_uptime_ms: 0, off_ms: 0 };
        Self {
            boot: 0,
            hosts: [None; HOSTS],
            anchors: Last::new(Anchor { boot: 0, uptime_ms: 0, utc_ms: 0, accuracy_ms: 0, host }),
            links: Last::new(BootLinkEntry { link, seq: 0 }),
            lost: (0, 0),
            goal: None,
            epoch_s: None,
            life: Life::default(),
        }
    }
}

impl Kept {
    /// Takes up a record; one that cannot be understood changes nothing.
    pub fn apply(&mut self, kind: u8, payload: &[u8]) {
        // A record of a later version of this program, or one that only looks like a record.
        let Ok(fact) = Fact::parse(kind, payload) else { return };
        match fact {
            Fact::Boot(boot) => self.boot = self.boot.max(boot),
            Fact::Host(place, host) => {
                if let Some(entry) = self.hosts.get_mut(usize::from(place)) {
                    *entry = Some(host);
                }
            }
            Fact::Anchor(anchor) => self.anchors.push(anchor),
            Fact::BetterAnchor(anchor) => self.anchors.replace_last(anchor),
            Fact::Link(link) => self.links.push(link),
            Fact::Lost(count, to) => self.lost = (count, to),
            Fact::Settings(goal, epoch_s) => (self.goal, self.epoch_s) = (goal, epoch_s),
            Fact::Life(life) => self.life = life,
            Fact::Open(..) => {}
        }
    }

    /// The facts that make up all of this, by index.
    pub fn fact(&self, index: u16) -> Option<Fact> {
        let fixed = [
            Some(Fact::Boot(self.boot)),
            Some(Fact::Lost(self.lost.0, self.lost.1)),
            Some(Fact::Settings(self.goal, self.epoch_s)),
            Some(Fact::Life(self.life)),
        ];
        let hosts = (0u8..).zip(self.hosts).filter_map(|(place, host)| host.map(|host| Fact::Host(place, host)));
        let anchors = self.anchors.items().iter().copied().map(Fact::Anchor);
        let links = self.links.items().iter().copied().map(Fact::Link);
        fixed.into_iter().flatten().chain(hosts).chain(anchors).chain(links).nth(index.into())
    }
}

impl Fact {
    /// The number that stands for it in memory.
    pub const fn kind(&self) -> u8 {
        match self {
            Self::Boot(_) => 1,
            Self::Host(..) => 2,
            Self::Anchor(_) => 3,
            Self::BetterAnchor(_) => 4,
            Self::Link(_) => 5,
            Self::Lost(..) => 6,
            Self::Settings(..) => 7,
            Self::Life(_) => 8,
            Self::Open(..) => OPEN,
        }
    }

    /// Writes the payload; says its length, or `None` when it does not fit.
    pub fn emit(&self, out: &mut [u8]) -> Option<u8> {
        let mut cursor = WriteCursor::new(out);
        match self {
            Self::Boot(boot) => cursor.u16(*boot),
            Self::Host(place, entry) => cursor.u8(*place).bytes(&entry.host.0).u32(entry.acked).u32(entry.order),
            Self::Anchor(anchor) | Self::BetterAnchor(anchor) => cursor.bytes(&emit_anchor_unit(anchor)),
            Self::Link(link) => cursor.bytes(&link.emit()),
            Self::Lost(count, to) => cursor.u32(*count).u32(*to),
            Self::Settings(goal, epoch_s) => cursor.u32(goal.unwrap_or(NONE_U32)).u8(epoch_s.unwrap_or(0)),
            Self::Life(life) => cursor.u16(life.boot).u48(life.uptime_ms).u8(life.clean.into()).u32(life.next_seq),
            Self::Open(block, len) => cursor.bytes(block.get(..usize::from(*len))?),
        };
        u8::try_from(cursor.finish().ok()?).ok()
    }

    fn parse(kind: u8, payload: &[u8]) -> Result<Self, FormatError> {
        let mut cursor = ReadCursor::new(payload);
        let fact = match kind {
            1 => Self::Boot(cursor.u16()?),
            2 => {
                let (place, host) = (cursor.u8()?, HostId(cursor.array()?));
                Self::Host(place, HostCursor { host, acked: cursor.u32()?, order: cursor.u32()? })
            }
            3 => return parse_anchor_unit(payload).map(Self::Anchor),
            4 => return parse_anchor_unit(payload).map(Self::BetterAnchor),
            5 => return BootLinkEntry::parse(payload).map(Self::Link),
            6 => Self::Lost(cursor.u32()?, cursor.u32()?),
            7 => {
                let (goal, epoch_s) = (cursor.u32()?, cursor.u8()?);
                Self::Settings((goal != NONE_U32).then_some(goal), (epoch_s != 0).then_some(epoch_s))
            }
            8 => Self::Life(Life {
                boot: cursor.u16()?,
                uptime_ms: cursor.u48()?,
                clean: cursor.u8()? != 0,
                next_seq: cursor.u32()?,
            }),
            got => return Err(FormatError::Unknown { got }),
        };
        cursor.end()?;
        Ok(fact)
    }
}
