//! The other end of a simulated connection: our own counter with all its mishaps, or any kind of counter
//! played back.

use firmware_protocol::{
    device::{Advertisement, Peripheral},
    driver::Uuid,
    steplog::{self, device::AttError, uuid},
};

use super::counter::SimCounter;

/// What a simulated link speaks with. Time is true UTC in microseconds.
pub trait FarEnd: Send {
    /// Lives up to this moment; false when its memory failed.
    fn live_to(&mut self, now_us: i64) -> bool;
    /// It can be heard.
    fn is_on(&self) -> bool;
    /// What it says to everybody.
    fn advertisement(&self) -> Advertisement;
    /// Whether packets of this characteristic get lost, doubled and out of order in rough air: those that nobody
    /// confirms.
    fn may_lose(&self, of: Uuid) -> bool;
    /// A host connects.
    fn connect(&mut self, mtu: u16, now_us: i64);
    /// The host is gone.
    fn disconnect(&mut self);
    /// Notifications on or off.
    fn subscribe(&mut self, to: Uuid, on: bool, now_us: i64) -> Result<(), AttError>;
    /// The host reads.
    fn read(&mut self, from: Uuid, now_us: i64) -> Result<Vec<u8>, AttError>;
    /// The host writes.
    fn write(&mut self, to: Uuid, bytes: &[u8], now_us: i64) -> Result<(), AttError>;
    /// What it wants to send next.
    fn outgoing(&mut self, now_us: i64) -> Result<Option<(Uuid, Vec<u8>)>, AttError>;
}

impl FarEnd for SimCounter {
    fn live_to(&mut self, now_us: i64) -> bool {
        Self::live_to(self, now_us).is_ok()
    }

    fn is_on(&self) -> bool {
        Self::is_on(self)
    }

    fn advertisement(&self) -> Advertisement {
        Advertisement { services: vec![steplog::SERVICE], ..Advertisement::default() }
    }

    fn may_lose(&self, of: Uuid) -> bool {
        of == uuid::DATA
    }

    fn connect(&mut self, mtu: u16, _now_us: i64) {
        self.device().connect(mtu);
    }

    fn disconnect(&mut self) {
        self.device().disconnect();
    }

    fn subscribe(&mut self, _to: Uuid, _on: bool, _now_us: i64) -> Result<(), AttError> {
        Ok(())
    }

    fn read(&mut self, from: Uuid, now_us: i64) -> Result<Vec<u8>, AttError> {
        let uptime = self.uptime_ms(now_us);
        let mut out = [0; 512];
        let length = self.device().read(from, uptime, &mut out)?;
        Ok(out.get(..length).unwrap_or(&out).to_vec())
    }

    fn write(&mut self, to: Uuid, bytes: &[u8], now_us: i64) -> Result<(), AttError> {
        let uptime = self.uptime_ms(now_us);
        self.device().write(to, bytes, uptime)
    }

    fn outgoing(&mut self, now_us: i64) -> Result<Option<(Uuid, Vec<u8>)>, AttError> {
        let uptime = self.uptime_ms(now_us);
        let mut out = [0; 512];
        let sent = self.device().outgoing(uptime, &mut out)?;
        Ok(sent.map(|(from, length)| (from, out.get(..length).unwrap_or(&out).to_vec())))
    }
}

/// Any kind of counter, played back.
pub struct Played {
    peripheral: Box<dyn Peripheral + Send>,
    /// Characteristics that it has, and whether they notify.
    notifies: Vec<(Uuid, bool)>,
}

impl Played {
    /// This one.
    pub fn new(peripheral: Box<dyn Peripheral + Send>) -> Self {
        let services = peripheral.services();
        let notifies = services.iter().flat_map(|service| &service.characteristics).map(|one| (one.uuid, one.notify));
        Self { notifies: notifies.collect(), peripheral }
    }

    fn has(&self, uuid: Uuid) -> Result<(), AttError> {
        if self.notifies.iter().any(|(one, _)| *one == uuid) { Ok(()) } else { Err(AttError::InvalidHandle) }
    }
}

const US_PER_MS: i64 = 1_000;

impl FarEnd for Played {
    fn live_to(&mut self, _now_us: i64) -> bool {
        true
    }

    fn is_on(&self) -> bool {
        true
    }

    fn advertisement(&self) -> Advertisement {
        self.peripheral.advertisement()
    }

    fn may_lose(&self, of: Uuid) -> bool {
        self.notifies.contains(&(of, true))
    }

    fn connect(&mut self, mtu: u16, now_us: i64) {
        self.peripheral.connect(mtu, now_us / US_PER_MS);
    }

    fn disconnect(&mut self) {
        self.peripheral.disconnect();
    }

    fn subscribe(&mut self, to: Uuid, on: bool, now_us: i64) -> Result<(), AttError> {
        self.has(to)?;
        self.peripheral.subscribe(to, on, now_us / US_PER_MS);
        Ok(())
    }

    fn read(&mut self, from: Uuid, now_us: i64) -> Result<Vec<u8>, AttError> {
        self.has(from)?;
        self.peripheral.read(from, now_us / US_PER_MS)
    }

    fn write(&mut self, to: Uuid, bytes: &[u8], now_us: i64) -> Result<(), AttError> {
        self.has(to)?;
        self.peripheral.write(to, bytes, now_us / US_PER_MS)
    }

    fn outgoing(&mut self, now_us: i64) -> Result<Option<(Uuid, Vec<u8>)>, AttError> {
        Ok(self.peripheral.outgoing(now_us / US_PER_MS))
    }
}
