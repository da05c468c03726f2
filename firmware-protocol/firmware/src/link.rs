//! One connection, from its beginning to its end: requests are answered, what is to be sent is sent.
//!
//! The same for the firmware and for the bridge; they differ in what they serve.

use core::cell::{Cell, RefCell};

use embassy_futures::select::{select, select4};
use embassy_sync::{blocking_mutex::raw::NoopRawMutex, signal::Signal};
use embassy_time::{Duration, Timer, with_timeout};
use firmware_protocol::{Uuid, steplog::device::AttError};
use trouble_host::{
    Error, PacketPool,
    att::{AttClient, AttErrorCode, AttReq, AttRsp},
    prelude::{
        BondInformation, ConnectionEvent, GattConnection, GattConnectionEvent, GattData, GattEvent, ReadEvent,
        WriteEvent,
    },
};

use crate::{gate::Gate, table::Table};

/// Longest value of a characteristic: Bluetooth Core Specification, Vol 3, Part F, 3.2.9.
const MAX_VALUE: usize = 512;
/// How long a request waits for a pairing to be finished that it came in the middle of.
const PAIRING_ENDS: Duration = Duration::from_secs(5);
/// How long a full radio is left alone.
const RADIO_FULL: Duration = Duration::from_millis(10);

/// What a connected host reads and writes.
pub(crate) trait Served {
    /// A host is there, with this ATT MTU; also when the MTU changed.
    fn connect(&mut self, mtu: u16);
    /// It is gone.
    fn disconnect(&mut self);
    /// It wants notifications or indications of this, or no longer.
    fn subscribe(&mut self, to: Uuid, on: bool);
    /// The value that it reads; its length.
    fn read(&mut self, from: Uuid, out: &mut [u8]) -> Result<usize, AttError>;
    /// It writes.
    fn write(&mut self, to: Uuid, bytes: &[u8]) -> Result<(), AttError>;
    /// The next value to send.
    fn outgoing(&mut self, out: &mut [u8]) -> Option<(Uuid, usize)>;
    /// How often there may be something to send without having been asked; `None`: never.
    fn pulse(&self) -> Option<Duration>;
}

/// What happened on the link, besides reads and writes.
#[derive(Clone, Debug)]
pub(crate) enum LinkEvent {
    /// These digits are to be typed into the host.
    PassKey(u32),
    /// A host paired; `None`: it did not want to be bonded.
    Paired(Option<BondInformation>),
    /// A pairing came to nothing.
    NotPaired,
    /// The link is encrypted; `true`: with the keys of a bond that was there before.
    Encrypted(bool),
    /// The host is gone, with this HCI reason.
    Gone(#[cfg_attr(not(feature = "linux"), expect(dead_code, reason = "the bridge tells its tests"))] u8),
}

/// One host on the link.
struct Link<'l, 's, 't, 'v, P: PacketPool, S, const A: usize, const O: usize> {
    host: &'l GattConnection<'s, 't, P>,
    table: &'l Table<'v, P, A, O>,
    served: &'l RefCell<S>,
    wake: Signal<NoopRawMutex, ()>,
    /// The keys in use are those of a bond.
    trusted: Cell<bool>,
    mtu: Cell<u16>,
}

/// A value that is being read in pieces: a long read sees one moment.
struct LongRead {
    uuid: Option<Uuid>,
    bytes: [u8; MAX_VALUE],
    len: usize,
}

/// Serves a host until it is gone, or until `stop` is, which ends the connection.
pub(crate) async fn serve<P: PacketPool, S: Served, const A: usize, const O: usize>(
    host: GattConnection<'_, '_, P>,
    table: &Table<'_, P, A, O>,
    served: &RefCell<S>,
    gate: &Gate,
    stop: impl Future<Output = ()>,
    mut note: impl FnMut(LinkEvent),
) {
    let link = Link {
        host: &host,
        table,
        served,
        wake: Signal::new(),
        trusted: Cell::new(false),
        mtu: Cell::new(host.raw().att_mtu()),
    };
    served.borrow_mut().connect(link.mtu.get());
    let hang_up = async {
        stop.await;
        host.raw().disconnect();
        core::future::pending::<()>().await;
    };
    // The first branch alone ends: when the host is gone.
    select4(link.answer(&mut note), link.send(), gate.keep(host.raw()), hang_up).await;
    served.borrow_mut().disconnect();
}

impl<P: PacketPool, S: Served, const A: usize, const O: usize> Link<'_, '_, '_, '_, P, S, A, O> {
    /// Answers requests until the host is gone.
    async fn answer(&self, note: &mut impl FnMut(LinkEvent)) {
        let mut long = LongRead { uuid: None, bytes: [0; MAX_VALUE], len: 0 };
        loop {
            let event = match self.host.next().await {
                GattConnectionEvent::Gatt { event } => {
                    self.follow_mtu();
                    if self.settle(&event, note).await {
                        return;
                    }
                    self.request(event, &mut long).await;
                    self.wake.signal(());
                    continue;
                }
                GattConnectionEvent::Disconnected { reason } => Some(LinkEvent::Gone(reason.into_inner())),
                GattConnectionEvent::PassKeyDisplay(key) => Some(LinkEvent::PassKey(key.value())),
                GattConnectionEvent::PairingComplete { bond, .. } => Some(LinkEvent::Paired(bond)),
                GattConnectionEvent::PairingFailed(_) => Some(LinkEvent::NotPaired),
                GattConnectionEvent::Encrypted { bond, .. } => Some(LinkEvent::Encrypted(bond.is_some())),
                _ => None,
            };
            if let Some(event) = event
                && self.happened(event, note)
            {
                return;
            }
        }
    }

