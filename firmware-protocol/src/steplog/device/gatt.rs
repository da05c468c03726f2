//! The service as a connected host sees it.

use super::{
    Cut, Device, Flash, FlashError, MAX_SECTORS,
    kept::{Fact, HOSTS, HostCursor},
    ring::Place,
};
use crate::{
    Uuid,
    crc::Crc32,
    cursor::{FormatError, WriteCursor},
    reading::{HostId, Wear},
    steplog::{
        MAJOR, MAX_MTU, MIN_MTU, MINOR,
        control::{self, Reply, Request, Status},
        feature::{self, Feature},
        frame::{Frame, RECORD_HEADER_LEN, TRAILER_LEN, payload_len},
        state::{Live, State},
        time::{self, SetTime, emit_anchor},
        uuid,
    },
};

/// What a refused read or write is answered with: the ATT error code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum AttError {
    /// Not a characteristic of this service.
    InvalidHandle = 0x01,
    /// This one cannot be read.
    ReadNotPermitted = 0x02,
    /// This one cannot be written, or not before HELLO.
    WriteNotPermitted = 0x03,
    /// Too short or too long.
    InvalidLength = 0x0D,
    /// The counter's memory failed.
    Unlikely = 0x0E,
    /// The answer to the last request is still to be sent.
    InProgress = 0xFE,
    /// A value outside what is allowed.
    OutOfRange = 0xFF,
}

/// What lasts as long as a connection.
#[derive(Debug)]
pub struct Connection {
    mtu: u16,
    host: Option<HostId>,
    reply: Option<[u8; control::REPLY_LEN]>,
    time_reply: Option<[u8; time::REPLY_LEN]>,
    transfer: Option<Transfer>,
}

/// A transfer under way.
#[derive(Clone, Copy, Debug)]
struct Transfer {
    id: u8,
    number: u16,
    place: Place,
    next: u32,
    epochs_left: u32,
    /// Stream bytes that may still be begun.
    room: usize,
    nothing_sent: bool,
    ended: bool,
    crc: Crc32,
    /// Record header or trailer, and how much of it is sent.
    head: [u8; TRAILER_LEN],
    head_len: usize,
    head_at: usize,
    /// The block after it.
    block_at: u32,
    block_end: u32,
}

impl From<FormatError> for AttError {
    fn from(error: FormatError) -> Self {
        match error {
            FormatError::BadLength { .. } => Self::InvalidLength,
            FormatError::BadChecksum { .. } | FormatError::Unknown { .. } | FormatError::BadField { .. } => Self::OutOfRange,
        }
    }
}

impl From<FlashError> for AttError {
    fn from(_: FlashError) -> Self {
        Self::Unlikely
    }
}

impl<F: Flash> Device<F> {
    /// A host connected, with this ATT MTU. Call again when the MTU changes; that starts afresh.
    pub fn connect(&mut self, mtu: u16) {
        self.connection = Some(Connection { mtu: mtu.clamp(MIN_MTU, MAX_MTU), host: None, reply: None, time_reply: None, transfer: None });
    }

    /// The host is gone; what it did not acknowledge stays.
    pub fn disconnect(&mut self) {
        self.connection = None;
    }

    /// The value of a characteristic of the step-log service; its length. Values are up to 512 bytes.
    pub fn read(&mut self, characteristic: Uuid, uptime_ms: u64, out: &mut [u8]) -> Result<usize, AttError> {
        self.advance_to(uptime_ms)?;
        let mut cursor = WriteCursor::new(out);
        match characteristic {
            uuid::FEATURE => return self.feature(out),
            uuid::STATE => cursor.bytes(&self.state().emit()),
            uuid::LIVE => {
                let live = Live { uptime_s: self.uptime_s(), steps: self.steps_since_boot, cadence: self.last_cadence, wear: self.wear() };
                cursor.bytes(&live.emit())
            }
            uuid::TIME => self.kept.anchors.items().iter().fold(&mut cursor, |cursor, anchor| cursor.bytes(&emit_anchor(anchor))),
            uuid::BOOT_LINKS => self.kept.links.items().iter().fold(&mut cursor, |cursor, link| cursor.bytes(&link.emit())),
            uuid::CONTROL | uuid::DATA => return Err(AttError::ReadNotPermitted),
            _ => return Err(AttError::InvalidHandle),
        }
        .finish()
        .map_err(AttError::from)
    }

