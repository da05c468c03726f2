//! The counter's side of any dialogue, played back: for tests, for the simulated air, for the virtual
//! air of the Bluetooth lab, and for makers who want to see what a host does.

use alloc::{string::String, vec::Vec};

use super::{Advertisement, Key};
pub use crate::sig::uuid as sig;
use crate::{Uuid, reading::Wear, steplog::device::AttError};

/// A counter as the host's radio sees it. Time is given to it, in true UTC milliseconds; how wrong its own clock is, is
/// its own affair.
pub trait Peripheral {
    /// What it says to everybody.
    fn advertisement(&self) -> Advertisement;
    /// What it offers to who connects.
    fn services(&self) -> Vec<Service>;
    /// A host connected, with this ATT MTU.
    fn connect(&mut self, mtu: u16, now_ms: i64);
    /// The host is gone.
    fn disconnect(&mut self);
    /// The host switched notifications or indications of this characteristic on or off.
    fn subscribe(&mut self, to: Uuid, on: bool, now_ms: i64);
    /// The host reads.
    ///
    /// # Errors
    /// The ATT error it is answered with.
    fn read(&mut self, from: Uuid, now_ms: i64) -> Result<Vec<u8>, AttError>;
    /// The host writes, with or without wanting a response.
    ///
    /// # Errors
    /// The ATT error it is answered with; nothing when no response is wanted.
    fn write(&mut self, to: Uuid, bytes: &[u8], now_ms: i64) -> Result<(), AttError>;
    /// The next notification or indication that it wants to send, at most three bytes shorter than the MTU. Only of what
    /// the host has subscribed to.
    fn outgoing(&mut self, now_ms: i64) -> Option<(Uuid, Vec<u8>)>;
}

impl<P: Peripheral + ?Sized> Peripheral for alloc::boxed::Box<P> {
    fn advertisement(&self) -> Advertisement {
        (**self).advertisement()
    }

    fn services(&self) -> Vec<Service> {
        (**self).services()
    }

    fn connect(&mut self, mtu: u16, now_ms: i64) {
        (**self).connect(mtu, now_ms);
    }

    fn disconnect(&mut self) {
        (**self).disconnect();
    }

    fn subscribe(&mut self, to: Uuid, on: bool, now_ms: i64) {
        (**self).subscribe(to, on, now_ms);
    }

    fn read(&mut self, from: Uuid, now_ms: i64) -> Result<Vec<u8>, AttError> {
        (**self).read(from, now_ms)
    }

    fn write(&mut self, to: Uuid, bytes: &[u8], now_ms: i64) -> Result<(), AttError> {
        (**self).write(to, bytes, now_ms)
    }

    fn outgoing(&mut self, now_ms: i64) -> Option<(Uuid, Vec<u8>)> {
        (**self).outgoing(now_ms)
    }
}

/// A service with its characteristics.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// Its name.
    pub uuid: Uuid,
    /// What is in it.
    pub characteristics: Vec<Characteristic>,
}

/// A characteristic and what may be done with it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "the properties of a characteristic are a bit field")]
pub struct Characteristic {
    /// Its name.
    pub uuid: Uuid,
    /// It can be read.
    pub read: bool,
    /// It can be written with a response.
    pub write: bool,
    /// It can be written without one.
    pub write_command: bool,
    /// It notifies.
    pub notify: bool,
    /// It indicates.
    pub indicate: bool,
    /// It wants an encrypted link.
    pub encrypted: bool,
}

/// What an emulated counter lived through.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Life {
    /// What it tells as its serial number.
    pub serial: String,
    /// Minutes in order; a minute that is missing was not recorded.
    pub minutes: Vec<LifeMinute>,
    /// Local time minus UTC that its clock was set to, minutes.
    pub offset_min: i16,
    /// How far its clock is ahead of UTC, milliseconds, until a host sets it.
    pub clock_error_ms: i64,
    /// The key it was paired with, where its kind has one; none: fresh from the box.
    pub key: Option<Key>,
    /// Charge left, percent.
    pub battery: u8,
}

/// One minute of an emulated counter's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LifeMinute {
    /// Minutes since the Unix epoch, by true UTC.
    pub at: i64,
    /// Steps in it.
    pub steps: u32,
    /// Whether it was worn.
    pub wear: Wear,
}