    /// A guarded request that came between the encryption of a new pairing and its end waits for that end; whether
    /// the link is gone.
    async fn settle(&self, event: &GattEvent<'_, '_, P>, note: &mut impl FnMut(LinkEvent)) -> bool {
        let asks = matches!(event, GattEvent::Read(_) | GattEvent::Write(_));
        while asks && !self.trusted.get() && self.host.raw().security_level().is_ok_and(|level| level.encrypted()) {
            let Ok(event) = with_timeout(PAIRING_ENDS, self.host.raw().next()).await else { return false };
            let event = match event {
                ConnectionEvent::Disconnected { reason } => LinkEvent::Gone(reason.into_inner()),
                ConnectionEvent::PairingComplete { bond, .. } => LinkEvent::Paired(bond),
                ConnectionEvent::PairingFailed(_) => LinkEvent::NotPaired,
                ConnectionEvent::Encrypted { bond, .. } => LinkEvent::Encrypted(bond.is_some()),
                _ => continue,
            };
            let ended = matches!(event, LinkEvent::Paired(_) | LinkEvent::NotPaired);
            if self.happened(event, note) {
                return true;
            }
            if ended {
                break;
            }
        }
        false
    }

    /// Takes note of an event; whether the link is gone.
    fn happened(&self, event: LinkEvent, note: &mut impl FnMut(LinkEvent)) -> bool {
        match &event {
            LinkEvent::Encrypted(true) | LinkEvent::Paired(Some(_)) => {
                self.trusted.set(true);
                self.wake.signal(());
            }
            // Keys that nobody keeps: this host may not read, and would try for ever.
            LinkEvent::Paired(None) => {
                self.trusted.set(false);
                self.host.raw().disconnect();
            }
            LinkEvent::Encrypted(false) | LinkEvent::NotPaired | LinkEvent::PassKey(_) | LinkEvent::Gone(_) => {}
        }
        let gone = matches!(event, LinkEvent::Gone(_));
        note(event);
        gone
    }

    /// The stack agrees on the MTU by itself and does not tell.
    fn follow_mtu(&self) {
        let mtu = self.host.raw().att_mtu();
        if self.mtu.replace(mtu) != mtu {
            self.served.borrow_mut().connect(mtu);
        }
    }

    async fn request(&self, event: GattEvent<'_, '_, P>, long: &mut LongRead) {
        match event {
            GattEvent::Read(read) => self.read(read, long).await,
            GattEvent::Write(write) => self.write(write).await,
            other @ (GattEvent::Other(_) | GattEvent::NotAllowed(_)) => {
                // A reply that cannot be made is missed by the host, which hangs up after thirty seconds.
                if let Ok(reply) = other.accept() {
                    reply.send().await;
                }
            }
        }
    }

