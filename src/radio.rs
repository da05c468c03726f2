//! The air: a [`Radio`] finds a counter and connects, a [`Link`] carries bytes to and from it. Every
//! wait has a time limit in its signature. Two of each exist: the machine's Bluetooth adapter
//! ([`mod@btleplug`]) and the simulated air ([`sim`]).

pub mod btleplug;
pub mod sim;

use std::{future::Future, time::Duration};

use firmware_protocol::driver::Uuid;

/// Which counter to connect to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The service that it must offer.
    pub service: Uuid,
    /// Its address or platform identifier, when the person configured one; else the first counter
    /// with the service is asked who it is.
    pub address: Option<String>,
}

/// Something that can connect.
pub trait Radio: Send + Sync {
    /// What it connects with.
    type Link: Link;

    /// Finds the counter and connects, within the time given.
    fn connect(&self, wanted: &Wanted, within: Duration)
    -> impl Future<Output = Result<Self::Link, RadioError>> + Send;
}

/// A connection to one counter.
pub trait Link: Send {
    /// The largest attribute value that one packet carries, plus three (`ATT_MTU`).
    fn mtu(&self) -> u16;

    /// Switches notifications or indications on.
    fn subscribe(&mut self, to: Uuid, within: Duration) -> impl Future<Output = Result<(), RadioError>> + Send;

    /// Reads a characteristic.
    fn read(&mut self, from: Uuid, within: Duration) -> impl Future<Output = Result<Vec<u8>, RadioError>> + Send;

    /// Writes with response.
    fn write(
        &mut self,
        to: Uuid,
        bytes: &[u8],
        within: Duration,
    ) -> impl Future<Output = Result<(), RadioError>> + Send;

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
    /// No Bluetooth adapter.
    #[error("no Bluetooth adapter was found")]
    NoAdapter,
    /// The system's Bluetooth service cannot be reached.
    #[error("the system's Bluetooth service does not answer")]
    NoService(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The counter was not heard.
    #[error("the counter was not heard")]
    NotHeard,
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
}

impl RadioError {
    /// What to do about it.
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::NotHeard | Self::Refused { .. } | Self::NoSuchCharacteristic(_) => ErrorClass::Retry,
            Self::Lost | Self::TimedOut(_) | Self::Platform(_) => ErrorClass::Reconnect,
            Self::NoAdapter | Self::NoService(_) => ErrorClass::RebuildRadio,
        }
    }
}
