//! The air: a [`Radio`] finds a counter and connects, a [`Link`] carries bytes to and from it. Every
//! wait has a time limit in its signature. Two of each exist: the machine's Bluetooth adapter
//! ([`mod@btleplug`], with what `BlueZ` alone can do in [`bluez`]) and the simulated air ([`sim`]).

pub mod any;
pub mod bluez;
pub mod btleplug;
pub mod sim;

use std::{future::Future, time::Duration};

use firmware_protocol::{
    device::{Advertisement, Kind},
    driver::Uuid,
};

/// Which counter to connect to.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// What kind of counter it is.
    pub kind: &'static Kind,
    /// Its address, when one is known; else the first counter that looks like its kind is asked who it is.
    pub address: Option<String>,
    /// Only over a link that is paired: an impostor cannot have the keys.
    pub paired: bool,
    /// Addresses that turned out to be other counters.
    pub not: Vec<String>,
}

/// A counter that was heard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heard {
    /// Its address, as the platform writes it.
    pub address: String,
    /// How strongly, dBm.
    pub rssi_dbm: Option<i16>,
    /// What it says.
    pub advertisement: Advertisement,
    /// The system is paired with it.
    pub paired: bool,
}

/// Something that can connect.
pub trait Radio: Send + Sync {
    /// What it connects with.
    type Link: Link;

    /// Finds the counter and connects, within the time given.
    fn connect(&self, wanted: &Wanted, within: Duration)
    -> impl Future<Output = Result<Self::Link, RadioError>> + Send;

    /// Listens for this long, or until the counter at this address is heard; everything that looks like a counter of
    /// these kinds, the loudest first.
    fn listen(
        &self,
        kinds: &[&'static Kind],
        during: Duration,
        until: Option<&str>,
    ) -> impl Future<Output = Result<Vec<Heard>, RadioError>> + Send;
}

/// A connection to one counter.
pub trait Link: Send {
    /// The largest attribute value that one packet carries, plus three (`ATT_MTU`).
    fn mtu(&self) -> u16;

    /// Whom it is with.
    fn heard(&self) -> &Heard;

    /// Switches notifications or indications on.
    fn subscribe(&mut self, to: Uuid, within: Duration) -> impl Future<Output = Result<(), RadioError>> + Send;

    /// Switches them off.
    fn unsubscribe(&mut self, to: Uuid, within: Duration) -> impl Future<Output = Result<(), RadioError>> + Send;

    /// Reads a characteristic.
    fn read(&mut self, from: Uuid, within: Duration) -> impl Future<Output = Result<Vec<u8>, RadioError>> + Send;

    /// Writes with response.
    fn write(
        &mut self,
        to: Uuid,
        bytes: &[u8],
        within: Duration,
    ) -> impl Future<Output = Result<(), RadioError>> + Send;

    /// Writes without response: nobody says that it arrived.
    fn send(&mut self, to: Uuid, bytes: &[u8], within: Duration)
    -> impl Future<Output = Result<(), RadioError>> + Send;

    /// The next notification or indication; none when the time is over.
    fn notified(
        &mut self,
        within: Duration,
    ) -> impl Future<Output = Result<Option<(Uuid, Vec<u8>)>, RadioError>> + Send;

    /// Ends the connection, also after a failure: an attempt that is merely forgotten goes on in the
    /// operating system.
    fn disconnect(self, within: Duration) -> impl Future<Output = ()> + Send;
}

/// What can go wrong on the air.
#[derive(Debug, thiserror::Error)]
pub enum RadioError {
    /// The system's message bus is gone.
    #[error("the system's message bus does not answer")]
    NoBus(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The system's Bluetooth service is not running.
    #[error("the system's Bluetooth service is not running")]
    NoService,
    /// It runs, and does not answer in time.
    #[error("the system's Bluetooth service hangs ({0})")]
    Stuck(&'static str),
    /// No Bluetooth adapter.
    #[error("no Bluetooth adapter was found")]
    NoAdapter,
    /// The adapter is blocked by a switch or a setting of the system.
    #[error("the Bluetooth adapter is blocked")]
    Blocked,
    /// The adapter is switched off.
    #[error("the Bluetooth adapter is switched off")]
    PoweredOff,
    /// The counter was not heard.
    #[error("the counter was not heard")]
    NotHeard,
    /// This computer does not know the keys any more that it once made with the counter.
    #[error("this computer has lost its pairing with the counter")]
    PairingLostHere,
    /// The counter does not know the keys any more: it ends each connection at once.
    #[error("the counter has lost its pairing with this computer")]
    PairingLostThere,
    /// The connection is gone.
    #[error("the connection broke off")]
    Lost,
    /// The time given is over.
    #[error("no answer in time to {0}")]
    TimedOut(&'static str),
    /// The counter said no.
    #[error("the counter refused (code {code})")]
    Refused {
        /// The ATT error code, 0 when the platform does not say.
        code: u8,
    },
    /// The counter lacks a characteristic that its service must have.
    #[error("the counter lacks characteristic {0:x}")]
    NoSuchCharacteristic(Uuid),
    /// Anything else that the platform reports.
    #[error("the Bluetooth system reports a failure")]
    Platform(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// What to do about a [`RadioError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorClass {
    /// Try the same again after a while.
    Retry,
    /// Connect anew.
    Reconnect,
    /// Drop everything of the radio and build it anew.
    RebuildRadio,
    /// A person has to do something first; trying goes on, rarely.
    Stop,
}

impl RadioError {
    /// What to do about it.
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::NotHeard | Self::Refused { .. } | Self::NoSuchCharacteristic(_) => ErrorClass::Retry,
            Self::Lost | Self::TimedOut(_) | Self::Platform(_) => ErrorClass::Reconnect,
            Self::NoBus(_) | Self::NoService | Self::Stuck(_) | Self::NoAdapter | Self::Blocked | Self::PoweredOff => {
                ErrorClass::RebuildRadio
            }
            Self::PairingLostHere | Self::PairingLostThere => ErrorClass::Stop,
        }
    }
}
