//! The service as a connected host sees it.

use super::{
    Cut, Device, Flash, FlashError, MAX_SECTORS,
    kept::{Fact, HOSTS, HostCursor},
    stream::Transfer,
};
use crate::{
    Uuid,
    cursor::{FormatError, WriteCursor},
    reading::{HostId, Wear},
    steplog::{
        MAJOR, MAX_MTU, MIN_MTU, MINOR,
        control::{self, Reply, Request, Status},
        feature::{self, Feature},
        frame::payload_len,
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
    pub mtu: u16,
    host: Option<HostId>,
    reply: Option<[u8; control::REPLY_LEN]>,
    time_reply: Option<[u8; time::REPLY_LEN]>,
    pub transfer: Option<Transfer>,
}

impl From<FormatError> for AttError {
    fn from(error: FormatError) -> Self {
        match error {
            FormatError::BadLength { .. } => Self::InvalidLength,
            FormatError::BadChecksum { .. } | FormatError::Unknown { .. } | FormatError::BadField { .. } => {
                Self::OutOfRange
            }
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
        self.connection = Some(Connection {
            mtu: mtu.clamp(MIN_MTU, MAX_MTU),
            host: None,
            reply: None,
            time_reply: None,
            transfer: None,
        });
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
                let live = Live {
                    uptime_s: self.uptime_s(),
                    steps: self.steps_since_boot,
                    cadence: self.last_cadence,
                    wear: self.wear(),
                };
                cursor.bytes(&live.emit())
            }
            uuid::TIME => {
                self.kept.anchors.items().iter().fold(&mut cursor, |cursor, anchor| cursor.bytes(&emit_anchor(anchor)))
            }
            uuid::BOOT_LINKS => {
                self.kept.links.items().iter().fold(&mut cursor, |cursor, link| cursor.bytes(&link.emit()))
            }
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
            uuid::FEATURE | uuid::STATE | uuid::LIVE | uuid::BOOT_LINKS | uuid::DATA => {
                Err(AttError::WriteNotPermitted)
            }
            _ => Err(AttError::InvalidHandle),
        }
    }

    /// The next notification or indication to send, written to `out` (244 bytes always suffice):
    /// its characteristic and length. Call until it says `None`, after every write and whenever
    /// the radio has room again.
    pub fn outgoing(&mut self, uptime_ms: u64, out: &mut [u8]) -> Result<Option<(Uuid, usize)>, FlashError> {
        self.advance_to(uptime_ms)?;
        let Some(connection) = &mut self.connection else { return Ok(None) };
        let put = |out: &mut [u8], bytes: &[u8]| {
            WriteCursor::new(out).bytes(bytes).finish().map_err(|_| FlashError::BadAddress)
        };
        if let Some(reply) = connection.reply.take() {
            return Ok(Some((uuid::CONTROL, put(out, &reply)?)));
        }
        if let Some(reply) = connection.time_reply.take() {
            return Ok(Some((uuid::TIME, put(out, &reply)?)));
        }
        self.send_frame(out)
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
        let Some(place) = self.kept.hosts.iter().position(|entry| entry.is_some_and(|entry| Some(entry.host) == host))
        else {
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
        let cut =
            (0..=firmware.len().min(feature::MAX_FIRMWARE)).rev().find_map(|end| firmware.get(..end)).unwrap_or("");
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
}

const _: () = assert!(MAX_SECTORS as usize == super::ring::MAX_RING + super::ring::META_SECTORS as usize);