    /// A host wrote these bytes; an answer, if one is due, comes out of [`Device::outgoing`].
    pub fn write(&mut self, characteristic: Uuid, bytes: &[u8], uptime_ms: u64) -> Result<(), AttError> {
        self.advance_to(uptime_ms)?;
        let connection = self.connection.as_ref().ok_or(AttError::WriteNotPermitted)?;
        match characteristic {
            uuid::CONTROL if connection.reply.is_some() => Err(AttError::InProgress),
            uuid::CONTROL if bytes.is_empty() => Err(AttError::InvalidLength),
            uuid::CONTROL => {
                let reply = self.answer(bytes).emit();
                if let Some(connection) = &mut self.connection {
                    connection.reply = Some(reply);
                }
                Ok(())
            }
            uuid::TIME => {
                let host = connection.host.ok_or(AttError::WriteNotPermitted)?;
                let set = SetTime::parse(bytes)?;
                // Forty-eight bits of milliseconds is what an anchor can say.
                if !(0..=0xFFFF_FFFF_FFFF).contains(&set.utc_us.div_euclid(1000)) {
                    return Err(AttError::OutOfRange);
                }
                let reply = self.set_time(&set, host)?.emit();
                if let Some(connection) = &mut self.connection {
                    connection.time_reply = Some(reply);
                }
                Ok(())
            }
            uuid::FEATURE | uuid::STATE | uuid::LIVE | uuid::BOOT_LINKS | uuid::DATA => Err(AttError::WriteNotPermitted),
            _ => Err(AttError::InvalidHandle),
        }
    }

    /// The next notification or indication to send, written to `out` (244 bytes always suffice):
    /// its characteristic and length. Call until it says `None`, after every write and whenever
    /// the radio has room again.
    pub fn outgoing(&mut self, uptime_ms: u64, out: &mut [u8]) -> Result<Option<(Uuid, usize)>, FlashError> {
        self.advance_to(uptime_ms)?;
        let Some(connection) = &mut self.connection else { return Ok(None) };
        let put = |out: &mut [u8], bytes: &[u8]| WriteCursor::new(out).bytes(bytes).finish().map_err(|_| FlashError::BadAddress);
        if let Some(reply) = connection.reply.take() {
            return Ok(Some((uuid::CONTROL, put(out, &reply)?)));
        }
        if let Some(reply) = connection.time_reply.take() {
            return Ok(Some((uuid::TIME, put(out, &reply)?)));
        }
        let (mtu, Some(mut transfer)) = (connection.mtu, connection.transfer.take()) else { return Ok(None) };
        let mut payload = [0; 240];
        let payload = payload.get_mut(..payload_len(mtu)).unwrap_or(&mut []);
        let gone = !transfer.ended && !self.ring.holds(&transfer.place);
        let filled = if gone { 0 } else { self.fill(&mut transfer, payload)? };
        let last = transfer.ended && transfer.head_at == transfer.head_len;
        let frame = Frame { transfer: transfer.id, number: transfer.number, last: last && !gone, aborted: gone, payload: payload.get(..filled).unwrap_or(&[]) };
        let length = frame.emit(out).map_err(|_| FlashError::BadAddress)?;
        transfer.number = transfer.number.wrapping_add(1);
        if let Some(connection) = &mut self.connection
            && !last
            && !gone
        {
            connection.transfer = Some(transfer);
        }
        Ok(Some((uuid::DATA, length)))
    }

    fn answer(&mut self, bytes: &[u8]) -> Reply {
        let operation = bytes.first().copied().unwrap_or(0);
        let (status, value) = match Request::parse(bytes) {
            Err(FormatError::Unknown { .. }) => (Status::UnknownOperation, 0),
            Err(_) => (Status::BadParameter, 0),
            Ok(request) => self.obey(&request).unwrap_or((Status::StorageFault, 0)),
        };
        Reply { operation, status, value }
    }