    async fn read(&self, event: ReadEvent<'_, '_, P>, long: &mut LongRead) {
        let Some(entry) = self.table.by_handle(event.handle()) else {
            return send_reply(event.accept()).await;
        };
        if entry.guarded && !self.trusted.get() {
            return send_reply(event.reject(AttErrorCode::INSUFFICIENT_AUTHENTICATION)).await;
        }
        let offset = match event.payload().incoming() {
            AttClient::Request(AttReq::ReadBlob { offset, .. }) => Some(usize::from(offset)),
            _ => None,
        };
        if offset.is_none() || long.uuid != Some(entry.uuid) {
            long.uuid = None;
            let read = self.served.borrow_mut().read(entry.uuid, &mut long.bytes);
            match read {
                Ok(len) => (long.uuid, long.len) = (Some(entry.uuid), len),
                Err(error) => return send_reply(event.reject(att_error(error))).await,
            }
        }
        let value = long.bytes.get(..long.len).unwrap_or(&long.bytes);
        let Some(rest) = value.get(offset.unwrap_or(0)..) else {
            return send_reply(event.reject(AttErrorCode::INVALID_OFFSET)).await;
        };
        // One byte of a response is its kind.
        let room = usize::from(self.host.raw().att_mtu()).saturating_sub(1);
        let data = rest.get(..room).unwrap_or(rest);
        let response = if offset.is_some() { AttRsp::ReadBlob { data } } else { AttRsp::Read { data } };
        // The stack's own `accept_unprocessed` of a read sends no bytes (0.8.0).
        event.into_payload().reply(response).await.ok();
    }

    async fn write(&self, event: WriteEvent<'_, '_, P>) {
        let handle = event.handle();
        if let Some(entry) = self.table.by_subscription(handle) {
            if entry.guarded && !self.trusted.get() {
                return send_reply(event.reject(AttErrorCode::INSUFFICIENT_AUTHENTICATION)).await;
            }
            let on = event.with_data(|_, bytes| bytes.first().is_some_and(|bits| bits & 3 != 0));
            send_reply(event.accept()).await;
            self.served.borrow_mut().subscribe(entry.uuid, on);
            return;
        }
        let Some(entry) = self.table.by_handle(handle) else {
            return send_reply(event.accept()).await;
        };
        let result = if entry.guarded && !self.trusted.get() {
            Err(AttErrorCode::INSUFFICIENT_AUTHENTICATION)
        } else {
            event.with_data(|_, bytes| self.served.borrow_mut().write(entry.uuid, bytes)).map_err(att_error)
        };
        match result {
            Ok(()) => send_reply(event.accept_unprocessed()).await,
            // A command has no answer, not even this one.
            Err(_) if matches!(event.payload().incoming(), AttClient::Command(_)) => {
                drop::<GattData<'_, P>>(event.into_payload());
            }
            Err(code) => send_reply(event.reject(code)).await,
        }
    }

    /// Sends what there is to send. Never ends.
    async fn send(&self) {
        let mut room = [0; MAX_VALUE];
        loop {
            let next = self.served.borrow_mut().outgoing(&mut room);
            let Some((uuid, len)) = next else {
                let pulse = self.served.borrow().pulse();
                match pulse {
                    Some(pulse) => {
                        select(self.wake.wait(), Timer::after(pulse)).await;
                    }
                    None => self.wake.wait().await,
                }
                continue;
            };
            let (Some(entry), Some(bytes)) = (self.table.by_uuid(uuid), room.get(..len)) else { continue };
            // Asked for something guarded without trust, the stack would ask the host for encryption by itself.
            if entry.guarded && !self.trusted.get() {
                continue;
            }
            let value = entry.value.to_raw();
            // Nothing is sent to a host that did not subscribe. An indication waits for its confirmation.
            while let Err(Error::OutOfMemory) = if entry.indicates {
                value.indicate_raw(self.host, bytes, false).await
            } else {
                value.notify_raw(self.host, bytes, false).await
            } {
                Timer::after(RADIO_FULL).await;
            }
        }
    }
}

async fn send_reply<P: PacketPool>(reply: Result<trouble_host::gatt::Reply<'_, P>, Error>) {
    // A reply that cannot be made is missed by the host, which hangs up after thirty seconds.
    if let Ok(reply) = reply {
        reply.send().await;
    }
}

fn att_error(error: AttError) -> AttErrorCode {
    AttErrorCode::new(match error {
        AttError::InvalidHandle => 0x01,
        AttError::ReadNotPermitted => 0x02,
        AttError::WriteNotPermitted => 0x03,
        AttError::InvalidLength => 0x0D,
        AttError::Unlikely => 0x0E,
        AttError::InProgress => 0xFE,
        AttError::OutOfRange => 0xFF,
    })
}
