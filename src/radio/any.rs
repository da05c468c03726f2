//! The radio that the settings chose.

use std::time::Duration;

use firmware_protocol::{device::Kind, driver::Uuid};

use super::{
    Heard, Link, Radio, RadioError, Wanted,
    bluez::agent::{PairError, PairedHow, Questions},
    btleplug::{BluetoothLink, BluetoothRadio},
    sim::{SimLink, SimRadio},
};

/// One of the two radios that there are.
pub enum AnyRadio {
    /// The machine's adapter.
    Bluetooth(BluetoothRadio),
    /// The simulated air.
    Simulated(SimRadio),
}

/// A connection through either.
pub enum AnyLink {
    /// Through the machine's adapter.
    Bluetooth(Box<BluetoothLink>),
    /// Through the simulated air.
    Simulated(Box<SimLink>),
}

impl AnyRadio {
    /// Whether it can be used now.
    ///
    /// # Errors
    /// Why it cannot.
    pub async fn check(&self) -> Result<(), RadioError> {
        match self {
            Self::Bluetooth(radio) => radio.check().await,
            Self::Simulated(_) => Ok(()),
        }
    }

    /// Addresses that this computer has keys for.
    ///
    /// # Errors
    /// When the radio cannot be used.
    pub async fn paired(&self) -> Result<Vec<String>, RadioError> {
        match self {
            Self::Bluetooth(radio) => radio.paired().await,
            Self::Simulated(radio) => Ok(radio.paired()),
        }
    }

    /// Forgets a counter's keys, as far as the system has any.
    ///
    /// # Errors
    /// When the radio cannot be used.
    pub async fn forget(&self, address: &str) -> Result<(), RadioError> {
        match self {
            Self::Bluetooth(radio) => radio.forget(address).await,
            Self::Simulated(radio) => radio.forget(address),
        }
    }

    /// Pairs with the counter at this address; the person is asked through `questions`.
    ///
    /// # Errors
    /// When it came to nothing.
    pub async fn pair(&self, address: &str, within: Duration, questions: Questions) -> Result<PairedHow, PairError> {
        match self {
            Self::Bluetooth(radio) => radio.pair(address, within, questions).await,
            Self::Simulated(radio) => radio.pair(address, within, questions).await,
        }
    }
}

impl Radio for AnyRadio {
    type Link = AnyLink;

    async fn connect(&self, wanted: &Wanted, within: Duration) -> Result<AnyLink, RadioError> {
        Ok(match self {
            Self::Bluetooth(radio) => AnyLink::Bluetooth(Box::new(radio.connect(wanted, within).await?)),
            Self::Simulated(radio) => AnyLink::Simulated(Box::new(radio.connect(wanted, within).await?)),
        })
    }

    async fn listen(
        &self,
        kinds: &[&'static Kind],
        during: Duration,
        until: Option<&str>,
    ) -> Result<Vec<Heard>, RadioError> {
        match self {
            Self::Bluetooth(radio) => radio.listen(kinds, during, until).await,
            Self::Simulated(radio) => radio.listen(kinds, during, until).await,
        }
    }
}

/// The same call on whichever link it is.
macro_rules! each {
    ($link:expr, $one:ident => $call:expr) => {
        match $link {
            AnyLink::Bluetooth($one) => $call,
            AnyLink::Simulated($one) => $call,
        }
    };
}

impl Link for AnyLink {
    fn mtu(&self) -> u16 {
        each!(self, link => link.mtu())
    }

    fn heard(&self) -> &Heard {
        each!(self, link => link.heard())
    }

    async fn subscribe(&mut self, to: Uuid, within: Duration) -> Result<(), RadioError> {
        each!(self, link => link.subscribe(to, within).await)
    }

    async fn unsubscribe(&mut self, to: Uuid, within: Duration) -> Result<(), RadioError> {
        each!(self, link => link.unsubscribe(to, within).await)
    }

    async fn read(&mut self, from: Uuid, within: Duration) -> Result<Vec<u8>, RadioError> {
        each!(self, link => link.read(from, within).await)
    }

    async fn write(&mut self, to: Uuid, bytes: &[u8], within: Duration) -> Result<(), RadioError> {
        each!(self, link => link.write(to, bytes, within).await)
    }

    async fn send(&mut self, to: Uuid, bytes: &[u8], within: Duration) -> Result<(), RadioError> {
        each!(self, link => link.send(to, bytes, within).await)
    }

    async fn notified(&mut self, within: Duration) -> Result<Option<(Uuid, Vec<u8>)>, RadioError> {
        each!(self, link => link.notified(within).await)
    }

    async fn disconnect(self, within: Duration) {
        each!(self, link => link.disconnect(within).await);
    }
}