    fn obey(&mut self, request: &Request) -> Result<(Status, u32), FlashError> {
        let host = self.connection.as_ref().and_then(|connection| connection.host);
        match *request {
            Request::Hello { host } => self.hello(host),
            Request::Abort { transfer } => {
                if let Some(connection) = &mut self.connection {
                    connection.transfer = connection.transfer.filter(|running| running.id != transfer);
                }
                Ok((Status::Ok, 0))
            }
            _ if host.is_none() => Ok((Status::NotAllowed, 0)),
            Request::Read { from, max_epochs, max_frames, transfer } => {
                self.write_pending()?;
                let place = self.ring.locate(&mut self.flash, from)?;
                if let Some(connection) = &mut self.connection {
                    let room = usize::from(max_frames) * payload_len(connection.mtu);
                    connection.transfer = Some(Transfer::new(transfer, place, from, max_epochs.into(), room));
                }
                Ok((Status::Ok, self.ring.next_seq()))
            }
            Request::Ack { from, to, crc } => self.acknowledge(from, to, crc),
            Request::Erase { to } => {
                let least = self.kept.hosts.iter().flatten().map(|entry| entry.acked).min().unwrap_or(0);
                if to > least {
                    return Ok((Status::NotAllowed, least));
                }
                self.ring.erase_below(&mut self.flash, to)?;
                Ok((Status::Ok, self.ring.oldest()))
            }
            Request::SetEpoch { seconds } => {
                if seconds != self.epoch_s() {
                    self.cut_epoch(Cut::KeepSteps)?;
                    self.kept.epoch_s = Some(seconds);
                    self.note(&Fact::Settings(self.kept.goal, self.kept.epoch_s))?;
                    self.epoch.end_s = self.epoch_end(self.epoch.start_s);
                }
                Ok((Status::Ok, seconds.into()))
            }
            Request::Goal { steps } => {
                if steps != self.kept.goal {
                    self.kept.goal = steps;
                    self.note(&Fact::Settings(self.kept.goal, self.kept.epoch_s))?;
                }
                Ok((Status::Ok, steps.unwrap_or(0)))
            }
        }
    }

    fn hello(&mut self, host: HostId) -> Result<(Status, u32), FlashError> {
        let hosts = &mut self.kept.hosts;
        let newest = hosts.iter().flatten().map(|entry| entry.order).max().unwrap_or(0);
        let known = hosts.iter().position(|entry| entry.is_some_and(|entry| entry.host == host));
        // An empty place first, then the host not seen for longest.
        let oldest = (0..HOSTS).min_by_key(|place| hosts.get(*place).and_then(|entry| entry.map(|entry| entry.order)));
        let place = known.or(oldest).unwrap_or(0);
        let acked = known.and_then(|known| hosts.get(known).copied().flatten()).map_or(0, |entry| entry.acked);
        let entry = HostCursor { host, acked, order: newest.saturating_add(1) };
        if let Some(slot) = hosts.get_mut(place)
            && !slot.is_some_and(|slot| slot.host == host && slot.order == newest)
        {
            *slot = Some(entry);
            self.note(&Fact::Host(u8::try_from(place).unwrap_or(0), entry))?;
        }
        if let Some(connection) = &mut self.connection {
            connection.host = Some(host);
        }
        Ok((Status::Ok, acked))
    }

    fn acknowledge(&mut self, from: u32, to: u32, crc: u32) -> Result<(Status, u32), FlashError> {
        let host = self.connection.as_ref().and_then(|connection| connection.host);
        let Some(place) = self.kept.hosts.iter().position(|entry| entry.is_some_and(|entry| Some(entry.host) == host)) else {
            return Ok((Status::NotAllowed, 0));
        };
        let Some(mut entry) = self.kept.hosts.get(place).copied().flatten() else { return Ok((Status::NotAllowed, 0)) };
        let oldest = self.ring.oldest();
        if from < oldest {
            return Ok((Status::Overwritten, oldest));
        }
        if from > entry.acked.max(oldest) || to <= from || to > self.ring.next_seq() {
            return Ok((Status::BadParameter, entry.acked));
        }
        let (computed, end) = self.checksum(from, to)?;
        if computed != crc {
            return Ok((Status::Differs, computed));
        }
        if end > to {
            return Ok((Status::BadParameter, entry.acked));
        }
        if to > entry.acked {
            entry.acked = to;
            if let Some(slot) = self.kept.hosts.get_mut(place) {
                *slot = Some(entry);
            }
            self.note(&Fact::Host(u8::try_from(place).unwrap_or(0), entry))?;
        }
        Ok((Status::Ok, entry.acked))
    }

    fn feature(&self, out: &mut [u8]) -> Result<usize, AttError> {
        let firmware = self.config.firmware;
        let cut = (0..=firmware.len().min(feature::MAX_FIRMWARE)).rev().find_map(|end| firmware.get(..end)).unwrap_or("");
        let epochs: &[u8] = match self.epoch_s() {
            15 => &[15, 60, 10],
            10 => &[10, 60, 15],
            _ => &[60, 15, 10],
        };
        let feature = Feature {
            version: (MAJOR, MINOR),
            bits: feature::BOOT_LINKS | feature::GOAL | feature::LIVE,
            device: self.config.id,
            firmware: cut,
            epochs,
            capacity: Some(self.ring.capacity()),
            max_mtu: Some(MAX_MTU),
            clock: Some((self.config.clock_resolution_ms, self.config.clock_ppm)),
            hosts: u8::try_from(HOSTS).ok(),
        };
        feature.emit(out).map_err(AttError::from)
    }

    fn state(&self) -> State {
        let host = self.connection.as_ref().and_then(|connection| connection.host);
        State {
            boot: self.boot,
            uptime_s: self.uptime_s(),
            oldest: self.oldest_seq().min(self.next_seq),
            next: self.next_seq,
            acked: host.and_then(|host| self.acked(host)).unwrap_or(0),
            lost: self.lost(),
            battery: self.battery,
            clock_unset: !self.clock_is_set(),
            charging: self.charging,
            overrun: self.lost() > 0,
            worn: self.wear() == Wear::Worn,
            exhausted: self.is_exhausted(),
        }
    }

    /// Fills a frame's payload with what comes next in the stream; says how much.
    fn fill(&mut self, transfer: &mut Transfer, payload: &mut [u8]) -> Result<usize, FlashError> {
        let mut at = 0;
        while at < payload.len() {
            let rest = payload.get_mut(at..).unwrap_or(&mut []);
            if transfer.head_at < transfer.head_len {
                let head = transfer.head.get(transfer.head_at..transfer.head_len).unwrap_or(&[]);
                let n = head.len().min(rest.len());
                if let (Some(into), Some(from)) = (rest.get_mut(..n), head.get(..n)) {
                    into.copy_from_slice(from);
                    transfer.crc = transfer.crc.update(from);
                }
                transfer.head_at += n;
                at += n;
            } else if transfer.block_at < transfer.block_end {
                let left = usize::try_from(transfer.block_end - transfer.block_at).unwrap_or(0);
                let n = left.min(rest.len());
                let into = rest.get_mut(..n).unwrap_or(&mut []);
                self.flash.read(transfer.block_at, into)?;
                transfer.crc = transfer.crc.update(into);
                transfer.block_at += u32::try_from(n).unwrap_or(0);
                at += n;
            } else if transfer.ended {
                break;
            } else {
                self.next_record(transfer)?;
            }
        }
        Ok(at)
    }

    fn next_record(&mut self, transfer: &mut Transfer) -> Result<(), FlashError> {
        let found = self.ring.next_slot(&mut self.flash, &mut transfer.place)?;
        if found.is_none() {
            // Numbers at the end whose blocks cannot be found: said, so that nobody asks for ever.
            transfer.next = transfer.next.max(self.ring.next_seq());
        }
        let slot = found.filter(|slot| {
            let fits = usize::from(slot.len) + RECORD_HEADER_LEN + TRAILER_LEN <= transfer.room && transfer.epochs_left > 0;
            transfer.nothing_sent || fits
        });
        let mut cursor = WriteCursor::new(&mut transfer.head);
        transfer.head_at = 0;
        if let Some(slot) = slot {
            cursor.u16(slot.len.into()).u32(slot.seq);
            transfer.head_len = RECORD_HEADER_LEN;
            (transfer.block_at, transfer.block_end) = (slot.address, slot.address + u32::from(slot.len));
            transfer.next = slot.end();
            transfer.nothing_sent = false;
            transfer.room = transfer.room.saturating_sub(usize::from(slot.len) + RECORD_HEADER_LEN);
            transfer.epochs_left = transfer.epochs_left.saturating_sub(slot.span.into());
        } else {
            let mut end = [0; RECORD_HEADER_LEN];
            WriteCursor::new(&mut end).u16(0).u32(transfer.next);
            cursor.bytes(&end).u32(transfer.crc.update(&end).value());
            transfer.head_len = TRAILER_LEN;
            transfer.ended = true;
        }
        Ok(())
    }
}

impl Transfer {
    const fn new(id: u8, place: Place, from: u32, epochs_left: u32, room: usize) -> Self {
        Self {
            id,
            number: 0,
            place,
            next: from,
            epochs_left,
            room,
            nothing_sent: true,
            ended: false,
            crc: Crc32::new(),
            head: [0; TRAILER_LEN],
            head_len: 0,
            head_at: 0,
            block_at: 0,
            block_end: 0,
        }
    }
}

const _: () = assert!(MAX_SECTORS as usize == super::ring::MAX_RING + super::ring::META_SECTORS as usize);
